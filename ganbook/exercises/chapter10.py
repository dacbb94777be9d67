r"""Exercises of chapter 10: risks and gaps, codes, pairs, scales, ratios, and the best of n trials."""

import copy
import math
from itertools import combinations

import numpy as np
import torch
from torch import nn
from torch.nn.functional import softplus

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
place too; a point that neither law reaches contributes zero. The risk need be neither symmetric nor zero at
    the ends.
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

# 10.4 --------------------------------------------------------------------------------------------------------------


def solution_10_4():
    # (1 + u) (1/8 - u / (2 (1 + u)^2))
    return "(u - 1)**2 / (8 * (1 + u))"


def check_10_4(value, c):
    c.expression(
        value,
        "(u - 1)**2 / (8 * (1 + u))",
        u=(0.1, 5.0),
        mistakes={
            "That is the least loss, weighted, not what is gained.": "u / (2 * (1 + u))",
            "That is a gap per unit of p + q; multiply by (1 + u) to average over q.": "(u - 1)**2 / (8 * (1 + u)**2)",
            "That is the gap for the codes -1 and 1, whose distance is 2.": "(u - 1)**2 / (2 * (1 + u))",
            "That is a multiple of Pearson's f, without the denominator.": "(u - 1)**2 / 8",
            "The half in front of the squares was forgotten.": "(u - 1)**2 / (4 * (1 + u))",
        },
    )


register(
    Exercise(
        id="10.4",
        title="The f of least squares",
        stars=2,
        kind="expression",
        statement=r"""
For least squares with the codes $0$ (generated) and $1$ (real) the Bayes risk is $\tfrac12 \eta (1 - \eta)$. Return
the $f$ of the theorem on gaps, as an expression in `u` (text such as `"u * log(u)"`, or sympy), in lowest terms or
not.
""",
        stub="""
def f():
    return ...
""",
        hints=(
            r"Insert $\eta = u/(1+u)$, so that $\eta(1 - \eta) = u/(1+u)^2$.",
            r"$f(u) = (1 + u)\,[\tfrac18 - \tfrac{u}{2(1+u)^2}]$: bring it over one denominator.",
        ),
        explanation=r"""
$(1+u)\bigl[\frac18 - \frac{u}{2(1+u)^2}\bigr] = \frac{(1+u)^2 - 4u}{8(1+u)} = \frac{(u-1)^2}{8(1+u)}$, so the gap is
$\frac18\int\frac{(p-q)^2}{p+q}$. The denominator keeps it bounded: Pearson's $\chi^2$, which divides by $q$ alone, is
infinite as soon as real samples lie where no generated ones do.
""",
        solution=solution_10_4,
        wrong=(
            (lambda: "u / (2 * (1 + u))", "the least loss, weighted"),
            (
                lambda: "(u - 1)**2 / (8 * (1 + u)**2)",
                "gap per unit of p + q",
            ),
            (lambda: "(u - 1)**2 / (2 * (1 + u))", "codes -1 and 1"),
            (lambda: "(u - 1)**2 / 8", "without the denominator"),
            (lambda: "(u - 1)**2 / (4 * (1 + u))", "half in front"),
        ),
        check=check_10_4,
    )
)

# 10.5 --------------------------------------------------------------------------------------------------------------


def solution_10_5(k, u):
    u = u.detach().clone().requires_grad_()
    with torch.enable_grad():
        (slope,) = torch.autograd.grad(k(u).sum(), u)
    return -slope / u.detach()


def alternative_10_5_vmap(k, u):
    slope = torch.func.vmap(torch.func.grad(lambda v: k(v[None])[0]))(
        u.detach()
    )
    return -slope / u.detach()


def wrong_10_5_sign(k, u):
    return -solution_10_5(k, u)


def wrong_10_5_no_division(k, u):
    return solution_10_5(k, u) * u


def wrong_10_5_square(k, u):
    return solution_10_5(k, u) / u


def wrong_10_5_second(k, u):
    u = u.detach().clone().requires_grad_()
    (slope,) = torch.autograd.grad(k(u).sum(), u, create_graph=True)
    return torch.autograd.grad(slope.sum(), u)[0]


def wrong_10_5_mean(k, u):
    return solution_10_5(k, u) / len(u)


def wrong_10_5_value(k, u):
    return (-k(u) / u).detach()


def wrong_10_5_absolute(k, u):
    return solution_10_5(k, u).abs()


def wrong_10_5_clipped(k, u):
    return solution_10_5(k, u.clamp(0.1, 10.0))


def wrong_10_5_graph(k, u):
    u = u.clone().requires_grad_()
    (slope,) = torch.autograd.grad(k(u).sum(), u, create_graph=True)
    return -slope / u


