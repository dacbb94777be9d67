r"""Exercises of chapter 3: the article's program, its pictures, and what its curves do not say."""

import copy
import math
from itertools import pairwise

import numpy as np
import torch
from scipy.linalg import sqrtm
from torch import nn
from torch.nn.functional import binary_cross_entropy

from ganbook.exercises.engine.core import (
    Exercise,
    choice,
    classify,
    register,
    rubric,
)
from ganbook.exercises.engine.explain import Verdict

# 3.1 ---------------------------------------------------------------------------------------------------------------


def solution_3_1(widths):
    return sum((a + 1) * b for a, b in pairwise(widths))


def alternative_3_1_torch(widths):
    layers = [nn.Linear(a, b, device="meta") for a, b in pairwise(widths)]
    return sum(p.numel() for layer in layers for p in layer.parameters())


def wrong_3_1_no_biases(widths):
    return sum(a * b for a, b in pairwise(widths))


def wrong_3_1_bias_per_input(widths):
    return sum(a * (b + 1) for a, b in pairwise(widths))


def wrong_3_1_units(widths):
    return sum(widths)


def wrong_3_1_no_output(widths):
    return solution_3_1(widths[:-1])


def wrong_3_1_both(widths):
    return sum((a + 1) * (b + 1) for a, b in pairwise(widths))


def check_3_1(answer, c):
    cases = [[100, 256, 512, 1024, 784], [784, 1024, 512, 256, 1], [3, 2]]
    cases += [
        [c.integer(1, 40) for _ in range(c.integer(2, 6))] for _ in range(4)
    ]
    for widths in cases:
        truth = sum(
            p.numel()
            for a, b in pairwise(widths)
            for p in nn.Linear(a, b, device="meta").parameters()
        )
        c.equal(
            c.call(answer, widths),
            truth,
            mistakes={
                "Each unit also has a bias.": wrong_3_1_no_biases(widths),
                "A bias belongs to each unit that a layer puts out, not to each that it takes in.": wrong_3_1_bias_per_input(
                    widths
                ),
                "That counts units; a layer has a weight for each pair of them.": wrong_3_1_units(
                    widths
                ),
                "The last layer is missing.": wrong_3_1_no_output(widths),
                "There is no extra weight on the side of the output.": wrong_3_1_both(
                    widths
                ),
            },
        )


register(
    Exercise(
        id="3.1",
        title="How many numbers does a player have?",
        stars=1,
        kind="function",
        statement=r"""
Write `parameters(widths)`: the number of trainable numbers of a fully connected network whose layers have the
given widths, from input to output, a list of at least two whole numbers. Every linear layer has biases;
activations and dropout follow the hidden layers as in this chapter. For example, `parameters([3, 2])` is 8.
""",
        stub="""
def parameters(widths):
    return ...
""",
        hints=(
            "Count one layer from $a$ to $b$ units first: how many weights, how many biases?",
            r"A layer has $ab + b = (a + 1)b$ of them. Activations and dropout have none. Add up neighbours.",
        ),
        explanation=r"""
Equation {eq}`eq:03-count`: each of the $b$ units of a layer has one weight for each of its $a$ inputs and one
bias, $(a + 1)\,b$ in all. Dropout multiplies by random zeros and ones, LeakyReLU has a fixed slope: nothing to learn
in either.
""",
        solution=solution_3_1,
        alternatives=(alternative_3_1_torch,),
        wrong=(
            (wrong_3_1_no_biases, "has a bias"),
            (wrong_3_1_bias_per_input, "not to each that it takes in"),
            (wrong_3_1_units, "counts units"),
            (wrong_3_1_no_output, "last layer"),
            (wrong_3_1_both, "side of the output"),
        ),
        check=check_3_1,
    )
)

# 3.2 ---------------------------------------------------------------------------------------------------------------


