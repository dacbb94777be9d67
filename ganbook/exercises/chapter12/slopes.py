r"""Slopes of D: a norm along the wrong axis, and which score sees which sample."""

import torch
from torch import nn

from ganbook.exercises.engine.core import Exercise, classify, register
from ganbook.exercises.engine.words import say

# 12.4 ------------------------------------------------------------------


def broken_12_4(D, x):
    x = x.detach().requires_grad_(True)
    (g,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    return ((g.norm(2, dim=1) - 1) ** 2).mean()


def solution_12_4(D, x):
    x = x.detach().requires_grad_(True)
    (g,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    return ((g.flatten(1).norm(2, dim=1) - 1) ** 2).mean()


def alternative_12_4_squares(D, x):
    x = x.detach().requires_grad_(True)
    (g,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    squares = g.square().sum(dim=tuple(range(1, g.ndim)))
    return (squares - 2 * squares.sqrt() + 1).mean()


def wrong_12_4_whole_batch(D, x):
    x = x.detach().requires_grad_(True)
    (g,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    return (g.norm() - 1) ** 2


def wrong_12_4_mean_first(D, x):
    x = x.detach().requires_grad_(True)
    (g,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    return (g.flatten(1).norm(2, dim=1).mean() - 1) ** 2


def wrong_12_4_mean_score(D, x):
    x = x.detach().requires_grad_(True)
    (g,) = torch.autograd.grad(D(x).mean(), x, create_graph=True)
    return ((g.flatten(1).norm(2, dim=1) - 1) ** 2).mean()


def wrong_12_4_no_graph(D, x):
    x = x.detach().requires_grad_(True)
    (g,) = torch.autograd.grad(D(x).sum(), x)
    return ((g.flatten(1).norm(2, dim=1) - 1) ** 2).mean()


def wrong_12_4_last_axes(D, x):
    x = x.detach().requires_grad_(True)
    (g,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    return ((g.flatten(2).norm(2, dim=2) - 1) ** 2).mean()


def wrong_12_4_squeezed(D, x):
    x = x.detach().requires_grad_(True)
    (g,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    return ((g.squeeze().flatten(1).norm(2, dim=1) - 1) ** 2).mean()


def wrong_12_4_backward(D, x):
    x = x.detach().requires_grad_(True)
    D(x).sum().backward(create_graph=True)
    return ((x.grad.flatten(1).norm(2, dim=1) - 1) ** 2).mean()


def _critic_12_4(c, channels, dtype):
    D = nn.Sequential(
        nn.Flatten(), nn.Linear(9 * channels, 6), nn.Tanh(), nn.Linear(6, 1)
    )
    with torch.no_grad():
        for p in D.parameters():
            p.copy_(c.normal(tuple(p.shape), torch.float64))
    return D.to(dtype)


def check_12_4(answer, c):
    for dtype in c.dtypes:
        for n, channels in ((4, 1), (4, 2), (4, 3), (1, 2)):
            D = _critic_12_4(c, channels, dtype)
            x = c.normal((n, channels, 3, 3), dtype)
            norms = []
            for one in x:
                leaf = one[None].clone().requires_grad_(True)
                (g,) = torch.autograd.grad(D(leaf).sum(), leaf)
                norms.append(g.square().sum().sqrt())
            want = (torch.stack(norms) - 1).square().mean()
            got = c.call(answer, D, x)
            c.equal(
                got,
                want,
                rtol=1e-4,
                on=say(
                    "{n} picture(s) with {channels} channel(s), 3 x 3",
                    n=n,
                    channels=channels,
                ),
                mistakes={
                    "Axis 1 holds the channels: that is a norm for each pixel.": lambda D=D, x=x: (
                        broken_12_4(D, x)
                    ),
                    "That is one norm for the whole batch; each sample has its own.": lambda D=D, x=x: (
                        wrong_12_4_whole_batch(D, x)
                    ),
                    "The mean was taken before the square: samples above and below 1 cancel.": lambda D=D, x=x: (
                        wrong_12_4_mean_first(D, x)
                    ),
                    "The mean score divides each gradient by the number of samples; sum the scores.": lambda D=D, x=x: (
                        wrong_12_4_mean_score(D, x)
                    ),
                    **(
                        {
                            "A batch of one picture has lost its first axis on the way.": lambda D=D, x=x: (
                                wrong_12_4_squeezed(D, x)
                            ),
                        }
                        if n == 1  # where both have the same result
                        else {
                            "That is a norm for each channel; all entries of a sample belong together.": lambda D=D, x=x: (
                                wrong_12_4_last_axes(D, x)
                            ),
                        }
                    ),
                },
            )
            c.true(
                isinstance(got, torch.Tensor) and got.requires_grad,
                "No gradient reaches D's parameters: the graph of the slope must be kept.",
            )
            parameters = list(D.parameters())
            slopes, wanted = (
                torch.autograd.grad(value, parameters, allow_unused=True)
                for value in (got, solution_12_4(D, x))
            )
            c.true(
                all(
                    (slope is None) == (right is None)
                    and (
                        right is None
                        or c.agrees(slope, right, rtol=1e-3, atol=1e-5)
                    )
                    for slope, right in zip(slopes, wanted, strict=True)
                ),
                "The value is right, but its gradient in D's parameters is not: a part of it was detached.",
            )
            c.true(
                all(p.grad is None for p in D.parameters()),
                "D's parameters hold a gradient now, which D's next step would use: torch.autograd.grad leaves them alone.",
            )


register(
    Exercise(
        id="12.4",
        title="Find the bug: a norm for each pixel",
        stars=1,
        kind="bug",
        statement=r"""
    This is meant to be the term $\mathbb{E}(\lVert \nabla D(x) \rVert - 1)^2$ for pictures `x` of shape `(N, C, H, W)`, with the
    norm of each sample's whole gradient, as a scalar tensor through which gradients reach `D`. It runs, and the
    critic becomes far too steep. Mend it.
    """,
        stub="""
    def penalty(D, x):
        return ...
    """,
        broken=broken_12_4,
        hints=(
            r"Print the shape of the norms. How many should there be?",
            r"Flatten all axes but the first before taking the norm.",
        ),
        explanation=r"""
    For flat data axis 1 is the only axis of a sample; for pictures it holds the channels. With one channel the "norm"
    of a pixel is the absolute value of one number, and the penalty asks each of them to be 1. A whole gradient of
    norm 1 then looks as if it were nearly 0 everywhere.
    """,
        solution=solution_12_4,
        alternatives=(alternative_12_4_squares,),
        wrong=(
            (broken_12_4, "each pixel"),
            (wrong_12_4_whole_batch, "whole batch"),
            (wrong_12_4_mean_first, "before the square"),
            (wrong_12_4_mean_score, "divides each gradient"),
            (wrong_12_4_no_graph, "No gradient reaches"),
            (wrong_12_4_last_axes, "each channel"),
            (wrong_12_4_squeezed, "lost its first axis"),
            (wrong_12_4_backward, "next step would use"),
        ),
        check=check_12_4,
    )
)

# 12.5 ------------------------------------------------------------------

_TRUTH_12_5 = {
    "A": "other samples",
    "B": "own sample",
    "C": "own sample",
    "D": "other samples",
    "E": "own sample",
    "F": "other samples",
    "G": "own sample",
}


def solution_12_5():
    return {
        "A": "other samples",
        "B": "own sample",
        "C": "own sample",
        "D": "other samples",
        "E": "own sample",
        "F": "other samples",
        "G": "own sample",
    }


def _swap_12_5(key):
    other = {"own sample": "other samples", "other samples": "own sample"}
    return lambda: _TRUTH_12_5 | {key: other[_TRUTH_12_5[key]]}


_REASONS_12_5 = {
    "A": "Its mean and deviation are those of the batch.",
    "B": "Its mean and deviation run over the features of a single sample.",
    "C": "Running statistics are constants while D is evaluated.",
    "D": "The deviation that it appends is one over the batch.",
    "E": "It changes the weights, which are the same for every sample.",
    "F": "A pack is scored as a whole, so each score has several samples in it.",
    "G": "The mask is drawn at random, without looking at any sample.",
}

register(
    Exercise(
        id="12.5",
        title="Who sees whom?",
        stars=1,
        kind="classify",
        statement=r"""
    A discriminator scores a batch. On what does the score that belongs to one sample depend: on its `"own sample"` alone, or
    on `"other samples"` of the batch as well? Return a dict from letter to answer.

    - **A**: batch norm in training mode
    - **B**: layer norm
    - **C**: batch norm in evaluation mode
    - **D**: a minibatch standard deviation before the last layer
    - **E**: spectral normalisation of every layer
    - **F**: packs of two
    - **G**: dropout in training mode
    """,
        stub="""
    def sees():
        # {"A": "own sample", "B": ..., ...}
        return ...
    """,
        hints=(
            r"Replace all other samples of the batch by zeros. Does the score change?",
            r"Ask over which axis the layer computes, and whether it computes from samples at all.",
        ),
        explanation=r"""
    A, D and F mix samples: a penalty on the slope at one sample is not defined there (for packs it is the slope
    at a whole pack). B computes within a sample. C uses constants, E acts on weights, and G's randomness does not come from the samples.
    """,
        solution=solution_12_5,
        wrong=tuple(
            (_swap_12_5(key), words)
            for key, words in {
                "A": "those of the batch",
                "B": "features of a single",
                "C": "constants while",
                "D": "that it appends",
                "E": "changes the weights",
                "F": "scored as a whole",
                "G": "drawn at random",
            }.items()
        ),
        check=classify(
            _TRUTH_12_5,
            labels=("own sample", "other samples"),
            reasons={
                (key, label): reason
                for key, reason in _REASONS_12_5.items()
                for label in ("own sample", "other samples")
                if label != _TRUTH_12_5[key]
            },
        ),
    )
)
