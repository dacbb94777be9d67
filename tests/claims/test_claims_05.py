"""Chapter 5's numbered results and the known answers that concern it, each by a route of its own."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.special import lambertw
from scipy.stats import norm
from torch.distributions import Normal

from ganbook.densities import INTEGRANDS, game_value, log_ratio, quadrature
from ganbook.divergences import (
    entropy,
    js,
    kl,
    kl_normal,
    plug_in_floor,
    plug_in_kl,
    total_variation,
)
from ganbook.f_divergences import F_DIVERGENCES, f_divergence, variational_bound
from ganbook.transport import wasserstein_1d
from support.paths import NOTEBOOKS
from support.prose import missing, returned

LOG2 = math.log(2)
X = torch.linspace(-14, 26, 4001, dtype=torch.float64)

# separation, JS, V*, total variation, Bayes accuracy of N(0, 1) and N(m, 1)
TABLE = [
    (0.0, 0.0, -1.386294, 0.0, 0.5),
    (0.5, 0.030311, -1.325672, 0.197413, 0.598706),
    (1.0, 0.111421, -1.163451, 0.382925, 0.691462),
    (2.0, 0.336831, -0.712633, 0.682689, 0.841345),
    (4.0, 0.632720, -0.120854, 0.954500, 0.977250),
    (10.0, 0.693146, -0.000002, 0.999999, 1.000000),
]


def normal(mean: float, deviation: float = 1.0) -> Normal:
    return Normal(
        torch.tensor(mean, dtype=torch.float64), torch.tensor(deviation, dtype=torch.float64)
    )


@pytest.mark.parametrize(("m", "js_known", "value_known", "tv_known", "accuracy"), TABLE)
def test_table_of_two_normals(m, js_known, value_known, tv_known, accuracy):
    p, q = normal(0.0), normal(m)
    divergence, tv = float(quadrature("js", p, q, X)), float(quadrature("total_variation", p, q, X))
    value = float(game_value(log_ratio(p, q), p, q, X))
    assert divergence == pytest.approx(js_known, abs=6e-7) and tv == pytest.approx(
        tv_known, abs=6e-7
    )
    assert value == pytest.approx(value_known, abs=6e-7) and (1 + tv) / 2 == pytest.approx(
        accuracy, abs=6e-7
    )
    assert value == pytest.approx(2 * divergence - 2 * LOG2, abs=1e-10)
    for closed in (float(quadrature("kl", p, q, X)), float(quadrature("reverse_kl", p, q, X)),
                   float(kl_normal(np.zeros(1), np.eye(1), np.array([m]), np.eye(1)))):  # fmt: skip
        assert closed == pytest.approx(m**2 / 2, abs=1e-8)


@pytest.mark.parametrize("m", [0.5, 1.0, 2.0, 4.0, 8.0])
def test_slopes_of_the_puzzle_and_their_bounds(m):
    """Both slopes against the weights, integrated adaptively; and the bounds that make one vanish."""
    weight = lambda t: norm.pdf(t, m) / (1 + math.exp(m * t - m * m / 2))  # noqa: E731
    share = quad(weight, m - 12, m + 12, epsabs=1e-13)[0]
    shift = torch.tensor(m, dtype=torch.float64, requires_grad=True)
    for name, factor, slope in (("js", 2, m * share), ("non_saturating", 1, m * (1 - share))):
        q = Normal(shift, torch.tensor(1.0, dtype=torch.float64))
        gradient = torch.autograd.grad(factor * quadrature(name, normal(0.0), q, X), shift)[0]
        assert float(gradient) == pytest.approx(slope, abs=1e-9)
    assert m * norm.cdf(-m / 2) <= m * share <= 2 * m * norm.cdf(-m / 2)


def atoms(seed: int, k: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    p = torch.softmax(torch.randn(k, generator=generator, dtype=torch.float64), 0)
    return p, torch.randn(k, generator=generator, dtype=torch.float64).requires_grad_()


@pytest.mark.parametrize("seed", range(5))
def test_non_saturating_value_and_both_gradients_on_five_atoms(seed):
    p, theta = atoms(seed)
    q = torch.softmax(theta, 0)
    m, D = (p + q) / 2, p / (p + q)

    def gradient(loss):
        return torch.autograd.grad(loss, theta, retain_graph=True)[0]

    fixed, moving = (q * -D.detach().log()).sum(), (q * -D.log()).sum()
    assert float((moving - (LOG2 + kl(q, p) - kl(q, m))).detach().abs()) < 1e-10
    assert float((2 * kl(m, p) - (kl(q, p) - 2 * js(p, q))).detach().abs()) < 1e-10
    torch.testing.assert_close(gradient(fixed), gradient(2 * kl(m, p)), atol=1e-10, rtol=0)
    torch.testing.assert_close(gradient(moving), gradient(kl(q, p) - kl(q, m)), atol=1e-10, rtol=0)
    assert float((gradient(moving) - gradient(fixed)).abs().max()) > 1e-3
    for d in (D.detach(), D):  # the envelope theorem
        loss = (p * d.log() + q * (1 - d).log()).sum()
        torch.testing.assert_close(gradient(loss), gradient(2 * js(p, q)), atol=1e-10, rtol=0)
    w, h = q.detach(), ((p + q) / p).log().detach()
    by_hand = w * (h - (w * h).sum())
    torch.testing.assert_close(gradient(2 * kl(m, p)), by_hand, atol=1e-10, rtol=0)
    step = 1e-5
    for k in range(5):  # finite differences, which know nothing of gradients
        shift = torch.zeros(5, dtype=torch.float64)
        shift[k] = step
        ends = [torch.softmax(theta.detach() + sign * shift, 0) for sign in (1, -1)]
        slope = (kl((p + ends[0]) / 2, p) - kl((p + ends[1]) / 2, p)) / step
        assert float(slope) == pytest.approx(float(by_hand[k]), abs=1e-8)


def test_midpoint_divergence_in_both_conventions():
    rng = np.random.default_rng(0)
    p, q = rng.dirichlet(np.ones(6), size=(2, 500))
    r = q / p
    by_other_ratio = (p * (1 + r) * np.log((1 + r) / 2)).sum(-1)
    np.testing.assert_allclose(f_divergence("non_saturating", p, q), by_other_ratio, atol=1e-12)
    np.testing.assert_allclose(by_other_ratio, 2 * kl((p + q) / 2, p), atol=1e-12)
    assert (by_other_ratio > 0).all()


def test_js_is_mutual_information_between_zero_and_log_two():
    rng = np.random.default_rng(1)
    for p, q in rng.dirichlet(0.3 * np.ones(5), size=(200, 2)):
        joint = np.stack([p, q]) / 2
        product = joint.sum(1, keepdims=True) * joint.sum(0, keepdims=True)
        seen = joint > 0
        information = (joint[seen] * np.log(joint[seen] / product[seen])).sum()
        assert js(p, q) == pytest.approx(information, abs=1e-12) and 0 <= js(p, q) <= LOG2
        assert js(p, q) == pytest.approx(
            entropy((p + q) / 2) - (entropy(p) + entropy(q)) / 2, abs=1e-12
        )


def test_root_js_is_a_metric_and_js_is_not():
    rng = np.random.default_rng(2)
    p, q, r = rng.dirichlet(0.2 * np.ones(4), size=(3, 20_000))
    assert (np.sqrt(js(p, r)) <= np.sqrt(js(p, q)) + np.sqrt(js(q, r)) + 1e-9).all()
    assert (js(p, r) > js(p, q) + js(q, r)).any()


@pytest.mark.parametrize("column", [1, 2, 6])
def test_parallel_lines(column):
    p, q = np.zeros((5, 7)), np.zeros((5, 7))
    p[:, 0], q[:, column] = 1 / 5, 1 / 5
    p, q = p.ravel(), q.ravel()
    assert js(p, q) == pytest.approx(LOG2, abs=1e-12) and total_variation(p, q) == pytest.approx(
        1, abs=1e-12
    )
    assert kl(p, q) == kl(q, p) == math.inf
    flat = np.diag([0.0, 1.0])  # the same with Gaussians on two lines of the plane
    assert kl_normal(np.zeros(2), flat, np.array([column, 0.0]), flat) == math.inf


def test_uniform_entropy_is_plus_log_k():
    for k in (1, 2, 10, 1000):
        assert entropy(np.full(k, 1 / k)) == pytest.approx(math.log(k), abs=1e-12)


def test_entropy_lies_between_zero_and_log_k():
    laws = np.random.default_rng(7).dirichlet(0.2 * np.ones(6), size=2000)
    assert ((entropy(laws) >= 0) & (entropy(laws) <= math.log(6))).all()
    np.testing.assert_allclose(
        kl(laws, np.full_like(laws, 1 / 6)), math.log(6) - entropy(laws), atol=1e-12
    )


@pytest.mark.parametrize("step", [1e-9, 1e-3, 1.0])
def test_a_flat_gaussian_moved_along_its_line_and_across_it(step):
    flat, origin = np.diag([1.0, 0.0]), np.zeros(2)
    along = kl_normal(origin, flat, np.array([step, 0.0]), flat)
    assert along == pytest.approx(step**2 / 2, abs=1e-12)
    assert kl_normal(origin, flat, np.array([0.0, step]), flat) == math.inf


def test_data_processing_where_the_second_law_misses_an_outcome():
    """KL is infinite before the map, and TV still cannot grow."""
    rng = np.random.default_rng(8)
    p, q = rng.dirichlet(np.ones(5), size=(2, 500))
    q[:, 0] = 0
    q /= q.sum(1, keepdims=True)
    kernel = rng.dirichlet(0.3 * np.ones(3), size=(500, 5))
    pt, qt = (np.einsum("nk,nkj->nj", law, kernel) for law in (p, q))
    assert (kl(p, q) == math.inf).all()
    for divergence in (js, total_variation):
        assert (divergence(pt, qt) <= divergence(p, q) + 1e-12).all()


def test_plug_in_floor_of_stacked_mnist():
    assert plug_in_floor(1000, 26_000) == pytest.approx(0.0192, abs=5e-5)
    rng = np.random.default_rng(3)
    uniform = np.full((300, 1000), 1e-3)
    readings = plug_in_kl(rng.multinomial(26_000, uniform[0], size=300), uniform)
    assert readings.mean() == pytest.approx(0.01936, abs=4 * 0.0009 / 300**0.5)
    assert readings.std() == pytest.approx(0.0009, abs=0.0002)


def test_small_mistakes_are_charged_as_the_chapter_says():
    w = 1e-4
    p, q = np.array([1 - w, w]), np.array([1.0, 0.0])
    m = (p + q) / 2
    assert 2 * js(p, q) / w == pytest.approx(LOG2, abs=1e-3)
    assert 2 * kl(m, p) / w == pytest.approx(1 - LOG2, abs=1e-3)
    assert kl(q, p) / w == pytest.approx(1, abs=1e-3)


def test_a_component_costs_at_most_minus_log_of_its_weight():
    rng = np.random.default_rng(4)
    for _ in range(200):
        weights, components = rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(6), size=3)
        mixture = weights @ components
        for w, component in zip(weights, components, strict=True):
            assert kl(component, mixture) <= -math.log(w)
    apart = np.eye(3)
    assert kl(apart[0], np.array([0.2, 0.3, 0.5])) == pytest.approx(-math.log(0.2), abs=1e-12)


def test_no_processing_helps_and_pinsker():
    rng = np.random.default_rng(5)
    p, q = rng.dirichlet(0.5 * np.ones(6), size=(2, 1000))
    kernel = rng.dirichlet(0.3 * np.ones(4), size=(1000, 6))
    pt, qt = (np.einsum("nk,nkj->nj", law, kernel) for law in (p, q))
    for divergence in (kl, js, total_variation, lambda a, b: f_divergence("non_saturating", a, b)):
        assert (divergence(pt, qt) <= divergence(p, q) + 1e-12).all()
    assert (total_variation(p, q) ** 2 <= kl(p, q) / 2).all()


def test_value_of_the_game_is_the_bound_for_js():
    rng = np.random.default_rng(6)
    p, q = rng.dirichlet(np.ones(6), size=(2, 100))
    D = rng.uniform(0.01, 0.99, size=p.shape)
    value = (p * np.log(D) + q * np.log1p(-D)).sum(-1)
    np.testing.assert_allclose(
        variational_bound("js", np.log(2 * D) / 2, p, q), value / 2 + LOG2, atol=1e-12
    )


def test_eq_05_f_counts_data_where_q_is_zero():
    """Without f'(inf) P(q = 0) the values are those that the chapter calls wrong."""
    one, two, half = np.array([1.0, 0.0]), np.array([0.0, 1.0]), np.array([0.5, 0.5])
    assert f_divergence("total_variation", one, two) == pytest.approx(1)
    assert f_divergence("js", one, two) == pytest.approx(LOG2)
    assert f_divergence("kl", one, two) == f_divergence("kl", half, one) == math.inf
    assert f_divergence("reverse_kl", half, one) == pytest.approx(LOG2)
    assert f_divergence("non_saturating", half, one) == pytest.approx(
        2 * kl(np.array([0.75, 0.25]), half)
    )


