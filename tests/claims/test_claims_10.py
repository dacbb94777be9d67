"""Chapter 10's numbered results and the prepared values that it quotes, each by a route of its own."""

import inspect
import math
from itertools import product

import numpy as np
import pytest
import torch
from scipy.integrate import dblquad, quad
from scipy.optimize import minimize, minimize_scalar
from scipy.stats import friedmanchisquare, norm

from ganbook import losses, records
from ganbook.divergences import js
from ganbook.losses import LOSSES, least_squares
from ganbook.ratios import ulsif
from ganbook.trials import expected_best
from support.prose import missing, returned

LOG2 = math.log(2)
# m, then: Pearson, squared Hellinger, least losses of least squares, hinge and pairs, half chi-square of codes
TABLE = [
    (0.5, 0.284025, 0.061534, 0.235264, 1.605175, 0.634269, 0.058946),
    (1.0, 1.718282, 0.235006, 0.198986, 1.234150, 0.491802, 0.204054),
    (2.0, 53.59815, 0.786939, 0.112400, 0.634621, 0.193075, 0.550400),
]


def integral(function, m, low=-12.0, high=14.0):
    """The integral of function(p, q), split where the densities are equal."""

    def at(x):
        return function(norm.pdf(x), norm.pdf(x, m))

    return sum(quad(at, a, b, limit=200, epsabs=1e-11)[0] for a, b in ((low, m / 2), (m / 2, high)))


@pytest.mark.parametrize("row", TABLE)
def test_table_of_shifted_normals(row):
    m, pearson, hellinger, squares, hinge, pairs, codes = row
    assert integral(lambda p, q: (p - q) ** 2 / q, m) == pytest.approx(pearson, rel=1e-6, abs=6e-7)
    assert pearson == pytest.approx(math.expm1(m**2), rel=1e-6, abs=6e-7)
    assert integral(lambda p, q: (p**0.5 - q**0.5) ** 2, m) == pytest.approx(hellinger, abs=6e-7)
    assert hellinger == pytest.approx(2 * (1 - math.exp(-(m**2) / 8)), abs=6e-7)
    assert integral(lambda p, q: p * q / (p + q) / 2, m) == pytest.approx(squares, abs=6e-7)
    assert integral(lambda p, q: 2 * min(p, q), m) == pytest.approx(hinge, abs=6e-7)
    assert hinge == pytest.approx(4 * norm.cdf(-m / 2), abs=6e-7)
    assert integral(lambda p, q: (p - q) ** 2 / (p + q) / 2, m) == pytest.approx(codes, abs=6e-7)
    far = math.sqrt(2) * m
    js_far = integral(
        lambda p, q: sum(r * math.log(2 * r / (p + q)) / 2 for r in (p, q) if r > 0), far
    )
    assert LOG2 - js_far == pytest.approx(pairs, abs=6e-7)


def test_the_pairs_in_the_plane():
    """Equation 10-pairs at m = 1 by an integral over pairs, with the best D written out."""

    def integrand(y, x):
        best = (0.5 - x) - (0.5 - y)
        return norm.pdf(x) * norm.pdf(y, 1.0) * np.logaddexp(0, -best)

    assert dblquad(integrand, -7, 7, -6, 8, epsabs=1e-7)[0] == pytest.approx(0.491802, abs=1e-6)


