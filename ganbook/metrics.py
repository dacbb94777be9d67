"""How good are the samples: distances between sets of features, and counts of modes.

Features are arrays of shape (N, K), one row a sample. Every value depends on the feature network
and on N: print the real-against-real floor beside it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ganbook.transport import bures_wasserstein

__all__ = ["frechet_distance", "inception_score", "mode_coverage", "nearest_neighbours"]


def frechet_distance(features_a: ArrayLike, features_b: ArrayLike) -> float:
    r"""Squared Wasserstein distance of order 2 between Gaussians fitted to two sets of features.

    :math:`\|m_a - m_b\|^2 + \mathrm{tr}(C_a + C_b - 2 (C_a^{1/2} C_b C_a^{1/2})^{1/2})` with sample
    means m and unbiased covariances C. Features have shapes (N, K) and (M, K), with N, M >= 2; the
    value is in squared feature units, at least 0, and 0 for two equal sets. It is biased upwards
    for finite N, so compare values at equal N only. Raises ``ValueError`` for other shapes or
    values that are not finite.

    Source: Heusel et al. (2017), equation 6.
    """
    a, b = _features("features_a", features_a), _features("features_b", features_b)
    if a.shape[1] != b.shape[1]:
        raise ValueError(
            f"features_a has {a.shape[1]} columns and features_b {b.shape[1]}: both must come from "
            "one feature network"
        )
    moments = [
        (f.mean(axis=0), np.cov(f, rowvar=False).reshape(f.shape[1], f.shape[1])) for f in (a, b)
    ]
    return float(bures_wasserstein(*moments[0], *moments[1]) ** 2)


def inception_score(probabilities: ArrayLike) -> float:
    r"""Exponential of the mean KL divergence from each sample's class probabilities to their mean.

    :math:`\exp \frac1N \sum_i \mathrm{KL}(p_i \| \bar p)`, between 1 (all samples alike, or none
    recognised) and K (every sample sure, all classes equally often). Probabilities have shape (N,
    K), rows summing to one. Raises ``ValueError`` otherwise.

    Source: Salimans et al. (2016), section 4.
    """
    p = _features("probabilities", probabilities)
    if (p < 0).any() or np.abs(p.sum(axis=1) - 1).max() > 1e-4:
        raise ValueError(
            "probabilities must be non-negative with rows that sum to one: apply softmax to the "
            "classifier's logits first"
        )
    mean = p.mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(p > 0, p * (np.log(p) - np.log(mean)), 0.0)
    return float(np.exp(terms.sum(axis=1).mean()))


def mode_coverage(samples: ArrayLike, centers: ArrayLike, std: float) -> tuple[int, float, float]:
    r"""Count the modes of a mixture that samples reach, the share that is close to one, and the
    reverse KL.

    A sample is of high quality if it lies within 3 std of its nearest center, and a mode counts if
    it has at least one such sample. The third value is :math:`\mathrm{KL}(\hat q \| u)` in nats,
    from the share of high-quality samples at each mode to the uniform law over modes (nan if there
    is none). Samples have shape (N, d), centers (K, d). Raises ``ValueError`` for other shapes, and
    std not above 0.

    Source: Srivastava et al. (2017), section 4.1; Lin et al. (2018), section 4.1.
    """
    x, c = _features("samples", samples, rows=1), _features("centers", centers, rows=1)
    if x.shape[1] != c.shape[1]:
        raise ValueError(
            f"samples have {x.shape[1]} coordinates and centers {c.shape[1]}: expected equal numbers"
        )
    if not std > 0:
        raise ValueError(
            f"std is {std}: expected a positive number, the standard deviation of each mode"
        )
    distance = np.linalg.norm(x[:, None, :] - c[None, :, :], axis=2)
    nearest = distance.argmin(axis=1)
    good = distance.min(axis=1) <= 3 * std
    counts = np.bincount(nearest[good], minlength=len(c))
    share = counts[counts > 0] / max(counts.sum(), 1)
    reverse = float((share * np.log(share * len(c))).sum()) if counts.sum() else float("nan")
    return int((counts > 0).sum()), float(good.mean()), reverse


def nearest_neighbours(queries: ArrayLike, pool: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """For each query, the index of and the Euclidean distance to the nearest row of the pool.

    Queries have shape (N, K), the pool (M, K), rows of pixels or features; returns two arrays of
    shape (N,). A sample that copies a training image has distance 0."""
    q, p = _features("queries", queries, rows=1), _features("pool", pool, rows=1)
    if q.shape[1] != p.shape[1]:
        raise ValueError(
            f"queries have {q.shape[1]} columns and the pool {p.shape[1]}: expected equal numbers"
        )
    lengths = np.einsum("nk,nk->n", p, p)  # without a second array of the pool's size
    index = (lengths - 2 * q @ p.T).argmin(axis=1)
    return index, np.linalg.norm(q - p[index], axis=1)


def _features(name: str, values: ArrayLike, rows: int = 2) -> np.ndarray:
    array = np.asarray(
        values.detach().cpu() if hasattr(values, "detach") else values, dtype=np.float64
    )
    if array.ndim != 2 or array.shape[0] < rows or array.shape[1] < 1:
        raise ValueError(
            f"{name} has shape {array.shape}: expected (N, K) with N >= {rows}, one row a sample"
        )
    if not np.isfinite(array).all():
        raise ValueError(
            f"{name} holds a value that is not finite: look at the samples before you score them"
        )
    return array
