r"""Exercises 8.5, 8.8 and 8.9."""

import math

import numpy as np
import torch

from ganbook.exercises.engine.core import (
    Exercise,
    register,
)


def solution_8_5(field, theta, psi, h):
    v = field(theta, psi)
    ahead = field(theta + h * v[0], psi + h * v[1])
    return theta + h * ahead[0], psi + h * ahead[1]


def broken_8_5(field, theta, psi, h):
    v = field(theta, psi)
    theta, psi = theta + h * v[0], psi + h * v[1]
    ahead = field(theta, psi)
    return theta + h * ahead[0], psi + h * ahead[1]


def alternative_8_5_stored(field, theta, psi, h):
    start = np.array([theta, psi])
    w = start + h * np.array(field(*start))
    w = start + h * np.array(field(*w))
    return float(w[0]), float(w[1])


def wrong_8_5_mean(field, theta, psi, h):
    v = field(theta, psi)
    ahead = field(theta + h * v[0], psi + h * v[1])
    return theta + h * (v[0] + ahead[0]) / 2, psi + h * (v[1] + ahead[1]) / 2


def wrong_8_5_at_once(field, theta, psi, h):
    v = field(theta, psi)
    return theta + h * v[0], psi + h * v[1]


def wrong_8_5_half(field, theta, psi, h):
    v = field(theta, psi)
    ahead = field(theta + h / 2 * v[0], psi + h / 2 * v[1])
    return theta + h * ahead[0], psi + h * ahead[1]


def wrong_8_5_in_turn(field, theta, psi, h):
    theta = theta + h * field(theta, psi)[0]
    return theta, psi + h * field(theta, psi)[1]


def wrong_8_5_optimistic(field, theta, psi, h):
    v = field(theta, psi)
    ahead = field(theta + h * v[0], psi + h * v[1])
    return (
        theta + h * (2 * ahead[0] - v[0]),
        psi + h * (2 * ahead[1] - v[1]),
    )


def check_8_5(answer, c):
    for _ in range(4):
        k, gamma, h = c.number(0.5, 2), c.number(0.1, 1), c.number(0.1, 0.5)
        theta, psi = c.number(-2, 2), c.number(-2, 2)

        def field(x, y, k=k, gamma=gamma):
            return k * y + x**2 / 3, -k * x - gamma * y

        given = field, theta, psi, h
        got = c.call(answer, *given)
        c.equal(
            got,
            solution_8_5(*given),
            rtol=1e-9,
            mistakes={
                "These are two simultaneous steps: the step with the second field starts at the old point.": broken_8_5(
                    *given
                ),
                "That is the mean of both fields, Heun's method, which expands a rotation.": wrong_8_5_mean(
                    *given
                ),
                "That is plain simultaneous play: the field ahead is not used.": wrong_8_5_at_once(
                    *given
                ),
                "The look ahead goes a whole step, not half of one.": wrong_8_5_half(
                    *given
                ),
                "That is alternating play.": wrong_8_5_in_turn(*given),
                "The field ahead is known here; nothing has to be extrapolated.": wrong_8_5_optimistic(
                    *given
                ),
            },
        )


register(
    Exercise(
        id="8.5",
        title="Extragradient, nearly",
        stars=2,
        kind="bug",
        statement=r"""
    This function is to make one step of extragradient play for a `field(theta, psi)` that returns a pair, and to
    return the new pair. On the bilinear game its runs diverge. Mend it.
    """,
        stub="""
    def extragradient_step(field, theta, psi, h):
        return ...
    """,
        hints=(
            r"At which point does the second step start, and at which should it?",
            r"The look ahead is only there to read the field. Give the point ahead names of its own, and keep `theta` and `psi`.",
        ),
        explanation=r"""
    The broken version overwrites the point, so the second step starts at the point ahead: two simultaneous steps, with
    modulus $1 + a^2$ per call, where extragradient has $\sqrt{1 - a^2 + a^4}$. For networks the same slip is easy to make:
    the weights must be copied before the look ahead and restored after it.
    """,
        solution=solution_8_5,
        broken=broken_8_5,
        alternatives=(alternative_8_5_stored,),
        wrong=(
            (broken_8_5, "two simultaneous"),
            (wrong_8_5_mean, "Heun"),
            (wrong_8_5_at_once, "plain simultaneous"),
            (wrong_8_5_half, "whole step"),
            (wrong_8_5_in_turn, "alternating play"),
            (wrong_8_5_optimistic, "extrapolated"),
        ),
        check=check_8_5,
    )
)


def solution_8_8(theta, psi):
    share = 1 / (1 + np.exp(-theta * psi))
    # half the squared length of the field is share^2 (theta^2 + psi^2) / 2
    bend = share**2 * (1 - share) * (theta**2 + psi**2)
    return share**2 * theta + bend * psi, share**2 * psi + bend * theta


