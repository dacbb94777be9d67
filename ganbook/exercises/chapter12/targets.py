r"""What D is asked for, and which samples G learns from: smoothed targets and top-k."""

import math

import torch
from torch.nn.functional import softplus

from ganbook.exercises.engine.core import Exercise, register
from ganbook.exercises.engine.mistakes import mistake, outcomes

# 12.7 ------------------------------------------------------------------


def solution_12_7():
    return "log((a*p + b*q) / ((1 - a)*p + (1 - b)*q))"


def check_12_7(value, c):
    c.expression(
        value,
        lambda p, q, a, b: math.log(
            (a * p + b * q) / ((1 - a) * p + (1 - b) * q)
        ),
        p=(0.1, 3),
        q=(0.1, 3),
        a=(0.6, 0.95),
        b=(0.05, 0.3),
        mistakes={
            "That is the best probability; the score is its logit.": "(a*p + b*q) / (p + q)",
            "That is the optimum without smoothing.": "log(p/q)",
            "That is the logarithm of the best probability s; a score is log(s / (1 - s)).": "log((a*p + b*q) / (p + q))",
            "The targets stand with the wrong densities.": "log((b*p + a*q) / ((1 - b)*p + (1 - a)*q))",
            "That forgets that a real sample has the share 1 - a of the other target.": "log(a*p / ((1 - b)*q))",
            "That is the cap, the limit for q = 0.": "log(a / (1 - a))",
        },
    )


register(
    Exercise(
        id="12.7",
        title="The best score with two targets",
        stars=2,
        kind="expression",
        statement=r"""
    $D$ is trained with the target $a$ on real samples and $b$ on generated ones, $0 < b < a < 1$:

    $$L_D = \mathbb{E}_p[a\,\mathrm{sp}(-d) + (1-a)\,\mathrm{sp}(d)] + \mathbb{E}_q[b\,\mathrm{sp}(-d) + (1-b)\,\mathrm{sp}(d)] .$$

    Return the best score $d$ (before any sigmoid) at a point with densities $p$ and $q$, as a sympy expression or as text in
    `p`, `q`, `a` and `b`, such as `"log(p*a)"`.
    """,
        stub="""
    def score():
        return ...
    """,
        hints=(
            r"Collect the terms with $\mathrm{sp}(-d)$ and those with $\mathrm{sp}(d)$: the loss at a point is $A\,\mathrm{sp}(-d) + B\,\mathrm{sp}(d)$.",
            r"Its derivative is $-A(1 - \sigma(d)) + B\sigma(d)$. Where is it zero?",
        ),
        explanation=r"""
    With $A = ap + bq$ and $B = (1-a)p + (1-b)q$ the derivative vanishes at $\sigma(d) = A/(A + B)$, whose logit is
    $\log(A/B)$. For $q \to 0$ it tends to $\log\frac{a}{1-a}$, for $p \to 0$ to $\log\frac{b}{1-b}$: with $b > 0$ the
    score is bounded on both sides, and flat where only one law has mass.
    """,
        solution=solution_12_7,
        wrong=(
            (lambda: "(a*p + b*q) / (p + q)", "its logit"),
            (lambda: "log(p/q)", "without smoothing"),
            (lambda: "log((a*p + b*q) / (p + q))", "logarithm of the best"),
            (
                lambda: "log((b*p + a*q) / ((1 - b)*p + (1 - a)*q))",
                "wrong densities",
            ),
            (lambda: "log(a*p / ((1 - b)*q))", "share 1 - a"),
            (lambda: "log(a / (1 - a))", "is the cap"),
        ),
        check=check_12_7,
    )
)

# 12.8 ------------------------------------------------------------------


def solution_12_8(d_fake, k):
    return softplus(-d_fake.flatten().topk(k).values).mean()


def alternative_12_8_sort(d_fake, k):
    best = d_fake.reshape(-1).sort(descending=True).values[:k]
    return -torch.nn.functional.logsigmoid(best).sum() / k


@mistake("Those are the samples with the lowest scores.")
def wrong_12_8_lowest(d_fake, k):
    return softplus(-d_fake.flatten().sort().values[:k]).mean()


@mistake("That is the loss of the whole batch.")
def wrong_12_8_all(d_fake, k):
    return softplus(-d_fake).mean()


