r"""Exercises 8.10 and 8.11: Read the eigenvalues; Train a point."""

import copy

import torch
from torch import nn
from torch.nn.functional import softplus

from ganbook.exercises.engine.core import (
    Exercise,
    classify,
    register,
)


def solution_8_10():
    return {
        "A": "arrives",
        "B": "leaves",
        "C": "undecided",
        "D": "leaves",
        "E": "arrives",
        "F": "undecided",
    }


def wrong_8_10(**changed):
    return lambda: solution_8_10() | changed


register(
    Exercise(
        id="8.10",
        title="Read the eigenvalues",
        stars=1,
        kind="classify",
        statement=r"""
    The eigenvalues of one update at a rest point are given. Started near the point, the play `"arrives"`, it `"leaves"`
    from nearly every start, or the eigenvalues leave it `"undecided"`. Return a dict.

    - **A**: $0.9 \pm 0.3i$
    - **B**: $1 \pm 0.01i$
    - **C**: $0.98 \pm i\sqrt{0.0396}$
    - **D**: $-1.05$ and $0.2$
    - **E**: $0.999$ and $0.5$
    - **F**: $0.6 \pm 0.8i$
    """,
        stub="""
    def fate():
        # {"A": "arrives", "B": ..., ...}
        return ...
    """,
        hints=(
            r"Only the moduli count. $\lvert x + iy \rvert^2 = x^2 + y^2$.",
            r"$0.98^2 = 0.9604$. And what does a modulus of exactly one say?",
        ),
        explanation=r"""
    A: $0.81 + 0.09 < 1$. B: $1 + 0.0001 > 1$: slowly, but it leaves. C and F: exactly one, the nonlinear terms decide, as
    they do between minimax and non-saturating. D: one modulus above one is enough; the sign means that it hops from side
    to side, as with too stiff a penalty. E arrives, in thousands of steps.
    """,
        solution=solution_8_10,
        wrong=(
            (wrong_8_10(A="leaves"), "0.81"),
            (wrong_8_10(B="undecided"), "slightly above"),
            (wrong_8_10(C="arrives"), "0.9604"),
            (wrong_8_10(D="arrives"), "other side"),
            (wrong_8_10(E="leaves"), "slow"),
            (wrong_8_10(F="leaves"), "0.36"),
        ),
        check=classify(
            solution_8_10(),
            labels=("arrives", "leaves", "undecided"),
            reasons={
                ("A", "leaves"): "0.81 + 0.09 is below one.",
                (
                    "A",
                    "undecided",
                ): "The modulus is not one: 0.81 and 0.09 add up to 0.9.",
                (
                    "B",
                    "arrives",
                ): "A real part of one with any imaginary part is outside the circle.",
                (
                    "B",
                    "undecided",
                ): "The modulus is slightly above one, not one.",
                (
                    "C",
                    "arrives",
                ): "0.9604 + 0.0396 is one exactly; a real part below one is not enough.",
                ("C", "leaves"): "0.9604 + 0.0396 is one exactly, not more.",
                (
                    "D",
                    "arrives",
                ): "The modulus of -1.05 exceeds one: each step overshoots to the other side, and farther.",
                ("D", "undecided"): "One modulus above one decides it.",
                ("E", "leaves"): "Both moduli are below one; 0.999 is slow.",
                (
                    "E",
                    "undecided",
                ): "0.999 is below one: the linear part decides, if in thousands of steps.",
                ("F", "leaves"): "0.36 + 0.64 is one exactly.",
                ("F", "arrives"): "0.36 and 0.64 add up to one, not to less.",
            },
        ),
    )
)


