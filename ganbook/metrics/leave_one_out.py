"""The nearest-neighbour two-sample test: is the nearest other point real or generated?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ganbook.metrics.arrays import blocks, feature_pair, squared_distances

__all__ = ["nearest_neighbour_accuracy"]


def nearest_neighbour_accuracy(features_real: ArrayLike, features_fake: ArrayLike) -> float:
    r"""How often the nearest other point, of both sets together, is from a point's own set.

    With N + M points :math:`w_i`, their sets :math:`s_i` and the nearest other points
    :math:`T_i` of each: :math:`\frac1{N+M} \sum_i \frac1{|T_i|} \sum_{j \in T_i} [s_j = s_i]`, so
    that a tie, up to rounding, counts with the share of its points. It is the accuracy of a
    classifier of one neighbour with each point left out in turn: all points are used twice, and
    nothing is drawn. Features have shapes (N, K) and (M, K), N, M >= 2; the value lies in [0, 1].
    Equal continuous laws give :math:`\frac{N(N-1) + M(M-1)}{(N+M)(N+M-1)}` on average, in any
    dimension: slightly below one half for N = M. Near 1 the sets are apart, and near 0 each point
    has a partner in the other set: the samples are copies. Raises ``ValueError`` for other shapes
    and values that are not finite.

    Source: Schilling (1986), with one neighbour; proposed for generators by Xu et al. (2018). The
    rule for ties is ours.
    """
    real, fake = feature_pair(("features_real", "features_fake"), features_real, features_fake)
    points = np.concatenate([real, fake]) - real.mean(axis=0)
    own, right = np.repeat([True, False], [len(real), len(fake)]), 0.0
    for part in blocks(len(points)):
        table, rounding = squared_distances(points[part], points)
        here = np.arange(len(table))
        table[here, here + part.start] = np.inf
        nearest = table <= (table + rounding).min(axis=1, keepdims=True)
        same = (nearest & (own[part, None] == own)).sum(axis=1)
        right += float((same / nearest.sum(axis=1)).sum())
    return right / len(points)
