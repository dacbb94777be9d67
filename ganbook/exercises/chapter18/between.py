r"""Exercises 18.1 and 18.2: where WGAN-GP takes its slope."""

import torch

from ganbook.exercises.chapter18.common import says_nothing
from ganbook.exercises.engine.core import Exercise, exposes, register

# 18.1 ------------------------------------------------------------------


def broken_18_1(D, x):
    x = x.detach().requires_grad_(True)
    scores = D(x).sum()
    (slope,) = torch.autograd.grad(scores, x, create_graph=True)
    norm = slope.norm(dim=1)
    return ((norm - 1) ** 2).mean()


def mended_18_1(D, x):
    x = x.detach().requires_grad_(True)
    scores = D(x).sum()
    (slope,) = torch.autograd.grad(scores, x, create_graph=True)
    norm = slope.flatten(1).norm(dim=1)
    return ((norm - 1) ** 2).mean()


def also_right_18_1(D, x):
    x = x.detach().clone().requires_grad_(True)
    slopes = torch.autograd.grad(D(x).sum(), x, create_graph=True)[0]
    squares = (slopes**2).sum(dim=tuple(range(1, x.dim())))
    return (squares.sqrt() - 1).square().sum() / len(x)


def channels_18_1(D, x):
    x = x.detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    norm = slope.flatten(2).norm(dim=2) if x.dim() > 2 else slope.norm(dim=1)
    return ((norm - 1) ** 2).mean()


def vectors_18_1(D, x):
    if x.dim() > 2:
        raise ValueError("vectors only")
    return mended_18_1(D, x)


def solution_18_1(gradient_penalty):
    def D(x):  # slope 0.5 at each of 2 * 3 * 4 = 24 pixels
        return 0.5 * x.flatten(1).sum(1)

    penalty = float(gradient_penalty(D, torch.randn(5, 2, 3, 4)))
    expected = (0.5 * 24**0.5 - 1) ** 2
    assert abs(penalty - expected) < 1e-4


def wrong_18_1_shape(gradient_penalty):
    penalty = gradient_penalty(
        lambda x: x.sum((1, 2, 3)), torch.ones(5, 2, 3, 4)
    )
    assert penalty.shape == ()


def wrong_18_1_vectors(gradient_penalty):
    penalty = float(gradient_penalty(lambda x: x.sum(1), torch.randn(5, 24)))
    assert abs(penalty - (24**0.5 - 1) ** 2) < 1e-4


def wrong_18_1_one_side(gradient_penalty):
    D = lambda x: 0.5 * x.flatten(1).sum(1)  # noqa: E731
    penalty = float(gradient_penalty(D, torch.randn(5, 2, 3, 4)))
    assert penalty - (0.5 * 24**0.5 - 1) ** 2 < 1e-4


def wrong_18_1_no_bound(gradient_penalty):
    D = lambda x: x.flatten(1).sum(1)  # noqa: E731
    assert gradient_penalty(D, torch.randn(4, 2, 28, 28)) > 1000


def wrong_18_1_exact(gradient_penalty):
    D = lambda x: 0.5 * x.flatten(1).sum(1)  # noqa: E731
    penalty = float(gradient_penalty(D, torch.ones(5, 2, 3, 4)))
    assert penalty == (0.5 * 24**0.5 - 1) ** 2


def wrong_18_1_one_channel(gradient_penalty):
    D = lambda x: 0.5 * x.flatten(1).sum(1)  # noqa: E731
    penalty = float(gradient_penalty(D, torch.randn(5, 1, 4, 6)))
    assert abs(penalty - (0.5 * 24**0.5 - 1) ** 2) < 1e-4


register(
    Exercise(
        id="18.1",
        title="The slope of a picture",
        stars=1,
        kind="test",
        statement=r"""
    **Symptoms.** The penalty falls to nearly zero and stays there, as it should. Measured for each whole picture,
    the critic's slope is not 1: at the pictures of MNIST, $1 \times 28 \times 28$, it settles near 28.

    `gradient_penalty(D, x)` returns the mean over the batch `x`, of shape $(N, C, H, W)$ or $(N, d)$, of
    $(\lVert \nabla_x D(x_i) \rVert - 1)^2$. Write a test that exposes the bug.
    """,
        stub="""
    def test(gradient_penalty):
        return ...
    """,
        hints=(
            r"You need a `D` whose slope you know at every picture. A linear one will do.",
            r"For `D = lambda x: a * x.flatten(1).sum(1)` the norm is $a\sqrt{CHW}$. Take more than one channel and a non-square picture, so that no axis can stand in for another.",
        ),
        explanation=r"""
    `norm(dim=1)` is right for vectors. For pictures, axis 1 holds the channels, and the result is one norm *per
    pixel*. The penalty then asks for slope 1 at each of the 784 pixels, which is slope $\sqrt{784} = 28$ for the
    picture: the critic is drawn to 28 times the slope of a 1-Lipschitz function, and its scores, which should estimate
    a Wasserstein distance, are many times too large. The run does not fail; it trains with a constraint that depends on
    the size of the picture. The slip was reported several times for public code (caogang/wgan-gp #25, for
    instance). Chapter 7 derives the penalty.

    The test, and below it the mended function:
    """,
        solution=solution_18_1,
        wrong=(
            (says_nothing, "asserts nothing"),
            (wrong_18_1_shape, "at the values"),
            (wrong_18_1_vectors, "flat vectors"),
            (wrong_18_1_one_side, "far too small"),
            (wrong_18_1_no_bound, "far too large"),
            (wrong_18_1_exact, "penalty == "),
            (wrong_18_1_one_channel, "more than one channel"),
        ),
        check=exposes(
            mended=(mended_18_1, also_right_18_1),
            broken=broken_18_1,
            determined=True,
            variants={
                "A norm per channel is wrong as well: take pictures with more than one channel.": channels_18_1
            },
            blind={
                "It tries flat vectors only, and on those axis 1 is the right one.": vectors_18_1
            },
            other="It sums in another order, so the last digits may differ.",
        ),
    )
)


