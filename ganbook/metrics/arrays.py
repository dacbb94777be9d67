"""What every metric asks of the arrays that it is given, and the distances between their rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["blocks", "feature_array", "feature_pair", "squared_distances", "whole_number"]

ROWS = 200  # of a table of distances at a time: 16 MB against 10,000 columns, near the cache
ROUNDING = 1e-12


def feature_array(name: str, values: ArrayLike, rows: int = 2) -> np.ndarray:
    """Return features, an array or a tensor on any device, as float64 of shape (N, K).

    Raises ``ValueError`` that names them for another number of axes, for fewer than ``rows`` rows
    or no column, and for values that are not finite.
    """
    if hasattr(values, "detach"):  # NumPy has no bfloat16
        values = values.detach().cpu()
        values = values.double() if values.is_floating_point() else values
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise ValueError(
            f"{name} holds {array.dtype}: expected real numbers, one row a sample and one column a "
            "feature"
        )
    array = array.astype(np.float64)
    if array.ndim != 2 or array.shape[0] < rows or array.shape[1] < 1:
        raise ValueError(
            f"{name} has shape {array.shape}: expected (N, K) with N >= {rows}, one row a sample"
        )
    if not np.isfinite(array).all():
        raise ValueError(
            f"{name} holds a value that is not finite: look at the samples before you score them"
        )
    return array


def feature_pair(
    names: tuple[str, str], a: ArrayLike, b: ArrayLike, rows: int = 2
) -> tuple[np.ndarray, np.ndarray]:
    """Return two sets of features from one network as float64, (N, K) and (M, K).

    Raises ``ValueError`` as `feature_array` does, and for two numbers of columns.
    """
    a, b = feature_array(names[0], a, rows), feature_array(names[1], b, rows)
    if a.shape[1] != b.shape[1]:
        raise ValueError(
            f"{names[0]} has {a.shape[1]} columns and {names[1]} {b.shape[1]}: both must come from "
            "one feature network"
        )
    return a, b


def whole_number(name: str, value: int, least: int, most: int, why: str) -> int:
    """Return a whole number; ``ValueError`` for one outside of [least, most], which says why."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool):
        raise ValueError(f"{name} is {value!r}: expected a whole number")
    if not least <= value <= most:
        raise ValueError(f"{name} is {value}: expected {least} to {most}, {why}")
    return int(value)


def blocks(n: int) -> Iterator[slice]:
    """Cut n rows into runs whose table of distances fits into memory."""
    return (slice(i, min(i + ROWS, n)) for i in range(0, n, ROWS))


def squared_distances(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return squared distances between rows, (N, M), and how far rounding may have moved each.

    By one matrix product, which is several times as fast as pair by pair and leaves equal rows
    some 1e-16 of their squared norms apart. Whoever compares distances adds the second table, so
    that equal rows are at distance 0 and ties stay ties. Pass rows with a mean near zero.
    """
    norms = np.einsum("nk,nk->n", a, a)[:, None] + np.einsum("nk,nk->n", b, b)[None, :]
    return np.maximum(norms - 2 * a @ b.T, 0.0), ROUNDING * norms
