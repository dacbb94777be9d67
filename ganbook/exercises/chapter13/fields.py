r"""Receptive fields, by formula and by gradient."""

import torch
from torch import nn

from ganbook.exercises.engine.core import Exercise, register
from ganbook.exercises.engine.mistakes import mistake, outcomes

# 13.7 ------------------------------------------------------------------


def solution_13_7(layers):
    side, jump = 1, 1
    for kernel, stride, dilation in layers:
        side += dilation * (kernel - 1) * jump
        jump *= stride
    return side


def alternative_13_7_backwards(layers):
    side = 1
    for kernel, stride, dilation in reversed(layers):
        side = (side - 1) * stride + dilation * (kernel - 1) + 1
    return side


def _sum(layers, reach, own=False):
    side, jump = 1, 1
    for kernel, stride, dilation in layers:
        jump = jump * stride if own else jump
        side += reach(kernel, dilation) * jump
        jump = jump if own else jump * stride
    return side


@mistake("A stride counts for the layers after its own.")
def wrong_13_7_own_stride(layers):
    return _sum(layers, lambda k, d: d * (k - 1), own=True)


@mistake("Strides are left out: after one, neighbours lie further apart.")
def wrong_13_7_no_stride(layers):
    return 1 + sum(d * (k - 1) for k, _, d in layers)


@mistake("Dilation is left out: the taps of a kernel lie that far apart.")
def wrong_13_7_no_dilation(layers):
    return _sum(layers, lambda k, d: k - 1)


@mistake("A kernel has one gap less than taps, and only gaps are stretched.")
def wrong_13_7_wide(layers):
    return _sum(layers, lambda k, d: d * k - 1)


@mistake(
    "A kernel of k widens the field by k - 1 steps: one output of kernel 1 sees one pixel."
)
def wrong_13_7_whole_kernel(layers):
    return _sum(layers, lambda k, d: d * k)


@mistake("The first layer of the list lies next to the picture.")
def wrong_13_7_turned(layers):
    return solution_13_7(layers[::-1])


def check_13_7(answer, c):
    drawn = [
        [
            (c.integer(1, 5), c.integer(1, 3), c.integer(1, 3))
            for _ in range(c.integer(1, 5))
        ]
        for _ in range(4)
    ]
    fixed = [
        [(4, 2, 1), (3, 1, 2), (5, 3, 1), (3, 2, 3)],
        [(4, 2, 1)] * 3 + [(4, 1, 1)] * 2,
        [(1, 1, 1)],
    ]
    for layers in (*fixed, *drawn):
        seen = {0}  # places that one output needs, layer by layer
        for kernel, stride, dilation in reversed(layers):
            seen = {
                stride * p + dilation * j for p in seen for j in range(kernel)
            }
        c.equal(
            c.call(answer, layers),
            max(seen) - min(seen) + 1,
            mistakes=outcomes(
                (layers,),
                wrong_13_7_own_stride,
                wrong_13_7_no_stride,
                wrong_13_7_no_dilation,
                wrong_13_7_wide,
                wrong_13_7_whole_kernel,
                wrong_13_7_turned,
            ),
        )


register(
    Exercise(
        id="13.7",
        title="A receptive field with dilation",
        stars=2,
        kind="function",
        statement=r"""
    In a convolution with dilation $d$ neighbouring taps of the kernel lie $d$ inputs apart. Write `field(layers)`: the
    side of the receptive field, from the first to the last pixel, of a stack of layers `(kernel, stride, dilation)`,
    the first one next to the picture. For `[(3, 2, 1), (3, 1, 2)]` it is 11.
    """,
        stub="""
    def field(layers):
        return ...
    """,
        hints=(
            r"How far apart are the first and the last tap of one kernel, in its own inputs?",
            r"Replace $k_l - 1$ by $d_l (k_l - 1)$ in {eq}`eq:13-field`.",
        ),
        explanation=r"""
    From first to last tap it is $d(k-1)$ inputs, each of which is $j$ pixels wide by the layers before. With dilation
    the field may have holes: the check of this exercise lists the places that an output needs, and takes the distance
    of the outermost.
    """,
        solution=solution_13_7,
        alternatives=(alternative_13_7_backwards,),
        wrong=(
            wrong_13_7_own_stride,
            wrong_13_7_no_stride,
            wrong_13_7_no_dilation,
            wrong_13_7_wide,
            wrong_13_7_whole_kernel,
            wrong_13_7_turned,
        ),
        check=check_13_7,
    )
)

