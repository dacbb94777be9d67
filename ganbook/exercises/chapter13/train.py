r"""Training that removes a checkerboard, and blocks that begin at zero."""

import math

import numpy as np
import torch

from ganbook.exercises.engine.core import Exercise, register
from ganbook.exercises.engine.mistakes import mistake, outcomes

# 13.5 ------------------------------------------------------------------


def solution_13_5(w, s, steps, rate):
    w = torch.tensor(w, requires_grad=True)
    for _ in range(steps):
        sums = torch.stack([w[r::s].sum() for r in range(s)])
        loss = (sums - sums.mean()).square().mean()
        (slope,) = torch.autograd.grad(loss, w)
        with torch.no_grad():
            w -= rate * slope
    return w.detach().numpy()


def _descend(w, s, steps, rate, slope):
    w, phase = np.array(w, dtype=float), np.arange(len(w)) % s
    for _ in range(steps):
        sums = np.array([w[phase == r].sum() for r in range(s)])
        w -= rate * slope(sums, phase)
    return w


def alternative_13_5_by_hand(w, s, steps, rate):
    return _descend(
        w,
        s,
        steps,
        rate,
        lambda sums, phase: 2 / s * (sums - sums.mean())[phase],
    )


@mistake("That drives the sums to zero; they are only to agree.")
def wrong_13_5_no_mean(w, s, steps, rate):
    return _descend(
        w, s, steps, rate, lambda sums, phase: 2 / s * sums[phase]
    )


@mistake("The variance grows: gradient descent goes against the slope.")
def wrong_13_5_uphill(w, s, steps, rate):
    return alternative_13_5_by_hand(w, s, steps, -rate)


@mistake(
    "That descends the sum of squared deviations; the variance is their average over the phases."
)
def wrong_13_5_summed(w, s, steps, rate):
    return alternative_13_5_by_hand(w, s, steps, rate * s)


@mistake(
    "That variance divides by s - 1, as torch's `var` does unless told otherwise; here it is s."
)
def wrong_13_5_unbiased(w, s, steps, rate):
    return alternative_13_5_by_hand(w, s, steps, rate * s / (s - 1))


@mistake("A factor of 2 is missing: the derivative of a square.")
def wrong_13_5_half(w, s, steps, rate):
    return alternative_13_5_by_hand(w, s, steps, rate / 2)


@mistake("That is one step only.")
def wrong_13_5_once(w, s, steps, rate):
    return alternative_13_5_by_hand(w, s, 1, rate)


@mistake(
    "That makes the weights equal, which is more than was asked; only the sums of the phases have to agree."
)
def wrong_13_5_weights(w, s, steps, rate):
    w = np.array(w, dtype=float)
    for _ in range(steps):
        w -= rate * 2 / len(w) * (w - w.mean())
    return w


def check_13_5(answer, c):
    drawn = [
        (c.integer(4, 9), c.integer(2, 4), c.integer(2, 30)) for _ in range(4)
    ]
    for k, s, steps in ((7, 3, 3), (4, 2, 200), (3, 3, 10), *drawn):
        w, rate = c.rng.normal(size=k), c.number(0.02, 0.2)
        c.equal(
            c.call(answer, w, s, steps, rate),
            alternative_13_5_by_hand(w, s, steps, rate),
            rtol=1e-7,
            atol=1e-9,
            mistakes=outcomes(
                (w, s, steps, rate),
                wrong_13_5_no_mean,
                wrong_13_5_uphill,
                wrong_13_5_summed,
                wrong_13_5_unbiased,
                wrong_13_5_half,
                wrong_13_5_once,
                wrong_13_5_weights,
            ),
        )
    w = np.array([1.0, 0.0, 0.5])
    c.like(
        answer,
        solution_13_5,
        lambda: (w, 2, 400, 0.002),
        rtol=1e-9,
        says="All steps count, also the hundredth.",
    )


register(
    Exercise(
        id="13.5",
        title="Train the checkerboard away",
        stars=2,
        kind="function",
        statement=r"""
    Write `train_out(w, s, steps, rate)`: start from the kernel `w`, a float64 numpy array of shape `(k,)` with
    $k \ge s$, make `steps` steps of plain gradient descent with the given rate on the variance of the phase sums,
    $\frac1s \sum_r (S_r - \bar S)^2$ with $\bar S = \frac1s \sum_r S_r$, and return the kernel as an array of shape
    `(k,)`. `w` itself must stay as it is.
    """,
        stub="""
    def train_out(w, s, steps, rate):
        return ...
    """,
        hints=(
            r"With torch: make a tensor with a gradient, and stack `w[r::s].sum()`.",
            r"By hand: each weight of phase $r$ has the derivative $\frac2s (S_r - \bar S)$; the terms from $\bar S$ cancel.",
        ),
        explanation=r"""
    All weights of a phase move together, by $\frac2s(S_r - \bar S)$, until the sums agree. The rest of the kernel is
    free, so a trained transposed convolution can be without a checkerboard and without being a resizing. If every phase
    has $n$ weights, a step with rate $\eta$ multiplies all deviations $S_r - \bar S$ by $1 - \frac{2n}{s}\,\eta$.
    """,
        solution=solution_13_5,
        alternatives=(alternative_13_5_by_hand,),
        wrong=(
            wrong_13_5_no_mean,
            wrong_13_5_uphill,
            wrong_13_5_summed,
            wrong_13_5_unbiased,
            wrong_13_5_half,
            wrong_13_5_once,
            wrong_13_5_weights,
        ),
        check=check_13_5,
    )
)

