r"""Exercises of chapter 7: the critic's scale, penalties, three kinds of clipping, and what a gap is worth."""

import copy
from itertools import pairwise

import numpy as np
import torch
from torch import nn

from ganbook.exercises.engine.core import (
    Exercise,
    classify,
    register,
    rubric,
)
from ganbook.exercises.engine.proofs import ordered

# 7.1 ---------------------------------------------------------------------------------------------------------------


def solution_7_1():
    return 5**4  # four layers, each multiplied by 5


def check_7_1(value, c):
    d = 3
    weights = [
        c.rng.uniform(-1, 1, size=shape)
        for shape in ((6, d), (6, 6), (6, 6), (1, 6))
    ]
    x, y = c.rng.normal(size=(2, 50, d))

    def gap(scale):
        heights = []
        for h in (x, y):
            for k, w in enumerate(weights):
                h = (
                    np.maximum(h, 0) @ (scale * w).T
                    if k
                    else h @ (scale * w).T
                )
            heights.append(h.mean())
        return heights[0] - heights[1]

    c.equal(
        value,
        round(gap(0.05) / gap(0.01), 6),
        rtol=1e-5,
        mistakes={
            "That is the factor of one layer; there are four of them.": 5,
            "That is five to the number of activations; every layer of weights counts.": 125,
            "The factors of the layers multiply, they do not add.": 20,
            "That is one layer too many: the data are not scaled.": 3125,
            "You turned the quotient round: the larger bound reads more.": 1
            / 625,
            "That is the difference of the bounds, not a factor.": 0.04,
        },
    )


register(
    Exercise(
        id="7.1",
        title="A critic's unit",
        stars=1,
        kind="value",
        statement=r"""
A clipped critic without biases has *four* layers of weights with ReLU between them. With $c = 0.01$ its best gap is
some number. By what factor does the best gap grow when $c$ becomes $0.05$, for the same data? Return the factor.
""",
        stub="""
def factor():
    return ...
""",
        hints=(
            "What happens to the output when every weight matrix is multiplied by 5?",
            "ReLU lets a positive factor through, so each layer contributes one factor of 5.",
        ),
        explanation=r"""
Multiplying all four matrices by $5$ maps the networks with bound $0.01$ onto those with bound $0.05$ and multiplies
the output by $5^4 = 625$. Nothing about the data enters, which is why the reading of a clipped critic has no unit:
compare it with other readings of the same architecture and the same $c$, or with nothing.
""",
        solution=solution_7_1,
        wrong=(
            (lambda: 5, "one layer;"),
            (lambda: 125, "number of activations"),
            (lambda: 20, "do not add"),
            (lambda: 3125, "one layer too many"),
            (lambda: 1 / 625, "turned the quotient"),
            (lambda: 0.04, "difference of the bounds"),
        ),
        check=check_7_1,
    )
)

# 7.2 ---------------------------------------------------------------------------------------------------------------


def solution_7_2(optimizer, D, x_real, x_fake, c):
    optimizer.zero_grad()
    (D(x_fake).mean() - D(x_real).mean()).backward()
    optimizer.step()
    with torch.no_grad():
        for p in D.parameters():
            p.clamp_(-c, c)


def alternative_7_2_data(optimizer, D, x_real, x_fake, c):
    for p in D.parameters():
        p.grad = None
    (D(x_fake).mean() - D(x_real).mean()).backward()
    optimizer.step()
    for p in D.parameters():
        p.data = torch.minimum(
            torch.maximum(p.data, torch.full_like(p.data, -c)),
            torch.full_like(p.data, c),
        )


def wrong_7_2_before(optimizer, D, x_real, x_fake, c):
    optimizer.zero_grad()
    (D(x_fake).mean() - D(x_real).mean()).backward()
    with torch.no_grad():
        for p in D.parameters():
            p.clamp_(-c, c)
    optimizer.step()


def wrong_7_2_gradient_norm(optimizer, D, x_real, x_fake, c):
    optimizer.zero_grad()
    (D(x_fake).mean() - D(x_real).mean()).backward()
    nn.utils.clip_grad_norm_(D.parameters(), c)
    optimizer.step()


def wrong_7_2_gradient_value(optimizer, D, x_real, x_fake, c):
    optimizer.zero_grad()
    (D(x_fake).mean() - D(x_real).mean()).backward()
    nn.utils.clip_grad_value_(D.parameters(), c)
    optimizer.step()


def wrong_7_2_no_biases(optimizer, D, x_real, x_fake, c):
    optimizer.zero_grad()
    (D(x_fake).mean() - D(x_real).mean()).backward()
    optimizer.step()
    with torch.no_grad():
        for m in D.modules():
            if isinstance(m, nn.Linear):
                m.weight.clamp_(-c, c)


def wrong_7_2_above_only(optimizer, D, x_real, x_fake, c):
    optimizer.zero_grad()
    (D(x_fake).mean() - D(x_real).mean()).backward()
    optimizer.step()
    with torch.no_grad():
        for p in D.parameters():
            p.clamp_(max=c)


def wrong_7_2_rescaled(optimizer, D, x_real, x_fake, c):
    optimizer.zero_grad()
    (D(x_fake).mean() - D(x_real).mean()).backward()
    optimizer.step()
    with torch.no_grad():
        for p in D.parameters():
            p.mul_(min(1.0, c / float(p.abs().max())))


