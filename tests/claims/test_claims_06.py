"""Chapter 6: its numbered results and the values of transport that the book quotes, each as an
assertion.
"""

import numpy as np
import ot
import pytest
import torch
from scipy.linalg import sqrtm
from scipy.optimize import linear_sum_assignment, linprog
from scipy.spatial.distance import cdist
from scipy.stats import norm

from ganbook.divergences import js, kl, total_variation
from ganbook.transport import (
    bures_wasserstein,
    kantorovich_potentials,
    sinkhorn,
    sliced,
    transport_plan,
    wasserstein_1d,
)
from support.prose import missing, returned


def uniform(n):
    return np.full(n, 1 / n)


def one_function(p, q, cost):
    """The right-hand side of eq. 06-kr as a program of its own."""
    size = len(p)
    pairs = np.argwhere(~np.eye(size, dtype=bool))
    slopes = np.eye(size)[pairs[:, 0]] - np.eye(size)[pairs[:, 1]]
    bounds = [(0, 0)] + [(None, None)] * (size - 1)
    return -linprog(q - p, A_ub=slopes, b_ub=cost[tuple(pairs.T)], bounds=bounds).fun


def chains(cost):
    """Cheapest chain between any two places (Floyd and Warshall)."""
    best = cost.copy()
    for k in range(len(best)):
        best = np.minimum(best, best[:, [k]] + best[[k]])
    return best


def same_law(d, n, seed, offset=0.0):
    rng = np.random.default_rng([seed, n, d])
    cost = cdist(rng.uniform(size=(n, d)), rng.uniform(size=(n, d)) + offset)
    return cost[linear_sum_assignment(cost)].mean()


def test_eq_06_example_the_table_and_its_cost():
    cost = np.abs(np.array([[0.0], [1.0], [3.0]]) - np.array([1.0, 4.0]))
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.4, 0.6])
    assert transport_plan(p, q, cost)[0] == pytest.approx(1.9, abs=1e-12)
    assert -transport_plan(p, q, -cost)[0] == pytest.approx(2.7, abs=1e-12)
    assert (np.outer(p, q) * cost).sum() == pytest.approx(2.22, abs=1e-12)


def test_thm_06_quantile_and_jensen():
    rng = np.random.default_rng(0)
    for n, m in ((6, 6), (8, 13), (25, 4)):
        x, y = rng.normal(size=n), rng.exponential(size=m)
        values = []
        for r in (1, 1.5, 2, 4):
            program, _ = transport_plan(uniform(n), uniform(m), np.abs(x[:, None] - y) ** r)
            values.append(wasserstein_1d(x, y, r))
            assert program ** (1 / r) == pytest.approx(values[-1], abs=1e-9)
        assert values == sorted(values)  # eq. 06-jensen


@pytest.mark.parametrize(("r", "value"), [(2, 1.0), (1, 1.0), (0.5, 2**-0.5)])
def test_order_and_cost_decide_who_moves(r, value):
    gaps = np.abs(np.array([[0.0], [1.0]]) - np.array([1.0, 2.0])) ** r
    assert transport_plan(uniform(2), uniform(2), gaps)[0] == pytest.approx(value, abs=1e-12)


def test_thm_06_duality():
    rng = np.random.default_rng(1)
    for n, m in ((4, 9), (15, 15)):
        a, b = rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(m))
        cost = rng.uniform(-1, 3, size=(n, m))  # any cost, not only distances
        primal, plan = transport_plan(a, b, cost)
        dual, f, g = kantorovich_potentials(a, b, cost)
        slack = cost - f[:, None] - g
        assert primal == pytest.approx(dual, abs=1e-9)
        assert primal == pytest.approx(ot.emd2(a, b, cost), abs=1e-9)
        assert slack.min() > -1e-9
        assert (plan * slack).sum() < 1e-9


