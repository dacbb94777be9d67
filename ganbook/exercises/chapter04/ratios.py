r"""Exercises 4.7 and 4.8: The ratio behind a smoothed answer; What an error costs."""

import torch

from ganbook.exercises.engine.core import (
    Exercise,
    register,
)
from ganbook.exercises.engine.mistakes import mistake, outcomes

# 4.7 The ratio behind a smoothed answer --------------------------------------------------------------------------------


def solution_4_7(d, prior, alpha, beta):
    return (1 - prior) / prior * (d - beta) / (alpha - d)


def alternative_4_7_linear(d, prior, alpha, beta):
    # D (π r + 1 − π) = π α r + (1 − π) β is linear in r
    slope = prior * (d - alpha)
    constant = (1 - prior) * (d - beta)
    return torch.stack([-c / s for c, s in zip(constant, slope, strict=True)])


@mistake(
    "The prior is ignored: here the two sources are not equally frequent."
)
def wrong_4_7_no_prior(d, prior, alpha, beta):
    return (d - beta) / (alpha - d)


@mistake("The prior's odds are upside down.")
def wrong_4_7_prior_turned(d, prior, alpha, beta):
    return prior / (1 - prior) * (d - beta) / (alpha - d)


@mistake(
    "The label of the generated samples is left out: D never falls below beta."
)
def wrong_4_7_no_beta(d, prior, alpha, beta):
    return (1 - prior) / prior * d / (alpha - d)


@mistake("The label of the real samples is left out: D never exceeds alpha.")
def wrong_4_7_no_alpha(d, prior, alpha, beta):
    return (1 - prior) / prior * (d - beta) / (1 - d)


@mistake("That is q/p, the inverse.")
def wrong_4_7_inverse(d, prior, alpha, beta):
    return prior / (1 - prior) * (alpha - d) / (d - beta)


@mistake("That holds for plain labels and balanced batches only.")
def wrong_4_7_plain(d, prior, alpha, beta):
    return d / (1 - d)


@mistake(
    "That is the ratio of eq. 04-ratio, with the prior: the labels alpha and beta are still in d."
)
def wrong_4_7_plain_labels(d, prior, alpha, beta):
    return (1 - prior) / prior * d / (1 - d)


@mistake(
    "That goes from a ratio to the output; the other way round is asked for."
)
def wrong_4_7_output(d, prior, alpha, beta):
    return (prior * alpha * d + (1 - prior) * beta) / (prior * d + 1 - prior)


@mistake(
    "That is still a probability, freed from the smoothing; a ratio is made of its odds."
)
def wrong_4_7_unsmoothed(d, prior, alpha, beta):
    return (d - beta) / (alpha - beta)


def wrong_4_7_clipped(d, prior, alpha, beta):
    return solution_4_7(d, prior, alpha, beta).clamp(1e-3, 1e3)


def check_4_7(answer, c):
    for dtype in c.dtypes:
        for low, high in ((0.55, 0.8),) * 4 + ((0.01, 0.03), (0.97, 0.99)):
            ratio = c.uniform(0.2, 4, (6,), dtype)
            prior, alpha, beta = (
                c.number(low, high),
                c.number(0.8, 0.95),
                c.number(0.03, 0.2),
            )
            d = (prior * alpha * ratio + (1 - prior) * beta) / (
                prior * ratio + 1 - prior
            )
            c.equal(
                c.call(answer, d, prior, alpha, beta),
                ratio,
                rtol=5e-4 if dtype == torch.float32 else 1e-8,
                mistakes=outcomes(
                    (d, prior, alpha, beta),
                    wrong_4_7_no_prior,
                    wrong_4_7_prior_turned,
                    wrong_4_7_no_beta,
                    wrong_4_7_no_alpha,
                    wrong_4_7_inverse,
                    wrong_4_7_plain,
                    wrong_4_7_plain_labels,
                    wrong_4_7_output,
                    wrong_4_7_unsmoothed,
                ),
            )
    ratio = torch.tensor([1e-6, 1e-4, 1.0, 1e4, 1e6], dtype=torch.float64)
    prior, alpha, beta = c.number(0.2, 0.8), 0.9, c.number(0.05, 0.2)
    d = (prior * alpha * ratio + (1 - prior) * beta) / (
        prior * ratio + 1 - prior
    )
    c.equal(
        c.call(answer, d, prior, alpha, beta),
        ratio,
        rtol=1e-6,
        atol=0.0,
        says="Near alpha and beta the ratio is very large and very small: put no bound on it.",
    )