def check_10_5(answer, c):
    for dtype in c.dtypes:
        for n, sign, wide in (
            (4, 1, 0.6),
            (c.integer(5, 9), -1, 0.6),
            (9, 1, 2),
        ):
            # ratios between 1 / 4 and 4, or between 1 / 100 and 100
            u = 10 ** c.uniform(-wide, wide, (n,), dtype)
            u[-1] = 10**wide
            a, b = sign * c.number(0.5, 2), sign * c.number(0.5, 2)

            def k(u, a=a, b=b):
                return a * torch.log(1 + 1 / u) + b / (1 + u) ** 2

            got = c.call(answer, k, u)
            want = (a / (u * (1 + u)) + 2 * b / (1 + u) ** 3) / u
            second = (
                a * (2 * u + 1) / (u * (1 + u)) ** 2 + 6 * b / (1 + u) ** 4
            )
            c.equal(
                got,
                want,
                rtol=1e-4 if dtype == torch.float32 else 1e-9,
                mistakes={
                    "The sign is lost: a loss that grows with the ratio gives a negative curvature.": want.abs(),
                    "The sign is turned: a loss that falls in the ratio gives a convex g.": -want,
                    "That is minus the slope of k; it is still to be divided by u.": want
                    * u,
                    "That divides by u twice.": want / u,
                    "That is the second derivative of k itself.": second,
                    "That is the slope of a mean over the batch; each u stands for itself.": want
                    / n,
                    "That divides the value of k, not its slope.": -k(u) / u,
                    "Ratios were clipped between bounds; any positive u may come.": lambda k=k, u=u: (
                        wrong_10_5_clipped(k, u)
                    ),
                },
            )
            c.true(
                not got.requires_grad,
                "The result carries a graph: detach it, and make the slope without create_graph.",
            )


register(
    Exercise(
        id="10.5",
        title="What does this generator follow?",
        stars=2,
        kind="function",
        statement=r"""
A generator's loss at the optimal score is a function $k(u)$ of the ratio $u = p/q$. Write `curvature(k, u)`: the
second derivative $g''(u)$ of the function whose divergence the generator follows, for a tensor `u` of positive ratios
of shape $(N,)$; `k` maps tensors to tensors elementwise and can be differentiated by autograd. The result has the
shape and dtype of `u` and no graph.
""",
        stub="""
def curvature(k, u):
    return ...
""",
        hints=(
            r"$g - u g'$ and $k$ differ by a constant. What does differentiating say?",
            "`torch.autograd.grad(k(u).sum(), u)` on a copy of u that requires gradients; then one division.",
        ),
        explanation=r"""
$g''(u) = -k'(u)/u$. For the non-saturating loss $k = \log(1 + 1/u)$ and $g'' = 1/(u^2(1+u))$; for the $\chi^2$ codes
it changes sign at $u = 1$, which is how one sees that no divergence is followed. The sum before `autograd.grad` is a
trick for elementwise functions: each $u_i$ appears in one term only.
""",
        solution=solution_10_5,
        alternatives=(alternative_10_5_vmap,),
        wrong=(
            (wrong_10_5_sign, "sign is turned"),
            (wrong_10_5_no_division, "still to be divided"),
            (wrong_10_5_square, "divides by u twice"),
            (wrong_10_5_second, "second derivative of k"),
            (wrong_10_5_mean, "mean over the batch"),
            (wrong_10_5_value, "divides the value"),
            (wrong_10_5_absolute, "a loss that grows"),
            (wrong_10_5_clipped, "between bounds"),
            (wrong_10_5_graph, "carries a graph"),
        ),
        check=check_10_5,
    )
)

# 10.6 --------------------------------------------------------------------------------------------------------------


def solution_10_6(d_real, d_fake):
    return softplus(d_fake[None, :] - d_real[:, None]).mean()


def alternative_10_6_loop(d_real, d_fake):
    rows = [torch.logaddexp(d_fake * 0, d_fake - r).mean() for r in d_real]
    return torch.stack(rows).mean()


def wrong_10_6_matched(d_real, d_fake):
    n = min(len(d_real), len(d_fake))
    return softplus(d_fake[:n] - d_real[:n]).mean()


def wrong_10_6_inside(d_real, d_fake):
    return softplus(d_fake.mean() - d_real.mean())


def wrong_10_6_swapped(d_real, d_fake):
    return softplus(d_real[:, None] - d_fake[None, :]).mean()


def wrong_10_6_sum(d_real, d_fake):
    return softplus(d_fake[None, :] - d_real[:, None]).sum()


def wrong_10_6_naive(d_real, d_fake):
    return (1 + (d_fake[None, :] - d_real[:, None]).exp()).log().mean()


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
                mistakes={
                    "That compares each real sample with one partner; *all* pairs were asked for.": wrong_10_6_matched(
                        real, fake
                    ),
                    "The scores were averaged first: that is one pair of means, not the mean over pairs.": wrong_10_6_inside(
                        real, fake
                    ),
                    "Real and generated are exchanged: that is the generator's loss.": wrong_10_6_swapped(
                        real, fake
                    ),
                    "That is the sum over all pairs; divide by their number.": wrong_10_6_sum(
                        real, fake
                    ),
                    "Generated scores were averaged inside: that is the *average* relativistic loss.": wrong_10_6_one_side(
                        real, fake
                    ),
                },
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


