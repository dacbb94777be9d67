"""The numbered results of chapter 4, and the known answers that belong to it, each by a route of
its own.
"""

import itertools
import math

import numpy as np
import pytest
import torch
from scipy import integrate, optimize, stats
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import expit, log_expit
from scipy.stats import norm
from torch import nn
from torch.nn.functional import logsigmoid

from ganbook.distributions import SwissRoll, gaussians, grid, ring
from ganbook.divergences import (
    game_value,
    js,
    log_ratio,
    optimal_discriminator,
    quadrature,
    total_variation,
)
from ganbook.losses import NON_SATURATING
from ganbook.plots import discriminator as plots
from support.prose import missing, returned

# distance of the means: JS, V*, total variation, Bayes accuracy
TABLE = {
    0.0: (0.0, -1.386294, 0.0, 0.5),
    0.5: (0.030311, -1.325672, 0.197413, 0.598706),
    1.0: (0.111421, -1.163451, 0.382925, 0.691462),
    2.0: (0.336831, -0.712633, 0.682689, 0.841345),
    4.0: (0.632720, -0.120854, 0.954500, 0.977250),
    10.0: (0.693146, -0.000002, 0.999999, 1.000000),
}
LINE = torch.linspace(-14, 24, 7_601, dtype=torch.float64)


@pytest.mark.parametrize("m", TABLE)
def test_table_of_unit_gaussians(m):
    p, q = gaussians([0.0]), gaussians([m])
    divergence, value, variation, accuracy = TABLE[m]
    assert abs(float(quadrature("js", p, q, LINE)) - divergence) < 6e-7
    assert abs(float(game_value(log_ratio(p, q), p, q, LINE)) - value) < 6e-7
    assert abs(float(quadrature("total_variation", p, q, LINE)) - variation) < 1.1e-6
    assert abs(stats.norm.cdf(m / 2) - accuracy) < 6e-7
    assert (
        abs((1 + float(quadrature("total_variation", p, q, LINE))) / 2 - stats.norm.cdf(m / 2))
        < 1e-8
    )


@pytest.mark.parametrize("m", [0.5, 1.0, 2.0, 4.0])
def test_value_at_the_optimum_against_adaptive_integration(m):
    def integrand(x):
        a, b = stats.norm.pdf(x), stats.norm.pdf(x, m)
        return a * math.log(a / (a + b)) + b * math.log(b / (a + b))

    expected, _ = integrate.quad(integrand, -12, 12 + m, epsabs=1e-12, points=[0, m])
    p, q = gaussians([0.0]), gaussians([m])
    assert abs(float(game_value(log_ratio(p, q), p, q, LINE)) - expected) < 1e-9


def test_value_at_the_optimum_for_mixtures_too():
    laws = [
        gaussians([0.0]),
        gaussians([0.0], 2.0),
        gaussians([-2.0, 2.0], 0.7),
        gaussians([-3.0, 0.0, 4.0], [0.4, 1.0, 1.5], [0.2, 0.5, 0.3]),
    ]
    for i, p in enumerate(laws):
        for q in laws[i + 1 :]:
            value = float(game_value(log_ratio(p, q), p, q, LINE))
            assert abs(value - 2 * float(quadrature("js", p, q, LINE)) + 2 * math.log(2)) < 1e-10
            assert -2 * math.log(2) < value < 0


def test_no_other_discriminator_has_a_higher_value():
    p, q = gaussians([0.0]), gaussians([-1.0, 2.0], [0.6, 1.2])
    best = float(game_value(log_ratio(p, q), p, q, LINE))
    generator = torch.Generator().manual_seed(0)
    for _ in range(50):
        amplitude, frequency, phase = (3 * torch.rand(3, generator=generator)).tolist()
        bent = game_value(
            lambda x, a=amplitude, f=frequency, c=phase: (
                log_ratio(p, q)(x) + a * torch.sin(f * x + c)
            ),
            p,
            q,
            LINE,
        )
        assert float(bent) < best


