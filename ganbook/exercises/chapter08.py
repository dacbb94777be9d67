r"""Exercises of chapter 8: rounds, invariants, plays, penalties, averages, and a trained point."""

import copy
import itertools
import math

import numpy as np
import sympy
import torch
from torch import nn
from torch.nn.functional import softplus

from ganbook.exercises.engine.core import (
    Exercise,
    choice,
    classify,
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
    Somebody proves that alternating play of the *minimax* Dirac-GAN stays bounded from every start that is near enough
    to the solution. ({ref}`The text <ch:08>` has counterexamples to such conclusions.) Which is the first step that
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
            b="It holds: alternating play has its eigenvalues on the unit circle.",
            c="It holds: the theorem in the text gives the form, whose level lines are an ellipse each.",
            d="It holds: that is Taylor's formula for a smooth map.",
            f="It holds as a conditional: it follows from its premise. Is the premise proved?",
        ),
    )
)


def solution_8_5(field, theta, psi, h):
    v = field(theta, psi)
    ahead = field(theta + h * v[0], psi + h * v[1])
    return theta + h * ahead[0], psi + h * ahead[1]


def broken_8_5(field, theta, psi, h):
    v = field(theta, psi)
    theta, psi = theta + h * v[0], psi + h * v[1]
    ahead = field(theta, psi)
    return theta + h * ahead[0], psi + h * ahead[1]


def alternative_8_5_stored(field, theta, psi, h):
    start = np.array([theta, psi])
    w = start + h * np.array(field(*start))
    w = start + h * np.array(field(*w))
    return float(w[0]), float(w[1])


def wrong_8_5_mean(field, theta, psi, h):
    v = field(theta, psi)
    ahead = field(theta + h * v[0], psi + h * v[1])
    return theta + h * (v[0] + ahead[0]) / 2, psi + h * (v[1] + ahead[1]) / 2


def wrong_8_5_at_once(field, theta, psi, h):
    v = field(theta, psi)
    return theta + h * v[0], psi + h * v[1]


def wrong_8_5_half(field, theta, psi, h):
    v = field(theta, psi)
    ahead = field(theta + h / 2 * v[0], psi + h / 2 * v[1])
    return theta + h * ahead[0], psi + h * ahead[1]


def wrong_8_5_in_turn(field, theta, psi, h):
    theta = theta + h * field(theta, psi)[0]
    return theta, psi + h * field(theta, psi)[1]


def wrong_8_5_optimistic(field, theta, psi, h):
    v = field(theta, psi)
    ahead = field(theta + h * v[0], psi + h * v[1])
    return (
        theta + h * (2 * ahead[0] - v[0]),
        psi + h * (2 * ahead[1] - v[1]),
    )


def check_8_5(answer, c):
    for _ in range(4):
        k, gamma, h = c.number(0.5, 2), c.number(0.1, 1), c.number(0.1, 0.5)
        theta, psi = c.number(-2, 2), c.number(-2, 2)

        def field(x, y, k=k, gamma=gamma):
            return k * y + x**2 / 3, -k * x - gamma * y

        given = field, theta, psi, h
        got = c.call(answer, *given)
        c.equal(
            got,
            solution_8_5(*given),
            rtol=1e-9,
            mistakes={
                "These are two simultaneous steps: the step with the second field starts at the old point.": broken_8_5(
                    *given
                ),
                "That is the mean of both fields, Heun's method, which expands a rotation.": wrong_8_5_mean(
                    *given
                ),
                "That is plain simultaneous play: the field ahead is not used.": wrong_8_5_at_once(
                    *given
                ),
                "The look ahead goes a whole step, not half of one.": wrong_8_5_half(
                    *given
                ),
                "That is alternating play.": wrong_8_5_in_turn(*given),
                "The field ahead is known here; nothing has to be extrapolated.": wrong_8_5_optimistic(
                    *given
                ),
            },
        )


