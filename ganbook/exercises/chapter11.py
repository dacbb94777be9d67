r"""Exercises of chapter 11: modes, best responses, gaps, packs, unrolling."""

import copy
import math
from itertools import product

import numpy as np
import torch
from scipy.integrate import quad
from scipy.stats import norm
from torch import nn
from torch.nn.functional import softplus

from ganbook.exercises.engine.core import Exercise, classify, register, rubric

# 11.1 ------------------------------------------------------------------


def solution_11_1(counts):
    share = counts / counts.sum()
    share = share[share > 0]  # 0 log 0 is 0
    return float((share * np.log(share * len(counts))).sum())


def alternative_11_1_entropy(counts):
    n, total = counts[counts > 0], counts.sum()
    entropy = math.log(total) - float((n * np.log(n)).sum() / total)
    return math.log(len(counts)) - entropy


def wrong_11_1_forward(counts):
    share = np.maximum(counts / counts.sum(), 1e-12)
    return float(-np.log(share * len(counts)).mean())


def wrong_11_1_reached(counts):
    share = counts[counts > 0] / counts.sum()
    return float((share * np.log(share * len(share))).sum())


def wrong_11_1_entropy(counts):
    share = counts[counts > 0] / counts.sum()
    return float(-(share * np.log(share)).sum())


def wrong_11_1_bits(counts):
    return solution_11_1(counts) / math.log(2)


def wrong_11_1_log_ratio(counts):
    return math.log(len(counts) / (counts > 0).sum())


def check_11_1(answer, c):
    fixed = [
        np.array([5, 5, 5, 5, 0, 0, 0, 0]),
        np.array([0, 0, 7]),
        np.array([3, 3, 3]),
        np.array([1, 2, 3, 4]),
    ]
    drawn = [c.rng.integers(1, 40, size=c.integer(3, 12)) for _ in range(3)]
    for counts in drawn:
        counts[c.integer(0, len(counts) - 1)] = 0
    for counts in (*drawn, *fixed):
        q = counts / counts.sum()
        want = sum(x * math.log(x * len(q)) for x in q.tolist() if x > 0)
        c.equal(
            c.call(answer, counts),
            want,
            rtol=1e-9,
            atol=1e-12,
            mistakes={
                "That is the forward direction, KL(u || q), with zeros patched: it grows without limit.": wrong_11_1_forward(
                    counts
                ),
                "K is the number of all modes, not of those that were reached: missing modes now cost nothing.": wrong_11_1_reached(
                    counts
                ),
                "That is the entropy of the shares; the divergence is log K minus it.": wrong_11_1_entropy(
                    counts
                ),
                "That is in bits; use the natural logarithm.": wrong_11_1_bits(
                    counts
                ),
                "That holds only if the modes that were reached have equal shares.": wrong_11_1_log_ratio(
                    counts
                ),
            },
        )


register(
    Exercise(
        id="11.1",
        title="Reverse KL from counts",
        stars=1,
        kind="function",
        statement=r"""
    Write `reverse_kl(counts)`: $\mathrm{KL}(\hat q \,\|\, u)$ in nats from an integer array of shape `(K,)` that holds
    the number of high-quality samples per mode (zeros allowed, at least one positive). $u$ is uniform over all $K$
    modes. For `[5, 5, 5, 5, 0, 0, 0, 0]` it is $\log 2$.
    """,
        stub="""
    def reverse_kl(counts):
        return ...
    """,
        hints=(
            r"What does $q \log q$ tend to as $q \to 0$?",
            r"Keep the positive shares only, but keep $K$ as the number of *all* modes: $\sum q_j \log(K q_j)$.",
        ),
        explanation=r"""
    $\mathrm{KL}(\hat q \,\|\, u) = \sum_j \hat q_j \log (K \hat q_j)$, where a mode with no samples contributes nothing
    by itself. It still raises the sum, because the other shares grow. The direction is what makes the
    number finite when modes are missing.
    """,
        solution=solution_11_1,
        alternatives=(alternative_11_1_entropy,),
        wrong=(
            (wrong_11_1_forward, "forward"),
            (wrong_11_1_reached, "cost nothing"),
            (wrong_11_1_entropy, "minus it"),
            (wrong_11_1_bits, "bits"),
            (wrong_11_1_log_ratio, "equal shares"),
        ),
        check=check_11_1,
    )
)

# 11.2 ------------------------------------------------------------------


def solution_11_2(shares, n):
    return float((1 - (1 - shares) ** n).sum())


def alternative_11_2_log(shares, n):
    with np.errstate(divide="ignore"):
        return float(-np.expm1(n * np.log1p(-shares)).sum())


def wrong_11_2_missed(shares, n):
    return float(((1 - shares) ** n).sum())


def wrong_11_2_share(shares, n):
    return float((1 - (1 - shares) ** n).mean())


def wrong_11_2_union(shares, n):
    return float(np.minimum(n * shares, 1).sum())


def wrong_11_2_equal(shares, n):
    k = len(shares)
    return float(k * (1 - (1 - 1 / k) ** n))


def wrong_11_2_one_less(shares, n):
    return float((1 - (1 - shares) ** (n - 1)).sum())


def wrong_11_2_all(shares, n):
    return float(np.prod(1 - (1 - shares) ** n))