def test_thm_06_kr_for_metrics_and_prop_06_chain_for_any_cost():
    rng = np.random.default_rng(22)
    x = rng.normal(size=(9, 2))
    a, b, d = rng.dirichlet(np.ones(9)), rng.dirichlet(np.ones(9)), cdist(x, x)
    downhill = np.where(x[:, :1] >= x[:, 0], 1.0, 2.0) * np.abs(x[:, :1] - x[:, 0])
    for cost in (d, d**0.5, np.minimum(d, 1), 1.0 * (d > 0), downhill):  # the last is not symmetric
        assert one_function(a, b, cost) == pytest.approx(transport_plan(a, b, cost)[0], abs=1e-9)
    for cost in (d**2, d**1.5, rng.uniform(size=(9, 9)) * (1 - np.eye(9))):
        cheapest = chains(cost)
        assert one_function(a, b, cost) == pytest.approx(
            transport_plan(a, b, cheapest)[0], abs=1e-9
        )
        i, j = np.unravel_index(np.argmax(cost - cheapest), cost.shape)
        start, end = np.eye(9)[[i, j]]
        assert one_function(start, end, cost) == pytest.approx(cheapest[i, j], abs=1e-9)
        assert cheapest[i, j] < 0.9 * cost[i, j]


def test_squared_distance_is_the_counterexample():
    for steps in (1, 2, 5, 20):
        grid = np.linspace(0, 2, steps + 1)
        ends = np.eye(steps + 1)
        cost = (grid[:, None] - grid) ** 2
        assert one_function(ends[0], ends[-1], cost) == pytest.approx(4 / steps, abs=1e-9)
        assert transport_plan(ends[0], ends[-1], cost)[0] == pytest.approx(4, abs=1e-12)


def test_thm_06_rays_slope_one():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(12, 3)), 3 + rng.normal(size=(12, 3))
    value, plan = transport_plan(uniform(12), uniform(12), cdist(x, y))
    _, f, g = kantorovich_potentials(uniform(12), uniform(12), cdist(x, y))

    def potential(z):
        return (torch.cdist(z, torch.from_numpy(y)) - torch.from_numpy(g)).min(dim=1).values

    gap = potential(torch.from_numpy(x)).mean() - potential(torch.from_numpy(y)).mean()
    assert float(gap) == pytest.approx(value, abs=1e-9)
    for i, j in np.argwhere(plan > 1e-12):
        z = torch.tensor(0.6 * x[i] + 0.4 * y[j])[None].requires_grad_()
        height = potential(z)
        (slope,) = torch.autograd.grad(height.sum(), z)
        ray = np.linalg.norm(x[i] - y[j])
        assert height.item() == pytest.approx(f[i] - 0.4 * ray, abs=1e-9)  # eq. 06-slope
        assert np.allclose(slope[0].numpy(), (x[i] - y[j]) / ray, atol=1e-9)


def test_off_the_rays_the_slope_of_an_optimal_potential_is_not_determined():
    rng = np.random.default_rng(8)
    x, y = (
        torch.from_numpy(rng.normal(size=(12, 2))),
        torch.from_numpy(2 + rng.normal(size=(12, 2))),
    )
    cost = torch.cdist(x, y).numpy()
    value, _ = transport_plan(uniform(12), uniform(12), cost)
    _, f, g = (
        torch.as_tensor(part) for part in kantorovich_potentials(uniform(12), uniform(12), cost)
    )

    def upper(z):
        return (torch.cdist(z, y) - g).min(dim=1).values

    def middle(z):
        return (upper(z) + (f - torch.cdist(z, x)).max(dim=1).values) / 2

    z = torch.from_numpy(rng.uniform(-2, 4, size=(2_000, 2))).requires_grad_()
    for potential, low, high in ((upper, 0.0, 0.01), (middle, 0.3, 0.99)):
        assert float(potential(x).mean() - potential(y).mean()) == pytest.approx(value, abs=1e-9)
        (slope,) = torch.autograd.grad(potential(z).sum(), z)
        lengths = slope.norm(dim=1)
        assert lengths.max() < 1 + 1e-9
        assert low <= (lengths < 0.9).double().mean() < high


def test_squared_distance_with_one_lipschitz_critics_gives_two_where_the_infimum_is_four():
    grid = np.linspace(0, 2, 9)
    gap, ends = np.abs(grid[:, None] - grid), np.eye(9)
    assert transport_plan(ends[0], ends[-1], gap**2)[0] == pytest.approx(4, abs=1e-12)
    assert one_function(ends[0], ends[-1], gap) == pytest.approx(2, abs=1e-9)