def solution_3_2(n, size):
    steps = -(-n // size)
    return steps, n - (steps - 1) * size


def alternative_3_2_loop(n, size):
    steps, left = 1, n
    while left > size:
        steps, left = steps + 1, left - size
    return steps, left


def wrong_3_2_floor(n, size):
    return n // size, n % size


def wrong_3_2_plus_one(n, size):
    return n // size + 1, n % size


def wrong_3_2_full(n, size):
    return -(-n // size), size


def wrong_3_2_remainder(n, size):
    return -(-n // size), n % size


def wrong_3_2_float(n, size):
    return n / size, n % size


def check_3_2(answer, c):
    cases = [
        (60_000, 128),
        (1000, 128),
        (256, 128),
        (128, 128),
        (5, 5),
        (7, 1),
    ]
    for _ in range(4):
        size = c.integer(1, 50)
        cases += [
            (size * c.integer(1, 20), size),
            (size * c.integer(1, 9) + c.integer(0, size - 1), size),
        ]
    for n, size in cases:
        lengths = [len(range(n)[k : k + size]) for k in range(0, n, size)]
        got = c.call(answer, n, size)
        c.equal(
            got,
            (len(lengths), lengths[-1]),
            mistakes={
                "Where the size divides n the last batch is a full one, not an empty one.": wrong_3_2_remainder(
                    n, size
                ),
                "The pictures that are left over make a batch too.": wrong_3_2_floor(
                    n, size
                ),
                "Where the size divides n there is no further batch.": wrong_3_2_plus_one(
                    n, size
                ),
                "The last batch is not always full.": wrong_3_2_full(n, size),
                "A number of steps is whole.": wrong_3_2_float(n, size),
            },
        )


register(
    Exercise(
        id="3.2",
        title="The last batch",
        stars=1,
        kind="function",
        statement=r"""
Write `epoch(n, size)`: for `n` pictures in batches of `size` (whole numbers, $1 \le$ `size` $\le$ `n`), the
number of steps of an epoch in which every picture is seen once, and the number of pictures in its last batch, as a
pair. For example, `epoch(1000, 128)` is `(8, 104)`.
""",
        stub="""
def epoch(n, size):
    return ...
""",
        hints=(
            "Round up: what is left over needs a step of its own.",
            "What if the size divides n? Try `epoch(256, 128)` by hand: two steps, and the last one has 128.",
        ),
        explanation=r"""
$\lceil n / s \rceil$ steps; all but the last are full, so the last one has $n - (\lceil n/s \rceil - 1)\,s$, which
is $s$ itself where $s$ divides $n$. `n % size` is 0 there: the classical slip. In Python `-(-n // size)` rounds up
without leaving the whole numbers.
""",
        solution=solution_3_2,
        alternatives=(alternative_3_2_loop,),
        wrong=(
            (wrong_3_2_floor, "left over"),
            (wrong_3_2_plus_one, "no further batch"),
            (wrong_3_2_full, "not always full"),
            (wrong_3_2_remainder, "not an empty one"),
            (wrong_3_2_float, "whole"),
        ),
        check=check_3_2,
    )
)

# 3.3 ---------------------------------------------------------------------------------------------------------------


def solution_3_3(G, D, optimizer_g, optimizer_d, images, draw_z):
    n = len(images)
    real = images.reshape(n, -1)
    ones, zeros = torch.ones(n, 1), torch.zeros(n, 1)
    fake = G(draw_z(n)).detach()
    loss_d = binary_cross_entropy(D(real), ones) + binary_cross_entropy(
        D(fake), zeros
    )
    optimizer_d.zero_grad()
    loss_d.backward()
    optimizer_d.step()
    loss_g = binary_cross_entropy(D(G(draw_z(n))), ones)
    optimizer_g.zero_grad()
    loss_g.backward()
    optimizer_g.step()
    return loss_d.item(), loss_g.item()


def alternative_3_3_logs(G, D, optimizer_g, optimizer_d, images, draw_z):
    n = images.size(0)
    with torch.no_grad():
        fake = G(draw_z(n))
    loss_d = -(
        torch.log(D(images.flatten(1))).mean() + torch.log(1 - D(fake)).mean()
    )
    optimizer_d.zero_grad()
    loss_d.backward()
    optimizer_d.step()
    optimizer_g.zero_grad()
    loss_g = -torch.log(D(G(draw_z(n)))).mean()
    loss_g.backward()
    optimizer_g.step()
    return loss_d.item(), loss_g.item()


def _variant_3_3(
    minimax=False,
    never=False,
    size=None,
    flat=True,
    g_first=False,
    label=1.0,
    sign=1.0,
    swapped=False,
    half=1.0,
    leak=False,
):
    def step(G, D, optimizer_g, optimizer_d, images, draw_z):
        n = len(images)
        real = images.reshape(n, -1) if flat else images
        ones, zeros = torch.ones(size or n, 1), torch.zeros(size or n, 1)
        if swapped:
            ones, zeros = zeros, ones

        def for_d():
            fake = G(draw_z(n))
            if not never:
                optimizer_d.zero_grad()
            loss = half * (
                binary_cross_entropy(D(real), ones)
                + binary_cross_entropy(D(fake.detach()), zeros)
            )
            loss.backward()
            optimizer_d.step()
            return loss.item()

        def for_g():
            if not leak and not never:
                optimizer_g.zero_grad()
            guess = D(G(draw_z(n)))
            loss = (
                torch.log(1 - guess).mean()
                if minimax
                else binary_cross_entropy(guess, torch.full((n, 1), label))
            )
            (sign * loss).backward()
            optimizer_g.step()
            return loss.item()

        if leak:
            optimizer_g.zero_grad()
            fake = G(draw_z(n))
            optimizer_d.zero_grad()
            loss = binary_cross_entropy(D(real), ones) + binary_cross_entropy(
                D(fake), zeros
            )
            loss.backward()
            optimizer_d.step()
            return loss.item(), for_g()
        if g_first:
            loss_g = for_g()
            return for_d(), loss_g
        return for_d(), for_g()

    return step


def _small_pair(seed):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        G = nn.Sequential(
            nn.Linear(5, 12), nn.LeakyReLU(0.2), nn.Linear(12, 16), nn.Tanh()
        )
        D = nn.Sequential(
            nn.Linear(16, 12),
            nn.LeakyReLU(0.2),
            nn.Linear(12, 1),
            nn.Sigmoid(),
        )
    return G, D


def check_3_3(answer, c):
    for n in (12, 9, c.integer(2, 20)):
        seed = c.integer(0, 10_000)
        images = c.uniform(-1, 1, (2, n, 1, 4, 4), torch.float32)
        latents = c.normal((2, 2, n, 5), torch.float32)
        G, D = _small_pair(seed)
        theirs = [copy.deepcopy(G), copy.deepcopy(D)]

        def step(function, G, D, n=n, images=images, latents=latents):
            """Two steps in a row with the same optimisers, so that a gradient that is not cleared shows."""
            optimizers = [
                torch.optim.SGD(p.parameters(), lr=0.5) for p in (G, D)
            ]
            for batch, vectors in zip(images, latents, strict=True):
                drawn = []

                def draw_z(count, vectors=vectors, drawn=drawn):
                    if count != n:
                        c.fail(
                            f"The batch has {n} images, but draw_z was asked for {count}."
                        )
                    if len(drawn) == 2:
                        c.fail(
                            "draw_z was called more than twice in one step: once for D, once for G."
                        )
                    drawn.append(count)
                    return vectors[len(drawn) - 1]

                losses = function(G, D, *optimizers, batch, draw_z)
                if len(drawn) == 1:
                    c.fail(
                        "draw_z was called once in a step; it is to be called for D and, afresh, for G."
                    )
            return losses

        try:
            losses = step(lambda *a: c.call(answer, *a), *theirs)
        except Verdict as verdict:
            for sign, words in (
                (
                    "target size",
                    "The labels have a fixed size, but batches differ: take n from the batch.",
                ),
                (
                    "cannot be multiplied",
                    "D takes flattened images, of shape (n, H * W).",
                ),
            ):
                if verdict.status == "error" and sign in verdict.message:
                    c.fail(words, f"a batch of {n} images")
            raise
        truth = step(solution_3_3, G, D)
        on = f"two steps on batches of {n} images"
        c.true(
            isinstance(losses, tuple | list) and len(losses) == 2,
            "It should return a pair: loss of D, loss of G.",
        )
        c.true(
            all(isinstance(x, float | int) for x in losses),
            "The losses should be Python numbers: use .item().",
            on,
        )
        c.true(
            theirs[0].training and theirs[1].training,
            "A player was left in evaluation mode while it trains.",
            on,
        )
        for mine, other, player in zip(
            (D, G), theirs[::-1], "DG", strict=True
        ):
            for p, q in zip(
                mine.parameters(), other.parameters(), strict=True
            ):
                if c.agrees(q.detach(), p.detach(), 1e-4, 1e-6):
                    continue
                for words, variant in _DIAGNOSES_3_3.items():
                    G_w, D_w = _small_pair(seed)
                    try:
                        step(variant, G_w, D_w)
                    except Exception:
                        continue
                    if all(
                        c.agrees(a.detach(), b.detach(), 1e-4, 1e-6)
                        for x, y in ((G_w, theirs[0]), (D_w, theirs[1]))
                        for a, b in zip(
                            x.parameters(), y.parameters(), strict=True
                        )
                    ):
                        c.fail(words, on)
                c.fail(
                    f"After the step the parameters of {player} are not what one step of plain descent gives.",
                    on,
                )
        c.equal(
            tuple(losses),
            truth,
            rtol=1e-4,
            on=on,
            says="Return (loss of D, loss of G), as numbers.",
        )


_DIAGNOSES_3_3 = {
    "G moved before D: D is trained first, and G then meets the updated D.": _variant_3_3(
        g_first=True
    ),
    "G is trained with the label 0: that teaches it to be recognised.": _variant_3_3(
        label=0.0
    ),
    "G climbs its loss instead of descending it.": _variant_3_3(sign=-1.0),
    "Real and generated labels are swapped in D's loss.": _variant_3_3(
        swapped=True
    ),
    "D's loss is the sum of its two halves, as in the chapter, not their mean.": _variant_3_3(
        half=0.5
    ),
    "That is log(1 - D), the minimax loss: use the label 1.": _variant_3_3(
        minimax=True
    ),
    "Gradients pile up from one step to the next: clear both players'.": _variant_3_3(
        never=True
    ),
    "D's loss sent a gradient into G that was never cleared: detach, and clear before backward.": _variant_3_3(
        leak=True
    ),
}

register(
    Exercise(
        id="3.3",
        title="Finish the article's loop",
        stars=3,
        kind="function",
        float32_only="labels are float32, as torch makes them",
        statement=r"""
The article's listing breaks off after `D`'s loss on real images. Write one whole training step,
`step(G, D, optimizer_g, optimizer_d, images, draw_z)`, for players whose `D` takes flattened images and ends in a
sigmoid. `images` has shape $(N, 1, H, W)$, where $N$ may differ from call to call; `draw_z(n)` returns $n$ latent
vectors, and is to be called exactly twice, first for $D$'s update and then, afresh, for $G$'s. $D$ moves first. $D$'s
loss is the sum of its binary cross-entropies on real images (label 1) and generated ones (label 0); $G$'s is the
binary cross-entropy of its samples with label 1. Return the two losses as Python numbers, `(loss_d, loss_g)`.
""",
        stub="""
def step(G, D, optimizer_g, optimizer_d, images, draw_z):
    return ...
""",
        hints=(
            "Six lines for each player: sample, generate, score, loss, clear and backward, step. Where must the gradient "
            "stop?",
            "Sizes come from the batch: `n = len(images)`, and `images.reshape(n, -1)` for D.",
            "For D: `fake = G(draw_z(n)).detach()`. For G: `D(G(draw_z(n)))` with nothing detached, against ones.",
        ),
        explanation=r"""
The order is the article's: $D$ first, so that $G$ answers the discriminator that has just learned. `detach` keeps
$D$'s loss from reaching $G$; the labels take their size from the batch, so that the last 96 images of an epoch
pass; $G$'s gradient runs through $D$, whose own parameters collect a gradient that `optimizer_d.zero_grad()` throws
away at the next step. The sum in $D$'s loss is a convention: the mean would halve its gradient, which is the same as
half the learning rate for plain descent, and nearly nothing for Adam.
""",
        solution=solution_3_3,
        alternatives=(alternative_3_3_logs,),
        wrong=(
            (_variant_3_3(size=12), "fixed size"),
            (_variant_3_3(flat=False), "flattened images"),
            (_variant_3_3(g_first=True), "G moved before D"),
            (_variant_3_3(label=0.0), "to be recognised"),
            (_variant_3_3(sign=-1.0), "climbs"),
            (_variant_3_3(swapped=True), "swapped"),
            (_variant_3_3(half=0.5), "not their mean"),
            (_variant_3_3(minimax=True), "minimax loss"),
            (_variant_3_3(never=True), "pile up"),
            (_variant_3_3(leak=True), "never cleared"),
        ),
        check=check_3_3,
    )
)

# 3.4 ---------------------------------------------------------------------------------------------------------------


def solution_3_4(x):
    return ((x + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)


def alternative_3_4_floor(x):
    return torch.floor(torch.clip((x.double() + 1) * 127.5, 0, 255) + 0.5).to(
        torch.uint8
    )


def wrong_3_4_truncated(x):
    return ((x + 1) * 127.5).clamp(0, 255).to(torch.uint8)


def wrong_3_4_no_clamp(x):
    return ((x + 1) * 127.5).round().to(torch.int64).to(torch.uint8)


def wrong_3_4_scale(x):
    return ((x + 1) * 128).round().clamp(0, 255).to(torch.uint8)


def wrong_3_4_unit(x):
    return (x * 255).round().clamp(0, 255).to(torch.uint8)


def wrong_3_4_float(x):
    return ((x + 1) * 127.5).round().clamp(0, 255)


def wrong_3_4_stretched(x):
    return ((x - x.min()) / (x.max() - x.min()) * 255).round().to(torch.uint8)


def check_3_4(answer, c):
    for dtype in c.dtypes:
        every = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16)
        x = every.to(dtype) / 127.5 - 1
        wide = torch.cat(
            [
                c.uniform(-1, 1, (2, 1, 3, 3), dtype),
                torch.tensor([-1.3, 1.2, -1.0001, 1.0001])
                .to(dtype)
                .repeat(18)[: 2 * 9]
                .reshape(2, 1, 3, 3),
            ]
        )
        inner = c.uniform(-0.6, 0.4, (3, 1, 4, 4), dtype)
        for value in (x, inner, wide):
            exact = (value.double() + 1) * 127.5
            got = c.call(answer, value)
            want = exact.round().clamp(0, 255).to(torch.uint8)
            c.equal(
                got,
                want,
                mistakes={
                    "Converting to integers cuts off the fraction: round first.": lambda v=value: (
                        wrong_3_4_truncated(v)
                    ),
                    "Values a little outside [-1, 1] wrap around to the other end: clamp first.": lambda v=value: (
                        wrong_3_4_no_clamp(v)
                    ),
                    "128 is not the scale: -1 must give 0 and +1 must give 255.": lambda v=value: (
                        wrong_3_4_scale(v)
                    ),
                    "That is for pictures in [0, 1]; these are in [-1, 1].": lambda v=value: (
                        wrong_3_4_unit(v)
                    ),
                    "Each picture was stretched to its own extremes, so a grey one becomes black and white.": lambda v=value: (
                        wrong_3_4_stretched(v)
                    ),
                },
            )


register(
    Exercise(
        id="3.4",
        title="From tanh to bytes",
        stars=1,
        kind="function",
        statement=r"""
Write `to_bytes(x)`: the inverse of the chapter's scaling. `x` is a float tensor of any shape with values in
$[-1, 1]$, or a little outside through rounding; return a `torch.uint8` tensor of the same shape, each value the
nearest byte, those outside taken to the nearest end. All 256 bytes must survive the round trip.
""",
        stub="""
def to_bytes(x):
    return ...
""",
        hints=(
            "Solve $x = b / 127.5 - 1$ for $b$.",
            "Then three more things, in this order: round, clamp, convert. What does each prevent?",
        ),
        explanation=r"""
$b = 127.5\,(x + 1)$. Conversion to an integer type cuts the fraction off, so without `round` about half of all
bytes come back one too small: $x = b/127.5 - 1$ is rarely exact in float32. Without `clamp`, $1.0001$ becomes 255.01
and is still fine, but $1.01$ becomes 256, which wraps to 0: white pixels turn black.
""",
        solution=solution_3_4,
        alternatives=(alternative_3_4_floor,),
        wrong=(
            (wrong_3_4_truncated, "cuts off"),
            (wrong_3_4_no_clamp, "wrap around"),
            (wrong_3_4_scale, "not the scale"),
            (wrong_3_4_unit, "pictures in [0, 1]"),
            (wrong_3_4_float, "dtype"),
            (wrong_3_4_stretched, "own extremes"),
        ),
        check=check_3_4,
    )
)

# 3.5 ---------------------------------------------------------------------------------------------------------------


def solution_3_5(z0, z1, t):
    u0, u1 = (z / z.norm(dim=-1, keepdim=True) for z in (z0, z1))
    angle = torch.acos((u0 * u1).sum(-1, keepdim=True).clamp(-1, 1))
    tiny = angle < 1e-4
    safe = torch.where(tiny, torch.ones_like(angle), angle)
    w0 = torch.where(
        tiny,
        torch.full_like(angle, 1 - t),
        torch.sin((1 - t) * safe) / torch.sin(safe),
    )
    w1 = torch.where(
        tiny, torch.full_like(angle, t), torch.sin(t * safe) / torch.sin(safe)
    )
    return w0 * z0 + w1 * z1


def alternative_3_5_loop(z0, z1, t):
    rows = []
    for a, b in zip(z0, z1, strict=True):
        cosine = float(a @ b / (a.norm() * b.norm()))
        angle = math.acos(max(-1.0, min(1.0, cosine)))
        if angle < 1e-4:
            rows.append((1 - t) * a + t * b)
        else:
            rows.append(
                (math.sin((1 - t) * angle) * a + math.sin(t * angle) * b)
                / math.sin(angle)
            )
    return torch.stack(rows)


def wrong_3_5_straight(z0, z1, t):
    return (1 - t) * z0 + t * z1


def wrong_3_5_nan(z0, z1, t):
    cosine = (z0 * z1).sum(-1, keepdim=True) / (
        z0.norm(dim=-1, keepdim=True) * z1.norm(dim=-1, keepdim=True)
    )
    angle = torch.acos(cosine)
    return (
        torch.sin((1 - t) * angle) * z0 + torch.sin(t * angle) * z1
    ) / torch.sin(angle)


def wrong_3_5_whole_batch(z0, z1, t):
    angle = torch.acos(
        ((z0 * z1).sum() / (z0.norm() * z1.norm())).clamp(-1 + 1e-6, 1 - 1e-6)
    )
    return (
        torch.sin((1 - t) * angle) * z0 + torch.sin(t * angle) * z1
    ) / torch.sin(angle)


def wrong_3_5_not_normalised(z0, z1, t):
    angle = torch.acos(
        (z0 * z1).sum(-1, keepdim=True).clamp(-1 + 1e-6, 1 - 1e-6)
    )
    return (
        torch.sin((1 - t) * angle) * z0 + torch.sin(t * angle) * z1
    ) / torch.sin(angle)


def wrong_3_5_turned(z0, z1, t):
    return solution_3_5(z1, z0, t)


def wrong_3_5_rescaled(z0, z1, t):
    line = (1 - t) * z0 + t * z1
    return (
        line / line.norm(dim=-1, keepdim=True) * z0.norm(dim=-1, keepdim=True)
    )


def alternative_3_5_chapter(z0, z1, t):
    u0, u1 = (z / z.norm(dim=-1, keepdim=True) for z in (z0, z1))
    cosine = (u0 * u1).sum(-1, keepdim=True).clamp(-1 + 1e-6, 1 - 1e-6)
    angle = torch.acos(cosine)
    return (
        torch.sin((1 - t) * angle) * z0 + torch.sin(t * angle) * z1
    ) / torch.sin(angle)


def wrong_3_5_straight_when_small(z0, z1, t):
    u0, u1 = (z / z.norm(dim=-1, keepdim=True) for z in (z0, z1))
    cosine = (u0 * u1).sum(-1, keepdim=True)
    whole = alternative_3_5_chapter(z0, z1, t)
    return torch.where(cosine > 0.998, (1 - t) * z0 + t * z1, whole)


def check_3_5(answer, c):
    for dtype in c.dtypes:
        z0, z1 = c.normal((2, 6, 10), dtype)
        z1 = (
            z1 / z1.norm(dim=-1, keepdim=True) * z0.norm(dim=-1, keepdim=True)
        )
        for t in (0.0, 1.0, 0.25, c.number(0.1, 0.9)):
            cosine = (
                (z0 * z1).sum(-1, keepdim=True)
                / (z0 * z0).sum(-1, keepdim=True)
            ).double()
            angle = torch.acos(cosine.clamp(-1, 1))
            want = (
                (
                    torch.sin((1 - t) * angle) * z0.double()
                    + torch.sin(t * angle) * z1.double()
                )
                / torch.sin(angle)
            ).to(dtype)
            c.equal(
                c.call(answer, z0, z1, t),
                want,
                rtol=1e-3,
                atol=1e-3,
                mistakes={
                    "That is the straight line, which cuts through the sphere.": wrong_3_5_straight(
                        z0, z1, t
                    ),
                    "One angle was used for the whole batch; each pair has its own.": wrong_3_5_whole_batch(
                        z0, z1, t
                    ),
                    "The cosine of the angle needs both lengths divided out.": wrong_3_5_not_normalised(
                        z0, z1, t
                    ),
                    "The path runs backwards: t = 0 must give z0.": wrong_3_5_turned(
                        z0, z1, t
                    ),
                    "The straight line, pushed out to the sphere, has the right points at the wrong speed.": wrong_3_5_rescaled(
                        z0, z1, t
                    ),
                },
            )
        close = (1e-5, 1e-5) if dtype == torch.float64 else (1e-3, 1e-3)
        for small in (0.5, 0.1, 0.05, 0.02, 1e-3):
            side = c.normal((6, 10), dtype)
            side = side - z0 * (side * z0).sum(-1, keepdim=True) / (
                z0 * z0
            ).sum(-1, keepdim=True)
            side = side * z0.norm(dim=-1, keepdim=True)
            side = side / side.norm(dim=-1, keepdim=True)
            side = side * z0.norm(dim=-1, keepdim=True)
            z1 = math.cos(small) * z0 + math.sin(small) * side
            t = c.number(0.2, 0.8)
            c.equal(
                c.call(answer, z0, z1, t),
                math.cos(t * small) * z0 + math.sin(t * small) * side,
                *close,
                says=f"At an angle of {small:g} the straight line is not near enough: only equal rows need care.",
            )
        z0 = torch.cat(
            [z0, c.normal((300, 10), dtype)]
        )  # some cosines round above 1
        got = c.call(answer, z0, z0, 0.3)
        c.true(
            torch.isfinite(got).all(),
            "For parallel inputs it is not finite: 0 / 0 at angle zero.",
        )
        c.equal(
            got,
            z0,
            rtol=1e-3,
            atol=1e-3,
            says="Between a point and itself there is only that point.",
        )


register(
    Exercise(
        id="3.5",
        title="Along the sphere",
        stars=2,
        kind="function",
        statement=r"""
Write `slerp(z0, z1, t)` by equation {eq}`eq:03-slerp`: `z0` and `z1` have shape $(N, K)$, each row of `z0` as long
as its partner in `z1`; `t` is a number in $[0, 1]$; the result has the inputs' shape and dtype. Each pair of rows has
its own angle. Where the two rows are equal, return that row, not NaN.
""",
        stub="""
def slerp(z0, z1, t):
    return ...
""",
        hints=(
            "The cosine of the angle is the scalar product divided by both lengths, row by row (`dim=-1`, `keepdim=True`).",
            "Rounding can push a cosine to 1.0000001, whose `acos` is NaN: clamp it first, as the chapter does.",
            r"As $\Omega \to 0$ both weights tend to those of the straight line: use `torch.where`, and give the branch "
            r"that is not taken a harmless angle.",
        ),
        explanation=r"""
With equal lengths, $z_0$ and $z_1$ span a plane in which the formula is the point at angle $t\,\Omega$ from $z_0$:
the length is kept and the angle grows evenly. At $\Omega = 0$ both weights are $0/0$ with limits $1 - t$ and $t$.
Clamping the cosine to $1 - 10^{-6}$, as the chapter does, is a cheaper way out: the two sines then have a quotient
close to the limit. Pushing the straight line out to the sphere visits the right points, but moves slowly at the ends and
fast through the middle.
""",
        solution=solution_3_5,
        alternatives=(alternative_3_5_loop, alternative_3_5_chapter),
        wrong=(
            (wrong_3_5_straight, "straight line, which cuts"),
            (wrong_3_5_nan, "0 / 0"),
            (wrong_3_5_whole_batch, "whole batch"),
            (wrong_3_5_not_normalised, "both lengths"),
            (wrong_3_5_turned, "backwards"),
            (wrong_3_5_rescaled, "wrong speed"),
            (wrong_3_5_straight_when_small, "only equal rows"),
        ),
        check=check_3_5,
    )
)

# 3.6 ---------------------------------------------------------------------------------------------------------------


def broken_3_6(d_real, d_fake, smooth):
    n = len(d_real)
    ones = 1 - 0.1 * smooth
    real = torch.log1p(torch.exp(-d_real)) * ones
    real = real + torch.log1p(torch.exp(d_real)) * (1 - ones)
    fake = torch.log1p(torch.exp(d_fake))
    return real.sum() / n + fake.sum() / n


def solution_3_6(d_real, d_fake, smooth):
    labels = (1 - 0.1 * smooth).reshape(d_real.shape)
    softplus = torch.nn.functional.softplus
    real = softplus(-d_real) * labels + softplus(d_real) * (1 - labels)
    return real.mean() + softplus(d_fake).mean()


def alternative_3_6_torch(d_real, d_fake, smooth):
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    return bce(d_real[:, 0], 1 - 0.1 * smooth) + bce(
        d_fake, torch.zeros_like(d_fake)
    )


def wrong_3_6_mean(d_real, d_fake, smooth):
    ones = 1 - 0.1 * smooth
    softplus = torch.nn.functional.softplus
    return (
        softplus(-d_real) * ones + softplus(d_real) * (1 - ones)
    ).mean() + softplus(d_fake).mean()


def wrong_3_6_no_smoothing(d_real, d_fake, smooth):
    softplus = torch.nn.functional.softplus
    return softplus(-d_real).mean() + softplus(d_fake).mean()


def wrong_3_6_no_second_term(d_real, d_fake, smooth):
    softplus = torch.nn.functional.softplus
    return (
        softplus(-d_real) * (1 - 0.1 * smooth)[:, None]
    ).mean() + softplus(d_fake).mean()


def wrong_3_6_overflow(d_real, d_fake, smooth):
    labels = (1 - 0.1 * smooth)[:, None]
    real = torch.log1p(torch.exp(-d_real)) * labels + torch.log1p(
        torch.exp(d_real)
    ) * (1 - labels)
    return real.mean() + torch.log1p(torch.exp(d_fake)).mean()


def wrong_3_6_capped(d_real, d_fake, smooth):
    return solution_3_6(d_real.clamp(-80, 80), d_fake.clamp(-80, 80), smooth)


def wrong_3_6_both_halves(d_real, d_fake, smooth):
    labels = (1 - 0.1 * smooth)[:, None]
    softplus = torch.nn.functional.softplus
    mixed = softplus(-d_real) * labels + softplus(d_real) * (1 - labels)
    return mixed.mean() + (softplus(d_fake) * labels).mean()


def check_3_6(answer, c):
    for dtype in c.dtypes:
        for n in (4, c.integer(3, 9)):
            d_real, d_fake = (3 * c.normal((2, n, 1), dtype)).unbind()
            smooth = c.uniform(0, 1, (n,), dtype)
            p, q, y = (
                torch.sigmoid(d_real.double())[:, 0],
                torch.sigmoid(d_fake.double())[:, 0],
                1 - 0.1 * smooth.double(),
            )
            want = (
                -(y * p.log() + (1 - y) * (1 - p).log()).mean()
                - (1 - q).log().mean()
            ).to(dtype)
            c.equal(
                c.call(answer, d_real, d_fake, smooth),
                want,
                rtol=2e-4,
                atol=1e-5,
                mistakes={
                    "(N, 1) times (N,) is (N, N): every score met every label, and their sum is N times too large.": broken_3_6(
                        d_real, d_fake, smooth
                    ),
                    "The mean hides the factor N, but (N, 1) times (N,) still pairs every score with every label.": wrong_3_6_mean(
                        d_real, d_fake, smooth
                    ),
                    "The labels are not used.": wrong_3_6_no_smoothing(
                        d_real, d_fake, smooth
                    ),
                    "A label of 0.95 also puts weight 0.05 on the other answer.": wrong_3_6_no_second_term(
                        d_real, d_fake, smooth
                    ),
                    "Only the real half is smoothed.": wrong_3_6_both_halves(
                        d_real, d_fake, smooth
                    ),
                },
            )
        far = torch.full((2, 1), 900.0, dtype=dtype)
        got = c.call(answer, far, far, torch.ones(2, dtype=dtype))
        c.true(
            torch.isfinite(got).all(),
            "At a score of 900 it is not finite: exp overflows, softplus does not.",
        )
        for large in (40.0, 150.0, 900.0):
            signs = torch.tensor([[1.0], [-1.0], [1.0], [-1.0]], dtype=dtype)
            d_real, d_fake = large * signs, -large * signs.flip(0)
            d_real[0], d_fake[1] = c.number(-2, 2), c.number(-2, 2)
            smooth = c.uniform(0, 1, (4,), dtype)
            y = 1 - 0.1 * smooth.double()[:, None]

            def plus(s):
                s = s.double()
                return torch.log1p(torch.exp(-s.abs())) + s.clamp(min=0)

            want = (plus(-d_real) * y + plus(d_real) * (1 - y)).mean()
            c.equal(
                c.call(answer, d_real, d_fake, smooth),
                (want + plus(d_fake).mean()).to(dtype),
                rtol=2e-4,
                says="Finite is not enough: at large scores a loss grows with the score, and a cap stops it.",
            )


register(
    Exercise(
        id="3.6",
        title="Every score meets every label",
        stars=2,
        kind="bug",
        statement=r"""
Somebody smooths the labels of real pictures at random: the label of picture $i$ is $1 - 0.1\,s_i$. `d_real` and
`d_fake` are scores of shape $(N, 1)$, as $D$ returns them; `smooth` holds the $s_i$ and has shape $(N,)$. The function
below should return the mean binary cross-entropy of the real pictures with their labels plus that of the generated
ones with label 0. Nothing raises, and the loss looks only a little strange. Mend it; it must also be finite for
scores of 900.
""",
        stub="""
def loss_d(d_real, d_fake, smooth):
    return ...
""",
        hints=(
            "Print the shape of `torch.log1p(torch.exp(-d_real)) * ones`.",
            "Give the labels the shape of the scores; then a plain mean is right. For large scores use "
            "`torch.nn.functional.softplus`.",
        ),
        explanation=r"""
$(N, 1) \times (N,)$ broadcasts to $(N, N)$: every score meets every label, and the sum divided by $N$ is $N$ times
too large. Taking the mean instead hides the factor, and with *equal* labels even gives the right loss, which is why
this mistake lives so long; with random ones it pairs each score with the average label. Give labels the shape of the
scores. And $\log(1 + e^d)$ overflows near 89 in float32, where `softplus(d)` is $d$.
""",
        solution=solution_3_6,
        alternatives=(alternative_3_6_torch,),
        broken=broken_3_6,
        wrong=(
            (broken_3_6, "N times too large"),
            (wrong_3_6_mean, "hides the factor"),
            (wrong_3_6_no_smoothing, "not used"),
            (wrong_3_6_no_second_term, "other answer"),
            (wrong_3_6_overflow, "overflows"),
            (wrong_3_6_both_halves, "Only the real half"),
            (wrong_3_6_capped, "a cap stops it"),
        ),
        check=check_3_6,
    )
)

# 3.7 ---------------------------------------------------------------------------------------------------------------


def solution_3_7():
    return "d"


register(
    Exercise(
        id="3.7",
        title="A loss that falls",
        stars=1,
        kind="choice",
        statement=r"""
Over the last 2,000 steps of a run the loss of $D$ fell from 1.0 to 0.4 and the loss of $G$ rose from 1.2 to 2.5. You
have not looked at any sample. What do you know? Return the letter as a string.
""",
        options={
            "a": "The generator got worse.",
            "b": "The generator got better, since its loss is a divergence that grows with quality.",
            "c": "The generator has collapsed to one picture.",
            "d": "D tells its training batches from the current samples better than before, and no more.",
            "e": "The distance between data and samples grew, since minus D's loss is a divergence up to constants.",
            "f": "The learning rate of D is too high.",
        },
        stub="""
def verdict():
    return ...
""",
        hints=(
            "In the chapter's experiment with a frozen generator both losses moved just like this.",
            "Which of the statements would stay true there?",
        ),
        explanation=r"""
Freeze $G$, and $D$'s loss falls and $G$'s rises, while not one pixel changes. So the two curves are compatible with a
generator that stands still, improves or fails. Only (d) is about what was measured. Answer (e) would hold for an
*optimal* $D$ at both times, evaluated on the whole distributions; a $D$ in training is neither.
""",
        solution=solution_3_7,
        wrong=(
            ("a", "stands still"),
            ("b", "no loss of G"),
            ("c", "one picture"),
            ("e", "optimal"),
            ("f", "one cause of many"),
        ),
        check=choice(
            "d",
            a="With a generator that stands still both curves look the same.",
            b="There is no loss of G that grows with quality: it measures G against the present D.",
            c="A collapse to one picture can look like this, and so can a healthy run: look at samples.",
            e="That holds for an optimal D at both times; a D in training is not.",
            f="That is one cause of many, and it may not even be a problem.",
        ),
    )
)

# 3.8 ---------------------------------------------------------------------------------------------------------------

_TRUTH_3_8 = {
    "A": "healthy",
    "B": "collapsed",
    "C": "memorised",
    "D": "frozen",
    "E": "noise",
}


def solution_3_8():
    return {
        "A": "healthy",
        "B": "collapsed",
        "C": "memorised",
        "D": "frozen",
        "E": "noise",
    }


def _swap_3_8(run, label):
    return solution_3_8() | {run: label}


register(
    Exercise(
        id="3.8",
        title="Five runs, four numbers each",
        stars=2,
        kind="classify",
        statement=r"""
Five finished runs on MNIST. *FD* is the Fréchet distance of 10,000 samples (floor 1, noise 800), given for an
earlier and a later moment; *IS* the inception score (test digits 9.8); *NN* the median distance to the
nearest training picture: Euclidean distance of grey values in $[-1, 1]$ (test digits 8.6, pure noise 32).

| run | loss of D, earlier and later | FD, earlier and later | IS, later | NN, later |
|---|---|---|---|---|
| A | 1.0, 1.0 | 300, 90 | 8.5 | 10 |
| B | 0.9, 0.6 | 350, 640 | 1.2 | 10 |
| C | 1.2, 1.1 | 40, 1.1 | 9.8 | 0.0 |
| D | 1.1, 0.3 | 217, 217 | 6.3 | 12 |
| E | 0.0, 0.0 | 800, 799 | 1.0 | 32 |

Return a dict from `"A"` to `"E"` to one of `"healthy"`, `"collapsed"` (few kinds of picture left), `"memorised"` (G
replays the training set), `"frozen"` (G does not move any more, from a useful state), `"noise"` (G never started).
""",
        stub="""
def verdicts():
    # {"A": "healthy", "B": ...}
    return ...
""",
        hints=(
            "Start with the column that names one run beyond doubt: a distance of zero to the training set.",
            "An FD that does not move at all: two runs have it. Which of them shows digits?",
            "An inception score near 1 means either nothing recognisable, or always the same thing.",
        ),
        explanation=r"""
C has distance 0 to the training set, so its perfect scores are worth nothing: FD and inception score cannot see
copying. D and E do not change; D's samples are digits (IS 6.3), E's are noise. B's FD grew while its inception score
fell to 1.2: the pictures are as near to real ones as A's, but they are all alike. The losses decided nothing: A's
stood still while its quality tripled.
""",
        solution=solution_3_8,
        wrong=(
            (_swap_3_8("A", "frozen"), "FD fell from 300"),
            (_swap_3_8("B", "noise"), "as near to real digits as"),
            (_swap_3_8("C", "healthy"), "distance of 0"),
            (_swap_3_8("D", "collapsed"), "inception score of 6.3"),
            (_swap_3_8("E", "collapsed"), "never left the level of noise"),
            (_swap_3_8("B", "healthy"), "1.2 out of 10"),
        ),
        check=classify(
            _TRUTH_3_8,
            labels=("healthy", "collapsed", "memorised", "frozen", "noise"),
            reasons={
                (
                    "A",
                    "frozen",
                ): "Its losses stand still, but its FD fell from 300 to 90.",
                (
                    "A",
                    "memorised",
                ): "Its samples are no nearer to training pictures than new digits are.",
                (
                    "B",
                    "noise",
                ): "Its samples are as near to real digits as those of run A; noise is at 32.",
                (
                    "B",
                    "healthy",
                ): "An inception score of 1.2 out of 10: hardly more than one kind of picture.",
                (
                    "C",
                    "healthy",
                ): "A median distance of 0 to training pictures: these *are* training pictures.",
                (
                    "D",
                    "collapsed",
                ): "An inception score of 6.3 needs many kinds of digit.",
                (
                    "D",
                    "noise",
                ): "An inception score of 6.3: these can be read.",
                (
                    "D",
                    "healthy",
                ): "217 and 217 to the last digit: nothing moved, while D went on learning.",
                (
                    "E",
                    "collapsed",
                ): "It never left the level of noise: nothing was there to collapse.",
                (
                    "E",
                    "frozen",
                ): "Frozen, perhaps, but not from a useful state: FD is that of noise.",
            },
        ),
    )
)

# 3.9 ---------------------------------------------------------------------------------------------------------------


def solution_3_9(average, network, decay):
    pairs = zip(average.parameters(), network.parameters(), strict=True)
    with torch.no_grad():
        for a, p in pairs:
            a.mul_(decay).add_((1 - decay) * p)


def alternative_3_9_lerp(average, network, decay):
    theirs = dict(network.named_parameters())
    for name, a in average.named_parameters():
        a.data.lerp_(theirs[name].data, 1 - decay)


def wrong_3_9_swapped(average, network, decay):
    with torch.no_grad():
        for a, p in zip(
            average.parameters(), network.parameters(), strict=True
        ):
            a.mul_(1 - decay).add_(decay * p)


def wrong_3_9_no_decay(average, network, decay):
    with torch.no_grad():
        for a, p in zip(
            average.parameters(), network.parameters(), strict=True
        ):
            a.add_((1 - decay) * p)


def wrong_3_9_copy(average, network, decay):
    average.load_state_dict(network.state_dict())


def wrong_3_9_network(average, network, decay):
    with torch.no_grad():
        for a, p in zip(
            average.parameters(), network.parameters(), strict=True
        ):
            p.mul_(1 - decay).add_(decay * a)


def wrong_3_9_rebound(average, network, decay):
    for a, p in zip(average.parameters(), network.parameters(), strict=True):
        a = decay * a + (1 - decay) * p


def wrong_3_9_graph(average, network, decay):
    for module, source in zip(
        average.modules(), network.modules(), strict=True
    ):
        for name, p in list(module._parameters.items()):
            if p is not None:
                del module._parameters[name]
                module._parameters[name] = nn.Parameter(
                    decay * p + (1 - decay) * source._parameters[name]
                )


def check_3_9(answer, c):
    for dtype in c.dtypes:
        decay = c.number(0.2, 0.95)
        network = nn.Sequential(
            nn.Linear(3, 4), nn.LeakyReLU(0.2), nn.Linear(4, 2)
        ).to(dtype)
        start = [
            c.normal(tuple(p.shape), dtype) for p in network.parameters()
        ]
        average = copy.deepcopy(network)
        with torch.no_grad():
            for a, s in zip(average.parameters(), start, strict=True):
                a.copy_(s)
        kept = list(average.parameters())
        path = []
        for _ in range(3):
            with torch.no_grad():
                for p in network.parameters():
                    p.copy_(c.normal(tuple(p.shape), dtype))
            path.append([p.detach().clone() for p in network.parameters()])
            c.call(answer, average, network, decay, returns_none=True)
            c.true(
                all(
                    torch.equal(p, q)
                    for p, q in zip(
                        network.parameters(), path[-1], strict=True
                    )
                ),
                "It changed the network in training; only the average may move.",
            )
        c.true(
            all(
                a is k
                for a, k in zip(average.parameters(), kept, strict=True)
            ),
            "It put new parameters into the average: change the values in place, under no_grad.",
        )
        n = len(path)
        for i, a in enumerate(average.parameters()):
            truth = decay**n * start[i] + sum(
                (1 - decay) * decay ** (n - 1 - k) * path[k][i]
                for k in range(n)
            )
            other = (1 - decay) ** n * start[i] + sum(
                decay * (1 - decay) ** (n - 1 - k) * path[k][i]
                for k in range(n)
            )
            c.equal(
                a.detach(),
                truth,
                on="three updates",
                mistakes={
                    "The weights are exchanged: the *old average* keeps the share decay.": other,
                    "The old average must shrink by decay before the new part is added.": start[
                        i
                    ]
                    + sum((1 - decay) * path[k][i] for k in range(n)),
                    "The average became the network itself.": path[-1][i],
                    "The average did not move: assigning to the loop variable changes no parameter.": start[
                        i
                    ],
                },
            )


register(
    Exercise(
        id="3.9",
        title="The averaged generator",
        stars=2,
        kind="function",
        statement=r"""
Write `update(average, network, decay)`, one step of a running average of parameters,
$\bar\theta \leftarrow \beta\,\bar\theta + (1 - \beta)\,\theta$ with $\beta$ = `decay`. Both arguments are networks of
one architecture; change the parameters of `average` in place and leave `network` alone. Nothing is returned.
""",
        stub="""
def update(average, network, decay):
    return ...
""",
        hints=(
            "Walk over both `.parameters()` together, inside `torch.no_grad()`.",
            "`a = ...` only gives a new meaning to the name `a`. In-place methods end in an underscore: `mul_`, `add_`, "
            "`lerp_`.",
        ),
        explanation=r"""
Unrolled, the average is $\sum_k (1-\beta)\beta^k\,\theta_{t-k}$: weights that fall off with age, over about
$1/(1-\beta)$ steps. Under `no_grad`, since otherwise the average would be part of a graph that grows with every step;
in place, since an optimiser or another module may hold the very same tensors.
""",
        solution=solution_3_9,
        alternatives=(alternative_3_9_lerp,),
        wrong=(
            (wrong_3_9_swapped, "exchanged"),
            (wrong_3_9_no_decay, "must shrink"),
            (wrong_3_9_copy, "network itself"),
            (wrong_3_9_network, "network in training"),
            (wrong_3_9_rebound, "loop variable"),
            (wrong_3_9_graph, "new parameters"),
        ),
        check=check_3_9,
    )
)

# 3.10 --------------------------------------------------------------------------------------------------------------


def solution_3_10(a, b):
    m = a.mean(axis=0) - b.mean(axis=0)
    A, B = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    return float(m @ m + np.trace(A + B - 2 * sqrtm(A @ B).real))


def alternative_3_10_eigenvalues(a, b):
    m = a.mean(axis=0) - b.mean(axis=0)
    A, B = np.cov(a.T), np.cov(b.T)
    root = np.sqrt(np.clip(np.linalg.eigvals(A @ B).real, 0, None)).sum()
    return float((m**2).sum() + np.trace(A) + np.trace(B) - 2 * root)


def _variant_3_10(
    biased=False,
    rooted=False,
    norm=False,
    no_root=False,
    one=False,
    over_samples=False,
    elementwise=False,
    correlation=False,
    roots=False,
):
    def distance(a, b):
        if over_samples:
            a, b = (
                a.T[:, : min(len(a), len(b))],
                b.T[:, : min(len(a), len(b))],
            )
        m = a.mean(axis=0) - b.mean(axis=0)
        A, B = (
            (np.corrcoef if correlation else np.cov)(x, rowvar=False)
            for x in (a, b)
        )
        if biased:
            A, B = (np.cov(x, rowvar=False, bias=True) for x in (a, b))
        if roots:
            middle = (sqrtm(A) @ sqrtm(B)).real
        elif no_root:
            middle = A @ B
        elif elementwise:
            middle = np.sqrt(np.abs(A * B))
        else:
            middle = sqrtm(A @ B).real
        squared = m @ m
        value = float(
            (squared**0.5 if norm else squared)
            + np.trace(A + B - (1 if one else 2) * middle)
        )
        return value**0.5 if rooted else value

    return distance


def check_3_10(answer, c):
    for _ in range(3):
        k = c.integer(2, 5)
        mix = c.rng.standard_normal((2, k, k))
        a, b = (
            c.rng.standard_normal((40, k)) @ mix[0],
            c.rng.standard_normal((31, k)) @ mix[1] + 1.5,
        )
        A, B = np.cov(a.T), np.cov(b.T)
        values, vectors = np.linalg.eigh(A)
        root = vectors * np.sqrt(values) @ vectors.T
        inner = np.sqrt(
            np.clip(np.linalg.eigvalsh(root @ B @ root), 0, None)
        ).sum()
        want = (
            ((a.mean(0) - b.mean(0)) ** 2).sum()
            + np.trace(A)
            + np.trace(B)
            - 2 * inner
        )
        c.equal(
            c.call(answer, a, b),
            want,
            rtol=1e-6,
            atol=1e-8,
            mistakes={
                words: (lambda v=variant, a=a, b=b: v(a, b))
                for words, variant in _DIAGNOSES_3_10.items()
            },
        )
    x = c.rng.standard_normal((20, 3))
    c.equal(
        c.call(answer, x, x + 2),
        12.0,
        rtol=1e-5,
        says="A shift by 2 in three coordinates costs 3 times 4.",
    )


_DIAGNOSES_3_10 = {
    "The distance of the means enters squared.": _variant_3_10(norm=True),
    "The product of the covariances needs a matrix square root.": _variant_3_10(
        no_root=True
    ),
    "The last term carries a factor 2.": _variant_3_10(one=True),
    "The square root is one of matrices, not entry by entry.": _variant_3_10(
        elementwise=True
    ),
    "Covariances, not correlations: the spread of each feature counts.": _variant_3_10(
        correlation=True
    ),
    "That is its square root: the equation gives the squared distance.": _variant_3_10(
        rooted=True
    ),
    "Unbiased covariances divide by N - 1.": _variant_3_10(biased=True),
    "The root of a product of matrices is not the product of their roots.": _variant_3_10(
        roots=True
    ),
}

register(
    Exercise(
        id="3.10",
        title="The number that everybody quotes",
        stars=3,
        kind="function",
        statement=r"""
Write `frechet(a, b)` by equation {eq}`eq:03-frechet`: `a` and `b` are NumPy arrays of features, shapes $(N, K)$ and
$(M, K)$ with $K \ge 2$ and one row per sample; use unbiased covariances (divide by $N - 1$). Return the
squared distance, as the equation has it, a number. You may use SciPy.
""",
        stub="""
def frechet(a, b):
    return ...
""",
        hints=(
            "`np.cov` expects one *column* per sample unless you say `rowvar=False`.",
            "`scipy.linalg.sqrtm(A @ B)` has the trace of $(A^{1/2} B A^{1/2})^{1/2}$; take its real part.",
        ),
        explanation=r"""
$AB$ and $A^{1/2} B A^{1/2}$ have the same eigenvalues (as $XY$ and $YX$ always have), so their square roots have the same trace,
and `sqrtm(A @ B)` may be used although $AB$ is not symmetric. Rounding leaves it a tiny imaginary part. The package
works with the symmetric form and eigenvalues instead, which cannot leave the real numbers.
""",
        solution=solution_3_10,
        alternatives=(alternative_3_10_eigenvalues,),
        wrong=(
            (_variant_3_10(norm=True), "enters squared"),
            (_variant_3_10(no_root=True), "matrix square root"),
            (_variant_3_10(one=True), "factor 2"),
            (_variant_3_10(elementwise=True), "entry by entry"),
            (_variant_3_10(correlation=True), "correlations"),
            (_variant_3_10(rooted=True), "gives the squared"),
            (_variant_3_10(biased=True), "divide by N - 1"),
            (_variant_3_10(roots=True), "product of their roots"),
        ),
        check=check_3_10,
    )
)

# 3.11 --------------------------------------------------------------------------------------------------------------


def broken_3_11(G, n, latent, seed):
    torch.manual_seed(seed)
    return G(torch.randn(n, latent))


def solution_3_11(G, n, latent, seed):
    z = torch.randn(n, latent, generator=torch.Generator().manual_seed(seed))
    was_training = G.training
    G.eval()
    with torch.no_grad():
        x = G(z)
    G.train(was_training)
    return x


def alternative_3_11_copy(G, n, latent, seed):
    z = torch.empty(n, latent).normal_(
        generator=torch.Generator().manual_seed(seed)
    )
    still = copy.deepcopy(G).eval().requires_grad_(False)
    return still(z)


def wrong_3_11_graph(G, n, latent, seed):
    z = torch.randn(n, latent, generator=torch.Generator().manual_seed(seed))
    was_training = G.training
    x = G.eval()(z)
    G.train(was_training)
    return x


def wrong_3_11_left_in_eval(G, n, latent, seed):
    z = torch.randn(n, latent, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        return G.eval()(z)


def wrong_3_11_always_train(G, n, latent, seed):
    z = torch.randn(n, latent, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        x = G.eval()(z)
    G.train()
    return x


def wrong_3_11_training_mode(G, n, latent, seed):
    z = torch.randn(n, latent, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        return G(z)


def wrong_3_11_global_seed(G, n, latent, seed):
    torch.manual_seed(seed)
    z = torch.randn(n, latent)
    was_training = G.training
    with torch.no_grad():
        x = G.eval()(z)
    G.train(was_training)
    return x


def wrong_3_11_other_seed(G, n, latent, seed):
    z = torch.randn(
        n, latent, generator=torch.Generator().manual_seed(seed + n)
    )
    was_training = G.training
    with torch.no_grad():
        x = G.eval()(z)
    G.train(was_training)
    return x


def wrong_3_11_gradients_off(G, n, latent, seed):
    torch.set_grad_enabled(False)
    return solution_3_11(G, n, latent, seed)


def wrong_3_11_frozen(G, n, latent, seed):
    G.requires_grad_(False)
    return solution_3_11(G, n, latent, seed)


def wrong_3_11_cleared(G, n, latent, seed):
    G.zero_grad()
    return solution_3_11(G, n, latent, seed)


def check_3_11(answer, c):
    for training in (True, False):
        seed, n, latent = (
            c.integer(1, 10_000),
            c.integer(3, 9),
            c.integer(2, 5),
        )
        G = nn.Sequential(
            nn.Linear(latent, 8),
            nn.BatchNorm1d(8),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(8, 3),
        )
        with torch.no_grad():
            for p in G.parameters():
                p.copy_(c.normal(tuple(p.shape), p.dtype))
        want = (
            copy.deepcopy(G)
            .eval()
            .requires_grad_(False)(
                torch.randn(
                    n, latent, generator=torch.Generator().manual_seed(seed)
                )
            )
        )
        for p in G.parameters():
            p.grad = torch.ones_like(p)  # of the step that goes on
        G.train(training)
        statistics = G[1].running_mean.clone()
        untouched = c.watch(G)
        torch.manual_seed(c.integer(0, 999))
        state = torch.get_rng_state()
        got = c.call(answer, G, n, latent, seed)
        on = f"a generator that was in {'training' if training else 'evaluation'} mode"
        if not torch.equal(G[1].running_mean, statistics):
            c.fail(
                "Batch normalisation's statistics moved: samples were drawn in training mode.",
                on,
            )
        c.true(isinstance(got, torch.Tensor), "A tensor was expected.", on)
        c.true(
            not got.requires_grad,
            "The samples hang on a graph; scoring 10,000 of them would keep it all.",
            on,
        )
        c.true(
            G.training == training,
            (
                "G was left in evaluation mode: the next training step would run without dropout."
                if training
                else "G came in evaluation mode and left in training mode."
            ),
            on,
        )
        c.true(
            torch.equal(torch.get_rng_state(), state),
            "The global random state changed: drawing samples would change the training that follows.",
            on,
        )
        c.equal(
            got,
            want,
            rtol=1e-4,
            atol=1e-5,
            on=on,
            says="z must be drawn by a torch.Generator with the given seed, all n rows at once.",
        )
        untouched()


register(
    Exercise(
        id="3.11",
        title="Look, but do not touch",
        stars=2,
        kind="bug",
        float32_only="z is drawn in float32",
        statement=r"""
`sample(G, n, latent, seed)` is called between training steps to look at the generator. The version below disturbs
the run in several ways. Mend it: draw `z = torch.randn(n, latent, ...)` from a generator of its own with the given
seed; run `G` in evaluation mode; return samples without a graph; leave `G` in the mode in which it came, and the
global random state as it was.
""",
        stub="""
def sample(G, n, latent, seed):
    return ...
""",
        hints=(
            "`torch.manual_seed` reseeds everything, dropout in the next training step included. "
            "`torch.Generator().manual_seed(seed)` is a stream of its own.",
            "Remember `G.training` before you call `G.eval()`, and give it back with `G.train(was_training)`.",
            "In training mode batch normalisation also *updates* its running statistics, even under `no_grad`.",
        ),
        explanation=r"""
Four leaks. The global seed: after each look, dropout would repeat the same masks. The mode: in training mode dropout
and batch normalisation make samples depend on their neighbours and on chance, and the latter learns from them. The
mode again: leave `G` in evaluation mode, and it trains without dropout from then on. The graph: without `no_grad`
every sample holds on to all activations. The package's `fit` guards against the first and third by restoring state
after each callback.
""",
        solution=solution_3_11,
        alternatives=(alternative_3_11_copy,),
        broken=broken_3_11,
        wrong=(
            (broken_3_11, "statistics moved"),
            (wrong_3_11_graph, "hang on a graph"),
            (wrong_3_11_left_in_eval, "left in evaluation mode"),
            (wrong_3_11_always_train, "left in training mode"),
            (wrong_3_11_global_seed, "global random state"),
            (wrong_3_11_other_seed, "with the given seed"),
            (wrong_3_11_gradients_off, "gradients switched off"),
            (wrong_3_11_frozen, "requires_grad"),
            (wrong_3_11_cleared, "changed a gradient"),
        ),
        check=check_3_11,
    )
)

# 3.12 --------------------------------------------------------------------------------------------------------------


def solution_3_12():
    return (
        "Every epoch draw 10,000 samples in evaluation mode from the "
        "averaged generator, with the same z each time, and compute the "
        "Fréchet distance to a fixed set of 10,000 real pictures that no "
        "player trains on. Keep the generator with the smallest value. Stop "
        "when it has not improved by more than twice the spread between "
        "repeated draws for ten epochs, and look at the fixed-z grid and the "
        "nearest training neighbours before believing it. The losses play no "
        "part, except that a value that is not finite stops the run at once."
    )


register(
    Exercise(
        id="3.12",
        title="When to stop",
        stars=2,
        kind="rubric",
        statement=r"""
Design a rule that ends a GAN run on MNIST, for a colleague who will run it unattended over night. Say what is
measured, on how many pictures, against what; how often; when the run ends and which generator is kept; and what must
be looked at by eye before the result is believed. Return your text (5 to 10 sentences) as a string.
""",
        stub="""
def rule():
    return ...
""",
        hints=(
            "What would a loss-based rule do with the frozen generator of this chapter?",
            "How much does your score change if you only draw other samples? A rule that reacts to less than that reacts "
            "to chance.",
        ),
        explanation=r"""
Compare your rule with the points below. A rule on the losses fails on the frozen generator: it sees progress where
there is none. A rule on the score needs its noise: draw twice, and you know what a difference must exceed. And no
score sees copying, so somebody has to look at the nearest neighbours.
""",
        solution=solution_3_12,
        check=rubric(
            "It measures samples, not losses.",
            "Sample size and reference set are fixed and stated, so that values compare.",
            "A difference counts only if it exceeds the spread between repeated draws.",
            "The best generator is kept, not the last.",
            "Somebody looks: a grid from fixed z, and nearest training neighbours against memorising.",
        ),
    )
)
