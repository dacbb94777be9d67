r"""Scores for pixels, attention, and an honest comparison."""

import numpy as np
import torch
from torch.nn.functional import softplus

from ganbook.exercises.engine.core import Exercise, register, rubric
from ganbook.exercises.engine.mistakes import mistake, outcomes

# 13.12 -----------------------------------------------------------------


def solution_13_12(scores, real):
    sign = torch.where(real, -1.0, 1.0).to(scores.dtype)
    return softplus(sign * scores).mean()


def alternative_13_12_two_sums(scores, real):
    total = softplus(-scores[real]).sum() + softplus(scores[~real]).sum()
    return total / scores.numel()


@mistake("Real and generated are swapped: real pixels should score high.")
def wrong_13_12_swapped(scores, real):
    return solution_13_12(scores, ~real)


@mistake("That is the loss of a mean score; take the mean of the losses.")
def wrong_13_12_mean_score(scores, real):
    sign = torch.where(real, -1.0, 1.0).to(scores.dtype)
    return softplus((sign * scores).mean())


@mistake("Each pixel counts alike, however many of its kind there are.")
def wrong_13_12_two_means(scores, real):
    return (
        softplus(-scores[real]).mean() + softplus(scores[~real]).mean()
    ) / 2


@mistake("That is the sum; it grows with the picture.")
def wrong_13_12_summed(scores, real):
    return solution_13_12(scores, real) * scores.numel()


@mistake("Generated pixels have a loss, too.")
def wrong_13_12_real_only(scores, real):
    return softplus(-scores[real]).mean()


@mistake("That is the hinge loss.")
def wrong_13_12_hinge(scores, real):
    sign = torch.where(real, -1.0, 1.0).to(scores.dtype)
    return (1 + sign * scores).relu().mean()


def wrong_13_12_log_sigmoid(scores, real):
    sign = torch.where(real, 1.0, -1.0).to(scores.dtype)
    return -torch.sigmoid(sign * scores).log().mean()


def wrong_13_12_two_sorts(scores, real):
    own, other = softplus(-scores[real]), softplus(scores[~real])
    share = real.to(scores.dtype).mean()
    return share * own.mean() + (1 - share) * other.mean()


def wrong_13_12_branches(scores, real):
    z = torch.where(real, -scores, scores)
    return torch.where(z > 30, z, torch.log1p(torch.exp(z))).mean()


def check_13_12(answer, c):
    for dtype in c.dtypes:
        for size in (1.0, 3.0, 400.0, 2.0):
            scores = size * c.normal((3, 1, 4, 5), dtype)
            real = torch.zeros(3, 1, 4, 5, dtype=torch.bool)
            real[0], real[1, :, :2, : c.integer(1, 3)] = True, True
            if size == 2.0:
                real[:] = True
            want = torch.logaddexp(
                torch.zeros_like(scores), torch.where(real, -scores, scores)
            ).mean()
            got = c.call(answer, scores, real)
            if size > 100 and not torch.isfinite(torch.as_tensor(got)).all():
                c.fail(
                    "For scores of several hundred the result is not finite: the logarithm of a sigmoid that has become 0."
                )
            if size == 2.0 and torch.isnan(torch.as_tensor(got)).any():
                c.fail(
                    "Where every pixel is real, the mean over the generated ones, of which there are none, is NaN."
                )
            c.equal(
                got,
                want,
                mistakes=outcomes(
                    (scores, real),
                    wrong_13_12_swapped,
                    wrong_13_12_mean_score,
                    wrong_13_12_two_means,
                    wrong_13_12_summed,
                    wrong_13_12_real_only,
                    wrong_13_12_hinge,
                ),
            )
            _, (slope, *_) = c.call_grad(answer, scores, real)
            sign = torch.where(real, -1.0, 1.0).to(dtype)
            c.equal(
                slope,
                sign * torch.sigmoid(sign * scores) / scores.numel(),
                says="The loss is right, and its gradient is not: a branch that `torch.where` does not take has a gradient as well.",
            )


register(
    Exercise(
        id="13.12",
        title="A picture that is half real",
        stars=2,
        kind="function",
        statement=r"""
    {cite:t}`schonfeld2020unet` also show their U-Net pictures that are put together from a real and a generated one; the
    discriminator is to say of each pixel where it comes from. Write `pixel_loss(scores, real)`: D's loss, the mean over
    all pixels of all pictures of $\operatorname{softplus}(-s)$ where `real` and $\operatorname{softplus}(s)$ elsewhere,
    as a scalar tensor. `scores` has shape `(N, 1, H, W)`, `real` is boolean of the same shape. Scores may be several
    hundred in size.
    """,
        stub="""
    def pixel_loss(scores, real):
        return ...
    """,
        hints=(
            r"`torch.where` gives a sign for each pixel.",
            r"`torch.nn.functional.softplus` of the score with the right sign, then one mean over everything.",
        ),
        explanation=r"""
    One mean over all pixels, so that a pixel's weight does not depend on how many others are real. `softplus` stays
    finite for every score; the logarithm of a sigmoid does not.
    """,
        solution=solution_13_12,
        alternatives=(alternative_13_12_two_sums,),
        wrong=(
            wrong_13_12_swapped,
            wrong_13_12_mean_score,
            wrong_13_12_two_means,
            wrong_13_12_summed,
            wrong_13_12_real_only,
            wrong_13_12_hinge,
            (wrong_13_12_log_sigmoid, "not finite"),
            (wrong_13_12_two_sorts, "of which there are none"),
            (wrong_13_12_branches, "gradient is not"),
        ),
        check=check_13_12,
    )
)

