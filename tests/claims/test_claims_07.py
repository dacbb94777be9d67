"""Chapter 7: its numbered results and the numbers that it prints, each as an assertion."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment, linprog, minimize_scalar
from scipy.spatial.distance import cdist
from scipy.stats import norm, spearmanr
from torch import nn
from torch.nn.utils import clip_grad_norm_, parametrizations

from ganbook import records
from ganbook.distributions import gaussians, ring
from ganbook.losses import MINIMAX, WASSERSTEIN
from ganbook.penalties import clip_after_step, clip_weights, gradient_norms, gradient_penalty
from ganbook.plots import critic as plots
from ganbook.transport import kantorovich_potentials, transport_plan, wasserstein_1d
from support.prose import missing, returned


def uniform(n):
    return np.full(n, 1 / n)


def net(seed, sizes=(2, 32, 32, 1), bias=True):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        layers = []
        for a, b in pairwise(sizes):
            layers += [nn.Linear(a, b, bias=bias), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def normal(seed, n, shift=0.0, std=0.3):
    x = std * torch.randn(n, 2, generator=torch.Generator().manual_seed(seed))
    return x + torch.tensor([shift, 0.0])


def ascend(D, real, fake, steps=250, lr=3e-3, penalty=None, bound=None, clip=None, adam=True):
    optimizer = (
        torch.optim.Adam(D.parameters(), lr=lr, betas=(0.0, 0.9))
        if adam
        else torch.optim.SGD(D.parameters(), lr=lr)
    )
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.02 if adam else 1.0, steps)
    if bound:
        clip_after_step(optimizer, D, bound)
    for _ in range(steps):
        loss = WASSERSTEIN.discriminator(D(real), D(fake)) + (
            penalty(D, real, fake) if penalty else 0
        )
        optimizer.zero_grad()
        loss.backward()
        if clip:
            clip_grad_norm_(D.parameters(), clip)
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        return float(D(real).mean() - D(fake).mean())


def test_eq_07_gradient_on_a_line_against_the_quantile_formula():
    """G(z) = a z + b, all generated mass to the right of the data: f(x) = -x is optimal, whatever a
    and b nearby.
    """
    rng = np.random.default_rng(0)
    x, z = rng.normal(size=40), rng.normal(3, 0.2, size=40)
    a, b, h = 1.3, 4.0, 1e-6
    by_b = (wasserstein_1d(x, a * z + b + h) - wasserstein_1d(x, a * z + b - h)) / (2 * h)
    by_a = (wasserstein_1d(x, (a + h) * z + b) - wasserstein_1d(x, (a - h) * z + b)) / (2 * h)
    assert by_b == pytest.approx(1.0, abs=1e-6)
    assert by_a == pytest.approx(z.mean(), abs=1e-6)


def test_eq_07_losses_signs():
    d_real, d_fake = torch.tensor([3.0, 1.0]), torch.tensor([0.5])
    assert WASSERSTEIN.discriminator(d_real, d_fake).item() == pytest.approx(0.5 - 2.0)
    assert WASSERSTEIN.generator(d_fake).item() == pytest.approx(-0.5)


@pytest.mark.parametrize("layers", [2, 3, 4])
def test_eq_07_scale_the_factor_is_c_to_the_number_of_layers(layers):
    D, x = net(0, (2, *[8] * (layers - 1), 1), bias=False), normal(1, 50)
    before = D(x).detach()
    with torch.no_grad():
        for p in D.parameters():
            p.mul_(0.1)
    assert torch.allclose(D(x), 0.1**layers * before, rtol=1e-4, atol=1e-9)


def test_the_puzzle_ten_times_the_bound_is_about_a_thousand_times_the_reading():
    real = normal(0, 128)
    fake = real + torch.tensor([1.0, 0.0])
    assert transport_plan(uniform(128), uniform(128), cdist(real, fake))[0] == pytest.approx(
        1, abs=1e-6
    )
    small, large = (ascend(net(0), real, fake, 200, lr=c / 20, bound=c) for c in (0.01, 0.1))
    assert 300 < large / small < 3_000


def test_clipped_weights_pile_up_and_penalised_ones_do_not():
    for seed in range(5):
        real, fake = normal(seed, 128), normal(50 + seed, 128, shift=1.0)
        D = net(seed)
        ascend(D, real, fake, 250, lr=5e-3, bound=0.1)
        values = torch.cat([p.detach().flatten() for p in D.parameters()]).abs()
        assert values.max() <= 0.1 + 1e-7
        assert (values > 0.095).float().mean() > 0.5
        D = net(seed)
        ascend(
            D, real, fake, 250, penalty=gradient_penalty(10.0, torch.Generator().manual_seed(seed))
        )
        values = torch.cat([p.detach().flatten() for p in D.parameters()]).abs()
        assert ((values - 0.1).abs() < 0.005).float().mean() < 0.2


def test_eq_07_product_bounds_every_slope():
    for seed in range(3):
        D = net(seed, (2, 16, 16, 1))
        weights = [m.weight.detach().double().numpy() for m in D if isinstance(m, nn.Linear)]
        product = np.prod([np.linalg.svd(w, compute_uv=False)[0] for w in weights])
        x, y = 3 * torch.randn(2, 2_000, 2, generator=torch.Generator().manual_seed(seed))
        quotients = (D(x) - D(y)).abs().squeeze(1) / (x - y).norm(dim=1)
        assert quotients.max() <= product * (1 + 1e-5)
        assert gradient_norms(D, x, create_graph=False).max() <= product * (1 + 1e-5)
        clip_weights(D, 0.05)
        weights = [m.weight.detach().double().numpy() for m in D if isinstance(m, nn.Linear)]
        product = np.prod([np.linalg.svd(w, compute_uv=False)[0] for w in weights])
        assert product <= 0.05**3 * math.prod(math.sqrt(w.size) for w in weights) * (1 + 1e-6)


def test_the_numbers_of_the_bound():
    assert 0.1**3 * math.sqrt(2 * 64) * 64 * math.sqrt(64) == pytest.approx(5.79, abs=0.01)
    assert 0.1 * math.sqrt(64 * 64) == pytest.approx(6.4)


@pytest.mark.parametrize(("w", "weight"), [(0.5, 10.0), (4.0, 10.0), (2.0, 1.0)])
def test_eq_07_overshoot_by_search(w, weight):
    best = minimize_scalar(
        lambda s: -s * w + weight * (s - 1) ** 2,
        bounds=(0, 10),
        method="bounded",
        options={"xatol": 1e-10},
    )
    assert best.x == pytest.approx(1 + w / (2 * weight), abs=1e-6)
    assert best.x * w == pytest.approx(w + w**2 / (2 * weight), abs=1e-5)


def test_eq_07_balance_and_the_estimate_at_two_separations():
    for shift in (1.0, 4.0):
        real, fake = normal(0, 128, std=0.2), normal(1, 128, shift=shift, std=0.2)
        exact, _ = transport_plan(uniform(128), uniform(128), cdist(real, fake))
        D = net(1)
        gap = ascend(
            D, real, fake, 300, penalty=gradient_penalty(10.0, torch.Generator().manual_seed(0))
        )
        lengths = torch.cat(
            [
                gradient_norms(D, t * real + (1 - t) * fake, create_graph=False)
                for t in torch.linspace(0.05, 0.95, 10)
            ]
        ).double()
        assert gap == pytest.approx(20 * float((lengths * (lengths - 1)).mean()), rel=0.1)
        assert gap == pytest.approx(exact + exact**2 / 20, rel=0.05)
        assert gap / float(lengths.mean()) == pytest.approx(exact, rel=0.1)


@pytest.mark.parametrize(
    ("weight", "one_sided", "end"), [(10.0, False, -0.95), (0.4, False, 2.25), (10.0, True, 1.05)]
)
def test_eq_07_trap(weight, one_sided, end):
    psi = torch.tensor(-0.5, dtype=torch.float64, requires_grad=True)
    for _ in range(3_000):
        excess = psi.abs() - 1
        loss = -psi + weight * (excess.clamp(min=0) if one_sided else excess).square()
        (slope,) = torch.autograd.grad(loss, psi)
        psi = (psi - 5e-3 * slope).detach().requires_grad_()
    assert psi.item() == pytest.approx(end, abs=1e-2)


def test_spectral_norm_keeps_the_gap_below_the_distance():
    real, fake = normal(0, 128), normal(1, 128, shift=2.0)
    exact, _ = transport_plan(uniform(128), uniform(128), cdist(real, fake))
    D = net(0)
    for layer in D:
        if isinstance(layer, nn.Linear):
            parametrizations.spectral_norm(layer, n_power_iterations=3)
    ascend(D, real, fake, 250, lr=5e-3)
    for _ in range(50):
        D(real)
    D.eval()
    for layer in D:
        if isinstance(layer, nn.Linear):
            assert torch.linalg.svdvals(layer.weight.detach())[0].item() == pytest.approx(
                1, abs=0.02
            )
    with torch.no_grad():
        gap = float(D(real).mean() - D(fake).mean())
    assert 0.7 * exact < gap < 1.005 * exact


def test_gradient_clipping_bounds_the_speed_and_no_slope():
    psi, steps, rate, kappa, w = torch.tensor(0.3, requires_grad=True), 400, 0.1, 0.5, 2.0
    for _ in range(steps):
        psi.grad = None
        (-psi * w).backward()
        clip_grad_norm_([psi], kappa)
        with torch.no_grad():
            psi -= rate * psi.grad
    assert psi.item() == pytest.approx(
        0.3 + steps * rate * kappa, rel=1e-4
    )  # eq. 07-update, attained
    real, fake, probe = normal(0, 64), normal(1, 64, shift=1.0), normal(2, 500, std=1.0)
    slopes = []
    for n in (100, 200, 400):
        D = net(0)
        ascend(D, real, fake, n, lr=0.05, clip=1.0, adam=False)
        slopes.append(float(gradient_norms(D, probe, create_graph=False).max()))
    assert slopes[2] > 2 * slopes[1] > 4 * slopes[0] > 4


def test_clipping_never_enlarges_a_gradient():
    theta = torch.tensor(8.0, requires_grad=True)
    MINIMAX.generator(6 * (4 - theta).reshape(1, 1)).backward()
    before = theta.grad.item()
    assert before == pytest.approx(6 * math.exp(-24), rel=1e-3)
    clip_grad_norm_([theta], 1.0)
    assert theta.grad.item() == before


def test_eq_07_order_min_and_max_do_not_commute():
    places, law = np.array([-1.0, 0.0, 1.0]), np.array([0.5, 0, 0.5])
    assert min(
        wasserstein_1d(np.array([-1.0, 1.0]), np.array([k])) for k in places
    ) == pytest.approx(1)
    pairs = [(i, j) for i in range(3) for j in range(3) if i != j]
    A = [np.append(np.eye(3)[k] - law, 1) for k in range(3)]
    A += [np.append(np.eye(3)[i] - np.eye(3)[j], 0) for i, j in pairs]
    limits = [0] * 3 + [abs(places[i] - places[j]) for i, j in pairs]
    found = linprog(
        [0, 0, 0, -1], A_ub=np.array(A), b_ub=limits, bounds=[(0, 0)] + [(None, None)] * 3
    )
    assert -found.fun == pytest.approx(0, abs=1e-9)


def test_the_hidden_laws_are_at_distance_two():
    """In four dimensions, where all corners can be listed: the program gives 2, as the chapter
    claims for twenty.
    """
    corners = np.array(np.meshgrid(*[[-1.0, 1.0]] * 4)).reshape(4, -1).T
    even, odd = corners[corners.prod(axis=1) > 0], corners[corners.prod(axis=1) < 0]
    assert transport_plan(uniform(8), uniform(8), cdist(even, odd))[0] == pytest.approx(2, abs=1e-9)


def test_the_record_of_mnist_follows_quality_and_where_it_does_not():
    run, scale = records.load("mnist-wgan-gp"), records.load("mnist-scale")
    assert len(run["step"]) == 20 and run.provenance["d_steps"] == 5
    assert 0.9 <= spearmanr(run["estimate"], run["frechet"]).statistic <= 1
    assert float(scale["real"]) < run["frechet"][-1] < 0.3 * run["frechet"][0]
    assert np.allclose(run["estimate"], run["gap"].reshape(20, -1).mean(axis=1), rtol=1e-4)
    assert run["gap"][35:45].mean() < 3 < run["gap"][5:15].mean()
    middle = (run["step"] >= 750) & (run["step"] <= 1350)
    assert spearmanr(run["estimate"][middle], run["frechet"][middle]).statistic < 0
    slope = (1 + math.sqrt(1 + run["estimate"][-1] / 5)) / 2  # eq. 07-balance with one slope
    assert slope == pytest.approx(1 + math.sqrt(run["penalty"][-1] / 10), rel=0.05)
    plain = records.load("mnist-mlp")
    loss = plain["loss_d"].reshape(50, -1).mean(axis=1)[plain["epochs"] - 1]
    assert abs(spearmanr(loss, plain["frechet"]).statistic) < 0.5


def test_a_norm_for_every_pixel_asks_for_slope_28():
    linear = nn.Sequential(nn.Flatten(), nn.Linear(784, 1, bias=False))
    x_real, x_fake = torch.rand(2, 8, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    for slope in (1.0, 28.0):
        nn.init.constant_(linear[1].weight, slope / 28)
        got = gradient_penalty(10.0)(linear, x_real, x_fake).item()
        assert got == pytest.approx(10 * (slope - 1) ** 2, abs=1e-3 * max(1, (slope - 1) ** 2))
    assert math.sqrt(784) == 28
    assert 1 - (norm.cdf(1) - norm.cdf(0)) == pytest.approx(0.6587, abs=1e-4)


def test_pictures_return_figures():
    import matplotlib.pyplot as plt

    rng, five = np.random.default_rng(0), np.linspace(1, 2, 5)
    table = five[:, None] + 0.1 * rng.random((5, 3))
    points = rng.normal(size=(6, 2))
    figures = [
        plots.estimates(table, 1.1 * table, table, five, five),
        plots.weights(
            {"a": rng.normal(size=50), "b": rng.normal(size=50)}, rng.normal(size=50), 0.1
        ),
        plots.landscapes(
            five, five, {"a": rng.random((5, 5)), "b": rng.random((5, 5))}, points, points
        ),
        plots.slopes({"a": rng.random(50), "b": rng.random(50)}, 1.0),
        plots.steepness((1, 2, 4), {"a": five[:3], "b": five[:3]}),
        plots.forces((1, 2, 4), {"a": table[:, :3]}, {"a": table[:, :3]}),
        plots.play(five[:3], {"a": table[:, :3]}, 0.5),
        plots.readings((1, 2, 4), {"a": table[:3], "b": table[:3]}, {"c": 1.0, "d": 1.4}),
        plots.record(five, five, 100 * five, {"floor": 1.0}),
    ]
    assert all(isinstance(figure, plt.Figure) for figure in figures)
    assert [len(figure.axes) for figure in figures] == [2, 2, 2, 1, 1, 2, 1, 1, 2]
    plt.close("all")


def random_law(rng, n=6):
    """Atoms at random places of a line with random weights: places, p, q."""
    return np.sort(rng.uniform(0, 4, n)), rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(n))


def penalised_points(places, plan):
    """The density of the penalised points between neighbouring atoms, for a plan of pairs."""
    n = len(places)
    rho = np.zeros(n - 1)
    for i in range(n):
        for j in range(n):
            if i != j:
                low, high = sorted((i, j))
                rho[low:high] += plan[i, j] / (places[high] - places[low])
    return rho


def test_thm_07_line_the_gap_and_the_slope_by_search():
    """The optimum over the slopes between atoms, found by a search, for both penalties."""
    rng = np.random.default_rng(0)
    for one_sided in (False, True):
        for _ in range(5):
            places, p, q = random_law(rng)
            width, weight = np.diff(places), rng.uniform(0.5, 10)
            rho = penalised_points(places, np.outer(p, q))
            delta = np.cumsum(q - p)[:-1]
            heights = p - q
            found = []
            for k in range(5):

                def loss(
                    g,
                    k=k,
                    one_sided=one_sided,
                    width=width,
                    rho=rho,
                    weight=weight,
                    heights=heights,
                ):
                    f = np.concatenate([np.zeros(k + 1), np.full(5 - k, g * width[k])])
                    excess = max(abs(g) - 1, 0) if one_sided else abs(g) - 1
                    return -(f @ heights) + weight * rho[k] * width[k] * excess**2

                best = min(
                    (
                        minimize_scalar(loss, bounds=b, method="bounded", options={"xatol": 1e-10})
                        for b in ((0, 50), (-50, 0))
                    ),
                    key=lambda r: r.fun,
                )
                found.append(best.x)
            found = np.array(found)
            expected = np.sign(delta) * (1 + np.abs(delta) / (2 * weight * rho))
            np.testing.assert_allclose(found, expected, rtol=1e-4)
            w1 = (np.abs(delta) * width).sum()
            assert w1 == pytest.approx(wasserstein_1d_of(places, p, q), abs=1e-9)
            gap = (found * delta * width).sum()
            assert gap == pytest.approx(
                w1 + (delta**2 * width / (2 * weight * rho)).sum(), rel=1e-4
            )


def wasserstein_1d_of(places, p, q):
    return transport_plan(p, q, cdist(places[:, None], places[:, None]))[0]


def test_thm_07_atleast_always_and_the_upper_bound_only_on_the_plan():
    """Of 300 random laws none has a gap below the lower bound. The upper bound holds for points on
    the segments of an optimal plan, and fails for some of these laws where pairs are independent.
    """
    rng, weight, failed = np.random.default_rng(1), 10.0, 0
    for _ in range(300):
        places, p, q = random_law(rng)
        cost, width = cdist(places[:, None], places[:, None]), np.diff(places)
        w1, _ = transport_plan(p, q, cost)
        # the monotone plan, optimal for every convex cost
        squared, plan = transport_plan(p, q, cost**2)
        delta = np.cumsum(q - p)[:-1]
        upper = w1 + squared / (2 * weight)
        for pairs in (np.outer(p, q), plan):
            rho = penalised_points(places, pairs)
            crossed = np.abs(delta) > 1e-9
            excess = (delta**2 * width)[crossed] / (2 * weight * rho[crossed])
            gap = w1 + excess.sum()
            assert gap >= w1 + w1**2 / (2 * weight) - 1e-9
            assert w1 <= weight * (math.sqrt(1 + 2 * gap / weight) - 1) + 1e-9
            if pairs is plan:
                assert gap <= upper + 1e-9
            else:
                failed += gap > upper
    assert 5 < failed < 60


def test_thm_07_atleast_needs_slope_one_at_the_penalised_points():
    """p at 1, q at 0, half of the penalised points in [0, 1], half in [2, 3]. The family: multiples
    of a best critic that is flat in [2, 3], and of one with slope one at all points and gap 0.9.
    """
    weight, scale = 10.0, np.linspace(0, 3, 30_001)
    found = [
        (scale * gap - weight * np.mean([(scale * n - 1) ** 2 for n in lengths], axis=0), gap)
        for gap, lengths in ((1.0, (1, 0)), (0.9, (1, 1)))
    ]
    value, gap = max(found, key=lambda case: case[0].max())
    assert gap * scale[value.argmax()] == pytest.approx(0.9405, abs=1e-3)
    assert gap * scale[value.argmax()] < 1 + 1 / (2 * weight)


def test_equal_distances_do_not_make_the_optimal_slope_uniform():
    """Eight points far apart, each moved by one: slope 1.4 beside them and gap 1.4, not 1.05; also
    divided by the mean slope it is far off. Points on the segments of the plan give one slope.
    """
    real = 1e6 * np.arange(8.0)
    places = np.sort(np.concatenate([real, real + 1]))
    p, q = (np.isin(places, law) / 8 for law in (real, real + 1))
    delta, width = np.cumsum(p - q)[:-1], np.diff(places)
    w1 = np.abs(delta) @ width
    assert w1 == pytest.approx(1)
    crossed = delta > 1e-9
    for pairs, end in ((np.outer(p, q), 1.4), (np.diag(p[:-1], 1), 1.05)):
        rho = penalised_points(places, pairs)
        slope = 1 + delta[crossed] / (20 * rho[crossed])
        gap = w1 + (delta**2 * width)[crossed] @ (1 / (20 * rho[crossed]))
        mean = 1 + ((slope - 1) * (rho * width)[crossed]).sum()
        np.testing.assert_allclose([*slope, gap], end, atol=1e-3)
        assert (gap / mean > 1.3) == (end == 1.4)


def test_in_the_25_runs_lengths_differ_and_differ_little_beside_two_lambda():
    """By a factor of five and more for the blob at 1 or 2; yet E d^2 / (2 lambda) stands for
    W1^2 / (2 lambda) within 2 % of W1, less than the 3 % that the cell allows.
    """
    for shift in (0.0, 1.0, 2.0, 3.0, 4.0):
        for seed in range(5):
            real, fake = (
                torch.Generator().manual_seed(seed),
                torch.Generator().manual_seed(100 + seed),
            )
            x = ring(8, 1.0, 0.05).sample(128, real).numpy()
            y = gaussians([[shift, 0.0]], 0.2).sample(128, fake).numpy()
            cost = cdist(x, y)
            lengths = cost[linear_sum_assignment(cost)]
            assert lengths.var() / (2 * 10 * lengths.mean()) < 0.02
            assert shift not in (1.0, 2.0) or lengths.max() > 4 * lengths.min()


def test_cones_over_the_generated_points_are_a_best_critic_and_over_the_real_ones_not():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(30, 2)), rng.normal(2, 1, size=(30, 2))
    w1, f, g = kantorovich_potentials(uniform(30), uniform(30), cdist(x, y))
    for centers, heights in ((y, -g), (x, f)):
        on_real, on_fake = (
            (heights[:, None] + cdist(centers, z)).min(axis=0).mean() for z in (x, y)
        )
        assert (on_real - on_fake > w1 - 1e-9) == (centers is y)


def test_between_steps_40_and_50_the_gap_is_below_two_and_lower_than_later():
    gap = records.load("mnist-wgan-gp")["gap"]  # step k at place k - 1
    assert gap[39:50].max() < 2 < gap[50:].min()


def test_the_lost_mode_by_quadrature_and_in_the_record():
    """W1 = .8, slope 1.4 on the long ray, gap 1.373 times W1; the record's SiLU critics are there."""
    h, rng = 0.02, np.random.default_rng(3)
    x = np.arange(-1.5, 9.5, h)
    delta = 0.1 * (norm.cdf(x, 0, 0.2) - norm.cdf(x, 8, 0.2))
    # a segment between two points of the centre stays there; a tenth of them run to the far mode,
    # and cross x with density 1 / (their length)
    a, b = rng.normal(0, 0.2, (2, 20_000))
    near = np.histogram(a + (b - a) * rng.random(20_000), np.append(x, x[-1] + h), density=True)[0]
    far = np.mean([(x > u) & (x < v + 8) for u, v in zip(a, b, strict=True)], axis=0) / 8
    rho = 0.9 * near + 0.1 * far
    used = rho > 1e-9
    gap = 0.8 + (delta[used] ** 2 / (20 * rho[used])).sum() * h
    assert (np.abs(delta).sum() * h, gap / 0.8) == pytest.approx((0.8, 1.373), abs=0.01)
    assert 1 + 0.1 / (20 * rho[np.abs(x - 4).argmin()]) == pytest.approx(1.4, abs=1e-6)
    run, shapes = records.load("line-lost-mode"), (3, 5)
    for name in ("silu_one_sided", "silu_two_sided", "relu_one_sided", "relu_two_sided"):
        assert run[f"{name}_gap"].shape == shapes
    assert np.allclose(run["silu_one_sided_far_slope"][-1], 1.4, atol=0.01)
    assert np.allclose(run["silu_one_sided_gap"][-1] / 0.8, 1.373, rtol=0.01)
    assert (run["silu_one_sided_gap"][-1] / 0.8 / run["silu_one_sided_mean_slope"][-1]).min() > 1.25
    assert (run["relu_one_sided_gap"][-1] / 0.8).max() < 1.06
    assert run["looks"].tolist() == [300, 1_000, 3_000]


