"""The birthday test: how few pictures a generator knows, from the pairs that come twice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaincinv

from ganbook.metrics.arrays import blocks, feature_array, squared_distances

__all__ = ["Birthday", "birthday_chance", "birthday_draws", "birthday_estimate"]


@dataclass(frozen=True)
class Birthday:
    """How many of all pairs are the same, the size of a uniform support that would give as many,
    and the size that 95 % of the chances leave it above.
    """

    duplicates: int
    pairs: int
    support: float
    at_least: float


def birthday_estimate(samples: ArrayLike, threshold: float = 0.0) -> Birthday:
    r"""Estimate the size of a generator's support from the pairs of its samples that are the same.

    Two rows are the same if their Euclidean distance is at most ``threshold``. The share of such
    pairs is an unbiased estimate of :math:`\sum_i p_i^2`, and its inverse, ``support``, of a size
    that no support with these probabilities can be below: :math:`1 / \sum_i p_i^2 \le K`, with
    equality for the uniform law alone. So this bounds the true size from below; it cannot bound it
    from above. ``at_least`` takes the number of such pairs as a Poisson number, as it is for a
    uniform law. Samples have shape (N, K), pixels or features. Without a single such pair
    ``support`` is infinite and ``at_least`` says what N could have seen. Raises ``ValueError`` for
    other shapes, values that are not finite, and a threshold below 0.

    Source: Arora, Risteski and Zhang (2018), section 2 and theorem 1.
    """
    x = feature_array("samples", samples)
    if not 0 <= threshold < np.inf:
        raise ValueError(f"threshold is {threshold}: expected a distance of at least 0")
    x, found = x - x.mean(axis=0), 0
    for part in blocks(len(x)):
        table, rounding = squared_distances(x[part], x[part.start :])
        found += int(np.triu(table <= threshold**2 + rounding, 1).sum())
    pairs = len(x) * (len(x) - 1) // 2
    most = gammaincinv(found + 1, 0.95)
    return Birthday(found, pairs, pairs / found if found else np.inf, float(pairs / most))


def birthday_chance(support: int, draws: int) -> float:
    r"""Chance that some two of n uniform draws from K things are the same:
    :math:`1 - \prod_{i<n} (1 - i/K)`.

    1 for n above K. Raises ``ValueError`` for K below 1 or n below 0."""
    if support < 1 or draws < 0:
        raise ValueError(f"support is {support} and draws {draws}: expected at least 1 and 0")
    if draws > support:
        return 1.0
    return float(-np.expm1(np.log1p(-np.arange(draws) / support).sum()))


def birthday_draws(support: int, chance: float = 0.5) -> int:
    r"""Return the fewest uniform draws from K things among which two are the same with at least
    this chance.

    About :math:`\sqrt{2 K \log \frac1{1 - c}}`, 1.1774 times the root of K for one half. Raises
    ``ValueError`` for K below 1 or a chance outside of (0, 1)."""
    if support < 1 or not 0 < chance < 1:
        raise ValueError(
            f"support is {support} and chance {chance}: expected at least 1, and a number in (0, 1)"
        )
    low, high = 1, support + 1  # no pair, and a pair for certain
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if birthday_chance(support, middle) >= chance else (middle, high)
    return high
