r"""Exercises 11.4, 11.5 and 11.6."""

import numpy as np
from scipy.integrate import quad
from scipy.stats import norm

from ganbook.exercises.engine.core import Exercise, register
from ganbook.exercises.engine.mistakes import mistake, outcomes
from ganbook.exercises.engine.words import say

# 11.4 ------------------------------------------------------------------

_NEEDED_11_4 = {1, 2, 3, 4, 5, 6}
_BEFORE_11_4 = (
    (2, 3, "The enlarged set in line 3 uses A', which has no meaning yet."),
    (2, 4, "Line 4 speaks of z in A', and A' has not been introduced."),
    (2, 6, "Line 6 speaks of B', and B' has not been introduced."),
    (3, 1, "The number in line 1 is the lower bound that line 3 supplies."),
    (6, 1, "Line 1 needs B' to be disjoint from the enlarged set."),
    (1, 5, "Line 5 applies a function to the inequality of line 1."),
    (4, 5, "The last step of line 5 replaces the distance by w/L."),
)


def solution_11_4():
    return [2, 4, 3, 6, 1, 5]


def check_11_4(value, c):
    try:
        lines = [int(v) for v in value]
    except (TypeError, ValueError):
        c.fail("A list of line numbers is expected, such as [2, 1].")
    if 7 in lines:
        c.fail(
            "Line 7 is false: preimages of arbitrary sets are not half-spaces."
        )
    if 8 in lines:
        c.fail("Line 8 assumes equal masses, which nobody has given.")
    if len(set(lines)) < len(lines) or set(lines) - _NEEDED_11_4:
        c.fail("Each line may occur once, and there are eight of them.")
    if missing := _NEEDED_11_4 - set(lines):
        c.fail(
            say(
                "{missing} line(s) that the proof needs are left out.",
                missing=len(missing),
            )
        )
    for first, then, reason in _BEFORE_11_4:
        if lines.index(first) > lines.index(then):
            c.fail(reason)


register(
    Exercise(
        id="11.4",
        title="Put the proof together",
        stars=2,
        kind="value",
        statement=r"""
    Prove the gap trade-off. Choose the lines that are needed and put them in an order in which each follows from what
    stands before it. Two lines do not belong to the proof. Return a list of numbers.

    1. Hence $b \le 1 - \Phi(\Phi^{-1}(a) + \delta) = \Phi(-\Phi^{-1}(a) - \delta)$.
    2. Let $A' = G^{-1}(A)$ and $B' = G^{-1}(B)$, with masses $a$ and $b$ under the standard normal, and let $\delta$ be their distance.
    3. By the isoperimetric inequality, the points closer than $\delta$ to $A'$ have mass at least $\Phi(\Phi^{-1}(a) + \delta)$.
    4. For $z \in A'$ and $z' \in B'$ we have $w \le \lVert G(z) - G(z') \rVert \le L \lVert z - z' \rVert$, so $\delta \ge w/L$.
    5. $\Phi^{-1}$ is increasing, so $\Phi^{-1}(b) \le -\Phi^{-1}(a) - \delta \le -\Phi^{-1}(a) - w/L$.
    6. No point of $B'$ is closer than $\delta$ to $A'$: the enlarged set and $B'$ are disjoint.
    7. Since $G$ is continuous, $A'$ and $B'$ are half-spaces.
    8. By symmetry we may assume $a = b$.
    """,
        stub="""
    def proof():
        # a list of line numbers, such as [2, 1]
        return ...
    """,
        hints=(
            r"Start with the line that introduces the sets. End with the line that has the claim in it.",
            r"Line 1 combines two facts about one set: how large it is, and what it does not meet.",
        ),
        explanation=r"""
    Line 2 introduces the sets; 4 is where the Lipschitz constant enters, 3 where the normal law does, 6 is the meaning
    of distance; 1 combines 3 and 6, and 5 combines 1 and 4. Line 7 is false in general (half-spaces are the case of
    equality), and 8 would prove the theorem in its least interesting case.
    """,
        solution=solution_11_4,
        wrong=(
            (lambda: [2, 7, 4, 3, 6, 1, 5], "half-spaces"),
            (lambda: [2, 4, 8, 3, 6, 1, 5], "equal masses"),
            (lambda: [2, 3, 6, 1, 5], "left out"),
            (lambda: [2, 4, 1, 3, 6, 5], "supplies"),
            (lambda: [4, 2, 3, 6, 1, 5], "z in A'"),
            (lambda: [2, 3, 6, 1, 5, 4], "replaces the distance"),
            (lambda: [2, 4, 3, 1, 6, 5], "disjoint from"),
        ),
        check=check_11_4,
    )
)