def test_a_relu_critic_gives_the_penalty_no_derivative_in_any_bias():
    D, x = net(1, (1, 16, 16, 1)), 4 * torch.rand(500, 1) - 2
    biases = [m.bias for m in D if isinstance(m, nn.Linear)]
    value = (gradient_norms(D, x) - 1).square().mean()
    for g in torch.autograd.grad(value, biases, allow_unused=True):
        assert g is None or (g == 0).all()
    smooth = nn.Sequential(nn.Linear(1, 16), nn.SiLU(), nn.Linear(16, 1))
    value = (gradient_norms(smooth, x) - 1).square().mean()
    (g,) = torch.autograd.grad(value, [smooth[0].bias])
    assert g.abs().max() > 1e-4


def test_the_gap_of_the_mnist_record_against_the_clock():
    run = records.load("mnist-wgan-gp")
    later = run["step"] >= 750

    def rank(a, b):
        return spearmanr(a, b).statistic

    assert -rank(run["step"], run["frechet"]) == pytest.approx(0.992, abs=0.005)
    assert rank(run["estimate"][later], run["frechet"][later]) == pytest.approx(0.86, abs=0.01)
    assert rank(np.diff(run["estimate"]), np.diff(run["frechet"])) == pytest.approx(0.19, abs=0.01)


