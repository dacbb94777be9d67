r"""Exercises of chapter 16 on peaks: the top of a parabola, and the fundamental's share."""

import numpy as np

from ganbook.exercises.engine.core import Exercise, register
from ganbook.exercises.engine.mistakes import mistake, outcomes

# 16.3 ------------------------------------------------------------------


def solution_16_3(left, middle, right):
    return 0.5 * (left - right) / (left - 2 * middle + right)


def alternative_16_3_polyfit(left, middle, right):
    a, b, _ = np.polyfit([-1, 0, 1], [left, middle, right], 2)
    return -b / (2 * a)


@mistake("The sign: the top lies towards the larger neighbour.")
def wrong_16_3_sign(left, middle, right):
    return -solution_16_3(left, middle, right)


@mistake("A factor of two: the slope of a t^2 is 2 a t.")
def wrong_16_3_double(left, middle, right):
    return 2 * solution_16_3(left, middle, right)


@mistake("That is the height of the top; its place was asked for.")
def wrong_16_3_height(left, middle, right):
    return middle - (left - right) * solution_16_3(left, middle, right) / 4


@mistake(
    "A mean weighted by the values is no parabola: it moves when all values grow by one."
)
def wrong_16_3_weights(left, middle, right):
    return (right - left) / (left + middle + right)


@mistake("The second difference takes the middle value twice.")
def wrong_16_3_bend(left, middle, right):
    return 0.5 * (left - right) / (left - middle + right)


@mistake("The middle value is 1 in the example, and not always.")
def wrong_16_3_unit(left, middle, right):
    return 0.5 * (left - right) / (left - 2 + right)


def check_16_3(answer, c):
    cases = [(0.5, 1.0, 0.9), (0.9, 1.0, 0.5)]
    cases += [(-3.0, -1.0, -2.0), (0.5, 1.0, 1.0), (0.7, 0.7, 0.1)]
    cases += [(5e-7, 1e-6, 9e-7), (5e8, 1e9, 9e8)]
    for _ in range(5):
        top, place = c.number(-2, 2), c.number(-0.45, 0.45)
        bend = c.number(0.2, 2)
        cases.append(tuple(top - bend * (k - place) ** 2 for k in (-1, 0, 1)))
    for left, middle, right in cases:
        curve = np.linalg.solve(
            [[1, -1, 1], [1, 0, 0], [1, 1, 1]], [left, middle, right]
        )
        c.equal(
            c.call(answer, left, middle, right),
            float(-curve[1] / (2 * curve[2])),
            rtol=1e-7,
            atol=1e-9,
            mistakes=outcomes(
                (left, middle, right),
                wrong_16_3_sign,
                wrong_16_3_double,
                wrong_16_3_height,
                wrong_16_3_weights,
                wrong_16_3_unit,
                wrong_16_3_bend,
            ),
        )


register(
    Exercise(
        id="16.3",
        title="The top of a parabola",
        stars=1,
        kind="function",
        statement=r"""
    A parabola that opens downwards has the values `left`, `middle`, `right` at $-1$, $0$ and $1$, and `middle` is the
    largest. Write `top(left, middle, right)`: the place of its maximum, a number in $[-\tfrac12, \tfrac12]$. For
    $0.5$, $1$, $0.9$ it is $\tfrac13$.
    """,
        stub="""
    def top(left, middle, right):
        return ...
    """,
        hints=(
            "Write the parabola as $a t^2 + b t + c$ and insert the three places.",
            r"$b = (\text{right} - \text{left})/2$, $a = (\text{left} - 2\,\text{middle} + \text{right})/2$; the top is at $-b/2a$.",
        ),
        explanation=r"""
    $c$ is the middle value, $a + c = (\text{left} + \text{right})/2$ and $b = (\text{right} - \text{left})/2$. The top
    at $-b/(2a)$ is {eq}`eq:16-parabola`. Without it a pitch near 415 Hz would be off by up to 45 cents, more than four times
    what "in tune" allows.
    """,
        solution=solution_16_3,
        alternatives=(alternative_16_3_polyfit,),
        wrong=(
            wrong_16_3_sign,
            wrong_16_3_double,
            wrong_16_3_height,
            wrong_16_3_weights,
            wrong_16_3_bend,
            wrong_16_3_unit,
        ),
        check=check_16_3,
    )
)

# 16.4 ------------------------------------------------------------------


def solution_16_4():
    return "(1 - b**2) / (1 - b**12)"


def check_16_4(value, c):
    c.expression(
        value,
        lambda b: 1 / sum(b ** (2 * k) for k in range(6)),
        b=(0.2, 0.95),
        mistakes={
            "Energy is the square of the amplitude.": "(1 - b) / (1 - b**6)",
            "That is the limit of infinitely many harmonics; there are six.": "1 - b**2",
            "That sums five harmonics.": "(1 - b**2) / (1 - b**10)",
            "That is the share of all the others.": "1 - (1 - b**2) / (1 - b**12)",
            "That is the share of the second harmonic.": "b**2 * (1 - b**2) / (1 - b**12)",
            "That is the ratio of the fundamental to the others.": "1 / (b**2 + b**4 + b**6 + b**8 + b**10)",
        },
    )


register(
    Exercise(
        id="16.4",
        title="The fundamental's share of a steady tone",
        stars=2,
        kind="expression",
        statement=r"""
    A tone has six harmonics that do not fade, with amplitudes $1, b, b^2, \dots, b^5$. Return the share of its energy
    that lies in the fundamental, in closed form, as a sympy expression or as text in `b`, such as `"1 - b"`.
    """,
        stub="""
    def share():
        return ...
    """,
        hints=(
            "Over whole periods, sines of different frequencies are orthogonal, so their energies add.",
            r"A geometric series in $b^2$ with six terms.",
        ),
        explanation=r"""
    The energies are $1, b^2, \dots, b^{10}$ up to a common factor, and their sum is $(1 - b^{12})/(1 - b^2)$. In a
    pluck the higher harmonics fade sooner as well, which adds the factors $k^{-1/2}$ of {eq}`eq:16-fundamental` and
    raises the share: at $b = 0.9$ from $0.26$ to $0.39$.
    """,
        solution=solution_16_4,
        wrong=(
            (lambda: "(1 - b) / (1 - b**6)", "square of the amplitude"),
            (lambda: "1 - b**2", "infinitely many"),
            (lambda: "(1 - b**2) / (1 - b**10)", "five harmonics"),
            (lambda: "1 - (1 - b**2) / (1 - b**12)", "all the others"),
            (
                lambda: "b**2 * (1 - b**2) / (1 - b**12)",
                "second harmonic",
            ),
            (
                lambda: "1 / (b**2 + b**4 + b**6 + b**8 + b**10)",
                "ratio of the fundamental",
            ),
        ),
        check=check_16_4,
    )
)
