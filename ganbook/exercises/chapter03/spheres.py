r"""Exercise 3.5: Along the sphere."""

import math

import torch

from ganbook.exercises.engine.core import (
    Exercise,
    register,
)
from ganbook.exercises.engine.mistakes import mistake, outcomes
from ganbook.exercises.engine.words import say

# 3.5 ---------------------------------------------------------------------------------------------------------------


def solution_3_5(z0, z1, t):
    u0, u1 = (z / z.norm(dim=-1, keepdim=True) for z in (z0, z1))
    angle = torch.acos((u0 * u1).sum(-1, keepdim=True).clamp(-1, 1))
    tiny = angle < 1e-4
    safe = torch.where(tiny, torch.ones_like(angle), angle)
    w0 = torch.where(
        tiny,
        torch.full_like(angle, 1 - t),
        torch.sin((1 - t) * safe) / torch.sin(safe),
    )
    w1 = torch.where(
        tiny, torch.full_like(angle, t), torch.sin(t * safe) / torch.sin(safe)
    )
    return w0 * z0 + w1 * z1


def alternative_3_5_loop(z0, z1, t):
    rows = []
    for a, b in zip(z0, z1, strict=True):
        cosine = float(a @ b / (a.norm() * b.norm()))
        angle = math.acos(max(-1.0, min(1.0, cosine)))
        if angle < 1e-4:
            rows.append((1 - t) * a + t * b)
        else:
            rows.append(
                (math.sin((1 - t) * angle) * a + math.sin(t * angle) * b)
                / math.sin(angle)
            )
    return torch.stack(rows)


@mistake("That is the straight line, which cuts through the sphere.")
def wrong_3_5_straight(z0, z1, t):
    return (1 - t) * z0 + t * z1


def wrong_3_5_nan(z0, z1, t):
    cosine = (z0 * z1).sum(-1, keepdim=True) / (
        z0.norm(dim=-1, keepdim=True) * z1.norm(dim=-1, keepdim=True)
    )
    angle = torch.acos(cosine)
    return (
        torch.sin((1 - t) * angle) * z0 + torch.sin(t * angle) * z1
    ) / torch.sin(angle)


@mistake("One angle was used for the whole batch; each pair has its own.")
def wrong_3_5_whole_batch(z0, z1, t):
    angle = torch.acos(
        ((z0 * z1).sum() / (z0.norm() * z1.norm())).clamp(-1 + 1e-6, 1 - 1e-6)
    )
    return (
        torch.sin((1 - t) * angle) * z0 + torch.sin(t * angle) * z1
    ) / torch.sin(angle)


@mistake("The cosine of the angle needs both lengths divided out.")
def wrong_3_5_not_normalised(z0, z1, t):
    angle = torch.acos(
        (z0 * z1).sum(-1, keepdim=True).clamp(-1 + 1e-6, 1 - 1e-6)
    )
    return (
        torch.sin((1 - t) * angle) * z0 + torch.sin(t * angle) * z1
    ) / torch.sin(angle)


@mistake("The path runs backwards: t = 0 must give z0.")
def wrong_3_5_turned(z0, z1, t):
    return solution_3_5(z1, z0, t)


@mistake(
    "The straight line, pushed out to the sphere, has the right points at the wrong speed."
)
def wrong_3_5_rescaled(z0, z1, t):
    line = (1 - t) * z0 + t * z1
    return (
        line / line.norm(dim=-1, keepdim=True) * z0.norm(dim=-1, keepdim=True)
    )


def alternative_3_5_chapter(z0, z1, t):
    u0, u1 = (z / z.norm(dim=-1, keepdim=True) for z in (z0, z1))
    cosine = (u0 * u1).sum(-1, keepdim=True).clamp(-1 + 1e-6, 1 - 1e-6)
    angle = torch.acos(cosine)
    return (
        torch.sin((1 - t) * angle) * z0 + torch.sin(t * angle) * z1
    ) / torch.sin(angle)


def wrong_3_5_straight_when_small(z0, z1, t):
    u0, u1 = (z / z.norm(dim=-1, keepdim=True) for z in (z0, z1))
    cosine = (u0 * u1).sum(-1, keepdim=True)
    whole = alternative_3_5_chapter(z0, z1, t)
    return torch.where(cosine > 0.998, (1 - t) * z0 + t * z1, whole)


def wrong_3_5_squeezed(z0, z1, t):
    return alternative_3_5_chapter(z0, z1, t).squeeze(0)


