"""One step for each player.

Variants (the loss, a penalty, labels, a third player) come in as values; neither step branches on
their names. The book shows both steps as they run, in 78 columns.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ganbook.games import Game, only
from ganbook.losses import NON_SATURATING
from ganbook.penalties import due

__all__ = ["Penalty", "d_step", "g_step"]

Penalty = Callable[[nn.Module, Tensor, Tensor], Tensor]
Row = dict[str, Tensor]


def d_step(game: Game, batch, loss=NON_SATURATING, penalty=None) -> Row:
    """Update D once on a real batch and as many generated samples.

    Returns scalars: ``loss_d``, ``penalty`` and terms (added to it), and mean
    scores. Source: Goodfellow et al. (2014), algorithm 1, inner loop.
    """
    with torch.no_grad():
        x_fake, drawn = game.fake(batch)
    x_real, critic = game.real(batch), game.critic(batch)
    with only(game, game.optimizer_d):
        d_real, d_fake = game.scores(batch, x_fake)
        loss_d = loss.discriminator(d_real, d_fake)
        extra = due(penalty, game.d_updates)
        terms = {"penalty": extra(critic, x_real, x_fake)}
        terms |= game.discriminator_terms(batch, x_fake, drawn)
        game.optimizer_d.zero_grad()
        sum(terms.values(), loss_d).backward()
        game.optimizer_d.step()
    game.d_updates += 1
    return _scalars({"loss_d": loss_d} | terms, d_real=d_real, d_fake=d_fake)


def g_step(game: Game, batch, loss=NON_SATURATING) -> Row:
    """Update G once through the scores of fresh samples; D stays as it is.

    Real samples are scored only where ``loss.relative``. Returns scalars:
    ``loss_g``, ``d_fake_g``, the mean score of G's samples, and terms.
    Source: Goodfellow et al. (2014), algorithm 1, outer loop.
    """
    with only(game, game.optimizer_g):
        x_fake, drawn = game.fake(batch)
        critic = game.critic(batch)
        d_fake = critic(x_fake)
        d_real = critic(game.real(batch)) if loss.relative else None
        loss_g = loss.generator(d_fake, d_real)
        terms = game.generator_terms(batch, x_fake, drawn)
        game.optimizer_g.zero_grad()
        sum(terms.values(), loss_g).backward()
        game.optimizer_g.step()
    return _scalars({"loss_g": loss_g} | terms, d_fake_g=d_fake)


def _scalars(values: Row, **scores: Tensor) -> Row:
    values = values | {name: score.mean() for name, score in scores.items()}
    return {name: value.detach() for name, value in values.items()}
