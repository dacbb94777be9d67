r"""Exercises 6.3, 6.5 and 6.9."""

import numpy as np
import torch

from ganbook.exercises.engine.core import Exercise, register
from ganbook.exercises.engine.mistakes import mistake, outcomes
from ganbook.transport import bures_wasserstein


def solution_6_3(n, m):
    rows = np.kron(np.ones((1, m)), np.eye(n))  # m identities in a row
    columns = np.kron(np.eye(m), np.ones((1, n)))  # a diagonal of m blocks
    return np.vstack([rows, columns])


def alternative_6_3_loop(n, m):
    A = np.zeros((n + m, n * m))
    for i in range(n):
        for j in range(m):
            A[i, j * n + i] = A[n + j, j * n + i] = 1
    return A


def alternative_6_3_from_definition(n, m):
    tables = np.eye(n * m).reshape(n * m, m, n).transpose(0, 2, 1)
    return np.concatenate([tables.sum(axis=2), tables.sum(axis=1)], axis=1).T


@mistake("That is the matrix of the text, for a table strung out row by row.")
def wrong_6_3_row_by_row(n, m):
    return np.vstack(
        [
            np.kron(np.eye(n), np.ones((1, m))),
            np.kron(np.ones((1, n)), np.eye(m)),
        ]
    )


@mistake(
    "Only the row sums are there; without the column sums all mass goes to the nearest place."
)
def wrong_6_3_rows_only(n, m):
    return solution_6_3(n, m)[:n]


@mistake(
    "The column sums come first; the order asked for is rows, then columns."
)
def wrong_6_3_columns_first(n, m):
    return np.roll(solution_6_3(n, m), m, axis=0)


@mistake("One equation is redundant, but all n + m were asked for.")
def wrong_6_3_one_dropped(n, m):
    return solution_6_3(n, m)[:-1]


@mistake("n and m are swapped.")
def wrong_6_3_swapped(n, m):
    return solution_6_3(m, n)


@mistake("These rows compute averages; sums were asked for.")
def wrong_6_3_means(n, m):
    return solution_6_3(n, m) / np.repeat([m, n], [n, m])[:, None]


def check_6_3(answer, c):
    for n, m in [
        (3, 2),
        *((c.integer(2, 6), c.integer(2, 6)) for _ in range(4)),
        (1, 4),
    ]:
        got = c.call(answer, n, m)
        c.equal(
            got,
            alternative_6_3_from_definition(n, m),
            mistakes=outcomes(
                (n, m),
                wrong_6_3_row_by_row,
                wrong_6_3_rows_only,
                wrong_6_3_columns_first,
                wrong_6_3_one_dropped,
                wrong_6_3_swapped,
                wrong_6_3_means,
            ),
        )
        table = c.rng.uniform(size=(n, m))
        sums = np.concatenate([table.sum(axis=1), table.sum(axis=0)])
        c.true(
            np.allclose(np.asarray(got) @ table.ravel(order="F"), sums),
            "The product with a table is not its sums.",
        )


register(
    Exercise(
        id="6.3",
        title="The other way round",
        stars=2,
        kind="function",
        statement=r"""
    Some programs string a table out column by column, `table.ravel(order="F")` in numpy. Write `constraints(n, m)` for
    these: the matrix $A$ of shape `(n + m, n * m)` for which `A @ table.ravel(order="F")` holds the $n$ row sums of a
    table of shape `(n, m)`, followed by its $m$ column sums.
    """,
        stub="""
    def constraints(n, m):
        return ...
    """,
        hints=(
            "Write out a table of shape (2, 3), number its entries column by column, and mark those of the first row.",
            "Entry (i, j) of the table is entry `j * n + i` of the vector. In which two rows of A does it count?",
        ),
        explanation=r"""
    Every column of $A$ holds two ones: one among the first $n$ rows, one among the last $m$. It is the matrix of the text
    with its columns in another order. Nothing warns you if matrix and cost are strung out in different ways: for $n = m$
    the shapes agree, and the program transports along the transposed cost.
    """,
        solution=solution_6_3,
        alternatives=(alternative_6_3_loop, alternative_6_3_from_definition),
        wrong=(
            wrong_6_3_row_by_row,
            wrong_6_3_rows_only,
            wrong_6_3_columns_first,
            wrong_6_3_one_dropped,
            wrong_6_3_swapped,
            wrong_6_3_means,
        ),
        check=check_6_3,
    )
)


