"""KLIEP and uLSIF against general optimisers, their conditions, and Gaussians of known ratio."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import norm

from ganbook.ratios import Ratio, kliep, ulsif

CENTERS = np.linspace(-3, 3, 7)


def samples(n=400, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(0.0, 1.0, n), rng.normal(0.5, 1.5, n + 100)


def bumps(x, width=1.0):
    return np.exp(-((x[:, None] - CENTERS) ** 2) / (2 * width**2))


def test_ulsif_is_the_minimiser_of_its_objective():
    real, fake = samples()

    def objective(alpha):
        r = bumps(fake) @ alpha
        return (r**2).mean() / 2 - (bumps(real) @ alpha).mean() + 0.01 / 2 * (alpha**2).sum()

    found = minimize(objective, np.zeros(7), method="BFGS", options={"gtol": 1e-9}).x
    np.testing.assert_allclose(ulsif(real, fake, CENTERS, 1.0, 0.01).weights, found, atol=1e-4)


def test_kliep_is_the_constrained_maximiser_of_the_likelihood():
    real, fake = samples()
    means = bumps(fake).mean(axis=0)
    found = minimize(
        lambda a: -np.log(bumps(real) @ a).mean(),
        np.full(7, 1 / means.sum()),
        method="SLSQP",
        bounds=[(0, None)] * 7,
        constraints={"type": "eq", "fun": lambda a: means @ a - 1},
        options={"ftol": 1e-12, "maxiter": 500},
    )
    ours = kliep(real, fake, CENTERS, 1.0, steps=20_000)
    assert np.log(ours(real)).mean() == pytest.approx(-found.fun, abs=1e-5)
    np.testing.assert_allclose(bumps(real) @ found.x, ours(real), rtol=0.02)


def test_kliep_has_mean_one_is_not_negative_and_climbs():
    real, fake = samples()
    likelihoods = []
    for steps in (1, 3, 10, 30, 100):
        r = kliep(real, fake, CENTERS, 1.0, steps)
        assert r(fake).mean() == pytest.approx(1, abs=1e-12)
        assert (r.weights >= 0).all()
        likelihoods.append(np.log(r(real)).mean())
    assert (np.diff(likelihoods) > 0).all()


@pytest.mark.parametrize("fit", [kliep, ulsif])
def test_both_find_the_ratio_of_two_gaussians(fit):
    """q is wider than p, so that p/q is bounded."""
    rng = np.random.default_rng(1)
    real, fake = rng.normal(0, 1, 20_000), rng.normal(0.5, 1.5, 20_000)
    r = fit(real, fake, np.linspace(-4, 4, 33), 0.7)
    x = np.linspace(-2, 3, 101)
    exact = norm.pdf(x) / norm.pdf(x, 0.5, 1.5)
    assert np.abs(r(x) - exact).max() < 0.12
    swapped = fit(fake, real, np.linspace(-4, 4, 33), 0.7)
    assert np.abs(swapped(x) - exact).max() > 0.5


@pytest.mark.parametrize("fit", [kliep, ulsif])
def test_points_in_the_plane_and_one_law_against_itself(fit):
    rng = np.random.default_rng(2)
    real, fake = rng.normal(size=(2, 4000, 2))
    centers = real[:50]
    r = fit(real, fake, centers, 1.0)
    assert isinstance(r, Ratio)
    near = fake[(fake**2).sum(axis=1) < 1]
    assert np.abs(r(near) - 1).max() < 0.25
    assert r(near).shape == (len(near),)


@pytest.mark.parametrize("fit", [kliep, ulsif])
@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"x_real": np.zeros((3, 2))}, "coordinates"),
        ({"x_fake": np.zeros((2, 2, 2))}, "shape"),
        ({"x_real": [np.nan, 1.0]}, "finite"),
        ({"centers": []}, "shape"),
        ({"width": 0.0}, "width"),
        ({"width": np.inf}, "width"),
    ],
)
def test_refused(fit, change, says):
    good = {"x_real": [0.0, 1.0], "x_fake": [0.0, 2.0], "centers": [0.0], "width": 1.0}
    fit(**good)
    with pytest.raises(ValueError, match=says):
        fit(**good | change)


def test_each_has_a_number_of_its_own_to_refuse():
    with pytest.raises(ValueError, match="ridge"):
        ulsif([0.0], [0.0], [0.0], 1.0, ridge=0.0)
    with pytest.raises(ValueError, match="steps"):
        kliep([0.0], [0.0], [0.0], 1.0, steps=0)
    with pytest.raises(ValueError, match="near no bump"):
        kliep([100.0], [0.0], [0.0], 1.0)
