r"""Exercises 5.8 and 5.12: A conjugate in two pieces; The generator's own f."""

import math

import torch

from ganbook.exercises.engine.core import (
    Exercise,
    register,
)
from ganbook.exercises.engine.mistakes import mistake, outcomes

# 5.8 ---------------------------------------------------------------------------------------------------------------


def solution_5_8(t):
    return torch.where(t >= -2, t + t**2 / 4, -1.0)


def alternative_5_8_clamp(t):
    u = (1 + t / 2).clamp(min=0)
    return t * u - (u - 1) ** 2


def wrong_5_8_everywhere(t):
    return t + t**2 / 4


def wrong_5_8_centred(t):
    return torch.where(t >= -2, t**2 / 4, -1.0)


def wrong_5_8_infinite(t):
    return torch.where(t >= -2, t + t**2 / 4, math.inf)


def wrong_5_8_zero(t):
    return torch.where(t >= -2, t + t**2 / 4, 0.0)


def wrong_5_8_slope(t):
    return torch.where(t >= -2, 1 + t / 2, 0.0)


def wrong_5_8_plus_one(t):
    return torch.where(t >= -2, t + t**2 / 4, 1.0)


def wrong_5_8_identity(t):
    return torch.where(t >= -2, t + t**2 / 4, t)


def wrong_5_8_factor(t):
    return torch.where(t >= -2, t + t**2 / 2, -1.0)


def wrong_5_8_grid(t):
    u = torch.linspace(0, 10, 20_001, dtype=torch.float64)
    values = t.double()[..., None] * u - (u - 1) ** 2
    return values.amax(-1).to(t.dtype)


def wrong_5_8_capped(t):
    return solution_5_8(t).clamp(max=1e4)


def check_5_8(answer, c):
    told = {
        "Below t = -2 the parabola's top lies at a negative u, which is not allowed: the supremum sits at the border.": wrong_5_8_everywhere,
        "That is the conjugate of u squared; f is centred at 1, which adds t.": wrong_5_8_centred,
        "Below t = -2 the supremum is finite: t u - f(u) does not grow as u approaches zero.": wrong_5_8_infinite,
        "At u = 0 the bracket is -f(0), and f(0) is not zero.": wrong_5_8_zero,
        "That is the u at which the supremum is attained, not the supremum.": wrong_5_8_slope,
        "The sign below t = -2: at u = 0 the bracket is minus f(0).": wrong_5_8_plus_one,
        "Below t = -2 the best u is 0, not 1, so the bracket does not depend on t there.": wrong_5_8_identity,
        "The values have a cap: for large t the conjugate grows without limit.": wrong_5_8_capped,
        "The square has another factor: put the best u back into the bracket.": wrong_5_8_factor,
    }
    for dtype in c.dtypes:
        for t in (
            torch.tensor([-5.0, -2.0, -1.0, 0.0, 3.0], dtype=dtype),
            c.uniform(-6, 4, (3, 4), dtype),
            torch.tensor([-150.0, 150.0, -40.0, 40.0], dtype=dtype),
            c.uniform(-150, 150, (5,), dtype),
            torch.tensor([-3000.0, 1000.0, 30_000.0], dtype=dtype),
        ):
            got = c.call(answer, t)
            best = (1 + t.double() / 2).clamp(min=0)
            around = torch.linspace(-1, 1, 2_001, dtype=torch.float64)
            u = (best[..., None] + around).clamp(min=0)
            want = (t.double()[..., None] * u - (u - 1) ** 2).amax(-1)
            c.equal(
                got,
                want.to(dtype),
                rtol=1e-5,
                atol=1e-5,
                mistakes={text: make(t) for text, make in told.items()},
                says="Every real t was asked for: a grid of u ends somewhere."
                if float(t.abs().max()) > 18
                else "",
            )


register(
    Exercise(
        id="5.8",
        title="A conjugate in two pieces",
        stars=3,
        kind="function",
        statement=r"""
Pearson's $\chi^2$ divergence has $f(u) = (u - 1)^2$ for $u \ge 0$. Write `conjugate(t)`, its
$f^*(t) = \sup_{u \ge 0} \{t u - f(u)\}$, elementwise for a float tensor of any shape and every real $t$; the result
has the same shape and dtype.
""",
        stub="""
def conjugate(t):
    return ...
""",
        hints=(
            "Where is the top of the parabola t u - (u - 1)^2 in u? Is that u always allowed?",
            "The top is at u = 1 + t/2, which is negative for t < -2. What is the best allowed u then?",
        ),
        explanation=r"""
For $t \ge -2$ the best $u$ is $1 + t/2$, and $f^*(t) = t + t^2/4$. For $t < -2$ the bracket falls in $u$ from the
start, so the best $u$ is $0$, and $f^*(t) = -f(0) = -1$. Tables often print $t + t^2/4$ "for all $t$", which is
the conjugate of the parabola on the whole line. A ratio of densities is never negative, so the clipped form is the
right one; being smaller below $-2$, it gives a tighter bound.
""",
        solution=solution_5_8,
        alternatives=(alternative_5_8_clamp,),
        wrong=(
            (wrong_5_8_everywhere, "sits at the border"),
            (wrong_5_8_centred, "centred at 1"),
            (wrong_5_8_infinite, "supremum is finite"),
            (wrong_5_8_zero, "is not zero"),
            (wrong_5_8_slope, "not the supremum"),
            (wrong_5_8_factor, "another factor"),
            (wrong_5_8_plus_one, "minus f(0)"),
            (wrong_5_8_identity, "does not depend on t"),
            (wrong_5_8_grid, "a grid of u ends"),
            (wrong_5_8_capped, "values have a cap"),
        ),
        check=check_5_8,
    )
)


