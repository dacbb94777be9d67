"""What a random search reports: the best of n trials, in expectation."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["expected_best"]


def expected_best(scores: ArrayLike, failure: float | None = None) -> np.ndarray:
    r"""Return the expected least score among n of N finished trials, for n = 1 ... N.

    A subset of n trials is drawn *without replacement*. With scores sorted upwards, the least of a
    subset is the i-th with probability :math:`\binom{N-i}{n-1} / \binom{N}{n}`, so that

    .. math:: E_n = \sum_{i=1}^{N-n+1} s_{(i)} \binom{N-i}{n-1} \Big/ \binom{N}{n} .

    Scores have shape (N,), low is better; the result has shape (N,), in the unit of the scores, and
    never rises in n: from the mean (n = 1) to the least (n = N). A trial that failed is a score
    that is not finite: it counts as ``failure``, which the caller must give (the score of an
    untrained generator, say), because to leave failures out would reward them.

    Raises ``ValueError`` for scores that are not (N,) with N at least 1, for a failure without its
    price, and for a price below a score that was reached.

    Source: the idea of comparing models at equal numbers of trials, Lucic et al. (2018); the
    weights follow from counting subsets.
    """
    s = np.asarray(scores, dtype=float)
    if s.ndim != 1 or len(s) == 0:
        raise ValueError(f"scores have shape {s.shape}: expected (N,), one number per trial")
    failed = ~np.isfinite(s)
    if failed.any():
        if failure is None or not math.isfinite(failure):
            raise ValueError(
                f"{int(failed.sum())} of {len(s)} trials failed and failure is {failure}: give a finite "
                "score that a failure counts as"
            )
        if (s[~failed] > failure).any():
            raise ValueError(
                f"failure is {failure}, but a trial that finished scored {s[~failed].max()}: a failure "
                "must count at least as much as every score that was reached"
            )
        s = np.where(failed, failure, s)
    s = np.sort(s)
    total = len(s)
    best = np.empty(total)
    for n in range(1, total + 1):
        share = [math.comb(total - i, n - 1) / math.comb(total, n) for i in range(1, total + 1)]
        best[n - 1] = np.dot(share, s)
    return best
