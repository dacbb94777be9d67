"""The players: networks whose D returns a score, one number a sample, without a sigmoid."""

from __future__ import annotations

from torch import nn

__all__ = [
    "conv_discriminator",
    "conv_generator",
    "count_parameters",
    "mlp_discriminator",
    "mlp_generator",
]

SLOPE = 0.2
WIDTHS_G = (256, 512, 1024)
WIDTHS_D = (1024, 512, 256)
DROPOUT = 0.3


def mlp_generator(
    latent: int = 100, widths: tuple[int, ...] = WIDTHS_G, side: int = 28
) -> nn.Sequential:
    """Return the article's generator: ``latent -> 256 -> 512 -> 1024 -> 784``, fully connected.

    LeakyReLU(0.2) follows each hidden layer, Tanh the last. Maps z of shape (N, latent) to images
    of shape (N, 1, side, side) in [-1, 1]. 1,486,352 parameters with the default widths. Raises
    ``ValueError`` for sizes below one.

    Source: the article, section 5.2.
    """
    _positive(latent=latent, side=side, widths=widths)
    layers: list[nn.Module] = []
    for n_in, n_out in zip((latent, *widths[:-1]), widths, strict=True):
        layers += [nn.Linear(n_in, n_out), nn.LeakyReLU(SLOPE)]
    layers += [nn.Linear(widths[-1], side * side), nn.Tanh(), nn.Unflatten(1, (1, side, side))]
    return nn.Sequential(*layers)


def mlp_discriminator(
    widths: tuple[int, ...] = WIDTHS_D, side: int = 28, dropout: float = DROPOUT
) -> nn.Sequential:
    """Return the article's discriminator without its sigmoid: ``784 -> 1024 -> 512 -> 256 -> 1``.

    LeakyReLU(0.2), then Dropout(0.3), follow each hidden layer. Maps images of shape (N, 1, side,
    side) to scores (logits) of shape (N, 1), high on real. 1,460,225 parameters with the default
    widths. Raises ``ValueError`` for sizes below one or a dropout outside [0, 1).

    Source: the article, section 5.2; its Sigmoid is left to the loss.
    """
    _positive(side=side, widths=widths)
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout is {dropout}: expected a share in [0, 1)")
    layers: list[nn.Module] = [nn.Flatten()]
    for n_in, n_out in zip((side * side, *widths[:-1]), widths, strict=True):
        layers += [nn.Linear(n_in, n_out), nn.LeakyReLU(SLOPE), nn.Dropout(dropout)]
    layers += [nn.Linear(widths[-1], 1)]
    return nn.Sequential(*layers)


def conv_generator(latent: int = 64, width: int = 16) -> nn.Sequential:
    """Return a small convolutional generator for 28 by 28 pictures, without normalisation.

    A linear layer to 4 width maps of 7 by 7, then two transposed convolutions (kernel 4, stride 2,
    padding 1) to 2 width maps of 14 by 14 and one of 28 by 28; LeakyReLU(0.2) between, Tanh last.
    Maps z of shape (N, latent) to images of shape (N, 1, 28, 28) in [-1, 1]. 237,153 parameters by
    default. Raises ``ValueError`` for sizes below one.

    Source: after Radford, Metz and Chintala (2016), section 3, without their batch normalisation.
    """
    _positive(latent=latent, width=width)
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
    _positive(width=width)
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


def count_parameters(network: nn.Module) -> int:
    """Return the number of trainable numbers in a network."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


def _positive(**sizes: int | tuple[int, ...]) -> None:
    for name, size in sizes.items():
        values = size if isinstance(size, tuple) else (size,)
        if not values or any(not isinstance(v, int) or v < 1 for v in values):
            raise ValueError(f"{name} is {size!r}: expected whole numbers of at least 1")
