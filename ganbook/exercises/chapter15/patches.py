r"""Exercises 15.7 and 15.8: receptive fields, and the weight of an error."""

import torch
from torch.nn.functional import logsigmoid, softplus

from ganbook.exercises.engine.core import Exercise, register
from ganbook.exercises.engine.mistakes import mistake, outcomes

# 15.7 ------------------------------------------------------------------


def solution_15_7(layers):
    field, step = 1, 1
    for kernel, stride in layers:
        field += (kernel - 1) * step
        step *= stride
    return field


def alternative_15_7_backwards(layers):
    field = 1
    for kernel, stride in reversed(layers):
        field = (field - 1) * stride + kernel
    return field


@mistake("A layer's own stride acts only on the layers after it.")
def wrong_15_7_own(layers):
    field, step = 1, 1
    for kernel, stride in layers:
        step *= stride
        field += (kernel - 1) * step
    return field


@mistake("Strides are missing: after a stride of 2, a step is two pixels.")
def wrong_15_7_kernels(layers):
    return 1 + sum(kernel - 1 for kernel, _ in layers)


@mistake("A kernel of k spans k - 1 steps, not k.")
def wrong_15_7_whole(layers):
    field, step = 1, 1
    for kernel, stride in layers:
        field += kernel * step
        step *= stride
    return field


@mistake(
    "The sum starts at 1: with no layers the output is the pixel itself."
)
def wrong_15_7_zero(layers):
    return solution_15_7(layers) - 1


@mistake("All earlier strides multiply, not the last one alone.")
def wrong_15_7_last(layers):
    field, step = 1, 1
    for kernel, stride in layers:
        field += (kernel - 1) * step
        step = stride
    return field


@mistake("The list begins at the input.")
def wrong_15_7_reversed(layers):
    return solution_15_7(list(reversed(layers)))


def check_15_7(answer, c):
    cases = [
        [(3, 2), (5, 3), (2, 2), (7, 1)],
        [(4, 2), (4, 1), (4, 1)],
        [(4, 2)] * 3 + [(4, 1)] * 2,
        [],
    ]
    for _ in range(4):
        n = c.integer(2, 5)
        cases.append([(c.integer(1, 7), c.integer(1, 3)) for _ in range(n)])
    for layers in cases:
        c.equal(
            c.call(answer, layers),
            alternative_15_7_backwards(layers),
            mistakes=outcomes(
                (layers,),
                wrong_15_7_own,
                wrong_15_7_kernels,
                wrong_15_7_whole,
                wrong_15_7_zero,
                wrong_15_7_last,
                wrong_15_7_reversed,
            ),
        )


register(
    Exercise(
        id="15.7",
        title="How far a score looks",
        stars=1,
        kind="function",
        statement=r"""
    Write `field(layers)`: the side, in pixels, of the patch on which one output of a stack of convolutions depends.
    `layers` is a list of pairs (kernel, stride) from the input on, possibly empty. For `[(4, 2), (4, 1), (4, 1)]` it is
    16.
    """,
        stub="""
    def field(layers):
        return ...
    """,
        hints=(
            r"How many pixels does one step of a layer's input measure?",
            r"Either add $(k - 1)$ times the product of all earlier strides, or go backwards from a field of 1.",
        ),
        explanation=r"""
    Forwards: each kernel reaches $k - 1$ steps further, and a step is the product of the strides before it. Backwards: a
    field of $r$ outputs needs $(r - 1)s + k$ inputs. Both give the same number.
    """,
        solution=solution_15_7,
        alternatives=(alternative_15_7_backwards,),
        wrong=(
            wrong_15_7_own,
            wrong_15_7_kernels,
            wrong_15_7_whole,
            wrong_15_7_zero,
            wrong_15_7_last,
            wrong_15_7_reversed,
        ),
        check=check_15_7,
    )
)

# 15.8 ------------------------------------------------------------------


def solution_15_8(scores, made, target, weight):
    adversarial = softplus(-scores).mean()
    return adversarial + weight * (made - target).abs().mean()


def alternative_15_8_by_hand(scores, made, target, weight):
    adversarial = -logsigmoid(scores).sum() / scores.numel()
    missed = torch.abs(target - made).sum() / made.numel()
    return adversarial + missed * weight


def broken_15_8(scores, made, target, weight):
    adversarial = softplus(-scores).mean()
    return adversarial + weight * (made - target).abs().sum() / len(made)


