"""Gaussian mixtures: against SciPy and scikit-learn, by quadrature, and the guarantees of EM."""

import numpy as np
import pytest
from scipy.integrate import trapezoid
from scipy.stats import multivariate_normal
from sklearn.mixture import GaussianMixture as SklearnMixture

from ganbook.mixtures import GaussianMixture, em_step, fit, start_at


def random_mixture(k: int, d: int, seed: int) -> GaussianMixture:
    rng = np.random.default_rng(seed)
    roots = rng.standard_normal((k, d, d)) + 1.5 * np.eye(d)
    covariances = roots @ roots.transpose(0, 2, 1)
    return GaussianMixture(
        rng.dirichlet(np.ones(k) * 3), 3 * rng.standard_normal((k, d)), covariances
    )


@pytest.mark.parametrize(("k", "d"), [(1, 1), (3, 1), (2, 2), (4, 5)])
def test_log_density_equals_a_weighted_sum_of_scipy_densities(k, d):
    mixture = random_mixture(k, d, seed=k + d)
    x = np.random.default_rng(1).standard_normal((50, d)) * 3
    density = sum(
        w * multivariate_normal(m, c).pdf(x)
        for w, m, c in zip(mixture.weights, mixture.means, mixture.covariances, strict=True)
    )
    np.testing.assert_allclose(mixture.log_prob(x), np.log(density), rtol=1e-10)


def test_density_integrates_to_one():
    mixture = random_mixture(3, 1, seed=0)
    x = np.linspace(-60, 60, 24_001)
    assert abs(trapezoid(np.exp(mixture.log_prob(x[:, None])), x) - 1) < 1e-9


def test_log_density_is_finite_where_the_density_is_not():
    mixture = GaussianMixture([0.5, 0.5], [[0.0], [1.0]], np.ones((2, 1, 1)))
    far = mixture.log_prob([[1e4]])
    expected = -0.5 * (1e4 - 1) ** 2 - 0.5 * np.log(2 * np.pi) + np.log(0.5)
    assert np.exp(far) == 0
    np.testing.assert_allclose(far, expected, rtol=1e-12)


def test_responsibilities_are_bayes_rule_and_follow_a_permutation():
    mixture = random_mixture(3, 2, seed=4)
    x = np.random.default_rng(2).standard_normal((40, 2)) * 4
    r = mixture.responsibilities(x)
    joint = np.stack(
        [
            w * multivariate_normal(m, c).pdf(x)
            for w, m, c in zip(mixture.weights, mixture.means, mixture.covariances, strict=True)
        ],
        axis=1,
    )
    np.testing.assert_allclose(r, joint / joint.sum(1, keepdims=True), atol=1e-12)
    np.testing.assert_allclose(r.sum(1), 1, atol=1e-12)
    order = [2, 0, 1]
    permuted = GaussianMixture(
        mixture.weights[order], mixture.means[order], mixture.covariances[order]
    )
    np.testing.assert_allclose(permuted.responsibilities(x), r[:, order], atol=1e-12)
    assert np.isfinite(mixture.responsibilities([[1e5, -1e5]])).all()


def test_a_component_of_weight_zero_takes_no_part():
    mixture = GaussianMixture([1.0, 0.0], [[0.0], [5.0]], np.ones((2, 1, 1)))
    np.testing.assert_allclose(
        mixture.log_prob([[5.0]]), multivariate_normal(0, 1).logpdf(5.0), rtol=1e-12
    )
    assert mixture.responsibilities([[5.0]])[0, 1] == 0


@pytest.mark.parametrize("seed", range(8))
def test_the_likelihood_never_falls(seed):
    truth = random_mixture(3, 2, seed)
    x, _ = truth.sample(1_000, np.random.default_rng(seed))
    start = start_at(x[np.random.default_rng(seed + 100).choice(1_000, 3, replace=False)], x)
    _, history = fit(x, start, steps=60)
    assert history.shape == (61,)
    assert np.diff(history).min() > -1e-12
    assert history[-1] > history[0] + 1e-3


@pytest.mark.parametrize("ridge", [0.0, 1e-3])
def test_equals_scikit_learn_from_the_same_start(ridge):
    x, _ = random_mixture(3, 2, seed=7).sample(400, np.random.default_rng(7))
    start = start_at(x[:3], x)
    ours, history = fit(x, start, steps=25, ridge=ridge)
    oracle = SklearnMixture(
        3,
        weights_init=start.weights,
        means_init=start.means,
        reg_covar=ridge,
        max_iter=25,
        tol=0,
        precisions_init=np.linalg.inv(start.covariances),
    )
    with pytest.warns(UserWarning, match="did not converge"):
        oracle.fit(x)
    np.testing.assert_allclose(ours.weights, oracle.weights_, atol=1e-9)
    np.testing.assert_allclose(ours.means, oracle.means_, atol=1e-8)
    np.testing.assert_allclose(ours.covariances, oracle.covariances_, atol=1e-8)
    np.testing.assert_allclose(history[-1], oracle.score(x), atol=1e-10)


