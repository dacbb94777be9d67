r"""Exercises 9.1, 9.2 and 9.10."""

import numpy as np

from ganbook.exercises.engine.core import Exercise, register
from ganbook.exercises.engine.mistakes import mistake, outcomes


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


@mistake(
    "That is the trace, the part of the means; sample covariances differ as well."
)
def wrong_9_1_means(values):
    return float(np.sum(values))


@mistake(
    "The terms with i = j are there, and those with i and j different are forgotten."
)
def wrong_9_1_diagonal(values):
    return float(np.sum(values) * 1.5)


@mistake(
    "A variance on the diagonal fluctuates twice as much: the Kronecker delta is missing."
)
def wrong_9_1_once(values):
    values = np.asarray(values, dtype=float)
    pairs = np.multiply.outer(values, values) / np.add.outer(values, values)
    return values.sum() + 0.5 * pairs.sum()


@mistake("The factor one half before the double sum is missing.")
def wrong_9_1_no_half(values):
    values = np.asarray(values, dtype=float)
    pairs = np.multiply.outer(values, values) / np.add.outer(values, values)
    return values.sum() + pairs.sum() + np.trace(pairs)


@mistake(
    "That is right if all eigenvalues are equal to their mean, and only then."
)
def wrong_9_1_isotropic(values):
    d, mean = len(values), float(np.mean(values))
    return mean * (d + (d * d + d) / 4)


def check_9_1(answer, c):
    # the examples of the statement come later: several mistakes agree there
    for values in (
        c.rng.uniform(0.1, 5, 7),
        np.array([1.0]),
        np.array([1.0, 3.0]),
        np.ones(16),
        10.0 ** c.rng.uniform(-6, 4, 5),
    ):
        c.equal(
            c.call(answer, values),
            solution_9_1(values),
            rtol=1e-9,
            mistakes=outcomes(
                (values,),
                wrong_9_1_means,
                wrong_9_1_diagonal,
                wrong_9_1_once,
                wrong_9_1_no_half,
                wrong_9_1_isotropic,
            ),
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
            wrong_9_1_means,
            wrong_9_1_diagonal,
            wrong_9_1_once,
            wrong_9_1_no_half,
            wrong_9_1_isotropic,
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


@mistake(
    "The diagonal is in it: a row paired with itself biases the estimate upwards."
)
def wrong_9_2_diagonal(x, y):
    return _kid(x, y, biased=True)


@mistake(
    "You left the diagonal out and divide as though it were there: there are N(N - 1) ordered pairs."
)
def wrong_9_2_count(x, y):
    return _kid(x, y, count=True)


@mistake(
    "The inner product is divided by the number of features K before 1 is added."
)
def wrong_9_2_scale(x, y):
    return _kid(x, y, scale=1.0)


@mistake("The kernel is a cube; a square sees two moments only.")
def wrong_9_2_square(x, y):
    return _kid(x, y, power=2)


@mistake("The mean over mixed pairs counts twice.")
def wrong_9_2_cross(x, y):
    return _kid(x, y, cross=1)


def check_9_2(answer, c):
    for n, m, k in ((5, 5, 3), (4, 9, 2), (2, 3, 16)):
        x, y = c.rng.normal(size=(n, k)), c.rng.normal(0.5, 2, size=(m, k))
        c.equal(
            c.call(answer, x, y),
            solution_9_2(x, y),
            rtol=1e-9,
            mistakes=outcomes(
                (x, y),
                wrong_9_2_diagonal,
                wrong_9_2_count,
                wrong_9_2_scale,
                wrong_9_2_square,
                wrong_9_2_cross,
            ),
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
            wrong_9_2_diagonal,
            wrong_9_2_count,
            wrong_9_2_scale,
            wrong_9_2_square,
            wrong_9_2_cross,
        ),
        check=check_9_2,
    )
)


def solution_9_10(n, values, m):
    slope, intercept = np.polyfit(1 / np.asarray(n), values, 1)
    return intercept - slope / m


def alternative_9_10_least_squares(n, values, m):
    x = np.stack([1 / np.asarray(n, dtype=float) + 1 / m, np.ones(len(n))], 1)
    return np.linalg.lstsq(x, np.asarray(values), rcond=None)[0][1]


@mistake(
    "The reference is finite as well, and its share of the floor is still in your value."
)
def wrong_9_10_reference(n, values, m):
    return np.polyfit(1 / np.asarray(n), values, 1)[1]


@mistake("The distance is a line in 1/N, not in N.")
def wrong_9_10_line(n, values, m):
    slope, intercept = np.polyfit(n, values, 1)
    return intercept - slope / m


@mistake("The share of the reference was added where it has to go.")
def wrong_9_10_sign(n, values, m):
    slope, intercept = np.polyfit(1 / np.asarray(n), values, 1)
    return intercept + slope / m


@mistake("The largest N is not infinitely many.")
def wrong_9_10_last(n, values, m):
    return values[int(np.argmax(n))]


@mistake("That is the slope, an estimate of c.")
def wrong_9_10_slope(n, values, m):
    return np.polyfit(1 / np.asarray(n), values, 1)[0]


@mistake("A fitted limit may be negative: the estimate of a is not cut at 0.")
def wrong_9_10_cut(n, values, m):
    return max(0.0, solution_9_10(n, values, m))


@mistake(
    "Least squares keeps a constant that is negative; it puts no condition on c."
)
def wrong_9_10_rising(n, values, m):
    found = solution_9_10(n, values, m)
    return (
        float(np.mean(values))
        if np.polyfit(1 / n, values, 1)[0] < 0
        else found
    )


def check_9_10(answer, c):
    few, many = (
        np.array([500, 1000, 2000]),
        np.array([5000, 250, 1000, 50_000]),
    )
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
            mistakes=outcomes(
                (n, values, m),
                wrong_9_10_reference,
                wrong_9_10_line,
                wrong_9_10_sign,
                wrong_9_10_last,
                wrong_9_10_slope,
                wrong_9_10_cut,
                wrong_9_10_rising,
            ),
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
    The intercept of the line in $1/N$ belongs to infinitely many samples and $m$ images: it is $a + c/m$. For
    equal laws this is $c/m$ and not $0$, on the book's scale about $.3$. Subtracting slope over $m$ is right if the samples'
    law is close to that of the data, so that one $c$ serves both.
    """,
        solution=solution_9_10,
        alternatives=(alternative_9_10_least_squares,),
        wrong=(
            wrong_9_10_reference,
            wrong_9_10_line,
            wrong_9_10_sign,
            wrong_9_10_last,
            wrong_9_10_slope,
            wrong_9_10_cut,
            wrong_9_10_rising,
        ),
        check=check_9_10,
    )
)
