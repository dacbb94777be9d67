r"""Exercises of chapter 9: floors, kernels, scores, bounds, a forgery, a trained test."""

import re

import numpy as np
from scipy.stats import norm

from ganbook.exercises.engine.core import Exercise, classify, register
from ganbook.metrics import (
    frechet_distance,
    inception_score,
)


def solution_9_1(values):
    values = np.asarray(values, dtype=float)
    pairs = np.multiply.outer(values, values) / np.add.outer(values, values)
    return values.sum() + 0.5 * (pairs.sum() + np.trace(pairs))


def alternative_9_1_loop(values):
    total = 0.0
    for i, a in enumerate(values):
        total += a + a / 2  # the mean, and the diagonal term twice over two
        for b in values[i + 1 :]:
            total += a * b / (a + b)
    return total


def wrong_9_1_means(values):
    return float(np.sum(values))


def wrong_9_1_diagonal(values):
    return float(np.sum(values) * 1.5)


def wrong_9_1_once(values):
    values = np.asarray(values, dtype=float)
    pairs = np.multiply.outer(values, values) / np.add.outer(values, values)
    return values.sum() + 0.5 * pairs.sum()


def wrong_9_1_no_half(values):
    values = np.asarray(values, dtype=float)
    pairs = np.multiply.outer(values, values) / np.add.outer(values, values)
    return values.sum() + pairs.sum() + np.trace(pairs)


def wrong_9_1_isotropic(values):
    d, mean = len(values), float(np.mean(values))
    return mean * (d + (d * d + d) / 4)


def check_9_1(answer, c):
    for values in (
        np.array([1.0]),
        np.array([1.0, 3.0]),
        np.ones(16),
        c.rng.uniform(0.1, 5, 7),
        10.0 ** c.rng.uniform(-6, 4, 5),
    ):
        c.equal(
            c.call(answer, values),
            solution_9_1(values),
            rtol=1e-9,
            mistakes={
                "That is the trace, the part of the means; sample covariances differ as well.": wrong_9_1_means(
                    values
                ),
                "The terms with i = j are there, and those with i and j different are forgotten.": wrong_9_1_diagonal(
                    values
                ),
                "A variance on the diagonal fluctuates twice as much: the Kronecker delta is missing.": wrong_9_1_once(
                    values
                ),
                "The factor one half before the double sum is missing.": wrong_9_1_no_half(
                    values
                ),
                "That is right if all eigenvalues are equal to their mean, and only then.": wrong_9_1_isotropic(
                    values
                ),
            },
        )


register(
    Exercise(
        id="9.1",
        title="What the floor is made of",
        stars=1,
        kind="function",
        statement=r"""
    Write `floor_constant(values)`: the constant $c$ of {eq}`eq:09-floor` as a number, for the eigenvalues
    $\lambda_1, \dots, \lambda_K > 0$ of the covariance of features, a numpy array of shape `(K,)`. For a
    single eigenvalue $1$ it is $1.5$; for sixteen of them it is $84$.
    """,
        stub="""
    def floor_constant(values):
        return ...
    """,
        hints=(
            r"Two parts: the means contribute the trace. For the covariances, build the table of $\lambda_i \lambda_j / (\lambda_i + \lambda_j)$.",
            r"The sum of the whole table, plus the sum of its diagonal once more, all over two; `np.multiply.outer` and `np.add.outer` make the table.",
        ),
        explanation=r"""
    The trace is the expected squared distance of two sample means, per unit of $1/N + 1/M$. The table is
    the variance of the entries of a sample covariance, $\lambda_i \lambda_j (1 + \delta_{ij})$, times the
    curvature of the distance, $1 / (2 (\lambda_i + \lambda_j))$. For $K$ equal eigenvalues $\lambda$ it is
    $\lambda (K + (K^2 + K)/4)$: the floor grows with the *square* of the number of features.
    """,
        solution=solution_9_1,
        alternatives=(alternative_9_1_loop,),
        wrong=(
            (wrong_9_1_means, "part of the means"),
            (wrong_9_1_diagonal, "i and j different are forgotten"),
            (wrong_9_1_once, "Kronecker"),
            (wrong_9_1_no_half, "one half before"),
            (wrong_9_1_isotropic, "equal to their mean"),
        ),
        check=check_9_1,
    )
)


def solution_9_2(x, y):
    def kernel(a, b):
        return (a @ b.T / a.shape[1] + 1) ** 3

    n, m = len(x), len(y)
    xx, yy = kernel(x, x), kernel(y, y)
    xx, yy = xx.sum() - np.trace(xx), yy.sum() - np.trace(yy)
    return xx / (n * (n - 1)) + yy / (m * (m - 1)) - 2 * kernel(x, y).mean()


def alternative_9_2_masks(x, y):
    def mean(a, b, mask):
        table = (np.einsum("ik,jk->ij", a, b) / a.shape[-1] + 1.0) ** 3
        return table[mask].mean()

    different = [~np.eye(len(a), dtype=bool) for a in (x, y)]
    every = np.ones((len(x), len(y)), dtype=bool)
    return (
        mean(x, x, different[0])
        + mean(y, y, different[1])
        - 2 * mean(x, y, every)
    )


def _kid(x, y, scale=None, power=3, biased=False, count=False, cross=2):
    def kernel(a, b):
        return (a @ b.T / (scale or a.shape[1]) + 1) ** power

    n, m = len(x), len(y)
    total = -cross * kernel(x, y).mean()
    for k, size in ((kernel(x, x), n), (kernel(y, y), m)):
        if biased:
            total += k.mean()
        elif count:
            total += (k.sum() - np.trace(k)) / size**2
        else:
            total += (k.sum() - np.trace(k)) / (size * (size - 1))
    return total


def wrong_9_2_diagonal(x, y):
    return _kid(x, y, biased=True)


def wrong_9_2_count(x, y):
    return _kid(x, y, count=True)


def wrong_9_2_scale(x, y):
    return _kid(x, y, scale=1.0)


def wrong_9_2_square(x, y):
    return _kid(x, y, power=2)


def wrong_9_2_cross(x, y):
    return _kid(x, y, cross=1)


