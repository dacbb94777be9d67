r"""Exercises of chapter 17: the gradient of the reverse KL, from two denoisers or from a discriminator."""

import math

import numpy as np
import torch
from torch import nn

from ganbook.exercises.engine.core import Exercise, register

# 17.5 ------------------------------------------------------------------


def solution_17_5(x, x_hat, sigma):
    return (x_hat - x) / sigma**2


def alternative_17_5_noise(x, x_hat, sigma):
    noise = (x - x_hat) / sigma  # the noise that the denoiser takes off
    return -noise / sigma


def wrong_17_5_sign(x, x_hat, sigma):
    return (x - x_hat) / sigma**2


def wrong_17_5_sigma(x, x_hat, sigma):
    return (x_hat - x) / sigma


def wrong_17_5_bare(x, x_hat, sigma):
    return x_hat - x


def wrong_17_5_estimate(x, x_hat, sigma):
    return x_hat / sigma**2


def wrong_17_5_prior(x, x_hat, sigma):
    return -x / sigma**2


def check_17_5(answer, c):
    for dtype in c.dtypes:
        for sigma in (0.1, 1.0, 3.0, c.number(0.2, 2)):
            x = 2 * c.normal((6, 2), dtype)
            m, s = c.number(-1, 1), c.number(0.3, 2)
            x_hat = (s**2 * x + sigma**2 * m) / (s**2 + sigma**2)
            want = (m - x) / (s**2 + sigma**2)
            c.equal(
                c.call(answer, x, x_hat, sigma),
                want,
                rtol=1e-3,
                atol=1e-4,
                mistakes={
                    "The density grows towards the denoised point: the sign is turned round.": wrong_17_5_sign(
                        x, x_hat, sigma
                    ),
                    "One power of sigma is missing: x is a length, a gradient of a logarithm one over a length.": wrong_17_5_sigma(
                        x, x_hat, sigma
                    ),
                    "That is a displacement; the gradient has sigma in it.": wrong_17_5_bare(
                        x, x_hat, sigma
                    ),
                    "The noisy point itself has to be subtracted.": wrong_17_5_estimate(
                        x, x_hat, sigma
                    ),
                    "That is the gradient for data that are all 0.": wrong_17_5_prior(
                        x, x_hat, sigma
                    ),
                },
            )


register(
    Exercise(
        id="17.5",
        title="From a denoiser to a gradient",
        stars=1,
        kind="function",
        statement=r"""
    Write `gradient(x, x_hat, sigma)`: $\nabla \log p_\sigma$ at noisy points `x` of shape `(N, d)`, from the best estimates `x_hat` of
    the clean points and the level `sigma` (a number). The result has the shape and dtype of `x`.
    """,
        stub="""
    def gradient(x, x_hat, sigma):
        return ...
    """,
        hints=(
            r"Solve Tweedie's formula for the gradient.",
            r"$\hat x = x + \sigma^2 \nabla \log p_\sigma(x)$.",
        ),
        explanation=r"""
    Tweedie's formula, solved for the gradient: $(\hat x - x) / \sigma^2$. A network that predicts the noise $n$ says the
    same in other words, because $x - \hat x = \sigma \hat n$. The check uses normal data, for which both sides are known.
    """,
        solution=solution_17_5,
        alternatives=(alternative_17_5_noise,),
        wrong=(
            (wrong_17_5_sign, "turned round"),
            (wrong_17_5_sigma, "One power"),
            (wrong_17_5_bare, "displacement"),
            (wrong_17_5_estimate, "subtracted"),
            (wrong_17_5_prior, "all 0"),
        ),
        check=check_17_5,
    )
)

# 17.6 ------------------------------------------------------------------


def solution_17_6(x, fake, real):
    direction = (fake(x) - real(x)).detach()
    return (x * direction).sum(dim=1).mean()


def alternative_17_6_target(x, fake, real):
    with torch.no_grad():
        target = x - (fake(x) - real(x))
    return 0.5 * (x - target).square().sum(dim=1).mean()


def broken_17_6(x, fake, real):
    target = x - (fake(x) - real(x))
    return 0.5 * (x - target).square().sum(dim=1).mean()


def wrong_17_6_sign(x, fake, real):
    return solution_17_6(x, real, fake)


