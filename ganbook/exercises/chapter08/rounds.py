r"""Exercises 8.1, 8.2, 8.3 and 8.4."""

import itertools
import math

import numpy as np

from ganbook.exercises.engine.core import (
    Exercise,
    choice,
    register,
)


def solution_8_1():
    a = 0.1 * 1  # step times coupling
    factor = math.sqrt(1 + a**2)  # per step
    return math.ceil(math.log(2) / math.log(factor))


def check_8_1(value, c):
    theta, psi, n = 1.0, -1.0, 0
    while math.hypot(theta, psi) < 2 * math.sqrt(2):
        theta, psi, n = theta + 0.1 * psi, psi - 0.1 * theta, n + 1
    c.equal(
        value,
        n,
        mistakes={
            "After that many steps the distance is still below twice the first: round up.": n
            - 1,
            "That is where the *squared* distance has doubled.": 70,
            "The step is at right angles to the position: lengths add by Pythagoras, not 1 + a.": 8,
            "That is for the coupling one half; here k = 1.": 556,
            "That is exponential growth at the rate k; the flow itself does not grow at all.": 7,
        },
    )


register(
    Exercise(
        id="8.1",
        title="Doubling",
        stars=1,
        kind="value",
        statement=r"""
    Both players of the bilinear game with $k = 1$ move at once with $h = 0.1$. After how many steps is the distance to
    the solution, for the first time, at least twice what it was at the start? Return the number of steps.
    """,
        stub="""
    def steps_to_double():
        return ...
    """,
        hints=(
            r"By which factor does one step multiply the distance, whatever the point?",
            r"The factor is $\sqrt{1 + a^2}$ with $a = hk$. Solve $(1 + a^2)^{n/2} \ge 2$ for a whole $n$.",
        ),
        explanation=r"""
    The field is at right angles to the position and has the length $kr$, so one step leads from $r$ to
    $r \sqrt{1 + a^2}$. With $a = 0.1$ the condition $1.01^{n/2} \ge 2$ gives $n \ge 139.3$, so $n = 140$.
    """,
        solution=solution_8_1,
        wrong=(
            (lambda: 139, "round up"),
            (lambda: 70, "squared"),
            (lambda: 8, "Pythagoras"),
            (lambda: 556, "one half"),
            (lambda: 7, "exponential"),
        ),
        check=check_8_1,
    )
)


def solution_8_2(k, gamma, h, n, first):
    d_step = np.array([[1, 0], [-h * k, 1 - h * gamma]])
    g_step = np.array([[1, h * k], [0, 1]])
    d_steps = np.linalg.matrix_power(d_step, n)
    # the step made first stands on the right
    return g_step @ d_steps if first == "D" else d_steps @ g_step


def alternative_8_2_columns(k, gamma, h, n, first):
    def play(theta, psi):
        for player in (
            ["D"] * n + ["G"] if first == "D" else ["G"] + ["D"] * n
        ):
            if player == "D":
                psi = psi - h * (k * theta + gamma * psi)
            else:
                theta = theta + h * k * psi
        return theta, psi

    return np.array([play(1.0, 0.0), play(0.0, 1.0)]).T


def wrong_8_2_at_once(k, gamma, h, n, first):
    matrix = np.eye(2)
    matrix[0, 1] = h * k
    matrix[1] = np.linalg.matrix_power(
        np.array([[1, 0], [-h * k, 1 - h * gamma]]), n
    )[1]
    return matrix


def wrong_8_2_other_first(k, gamma, h, n, first):
    return solution_8_2(k, gamma, h, n, "G" if first == "D" else "D")


def wrong_8_2_one_long_step(k, gamma, h, n, first):
    d_step = np.array([[1, 0], [-n * h * k, 1 - n * h * gamma]])
    g_step = np.array([[1, h * k], [0, 1]])
    return g_step @ d_step if first == "D" else d_step @ g_step


def wrong_8_2_no_penalty(k, gamma, h, n, first):
    return solution_8_2(k, 0.0, h, n, first)


def wrong_8_2_sign(k, gamma, h, n, first):
    return solution_8_2(-k, gamma, h, n, first)


def wrong_8_2_transposed(k, gamma, h, n, first):
    return solution_8_2(k, gamma, h, n, first).T