def test_the_kernel_form_of_sinkhorn_is_silently_wrong_before_it_fails():
    cost, half = np.array([[0.4, 0.8], [0.0, 0.4]]), uniform(2)
    kernel, v = np.exp(-cost / 1e-3), np.ones(2)
    for _ in range(1_000):
        u = half / (kernel @ v)
        v = half / (kernel.T @ u)
    plan = u[:, None] * kernel * v
    assert np.abs(plan.sum(axis=1) - half).max() < 1e-3
    assert plan[0, 1] == 0
    assert sinkhorn(half, half, cost, 1e-3)[1][0, 1] == pytest.approx(0.25, abs=1e-9)


def test_thm_06_gauss_closed_form_and_lower_bound():
    u = (np.arange(50_000) + 0.5) / 50_000
    for m in (0.5, 1, 2, 4):  # the table of closed forms: W1 = W2 = m
        assert bures_wasserstein([0], [[1]], [m], [[1]]) == pytest.approx(m, abs=1e-12)
        assert wasserstein_1d(norm.ppf(u), norm.ppf(u) + m) == pytest.approx(m, abs=1e-9)
    rng = np.random.default_rng(4)
    x, y = rng.exponential(size=(40, 2)), rng.uniform(size=(50, 2)) @ rng.normal(size=(2, 2))
    laws = [(z.mean(axis=0), np.cov(z.T, bias=True)) for z in (x, y)]
    squares, _ = transport_plan(uniform(40), uniform(50), cdist(x, y, "sqeuclidean"))
    assert bures_wasserstein(*laws[0], *laws[1]) < squares**0.5 + 1e-9


def test_eq_06_gap_of_entropic_transport():
    rng = np.random.default_rng(5)
    a, b = rng.dirichlet(np.ones(20)), rng.dirichlet(np.ones(30))
    cost = cdist(rng.normal(size=(20, 2)), rng.normal(size=(30, 2)))
    exact, _ = transport_plan(a, b, cost)
    for epsilon in (1.0, 0.1, 0.01, 0.001):
        value, plan = sinkhorn(a, b, cost, epsilon)
        assert -1e-9 < value - exact < epsilon * np.log(20)
        potentials = epsilon * np.log(np.maximum(plan, 1e-300)) + cost  # f_i + g_j, eq. 06-gibbs
        kept = plan.min(axis=0) > 1e-290
        differences = (potentials - potentials[0])[:, kept]
        assert epsilon < 0.01 or np.ptp(differences, axis=1).max() < 1e-6


@pytest.mark.parametrize("theta", [-2.0, -0.3, 0.01, 1.0, 5.0])
def test_thm_06_lines(theta):
    height = np.linspace(0, 1, 30)
    left, right = (np.stack([np.full(30, s), height], axis=1) for s in (0.0, theta))
    value, _ = transport_plan(uniform(30), uniform(30), cdist(left, right))
    assert value == pytest.approx(abs(theta), abs=1e-9)
    p, q = np.repeat([1 / 30, 0], 30), np.repeat([0, 1 / 30], 30)
    assert float(js(p, q)) == pytest.approx(np.log(2), abs=1e-12)
    assert float(total_variation(p, q)) == pytest.approx(1, abs=1e-12)
    assert np.isinf(float(kl(p, q))) and np.isinf(float(kl(q, p)))


RATES = [(1, -0.5, 0.12), (2, -0.44, 0.1), (5, -0.22, 0.04), (10, -0.13, 0.03)]


@pytest.mark.parametrize(("d", "slope", "slack"), RATES)
def test_eq_06_rate(d, slope, slack):
    sizes = np.array([32, 64, 128, 256])
    pairs = 12 if d < 3 else 3
    fits = []
    for seed in range(6):
        means = [np.mean([same_law(d, n, 100 * seed + k) for k in range(pairs)]) for n in sizes]
        fits.append(np.polyfit(np.log(sizes), np.log(means), 1)[0])
    assert abs(np.mean(fits) - slope) < slack