def solution_8_11(D, theta, gamma, h, steps):
    dtype = next(D.parameters()).dtype
    theta = torch.tensor([[theta]], dtype=dtype, requires_grad=True)
    weights = list(D.parameters())
    for _ in range(steps):
        real = torch.zeros(1, 1, dtype=dtype, requires_grad=True)
        d_real, d_fake = D(real).sum(), D(theta).sum()
        (slope,) = torch.autograd.grad(d_real, real, create_graph=True)
        loss_d = softplus(-d_real) + softplus(d_fake)
        loss_d = loss_d + gamma / 2 * slope.square().sum()
        loss_g = softplus(-d_fake)
        # both gradients first, then both steps
        down_d = torch.autograd.grad(loss_d, weights, retain_graph=True)
        (down_g,) = torch.autograd.grad(loss_g, theta)
        with torch.no_grad():
            theta -= h * down_g
            for weight, down in zip(weights, down_d, strict=True):
                weight -= h * down
    return theta.item()


def trainer_8_11(
    turn=False, share=0.5, at_fake=False, loss="non_saturating", graph=True
):
    """Training with one thing done differently."""

    def train(D, theta, gamma, h, steps):
        dtype = next(D.parameters()).dtype
        theta = torch.tensor([[theta]], dtype=dtype, requires_grad=True)
        weights = list(D.parameters())
        for _ in range(steps):
            real = torch.zeros(1, 1, dtype=dtype, requires_grad=True)
            where = (
                theta.detach().clone().requires_grad_() if at_fake else real
            )
            d_real, d_fake = D(real).sum(), D(theta).sum()
            (slope,) = torch.autograd.grad(
                D(where).sum(), where, create_graph=graph
            )
            loss_d = softplus(-d_real) + softplus(d_fake)
            loss_d = loss_d + share * gamma * slope.square().sum()
            down_d = torch.autograd.grad(loss_d, weights)
            if turn:
                with torch.no_grad():
                    for weight, down in zip(weights, down_d, strict=True):
                        weight -= h * down
            d_fake = D(theta).sum()
            loss_g = (
                -softplus(d_fake) if loss == "minimax" else softplus(-d_fake)
            )
            (down_g,) = torch.autograd.grad(loss_g, theta)
            with torch.no_grad():
                theta -= h * down_g
                if not turn:
                    for weight, down in zip(weights, down_d, strict=True):
                        weight -= h * down
        return theta.item()

    return train


alternative_8_11_second_pass = trainer_8_11()


def alternative_8_11_optimizers(D, theta, gamma, h, steps):
    dtype = next(D.parameters()).dtype
    point = nn.Parameter(torch.tensor([[theta]], dtype=dtype))
    sgd_d = torch.optim.SGD(D.parameters(), lr=h)
    sgd_g = torch.optim.SGD([point], lr=h)
    for _ in range(steps):
        real = torch.zeros(1, 1, dtype=dtype, requires_grad=True)
        sgd_g.zero_grad()
        softplus(-D(point)).sum().backward()
        sgd_d.zero_grad()
        d_real = D(real)
        slope = torch.autograd.grad(d_real.sum(), real, create_graph=True)[0]
        loss = softplus(-d_real) + softplus(D(point.detach()))
        (loss + gamma / 2 * slope**2).sum().backward()
        sgd_d.step()
        sgd_g.step()
    return float(point.detach())


SLIPS_8_11 = {
    "D has moved before G's gradient was taken: that is alternating play.": trainer_8_11(
        turn=True
    ),
    "The penalty is twice as strong: R1 carries gamma / 2.": trainer_8_11(
        share=1.0
    ),
    "The slope was punished at the generated point; R1 takes the real one.": trainer_8_11(
        at_fake=True
    ),
    "G minimises the minimax loss there; the non-saturating one was asked for.": trainer_8_11(
        loss="minimax"
    ),
    "The penalty has no effect: without create_graph the slope is a constant to the weights.": trainer_8_11(
        graph=False
    ),
    "Every step is made with 0.2; the size of a step is `h`.": lambda D, theta, gamma, h, steps: (
        solution_8_11(D, theta, gamma, 0.2, steps)
    ),
    "There is one step too many.": lambda D, theta, gamma, h, steps: (
        solution_8_11(D, theta, gamma, h, steps + 1)
    ),
    "The last step is missing.": lambda D, theta, gamma, h, steps: (
        solution_8_11(D, theta, gamma, h, steps - 1)
    ),
}