def test_hypotheses_stand_and_wrong_wordings_do_not_return():
    assert not missing(
        "07",
        "local constants $L(\\theta, z)$ that are integrable",
        "It would be wrong to conclude that a penalised critic, divided by its slope, measures $W_1$",
        "Among absolutely continuous $f$ with a finite penalty",
        "over a family that contains $sD$ for each of its members $D$",
        "With independent pairs, which WGAN-GP draws, that bound can fail",
        "they have stopped short of the optimum",
        "*optimal over a family that contains the best one* (with slope one where it is penalised)",
        "the maximum over clipped networks can be made anything",
        "outside the segment between the two samples",
        "as between two point masses",
        "Equal distances are not enough",
        "over the generated points $y$",
        "The paper calls that a strong assumption",
        "one of the five SiLU critics",
        "So the prediction failed at $\\lambda = 10$",
        "the number of updates alone ranks them better",
    )
    assert not returned(
        "07",
        "is a Wasserstein meter",
        "no critic's gap bounds",
        "the network is smooth",
        "the maximum was about",
        "beyond both samples",
        "this WGAN is worse",
        "the prediction was half right",
        "nearly all of which are optimal",
        "mass travels about equally far",
        "mass travels equally far",
        "mass travelled about equally far",
        "min_x (f^\\star(x)",
        "the fifth SiLU",
    )


