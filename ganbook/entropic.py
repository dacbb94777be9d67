"""Entropic optimal transport: Sinkhorn's iteration in the log domain, finished by Newton's method."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from ganbook.arrays import Array, ConvergenceError, cost_range, problem

SMALLEST_EPSILON = 1e-6  # share of the cost's range below which float64 loses the marginals
NEWTON_STEPS = 500  # ten or so are usual


def sinkhorn(a: ArrayLike, b: ArrayLike, cost: ArrayLike, epsilon: float) -> tuple[float, Array]:
    """Entropic transport: the plan that trades cost against entropy at the exchange rate epsilon.

    P = argmin of sum_ij P_ij cost_ij + epsilon sum_ij P_ij (log P_ij - 1) under the marginals a
    and b. Returns (value, P) with value = sum_ij P_ij cost_ij, the plan's cost without the
    entropy: never below transport_plan's, and falling to it with epsilon. Always
    P_ij = exp((f_i + g_j - cost_ij) / epsilon), so f and g are iterated in place of P (the log
    domain: nothing overflows), with epsilon lowered in stages. Each stage alternates Sinkhorn's
    two updates; what they leave, Newton's method on the concave dual in g removes.

    Shapes: a (n,), b (m,), cost (n, m), P (n, m). Units: epsilon and value those of cost.
    Row sums are a to rounding, column sums b within 1e-9 (sum of absolute differences). An update
    costs O(n m), a Newton step O(n m^2).
    Raises ValueError as transport_plan does, and for an epsilon that is not positive or is under
    1e-6 of the cost's range (float64 cannot hold the plan: use transport_plan there). Raises
    ConvergenceError if the tolerance is not met.
    Source: Cuturi 2013; log domain: Peyre and Cuturi 2019, section 4.4; Newton on the
    dual: Brauer, Clason, Lorenz and Wirth 2017, A Sinkhorn-Newton method.
    """
    a, b, cost = problem(a, b, cost)
    low, scale = cost_range(cost)
    epsilon = float(epsilon)
    if not (np.isfinite(epsilon) and epsilon > 0 and epsilon >= SMALLEST_EPSILON * np.ptp(cost)):
        raise ValueError(
            f"epsilon is {epsilon:g}; expected a positive number of at least {SMALLEST_EPSILON:g} "
            f"times the cost's range {np.ptp(cost):g}: raise it, or use transport_plan."
        )
    support = np.ix_(a > 0, b > 0)  # log 0 stays out of the iteration
    a, b, shifted = a[a > 0], b[b > 0], cost[support] - low
    g, stage = np.zeros(len(b)), max(scale, epsilon)
    while stage > epsilon:
        g = _entropic_dual(a, b, shifted, stage, g, tolerance=1e-3)
        stage = max(stage / 4, epsilon)
    g = _entropic_dual(a, b, shifted, epsilon, g, tolerance=1e-9)
    plan = np.zeros_like(cost)
    plan[support] = _gibbs(a, shifted, epsilon, g)[1]
    return float((plan * cost).sum()), plan


def _gibbs(a: Array, cost: Array, epsilon: float, g: Array) -> tuple[Array, Array]:
    """The potential f that makes the row sums a, given g, and the plan of (f, g)."""
    f = epsilon * (np.log(a) - _logsumexp((g - cost) / epsilon, axis=1))
    return f, np.exp((f[:, None] + g - cost) / epsilon)


def _entropic_dual(
    a: Array, b: Array, cost: Array, epsilon: float, g: Array, tolerance: float, sweeps: int = 30
) -> Array:
    """Potential g at which the plan's column sums are b, from a warm start."""

    def sweep(g: Array) -> Array:
        f, _ = _gibbs(a, cost, epsilon, g)
        return epsilon * (np.log(b) - _logsumexp((f[:, None] - cost) / epsilon, axis=0))

    def dual(g: Array) -> float:
        return a @ _gibbs(a, cost, epsilon, g)[0] + b @ g

    for _ in range(sweeps):
        g = sweep(g)
    for _ in range(NEWTON_STEPS):
        _, plan = _gibbs(a, cost, epsilon, g)
        missing = b - plan.sum(axis=0)
        if np.abs(missing).sum() < tolerance:
            return g
        g = sweep(_line_search(dual, g, _newton_step(plan, a, missing, epsilon), missing))
    raise ConvergenceError(
        f"the column sums are off by {np.abs(missing).sum():.1e} at epsilon {epsilon:g}; expected "
        f"{tolerance:g}: raise epsilon, or use transport_plan."
    )


def _newton_step(plan: Array, a: Array, missing: Array, epsilon: float) -> Array:
    """Step in g that makes the column sums right to first order."""
    curvature = np.diag(plan.sum(axis=0)) - plan.T @ (plan / a[:, None])
    m = len(missing)
    curvature += 1 / m**2 + 1e-12 / m * np.eye(m)  # g is free up to a constant: pin it
    return epsilon * np.linalg.solve(curvature, missing)


def _line_search(dual: Callable[[Array], float], g: Array, step: Array, slope: Array) -> Array:
    """Halve the step until the concave dual rises."""
    start, size = dual(g), 1.0
    while (
        dual(g + size * step) < start + 1e-4 * size * (slope @ step) - 1e-15 * abs(start)
        and size > 1e-6
    ):
        size /= 2
    return g + size * step


def _logsumexp(z: Array, axis: int) -> Array:
    top = z.max(axis=axis, keepdims=True)
    return (top + np.log(np.exp(z - top).sum(axis=axis, keepdims=True))).squeeze(axis)