def test_the_generators_conjugate_by_lamberts_function():
    row = F_DIVERGENCES["non_saturating"]
    for t in (-LOG2 - 1e-3, -1.0, -5.0, -50.0, -500.0):
        v = -lambertw(-2 * math.exp(t - 1), -1).real
        closed = LOG2 - 1 - math.log(v)
        assert float(row.conjugate(torch.tensor(t, dtype=torch.float64))) == pytest.approx(
            closed, abs=1e-9, rel=1e-9
        )


def test_thm_05_bh_and_the_chain_rule():
    rng = np.random.default_rng(7)
    p, q = rng.dirichlet(0.3 * np.ones(6), size=(2, 2_000))
    assert (total_variation(p, q) <= np.sqrt(1 - np.exp(-kl(p, q))) + 1e-12).all()
    a, b = p[0], q[0]
    three = [np.einsum("i,j,k->ijk", law, law, law).ravel() for law in (a, b)]
    assert kl(*three) == pytest.approx(3 * kl(a, b))
    assert (
        math.sqrt(98 * kl([0.5, 0.5], [0.4, 0.6]) / 2)
        > 1
        > math.sqrt(97 * kl([0.5, 0.5], [0.4, 0.6]) / 2)
    )


def test_eq_05_js_tv_both_bounds_and_the_split():
    rng = np.random.default_rng(8)
    p, q = rng.dirichlet(0.3 * np.ones(6), size=(2, 2_000))
    tv, m = total_variation(p, q), (p + q) / 2
    assert (js(p, q) <= tv * LOG2 + 1e-12).all() and (js(p, q) >= tv**2 / 2 - 1e-12).all()
    at_each = (p * np.log(p / m) + q * np.log(q / m)) / 2
    assert (at_each >= -1e-12).all()
    np.testing.assert_allclose(at_each.sum(-1), js(p, q), atol=1e-12)
    one, two = np.eye(2)
    assert js(one, two) == pytest.approx(LOG2 * total_variation(one, two))


