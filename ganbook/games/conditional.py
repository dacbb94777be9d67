"""A game on pairs: both players are given the label."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ganbook.games.game import Critic, Game

__all__ = ["ConditionalGame"]


class ConditionalGame(Game):
    r"""The game in which both players see the condition y of each sample.

    A batch is ``(x, y)``; ``G(z, y)`` makes a sample and ``D(x, y)`` scores one. The value is the
    mean over y of the plain game's value given y. Raises ``ValueError`` as `Game` does, and for a
    batch that is no pair of equal lengths.

    Source: Mirza and Osindero (2014), equation 2.
    """

    def check(self, batch: Any) -> None:
        """Raise ``ValueError`` unless the batch is a pair (x, y) of tensors of equal length."""
        pair = isinstance(batch, tuple | list) and len(batch) == 2
        if not pair or not all(isinstance(part, Tensor) and part.ndim for part in batch):
            raise ValueError(
                f"the batch is a {type(batch).__name__}: expected a pair (x, y) of tensors, such as "
                "ganbook.data.batches((images.x, images.y), ...) yields"
            )
        if len(batch[0]) != len(batch[1]) or not len(batch[0]):
            raise ValueError(
                f"the batch has {len(batch[0])} samples and {len(batch[1])} conditions: expected as "
                "many of each, at least one"
            )

    def real(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        """Return x."""
        return batch[0]

    def fake(self, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Return G's samples for the conditions of the batch, and their z."""
        z = self.draw(len(batch[0]))
        return self.G(z, batch[1]), z

    def critic(self, batch: tuple[Tensor, Tensor]) -> Critic:
        """Return D given the batch's conditions, repeated where several sets of samples come in one
        pass.
        """
        y = batch[1]

        def given(x: Tensor) -> Tensor:
            times, left = divmod(len(x), len(y))
            if left:
                raise ValueError(f"{len(x)} samples for {len(y)} conditions: expected a multiple")
            return self.D(x, y if times == 1 else torch.cat([y] * times))

        return given
