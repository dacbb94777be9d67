"""Metrics between two samples: against oracles, slow versions, known answers; degenerate inputs."""

import inspect
import itertools
import math

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist
from scipy.special import logsumexp
from scipy.stats import chi2_contingency, multivariate_normal, norm
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KernelDensity, NearestNeighbors
from torchmetrics.image.kid import KernelInceptionDistance, poly_mmd

from ganbook import data, metrics
from ganbook.features import describe, extractor
from ganbook.metrics import (
    birthday_chance,
    birthday_draws,
    birthday_estimate,
    classifier_two_sample,
    density_coverage,
    frechet_distance,
    kid,
    ndb,
    nearest_neighbour_accuracy,
    parzen_bandwidth,
    parzen_log_likelihood,
    precision_recall,
)


def normal(n, k, seed, shift=0.0):
    return np.random.default_rng(seed).standard_normal((n, k)) + shift


def ring(n, rng, deviation=0.01):
    """Eight narrow modes on the unit circle: mean 0, covariance (1/2 + deviation^2) I."""
    angles = 2 * np.pi * rng.integers(8, size=n) / 8
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return points + deviation * rng.standard_normal((n, 2))


# kid


def test_kid_against_torchmetrics():
    a, b = normal(300, 7, 1), normal(300, 7, 2, shift=0.4)
    oracle = float(poly_mmd(torch.from_numpy(a), torch.from_numpy(b)))
    assert kid(a, b) == pytest.approx(oracle, rel=1e-9)


def test_kid_against_torchmetrics_through_the_books_classifier():
    class Net(torch.nn.Module):
        def forward(self, x):
            return describe(x)[0]

    rng = torch.Generator().manual_seed(0)
    a, b = (
        torch.randint(0, high, (60, 1, 28, 28), dtype=torch.uint8, generator=rng)
        for high in (256, 128)
    )
    oracle = KernelInceptionDistance(Net(), subsets=1, subset_size=60)
    oracle.update(a, real=True)
    oracle.update(b, real=False)
    assert kid(describe(a)[0], describe(b)[0]) == pytest.approx(
        float(oracle.compute()[0]), rel=1e-4
    )


def test_kid_of_unequal_sizes_by_loops():
    a, b = normal(5, 3, 3), normal(8, 3, 4, shift=1.0)

    def k(x, y):
        return (sum(p * q for p, q in zip(x, y, strict=True)) / 3 + 1) ** 3

    within = [np.mean([k(x, y) for x, y in itertools.permutations(s, 2)]) for s in (a, b)]
    between = np.mean([k(x, y) for x in a for y in b])
    assert kid(a, b) == pytest.approx(sum(within) - 2 * between, rel=1e-10)


def test_kid_has_no_bias():
    """The mean over 400 pairs of small samples is 0 for equal laws; that of all pairs would not be."""
    found = [kid(normal(10, 4, 2 * s), normal(10, 4, 2 * s + 1)) for s in range(400)]
    error = np.std(found) / 20
    assert abs(np.mean(found)) < 4 * error
    biased = (
        found
        + np.mean([np.mean((np.square(normal(10, 4, s)).sum(1) / 4 + 1) ** 3) for s in range(9)])
        / 5
    )
    assert np.mean(biased) > 10 * error


def test_kid_and_frechet_miss_what_coverage_and_a_classifier_see():
    """A ring, and the normal law of its mean and covariance: moments agree up to the third order."""
    rng = np.random.default_rng(5)
    real = ring(2000, rng)
    fake = rng.standard_normal((2000, 2)) * math.sqrt(0.5 + 1e-4)
    same = [(ring(2000, rng), ring(2000, rng)) for _ in range(6)]
    spread = np.std([kid(*pair) for pair in same])
    assert abs(kid(real, fake)) < 6 * spread
    assert frechet_distance(real, fake) < 0.01
    assert precision_recall(real, fake)[0] < 0.2
    assert density_coverage(real, fake)[1] < 0.5
    assert classifier_two_sample(real, fake).z > 10


# precision, recall, density, coverage


