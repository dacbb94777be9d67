r"""Exercises 18.3 and 18.4: roots, squares and halves."""

import torch

from ganbook.exercises.chapter18.common import says_nothing
from ganbook.exercises.engine.core import Exercise, exposes, register

# 18.3 ------------------------------------------------------------------


def broken_18_3(D, x):
    x = x.detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    norm = (slope**2).sum(dim=1).sqrt()
    return ((norm - 1) ** 2).mean()


def mended_18_3(D, x):
    x = x.detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    norm = torch.linalg.vector_norm(slope, dim=1)
    return ((norm - 1) ** 2).mean()


def also_right_18_3(D, x):
    x = x.detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    norm = ((slope**2).sum(dim=1) + 1e-12).sqrt()
    return ((norm - 1) ** 2).mean()


def clamped_18_3(D, x):
    x = x.detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    norm = (slope**2).sum(dim=1).sqrt().clamp(min=1e-6)
    return ((norm - 1) ** 2).mean()


def sloped_18_3(D, x):
    penalty = mended_18_3(D, x)
    flat = torch.autograd.grad(D(x.requires_grad_(True)).sum(), x)[0] == 0
    return penalty * (torch.nan if flat.all() else 1.0)


def value_18_3(D, x):
    return mended_18_3(D, x).detach().requires_grad_(True)


def solution_18_3(slope_penalty):
    D = torch.nn.Linear(3, 1)
    torch.nn.init.zeros_(D.weight)
    penalty = slope_penalty(D, torch.randn(4, 3))
    assert abs(float(penalty) - 1) < 1e-4
    penalty.backward()
    assert D.weight.grad.isfinite().all()


def wrong_18_3_value(slope_penalty):
    D = torch.nn.Linear(3, 1)
    torch.nn.init.zeros_(D.weight)
    assert abs(float(slope_penalty(D, torch.randn(4, 3))) - 1) < 1e-4


def wrong_18_3_sloped(slope_penalty):
    D = torch.nn.Linear(3, 1)
    slope_penalty(D, torch.randn(4, 3)).backward()
    assert D.weight.grad.isfinite().all()


def wrong_18_3_returned(slope_penalty):
    D = torch.nn.Linear(3, 1)
    torch.nn.init.zeros_(D.weight)
    slope_penalty(D, torch.randn(4, 3)).backward()
    return bool(D.weight.grad.isfinite().all())


def wrong_18_3_gradient_not_zero(slope_penalty):
    D = torch.nn.Linear(3, 1)
    torch.nn.init.zeros_(D.weight)
    slope_penalty(D, torch.randn(4, 3)).backward()
    assert D.weight.grad.abs().sum() > 0


register(
    Exercise(
        id="18.3",
        title="Not a number",
        stars=2,
        kind="test",
        statement=r"""
    **Symptoms.** The first loss is finite: 1.0. After one step every weight of the critic is NaN. It happens only
    with a last layer that starts at zero, or when all ReLUs are off for some sample.

    `slope_penalty(D, x)` returns the mean of $(\lVert \nabla_x D(x_i) \rVert - 1)^2$ over the rows of `x`, of shape
    $(N, d)$. It must be usable for a step at *every* critic. Write a test that exposes the bug.
    """,
        stub="""
    def test(slope_penalty):
        return ...
    """,
        hints=(
            r"At which argument does $\sqrt{s}$ have no finite derivative? Which critic leads there?",
            r"`torch.nn.Linear(3, 1)` with its weight set to zero. The value is finite; look at what `backward()` leaves in `weight.grad`.",
        ),
        explanation=r"""
    The derivative of $\sqrt{s}$ at 0 is infinite, and by the chain rule it is multiplied by the derivative of
    $\sum g_i^2$, which is 0: infinity times zero is NaN. The value of the penalty shows nothing, so a test must
    call `backward`. `torch.linalg.vector_norm` takes 0 as its derivative at zero; a small constant under the root
    works too. Clamping the root afterwards does not help, since the infinite factor is still in the chain.
    Chapter 7 uses the norm, chapters 8 and 12 penalise its square and have no such point.

    The test, and below it the mended function:
    """,
        solution=solution_18_3,
        wrong=(
            (says_nothing, "asserts nothing"),
            (wrong_18_3_value, "value alone"),
            (wrong_18_3_sloped, "slope is not zero"),
            (wrong_18_3_returned, "nobody reads"),
            (wrong_18_3_gradient_not_zero, "fails on the mended"),
        ),
        check=exposes(
            mended=(mended_18_3, also_right_18_3),
            broken=broken_18_3,
            determined=True,
            variants={
                "The root is clamped after its infinite derivative has entered the chain.": clamped_18_3
            },
            blind={
                "The value alone is right; what it hands back to the weights is not looked at.": value_18_3,
                "It tries critics whose slope is not zero.": sloped_18_3,
            },
        ),
    )
)


# 18.4 ------------------------------------------------------------------


