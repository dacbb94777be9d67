"""Every loss with every penalty, play and kind of players: three steps of each combination."""

import itertools

import pytest
import torch
from torch import nn

from ganbook.games import ConditionalGame, Game
from ganbook.losses import LOSSES
from ganbook.penalties import gradient_penalty, lazy, r1, r2, scheduled, total
from ganbook.schedules import Linear
from ganbook.training import alternating, extragradient, fit, simultaneous
from support.games import OnPairs, mlp

STEPS, SIDE, LATENT, CLASSES = 3, 8, 4, 3


def points():
    return mlp(LATENT, 2), mlp(2, 1), torch.randn(6, 2)


def pictures():
    G = nn.Sequential(
        nn.Linear(LATENT, 4 * 16),
        nn.Unflatten(1, (4, 4, 4)),
        nn.LeakyReLU(0.2),
        nn.ConvTranspose2d(4, 1, 4, 2, 1),
        nn.Tanh(),
    )
    D = nn.Sequential(
        nn.Conv2d(1, 4, 4, 2, 1), nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(4 * 16, 1)
    )
    return G, D, torch.randn(6, 1, SIDE, SIDE).clamp(-1, 1)


def pairs():
    labels = torch.arange(6) % CLASSES
    return OnPairs(LATENT, 2, CLASSES), OnPairs(2, 1, CLASSES), (torch.randn(6, 2), labels)


PLAYERS = {"MLP": points, "convolutions": pictures, "conditional": pairs}
PENALTIES = {
    "none": lambda: None,
    "R1": lambda: r1(0.5),
    "R2": lambda: r2(0.5),
    "gradient penalty": lambda: gradient_penalty(10.0, torch.Generator().manual_seed(1)),
    "R1 + R2": lambda: total(r1(0.5), r2(0.5)),
    "lazy R1": lambda: lazy(r1(0.5), 2),
    "falling R1": lambda: scheduled(r1, Linear(1.0, 0.1, STEPS)),
}
# A play, its D steps, and how often each optimiser moves in one step of it.
PLAYS = {
    "alternating": (alternating, 1, (1, 1)),
    "alternating, two D steps": (alternating, 2, (2, 1)),
    "simultaneous": (simultaneous, 1, (1, 1)),
    "extragradient": (extragradient, 1, (2, 2)),
}


def game_of(kind):
    torch.manual_seed(0)
    G, D, batch = PLAYERS[kind]()
    optimizers = (torch.optim.SGD(net.parameters(), lr=0.01) for net in (G, D))
    made = ConditionalGame if kind == "conditional" else Game
    return made(G, D, *optimizers, LATENT), batch


class Watch:
    """Before and after every move of an optimiser: whose parameters have changed."""

    def __init__(self, game):
        self.players = {"G": game.G, "D": game.D}
        self.moves = []
        for name, optimizer in (("G", game.optimizer_g), ("D", game.optimizer_d)):
            optimizer.register_step_pre_hook(lambda *_: setattr(self, "before", self.state()))
            optimizer.register_step_post_hook(lambda *_, name=name: self.moved(name))

    def state(self):
        return {
            name: torch.cat([p.detach().flatten() for p in player.parameters()])
            for name, player in self.players.items()
        }

    def moved(self, name):
        now = self.state()
        changed = {player for player in now if not torch.equal(now[player], self.before[player])}
        assert changed == {name}, f"{name}'s optimiser moved {changed or 'nobody'}"
        self.moves.append(name)


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("play", PLAYS)
@pytest.mark.parametrize("kind", PLAYERS)
def test_three_steps_of_every_combination(kind, play, penalty):
    """Finite; each optimiser moves its own player alone, as often as the play says."""
    step, d_steps, per_step = PLAYS[play]
    for loss in LOSSES:
        game, batch = game_of(kind)
        watch = Watch(game)
        options = {"loss": loss, "penalty": PENALTIES[penalty](), "step": step, "progress": False}
        found = fit(game, itertools.repeat(batch), steps=STEPS, d_steps=d_steps, **options)
        assert all(torch.isfinite(torch.tensor(v)).all() for v in found.curves.values()), loss
        assert all(torch.isfinite(v).all() for v in watch.state().values()), loss
        counts = tuple(watch.moves.count(name) for name in "DG")
        assert counts == tuple(STEPS * n for n in per_step), loss
        weighs = [abs(float(value)) > 0 for value in found.curves["penalty"]]
        last = {"none": [False] * 3, "lazy R1": [d_steps == 1, False, d_steps == 1]}
        assert weighs == last.get(penalty, [True] * 3), loss


@pytest.mark.parametrize("penalty", [name for name in PENALTIES if name != "none"])
@pytest.mark.parametrize("kind", PLAYERS)
def test_gradients_are_finite_where_d_is_flat(kind, penalty):
    """At D = const the norm of its gradient is zero, where a root has no slope."""
    game, batch = game_of(kind)
    for p in game.D.parameters():
        nn.init.zeros_(p)
    critic, x = game.critic(batch), game.real(batch)
    value = PENALTIES[penalty]()(critic, x, x.flip(0))
    assert value.item() == (10.0 if penalty == "gradient penalty" else 0.0)
    for p in torch.autograd.grad(value, game.D.parameters(), allow_unused=True):
        assert p is None or torch.isfinite(p).all()


def test_a_move_of_the_wrong_player_is_seen():
    """The watch can fail: D's optimiser holds a parameter of G."""
    game, batch = game_of("MLP")
    game.optimizer_d.add_param_group({"params": [next(game.G.parameters())]})
    Watch(game)
    critic = game.critic(batch)
    (critic(game.real(batch)).mean() + sum(p.sum() for p in game.G.parameters())).backward()
    with pytest.raises(AssertionError, match="D's optimiser moved"):
        game.optimizer_d.step()
