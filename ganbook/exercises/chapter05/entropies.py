r"""Exercises 5.9 and 5.14: An entropy with the wrong sign; Order the proof."""

import torch

from ganbook.divergences import js
from ganbook.exercises.chapter05.divergences import LOG2
from ganbook.exercises.engine.core import (
    Exercise,
    register,
)
from ganbook.exercises.engine.proofs import ordered

# 5.9 ---------------------------------------------------------------------------------------------------------------


def solution_5_9(p, q):
    def entropy(r):
        return torch.special.entr(r).sum(-1)  # -r log r, and 0 at r = 0

    m = (p + q) / 2
    return entropy(m) - (entropy(p) + entropy(q)) / 2


def alternative_5_9_kl(p, q):
    m = (p + q) / 2
    halves = [
        torch.where(
            r > 0,
            r * (r.clamp(min=1e-300).log() - m.clamp(min=1e-300).log()),
            0.0,
        )
        for r in (p, q)
    ]
    return sum(halves).sum(-1) / 2


def broken_5_9(p, q):
    def entropy(r):
        return (r * r.log()).sum(-1)

    m = (p + q) / 2
    return entropy(m) - (entropy(p) + entropy(q)) / 2


def wrong_5_9_sign_only(p, q):
    def entropy(r):
        return -(r * r.log()).sum(-1)

    m = (p + q) / 2
    return entropy(m) - (entropy(p) + entropy(q)) / 2


def wrong_5_9_zeros_only(p, q):
    def entropy(r):
        return -torch.special.entr(r).sum(-1)

    m = (p + q) / 2
    return entropy(m) - (entropy(p) + entropy(q)) / 2


def wrong_5_9_no_half(p, q):
    m = (p + q) / 2
    return (
        torch.special.entr(m).sum(-1)
        - torch.special.entr(p).sum(-1)
        - torch.special.entr(q).sum(-1)
    )


def wrong_5_9_no_midpoint(p, q):
    def entropy(r):
        return torch.special.entr(r).sum(-1)

    return entropy(p + q) - (entropy(p) + entropy(q)) / 2


def wrong_5_9_bits(p, q):
    return js(p, q) / LOG2


def wrong_5_9_clamped(p, q):
    def entropy(r):
        return (r * r.clamp(min=1e-9).log()).sum(-1)

    m = (p + q) / 2
    return (entropy(m) - (entropy(p) + entropy(q)) / 2).clamp(min=0)


def wrong_5_9_raised(p, q):
    def entropy(r):
        r = r.clamp(min=1e-6)
        return -(r * r.log()).sum(-1)

    return entropy((p + q) / 2) - (entropy(p) + entropy(q)) / 2


def check_5_9(answer, c):
    for dtype in c.dtypes:
        random = c.probabilities((2, 3, 4), dtype)
        zeros = torch.tensor([[0.5, 0.5, 0.0], [0.0, 1.0, 0.0]], dtype=dtype)
        other = torch.tensor([[0.0, 0.5, 0.5], [0.0, 0.0, 1.0]], dtype=dtype)
        one = c.probabilities((2, 1, 4), dtype)
        for p, q in (random, one, (zeros, other)):
            got = c.call(answer, p, q)
            if (
                c.agrees(got, -js(p, q), rtol=1e-4)
                and not c.call(answer, zeros, other).isfinite().all()
            ):
                c.fail(
                    "Both faults are still there: an entropy is positive, and 0 log 0 counts as 0.",
                    on="",
                )
            c.equal(
                got,
                js(p, q),
                rtol=1e-4 if dtype == torch.float32 else 1e-9,
                atol=1e-6 if dtype == torch.float32 else 1e-12,
                mistakes={
                    "A zero was raised to a small number: then 0 log 0 is not 0, and the value not exact.": wrong_5_9_raised(
                        p, q
                    ),
                    "The sign: entropy is -sum r log r, positive, and the midpoint has the most of it.": -js(
                        p, q
                    ),
                    "The mean of the two entropies comes off, not their sum.": wrong_5_9_no_half(
                        p, q
                    ),
                    "The first entropy is not that of a distribution: p + q sums to two.": wrong_5_9_no_midpoint(
                        p, q
                    ),
                    "That is in bits: entropy is in nats here, with the natural logarithm.": wrong_5_9_bits(
                        p, q
                    ),
                    "Zero for different laws: cutting off below zero has hidden an error of sign.": torch.zeros_like(
                        js(p, q)
                    ),
                },
            )


