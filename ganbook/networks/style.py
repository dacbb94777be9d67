"""A generator by styles: z is mapped to w, and w scales the features of each layer."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d

from ganbook.networks.sizes import SLOPE, positive

__all__ = ["MappingNetwork", "ModulatedConv2d", "StyleGenerator", "fade_in", "truncate"]

TINY = 1e-8


class MappingNetwork(nn.Module):
    """Maps z (N, latent) to w (N, width) by ``depth`` linear layers with LeakyReLU(0.2).

    z is first scaled to mean square 1, so that its length says nothing. Raises ``ValueError`` for
    sizes below one.

    Source: Karras, Laine and Aila (2019), section 2; the scaling, Karras et al. (2018), section 4.2.
    """

    def __init__(self, latent: int = 64, width: int = 64, depth: int = 4) -> None:
        super().__init__()
        positive(latent=latent, width=width, depth=depth)
        sizes = (latent, *(width,) * depth)
        layers: list[nn.Module] = []
        for n_in, n_out in pairwise(sizes):
            layers += [nn.Linear(n_in, n_out), nn.LeakyReLU(SLOPE)]
        self.body = nn.Sequential(*layers)

    def forward(self, z: Tensor) -> Tensor:
        """Return w."""
        return self.body(z * (z.square().mean(dim=1, keepdim=True) + TINY).rsqrt())

    @torch.no_grad()
    def mean(self, n: int = 10_000, seed: int = 0) -> Tensor:
        """Return the mean of w over n draws of z, shape (1, width): what `truncate` shrinks towards."""
        generator = torch.Generator().manual_seed(seed)
        z = torch.randn(n, self.body[0].in_features, generator=generator)
        return self(z.to(self.body[0].weight.device)).mean(dim=0, keepdim=True)


def truncate(w: Tensor, mean: Tensor, psi: float) -> Tensor:
    r"""Return :math:`\bar w + \psi\,(w - \bar w)`: styles nearer to the mean for ψ below 1.

    w is (N, K), the mean (1, K) or (K,). Raises ``ValueError`` for a mean of another width.

    Source: Karras, Laine and Aila (2019), appendix B.
    """
    if mean.shape[-1] != w.shape[-1]:
        raise ValueError(
            f"w has width {w.shape[-1]} and its mean {mean.shape[-1]}: expected equal widths"
        )
    return mean + psi * (w - mean)


class ModulatedConv2d(nn.Module):
    r"""A convolution whose input channels are scaled by a style, and whose kernels are brought back
    to length one.

    For each sample :math:`w'_{oikl} = s_i w_{oikl}` and, with ``demodulate``,
    :math:`w''_{oikl} = w'_{oikl} / \sqrt{\sum_{ikl} w'^2_{oikl} + 10^{-8}}`. Maps features (N, n_in, H,
    W) and styles (N, style) to (N, n_out, H, W), odd kernel, no bias. A style's affine layer starts
    at 1. Raises ``ValueError`` for sizes below one and an even kernel.

    Source: Karras et al. (2020), section 2.2, equations 1 and 3.
    """

    def __init__(
        self, n_in: int, n_out: int, style: int, kernel: int = 3, demodulate: bool = True
    ) -> None:
        super().__init__()
        positive(n_in=n_in, n_out=n_out, style=style, kernel=kernel)
        if kernel % 2 == 0:
            raise ValueError(f"kernel is {kernel}: expected an odd number, which keeps H and W")
        self.weight = nn.Parameter(torch.randn(n_out, n_in, kernel, kernel))
        self.affine = nn.Linear(style, n_in)
        nn.init.ones_(self.affine.bias)
        self.demodulate = demodulate

    def kernels(self, w: Tensor) -> Tensor:
        """Return each sample's kernels, (N, n_out, n_in, k, k)."""
        kernels = self.affine(w)[:, None, :, None, None] * self.weight
        if self.demodulate:
            length = kernels.square().sum(dim=(2, 3, 4), keepdim=True)
            kernels = kernels * (length + TINY).rsqrt()
        return kernels

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """Return the features, each sample through its own kernels: one convolution in N groups."""
        n, _, height, width = x.shape
        kernels = self.kernels(w)
        together = conv2d(
            x.reshape(1, -1, height, width),
            kernels.flatten(0, 1),
            padding=kernels.shape[-1] // 2,
            groups=n,
        )
        return together.reshape(n, -1, height, width)


class StyleGenerator(nn.Module):
    """A small generator of 28 by 28 pictures in StyleGAN's manner: a learned constant of 7 by 7 that
    styles turn into a picture.

    Two blocks at 7, 14 and 28: a modulated convolution, noise with a learned strength that starts
    at 0, LeakyReLU(0.2); doubled by nearest pixels in between; a modulated 1 by 1 convolution
    without demodulation and Tanh at the end. Maps z (N, latent) to images (N, 1, 28, 28) in [-1, 1].
    Each forward pass draws its noise from ``noise``, or torch's global generator. Raises
    ``ValueError`` for sizes below one.

    Source: after Karras et al. (2020), figure 2, without their skip connections and filters.
    """

    def __init__(self, latent: int = 64, width: int = 16, depth: int = 4) -> None:
        super().__init__()
        positive(latent=latent, width=width, depth=depth)
        self.latent = latent
        self.mapping = MappingNetwork(latent, latent, depth)
        self.start = nn.Parameter(torch.randn(1, 4 * width, 7, 7))
        channels = (4 * width, 4 * width, 2 * width, width)
        self.layers = nn.ModuleList(
            ModulatedConv2d(n_in, n_out, latent) for n_in, n_out in pairwise(channels)
        )
        self.strength = nn.Parameter(torch.zeros(len(self.layers)))
        self.last = ModulatedConv2d(width, 1, latent, kernel=1, demodulate=False)
        nn.init.normal_(self.last.weight, std=width**-0.5)
        self.noise: torch.Generator | None = None

    def synthesis(self, w: Tensor) -> Tensor:
        """Return pictures of styles w, one style for all layers (N, K), or one each (N, L + 1, K)."""
        styles = w if w.ndim == 3 else w[:, None].expand(-1, len(self.layers) + 1, -1)
        x = self.start.expand(len(w), -1, -1, -1)
        for k, layer in enumerate(self.layers):
            if k:
                x = x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
            x = layer(x, styles[:, k])
            noise = torch.randn(len(x), 1, *x.shape[2:], generator=self.noise).to(x.device)
            x = nn.functional.leaky_relu(x + self.strength[k] * noise, SLOPE)
        return torch.tanh(self.last(x, styles[:, -1]))

    def forward(self, z: Tensor) -> Tensor:
        """Return pictures of latent vectors z."""
        return self.synthesis(self.mapping(z))


def fade_in(low: Tensor, high: Tensor, alpha: float) -> Tensor:
    r"""Return :math:`(1 - \alpha)\, \mathrm{up}(\text{low}) + \alpha\, \text{high}`: how a new
    resolution is blended in.

    ``low`` is (N, C, H, W), ``high`` (N, C, 2H, 2W); ``up`` repeats each pixel. Raises ``ValueError``
    for other shapes and for α outside [0, 1].

    Source: Karras et al. (2018), figure 2.
    """
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha is {alpha}: expected a share in [0, 1]")
    wanted = (*low.shape[:2], 2 * low.shape[2], 2 * low.shape[3])
    if high.shape != wanted:
        raise ValueError(
            f"high has shape {tuple(high.shape)}: expected {wanted}, twice the sides of low"
        )
    up = low.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    return (1 - alpha) * up + alpha * high
