r"""Exercises of chapter 6: couplings, programs, prices, closed forms, samples."""

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment

from ganbook.exercises.engine.core import Exercise, classify, register, rubric
from ganbook.transport import bures_wasserstein


def solution_6_1():
    # levels to 1/4: 0 meets 1; to 1/2: 0 meets 3; to 1: 4 meets 3
    return 0.25 * 1 + 0.25 * 3 + 0.5 * 1


def check_6_1(value, c):
    t = np.array([0.0, 1.0, 3.0, 4.0])  # the area between the two CDFs
    gap = np.abs(np.array([0.5, 0.5, 0.5]) - np.array([0.0, 0.25, 1.0]))
    c.equal(
        value,
        float((gap * np.diff(t)).sum()),
        mistakes={
            "That is the difference of the means, a lower bound only: moves to the left and to the right cancel in it.": 0.5,
            "That is what the independent coupling costs; a cheaper table exists.": 2.0,
            "That is the least mean *squared* distance.": 3.0,
            "That is W2, of order two.": 3.0**0.5,
            "You matched place with place as though every place carried one half.": 1.0,
            "Each difference counts with the width of its piece of levels.": 5.0,
        },
    )


register(
    Exercise(
        id="6.1",
        title="By hand",
        stars=1,
        kind="value",
        statement=r"""
    The real mass is half at $0$ and half at $4$; the generated mass is a quarter at $1$ and three quarters at $3$.
    Return $W_1$ as a number, without a solver: cut the levels from 0 to 1 where either quantile function steps.
    """,
        stub="""
    def w1_by_hand():
        return ...
    """,
        hints=(
            r"The quantile functions step at the levels $\tfrac14$ and $\tfrac12$, which leaves three pieces.",
            r"The pieces have widths $\tfrac14, \tfrac14, \tfrac12$ and differences $|0 - 1|, |0 - 3|, |4 - 3|$.",
        ),
        explanation=r"""
    Below level $\tfrac14$ real mass at 0 meets generated mass at 1; up to $\tfrac12$ real mass at 0 meets generated
    mass at 3; above, real mass at 4 meets generated mass at 3. So $\tfrac14 \cdot 1 + \tfrac14 \cdot 3 + \tfrac12 \cdot 1 = 1.5$.
    The difference of the means is only 0.5: some mass moves right and some left, and work does not cancel.
    """,
        solution=solution_6_1,
        wrong=(
            (lambda: 0.5, "difference of the means"),
            (lambda: 2.0, "independent coupling"),
            (lambda: 3.0, "squared"),
            (lambda: 3.0**0.5, "order two"),
            (lambda: 1.0, "carried one half"),
        ),
        check=check_6_1,
    )
)


def solution_6_2(x, a, y, b):
    t = np.sort(np.concatenate([x, y]))  # the CDFs step here only
    below_x = [a[x <= place].sum() for place in t]
    below_y = [b[y <= place].sum() for place in t]
    gaps = np.abs(np.subtract(below_x, below_y))
    return (gaps[:-1] * np.diff(t)).sum()  # a gap lasts to the next step


def pieces_6_2(x, a, y, b):
    """How far each piece of levels is carried, and how wide it is."""
    (x, a), (y, b) = (
        (v[np.argsort(v)], w[np.argsort(v)]) for v, w in ((x, a), (y, b))
    )
    up_x, up_y = np.cumsum(a), np.cumsum(b)
    levels = np.sort(np.concatenate([[0.0], up_x[:-1], up_y[:-1], [1.0]]))
    middle = (levels[1:] + levels[:-1]) / 2
    i = np.minimum(np.searchsorted(up_x, middle), len(x) - 1)
    j = np.minimum(np.searchsorted(up_y, middle), len(y) - 1)
    return np.abs(x[i] - y[j]), np.diff(levels)


def alternative_6_2_levels(x, a, y, b):
    way, width = pieces_6_2(x, a, y, b)
    return float((way * width).sum())


def alternative_6_2_loop(x, a, y, b):
    x, y = sorted(zip(x, a, strict=True)), sorted(zip(y, b, strict=True))
    total, i, j, left_x, left_y = 0.0, 0, 0, x[0][1], y[0][1]
    while True:
        mass = min(left_x, left_y)
        total += mass * abs(x[i][0] - y[j][0])
        left_x, left_y = left_x - mass, left_y - mass
        if left_x < 1e-12:
            i += 1
            left_x = x[i][1] if i < len(x) else 0.0
        if left_y < 1e-12:
            j += 1
            left_y = y[j][1] if j < len(y) else 0.0
        if i == len(x) or j == len(y):
            return total


def wrong_6_2_unweighted(x, a, y, b):
    return solution_6_2(
        x, np.full(len(x), 1 / len(x)), y, np.full(len(y), 1 / len(y))
    )


def wrong_6_2_weights_left(x, a, y, b):
    return solution_6_2(np.sort(x), a, np.sort(y), b)


def wrong_6_2_means(x, a, y, b):
    return abs(a @ x - b @ y)


def order_two_6_2(x, a, y, b):
    way, width = pieces_6_2(x, a, y, b)
    return np.sqrt((way**2 * width).sum())


def wrong_6_2_independent(x, a, y, b):
    return a @ np.abs(x[:, None] - y) @ b


def wrong_6_2_shifted(x, a, y, b):
    t = np.sort(np.concatenate([x, y]))
    gaps = [abs(a[x <= place].sum() - b[y <= place].sum()) for place in t]
    return float(np.dot(gaps[1:], np.diff(t)))