register(
    Exercise(
        id="8.5",
        title="Extragradient, nearly",
        stars=2,
        kind="bug",
        statement=r"""
    This function is to make one step of extragradient play for a `field(theta, psi)` that returns a pair, and to
    return the new pair. On the bilinear game its runs diverge. Mend it.
    """,
        stub="""
    def extragradient_step(field, theta, psi, h):
        return ...
    """,
        hints=(
            r"At which point does the second step start, and at which should it?",
            r"The look ahead is only there to read the field. Give the point ahead names of its own, and keep `theta` and `psi`.",
        ),
        explanation=r"""
    The broken version overwrites the point, so the second step starts at the point ahead: two simultaneous steps, with
    modulus $1 + a^2$ a call, where extragradient has $\sqrt{1 - a^2 + a^4}$. For networks the same slip is easy to make:
    the weights must be copied before the look ahead and restored after it.
    """,
        solution=solution_8_5,
        broken=broken_8_5,
        alternatives=(alternative_8_5_stored,),
        wrong=(
            (broken_8_5, "two simultaneous"),
            (wrong_8_5_mean, "Heun"),
            (wrong_8_5_at_once, "plain simultaneous"),
            (wrong_8_5_half, "whole step"),
            (wrong_8_5_in_turn, "alternating play"),
            (wrong_8_5_optimistic, "extrapolated"),
        ),
        check=check_8_5,
    )
)


def solution_8_6(k, h_g, h_d, play):
    if play == "at once":
        return h_g * k**2, 2 / h_d + h_g * k**2 / 2
    return 0.0, 2 / h_d - h_g * k**2 / 2


def alternative_8_6_numbers(k, h_g, h_d, play):
    outward = k * k * h_g
    together = play == "at once"
    low = outward if together else 0
    return np.array([low, 2 / h_d + (outward if together else -outward) / 2])


def wrong_8_6_d_rate(k, h_g, h_d, play):
    low, high = solution_8_6(k, h_g, h_d, play)
    return (h_d * k**2 if play == "at once" else low), high


def wrong_8_6_plays(k, h_g, h_d, play):
    return solution_8_6(
        k, h_g, h_d, {"at once": "in turn"}.get(play, "at once")
    )


def wrong_8_6_stiff(k, h_g, h_d, play):
    return solution_8_6(k, h_g, h_d, play)[0], 2 / h_d


def wrong_8_6_k(k, h_g, h_d, play):
    low, _ = solution_8_6(k, h_g, h_d, play)
    sign = 1 if play == "at once" else -1
    return low / k, 2 / h_d + sign * h_g * k / 2


def wrong_8_6_whole(k, h_g, h_d, play):
    low, high = solution_8_6(k, h_g, h_d, play)
    return low, 2 * high - 2 / h_d


def wrong_8_6_flow(k, h_g, h_d, play):
    return 0.0, math.inf


def check_8_6(answer, c):
    for play in ("at once", "in turn") * 3:
        k = c.number(0.3, 0.9)
        h_g, h_d = c.number(0.3, 0.6), c.number(0.05, 0.25)
        given = k, h_g, h_d, play
        c.equal(
            c.call(answer, *given),
            solution_8_6(*given),
            rtol=1e-9,
            mistakes={
                "The lower limit contains the step of the *generator*: the determinant is 1 - h_d gamma + h_g h_d k^2.": wrong_8_6_d_rate(
                    *given
                ),
                "The two plays are exchanged.": wrong_8_6_plays(*given),
                "That is the limit of gradient descent on the penalty alone; the game moves it a little.": wrong_8_6_stiff(
                    *given
                ),
                "The coupling enters as a square.": wrong_8_6_k(*given),
                "The correction of the upper limit carries a one half.": wrong_8_6_whole(
                    *given
                ),
                "That is the window of the flow; a step adds limits.": wrong_8_6_flow(
                    *given
                ),
            },
        )
        low, high = (float(x) for x in solution_8_6(*given))
        for gamma, inside in (
            ((low + high) / 2, True),
            (1.01 * high, False),
            (0.99 * low, play == "in turn"),
        ):
            d_step = np.array([[1, 0], [-h_d * k, 1 - h_d * gamma]])
            g_step = np.array([[1, h_g * k], [0, 1]])
            matrix = (
                g_step + d_step - np.eye(2)
                if play == "at once"
                else g_step @ d_step
            )
            size = np.abs(np.linalg.eigvals(matrix)).max()
            if gamma > 0:
                c.true((size < 1) == inside, "The window is not right.")


