"""The Fréchet distance between two sets of features."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ganbook.metrics.arrays import feature_pair
from ganbook.transport import bures_wasserstein

__all__ = ["frechet_distance"]


def frechet_distance(features_a: ArrayLike, features_b: ArrayLike) -> float:
    r"""Squared Wasserstein distance of order 2 between Gaussians fitted to two sets of features.

    :math:`\|m_a - m_b\|^2 + \mathrm{tr}(C_a + C_b - 2 (C_a^{1/2} C_b C_a^{1/2})^{1/2})` with sample
    means m and unbiased covariances C. Features have shapes (N, K) and (M, K), with N, M >= 2; the
    value is in squared feature units, at least 0, and 0 for two equal sets. It is biased upwards
    for finite N, so compare values at equal N only. Raises ``ValueError`` for other shapes or
    values that are not finite.

    Source: Heusel et al. (2017), equation 6.
    """
    a, b = feature_pair(("features_a", "features_b"), features_a, features_b)
    moments = [
        (f.mean(axis=0), np.cov(f, rowvar=False).reshape(f.shape[1], f.shape[1])) for f in (a, b)
    ]
    return float(bures_wasserstein(*moments[0], *moments[1]) ** 2)
