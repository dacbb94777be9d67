r"""Exercises 6.6, 6.8 and 6.13."""

import numpy as np

from ganbook.exercises.engine.core import Exercise, classify, register, rubric
from ganbook.exercises.engine.mistakes import mistake, outcomes


def solution_6_6(f, cost):
    return (cost - f[:, None]).min(axis=0)


def alternative_6_6_loop(f, cost):
    return np.array(
        [
            min(cost[i, j] - f[i] for i in range(len(f)))
            for j in range(cost.shape[1])
        ]
    )


@mistake(
    "The largest difference breaks the other inequalities; each one has to hold."
)
def wrong_6_6_max(f, cost):
    return (cost - f[:, None]).max(axis=0)


@mistake(
    "The minimum runs over the real places i and leaves one value for each generated place j."
)
def wrong_6_6_axis(f, cost):
    return (cost - f[:, None]).min(axis=1)


@mistake("The sign of f is wrong: g_j <= cost_ij - f_i.")
def wrong_6_6_plus(f, cost):
    return (cost + f[:, None]).min(axis=0)


@mistake(
    "Cost and fee are minimised apart; it is their difference at one and the same i that counts."
)
def wrong_6_6_apart(f, cost):
    return cost.min(axis=0) - f.max()


@mistake("That is -g.")
def wrong_6_6_negative(f, cost):
    return -(cost - f[:, None]).min(axis=0)


@mistake(
    "The nearest real place need not be the tightest: its fee counts too."
)
def wrong_6_6_nearest(f, cost):
    nearest = cost.argmin(axis=0)
    return cost.min(axis=0) - f[nearest]


def check_6_6(answer, c):
    for n, m in ((5, 8), (7, 4), (c.integer(3, 6), c.integer(7, 9))):
        f, cost = 2 * c.rng.normal(size=n), c.rng.uniform(0, 3, size=(n, m))
        if n == 7:
            cost = np.round(cost).astype(int)
        got = c.call(answer, f, cost)
        want = np.array([np.min(cost[:, j] - f) for j in range(m)])
        c.equal(
            got,
            want,
            mistakes=outcomes(
                (f, cost),
                wrong_6_6_max,
                wrong_6_6_axis,
                wrong_6_6_plus,
                wrong_6_6_apart,
                wrong_6_6_negative,
                wrong_6_6_nearest,
            ),
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
            wrong_6_6_max,
            wrong_6_6_axis,
            wrong_6_6_plus,
            wrong_6_6_apart,
            wrong_6_6_negative,
            wrong_6_6_nearest,
        ),
        check=check_6_6,
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
