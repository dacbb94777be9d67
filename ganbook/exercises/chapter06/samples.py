r"""Exercise 6.12: MMD between samples."""

import numpy as np

from ganbook.exercises.engine.core import Exercise, register
from ganbook.exercises.engine.mistakes import mistake, outcomes


def solution_6_12(x, y, h):
    def kernel(u, v):
        squares = ((u[:, None] - v) ** 2).sum(axis=2)
        return np.exp(-squares / (2 * h**2))

    within = kernel(x, x).mean() + kernel(y, y).mean()
    return within - 2 * kernel(x, y).mean()


def alternative_6_12_weights(x, y, h):
    points = np.concatenate([x, y])
    delta = np.concatenate(
        [np.full(len(x), 1 / len(x)), np.full(len(y), -1 / len(y))]
    )
    squares = (
        (points**2).sum(1)[:, None]
        + (points**2).sum(1)
        - 2 * points @ points.T
    )
    return float(delta @ np.exp(-squares / (2 * h**2)) @ delta)


def alternative_6_12_loop(x, y, h):
    def mean(u, v):
        return sum(
            np.exp(-np.sum((s - t) ** 2) / (2 * h**2)) for s in u for t in v
        ) / (len(u) * len(v))

    return mean(x, x) + mean(y, y) - 2 * mean(x, y)


def mmd_variant(x, y, h, cross=2.0, power=2, scale=None, diagonal=True):
    def mean(u, v):
        lengths = np.sqrt(((u[:, None] - v) ** 2).sum(axis=2))
        values = np.exp(
            -(lengths**power) / (2 * h**2 if scale is None else scale)
        )
        if u is v and not diagonal:
            return (values.sum() - len(u)) / (len(u) * (len(u) - 1))
        return values.mean()

    return mean(x, x) - cross * mean(x, y) + mean(y, y)


@mistake(
    "The mixed average enters twice: it stands for (x, y) and for (y, x)."
)
def wrong_6_12_no_two(x, y, h):
    return mmd_variant(x, y, h, cross=1.0)


@mistake("That is MMD, the root; its square was asked for.")
def wrong_6_12_root(x, y, h):
    return np.sqrt(np.abs(solution_6_12(x, y, h)))


@mistake("The bandwidth enters squared.")
def wrong_6_12_bandwidth(x, y, h):
    return mmd_variant(x, y, h, scale=2 * h)


@mistake("The kernel has the *squared* length of the difference.")
def wrong_6_12_length(x, y, h):
    return mmd_variant(x, y, h, power=1)


@mistake("The kernel divides by 2 h^2: a half is missing.")
def wrong_6_12_no_half(x, y, h):
    return mmd_variant(x, y, h, scale=h**2)


@mistake(
    "That leaves out the pairs of a point with itself; here they belong to the distributions of the samples."
)
def wrong_6_12_unbiased(x, y, h):
    return mmd_variant(x, y, h, diagonal=False)


def check_6_12(answer, c):
    for n, m, d in ((6, 9, 2), (5, 4, 3), (8, 8, 1), (3, 5, 2), (4, 3, 2)):
        x, y, h = (
            c.rng.normal(size=(n, d)),
            0.7 + c.rng.normal(size=(m, d)),
            c.number(0.6, 1.7) + 0.013,
        )
        unit = {3: 0.01, 4: 50.0}.get(n, 1.0)  # other units of length
        x, y, h = unit * x, unit * y, unit * h
        got = c.call(answer, x, y, h)
        c.equal(
            got,
            alternative_6_12_weights(x, y, h),
            mistakes=outcomes(
                (x, y, h),
                wrong_6_12_no_two,
                wrong_6_12_root,
                wrong_6_12_bandwidth,
                wrong_6_12_length,
                wrong_6_12_no_half,
                wrong_6_12_unbiased,
            ),
        )
        c.true(
            abs(float(c.call(answer, x, x.copy(), h))) < 1e-9,
            "The distance of a sample to itself is to be zero.",
        )


register(
    Exercise(
        id="6.12",
        title="MMD between samples",
        stars=2,
        kind="function",
        statement=r"""
    Write `mmd2(x, y, h)`: the *squared* maximum mean discrepancy between the empirical distributions of two samples, numpy
    arrays of shapes `(n, d)` and `(m, d)`, with the kernel $k(u, v) = \exp(-\lVert u - v \rVert^2 / (2 h^2))$. All pairs
    count, a point with itself too. Return a number.
    """,
        stub="""
    def mmd2(x, y, h):
        return ...
    """,
        hints=(
            r"Multiply out $\delta^\top K \delta$, where $\delta$ is $1/n$ on the points of `x` and $-1/m$ on those of `y`.",
            r"The mean of $k$ over pairs within `x`, minus twice that over mixed pairs, plus that within `y`.",
        ),
        explanation=r"""
    With all pairs, this is exactly the distance of the two empirical distributions: never negative, zero for equal samples.
    As an *estimate* for the underlying laws it is biased upwards by the pairs of a point with itself, which the unbiased
    version leaves out, at the price that it can be negative. Chapter 9 uses the unbiased one.
    """,
        solution=solution_6_12,
        alternatives=(alternative_6_12_weights, alternative_6_12_loop),
        wrong=(
            wrong_6_12_no_two,
            wrong_6_12_root,
            wrong_6_12_bandwidth,
            wrong_6_12_length,
            wrong_6_12_no_half,
            wrong_6_12_unbiased,
        ),
        check=check_6_12,
    )
)
