r"""Exercises 3.1, 3.2 and 3.4."""

from itertools import pairwise

import torch
from torch import nn

from ganbook.exercises.engine.core import (
    Exercise,
    register,
)
from ganbook.exercises.engine.mistakes import mistake, outcomes

# 3.1 ---------------------------------------------------------------------------------------------------------------


def solution_3_1(widths):
    return sum((a + 1) * b for a, b in pairwise(widths))


def alternative_3_1_torch(widths):
    layers = [nn.Linear(a, b, device="meta") for a, b in pairwise(widths)]
    return sum(p.numel() for layer in layers for p in layer.parameters())


@mistake("Each unit also has a bias.")
def wrong_3_1_no_biases(widths):
    return sum(a * b for a, b in pairwise(widths))


@mistake(
    "A bias belongs to each unit that a layer puts out, not to each that it takes in."
)
def wrong_3_1_bias_per_input(widths):
    return sum(a * (b + 1) for a, b in pairwise(widths))


@mistake("That counts units; a layer has a weight for each pair of them.")
def wrong_3_1_units(widths):
    return sum(widths)


@mistake("The last layer is missing.")
def wrong_3_1_no_output(widths):
    return solution_3_1(widths[:-1])


@mistake("There is no extra weight on the side of the output.")
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
            mistakes=outcomes(
                (widths,),
                wrong_3_1_no_biases,
                wrong_3_1_bias_per_input,
                wrong_3_1_units,
                wrong_3_1_no_output,
                wrong_3_1_both,
            ),
        )
    for widths in ([3, 1, 1], [50_000, 50_000]):
        c.like(answer, solution_3_1, lambda widths=widths: (widths,))


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
            wrong_3_1_no_biases,
            wrong_3_1_bias_per_input,
            wrong_3_1_units,
            wrong_3_1_no_output,
            wrong_3_1_both,
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


@mistake("The pictures that are left over make a batch too.")
def wrong_3_2_floor(n, size):
    return n // size, n % size


@mistake("Where the size divides n there is no further batch.")
def wrong_3_2_plus_one(n, size):
    return n // size + 1, n % size


@mistake("The last batch is not always full.")
def wrong_3_2_full(n, size):
    return -(-n // size), size


@mistake(
    "Where the size divides n the last batch is a full one, not an empty one."
)
def wrong_3_2_remainder(n, size):
    return -(-n // size), n % size


@mistake("A number of steps is whole.")
def wrong_3_2_float(n, size):
    return n / size, n % size


@mistake(
    "Rounded to the nearest: a batch that is less than half full is a batch too."
)
def wrong_3_2_rounded(n, size):
    return max(1, round(n / size)), (n - 1) % size + 1


def check_3_2(answer, c):
    cases = [
        (60_000, 128),
        (1000, 128),
        (256, 128),
        (128, 128),
        (5, 5),
        (7, 1),
        (257, 128),
        (10_001, 5_000),
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
            mistakes=outcomes(
                (n, size),
                wrong_3_2_rounded,
                wrong_3_2_remainder,
                wrong_3_2_floor,
                wrong_3_2_plus_one,
                wrong_3_2_full,
                wrong_3_2_float,
            ),
        )
    c.like(
        answer,
        solution_3_2,
        lambda: (2**60 + 1, 2**59),
        says="Floats hold 53 bits: keep to whole numbers.",
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
            wrong_3_2_floor,
            wrong_3_2_plus_one,
            wrong_3_2_full,
            wrong_3_2_remainder,
            wrong_3_2_float,
            wrong_3_2_rounded,
        ),
        check=check_3_2,
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
$b = 127.5\,(x + 1)$. Conversion to an integer type cuts the fraction off, so without `round` about a quarter of
all bytes come back one too small: $x = b/127.5 - 1$ is rarely exact in float32. Without `clamp`, $1.0001$ becomes 255.01
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