def check_8_2(answer, c):
    cases = [
        (
            c.number(0.4, 2.0),
            c.number(0.1, 1.5),
            c.number(0.1, 0.5),
            n,
            first,
        )
        for n, first in itertools.product((1, 2, c.integer(5, 9)), ("D", "G"))
    ]
    for k, gamma, h, n, first in cases[::-1]:
        got = c.call(answer, k, gamma, h, n, first)
        given = k, gamma, h, n, first
        c.equal(
            got,
            alternative_8_2_columns(*given),
            rtol=1e-9,
            mistakes={
                "The second player is to see the first one's steps; here both start from the old point.": wrong_8_2_at_once(
                    *given
                ),
                "The order of play is exchanged: in a product of matrices the first step stands on the right.": wrong_8_2_other_first(
                    *given
                ),
                "n steps of D are not one step that is n times as long: the penalty acts on the moved psi.": wrong_8_2_one_long_step(
                    *given
                ),
                "The penalty is missing.": wrong_8_2_no_penalty(*given),
                "The sign of k is turned: G goes up in theta where psi is positive.": wrong_8_2_sign(
                    *given
                ),
                "Rows and columns are exchanged: row 0 makes the new theta.": wrong_8_2_transposed(
                    *given
                ),
            },
        )
    c.like(answer, solution_8_2, lambda: (0.7, 0.1, 0.1, 40, "G"), rtol=1e-9)


register(
    Exercise(
        id="8.2",
        title="The matrix of a round",
        stars=2,
        kind="function",
        statement=r"""
    In the bilinear game with an R1 penalty the field is $(k\psi,\; -k\theta - \gamma\psi)$. Write
    `round_matrix(k, gamma, h, n, first)`: the $2 \times 2$ numpy matrix that takes $(\theta, \psi)$ to the point after
    one round of alternating play, with `n` steps of $D$ and one of $G$. `first` is `"D"` or `"G"`: who moves first.
    """,
        stub="""
    def round_matrix(k, gamma, h, n, first):
        return ...
    """,
        hints=(
            r"Write one step of $D$ alone as a matrix, and one step of $G$ alone.",
            r"$D$: rows $(1, 0)$ and $(-hk, 1 - h\gamma)$, to the power `n`. $G$: rows $(1, hk)$ and $(0, 1)$. Multiply.",
        ),
        explanation=r"""
    Each half of a round moves one coordinate and leaves the other. Matrices of successive steps multiply from the
    left, so with $D$ first the round is $G D^n$. Its determinant is $(1 - h\gamma)^n$: without the penalty every
    half is a shear and the determinant is one. `np.linalg.eigvals` of it gives {prf:ref}`thm:08-alternating`.
    """,
        solution=solution_8_2,
        alternatives=(alternative_8_2_columns,),
        wrong=(
            (wrong_8_2_at_once, "old point"),
            (wrong_8_2_other_first, "order of play"),
            (wrong_8_2_one_long_step, "n times as long"),
            (wrong_8_2_no_penalty, "missing"),
            (wrong_8_2_sign, "turned"),
            (wrong_8_2_transposed, "Rows and columns"),
        ),
        check=check_8_2,
    )
)


def solution_8_3():
    return "-k * g * d"


def check_8_3(value, c):
    def kept(k, g, d):
        # the mixed term that one round leaves alone, found at one point
        theta, psi = 1.0, 0.5
        psi_new = psi - d * k * theta
        theta_new = theta + g * k * psi_new
        change = d * (theta_new**2 - theta**2) + g * (psi_new**2 - psi**2)
        return -change / (theta_new * psi_new - theta * psi)

    c.expression(
        value,
        kept,
        rtol=1e-7,
        k=(0.3, 1.2),
        g=(0.1, 0.4),
        d=(0.1, 0.4),
        mistakes={
            "That is for G first.": "k * g * d",
            "Without a mixed term the form is kept by the flow, not by the steps.": "0 * k * g * d",
            "Both rates enter: the mixed term is of second order in the steps.": "-k * (g + d) / 2",
            "A factor 2 too much: expand the square of psi - d k theta once more.": "-2 * k * g * d",
            "That is c divided by the generator's rate: the squares carry rates here.": "-k * d",
        },
    )


