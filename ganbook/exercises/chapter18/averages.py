r"""Exercises 18.15 and 18.16: what is averaged, and which axes are dropped."""

import copy

import torch

from ganbook.exercises.chapter18.common import says_nothing
from ganbook.exercises.engine.core import Exercise, exposes, register

# 18.15 -----------------------------------------------------------------


def broken_18_15(average, model, decay):
    """Move the average towards the model: decay * average + ..."""
    with torch.no_grad():
        pairs = zip(average.parameters(), model.parameters(), strict=True)
        for kept, new in pairs:
            kept.mul_(decay).add_(new, alpha=1 - decay)


def mended_18_15(average, model, decay):
    """Move the average towards the model: decay * average + ..."""
    with torch.no_grad():
        pairs = zip(average.parameters(), model.parameters(), strict=True)
        for kept, new in pairs:
            kept.mul_(decay).add_(new, alpha=1 - decay)
        for kept, new in zip(average.buffers(), model.buffers(), strict=True):
            kept.copy_(new)


def also_right_18_15(average, model, decay):
    new = model.state_dict()
    for name, kept in average.state_dict().items():
        if kept.is_floating_point():
            kept.lerp_(new[name], 1 - decay)
        else:
            kept.copy_(new[name])


def swapped_18_15(average, model, decay):
    mended_18_15(average, model, 1 - decay)


def plain_18_15(average, model, decay):
    if list(model.buffers()):
        raise ValueError("a model without buffers only")
    mended_18_15(average, model, decay)


def trained_18_15(average, model, decay):
    broken_18_15(average, model, decay)
    for module in average.modules():
        module.register_forward_pre_hook(in_training_18_15)


def in_training_18_15(module, given):
    if not module.training:
        raise ValueError("in training mode only")


def solution_18_15(update):
    model = torch.nn.Sequential(
        torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3)
    )
    average = copy.deepcopy(model)
    model[0].weight.data += 1.0
    expected = average[0].weight.detach() + 0.1
    model(10 * torch.randn(64, 2))  # running statistics move
    update(average, model, 0.9)
    assert (average[0].weight - expected).abs().max() < 1e-4
    for _ in range(40):
        update(average, model, 0.5)
    x = torch.randn(8, 2)
    apart = average.eval()(x) - model.eval()(x)
    assert apart.abs().max() < 1e-3


def wrong_18_15_plain(update):
    model, average = torch.nn.Linear(2, 3), torch.nn.Linear(2, 3)
    expected = 0.9 * average.weight.detach() + 0.1 * model.weight.detach()
    update(average, model, 0.9)
    assert (average.weight - expected).abs().max() < 1e-5


def _pair_18_15():
    model = torch.nn.Sequential(
        torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3)
    )
    average = copy.deepcopy(model)
    model(10 * torch.randn(64, 2))
    return average, model


def wrong_18_15_training(update):
    average, model = _pair_18_15()
    average[0].weight.data += 1.0
    for _ in range(40):
        update(average, model, 0.5)
    x = torch.randn(8, 2)
    assert (average(x) - model(x)).abs().max() < 1e-3


def wrong_18_15_end(update):
    average, model = _pair_18_15()
    for _ in range(40):
        update(average, model, 0.6)
    x = torch.randn(8, 2)
    assert (average.eval()(x) - model.eval()(x)).abs().max() < 1e-3


def wrong_18_15_copied(update):
    average, model = _pair_18_15()
    update(average, model, 0.9)
    apart = average[1].running_var - model[1].running_var
    assert apart.abs().max() < 1e-5


register(
    Exercise(
        id="18.15",
        title="The average in evaluation",
        stars=2,
        kind="test",
        statement=r"""
    **Symptoms.** In evaluation mode the averaged generator gives bad samples, whatever G has learned; in training
    mode the same weights give good ones.

    `update(average, model, decay)` moves a network `average` towards a `model` of the same form, in place: each
    parameter becomes `decay` times itself plus `1 - decay` times the model's. Afterwards `average` must be usable in
    evaluation mode: after many updates towards a model that stands still, both give the same output. Write a test
    that exposes the bug.
    """,
        stub="""
    def test(update):
        return ...
    """,
        hints=(
            r"A network holds more than parameters. What does batch normalisation use in evaluation mode?",
            r"Let the model see a batch, so that its running statistics move. Update many times, then compare both in evaluation mode. One first update tells `decay` from `1 - decay`.",
        ),
        explanation=r"""
    `parameters()` does not contain the buffers: the running means and variances of batch normalisation stay at 0 and
    1, their values at the start, and in evaluation mode the averaged network divides by the wrong spread. The
    function `update_average` of the public repository GAN_stability averages parameters alone. Copying the buffers
    and averaging them are both right, so a test must not demand either after one step; in the limit they agree.
    Chapter 12 averages generators.

    The test, and below it the mended function:
    """,
        solution=solution_18_15,
        wrong=(
            (says_nothing, "asserts nothing"),
            (wrong_18_15_plain, "no buffers"),
            (wrong_18_15_training, "compares in training mode"),
            (wrong_18_15_end, "are exchanged"),
            (wrong_18_15_copied, "averages the buffers"),
        ),
        check=exposes(
            mended=(mended_18_15, also_right_18_15),
            broken=broken_18_15,
            variants={
                "There decay and 1 - decay are exchanged, and the limit is the same.": swapped_18_15
            },
            blind={
                "That model has no buffers.": plain_18_15,
                "It compares in training mode, where the buffers are not used.": trained_18_15,
            },
            other="It averages the buffers, where the mended one copies them.",
        ),
    )
)


