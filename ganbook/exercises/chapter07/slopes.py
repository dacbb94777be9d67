r"""Exercises 7.5, 7.6 and 7.8."""

from itertools import pairwise

import numpy as np
import torch

from ganbook.exercises.engine.core import (
    Exercise,
    register,
)
from ganbook.exercises.engine.mistakes import mistake, outcomes
from ganbook.exercises.engine.words import say

# 7.5 ---------------------------------------------------------------------------------------------------------------


def solution_7_5(gap, weight):
    return 2 * gap / (1 + torch.sqrt(1 + 2 * gap / weight))


def alternative_7_5_newton(gap, weight):
    w = gap.clone()
    for _ in range(60):
        w = w - (w + w**2 / (2 * weight) - gap) / (1 + w / weight)
    return w


def alternative_7_5_double(gap, weight):
    wide = gap.double()
    return (weight * ((1 + 2 * wide / weight).sqrt() - 1)).to(gap.dtype)


@mistake(
    "The root is nearly 1 where the gap is small against lambda, and the difference from 1 has lost its digits."
)
def wrong_7_5_cancels(gap, weight):
    return weight * (torch.sqrt(1 + 2 * gap / weight) - 1)


@mistake(
    "The slope depends on the distance; you computed it from the gap, which is too large."
)
def wrong_7_5_raw_slope(gap, weight):
    return gap / (1 + gap / (2 * weight))


@mistake(
    "The overshoot is W^2/2 lambda with the distance W in it, not the gap."
)
def wrong_7_5_subtract(gap, weight):
    return gap - gap**2 / (2 * weight)


@mistake(
    "That is the other root of the quadratic equation, with the sign of the square root's partner turned."
)
def wrong_7_5_root(gap, weight):
    return weight * (1 + torch.sqrt(1 + 2 * gap / weight))


@mistake(
    "That makes the reading larger still: it maps a distance to its gap."
)
def wrong_7_5_forward(gap, weight):
    return gap + gap**2 / (2 * weight)


@mistake(
    "That inverts W + W^2/4 lambda, the whole value; the gap is W + W^2/2 lambda."
)
def wrong_7_5_half(gap, weight):
    return 2 * weight * (torch.sqrt(1 + gap / weight) - 1)


def wrong_7_5_same(gap, weight):
    return gap + 0 * weight


def check_7_5(answer, c):
    for dtype in c.dtypes:
        for weight, size in (
            (10.0, 0.1),
            (4.0, 0.25),
            (c.number(0.5, 20), 0.2),
            (c.number(5, 20), 4e-6),  # gaps from a millionth of the weight on
            (c.number(5, 20), 6e-3),
            (c.number(5, 20), 1e4),
        ):
            true = size * weight * c.uniform(0.3, 6, (5,), dtype)
            gap = true + true**2 / (2 * weight)
            c.equal(
                c.call(answer, gap, weight),
                true,
                rtol=2e-4 if dtype == torch.float32 else 1e-8,
                atol=0,
                mistakes=outcomes(
                    (gap, weight),
                    wrong_7_5_raw_slope,
                    wrong_7_5_subtract,
                    wrong_7_5_root,
                    wrong_7_5_forward,
                    wrong_7_5_cancels,
                    wrong_7_5_half,
                )
                | {"That is the gap itself, uncorrected.": gap},
            )


register(
    Exercise(
        id="7.5",
        title="Correct the reading",
        stars=2,
        kind="function",
        statement=r"""
A paper reports the final gaps of critics trained with a gradient penalty of weight $\lambda$, and nothing about
slopes. Write `distance(gap, weight)`: the $W_1$ for which an optimal critic with uniform slope has this gap. `gap`
is a float tensor of shape `(n,)` with positive entries, `weight` a positive number; return a tensor of the same
shape and dtype. Gaps may be as small as $10^{-6} \lambda$, and the result is to keep a relative error of $10^{-4}$,
in float32 too. At $\lambda = 10$ a gap of $2.2$ means $W_1 = 2$.
""",
        stub="""
def distance(gap, weight):
    return ...
""",
        hints=(
            r"With one slope throughout the gap is $W + W^2 / 2\lambda$.",
            r"That is a quadratic equation in $W$. Which of its two roots can be a distance?",
            r"For a small gap the root is nearly $1$. Multiply $\sqrt{1 + 2\,\text{gap}/\lambda} - 1$ by the sum of the two, and divide by it; or compute in float64.",
        ),
        explanation=r"""
The positive root of $W^2/2\lambda + W = \text{gap}$ is $W = \lambda(\sqrt{1 + 2\,\text{gap}/\lambda} - 1)$. When
the gap is small against $\lambda$ the difference of two nearly equal numbers loses digits;
$2\,\text{gap} / (1 + \sqrt{1 + 2\,\text{gap}/\lambda})$ is the same number without the loss. It is $W_1$ for an
optimal critic of uniform slope, as between two point masses. For a critic that is optimal over a family with the best one in it, it is an upper bound of
$W_1$: after a mode was lost it can be far too large.
""",
        solution=solution_7_5,
        alternatives=(alternative_7_5_newton, alternative_7_5_double),
        wrong=(
            wrong_7_5_raw_slope,
            wrong_7_5_subtract,
            wrong_7_5_root,
            wrong_7_5_forward,
            wrong_7_5_half,
            (wrong_7_5_same, "uncorrected"),
            wrong_7_5_cancels,
        ),
        check=check_7_5,
    )
)


