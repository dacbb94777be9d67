"""The expected best of n trials against all subsets, its ends, and failures."""

from itertools import combinations

import numpy as np
import pytest

from ganbook.trials import expected_best


@pytest.mark.parametrize("seed", range(3))
def test_against_the_mean_over_all_subsets(seed):
    scores = np.random.default_rng(seed).normal(size=7)
    by_hand = [np.mean([min(part) for part in combinations(scores, n)]) for n in range(1, 8)]
    np.testing.assert_allclose(expected_best(scores), by_hand, rtol=1e-12, atol=1e-12)


def test_from_the_mean_to_the_least_and_never_up():
    scores = np.random.default_rng(3).exponential(size=40)
    best = expected_best(scores)
    assert best[0] == pytest.approx(scores.mean())
    assert best[-1] == pytest.approx(scores.min())
    assert (np.diff(best) < 0).all()
    np.testing.assert_allclose(expected_best(scores[::-1]), best)
    np.testing.assert_allclose(expected_best(3 * scores - 1), 3 * best - 1)


def test_with_replacement_would_be_higher():
    """Two trials, n = 2: without replacement the best is certain, with it only in 3 of 4 draws."""
    np.testing.assert_allclose(expected_best([0.0, 1.0]), [0.5, 0.0])


def test_a_failure_counts_as_its_price():
    for bad in (np.nan, np.inf, -np.inf):
        np.testing.assert_allclose(
            expected_best([1.0, bad, 2.0], failure=5.0), expected_best([1.0, 5.0, 2.0])
        )
    np.testing.assert_allclose(expected_best([np.nan, np.nan], failure=5.0), [5.0, 5.0])


@pytest.mark.parametrize(
    ("scores", "failure", "says"),
    [
        ([], None, "shape"),
        (np.zeros((2, 2)), None, "shape"),
        ([1.0, np.nan], None, "1 of 2 trials failed"),
        ([1.0, np.nan], np.inf, "finite"),
        ([1.0, 7.0, np.nan], 5.0, "at least as much"),
    ],
)
def test_refused(scores, failure, says):
    with pytest.raises(ValueError, match=says):
        expected_best(scores, failure)


def test_the_inputs_are_left_alone():
    scores = np.array([3.0, np.nan, 1.0])
    expected_best(scores, failure=4.0)
    np.testing.assert_array_equal(scores, [3.0, np.nan, 1.0])