# 18.2 ------------------------------------------------------------------


def broken_18_2(x_real, x_fake):
    weight = torch.randn(len(x_real), 1)
    return weight * x_real + (1 - weight) * x_fake


def mended_18_2(x_real, x_fake):
    weight = torch.rand(len(x_real), 1)
    return weight * x_real + (1 - weight) * x_fake


def also_right_18_2(x_real, x_fake):
    weight = torch.empty(len(x_fake), 1).uniform_()
    return torch.lerp(x_real, x_fake, weight)


def coordinates_18_2(x_real, x_fake):
    return torch.lerp(x_real, x_fake, torch.rand_like(x_real))


def one_for_all_18_2(x_real, x_fake):
    return torch.lerp(x_real, x_fake, torch.rand(()))


def clamped_18_2(x_real, x_fake):
    weight = torch.randn(len(x_real), 1).clamp(0, 1)
    return torch.lerp(x_real, x_fake, weight)


def equal_ends_18_2(x_real, x_fake):
    if not torch.equal(x_real, x_fake):
        raise ValueError("equal ends only")
    return x_real


def solution_18_2(between):
    real, fake = torch.zeros(500, 3), torch.ones(500, 3)
    weight = between(real, fake)
    assert weight.min() >= 0 and weight.max() <= 1
    assert (weight - weight[:, :1]).abs().max() < 1e-5  # on the segment
    assert weight[:, 0].std() > 0.1  # a weight of its own for each pair
    middle = (weight[:, 0] - 0.5).abs() < 0.25  # half of them, if uniform
    assert abs(middle.float().mean() - 0.5) < 0.15


def wrong_18_2_shape(between):
    assert between(torch.zeros(9, 3), torch.ones(9, 3)).shape == (9, 3)


def wrong_18_2_equal(between):
    x = torch.randn(50, 3)
    assert (between(x, x) - x).abs().max() < 1e-4


def wrong_18_2_mean(between):
    weight = between(torch.zeros(500, 1), torch.ones(500, 1))
    assert abs(weight.mean() - 0.5) < 0.001


def wrong_18_2_range_only(between):
    weight = between(torch.zeros(500, 3), torch.ones(500, 3))
    assert weight.min() >= 0 and weight.max() <= 1
    assert weight[:, 0].std() > 0.1


def wrong_18_2_ends_allowed(between):
    weight = between(torch.zeros(500, 3), torch.ones(500, 3))
    assert weight.min() >= 0 and weight.max() <= 1
    assert (weight - weight[:, :1]).abs().max() < 1e-5
    assert weight[:, 0].std() > 0.1


register(
    Exercise(
        id="18.2",
        title="Between real and generated",
        stars=1,
        kind="test",
        statement=r"""
    **Symptoms.** None in the loss curve. Plotted, many of the points at which the penalty is taken lie outside the
    segment between the two samples that they are made from: about two in three.

    `between(x_real, x_fake)` takes two tensors of shape $(N, d)$ and returns, for each pair of rows, a point that is
    uniformly distributed on the segment between them. The weights of different pairs are independent. Write a test
    that exposes the bug; it may draw random numbers, and its verdict must not depend on the seed.
    """,
        stub="""
    def test(between):
        return ...
    """,
        hints=(
            r"Choose the two samples so that you can read the weight off the result.",
            r"Zeros and ones: the result *is* the weight. Which range must it keep, across a row and down a column? How many rows make it certain that a normal weight leaves the range? Which share of uniform weights lies between 0.25 and 0.75?",
        ),
        explanation=r"""
    A standard normal number lies in $[0, 1]$ with probability 0.34. The other two thirds of the points lie beyond
    one of the ends, where neither sample pushes the critic, and the penalty is spent there. The run still trains,
    since the slope outside is penalised too, but it is not the published method. With 500 pairs the chance that a
    normal weight stays in the range is $0.34^{500}$: the verdict does not depend on the seed, although the numbers
    do. The next two lines catch a weight for each coordinate, which leaves the segment, and one weight for the whole
    batch. The last two catch a half-mended form, normal weights that are clamped to $[0, 1]$: two of three are then
    an end of the segment, and only one of six lies in the middle half, where one of two should. With 500 pairs the
    bound 0.15 is almost seven standard errors. Chapter 7.

    The test, and below it the mended function:
    """,
        solution=solution_18_2,
        wrong=(
            (says_nothing, "asserts nothing"),
            (wrong_18_2_shape, "at the values"),
            (wrong_18_2_equal, "both ends are the same"),
            (wrong_18_2_mean, "weight.mean()"),
            (wrong_18_2_range_only, "each coordinate"),
            (wrong_18_2_ends_allowed, "Clamped"),
        ),
        check=exposes(
            mended=(mended_18_2, also_right_18_2),
            broken=broken_18_2,
            variants={
                "A weight for each coordinate leaves the segment.": coordinates_18_2,
                "One weight for the whole batch is not independent between pairs.": one_for_all_18_2,
                "Clamped to the range, a normal weight is an end of the segment in two cases of three: look at how the weights are spread.": clamped_18_2,
            },
            blind={
                "Where both ends are the same, every weight gives the same point.": equal_ends_18_2
            },
        ),
    )
)