def test_optimum_with_prior_and_smoothed_labels_by_bounded_search():
    generator = torch.Generator().manual_seed(1)
    for _ in range(40):
        prior, alpha, beta, p, q = torch.rand(5, generator=generator, dtype=torch.float64).tolist()

        def loss(d, prior=prior, alpha=alpha, beta=beta, p=p, q=q):
            real = alpha * math.log(d) + (1 - alpha) * math.log(1 - d)
            fake = beta * math.log(d) + (1 - beta) * math.log(1 - d)
            return -(prior * p * real + (1 - prior) * q * fake)

        found = optimize.minimize_scalar(
            loss, bounds=(1e-9, 1 - 1e-9), method="bounded", options={"xatol": 1e-10}
        )
        formula = (prior * alpha * p + (1 - prior) * beta * q) / (prior * p + (1 - prior) * q)
        assert abs(found.x - formula) < 1e-6


def test_smoothing_caps_the_score_and_only_two_sides_flatten_the_generated_end():
    p, q = gaussians([0.0]), gaussians([2.0])

    def score(x, alpha, beta):
        a, b = p.log_prob(x).exp(), q.log_prob(x).exp()
        return torch.logit((alpha * a + beta * b) / (a + b))

    ends = torch.tensor([-6.0, 8.0], dtype=torch.float64)
    one, two = score(ends, 0.9, 0.0), score(ends, 0.9, 0.1)
    assert abs(float(one[0]) - math.log(9)) < 1e-5 and abs(float(two[0]) - math.log(9)) < 1e-5
    assert float(one[1]) < -10 and abs(float(two[1]) + math.log(9)) < 1e-5


def test_accuracy_of_any_discriminator_stays_between_the_bounds():
    generator = torch.Generator().manual_seed(2)
    p, q = torch.softmax(torch.randn(2, 30, 6, generator=generator, dtype=torch.float64), -1)
    bound = total_variation(p, q)
    for code in range(2**6):
        says_real = torch.tensor([code >> k & 1 for k in range(6)], dtype=torch.bool)
        accuracy = torch.where(says_real, p, q).sum(-1) / 2
        assert ((accuracy <= (1 + bound) / 2 + 1e-12) & (accuracy >= (1 - bound) / 2 - 1e-12)).all()
    best = torch.maximum(p, q).sum(-1) / 2
    torch.testing.assert_close(best, (1 + bound) / 2)


def test_gap_is_a_mean_of_coin_divergences_and_quadratic_near_the_optimum():
    p, q = gaussians([0.0]), gaussians([1.0], 0.8)
    a, b, best = p.log_prob(LINE).exp(), q.log_prob(LINE).exp(), log_ratio(p, q)
    for size, tolerance in ((1.0, None), (1e-3, 1e-2)):
        wave = size * torch.cos(2 * LINE)
        gap = float(
            game_value(best, p, q, LINE) - game_value(lambda x, w=wave: best(x) + w, p, q, LINE)
        )
        s, t = best(LINE), best(LINE) + wave
        coins = torch.sigmoid(s) * (logsigmoid(s) - logsigmoid(t)) + torch.sigmoid(-s) * (
            logsigmoid(-s) - logsigmoid(-t)
        )
        assert abs(gap - float(torch.trapezoid((a + b) * coins, LINE))) < 1e-9
        if tolerance:
            second = float(torch.trapezoid(a * b / (a + b) * wave**2 / 2, LINE))
            assert abs(gap / second - 1) < tolerance


def test_an_atom_without_generated_mass_is_never_settled():
    p, q = (
        torch.tensor([0.6, 0.4], dtype=torch.float64),
        torch.tensor([1.0, 0.0], dtype=torch.float64),
    )
    s = torch.zeros(2, dtype=torch.float64)
    heights = []
    for step in range(1, 4_001):
        s += p * torch.sigmoid(-s) - q * torch.sigmoid(s)
        if step in (1_000, 2_000, 4_000):
            heights.append(float(s[1]))
    assert abs(float(s[0].sigmoid()) - 0.375) < 1e-9
    for before, after in itertools.pairwise(heights):
        assert 0.65 < after - before < 0.70, "twice the time adds log 2"
    assert (
        -2 * math.log(2)
        < float((p * logsigmoid(s) + q * logsigmoid(-s)).sum())
        < 2 * float(js(p, q)) - 2 * math.log(2)
    )