def wrong_17_6_all(x, fake, real):
    return 0.5 * (x - (x - fake(x) + real(x)).detach()).square().mean()


def wrong_17_6_sum(x, fake, real):
    return (x * (fake(x) - real(x)).detach()).sum()


def wrong_17_6_half(x, fake, real):
    target = (x - (fake(x) - real(x))).detach()
    return (x - target).square().sum(dim=1).mean()


def wrong_17_6_nothing(x, fake, real):
    length = (fake(x) - real(x)).detach().square().sum(dim=1)
    return 0.5 * length.mean() + 0 * x.sum()


def check_17_6(answer, c):
    for dtype in c.dtypes:
        for n, d in ((5, 2), (1, 3), (8, 4)):
            slope, shift = c.number(0.2, 0.8), c.normal((1, d), dtype)
            x = c.normal((n, d), dtype)

            def fake(x, slope=slope, shift=shift):
                return slope * x + shift

            def real(x, slope=slope):
                return (1 - slope) * x * 0.5

            want = (fake(x) - real(x)) / n
            through = (slope - (1 - slope) * 0.5) * want
            loss, (got,) = c.call_grad(answer, x, fake, real)
            c.true(loss.ndim == 0, "A loss is a single number, without axes.")
            c.equal(
                got,
                want,
                rtol=1e-4,
                atol=1e-6,
                says="The gradient in x differs from the direction divided by N.",
                mistakes={
                    "The target is not detached: the gradient now runs through the denoisers, and shortens the arrow instead of following it.": through,
                    "The samples now climb the divergence: generated minus real is the direction that descent subtracts.": -want,
                    "The mean runs over samples, not over samples and coordinates.": want
                    / d,
                    "Divide by the number of samples.": want * n,
                    "The factor one half of the square is missing.": 2 * want,
                    "No gradient reaches x: the detached difference is squared by itself.": torch.zeros_like(
                        want
                    ),
                },
            )


register(
    Exercise(
        id="17.6",
        title="Find the bug: the arrow that shortens itself",
        stars=2,
        kind="bug",
        statement=r"""
    This loss is meant to have the gradient `(fake(x) - real(x)) / N` in the samples `x` of shape `(N, d)`, where `fake` and `real` are two
    denoisers, functions that return estimates of the shape of `x`. No gradient may run through them. Mend it.
    """,
        stub="""
    def matching(x, fake, real):
        return ...
    """,
        hints=(
            r"What is the derivative of `0.5 * (fake(x) - real(x)) ** 2` in `x`?",
            r"The *target* is a constant for this step. Which call makes a constant of a tensor?",
        ),
        explanation=r"""
    As written `x - target` is `fake(x) - real(x)`, and the loss is half its squared length: descent moves the samples to
    where the two denoisers agree, which includes ridges and the empty middle between modes. With the target
    detached, the gradient is the difference itself. The printed *value* is the same in both cases, so that a curve of
    the loss does not show the fault.
    """,
        broken=broken_17_6,
        solution=solution_17_6,
        alternatives=(alternative_17_6_target,),
        wrong=(
            (broken_17_6, "not detached"),
            (wrong_17_6_sign, "climb"),
            (wrong_17_6_all, "and coordinates"),
            (wrong_17_6_sum, "number of samples"),
            (wrong_17_6_half, "one half"),
            (wrong_17_6_nothing, "No gradient reaches"),
        ),
        check=check_17_6,
    )
)

# 17.10 -----------------------------------------------------------------


def solution_17_10(G, a, t, steps, rate, generator):
    for _ in range(steps):
        x = G(torch.randn(256, 1, generator=generator))
        with torch.no_grad():  # the arrow is a constant of this step
            m, s = G.bias, G.weight
            arrow = (x - a) / t**2 - (x - m) / s**2
        G.zero_grad()
        (x * arrow).mean().backward()
        with torch.no_grad():
            for p in G.parameters():
                p -= rate * p.grad


def alternative_17_10_target(G, a, t, steps, rate, generator):
    for _ in range(steps):
        x = G(torch.randn(256, 1, generator=generator))
        arrow = (x - a) / t**2 - (x - G.bias) / G.weight**2
        loss = 0.5 * (x - (x - arrow).detach()).square().mean()
        slopes = torch.autograd.grad(loss, list(G.parameters()))
        with torch.no_grad():
            for p, slope in zip(G.parameters(), slopes, strict=True):
                p -= rate * slope