register(
    Exercise(
        id="5.9",
        title="An entropy with the wrong sign",
        stars=2,
        kind="bug",
        statement=r"""
This function should return $\mathrm{JS}(p, q) = H(m) - \tfrac12 H(p) - \tfrac12 H(q)$ for tensors of probabilities of
shape $(\dots, K)$. A training log of it shows *negative* numbers, and `nan` as soon as a batch contains a
probability of exactly zero. Mend both, as `js_by_entropy(p, q)`.
""",
        stub="""
def js_by_entropy(p, q):
    return ...
""",
        hints=(
            "What should the entropy of a uniform law over K outcomes be, and what does the inner function return for it?",
            "For the zeros: `torch.special.entr(r)` is -r log r with the right limit; or use `torch.where`.",
        ),
        explanation=r"""
The inner function returns $\sum r \log r$, which is $-H$. All three entropies have the wrong sign, so the result is
$-\mathrm{JS}$: plausible in size and smooth, with a gradient of the right length that points the wrong way. A minimiser of
it drives the laws *apart*. One test with a known value finds it: $H$ of a uniform law is $+\log K$. Clamping at zero, the
tempting repair, turns the result into a constant with no gradient.
""",
        solution=solution_5_9,
        alternatives=(alternative_5_9_kl,),
        broken=broken_5_9,
        wrong=(
            (broken_5_9, "Both faults"),
            (wrong_5_9_sign_only, "NaN"),
            (wrong_5_9_zeros_only, "the midpoint has the most"),
            (wrong_5_9_no_half, "not their sum"),
            (wrong_5_9_no_midpoint, "sums to two"),
            (wrong_5_9_clamped, "cutting off below zero"),
            (wrong_5_9_bits, "in bits"),
            (wrong_5_9_raised, "raised to a small number"),
        ),
        check=check_5_9,
    )
)


# 5.14 --------------------------------------------------------------------------------------------------------------


def solution_5_14():
    return "cadfb"


register(
    Exercise(
        id="5.14",
        title="Order the proof",
        stars=2,
        kind="value",
        statement=r"""
Five of these seven steps, in the right order, prove $\mathrm{TV}(p, q) \le \sqrt{1 - e^{-\mathrm{KL}(p \| q)}}$, without
looking back at the chapter. Return the letters in order, as one string; each step may use only what was said before.

- **a**: By the Cauchy–Schwarz inequality, $B^2$ is at most the product of $\sum_k \min(p_k, q_k)$ and
  $\sum_k \max(p_k, q_k)$.
- **b**: Together, $e^{-\mathrm{KL}} \le B^2 \le 1 - \mathrm{TV}^2$; solve for TV.
- **c**: Put $B = \sum_k \sqrt{p_k q_k}$, and note that $p_k q_k = \min(p_k, q_k) \max(p_k, q_k)$.
- **d**: The two sums are $1 - \mathrm{TV}$ and $1 + \mathrm{TV}$, so that $B^2 \le 1 - \mathrm{TV}^2$.
- **e**: By Pinsker's inequality $\mathrm{TV}^2 \le \tfrac12 \mathrm{KL}$, so $B^2 \ge 1 - \tfrac12 \mathrm{KL}$.
- **f**: $B = \mathbb{E}_p \sqrt{q/p}$, and Jensen's inequality for the exponential gives $B \ge e^{-\mathrm{KL}/2}$.
- **g**: Since the square root is concave, $B = \mathbb{E}_p \sqrt{q/p}$ is at least $\sqrt{\mathbb{E}_p[q/p]} = 1$.
""",
        stub="""
def order():
    # five letters, such as "abcde"
    return ...
""",
        hints=(
            "One quantity is bounded from both sides. Which one, and where is it introduced?",
            "The upper bound of B needs two steps and the lower bound one; which of them could change places?",
        ),
        explanation=r"""
$B$ is introduced (c), bounded from above (a, d) and from below (f, which may stand anywhere between c and b); b joins
the two. Step e draws a conclusion that does not follow: $\mathrm{TV}^2 \le \tfrac12 \mathrm{KL}$ bounds $1 - \mathrm{TV}^2$ from
below, and $B^2$ lies under it. Step g has Jensen's inequality the wrong way round: for a concave function the mean of
the values is at *most* the value at the mean.
""",
        solution=solution_5_14,
        wrong=(
            (lambda: "cadb", "proof has a gap"),
            (lambda: "cadeb", "does not follow from Pinsker"),
            (lambda: "cadgb", "wrong way round"),
            (lambda: "acdfb", "Line a comes before"),
            (lambda: "cdafb", "Line d comes before"),
            (lambda: "cfbad", "Line b comes before"),
            (lambda: "cadffb", "occurs twice"),
            (lambda: 5, "wrong type"),
        ),
        check=ordered(
            {"c": "", "a": "c", "d": "a", "f": "c", "b": "df"},
            {
                "e": "A lower bound of B squared does not follow from Pinsker's inequality.",
                "g": "It has Jensen's inequality the wrong way round.",
            },
        ),
    )
)
