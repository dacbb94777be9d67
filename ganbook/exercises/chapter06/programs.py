r"""Exercises 6.10 and 6.11: Find the bug: a Sinkhorn that returns NaN; Glue two plans."""

import numpy as np
import torch

from ganbook.exercises.engine.core import Exercise, register
from ganbook.exercises.engine.mistakes import mistake, outcomes


def broken_6_10(a, b, cost, epsilon, sweeps):
    kernel = np.exp(-cost / epsilon)
    v = np.ones(len(b))
    for _ in range(sweeps):
        u = a / (kernel @ v)
        v = b / (kernel.T @ u)
    return u[:, None] * kernel * v


def solution_6_10(a, b, cost, epsilon, sweeps):
    def logsumexp(z, axis):
        top = z.max(axis=axis, keepdims=True)
        total = np.exp(z - top).sum(axis=axis, keepdims=True)
        return (top + np.log(total)).squeeze(axis)

    g = np.zeros(len(b))  # g = epsilon log v, f = epsilon log u
    for _ in range(sweeps):
        f = epsilon * (np.log(a) - logsumexp((g - cost) / epsilon, axis=1))
        columns = (f[:, None] - cost) / epsilon
        g = epsilon * (np.log(b) - logsumexp(columns, axis=0))
    return np.exp((f[:, None] + g - cost) / epsilon)


def alternative_6_10_torch(a, b, cost, epsilon, sweeps):
    a, b, cost = (torch.from_numpy(np.asarray(x)) for x in (a, b, cost))
    g = torch.zeros_like(b)
    for _ in range(sweeps):
        f = a.log() - torch.logsumexp(g - cost / epsilon, dim=1)
        g = b.log() - torch.logsumexp(f[:, None] - cost / epsilon, dim=0)
    return (f[:, None] + g - cost / epsilon).exp().numpy()


@mistake(
    "The tiny number hides the division by zero, and the mass of a whole place is lost."
)
def wrong_6_10_tiny(a, b, cost, epsilon, sweeps):
    kernel = np.exp(-cost / epsilon)
    v = np.ones(len(b))
    for _ in range(sweeps):
        u = a / (kernel @ v + 1e-100)
        v = b / (kernel.T @ u + 1e-100)
    return u[:, None] * kernel * v


@mistake(
    "With the cost cut off, far places look equally far: this is the plan of another problem."
)
def wrong_6_10_clipped(a, b, cost, epsilon, sweeps):
    return broken_6_10(a, b, np.minimum(cost, 300 * epsilon), epsilon, sweeps)


@mistake("That is the plan for a larger epsilon than was asked for.")
def wrong_6_10_other_epsilon(a, b, cost, epsilon, sweeps):
    return solution_6_10(a, b, cost, max(epsilon, 0.05), sweeps)


@mistake("A sweep is to do the rows first and the columns last.")
def wrong_6_10_columns_first(a, b, cost, epsilon, sweeps):
    return solution_6_10(b, a, cost.T, epsilon, sweeps).T


@mistake("That is the result of a single sweep.")
def wrong_6_10_one_sweep(a, b, cost, epsilon, sweeps):
    return solution_6_10(a, b, cost, epsilon, 1)


def wrong_6_10_rows_shifted(a, b, cost, epsilon, sweeps):
    with np.errstate(all="ignore"):
        shifted = cost - cost.min(axis=1, keepdims=True)
        return broken_6_10(a, b, shifted, epsilon, sweeps)


@mistake(
    "It ends before its last sweep: a test for convergence is not asked for, `sweeps` of them are."
)
def wrong_6_10_stops(a, b, cost, epsilon, sweeps):
    plan = solution_6_10(a, b, cost, epsilon, 1)
    for done in range(2, sweeps + 1):
        if np.abs(plan.sum(axis=1) - a).max() < 1e-3:
            break
        plan = solution_6_10(a, b, cost, epsilon, done)
    return plan


