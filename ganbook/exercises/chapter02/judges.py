r"""Exercises 2.12 and 2.13: A judge that misleads; As far apart as can be."""

import math

import torch

from ganbook.exercises.engine.core import Exercise, register
from ganbook.exercises.engine.words import say
from ganbook.losses import MINIMAX, NON_SATURATING

# 2.12: a judge that misleads ----------------------------------------------------------------------------------


def solution_2_12(x):
    return x - 0.05 * torch.sin(14 * math.pi * x)


def alternative_2_12_slower(x):
    return x + 0.045 * torch.sin(2 * math.pi * 8 * x + math.pi)


def wrong_2_12_rounded(x):
    return torch.round(10 * x) / 10


def wrong_2_12_mirror(x):
    return -x


def wrong_2_12_slow(x):
    return x - 0.05 * torch.sin(2 * math.pi * x)


def wrong_2_12_phase(x):
    return x + 0.05 * torch.sin(14 * math.pi * x)


def wrong_2_12_jumps(x):
    near = torch.round(x)
    return torch.where((x - near).abs() < 0.02, near - 1.2 * (x - near), x)


def wrong_2_12_detached(x):
    return 2 * x.detach() - x


def wrong_2_12_flat(x):
    return solution_2_12(x.flatten())


def wrong_2_12_plain(x):
    return x


def wrong_2_12_uneven(x):
    return x - 0.05 * torch.sin(15 * math.pi * x)


def check_2_12(answer, c):
    for dtype in c.dtypes:
        at = torch.arange(-3, 4).to(dtype)
        anywhere = c.uniform(-3.5, 3.5, (500,), dtype)
        c.equal(
            c.call(answer, anywhere),
            anywhere,
            rtol=0.0,
            atol=0.0501,
            says="It has to judge as d(x) = x does, within 0.05, everywhere between -3.5 and 3.5.",
        )
        table = anywhere.view(20, 25, 1)
        c.equal(
            c.call(answer, table),
            table,
            rtol=0.0,
            atol=0.0501,
            says="The result is to have the shape of x, whatever shape that is.",
        )
        value, (slope,) = c.call_grad(answer, at)
        c.equal(
            value,
            at,
            rtol=0.0,
            atol=0.0501,
            says="It has to judge as d(x) = x does at the integers too.",
        )
        c.true(
            slope.isfinite().all(),
            "Its slope at the integers is NaN or infinite.",
        )
        c.true(
            not (slope == 0).all(),
            "Its slope is 0: it moves no point, but it sends none the wrong way either.",
            "",
        )
        grid = c.number(0, 1e-4) + torch.arange(-34_000, 34_000) * 1e-4
        heights, (steepness,) = c.call_grad(answer, grid.double())
        risen = (steepness[1:] + steepness[:-1]) / 2 * grid.diff().double()
        jump = (heights.diff() - risen).abs()
        smooth = not (jump > 1e-3).any()
        h = 1e-3
        along = (answer(at.double() + h) - answer(at.double() - h)) / (2 * h)
        c.true(
            (along <= -0.9).all() == (slope <= -0.9).all(),
            "What autograd reports is not how the score really changes: a detach hides a part of it.",
            "",
        )
        c.true(
            smooth,
            say(
                "It jumps near x = {value:.3f}: a function with a jump is not differentiable there.",
                value=float(grid[jump.argmax()]),
            ),
            "",
        )
        c.true(
            ((slope - 1).abs() > 1e-3).any(),
            "At the integers its slope is 1, that of the good judge: it sends none the wrong way yet.",
            "",
        )
        c.true(
            not (slope > 1).all(),
            "At the integers its slope is steeper the right way; turn the ripple round.",
            "",
        )
        c.true(
            (slope < 1).all() or (slope > -1).all(),
            "The slope is -1 or less at some of the integers and not at all of them: the ripple has to repeat from one "
            "integer to the next.",
            "",
        )
        c.true(
            (slope <= -1).all(),
            "The slope at the integers is not yet -1 or less: the ripple is too slow.",
            "",
        )