def test_bias_of_a_classifiers_divergence():
    p, q = gaussians([0.0]), gaussians([1.5], 1.3)
    density, log_q = p.log_prob(LINE).exp(), q.log_prob(LINE)
    truth = float(quadrature("kl", p, q, LINE))
    generator = torch.Generator().manual_seed(3)
    for _ in range(20):
        u, v, w = torch.randn(3, generator=generator, dtype=torch.float64).tolist()
        s = u + 0.7 * v * LINE.tanh() + 0.5 * torch.sin(w * LINE)
        c = torch.trapezoid((log_q + s).exp(), LINE)
        naive = float(torch.trapezoid(density * s, LINE))
        shape = float(torch.trapezoid(density * (p.log_prob(LINE) - log_q - s + c.log()), LINE))
        assert abs(naive - (truth - shape + math.log(c))) < 1e-9
        assert naive - math.log(c) <= truth + 1e-12


@pytest.mark.parametrize("m", [0.5, 1.0, 1.5])
def test_second_moment_of_importance_weights(m):
    ratio = log_ratio(gaussians([0.0]), gaussians([m]))(LINE)
    log_q = gaussians([m]).log_prob(LINE)
    assert abs(float(torch.trapezoid((log_q + ratio).exp(), LINE)) - 1) < 1e-9
    assert abs(float(torch.trapezoid((log_q + 2 * ratio).exp(), LINE)) - math.exp(m**2)) < 1e-7


def test_effective_number_of_few_samples_is_far_above_its_limit():
    """At m = 3 the limit for 10,000 samples is 1.2; most computed numbers lie between 5 and 75."""
    rng, size = np.random.default_rng(0), 10_000
    found = {1: [], 3: []}
    for m in found:
        for _ in range(200):
            weights = np.exp(m**2 / 2 - m * rng.normal(m, 1, size))
            found[m].append(weights.sum() ** 2 / (weights**2).sum())
    assert abs(np.mean(found[1]) / (size * math.exp(-1)) - 1) < 0.05
    inside = (np.array(found[3]) > 5) & (np.array(found[3]) < 75)
    assert size * math.exp(-9) < 1.24 and min(found[3]) > 1.24 and inside.mean() > 0.7


def test_unequal_halves_shift_every_score_by_the_log_of_their_odds():
    points = torch.linspace(-3, 4, 15, dtype=torch.float64)
    a, b = gaussians([0.0]).log_prob(points).exp(), gaussians([1.0]).log_prob(points).exp()
    s = torch.zeros_like(points, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [s], max_iter=500, tolerance_grad=1e-14, tolerance_change=0, line_search_fn="strong_wolfe"
    )

    def closure():
        optimizer.zero_grad()
        loss = -((96 * a * logsigmoid(s) + 128 * b * logsigmoid(-s)) / (96 * a + 128 * b)).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    torch.testing.assert_close(s.detach(), 0.5 - points + math.log(96 / 128), rtol=0, atol=1e-5)
    assert abs(math.log(96 / 128) + 0.2877) < 1e-4


