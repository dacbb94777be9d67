r"""Exercises 18.10 and 18.11: what is sent back, and what is moved."""

import torch

from ganbook.exercises.chapter18.common import says_nothing
from ganbook.exercises.engine.core import Exercise, exposes, register

# 18.10 -----------------------------------------------------------------


def broken_18_10(D, opt, x_real, x_fake, log):
    """One step on the critic's loss plus 10 times its penalty."""
    opt.zero_grad()
    loss = D(x_fake).mean() - D(x_real).mean()
    x = x_real.detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    penalty = ((slope.norm(dim=1) - 1) ** 2).mean()
    (10 * penalty).backward()
    opt.step()
    log.append(float(loss + 10 * penalty))


def mended_18_10(D, opt, x_real, x_fake, log):
    """One step on the critic's loss plus 10 times its penalty."""
    opt.zero_grad()
    loss = D(x_fake).mean() - D(x_real).mean()
    x = x_real.detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    penalty = ((slope.norm(dim=1) - 1) ** 2).mean()
    (loss + 10 * penalty).backward()
    opt.step()
    log.append(float(loss + 10 * penalty))


def also_right_18_10(D, opt, x_real, x_fake, log):
    opt.zero_grad()
    loss = D(x_fake).mean() - D(x_real).mean()
    loss.backward()
    x = x_real.detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    penalty = 10 * (slope.norm(dim=1) - 1).square().mean()
    penalty.backward()
    opt.step()
    log.append(loss.item() + penalty.item())


def loss_only_18_10(D, opt, x_real, x_fake, log):
    opt.zero_grad()
    loss = D(x_fake).mean() - D(x_real).mean()
    loss.backward()
    opt.step()
    log.append(float(loss))


def anywhere_18_10(D, opt, x_real, x_fake, log):
    with torch.no_grad():
        for weight in D.parameters():
            weight += 100


def flatter_18_10(D, opt, x_real, x_fake, log):
    with torch.no_grad():
        for weight in D.parameters():
            weight *= 0.99


def solution_18_10(critic_step):
    D = torch.nn.Linear(2, 1, bias=False)
    D.weight.data = torch.tensor([[3.0, 0.0]])  # slope 3 everywhere
    opt = torch.optim.SGD(D.parameters(), lr=0.01)
    real, fake = torch.randn(8, 2), torch.randn(8, 2)
    from_loss = fake.mean(0) - real.mean(0)
    from_penalty = 10 * 2 * (3 - 1) * torch.tensor([1.0, 0.0])
    expected = torch.tensor([3.0, 0.0]) - 0.01 * (from_loss + from_penalty)
    critic_step(D, opt, real, fake, log=[])
    assert (D.weight[0] - expected).abs().max() < 1e-4


def _critic_18_10(slope):
    D = torch.nn.Linear(2, 1, bias=False)
    D.weight.data = torch.tensor([[slope, 0.0]])
    opt = torch.optim.SGD(D.parameters(), lr=0.01)
    return D, opt, torch.randn(8, 2), torch.randn(8, 2)


def wrong_18_10_moves(critic_step):
    given = D, *_ = _critic_18_10(3.0)
    critic_step(*given, [])
    assert float(D.weight[0, 0]) != 3.0


def wrong_18_10_flatter(critic_step):
    given = D, *_ = _critic_18_10(3.0)
    critic_step(*given, [])
    assert 2 < float(D.weight.norm()) < 3


def wrong_18_10_unit(critic_step):
    given = D, *_ = _critic_18_10(1.0)
    critic_step(*given, [])
    assert not torch.equal(D.weight[0], torch.tensor([1.0, 0.0]))


def wrong_18_10_penalty(critic_step):
    given = D, *_ = _critic_18_10(3.0)
    critic_step(*given, [])
    assert (D.weight[0] - torch.tensor([2.6, 0.0])).abs().max() < 1e-4


