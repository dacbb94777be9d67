"""Plays as values: their matrices on the bilinear game, lazy terms, and what they refuse."""

import copy
import math

import numpy as np
import pytest
import torch
from torch import nn

from ganbook import penalties
from ganbook.checkpoints import Checkpoint, CheckpointError
from ganbook.games import Game
from ganbook.losses import WASSERSTEIN, Loss
from ganbook.penalties import due, lazy, r1, r2, scheduled, total
from ganbook.schedules import Constant, Geometric, Linear
from ganbook.training import alternating, d_step, extragradient, fit, g_step, simultaneous

H = 0.1


class Point(nn.Module):
    """G: whatever z is, the sample theta."""

    def __init__(self, value):
        super().__init__()
        self.theta = nn.Parameter(torch.tensor(value, dtype=torch.float64))

    def forward(self, z):
        return self.theta.expand(len(z), 1)


class Slope(nn.Module):
    """D(x) = psi x."""

    def __init__(self, value):
        super().__init__()
        self.psi = nn.Parameter(torch.tensor(value, dtype=torch.float64))

    def forward(self, x):
        return self.psi * x


BILINEAR = Loss("bilinear", lambda d_real, d_fake: d_fake.mean(), lambda d, _=None: -d.mean())


def bilinear(theta, psi, optimizer=torch.optim.SGD, **options):
    """Data at 0: D minimises psi theta, G minimises -psi theta."""
    G, D = Point(theta), Slope(psi)
    options = {"lr": H} | options
    return Game(G, D, optimizer(G.parameters(), **options), optimizer(D.parameters(), **options), 1)


def zeros():
    while True:
        yield torch.zeros(2, 1, dtype=torch.float64)


def matrix(play, d_steps=1):
    columns = []
    for start in ((1.0, 0.0), (0.0, 1.0)):
        game = bilinear(*start)
        fit(game, zeros(), BILINEAR, steps=1, step=play, d_steps=d_steps)
        columns.append([game.G.theta.item(), game.D.psi.item()])
    return np.array(columns).T


@pytest.mark.parametrize(
    ("play", "n", "trace", "determinant"),
    [
        (simultaneous, 1, 2, 1 + H**2),
        (alternating, 1, 2 - H**2, 1),
        (alternating, 5, 2 - 5 * H**2, 1),
        (extragradient, 1, 2 * (1 - H**2), (1 - H**2) ** 2 + H**2),
    ],
    ids=["simultaneous", "alternating", "five D steps", "extragradient"],
)
def test_a_play_gives_its_matrix_on_the_bilinear_game(play, n, trace, determinant):
    found = np.linalg.eigvals(matrix(play, n))
    real, imaginary = trace / 2, math.sqrt(determinant - trace**2 / 4)
    assert abs(sorted(found, key=lambda v: v.imag)[1] - complex(real, imaginary)) < 1e-12
    assert abs(sorted(found, key=lambda v: v.imag)[0] - complex(real, -imaginary)) < 1e-12


def test_d_moves_first_in_alternating_play():
    np.testing.assert_allclose(matrix(alternating), [[1 - H**2, H], [-H, 1]], atol=1e-15)


def slow_extra_adam(theta, psi, steps, betas=(0.5, 0.9), eps=1e-8):
    """Gidel et al. (2019), algorithm 4, written out for two numbers in plain Python."""
    w, m, v, t = [theta, psi], [0.0, 0.0], [0.0, 0.0], 0

    def move(origin, at):
        gradient = [-at[1], at[0]]  # of -psi theta in theta, of psi theta in psi
        new = []
        for k in range(2):
            m[k] = betas[0] * m[k] + (1 - betas[0]) * gradient[k]
            v[k] = betas[1] * v[k] + (1 - betas[1]) * gradient[k] ** 2
            m_hat, v_hat = m[k] / (1 - betas[0] ** t), v[k] / (1 - betas[1] ** t)
            new.append(origin[k] - H * m_hat / (math.sqrt(v_hat) + eps))
        return new

    for _ in range(steps):
        t += 1
        ahead = move(w, w)
        t += 1
        w = move(w, ahead)
    return w


def test_extragradient_with_adam_against_a_slow_version():
    game = bilinear(1.0, -1.0, torch.optim.Adam, betas=(0.5, 0.9))
    fit(game, zeros(), BILINEAR, steps=25, step=extragradient)
    expected = slow_extra_adam(1.0, -1.0, 25)
    np.testing.assert_allclose([game.G.theta.item(), game.D.psi.item()], expected, rtol=1e-10)


