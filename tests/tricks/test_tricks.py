"""The tricks against closed forms, quadrature and slow versions by definition."""

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import softplus

from ganbook.games import Game
from ganbook.losses import LEAST_SQUARES, MINIMAX, NON_SATURATING, RELATIVISTIC
from ganbook.penalties import r1, r2, total
from ganbook.schedules import Linear
from ganbook.training import d_step, fit, g_step
from ganbook.tricks import (
    Chain,
    Noise,
    NoisePenalty,
    Rotate,
    Shift,
    TransformedGame,
    clip_gradients,
    leak,
    rotation_mixing,
    score_cap,
    smoothed,
    smoothed_score,
    top_k,
)


def doubles(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


# Label smoothing


def test_no_smoothing_is_the_plain_loss():
    a, b = doubles(7), doubles(7, seed=1)
    plain = smoothed(1.0, 0.0)
    assert plain.discriminator(a, b) == NON_SATURATING.discriminator(a, b)
    assert plain.generator(b) == NON_SATURATING.generator(b)
    assert smoothed(0.9, 0.0, MINIMAX).generator(b) == MINIMAX.generator(b)


@pytest.mark.parametrize(("real", "generated"), [(0.9, 0.0), (0.9, 0.1), (0.7, 0.2), (1.0, 0.1)])
def test_the_best_score_is_where_the_loss_is_least(real, generated):
    """At one point with densities p and q, by a search on a fine mesh."""
    loss = smoothed(real, generated).discriminator
    scores = torch.linspace(-6, 6, 24_001, dtype=torch.float64)
    for p, q in ((0.5, 0.5), (2.0, 0.1), (0.1, 2.0)):
        values = [p * loss(d, torch.tensor(-1e3).double()) for d in scores[::24]]
        values = torch.stack(values) + q * torch.stack(
            [loss(torch.tensor(0.0).double(), d) for d in scores[::24]]
        )
        best = float(scores[::24][values.argmin()])
        want = smoothed_score(torch.tensor(p), torch.tensor(q), real, generated)
        if want.isfinite():
            assert best == pytest.approx(float(want), abs=0.015)


def test_smoothing_caps_the_score():
    assert score_cap(0.9) == pytest.approx(math.log(9)) == pytest.approx(2.197, abs=5e-4)
    assert score_cap(1.0) == math.inf
    far = smoothed_score(torch.tensor(1.0), torch.tensor(1e-9).double())
    assert float(far) == pytest.approx(score_cap(), abs=1e-6)
    assert float(far) < score_cap()
    low = smoothed_score(torch.tensor(1e-12).double(), torch.tensor(1.0))
    assert float(low) < -20, "one-sided smoothing caps one side"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [((0.0, 0.0), "targets"), ((0.9, 0.95), "targets"), ((1.1, 0.0), "targets"),
     ((0.9, -0.1), "targets"), ((0.9, 0.0, LEAST_SQUARES), "least_squares")],
)  # fmt: skip
def test_targets_that_make_no_sense_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        smoothed(*arguments)


# Top-k


def test_top_k_is_the_loss_of_the_highest_scores():
    scores = doubles(9, 1)
    for share, k in ((0.5, 5), (1 / 3, 3), (0.01, 1), (1.0, 9)):
        want = softplus(-scores.flatten().sort().values[-k:]).mean()
        assert top_k(NON_SATURATING, share).generator(scores) == pytest.approx(float(want))
    assert top_k(MINIMAX, 0.5).discriminator(scores, -scores) == MINIMAX.discriminator(
        scores, -scores
    )


def test_top_k_takes_each_block_by_itself():
    scores = torch.tensor([1.0, 2.0, 30.0, 40.0])
    want = softplus(-torch.tensor([2.0, 40.0])).mean()
    assert top_k(NON_SATURATING, 0.5, blocks=2).generator(scores) == pytest.approx(float(want))


@pytest.mark.parametrize(
    ("base", "share", "words"),
    [(NON_SATURATING, 0.0, "share is 0"), (NON_SATURATING, 1.5, "share is 1.5"),
     (RELATIVISTIC, 0.5, "pairs")],
)  # fmt: skip
def test_what_top_k_cannot_do(base, share, words):
    with pytest.raises(ValueError, match=words):
        top_k(base, share)