def broken_8_8(theta, psi):
    share = 1 / (1 + np.exp(-theta * psi))
    bend = 0.5 * share**2 * (1 - share) * (theta**2 + psi**2)
    return share**2 * theta + bend * psi, share**2 * psi + bend * theta


def alternative_8_8_autograd(theta, psi):
    w = torch.tensor([theta, psi], dtype=torch.float64, requires_grad=True)
    v = torch.sigmoid(w.prod()) * torch.stack([w[1], -w[0]])
    (pull,) = torch.autograd.grad(v.square().sum() / 2, w)
    return tuple(pull.tolist())


def wrong_8_8_twice(theta, psi):
    pull = solution_8_8(theta, psi)
    return 2 * pull[0], 2 * pull[1]


def wrong_8_8_linear(theta, psi):
    share = 1 / (1 + np.exp(-theta * psi))
    return share**2 * theta, share**2 * psi


def wrong_8_8_share(theta, psi):
    share = 1 / (1 + np.exp(-theta * psi))
    bend = share * (1 - share) * (theta**2 + psi**2)
    return share**2 * theta + bend * psi, share**2 * psi + bend * theta


def wrong_8_8_no_chain(theta, psi):
    share = 1 / (1 + np.exp(-theta * psi))
    bend = share**2 * (1 - share) * (theta**2 + psi**2)
    return share**2 * theta + bend, share**2 * psi + bend


def wrong_8_8_forward(theta, psi):
    share = 1 / (1 + np.exp(-theta * psi))
    slope = share * (1 - share)
    J = np.array(
        [
            [slope * psi**2, share + slope * theta * psi],
            [-share - slope * theta * psi, -slope * theta**2],
        ]
    )
    return tuple(J @ np.array([share * psi, -share * theta]))


def wrong_8_8_overflow(theta, psi):
    with np.errstate(over="ignore", invalid="ignore"):
        share = np.exp(theta * psi) / (1 + np.exp(theta * psi))
    bend = share**2 * (1 - share) * (theta**2 + psi**2)
    return share**2 * theta + bend * psi, share**2 * psi + bend * theta


def check_8_8(answer, c):
    points = [
        (1.0, -1.0),
        *((c.number(-2, 2), c.number(-2, 2)) for _ in range(4)),
        (-30.0, 30.0),  # exp(900) is too large for a float
        (30.0, 30.0),
    ]
    large = c.call(answer, *points[-1])
    c.true(
        not np.isnan(np.asarray(large, dtype=float)).any(),
        "At (30, 30) it is NaN: exp(900) overflows, and infinity over infinity is not a number.",
    )
    for theta, psi in points:
        given = theta, psi
        c.equal(
            c.call(answer, theta, psi),
            alternative_8_8_autograd(theta, psi),
            rtol=1e-7,
            mistakes={
                "The second term is too small by a factor 2: the half of the square is used up by the derivative of the square.": broken_8_8(
                    *given
                ),
                "That is the gradient of the squared length; half of it was asked for.": wrong_8_8_twice(
                    *given
                ),
                "The share sigma(theta psi) depends on the point as well.": wrong_8_8_linear(
                    *given
                ),
                "The derivative of sigma^2 / 2 is sigma times sigma', so sigma appears squared.": wrong_8_8_share(
                    *given
                ),
                "The inner derivative of theta psi is missing.": wrong_8_8_no_chain(
                    *given
                ),
                "That is J v; the gradient of half the squared length is the transpose of J times v.": wrong_8_8_forward(
                    *given
                ),
            },
        )


register(
    Exercise(
        id="8.8",
        title="A wrong consensus",
        stars=3,
        kind="bug",
        statement=r"""
    This function is to return the gradient of $\tfrac12 \lVert v \rVert^2$ in $\theta$ and in $\psi$, for the field of the
    minimax Dirac-GAN. A slip of this kind stood in public code. At $(1, -1)$ its first component has the wrong *sign*,
    yet eigenvalues at the solution do not show it. Mend it; `theta` and `psi` are numbers.
    """,
        stub="""
    def consensus_pull(theta, psi):
        return ...
    """,
        hints=(
            r"$\tfrac12 \lVert v \rVert^2 = \tfrac12 \sigma(\theta\psi)^2 (\theta^2 + \psi^2)$. Differentiate both factors.",
            r"$\tfrac12 \cdot 2 \sigma \sigma' \cdot \psi\, (\theta^2 + \psi^2)$ with $\sigma' = \sigma (1 - \sigma)$: which factor is too many in the code?",
        ),
        explanation=r"""
    The term that contains $\sigma'$ is of third order at the solution, so the Jacobian there does not see its factor. Away
    from it the factor decides the sign: at $(1, -1)$ the right value is $-0.0334$, the broken one $+0.0195$. A test at
    one random point against automatic differentiation finds it; a test at the solution cannot.
    """,
        solution=solution_8_8,
        broken=broken_8_8,
        alternatives=(alternative_8_8_autograd,),
        wrong=(
            (broken_8_8, "used up"),
            (wrong_8_8_twice, "half of it"),
            (wrong_8_8_linear, "depends on the point"),
            (wrong_8_8_share, "appears squared"),
            (wrong_8_8_no_chain, "inner derivative"),
            (wrong_8_8_forward, "transpose"),
            (wrong_8_8_overflow, "overflows"),
        ),
        check=check_8_8,
    )
)


