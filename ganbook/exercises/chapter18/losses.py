r"""Exercises 18.5 to 18.7: losses of scores."""

import torch
from torch.nn import functional as F

from ganbook.exercises.chapter18.common import says_nothing
from ganbook.exercises.engine.core import Exercise, exposes, register

# 18.5 ------------------------------------------------------------------


def broken_18_5(d_fake):
    """The minimax loss of G, the mean of log(1 - sigmoid(d_fake))."""
    ones = torch.ones_like(d_fake)
    return F.binary_cross_entropy_with_logits(d_fake, ones)


def mended_18_5(d_fake):
    """The minimax loss of G, the mean of log(1 - sigmoid(d_fake))."""
    zeros = torch.zeros_like(d_fake)
    return -F.binary_cross_entropy_with_logits(d_fake, zeros)


def also_right_18_5(d_fake):
    return F.logsigmoid(-d_fake.double()).mean().to(d_fake.dtype)


def ascending_18_5(d_fake):
    return F.softplus(d_fake).mean()


def middle_18_5(d_fake):
    if d_fake.abs().max() > 1e-6:
        raise ValueError("only at 0")
    return -0.5 * d_fake.mean()


def falling_18_5(d_fake):
    return 1000 - d_fake.mean()


def solution_18_5(generator_loss):
    scores = torch.tensor([-20.0, 0.0, 5.0], requires_grad=True)
    loss = generator_loss(scores)
    expected = torch.log1p(-torch.sigmoid(scores.double())).mean()
    assert abs(float(loss) - float(expected)) < 1e-4
    (slope,) = torch.autograd.grad(loss, scores)
    assert abs(float(slope[0])) < 1e-6  # saturated: no gradient left


def wrong_18_5_shape(generator_loss):
    assert generator_loss(torch.randn(8)).shape == ()


def wrong_18_5_middle(generator_loss):
    scores = torch.zeros(4, requires_grad=True)
    generator_loss(scores).backward()
    assert (scores.grad + 0.125).abs().max() < 1e-6


def wrong_18_5_falling(generator_loss):
    low, high = torch.full((4,), -3.0), torch.full((4,), 3.0)
    assert generator_loss(high) < generator_loss(low)


def wrong_18_5_one_side(generator_loss):
    assert -0.6931 - float(generator_loss(torch.zeros(4))) < 0.001


def wrong_18_5_negative(generator_loss):
    assert generator_loss(torch.randn(8)) < 0


def wrong_18_5_tight(generator_loss):
    value = float(generator_loss(torch.zeros(4)))
    assert value == -0.6931


register(
    Exercise(
        id="18.5",
        title="Minimax in name",
        stars=1,
        kind="test",
        statement=r"""
    **Symptoms.** A file compares "minimax" and "non-saturating". Both curves are the same, to the last digit. The
    minimax generator also learns from a start at which its gradient should be about $10^{-9}$.

    `generator_loss(d_fake)` is to be the *minimax* loss of G, the mean of $\log(1 - \sigma(d))$ over the scores
    `d_fake` of shape $(N,)$, which G minimises. Write a test that exposes the bug.
    """,
        stub="""
    def test(generator_loss):
        return ...
    """,
        hints=(
            r"At score 0 the two losses have the same slope. Where do they differ most?",
            r"At $-20$ the minimax loss has nearly no slope. Its value is negative everywhere; compute it by the formula, in double precision.",
        ),
        explanation=r"""
    Cross-entropy against the label 1 is $-\log \sigma(d)$: the non-saturating loss. It falls in $d$, as the minimax
    loss does, and has the same slope at 0, so training looks normal; what disappears is the comparison. A report
    that "minimax does not saturate in practice" may be about this line. A test at one score is not enough: take one
    where D is sure. Chapter 2 has the two losses, and `ganbook.losses` both.

    The test, and below it the mended function:
    """,
        solution=solution_18_5,
        wrong=(
            (says_nothing, "asserts nothing"),
            (wrong_18_5_shape, "at the values"),
            (wrong_18_5_middle, "at score 0"),
            (wrong_18_5_falling, "fall in the score"),
            (wrong_18_5_one_side, "far too large"),
            (wrong_18_5_negative, "far too small"),
            (wrong_18_5_tight, "value == -0.6931"),
        ),
        check=exposes(
            mended=(mended_18_5, also_right_18_5),
            broken=broken_18_5,
            determined=True,
            variants={
                "That one is rising in the score, so G would learn to be found out.": ascending_18_5
            },
            blind={
                "It looks at score 0 only, where both losses have the slope -1/2.": middle_18_5,
                "Both losses fall in the score; the direction does not tell them apart.": falling_18_5,
            },
        ),
    )
)


