r"""Exercises 11.10, 11.11 and 11.12."""

import copy
import math

import torch
from torch import nn
from torch.nn.functional import softplus

from ganbook.exercises.engine.core import Exercise, register
from ganbook.exercises.engine.words import say

# 11.10 -----------------------------------------------------------------


def solution_11_10():
    return "-psi + 2 * K * eta * theta"


def check_11_10(value, c):
    c.expression(
        value,
        lambda theta, psi, eta, K: -psi + 2 * K * eta * theta,
        theta=(-2, 2),
        psi=(-2, 2),
        eta=(0.1, 1),
        K=(1, 6),
        mistakes={
            "That treats the unrolled D as fixed: its dependence on theta has a derivative, too.": "-psi + K * eta * theta",
            "That is the gradient without unrolling.": "-psi",
            "A sign: the updates carry psi against theta, so the loss gains a positive square.": "-psi - 2 * K * eta * theta",
            "That is one step of D, and there are K.": "-psi + 2 * eta * theta",
            "That is the loss itself, not its derivative.": "-psi * theta + K * eta * theta**2",
            "That is the update of theta's opponent: the derivative in psi.": "-theta",
        },
    )


register(
    Exercise(
        id="11.10",
        title="What unrolling adds",
        stars=2,
        kind="expression",
        statement=r"""
    In the bilinear game $L_D = \psi\theta$ and $L_G = -\psi\theta$. Unroll $K$ gradient steps of $D$ with rate $\eta$,
    from $\psi$. Return the derivative in $\theta$ of $L_G(\theta, \psi_K(\theta))$, through the updates, as a sympy
    expression or as text in `theta`, `psi`, `eta` and `K`, such as `"psi * K"`.
    """,
        stub="""
    def gradient():
        return ...
    """,
        hints=(
            r"$\nabla_\psi L_D = \theta$ does not depend on $\psi$. What is $\psi_K$?",
            r"Insert $\psi_K = \psi - K\eta\theta$ into $L_G$ first, and differentiate afterwards.",
        ),
        explanation=r"""
    $\psi_K = \psi - K\eta\theta$, so $L_G = -\psi\theta + K\eta\theta^2$ and the derivative is $-\psi + 2K\eta\theta$.
    Half of the new term is there because $G$ faces $\psi_K$ and not $\psi$; the other half comes from the derivative of
    $\psi_K$ in $\theta$.
    The term pulls $\theta$ to 0: the circle of alternating play becomes a spiral inwards.
    """,
        solution=solution_11_10,
        wrong=(
            (lambda: "-psi + K * eta * theta", "as fixed"),
            (lambda: "-psi", "without unrolling"),
            (lambda: "-psi - 2 * K * eta * theta", "positive square"),
            (lambda: "-psi + 2 * eta * theta", "one step of D"),
            (lambda: "-psi * theta + K * eta * theta**2", "loss itself"),
            (lambda: "-theta", "derivative in psi"),
        ),
        check=check_11_10,
    )
)


# 11.11 -----------------------------------------------------------------


def solution_11_11():
    return "sqrt(alpha * kappa - alpha**2 * gamma**2)"


def check_11_11(value, c):
    c.expression(
        value,
        lambda alpha, kappa, gamma: math.sqrt(
            alpha * kappa - alpha**2 * gamma**2
        ),
        alpha=(0.5, 1),
        kappa=(1, 4),
        gamma=(0.1, 0.9),
        mistakes={
            "That is the speed for alpha = 1; a faster D changes it.": "sqrt(kappa - gamma**2)",
            "That is the speed measured in D's time; return to the common clock.": "sqrt(kappa / alpha - gamma**2)",
            "The penalty is part of D's loss, so D's rate multiplies it as well.": "sqrt(alpha * kappa - gamma**2)",
            "That is the square of the speed.": "alpha * kappa - alpha**2 * gamma**2",
            "That ignores the penalty.": "sqrt(alpha * kappa)",
            "A sign: the penalty slows the run down.": "sqrt(alpha * kappa + alpha**2 * gamma**2)",
        },
    )