register(
    Exercise(
        id="4.7",
        title="The ratio behind a smoothed answer",
        stars=2,
        kind="function",
        statement=r"""
A discriminator was trained with a share `prior` of real samples, the label `alpha` on real and `beta` on generated
ones ($\alpha > \beta$), to its optimum. Its output at some points is the probability `d`, a tensor of shape `(N,)`
with values between `beta` and `alpha`; the others are floats. Write `ratio_from_output(d, prior, alpha, beta)`, which
returns the density ratio $p/q$ at these points, of the shape and dtype of `d`.
""",
        stub="""
def ratio_from_output(d, prior, alpha, beta):
    return ...
""",
        hints=(
            r"Divide numerator and denominator of {eq}`eq:04-smoothing` by $q$: only $r = p/q$ is left.",
            r"$d\,(\pi r + 1 - \pi) = \pi \alpha r + (1 - \pi) \beta$ is linear in $r$. Collect the terms with $r$.",
        ),
        explanation=r"""
Dividing by $q$ gives $d\,(\pi r + 1 - \pi) = \pi \alpha r + (1 - \pi)\beta$, so
$r = \frac{1 - \pi}{\pi} \cdot \frac{d - \beta}{\alpha - d}$. For $\alpha = 1$, $\beta = 0$ this is {eq}`eq:04-ratio`. Smoothing
loses nothing in principle. In practice it does: the scores of the ratios $10^4$ and $10^6$ lie $\log 100 = 4.6$ nats
apart with plain labels, and 0.001 apart with $\alpha = 0.9$, so the smallest error of the network becomes a large one
of $r$.
""",
        solution=solution_4_7,
        alternatives=(alternative_4_7_linear,),
        wrong=(
            wrong_4_7_no_prior,
            wrong_4_7_prior_turned,
            wrong_4_7_no_beta,
            wrong_4_7_no_alpha,
            wrong_4_7_inverse,
            wrong_4_7_plain,
            wrong_4_7_plain_labels,
            wrong_4_7_output,
            wrong_4_7_unsmoothed,
            (wrong_4_7_clipped, "put no bound"),
        ),
        check=check_4_7,
    )
)


# 4.8 What an error costs --------------------------------------------------------------------------------------------------


def solution_4_8():
    return "w*p*(1 - w)*q / (w*p + (1 - w)*q)"


@mistake("That is the balanced case up to a factor: w has to appear.")
def wrong_4_8_balanced():
    return "p*q/(p + q)"


@mistake(
    "The share of the generated samples, 1 − w, is missing in the numerator."
)
def wrong_4_8_one_sided():
    return "w*p*q/(w*p + (1 - w)*q)"


@mistake(
    "That is D*(1 − D*) alone: the mass at the point is missing, and where no samples fall nothing is paid."
)
def wrong_4_8_no_mass():
    return "w*p*(1 - w)*q / (w*p + (1 - w)*q)**2"


@mistake(
    "The one half stands in front of the integral; asked for is the factor of the squared error after it."
)
def wrong_4_8_half():
    return "w*p*(1 - w)*q / (w*p + (1 - w)*q) / 2"


@mistake(
    "A loss of value cannot be negative: the second derivative enters with a minus."
)
def wrong_4_8_sign():
    return "-w*p*(1 - w)*q / (w*p + (1 - w)*q)"


@mistake("The shares are exchanged: w belongs to p.")
def wrong_4_8_turned():
    return "w*q*(1 - w)*p / (w*q + (1 - w)*p)"


@mistake("That is the harmonic mean of the two masses, twice the weight.")
def wrong_4_8_twice():
    return "2*w*p*(1 - w)*q / (w*p + (1 - w)*q)"


@mistake("The sum below the line has shares as well.")
def wrong_4_8_outside():
    return "w*(1 - w)*p*q/(p + q)"


def check_4_8(value, c):
    def want(p, q, w):
        real, fake = w * p, (1 - w) * q
        return (real + fake) * (real / (real + fake)) * (fake / (real + fake))

    c.expression(
        value,
        want,
        p=(0.1, 2),
        q=(0.1, 2),
        w=(0.1, 0.4),
        mistakes=outcomes(
            (),
            wrong_4_8_balanced,
            wrong_4_8_one_sided,
            wrong_4_8_no_mass,
            wrong_4_8_half,
            wrong_4_8_sign,
            wrong_4_8_turned,
            wrong_4_8_twice,
            wrong_4_8_outside,
        ),
    )


register(
    Exercise(
        id="4.8",
        title="What an error costs",
        stars=3,
        kind="expression",
        statement=r"""
Let a share $w$ of the samples be real, and let $D$ maximise $w\,\mathbb{E}_p[\log D] + (1 - w)\,\mathbb{E}_q[\log(1 - D)]$.
Near the optimum, a score that is off by $\delta(x)$ costs $\tfrac12 \int \omega(x)\, \delta(x)^2 \, dx$. Return the weight
$\omega$ at a point as an expression in the symbols `p`, `q` (the densities there) and `w`: from sympy, or as text.
""",
        stub="""
def weight():
    return ...
""",
        hints=(
            r"At one point the objective in the score $s$ is $w p \log \sigma(s) + (1 - w) q \log \sigma(-s)$. Differentiate twice.",
            r"The first derivative is $w p - (w p + (1 - w) q)\, \sigma(s)$, and $\sigma' = \sigma (1 - \sigma)$. Put in the best $\sigma(s)$.",
        ),
        explanation=r"""
Write $A = wp$, $B = (1 - w) q$. The first derivative in $s$ is $A \sigma(-s) - B \sigma(s) = A - (A + B)\sigma(s)$; the second is
$-(A + B)\,\sigma(s)\,\sigma(-s)$, at the optimum $-(A+B) \cdot \frac{A}{A+B} \cdot \frac{B}{A+B} = -\frac{AB}{A + B}$. So
$\omega = \frac{AB}{A+B}$, half the harmonic mean of the two masses, and never more than the smaller of them: the rarer
source decides how well the score is learned at a point.
""",
        solution=solution_4_8,
        wrong=(
            wrong_4_8_balanced,
            wrong_4_8_one_sided,
            wrong_4_8_no_mass,
            wrong_4_8_half,
            wrong_4_8_sign,
            wrong_4_8_turned,
            wrong_4_8_twice,
            wrong_4_8_outside,
        ),
        check=check_4_8,
    )
)
