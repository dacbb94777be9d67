r"""Exercises 11.1, 11.2 and 11.3."""

import math

import numpy as np

from ganbook.exercises.engine.core import Exercise, classify, register
from ganbook.exercises.engine.mistakes import mistake, outcomes

# 11.1 ------------------------------------------------------------------


def solution_11_1(counts):
    share = counts / counts.sum()
    share = share[share > 0]  # 0 log 0 is 0
    return float((share * np.log(share * len(counts))).sum())


def alternative_11_1_entropy(counts):
    n, total = counts[counts > 0], counts.sum()
    entropy = math.log(total) - float((n * np.log(n)).sum() / total)
    return math.log(len(counts)) - entropy


@mistake(
    "That is the forward direction, KL(u || q), with zeros patched: it grows without limit."
)
def wrong_11_1_forward(counts):
    share = np.maximum(counts / counts.sum(), 1e-12)
    return float(-np.log(share * len(counts)).mean())


@mistake(
    "K is the number of all modes, not of those that were reached: missing modes now cost nothing."
)
def wrong_11_1_reached(counts):
    share = counts[counts > 0] / counts.sum()
    return float((share * np.log(share * len(share))).sum())


@mistake(
    "That is the entropy of the shares; the divergence is log K minus it."
)
def wrong_11_1_entropy(counts):
    share = counts[counts > 0] / counts.sum()
    return float(-(share * np.log(share)).sum())


@mistake("That is in bits; use the natural logarithm.")
def wrong_11_1_bits(counts):
    return solution_11_1(counts) / math.log(2)


@mistake("That holds only if the modes that were reached have equal shares.")
def wrong_11_1_log_ratio(counts):
    return math.log(len(counts) / (counts > 0).sum())


@mistake("K is the length of the array, which need not be 8.")
def wrong_11_1_eight(counts):
    share = counts[counts > 0] / counts.sum()
    return float((share * np.log(share * 8)).sum())


def check_11_1(answer, c):
    fixed = [
        np.array([5, 5, 5, 5, 0, 0, 0, 0]),
        np.array([0, 0, 7]),
        np.array([3, 3, 3]),
        np.array([1, 2, 3, 4]),
        np.array([0, 3, 40_000, 90_000]),
    ]
    sizes = (6, c.integer(3, 12), c.integer(10, 20))
    drawn = [c.rng.integers(1, 40, size=size) for size in sizes]
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
            mistakes=outcomes(
                (counts,),
                wrong_11_1_forward,
                wrong_11_1_reached,
                wrong_11_1_entropy,
                wrong_11_1_bits,
                wrong_11_1_eight,
                wrong_11_1_log_ratio,
            ),
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
            wrong_11_1_forward,
            wrong_11_1_reached,
            wrong_11_1_entropy,
            wrong_11_1_bits,
            wrong_11_1_log_ratio,
            wrong_11_1_eight,
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


@mistake("That is the mean number of modes that are missed.")
def wrong_11_2_missed(shares, n):
    return float(((1 - shares) ** n).sum())


@mistake("That is the share of modes; the number was asked for.")
def wrong_11_2_share(shares, n):
    return float((1 - (1 - shares) ** n).mean())


@mistake(
    "A mode can be hit several times: n times the share is the mean number of hits, not the chance of one."
)
def wrong_11_2_union(shares, n):
    return float(np.minimum(n * shares, 1).sum())


@mistake("That takes all modes as equally likely.")
def wrong_11_2_equal(shares, n):
    k = len(shares)
    return float(k * (1 - (1 - 1 / k) ** n))


@mistake("All n samples have to miss a mode, not n - 1 of them.")
def wrong_11_2_one_less(shares, n):
    return float((1 - (1 - shares) ** (n - 1)).sum())


@mistake(
    "That multiplies chances over modes; means add, whether or not the modes are independent."
)
def wrong_11_2_all(shares, n):
    return float(np.prod(1 - (1 - shares) ** n))


def check_11_2(answer, c):
    cases = [
        (np.array([0.7, 0.2, 0.1]), 4),
        (np.array([0.5, 0.5]), 1),
        (np.array([1.0]), 3),
        (np.array([0.6, 0.39, 0.01]), 150),
        (np.array([1 - 3e-4, 2e-4, 1e-4]), 5_000),
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
            mistakes=outcomes(
                (shares, n),
                wrong_11_2_missed,
                wrong_11_2_share,
                wrong_11_2_union,
                wrong_11_2_equal,
                wrong_11_2_one_less,
                wrong_11_2_all,
            ),
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
            wrong_11_2_missed,
            wrong_11_2_share,
            wrong_11_2_union,
            wrong_11_2_equal,
            wrong_11_2_one_less,
            wrong_11_2_all,
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


_LABELS_11_3 = (
    "healthy",
    "missing",
    "oscillating",
    "too narrow",
    "not yet trained",
)

_REASONS_11_3 = {
    "A": "Modes, share and reverse KL are those of a perfect sampler, at every look.",
    "B": "Six modes are there at every look, the other two at none, and nearly all samples are near a mode.",
    "C": "Nearly all samples are near one mode at the end, and all eight were reached at some look.",
    "D": "All modes have equal shares at every look. Compare the share of high-quality samples with a perfect sampler's 0.989.",
    "E": "Twelve samples of 2,500 are near a mode: before that changes, no other number of the row says much.",
    "F": "Nearly all samples are near a mode, and the same two modes hold most of them at every look.",
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
            labels=_LABELS_11_3,
            reasons={
                (key, label): reason
                for key, reason in _REASONS_11_3.items()
                for label in _LABELS_11_3
                if label != _TRUTH_11_3[key]
            }
            | {
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