def test_small_mistakes_at_equal_curvature():
    """f''(1) = 1 for KL(q, p), 4 JS and 4 KL(m, p): a dropped share w costs w, 1.39 w, .61 w."""
    w, e = 1e-4, 1e-4
    base = np.full(4, 0.25)
    near = base * (1 + e * np.array([1.0, -1.0, 2.0, -2.0]))
    chi = ((base - near) ** 2 / base).sum() / 2
    p, q = np.array([1 - w, w]), np.array([1.0, 0.0])
    for divergence, price in (
        (lambda a, b: kl(b, a), 1.0),
        (lambda a, b: 4 * js(a, b), 2 * LOG2),
        (lambda a, b: 4 * kl((a + b) / 2, a), 2 - 2 * LOG2),
    ):
        assert divergence(base, near) / chi == pytest.approx(1, abs=1e-3)
        assert divergence(p, q) / w == pytest.approx(price, abs=1e-3)


def test_the_order_of_prices_holds_for_a_small_dropped_share_and_is_reversed_near_one():
    def prices(w):
        p, q = np.array([1 - w, w]), np.array([1.0, 0.0])
        return 4 * kl((p + q) / 2, p), kl(q, p), 4 * js(p, q)

    for w in (0.01, 0.3, 0.6):
        assert list(prices(w)) == sorted(prices(w))
    assert list(prices(0.9)) == sorted(prices(0.9), reverse=True)


