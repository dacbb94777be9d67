"""Density and coverage: precision and recall that one outlier does not move."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ganbook.metrics.arrays import feature_pair
from ganbook.metrics.balls import inside, squared_radii

__all__ = ["density_coverage"]


def density_coverage(
    features_real: ArrayLike, features_fake: ArrayLike, k: int = 5
) -> tuple[float, float]:
    r"""How many real samples' balls a generated sample lies in, over k, and the share of the balls
    that hold one.

    Balls are around real samples alone and reach to the k-th nearest other real sample, rim
    included: :math:`\mathrm{density} = \frac1{kM} \sum_{j,i} [y_j \in B_i]` and
    :math:`\mathrm{coverage} = \frac1N \sum_i [\exists j: y_j \in B_i]`. Features have shapes (N, K)
    and (M, K). Density is at least 0 and 1 on average for equal laws; coverage lies in [0, 1] and
    is :math:`1 - \frac{(N-1) \cdots (N-k)}{(M+N-1) \cdots (M+N-k)}` on average for equal continuous
    laws, near :math:`1 - 2^{-k}` for N = M, in any dimension. Raises ``ValueError`` for other
    shapes, values that are not finite, and k outside of [1, N - 1].

    Source: Naeem et al. (2020), equations 3 and 4 and section 3.3; the rim is ours.
    """
    real, fake = feature_pair(("features_real", "features_fake"), features_real, features_fake, 1)
    real, fake = (x - real.mean(axis=0) for x in (real, fake))
    squared, hits, reached = squared_radii("features_real", real, k), 0, np.zeros(len(real), bool)
    for _, table in inside(fake, real, squared):
        hits += int(table.sum())
        reached |= table.any(axis=0)
    return hits / (k * len(fake)), float(reached.mean())
