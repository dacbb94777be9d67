r"""Exercises 3.6 and 3.8: Every score meets every label; Five runs, four numbers each."""

import torch

from ganbook.exercises.engine.core import (
    Exercise,
    classify,
    register,
)
from ganbook.exercises.engine.mistakes import mistake, outcomes

# 3.6 ---------------------------------------------------------------------------------------------------------------


def broken_3_6(d_real, d_fake, smooth):
    n = len(d_real)
    ones = 1 - 0.1 * smooth
    real = torch.log1p(torch.exp(-d_real)) * ones
    real = real + torch.log1p(torch.exp(d_real)) * (1 - ones)
    fake = torch.log1p(torch.exp(d_fake))
    return real.sum() / n + fake.sum() / n


def solution_3_6(d_real, d_fake, smooth):
    labels = (1 - 0.1 * smooth).reshape(d_real.shape)
    softplus = torch.nn.functional.softplus
    real = softplus(-d_real) * labels + softplus(d_real) * (1 - labels)
    return real.mean() + softplus(d_fake).mean()


def alternative_3_6_torch(d_real, d_fake, smooth):
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    return bce(d_real[:, 0], 1 - 0.1 * smooth) + bce(
        d_fake, torch.zeros_like(d_fake)
    )


@mistake(
    "The mean hides the factor N, but (N, 1) times (N,) still pairs every score with every label."
)
def wrong_3_6_mean(d_real, d_fake, smooth):
    ones = 1 - 0.1 * smooth
    softplus = torch.nn.functional.softplus
    return (
        softplus(-d_real) * ones + softplus(d_real) * (1 - ones)
    ).mean() + softplus(d_fake).mean()


@mistake("The labels are not used.")
def wrong_3_6_no_smoothing(d_real, d_fake, smooth):
    softplus = torch.nn.functional.softplus
    return softplus(-d_real).mean() + softplus(d_fake).mean()


@mistake("A label of 0.95 also puts weight 0.05 on the other answer.")
def wrong_3_6_no_second_term(d_real, d_fake, smooth):
    softplus = torch.nn.functional.softplus
    return (
        softplus(-d_real) * (1 - 0.1 * smooth)[:, None]
    ).mean() + softplus(d_fake).mean()


def wrong_3_6_overflow(d_real, d_fake, smooth):
    labels = (1 - 0.1 * smooth)[:, None]
    real = torch.log1p(torch.exp(-d_real)) * labels + torch.log1p(
        torch.exp(d_real)
    ) * (1 - labels)
    return real.mean() + torch.log1p(torch.exp(d_fake)).mean()


def wrong_3_6_capped(d_real, d_fake, smooth):
    return solution_3_6(d_real.clamp(-80, 80), d_fake.clamp(-80, 80), smooth)


@mistake("Only the real half is smoothed.")
def wrong_3_6_both_halves(d_real, d_fake, smooth):
    labels = (1 - 0.1 * smooth)[:, None]
    softplus = torch.nn.functional.softplus
    mixed = softplus(-d_real) * labels + softplus(d_real) * (1 - labels)
    return mixed.mean() + (softplus(d_fake) * labels).mean()


def wrong_3_6_detached(d_real, d_fake, smooth):
    return solution_3_6(d_real, d_fake, smooth).detach()