def test_the_midpoint_divergence_keeps_a_fit_on_the_left_mode_for_longer():
    """The experiment under *Try it*: the left mode at -2 and at -1.5, from a start on the left."""
    x = torch.linspace(-12, 12, 401, dtype=torch.float64)

    def end(name, left):
        p = (
            0.3 * Normal(left, 0.7).log_prob(x).exp() + 0.7 * Normal(2.0, 1.0).log_prob(x).exp()
        ).log()
        mean, log_s = (
            torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (-2.0, 0.0)
        )
        optimizer = torch.optim.Adam([mean, log_s], lr=0.05)
        for _ in range(800):
            loss = torch.trapezoid(INTEGRANDS[name](p, Normal(mean, log_s.exp()).log_prob(x)), x)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return float(mean.detach())

    assert end("non_saturating", -2.0) < -1.5 and end("reverse_kl", -2.0) > 0
    assert end("non_saturating", -1.5) > 0 and end("reverse_kl", -1.5) > 0


def test_total_variation_is_a_metric():
    a, b, c = np.random.default_rng(6).dirichlet(0.3 * np.ones(4), size=(3, 5_000))
    there, on, direct = total_variation(a, b), total_variation(b, c), total_variation(a, c)
    assert np.allclose(there, total_variation(b, a)) and (direct <= there + on + 1e-12).all()
    assert not missing("05", "TV is symmetric and obeys the triangle inequality")