@pytest.mark.parametrize("name", ["non_saturating", "least_squares", "hinge", "codes"])
def test_theorem_gap_with_losses_minimised_atom_by_atom(name):
    """Each atom's best score by a scalar search over the package's loss; the gap from the formula."""
    loss = least_squares(-2, 1, 0) if name == "codes" else LOSSES[name]
    rng = np.random.default_rng(10)
    p, q = rng.dirichlet(np.ones(5), size=2)
    one = torch.zeros(1, dtype=torch.float64)

    def paid(d, a, b):
        score = torch.tensor([d], dtype=torch.float64)
        halves = loss.discriminator(score, one), loss.discriminator(one, score)
        there = float(loss.discriminator(one, one))
        # a loss is a sum of two halves; at the score 0 both are known
        real_at_zero, fake_at_zero = _halves_at_zero(loss)
        real = float(halves[0]) - fake_at_zero
        fake = float(halves[1]) - real_at_zero
        assert abs(real_at_zero + fake_at_zero - there) < 1e-12
        return a * real + b * fake

    def risk(a, b):
        return minimize_scalar(
            lambda d: paid(d, a, b), bounds=(-12, 12), method="bounded", options={"xatol": 1e-9}
        ).fun

    gap = 2 * risk(0.5, 0.5) - sum(risk(a, b) for a, b in zip(p, q, strict=True))
    want = {
        "non_saturating": 2 * float(js(p, q)),
        "least_squares": float(((p - q) ** 2 / (p + q)).sum()) / 8,
        "hinge": float(np.abs(p - q).sum()),
        "codes": 9 * float(((p - q) ** 2 / (p + q)).sum()) / 8,
    }[name]
    assert gap == pytest.approx(want, abs=1e-6)


def _halves_at_zero(loss):
    if isinstance(loss.discriminator, losses._CodedDiscriminator):
        return loss.discriminator.real**2 / 2, loss.discriminator.generated**2 / 2
    return {
        "non_saturating": (LOG2, LOG2),
        "least_squares": (0.5, 0.0),
        "hinge": (1.0, 1.0),
    }[loss.name]


def test_values_at_equal_laws():
    half = torch.full((4,), 0.5)
    zero = torch.zeros(4)
    assert float(LOSSES["minimax"].discriminator(zero, zero)) == pytest.approx(1.386, abs=1e-3)
    assert float(LOSSES["least_squares"].discriminator(half, half)) == pytest.approx(0.25)
    assert float(LOSSES["hinge"].discriminator(zero, zero)) == 2
    assert float(LOSSES["wasserstein"].discriminator(zero, zero)) == 0
    assert float(LOSSES["relativistic"].discriminator(zero, zero)) == pytest.approx(0.693, abs=1e-3)


FOLLOWED = {  # loss of G at the ratio u, and g whose divergence it follows
    "minimax": (
        lambda u: -math.log1p(u),
        lambda u: u * math.log(2 * u / (1 + u)) + math.log(2 / (1 + u)),
    ),
    "non_saturating": (
        lambda u: math.log1p(1 / u),
        lambda u: (1 + u) * math.log((1 + u) / (2 * u)),
    ),
    "least_squares": (
        lambda u: 0.5 / (1 + u) ** 2,
        lambda u: u * math.log(2 * u / (1 + u)) - (u - 1) ** 2 / (8 * (1 + u)),
    ),
}


@pytest.mark.parametrize("name", sorted(FOLLOWED))
def test_theorem_follows(name):
    """k'(u) = -u g''(u) by differences; and on atoms, one small step of q."""
    k, g = FOLLOWED[name]
    assert g(1.0) == pytest.approx(0, abs=1e-12)
    for u in (0.2, 0.7, 1.0, 1.6, 4.0):
        h = 1e-4
        second = (g(u + h) - 2 * g(u) + g(u - h)) / h**2
        slope = (k(u + h) - k(u - h)) / (2 * h)
        assert slope == pytest.approx(-u * second, rel=1e-4, abs=1e-6)
    rng = np.random.default_rng(11)
    p, q = rng.dirichlet(5 * np.ones(6), size=2)
    step = 1e-6 * (r := rng.normal(size=6)) - 1e-6 * r.mean()

    def divergence(q):
        return sum(b * g(a / b) for a, b in zip(p, q, strict=True))

    moved = divergence(q + step) - divergence(q - step)
    fixed = sum(2 * s * k(a / b) for s, a, b in zip(step, p, q, strict=True))
    assert moved == pytest.approx(fixed, rel=1e-4)