register(
    Exercise(
        id="8.6",
        title="The window",
        stars=2,
        kind="function",
        statement=r"""
    Write `window(k, h_g, h_d, play)`: the pair `(low, high)` between which the weight $\gamma$ of R1 makes the game with
    coupling `k` and steps `h_g`, `h_d` converge. `play` is `"at once"` or `"in turn"`. For example,
    `window(0.5, 0.2, 0.2, "at once")` is $(0.05, 10.025)$.
    """,
        stub="""
    def window(k, h_g, h_d, play):
        return ...
    """,
        hints=(
            r"Write the trace $T$ and the determinant $\Delta$ of one update, and use $\Delta < 1$ and $1 + T + \Delta > 0$.",
            r"At once: $T = 2 - h_D\gamma$, $\Delta = 1 - h_D\gamma + h_G h_D k^2$. In turn the product $h_G h_D k^2$ moves from $\Delta$ to $T$, with a minus.",
        ),
        explanation=r"""
    At once, $\Delta < 1$ gives $\gamma > h_G k^2$ and $1 + T + \Delta > 0$ gives $\gamma < 2/h_D + h_G k^2/2$. In turn the
    conditions are $\gamma > 0$ and $\gamma < 2/h_D - h_G k^2/2$. The lower limit depends on the generator's step alone.
    """,
        solution=solution_8_6,
        alternatives=(alternative_8_6_numbers,),
        wrong=(
            (wrong_8_6_d_rate, "generator"),
            (wrong_8_6_plays, "exchanged"),
            (wrong_8_6_stiff, "alone"),
            (wrong_8_6_k, "square"),
            (wrong_8_6_whole, "one half"),
            (wrong_8_6_flow, "flow"),
        ),
        check=check_8_6,
    )
)


def solution_8_7():
    # gamma = s^2 / 2 must exceed h k^2 with h = 0.1 and k = 1/2
    return math.sqrt(2 * 0.1 * 0.5**2)


def check_8_7(value, c):
    if isinstance(value, str):
        try:
            value = float(sympy.sympify(value))
        except (TypeError, ValueError, SyntaxError, AttributeError):
            c.fail("This text is not a formula that sympy can read.")

    def size(s):  # the update, with D's curvature by quadrature of noise
        e = np.linspace(-8, 8, 4001)
        share = np.exp(-(e**2) / 2)
        share /= share.sum()
        curvature = 2 * 0.25 * (share * (s * e) ** 2).sum()
        J = np.array([[0, 0.5], [-0.5, -curvature]])
        return np.abs(np.linalg.eigvals(np.eye(2) + 0.1 * J)).max()

    low, high = 0.01, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if size(middle) > 1 else (low, middle)
    c.equal(
        value,
        high,
        rtol=1e-4,
        mistakes={
            "That is the variance of the noise; asked for is its standard deviation.": 0.05,
            "That is the weight of the penalty, gamma, which noise of this strength replaces.": 0.025,
            "That takes gamma for the noise's variance; two noises with a quarter each make one half of it.": math.sqrt(
                0.025
            ),
            "That counts the noise on one of the two samples only.": math.sqrt(
                0.1
            ),
            "That is for the coupling of a linear loss, k = 1.": math.sqrt(
                0.2
            ),
        },
    )


register(
    Exercise(
        id="8.7",
        title="Enough noise",
        stars=1,
        kind="value",
        statement=r"""
    The non-saturating Dirac-GAN is played at once with $h = 0.1$. Gaussian noise of standard deviation $s$ is added to
    real and to generated samples, independently. From which $s$ on is the solution stable? Return $s$ with four digits
    or as a formula.
    """,
        stub="""
    def least_noise():
        return ...
    """,
        hints=(
            r"To which $\gamma$ does the noise correspond, and which $\gamma$ does simultaneous play need?",
            r"$\gamma = s^2/2$ has to exceed $h k^2$ with $k = \tfrac12$.",
        ),
        explanation=r"""
    Near the solution the noise acts as R1 with $\gamma = s^2/2$, and simultaneous play needs $\gamma > hk^2 = h/4$. So
    $s > \sqrt{h/2} = 0.2236$. In turn, any noise below the upper limit is enough; with a loss that is linear at zero, no noise is.
    """,
        solution=solution_8_7,
        wrong=(
            (lambda: 0.05, "standard deviation"),
            (lambda: 0.025, "replaces"),
            (lambda: math.sqrt(0.025), "a quarter each"),
            (lambda: math.sqrt(0.1), "one of the two"),
            (lambda: math.sqrt(0.2), "linear loss"),
        ),
        check=check_8_7,
    )
)