def wrong_6_2_strictly_below(x, a, y, b):
    t = np.sort(np.concatenate([x, y]))
    gaps = [abs(a[x < place].sum() - b[y < place].sum()) for place in t]
    return float(np.dot(gaps[:-1], np.diff(t)))


def check_6_2(answer, c):
    inputs = [
        (
            c.rng.normal(size=n),
            c.probabilities((n,)).numpy(),
            1.5 * c.rng.normal(size=m) + 0.5,
            c.probabilities((m,)).numpy(),
        )
        for n, m in ((4, 7), (6, 3), (5, 5), (2, 9))
    ]
    one, thirds = np.array([1.0]), np.array([2 / 3, 1 / 3])
    for x, a, y, b in [
        *inputs,
        (np.array([0.0]), one, np.array([3.0, 0.0]), thirds),
    ]:
        got = c.call(answer, x, a, y, b)
        c.equal(
            got,
            alternative_6_2_levels(x, a, y, b),
            rtol=1e-8,
            mistakes={
                "The weights are ignored: that gives every point of a sample the same share.": wrong_6_2_unweighted(
                    x, a, y, b
                ),
                "The points were sorted and their weights were not: each weight belongs to its point.": wrong_6_2_weights_left(
                    x, a, y, b
                ),
                "That is the distance of the two means.": wrong_6_2_means(
                    x, a, y, b
                ),
                "That is the root of a mean square: order two.": order_two_6_2(
                    x, a, y, b
                ),
                "That is what the independent coupling costs; a cheaper one exists.": wrong_6_2_independent(
                    x, a, y, b
                ),
                "At a place the mass that sits there counts already: F(t) takes all places up to t, t included.": wrong_6_2_strictly_below(
                    x, a, y, b
                ),
                "The gap that begins at a step lasts until the *next* step: you multiplied it by the interval before.": wrong_6_2_shifted(
                    x, a, y, b
                ),
            },
        )


register(
    Exercise(
        id="6.2",
        title="Points of unequal weight",
        stars=2,
        kind="function",
        statement=r"""
    Repeating points works where all weights are equal. Write `w1(x, a, y, b)`: the exact $W_1$ between two distributions
    on a line, one with the weights `a` at the places `x`, both of shape `(n,)`, the other with `b` at `y`, both `(m,)`.
    All are numpy arrays; places come in any order, weights are positive and sum to one. Use no solver and return a
    number: `w1` of weight 1 at $0$ and weights $\tfrac23, \tfrac13$ at $3, 0$ is $2$.
    """,
        stub="""
    def w1(x, a, y, b):
        return ...
    """,
        hints=(
            r"Which form of the theorem needs no sorting of weights: quantiles, or the area $\int |F(t) - Q(t)|\, dt$?",
            r"At a place $t$, $F(t)$ is `a[x <= t].sum()`. Both functions are constant between neighbouring places of the two.",
        ),
        explanation=r"""
    The area between two staircases is a sum of rectangles: at every place of either distribution take the gap between
    the two cumulative distribution functions, times the distance to the next place. Walking along the levels works too, if
    every weight travels with its point when the points are sorted.
    """,
        solution=solution_6_2,
        alternatives=(alternative_6_2_levels, alternative_6_2_loop),
        wrong=(
            (wrong_6_2_unweighted, "weights are ignored"),
            (wrong_6_2_weights_left, "belongs to its point"),
            (wrong_6_2_means, "two means"),
            (order_two_6_2, "order two"),
            (wrong_6_2_independent, "independent"),
            (wrong_6_2_shifted, "next"),
            (wrong_6_2_strictly_below, "t included"),
        ),
        check=check_6_2,
    )
)


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


def wrong_6_3_row_by_row(n, m):
    return np.vstack(
        [
            np.kron(np.eye(n), np.ones((1, m))),
            np.kron(np.ones((1, n)), np.eye(m)),
        ]
    )


def wrong_6_3_rows_only(n, m):
    return solution_6_3(n, m)[:n]


def wrong_6_3_columns_first(n, m):
    return np.roll(solution_6_3(n, m), m, axis=0)


def wrong_6_3_one_dropped(n, m):
    return solution_6_3(n, m)[:-1]


def wrong_6_3_swapped(n, m):
    return solution_6_3(m, n)


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
            mistakes={
                "That is the matrix of the text, for a table strung out row by row.": wrong_6_3_row_by_row(
                    n, m
                ),
                "Only the row sums are there; without the column sums all mass goes to the nearest place.": wrong_6_3_rows_only(
                    n, m
                ),
                "The column sums come first; the order asked for is rows, then columns.": wrong_6_3_columns_first(
                    n, m
                ),
                "One equation is redundant, but all n + m were asked for.": wrong_6_3_one_dropped(
                    n, m
                ),
                "n and m are swapped.": wrong_6_3_swapped(n, m),
                "These rows compute averages; sums were asked for.": wrong_6_3_means(
                    n, m
                ),
            },
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
            (wrong_6_3_row_by_row, "row by row"),
            (wrong_6_3_rows_only, "nearest place"),
            (wrong_6_3_columns_first, "come first"),
            (wrong_6_3_one_dropped, "redundant"),
            (wrong_6_3_swapped, "swapped"),
            (wrong_6_3_means, "averages"),
        ),
        check=check_6_3,
    )
)


def solution_6_4():
    return [0.0, 1.0, 2.0], [1.0, 2.0, 3.0]  # 0 jumps to 3, others stay


