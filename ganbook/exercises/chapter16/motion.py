r"""Exercises of chapter 16 on motion: steps of a patch, how many kinds there are, and the order of frames."""

import math
from itertools import pairwise

import numpy as np

from ganbook.exercises.engine.core import Exercise, classify, register
from ganbook.exercises.engine.mistakes import mistake, outcomes

# 16.9 ------------------------------------------------------------------


def solution_16_9(places):
    return np.median(np.abs(np.diff(places, axis=0)), axis=0)


def alternative_16_9_sorted(places):
    steps = np.sort(np.abs(places[1:] - places[:-1]), axis=0)
    n = len(steps)
    return (steps[(n - 1) // 2] + steps[n // 2]) / 2


@mistake(
    "Signs cancel where the patch is reflected: take the size of each step first."
)
def wrong_16_9_signed(places):
    return np.abs(np.median(np.diff(places, axis=0), axis=0))


@mistake("A single jump pulls the mean away; the median was asked for.")
def wrong_16_9_mean(places):
    return np.abs(np.diff(places, axis=0)).mean(axis=0)


@mistake(
    "The way from the first to the last place is shorter than the path once the patch turns."
)
def wrong_16_9_ends(places):
    return np.abs(places[-1] - places[0]) / (len(places) - 1)


@mistake("Down comes first, right second.")
def wrong_16_9_swapped(places):
    return solution_16_9(places)[::-1].copy()


@mistake(
    "A central difference averages two steps, and over a reflection they cancel."
)
def wrong_16_9_gradient(places):
    return np.median(np.abs(np.gradient(places, axis=0)), axis=0)


@mistake(
    "The patch is reflected at an edge; it does not come in again on the other side."
)
def wrong_16_9_wrapped(places):
    steps = np.diff(places, axis=0) % 18
    return np.median(np.minimum(steps, 18 - steps), axis=0)


def walk(c, length, velocity, jitter=0.0):
    place, v = (
        np.array([c.number(0, 18), c.number(0, 18)]),
        np.array(velocity),
    )
    found = []
    for _ in range(length):
        found.append(place)
        v = np.where((place + v < 0) | (place + v > 18), -v, v)
        place = place + v
    return np.array(found) + 9.5 + jitter * c.rng.normal(size=(length, 2))


def check_16_9(answer, c):
    bounce = np.array(
        [[16.0, 3], [18, 4], [16, 5], [14, 6], [12, 7], [10, 8]]
    )
    jump = np.array(
        [[0.0, 0], [1, 2], [2, 4], [3, 6], [16, 17.5], [17, 15.5], [18, 13.5]]
    )
    turning = np.array(
        [[9.0, 1], [11, 0], [9, 1], [11, 2], [9, 3], [11, 4], [9, 5]]
    )
    far = 7 * bounce - 40
    drawn = [
        walk(c, c.integer(6, 11), (c.number(0.4, 3), c.number(0.4, 3)), 0.1)
        for _ in range(3)
    ]
    for places in (*drawn, turning, bounce, jump, far, bounce[:2]):
        sizes = [
            sorted(abs(b - a) for a, b in pairwise(col))
            for col in places.T.tolist()
        ]
        n = len(sizes[0])
        want = [(s[(n - 1) // 2] + s[n // 2]) / 2 for s in sizes]
        c.equal(
            c.call(answer, places),
            np.array(want),
            rtol=1e-9,
            atol=1e-12,
            mistakes=outcomes(
                (places,),
                wrong_16_9_signed,
                wrong_16_9_mean,
                wrong_16_9_ends,
                wrong_16_9_swapped,
                wrong_16_9_gradient,
                wrong_16_9_wrapped,
            ),
        )
    late = np.concatenate([np.zeros(11), np.arange(1.0, 31.0)])
    c.like(
        answer,
        solution_16_9,
        lambda: (np.stack([late, np.arange(41.0)], axis=1),),
        says="All steps count, also the late ones.",
    )


register(
    Exercise(
        id="16.9",
        title="The speed of a patch",
        stars=2,
        kind="function",
        statement=r"""
    Write `speed(places)`: from the centers of a patch in each frame, a numpy array of shape `(T, 2)` with columns (down,
    right), the median size of its steps in both directions, of shape `(2,)`. The patch is reflected at the edges, and
    a frame may be wrong now and then. For a patch at $(16, 3), (18, 4), (16, 5), (14, 6)$ it is $(2, 1)$.
    """,
        stub="""
    def speed(places):
        return ...
    """,
        hints=(
            "What changes at a reflection, and what does not?",
            "`np.diff` along the frames, then sizes, then the median along the same axis.",
        ),
        explanation=r"""
    A reflection changes the sign of a component and keeps its size, so sizes come before the median. Signed steps cancel,
    and so do differences over two frames. The speed alone accepts frozen and jumping patches: that *every* step is near
    the median is a second condition.
    """,
        solution=solution_16_9,
        alternatives=(alternative_16_9_sorted,),
        wrong=(
            wrong_16_9_signed,
            wrong_16_9_mean,
            wrong_16_9_ends,
            wrong_16_9_swapped,
            wrong_16_9_gradient,
            wrong_16_9_wrapped,
        ),
        check=check_16_9,
    )
)

# 16.10 -----------------------------------------------------------------


def solution_16_10():
    return 6 * (2 / 48) * math.log(24) + 9 * (4 / 48) * math.log(12)


def check_16_10(value, c):
    counts = {}
    for down in range(-3, 4):
        for right in range(-3, 4):
            if (down, right) != (0, 0):
                pair = abs(down), abs(right)
                counts[pair] = counts.get(pair, 0) + 1
    truth = -sum(n / 48 * math.log(n / 48) for n in counts.values())
    c.equal(
        value,
        truth,
        rtol=2e-4,
        mistakes={
            "The fifteen pairs of sizes are not equally likely.": math.log(
                15
            ),
            "Signs are not read: a reflection changes them.": math.log(48),
            "That counts the pair (0, 0), which is left out.": math.log(16),
            "That is in bits; use the natural logarithm.": truth
            / math.log(2),
            "That is the value for velocities from -2 to 2.": math.log(12) / 3
            + 2 * math.log(6) / 3,
            "A pair with a zero comes from two velocities, not from four.": -sum(
                n * math.log(n / 60) / 60 for n in [4] * 15
            )
            + 0.5,
        },
    )


register(
    Exercise(
        id="16.10",
        title="Kinds of motion",
        stars=2,
        kind="value",
        statement=r"""
    Let the velocity be uniform on the pairs with entries from $-3$ to $3$, without $(0, 0)$. Return the entropy, in
    nats, of the pair of sizes $(\lvert v_y\rvert, \lvert v_x\rvert)$, a number correct to three decimals.
    """,
        stub="""
    def entropy():
        return ...
    """,
        hints=(
            "How many velocities are there, and how many pairs of sizes? Which pairs come from four velocities?",
            "Six pairs contain a zero and have probability 2/48; nine do not and have 4/48.",
        ),
        explanation=r"""
    $6 \cdot \frac{1}{24}\log 24 + 9 \cdot \frac1{12} \log 12 = 2.658$, below $\log 15 = 2.708$. If the
    entropy of a set of samples is *above* that of the data, its speeds have another law, even if each of them occurs.
    """,
        solution=solution_16_10,
        wrong=(
            (lambda: math.log(15), "not equally likely"),
            (lambda: math.log(48), "Signs are not read"),
            (lambda: math.log(16), "left out"),
            (lambda: solution_16_10() / math.log(2), "in bits"),
            (
                lambda: math.log(12) / 3 + 2 * math.log(6) / 3,
                "from -2 to 2",
            ),
        ),
        check=check_16_10,
    )
)

# 16.11 -----------------------------------------------------------------


def solution_16_11():
    return {
        "A": "both",
        "B": "frames",
        "C": "frames",
        "D": "neither",
        "E": "neither",
        "F": "frames",
    }


def other_16_11(**labels):
    return lambda: solution_16_11() | labels


register(
    Exercise(
        id="16.11",
        title="Optimal for whom?",
        stars=2,
        kind="classify",
        statement=r"""
    $p$ is the law of real films, $p_t$ that of their frame $t$, and $\bar p$ the mean of these laws. Let $p_1 \ne \bar p$,
    let there be more than one real film, and let each frame of a film determine the others. Six generators; for each: is it
    optimal in the game with a discriminator of frames alone (`"frames"`), in the games with either discriminator
    (`"both"`), or in `"neither"`?

    - **A**: films drawn from $p$.
    - **B**: films drawn from $p$, their frames in random order.
    - **C**: one frame drawn from $\bar p$, shown $T$ times.
    - **D**: the first frame of a film from $p$, shown $T$ times.
    - **E**: films whose every frame is the mean picture of all real frames.
    - **F**: frame $t$ drawn from $p_t$, independently for each $t$.
    """,
        stub="""
    def optimal():
        # {"A": "both", "B": ..., ..., "F": ...}
        return ...
    """,
        hints=(
            r"Compute $\bar q$ for each: is it $\bar p$?",
            r"The game with films needs $q = p$.",
        ),
        explanation=r"""
    For frames alone only $\bar q = \bar p$ counts. B, C and F have it and have lost the motion. D has
    $\bar q = p_1$; in the chapter's data the first place is uniform and the later ones nearly so, so that D would be nearly
    optimal there. E is a picture that occurs in no film: its law is a point, and not $\bar p$.
    """,
        solution=solution_16_11,
        wrong=(
            (other_16_11(A="frames"), "films as well"),
            (other_16_11(B="both"), "order is a part"),
            (other_16_11(C="neither"), "every frame has the mean law"),
            (other_16_11(D="frames"), "first law"),
            (other_16_11(E="frames"), "a single picture"),
            (other_16_11(F="both"), "do not belong together"),
        ),
        check=classify(
            solution_16_11(),
            labels=("frames", "both", "neither"),
            reasons={
                ("A", "neither"): "It is the truth itself.",
                ("B", "neither"): "Shuffling permutes the terms of a sum.",
                ("C", "both"): "In a real film the frames differ.",
                ("D", "both"): "A real film does not stand still.",
                ("F", "neither"): "Each of its frames has the right law.",
                ("A", "frames"): "It is the law of the films as well.",
                ("B", "both"): "The order is a part of a film.",
                ("C", "neither"): "Here every frame has the mean law.",
                ("D", "frames"): "Here every frame has the first law.",
                (
                    "E",
                    "frames",
                ): "Its frames have the law of a single picture.",
                ("F", "both"): "Its frames do not belong together.",
            },
        ),
    )
)