def test_pearsons_conjugate_has_no_corner():
    t, u = np.array([-2 - 1e-4, -2.0, -2 + 1e-4]), np.linspace(0, 4, 400_001)
    values = [(x * u - (u - 1) ** 2).max() for x in t]
    left, right = np.diff(values) / 1e-4
    assert abs(left) < 1e-3 and abs(right) < 1e-3
    assert not missing("05", "A conjugate in two pieces")
    assert not returned("05", "A conjugate with a corner")


def test_distance_is_not_bound_by_the_data_processing_inequality():
    x, y = np.random.default_rng(9).normal(size=(2, 50))
    assert wasserstein_1d(2 * x, 2 * y) == pytest.approx(2 * wasserstein_1d(x, y))


def test_hypotheses_stand_and_wrong_wordings_do_not_return():
    assert not missing(
        "05",
        "f'(\\infty)\\, P(q = 0)",
        "$T^\\star = f'(\\infty)$ where $q = 0$",
        "let $D$ be free to take any value in $[0, 1]$",
        "At equal curvature",
        "have densities with $p > 0$ wherever $q_\\theta > 0$",
        "be differentiable in $\\theta$ under the integral sign",
        "No processing increases an f-divergence",
        "For laws on finitely many points",
        "Let $p$ have a density, a finite entropy and a finite variance above zero",
        "then $q$ rules out something that happens",
        "Both matter below",
        "Three conditions are left unsaid",
        "by one per place",
        "What you should see",
        "for which both means are finite",
        "for a small dropped mode",
        "against an optimal discriminator it follows $2\\,\\mathrm{KL}(m \\,\\|\\, p)$",
    )
    assert not returned(
        "05",
        "no simpler form",
        "you held something impossible",
        "both will bite",
        "mind what is to blame",
        "are silent in this",
        "two small networks",
        "by one a place",
    )


def test_notation_and_glossary_define_an_f_divergence_with_its_second_term():
    for page in ("notation.md", "glossary.md"):
        assert r"f'(\infty)" in (NOTEBOOKS / page).read_text(encoding="utf-8"), page
