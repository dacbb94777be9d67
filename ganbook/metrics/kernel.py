"""The kernel inception distance: a squared maximum mean discrepancy with a cubic kernel."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ganbook.metrics.arrays import blocks, feature_pair

__all__ = ["kid"]


def kid(features_a: ArrayLike, features_b: ArrayLike) -> float:
    r"""Unbiased estimate of the squared maximum mean discrepancy for a cubic polynomial kernel.

    With :math:`k(x, y) = (x^\top y / K + 1)^3`: the mean of k over pairs of different rows of a,
    plus the same for b, minus twice its mean over pairs of a row of a and one of b. Features have
    shapes (N, K) and (M, K), N, M >= 2. Its expectation is the same for every N and M; around
    equal laws it is below 0 as often as above. The kernel sees moments up to the third order and
    no more: laws that agree in these are at distance 0, so this is not a full discrepancy. Raises
    ``ValueError`` for other shapes or values that are not finite.

    Source: Binkowski et al. (2018), section 4 and equation 4 (there as a mean over subsets).
    """
    a, b = feature_pair(("features_a", "features_b"), features_a, features_b)
    within = [(_sum(x, x) - float(_kernel_of_itself(x).sum())) for x in (a, b)]
    n, m = len(a), len(b)
    return within[0] / (n * (n - 1)) + within[1] / (m * (m - 1)) - 2 * _sum(a, b) / (n * m)


def _sum(a: np.ndarray, b: np.ndarray) -> float:
    """Sum of k over all pairs, a block of rows at a time."""
    return sum(float(((a[part] @ b.T / a.shape[1] + 1.0) ** 3).sum()) for part in blocks(len(a)))


def _kernel_of_itself(x: np.ndarray) -> np.ndarray:
    return (np.einsum("nk,nk->n", x, x) / x.shape[1] + 1.0) ** 3
