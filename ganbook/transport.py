"""Optimal transport: the price of turning one heap of mass into another.

Six routes to one idea: sorted samples on a line, the linear program, its dual, the entropic
relaxation, the closed form between Gaussians, and the average over one-dimensional shadows.
Every function takes NumPy arrays or torch tensors, works in float64 and returns floats and
NumPy arrays. Costs and distances are in the units of the data (squared where the cost is).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ganbook.arrays import Array, ConvergenceError, as_array, problem
from ganbook.entropic import sinkhorn
from ganbook.transport_programs import dual, primal, solve_to_gap

__all__ = [
    "ConvergenceError",
    "bures_wasserstein",
    "kantorovich_potentials",
    "sinkhorn",
    "sliced",
    "transport_plan",
    "wasserstein_1d",
]

PSD_TOLERANCE = 1e-6  # negative eigenvalues up to this share of the largest entry are rounding


def wasserstein_1d(x: ArrayLike, y: ArrayLike, p: float = 1) -> float:
    """Wasserstein distance of order p between two samples on a line, of any two sizes.

    W_p = (integral over u in (0, 1) of |F^-1(u) - G^-1(u)|^p)^(1/p), where F^-1 and G^-1 are
    the samples' quantile functions: step functions, so that the integral is a finite sum. Note
    the root: for p = 2 this is W2, not its square.

    Shapes: x (n,), y (m,). Units: those of x. Cost: O(n log n + m log m).
    Raises ValueError for an empty, non-finite or not one-dimensional sample, and for p < 1.
    Source: Peyre and Cuturi 2019, Computational Optimal Transport, remark 2.30.
    """
    x, y, unit = _in_units(as_array(x, "x", ndim=1), as_array(y, "y", ndim=1))
    x, y = np.sort(x)[:, None], np.sort(y)[:, None]
    return unit * float(_quantile_distance(x, y, _order(p))[0])


def sliced(
    x: ArrayLike,
    y: ArrayLike,
    n_projections: int = 128,
    p: float = 1,
    generator: np.random.Generator | int = 0,
    directions: ArrayLike | None = None,
) -> float:
    """Sliced Wasserstein distance of order p: an average over the samples' one-dimensional shadows.

    SW_p = (mean over unit vectors v of W_p(<v, x>, <v, y>)^p)^(1/p). The directions are drawn
    uniformly from the sphere, or given. Directions given are scaled to length one.

    Shapes: x (n, d), y (m, d), directions (k, d). Units: those of x. SW_p <= W_p. In one
    dimension the two are equal. Error of the average: O(1 / sqrt(n_projections)).
    Raises ValueError for samples that are empty, not finite or of different dimension, for
    p < 1, for n_projections < 1, and for a direction of length zero.
    Source: Rabin, Peyre, Delon and Bernot 2012, Wasserstein barycenter and its application to
    texture mixing, section 3; Bonneel et al. 2015.
    """
    x, y, p = as_array(x, "x", ndim=2), as_array(y, "y", ndim=2), _order(p)
    if x.shape[1] != y.shape[1]:
        raise ValueError(
            f"x has shape {x.shape} and y {y.shape}; expected points of one dimension: "
            "give both as (number of points, d) with the same d."
        )
    if directions is None:
        if (
            isinstance(n_projections, bool)
            or int(n_projections) != n_projections
            or n_projections < 1
        ):
            raise ValueError(
                f"n_projections is {n_projections!r}; expected a whole number of at least 1."
            )
        directions = np.random.default_rng(generator).standard_normal(
            (int(n_projections), x.shape[1])
        )
    v = as_array(directions, "directions", ndim=2)
    v = v / np.maximum(np.abs(v).max(axis=1, keepdims=True), np.finfo(float).tiny)
    lengths = np.linalg.norm(v, axis=1, keepdims=True)
    if v.shape[1] != x.shape[1] or not lengths.all():
        raise ValueError(
            f"directions has shape {v.shape} and shortest length {lengths.min():g}; expected "
            f"(k, {x.shape[1]}) with no zero row: give one non-zero vector a row."
        )
    v = v / lengths
    x, y, unit = _in_units(x, y)
    shadows = _quantile_distance(np.sort(x @ v.T, axis=0), np.sort(y @ v.T, axis=0), p)
    return unit * float(_root_mean_power(shadows, np.full(len(v), 1 / len(v)), p))


def transport_plan(a: ArrayLike, b: ArrayLike, cost: ArrayLike) -> tuple[float, Array]:
    """Cheapest plan that carries the weights a to the weights b, as a linear program.

    value = min over P >= 0 of sum_ij P_ij cost_ij, with row sums P 1 = a and column sums
    P^T 1 = b. Returns (value, P). With cost_ij = |x_i - y_j| the value is W1; with squared
    distances it is W2 squared (take the root yourself).

    Shapes: a (n,), b (m,), cost (n, m), P (n, m). Units: those of cost.
    Growth: n * m unknowns, n + m constraints, two non-zeros an unknown; HiGHS's dual simplex
    takes about n^3 operations and O(n * m) memory. With n = m and points in the plane: 0.1 s at
    100, 0.5 s at 200, 1 to 2.5 s at 300, 8 s at 600 (one core). For two equal-weight samples of
    one size, scipy.optimize.linear_sum_assignment finds the same value and goes further.
    Accuracy: the plan is compared with the potentials that the solver returns with it; their
    values differ by at most 1e-9 of the value, or of the cost's median above its least entry,
    whichever is larger. Entries of the cost far above both, which the plan does not use, do not
    spoil it.
    Raises ValueError for weights that are negative, not finite or do not sum to one, for a cost
    that is not finite, and for shapes that do not fit together; ConvergenceError where that
    accuracy is not reached.
    Source: Kantorovich 1942; Peyre and Cuturi 2019, equation 2.11.
    """
    a, b, cost = problem(a, b, cost)
    plan, _, _ = solve_to_gap(a, b, cost, primal)
    return float((plan * cost).sum()), plan


def kantorovich_potentials(
    a: ArrayLike, b: ArrayLike, cost: ArrayLike
) -> tuple[float, Array, Array]:
    """Kantorovich potentials: the dual of the transport program, solved as a program of its own.

    value = max over f, g of sum_i a_i f_i + sum_j b_j g_j, with f_i + g_j <= cost_ij for all
    i, j. Returns (value, f, g), with sum_j b_j g_j = 0: only f + g is determined, so a constant
    may move from one to the other. Both are closed under the c-transform
    (g_j = min_i cost_ij - f_i), which keeps them feasible to rounding and gives them values
    where a or b is zero too. The value equals transport_plan's. With cost a metric and the same
    points on both sides, g = -f up to a constant, and f is 1-Lipschitz.

    Shapes: a (n,), b (m,), cost (n, m), f (n,), g (m,). Units: those of cost. Growth: n + m
    unknowns under n * m constraints; HiGHS's interior point takes about as long as
    transport_plan. Accuracy: as transport_plan's.
    Raises ValueError and ConvergenceError as transport_plan does.
    Source: Peyre and Cuturi 2019, proposition 2.4; c-transform: section 5.1.
    """
    a, b, cost = problem(a, b, cost)
    _, f, g = solve_to_gap(a, b, cost, dual)
    shift = b @ g
    f, g = f + shift, g - shift
    return float(a @ f + b @ g), f, g


def bures_wasserstein(
    mean_a: ArrayLike, cov_a: ArrayLike, mean_b: ArrayLike, cov_b: ArrayLike
) -> float:
    """Wasserstein distance of order 2 between two Gaussians: W2, not its square.

    W2^2 = |mean_a - mean_b|^2 + tr(A + B - 2 (A^1/2 B A^1/2)^1/2), computed as
    |mean_a - mean_b|^2 + |A^1/2 - B^1/2 U|_F^2 with the best rotation U: the same number,
    without the cancellation near zero. Squared, and on features of pictures, it is the Fréchet
    distance of chapter 3. Covariances may be singular: a point is a Gaussian too.

    Shapes: means (d,), covariances (d, d). Units: those of the means.
    Raises ValueError for shapes that do not fit, entries that are not finite, and covariances
    that are not symmetric or not positive semidefinite.
    Source: Dowson and Landau 1982; Takatsu 2011; Procrustes form: Bhatia, Jain and Lim 2019,
    On the Bures-Wasserstein distance between positive definite matrices, theorem 1.
    """
    mean_a, mean_b = as_array(mean_a, "mean_a", ndim=1), as_array(mean_b, "mean_b", ndim=1)
    root_a, root_b = _psd_root(cov_a, "cov_a"), _psd_root(cov_b, "cov_b")
    if not mean_a.shape == mean_b.shape == root_a.shape[:1] == root_b.shape[:1]:
        raise ValueError(
            f"shapes are {mean_a.shape} and {root_a.shape} against {mean_b.shape} and {root_b.shape}; "
            "expected means (d,) and covariances (d, d) with one d."
        )
    root_a, root_b, unit = _in_units(root_a, root_b)
    left, _, right = np.linalg.svd(root_a @ root_b)
    gap = unit * float(np.linalg.norm(root_a - root_b @ (left @ right).T))
    mean_a, mean_b, unit = _in_units(mean_a, mean_b)
    return float(np.hypot(unit * np.linalg.norm(mean_a - mean_b), gap))


def _in_units(x: Array, y: Array) -> tuple[Array, Array, float]:
    """Both arrays in units of their largest entry, and that unit: no square overflows."""
    unit = float(max(np.abs(x).max(), np.abs(y).max())) or 1.0
    return x / unit, y / unit, unit


def _quantile_distance(x: Array, y: Array, p: float) -> Array:
    """W_p of the columns of x (n, k) and y (m, k), each sorted, as (k,)."""
    n, m = len(x), len(y)
    levels = np.union1d(np.arange(1, n + 1) * m, np.arange(1, m + 1) * n)  # in units of 1 / (n m)
    widths = np.diff(levels, prepend=0) / (n * m)
    return _root_mean_power(np.abs(x[(levels - 1) // m] - y[(levels - 1) // n]), widths, p)


def _root_mean_power(values: Array, weights: Array, p: float) -> Array:
    """(sum_i weights_i values_i^p)^(1/p) along axis 0, scaled so that large p does not overflow."""
    largest = values.max(axis=0)
    safe = np.where(largest > 0, largest, 1.0)
    return largest * np.tensordot(weights, (values / safe) ** p, axes=1) ** (1 / p)


def _psd_root(matrix: ArrayLike, name: str) -> Array:
    """Symmetric square root, refusing what is no covariance."""
    matrix = as_array(matrix, name, ndim=2)
    size = np.abs(matrix).max()
    if matrix.shape[0] != matrix.shape[1] or np.abs(matrix - matrix.T).max() > PSD_TOLERANCE * size:
        raise ValueError(
            f"{name} of shape {matrix.shape} is not symmetric; expected a covariance matrix (d, d): "
            "estimate it as numpy.cov(x.T) does."
        )
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    if values[0] < -PSD_TOLERANCE * size:
        raise ValueError(
            f"{name} has the eigenvalue {values[0]:g}; expected none below zero, since a variance "
            "cannot be negative: check how it was estimated."
        )
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


def _order(p: float) -> float:
    if not (np.isfinite(p) and p >= 1):
        raise ValueError(
            f"p is {p!r}; expected a finite order of at least 1: below it this is no distance."
        )
    return float(p)
