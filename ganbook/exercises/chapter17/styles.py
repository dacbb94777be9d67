r"""Exercises of chapter 17: truncation and styles."""

import math

import numpy as np
import torch
from scipy.integrate import quad
from scipy.linalg import sqrtm
from scipy.stats import norm, truncnorm

from ganbook.exercises.engine.core import Exercise, register
from ganbook.exercises.engine.mistakes import mistake, outcomes
from ganbook.exercises.engine.words import say

# 17.1 ------------------------------------------------------------------


def solution_17_1(A, S, psi):
    left = psi**2 * np.trace(A @ S @ A.T)  # w - mean is scaled by psi
    return left, (1 - psi) ** 2 * np.trace(A @ S @ A.T)


def alternative_17_1_sum(A, S, psi):
    total = float(np.sum((A @ S) * A))
    return psi * psi * total, total - 2 * psi * total + psi * psi * total


def wrong_17_1_linear(A, S, psi):
    total = np.trace(A @ S @ A.T)
    return psi * total, (1 - psi) ** 2 * total


def wrong_17_1_difference(A, S, psi):
    total = np.trace(A @ S @ A.T)
    return psi**2 * total, (1 - psi**2) * total


def wrong_17_1_root(A, S, psi):
    total = np.trace(A @ S @ A.T)
    return psi**2 * total, (1 - psi) * math.sqrt(total)


def wrong_17_1_styles(A, S, psi):
    total = np.trace(S)
    return psi**2 * total, (1 - psi) ** 2 * total


def wrong_17_1_white(A, S, psi):
    total = np.trace(A @ A.T)
    return psi**2 * total, (1 - psi) ** 2 * total


def wrong_17_1_swapped(A, S, psi):
    return solution_17_1(A, S, psi)[::-1]


def check_17_1(answer, c):
    cases = [
        (np.eye(2), np.eye(2), 0.5),
        (np.array([[1.0, 2.0], [0.0, 1.0]]), np.diag([1.0, 4.0]), 0.7),
        (np.array([[3.0, -1.0, 2.0]]), np.diag([0.5, 1.0, 2.0]), 0.0),
        (np.eye(2), np.diag([2.0, 3.0]), 1.0),
        (np.array([[1.0, -1.0], [2.0, 0.5]]), np.diag([2.0, 3.0]), 1.3),
    ]
    for _ in range(3):
        d, k = c.integer(1, 4), c.integer(2, 4)
        B = c.rng.normal(size=(k, k))
        cases.append(
            (c.rng.normal(size=(d, k)), B @ B.T, c.number(0.05, 1.4))
        )
    for A, S, psi in cases:
        full = A @ S @ A.T
        cut = psi**2 * full
        cross = sqrtm(full @ cut).real
        want = (
            np.trace(cut),
            max(float(np.trace(full + cut - 2 * cross)), 0.0),
        )
        got = c.call(answer, A, S, psi)
        for place, name in enumerate(("variance", "distance")):
            wrongs = {
                "The variance falls with the square of psi.": wrong_17_1_linear,
                "That is the variance that was lost; the distance compares standard deviations, which differ by 1 - psi.": wrong_17_1_difference,
                "The squared distance was asked for.": wrong_17_1_root,
                "The variance of the pictures is that of A w, not that of w.": wrong_17_1_styles,
                "The styles are not white: S is their covariance.": wrong_17_1_white,
                "The order is variance first, distance second.": wrong_17_1_swapped,
            }
            c.equal(
                got[place],
                want[place],
                rtol=1e-5,
                atol=1e-6,
                says=say("The {name} differs.", name=name),
                mistakes={
                    text: wrong(A, S, psi)[place]
                    for text, wrong in wrongs.items()
                },
            )


register(
    Exercise(
        id="17.1",
        title="What truncation costs",
        stars=1,
        kind="function",
        statement=r"""
    Styles $w$ are normal with covariance `S` (shape `(K, K)`), and pictures are $x = A w + b$ with `A` of shape `(d, K)`.
    Styles are truncated by `psi` towards their mean. Write `truncated(A, S, psi)`: a pair, the total variance (trace of the covariance) of the
    truncated pictures, and their squared Fréchet distance to the untruncated ones. `psi` may be 0, or above 1. For
    `A` and `S` both the identity of size 2 and $\psi = 0.5$ the pair is $(0.5, 0.5)$.
    """,
        stub="""
    def truncated(A, S, psi):
        return ...
    """,
        hints=(
            r"The mean stays where it is. What happens to the covariance of $w$, and what to that of $A w$?",
            r"The two covariances are multiples of each other, so their square roots commute: $\mathrm{tr}(C + \psi^2 C - 2 \psi C)$.",
        ),
        explanation=r"""
    With $C = A S A^\top$ the truncated covariance is $\psi^2 C$, and
    $\mathrm{tr}(C + \psi^2 C - 2 (C^{1/2} \psi^2 C\, C^{1/2})^{1/2}) = (1 - \psi)^2\, \mathrm{tr}\, C$. For small
    truncation the distance is of second order in $1 - \psi$, while the variance is lost at first order.
    """,
        solution=solution_17_1,
        alternatives=(alternative_17_1_sum,),
        wrong=(
            (wrong_17_1_linear, "square of psi"),
            (wrong_17_1_difference, "was lost"),
            (wrong_17_1_root, "squared distance"),
            (wrong_17_1_styles, "of the pictures"),
            (wrong_17_1_white, "not white"),
            (wrong_17_1_swapped, "variance first"),
        ),
        check=check_17_1,
    )
)