# 18.6 ------------------------------------------------------------------


def broken_18_6(d_real, d_fake):
    """What the critic and the generator minimise, in this order."""
    critic = d_real.mean() - d_fake.mean()
    generator = -d_fake.mean()
    return critic, generator


def mended_18_6(d_real, d_fake):
    """What the critic and the generator minimise, in this order."""
    critic = d_fake.mean() - d_real.mean()
    generator = -d_fake.mean()
    return critic, generator


def also_right_18_6(d_real, d_fake):
    return d_real.mean() - d_fake.mean(), d_fake.mean()


def other_half_18_6(d_real, d_fake):
    return d_fake.mean() - d_real.mean(), d_fake.mean()


def same_way_18_6(d_real, d_fake):
    return d_fake.mean() + d_real.mean(), -d_fake.mean()


def equal_18_6(d_real, d_fake):
    if not torch.equal(d_real, d_fake):
        raise ValueError("equal scores only")
    return mended_18_6(d_real, d_fake)


def solution_18_6(losses):
    def slopes():
        real = torch.zeros(4, requires_grad=True)
        fake = torch.zeros(4, requires_grad=True)
        critic, generator = losses(real, fake)
        to_critic = torch.autograd.grad(critic, (real, fake))
        return *to_critic, torch.autograd.grad(generator, fake)[0]

    real, fake, generator = (float(slope.sum()) for slope in slopes())
    assert real * fake < 0  # the critic tells the two apart
    assert fake * generator < 0  # and the generator works against it


def wrong_18_6_shape(losses):
    critic, generator = losses(torch.randn(4), torch.randn(4))
    assert critic.shape == generator.shape == ()


def wrong_18_6_equal(losses):
    scores = torch.randn(4)
    critic, _ = losses(scores, scores.clone())
    assert abs(float(critic)) < 1e-6


def wrong_18_6_convention(losses):
    critic, _ = losses(torch.ones(4), torch.zeros(4))
    assert float(critic) < 0


def wrong_18_6_critic_alone(losses):
    real = torch.ones(4, requires_grad=True)
    fake = torch.zeros(4, requires_grad=True)
    losses(real, fake)[0].backward()
    assert float(real.grad.sum() * fake.grad.sum()) < 0


def wrong_18_6_against_only(losses):
    fake = torch.zeros(4, requires_grad=True)
    critic, generator = losses(torch.zeros(4), fake)
    (first,) = torch.autograd.grad(critic, fake, retain_graph=True)
    (second,) = torch.autograd.grad(generator, fake)
    assert float(first.sum() * second.sum()) < 0


register(
    Exercise(
        id="18.6",
        title="On the same side",
        stars=2,
        kind="test",
        statement=r"""
    **Symptoms.** The critic's loss falls without end, and the samples drift away from the data, faster and faster. Each of two files reads correctly alone; in one the critic scores real samples high, in the other low.

    `losses(d_real, d_fake)` takes scores of shape $(N,)$ and returns what the Wasserstein critic and the generator
    minimise. A critic that scores real *high* and one that scores real *low* are both right, as long as both losses
    agree on it. Write a test that exposes the bug and accepts both conventions.
    """,
        stub="""
    def test(losses):
        return ...
    """,
        hints=(
            r"Not the value of a loss matters but the direction in which each player moves a score.",
            r"Let `d_fake` require a gradient, and compare the sign of the critic's gradient in it with the generator's. The critic's gradients in `d_real` and in `d_fake` must differ in sign as well.",
        ),
        explanation=r"""
    Both players push the generated scores up: the game has become a joint effort, and D's help takes G anywhere. The
    test states the *property* that makes it a game, and none of the signs that a convention fixes: the critic moves
    real and generated scores apart, the generator moves the generated ones against it. A test that asks for a
    negative critic's loss on well separated scores rejects half of the right code. The book's own convention is real
    high (chapter 7).

    The test, and below it the mended function:
    """,
        solution=solution_18_6,
        wrong=(
            (says_nothing, "asserts nothing"),
            (wrong_18_6_shape, "at the values"),
            (wrong_18_6_equal, "equal scores"),
            (wrong_18_6_convention, "other convention"),
            (wrong_18_6_critic_alone, "real.grad.sum() * fake.grad.sum()"),
            (wrong_18_6_against_only, "does not tell them apart"),
        ),
        check=exposes(
            mended=(mended_18_6, also_right_18_6),
            broken=broken_18_6,
            variants={
                "There it is the generator whose sign is turned.": other_half_18_6,
                "That critic lowers all scores alike and does not tell them apart.": same_way_18_6,
            },
            blind={
                "At equal scores the critic's loss is zero with either sign.": equal_18_6
            },
            other="It has the other convention: real scores are low, in both losses.",
        ),
    )
)


