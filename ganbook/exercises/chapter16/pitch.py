r"""Exercises of chapter 16 on reading a pitch: cents, and the autocorrelation."""

import math

import numpy as np

from ganbook.exercises.engine.core import Exercise, register
from ganbook.exercises.engine.mistakes import mistake, outcomes

# 16.1 ------------------------------------------------------------------


def solution_16_1(f, g):
    return 1_200 * np.log2(f / g)


def alternative_16_1_ln(f, g):
    return 1_200 / math.log(2) * (np.log(f) - np.log(g))


@mistake("The sign: f above g is positive.")
def wrong_16_1_swapped(f, g):
    return 1_200 * np.log2(g / f)


@mistake("The logarithm has base 2: an octave is 1,200 cents.")
def wrong_16_1_ln(f, g):
    return 1_200 * np.log(f / g)


@mistake("Those are semitones; a semitone has a hundred cents.")
def wrong_16_1_semitones(f, g):
    return 12 * np.log2(f / g)


@mistake("An octave has twelve semitones of a hundred cents each.")
def wrong_16_1_octaves(f, g):
    return 100 * np.log2(f / g)


@mistake("Cents are logarithmic: equal ratios are equal distances.")
def wrong_16_1_linear(f, g):
    return 1_200 * (f / g - 1)


@mistake("The distance keeps its direction: below g it is negative.")
def wrong_16_1_size(f, g):
    return np.abs(1_200 * np.log2(f / g))


def wrong_16_1_flat(f, g):
    return 1_200 * np.log2(f.ravel() / g.ravel())


def check_16_1(answer, c):
    fixed = [
        (np.array([220.0, 415.3, 880.0]), np.array([440.0, 415.3, 440.0])),
        (np.array([445.0]), np.array([440.0])),
    ]
    drawn = [
        (np.exp(c.rng.uniform(3, 8, 5)), np.exp(c.rng.uniform(3, 8, 5)))
        for _ in range(3)
    ]
    drawn.append(tuple(np.exp(c.rng.uniform(3, 8, (2, 2, 3)))))
    for f, g in (*fixed, *drawn):
        want = np.array(
            [
                1_200 * math.log(a / b, 2)
                for a, b in zip(f.flat, g.flat, strict=True)
            ]
        ).reshape(f.shape)
        c.equal(
            c.call(answer, f, g),
            want,
            rtol=1e-9,
            atol=1e-9,
            mistakes=outcomes(
                (f, g),
                wrong_16_1_swapped,
                wrong_16_1_ln,
                wrong_16_1_semitones,
                wrong_16_1_octaves,
                wrong_16_1_linear,
                wrong_16_1_size,
            ),
        )


register(
    Exercise(
        id="16.1",
        title="Cents",
        stars=1,
        kind="function",
        statement=r"""
    Write `cents(f, g)`: how many cents the frequencies `f` lie above the frequencies `g` (negative if below), for
    numpy arrays of one shape with positive entries. An octave is 1,200 cents; for 220 and 440 Hz the answer is
    $-1200$.
    """,
        stub="""
    def cents(f, g):
        return ...
    """,
        hints=(
            "Equal ratios are equal distances. Which function turns ratios into differences?",
            r"$\log_2 (f/g)$ counts octaves.",
        ),
        explanation=r"""
    $1200 \log_2(f/g)$. The ear hears ratios, so errors of pitch are compared on this scale: half a sample in a
    period of 20 samples is $1200 \log_2(20.5/20) = 43$ cents, in a period of 36 samples it is 24.
    """,
        solution=solution_16_1,
        alternatives=(alternative_16_1_ln,),
        wrong=(
            wrong_16_1_swapped,
            wrong_16_1_ln,
            wrong_16_1_semitones,
            wrong_16_1_octaves,
            wrong_16_1_linear,
            wrong_16_1_size,
            (wrong_16_1_flat, "wrong shape"),
        ),
        check=check_16_1,
    )
)

# 16.2 ------------------------------------------------------------------


def solution_16_2(x, low, high):
    y = x - x.mean()
    products = [
        (y[: len(y) - lag] * y[lag:]).mean()  # divides by their number
        for lag in range(low, high + 1)
    ]
    return np.array(products) / (y**2).mean()


def alternative_16_2_correlate(x, low, high):
    y, n = x - x.mean(), len(x)
    full = np.correlate(y, y, "full")[n - 1 :] / (n - np.arange(n))
    return full[low : high + 1] / full[0]


@mistake(
    "At lag l there are L - l products: divide by their number, or long lags are lowered."
)
def wrong_16_2_biased(x, low, high):
    lags = np.arange(low, high + 1)
    return solution_16_2(x, low, high) * (len(x) - lags) / len(x)


