"""A picture as a few integers, and back: an encoder, a quantiser, a decoder."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ganbook.networks.sizes import SLOPE, positive

__all__ = ["Tokenizer", "nearest_code", "round_to_levels"]


def round_to_levels(h: Tensor, levels: int) -> Tensor:
    r"""Return tanh(h) rounded to ``levels`` equal steps of [-1, 1], with the gradient of tanh(h).

    For L levels the values are :math:`2j/(L-1) - 1`. Rounding has slope 0 almost everywhere; the
    backward pass acts as if it were not there ("straight-through"). Any shape. Raises ``ValueError``
    for fewer than two levels.

    Source: Mentzer et al. (2024), section 3.1; the estimator, Bengio et al. (2013).
    """
    if not isinstance(levels, int) or levels < 2:
        raise ValueError(f"levels is {levels!r}: expected a whole number of at least 2")
    soft = torch.tanh(h)
    hard = torch.round((soft + 1) / 2 * (levels - 1)) * 2 / (levels - 1) - 1
    return soft + (hard - soft).detach()


def nearest_code(h: Tensor, codebook: Tensor) -> tuple[Tensor, Tensor]:
    """Return the nearest code of each vector, with the gradient of the vector, and its number.

    h is (N, d), the codebook (K, d); the results are (N, d) and (N,). The codebook receives no
    gradient through the first: it has a loss of its own. Raises ``ValueError`` for widths that
    differ.

    Source: van den Oord, Vinyals and Kavukcuoglu (2017), equations 1 to 3.
    """
    if h.ndim != 2 or codebook.ndim != 2 or h.shape[1] != codebook.shape[1]:
        raise ValueError(
            f"h has shape {tuple(h.shape)} and the codebook {tuple(codebook.shape)}: expected (N, d) "
            "and (K, d)"
        )
    number = torch.cdist(h, codebook).argmin(dim=1)
    return h + (codebook[number] - h).detach(), number


class Tokenizer(nn.Module):
    """Turns 28 by 28 pictures into 16 tokens and back, by fully connected layers.

    The encoder has one hidden layer of ``width`` and 16 x ``depth`` outputs, each rounded to ``levels``
    values: a token is one of ``levels ** depth``, and a picture takes 16 · depth · log2(levels) bits. The
    decoder has one hidden layer of ``width``; LeakyReLU(0.2) in both, Tanh at the end. Maps images (N,
    1, 28, 28) in [-1, 1] to images of the same shape. Raises ``ValueError`` for sizes below one and
    fewer than two levels.

    Source: after van den Oord, Vinyals and Kavukcuoglu (2017), with the quantiser of Mentzer et al. (2024).
    """

    TOKENS = 16

    def __init__(self, depth: int = 1, levels: int = 4, width: int = 256) -> None:
        super().__init__()
        positive(depth=depth, levels=levels, width=width)
        round_to_levels(torch.zeros(1), levels)
        self.depth, self.levels = depth, levels
        self.encoder = nn.Sequential(
            nn.Flatten(),
            nn.Linear(784, width),
            nn.LeakyReLU(SLOPE),
            nn.Linear(width, self.TOKENS * depth),
        )
        self.decoder = nn.Sequential(
            nn.Linear(self.TOKENS * depth, width),
            nn.LeakyReLU(SLOPE),
            nn.Linear(width, 784),
            nn.Tanh(),
            nn.Unflatten(1, (1, 28, 28)),
        )

    def codes(self, x: Tensor) -> Tensor:
        """Return the rounded numbers, (N, 16, depth), each one of the levels."""
        return round_to_levels(self.encoder(x), self.levels).reshape(len(x), self.TOKENS, -1)

    def tokens(self, x: Tensor) -> Tensor:
        """Return the tokens, integers (N, 16) from 0 to levels ** depth - 1."""
        digit = torch.round((self.codes(x) + 1) / 2 * (self.levels - 1)).long()
        place = self.levels ** torch.arange(self.depth, device=x.device)
        return (digit * place).sum(dim=2)

    def decode(self, codes: Tensor) -> Tensor:
        """Return the pictures of codes (N, 16, depth)."""
        return self.decoder(codes.flatten(1))

    def forward(self, x: Tensor) -> Tensor:
        """Return the pictures as they come back."""
        return self.decode(self.codes(x))