def check_9_2(answer, c):
    for n, m, k in ((5, 5, 3), (4, 9, 2), (2, 3, 16)):
        x, y = c.rng.normal(size=(n, k)), c.rng.normal(0.5, 2, size=(m, k))
        c.equal(
            c.call(answer, x, y),
            solution_9_2(x, y),
            rtol=1e-9,
            mistakes={
                "The diagonal is in it: a row paired with itself biases the estimate upwards.": wrong_9_2_diagonal(
                    x, y
                ),
                "You left the diagonal out and divide as though it were there: there are N(N - 1) ordered pairs.": wrong_9_2_count(
                    x, y
                ),
                "The inner product is divided by the number of features K before 1 is added.": wrong_9_2_scale(
                    x, y
                ),
                "The kernel is a cube; a square sees two moments only.": wrong_9_2_square(
                    x, y
                ),
                "The mean over mixed pairs counts twice.": wrong_9_2_cross(
                    x, y
                ),
            },
        )


register(
    Exercise(
        id="9.2",
        title="KID without bias",
        stars=2,
        kind="function",
        statement=r"""
    Write `kid(x, y)`: the unbiased estimate of {eq}`eq:09-kid` with the kernel $(x^\top y / K + 1)^3$, as a
    number, for features `x` of shape `(N, K)` and `y` of shape `(M, K)`, numpy arrays with $N, M \ge 2$.
    """,
        stub="""
    def kid(x, y):
        return ...
    """,
        hints=(
            "Three tables of kernel values: x with x, y with y, x with y. In two of them the diagonal does not belong.",
            "Sum the table, subtract its trace, and divide by N(N - 1), the number of ordered pairs of different rows.",
        ),
        explanation=r"""
    $\mathbb{E}\,k(x, x')$ is over *independent* draws, so a row must not be paired with itself: $k(x, x)$ is large, and
    keeping it adds about $(\mathbb{E} k(x, x) - \mathbb{E} k(x, x'))/N$, a floor like that of the Fréchet
    distance. Without it the estimate is unbiased for every $N$ and may be negative.
    """,
        solution=solution_9_2,
        alternatives=(alternative_9_2_masks,),
        wrong=(
            (wrong_9_2_diagonal, "paired with itself"),
            (wrong_9_2_count, "ordered pairs"),
            (wrong_9_2_scale, "number of features K"),
            (wrong_9_2_square, "two moments"),
            (wrong_9_2_cross, "counts twice"),
        ),
        check=check_9_2,
    )
)

TRUTH_9_3 = {
    "P": "fresh real digits",
    "Q": "500 stored digits",
    "R": "blurred digits",
    "S": "digits without nines",
    "T": "features with equal moments",
}


def solution_9_3():
    return dict(TRUTH_9_3)


def _swap_9_3(a, b):
    changed = dict(TRUTH_9_3)
    changed[a], changed[b] = changed[b], changed[a]
    return changed


def wrong_9_3_best_distance():
    return _swap_9_3("P", "T")


def wrong_9_3_precise():
    return _swap_9_3("P", "R")


def wrong_9_3_lost_or_stored():
    return _swap_9_3("Q", "S")


def wrong_9_3_blur_or_lost():
    return _swap_9_3("R", "S")


def wrong_9_3_stored_or_moments():
    return _swap_9_3("Q", "T")


register(
    Exercise(
        id="9.3",
        title="Which sampler is which?",
        stars=2,
        kind="classify",
        statement=r"""
    Five sets of 10,000 samples, on the book's scale (features of the MNIST classifier, reference 10,000
    training images, noise 795; precision and coverage from 2,000 against 2,000):

    | | Fréchet distance | inception score | precision | coverage |
    |---|---|---|---|---|
    | P | 1.0 | 9.8 | .88 | .96 |
    | Q | 7.9 | 9.7 | .88 | .65 |
    | R | 28.9 | 9.7 | .96 | .89 |
    | S | 17.3 | 8.9 | .88 | .88 |
    | T | 0.3 | 6.5 | .00 | .01 |

    Return a dict from each letter to one of `"fresh real digits"`, `"500 stored digits"`,
    `"blurred digits"`, `"digits without nines"`, `"features with equal moments"`.
    """,
        stub="""
    # {"P": "...", "Q": "...", "R": "...", "S": "...", "T": "..."}
    def samplers():
        return ...
    """,
        hints=(
            "Start with the inception score: which failure takes one class of ten away? And which set shares the reference's own moments?",
            "Fresh real digits define the floor and .96. Blur moves samples towards the middle of the real ones; a few stored ones leave most of the real balls empty.",
        ),
        explanation=r"""
    T's distance is *below* the floor of real samples: only moments were copied, and no sample lies where real
    ones do. S loses a class: the inception score falls by about one. R's precision is above that of real
    digits, which blur does. Q has the right classes and real pictures, but 500 of them cannot reach the balls
    of 2,000. P is what is left, and sits at the floor.
    """,
        solution=solution_9_3,
        wrong=(
            (wrong_9_3_best_distance, "P is not 'features with equal"),
            (wrong_9_3_precise, "P is not 'blurred"),
            (wrong_9_3_lost_or_stored, "Q is not 'digits without"),
            (wrong_9_3_blur_or_lost, "R is not 'digits without"),
            (wrong_9_3_stored_or_moments, "Q is not 'features"),
        ),
        check=classify(
            TRUTH_9_3,
            labels=tuple(TRUTH_9_3.values()),
            reasons={
                (
                    "P",
                    "features with equal moments",
                ): "A normal law in feature space has no classes, so the classifier is unsure of its samples.",
                (
                    "P",
                    "blurred digits",
                ): "Blur costs far more than one unit of Fréchet distance.",
                (
                    "Q",
                    "digits without nines",
                ): "With one class of ten gone the inception score falls to about nine.",
                (
                    "R",
                    "digits without nines",
                ): "Why would a lost class raise precision above that of real digits?",
                (
                    "Q",
                    "features with equal moments",
                ): "Equal moments mean a small Fréchet distance, and this set's samples lie among real ones.",
            },
        ),
    )
)