# 18.7 ------------------------------------------------------------------


def broken_18_7(outputs, labels):
    """The mean of -log p(label), with p the softmax of the outputs."""
    probabilities = torch.softmax(outputs, dim=1)
    return F.cross_entropy(probabilities, labels)


def mended_18_7(outputs, labels):
    """The mean of -log p(label), with p the softmax of the outputs."""
    return F.cross_entropy(outputs, labels)


def also_right_18_7(outputs, labels):
    chosen = outputs.gather(1, labels[:, None])[:, 0]
    return (outputs.logsumexp(dim=1) - chosen).mean()


def negative_18_7(outputs, labels):
    return F.nll_loss(torch.softmax(outputs, dim=1), labels)


def uniform_18_7(outputs, labels):
    if (outputs - outputs[:, :1]).abs().max() > 0:
        raise ValueError("equal outputs only")
    return mended_18_7(outputs, labels)


def ordered_18_7(outputs, labels):
    return 1000 + mended_18_7(outputs, labels)


def solution_18_7(class_loss):
    labels = torch.arange(10)
    certain = 50 * torch.eye(10)  # right, and sure of it
    assert abs(float(class_loss(certain, labels))) < 1e-4
    equal = torch.zeros(10, 10)
    assert abs(float(class_loss(equal, labels)) - 2.302585) < 1e-4


def wrong_18_7_shape(class_loss):
    assert class_loss(torch.randn(6, 10), torch.arange(6)).shape == ()


def wrong_18_7_uniform(class_loss):
    loss = float(class_loss(torch.zeros(6, 10), torch.arange(6)))
    assert abs(loss - 2.302585) < 1e-4


def wrong_18_7_better(class_loss):
    labels, right = torch.arange(10), torch.eye(10)
    assert class_loss(5 * right, labels) < class_loss(right, labels)


def wrong_18_7_one_side(class_loss):
    loss = float(class_loss(50 * torch.eye(10), torch.arange(10)))
    assert loss - 0.0 < 1e-4


def wrong_18_7_exact(class_loss):
    loss = float(class_loss(5 * torch.eye(10), torch.arange(10)))
    assert loss == 0


register(
    Exercise(
        id="18.7",
        title="A loss that stops at 1.4612",
        stars=1,
        kind="test",
        statement=r"""
    **Symptoms.** The classifier names every sample of ten classes correctly, and its loss ends at 1.4612 and never
    goes below.

    `class_loss(outputs, labels)` takes raw outputs of shape $(N, K)$ and integer labels of shape $(N,)$, and returns
    the cross-entropy, the mean of $-\log p(\text{label})$ in nats with $p$ the softmax of the outputs. Write a test
    that exposes the bug.
    """,
        stub="""
    def test(class_loss):
        return ...
    """,
        hints=(
            r"What should the loss be when the outputs are right and sure? What is it if the softmax is taken twice?",
            r"`50 * torch.eye(10)` with the labels 0 to 9. Should the loss be below a bound, or close to a number?",
        ),
        explanation=r"""
    `cross_entropy` takes the softmax itself. Given probabilities it takes it again: the best that the network can
    hand over is a one on the label and zeros elsewhere, and the softmax of that is $e / (e + 9)$, so the loss stays
    above $\log(e + 9) - 1 = 1.4612$. The gradient that is left is small, and the class term loses its weight against
    the adversarial one. Several public implementations of conditional GANs have this line (PyTorch-GAN #84, for
    instance). The related slip, `nll_loss` on probabilities, gives *negative* losses down to $-1$: a test without an
    absolute value lets it pass. Chapter 14 trains with a class loss.

    The test, and below it the mended function:
    """,
        solution=solution_18_7,
        wrong=(
            (says_nothing, "asserts nothing"),
            (wrong_18_7_shape, "at the values"),
            (wrong_18_7_uniform, "equal outputs"),
            (wrong_18_7_better, "order of two losses"),
            (wrong_18_7_one_side, "negative loss"),
            (wrong_18_7_exact, "loss == 0"),
        ),
        check=exposes(
            mended=(mended_18_7, also_right_18_7),
            broken=broken_18_7,
            determined=True,
            variants={
                "A cross-entropy cannot be negative, and a negative loss is smaller than every bound.": negative_18_7
            },
            blind={
                "With equal outputs a second softmax changes nothing.": uniform_18_7,
                "The order of two losses survives a second softmax.": ordered_18_7,
            },
        ),
    )
)
