r"""Exercises 8.6, 8.7 and 8.12: The window; Enough noise; Another scale."""

import math

import numpy as np
import sympy

from ganbook.exercises.engine.core import (
    Exercise,
    register,
)


def solution_8_6(k, h_g, h_d, play):
    if play == "at once":
        return h_g * k**2, 2 / h_d + h_g * k**2 / 2
    return 0.0, 2 / h_d - h_g * k**2 / 2


def alternative_8_6_numbers(k, h_g, h_d, play):
    outward = k * k * h_g
    together = play == "at once"
    low = outward if together else 0
    return np.array([low, 2 / h_d + (outward if together else -outward) / 2])


def wrong_8_6_d_rate(k, h_g, h_d, play):
    low, high = solution_8_6(k, h_g, h_d, play)
    return (h_d * k**2 if play == "at once" else low), high


def wrong_8_6_plays(k, h_g, h_d, play):
    return solution_8_6(
        k, h_g, h_d, {"at once": "in turn"}.get(play, "at once")
    )


def wrong_8_6_stiff(k, h_g, h_d, play):
    return solution_8_6(k, h_g, h_d, play)[0], 2 / h_d


def wrong_8_6_k(k, h_g, h_d, play):
    low, _ = solution_8_6(k, h_g, h_d, play)
    sign = 1 if play == "at once" else -1
    return low / k, 2 / h_d + sign * h_g * k / 2


def wrong_8_6_whole(k, h_g, h_d, play):
    low, high = solution_8_6(k, h_g, h_d, play)
    return low, 2 * high - 2 / h_d


def wrong_8_6_flow(k, h_g, h_d, play):
    return 0.0, math.inf


def check_8_6(answer, c):
    for play in ("at once", "in turn") * 3:
        k = c.number(0.3, 0.9)
        h_g, h_d = c.number(0.3, 0.6), c.number(0.05, 0.25)
        given = k, h_g, h_d, play
        c.equal(
            c.call(answer, *given),
            solution_8_6(*given),
            rtol=1e-9,
            mistakes={
                "The lower limit contains the step of the *generator*: the determinant is 1 - h_d gamma + h_g h_d k^2.": wrong_8_6_d_rate(
                    *given
                ),
                "That is the window of the other play.": wrong_8_6_plays(
                    *given
                ),
                "That is the limit of gradient descent on the penalty alone; the game moves it a little.": wrong_8_6_stiff(
                    *given
                ),
                "The coupling enters as a square.": wrong_8_6_k(*given),
                "The correction of the upper limit carries a one half.": wrong_8_6_whole(
                    *given
                ),
                "That is the window of the flow; a step adds limits.": wrong_8_6_flow(
                    *given
                ),
            },
        )
        low, high = (float(x) for x in solution_8_6(*given))
        for gamma, inside in (
            ((low + high) / 2, True),
            (1.01 * high, False),
            (0.99 * low, play == "in turn"),
        ):
            d_step = np.array([[1, 0], [-h_d * k, 1 - h_d * gamma]])
            g_step = np.array([[1, h_g * k], [0, 1]])
            matrix = (
                g_step + d_step - np.eye(2)
                if play == "at once"
                else g_step @ d_step
            )
            size = np.abs(np.linalg.eigvals(matrix)).max()
            if gamma > 0:
                c.true((size < 1) == inside, "The window is not right.")


register(
    Exercise(
        id="8.6",
        title="The window",
        stars=2,
        kind="function",
        statement=r"""
    Write `window(k, h_g, h_d, play)`: the pair `(low, high)` between which the weight $\gamma$ of R1 makes the game with
    coupling `k` and steps `h_g`, `h_d` converge. `play` is `"at once"` or `"in turn"`. For example,
    `window(0.5, 0.2, 0.2, "at once")` is $(0.05, 10.025)$.
    """,
        stub="""
    def window(k, h_g, h_d, play):
        return ...
    """,
        hints=(
            r"Write the trace $T$ and the determinant $\Delta$ of one update, and use $\Delta < 1$ and $1 + T + \Delta > 0$.",
            r"At once: $T = 2 - h_D\gamma$, $\Delta = 1 - h_D\gamma + h_G h_D k^2$. In turn the product $h_G h_D k^2$ moves from $\Delta$ to $T$, with a minus.",
        ),
        explanation=r"""
    At once, $\Delta < 1$ gives $\gamma > h_G k^2$ and $1 + T + \Delta > 0$ gives $\gamma < 2/h_D + h_G k^2/2$. In turn the
    conditions are $\gamma > 0$ and $\gamma < 2/h_D - h_G k^2/2$. The lower limit depends on the generator's step alone.
    """,
        solution=solution_8_6,
        alternatives=(alternative_8_6_numbers,),
        wrong=(
            (wrong_8_6_d_rate, "generator"),
            (wrong_8_6_plays, "other play"),
            (wrong_8_6_stiff, "alone"),
            (wrong_8_6_k, "square"),
            (wrong_8_6_whole, "one half"),
            (wrong_8_6_flow, "flow"),
        ),
        check=check_8_6,
    )
)


def solution_8_7():
    # gamma = s^2 / 2 must exceed h k^2 with h = 0.1 and k = 1/2
    return math.sqrt(2 * 0.1 * 0.5**2)