def test_two_sample_sizes_in_one_table_turn_the_order_round():
    worse = [same_law(10, 512, seed, offset=0.1) for seed in range(5)]
    better_small = [same_law(10, 64, seed) for seed in range(5)]
    better_equal = [same_law(10, 512, 50 + seed) for seed in range(5)]
    assert min(better_small) > max(worse) > min(worse) > max(better_equal)


def test_the_sliced_floor_falls_like_one_over_the_root():
    rng = np.random.default_rng(6)
    floors = [np.mean([sliced(rng.uniform(size=(n, 10)), rng.uniform(size=(n, 10)), 64, generator=k)
                       for k in range(8)]) for n in (64, 1024)]  # fmt: skip
    assert np.log(floors[1] / floors[0]) / np.log(16) == pytest.approx(-0.5, abs=0.06)


def test_eq_06_ipm_three_classes_and_the_diameter_bound():
    rng = np.random.default_rng(7)
    line = np.linspace(-2, 2, 31)
    distance = np.abs(line[:, None] - line)
    K = np.exp(-(distance**2) / 2)
    for _ in range(5):
        p, q = rng.dirichlet(np.ones(31), size=2)
        tv = -linprog(1e3 * (q - p), bounds=(-0.5, 0.5)).fun / 1e3
        assert tv == pytest.approx(float(total_variation(p, q)), abs=1e-9)
        w1, _ = transport_plan(p, q, distance)
        assert one_function(p, q, distance) == pytest.approx(w1, abs=1e-9)
        assert w1 <= 4 * tv + 1e-12  # eq. 06-diameter
        mmd = np.sqrt((p - q) @ K @ (p - q))  # eq. 06-mmd
        alpha = rng.normal(size=(500, 31))
        lengths = np.sqrt(np.einsum("ki,ij,kj->k", alpha, K, alpha))
        assert ((alpha @ K @ (p - q)) / lengths).max() <= mmd + 1e-12
        witness = (p - q) / mmd
        assert witness @ K @ witness == pytest.approx(1, abs=1e-9)
        assert (p - q) @ K @ witness == pytest.approx(mmd, abs=1e-12)


def test_thm_06_triangle_by_gluing_and_not_without_the_root():
    rng = np.random.default_rng(11)
    for order in (1, 2, 3):
        for _ in range(20):
            places = [rng.normal(size=(k, 2)) for k in (4, 5, 3)]
            laws = [rng.dirichlet(np.ones(k)) for k in (4, 5, 3)]
            cost = {
                (i, j): cdist(places[i], places[j]) ** order for i, j in ((0, 1), (1, 2), (0, 2))
            }
            found = {k: transport_plan(laws[k[0]], laws[k[1]], c) for k, c in cost.items()}
            glued = np.einsum("xy,yz,y->xz", found[0, 1][1], found[1, 2][1], 1 / laws[1])
            np.testing.assert_allclose(glued.sum(axis=1), laws[0], atol=1e-9)
            np.testing.assert_allclose(glued.sum(axis=0), laws[2], atol=1e-9)
            one, two, direct = (found[k][0] ** (1 / order) for k in ((0, 1), (1, 2), (0, 2)))
            between = (glued * cost[0, 2]).sum() ** (1 / order)
            assert direct <= between + 1e-9 <= one + two + 2e-9
    assert wasserstein_1d([0.0], [2.0], 2) ** 2 > 2 * wasserstein_1d([0.0], [1.0], 2) ** 2


def test_thm_06_rays_an_optimal_critic_is_differentiable_inside_every_ray():
    """Any 1-Lipschitz function that is optimal, such as a random mixture of the two extreme ones,
    has one gradient inside a ray, in every direction, although it has kinks elsewhere.
    """
    rng = np.random.default_rng(12)
    x, y = rng.normal(size=(6, 2)), 2 + rng.normal(size=(6, 2))
    weights = np.full(6, 1 / 6)
    _, plan = transport_plan(weights, weights, cdist(x, y))
    _, f, g = kantorovich_potentials(weights, weights, cdist(x, y))
    share = rng.uniform(0.2, 0.8)

    def critic(z):
        largest = (cdist(z, y) - g).min(axis=1)
        least = (f - cdist(z, x)).max(axis=1)
        return share * largest + (1 - share) * least

    i, j = np.nonzero(plan > 1e-9)
    middle, ray = (x[i] + y[j]) / 2, x[i] - y[j]
    unit = ray / np.linalg.norm(ray, axis=1, keepdims=True)
    for angle in np.linspace(0, 2 * np.pi, 9):
        direction = np.array([np.cos(angle), np.sin(angle)])
        rise = (critic(middle + 1e-6 * direction) - critic(middle)) / 1e-6
        np.testing.assert_allclose(rise, unit @ direction, atol=1e-4)


