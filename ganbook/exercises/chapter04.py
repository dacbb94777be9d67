"""Exercises of chapter 4, the optimal discriminator."""

import math

import numpy as np
import torch
from torch.nn.functional import logsigmoid, softplus

from ganbook.exercises.engine.core import (
    Exercise,
    choice,
    classify,
    register,
    rubric,
)
from ganbook.exercises.engine.proofs import ordered

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
the answer at every point where samples are rare, and a score is read most eagerly there.
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
                f"At x = {x:.4g} the best discriminator is not undecided: it says {1 / (1 + math.exp(-log_ratio)):.4f}."
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
Real samples come from $\mathcal{N}(0, 1)$, generated ones from $\mathcal{N}(1, 0.8^2)$, as in the fourth way of this
chapter. At which two points does the best discriminator say exactly $\tfrac12$? Return them as a tuple of two
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


def wrong_4_3_turned():
    return "x**2/2 - (x - m)**2/(2*s**2) - log(s)"


def wrong_4_3_no_log():
    return "(x - m)**2/(2*s**2) - x**2/2"


def wrong_4_3_log_sign():
    return "(x - m)**2/(2*s**2) - x**2/2 - log(s)"


def wrong_4_3_variance():
    return "(x - m)**2/(2*s) - x**2/2 + log(s)/2"


def wrong_4_3_probability():
    return "1/(1 + exp(x**2/2 - (x - m)**2/(2*s**2) - log(s)))"


def wrong_4_3_halves():
    return "(x - m)**2/s**2 - x**2 + log(s)"


def wrong_4_3_equal_widths():
    return "m**2/2 - m*x"


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
        mistakes={
            "That is high on generated samples: log q − log p.": wrong_4_3_turned(),
            "The factor 1/s in front of the generated density has gone missing.": wrong_4_3_no_log(),
            "The logarithm of s has the wrong sign: check it at x = m = 0.": wrong_4_3_log_sign(),
            "There s is treated as the variance; it is the standard deviation.": wrong_4_3_variance(),
            "That is the probability; the score is its logit.": wrong_4_3_probability(),
            "The exponent of a normal density has a one half.": wrong_4_3_halves(),
            "That holds for s = 1 only.": wrong_4_3_equal_widths(),
            "The logarithm is that of s, not of the variance.": wrong_4_3_log_twice(),
        },
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
            (wrong_4_3_turned, "high on generated"),
            (wrong_4_3_no_log, "gone missing"),
            (wrong_4_3_log_sign, "wrong sign"),
            (wrong_4_3_variance, "as the variance"),
            (wrong_4_3_probability, "probability"),
            (wrong_4_3_halves, "one half"),
            (wrong_4_3_equal_widths, "s = 1 only"),
            (wrong_4_3_log_twice, "not of the variance"),
        ),
        check=check_4_3,
    )
)


# 4.4 What a flat loss says ---------------------------------------------------------------------------------------


def solution_4_4():
    return "d"


register(
    Exercise(
        id="4.4",
        title="What a flat loss says",
        stars=1,
        kind="choice",
        statement=r"""
For a thousand steps a discriminator's loss, $-\hat V$ on points it has not seen, has been within 0.01 of
$2 \log 2$. Which conclusion is safe? Return its letter.
""",
        options={
            "a": "The generated distribution is nearly the real one.",
            "b": "The discriminator is optimal for this generator.",
            "c": r"The Jensen–Shannon divergence of the two distributions is near zero.",
            "d": r"In value, this discriminator is hardly better than one that answers ½ everywhere.",
            "e": "No discriminator, however large, could tell real from generated.",
            "f": "The generator has stopped moving.",
        },
        stub="""
def conclusion():
    return ...
""",
        hints=(
            r"The loss is minus the value of *this* discriminator. What does the theorem say about the value of the best?",
            r"$-\hat V(D) \approx 2 \log 2$ is an equation about $D$. A $D$ whose weights are all zero satisfies it, whatever $p$ and $q$ are.",
        ),
        explanation=r"""
$V(D) \approx -2 \log 2$ says that in value $D$ is hardly better than a constant ½ (d). It need not be worse at telling
the samples apart: an overconfident $D$, such as $3.85\, s^\star$ for the two Gaussians of the chapter, has this value and
is right 84 % of the time. Since $V(D) \le V(D^\star)$, the
best value may be far higher: $D$ may be too small, too slow, or reduced to noise by dropout. Conclusions about $p$
and $q$ (a, c, e) need a $D$ near its optimum, which the number does not show (b). And a generator may move all the
time among distributions that this $D$ cannot tell from the data (f).
""",
        solution=solution_4_4,
        wrong=(
            ("a", "weak discriminator"),
            ("b", "constant one half"),
            ("c", "maximum over"),
            ("e", "this one"),
            ("f", "keep moving"),
        ),
        check=choice(
            "d",
            a="A weak discriminator shows the same loss whatever the generator does.",
            b="Nothing shows that. A constant one half has this loss too, and is optimal only if p = q.",
            c="The divergence belongs to the maximum over all discriminators; this is the value of a single one.",
            e="The number speaks of this one. A larger or better trained one may see what it misses.",
            f="A generator may keep moving among distributions that look alike to its opponent.",
        ),
    )
)


# 4.5 Which accuracies are possible --------------------------------------------------------------------------------


def solution_4_5(accuracy, tv):
    return 0 <= tv <= 1 and (1 - tv) / 2 <= accuracy <= (1 + tv) / 2


def alternative_4_5_distance(accuracy, tv):
    return bool(0 <= tv <= 1) and abs(2 * accuracy - 1) <= tv


def wrong_4_5_tv_itself(accuracy, tv):
    return 0 <= tv <= 1 and 1 - tv <= accuracy <= tv


def wrong_4_5_equality(accuracy, tv):
    return 0 <= tv <= 1 and abs(accuracy - (1 + tv) / 2) < 1e-9


def wrong_4_5_half(accuracy, tv):
    return 0 <= tv <= 1 and 0.5 <= accuracy <= (1 + tv) / 2


def wrong_4_5_no_floor(accuracy, tv):
    return 0 <= tv <= 1 and accuracy <= (1 + tv) / 2


def wrong_4_5_any_tv(accuracy, tv):
    return (1 - tv) / 2 <= accuracy <= (1 + tv) / 2


def wrong_4_5_no_ceiling(accuracy, tv):
    return 0 <= tv <= 1 and (1 - tv) / 2 <= accuracy


