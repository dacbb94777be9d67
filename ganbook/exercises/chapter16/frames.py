r"""Exercises of chapter 16 on discriminators of films: a lost axis, and one that is trained."""

import copy

import torch
from torch import nn
from torch.nn.functional import softplus

from ganbook.exercises.engine.core import Exercise, register

# 16.12 -----------------------------------------------------------------


def broken_16_12(scores):
    return scores.squeeze()


def solution_16_12(scores):
    return scores.flatten(1).squeeze(1)  # the axis is named


def wrong_16_12_column(scores):
    return scores.reshape(-1, 1)


def wrong_16_12_one(scores):
    return scores.squeeze(1)


def wrong_16_12_mean(scores):
    return scores.mean()


def wrong_16_12_detached(scores):
    return scores.detach().reshape(len(scores))


def wrong_16_12_first(scores):
    return scores.squeeze().reshape(-1)[:1].expand(len(scores))


def check_16_12(answer, c):
    for dtype in c.dtypes:
        for n in (5, 2, 1):
            scores = c.normal((n, 1, 1, 1, 1), dtype)
            got, (slope,) = c.call_grad(answer, scores)
            shape = tuple(getattr(got, "shape", (None,)))
            if n > 1:
                c.true(
                    shape != (),
                    "One number for the whole batch: each film has a score.",
                )
                c.true(
                    shape != (n, 1),
                    "A column: the scores have one axis alone.",
                )
                c.true(len(shape) <= 2, "Axes of size one are left.")
            c.true(
                n > 1 or shape != (),
                "A batch of one has lost its batch axis.",
            )
            c.equal(
                got,
                scores.reshape(n),
                mistakes={
                    "Every film has the score of the first.": scores.reshape(
                        n
                    )[:1].expand(n)
                },
            )
            c.true(
                bool((slope == 1).all()),
                "No gradient flows: the generator could not learn from these scores.",
            )


register(
    Exercise(
        id="16.12",
        title="Find the bug: the batch that vanished",
        stars=1,
        kind="bug",
        statement=r"""
    A temporal discriminator returns scores of shape `(N, 1, 1, 1, 1)`, and the loss wants `(N,)`. This line has worked
    for weeks; last night a run stopped in the last batch of an epoch. Mend it, for every $N \ge 1$, and let
    gradients through.
    """,
        stub="""
    def film_scores(scores):
        return ...
    """,
        hints=(
            "Which axes does `squeeze()` remove if the batch holds a single film?",
            "Name the axes, or give the shape that you want.",
        ),
        explanation=r"""
    `squeeze()` removes *every* axis of size one, and for $N = 1$ the batch axis is one of them. The result has no
    axes; `len` fails on it, and a difference with scores of shape `(M,)` broadcasts without a word. Name the axis, or
    write `scores.reshape(len(scores))`.
    """,
        solution=solution_16_12,
        broken=broken_16_12,
        wrong=(
            (broken_16_12, "lost its batch axis"),
            (wrong_16_12_column, "A column"),
            (wrong_16_12_one, "size one are left"),
            (wrong_16_12_mean, "whole batch"),
            (wrong_16_12_detached, "gradient is missing"),
            (wrong_16_12_first, "score of the first"),
        ),
        check=check_16_12,
    )
)

# 16.13 -----------------------------------------------------------------


def solution_16_13(D, real, shuffled, steps, rate):
    def loss():
        return softplus(-D(real)).mean() + softplus(D(shuffled)).mean()

    parameters = list(D.parameters())
    for _ in range(steps):
        slopes = torch.autograd.grad(loss(), parameters)
        with torch.no_grad():
            for p, slope in zip(parameters, slopes, strict=True):
                p -= rate * slope
    with torch.no_grad():
        return float(loss())


def alternative_16_13_sgd(D, real, shuffled, steps, rate):
    sgd = torch.optim.SGD(D.parameters(), lr=rate)
    for step in range(steps + 1):
        loss = softplus(-D(real)).mean() + softplus(D(shuffled)).mean()
        if step < steps:
            sgd.zero_grad()
            loss.backward()
            sgd.step()
    return loss.item()


def wrong_16_13_overflow(D, real, shuffled, steps, rate):
    def loss():
        a, b = torch.exp(-D(real)), torch.exp(D(shuffled))
        return torch.log(1 + a).mean() + torch.log(1 + b).mean()

    sgd = torch.optim.SGD(D.parameters(), lr=rate)
    for _ in range(steps):
        sgd.zero_grad()
        loss().backward()
        sgd.step()
    return loss().item()


def wrong_16_13_mode(D, real, shuffled, steps, rate):
    loss = solution_16_13(D, real, shuffled, steps, rate)
    D.eval()
    return loss


def variant(sign=1.0, swap=False, clear=True, total=False, last=True):
    """A training loop with one thing changed."""

    def learn(D, real, shuffled, steps, rate):
        x, y = (shuffled, real) if swap else (real, shuffled)
        sgd = torch.optim.SGD(D.parameters(), lr=rate)
        found = None
        for step in range(steps + 1):
            a, b = softplus(-D(x)), softplus(D(y))
            loss = a.sum() + b.sum() if total else a.mean() + b.mean()
            if step == steps:
                break
            if clear:
                sgd.zero_grad()
            (sign * loss).backward()
            sgd.step()
            found = loss
        return (loss if last else found).item()

    return learn