def test_eq_06_map_between_gaussians_and_displacement():
    A, B = np.array([[1.0, 0.3], [0.3, 0.5]]), np.array([[2.0, -0.4], [-0.4, 0.7]])
    root = sqrtm(A)
    M = np.linalg.inv(root) @ sqrtm(root @ B @ root) @ np.linalg.inv(root)
    np.testing.assert_allclose(M, M.T, atol=1e-10)
    np.testing.assert_allclose(M @ A @ M, B, atol=1e-10)
    assert np.linalg.eigvalsh(M).min() > 0
    whole = bures_wasserstein(np.zeros(2), A, np.ones(2), B)
    step = np.eye(2) - M
    assert 2 + np.trace(step @ A @ step) == pytest.approx(whole**2)
    for s, t in ((0, 0.3), (0.3, 0.8), (0.8, 1)):
        at = [(1 - r) * np.eye(2) + r * M for r in (s, t)]
        leg = bures_wasserstein(
            s * np.ones(2), at[0] @ A @ at[0], t * np.ones(2), at[1] @ A @ at[1]
        )
        assert leg == pytest.approx((t - s) * whole)


def test_eq_06_debiased_limits():
    """Zero for equal laws, W1 at a small epsilon, half of a squared MMD at a large one."""
    rng = np.random.default_rng(13)
    points = rng.normal(size=(8, 2))
    a, b = rng.dirichlet(np.ones(8), size=2)
    cost = cdist(points, points)

    def value(p, q, epsilon):
        spent, plan = sinkhorn(p, q, cost, epsilon)
        used = plan > 0
        return spent + epsilon * (plan[used] * np.log(plan[used] / np.outer(p, q)[used])).sum()

    def debiased(epsilon):
        return value(a, b, epsilon) - (value(a, a, epsilon) + value(b, b, epsilon)) / 2

    assert value(a, a, 1.0) > 0.1
    assert debiased(1e-3) == pytest.approx(transport_plan(a, b, cost)[0], rel=0.02)
    assert debiased(1e3) == pytest.approx(-(a - b) @ cost @ (a - b) / 2, rel=0.01)
    assert all(debiased(e) > 0 for e in (0.1, 1.0, 10.0))


def test_the_floor_follows_the_intrinsic_dimension():
    """A two-dimensional law in a cube of 100 dimensions has the slope of two dimensions."""
    rng, sizes = np.random.default_rng(14), np.array([32, 64, 128, 256])
    frame = np.linalg.qr(rng.normal(size=(100, 2)))[0].T

    def value(n):
        u, v = rng.uniform(size=(2, n, 2)) @ frame
        distances = cdist(u, v)
        return distances[linear_sum_assignment(distances)].mean()

    values = [np.mean([value(n) for _ in range(6)]) for n in sizes]
    assert np.polyfit(np.log(sizes), np.log(values), 1)[0] == pytest.approx(-0.43, abs=0.07)


def slope_of_the_floor(d, torus, repeats=1):
    """Of W1 between two uniform samples, in the cube or in the cube without a boundary."""
    rng, sizes, floors = np.random.default_rng(0), (32, 64, 128, 256), []
    for n in sizes:
        found = []
        for _ in range(repeats):
            squares = np.zeros((n, n))
            for u, v in zip(*rng.random((2, d, n)), strict=True):
                apart = np.abs(u[:, None] - v)
                squares += (np.minimum(apart, 1 - apart) if torus else apart) ** 2
            cost = np.sqrt(squares)
            found.append(cost[linear_sum_assignment(cost)].mean())
        floors.append(np.mean(found))
    return np.polyfit(np.log(sizes), np.log(floors), 1)[0]


