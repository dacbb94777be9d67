"""Plays: in which order, and at which point, the two players move.

A play is a value: ``play(game, take, loss, penalty, d_steps)`` makes one step of a run with batches
from ``take()`` and returns its scalars. ``play.check(game, d_steps)`` says what it does not go with.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ganbook.games import Game
from ganbook.history import first_broken
from ganbook.losses import Loss
from ganbook.training.steps import Penalty, d_step, g_step

__all__ = ["Alternating", "Extragradient", "Simultaneous", "alternating"]

Take = Callable[[], Any]
Row = dict[str, Tensor]


@dataclass(frozen=True)
class Alternating:
    r"""D moves first, ``d_steps`` times, each on a batch of its own; then G, against the new D.

    On the game :math:`\min_\theta \max_\psi \theta\psi` with step h its eigenvalues are
    :math:`(1 - n h^2/2) \pm i \sqrt{1 - (1 - n h^2/2)^2}` for n D steps. Goes with any optimiser,
    d_steps, lazy penalties and checkpoints. Source: Goodfellow et al. (2014), algorithm 1.
    """

    def check(self, game: Game, d_steps: int) -> None:
        """Accept everything."""

    def __call__(
        self, game: Game, take: Take, loss: Loss, penalty: Penalty | None, d_steps: int
    ) -> Row:
        """Make one step: ``d_steps`` updates of D, one of G on D's last batch."""
        row: Row = {}
        for _ in range(d_steps):
            batch = take()
            row = first_broken(row, d_step(game, batch, loss, penalty))
        return row | g_step(game, batch, loss)


@dataclass(frozen=True)
class Simultaneous:
    r"""Both players move at once: each gradient is taken where both stood before the step.

    On the bilinear game with step h its eigenvalues are :math:`1 \pm ih`. Goes with any optimiser,
    lazy penalties and checkpoints; one D step only. Source: Mescheder, Geiger and Nowozin (2018),
    section 2.2.
    """

    def check(self, game: Game, d_steps: int) -> None:
        """Raise ``ValueError`` for more than one D step."""
        if d_steps != 1:
            raise ValueError(
                f"d_steps is {d_steps}, and in simultaneous play both players move once: leave it "
                "at 1, or use step=alternating"
            )

    def __call__(
        self, game: Game, take: Take, loss: Loss, penalty: Penalty | None, d_steps: int
    ) -> Row:
        """Make one step on one batch."""
        row = _gradients(game, take(), loss, penalty)
        _move(game)
        game.d_updates += 1
        return row


@dataclass(frozen=True)
class Extragradient:
    r"""Both look a step ahead, then move from where they stood with the gradient found there.

    :math:`w_{t+1/2} = w_t - h F(w_t)`, :math:`w_{t+1} = w_t - h F(w_{t+1/2})`, each half on a batch
    of its own; on the bilinear game with step h the eigenvalues are :math:`1 - h^2 \pm ih`. With
    Adam both moments take in the gradients of both halves. Goes with plain SGD and Adam, lazy
    penalties (both halves are one update) and checkpoints; one D step only.

    Source: Gidel et al. (2019), equations 9 and 10 and algorithm 4.
    """

    def check(self, game: Game, d_steps: int) -> None:
        """Raise ``ValueError`` for more than one D step, and for other optimisers."""
        if d_steps != 1:
            raise ValueError(
                f"d_steps is {d_steps}, and in extragradient play both players move once: leave it "
                "at 1, or use step=alternating"
            )
        for name in ("optimizer_g", "optimizer_d"):
            optimizer = getattr(game, name)
            plain = type(optimizer) in (torch.optim.SGD, torch.optim.Adam)
            groups = optimizer.param_groups
            if not plain or any(g.get("momentum") or g.get("weight_decay") for g in groups):
                raise ValueError(
                    f"{name} is {type(optimizer).__name__}: extragradient play is defined here for "
                    "SGD without momentum and for Adam, both without weight decay"
                )

    def __call__(
        self, game: Game, take: Take, loss: Loss, penalty: Penalty | None, d_steps: int
    ) -> Row:
        """Make one step on two batches; the scalars are those of the look-ahead point."""
        start = [(p, p.detach().clone()) for p in _parameters(game)]
        _gradients(game, take(), loss, penalty)
        _move(game)
        row = _gradients(game, take(), loss, penalty)
        with torch.no_grad():
            for p, before in start:
                p.copy_(before)
        _move(game)
        game.d_updates += 1
        return row


class _Waiting:
    """An optimiser whose step is made later, by the play."""

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self.param_groups, self.zero_grad = optimizer.param_groups, optimizer.zero_grad

    def step(self) -> None:
        """Leave the parameters where they are."""


def _gradients(game: Game, batch: Any, loss: Loss, penalty: Penalty | None) -> Row:
    """Leave both players' gradients in their parameters, taken at one point."""
    waiting = copy.copy(game)  # a count of its own: a look ahead is no update
    waiting.optimizer_g, waiting.optimizer_d = (
        _Waiting(game.optimizer_g),
        _Waiting(game.optimizer_d),
    )
    return d_step(waiting, batch, loss, penalty) | g_step(waiting, batch, loss)


def _move(game: Game) -> None:
    game.optimizer_d.step()
    game.optimizer_g.step()


def _parameters(game: Game) -> list[Tensor]:
    optimizers = (game.optimizer_g, game.optimizer_d)
    return [p for o in optimizers for group in o.param_groups for p in group["params"]]


alternating, simultaneous, extragradient = Alternating(), Simultaneous(), Extragradient()