# 13.6 ------------------------------------------------------------------


def solution_13_6(small, c, a):
    rho = c * (1 + a**2) / 2
    if rho >= 1:
        return math.inf
    return math.floor(2 * math.log(small) / math.log(rho)) + 1


def alternative_13_6_step_by_step(small, c, a):
    rho = c * (1 + a**2) / 2
    m = 0
    while rho < 1 and rho ** (m / 2) >= small:
        m += 1
    return m if rho < 1 else math.inf


def _until(small, rho, power=2.0):
    if rho >= 1:
        return math.inf
    return math.floor(power * math.log(small) / math.log(rho)) + 1


@mistake("That is the factor of the mean square; the norm has its root.")
def wrong_13_6_square(small, c, a):
    return _until(small, c * (1 + a**2) / 2, 1.0)


@mistake(
    "The activation is left out: it takes away a part of the mean square."
)
def wrong_13_6_no_slope(small, c, a):
    return _until(small, c)


@mistake("That is for ReLU: the negative half passes on its share, too.")
def wrong_13_6_relu(small, c, a):
    return _until(small, c / 2)


@mistake("Slopes average in squares: 1 and a squared, not 1 and a.")
def wrong_13_6_mean_slope(small, c, a):
    return _until(small, c * (1 + a) / 2)


@mistake("A number of layers is a whole number, or infinite.")
def wrong_13_6_not_whole(small, c, a):
    rho = c * (1 + a**2) / 2
    return 2 * math.log(small) / math.log(rho) if rho != 1 else math.inf


@mistake(
    "After so many layers the norm is exactly at the share, not below it."
)
def wrong_13_6_rounded_up(small, c, a):
    rho = c * (1 + a**2) / 2
    if rho >= 1:
        return math.inf
    return math.ceil(2 * math.log(small) / math.log(rho))


@mistake("It does shrink, although it takes thousands of layers.")
def wrong_13_6_gives_up(small, c, a):
    found = solution_13_6(small, c, a)
    return found if found < 1000 else math.inf


@mistake("With rho = 1 it does not shrink.")
def wrong_13_6_he(small, c, a):
    rho = c * (1 + a**2) / 2
    return 10**9 if rho == 1 else solution_13_6(small, c, a)


@mistake("After so many layers the norm is not yet below.")
def wrong_13_6_one_less(small, c, a):
    return solution_13_6(small, c, a) - 1


def check_13_6(answer, c):
    drawn = [
        (10 ** c.number(-8, -1), c.number(0.2, 1.4), c.number(0.2, 0.5))
        for _ in range(4)
    ]
    fixed = [(1e-6, 1 / 3, 0.6), (1e-3, 1.5, 0.3), (0.5, 0.25, 0.9)]
    # Reached exactly, in floating point as well: the root of rho is 5/8.
    fixed += [(0.625, 0.5, 0.75), (0.390625, 0.5, 0.75)]
    # A slow fall, and He's variance, for which nothing falls.
    fixed += [(1e-6, 1.59, 0.5), (1e-6, 1.598, 0.5), (1e-3, 1.6, 0.5)]
    for small, variance, a in (*fixed, (1e-3, 2.0, 0.3), *drawn):
        c.equal(
            c.call(answer, small, variance, a),
            alternative_13_6_step_by_step(small, variance, a),
            mistakes=outcomes(
                (small, variance, a),
                wrong_13_6_rounded_up,
                wrong_13_6_square,
                wrong_13_6_gives_up,
                wrong_13_6_no_slope,
                wrong_13_6_relu,
                wrong_13_6_mean_slope,
                wrong_13_6_not_whole,
                wrong_13_6_he,
                wrong_13_6_one_less,
            ),
        )


register(
    Exercise(
        id="13.6",
        title="How deep until nothing arrives",
        stars=2,
        kind="function",
        statement=r"""
    A plain network has LeakyReLU with slope `a` and independent symmetric weights of variance `c / n`. Write
    `layers_until(small, c, a)`: the smallest number of layers after which the norm of the gradient is *below* the
    share `small` of what it was, by {eq}`eq:13-gain`; `math.inf` if it does not shrink. $0 <$ `small` $< 1$, `c`
    positive, $0 <$ `a` $< 1$. For `small = 0.2`, `c = 1/3` and `a = 0.2` it is 2.
    """,
        stub="""
    def layers_until(small, c, a):
        return ...
    """,
        hints=(
            r"The norm after $m$ layers is $\rho^{m/2}$ of the first.",
            r"Solve $\rho^{m/2} < \varepsilon$ for $m$; mind the sign of $\log \rho$, and $\rho \ge 1$.",
        ),
        explanation=r"""
    $m > 2 \log \varepsilon / \log \rho$, since $\log\rho < 0$. With PyTorch's default and $a = 0.2$ a gradient is below
    a millionth after 16 layers. Adam rescales gradients, but only those that are large beside its $\varepsilon$, which is
    $10^{-8}$ by default.
    """,
        solution=solution_13_6,
        alternatives=(alternative_13_6_step_by_step,),
        wrong=(
            wrong_13_6_square,
            wrong_13_6_no_slope,
            wrong_13_6_relu,
            wrong_13_6_mean_slope,
            wrong_13_6_not_whole,
            wrong_13_6_rounded_up,
            wrong_13_6_gives_up,
            wrong_13_6_he,
            wrong_13_6_one_less,
        ),
        check=check_13_6,
    )
)