def solution_8_8(theta, psi):
    share = 1 / (1 + np.exp(-theta * psi))
    # half the squared length of the field is share^2 (theta^2 + psi^2) / 2
    bend = share**2 * (1 - share) * (theta**2 + psi**2)
    return share**2 * theta + bend * psi, share**2 * psi + bend * theta


def broken_8_8(theta, psi):
    share = 1 / (1 + np.exp(-theta * psi))
    bend = 0.5 * share**2 * (1 - share) * (theta**2 + psi**2)
    return share**2 * theta + bend * psi, share**2 * psi + bend * theta


def alternative_8_8_autograd(theta, psi):
    w = torch.tensor([theta, psi], dtype=torch.float64, requires_grad=True)
    v = torch.sigmoid(w.prod()) * torch.stack([w[1], -w[0]])
    (pull,) = torch.autograd.grad(v.square().sum() / 2, w)
    return tuple(pull.tolist())


def wrong_8_8_twice(theta, psi):
    pull = solution_8_8(theta, psi)
    return 2 * pull[0], 2 * pull[1]


def wrong_8_8_linear(theta, psi):
    share = 1 / (1 + np.exp(-theta * psi))
    return share**2 * theta, share**2 * psi


def wrong_8_8_share(theta, psi):
    share = 1 / (1 + np.exp(-theta * psi))
    bend = share * (1 - share) * (theta**2 + psi**2)
    return share**2 * theta + bend * psi, share**2 * psi + bend * theta


def wrong_8_8_no_chain(theta, psi):
    share = 1 / (1 + np.exp(-theta * psi))
    bend = share**2 * (1 - share) * (theta**2 + psi**2)
    return share**2 * theta + bend, share**2 * psi + bend


def wrong_8_8_forward(theta, psi):
    share = 1 / (1 + np.exp(-theta * psi))
    slope = share * (1 - share)
    J = np.array(
        [
            [slope * psi**2, share + slope * theta * psi],
            [-share - slope * theta * psi, -slope * theta**2],
        ]
    )
    return tuple(J @ np.array([share * psi, -share * theta]))


def check_8_8(answer, c):
    points = [
        (1.0, -1.0),
        *((c.number(-2, 2), c.number(-2, 2)) for _ in range(4)),
    ]
    for theta, psi in points:
        given = theta, psi
        c.equal(
            c.call(answer, theta, psi),
            alternative_8_8_autograd(theta, psi),
            rtol=1e-7,
            mistakes={
                "The second term is too small by a factor 2: the half of the square is used up by the derivative of the square.": broken_8_8(
                    *given
                ),
                "That is the gradient of the squared length; half of it was asked for.": wrong_8_8_twice(
                    *given
                ),
                "The share sigma(theta psi) depends on the point as well.": wrong_8_8_linear(
                    *given
                ),
                "The derivative of sigma^2 / 2 is sigma times sigma', so sigma appears squared.": wrong_8_8_share(
                    *given
                ),
                "The inner derivative of theta psi is missing.": wrong_8_8_no_chain(
                    *given
                ),
                "That is J v; the gradient of half the squared length is the transpose of J times v.": wrong_8_8_forward(
                    *given
                ),
            },
        )


register(
    Exercise(
        id="8.8",
        title="A wrong consensus",
        stars=3,
        kind="bug",
        statement=r"""
    This function is to return the gradient of $\tfrac12 \lVert v \rVert^2$ in $\theta$ and in $\psi$, for the field of the
    minimax Dirac-GAN. A slip of this kind stood in public code. At $(1, -1)$ its first component has the wrong *sign*,
    yet eigenvalues at the solution do not show it. Mend it; `theta` and `psi` are numbers.
    """,
        stub="""
    def consensus_pull(theta, psi):
        return ...
    """,
        hints=(
            r"$\tfrac12 \lVert v \rVert^2 = \tfrac12 \sigma(\theta\psi)^2 (\theta^2 + \psi^2)$. Differentiate both factors.",
            r"$\tfrac12 \cdot 2 \sigma \sigma' \cdot \psi\, (\theta^2 + \psi^2)$ with $\sigma' = \sigma (1 - \sigma)$: which factor is too many in the code?",
        ),
        explanation=r"""
    The term that contains $\sigma'$ is of third order at the solution, so the Jacobian there does not see its factor. Away
    from it the factor decides the sign: at $(1, -1)$ the right value is $-0.0334$, the broken one $+0.0195$. A test at
    one random point against automatic differentiation finds it; a test at the solution cannot.
    """,
        solution=solution_8_8,
        broken=broken_8_8,
        alternatives=(alternative_8_8_autograd,),
        wrong=(
            (broken_8_8, "used up"),
            (wrong_8_8_twice, "half of it"),
            (wrong_8_8_linear, "depends on the point"),
            (wrong_8_8_share, "appears squared"),
            (wrong_8_8_no_chain, "inner derivative"),
            (wrong_8_8_forward, "transpose"),
        ),
        check=check_8_8,
    )
)