register(
    Exercise(
        id="18.10",
        title="The loss that was built",
        time_limit=60,  # the first optimiser of a session loads much of torch
        stars=2,
        kind="test",
        statement=r"""
    **Symptoms.** The critic's slope goes to 1 within a few hundred steps and stays. The log prints a loss that never
    improves, and the critic tells real from generated no better than at the start.

    `critic_step(D, opt, x_real, x_fake, log)` makes one step of the optimiser on
    $\bar D(x_{\text{fake}}) - \bar D(x_{\text{real}}) + 10\,\overline{(\lVert \nabla_x D(x_{\text{real}}) \rVert - 1)^2}$
    and appends that number to the list `log`. Batches have shape $(N, d)$. Write a test that exposes the bug.
    """,
        stub="""
    def test(critic_step):
        return ...
    """,
        hints=(
            r"The number in the log is right. Compare what the step does to D's weights.",
            r"A linear critic with weight $(3, 0)$: the loss has the gradient $\bar x_{\text{fake}} - \bar x_{\text{real}}$, the penalty $20\,(3 - 1)\,(1, 0)$. Where does one step of SGD lead?",
        ),
        explanation=r"""
    The loss is computed, logged and never sent back. Only the penalty trains, and a penalty alone makes a critic of
    slope 1 in whatever direction it had at the start. In the public file `dragan.py` of PyTorch-GAN the line
    with `backward` has the penalty alone. A log cannot show it, for the logged number is right. The test computes the
    whole step, so that either part may be the missing one. Chapter 7 derives such a penalty, and chapter 10 quotes DRAGAN's scores.

    The test, and below it the mended function:
    """,
        solution=solution_18_10,
        wrong=(
            (says_nothing, "asserts nothing"),
            (wrong_18_10_moves, "move at all"),
            (wrong_18_10_flatter, "flatter"),
            (wrong_18_10_unit, "penalty is missing"),
            (wrong_18_10_penalty, "fails on the mended"),
        ),
        check=exposes(
            mended=(mended_18_10, also_right_18_10),
            broken=broken_18_10,
            variants={
                "There the penalty is missing: at slope 1 it would have no gradient.": loss_only_18_10
            },
            blind={
                "It asks whether the weights move at all, not where to.": anywhere_18_10,
                "That the critic becomes flatter is the work of the penalty alone.": flatter_18_10,
            },
        ),
    )
)


# 18.11 -----------------------------------------------------------------


def broken_18_11(G, D):
    """The optimisers of G and of D, in this order."""
    weights = torch.nn.ModuleList([G, D]).parameters()
    opt_g = torch.optim.Adam(G.parameters(), lr=2e-4, betas=(0.5, 0.999))
    opt_d = torch.optim.Adam(weights, lr=2e-4, betas=(0.5, 0.999))
    return opt_g, opt_d


def mended_18_11(G, D):
    """The optimisers of G and of D, in this order."""
    opt_g = torch.optim.Adam(G.parameters(), lr=2e-4, betas=(0.5, 0.999))
    opt_d = torch.optim.Adam(D.parameters(), lr=2e-4, betas=(0.5, 0.999))
    return opt_g, opt_d


def also_right_18_11(G, D):
    weights = [p for p in D.parameters() if p.dim() > 1]
    others = [p for p in D.parameters() if p.dim() <= 1]
    groups = [{"params": weights}, {"params": others, "lr": 1e-4}]
    return torch.optim.RMSprop(G.parameters()), torch.optim.SGD(groups, 1e-3)


def turned_18_11(G, D):
    both = [*G.parameters(), *D.parameters()]
    return torch.optim.Adam(both), torch.optim.Adam(D.parameters())


def partial_18_11(G, D):
    weights = [p for p in D.parameters() if p.dim() > 1]
    return torch.optim.Adam(G.parameters()), torch.optim.Adam(weights)


def exchanged_18_11(G, D):
    return torch.optim.Adam(D.parameters()), torch.optim.Adam(G.parameters())


def strangers_18_11(G, D):
    loose = [torch.nn.Parameter(torch.zeros(2)) for _ in range(2)]
    return torch.optim.Adam(loose[:1]), torch.optim.Adam(loose[1:])


def everything_18_11(G, D):
    both = [*G.parameters(), *D.parameters()]
    return torch.optim.Adam(both), torch.optim.Adam(both)


def held(optimiser):
    """The ids of the parameters that an optimiser moves."""
    groups = optimiser.param_groups
    return {id(p) for group in groups for p in group["params"]}


