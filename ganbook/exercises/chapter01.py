r"""Exercises of chapter 1: joint and conditional, mixtures, masks, and what a likelihood does not see."""

import math

import numpy as np
import torch
from scipy.special import logsumexp

from ganbook.exercises.engine.core import (
    Exercise,
    choice,
    classify,
    register,
    rubric,
)
from ganbook.exercises.engine.proofs import ordered

# 1.1 ---------------------------------------------------------------------------------------------------------------


def solution_1_1():
    return {
        "naive Bayes": "generative",
        "logistic regression": "discriminative",
        "picture from caption": "generative",
        "least squares": "discriminative",
        "next word": "generative",
        "GAN generator": "generative",
    }


def wrong_1_1(case):
    answer = solution_1_1()
    answer[case] = (
        "generative" if answer[case] == "discriminative" else "discriminative"
    )
    return answer


register(
    Exercise(
        id="1.1",
        title="Which kind of model?",
        stars=1,
        kind="classify",
        statement=r"""
Sort six models. $x$ is what is observed, $y$ what is said about it. Return a dict from each name to
`"generative"` or `"discriminative"`.

- `"naive Bayes"`: $p(y)$ and $p(x_j \mid y)$ for each word $x_j$ of a mail $x$; used to throw spam away.
- `"logistic regression"`: $p(y \mid x)$ for the same mails and the same use.
- `"picture from caption"`: $p(x \mid y)$ for pictures $x$ and captions $y$.
- `"least squares"`: a line and the spread round it, $p(y \mid x)$ for the price $y$ of a house $x$.
- `"next word"`: $p(x_i \mid x_1, \dots, x_{i-1})$ for the words of a text $x$, at every position.
- `"GAN generator"`: a network that turns noise into pictures $x$.
""",
        stub="""
def kinds():
    # {"naive Bayes": "...", "logistic regression": "...", and so on}
    return ...
""",
        hints=(
            "Do not ask what the model is used for. Ask: could you draw an $x$ from it?",
            "A product of conditionals of *all* parts of $x$ is a distribution of $x$. A formula for the density is not "
            "needed for drawing.",
        ),
        explanation=r"""
Four of them can make an $x$: naive Bayes (draw $y$, then each word), the picture model, the language model (draw
one word after another) and the generator. The other two hold $p(y \mid x)$ and nothing about which $x$ occur. Uses
do not matter: the first two sort the same mails, one by a generative and one by a discriminative model. Conditioning
does not matter either; what counts is on which side of the bar the observation stands.
""",
        solution=solution_1_1,
        wrong=(
            (wrong_1_1("naive Bayes"), "draw a label, then each word"),
            (wrong_1_1("logistic regression"), "cannot write a mail"),
            (wrong_1_1("picture from caption"), "left of the bar"),
            (wrong_1_1("least squares"), "does not know which houses"),
            (wrong_1_1("next word"), "product rule"),
            (wrong_1_1("GAN generator"), "without a formula for the density"),
        ),
        check=classify(
            solution_1_1(),
            labels=("generative", "discriminative"),
            reasons={
                (
                    "naive Bayes",
                    "discriminative",
                ): "It classifies, but it holds p(y) and p(x | y): draw a label, then each word.",
                (
                    "logistic regression",
                    "generative",
                ): "It holds p(y | x) only, and cannot write a mail.",
                (
                    "picture from caption",
                    "discriminative",
                ): "It is conditional, but the picture stands left of the bar.",
                (
                    "least squares",
                    "generative",
                ): "It can draw a price for a house; it does not know which houses there are.",
                (
                    "next word",
                    "discriminative",
                ): "By the product rule its factors multiply to p(x) of the whole text.",
                (
                    "GAN generator",
                    "discriminative",
                ): "It draws pictures; it does so without a formula for the density.",
            },
        ),
    )
)

# 1.2 ---------------------------------------------------------------------------------------------------------------


def solution_1_2(prior, likelihood):
    joint = likelihood * prior
    return joint / joint.sum(dim=1, keepdim=True)


def alternative_1_2_loop(prior, likelihood):
    rows = []
    for row in likelihood:
        evidence = sum(p * q for p, q in zip(prior, row, strict=True))
        rows.append(
            torch.stack(
                [p * q / evidence for p, q in zip(prior, row, strict=True)]
            )
        )
    return torch.stack(rows)


def wrong_1_2_no_prior(prior, likelihood):
    return likelihood / likelihood.sum(dim=1, keepdim=True)


def wrong_1_2_over_x(prior, likelihood):
    joint = likelihood * prior
    return joint / joint.sum(dim=0)


def wrong_1_2_joint(prior, likelihood):
    return likelihood * prior


def wrong_1_2_evidence(prior, likelihood):
    return likelihood * prior / likelihood.sum(dim=1, keepdim=True)


def wrong_1_2_broadcast(prior, likelihood):
    joint = likelihood * prior
    evidence = joint.sum(dim=1)
    if len(evidence) != len(prior):
        evidence = evidence[:, None]
    return joint / evidence  # a square table divides columns by sums of rows


def wrong_1_2_softmax(prior, likelihood):
    return torch.softmax(likelihood * prior, dim=1)


def check_1_2(answer, c):
    for dtype in c.dtypes:
        cases = [
            (
                torch.tensor([0.9, 0.1], dtype=dtype),
                torch.tensor([[0.5, 0.8], [0.5, 0.2]], dtype=dtype),
            )
        ]
        for rows, classes in ((4, 3), (2, 5)):
            cases.append(
                (
                    c.probabilities((classes,), dtype),
                    c.probabilities((classes, rows), dtype).T.contiguous(),
                )
            )
        cases[-1][1][0, 0] = 0
        for prior, likelihood in cases:
            got = c.call(answer, prior, likelihood)
            given, joint = (
                (prior, likelihood),
                likelihood.double() * prior.double(),
            )
            want = torch.stack([row / row.sum() for row in joint]).to(dtype)
            c.equal(
                got,
                want,
                mistakes={
                    "The prior is missing: a rare class is to stay rare.": lambda g=given: (
                        wrong_1_2_no_prior(*g)
                    ),
                    "The columns sum to one, so this is p(x | y); for each x the classes are to sum to one.": lambda g=given: (
                        wrong_1_2_over_x(*g)
                    ),
                    "That is the joint p(x, y): it is not divided by p(x) yet.": lambda g=given: (
                        wrong_1_2_joint(*g)
                    ),
                    "The denominator p(x) needs the prior too.": lambda g=given: (
                        wrong_1_2_evidence(*g)
                    ),
                    "No exponentials here: these are probabilities already, not scores.": lambda g=given: (
                        wrong_1_2_softmax(*g)
                    ),
                    "The sums of rows were laid along the columns: keepdim=True keeps each sum with its row.": lambda g=given: (
                        wrong_1_2_broadcast(*g)
                    ),
                },
            )


