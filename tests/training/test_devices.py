"""Players, batches and z on the `meta` device, where a tensor left on the CPU, or a value read, is
an error: so a step that passes here neither mixes devices nor waits for a GPU.
"""

from dataclasses import replace
from itertools import product, repeat

import numpy as np
import pytest
import torch
from torch import nn

from ganbook import data, penalties
from ganbook.draws import sent
from ganbook.features import describe, pixels
from ganbook.games import ConditionalGame, InfoGame
from ganbook.history import Record, first_broken
from ganbook.losses import LOSSES, NON_SATURATING
from ganbook.networks import conv_discriminator, conv_generator, mlp_discriminator, mlp_generator
from ganbook.training import (
    EMA,
    Game,
    alternating,
    d_step,
    extragradient,
    fit,
    g_step,
    loop,
    simultaneous,
)

META = torch.device("meta")
PENALTIES = {
    "none": None,
    "r1": penalties.r1(1.0),
    "r2": penalties.r2(1.0),
    "gradient_penalty": penalties.gradient_penalty(10.0),
    "lazy": penalties.lazy(penalties.r1(1.0), every=2),
}


def adam(network):
    return torch.optim.Adam(network.parameters(), lr=1e-3, fused=False)


def game(G=None, D=None, kind=Game, latent=4, **options):
    G = G or nn.Sequential(nn.Linear(latent, 8), nn.Dropout(0.3), nn.Linear(8, 3))
    D = D or nn.Sequential(nn.Linear(3, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1), nn.Flatten(0))
    G, D = G.to(META), D.to(META)
    return kind(G, D, adam(G), adam(D), latent, **options)


def batch(*shape):
    return torch.empty(shape or (6, 3), device=META)


def on_meta(row):
    return all(value.device == META and value.ndim == 0 for value in row.values())


@pytest.mark.parametrize(("loss", "penalty"), list(product(LOSSES, PENALTIES)))
def test_every_loss_and_penalty(loss, penalty):
    players = game()
    for _ in range(2):
        row = d_step(players, batch(), LOSSES[loss], PENALTIES[penalty])
        assert on_meta(row | g_step(players, batch(), LOSSES[loss]))


@pytest.mark.parametrize("play", [alternating, simultaneous, extragradient])
def test_every_play(play):
    steps = 3 if play is alternating else 1
    row = play(game(), lambda: batch(), NON_SATURATING, penalties.r1(1.0), steps)
    assert on_meta(row) and {"loss_d", "loss_g"} <= set(row)


@pytest.mark.parametrize("one_pass", [False, True])
@pytest.mark.parametrize(
    ("G", "D", "latent"),
    [(mlp_generator, mlp_discriminator, 100), (conv_generator, conv_discriminator, 64)],
)
def test_the_book_s_players(G, D, latent, one_pass):
    players = game(G(latent), D(), latent=latent, one_pass=one_pass)
    x = data.to_float(torch.empty(4, 1, 28, 28, dtype=torch.uint8, device=META))
    assert on_meta(d_step(players, x) | g_step(players, x))


def test_the_averaged_generator_and_the_record_stay_there():
    players, record = game(), Record(3)
    ema = EMA(players.G)
    for _ in range(3):
        row = d_step(players, batch())
        record.add(first_broken(row, row) | g_step(players, batch()))
        ema.update(players.G)
    assert record.rows().device == META and record.rows().shape[0] == 3
    assert {p.device for p in ema.module.parameters()} == {META}


def test_sampling_of_bytes():
    images = data.Images(
        torch.zeros(10, 1, 4, 4, dtype=torch.uint8), torch.zeros(10, dtype=torch.int64)
    )
    source = data.batches((images.x, images.y), 4, torch.Generator().manual_seed(0), META)
    assert {part.device for part in source.parts} == {META}
    for _ in range(6):
        x, y = next(source)
        assert (x.device, y.device, x.dtype, y.dtype) == (META, META, torch.float32, torch.int64)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_features(dtype):
    x = torch.empty(5, 1, 28, 28, dtype=dtype, device=META)
    features, probabilities = describe(x, batch_size=2)
    assert (features.device, probabilities.device) == (META, META)
    assert (features.shape, probabilities.shape) == ((5, 128), (5, 10))
    assert pixels(x).shape == (5, 784) and pixels(x).device == META


