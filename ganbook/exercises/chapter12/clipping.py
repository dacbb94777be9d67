r"""Training with clipped gradients."""

import torch
from torch import nn
from torch.nn.functional import softplus

from ganbook.exercises.engine.core import Exercise, register
from ganbook.exercises.engine.words import say

# 12.6 ------------------------------------------------------------------


def solution_12_6(D, x_real, x_fake, steps, rate, bound):
    parameters = list(D.parameters())
    for _ in range(steps):
        loss = softplus(-D(x_real)).mean() + softplus(D(x_fake)).mean()
        gradients = torch.autograd.grad(loss, parameters)
        norm = torch.sqrt(sum(g.square().sum() for g in gradients))
        scale = bound / max(bound, float(norm))  # 1 for a short gradient
        with torch.no_grad():
            for p, g in zip(parameters, gradients, strict=True):
                p -= rate * scale * g
    return float(norm)


def alternative_12_6_torch(D, x_real, x_fake, steps, rate, bound):
    sgd = torch.optim.SGD(D.parameters(), rate)
    for _ in range(steps):
        sgd.zero_grad()
        loss = softplus(-D(x_real)).mean() + softplus(D(x_fake)).mean()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(D.parameters(), bound)
        sgd.step()
    return float(norm)


def _variant_12_6(D, x_real, x_fake, steps, rate, scaled, sign=1):
    parameters = list(D.parameters())
    for _ in range(steps):
        loss = softplus(-D(x_real)).mean() + softplus(D(x_fake)).mean()
        gradients = torch.autograd.grad(sign * loss, parameters)
        with torch.no_grad():
            for p, g in zip(parameters, scaled(gradients), strict=True):
                p -= rate * g
    return float(torch.sqrt(sum(g.square().sum() for g in gradients)))


def _norm_12_6(gradients):
    return float(torch.sqrt(sum(g.square().sum() for g in gradients)))


def wrong_12_6_each(D, x_real, x_fake, steps, rate, bound):
    def scaled(gradients):
        return [g * min(1.0, bound / float(g.norm())) for g in gradients]

    return _variant_12_6(D, x_real, x_fake, steps, rate, scaled)


def wrong_12_6_entries(D, x_real, x_fake, steps, rate, bound):
    def scaled(gradients):
        return [g.clamp(-bound, bound) for g in gradients]

    return _variant_12_6(D, x_real, x_fake, steps, rate, scaled)


def wrong_12_6_always(D, x_real, x_fake, steps, rate, bound):
    def scaled(gradients):
        return [g * bound / _norm_12_6(gradients) for g in gradients]

    return _variant_12_6(D, x_real, x_fake, steps, rate, scaled)


def wrong_12_6_never(D, x_real, x_fake, steps, rate, bound):
    return _variant_12_6(D, x_real, x_fake, steps, rate, lambda g: g)


def wrong_12_6_ascent(D, x_real, x_fake, steps, rate, bound):
    def scaled(gradients):
        return [
            g * min(1.0, bound / _norm_12_6(gradients)) for g in gradients
        ]

    return _variant_12_6(D, x_real, x_fake, steps, rate, scaled, -1)


def wrong_12_6_weights(D, x_real, x_fake, steps, rate, bound):
    found = _variant_12_6(D, x_real, x_fake, steps, rate, lambda g: g)
    with torch.no_grad():
        for p in D.parameters():
            p.clamp_(-bound, bound)
    return found


def wrong_12_6_uncleared(D, x_real, x_fake, steps, rate, bound):
    sgd = torch.optim.SGD(D.parameters(), rate)
    for _ in range(steps):
        loss = softplus(-D(x_real)).mean() + softplus(D(x_fake)).mean()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(D.parameters(), bound)
        sgd.step()
    return float(norm)


def wrong_12_6_clipped_norm(D, x_real, x_fake, steps, rate, bound):
    return min(bound, solution_12_6(D, x_real, x_fake, steps, rate, bound))


def wrong_12_6_overflow(D, x_real, x_fake, steps, rate, bound):
    sgd = torch.optim.SGD(D.parameters(), rate)
    for _ in range(steps):
        sgd.zero_grad()
        real = -torch.log(torch.sigmoid(D(x_real))).mean()
        loss = real - torch.log(1 - torch.sigmoid(D(x_fake))).mean()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(D.parameters(), bound)
        sgd.step()
    return float(norm)


