r"""Exercises 10.4, 10.5 and 10.11."""

import torch

from ganbook.exercises.engine.core import Exercise, register
from ganbook.exercises.engine.mistakes import mistake, outcomes

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


@mistake("Ratios were clipped between bounds; any positive u may come.")
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
                }
                | outcomes((k, u), wrong_10_5_clipped),
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
            wrong_10_5_clipped,
            (wrong_10_5_graph, "carries a graph"),
        ),
        check=check_10_5,
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
A recipe uses cross-entropy with R1 of weight $\gamma = 0.5$. You change the loss to least squares with the codes 0
and 1. Near $p = q$, which $\gamma$ shrinks the slope of the discriminator by the same factor as before, relative to its
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
