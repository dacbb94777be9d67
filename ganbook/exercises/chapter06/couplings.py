r"""Exercises 6.1, 6.2 and 6.4: By hand; Points of unequal weight; When sorting fails."""

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment

from ganbook.exercises.engine.core import Exercise, register
from ganbook.exercises.engine.words import say


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


def wrong_6_2_repeated(x, a, y, b):
    first, second = (
        dict(zip(*pair, strict=True)) for pair in ((x, a), (y, b))
    )
    return solution_6_2(
        np.array(list(first)),
        np.array(list(first.values())),
        np.array(list(second)),
        np.array(list(second.values())),
    )


def check_6_2(answer, c):
    inputs = [
        (
            c.rng.normal(size=n),
            c.probabilities((n,)).numpy(),
            1.5 * c.rng.normal(size=m) + 0.5,
            c.probabilities((m,)).numpy(),
        )
        for n, m in ((4, 7), (6, 3), (5, 5), (2, 9), (6, 6))
    ]
    inputs[-1][0][[1, 4]] = inputs[-1][0][3]  # places that are met again
    inputs[-1][2][[0, 5]] = inputs[-1][2][2], inputs[-1][0][3]
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
                "A place may occur twice in `x`: all of its weights count, not the last one alone.": lambda x=x, a=a, y=y, b=b: (
                    wrong_6_2_repeated(x, a, y, b)
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
            (wrong_6_2_repeated, "occur twice"),
        ),
        check=check_6_2,
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
        say(
            "A crossing saves {value:.2f} %, which is too little; 10 % were asked for.",
            value=100 * (1 - best / in_order),
        ),
    )
    return say(
        "Crossing saves {value:.0f} % here.",
        value=100 * (1 - best / in_order),
    )


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