def test_one_component_gives_the_sample_mean_and_covariance_at_once():
    x = np.random.default_rng(3).standard_normal((200, 3)) @ np.diag([1.0, 2.0, 0.5]) + 4
    fitted = em_step(GaussianMixture([1.0], np.zeros((1, 3)), np.eye(3)[None]), x)
    np.testing.assert_allclose(fitted.means[0], x.mean(0), atol=1e-12)
    np.testing.assert_allclose(fitted.covariances[0], np.cov(x.T, bias=True), atol=1e-12)


def test_em_keeps_the_mean_of_the_data():
    x, _ = random_mixture(2, 2, seed=5).sample(150, np.random.default_rng(5))
    fitted = em_step(start_at(x[:2], x), x)
    np.testing.assert_allclose(fitted.weights @ fitted.means, x.mean(0), atol=1e-12)


def test_samples_have_the_mixtures_moments_and_labels():
    mixture = random_mixture(3, 2, seed=9)
    n = 60_000
    x, labels = mixture.sample(n, np.random.default_rng(0))
    share = np.bincount(labels, minlength=3) / n
    np.testing.assert_allclose(share, mixture.weights, atol=4 * 0.5 / n**0.5)
    mean = mixture.weights @ mixture.means
    second = np.einsum("k,kij->ij", mixture.weights, mixture.covariances)
    centred = mixture.means - mean
    covariance = second + np.einsum("k,ki,kj->ij", mixture.weights, centred, centred)
    np.testing.assert_allclose(x.mean(0), mean, atol=4 * (np.diag(covariance).max() / n) ** 0.5)
    np.testing.assert_allclose(
        np.cov(x.T), covariance, rtol=0.05, atol=0.05 * np.abs(covariance).max()
    )
    same, _ = mixture.sample(n, np.random.default_rng(0))
    np.testing.assert_array_equal(x, same)


def test_a_component_on_one_point_is_named_and_a_ridge_holds_it():
    x = np.array([[0.0], [0.0], [0.0], [10.0], [11.0], [12.0]])
    start = GaussianMixture([0.5, 0.5], [[0.0], [11.0]], np.full((2, 1, 1), 0.1))
    with pytest.raises(ValueError, match="covariance 0 is not positive definite"):
        fit(x, start, steps=5)
    held, _ = fit(x, start, steps=5, ridge=1e-4)
    assert abs(held.covariances[0, 0, 0] - 1e-4) < 1e-9


@pytest.mark.parametrize(
    ("weights", "means", "covariances", "message"),
    [
        ([0.5, 0.4], [[0.0], [1.0]], np.ones((2, 1, 1)), "sum to 0.9"),
        ([1.5, -0.5], [[0.0], [1.0]], np.ones((2, 1, 1)), "negative"),
        ([0.5, 0.5], [0.0, 1.0], np.ones((2, 1, 1)), "means have shape"),
        ([1.0], [[0.0], [1.0]], np.ones((2, 1, 1)), "weights have shape"),
        ([1.0], [[0.0, 0.0]], [[[1.0, 0.5], [0.0, 1.0]]], "not symmetric"),
        ([1.0], [[0.0, 0.0]], [[[1.0, 2.0], [2.0, 1.0]]], "not positive definite"),
        ([1.0], [[np.nan]], np.ones((1, 1, 1)), "NaN"),
    ],
)
def test_bad_parameters_are_refused(weights, means, covariances, message):
    with pytest.raises(ValueError, match=message):
        GaussianMixture(weights, means, covariances)


def test_bad_data_and_settings_are_refused():
    mixture = random_mixture(2, 2, seed=0)
    x = np.zeros((5, 2)) + np.arange(5)[:, None]
    with pytest.raises(ValueError, match=r"expected \(n, 2\)"):
        mixture.log_prob(np.zeros((5, 3)))
    with pytest.raises(ValueError, match="NaN"):
        mixture.log_prob([[0.0, np.nan]])
    with pytest.raises(ValueError, match="ridge"):
        em_step(mixture, x, ridge=-1.0)
    with pytest.raises(ValueError, match="steps"):
        fit(x, mixture, steps=0)
    with pytest.raises(ValueError, match="at least one sample"):
        mixture.sample(0, np.random.default_rng(0))
    with pytest.raises(ValueError, match="lost all its points"):
        em_step(GaussianMixture([1.0, 0.0], np.zeros((2, 2)), np.stack([np.eye(2)] * 2)), x)
    with pytest.raises(ValueError, match="means have shape"):
        start_at([0.0, 1.0], x)


def test_parameters_are_copies():
    means = np.array([[0.0], [1.0]])
    mixture = GaussianMixture([0.5, 0.5], means, np.ones((2, 1, 1)))
    means[0] = 100
    assert mixture.means[0, 0] == 0
