"""InfoGAN: a third player reads back the code that a sample was made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from ganbook import draws
from ganbook.games.game import Game

__all__ = ["InfoGame"]


@dataclass(kw_only=True)
class InfoGame(Game):
    r"""The game plus a bound on the information that a sample keeps of its code.

    ``G`` maps (N, latent + codes), z and a one-hot code, to samples; ``Q`` maps samples to ``codes``
    logits. G and Q minimise the loss plus ``weight`` times
    :math:`-\mathbb{E} \log Q(c|G(z, c))`, in nats, which is at least :math:`H(c) - I(c; G(z, c))`.
    Q's parameters belong to optimizer_g. Raises ``ValueError`` as `Game` does, and for fewer than
    two codes.

    Source: Chen et al. (2016), equations 5 and 6.
    """

    Q: nn.Module
    codes: int
    weight: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.codes, int) or self.codes < 2:
            raise ValueError(f"codes is {self.codes!r}: expected a number of classes, at least 2")

    def players(self) -> dict[str, nn.Module]:
        """Return all three."""
        return super().players() | {"Q": self.Q}

    def fake(self, batch: Tensor) -> tuple[Tensor, Tensor]:
        """Return generated samples and their codes, int64 (N,)."""
        n = len(batch)
        z = self.draw(n)
        code = draws.rows(n, lambda n: torch.randint(self.codes, (n,), generator=self.generator))
        code = draws.sent(code, self.device)
        return self.G(torch.cat([z, one_hot(code, self.codes).to(z.dtype)], dim=1)), code

    def generator_terms(self, batch: Any, x_fake: Tensor, drawn: Tensor) -> dict[str, Tensor]:
        """Return ``information``: weight times the cross-entropy of the codes, in nats."""
        found = self.weight * cross_entropy(self.Q(x_fake), drawn)
        return super().generator_terms(batch, x_fake, drawn) | {"information": found}
