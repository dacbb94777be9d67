"""The numbers and statements of chapter 2, by routes that share no code with the chapter."""

import copy
import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.special import expit, log_expit
from scipy.stats import norm
from torch import nn
from torch.distributions import Normal
from torch.nn.functional import binary_cross_entropy

from ganbook.distributions import ring
from ganbook.divergences import game_value, js, kl_normal
from ganbook.losses import LOSSES, MINIMAX, NON_SATURATING
from ganbook.metrics import mode_coverage
from ganbook.plots import game as plots
from ganbook.training import Game, d_step, fit, g_step
from support.prose import missing, prose, returned

LOG4 = 2 * math.log(2)


def score_net(inputs, width=32):
    hidden = [
        nn.Linear(inputs, width),
        nn.LeakyReLU(0.2),
        nn.Linear(width, width),
        nn.LeakyReLU(0.2),
    ]
    return nn.Sequential(*hidden, nn.Linear(width, 1))


def adam(network):
    return torch.optim.Adam(network.parameters(), lr=2e-3, betas=(0.5, 0.99))


# the value
# --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1 / 3, 1.0, 3.0])
def test_value_of_a_scaled_score_by_scipy(scale):
    def integrand(x):
        d = scale * (2 - 2 * x)
        return norm.pdf(x) * log_expit(d) + norm.pdf(x, 2) * log_expit(-d)

    expected = quad(integrand, -12, 14, epsabs=1e-12)[0]
    x = torch.linspace(-12, 14, 20_001, dtype=torch.float64)
    found = float(game_value(lambda x: scale * (2 - 2 * x), Normal(0.0, 1.0), Normal(2.0, 1.0), x))
    assert abs(found - expected) < 1e-9
    assert abs(expected - {1 / 3: -0.925, 1.0: -0.712633, 3.0: -1.132}[scale]) < 5e-4


def test_accuracy_does_not_see_the_scale_and_the_value_does():
    x = np.random.default_rng(0).normal(size=1000)
    assert ((2 - 2 * x > 0) == (6 - 6 * x > 0)).all()
    d = torch.tensor([1.0, -2.0])
    assert (
        abs(
            float(NON_SATURATING.discriminator(d, -d) - NON_SATURATING.discriminator(3 * d, -3 * d))
        )
        > 0.1
    )


@pytest.mark.parametrize(("shift", "expected"), [(0, 0.5), (2, 0.841345)])
def test_best_share_of_hits(shift, expected):
    assert abs((1 + 2 * norm.cdf(shift / 2) - 1) / 2 - expected) < 1e-6


# order of moves
# ---------------------------------------------------------------------------------------------


def test_value_of_both_orders_on_five_atoms():
    p = torch.tensor([0.10, 0.15, 0.20, 0.25, 0.30], dtype=torch.float64)
    a = p.numpy()
    by_hand = (a * np.log(a / (1 + a)) - np.log1p(a)).min()
    g_first = min(float(2 * js(p, atom)) for atom in torch.eye(5, dtype=torch.float64)) - LOG4
    assert abs(g_first - by_hand) < 1e-12
    assert abs(g_first + 0.7023) < 1e-3
    d = torch.zeros(
        5, dtype=torch.float64, requires_grad=True
    )  # D commits first: ascend the worst case
    ascent = torch.optim.Adam([d], lr=0.01)
    for _ in range(300):
        value = (p * -torch.nn.functional.softplus(-d)).sum() - torch.nn.functional.softplus(
            d
        ).max()
        assert float(value.detach()) <= -LOG4 + 1e-12
        ascent.zero_grad()
        (-value).backward()
        ascent.step()


def test_against_a_frozen_score_samples_end_on_its_maxima_and_not_on_one_point():
    x = torch.linspace(-2.5, 2.5, 50, dtype=torch.float64, requires_grad=True)
    for _ in range(600):  # two equal maxima, at -1 and at 1
        (slope,) = torch.autograd.grad(NON_SATURATING.generator(-((x**2 - 1) ** 2)), x)
        x = (x - 0.5 * slope).detach().requires_grad_()
    assert torch.allclose(x, x.sign(), atol=1e-3) and x.min() < 0 < x.max()
    assert not missing("02", "ends on the maxima of the score that $D$ then has")


def test_order_of_moves_needs_each_of_its_hypotheses():
    p = np.array([0.10, 0.15, 0.20, 0.25, 0.30])
    rng = np.random.default_rng(0)
    for d in 20 * rng.normal(size=(2_000, 5)):
        assert (p * (log_expit(d) + log_expit(-d))).sum() <= -LOG4 + 1e-12  # any D, against q = p
    assert abs(log_expit(5.0) + log_expit(-5.0) + 5.0134) < 1e-4  # d = 5 the only allowed score
    assert abs((p * 2 * log_expit(0.0)).sum() + LOG4) < 1e-12