def solution_6_5():
    # quantiles u and s u: ((s - 1) u)^2 integrates to (s - 1)^2 / 3
    return "(s - 1) / sqrt(3)"


def check_6_5(value, c):
    u = (np.arange(4000) + 0.5) / 4000

    def by_quadrature(s):
        return float(np.sqrt(np.mean((s * u - u) ** 2)))

    c.expression(
        value,
        "(s - 1) / sqrt(3)",
        s=(1.2, 4.0),
        mistakes={
            "That is W1; W2 is the root of the mean square.": "(s - 1) / 2",
            "That is the square of W2: the root is missing.": "(s - 1)**2 / 3",
            "That is the difference of the standard deviations; the means differ too.": "(s - 1) / sqrt(12)",
            "That is the largest distance that any mass moves.": "s - 1",
            "The integral of u^2 is 1/3, and its root was not taken.": "(s - 1) / 3",
            "The quantiles are subtracted first and squared afterwards.": "sqrt((s**2 - 1) / 3)",
        },
    )
    assert abs(by_quadrature(2.0) - 1 / 3**0.5) < 1e-6


register(
    Exercise(
        id="6.5",
        title="A stretched interval",
        stars=1,
        kind="expression",
        statement=r"""
    Let $p$ be uniform on $[0, 1]$ and $q$ uniform on $[0, s]$ with $s > 1$. Return $W_2(p, q)$ as an expression in `s`,
    as text (such as `"sqrt(s) + 1"`) or as a sympy expression.
    """,
        stub="""
    def w2_stretched():
        return ...
    """,
        hints=(
            r"The quantile functions are $u$ and $s u$.",
            r"$W_2^2 = \int_0^1 (s u - u)^2\, du$; then take the root.",
        ),
        explanation=r"""
    $W_2^2 = (s - 1)^2 \int_0^1 u^2\, du = (s-1)^2 / 3$. The means differ by $(s-1)/2$ and the standard deviations by
    $(s-1)/\sqrt{12}$; the two squares add up to the same $(s-1)^2/3$, because both laws have one shape and the map
    between them is affine, as it is for Gaussians.
    """,
        solution=solution_6_5,
        wrong=(
            (lambda: "(s - 1) / 2", "that is w1"),
            (lambda: "(s - 1)**2 / 3", "root is missing"),
            (lambda: "(s - 1) / sqrt(12)", "standard deviations"),
            (lambda: "s - 1", "largest distance"),
            (lambda: "(s - 1) / 3", "its root was not taken"),
        ),
        check=check_6_5,
    )
)


def solution_6_9(mean_a, var_a, mean_b, var_b):
    squares = (mean_a - mean_b) ** 2 + (var_a.sqrt() - var_b.sqrt()) ** 2
    return squares.sum().sqrt()


def alternative_6_9_trace(mean_a, var_a, mean_b, var_b):
    gap = torch.linalg.vector_norm(mean_a - mean_b)
    trace = (var_a + var_b - 2 * (var_a * var_b).sqrt()).clamp(min=0).sum()
    return torch.hypot(gap, trace.sqrt())


def wrong_6_9_square(mean_a, var_a, mean_b, var_b):
    return solution_6_9(mean_a, var_a, mean_b, var_b) ** 2


def wrong_6_9_variances(mean_a, var_a, mean_b, var_b):
    return ((mean_a - mean_b) ** 2 + (var_a - var_b) ** 2).sum().sqrt()


def wrong_6_9_means(mean_a, var_a, mean_b, var_b):
    return torch.linalg.vector_norm(mean_a - mean_b)


def wrong_6_9_sum(mean_a, var_a, mean_b, var_b):
    deviations = torch.linalg.vector_norm(var_a.sqrt() - var_b.sqrt())
    return torch.linalg.vector_norm(mean_a - mean_b) + deviations


