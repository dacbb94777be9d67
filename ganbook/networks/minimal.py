"""A modern minimal backbone: residual bottlenecks without normalisation, at sides that a CPU
multiplies quickly."""

from __future__ import annotations

from torch import Tensor, nn

from ganbook.networks.resnet import zeroed
from ganbook.networks.sizes import SLOPE, positive

__all__ = ["Bottleneck", "minimal_discriminator", "minimal_generator"]


class Bottleneck(nn.Module):
    r"""A residual block :math:`y = x + W_3\, \phi(W_2\, \phi(W_1 x))`, the identity at first.

    :math:`W_1` and :math:`W_3` have kernel 1, :math:`W_2` kernel 3 on ``inner`` maps; φ is
    LeakyReLU(0.2); only :math:`W_2` has a bias, and :math:`W_3` begins at zero. Maps (N, C, H, W)
    to the same shape. ``groups`` splits the kernel of 3: with it the block is R3GAN's, which a GPU
    computes well; on a CPU the products of many small groups take longer than one dense product of
    fewer maps. Raises ``ValueError`` for sizes below one, and for ``inner`` that ``groups`` does not
    divide.

    Source: Huang et al. (2024), section 3.
    """

    def __init__(self, channels: int, inner: int, groups: int = 1) -> None:
        super().__init__()
        positive(channels=channels, inner=inner, groups=groups)
        if inner % groups:
            raise ValueError(f"{inner} maps do not split into {groups} groups: choose a divisor")
        self.residual = nn.Sequential(
            nn.Conv2d(channels, inner, 1, bias=False),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(inner, inner, 3, 1, 1, groups=groups),
            nn.LeakyReLU(SLOPE),
            zeroed(nn.Conv2d(inner, channels, 1, bias=False)),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return x and its residual added up."""
        return x + self.residual(x)


def minimal_generator(latent: int = 64, width: int = 24) -> nn.Sequential:
    """Return a generator of residual bottlenecks at 7 by 7 and 14 by 14.

    A linear layer to 2 width maps of 7 by 7 and a block; a convolution of kernel 1 to four times
    width maps, which a pixel shuffle lays side by side as width maps of 14 by 14, and a block; a
    convolution of kernel 3 to four maps, which a second shuffle makes one of 28 by 28. The inner
    maps of a block are half of its own. No normalisation; Tanh last. Maps z of shape (N, latent) to
    images (N, 1, 28, 28) in [-1, 1]. 167,848 parameters by default. Raises ``ValueError`` for sizes
    below one and a width that is odd.

    Source: after Huang et al. (2024), section 3; pixel shuffle: Shi et al. (2016), section 3.
    """
    positive(latent=latent, width=width)
    w = _even(width)
    return nn.Sequential(
        nn.Linear(latent, 2 * w * 49),
        nn.Unflatten(1, (2 * w, 7, 7)),
        Bottleneck(2 * w, w),
        nn.Conv2d(2 * w, 4 * w, 1),
        nn.PixelShuffle(2),
        Bottleneck(w, w // 2),
        nn.Conv2d(w, 4, 3, 1, 1),
        nn.PixelShuffle(2),
        nn.Tanh(),
    )


def minimal_discriminator(width: int = 24) -> nn.Sequential:
    """Return a discriminator of residual bottlenecks at 14 by 14 and 7 by 7.

    The steps of `minimal_generator` in reverse order: each halving lays the pixels of 2 by 2 side
    by side as maps (pixel unshuffle) before a convolution. No normalisation; one linear layer last.
    Maps images (N, 1, 28, 28) to scores (N, 1), high on real; no sample sees another. 17,293
    parameters by default. Raises ``ValueError`` for a width that is odd or below one.

    Source: as for `minimal_generator`.
    """
    positive(width=width)
    w = _even(width)
    return nn.Sequential(
        nn.PixelUnshuffle(2),
        nn.Conv2d(4, w, 3, 1, 1),
        Bottleneck(w, w // 2),
        nn.PixelUnshuffle(2),
        nn.Conv2d(4 * w, 2 * w, 1),
        Bottleneck(2 * w, w),
        nn.Flatten(),
        nn.Linear(2 * w * 49, 1),
    )


def _even(width: int) -> int:
    if width % 2:
        raise ValueError(f"width is {width}: expected an even number, of which a block takes half")
    return width
