r"""Exercises 18.17 and 18.18: a data set and an entropy."""

import math

import torch

from ganbook.exercises.chapter18.common import says_nothing
from ganbook.exercises.engine.core import Exercise, exposes, register

# 18.17 -----------------------------------------------------------------


def broken_18_17(n):
    """The centres of n modes, evenly spaced on the unit circle."""
    angle = torch.linspace(0, 2 * math.pi, n)
    return torch.stack([angle.cos(), angle.sin()], dim=1)


def mended_18_17(n):
    """The centres of n modes, evenly spaced on the unit circle."""
    angle = 2 * math.pi * torch.arange(n) / n
    return torch.stack([angle.cos(), angle.sin()], dim=1)


def also_right_18_17(n):
    angle = torch.linspace(0, 2 * math.pi, n + 1)[1:] - 0.3
    return torch.stack([angle.sin(), angle.cos()], dim=1)


def uneven_18_17(n):
    angle = torch.linspace(0, 1.7 * math.pi, n)
    return torch.stack([angle.cos(), angle.sin()], dim=1)


def radius_18_17(n):
    return mended_18_17(n) * torch.linspace(0.5, 1.5, n)[:, None]


def twice_18_17(n):
    angle = 4 * math.pi * torch.arange(n) / n
    return torch.stack([angle.cos(), angle.sin()], dim=1)


def one_place_18_17(n):
    return torch.tensor([[0.6, 0.8]]).repeat(n, 1)


def solution_18_17(ring):
    for n in (3, 8):
        centres = ring(n)
        assert (centres.norm(dim=1) - 1).abs().max() < 1e-4
        apart = torch.cdist(centres, centres) + 9 * torch.eye(n)
        nearest = apart.min(dim=1).values
        assert (nearest - 2 * math.sin(math.pi / n)).abs().max() < 1e-3


def wrong_18_17_shape(ring):
    assert ring(8).shape == (8, 2)


def wrong_18_17_circle(ring):
    assert (ring(8).norm(dim=1) - 1).abs().max() < 1e-5


def wrong_18_17_unique(ring):
    assert len(torch.unique(ring(8), dim=0)) == 8


def wrong_18_17_first(ring):
    assert (ring(8)[0] - torch.tensor([1.0, 0.0])).abs().max() < 1e-5
    assert (ring(8)[7] - ring(8)[0]).norm() > 0.1


def wrong_18_17_centred(ring):
    centres = ring(8)
    assert (centres.norm(dim=1) - 1).abs().max() < 1e-4
    assert centres.mean(dim=0).abs().max() < 1e-4


def wrong_18_17_distinct(ring):
    centres = ring(8)
    assert (torch.cdist(centres, centres) + torch.eye(8)).min() > 0.1


register(
    Exercise(
        id="18.17",
        title="Seven of eight",
        stars=1,
        kind="test",
        statement=r"""
    **Symptoms.** By one program a perfect sampler of these centres reaches 7 of 8 modes: one holds a quarter of the
    samples, and the reverse KL never falls below 0.17. By another, which computes the same distances with less
    rounding, it reaches all 8 in equal shares.

    `ring(n)` returns the centres of `n` modes, shape $(n, 2)$, evenly spaced on the unit circle, for $n \ge 2$. Where the
    first one lies is free. Write a test that exposes the bug.
    """,
        stub="""
    def test(ring):
        return ...
    """,
        hints=(
            r"How far is each centre from its nearest neighbour?",
            r"$2 \sin(\pi / n)$. `torch.cdist` has all distances; add something to its diagonal. What does rounding do to $\cos 2\pi$ and $\sin 2\pi$?",
        ),
        explanation=r"""
    `linspace` includes both ends, and $0$ and $2\pi$ are one point of the circle: seven centres, one of them with
    twice the weight. If one of their two rows takes all samples of that place, the reverse KL of a perfect sampler
    against eight equal shares is $\frac{1}{4} \log 2 = 0.173$. So it is with `torch.cdist`, which rounds; the norm of
    the difference tells the rows apart, $1.7 \cdot 10^{-7}$ in single precision, they share the samples, and no score
    shows the slip. For the same reason looking for equal rows fails. A test by distances has a tolerance and finds
    uneven spacing too. Chapter 11 counts modes.

    The test, and below it the mended function:
    """,
        solution=solution_18_17,
        wrong=(
            (says_nothing, "asserts nothing"),
            (wrong_18_17_shape, "at the values"),
            (wrong_18_17_circle, "may lie anywhere"),
            (wrong_18_17_unique, "torch.unique"),
            (wrong_18_17_first, "begins elsewhere"),
            (wrong_18_17_distinct, "wider gap"),
            (wrong_18_17_centred, "goes round twice"),
        ),
        check=exposes(
            mended=(mended_18_17, also_right_18_17),
            broken=broken_18_17,
            variants={
                "There all modes are distinct, but between the last and the first is a wider gap.": uneven_18_17,
                "There the radius varies.": radius_18_17,
                "There the angle goes round twice: for an even number two modes fall on each place.": twice_18_17,
            },
            blind={
                "On the circle the centres may lie anywhere, all in one place.": one_place_18_17
            },
            other="It begins elsewhere and runs the other way round.",
        ),
    )
)