def test_a_trained_network_is_right_on_the_bulk_and_in_value_and_wrong_off_it():
    p, q = gaussians([0.0]), gaussians([1.0], 0.8)
    generator = torch.Generator().manual_seed(0)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        D = nn.Sequential(
            nn.Linear(1, 64),
            nn.LeakyReLU(0.2),
            nn.Linear(64, 64),
            nn.LeakyReLU(0.2),
            nn.Linear(64, 1),
        )
    optimizer = torch.optim.Adam(D.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 600)
    for _ in range(600):
        real, fake = p.sample(256, generator)[:, None], q.sample(256, generator)[:, None]
        loss = NON_SATURATING.discriminator(D(real), D(fake))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    D = D.double()
    x = torch.linspace(-9, 10, 3_801, dtype=torch.float64)
    with torch.no_grad():
        error = (D(x[:, None])[:, 0] - log_ratio(p, q)(x)).abs()
        value = float(game_value(lambda x: D(x[:, None]), p, q, x))
    assert float(error[(x > -1.6) & (x < 2.3)].median()) < 0.1
    assert float(error[(x > 5) & (x < 8)].median()) > 1
    optimum = 2 * float(quadrature("js", p, q, x)) - 2 * math.log(2)
    assert -0.02 < value - optimum <= 0


def test_optimal_discriminator_takes_points_of_the_plane():
    x = torch.tensor([[1.0, 0.0], [0.0, 0.0], [4.0, 4.0]], dtype=torch.float64)
    D = optimal_discriminator(ring(), grid())(x)
    assert D.shape == (3,)
    assert abs(float(D[0]) - 1) < 1e-9 and float(D[1]) < 1e-9 and float(D[2]) < 1e-9
    assert optimal_discriminator(SwissRoll(), ring(std=0.5))(x).shape == (3,)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_ten_times_the_steps_learn_the_largest_sample_too(seed):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        sample, fresh = (torch.randn(2, k, 20) for k in (4_096, 10_000))
        D = nn.Sequential(
            nn.Linear(20, 64),
            nn.LeakyReLU(0.2),
            nn.Linear(64, 64),
            nn.LeakyReLU(0.2),
            nn.Linear(64, 1),
        )
        optimizer = torch.optim.Adam(D.parameters(), lr=3e-3)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 3_000)
        for _ in range(3_000):
            real, fake = sample[:, torch.randint(4_096, (1_000,))]
            loss = NON_SATURATING.discriminator(D(real), D(fake))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    with torch.no_grad():
        on_training, on_fresh = (
            float(((D(real) > 0).double().mean() + (D(fake) <= 0).double().mean()) / 2)
            for real, fake in (sample, fresh)
        )
    assert 0.83 < on_training < 0.93
    assert abs(on_fresh - 0.5) < 5 * 0.5 / math.sqrt(20_000)


# in value, not in accuracy


def test_a_score_can_be_right_84_percent_of_the_time_with_the_value_of_a_constant():
    def value(k):
        def integrand(x):
            d = k * (2 - 2 * x)
            return norm.pdf(x) * log_expit(d) + norm.pdf(x, 2) * log_expit(-d)

        return quad(integrand, -12, 14, points=[1], limit=200)[0]

    crossing = brentq(lambda k: value(k) + 2 * math.log(2), 2, 8)
    assert abs(crossing - 3.85) < 0.005
    assert (
        abs((norm.cdf(1) + norm.sf(1, 2)) / 2 - 0.8413) < 1e-4
    )  # the signs of k s* are those of s*


def test_the_wider_law_takes_over_a_little_to_the_right_of_five():
    score = log_ratio(gaussians([0.0]), gaussians([1.0], 0.8))
    at = score(torch.tensor([5.0, 5.1, 5.2, 8.0], dtype=torch.float64))
    assert (at > 0).tolist() == [False, False, True, True]


def test_the_lower_bound_of_smoothed_scores_needs_beta_below_alpha():
    share = torch.linspace(0, 1, 101, dtype=torch.float64)  # of real samples at a place
    for alpha, beta in ((0.9, 0.1), (0.5, 0.9)):
        best = alpha * share + beta * (1 - share)
        assert (float(best.min()) >= beta) == (beta < alpha)


def test_importance_weights_need_q_positive_wherever_p_is():
    def mean_of_ratio(p, q, low, high):  # over the support of q
        return integrate.quad(lambda x: q.pdf(x) * (p.pdf(x) / q.pdf(x)), low, high)[0]

    wide, narrow = stats.uniform(0, 2), stats.uniform(0, 1)
    assert abs(mean_of_ratio(wide, narrow, 0, 1) - 0.5) < 1e-9  # misses the half where q = 0
    assert abs(mean_of_ratio(narrow, wide, 0, 2) - 1) < 1e-6