@pytest.mark.parametrize(("in_turn", "n"), [(False, 500), (True, 5_000)])
def test_the_smallest_game_spirals_at_the_same_time_and_circles_in_turn(in_turn, n):
    theta, psi, radius = 1.0, -1.0, []
    for _ in range(n):
        old = psi
        psi = psi - 0.2 * expit(psi * theta) * theta
        seen = psi if in_turn else old
        theta = theta + 0.2 * expit(seen * theta) * seen
        radius.append(math.hypot(theta, psi))
    if in_turn:
        assert 1.40 < min(radius) < 1.42 and 1.49 < max(radius) < 1.50
    else:
        assert abs(radius[-1] - 3.097) < 1e-3


# what the generator receives
# --------------------------------------------------------------------------------


def test_pathwise_and_score_function_gradient_agree_with_numerical_integration():
    mu, s, h = -0.5, 1.3, 1e-4

    def loss(x):
        return -log_expit(0.8 * x - 1.5)

    def expected(mu, s):
        return quad(lambda z: norm.pdf(z) * loss(mu + s * z), -12, 12, epsabs=1e-13)[0]

    differences = [
        (expected(mu + h, s) - expected(mu - h, s)) / (2 * h),
        (expected(mu, s + h) - expected(mu, s - h)) / (2 * h),
    ]

    def arrow(x):
        return -0.8 * expit(-(0.8 * x - 1.5))

    def weighted(f, weight):
        return quad(lambda z: norm.pdf(z) * f(mu + s * z) * weight(z), -12, 12)[0]

    pathwise = [weighted(arrow, lambda z: 1.0), weighted(arrow, lambda z: z)]
    by_density = [weighted(loss, lambda z: z / s), weighted(loss, lambda z: (z * z - 1) / s)]
    assert np.allclose(pathwise, differences, atol=1e-7)
    assert np.allclose(by_density, differences, atol=1e-7)


@pytest.mark.parametrize("mu", [0.0, 1.0, 5.0])
def test_variance_of_the_score_function_estimator(mu):
    def moment(f):
        return quad(lambda z: norm.pdf(z) * f(z), -14, 14, epsabs=1e-12)[0]

    assert abs(moment(lambda z: (mu + z) * z) - 1) < 1e-9
    assert abs(moment(lambda z: ((mu + z) * z) ** 2) - 1 - (mu**2 + 2)) < 1e-6
    assert abs(moment(lambda z: (z * z) ** 2) - 1 - 2) < 1e-6


def test_free_points_cover_the_ring_and_points_sent_the_other_way_do_not():
    data = ring(8, 1.0, 0.05)
    reached = {}
    for sign in (1, -1):
        torch.manual_seed(3)
        source, D = torch.Generator().manual_seed(3), score_net(2, 64)
        optimizer, x = adam(D), 0.1 * torch.randn(512, 2, generator=source)
        for _ in range(250):
            loss = NON_SATURATING.discriminator(D(data.sample(512, source)), D(x))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            here = x.clone().requires_grad_()
            x = x + sign * 0.05 * torch.autograd.grad(D(here).sum(), here)[0]
        reached[sign] = mode_coverage(x, data.centers, 0.05)
    assert reached[1][0] == 8 and reached[1][1] > 0.8
    assert reached[-1][1] < 0.2


# the two losses
# ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("score", [-50.0, -5.0, 0.0, 5.0, 50.0])
def test_weights_of_both_losses(score):
    d = torch.tensor([score], dtype=torch.float64, requires_grad=True)
    (minimax,) = torch.autograd.grad(MINIMAX.generator(d), d)
    (other,) = torch.autograd.grad(NON_SATURATING.generator(d), d)
    assert abs(float(minimax) / -expit(score) - 1) < 1e-12
    assert abs(float(other) / -expit(-score) - 1) < 1e-12


def test_shares_of_the_worse_sample():
    d = torch.tensor([-5.0, 0.0], dtype=torch.float64, requires_grad=True)
    for name, share in (("minimax", 0.007 / 0.507), ("non_saturating", 0.993 / 1.493)):
        (slope,) = torch.autograd.grad(LOSSES[name].generator(d), d)
        assert abs(float(slope[0] / slope.sum()) - share) < 1e-3
    angle = math.degrees(math.atan2(0.5, expit(-5)) - math.atan2(0.5, expit(5)))
    assert abs(angle - 62.5) < 0.5


