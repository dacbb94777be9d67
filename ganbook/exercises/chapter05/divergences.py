r"""Exercises 5.1 and 5.2: Zero, finite, infinite; KL with its zeros."""

import math

import torch

from ganbook.exercises.engine.core import (
    Exercise,
    classify,
    register,
)
from ganbook.exercises.engine.mistakes import mistake, outcomes
from ganbook.exercises.engine.words import say

LOG2 = math.log(2)

# 5.1 ---------------------------------------------------------------------------------------------------------------


def solution_5_1():
    return {
        "A": "finite",
        "B": "infinite",
        "C": "finite",
        "D": "infinite",
        "E": "zero",
        "F": "finite",
    }


def wrong_5_1(case, label):
    return {**solution_5_1(), case: label}


register(
    Exercise(
        id="5.1",
        title="Zero, finite, infinite",
        stars=1,
        kind="classify",
        statement=r"""
Before you compute anything: is the divergence zero, finite (and positive), or infinite? Return a dict from each
letter to `"zero"`, `"finite"` or `"infinite"`.

- `"A"`: $\mathrm{KL}(p \,\|\, q)$ for $p = (\tfrac12, \tfrac12, 0)$ and $q = (\tfrac13, \tfrac13, \tfrac13)$.
- `"B"`: $\mathrm{KL}(q \,\|\, p)$ for the same two.
- `"C"`: $\mathrm{JS}$ of two laws with disjoint supports, a million units apart.
- `"D"`: $\mathrm{KL}$ from a Gaussian on a line in the plane to a Gaussian on another, parallel line.
- `"E"`: $\mathrm{JS}$ of the laws of $z$ and of $-z$, for $z \sim \mathcal{N}(0, 1)$.
- `"F"`: $\mathrm{KL}\bigl(\mathcal{N}(0, 1) \,\|\, \mathcal{N}(10, 1)\bigr)$.
""",
        stub="""
def kinds():
    # {"A": "zero", "B": "infinite", and so on}
    return ...
""",
        hints=(
            "KL is infinite if the *first* law puts mass where the second puts none. (A mean of log(p/q) that diverges would "
            "make it infinite too; none of these does.)",
            "JS compares each law with the midpoint, which has mass wherever either has. And a divergence compares laws, "
            "not random variables.",
        ),
        explanation=r"""
A averages over the two outcomes that both laws allow: $\log \tfrac32$. B averages over three, one of which $p$ holds
impossible. JS never exceeds $\log 2$, at whatever distance (C). Lines that do not meet are disjoint supports (D).
$z$ and $-z$ are different variables with one law (E). Two Gaussians on the whole line have mass everywhere, so KL is
finite: $10^2/2 = 50$ nats (F), large, but finite and with a gradient.
""",
        solution=solution_5_1,
        wrong=(
            (wrong_5_1("A", "infinite"), "averages over p"),
            (wrong_5_1("B", "finite"), "third outcome"),
            (wrong_5_1("C", "infinite"), "cannot exceed log 2"),
            (wrong_5_1("D", "finite"), "two lines share no point"),
            (wrong_5_1("E", "finite"), "symmetric"),
            (wrong_5_1("F", "infinite"), "large, not infinite"),
        ),
        check=classify(
            solution_5_1(),
            labels=("zero", "finite", "infinite"),
            reasons={
                (
                    "A",
                    "infinite",
                ): "KL(p || q) averages over p: where p is zero the term is zero.",
                (
                    "A",
                    "zero",
                ): "The two differ, and KL is zero only for equal laws: Gibbs.",
                (
                    "B",
                    "finite",
                ): "q gives the third outcome a probability of 1/3, and p rules it out.",
                ("B", "zero"): "The two laws are not the same.",
                (
                    "C",
                    "infinite",
                ): "JS compares with the midpoint and cannot exceed log 2.",
                (
                    "C",
                    "zero",
                ): "Disjoint laws differ as much as two laws can.",
                (
                    "D",
                    "finite",
                ): "The two lines share no point, so the first law's mass lies where the second has none.",
                ("D", "zero"): "The laws live on different lines.",
                (
                    "E",
                    "finite",
                ): "N(0, 1) is symmetric: z and -z have the same law.",
                ("E", "infinite"): "JS is never infinite.",
                (
                    "F",
                    "infinite",
                ): "Both densities are positive everywhere: the value is large, not infinite.",
                ("F", "zero"): "The means differ.",
            },
        ),
    )
)


