r"""Exercise 11.9: Find the bug: a spread that sees nothing."""

import torch

from ganbook.exercises.engine.core import Exercise, register
from ganbook.exercises.engine.mistakes import mistake, outcomes

# 11.9 ------------------------------------------------------------------


def broken_11_9(h):
    spread = h.std(dim=1, keepdim=True)
    return torch.cat([h, spread], dim=1)


def solution_11_9(h):
    variance = h.var(dim=0, correction=0)  # over the batch, by feature
    spread = (variance + 1e-8).sqrt().mean()
    return torch.cat([h, spread.expand(len(h), 1)], dim=1)


def alternative_11_9_by_hand(h):
    away = h - h.mean(dim=0, keepdim=True)
    spread = (away.square().mean(dim=0) + 1e-8).sqrt().mean()
    return torch.cat([h, spread * torch.ones_like(h[:, :1])], dim=1)


def wrong_11_9_per_feature(h):
    spread = (h.var(dim=0, correction=0) + 1e-8).sqrt()
    return torch.cat([h, spread.expand(len(h), -1)], dim=1)


@mistake("Divide by the number of rows, not by one less.")
def wrong_11_9_unbiased(h):
    spread = (h.var(dim=0) + 1e-8).sqrt().mean()
    return torch.cat([h, spread.expand(len(h), 1)], dim=1)


@mistake("That is a mean variance; a standard deviation was asked for.")
def wrong_11_9_variance(h):
    spread = (h.var(dim=0, correction=0) + 1e-8).mean()
    return torch.cat([h, spread.expand(len(h), 1)], dim=1)


@mistake(
    "All entries went into one pot: features with different means now look like spread."
)
def wrong_11_9_whole(h):
    spread = (h.var(correction=0) + 1e-8).sqrt()
    return torch.cat([h, spread.expand(len(h), 1)], dim=1)


@mistake(
    "Without 1e-8 under the root its gradient is not finite where rows are equal."
)
def wrong_11_9_no_floor(h):
    spread = h.var(dim=0, correction=0).sqrt().mean()
    return torch.cat([h, spread.expand(len(h), 1)], dim=1)


def wrong_11_9_detached(h):
    return torch.cat([h, solution_11_9(h.detach())[:, -1:]], dim=1)


@mistake(
    "A mean of squares less a square of the mean is a difference of large numbers, and loses its digits: subtract the mean first."
)
def wrong_11_9_moments(h):
    variance = (h**2).mean(dim=0) - h.mean(dim=0) ** 2
    spread = (variance.clamp(min=0) + 1e-8).sqrt().mean()
    return torch.cat([h, spread.expand(len(h), 1)], dim=1)


@mistake("The 1e-8 is to be added, not taken as the least variance.")
def wrong_11_9_clamped(h):
    variance = h.var(dim=0, unbiased=False)
    spread = variance.clamp(min=1e-8).sqrt().mean()
    return torch.cat([h, spread.expand(len(h), 1)], dim=1)


@mistake(
    "A batch of one row has no variance, but its spread is the root of 1e-8 as everywhere."
)
def wrong_11_9_alone(h):
    if len(h) == 1:
        return torch.cat([h, torch.zeros_like(h[:, :1])], dim=1)
    return solution_11_9(h)


def check_11_9(answer, c):
    for dtype in c.dtypes:
        for n, k, size, middle in (
            (2, 1, 1, 0),
            (5, 4, 1, 0),
            (c.integer(3, 7), 3, 1, 0),
            (4, 2, 1e-4, 0),  # about as small as the root of 1e-8
            (6, 3, 1, 1000 if dtype == torch.float32 else 1e6),
            (1, 3, 1, 0),
        ):
            h = size * c.normal((n, k), dtype) + middle
            h = h + 3 * size * torch.arange(k).to(dtype)
            away = h - h.mean(dim=0)
            spread = (away.square().sum(dim=0) / n + 1e-8).sqrt().mean()
            want = torch.cat([h, spread.repeat(n)[:, None]], dim=1)
            got = c.call(answer, h)
            if k > 1:
                c.true(
                    tuple(got.shape) != (n, 2 * k),
                    "One deviation per feature was appended; average them into a single number.",
                )
            c.equal(
                got,
                want,
                rtol=1e-5,
                atol=1e-7,
                mistakes={
                    "That is the deviation within each sample, over its features: it says nothing about the batch.": lambda h=h: (
                        broken_11_9(h)
                    )
                }
                | outcomes(
                    (h,),
                    wrong_11_9_alone,
                    wrong_11_9_unbiased,
                    wrong_11_9_variance,
                    wrong_11_9_whole,
                    wrong_11_9_moments,
                    wrong_11_9_no_floor,
                    wrong_11_9_clamped,
                ),
            )
        same = torch.ones(3, 2, dtype=dtype)
        c.equal(
            c.call(answer, same),
            torch.cat([same, torch.full((3, 1), 1e-4, dtype=dtype)], dim=1),
            rtol=1e-3,
            says="For equal rows the variance is 0, and what is left is the root of 1e-8.",
            mistakes={
                "For a batch of equal rows nothing is left under the root, and its gradient is not finite: add 1e-8.": torch.cat(
                    [same, torch.zeros(3, 1, dtype=dtype)], dim=1
                ),
            },
        )
        _, (slope,) = c.call_grad(answer, same)
        c.true(
            slope is not None and bool(torch.isfinite(slope).all()),
            "For a batch of equal rows the gradient is not finite: add 1e-8 under the root.",
        )
        h = c.normal((4, 2), dtype)
        _, (slope,) = c.call_grad(answer, h)
        away = h - h.mean(dim=0)
        c.equal(
            slope,
            1 + away / (away.square().mean(dim=0) + 1e-8).sqrt() / 2,
            rtol=1e-3,
            atol=1e-4,
            mistakes={
                "No gradient flows through the spread: the generator could not learn to widen its batch.": torch.ones_like(
                    h
                ),
            },
        )


register(
    Exercise(
        id="11.9",
        title="Find the bug: a spread that sees nothing",
        stars=2,
        kind="bug",
        statement=r"""
    This layer is meant to append the minibatch standard deviation to features `h` of shape `(N, K)`: the standard
    deviation of each feature over the batch (dividing by $N$, with $10^{-8}$ added to the variance), averaged over
    features, the same number in every row; the result has shape `(N, K + 1)`. It runs, training goes on, and the
    generator collapses as before. Mend it.
    """,
        stub="""
    def with_spread(h):
        return ...
    """,
        broken=broken_11_9,
        hints=(
            r"Give it a batch of equal rows. What should the last column be, and what is it?",
            r"Which axis is the batch? And over which axis is the mean taken afterwards?",
        ),
        explanation=r"""
    `std(dim=1)` runs over the features of one sample, so a collapsed batch of "good" samples looks like a real one.
    The batch is axis 0. The small number under the root keeps the gradient finite when all rows agree, which is
    exactly the state that the layer exists for.
    """,
        solution=solution_11_9,
        alternatives=(alternative_11_9_by_hand,),
        wrong=(
            (broken_11_9, "within each sample"),
            (wrong_11_9_per_feature, "per feature"),
            wrong_11_9_unbiased,
            wrong_11_9_alone,
            wrong_11_9_variance,
            wrong_11_9_whole,
            wrong_11_9_no_floor,
            (wrong_11_9_detached, "widen its batch"),
            wrong_11_9_moments,
            wrong_11_9_clamped,
        ),
        check=check_11_9,
    )
)
