r"""Exercises 18.21 and 18.22: distances of unequal samples, likelihoods of several models."""

import math

import numpy as np
import torch

from ganbook.exercises.chapter18.common import says_nothing
from ganbook.exercises.engine.core import Exercise, exposes, register

# 18.21 -----------------------------------------------------------------


def frechet(a, b):
    """The Frechet distance of two Gaussians fitted to a and b."""
    cov_a, cov_b = np.cov(a.T), np.cov(b.T)
    roots = np.sqrt(np.linalg.eigvals(cov_a @ cov_b).real.clip(min=0))
    spread = np.trace(cov_a) + np.trace(cov_b) - 2 * roots.sum()
    return float(((a.mean(0) - b.mean(0)) ** 2).sum() + spread)


def broken_18_21(samplers, reference, frechet):
    """The Frechet distance of each sampler's samples to a reference."""
    return [frechet(samples, reference) for samples in samplers]


def mended_18_21(samplers, reference, frechet):
    """The Frechet distance of each sampler's samples to a reference."""
    n = min(len(samples) for samples in samplers)
    return [frechet(samples[:n], reference) for samples in samplers]


def also_right_18_21(samplers, reference, frechet):
    n, rng = min(map(len, samplers)), np.random.default_rng(0)
    rows = [rng.permutation(len(samples))[:n] for samples in samplers]
    pairs = zip(samplers, rows, strict=True)
    return [frechet(samples[chosen], reference) for samples, chosen in pairs]


def first_size_18_21(samplers, reference, frechet):
    n = len(samplers[0])
    return [frechet(samples[:n], reference) for samples in samplers]


def equal_18_21(samplers, reference, frechet):
    if len({len(samples) for samples in samplers}) > 1:
        raise ValueError("equal sizes only")
    return broken_18_21(samplers, reference, frechet)


def any_order_18_21(samplers, reference, frechet):
    return [1000.0 * frechet(s, reference) for s in samplers]


def solution_18_21(distances):
    def size(a, b):  # stands in for the Frechet distance
        return float(len(a))

    few, many = np.zeros((40, 8)), np.zeros((4000, 8))
    for samplers in ([few, many], [many, few]):
        first, second = distances(samplers, many, size)
        assert abs(first - second) < 1e-9


def wrong_18_21_shape(distances):
    x = np.random.default_rng(1).normal(size=(90, 3))
    assert len(distances([x[:30], x], x, frechet)) == 2


def wrong_18_21_equal(distances):
    draw = np.random.default_rng(1).normal
    samplers = [draw(size=(50, 3)) for _ in "ab"]
    first, second = distances(samplers, draw(size=(900, 3)), frechet)
    assert abs(first - second) < 1


def wrong_18_21_ranks(distances):
    draw = np.random.default_rng(1).normal
    good, bad = draw(size=(400, 3)), draw(size=(100, 3)) + 5
    first, second = distances([good, bad], draw(size=(900, 3)), frechet)
    assert first < second


def wrong_18_21_one_order(distances):
    draw = np.random.default_rng(1).normal
    few, many = draw(size=(40, 8)), draw(size=(4000, 8))
    found = distances([few, many], draw(size=(4000, 8)), frechet)
    assert max(found) < 3 * min(found)


def wrong_18_21_first_rows(distances):
    x = np.random.default_rng(1).normal(size=(4000, 8))
    found = distances([x[:40], x], x, frechet)
    assert found[0] == found[1]


register(
    Exercise(
        id="18.21",
        title="500 against 50,000",
        stars=2,
        kind="test",
        statement=r"""
    **Symptoms.** Two checkpoints of one run are compared, an early one by 50,000 samples and a late one by 500. The
    late one looks far worse. A second evaluation with 50,000 turns the order round.

    `distances(samplers, reference, frechet)` takes a list of arrays of features, of shapes $(N_i, d)$, and returns
    the list of their distances to the array `reference`, *comparable with one another*: samplers of one law must
    get about the same distance, whatever their sizes. `frechet(a, b)` is the distance of two arrays; your test hands
    it over, that of `ganbook.metrics` or one of your own. Write a test that exposes the bug.
    """,
        stub="""
    def test(distances):
        return ...
    """,
        hints=(
            r"What should the distances of two samplers be that draw from the same law?",
            r"The distance is an argument, so you may hand over a function that tells you what it was given. Try both orders of the list.",
        ),
        explanation=r"""
    A Fréchet distance from samples is biased upwards, and the bias is proportional to $1/N$: in $d$ dimensions, for
    the identity as covariance and a large reference, about $d/N + (d^2 + d)/(4N)$. Eight dimensions and 40 samples
    give about 0.65 where 4,000 give 0.01. Two numbers with different $N$ differ even if the samplers do not. Equal
    sizes make the biases equal, though they do not remove them; which rows are kept is free. The solution replaces
    the expensive distance by a stand-in that reports the size, so it needs neither chance nor a bound: where a part
    is handed over, a test may hand over its own. Chapter 9 has the formula of this floor.

    The test, and below it the mended function:
    """,
        solution=solution_18_21,
        wrong=(
            (says_nothing, "asserts nothing"),
            (wrong_18_21_shape, "at the values"),
            (wrong_18_21_equal, "equal sizes"),
            (wrong_18_21_ranks, "far apart"),
            (wrong_18_21_one_order, "the first array"),
            (wrong_18_21_first_rows, "other rows"),
        ),
        check=exposes(
            mended=(mended_18_21, also_right_18_21),
            broken=broken_18_21,
            variants={
                "There every array is cut to the size of the first array: try the longer one first.": first_size_18_21
            },
            blind={
                "Samples of equal sizes are compared fairly by the broken function too.": equal_18_21,
                "Samplers that lie far apart keep their order in spite of the bias.": any_order_18_21,
            },
            other="It keeps other rows of the longer array.",
        ),
    )
)