def slow_balls(real, fake, k):
    """Precision, recall, density, coverage by definition, one pair of points at a time."""

    def radius(i, points):
        return sorted(math.dist(points[i], p) for j, p in enumerate(points) if j != i)[k - 1]

    r_real = [radius(i, real) for i in range(len(real))]
    r_fake = [radius(j, fake) for j in range(len(fake))]
    hit = np.array(
        [[math.dist(x, y) <= r for y in fake] for x, r in zip(real, r_real, strict=True)]
    )
    back = np.array(
        [[math.dist(x, y) <= r for x in real] for y, r in zip(fake, r_fake, strict=True)]
    )
    return hit.any(0).mean(), back.any(0).mean(), hit.sum() / (k * len(fake)), hit.any(1).mean()


@pytest.mark.parametrize(
    ("n", "m", "k", "shift"), [(40, 30, 3, 0.5), (20, 50, 1, 0.0), (9, 8, 7, 1)]
)
def test_balls_by_loops(n, m, k, shift):
    real, fake = normal(n, 3, n), normal(m, 3, m, shift=shift)
    found = *precision_recall(real, fake, k), *density_coverage(real, fake, k)
    assert found == pytest.approx(slow_balls(real.tolist(), fake.tolist(), k), rel=1e-12)


def test_balls_in_several_blocks_against_scikit_learn():
    """2,500 rows are three blocks; neighbours by a tree, far from the origin."""
    real, fake = normal(2500, 4, 1, shift=1e3), normal(2200, 4, 2, shift=1e3 + 0.3)
    radii = [
        NearestNeighbors(n_neighbors=4, algorithm="kd_tree").fit(x).kneighbors(x)[0][:, 3]
        for x in (real, fake)
    ]
    table = cdist(real, fake)
    hit, back = table <= radii[0][:, None], table <= radii[1][None, :]
    found = precision_recall(real, fake, 3)
    assert found == pytest.approx((hit.any(0).mean(), back.any(1).mean()), rel=1e-12)
    found = density_coverage(real, fake, 3)
    assert found == pytest.approx((hit.sum() / (3 * 2200), hit.any(1).mean()), rel=1e-12)


@pytest.mark.parametrize(("d", "expected"), [(2, 0.995), (16, 0.873), (64, 0.723)])
def test_floors_of_equal_laws(d, expected):
    """Precision falls with the dimension; density and coverage have a floor that is known."""
    found = np.array(
        [
            (*precision_recall(a, b, 5), *density_coverage(a, b, 5))
            for a, b in ((normal(1000, d, s), normal(1000, d, s + 50)) for s in range(3))
        ]
    )
    precision, recall, density, coverage = found.mean(axis=0)
    assert precision == pytest.approx(expected, abs=0.02)
    assert recall == pytest.approx(expected, abs=0.02)
    assert density == pytest.approx(1, abs=0.1)
    exact = 1 - math.prod((1000 - i) / (2000 - i) for i in range(1, 6))
    assert exact == pytest.approx(1 - 2**-5, abs=1e-3)
    assert coverage == pytest.approx(exact, abs=0.012)


@pytest.mark.parametrize("shift", [0.0, 1e4])
def test_a_perfect_copy_of_repeated_points_is_perfect(shift):
    """Each real point six times has balls of radius zero; a strict comparison scores 0, 0, 0, 0."""
    points = np.repeat(normal(50, 16, 1, shift=shift), 6, axis=0)
    assert precision_recall(points, points, 5) == (1.0, 1.0)
    density, coverage = density_coverage(points, points, 5)
    assert coverage == 1.0 and density == pytest.approx(6 / 5)
    elsewhere = points + 0.5
    assert precision_recall(points, elsewhere, 5) == (0.0, 0.0)
    assert density_coverage(points, elsewhere, 5) == (0.0, 0.0)


def test_all_samples_the_same():
    same = np.ones((20, 3))
    assert precision_recall(same, same) == (1.0, 1.0)
    assert density_coverage(same, same, 5)[1] == 1.0
    assert kid(same, same) == pytest.approx(0, abs=1e-9)


def test_one_outlier_moves_precision_and_not_density():
    rng = np.random.default_rng(3)
    real = np.concatenate([rng.standard_normal((999, 2)), [[50.0, 50.0]]])
    near = np.array([50.0, 50.0]) + rng.standard_normal((500, 2))
    fake = np.concatenate([rng.standard_normal((500, 2)), near])
    assert precision_recall(real, fake, 5)[0] > 0.98
    assert density_coverage(real, fake, 5)[0] == pytest.approx(0.59, abs=0.05)


