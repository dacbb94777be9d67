r"""Exercises 15.9 and 15.10: what a cycle leaves open, and how it is trained."""

import copy

import numpy as np
import torch
from torch import nn

from ganbook.exercises.engine.core import Exercise, register

# 15.9 ------------------------------------------------------------------


def solution_15_9():
    forth = np.array([1, 0, 3, 2])  # exchanges the two of a kind
    return forth, np.argsort(forth)


def wrong_15_9_identity():
    return np.arange(4), np.arange(4)


def wrong_15_9_no_way_back():
    return np.array([1, 0, 3, 2]), np.arange(4)


def wrong_15_9_law():
    forth = np.array([2, 1, 0, 3])
    return forth, np.argsort(forth)


def wrong_15_9_many_to_one():
    return np.array([1, 1, 3, 3]), np.array([0, 0, 2, 2])


def wrong_15_9_half():
    forth = np.array([1, 0, 2, 3])
    return forth, np.argsort(forth)


def wrong_15_9_between():
    return [1.5, 0, 3, 2], [1, 0, 3, 2]


def check_15_9(answer, c):
    share = np.array([0.2, 0.2, 0.3, 0.3])
    found = c.call(answer)
    try:
        forth, back = (np.asarray(part, dtype=float) for part in found)
    except (TypeError, ValueError):
        c.fail("A pair of lists of four whole numbers is expected.")
    if forth.shape != (4,) or back.shape != (4,):
        c.fail("Each translator is a list of four places, 0 to 3.")
    if not all(set(part.tolist()) <= set(range(4)) for part in (forth, back)):
        c.fail("Places are whole numbers from 0 to 3.")
    forth, back = forth.astype(int), back.astype(int)
    law = np.bincount(forth, weights=share, minlength=4)
    if len(set(forth.tolist())) < 4:
        c.fail("Two characters are translated alike: no way leads back.")
    if not (back[forth] == np.arange(4)).all():
        c.fail("The cycle error is not zero: the way back is another one.")
    if not np.allclose(law, share):
        c.fail("A critic notices: the frequencies of the output are off.")
    right = int((forth == np.arange(4)).sum())
    if right == 4:
        c.fail("That one is right everywhere; a wrong one was asked for.")
    if right:
        c.fail("Some characters are translated correctly; none should be.")


register(
    Exercise(
        id="15.9",
        title="Consistent, and wrong everywhere",
        stars=2,
        kind="experiment",
        statement=r"""
    Both sets hold the characters a, b, c, d (places 0 to 3) with the frequencies $0.2, 0.2, 0.3, 0.3$; the true
    translation keeps the character. Build a translator and a way back for which both critics see nothing and the cycle
    error is zero, and which translate *no* character correctly. Return a pair of lists of four places: entry $i$ says
    where place $i$ is sent.
    """,
        stub="""
    def translators():
        # ([...], [...])
        return ...
    """,
        hints=(
            r"Which exchanges leave the frequencies as they are?",
            r"An exchange is its own inverse. How many exchanges are needed so that no place stays?",
        ),
        explanation=r"""
    Exchanging a with b, and c with d, preserves the frequencies, and doing it twice is the identity: all three losses are
    as small as for the truth. A single pair (a translated a) excludes it for a and b; with unequal frequencies all
    around, the truth is the only solution.
    """,
        solution=solution_15_9,
        wrong=(
            (wrong_15_9_identity, "right everywhere"),
            (wrong_15_9_no_way_back, "way back is another"),
            (wrong_15_9_law, "frequencies of the output"),
            (wrong_15_9_many_to_one, "translated alike"),
            (wrong_15_9_half, "Some characters"),
            (wrong_15_9_between, "Places are whole"),
        ),
        check=check_15_9,
    )
)

# 15.10 -----------------------------------------------------------------


def solution_15_10(G, F, a, steps, rate):
    optimizer = torch.optim.SGD([*G.parameters(), *F.parameters()], lr=rate)
    for _ in range(steps):
        loss = (F(G(a)) - a).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        return float((F(G(a)) - a).square().mean())


def alternative_15_10_by_hand(G, F, a, steps, rate):
    parameters = [*G.parameters(), *F.parameters()]
    for _ in range(steps):
        loss = torch.nn.functional.mse_loss(F(G(a)), a)
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            for p, g in zip(parameters, gradients, strict=True):
                p -= rate * g
    return torch.nn.functional.mse_loss(F(G(a)), a).item()


def _descend(G, F, a, steps, rate, of, loss, clear=True):
    optimizer = torch.optim.SGD(of, lr=rate)
    for _ in range(steps):
        paid = loss(G, F, a)
        if clear:
            optimizer.zero_grad()
        paid.backward()
        optimizer.step()
    with torch.no_grad():
        return float((F(G(a)) - a).square().mean())


def _cycle(G, F, a):
    return (F(G(a)) - a).square().mean()


def wrong_15_10_only_g(G, F, a, steps, rate):
    return _descend(G, F, a, steps, rate, G.parameters(), _cycle)


def wrong_15_10_only_f(G, F, a, steps, rate):
    def cut(G, F, a):
        return (F(G(a).detach()) - a).square().mean()

    return _descend(G, F, a, steps, rate, F.parameters(), cut)


def wrong_15_10_adds_up(G, F, a, steps, rate):
    both = [*G.parameters(), *F.parameters()]
    return _descend(G, F, a, steps, rate, both, _cycle, clear=False)


