"""Nearest neighbours: is a sample a copy of a training picture?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ganbook.metrics.arrays import feature_array

__all__ = ["nearest_neighbours"]


def nearest_neighbours(queries: ArrayLike, pool: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """For each query, the index of and the Euclidean distance to the nearest row of the pool.

    Queries have shape (N, K), the pool (M, K), rows of pixels or features; returns two arrays of
    shape (N,). A sample that copies a training image has distance 0."""
    q, p = feature_array("queries", queries, rows=1), feature_array("pool", pool, rows=1)
    if q.shape[1] != p.shape[1]:
        raise ValueError(
            f"queries have {q.shape[1]} columns and the pool {p.shape[1]}: expected equal numbers"
        )
    lengths = np.einsum("nk,nk->n", p, p)  # without a second array of the pool's size
    index = (lengths - 2 * q @ p.T).argmin(axis=1)
    return index, np.linalg.norm(q - p[index], axis=1)