# Clipping gradients


def test_clipping_shortens_the_step_and_keeps_its_direction():
    layer = nn.Linear(3, 2)
    start = [p.detach().clone() for p in layer.parameters()]
    sgd = torch.optim.SGD(layer.parameters(), 1.0)
    handle = clip_gradients(sgd, layer, 0.5)
    x = torch.ones(4, 3) * 5
    layer(x).sum().backward()
    full = torch.cat([p.grad.flatten() for p in layer.parameters()]).clone()
    assert full.norm() > 0.5
    sgd.step()
    moved = torch.cat(
        [(a - p).flatten() for a, p in zip(start, layer.parameters(), strict=True)]
    ).detach()
    torch.testing.assert_close(moved, full / full.norm() * 0.5, atol=1e-5, rtol=1e-5)
    handle.remove()
    for p in layer.parameters():
        p.grad.fill_(1.0)
    before = layer.bias.detach().clone()
    sgd.step()
    torch.testing.assert_close(before - layer.bias.detach(), torch.ones(2))


def test_a_small_gradient_is_left_alone():
    layer = nn.Linear(1, 1, bias=False)
    sgd = torch.optim.SGD(layer.parameters(), 1.0)
    clip_gradients(sgd, layer, 10.0)
    before = layer.weight.detach().clone()
    layer.weight.grad = torch.full_like(before, 0.25)
    sgd.step()
    torch.testing.assert_close(before - layer.weight.detach(), torch.full_like(before, 0.25))
    with pytest.raises(ValueError, match="bound is 0"):
        clip_gradients(sgd, layer, 0)


# Transforms


def test_noise_has_its_deviation_and_falls():
    torch.manual_seed(0)
    x = torch.zeros(200, 500)
    assert Noise(0.3)(x).std() == pytest.approx(0.3, rel=0.02)
    falling = Noise(Linear(0.4, 0.0, 100))
    assert falling.at(0).sigma == pytest.approx(0.4)
    assert falling.at(75).sigma == pytest.approx(0.1)
    assert torch.equal(falling.at(100)(x), x)
    assert falling(x).std() == pytest.approx(0.4, rel=0.02)
    with pytest.raises(ValueError, match="sigma is -1"):
        Noise(-1.0)


def test_a_shift_is_one_of_the_nine_moves():
    torch.manual_seed(0)
    x = torch.randn(300, 2, 5, 6)
    padded = torch.nn.functional.pad(x, (1, 1, 1, 1), value=-1.0)
    moves = torch.stack([padded[:, :, i : i + 5, j : j + 6] for i in range(3) for j in range(3)])
    equal = (Shift(1)(x) == moves).flatten(2).all(dim=2)
    assert equal.any(dim=0).all(), "each picture is moved as a whole"
    share = equal.double().mean(dim=1)
    assert (share - 1 / 9).abs().max() < 4 * (8 / 81 / 300) ** 0.5
    with pytest.raises(ValueError, match="most is 0"):
        Shift(0)


@pytest.mark.parametrize(("p", "identity"), [(0.75, False), (0.4, False), (0.6, True), (0, False)])
def test_turns_follow_the_matrix(p, identity):
    torch.manual_seed(1)
    x = torch.arange(4.0).reshape(1, 1, 2, 2).repeat(4_000, 1, 1, 1)
    turned = Rotate(p, identity)(x)
    turns = torch.stack([torch.rot90(x, k, (-2, -1)) for k in range(4)])
    share = (turned == turns).flatten(2).all(dim=2).double().mean(dim=1).numpy()
    want = rotation_mixing(p, identity)[:, 0]
    assert share.sum() == pytest.approx(1)
    assert np.abs(share - want).max() <= 4 * (0.25 / 4_000) ** 0.5 * (p > 0)
    with pytest.raises(ValueError, match="p is 2"):
        Rotate(2)


