"""A discriminator with one score a pixel: down, and up again with skip connections."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from ganbook.networks.sizes import SLOPE, positive

__all__ = ["UNetDiscriminator"]


class UNetDiscriminator(nn.Module):
    r"""A U-Net whose score of a pixel is a score of the picture plus one of the place.

    The encoder is that of `full_discriminator` down to 7 by 7. From there a linear layer gives one
    number for the picture, and a decoder (nearest neighbour to 14 and to 28, each time joined with
    the encoder's maps or the picture itself, and a convolution of kernel 3) one number for each
    pixel: :math:`s_{ij} = g + l_{ij}`. Maps images (N, 1, 28, 28) to scores (N, 1, 28, 28), high on
    real; no sample sees another. A loss takes the mean over all pixels; `pooled` is one score a
    sample, which is what a gradient penalty needs. 41,531 parameters by default. Raises
    ``ValueError`` for a width below one.

    Source: Schönfeld, Schiele and Khoreva (2020), section 3.1, smaller; there the two scores have
    separate losses.
    """

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        positive(width=width)
        w = width
        self.down14 = nn.Sequential(_conv(1, w, 4, 2), _conv(w, 2 * w))
        self.down7 = nn.Sequential(_conv(2 * w, 2 * w, 4, 2), _conv(2 * w, 2 * w))
        self.up14 = _conv(4 * w, w)
        self.up28 = nn.Conv2d(w + 1, 1, 3, 1, 1)
        self.whole = nn.Linear(2 * w * 49, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return one score a pixel."""
        fine = self.down14(x)
        coarse = self.down7(fine)
        h = self.up14(torch.cat([interpolate(coarse, scale_factor=2), fine], dim=1))
        h = self.up28(torch.cat([interpolate(h, scale_factor=2), x.to(h.dtype)], dim=1))
        return h + self.whole(coarse.flatten(1))[:, :, None, None]

    def pooled(self, x: Tensor) -> Tensor:
        """Return the mean over pixels, one score a sample, of shape (N, 1)."""
        return self(x).mean(dim=(2, 3))


def _conv(n_in: int, n_out: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(n_in, n_out, kernel, stride, 1), nn.LeakyReLU(SLOPE))
