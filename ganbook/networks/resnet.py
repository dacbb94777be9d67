"""Residual players for 28 by 28 pictures, whose last layers begin at zero, and their block."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate

from ganbook.networks.sizes import SLOPE, positive

__all__ = ["ResidualBlock", "residual_discriminator", "residual_generator", "zeroed"]


def zeroed(layer: nn.Module) -> nn.Module:
    """Return the layer with weight and bias set to zero."""
    with torch.no_grad():
        for p in layer.parameters(recurse=False):
            p.zero_()
    return layer


class ResidualBlock(nn.Module):
    r"""A block :math:`y = \mathrm{skip}(x) + r(x)` whose residual r is zero at first.

    r is LeakyReLU(0.2), a convolution of kernel 3, LeakyReLU(0.2) and a second one, zero at first.
    ``resample`` is "up" (nearest neighbour, before both convolutions), "down" (means of 2 by 2,
    after both) or None. The skip path is the resampled x, through a convolution of kernel 1 where
    the number of maps changes. Maps (N, C, H, W) to (N, C', H', W') with H' = 2 H, H / 2 or H.
    ``zero`` off keeps PyTorch's initialisation of the second convolution. Raises ``ValueError`` for
    sizes below one and another ``resample``.

    Source: He et al. (2016), section 4, for the order of the layers; zero initialisation of the
    last layer: Goyal et al. (2017), section 5.1, and Zhang, Dauphin and Ma (2019), section 3.
    """

    def __init__(
        self, n_in: int, n_out: int, resample: str | None = None, zero: bool = True
    ) -> None:
        super().__init__()
        positive(n_in=n_in, n_out=n_out)
        if resample not in (None, "up", "down"):
            raise ValueError(f"resample is {resample!r}: expected 'up', 'down' or None")
        self.resample = resample
        second = nn.Conv2d(n_out, n_out, 3, 1, 1)
        self.residual = nn.Sequential(
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(n_in, n_out, 3, 1, 1),
            nn.LeakyReLU(SLOPE),
            zeroed(second) if zero else second,
        )
        self.skip = nn.Identity() if n_in == n_out else nn.Conv2d(n_in, n_out, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return skip path and residual added up, at the new side."""
        if self.resample == "up":  # a 1 x 1 convolution and a resampling may change places
            return interpolate(self.skip(x), scale_factor=2) + self.residual(
                interpolate(x, scale_factor=2)
            )
        if self.resample == "down":
            return avg_pool2d(self.residual(x), 2) + self.skip(avg_pool2d(x, 2))
        return self.skip(x) + self.residual(x)


def residual_generator(latent: int = 64, width: int = 16, zero: bool = True) -> nn.Sequential:
    """Return a generator of two residual blocks that double the side, without normalisation.

    A linear layer to 4 width maps of 7 by 7, blocks to 2 width maps of 14 by 14 and width of
    28 by 28, a convolution of kernel 3 to one; Tanh last. Maps z of shape (N, latent) to images
    (N, 1, 28, 28) in [-1, 1]. 241,201 parameters by default. Raises ``ValueError`` for sizes below
    one.

    Source: the layout of Gulrajani et al. (2017), appendix F, smaller and without normalisation.
    """
    positive(latent=latent, width=width)
    w = width
    return nn.Sequential(
        OrderedDict(
            linear=nn.Linear(latent, 4 * w * 49),
            maps=nn.Unflatten(1, (4 * w, 7, 7)),
            first=ResidualBlock(4 * w, 2 * w, "up", zero),
            second=ResidualBlock(2 * w, w, "up", zero),
            slope=nn.LeakyReLU(SLOPE),
            last=nn.Conv2d(w, 1, 3, 1, 1),
            range=nn.Tanh(),
        )
    )


def residual_discriminator(width: int = 16, zero: bool = True) -> nn.Sequential:
    """Return a discriminator of three residual blocks, without normalisation.

    A convolution of kernel 3 and stride 2 to width maps of 14 by 14, blocks to 2 width maps of
    7 by 7, 4 width of 7 by 7 and 4 width of 3 by 3, LeakyReLU(0.2), one linear layer. Maps images
    (N, 1, 28, 28) to scores (N, 1), high on real; no sample sees another. 146,465 parameters by
    default. Raises ``ValueError`` for a width below one.

    Source: as for `residual_generator`.
    """
    positive(width=width)
    w = width
    return nn.Sequential(
        OrderedDict(
            first=nn.Conv2d(1, w, 3, 2, 1),
            one=ResidualBlock(w, 2 * w, "down", zero),
            two=ResidualBlock(2 * w, 4 * w, None, zero),
            three=ResidualBlock(4 * w, 4 * w, "down", zero),
            slope=nn.LeakyReLU(SLOPE),
            flat=nn.Flatten(),
            linear=nn.Linear(36 * w, 1),
        )
    )