def check_3_6(answer, c):
    for dtype in c.dtypes:
        for n in (4, c.integer(3, 9), 1):
            d_real, d_fake = (3 * c.normal((2, n, 1), dtype)).unbind()
            smooth = c.uniform(0, 1, (n,), dtype)
            p, q, y = (
                torch.sigmoid(d_real.double())[:, 0],
                torch.sigmoid(d_fake.double())[:, 0],
                1 - 0.1 * smooth.double(),
            )
            want = (
                -(y * p.log() + (1 - y) * (1 - p).log()).mean()
                - (1 - q).log().mean()
            ).to(dtype)
            c.equal(
                c.call(answer, d_real, d_fake, smooth),
                want,
                rtol=2e-4,
                atol=1e-5,
                mistakes={
                    "(N, 1) times (N,) is (N, N): every score met every label, and their sum is N times too large.": broken_3_6(
                        d_real, d_fake, smooth
                    )
                }
                | outcomes(
                    (d_real, d_fake, smooth),
                    wrong_3_6_mean,
                    wrong_3_6_no_smoothing,
                    wrong_3_6_no_second_term,
                    wrong_3_6_both_halves,
                ),
            )
        given = c.normal((3, 1), dtype), c.normal((3, 1), dtype)
        smooth = c.uniform(0, 1, (3,), dtype)
        _, slopes = c.call_grad(
            lambda d_real, d_fake, smooth=smooth: getattr(
                answer, "function", answer
            )(d_real, d_fake, smooth),
            *given,
        )
        y = 1 - 0.1 * smooth.double()[:, None]
        c.equal(
            tuple(slopes),
            (
                ((torch.sigmoid(given[0].double()) - y) / 3).to(dtype),
                (torch.sigmoid(given[1].double()) / 3).to(dtype),
            ),
            says="The value is right, its gradient not.",
        )
        far = torch.full((2, 1), 900.0, dtype=dtype)
        got = c.call(answer, far, far, torch.ones(2, dtype=dtype))
        c.true(
            torch.isfinite(got).all(),
            "At a score of 900 it is not finite: exp overflows, softplus does not.",
        )
        for large in (40.0, 150.0, 900.0):
            signs = torch.tensor([[1.0], [-1.0], [1.0], [-1.0]], dtype=dtype)
            d_real, d_fake = large * signs, -large * signs.flip(0)
            d_real[0], d_fake[1] = c.number(-2, 2), c.number(-2, 2)
            smooth = c.uniform(0, 1, (4,), dtype)
            y = 1 - 0.1 * smooth.double()[:, None]

            def plus(s):
                s = s.double()
                return torch.log1p(torch.exp(-s.abs())) + s.clamp(min=0)

            want = (plus(-d_real) * y + plus(d_real) * (1 - y)).mean()
            c.equal(
                c.call(answer, d_real, d_fake, smooth),
                (want + plus(d_fake).mean()).to(dtype),
                rtol=2e-4,
                says="Finite is not enough: at large scores a loss grows with the score, and a cap stops it.",
            )
        _, slopes = c.call_grad(answer, far, far, far[:, 0] / 900)
        c.equal(
            tuple(slopes[:2]),
            (torch.full_like(far, 0.05), torch.full_like(far, 0.5)),
            says="The value is right at a score of 900, its gradient not: `where` also differentiates the branch that it does not take.",
        )


register(
    Exercise(
        id="3.6",
        title="Every score meets every label",
        stars=2,
        kind="bug",
        statement=r"""
Somebody smooths the labels of real pictures at random: the label of picture $i$ is $1 - 0.1\,s_i$. `d_real` and
`d_fake` are scores of shape $(N, 1)$, as $D$ returns them; `smooth` holds the $s_i$ and has shape $(N,)$. The function
below should return the mean binary cross-entropy of the real pictures with their labels plus that of the generated
ones with label 0. Nothing raises, but the loss is wrong. Mend it; it must also be finite for scores of 900.
""",
        stub="""
def loss_d(d_real, d_fake, smooth):
    return ...
""",
        hints=(
            "Print the shape of `torch.log1p(torch.exp(-d_real)) * ones`.",
            "Give the labels the shape of the scores; then a plain mean is right. For large scores use "
            "`torch.nn.functional.softplus`.",
        ),
        explanation=r"""
$(N, 1) \times (N,)$ broadcasts to $(N, N)$: every score meets every label, and the sum divided by $N$ is $N$ times
too large. Taking the mean instead hides the factor, and with *equal* labels even gives the right loss, which is why
this mistake is rarely noticed; with random ones it pairs each score with the average label. Give labels the shape of the
scores. And $\log(1 + e^d)$ overflows near 89 in float32, where `softplus(d)` is $d$.
""",
        solution=solution_3_6,
        alternatives=(alternative_3_6_torch,),
        broken=broken_3_6,
        wrong=(
            (broken_3_6, "N times too large"),
            wrong_3_6_mean,
            wrong_3_6_no_smoothing,
            wrong_3_6_no_second_term,
            (wrong_3_6_overflow, "overflows"),
            wrong_3_6_both_halves,
            (wrong_3_6_capped, "a cap stops it"),
            (wrong_3_6_detached, "gradient is missing"),
        ),
        check=check_3_6,
    )
)


