r"""Exercises 15.11 and 15.12: what noise does to a hidden message, and what to ask of a translator."""

import math

import numpy as np

from ganbook.exercises.engine.core import Exercise, register, rubric

# 15.11 -----------------------------------------------------------------


def solution_15_11(epsilon, noise, kept, total):
    hidden = total - kept
    variance = noise**2 * (kept + hidden / epsilon**2) / total
    return math.sqrt(variance)


def alternative_15_11_directions(epsilon, noise, kept, total):
    scale = np.repeat([1.0, 1 / epsilon], [kept, total - kept])
    return float(np.sqrt(np.mean((noise * scale) ** 2)))


def wrong_15_11_multiplied(epsilon, noise, kept, total):
    return noise * math.sqrt((kept + (total - kept) * epsilon**2) / total)


def wrong_15_11_swapped(epsilon, noise, kept, total):
    return noise * math.sqrt((total - kept + kept / epsilon**2) / total)


def wrong_15_11_first_power(epsilon, noise, kept, total):
    return noise * math.sqrt((kept + (total - kept) / epsilon) / total)


def wrong_15_11_sum(epsilon, noise, kept, total):
    return noise * math.sqrt(kept + (total - kept) / epsilon**2)


def wrong_15_11_squared(epsilon, noise, kept, total):
    return solution_15_11(epsilon, noise, kept, total) ** 2


def wrong_15_11_all(epsilon, noise, kept, total):
    return noise / epsilon


def wrong_15_11_quarter(epsilon, noise, kept, total):
    return noise * math.sqrt(1 / 4 + 3 / 4 / epsilon**2)


def check_15_11(answer, c):
    cases = [(1 / 255, 1 / 255, 16, 64), (0.5, 2.0, 3, 5)]
    cases += [(0.3, 0.7, 6, 6), (0.3, 0.7, 0, 5)]  # nothing hidden, and all
    cases += [
        (
            c.number(0.01, 0.9),
            c.number(0.1, 2),
            c.integer(2, 5),
            c.integer(8, 12),
        )
        for _ in range(4)
    ]
    cases += [(10 ** -c.number(3, 5), 10 ** -c.number(3, 5), 3, 7)]
    for case in cases:
        c.equal(
            c.call(answer, *case),
            alternative_15_11_directions(*case),
            rtol=1e-9,
            mistakes={
                "The reader *divides* the message by epsilon, noise included.": wrong_15_11_multiplied(
                    *case
                ),
                "The kept directions come back as they are; the others are amplified.": wrong_15_11_swapped(
                    *case
                ),
                "Amplitudes are divided by epsilon, so variances by its square.": wrong_15_11_first_power(
                    *case
                ),
                "Per pixel: divide the sum of variances by their number.": wrong_15_11_sum(
                    *case
                ),
                "That is the mean square; its root was asked for.": wrong_15_11_squared(
                    *case
                ),
                "That keeps a quarter of the dimensions, whatever `kept` and `total` say.": wrong_15_11_quarter(
                    *case
                ),
                "Not all directions carry the message.": wrong_15_11_all(
                    *case
                ),
            },
        )


register(
    Exercise(
        id="15.11",
        title="What noise does to a hidden message",
        stars=2,
        kind="function",
        statement=r"""
    A translator keeps `kept` of `total` dimensions of a picture as they are and writes the others, multiplied by `epsilon`,
    beside them; the reader divides these by `epsilon` again. Write `returned(epsilon, noise, kept, total)`: the root mean
    square error per pixel of the way there and back if independent noise of standard deviation `noise` is added to each
    pixel of the translation. For `(1/255, 1/255, 16, 64)` it is about $0.866$.
    """,
        stub="""
    def returned(epsilon, noise, kept, total):
        return ...
    """,
        hints=(
            r"White noise has the same variance in every direction. What does the reader do to each?",
            r"Add the variances of all directions, divide by `total`, take the root.",
        ),
        explanation=r"""
    The error is the noise as the reader sees it: $\tau$ in the kept directions and $\tau/\varepsilon$ in the hidden ones, so that
    the mean square is $\tau^2(k + (n - k)/\varepsilon^2)/n$. The fainter the message, the worse it survives.
    """,
        solution=solution_15_11,
        alternatives=(alternative_15_11_directions,),
        wrong=(
            (wrong_15_11_multiplied, "noise included"),
            (wrong_15_11_swapped, "others are amplified"),
            (wrong_15_11_first_power, "variances by its square"),
            (wrong_15_11_sum, "by their number"),
            (wrong_15_11_squared, "its root was asked"),
            (wrong_15_11_all, "carry the message"),
            (wrong_15_11_quarter, "keeps a quarter"),
        ),
        check=check_15_11,
    )
)

# 15.12 -----------------------------------------------------------------


def solution_15_12():
    return """
    Hold out pairs that neither method has seen, and letters for the paired twin. Report, for five or more seeds,
    the error against the true picture and whether the nearest true picture is the right one, beside the identity, a blank
    page and the mean picture, and say how much shift is forgiven. Test the symmetries: does an exchange of two equally
    frequent classes occur? Look for a message: add noise of one grey level to the translation and compare the cycle
    error before and after. Let a fresh classifier, not the game's own D, judge whether the pictures look real.
    """


register(
    Exercise(
        id="15.12",
        title="Review a translator",
        stars=3,
        kind="rubric",
        statement=r"""
    A draft reports an unpaired translator with a small cycle error, a discriminator at chance, and eight beautiful
    pictures. Which experiments would you ask for before you believe that it translates? At most eight sentences.
    """,
        stub="""
    def review():
        return ...
    """,
        hints=(
            r"Each of the three pieces of evidence has a counterexample in this chapter.",
            r"Which baselines learn nothing, and what do they score?",
        ),
        explanation=r"""
    > Small cycle errors can be bought by a hidden message, so add noise of one grey level and report the error again. A
    > discriminator at chance says at best that the law of the output is right, which a permutation of classes satisfies:
    > score on known pairs that no method has seen. Print identity, blank page and mean picture; five seeds with their spread; a
    > fresh judge; pictures drawn at random, not chosen.
    """,
        solution=solution_15_12,
        check=rubric(
            "known pairs that took no part in training, and a score on them",
            "baselines that learn nothing: identity, blank page, mean picture",
            "several seeds, with spread and failures",
            "noise on the translation, against hidden messages",
            "a fresh judge in place of the game's own discriminator",
            "symmetries of the data, which no loss excludes",
        ),
    )
)