def check_6_10(answer, c):
    a, b = c.probabilities((5,)).numpy(), c.probabilities((4,)).numpy()
    cost = c.rng.uniform(0, 1, size=(5, 4))
    sweeps = c.integer(5, 12)
    with np.errstate(all="ignore"):
        got = c.call(answer, a, b, cost, 0.1, sweeps)
        c.equal(
            got,
            broken_6_10(a, b, cost, 0.1, sweeps),
            mistakes=outcomes(
                (a, b, cost, 0.1, sweeps),
                wrong_6_10_columns_first,
                wrong_6_10_one_sweep,
            ),
            says="Where nothing underflows, the result is to stay what it was.",
        )
        c.equal(
            c.call(answer, a, b, cost, 1.0, 4),
            broken_6_10(a, b, cost, 1.0, 4),
            rtol=1e-8,
            mistakes=outcomes((a, b, cost, 1.0, 4), wrong_6_10_stops),
            says="At a large epsilon every sweep brings the sums nearer, and all of them are to be made.",
        )
        cost[2] += 1  # one real place is far from everything
        got = np.asarray(c.call(answer, a, b, cost, 0.001, sweeps))
        c.true(
            np.isfinite(got).all(),
            "NaN or infinity: exp(-cost / epsilon) has underflowed to 0, and 0 / 0 follows.",
        )
        c.equal(
            got,
            solution_6_10(a, b, cost, 0.001, sweeps),
            rtol=1e-5,
            mistakes=outcomes(
                (a, b, cost, 0.001, sweeps),
                wrong_6_10_tiny,
                wrong_6_10_clipped,
                wrong_6_10_other_epsilon,
            ),
        )
    c.true(
        np.allclose(got.sum(axis=0), b, atol=1e-8),
        "After a sweep the column sums are to be right.",
    )
    for far in range(6):  # any column, and a row besides, lies far off
        price = c.rng.uniform(0, 1, size=(5, 4))
        price[:, far % 4] += 1.5
        if far > 3:
            price[far - 3] += 2
        c.equal(
            c.call(answer, a, b, price, 0.001, sweeps),
            solution_6_10(a, b, price, 0.001, sweeps),
            rtol=1e-5,
            says="A generated place may be far from everything too: shift each sum by its own largest term.",
        )
    a, b = np.array([0.5, 0.5]), np.array([0.3, 0.7])
    cost = np.array([[0.0, 0.05], [0.05, 0.0]])
    c.like(
        answer,
        solution_6_10,
        lambda: (a, b, cost, 0.01, 60),
        rtol=1e-9,
        says="All sweeps count, also the sixtieth.",
    )


register(
    Exercise(
        id="6.10",
        title="Find the bug: a Sinkhorn that returns NaN",
        stars=3,
        kind="bug",
        statement=r"""
    This Sinkhorn works at $\varepsilon = 0.1$ and returns NaN at $\varepsilon = 0.001$ when some place is far from all
    others. Mend it: the same result after the same number of `sweeps` (each: rows, then columns), for small
    `epsilon` too. `a` is `(n,)`, `b` is `(m,)`, `cost` is `(n, m)`, numpy arrays; all weights are positive.
    """,
        stub="""
    def scaled(a, b, cost, epsilon, sweeps):
        return ...
    """,
        hints=(
            r"Look at `kernel` for a cost of 1 and $\varepsilon = 0.001$. Which operation turns that into NaN?",
            "Iterate the logarithms `f = epsilon * log(u)` and `g = epsilon * log(v)`; a log-sum-exp subtracts the maximum first.",
        ),
        explanation=r"""
    $e^{-1000}$ is zero in double precision. A row of zeros makes `kernel @ v` zero, the division infinite, and infinity
    times zero NaN. Adding a tiny number makes NaN disappear and the place's mass with it: worse, because silent. In the
    log domain the largest term of each sum becomes $e^0 = 1$, so no sum is ever zero.
    """,
        broken=broken_6_10,
        solution=solution_6_10,
        alternatives=(alternative_6_10_torch,),
        wrong=(
            (broken_6_10, "underflowed"),
            wrong_6_10_tiny,
            wrong_6_10_clipped,
            wrong_6_10_other_epsilon,
            wrong_6_10_columns_first,
            wrong_6_10_one_sweep,
            wrong_6_10_stops,
            (wrong_6_10_rows_shifted, "a generated place may be far"),
        ),
        check=check_6_10,
    )
)


def solution_6_11(first, second):
    middle = second.sum(axis=1)
    share = np.divide(
        second,
        middle[:, None],
        out=np.zeros_like(second),
        where=middle[:, None] > 0,
    )
    return first @ share


def alternative_6_11_loop(first, second):
    glued = np.zeros((len(first), second.shape[1]))
    for j in range(first.shape[1]):
        mass = first[:, j].sum()
        if mass > 0:
            glued += np.outer(first[:, j], second[j]) / mass
    return glued