def test_the_eigenvalues_of_turns():
    for p in (0.0, 0.3, 0.75, 0.9, 1.0):
        plain, four = rotation_mixing(p), rotation_mixing(p, identity=True)
        np.testing.assert_allclose(plain.sum(axis=0), 1)
        np.testing.assert_allclose(
            np.sort(np.linalg.eigvalsh(plain)), np.sort([1, *[1 - 4 * p / 3] * 3]), atol=1e-12
        )
        np.testing.assert_allclose(np.linalg.eigvalsh(four), np.sort([1, *[1 - p] * 3]), atol=1e-12)
    assert np.linalg.matrix_rank(rotation_mixing(0.75)) == 1
    assert np.linalg.matrix_rank(rotation_mixing(0.75, identity=True)) == 4
    with pytest.raises(ValueError, match="p is -0.1"):
        rotation_mixing(-0.1)


def test_a_chain_is_its_parts_in_order_and_falls_with_them():
    chain = Chain((lambda x: x + 1, lambda x: 3 * x, Noise(Linear(1.0, 0.0, 5))))
    assert torch.equal(chain.at(5)(torch.tensor([2.0])), torch.tensor([9.0]))
    assert chain.at(4).parts[2].sigma == pytest.approx(0.2)


def doubling(x):
    return 2 * x


def game(kind=TransformedGame, **options):
    torch.manual_seed(3)
    G, D = nn.Linear(2, 1), nn.Linear(1, 1)
    sgd = [torch.optim.SGD(p.parameters(), 0.1) for p in (G, D)]
    return kind(G, D, *sgd, 2, **options)


@pytest.mark.parametrize("player", ["D", "G"])
def test_both_kinds_of_samples_are_transformed_in_both_steps(player):
    """D(2x) = psi 2x + b: the transformed game is the plain one with twice the weight in D."""
    plain, changed = game(Game), game(transform=doubling)
    batch = torch.tensor([[0.5], [-1.0], [2.0]])
    with torch.no_grad():
        plain.D.weight.mul_(2)
    step = d_step if player == "D" else g_step
    rows = [step(g, batch) for g in (plain, changed)]
    assert rows[0]["d_fake" if player == "D" else "d_fake_g"] == pytest.approx(
        float(rows[1]["d_fake" if player == "D" else "d_fake_g"])
    )
    if player == "D":
        assert rows[0]["d_real"] == pytest.approx(float(rows[1]["d_real"]))
    else:
        torch.testing.assert_close(plain.G.weight, changed.G.weight)


def test_a_penalty_sees_the_slope_through_the_transform():
    changed, batch = game(transform=doubling), torch.ones(4, 1)
    slope = float(changed.D.weight.detach())
    row = d_step(changed, batch, penalty=r1(1.0))
    assert row["penalty"] == pytest.approx((2 * slope) ** 2 / 2)


def test_only_the_real_samples_are_transformed_where_asked():
    changed, batch = game(transform=doubling, real_only=True), torch.ones(4, 1)
    w, b = changed.D.weight.item(), changed.D.bias.item()
    row = d_step(changed, batch)
    assert row["d_real"] == pytest.approx(2 * w + b)
    x_fake = game(Game).fake(batch)[0]
    assert row["d_fake"] == pytest.approx((w * x_fake + b).mean().item(), abs=1e-6)


def test_noise_at_its_last_level_leaves_the_game_as_it_is():
    falling = game(transform=Noise(Linear(1.0, 0.0, 1)))
    plain = game(Game)
    for g in (falling, plain):
        g.d_updates = 1
    batch = torch.ones(3, 1)
    assert d_step(falling, batch) == d_step(plain, batch)


def test_a_transformed_game_trains():
    changed = game(transform=Noise(0.1))
    history = fit(changed, iter(torch.ones(3, 4, 1)), steps=3, progress=False)
    assert len(history) == 3 and changed.d_updates == 3


# The noise's penalty


class Quadratic(nn.Module):
    def forward(self, x):
        return 0.3 + 0.8 * x + 0.2 * x**2


def test_for_a_linear_score_near_zero_noise_is_r1_and_r2():
    x, y = doubles(6, 3) * 1e-3, doubles(6, 3, seed=1) * 1e-3
    D = nn.Linear(3, 1, bias=False).double()
    for sigma in (0.2, 1.0):
        gamma = sigma**2 / 4
        want = total(r1(gamma), r2(gamma))(D, x, y)
        assert NoisePenalty(sigma)(D, x, y).item() == pytest.approx(want.item(), rel=1e-5)


