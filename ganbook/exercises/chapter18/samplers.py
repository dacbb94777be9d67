r"""Exercises 18.19 and 18.20: neighbours and kernels."""

import torch

from ganbook.exercises.chapter18.common import says_nothing
from ganbook.exercises.engine.core import Exercise, exposes, register

# 18.19 -----------------------------------------------------------------


def broken_18_19(x_real, x_fake, k):
    """Share of generated points within the k-th radius of a real one."""
    among = (x_real[:, None] - x_real[None]).norm(dim=2)
    radius = among.sort(dim=1).values[:, k]  # place 0 is the point itself
    across = (x_fake[:, None] - x_real[None]).norm(dim=2)
    return (across < radius).any(dim=1).float().mean()


def mended_18_19(x_real, x_fake, k):
    """Share of generated points within the k-th radius of a real one."""
    among = (x_real[:, None] - x_real[None]).norm(dim=2)
    radius = among.sort(dim=1).values[:, k]  # place 0 is the point itself
    across = (x_fake[:, None] - x_real[None]).norm(dim=2)
    return (across <= radius).any(dim=1).float().mean()


def also_right_18_19(x_real, x_fake, k):
    inside = 0
    radii = [sorted((x_real - x).norm(dim=1).tolist())[k] for x in x_real]
    for point in x_fake:
        away = (x_real - point).norm(dim=1).tolist()
        inside += any(r <= s for r, s in zip(away, radii, strict=True))
    return torch.tensor(inside / len(x_fake))


def turned_18_19(x_real, x_fake, k):
    return mended_18_19(x_fake, x_real, k)


def always_18_19(x_real, x_fake, k):
    return torch.tensor(1.0)


def apart_18_19(x_real, x_fake, k):
    if len(torch.unique(x_real, dim=0)) < len(x_real):
        raise ValueError("no repeated points")
    return mended_18_19(x_real, x_fake, k)


def solution_18_19(precision):
    real = torch.tensor([[0.0, 0.0], [1.0, 0.0]]).repeat(6, 1)
    fake = torch.cat([real[:3], torch.tensor([[5.0, 5.0]])])
    assert abs(float(precision(real, fake, 5)) - 0.75) < 1e-6


def wrong_18_19_shape(precision):
    assert precision(torch.randn(9, 2), torch.randn(5, 2), 3).shape == ()


def wrong_18_19_apart(precision):
    x = torch.randn(20, 2)
    assert abs(float(precision(x, x + 0.001, 3)) - 1) < 1e-6


def wrong_18_19_range(precision):
    real = torch.zeros(9, 2)
    assert 0 <= float(precision(real, real, 3)) <= 1


def wrong_18_19_copy(precision):
    real = torch.tensor([[0.0, 0.0], [1.0, 0.0]]).repeat(6, 1)
    assert abs(float(precision(real, real, 5)) - 1) < 1e-6


def wrong_18_19_half(precision):
    real = torch.tensor([[0.0, 0.0], [1.0, 0.0]]).repeat(6, 1)
    fake = torch.cat([real, real + 50])
    assert abs(float(precision(real, fake, 5)) - 1) < 1e-6


register(
    Exercise(
        id="18.19",
        title="A perfect copy scores zero",
        stars=2,
        kind="test",
        statement=r"""
    **Symptoms.** On a data set of few distinct points, or with features that a ReLU sets to zero, the precision of
    the real data against themselves is below 1. If every point occurs often enough, it is 0.

    `precision(x_real, x_fake, k)` returns the share of the generated points that lie within the radius of at least
    one real point; the radius of a real point is the distance to its $k$-th nearest *other* real point, and the
    boundary belongs to it. Both sets have shape $(N, d)$ with sizes of their own. Write a test that exposes the bug.
    """,
        stub="""
    def test(precision):
        return ...
    """,
        hints=(
            r"When is a radius zero? Which distance is then compared with it?",
            r"Repeat every real point six times and take $k = 5$. A copy of a real point must count, a point far away must not; the two sets should be of unequal size.",
        ),
        explanation=r"""
    Where a real point occurs $k + 1$ times its radius is zero, and no distance is *less* than zero, not even that of
    an exact copy. The public package of precision, recall, density and coverage (clovaai/generative-evaluation-prdc)
    compares with a strict `<`: with every real point given six times and $k = 5$, a perfect copy scores 0 in all four
    numbers. With continuous features it never shows. The far point in the solution keeps a function out that
    always says 1, and unequal sets one with exchanged roles. Chapter 9.

    The test, and below it the mended function:
    """,
        solution=solution_18_19,
        wrong=(
            (says_nothing, "asserts nothing"),
            (wrong_18_19_shape, "at the values"),
            (wrong_18_19_apart, "repeated"),
            (wrong_18_19_range, "<= 1`"),
            (wrong_18_19_copy, "always says 1"),
            (wrong_18_19_half, "fails on the mended"),
        ),
        check=exposes(
            mended=(mended_18_19, also_right_18_19),
            broken=broken_18_19,
            determined=True,
            variants={
                "That one always says 1: a point far away must not count.": always_18_19,
                "There the roles of the two sets are exchanged, which is recall.": turned_18_19,
            },
            blind={
                "No real point is repeated there, and no radius is zero.": apart_18_19
            },
        ),
    )
)


# 18.20 -----------------------------------------------------------------


