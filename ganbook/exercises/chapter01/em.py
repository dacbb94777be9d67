r"""Exercises 1.4 and 1.6: A likelihood without a maximum; A likelihood that falls."""

import numpy as np
import torch
from scipy.special import logsumexp

from ganbook.exercises.chapter01.mixtures import HALF_LOG_2PI
from ganbook.exercises.engine.core import (
    Exercise,
    register,
)
from ganbook.exercises.engine.words import say

# 1.4 ---------------------------------------------------------------------------------------------------------------


def solution_1_4(x, level):
    n, center = len(x), np.mean(x)
    broad = np.std(x) + 1.0
    standard = (x - center) / broad
    rest = np.log(0.5 / (broad * np.sqrt(2 * np.pi))) - 0.5 * standard**2
    # nats that the first point has to bring in
    needed = n * (level + 1) - rest[1:].sum()
    narrow = np.exp(np.log(0.5 / np.sqrt(2 * np.pi)) - needed)
    means, stds = np.array([x[0], center]), np.array([narrow, broad])
    return np.array([0.5, 0.5]), means, stds


def wrong_1_4_hard_coded(x, level):
    return (
        np.array([0.5, 0.5]),
        np.array([x[0], np.mean(x)]),
        np.array([1e-3, np.std(x)]),
    )


def wrong_1_4_both_narrow(x, level):
    return (
        np.array([0.5, 0.5]),
        np.array([x[0], x[1]]),
        np.array([1e-100, 1e-100]),
    )


def wrong_1_4_zero(x, level):
    return (
        np.array([0.5, 0.5]),
        np.array([x[0], np.mean(x)]),
        np.array([0.0, np.std(x)]),
    )


def wrong_1_4_weights(x, level):
    return (
        np.array([0.5, np.exp(level + 10)]),
        np.array([x[0], np.mean(x)]),
        np.array([1.0, np.std(x)]),
    )


def wrong_1_4_beside(x, level):
    return (
        np.array([0.5, 0.5]),
        np.array([x[0] + 0.01, np.mean(x)]),
        np.array([1e-200, np.std(x) + 1]),
    )


def wrong_1_4_one(x, level):
    return np.array([1.0]), np.array([x[0]]), np.array([1e-100])


def wrong_1_4_no_weight(x, level):
    return (
        np.array([1.0, 0.0]),
        np.array([x[0], np.mean(x)]),
        np.array([1e-200, np.std(x)]),
    )


def wrong_1_4_two_points(x, level):
    return (
        np.array([0.5, 0.5]),
        np.array([x[0], x[1]]),
        np.array([1e-200, 1e-6]),
    )