# 7.6 ---------------------------------------------------------------------------------------------------------------


def solution_7_6(weights):
    bound = weights[0].new_ones(())
    for w in weights:
        bound = bound * torch.linalg.matrix_norm(w, ord=2)
    return bound


def alternative_7_6_svd(weights):
    return torch.stack(
        [torch.linalg.svdvals(w).max() for w in weights]
    ).prod()


def alternative_7_6_eigen(weights):
    return torch.stack(
        [torch.linalg.eigvalsh(w @ w.T)[-1].sqrt() for w in weights]
    ).prod()


def wrong_7_6_frobenius(weights):
    return torch.stack([w.norm() for w in weights]).prod()


def wrong_7_6_sum(weights):
    return torch.stack(
        [torch.linalg.matrix_norm(w, ord=2) for w in weights]
    ).sum()


def wrong_7_6_entries(weights):
    return torch.stack([w.abs().max() for w in weights]).prod()


def wrong_7_6_rows(weights):
    return torch.stack(
        [torch.linalg.matrix_norm(w, ord=float("inf")) for w in weights]
    ).prod()


def wrong_7_6_last(weights):
    return torch.linalg.matrix_norm(weights[-1], ord=2)


def wrong_7_6_slope(weights):
    return 0.2 ** (len(weights) - 1) * solution_7_6(weights)


def wrong_7_6_product(weights):
    whole = weights[0]
    for w in weights[1:]:
        whole = w @ whole
    return torch.linalg.matrix_norm(whole, ord=2)


def wrong_7_6_squares(weights):
    return torch.stack(
        [torch.linalg.svdvals(w).max() ** 2 for w in weights]
    ).prod()


def wrong_7_6_power(weights):
    bound = weights[0].new_ones(())
    for w in weights:
        v = w.new_ones(w.shape[1])
        for _ in range(200):
            v = w.T @ (w @ v)
            v = v / v.norm().clamp(min=1e-30)
        bound = bound * (w @ v).norm()
    return bound


def check_7_6(answer, c):
    for dtype in c.dtypes:
        for sizes in (
            (3, 5, 4, 1),
            (2, c.integer(3, 6), c.integer(3, 6), 1),
            (4, 3, 5, 2),
        ):
            weights = [c.normal((b, a), dtype) for a, b in pairwise(sizes)]
            if sizes[-1] == 2:  # blind to equal entries, and to the first
                weights[0][:, 1::2] = -weights[0][:, ::2]
                weights[1][:, 0] = 0
            got = c.call(answer, weights)
            slips = {
                "Those are Frobenius norms: a bound as well, but a larger one than was asked for.": wrong_7_6_frobenius,
                "Stretches along the layers multiply; you added them.": wrong_7_6_sum,
                "The largest entry of a matrix does not bound its stretch.": wrong_7_6_entries,
                "That is the largest row sum, which measures another length than the Euclidean one.": wrong_7_6_rows,
                "Only one layer counts there; all of them do.": wrong_7_6_last,
                "LeakyReLU has slope 1 on its positive side: its stretch is 1, not 0.2.": wrong_7_6_slope,
                "That is the norm of the product of the matrices, which is right without activations: with them the stretches of the layers multiply.": wrong_7_6_product,
                "A power iteration finds nothing if its start has no part along the first singular vector: these rows sum to zero.": wrong_7_6_power,
                "Those are eigenvalues of W^T W, squares of the stretches: a root is missing.": wrong_7_6_squares,
            }
            c.equal(
                got,
                alternative_7_6_svd(weights),
                rtol=1e-3 if dtype == torch.float32 else 1e-8,
                mistakes={s: f(weights) for s, f in slips.items()},
            )


register(
    Exercise(
        id="7.6",
        title="How steep can it be?",
        stars=2,
        kind="function",
        statement=r"""
Write `steepest(weights)`: the product of the layers' spectral norms, an upper bound on the Lipschitz constant of a
network of linear layers with LeakyReLU(0.2) between them. `weights` is a list of tensors of shape
`(n_out, n_in)`, in order, of one float dtype; return a tensor without axes of that dtype.
""",
        stub="""
def steepest(weights):
    return ...
""",
        hints=(
            "The largest stretch of a matrix is its largest singular value.",
            "`torch.linalg.svdvals(w)[0]` for each matrix; the activation stretches by at most 1; multiply.",
        ),
        explanation=r"""
A vector $v$ becomes $Wv$ of length at most $\sigma_1(W) \lVert v \rVert$, with equality for the first singular
vector. LeakyReLU changes no difference by more than a factor 1. The product is an upper bound only, since the
direction that one layer stretches most need not be the one that the next stretches most. Frobenius norms are larger
by up to $\sqrt{\min(n_{\text{in}}, n_{\text{out}})}$ per layer.
""",
        solution=solution_7_6,
        alternatives=(alternative_7_6_svd, alternative_7_6_eigen),
        wrong=(
            (wrong_7_6_frobenius, "Frobenius"),
            (wrong_7_6_sum, "added them"),
            (wrong_7_6_entries, "largest entry"),
            (wrong_7_6_rows, "row sum"),
            (wrong_7_6_last, "only one layer"),
            (wrong_7_6_slope, "positive side"),
            (wrong_7_6_squares, "root is missing"),
            (wrong_7_6_power, "power iteration"),
            (wrong_7_6_product, "norm of the product of the matrices"),
        ),
        check=check_7_6,
    )
)