# 17.2 ------------------------------------------------------------------


def solution_17_2(c):
    inside = 2 * norm.cdf(c) - 1  # the share that is kept
    return float(1 - 2 * c * norm.pdf(c) / inside)


@mistake(
    "Where hardly anything is cut off the variance is that of the normal: a rule of quadrature over so long an interval misses the peak at 0."
)
def wrong_17_2_blind(c):
    second = quad(lambda z: z * z * norm.pdf(z), 0, c, epsabs=1e-14)[0]
    kept = quad(norm.pdf, 0, c, epsabs=1e-14)[0]
    return second / kept if kept else 0.0


def alternative_17_2_quadrature(c):
    return wrong_17_2_blind(min(c, 40.0))  # beyond 40 there is no mass


@mistake(
    "Divide by the share that is kept: the draws outside are drawn again."
)
def wrong_17_2_unscaled(c):
    return float(2 * norm.cdf(c) - 1 - 2 * c * norm.pdf(c))


@mistake(
    "That is the variance after clipping to the ends; here the draw is repeated instead."
)
def wrong_17_2_clipped(c):
    return float(
        2 * norm.cdf(c) - 1 - 2 * c * norm.pdf(c) + 2 * c * c * norm.sf(c)
    )


@mistake("Both tails are cut.")
def wrong_17_2_one_sided(c):
    return float(1 - c * norm.pdf(c) / norm.cdf(c))


@mistake("There is a boundary term at each end: a factor of two is missing.")
def wrong_17_2_half(c):
    inside = 2 * norm.cdf(c) - 1
    return float(1 - c * norm.pdf(c) / inside)


@mistake("That is the standard deviation.")
def wrong_17_2_std(c):
    return math.sqrt(solution_17_2(c))


@mistake("Truncation does not multiply z by a number.")
def wrong_17_2_scaled(c):
    return min(c, 1.0) ** 2


def check_17_2(answer, c):
    drawn = c.number(0.1, 3), c.number(0.1, 3), 10 ** c.number(4, 5)
    for cut in (2.0, 1.0, 0.5, 0.02, 3.6, 8.0, 40, *drawn):
        c.equal(
            c.call(answer, cut),
            float(truncnorm.var(-cut, cut)),
            rtol=1e-6,
            atol=1e-9,
            mistakes=outcomes(
                (cut,),
                wrong_17_2_blind,
                wrong_17_2_unscaled,
                wrong_17_2_clipped,
                wrong_17_2_one_sided,
                wrong_17_2_half,
                wrong_17_2_std,
                wrong_17_2_scaled,
            ),
        )


register(
    Exercise(
        id="17.2",
        title="A truncated latent",
        stars=2,
        kind="function",
        statement=r"""
    BigGAN draws each entry of $z$ from the standard normal and draws it again while $|z| > c$. Write
    `truncated_variance(c)`: the variance of an entry, for a positive number `c`. For $c = 2$ it is about $0.774$.
    """,
        stub="""
    def truncated_variance(c):
        return ...
    """,
        hints=(
            r"The mean is 0, so the variance is $\int_{-c}^{c} z^2 \varphi(z)\, dz$ divided by something.",
            r"Integrate by parts: $z^2 \varphi = z \cdot z\varphi$ and $z\varphi = -\varphi'$.",
        ),
        explanation=r"""
    By parts $\int_{-c}^{c} z^2 \varphi = -2c\,\varphi(c) + \int_{-c}^{c} \varphi$; divided by the share
    $2\Phi(c) - 1$ that is kept this gives $1 - 2c\,\varphi(c) / (2\Phi(c) - 1)$. For a linear generator the Fréchet distance
    that it costs is $(1 - \sqrt v)^2\, \mathrm{tr}\, \Sigma$, as with $\psi = \sqrt v$: second moments see no difference
    between the two kinds of truncation, although one law is normal and the other is not.
    """,
        solution=solution_17_2,
        alternatives=(alternative_17_2_quadrature,),
        wrong=(
            wrong_17_2_unscaled,
            wrong_17_2_clipped,
            wrong_17_2_one_sided,
            wrong_17_2_half,
            wrong_17_2_std,
            wrong_17_2_scaled,
            wrong_17_2_blind,
        ),
        check=check_17_2,
    )
)

# 17.3 ------------------------------------------------------------------


