r"""Exercises of chapter 16 on layers with a stride: wavelets added up, and what a constant becomes."""

import numpy as np

from ganbook.exercises.engine.core import Exercise, register
from ganbook.exercises.engine.mistakes import mistake, outcomes

# 16.7 ------------------------------------------------------------------


def solution_16_7(u, w, s):
    y = np.zeros(s * (len(u) - 1) + len(w))
    for m, value in enumerate(u):
        y[s * m : s * m + len(w)] += value * w
    return y


def alternative_16_7_convolve(u, w, s):
    spread = np.zeros(s * (len(u) - 1) + 1)
    spread[::s] = u
    return np.convolve(spread, w)


@mistake("The wavelet is laid down as it is, not reversed.")
def wrong_16_7_reversed(u, w, s):
    return solution_16_7(u, w[::-1], s)


@mistake("The first feature belongs at the start.")
def wrong_16_7_order(u, w, s):
    return solution_16_7(u[::-1], w, s)


@mistake(
    "Where wavelets overlap they add; the later one must not replace the earlier."
)
def wrong_16_7_set(u, w, s):
    y = np.zeros(s * (len(u) - 1) + len(w))
    for m, value in enumerate(u):
        y[s * m : s * m + len(w)] = value * w
    return y


@mistake("Overlaps add up; no mean is taken.")
def wrong_16_7_average(u, w, s):
    count = solution_16_7(np.ones(len(u)), np.ones(len(w)), s)
    return solution_16_7(u, w, s) / np.maximum(count, 1)


@mistake("The next wavelet starts s samples later, not one.")
def wrong_16_7_one(u, w, s):
    y = np.zeros(s * (len(u) - 1) + len(w))
    for m, value in enumerate(u):
        y[m : m + len(w)] += value * w
    return y


def check_16_7(answer, c):
    cases = [(np.array([1.0, 2.0]), np.array([1.0, 2.0, 3.0]), 2)]
    for size in ("longer", "equal", "shorter", "longer"):
        s = c.integer(2, 5)
        k = {"longer": 2 * s + 1, "equal": s, "shorter": s - 1}[size]
        cases.append(
            (c.rng.normal(size=c.integer(2, 6)), c.rng.normal(size=k), s)
        )
    cases.append((c.rng.normal(size=1), c.rng.normal(size=3), 2))
    cases.append((np.array([1, -2, 3]), c.rng.normal(size=3), 2))
    cases.append((c.rng.normal(size=3), np.array([1, -2, 3]), 2))
    cases.append((c.rng.normal(size=4), c.rng.normal(size=3), 1))
    for u, w, s in cases:
        want = [
            sum(
                u[m] * w[n - s * m]
                for m in range(len(u))
                if 0 <= n - s * m < len(w)
            )
            for n in range(s * (len(u) - 1) + len(w))
        ]
        c.equal(
            c.call(answer, u, w, s),
            np.array(want, dtype=float),
            rtol=1e-9,
            atol=1e-12,
            mistakes=outcomes(
                (u, w, s),
                wrong_16_7_reversed,
                wrong_16_7_order,
                wrong_16_7_set,
                wrong_16_7_average,
                wrong_16_7_one,
            ),
        )


register(
    Exercise(
        id="16.7",
        title="Overlap and add",
        stars=2,
        kind="function",
        statement=r"""
    Write `overlap_add(u, w, s)`: a transposed convolution with one channel, without cutting its ends. The wavelet
    `w`, of shape `(K,)`, times `u[m]` starts at sample `s * m`, and all of them are added: shape
    `(s * (len(u) - 1) + K,)`. K may be smaller than, equal to or larger than `s`. For `u = [1, 2]`,
    `w = [1, 2, 3]` and `s = 2` the answer is `[1, 2, 5, 4, 6]`.
    """,
        stub="""
    def overlap_add(u, w, s):
        return ...
    """,
        hints=(
            "Start from zeros and go through the features one by one.",
            "`y[s * m : s * m + len(w)] += u[m] * w`.",
        ),
        explanation=r"""
    Each feature adds its wavelet at its place. The same thing is a convolution: put `s - 1` zeros between the features
    and convolve with `w`. Those zeros are the origin of the pattern: a filter that sees mostly zeros
    answers differently at each of the `s` phases.
    """,
        solution=solution_16_7,
        alternatives=(alternative_16_7_convolve,),
        wrong=(
            wrong_16_7_reversed,
            wrong_16_7_order,
            wrong_16_7_set,
            wrong_16_7_average,
            wrong_16_7_one,
        ),
        check=check_16_7,
    )
)