def wrong_7_2_no_zero(optimizer, D, x_real, x_fake, c):
    (D(x_fake).mean() - D(x_real).mean()).backward()
    optimizer.step()
    with torch.no_grad():
        for p in D.parameters():
            p.clamp_(-c, c)


def wrong_7_2_sign(optimizer, D, x_real, x_fake, c):
    solution_7_2(optimizer, D, x_fake, x_real, c)


def wrong_7_2_new_tensors(optimizer, D, x_real, x_fake, c):
    optimizer.zero_grad()
    (D(x_fake).mean() - D(x_real).mean()).backward()
    optimizer.step()
    [p.clamp(-c, c) for p in D.parameters()]


def check_7_2(answer, c):
    for dtype in c.dtypes:
        start = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 1)).to(
            dtype
        )
        with torch.no_grad():
            for p in start.parameters():
                p.copy_(0.2 * c.normal(tuple(p.shape), dtype))
                p.view(-1)[0], p.view(-1)[-1] = 0.9, -0.9
        real, fake, bound = (
            c.normal((8, 3), dtype),
            1 + c.normal((8, 3), dtype),
            c.number(0.1, 0.2),
        )

        def after(step, start=start, real=real, fake=fake, bound=bound):
            D = copy.deepcopy(start)
            optimizer = torch.optim.SGD(D.parameters(), lr=0.1)
            D(
                real
            ).square().mean().backward()  # what an earlier step has left in .grad
            step(optimizer, D, real, fake, bound)
            return torch.cat([p.detach().reshape(-1) for p in D.parameters()])

        def answered(*inputs):
            return c.call(answer, *inputs, returns_none=True)

        got, want = after(answered), after(solution_7_2)
        if c.agrees(got, want):
            continue
        for sentence, slip in (
            (
                "The clipping came before the optimiser's step, which then leaves the interval again.",
                wrong_7_2_before,
            ),
            (
                "You clipped the *norm of the gradient*: the weights stay as large as they were.",
                wrong_7_2_gradient_norm,
            ),
            (
                "You clipped the entries of the *gradient*, which is another tool.",
                wrong_7_2_gradient_value,
            ),
            (
                "The biases are parameters too, and are not within the bound.",
                wrong_7_2_no_biases,
            ),
            (
                "Only one side is clipped: there are parameters below -c.",
                wrong_7_2_above_only,
            ),
            (
                "You rescaled whole tensors; clipping moves only those entries that stick out.",
                wrong_7_2_rescaled,
            ),
            (
                "The gradient of an earlier step was still there: zero_grad is missing.",
                wrong_7_2_no_zero,
            ),
            (
                "The critic climbs the wrong way: it scores generated points higher. A loss is minimised.",
                wrong_7_2_sign,
            ),
            (
                "The parameters were never changed to the clipped values: `clamp` returns a new tensor.",
                wrong_7_2_new_tensors,
            ),
        ):
            if c.agrees(got, after(slip)):
                c.fail(
                    sentence, on=f"a critic with 2 layers and c = {bound:.3f}"
                )
        c.equal(got, want, on=f"a critic with 2 layers and c = {bound:.3f}")


