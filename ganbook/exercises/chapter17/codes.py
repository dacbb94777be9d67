r"""Exercises of chapter 17: quantised codes, and what a loss on features cannot see."""

import math

import numpy as np
import torch

from ganbook.exercises.engine.core import Exercise, register, rubric
from ganbook.exercises.engine.mistakes import mistake, outcomes

# 17.11 -----------------------------------------------------------------


def solution_17_11(h, levels):
    soft = torch.tanh(h)
    hard = torch.round((soft + 1) / 2 * (levels - 1)) * 2 / (levels - 1) - 1
    return soft + (hard - soft).detach()


class _Rounded(torch.autograd.Function):
    @staticmethod
    def forward(ctx, soft, levels):
        return (
            torch.round((soft + 1) / 2 * (levels - 1)) * 2 / (levels - 1) - 1
        )

    @staticmethod
    def backward(ctx, slope):
        return slope, None


def alternative_17_11_function(h, levels):
    return _Rounded.apply(torch.tanh(h), levels)


def broken_17_11(h, levels):
    soft = torch.tanh(h)
    unit = (soft + 1) / 2
    return torch.round(unit * (levels - 1)) / (levels - 1) * 2 - 1


def wrong_17_11_soft(h, levels):
    return torch.tanh(h)


def wrong_17_11_identity(h, levels):
    return h + (broken_17_11(h, levels) - h).detach()


@mistake("That rounds down, half a step too low on average.")
def wrong_17_11_floor(h, levels):
    soft = torch.tanh(h)
    hard = torch.floor((soft + 1) / 2 * (levels - 1)) * 2 / (levels - 1) - 1
    return soft + (hard - soft).detach()


@mistake("L levels have L - 1 steps between them.")
def wrong_17_11_intervals(h, levels):
    soft = torch.tanh(h)
    hard = torch.round((soft + 1) / 2 * levels) * 2 / levels - 1
    return soft + (hard - soft).detach()


@mistake("The levels run from -1 to 1, so the width that is divided is 2.")
def wrong_17_11_unit(h, levels):
    soft = torch.tanh(h)
    hard = torch.round(soft * (levels - 1)) / (levels - 1)
    return soft + (hard - soft).detach()


def check_17_11(answer, c):
    for dtype in c.dtypes:
        for levels in (4, 3, 2, 8):
            shape = {4: (4, 6), 3: (5,), 2: (2, 3, 2), 8: (1, 7)}[levels]
            h = 1.5 * c.normal(shape, dtype)
            grid = torch.linspace(-1, 1, levels, dtype=dtype)
            place = (torch.tanh(h)[..., None] - grid).abs().argmin(-1)
            want = grid[place]
            got, (slope,) = c.call_grad(answer, h, levels)
            c.equal(
                got,
                want,
                rtol=1e-5,
                atol=1e-6,
                mistakes={"Nothing was rounded.": torch.tanh(h)}
                | outcomes(
                    (h, levels),
                    wrong_17_11_floor,
                    wrong_17_11_intervals,
                    wrong_17_11_unit,
                ),
            )
            c.equal(
                slope,
                1 - torch.tanh(h) ** 2,
                rtol=1e-4,
                atol=1e-5,
                says="The gradient is not that of tanh.",
                mistakes={
                    "No gradient gets through: rounding has slope 0 almost everywhere, and an encoder before it would never move.": torch.zeros_like(
                        h
                    ),
                    "The backward pass skips the rounding, not the tanh as well.": torch.ones_like(
                        h
                    ),
                },
            )


register(
    Exercise(
        id="17.11",
        title="Find the bug: an encoder that never moves",
        stars=2,
        kind="bug",
        statement=r"""
    This quantiser squashes `h` (any shape) into $(-1, 1)$ and rounds it to `levels` evenly spaced values from $-1$ to $1$, both included. The values are right, but the
    encoder before it never learns. Mend it, so that the values stay and the gradient is that of $\tanh$ alone.
    """,
        stub="""
    def quantise(h, levels):
        return ...
    """,
        hints=(
            r"What is the derivative of `torch.round`?",
            r"Add to `soft` a difference that has the right value and no gradient.",
        ),
        explanation=r"""
    `torch.round` is constant between its jumps, so its gradient is 0 and everything before it is cut off. `soft + (hard - soft).detach()` has the
    value of `hard` and the gradient of `soft`. This "straight-through" gradient is not the derivative of anything, and it is used because
    it works in practice; `hard` is never further than half a step from `soft`.
    """,
        broken=broken_17_11,
        solution=solution_17_11,
        alternatives=(alternative_17_11_function,),
        wrong=(
            (broken_17_11, "slope 0"),
            (wrong_17_11_soft, "Nothing was rounded"),
            (wrong_17_11_identity, "tanh as well"),
            wrong_17_11_floor,
            wrong_17_11_intervals,
            wrong_17_11_unit,
        ),
        check=check_17_11,
    )
)

# 17.12 -----------------------------------------------------------------


def solution_17_12(B, mean, S):
    U = np.linalg.svd(B)[2][np.linalg.matrix_rank(B) :]
    return U[0]  # a direction that B does not see


def alternative_17_12_projection(B, mean, S):
    seen = np.linalg.pinv(B) @ B
    rest = np.eye(B.shape[1]) - seen
    column = rest[:, np.argmax(np.abs(rest).sum(axis=0))]
    return column / np.linalg.norm(column)


def wrong_17_12_one_axis(B, mean, S):
    axis = np.eye(B.shape[1])[0]
    rest = axis - np.linalg.pinv(B) @ (B @ axis)
    return rest / np.linalg.norm(rest)


def wrong_17_12_zero(B, mean, S):
    return np.zeros(B.shape[1])