def check_11_2(answer, c):
    cases = [
        (np.array([0.7, 0.2, 0.1]), 4),
        (np.array([0.5, 0.5]), 1),
        (np.array([1.0]), 3),
        (np.array([0.6, 0.39, 0.01]), 150),
        *(
            (c.probabilities((c.integer(3, 9),)).numpy(), c.integer(2, 30))
            for _ in range(3)
        ),
    ]
    for shares, n in cases:
        want = sum(1 - (1 - s) ** n for s in shares.tolist())
        c.equal(
            c.call(answer, shares, n),
            want,
            rtol=1e-9,
            mistakes={
                "That is the mean number of modes that are missed.": wrong_11_2_missed(
                    shares, n
                ),
                "That is the share of modes; the number was asked for.": wrong_11_2_share(
                    shares, n
                ),
                "A mode can be hit several times: n times the share is the mean number of hits, not the chance of one.": wrong_11_2_union(
                    shares, n
                ),
                "That takes all modes as equally likely.": wrong_11_2_equal(
                    shares, n
                ),
                "All n samples have to miss a mode, not n - 1 of them.": wrong_11_2_one_less(
                    shares, n
                ),
                "That multiplies chances over modes; means add, whether or not the modes are independent.": wrong_11_2_all(
                    shares, n
                ),
            },
        )


register(
    Exercise(
        id="11.2",
        title="What a perfect sampler reaches",
        stars=1,
        kind="function",
        statement=r"""
    A perfect sampler of a mixture with weights `shares` (a numpy array of shape `(K,)`, positive, summing to one) draws
    `n` samples, and we count the modes with at least one. Write `expected_modes(shares, n)`, the mean of that count. For
    the weights $0.7, 0.2, 0.1$ and $n = 4$ it is about $1.926$.
    """,
        stub="""
    def expected_modes(shares, n):
        return ...
    """,
        hints=(
            r"Write the count as a sum of $K$ variables that are 0 or 1.",
            r"Mode $j$ is missed when all $n$ samples miss it. What is the probability of that?",
        ),
        explanation=r"""
    The count is $\sum_j I_j$, where $I_j$ is 1 if mode $j$ is hit and 0 if not, and means add even though the terms depend on each
    other: $\sum_j (1 - (1 - s_j)^n)$. With $K = 1{,}000$ equal modes and $n = 2{,}560$ this is about 923. A rare mode
    needs about $1/s_j$ samples to be seen at all.
    """,
        solution=solution_11_2,
        alternatives=(alternative_11_2_log,),
        wrong=(
            (wrong_11_2_missed, "are missed"),
            (wrong_11_2_share, "share of modes"),
            (wrong_11_2_union, "several times"),
            (wrong_11_2_equal, "equally likely"),
            (wrong_11_2_one_less, "n - 1"),
            (wrong_11_2_all, "multiplies chances"),
        ),
        check=check_11_2,
    )
)

# 11.3 ------------------------------------------------------------------

_TRUTH_11_3 = {
    "A": "healthy",
    "B": "missing",
    "C": "oscillating",
    "D": "too narrow",
    "E": "not yet trained",
    "F": "missing",
}


def solution_11_3():
    return {
        "A": "healthy",
        "B": "missing",
        "C": "oscillating",
        "D": "too narrow",
        "E": "not yet trained",
        "F": "missing",
    }


def _swap_11_3(key, label):
    return lambda: _TRUTH_11_3 | {key: label}


register(
    Exercise(
        id="11.3",
        title="Which of these runs collapsed?",
        stars=2,
        kind="classify",
        statement=r"""
    Six generators are scored on the ring of eight with 2,500 samples. The columns are modes, high-quality share and
    reverse KL at the last look, and the number of modes that were reached at *some* and at *every* one of the last ten
    looks.

    | | modes | share | reverse KL | at some look | at every look |
    |---|---|---|---|---|---|
    | **A** | 8 | 0.988 | 0.002 | 8 | 8 |
    | **B** | 6 | 0.97 | 0.29 | 6 | 6 |
    | **C** | 1 | 0.91 | 2.08 | 8 | 0 |
    | **D** | 8 | 1.000 | 0.002 | 8 | 8 |
    | **E** | 4 | 0.005 | 0.88 | 7 | 0 |
    | **F** | 8 | 0.98 | 1.31 | 8 | 2 |

    Return a dict from letter to `"healthy"`, `"missing"`, `"oscillating"`, `"too narrow"` or `"not yet trained"`.
    Call a run `"missing"` when some modes stay without their share of the samples for good, even if a stray
    sample reaches them, and `"not yet trained"` when almost no sample is near any mode.
    """,
        stub="""
    def verdicts():
        # {"A": "healthy", "B": ..., ...}
        return ...
    """,
        hints=(
            r"What does a perfect sampler score in each of the first three columns? One run is better than perfect.",
            r"One stray sample counts a mode. Which column notices how the samples are divided among the modes?",
        ),
        explanation=r"""
    A is at the floor of all three scores. D's share of 1.000 is above $0.989$ by far more than the standard error of
    $0.002$: its clusters are too narrow. B lacks the same two modes at every look ($\log\frac86 = 0.288$). C is a
    single clump that visits all modes. E has 12 good samples among 2,500, as noise would. F counts eight modes, but
    its reverse KL is near $\log\frac82 = 1.386$: two modes hold nearly everything, always the same two.
    """,
        solution=solution_11_3,
        wrong=(
            (_swap_11_3("B", "oscillating"), "the same six"),
            (_swap_11_3("C", "missing"), "visited"),
            (_swap_11_3("D", "healthy"), "above what a perfect"),
            (_swap_11_3("E", "oscillating"), "hardly any"),
            (_swap_11_3("F", "healthy"), "log(8/2)"),
            (_swap_11_3("A", "too narrow"), "within its standard error"),
        ),
        check=classify(
            _TRUTH_11_3,
            labels=(
                "healthy",
                "missing",
                "oscillating",
                "too narrow",
                "not yet trained",
            ),
            reasons={
                (
                    "A",
                    "too narrow",
                ): "The share is within its standard error of a perfect sampler's.",
                (
                    "B",
                    "oscillating",
                ): "At every look it is the same six modes.",
                (
                    "C",
                    "missing",
                ): "Over ten looks every mode was visited; compare the last two columns.",
                (
                    "D",
                    "healthy",
                ): "The share is above what a perfect sampler reaches, by many standard errors.",
                (
                    "E",
                    "oscillating",
                ): "Look at the share: hardly any sample is near a mode, so chance decides which modes count.",
                (
                    "F",
                    "healthy",
                ): "Its reverse KL is close to log(8/2), whatever the count of modes says.",
                (
                    "F",
                    "oscillating",
                ): "Two modes are there at every look and hold nearly all samples.",
            },
        ),
    )
)

