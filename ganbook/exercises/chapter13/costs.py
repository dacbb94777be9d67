r"""What layers and steps cost."""

import numpy as np

from ganbook.exercises.engine.core import Exercise, register
from ganbook.exercises.engine.mistakes import mistake, outcomes

# 13.10 -----------------------------------------------------------------


def solution_13_10(layers, side):
    total = 0
    for kind, n_in, n_out, kernel, stride in layers:
        if kind == "conv":
            side //= stride
            places = side**2  # of the output
        else:
            places = side**2  # of the input
            side *= stride
        total += 2 * kernel**2 * n_in * n_out * places
    return total


def alternative_13_10_smaller_side(layers, side):
    total = 0
    for kind, n_in, n_out, kernel, stride in layers:
        after = side // stride if kind == "conv" else side * stride
        total += 2 * kernel**2 * n_in * n_out * min(side, after) ** 2
        side = after
    return total


def _count(layers, side, factor=2, power=2, at=min, moves=True, maps=True):
    total = 0
    for kind, n_in, n_out, kernel, stride in layers:
        after = side // stride if kind == "conv" else side * stride
        places = at(side, after) ** 2
        total += (
            factor * kernel**power * n_in * places * (n_out if maps else 1)
        )
        side = after if moves else side
    return total


@mistake("A product and its addition count as two operations.")
def wrong_13_10_once(layers, side):
    return _count(layers, side, factor=1)


@mistake(
    "A transposed convolution lays down one kernel for each place of its input."
)
def wrong_13_10_output(layers, side):
    return _count(layers, side, at=lambda before, after: after)


@mistake("A convolution makes one sum for each place of its output.")
def wrong_13_10_input(layers, side):
    return _count(layers, side, at=lambda before, after: before)


@mistake("The side changes from layer to layer.")
def wrong_13_10_same_side(layers, side):
    return _count(layers, side, moves=False)


@mistake("The kernel is a square.")
def wrong_13_10_flat(layers, side):
    return _count(layers, side, power=1)


@mistake("Each map of the output needs products of its own.")
def wrong_13_10_one_map(layers, side):
    return _count(layers, side, maps=False)


@mistake("Those are the weights; each is used at many places.")
def wrong_13_10_parameters(layers, side):
    return _count(layers, side, factor=1, at=lambda before, after: 1)


@mistake("Single precision rounds large counts: add up whole numbers.")
def wrong_13_10_single(layers, side):
    return float(np.float32(solution_13_10(layers, side)))


@mistake(
    "The count does not fit into 32 bits: Python's own whole numbers have no bound."
)
def wrong_13_10_short(layers, side):
    return int(np.array(solution_13_10(layers, side)).astype(np.int32))


def check_13_10(answer, c):
    def drawn(kind):
        return (
            kind,
            c.integer(1, 9),
            c.integer(2, 9),
            c.integer(1, 5),
            c.integer(1, 2),
        )

    mixed = [("conv", 3, 8, 4, 2), ("up", 8, 5, 3, 4), ("conv", 5, 2, 5, 2)]
    many = [[drawn("up"), drawn("conv"), drawn("up")] for _ in range(4)]
    wide = [("up", 251, 509, 4, 7), ("conv", 509, 511, 3, 1)]
    for layers in (mixed, [("up", 2, 3, 5, 1)], *many, wide):
        want = 0
        start = side = 16 if layers is wide else 4 * c.integer(2, 9)
        for kind, a, b, k, s in layers:
            after = side // s if kind == "conv" else side * s
            pairs = (after if kind == "conv" else side) ** 2 * a * b
            want += sum(2 * pairs for _ in range(k) for _ in range(k))
            side = after
        c.equal(
            c.call(answer, layers, start),
            want,
            rtol=1e-12,
            mistakes=outcomes(
                (layers, start),
                wrong_13_10_once,
                wrong_13_10_output,
                wrong_13_10_input,
                wrong_13_10_same_side,
                wrong_13_10_flat,
                wrong_13_10_one_map,
                wrong_13_10_parameters,
                wrong_13_10_single,
                wrong_13_10_short,
            ),
        )