def test_the_training_value_of_a_network_before_training_is_not_too_high():
    """The inequality of optimism is about the exact maximiser: a D that is not chosen by the sample
    has the same mean on training and on fresh points, below the best of its class.
    """
    rng, values = np.random.default_rng(0), []
    for _ in range(2_000):  # the untrained score d(x) = x against N(0, 1) and N(2, 1)
        real, fake = rng.normal(size=16), 2 + rng.normal(size=16)
        values.append(log_expit(real).mean() + log_expit(-fake).mean())
    best = quad(
        lambda x: norm.pdf(x) * log_expit(2 - 2 * x) + norm.pdf(x, 2) * log_expit(2 * x - 2),
        -12,
        14,
    )[0]
    assert np.mean(values) < best - 0.5


@pytest.mark.parametrize(
    ("score", "factor"), [(-30.0, 1.0), (0.0, 2 * 128 / 224), (30.0, 128 / 96)]
)
def test_a_constant_in_the_score_changes_the_weight_of_a_sample(score, factor):
    shift = math.log(96 / 128)
    assert abs(expit(-score - shift) / expit(-score) - factor) < 1e-9
    assert abs(expit(score + shift) / expit(score) - 1) > 1e-3 or score > 0  # minimax


def test_value_is_drawn_with_the_level_of_a_constant():
    k = np.logspace(-1, 1, 5)
    figure = plots.accuracy_and_value(k, np.full(5, 0.8), -k, -0.7, -1.386)
    level = [line for line in figure.axes[1].lines if set(line.get_ydata()) == {-1.386}]
    assert len(level) == 1


def test_accuracy_has_no_gradient_on_a_batch_and_has_one_for_the_laws():
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=50), 2 + rng.normal(size=50)
    t = np.linspace(0.5, 0.5 + 1e-7, 11)  # the threshold, moved a little
    on_batch = ((real < t[:, None]).mean(1) + (fake >= t[:, None]).mean(1)) / 2
    of_laws = (norm.cdf(t) + norm.sf(t, 2)) / 2
    assert np.ptp(on_batch) == 0 and (np.diff(of_laws) > 0).all()


def test_mean_of_a_ratio_is_one_for_the_optimal_score_alone():
    def mean(score):
        return quad(lambda x: norm.pdf(x, 2) * math.exp(score(x)), -12, 14)[0]

    assert abs(mean(lambda x: 2 - 2 * x) - 1) < 1e-9
    assert abs(mean(lambda x: 2 - 2 * x + math.log(96 / 128)) - 0.75) < 1e-9
    assert abs(mean(lambda x: 1 - x) - 1) > 0.1


def test_hypotheses_stand_and_wrong_wordings_do_not_return():
    assert not missing(
        "04",
        "says that *in value* $D$ is no better than this constant",
        "The theorem has three conditions",
        "write $p + q = 2m$",
        "provided $q > 0$ wherever $p > 0$",
        "The first inequality is about the *exact maximiser*",
        "But the weight of each sample is",
        "D^\\star$ is unchanged when both are multiplied by one function",
        "Discriminator A is overconfident",
        "points to a bug",
        "It has memorised its 128 points",
        "Accuracy on a batch could not be trained",
        "As long as the network has the capacity for it",
        "With $0 < \\beta < \\alpha$ there is a lower bound",
        "Let it be finite, and",
        "it tends to $N e^{-m^2}$ as $N$ grows",
        "where only one of them vanishes, no finite score is best",
    )
    assert not returned(
        "04",
        "losses near log 2 say",
        "four conditions",
        "shouts",
        "has found no secret",
        "128 addresses",
        "multiply both by the same function",
        "- $e^{s}$ is a density ratio if",
        "every score from which a conclusion is drawn",
        "ten thousand samples become one",
        "exercise 4.11 counts them",
    )
