r"""Exercises of chapter 17: the gradient of the reverse KL, from two denoisers or from a discriminator."""

import torch

from ganbook.exercises.engine.core import Exercise, register
from ganbook.exercises.engine.mistakes import mistake, outcomes

# 17.5 ------------------------------------------------------------------


def solution_17_5(x, x_hat, sigma):
    return (x_hat - x) / sigma**2


def alternative_17_5_noise(x, x_hat, sigma):
    noise = (x - x_hat) / sigma  # the noise that the denoiser takes off
    return -noise / sigma


@mistake(
    "The density grows towards the denoised point: the sign is turned round."
)
def wrong_17_5_sign(x, x_hat, sigma):
    return (x - x_hat) / sigma**2


@mistake(
    "One power of sigma is missing: x is a length, a gradient of a logarithm one over a length."
)
def wrong_17_5_sigma(x, x_hat, sigma):
    return (x_hat - x) / sigma


@mistake("That is a displacement; the gradient has sigma in it.")
def wrong_17_5_bare(x, x_hat, sigma):
    return x_hat - x


@mistake("The noisy point itself has to be subtracted.")
def wrong_17_5_estimate(x, x_hat, sigma):
    return x_hat / sigma**2


@mistake("That is the gradient for data that are all 0.")
def wrong_17_5_prior(x, x_hat, sigma):
    return -x / sigma**2


def check_17_5(answer, c):
    for dtype in c.dtypes:
        wide = dtype == torch.float64  # x_hat - x keeps too few digits else
        for sigma in (0.1, 1.0, 3.0, c.number(0.2, 2), 0.004 if wide else 30):
            x = 2 * c.normal((6, 2), dtype)
            m, s = c.number(-1, 1), c.number(0.3, 2)
            x_hat = (s**2 * x + sigma**2 * m) / (s**2 + sigma**2)
            want = (m - x) / (s**2 + sigma**2)
            c.equal(
                c.call(answer, x, x_hat, sigma),
                want,
                rtol=1e-3,
                atol=1e-4,
                mistakes=outcomes(
                    (x, x_hat, sigma),
                    wrong_17_5_sign,
                    wrong_17_5_sigma,
                    wrong_17_5_bare,
                    wrong_17_5_estimate,
                    wrong_17_5_prior,
                ),
            )
    tiny = torch.tensor([[1e-8, -3e-8]], dtype=torch.float64)
    c.like(
        answer,
        solution_17_5,
        lambda: (torch.zeros_like(tiny), tiny, 1e-4),
        rtol=1e-9,
        says="Every level is taken as it is, also a small one.",
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
            wrong_17_5_sign,
            wrong_17_5_sigma,
            wrong_17_5_bare,
            wrong_17_5_estimate,
            wrong_17_5_prior,
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


def wrong_17_6_parameters(x, fake, real):
    y = x.detach()
    return 0.5 * (x - (y - fake(y) + real(y))).square().sum(dim=1).mean()


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
            weight = c.normal((1, d), dtype).requires_grad_()
            loss = c.call(
                answer,
                x,
                lambda x, w=weight: w * x,
                lambda x, w=weight: w - x,
            )
            c.true(
                not loss.requires_grad,
                "The loss has a gradient in the parameters of the denoisers: a step on it would train them, too.",
                on="denoisers with parameters",
            )


register(
    Exercise(
        id="17.6",
        title="Find the bug: the arrow that shortens itself",
        stars=2,
        kind="bug",
        statement=r"""
    This loss is meant to have the gradient `(fake(x) - real(x)) / N` in the samples `x` of shape `(N, d)`, where `fake` and `real` are two
    denoisers, functions that return estimates of the shape of `x`. No gradient may run through them or into their parameters. Mend it.
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
            (wrong_17_6_parameters, "would train them, too"),
        ),
        check=check_17_6,
    )
)
