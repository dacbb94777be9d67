"""Scores of samples against closed forms, SciPy and torchmetrics."""

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm
from scipy.stats import entropy
from torchmetrics.image.fid import _compute_fid

from ganbook.metrics import frechet_distance, inception_score, mode_coverage, nearest_neighbours

RNG = np.random.default_rng(0)


def features(n, k, seed, shift=0.0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, k)) @ rng.standard_normal((k, k)) + shift


def test_frechet_against_scipy_and_torchmetrics():
    a, b = features(400, 6, 1), features(300, 6, 2, shift=1.0)
    m, C = [x.mean(0) for x in (a, b)], [np.cov(x.T) for x in (a, b)]
    by_scipy = ((m[0] - m[1]) ** 2).sum() + np.trace(C[0] + C[1] - 2 * sqrtm(C[0] @ C[1]).real)
    by_torch = _compute_fid(*(torch.tensor(t) for t in (m[0], C[0], m[1], C[1]))).item()
    ours = frechet_distance(a, b)
    assert ours == pytest.approx(by_scipy, rel=1e-9)
    assert ours == pytest.approx(by_torch, rel=1e-6)
    assert frechet_distance(torch.tensor(a), torch.tensor(b)) == pytest.approx(ours, rel=1e-12)


def test_frechet_in_one_dimension_is_the_gap_of_means_and_deviations():
    a, b = RNG.normal(0, 1, (500, 1)), RNG.normal(3, 2, (700, 1))
    expected = (a.mean() - b.mean()) ** 2 + (a.std(ddof=1) - b.std(ddof=1)) ** 2
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-10)


def test_frechet_is_symmetric_zero_on_itself_and_scales_with_the_square():
    a, b = features(100, 4, 3), features(100, 4, 4)
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a), rel=1e-9)
    assert abs(frechet_distance(a, a)) < 1e-8
    assert frechet_distance(3 * a, 3 * b) == pytest.approx(9 * frechet_distance(a, b), rel=1e-9)
    assert frechet_distance(a, a + 2) == pytest.approx(16, rel=1e-6)


def test_frechet_with_fewer_samples_than_features():
    a, b = features(5, 20, 5), features(6, 20, 6)
    assert np.isfinite(frechet_distance(a, b))
    assert frechet_distance(a, b) > 0


def test_inception_score_ends_and_definition():
    certain = np.eye(10)[np.arange(1000) % 10]
    assert inception_score(certain) == pytest.approx(10, rel=1e-9)
    assert inception_score(np.full((50, 10), 0.1)) == pytest.approx(1, rel=1e-9)
    assert inception_score(np.eye(10)[np.zeros(20, int)]) == pytest.approx(1, rel=1e-9)
    p = RNG.dirichlet(np.ones(10), 300)
    by_scipy = np.exp(np.mean([entropy(row, p.mean(0)) for row in p]))
    assert inception_score(p) == pytest.approx(by_scipy, rel=1e-9)


def test_mode_coverage_of_a_perfect_sampler():
    """A perfect sampler of a 2-D mixture puts 1 - exp(-4.5) = 98.89 % within three deviations."""
    angles = 2 * np.pi * np.arange(8) / 8
    centers = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    n = 40_000
    x = centers[RNG.integers(8, size=n)] + 0.01 * RNG.standard_normal((n, 2))
    modes, good, reverse = mode_coverage(x, centers, 0.01)
    share = 1 - np.exp(-4.5)
    assert modes == 8
    assert abs(good - share) < 4 * (share * (1 - share) / n) ** 0.5
    assert abs(reverse - 7 / (2 * n)) < 4e-4


def test_mode_coverage_of_collapsed_and_lost_samplers():
    centers = np.array([[0.0, 0], [10, 0], [0, 10], [10, 10]])
    modes, good, reverse = mode_coverage(np.zeros((100, 2)), centers, 0.1)
    assert (modes, good) == (1, 1.0)
    assert reverse == pytest.approx(np.log(4))
    modes, good, reverse = mode_coverage(np.full((100, 2), 5.0), centers, 0.1)
    assert (modes, good) == (0, 0.0)
    assert np.isnan(reverse)
    half = np.concatenate([np.zeros((50, 2)), np.full((50, 2), 10.0)])
    assert mode_coverage(half, centers, 0.1)[2] == pytest.approx(np.log(2))


def test_nearest_neighbours_by_brute_force():
    q, p = RNG.standard_normal((30, 5)), RNG.standard_normal((80, 5))
    index, distance = nearest_neighbours(q, p)
    table = np.linalg.norm(q[:, None] - p[None], axis=2)
    np.testing.assert_array_equal(index, table.argmin(axis=1))
    np.testing.assert_allclose(distance, table.min(axis=1))
    assert nearest_neighbours(p[:3], p)[1].max() < 1e-9


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: frechet_distance(np.zeros((3, 2)), np.zeros((3, 4))),
            "features_a has 2 columns and features_b 4",
        ),
        (lambda: frechet_distance(np.zeros(3), np.zeros((3, 1))), r"features_a has shape \(3,\)"),
        (lambda: frechet_distance(np.zeros((1, 2)), np.zeros((3, 2))), "N >= 2"),
        (lambda: frechet_distance(np.full((3, 2), np.nan), np.zeros((3, 2))), "not finite"),
        (lambda: inception_score(RNG.standard_normal((5, 10))), "apply softmax"),
        (
            lambda: mode_coverage(np.zeros((3, 2)), np.zeros((3, 3)), 1.0),
            "samples have 2 coordinates",
        ),
        (lambda: mode_coverage(np.zeros((3, 2)), np.zeros((3, 2)), 0.0), "std is 0"),
        (lambda: nearest_neighbours(np.zeros((3, 2)), np.zeros((3, 3))), "queries have 2 columns"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
