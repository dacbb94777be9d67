"""Restoring a normal signal: the exact trade against quadrature, simulation and free minimisation."""

import itertools
import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.optimize import minimize
from torch.distributions import Normal

from ganbook.densities import quadrature
from ganbook.restoration import NormalRestoration, divergence_of_scales

BOTH = ("pictures", "pairs")


@pytest.mark.parametrize("ratio", [0.05, 0.4, 0.9, 1.0, 1.7])
def test_the_divergences_by_another_quadrature(ratio):
    def p(x):
        return math.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)

    def q(x):
        return p(x / ratio) / ratio

    def kl(x):
        m = (p(x) + q(x)) / 2
        return 2 * m * math.log(m / p(x)) if p(x) else 0.0

    breaks = [-5 * ratio, -ratio, ratio, 5 * ratio]
    by_hand = quad(kl, -25, 25, points=breaks, limit=400, epsabs=1e-12)[0]
    assert divergence_of_scales(ratio, "non_saturating") == pytest.approx(by_hand, abs=1e-8)
    x = torch.linspace(-12, 12, 200_001, dtype=torch.float64)
    one, other = (Normal(*torch.tensor([0.0, s], dtype=torch.float64)) for s in (1, ratio))
    assert divergence_of_scales(ratio) == pytest.approx(
        2 * float(quadrature("js", one, other, x)), abs=1e-8
    )


def test_the_divergences_at_their_ends():
    assert divergence_of_scales(1.0) == pytest.approx(0, abs=1e-15)
    assert divergence_of_scales(1e-6) == pytest.approx(2 * math.log(2), abs=1e-4)


@pytest.mark.parametrize("noise", [0.5, 1.0, 2.0])
def test_error_and_spread_by_simulation(noise):
    task = NormalRestoration(noise)
    x, n, z = np.random.default_rng(0).standard_normal((3, 400_000))
    estimate = 0.6 * (x + noise * n) + 0.3 * z
    assert task.error(0.6, 0.3) == pytest.approx(((estimate - x) ** 2).mean(), rel=0.01)
    assert task.spread(0.6, 0.3) == pytest.approx(estimate.std(), rel=0.01)
    residual = x - task.gain * (x + noise * n)
    assert task.variance == pytest.approx(residual.var(), rel=0.01)
    assert abs(np.corrcoef(residual, x + noise * n)[0, 1]) < 0.01  # the posterior mean's property


def test_the_four_estimates_of_the_standard_case():
    task = NormalRestoration()
    half = math.sqrt(0.5)
    assert task.error(task.gain, 0) == pytest.approx(0.5)
    assert task.error(task.gain, half) == pytest.approx(1.0)
    assert task.error(half, 0) == pytest.approx(2 - math.sqrt(2))
    assert task.spread(half, 0) == pytest.approx(1.0)
    assert task.real("pictures") == 1 and task.real("pairs") == pytest.approx(half)
    assert task.end("pictures") == pytest.approx(1 - half)


@pytest.mark.parametrize("sees", BOTH)
@pytest.mark.parametrize("noise", [0.7, 1.5])
def test_the_frontier_is_the_least_error_at_each_distance(sees, noise):
    """Against a minimisation over all a y + b z that does not know which one is best."""
    task = NormalRestoration(noise)
    distances = np.linspace(0, 0.9 * task.end(sees), 4)
    a, b = task.best(task.real(sees) - distances, sees)
    np.testing.assert_allclose(task.error(a, b), task.frontier(distances, sees), atol=1e-12)
    if sees == "pictures":
        np.testing.assert_allclose(task.spread(a, b), 1 - distances)
        for distance, least in zip(distances, task.frontier(distances, sees), strict=True):
            angles = np.linspace(0, math.pi / 2, 2001)  # all with this spread
            spread = 1 - distance
            every = task.error(
                spread * np.cos(angles) / math.sqrt(1 + noise**2), spread * np.sin(angles)
            )
            assert every.min() == pytest.approx(least, abs=1e-9)
    assert task.frontier(5.0, sees) == pytest.approx(task.variance)


@pytest.mark.parametrize("sees", BOTH)
@pytest.mark.parametrize("loss", ["minimax", "non_saturating"])
@pytest.mark.parametrize(("error", "weight"), [("squared", 0.4), ("absolute", 1.3)])
def test_equilibria_against_a_free_minimisation(sees, loss, error, weight):
    """Both a and b free: for pairs the mean given y may be off, at a cost in both terms."""
    task = NormalRestoration(0.8)

    def objective(point):
        a, b = point
        squared = float(task.error(a, b))
        paid = squared if error == "squared" else math.sqrt(2 / math.pi * squared)
        if sees == "pictures":
            return divergence_of_scales(float(task.spread(a, b)), loss) + weight * paid
        deviation = max(abs(b), 1e-4)
        return joint(task, a, deviation, loss) + weight * paid

    found = minimize(objective, (0.7, 0.3), method="Nelder-Mead", options={"xatol": 1e-5})
    a, b = found.x
    deviation = task.spread(a, b) if sees == "pictures" else abs(b)
    assert task.equilibrium(weight, sees, loss, error) == pytest.approx(float(deviation), abs=2e-3)
    best = task.best(task.equilibrium(weight, sees, loss, error), sees)
    assert float(best[0]) == pytest.approx(a, abs=3e-3)


def joint(task, a, b, loss):
    """The divergence of (x, y) and (a y + b z, y), by a grid of y and a grid of x."""
    y, share = np.polynomial.hermite_e.hermegauss(9)
    y, share = y * math.sqrt(1 + task.noise**2), share / share.sum()
    x = np.linspace(-7, 7, 1401)
    total = 0.0
    for at, weight in zip(y, share, strict=True):
        p = _normal(x, task.gain * at, math.sqrt(task.variance)) + 1e-300
        q = _normal(x, a * at, b) + 1e-300
        m = (p + q) / 2
        terms = 2 * m * np.log(m / p)
        if loss == "minimax":
            terms = p * np.log(p / m) + q * np.log(q / m)
        total += weight * np.trapezoid(terms, x)
    return total


def _normal(x, mean, deviation):
    return np.exp(-(((x - mean) / deviation) ** 2) / 2) / (deviation * math.sqrt(2 * math.pi))


@pytest.mark.parametrize("sees", BOTH)
def test_equilibria_run_from_likeness_to_least_error(sees):
    task = NormalRestoration()
    found = [task.equilibrium(w, sees) for w in (0, 0.1, 1, 10, 1000)]
    assert found[0] == pytest.approx(task.real(sees), abs=1e-6)
    assert all(a > b for a, b in itertools.pairwise(found))
    last = task.real(sees) - task.end(sees)
    assert found[-1] == pytest.approx(last, abs=0.01)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: NormalRestoration(0), "noise is 0: expected a positive"),
        (lambda: NormalRestoration().real("sound"), "sees is 'sound': expected one of pictures"),
        (lambda: NormalRestoration().frontier(-1, "pairs"), "distance is -1"),
        (lambda: NormalRestoration().best(-0.5, "pairs"), "deviation is -0.5"),
        (lambda: NormalRestoration().equilibrium(-1, "pairs"), "weight is -1"),
        (lambda: NormalRestoration().equilibrium(1, "pairs", error="l3"), "error is 'l3'"),
        (lambda: divergence_of_scales(0), "ratio is 0"),
        (lambda: divergence_of_scales(1, "hinge"), "loss is 'hinge'"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()
