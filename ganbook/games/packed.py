"""Packing: D scores several samples at once, all real or all generated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from ganbook.games.game import Game

__all__ = ["PackedGame", "pack"]


def pack(x: Tensor, m: int) -> Tensor:
    """Return m samples at a time as one, side by side along the first axis of a sample.

    (N, K) becomes (N/m, m K) and pictures (N, C, H, W) become (N/m, m C, H, W); a pack is m rows
    that follow one another. Raises ``ValueError`` for m below 1 and rows that are no multiple.

    Source: Lin et al. (2018), section 3.
    """
    if not isinstance(m, int) or m < 1:
        raise ValueError(f"m is {m!r}: expected a whole number of at least 1")
    if x.ndim < 2 or len(x) % m:
        raise ValueError(
            f"x has shape {tuple(x.shape)}: expected (N, features, ...) with N a multiple of {m}; "
            "choose the batch so"
        )
    return x.reshape(len(x) // m, m * x.shape[1], *x.shape[2:])


@dataclass(kw_only=True)
class PackedGame(Game):
    r"""The game of packs: D tells :math:`p^{\otimes m}` from :math:`q_\theta^{\otimes m}`.

    A batch of N samples makes N/m packs of m ``samples`` (2 by default), as `pack` makes them; D
    takes packs, with m times the inputs, and G is as it was. Losses, penalties and plays stay the
    same: they see one score, and one gradient, a pack. Raises ``ValueError`` as `Game` does, for
    samples below 1 and for a batch that is no multiple.

    Source: Lin et al. (2018), section 3.
    """

    samples: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.samples, int) or self.samples < 1:
            raise ValueError(f"samples is {self.samples!r}: expected a whole number of at least 1")

    def check(self, batch: Any) -> None:
        """Raise ``ValueError`` unless the batch is a tensor whose rows fill whole packs."""
        super().check(batch)
        pack(batch, self.samples)

    def real(self, batch: Tensor) -> Tensor:
        """Return packs of real samples."""
        return pack(batch, self.samples)

    def fake(self, batch: Tensor) -> tuple[Tensor, Tensor]:
        """Return as many packs of generated samples, and their z."""
        x_fake, z = super().fake(batch)
        return pack(x_fake, self.samples), z