register(
    Exercise(
        id="1.2",
        title="Bayes from a table",
        stars=1,
        kind="function",
        statement=r"""
Write `posterior(prior, likelihood)`. `prior` is a tensor of shape $(K,)$ with $p(y)$; `likelihood` has shape
$(X, K)$ with $p(x \mid y)$ in row $x$ and column $y$, so that its *columns* sum to one. Return $p(y \mid x)$, shape
$(X, K)$, same dtype; every $x$ has positive probability. For example, prior $(0.9, 0.1)$ and likelihood rows
$(0.5, 0.8)$, $(0.5, 0.2)$ give $0.849$ for the first class in the first row.
""",
        stub="""
def posterior(prior, likelihood):
    return ...
""",
        hints=(
            r"First the joint: $p(x, y) = p(y)\, p(x \mid y)$. Which axis does the prior belong to?",
            "Divide each row of the joint by its sum, which is $p(x)$; `keepdim=True` keeps the shapes in line.",
        ),
        explanation=r"""
The joint is the likelihood with each column scaled by its prior. Row sums of the joint are $p(x)$. Leaving the prior
out amounts to assuming equal classes, and it is the error by which a test that is right 95 times in 100 seems to
prove a rare disease. Dividing by column sums gives back $p(x \mid y)$.
""",
        solution=solution_1_2,
        alternatives=(alternative_1_2_loop,),
        wrong=(
            (wrong_1_2_no_prior, "prior is missing"),
            (wrong_1_2_over_x, "columns sum to one"),
            (wrong_1_2_joint, "that is the joint"),
            (wrong_1_2_evidence, "needs the prior too"),
            (wrong_1_2_softmax, "no exponentials"),
            (wrong_1_2_broadcast, "with its row"),
        ),
        check=check_1_2,
    )
)

# 1.3 ---------------------------------------------------------------------------------------------------------------

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


def solution_1_3(x, weights, means, stds):
    standard = (x[:, None] - means) / stds
    constant = 0.5 * math.log(2 * math.pi)
    log_normal = -0.5 * standard**2 - torch.log(stds) - constant
    return torch.logsumexp(torch.log(weights) + log_normal, dim=1)


def alternative_1_3_library(x, weights, means, stds):
    from torch.distributions import Categorical, MixtureSameFamily, Normal

    return MixtureSameFamily(
        Categorical(weights), Normal(means, stds)
    ).log_prob(x)


def alternative_1_3_pairwise(x, weights, means, stds):
    total = torch.full_like(x, -math.inf)
    for w, m, s in zip(weights, means, stds, strict=True):
        term = torch.log(w / (s * math.sqrt(2 * math.pi))) - (x - m) ** 2 / (
            2 * s**2
        )
        total = torch.logaddexp(total, term)
    return total


def wrong_1_3_underflow(x, weights, means, stds):
    standard = (x[:, None] - means) / stds
    density = (
        weights
        * torch.exp(-0.5 * standard**2)
        / (stds * math.sqrt(2 * math.pi))
    )
    return torch.log(density.sum(dim=1))


def wrong_1_3_no_weights(x, weights, means, stds):
    return solution_1_3(x, torch.ones_like(weights), means, stds)


def wrong_1_3_variance(x, weights, means, stds):
    return solution_1_3(x, weights, means, torch.sqrt(stds))


def wrong_1_3_mean_of_logs(x, weights, means, stds):
    logs = (
        -0.5 * ((x[:, None] - means) / stds) ** 2
        - torch.log(stds)
        - HALF_LOG_2PI
    )
    return (weights * logs).sum(dim=1)


def wrong_1_3_no_scale(x, weights, means, stds):
    return torch.logsumexp(
        torch.log(weights)
        - 0.5 * ((x[:, None] - means) / stds) ** 2
        - HALF_LOG_2PI,
        dim=1,
    )


def wrong_1_3_two_pi(x, weights, means, stds):
    return solution_1_3(x, weights, means, stds) + HALF_LOG_2PI


def wrong_1_3_largest(x, weights, means, stds):
    standard = (x[:, None] - means) / stds
    return (
        (
            torch.log(weights)
            - 0.5 * standard**2
            - torch.log(stds)
            - HALF_LOG_2PI
        )
        .max(dim=1)
        .values
    )


def wrong_1_3_tiny(x, weights, means, stds):
    density = torch.exp(wrong_1_3_underflow(x, weights, means, stds))
    return torch.log(density + torch.finfo(x.dtype).tiny)


def wrong_1_3_largest_when_far(x, weights, means, stds):
    plain = wrong_1_3_underflow(x, weights, means, stds)
    largest = wrong_1_3_largest(x, weights, means, stds)
    return torch.where(plain.isfinite(), plain, largest)


def wrong_1_3_bits(x, weights, means, stds):
    return solution_1_3(x, weights, means, stds) / math.log(2)


def wrong_1_3_not_squared(x, weights, means, stds):
    square = (x[:, None] - means) ** 2 / stds
    return torch.logsumexp(
        torch.log(weights) - 0.5 * square - torch.log(stds) - HALF_LOG_2PI,
        dim=1,
    )


def check_1_3(answer, c):
    for dtype in c.dtypes:
        for k in (1, 3, 4):
            weights, means = (
                c.probabilities((k,), dtype),
                2 * c.normal((k,), dtype),
            )
            stds = c.uniform(0.3, 2, (k,), dtype)
            x = 3 * c.normal((6,), dtype)
            density = sum(
                w
                * torch.exp(-0.5 * ((x.double() - m) / s) ** 2)
                / (s * math.sqrt(2 * math.pi))
                for w, m, s in zip(
                    weights.double(),
                    means.double(),
                    stds.double(),
                    strict=True,
                )
            )
            given = (x, weights, means, stds)
            c.equal(
                c.call(answer, *given),
                torch.log(density).to(dtype),
                rtol=1e-4 if dtype == torch.float32 else None,
                atol=1e-4 if dtype == torch.float32 else None,
                mistakes={
                    "The weights are dropped.": lambda g=given: (
                        wrong_1_3_no_weights(*g)
                    ),
                    "The third parameter is a standard deviation; it was used as a variance.": lambda g=given: (
                        wrong_1_3_variance(*g)
                    ),
                    "That is the mean of the logs; the mixture adds densities, then takes one log.": lambda g=given: (
                        wrong_1_3_mean_of_logs(*g)
                    ),
                    "A wide Gaussian is low: the factor 1/std is missing.": lambda g=given: (
                        wrong_1_3_no_scale(*g)
                    ),
                    "The constant of the Gaussian, with 2 pi, is missing.": lambda g=given: (
                        wrong_1_3_two_pi(*g)
                    ),
                    "Only the largest component counts here; the mixture adds them all up.": lambda g=given: (
                        wrong_1_3_largest(*g)
                    ),
                    "That is in bits; nats were asked for.": lambda g=given: (
                        wrong_1_3_bits(*g)
                    ),
                    "In the exponent the distance is to be divided by the square of the standard deviation.": lambda g=given: (
                        wrong_1_3_not_squared(*g)
                    ),
                },
            )
        far = torch.tensor([40.0, -300.0], dtype=dtype)
        got = c.call(
            answer,
            far,
            torch.tensor([0.5, 0.5], dtype=dtype),
            torch.tensor([0.0, 1.0], dtype=dtype),
            torch.ones(2, dtype=dtype),
        )
        nearest = (
            torch.tensor([-0.5 * 39.0**2, -0.5 * 300.0**2], dtype=dtype)
            - HALF_LOG_2PI
            - math.log(2)
        )
        c.true(
            torch.isfinite(torch.as_tensor(got)).all(),
            "The density underflows to zero far away, and its log is infinite; stay in the log domain.",
        )
        c.equal(
            got,
            nearest,
            rtol=1e-4,
            says="A small number inside the log hides the underflow and puts its own "
            "log in place of the answer; stay in the log domain.",
        )
        for k in (2, 3, 5):  # far away, and several components count
            weights = c.probabilities((k,), dtype)
            stds = c.number(0.5, 2) * torch.ones(k, dtype=dtype)
            means = 0.01 * c.normal((k,), dtype)
            x = torch.tensor([60.0, -75.0, 0.1, -90.0, 82.0], dtype=dtype)
            wide = [v.double().numpy() for v in (x, weights, means, stds)]
            logs = (
                np.log(wide[1])
                - 0.5 * ((wide[0][:, None] - wide[2]) / wide[3]) ** 2
                - np.log(wide[3])
                - HALF_LOG_2PI
            )
            c.equal(
                c.call(answer, x, weights, means, stds),
                torch.from_numpy(logsumexp(logs, axis=1)).to(dtype),
                rtol=1e-5 if dtype == torch.float32 else 1e-9,
                atol=1e-2 if dtype == torch.float32 else 1e-6,
                says="Far away several components may count alike: add them up there as well.",
            )


