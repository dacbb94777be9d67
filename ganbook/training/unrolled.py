"""Unrolling: G takes into account how D will answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from ganbook.games import Game, only
from ganbook.history import first_broken
from ganbook.losses import Loss
from ganbook.training.steps import Penalty, d_step

__all__ = ["Unrolled"]

Row = dict[str, Tensor]


@dataclass(frozen=True)
class Unrolled:
    r"""D moves by its optimiser; G descends its loss against the D of ``steps`` updates from now.

    :math:`\psi_0 = \psi`, :math:`\psi_{k+1} = \psi_k - \eta \nabla_\psi L_D(\theta, \psi_k)`, all
    on one batch and one draw of z, and G's gradient is that of :math:`L_G(\theta, \psi_K(\theta))`,
    *through* the updates: the second derivatives of D are part of it. D itself stays where its
    optimiser left it. ``rate`` is η, of plain gradient steps whatever D's optimiser is; with
    ``through=False`` the updates count as constants, and G meets a stronger D without seeing why.
    Penalties of D are not unrolled. Raises ``ValueError`` for steps below 1 and a rate that is not
    positive.

    Source: Metz et al. (2017), equations 6 to 11, with gradient descent as the inner optimiser.
    """

    steps: int = 5
    rate: float = 0.1
    through: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.steps, int) or self.steps < 1:
            raise ValueError(f"steps is {self.steps!r}: expected a whole number of at least 1")
        if not 0 < self.rate < float("inf"):
            raise ValueError(f"rate is {self.rate}: expected a positive, finite number")

    def check(self, game: Game, d_steps: int) -> None:
        """Accept everything."""

    def __call__(
        self,
        game: Game,
        take: Callable[[], Any],
        loss: Loss,
        penalty: Penalty | None,
        d_steps: int,
    ) -> Row:
        """Make one step: ``d_steps`` updates of D, then one of G against the unrolled D."""
        row: Row = {}
        for _ in range(d_steps):
            batch = take()
            row = first_broken(row, d_step(game, batch, loss, penalty))
        with only(game, game.optimizer_g):
            x_fake, drawn = game.fake(batch)
            d_real, d_fake = self.ahead(game, batch, x_fake, loss)
            loss_g = loss.generator(d_fake, d_real)
            terms = game.generator_terms(batch, x_fake, drawn)
            game.optimizer_g.zero_grad()
            sum(terms.values(), loss_g).backward()
            game.optimizer_g.step()
        scalars = {"loss_g": loss_g} | terms | {"d_fake_g": d_fake.mean()}
        return row | {name: value.detach() for name, value in scalars.items()}

    def ahead(self, game: Game, batch: Any, x_fake: Tensor, loss: Loss) -> tuple[Tensor, Tensor]:
        """Return the scores of real and generated samples by the D of ``steps`` updates from now."""
        scores = _Scores(game)
        parameters = {
            name: p.detach().requires_grad_(True) for name, p in scores.named_parameters()
        }
        for _ in range(self.steps):
            d_real, d_fake = functional_call(scores, parameters, (batch, x_fake))
            value = loss.discriminator(d_real, d_fake)
            slopes = torch.autograd.grad(
                value, list(parameters.values()), create_graph=self.through, retain_graph=True
            )
            moved = zip(parameters.items(), slopes, strict=True)
            parameters = {name: p - self.rate * slope for (name, p), slope in moved}
            if not self.through:
                parameters = {n: p.detach().requires_grad_(True) for n, p in parameters.items()}
        return functional_call(scores, parameters, (batch, x_fake))


class _Scores(nn.Module):
    """D together with how the game asks it, so that other parameters can be put in its place."""

    def __init__(self, game: Game) -> None:
        super().__init__()
        self.D, self._game = game.D, (game,)

    def forward(self, batch: Any, x_fake: Tensor) -> tuple[Tensor, Tensor]:
        return self._game[0].scores(batch, x_fake)