# 5.12 --------------------------------------------------------------------------------------------------------------


def solution_5_12():
    return "(1 + u) * log((1 + u) / (2 * u))"


@mistake(
    "That is the function of the other ratio, q/p, or that of 2 KL(m || q)."
)
def wrong_5_12_other_ratio():
    return "(1 + u) * log((1 + u) / 2)"


@mistake("A factor 2 is lost: 2 m is p + q.")
def wrong_5_12_half():
    return "(1 + u) * log((1 + u) / (2 * u)) / 2"


@mistake("That is KL(q || p); the midpoint does not occur in it.")
def wrong_5_12_data():
    return "-log(u)"


@mistake("The sign: as it stands, f is concave.")
def wrong_5_12_sign():
    return "-(1 + u) * log((1 + u) / (2 * u))"


@mistake("That is JS, the minimax generator's.")
def wrong_5_12_js():
    return "(u * log(u) - (1 + u) * log((1 + u) / 2)) / 2"


@mistake("The factor before the logarithm is 2 m/q, and m/q is not p/q.")
def wrong_5_12_not_divided():
    return "u * log((1 + u) / (2 * u))"


@mistake(
    "That was divided by p; our convention averages over q, so divide by q."
)
def wrong_5_12_by_p():
    return "(1 + 1 / u) * log((1 + u) / (2 * u))"


@mistake("Twice too large: 2 m is p + q, not 2 p + 2 q.")
def wrong_5_12_twice():
    return "2 * (1 + u) * log((1 + u) / (2 * u))"


@mistake("At u = 1 an f must vanish; the midpoint's one half is missing.")
def wrong_5_12_log4():
    return "(1 + u) * log((1 + u) / u)"


def wrong_5_12_shifted():
    return "(1 + u) * log((1 + u) / (2 * u)) + (u - 1)"


def same_divergence_5_12(value):
    """Whether it is the right f plus c (u - 1), for some c other than zero."""
    from ganbook.exercises.engine.symbolic import expression_difference

    points = [{"u": u} for u in (0.25, 0.5, 2.0, 3.0, 4.5)]
    import sympy

    try:
        text = f"({value}) - ({solution_5_12()})"
        u = sympy.Symbol("u")
        c = float(sympy.sympify(text.replace("^", "**")).subs(u, 2.0))
    except (TypeError, ValueError, AttributeError, sympy.SympifyError):
        return False
    shifted = f"{solution_5_12()} + ({c!r}) * (u - 1)"
    return (
        abs(c) > 1e-6
        and expression_difference(value, shifted, points, 1e-8) is None
    )


def check_5_12(value, c):
    if same_divergence_5_12(value):
        c.fail(
            "That gives the same divergence, since c (u - 1) averages to zero under q; asked for is the f for which "
            "q f(p/q) is 2 m log(m/p) at every point, without such a term."
        )
    c.expression(
        value,
        lambda u: (1 + u) * math.log((1 + u) / (2 * u)),
        u=(0.1, 5),
        mistakes=outcomes(
            (),
            wrong_5_12_other_ratio,
            wrong_5_12_half,
            wrong_5_12_data,
            wrong_5_12_sign,
            wrong_5_12_js,
            wrong_5_12_not_divided,
            wrong_5_12_by_p,
            wrong_5_12_twice,
            wrong_5_12_log4,
        ),
    )


register(
    Exercise(
        id="5.12",
        title="The generator's own f",
        stars=2,
        kind="expression",
        statement=r"""
With $u = p/q$, write $2\,\mathrm{KL}(m \,\|\, p)$ as an f-divergence in our convention,
$D_f(p \,\|\, q) = \mathbb{E}_q[f(p/q)]$ where $q > 0$ everywhere. Return the $f$ for which $q\, f(p/q) = 2m \log (m/p)$ at every point, as a
sympy expression in the symbol `u` or as text, such as `"u * log(u)"`.
""",
        stub="""
def f_of_u():
    return ...
""",
        hints=(
            r"Divide $2 m \log(m/p)$ by $q$ and write everything in $u = p/q$.",
            r"$2m/q = 1 + u$ and $m/p = (1 + u)/(2u)$.",
        ),
        explanation=r"""
$2m/q = (p + q)/q = 1 + u$ and $m/p = (p + q)/2p = (1 + u)/(2u)$, so $f(u) = (1 + u)\log\frac{1+u}{2u}$. Papers that
average over $p$ and use $r = q/p$ write $(1 + r)\log\frac{1+r}{2}$: the same divergence, since $u f(1/u)$ exchanges
the two conventions. Mix the ratios and you get $2\,\mathrm{KL}(m \,\|\, q)$, which *covers* instead of seeking.
""",
        solution=solution_5_12,
        wrong=(
            wrong_5_12_other_ratio,
            wrong_5_12_half,
            wrong_5_12_data,
            wrong_5_12_sign,
            wrong_5_12_js,
            wrong_5_12_log4,
            wrong_5_12_not_divided,
            wrong_5_12_by_p,
            wrong_5_12_twice,
            (wrong_5_12_shifted, "without such a term"),
        ),
        check=check_5_12,
    )
)
