r"""Exercises 1.10, 1.11 and 1.12."""

import math

import torch

from ganbook.exercises.engine.core import (
    Exercise,
    choice,
    register,
)

# 1.10 --------------------------------------------------------------------------------------------------------------


def solution_1_10():
    import sympy

    x = sympy.Symbol("x", positive=True)
    inverse = sympy.sqrt(x)
    return 1 * sympy.diff(inverse, x)  # the density of z is 1 on (0, 1)


def alternative_1_10_text():
    return "1 / (2 * sqrt(x))"


def check_1_10(value, c):
    c.expression(
        value,
        lambda x: 0.5 * x**-0.5,
        x=(0.01, 0.99),
        mistakes={
            "That is the density of z at the right place; the stretching is missing.": "1",
            "That multiplies by the slope of g: where g stretches, the density gets thinner.": "2*sqrt(x)",
            "That is the inverse map itself; its slope was wanted.": "sqrt(x)",
            "The slope of g was taken at x; it belongs at z, the square root of x.": "1/(2*x)",
            "That is the slope of g as a function of its own argument.": "2*x",
            "The half is lost: it does not integrate to one.": "1/sqrt(x)",
            "The root belongs below the line: 1/2*sqrt(x) is half the root.": "sqrt(x)/2",
            "A density is positive: take the slope's absolute value.": "-1/(2*sqrt(x))",
        },
    )


register(
    Exercise(
        id="1.10",
        title="A flow with one dimension",
        stars=2,
        kind="expression",
        statement=r"""
Let $z$ be uniform on $(0, 1)$ and $x = g(z) = z^2$. Return the density $p(x)$ on $(0, 1)$ as an expression in `x`
(a sympy expression, or text such as `"x**2 + 1"`).
""",
        stub="""
def density():
    return ...
""",
        hints=(
            "The formula is {eq}`eq:01-flow`. What is $g^{-1}(x)$, and what is its derivative?",
            r"$\log \pi = 0$ on $(0, 1)$, so $p(x) = |d\sqrt{x} / dx|$. Check that it integrates to one.",
        ),
        explanation=r"""
$g^{-1}(x) = \sqrt x$ has the slope $1 / (2\sqrt x)$, and the uniform density is 1. So $p(x) = 1/(2\sqrt x)$, which
integrates to $\sqrt 1 - \sqrt 0 = 1$. Near zero the map squeezes (its slope $2z$ is small) and samples pile up; the
density is infinite there, and integrable. A flow in many dimensions does the same with a determinant.
""",
        solution=solution_1_10,
        alternatives=(alternative_1_10_text,),
        wrong=(
            ("1", "stretching is missing"),
            ("2*sqrt(x)", "gets thinner"),
            ("sqrt(x)", "inverse map itself"),
            ("1/(2*x)", "belongs at z"),
            ("2*x", "its own argument"),
            ("1/sqrt(x)", "half is lost"),
            ("1/2*sqrt(x)", "below the line"),
            ("-1/(2*sqrt(x))", "density is positive"),
        ),
        check=check_1_10,
    )
)


# 1.11 --------------------------------------------------------------------------------------------------------------


def solution_1_11(nats, shape):
    return nats / (math.prod(shape) * math.log(2))


def alternative_1_11_exponent(nats, shape):
    pixels = 1
    for side in shape:
        pixels *= side
    return nats * math.log2(math.e) / pixels


def wrong_1_11_multiplied(nats, shape):
    return nats * math.log(2) / math.prod(shape)


def wrong_1_11_per_picture(nats, shape):
    return nats / math.log(2)


def wrong_1_11_nats(nats, shape):
    return nats / math.prod(shape)


def wrong_1_11_no_channels(nats, shape):
    return nats / (shape[-2] * shape[-1] * math.log(2))


def wrong_1_11_log2_of(nats, shape):
    return torch.log2(nats) / math.prod(shape)


def wrong_1_11_log10(nats, shape):
    return nats / (math.prod(shape) * math.log(10))


def wrong_1_11_added(nats, shape):
    return nats / (sum(shape) * math.log(2))


def wrong_1_11_sign(nats, shape):
    return -nats / (math.prod(shape) * math.log(2))


def wrong_1_11_positive(nats, shape):
    return nats.abs() / (math.prod(shape) * math.log(2))