# 11.5 ------------------------------------------------------------------


def solution_11_5(a, w, L):
    b = norm.cdf(-norm.ppf(a) - w / L)  # the most that the bound allows
    return float(1 - a - b)


def alternative_11_5_band(a, w, L):
    left = norm.ppf(a)
    return float(norm.cdf(left + w / L) - norm.cdf(left))


@mistake("That is the formula for two modes of equal mass; a is ignored.")
def wrong_11_5_equal(a, w, L):
    return float(2 * norm.cdf(w / (2 * L)) - 1)


@mistake(
    "That is the most that the other mode can hold; the gap holds what is left."
)
def wrong_11_5_other(a, w, L):
    return float(norm.cdf(-norm.ppf(a) - w / L))


@mistake("A sign: a wider gap must leave less for the other mode.")
def wrong_11_5_sign(a, w, L):
    return float(1 - a - norm.cdf(-norm.ppf(a) + w / L))


@mistake(
    "The quotient is upside down: a steeper generator crosses in less of z."
)
def wrong_11_5_inverse(a, w, L):
    return solution_11_5(a, L, w)


@mistake("Width and slope were multiplied; the way in z is a quotient.")
def wrong_11_5_product(a, w, L):
    return solution_11_5(a, w * L, 1.0)


@mistake("The gap is w wide, not w on either side.")
def wrong_11_5_twice(a, w, L):
    return solution_11_5(a, 2 * w, L)


@mistake("L is ignored: the way in z is w / L.")
def wrong_11_5_slope(a, w, L):
    return solution_11_5(a, w, 1.0)


def check_11_5(answer, c):
    cases = [
        (0.5, 1.5, 2.5),
        (0.9, 1.0, 1.0),
        (0.05, 3.0, 2.0),
        (0.7, 0.1, 5.0),
        (0.5, 10.0, 1.0),
        (0.001, 2.0, 1.0),
        (0.999, 1.0, 2.0),
        *(
            (c.number(0.05, 0.95), c.number(0.3, 4), c.number(0.5, 6))
            for _ in range(3)
        ),
    ]
    for a, w, L in cases:
        start = norm.ppf(a)
        want = quad(norm.pdf, start, start + w / L)[0]
        c.equal(
            c.call(answer, a, w, L),
            want,
            rtol=1e-6,
            atol=1e-9,
            mistakes=outcomes(
                (a, w, L),
                wrong_11_5_equal,
                wrong_11_5_other,
                wrong_11_5_sign,
                wrong_11_5_inverse,
                wrong_11_5_product,
                wrong_11_5_slope,
                wrong_11_5_twice,
            ),
        )
    c.like(answer, solution_11_5, lambda: (1e-6, 10.0, 1.0))


register(
    Exercise(
        id="11.5",
        title="The least mass in the gap",
        stars=2,
        kind="function",
        statement=r"""
    A generator with Lipschitz constant `L` puts the mass `a` on one of two sets that lie `w` apart. Write
    `least_gap(a, w, L)`: the least mass that it must leave outside of both sets, for $0 < a < 1$ and positive `w`, `L`.
    For $a = 0.9$ and $w = L = 1$ it is about $0.089$.
    """,
        stub="""
    def least_gap(a, w, L):
        return ...
    """,
        hints=(
            r"The mass outside is $1 - a - b$. Which $b$ makes it least?",
            r"Solve $\Phi^{-1}(a) + \Phi^{-1}(b) = -w/L$ for $b$. `scipy.stats.norm` has `ppf` and `cdf`.",
        ),
        explanation=r"""
    The largest $b$ that the bound allows is $\Phi(-\Phi^{-1}(a) - w/L)$. What is left,
    $\Phi(\Phi^{-1}(a) + w/L) - \Phi(\Phi^{-1}(a))$, is the normal mass of a band of width $w/L$ that begins where the
    first set's preimage ends. The band weighs most around zero, which is the case of equal masses, and little far
    out: there the generator has nearly dropped a mode.
    """,
        solution=solution_11_5,
        alternatives=(alternative_11_5_band,),
        wrong=(
            wrong_11_5_equal,
            wrong_11_5_other,
            wrong_11_5_sign,
            wrong_11_5_inverse,
            wrong_11_5_product,
            wrong_11_5_twice,
            wrong_11_5_slope,
        ),
        check=check_11_5,
    )
)


# 11.6 ------------------------------------------------------------------