register(
    Exercise(
        id="1.3",
        title="Forty standard deviations away",
        stars=2,
        kind="function",
        statement=r"""
Write `mixture_log_density(x, weights, means, stds)`, the log-density in nats of a mixture of Gaussians on the line,
$\log \sum_k w_k\, \mathcal N(x; m_k, s_k^2)$. `x` is a tensor of shape $(N,)$, the others of shape $(K,)$; return
$(N,)$, same dtype. It must be finite and right even at points where the density is smaller than any floating-point
number: at $x = 40$ the even mixture of $\mathcal N(0, 1)$ and $\mathcal N(1, 1)$ has log-density $-762.112$.
""",
        stub="""
def mixture_log_density(x, weights, means, stds):
    return ...
""",
        hints=(
            "Work out $\\log w_k + \\log \\mathcal N(x; m_k, s_k^2)$ for each component first; shape $(N, K)$.",
            "Never call `exp` on those numbers yourself: `torch.logsumexp(..., dim=1)` pulls the largest out first.",
        ),
        explanation=r"""
At 40 standard deviations the density is about $e^{-800}$; the smallest double is about $e^{-745}$. The log-density
is a perfectly ordinary number, if one never leaves the log domain. `logsumexp` subtracts the largest exponent, so
that one term is $e^0$. Averaging the logs instead gives a lower bound (Jensen), which is what EM's bound is made of,
but not the likelihood.
""",
        solution=solution_1_3,
        alternatives=(alternative_1_3_library, alternative_1_3_pairwise),
        wrong=(
            (wrong_1_3_underflow, "underflows"),
            (wrong_1_3_no_weights, "weights are dropped"),
            (wrong_1_3_variance, "used as a variance"),
            (wrong_1_3_mean_of_logs, "mean of the logs"),
            (wrong_1_3_no_scale, "factor 1/std"),
            (wrong_1_3_two_pi, "with 2 pi"),
            (wrong_1_3_largest, "only the largest"),
            (wrong_1_3_tiny, "hides the underflow"),
            (wrong_1_3_largest_when_far, "several components may count"),
            (wrong_1_3_bits, "in bits"),
            (wrong_1_3_not_squared, "square of the standard"),
        ),
        check=check_1_3,
    )
)

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
    for n, level in (
        (5, 3.0),
        (8, c.number(5, 20)),
        (c.integer(6, 10), 30.0),
    ):
        x = np.sort(c.rng.normal(size=n) * 2) + np.arange(n) * 0.1
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
        if each.min() < -1e6:
            c.fail(
                "The level is missed: nothing wide covers the other points, and the worst of them costs "
                "more than the narrow component can ever bring in."
            )
        c.fail(
            f"The mean log-likelihood is {each.mean():.4g}, below the level {level:.4g}: the narrow "
            "component has to shrink as the level and the number of points grow."
        )