# 16.8 ------------------------------------------------------------------


def solution_16_8(w, s):
    return np.array([w[j::s].sum() for j in range(s)])


def alternative_16_8_reshape(w, s):
    padded = np.concatenate([w, np.zeros(-len(w) % s)])
    return padded.reshape(-1, s).sum(axis=0)


@mistake("Those are means; the overlapping values add up.")
def wrong_16_8_means(w, s):
    return np.array([w[j::s].mean() for j in range(s)])


@mistake(
    "Those are sums over neighbouring samples; at phase j the samples j, j + s, j + 2s, ... meet."
)
def wrong_16_8_blocks(w, s):
    padded = np.concatenate([w, np.zeros(-len(w) % s)])
    return padded.reshape(s, -1).sum(axis=1)


@mistake(
    "That is the first wavelet alone; the earlier ones have not ended yet."
)
def wrong_16_8_first(w, s):
    return np.array(w[:s])


@mistake("The phases are in the wrong order.")
def wrong_16_8_reversed(w, s):
    return solution_16_8(w, s)[::-1].copy()


@mistake("That is the mean over the phases, which a resize layer would give.")
def wrong_16_8_total(w, s):
    return np.full(s, w.sum() / s)


@mistake("The end of a wavelet counts even if s does not divide its length.")
def wrong_16_8_cut(w, s):
    return w[: len(w) // s * s].reshape(-1, s).sum(axis=0)


def check_16_8(answer, c):
    cases = []
    for times, more in ((2, 0), (3, 0), (2, 1), (1, 2)):
        s = c.integer(3, 6)
        cases.append((c.rng.normal(size=times * s + more), s))
    cases.append((np.array([1.0, 2.0, 3.0, 4.0, 5.0]), 2))
    cases += [(c.rng.normal(size=4), 1), (c.rng.normal(size=3), 3)]
    for w, s in cases:
        features = np.zeros(12 * s)
        features[::s] = 1
        y = np.convolve(features, w)[6 * s : 7 * s]
        c.equal(
            c.call(answer, w, s),
            y,
            rtol=1e-9,
            atol=1e-12,
            mistakes=outcomes(
                (w, s),
                wrong_16_8_means,
                wrong_16_8_blocks,
                wrong_16_8_first,
                wrong_16_8_reversed,
                wrong_16_8_total,
                wrong_16_8_cut,
            ),
        )


register(
    Exercise(
        id="16.8",
        title="What a constant becomes",
        stars=2,
        kind="function",
        statement=r"""
    All features are 1. Write `period(w, s)`: one period of the output of a transposed convolution with wavelet `w`, of
    shape `(K,)` with $K \ge s$, and stride `s`, far from the ends: a numpy array of shape `(s,)` whose entry $j$ is
    the output at samples $n \equiv j$ modulo `s`. `s` need not divide $K$. For `w = [1, 2, 3, 4, 5]` and `s = 2` it is
    `[9, 6]`.
    """,
        stub="""
    def period(w, s):
        return ...
    """,
        hints=(
            "Which entries of the wavelet fall on a sample whose number is a multiple of $s$?",
            r"The entries $j, j + s, j + 2s, \dots$: a slice with a step.",
        ),
        explanation=r"""
    At $n \equiv j$ the values $w_j, w_{j+s}, \dots$ of successive wavelets meet (theorem {prf:ref}`thm:16-buzz`). The
    output is constant only if the $s$ sums agree, which nothing in training asks for; that each sum has equally many
    terms, for $s$ dividing $K$, does not make them equal.
    """,
        solution=solution_16_8,
        alternatives=(alternative_16_8_reshape,),
        wrong=(
            wrong_16_8_means,
            wrong_16_8_blocks,
            wrong_16_8_first,
            wrong_16_8_reversed,
            wrong_16_8_total,
            wrong_16_8_cut,
        ),
        check=check_16_8,
    )
)
