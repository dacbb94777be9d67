"""Pix2pix: the game on pairs, and the distance from the picture that was asked for."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor
from torch.nn.functional import l1_loss

from ganbook.games.conditional import ConditionalGame

__all__ = ["Pix2PixGame"]


@dataclass(kw_only=True)
class Pix2PixGame(ConditionalGame):
    r"""The conditional game plus an error against the target.

    A batch is ``(x, y)``: the targets, and the pictures that they are to be made from. ``G(z, y)``
    makes a picture and ``D(x, y)`` scores pairs. G minimises its loss plus ``weight`` times
    ``error(x_fake, x)``, by default :math:`\mathbb{E}|x - G(z, y)|`, the mean over all entries.
    With ``pairs=False`` D is given the pictures alone, ``D(x)``. Raises ``ValueError`` as
    `ConditionalGame` does, and for a weight that is negative or not finite.

    Source: Isola et al. (2017), equations 1 to 4.
    """

    weight: float = 100.0
    error: Callable[[Tensor, Tensor], Tensor] = l1_loss
    pairs: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (self.weight >= 0 and math.isfinite(self.weight)):
            raise ValueError(f"weight is {self.weight}: expected a number of at least 0")

    def critic(self, batch: tuple[Tensor, Tensor]) -> Callable[[Tensor], Tensor]:
        """Return D given the batch's conditions, or D itself where it sees pictures alone."""
        return super().critic(batch) if self.pairs else self.D

    def generator_terms(self, batch: Any, x_fake: Tensor, drawn: Any) -> dict[str, Tensor]:
        """Return ``error``: weight times the error against the batch's targets."""
        found = self.weight * self.error(x_fake, batch[0])
        return super().generator_terms(batch, x_fake, drawn) | {"error": found}
