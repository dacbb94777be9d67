r"""Exercises 4.1, 4.2 and 4.3: One point, and the edges; Undecided, twice; The best score."""

import math

import numpy as np
import torch

from ganbook.exercises.engine.core import (
    Exercise,
    register,
)
from ganbook.exercises.engine.mistakes import mistake, outcomes
from ganbook.exercises.engine.words import say

# 4.1 One point, and the edges ------------------------------------------------------------------------------


def solution_4_1(a, b):
    total = a + b
    neither = total == 0
    return torch.where(neither, 0.5, a / torch.where(neither, 1.0, total))


def alternative_4_1_loop(a, b):
    guesses = [
        0.5 if x + y == 0 else x / (x + y)
        for x, y in zip(a.tolist(), b.tolist(), strict=True)
    ]
    return torch.tensor(guesses, dtype=a.dtype)


def alternative_4_1_posterior(a, b):
    return torch.nan_to_num(torch.sigmoid(a.log() - b.log()), nan=0.5)


def wrong_4_1_bare(a, b):
    return a / (a + b)


def wrong_4_1_swapped(a, b):
    return torch.where(a + b == 0, 0.5, b / (a + b))


def wrong_4_1_hard(a, b):
    return torch.where(a == b, 0.5, (a > b).to(a.dtype))


def wrong_4_1_epsilon(a, b):
    return (a + 1e-2) / (a + b + 2e-2)


def wrong_4_1_tiny(a, b):
    return (a + 1e-8) / (a + b + 2e-8)


def wrong_4_1_timid(a, b):
    return torch.where((a == 0) | (b == 0), 0.5, a / (a + b))


def wrong_4_1_ratio(a, b):
    return torch.where(a + b == 0, 0.5, a / b)


def wrong_4_1_squeezed(a, b):
    return solution_4_1(a, b).squeeze()


def check_4_1(answer, c):
    for dtype in c.dtypes:
        fixed = torch.tensor(
            [[0.0, 0.0, 2.0, 0.3, 1.0], [0.0, 1.5, 0.0, 0.1, 1.0]],
            dtype=dtype,
        )
        drawn = c.uniform(0.05, 3, (2, 9), dtype) * (
            c.uniform(0, 1, (2, 9)) > 0.2
        )
        for a, b in (fixed, drawn):
            empty, best = a + b == 0, solution_4_1(a, b)
            c.equal(
                c.call(answer, a, b),
                best,
                mistakes={
                    "Where both densities vanish every answer is as good; the statement asks for 1/2.": a
                    / (a + b),
                    "That is the best answer for the generated source: a and b are swapped.": torch.where(
                        empty, 0.5, b / (a + b)
                    ),
                    "That is a hard decision; the value rewards saying how likely.": lambda a=a, b=b: (
                        wrong_4_1_hard(a, b)
                    ),
                    "A small constant keeps the division safe and moves every answer.": lambda a=a, b=b: (
                        wrong_4_1_epsilon(a, b)
                    ),
                    "Where one density vanishes the other decides: the maximum sits at the end of the interval.": lambda a=a, b=b: (
                        wrong_4_1_timid(a, b)
                    ),
                    "That is the quotient of the densities, the exponential of the score.": torch.where(
                        empty, 0.5, a / b
                    ),
                },
            )
        a, b = c.uniform(0.05, 3, (2, 1), dtype)
        c.equal(c.call(answer, a, b), a / (a + b))
        a, b = torch.tensor([[3e-30, 0.0], [1e-30, 2e-30]], dtype=dtype)
        c.equal(
            c.call(answer, a, b),
            solution_4_1(a, b),
            says="A constant in the denominator decides where samples are rare; only a + b = 0 needs care.",
        )


