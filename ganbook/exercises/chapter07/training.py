r"""Exercises 7.11 and 7.14: Find the bug: fine until a ReLU dies; Train a WGAN."""

import torch
from torch import nn

from ganbook.exercises.engine.core import (
    Exercise,
    register,
)
from ganbook.exercises.engine.words import say

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


def wrong_7_11_squeezed(D, x):
    x = x.detach().requires_grad_()
    gradient = torch.autograd.grad(D(x).sum(), x, create_graph=True)[0]
    norms = gradient.squeeze().flatten(1).norm(dim=1)
    return (norms - 1).square().mean()


def check_7_11(answer, c):
    for dtype, n in (
        *((dtype, c.integer(3, 6)) for dtype in c.dtypes),
        (torch.float64, 1),
    ):
        D = nn.Sequential(
            nn.Flatten(), nn.Linear(9, 4), nn.ReLU(), nn.Linear(4, 1)
        ).to(dtype)
        with torch.no_grad():
            D[1].weight.copy_(c.uniform(0.3, 1, (4, 9), dtype))
            D[1].bias.zero_()
            D[3].weight.copy_(c.normal((1, 4), dtype))
        x = c.uniform(0.1, 1, (n, 1, 3, 3), dtype)
        flat = int(n > 1)
        if flat:
            x[0] = -x[0]  # every ReLU is off: the gradient is exactly zero
        untouched = c.watch(D)
        got = c.call(answer, D, x)
        slope = torch.linalg.vector_norm(D[3].weight[0] @ D[1].weight)
        want = (flat + (n - flat) * (slope - 1) ** 2) / n
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
                "In a batch of one, `squeeze` removes the axis of samples as well.": lambda x=x, D=D: (
                    wrong_7_11_squeezed(D, x).detach()
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
        with torch.no_grad():
            D[3].weight.mul_(5e-5 / slope)
        slope = torch.linalg.vector_norm(D[3].weight[0] @ D[1].weight)
        want = (flat + (n - flat) * (slope - 1) ** 2) / n
        c.equal(
            torch.autograd.grad(c.call(answer, D, x), D[3].weight)[0],
            torch.autograd.grad(want, D[3].weight)[0],
            rtol=1e-3,
            atol=1e-5,
            says="At a slope of 5e-5, small but not zero, the gradient is not that of the penalty: the number that keeps the root from zero outweighs the slope.",
        )


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
            (wrong_7_11_squeezed, "axis of samples"),
        ),
        check=check_7_11,
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


def wrong_7_14_mode(G, D, adam_g, adam_d, reals, noises, penalty):
    solution_7_14(G, D, adam_g, adam_d, reals, noises, penalty)
    G.eval()


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

    moved = []  # how often each optimiser stepped, for each play

    def result(play, dtype, seed, n, reals, noises):
        (G, D), optimizers = players(dtype, seed)
        for m in (G, D):
            for p in m.parameters():
                p.grad = torch.ones_like(p)  # of an earlier step
        steps = [0, 0]

        def count(k):
            def hook(optimizer, args, named):
                steps[k] += 1

            return hook

        for k, optimizer in enumerate(optimizers):
            optimizer.register_step_post_hook(count(k))
        play(G, D, *optimizers, list(reals), list(noises), penalty)
        c.true(
            G.training and D.training,
            "A player is left in evaluation mode: both go on being trained.",
        )
        moved.append(steps)
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
        for n in (7, 1, c.integer(2, 4)):
            seed = c.integer(0, 10**6)
            reals = [c.normal((7, 3), dtype) for _ in range(n)]
            noises = [c.normal((7, 2), dtype) for _ in range(n + 1)]
            inputs = dtype, seed, n, reals, noises

            def play(*arguments):
                c.call(answer, *arguments, returns_none=True)

            got = result(play, *inputs)
            (g_steps, d_steps), want = (
                moved[-1],
                result(solution_7_14, *inputs),
            )
            for k, who in enumerate("GD"):
                c.equal(
                    got[k],
                    want[k],
                    rtol=1e-3 if dtype == torch.float32 else 1e-8,
                    atol=1e-5,
                    on=say(
                        "the parameters of {who} after a round with {n} batches",
                        who=who,
                        n=n,
                    ),
                    mistakes={
                        text: (lambda f=f, k=k, i=inputs: result(f, *i)[k])
                        for text, f in slips.items()
                    },
                )
            c.true(
                g_steps <= 1 and d_steps <= n,
                "An optimiser stepped more often than its player moves. On a gradient of zero plain descent "
                "stands still; Adam moves the player by what it remembers.",
                "",
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
            (wrong_7_14_mode, "evaluation mode"),
        ),
        check=check_7_14,
    )
)