register(
    Exercise(
        id="10.6",
        title="All pairs",
        stars=1,
        kind="function",
        statement=r"""
Write `all_pairs(d_real, d_fake)`: the relativistic discriminator's loss $\mathrm{softplus}(-(d_r - d_f))$ averaged over
*all* pairs of a real and a generated score. The tensors have shapes $(n,)$ and $(m,)$ with any $n, m \ge 1$ and one
dtype; differences may be as large as $\pm 1500$. Return a tensor of shape $()$,
    through which gradients reach both.
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
            (wrong_10_6_matched, "one partner"),
            (wrong_10_6_inside, "averaged first"),
            (wrong_10_6_swapped, "exchanged"),
            (wrong_10_6_sum, "divide by their number"),
            (wrong_10_6_naive, "overflows"),
            (wrong_10_6_one_side, "*average* relativistic"),
            (wrong_10_6_constant, "not depend on its input"),
            (wrong_10_6_one_sided, "not depend on input 2"),
        ),
        check=check_10_6,
    )
)

# 10.7 --------------------------------------------------------------------------------------------------------------


def solution_10_7(d_real, d_fake):
    loss_d = softplus(d_fake - d_real).mean()
    loss_g = softplus(d_real - d_fake).mean()
    return loss_d, loss_g


def broken_10_7(d_real, d_fake):
    gap = d_real.mean() - d_fake.mean()
    real_loss = softplus(-gap)
    fake_loss = softplus(gap)
    loss_d = (real_loss + fake_loss) / 2
    loss_g = softplus(gap)
    return loss_d, loss_g


def wrong_10_7_means_left(d_real, d_fake):
    gap = d_real.mean() - d_fake.mean()
    return softplus(-gap), softplus(gap)


def wrong_10_7_average_left(d_real, d_fake):
    gap = d_real - d_fake
    loss_d = (softplus(-gap).mean() + softplus(gap).mean()) / 2
    return loss_d, softplus(gap).mean()


def wrong_10_7_same(d_real, d_fake):
    loss = softplus(d_fake - d_real).mean()
    return loss, loss


def wrong_10_7_negative(d_real, d_fake):
    loss = softplus(d_fake - d_real).mean()
    return loss, -loss


def wrong_10_7_doubled(d_real, d_fake):
    loss_d, loss_g = solution_10_7(d_real, d_fake)
    return 2 * loss_d, loss_g


def wrong_10_7_naive(d_real, d_fake):
    gap = d_real - d_fake
    return torch.log1p(torch.exp(-gap)).mean(), torch.log1p(
        torch.exp(gap)
    ).mean()


def wrong_10_7_constant(d_real, d_fake):
    return tuple(loss.detach() for loss in solution_10_7(d_real, d_fake))


def check_10_7(answer, c):
    for dtype in c.dtypes:
        for n, size in ((5, 2), (c.integer(3, 8), 2), (6, 800)):
            real, fake = (
                size * c.normal((n,), dtype),
                size * c.normal((n,), dtype) - 1,
            )
            got = c.call(answer, real, fake)
            c.true(
                is_pair(got),
                "The wrong type: a pair (loss_d, loss_g) was expected.",
            )
            want = solution_10_7(real, fake)
            if any(torch.is_tensor(x) and torch.isinf(x).any() for x in got):
                c.fail(
                    "It overflows where scores are far apart: keep softplus."
                )
            if all(
                c.agrees(a, b)
                for a, b in zip(got, broken_10_7(real, fake), strict=True)
            ):
                c.fail(
                    "Nothing has changed: scores are averaged inside, and loss_d adds a term that pulls the other way."
                )
            c.equal(
                got[0],
                want[0],
                mistakes={
                    "The scores are still averaged inside, so every sample gets the same gradient.": wrong_10_7_means_left(
                        real, fake
                    )[0],
                    "The second half still has the wrong target: it rewards D for the opposite order.": wrong_10_7_average_left(
                        real, fake
                    )[0],
                    "That counts the one decision per pair twice.": 2
                    * want[0],
                },
            )
            c.equal(
                got[1],
                want[1],
                mistakes={
                    "Both players now want the same: G is to turn the comparison round.": want[
                        0
                    ],
                    "That is the saturating form, minus D's loss; the relativistic G has a loss of its own.": -want[
                        0
                    ],
                },
            )

            def loss_d(d_real, d_fake):
                return answer.function(d_real, d_fake)[0]

            def loss_g(d_fake, d_real=real):
                return answer.function(d_real, d_fake)[1]

            pull = torch.sigmoid(fake - real) / n
            _, grads = c.call_grad(loss_d, real, fake)
            _, rise = c.call_grad(loss_g, fake)
            for slope, truth in zip(
                (*grads, *rise), (-pull, pull, pull - 1 / n), strict=True
            ):
                c.equal(
                    slope,
                    truth,
                    says="The losses are right, and a gradient is not.",
                )


register(
    Exercise(
        id="10.7",
        title="Find the bug: a discriminator that cannot win",
        stars=2,
        kind="bug",
        statement=r"""
This function should return both players' relativistic losses for matched pairs of scores $(N,)$, the means of
$\mathrm{softplus}(-(d_r - d_f))$ and of $\mathrm{softplus}(-(d_f - d_r))$. In training, `loss_d` never falls below
$\log 2$, however good $D$ is, and all samples of a batch receive the same gradient. Mend it: `relativistic(d_real,
d_fake)` returns `(loss_d, loss_g)`.
""",
        stub="""
def relativistic(d_real, d_fake):
    return ...
""",
        hints=(
            "Where is the minimum of (softplus(-t) + softplus(t)) / 2?",
            "The loss is a mean over pairs of a function of each pair's difference; no score is averaged before it.",
        ),
        explanation=r"""
Two faults. The scores are averaged before the softplus, so that the loss knows one number per batch. And `fake_loss`
has the target of real pairs turned round *twice*: the comparison is exchanged, and so is the label, so its minimum is at
the opposite order; the sum is least at $t = 0$. Written with the right label, the second half equals the first, and is
not needed.
""",
        solution=solution_10_7,
        broken=broken_10_7,
        wrong=(
            (broken_10_7, "nothing has changed"),
            (wrong_10_7_means_left, "still averaged inside"),
            (wrong_10_7_average_left, "opposite order"),
            (wrong_10_7_same, "both players now want"),
            (wrong_10_7_negative, "saturating form"),
            (wrong_10_7_doubled, "per pair twice"),
            (wrong_10_7_naive, "overflows"),
            (wrong_10_7_constant, "depend on its input"),
        ),
        check=check_10_7,
    )
)

# 10.8 --------------------------------------------------------------------------------------------------------------


def solution_10_8(risk, eta):
    eta = eta.detach().clone().requires_grad_()
    with torch.enable_grad():
        value = risk(eta)
        (slope,) = torch.autograd.grad(value.sum(), eta)
    eta, value = eta.detach(), value.detach()
    # the tangent at eta, read off at 1 (real) and at 0 (generated)
    return value + (1 - eta) * slope, value - eta * slope


def alternative_10_8_jvp(risk, eta):
    eta = eta.detach()
    value, slope = torch.func.jvp(risk, (eta,), (torch.ones_like(eta),))
    generated = value - eta * slope
    return generated + slope, generated


def wrong_10_8_swapped(risk, eta):
    return solution_10_8(risk, eta)[::-1]


def wrong_10_8_constant(risk, eta):
    return risk(eta), risk(eta)


def wrong_10_8_ends(risk, eta):
    one, zero = torch.ones_like(eta), torch.zeros_like(eta)
    return risk(one), risk(zero)


def wrong_10_8_slope(risk, eta):
    real, generated = solution_10_8(risk, eta)
    return real - generated, generated - real


def wrong_10_8_shares(risk, eta):
    return eta * risk(eta), (1 - eta) * risk(eta)


def wrong_10_8_sign(risk, eta):
    real, generated = solution_10_8(risk, eta)
    value = risk(eta)
    return 2 * value - real, 2 * value - generated


def wrong_10_8_graph(risk, eta):
    eta = eta.clone().requires_grad_()
    (slope,) = torch.autograd.grad(risk(eta).sum(), eta, create_graph=True)
    return risk(eta) + (1 - eta) * slope, risk(eta) - eta * slope


def wrong_10_8_clipped(risk, eta):
    return solution_10_8(risk, eta.clamp(0.05, 0.95))


def check_10_8(answer, c):
    for dtype in c.dtypes:
        tolerance = 1e-4 if dtype == torch.float32 else 1e-9
        one, two, three = (c.number(0.5, 2) for _ in range(3))

        def risk(eta, one=one, two=two, three=three):
            return one * (eta - eta**3) + two * eta * (1 - eta) + three

        eta = c.uniform(0.05, 0.95, (c.integer(5, 8),), dtype)
        eta[0], eta[-1] = c.number(0.001, 0.01), c.number(0.99, 0.999)
        got = c.call(answer, risk, eta)
        c.true(
            is_pair(got),
            "The wrong type: a pair (loss_real, loss_generated) was expected.",
        )
        slope = one * (1 - 3 * eta**2) + two * (1 - 2 * eta)
        real, generated = (
            risk(eta) + (1 - eta) * slope,
            risk(eta) - eta * slope,
        )
        same = tolerance * 100
        for name, parts in {
            "The two are exchanged: at eta = 1 all samples are real.": (
                generated,
                real,
            ),
            "That charges the risk itself for every answer, so the tangent is flat and cuts the curve.": (
                risk(eta),
                risk(eta),
            ),
            "That is the risk at both ends: a chord, which lies below a concave curve.": (
                risk(torch.ones_like(eta)),
                risk(torch.zeros_like(eta)),
            ),
            "Those are slopes; a tangent also has a height.": (
                slope,
                -slope,
            ),
            "That splits the risk by shares; weighed with the shares again it does not return the risk.": (
                eta * risk(eta),
                (1 - eta) * risk(eta),
            ),
            "The slope has the wrong sign: the line is a mirror image of the tangent.": (
                risk(eta) - (1 - eta) * slope,
                risk(eta) + eta * slope,
            ),
        }.items():
            if all(
                c.agrees(a, b, same, same)
                for a, b in zip(got, parts, strict=True)
            ) and not c.agrees(parts[0], real, same, same):
                c.fail(name)
        clipped = wrong_10_8_clipped(risk, eta)
        for part, want, bounded in zip(
            got, (real, generated), clipped, strict=True
        ):
            c.equal(
                part,
                want,
                tolerance,
                tolerance,
                mistakes={
                    "Shares were clipped between bounds; eta may come near 0 and 1.": bounded
                },
            )
            c.true(
                not part.requires_grad,
                "The losses carry a graph: detach them, and make the slope without create_graph.",
            )
        grid = torch.linspace(0, 1, 51, dtype=dtype)[:, None]
        lines = grid * got[0] + (1 - grid) * got[1]
        c.true(
            (lines >= risk(grid) - same).all(),
            "Some line passes below the risk, so a discriminator could pay less than it.",
        )
    return "Every line lies above the curve and touches it: the risk of your loss is the one that was given."


register(
    Exercise(
        id="10.8",
        title="Proof by construction: a loss for every risk",
        stars=3,
        kind="function",
        statement=r"""
The converse half of the theorem on gaps claims that every concave curve $\underline{L}$ is the Bayes risk of some
loss. Prove it by building the loss. A discriminator answers with a share `eta`; write `partial_losses(risk, eta)`,
which returns the pair of what it pays for that answer on a real and on a generated sample, $(\ell_1, \ell_0)$, such
that for every true share $s$ the mean payment $s\,\ell_1 + (1 - s)\,\ell_0$ is at least $\underline{L}(s)$, with
equality at $s =$ `eta`. Here `risk` is concave, elementwise and differentiable by autograd, `eta` a tensor of shape
$(N,)$ with entries in $(0, 1)$; return two tensors like it, without a graph.
""",
        stub="""
def partial_losses(risk, eta):
    return ...
""",
        hints=(
            r"As a function of $s$, the mean payment is a straight line. Which lines lie above a concave curve and touch it?",
            r"The tangent at `eta`, at $s = 1$ and $s = 0$: $\ell_1 = \underline{L}(\eta) + (1 - \eta)\underline{L}'(\eta)$.",
        ),
        explanation=r"""
The mean payment for the answer $\eta$ is affine in $s$; it must stay above $\underline{L}$ and meet it at $\eta$, so it
is the tangent there. Its values at the ends are $\ell_1 = \underline{L}(\eta) + (1-\eta)\underline{L}'(\eta)$ and
$\ell_0 = \underline{L}(\eta) - \eta\underline{L}'(\eta)$. A concave function is the infimum of its tangents, so the risk
of this loss is $\underline{L}$, and the true share is always a best answer: that is what *proper* means. For the
binary entropy one gets $-\log\eta$ and $-\log(1 - \eta)$.
""",
        solution=solution_10_8,
        alternatives=(alternative_10_8_jvp,),
        wrong=(
            (wrong_10_8_swapped, "all samples are real"),
            (wrong_10_8_constant, "cuts the curve"),
            (wrong_10_8_ends, "a chord"),
            (wrong_10_8_slope, "also has a height"),
            (wrong_10_8_shares, "splits the risk"),
            (wrong_10_8_sign, "mirror image"),
            (wrong_10_8_graph, "carry a graph"),
            (wrong_10_8_clipped, "between bounds"),
        ),
        check=check_10_8,
    )
)

# 10.9 --------------------------------------------------------------------------------------------------------------


def solution_10_9(scores, n):
    s = np.sort(scores)
    total = len(s)
    ways = [math.comb(total - i, n - 1) for i in range(1, total + 1)]
    return float(np.dot(ways, s) / math.comb(total, n))


def alternative_10_9_subsets(scores, n):
    return float(np.mean([min(part) for part in combinations(scores, n)]))


def wrong_10_9_replacement(scores, n):
    s, total = np.sort(scores), len(scores)
    above = np.arange(total, -1, -1) / total
    return float(np.dot(above[:-1] ** n - above[1:] ** n, s))


def wrong_10_9_first(scores, n):
    return float(np.min(scores[:n]))


def wrong_10_9_largest(scores, n):
    return -solution_10_9(-scores, n)


def wrong_10_9_mean_of_best(scores, n):
    return float(np.sort(scores)[:n].mean())


def wrong_10_9_overall(scores, n):
    return float(np.min(scores))


def wrong_10_9_mean(scores, n):
    return float(np.mean(scores))


def wrong_10_9_ties(scores, n):
    different = np.unique(scores)
    return alternative_10_9_subsets(different, min(n, len(different)))


def check_10_9(answer, c):
    for total, n in (
        (5, 2),
        (8, 3),
        (c.integer(4, 9), 2),
        (6, 6),
        (4, 1),
        (1, 1),
        (7, 3),
    ):
        scores = c.rng.exponential(size=total) + c.rng.normal(size=total)
        if total == 7:
            scores[2:4] = scores[:2]  # two settings may score the same
        # the best trial comes last, so that the first n do not hold it
        scores = np.roll(scores, -1 - int(scores.argmin()))
        c.equal(
            c.call(answer, scores, n),
            alternative_10_9_subsets(scores, n),
            mistakes={
                "That draws with replacement, as if one trial could be had twice.": wrong_10_9_replacement(
                    scores, n
                ),
                "That is the best of the first n in the order they were run; average over all subsets.": wrong_10_9_first(
                    scores, n
                ),
                "Low scores are good here; that is the expected worst.": wrong_10_9_largest(
                    scores, n
                ),
                "That is the mean of the n best, which presumes that you know them.": wrong_10_9_mean_of_best(
                    scores, n
                ),
                "That is the best of all trials, whatever n is.": wrong_10_9_overall(
                    scores, n
                ),
                "That is the mean score, the value for n = 1.": wrong_10_9_mean(
                    scores, n
                ),
                "Trials with equal scores are two trials; only one of them was kept.": wrong_10_9_ties(
                    scores, n
                ),
            },
        )


register(
    Exercise(
        id="10.9",
        title="The best of n trials",
        stars=2,
        kind="function",
        statement=r"""
A random search has tried $N$ settings. Write `best_of(scores, n)`, the expected *lowest* score among $n$ of the $N$
trials, drawn without replacement: the mean over all subsets of size $n$ of the subset's minimum. `scores` is an array
of shape $(N,)$, $1 \le n \le N$; return a number. (Loops over subsets are allowed: $N \le 10$.)
""",
        stub="""
def best_of(scores, n):
    return ...
""",
        hints=(
            "Sort. In how many subsets of size n is the i-th smallest score the lowest one?",
            "The other n - 1 members are then chosen among the N - i larger ones: `math.comb(N - i, n - 1)`.",
        ),
        explanation=r"""
The $i$-th smallest score is the minimum of $\binom{N-i}{n-1}$ of the $\binom Nn$ subsets. The curve falls from the mean
($n = 1$) to the best ($n = N$), and two methods should be compared at equal $n$: a method with twice as many trials has
a lower best score for no other reason. Drawing with replacement would leave the curve above the best score at $n = N$.
""",
        solution=solution_10_9,
        alternatives=(alternative_10_9_subsets,),
        wrong=(
            (wrong_10_9_replacement, "with replacement"),
            (wrong_10_9_first, "best of the first n"),
            (wrong_10_9_largest, "expected worst"),
            (wrong_10_9_mean_of_best, "mean of the n best"),
            (wrong_10_9_overall, "best of all trials"),
            (wrong_10_9_mean, "value for n = 1"),
            (wrong_10_9_ties, "equal scores"),
        ),
        check=check_10_9,
    )
)

# 10.10 -------------------------------------------------------------------------------------------------------------


def solution_10_10(D, x_real, x_fake, discriminator):
    optimizer = torch.optim.Adam(D.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1, 0.01, 300)
    for _ in range(300):
        loss = discriminator(D(x_real), D(x_fake))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    D.zero_grad()
    return D


def alternative_10_10_lbfgs(D, x_real, x_fake, discriminator):
    optimizer = torch.optim.LBFGS(
        D.parameters(), max_iter=100, line_search_fn="strong_wolfe"
    )

    def closure():
        optimizer.zero_grad()
        loss = discriminator(D(x_real), D(x_fake))
        loss.backward()
        return loss

    optimizer.step(closure)
    D.zero_grad()
    return D


def _descend_10_10(D, losses, steps=300):
    optimizer = torch.optim.Adam(D.parameters(), lr=0.05)
    for _ in range(steps):
        optimizer.zero_grad()
        losses(D).backward()
        optimizer.step()
    return D


def wrong_10_10_ascends(D, x_real, x_fake, discriminator):
    return _descend_10_10(
        D, lambda D: -discriminator(D(x_real), D(x_fake)), 30
    )


def wrong_10_10_swapped(D, x_real, x_fake, discriminator):
    return _descend_10_10(D, lambda D: discriminator(D(x_fake), D(x_real)))


def wrong_10_10_untrained(D, x_real, x_fake, discriminator):
    return D


def wrong_10_10_short(D, x_real, x_fake, discriminator):
    return _descend_10_10(D, lambda D: discriminator(D(x_real), D(x_fake)), 5)


def wrong_10_10_real_only(D, x_real, x_fake, discriminator):
    return _descend_10_10(
        D, lambda D: discriminator(D(x_real), D(x_fake).detach())
    )


def wrong_10_10_mixed(D, x_real, x_fake, discriminator):
    both = torch.cat([x_real, x_fake])
    return _descend_10_10(D, lambda D: discriminator(D(both), D(both)))


def _cross_entropy(d_real, d_fake):
    return softplus(-d_real).mean() + softplus(d_fake).mean()


def _coded(a, b):
    def loss(d_real, d_fake):
        return (
            (d_real - b).square().mean() + (d_fake - a).square().mean()
        ) / 2

    return loss


def wrong_10_10_copy(D, x_real, x_fake, discriminator):
    return solution_10_10(copy.deepcopy(D), x_real, x_fake, discriminator)


def check_10_10(answer, c):
    a, b = -1.0, c.number(0.5, 2)
    for name, discriminator in (
        ("cross-entropy", _cross_entropy),
        ("least squares", _coded(a, b)),
    ):
        real = torch.tensor([0, 0, 0, 1, 1, 2, 2, 2, 2, 3])
        fake = torch.tensor([0, 1, 1, 1, 1, 1, 2, 3, 3, 3])
        order = torch.randperm(4, generator=c.generator)
        x_real, x_fake = (torch.eye(4)[order[i]] for i in (real, fake))
        p, q = (
            torch.bincount(order[i], minlength=4) / 10 for i in (real, fake)
        )
        want = (
            (p / q).log()
            if name == "cross-entropy"
            else (b * p + a * q) / (p + q)
        )
        D = nn.Linear(4, 1)
        with torch.no_grad():
            D.weight.copy_(0.1 * c.normal((1, 4), torch.float32))
            D.bias.zero_()
        start = D(torch.eye(4))[:, 0].detach().clone()
        got = c.call(answer, D, x_real, x_fake, discriminator)
        c.true(
            isinstance(got, nn.Module),
            "The wrong type: the trained D was expected.",
        )
        c.true(
            got is D,
            "That is another module than the D that was handed over, which is to be trained in place.",
        )
        with torch.no_grad():
            scores = got(torch.eye(4))[:, 0]
        error = float((scores - want).abs().max())
        on = name
        if c.agrees(scores, start, 1e-6, 1e-6):
            c.fail("D is as it was: nothing was trained.", on)
        if not error < 0.03:
            with torch.no_grad():
                spread = float(scores.max() - scores.min())
            mirror = (
                (q / p).log()
                if name == "cross-entropy"
                else (b * q + a * p) / (p + q)
            )
            if c.agrees(scores, mirror, 0.05, 0.05):
                c.fail("Real and generated samples are exchanged.", on)
            if spread < 0.05:
                c.fail(
                    "D says the same everywhere: it has seen one and the same mixture on both sides.",
                    on,
                )
            loss = float(discriminator(got(x_real), got(x_fake)).detach())
            before = float(discriminator(start @ x_real.T, start @ x_fake.T))
            if loss > before and float(scores.min()) > 0.3:
                c.fail(
                    "D calls everything real: no gradient comes from the generated samples.",
                    on,
                )
            if loss > before:
                c.fail(
                    "The loss has grown: D minimises it, and this climbs.", on
                )
            c.fail(
                "D is on its way, but its scores are still far from the best ones: "
                "train longer, with a rate that falls.",
                on,
            )


register(
    Exercise(
        id="10.10",
        title="Train a critic to its optimum",
        stars=2,
        kind="experiment",
        statement=r"""
Write `train(D, x_real, x_fake, discriminator)`. It trains the module `D` in place on the *whole* samples, tensors of
shape $(N, d)$, so that `discriminator(D(x_real), D(x_fake))` is as small as it can be, and returns `D`. The checker
hands it a linear `D` on four atoms (one-hot vectors) and two losses, cross-entropy and least squares with codes of its
choice; all four scores must come within 0.03 of the optimum that this chapter derives. It may take half a second.
""",
        stub="""
def train(D, x_real, x_fake, discriminator):
    return ...
""",
        hints=(
            "The loop is that of chapter 2 without the generator: loss, zero_grad, backward, step.",
            "The problem is convex. Adam at 0.1 with a rate that falls over 300 steps is enough, and so is LBFGS.",
        ),
        explanation=r"""
On atoms that both samples reach, the optimum is finite: $\log(p_k/q_k)$ for cross-entropy, $(bp_k + aq_k)/(p_k + q_k)$
for least squares. Where only one sample has points, the logit of cross-entropy would run to infinity and the score of
least squares would stop at its code: one reason why their scores behave so differently in training.
""",
        solution=solution_10_10,
        alternatives=(alternative_10_10_lbfgs,),
        wrong=(
            (wrong_10_10_ascends, "this climbs"),
            (wrong_10_10_swapped, "exchanged"),
            (wrong_10_10_untrained, "as it was"),
            (wrong_10_10_short, "train longer"),
            (wrong_10_10_real_only, "everything real"),
            (wrong_10_10_mixed, "same everywhere"),
            (wrong_10_10_copy, "another module"),
        ),
        check=check_10_10,
        float32_only="networks are trained in float32",
    )
)

# 10.11 -------------------------------------------------------------------------------------------------------------


def solution_10_11():
    return 4 * 0.5  # 4 + 2 g = 4 (1 + 2 g / 4)


def check_10_11(value, c):
    # least squares shrinks its slope by 1 / (1 + g / 2), cross-entropy by 1 / (1 + 2 g)
    wanted = 1 / (1 + 2 * 0.5)
    c.equal(
        value,
        2 * (1 / wanted - 1),
        mistakes={
            "That is the other way round: under least squares the same weight acts more weakly.": 0.125,
            "Then least squares would be shrunk less: the weights do not mean the same.": 0.5,
            "The square of the slope's factor 4 is 16, but the loss is four times flatter as well.": 8.0,
            "That is half of it: compare 1 + 2g with (4 + 2g)/4.": 1.0,
            "That equates the slopes themselves, not by how much they shrink.": 0.0,
        },
    )


register(
    Exercise(
        id="10.11",
        title="Converting a penalty",
        stars=2,
        kind="value",
        statement=r"""
A recipe uses cross-entropy with R1 of weight $\gamma = 0.5$. You change the loss to least squares with the codes 0 and
1. Near $p = q$, which $\gamma$ shrinks the slope of the discriminator by the same factor as before, relative to its
slope without a penalty? Return the number.
""",
        stub="""
def gamma():
    return ...
""",
        hints=(
            r"Without penalty the slopes are $-m$ and $-m/4$; with it they are in equation {eq}`eq:10-scales`.",
            r"Set $1 + 2 \cdot 0.5$ equal to $(4 + 2\gamma)/4$.",
        ),
        explanation=r"""
The factors are $1/(1 + 2\gamma)$ and $4/(4 + 2\gamma) = 1/(1 + \gamma/2)$; they agree for $\gamma_{LS} = 4
\gamma_{CE} = 2$. Two effects partly cancel: the scores of least squares have a quarter of the slope, so their squares
are sixteen times smaller; and its loss has a quarter of the curvature in the log ratio.
""",
        solution=solution_10_11,
        wrong=(
            (lambda: 0.125, "other way round"),
            (lambda: 0.5, "shrunk less"),
            (lambda: 8.0, "four times flatter"),
            (lambda: 1.0, "half of it"),
            (lambda: 0.0, "slopes themselves"),
        ),
        check=check_10_11,
    )
)

# 10.12 -------------------------------------------------------------------------------------------------------------


def _js_10_12(p, q):
    m = (p + q) / 2

    def entropy(r):
        return -sum(x * math.log(x) for x in r if x > 0)

    return entropy(m) - (entropy(p) + entropy(q)) / 2


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
digits at least.
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


def _pairs_10_12(q):
    real, q = np.array([1, 1, 1, 0]) / 3, np.array(q) / 3
    return _js_10_12(np.outer(real, q).ravel(), np.outer(q, real).ravel())


# 10.13 -------------------------------------------------------------------------------------------------------------


def solution_10_13(phi_real, phi_fake, ridge):
    second = phi_fake.T @ phi_fake / len(phi_fake)
    first = phi_real.mean(axis=0)
    return np.linalg.solve(second + ridge * np.eye(len(first)), first)


def alternative_10_13_lstsq(phi_real, phi_fake, ridge):
    k = phi_real.shape[1]
    # (H + ridge I) w = h as normal equations of a stacked least squares problem
    rows = np.concatenate(
        [phi_fake / math.sqrt(len(phi_fake)), math.sqrt(ridge) * np.eye(k)]
    )
    normal = rows.T @ rows
    return np.linalg.inv(normal) @ phi_real.mean(axis=0)


def wrong_10_13_swapped(phi_real, phi_fake, ridge):
    return solution_10_13(phi_fake, phi_real, ridge)


def wrong_10_13_no_ridge(phi_real, phi_fake, ridge):
    return solution_10_13(phi_real, phi_fake, 0.0)


def wrong_10_13_sums(phi_real, phi_fake, ridge):
    k = phi_real.shape[1]
    return np.linalg.solve(
        phi_fake.T @ phi_fake + ridge * np.eye(k), phi_real.sum(axis=0)
    )


def wrong_10_13_real_twice(phi_real, phi_fake, ridge):
    k = phi_real.shape[1]
    second = phi_real.T @ phi_real / len(phi_real)
    return np.linalg.solve(second + ridge * np.eye(k), phi_real.mean(axis=0))


def wrong_10_13_centred(phi_real, phi_fake, ridge):
    k = phi_real.shape[1]
    second = np.cov(phi_fake.T, bias=True).reshape(k, k)
    return np.linalg.solve(second + ridge * np.eye(k), phi_real.mean(axis=0))


def wrong_10_13_twice(phi_real, phi_fake, ridge):
    return 2 * solution_10_13(phi_real, phi_fake, ridge)


def wrong_10_13_positive(phi_real, phi_fake, ridge):
    return np.maximum(solution_10_13(phi_real, phi_fake, ridge), 0)


def check_10_13(answer, c):
    for n, m, k in ((30, 40, 3), (25, 20, c.integer(2, 5)), (12, 30, 1)):
        real = c.rng.uniform(0.1, 1, size=(n, k))
        fake = c.rng.uniform(0.1, 1.5, size=(m, k))
        ridge = c.number(0.05, 0.5)
        if n == 30:  # the last bump is where p is small: a negative weight
            real[:, -1] *= 0.05
        got = c.call(answer, real, fake, ridge)
        want = solution_10_13(real, fake, ridge)
        c.equal(
            got,
            want,
            rtol=1e-7,
            mistakes={
                "p and q are exchanged: that is the ratio q/p.": wrong_10_13_swapped(
                    real, fake, ridge
                ),
                "The ridge is missing.": wrong_10_13_no_ridge(
                    real, fake, ridge
                ),
                "Those are sums, not means: unequal sample sizes change the ratio.": wrong_10_13_sums(
                    real, fake, ridge
                ),
                "Both moments are taken over real samples; r squared is averaged over q.": wrong_10_13_real_twice(
                    real, fake, ridge
                ),
                "The bumps' mean was subtracted: that is a covariance, not a second moment.": wrong_10_13_centred(
                    real, fake, ridge
                ),
                "The half in front of the squares was lost on the way: twice too large.": 2
                * want,
                "Weights may be negative: nothing is to be cut off.": wrong_10_13_positive(
                    real, fake, ridge
                ),
            },
        )

        def objective(w, real=real, fake=fake, ridge=ridge):
            fit = ((fake @ w) ** 2).mean() / 2 - (real @ w).mean()
            return fit + ridge / 2 * (w**2).sum()

        w = np.asarray(got, dtype=float)
        nearby = [
            objective(w + 1e-3 * c.rng.normal(size=k)) for _ in range(5)
        ]
        c.true(
            objective(w) <= min(nearby), "Weights nearby have a lower value."
        )


register(
    Exercise(
        id="10.13",
        title="A ratio by one linear system",
        stars=2,
        kind="function",
        statement=r"""
Let $r = \sum_k w_k \phi_k$. Write `ratio_weights(phi_real, phi_fake, ridge)`, the weights $w$ that minimise
$\tfrac12\mathbb{E}_q[r^2] - \mathbb{E}_p[r] + \tfrac12\,\text{ridge}\,\lVert w \rVert^2$ with means over samples. The
arguments are numpy arrays of the values of the bumps, of shape $(N, K)$ at real points and $(M, K)$ at generated ones,
and a positive number; return an array of shape $(K,)$.
""",
        stub="""
def ratio_weights(phi_real, phi_fake, ridge):
    return ...
""",
        hints=(
            r"It is a quadratic function of $w$. Set its gradient to zero.",
            r"$(H + \text{ridge}\, I)\,w = h$ with $H$ the mean of $\phi\phi^\top$ over generated points, $h$ that of $\phi$ over real ones.",
        ),
        explanation=r"""
$\nabla = Hw - h + \text{ridge}\, w$. Up to a constant the objective is half the mean squared error of $r$ against $p/q$
under $q$, because $\mathbb{E}_q[r \cdot p/q] = \mathbb{E}_p[r]$: the unknown ratio has disappeared from what has to be
estimated. That is the same trick by which a discriminator learns a ratio that it is never shown.
""",
        solution=solution_10_13,
        alternatives=(alternative_10_13_lstsq,),
        wrong=(
            (wrong_10_13_swapped, "exchanged"),
            (wrong_10_13_no_ridge, "ridge is missing"),
            (wrong_10_13_sums, "sums, not means"),
            (wrong_10_13_real_twice, "averaged over q"),
            (wrong_10_13_centred, "covariance"),
            (wrong_10_13_twice, "twice too large"),
            (wrong_10_13_positive, "may be negative"),
        ),
        check=check_10_13,
    )
)