def test_lost_mode_and_junk_are_told_apart():
    rng = np.random.default_rng(4)
    real = np.concatenate([rng.standard_normal((300, 2)), rng.standard_normal((300, 2)) + 20])
    lost = rng.standard_normal((600, 2))
    precision, recall = precision_recall(real, lost)
    assert precision > 0.9 and 0.4 < recall < 0.52
    junk = np.concatenate([real[::2], rng.uniform(100, 200, (300, 2))])
    precision, recall = precision_recall(real, junk)
    assert precision == pytest.approx(0.5, abs=0.01) and recall > 0.9


# ndb


def test_ndb_against_scipys_test_of_two_shares():
    real, fake = normal(900, 2, 1), normal(700, 2, 2, shift=0.3)
    found = ndb(real, fake, bins=12)
    for p, q, z in zip(found.real, found.fake, found.z, strict=True):
        table = [[900 * p, 900 * (1 - p)], [700 * q, 700 * (1 - q)]]
        assert z**2 == pytest.approx(chi2_contingency(table, correction=False).statistic, rel=1e-9)
        assert np.sign(z) == np.sign(p - q)
    middle = (found.real + found.fake) / 2
    entropy = [-(s[s > 0] * np.log(s[s > 0])).sum() for s in (middle, found.real, found.fake)]
    assert found.js == pytest.approx(entropy[0] - (entropy[1] + entropy[2]) / 2, rel=1e-9)
    assert found.different == sum(abs(z) > 1.96 for z in found.z)
    assert found.real.sum() == pytest.approx(1) and found.fake.sum() == pytest.approx(1)


def test_ndb_floor_lost_mode_and_threshold():
    rng = np.random.default_rng(1)
    real, fresh = ring(8000, rng), ring(4000, rng)
    lost = fresh[fresh[:, 0] < 0.9]
    at = {z: ndb(real, fresh, 20, threshold=z) for z in (1.96, 3, 4)}
    assert at[4].different <= at[3].different <= at[1.96].different <= 5
    floor = 19 / 8 * (1 / 8000 + 1 / 4000)
    assert 0.4 * floor < at[3].js < 2.5 * floor
    found = ndb(real, lost, 20, threshold=4)
    empty = found.fake == 0
    assert found.real[empty].sum() == pytest.approx(1 / 8, abs=0.015), "the cells of the lost mode"
    assert (found.z[empty] > 4).all() and found.different >= empty.sum() >= 1
    assert ndb(real, lost, 20).js > 20 * floor
    np.testing.assert_array_equal(ndb(real, lost, 20).z, ndb(real, lost, 20, 3.0).z)
    assert not np.array_equal(ndb(real, lost, 20, seed=1).z, ndb(real, lost, 20).z)


def test_ndb_of_one_sample_with_itself():
    x = normal(100, 3, 1)
    found = ndb(x, x, 10)
    assert found.different == 0 and found.js == pytest.approx(0, abs=1e-15)
    assert not found.z.any()


# classifier two-sample test


def test_two_sample_by_a_slow_vote():
    real, fake = normal(40, 2, 1), normal(40, 2, 2, shift=0.8)
    found = classifier_two_sample(real, fake, seed=3)
    rng = np.random.default_rng(3)
    parts = [x[rng.permutation(40)] for x in (real, fake)]
    train = [(x, side) for side, part in zip((1, 0), parts, strict=True) for x in part[:20]]
    right = 0
    for side, part in zip((1, 0), parts, strict=True):
        for x in part[20:]:
            votes = [s for _, s in sorted((math.dist(x, t), s) for t, s in train)[:7]]
            right += (sum(votes) > 3.5) == side
    assert found.accuracy == right / 40 and found.held_out == 40
    assert found.z == pytest.approx((right / 40 - 0.5) * 2 * math.sqrt(40))
    assert found.p_value == pytest.approx(norm.sf(found.z))


def test_two_sample_of_equal_laws_has_its_size():
    """Of 200 tests of equal laws about 5 % fall below .05."""
    found = [classifier_two_sample(normal(60, 2, s), normal(60, 2, s + 500)) for s in range(200)]
    share = np.mean([t.p_value < 0.05 for t in found])
    assert share < 0.05 + 4 * math.sqrt(0.05 * 0.95 / 200)
    assert abs(np.mean([t.accuracy for t in found]) - 0.5) < 4 * 0.5 / math.sqrt(200 * 60)


