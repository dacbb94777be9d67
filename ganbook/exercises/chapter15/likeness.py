r"""Exercises 15.4 to 15.6: likeness and its price for a Gaussian, and which critic sees what."""

import math

import numpy as np

from ganbook.exercises.engine.core import Exercise, classify, register
from ganbook.exercises.engine.mistakes import mistake, outcomes

# 15.4 ------------------------------------------------------------------


def solution_15_4(distance, noise):
    gain = 1 / (1 + noise**2)
    end = 1 - math.sqrt(gain)
    return 1 - gain + max(end - distance, 0) ** 2


def alternative_15_4_search(distance, noise):
    spread = max(1 - distance, math.sqrt(1 / (1 + noise**2)))
    a = spread / math.sqrt(1 + noise**2)
    return (1 - a) ** 2 + (a * noise) ** 2


@mistake("That is the frontier of a critic that sees pairs.")
def wrong_15_4_pairs(distance, noise):
    v = noise**2 / (1 + noise**2)
    return v + max(math.sqrt(v) - distance, 0) ** 2


@mistake(
    "A larger distance is allowed, not demanded: beyond the posterior mean the curve is flat."
)
def wrong_15_4_rises(distance, noise):
    gain = 1 / (1 + noise**2)
    return 1 - gain + (1 - math.sqrt(gain) - distance) ** 2


@mistake(
    "The posterior mean's standard deviation is the root of the gain, not the gain."
)
def wrong_15_4_gain(distance, noise):
    gain = 1 / (1 + noise**2)
    return 1 - gain + max(1 - gain - distance, 0) ** 2


@mistake("The price is the square of what is missing to the end.")
def wrong_15_4_linear(distance, noise):
    gain = 1 / (1 + noise**2)
    return 1 - gain + max(1 - math.sqrt(gain) - distance, 0)


@mistake("That is only what likeness adds; the least error comes on top.")
def wrong_15_4_extra(distance, noise):
    return solution_15_4(distance, noise) - noise**2 / (1 + noise**2)


@mistake("`noise` is a standard deviation: its square is the variance.")
def wrong_15_4_variance(distance, noise):
    gain = 1 / (1 + noise)
    return 1 - gain + max(1 - math.sqrt(gain) - distance, 0) ** 2


@mistake(
    "That is the error of the posterior mean, which is too far from the law of x."
)
def wrong_15_4_mean(distance, noise):
    return noise**2 / (1 + noise**2)


def check_15_4(answer, c):
    cases = [(0.0, 1.0), (0.1, 1.0), (0.6, 1.0), (0.05, 0.3), (0.2, 3.0)]
    cases += [(0.0, 0.3), (0.0, 0.02), (0.01, 0.5), (0.0, 40.0), (5.0, 0.5)]
    cases += [(c.number(0, 0.8), c.number(0.2, 3)) for _ in range(5)]
    for distance, noise in cases:
        c.equal(
            c.call(answer, distance, noise),
            alternative_15_4_search(distance, noise),
            rtol=1e-9,
            mistakes=outcomes(
                (distance, noise),
                wrong_15_4_pairs,
                wrong_15_4_rises,
                wrong_15_4_gain,
                wrong_15_4_linear,
                wrong_15_4_extra,
                wrong_15_4_mean,
                wrong_15_4_variance,
            ),
        )


register(
    Exercise(
        id="15.4",
        title="The price of a realistic picture",
        stars=2,
        kind="function",
        statement=r"""
    Write `least_error(distance, noise)` for the Gaussian signal $x \sim \mathcal{N}(0, 1)$ seen as $y = x + \sigma n$, with
    $\sigma$ = `noise` > 0: the least mean squared error of an estimate whose law is *within* the Wasserstein-2
    `distance` (at least 0) of the law of $x$. A critic of pictures is meant, not of pairs. At distance $0$ and noise $1$
    it is $2 - \sqrt 2$.
    """,
        stub="""
    def least_error(distance, noise):
        return ...
    """,
        hints=(
            r"Which standard deviation does the best estimate have? It is at least $1 - $ `distance`.",
            r"$v + \max(P_0 - P, 0)^2$: what is $P_0$, the distance of the posterior mean?",
        ),
        explanation=r"""
    The posterior mean has the standard deviation $\sqrt g$, so that it is at the distance $P_0 = 1 - \sqrt g$. Stretching it to
    $1 - P$ costs $(P_0 - P)^2$. For a large distance nothing need be stretched, and the error is $v = 1 - g$.
    """,
        solution=solution_15_4,
        alternatives=(alternative_15_4_search,),
        wrong=(
            wrong_15_4_pairs,
            wrong_15_4_rises,
            wrong_15_4_gain,
            wrong_15_4_linear,
            wrong_15_4_extra,
            wrong_15_4_variance,
            wrong_15_4_mean,
        ),
        check=check_15_4,
    )
)

