"""Small convolutional players for 28 by 28 pictures, without normalisation."""

from __future__ import annotations

from torch import nn

from ganbook.networks.sizes import SLOPE, positive

__all__ = ["conv_discriminator", "conv_generator"]


def conv_generator(latent: int = 64, width: int = 16) -> nn.Sequential:
    """Return a small convolutional generator for 28 by 28 pictures, without normalisation.

    A linear layer to 4 width maps of 7 by 7, then two transposed convolutions (kernel 4, stride 2,
    padding 1) to 2 width maps of 14 by 14 and one of 28 by 28; LeakyReLU(0.2) between, Tanh last.
    Maps z of shape (N, latent) to images of shape (N, 1, 28, 28) in [-1, 1]. 237,153 parameters by
    default. Raises ``ValueError`` for sizes below one.

    Source: after Radford, Metz and Chintala (2016), section 3, without their batch normalisation.
    """
    positive(latent=latent, width=width)
    return nn.Sequential(
        nn.Linear(latent, 4 * width * 49),
        nn.Unflatten(1, (4 * width, 7, 7)),
        nn.LeakyReLU(SLOPE),
        nn.ConvTranspose2d(4 * width, 2 * width, 4, 2, 1),
        nn.LeakyReLU(SLOPE),
        nn.ConvTranspose2d(2 * width, 1, 4, 2, 1),
        nn.Tanh(),
    )


def conv_discriminator(width: int = 16) -> nn.Sequential:
    """Return a small convolutional discriminator for 28 by 28 pictures, without normalisation or
    dropout.

    Convolutions of stride 2 to width maps of 14 by 14, 2 width of 7 by 7, 4 width of 4 by 4;
    LeakyReLU(0.2) after each; then one linear layer. Maps images (N, 1, 28, 28) to scores (N, 1),
    high on real; no sample sees another, so that gradient penalties hold for it. 28,017 parameters
    by default. Raises ``ValueError`` for a width below one.

    Source: after Radford, Metz and Chintala (2016), section 3, without their batch normalisation.
    """
    positive(width=width)
    return nn.Sequential(
        nn.Conv2d(1, width, 4, 2, 1),
        nn.LeakyReLU(SLOPE),
        nn.Conv2d(width, 2 * width, 4, 2, 1),
        nn.LeakyReLU(SLOPE),
        nn.Conv2d(2 * width, 4 * width, 3, 2, 1),
        nn.LeakyReLU(SLOPE),
        nn.Flatten(),
        nn.Linear(64 * width, 1),
    )