def test_at_the_optimal_score_the_penalty_is_what_noise_adds():
    """p = N(0, 1), q = N(1, 1.5^2): D's loss with and without noise, both by quadrature."""
    grid = torch.linspace(-12, 14, 20_001, dtype=torch.float64)
    p = torch.distributions.Normal(torch.tensor(0.0).double(), 1.0).log_prob(grid)
    q = torch.distributions.Normal(torch.tensor(1.0).double(), 1.5).log_prob(grid)

    def score(x):
        return -(x**2) / 2 + (x - 1) ** 2 / 4.5 + math.log(1.5)

    torch.testing.assert_close(score(grid), p - q)
    nodes, weights = np.polynomial.hermite_e.hermegauss(30)
    weights = weights / weights.sum()

    def loss(sigma):
        total = 0.0
        for node, weight in zip(nodes, weights, strict=True):
            d = score(grid + sigma * node)
            density = softplus(-d) * p.exp() + softplus(d) * q.exp()
            total += weight * float(torch.trapezoid(density, grid))
        return total

    s = torch.sigmoid(score(grid))
    slope = -grid + (grid - 1) / 2.25
    per_unit = float(torch.trapezoid(s * (1 - s) * slope**2 * (p.exp() + q.exp()), grid)) / 2
    errors = []
    for sigma in (0.1, 0.2):
        errors.append(abs(loss(sigma) - loss(0.0) - sigma**2 * per_unit))
        assert errors[-1] < 0.02 * sigma**2 * per_unit + sigma**4
    assert errors[1] / errors[0] == pytest.approx(16, rel=0.2), "the error is of fourth order"


def test_the_noise_penalty_by_hand():
    x, y = doubles(5, 1), doubles(5, 1, seed=1)
    D = Quadratic()

    def part(x):
        s = torch.sigmoid(D(x))
        return (s * (1 - s) * (0.8 + 0.4 * x) ** 2).mean()

    want = 0.3**2 / 2 * (part(x) + part(y))
    assert NoisePenalty(0.3)(D, x, y).item() == pytest.approx(want.item(), rel=1e-9)
    with pytest.raises(ValueError, match="sigma is -1"):
        NoisePenalty(-1)


# The leak


def norm_net(norm):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 12), norm(12), nn.LeakyReLU(0.2), nn.Linear(12, 1)).double()


def test_layer_norm_does_not_leak_and_batch_norm_does():
    x = doubles(8, 6)
    assert leak(norm_net(nn.LayerNorm), x) == (0, 0)
    assert leak(norm_net(nn.BatchNorm1d).eval(), x) == (0, 0)
    sizes, squares = leak(norm_net(nn.BatchNorm1d), x)
    assert 0.3 < sizes < 0.8 and 0.01 < squares < sizes


def test_the_leak_by_finite_differences():
    x, net = doubles(4, 6), norm_net(nn.BatchNorm1d)
    slopes = torch.empty(4, 4, 6, dtype=torch.float64)
    for j in range(4):
        for k in range(6):
            moved = x.clone()
            moved[j, k] += 1e-6
            back = x.clone()
            back[j, k] -= 1e-6
            slopes[:, j, k] = ((net(moved) - net(back)) / 2e-6).detach().flatten()
    off = 1 - torch.eye(4)
    want = [
        float((t * off).sum() / t.sum())
        for t in (slopes.abs().sum(dim=2), slopes.square().sum(dim=2))
    ]
    assert leak(net, x) == pytest.approx(tuple(want), abs=1e-6)


@pytest.mark.parametrize(
    ("D", "x", "words"),
    [
        (nn.Linear(2, 1), torch.ones(1, 2), "two or more"),
        (nn.Linear(2, 3), torch.ones(4, 2), "one score"),
        (lambda x: 0 * x[:, :1], torch.ones(4, 2), "all slopes are zero"),
    ],
)
def test_what_has_no_leak_is_refused(D, x, words):
    with pytest.raises(ValueError, match=words):
        leak(D, x)