register(
    Exercise(
        id="1.4",
        title="A likelihood without a maximum",
        stars=3,
        kind="experiment",
        statement=r"""
Show that the likelihood of a mixture has no maximum. Write `blow_up(x, level)`: for a NumPy array `x` of 5 to 10
different numbers and any `level` up to 30 (nats), return a tuple `(weights, means, stds)` of three arrays of length
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

# 1.5 ---------------------------------------------------------------------------------------------------------------


def solution_1_5(log_joint):
    shifted = log_joint - log_joint.max(dim=1, keepdim=True).values
    r = torch.exp(shifted)
    return r / r.sum(dim=1, keepdim=True)


def alternative_1_5_softmax(log_joint):
    return torch.softmax(log_joint, dim=1)


def alternative_1_5_logsumexp(log_joint):
    return torch.stack(
        [torch.exp(row - torch.logsumexp(row, dim=0)) for row in log_joint]
    )


def wrong_1_5_over_data(log_joint):
    return torch.softmax(log_joint, dim=0)


def wrong_1_5_hard(log_joint):
    return torch.nn.functional.one_hot(
        log_joint.argmax(dim=1), log_joint.shape[1]
    ).to(log_joint.dtype)


def wrong_1_5_underflow(log_joint):
    joint = torch.exp(log_joint)
    return joint / joint.sum(dim=1, keepdim=True).clamp(min=1e-30)


def wrong_1_5_nan(log_joint):
    joint = torch.exp(log_joint)
    return joint / joint.sum(dim=1, keepdim=True)


def wrong_1_5_one_shift(log_joint):
    joint = torch.exp(log_joint - log_joint.max())
    return joint / joint.sum(dim=1, keepdim=True)


def wrong_1_5_total(log_joint):
    return torch.softmax(log_joint.flatten(), dim=0).view_as(log_joint)


def wrong_1_5_logs(log_joint):
    return torch.log_softmax(log_joint, dim=1)


def wrong_1_5_divided(log_joint):
    return log_joint / log_joint.sum(dim=1, keepdim=True)


def wrong_1_5_unnormalised(log_joint):
    return torch.exp(log_joint - log_joint.max(dim=1, keepdim=True).values)


def far_tables(c, dtype):
    """Tables of logs in which each place holds the largest of some row, at every level down to -3000."""
    for k in (2, 3, 4):
        level = torch.tensor([-2900.0, -150.0, -40.0, -3.0], dtype=dtype)
        rows = torch.cat([level, level, level])[:, None].repeat(1, k)
        rows = rows - 800 * c.uniform(0.1, 1, rows.shape, dtype)
        top = torch.arange(len(rows)) % k
        near = torch.arange(1, len(rows) + 1) % k
        best = torch.cat([level, level, level])
        rows[torch.arange(len(rows)), near] = best - 0.5
        rows[torch.arange(len(rows)), top] = best
        yield rows.clamp(min=-3000)


def wrong_1_5_first_column(log_joint):
    joint = torch.exp(log_joint - log_joint[:, :1])
    return joint / joint.sum(dim=1, keepdim=True)


def wrong_1_5_row_mean(log_joint):
    joint = torch.exp(log_joint - log_joint.mean(dim=1, keepdim=True))
    return joint / joint.sum(dim=1, keepdim=True)


def check_1_5(answer, c):
    for dtype in c.dtypes:
        low = torch.tensor(
            [[-2000.0, -2001.0, -2005.0], [-1500.0, -1500.0, -3000.0]],
            dtype=dtype,
        )
        for log_joint in (
            c.normal((5, 3), dtype) - 2,
            2 * c.normal((4, 2), dtype) - 5,
            low + c.normal((1, 1), dtype),
            *far_tables(c, dtype),
        ):
            got = c.call(answer, log_joint)
            for mistake, says in (
                (
                    wrong_1_5_nan,
                    "The result has NaN, from 0/0: exp of logs this low is zero. Shift them before exp.",
                ),
                (
                    wrong_1_5_one_shift,
                    "The result has NaN: one shift for all rows still leaves a row of zeros, "
                    "and 0/0. Each row needs a shift of its own.",
                ),
                (
                    wrong_1_5_first_column,
                    "The result has NaN: the first column need not hold the row's largest log; shift by that one.",
                ),
                (
                    wrong_1_5_row_mean,
                    "The result has NaN: shifted by its mean a row may still overflow; shift by its largest log.",
                ),
            ):
                nan = mistake(log_joint).isnan()
                if (
                    nan.any()
                    and torch.is_tensor(got)
                    and got.shape == nan.shape
                    and got.isnan().equal(nan)
                ):
                    c.fail(says)
            want = torch.stack(
                [
                    torch.exp(row - torch.logsumexp(row, 0))
                    for row in log_joint.double()
                ]
            ).to(dtype)
            c.equal(
                got,
                want,
                rtol=1e-3 if dtype == torch.float32 else None,
                mistakes={
                    "Each column sums to one: that shares a component out among points, not a point among components.": lambda x=log_joint: (
                        wrong_1_5_over_data(x)
                    ),
                    "That is a hard assignment; EM keeps the doubt, with shares.": lambda x=log_joint: (
                        wrong_1_5_hard(x)
                    ),
                    "All joint densities of this point underflow to zero; subtract the row's largest log first.": lambda x=log_joint: (
                        wrong_1_5_underflow(x)
                    ),
                    "These are logs of responsibilities.": lambda x=log_joint: (
                        wrong_1_5_logs(x)
                    ),
                    "Logs were divided by their sum; exponentiate, then normalise.": lambda x=log_joint: (
                        wrong_1_5_divided(x)
                    ),
                    "The rows do not sum to one yet.": lambda x=log_joint: (
                        wrong_1_5_unnormalised(x)
                    ),
                    "The whole table sums to one; each point is to have a distribution of its own.": lambda x=log_joint: (
                        wrong_1_5_total(x)
                    ),
                },
            )


register(
    Exercise(
        id="1.5",
        title="Who is responsible?",
        stars=2,
        kind="function",
        statement=r"""
Write the E step, `responsibilities(log_joint)`. `log_joint` is a tensor of shape $(N, K)$ with
$\log p(x_n, k)$ in nats; return $p(k \mid x_n)$, shape $(N, K)$, same dtype. Entries may be as low as $-3000$.
""",
        stub="""
def responsibilities(log_joint):
    return ...
""",
        hints=(
            "By Bayes, $p(k \\mid x_n) = p(x_n, k) / \\sum_j p(x_n, j)$: what sums to one, rows or columns?",
            "Adding a constant to a whole row changes nothing in the quotient: subtract the row's maximum before `exp`.",
        ),
        explanation=r"""
Responsibilities are a posterior for each *point*, so rows sum to one: `torch.softmax(log_joint, dim=1)`, which
subtracts the maximum by itself. Without that, a point far from all components has $0/0$. Normalising over the data
instead confuses $p(k \mid x)$ with the weights that the M step makes of it. Hard assignments give k-means, a
different algorithm with a different objective.
""",
        solution=solution_1_5,
        alternatives=(alternative_1_5_softmax, alternative_1_5_logsumexp),
        wrong=(
            (wrong_1_5_over_data, "each column sums to one"),
            (wrong_1_5_hard, "hard assignment"),
            (wrong_1_5_underflow, "underflow to zero"),
            (wrong_1_5_logs, "logs of responsibilities"),
            (wrong_1_5_divided, "logs were divided"),
            (wrong_1_5_unnormalised, "do not sum to one yet"),
            (wrong_1_5_nan, "shift them before"),
            (wrong_1_5_one_shift, "shift of its own"),
            (wrong_1_5_total, "whole table"),
            (wrong_1_5_first_column, "first column need not"),
            (wrong_1_5_row_mean, "shifted by its mean"),
        ),
        check=check_1_5,
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


def check_1_6(answer, c):
    for dtype in c.dtypes:
        for n, k in ((7, 2), (12, 3)):
            x = c.normal((n,), dtype) * 2 + 1
            slopes = torch.linspace(-1, 1, k, dtype=dtype)
            r = torch.softmax(
                x[:, None] * slopes + 0.5 * c.normal((n, k), dtype), 1
            )
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
            "Compare with {eq}`eq:01-mstep`, one line at a time. Which line has no single component in mind?",
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
        ),
        check=check_1_6,
    )
)

# 1.7 ---------------------------------------------------------------------------------------------------------------


def solution_1_7(pi, mean0, mean1, variance):
    w = (mean1 - mean0) / variance
    squares = (mean1**2 - mean0**2) / (2 * variance)
    b = math.log(pi / (1 - pi)) - squares.sum()
    return w, b


def alternative_1_7_by_difference(pi, mean0, mean1, variance):
    def log_odds(x):
        return (
            math.log(pi)
            - math.log1p(-pi)
            + (((x - mean0) ** 2 - (x - mean1) ** 2) / (2 * variance)).sum()
        )

    zero = torch.zeros_like(mean0)
    slopes = [
        log_odds(unit) - log_odds(zero)
        for unit in torch.eye(len(mean0), dtype=mean0.dtype)
    ]
    return torch.stack(slopes), log_odds(zero)


def wrong_1_7_sign(pi, mean0, mean1, variance):
    w, b = solution_1_7(pi, mean0, mean1, variance)
    return -w, -b


def wrong_1_7_no_prior(pi, mean0, mean1, variance):
    return solution_1_7(0.5, mean0, mean1, variance)


def wrong_1_7_std(pi, mean0, mean1, variance):
    return solution_1_7(pi, mean0, mean1, variance.sqrt())


def wrong_1_7_half(pi, mean0, mean1, variance):
    w, _ = solution_1_7(pi, mean0, mean1, variance)
    return w, math.log(pi / (1 - pi)) - (
        (mean1**2 - mean0**2) / variance
    ).sum()


def wrong_1_7_bias_sign(pi, mean0, mean1, variance):
    w, _ = solution_1_7(pi, mean0, mean1, variance)
    return w, math.log(pi / (1 - pi)) + (
        (mean1**2 - mean0**2) / (2 * variance)
    ).sum()


def wrong_1_7_bias_prior(pi, mean0, mean1, variance):
    w, b = solution_1_7(pi, mean0, mean1, variance)
    return w, b + math.log(1 - pi)


def wrong_1_7_squared_difference(pi, mean0, mean1, variance):
    w, _ = solution_1_7(pi, mean0, mean1, variance)
    return w, math.log(pi / (1 - pi)) - (
        (mean1 - mean0) ** 2 / (2 * variance)
    ).sum()


def wrong_1_7_twice(pi, mean0, mean1, variance):
    w, b = solution_1_7(pi, mean0, mean1, variance)
    return 2 * w, b


def check_1_7(answer, c):
    for dtype in c.dtypes:
        loose = {"rtol": 1e-3, "atol": 1e-4} if dtype == torch.float32 else {}
        for d in (1, 4):
            pi = c.number(0.1, 0.35)
            given = (
                pi,
                c.normal((d,), dtype),
                c.normal((d,), dtype) + 1,
                c.uniform(0.3, 3, (d,), dtype),
            )
            got = c.call(answer, *given)
            wide = tuple(
                part.double() if torch.is_tensor(part) else part
                for part in given
            )
            want = tuple(part.to(dtype) for part in solution_1_7(*wide))
            c.equal(
                got,
                want,
                **loose,
                mistakes={
                    "These are the odds of class 0: everything has the wrong sign.": lambda g=given: (
                        wrong_1_7_sign(*g)
                    ),
                    "The prior does not enter the bias.": lambda g=given: (
                        wrong_1_7_no_prior(*g)
                    ),
                    "The fourth argument is a variance already.": lambda g=given: (
                        wrong_1_7_std(*g)
                    ),
                    "A factor one half is lost in the bias.": lambda g=given: (
                        wrong_1_7_half(*g)
                    ),
                    "In the bias, the term with the means has the wrong sign; try x = 0.": lambda g=given: (
                        wrong_1_7_bias_sign(*g)
                    ),
                    "The prior enters as a probability, log pi; log *odds* were asked for.": lambda g=given: (
                        wrong_1_7_bias_prior(*g)
                    ),
                    "The bias needs the difference of the squared means, not the square of their difference.": lambda g=given: (
                        wrong_1_7_squared_difference(*g)
                    ),
                    "The slope is twice too large: the 2 of the cross term cancels against the 2 of the exponent.": lambda g=given: (
                        wrong_1_7_twice(*g)
                    ),
                },
            )
            w, b = (torch.as_tensor(part).double() for part in got)
            x = 2 * c.normal((5, d))
            joints = [
                math.log(p) - 0.5 * ((x - m.double()) ** 2 / wide[3]).sum(1)
                for p, m in ((1 - pi, given[1]), (pi, given[2]))
            ]
            c.true(
                torch.allclose(x @ w + b, joints[1] - joints[0], atol=1e-3),
                "The log odds differ at random points.",
            )


register(
    Exercise(
        id="1.7",
        title="The line inside naive Bayes",
        stars=2,
        kind="function",
        statement=r"""
Write `logistic_from_naive_bayes(pi, mean0, mean1, variance)`. `pi` is $p(y = 1)$, a Python number in $(0, 1)$; the
others are tensors of shape $(d,)$: class means, and variances that the classes share. Return the tuple `(w, b)` with
$\log \frac{p(y = 1 \mid x)}{p(y = 0 \mid x)} = w \cdot x + b$; `w` has shape $(d,)$, `b` shape $()$, both in the
inputs' dtype.
""",
        stub="""
def logistic_from_naive_bayes(pi, mean0, mean1, variance):
    return ...
""",
        hints=(
            "Write down both joint log-densities and subtract; everything that does not depend on the class cancels.",
            r"Expand $(x - \mu_0)^2 - (x - \mu_1)^2$: the $x^2$ cancel, $2 x (\mu_1 - \mu_0)$ gives $w$, and "
            r"$\mu_0^2 - \mu_1^2$ goes into $b$.",
        ),
        explanation=r"""
This is {eq}`eq:01-nb`. The slope of a feature is the distance of its class means in units of its variance; the bias
holds the prior log odds, and puts the boundary half-way between the means when the prior is even. A logistic
regression could have arrived at any other `(w, b)`; naive Bayes arrives at this one because it also has to explain
$x$.
""",
        solution=solution_1_7,
        alternatives=(alternative_1_7_by_difference,),
        wrong=(
            (wrong_1_7_sign, "odds of class 0"),
            (wrong_1_7_no_prior, "does not enter the bias"),
            (wrong_1_7_std, "is a variance already"),
            (wrong_1_7_half, "factor one half"),
            (wrong_1_7_bias_sign, "try x = 0"),
            (wrong_1_7_bias_prior, "as a probability, log pi"),
            (wrong_1_7_squared_difference, "not the square of"),
            (wrong_1_7_twice, "twice too large"),
        ),
        check=check_1_7,
    )
)

# 1.8 ---------------------------------------------------------------------------------------------------------------


def solution_1_8(order, degrees):
    place = torch.empty_like(order)
    place[order] = torch.arange(1, len(order) + 1)
    return degrees[:, None] >= place, place[:, None] > degrees


def alternative_1_8_sets(order, degrees):
    sequence = order.tolist()
    first = torch.zeros(len(degrees), len(order), dtype=torch.bool)
    second = torch.zeros(len(order), len(degrees), dtype=torch.bool)
    for h, m in enumerate(degrees.tolist()):
        for position, variable in enumerate(sequence, start=1):
            first[h, variable] = position <= m
            second[variable, h] = position > m
    return first, second


def wrong_1_8_output_equal(order, degrees):
    first, _ = solution_1_8(order, degrees)
    place = torch.argsort(order) + 1
    return first, place[:, None] >= degrees


def wrong_1_8_identity(order, degrees):
    return solution_1_8(torch.arange(len(order)), degrees)


def wrong_1_8_not_inverted(order, degrees):
    return degrees[:, None] >= order + 1, (order + 1)[:, None] > degrees


def wrong_1_8_first_strict(order, degrees):
    place = torch.argsort(order) + 1
    return degrees[:, None] > place, place[:, None] > degrees


def wrong_1_8_transposed(order, degrees):
    first, second = solution_1_8(order, degrees)
    return first.T, second.T


def wrong_1_8_backwards(order, degrees):
    return solution_1_8(order.flip(0), degrees)


def wrong_1_8_from_zero(order, degrees):
    place = torch.argsort(order)
    return degrees[:, None] >= place, place[:, None] > degrees


def wrong_1_8_swapped(order, degrees):
    first, second = solution_1_8(order, degrees)
    return second, first


def wrong_1_8_reversed(order, degrees):
    place = torch.argsort(order) + 1
    return degrees[:, None] <= place, place[:, None] < degrees


def check_1_8(answer, c):
    for d, h in ((3, 4), (5, 8), (6, 7)):
        order = torch.randperm(d, generator=c.generator)
        while (
            order.equal(torch.arange(d))
            or order[order].equal(torch.arange(d))
            or order.flip(0).equal(torch.arange(d))
        ):
            order = torch.randperm(d, generator=c.generator)
        degrees = torch.cat(
            [
                torch.arange(1, d),
                torch.randint(1, d, (h - d + 1,), generator=c.generator),
            ]
        )
        given = (order, degrees)
        got = c.call(answer, order, degrees)
        c.true(
            isinstance(got, tuple | list)
            and len(got) == 2
            and all(torch.is_tensor(part) for part in got),
            "The wrong type: a tuple of two tensors was expected.",
        )
        first, second = solution_1_8(order, degrees)
        c.true(
            not (got[0].equal(second) and got[1].equal(first)),
            "The two masks come in the other order: inputs to hidden first.",
        )
        c.true(
            (got[0].shape, got[1].shape) != ((d, h), (h, d)),
            "The masks are transposed: rows belong to the layer above.",
        )
        c.equal(
            got,
            (first, second),
            mistakes={
                "The output for a variable sees units of its own degree, and through them the variable itself.": lambda g=given: (
                    wrong_1_8_output_equal(*g)
                ),
                "The order is ignored: these masks draw variable 0 first, then 1, 2, ...": lambda g=given: (
                    wrong_1_8_identity(*g)
                ),
                "order[t] is the variable drawn at time t; you need the time at which a variable is drawn.": lambda g=given: (
                    wrong_1_8_not_inverted(*g)
                ),
                "Hidden units see one variable too few: a unit of degree m may see the m-th.": lambda g=given: (
                    wrong_1_8_first_strict(*g)
                ),
                "The order runs backwards: the variable drawn last is treated as the first.": lambda g=given: (
                    wrong_1_8_backwards(*g)
                ),
                "Places count from 1 here, as degrees do; these count from 0.": lambda g=given: (
                    wrong_1_8_from_zero(*g)
                ),
                "Both signs point the wrong way: a hidden unit of degree m sees places up to m, not from m.": lambda g=given: (
                    wrong_1_8_reversed(*g)
                ),
            },
        )
        sees = (got[1].long() @ got[0].long() > 0)[order][:, order]
        c.true(
            sees.equal(torch.ones(d, d).tril(-1).bool()),
            "An output sees an input that is not drawn before it.",
        )
    return "In the order of drawing, outputs see exactly the strictly earlier inputs."


register(
    Exercise(
        id="1.8",
        title="Masks in any order",
        stars=3,
        kind="function",
        statement=r"""
Write `masks(order, degrees)` for a network with one hidden layer. `order` is an integer tensor that lists the $D$
variables as they are drawn (`order[0]` is drawn first); `degrees` holds a whole number from 1 to $D - 1$ for each of
the $H$ hidden units. Return a tuple of two boolean tensors: inputs to hidden, $(H, D)$, and hidden to outputs,
$(D, H)$, `True` where {eq}`eq:01-masks` allows a connection, with the degree of a variable being its place in the
order, from 1 to $D$.
""",
        stub="""
def masks(order, degrees):
    return ...
""",
        hints=(
            "First find the place of each variable: for `order = [2, 0, 1]` the places of variables 0, 1, 2 are 2, 3, 1.",
            "`place[order] = torch.arange(1, D + 1)`; then compare `degrees[:, None]` with `place`, "
            "once with `>=` and once strictly.",
        ),
        explanation=r"""
`order` maps time to variable and the rule needs variable to time, its inverse; for the identity order the two are
equal, which is why code tested with that order alone keeps this bug. The strict sign belongs to the output: with
$\ge$ there, output $i$ reaches input $i$ through a unit of degree $i$. With a strict sign at both layers the model is
a distribution, but a poorer one: output $i$ no longer sees its direct predecessor.
""",
        solution=solution_1_8,
        alternatives=(alternative_1_8_sets,),
        wrong=(
            (wrong_1_8_output_equal, "the variable itself"),
            (wrong_1_8_identity, "order is ignored"),
            (wrong_1_8_not_inverted, "the time at which"),
            (wrong_1_8_first_strict, "one variable too few"),
            (wrong_1_8_transposed, "transposed"),
            (wrong_1_8_backwards, "runs backwards"),
            (wrong_1_8_from_zero, "these count from 0"),
            (wrong_1_8_swapped, "come in the other order"),
            (wrong_1_8_reversed, "both signs"),
        ),
        check=check_1_8,
    )
)

# 1.9 ---------------------------------------------------------------------------------------------------------------


def solution_1_9(log_probs):
    return torch.logsumexp(log_probs, dim=0) - math.log(len(log_probs))


def broken_1_9(log_probs):
    return log_probs.mean(dim=0)


def alternative_1_9_shifted(log_probs):
    top = log_probs.max(dim=0).values
    return top + torch.log(torch.exp(log_probs - top).mean(dim=0))


def wrong_1_9_no_count(log_probs):
    return torch.logsumexp(log_probs, dim=0)


def wrong_1_9_probability(log_probs):
    return torch.exp(log_probs).mean(dim=0)


def wrong_1_9_best(log_probs):
    return log_probs.max(dim=0).values


def wrong_1_9_count(log_probs):
    return torch.logsumexp(log_probs, dim=0) - len(log_probs)


def wrong_1_9_underflow(log_probs):
    return torch.log(
        torch.exp(log_probs)
        .mean(dim=0)
        .clamp(min=1e-300 if log_probs.dtype == torch.float64 else 1e-38)
    )


def wrong_1_9_tiny(log_probs):
    return torch.log(torch.exp(log_probs).mean(dim=0) + 1e-12)


def wrong_1_9_plain(log_probs):
    return torch.log(torch.exp(log_probs).mean(dim=0))


def wrong_1_9_pictures(log_probs):
    return torch.logsumexp(log_probs, dim=0) - math.log(log_probs.shape[1])


def wrong_1_9_one_shift(log_probs):
    top = log_probs.max()
    return top + torch.log(torch.exp(log_probs - top).mean(dim=0))


def wrong_1_9_first_model(log_probs):
    top = log_probs[0]
    return top + torch.log(torch.exp(log_probs - top).mean(dim=0))


def check_1_9(answer, c):
    for dtype in c.dtypes:
        small = torch.log(c.probabilities((3, 8), torch.float64)).to(dtype)
        picture = (-900 - 5 * c.uniform(0, 1, (4, 6))).to(dtype)
        for log_probs in (
            small,
            picture,
            *(table.T for table in far_tables(c, dtype)),
        ):
            got = c.call(answer, log_probs)
            want = alternative_1_9_shifted(log_probs.double()).to(dtype)
            c.equal(
                got,
                want,
                mistakes={
                    "This is still the mean of the logs (a geometric mean): over all states it sums to less than one.": lambda x=log_probs: (
                        broken_1_9(x)
                    ),
                    "The sum of K distributions sums to K: log K is missing.": lambda x=log_probs: (
                        wrong_1_9_no_count(x)
                    ),
                    "That is a probability; its log was asked for.": lambda x=log_probs: (
                        wrong_1_9_probability(x)
                    ),
                    "Picking the best model for each picture after seeing it is no distribution: its sum exceeds one.": lambda x=log_probs: (
                        wrong_1_9_best(x)
                    ),
                    "K itself was subtracted, not its log.": lambda x=log_probs: (
                        wrong_1_9_count(x)
                    ),
                    "The probabilities underflow on long pictures; stay in the log domain.": lambda x=log_probs: (
                        wrong_1_9_underflow(x)
                    ),
                    "One shift for all pictures leaves the unlikely ones at zero: each picture needs its own.": lambda x=log_probs: (
                        wrong_1_9_one_shift(x)
                    ),
                    "The first model need not be the likeliest; shift by the largest log of each picture.": lambda x=log_probs: (
                        wrong_1_9_first_model(x)
                    ),
                    "exp underflows to zero on such pictures, and the log of zero is minus infinity.": lambda x=log_probs: (
                        wrong_1_9_plain(x)
                    ),
                    "A small number inside the log replaces the answer as soon as exp underflows.": lambda x=log_probs: (
                        wrong_1_9_tiny(x)
                    ),
                    "The log of the number of pictures was subtracted; K is the number of models.": lambda x=log_probs: (
                        wrong_1_9_pictures(x)
                    ),
                },
            )
            if log_probs is small:
                c.true(
                    abs(torch.exp(got.double()).sum() - 1) < 1e-4,
                    "Over all states this does not sum to one.",
                )


register(
    Exercise(
        id="1.9",
        title="Many orders, one likelihood",
        stars=2,
        kind="bug",
        statement=r"""
Someone has trained $K$ masked networks with $K$ orders and reports the "likelihood of the ensemble" by the function
below. `log_probs` is a tensor of shape $(K, N)$: the log-probability, in nats, of picture $n$ under model $k$, as low
as $-1000$. The numbers reported are not the log-probabilities of any distribution. Mend the function, so that it
returns those of the equal mixture of the $K$ models, shape $(N,)$, same dtype.
""",
        stub="""
def ensemble(log_probs):
    return ...
""",
        broken=broken_1_9,
        hints=(
            "To draw from the mixture, pick a model at random, then draw from it. So what is averaged: probabilities, or logs?",
            r"$\log \frac1K \sum_k e^{a_k}$, with `torch.logsumexp` and $\log K$.",
        ),
        explanation=r"""
A mean of probabilities is a distribution; a mean of logs is the log of a geometric mean, which sums to less than one
unless all models agree. (Averaging the *logits* of models with different orders is worse: the result is not even
built from a chain of conditionals.) Here the fault only hurts its author: by Jensen, the mixture's log-probability
is never below the mean of the logs.
""",
        solution=solution_1_9,
        alternatives=(alternative_1_9_shifted,),
        wrong=(
            (broken_1_9, "geometric mean"),
            (wrong_1_9_no_count, "log k is missing"),
            (wrong_1_9_probability, "its log was asked for"),
            (wrong_1_9_best, "picking the best"),
            (wrong_1_9_count, "k itself was subtracted"),
            (wrong_1_9_underflow, "underflow on long"),
            (wrong_1_9_plain, "minus infinity"),
            (wrong_1_9_tiny, "replaces the answer"),
            (wrong_1_9_pictures, "number of pictures"),
            (wrong_1_9_one_shift, "one shift for all"),
            (wrong_1_9_first_model, "first model need not"),
        ),
        check=check_1_9,
    )
)

# 1.10 --------------------------------------------------------------------------------------------------------------


def solution_1_10():
    import sympy

    x = sympy.Symbol("x", positive=True)
    inverse = sympy.sqrt(x)
    return 1 * sympy.diff(inverse, x)  # the density of z is 1 on (0, 1)


def alternative_1_10_text():
    return "1 / (2 * sqrt(x))"


def check_1_10(value, c):
    c.expression(
        value,
        lambda x: 0.5 * x**-0.5,
        x=(0.01, 0.99),
        mistakes={
            "That is the density of z at the right place; the stretching is missing.": "1",
            "That multiplies by the slope of g: where g stretches, the density gets thinner.": "2*sqrt(x)",
            "That is the inverse map itself; its slope was wanted.": "sqrt(x)",
            "The slope of g was taken at x; it belongs at z, the square root of x.": "1/(2*x)",
            "That is the slope of g as a function of its own argument.": "2*x",
            "The half is lost: it does not integrate to one.": "1/sqrt(x)",
            "The root belongs below the line: 1/2*sqrt(x) is half the root.": "sqrt(x)/2",
            "A density is positive: take the slope's absolute value.": "-1/(2*sqrt(x))",
        },
    )


register(
    Exercise(
        id="1.10",
        title="A flow with one dimension",
        stars=2,
        kind="expression",
        statement=r"""
Let $z$ be uniform on $(0, 1)$ and $x = g(z) = z^2$. Return the density $p(x)$ on $(0, 1)$ as an expression in `x`
(a sympy expression, or text such as `"x**2 + 1"`).
""",
        stub="""
def density():
    return ...
""",
        hints=(
            "The formula is {eq}`eq:01-flow`. What is $g^{-1}(x)$, and what is its derivative?",
            r"$\log \pi = 0$ on $(0, 1)$, so $p(x) = |d\sqrt{x} / dx|$. Check that it integrates to one.",
        ),
        explanation=r"""
$g^{-1}(x) = \sqrt x$ has the slope $1 / (2\sqrt x)$, and the uniform density is 1. So $p(x) = 1/(2\sqrt x)$, which
integrates to $\sqrt 1 - \sqrt 0 = 1$. Near zero the map squeezes (its slope $2z$ is small) and samples pile up; the
density is infinite there, and integrable. A flow in many dimensions does the same with a determinant.
""",
        solution=solution_1_10,
        alternatives=(alternative_1_10_text,),
        wrong=(
            ("1", "stretching is missing"),
            ("2*sqrt(x)", "gets thinner"),
            ("sqrt(x)", "inverse map itself"),
            ("1/(2*x)", "belongs at z"),
            ("2*x", "its own argument"),
            ("1/sqrt(x)", "half is lost"),
            ("1/2*sqrt(x)", "below the line"),
            ("-1/(2*sqrt(x))", "density is positive"),
        ),
        check=check_1_10,
    )
)

# 1.11 --------------------------------------------------------------------------------------------------------------


def solution_1_11(nats, shape):
    return nats / (math.prod(shape) * math.log(2))


def alternative_1_11_exponent(nats, shape):
    pixels = 1
    for side in shape:
        pixels *= side
    return nats * math.log2(math.e) / pixels


def wrong_1_11_multiplied(nats, shape):
    return nats * math.log(2) / math.prod(shape)


def wrong_1_11_per_picture(nats, shape):
    return nats / math.log(2)


def wrong_1_11_nats(nats, shape):
    return nats / math.prod(shape)


def wrong_1_11_no_channels(nats, shape):
    return nats / (shape[-2] * shape[-1] * math.log(2))


def wrong_1_11_log2_of(nats, shape):
    return torch.log2(nats) / math.prod(shape)


def wrong_1_11_log10(nats, shape):
    return nats / (math.prod(shape) * math.log(10))


def wrong_1_11_added(nats, shape):
    return nats / (sum(shape) * math.log(2))


def wrong_1_11_sign(nats, shape):
    return -nats / (math.prod(shape) * math.log(2))


def check_1_11(answer, c):
    for dtype in c.dtypes:
        for shape in ((2, 4, 4), (3, c.integer(5, 32), c.integer(5, 32))):
            nats = c.uniform(10, 2000, (4,), dtype)
            got = c.call(answer, nats, shape)
            dims = torch.tensor(shape).prod().double()
            c.equal(
                got,
                (
                    nats.double()
                    / dims
                    * torch.tensor(math.e).double().log2()
                ).to(dtype),
                mistakes={
                    "The conversion goes the other way: one nat is more than one bit.": lambda n=nats, s=shape: (
                        wrong_1_11_multiplied(n, s)
                    ),
                    "That is bits a picture.": lambda n=nats, s=shape: (
                        wrong_1_11_per_picture(n, s)
                    ),
                    "That is nats per dimension.": lambda n=nats, s=shape: (
                        wrong_1_11_nats(n, s)
                    ),
                    "The channels count as dimensions too.": lambda n=nats, s=shape: (
                        wrong_1_11_no_channels(n, s)
                    ),
                    "Nats are a logarithm already; do not take another.": lambda n=nats, s=shape: (
                        wrong_1_11_log2_of(n, s)
                    ),
                    "A bit is a logarithm to base 2, not 10.": lambda n=nats, s=shape: (
                        wrong_1_11_log10(n, s)
                    ),
                    "The sides were added; the number of dimensions is their product.": lambda n=nats, s=shape: (
                        wrong_1_11_added(n, s)
                    ),
                    "The input is a *negative* log-likelihood already: its sign stays.": lambda n=nats, s=shape: (
                        wrong_1_11_sign(n, s)
                    ),
                },
                rtol=1e-4 if dtype == torch.float32 else 1e-5,
            )


register(
    Exercise(
        id="1.11",
        title="Units in a table",
        stars=1,
        kind="function",
        statement=r"""
One paper reports nats per picture, another bits per dimension. Write `bits_per_dimension(nats, shape)`: `nats` is a
tensor of negative log-likelihoods a picture, `shape` the tuple (channels, height, width); return a tensor of the same
shape and dtype. For example 44.3614 nats on $(1, 8, 8)$ are one bit a dimension, which is what coins cost.
""",
        stub="""
def bits_per_dimension(nats, shape):
    return ...
""",
        hints=(
            "A fair coin costs one bit, and $\\log 2 = 0.693$ nats. Which of the two numbers is the larger?",
            "Divide by $\\log 2$ and by the number of dimensions, channels included: `math.prod(shape)`.",
        ),
        explanation=r"""
$\log_2 a = \log a / \log 2$, so bits are nats divided by $\log 2$. A dimension is one number of the picture, so a
colour picture has three for each pixel. By this unit the spoiled model of {eq}`eq:01-spoiled` loses
$\log_2 100 = 6.64$ bits in all: on $32 \times 32$ colour pictures 0.002 bits per dimension, less than the second
decimal that papers print.
""",
        solution=solution_1_11,
        alternatives=(alternative_1_11_exponent,),
        wrong=(
            (wrong_1_11_multiplied, "goes the other way"),
            (wrong_1_11_per_picture, "bits a picture"),
            (wrong_1_11_nats, "nats per dimension"),
            (wrong_1_11_no_channels, "channels count"),
            (wrong_1_11_log2_of, "do not take another"),
            (wrong_1_11_log10, "not 10"),
            (wrong_1_11_added, "sides were added"),
            (wrong_1_11_sign, "its sign stays"),
        ),
        check=check_1_11,
    )
)

# 1.12 --------------------------------------------------------------------------------------------------------------


def solution_1_12():
    return "d"


register(
    Exercise(
        id="1.12",
        title="Two models on one table",
        stars=2,
        kind="choice",
        statement=r"""
On held-out pictures of 784 binary pixels, model A has a mean log-likelihood of $-86$ nats and model B $-90$. Of the
samples of A, nearly all are noise; of the samples of B, nearly all are good digits. Which conclusion is right?
""",
        options={
            "a": "The numbers must be wrong: a model that draws noise cannot have the higher likelihood.",
            "b": "A has memorised the training pictures, and B has not.",
            "c": "A gives good digits a lower probability than B does.",
            "d": "It is possible. A may be 1 % of an excellent model and 99 % noise; four nats tell us nothing about samples.",
            "e": "B's likelihood would rise above A's if more test pictures were used.",
            "f": "A's samples would become digits if the likelihood were measured in bits.",
        },
        stub="""
def conclusion():
    return ...
""",
        hints=(
            "How much likelihood can a model lose by drawing noise 99 times in a hundred?",
            "At most $\\log 100 = 4.6$ nats. So what could A's clean part be?",
        ),
        explanation=r"""
By {prf:ref}`thm:01-noise`, 99 % noise cost at most 4.6 nats, whatever the size of the picture. So A may hide a model
of $-81.4$ nats, better than B, that it uses once in a hundred draws. Nothing about it is contradictory: on *real*
pictures A is the better predictor, and as a source of pictures it is useless.
""",
        solution=solution_1_12,
        wrong=(
            ("a", "log 100"),
            ("b", "ruin its likelihood"),
            ("c", "on real digits"),
            ("e", "sampling error"),
            ("f", "change of unit"),
        ),
        check=choice(
            "d",
            a="It can: 99 % noise cost at most log 100, 4.6 nats.",
            b="Memorising would ruin its likelihood on held-out pictures, and give good samples: the other way round.",
            c="The likelihood is measured on real digits, and there A is the higher on average.",
            e="Nothing says so: the gap is a property of the models, not of sampling error.",
            f="A change of unit multiplies all likelihoods by one factor and leaves samples as they are.",
        ),
    )
)

# 1.13 --------------------------------------------------------------------------------------------------------------


def solution_1_13():
    return (
        "A generator maps noise to pictures, so it gives a way to draw and "
        "no formula for p(x). With 100 noise numbers its range is a sheet of "
        "at most 100 dimensions in a space of 784, which has no volume, so a "
        "density does not exist at all. What it learns is to draw samples "
        "that a discriminator cannot tell from real ones. Therefore no "
        "likelihood can be computed for a test picture, and models have to "
        "be compared by samples."
    )


register(
    Exercise(
        id="1.13",
        title="Correct the sentence",
        stars=1,
        kind="rubric",
        statement=r"""
A blog says: "GANs are generative models, so they learn $p(x)$, and you can use the trained generator to find out how
probable a new picture is." Correct it, in some 40 to 120 words, for a friend who has read this chapter up to its
map. Return the text.
""",
        stub="""
def correction():
    return ...
""",
        hints=(
            "What can you do with $G$ and a new picture $x$? What would you need to know besides?",
            "Use the words *sample*, *density* and *implicit*, and say what takes the place of the likelihood in training.",
        ),
        explanation=r"""
A good correction separates drawing from evaluating, says that the model is implicit, and does not claim that the
density is merely hard to compute: for a smooth generator with fewer noise dimensions than pixels there is none.
""",
        solution=solution_1_13,
        check=rubric(
            "that the generator lets you draw, and not evaluate",
            "that there is no density (or: that the samples fill a set without volume)",
            "what trains it instead: a comparison of samples by a discriminator",
            "that generative is right, and 'learns p(x)' is not",
            words=40,
        ),
    )
)

# 1.14 --------------------------------------------------------------------------------------------------------------


def solution_1_14():
    return "cdfahg"


register(
    Exercise(
        id="1.14",
        title="Prove it: EM never lowers the likelihood",
        stars=2,
        kind="choice",
        statement=r"""
All $p_\theta(x_n, k)$ are positive, and $0 \log 0 = 0$. Let $\theta'$ come from $\theta$ by an E step, which sets
$r_{nk} = p_\theta(k \mid x_n)$, and an M step, of which you only know that it does not lower
$F(r, \theta) = \sum_n \sum_k r_{nk} \log \frac{p_\theta(x_n, k)}{r_{nk}}$. Write $L(\theta) = \sum_n \log p_\theta(x_n)$.
Prove that $L(\theta') \ge L(\theta)$: choose the lines that the proof needs, put them into an order in which every line
uses only lines before it, and return their letters as a string, such as `"gac"`. Two of the lines do not belong to the
proof. (More than one order is right.)
""",
        options={
            "a": r"By assumption the M step gives $F(r, \theta') \ge F(r, \theta)$.",
            "b": r"After the M step $r$ is the posterior under $\theta'$, so $L(\theta') = F(r, \theta')$.",
            "c": r"For every $r$ and $\theta$, $L(\theta) = F(r, \theta) + \sum_n \mathrm{KL}(r_n \,\|\, p_\theta(k \mid x_n))$.",
            "d": r"The divergence is never negative, and it is $0$ if $r_n$ is the posterior.",
            "e": r"The M step maximises $F(r, \theta)$ over $\theta$, so $\theta'$ maximises $L$.",
            "f": r"After the E step $F(r, \theta) = L(\theta)$.",
            "g": r"So $L(\theta') \ge F(r, \theta') \ge F(r, \theta) = L(\theta)$.",
            "h": r"For the same $r$, $L(\theta') \ge F(r, \theta')$.",
        },
        stub="""
def proof():
    # a string of letters, such as "gac"
    return ...
""",
        hints=(
            r"Which identity connects $L$ and $F$ for an arbitrary $r$? What does it say for the $r$ of the E step?",
            r"$r$ is the posterior under $\theta$ and not under $\theta'$: one of the two relations between $L$ and $F$ is an equality, the other not.",
        ),
        explanation=r"""
The identity (c) and the sign of the divergence (d) are used twice: at $\theta$, where $r$ is the posterior and $F$
touches $L$ (f), and at $\theta'$, where it is not and $F$ lies below (h). Between the two stands the M step (a), and the
chain (g) closes. Line b is false: after the M step the posterior has changed, and the gap is what the next E step
closes. Line e is false: $F(r, \cdot)$ is a bound that touches $L$ at $\theta$ only. That the M step *maximises* is not
needed: any step that does not lower $F$ will do.
""",
        solution=solution_1_14,
        wrong=(
            ("dfahg", "connects L and F"),
            ("cfahg", "sign of the divergence"),
            ("cdahg", "under theta itself"),
            ("cdfhg", "what the m step gives"),
            ("cdfag", "where F lies at the new"),
            ("cdfah", "chain of inequalities"),
            ("cdfabg", "posterior has changed"),
            ("cdfehg", "is another function"),
            ("gcdfah", "comes before"),
        ),
        check=ordered(
            rests_on={
                "c": "",
                "d": "",
                "f": "cd",
                "a": "",
                "h": "cd",
                "g": "fah",
            },
            false={
                "b": "With new parameters the posterior has changed, and r is the old one.",
                "e": "F for a fixed r is another function than L, and need not have its maximum there.",
            },
            needed={
                "c": "It is not yet said what connects L and F for an arbitrary r.",
                "d": "Nothing is said about the sign of the divergence yet.",
                "f": "It is not yet said what the E step makes of F under theta itself.",
                "a": "It is not yet said what the M step gives.",
                "h": "It is not yet said where F lies at the new parameters.",
                "g": "The chain of inequalities is not yet put together.",
            },
        ),
    )
)