def solution_9_4(labels):
    labels = np.asarray(labels)
    n = len(labels)
    counts = np.unique(labels, return_counts=True)[1]
    equal = (counts * (counts - 1) // 2).sum()
    return n * (n - 1) / 2 / equal if equal else float("inf")


def alternative_9_4_pairs(labels):
    n = len(labels)
    equal = sum(labels[i] == labels[j] for i in range(n) for j in range(i))
    return n * (n - 1) / (2 * equal) if equal else np.inf


def _counts_9_4(labels):
    return np.unique(np.asarray(labels), return_counts=True)[1]


def wrong_9_4_different(labels):
    return float(len(_counts_9_4(labels)))


def wrong_9_4_biased(labels):
    n, counts = len(labels), _counts_9_4(labels)
    return float(n**2 / (counts**2).sum())


def wrong_9_4_ordered(labels):
    n, counts = len(labels), _counts_9_4(labels)
    equal = (counts * (counts - 1) // 2).sum()
    return n * (n - 1) / equal if equal else float("inf")


def wrong_9_4_square(labels):
    return float(len(labels) ** 2)


def wrong_9_4_none(labels):
    n, counts = len(labels), _counts_9_4(labels)
    equal = (counts * (counts - 1) // 2).sum()
    return n * (n - 1) / 2 / max(equal, 1)


def check_9_4(answer, c):
    for labels in (
        np.array([3, 1, 3, 2]),
        np.array([7, 7, 7, 7]),
        c.rng.integers(0, 20, 30),
        c.rng.integers(0, 5, 41) * 1000,
        np.arange(6),
    ):
        c.equal(
            c.call(answer, labels),
            solution_9_4(labels),
            rtol=1e-12,
            mistakes={
                "That counts the different samples among those drawn, which is at most their number.": wrong_9_4_different(
                    labels
                ),
                "You paired samples with themselves: even without any twin that gives a finite size.": wrong_9_4_biased(
                    labels
                ),
                "You count each pair once above or below and twice on the other side: a factor of two.": wrong_9_4_ordered(
                    labels
                ),
                "The square of the number of draws does not depend on what was drawn.": wrong_9_4_square(
                    labels
                ),
                "Without an equal pair the estimate is infinite: the draws set no bound.": wrong_9_4_none(
                    labels
                ),
            },
        )


register(
    Exercise(
        id="9.4",
        title="Twins",
        stars=1,
        kind="function",
        statement=r"""
    A judge has given the same whole number to samples that look the same: `labels`, a numpy array of shape
    `(n,)`, $n \ge 2$. Write `support(labels)`: the number of unordered pairs of draws over the number of such
    pairs that are the same, as a number, which estimates $1 / \sum_i p_i^2$. If no pair is the same it is
    `float("inf")`.
    For the labels 3, 1, 3, 2 it is $6$.
    """,
        stub="""
    def support(labels):
        return ...
    """,
        hints=(
            "How many pairs are there among n draws? And how many equal pairs does a label give that occurs m times?",
            "`np.unique(labels, return_counts=True)` gives the counts m; each adds m(m - 1)/2 equal pairs. Treat zero pairs apart.",
        ),
        explanation=r"""
    Each unordered pair is equal with probability $\sum_i p_i^2$, so the share of equal pairs estimates this
    without bias. By the Cauchy–Schwarz inequality $1 = (\sum p_i)^2 \le K \sum p_i^2$, so its inverse is at
    most the size of the support: a lower bound, however the law is spread.
    """,
        solution=solution_9_4,
        alternatives=(alternative_9_4_pairs,),
        wrong=(
            (wrong_9_4_different, "different samples among"),
            (wrong_9_4_biased, "with themselves"),
            (wrong_9_4_ordered, "factor of two"),
            (wrong_9_4_square, "does not depend on what"),
            (wrong_9_4_none, "set no bound"),
        ),
        check=check_9_4,
    )
)

STEPS_9_5 = {
    "A": "There are N - 1 other real points and M generated ones.",
    "B": "The ball of x_i is empty exactly if the k points nearest to x_i are all real.",
    "C": "All orders of these points by their distance to x_i are equally likely.",
    "D": "So it is empty with the probability (N-1)...(N-k) / ((N+M-1)...(N+M-k)).",
    "E": "One minus this is the same for every i, and so it is the mean of the coverage.",
}


def solution_9_5():
    return "needs exchangeability", "ACBDE"


def check_9_5(answer, c):
    value = c.call(answer)
    c.true(
        isinstance(value, tuple | list) and len(value) == 2,
        "A pair was expected: the word for the property, and the order of the letters.",
    )
    reason, order = (str(v).strip().lower() for v in value)
    order = re.sub(r"[^A-Z]", "", order.upper())
    c.true(
        sorted(order) == sorted(STEPS_9_5),
        "The order must hold each of the letters A to E once.",
    )
    changeable = re.search(r"exchang|interchang|permutab", reason)
    if re.search(r"\b(not|no|non|or)\b|\b(un|non|in)-?exchang", reason):
        c.fail(
            "One word for one property was expected, and no negation of it."
        )
    if "independen" in reason and not changeable:
        c.fail(
            "Independence alone is not the property: two different laws give independent draws, too, and the orders are then not equally likely."
        )
    if "normal" in reason or "gauss" in reason:
        c.fail(
            "No normal law is needed: the theorem holds for every law under which no two distances are equal."
        )
    c.true(
        changeable,
        "Name the property of the points that makes every order by distance equally likely.",
    )
    place = {letter: i for i, letter in enumerate(order)}
    c.true(
        place["A"] < place["C"],
        "The orders are spoken of before it is said of which points.",
    )
    c.true(
        place["C"] < place["D"],
        "The probability is computed before you know that all orders are equally likely.",
    )
    c.true(
        place["B"] < place["D"],
        "The probability of an empty ball comes before the event is put into words.",
    )
    c.true(
        place["D"] < place["E"],
        "The conclusion on coverage stands before the probability that it uses.",
    )


def wrong_9_5_before_points():
    return "exchangeability", "CABDE"


def wrong_9_5_before_event():
    return "exchangeable", "ACDBE"


def wrong_9_5_conclusion():
    return "exchangeability", "ACBED"


def wrong_9_5_independent():
    return "independence", "ACBDE"


def wrong_9_5_normal():
    return "normality", "ACBDE"


def wrong_9_5_orders():
    return "exchangeability", "ABDCE"


register(
    Exercise(
        id="9.5",
        title="Prove the value of coverage",
        stars=2,
        kind="experiment",
        statement=r"""
    The steps of the proof of {eq}`eq:09-coverage` for the coverage, shuffled:

    - **A** There are $N - 1$ other real points and $M$ generated ones.
    - **B** The ball of $x_i$ is empty exactly if the $k$ points nearest to $x_i$ are all real.
    - **C** All orders of these points by their distance to $x_i$ are equally likely.
    - **D** So it is empty with the probability $\frac{(N-1) \cdots (N-k)}{(N+M-1) \cdots (N+M-k)}$.
    - **E** One minus this is the same for every $i$, and so it is the mean of the coverage.

    Return a pair of strings: one word for the property of the points, given $x_i$, that makes step C true; and
    the letters in an order in which each step uses only what stands before it, such as `"EDCBA"`. If several
    orders do, any of them is accepted.
    """,
        stub="""
    # ("property", "ABCDE")
    def proof():
        return ...
    """,
        hints=(
            "D needs three things: which points, which event, and how likely each order is.",
            "The property is weaker than being independent draws of one law, and follows from it: the joint law does not change when two of the points are exchanged.",
        ),
        explanation=r"""
    Exchangeability: the joint law of the $N - 1 + M$ points stays the same when any two change places. It follows
    from independent draws of *one* law, and fails for two laws, where generated points may all be near or all be
    far. Nothing is said about dimension or shape, which is why the value is the same everywhere.
    """,
        solution=solution_9_5,
        wrong=(
            (wrong_9_5_before_points, "of which points"),
            (wrong_9_5_before_event, "put into words"),
            (wrong_9_5_conclusion, "conclusion on coverage"),
            (wrong_9_5_independent, "Independence alone"),
            (wrong_9_5_normal, "No normal law"),
            (wrong_9_5_orders, "before you know that all orders"),
        ),
        check=check_9_5,
    )
)


def solution_9_6(real):
    mean, cov = real.mean(axis=0), np.cov(real.T)
    values, vectors = np.linalg.eigh(cov)
    d = len(values)
    # two points on each axis; 2d points with the divisor 2d - 1
    arms = np.sqrt(values.clip(0) * (2 * d - 1) / 2) * vectors
    return np.concatenate([mean + arms.T, mean - arms.T])


def alternative_9_6_root(real):
    mean, cov = real.mean(axis=0), np.cov(real.T)
    d = len(cov)
    unit = np.concatenate([np.eye(d), -np.eye(d)])
    unit *= np.sqrt((2 * d - 1) / 2)
    return mean + unit @ np.linalg.cholesky(cov).T


def wrong_9_6_gaussian(real):
    rng = np.random.default_rng(0)
    return rng.multivariate_normal(real.mean(axis=0), np.cov(real.T), 16)


def wrong_9_6_mean(real):
    return np.repeat(real.mean(axis=0)[None], 4, axis=0)


def wrong_9_6_divisor(real):
    mean, cov = real.mean(axis=0), np.cov(real.T)
    d = len(cov)
    unit = np.sqrt(d) * np.concatenate([np.eye(d), -np.eye(d)])
    return mean + unit @ np.linalg.cholesky(cov).T


def wrong_9_6_centred(real):
    return solution_9_6(real) - real.mean(axis=0)


def wrong_9_6_copy(real):
    return real.copy()


def wrong_9_6_marginals(real):
    d = real.shape[1]
    arms = np.diag(real.std(axis=0, ddof=1) * np.sqrt((2 * d - 1) / 2))
    mean = real.mean(axis=0)
    return np.concatenate([mean + arms, mean - arms])


def check_9_6(answer, c):
    for n, d in ((200, 2), (300, 3), (50, 5)):
        turn = np.linalg.qr(c.rng.normal(size=(d, d)))[0]
        real = c.rng.normal(size=(n, d)) * np.arange(1.0, d + 1) @ turn
        real += c.rng.uniform(2, 4, d)
        fake = np.asarray(c.call(answer, real), dtype=float)
        c.true(
            fake.ndim == 2 and fake.shape[1] == d and len(fake) >= 2,
            "An array of shape (m, d) was expected.",
        )
        c.true(np.isfinite(fake).all(), "A value is NaN or infinite.")
        c.true(
            len(fake) <= 2 * d,
            "That is more than 2d points; anything has the right moments if it may be as large as the data.",
        )
        centre = np.abs(fake.mean(axis=0) - real.mean(axis=0)).max()
        if centre > 1e-6:
            moved = np.allclose(fake.mean(axis=0), 0, atol=1e-6)
            c.fail(
                "The mean of your points is 0; add the data's mean."
                if moved
                else "The mean of your points is not that of the data."
            )
        cov, want = np.cov(fake.T), np.cov(real.T)
        if not np.allclose(cov, want, rtol=1e-6, atol=1e-6):
            if np.abs(cov).max() < 1e-9:
                c.fail("Your points have no spread at all.")
            if np.allclose(cov * (len(fake) - 1) / len(fake), want):
                c.fail(
                    "The covariance of m points divides by m - 1; yours is right for the divisor m."
                )
            if np.allclose(np.diag(cov), np.diag(want)):
                c.fail(
                    "The variances agree and the covariances between coordinates do not."
                )
            c.fail("The covariance of your points is not that of the data.")
        c.true(
            frechet_distance(real, fake) < 1e-5,
            "The Fréchet distance is not 0.",
        )


register(
    Exercise(
        id="9.6",
        title="Forge a perfect score",
        stars=2,
        kind="function",
        statement=r"""
    Write `forge(real)`: for real features of shape `(N, d)`, $d \ge 2$, a numpy array whose covariance has full
    rank, return at most $2d$ points, an array of shape `(m, d)`, whose Fréchet distance to `real` is $0$ (to
    $10^{-5}$): sample mean and unbiased sample covariance, `np.cov`, must be those of `real`.
    """,
        stub="""
    def forge(real):
        return ...
    """,
        hints=(
            r"Put two points on each axis of a cross, at $\pm a$: what are their mean and covariance? Then turn and stretch the cross.",
            r"The cross with arms $a$ has the covariance $\frac{2a^2}{2d - 1} I$. Choose $a$ so that this is $I$, multiply by a root of the covariance (Cholesky, or eigenvectors), and add the mean.",
        ),
        explanation=r"""
    $d$ means and $d(d+1)/2$ covariances are all that the Fréchet distance sees, so $2d$ points can match them:
    four points in the plane score as well as the data themselves, and better than fresh data. With 128 features,
    256 pictures would do, if pictures with these features exist.
    """,
        solution=solution_9_6,
        alternatives=(alternative_9_6_root,),
        wrong=(
            (wrong_9_6_gaussian, "more than 2d points"),
            (wrong_9_6_mean, "no spread"),
            (wrong_9_6_divisor, "divisor m"),
            (wrong_9_6_centred, "add the data's mean"),
            (wrong_9_6_marginals, "between coordinates"),
        ),
        check=check_9_6,
    )
)


def broken_9_7(probabilities):
    mean = probabilities.mean(axis=1, keepdims=True)
    ratio = np.log(probabilities) - np.log(mean)
    return float(np.exp((probabilities * ratio).sum(axis=1).mean()))


def solution_9_7(probabilities):
    mean = probabilities.mean(axis=0)
    safe = np.where(probabilities > 0, probabilities, 1.0)
    ratio = np.log(safe) - np.log(np.where(mean > 0, mean, 1.0))
    return float(np.exp((probabilities * ratio).sum(axis=1).mean()))


def alternative_9_7_entropies(probabilities):
    from scipy.special import entr

    mean = probabilities.mean(axis=0)
    inside = entr(probabilities).sum(axis=1).mean()
    return float(np.exp(entr(mean).sum() - inside))


def wrong_9_7_axis(probabilities):
    mean = probabilities.mean(axis=1, keepdims=True)
    safe = np.where(probabilities > 0, probabilities, 1.0)
    ratio = np.log(safe) - np.log(mean)
    return float(np.exp((probabilities * ratio).sum(axis=1).mean()))


def wrong_9_7_zeros(probabilities):
    mean = probabilities.mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(probabilities) - np.log(mean)
        return float(np.exp((probabilities * ratio).sum(axis=1).mean()))


def wrong_9_7_epsilon(probabilities):
    p = probabilities + 1e-2
    ratio = np.log(p) - np.log(p.mean(axis=0))
    return float(np.exp((p * ratio).sum(axis=1).mean()))


def wrong_9_7_exponent(probabilities):
    return float(np.log(solution_9_7(probabilities)))


def wrong_9_7_mean_of_exponentials(probabilities):
    mean = probabilities.mean(axis=0)
    safe = np.where(probabilities > 0, probabilities, 1.0)
    ratio = np.log(safe) - np.log(np.where(mean > 0, mean, 1.0))
    return float(np.exp((probabilities * ratio).sum(axis=1)).mean())


def check_9_7(answer, c):
    certain, mixed = np.eye(10), c.rng.dirichlet(np.full(4, 0.5), 12)
    undefined, first = (c.call(answer, p) for p in (certain, mixed))
    for got in (undefined, first):
        c.true(
            np.ndim(got) == 0 and not isinstance(got, str),
            "A number was expected.",
        )
    undefined, first = np.isnan(float(undefined)), float(first)
    if undefined and not c.agrees(first, inception_score(mixed), 1e-6, 0):
        c.fail(
            "Both faults are still there: NaN where a probability is 0, and a wrong value elsewhere."
        )
    if undefined:
        c.fail(
            "A probability of 0 makes it NaN: 0 times the logarithm of 0 counts as 0."
        )
    for p in (
        mixed,
        certain,
        np.repeat(np.eye(3)[:1], 5, axis=0),
        np.array([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [0.2, 0.3, 0.5]]),
    ):
        c.equal(
            c.call(answer, p),
            inception_score(p),
            rtol=1e-6,
            mistakes={
                "The mean is still over the classes of one sample; it belongs over the samples.": wrong_9_7_axis(
                    p
                ),
                "A constant added to the probabilities changes the score: rows no longer sum to one.": wrong_9_7_epsilon(
                    p
                ),
                "That is the mutual information; the score is its exponential.": wrong_9_7_exponent(
                    p
                ),
                "The mean over samples is taken before the exponential, not after.": wrong_9_7_mean_of_exponentials(
                    p
                ),
            },
        )


register(
    Exercise(
        id="9.7",
        title="A score of one, always",
        stars=2,
        kind="bug",
        statement=r"""
    This is meant to be the inception score of `probabilities`, a numpy array of shape `(N, K)` with rows that sum
    to one; entries may be 0. It has two faults. Mend it; ten samples of ten classes, each certain, score 10.
    """,
        stub="""
    def score(probabilities):
        return ...
    """,
        hints=(
            "Over which axis is the mean that each sample is compared with?",
            r"A certain classifier gives zeros, and $0 \log 0$ is 0 in an entropy: replace the argument of the logarithm where the probability is 0.",
        ),
        explanation=r"""
    $\bar P$ is the mean over *samples*, `axis=0`; over the classes it would be $1/K$ for every row, and the score
    could not see whether samples differ. And $p \log p \to 0$ as $p \to 0$: a term with $p = 0$ contributes
    nothing. Public code of the extrapolated score takes the logarithm of 0 here.
    """,
        solution=solution_9_7,
        alternatives=(alternative_9_7_entropies,),
        broken=broken_9_7,
        wrong=(
            (wrong_9_7_axis, "over the classes of one sample"),
            (wrong_9_7_zeros, "makes it NaN"),
            (wrong_9_7_epsilon, "no longer sum"),
            (wrong_9_7_exponent, "mutual information"),
            (wrong_9_7_mean_of_exponentials, "before the exponential"),
            (broken_9_7, "Both faults"),
        ),
        check=check_9_7,
    )
)


def _halves_9_8(real, fake):
    n, m = len(real) // 2, len(fake) // 2
    train = np.concatenate([real[:n], fake[:m]])
    held_out = np.concatenate([real[n:], fake[m:]])
    labels = np.repeat([1.0, 0.0], [n, m])
    truth = np.repeat([1.0, 0.0], [len(real) - n, len(fake) - m])
    return train, labels, held_out, truth


def solution_9_8(real, fake):
    n = len(real) // 2
    train = np.concatenate([real[:n], fake[:n]])
    held_out = np.concatenate([real[n:], fake[n:]])
    label = np.repeat([1.0, 0.0], n)
    centre, scale = train.mean(axis=0), train.std(axis=0)
    # a column of ones, so that the score has a bias
    x, new = (
        np.column_stack([(part - centre) / scale, np.ones(2 * n)])
        for part in (train, held_out)
    )
    weight = np.zeros(x.shape[1])
    for _ in range(300):
        probability = 1 / (1 + np.exp(-x @ weight))
        weight += (label - probability) @ x / len(x)
    accuracy = ((new @ weight > 0) == (label == 1)).mean()
    return 2 * accuracy - 1


def _logistic_9_8():
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=100.0, max_iter=1000)


def alternative_9_8_sklearn(real, fake):
    train, labels, held_out, truth = _halves_9_8(real, fake)
    return 2 * _logistic_9_8().fit(train, labels).score(held_out, truth) - 1


def wrong_9_8_seen(real, fake):
    train, labels, _, _ = _halves_9_8(real, fake)
    return 2 * _logistic_9_8().fit(train, labels).score(train, labels) - 1


def wrong_9_8_accuracy(real, fake):
    return (alternative_9_8_sklearn(real, fake) + 1) / 2


def wrong_9_8_labels(real, fake):
    return -alternative_9_8_sklearn(real, fake)


def wrong_9_8_untrained(real, fake):
    return 0.0


def wrong_9_8_first(real, fake):
    return alternative_9_8_sklearn(real[:, :1], fake[:, :1])


def wrong_9_8_threshold(real, fake):
    train, labels, held_out, truth = _halves_9_8(real, fake)
    slope = train[labels == 1].mean(axis=0) - train[labels == 0].mean(axis=0)
    return float(2 * ((held_out @ slope > 0) == (truth == 1)).mean() - 1)


def wrong_9_8_cut(real, fake):
    return max(0.0, solution_9_8(real, fake))


def wrong_9_8_halves(real, fake):
    n = len(real) // 2
    return solution_9_8(np.roll(real, n, axis=0), np.roll(fake, n, axis=0))


def check_9_8(answer, c):
    def value(real, fake):
        found = c.call(answer, real, fake)
        c.true(
            np.ndim(found) == 0 and not isinstance(found, str),
            "A number was expected.",
        )
        c.true(np.isfinite(float(found)), "That is NaN or infinite.")
        return float(found)

    n = 2000
    for axis in (0, 1, 0, 2):
        shift = c.number(0.7, 2.6)
        truth = 2 * norm.cdf(shift / 2) - 1  # the total variation
        real, fake = c.rng.normal(size=(2, n, 3))
        fake[:, axis] += shift
        got = value(real, fake)
        if abs(got - truth) < 0.085:
            continue
        if abs(got - (1 + truth) / 2) < 0.06:
            c.fail(
                "That is the accuracy; the bound on total variation is twice it, less one."
            )
        if got < -0.15:
            c.fail(
                "A classifier that is wrong most of the time has its labels turned round."
            )
        if abs(got) < 0.15:
            c.fail(
                "The laws differ in another coordinate than the first, and your test sees nothing there."
                if axis
                else "Two laws that a hyperplane tells apart look alike to your test."
            )
        c.fail(
            "Too far from the total variation of the laws, which a linear classifier reaches here."
        )
    c.true(
        value(real + 30, fake + 30) > 0.15,
        "Moved away from the origin together, the two samples are no longer told apart: the classifier needs a bias.",
    )
    common = 2 * c.rng.normal(size=(2, n, 1))
    real, fake = common + 0.5**0.5 * c.rng.normal(size=(2, n, 2))
    fake[:, 0] += 1
    unit = np.array([10.0, 0.1])
    c.true(
        value(real * unit, fake * unit) > 0.29,
        "Two columns that depend on each other, in different units, hide part of the difference from your classifier: it is no minimiser of the cross-entropy.",
    )
    real, fake = c.rng.normal(size=(2, 60, 40))
    c.true(
        abs(value(real, fake)) < 0.6,
        "Two small samples of *one* law: your bound is close to one. Was the accuracy taken on samples that were trained on?",
    )
    # what is real in the first halves looks generated in the second, and back
    real, fake = c.rng.normal(size=(2, 2000, 2))
    fake[:1000, 0] += 4
    real[1000:, 0] += 4
    fake[1000:, 1] += 4
    got = value(real, fake)
    if got > -0.8:
        if abs(got) < 0.05 or got > 0.8:
            c.fail(
                "On second halves where the classifier is nearly always wrong the number may be negative, down to -1: cut nothing off, and keep its sign."
            )
        c.fail(
            "The classifier learns from the first halves and is judged on the second: here the second halves follow other laws, and the value is nearly -1."
        )


register(
    Exercise(
        id="9.8",
        title="Train a test",
        stars=3,
        kind="function",
        statement=r"""
    Write `tv_bound(real, fake)`: train a linear classifier (by logistic regression, with numpy, torch or scikit-learn) on the
    first half of each set, and return $2a - 1$ for its accuracy $a$ on the second halves, as a number. Both are
    numpy arrays of shape `(N, d)`, $N$ even and at most 2,000. It is checked on laws that a
    hyperplane tells apart, in columns of any units, which may depend on each other, on two small samples of one law,
    and on samples whose second halves follow other laws than the first, where the number may be negative. Keep it
    below a second.
    """,
        stub="""
    def tv_bound(real, fake):
        return ...
    """,
        hints=(
            "Stack the first halves with labels 1 and 0, minimise the binary cross-entropy of a linear score with a bias, and count right signs on the second halves.",
            "Standardise the columns by the mean and spread of the *training* halves; three hundred steps of gradient descent at rate 1 are enough. Do not touch the second halves before the end.",
        ),
        explanation=r"""
    The best accuracy is $(1 + \mathrm{TV})/2$, and any classifier's is at most that, so $2a - 1 \le \mathrm{TV}$ up
    to the sampling error of $a$. On the training halves nothing of the kind holds: in 40 dimensions 60 points can be
    separated by a hyperplane whatever their laws. Chapter 4 met the same thing as a discriminator that memorises.
    """,
        solution=solution_9_8,
        alternatives=(alternative_9_8_sklearn,),
        wrong=(
            (wrong_9_8_seen, "that were trained on"),
            (wrong_9_8_accuracy, "twice it, less one"),
            (wrong_9_8_labels, "turned round"),
            (wrong_9_8_untrained, "look alike"),
            (wrong_9_8_first, "another coordinate"),
            (wrong_9_8_threshold, "Too far from the total"),
            (wrong_9_8_cut, "may be negative"),
            (wrong_9_8_halves, "learns from the first halves"),
        ),
        check=check_9_8,
    )
)


def solution_9_9(value, draws):
    reach = 1.96 * np.std(draws, ddof=1)
    return max(value - reach, 0.0), value + reach


def alternative_9_9_sums(value, draws):
    n, mean = len(draws), sum(draws) / len(draws)
    variance = sum((d - mean) ** 2 for d in draws) / (n - 1)
    reach = 1.96 * variance**0.5
    low = value - reach
    return (low if low > 0 else 0.0), value + reach


def wrong_9_9_percentiles(value, draws):
    low, high = np.quantile(draws, (0.025, 0.975))
    return float(low), float(high)


def wrong_9_9_centre(value, draws):
    return solution_9_9(float(np.mean(draws)), draws)


def wrong_9_9_error(value, draws):
    reach = 1.96 * np.std(draws, ddof=1) / np.sqrt(len(draws))
    return max(value - reach, 0.0), value + reach


def wrong_9_9_one(value, draws):
    reach = np.std(draws, ddof=1)
    return max(value - reach, 0.0), value + reach


def wrong_9_9_negative(value, draws):
    reach = 1.96 * np.std(draws, ddof=1)
    return value - reach, value + reach


def wrong_9_9_divisor(value, draws):
    reach = 1.96 * np.std(draws)
    return max(value - reach, 0.0), value + reach


def check_9_9(answer, c):
    for value, draws in (
        (10.0, np.array([12.0, 13.0, 14.0, 13.0])),
        (1.0, np.array([2.0, 5.0, 3.0])),
        (c.number(50, 90), c.rng.normal(80, 6, 40)),
    ):
        got = c.call(answer, value, draws)
        c.true(
            np.shape(got) == (2,),
            "A pair was expected: the lower end and the upper end.",
        )
        c.equal(
            np.asarray(got, dtype=float),
            np.array(solution_9_9(value, draws)),
            rtol=1e-9,
            mistakes={
                "Percentiles keep the shift of the bootstrap: its draws lie above the value by a floor of their own.": np.array(
                    wrong_9_9_percentiles(value, draws)
                ),
                "The middle is to be the value itself; the mean of the draws is shifted.": np.array(
                    wrong_9_9_centre(value, draws)
                ),
                "That is for the mean of the draws: more draws would shrink it to nothing.": np.array(
                    wrong_9_9_error(value, draws)
                ),
                "One standard deviation to each side holds about two thirds.": np.array(
                    wrong_9_9_one(value, draws)
                ),
                "A distance is not negative: cut the lower end at 0.": np.array(
                    wrong_9_9_negative(value, draws)
                ),
                "The divisor of the variance is the number of draws less one.": np.array(
                    wrong_9_9_divisor(value, draws)
                ),
            },
        )


register(
    Exercise(
        id="9.9",
        title="An interval from a shifted bootstrap",
        stars=1,
        kind="function",
        statement=r"""
    `value` is a Fréchet distance, a float, and `draws` an array with the distances of its bootstrap samples. Write
    `interval(value, draws)`: the pair (lower end, upper end) of the 95 % interval around `value`, with a reach of
    1.96 standard deviations of the draws (divisor one less than their number). A lower end below 0 becomes `0.0`.
    """,
        stub="""
    def interval(value, draws):
        return ...
    """,
        hints=(
            "Two things come from two places: the middle from the value, the width from the draws.",
            "`np.std` divides by the number of draws unless it is told `ddof=1`.",
        ),
        explanation=r"""
    A bootstrap sample is drawn from a law of $N$ points, so its distance carries one more floor, about $c/N$. The
    spread of the draws estimates the spread of the distance well; their location does not.
    """,
        solution=solution_9_9,
        alternatives=(alternative_9_9_sums,),
        wrong=(
            (wrong_9_9_percentiles, "Percentiles keep"),
            (wrong_9_9_centre, "mean of the draws is shifted"),
            (wrong_9_9_error, "shrink it"),
            (wrong_9_9_one, "two thirds"),
            (wrong_9_9_negative, "cut the lower end"),
            (wrong_9_9_divisor, "draws less one"),
        ),
        check=check_9_9,
    )
)


def solution_9_10(n, values, m):
    slope, intercept = np.polyfit(1 / np.asarray(n), values, 1)
    return intercept - slope / m


def alternative_9_10_least_squares(n, values, m):
    x = np.stack([1 / np.asarray(n, dtype=float) + 1 / m, np.ones(len(n))], 1)
    return np.linalg.lstsq(x, np.asarray(values), rcond=None)[0][1]


def wrong_9_10_reference(n, values, m):
    return np.polyfit(1 / np.asarray(n), values, 1)[1]


def wrong_9_10_line(n, values, m):
    slope, intercept = np.polyfit(n, values, 1)
    return intercept - slope / m


def wrong_9_10_sign(n, values, m):
    slope, intercept = np.polyfit(1 / np.asarray(n), values, 1)
    return intercept + slope / m


def wrong_9_10_last(n, values, m):
    return values[int(np.argmax(n))]


def wrong_9_10_slope(n, values, m):
    return np.polyfit(1 / np.asarray(n), values, 1)[0]


def wrong_9_10_cut(n, values, m):
    return max(0.0, solution_9_10(n, values, m))


def wrong_9_10_rising(n, values, m):
    found = solution_9_10(n, values, m)
    return (
        float(np.mean(values))
        if np.polyfit(1 / n, values, 1)[0] < 0
        else found
    )


def check_9_10(answer, c):
    few, many = np.array([500, 1000, 2000]), np.array([5000, 250, 1000, 4000])
    for n, m, limit, slope in (
        (few, 10_000, c.number(1, 50), c.number(500, 5000)),
        (many, 2_000, c.number(1, 50), c.number(500, 5000)),
        (
            many,
            3_000,
            c.number(-0.9, -0.5),
            c.number(4000, 5000),
        ),  # noise can
        (few, 10_000, c.number(5, 9), c.number(-900, -600)),
    ):
        values = limit + slope * (1 / n + 1 / m)
        values = values + c.rng.normal(size=len(n)) * 0.05
        c.equal(
            c.call(answer, n, values, m),
            solution_9_10(n, values, m),
            rtol=1e-6,
            mistakes={
                "The reference is finite as well, and its share of the floor is still in your value.": wrong_9_10_reference(
                    n, values, m
                ),
                "The distance is a line in 1/N, not in N.": wrong_9_10_line(
                    n, values, m
                ),
                "The share of the reference was added where it has to go.": wrong_9_10_sign(
                    n, values, m
                ),
                "The largest N is not infinitely many.": wrong_9_10_last(
                    n, values, m
                ),
                "That is the slope, an estimate of c.": wrong_9_10_slope(
                    n, values, m
                ),
                "A fitted limit may be negative: the estimate of a is not cut at 0.": wrong_9_10_cut(
                    n, values, m
                ),
                "Least squares keeps a constant that is negative; it puts no condition on c.": wrong_9_10_rising(
                    n, values, m
                ),
            },
        )


register(
    Exercise(
        id="9.10",
        title="Infinitely many samples of both",
        stars=2,
        kind="function",
        statement=r"""
    Distances `values` were measured with `n` samples each (two arrays of one length, `n` of whole numbers) to one
    reference of `m` images. Assume $\mathrm{FD}(N) = a + c\,(1/N + 1/m)$ with one $c$ for both sets, and write
    `limit(n, values, m)`: the least-squares estimate of $a$, a number.
    """,
        stub="""
    def limit(n, values, m):
        return ...
    """,
        hints=(
            "In which variable is this a straight line? What does the intercept of that line contain?",
            "Fit a line in 1/N with `np.polyfit`. Its slope estimates c, and its intercept is a + c/m.",
        ),
        explanation=r"""
    The intercept of the line in $1/N$ belongs to infinitely many samples and $m$ images: it is $a + c/m$. With
    real digits against 10,000 images this is $.3$ and not $0$. Subtracting slope over $m$ is right if the samples'
    law is close to that of the data, so that one $c$ serves both.
    """,
        solution=solution_9_10,
        alternatives=(alternative_9_10_least_squares,),
        wrong=(
            (wrong_9_10_reference, "still in your value"),
            (wrong_9_10_line, "not in N"),
            (wrong_9_10_sign, "was added where"),
            (wrong_9_10_last, "largest N"),
            (wrong_9_10_slope, "estimate of c"),
            (wrong_9_10_cut, "limit may be negative"),
            (wrong_9_10_rising, "constant that is negative"),
        ),
        check=check_9_10,
    )
)


def solution_9_11(p, q, n, m):
    pooled = (n * p + m * q) / (n + m)
    error = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    return np.divide(p - q, error, out=np.zeros_like(p), where=error > 0)


def alternative_9_11_loop(p, q, n, m):
    found = []
    for a, b in zip(p, q, strict=True):
        s = (n * a + m * b) / (n + m)
        error = (s * (1 - s) * (n + m) / (n * m)) ** 0.5
        found.append((a - b) / error if error else 0.0)
    return np.array(found)


def _z_9_11(p, q, variance):
    error = np.sqrt(variance)
    return np.divide(p - q, error, out=np.zeros_like(p), where=error > 0)


def wrong_9_11_unpooled(p, q, n, m):
    return _z_9_11(p, q, p * (1 - p) / n + q * (1 - q) / m)


def wrong_9_11_one(p, q, n, m):
    s = (n * p + m * q) / (n + m)
    return _z_9_11(p, q, s * (1 - s) / n)


def wrong_9_11_average(p, q, n, m):
    s = (p + q) / 2
    return _z_9_11(p, q, s * (1 - s) * (1 / n + 1 / m))


def wrong_9_11_absolute(p, q, n, m):
    return np.abs(solution_9_11(p, q, n, m))


def wrong_9_11_poisson(p, q, n, m):
    s = (n * p + m * q) / (n + m)
    return _z_9_11(p, q, s * (1 / n + 1 / m))


def wrong_9_11_empty(p, q, n, m):
    s = (n * p + m * q) / (n + m)
    with np.errstate(divide="ignore", invalid="ignore"):
        return (p - q) / np.sqrt(s * (1 - s) * (1 / n + 1 / m))


def wrong_9_11_either(p, q, n, m):
    return np.where((p > 0) & (q > 0), solution_9_11(p, q, n, m), 0.0)


def check_9_11(answer, c):
    for n, m in ((100, 100), (1000, 50), (40, 4000)):
        p, q = c.rng.dirichlet(np.full(6, 1.0), 2)
        p, q = np.append(p, 0.0), np.append(q, 0.0)
        p[1], q[2] = 0.0, 0.0
        p, q = p / p.sum(), q / q.sum()
        got = c.call(answer, p, q, n, m)
        if np.isnan(np.asarray(got, dtype=float)).any():
            c.fail(
                "A bin that both sets leave empty gives 0 over 0, which is NaN: its z is 0."
            )
        c.equal(
            got,
            solution_9_11(p, q, n, m),
            rtol=1e-9,
            mistakes={
                "Under equal laws both shares estimate one number: pool them, and use it in both variances.": wrong_9_11_unpooled(
                    p, q, n, m
                ),
                "Only the first sample's error is in it.": wrong_9_11_one(
                    p, q, n, m
                ),
                "The pooled share weighs each sample by its size.": wrong_9_11_average(
                    p, q, n, m
                ),
                "The sign is lost: it says whether the bin is filled too little or too much.": wrong_9_11_absolute(
                    p, q, n, m
                ),
                "The variance of a share has the factor one minus the share.": wrong_9_11_poisson(
                    p, q, n, m
                ),
                "A bin that only one of the sets leaves empty differs all the same: its z is not 0.": wrong_9_11_either(
                    p, q, n, m
                ),
            },
        )


register(
    Exercise(
        id="9.11",
        title="Is this bin different?",
        stars=1,
        kind="function",
        statement=r"""
    `p` and `q` are numpy arrays of shape `(K,)`: the shares of $n$ real and of $m$ generated samples in each of $K$
    bins. Write `z(p, q, n, m)`: for each bin the difference $p - q$ over its standard error under equal laws, from
    the pooled share; `0` for a bin that is empty in both. An array of shape `(K,)`.
    """,
        stub="""
    def z(p, q, n, m):
        return ...
    """,
        hints=(
            "If both laws are equal, what is the best estimate of the share from all n + m samples?",
            "The variance of p - q is s(1 - s)(1/n + 1/m) for the pooled share s; `np.divide` has `where` and `out`.",
        ),
        explanation=r"""
    The pooled share is $(np + mq)/(n + m)$. The count NDB is the number of bins with $|z|$ above a threshold; among
    $K$ bins of equal laws about $.05 K$ exceed 1.96 by chance, and hardly one exceeds 4: which is why a count needs
    its threshold beside it.
    """,
        solution=solution_9_11,
        alternatives=(alternative_9_11_loop,),
        wrong=(
            (wrong_9_11_unpooled, "pool them"),
            (wrong_9_11_one, "first sample's error"),
            (wrong_9_11_average, "by its size"),
            (wrong_9_11_absolute, "sign is lost"),
            (wrong_9_11_poisson, "one minus the share"),
            (wrong_9_11_empty, "0 over 0"),
            (wrong_9_11_either, "only one of the sets"),
        ),
        check=check_9_11,
    )
)