def solution_8_9(beta, h, k):
    a = h * k
    return (1 - beta) / math.sqrt((1 - beta) ** 2 + beta * a**2)


def alternative_8_9_angle(beta, h, k):
    angle = np.arccos(1 - (h * k) ** 2 / 2)
    return abs((1 - beta) / (1 - beta * np.exp(1j * angle)))


def wrong_8_9_real(beta, h, k):
    return (1 - beta) / (1 - beta * (1 - (h * k) ** 2 / 2))


def wrong_8_9_weight(beta, h, k):
    return 1 - beta


def wrong_8_9_no_k(beta, h, k):
    return solution_8_9(beta, h, 1.0)


def wrong_8_9_no_beta(beta, h, k):
    return (1 - beta) / math.sqrt((1 - beta) ** 2 + (h * k) ** 2)


def wrong_8_9_swapped(beta, h, k):
    return solution_8_9(1 - beta, h, k)


def wrong_8_9_square(beta, h, k):
    return solution_8_9(beta, h, k) ** 2


def check_8_9(answer, c):
    for beta in (0.5, c.number(0.8, 0.95), c.number(0.97, 0.999), 0.0):
        h, k = c.number(0.1, 0.4), c.number(0.3, 0.9)
        given = beta, h, k
        c.equal(
            c.call(answer, *given),
            alternative_8_9_angle(*given),
            rtol=1e-9,
            mistakes={
                "The average lags behind in angle: 1 - beta exp(i phi) is complex, and its modulus is needed.": wrong_8_9_real(
                    *given
                ),
                "That is the weight of the newest point; earlier points help or cancel.": wrong_8_9_weight(
                    *given
                ),
                "The turn per round depends on the coupling too: a = h k.": wrong_8_9_no_k(
                    *given
                ),
                "The term a^2 under the root carries the factor beta.": wrong_8_9_no_beta(
                    *given
                ),
                "beta and 1 - beta are exchanged.": wrong_8_9_swapped(*given),
                "That is the ratio of the squares: take the root.": wrong_8_9_square(
                    *given
                ),
            },
        )


register(
    Exercise(
        id="8.9",
        title="How far an average circles",
        stars=2,
        kind="function",
        statement=r"""
    The bilinear game with coupling `k` is played in turn with step `h`. Write `ratio(beta, h, k)`: the size of the circle on
    which the exponential average with memory `beta` ends up, divided by that of the pair itself.
    """,
        stub="""
    def ratio(beta, h, k):
        return ...
    """,
        hints=(
            r"Write the path as $e^{i\varphi t}$ and put $\bar w_t = C e^{i\varphi t}$ into $\bar w_t = \beta \bar w_{t-1} + (1 - \beta) w_t$.",
            r"$\lvert 1 - \beta e^{i\varphi} \rvert^2 = (1 - \beta)^2 + 2\beta(1 - \cos\varphi)$ and $1 - \cos\varphi = a^2/2$.",
        ),
        explanation=r"""
    $C = (1 - \beta)/(1 - \beta e^{-i\varphi})$; its modulus is the ratio, and its angle says how far the average lags
    behind. With $\cos\varphi = 1 - a^2/2$, $a = hk$, it is $(1 - \beta)/\sqrt{(1-\beta)^2 + \beta a^2}$, about $(1 - \beta)/a$ for
    long memories. No $\beta < 1$ makes it zero.
    """,
        solution=solution_8_9,
        alternatives=(alternative_8_9_angle,),
        wrong=(
            (wrong_8_9_real, "complex"),
            (wrong_8_9_weight, "newest"),
            (wrong_8_9_no_k, "coupling too"),
            (wrong_8_9_no_beta, "carries the factor"),
            (wrong_8_9_swapped, "exchanged"),
            (wrong_8_9_square, "take the root"),
        ),
        check=check_8_9,
    )
)