@mistake(
    "That divides by the size of the batch; only k samples take part in the mean."
)
def wrong_12_8_divisor(d_fake, k):
    return softplus(-d_fake.flatten().topk(k).values).sum() / d_fake.numel()


@mistake("That is the saturating loss of G.")
def wrong_12_8_sign(d_fake, k):
    return -softplus(d_fake.flatten().topk(k).values).mean()


def wrong_12_8_detached(d_fake, k):
    return softplus(-d_fake.detach().flatten().topk(k).values).mean()


@mistake("Those are the first k, whatever their scores.")
def wrong_12_8_first(d_fake, k):
    return softplus(-d_fake.flatten()[:k]).mean()


@mistake("Of samples with equal scores more than k were kept.")
def wrong_12_8_threshold(d_fake, k):
    flat = d_fake.flatten()
    return softplus(-flat[flat >= flat.topk(k).values[-1]]).mean()


def wrong_12_8_overflow(d_fake, k):
    return -torch.sigmoid(d_fake.flatten().topk(k).values).log().mean()


def check_12_8(answer, c):
    for dtype in c.dtypes:
        tied = c.normal((3,), dtype).sort().values
        for scores, k in (
            (c.normal((6, 1), dtype) * 3, 2),
            (c.normal((9,), dtype) * 3, 9),
            (c.normal((7, 1), dtype) * 3, 1),
            (c.normal((12, 1), dtype) * 3, c.integer(3, 6)),
            (tied[torch.tensor([1, 0, 1, 2, 1])], 2),
            (c.uniform(-2000, -1000, (5, 1), dtype), 3),
        ):
            order = sorted(scores.flatten().tolist(), reverse=True)[:k]
            want = sum(
                max(0.0, -d) + math.log1p(math.exp(-abs(d))) for d in order
            )
            want = want / k
            got, (gradient,) = c.call_grad(answer, scores, k)
            c.true(
                bool(got.isfinite().all()) or float(scores.max()) > -100,
                "It overflows at scores far below zero: keep softplus.",
            )
            on = f"{scores.numel()} scores, k = {k}"
            c.equal(
                got,
                torch.tensor(want, dtype=dtype),
                rtol=1e-4,
                on=on,
                mistakes=outcomes(
                    (scores, k),
                    wrong_12_8_lowest,
                    wrong_12_8_all,
                    wrong_12_8_divisor,
                    wrong_12_8_sign,
                    wrong_12_8_first,
                    wrong_12_8_threshold,
                ),
            )
            c.true(
                gradient is not None
                and int((gradient.flatten() != 0).sum()) == k,
                "The gradient must reach exactly k of the scores.",
                on=on,
            )
    scores = c.normal((300,))
    c.like(answer, solution_12_8, lambda: (scores, 200), rtol=1e-9)


register(
    Exercise(
        id="12.8",
        title="The best k of a batch",
        stars=1,
        kind="function",
        statement=r"""
    Write `top_k_loss(d_fake, k)`: the non-saturating loss of $G$, $\mathrm{mean}\,\mathrm{sp}(-d)$, over the `k` highest scores in
    `d_fake`, a tensor of shape `(N,)` or `(N, 1)` with $1 \le k \le N$, as a scalar tensor. Gradients must reach these
    k scores and no others.
    """,
        stub="""
    def top_k_loss(d_fake, k):
        return ...
    """,
        hints=(
            r"`topk` returns values and places; the values keep their gradient.",
            r"Flatten first, so that both shapes work, and take the mean over what is left.",
        ),
        explanation=r"""
    Dropping samples changes the law under which $G$'s loss is a mean: from $q$ to $q$ conditioned on a high score. A
    sample that $D$ finds bad gets no gradient, so nothing repairs it until $G$'s weights move for other reasons.
    """,
        solution=solution_12_8,
        alternatives=(alternative_12_8_sort,),
        wrong=(
            wrong_12_8_lowest,
            wrong_12_8_all,
            wrong_12_8_divisor,
            wrong_12_8_sign,
            (wrong_12_8_detached, "gradient is missing"),
            wrong_12_8_first,
            wrong_12_8_threshold,
            (wrong_12_8_overflow, "far below zero"),
        ),
        check=check_12_8,
    )
)