def test_two_sample_of_far_laws_and_with_another_classifier():
    real, fake = normal(100, 2, 1), normal(100, 2, 2, shift=10)
    for classifier in (None, LogisticRegression()):
        found = classifier_two_sample(real, fake, classifier)
        assert found.accuracy == 1.0 and found.z == pytest.approx(10) and found.p_value < 1e-20
    rng = np.random.default_rng(0)
    linear = classifier_two_sample(ring(2000, rng), 0.7 * normal(2000, 2, 1), LogisticRegression())
    assert abs(linear.z) < 4, "a line sees no difference of two centred laws"


# the nearest other point


def test_nearest_neighbour_accuracy_by_scikit_learn_and_by_loops():
    """One neighbour of scikit-learn where there are no ties; whole numbers, full of ties, by hand."""
    for seed, (n, m) in enumerate([(250, 190), (3, 30), (2, 2)]):
        a, b = normal(n, 3, seed), normal(m, 3, seed + 50, shift=0.7)
        points, own = np.concatenate([a, b]) + 1e3, np.repeat([1, 0], [n, m])
        (neighbour,) = NearestNeighbors(n_neighbors=1).fit(points).kneighbors(None, 1, False).T
        assert nearest_neighbour_accuracy(a + 1e3, b + 1e3) == (own[neighbour] == own).mean()
    rng = np.random.default_rng(0)
    for _ in range(20):
        a, b = rng.integers(4, size=(6, 2)) * 0.1, rng.integers(4, size=(9, 2)) * 0.1
        points, right = [(p, s) for s, x in enumerate((a, b)) for p in x], 0.0
        for i, (p, s) in enumerate(points):
            far = [(round(math.dist(p, q), 9), t) for j, (q, t) in enumerate(points) if j != i]
            tied = [t for d, t in far if d == min(far)[0]]
            right += tied.count(s) / len(tied) / 15
        assert nearest_neighbour_accuracy(a, b) == pytest.approx(right, abs=1e-12)


def test_nearest_neighbour_accuracy_of_equal_laws_copies_and_far_laws():
    """(N (N - 1) + M (M - 1)) / ((N + M) (N + M - 1)) on average; 0 for a copy, 1 far away."""
    for d, n, m in ((2, 5, 5), (16, 3, 9)):
        found = [
            nearest_neighbour_accuracy(normal(n, d, s), normal(m, d, s + 5000)) for s in range(1500)
        ]
        exact = (n * (n - 1) + m * (m - 1)) / ((n + m) * (n + m - 1))
        assert abs(np.mean(found) - exact) < 4 * np.std(found) / math.sqrt(1500) < 0.03
    x = normal(30, 2, 1)
    assert nearest_neighbour_accuracy(x, x[::-1]) == 0.0
    assert nearest_neighbour_accuracy(x, x + 100) == 1.0
    assert nearest_neighbour_accuracy(np.zeros((2, 2)), np.zeros((2, 2))) == pytest.approx(1 / 3)


# parzen


def test_parzen_against_scikit_learn_and_scipy():
    samples, test = normal(1500, 5, 1), normal(1200, 5, 2, shift=0.5)
    mean, error = parzen_log_likelihood(samples, test, 0.3)
    scores = KernelDensity(bandwidth=0.3).fit(samples).score_samples(test)  # to 1e-8, by a tree
    assert mean == pytest.approx(scores.mean(), rel=1e-7)
    assert error == pytest.approx(scores.std(ddof=1) / math.sqrt(1200), rel=1e-7)
    kernels = cdist(test, samples) ** 2 / (-2 * 0.09)
    exact = logsumexp(kernels, axis=1) - math.log(1500) - 2.5 * math.log(2 * math.pi * 0.09)
    assert mean == pytest.approx(exact.mean(), rel=1e-12)
    slow = np.mean(
        [
            np.log(np.mean([multivariate_normal.pdf(x, y, 0.49) for y in samples[:30]]))
            for x in test[:20]
        ]
    )
    assert parzen_log_likelihood(samples[:30], test[:20], 0.7)[0] == pytest.approx(slow, rel=1e-9)


def test_parzen_known_answers():
    """One kernel on one point; and another scale of the pixels adds -d log s."""
    mean, error = parzen_log_likelihood(np.zeros((1, 3)), np.zeros((1, 3)), 2.0)
    assert mean == pytest.approx(-1.5 * math.log(2 * math.pi * 4)) and error == 0
    samples, test = normal(50, 4, 1), normal(30, 4, 2)
    a, b = (parzen_log_likelihood(s * samples, s * test, s * 0.4)[0] for s in (1.0, 255.0))
    assert b == pytest.approx(a - 4 * math.log(255), rel=1e-10)
    far = parzen_log_likelihood(samples, test + 1e3, 0.1)[0]
    assert np.isfinite(far) and far < -1e7, "no underflow to log 0"