def test_non_saturating_loss_is_not_the_value():
    zero = torch.zeros(1, dtype=torch.float64)
    assert abs(float(MINIMAX.generator(zero)) + math.log(2)) < 1e-12
    assert abs(float(NON_SATURATING.generator(zero)) - math.log(2)) < 1e-12
    assert abs(expit(5) / expit(-5) - math.exp(5)) < 1e-6 and abs(math.exp(5) - 148) < 0.5


@pytest.mark.parametrize(
    ("name", "low", "high"), [("non_saturating", 0.0, 3.0), ("minimax", 15.0, 19.0)]
)
def test_far_start(name, low, high):
    cov, mean = torch.tensor([[1.0, 0.6], [0.6, 1.0]]), torch.tensor([6.0, 3.0])
    torch.manual_seed(11)
    G, D = nn.Linear(2, 2), score_net(2)
    with torch.no_grad():
        G.weight.copy_(torch.eye(2) / 2)
        G.bias.zero_()
    source = torch.Generator().manual_seed(11)
    root = torch.linalg.cholesky(cov)
    batches = (mean + torch.randn(128, 2, generator=source) @ root.T for _ in range(10_000))
    game = Game(G, D, torch.optim.SGD(G.parameters(), lr=0.05), adam(D), latent=2)
    fit(game, batches, name, steps=200, d_steps=3)
    if name == "minimax":
        with torch.no_grad():
            assert D(next(batches)).max() > 12 and D(G(torch.randn(512, 2))).min() < -12
    A, b = G.weight.detach().double(), G.bias.detach().double()
    assert low <= float(kl_normal(b, A @ A.T, mean.double(), cov.double())) < high


def plane_game(mean, name, seed, make_g):
    """KL(q || p) after each tenth of 200 updates of G, in the plane of the chapter."""
    cov = torch.tensor([[1.0, 0.6], [0.6, 1.0]])
    torch.manual_seed(seed)
    G, D = nn.Linear(2, 2), score_net(2)
    with torch.no_grad():
        G.weight.copy_(torch.eye(2) / 2)
        G.bias.zero_()
    source, root = torch.Generator().manual_seed(seed), torch.linalg.cholesky(cov)
    batches = (mean + torch.randn(128, 2, generator=source) @ root.T for _ in range(10_000))
    path = []

    def measure(step, game):
        A, b = G.weight.detach().double(), G.bias.detach().double()
        path.append(float(kl_normal(b, A @ A.T, mean.double(), cov.double())))

    game = Game(G, D, make_g(G.parameters()), adam(D), latent=2)
    fit(game, batches, name, steps=200, d_steps=3, seed=seed, callback=measure)
    return np.array(path)[9::10]


def test_near_start_separates_the_losses_in_pairs():
    mean, ahead = torch.tensor([1.5, 0.75]), []
    for seed in (20, 21, 22):
        ours, other = (
            plane_game(mean, name, seed, lambda w: torch.optim.SGD(w, lr=0.05))
            for name in ("non_saturating", "minimax")
        )
        assert max(ours[-1], other[-1]) < 0.1
        assert 1.3 < other[9] / ours[9] < 2.5
        ahead += (ours < other).tolist()
    assert np.mean(ahead) > 0.9


@pytest.mark.parametrize(("mean", "low", "high"), [((4.0, 2.0), 0.1, 1.0), ((6.0, 3.0), 6.0, 13.0)])
def test_adam_nearly_closes_the_middle_game_and_not_the_far_one(mean, low, high):
    ours, other = (
        plane_game(
            torch.tensor(mean), name, 0, lambda w: torch.optim.Adam(w, lr=0.02, betas=(0.5, 0.99))
        )[-1]
        for name in ("non_saturating", "minimax")
    )
    assert low < other < high
    assert (other / ours > 2) == (mean == (6.0, 3.0))


def test_closed_form_of_the_starts():
    cov = np.array([[1.0, 0.6], [0.6, 1.0]])
    for mean, nats in (([1.5, 0.75], 1.7), ([4.0, 2.0], 8.7), ([6.0, 3.0], 18.8)):
        inverse, volume = np.linalg.inv(cov), np.log(np.linalg.det(cov) * 16)
        by_hand = (np.trace(inverse) / 4 + np.array(mean) @ inverse @ mean - 2 + volume) / 2
        assert (
            abs(by_hand - float(kl_normal(np.zeros(2), np.eye(2) / 4, np.array(mean), cov))) < 1e-9
        )
        assert abs(by_hand - nats) < 0.05
    assert abs(math.log(0.5) + (1 + 2.5**2) / 0.5 - 0.5 - 13.3) < 0.02