@mistake(
    "Take the mean of the clip off first: a constant is equal to its own copy at every lag."
)
def wrong_16_2_mean(x, low, high):
    products = [
        (x[: len(x) - lag] * x[lag:]).mean() for lag in range(low, high + 1)
    ]
    return np.array(products) / (x**2).mean()


@mistake(
    "The copy wraps around: the end of the clip is compared with its start."
)
def wrong_16_2_circular(x, low, high):
    y = x - x.mean()
    return (
        np.array(
            [(y * np.roll(y, -lag)).mean() for lag in range(low, high + 1)]
        )
        / (y**2).mean()
    )


@mistake("That depends on the loudness: divide by the value at lag 0.")
def wrong_16_2_absolute(x, low, high):
    y = x - x.mean()
    return solution_16_2(x, low, high) * (y**2).mean()


@mistake("These values belong to the lags low - 1 to high - 1.")
def wrong_16_2_shifted(x, low, high):
    return solution_16_2(x, low - 1, high - 1)


@mistake(
    "That is a mean squared difference, smallest at the period; products were asked for."
)
def wrong_16_2_squared(x, low, high):
    y = x - x.mean()
    return (
        np.array(
            [
                ((y[: len(y) - lag] - y[lag:]) ** 2).mean()
                for lag in range(low, high + 1)
            ]
        )
        / (y**2).mean()
    )


@mistake("At long lags an unbiased value may exceed 1: leave it as it is.")
def wrong_16_2_clipped(x, low, high):
    return np.clip(solution_16_2(x, low, high), -1, 1)


def check_16_2(answer, c):
    cases = [(np.array([1.0, 2.0, 4.0, 3.0, 7.0, 5.0]), 1, 3)]
    ends = np.array([3.0, 0.0, 0.0, 0.0, 3.0])  # 1.5 at the longest lag
    cases += [(ends, 1, 4), (c.rng.normal(size=12), 11, 11)]
    for _ in range(4):
        n = c.integer(30, 80)
        low = c.integer(1, 6)
        cases.append((c.rng.normal(size=n) + 2, low, low + c.integer(3, 12)))
    for x, low, high in cases:
        y, n = x - x.mean(), len(x)
        want = [
            sum(y[k] * y[k + lag] for k in range(n - lag)) / (n - lag)
            for lag in range(low, high + 1)
        ]
        c.equal(
            c.call(answer, x, low, high),
            np.array(want) / (y @ y / n),
            rtol=1e-8,
            atol=1e-10,
            mistakes=outcomes(
                (x, low, high),
                wrong_16_2_biased,
                wrong_16_2_mean,
                wrong_16_2_circular,
                wrong_16_2_absolute,
                wrong_16_2_shifted,
                wrong_16_2_clipped,
                wrong_16_2_squared,
            ),
        )
    long = np.sin(np.arange(300.0)) + c.rng.normal(size=300)
    c.like(answer, solution_16_2, lambda: (long, 1, 200), rtol=1e-9)


register(
    Exercise(
        id="16.2",
        title="Autocorrelation in a range of lags",
        stars=2,
        kind="function",
        statement=r"""
    Write `correlations(x, low, high)`: the unbiased autocorrelation of {eq}`eq:16-auto` at the lags `low`, `low + 1`,
    ..., `high` (both ends included, $1 \le$ `low`, `high` below the length), for a numpy array `x` of shape `(L,)`
    that is not constant; its mean is taken off first. For `[1, 2, 4, 3, 7, 5]` and lags 1 to 3 it is about
    `[0.303, 0.029, -0.286]`.
    """,
        stub="""
    def correlations(x, low, high):
        return ...
    """,
        hints=(
            "Two slices of `x` of equal length, one shifted by the lag: how many products are there?",
            "`(y[:len(y) - lag] * y[lag:]).mean()` for each lag, divided by `(y**2).mean()`.",
        ),
        explanation=r"""
    A mean of products for each lag, relative to lag 0. Divided by $L$ instead of $L - \ell$, the values shrink in a
    line with the lag, and of two multiples of a period the shorter would win by that alone. The window of lags has
    to decide, because the quantity itself prefers no multiple.
    """,
        solution=solution_16_2,
        alternatives=(alternative_16_2_correlate,),
        wrong=(
            wrong_16_2_biased,
            wrong_16_2_mean,
            wrong_16_2_circular,
            wrong_16_2_absolute,
            wrong_16_2_shifted,
            wrong_16_2_squared,
            wrong_16_2_clipped,
        ),
        check=check_16_2,
    )
)