def test_the_boundary_steepens_the_floor_in_ten_dimensions_and_not_in_784():
    in_cube, without = (slope_of_the_floor(10, torus, repeats=20) for torus in (False, True))
    assert without == pytest.approx(-0.1, abs=0.015) and in_cube < without - 0.02
    for torus in (False, True):  # far from -1 / 784 with and without a boundary
        assert slope_of_the_floor(784, torus) == pytest.approx(-0.006, abs=0.002)


def test_mmd_may_vanish_for_different_laws():
    at, delta = np.array([-1.0, 0.0, 1.0]), np.array([-0.5, 1.0, -0.5])
    assert delta @ np.outer(at, at) @ delta == 0
    gauss = np.exp(-((at[:, None] - at) ** 2) / 2)
    assert delta @ gauss @ delta > 0.1


def test_sorting_needs_a_cost_that_is_convex_in_the_difference():
    """(|x - y| - 1)^2 is a convex function of the distance, and crossing is cheaper."""
    x = y = np.array([0.0, 1.0])
    cost = (np.abs(x[:, None] - y) - 1) ** 2
    assert np.trace(cost) / 2 == 1 and transport_plan(uniform(2), uniform(2), cost)[0] == 0


def test_moving_one_point_in_a_hundred_by_100():
    points = np.sort(np.random.default_rng(0).normal(size=100))
    for k, exact in ((99, True), (50, False)):  # the one furthest to the right, and an inner one
        moved = points + 100.0 * (np.arange(100) == k)
        assert wasserstein_1d(points, moved) == pytest.approx(1)
        assert (abs(wasserstein_1d(points, moved, 2) - 10) < 1e-9) == exact


def test_an_ipm_can_be_symmetric_although_its_class_lacks_minus_f():
    f = np.array([0.0, 0.3, 1.0])
    family = np.stack([f, 1 - f])  # 1 - f is not -f
    p, q = np.random.default_rng(1).dirichlet(np.ones(3), size=2)
    assert (family @ (p - q)).max() == pytest.approx((family @ (q - p)).max(), abs=1e-12)


def test_weak_convergence_is_about_bounded_functions():
    """On (0, 1], W1 tends to zero and the mean of 1/x, continuous and unbounded, to infinity."""
    n = np.array([10, 100, 1_000])
    distance = (1 - 1 / n**2) / n  # a share 1/n of the mass at 1 is moved to 1/n^2
    mean = (1 - 1 / n) + n**2 / n
    assert (np.diff(distance) < 0).all() and distance[-1] < 1e-3 and (np.diff(mean) > 0).all()


def test_an_optimal_plan_may_have_mass_where_other_acceptable_fees_leave_slack():
    cost = np.array([[0.0, 1.0], [1.0, 0.0]])
    value, plan = transport_plan(uniform(2), uniform(2), cost)
    slack = cost - (-1.0) - 0.0  # the fees f = -1, g = 0 are acceptable
    assert value == 0 and slack.min() >= 0 and (plan * slack).sum() == pytest.approx(1)


def test_hypotheses_stand_and_wrong_wordings_do_not_return():
    assert not missing(
        "06",
        "*intrinsic* dimension of the law",
        "1-Lipschitz on the whole space (not only at the data)",
        "Why $W_r$ is a distance",
        "A symmetric, positive semidefinite kernel",
        "And MMD may vanish for $p \\ne q$",
        "Without an absolute value the definition need not be symmetric",
        "relabel the places and its value does not change",
        "sorting solves the program",
        "two of them give distances that you know",
        "convex function of the difference $x - y$",
        "for every bounded continuous $h$",
        "for $r \\le s$ and every coupling",
        "multiplied out, its square is",
        "Chapter 9 uses the unbiased one",
    )
    assert not returned(
        "06",
        "2^{784}",
        "wherever $f$ is differentiable",
        "shuffle the places",
        "the program solves itself",
        "returns nothing at all",
        "old acquaintances",
        "only if $\\mathcal{F}$ contains $-f$",
        "move one point in a hundred away by 100",
        "must not be used for a cost",
        "as in ten dimensions, boundary effects",
    )