# 15.5 ------------------------------------------------------------------

_TRUTH_15_5 = {
    "A": "nobody",
    "B": "pairs only",
    "C": "both",
    "D": "pairs only",
    "E": "both",
}


def solution_15_5():
    return {
        "A": "nobody",
        "B": "pairs only",
        "C": "both",
        "D": "pairs only",
        "E": "both",
    }


def _swap_15_5(case, label):
    return _TRUTH_15_5 | {case: label}


register(
    Exercise(
        id="15.5",
        title="Who notices?",
        stars=2,
        kind="classify",
        statement=r"""
    $x \sim \mathcal{N}(0, 1)$ is seen as $y = x + n$, $n \sim \mathcal{N}(0, 1)$. Five restorers; which of the two *optimal* critics can
    tell their output from the truth? Return a dict from letter to `"nobody"`, `"pairs only"`, `"pictures only"` or
    `"both"`.

    - **A** draws from the posterior of $x$ given $y$.
    - **B** returns $-y/\sqrt 2$.
    - **C** returns the posterior mean.
    - **D** ignores $y$ and returns a fresh standard normal number.
    - **E** returns the posterior mean plus noise of standard deviation $0.1$.
    """,
        stub="""
    def who():
        # {"A": "nobody", "B": ..., ...}
        return ...
    """,
        hints=(
            r"For each: what is the law of the output alone? And its law given $y$?",
            r"$y$ has the variance $2$. A critic of pairs also sees everything that a critic of pictures sees.",
        ),
        explanation=r"""
    A has the right joint law. B and D are standard normal numbers, as the truth is, but with a wrong relation to $y$. C
    has variance $\frac12$, E $0.51$. "Pictures only" cannot occur: the pair contains the picture.
    """,
        solution=solution_15_5,
        wrong=(
            (_swap_15_5("A", "pairs only"), "right joint law"),
            (
                _swap_15_5("B", "both"),
                "variance of 1, and the law is symmetric",
            ),
            (_swap_15_5("C", "pairs only"), "half the variance"),
            (_swap_15_5("D", "nobody"), "nothing to do with"),
            (_swap_15_5("E", "pairs only"), "0.51"),
            (_swap_15_5("D", "pictures only"), "A pair contains"),
        ),
        check=classify(
            _TRUTH_15_5,
            labels=("nobody", "pairs only", "pictures only", "both"),
            reasons={
                (
                    "A",
                    "pairs only",
                ): "A sample of the posterior has the right joint law with the observation.",
                (
                    "B",
                    "both",
                ): "Alone it has a variance of 1, and the law is symmetric.",
                (
                    "B",
                    "nobody",
                ): "Where y is large, the truth is large as well; look at the sign.",
                (
                    "C",
                    "nobody",
                ): "A mean varies less than what it is a mean of.",
                (
                    "E",
                    "nobody",
                ): "The noise has a variance of 0.01; how much does the posterior mean lack?",
                (
                    "D",
                    "both",
                ): "By itself it has exactly the law of the truth.",
                (
                    "C",
                    "pairs only",
                ): "Alone it already has half the variance of the truth.",
                (
                    "D",
                    "nobody",
                ): "Its output has nothing to do with the observation.",
                ("E", "pairs only"): "Alone its variance is 0.51, not 1.",
                (
                    "D",
                    "pictures only",
                ): "A pair contains the picture, so whoever sees pairs sees it as well.",
            },
        ),
    )
)

# 15.6 ------------------------------------------------------------------


def solution_15_6(real, made):
    wins = (np.asarray(made) < np.asarray(real)).sum()
    n = len(real)
    chance = sum(math.comb(n, k) for k in range(int(wins), n + 1)) / 2**n
    return int(wins), chance


