r"""Exercise 18.12: the order of the data."""

import torch

from ganbook.exercises.chapter18.common import says_nothing
from ganbook.exercises.engine.core import Exercise, exposes, register

# 18.12 -----------------------------------------------------------------


def broken_18_12(n, epochs, start=0, seed=0):
    """The order of n samples in each epoch, start to epochs - 1."""
    generator = torch.Generator().manual_seed(seed)
    orders = []
    for _ in range(start, epochs):
        orders.append(torch.randperm(n, generator=generator))
    return orders


def mended_18_12(n, epochs, start=0, seed=0):
    """The order of n samples in each epoch, start to epochs - 1."""
    generator = torch.Generator().manual_seed(seed)
    orders = []
    for _ in range(epochs):
        orders.append(torch.randperm(n, generator=generator))
    return orders[start:]


def also_right_18_12(n, epochs, start=0, seed=0):
    orders = []
    for epoch in range(start, epochs):
        own = torch.Generator().manual_seed(1_000_003 * seed + epoch)
        orders.append(torch.randperm(n, generator=own))
    return orders


def same_18_12(n, epochs, start=0, seed=0):
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    return [order.clone() for _ in range(start, epochs)]


def unseeded_18_12(n, epochs, start=0, seed=0):
    return [torch.randperm(n) for _ in range(start, epochs)]


def one_seed_18_12(n, epochs, start=0, seed=0):
    return mended_18_12(n, epochs, start)


def identity_18_12(n, epochs, start=0, seed=0):
    if start:
        raise ValueError("from the start only")
    return mended_18_12(n, epochs, start, seed)


def solution_18_12(orders):
    whole, resumed = orders(50, 4), orders(50, 4, start=2)
    assert len(whole) == 4 and len(resumed) == 2
    for order, again in zip(whole[2:], resumed, strict=True):
        assert torch.equal(order, again)
    assert not torch.equal(whole[0], whole[1])
    assert not torch.equal(orders(50, 1, seed=1)[0], whole[0])


def wrong_18_12_permutation(orders):
    for order in orders(50, 4, start=2):
        assert torch.equal(order.sort().values, torch.arange(50))


def wrong_18_12_twice(orders):
    first, second = orders(50, 4), orders(50, 4)
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def wrong_18_12_resumed(orders):
    whole, resumed = orders(50, 4), orders(50, 4, start=2)
    for order, again in zip(whole[2:], resumed, strict=True):
        assert torch.equal(order, again)


def wrong_18_12_no_seed(orders):
    whole, resumed = orders(50, 4), orders(50, 4, start=2)
    assert torch.equal(whole[2], resumed[0])
    assert not torch.equal(whole[0], whole[1])


def wrong_18_12_fixed(orders):
    known = torch.Generator().manual_seed(0)
    wanted = [torch.randperm(50, generator=known) for _ in range(4)]
    assert torch.equal(orders(50, 4, start=2)[0], wanted[2])


def wrong_18_12_small(orders):
    assert torch.equal(orders(1, 4)[2], orders(1, 4, start=2)[0])


register(
    Exercise(
        id="18.12",
        title="Resumed",
        stars=1,
        kind="test",
        statement=r"""
    **Symptoms.** A run that was stopped after epoch 2 and resumed does not end where the uninterrupted run ends. The
    same pictures stand in the first batch of every session.

    `orders(n, epochs, start=0, seed=0)` returns a list with one permutation of $0, \dots, n - 1$, a tensor of
    integers, for each of the epochs `start`, ..., `epochs - 1`. Each epoch has an order of its own, it is the same
    whether the run was resumed or not, and it depends on the seed. Write a test that exposes the bug.
    """,
        stub="""
    def test(orders):
        return ...
    """,
        hints=(
            r"Ask for the same epoch twice: once from the beginning, once from a later start.",
            r"Compare `orders(50, 4)[2:]` with `orders(50, 4, start=2)`. Which wrong function would pass that, because all its epochs are alike?",
        ),
        explanation=r"""
    The generator is seeded anew at the start of every session, so a resumed run sees the order of epoch 0 again. With
    short sessions some pictures always come first and others, if a session ends within an epoch, never. A
    comparison of two whole runs is blind to this, and so is a check that each order is a permutation. Drawing the
    earlier orders, or a seed for each epoch, are both right; a test that expects the numbers of one of them refuses
    the other. Checkpoints that keep everything are described under *Running the book*; chapter 3 trains in epochs.

    The test, and below it the mended function:
    """,
        solution=solution_18_12,
        wrong=(
            (says_nothing, "asserts nothing"),
            (wrong_18_12_permutation, "torch.arange(50)"),
            (wrong_18_12_twice, "never resumes"),
            (wrong_18_12_resumed, "all epochs alike"),
            (wrong_18_12_no_seed, "not looked at"),
            (wrong_18_12_fixed, "seed for each epoch"),
            (wrong_18_12_small, "orders(1, 4)"),
        ),
        check=exposes(
            mended=(mended_18_12, also_right_18_12),
            broken=broken_18_12,
            variants={
                "There all epochs alike have one order, and resuming changes nothing.": same_18_12,
                "There the order comes from torch's global generator.": unseeded_18_12,
                "There the seed is not looked at: two seeds give the same orders.": one_seed_18_12,
            },
            blind={
                "It never resumes: it asks from the start only.": identity_18_12
            },
            other="That one has a seed for each epoch, so its orders are others.",
        ),
    )
)