def check_3_5(answer, c):
    for dtype in c.dtypes:
        z0, z1 = c.normal((2, 6, 10), dtype)
        z1 = (
            z1 / z1.norm(dim=-1, keepdim=True) * z0.norm(dim=-1, keepdim=True)
        )
        for t in (0.0, 1.0, 0.25, c.number(0.1, 0.9)):
            cosine = (
                (z0 * z1).sum(-1, keepdim=True)
                / (z0 * z0).sum(-1, keepdim=True)
            ).double()
            angle = torch.acos(cosine.clamp(-1, 1))
            want = (
                (
                    torch.sin((1 - t) * angle) * z0.double()
                    + torch.sin(t * angle) * z1.double()
                )
                / torch.sin(angle)
            ).to(dtype)
            c.equal(
                c.call(answer, z0, z1, t),
                want,
                rtol=1e-3,
                atol=1e-3,
                mistakes=outcomes(
                    (z0, z1, t),
                    wrong_3_5_straight,
                    wrong_3_5_whole_batch,
                    wrong_3_5_not_normalised,
                    wrong_3_5_turned,
                    wrong_3_5_rescaled,
                ),
            )
        middle = z0[:1] + z1[:1]
        middle = middle * z0[:1].norm() / middle.norm()
        c.equal(
            c.call(answer, z0[:1], z1[:1], 0.5),
            middle,
            rtol=1e-3,
            atol=1e-3,
            says="A batch of one row has one row in the result.",
        )
        close = (1e-5, 1e-5) if dtype == torch.float64 else (1e-3, 1e-3)
        for small in (0.5, 0.1, 0.05, 0.02, 1e-3):
            side = c.normal((6, 10), dtype)
            side = side - z0 * (side * z0).sum(-1, keepdim=True) / (
                z0 * z0
            ).sum(-1, keepdim=True)
            side = side * z0.norm(dim=-1, keepdim=True)
            side = side / side.norm(dim=-1, keepdim=True)
            side = side * z0.norm(dim=-1, keepdim=True)
            z1 = math.cos(small) * z0 + math.sin(small) * side
            t = c.number(0.2, 0.8)
            c.equal(
                c.call(answer, z0, z1, t),
                math.cos(t * small) * z0 + math.sin(t * small) * side,
                *close,
                says=say(
                    "At an angle of {small:g} the straight line is not near enough: only equal rows need care.",
                    small=small,
                ),
            )
        z0 = torch.cat(
            [z0, c.normal((300, 10), dtype)]
        )  # some cosines round above 1
        got = c.call(answer, z0, z0, 0.3)
        c.true(
            torch.isfinite(got).all(),
            "For parallel inputs it is not finite: 0 / 0 at angle zero.",
        )
        c.equal(
            got,
            z0,
            rtol=1e-3,
            atol=1e-3,
            says="Between a point and itself there is only that point.",
        )
        mixed = z0.clone()  # every second row stays equal
        mixed[1::2] = z0[1::2].flip(1)
        got = c.call(answer, z0, mixed, 0.5)
        half = z0 + mixed
        half = half * z0.norm(dim=-1, keepdim=True)
        c.equal(
            got,
            half / (z0 + mixed).norm(dim=-1, keepdim=True),
            rtol=1e-3,
            atol=1e-3,
            says="Only some rows of this batch are equal: decide for each pair of rows, not for the whole batch.",
        )


register(
    Exercise(
        id="3.5",
        title="Along the sphere",
        stars=2,
        kind="function",
        statement=r"""
Write `slerp(z0, z1, t)` by equation {eq}`eq:03-slerp`: `z0` and `z1` have shape $(N, K)$, each row of `z0` as long
as its partner in `z1`, and none zero; `t` is a number in $[0, 1]$; the result has the inputs' shape and dtype. Each pair of rows has
its own angle. Where the two rows are equal, return that row, not NaN.
""",
        stub="""
def slerp(z0, z1, t):
    return ...
""",
        hints=(
            "The cosine of the angle is the scalar product divided by both lengths, row by row (`dim=-1`, `keepdim=True`).",
            "Rounding can push a cosine to 1.0000001, whose `acos` is NaN: clamp it first, as the chapter does.",
            r"As $\Omega \to 0$ both weights tend to those of the straight line: use `torch.where`, and give the branch "
            r"that is not taken a harmless angle.",
        ),
        explanation=r"""
With equal lengths, $z_0$ and $z_1$ span a plane in which the formula is the point at angle $t\,\Omega$ from $z_0$:
the length is kept and the angle grows evenly. At $\Omega = 0$ both weights are $0/0$ with limits $1 - t$ and $t$.
Clamping the cosine to $1 - 10^{-6}$, as the chapter does, is a cheaper way out: the two sines then have a quotient
close to the limit. Pushing the straight line out to the sphere visits the right points, but moves slowly at the ends and
fast through the middle.
""",
        solution=solution_3_5,
        alternatives=(alternative_3_5_loop, alternative_3_5_chapter),
        wrong=(
            wrong_3_5_straight,
            (wrong_3_5_nan, "0 / 0"),
            wrong_3_5_whole_batch,
            wrong_3_5_not_normalised,
            wrong_3_5_turned,
            wrong_3_5_rescaled,
            (wrong_3_5_straight_when_small, "only equal rows"),
            (wrong_3_5_squeezed, "batch of one row"),
        ),
        check=check_3_5,
    )
)
