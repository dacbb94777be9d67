"""Densities against SciPy and quadrature, samples against the densities, and what must be refused."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from ganbook.distributions import Dirac, Gaussians, SwissRoll, gaussians, grid, ring


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_log_prob_agrees_with_scipy_in_the_plane():
    centers, std, weights = [[0.0, 1.0], [2.0, -1.0], [-3.0, 0.5]], [0.5, 1.0, 2.0], [0.2, 0.5, 0.3]
    x = torch.randn(40, 2, dtype=torch.float64, generator=seeded()) * 3
    density = sum(
        w * stats.multivariate_normal(c, s**2).pdf(x.numpy())
        for c, s, w in zip(centers, std, weights, strict=True)
    )
    ours = gaussians(centers, std, weights).log_prob(x)
    assert ours.shape == (40,)
    np.testing.assert_allclose(ours.numpy(), np.log(density), rtol=1e-12)


def test_log_prob_on_the_line_takes_plain_numbers():
    mixture = gaussians([-1.0, 3.0], 0.7, [0.25, 0.75])
    x = torch.linspace(-8, 10, 9_001, dtype=torch.float64)
    expected = 0.25 * stats.norm(-1, 0.7).pdf(x) + 0.75 * stats.norm(3, 0.7).pdf(x)
    density = mixture.log_prob(x).exp()
    assert density.shape == x.shape
    np.testing.assert_allclose(density, expected, rtol=1e-12)
    assert abs(float(torch.trapezoid(density, x)) - 1) < 1e-10
    assert mixture.log_prob(x.reshape(1, -1, 1)).shape == (1, 9_001, 1)


def test_log_prob_far_away_is_finite_and_exact():
    far = torch.tensor([[41.0, 0.0]], dtype=torch.float64)
    value = gaussians([[0.0, 0.0], [1.0, 0.0]], 0.01).log_prob(far)
    expected = math.log(0.5) - math.log(2 * math.pi * 1e-4) - 40.0**2 / (2 * 1e-4)
    assert abs(float(value) - expected) < 1e-6


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_log_prob_keeps_the_dtype_and_is_differentiable(dtype):
    x = torch.tensor([[0.3, 0.4]], dtype=dtype, requires_grad=True)
    value = gaussians([[0.0, 0.0]], 0.5).log_prob(x)
    (slope,) = torch.autograd.grad(value.sum(), x)
    assert value.dtype == slope.dtype == dtype
    torch.testing.assert_close(slope, -x.detach() / 0.25)


def test_a_component_without_weight_leaves_no_trace():
    x = torch.linspace(-3, 3, 11, dtype=torch.float64)
    two, one = gaussians([0.0, 9.0], 1.0, [1.0, 0.0]), gaussians([0.0], 1.0)
    torch.testing.assert_close(two.log_prob(x), one.log_prob(x))


def test_ring_has_eight_different_modes_on_the_unit_circle():
    p = ring()
    assert p.centers.shape == (8, 2) and p.std == 0.01
    torch.testing.assert_close(p.centers.norm(dim=1), torch.ones(8, dtype=torch.float64))
    gaps = torch.pdist(p.centers)
    assert abs(float(gaps.min()) - 2 * math.sin(math.pi / 8)) < 1e-12, (
        "neighbours at the side of the octagon"
    )
    assert abs(float(p.centers.sum())) < 1e-12


def test_grid_has_25_modes_two_apart():
    p = grid()
    assert p.centers.shape == (25, 2) and p.std == 0.05
    assert p.centers.unique(dim=0).shape == (25, 2)
    assert p.centers.min() == -4 and p.centers.max() == 4
    assert abs(float(torch.pdist(p.centers).min()) - 2) < 1e-12


@pytest.mark.parametrize("p", [ring(), grid()], ids=["ring", "grid"])
def test_samples_visit_every_mode_evenly_with_the_stated_spread(p):
    n = 20_000
    x = p.sample(n, seeded()).double()
    distance, mode = torch.cdist(x, p.centers).min(dim=1)
    counts = torch.bincount(mode, minlength=len(p.centers))
    assert stats.chisquare(counts.numpy()).pvalue > 1e-4
    near = float((distance < 3 * p.std).double().mean())
    assert abs(near - (1 - math.exp(-4.5))) < 4 * 0.0021 * (2_500 / n) ** 0.5
    spread = (x - p.centers[mode]).std(dim=0) / p.std
    assert ((spread - 1).abs() < 5 / (2 * n) ** 0.5).all()


def test_samples_on_the_line_follow_their_distribution_function():
    p = gaussians([-2.0, 1.0], [0.3, 1.5], [0.3, 0.7])
    x = p.sample(20_000, seeded(3))
    assert x.shape == (20_000,)

    def cdf(t):
        return 0.3 * stats.norm(-2, 0.3).cdf(t) + 0.7 * stats.norm(1, 1.5).cdf(t)

    assert stats.kstest(x.numpy(), cdf).pvalue > 1e-3


@pytest.mark.parametrize(
    "p", [ring(), gaussians([0.0, 1.0]), SwissRoll()], ids=["ring", "line", "roll"]
)
def test_the_given_generator_alone_decides_and_the_global_one_is_left_alone(p):
    before = torch.get_rng_state()
    one, two = p.sample(100, seeded(5)), p.sample(100, seeded(5))
    other = p.sample(100, seeded(6))
    assert torch.equal(one, two) and not torch.equal(one, other)
    assert torch.equal(before, torch.get_rng_state())
    assert one.dtype == torch.get_default_dtype()


def test_swiss_roll_density_integrates_to_one_and_is_that_of_its_samples():
    p = SwissRoll(std=0.2)
    axis = torch.linspace(-3.25, 3.25, 66, dtype=torch.float64)
    density = p.log_prob(torch.cartesian_prod(axis, axis)).exp().reshape(66, 66)
    cell = float(axis[1] - axis[0]) ** 2
    assert abs(float(density.sum()) * cell - 1) < 1e-6
    x = p.sample(20_000, seeded())
    for low, high in ((-10.0, 0.0), (-1.0, 0.5), (0.5, 10.0)):
        region = (axis > low) & (axis < high)
        left, right = float(axis[region].min()) - 0.05, float(axis[region].max()) + 0.05
        inside = ((x > left) & (x < right)).all(dim=1).double().mean()
        expected = float(density[region][:, region].sum()) * cell
        assert abs(float(inside) - expected) < 5 * 0.5 / 20_000**0.5 + 1e-3


def test_swiss_roll_density_near_its_curve_against_adaptive_integration():
    from scipy.integrate import quad

    p = SwissRoll(radius=1.5, std=0.1)
    x = p.curve(torch.tensor([0.2, 0.55, 1.0], dtype=torch.float64)) + 0.05

    def at(point):
        def integrand(t):
            center = p.curve(torch.tensor(t, dtype=torch.float64)).numpy()
            return stats.multivariate_normal(center, 0.01).pdf(point)

        return quad(integrand, 0, 1, limit=400, epsrel=1e-10, points=[0.1, 0.2, 0.3, 0.55, 0.9])[0]

    np.testing.assert_allclose(p.log_prob(x).exp(), [at(point) for point in x.numpy()], rtol=1e-7)


def test_swiss_roll_ends_at_its_radius():
    ends = SwissRoll(radius=3.0).curve(torch.tensor([0.0, 1.0], dtype=torch.float64))
    torch.testing.assert_close(ends.norm(dim=1), torch.tensor([1.0, 3.0], dtype=torch.float64))


def test_dirac_has_all_its_mass_at_one_point():
    p = Dirac(torch.tensor([1.0, 2.0]))
    x = torch.tensor([[1.0, 2.0], [1.0, 2.5]])
    assert p.log_prob(x).tolist() == [0.0, -math.inf]
    assert torch.equal(p.sample(3), torch.tensor([[1.0, 2.0]] * 3))
    line = Dirac(0.5)
    assert line.log_prob(torch.tensor([0.5, 0.0])).tolist() == [0.0, -math.inf]
    assert line.sample(4).shape == (4,)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: gaussians([]), "shape"),
        (lambda: gaussians([[[0.0]]]), "shape"),
        (lambda: gaussians([0.0, math.nan]), "finite"),
        (lambda: gaussians([0.0], 0.0), "std"),
        (lambda: gaussians([0.0], -1.0), "std"),
        (lambda: gaussians([0.0], math.inf), "std"),
        (lambda: gaussians([0.0, 1.0], [1.0]), "std"),
        (lambda: gaussians([0.0, 1.0], [1.0, -1.0]), "std"),
        (lambda: gaussians([0.0, 1.0], 1.0, [0.5, 0.6]), "sum to one"),
        (lambda: gaussians([0.0, 1.0], 1.0, [1.5, -0.5]), "negative"),
        (lambda: gaussians([0.0, 1.0], 1.0, [1.0]), "2 numbers"),
        (lambda: ring(0), "modes"),
        (lambda: ring(8.0), "modes"),
        (lambda: ring(radius=0), "radius"),
        (lambda: ring(std=math.nan), "std"),
        (lambda: grid(1), "side"),
        (lambda: grid(half_width=-4), "half_width"),
        (lambda: SwissRoll(std=0.0), "std"),
        (lambda: SwissRoll(radius=2.0, std=0.001), "widen"),
        (lambda: Dirac(math.inf), "finite"),
        (lambda: Dirac(torch.zeros(2, 2)), "location"),
        (lambda: ring().sample(0, seeded()), "n is 0"),
        (lambda: ring().sample(2.5, seeded()), "n is 2.5"),
        (lambda: SwissRoll().sample(-1), "n is -1"),
        (lambda: Dirac().sample(0), "n is 0"),
        (lambda: ring().log_prob(torch.zeros(5)), "coordinates last"),
        (lambda: ring().log_prob(torch.zeros(5, 3)), "coordinates last"),
        (lambda: ring().log_prob(torch.zeros(5, 2, dtype=torch.int64)), "floating"),
        (lambda: ring().log_prob(np.zeros((5, 2))), "floating"),
        (lambda: Dirac().log_prob(torch.arange(3)), "floating"),
    ],
)
def test_bad_input_is_refused_with_a_reason(make, says):
    with pytest.raises(ValueError, match=says):
        make()


def test_weights_are_normalised_and_parameters_frozen():
    p = Gaussians(torch.zeros(3), 1.0, torch.full((3,), 1 / 3, dtype=torch.float32))
    assert abs(float(p.weights.sum()) - 1) < 1e-15 and p.weights.dtype == torch.float64
    with pytest.raises(AttributeError):
        p.std = 2.0


def test_a_component_of_weight_zero_is_not_there():
    """Not even far out, where a weight lifted to 2e-16, as Categorical(probs) does, would be all
    that is left.
    """
    x = torch.linspace(-30, 30, 61, dtype=torch.float64).requires_grad_()
    with_it, alone = (
        gaussians([0.0, 20.0], [1.0, 1.0], [1.0, 0.0]).log_prob(x),
        gaussians([0.0]).log_prob(x),
    )
    torch.testing.assert_close(with_it, alone, rtol=1e-12, atol=1e-12)
    slopes = [torch.autograd.grad(y.sum(), x)[0] for y in (with_it, alone)]
    torch.testing.assert_close(*slopes, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("std", [1e-200, torch.tensor([1e-200, 1.0], dtype=torch.float64)])
def test_a_std_whose_square_underflows_is_refused(std):
    with pytest.raises(ValueError, match=r"std is .*expected more than 1e-150.*Dirac"):
        Gaussians(torch.zeros(2, 1), std)