def solution_8_10():
    return {
        "A": "arrives",
        "B": "leaves",
        "C": "undecided",
        "D": "leaves",
        "E": "arrives",
        "F": "undecided",
    }


def wrong_8_10(**changed):
    return lambda: solution_8_10() | changed


register(
    Exercise(
        id="8.10",
        title="Read the eigenvalues",
        stars=1,
        kind="classify",
        statement=r"""
    The eigenvalues of one update at a rest point are given. Started near the point, the play `"arrives"`, it `"leaves"`
    from nearly every start, or the eigenvalues leave it `"undecided"`. Return a dict.

    - **A**: $0.9 \pm 0.3i$
    - **B**: $1 \pm 0.01i$
    - **C**: $0.98 \pm i\sqrt{0.0396}$
    - **D**: $-1.05$ and $0.2$
    - **E**: $0.999$ and $0.5$
    - **F**: $0.6 \pm 0.8i$
    """,
        stub="""
    def fate():
        # {"A": "arrives", "B": ..., ...}
        return ...
    """,
        hints=(
            r"Only the moduli count. $\lvert x + iy \rvert^2 = x^2 + y^2$.",
            r"$0.98^2 = 0.9604$. And what does a modulus of exactly one say?",
        ),
        explanation=r"""
    A: $0.81 + 0.09 < 1$. B: $1 + 0.0001 > 1$: slowly, but it leaves. C and F: exactly one, the nonlinear terms decide, as
    they do between minimax and non-saturating. D: one modulus above one is enough; the sign means that it hops from side
    to side, as with too stiff a penalty. E arrives, in thousands of steps.
    """,
        solution=solution_8_10,
        wrong=(
            (wrong_8_10(A="leaves"), "0.81"),
            (wrong_8_10(B="undecided"), "slightly above"),
            (wrong_8_10(C="arrives"), "0.9604"),
            (wrong_8_10(D="arrives"), "other side"),
            (wrong_8_10(E="leaves"), "slow"),
            (wrong_8_10(F="leaves"), "0.36"),
        ),
        check=classify(
            solution_8_10(),
            labels=("arrives", "leaves", "undecided"),
            reasons={
                ("A", "leaves"): "0.81 + 0.09 is below one.",
                (
                    "A",
                    "undecided",
                ): "The modulus is not one: 0.81 and 0.09 add up to 0.9.",
                (
                    "B",
                    "arrives",
                ): "A real part of one with any imaginary part is outside the circle.",
                (
                    "B",
                    "undecided",
                ): "The modulus is slightly above one, not one.",
                (
                    "C",
                    "arrives",
                ): "0.9604 + 0.0396 is one exactly; a real part below one is not enough.",
                ("C", "leaves"): "0.9604 + 0.0396 is one exactly, not more.",
                (
                    "D",
                    "arrives",
                ): "The modulus of -1.05 exceeds one: each step overshoots to the other side, and farther.",
                ("D", "undecided"): "One modulus above one decides it.",
                ("E", "leaves"): "Both moduli are below one; 0.999 is slow.",
                (
                    "E",
                    "undecided",
                ): "0.999 is below one: the linear part decides, if in thousands of steps.",
                ("F", "leaves"): "0.36 + 0.64 is one exactly.",
                ("F", "arrives"): "0.36 and 0.64 add up to one, not to less.",
            },
        ),
    )
)


def solution_8_11(D, theta, gamma, h, steps):
    dtype = next(D.parameters()).dtype
    theta = torch.tensor([[theta]], dtype=dtype, requires_grad=True)
    weights = list(D.parameters())
    for _ in range(steps):
        real = torch.zeros(1, 1, dtype=dtype, requires_grad=True)
        d_real, d_fake = D(real).sum(), D(theta).sum()
        (slope,) = torch.autograd.grad(d_real, real, create_graph=True)
        loss_d = softplus(-d_real) + softplus(d_fake)
        loss_d = loss_d + gamma / 2 * slope.square().sum()
        loss_g = softplus(-d_fake)
        # both gradients first, then both steps
        down_d = torch.autograd.grad(loss_d, weights, retain_graph=True)
        (down_g,) = torch.autograd.grad(loss_g, theta)
        with torch.no_grad():
            theta -= h * down_g
            for weight, down in zip(weights, down_d, strict=True):
                weight -= h * down
    return theta.item()