# 11.4 ------------------------------------------------------------------

_NEEDED_11_4 = {1, 2, 3, 4, 5, 6}
_BEFORE_11_4 = (
    (2, 3, "The enlarged set in line 3 uses A', which has no meaning yet."),
    (2, 4, "Line 4 speaks of z in A', and A' has not been introduced."),
    (2, 6, "Line 6 speaks of B', and B' has not been introduced."),
    (3, 1, "The number in line 1 is the lower bound that line 3 supplies."),
    (6, 1, "Line 1 needs B' to be disjoint from the enlarged set."),
    (1, 5, "Line 5 applies a function to the inequality of line 1."),
    (4, 5, "The last step of line 5 replaces the distance by w/L."),
)


def solution_11_4():
    return [2, 4, 3, 6, 1, 5]


def check_11_4(value, c):
    try:
        lines = [int(v) for v in value]
    except (TypeError, ValueError):
        c.fail("A list of line numbers is expected, such as [2, 1].")
    if 7 in lines:
        c.fail(
            "Line 7 is false: preimages of arbitrary sets are not half-spaces."
        )
    if 8 in lines:
        c.fail("Line 8 assumes equal masses, which nobody has given.")
    if len(set(lines)) < len(lines) or set(lines) - _NEEDED_11_4:
        c.fail("Each line may occur once, and there are eight of them.")
    if missing := _NEEDED_11_4 - set(lines):
        c.fail(f"{len(missing)} line(s) that the proof needs are left out.")
    for first, then, reason in _BEFORE_11_4:
        if lines.index(first) > lines.index(then):
            c.fail(reason)


register(
    Exercise(
        id="11.4",
        title="Put the proof together",
        stars=2,
        kind="value",
        statement=r"""
    Prove the gap trade-off. Choose the lines that are needed and put them in an order in which each follows from what
    stands before it. Two lines do not belong to the proof. Return a list of numbers.

    1. Hence $b \le 1 - \Phi(\Phi^{-1}(a) + \delta) = \Phi(-\Phi^{-1}(a) - \delta)$.
    2. Let $A' = G^{-1}(A)$ and $B' = G^{-1}(B)$, with masses $a$ and $b$ under the standard normal, and let $\delta$ be their distance.
    3. By the isoperimetric inequality, the points closer than $\delta$ to $A'$ have mass at least $\Phi(\Phi^{-1}(a) + \delta)$.
    4. For $z \in A'$ and $z' \in B'$ we have $w \le \lVert G(z) - G(z') \rVert \le L \lVert z - z' \rVert$, so $\delta \ge w/L$.
    5. $\Phi^{-1}$ is increasing, so $\Phi^{-1}(b) \le -\Phi^{-1}(a) - \delta \le -\Phi^{-1}(a) - w/L$.
    6. No point of $B'$ is closer than $\delta$ to $A'$: the enlarged set and $B'$ are disjoint.
    7. Since $G$ is continuous, $A'$ and $B'$ are half-spaces.
    8. By symmetry we may assume $a = b$.
    """,
        stub="""
    def proof():
        # a list of line numbers, such as [2, 1]
        return ...
    """,
        hints=(
            r"Start with the line that introduces the sets. End with the line that has the claim in it.",
            r"Line 1 combines two facts about one set: how large it is, and what it does not meet.",
        ),
        explanation=r"""
    Line 2 introduces the sets; 4 is where the Lipschitz constant enters, 3 where the normal law does, 6 is the meaning
    of distance; 1 combines 3 and 6, and 5 combines 1 and 4. Line 7 is false in general (half-spaces are the case of
    equality), and 8 would prove the theorem in its least interesting case.
    """,
        solution=solution_11_4,
        wrong=(
            (lambda: [2, 7, 4, 3, 6, 1, 5], "half-spaces"),
            (lambda: [2, 4, 8, 3, 6, 1, 5], "equal masses"),
            (lambda: [2, 3, 6, 1, 5], "left out"),
            (lambda: [2, 4, 1, 3, 6, 5], "supplies"),
            (lambda: [4, 2, 3, 6, 1, 5], "z in A'"),
            (lambda: [2, 3, 6, 1, 5, 4], "replaces the distance"),
            (lambda: [2, 4, 3, 1, 6, 5], "disjoint from"),
        ),
        check=check_11_4,
    )
)

# 11.5 ------------------------------------------------------------------