def test_parzen_prefers_the_centres_of_clusters_to_the_law():
    """A worse model scores higher: one point a mode beats fresh samples of the truth."""
    rng = np.random.default_rng(0)
    centres = 4 * rng.standard_normal((10, 50))

    def draw(n):
        return centres[rng.integers(10, size=n)] + 0.5 * rng.standard_normal((n, 50))

    truth, validation, test = draw(500), draw(300), draw(300)
    scores = {}
    for name, samples in (("truth", truth), ("centres", centres)):
        sigma = parzen_bandwidth(samples, validation, (0.2, 0.35, 0.5, 0.7, 1.0))
        scores[name] = parzen_log_likelihood(samples, test, sigma)[0]
    assert scores["centres"] > scores["truth"] + 5


def test_bandwidth_is_the_best_of_those_given():
    samples, validation = normal(200, 3, 1), normal(200, 3, 2)
    sigmas = (0.05, 0.3, 0.5, 2.0)
    values = [parzen_log_likelihood(samples, validation, s)[0] for s in sigmas]
    assert parzen_bandwidth(samples, validation, sigmas) == sigmas[int(np.argmax(values))]


# birthday


@pytest.mark.parametrize(
    ("support", "draws"), [(365, 23), (10**3, 38), (10**4, 119), (10**6, 1178)]
)
def test_birthday_draws_known_answers(support, draws):
    assert birthday_draws(support) == draws
    assert birthday_chance(support, draws) >= 0.5 > birthday_chance(support, draws - 1)
    assert draws == math.ceil(math.sqrt(2 * support * math.log(2)) + (3 - 2 * math.log(2)) / 6)


def test_birthday_chance_by_a_product_and_at_its_ends():
    assert birthday_chance(365, 23) == pytest.approx(0.507297, abs=1e-6)
    slow = 1 - math.prod(1 - i / 50 for i in range(9))
    assert birthday_chance(50, 9) == pytest.approx(slow, rel=1e-12)
    assert (birthday_chance(9, 10), birthday_chance(9, 1), birthday_chance(9, 0)) == (1, 0, 0)
    assert birthday_draws(1) == 2 and birthday_draws(10, 1 - 1e-9) == 11