def check_4_5(answer, c):
    cases = (
        (
            c.number(0.96, 1),
            0.9,
            "There is a ceiling: the best discriminator is right (1 + TV)/2 of the time.",
        ),
        (
            c.number(0.6, 0.85),
            0.9,
            "Between one half and the best every accuracy is possible: being best is not required.",
        ),
        (
            c.number(0.2, 0.4),
            0.9,
            "A discriminator may be wrong more often than a coin.",
        ),
        (
            c.number(0.48, 0.55),
            0.2,
            "Compare with (1 + TV)/2: guessing alone is right half of the time.",
        ),
        (
            c.number(0.0, 0.04),
            0.9,
            "Turn its answers round and it would beat the best: there is a floor as well.",
        ),
        (
            c.number(0.3, 0.7),
            c.number(1.1, 1.9),
            "No total variation exceeds 1.",
        ),
        (1.0, 1.0, "Disjoint supports allow a perfect discriminator."),
        (0.5, 0.0, "Equal distributions leave exactly one half."),
        *((c.number(0, 1), c.number(0, 1), "") for _ in range(30)),
        *(
            (
                (1 + side * (1 + off) * tv) / 2,
                tv,
                "Compare with both bounds: this lies close to one of them.",
            )
            for tv in (c.number(0.2, 0.4), c.number(0.5, 0.9))
            for side in (-1, 1)
            for off in (-0.02, 0.02)
        ),
    )
    for accuracy, tv, sentence in cases:
        c.equal(
            c.call(answer, accuracy, tv),
            bool(solution_4_5(accuracy, tv)),
            says=sentence,
        )


register(
    Exercise(
        id="4.5",
        title="A suspicious report",
        stars=2,
        kind="function",
        statement=r"""
A report states how often a discriminator is right on a balanced mix of real and generated samples (exactly, without
sampling error), and the total variation of the two distributions. Write `possible(accuracy, tv)` for two floats:
`True` where *some* discriminator can have this accuracy, `False` otherwise, and also where `tv` is no total variation.
""",
        stub="""
def possible(accuracy, tv):
    return ...
""",
        hints=(
            r"What is the best accuracy at this total variation? May a discriminator be worse than that?",
            r"And how bad can it be? Take one that is right less often than allowed, and turn all its answers round.",
        ),
        explanation=r"""
Equation {eq}`eq:04-accuracy`: $\tfrac12 (1 - \mathrm{TV}) \le \text{accuracy} \le \tfrac12 (1 + \mathrm{TV})$, and every
value between is reached by mixing the best discriminator with its opposite. The floor is easily forgotten. A
discriminator far below one half knows a great deal, and holds the labels the wrong way round.
""",
        solution=solution_4_5,
        alternatives=(alternative_4_5_distance,),
        wrong=(
            (wrong_4_5_tv_itself, "guessing alone"),
            (wrong_4_5_equality, "not required"),
            (wrong_4_5_half, "than a coin"),
            (wrong_4_5_no_floor, "floor"),
            (wrong_4_5_any_tv, "exceeds 1"),
            (wrong_4_5_no_ceiling, "ceiling"),
        ),
        check=check_4_5,
    )
)


# 4.6 Right more often, and worth less -------------------------------------------------------------------------------

ATOMS_P = torch.tensor([0.4, 0.3, 0.1, 0.1, 0.1], dtype=torch.float64)
ATOMS_Q = torch.tensor([0.1, 0.1, 0.2, 0.3, 0.3], dtype=torch.float64)


def solution_4_6():
    p = torch.tensor([0.4, 0.3, 0.1, 0.1, 0.1])
    q = torch.tensor([0.1, 0.1, 0.2, 0.3, 0.3])
    best = torch.log(p / q)
    A = 8 * best  # always on the right side, and far too sure
    B = best.clone()
    B[2] = 0.1  # one atom on the wrong side, barely
    return A.tolist(), B.tolist()


def alternative_4_6_small():
    return (1e-9, 1e-9, 0.0, 0.0, 0.0), (
        1.0,
        0.95,
        0.01,
        0.0,
        0.0,
    )  # right scores that lie in [0, 1]


def wrong_4_6_scaled():
    return [8.0, 8.0, -8.0, -8.0, -8.0], [1.0, 1.0, -1.0, -1.0, -1.0]


def wrong_4_6_both():
    return [1.4, 1.1, -0.7, -1.1, -1.1], [0.1, 0.1, 0.1, -0.1, -0.1]


def wrong_4_6_exchanged():
    return solution_4_6()[::-1]


def wrong_4_6_probabilities():
    return [0.99, 0.99, 0.01, 0.01, 0.01], [0.8, 0.75, 0.55, 0.25, 0.25]


def wrong_4_6_slight():
    return [2.4, 1.8, -1.3, -1.8, -1.8], [1.386, 1.099, 0.05, -1.099, -1.099]


def wrong_4_6_infinite():
    return [math.inf] * 2 + [-math.inf] * 3, [
        1.386,
        1.099,
        0.1,
        -1.099,
        -1.099,
    ]


def check_4_6(answer, c):
    found = c.call(answer)
    if not isinstance(
        found, tuple | list | np.ndarray | torch.Tensor
    ) or np.shape(found) != (2, 5):
        c.fail(
            "The wrong shape: a tuple of two lists of five scores was expected, A first."
        )
    A, B = (
        torch.tensor([float(s) for s in scores], dtype=torch.float64)
        for scores in found
    )
    if torch.cat([A, B]).isnan().any():
        c.fail("A score is NaN.")
    c.true(
        torch.cat([A, B]).isfinite().all(),
        "Scores must be finite: an infinite one is a network that cannot exist.",
    )
    right = [
        float(torch.where(s > 0, ATOMS_P, ATOMS_Q).sum() / 2) for s in (A, B)
    ]
    value = [
        float((ATOMS_P * logsigmoid(s) + ATOMS_Q * logsigmoid(-s)).sum())
        for s in (A, B)
    ]
    said = f"A is right {right[0]:.3f} of the time with V = {value[0]:.3f}, B {right[1]:.3f} with V = {value[1]:.3f}."
    if right[0] > right[1] + 1e-9 and value[1] >= value[0] + 0.1:
        return
    c.true(
        ((A < 0) | (A > 1) | (B < 0) | (B > 1)).any(),
        "These look like probabilities; scores are logits, and a positive one says real.",
    )
    c.true(
        abs(right[0] - right[1]) > 1e-9,
        f"Both are equally often right: only the sign of a score counts. {said}",
    )
    c.true(
        right[0] > right[1],
        f"It is the second of the two that is right more often. {said}",
    )
    c.true(value[1] > value[0], f"A is better in both respects. {said}")
    c.true(
        value[1] >= value[0] + 0.1,
        f"The difference of the values is too slight: 0.1 was asked for. {said}",
    )


register(
    Exercise(
        id="4.6",
        title="Right more often, and worth less",
        stars=2,
        kind="experiment",
        statement=r"""
On five atoms let $p = (0.4, 0.3, 0.1, 0.1, 0.1)$ and $q = (0.1, 0.1, 0.2, 0.3, 0.3)$. Find two discriminators A and B,
each given by five finite scores (logits; a positive score says "real"), such that A is right more often than B on a
balanced mix, and yet the value $V$ of B is higher by at least 0.1. Return the tuple `(A, B)` of two lists of five
floats.
""",
        stub="""
def two_discriminators():
    return ...
""",
        hints=(
            r"Accuracy sees the signs of the scores only. What does the value see besides?",
            r"Let A have all signs right and be far too sure. Let B be $\log(p/q)$, except for a small slip of sign at one atom.",
        ),
        explanation=r"""
The best scores are $\log(p/q) = (1.39, 1.10, -0.69, -1.10, -1.10)$. Multiplied by 8 they keep their signs, hence the
best accuracy of 0.75; but where the answer is right only three times in four, certainty is expensive, and the value
drops far below the $-2 \log 2$ of a coin. B moves one score from $-0.69$ to $+0.1$: its accuracy falls by 0.05, its
value by hardly anything. $D$ is paid for honest probabilities, not for hits.
""",
        solution=solution_4_6,
        alternatives=(alternative_4_6_small,),
        wrong=(
            (wrong_4_6_scaled, "equally often"),
            (wrong_4_6_both, "both respects"),
            (wrong_4_6_exchanged, "second of the two"),
            (wrong_4_6_probabilities, "probabilities"),
            (wrong_4_6_slight, "too slight"),
            (wrong_4_6_infinite, "finite"),
        ),
        check=check_4_6,
    )
)


