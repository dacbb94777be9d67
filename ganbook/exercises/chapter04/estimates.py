r"""Exercises 4.9 and 4.11: A divergence from unequal batches; How many samples are left."""

import math

import numpy as np
import torch
from torch.nn.functional import logsigmoid

from ganbook.exercises.engine.core import (
    Exercise,
    register,
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
            (c.integer(1, 3), 5_000),
            (5_000, c.integer(1, 3)),
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


def wrong_4_11_unweighted(h, scores):
    return float(h.mean()), solution_4_11(h, scores)[1]


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
            says = "The estimate is right, the effective number is not."
            if not first and shift == 0.0 and not isinstance(shift, int):
                moved = c.call(answer, h, scores - 1)
                says = (
                    "The first number is not the mean of h under the weights."
                    if c.agrees(moved, got, rtol=1e-3, atol=1e-5)
                    else "A constant added to all scores must change nothing: divide by the sum of the weights."
                )
            elif not first:
                says = "The first number is not the mean of h under the weights: do they still sum to one?"
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
                says=says,
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
$\mathcal{N}(0,1)$ against $\mathcal{N}(m,1)$ it tends to $N e^{-m^2}$ as $N$ grows. With too few samples it is far too high:
at $m = 3$ and $N = 10{,}000$ that would be 1.2, and the computed number is usually between 5 and 75, because the places
with the largest weights have no sample yet. A small effective number is a warning, a large one no proof.
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
            (wrong_4_11_unweighted, "not the mean of h"),
        ),
        check=check_4_11,
    )
)