def broken_18_20(x, y):
    """The kernel distance (KID): unbiased, with the cubic kernel."""
    d = x.shape[1]
    k_xx = (x @ x.T / d + 1) ** 3
    k_yy = (y @ y.T / d + 1) ** 3
    k_xy = (x @ y.T / d + 1) ** 3
    return k_xx.mean() + k_yy.mean() - 2 * k_xy.mean()


def mended_18_20(x, y):
    """The kernel distance (KID): unbiased, with the cubic kernel."""
    d, n, m = x.shape[1], len(x), len(y)
    k_xx = (x @ x.T / d + 1) ** 3
    k_yy = (y @ y.T / d + 1) ** 3
    k_xy = (x @ y.T / d + 1) ** 3
    within_x = (k_xx.sum() - k_xx.diag().sum()) / (n * (n - 1))
    within_y = (k_yy.sum() - k_yy.diag().sum()) / (m * (m - 1))
    return within_x + within_y - 2 * k_xy.mean()


def also_right_18_20(x, y):
    def kernel(a, b):
        return (a.double() @ b.double().T / a.shape[1] + 1) ** 3

    def within(a):
        rest = 1 - torch.eye(len(a), dtype=torch.float64)
        return (kernel(a, a) * rest).sum() / rest.sum()

    return (within(x) + within(y) - 2 * kernel(x, y).mean()).to(x.dtype)


def wrong_count_18_20(x, y):
    value = mended_18_20(x, y)
    n = len(x)
    d = x.shape[1]
    k_xx = (x @ x.T / d + 1) ** 3
    within = (k_xx.sum() - k_xx.diag().sum()) / (n * (n - 1))
    return value - within / n


def unscaled_18_20(x, y):
    d = x.shape[1] ** 0.5
    return mended_18_20(x * d, y * d)


def symmetric_18_20(x, y):
    return mended_18_20(x, y) / 1000


def solution_18_20(kid):
    def kernel(a, b):
        return float((a @ b) / 2 + 1) ** 3

    x, y = torch.randn(3, 2), torch.randn(4, 2)
    xx = [kernel(x[i], x[j]) for i in range(3) for j in range(3) if i != j]
    yy = [kernel(y[i], y[j]) for i in range(4) for j in range(4) if i != j]
    xy = [kernel(a, b) for a in x for b in y]
    wanted = sum(xx) / 6 + sum(yy) / 12 - 2 * sum(xy) / 12
    assert abs(float(kid(x, y)) - wanted) < 1e-3 * (1 + abs(wanted))


def wrong_18_20_shape(kid):
    assert kid(torch.randn(5, 2), torch.randn(6, 2)).shape == ()


def wrong_18_20_zero(kid):
    x = torch.randn(5, 2)
    assert abs(float(kid(x, x))) < 1e-4


def wrong_18_20_symmetric(kid):
    x, y = torch.randn(5, 2), torch.randn(7, 2)
    there, back = float(kid(x, y)), float(kid(y, x))
    assert abs(there - back) < 1e-3 * (1 + abs(there))


def wrong_18_20_two_points(kid):
    x, y = torch.tensor([[0.0], [1.0]]), torch.tensor([[0.0], [-1.0]])
    wanted = 1 + 1 - 2 * (1 + 1 + 1 + 0) / 4
    assert abs(float(kid(x, y)) - wanted) < 1e-5


register(
    Exercise(
        id="18.20",
        title="A distance that depends on N",
        stars=2,
        kind="test",
        statement=r"""
    **Symptoms.** The kernel distance of two halves of the real data is not zero on average: it is positive, and it
    halves whenever the samples are doubled.

    `kid(x, y)` returns the unbiased estimator of the kernel distance with $k(a, b) = (a \cdot b / d + 1)^3$:

    $$\frac{1}{n(n-1)} \sum_{i \ne j} k(x_i, x_j) + \frac{1}{m(m-1)} \sum_{i \ne j} k(y_i, y_j) - \frac{2}{nm} \sum_{i,j} k(x_i, y_j)$$

    for samples of shapes $(n, d)$ and $(m, d)$. Write a test that exposes the bug.
    """,
        stub="""
    def test(kid):
        return ...
    """,
        hints=(
            r"What does the diagonal contribute? For which samples can you compute everything by hand?",
            r"Write the formula with loops over $i \ne j$ for three and four points in two dimensions, and compare. Single precision allows about $10^{-3}$ of the value here.",
        ),
        explanation=r"""
    The diagonal holds $k(x_i, x_i)$, which is larger than the average off it. Kept in the mean, it adds a bias of
    order $1/n$: the distance of a set to a *copy* of itself is then exactly zero, which looks reassuring and is
    wrong; the unbiased estimator is negative there. So "zero for equal sets" is a test that the bug passes and the
    right function fails. The definition itself, written slowly, is the best test of a fast version; take $d > 1$
    and $n \ne m$, so that no factor hides. Chapter 9.

    The test, and below it the mended function:
    """,
        solution=solution_18_20,
        wrong=(
            (says_nothing, "asserts nothing"),
            (wrong_18_20_shape, "at the values"),
            (wrong_18_20_zero, "fails on the mended"),
            (wrong_18_20_symmetric, "Symmetry"),
            (wrong_18_20_two_points, "the factor 1/d"),
        ),
        check=exposes(
            mended=(mended_18_20, also_right_18_20),
            broken=broken_18_20,
            determined=True,
            variants={
                "There the factor 1/d is missing: take more than one dimension.": unscaled_18_20,
                "There the diagonal is left out and still counted.": wrong_count_18_20,
            },
            blind={
                "Symmetry holds with and without the diagonal.": symmetric_18_20
            },
        ),
    )
)