# 4.7 The ratio behind a smoothed answer --------------------------------------------------------------------------------


def solution_4_7(d, prior, alpha, beta):
    return (1 - prior) / prior * (d - beta) / (alpha - d)


def alternative_4_7_linear(d, prior, alpha, beta):
    # D (π r + 1 − π) = π α r + (1 − π) β is linear in r
    slope = prior * (d - alpha)
    constant = (1 - prior) * (d - beta)
    return torch.stack([-c / s for c, s in zip(constant, slope, strict=True)])


def wrong_4_7_no_prior(d, prior, alpha, beta):
    return (d - beta) / (alpha - d)


def wrong_4_7_prior_turned(d, prior, alpha, beta):
    return prior / (1 - prior) * (d - beta) / (alpha - d)


def wrong_4_7_no_beta(d, prior, alpha, beta):
    return (1 - prior) / prior * d / (alpha - d)


def wrong_4_7_no_alpha(d, prior, alpha, beta):
    return (1 - prior) / prior * (d - beta) / (1 - d)


def wrong_4_7_inverse(d, prior, alpha, beta):
    return prior / (1 - prior) * (alpha - d) / (d - beta)


def wrong_4_7_plain(d, prior, alpha, beta):
    return d / (1 - d)


def wrong_4_7_plain_labels(d, prior, alpha, beta):
    return (1 - prior) / prior * d / (1 - d)


def wrong_4_7_output(d, prior, alpha, beta):
    return (prior * alpha * d + (1 - prior) * beta) / (prior * d + 1 - prior)


def wrong_4_7_unsmoothed(d, prior, alpha, beta):
    return (d - beta) / (alpha - beta)


def check_4_7(answer, c):
    for dtype in c.dtypes:
        for _ in range(4):
            ratio = c.uniform(0.2, 4, (6,), dtype)
            prior, alpha, beta = (
                c.number(0.55, 0.8),
                c.number(0.8, 0.95),
                c.number(0.03, 0.2),
            )
            d = (prior * alpha * ratio + (1 - prior) * beta) / (
                prior * ratio + 1 - prior
            )
            c.equal(
                c.call(answer, d, prior, alpha, beta),
                ratio,
                rtol=5e-4 if dtype == torch.float32 else 1e-8,
                mistakes={
                    "The prior is ignored: here the two sources are not equally frequent.": wrong_4_7_no_prior(
                        d, prior, alpha, beta
                    ),
                    "The prior's odds are upside down.": wrong_4_7_prior_turned(
                        d, prior, alpha, beta
                    ),
                    "The label of the generated samples is left out: D never falls below beta.": wrong_4_7_no_beta(
                        d, prior, alpha, beta
                    ),
                    "The label of the real samples is left out: D never exceeds alpha.": wrong_4_7_no_alpha(
                        d, prior, alpha, beta
                    ),
                    "That is q/p, the inverse.": wrong_4_7_inverse(
                        d, prior, alpha, beta
                    ),
                    "That holds for plain labels and balanced batches only.": wrong_4_7_plain(
                        d, prior, alpha, beta
                    ),
                    "That is the ratio of eq. 04-ratio, with the prior: the labels alpha and beta are still in d.": wrong_4_7_plain_labels(
                        d, prior, alpha, beta
                    ),
                    "That goes from a ratio to the output; the other way round is asked for.": wrong_4_7_output(
                        d, prior, alpha, beta
                    ),
                    "That is still a probability, freed from the smoothing; a ratio is made of its odds.": wrong_4_7_unsmoothed(
                        d, prior, alpha, beta
                    ),
                },
            )


register(
    Exercise(
        id="4.7",
        title="The ratio behind a smoothed answer",
        stars=2,
        kind="function",
        statement=r"""
A discriminator was trained with a share `prior` of real samples, the label `alpha` on real and `beta` on generated
ones ($\alpha > \beta$), to its optimum. Its output at some points is the probability `d`, a tensor of shape `(N,)`
with values between `beta` and `alpha`; the others are floats. Write `ratio_from_output(d, prior, alpha, beta)`, which
returns the density ratio $p/q$ at these points, of the shape and dtype of `d`.
""",
        stub="""
def ratio_from_output(d, prior, alpha, beta):
    return ...
""",
        hints=(
            r"Divide numerator and denominator of {eq}`eq:04-smoothing` by $q$: only $r = p/q$ is left.",
            r"$d\,(\pi r + 1 - \pi) = \pi \alpha r + (1 - \pi) \beta$ is linear in $r$. Collect the terms with $r$.",
        ),
        explanation=r"""
Dividing by $q$ gives $d\,(\pi r + 1 - \pi) = \pi \alpha r + (1 - \pi)\beta$, so
$r = \frac{1 - \pi}{\pi} \cdot \frac{d - \beta}{\alpha - d}$. For $\alpha = 1$, $\beta = 0$ this is {eq}`eq:04-ratio`. Smoothing
loses nothing in principle. In practice it does: the scores of the ratios $10^4$ and $10^6$ lie $\log 100 = 4.6$ nats
apart with plain labels, and 0.001 apart with $\alpha = 0.9$, so the smallest error of the network becomes a large one
of $r$.
""",
        solution=solution_4_7,
        alternatives=(alternative_4_7_linear,),
        wrong=(
            (wrong_4_7_no_prior, "prior is ignored"),
            (wrong_4_7_prior_turned, "upside down"),
            (wrong_4_7_no_beta, "below beta"),
            (wrong_4_7_no_alpha, "exceeds alpha"),
            (wrong_4_7_inverse, "inverse"),
            (wrong_4_7_plain, "plain labels"),
            (wrong_4_7_plain_labels, "are still in d"),
            (wrong_4_7_output, "other way round"),
            (wrong_4_7_unsmoothed, "still a probability"),
        ),
        check=check_4_7,
    )
)


# 4.8 What an error costs --------------------------------------------------------------------------------------------------


def solution_4_8():
    return "w*p*(1 - w)*q / (w*p + (1 - w)*q)"


def wrong_4_8_balanced():
    return "p*q/(p + q)"


def wrong_4_8_one_sided():
    return "w*p*q/(w*p + (1 - w)*q)"


def wrong_4_8_no_mass():
    return "w*p*(1 - w)*q / (w*p + (1 - w)*q)**2"


def wrong_4_8_half():
    return "w*p*(1 - w)*q / (w*p + (1 - w)*q) / 2"


def wrong_4_8_sign():
    return "-w*p*(1 - w)*q / (w*p + (1 - w)*q)"


