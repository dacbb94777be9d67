r"""Overlaps and phases of transposed convolutions."""

import numpy as np

from ganbook.exercises.engine.core import Exercise, classify, register
from ganbook.exercises.engine.mistakes import mistake, outcomes
from ganbook.exercises.engine.proofs import ordered
from ganbook.exercises.engine.words import say

# 13.1 ------------------------------------------------------------------


def solution_13_1(k, s):
    return [len(range(r, k, s)) for r in range(s)]


def alternative_13_1_laid_down(k, s):
    counts = np.zeros(s * 3 * k + k, dtype=int)
    for m in range(3 * k):
        counts[s * m : s * m + k] += 1
    start = s * k  # away from both ends
    return counts[start : start + s].tolist()


@mistake("Phase r begins with the weight r itself: round up, not down.")
def wrong_13_1_floor(k, s):
    return [(k - r) // s for r in range(s)]


@mistake("Not every phase has the largest count.")
def wrong_13_1_all_most(k, s):
    return [-(-k // s)] * s


@mistake("Not every phase has the smallest count.")
def wrong_13_1_all_least(k, s):
    return [k // s] * s


@mistake(
    "That is how far two neighbouring kernels reach into each other, not how many reach an output."
)
def wrong_13_1_width(k, s):
    return [k - s] * s


@mistake("The order is turned round: phase 0 holds the weight 0.")
def wrong_13_1_reversed(k, s):
    return solution_13_1(k, s)[::-1]


def check_13_1(answer, c):
    drawn = [(c.integer(1, 30), c.integer(1, 6)) for _ in range(6)]
    for k, s in ((25, 4), (3, 2), (4, 2), (2, 3), (1, 1), *drawn):
        want = [sum(1 for n in range(k) if n % s == r) for r in range(s)]
        c.equal(
            c.call(answer, k, s),
            want,
            mistakes=outcomes(
                (k, s),
                wrong_13_1_floor,
                wrong_13_1_all_most,
                wrong_13_1_all_least,
                wrong_13_1_width,
                wrong_13_1_reversed,
            ),
        )


register(
    Exercise(
        id="13.1",
        title="How many inputs reach an output",
        stars=1,
        kind="function",
        statement=r"""
    Write `overlaps(k, s)`: the list of the numbers of weights in the phases $r = 0, \dots, s - 1$ of a transposed
    convolution with kernel `k` and stride `s` (whole numbers of at least 1, in any relation). For kernel 3 and
    stride 2 it is `[2, 1]`.
    """,
        stub="""
    def overlaps(k, s):
        return ...
    """,
        hints=(
            r"Which of the indices $0, \dots, k - 1$ belong to phase $r$?",
            r"Those with remainder $r$ after division by $s$: $r, r + s, r + 2s, \dots$",
        ),
        explanation=r"""
    Phase $r$ has the weights $w_r, w_{r+s}, \dots$, which are $\lceil (k - r)/s \rceil$ (and none if $r \ge k$: with
    a stride above the kernel some outputs see no input at all). All counts agree exactly if $s$ divides $k$.
    """,
        solution=solution_13_1,
        alternatives=(alternative_13_1_laid_down,),
        wrong=(
            wrong_13_1_floor,
            wrong_13_1_all_most,
            wrong_13_1_all_least,
            wrong_13_1_width,
            wrong_13_1_reversed,
        ),
        check=check_13_1,
    )
)

# 13.2 ------------------------------------------------------------------


def solution_13_2(x, w, s):
    y = np.zeros(s * (len(x) - 1) + len(w))
    for r in range(min(s, len(w))):
        part = np.convolve(x, w[r::s])
        y[r::s][: len(part)] = part
    return y


def alternative_13_2_laid_down(x, w, s):
    y = np.zeros(s * (len(x) - 1) + len(w))
    for m, value in enumerate(x):
        y[s * m : s * m + len(w)] += value * w
    return y


@mistake("The kernel is laid down backwards.")
def wrong_13_2_flipped(x, w, s):
    return alternative_13_2_laid_down(x, w[::-1], s)


@mistake(
    "Where kernels overlap, their contributions are added; here the later one replaces the earlier."
)
def wrong_13_2_overwritten(x, w, s):
    y = np.zeros(s * (len(x) - 1) + len(w))
    for m, value in enumerate(x):
        y[s * m : s * m + len(w)] = value * w
    return y


def wrong_13_2_cut(x, w, s):
    return np.resize(alternative_13_2_laid_down(x, w, s), s * len(x))


@mistake(
    "That resizes first and convolves then: all phases get the same weights."
)
def wrong_13_2_resized(x, w, s):
    full = np.convolve(np.repeat(x, s), w)
    return full[: s * (len(x) - 1) + len(w)]


@mistake("A phase takes every s-th weight, not neighbouring ones.")
def wrong_13_2_blocks(x, w, s):
    y, size = np.zeros(s * (len(x) - 1) + len(w)), -(-len(w) // s)
    padded = np.append(w, np.zeros(s * size - len(w)))
    for r in range(s):
        part = np.convolve(x, padded[r * size : (r + 1) * size])
        place = y[r::s]
        place[:] = part[: len(place)]
    return y


@mistake(
    "The result has the dtype of x: where x holds whole numbers, the weights are cut to such."
)
def wrong_13_2_whole(x, w, s):
    y = np.zeros_like(x, shape=s * (len(x) - 1) + len(w))
    y[:] = solution_13_2(x, w, s)
    return y


def check_13_2(answer, c):
    drawn = [
        (c.integer(1, 7), c.integer(1, 9), c.integer(1, 4)) for _ in range(5)
    ]
    for n, k, s in ((4, 5, 2), (3, 4, 2), (3, 3, 3), (4, 2, 3), *drawn):
        x, w = c.rng.normal(size=n), c.rng.normal(size=k)
        if (n, k, s) == (3, 4, 2):
            x = np.array([2, -1, 3])
        if (n, k, s) == (3, 3, 3):
            w = np.array([1, -2, 3])
        got = c.call(answer, x, w, s)
        length = s * (n - 1) + k
        if np.shape(got) != (length,):
            c.fail(
                say(
                    "The length is another: the last input lies at place s (n - 1), and its kernel ends {k} places on.",
                    k=k,
                )
            )
        c.equal(
            got,
            alternative_13_2_laid_down(x, w, s),
            rtol=1e-9,
            atol=1e-9,
            mistakes=outcomes(
                (x, w, s),
                wrong_13_2_flipped,
                wrong_13_2_overwritten,
                wrong_13_2_resized,
                wrong_13_2_blocks,
                wrong_13_2_whole,
            ),
        )


register(
    Exercise(
        id="13.2",
        title="Transposed convolution by its phases",
        stars=2,
        kind="function",
        statement=r"""
    Write `upsample(x, w, s)`: the transposed convolution {eq}`eq:13-transposed` of numpy arrays `x` of shape `(n,)` and
    `w` of shape `(k,)` with stride `s`, without padding. Either array may hold whole numbers. The result has shape `(s * (n - 1) + k,)`. `s` may be larger
    than `k`; then some outputs are zero. For `x = [1, 2]`, `w = [1, 10, 100]` and `s = 2` it is
    `[1, 10, 102, 20, 200]`.
    """,
        stub="""
    def upsample(x, w, s):
        return ...
    """,
        hints=(
            r"Fill `y[r::s]` for each phase, or lay down `x[m] * w` from place `s * m` on.",
            r"`np.convolve(x, w[r::s])` is phase $r$. Are all phases equally long?",
        ),
        explanation=r"""
    Both ways are {eq}`eq:13-phases`: by phases, one ordinary convolution each, or by laying down one kernel for each
    input. The second is what the layer is called after: it is the transpose of the matrix of a convolution with
    stride $s$.
    """,
        solution=solution_13_2,
        alternatives=(alternative_13_2_laid_down,),
        wrong=(
            wrong_13_2_flipped,
            wrong_13_2_overwritten,
            (wrong_13_2_cut, "length is another"),
            wrong_13_2_resized,
            wrong_13_2_blocks,
            wrong_13_2_whole,
        ),
        check=check_13_2,
    )
)

# 13.3 ------------------------------------------------------------------


def solution_13_3():
    return {
        "A": "depends",
        "B": "depends",
        "C": "constant",
        "D": "constant",
        "E": "depends",
        "F": "constant",
        "G": "constant",
    }


def _but(letter, label):
    return lambda: solution_13_3() | {letter: label}


register(
    Exercise(
        id="13.3",
        title="Kernel four, called safe",
        stars=2,
        kind="classify",
        statement=r"""
    A map is constant. Away from the border, is the output of the layer constant whatever its weights are
    (`"constant"`), or does it depend on the weights (`"depends"`)?

    - **A**: transposed convolution, kernel 4, stride 2
    - **B**: transposed convolution, kernel 2, stride 2, so that nothing overlaps
    - **C**: nearest-neighbour resizing by 2, then a convolution with kernel 3
    - **D**: bilinear resizing by 2, then a convolution with kernel 3
    - **E**: a convolution with kernel 3 to four times the maps, then a pixel shuffle
    - **F**: in one dimension, the fixed kernel $(0.25, 0.75, 0.75, 0.25)$ with stride 2, times one trained number
    - **G**: transposed convolution, kernel 3, stride 1
    """,
        stub="""
    # a dict such as {"A": "constant", ...}
    def layers():
        return ...
    """,
        hints=(
            r"Write down the phase sums. How many phases are there, and do they share weights?",
            r"Resizing of either kind maps a constant to a constant. What does a convolution with stride 1 do to one?",
        ),
        explanation=r"""
    A, B and E have several phases with weights of their own, so their sums differ as a rule; B shows that overlap is
    not needed for a checkerboard. C and D convolve a constant. In F both phase sums are one, so it is safe although it
    is a transposed convolution with kernel 4: it *is* linear interpolation. With stride 1 (G) there is one phase.
    """,
        solution=solution_13_3,
        check=classify(
            solution_13_3(),
            labels=("constant", "depends"),
            reasons={
                (
                    "A",
                    "constant",
                ): "Layer A: equal numbers of weights are not equal sums of weights.",
                (
                    "B",
                    "constant",
                ): "Layer B: each of its phases has one weight, and nothing makes the two weights equal.",
                (
                    "C",
                    "depends",
                ): "Layer C: what does the convolution see after the resizing?",
                (
                    "D",
                    "depends",
                ): "Layer D: an average of equal numbers is that number.",
                (
                    "E",
                    "constant",
                ): "Layer E: each pixel of a block of four comes from a map with weights of its own.",
                (
                    "F",
                    "depends",
                ): "Layer F: add up the weights of each phase; the trained number multiplies both.",
                (
                    "G",
                    "depends",
                ): "Layer G: with stride 1, how many phases are there?",
            },
        ),
        wrong=(
            (_but("A", "constant"), "not equal sums"),
            (_but("B", "constant"), "two weights equal"),
            (_but("C", "depends"), "after the resizing"),
            (_but("D", "depends"), "average"),
            (_but("E", "constant"), "block of four"),
            (_but("F", "depends"), "multiplies both"),
            (_but("G", "depends"), "how many phases"),
        ),
    )
)

# 13.4 ------------------------------------------------------------------


def solution_13_4():
    return "acbdef"


register(
    Exercise(
        id="13.4",
        title="The even overlap, proved",
        stars=2,
        kind="value",
        statement=r"""
    Put a proof of {prf:ref}`thm:13-share` together: give the letters of the lines that it needs, in an order in which
    each line comes after those that it uses, such as `"fab"`. Three of the lines do not belong there.

    - **a**: Different phases use different weights, so the phase sums are independent, and each is symmetric.
    - **b**: The joint law of $(S_0, \dots, S_{s-1})$ stays the same when one entry changes its sign.
    - **c**: $\bigl(\sum_r S_r\bigr)^2 / \sum_r S_r^2 = 1 + \sum_{r \ne t} S_r S_t / \sum_p S_p^2$.
    - **d**: $|S_r S_t| \le \sum_p S_p^2$, so each quotient $S_r S_t / \sum_p S_p^2$ has an expectation.
    - **e**: $\mathbb{E}[S_r S_t / \sum_p S_p^2]$ equals its own negative for $r \ne t$, so it is zero.
    - **f**: The quotient has expectation 1, so $\mathbb{E}[u] = 1 - 1/s$.
    - **g**: The stride divides the kernel, so all phase sums have equal variances.
    - **h**: $\mathbb{E}[(\sum_r S_r)^2] = \mathbb{E}[\sum_r S_r^2]$, so the expectation of their quotient is 1.
    - **i**: For many weights $S_r$ is close to zero by the law of large numbers.
    """,
        stub="""
    # a string of letters
    def proof():
        return ...
    """,
        hints=(
            r"The theorem holds for every $k \ge s$. Which lines use more than that?",
            r"Begin with the two lines that use no other one about the sums: where they come from, and the square written out.",
        ),
        explanation=r"""
    a gives b; b and d give e (an expectation that equals its own negative must exist first); c and e give f. Line g is
    an assumption that nobody needs, h would take the expectation of a quotient for a quotient of expectations, and i
    is false: a sum of independent terms grows with the root of their number.
    """,
        solution=solution_13_4,
        check=ordered(
            {"a": "", "b": "a", "c": "", "d": "", "e": "bd", "f": "ce"},
            {
                "g": "The theorem holds for odd kernels as well.",
                "h": "The expectation of a quotient is not the quotient of expectations.",
                "i": "A sum of independent terms does not shrink.",
            },
            {
                "a": "Why should the phase sums be independent?",
                "b": "Symmetry of each sum has not yet been turned into one of all together.",
                "c": "Nothing says yet how u depends on products of two sums.",
                "d": "It has not been shown that the expectations exist.",
                "e": "What is the expectation of a mixed term?",
                "f": "The conclusion itself is not there.",
            },
        ),
        wrong=(
            (lambda: "agcbdef", "odd kernels"),
            (lambda: "ahcbdef", "quotient of expectations"),
            (lambda: "iacbdef", "does not shrink"),
            (lambda: "acbef", "expectations exist"),
            (lambda: "acebdf", "Line e comes before"),
            (lambda: "bacdef", "Line b comes before"),
            (lambda: "acbde", "conclusion itself"),
            (lambda: "abdef", "products of two"),
        ),
    )
)
