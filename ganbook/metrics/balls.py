"""Balls around samples that reach to the k-th neighbour: a picture of a law's support, made of its
own samples.

A point on the rim counts as inside. With a strict comparison the balls of repeated samples, of
radius zero, would not even hold their own centre, and a perfect copy would score zero."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ganbook.metrics.arrays import blocks, squared_distances, whole_number

__all__ = ["inside", "squared_radii"]


def squared_radii(name: str, x: np.ndarray, k: int) -> np.ndarray:
    """Return each row's squared distance to its k-th nearest other row, of shape (N,).

    Raises ``ValueError`` for k below 1 or above N - 1.
    """
    why = f"for the {len(x)} rows of {name} have {len(x) - 1} neighbours each"
    k = whole_number("k", k, 1, len(x) - 1, why)
    found = []
    for part in blocks(len(x)):
        table, _ = squared_distances(x[part], x)
        table[np.arange(len(table)), np.arange(part.start, part.stop)] = np.inf
        found.append(np.partition(table, k - 1, axis=1)[:, k - 1])
    return np.concatenate(found)


def inside(
    points: np.ndarray, centers: np.ndarray, squared: np.ndarray
) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield for runs of points whether each lies in each ball: a slice of the N points, and a table
    of truth values (its length, M).
    """
    for part in blocks(len(points)):
        table, rounding = squared_distances(points[part], centers)
        yield part, table <= squared[None, :] + rounding