def wrong_4_8_turned():
    return "w*q*(1 - w)*p / (w*q + (1 - w)*p)"


def wrong_4_8_twice():
    return "2*w*p*(1 - w)*q / (w*p + (1 - w)*q)"


def wrong_4_8_outside():
    return "w*(1 - w)*p*q/(p + q)"


def check_4_8(value, c):
    def want(p, q, w):
        real, fake = w * p, (1 - w) * q
        return (real + fake) * (real / (real + fake)) * (fake / (real + fake))

    c.expression(
        value,
        want,
        p=(0.1, 2),
        q=(0.1, 2),
        w=(0.1, 0.4),
        mistakes={
            "That is the balanced case up to a factor: w has to appear.": wrong_4_8_balanced(),
            "The share of the generated samples, 1 − w, is missing in the numerator.": wrong_4_8_one_sided(),
            "That is D*(1 − D*) alone: the mass at the point is missing, and where no samples fall nothing is paid.": wrong_4_8_no_mass(),
            "The one half stands in front of the integral; asked for is the factor of the squared error after it.": wrong_4_8_half(),
            "A loss of value cannot be negative: the second derivative enters with a minus.": wrong_4_8_sign(),
            "The shares are exchanged: w belongs to p.": wrong_4_8_turned(),
            "That is the harmonic mean of the two masses, twice the weight.": wrong_4_8_twice(),
            "The sum below the line has shares as well.": wrong_4_8_outside(),
        },
    )


register(
    Exercise(
        id="4.8",
        title="What an error costs",
        stars=3,
        kind="expression",
        statement=r"""
Let a share $w$ of the samples be real, and let $D$ maximise $w\,\mathbb{E}_p[\log D] + (1 - w)\,\mathbb{E}_q[\log(1 - D)]$.
Near the optimum, a score that is off by $\delta(x)$ costs $\tfrac12 \int \omega(x)\, \delta(x)^2 \, dx$. Return the weight
$\omega$ at a point as an expression in the symbols `p`, `q` (the densities there) and `w`: from sympy, or as text.
""",
        stub="""
def weight():
    return ...
""",
        hints=(
            r"At one point the objective in the score $s$ is $w p \log \sigma(s) + (1 - w) q \log \sigma(-s)$. Differentiate twice.",
            r"The first derivative is $w p - (w p + (1 - w) q)\, \sigma(s)$, and $\sigma' = \sigma (1 - \sigma)$. Put in the best $\sigma(s)$.",
        ),
        explanation=r"""
Write $A = wp$, $B = (1 - w) q$. The first derivative in $s$ is $A \sigma(-s) - B \sigma(s) = A - (A + B)\sigma(s)$; the second is
$-(A + B)\,\sigma(s)\,\sigma(-s)$, at the optimum $-(A+B) \cdot \frac{A}{A+B} \cdot \frac{B}{A+B} = -\frac{AB}{A + B}$. So
$\omega = \frac{AB}{A+B}$, half the harmonic mean of the two masses, and never more than the smaller of them: the rarer
source decides how well the score is learned at a point.
""",
        solution=solution_4_8,
        wrong=(
            (wrong_4_8_balanced, "balanced case"),
            (wrong_4_8_one_sided, "numerator"),
            (wrong_4_8_no_mass, "mass at the point"),
            (wrong_4_8_half, "in front of the integral"),
            (wrong_4_8_sign, "negative"),
            (wrong_4_8_turned, "exchanged"),
            (wrong_4_8_twice, "twice the weight"),
            (wrong_4_8_outside, "below the line"),
        ),
        check=check_4_8,
    )
)


# 4.9 A divergence from unequal batches -----------------------------------------------------------------------------------------


def solution_4_9(scores, n_real, n_fake):
    return scores.mean() - math.log(n_real / n_fake)


def alternative_4_9_ratio(scores, n_real, n_fake):
    log_r = [s + math.log(n_fake) - math.log(n_real) for s in scores.tolist()]
    return torch.tensor(sum(log_r) / len(log_r), dtype=scores.dtype)


def wrong_4_9_uncorrected(scores, n_real, n_fake):
    return scores.mean()


def wrong_4_9_sign(scores, n_real, n_fake):
    return scores.mean() + math.log(n_real / n_fake)


def wrong_4_9_share(scores, n_real, n_fake):
    return scores.mean() - math.log(n_real / (n_real + n_fake))


def wrong_4_9_probability(scores, n_real, n_fake):
    return logsigmoid(scores).mean() - math.log(n_real / n_fake)


def wrong_4_9_sum(scores, n_real, n_fake):
    return scores.sum() - math.log(n_real / n_fake)


def wrong_4_9_outside(scores, n_real, n_fake):
    return scores.exp().mean().log() - math.log(n_real / n_fake)


def wrong_4_9_by_probabilities(scores, n_real, n_fake):
    d = torch.sigmoid(scores).clamp(1e-6, 1 - 1e-6)
    return torch.log(d / (1 - d)).mean() - math.log(n_real / n_fake)


def wrong_4_9_positive(scores, n_real, n_fake):
    return (scores.mean() - math.log(n_real / n_fake)).abs()


def wrong_4_9_minus(scores, n_real, n_fake):
    return math.log(n_real / n_fake) - scores.mean()


def wrong_4_9_odds(scores, n_real, n_fake):
    return scores.mean() - n_real / n_fake


def check_4_9(answer, c):
    for dtype in c.dtypes:
        for n_real, n_fake in (
            (96, 128),
            (c.integer(20, 60), c.integer(90, 300)),
            (c.integer(90, 300), c.integer(20, 60)),
        ):
            m, half = c.number(0.5, 2), c.normal((20,), dtype)
            x = torch.cat(
                [half, -half]
            )  # mean 0, as N(0, 1) has: then the estimate is exactly m²/2
            scores = m**2 / 2 - m * x + math.log(n_real / n_fake)
            want = torch.tensor(m**2 / 2, dtype=dtype)
            c.equal(
                c.call(answer, scores, n_real, n_fake),
                want,
                rtol=1e-3 if dtype == torch.float32 else 1e-8,
                mistakes={
                    "The unequal numbers shift every score by a constant; take it off.": scores.mean(),
                    "The correction has the wrong sign.": lambda s=scores, a=n_real, b=n_fake: (
                        wrong_4_9_sign(s, a, b)
                    ),
                    "The shift is the log of the odds n_real / n_fake, not of the share.": lambda s=scores, a=n_real, b=n_fake: (
                        wrong_4_9_share(s, a, b)
                    ),
                    "That averages log D; the log ratio is the score itself, before any sigmoid.": lambda s=scores, a=n_real, b=n_fake: (
                        wrong_4_9_probability(s, a, b)
                    ),
                    "An expectation is a mean; that is a sum.": lambda s=scores, a=n_real, b=n_fake: (
                        wrong_4_9_sum(s, a, b)
                    ),
                    "The logarithm belongs inside the expectation.": lambda s=scores, a=n_real, b=n_fake: (
                        wrong_4_9_outside(s, a, b)
                    ),
                    "That is minus the estimate: scores are high on samples of p.": lambda s=scores, a=n_real, b=n_fake: (
                        wrong_4_9_minus(s, a, b)
                    ),
                    "A score is a logarithm: take off the logarithm of the odds, not the odds.": lambda s=scores, a=n_real, b=n_fake: (
                        wrong_4_9_odds(s, a, b)
                    ),
                },
            )
        wide = c.uniform(-150, 150, (9,), dtype)
        for scores in (
            torch.tensor(
                [40.0, -40.0, 150.0, 3.0, -150.0, 90.0], dtype=dtype
            ),
            wide - wide.mean() + 5,
        ):
            c.equal(
                c.call(answer, scores, 30, 50),
                (scores.double().mean() - math.log(0.6)).to(dtype),
                rtol=1e-4,
                says="Large scores are scores as well: form no probability on the way.",
            )
        unlucky = c.uniform(-3, -1, (20,), dtype)
        c.equal(
            c.call(answer, unlucky, 50, 50),
            unlucky.mean(),
            says="An estimate may come out negative; then say so, and do not hide that D is poor.",
        )