def _follow_17_10(arrow_of, sign=1.0):
    def train(G, a, t, steps, rate, generator):
        for _ in range(steps):
            x = G(torch.randn(256, 1, generator=generator))
            loss = sign * (x * arrow_of(x, G, a, t).detach()).mean()
            slopes = torch.autograd.grad(loss, list(G.parameters()))
            with torch.no_grad():
                for p, slope in zip(G.parameters(), slopes, strict=True):
                    p -= rate * slope

    return train


def _arrow_17_10(x, G, a, t):
    return (x - a) / t**2 - (x - G.bias) / G.weight**2


def _one_17_10(x, G, a, t):
    return (x - a) / t**2


def _wide_17_10(x, G, a, t):
    return (x - a) / t - (x - G.bias) / G.weight**2


def check_17_10(answer, c):
    for a, t, s in ((2.0, 0.5, 1.0), (-1.0, 1.5, 0.6), (0.0, 1.0, -0.8)):
        G = nn.Linear(1, 1)
        with torch.no_grad():
            G.bias.fill_(0.3)
            G.weight.fill_(s)
        source = torch.Generator().manual_seed(c.integer(0, 10_000))
        c.call(answer, G, a, t, 250, 0.05, source, returns_none=True)
        m, scale = float(G.bias), abs(float(G.weight))
        c.true(
            math.isfinite(m)
            and math.isfinite(scale)
            and abs(m - a) < abs(0.3 - a) + 1,
            "G moves away from the data: the sign of the arrow, or of the step.",
        )
        c.true(
            m != float(np.float32(0.3)),
            "G has not moved.",
        )
        c.true(
            scale > 0.08 * t,
            "The spread has collapsed: the arrow lacks the gradient of log q.",
        )
        c.true(
            abs(m - a) < 0.2 * t + 0.05,
            "The mean of the generated samples is not that of p.",
        )
        c.true(
            abs(scale - t) < 0.06 * t,
            "The mean is right and the spread is not. Compare the powers of the two standard deviations.",
        )


register(
    Exercise(
        id="17.10",
        title="Train by the arrow",
        stars=2,
        kind="function",
        statement=r"""
    `G` is `nn.Linear(1, 1)`, so its samples are normal with mean `G.bias` and standard deviation `|G.weight|`, and both gradients of log-densities are known. Write
    `follow(G, a, t, steps, rate, generator)`: train `G` in place towards $p = \mathcal{N}(a, t^2)$ by plain gradient descent (rate `rate`, no momentum) along the gradient of
    $\mathrm{KL}(q \| p)$. In each step draw `torch.randn(256, 1, generator=generator)`, push it through `G`, and let no gradient run
    through the arrow. Returns nothing. The weight may start negative.
    """,
        stub="""
    def follow(G, a, t, steps, rate, generator):
        return ...
    """,
        hints=(
            r"The arrow at $x$ is $\nabla \log q - \nabla \log p = -(x - m)/s^2 + (x - a)/t^2$.",
            r"The loss `(x * arrow.detach()).mean()` has the gradient that you want.",
        ),
        explanation=r"""
    Each step is a generator's step against the best discriminator, which is known here. The mean moves towards $a$
    and the spread to $t$. Without $\nabla \log q$ all samples walk to the maximum of $p$: the collapse
    onto the best point of {ref}`ch:11`. With the arrow not detached, descent shortens it instead of following it.
    """,
        solution=solution_17_10,
        alternatives=(alternative_17_10_target,),
        wrong=(
            (_follow_17_10(_one_17_10), "collapsed"),
            (_follow_17_10(_arrow_17_10, sign=-1.0), "away from the data"),
            (lambda G, a, t, steps, rate, generator: None, "not moved"),
            (_follow_17_10(_wide_17_10), "powers of the two"),
            (
                _follow_17_10(
                    lambda x, G, a, t: _arrow_17_10(x, G, 0.5 * a + 1, t)
                ),
                "is not that of p",
            ),
        ),
        check=check_17_10,
        time_limit=60.0,
    )
)