def smooth_game(seed=0, rate=0.05, dtype=torch.float64):
    torch.manual_seed(seed)
    G = nn.Linear(2, 2, dtype=dtype)
    D = nn.Sequential(nn.Linear(2, 8, dtype=dtype), nn.Tanh(), nn.Linear(8, 1, dtype=dtype))
    game = Game(
        G,
        D,
        torch.optim.SGD(G.parameters(), lr=rate),
        torch.optim.SGD(D.parameters(), lr=rate),
        2,
    )
    game.draw = lambda n: torch.ones(n, 2, dtype=dtype)
    return game


def points(n=8):
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(n, 2, generator=generator, dtype=torch.float64) + 1
    while True:
        yield x


def test_simultaneous_play_takes_both_gradients_at_the_old_point():
    game, for_d, for_g = smooth_game(), smooth_game(), smooth_game()
    fit(game, points(), steps=1, step=simultaneous, seed=None)
    d_step(for_d, next(points()))
    g_step(for_g, next(points()))
    assert all(
        torch.equal(p, q) for p, q in zip(game.D.parameters(), for_d.D.parameters(), strict=True)
    )
    assert all(
        torch.equal(p, q) for p, q in zip(game.G.parameters(), for_g.G.parameters(), strict=True)
    )


def gradient_of(penalty, D, x):
    return torch.autograd.grad(penalty(D, x, x + 1), list(D.parameters()), allow_unused=True)


def summed(penalty, D, x, n):
    parts = [
        gradient_of(due(penalty, k), D, x)
        for k in range(n)
        if due(penalty, k) is not penalties.no_penalty
    ]
    return [sum(p for p in column if p is not None) for column in zip(*parts, strict=True)]


def test_lazy_gradients_over_an_interval_at_fixed_parameters_are_the_plain_ones():
    D, x = smooth_game().D, next(points())
    for some in (r1(3.0), total(r1(1.0), r2(2.0))):
        plain, rare = summed(some, D, x, 4), summed(lazy(some, 4), D, x, 4)
        for a, b in zip(plain, rare, strict=True):
            if not isinstance(a, int):
                torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-14)
    assert due(lazy(r1(), 4), 1) is penalties.no_penalty
    assert due(lazy(r1(), 4), 8) == lazy(r1(), 4)


def test_lazy_and_plain_paths_part_by_the_square_of_the_rate():
    def apart(rate):
        ends = []
        for penalty in (r1(1.0), lazy(r1(1.0), 4)):
            game = smooth_game(rate=rate)
            game.optimizer_g.param_groups[0]["lr"] = 0.0
            fit(game, points(), penalty=penalty, steps=4, seed=None)
            ends.append(torch.cat([p.detach().flatten() for p in game.D.parameters()]))
        return (ends[0] - ends[1]).norm().item()

    ratios = [apart(rate) / apart(rate / 2) for rate in (4e-3, 2e-3, 1e-3)]
    assert all(3.9 < ratio < 4.1 for ratio in ratios), ratios


@pytest.mark.parametrize("play", [alternating, simultaneous, extragradient])
def test_the_count_of_a_lazy_penalty_is_the_play_s_and_is_resumed(play, tmp_path):
    seen = []

    def spy(D, x_real, x_fake):
        seen.append(game.d_updates)
        return r1(1.0)(D, x_real, x_fake)

    game = smooth_game()
    fit(game, points(), penalty=lazy(spy, 3), steps=7, step=play)
    halves = 2 if play is extragradient else 1
    assert len(seen) == 3 * halves and game.d_updates == 7
    whole, resumed = smooth_game(), smooth_game()
    for game_ in (whole, resumed):
        del game_.draw
        game_.G.float(), game_.D.float()
    batches = lambda: (x.float() for x in points())  # noqa: E731
    generators = {"none": torch.Generator()}
    fit(whole, batches(), penalty=lazy(r1(5.0), 3), steps=7, step=play)
    for steps in (4, 7):
        fit(
            resumed,
            batches(),
            penalty=lazy(r1(5.0), 3),
            steps=steps,
            step=play,
            checkpoint=Checkpoint(tmp_path / "run", 2, generators=generators),
        )
    assert resumed.d_updates == 7
    assert all(
        torch.equal(p, q) for p, q in zip(whole.D.parameters(), resumed.D.parameters(), strict=True)
    )


