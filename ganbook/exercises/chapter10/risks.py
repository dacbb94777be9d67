r"""Exercises 10.1, 10.2 and 10.3."""

import numpy as np
import torch

from ganbook.exercises.engine.core import Exercise, classify, register

# 10.1 --------------------------------------------------------------------------------------------------------------


def is_pair(got):
    """Two parts, also as one tensor, which unpacks like a tuple."""
    stacked = torch.is_tensor(got) and got.ndim > 0
    return (stacked or isinstance(got, (tuple, list))) and len(got) == 2


def solution_10_1():
    # least hinge loss 2 (1 - TV), best accuracy (1 + TV) / 2
    return (1 + (1 - 1.4 / 2)) / 2


def check_10_1(value, c):
    # a pair of laws on three atoms with total variation t, whose least hinge loss is 1.4
    t = 0.3
    p, q = np.array([0.5, 0.5, 0.0]), np.array([0.5, 0.5 - t, t])
    least = np.minimum(2 * p, 2 * q).sum()
    assert abs(least - 1.4) < 1e-12
    c.equal(
        value,
        np.maximum(p, q).sum() / 2,
        mistakes={
            "That is the best classifier's error, not its accuracy.": 0.35,
            "That is the total variation; the best accuracy is (1 + TV)/2.": 0.3,
            "That is half the loss, one less the total variation.": 0.7,
            "That is the gap, twice the total variation.": 0.6,
            "You took the gap for the total variation; the gap is twice as large.": 0.8,
            "With loss 0 the accuracy would be one: a loss of two is chance, and you set chance at zero.": 0.3
            / 2,
        },
    )


register(
    Exercise(
        id="10.1",
        title="An accuracy from a hinge loss",
        stars=1,
        kind="value",
        statement=r"""
An unrestricted discriminator has reached its least hinge loss, $L_D = 1.4$. With which probability does the best
classifier call a sample right, when real and generated samples are equally frequent? Return the number.
""",
        stub="""
def accuracy():
    return ...
""",
        hints=(
            r"The least hinge loss is $2(1 - \mathrm{TV})$. How large is TV?",
            r"The best accuracy is $(1 + \mathrm{TV})/2$, by chapter 4.",
        ),
        explanation=r"""
$2(1 - \mathrm{TV}) = 1.4$ gives $\mathrm{TV} = 0.3$ and the accuracy $0.65$. A critic of sign $\pm 1$ pays $2$ for
each error and nothing else, so its loss is four times its error rate on a balanced mix: $4 \cdot 0.35 = 1.4$.
""",
        solution=solution_10_1,
        wrong=(
            (lambda: 0.35, "classifier's error"),
            (lambda: 0.3, "is the total variation"),
            (lambda: 0.7, "half the loss"),
            (lambda: 0.6, "that is the gap"),
            (lambda: 0.8, "gap for the total variation"),
            (lambda: 0.15, "chance at zero"),
        ),
        check=check_10_1,
    )
)


# 10.2 --------------------------------------------------------------------------------------------------------------

_TRUTH_10_2 = {
    "A": "cross-entropy",
    "B": "least squares (0, 1)",
    "C": "hinge",
    "D": "relativistic",
    "E": "Wasserstein",
    "F": "least squares (-1, 1)",
}


def solution_10_2():
    return {
        "A": "cross-entropy",  # 2 log 2
        "B": "least squares (0, 1)",  # 1/4
        "C": "hinge",  # 2
        "D": "relativistic",  # log 2
        "E": "Wasserstein",  # 0
        "F": "least squares (-1, 1)",  # (b - a)^2 / 4 = 1
    }


def _swap_10_2(**changes):
    return lambda: solution_10_2() | changes


