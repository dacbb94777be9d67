r"""Exercises 9.4, 9.5 and 9.9."""

import re

import numpy as np

from ganbook.exercises.engine.core import Exercise, register
from ganbook.exercises.engine.mistakes import mistake, outcomes


def solution_9_4(labels):
    labels = np.asarray(labels)
    n = len(labels)
    counts = np.unique(labels, return_counts=True)[1]
    equal = (counts * (counts - 1) // 2).sum()
    return n * (n - 1) / 2 / equal if equal else float("inf")


def alternative_9_4_pairs(labels):
    n = len(labels)
    equal = sum(labels[i] == labels[j] for i in range(n) for j in range(i))
    return n * (n - 1) / (2 * equal) if equal else np.inf


def _counts_9_4(labels):
    return np.unique(np.asarray(labels), return_counts=True)[1]


@mistake(
    "That counts the different samples among those drawn, which is at most their number."
)
def wrong_9_4_different(labels):
    return float(len(_counts_9_4(labels)))


@mistake(
    "You paired samples with themselves: even without any twin that gives a finite size."
)
def wrong_9_4_biased(labels):
    n, counts = len(labels), _counts_9_4(labels)
    return float(n**2 / (counts**2).sum())


@mistake(
    "You count each pair once above or below and twice on the other side: a factor of two."
)
def wrong_9_4_ordered(labels):
    n, counts = len(labels), _counts_9_4(labels)
    equal = (counts * (counts - 1) // 2).sum()
    return n * (n - 1) / equal if equal else float("inf")


@mistake(
    "The square of the number of draws does not depend on what was drawn."
)
def wrong_9_4_square(labels):
    return float(len(labels) ** 2)


@mistake(
    "Without an equal pair the estimate is infinite: the draws set no bound."
)
def wrong_9_4_none(labels):
    n, counts = len(labels), _counts_9_4(labels)
    equal = (counts * (counts - 1) // 2).sum()
    return n * (n - 1) / 2 / max(equal, 1)


@mistake("The labels -1 and 1 stand for different samples.")
def wrong_9_4_sign(labels):
    return solution_9_4(np.abs(labels))


def check_9_4(answer, c):
    few = c.rng.integers(0, 5, 41)
    for labels in (
        c.rng.integers(0, 20, 30),
        np.array([3, 1, 3, 2]),
        np.array([7, 7, 7, 7]),
        few * 1000,
        few - 2,
        np.arange(6),
        c.rng.integers(0, 400, 300),
    ):
        c.equal(
            c.call(answer, labels),
            solution_9_4(labels),
            rtol=1e-12,
            mistakes=outcomes(
                (labels,),
                wrong_9_4_different,
                wrong_9_4_biased,
                wrong_9_4_ordered,
                wrong_9_4_square,
                wrong_9_4_none,
                wrong_9_4_sign,
            ),
        )
    c.like(answer, solution_9_4, lambda: (np.zeros(300, dtype=int),))


register(
    Exercise(
        id="9.4",
        title="Twins",
        stars=1,
        kind="function",
        statement=r"""
    A judge has given the same whole number to samples that look the same: `labels`, a numpy array of shape
    `(n,)`, $n \ge 2$. Write `support(labels)`: the number of unordered pairs of draws over the number of such
    pairs that are the same, as a number, which estimates $1 / \sum_i p_i^2$. If no pair is the same it is
    `float("inf")`.
    For the labels 3, 1, 3, 2 it is $6$.
    """,
        stub="""
    def support(labels):
        return ...
    """,
        hints=(
            "How many pairs are there among n draws? And how many equal pairs does a label give that occurs m times?",
            "`np.unique(labels, return_counts=True)` gives the counts m; each adds m(m - 1)/2 equal pairs. Treat zero pairs apart.",
        ),
        explanation=r"""
    Each unordered pair is equal with probability $\sum_i p_i^2$, so the share of equal pairs estimates this
    without bias. By the Cauchy–Schwarz inequality $1 = (\sum p_i)^2 \le K \sum p_i^2$, so its inverse is at
    most the size of the support: a lower bound, however the law is spread.
    """,
        solution=solution_9_4,
        alternatives=(alternative_9_4_pairs,),
        wrong=(
            wrong_9_4_different,
            wrong_9_4_biased,
            wrong_9_4_ordered,
            wrong_9_4_square,
            wrong_9_4_none,
            wrong_9_4_sign,
        ),
        check=check_9_4,
    )
)


STEPS_9_5 = {
    "A": "There are N - 1 other real points and M generated ones.",
    "B": "The ball of x_i is empty exactly if the k points nearest to x_i are all real.",
    "C": "All orders of these points by their distance to x_i are equally likely.",
    "D": "So it is empty with the probability (N-1)...(N-k) / ((N+M-1)...(N+M-k)).",
    "E": "One minus this is the same for every i, and so it is the mean of the coverage.",
}


def solution_9_5():
    return "needs exchangeability", "ACBDE"


def alternative_9_5_iid():
    return "i.i.d.", "BACDE"


def check_9_5(answer, c):
    value = c.call(answer)
    c.true(
        isinstance(value, tuple | list) and len(value) == 2,
        "A pair was expected: the word for the property, and the order of the letters.",
    )
    reason, order = (str(v).strip().lower() for v in value)
    order = re.sub(r"[^A-Z]", "", order.upper())
    c.true(
        sorted(order) == sorted(STEPS_9_5),
        "The order must hold each of the letters A to E once.",
    )
    alike = re.search(
        r"\bi\.?\s?i\.?\s?d\b|independent.*identical|identical.*independent",
        reason,
    )
    changeable = alike or re.search(r"exchang|interchang|permutab", reason)
    if re.search(r"\b(not|no|non|or)\b|\b(un|non|in)-?exchang", reason):
        c.fail(
            "One word for one property was expected, and no negation of it."
        )
    if "independen" in reason and not changeable:
        c.fail(
            "Independence alone is not the property: two different laws give independent draws, too, and the orders are then not equally likely."
        )
    if "normal" in reason or "gauss" in reason:
        c.fail(
            "No normal law is needed: the theorem holds for every law under which no two distances are equal."
        )
    c.true(
        changeable,
        "Name the property of the points that makes every order by distance equally likely.",
    )
    place = {letter: i for i, letter in enumerate(order)}
    c.true(
        place["A"] < place["C"],
        "The orders are spoken of before it is said of which points.",
    )
    c.true(
        place["C"] < place["D"],
        "The probability is computed before you know that all orders are equally likely.",
    )
    c.true(
        place["B"] < place["D"],
        "The probability of an empty ball comes before the event is put into words.",
    )
    c.true(
        place["D"] < place["E"],
        "The conclusion on coverage stands before the probability that it uses.",
    )


def wrong_9_5_before_points():
    return "exchangeability", "CABDE"


def wrong_9_5_before_event():
    return "exchangeable", "ACDBE"


def wrong_9_5_conclusion():
    return "exchangeability", "ACBED"


def wrong_9_5_independent():
    return "independence", "ACBDE"


def wrong_9_5_normal():
    return "normality", "ACBDE"


def wrong_9_5_orders():
    return "exchangeability", "ABDCE"


register(
    Exercise(
        id="9.5",
        title="Prove the value of coverage",
        stars=2,
        kind="experiment",
        statement=r"""
    The steps of the proof of {eq}`eq:09-coverage` for the coverage, shuffled:

    - **A** There are $N - 1$ other real points and $M$ generated ones.
    - **B** The ball of $x_i$ is empty exactly if the $k$ points nearest to $x_i$ are all real.
    - **C** All orders of these points by their distance to $x_i$ are equally likely.
    - **D** So it is empty with the probability $\frac{(N-1) \cdots (N-k)}{(N+M-1) \cdots (N+M-k)}$.
    - **E** One minus this is the same for every $i$, and so it is the mean of the coverage.

    Return a pair of strings: one word for the property of the points, given $x_i$, that makes step C true; and
    the letters in an order in which each step uses only what stands before it, such as `"EDCBA"`. If several
    orders do, any of them is accepted.
    """,
        stub="""
    # ("property", "ABCDE")
    def proof():
        return ...
    """,
        hints=(
            "D needs three things: which points, which event, and how likely each order is.",
            "The property is weaker than being independent draws of one law, and follows from it: the joint law does not change when two of the points are exchanged.",
        ),
        explanation=r"""
    Exchangeability: the joint law of the $N - 1 + M$ points stays the same when any two change places. It follows
    from independent draws of *one* law (the answer "i.i.d." is therefore accepted), and fails for two laws, where
    generated points may all be near or all be far. Nothing is said about dimension or shape, which is why the value is the same everywhere.
    """,
        solution=solution_9_5,
        alternatives=(alternative_9_5_iid,),
        wrong=(
            (wrong_9_5_before_points, "of which points"),
            (wrong_9_5_before_event, "put into words"),
            (wrong_9_5_conclusion, "conclusion on coverage"),
            (wrong_9_5_independent, "Independence alone"),
            (wrong_9_5_normal, "No normal law"),
            (wrong_9_5_orders, "before you know that all orders"),
        ),
        check=check_9_5,
    )
)


def solution_9_9(value, draws):
    reach = 1.96 * np.std(draws, ddof=1)
    return max(value - reach, 0.0), value + reach


def alternative_9_9_sums(value, draws):
    n, mean = len(draws), sum(draws) / len(draws)
    variance = sum((d - mean) ** 2 for d in draws) / (n - 1)
    reach = 1.96 * variance**0.5
    low = value - reach
    return (low if low > 0 else 0.0), value + reach


def wrong_9_9_percentiles(value, draws):
    low, high = np.quantile(draws, (0.025, 0.975))
    return float(low), float(high)


def wrong_9_9_centre(value, draws):
    return solution_9_9(float(np.mean(draws)), draws)


def wrong_9_9_error(value, draws):
    reach = 1.96 * np.std(draws, ddof=1) / np.sqrt(len(draws))
    return max(value - reach, 0.0), value + reach


def wrong_9_9_one(value, draws):
    reach = np.std(draws, ddof=1)
    return max(value - reach, 0.0), value + reach


def wrong_9_9_negative(value, draws):
    reach = 1.96 * np.std(draws, ddof=1)
    return value - reach, value + reach


def wrong_9_9_divisor(value, draws):
    reach = 1.96 * np.std(draws)
    return max(value - reach, 0.0), value + reach


def check_9_9(answer, c):
    for value, draws in (
        (10.0, np.array([12.0, 13.0, 14.0, 13.0])),
        (1.0, np.array([2.0, 5.0, 3.0])),
        (c.number(50, 90), c.rng.normal(80, 6, 40)),
    ):
        got = c.call(answer, value, draws)
        c.true(
            np.shape(got) == (2,),
            "A pair was expected: the lower end and the upper end.",
        )
        c.equal(
            np.asarray(got, dtype=float),
            np.array(solution_9_9(value, draws)),
            rtol=1e-9,
            mistakes={
                "Percentiles keep the shift of the bootstrap: its draws lie above the value by a floor of their own.": np.array(
                    wrong_9_9_percentiles(value, draws)
                ),
                "The middle is to be the value itself; the mean of the draws is shifted.": np.array(
                    wrong_9_9_centre(value, draws)
                ),
                "That is for the mean of the draws: more draws would shrink it to nothing.": np.array(
                    wrong_9_9_error(value, draws)
                ),
                "One standard deviation to each side holds about two thirds.": np.array(
                    wrong_9_9_one(value, draws)
                ),
                "A distance is not negative: cut the lower end at 0.": np.array(
                    wrong_9_9_negative(value, draws)
                ),
                "The divisor of the variance is the number of draws less one.": np.array(
                    wrong_9_9_divisor(value, draws)
                ),
            },
        )


register(
    Exercise(
        id="9.9",
        title="An interval from a shifted bootstrap",
        stars=1,
        kind="function",
        statement=r"""
    `value` is a Fréchet distance, a float, and `draws` an array with the distances of its bootstrap samples. Write
    `interval(value, draws)`: the pair (lower end, upper end) of the 95 % interval around `value`, with a reach of
    1.96 standard deviations of the draws (divisor one less than their number). A lower end below 0 becomes `0.0`.
    """,
        stub="""
    def interval(value, draws):
        return ...
    """,
        hints=(
            "Two things come from two places: the middle from the value, the width from the draws.",
            "`np.std` divides by the number of draws unless it is told `ddof=1`.",
        ),
        explanation=r"""
    A bootstrap sample is drawn from a law of $N$ points, so its distance carries one more floor, about $c/N$. The
    spread of the draws estimates the spread of the distance well; their location does not.
    """,
        solution=solution_9_9,
        alternatives=(alternative_9_9_sums,),
        wrong=(
            (wrong_9_9_percentiles, "Percentiles keep"),
            (wrong_9_9_centre, "mean of the draws is shifted"),
            (wrong_9_9_error, "shrink it"),
            (wrong_9_9_one, "two thirds"),
            (wrong_9_9_negative, "cut the lower end"),
            (wrong_9_9_divisor, "draws less one"),
        ),
        check=check_9_9,
    )
)