# 3.8 ---------------------------------------------------------------------------------------------------------------

_TRUTH_3_8 = {
    "A": "healthy",
    "B": "collapsed",
    "C": "memorised",
    "D": "frozen",
    "E": "noise",
}


def solution_3_8():
    return {
        "A": "healthy",
        "B": "collapsed",
        "C": "memorised",
        "D": "frozen",
        "E": "noise",
    }


def _swap_3_8(run, label):
    return solution_3_8() | {run: label}


register(
    Exercise(
        id="3.8",
        title="Five runs, four numbers each",
        stars=2,
        kind="classify",
        statement=r"""
Five finished runs on MNIST. *FD* is the Fréchet distance of 10,000 samples (floor 1, noise 800), given for an
earlier and a later moment; *IS* the inception score (test digits 9.8); *NN* the median distance to the
nearest training picture: Euclidean distance of grey values in $[-1, 1]$ (test digits 8.6, pure noise 32).

| run | loss of D, earlier and later | FD, earlier and later | IS, later | NN, later |
|---|---|---|---|---|
| A | 1.0, 1.0 | 300, 90 | 8.5 | 10 |
| B | 0.9, 0.6 | 350, 640 | 1.2 | 10 |
| C | 1.2, 1.1 | 40, 1.1 | 9.8 | 0.0 |
| D | 1.1, 0.3 | 217, 217 | 6.3 | 12 |
| E | 0.0, 0.0 | 800, 799 | 1.0 | 32 |

Return a dict from `"A"` to `"E"` to one of `"healthy"`, `"collapsed"` (few kinds of picture left), `"memorised"` (G
replays the training set), `"frozen"` (G does not move any more, from a useful state), `"noise"` (G never started).
""",
        stub="""
def verdicts():
    # {"A": "healthy", "B": ...}
    return ...
""",
        hints=(
            "Start with the column that names one run beyond doubt: a distance of zero to the training set.",
            "An FD that does not move at all: two runs have it. Which of them shows digits?",
            "An inception score near 1 means either nothing recognisable, or always the same thing.",
        ),
        explanation=r"""
C has distance 0 to the training set, so its perfect scores are worth nothing: FD and inception score cannot see
copying. D and E do not change; D's samples are digits (IS 6.3), E's are noise. B's FD grew while its inception score
fell to 1.2: the pictures are as near to real ones as A's, but they are all alike. The losses decided nothing: A's
stood still while its FD fell from 300 to 90.
""",
        solution=solution_3_8,
        wrong=(
            (_swap_3_8("A", "frozen"), "FD fell from 300"),
            (_swap_3_8("B", "noise"), "as near to real digits as"),
            (_swap_3_8("C", "healthy"), "distance of 0"),
            (_swap_3_8("D", "collapsed"), "inception score of 6.3"),
            (_swap_3_8("E", "collapsed"), "never left the level of noise"),
            (_swap_3_8("B", "healthy"), "1.2 out of 10"),
        ),
        check=classify(
            _TRUTH_3_8,
            labels=("healthy", "collapsed", "memorised", "frozen", "noise"),
            reasons={
                (
                    "A",
                    "frozen",
                ): "Its losses stand still, but its FD fell from 300 to 90.",
                (
                    "A",
                    "memorised",
                ): "Its samples are no nearer to training pictures than new digits are.",
                (
                    "B",
                    "noise",
                ): "Its samples are as near to real digits as those of run A; noise is at 32.",
                (
                    "B",
                    "healthy",
                ): "An inception score of 1.2 out of 10: hardly more than one kind of picture.",
                (
                    "C",
                    "healthy",
                ): "A median distance of 0 to training pictures: these *are* training pictures.",
                (
                    "D",
                    "collapsed",
                ): "An inception score of 6.3 needs many kinds of digit.",
                (
                    "D",
                    "noise",
                ): "An inception score of 6.3: these can be read.",
                (
                    "D",
                    "healthy",
                ): "217 and 217 to the last digit: nothing moved, while D went on learning.",
                (
                    "E",
                    "collapsed",
                ): "It never left the level of noise: nothing was there to collapse.",
                (
                    "E",
                    "frozen",
                ): "Frozen, perhaps, but not from a useful state: FD is that of noise.",
            },
        ),
    )
)
