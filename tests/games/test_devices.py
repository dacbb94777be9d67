"""Games of every kind on the `meta` device, where a tensor left on the CPU, or a value read, is an
error; and each trick that stands in a step.
"""

import pytest
import torch
from torch import nn

from ganbook import penalties, tricks
from ganbook.games import (
    AuxiliaryGame,
    ConditionalGame,
    CycleGame,
    FrameGame,
    Game,
    InfoGame,
    PackedGame,
    Pix2PixGame,
    ReconstructionGame,
    SemiSupervisedGame,
    SideBySideGame,
)
from ganbook.losses import NON_SATURATING
from ganbook.networks import ClassSum, SideBySide
from ganbook.schedules import Linear
from ganbook.training import Unrolled, d_step, g_step

META = torch.device("meta")


class Given(nn.Linear):
    """Takes a sample and its condition, a label of three or a vector."""

    def forward(self, x, y):
        y = nn.functional.one_hot(y, 3).to(x.dtype) if y.ndim == 1 else y
        return super().forward(torch.cat([x, y], 1))


def batch(*shape):
    return torch.empty(shape or (6, 3), device=META)


def labels():
    return torch.empty(6, dtype=torch.int64, device=META)


def adam(*networks):
    return torch.optim.Adam([p for n in networks for p in n.parameters()], fused=False)


def made(G, D, kind=Game, of_g=None, of_d=None, **options):
    """A game on `meta`; ``of_g`` and ``of_d`` name a further network of each optimiser."""
    more = {n: net.to(META) for n, net in options.items() if isinstance(net, nn.Module)}
    G, D = G.to(META), D.to(META)
    optimizers = (
        adam(G, *filter(None, [more.get(of_g)])),
        adam(D, *filter(None, [more.get(of_d)])),
    )
    return kind(G, D, *optimizers, latent=4, **options | more)


def flat(inputs):
    return nn.Sequential(nn.Flatten(), nn.Linear(inputs, 1), nn.Flatten(0))


def shaped(*shape):
    return nn.Sequential(nn.Linear(4, torch.Size(shape).numel()), nn.Unflatten(1, shape))


def beside(inputs, outputs):
    return SideBySide([nn.Sequential(nn.Linear(inputs, outputs)) for _ in range(3)])


def seen_through(transform):
    options = {"kind": tricks.TransformedGame, "transform": transform}
    return made(shaped(1, 4, 4), flat(16), **options), batch(6, 1, 4, 4)


KINDS = {
    "plain": lambda: (made(nn.Linear(4, 3), flat(3)), batch()),
    "labels": lambda: (
        made(Given(4 + 3, 3), Given(3 + 3, 1), ConditionalGame),
        (batch(), labels()),
    ),
    "information": lambda: (
        made(nn.Linear(4 + 5, 3), flat(3), InfoGame, of_g="Q", Q=nn.Linear(3, 5), codes=5),
        batch(),
    ),
    "auxiliary": lambda: (
        made(Given(4 + 3, 3), flat(3), AuxiliaryGame, of_d="C", C=nn.Linear(3, 3)),
        (batch(), labels()),
    ),
    "semi-supervised": lambda: (
        made(
            nn.Linear(4, 3), ClassSum(nn.Linear(3, 3)), SemiSupervisedGame, matched=nn.Linear(3, 2)
        ),
        (batch(), batch(), labels()),
    ),
    "cycle": lambda: (
        made(
            nn.Linear(3, 3),
            flat(3),
            CycleGame,
            of_g="back",
            of_d="D_back",
            back=nn.Linear(3, 3),
            D_back=flat(3),
            identity=1.0,
        ),
        (batch(), batch()),
    ),
    "pix2pix": lambda: (
        made(Given(4 + 3, 3), Given(3 + 3, 1), Pix2PixGame),
        (batch(), batch()),
    ),
    "packed": lambda: (made(nn.Linear(4, 3), flat(6), PackedGame), batch()),
    "frames": lambda: (made(shaped(1, 2, 1, 3), flat(3), FrameGame), batch(6, 1, 2, 1, 3)),
    "reconstruction": lambda: (made(nn.Linear(3, 3), flat(3), ReconstructionGame), batch()),
    "side by side": lambda: (made(beside(4, 3), beside(3, 1), SideBySideGame, seeds=3), batch()),
    "instance noise": lambda: seen_through(tricks.Noise(0.1)),
    "shifts and turns": lambda: seen_through(tricks.Chain((tricks.Shift(1), tricks.Rotate(0.5)))),
}


def on_meta(row):
    return all(value.device == META and value.ndim == 0 for value in row.values())


@pytest.mark.parametrize("kind", KINDS)
def test_a_game_of_every_kind(kind):
    game, given = KINDS[kind]()
    game.check(given)
    # `vmap` mixes a z of the CPU with parameters of `meta`: so z is looked at itself.
    assert game.draw(6).device == META
    assert on_meta(d_step(game, given, penalty=penalties.r1(1.0)) | g_step(game, given))


def test_no_kind_of_game_is_left_out():
    def below(kind):
        return {kind}.union(*(below(k) for k in kind.__subclasses__()))

    places = ("ganbook.games", "ganbook.tricks")
    ours = {kind for kind in below(Game) if kind.__module__.startswith(places)}
    assert len(ours) > 11 and ours - {type(game()[0]) for game in KINDS.values()} == set()


@pytest.mark.parametrize(
    "play", [Unrolled(2), Unrolled(1, through=False)], ids=["through", "constant"]
)
def test_the_unrolled_play(play):
    game, given = KINDS["plain"]()
    assert on_meta(play(game, lambda: given, NON_SATURATING, None, 2))


@pytest.mark.parametrize("loss", [tricks.smoothed(0.9), tricks.top_k(NON_SATURATING, 0.5)])
def test_losses_of_the_tricks(loss):
    game, given = KINDS["plain"]()
    assert on_meta(d_step(game, given, loss) | g_step(game, given, loss))


def test_penalties_and_hooks_of_the_tricks():
    game, given = KINDS["plain"]()
    tricks.clip_gradients(game.optimizer_d, game.D, 1.0)
    penalties.clip_after_step(game.optimizer_d, game.D, 0.1)
    falling = penalties.Scheduled(penalties.r1, Linear(1.0, 0.0, 9))
    both = penalties.total(tricks.NoisePenalty(0.1), falling)
    assert on_meta(d_step(game, given, penalty=both))