def check_6_4(answer, c):
    found = c.call(answer)
    c.true(
        isinstance(found, (tuple, list, np.ndarray, torch.Tensor))
        and len(found) == 2,
        "The wrong type: a pair (x, y) was expected.",
    )
    try:
        x, y = (np.asarray(part, dtype=float) for part in found)
    except (TypeError, ValueError):
        c.fail("The wrong type: x and y are to be lists of numbers.")
    c.true(
        x.ndim == y.ndim == 1,
        "The wrong shape: x and y are to be one-dimensional.",
    )
    c.true(
        len(x) == len(y),
        "x and y have different lengths; this question is about matching one to one.",
    )
    c.true(
        2 <= len(x) <= 6,
        "One point leaves nothing to choose."
        if len(x) < 2
        else "At most six points on either side.",
    )
    c.true(
        np.isfinite(x).all() and np.isfinite(y).all(),
        "NaN or an infinite number is no place on the line.",
    )
    cost = np.sqrt(np.abs(x[:, None] - y))
    best = cost[linear_sum_assignment(cost)].mean()
    in_order = np.sqrt(np.abs(np.sort(x) - np.sort(y))).mean()
    c.true(
        in_order > 0, "Nothing has to move here: the two samples are equal."
    )
    c.true(
        best < in_order - 1e-12,
        "The sorted matching is the cheapest here; look for places that both samples share.",
    )
    c.true(
        best <= 0.9 * in_order,
        f"A crossing saves {100 * (1 - best / in_order):.2f} %, which is too little; 10 % were asked for.",
    )
    return f"Crossing saves {100 * (1 - best / in_order):.0f} % here."