def wrong_8_11_mode(D, theta, gamma, h, steps):
    found = solution_8_11(D, theta, gamma, h, steps)
    D.eval()
    return found


def check_8_11(answer, c):
    for dtype in c.dtypes:
        for sign in (1, -1):
            torch.manual_seed(c.integer(0, 10_000))
            D = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))
            with torch.no_grad():
                for p in D.parameters():
                    p.mul_(2.0)
            D = D.to(dtype)
            given = (
                sign * c.number(0.4, 1.0),
                c.number(0.5, 1.0) if sign > 0 else c.number(1.1, 1.5),
                c.number(0.15, 0.25),
                c.integer(20, 30),
            )
            mine = copy.deepcopy(D)
            want = solution_8_11(mine, *given)
            before = copy.deepcopy(D)
            tolerance = 1e-4 if dtype == torch.float32 else 1e-8
            for p in D.parameters():
                p.grad = torch.ones_like(p)  # what an earlier step left
            got = c.call(answer, D, *given)
            c.true(D.training, "D is left in evaluation mode.")
            slack = 1e-6 if dtype == torch.float32 else 1e-10
            c.equal(
                got,
                want,
                rtol=tolerance,
                atol=slack,
                mistakes={
                    says: lambda slip=slip, D=before, given=given: slip(
                        copy.deepcopy(D), *given
                    )
                    for says, slip in SLIPS_8_11.items()
                },
            )

            def alike(net, rtol=100 * tolerance, atol=10 * slack, D=D):
                pairs = zip(D.parameters(), net.parameters(), strict=True)
                return all(
                    torch.allclose(p, q, rtol=rtol, atol=atol)
                    for p, q in pairs
                )

            if alike(mine):
                continue
            # theta can agree by chance where the weights do not
            for says, slip in SLIPS_8_11.items():
                other = copy.deepcopy(before)
                slip(other, *given)
                if alike(other):
                    c.fail(says)
            c.fail(
                "theta ends where it should, but D's weights do not: train D in place."
            )
    c.like(
        answer,
        solution_8_11,
        lambda: (c.line(0.5, torch.float64), 1.0, 0.3, 0.2, 120),
        rtol=1e-6,
        says="All steps count, also the hundredth.",
    )


register(
    Exercise(
        id="8.11",
        title="Train a point",
        stars=3,
        kind="function",
        statement=r"""
    Write `train(D, theta, gamma, h, steps)`: train a generator of one point against the network `D`, which maps $(N, 1)$ to
    $(N, 1)$, with the real point $0$. Both players move *at once*, by plain gradient steps of size `h` on the
    non-saturating losses, and `D` has the penalty R1 with the weight `gamma`. `theta` is the number to start from. `D` is
    trained in place; the final $\theta$ is returned as a number. Compute in the dtype of `D`.
    """,
        stub="""
    def train(D, theta, gamma, h, steps):
        return ...
    """,
        hints=(
            r"In each step compute both players' gradients at the old point, before either moves.",
            r"`slope, = torch.autograd.grad(D(real).sum(), real, create_graph=True)` with `real.requires_grad_()`, and add `gamma / 2 * slope**2`.",
        ),
        explanation=r"""
    The slope at the real point must stay a function of the weights, hence `create_graph=True`. Moving `D` before the
    gradient of $G$ is taken turns the play into another one, with other eigenvalues: no error is raised, and in a
    test at the end only the digits differ.
    """,
        solution=solution_8_11,
        alternatives=(
            alternative_8_11_second_pass,
            alternative_8_11_optimizers,
        ),
        wrong=(
            *zip(
                SLIPS_8_11.values(),
                (
                    "alternating play",
                    "twice as strong",
                    "generated point",
                    "minimax loss",
                    "create_graph",
                    "made with 0.2",
                    "too many",
                    "last step is missing",
                ),
                strict=True,
            ),
            (wrong_8_11_mode, "evaluation mode"),
        ),
        check=check_8_11,
    )
)