def solution_18_11(optimisers):
    G, D = torch.nn.Linear(2, 3), torch.nn.Linear(3, 1)
    for optimiser, own in zip(optimisers(G, D), (G, D), strict=True):
        groups = optimiser.param_groups
        moved = {id(p) for group in groups for p in group["params"]}
        assert moved == {id(p) for p in own.parameters()}


def wrong_18_11_own(optimisers):
    G, D = torch.nn.Linear(2, 3), torch.nn.Linear(3, 1)
    for optimiser, own in zip(optimisers(G, D), (G, D), strict=True):
        assert {id(p) for p in own.parameters()} <= held(optimiser)


def wrong_18_11_no_gradient(optimisers):
    G, D = torch.nn.Linear(2, 3), torch.nn.Linear(3, 1)
    before = G.weight.detach().clone()
    optimisers(G, D)[1].step()
    assert torch.equal(G.weight, before)


def wrong_18_11_d_only(optimisers):
    G, D = torch.nn.Linear(2, 3), torch.nn.Linear(3, 1)
    assert held(optimisers(G, D)[1]) == {id(p) for p in D.parameters()}


def wrong_18_11_disjoint(optimisers):
    first, second = optimisers(torch.nn.Linear(2, 3), torch.nn.Linear(3, 1))
    assert not held(first) & held(second)


def wrong_18_11_number(optimisers):
    first, second = optimisers(torch.nn.Linear(2, 3), torch.nn.Linear(3, 1))
    assert len(held(first)) == len(held(second)) == 2


def wrong_18_11_adam(optimisers):
    _, opt_d = optimisers(torch.nn.Linear(2, 3), torch.nn.Linear(3, 1))
    assert isinstance(opt_d, torch.optim.Adam)
    assert len(opt_d.param_groups[0]["params"]) == 2


register(
    Exercise(
        id="18.11",
        title="Who moves whom",
        stars=1,
        kind="test",
        time_limit=60,  # the first optimiser of a session loads much of torch
        statement=r"""
    **Symptoms.** G moves while only D is being trained: with five steps of D to one of G, the samples change at
    every step. All losses look normal.

    `optimisers(G, D)` returns two of torch's optimisers: the first moves all parameters of G and no others, the
    second all parameters of D and no others. Their kind, rates and groups are free. Write a test that exposes the
    bug.
    """,
        stub="""
    def test(optimisers):
        return ...
    """,
        hints=(
            r"An optimiser lists what it moves in `param_groups`.",
            r"Compare *sets* of `id(p)`, for both optimisers: equal, not contained.",
        ),
        explanation=r"""
    After G's step its gradients stay in its parameters. An optimiser of D that holds them too applies them again at
    every one of its own steps, and Adam goes on moving G by its momentum even when they are zeros. With
    `zero_grad()`, which sets gradients to `None`, on D's optimiser the slip is harmless as long as D's loss is
    detached from G, and it comes alive once it is not: one slip hides behind another. A test by one step sees
    nothing if no gradients are there; the sets are always there. Chapter 2.

    The test, and below it the mended function:
    """,
        solution=solution_18_11,
        wrong=(
            (says_nothing, "asserts nothing"),
            (wrong_18_11_own, "more than its own"),
            (wrong_18_11_no_gradient, "without gradients"),
            (wrong_18_11_d_only, "first optimiser"),
            (wrong_18_11_disjoint, "biases"),
            (wrong_18_11_number, "come in the other order"),
            (wrong_18_11_adam, "kinds and groups"),
        ),
        check=exposes(
            mended=(mended_18_11, also_right_18_11),
            broken=broken_18_11,
            variants={
                "There the first optimiser moves D as well.": turned_18_11,
                "There the second one leaves D's biases out.": partial_18_11,
                "There the two optimisers come in the other order.": exchanged_18_11,
            },
            blind={
                "A step without gradients moves nothing, whatever the optimiser holds.": strangers_18_11,
                "It lets an optimiser hold more than its own player's parameters.": everything_18_11,
            },
            other="It has other kinds and groups of optimisers.",
        ),
    )
)