def broken_18_4(D, x_real, gamma):
    """R1: gamma / 2 times the mean squared norm of D's slope."""
    x = x_real.detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    return gamma * (slope.flatten(1) ** 2).sum(dim=1).mean()


def mended_18_4(D, x_real, gamma):
    """R1: gamma / 2 times the mean squared norm of D's slope."""
    x = x_real.detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    return gamma / 2 * (slope.flatten(1) ** 2).sum(dim=1).mean()


def also_right_18_4(D, x_real, gamma):
    x = x_real.detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    return gamma * slope.square().sum() / (2 * len(x))


def not_squared_18_4(D, x_real, gamma):
    x = x_real.detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    return gamma / 2 * slope.flatten(1).norm(dim=1).mean()


def summed_18_4(D, x_real, gamma):
    return mended_18_4(D, x_real, gamma) * len(x_real)


def flat_18_4(D, x_real, gamma):
    if mended_18_4(D, x_real, 1.0) > 0:
        raise ValueError("flat critics only")
    return mended_18_4(D, x_real, gamma)


def scaled_18_4(D, x_real, gamma):
    return mended_18_4(D, x_real, gamma) / 1000


def solution_18_4(r1):
    def D(x):  # slope (3, -4), norm 5
        return x @ torch.tensor([3.0, -4.0])

    penalty = float(r1(D, torch.randn(6, 2), 0.2))
    assert abs(penalty - 0.2 / 2 * 25) < 1e-4


def wrong_18_4_scaling(r1):
    D, x = torch.nn.Linear(2, 1), torch.randn(6, 2)
    assert abs(r1(D, x, 3.0) - 3 * r1(D, x, 1.0)) < 1e-3


def wrong_18_4_zero(r1):
    assert float(r1(lambda x: (0 * x).sum(1), torch.randn(6, 2), 1.0)) == 0


def wrong_18_4_unit(r1):
    D = lambda x: x[:, 0]  # noqa: E731
    assert abs(float(r1(D, torch.randn(6, 2), 1.0)) - 0.5) < 1e-5


def wrong_18_4_single(r1):
    D = lambda x: 3 * x[:, 0]  # noqa: E731
    assert abs(float(r1(D, torch.randn(1, 2), 1.0)) - 4.5) < 1e-5


def wrong_18_4_one_side(r1):
    D = lambda x: 3 * x[:, 0]  # noqa: E731
    assert 4.5 - float(r1(D, torch.randn(6, 2), 1.0)) < 1e-4


def wrong_18_4_no_half(r1):
    D = lambda x: 3 * x[:, 0]  # noqa: E731
    assert abs(float(r1(D, torch.randn(6, 2), 1.0)) - 9) < 1e-4


register(
    Exercise(
        id="18.4",
        title="Which gamma?",
        stars=1,
        kind="test",
        statement=r"""
    **Symptoms.** A setting from a paper, copied digit by digit, behaves as if its penalty were stronger. On the
    Dirac-GAN of chapter 8 with $\gamma = 0.3$, alternating play contracts per step by .9381 where the closed form
    says .9695.

    `r1(D, x_real, gamma)` returns $\frac{\gamma}{2}$ times the mean over the batch of
    $\lVert \nabla_x D(x_i) \rVert^2$. Write a test that exposes the bug.
    """,
        stub="""
    def test(r1):
        return ...
    """,
        hints=(
            r"The penalty of a linear `D` can be computed in your head.",
            r"Choose a slope whose norm differs from its square, and more than one sample, so that a mean differs from a sum.",
        ),
        explanation=r"""
    Without the half, $\gamma$ means twice what the paper's $\gamma$ means. Every run works, and no number copied
    from elsewhere fits: a search over $\gamma$ finds half the published value. The file `train.py` of the public
    repository GAN_stability adds `reg_param` times the squared slope without the half. Either convention is fine
    as long as text and code have the same one. The solution's slope has norm 5, so that the norm, its square and
    half its square are three numbers. Chapter 8.

    The test, and below it the mended function:
    """,
        solution=solution_18_4,
        wrong=(
            (says_nothing, "asserts nothing"),
            (wrong_18_4_scaling, "A ratio"),
            (wrong_18_4_zero, "flat critic"),
            (wrong_18_4_unit, "equals its square"),
            (wrong_18_4_single, "one sample"),
            (wrong_18_4_one_side, "far too large"),
            (wrong_18_4_no_half, "fails on the mended"),
        ),
        check=exposes(
            mended=(mended_18_4, also_right_18_4),
            broken=broken_18_4,
            determined=True,
            variants={
                "The norm is not squared there: at slope 1 it equals its square.": not_squared_18_4,
                "It sums over the batch: with one sample that is the mean.": summed_18_4,
            },
            blind={
                "At a flat critic the penalty is zero whatever its factor is.": flat_18_4,
                "A ratio of two penalties is the same for every factor.": scaled_18_4,
            },
        ),
    )
)