def solution_11_5(a, w, L):
    b = norm.cdf(-norm.ppf(a) - w / L)  # the most that the bound allows
    return float(1 - a - b)


def alternative_11_5_band(a, w, L):
    left = norm.ppf(a)
    return float(norm.cdf(left + w / L) - norm.cdf(left))


def wrong_11_5_equal(a, w, L):
    return float(2 * norm.cdf(w / (2 * L)) - 1)


def wrong_11_5_other(a, w, L):
    return float(norm.cdf(-norm.ppf(a) - w / L))


def wrong_11_5_sign(a, w, L):
    return float(1 - a - norm.cdf(-norm.ppf(a) + w / L))


def wrong_11_5_inverse(a, w, L):
    return solution_11_5(a, L, w)


def wrong_11_5_product(a, w, L):
    return solution_11_5(a, w * L, 1.0)


def wrong_11_5_twice(a, w, L):
    return solution_11_5(a, 2 * w, L)


def check_11_5(answer, c):
    cases = [
        (0.5, 1.5, 2.0),
        (0.9, 1.0, 1.0),
        (0.05, 3.0, 2.0),
        (0.7, 0.1, 5.0),
        (0.5, 10.0, 1.0),
        (0.001, 2.0, 1.0),
        (0.999, 1.0, 2.0),
        *(
            (c.number(0.05, 0.95), c.number(0.3, 4), c.number(0.5, 6))
            for _ in range(3)
        ),
    ]
    for a, w, L in cases:
        start = norm.ppf(a)
        want = quad(norm.pdf, start, start + w / L)[0]
        c.equal(
            c.call(answer, a, w, L),
            want,
            rtol=1e-6,
            atol=1e-9,
            mistakes={
                "That is the formula for two modes of equal mass; a is ignored.": wrong_11_5_equal(
                    a, w, L
                ),
                "That is the most that the other mode can hold; the gap holds what is left.": wrong_11_5_other(
                    a, w, L
                ),
                "A sign: a wider gap must leave less for the other mode.": wrong_11_5_sign(
                    a, w, L
                ),
                "The quotient is upside down: a steeper generator crosses in less of z.": wrong_11_5_inverse(
                    a, w, L
                ),
                "Width and slope were multiplied; the way in z is a quotient.": wrong_11_5_product(
                    a, w, L
                ),
                "The gap is w wide, not w on either side.": wrong_11_5_twice(
                    a, w, L
                ),
            },
        )


register(
    Exercise(
        id="11.5",
        title="The least mass in the gap",
        stars=2,
        kind="function",
        statement=r"""
    A generator with Lipschitz constant `L` puts the mass `a` on one of two sets that lie `w` apart. Write
    `least_gap(a, w, L)`: the least mass that it must leave outside of both sets, for $0 < a < 1$ and positive `w`, `L`.
    For $a = 0.9$ and $w = L = 1$ it is about $0.089$.
    """,
        stub="""
    def least_gap(a, w, L):
        return ...
    """,
        hints=(
            r"The mass outside is $1 - a - b$. Which $b$ makes it least?",
            r"Solve $\Phi^{-1}(a) + \Phi^{-1}(b) = -w/L$ for $b$. `scipy.stats.norm` has `ppf` and `cdf`.",
        ),
        explanation=r"""
    The largest $b$ that the bound allows is $\Phi(-\Phi^{-1}(a) - w/L)$. What is left,
    $\Phi(\Phi^{-1}(a) + w/L) - \Phi(\Phi^{-1}(a))$, is the normal mass of a band of width $w/L$ that begins where the
    first set's preimage ends. The band weighs most around zero, which is the case of equal masses, and little far
    out: there the generator has nearly dropped a mode.
    """,
        solution=solution_11_5,
        alternatives=(alternative_11_5_band,),
        wrong=(
            (wrong_11_5_equal, "a is ignored"),
            (wrong_11_5_other, "what is left"),
            (wrong_11_5_sign, "A sign"),
            (wrong_11_5_inverse, "upside down"),
            (wrong_11_5_product, "multiplied"),
            (wrong_11_5_twice, "either side"),
        ),
        check=check_11_5,
    )
)

# 11.6 ------------------------------------------------------------------


def solution_11_6(z, a, w, L):
    edge = norm.ppf(a)  # z to the left of it has mass a
    return np.clip(L * (z - edge), 0, w)


def alternative_11_6_cases(z, a, w, L):
    x = L * (z - norm.ppf(a))
    return np.where(x < 0, 0.0, np.where(x > w, float(w), x))


def wrong_11_6_centred(z, a, w, L):
    return np.clip(L * z + w / 2, 0, w)


def wrong_11_6_scaled_edge(z, a, w, L):
    return np.clip(L * z - norm.ppf(a), 0, w)


def wrong_11_6_right(z, a, w, L):
    return np.clip(L * (z + norm.ppf(a)), 0, w)


def wrong_11_6_step(z, a, w, L):
    return np.where(z < norm.ppf(a), 0.0, float(w))


def wrong_11_6_steep(z, a, w, L):
    return np.clip(L * w * (z - norm.ppf(a)), 0, w)


def wrong_11_6_unclipped(z, a, w, L):
    return np.maximum(L * (z - norm.ppf(a)), 0)


def wrong_11_6_flat(z, a, w, L):
    return solution_11_6(z, a, w, L).ravel()


