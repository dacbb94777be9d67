r"""Exercises 7.1 and 7.2: A critic's unit; Clip as WGAN does."""

import copy

import numpy as np
import torch
from torch import nn

from ganbook.exercises.engine.core import (
    Exercise,
    register,
)
from ganbook.exercises.engine.words import say

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


def wrong_7_2_mode(optimizer, D, x_real, x_fake, c):
    solution_7_2(optimizer, D, x_real, x_fake, c)
    D.eval()


def check_7_2(answer, c):
    for dtype in c.dtypes:
        start = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 1)).to(
            dtype
        )
        with torch.no_grad():
            for p in start.parameters():
                p.copy_(0.2 * c.normal(tuple(p.shape), dtype))
                p.view(-1)[0], p.view(-1)[-1] = 0.9, -0.9
        # parameters that no loss reaches, and that are not trained
        for name, trained in (("unused", True), ("frozen", False)):
            start.register_parameter(
                name,
                nn.Parameter(
                    torch.tensor([0.8, -0.7], dtype=dtype),
                    requires_grad=trained,
                ),
            )
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
            c.true(
                D.training,
                "The critic is left in evaluation mode: it goes on being trained.",
            )
            return torch.cat(
                [p.detach().reshape(-1) for p in D[0].parameters()]
                + [p.detach().reshape(-1) for p in D[2].parameters()]
                + [D.unused.detach(), D.frozen.detach()]
            )

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
                    sentence,
                    on=say(
                        "a critic with 2 layers and c = {bound:.3f}",
                        bound=bound,
                    ),
                )
        if c.agrees(got[:-4], want[:-4]):
            c.fail(
                "A parameter without a gradient was left out: *every* parameter of D is to lie within the bound, trained or not.",
                "",
            )
        c.equal(
            got,
            want,
            on=say("a critic with 2 layers and c = {bound:.3f}", bound=bound),
        )

    def wide():
        D = c.line(2.0)
        optimizer = torch.optim.SGD(D.parameters(), lr=0.1)
        return optimizer, D, torch.ones(2, 1), torch.zeros(2, 1), 3.0

    c.like(
        answer,
        solution_7_2,
        wide,
        says="Every bound is taken as it is, also one above 1.",
        returns_none=True,
    )


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
            (wrong_7_2_mode, "evaluation mode"),
            (wrong_7_2_sign, "wrong way"),
            (wrong_7_2_new_tensors, "new tensor"),
        ),
        check=check_7_2,
    )
)