register(
    Exercise(
        id="4.9",
        title="A divergence from unequal batches",
        stars=2,
        kind="function",
        statement=r"""
A discriminator was trained by plain cross-entropy, averaged over all rows, on batches of `n_real` real and `n_fake`
generated rows, to its optimum. `scores`, of shape `(N,)`, are its scores (logits) on fresh samples of $p$. Write
`kl_from_scores(scores, n_real, n_fake)`, the estimate of $\mathrm{KL}(p \,\|\, q)$ in nats: a tensor without axes, of
the dtype of `scores`.
""",
        stub="""
def kl_from_scores(scores, n_real, n_fake):
    return ...
""",
        hints=(
            r"$\mathrm{KL}(p \,\|\, q) = \mathbb{E}_p[\log (p/q)]$. What is a score here: $\log(p/q)$, or more than that?",
            r"With prior $\pi$ the optimal score is $\log(p/q) + \log\frac{\pi}{1 - \pi}$, and $\frac{\pi}{1 - \pi}$ is `n_real / n_fake`.",
        ),
        explanation=r"""
The rows of a batch have the prior odds $n_\text{real} / n_\text{fake}$, which sit in every score as an additive
constant. The mean score over real samples, less the logarithm of these odds, is the estimate. With 96 against 128
rows, forgetting it costs 0.288 nats, and the estimate may even turn out negative, which no divergence can be.
""",
        solution=solution_4_9,
        alternatives=(alternative_4_9_ratio,),
        wrong=(
            (wrong_4_9_uncorrected, "take it off"),
            (wrong_4_9_sign, "correction has the wrong sign"),
            (wrong_4_9_share, "not of the share"),
            (wrong_4_9_probability, "before any sigmoid"),
            (wrong_4_9_sum, "that is a sum"),
            (wrong_4_9_outside, "inside the expectation"),
            (wrong_4_9_positive, "may come out negative"),
            (wrong_4_9_by_probabilities, "form no probability"),
            (wrong_4_9_minus, "minus the estimate"),
            (wrong_4_9_odds, "not the odds"),
        ),
        check=check_4_9,
    )
)


# 4.10 Find the bug: a held-out value -----------------------------------------------------------------------------------------------


def broken_4_10(D, real, fake):
    with torch.no_grad():
        loss = softplus(-D(real)).mean() + softplus(D(fake)).mean()
    return -loss.item()


def solution_4_10(D, real, fake):
    training = D.training
    D.eval()  # dropout off, batch statistics fixed
    with torch.no_grad():
        loss = softplus(-D(real)).mean() + softplus(D(fake)).mean()
    D.train(training)
    return -loss.item()


def alternative_4_10_copy(D, real, fake):
    import copy

    judge = copy.deepcopy(D).eval()
    return float(
        logsigmoid(judge(real)).mean() + logsigmoid(-judge(fake)).mean()
    )


def wrong_4_10_left_in_eval(D, real, fake):
    D.eval()
    with torch.no_grad():
        loss = softplus(-D(real)).mean() + softplus(D(fake)).mean()
    return -loss.item()


def wrong_4_10_always_train(D, real, fake):
    value = wrong_4_10_left_in_eval(D, real, fake)
    D.train()
    return value


def wrong_4_10_loss(D, real, fake):
    return -solution_4_10(D, real, fake)


def wrong_4_10_rows(D, real, fake):
    training = D.training
    D.eval()
    with torch.no_grad():
        loss = 2 * torch.cat([softplus(-D(real)), softplus(D(fake))]).mean()
    D.train(training)
    return -loss.item()


def wrong_4_10_labels(D, real, fake):
    return solution_4_10(D, fake, real)


def wrong_4_10_no_dropout(D, real, fake):
    for layer in D.modules():
        if isinstance(layer, torch.nn.Dropout):
            layer.p = 0.0
    return broken_4_10(D, real, fake)


def wrong_4_10_seed(D, real, fake):
    state = torch.get_rng_state()
    torch.manual_seed(0)
    value = broken_4_10(D, real, fake)
    torch.set_rng_state(state)
    return value


def wrong_4_10_probabilities(D, real, fake):
    training = D.training
    D.eval()
    with torch.no_grad():
        p, q = (torch.sigmoid(D(x)) for x in (real, fake))
    D.train(training)
    return float(
        p.clamp(min=1e-8).log().mean() + (1 - q).clamp(min=1e-8).log().mean()
    )


def wrong_4_10_backward(D, real, fake):
    training = D.training
    D.eval()
    value = logsigmoid(D(real)).mean() + logsigmoid(-D(fake)).mean()
    value.backward()
    D.train(training)
    return float(value)


def wrong_4_10_half(D, real, fake):
    return solution_4_10(D, real, fake) / 2