# 18.22 -----------------------------------------------------------------


def broken_18_22(log_p):
    """Log-likelihoods of a mixture, from those of its K members (K, N)."""
    return log_p.mean(dim=0)


def mended_18_22(log_p):
    """Log-likelihoods of a mixture, from those of its K members (K, N)."""
    return torch.logsumexp(log_p, dim=0) - math.log(len(log_p))


def also_right_18_22(log_p):
    top = log_p.max(dim=0).values.clamp(min=-1e30)  # all may be -inf
    return top + torch.exp(log_p - top).mean(dim=0).log()


def summed_18_22(log_p):
    return torch.logsumexp(log_p, dim=0)


def underflow_18_22(log_p):
    return log_p.exp().mean(dim=0).log()


def alike_18_22(log_p):
    if (log_p - log_p[:1]).abs().max() > 1e-6:
        raise ValueError("equal members only")
    return mended_18_22(log_p)


def bounded_18_22(log_p):
    return log_p.min(dim=0).values + 0.4 * (log_p.max(0)[0] - log_p.min(0)[0])


def solution_18_22(mixture):
    tables = torch.softmax(torch.randn(3, 4), dim=1)  # over four states
    total = mixture(tables.log()).exp()
    assert (total - tables.mean(dim=0)).abs().max() < 1e-5
    assert abs(float(total.sum()) - 1) < 1e-5
    far = mixture(torch.tensor([[-1000.0], [-1001.0]]))
    assert abs(float(far) + 1000.3799) < 1e-2


def wrong_18_22_shape(mixture):
    assert mixture(torch.randn(3, 4)).shape == (4,)


def wrong_18_22_alike(mixture):
    log_p = torch.log_softmax(torch.randn(1, 4), dim=1)
    assert (mixture(log_p.repeat(3, 1)) - log_p[0]).abs().max() < 1e-5


def wrong_18_22_between(mixture):
    log_p = torch.log_softmax(torch.randn(3, 4), dim=1)
    found = mixture(log_p)
    assert (found >= log_p.min(dim=0).values - 1e-5).all()
    assert (found <= log_p.max(dim=0).values + 1e-5).all()


def wrong_18_22_one_side(mixture):
    log_p = torch.log_softmax(torch.randn(3, 4), dim=1)
    assert float(mixture(log_p).exp().sum()) - 1 < 1e-5


def wrong_18_22_near(mixture):
    log_p = torch.log_softmax(torch.randn(3, 4), dim=1)
    assert abs(float(mixture(log_p).exp().sum()) - 1) < 1e-5


register(
    Exercise(
        id="18.22",
        title="A likelihood that does not sum to one",
        stars=2,
        kind="test",
        statement=r"""
    **Symptoms.** An ensemble of autoregressive models, one for each order of the pixels, is reported with a
    log-likelihood. It improves less than expected with each member. On small pictures the probabilities of all
    states can be added up: the sum is below one.

    `mixture(log_p)` takes the log-likelihoods of $N$ data under $K$ models, shape $(K, N)$, in nats, and returns
    those under the mixture of the models with equal weights, shape $(N,)$. Log-likelihoods of whole pictures are
    numbers such as $-1000$. Write a test that exposes the bug.
    """,
        stub="""
    def test(mixture):
        return ...
    """,
        hints=(
            r"What must the probabilities of *all* states of a model add up to?",
            r"Let $N$ be the states of a small model: rows from `torch.log_softmax`. Compare with the mean of the probabilities, and try two members at $-1000$ and $-1001$.",
        ),
        explanation=r"""
    The mean of logarithms is the logarithm of the *geometric* mean, and by Jensen's inequality it is at most that of
    the arithmetic one, with equality where the members agree. Without a normaliser it is the likelihood of nothing:
    the sum over the states falls short of one. Averaging the logits inside of each step normalises the steps, but
    then the product belongs to no order. A lower bound on a likelihood may be reported, as a bound. Adding up
    probabilities directly underflows in single precision below $e^{-104}$. Chapter 1.

    The test, and below it the mended function:
    """,
        solution=solution_18_22,
        wrong=(
            (says_nothing, "asserts nothing"),
            (wrong_18_22_shape, "at the values"),
            (wrong_18_22_alike, "members that agree"),
            (wrong_18_22_between, "between its members"),
            (wrong_18_22_one_side, "far too small"),
            (wrong_18_22_near, "underflow"),
        ),
        check=exposes(
            mended=(mended_18_22, also_right_18_22),
            broken=broken_18_22,
            determined=True,
            variants={
                "There the sum is not divided by the number of members.": summed_18_22,
                "There the probabilities of pictures underflow: try -1000.": underflow_18_22,
            },
            blind={
                "For members that agree, every mean is the same.": alike_18_22,
                "Both means lie between its members.": bounded_18_22,
            },
        ),
    )
)
