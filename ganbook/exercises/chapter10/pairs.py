r"""Exercises 10.6 and 10.12: All pairs; A barrier with three points."""

import math

import numpy as np
import torch
from torch.nn.functional import softplus

from ganbook.exercises.engine.core import Exercise, register
from ganbook.exercises.engine.mistakes import mistake, outcomes

# 10.6 --------------------------------------------------------------------------------------------------------------


def solution_10_6(d_real, d_fake):
    return softplus(d_fake[None, :] - d_real[:, None]).mean()


def alternative_10_6_loop(d_real, d_fake):
    rows = [torch.logaddexp(d_fake * 0, d_fake - r).mean() for r in d_real]
    return torch.stack(rows).mean()


@mistake(
    "That compares each real sample with one partner; *all* pairs were asked for."
)
def wrong_10_6_matched(d_real, d_fake):
    n = min(len(d_real), len(d_fake))
    return softplus(d_fake[:n] - d_real[:n]).mean()


@mistake(
    "The scores were averaged first: that is one pair of means, not the mean over pairs."
)
def wrong_10_6_inside(d_real, d_fake):
    return softplus(d_fake.mean() - d_real.mean())


@mistake("Real and generated are exchanged: that is the generator's loss.")
def wrong_10_6_swapped(d_real, d_fake):
    return softplus(d_real[:, None] - d_fake[None, :]).mean()


@mistake("That is the sum over all pairs; divide by their number.")
def wrong_10_6_sum(d_real, d_fake):
    return softplus(d_fake[None, :] - d_real[:, None]).sum()


def wrong_10_6_naive(d_real, d_fake):
    return (1 + (d_fake[None, :] - d_real[:, None]).exp()).log().mean()


@mistake(
    "Generated scores were averaged inside: that is the *average* relativistic loss."
)
def wrong_10_6_one_side(d_real, d_fake):
    return softplus(d_fake.mean() - d_real).mean()


def wrong_10_6_constant(d_real, d_fake):
    return solution_10_6(d_real, d_fake).detach()


def wrong_10_6_one_sided(d_real, d_fake):
    return solution_10_6(d_real, d_fake.detach())


def check_10_6(answer, c):
    for dtype in c.dtypes:
        cases = [
            (c.normal((4,), dtype), c.normal((6,), dtype) - 1),
            (3 * c.normal((5,), dtype), 3 * c.normal((5,), dtype)),
            (c.normal((1,), dtype), c.normal((3,), dtype)),
            (150 * c.normal((3,), dtype), 800 + c.normal((4,), dtype)),
            (c.normal((2,), dtype), 5 + 8 * c.uniform(0, 1, (5,), dtype)),
        ]
        for real, fake in cases:
            got, grads = c.call_grad(answer, real, fake)
            table = [
                max(0.0, t) + math.log1p(math.exp(-abs(t)))
                for r in real.tolist()
                for t in (f - r for f in fake.tolist())
            ]
            if torch.is_tensor(got) and torch.isinf(got).any():
                c.fail(
                    "It overflows: log(1 + exp(t)) of a large t is t, but exp(t) is inf. Use softplus."
                )
            c.equal(
                got,
                torch.tensor(sum(table) / len(table), dtype=dtype),
                mistakes=outcomes(
                    (real, fake),
                    wrong_10_6_matched,
                    wrong_10_6_inside,
                    wrong_10_6_swapped,
                    wrong_10_6_sum,
                    wrong_10_6_one_side,
                ),
            )
            pull = torch.sigmoid(fake[None, :] - real[:, None]) / len(table)
            for slope, want in zip(
                grads, (-pull.sum(1), pull.sum(0)), strict=True
            ):
                c.equal(
                    slope,
                    want,
                    says="The value is right, its gradient is not.",
                )
    many = c.normal((150,)), c.normal((130,))
    c.like(answer, solution_10_6, lambda: many, says="All pairs count.")