def check_11_6(answer, c):
    z = np.linspace(-6, 6, 241)
    cases = [
        (0.5, 2.0, 2.0),
        (0.9, 1.0, 3.0),
        (0.2, 4.0, 1.5),
        (c.number(0.1, 0.9), c.number(0.5, 3), c.number(1, 6)),
    ]
    for a, w, L in cases:
        if a == 0.2:
            z = z[1:].reshape(20, 12)
        edge = norm.ppf(a)
        rise = np.interp(z, [edge, edge + w / L], [0.0, w])
        c.equal(
            c.call(answer, z, a, w, L),
            rise,
            rtol=1e-9,
            atol=1e-9,
            mistakes={
                "That has equal masses on both ends, whatever a is.": wrong_11_6_centred(
                    z, a, w, L
                ),
                "The edge is a place in z; inside the product with L it would be scaled as well.": wrong_11_6_scaled_edge(
                    z, a, w, L
                ),
                "The mass a lies on the wrong end: at w, or at neither.": wrong_11_6_right(
                    z, a, w, L
                ),
                "That jumps, and no Lipschitz constant holds for it.": wrong_11_6_step(
                    z, a, w, L
                ),
                "The slope in between is not L.": wrong_11_6_steep(
                    z, a, w, L
                ),
                "It rises beyond w: nothing stays on the right mode.": wrong_11_6_unclipped(
                    z, a, w, L
                ),
            },
        )


register(
    Exercise(
        id="11.6",
        title="The generator that attains the bound",
        stars=2,
        kind="function",
        statement=r"""
    Write `clipped(z, a, w, L)` for a numpy array `z` of any shape: the increasing generator with values in $[0, w]$ that has slope `L`
    between its two ends, puts exactly the mass `a` on the value $0$ (for standard normal $z$), and attains the gap
    bound. `clipped(0.25, 0.5, 2, 2)` is $0.5$.
    """,
        stub="""
    def clipped(z, a, w, L):
        return ...
    """,
        hints=(
            r"Which $z$ must be sent to $0$? They have mass $a$ and lie to the left.",
            r"The rise begins at $\Phi^{-1}(a)$ and has slope $L$. What stops it?",
        ),
        explanation=r"""
    $G(z) = L(z - \Phi^{-1}(a))$, clipped to $[0, w]$. It reaches $w$ at $\Phi^{-1}(a) + w/L$, so
    $b = 1 - \Phi(\Phi^{-1}(a) + w/L)$, and the two quantiles add up to $-w/L$. Preimages are half-lines, which are
    the sets for which the isoperimetric inequality is an equality.
    """,
        solution=solution_11_6,
        alternatives=(alternative_11_6_cases,),
        wrong=(
            (wrong_11_6_centred, "equal masses"),
            (wrong_11_6_scaled_edge, "scaled as well"),
            (wrong_11_6_right, "wrong end"),
            (wrong_11_6_step, "jumps"),
            (wrong_11_6_steep, "not L"),
            (wrong_11_6_unclipped, "beyond w"),
            (wrong_11_6_flat, "wrong shape"),
        ),
        check=check_11_6,
    )
)

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