# wiring -------------------------------------------------------------------------------------------
# ----------


def small_game():
    torch.manual_seed(0)
    G, D = nn.Linear(1, 1), score_net(1)
    return Game(
        G, D, *(torch.optim.SGD(player.parameters(), lr=0.1) for player in (G, D)), latent=1
    )


def moved(network, before):
    now = network.state_dict()
    return any(not torch.equal(value, now[name]) for name, value in before.items())


def test_each_step_moves_its_own_player_and_leaves_no_gradient_in_the_other():
    game, x_real = small_game(), torch.randn(16, 1)
    before = copy.deepcopy((game.G.state_dict(), game.D.state_dict()))
    d_step(game, x_real)
    assert moved(game.D, before[1]) and not moved(game.G, before[0])
    assert all(w.grad is None for w in game.G.parameters())
    game.optimizer_d.zero_grad()
    before = copy.deepcopy((game.G.state_dict(), game.D.state_dict()))
    g_step(game, x_real)
    assert moved(game.G, before[0]) and not moved(game.D, before[1])
    assert all(w.grad is None for w in game.D.parameters())


def test_what_a_forgotten_detach_adds():
    G, D, z = nn.Linear(1, 1), score_net(1), torch.randn(8, 1)
    x_fake = G(z)
    NON_SATURATING.discriminator(torch.zeros(1), D(x_fake)).backward()
    NON_SATURATING.generator(D(G(z))).backward()
    d = D(G(z)).detach()
    summed = G.bias.grad.clone()
    G.zero_grad()
    (torch.tanh(d / 2) * D(G(z))).mean().backward()
    assert torch.allclose(summed, G.bias.grad, rtol=1e-4, atol=1e-7)


# scores and probabilities in float32
# ------------------------------------------------------------------------


def through_probability(score, label):
    d = torch.tensor([score], dtype=torch.float32, requires_grad=True)
    loss = binary_cross_entropy(torch.sigmoid(d), torch.tensor([label]))
    return float(loss.detach()), float(torch.autograd.grad(loss, d)[0])


def test_label_zero_jumps():
    loss, slope = through_probability(16.5, 0.0)
    assert abs(loss - 23 * math.log(2)) < 1e-3 and abs(loss - 15.9) < 0.05 and abs(slope - 1) < 1e-5
    assert through_probability(16.8, 0.0) == (100.0, 0.0)
    assert abs(24 * math.log(2) - 16.64) < 0.005


@pytest.mark.parametrize(
    ("score", "slope"), [(-27.0, -1.0), (-28.0, -0.69), (-30.0, -0.09), (-40.0, 0.0)]
)
def test_label_one_fades(score, slope):
    value, found = through_probability(score, 1.0)
    assert abs(found - slope) < 5e-3
    assert abs(value + score) < 1e-3
    d = torch.tensor([score], requires_grad=True)
    (exact,) = torch.autograd.grad(NON_SATURATING.generator(d), d)
    assert abs(float(exact) + 1) < 1e-6


def test_double_precision_moves_the_jump_and_not_the_guard():
    d = torch.tensor([36.6, 36.9, -28.0, 27.5, 29.0], dtype=torch.float64, requires_grad=True)
    labels = torch.tensor([0.0, 0.0, 1.0, 0.0, 0.0], dtype=torch.float64)
    loss = binary_cross_entropy(torch.sigmoid(d), labels, reduction="none")
    (slope,) = torch.autograd.grad(loss.sum(), d)
    assert loss[0] < 40 and loss[1] == 100 and abs(53 * math.log(2) - 36.7) < 0.05
    assert abs(float(slope[2]) + 0.69) < 5e-3
    assert abs(float(slope[3]) - 1) < 1e-9 and float(slope[4]) < 0.3  # under label 0 as well
    assert not missing("02", "under label 0 too the gradient fades from a score of $27.6$ on")


def test_bfloat16_loses_scores_from_log_511():
    border = math.log(2**9 - 1)
    below, above = torch.sigmoid(
        torch.tensor([border - 1e-3, border + 1e-3], dtype=torch.float64)
    ).bfloat16()
    assert below < 1 and above == 1
    with torch.autocast("cpu", dtype=torch.bfloat16):  # refused on a GPU only
        assert binary_cross_entropy(above[None], torch.ones(1)) == 0


# pictures -----------------------------------------------------------------------------------------
# ----------