def test_the_loop_reads_no_value_but_seldom(monkeypatch):
    """`fit` on a device that is no CPU looks at its numbers every 50 steps, and at the end."""
    looked = []
    monkeypatch.setattr(
        loop, "refuse_non_finite", lambda record, session: looked.append(record.step)
    )
    monkeypatch.setattr(loop, "refuse_non_finite_state", lambda *_: looked.append("state"))
    monkeypatch.setattr(Record, "history", lambda record: record.rows())
    players = game()
    options = {"penalty": penalties.r1(1.0), "ema": EMA(players.G), "progress": False}
    rows = fit(players, repeat(batch()), steps=120, d_steps=2, **options)
    assert looked == [50, 100, 120, "state"]
    assert rows.device == META and len(rows) == 120


def test_a_draw_goes_to_a_gpu_without_waiting():
    """No GPU is needed to see from where it is sent, and how."""

    class Drawn:
        def __init__(self):
            self.told = []

        def pin_memory(self):
            self.told.append("pinned")
            return self

        def to(self, device, **how):
            self.told.append((device.type, how))
            return self

    assert sent(Drawn(), torch.device("cuda")).told == ["pinned", ("cuda", {"non_blocking": True})]
    assert sent(Drawn(), torch.device("cpu")).told == [("cpu", {})]
    assert sent(torch.ones(2), META).device == META


class GivenLabel(nn.Linear):
    def forward(self, x, y):
        return super().forward(torch.cat([x, torch.nn.functional.one_hot(y, 3).to(x.dtype)], 1))


def test_games_of_other_kinds():
    y = torch.empty(6, dtype=torch.int64, device=META)
    players = game(GivenLabel(4 + 3, 3), GivenLabel(3 + 3, 1), ConditionalGame)
    assert on_meta(d_step(players, (batch(), y)) | g_step(players, (batch(), y)))
    G, D, Q = (nn.Linear(a, b).to(META) for a, b in ((4 + 5, 3), (3, 1), (3, 5)))
    both = torch.optim.Adam([*G.parameters(), *Q.parameters()], fused=False)
    players = InfoGame(G, D, both, adam(D), 4, Q=Q, codes=5)
    row = d_step(players, batch()) | g_step(players, batch())
    assert on_meta(row) and "information" in row


# Faults, each of which one of the tests above would not survive.


class LeftOnCPU(Game):
    def draw(self, n):
        return torch.randn(n, self.latent, generator=self.generator)


def item_in_the_loop(d_real, d_fake):
    return d_fake.mean() - d_real.mean() * (1.0 if d_real.mean().item() > 0 else 0.5)


def through_numpy(d_real, d_fake):
    return d_fake.mean() - torch.as_tensor(np.mean(d_real.detach().numpy()))


def if_of_a_tensor(d_real, d_fake):
    return d_fake.mean() if d_fake.mean() > 0 else d_real.mean()


def left_on_cpu(D, x_real, x_fake):
    mix = torch.rand(len(x_real), 1)
    return D(mix * x_real + (1 - mix) * x_fake).mean()


def planted(discriminator):
    return replace(NON_SATURATING, discriminator=discriminator)


@pytest.mark.parametrize(
    ("kind", "loss", "penalty"),
    [
        (LeftOnCPU, NON_SATURATING, None),
        (Game, planted(item_in_the_loop), None),
        (Game, planted(through_numpy), None),
        (Game, planted(if_of_a_tensor), None),
        (Game, NON_SATURATING, left_on_cpu),
    ],
    ids=["z on the CPU", "item", "numpy", "if", "penalty on the CPU"],
)
def test_a_planted_fault_is_an_error(kind, loss, penalty):
    with pytest.raises((RuntimeError, TypeError, NotImplementedError)):
        d_step(game(kind=kind), batch(), loss, penalty)
    assert on_meta(d_step(game(), batch()))


def test_a_batch_left_on_the_cpu_is_an_error():
    with pytest.raises(RuntimeError):
        d_step(game(), torch.zeros(6, 3))
    assert next(iter(repeat(batch()))).device == META