def wrong_6_9_no_two(mean_a, var_a, mean_b, var_b):
    trace = (var_a + var_b - (var_a * var_b).sqrt()).sum()
    return (((mean_a - mean_b) ** 2).sum() + trace).sqrt()


def wrong_6_9_unsquared_mean(mean_a, var_a, mean_b, var_b):
    deviations = ((var_a.sqrt() - var_b.sqrt()) ** 2).sum()
    return (torch.linalg.vector_norm(mean_a - mean_b) + deviations).sqrt()


def check_6_9(answer, c):
    for dtype in c.dtypes:
        for d in (3, 1, 8):
            given = (
                c.normal((d,), dtype),
                c.uniform(0.2, 4, (d,), dtype),
                c.normal((d,), dtype),
                c.uniform(0.2, 4, (d,), dtype),
            )
            if d == 8:
                given[1][0] = 0
            m, v, k, w = (x.double().numpy() for x in given)
            truth = torch.tensor(
                bures_wasserstein(m, np.diag(v), k, np.diag(w)), dtype=dtype
            )
            got = c.call(answer, *given)
            c.equal(
                got,
                truth,
                mistakes={
                    "That is W2 squared; take the root.": wrong_6_9_square(
                        *given
                    ),
                    "That compares variances; the formula has the roots of the covariances.": wrong_6_9_variances(
                        *given
                    ),
                    "The spreads differ too, not only the means.": wrong_6_9_means(
                        *given
                    ),
                    "The two parts add up as squares, not as lengths.": wrong_6_9_sum(
                        *given
                    ),
                    "The factor 2 before the mixed term is missing: two equal Gaussians would be apart.": wrong_6_9_no_two(
                        *given
                    ),
                    "The distance of the means enters squared.": wrong_6_9_unsquared_mean(
                        *given
                    ),
                },
            )
        mean = c.normal((1,), dtype)
        for variance in c.uniform(0.2, 4, (12, 1), dtype):
            near = variance * (1 + 2 * torch.finfo(dtype).eps)
            c.equal(
                c.call(answer, mean, variance, mean, near),
                torch.zeros((), dtype=dtype),
                atol=2e-3 if dtype == torch.float32 else 1e-7,
                says="For two Gaussians that differ by rounding only, the difference under the root may fall below zero.",
            )


register(
    Exercise(
        id="6.9",
        title="Gaussians with independent coordinates",
        stars=1,
        kind="function",
        statement=r"""
    Write `w2(mean_a, var_a, mean_b, var_b)`, the distance $W_2$ (not its square) between two Gaussians with diagonal
    covariances. All four are tensors of shape `(d,)` and one float dtype; `var_a` and `var_b` hold the *variances*, which
    may be zero. Return a tensor without axes, of the same dtype.
    """,
        stub="""
    def w2(mean_a, var_a, mean_b, var_b):
        return ...
    """,
        hints=(
            "For diagonal matrices the root of the matrix is the root of the entries.",
            r"$W_2^2 = \sum_k (\mu_k - \nu_k)^2 + (\sigma_k - \tau_k)^2$ with standard deviations $\sigma_k, \tau_k$.",
        ),
        explanation=r"""
    With diagonal $A$ and $B$, $\mathrm{tr}(A + B - 2 (A^{1/2} B A^{1/2})^{1/2}) = \sum_k (\sigma_k - \tau_k)^2$: each
    coordinate is a transport of its own. Squares add over coordinates and over the two parts; lengths do not.
    """,
        solution=solution_6_9,
        alternatives=(alternative_6_9_trace,),
        wrong=(
            (wrong_6_9_square, "w2 squared"),
            (wrong_6_9_variances, "compares variances"),
            (wrong_6_9_means, "not only the means"),
            (wrong_6_9_sum, "not as lengths"),
            (wrong_6_9_no_two, "factor 2"),
            (wrong_6_9_unsquared_mean, "enters squared"),
        ),
        check=check_6_9,
    )
)
