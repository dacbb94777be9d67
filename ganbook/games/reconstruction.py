"""A game in which G makes each real sample again, and D tells the copies from the originals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from ganbook.games.game import Game

__all__ = ["ReconstructionGame"]


@dataclass(kw_only=True)
class ReconstructionGame(Game):
    r"""The game of a codec: G maps a batch of samples to copies of the same shape; nothing is drawn.

    G minimises the loss plus ``weight`` times :math:`\mathbb{E}\,(G(x) - x)^2`, a mean over all entries.
    Both agree where G(x) = x, and not before: a blurred copy has a small error and a low score. Raises
    ``ValueError`` as `Game` does, and for a weight that is not positive.

    Source: Esser, Rombach and Ommer (2021), equation 5.
    """

    weight: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.weight > 0:
            raise ValueError(f"weight is {self.weight}: expected a positive number")

    def fake(self, batch: Tensor) -> tuple[Tensor, None]:
        """Return the copies."""
        return self.G(batch), None

    def generator_terms(self, batch: Any, x_fake: Tensor, drawn: Any) -> dict[str, Tensor]:
        """Return ``reconstruction``: weight times the mean squared error."""
        error = self.weight * (x_fake - batch).square().mean()
        return super().generator_terms(batch, x_fake, drawn) | {"reconstruction": error}