register(
    Exercise(
        id="6.4",
        title="When sorting fails",
        stars=2,
        kind="experiment",
        statement=r"""
    With the concave cost $\sqrt{|x - y|}$, matching in sorted order need not be cheapest. Return two lists
    `(x, y)` of equal length, two to six numbers each, for which the best matching is cheaper than the sorted one by
    at least 10 %.
    """,
        stub="""
    def crossing():
        return ...
    """,
        hints=(
            "Where long trips are cheap, one long trip may replace several short ones.",
            "Let the samples share all places but one, as a shifted row does.",
        ),
        explanation=r"""
    Shift a row of $k$ places by one. In sorted order everybody moves by 1, at a mean cost of 1. If instead everybody
    stays and the first jumps over all, the mean is $\sqrt{k} / k$. Between samples that lie far apart the saving exists
    but is tiny, because the square root is nearly straight there.
    """,
        solution=solution_6_4,
        wrong=(
            (lambda: ([0.0, 1.0], [0.0, 1.0]), "are equal"),
            (lambda: ([0.0], [1.0]), "nothing to choose"),
            (lambda: ([0.0, 1.0], [10.0, 11.0]), "too little"),
            (lambda: ([0.0, 10.0], [1.0, 12.0]), "sorted matching"),
            (lambda: (list(range(20)), list(range(1, 21))), "at most six"),
            (lambda: ([0.0, 1.0], [1.0, 2.0, 3.0]), "different lengths"),
        ),
        check=check_6_4,
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


def solution_6_6(f, cost):
    return (cost - f[:, None]).min(axis=0)


def alternative_6_6_loop(f, cost):
    return np.array(
        [
            min(cost[i, j] - f[i] for i in range(len(f)))
            for j in range(cost.shape[1])
        ]
    )


def wrong_6_6_max(f, cost):
    return (cost - f[:, None]).max(axis=0)


def wrong_6_6_axis(f, cost):
    return (cost - f[:, None]).min(axis=1)


def wrong_6_6_plus(f, cost):
    return (cost + f[:, None]).min(axis=0)


def wrong_6_6_apart(f, cost):
    return cost.min(axis=0) - f.max()


def wrong_6_6_negative(f, cost):
    return -(cost - f[:, None]).min(axis=0)


def wrong_6_6_nearest(f, cost):
    nearest = cost.argmin(axis=0)
    return cost.min(axis=0) - f[nearest]


def check_6_6(answer, c):
    for n, m in ((5, 8), (7, 4), (c.integer(3, 6), c.integer(7, 9))):
        f, cost = 2 * c.rng.normal(size=n), c.rng.uniform(0, 3, size=(n, m))
        got = c.call(answer, f, cost)
        want = np.array([np.min(cost[:, j] - f) for j in range(m)])
        c.equal(
            got,
            want,
            mistakes={
                "The largest difference breaks the other inequalities; each one has to hold.": wrong_6_6_max(
                    f, cost
                ),
                "The minimum runs over the real places i and leaves one value for each generated place j.": wrong_6_6_axis(
                    f, cost
                ),
                "The sign of f is wrong: g_j <= cost_ij - f_i.": wrong_6_6_plus(
                    f, cost
                ),
                "Cost and fee are minimised apart; it is their difference at one and the same i that counts.": wrong_6_6_apart(
                    f, cost
                ),
                "That is -g.": wrong_6_6_negative(f, cost),
                "The nearest real place need not be the tightest: its fee counts too.": wrong_6_6_nearest(
                    f, cost
                ),
            },
            says="Some fee breaks an inequality, or could be higher.",
        )
        slack = cost - f[:, None] - np.asarray(got)
        c.true(
            slack.min() > -1e-9 and slack.min(axis=0).max() < 1e-9,
            "Some fee is too high, or could be higher.",
        )


register(
    Exercise(
        id="6.6",
        title="The best second price list",
        stars=2,
        kind="function",
        statement=r"""
    The fees `f` of shape `(n,)` are fixed. Write `c_transform(f, cost)`, the largest fees `g` of shape `(m,)` for which
    $f_i + g_j \le c_{ij}$ for all $i, j$. Inputs are numpy arrays, `cost` of shape `(n, m)`.
    """,
        stub="""
    def c_transform(f, cost):
        return ...
    """,
        hints=(
            "Fix j: how many inequalities does `g[j]` have to satisfy, and which one is the strictest?",
            r"$g_j = \min_i (c_{ij} - f_i)$: subtract `f` from every column.",
        ),
        explanation=r"""
    For fixed $j$ the $n$ inequalities $g_j \le c_{ij} - f_i$ hold together exactly if $g_j$ is at most the smallest right
    side. This is the *c-transform*. Replacing $g$ by it never lowers the carrier's income, so one of the two price lists
    is redundant; for a metric cost and a 1-Lipschitz $f$ on the same points it is $-f$.
    """,
        solution=solution_6_6,
        alternatives=(alternative_6_6_loop,),
        wrong=(
            (wrong_6_6_max, "each one has to hold"),
            (wrong_6_6_axis, "runs over the real places"),
            (wrong_6_6_plus, "sign of f"),
            (wrong_6_6_apart, "minimised apart"),
            (wrong_6_6_negative, "that is -g"),
            (wrong_6_6_nearest, "tightest"),
        ),
        check=check_6_6,
    )
)


def solution_6_7(plan, f, g, a, b, cost):
    slack = cost - f[:, None] - g
    coupling = (
        plan.min() >= -1e-9
        and np.allclose(plan.sum(axis=1), a, rtol=0, atol=1e-9)
        and np.allclose(plan.sum(axis=0), b, rtol=0, atol=1e-9)
    )
    proved = slack.min() >= -1e-9 and (plan * slack).sum() <= 1e-9
    return bool(coupling and proved)


def alternative_6_7_values(plan, f, g, a, b, cost):
    if (
        (plan < -1e-9).any()
        or np.abs(plan.sum(1) - a).max() > 1e-9
        or np.abs(plan.sum(0) - b).max() > 1e-9
    ):
        return False
    acceptable = (f[:, None] + g <= cost + 1e-9).all()
    return bool(
        acceptable and abs((plan * cost).sum() - a @ f - b @ g) <= 1e-9
    )


def alternative_6_7_loop(plan, f, g, a, b, cost):
    for i in range(len(a)):
        for j in range(len(b)):
            slack = cost[i, j] - f[i] - g[j]
            if (
                plan[i, j] < -1e-9
                or slack < -1e-9
                or (plan[i, j] > 1e-9 and slack > 1e-9)
            ):
                return False
    return bool(
        max(np.abs(plan.sum(1) - a).max(), np.abs(plan.sum(0) - b).max())
        < 1e-9
    )


def wrong_6_7_values_only(plan, f, g, a, b, cost):
    sums = (
        np.allclose(plan.sum(1), a)
        and np.allclose(plan.sum(0), b)
        and plan.min() >= -1e-9
    )
    return bool(sums and abs((plan * cost).sum() - a @ f - b @ g) < 1e-9)


def wrong_6_7_feasible_only(plan, f, g, a, b, cost):
    sums = (
        np.allclose(plan.sum(1), a)
        and np.allclose(plan.sum(0), b)
        and plan.min() >= -1e-9
    )
    return bool(sums and (cost - f[:, None] - g).min() >= -1e-9)


def wrong_6_7_no_sums(plan, f, g, a, b, cost):
    slack = cost - f[:, None] - g
    return bool(
        plan.min() >= -1e-9
        and slack.min() >= -1e-9
        and np.abs(plan * slack).sum() <= 1e-9
    )


def wrong_6_7_rows_only(plan, f, g, a, b, cost):
    return wrong_6_7_no_sums(plan, f, g, a, b, cost) and bool(
        np.allclose(plan.sum(1), a)
    )


def wrong_6_7_no_sign(plan, f, g, a, b, cost):
    slack = cost - f[:, None] - g
    sums = np.allclose(plan.sum(1), a) and np.allclose(plan.sum(0), b)
    return bool(
        sums and slack.min() >= -1e-9 and np.abs(plan * slack).sum() <= 1e-9
    )


def wrong_6_7_tight_everywhere(plan, f, g, a, b, cost):
    return solution_6_7(plan, f, g, a, b, cost) and bool(
        np.allclose(cost, f[:, None] + g)
    )


def wrong_6_7_exact(plan, f, g, a, b, cost):
    slack = cost - f[:, None] - g
    sums = (
        (plan.sum(1) == a).all()
        and (plan.sum(0) == b).all()
        and plan.min() >= 0
    )
    return bool(sums and slack.min() >= 0 and (plan * slack == 0).all())


def wrong_6_7_solver(plan, f, g, a, b, cost):
    from ganbook.transport import transport_plan

    sums = (
        plan.min() >= -1e-9
        and np.allclose(plan.sum(1), a, rtol=0, atol=1e-9)
        and np.allclose(plan.sum(0), b, rtol=0, atol=1e-9)
    )
    cheapest, _ = transport_plan(a, b, cost)
    return bool(sums and abs((plan * cost).sum() - cheapest) <= 1e-9)


def wrong_6_7_columns_only(plan, f, g, a, b, cost):
    return wrong_6_7_no_sums(plan, f, g, a, b, cost) and bool(
        np.allclose(plan.sum(0), b, rtol=0, atol=1e-9)
    )


def wrong_6_7_loose(plan, f, g, a, b, cost):
    slack = cost - f[:, None] - g
    return bool(
        plan.min() >= -1e-3
        and np.allclose(plan.sum(1), a, rtol=0, atol=1e-3)
        and np.allclose(plan.sum(0), b, rtol=0, atol=1e-3)
        and slack.min() >= -1e-3
        and (plan * slack).sum() <= 1e-3
    )


def check_6_7(answer, c):
    rng, n = c.rng, 4
    a, b = np.full(n, 0.25), np.full(n, 0.25)
    f, g = (
        rng.integers(-3, 4, n).astype(float),
        rng.integers(-3, 4, n).astype(float),
    )
    order = rng.permutation(n)
    other = np.roll(order, 1)
    plan, crossed = np.zeros((n, n)), np.zeros((n, n))
    plan[np.arange(n), order], crossed[np.arange(n), other] = 0.25, 0.25
    slack = rng.integers(1, 6, (n, n)).astype(float) * (plan == 0)
    cost, flat, zero = f[:, None] + g + slack, np.zeros((n, n)), np.zeros(n)
    fitted = np.zeros(n)
    fitted[other] = cost[
        np.arange(n), other
    ]  # fees that fit the wrong plan, and exceed costs elsewhere
    tipped = np.full((n, n), 1 / 16)
    tipped[:2, :2] += np.array([[-0.125, 0.125], [0.125, -0.125]])
    leaning = np.full((n, n), 1 / 16) + np.array([0.03, -0.03, 0.0, 0.0])
    cases = [
        (
            (plan, f, g, cost),
            True,
            "This plan is optimal, and unused routes may have slack.",
        ),
        (
            (plan, f + 1e-12, g, cost),
            True,
            "This plan is optimal up to rounding: compare with the tolerance.",
        ),
        (
            (crossed, zero, fitted, cost),
            False,
            "The values agree, but some fees exceed a cost, so they prove nothing.",
        ),
        (
            (crossed, f, g, cost),
            False,
            "This coupling costs more than the fees earn: it is not optimal.",
        ),
        (
            (leaning, zero, zero, flat),
            False,
            "The row sums are right and the column sums are not.",
        ),
        (
            (plan / 2, f, g, cost),
            False,
            "Half of the mass is missing: this is no coupling.",
        ),
        (
            (tipped, zero, zero, flat),
            False,
            "All sums are right, but a negative mass is not allowed.",
        ),
    ]
    head, tail = cases[:2], cases[2:]
    tail = [tail[k] for k in (3, 2, 0, 1, 4)]
    for (table, fee_f, fee_g, price), truth, message in head + tail:
        got = c.call(answer, table, fee_f, fee_g, a, b, price)
        c.equal(got, truth, says=message)
    for fee, message in (
        (
            f - 1,
            "These fees are acceptable and earn less than the plan costs: they prove nothing.",
        ),
        (
            f - 1e-6,
            "The tolerance is 1e-9: fees that earn a millionth less prove nothing yet.",
        ),
        (
            f + 1e-6,
            "The tolerance is 1e-9: these fees exceed a cost by a millionth.",
        ),
    ):
        c.equal(c.call(answer, plan, fee, g, a, b, cost), False, says=message)
    for table in (leaning.T, leaning, tipped):
        c.equal(
            c.call(answer, table, zero, zero, a, b, flat),
            False,
            says="No coupling: both sums and the sign of every entry have to be right.",
        )
    uneven, odd = c.probabilities((3,)).numpy(), c.probabilities((5,)).numpy()
    low, high = rng.normal(size=3), rng.normal(size=5)
    tight, product = low[:, None] + high, np.outer(uneven, odd)
    turned = rng.permutation(3)
    shift = np.zeros((3, 5))
    shift[0, 0], shift[1, 0], shift[1, 1], shift[0, 1] = 1, -1, 1, -1
    small = np.zeros((3, 5))
    small[0, 0], small[1, 0] = 1e-6, -1e-6
    side = np.zeros((3, 5))
    side[0, 0], side[0, 1] = 1e-6, -1e-6
    negative = product + shift * (product[1, 0] + 1e-6)
    if min(product[1, 0], product[0, 1]) == product[0, 1]:
        negative = product + shift * (product[0, 1] + 1e-6)
    raised = tight.copy()
    raised[0, 0] -= 1e-6
    paid = tight.copy()
    paid[0, 0] += 1e-5 / product[0, 0]
    for table, price, truth, message in (
        (
            product,
            tight,
            True,
            "All routes are tight, so every coupling is optimal.",
        ),
        (product + 1e-13, tight, True, "Allow for rounding of 1e-9."),
        (
            product + small,
            tight,
            False,
            "The row sums are off by 1e-6; 1e-9 was allowed.",
        ),
        (
            product + side,
            tight,
            False,
            "The column sums are off by 1e-6; 1e-9 was allowed.",
        ),
        (
            negative,
            tight,
            False,
            "A mass of -1e-6 is negative; 1e-9 was allowed.",
        ),
        (
            product,
            raised,
            False,
            "A fee exceeds a cost by 1e-6; 1e-9 was allowed.",
        ),
        (product, paid, False, "A route with slack carries mass."),
        (
            product[turned],
            tight,
            bool((turned == range(3)).all()),
            "The row sums belong to other rows.",
        ),
    ):
        c.equal(
            c.call(answer, table, low, high, uneven, odd, price),
            truth,
            says=message,
        )
    for _ in range(10):  # a list of verdicts learned by heart does not help
        swap = bool(rng.integers(2))
        c.equal(
            c.call(answer, crossed if swap else plan, f, g, a, b, cost),
            not swap,
        )


register(
    Exercise(
        id="6.7",
        title="A certificate",
        stars=3,
        kind="function",
        statement=r"""
    Somebody hands you a table, two price lists, and the claim that the table is an optimal plan. Write
    `certified(plan, f, g, a, b, cost)`: `True` exactly if `plan` is a coupling of `a` and `b` and the fees `f`, `g` prove
    that it is cheapest; `False` otherwise. All are numpy arrays, `plan` and `cost` of shape `(n, m)`, `f` and `a` `(n,)`,
    `g` and `b` `(m,)`. Allow for rounding of $10^{-9}$. No solver is needed.
    """,
        stub="""
    def certified(plan, f, g, a, b, cost):
        return ...
    """,
        hints=(
            "Weak duality needs three things: the plan's sums, its sign, and acceptable fees.",
            "A coupling with acceptable fees is optimal exactly if the mass on routes with slack is zero.",
        ),
        explanation=r"""
    Three groups of conditions: the plan is a coupling (both sums, no negative mass); the fees are acceptable
    ($f_i + g_j \le c_{ij}$); and they meet, $\sum_{ij} \gamma_{ij} (c_{ij} - f_i - g_j) = 0$. Leave one out and a false
    claim passes. In particular equal values prove nothing with fees that exceed a cost. Checking a solution is much
    cheaper than finding one: that is what a dual is good for.
    """,
        solution=solution_6_7,
        alternatives=(alternative_6_7_values, alternative_6_7_loop),
        wrong=(
            (wrong_6_7_values_only, "exceed a cost"),
            (wrong_6_7_feasible_only, "more than the fees earn"),
            (wrong_6_7_no_sums, "half of the mass"),
            (wrong_6_7_rows_only, "the column sums are not"),
            (wrong_6_7_no_sign, "negative mass"),
            (wrong_6_7_tight_everywhere, "unused routes"),
            (wrong_6_7_exact, "up to rounding"),
            (wrong_6_7_solver, "earn less than the plan"),
            (wrong_6_7_columns_only, "both sums and the sign"),
            (wrong_6_7_loose, "earn a millionth less"),
        ),
        check=check_6_7,
    )
)


TRUTH_6_8 = {
    "A": "one",
    "B": "two",
    "C": "one",
    "D": "one",
    "E": "two",
    "F": "one",
}
REASONS_6_8 = {
    (
        "A",
        "two",
    ): "The distance itself is the case that the theorem is named for.",
    (
        "B",
        "one",
    ): "Going from 0 to 2 by way of 1 costs 2 instead of 4: stages undercut the direct way.",
    (
        "C",
        "two",
    ): "The root of a metric is a metric: root(s + t) <= root(s) + root(t).",
    ("D", "two"): "Cutting a metric off at 1 keeps the triangle inequality.",
    (
        "E",
        "one",
    ): "Any power above one is convex, and halving a trip makes it cheaper.",
    ("F", "two"): "Look at what the proof used: symmetry was not among it.",
}


def solution_6_8():
    return {
        "A": "one",
        "B": "two",
        "C": "one",
        "D": "one",
        "E": "two",
        "F": "one",
    }


def altered_6_8(case):
    flipped = {"one": "two", "two": "one"}
    return {
        key: flipped[label] if key == case else label
        for key, label in TRUTH_6_8.items()
    }


register(
    Exercise(
        id="6.8",
        title="One price list or two",
        stars=2,
        kind="classify",
        statement=r"""
    For which costs on the real line does the dual need only *one* function, $g = -f$, for every pair $p$, $q$? Return a
    dict with the label `"one"` or `"two"` for each.

    - **A**: $|x - y|$
    - **B**: $|x - y|^2$
    - **C**: $\sqrt{|x - y|}$
    - **D**: $\min(|x - y|, 1)$
    - **E**: $|x - y|^{3/2}$
    - **F**: $x - y$ if $x \ge y$, and $2\,(y - x)$ if $x < y$: downhill is cheaper than uphill
    """,
        stub="""
    def price_lists():
        # {"A": "one", "B": ..., ...}
        return ...
    """,
        hints=(
            "Both conditions of the theorem can be tested with three points on the line.",
            "Ask of each cost: can a stop on the way make a trip cheaper?",
        ),
        explanation=r"""
    One function is enough exactly where $c(x, x) = 0$ and the triangle inequality holds. Powers above one of the distance
    violate it: a stop halfway always pays. Concave increasing functions of a distance that vanish at zero keep it (C, D).
    F is not symmetric, hence no metric, but the proof never used symmetry; the functions it admits may fall faster than
    they rise.
    """,
        solution=solution_6_8,
        wrong=(
            (altered_6_8("B"), "undercut"),
            (altered_6_8("C"), "root of a metric"),
            (altered_6_8("D"), "cutting a metric"),
            (altered_6_8("E"), "power above one"),
            (altered_6_8("F"), "symmetry"),
            (altered_6_8("A"), "named for"),
        ),
        check=classify(TRUTH_6_8, labels=("one", "two"), reasons=REASONS_6_8),
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


def wrong_6_10_tiny(a, b, cost, epsilon, sweeps):
    kernel = np.exp(-cost / epsilon)
    v = np.ones(len(b))
    for _ in range(sweeps):
        u = a / (kernel @ v + 1e-100)
        v = b / (kernel.T @ u + 1e-100)
    return u[:, None] * kernel * v


def wrong_6_10_clipped(a, b, cost, epsilon, sweeps):
    return broken_6_10(a, b, np.minimum(cost, 300 * epsilon), epsilon, sweeps)


def wrong_6_10_other_epsilon(a, b, cost, epsilon, sweeps):
    return solution_6_10(a, b, cost, max(epsilon, 0.05), sweeps)


def wrong_6_10_columns_first(a, b, cost, epsilon, sweeps):
    return solution_6_10(b, a, cost.T, epsilon, sweeps).T


def wrong_6_10_one_sweep(a, b, cost, epsilon, sweeps):
    return solution_6_10(a, b, cost, epsilon, 1)


def wrong_6_10_rows_shifted(a, b, cost, epsilon, sweeps):
    with np.errstate(all="ignore"):
        shifted = cost - cost.min(axis=1, keepdims=True)
        return broken_6_10(a, b, shifted, epsilon, sweeps)


def check_6_10(answer, c):
    a, b = c.probabilities((5,)).numpy(), c.probabilities((4,)).numpy()
    cost = c.rng.uniform(0, 1, size=(5, 4))
    sweeps = c.integer(5, 12)
    with np.errstate(all="ignore"):
        got = c.call(answer, a, b, cost, 0.1, sweeps)
        c.equal(
            got,
            broken_6_10(a, b, cost, 0.1, sweeps),
            mistakes={
                "A sweep is to do the rows first and the columns last.": wrong_6_10_columns_first(
                    a, b, cost, 0.1, sweeps
                ),
                "That is the result of a single sweep.": wrong_6_10_one_sweep(
                    a, b, cost, 0.1, sweeps
                ),
            },
            says="Where nothing underflows, the result is to stay what it was.",
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
            mistakes={
                "The tiny number hides the division by zero, and the mass of a whole place is lost.": lambda: (
                    wrong_6_10_tiny(a, b, cost, 0.001, sweeps)
                ),
                "With the cost cut off, far places look equally far: this is the plan of another problem.": lambda: (
                    wrong_6_10_clipped(a, b, cost, 0.001, sweeps)
                ),
                "That is the plan for a larger epsilon than was asked for.": lambda: (
                    wrong_6_10_other_epsilon(a, b, cost, 0.001, sweeps)
                ),
            },
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
            (wrong_6_10_tiny, "hides the division"),
            (wrong_6_10_clipped, "equally far"),
            (wrong_6_10_other_epsilon, "larger epsilon"),
            (wrong_6_10_columns_first, "columns last"),
            (wrong_6_10_one_sweep, "single sweep"),
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


def wrong_6_11_no_division(first, second):
    return first @ second


def wrong_6_11_independent(first, second):
    return np.outer(first.sum(axis=1), second.sum(axis=0))


def wrong_6_11_zero(first, second):
    with np.errstate(all="ignore"):
        return first @ (second / second.sum(axis=1, keepdims=True))


def wrong_6_11_columns(first, second):
    with np.errstate(all="ignore"):
        totals = second.sum(axis=0, keepdims=True)
        return first @ np.where(totals > 0, second / totals, 0)


def wrong_6_11_scaled(first, second):
    glued = first @ second
    return glued / glued.sum()


def wrong_6_11_twice(first, second):
    middle = second.sum(axis=1)
    safe = np.where(middle > 0, middle, 1)
    return (first / safe) @ (second / safe[:, None])


def check_6_11(answer, c):
    def table(rows, columns, zero):
        law = c.rng.dirichlet(np.ones(columns))
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
            mistakes={
                "The division by q is missing: the entries do not sum to one.": wrong_6_11_no_division(
                    first, second
                ),
                "That is the independent coupling; it forgets both plans.": wrong_6_11_independent(
                    first, second
                ),
                "You divided by the law of z; what is shared out is the mass at y.": wrong_6_11_columns(
                    first, second
                ),
                "Rescaling the product as a whole does not repair its marginals.": wrong_6_11_scaled(
                    first, second
                ),
                "You divided by q twice.": wrong_6_11_twice(first, second),
            },
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
            (wrong_6_11_no_division, "division by q is missing"),
            (wrong_6_11_independent, "forgets both plans"),
            (wrong_6_11_zero, "nothing passes through"),
            (wrong_6_11_columns, "law of z"),
            (wrong_6_11_scaled, "does not repair"),
            (wrong_6_11_twice, "q twice"),
        ),
        check=check_6_11,
    )
)


def solution_6_12(x, y, h):
    def kernel(u, v):
        squares = ((u[:, None] - v) ** 2).sum(axis=2)
        return np.exp(-squares / (2 * h**2))

    within = kernel(x, x).mean() + kernel(y, y).mean()
    return within - 2 * kernel(x, y).mean()


def alternative_6_12_weights(x, y, h):
    points = np.concatenate([x, y])
    delta = np.concatenate(
        [np.full(len(x), 1 / len(x)), np.full(len(y), -1 / len(y))]
    )
    squares = (
        (points**2).sum(1)[:, None]
        + (points**2).sum(1)
        - 2 * points @ points.T
    )
    return float(delta @ np.exp(-squares / (2 * h**2)) @ delta)


def alternative_6_12_loop(x, y, h):
    def mean(u, v):
        return sum(
            np.exp(-np.sum((s - t) ** 2) / (2 * h**2)) for s in u for t in v
        ) / (len(u) * len(v))

    return mean(x, x) + mean(y, y) - 2 * mean(x, y)


def mmd_variant(x, y, h, cross=2.0, power=2, scale=None, diagonal=True):
    def mean(u, v):
        lengths = np.sqrt(((u[:, None] - v) ** 2).sum(axis=2))
        values = np.exp(
            -(lengths**power) / (2 * h**2 if scale is None else scale)
        )
        if u is v and not diagonal:
            return (values.sum() - len(u)) / (len(u) * (len(u) - 1))
        return values.mean()

    return mean(x, x) - cross * mean(x, y) + mean(y, y)


def wrong_6_12_no_two(x, y, h):
    return mmd_variant(x, y, h, cross=1.0)


def wrong_6_12_root(x, y, h):
    return np.sqrt(np.abs(solution_6_12(x, y, h)))


def wrong_6_12_bandwidth(x, y, h):
    return mmd_variant(x, y, h, scale=2 * h)


def wrong_6_12_length(x, y, h):
    return mmd_variant(x, y, h, power=1)


def wrong_6_12_no_half(x, y, h):
    return mmd_variant(x, y, h, scale=h**2)


def wrong_6_12_unbiased(x, y, h):
    return mmd_variant(x, y, h, diagonal=False)


def check_6_12(answer, c):
    for n, m, d in ((6, 9, 2), (5, 4, 3), (8, 8, 1)):
        x, y, h = (
            c.rng.normal(size=(n, d)),
            0.7 + c.rng.normal(size=(m, d)),
            c.number(0.6, 1.7) + 0.013,
        )
        got = c.call(answer, x, y, h)
        c.equal(
            got,
            alternative_6_12_weights(x, y, h),
            mistakes={
                "The mixed average enters twice: it stands for (x, y) and for (y, x).": wrong_6_12_no_two(
                    x, y, h
                ),
                "That is MMD, the root; its square was asked for.": wrong_6_12_root(
                    x, y, h
                ),
                "The bandwidth enters squared.": wrong_6_12_bandwidth(
                    x, y, h
                ),
                "The kernel has the *squared* length of the difference.": wrong_6_12_length(
                    x, y, h
                ),
                "The kernel divides by 2 h^2: a half is missing.": wrong_6_12_no_half(
                    x, y, h
                ),
                "That leaves out the pairs of a point with itself; here they belong to the distributions of the samples.": wrong_6_12_unbiased(
                    x, y, h
                ),
            },
        )
        c.true(
            abs(float(c.call(answer, x, x.copy(), h))) < 1e-9,
            "The distance of a sample to itself is to be zero.",
        )


register(
    Exercise(
        id="6.12",
        title="MMD between samples",
        stars=2,
        kind="function",
        statement=r"""
    Write `mmd2(x, y, h)`: the *squared* maximum mean discrepancy between the empirical distributions of two samples, numpy
    arrays of shapes `(n, d)` and `(m, d)`, with the kernel $k(u, v) = \exp(-\lVert u - v \rVert^2 / (2 h^2))$. All pairs
    count, a point with itself too. Return a number.
    """,
        stub="""
    def mmd2(x, y, h):
        return ...
    """,
        hints=(
            r"Multiply out $\delta^\top K \delta$, where $\delta$ is $1/n$ on the points of `x` and $-1/m$ on those of `y`.",
            r"The mean of $k$ over pairs within `x`, minus twice that over mixed pairs, plus that within `y`.",
        ),
        explanation=r"""
    With all pairs, this is exactly the distance of the two empirical distributions: never negative, zero for equal samples.
    As an *estimate* for the underlying laws it is biased upwards by the pairs of a point with itself, which the unbiased
    version leaves out, at the price that it can be negative. Chapter 9 needs both.
    """,
        solution=solution_6_12,
        alternatives=(alternative_6_12_weights, alternative_6_12_loop),
        wrong=(
            (wrong_6_12_no_two, "enters twice"),
            (wrong_6_12_root, "the root; its square"),
            (wrong_6_12_bandwidth, "bandwidth enters"),
            (wrong_6_12_length, "length of the difference"),
            (wrong_6_12_no_half, "a half is missing"),
            (wrong_6_12_unbiased, "leaves out"),
        ),
        check=check_6_12,
    )
)


def solution_6_13():
    return """
    The dual of transport with cost c maximises E_p f + E_q g over pairs
    with f(x) + g(y) <= c(x, y). One may put g = -f for all p and q only if
    c(x, x) = 0 and c obeys the triangle inequality. Squared distance does
    not. For point masses at 0 and 2 your infimum is 4 and your supremum 2:
    it is W1, whatever c is. If the constraint is D(x) - D(y) <= c(x, y)
    instead, the supremum is 4/N on a grid of N steps and 0 on the line.
    Either take the distance as the cost, then critics that are 1-Lipschitz
    in it are right; or keep the square and two functions.
    """


register(
    Exercise(
        id="6.13",
        title="A letter to an author",
        stars=2,
        kind="rubric",
        statement=r"""
    A tutorial defines $W(p, q) = \inf_\gamma \mathbb{E}_\gamma[c(x, y)]$ "for a cost such as the squared distance" and goes on:
    "by duality, $W(p, q) = \sup_D \mathbb{E}_p[D] - \mathbb{E}_q[D]$ over 1-Lipschitz $D$". Write to the author, in a
    paragraph: what is wrong, a number that shows it, and how to put it right.
    """,
        stub="""
    def letter():
        return ...
    """,
        hints=(
            "What is the dual for a general cost? Which step makes one function out of two?",
            "A point mass at 0 and one at 2: compute both sides.",
        ),
        explanation=r"""
    A good letter states the dual with two functions, names the two properties of the cost that make one enough, gives a
    counterexample with its numbers, and offers a repair (take the distance as the cost, or keep two functions).
    """,
        solution=solution_6_13,
        check=rubric(
            "the dual for a general cost has two functions, bound together by f(x) + g(y) <= c(x, y)",
            "one function is enough when c(x, x) = 0 and the triangle inequality holds",
            "a number, for instance 4 against 2 for squared distance between point masses at 0 and 2",
            "a repair: the distance itself as cost, with the critic 1-Lipschitz in that distance, or two functions",
        ),
    )
)