def test_the_chi_square_codes_follow_no_divergence():
    """Their k is least at u = 1: g'' changes sign there, and a step of q gains only to second order."""

    def k(u):
        return 0.5 * ((u - 1) / (u + 1)) ** 2

    assert k(0.5) > k(1.0) == 0 < k(2.0)
    h = 1e-5
    assert (k(1 + h) - k(1 - h)) / (2 * h) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("places", "classic", "pairs", "matched"),
    [((0, 0), 0.2158, 0.3466, 0.3466), ((0, 2), 0.3466, 0.5199, 0.3466), ((0, 1), 0, 0, 0.6931)],
)
def test_two_point_landscape_by_descent_on_scores(places, classic, pairs, matched):
    """Values by training scores on the finitely many points, not by a divergence."""

    def value(weights_real, weights_fake, count):
        def loss(d):
            return sum(
                a * np.logaddexp(0, -s) + b * np.logaddexp(0, s)
                for a, b, s in zip(weights_real, weights_fake, d, strict=True)
            )

        found = minimize(loss, np.zeros(count), bounds=[(-30, 30)] * count, tol=1e-14)
        return LOG2 - found.fun / 2

    p, q = np.array([0.5, 0.5, 0.0]), np.bincount(places, minlength=3) / 2
    assert value(p, q, 3) == pytest.approx(classic, abs=1e-4)
    product_pq = [a * b for a, b in product(p, q)]
    product_qp = [b * a for b, a in product(q, p)]
    assert value(product_pq, product_qp, 9) == pytest.approx(pairs, abs=1e-4)

    def matched_loss(d):
        return np.mean([np.logaddexp(0, d[y] - d[i]) for i, y in enumerate(places)])

    least = minimize(matched_loss, np.zeros(3), bounds=[(-30, 30)] * 3, tol=1e-14).fun
    assert least == pytest.approx(matched, abs=1e-4)


def test_r1_is_four_times_weaker_under_least_squares():
    """Equation 10-scales: with moments, no sample: the quadratic forms minimised by hand."""
    m = 0.02
    for gamma in (0.1, 1.0, 5.0):
        cross = minimize_scalar(lambda s, g=gamma: m * s / 2 + s**2 / 4 + g / 2 * s**2).x
        squares = minimize_scalar(lambda s, g=gamma: m * s / 2 + s**2 + g / 2 * s**2).x
        assert cross == pytest.approx(-m / (1 + 2 * gamma), rel=1e-6)
        assert squares == pytest.approx(-m / (4 + 2 * gamma), rel=1e-6)
        again = minimize_scalar(lambda s, g=4 * gamma: m * s / 2 + s**2 + g / 2 * s**2).x
        assert again * 4 == pytest.approx(cross, rel=1e-6)


def test_what_the_text_says_of_the_recorded_runs():
    record = records.load("testbeds-losses")
    final, names = record["distance"][..., -1, :], record.provenance["losses"]
    assert final.shape == (2, 2, 6, 10) and (final > 0).all()
    better = (final < final[:, :, 1:2]).sum(-1)
    of = {n: better[:, :, k] for k, n in enumerate(names)}
    assert of["minimax"][0].tolist() == [9, 7]
    assert of["least_squares"][0].tolist() == [0, 0] and of["least_squares"][1].min() > 5
    assert of["hinge"][1].tolist() == [1, 0] and of["wasserstein"][1].tolist() == [1, 0]
    assert ((of["relativistic"] > 0) & (of["relativistic"] < 10)).all()
    helped = (final[:, 1] < final[:, 0]).sum(-1)
    assert helped[1, names.index("hinge")] == 9
    assert (record["modes"][0, names.index("hinge")] < 8).sum() == 6
    assert record["modes"].min() == 1


def test_what_the_text_says_of_the_search():
    search = records.load("testbeds-search")
    best = search["distance"].min(axis=1)
    assert best.max() / best.min() < 1.1 and len(set(search["distance"].argmin(axis=1))) == 1
    stuck = (search["distance"] >= search["untrained"]).sum(axis=1)
    assert (stuck.min(), stuck.max()) == (5, 7)
    assert 18 < search["distance"].max() / best.min() < 30