def test_the_sum_of_penalties_is_the_sum():
    D, x = smooth_game().D, next(points())
    both = total(r1(1.0), r2(3.0))
    torch.testing.assert_close(both(D, x, x + 1), r1(1.0)(D, x, x + 1) + r2(3.0)(D, x, x + 1))
    assert both.per_sample and not total(lambda D, x_real, x_fake: 0).per_sample
    mixed = total(lazy(r1(1.0), 2), r2(3.0))
    torch.testing.assert_close(mixed.at(1)(D, x, x + 1), r2(3.0)(D, x, x + 1))
    with pytest.raises(ValueError, match="no penalty was given"):
        total()


def test_schedules_and_scheduled_penalties():
    line, curve = Linear(0.05, 0.005, 100), Geometric(0.05, 0.005, 100)
    assert line(0) == curve(0) == 0.05
    assert line(50) == pytest.approx(0.0275, abs=1e-12)
    assert curve(50) == pytest.approx(math.sqrt(0.05 * 0.005), abs=1e-12)
    assert line(100) == line(300) == pytest.approx(0.005, abs=1e-12)
    assert curve(300) == pytest.approx(0.005, abs=1e-12) and Constant(2.0)(9) == 2.0
    assert due(scheduled(r1, line), 50) == r1(line(50))
    D, x = smooth_game().D, next(points())
    torch.testing.assert_close(scheduled(r1, line)(D, x, x), r1(0.05)(D, x, x))
    for bad in (lambda: Linear(1, 0, 0), lambda: Geometric(1, 0, 5)):
        with pytest.raises(ValueError, match="expected"):
            bad()


def test_penalties_and_plays_are_values():
    assert r1(1) == r1(1.0) != r1(2.0)
    assert repr(total(lazy(r1(2.0), 4), r2())) == (
        "Total(penalties=(Lazy(penalty=R1(gamma=2.0), every=4), R2(gamma=1.0)))"
    )
    assert copy.deepcopy(simultaneous) == simultaneous != extragradient
    with pytest.raises(AttributeError):
        r1(1.0).gamma = 2.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"step": simultaneous, "d_steps": 2}, "in simultaneous play both players move once"),
        ({"step": extragradient, "d_steps": 2}, "in extragradient play both players move once"),
        ({"step": "alternating"}, "step is 'alternating': expected a play"),
        ({"step": d_step}, "expected a play"),
    ],
)
def test_what_a_play_does_not_go_with_is_refused_by_name(options, message):
    with pytest.raises(ValueError, match=message):
        fit(bilinear(1.0, 0.0), zeros(), WASSERSTEIN, steps=1, **options)


@pytest.mark.parametrize(
    ("optimizer", "options"),
    [(torch.optim.SGD, {"momentum": 0.9}), (torch.optim.RMSprop, {}), (torch.optim.AdamW, {})],
)
def test_extragradient_refuses_optimisers_it_is_not_defined_for(optimizer, options):
    with pytest.raises(ValueError, match=f"optimizer_g is {optimizer.__name__}: extragradient"):
        fit(
            bilinear(1.0, 0.0, optimizer, **options), zeros(), BILINEAR, steps=1, step=extragradient
        )


@pytest.mark.parametrize(
    ("then", "now", "named"),
    [
        ({"penalty": r1(1.0)}, {"penalty": r1(10.0)}, r"penalty\.gamma is 10.0 here and 1.0 there"),
        (
            {"penalty": scheduled(r1, Linear(1.0, 0.1, 9))},
            {"penalty": scheduled(r1, Linear(1.0, 0.2, 9))},
            r"penalty\.schedule\.stop is 0.2 here and 0.1 there",
        ),
        (
            {"penalty": lazy(r1(1.0), 4)},
            {"penalty": lazy(r1(1.0), 8)},
            r"penalty\.every is 8 here and 4 there",
        ),
        ({"step": simultaneous}, {"step": alternating}, r"step is \S+Alternating here"),
        ({}, {"seed": 5}, r"seed is 5 here and 0 there"),
    ],
)
def test_another_value_is_another_run(then, now, named, tmp_path):
    def run(options):
        checkpoint = Checkpoint(tmp_path / "run", 1, generators={"none": torch.Generator()})
        fit(smooth_game(), points(), steps=2, checkpoint=checkpoint, **options)

    run(then)
    with pytest.raises(CheckpointError, match=named):
        run(now)