# 18.18 -----------------------------------------------------------------


def broken_18_18(p):
    """The entropy of each row of p, in nats."""
    return (p * torch.log(p.clamp(min=1e-30))).sum(dim=1)


def mended_18_18(p):
    """The entropy of each row of p, in nats."""
    return -(p * torch.log(p.clamp(min=1e-30))).sum(dim=1)


def also_right_18_18(p):
    return torch.special.entr(p).sum(dim=1)


def bits_18_18(p):
    return mended_18_18(p) / math.log(2)


def not_a_number_18_18(p):
    return -(p * p.log()).sum(dim=1)


def certain_18_18(p):
    if (p.max(dim=1).values < 1).any():
        raise ValueError("certain rows only")
    return mended_18_18(p)


def solution_18_18(entropy):
    p = torch.tensor([[0.25] * 4, [0.5, 0.5, 0.0, 0.0], [1.0, 0, 0, 0]])
    expected = torch.tensor([math.log(4), math.log(2), 0.0])
    assert (entropy(p) - expected).abs().max() < 1e-5


def wrong_18_18_shape(entropy):
    p = torch.softmax(torch.randn(5, 4), dim=1)
    assert entropy(p).shape == (5,)


def wrong_18_18_certain(entropy):
    assert entropy(torch.eye(4)).abs().max() < 1e-6


def wrong_18_18_no_abs(entropy):
    p = torch.full((1, 4), 0.25)
    assert float(entropy(p)) - math.log(4) < 1e-5


def wrong_18_18_squared(entropy):
    p = torch.full((1, 4), 0.25)
    assert abs(float(entropy(p)) ** 2 - math.log(4) ** 2) < 1e-4


def wrong_18_18_no_zero(entropy):
    p = torch.full((1, 4), 0.25)
    assert abs(float(entropy(p)) - math.log(4)) < 1e-5


def wrong_18_18_positive(entropy):
    p = torch.tensor([[0.5, 0.5, 0.0, 0.0]])
    assert float(entropy(p)) > 0


register(
    Exercise(
        id="18.18",
        title="A bonus for being sure",
        stars=1,
        kind="test",
        statement=r"""
    **Symptoms.** A term that was to spread the generated classes makes their shares less even. The reported "entropy" is negative.

    `entropy(p)` returns the entropy in nats of each row of `p`, a tensor of probabilities of shape $(N, K)$ in which
    zeros may occur. Write a test that exposes the bug.
    """,
        stub="""
    def test(entropy):
        return ...
    """,
        hints=(
            r"Which distribution has an entropy that you know, and which is not zero?",
            r"The uniform distribution of four classes: $\log 4$. Put rows with zeros beside it: $0 \log 0 = 0$. And take an absolute value.",
        ),
        explanation=r"""
    Without the minus sign the largest value belongs to a certain outcome, and maximising it, as a diversity term
    does, collapses the classes. A test without an absolute value, `entropy(p) - log(4) < 1e-5`, holds for every
    negative number: this is how such a line survives its own test. Nats and bits differ by the factor $\log 2$, and
    a zero probability must not become NaN. Chapters 9 (the inception score) and 14 (class terms) need entropies.

    The test, and below it the mended function:
    """,
        solution=solution_18_18,
        wrong=(
            (says_nothing, "asserts nothing"),
            (wrong_18_18_shape, "at the values"),
            (wrong_18_18_certain, "zero with either sign"),
            (wrong_18_18_no_abs, "far too small"),
            (wrong_18_18_squared, "** 2"),
            (wrong_18_18_no_zero, "NaN where"),
            (wrong_18_18_positive, "bits"),
        ),
        check=exposes(
            mended=(mended_18_18, also_right_18_18),
            broken=broken_18_18,
            determined=True,
            variants={
                "That one is in bits.": bits_18_18,
                "That one is NaN where a probability is zero.": not_a_number_18_18,
            },
            blind={
                "A certain row has an entropy that is zero with either sign.": certain_18_18
            },
        ),
    )
)