def solution_11_6(z, a, w, L):
    edge = norm.ppf(a)  # z to the left of it has mass a
    return np.clip(L * (z - edge), 0, w)


def alternative_11_6_cases(z, a, w, L):
    x = L * (z - norm.ppf(a))
    return np.where(x < 0, 0.0, np.where(x > w, float(w), x))


@mistake("That has equal masses on both ends, whatever a is.")
def wrong_11_6_centred(z, a, w, L):
    return np.clip(L * z + w / 2, 0, w)


@mistake(
    "The edge is a place in z; inside the product with L it would be scaled as well."
)
def wrong_11_6_scaled_edge(z, a, w, L):
    return np.clip(L * z - norm.ppf(a), 0, w)


@mistake("The mass a lies on the wrong end: at w, or at neither.")
def wrong_11_6_right(z, a, w, L):
    return np.clip(L * (z + norm.ppf(a)), 0, w)


@mistake("That jumps, and no Lipschitz constant holds for it.")
def wrong_11_6_step(z, a, w, L):
    return np.where(z < norm.ppf(a), 0.0, float(w))


@mistake("The slope in between is not L.")
def wrong_11_6_steep(z, a, w, L):
    return np.clip(L * w * (z - norm.ppf(a)), 0, w)


@mistake("It rises beyond w: nothing stays on the right mode.")
def wrong_11_6_unclipped(z, a, w, L):
    return np.maximum(L * (z - norm.ppf(a)), 0)


def wrong_11_6_flat(z, a, w, L):
    return solution_11_6(z, a, w, L).ravel()


def check_11_6(answer, c):
    z = np.linspace(-6, 6, 241)
    cases = [
        (0.5, 2.0, 2.0),
        (0.9, 1.0, 3.0),
        (0.2, 4.0, 1.5),
        (c.number(0.1, 0.9), c.number(0.5, 3), c.number(1, 6)),
        (10 ** -c.number(3, 5), 2.0, 1.0),
        (1 - 10 ** -c.number(3, 5), 2.0, 1.0),
    ]
    for a, w, L in [*cases, (0.3, 2.0, 0.7)]:
        if a == 0.2:
            z = z[1:].reshape(20, 12)
        if a == 0.3:
            z = np.arange(-5, 6)  # whole numbers
        edge = norm.ppf(a)
        rise = np.interp(z, [edge, edge + w / L], [0.0, w])
        c.equal(
            c.call(answer, z, a, w, L),
            rise,
            rtol=1e-9,
            atol=1e-9,
            mistakes=outcomes(
                (z, a, w, L),
                wrong_11_6_centred,
                wrong_11_6_scaled_edge,
                wrong_11_6_right,
                wrong_11_6_step,
                wrong_11_6_steep,
                wrong_11_6_unclipped,
            ),
        )
    z = np.array([-3.0, 0.5, 4.0, 5.0])
    c.like(answer, solution_11_6, lambda: (z, 0.5, 9.0, 3.0))


register(
    Exercise(
        id="11.6",
        title="The generator that attains the bound",
        stars=2,
        kind="function",
        statement=r"""
    Write `clipped(z, a, w, L)` for a numpy array `z` of any shape: the increasing generator with values in $[0, w]$ that has slope `L`
    between its two ends, puts exactly the mass `a` on the value $0$ (for standard normal $z$), and attains the gap
    bound. `clipped(0.25, 0.5, 2, 2)` is $0.5$.
    """,
        stub="""
    def clipped(z, a, w, L):
        return ...
    """,
        hints=(
            r"Which $z$ must be sent to $0$? They have mass $a$ and lie to the left.",
            r"The rise begins at $\Phi^{-1}(a)$ and has slope $L$. What stops it?",
        ),
        explanation=r"""
    $G(z) = L(z - \Phi^{-1}(a))$, clipped to $[0, w]$. It reaches $w$ at $\Phi^{-1}(a) + w/L$, so
    $b = 1 - \Phi(\Phi^{-1}(a) + w/L)$, and the two quantiles add up to $-w/L$. Preimages are half-lines, which are
    the sets for which the isoperimetric inequality is an equality.
    """,
        solution=solution_11_6,
        alternatives=(alternative_11_6_cases,),
        wrong=(
            wrong_11_6_centred,
            wrong_11_6_scaled_edge,
            wrong_11_6_right,
            wrong_11_6_step,
            wrong_11_6_steep,
            wrong_11_6_unclipped,
            (wrong_11_6_flat, "wrong shape"),
        ),
        check=check_11_6,
    )
)