# 18.16 -----------------------------------------------------------------


def broken_18_16(D, x):
    """One score for each sample: shape (N,)."""
    return D(x).squeeze()


def mended_18_16(D, x):
    """One score for each sample: shape (N,)."""
    return D(x).reshape(len(x))


def also_right_18_16(D, x):
    return D(x).flatten()


def summed_18_16(D, x):
    return D(x).mean().expand(len(x))


def several_18_16(D, x):
    if len(x) == 1:
        raise ValueError("no batch of one")
    return mended_18_16(D, x)


def solution_18_16(scores):
    D = torch.nn.Sequential(torch.nn.Conv2d(1, 1, 4))  # (N, 1, 1, 1)
    for n in (1, 5):
        x = torch.randn(n, 1, 4, 4)
        found = scores(D, x)
        assert found.shape == (n,), f"{n} samples: {tuple(found.shape)}"
        assert (found - D(x).view(n)).abs().max() < 1e-5


def wrong_18_16_several(scores):
    D, x = torch.nn.Linear(3, 1), torch.randn(5, 3)
    assert scores(D, x).shape == (5,)
    assert (scores(D, x) - D(x)[:, 0]).abs().max() < 1e-5


def wrong_18_16_values(scores):
    D, x = torch.nn.Linear(3, 1), torch.randn(1, 3)
    assert abs(float(scores(D, x)) - float(D(x))) < 1e-5


def wrong_18_16_shape(scores):
    D = torch.nn.Linear(3, 1)
    for n in (1, 5):
        assert scores(D, torch.randn(n, 3)).shape == (n,)


def wrong_18_16_column(scores):
    D = torch.nn.Linear(3, 1)
    assert scores(D, torch.randn(1, 3)).shape == (1, 1)


register(
    Exercise(
        id="18.16",
        title="A batch of one",
        stars=1,
        kind="test",
        statement=r"""
    **Symptoms.** Training runs for an epoch and stops at its last batch, with an error about dimensions or with one
    score that has no length. The data set has 60,001 pictures, the batches 100.

    `scores(D, x)` returns the scores of the $N$ samples in `x` as a tensor of shape $(N,)$, for a `D` whose output
    has one number for each sample, in a shape such as $(N, 1)$ or $(N, 1, 1, 1)$. Write a test that exposes the bug.
    """,
        stub="""
    def test(scores):
        return ...
    """,
        hints=(
            r"`squeeze()` drops every axis of length 1. Which one should stay?",
            r"Ask for the shape with one sample and with five, and compare the values as well: a right shape can hold the wrong numbers.",
        ),
        explanation=r"""
    With one sample the batch axis has length 1 and goes with the others. The scores become a number, `len` fails,
    and beside a tensor of shape $(1,)$ it broadcasts without a word. The public code of MoCoGAN squeezes its
    outputs in this way. Name the axis, or reshape to `len(x)`. Here the shape *is* what the test is about, but a
    shape alone lets a function pass that returns the batch's mean for every sample. Chapter 16 has discriminators of
    clips, where time can have length 1 too.

    The test, and below it the mended function:
    """,
        solution=solution_18_16,
        wrong=(
            (says_nothing, "asserts nothing"),
            (wrong_18_16_several, "single sample"),
            (wrong_18_16_values, "float(D(x))"),
            (wrong_18_16_shape, "the batch's mean"),
            (wrong_18_16_column, "fails on the mended"),
        ),
        check=exposes(
            mended=(mended_18_16, also_right_18_16),
            broken=broken_18_16,
            variants={
                "That one has the right shape and holds the batch's mean in every place.": summed_18_16,
            },
            blind={"It never tries a single sample.": several_18_16},
        ),
    )
)
