r"""Exercises 11.7, 11.8 and 11.13."""

from itertools import combinations_with_replacement, product

import numpy as np
import torch

from ganbook.exercises.engine.core import Exercise, register, rubric
from ganbook.exercises.engine.mistakes import mistake, outcomes

# 11.7 ------------------------------------------------------------------


def solution_11_7(x, m):
    return x.reshape(len(x) // m, m * x.shape[1], *x.shape[2:])


def alternative_11_7_cat(x, m):
    return torch.cat([x[k::m] for k in range(m)], dim=1)


def wrong_11_7_halves(x, m):
    return torch.cat(x.chunk(m), dim=1)


def wrong_11_7_flat(x, m):
    return x.reshape(len(x) // m, -1)


def wrong_11_7_mean(x, m):
    return x.reshape(len(x) // m, m, *x.shape[1:]).mean(dim=1)


def wrong_11_7_repeated(x, m):
    return torch.cat([x[::m]] * m, dim=1)


def wrong_11_7_axis(x, m):
    return x.reshape(len(x) // m, m, *x.shape[1:])


def wrong_11_7_detached(x, m):
    return solution_11_7(x, m).detach()


def wrong_11_7_squeezed(x, m):
    return solution_11_7(x, m).squeeze(0)


def check_11_7(answer, c):
    for dtype in c.dtypes:
        for shape, m in (
            ((6, 2), 3),
            ((4, 3, 2, 5), 2),
            ((5, 4), 1),
            ((8, 1), 4),
            ((3, 2), 3),
            ((6, 2, 5), 3),
            ((4, 2, 3, 2, 2), 2),
        ):
            x = c.normal(shape, dtype)
            if (
                len(shape) == 3
            ):  # the same numbers, in another order in memory
                x = x.transpose(0, 2).contiguous().transpose(0, 2)
            rows = [
                torch.cat(list(x[m * k : m * k + m]), dim=0)
                for k in range(shape[0] // m)
            ]
            got, packs = c.call(answer, x, m), torch.stack(rows)
            c.equal(
                got,
                packs,
                mistakes={
                    "The members of a pack come from far apart; asked for are rows that follow one another.": wrong_11_7_halves(
                        x, m
                    ),
                    "Everything was flattened: pictures keep their height and width, only channels are stacked.": wrong_11_7_flat(
                        x, m
                    ),
                    **(
                        {"A single pack has lost its first axis.": packs[0]}
                        if len(packs) == 1
                        else {}
                    ),
                    "That averages the members: D would see one blurred sample.": wrong_11_7_mean(
                        x, m
                    ),
                    "The same sample stands m times in its pack, so packs never differ inside.": wrong_11_7_repeated(
                        x, m
                    ),
                    "There is one axis too many: members are to stand side by side along axis 1.": wrong_11_7_axis(
                        x, m
                    ),
                },
            )
        _, (slope,) = c.call_grad(answer, c.normal((4, 2), dtype), 2)
        c.true(
            slope is not None and bool((slope == 1).all()),
            "The packs are cut off from the samples: the generator would get no gradient.",
        )


register(
    Exercise(
        id="11.7",
        title="Packs",
        stars=1,
        kind="function",
        statement=r"""
    Write `pack(x, m)` for a tensor of shape `(N, C, ...)` whose first size is a multiple of `m`: packs of `m` rows that
    follow one another, stacked along axis 1, of shape `(N / m, m * C, ...)`. Points `(N, 2)` in packs of 3 become
    `(N / 3, 6)`; pictures `(N, 1, 28, 28)` in packs of 2 become `(N / 2, 2, 28, 28)`. Gradients must reach `x`.
    """,
        stub="""
    def pack(x, m):
        return ...
    """,
        hints=(
            r"In memory, rows that follow one another already lie side by side.",
            r"A single `reshape` does it, for points and for pictures. What are the sizes along axes 0 and 1?",
        ),
        explanation=r"""
    Row-major storage puts row $k + 1$ directly after row $k$, so `reshape` with $m$ times the channels makes packs.
    `torch.cat(x.chunk(m), dim=1)` packs as well, with other partners. That would be fine for independent rows, but
    the two conventions must not be mixed. A pack that holds one sample $m$ times teaches $D$ nothing about variety.
    """,
        solution=solution_11_7,
        alternatives=(alternative_11_7_cat,),
        wrong=(
            (wrong_11_7_halves, "far apart"),
            (wrong_11_7_flat, "flattened"),
            (wrong_11_7_mean, "averages"),
            (wrong_11_7_repeated, "m times"),
            (wrong_11_7_axis, "one axis too many"),
            (wrong_11_7_squeezed, "lost its first axis"),
            (wrong_11_7_detached, "does not depend"),
        ),
        check=check_11_7,
    )
)


# 11.8 ------------------------------------------------------------------


def solution_11_8(p, q, m):
    P, Q = np.ones(1), np.ones(1)
    for _ in range(m):
        P, Q = np.kron(P, p), np.kron(Q, q)
    return float(np.abs(P - Q).sum() / 2)


def alternative_11_8_outer(p, q, m):
    P, Q = np.asarray(p), np.asarray(q)
    for _ in range(m - 1):
        P, Q = np.multiply.outer(P, p), np.multiply.outer(Q, q)
    return float(np.maximum(P - Q, 0).sum())


@mistake(
    "1 - (1 - TV)^m is an upper bound, attained by a generator that only loses mass; others stay below it."
)
def wrong_11_8_independent(p, q, m):
    return float(1 - (1 - solution_11_8(p, q, 1)) ** m)


@mistake("m TV is an upper bound, and can exceed one.")
def wrong_11_8_times(p, q, m):
    return float(m * solution_11_8(p, q, 1))


@mistake("TV^m falls with m; packs are easier to tell apart.")
def wrong_11_8_power(p, q, m):
    return float(solution_11_8(p, q, 1) ** m)


@mistake("Twice too large: total variation is half the sum.")
def wrong_11_8_double(p, q, m):
    return 2 * solution_11_8(p, q, m)


@mistake("Only packs of m equal values were compared.")
def wrong_11_8_same(p, q, m):
    return float(np.abs(p**m - q**m).sum() / 2)


@mistake("That is the value for single samples.")
def wrong_11_8_single(p, q, m):
    return solution_11_8(p, q, 1)


@mistake("Packs with a value that the generator alone reaches were left out.")
def wrong_11_8_kept(p, q, m):
    return solution_11_8(p[p > 0], q[p > 0], m)


@mistake("Packs with the same values in another order were counted once.")
def wrong_11_8_orders(p, q, m):
    value = 0.0
    for pack in combinations_with_replacement(range(len(p)), m):
        value += abs(np.prod(p[list(pack)]) - np.prod(q[list(pack)])) / 2
    return float(value)


def check_11_8(answer, c):
    cases = [
        (np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.7, 0.1]), 3),
        (np.array([0.5, 0.5]), np.array([0.3, 0.7]), 3),
        (np.full(5, 0.2), np.array([0, 0.25, 0.25, 0.25, 0.25]), 2),
        (np.array([0.5, 0.5, 0]), np.array([0.2, 0.6, 0.2]), 2),
        (np.array([0.1, 0.9]), np.array([0.1, 0.9]), 4),
        (np.array([0.45, 0.55]), np.array([0.6, 0.4]), 8),
        *(
            (c.probabilities((k,)).numpy(), c.probabilities((k,)).numpy(), m)
            for k, m in ((2, 4), (3, 3), (4, 2), (3, 1))
        ),
    ]
    for p, q, m in cases:
        want = 0.0
        for pack in product(range(len(p)), repeat=m):
            want += abs(np.prod(p[list(pack)]) - np.prod(q[list(pack)])) / 2
        c.equal(
            c.call(answer, p, q, m),
            want,
            rtol=1e-9,
            atol=1e-12,
            mistakes=outcomes(
                (p, q, m),
                wrong_11_8_independent,
                wrong_11_8_times,
                wrong_11_8_power,
                wrong_11_8_double,
                wrong_11_8_same,
                wrong_11_8_orders,
                wrong_11_8_single,
                wrong_11_8_kept,
            ),
        )
    c.like(
        answer,
        solution_11_8,
        lambda: (np.array([0.5, 0.5]), np.array([0.4, 0.6]), 16),
        rtol=1e-9,
    )


register(
    Exercise(
        id="11.8",
        title="What a discriminator of packs sees",
        stars=2,
        kind="function",
        statement=r"""
    Write `packed_tv(p, q, m)`: the total variation between the laws of `m` independent draws from `p` and from `q`, for
    probability vectors of shape `(K,)` and $K^m \le 10^5$. For $p = (0.5, 0.5)$, $q = (0.3, 0.7)$ and $m = 2$ it is
    $0.24$.
    """,
        stub="""
    def packed_tv(p, q, m):
        return ...
    """,
        hints=(
            r"The law of $m$ draws is a table with $K^m$ entries. How do you make the table for $m + 1$ from that for $m$?",
            r"`np.kron(P, p)` lists all products. Total variation is half the sum of absolute differences.",
        ),
        explanation=r"""
    Build both tables by repeated products and compare entry by entry. The value
    $\mathrm{TV}_m$ always lies between $\mathrm{TV}$ and $1 - (1 - \mathrm{TV})^m$; the right end is attained by a generator
    that has lost a part of the data and is correct elsewhere. So packing helps most against this fault, and, since TV is
    symmetric, as much against the opposite one: a share of samples where there are no data.
    """,
        solution=solution_11_8,
        alternatives=(alternative_11_8_outer,),
        wrong=(
            wrong_11_8_independent,
            wrong_11_8_times,
            wrong_11_8_power,
            wrong_11_8_double,
            wrong_11_8_same,
            wrong_11_8_single,
            wrong_11_8_kept,
            wrong_11_8_orders,
        ),
        check=check_11_8,
    )
)


# 11.13 -----------------------------------------------------------------


def solution_11_13():
    return """
    On the ring of eight (sigma 0.01, 2,500 samples) the plain game reached
    all modes in 14 of 20 runs after 1,500 steps of Adam (0.5, 0.999), with
    the rate falling from 1e-3 to 1e-4; our method reached them in 20 of 20
    on the same seeds (Fisher p = 0.02). At beta1 = 0 both reach nearly all.
    """


register(
    Exercise(
        id="11.13",
        title="An honest sentence",
        stars=2,
        kind="rubric",
        statement=r"""
    A draft says: "Our method solves mode collapse: it covers all 8 modes of the ring, while the standard GAN covers only
    2." Rewrite the claim so that a reader could check it and would not be misled, in at most five sentences. Use
    numbers of this chapter for an imagined method, or of your own runs.
    """,
        stub="""
    def claim():
        return ...
    """,
        hints=(
            r"List what would have to be known to run the experiment again.",
            r"How many seeds, which optimiser and schedules, after how many steps? What would a second optimiser say?",
        ),
        explanation=r"""
    "Solves" is not a result. A count of modes needs the number of samples and seeds, the step, the optimiser with its
    schedules, and a test; the baseline must have been given the same care, and a setting in which the difference
    disappears belongs in the same paragraph.
    """,
        solution=solution_11_13,
        check=rubric(
            "the number of seeds, with failures counted on both sides, and a test or an interval",
            "the optimiser, its schedules and the step at which modes were counted",
            "the data, the number of samples, and what a mode's being reached means",
            "where the difference is smaller or gone",
        ),
    )
)