register(
    Exercise(
        id="13.10",
        title="Count the operations",
        stars=1,
        kind="function",
        statement=r"""
    Write `operations(layers, side)`: the floating-point operations of one forward pass for one square picture of the
    given side. `layers` are `(kind, n_in, n_out, kernel, stride)`; `"conv"` divides the side by the stride (it
    always goes in), `"up"`, a transposed convolution, multiplies it. A product with its addition counts as two; biases
    count nothing, and neither does the padding. For `[("conv", 1, 16, 4, 2)]` and a side of 28 it is `100352`.
    """,
        stub="""
    def operations(layers, side):
        return ...
    """,
        hints=(
            r"For each layer: at how many places is the kernel used?",
            r"A convolution uses it at each place of the output, a transposed one at each place of the input.",
        ),
        explanation=r"""
    $2 k^2 a b$ per place, at the places of the output for a convolution and of the input for its transpose: in both
    cases those of the smaller map. In the table of `full_generator` the step to 28 by 28 is therefore counted at 196 places.
    """,
        solution=solution_13_10,
        alternatives=(alternative_13_10_smaller_side,),
        wrong=(
            wrong_13_10_once,
            wrong_13_10_output,
            wrong_13_10_input,
            wrong_13_10_same_side,
            wrong_13_10_flat,
            wrong_13_10_one_map,
            wrong_13_10_parameters,
            wrong_13_10_single,
            wrong_13_10_short,
        ),
        check=check_13_10,
    )
)

# 13.11 -----------------------------------------------------------------


def solution_13_11():
    return "F * (8 + 6 / K)"


def check_13_11(value, c):
    c.expression(
        value,
        lambda F, K: F * (8 + 6 / K),
        F=(1, 9),
        K=(2, 20),
        mistakes={
            "That takes the penalty at every step.": "14 * F",
            "The penalty is taken once in K steps, so its cost is divided by K.": "F * (8 + 6 * K)",
            "G's step goes through D as well: forward, and to D's input.": "F * (6 + 6 / K)",
            "In G's step D's weights need no gradient.": "F * (9 + 6 / K)",
            "That leaves out what the penalty's gradient costs: it goes back through two passes.": "F * (8 + 2 / K)",
            "The products with zeros are counted here, as autograd computes them.": "F * (8 + 4 / K)",
            "That is for each sample of a batch, real or generated; per real sample it is twice as much.": "F * (4 + 3 / K)",
            "That counts the penalty for generated samples, too; R1 takes real ones.": "F * (8 + 12 / K)",
        },
    )


register(
    Exercise(
        id="13.11",
        title="What a lazy penalty saves",
        stars=2,
        kind="expression",
        statement=r"""
    A forward pass of $D$ costs $F$ per sample. Neglect the corrections for first and last layers, and the cost of $G$.
    R1 is taken at every $K$-th step only, on the real samples. Return the average cost of one step (D's and G's) per real
    sample, in `F` and `K`, as a sympy expression or as text such as `"F * K"`. Batches hold as many generated samples
    as real ones, and the penalty's own gradient is counted as autograd computes it, with the products with zeros.
    """,
        stub="""
    def cost():
        return ...
    """,
        hints=(
            r"List what $D$ does in one step: on real and on generated samples, in its own step and in G's.",
            r"D's step: $2 \cdot 3F$. G's step: forward and to the input. The penalty is $6F$ when it is taken.",
        ),
        explanation=r"""
    $6F$ for D's step, $2F$ for G's, $6F/K$ for the penalty. With $K = 16$ this is $8.375 F$ in place of $14 F$. To keep
    the penalty's force on average its weight is multiplied by $K$.
    """,
        solution=solution_13_11,
        wrong=(
            (lambda: "14 * F", "every step"),
            (lambda: "F * (8 + 6 * K)", "divided by K"),
            (lambda: "F * (6 + 6 / K)", "goes through D"),
            (lambda: "F * (9 + 6 / K)", "weights need no"),
            (lambda: "F * (8 + 2 / K)", "two passes"),
            (lambda: "F * (8 + 4 / K)", "products with zeros"),
            (lambda: "F * (4 + 3 / K)", "twice as much"),
            (lambda: "F * (8 + 12 / K)", "takes real ones"),
        ),
        check=check_13_11,
    )
)