register(
    Exercise(
        id="7.2",
        title="Clip as WGAN does",
        stars=1,
        kind="function",
        statement=r"""
Write `clipped_step(optimizer, D, x_real, x_fake, c)`: one update of the critic `D` on the Wasserstein loss of the
two batches, after which *every parameter* of `D` lies in $[-c, c]$, as in the first WGAN paper. The optimiser
minimises and holds the parameters of `D`; gradients of an earlier step may still be in place. Nothing is returned.
""",
        stub="""
def clipped_step(optimizer, D, x_real, x_fake, c):
    return ...
""",
        hints=(
            "Four lines: clear, differentiate, step, clip. In which order?",
            "Under `torch.no_grad()`, `p.clamp_(-c, c)` changes a parameter in place.",
        ),
        explanation=r"""
The bound must hold *after* the step, because that is the critic that gets used. Clipped before the step, the
weights leave the interval by one update. `clip_grad_norm_` is the wrong tool with the right-sounding name: it
shortens the update and says nothing about where the weights end up.
""",
        solution=solution_7_2,
        alternatives=(alternative_7_2_data,),
        wrong=(
            (wrong_7_2_before, "came before"),
            (wrong_7_2_gradient_norm, "norm of the gradient"),
            (wrong_7_2_gradient_value, "entries of the *gradient*"),
            (wrong_7_2_no_biases, "biases"),
            (wrong_7_2_above_only, "only one side"),
            (wrong_7_2_rescaled, "rescaled"),
            (wrong_7_2_no_zero, "zero_grad is missing"),
            (wrong_7_2_sign, "wrong way"),
            (wrong_7_2_new_tensors, "new tensor"),
        ),
        check=check_7_2,
    )
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


def check_7_3(answer, c):
    for dtype in c.dtypes:
        side = c.integer(3, 5)
        D = nn.Sequential(
            nn.Flatten(),
            nn.Linear(side * side, 6),
            nn.Tanh(),
            nn.Linear(6, 1),
        ).to(dtype)
        with torch.no_grad():
            for p in D.parameters():
                p.copy_(0.8 * c.normal(tuple(p.shape), dtype))
        n = c.integer(3, 6)
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
        title="One norm a sample",
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

# 7.5 ---------------------------------------------------------------------------------------------------------------


def solution_7_5(gap, weight):
    return weight * (torch.sqrt(1 + 2 * gap / weight) - 1)


def alternative_7_5_newton(gap, weight):
    w = gap.clone()
    for _ in range(60):
        w = w - (w + w**2 / (2 * weight) - gap) / (1 + w / weight)
    return w


def alternative_7_5_stable(gap, weight):
    return 2 * gap / (1 + (1 + 2 * gap / weight).sqrt())


def wrong_7_5_raw_slope(gap, weight):
    return gap / (1 + gap / (2 * weight))


def wrong_7_5_subtract(gap, weight):
    return gap - gap**2 / (2 * weight)


def wrong_7_5_root(gap, weight):
    return weight * (1 + torch.sqrt(1 + 2 * gap / weight))


def wrong_7_5_forward(gap, weight):
    return gap + gap**2 / (2 * weight)


def wrong_7_5_half(gap, weight):
    return 2 * weight * (torch.sqrt(1 + gap / weight) - 1)


def wrong_7_5_same(gap, weight):
    return gap + 0 * weight


def check_7_5(answer, c):
    for dtype in c.dtypes:
        for weight in (10.0, c.number(0.5, 20)):
            true = c.uniform(0.3, 6, (5,), dtype)
            gap = true + true**2 / (2 * weight)
            c.equal(
                c.call(answer, gap, weight),
                true,
                rtol=2e-4 if dtype == torch.float32 else 1e-8,
                mistakes={
                    "The slope depends on the distance; you computed it from the gap, which is too large.": wrong_7_5_raw_slope(
                        gap, weight
                    ),
                    "The overshoot is W^2/2 lambda with the distance W in it, not the gap.": wrong_7_5_subtract(
                        gap, weight
                    ),
                    "That is the other root of the quadratic equation, with the sign of the square root's partner turned.": wrong_7_5_root(
                        gap, weight
                    ),
                    "That makes the reading larger still: it maps a distance to its gap.": wrong_7_5_forward(
                        gap, weight
                    ),
                    "That inverts W + W^2/4 lambda, the whole value; the gap is W + W^2/2 lambda.": wrong_7_5_half(
                        gap, weight
                    ),
                    "That is the gap itself, uncorrected.": gap,
                },
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
shape and dtype. At $\lambda = 10$ a gap of $2.2$ means $W_1 = 2$.
""",
        stub="""
def distance(gap, weight):
    return ...
""",
        hints=(
            r"With one slope throughout the gap is $W + W^2 / 2\lambda$.",
            r"That is a quadratic equation in $W$. Which of its two roots can be a distance?",
        ),
        explanation=r"""
The positive root of $W^2/2\lambda + W = \text{gap}$ is $W = \lambda(\sqrt{1 + 2\,\text{gap}/\lambda} - 1)$. When
the gap is small against $\lambda$ the difference of two nearly equal numbers loses digits;
$2\,\text{gap} / (1 + \sqrt{1 + 2\,\text{gap}/\lambda})$ is the same number without the loss. It is $W_1$ for an
optimal critic of uniform slope, that is, where all mass travels equally far. For any optimal critic it is an upper
bound of $W_1$: after a mode was lost it can be far too large.
""",
        solution=solution_7_5,
        alternatives=(alternative_7_5_newton, alternative_7_5_stable),
        wrong=(
            (wrong_7_5_raw_slope, "computed it from the gap"),
            (wrong_7_5_subtract, "not the gap"),
            (wrong_7_5_root, "other root"),
            (wrong_7_5_forward, "larger still"),
            (wrong_7_5_half, "the whole value"),
            (wrong_7_5_same, "uncorrected"),
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


def check_7_6(answer, c):
    for dtype in c.dtypes:
        for sizes in ((3, 5, 4, 1), (2, c.integer(3, 6), c.integer(3, 6), 1)):
            weights = [c.normal((b, a), dtype) for a, b in pairwise(sizes)]
            got = c.call(answer, weights)
            slips = {
                "Those are Frobenius norms: a bound as well, but a larger one than was asked for.": wrong_7_6_frobenius,
                "Stretches along the layers multiply; you added them.": wrong_7_6_sum,
                "The largest entry of a matrix does not bound its stretch.": wrong_7_6_entries,
                "That is the largest row sum, which measures another length than the Euclidean one.": wrong_7_6_rows,
                "Only one layer counts there; all of them do.": wrong_7_6_last,
                "LeakyReLU has slope 1 on its positive side: its stretch is 1, not 0.2.": wrong_7_6_slope,
                "That is the norm of the product of the matrices, which is right without activations: with them the stretches of the layers multiply.": wrong_7_6_product,
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
by up to $\sqrt{\min(n_{\text{in}}, n_{\text{out}})}$ a layer.
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
            (wrong_7_6_product, "norm of the product of the matrices"),
        ),
        check=check_7_6,
    )
)

# 7.7 ---------------------------------------------------------------------------------------------------------------

_TRUTH_7_7 = {
    "A": "weight clipping",
    "B": "gradient clipping",
    "C": "gradient penalty",
    "D": "spectral norm",
    "E": "gradient clipping",
    "F": "gradient penalty",
}


def solution_7_7():
    return {
        "A": "weight clipping",
        "B": "gradient clipping",
        "C": "gradient penalty",
        "D": "spectral norm",
        "E": "gradient clipping",
        "F": "gradient penalty",
    }


def _swap_7_7(case, label):
    return solution_7_7() | {case: label}


register(
    Exercise(
        id="7.7",
        title="Four tools",
        stars=1,
        kind="classify",
        statement=r"""
Which tool is meant? Return a dict from each letter to one of `"weight clipping"`, `"gradient clipping"`,
`"gradient penalty"`, `"spectral norm"`.

- **A**: After each step, every parameter is moved to the nearest point of an interval.
- **B**: It shortens the *update* and leaves the set of critics that can be reached as it is.
- **C**: It differentiates the critic in its *input* and needs a second derivative to be trained.
- **D**: By its construction the product of the layers' stretches is one, whatever the data are.
- **E**: It helps against single huge steps; a slope may still grow without end.
- **F**: The critic's slope ends *above* the target, by about $W_1 / 2\lambda$ if all mass travels equally far.
""",
        stub="""
def tools():
    # {"A": "weight clipping", "B": ..., ...}
    return ...
""",
        hints=(
            "Ask of each sentence: does it speak of the parameters, of their gradient, of the gradient in the input, or of a layer?",
            "Two of the tools are the answer twice.",
        ),
        explanation=r"""
Three of them carry "gradient" or "clipping" in their names and act on three different things: the weights, the
gradient of the loss in the weights (the update), and the gradient of the score in the input (the slope). Only A and
D bound the slope at every moment, A by a number that nothing in the setting states; C and F bound it softly, where it is measured. B and
E bound no slope at all.
""",
        solution=solution_7_7,
        wrong=(
            (_swap_7_7("A", "gradient clipping"), "it is the parameters"),
            (_swap_7_7("B", "weight clipping"), "reduces the set"),
            (_swap_7_7("C", "gradient clipping"), "gradient in the weights"),
            (_swap_7_7("D", "gradient penalty"), "where samples are drawn"),
            (_swap_7_7("E", "gradient penalty"), "would pull a slope back"),
            (_swap_7_7("F", "weight clipping"), "no lambda"),
        ),
        check=classify(
            _TRUTH_7_7,
            labels=(
                "weight clipping",
                "gradient clipping",
                "gradient penalty",
                "spectral norm",
            ),
            reasons={
                (
                    "A",
                    "gradient clipping",
                ): "What is moved? It is the parameters themselves, not their gradient.",
                (
                    "A",
                    "spectral norm",
                ): "That divides a whole matrix; here each number is treated alone.",
                (
                    "B",
                    "weight clipping",
                ): "Clipping weights reduces the set of critics that can be reached.",
                (
                    "B",
                    "gradient penalty",
                ): "That changes the loss, and with it the critic at the optimum.",
                (
                    "C",
                    "gradient clipping",
                ): "That looks at the gradient in the weights, and only after the backward pass.",
                (
                    "D",
                    "gradient penalty",
                ): "A penalty acts where samples are drawn, and softly; this holds everywhere.",
                (
                    "D",
                    "weight clipping",
                ): "Clipping bounds the product too, but not by one.",
                (
                    "E",
                    "gradient penalty",
                ): "That would pull a slope back as soon as it is steep.",
                (
                    "E",
                    "weight clipping",
                ): "With bounded weights no slope grows without end.",
                (
                    "F",
                    "weight clipping",
                ): "There is no lambda there, and no target for the slope.",
                (
                    "F",
                    "spectral norm",
                ): "There the slope ends at or below its target.",
            },
        ),
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
        f"From {start:g} it escapes: the gap's pull w = {w:g} beats the penalty's push 2 lam = {2 * lam:g} near zero.",
    )
    return f"It stays at {psi:.3f}, and reads a gap of {psi * w:.3f} for a distance of {w:g}."


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

# 7.10 --------------------------------------------------------------------------------------------------------------


def solution_7_10():
    return "ceagfb"


register(
    Exercise(
        id="7.10",
        title="Order the proof",
        stars=3,
        kind="value",
        statement=r"""
$D$ maximises gap $- \lambda\, \mathbb{E}[(n - 1)^2]$ over a family that contains $sD$ with each $D$, and $f_0$ with gap
$W_1$ and slope one. Six of these eight steps, in the right order, prove gap $\ge W_1 + W_1^2 / 2\lambda$. Write
$a = W_1 / 2\lambda$, $m = \mathbb{E}[n - 1]$, $v = \mathbb{E}[(n - 1)^2]$. Return the six letters in order, as one
string; each step may use only what was said before it.

- **a**: $D$ is no worse than $(1 + a) f_0$, so $m + v/2 \ge a + a^2/2$.
- **b**: So gap$/2\lambda = (m + v/2) + v/2 \ge a + a^2$, which was to be shown.
- **c**: Scaling $D$ changes nothing to first order, so gap $= 2\lambda (m + v)$, and the value of $D$ is
  $2\lambda(m + v/2)$.
- **d**: The slopes average at least $1 + a$, so $m \ge a$.
- **e**: The value of $(1 + a) f_0$ is $(1 + a) W_1 - \lambda a^2 = 2\lambda (a + a^2/2)$.
- **f**: So $v \ge a^2$, and with the inequality for $m + v/2$ both summands of the gap are bounded.
- **g**: If $v < a^2$, then $m \le \sqrt v < a$, and $m + v/2 < a + a^2/2$: a contradiction.
- **h**: At the optimum the penalty is zero, so $n = 1$ and $v = 0$.
""",
        stub="""
def order():
    # six letters, such as "abcdef"
    return ...
""",
        hints=(
            "Two values are compared: that of D and that of a candidate. Both must be known before they can be compared.",
            "The last step adds half of v to the compared inequality. So a lower bound of v must come before it; where is it proved, and from what?",
        ),
        explanation=r"""
The values of $D$ (c, by the balance) and of the candidate (e) come first, in either order; their comparison (a)
bounds $m + v/2$. Step g turns that into a bound of $v$ by contradiction, f states it, b adds up. Step d is what one would like to use,
and it is not available: $m \ge a$ need not be shown, and the proof works without it. Step h would make the gap zero.
""",
        solution=solution_7_10,
        wrong=(
            (lambda: "ceagb", "of its lines are missing"),
            (lambda: "cedgfb", "claims that the mean"),
            (lambda: "ceahfb", "is one at the optimum"),
            (lambda: "acegfb", "Line a comes before"),
            (lambda: "cegafb", "Line g comes before"),
            (lambda: "bceagf", "Line b comes before"),
            (lambda: 3, "wrong type"),
            (lambda: "ceagffb", "occurs twice"),
        ),
        check=ordered(
            {"c": "", "e": "", "a": "ce", "g": "a", "f": "ag", "b": "fc"},
            {
                "d": "It claims that the mean of n - 1 is at least a. Nothing has shown that, and it is not needed.",
                "h": "It says that n is one at the optimum. The balance requires slopes above one.",
            },
        ),
    )
)

# 7.11 --------------------------------------------------------------------------------------------------------------


def broken_7_11(D, x):
    x = x.detach().requires_grad_()
    gradient = torch.autograd.grad(D(x).sum(), x, create_graph=True)[0]
    norms = gradient.pow(2).sum(dim=(1, 2, 3)).sqrt()
    return (norms - 1).square().mean()


def solution_7_11(D, x):
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    # slope 0 at a zero gradient
    norms = torch.linalg.vector_norm(gradient.flatten(1), dim=1)
    return (norms - 1).square().mean()


def alternative_7_11_epsilon(D, x):
    x = x.detach().requires_grad_()
    gradient = torch.autograd.grad(D(x).sum(), x, create_graph=True)[0]
    norms = (gradient.pow(2).sum(dim=(1, 2, 3)) + 1e-12).sqrt()
    return (norms - 1).square().mean()


def wrong_7_11_dropped(D, x):
    x = x.detach().requires_grad_()
    gradient = torch.autograd.grad(D(x).sum(), x, create_graph=True)[
        0
    ].flatten(1)
    alive = gradient.detach().abs().sum(dim=1) > 0
    return (gradient[alive].norm(dim=1) - 1).square().mean()


def wrong_7_11_large_epsilon(D, x):
    x = x.detach().requires_grad_()
    gradient = torch.autograd.grad(D(x).sum(), x, create_graph=True)[0]
    return (
        ((gradient.pow(2).sum(dim=(1, 2, 3)) + 0.1).sqrt() - 1)
        .square()
        .mean()
    )


def wrong_7_11_squared(D, x):
    x = x.detach().requires_grad_()
    gradient = torch.autograd.grad(D(x).sum(), x, create_graph=True)[0]
    return (gradient.pow(2).sum(dim=(1, 2, 3)) - 1).square().mean()


def wrong_7_11_no_graph(D, x):
    x = x.detach().requires_grad_()
    gradient = torch.autograd.grad(D(x).sum(), x)[0]
    return (gradient.flatten(1).norm(dim=1) - 1).square().mean()


def wrong_7_11_rows(D, x):
    x = x.detach().requires_grad_()
    gradient = torch.autograd.grad(D(x).sum(), x, create_graph=True)[0]
    return (torch.linalg.vector_norm(gradient, dim=1) - 1).square().mean()


def wrong_7_11_backward(D, x):
    D(x).sum().backward()
    return solution_7_11(D, x)


def check_7_11(answer, c):
    for dtype in c.dtypes:
        D = nn.Sequential(
            nn.Flatten(), nn.Linear(9, 4), nn.ReLU(), nn.Linear(4, 1)
        ).to(dtype)
        with torch.no_grad():
            D[1].weight.copy_(c.uniform(0.3, 1, (4, 9), dtype))
            D[1].bias.zero_()
            D[3].weight.copy_(c.normal((1, 4), dtype))
        n = c.integer(3, 6)
        x = c.uniform(0.1, 1, (n, 1, 3, 3), dtype)
        x[0] = -x[0]  # here every ReLU is off: the gradient is exactly zero
        untouched = c.watch(D)
        got = c.call(answer, D, x)
        slope = torch.linalg.vector_norm(D[3].weight[0] @ D[1].weight)
        want = (1 + (n - 1) * (slope - 1) ** 2) / n
        c.equal(
            got,
            want.detach(),
            rtol=1e-4,
            atol=1e-5,
            mistakes={
                "Flat samples were left out; they are to be pushed up to slope one, and count with (0 - 1)^2.": (
                    slope.detach() - 1
                )
                ** 2,
                "The small number under the root is large enough to change the value.": lambda x=x, D=D: (
                    wrong_7_11_large_epsilon(D, x).detach()
                ),
                "The root is gone, and with it the norm: that compares its square with one.": lambda x=x, D=D: (
                    wrong_7_11_squared(D, x).detach()
                ),
                "That is a norm along the channel axis, one for each pixel.": lambda x=x, D=D: (
                    wrong_7_11_rows(D, x).detach()
                ),
            },
        )
        try:
            mine = torch.autograd.grad(got, D[1].weight)[0]
        except RuntimeError:
            c.fail(
                "The penalty is detached from the parameters: `create_graph=True` is needed."
            )
        if not torch.isfinite(mine).all():
            c.fail(
                "The value is right, but its gradient in D's parameters is NaN where a sample's gradient is zero."
            )
        c.equal(
            mine,
            torch.autograd.grad(want, D[1].weight)[0],
            rtol=1e-3,
            atol=1e-5,
            says="The gradient is not that of the penalty.",
        )
        untouched()


register(
    Exercise(
        id="7.11",
        title="Find the bug: fine until a ReLU dies",
        stars=2,
        kind="bug",
        statement=r"""
This penalty trains well for an hour; then, at one step, every weight of the critic is NaN. The value itself never
was. Mend it: `flat_safe(D, x)` takes a critic and points `(N, 1, H, W)`, returns the mean of
$(\lVert \nabla D(x) \rVert - 1)^2$, and its gradient in the parameters of `D` is finite also where $\nabla D$ is
exactly zero. Samples with a zero gradient still count, with $(0 - 1)^2$.
""",
        stub="""
def flat_safe(D, x):
    return ...
""",
        hints=(
            "What is the derivative of the square root at zero, and what is infinity times zero?",
            "`torch.linalg.vector_norm` is defined to have slope 0 at a zero vector.",
        ),
        explanation=r"""
Where all ReLUs of a sample are off, the gradient is exactly zero. $\sqrt{t}$ has an infinite slope at 0, the inner
derivative of the square is 0, and $\infty \cdot 0$ is NaN; one such sample makes the whole update NaN. `vector_norm`
defines the slope at zero as zero. A small number under the root (about $10^{-12}$) also works. Leaving flat samples
out changes the penalty: it then never sees that part of the space.
""",
        solution=solution_7_11,
        alternatives=(alternative_7_11_epsilon,),
        broken=broken_7_11,
        wrong=(
            (broken_7_11, "is NaN where"),
            (wrong_7_11_dropped, "left out"),
            (wrong_7_11_large_epsilon, "large enough"),
            (wrong_7_11_squared, "root is gone"),
            (wrong_7_11_no_graph, "detached"),
            (wrong_7_11_rows, "channel axis"),
            (wrong_7_11_backward, "changed a gradient"),
        ),
        check=check_7_11,
    )
)

# 7.12 --------------------------------------------------------------------------------------------------------------

_TRUTH_7_12 = {
    "A": "at most",
    "B": "no telling",
    "C": "at least",
    "D": "at least",
    "E": "at most",
    "F": "no telling",
}


def solution_7_12():
    return {
        "A": "at most",
        "B": "no telling",
        "C": "at least",
        "D": "at least",
        "E": "at most",
        "F": "no telling",
    }


def _swap_7_12(case, label):
    return solution_7_12() | {case: label}


register(
    Exercise(
        id="7.12",
        title="Too much or too little?",
        stars=3,
        kind="classify",
        statement=r"""
Each letter is a reading that somebody takes for $W_1(p, q)$. Is it (a mean over a huge *fresh* sample counts as the
expectation; a mean over training points does not) `"at most"` the true value, `"at least"` the true value, or is there `"no telling"`? Return a dict.

- **A**: the gap, under $p$ and $q$ themselves, of some 1-Lipschitz function.
- **B**: the gap of a critic of unknown depth and width, with weights clipped at $0.01$.
- **C**: $\mathbb{E}\lVert x - y \rVert$ under some coupling of $p$ and $q$.
- **D**: $p$ and $q$ are two point masses; the gap of an optimal critic with the two-sided gradient penalty.
- **E**: the gap on a huge *fresh* sample of a critic with spectral norm in every layer (norms exact, ReLU between),
half trained.
- **F**: the gap of a critic with gradient penalty on the 64 points of each kind that it was trained on, in 100
dimensions.
""",
        stub="""
def bounds():
    # {"A": "at most", "B": ..., ...}
    return ...
""",
        hints=(
            "A maximum is at least every candidate; a minimum is at most every candidate. Which readings are candidates of which problem?",
            "Training a candidate badly does not stop it from being a candidate. Scoring it on its own training points does.",
        ),
        explanation=r"""
A and E are candidates of the maximum (E is 1-Lipschitz however badly it is trained, and a fresh sample gives its
true gap), so they are at most $W_1$. C is a candidate of the minimum. D overshoots by the factor
$1 + W_1/2\lambda$. B has an unknown scale. F is pulled up by memorising and down by the small network, and its
slope is soft besides.
""",
        solution=solution_7_12,
        wrong=(
            (_swap_7_12("A", "no telling"), "candidate of the maximum"),
            (_swap_7_12("B", "at most"), "another bound"),
            (_swap_7_12("C", "at most"), "candidate of the minimum"),
            (_swap_7_12("D", "at most"), "soft"),
            (_swap_7_12("E", "no telling"), "half trained or not"),
            (_swap_7_12("F", "at least"), "small network"),
        ),
        check=classify(
            _TRUTH_7_12,
            labels=("at most", "at least", "no telling"),
            reasons={
                (
                    "A",
                    "no telling",
                ): "It is a candidate of the maximum, and the maximum is no smaller.",
                (
                    "A",
                    "at least",
                ): "The maximum runs over all such functions; one of them cannot exceed it.",
                (
                    "B",
                    "at most",
                ): "It may have any slope: at another bound the same critic reads a thousand times as much.",
                (
                    "B",
                    "at least",
                ): "With c = 0.01 and three layers it read 0.002 where the truth was 1.",
                (
                    "C",
                    "at most",
                ): "It is a candidate of the minimum, and the minimum is no larger.",
                (
                    "C",
                    "no telling",
                ): "Every coupling's cost is an upper bound, the independent one's too.",
                (
                    "D",
                    "at most",
                ): "The penalty is soft: at the optimum the slope lies above one.",
                (
                    "D",
                    "no telling",
                ): "For two point masses the overshoot can be computed.",
                (
                    "E",
                    "no telling",
                ): "Half trained or not, it is 1-Lipschitz by construction.",
                (
                    "E",
                    "at least",
                ): "A 1-Lipschitz function cannot open a larger gap than the best one.",
                (
                    "F",
                    "at least",
                ): "A memorising critic reads too much, but a small network also misses differences, hidden ones for instance.",
                (
                    "F",
                    "at most",
                ): "On its own training points a critic can memorise, and read far above the truth.",
            },
        ),
    )
)

# 7.13 --------------------------------------------------------------------------------------------------------------


def solution_7_13():
    return (
        "WGAN clips weights, not gradients. Clipping the update's gradient "
        "bounds how far one step goes and no slope: in our experiment the "
        "slope passed a thousand after 400 clipped steps of Adam, while a gradient "
        "penalty held it near one. And clipping can only shrink a gradient, "
        "so it cures exploding, never vanishing ones. What keeps the "
        "generator's force alive is the critic's slope of about one."
    )


register(
    Exercise(
        id="7.13",
        title="A correction",
        stars=2,
        kind="rubric",
        statement=r"""
A tutorial says: "WGAN uses gradient clipping to satisfy the Lipschitz condition, which solves vanishing gradients."
Write the correction that you would send to its author, in a paragraph, with one number.
""",
        stub="""
def correction():
    return ...
""",
        hints=(
            "There are two false statements and one missing tool.",
            "What is clipped in WGAN? What did gradient clipping do to the slope? Can clipping enlarge anything?",
        ),
        explanation=r"""
A good correction names what WGAN clips, keeps the three tools apart, shows by a number that gradient clipping holds
no slope, and says that clipping only ever shrinks. It may add what does help the generator: a critic whose slope is
near one along the rays, however good it gets.
""",
        solution=solution_7_13,
        check=rubric(
            "that WGAN clips the weights, and that the gradient penalty is a third tool",
            "that clipping the update's gradient bounds no Lipschitz constant, with a number",
            "that clipping can only shrink a gradient, so it cannot cure a vanishing one",
            "what keeps the generator's gradient alive instead",
        ),
    )
)

# 7.14 --------------------------------------------------------------------------------------------------------------


def solution_7_14(G, D, adam_g, adam_d, reals, noises, penalty):
    for x, z in zip(reals, noises[:-1], strict=True):
        y = G(z).detach()
        loss_d = D(y).mean() - D(x).mean() + penalty(D, x, y)
        adam_d.zero_grad()
        loss_d.backward()
        adam_d.step()
    loss_g = -D(G(noises[-1])).mean()
    adam_g.zero_grad()
    loss_g.backward()
    adam_g.step()


def alternative_7_14_autograd(G, D, adam_g, adam_d, reals, noises, penalty):
    def step(module, optimizer, loss):
        parameters = list(module.parameters())
        gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
        for p, g in zip(parameters, gradients, strict=True):
            p.grad = torch.zeros_like(p) if g is None else g
        optimizer.step()

    for k in range(len(reals)):
        with torch.no_grad():
            y = G(noises[k])
        gap = D(reals[k]).mean() - D(y).mean()
        step(D, adam_d, penalty(D, reals[k], y) - gap)
    step(G, adam_g, -D(G(noises[len(reals)])).mean())


def _variant_7_14(
    critic_sign=1, generator_sign=-1, use_penalty=True, every=False,
    first_only=False, reuse=False, swap=False, clear=True,
):  # fmt: skip
    def answer(G, D, adam_g, adam_d, reals, noises, penalty):
        def generator(z):
            adam_g.zero_grad()
            (generator_sign * D(G(z)).mean()).backward()
            adam_g.step()

        if swap:
            generator(noises[-1])
        for x, z in zip(
            reals[:1] if first_only else reals, noises, strict=False
        ):
            y = G(z).detach()
            loss = critic_sign * (D(y).mean() - D(x).mean())
            if use_penalty:
                loss = loss + penalty(D, x, y)
            if clear:
                adam_d.zero_grad()
            loss.backward()
            adam_d.step()
            if every:
                generator(noises[-1])
        if not every and not swap:
            generator(noises[0] if reuse else noises[-1])

    return answer


def check_7_14(answer, c):
    def players(dtype, seed):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            nets = [
                nn.Sequential(nn.Linear(a, 6), nn.Tanh(), nn.Linear(6, b)).to(
                    dtype
                )
                for a, b in ((2, 3), (3, 1))
            ]
        return nets, [torch.optim.SGD(m.parameters(), lr=0.03) for m in nets]

    def penalty(D, x, y):
        x = (0.3 * x + 0.7 * y).detach().requires_grad_()
        (g,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
        return (g.norm(dim=1) - 1).square().mean()

    def result(play, dtype, seed, n, reals, noises):
        (G, D), optimizers = players(dtype, seed)
        for m in (G, D):
            for p in m.parameters():
                p.grad = torch.ones_like(p)  # of an earlier step
        play(G, D, *optimizers, reals, noises, penalty)
        return [
            torch.cat([p.detach().flatten() for p in m.parameters()])
            for m in (G, D)
        ]

    slips = {
        "D moved uphill: its loss is the generated mean minus the real one.": _variant_7_14(
            critic_sign=-1
        ),
        "G moved the wrong way: it minimises minus the score of its samples.": _variant_7_14(
            generator_sign=1
        ),
        "The penalty is missing from the critic's loss.": _variant_7_14(
            use_penalty=False
        ),
        "G moved after each critic step; it moves once, after all of them.": _variant_7_14(
            every=True
        ),
        "Only one critic step was made; there is one for each batch.": _variant_7_14(
            first_only=True
        ),
        "G's step needs noise of its own, the last one.": _variant_7_14(
            reuse=True
        ),
        "G moved before the critic; it comes last.": _variant_7_14(swap=True),
        "Gradients of earlier steps were added: clear them before each backward.": _variant_7_14(
            clear=False
        ),
    }
    for dtype in c.dtypes:
        for n in (5, 1, c.integer(2, 4)):
            seed = c.integer(0, 10**6)
            reals = [c.normal((7, 3), dtype) for _ in range(n)]
            noises = [c.normal((7, 2), dtype) for _ in range(n + 1)]
            inputs = dtype, seed, n, reals, noises

            def play(*arguments):
                c.call(answer, *arguments, returns_none=True)

            got = result(play, *inputs)
            want = result(solution_7_14, *inputs)
            for k, who in enumerate("GD"):
                c.equal(
                    got[k],
                    want[k],
                    rtol=1e-3 if dtype == torch.float32 else 1e-8,
                    atol=1e-5,
                    on=f"the parameters of {who} after a round with {n} batches",
                    mistakes={
                        text: (lambda f=f, k=k, i=inputs: result(f, *i)[k])
                        for text, f in slips.items()
                    },
                )


register(
    Exercise(
        id="7.14",
        title="Train a WGAN",
        stars=2,
        kind="function",
        statement=r"""
Write one round of {prf:ref}`alg:07-wgan-gp`, `round_(G, D, adam_g, adam_d, reals, noises, penalty)`: a critic step
for each batch in the list `reals`, on generated samples from the noise at the same place of the list `noises`, then
one step of `G` on the last entry of `noises`, of which there is one more. `penalty(D, x, y)` is a scalar, added to
the critic's loss. The optimisers minimise and hold one player's parameters each; gradients of an earlier step may
still be in place. Nothing is returned. (Then put it into the chapter's loop, and train the ring with it.)
""",
        stub="""
def round_(G, D, adam_g, adam_d, reals, noises, penalty):
    ...
    return ...
""",
        hints=(
            "The critic's loss has three terms. Which of the generator's parameters may it move?",
            "Detach the generated samples in the critic's step, and clear the gradients of the player who moves before each backward pass.",
        ),
        explanation=r"""
The critic sees the generated samples as constants, so they are detached; the generator's step differentiates through
the critic, whose gradients it leaves behind, to be cleared before the critic's next step. The number of critic steps
is the length of the list: nothing in the loop knows that it is usually five.
""",
        solution=solution_7_14,
        alternatives=(alternative_7_14_autograd,),
        wrong=(
            (_variant_7_14(critic_sign=-1), "moved uphill"),
            (_variant_7_14(generator_sign=1), "moved the wrong way"),
            (_variant_7_14(use_penalty=False), "penalty is missing"),
            (_variant_7_14(every=True), "after each critic step"),
            (_variant_7_14(first_only=True), "Only one critic step"),
            (_variant_7_14(reuse=True), "noise of its own"),
            (_variant_7_14(swap=True), "it comes last"),
            (_variant_7_14(clear=False), "earlier steps were added"),
        ),
        check=check_7_14,
    )
)