register(
    Exercise(
        id="10.2",
        title="Whose log is it?",
        stars=1,
        kind="classify",
        statement=r"""
Six runs have ended with a perfect generator and the best discriminator against it. Their logs show a mean loss $L_D$ of
**A** 1.386, **B** 0.250, **C** 2.000, **D** 0.693, **E** 0.000, **F** 1.000. Which loss was used? Return a dict from
each letter to one of `"cross-entropy"`, `"relativistic"`, `"hinge"`, `"Wasserstein"`, `"least squares (0, 1)"`,
`"least squares (-1, 1)"` (the codes of generated and real samples, with the factor one half).
""",
        stub="""
# {"A": "...", "B": "...", "C": "...", "D": "...", "E": "...", "F": "..."}
def losses():
    return ...
""",
        hints=(
            r"At $p = q$ the best discriminator says the same everywhere: put $\eta = \tfrac12$ into the least loss.",
            r"$2\underline{L}(\tfrac12)$: for least squares it is $(b - a)^2 / 4$.",
        ),
        explanation=r"""
At $p = q$ the loss is $2\underline{L}(\tfrac12)$: $2 \log 2$ for cross-entropy, $(b - a)^2/4$ for least squares, $2$
for hinge. A relativistic discriminator makes one decision per *pair*, so it pays $\log 2$ once. A Wasserstein critic
without any difference to see has gap $0$.
""",
        solution=solution_10_2,
        wrong=(
            (
                _swap_10_2(A="relativistic", D="cross-entropy"),
                "two samples are judged",
            ),
            (
                _swap_10_2(
                    B="least squares (-1, 1)", F="least squares (0, 1)"
                ),
                "grows with the square",
            ),
            (_swap_10_2(C="cross-entropy", A="hinge"), "sign for a logit"),
            (
                _swap_10_2(C="least squares (-1, 1)", F="hinge"),
                "a constant score of 0",
            ),
            (
                _swap_10_2(E="least squares (0, 1)", B="Wasserstein"),
                "can be negative or zero",
            ),
        ),
        check=classify(
            _TRUTH_10_2,
            tuple(_TRUTH_10_2.values()),
            {
                (
                    "A",
                    "relativistic",
                ): "Here two samples are judged, at log 2 each.",
                (
                    "A",
                    "hinge",
                ): "You took a sign for a logit: at score 0 each half of the hinge pays exactly 1.",
                (
                    "B",
                    "least squares (-1, 1)",
                ): "The least loss grows with the square of the distance of the codes; these are close together.",
                (
                    "B",
                    "Wasserstein",
                ): "A gap between equal laws vanishes; a squared error does not, but a gap can be negative or zero.",
                (
                    "C",
                    "least squares (-1, 1)",
                ): "With these codes a constant score of 0 is at distance 1 from both; halve the squares and add.",
            },
        ),
    )
)


# 10.3 --------------------------------------------------------------------------------------------------------------


def solution_10_3(risk, p, q):
    total = p + q
    eta = torch.where(total > 0, p / total.clamp(min=1e-38), 0.5)
    least = (total * risk(eta)).sum()
    return 2 * risk(torch.full_like(p[:1], 0.5))[0] - least


def alternative_10_3_loop(risk, p, q):
    gap = 2 * risk(torch.tensor([0.5], dtype=p.dtype))[0]
    for a, b in zip(p, q, strict=True):
        if a + b > 0:
            gap = gap - (a + b) * risk((a / (a + b))[None])[0]
    return gap


def wrong_10_3_one_half(risk, p, q):
    least = 2 * risk(torch.full_like(p[:1], 0.5))[0] - solution_10_3(
        risk, p, q
    )
    return risk(torch.full_like(p[:1], 0.5))[0] - least


def wrong_10_3_swapped(risk, p, q):
    return solution_10_3(risk, q, p)


def wrong_10_3_mean(risk, p, q):
    eta = torch.where(p + q > 0, p / (p + q).clamp(min=1e-38), 0.5)
    return 2 * risk(torch.full_like(p[:1], 0.5))[0] - 2 * risk(eta).mean()


def wrong_10_3_generated(risk, p, q):
    eta = torch.where(p + q > 0, p / (p + q).clamp(min=1e-38), 0.5)
    return (
        2 * risk(torch.full_like(p[:1], 0.5))[0] - 2 * (q * risk(eta)).sum()
    )


def wrong_10_3_sign(risk, p, q):
    return -solution_10_3(risk, p, q)


def wrong_10_3_zero(risk, p, q):
    eta = p / (p + q)
    return (
        2 * risk(torch.full_like(p[:1], 0.5))[0] - ((p + q) * risk(eta)).sum()
    )


def wrong_10_3_common(risk, p, q):
    both = (p > 0) & (q > 0)
    return wrong_10_3_part(risk, p, q, both)


def wrong_10_3_ratio(risk, p, q):
    return wrong_10_3_part(risk, p, q, q > 0)