def solution_8_9(beta, h, k):
    a = h * k
    return (1 - beta) / math.sqrt((1 - beta) ** 2 + beta * a**2)


def alternative_8_9_angle(beta, h, k):
    angle = np.arccos(1 - (h * k) ** 2 / 2)
    return abs((1 - beta) / (1 - beta * np.exp(1j * angle)))


def wrong_8_9_real(beta, h, k):
    return (1 - beta) / (1 - beta * (1 - (h * k) ** 2 / 2))


def wrong_8_9_weight(beta, h, k):
    return 1 - beta


def wrong_8_9_no_k(beta, h, k):
    return solution_8_9(beta, h, 1.0)


def wrong_8_9_no_beta(beta, h, k):
    return (1 - beta) / math.sqrt((1 - beta) ** 2 + (h * k) ** 2)


def wrong_8_9_swapped(beta, h, k):
    return solution_8_9(1 - beta, h, k)


def wrong_8_9_square(beta, h, k):
    return solution_8_9(beta, h, k) ** 2


def check_8_9(answer, c):
    for beta in (0.5, c.number(0.8, 0.95), 0.9, 0.0, 1 - 1e-4):
        h, k = c.number(0.1, 0.4), c.number(0.3, 0.9)
        if beta == 0.9:  # more than a quarter of a turn per round
            h, k = c.number(1.0, 1.3), c.number(1.2, 1.4)
        given = beta, h, k
        c.equal(
            c.call(answer, *given),
            alternative_8_9_angle(*given),
            rtol=1e-9,
            mistakes={
                "The average lags behind in angle: 1 - beta exp(i phi) is complex, and its modulus is needed.": wrong_8_9_real(
                    *given
                ),
                "That is the weight of the newest point; earlier points help or cancel.": wrong_8_9_weight(
                    *given
                ),
                "The turn per round depends on the coupling too: a = h k.": wrong_8_9_no_k(
                    *given
                ),
                "The term a^2 under the root carries the factor beta.": wrong_8_9_no_beta(
                    *given
                ),
                "beta and 1 - beta are exchanged.": wrong_8_9_swapped(*given),
                "That is the ratio of the squares: take the root.": wrong_8_9_square(
                    *given
                ),
            },
        )


register(
    Exercise(
        id="8.9",
        title="How far an average circles",
        stars=2,
        kind="function",
        statement=r"""
    The bilinear game with coupling `k` is played in turn with step `h`. Write `ratio(beta, h, k)`: the size of the
    ellipse on which the exponential average with memory `beta` ends up, divided by that of the pair's own ellipse.
    """,
        stub="""
    def ratio(beta, h, k):
        return ...
    """,
        hints=(
            r"Write the path as $e^{i\varphi t}$ and put $\bar w_t = C e^{i\varphi t}$ into $\bar w_t = \beta \bar w_{t-1} + (1 - \beta) w_t$.",
            r"$\lvert 1 - \beta e^{i\varphi} \rvert^2 = (1 - \beta)^2 + 2\beta(1 - \cos\varphi)$ and $1 - \cos\varphi = a^2/2$.",
        ),
        explanation=r"""
    $C = (1 - \beta)/(1 - \beta e^{-i\varphi})$; its modulus is the ratio, and its angle says how far the average lags
    behind. With $\cos\varphi = 1 - a^2/2$, $a = hk$, it is $(1 - \beta)/\sqrt{(1-\beta)^2 + \beta a^2}$, about $(1 - \beta)/a$ for
    long memories. No $\beta < 1$ makes it zero.
    """,
        solution=solution_8_9,
        alternatives=(alternative_8_9_angle,),
        wrong=(
            (wrong_8_9_real, "complex"),
            (wrong_8_9_weight, "newest"),
            (wrong_8_9_no_k, "coupling too"),
            (wrong_8_9_no_beta, "carries the factor"),
            (wrong_8_9_swapped, "exchanged"),
            (wrong_8_9_square, "take the root"),
        ),
        check=check_8_9,
    )
)