# 7.8 ---------------------------------------------------------------------------------------------------------------


def solution_7_8():
    # w = 1 < 2 * lam = 20: the wrong slope -1 + 1/20 is a local optimum
    return -0.5, 10.0, 1.0


def check_7_8(answer, c):
    found = c.call(answer)
    c.true(
        isinstance(found, (tuple, list, np.ndarray, torch.Tensor))
        and len(found) == 3,
        "The wrong type: three numbers (psi, lam, w) were expected.",
    )
    try:
        psi, lam, w = (float(v) for v in found)
    except (TypeError, ValueError):
        c.fail("The wrong type: psi, lam and w are to be single numbers.")
    c.true(
        np.isfinite([psi, lam, w]).all(),
        "NaN or an infinite number is no setting.",
    )
    c.true(w > 0, "The distance w is to be positive.")
    c.true(
        lam > 0,
        "Without a penalty (lam must be positive) nothing holds the slope at all.",
    )
    c.true(
        lam <= 100 and w <= 100 and abs(psi) <= 10,
        "Stay within |psi| <= 10, lam <= 100 and w <= 100.",
    )
    c.true(
        psi != 0,
        "At psi = 0 the sign of the slope is undecided; start on one side.",
    )
    c.true(
        psi < 0,
        "This start has the right sign already: its slope is positive.",
    )
    start, rate = psi, 0.02 / (2 * lam + w)
    for _ in range(60_000):
        psi += rate * (w - 2 * lam * (abs(psi) - 1) * np.sign(psi))
    c.true(
        w != 2 * lam,
        "At w = 2 lam it creeps towards slope zero for ever: it does not end at a negative slope.",
    )
    c.true(
        psi < 0 and w < 2 * lam,
        say(
            "From {start:g} it escapes: the gap's pull w = {w:g} beats the penalty's push 2 lam = {value:g} near zero.",
            start=start,
            w=w,
            value=2 * lam,
        ),
    )
    return say(
        "It stays at {psi:.3f}, and reads a gap of {value:.3f} for a distance of {w:g}.",
        psi=psi,
        value=psi * w,
        w=w,
    )


register(
    Exercise(
        id="7.8",
        title="Trapped on the wrong side",
        stars=2,
        kind="experiment",
        statement=r"""
On a line, real mass at $w$, generated mass at $0$, critic $D(x) = \psi x$. Gradient ascent with tiny steps climbs
$\psi w - \lambda (|\psi| - 1)^2$. Return a start and a setting `(psi, lam, w)` with `psi` negative from which the
critic *ends with a negative slope*: it scores generated points higher than real ones for ever. Stay within
$|\psi| \le 10$, $0 < \lambda \le 100$, $0 < w \le 100$.
""",
        stub="""
def trap():
    return ...
""",
        hints=(
            r"For $\psi < 0$ the derivative is $w - 2\lambda(|\psi| - 1)\cdot(-1)$. Where does it vanish?",
            r"At $\psi = -1 + w/2\lambda$. That is negative exactly if $w < 2\lambda$.",
        ),
        explanation=r"""
For $\psi < 0$ the derivative is $w - 2\lambda(1 + \psi)$: it vanishes at $\psi = -1 + w/2\lambda$, and to the right
of that point, up to zero, it is negative and reduces the slope. So for $w < 2\lambda$ the wrong slope is a local maximum
and the trap is shut. A two-sided penalty blocks the path through slope zero. In two dimensions and more the
gradient can turn instead of shrinking, so the trap is rarer there, and slow rather than final.
""",
        solution=solution_7_8,
        wrong=(
            (lambda: (0.5, 10.0, 1.0), "right sign already"),
            (lambda: (-0.5, 0.4, 1.0), "escapes"),
            (lambda: (-0.5, 10.0, -1.0), "distance w is to be positive"),
            (lambda: (-0.5, 0.0, 1.0), "without a penalty"),
            (lambda: (0.0, 10.0, 1.0), "undecided"),
            (lambda: (-0.5, 1000.0, 1.0), "stay within"),
            (lambda: (-0.5, 0.5, 1.0), "creeps towards"),
        ),
        check=check_7_8,
    )
)