def wrong_10_3_part(risk, p, q, kept):
    total = (p + q)[kept]
    least = (total * risk(p[kept] / total)).sum()
    return 2 * risk(torch.full_like(p[:1], 0.5))[0] - least


def check_10_3(answer, c):
    for dtype in c.dtypes:
        for k, empty in ((5, False), (c.integer(3, 7), False), (6, True)):
            p, q = c.probabilities((2, k), dtype)
            if empty:
                p[1], q[2] = 0, 0
                p[3] = q[3] = 0
                p, q = p / p.sum(), q / q.sum()
            one, two, three = (c.number(0.5, 2) for _ in range(3))

            def risk(eta, one=one, two=two, three=three):
                """Concave, not symmetric, and at neither end zero."""
                curve = one * (eta - eta**3) + two * eta * (1 - eta)
                return curve + three + eta

            got = c.call(answer, risk, p, q)
            mass = [(a, b) for a, b in zip(p, q, strict=True) if a + b > 0]
            want = 2 * risk(torch.tensor(0.5, dtype=dtype)) - sum(
                (a + b) * risk(a / (a + b)) for a, b in mass
            )
            if torch.is_tensor(got) and torch.isnan(got).any():
                c.fail(
                    "It is NaN where neither law has mass: 0/0. Such a point contributes zero."
                )
            c.equal(
                got,
                want,
                atol=1e-5 if dtype == torch.float32 else 1e-10,
                mistakes={
                    "A discriminator that ignores its input pays the risk at one half twice, for p and for q.": wrong_10_3_one_half(
                        risk, p, q
                    ),
                    "The share of *real* samples is p/(p + q); you took the other one.": wrong_10_3_swapped(
                        risk, p, q
                    ),
                    "The points are not equally frequent: weigh each with p + q.": wrong_10_3_mean(
                        risk, p, q
                    ),
                    "You averaged over generated samples alone.": wrong_10_3_generated(
                        risk, p, q
                    ),
                    "The sign is turned: a gap is what looking gains, and is never negative.": -want,
                    "Only points were counted at which both laws have mass; the others have a risk, too.": wrong_10_3_common(
                        risk, p, q
                    ),
                    "Points to which the generator never goes were left out: the ratio is infinite there, and the share is 1.": wrong_10_3_ratio(
                        risk, p, q
                    ),
                },
            )


register(
    Exercise(
        id="10.3",
        title="The gap of any loss",
        stars=2,
        kind="function",
        statement=r"""
A loss is given by its Bayes risk, a function `risk(eta)` that maps a tensor of shares to a tensor of the same shape.
Write `gap(risk, p, q)` for probability vectors `p` and `q`, tensors of shape $(K,)$ and one dtype: the difference
$2\underline{L}(\tfrac12) - \inf_D L_D$ as a tensor of shape $()$. Either vector may hold zeros, both at the same
place too; a point that neither law reaches contributes zero. The risk need be neither symmetric nor
zero at the ends.
""",
        stub="""
def gap(risk, p, q):
    return ...
""",
        hints=(
            r"What does the best $D$ pay at a point where $p$ and $q$ have masses $p_k$ and $q_k$?",
            r"$(p_k + q_k)\,\underline{L}(p_k/(p_k + q_k))$. Take care of $0/0$ with `torch.where`, before the division.",
        ),
        explanation=r"""
The least loss is $\sum_k (p_k + q_k)\,\underline{L}(\eta_k)$, and at $\eta = \tfrac12$ everywhere it is
$2\underline{L}(\tfrac12)$, since $\sum_k (p_k + q_k) = 2$. With an asymmetric risk the order of $p$ and $q$ matters,
as it does for the divergence. `torch.where` after a division by zero still leaves `nan` in the gradient, hence the
clamp below.
""",
        solution=solution_10_3,
        alternatives=(alternative_10_3_loop,),
        wrong=(
            (wrong_10_3_one_half, "twice, for p and for q"),
            (wrong_10_3_swapped, "you took the other one"),
            (wrong_10_3_mean, "not equally frequent"),
            (wrong_10_3_generated, "generated samples alone"),
            (wrong_10_3_sign, "sign is turned"),
            (wrong_10_3_zero, "0/0"),
            (wrong_10_3_common, "both laws have mass"),
            (wrong_10_3_ratio, "generator never goes"),
        ),
        check=check_10_3,
    )
)
