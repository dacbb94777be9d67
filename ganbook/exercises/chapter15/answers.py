r"""Exercises 15.1 to 15.3: the answer that an error asks for, and the price of a sample."""

import numpy as np

from ganbook.exercises.engine.core import Exercise, register
from ganbook.exercises.engine.mistakes import mistake, outcomes
from ganbook.exercises.engine.proofs import ordered

# 15.1 ------------------------------------------------------------------


def solution_15_1(values, chances):
    order = np.argsort(values)
    values, chances = values[order], chances[order]
    mean = float(values @ chances)
    median = float(values[np.cumsum(chances) > 0.5][0])
    return mean, median


def alternative_15_1_search(values, chances):
    paid = [float(np.abs(values - guess) @ chances) for guess in values]
    return float(np.average(values, weights=chances)), float(
        values[int(np.argmin(paid))]
    )


@mistake("The two are in the wrong order: the squared error's comes first.")
def wrong_15_1_swapped(values, chances):
    mean, median = solution_15_1(values, chances)
    return median, mean


@mistake("The likeliest value need not be the median.")
def wrong_15_1_mode(values, chances):
    mean, _ = solution_15_1(values, chances)
    return mean, float(values[int(np.argmax(chances))])


@mistake("The mean weighs each value by its chance.")
def wrong_15_1_unweighted(values, chances):
    return float(values.mean()), solution_15_1(values, chances)[1]