register(
    Exercise(
        id="11.11",
        title="Two time scales on the ring",
        stars=3,
        kind="expression",
        statement=r"""
    In the model of the rotating point let $D$ move at rate $\alpha$: $\dot\psi = \alpha(-x(\theta) - \gamma\psi)$, while
    $\dot\theta = \kappa\, \psi \cdot t(\theta)$ as before. Return the speed $\omega > 0$ of the rotation, where it exists,
    as a sympy expression or as text in `alpha`, `kappa` and `gamma`, such as `"alpha * kappa"`.
    """,
        stub="""
    def speed():
        return ...
    """,
        hints=(
            r"Either repeat the proof with $\alpha$, or choose a clock in which $D$'s rate is 1.",
            r"In the turning frame $\dot\rho$ and $\dot\tau$ gain $\alpha$ at each term that comes from $\dot\psi$, but not at those that come from the turning. Set both to zero.",
        ),
        explanation=r"""
    Now $\dot\tau = -\alpha\gamma\tau - \kappa\tau\rho$ gives $\rho = -\alpha\gamma/\kappa$, and
    $\dot\rho = -\alpha - \alpha\gamma\rho + \kappa\tau^2 = 0$ gives $\kappa\tau^2 = \alpha - \alpha^2\gamma^2/\kappa$.
    So $\omega = \kappa\tau = \sqrt{\alpha\kappa - \alpha^2\gamma^2}$. The rotation ends when $\alpha\gamma^2 \ge \kappa$: a
    faster discriminator needs a smaller penalty to stop the point.
    """,
        solution=solution_11_11,
        wrong=(
            (lambda: "sqrt(kappa - gamma**2)", "alpha = 1"),
            (lambda: "sqrt(kappa / alpha - gamma**2)", "common clock"),
            (lambda: "sqrt(alpha * kappa - gamma**2)", "multiplies it"),
            (lambda: "alpha * kappa - alpha**2 * gamma**2", "square of"),
            (lambda: "sqrt(alpha * kappa)", "ignores the penalty"),
            (
                lambda: "sqrt(alpha * kappa + alpha**2 * gamma**2)",
                "slows the run",
            ),
        ),
        check=check_11_11,
    )
)


# 11.12 -----------------------------------------------------------------


def solution_11_12(G, D, z, steps, rate):
    optimizer = torch.optim.SGD(G.parameters(), lr=rate)
    flags = [p.requires_grad for p in D.parameters()]
    D.requires_grad_(False)  # D takes no gradient, but passes it on
    for _ in range(steps):
        optimizer.zero_grad()
        softplus(-D(G(z))).mean().backward()
        optimizer.step()
    for p, flag in zip(D.parameters(), flags, strict=True):
        p.requires_grad_(flag)
    with torch.no_grad():
        return float(softplus(-D(G(z))).mean())


def alternative_11_12_grad(G, D, z, steps, rate):
    for _ in range(steps):
        loss = softplus(-D(G(z))).mean()
        slopes = torch.autograd.grad(loss, list(G.parameters()))
        with torch.no_grad():
            for p, slope in zip(G.parameters(), slopes, strict=True):
                p -= rate * slope
    return float(softplus(-D(G(z))).mean().detach())


def _variant_11_12(loss=None, both=False, steps=0, accumulate=False):
    loss = loss or (lambda d: softplus(-d))

    def answer(G, D, z, n, rate):
        parameters = list(G.parameters())
        if both:
            parameters += list(D.parameters())
        before = [p.grad for p in D.parameters()]
        flags = [p.requires_grad for p in D.parameters()]
        if not both:
            D.requires_grad_(False)
        optimizer = torch.optim.SGD(parameters, lr=rate)
        for k in range(n + steps):
            if not accumulate or not k:
                optimizer.zero_grad()
            loss(D(G(z))).mean().backward()
            optimizer.step()
        for p, flag, grad in zip(D.parameters(), flags, before, strict=True):
            p.requires_grad_(flag)
            p.grad = grad
        with torch.no_grad():
            return float(softplus(-D(G(z))).mean())

    return answer


def wrong_11_12_before(G, D, z, steps, rate):
    before = solution_11_12(G, D, z, steps - 1, rate)
    solution_11_12(G, D, z, 1, rate)
    return before


def wrong_11_12_overflow(G, D, z, steps, rate):
    parameters = list(G.parameters())
    for _ in range(steps):
        loss = -torch.sigmoid(D(G(z))).log().mean()
        slopes = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            for p, slope in zip(parameters, slopes, strict=True):
                p -= rate * slope
    return float(-torch.sigmoid(D(G(z))).log().mean().detach())


wrong_11_12_saturating = _variant_11_12(lambda d: -softplus(d))
wrong_11_12_sign = _variant_11_12(lambda d: softplus(d))
wrong_11_12_both = _variant_11_12(both=True)
wrong_11_12_one_less = _variant_11_12(steps=-1)
wrong_11_12_accumulate = _variant_11_12(accumulate=True)


def wrong_11_12_leaves_grads(G, D, z, steps, rate):
    optimizer = torch.optim.SGD(G.parameters(), lr=rate)
    for _ in range(steps):
        optimizer.zero_grad()
        softplus(-D(G(z))).mean().backward()
        optimizer.step()
    with torch.no_grad():
        return float(softplus(-D(G(z))).mean())


def wrong_11_12_frozen(G, D, z, steps, rate):
    D.requires_grad_(False)
    return solution_11_12(G, D, z, steps, rate)


def wrong_11_12_mode(G, D, z, steps, rate):
    D.eval()
    return solution_11_12(G, D, z, steps, rate)


