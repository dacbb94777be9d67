"""The linear program of optimal transport and its dual, solved by HiGHS until their values agree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse
from scipy.optimize import linprog

from ganbook.arrays import Array, ConvergenceError, cost_range

__all__ = ["dual", "primal", "solve_to_gap"]

ACCURACY = 1e-9  # duality gap allowed, relative to the value or the typical cost
ROUNDS = 12  # one or two are usual; far outliers and tiny masses take more
TOLERANCES = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}


def solve_to_gap(
    a: Array, b: Array, cost: Array, program: Callable[..., tuple[Array, Array, Array]]
) -> tuple[Array, Array, Array]:
    """Plan and potentials whose values agree.

    The solver's tolerances are absolute, so one entry of 1e12 would drown costs of 1. Each round
    therefore solves with what the present potentials leave of the cost, cut off at a level: costs
    only fall by the cut, so that its potentials are feasible. If the plan uses an entry that was
    cut, the gap shows it, and the level rises; if the gap is the solver's rounding, it falls.
    """
    low, width = cost_range(cost)
    f, g = np.full(len(a), low), np.zeros(len(b))
    reduced = cost - low
    typical = float(np.median(reduced)) or float(reduced.mean())
    level = min(width, 1e3 * typical) or 1.0
    for _ in range(ROUNDS):
        plan, _, dg = program(a, b, np.minimum(reduced, level) / level)
        g = g + level * dg
        f = (cost - g).min(axis=1)
        g = (cost - f[:, None]).min(axis=0)
        reduced = np.maximum(cost - f[:, None] - g, 0.0)
        value = float((plan * cost).sum())
        gap = abs(value - float(a @ f + b @ g))
        if gap <= ACCURACY * max(abs(value), typical):
            return plan, f, g
        level = min(float(reduced.max()), 1e3 * gap) or 1.0
    raise ConvergenceError(
        f"the plan's value {value:g} and its potentials' differ by {gap:.1e}; expected at most "
        f"{ACCURACY:g} of the value or of the typical cost {typical:g}: remove outliers, or scale "
        "the cost so that its entries are nearer to each other."
    )


def primal(a: Array, b: Array, cost: Array) -> tuple[Array, Array, Array]:
    """Solve for the plan; the potentials are the multipliers of its marginals."""
    n, m = cost.shape
    masses = np.concatenate([a, b]) * max(n, m)  # about one each: HiGHS's tolerances are absolute
    result = _solve(("highs-ds", "highs-ipm"), c=cost.ravel(), A_eq=_marginals(n, m), b_eq=masses)
    plan = np.maximum(result.x, 0).reshape(n, m) / max(n, m)
    return plan, result.eqlin.marginals[:n], result.eqlin.marginals[n:]


def dual(a: Array, b: Array, cost: Array) -> tuple[Array, Array, Array]:
    """Solve for the potentials; the plan is the multipliers of their constraints."""
    n, m = cost.shape
    result = _solve(
        ("highs-ipm", "highs-ds"),
        c=-np.concatenate([a, b]) * max(n, m),
        A_ub=_marginals(n, m).T.tocsc(),
        b_ub=cost.ravel(),
        bounds=(None, None),
    )
    plan = np.maximum(-result.ineqlin.marginals, 0).reshape(n, m) / max(n, m)
    return plan, result.x[:n], result.x[n:]


def _solve(methods: tuple[str, ...], **program: Any) -> Any:
    for method in methods:
        result = linprog(**program, method=method, options=TOLERANCES)
        if result.status == 0:
            return result
    raise ConvergenceError(f"HiGHS did not solve the linear program: {result.message}")


def _marginals(n: int, m: int) -> scipy.sparse.csc_matrix:
    """Matrix that sends a plan, read row by row, to its n row sums and m column sums."""
    rows = scipy.sparse.kron(scipy.sparse.eye(n), np.ones((1, m)))
    columns = scipy.sparse.kron(np.ones((1, n)), scipy.sparse.eye(m))
    return scipy.sparse.vstack([rows, columns]).tocsc()
