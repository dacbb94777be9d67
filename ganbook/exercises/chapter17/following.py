r"""Exercise of chapter 17: a generator trained by the arrow alone."""

import torch
from torch import nn

from ganbook.exercises.engine.core import Exercise, register
from ganbook.exercises.engine.words import say

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


def _exact_17_10(G, a, t, steps, rate, generator):
    for _ in range(steps):
        torch.randn(256, 1, generator=generator)
        with torch.no_grad():
            s, m = G.weight.clone(), G.bias.clone()
            G.weight -= rate * (s / t**2 - 1 / s)
            G.bias -= rate * (m[0] - a) / t**2


def _positive_17_10(G, a, t, steps, rate, generator):
    with torch.no_grad():
        G.weight.abs_()
    solution_17_10(G, a, t, steps, rate, generator)


def _own_draws_17_10(G, a, t, steps, rate, generator):
    own = torch.Generator().manual_seed(0)
    solution_17_10(G, a, t, steps, rate, own)


def _kept_17_10(G, a, t, steps, rate, generator):
    optimizer = torch.optim.SGD(G.parameters(), rate)
    for _ in range(steps):
        x = G(torch.randn(256, 1, generator=generator))
        (x * _arrow_17_10(x, G, a, t).detach()).mean().backward()
        optimizer.step()


def _optimised_17_10(G, a, t, steps, rate, generator, **options):
    optimizer = torch.optim.SGD(G.parameters(), rate, **options)
    for _ in range(steps):
        x = G(torch.randn(256, 1, generator=generator))
        optimizer.zero_grad()
        (x * _arrow_17_10(x, G, a, t).detach()).mean().backward()
        optimizer.step()


def _momentum_17_10(G, a, t, steps, rate, generator):
    _optimised_17_10(G, a, t, steps, rate, generator, momentum=0.9)


def _summed_17_10(G, a, t, steps, rate, generator):
    _optimised_17_10(G, a, t, steps, 256 * rate, generator)


def _linear_17_10(s):
    G = nn.Linear(1, 1)
    with torch.no_grad():
        G.bias.fill_(0.3)
        G.weight.fill_(s)
    return G


def _live_17_10(G, a, t, steps, rate, generator):
    optimizer = torch.optim.SGD(G.parameters(), rate)
    for _ in range(steps):
        x = G(torch.randn(256, 1, generator=generator))
        optimizer.zero_grad()
        (0.5 * _arrow_17_10(x, G, a, t).square()).mean().backward()
        optimizer.step()


_FIRST_17_10 = {
    "The arrow lacks the gradient of log q: the spread will collapse.": _follow_17_10(
        _one_17_10
    ),
    "G moves away from the data: the sign of the arrow, or of the step.": _follow_17_10(
        _arrow_17_10, sign=-1.0
    ),
    "Compare the powers of the two standard deviations in the arrow.": _follow_17_10(
        _wide_17_10
    ),
    "A gradient runs through the arrow: descent shortens it instead of following it.": _live_17_10,
    "The step is 256 times too long: the gradient is a mean over the batch, not a sum.": _summed_17_10,
    "That is the gradient without sampling error: take the mean over the samples that were drawn.": _exact_17_10,
    "The weight was made positive first: train G as it comes.": _positive_17_10,
}


def _place_17_10(train, case, seed, used=None):
    """Where a function leaves the bias and the weight, from a known start and known draws."""
    steps, a, t, s, rate = case
    G = _linear_17_10(s)
    if steps > 1:
        for p in G.parameters():
            p.grad = torch.ones_like(p)  # an earlier step's
    source = torch.Generator().manual_seed(seed)
    train(G, a, t, steps, rate, source)
    if used is not None:
        used.append(source.get_state())
    return torch.cat([p.detach().flatten() for p in G.parameters()])


def check_17_10(answer, c):
    """The draws, the estimate and the rule are fixed by the statement, so every step can be compared."""

    def by_answer(*args):
        c.call(answer, *args, returns_none=True)

    for steps in (1, 3):
        for a, t, s in ((1.5, 0.7, 0.9), (-1.0, 1.5, -0.8), (0.0, 1.0, 0.6)):
            rate = 0.02 if t == 0.7 else c.number(0.03, 0.05)
            case, used = (steps, a, t, s, rate), []
            seed = c.integer(0, 10_000)
            got = _place_17_10(by_answer, case, seed, used)
            want = _place_17_10(solution_17_10, case, seed, used)
            on = say(
                "a = {a}, t = {t}, steps = {steps}, rate = {rate:.3f}, weight = {s}, bias = 0.3",
                a=a,
                t=t,
                steps=steps,
                rate=rate,
                s=s,
            )
            c.true(
                not torch.equal(got, torch.tensor([s, 0.3])),
                "G has not moved.",
                on=on,
            )
            c.true(
                torch.equal(*used),
                "The generator was not asked for 256 numbers in each step.",
                on=on,
            )
            if torch.allclose(got, want, rtol=1e-4, atol=1e-5):
                continue
            if steps > 1:
                known = _place_17_10(_kept_17_10, case, seed)
                if torch.allclose(got, known, rtol=1e-4, atol=1e-5):
                    c.fail("Clear the gradients before each step.", on=on)
                c.fail(
                    "The first step is right and later ones are not: what stays from step to step, a momentum?",
                    on=on,
                )
            for sentence, wrong in _FIRST_17_10.items():
                known = _place_17_10(wrong, case, seed)
                if torch.allclose(got, known, rtol=1e-4, atol=1e-5):
                    c.fail(sentence, on=on)
            c.fail(
                "After one step G is not where plain gradient descent on this batch leads: compare one step with your own by hand.",
                on=on,
            )
    c.like(
        answer,
        solution_17_10,
        lambda: (
            c.line(1.0),
            5.0,
            1.0,
            120,
            0.02,
            torch.Generator().manual_seed(3),
        ),
        rtol=1e-3,
        atol=1e-4,
        says="All steps count, also the hundredth.",
        returns_none=True,
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
            (_follow_17_10(_one_17_10), "will collapse"),
            (_follow_17_10(_arrow_17_10, sign=-1.0), "away from the data"),
            (lambda G, a, t, steps, rate, generator: None, "not moved"),
            (_follow_17_10(_wide_17_10), "powers of the two"),
            (_live_17_10, "through the arrow"),
            (_exact_17_10, "sampling error"),
            (_positive_17_10, "positive first"),
            (_own_draws_17_10, "not asked for 256"),
            (_kept_17_10, "Clear the gradients"),
            (_momentum_17_10, "a momentum"),
            (_summed_17_10, "not a sum"),
        ),
        check=check_17_10,
        time_limit=60.0,  # the first optimiser of a session loads much of torch
    )
)