def check_4_10(answer, c):
    from torch import nn

    for dtype in c.dtypes:
        for training in (True, False):
            first, last = nn.Linear(3, 8), nn.Linear(8, 1)
            with torch.no_grad():
                for parameter in (*first.parameters(), *last.parameters()):
                    parameter.copy_(c.normal(parameter.shape, torch.float32))
            D = (
                nn.Sequential(
                    first,
                    nn.LeakyReLU(0.2),
                    nn.Dropout(0.5),
                    last,
                    nn.Flatten(0),
                )
                .to(dtype)
                .train(training)
            )
            real, fake = (
                c.normal((24, 3), dtype) + 1,
                c.normal((40, 3), dtype),
            )
            with torch.no_grad():
                d_real, d_fake = (
                    (last(nn.functional.leaky_relu(first(x), 0.2)))[:, 0]
                    for x in (real, fake)
                )
            want = float(
                logsigmoid(d_real).mean() + logsigmoid(-d_fake).mean()
            )
            untouched = c.watch(D)
            got = c.call(answer, D, real, fake)
            if (
                training
                and isinstance(got, float)
                and not c.agrees(got, want, rtol=1e-3)
            ):
                D.train(training)
                again = c.call(answer, D, real, fake)
                c.true(
                    c.agrees(again, got),
                    "Two calls on the same points give two values: dropout is still on.",
                )
                calm = c.call(answer, D.eval(), real, fake)
                D.train(training)
                c.true(
                    not c.agrees(calm, want, rtol=1e-4),
                    "Two calls agree now, on the value of a random half of D: right only once D is in evaluation mode.",
                )
            c.equal(
                got,
                want,
                rtol=1e-4 if dtype == torch.float32 else 1e-8,
                mistakes={
                    "That is the loss; the value is what D maximises.": -want,
                    "The mean runs over all rows together; with 24 real and 40 generated ones the halves lose their equal weight.": lambda r=d_real, f=d_fake: (
                        2
                        * float(
                            torch.cat([logsigmoid(r), logsigmoid(-f)]).mean()
                        )
                    ),
                    "Real and generated have changed places.": lambda r=d_real, f=d_fake: (
                        float(logsigmoid(f).mean() + logsigmoid(-r).mean())
                    ),
                    "That is half of the value: the two means are added, not averaged.": want
                    / 2,
                },
            )
            c.true(
                D[2].p == 0.5,
                "The dropout layer is not as it came: its rate has been changed for good.",
            )
            c.true(
                D.training is training,
                "D came in training mode and is left in evaluation mode: training would go on without dropout."
                if training
                else "D came in evaluation mode, and training mode is switched on afterwards.",
            )
            untouched()
            with torch.no_grad():
                last.weight.mul_(
                    150 / float(torch.cat([d_real, d_fake]).abs().max())
                )
                d_real, d_fake = (
                    (last(nn.functional.leaky_relu(first(x), 0.2)))[:, 0]
                    for x in (real, fake)
                )
            c.equal(
                c.call(answer, D, real, fake),
                float(logsigmoid(d_real).mean() + logsigmoid(-d_fake).mean()),
                rtol=1e-3 if dtype == torch.float32 else 1e-8,
                says="For a D that is very sure the logarithm of a rounded probability is wrong: stay with scores.",
            )


register(
    Exercise(
        id="4.10",
        title="Find the bug: the value on fresh points",
        stars=2,
        kind="bug",
        statement=r"""
The function below is meant to return the value of the game, in nats, of a discriminator on points that it has not
seen: $\frac1N \sum \log \sigma(D(x_\text{real})) + \frac1M \sum \log(1 - \sigma(D(x_\text{fake})))$ as a Python float, with `D` left as
it came. Called twice on the same points, it gives two different values. Mend it.
""",
        stub="""
def held_out_value(D, real, fake):
    return ...
""",
        hints=(
            "Which layers draw random numbers? When do they stop doing so?",
            "`D.eval()` switches dropout off. Whoever calls your function in the middle of training wants `D` back as it was: remember `D.training`.",
        ),
        explanation=r"""
Dropout stays on until somebody calls `D.eval()`; `torch.no_grad()` has nothing to do with it. The value then is that
of a random half of the network, usually worse than the real one, so the discriminator is underrated, the more so the
larger its dropout. The second half of the bug appears after the first is mended: a function that measures must not
change what it measures, so the mode is remembered and put back.
""",
        solution=solution_4_10,
        broken=broken_4_10,
        alternatives=(alternative_4_10_copy,),
        wrong=(
            (broken_4_10, "dropout is still on"),
            (wrong_4_10_left_in_eval, "left in evaluation mode"),
            (wrong_4_10_always_train, "switched on afterwards"),
            (wrong_4_10_loss, "that is the loss"),
            (wrong_4_10_rows, "equal weight"),
            (wrong_4_10_labels, "changed places"),
            (wrong_4_10_no_dropout, "changed for good"),
            (wrong_4_10_seed, "random half of D"),
            (wrong_4_10_half, "half of the value"),
            (wrong_4_10_probabilities, "stay with scores"),
            (wrong_4_10_backward, "changed a gradient"),
        ),
        check=check_4_10,
    )
)


# 4.11 How many samples are left ----------------------------------------------------------------------------------------------------------


def solution_4_11(h, scores):
    weights = torch.softmax(scores, dim=0)  # exp(s) / sum, no overflow
    return float((weights * h).sum()), float(1 / weights.square().sum())


def alternative_4_11_numpy(h, scores):
    s = scores.double().numpy()
    weights = np.exp(s - s.max())
    return np.average(
        h.double().numpy(), weights=weights
    ), weights.sum() ** 2 / (weights**2).sum()


def wrong_4_11_overflow(h, scores):
    weights = scores.exp()
    return float((weights * h).sum() / weights.sum()), float(
        weights.sum() ** 2 / weights.square().sum()
    )


def wrong_4_11_sigmoid(h, scores):
    weights = torch.sigmoid(scores)
    weights = weights / weights.sum()
    return float((weights * h).sum()), float(1 / weights.square().sum())


def wrong_4_11_inverse(h, scores):
    return solution_4_11(h, -scores)


def wrong_4_11_share(h, scores):
    mean, size = solution_4_11(h, scores)
    return mean, size / len(scores)


def wrong_4_11_unnormalised(h, scores):
    weights = (
        scores - 5
    ).exp()  # any constant in the scores would go through
    return float((weights * h).mean()), solution_4_11(h, scores)[1]


def wrong_4_11_square(h, scores):
    mean, _ = solution_4_11(h, scores)
    return mean, float(torch.softmax(scores, dim=0).square().sum())


def wrong_4_11_all(h, scores):
    return solution_4_11(h, scores)[0], float(len(scores))


def wrong_4_11_exchanged(h, scores):
    return solution_4_11(h, scores)[::-1]


def wrong_4_11_capped(h, scores):
    return wrong_4_11_overflow(h, scores.clamp(max=20))


def wrong_4_11_mean_shift(h, scores):
    return wrong_4_11_overflow(h, scores - scores.mean())


def wrong_4_11_first_shift(h, scores):
    return wrong_4_11_overflow(h, scores - scores[0])


def check_4_11(answer, c):
    for dtype in c.dtypes:
        rtol = 1e-3 if dtype == torch.float32 else 1e-8
        for shift in (0.0, c.number(-3, 3), 2_000.0, *range(5)):
            n = c.integer(5, 40)
            h, scores = (
                c.normal((n,), dtype),
                c.normal((n,), dtype) * 1.5 + shift,
            )
            if isinstance(shift, int):  # the largest in every place, far off
                h = c.normal((5,), dtype)
                scores = torch.tensor(
                    [2000.0, 1999.5, -2000.0, 40.0, -150.0], dtype=dtype
                ).roll(shift)
            weights = torch.exp(scores.double() - scores.double().max())
            want = (
                float((weights * h.double()).sum() / weights.sum()),
                float(weights.sum() ** 2 / (weights**2).sum()),
            )
            got = c.call(answer, h, scores)
            for slip, sentence in (
                (
                    wrong_4_11_first_shift,
                    "NaN: the first score need not be the largest.",
                ),
                (
                    wrong_4_11_mean_shift,
                    "NaN: less their mean, scores may still be too large for exp; subtract the largest.",
                ),
            ):
                if shift in (0, 1, 2, 3, 4) and isinstance(shift, int):
                    same = np.array_equal(
                        np.asarray(got, float),
                        np.asarray(slip(h, scores)),
                        equal_nan=True,
                    )
                    if same and np.isnan(np.asarray(got, float)).any():
                        c.fail(sentence)
            c.true(
                (shift < 1_000 and not isinstance(shift, int))
                or c.agrees(got, want, rtol=rtol)
                or not np.isnan(np.asarray(got, float)).all(),
                "Large scores overflow (NaN): subtract the largest one before the exponential.",
            )
            first = (
                isinstance(got, tuple | list)
                and len(got) == 2
                and c.agrees(got[0], want[0], rtol=rtol)
            )
            c.equal(
                got,
                want,
                rtol=rtol,
                mistakes={
                    "Capped, large scores become equal ones: subtract the largest instead.": lambda h=h, s=scores: (
                        float(h.mean()),
                        float(len(h)),
                    ),
                    "The weights there are D itself; a density ratio is exp(score).": lambda h=h, s=scores: (
                        wrong_4_11_sigmoid(h, s)
                    ),
                    "Those weights are q/p: they turn averages over p into averages over q.": lambda h=h, s=scores: (
                        wrong_4_11_inverse(h, s)
                    ),
                    "The second number is a share of N; asked for is the number of samples.": lambda h=h, s=scores: (
                        wrong_4_11_share(h, s)
                    ),
                    "That is the reciprocal of the effective number.": lambda h=h, s=scores: (
                        wrong_4_11_square(h, s)
                    ),
                    "That is N itself, which only equal weights deserve.": lambda h=h, s=scores: (
                        wrong_4_11_all(h, s)
                    ),
                    "The two numbers have changed places.": want[::-1],
                },
                says="The estimate is right, the effective number is not."
                if first
                else "A constant added to all scores must change nothing: divide by the sum of the weights.",
            )