def test_a_penalty_of_pixels_is_weak_and_asks_for_too_much():
    """Two point masses a shift apart, a linear critic, a mean over pixels: formula and ascent."""
    weight, pixels = 10.0, 784
    shift = torch.full((pixels,), pixels**-0.5, dtype=torch.float64)
    g = shift.clone().requires_grad_(True)
    optimizer = torch.optim.LBFGS([g], max_iter=200, line_search_fn="strong_wolfe")

    def loss():
        optimizer.zero_grad()
        value = weight * (g.abs() - 1).square().mean() - (g * shift).sum()
        value.backward()
        return value

    optimizer.step(loss)
    g = g.detach()
    torch.testing.assert_close(g, 1 + pixels * shift / (2 * weight), rtol=1e-4, atol=0)
    assert float(g.norm()) == pytest.approx(67.2, abs=0.05)
    assert float((g * shift).sum()) == pytest.approx(67.2, abs=0.05)
    assert not missing("07", "slope and gap are 67", "each pixel feels the weight $\\lambda / 784$")
    assert not returned("07", "a gap up to 28 times too large")


def test_a_generated_point_that_need_not_move_may_have_no_gradient():
    """Half of both laws at 0: a critic that is flat there reaches W1 = 1."""
    f = [0.0 if x <= 1 else 1 - x for x in (0, 1, 0, 3)]
    assert (f[0] + f[1]) / 2 - (f[2] + f[3]) / 2 == 1
    assert not missing("07", "a generated point which has to move")