@mistake("The patches of a picture are averaged, not added up.")
def wrong_15_8_patches(scores, made, target, weight):
    adversarial = softplus(-scores).flatten(1).sum(1).mean()
    return adversarial + weight * (made - target).abs().mean()


@mistake("Average the losses of the patches, not their scores.")
def wrong_15_8_mean_score(scores, made, target, weight):
    adversarial = softplus(-scores.mean())
    return adversarial + weight * (made - target).abs().mean()


@mistake("That is what D pays for generated patches.")
def wrong_15_8_sign(scores, made, target, weight):
    adversarial = softplus(scores).mean()
    return adversarial + weight * (made - target).abs().mean()


@mistake("The absolute error was asked for, and this one squares it.")
def wrong_15_8_squared(scores, made, target, weight):
    adversarial = softplus(-scores).mean()
    return adversarial + weight * (made - target).square().mean()


@mistake("The weight stands at the adversarial term.")
def wrong_15_8_bare(scores, made, target, weight):
    adversarial = softplus(-scores).mean()
    return weight * adversarial + (made - target).abs().mean()


@mistake("A picture has H * W pixels, and H and W need not be equal.")
def wrong_15_8_square(scores, made, target, weight):
    adversarial = softplus(-scores).mean()
    missed = (made - target).abs().sum() / len(made)
    return adversarial + weight * missed / made.shape[-1] ** 2


def wrong_15_8_overflow(scores, made, target, weight):
    adversarial = torch.log(1 + torch.exp(-scores)).mean()
    return adversarial + weight * (made - target).abs().mean()


def check_15_8(answer, c):
    for dtype, far in [(d, s) for d in c.dtypes for s in (3.0, 900.0)]:
        n, side = c.integer(2, 4), c.integer(3, 6)
        scores = far * c.normal((n, 3, 5), dtype)
        scores[0, 0, 0] = -far
        made, target = c.uniform(-1, 1, (2, n, 1, side, side + 2), dtype)
        weight = c.number(0.5, 3) if far < 9 else 100.0
        got, grads = c.call_grad(answer, scores, made, target, weight)
        c.true(
            not torch.isinf(got).any(),
            "It overflows for scores far from zero; `softplus` does not.",
        )
        c.equal(
            got,
            alternative_15_8_by_hand(scores, made, target, weight),
            rtol=1e-5,
            mistakes={
                "The error is still a sum over the pixels of a picture.": broken_15_8(
                    scores, made, target, weight
                )
            }
            | outcomes(
                (scores, made, target, weight),
                wrong_15_8_patches,
                wrong_15_8_mean_score,
                wrong_15_8_sign,
                wrong_15_8_squared,
                wrong_15_8_square,
                wrong_15_8_bare,
            ),
        )
        want = weight * (made - target).sign() / made.numel()
        c.true(
            torch.allclose(grads[1], want, rtol=1e-4),
            "The gradient in `made` is not that of the error.",
        )


register(
    Exercise(
        id="15.8",
        title="Find the bug: the adversary that drowned",
        stars=2,
        kind="bug",
        statement=r"""
    This is meant to be $G$'s loss in pix2pix: the non-saturating loss, as the mean over all patches of all pictures
    (`scores` has the shape `(N, h, w)`), plus `weight` times the mean absolute error per pixel between `made` and
    `target`, both `(N, 1, H, W)`. Training looks calm, and the pictures are as blurred as those of the error alone. Mend
    it; return a scalar tensor through which gradients flow.
    """,
        stub="""
    def generator_loss(scores, made, target, weight):
        return ...
    """,
        hints=(
            r"Shift `made` by 0.01 everywhere. By how much should the loss rise, and by how much does it?",
            r"Look at what the error is divided by.",
        ),
        explanation=r"""
    The error was divided by the number of pictures and not by the number of pixels, so that the weight was $H \cdot W$
    times what it says: 784 times on 28 by 28 pixels. A weight belongs to a mean over the same things in every program that
    quotes it.
    """,
        solution=solution_15_8,
        alternatives=(alternative_15_8_by_hand,),
        broken=broken_15_8,
        wrong=(
            (broken_15_8, "sum over the pixels"),
            wrong_15_8_patches,
            wrong_15_8_mean_score,
            wrong_15_8_sign,
            wrong_15_8_squared,
            wrong_15_8_bare,
            wrong_15_8_square,
            (wrong_15_8_overflow, "It overflows"),
        ),
        check=check_15_8,
    )
)