register(
    Exercise(
        id="4.11",
        title="How many samples are left",
        stars=3,
        kind="function",
        statement=r"""
From $N$ samples of $q$, with the values `h` of some function there and the scores `scores` $= \log \hat r$ of a
discriminator (both of shape `(N,)`), estimate $\mathbb{E}_p[h]$ by importance weights that are divided by their sum, so
that an unknown constant in the scores does no harm. Write `reweight(h, scores)`, which returns a tuple of two numbers:
the estimate, and the effective number of samples $(\sum_i w_i)^2 / \sum_i w_i^2$. Scores may be as large as 2000.
""",
        stub="""
def reweight(h, scores):
    return ...
""",
        hints=(
            r"The weights are $e^{s_i} / \sum_j e^{s_j}$. A function of torch computes just that.",
            r"`torch.softmax` subtracts the largest score first. With weights that sum to one, the effective number is $1 / \sum_i w_i^2$.",
        ),
        explanation=r"""
Dividing by the sum of the weights puts $\mathbb{E}_q[\hat r] = 1$ right by force: a constant in the scores (a prior, an
imperfect scale) cancels, and softmax never overflows. The effective number says what the estimate is worth. Equal
weights give $N$; a single dominant weight gives 1, and then the "average" is the value at one point. For
$\mathcal{N}(0,1)$ against $\mathcal{N}(m,1)$ it is about $N e^{-m^2}$: at $m = 3$, ten thousand samples become one.
""",
        solution=solution_4_11,
        alternatives=(alternative_4_11_numpy,),
        wrong=(
            (wrong_4_11_overflow, "overflow"),
            (wrong_4_11_sigmoid, "D itself"),
            (wrong_4_11_inverse, "q/p"),
            (wrong_4_11_share, "share of N"),
            (wrong_4_11_unnormalised, "must change nothing"),
            (wrong_4_11_square, "reciprocal"),
            (wrong_4_11_all, "equal weights deserve"),
            (wrong_4_11_exchanged, "changed places"),
            (wrong_4_11_capped, "capped"),
            (wrong_4_11_mean_shift, "less their mean"),
            (wrong_4_11_first_shift, "first score need not"),
        ),
        check=check_4_11,
    )
)


# 4.12 Six reports --------------------------------------------------------------------------------------------------------------------------

REPORTS_4_12 = {
    "A": "agrees",
    "B": "memorised",
    "C": "impossible",
    "D": "memorised",
    "E": "agrees",
    "F": "turned",
}


def solution_4_12():
    return {
        "A": "agrees",
        "B": "memorised",
        "C": "impossible",
        "D": "memorised",
        "E": "agrees",
        "F": "turned",
    }


register(
    Exercise(
        id="4.12",
        title="Six reports",
        stars=2,
        kind="classify",
        statement=r"""
Six discriminators were scored on their training points and on 10,000 fresh ones, half of them real, and the total
variation of the two distributions is known:

| report | accuracy, training | accuracy, fresh | total variation |
|---|---|---|---|
| A | 0.84 | 0.84 | 0.68 |
| B | 1.00 | 0.50 | 0.00 |
| C | 0.93 | 0.93 | 0.60 |
| D | 0.97 | 0.79 | 0.68 |
| E | 0.56 | 0.55 | 0.95 |
| F | 0.12 | 0.11 | 0.90 |

Return a dict that gives each letter one of the labels `"agrees"` (nothing contradicts the theory, and training and
fresh points agree), `"memorised"` (it knows its training points, not only the law), `"impossible"` (the numbers
contradict each other by far more than sampling error) and `"turned"` (possible, with the two labels exchanged).
""",
        stub="""
def labels():
    return ...
""",
        hints=(
            r"For each line compute $\tfrac12(1 \pm \mathrm{TV})$ first, and compare the *fresh* accuracy with it. The standard error is below 0.005.",
            r"Then compare training with fresh. A large gap is memory, even where the fresh accuracy is respectable.",
        ),
        explanation=r"""
A reaches the best accuracy, 0.84. B is the experiment of this chapter: one distribution, all training points memorised. C
beats the best possible 0.80 on fresh points: look for the bug (perhaps the "fresh" points were not). D is allowed on
fresh points (0.79 below 0.84), but 0.97 on its training points is more than any discriminator of the *laws* could have.
E is weak, far below the possible 0.975; being weak contradicts nothing. F is above the floor of 0.05, so possible:
turned round, it would be right 89 % of the time.
""",
        solution=solution_4_12,
        wrong=(
            ({**REPORTS_4_12, "A": "impossible"}, "is 0.84"),
            ({**REPORTS_4_12, "B": "agrees"}, "no difference to be learned"),
            ({**REPORTS_4_12, "C": "agrees"}, "is 0.80"),
            ({**REPORTS_4_12, "D": "agrees"}, "gap between"),
            ({**REPORTS_4_12, "E": "impossible"}, "weak one"),
            ({**REPORTS_4_12, "F": "impossible"}, "is 0.05"),
        ),
        check=classify(
            REPORTS_4_12,
            ("agrees", "memorised", "impossible", "turned"),
            {
                (
                    "A",
                    "impossible",
                ): "The best accuracy at this total variation is 0.84.",
                (
                    "A",
                    "memorised",
                ): "Training and fresh accuracy are the same.",
                (
                    "B",
                    "agrees",
                ): "With total variation 0 there is no difference to be learned, and yet it separates its training points.",
                (
                    "B",
                    "turned",
                ): "Fresh accuracy is one half: with the labels exchanged it would be one half as well.",
                (
                    "C",
                    "turned",
                ): "Exchanging the labels makes it 0.07. Is that within the bounds?",
                (
                    "D",
                    "turned",
                ): "It is right more often than not; exchanging the labels would only hurt.",
                (
                    "E",
                    "turned",
                ): "It is right more often than not, if barely.",
                (
                    "E",
                    "memorised",
                ): "Training and fresh accuracy differ by one point in a hundred.",
                (
                    "F",
                    "memorised",
                ): "Training and fresh accuracy differ by one point in a hundred. What else is strange?",
                (
                    "B",
                    "impossible",
                ): "The fresh accuracy is exactly what it must be.",
                (
                    "C",
                    "agrees",
                ): "The best accuracy at this total variation is 0.80.",
                (
                    "C",
                    "memorised",
                ): "The fresh points do as well as the training points; that is the trouble.",
                (
                    "D",
                    "agrees",
                ): "Look at the gap between the two accuracies.",
                (
                    "D",
                    "impossible",
                ): "On fresh points it stays below the best; training points are no fair sample.",
                (
                    "E",
                    "impossible",
                ): "The theory gives a ceiling. A weak one is not forbidden.",
                (
                    "F",
                    "impossible",
                ): "The lowest accuracy at this total variation is 0.05.",
                (
                    "F",
                    "agrees",
                ): "Can a discriminator that learned the right labels be wrong nine times in ten?",
            },
        ),
    )
)