def wrong_15_10_identity(G, F, a, steps, rate):
    def same(G, F, a):
        return (G(a) - a).square().mean() + (F(a) - a).square().mean()

    both = [*G.parameters(), *F.parameters()]
    return _descend(G, F, a, steps, rate, both, same)


def wrong_15_10_other_way(G, F, a, steps, rate):
    def other(G, F, a):
        return (G(F(a)) - a).square().mean()

    both = [*G.parameters(), *F.parameters()]
    return _descend(G, F, a, steps, rate, both, other)


def wrong_15_10_before(G, F, a, steps, rate):
    solution_15_10(G, F, a, steps - 1, rate)
    with torch.no_grad():
        before = float((F(G(a)) - a).square().mean())
    solution_15_10(G, F, a, 1, rate)
    return before


def wrong_15_10_copies(G, F, a, steps, rate):
    first, second = copy.deepcopy((G, F))
    return solution_15_10(first, second, a, steps, rate)


def wrong_15_10_mode(G, F, a, steps, rate):
    loss = solution_15_10(G, F, a, steps, rate)
    G.eval()
    return loss


def check_15_10(answer, c):
    # torch loads much at the first optimiser: not within the answer's time
    torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    for dtype in c.dtypes:
        G, F = (nn.Linear(2, 2).to(dtype) for _ in range(2))
        with torch.no_grad():
            for p in (*G.parameters(), *F.parameters()):
                p.copy_(0.5 * c.normal(tuple(p.shape), dtype) + 0.3)
        rows = 12 if dtype == torch.float32 else 1
        a, steps = c.normal((rows, 2), dtype), c.integer(20, 30)
        rate = c.number(0.02, 0.08)
        start = copy.deepcopy((G, F))

        def after(other, start=start, a=a, steps=steps, rate=rate):
            first, second = copy.deepcopy(start)
            for p in (*first.parameters(), *second.parameters()):
                p.grad = torch.ones_like(p)
            other(first, second, a, steps, rate)
            return first.weight.detach()

        for p in (*G.parameters(), *F.parameters()):
            p.grad = torch.ones_like(p)  # what an earlier step left
        got = c.call(answer, G, F, a, steps, rate)
        one, two = copy.deepcopy(start)
        want = alternative_15_10_by_hand(one, two, a, steps, rate)
        c.true(
            any(
                not torch.equal(p, q)
                for net, was in zip((G, F), start, strict=True)
                for p, q in zip(
                    net.parameters(), was.parameters(), strict=True
                )
            ),
            "Neither network has moved: train the two that you are given, not copies of them.",
        )
        c.true(
            G.training and F.training,
            "It left a network in evaluation mode: give it back in the mode in which it came.",
        )
        c.equal(
            G.weight.detach(),
            one.weight.detach(),
            rtol=1e-3,
            atol=1e-5,
            says="G is not where so many steps lead. (Networks may hold gradients when they come: clear them before the first backward pass as well.)",
            mistakes={
                "G has not moved: is the gradient cut between the two?": lambda: (
                    after(wrong_15_10_only_f)
                ),
                "F has not moved: both translators are trained.": lambda: (
                    after(wrong_15_10_only_g)
                ),
                "Gradients of earlier steps are added up: clear them.": lambda: (
                    after(wrong_15_10_adds_up)
                ),
                "That pulls each map to the identity; the cycle asks that the two undo each other.": lambda: (
                    after(wrong_15_10_identity)
                ),
                "That is the other cycle, which starts with F.": lambda: (
                    after(wrong_15_10_other_way)
                ),
            },
        )
        c.equal(
            F.weight.detach(),
            two.weight.detach(),
            rtol=1e-3,
            atol=1e-5,
            says="F is not where so many steps lead.",
        )
        c.equal(
            got,
            want,
            rtol=1e-4,
            atol=1e-9,
            says="The loss after the last step was asked for, not the one before it.",
        )
    c.like(
        answer,
        solution_15_10,
        lambda: (c.line(0.2), c.line(0.3), torch.ones(1, 1), 150, 0.004),
        says="All steps count, also the hundredth.",
    )


register(
    Exercise(
        id="15.10",
        title="Train a cycle, and nothing else",
        stars=2,
        kind="function",
        statement=r"""
    Write `train(G, F, a, steps, rate)`: train both networks in place for `steps` steps of plain gradient descent (no
    momentum) with the given `rate` on the mean over all entries of $(F(G(a)) - a)^2$, with the same `a` of shape `(N, 2)`
    in each step, and return that loss *after* the last step as a number. Then try it on `nn.Linear(2, 2)`: is $G$ the
    identity where the loss is small?
    """,
        stub="""
    def train(G, F, a, steps, rate):
        return ...
    """,
        hints=(
            r"One optimiser can hold the parameters of both networks.",
            r"The loop is: loss, clear, backward, step. Compute the loss once more at the end.",
        ),
        explanation=r"""
    Both translators are trained by one loss, through both. The cycle alone does not make $G$ the identity: any invertible $G$
    with $F = G^{-1}$ has the loss 0, and at which of them gradient descent ends depends on the start.
    """,
        solution=solution_15_10,
        alternatives=(alternative_15_10_by_hand,),
        wrong=(
            (wrong_15_10_only_f, "G has not moved"),
            (wrong_15_10_only_g, "F has not moved"),
            (wrong_15_10_adds_up, "added up"),
            (wrong_15_10_identity, "undo each other"),
            (wrong_15_10_other_way, "starts with F"),
            (wrong_15_10_before, "not the one before"),
            (wrong_15_10_copies, "Neither network"),
            (wrong_15_10_mode, "evaluation mode"),
        ),
        check=check_15_10,
    )
)
