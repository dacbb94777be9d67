r"""Exercises of chapter 14 on the auxiliary classifier."""

import math

from scipy.special import ndtr

from ganbook.exercises.engine.core import Exercise, register
from ganbook.exercises.engine.mistakes import mistake, outcomes
from ganbook.exercises.engine.proofs import ordered

# 14.4 ------------------------------------------------------------------


def solution_14_4():
    return "bdaec"


register(
    Exercise(
        id="14.4",
        title="Put the proof together",
        stars=2,
        kind="value",
        statement=r"""
    Prove: with an optimal $D$ and a classifier $C$ fitted to generated samples, the auxiliary game with the minimax loss
    does not stop at the data if $\lambda > 0$ and $H'(a_0) \ne 0$. Here $a$ lies in an open interval, $q_{a_0} = p$ for
    every label, and $H(a) = H_{q_a}(Y|X)$ and $J(a) = \mathrm{JS}(p, q_a)$ are differentiable. Choose the lines that are
    needed and put them in an order in which each follows from what stands before it. Three lines are false. Return a string of letters, such as `"cab"`.

    - **a**: $J$ has a minimum at $a_0$, so $J'(a_0) = 0$.
    - **b**: With optimal $D$ and $C$ the generator's loss is $2J(a) + \lambda H(a)$ plus a constant.
    - **c**: A point where the derivative of the loss is not 0 is no minimum, so $a_0$ is none.
    - **d**: $J(a) \ge 0$ for every $a$, and $J(a_0) = 0$ since $q_{a_0} = p$.
    - **e**: The derivative of the generator's loss at $a_0$ is $2 J'(a_0) + \lambda H'(a_0) = \lambda H'(a_0) \ne 0$.
    - **f**: $H$ has a minimum at $a_0$, because $C$ is optimal there.
    - **g**: $J'(a_0) = 0$ because $J$ is constant near $a_0$.
    - **h**: For small $\lambda$ the term $\lambda H$ may be neglected.
    """,
        stub="""
    def proof():
        return ...
    """,
        hints=(
            r"First say which function is minimised, last say why $a_0$ is not its minimum.",
            r"Why is $J'(a_0)$ zero? That takes two lines.",
        ),
        explanation=r"""
    The loss is a sum. The divergence is at its minimum at the data, so it has no slope there; the entropy has one. However
    small $\lambda > 0$ is, a sum of something flat and something sloped is sloped. The size of the shift depends on
    $\lambda$, its existence does not.
    """,
        solution=solution_14_4,
        wrong=(
            (lambda: "bdafec", "optimal for every a"),
            (lambda: "bdgec", "only at one point"),
            (lambda: "bdaehc", "However small"),
            (lambda: "bdeac", "before a line that it uses"),
            (lambda: "bdae", "What follows"),
            (lambda: "daec", "which function"),
        ),
        check=ordered(
            {"b": "", "d": "", "a": "d", "e": "ab", "c": "e"},
            {
                "f": "C is optimal for every a, and that does not make H least at any of them.",
                "g": "J is 0 only at one point; a minimum is all that is needed.",
                "h": "However small the weight is, its derivative is not 0.",
            },
            {
                "b": "Nobody has said which function the generator minimises.",
                "d": "Where is the divergence least?",
                "a": "The slope of the divergence at the data is not yet known.",
                "e": "The slope of the whole loss is not yet known.",
                "c": "What follows from a slope that is not 0?",
            },
        ),
    )
)

# 14.5 ------------------------------------------------------------------


def solution_14_5(a, m):
    return float(ndtr(a)), float(ndtr(m))


def alternative_14_5_erf(a, m):
    return tuple(0.5 * (1 + math.erf(t / math.sqrt(2))) for t in (a, m))


@mistake("The two are exchanged: generated first.")
def wrong_14_5_swapped(a, m):
    return float(ndtr(m)), float(ndtr(a))


@mistake(
    "The classifier's border is at 0, not at the mean of the other class."
)
def wrong_14_5_both(a, m):
    return float(ndtr(a + m)), float(ndtr(2 * m))


@mistake(
    "The distance from a mean to the border is a, half the distance between the means."
)
def wrong_14_5_double(a, m):
    return float(ndtr(2 * a)), float(ndtr(2 * m))


@mistake("Those are the shares that are *not* recognised.")
def wrong_14_5_error(a, m):
    return float(ndtr(-a)), float(ndtr(-m))


@mistake(
    "That is the classifier's confidence at the mean of a class, not how often it is right."
)
def wrong_14_5_confidence(a, m):
    return 1 / (1 + math.exp(-2 * m * a)), 1 / (1 + math.exp(-2 * m * m))


@mistake(
    "erf is not the normal distribution function: rescale its argument and its value."
)
def wrong_14_5_erf(a, m):
    return math.erf(a), math.erf(m)


def check_14_5(answer, c):
    for a, m in (
        (1.519, 1.0),
        (0.0, 0.7),
        (2.5, 0.3),
        (3.6, 4.1),
        *((c.number(0.1, 2.5), c.number(0.1, 2.5)) for _ in range(3)),
    ):
        want = tuple(0.5 * math.erfc(-t / math.sqrt(2)) for t in (a, m))
        c.equal(
            c.call(answer, a, m),
            want,
            rtol=1e-7,
            atol=1e-12,
            mistakes=outcomes(
                (a, m),
                wrong_14_5_swapped,
                wrong_14_5_both,
                wrong_14_5_double,
                wrong_14_5_error,
                wrong_14_5_confidence,
                wrong_14_5_erf,
            ),
        )


register(
    Exercise(
        id="14.5",
        title="Recognised more often than the data",
        stars=1,
        kind="function",
        statement=r"""
    Real classes are $N(\pm m, 1)$, generated ones $N(\pm a, 1)$, both labels equally frequent. A classifier that is optimal
    for the real classes names the label of every sample. Write `recognised(a, m)`: the pair (share of generated samples
    named correctly, share of real ones), for numbers $a \ge 0$ and $m > 0$.
    """,
        stub="""
    def recognised(a, m):
        return ...
    """,
        hints=(
            r"Where is the border of the optimal classifier? Does it depend on $m$?",
            r"$P(x > 0)$ for $x \sim N(a, 1)$.",
        ),
        explanation=r"""
    The border is at 0 for every $m$, so a sample of the class $+1$ is named correctly with probability $\Phi(a)$ if
    generated and $\Phi(m)$ if real. With $a > m$ the generator scores higher than the data, and has too few samples between the classes.
    An accuracy above that of real samples is a warning.
    """,
        solution=solution_14_5,
        alternatives=(alternative_14_5_erf,),
        wrong=(
            wrong_14_5_swapped,
            wrong_14_5_both,
            wrong_14_5_double,
            wrong_14_5_error,
            wrong_14_5_confidence,
            wrong_14_5_erf,
        ),
        check=check_14_5,
    )
)
