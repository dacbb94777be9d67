r"""Exercises 7.3, 7.4 and 7.9."""

import torch
from torch import nn

from ganbook.exercises.engine.core import (
    Exercise,
    register,
)

# 7.3 ---------------------------------------------------------------------------------------------------------------


def solution_7_3(D, x_real, x_fake, epsilon):
    e = epsilon.reshape(-1, 1, 1, 1)
    x = (e * x_real + (1 - e) * x_fake).requires_grad_()
    (gradient,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    return (gradient.flatten(1).norm(dim=1) - 1).square().mean()


def alternative_7_3_loop(D, x_real, x_fake, epsilon):
    total = 0.0
    for real, fake, e in zip(x_real, x_fake, epsilon, strict=True):
        x = torch.lerp(fake, real, e)[None].requires_grad_()
        (gradient,) = torch.autograd.grad(
            D(x).squeeze(), x, create_graph=True
        )
        total = total + (torch.linalg.vector_norm(gradient) - 1) ** 2
    return total / len(x_real)


def _penalty_7_3(D, x_real, x_fake, epsilon, norm, graph=True):
    e = epsilon.reshape(-1, 1, 1, 1)
    x = (e * x_real + (1 - e) * x_fake).requires_grad_()
    (gradient,) = torch.autograd.grad(D(x).sum(), x, create_graph=graph)
    return norm(gradient)


def wrong_7_3_rows(D, x_real, x_fake, epsilon):
    return _penalty_7_3(
        D,
        x_real,
        x_fake,
        epsilon,
        lambda g: (g.norm(dim=1) - 1).square().mean(),
    )


def wrong_7_3_batch(D, x_real, x_fake, epsilon):
    return _penalty_7_3(
        D, x_real, x_fake, epsilon, lambda g: (g.norm() - 1).square()
    )


def wrong_7_3_detached(D, x_real, x_fake, epsilon):
    return _penalty_7_3(
        D,
        x_real,
        x_fake,
        epsilon,
        lambda g: (g.flatten(1).norm(dim=1) - 1).square().mean(),
        False,
    )


def wrong_7_3_mean_score(D, x_real, x_fake, epsilon):
    return _penalty_7_3(
        D,
        x_real,
        x_fake,
        epsilon,
        lambda g: (g.flatten(1).norm(dim=1) / len(g) - 1).square().mean(),
    )


def wrong_7_3_mean_first(D, x_real, x_fake, epsilon):
    return _penalty_7_3(
        D,
        x_real,
        x_fake,
        epsilon,
        lambda g: (g.flatten(1).norm(dim=1).mean() - 1).square(),
    )


def wrong_7_3_square_norm(D, x_real, x_fake, epsilon):
    return _penalty_7_3(
        D,
        x_real,
        x_fake,
        epsilon,
        lambda g: (g.flatten(1).square().sum(dim=1) - 1).square().mean(),
    )


def wrong_7_3_ends(D, x_real, x_fake, epsilon):
    return solution_7_3(D, x_fake, x_real, epsilon)


def wrong_7_3_backward(D, x_real, x_fake, epsilon):
    D(x_real).sum().backward()
    return solution_7_3(D, x_real, x_fake, epsilon)


def wrong_7_3_one_sided(D, x_real, x_fake, epsilon):
    return _penalty_7_3(
        D,
        x_real,
        x_fake,
        epsilon,
        lambda g: (g.flatten(1).norm(dim=1) - 1).relu().square().mean(),
    )


def wrong_7_3_squeezed(D, x_real, x_fake, epsilon):
    return _penalty_7_3(
        D,
        x_real,
        x_fake,
        epsilon,
        lambda g: (g.squeeze().flatten(1).norm(dim=1) - 1).square().mean(),
    )


def check_7_3(answer, c):
    # slopes above one, then on both sides of it, then a batch of one sample
    for dtype, size, n in (
        *((dtype, 0.8, c.integer(3, 6)) for dtype in c.dtypes),
        (torch.float64, 0.35, 6),
        (torch.float64, 0.3, 1),
        (torch.float64, 0.35, 4),
    ):
        side = 4 if n == 4 else c.integer(3, 5)
        D = nn.Sequential(
            nn.Flatten(),
            nn.Linear(side * side, 6),
            nn.Tanh(),
            nn.Linear(6, 1),
        ).to(dtype)
        with torch.no_grad():
            for p in D.parameters():
                p.copy_(size * c.normal(tuple(p.shape), dtype))
        x_real, x_fake = c.normal((2, n, 1, side, side), dtype).unbind()
        epsilon = c.uniform(0, 1, (n,), dtype)
        given = (D, x_real, x_fake, epsilon)
        untouched = c.watch(D)
        got, want = c.call(answer, *given), alternative_7_3_loop(*given)
        slips = {
            "The norm was taken along axis 1, for every pixel on its own: a sample has *one* gradient, over all pixels.": wrong_7_3_rows,
            "That is one norm for the whole batch; each sample has its own.": wrong_7_3_batch,
            "The scores were averaged before differentiating, which divides every gradient by N.": wrong_7_3_mean_score,
            "The mean was taken before the square: slopes above and below one cancel.": wrong_7_3_mean_first,
            "The root is missing: that compares the squared norm with one.": wrong_7_3_square_norm,
            "The weights of the two ends are swapped: epsilon belongs to the real sample.": wrong_7_3_ends,
            "Slopes below one are let off: this penalty pulls from both sides.": wrong_7_3_one_sided,
            "In a batch of one, `squeeze` removes the axis of samples as well.": wrong_7_3_squeezed,
        }
        c.equal(
            got,
            want.detach(),
            rtol=1e-3 if dtype == torch.float32 else 1e-6,
            mistakes={
                s: (lambda f=f, given=given: f(*given).detach())
                for s, f in slips.items()
            },
        )
        c.true(
            got.requires_grad,
            "The gradient is missing: the penalty cannot be differentiated in D's parameters.",
        )
        try:
            mine = torch.autograd.grad(got, D[1].weight)[0]
        except RuntimeError:
            c.fail(
                "The gradient is missing: the penalty cannot be differentiated in D's parameters."
            )
        c.equal(
            mine,
            torch.autograd.grad(want, D[1].weight)[0],
            rtol=1e-3,
            atol=1e-4,
            says="The value is right, its gradient in D's parameters is not.",
        )
        untouched()


register(
    Exercise(
        id="7.3",
        title="One norm per sample",
        stars=2,
        kind="function",
        statement=r"""
Write `penalty(D, x_real, x_fake, epsilon)`: the mean of $(\lVert \nabla D(\hat x) \rVert - 1)^2$ with
$\hat x = \epsilon\, x_{\text{real}} + (1 - \epsilon)\, x_{\text{fake}}$, a scalar tensor that can be differentiated
in the parameters of `D`. `D` maps `(N, 1, H, W)` to `(N, 1)`; the two batches are `(N, 1, H, W)`, `epsilon` is
`(N,)`.
""",
        stub="""
def penalty(D, x_real, x_fake, epsilon):
    return ...
""",
        hints=(
            "Which shape must `epsilon` have to multiply a whole picture? And over which axes does the norm go?",
            "`torch.autograd.grad(D(x).sum(), x, create_graph=True)`, then `flatten(1)` and a norm along axis 1.",
        ),
        explanation=r"""
One sample has one gradient, a vector with as many entries as the sample. `gradient.norm(dim=1)` on images runs over
the *channel* axis, of which there is one: it returns the absolute value of each pixel's entry and drives every one
of them to 1, that is, the slope to $\sqrt{HW}$. On flat data the very same line is right, and so the bug survives
its tests. Without `create_graph=True` the value is right and the penalty does nothing.
""",
        solution=solution_7_3,
        alternatives=(alternative_7_3_loop,),
        wrong=(
            (wrong_7_3_rows, "every pixel"),
            (wrong_7_3_batch, "whole batch"),
            (wrong_7_3_detached, "cannot be differentiated"),
            (wrong_7_3_mean_score, "divides every gradient"),
            (wrong_7_3_mean_first, "mean was taken before"),
            (wrong_7_3_square_norm, "root is missing"),
            (wrong_7_3_ends, "two ends are swapped"),
            (wrong_7_3_backward, "changed a gradient"),
            (wrong_7_3_one_sided, "let off"),
            (wrong_7_3_squeezed, "axis of samples"),
        ),
        check=check_7_3,
    )
)


# 7.4 ---------------------------------------------------------------------------------------------------------------


def solution_7_4():
    # slope s = 1 + w / (2 lam):
    # s w - lam (s - 1)^2 = w + w^2/(2 lam) - w^2/(4 lam)
    return "w + w**2 / (4 * lam)"


def check_7_4(value, c):
    c.expression(
        value,
        "w + w**2 / (4 * lam)",
        w=(0.5, 4.0),
        lam=(2.0, 20.0),
        mistakes={
            "That is the gap alone; the penalty that the critic pays is not taken off.": "w + w**2 / (2 * lam)",
            "That is the distance itself, as if the penalty were a constraint.": "w",
            "That is the critic's slope.": "1 + w / (2 * lam)",
            "That is the penalty alone.": "w**2 / (4 * lam)",
            "The penalty was added to the gap; it counts against it.": "w + 3 * w**2 / (4 * lam)",
            "You lost a factor: the derivative of lam (s - 1)^2 is 2 lam (s - 1).": "w + w**2 / lam - w**2 / lam",
        },
    )


register(
    Exercise(
        id="7.4",
        title="What the critic is left with",
        stars=1,
        kind="expression",
        statement=r"""
Real and generated mass sit at two points at a distance $w$, and the critic is a straight line with slope $s$
between them. It maximises its gap minus the penalty, $s w - \lambda (s - 1)^2$. What is the largest value
of this *difference*? Return
an expression in `w` and `lam` (for $\lambda$), as text or with sympy.
""",
        stub="""
def best_value():
    return ...
""",
        hints=(
            r"First the best slope: set the derivative in $s$ to zero.",
            r"$s = 1 + w / (2\lambda)$. Put it back into $s w - \lambda (s - 1)^2$.",
        ),
        explanation=r"""
At $s = 1 + w/2\lambda$ the gap is $w + w^2/2\lambda$ and the penalty $w^2/4\lambda$, so the value is
$w + w^2/4\lambda$: minus the critic's *whole* loss overshoots by half as much as the gap. A paper that plots "the
critic's loss" may mean either; gap minus twice the penalty would be $w$ exactly, in this model.
""",
        solution=solution_7_4,
        wrong=(
            (lambda: "w + w**2 / (2*lam)", "gap alone"),
            (lambda: "w", "as if the penalty were a constraint"),
            (lambda: "1 + w / (2*lam)", "critic's slope"),
            (lambda: "w**2 / (4*lam)", "penalty alone"),
            (lambda: "w + 3*w**2 / (4*lam)", "counts against it"),
        ),
        check=check_7_4,
    )
)


# 7.9 ---------------------------------------------------------------------------------------------------------------


def solution_7_9(norms, weight):
    return weight * torch.relu(norms - 1).square().mean()


def alternative_7_9_where(norms, weight):
    return torch.where(
        norms > 1, weight * (norms - 1) ** 2, torch.zeros_like(norms)
    ).mean()


def wrong_7_9_two_sided(norms, weight):
    return weight * (norms - 1).square().mean()


def wrong_7_9_other_side(norms, weight):
    return weight * torch.relu(1 - norms).square().mean()


def wrong_7_9_mean_first(norms, weight):
    return weight * torch.relu(norms.mean() - 1).square()


def wrong_7_9_no_square(norms, weight):
    return weight * torch.relu(norms - 1).mean()


def wrong_7_9_only_steep(norms, weight):
    steep = norms > 1
    return (
        weight
        * ((norms - 1).square() * steep).sum()
        / steep.sum().clamp(min=1)
    )


def wrong_7_9_max(norms, weight):
    return weight * torch.relu(norms.max() - 1).square()


def check_7_9(answer, c):
    for dtype in c.dtypes:
        for n in (5, c.integer(6, 12)):
            norms, weight = c.uniform(0.2, 2.2, (n,), dtype), c.number(1, 10)
            with torch.no_grad():
                norms[:3] = torch.tensor([0.4, 1.5, 2.0], dtype=dtype)
                norms[3] *= 1 if n == 5 else 100
            got, grads = c.call_grad(answer, norms, weight)
            slips = {
                "Slopes below one are punished too: that is the two-sided penalty.": wrong_7_9_two_sided,
                "The wrong side: slopes below one are punished, steep ones go free.": wrong_7_9_other_side,
                "The mean was taken first, so that flat samples pay for steep ones.": wrong_7_9_mean_first,
                "The square is missing.": wrong_7_9_no_square,
                "The mean runs over the steep samples only; it belongs to the whole batch.": wrong_7_9_only_steep,
                "Only the steepest sample is counted.": wrong_7_9_max,
            }
            want = (
                weight
                * sum(max(float(v) - 1, 0) ** 2 for v in norms.double())
                / n
            )
            c.equal(
                got,
                torch.tensor(want, dtype=dtype),
                rtol=1e-4 if dtype == torch.float32 else 1e-8,
                mistakes={s: f(norms, weight) for s, f in slips.items()},
            )
            c.equal(
                grads[0],
                2 * weight * torch.relu(norms - 1) / n,
                rtol=1e-4,
                says="The value is right, the gradient is not.",
            )


register(
    Exercise(
        id="7.9",
        title="Punish only what is too steep",
        stars=1,
        kind="function",
        statement=r"""
Slope one is a theorem on the rays of transport and a choice elsewhere. Write `one_sided(norms, weight)`: the
penalty $\lambda\, \mathbb{E}[\max(0, \lVert \nabla D \rVert - 1)^2]$ from a float tensor `norms` of shape `(N,)`
that holds the gradients' lengths and a number `weight`. Return a tensor without axes, of the same dtype, through
which gradients flow.
""",
        stub="""
def one_sided(norms, weight):
    return ...
""",
        hints=(
            "`torch.relu` is max(0, .).",
            "Order: subtract one, cut off below zero, square, then average over the whole batch.",
        ),
        explanation=r"""
A 1-Lipschitz function may be as flat as it likes, and off the rays the best critic need not be steep. The one-sided penalty
punishes only what violates the constraint; where the slope is uniform it has the same overshoot $W_1/2\lambda$, because at the optimum the
slopes are above one, and no trap on the wrong side.
""",
        solution=solution_7_9,
        alternatives=(alternative_7_9_where,),
        wrong=(
            (wrong_7_9_two_sided, "two-sided"),
            (wrong_7_9_other_side, "wrong side"),
            (wrong_7_9_mean_first, "mean was taken first"),
            (wrong_7_9_no_square, "square is missing"),
            (wrong_7_9_only_steep, "steep samples only"),
            (wrong_7_9_max, "only the steepest"),
        ),
        check=check_7_9,
    )
)