def trainer_8_11(
    turn=False, share=0.5, at_fake=False, loss="non_saturating", graph=True
):
    """Training with one thing done differently."""

    def train(D, theta, gamma, h, steps):
        dtype = next(D.parameters()).dtype
        theta = torch.tensor([[theta]], dtype=dtype, requires_grad=True)
        weights = list(D.parameters())
        for _ in range(steps):
            real = torch.zeros(1, 1, dtype=dtype, requires_grad=True)
            where = (
                theta.detach().clone().requires_grad_() if at_fake else real
            )
            d_real, d_fake = D(real).sum(), D(theta).sum()
            (slope,) = torch.autograd.grad(
                D(where).sum(), where, create_graph=graph
            )
            loss_d = softplus(-d_real) + softplus(d_fake)
            loss_d = loss_d + share * gamma * slope.square().sum()
            down_d = torch.autograd.grad(loss_d, weights)
            if turn:
                with torch.no_grad():
                    for weight, down in zip(weights, down_d, strict=True):
                        weight -= h * down
            d_fake = D(theta).sum()
            loss_g = (
                -softplus(d_fake) if loss == "minimax" else softplus(-d_fake)
            )
            (down_g,) = torch.autograd.grad(loss_g, theta)
            with torch.no_grad():
                theta -= h * down_g
                if not turn:
                    for weight, down in zip(weights, down_d, strict=True):
                        weight -= h * down
        return theta.item()

    return train


alternative_8_11_second_pass = trainer_8_11()


def alternative_8_11_optimizers(D, theta, gamma, h, steps):
    dtype = next(D.parameters()).dtype
    point = nn.Parameter(torch.tensor([[theta]], dtype=dtype))
    sgd_d = torch.optim.SGD(D.parameters(), lr=h)
    sgd_g = torch.optim.SGD([point], lr=h)
    for _ in range(steps):
        real = torch.zeros(1, 1, dtype=dtype, requires_grad=True)
        sgd_g.zero_grad()
        softplus(-D(point)).sum().backward()
        sgd_d.zero_grad()
        d_real = D(real)
        slope = torch.autograd.grad(d_real.sum(), real, create_graph=True)[0]
        loss = softplus(-d_real) + softplus(D(point.detach()))
        (loss + gamma / 2 * slope**2).sum().backward()
        sgd_d.step()
        sgd_g.step()
    return float(point.detach())


SLIPS_8_11 = {
    "D has moved before G's gradient was taken: that is alternating play.": trainer_8_11(
        turn=True
    ),
    "The penalty is twice as strong: R1 carries gamma / 2.": trainer_8_11(
        share=1.0
    ),
    "The slope was punished at the generated point; R1 takes the real one.": trainer_8_11(
        at_fake=True
    ),
    "G minimises the minimax loss there; the non-saturating one was asked for.": trainer_8_11(
        loss="minimax"
    ),
    "The penalty has no effect: without create_graph the slope is a constant to the weights.": trainer_8_11(
        graph=False
    ),
}


def check_8_11(answer, c):
    for dtype in c.dtypes:
        for _ in range(2):
            torch.manual_seed(c.integer(0, 10_000))
            D = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))
            with torch.no_grad():
                for p in D.parameters():
                    p.mul_(2.0)
            D = D.to(dtype)
            given = c.number(0.4, 1.0), c.number(0.5, 1.5), 0.2, 25
            mine = copy.deepcopy(D)
            want = solution_8_11(mine, *given)
            others = {
                says: slip(copy.deepcopy(D), *given)
                for says, slip in SLIPS_8_11.items()
            }
            tolerance = 1e-4 if dtype == torch.float32 else 1e-8
            got = c.call(answer, D, *given)
            slack = 1e-6 if dtype == torch.float32 else 1e-10
            c.equal(got, want, rtol=tolerance, atol=slack, mistakes=others)
            c.true(
                all(
                    torch.allclose(
                        p, q, rtol=100 * tolerance, atol=10 * slack
                    )
                    for p, q in zip(
                        D.parameters(), mine.parameters(), strict=True
                    )
                ),
                "theta ends where it should, but D's weights do not: train D in place.",
            )