def check_12_6(answer, c):
    for dtype in c.dtypes:
        for bound, size in (
            (0.05, 1),
            (50.0, 1),
            (c.number(0.2, 0.4), 1),
            (0.5, 3_000),
            (40.0, 3_000),
        ):
            rate = 0.8 if bound == 0.05 else c.number(0.4, 0.9)
            start = nn.Linear(2, 1)
            with torch.no_grad():
                start.weight.copy_(c.normal((1, 2), torch.float64))
                start.bias.copy_(c.normal((1,), torch.float64))
            start = start.to(dtype)
            x, y = c.normal((9, 2), dtype) + 1, c.normal((7, 2), dtype) - 1
            x, y = x * size, y * size
            if size > 1:  # a sample of both kinds: no gradient is zero
                y[0] = x[0]
            # One step at a large size: later ones would multiply rounding.
            steps = c.integer(5, 9) if size == 1 else 1

            def after(other, start=start, x=x, rest=(y, steps, rate, bound)):
                D = nn.Linear(2, 1).to(x.dtype)
                D.load_state_dict(start.state_dict())
                for p in D.parameters():
                    p.grad = torch.ones_like(p)
                other(D, x, *rest)
                return torch.cat([D.weight[0], D.bias]).detach()

            D = nn.Linear(2, 1).to(dtype)
            D.load_state_dict(start.state_dict())
            for p in D.parameters():
                p.grad = torch.ones_like(p)  # what an earlier step left
            got = c.call(answer, D, x, y, steps, rate, bound)
            c.true(
                size == 1 or bool(torch.isfinite(D.weight).all()),
                "The step is not finite where scores are large: use softplus of a score, not the logarithm of a sigmoid.",
            )
            c.equal(
                torch.cat([D.weight[0], D.bias]).detach(),
                after(alternative_12_6_torch),
                rtol=1e-3,
                atol=1e-5,
                on=say(
                    "{steps} steps at rate {rate:.2f} with the bound {bound:.2f}",
                    steps=steps,
                    rate=rate,
                    bound=bound,
                ),
                mistakes={
                    "Each parameter was clipped by itself; the norm is that of all gradients together.": lambda: (
                        after(wrong_12_6_each)
                    ),
                    "Entries were clamped one by one, which turns the direction of the step.": lambda: (
                        after(wrong_12_6_entries)
                    ),
                    "A gradient shorter than the bound is to be left alone, not lengthened.": lambda: (
                        after(wrong_12_6_always)
                    ),
                    "Nothing was clipped.": lambda: after(wrong_12_6_never),
                    "A sign: D's loss rises.": lambda: after(
                        wrong_12_6_ascent
                    ),
                    "Gradients of earlier steps are still in the parameters: clear them before each backward pass.": lambda: (
                        after(wrong_12_6_uncleared)
                    ),
                    "That clips the weights; the gradients were to be clipped.": lambda: (
                        after(wrong_12_6_weights)
                    ),
                },
            )
            E = nn.Linear(2, 1).to(dtype)
            E.load_state_dict(start.state_dict())
            want = alternative_12_6_torch(E, x, y, steps, rate, bound)
            E.load_state_dict(start.state_dict())
            kept = wrong_12_6_uncleared(E, x, y, steps, rate, bound)
            c.equal(
                got,
                want,
                rtol=1e-3,
                atol=1e-5,
                says="D ends where it should, but the norm of the last gradient, before clipping, is another.",
                mistakes={
                    "That is the norm after clipping.": min(want, bound),
                    "The gradients of earlier steps were not cleared: this norm has them in it.": kept,
                },
            )
        D = nn.Linear(2, 1).to(dtype)
        with torch.no_grad():
            D.weight.fill_(1)
        sure = torch.full((4, 2), 1_000.0, dtype=dtype)
        got = c.call(answer, D, sure, -sure, 2, 0.5, 0.3)
        c.true(
            c.agrees(got, 0.0) and bool((D.weight == 1).all()),
            "Where D is so sure that its gradient is exactly zero, nothing is to be clipped and nothing moves: 0 / 0 is no factor.",
        )
    c.like(
        answer,
        solution_12_6,
        lambda: (
            c.line(0.0),
            torch.ones(1, 1),
            -torch.ones(1, 1),
            60,
            0.1,
            99.0,
        ),
        says="All steps count, also the sixtieth.",
    )


register(
    Exercise(
        id="12.6",
        title="Train with clipped gradients",
        stars=2,
        kind="function",
        statement=r"""
    Write `train(D, x_real, x_fake, steps, rate, bound)`: train `D` in place for `steps` steps of plain gradient descent with
    the given `rate` on $L_D = \mathrm{mean}\,\mathrm{sp}(-D(x_\text{real})) + \mathrm{mean}\,\mathrm{sp}(D(x_\text{fake}))$, with sp the
    softplus, each gradient scaled down to a norm of at most `bound` (all parameters together). Return the norm of the
    last gradient *before* clipping, as a number.
    """,
        stub="""
    def train(D, x_real, x_fake, steps, rate, bound):
        return ...
    """,
        hints=(
            r"`torch.nn.utils.clip_grad_norm_` clips in place. What does it return?",
            r"Clear the gradients, backward, clip, step; and keep what the clip returned.",
        ),
        explanation=r"""
    Clipping by the norm keeps the direction; clamping entries, or clipping each parameter by itself, does not. Where
    $D$ can separate the data, it has done so after enough steps: the gradient is short by itself, and clipping has
    nothing left to do, while the slope of $D$ goes on growing.
    """,
        solution=solution_12_6,
        alternatives=(alternative_12_6_torch,),
        wrong=(
            (wrong_12_6_each, "by itself"),
            (wrong_12_6_entries, "turns the direction"),
            (wrong_12_6_always, "not lengthened"),
            (wrong_12_6_never, "Nothing was clipped"),
            (wrong_12_6_ascent, "loss rises"),
            (wrong_12_6_weights, "clips the weights"),
            (wrong_12_6_uncleared, "of earlier steps"),
            (wrong_12_6_clipped_norm, "norm after clipping"),
            (wrong_12_6_overflow, "logarithm of a sigmoid"),
        ),
        check=check_12_6,
    )
)