def check_1_11(answer, c):
    for dtype in c.dtypes:
        for shape, low, high in (
            ((2, 4, 4), 10, 2000),
            ((3, c.integer(5, 32), c.integer(5, 32)), 10, 2000),
            ((1, 3, 5), -300, -5),
        ):
            nats = c.uniform(low, high, (4,), dtype)
            got = c.call(answer, nats, shape)
            dims = torch.tensor(shape).prod().double()
            c.equal(
                got,
                (
                    nats.double()
                    / dims
                    * torch.tensor(math.e).double().log2()
                ).to(dtype),
                mistakes={
                    "The conversion goes the other way: one nat is more than one bit.": lambda n=nats, s=shape: (
                        wrong_1_11_multiplied(n, s)
                    ),
                    "That is bits per picture.": lambda n=nats, s=shape: (
                        wrong_1_11_per_picture(n, s)
                    ),
                    "That is nats per dimension.": lambda n=nats, s=shape: (
                        wrong_1_11_nats(n, s)
                    ),
                    "The channels count as dimensions too.": lambda n=nats, s=shape: (
                        wrong_1_11_no_channels(n, s)
                    ),
                    "Nats are a logarithm already; do not take another.": lambda n=nats, s=shape: (
                        wrong_1_11_log2_of(n, s)
                    ),
                    "A bit is a logarithm to base 2, not 10.": lambda n=nats, s=shape: (
                        wrong_1_11_log10(n, s)
                    ),
                    "Below zero is possible: a density may exceed one.": lambda n=nats, s=shape: (
                        wrong_1_11_positive(n, s)
                    ),
                    "The sides were added; the number of dimensions is their product.": lambda n=nats, s=shape: (
                        wrong_1_11_added(n, s)
                    ),
                    "The input is a *negative* log-likelihood already: its sign stays.": lambda n=nats, s=shape: (
                        wrong_1_11_sign(n, s)
                    ),
                },
                rtol=1e-4 if dtype == torch.float32 else 1e-5,
            )


register(
    Exercise(
        id="1.11",
        title="Units in a table",
        stars=1,
        kind="function",
        statement=r"""
One paper reports nats per picture, another bits per dimension. Write `bits_per_dimension(nats, shape)`: `nats` is a
tensor of negative log-likelihoods per picture (below zero where a density exceeds one), `shape` the tuple (channels,
height, width); return a tensor of the same shape and dtype. For example 44.3614 nats on $(1, 8, 8)$ are one bit per
dimension, which is what coins cost.
""",
        stub="""
def bits_per_dimension(nats, shape):
    return ...
""",
        hints=(
            "A fair coin costs one bit, and $\\log 2 = 0.693$ nats. Which of the two numbers is the larger?",
            "Divide by $\\log 2$ and by the number of dimensions, channels included: `math.prod(shape)`.",
        ),
        explanation=r"""
$\log_2 a = \log a / \log 2$, so bits are nats divided by $\log 2$. A dimension is one number of the picture, so a
colour picture has three for each pixel. By this unit the spoiled model of {eq}`eq:01-spoiled` loses
at most $\log_2 100 = 6.64$ bits in all: on $32 \times 32$ colour pictures 0.002 bits per dimension, less than the second
decimal that papers print.
""",
        solution=solution_1_11,
        alternatives=(alternative_1_11_exponent,),
        wrong=(
            (wrong_1_11_multiplied, "goes the other way"),
            (wrong_1_11_per_picture, "bits per picture"),
            (wrong_1_11_nats, "nats per dimension"),
            (wrong_1_11_no_channels, "channels count"),
            (wrong_1_11_log2_of, "do not take another"),
            (wrong_1_11_log10, "not 10"),
            (wrong_1_11_added, "sides were added"),
            (wrong_1_11_sign, "its sign stays"),
            (wrong_1_11_positive, "may exceed one"),
        ),
        check=check_1_11,
    )
)


# 1.12 --------------------------------------------------------------------------------------------------------------


def solution_1_12():
    return "d"


register(
    Exercise(
        id="1.12",
        title="Two models on one table",
        stars=2,
        kind="choice",
        statement=r"""
On held-out pictures of 784 binary pixels, model A has a mean log-likelihood of $-86$ nats and model B $-90$. Of the
samples of A, nearly all are noise; of the samples of B, nearly all are good digits. Which conclusion is right?
""",
        options={
            "a": "The numbers must be wrong: a model that draws noise cannot have the higher likelihood.",
            "b": "A has memorised the training pictures, and B has not.",
            "c": "A gives good digits a lower probability than B does.",
            "d": "It is possible. A may be 1 % of an excellent model and 99 % noise; four nats tell us nothing about samples.",
            "e": "B's likelihood would rise above A's if more test pictures were used.",
            "f": "A's samples would become digits if the likelihood were measured in bits.",
        },
        stub="""
def conclusion():
    return ...
""",
        hints=(
            "How much likelihood can a model lose by drawing noise 99 times in a hundred?",
            "At most $\\log 100 = 4.6$ nats. So what could A's clean part be?",
        ),
        explanation=r"""
By {prf:ref}`thm:01-noise`, 99 % noise cost at most 4.6 nats, whatever the size of the picture. So A may hide a model
of $-81.4$ nats, better than B, that it uses once in a hundred draws. Nothing about it is contradictory: on *real*
pictures A is the better predictor, and as a source of pictures it is useless.
""",
        solution=solution_1_12,
        wrong=(
            ("a", "log 100"),
            ("b", "ruin its likelihood"),
            ("c", "on real digits"),
            ("e", "sampling error"),
            ("f", "change of unit"),
        ),
        check=choice(
            "d",
            a="It can: 99 % noise cost at most log 100, 4.6 nats.",
            b="Memorising would ruin its likelihood on held-out pictures, and give good samples: the other way round.",
            c="The likelihood is measured on real digits, and there A is the higher on average.",
            e="Nothing says so: the gap is a property of the models, not of sampling error.",
            f="A change of unit multiplies all log-likelihoods by one factor and leaves samples as they are.",
        ),
    )
)