def solution_17_3(weight, s):
    scaled = (
        weight[None] * s[:, None, :, None, None]
    )  # (N, n_out, n_in, k, k)
    length = scaled.square().sum(dim=(2, 3, 4), keepdim=True).sqrt()
    return scaled / length


def alternative_17_3_norm(weight, s):
    rows = [weight * one[None, :, None, None] for one in s]
    return torch.stack(
        [r / r.flatten(1).norm(dim=1)[:, None, None, None] for r in rows]
    )


@mistake("That is modulation alone: no kernel has length one.")
def wrong_17_3_plain(weight, s):
    return weight[None] * s[:, None, :, None, None]


@mistake("The style scales the input channels, axis 1 of the weight.")
def wrong_17_3_output(weight, s):
    n = min(s.shape[1], weight.shape[0])
    scale = torch.ones(len(s), weight.shape[0], dtype=s.dtype)
    scale[:, :n] = s[:, :n]
    scaled = weight[None] * scale[:, :, None, None, None]
    return scaled / scaled.square().sum(dim=(2, 3, 4), keepdim=True).sqrt()


@mistake(
    "The sum runs over input channels and the kernel's two axes, for each output channel by itself."
)
def wrong_17_3_input(weight, s):
    scaled = wrong_17_3_plain(weight, s)
    return scaled / scaled.square().sum(dim=(1, 3, 4), keepdim=True).sqrt()


@mistake(
    "Each output channel has a length of its own; all together have length one here."
)
def wrong_17_3_whole(weight, s):
    scaled = wrong_17_3_plain(weight, s)
    return scaled / scaled.square().sum(dim=(1, 2, 3, 4), keepdim=True).sqrt()


@mistake(
    "Demodulate after the style was applied, or the style's strength stays in."
)
def wrong_17_3_before(weight, s):
    length = weight.square().sum(dim=(1, 2, 3), keepdim=True).sqrt()
    return (weight / length)[None] * s[:, None, :, None, None]


@mistake("The length is the root of the sum of squares.")
def wrong_17_3_squared(weight, s):
    scaled = wrong_17_3_plain(weight, s)
    return scaled / scaled.square().sum(dim=(2, 3, 4), keepdim=True)


@mistake(
    "Something is added to the length: these weights are small, and it counts beside them."
)
def wrong_17_3_guarded(weight, s):
    scaled = wrong_17_3_plain(weight, s)
    squares = scaled.square().sum(dim=(2, 3, 4), keepdim=True)
    return scaled * torch.rsqrt(squares + 1e-8)


def check_17_3(answer, c):
    shapes = (
        (2, 3, 4, 3, 1),
        (1, 2, 2, 1, 1),
        (3, 4, 2, 5, 1),
        (2, 3, 2, 3, 1e-4),
    )
    for dtype in c.dtypes:
        for n, n_out, n_in, k, size in shapes:
            weight = size * c.normal((n_out, n_in, k, k), dtype)
            s = c.normal((n, n_in), dtype)
            want = alternative_17_3_norm(weight, s)
            got = c.call(answer, weight, s)
            c.equal(
                got,
                want,
                rtol=1e-4,
                atol=1e-5,
                mistakes=outcomes(
                    (weight, s),
                    wrong_17_3_plain,
                    wrong_17_3_output,
                    wrong_17_3_input,
                    wrong_17_3_whole,
                    wrong_17_3_before,
                    wrong_17_3_squared,
                    wrong_17_3_guarded,
                ),
            )


register(
    Exercise(
        id="17.3",
        title="Modulate and demodulate",
        stars=2,
        kind="function",
        statement=r"""
    Write `kernels(weight, s)`: for a `weight` of shape `(n_out, n_in, k, k)` and styles `s` of shape `(N, n_in)` the kernels of each sample,
    of shape `(N, n_out, n_in, k, k)`: input channel $i$ is multiplied by $s_i$, and then each output channel's kernel is divided by
    its length (the root of its sum of squares; no small number is added, and no length is 0).
    """,
        stub="""
    def kernels(weight, s):
        return ...
    """,
        hints=(
            r"`s[:, None, :, None, None]` has the shape that broadcasts against `weight[None]`.",
            r"One length for each sample and output channel: sum the squares over the other three axes, with `keepdim=True`.",
        ),
        explanation=r"""
    Scaling the input channels of a convolution is scaling its weights, so the style can be put into the kernel. If the
    inputs are independent with unit variance, an output has the variance $\sum_{ikl} w_{oikl}^2$: dividing by its root
    gives unit variance without looking at the features, which instance normalisation had to do.
    """,
        solution=solution_17_3,
        alternatives=(alternative_17_3_norm,),
        wrong=(
            wrong_17_3_plain,
            wrong_17_3_output,
            wrong_17_3_input,
            wrong_17_3_whole,
            wrong_17_3_before,
            wrong_17_3_squared,
            wrong_17_3_guarded,
        ),
        check=check_17_3,
    )
)