register(
    Exercise(
        id="4.1",
        title="One point, and the edges",
        stars=1,
        kind="function",
        statement=r"""
At a point the real density is $a \ge 0$ and the generated one $b \ge 0$. Write `best_guess(a, b)`: the $d$ in
$[0, 1]$ that maximises $a \log d + b \log(1 - d)$, with $0 \log 0 = 0$, for tensors `a` and `b` of shape `(N,)` and
one dtype; the result has both. One or both densities may be zero. Where both are, return $\tfrac12$.
""",
        stub="""
def best_guess(a, b):
    return ...
""",
        hints=(
            r"The lemma covers $a > 0 = b$ and $b > 0 = a$ as well. Which formula gives all three cases at once?",
            r"$a/(a+b)$ is right unless $a + b = 0$. Both branches of `torch.where` are computed, so divide by something else there.",
        ),
        explanation=r"""
For $a + b > 0$ the maximiser is $a/(a+b)$, also at the ends, where one density vanishes and the derivative has no
zero. Only $a = b = 0$ needs a convention. A small constant in the denominator looks like a repair, but it changes
the answer at every point where samples are rare.
""",
        solution=solution_4_1,
        alternatives=(alternative_4_1_loop, alternative_4_1_posterior),
        wrong=(
            (wrong_4_1_bare, "both densities vanish"),
            (wrong_4_1_swapped, "swapped"),
            (wrong_4_1_hard, "hard decision"),
            (wrong_4_1_epsilon, "small constant"),
            (wrong_4_1_timid, "other decides"),
            (wrong_4_1_ratio, "quotient"),
            (wrong_4_1_tiny, "where samples are rare"),
            (wrong_4_1_squeezed, "shape (1,)"),
        ),
        check=check_4_1,
    )
)


# 4.2 Where the best discriminator is undecided ---------------------------------------------------------------


def solution_4_2():
    # log p − log q = −x²/2 + (x − 1)²/1.28 + log 0.8 = A x² + B x + C
    A, B, C = 1 / 1.28 - 1 / 2, -1 / 0.64, 1 / 1.28 + math.log(0.8)
    root = math.sqrt(B**2 - 4 * A * C)
    return (-B - root) / (2 * A), (-B + root) / (2 * A)


def wrong_4_2_midpoint():
    return 0.5, 0.5


def wrong_4_2_unnormalised():
    return 1 / 1.8, 1 / 0.2


def wrong_4_2_variance():
    A, B, C = 1 / 1.6 - 1 / 2, -1 / 0.8, 1 / 1.6 + math.log(0.8) / 2
    root = math.sqrt(B**2 - 4 * A * C)
    return (-B - root) / (2 * A), (-B + root) / (2 * A)


def wrong_4_2_order():
    return solution_4_2()[::-1]


def wrong_4_2_twice():
    return solution_4_2()[0], solution_4_2()[0]


def wrong_4_2_infinite():
    return solution_4_2()[0], math.inf


def wrong_4_2_means():
    return 0.0, 1.0


def check_4_2(value, c):
    if np.shape(value) != (2,):
        c.fail(
            "The wrong shape: a tuple of two numbers was expected, the smaller first."
        )
    left, right = (float(x) for x in value)
    if not (math.isfinite(left) and math.isfinite(right)):
        c.fail("NaN or infinite: both points are finite numbers.")
    for sentence, wrong in (
        (
            "Halfway between the means is right for equal widths only.",
            wrong_4_2_midpoint(),
        ),
        (
            "There the exponents are equal. A density has a normalising factor too.",
            wrong_4_2_unnormalised(),
        ),
        (
            "There 0.8 was taken as the variance; it is the standard deviation.",
            wrong_4_2_variance(),
        ),
    ):
        if c.agrees((left, right), wrong, atol=1e-2):
            c.fail(sentence)
    for x in (left, right):
        log_ratio = -(x**2) / 2 + (x - 1) ** 2 / 1.28 + math.log(0.8)
        if abs(log_ratio) > 4e-3:
            c.fail(
                say(
                    "At x = {x:.4g} the best discriminator is not undecided: it says {value:.4f}.",
                    x=x,
                    value=1 / (1 + math.exp(-log_ratio)),
                )
            )
    c.true(left <= right, "Both are right; put the smaller first.")
    c.true(
        right - left > 1,
        "That is one of them, given twice; the wider density wins on both sides.",
    )


register(
    Exercise(
        id="4.2",
        title="Undecided, twice",
        stars=1,
        kind="value",
        statement=r"""
Real samples come from $\mathcal{N}(0, 1)$, generated ones from $\mathcal{N}(1, 0.8^2)$, as in the fourth check of
this chapter. At which two points does the best discriminator say exactly $\tfrac12$? Return them as a tuple of two
floats, the smaller first, to three decimals.
""",
        stub="""
def undecided():
    return ...
""",
        hints=(
            r"$D^\star = \tfrac12$ where the densities are equal, that is where $\log p = \log q$.",
            r"$-x^2/2 = -(x-1)^2/1.28 - \log 0.8$ is a quadratic equation.",
        ),
        explanation=r"""
Equal densities means $\log p(x) - \log q(x) = 0.28125\,x^2 - 1.5625\,x + 0.5581 = 0$, with the solutions $0.3837$ and
$5.1719$. The second surprises: far to the right the *wider* density is larger again. Few samples are there, so a
trained network never learns of it: in the chapter's picture, all five are on the wrong side at $x = 8$.
""",
        solution=solution_4_2,
        wrong=(
            (wrong_4_2_midpoint, "halfway"),
            (wrong_4_2_unnormalised, "normalising"),
            (wrong_4_2_variance, "variance"),
            (wrong_4_2_order, "smaller first"),
            (wrong_4_2_twice, "given twice"),
            (wrong_4_2_means, "not undecided"),
            (wrong_4_2_infinite, "points are finite"),
        ),
        check=check_4_2,
    )
)


