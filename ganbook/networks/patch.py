"""Discriminators that score each patch of a picture: a grid of scores instead of one."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from ganbook.networks.sizes import SLOPE, positive

__all__ = ["PATCH_16", "PATCH_70", "PatchDiscriminator", "receptive_field"]

PATCH_16 = ((4, 2), (4, 1), (4, 1))
"""Kernel and stride of each layer of the discriminator of 16 by 16 patches."""
PATCH_70 = ((4, 2), (4, 2), (4, 2), (4, 1), (4, 1))
"""The same of the discriminator of 70 by 70 patches."""


def receptive_field(layers: Iterable[tuple[int, int]]) -> int:
    r"""Return the side of the patch that one output of a stack of convolutions depends on.

    :math:`1 + \sum_l (k_l - 1) \prod_{j < l} s_j` pixels, for layers (kernel, stride) from the
    input on: a layer's kernel reaches in steps of all strides before it, its own not included.
    Raises ``ValueError`` for kernels and strides that are no positive integers.
    """
    field, step = 1, 1
    for kernel, stride in layers:
        positive(kernel=kernel, stride=stride)
        field += (kernel - 1) * step
        step *= stride
    return field


class PatchDiscriminator(nn.Module):
    """A discriminator that scores patches, each by the same small network.

    Convolutions with the kernels and strides of ``layers`` and padding 1, LeakyReLU(0.2) between;
    the first makes ``width`` maps, each later one twice as many up to ``8 width``, the last one
    map. Maps pictures x of shape (N, C, H, W), and, where it is given, the condition y (N, C', H,
    W) stacked under x, to scores of shape (N, h, w), high on real; ``channels`` is C + C'. A loss
    takes the mean over all of them. With ``mean=True`` a sample has one score, the mean of its
    patches', (N, 1), which a gradient penalty needs. Raises ``ValueError`` for sizes below one.

    Source: Isola et al. (2017), section 3.2.2 and appendix 6.1.2, without batch normalisation.
    """

    def __init__(
        self,
        channels: int = 2,
        width: int = 16,
        layers: tuple[tuple[int, int], ...] = PATCH_16,
        mean: bool = False,
    ) -> None:
        super().__init__()
        positive(channels=channels, width=width, layers=tuple(n for pair in layers for n in pair))
        self.mean = mean
        stack: list[nn.Module] = []
        n_in = channels
        for depth, (kernel, stride) in enumerate(layers):
            last = depth == len(layers) - 1
            n_out = 1 if last else width * min(2**depth, 8)
            stack += [nn.Conv2d(n_in, n_out, kernel, stride, 1)] + [nn.LeakyReLU(SLOPE)] * (
                not last
            )
            n_in = n_out
        self.body = nn.Sequential(*stack)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """Return the scores of x, given y where there is a condition."""
        scores = self.body(x if y is None else torch.cat([x, y], dim=1)).squeeze(1)
        return scores.mean(dim=(1, 2)).unsqueeze(1) if self.mean else scores
