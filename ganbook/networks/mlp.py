"""The article's players: fully connected networks on pictures."""

from __future__ import annotations

from torch import nn

from ganbook.networks.sizes import SLOPE, positive

__all__ = ["mlp_discriminator", "mlp_generator"]

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
    positive(latent=latent, side=side, widths=widths)
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
    positive(side=side, widths=widths)
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout is {dropout}: expected a share in [0, 1)")
    layers: list[nn.Module] = [nn.Flatten()]
    for n_in, n_out in zip((side * side, *widths[:-1]), widths, strict=True):
        layers += [nn.Linear(n_in, n_out), nn.LeakyReLU(SLOPE)]
        layers += [nn.Dropout(dropout)]
    layers += [nn.Linear(widths[-1], 1)]
    return nn.Sequential(*layers)