register(
    Exercise(
        id="10.6",
        title="All pairs",
        stars=1,
        kind="function",
        statement=r"""
Write `all_pairs(d_real, d_fake)`: the relativistic discriminator's loss $\mathrm{softplus}(-(d_r - d_f))$ averaged over
*all* pairs of a real and a generated score. The tensors have shapes $(n,)$ and $(m,)$ with any $n, m \ge 1$ and one
dtype; differences may be as large as $\pm 1500$. Return a tensor of shape $()$, through which gradients reach both.
""",
        stub="""
def all_pairs(d_real, d_fake):
    return ...
""",
        hints=(
            "Broadcasting makes a table of differences from a column and a row.",
            "`d_fake[None, :] - d_real[:, None]` has shape (n, m); softplus, then the mean.",
        ),
        explanation=r"""
All $nm$ pairs cost one broadcast and no further evaluation of $D$. The expectation is the same as with $n$ random
pairs, and the variance is smaller, because each real score is compared with every generated one. Means inside give a
smaller number by Jensen's inequality.
""",
        solution=solution_10_6,
        alternatives=(alternative_10_6_loop,),
        wrong=(
            wrong_10_6_matched,
            wrong_10_6_inside,
            wrong_10_6_swapped,
            wrong_10_6_sum,
            (wrong_10_6_naive, "overflows"),
            wrong_10_6_one_side,
            (wrong_10_6_constant, "not depend on its input"),
            (wrong_10_6_one_sided, "not depend on input 2"),
        ),
        check=check_10_6,
    )
)


# 10.12 -------------------------------------------------------------------------------------------------------------


def _js_10_12(p, q):
    m = (p + q) / 2

    def entropy(r):
        return -sum(x * math.log(x) for x in r if x > 0)

    return entropy(m) - (entropy(p) + entropy(q)) / 2


def _pairs_10_12(q):
    real, q = np.array([1, 1, 1, 0]) / 3, np.array(q) / 3
    return _js_10_12(np.outer(real, q).ravel(), np.outer(q, real).ravel())


def solution_10_12():
    def js(p, q):
        p, q = np.array(p), np.array(q)
        m = (p + q) / 2
        entropy = [-(r[r > 0] * np.log(r[r > 0])).sum() for r in (m, p, q)]
        return entropy[0] - (entropy[1] + entropy[2]) / 2

    real = [1 / 3, 1 / 3, 1 / 3, 0]
    start, way = [2 / 3, 1 / 3, 0, 0], [1 / 3, 1 / 3, 0, 1 / 3]
    return js(real, way) - js(real, start)


def check_10_12(value, c):
    real, start, way = (
        np.array(r) / 3 for r in ([1, 1, 1, 0], [2, 1, 0, 0], [1, 1, 0, 1])
    )
    low, high = _js_10_12(real, start), _js_10_12(real, way)

    def pairs(q):
        return _js_10_12(np.outer(real, q).ravel(), np.outer(q, real).ravel())

    c.equal(
        value,
        high - low,
        rtol=1e-3,
        mistakes={
            "That is the value at the start, not the height of the barrier above it.": low,
            "That is the value on the way; subtract that of the start.": high,
            "That is for independent pairs; the classic game was asked for.": pairs(
                way
            )
            - pairs(start),
            "That is in bits; the book's unit is nats.": (high - low)
            / math.log(2),
            "The value of the game moves by twice that, but JS was asked for.": 2
            * (high - low),
            "That is the barrier for two real points.": 0.130812,
            "The sign is turned: the way is higher than the start.": low
            - high,
        },
    )


register(
    Exercise(
        id="10.12",
        title="A barrier with three points",
        stars=2,
        kind="value",
        statement=r"""
The data are three points of mass $\tfrac13$; the generator's three points lie on the first, the first, and the second
of them. One of the two that share a place travels to the third real point, through places where no real point is. How
high is the barrier in the classic game: by how much does $\mathrm{JS}$ rise, in nats? Return the number, to three
significant digits at least.
""",
        stub="""
def barrier():
    return ...
""",
        hints=(
            r"Write both laws as vectors over four places: the three real points, and elsewhere.",
            r"$\mathrm{JS}$ of $(1,1,1,0)/3$ with $(2,1,0,0)/3$ at the start, with $(1,1,0,1)/3$ on the way.",
        ),
        explanation=r"""
At the start JS is $0.1438$, on the way $\tfrac13 \log 2 = 0.2310$: a barrier of $0.0872$, lower than the $0.1308$ of two
points. With more points each single move matters less, and so does each missing mode: the reward for finding the last
one shrinks as well.
""",
        solution=solution_10_12,
        wrong=(
            (lambda: 0.143841, "value at the start"),
            (lambda: 0.231049, "value on the way"),
            (
                lambda: (
                    _pairs_10_12([1, 1, 0, 1]) - _pairs_10_12([2, 1, 0, 0])
                ),
                "independent pairs",
            ),
            (lambda: 0.0872080 / math.log(2), "bits"),
            (lambda: 2 * 0.0872080, "twice that"),
            (lambda: 0.130812, "for two real points"),
            (lambda: -0.0872080, "sign is turned"),
        ),
        check=check_10_12,
    )
)