def check_1_4(answer, c):
    for n, level, size in (
        (5, 3.0, 1.0),
        (8, c.number(5, 20), 1.0),
        (c.integer(6, 10), 30.0, 1.0),
        (6, 10.0, 1000.0),
        (7, 0.0, 1.0),
    ):
        x = size * (np.sort(c.rng.normal(size=n) * 2) + np.arange(n) * 0.1)
        x = np.roll(x, n // 2)  # the data come in no order
        got = c.call(answer, x, level)
        c.true(
            isinstance(got, tuple | list | np.ndarray) and len(got) == 3,
            "The wrong shape: a tuple (weights, means, stds) was expected.",
        )
        try:
            weights, means, stds = (
                np.asarray(part, dtype=np.float64) for part in got
            )
        except (TypeError, ValueError):
            c.fail(
                "The wrong shape: three arrays of two numbers each were expected."
            )
        c.true(
            not any(np.isnan(part).any() for part in (weights, means, stds)),
            "The result has NaN.",
        )
        c.true(
            weights.shape == means.shape == stds.shape == (2,),
            "The wrong shape: two components were asked for.",
        )
        c.true(
            (weights >= 0).all() and abs(weights.sum() - 1) < 1e-9,
            "The weights are no distribution over components.",
        )
        c.true(
            (stds > 0).all() and np.isfinite(stds).all(),
            "A standard deviation has to be positive: zero is no density.",
        )
        with np.errstate(divide="ignore", over="ignore"):
            parts = (
                np.log(weights)
                - 0.5 * ((x[:, None] - means) / stds) ** 2
                - np.log(stds)
                - HALF_LOG_2PI
            )
        each = logsumexp(parts, axis=1)
        if each.mean() >= level:
            continue
        if (stds < 1e-30).all():
            c.fail(
                "The level is missed: both components are narrow, and every other point is ruled out."
            )
        if not np.isclose(means[:, None], x[None], rtol=0, atol=1e-12).any():
            c.fail(
                "The level is missed: no component sits exactly on a data point, so a narrow one gains nothing."
            )
        c.true(
            (weights > 0).all(),
            "The level is missed: a component of weight zero is not there at all, and leaves "
            "its points without density.",
        )
        if size > 1 and each.min() < -1e4:
            c.fail(
                "On numbers of a thousand the level is missed: the wide component is too narrow for them. "
                "Let its width grow with the spread of `x`."
            )
        if each.min() < -1e6:
            c.fail(
                "The level is missed: nothing wide covers the other points, and the worst of them costs "
                "more than the narrow component can ever bring in."
            )
        c.fail(
            say(
                "The mean log-likelihood is {value:.4g}, below the level {level:.4g}: the narrow component has to shrink as the level and the number of points grow.",
                value=each.mean(),
                level=level,
            )
        )


register(
    Exercise(
        id="1.4",
        title="A likelihood without a maximum",
        stars=3,
        kind="experiment",
        statement=r"""
Show that the likelihood of a mixture has no maximum. Write `blow_up(x, level)`: for a NumPy array `x` of 5 to 10
different numbers and any `level` from 0 to 30 (nats), return a tuple `(weights, means, stds)` of three arrays of length
2, the parameters of a two-component mixture on the line whose *mean* log-likelihood over `x` is at least `level`.
Weights must be a distribution and standard deviations positive.
""",
        stub="""
def blow_up(x, level):
    return ...
""",
        hints=(
            "One component sits on one data point, with a standard deviation as small as you like. What must the other do?",
            "The other covers all the rest, at some finite cost. The point under the narrow one earns about "
            r"$-\log s$ nats: choose $s$ from $N$ times the level plus that cost.",
        ),
        explanation=r"""
With $\mu_1 = x_1$ the first component gives the point $x_1$ the density $w_1 / (s\sqrt{2\pi})$, which grows without
bound as $s \to 0$. The other component, wide and fixed, keeps all other points at a finite log-density. So the sum of
log-likelihoods tends to infinity. That is why EM with a component on a single point ends in a singular covariance,
why implementations add a small ridge to it, and why "maximum likelihood" here means a good *local* maximum.
A single Gaussian has no such hole: shrinking, it would rule out the other points. (A fixed $s = 10^{-300}$ passes
as well, since levels stop at 30; only the range of floating-point numbers stops it there, and not the mathematics.)
""",
        solution=solution_1_4,
        wrong=(
            (wrong_1_4_hard_coded, "has to shrink"),
            (wrong_1_4_both_narrow, "both components are narrow"),
            (wrong_1_4_zero, "zero is no density"),
            (wrong_1_4_weights, "no distribution over components"),
            (wrong_1_4_beside, "exactly on a data point"),
            (wrong_1_4_one, "two components were asked"),
            (wrong_1_4_no_weight, "weight zero"),
            (wrong_1_4_two_points, "nothing wide covers"),
        ),
        check=check_1_4,
    )
)


# 1.6 ---------------------------------------------------------------------------------------------------------------


def solution_1_6(x, r):
    count = r.sum(dim=0)
    means = (r * x[:, None]).sum(dim=0) / count
    variances = (r * (x[:, None] - means) ** 2).sum(dim=0) / count
    return count / len(x), means, variances


def broken_1_6(x, r):
    count = r.sum(dim=0)
    means = (r * x[:, None]).sum(dim=0) / count
    variances = (r * (x[:, None] - x.mean()) ** 2).sum(dim=0) / len(x)
    return count / len(x), means, variances


def alternative_1_6_loop(x, r):
    weights, means, variances = [], [], []
    for column in r.T:
        mean = torch.dot(column, x) / column.sum()
        means.append(mean)
        variances.append(
            torch.dot(column, x**2 - 2 * mean * x + mean**2) / column.sum()
        )
        weights.append(column.mean())
    return torch.stack(weights), torch.stack(means), torch.stack(variances)


def wrong_1_6_divisor(x, r):
    weights, means, variances = solution_1_6(x, r)
    return weights, means, variances * weights


def wrong_1_6_centre(x, r):
    weights, means, _ = solution_1_6(x, r)
    return (
        weights,
        means,
        (r * (x[:, None] - x.mean()) ** 2).sum(dim=0) / r.sum(dim=0),
    )


def wrong_1_6_std(x, r):
    weights, means, variances = solution_1_6(x, r)
    return weights, means, variances.sqrt()


def wrong_1_6_counts(x, r):
    weights, means, variances = solution_1_6(x, r)
    return weights * len(x), means, variances


def wrong_1_6_squared(x, r):
    weights, means, _ = solution_1_6(x, r)
    return (
        weights,
        means,
        ((r * (x[:, None] - means)) ** 2).sum(dim=0) / r.sum(dim=0),
    )


def wrong_1_6_unbiased(x, r):
    weights, means, variances = solution_1_6(x, r)
    return weights, means, variances * r.sum(dim=0) / (r.sum(dim=0) - 1)


def wrong_1_6_mean_over_all(x, r):
    return r.mean(dim=0), (r * x[:, None]).mean(dim=0), solution_1_6(x, r)[2]


def wrong_1_6_count_floor(x, r):
    count = r.sum(dim=0)
    held = count.clamp(min=1)
    means = (r * x[:, None]).sum(dim=0) / held
    variances = (r * (x[:, None] - means) ** 2).sum(dim=0) / held
    return count / len(x), means, variances


def wrong_1_6_floor(x, r):
    weights, means, variances = solution_1_6(x, r)
    return weights, means, variances.clamp(min=1e-3)


def check_1_6(answer, c):
    for dtype in c.dtypes:
        for n, k, scale, rare in (
            (7, 2, 1, 0),
            (12, 3, 1, 0),
            (9, 2, 0.01, 0),
            (9, 2, 1e-5, 0),
            (8, 3, 1, 7),
        ):
            x = c.normal((n,), dtype) * 2 + 1
            slopes = torch.linspace(-1, 1, k, dtype=dtype)
            logits = x[:, None] * slopes + 0.5 * c.normal((n, k), dtype)
            logits[:, 0] -= rare  # less than one sample in all
            r = torch.softmax(logits, 1)
            x = scale * x
            given = (x, r)
            got = c.call(answer, x, r)
            want = tuple(
                part.to(dtype)
                for part in solution_1_6(x.double(), r.double())
            )
            c.equal(
                got,
                want,
                rtol=1e-3 if dtype == torch.float32 else None,
                mistakes={
                    "The variances still have both faults: whose mean do they use, and what are they divided by?": lambda g=given: (
                        broken_1_6(*g)
                    ),
                    "A small component has too small a variance: divide by its own N_k, not by N.": lambda g=given: (
                        wrong_1_6_divisor(*g)
                    ),
                    "The variances are taken about the mean of all data, not about the component's own.": lambda g=given: (
                        wrong_1_6_centre(*g)
                    ),
                    "Those are standard deviations.": lambda g=given: (
                        wrong_1_6_std(*g)
                    ),
                    "The weights are counts; they are to sum to one.": lambda g=given: (
                        wrong_1_6_counts(*g)
                    ),
                    "The responsibilities are squared along with the distance.": lambda g=given: (
                        wrong_1_6_squared(*g)
                    ),
                    "Divided by N_k − 1, that is no maximum of the likelihood: the M step divides by N_k.": lambda g=given: (
                        wrong_1_6_unbiased(*g)
                    ),
                    "A floor below the variances is no part of the M step: small data have small variances.": lambda g=given: (
                        wrong_1_6_floor(*g)
                    ),
                    "A component may own less than one sample in all: its mean and variance are divided by its own N_k however small that is.": lambda g=given: (
                        wrong_1_6_count_floor(*g)
                    ),
                    "The means were right before: divide the weighted sum by N_k, not by N.": lambda g=given: (
                        wrong_1_6_mean_over_all(*g)
                    ),
                },
            )


register(
    Exercise(
        id="1.6",
        title="A likelihood that falls",
        stars=2,
        kind="bug",
        statement=r"""
On some data this M step makes the likelihood fall, which {prf:ref}`thm:01-em` forbids. Mend it. `x` is a tensor of
shape $(N,)$, `r` the responsibilities, $(N, K)$; the result is a tuple of weights, means and *variances*, each of
shape $(K,)$ and of the inputs' dtype.
""",
        stub="""
def m_step(x, r):
    return ...
""",
        broken=broken_1_6,
        hints=(
            "Compare with {eq}`eq:01-mstep`, one line at a time. Which line does not treat each component separately?",
            "The third line is wrong twice: the centre is to be $\\mu_k$, the divisor $N_k$.",
        ),
        explanation=r"""
Given $r$, each component is an ordinary Gaussian fitted to weighted points, so its variance is taken about *its own*
mean and divided by *its own* total weight $N_k$. About the mean of all data the variance is too large by
$(\mu_k - \bar x)^2$; divided by $N$ it is too small by the factor $w_k$. Either way the M step does not maximise the
bound, and the theorem's proof breaks at its second sentence. A printed likelihood that falls is how one notices.
""",
        solution=solution_1_6,
        alternatives=(alternative_1_6_loop,),
        wrong=(
            (broken_1_6, "both faults"),
            (wrong_1_6_divisor, "divide by its own"),
            (wrong_1_6_centre, "mean of all data"),
            (wrong_1_6_std, "standard deviations"),
            (wrong_1_6_counts, "weights are counts"),
            (wrong_1_6_squared, "squared along"),
            (wrong_1_6_unbiased, "no maximum"),
            (wrong_1_6_mean_over_all, "means were right"),
            (wrong_1_6_floor, "no part of the m step"),
            (wrong_1_6_count_floor, "less than one sample"),
        ),
        check=check_1_6,
    )
)
