"""Convolutional players with convolutions at full resolution: the book's best pair for 28 by 28
pictures."""

from __future__ import annotations

from torch import nn

from ganbook.networks.sizes import SLOPE, positive

__all__ = ["full_discriminator", "full_generator"]


def full_generator(latent: int = 64, width: int = 16) -> nn.Sequential:
    """Return a generator that convolves once more after each doubling of the side.

    A linear layer to 4 width maps of 7 by 7; a transposed convolution (kernel 4, stride 2,
    padding 1) to 2 width maps of 14 by 14, a convolution of kernel 3; a transposed one to width
    maps of 28 by 28, a convolution of kernel 3 to one; LeakyReLU(0.2) between, Tanh last, no
    normalisation. Maps z of shape (N, latent) to images (N, 1, 28, 28) in [-1, 1]. 254,241
    parameters by default. Raises ``ValueError`` for sizes below one.
    """
    positive(latent=latent, width=width)
    return nn.Sequential(
        nn.Linear(latent, 4 * width * 49),
        nn.Unflatten(1, (4 * width, 7, 7)),
        nn.LeakyReLU(SLOPE),
        nn.ConvTranspose2d(4 * width, 2 * width, 4, 2, 1),
        nn.LeakyReLU(SLOPE),
        nn.Conv2d(2 * width, 2 * width, 3, 1, 1),
        nn.LeakyReLU(SLOPE),
        nn.ConvTranspose2d(2 * width, width, 4, 2, 1),
        nn.LeakyReLU(SLOPE),
        nn.Conv2d(width, 1, 3, 1, 1),
        nn.Tanh(),
    )


def full_discriminator(width: int = 16) -> nn.Sequential:
    """Return a discriminator that convolves once more at each side, 14 and 7.

    Kernels 4 and stride 2 to width maps of 14 by 14 and, later, 2 width of 7 by 7; a convolution of
    kernel 3 after each, which doubles the maps; kernel 3 and stride 2 to 4 width maps of 4 by 4;
    LeakyReLU(0.2) after each, then one linear layer. Maps images (N, 1, 28, 28) to scores (N, 1),
    high on real; no sample sees another. 77,777 parameters by default. Raises ``ValueError`` for a
    width below one.
    """
    positive(width=width)
    layers: list[nn.Module] = []
    sizes = (
        (1, width, 4, 2),
        (width, 2 * width, 3, 1),
        (2 * width, 2 * width, 4, 2),
        (2 * width, 4 * width, 3, 1),
        (4 * width, 4 * width, 3, 2),
    )
    for n_in, n_out, kernel, stride in sizes:
        layers += [nn.Conv2d(n_in, n_out, kernel, stride, 1), nn.LeakyReLU(SLOPE)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * width, 1))