# 13.13 -----------------------------------------------------------------


def solution_13_13(q, k, v):
    score = q @ k.T
    weight = np.exp(score - score.max(axis=1, keepdims=True))
    return weight / weight.sum(axis=1, keepdims=True) @ v


def alternative_13_13_loop(q, k, v):
    rows = []
    for query in q:
        score = k @ query
        weight = np.exp(score - np.logaddexp.reduce(score))
        rows.append(weight @ v)
    return np.array(rows)


def wrong_13_13_overflow(q, k, v):
    with np.errstate(all="ignore"):
        weight = np.exp(q @ k.T)
        return weight / weight.sum(axis=1, keepdims=True) @ v


@mistake(
    "That divides by the root of the key's size, which the weights of this chapter do not."
)
def wrong_13_13_scaled(q, k, v):
    return solution_13_13(q / np.sqrt(q.shape[1]), k, v)


@mistake("The weights of one query add up to one; here those of one key do.")
def wrong_13_13_other_axis(q, k, v):
    score = q @ k.T
    weight = np.exp(score - score.max(axis=0))
    return weight / weight.sum(axis=0) @ v


@mistake("Queries and keys have changed places.")
def wrong_13_13_swapped(q, k, v):
    return solution_13_13(k, q, v)


@mistake("The softmax is left out.")
def wrong_13_13_linear(q, k, v):
    return q @ k.T @ v


@mistake("That takes the best key alone; all of them have a weight.")
def wrong_13_13_hardest(q, k, v):
    return v[(q @ k.T).argmax(axis=1)]


def check_13_13(answer, c):
    for size, width in ((1.0, 2), (0.3, 3), (30.0, 2), (1.0, 4)):
        n = c.integer(4, 7)
        q, k = (size * c.rng.normal(size=(n, 3)) for _ in range(2))
        v = c.rng.normal(size=(n, width))
        got = c.call(answer, q, k, v)
        if size > 10 and not np.isfinite(np.asarray(got, dtype=float)).all():
            c.fail(
                "For large scores the result is not finite: subtract the largest before the exponential."
            )
        c.equal(
            got,
            alternative_13_13_loop(q, k, v),
            rtol=1e-8,
            atol=1e-10,
            mistakes=outcomes(
                (q, k, v),
                wrong_13_13_scaled,
                wrong_13_13_other_axis,
                wrong_13_13_swapped,
                wrong_13_13_linear,
                wrong_13_13_hardest,
            ),
        )


register(
    Exercise(
        id="13.13",
        title="Attention in four lines",
        stars=2,
        kind="function",
        statement=r"""
    Write `attend(q, k, v)` for numpy arrays of queries and keys `(n, d)` and values `(n, e)`: row $i$ is
    $\sum_j a_{ij} v_j$ with the weights of {eq}`eq:13-attention`. Scores $q_i \cdot k_j$ may be several thousand in size.
    """,
        stub="""
    def attend(q, k, v):
        return ...
    """,
        hints=(
            r"All scores at once: `q @ k.T`. Over which axis do the weights add up to one?",
            r"Subtract the largest score of each row before the exponential: the weights do not change.",
        ),
        explanation=r"""
    The weights of one query form a probability vector over all places. Subtracting a row's maximum cancels in the
    quotient and keeps the exponential finite. Permute the places, and the rows of the result are permuted with them.
    """,
        solution=solution_13_13,
        alternatives=(alternative_13_13_loop,),
        wrong=(
            (wrong_13_13_overflow, "not finite"),
            wrong_13_13_scaled,
            wrong_13_13_other_axis,
            wrong_13_13_swapped,
            wrong_13_13_linear,
            wrong_13_13_hardest,
        ),
        check=check_13_13,
    )
)

# 13.14 -----------------------------------------------------------------


def solution_13_14():
    return (
        "On MNIST, with rates chosen from the same two values in runs of the same length, the pair at full resolution "
        "had a lower Fréchet distance than the residual pair (2,000 samples, the book's classifier) at 180 CPU seconds "
        "in each of five paired seeds, but after 1,024 steps in one of the five only. Its step takes two fifths of the "
        "operations. On clothes, in the same setting, it was ahead at 180 seconds in four of five seeds (p = 0.1). We did "
        "not test longer runs or other widths, so we claim nothing about which network is better when trained to the end."
    )


register(
    Exercise(
        id="13.14",
        title="Which network is better?",
        stars=2,
        kind="rubric",
        statement=r"""
    A draft says: "Our architecture is better than the baseline: after 100 epochs it has an FID of 9.1 and the baseline
    one of 11.4." The new network has five times the operations per step; both were run once, and the learning rate was
    tuned for the new one. Write a claim, in at most five sentences, that a reader could check and would not be misled
    by; use numbers of this chapter for two of its networks.
    """,
        stub="""
    def claim():
        return ...
    """,
        hints=(
            r"What was held equal: steps, seconds, operations, parameters, care in tuning?",
            r"How many seeds, and was the difference there in each? For how long does the ordering last?",
        ),
        explanation=r"""
    "Better" needs a clock, a number of seeds, and equal care. Two clocks may give two orders, and a lead may end with
    longer training.
    """,
        solution=solution_13_14,
        check=rubric(
            "names the clock (steps or seconds) at which the networks are compared, and what the other clock says",
            "gives the number of seeds and the spread, or counts pairs of runs that share a seed",
            "says that both networks had the same choice of rates",
            "names score, number of samples, features and data",
            "says what was not tested: longer runs, other sizes, other data",
        ),
    )
)