def check_11_7(answer, c):
    for dtype in c.dtypes:
        for shape, m in (
            ((6, 2), 3),
            ((4, 3, 2, 5), 2),
            ((5, 4), 1),
            ((8, 1), 4),
        ):
            x = c.normal(shape, dtype)
            rows = [
                torch.cat(list(x[m * k : m * k + m]), dim=0)
                for k in range(shape[0] // m)
            ]
            got = c.call(answer, x, m)
            c.equal(
                got,
                torch.stack(rows),
                mistakes={
                    "The members of a pack come from far apart; asked for are rows that follow one another.": wrong_11_7_halves(
                        x, m
                    ),
                    "Everything was flattened: pictures keep their height and width, only channels are stacked.": wrong_11_7_flat(
                        x, m
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


def wrong_11_8_independent(p, q, m):
    return float(1 - (1 - solution_11_8(p, q, 1)) ** m)


def wrong_11_8_times(p, q, m):
    return float(m * solution_11_8(p, q, 1))


def wrong_11_8_power(p, q, m):
    return float(solution_11_8(p, q, 1) ** m)


def wrong_11_8_double(p, q, m):
    return 2 * solution_11_8(p, q, m)


def wrong_11_8_same(p, q, m):
    return float(np.abs(p**m - q**m).sum() / 2)


def wrong_11_8_single(p, q, m):
    return solution_11_8(p, q, 1)


def wrong_11_8_kept(p, q, m):
    return solution_11_8(p[p > 0], q[p > 0], m)


def check_11_8(answer, c):
    cases = [
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
            mistakes={
                "1 - (1 - TV)^m is an upper bound, attained by a generator that only loses mass; others stay below it.": wrong_11_8_independent(
                    p, q, m
                ),
                "m TV is an upper bound, and can exceed one.": wrong_11_8_times(
                    p, q, m
                ),
                "TV^m falls with m; packs are easier to tell apart.": wrong_11_8_power(
                    p, q, m
                ),
                "Twice too large: total variation is half the sum.": wrong_11_8_double(
                    p, q, m
                ),
                "Only packs of m equal values were compared.": wrong_11_8_same(
                    p, q, m
                ),
                "That is the value for single samples.": wrong_11_8_single(
                    p, q, m
                ),
                "Packs with a value that the generator alone reaches were left out.": wrong_11_8_kept(
                    p, q, m
                ),
            },
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
    Build both tables by repeated products and compare entry by entry. The chain
    $\mathrm{TV}_m$ always lies between $\mathrm{TV}$ and $1 - (1 - \mathrm{TV})^m$; the right end is attained by a generator
    that has lost a part of the data and is correct elsewhere. Packing helps most against exactly this fault.
    """,
        solution=solution_11_8,
        alternatives=(alternative_11_8_outer,),
        wrong=(
            (wrong_11_8_independent, "only loses mass"),
            (wrong_11_8_times, "can exceed one"),
            (wrong_11_8_power, "falls with m"),
            (wrong_11_8_double, "Twice too large"),
            (wrong_11_8_same, "equal values"),
            (wrong_11_8_single, "single samples"),
            (wrong_11_8_kept, "generator alone reaches"),
        ),
        check=check_11_8,
    )
)

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


def wrong_11_9_unbiased(h):
    spread = (h.var(dim=0) + 1e-8).sqrt().mean()
    return torch.cat([h, spread.expand(len(h), 1)], dim=1)


def wrong_11_9_variance(h):
    spread = (h.var(dim=0, correction=0) + 1e-8).mean()
    return torch.cat([h, spread.expand(len(h), 1)], dim=1)


def wrong_11_9_whole(h):
    spread = (h.var(correction=0) + 1e-8).sqrt()
    return torch.cat([h, spread.expand(len(h), 1)], dim=1)


def wrong_11_9_no_floor(h):
    spread = h.var(dim=0, correction=0).sqrt().mean()
    return torch.cat([h, spread.expand(len(h), 1)], dim=1)


def wrong_11_9_detached(h):
    return torch.cat([h, solution_11_9(h.detach())[:, -1:]], dim=1)


def wrong_11_9_moments(h):
    variance = (h**2).mean(dim=0) - h.mean(dim=0) ** 2
    spread = (variance.clamp(min=0) + 1e-8).sqrt().mean()
    return torch.cat([h, spread.expand(len(h), 1)], dim=1)


def wrong_11_9_clamped(h):
    variance = h.var(dim=0, unbiased=False)
    spread = variance.clamp(min=1e-8).sqrt().mean()
    return torch.cat([h, spread.expand(len(h), 1)], dim=1)


def check_11_9(answer, c):
    for dtype in c.dtypes:
        for n, k, size, middle in (
            (2, 1, 1, 0),
            (5, 4, 1, 0),
            (c.integer(3, 7), 3, 1, 0),
            (4, 2, 1e-4, 0),  # about as small as the root of 1e-8
            (6, 3, 1, 1000 if dtype == torch.float32 else 1e6),
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
                    ),
                    "Divide by the number of rows, not by one less.": wrong_11_9_unbiased(
                        h
                    ),
                    "That is a mean variance; a standard deviation was asked for.": wrong_11_9_variance(
                        h
                    ),
                    "All entries went into one pot: features with different means now look like spread.": wrong_11_9_whole(
                        h
                    ),
                    "A mean of squares less a square of the mean is a difference of large numbers, and loses its digits: subtract the mean first.": wrong_11_9_moments(
                        h
                    ),
                    "Without 1e-8 under the root its gradient is not finite where rows are equal.": wrong_11_9_no_floor(
                        h
                    ),
                    "The 1e-8 is to be added, not taken as the least variance.": wrong_11_9_clamped(
                        h
                    ),
                },
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
            (wrong_11_9_unbiased, "one less"),
            (wrong_11_9_variance, "mean variance"),
            (wrong_11_9_whole, "one pot"),
            (wrong_11_9_no_floor, "not finite"),
            (wrong_11_9_detached, "widen its batch"),
            (wrong_11_9_moments, "large numbers"),
            (wrong_11_9_clamped, "added, not"),
        ),
        check=check_11_9,
    )
)

# 11.10 -----------------------------------------------------------------


def solution_11_10():
    return "-psi + 2 * K * eta * theta"


def check_11_10(value, c):
    c.expression(
        value,
        lambda theta, psi, eta, K: -psi + 2 * K * eta * theta,
        theta=(-2, 2),
        psi=(-2, 2),
        eta=(0.1, 1),
        K=(1, 6),
        mistakes={
            "That treats the unrolled D as fixed: its dependence on theta has a derivative, too.": "-psi + K * eta * theta",
            "That is the gradient without unrolling.": "-psi",
            "A sign: the updates carry psi against theta, so the loss gains a positive square.": "-psi - 2 * K * eta * theta",
            "That is one step of D, and there are K.": "-psi + 2 * eta * theta",
            "That is the loss itself, not its derivative.": "-psi * theta + K * eta * theta**2",
            "That is the update of theta's opponent: the derivative in psi.": "-theta",
        },
    )


register(
    Exercise(
        id="11.10",
        title="What unrolling adds",
        stars=2,
        kind="expression",
        statement=r"""
    In the bilinear game $L_D = \psi\theta$ and $L_G = -\psi\theta$. Unroll $K$ gradient steps of $D$ with rate $\eta$,
    from $\psi$. Return the derivative in $\theta$ of $L_G(\theta, \psi_K(\theta))$, through the updates, as a sympy
    expression or as text in `theta`, `psi`, `eta` and `K`, such as `"psi * K"`.
    """,
        stub="""
    def gradient():
        return ...
    """,
        hints=(
            r"$\nabla_\psi L_D = \theta$ does not depend on $\psi$. What is $\psi_K$?",
            r"Insert $\psi_K = \psi - K\eta\theta$ into $L_G$ first, and differentiate afterwards.",
        ),
        explanation=r"""
    $\psi_K = \psi - K\eta\theta$, so $L_G = -\psi\theta + K\eta\theta^2$ and the derivative is $-\psi + 2K\eta\theta$.
    Half of the new term comes from the place where $\psi_K$ stands, the other half from its dependence on $\theta$.
    The term pulls $\theta$ to 0: the circle of alternating play becomes a spiral inwards.
    """,
        solution=solution_11_10,
        wrong=(
            (lambda: "-psi + K * eta * theta", "as fixed"),
            (lambda: "-psi", "without unrolling"),
            (lambda: "-psi - 2 * K * eta * theta", "positive square"),
            (lambda: "-psi + 2 * eta * theta", "one step of D"),
            (lambda: "-psi * theta + K * eta * theta**2", "loss itself"),
            (lambda: "-theta", "derivative in psi"),
        ),
        check=check_11_10,
    )
)

# 11.11 -----------------------------------------------------------------


def solution_11_11():
    return "sqrt(alpha * kappa - alpha**2 * gamma**2)"


def check_11_11(value, c):
    c.expression(
        value,
        lambda alpha, kappa, gamma: math.sqrt(
            alpha * kappa - alpha**2 * gamma**2
        ),
        alpha=(0.5, 1),
        kappa=(1, 4),
        gamma=(0.1, 0.9),
        mistakes={
            "That is the speed for alpha = 1; a faster D changes it.": "sqrt(kappa - gamma**2)",
            "That is the speed measured in D's time; return to the common clock.": "sqrt(kappa / alpha - gamma**2)",
            "The penalty is part of D's loss, so D's rate multiplies it as well.": "sqrt(alpha * kappa - gamma**2)",
            "That is the square of the speed.": "alpha * kappa - alpha**2 * gamma**2",
            "That ignores the penalty.": "sqrt(alpha * kappa)",
            "A sign: the penalty slows the run down.": "sqrt(alpha * kappa + alpha**2 * gamma**2)",
        },
    )


register(
    Exercise(
        id="11.11",
        title="Two time scales on the ring",
        stars=3,
        kind="expression",
        statement=r"""
    In the model of the rotating point let $D$ move at rate $\alpha$: $\dot\psi = \alpha(-x(\theta) - \gamma\psi)$, while
    $\dot\theta = \kappa\, \psi \cdot t(\theta)$ as before. Return the speed $\omega > 0$ of the rotation, where it exists,
    as a sympy expression or as text in `alpha`, `kappa` and `gamma`, such as `"alpha * kappa"`.
    """,
        stub="""
    def speed():
        return ...
    """,
        hints=(
            r"Either repeat the proof with $\alpha$, or choose a clock in which $D$'s rate is 1.",
            r"In the turning frame $\dot\rho$ and $\dot\tau$ gain $\alpha$ at each term that comes from $\dot\psi$, but not at those that come from the turning. Set both to zero.",
        ),
        explanation=r"""
    Now $\dot\tau = -\alpha\gamma\tau - \kappa\tau\rho$ gives $\rho = -\alpha\gamma/\kappa$, and
    $\dot\rho = -\alpha - \alpha\gamma\rho + \kappa\tau^2 = 0$ gives $\kappa\tau^2 = \alpha - \alpha^2\gamma^2/\kappa$.
    So $\omega = \kappa\tau = \sqrt{\alpha\kappa - \alpha^2\gamma^2}$. The rotation ends when $\alpha\gamma^2 \ge \kappa$: a
    faster discriminator needs a smaller penalty to stop the point.
    """,
        solution=solution_11_11,
        wrong=(
            (lambda: "sqrt(kappa - gamma**2)", "alpha = 1"),
            (lambda: "sqrt(kappa / alpha - gamma**2)", "common clock"),
            (lambda: "sqrt(alpha * kappa - gamma**2)", "multiplies it"),
            (lambda: "alpha * kappa - alpha**2 * gamma**2", "square of"),
            (lambda: "sqrt(alpha * kappa)", "ignores the penalty"),
            (
                lambda: "sqrt(alpha * kappa + alpha**2 * gamma**2)",
                "slows the run",
            ),
        ),
        check=check_11_11,
    )
)

# 11.12 -----------------------------------------------------------------


def solution_11_12(G, D, z, steps, rate):
    optimizer = torch.optim.SGD(G.parameters(), lr=rate)
    flags = [p.requires_grad for p in D.parameters()]
    D.requires_grad_(False)  # D takes no gradient, but passes it on
    for _ in range(steps):
        optimizer.zero_grad()
        softplus(-D(G(z))).mean().backward()
        optimizer.step()
    for p, flag in zip(D.parameters(), flags, strict=True):
        p.requires_grad_(flag)
    with torch.no_grad():
        return float(softplus(-D(G(z))).mean())


def alternative_11_12_grad(G, D, z, steps, rate):
    for _ in range(steps):
        loss = softplus(-D(G(z))).mean()
        slopes = torch.autograd.grad(loss, list(G.parameters()))
        with torch.no_grad():
            for p, slope in zip(G.parameters(), slopes, strict=True):
                p -= rate * slope
    return float(softplus(-D(G(z))).mean().detach())


def _variant_11_12(loss=None, both=False, steps=0, accumulate=False):
    loss = loss or (lambda d: softplus(-d))

    def answer(G, D, z, n, rate):
        parameters = list(G.parameters())
        if both:
            parameters += list(D.parameters())
        before = [p.grad for p in D.parameters()]
        flags = [p.requires_grad for p in D.parameters()]
        if not both:
            D.requires_grad_(False)
        optimizer = torch.optim.SGD(parameters, lr=rate)
        for k in range(n + steps):
            if not accumulate or not k:
                optimizer.zero_grad()
            loss(D(G(z))).mean().backward()
            optimizer.step()
        for p, flag, grad in zip(D.parameters(), flags, before, strict=True):
            p.requires_grad_(flag)
            p.grad = grad
        with torch.no_grad():
            return float(softplus(-D(G(z))).mean())

    return answer


wrong_11_12_saturating = _variant_11_12(lambda d: -softplus(d))
wrong_11_12_sign = _variant_11_12(lambda d: softplus(d))
wrong_11_12_both = _variant_11_12(both=True)
wrong_11_12_one_less = _variant_11_12(steps=-1)
wrong_11_12_accumulate = _variant_11_12(accumulate=True)


def wrong_11_12_leaves_grads(G, D, z, steps, rate):
    optimizer = torch.optim.SGD(G.parameters(), lr=rate)
    for _ in range(steps):
        optimizer.zero_grad()
        softplus(-D(G(z))).mean().backward()
        optimizer.step()
    with torch.no_grad():
        return float(softplus(-D(G(z))).mean())


def wrong_11_12_frozen(G, D, z, steps, rate):
    D.requires_grad_(False)
    return solution_11_12(G, D, z, steps, rate)


def wrong_11_12_mode(G, D, z, steps, rate):
    D.eval()
    return solution_11_12(G, D, z, steps, rate)


def check_11_12(answer, c):
    def players(dtype):
        G = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
        D = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))
        with torch.no_grad():
            for p in (*G.parameters(), *D.parameters()):
                p.copy_(c.normal(tuple(p.shape), torch.float64))
        return G.to(dtype), D.to(dtype)

    for dtype in c.dtypes:
        G, D = players(dtype)
        D[0].bias.requires_grad_(False)  # and it is to stay so
        z, steps = c.normal((16, 2), dtype), c.integer(12, 20)
        start = copy.deepcopy((G, D))

        def after(other, start=start, z=z, steps=steps):
            first, second = copy.deepcopy(start)
            other(first, second, z, steps, 0.1)
            return first[2].bias.detach()

        got = c.call(answer, G, D, z, steps, 0.1)
        for now, before in zip(
            D.parameters(), start[1].parameters(), strict=True
        ):
            c.true(
                torch.equal(now, before),
                "D has moved. It was to stay as it is while G learns.",
            )
            c.true(
                now.grad is None,
                "D has gradients now, which its next step would use.",
            )
            c.true(
                now.requires_grad == before.requires_grad,
                "D's parameters no longer require gradients as they did.",
            )
        c.true(
            all(part.training for part in D.modules()),
            "D is in another mode than before (eval): leave it as it came.",
        )
        first, second = copy.deepcopy(start)
        want = alternative_11_12_grad(first, second, z, steps, 0.1)
        c.equal(
            G[2].bias.detach(),
            first[2].bias.detach(),
            rtol=1e-3,
            atol=1e-5,
            on=f"{steps} steps at rate 0.1",
            mistakes={
                "That is the minimax loss; the non-saturating one was asked for.": lambda: (
                    after(wrong_11_12_saturating)
                ),
                "A sign: G now makes its samples look generated.": lambda: (
                    after(wrong_11_12_sign)
                ),
                "One step is missing.": lambda: after(wrong_11_12_one_less),
                "Gradients of earlier steps are still in the parameters: clear them before each backward pass.": lambda: (
                    after(wrong_11_12_accumulate)
                ),
            },
        )
        c.equal(got, want, rtol=1e-3, atol=1e-5, says="The loss is another.")


register(
    Exercise(
        id="11.12",
        title="Train the best response",
        stars=2,
        kind="function",
        statement=r"""
    Write `respond(G, D, z, steps, rate)`: train `G` in place for `steps` steps of plain gradient descent (no momentum)
    with the given `rate` on the mean non-saturating loss of `D(G(z))`, with the same `z` of shape `(N, 2)` in each
    step, and return that loss after the last step as a number. `D` must be afterwards as it was: same parameters,
    `grad` still `None`, and each `requires_grad` as before (some may be false).
    """,
        stub="""
    def respond(G, D, z, steps, rate):
        return ...
    """,
        hints=(
            r"An optimiser moves only what it was given. But `backward` fills `grad` wherever it is asked for.",
            r"Either switch `requires_grad` of D off and on again, or use `torch.autograd.grad` for G's parameters alone.",
        ),
        explanation=r"""
    The loss is `softplus(-D(G(z))).mean()`. Run it with a trained `D` and many steps and look at `G(z)`: the samples
    gather at a few places of high score. Leaving D's `grad` filled is the subtle fault: nothing goes wrong until
    somebody calls D's optimiser without clearing.
    """,
        solution=solution_11_12,
        alternatives=(alternative_11_12_grad,),
        wrong=(
            (wrong_11_12_saturating, "minimax loss"),
            (wrong_11_12_sign, "look generated"),
            (wrong_11_12_both, "D has moved"),
            (wrong_11_12_one_less, "One step is missing"),
            (wrong_11_12_accumulate, "earlier steps"),
            (wrong_11_12_leaves_grads, "next step would use"),
            (wrong_11_12_frozen, "left requires_grad"),
            (wrong_11_12_mode, "another mode"),
        ),
        check=check_11_12,
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