def test_what_the_text_says_of_the_search_on_digits():
    run, ring = records.load("mnist-search"), records.load("testbeds-search")
    losses, trials = run.provenance["losses"], run["distance"]
    np.testing.assert_array_equal(run["settings"], ring["settings"])
    best, winner = trials.min(axis=1), trials.argmin(axis=1)
    assert best.max() / best.min() == pytest.approx(1.62, abs=5e-3)
    assert sorted(winner) == [1, 1, 1, 14, 14, 14]
    fast = [k for k, row in enumerate(run["settings"]) if min(row[:2]) > 0.0035]
    assert fast == [1, 14]
    at_five = {n: expected_best(t)[4] for n, t in zip(losses, trials, strict=True)}
    order = sorted(at_five, key=at_five.get)
    assert order[-1] == "wasserstein" and order.index("hinge") < 3
    logs = np.log(trials)
    total = ((logs - logs.mean()) ** 2).sum()
    rows, columns = (
        ((logs.mean(axis=k) - logs.mean()) ** 2).sum() * logs.shape[k] / total for k in (1, 0)
    )
    assert (round(100 * columns), round(100 * rows)) == (77, 2)
    assert friedmanchisquare(*trials).pvalue == pytest.approx(0.08, abs=5e-3)
    poor = (trials > 500).sum(axis=1)
    assert (poor.sum(), poor.min(), poor.max()) == (23, 2, 6)
    assert losses[int(poor.argmin())] == "wasserstein"
    typical = np.median(trials, axis=1)
    assert typical.argmax() == losses.index("wasserstein")


def test_what_the_text_says_of_the_winners_again():
    run = records.load("mnist-search")
    losses = run.provenance["losses"]
    again = dict(zip(losses, run["again"], strict=True))
    won = dict(zip(losses, run["distance"].min(axis=1), strict=True))
    above = {n for n in losses if again[n].mean() > won[n]}
    assert set(losses) - above == {"least_squares"}
    assert again["relativistic"].mean() - won["relativistic"] == pytest.approx(0.5, abs=0.1)
    assert min(won, key=won.get) == "minimax" and again["minimax"].max() == pytest.approx(
        229, abs=0.5
    )
    assert np.sort(again["minimax"])[:-1].mean() == pytest.approx(44, abs=0.5)
    rest = ["non_saturating", "least_squares", "hinge", "relativistic"]
    assert again["wasserstein"].min() > max(again[n].max() for n in rest)
    low, high = again["wasserstein"].min(), again["wasserstein"].max()
    assert (round(low), round(high)) == (90, 112) and round(won["wasserstein"]) == 60
    means = [again[n].mean() for n in rest]
    assert (round(min(means)), round(max(means))) == (46, 56)


def test_hypotheses_stand_and_wrong_wordings_do_not_return():
    assert not missing(
        "10",
        "let $D$ be unrestricted, and let $\\underline{L}$ be finite on $(0, 1)$",
        "*for fixed matched pairs*",
        "near $p = q$, R1 is four times weaker under least squares with the codes 0 and 1",
        "The derivations of this chapter assumed a discriminator at its optimum",
    )
    assert not returned("10", "Everything here assumed a discriminator near its optimum")


@pytest.mark.parametrize(("m", "everywhere"), [(1.0, True), (2.0, False)])
def test_where_the_two_sided_penalty_has_a_second_well(m, everywhere):
    """At each point the slope's loss s (P - Q) + (p + q) (|s| - 1)^2 / 2, by search over s > 0."""
    slopes = np.linspace(-4, 4, 8_001)
    wells = []
    for x in np.linspace(m / 2 - 2, m / 2 + 2, 41):
        gap, both = norm.cdf(x) - norm.cdf(x, m), norm.pdf(x) + norm.pdf(x, m)
        loss = slopes * gap + both / 2 * (abs(slopes) - 1) ** 2
        low = 1 + np.flatnonzero((loss[1:-1] < loss[:-2]) & (loss[1:-1] < loss[2:]))
        assert slopes[loss.argmin()] == pytest.approx(-(1 + gap / both), abs=2e-3)
        second = [s for s in slopes[low] if s > 0]
        assert len(second) == (gap < both)
        assert all(s == pytest.approx(1 - gap / both, abs=2e-3) for s in second)
        wells.append(bool(second))
    assert all(wells) == everywhere
    assert not missing("10", "Where $P - Q < \\lambda(p + q)$")


