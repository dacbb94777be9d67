"""Checks of what the transport functions are given: arrays, weights, costs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

MASS_TOLERANCE = 1e-6  # float32 weights of a few thousand atoms sum to one within this


class ConvergenceError(RuntimeError):
    """Raised when an iterative solver stops short of its tolerance."""


def as_array(value: Any, name: str, ndim: int) -> Array:
    """Value as a finite, non-empty float64 array with ndim axes; ValueError otherwise."""
    if hasattr(value, "detach"):  # a torch tensor, on any device
        value = value.detach().cpu()
        value = value.resolve_conj() if value.is_complex() else value.double()
        value = value.numpy()
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "biuf":
            raise TypeError
        array = array.astype(np.float64)
    except (TypeError, ValueError):
        kind = getattr(value, "dtype", type(value).__name__)
        raise ValueError(
            f"{name} holds {kind}; expected real numbers in one array without gaps: convert it first."
        ) from None
    if array.ndim != ndim or array.size == 0:
        shape = ("(n,)", "(n, d)")[ndim - 1]
        raise ValueError(
            f"{name} has shape {array.shape}; expected a non-empty array of shape {shape}."
        )
    if not np.isfinite(array).all():
        raise ValueError(
            f"{name} holds NaN or infinite values; expected finite ones: look where they arise."
        )
    return array


def problem(a: ArrayLike, b: ArrayLike, cost: ArrayLike) -> tuple[Array, Array, Array]:
    """Weights a (n,) and b (m,), each summing to one, and a cost (n, m); ValueError otherwise."""
    a, b, cost = weights(a, "a"), weights(b, "b"), as_array(cost, "cost", ndim=2)
    if cost.shape != (len(a), len(b)):
        raise ValueError(
            f"cost has shape {cost.shape}; expected (len(a), len(b)) = ({len(a)}, {len(b)}), rows for a: "
            "check which sample runs down the rows."
        )
    return a, b, cost


def weights(value: ArrayLike, name: str) -> Array:
    """Probability vector (n,), its sum made one to the last bit; ValueError if it is none."""
    masses = as_array(value, name, ndim=1)
    if masses.min() < 0 or abs(masses.sum() - 1) > MASS_TOLERANCE:
        raise ValueError(
            f"{name} has sum {masses.sum():.9g} and smallest entry {masses.min():g}; expected "
            "non-negative weights that sum to one: divide by the sum."
        )
    return masses / masses.sum()


def cost_range(cost: Array) -> tuple[float, float]:
    """Smallest entry, and the spread of the entries (1 for a constant cost); ValueError for a
    spread beyond float64.
    """
    with np.errstate(over="ignore"):
        low, width = float(cost.min()), float(np.ptp(cost))
    if not np.isfinite(width):
        raise ValueError(
            f"cost runs from {low:g} to {cost.max():g}, further apart than float64 holds; expected "
            "a spread below 1.8e308: use a larger unit."
        )
    return low, width if width > 0 else 1.0