# 4.13 An answer to a colleague ----------------------------------------------------------------------------------------------------------------


def solution_4_13():
    return """
The loss was measured on the points that D was trained on. A flexible
network separates any two finite samples of continuous distributions,
even of one and the same law: a loss near zero, a divergence of log 2,
is what you would see in any case. It says that D has capacity to spare,
and nothing about the supports. Score D on images that it has not seen.
The value there is, on average, a lower bound of the best one. If it is
near −2 log 2 or below, D has memorised, and you know nothing about your
generator. If it is near zero there as well, the distributions do differ
strongly, though not necessarily with disjoint supports.
"""


register(
    Exercise(
        id="4.13",
        title="An answer to a colleague",
        stars=2,
        kind="rubric",
        statement=r"""
"I trained a discriminator on 500 real and 500 generated images. Its loss on them is 0.002, so the Jensen–Shannon
divergence is $\log 2$ and the supports are disjoint. My generator is hopeless." What do you answer, and what should
your colleague measure? Return four or five sentences as text.
""",
        stub="""
def my_answer():
    return ...
""",
        hints=(
            "What would the same network do with two samples of 500 from *one* distribution?",
            "Which of the two inequalities {eq}`eq:04-optimism` applies to the number 0.002, and which experiment would make use of the other?",
        ),
        explanation=r"""
The number is a training value. By the experiment of this chapter it would look the same if the generator were perfect,
so it carries no information about the generator. The repair is to score fresh images; the value there errs downwards,
so what it shows is really there.
""",
        solution=solution_4_13,
        check=rubric(
            "the loss was measured on training points",
            "a network separates two finite samples of one law as well, so nothing follows about supports or divergence",
            "D should be scored on images that it has not seen",
            "that value is a lower bound, on average, of the best one: a high one is evidence, a low one may be D's weakness",
        ),
    )
)


# 4.14 Theorem 4.1 without calculus, line by line -------------------------------------------------------------------


def solution_4_14():
    return "befdag"


register(
    Exercise(
        id="4.14",
        title="Prove it: nothing beats D*",
        stars=2,
        kind="choice",
        statement=r"""
Prove without a derivative that $V(D) \le V(D^\star)$ for every $D$ with values in $[0, 1]$, and that equality holds only
if $D = D^\star$ at almost every $x$ with $p + q > 0$. Here $D^\star = p/(p+q)$, $V(D) = \int [p \log D + q \log(1 - D)]$,
$0 \log 0 = 0$, and $V(D^\star)$ is finite. Choose the lines that the proof needs, put them into an order in which every
line uses only lines before it, and return their letters as a string, such as `"gad"`. Two of the lines do not belong to
the proof. (More than one order is right.)
""",
        options={
            "a": r"Integrate: $V(D) - V(D^\star) \le 0$.",
            "b": r"For every $t > 0$, $\log t \le t - 1$, with equality only at $t = 1$ (and the left side is $-\infty$ at $t = 0$).",
            "c": r"$D^\star$ is right at least as often as $D$, and the discriminator that is right more often has the larger value.",
            "d": r"Add the two: wherever $p + q > 0$, the bracket at $D$ less the bracket at $D^\star$ is at most $(p+q)D - p + (p+q)(1-D) - q = 0$.",
            "e": r"With $t = D/D^\star$, $p \log(D/D^\star) \le p(D/D^\star - 1) = (p+q)D - p$; for $p = 0$ this says $0 \le qD$.",
            "f": r"With $t = (1-D)/(1-D^\star)$, $q \log\frac{1-D}{1-D^\star} \le (p+q)(1-D) - q$; for $q = 0$ this says $0 \le p(1-D)$.",
            "g": r"If $V(D) = V(D^\star)$, an integrand that is never positive has integral $0$, so it is $0$ at almost every $x$, and $D = D^\star$ at almost every $x$ with $p + q > 0$.",
            "h": r"If $V(D) = V(D^\star)$, then $D = D^\star$ at every $x$, since a maximiser is unique.",
        },
        stub="""
def proof():
    # a string of letters, such as "gad"
    return ...
""",
        hints=(
            r"Which simple inequality bounds a logarithm from above by something whose integral you know?",
            "Use that inequality once for each of the two logarithms, and add before you integrate. Uniqueness comes last.",
        ),
        explanation=r"""
The tangent of the logarithm at 1 (b) bounds each of the two terms (e, f) by something linear in $D$, and the two bounds
add up to zero at every $x$ (d); the integral of something that is never positive is not positive (a). Equality forces
the integrand to vanish almost everywhere, hence equality in (b), hence $D = D^\star$, wherever $p + q > 0$ (g). Line c is
false: the overconfident A of the chapter is right more often than B and has the smaller value. Line h claims too much:
$D$ may be changed where $p + q = 0$, and on a set of measure zero, and $V$ stays the same.
""",
        solution=solution_4_14,
        wrong=(
            ("efdag", "which inequality"),
            ("bfdag", "logarithm of D itself"),
            ("bedag", "logarithm of 1 - D"),
            ("befag", "at a single x"),
            ("befdg", "the integral is not"),
            ("befda", "uniqueness is"),
            ("bcefdag", "right more often than"),
            ("befdah", "where p + q = 0"),
            ("ebfdag", "comes before"),
        ),
        check=ordered(
            rests_on={
                "b": "",
                "e": "b",
                "f": "b",
                "d": "ef",
                "a": "d",
                "g": "dab",
            },
            false={
                "c": "A discriminator that is right more often than another can have the smaller value: see A and B.",
                "h": "D can be changed where p + q = 0 without changing V, so it is not determined at every x.",
            },
            needed={
                "b": "It is not said which inequality for logarithms is used.",
                "e": "The term with the logarithm of D itself is not bounded yet.",
                "f": "The term with the logarithm of 1 - D is not bounded yet.",
                "d": "The two bounds are not yet combined at a single x.",
                "a": "The statement about the integral is not drawn yet.",
                "g": "Uniqueness is not shown yet.",
            },
        ),
    )
)