# 4.3 The score that is best ------------------------------------------------------------------------------------


def solution_4_3():
    import sympy

    x, m, s = sympy.symbols("x m s")
    return (x - m) ** 2 / (2 * s**2) - x**2 / 2 + sympy.log(s)


@mistake("That is high on generated samples: log q − log p.")
def wrong_4_3_turned():
    return "x**2/2 - (x - m)**2/(2*s**2) - log(s)"


@mistake("The factor 1/s in front of the generated density has gone missing.")
def wrong_4_3_no_log():
    return "(x - m)**2/(2*s**2) - x**2/2"


@mistake("The logarithm of s has the wrong sign: check it at x = m = 0.")
def wrong_4_3_log_sign():
    return "(x - m)**2/(2*s**2) - x**2/2 - log(s)"


@mistake("There s is treated as the variance; it is the standard deviation.")
def wrong_4_3_variance():
    return "(x - m)**2/(2*s) - x**2/2 + log(s)/2"


@mistake("That is the probability; the score is its logit.")
def wrong_4_3_probability():
    return "1/(1 + exp(x**2/2 - (x - m)**2/(2*s**2) - log(s)))"


@mistake("The exponent of a normal density has a one half.")
def wrong_4_3_halves():
    return "(x - m)**2/s**2 - x**2 + log(s)"


@mistake("That holds for s = 1 only.")
def wrong_4_3_equal_widths():
    return "m**2/2 - m*x"


@mistake("The logarithm is that of s, not of the variance.")
def wrong_4_3_log_twice():
    return "(x - m)**2/(2*s**2) - x**2/2 + log(s**2)"


def check_4_3(value, c):
    def want(x, m, s):
        return -(x**2) / 2 - (-((x - m) ** 2) / (2 * s**2) - math.log(s))

    c.expression(
        value,
        want,
        x=(-3, 3),
        m=(-2, 2),
        s=(0.3, 2.5),
        mistakes=outcomes(
            (),
            wrong_4_3_turned,
            wrong_4_3_no_log,
            wrong_4_3_log_sign,
            wrong_4_3_variance,
            wrong_4_3_probability,
            wrong_4_3_halves,
            wrong_4_3_equal_widths,
            wrong_4_3_log_twice,
        ),
    )


register(
    Exercise(
        id="4.3",
        title="The best score",
        stars=1,
        kind="expression",
        statement=r"""
Real samples come from $\mathcal{N}(0, 1)$, generated ones from $\mathcal{N}(m, s^2)$. Return the score of the optimal
discriminator, a logit, as an expression in the symbols `x`, `m` and `s`: from sympy, or as text such as
`"x**2 + log(s)"`.
""",
        stub="""
def best_score():
    return ...
""",
        hints=(
            r"The best score is $\log p(x) - \log q(x)$; no sigmoid is needed.",
            r"$\log q(x) = -\tfrac{(x - m)^2}{2 s^2} - \log s - \tfrac12 \log 2\pi$, and the last term cancels.",
        ),
        explanation=r"""
$s^\star(x) = \log p(x) - \log q(x) = \tfrac{(x - m)^2}{2 s^2} - \tfrac{x^2}{2} + \log s$. For $s = 1$ the squares
cancel and $m^2/2 - m x$ is left: logistic regression is then a perfect discriminator. For any other width a linear
score is not enough, however well it is trained.
""",
        solution=solution_4_3,
        wrong=(
            wrong_4_3_turned,
            wrong_4_3_no_log,
            wrong_4_3_log_sign,
            wrong_4_3_variance,
            wrong_4_3_probability,
            wrong_4_3_halves,
            wrong_4_3_equal_widths,
            wrong_4_3_log_twice,
        ),
        check=check_4_3,
    )
)