def test_birthday_of_a_uniform_support():
    rng = np.random.default_rng(0)
    pictures = rng.standard_normal((400, 6))
    index = rng.integers(400, size=2500)
    found = birthday_estimate(pictures[index])
    counts = np.bincount(index)
    assert found.duplicates == (counts * (counts - 1) // 2).sum(), "pairs across blocks as well"
    assert found.pairs == 2500 * 2499 // 2
    assert found.support == pytest.approx(400, rel=0.06)
    assert 350 < found.at_least < found.support


def test_birthday_of_an_uneven_support_is_a_lower_bound():
    p = np.concatenate([np.full(10, 0.05), np.full(10_000, 0.5 / 10_000)])
    index = np.random.default_rng(1).choice(len(p), size=2000, p=p)
    found = birthday_estimate(index[:, None].astype(float))
    assert found.support == pytest.approx(1 / (p**2).sum(), rel=0.1)
    assert found.support < 50 < 10_010


def test_birthday_threshold_and_no_duplicates():
    x = np.array([[0.0, 0], [3, 4], [100, 0]])
    assert [birthday_estimate(x, t).duplicates for t in (0, 4.99, 5.0, 1000)] == [0, 0, 1, 3]
    none = birthday_estimate(normal(100, 3, 1))
    assert none.duplicates == 0 and none.support == np.inf
    assert none.at_least == pytest.approx(4950 / -math.log(0.05), rel=1e-9)
    shifted = np.repeat(normal(5, 30, 2, shift=1e3), 2, axis=0)
    assert birthday_estimate(shifted).duplicates == 5


# all


def test_digits_of_one_law_and_of_another():
    """Two halves of scikit-learn's digits are near each other by each metric; those with no nines
    are not.
    """
    look = extractor("pixels")
    both = data.digits()
    both = both[torch.randperm(len(both), generator=torch.Generator().manual_seed(0))]
    a, b = both[:850], both[850:1700]
    lost = b[b.y < 5]
    real, fresh, fake = (look(part.x) for part in (a, b, lost))
    for metric in (kid, frechet_distance):
        assert metric(real, fake) > 5 * abs(metric(real, fresh))
    assert density_coverage(real, fake)[1] < 0.7 < 0.9 < density_coverage(real, fresh)[1]
    assert precision_recall(real, fake)[1] < precision_recall(real, fresh)[1] - 0.1
    assert ndb(real, fake, 20).js > 5 * ndb(real, fresh, 20).js
    assert classifier_two_sample(real, fresh).p_value > 0.01
    assert classifier_two_sample(real[: len(fake)], fake).p_value < 1e-6


TWO = {
    "kid": kid,
    "frechet": frechet_distance,
    "precision": precision_recall,
    "density": density_coverage,
    "ndb": lambda a, b: ndb(a, b, 2),
    "classifier": classifier_two_sample,
    "neighbour": nearest_neighbour_accuracy,
    "parzen": lambda a, b: parzen_log_likelihood(a, b, 1.0),
}


def test_every_metric_of_two_sets_of_features_is_in_the_table():
    """Read from the names of its first two arguments, ``features_...``."""
    there = set().union(
        *({f.__name__} if f.__name__ != "<lambda>" else f.__code__.co_names for f in TWO.values())
    )
    for name in (name for name in metrics.__all__ if name[0].islower()):
        first = list(inspect.signature(getattr(metrics, name)).parameters)[:2]
        if len(first) == 2 and all(p.startswith("features_") for p in first):
            assert name in there, f"{name} takes two sets of features: add it to TWO above"


@pytest.mark.parametrize("name", TWO)
def test_what_no_metric_takes(name):
    metric, x = TWO[name], normal(12, 3, 1)
    for a, b, message in (
        (x, x[:, :2], "has 3 columns and .* 2: both must come from one feature network"),
        (x[:, 0], x, r"has shape \(12,\)"),
        (x, x[:0], r"has shape \(0, 3\)"),
        (x, np.where(x > 1, np.nan, x), "not finite"),
        (np.where(x > 1, np.inf, x), x, "not finite"),
    ):
        with pytest.raises(ValueError, match=message):
            metric(a, b)


@pytest.mark.parametrize("name", TWO)
def test_tensors_and_arrays_agree(name):
    a, b = normal(12, 3, 1), normal(12, 3, 2)
    found, again = TWO[name](a, b), TWO[name](torch.from_numpy(a).requires_grad_(), b.tolist())
    assert repr(found) == repr(again)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: kid(x[:1], x), "N >= 2"),
        (lambda x: precision_recall(x, x, 0), "k is 0: expected 1 to 11, for the 12 rows"),
        (
            lambda x: precision_recall(x, x[:3], 3),
            "k is 3: expected 1 to 2, for the 3 rows of feat",
        ),
        (lambda x: precision_recall(x, x, 2.5), "k is 2.5: expected a whole number"),
        (lambda x: density_coverage(x, x, 12), "k is 12: expected 1 to 11"),
        (lambda x: density_coverage(x, x, True), "k is True"),
        (lambda x: ndb(x, x, 1), "bins is 1: expected 2 to 12"),
        (lambda x: ndb(x, x, 13), "bins is 13: .* has 12 different rows"),
        (lambda x: ndb(np.ones((9, 2)), np.ones((9, 2)), 2), "has 1 different rows"),
        (lambda x: ndb(x, x, 3, threshold=0), "threshold is 0"),
        (
            lambda x: classifier_two_sample(x, x[:8]),
            "12 rows and features_fake 8: expected as many",
        ),
        (lambda x: classifier_two_sample(x[:3], x[:3]), "N >= 4"),
        (lambda x: parzen_log_likelihood(x, x, 0), "sigma is 0"),
        (lambda x: parzen_log_likelihood(x, x, float("nan")), "sigma is nan"),
        (lambda x: parzen_bandwidth(x, x, []), "sigmas is empty"),
        (lambda x: birthday_estimate(x, -1), "threshold is -1"),
        (lambda x: birthday_estimate(x, float("nan")), "threshold is nan"),
        (lambda x: birthday_chance(0, 3), "support is 0"),
        (lambda x: birthday_draws(10, 1.0), "chance 1.0"),
    ],
)
def test_clear_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call(normal(12, 3, 1))
