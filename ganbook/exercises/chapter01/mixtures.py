r"""Exercises 1.3 and 1.14."""

import math

import numpy as np
import torch
from scipy.special import logsumexp

from ganbook.exercises.engine.core import (
    Exercise,
    register,
)
from ganbook.exercises.engine.proofs import ordered

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


def wrong_1_3_floor(x, weights, means, stds):
    return solution_1_3(x, weights.clamp(min=1e-4), means, stds)


def check_1_3(answer, c):
    for dtype in c.dtypes:
        for k in (1, 3, 4, 2):
            weights, means = (
                c.probabilities((k,), dtype),
                2 * c.normal((k,), dtype),
            )
            stds = c.uniform(0.3, 2, (k,), dtype)
            x = 3 * c.normal((6,), dtype)
            if k == 2:  # two narrow components, each with points of its own
                stds *= 1e-3
                x = means.repeat(3) + stds.repeat(3) * c.normal((6,), dtype)
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
        tiny = c.number(2e-6, 1e-5)
        given = (
            torch.tensor([0.5, 30.0], dtype=dtype),
            torch.tensor([1 - tiny, tiny], dtype=dtype),
            torch.tensor([0.0, 30.0], dtype=dtype),
            torch.ones(2, dtype=dtype),
        )
        wide = [v.double() for v in given]
        c.equal(
            c.call(answer, *given),
            (
                wide[1].log() - 0.5 * torch.tensor([0.25, 0.0]) - HALF_LOG_2PI
            ).to(dtype),
            rtol=1e-5 if dtype == torch.float32 else 1e-9,
            says="A weight may be tiny, and where its component is the only one near it decides: put no floor below it.",
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
            (wrong_1_3_floor, "put no floor below it"),
        ),
        check=check_1_3,
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
chain (g) closes. (Line f can also be seen at once: with $r_{nk} = p_\theta(k \mid x_n)$ every fraction in $F$ is
$p_\theta(x_n)$. So it may stand anywhere before g.) Line b is false: after the M step the posterior has changed, and the gap is what the next E step
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
                "f": "",
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