register(
    Exercise(
        id="8.11",
        title="Train a point",
        stars=3,
        kind="function",
        statement=r"""
    Write `train(D, theta, gamma, h, steps)`: train a generator of one point against the network `D`, which maps $(N, 1)$ to
    $(N, 1)$, with the real point $0$. Both players move *at once*, by plain gradient steps of size `h` on the
    non-saturating losses, and `D` has the penalty R1 with the weight `gamma`. `theta` is the number to start from. `D` is
    trained in place; the final $\theta$ is returned as a number. Compute in the dtype of `D`.
    """,
        stub="""
    def train(D, theta, gamma, h, steps):
        return ...
    """,
        hints=(
            r"In each step compute both players' gradients at the old point, before either moves.",
            r"`slope, = torch.autograd.grad(D(real).sum(), real, create_graph=True)` with `real.requires_grad_()`, and add `gamma / 2 * slope**2`.",
        ),
        explanation=r"""
    The slope at the real point must stay a function of the weights, hence `create_graph=True`. Moving `D` before the
    gradient of $G$ is taken turns the play into another one, with other eigenvalues: no error is raised, and in a
    test at the end only the digits differ.
    """,
        solution=solution_8_11,
        alternatives=(
            alternative_8_11_second_pass,
            alternative_8_11_optimizers,
        ),
        wrong=tuple(
            (slip, words)
            for slip, words in zip(
                SLIPS_8_11.values(),
                (
                    "alternating play",
                    "twice as strong",
                    "generated point",
                    "minimax loss",
                    "create_graph",
                ),
                strict=True,
            )
        ),
        check=check_8_11,
    )
)


def solution_8_12():
    kappa = 4 / 10**2  # slopes are divided by 10, their squares by 100
    return 1 / math.sqrt(kappa)


def check_8_12(value, c):
    gammas = np.geomspace(0.01, 200, 40_001)
    kappa = 4 / 10**2
    # the slower of the flow's two rates, largest where damping is critical
    root = np.emath.sqrt((gammas * kappa) ** 2 / 4 - kappa / 4)
    rate = (gammas * kappa / 2 - root).real
    c.equal(
        value,
        float(gammas[rate.argmax()]),
        rtol=1e-3,
        mistakes={
            "That is the weight before the scaling.": 0.5,
            "That weight gives the penalty the same value; the fastest one scales with the factor itself.": 50.0,
            "The scaling goes the other way: slopes become smaller, so that the penalty must count more.": 0.05,
            "The root is missing: critical damping is gamma kappa = 2 k with k = sqrt(kappa) / 2.": 25.0,
            "That is 2 k; divide by kappa, since the penalty acts on the slope through the weights.": 0.2,
        },
    )


register(
    Exercise(
        id="8.12",
        title="Another scale",
        stars=2,
        kind="value",
        statement=r"""
    A network has $\kappa = 4$ in {eq}`eq:08-kappa` and $D''(0) = 0$. The data are now measured in units that are ten times
    smaller: all $x$ are multiplied by 10, and the network divides its input by 10 before it does what it did. Step
    sizes stay as they are. Return the weight $\gamma^\star$ of R1 for critical damping.
    """,
        stub="""
    def critical_weight():
        return ...
    """,
        hints=(
            r"What becomes of $D'(0)$, and so of $\kappa$?",
            r"$D'(0)$ is divided by 10 for every setting of the weights, and $\kappa$ by 100. Then $\gamma^\star = 1/\sqrt\kappa$.",
        ),
        explanation=r"""
    $\kappa$ falls to $0.04$ and $\gamma^\star = 1/\sqrt{\kappa} = 5$, ten times the old $0.5$. To keep the *value* of the
    penalty one would need a hundred times the old weight; but the coupling $k = \tfrac12\sqrt\kappa$ has become ten times smaller
    as well, and a slower rotation needs less damping.
    """,
        solution=solution_8_12,
        wrong=(
            (lambda: 0.5, "before the scaling"),
            (lambda: 50.0, "same value"),
            (lambda: 0.05, "other way"),
            (lambda: 25.0, "root is missing"),
            (lambda: 0.2, "That is 2 k"),
        ),
        check=check_8_12,
    )
)