# 13.8 ------------------------------------------------------------------


def solution_13_8(D, side):
    x = torch.randn(1, 1, side, side, requires_grad=True)
    out = D(x)
    middle = out[0, 0, out.shape[2] // 2, out.shape[3] // 2]
    (slope,) = torch.autograd.grad(middle, x)
    return int((slope[0, 0] != 0).any(dim=1).sum())


def broken_13_8(D, side):
    x = torch.randn(1, 1, side, side, requires_grad=True)
    D(x).sum().backward()
    return int((x.grad[0, 0] != 0).any(dim=1).sum())


def alternative_13_8_differences(D, side):
    with torch.no_grad():
        x = torch.randn(1, 1, side, side)
        out = D(x)
        at = out.shape[2] // 2, out.shape[3] // 2
        rows = 0
        for row in range(side):
            moved = x.clone()
            moved[0, 0, row] += torch.randn(side)
            rows += int(
                D(moved)[0, 0, at[0], at[1]] != out[0, 0, at[0], at[1]]
            )
    return rows


def wrong_13_8_left(D, side):
    x = torch.randn(1, 1, side, side, requires_grad=True)
    out = D(x)
    out[0, 0, out.shape[2] // 2, out.shape[3] // 2].backward()
    return int((x.grad[0, 0] != 0).any(dim=1).sum())


def _slope(D, side, at):
    x = torch.randn(1, 1, side, side, requires_grad=True)
    out = D(x)
    return torch.autograd.grad(out[0, 0, at(out), at(out)], x)[0][0, 0]


def wrong_13_8_corner(D, side):
    return int((_slope(D, side, lambda out: 0) != 0).any(dim=1).sum())


def wrong_13_8_pixels(D, side):
    return int((_slope(D, side, lambda out: out.shape[2] // 2) != 0).sum())


def wrong_13_8_threshold(D, side):
    slope = _slope(D, side, lambda out: out.shape[2] // 2).abs()
    return int((slope > 0.99 * slope.max()).any(dim=1).sum())


def wrong_13_8_columns(D, side):
    slope = _slope(D, side, lambda out: out.shape[2] // 2)
    return int((slope != 0).any(dim=0).sum())


def wrong_13_8_formula(D, side):
    reach, jump = 1, 1
    for layer in D:
        reach += (layer.kernel_size[0] - 1) * jump
        jump *= layer.stride[0]
    return reach


def wrong_13_8_positive(D, side):
    slope = _slope(D, side, lambda out: out.shape[2] // 2)
    return int((slope > 0).any(dim=1).sum())


def wrong_13_8_tiny(D, side):
    slope = _slope(D, side, lambda out: out.shape[2] // 2)
    return int((slope.abs() > 1e-6).any(dim=1).sum())


def wrong_13_8_before(D, side):
    slope = _slope(D, side, lambda out: (out.shape[2] - 1) // 2)
    return int((slope != 0).any(dim=1).sum())


def wrong_13_8_ones(D, side):
    with torch.no_grad():
        for p in D.parameters():
            p.fill_(1.0)
    return solution_13_8(D, side)


def _seen(layers, side, axis, middle=lambda size: size // 2):
    """How many rows (axis 0) or columns (axis 1) the middle output depends on, from the sizes alone."""
    sizes = [side]
    for k, s in layers:
        sizes.append((sizes[-1] + 2 * (k[axis] // 2) - k[axis]) // s + 1)
    seen = {middle(sizes[-1])}
    for (k, s), size in zip(layers[::-1], sizes[-2::-1], strict=True):
        reach = {
            p * s - k[axis] // 2 + j for p in seen for j in range(k[axis])
        }
        seen = {p for p in reach if 0 <= p < size}
    return len(seen)


def check_13_8(answer, c):
    square = [[(3, 1), (3, 1), (3, 1)], [(5, 2), (3, 1)], [(3, 2), (3, 2)]]
    square += [[(c.integer(1, 2) * 2 + 1, c.integer(1, 2)) for _ in range(2)]]
    cases = [([((k, k), s) for k, s in layers], 40, 1) for layers in square]
    cases += [([((3, 5), 1), ((3, 7), 2)], 40, 1)]  # other columns than rows
    cases += [([((5, 5), 2), ((5, 5), 1)], 9, 1)]  # cut off by the border
    cases += [
        ([((3, 3), 2), ((3, 3), 1)], 8, 1)
    ]  # no output is in the middle
    cases += [([((3, 3), 1)] * 2, 40, 1e-5), ([((3, 3), 1)], 40, -1)]
    for layers, size, scale in [*cases, ([((3, 3), 1)] * 2, 20, 1.5)]:
        D = nn.Sequential(
            *(
                nn.Conv2d(1, 1, k, s, (k[0] // 2, k[1] // 2), bias=False)
                for k, s in layers
            )
        )
        if size == 20:  # as D may come in the middle of training
            D[0].weight.requires_grad_(False)
            D[1].weight.grad = torch.ones_like(D[1].weight)
        with torch.no_grad():
            for p in D.parameters():
                p.copy_(scale * c.normal(tuple(p.shape), torch.float32).abs())
                if scale == 1:
                    p.mul_(c.normal(tuple(p.shape), torch.float32).sign())
        rows, columns = (_seen(layers, size, axis) for axis in (0, 1))
        as_before = c.watch(D)
        got = c.call(answer, D, size)
        c.equal(
            got,
            rows,
            mistakes={
                "That is what all outputs together see: every row.": size,
                "That counts columns, not rows.": columns,
                "That counts pixels, not rows.": rows * columns,
                "At the corner the field is cut off by the border.": rows
                - rows // 2,
                "The border of the picture cuts off a part of this field.": wrong_13_8_formula(
                    D, size
                ),
                "The middle output is that at `H' // 2`; you took the one before it.": _seen(
                    layers, size, 0, lambda size: (size - 1) // 2
                ),
                "Negative derivatives count as well.": wrong_13_8_positive(
                    D, size
                ),
                "However small a derivative is, the output depends on that pixel.": wrong_13_8_tiny(
                    D, size
                ),
            },
            says="Some rows are lost: every derivative that is not zero counts.",
        )
        c.true(
            size == 20 or all(p.grad is None for p in D.parameters()),
            "The number may be right, but the parameters of D hold gradients now: the next step would add to them.",
        )
        as_before()


register(
    Exercise(
        id="13.8",
        title="Find the bug: a field as large as the picture",
        stars=2,
        kind="bug",
        statement=r"""
    This function is meant to return the side of the receptive field of `D`, convolutions without dilation that map
    `(1, 1, side, side)` to a map of scores: the number of picture rows that the middle output, at `(H' // 2, W' // 2)`, depends on. It always
    returns `side`, and afterwards `D`'s parameters hold gradients. Mend both.
    """,
        stub="""
    def seen(D, side):
        return ...
    """,
        broken=broken_13_8,
        hints=(
            r"Whose derivative is `D(x).sum()`?",
            r"Take one entry of the output, and `torch.autograd.grad` with respect to `x` alone.",
        ),
        explanation=r"""
    The derivative of the *sum* of all outputs is the union of all fields. An output at the corner would not do either:
    padding takes the place of a part of its field. `autograd.grad` leaves `p.grad` alone, which `backward` does not.
    """,
        solution=solution_13_8,
        alternatives=(alternative_13_8_differences,),
        wrong=(
            (wrong_13_8_left, "hold gradients now"),
            (broken_13_8, "all outputs together"),
            (wrong_13_8_corner, "cut off"),
            (wrong_13_8_pixels, "counts pixels"),
            (wrong_13_8_threshold, "rows are lost"),
            (wrong_13_8_columns, "columns, not rows"),
            (wrong_13_8_formula, "of this field"),
            (wrong_13_8_before, "the one before it"),
            (wrong_13_8_positive, "Negative derivatives"),
            (wrong_13_8_tiny, "However small"),
            (wrong_13_8_ones, "It changed a parameter"),
        ),
        check=check_13_8,
    )
)

# 13.9 ------------------------------------------------------------------


def solution_13_9():
    return "(4**L - 1) * (k**2 - 1) / 36"


def check_13_9(value, c):
    c.expression(
        value,
        lambda L, k: (4**L - 1) / 3 * (k**2 - 1) / 12,
        L=(1, 6),
        k=(2, 7),
        mistakes={
            "That is for stride 1: here a step of layer l is 2 to the l - 1 pixels long.": "L * (k**2 - 1) / 12",
            "That is the standard deviation; the variance was asked for.": "sqrt((4**L - 1) * (k**2 - 1) / 36)",
            "Lengths double from layer to layer, so variances grow by four.": "(2**L - 1) * (k**2 - 1) / 12",
            "That is the last layer alone, and one too far: the stride of a layer counts after it.": "4**L * (k**2 - 1) / 12",
            "That is the last layer alone; the others add to it.": "4**(L - 1) * (k**2 - 1) / 12",
            "That is the variance of a continuous step; a kernel has k taps.": "(4**L - 1) * k**2 / 36",
        },
    )


register(
    Exercise(
        id="13.9",
        title="The effective field with strides",
        stars=3,
        kind="expression",
        statement=r"""
    A stack of $L$ linear convolutions with kernel $k$, each with stride 2, has independent weights of mean zero and, within
    a layer, of equal variance. The expected squared derivative of one output is, as a law on the pixels of one axis, that of
    a sum of independent steps.
    Return its *variance* in pixels squared as a sympy expression or as text in `L` and `k`, such as `"L * k"`.
    """,
        stub="""
    def variance():
        return ...
    """,
        hints=(
            r"How many pixels lie between neighbouring taps of layer $l$?",
            r"The uniform law on $k$ neighbouring integers has variance $(k^2 - 1)/12$. Sum a geometric series.",
        ),
        explanation=r"""
    Layer $l$ makes steps of $2^{l-1}$ pixels, so it adds $4^{l-1}(k^2-1)/12$. The sum over $l = 1, \dots, L$ is
    $\frac{4^L - 1}{3} \cdot \frac{k^2 - 1}{12}$. Its root grows like $2^L$, as the side of the field does: with strides
    the standard deviation remains a fixed share of the side, about $\sqrt{(k+1) / (36 (k-1))}$ of it.
    """,
        solution=solution_13_9,
        wrong=(
            (lambda: "L * (k**2 - 1) / 12", "for stride 1"),
            (
                lambda: "sqrt((4**L - 1) * (k**2 - 1) / 36)",
                "standard deviation",
            ),
            (lambda: "(2**L - 1) * (k**2 - 1) / 12", "grow by four"),
            (lambda: "4**L * (k**2 - 1) / 12", "one too far"),
            (lambda: "4**(L - 1) * (k**2 - 1) / 12", "others add"),
            (lambda: "(4**L - 1) * k**2 / 36", "continuous"),
        ),
        check=check_13_9,
    )
)