def wrong_16_13_still(D, real, shuffled, steps, rate):
    loss = softplus(-D(real)).mean() + softplus(D(shuffled)).mean()
    return loss.item()


def wrong_16_13_copy(D, real, shuffled, steps, rate):
    return solution_16_13(copy.deepcopy(D), real, shuffled, steps, rate)


wrong_16_13_swapped = variant(swap=True)
wrong_16_13_climbs = variant(sign=-1.0)
wrong_16_13_piles = variant(clear=False)
wrong_16_13_sums = variant(total=True)
wrong_16_13_early = variant(last=False)

FAULTS = {
    "D has not moved: after the backward pass it needs a step.": wrong_16_13_still,
    "Real films must get the high scores.": wrong_16_13_swapped,
    "The loss climbs: descend.": wrong_16_13_climbs,
    "Gradients of earlier steps pile up: clear them.": wrong_16_13_piles,
    "Sums make the rate depend on the batch: take means.": wrong_16_13_sums,
    "That is the loss before the last step.": wrong_16_13_early,
    "It overflows for scores far from zero; `softplus` does not.": wrong_16_13_overflow,
}


def check_16_13(answer, c):
    g = torch.Generator().manual_seed(c.integer(0, 10_000))
    first = torch.rand(24, 2, generator=g)
    velocity = torch.rand(24, 2, generator=g) - 0.5
    films = (
        first[:, None] + torch.arange(5.0)[None, :, None] * velocity[:, None]
    )
    order = torch.argsort(torch.rand(24, 5, generator=g), dim=1)
    mixed = films.gather(1, order[:, :, None].expand_as(films))
    with torch.random.fork_rng():
        torch.manual_seed(c.integer(0, 10_000))
        made = nn.Sequential(
            nn.Flatten(), nn.Linear(10, 16), nn.ReLU(), nn.Linear(16, 1)
        )
    steep = copy.deepcopy(made)  # its scores lie in the thousands
    with torch.no_grad():
        steep[-1].weight *= 50_000

    def as_it_comes(D):
        D = copy.deepcopy(D)
        for p in D.parameters():
            p.grad = torch.ones_like(p)  # what an earlier step left
        return D

    for start, real, steps, rate in (
        (made, films[:16], 40, 0.05),
        (made, films, 3, 0.05),
        (steep, films[:1], 2, 1e-12),
    ):
        given = (real, mixed, steps, rate)
        mine, theirs = copy.deepcopy(start), as_it_comes(start)
        want = solution_16_13(mine, *given)
        got = c.call(answer, theirs, *given)
        c.true(
            theirs.training,
            "It left D in evaluation mode: give it back in the mode in which it came.",
        )
        c.equal(
            got,
            want,
            rtol=1e-4,
            mistakes={
                words: (
                    lambda f=f, D=start, given=given: f(
                        as_it_comes(D), *given
                    )
                )
                for words, f in FAULTS.items()
            },
            says="If your steps are right: D may hold gradients when it comes, so clear them before the first backward pass as well.",
        )
        same = all(
            torch.allclose(p, q, atol=1e-5)
            for p, q in zip(
                mine.parameters(), theirs.parameters(), strict=True
            )
        )
        c.true(
            same, "The loss is right, but D itself was not trained in place."
        )
    c.like(
        answer,
        solution_16_13,
        lambda: (c.line(0.0), torch.ones(1, 1), -torch.ones(1, 1), 150, 0.1),
        says="All steps count, also the hundredth.",
    )


register(
    Exercise(
        id="16.13",
        title="Train a temporal discriminator",
        stars=2,
        kind="function",
        statement=r"""
    Write `learn(D, real, shuffled, steps, rate)`: train the discriminator `D` in place for `steps` steps of plain gradient
    descent (no momentum) on the mean of $\mathrm{softplus}(-D(x))$ over `real` plus the mean
    of $\mathrm{softplus}(D(x))$ over `shuffled`, with the same two batches at each step (they may have
    different sizes), and return that loss after the last step as a number.
    """,
        stub="""
    def learn(D, real, shuffled, steps, rate):
        return ...
    """,
        hints=(
            "`torch.optim.SGD` with the given rate, or `torch.autograd.grad` and an update under `torch.no_grad()`.",
            "The loss after the last step needs one more forward pass.",
        ),
        explanation=r"""
    The usual loop: loss, clear, backward, step; and one more evaluation at the end. Give it films in the right and in a
    random order: a network that sees a film as one vector learns to separate them in seconds. Sum the scores of
    a network of single frames instead, and give it copies of the same films: a film and its shuffle have equal
    scores, and the loss cannot fall below $2\log 2$.
    """,
        solution=solution_16_13,
        alternatives=(alternative_16_13_sgd,),
        wrong=(
            (wrong_16_13_still, "has not moved"),
            (wrong_16_13_swapped, "high scores"),
            (wrong_16_13_climbs, "The loss climbs"),
            (wrong_16_13_piles, "pile up"),
            (wrong_16_13_sums, "take means"),
            (wrong_16_13_early, "before the last step"),
            (wrong_16_13_copy, "not trained in place"),
            (wrong_16_13_overflow, "It overflows"),
            (wrong_16_13_mode, "evaluation mode"),
        ),
        check=check_16_13,
        float32_only="the discriminator that is handed over is float32",
    )
)
