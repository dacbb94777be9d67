"""Optimal transport: every route against another one, and what each must refuse."""

import itertools
import time

import numpy as np
import ot
import pytest
import torch
from scipy.linalg import sqrtm
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from scipy.stats import ortho_group, wasserstein_distance

from ganbook.transport import (
    ConvergenceError,
    bures_wasserstein,
    kantorovich_potentials,
    sinkhorn,
    sliced,
    transport_plan,
    wasserstein_1d,
)


def problem(seed, n, m, d=2, p=1):
    """Random weights on random points, and |x - y|^p as their cost: not symmetric in the two sides."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(n, d)), 1 + 2 * rng.normal(size=(m, d))
    return rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(m)), cdist(x, y) ** p


def uniform(n):
    return np.full(n, 1 / n)


# One dimension


def test_two_points_by_hand():
    assert wasserstein_1d([0.0, 1.0], [5.0, 7.0]) == pytest.approx(5.5, abs=1e-14)
    assert wasserstein_1d([0.0, 1.0], [5.0, 7.0], p=2) == pytest.approx(
        np.sqrt((25 + 36) / 2), abs=1e-14
    )
    assert wasserstein_1d([0.0], [0.0, 3.0]) == pytest.approx(1.5, abs=1e-14)
    assert wasserstein_1d([0.0], [0.0, 3.0], p=2) == pytest.approx(np.sqrt(4.5), abs=1e-14)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (7, 7), (6, 9), (10, 1), (13, 29), (500, 333)])
def test_one_dimension_against_scipy_and_pot(n, m):
    rng = np.random.default_rng(n + m)
    x, y = rng.normal(size=n), rng.exponential(size=m) - 2
    assert wasserstein_1d(x, y) == pytest.approx(wasserstein_distance(x, y), abs=1e-12)
    for p in (1, 1.5, 2, 3):
        assert wasserstein_1d(x, y, p) == pytest.approx(
            ot.wasserstein_1d(x, y, p=p) ** (1 / p), rel=1e-10
        )


def test_one_dimension_is_a_distance_that_knows_shift_scale_and_order():
    rng = np.random.default_rng(0)
    x, y, z = rng.normal(size=20), rng.normal(size=30), rng.uniform(size=25)
    for p in (1, 2):
        xy = wasserstein_1d(x, y, p)
        assert wasserstein_1d(x, x[::-1], p) == 0
        assert wasserstein_1d(y, x, p) == pytest.approx(xy, abs=1e-14)
        assert wasserstein_1d(x, z, p) + wasserstein_1d(z, y, p) >= xy
        assert wasserstein_1d(x, x + 2.5, p) == pytest.approx(2.5, abs=1e-12)
        assert wasserstein_1d(3 * x, -3 * y, p) == pytest.approx(
            3 * wasserstein_1d(x, -y, p), rel=1e-12
        )
    assert wasserstein_1d(x, y, 1) < wasserstein_1d(x, y, 2) < wasserstein_1d(x, y, 8)
    assert wasserstein_1d(x, np.repeat(x, 7)) == pytest.approx(0, abs=1e-14)


def test_large_orders_and_large_numbers_do_not_overflow():
    assert wasserstein_1d([0.0, 0.0], [1e200, 3e200], p=2) == pytest.approx(
        np.sqrt(5) * 1e200, rel=1e-12
    )
    assert wasserstein_1d([0.0, 0.0], [1.0, 3.0], p=900) == pytest.approx(3, rel=1e-3)


@pytest.mark.parametrize("p", [1, 2])
def test_program_agrees_with_the_quantile_formula_in_one_dimension(p):
    rng = np.random.default_rng(p)
    for n, m in ((5, 5), (12, 20), (40, 27)):
        x, y = rng.normal(size=n), 2 * rng.normal(size=m)
        cost = np.abs(x[:, None] - y) ** p
        for value in (transport_plan(uniform(n), uniform(m), cost)[0],
                      kantorovich_potentials(uniform(n), uniform(m), cost)[0]):  # fmt: skip
            assert value ** (1 / p) == pytest.approx(wasserstein_1d(x, y, p), abs=1e-9)


# The linear program


def test_plan_by_enumeration():
    rng = np.random.default_rng(3)
    cost = rng.uniform(size=(5, 5))
    best = min(
        cost[np.arange(5), order].mean() for order in map(list, itertools.permutations(range(5)))
    )
    value, plan = transport_plan(uniform(5), uniform(5), cost)
    assert value == pytest.approx(best, abs=1e-12)
    assert np.allclose(np.sort(plan.max(axis=1)), 0.2, atol=1e-12)


def test_cost_rows_belong_to_a():
    value, plan = transport_plan([0.25, 0.75], [0.5, 0.5], [[0.0, 1.0], [3.0, 10.0]])
    # 0.25 * 1 + 0.5 * 3 + 0.25 * 10 by one corner; 0.25 * 0 + 0.25 * 3 + 0.5 * 10 by the other
    assert value == pytest.approx(4.25, abs=1e-12)
    assert np.allclose(plan, [[0, 0.25], [0.5, 0.25]], atol=1e-12)


@pytest.mark.parametrize(
    ("seed", "n", "m", "d", "p"), [(0, 3, 8, 1, 1), (1, 20, 20, 2, 1), (2, 31, 17, 5, 2)]
)
def test_plan_and_potentials_against_pot(seed, n, m, d, p):
    a, b, cost = problem(seed, n, m, d, p)
    value, plan = transport_plan(a, b, cost)
    dual, f, g = kantorovich_potentials(a, b, cost)
    assert value == pytest.approx(ot.emd2(a, b, cost), abs=1e-9)
    assert dual == pytest.approx(value, abs=1e-9)
    assert plan.shape == (n, m) and plan.min() >= 0
    assert np.abs(plan.sum(axis=1) - a).max() < 1e-12
    assert np.abs(plan.sum(axis=0) - b).max() < 1e-12
    assert (plan > 1e-12).sum() <= n + m - 1  # a corner of the polytope
    slack = cost - f[:, None] - g
    assert slack.min() > -1e-12
    assert np.abs(slack[plan > 1e-9]).max() < 1e-9  # complementary slackness
    assert dual == pytest.approx(a @ f + b @ g, abs=1e-12)
    assert b @ g == pytest.approx(0, abs=1e-12)


def test_program_is_the_assignment_for_equal_samples():
    _, _, cost = problem(9, 60, 60, 3, 2)
    rows, columns = linear_sum_assignment(cost)
    value, _ = transport_plan(uniform(60), uniform(60), cost)
    assert value == pytest.approx(cost[rows, columns].mean(), abs=1e-12)


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
@pytest.mark.parametrize("offset", [0.0, -3.0])
def test_the_costs_scale_and_offset_do_not_matter(scale, offset):
    a, b, cost = problem(4, 15, 12)
    value = ot.emd2(a, b, cost)
    scaled = scale * (cost + offset)
    assert transport_plan(a, b, scaled)[0] == pytest.approx(scale * (value + offset), rel=1e-9)
    assert kantorovich_potentials(a, b, scaled)[0] == pytest.approx(
        scale * (value + offset), rel=1e-9
    )
    entropic = sinkhorn(a, b, cost, 0.01 * np.ptp(cost))[0]
    got = sinkhorn(a, b, scaled, 0.01 * np.ptp(scaled))[0]
    assert got == pytest.approx(scale * (entropic + offset), rel=1e-7)


def test_constant_cost_and_a_single_point():
    a, b, _ = problem(5, 4, 6)
    assert transport_plan(a, b, np.full((4, 6), 7.0))[0] == pytest.approx(7, abs=1e-12)
    assert kantorovich_potentials(a, b, np.full((4, 6), 7.0))[0] == pytest.approx(7, abs=1e-12)
    value, plan = sinkhorn(a, b, np.zeros((4, 6)), 0.5)
    assert value == 0 and np.allclose(plan, np.outer(a, b), atol=1e-12)
    assert transport_plan([1.0], b, np.arange(6.0)[None])[0] == pytest.approx(
        b @ np.arange(6), abs=1e-12
    )


def test_points_without_mass_carry_nothing_and_still_have_prices():
    a, b, cost = problem(6, 6, 7)
    a[2], b[0] = 0, 0
    a, b = a / a.sum(), b / b.sum()
    value, plan = transport_plan(a, b, cost)
    dual, f, g = kantorovich_potentials(a, b, cost)
    _, entropic = sinkhorn(a, b, cost, 0.01 * np.ptp(cost))
    assert not plan[2].any() and not plan[:, 0].any()
    assert not entropic[2].any() and not entropic[:, 0].any()
    assert np.isfinite(f).all() and np.isfinite(g).all() and (cost - f[:, None] - g).min() > -1e-12
    assert dual == pytest.approx(value, abs=1e-9)


def test_with_a_metric_the_potentials_are_one_lipschitz_function():
    rng = np.random.default_rng(7)
    x = rng.normal(size=(25, 2))
    a, b, cost = rng.dirichlet(np.ones(25)), rng.dirichlet(np.ones(25)), cdist(x, x)
    _, f, g = kantorovich_potentials(a, b, cost)
    assert np.ptp(f + g) < 1e-9
    assert (np.abs(f[:, None] - f) <= cost + 1e-9).all()
    _, f, g = kantorovich_potentials(a, b, cost**2)
    assert np.ptp(f + g) > 0.1  # squared distances are no metric: two functions, not one


def test_three_hundred_points_in_five_seconds():
    _, _, cost = problem(8, 300, 300)
    start = time.process_time()
    value, plan = transport_plan(uniform(300), uniform(300), cost)
    assert time.process_time() - start < 5
    rows, columns = linear_sum_assignment(cost)
    assert value == pytest.approx(cost[rows, columns].mean(), abs=1e-9)
    assert np.abs(plan.sum(axis=0) - 1 / 300).max() < 1e-12
    assert np.abs(plan.sum(axis=1) - 1 / 300).max() < 1e-12


# Entropic transport


@pytest.mark.parametrize(("n", "m", "p"), [(10, 10, 1), (25, 40, 2), (80, 60, 1)])
def test_entropic_converges_to_the_program_from_above(n, m, p):
    a, b, cost = problem(n, n, m, 2, p)
    value, exact = transport_plan(a, b, cost)
    gaps = []
    for share in (1, 0.1, 0.01, 1e-3, 1e-4, 1e-5):
        entropic, plan = sinkhorn(a, b, cost, share * np.ptp(cost))
        assert np.isfinite(plan).all() and plan.min() >= 0
        assert np.abs(plan.sum(axis=1) - a).max() < 1e-10
        assert np.abs(plan.sum(axis=0) - b).sum() < 1e-9
        assert entropic == pytest.approx((plan * cost).sum(), rel=1e-12)
        gaps.append(entropic - value)
        # value <= <P, C> <= value + epsilon (entropy of P minus that of the exact plan)
        bound = share * np.ptp(cost) * (entropy(plan) - entropy(exact))
        assert -1e-9 < gaps[-1] < bound + 1e-9
    assert all(small < large for small, large in itertools.pairwise(gaps[:4][::-1]))
    assert -1e-9 < gaps[-1] < 1e-4 * np.ptp(cost)


def entropy(plan):
    mass = plan[plan > 0]
    return -(mass * np.log(mass)).sum()


@pytest.mark.parametrize("share", [0.5, 0.05])
def test_entropic_against_pot(share):
    a, b, cost = problem(11, 14, 19, 2, 2)
    _, plan = sinkhorn(a, b, cost, share * cost.max())
    other = ot.sinkhorn(a, b, cost, share * cost.max(), stopThr=1e-13, numItermax=100_000)
    assert np.abs(plan - other).max() < 1e-9


def test_entropic_two_by_two_in_closed_form():
    epsilon = 0.3
    _, plan = sinkhorn([0.5, 0.5], [0.5, 0.5], [[0.0, 1.0], [1.0, 0.0]], epsilon)
    assert plan[0, 0] == pytest.approx(0.5 / (1 + np.exp(-1 / epsilon)), abs=1e-10)


def test_entropic_of_a_huge_epsilon_forgets_the_cost():
    a, b, cost = problem(12, 9, 5)
    _, plan = sinkhorn(a, b, cost, 1e9)
    assert np.abs(plan - np.outer(a, b)).max() < 1e-9


# Gaussians


def covariance(seed, d, rank=None):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(d, rank or d))
    return root @ root.T


def textbook(mean_a, a, mean_b, b):
    root = sqrtm(a)
    return np.sqrt(
        ((mean_a - mean_b) ** 2).sum() + np.trace(a + b - 2 * sqrtm(root @ b @ root)).real
    )


def test_gaussians_on_a_line_differ_in_mean_and_deviation():
    got = bures_wasserstein([0.0], [[4.0]], [3.0], [[36.0]])
    assert got == pytest.approx(5, abs=1e-12)  # sqrt(3^2 + (6 - 2)^2), not 25


@pytest.mark.parametrize("d", [1, 2, 5, 30])
def test_gaussians_against_the_textbook_formula_and_pot(d):
    rng = np.random.default_rng(d)
    mean_a, mean_b, a, b = (
        rng.normal(size=d),
        rng.normal(size=d),
        covariance(d, d),
        covariance(d + 50, d),
    )
    got = bures_wasserstein(mean_a, a, mean_b, b)
    assert got == pytest.approx(textbook(mean_a, a, mean_b, b), rel=1e-7)
    assert got == pytest.approx(
        ot.gaussian.bures_wasserstein_distance(mean_a, mean_b, a, b), rel=1e-6
    )
    assert bures_wasserstein(mean_b, b, mean_a, a) == pytest.approx(got, rel=1e-10)


def test_gaussians_with_common_axes_add_up_axis_by_axis():
    axes = ortho_group.rvs(4, random_state=0)
    s, t = np.array([0.0, 1.0, 2.0, 3.0]), np.array([2.0, 0.0, 2.5, 1.0])
    a, b = axes @ np.diag(s**2) @ axes.T, axes @ np.diag(t**2) @ axes.T
    assert bures_wasserstein(np.zeros(4), a, np.zeros(4), b) == pytest.approx(
        np.linalg.norm(s - t), rel=1e-7
    )


def test_gaussians_that_are_points_lines_or_equal():
    a = covariance(1, 6, rank=2)
    assert bures_wasserstein(np.zeros(6), a, np.zeros(6), a) < 1e-6
    assert bures_wasserstein(np.ones(6), a, np.ones(6), a + 0) < 1e-6
    point = np.zeros((6, 6))
    got = bures_wasserstein(np.full(6, 2.0), a, np.zeros(6), point)
    assert got == pytest.approx(np.sqrt(24 + np.trace(a)), rel=1e-9)
    full = covariance(2, 6)
    assert bures_wasserstein(np.zeros(6), full, np.zeros(6), full) < 1e-12
    got = bures_wasserstein(np.zeros(6), full, np.zeros(6), (1 + 1e-9) ** 2 * full)
    assert got == pytest.approx(
        1e-9 * np.sqrt(np.trace(full)), rel=1e-3
    )  # no cancellation near zero


def test_gaussians_against_samples():
    rng = np.random.default_rng(0)
    a, b = np.array([[1.0, 0.6], [0.6, 0.5]]), np.array([[0.3, -0.2], [-0.2, 1.5]])
    mean = np.array([3.0, -1.0])
    exact, estimates = bures_wasserstein([0, 0], a, mean, b), []
    for _ in range(5):
        x, y = rng.multivariate_normal([0, 0], a, 800), rng.multivariate_normal(mean, b, 800)
        cost = cdist(x, y, "sqeuclidean")
        estimates.append(np.sqrt(cost[linear_sum_assignment(cost)].mean()))
    assert abs(np.mean(estimates) / exact - 1) < 0.03


def test_gaussians_on_a_line_against_the_quantile_formula():
    from scipy.stats import norm

    u = (np.arange(200_000) + 0.5) / 200_000
    x, y = norm.ppf(u), 3 + 2.5 * norm.ppf(u)
    assert wasserstein_1d(x, y, p=2) == pytest.approx(
        bures_wasserstein([0], [[1]], [3], [[6.25]]), rel=1e-4
    )


# Sliced


def test_sliced_against_pot_with_the_same_directions():
    rng = np.random.default_rng(0)
    x, y, v = rng.normal(size=(40, 3)), 1 + rng.normal(size=(25, 3)), rng.normal(size=(16, 3))
    unit = (v / np.linalg.norm(v, axis=1, keepdims=True)).T
    for p in (1, 2):
        want = ot.sliced_wasserstein_distance(x, y, projections=unit, p=p)
        assert sliced(x, y, p=p, directions=v) == pytest.approx(want, rel=1e-9)


def test_sliced_of_a_shift_in_closed_form():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(30, 2))
    shift = np.array([3.0, 4.0])
    # W_p of a shadow is |<v, shift>|: the mean of |cos| over the circle is 2 / pi, of cos^2 one
    # half
    angles = 2 * np.pi * np.arange(3600) / 3600
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert sliced(x, x + shift, directions=circle) == pytest.approx(5 * 2 / np.pi, rel=1e-5)
    assert sliced(x, x + shift, p=2, directions=circle) == pytest.approx(5 / np.sqrt(2), rel=1e-9)
    assert sliced(x, x + shift, n_projections=20_000, generator=3) == pytest.approx(
        10 / np.pi, rel=0.02
    )


def test_sliced_is_exact_on_a_line_and_below_transport_elsewhere():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(30, 1)), rng.exponential(size=(20, 1))
    assert sliced(x, y, n_projections=5) == pytest.approx(
        wasserstein_1d(x[:, 0], y[:, 0]), rel=1e-12
    )
    x, y = rng.normal(size=(30, 4)), 1 + rng.normal(size=(20, 4))
    for p in (1, 2):
        full = transport_plan(uniform(30), uniform(20), cdist(x, y) ** p)[0] ** (1 / p)
        assert 0 < sliced(x, y, p=p) < full


def test_sliced_draws_from_its_generator_alone():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(10, 3)), rng.normal(size=(12, 3))
    np.random.seed(0)  # noqa: NPY002
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    assert sliced(x, y, generator=5) == sliced(x, y, generator=np.random.default_rng(5))
    assert sliced(x, y, generator=5) != sliced(x, y, generator=6)
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002


# What comes in


def test_tensors_of_either_precision_and_with_gradients_are_read():
    a, b, cost = problem(13, 4, 5)
    want = transport_plan(a, b, cost)[0]
    for dtype, tolerance in ((torch.float32, 1e-6), (torch.float64, 1e-12)):
        tensors = [torch.tensor(value, dtype=dtype, requires_grad=True) for value in (a, b, cost)]
        assert transport_plan(*tensors)[0] == pytest.approx(want, rel=tolerance)
    assert wasserstein_1d(torch.zeros(3), torch.ones(2)) == 1.0


def test_inputs_are_left_alone():
    a, b, cost = problem(14, 6, 6)
    x, y = np.random.default_rng(0).normal(size=(2, 9))
    before = [v.copy() for v in (a, b, cost, x, y)]
    transport_plan(a, b, cost), kantorovich_potentials(a, b, cost), sinkhorn(a, b, cost, 0.1)
    wasserstein_1d(x, y), sliced(x[:, None], y[:, None])
    assert all((v == w).all() for v, w in zip((a, b, cost, x, y), before, strict=True))


SOLVERS = [transport_plan, kantorovich_potentials, lambda a, b, c: sinkhorn(a, b, c, 0.1)]


@pytest.mark.parametrize("solve", SOLVERS)
@pytest.mark.parametrize(
    ("a", "b", "cost", "says"),
    [
        ([0.5, 0.6], [0.5, 0.5], np.ones((2, 2)), "a has sum 1.1"),
        ([0.5, 0.5], [1.5, -0.5], np.ones((2, 2)), "b has sum 1 and smallest entry -0.5"),
        ([0.5, np.nan], [0.5, 0.5], np.ones((2, 2)), "a holds NaN"),
        ([0.5, 0.5], [0.5, 0.5], [[1, np.inf], [1, 1]], "cost holds NaN or infinite"),
        ([0.5, 0.5], [1.0], np.ones((1, 2)), r"expected \(len\(a\), len\(b\)\) = \(2, 1\)"),
        ([[0.5, 0.5]], [1.0], np.ones((2, 1)), r"a has shape \(1, 2\)"),
        ([], [1.0], np.ones((1, 1)), "non-empty"),
    ],
)
def test_bad_problems_are_refused(solve, a, b, cost, says):
    with pytest.raises(ValueError, match=says):
        solve(a, b, cost)


@pytest.mark.parametrize("epsilon", [0, -1, np.nan, np.inf, 1e-9])
def test_bad_epsilons_are_refused(epsilon):
    with pytest.raises(ValueError, match="epsilon is"):
        sinkhorn([0.5, 0.5], [0.5, 0.5], [[0.0, 1.0], [1.0, 0.0]], epsilon)


def test_a_solver_that_stops_short_says_so(monkeypatch):
    from ganbook import entropic

    monkeypatch.setattr(entropic, "NEWTON_STEPS", 1)
    with pytest.raises(ConvergenceError, match="raise epsilon"):
        sinkhorn(*problem(15, 30, 30), 1e-3)


@pytest.mark.parametrize("p", [0.5, 0, -1, np.nan, np.inf])
def test_orders_below_one_are_refused(p):
    with pytest.raises(ValueError, match="p is"):
        wasserstein_1d([0.0], [1.0], p=p)


def test_bad_samples_are_refused():
    with pytest.raises(ValueError, match=r"x has shape \(2, 1\)"):
        wasserstein_1d([[0.0], [1.0]], [0.0])
    with pytest.raises(ValueError, match="y holds NaN"):
        wasserstein_1d([0.0], [np.nan])
    with pytest.raises(ValueError, match="non-empty"):
        wasserstein_1d([], [1.0])
    with pytest.raises(ValueError, match="points of one dimension"):
        sliced(np.zeros((3, 2)), np.zeros((3, 4)))
    with pytest.raises(ValueError, match="n_projections is 0"):
        sliced(np.zeros((3, 2)), np.zeros((3, 2)), n_projections=0)
    with pytest.raises(ValueError, match="no zero row"):
        sliced(np.zeros((3, 2)), np.zeros((3, 2)), directions=[[0.0, 0.0]])


@pytest.mark.parametrize(
    ("mean_b", "cov_b", "says"),
    [
        ([0, 0, 0], np.eye(2), "expected means"),
        ([0, 0], np.eye(3), "expected means"),
        ([0, 0], [[1, 0.5], [0, 1]], "not symmetric"),
        ([0, 0], np.ones((2, 3)), "not symmetric"),
        ([0, 0], [[1, 2], [2, 1]], "eigenvalue -1"),
        ([0, np.inf], np.eye(2), "mean_b holds NaN or infinite"),
    ],
)
def test_bad_gaussians_are_refused(mean_b, cov_b, says):
    with pytest.raises(ValueError, match=says):
        bures_wasserstein([0.0, 0.0], np.eye(2), mean_b, cov_b)
