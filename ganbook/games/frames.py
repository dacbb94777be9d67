"""A game of films whose discriminator sees single frames."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from ganbook.games.game import Game

__all__ = ["FrameGame", "frames"]


def frames(films: Tensor) -> Tensor:
    """Return the frames of films (N, C, T, H, W) as pictures (N T, C, H, W), film by film.

    Raises ``ValueError`` for another number of axes.
    """
    if films.ndim != 5:
        raise ValueError(f"films have shape {tuple(films.shape)}: expected (N, C, T, H, W)")
    return films.transpose(1, 2).flatten(0, 1)


class FrameGame(Game):
    """The game in which G makes films and D scores their frames, one at a time.

    D cannot see the order of the frames: a film and its shuffled copy are the same batch to it.
    Raises ``ValueError`` as `Game` does, and for a batch that is not (N, C, T, H, W).
    """

    def check(self, batch: Any) -> None:
        """Raise ``ValueError`` unless the batch is a tensor of films (N, C, T, H, W)."""
        super().check(batch)
        if batch.ndim != 5:
            raise ValueError(
                f"the batch has shape {tuple(batch.shape)}: expected films (N, C, T, H, W)"
            )

    def real(self, batch: Tensor) -> Tensor:
        """Return the frames of the batch."""
        return frames(batch)

    def fake(self, batch: Tensor) -> tuple[Tensor, Tensor]:
        """Return the frames of as many generated films, and their z."""
        z = self.draw(len(batch))
        return frames(self.G(z)), z