# 5.2 ---------------------------------------------------------------------------------------------------------------


def solution_5_2(p, q):
    log_ratio = torch.where(p > 0, p.log() - q.log(), 0.0)
    return (p * log_ratio).sum(-1)


def alternative_5_2_loop(p, q):
    values = []
    for a_row, b_row in zip(
        p.reshape(-1, p.shape[-1]), q.reshape(-1, q.shape[-1]), strict=True
    ):
        total = torch.zeros((), dtype=p.dtype)
        for a, b in zip(a_row, b_row, strict=True):
            if a > 0:
                total = total + a * (a.log() - b.log())
        values.append(total)
    return torch.stack(values).reshape(p.shape[:-1])


def alternative_5_2_xlogy(p, q):
    return (torch.special.xlogy(p, p) - torch.special.xlogy(p, q)).sum(-1)


@mistake(
    "That is KL(q || p): the mean runs over the second law instead of the first."
)
def wrong_5_2_swapped(p, q):
    return torch.where(q > 0, q * (q.log() - p.log()), 0.0).sum(-1)


@mistake("That is in bits; nats were asked for.")
def wrong_5_2_bits(p, q):
    return solution_5_2(p, q) / LOG2


def wrong_5_2_naive(p, q):
    return (p * (p / q).log()).sum(-1)


@mistake(
    "That is the mean over the K outcomes, K times too small: the trap in kl_div's default."
)
def wrong_5_2_mean(p, q):
    return torch.where(p > 0, p * (p.log() - q.log()), 0.0).mean(-1)


@mistake("A small constant in the logarithm hides that KL is infinite here.")
def wrong_5_2_epsilon(p, q):
    return (p * ((p + 1e-6) / (q + 1e-6)).log()).sum(-1)


@mistake(
    "Where p > 0 = q the term is infinite; leaving it out hides the worst mistake of all."
)
def wrong_5_2_common(p, q):
    both = (p > 0) & (q > 0)
    return torch.where(both, p * (p.log() - q.log()), 0.0).sum(-1)


@mistake("The sign: KL is never negative.")
def wrong_5_2_sign(p, q):
    return -solution_5_2(p, q)


@mistake("That is the cross-entropy; the entropy of p has to come off.")
def wrong_5_2_cross(p, q):
    return -torch.special.xlogy(p, q).sum(-1)


@mistake("That is the mean of both directions; only the first was asked for.")
def wrong_5_2_symmetric(p, q):
    return (solution_5_2(p, q) + solution_5_2(q, p)) / 2


@mistake(
    "The undefined terms are gone, but inf became a large finite number: inf is right where p > 0 = q."
)
def wrong_5_2_finite(p, q):
    return torch.nan_to_num(p * (p / q).log()).sum(-1)


def wrong_5_2_total(p, q):
    return solution_5_2(p, q).sum()


@mistake(
    "The quotient p/q overflows where q is tiny; the difference of the logarithms does not, and the value is finite."
)
def wrong_5_2_quotient(p, q):
    terms = torch.where(p > 0, p * (p / q).log(), torch.zeros_like(p))
    return terms.sum(-1)


@mistake(
    "An outcome counts however small its p is: only an exact zero is left out."
)
def wrong_5_2_threshold(p, q):
    return torch.where(
        p > 1e-6, p * (p.log() - q.log()), torch.zeros_like(p)
    ).sum(-1)