register(
    Exercise(
        id="2.12",
        title="A judge that misleads",
        stars=3,
        kind="function",
        statement=r"""
A good judge of points on the line has the score $d(x) = x$ and sends every point to the right. Write `judge(x)`, for a
float tensor of any shape, with the same shape and dtype in the result, that gives every point between $-3.5$ and $3.5$ the
score $d(x)$ up to $0.05$, and yet has a slope of $-1$ or less at each of the integers $-3, \dots, 3$, so that a point
that stands there is sent to the left. It must be differentiable by autograd, and what autograd reports must be true.
""",
        stub="""
def judge(x):
    return ...
""",
        hints=(
            r"Add something small and fast: a ripple of height at most $0.05$ that passes through zero at every integer.",
            r"$-a \sin(2\pi k x)$ has the slope $-2\pi k a$ at the integers. With $a = 0.05$, which $k$ gives $1 - 2\pi k a \le -1$?",
        ),
        explanation=r"""
$x - 0.05 \sin(2\pi k x)$ is within $0.05$ of $x$ and has the slope $1 - 0.1\pi k$ at the integers: $k = 7$ gives $-1.2$.
No bound on the *error* of a function bounds the error of its *slope*. A discriminator that classifies almost as well as
the best one may send samples anywhere; penalties on $D$'s gradient act against such a ripple.
""",
        solution=solution_2_12,
        alternatives=(alternative_2_12_slower,),
        wrong=(
            (wrong_2_12_rounded, "moves no point"),
            (wrong_2_12_mirror, "within 0.05, everywhere between"),
            (wrong_2_12_slow, "too slow"),
            (wrong_2_12_phase, "turn the ripple round"),
            (wrong_2_12_detached, "a detach hides"),
            (wrong_2_12_jumps, "with a jump"),
            (wrong_2_12_flat, "whatever shape"),
            (wrong_2_12_plain, "that of the good judge"),
            (wrong_2_12_uneven, "repeat from one"),
        ),
        check=check_2_12,
    )
)


# 2.13: where the losses disagree most -------------------------------------------------------------------------


def solution_2_13():
    return -6.0, 6.0


def wrong_2_13_chapter():
    return -5.0, 0.0


def wrong_2_13_equal():
    return -5.0, -5.0


def wrong_2_13_both_good():
    return 5.0, 2.0


def wrong_2_13_too_far():
    return -40.0, 40.0


def wrong_2_13_mild():
    return -2.0, 2.0


def check_2_13(answer, c):
    scores = c.call(answer)
    c.equal(
        torch.as_tensor(scores).shape[0]
        if torch.as_tensor(scores).ndim == 1
        else -1,
        2,
        says="A pair of two scores is expected.",
    )
    d = torch.as_tensor(scores, dtype=torch.float64).clone().requires_grad_()
    c.true(d.isfinite().all(), "A score is NaN or infinite.")
    c.true((d.abs() <= 6).all(), "A score lies outside of -6 to 6.", "")
    slopes = [
        torch.autograd.grad(loss.generator(d), d)[0]
        for loss in (MINIMAX, NON_SATURATING)
    ]
    angle = math.degrees(
        math.acos(float(torch.cosine_similarity(*slopes, dim=0).clamp(-1, 1)))
    )
    a, b = d.tolist()
    if a == b:
        c.fail(
            "Equal scores have equal weights: the two updates are parallel.",
            "",
        )
    if max(a, b) <= 0:
        c.fail(
            say(
                "The angle is {angle:.0f} degrees: one loss hardly weights the worse sample, but the other still weights both.",
                angle=angle,
            ),
            "",
        )
    if min(a, b) >= 0:
        c.fail(
            say(
                "The angle is {angle:.0f} degrees: D rejects neither sample.",
                angle=angle,
            ),
            "",
        )
    c.true(
        angle >= 89,
        say(
            "The angle is {angle:.2f} degrees: of the right kind, but not yet extreme enough.",
            angle=angle,
        ),
        "",
    )


register(
    Exercise(
        id="2.13",
        title="As far apart as can be",
        stars=2,
        kind="experiment",
        statement=r"""
Before the loss weighs them, two samples pull $G$'s parameters with equal strength at right angles; a loss multiplies
each pull by $\sigma(d)$ or $\sigma(-d)$, and the update is the sum. With the scores $-5$ and $0$ the update
under the minimax loss and the one under the non-saturating loss form an angle of 63 degrees. Find two scores between
$-6$ and $6$ for which the angle is at least 89 degrees, by thought or by search, and return them as a pair.
""",
        stub="""
def two_scores():
    return ...
""",
        hints=(
            r"The updates are $(\sigma(a), \sigma(b))$ and $(\sigma(-a), \sigma(-b))$. Right angles need each of them to lie along another axis.",
            "One loss must give weight to the first sample only, the other to the second: one score very negative, the other very positive.",
        ),
        explanation=r"""
For scores $(-6, 6)$ the weights are $(0.002, 0.998)$ and $(0.998, 0.002)$: the minimax loss improves
almost only the sample that $D$ takes for real already, the other almost only the one that $D$ rejects. For each sample
alone the two losses have the same direction, and yet their updates are nearly at right angles.
""",
        solution=solution_2_13,
        wrong=(
            (wrong_2_13_chapter, "still weights both"),
            (wrong_2_13_equal, "parallel"),
            (wrong_2_13_both_good, "rejects neither"),
            (wrong_2_13_too_far, "outside of"),
            (wrong_2_13_mild, "extreme enough"),
        ),
        check=check_2_13,
    )
)
