r"""Exercises 4.4, 4.5 and 4.6."""

import math

import numpy as np
import torch
from torch.nn.functional import logsigmoid

from ganbook.exercises.engine.core import (
    Exercise,
    choice,
    register,
)
from ganbook.exercises.engine.words import say

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


def wrong_4_5_about(accuracy, tv):
    return 0 <= tv <= 1 and abs(2 * accuracy - 1) <= tv + 1e-3


def wrong_4_5_size(accuracy, tv):
    return abs(tv) <= 1 and abs(2 * accuracy - 1) <= abs(tv)


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
        (
            c.number(0.48, 0.52),
            -c.number(0.1, 0.9),
            "No total variation lies below zero.",
        ),
        (0.5, math.nan, "NaN is no total variation."),
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
        *(
            (
                (1 + side * (1 + off) * tv) / 2,
                tv,
                "The report is exact: compare without a tolerance.",
            )
            for tv in (c.number(0.2, 0.4), c.number(0.5, 0.9))
            for side in (-1, 1)
            for off in (-1e-4, 1e-4)
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
`True` where *some* discriminator can have this accuracy; `False` otherwise, or if `tv` cannot be a total variation.
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
value between is reached by answering at random, now as the best discriminator does and now the opposite. The floor is
easily forgotten. The answers of a discriminator far below one half are informative, with the labels exchanged.
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
            (wrong_4_5_about, "without a tolerance"),
            (wrong_4_5_size, "below zero"),
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


def wrong_4_6_ragged():
    return [9.0, 9.0, -9.0], solution_4_6()[1]


def check_4_6(answer, c):
    found = c.call(answer)
    try:
        shape = np.shape(found)
    except ValueError:  # rows of unequal length
        shape = None
    if not isinstance(
        found, tuple | list | np.ndarray | torch.Tensor
    ) or shape != (2, 5):
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
    said = say(
        "A is right {value:.3f} of the time with V = {value2:.3f}, B {value3:.3f} with V = {value4:.3f}.",
        value=right[0],
        value2=value[0],
        value3=right[1],
        value4=value[1],
    )
    if right[0] > right[1] + 1e-9 and value[1] >= value[0] + 0.1:
        return
    c.true(
        ((A < 0) | (A > 1) | (B < 0) | (B > 1)).any(),
        "These look like probabilities; scores are logits, and a positive one says real.",
    )
    c.true(
        abs(right[0] - right[1]) > 1e-9,
        say(
            "Both are equally often right: only the sign of a score counts. {said}",
            said=said,
        ),
    )
    c.true(
        right[0] > right[1],
        say(
            "It is the second of the two that is right more often. {said}",
            said=said,
        ),
    )
    c.true(
        value[1] > value[0],
        say("A is better in both respects. {said}", said=said),
    )
    c.true(
        value[1] >= value[0] + 0.1,
        say(
            "The difference of the values is too slight: 0.1 was asked for. {said}",
            said=said,
        ),
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
value by hardly anything. The value rewards accurate probabilities, not the number of right decisions.
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
            (wrong_4_6_ragged, "two lists of five"),
        ),
        check=check_4_6,
    )
)