register(
    Exercise(
        id="8.3",
        title="What a round keeps",
        stars=2,
        kind="expression",
        statement=r"""
    Complete a proof. The players of the bilinear game move in turn, $D$ first, one step each, with the rates $g$ of
    $G$ and $d$ of $D$: $\psi^+ = \psi - d k \theta$, then $\theta^+ = \theta + g k \psi^+$. *Claim:* one round keeps
    $d\, \theta^2 + g\, \psi^2 + c\, \theta\psi$. Supply the constant $c$ for which the claim is true, as a sympy
    expression in the symbols `k`, `g`, `d` or as text, such as `"k + g * d"`; then check both halves of the round.
    """,
        stub="""
    def constant():
        return ...
    """,
        hints=(
            r"Follow the form through $D$'s half alone: $g (\psi^+)^2 = g\psi^2 - 2gdk\,\theta\psi + g d^2 k^2 \theta^2$.",
            r"After $D$'s half the form should be $d\theta^2 + g(\psi^+)^2 - c\,\theta\psi^+$. Compare the terms in $\theta\psi$.",
        ),
        explanation=r"""
    $D$'s half changes only $\psi = \psi^+ + dk\theta$. Then $g\psi^2 + c\,\theta\psi = g(\psi^+)^2 + (2gdk + c)\,\theta\psi^+ + dk\,(gdk + c)\,\theta^2$.
    With $c = -gdk$ the last bracket vanishes and the mixed term turns its sign. $G$'s half changes only
    $\theta = \theta^+ - gk\psi^+$, and by the same computation turns the sign back. So the round keeps the form. It is
    positive definite while $gdk^2 < 4$, and its level lines are ellipses: the play can neither arrive nor leave.
    """,
        solution=solution_8_3,
        wrong=(
            (lambda: "k * g * d", "G first"),
            (lambda: "0 * k * g * d", "by the flow"),
            (lambda: "-k * (g + d) / 2", "second order"),
            (lambda: "-2 * k * g * d", "factor 2"),
            (lambda: "-k * d", "squares carry"),
        ),
        check=check_8_3,
    )
)


def solution_8_4():
    return "e"


register(
    Exercise(
        id="8.4",
        title="A proof with a hole",
        stars=3,
        kind="choice",
        statement=r"""
    Somebody proves that alternating play of the *minimax* Dirac-GAN, with one step $h = 0.2$ of each player in a round,
    stays bounded from every start that is near enough to the solution. ({ref}`The text <ch:08>` has counterexamples to such conclusions.) Which is the first step that
    does not follow from the steps before it? Return its letter.
    """,
        stub="""
    def first_wrong_step():
        return ...
    """,
        options={
            "a": "At the solution the derivative of a round has the eigenvalues of the bilinear game with k = 1/2.",
            "b": "So its eigenvalues have modulus one.",
            "c": "The linear part of the round keeps a positive definite form Q.",
            "d": "Near the solution the round differs from its linear part by terms of second order or higher in the distance r.",
            "e": "So in one round Q changes by terms of higher order than Q itself, and therefore stays within a fixed factor of its first value at all later rounds.",
            "f": "Q is positive definite, so if it stays within a fixed factor, the play is bounded.",
        },
        hints=(
            r"Which statement speaks of one round, and which of all rounds?",
            r"Add a change of $r^3$ in each of $n$ rounds. What is the sum for $n \to \infty$?",
        ),
        explanation=r"""
    A small change in *one* round says nothing about their sum: ten thousand changes of one sign add up, however small each
    is. Steps a to d and f are right. This is why modulus one decides nothing: the non-saturating game has
    the same linear part and creeps in, the minimax game drifts outwards (1.413, 1.473, 1.579 after 500, 5,000 and 50,000
    rounds from a distance of 1.414).
    """,
        solution=solution_8_4,
        wrong=(
            (lambda: "a", "one half at score zero"),
            (lambda: "b", "unit circle"),
            (lambda: "c", "ellipse"),
            (lambda: "d", "Taylor"),
            (lambda: "f", "follows from its premise"),
        ),
        check=choice(
            "e",
            a="It holds: both shares sigma(d) are one half at score zero.",
            b="It holds: with hk = 0.1 alternating play has its eigenvalues on the unit circle.",
            c="It holds: the theorem in the text gives the form, whose level lines are an ellipse each.",
            d="It holds: that is Taylor's formula for a smooth map.",
            f="It holds as a conditional: it follows from its premise. Is the premise proved?",
        ),
    )
)