def check_8_7(value, c):
    if isinstance(value, str):
        try:
            value = float(sympy.sympify(value))
        except (TypeError, ValueError, SyntaxError, AttributeError):
            c.fail("This text is not a formula that sympy can read.")

    def size(s):  # the update, with D's curvature by quadrature of noise
        e = np.linspace(-8, 8, 4001)
        share = np.exp(-(e**2) / 2)
        share /= share.sum()
        curvature = 2 * 0.25 * (share * (s * e) ** 2).sum()
        J = np.array([[0, 0.5], [-0.5, -curvature]])
        return np.abs(np.linalg.eigvals(np.eye(2) + 0.1 * J)).max()

    low, high = 0.01, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if size(middle) > 1 else (low, middle)
    c.equal(
        value,
        high,
        rtol=1e-4,
        mistakes={
            "That is the variance of the noise; asked for is its standard deviation.": 0.05,
            "That is the weight of the penalty, gamma, which noise of this strength replaces.": 0.025,
            "That takes gamma for the noise's variance; two noises with a quarter each make one half of it.": math.sqrt(
                0.025
            ),
            "That counts the noise on one of the two samples only.": math.sqrt(
                0.1
            ),
            "That is for the coupling of a linear loss, k = 1.": math.sqrt(
                0.2
            ),
        },
    )


register(
    Exercise(
        id="8.7",
        title="Enough noise",
        stars=1,
        kind="value",
        statement=r"""
    The non-saturating Dirac-GAN is played at once with $h = 0.1$. Gaussian noise of standard deviation $s$ is added to
    real and to generated samples, independently. From which $s$ on is the solution stable? Return $s$ with four digits
    or as a formula.
    """,
        stub="""
    def least_noise():
        return ...
    """,
        hints=(
            r"To which $\gamma$ does the noise correspond, and which $\gamma$ does simultaneous play need?",
            r"$\gamma = s^2/2$ has to exceed $h k^2$ with $k = \tfrac12$.",
        ),
        explanation=r"""
    Near the solution the noise acts as R1 with $\gamma = s^2/2$, and simultaneous play needs $\gamma > hk^2 = h/4$. So
    $s > \sqrt{h/2} = 0.2236$. In turn, any noise below the upper limit is enough; with a loss that is linear at zero, no noise is.
    """,
        solution=solution_8_7,
        wrong=(
            (lambda: 0.05, "standard deviation"),
            (lambda: 0.025, "replaces"),
            (lambda: math.sqrt(0.025), "a quarter each"),
            (lambda: math.sqrt(0.1), "one of the two"),
            (lambda: math.sqrt(0.2), "linear loss"),
        ),
        check=check_8_7,
    )
)


def solution_8_12():
    kappa = 4 / 10**2  # slopes are divided by 10, their squares by 100
    return 1 / math.sqrt(kappa)


def check_8_12(value, c):
    gammas = np.geomspace(0.01, 200, 40_001)
    kappa = 4 / 10**2
    # the slower of the flow's two rates, largest where damping is critical
    root = np.emath.sqrt((gammas * kappa) ** 2 / 4 - kappa / 4)
    rate = (gammas * kappa / 2 - root).real
    c.equal(
        value,
        float(gammas[rate.argmax()]),
        rtol=1e-3,
        mistakes={
            "That is the weight before the scaling.": 0.5,
            "That weight gives the penalty the same value; the fastest one scales with the factor itself.": 50.0,
            "The scaling goes the other way: slopes become smaller, so that the penalty must count more.": 0.05,
            "The root is missing: critical damping is gamma kappa = 2 k with k = sqrt(kappa) / 2.": 25.0,
            "That is 2 k; divide by kappa, since the penalty acts on the slope through the weights.": 0.2,
        },
    )


register(
    Exercise(
        id="8.12",
        title="Another scale",
        stars=2,
        kind="value",
        statement=r"""
    A network has $\kappa = 4$ in {eq}`eq:08-kappa` and $D''(0) = 0$. The data are now measured in units that are ten times
    smaller: all $x$ are multiplied by 10, and the network divides its input by 10 before it does what it did. Step
    sizes stay as they are. Return the weight $\gamma^\star$ of R1 for critical damping.
    """,
        stub="""
    def critical_weight():
        return ...
    """,
        hints=(
            r"What becomes of $D'(0)$, and so of $\kappa$?",
            r"$D'(0)$ is divided by 10 for every setting of the weights, and $\kappa$ by 100. Then $\gamma^\star = 1/\sqrt\kappa$.",
        ),
        explanation=r"""
    $\kappa$ falls to $0.04$ and $\gamma^\star = 1/\sqrt{\kappa} = 5$, ten times the old $0.5$. To keep the *value* of the
    penalty one would need a hundred times the old weight; but the coupling $k = \tfrac12\sqrt\kappa$ has become ten times smaller
    as well, and a slower rotation needs less damping.
    """,
        solution=solution_8_12,
        wrong=(
            (lambda: 0.5, "before the scaling"),
            (lambda: 50.0, "same value"),
            (lambda: 0.05, "other way"),
            (lambda: 25.0, "root is missing"),
            (lambda: 0.2, "That is 2 k"),
        ),
        check=check_8_12,
    )
)