def check_5_2(answer, c):
    for dtype in c.dtypes:
        zeros = torch.tensor(
            [[0.5, 0.5, 0.0], [0.2, 0.3, 0.5], [0.0, 1.0, 0.0]], dtype=dtype
        )
        other = torch.tensor(
            [[0.25, 0.25, 0.5], [0.3, 0.3, 0.4], [0.5, 0.5, 0.0]], dtype=dtype
        )
        missed = torch.tensor(
            [[0.5, 0.0, 0.5], [0.3, 0.3, 0.4], [0.0, 0.5, 0.5]], dtype=dtype
        )
        random = (
            c.probabilities((2, 3, 5), dtype),
            c.probabilities((2, 3, 5), dtype),
        )
        rare = torch.tensor([[1e-9, 1 - 1e-9]] * 2, dtype=dtype)
        never = torch.tensor([[0.0, 1.0], [0.5, 0.5]], dtype=dtype)
        one = c.probabilities((1, 4), dtype), c.probabilities((1, 4), dtype)
        least = torch.finfo(dtype).tiny / 16  # smaller still than `tiny`
        nearly = torch.tensor([[least, 1.0], [0.75, 0.25]], dtype=dtype)
        for p, q in (
            random,
            (zeros, other),
            (zeros, missed),
            (rare, never),
            (never[1:].expand(2, 2), nearly),
            one,
        ):
            got = c.call(answer, p, q)
            if isinstance(got, torch.Tensor) and got.shape != p.shape[:-1]:
                c.fail(
                    say(
                        "One number for each pair of laws, summed over the last axis alone: shape {value}, not {shape}.",
                        value=tuple(p.shape[:-1]),
                        shape=tuple(got.shape),
                    )
                )
            want = torch.tensor(
                [
                    _kl_by_sum(a, b)
                    for a, b in zip(_rows(p), _rows(q), strict=True)
                ]
            )
            c.equal(
                got,
                want.reshape(p.shape[:-1]).to(dtype),
                mistakes=outcomes(
                    (p, q),
                    wrong_5_2_swapped,
                    wrong_5_2_bits,
                    wrong_5_2_mean,
                    wrong_5_2_threshold,
                    wrong_5_2_quotient,
                    wrong_5_2_epsilon,
                    wrong_5_2_common,
                    wrong_5_2_sign,
                    wrong_5_2_cross,
                    wrong_5_2_symmetric,
                    wrong_5_2_finite,
                ),
            )


def _rows(p):
    return p.reshape(-1, p.shape[-1]).tolist()


def _kl_by_sum(p, q):
    return sum(
        a * (math.log(a) - math.log(b) if b > 0 else math.inf)
        for a, b in zip(p, q, strict=True)
        if a > 0
    )


register(
    Exercise(
        id="5.2",
        title="KL with its zeros",
        stars=2,
        kind="function",
        statement=r"""
Write `divergence(p, q)`, the Kullback–Leibler divergence $\mathrm{KL}(p \,\|\, q)$ in nats, for tensors of
probabilities of one shape $(\dots, K)$ and one dtype; the result has the shape $(\dots)$ and the same dtype. Both may
hold exact zeros: the value is `inf` where $p_k > 0 = q_k$ for some $k$, and never `nan`. Write it out of
elementary torch operations: a ready-made divergence would pass, and teach you nothing.
""",
        stub="""
def divergence(p, q):
    return ...
""",
        hints=(
            "What does `0 * torch.tensor(0.0).log()` give in floating point, and what should that term be?",
            "`torch.where(p > 0, ..., 0.0)` leaves out the terms without mass. Leave the zeros of q alone: log 0 is -inf, "
            "and that is what you need.",
        ),
        explanation=r"""
Terms with $p_k = 0$ are left out, because $t \log t \to 0$; their logarithm must not be multiplied by zero, since
$0 \cdot \infty$ is `nan`. Terms with $p_k > 0 = q_k$ stay: $\log 0 = -\infty$ makes the sum infinite, which is the
right answer. Adding a small constant to both removes the `nan`, and the infinity with it: the model that calls an
observed outcome impossible then gets a harmless finite score. `torch.xlogy` treats zeros in the same way.
""",
        solution=solution_5_2,
        alternatives=(alternative_5_2_loop, alternative_5_2_xlogy),
        wrong=(
            wrong_5_2_swapped,
            wrong_5_2_bits,
            (wrong_5_2_naive, "NaN"),
            wrong_5_2_mean,
            wrong_5_2_epsilon,
            wrong_5_2_common,
            wrong_5_2_sign,
            wrong_5_2_cross,
            wrong_5_2_symmetric,
            wrong_5_2_finite,
            (wrong_5_2_total, "last axis alone"),
            wrong_5_2_threshold,
            wrong_5_2_quotient,
        ),
        check=check_5_2,
    )
)