def check_11_12(answer, c):
    def players(dtype):
        G = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
        D = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))
        with torch.no_grad():
            for p in (*G.parameters(), *D.parameters()):
                p.copy_(c.normal(tuple(p.shape), torch.float64))
        return G.to(dtype), D.to(dtype)

    for dtype, shift in ((d, s) for d in c.dtypes for s in (0, -1_500)):
        G, D = players(dtype)
        with torch.no_grad():
            D[2].bias.add_(shift)  # all scores far below zero
        D[0].bias.requires_grad_(False)  # and it is to stay so
        z, steps = c.normal((16, 2), dtype), c.integer(12, 20)
        rate = c.number(0.04, 0.1)
        start = copy.deepcopy((G, D))

        def after(other, start=start, z=z, steps=steps, rate=rate):
            first, second = copy.deepcopy(start)
            other(first, second, z, steps, rate)
            return first[2].bias.detach()

        for p in G.parameters():
            p.grad = torch.ones_like(p)  # what an earlier step left
        got = c.call(answer, G, D, z, steps, rate)
        for now, before in zip(
            D.parameters(), start[1].parameters(), strict=True
        ):
            c.true(
                torch.equal(now, before),
                "D has moved. It was to stay as it is while G learns.",
            )
            c.true(
                now.grad is None,
                "D has gradients now, which its next step would use.",
            )
            c.true(
                now.requires_grad == before.requires_grad,
                "D's parameters no longer require gradients as they did.",
            )
        c.true(
            all(part.training for part in D.modules()),
            "D is in another mode than before (eval): leave it as it came.",
        )
        first, second = copy.deepcopy(start)
        want = alternative_11_12_grad(first, second, z, steps, rate)
        previous = wrong_11_12_before(*copy.deepcopy(start), z, steps, rate)
        c.true(
            not shift or bool(G[2].bias.isfinite().all()),
            "G is not finite where D's scores are far below zero: use softplus, not the logarithm of a sigmoid.",
        )
        c.equal(
            G[2].bias.detach(),
            first[2].bias.detach(),
            rtol=1e-3,
            atol=1e-5,
            on=say(
                "{steps} steps at rate {rate:.3f}", steps=steps, rate=rate
            ),
            mistakes={
                "That is the minimax loss; the non-saturating one was asked for.": lambda: (
                    after(wrong_11_12_saturating)
                ),
                "A sign: G now makes its samples look generated.": lambda: (
                    after(wrong_11_12_sign)
                ),
                "One step is missing.": lambda: after(wrong_11_12_one_less),
                "Gradients of earlier steps are still in the parameters: clear them before each backward pass.": lambda: (
                    after(wrong_11_12_accumulate)
                ),
            },
            says="If your steps are right: G may hold gradients when it comes, so clear them before the first backward pass as well.",
        )
        c.equal(
            got,
            want,
            rtol=1e-3,
            atol=1e-5,
            on=say(
                "{steps} steps at rate {rate:.3f}", steps=steps, rate=rate
            ),
            says="G ends where it should, but the loss after the last step is another.",
            mistakes={
                "That is the loss before the last step: compute it once more.": previous,
            },
        )
    c.like(
        answer,
        solution_11_12,
        lambda: (c.line(0.0), c.line(1.0), torch.zeros(1, 1), 120, 0.1),
        says="All steps count, also the hundredth.",
    )


register(
    Exercise(
        id="11.12",
        title="Train the best response",
        stars=2,
        kind="function",
        statement=r"""
    Write `respond(G, D, z, steps, rate)`: train `G` in place for `steps` steps of plain gradient descent (no momentum)
    with the given `rate` on the mean non-saturating loss of `D(G(z))`, with the same `z` of shape `(N, 2)` in each
    step, and return that loss after the last step as a number. `D` must be afterwards as it was: same parameters,
    `grad` still `None`, and each `requires_grad` as before (some may be false).
    """,
        stub="""
    def respond(G, D, z, steps, rate):
        return ...
    """,
        hints=(
            r"An optimiser moves only what it was given. But `backward` fills `grad` wherever it is asked for.",
            r"Either switch `requires_grad` of D off and on again, or use `torch.autograd.grad` for G's parameters alone.",
        ),
        explanation=r"""
    The loss is `softplus(-D(G(z))).mean()`. Run it with a trained `D` and many steps and look at `G(z)`: the samples
    gather at a few places of high score. Leaving D's `grad` filled is the subtle fault: nothing goes wrong until
    somebody calls D's optimiser without clearing.
    """,
        solution=solution_11_12,
        alternatives=(alternative_11_12_grad,),
        wrong=(
            (wrong_11_12_saturating, "minimax loss"),
            (wrong_11_12_sign, "look generated"),
            (wrong_11_12_both, "D has moved"),
            (wrong_11_12_one_less, "One step is missing"),
            (wrong_11_12_accumulate, "earlier steps"),
            (wrong_11_12_leaves_grads, "next step would use"),
            (wrong_11_12_frozen, "left requires_grad"),
            (wrong_11_12_mode, "another mode"),
            (wrong_11_12_before, "before the last step"),
            (wrong_11_12_overflow, "logarithm of a sigmoid"),
        ),
        check=check_11_12,
    )
)