@mistake("The division by q is missing: the entries do not sum to one.")
def wrong_6_11_no_division(first, second):
    return first @ second


@mistake("That is the independent coupling; it forgets both plans.")
def wrong_6_11_independent(first, second):
    return np.outer(first.sum(axis=1), second.sum(axis=0))


def wrong_6_11_zero(first, second):
    with np.errstate(all="ignore"):
        return first @ (second / second.sum(axis=1, keepdims=True))


@mistake("You divided by the law of z; what is shared out is the mass at y.")
def wrong_6_11_columns(first, second):
    with np.errstate(all="ignore"):
        totals = second.sum(axis=0, keepdims=True)
        return first @ np.where(totals > 0, second / totals, 0)


@mistake("Rescaling the product as a whole does not repair its marginals.")
def wrong_6_11_scaled(first, second):
    glued = first @ second
    return glued / glued.sum()


@mistake("You divided by q twice.")
def wrong_6_11_twice(first, second):
    middle = second.sum(axis=1)
    safe = np.where(middle > 0, middle, 1)
    return (first / safe) @ (second / safe[:, None])


def check_6_11(answer, c):
    def table(rows, columns, zero):
        law = c.rng.dirichlet(np.ones(columns))
        if columns > 3:
            law[-1] = 1e-7  # little mass is not none
            law /= law.sum()
        if zero is not None:
            law[zero] = 0
            law /= law.sum()
        parts = c.rng.dirichlet(0.7 * np.ones(rows), size=columns)
        return (parts * law[:, None]).T, law

    for n, m, k, zero in (
        (3, 4, 2, None),
        (2, 5, 6, 2),
        (1, 3, 4, 0),
        (4, 1, 3, None),
        (5, 3, 5, 2),
    ):
        first, law = table(n, m, zero)
        second = c.rng.dirichlet(np.ones(k), size=m) * law[:, None]
        got = c.call(answer, first, second)
        want = alternative_6_11_loop(first, second)
        with np.errstate(all="ignore"):
            c.true(
                np.shape(got) != want.shape
                or np.isfinite(np.asarray(got, dtype=float)).all(),
                "A place of q without mass made the table NaN: nothing passes through it.",
            )
        c.equal(
            got,
            want,
            rtol=1e-8,
            atol=1e-12,
            mistakes=outcomes(
                (first, second),
                wrong_6_11_no_division,
                wrong_6_11_independent,
                wrong_6_11_columns,
                wrong_6_11_scaled,
                wrong_6_11_twice,
            ),
        )


register(
    Exercise(
        id="6.11",
        title="Glue two plans",
        stars=2,
        kind="function",
        statement=r"""
    The heart of the proof of the triangle inequality, as code. `first` is a coupling of $p$ and $q$, an array `(n, m)`;
    `second` one of $q$ and $s$, an array `(m, k)`. Write `glue(first, second)`: the coupling of $p$ and $s$, `(n, k)`,
    that passes each unit of mass from $x$ to $y$ by the first and from $y$ to $z$ by the second, in proportion. Some
    places of $q$ may have no mass. Then write down, for yourself, where the proof uses that the result is a coupling.
    """,
        stub="""
    def glue(first, second):
        return ...
    """,
        hints=(
            r"Of the mass that arrives at $y$, which share goes on to $z$?",
            r"Sum over $y$ of the mass from $x$ to $y$ times that share. What is the share where nothing arrives?",
        ),
        explanation=r"""
    The share of the mass at $y$ that goes on to $z$ is `second` divided by $q(y)$; summed over $y$ this is a product of
    matrices. Row sums: the shares add up to one, so each $x$ keeps its mass $p(x)$. Column sums: $q(y)$ cancels, which
    leaves those of `second`, $s(z)$. So the result is a candidate in the minimum that defines $W_r(p, s)$, and that is
    the first inequality of the proof. Where $q(y) = 0$ no mass passes, and $0/0$ must not be computed.
    """,
        solution=solution_6_11,
        alternatives=(alternative_6_11_loop,),
        wrong=(
            wrong_6_11_no_division,
            wrong_6_11_independent,
            (wrong_6_11_zero, "nothing passes through"),
            wrong_6_11_columns,
            wrong_6_11_scaled,
            wrong_6_11_twice,
        ),
        check=check_6_11,
    )
)