def test_pictures_show_what_they_are_given():
    x, y = np.linspace(-1, 1, 5), np.arange(5.0)
    points = np.stack([x, y], 1)
    figure = plots.free_points({0: points, 7: points}, points)
    assert [ax.get_title() for ax in figure.axes] == ["at the start", "after 7 steps"]
    assert np.array_equal(figure.axes[1].collections[1].get_offsets(), points)
    figure = plots.line_game(
        x, y, {3: {"q": y, "d": y, "d_star": y}, 4: {"q": y, "d": y, "d_star": y}}
    )
    assert len(figure.axes) == 2 and np.array_equal(figure.axes[0].lines[0].get_ydata(), y)
    ax = plots.generator_weights(x, y, -y, marked=(0,))
    assert np.array_equal(ax.lines[0].get_ydata(), y) and np.array_equal(
        ax.lines[1].get_ydata(), -y
    )
    figure = plots.divergence_paths(y, {"one": {"first": [x + 2, x + 3], "second": [x + 4]}})
    assert len(figure.axes[0].lines) == 3 and figure.axes[0].get_yscale() == "log"
    figure = plots.four_logs({"A": {"loss_d": y, "loss_g": -y}, "B": {"loss_d": y, "loss_g": -y}})
    assert np.array_equal(figure.axes[1].lines[1].get_ydata(), -y)
    figure = plots.lost_digits({"a": (x, y, -y), "b": (x, y, -y)}, marked=(0.5, 9.0))
    assert [len(ax.lines) for ax in figure.axes] == [3, 3]


def test_rounding_changes_a_decision_only_where_the_score_is_near_zero():
    d = torch.linspace(-3, 3, 6_001, dtype=torch.float64)
    rounded = torch.round(10 * d) / 10
    changed = (rounded > 0) != (d > 0)
    assert (rounded - d).abs().max() < 0.0501
    assert changed.any() and d[changed].abs().max() < 0.0501  # not the same decisions everywhere


def test_in_turn_the_smallest_game_drifts_outwards_beyond_5000_rounds():
    theta, psi, radius = 1.0, -1.0, []
    for _ in range(50_000):
        psi -= 0.2 * theta * expit(psi * theta)
        theta += 0.2 * psi * expit(psi * theta)
        radius.append(math.hypot(theta, psi))
    assert min(radius[:5_000]) > 1.40 and max(radius[:5_000]) < 1.50 < max(radius) < 1.60


def test_inner_maximum_needs_a_free_discriminator():
    p, q = torch.tensor([[0.7, 0.3], [0.2, 0.8]], dtype=torch.float64)
    d = torch.linspace(-5, 5, 1_001, dtype=torch.float64)[:, None]  # one score for both atoms
    value = (p * -torch.nn.functional.softplus(-d) - q * torch.nn.functional.softplus(d)).sum(1)
    assert abs(float(value.max()) + LOG4) < 1e-9
    assert 2 * float(js(p, q)) - LOG4 > -LOG4 + 0.2


def test_score_function_needs_a_set_of_positive_density_that_stays():
    """Uniform on [0, t] and f = 1 where x > 1: the mean is 1 - 1/t, and the estimator misses the
    mass that enters at the moving end.
    """
    t = 2.0
    derivative = ((1 - 1 / (t + 1e-5)) - (1 - 1 / (t - 1e-5))) / 2e-5
    estimator = (1 - 1 / t) * (-1 / t)  # E[f] times the derivative of log 1/t
    assert abs(derivative - 1 / t**2) < 1e-9 and estimator < 0


def test_hypotheses_stand_and_wrong_wordings_do_not_return():
    assert not missing(
        "02",
        "If some allowed $G$ has $q = p$, and $d = 0$ is an allowed score",
        "The prediction for the near game failed",
        "that $\\{q_\\theta > 0\\}$ is the same set for all $\\theta$",
        "once at the same time, and once in turn",
        "What you should see",
        "Let $D$ be free to give every point any score",
        "its distance from the equilibrium stays between $1.41$ and $1.50$",
        "No network produces these points",
        "it is enough that the expectation is finite",
        "If the score of a *fixed* $D$ has a highest point",
        "now with one update of $D$ for each of $G$'s",
        "it changes what is learned, and raises no error",
        "under autocast on a GPU",
    )
    assert not returned(
        "02",
        "equality holds for distributions",
        "not told apart",
        "by turns or both",
        "the points are no network",
        "it is no law",
        "one thing only",
        "make the same decisions",
        "has the same decisions",
        "moves no further away",
        "receives no more gradient",
        "dangerous, because it raises no error",
        "a generator of this freedom collapses",
    )
    assert prose("02").count("### The puzzle") == 1