def test_the_mean_of_the_fixed_best_hinge_score_changes_like_twice_tv():
    def mean(mu, m=1.0):  # E_q[-sign(p - q)] with the border of q = N(m, 1) and samples of N(mu, 1)
        return 1 - 2 * norm.cdf(m / 2 - mu)

    slope = (mean(1 + 1e-5) - mean(1 - 1e-5)) / 2e-5
    assert slope == pytest.approx(2 * norm.pdf(0.5), rel=1e-6)  # 2 TV = 4 Phi(m / 2) - 2
    assert not missing("10", "does change, like $2\\,\\mathrm{TV}$")


def test_the_mean_inside_gives_real_and_generated_scores_opposite_gradients():
    real, fake = torch.randn(2, 6, generator=torch.Generator().manual_seed(0)).requires_grad_()
    a, b = torch.autograd.grad(
        torch.nn.functional.softplus(fake.mean() - real.mean()), (real, fake)
    )
    assert torch.allclose(a, a[:1].expand(6)) and torch.allclose(b, -a) and (a < 0).all()
    assert not missing("10", "its opposite for all generated ones")
    assert not returned("10", "the same for every sample of the batch", "turned round *twice*")


def test_which_barrier_is_the_higher_depends_on_the_scale():
    half, stuck, way = (np.array(v) / 2 for v in ([1, 1, 0], [2, 0, 0], [1, 0, 1]))

    def pairs(q):
        return float(js(np.outer(half, q).ravel(), np.outer(q, half).ravel()))

    classic = float(js(half, way) - js(half, stuck))
    independent = pairs(way) - pairs(stuck)
    assert (classic, independent) == pytest.approx((0.1308, 0.1733), abs=5e-5)
    assert classic < independent < 2 * classic, "L_D holds 2 JS, the loss of pairs holds JS"
    assert not missing("10", "Which barrier is the higher depends on the scale")
    assert not returned("10", "barrier is the *higher* of the two")


def test_where_r1_is_separated_by_the_rule_of_ten_pairs():
    record = records.load("testbeds-losses")
    final, names = record["distance"][..., -1, :], record.provenance["losses"]
    helped = (final[:, 1] < final[:, 0]).sum(-1)
    assert (helped.min(), helped.max(), helped.size) == (7, 10, 12)
    assert {(i, names[k]) for i, k in np.argwhere(helped == 10)} == {
        (0, "non_saturating"),
        (0, "least_squares"),
        (0, "relativistic"),
        (1, "minimax"),
    }
    assert round(32 * 2 / 1_024, 2) == 0.06
    assert not missing("10", "separated from no penalty in four of these twelve comparisons")
    assert not returned("10", "every loss on both testbeds in at least eight")


def test_at_a_perfect_generator_the_minimax_gradient_is_zero():
    """D is one half everywhere, so the score is 0 and no mean of it moves; off it the slope is not."""

    def loss(theta, m):
        def at(x):  # the best score against N(m, 1), held fixed
            return -np.logaddexp(0, m * m / 2 - m * x) * norm.pdf(x, theta)

        return quad(at, -12, 14)[0]

    for m, still in ((0.0, True), (1.0, False)):
        slope = (loss(m + 1e-4, m) - loss(m - 1e-4, m)) / 2e-4
        assert (abs(slope) < 1e-6) == still
    assert not missing("10", "the gradient is zero because nothing is left to learn")
    assert not returned("10", "Both parts are wrong")


def test_what_the_ratio_estimators_have_to_be_given():
    assert {"centers", "width", "ridge"} <= inspect.signature(ulsif).parameters.keys()
    assert not missing("10", "only the centers and the width of the bumps and, for uLSIF, a small")
    assert not returned("10", "no initialisation, only a width")