@mistake(
    "That is the middle of the list of values, whatever their chances are."
)
def wrong_15_1_middle(values, chances):
    return solution_15_1(values, chances)[0], float(
        np.sort(values)[len(values) // 2]
    )


@mistake("The values come in any order; a running sum needs them sorted.")
def wrong_15_1_unsorted(values, chances):
    mean = float(values @ chances)
    return mean, float(values[np.cumsum(chances) > 0.5][0])


def wrong_15_1_grid(values, chances):
    grid = np.linspace(values.min(), values.max(), 2_001)
    paid = np.abs(grid[:, None] - values) @ chances
    return solution_15_1(values, chances)[0], float(grid[paid.argmin()])


def check_15_1(answer, c):
    cases = [
        (np.array([1.0, -1.0]), np.array([0.7, 0.3])),
        (np.array([5.0, 0.0, 1.0]), np.array([0.4, 0.35, 0.25])),
        (np.array([9.0, 0.0, 2.0, 4.0]), np.array([0.6, 0.1, 0.2, 0.1])),
        (np.array([-2.5]), np.array([1.0])),
    ]
    for _ in range(3):
        n = c.integer(3, 7)
        chances = c.rng.dirichlet(np.ones(n))
        cases.append((3 * c.rng.normal(size=n), chances))
    for values, chances in cases:
        got = c.call(answer, values, chances)
        want = alternative_15_1_search(values, chances)
        if not c.agrees(got, want, rtol=1e-9):
            c.true(
                not c.agrees(got, want, rtol=0, atol=0.01),
                "Near, but not exact: the mean is a sum, and the median is one of the values.",
            )
        c.equal(
            got,
            want,
            rtol=1e-9,
            mistakes=outcomes(
                (values, chances),
                wrong_15_1_swapped,
                wrong_15_1_mode,
                wrong_15_1_unweighted,
                wrong_15_1_middle,
                wrong_15_1_unsorted,
            ),
        )


register(
    Exercise(
        id="15.1",
        title="What two errors ask for",
        stars=1,
        kind="function",
        statement=r"""
    An unknown number takes the `values` (a numpy array `(K,)`, in any order, no two equal) with the probabilities
    `chances`, `(K,)`. Write `best(values, chances)`: the constant with the least mean squared error and the constant
    with the least mean absolute error, as a pair of numbers. No partial sum of the chances equals one half. For
    `[1, -1]` with `[0.7, 0.3]` it is `(0.4, 1.0)`.
    """,
        stub="""
    def best(values, chances):
        return ...
    """,
        hints=(
            r"Differentiate both errors in the constant. What does the derivative of the absolute error count?",
            r"Sort the values. The median is the first value at which the running sum of chances passes one half.",
        ),
        explanation=r"""
    The derivative of the squared error is zero at the mean. That of the absolute error is the probability below the
    constant minus the probability above it, which changes sign at the median. The median is one of the values, and
    with two values it is the likelier one; with three or more it can be a value that is not likely at all.
    """,
        solution=solution_15_1,
        alternatives=(alternative_15_1_search,),
        wrong=(
            wrong_15_1_swapped,
            wrong_15_1_mode,
            wrong_15_1_unweighted,
            wrong_15_1_middle,
            wrong_15_1_unsorted,
            (wrong_15_1_grid, "not exact"),
        ),
        check=check_15_1,
    )
)

# 15.2 ------------------------------------------------------------------


def solution_15_2():
    return "bdaec"


register(
    Exercise(
        id="15.2",
        title="Twice the least error",
        stars=2,
        kind="value",
        statement=r"""
    Prove that a posterior sample has twice the least squared error. Choose the lines that are needed and put them in
    an order in which each follows from what stands before it. Two lines do not belong. Return a string of letters, such
    as `"ab"`. Throughout, $m = \mathbb{E}[x \mid y]$.

    - **a.** Given $y$, the cross term $\mathbb{E}[(x - m) \cdot (\hat x - m) \mid y]$ is the product of the two means, which are zero.
    - **b.** Let $\hat x$ be drawn from the law of $x$ given $y$, independently of $x$ given $y$.
    - **c.** Averaging over $y$: $\mathbb{E}\|x - \hat x\|^2$ is $2\,\mathbb{E}\|x - m\|^2$.
    - **d.** So, given $y$, $\hat x$ has the mean $m$ as well.
    - **e.** Hence, given $y$, $\mathbb{E}\|x - \hat x\|^2$ is the sum of $\mathbb{E}\|x - m\|^2$ and $\mathbb{E}\|\hat x - m\|^2$, and these two are equal.
    - **f.** Since $x$ and $\hat x$ have one law, they are uncorrelated.
    - **g.** Since the posterior is Gaussian, its variance does not depend on $y$.
    """,
        stub="""
    def proof():
        # letters, such as "ab"
        return ...
    """,
        hints=(
            r"Which line brings $\hat x$ into the proof? Which one states the claim?",
            r"Expand the square around $m$. What has to be known of both means before the cross term can go?",
        ),
        explanation=r"""
    b introduces the sample, d gives its mean, a removes the cross term by *conditional* independence, e uses that both
    have the same conditional law, and c averages. Line f confuses equal laws with a lack of correlation (given nothing,
    $x$ and $\hat x$ are correlated, through $y$). Line g holds if $x$ and $y$ are jointly Gaussian, and the proof does not need it.
    """,
        solution=solution_15_2,
        wrong=(
            ("bdaefc", "equal laws"),
            ("bgdaec", "No line needs"),
            ("badec", "before a line that it uses"),
            ("bdec", "cross term is still"),
            ("bdae", "claim is an average"),
            ("daec", "has not been introduced"),
        ),
        check=ordered(
            {"b": "", "d": "b", "a": "bd", "e": "a", "c": "e"},
            {
                "f": "Having equal laws does not make two variables uncorrelated.",
                "g": "No line needs a Gaussian: the theorem holds for every law.",
            },
            {
                "b": "The sample has not been introduced.",
                "d": "The mean of the sample is not known yet.",
                "a": "The cross term is still there.",
                "e": "The square has not been expanded.",
                "c": "The claim is an average over the observations.",
            },
        ),
    )
)

# 15.3 ------------------------------------------------------------------


def solution_15_3():
    return "8 * p * (1 - p)"


def check_15_3(value, c):
    c.expression(
        value,
        lambda p: 8 * p * (1 - p),
        p=(0.05, 0.95),
        mistakes={
            "That is the error of the mean, the least there is.": lambda p: (
                4 * p * (1 - p)
            ),
            "That is the probability that the draw is wrong; the square of the error is then 4.": lambda p: (
                2 * p * (1 - p)
            ),
            "That is the error of the likelier answer, given always.": lambda p: (
                4 * (1 - p)
            ),
            "A draw is wrong in two ways: too high and too low.": lambda p: (
                4 * p * (1 - p) ** 2
            ),
            "That is the squared mean.": lambda p: (2 * p - 1) ** 2,
        },
    )


register(
    Exercise(
        id="15.3",
        title="The error of a draw",
        stars=1,
        kind="expression",
        statement=r"""
    $x$ is $1$ with probability $p$ and $-1$ otherwise. Return the mean squared error of an independent draw from the same
    law, as a sympy expression or as text in `p`, such as `"p * (1 + p)"`.
    """,
        stub="""
    def error():
        return ...
    """,
        hints=(
            r"List the four cases of the true and the drawn value, with their probabilities.",
            r"In two of the four cases the answer is wrong. By how much, squared?",
        ),
        explanation=r"""
    True and drawn value differ with probability $p(1 - p) + (1 - p)p$, and then the squared error is $2^2$: in all
    $8p(1 - p)$, twice the variance $4p(1 - p)$.
    """,
        solution=solution_15_3,
        wrong=(
            ("4*p*(1-p)", "the least there is"),
            ("2*p*(1-p)", "the square of the error is then 4"),
            ("4*(1-p)", "given always"),
            ("4*p*(1-p)**2", "in two ways"),
            ("(2*p-1)**2", "squared mean"),
        ),
        check=check_15_3,
    )
)