def wrong_17_12_row(B, mean, S):
    return B[0] / np.linalg.norm(B[0])


def wrong_17_12_mean(B, mean, S):
    return mean / np.linalg.norm(mean)


def wrong_17_12_eigen(B, mean, S):
    return np.linalg.eigh(S)[1][:, 0]


def wrong_17_12_short(B, mean, S):
    return 1e-3 * solution_17_12(B, mean, S)


def wrong_17_12_output(B, mean, S):
    return np.ones(B.shape[0]) / math.sqrt(B.shape[0])


def check_17_12(answer, c):
    turn = 0
    for k, d in ((1, 2), (2, 4), (3, 5), (1, 3), *((2, 3),) * 3):
        B = c.rng.normal(size=(k, d))
        if k == 2 and d == 3:  # only one axis is unseen, each in its turn
            axes = np.eye(3)[np.roll([0, 1, 2], turn)]
            B, turn = B[:, :2] @ axes[:2], turn + 1
        mean = c.rng.normal(size=d) + 1
        C = c.rng.normal(size=(d, d))
        S = C @ C.T + np.eye(d)
        got = np.asarray(c.call(answer, B, mean, S), dtype=float)
        c.true(
            got.shape == (d,),
            "The shift is one of samples, with as many entries as B has columns.",
        )
        c.true(
            not np.isnan(got).any(),
            "The shift has NaN in its entries. B may see an axis fully, and nothing of that axis is left then.",
        )
        c.true(
            np.isfinite(got).all() and np.linalg.norm(got) > 0,
            "A shift of length 0 changes nothing, in front of the features or behind them.",
        )
        c.true(
            abs(np.linalg.norm(got) - 1) < 1e-6,
            "The shift has to have length 1: make it as long as asked.",
        )
        seen = np.linalg.norm(B @ got)
        if seen > 1e-8:
            if np.allclose(np.abs(got), np.abs(wrong_17_12_row(B, mean, S))):
                c.fail(
                    "That is a row of B, the direction that the first feature sees best."
                )
            if np.allclose(np.abs(got), np.abs(wrong_17_12_mean(B, mean, S))):
                c.fail(
                    "The mean of the data has nothing to do with what B sees."
                )
            if np.allclose(
                np.abs(got), np.abs(wrong_17_12_eigen(B, mean, S)), atol=1e-6
            ):
                c.fail(
                    "Little variance of the data is not blindness of the features: the direction comes from B alone."
                )
            c.true(
                np.all(B != 0),
                "The features change under this shift. B may see an axis fully, and nothing of that axis is left then.",
            )
            c.fail("The features change under this shift.")


register(
    Exercise(
        id="17.12",
        title="Blind features",
        stars=2,
        kind="function",
        statement=r"""
    A discriminator looks at samples through linear features $\varphi(x) = B x$, with `B` of shape `(k, d)`, $k < d$ and full rank. Data are normal with
    mean `mean` and covariance `S`. Write `unseen(B, mean, S)`: a shift of length 1 of all generated samples, an array of shape `(d,)`, that
    no discriminator on these features can notice, whatever its loss.
    """,
        stub="""
    def unseen(B, mean, S):
        return ...
    """,
        hints=(
            r"The features of $x + v$ are $Bx + Bv$.",
            r"Find $v$ with $Bv = 0$: the last rows of $V^\top$ in the singular value decomposition of $B$.",
        ),
        explanation=r"""
    Any $v$ with $Bv = 0$ will do: the law of the features stays what it was, and with it every divergence of it. In such directions
    a generator gets no gradient. A Fréchet distance on the same features is blind in the same directions, so a
    generator that was trained through the features of a metric can score better on it than it deserves.
    """,
        solution=solution_17_12,
        alternatives=(alternative_17_12_projection,),
        wrong=(
            (wrong_17_12_zero, "length 0"),
            (wrong_17_12_one_axis, "nothing of that axis"),
            (wrong_17_12_row, "row of B"),
            (wrong_17_12_mean, "mean of the data"),
            (wrong_17_12_eigen, "Little variance"),
            (wrong_17_12_short, "as long as asked"),
            (wrong_17_12_output, "as B has columns"),
        ),
        check=check_17_12,
    )
)

# 17.13 -----------------------------------------------------------------


def solution_17_13():
    return (
        "In June 2026 the third version of a preprint of September 2025 reported a Fréchet distance of 2.18 with one call "
        "of the generator on ImageNet at 256 x 256, with classes given. Its discriminator works in the latent space of a "
        "pretrained autoencoder. It is one paper's number, for one data set and one metric; it does not say that GANs are "
        "better than diffusion models, and we have not run it."
    )


register(
    Exercise(
        id="17.13",
        title="An honest outlook",
        stars=2,
        kind="rubric",
        statement=r"""
    A draft says: "Recently GANs have overtaken diffusion models and are again the best image generators." Rewrite it in at most five
    sentences, for one paper of your choice that this chapter cites, so that it can still be read in ten years.
    """,
        stub="""
    def outlook():
        return ...
    """,
        hints=(
            r"What does *recently* mean to somebody who reads this in 2036?",
            r"Best by which number, on which data, with how many calls of the network, and as reported by whom?",
        ),
        explanation=r"""
    An outlook ages. What keeps is a date, a source, a number with its setting, and what was *not* shown. "Overtaken"
    is a judgement over all data sets and metrics, and no paper has made that measurement.
    """,
        solution=solution_17_13,
        check=rubric(
            "a date, and the version of the paper that is quoted",
            "the data set, the metric, the number, and the calls of the network per sample",
            "what was pretrained, and on what",
            "what the number does not show",
        ),
    )
)