def alternative_15_6_loop(real, made):
    from scipy.stats import binom

    wins = sum(m < r for r, m in zip(real, made, strict=True))
    return int(wins), float(binom.sf(wins - 1, len(real), 0.5))


@mistake(
    "That is the chance of exactly so many wins; as many *or more* count."
)
def wrong_15_6_exact(real, made):
    wins, n = solution_15_6(real, made)[0], len(real)
    return wins, math.comb(n, wins) / 2**n


@mistake("The case that was observed belongs to the tail.")
def wrong_15_6_more(real, made):
    wins, n = solution_15_6(real, made)[0], len(real)
    return wins, sum(math.comb(n, k) for k in range(wins + 1, n + 1)) / 2**n


@mistake("Lower is better here: you count the twin's wins.")
def wrong_15_6_other(real, made):
    return solution_15_6(made, real)


@mistake("Runs of one seed belong together; sorting breaks the pairs.")
def wrong_15_6_sorted(real, made):
    return solution_15_6(np.sort(real), np.sort(made))


@mistake("A one-sided chance was asked for.")
def wrong_15_6_two(real, made):
    wins, chance = solution_15_6(real, made)
    return wins, min(1.0, 2 * chance)


@mistake("A mean over seeds hides how many of them agree.")
def wrong_15_6_mean(real, made):
    wins = len(real) if np.mean(made) < np.mean(real) else 0
    return wins, 2.0 ** -len(real)


def check_15_6(answer, c):
    cases = [
        (
            np.array([0.97, 0.96, 0.98, 0.99]),
            np.array([0.5, 0.97, 0.985, 0.995]),
        ),
        (np.array([5.0, 1, 4, 2, 3]), np.array([1.0, 2, 3, 4, 5])),
        (np.array([1.0, 2.0]), np.array([3.0, 4.0])),  # no win
        (np.array([3.0, 4.0, 5.0]), np.array([1.0, 2.0, 4.5])),  # all
    ]
    for _ in range(4):
        n = c.integer(5, 9) if len(cases) < 7 else c.integer(40, 60)
        real = c.rng.normal(size=n)
        cases.append((real, real + c.rng.normal(size=n) - 0.3))
    for real, made in cases:
        c.equal(
            c.call(answer, real, made),
            alternative_15_6_loop(real, made),
            rtol=1e-9,
            mistakes=outcomes(
                (real, made),
                wrong_15_6_exact,
                wrong_15_6_more,
                wrong_15_6_other,
                wrong_15_6_sorted,
                wrong_15_6_two,
                wrong_15_6_mean,
            ),
        )
    c.like(
        answer,
        solution_15_6,
        lambda: (np.ones(70), np.zeros(70)),
        rtol=1e-9,
        atol=0.0,
    )


register(
    Exercise(
        id="15.6",
        title="Five of five",
        stars=2,
        kind="function",
        statement=r"""
    Two methods were run with the same seeds; entry $i$ of both arrays, `(N,)`, belongs to seed $i$, and lower is
    better. Write `sign_test(twin, game)`: the number of seeds in which the game is lower, and the chance of so many wins
    or more if each seed were a fair coin, as a pair. No two entries of a pair are equal. With wins in all of five seeds
    the chance is $1/32$.
    """,
        stub="""
    def sign_test(twin, game):
        return ...
    """,
        hints=(
            r"How many of the $2^N$ sequences of coin tosses have exactly $k$ heads?",
            r"Sum $\binom{N}{k}$ from the observed number of wins to $N$, and divide by $2^N$.",
        ),
        explanation=r"""
    Under the coin, the number of wins is binomial. With five seeds the smallest possible chance is $1/32 \approx 0.03$: five of
    five is the only result below one in twenty, and four or more of five have the chance $6/32 \approx 0.19$.
    """,
        solution=solution_15_6,
        alternatives=(alternative_15_6_loop,),
        wrong=(
            wrong_15_6_exact,
            wrong_15_6_more,
            wrong_15_6_other,
            wrong_15_6_sorted,
            wrong_15_6_two,
            wrong_15_6_mean,
        ),
        check=check_15_6,
    )
)
