r"""Exercise 10.10: Train a critic to its optimum."""

import copy

import torch
from torch import nn
from torch.nn.functional import softplus

from ganbook.exercises.engine.core import Exercise, register

# 10.10 -------------------------------------------------------------------------------------------------------------


def solution_10_10(D, x_real, x_fake, discriminator):
    optimizer = torch.optim.Adam(D.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1, 0.01, 300)
    for _ in range(300):
        loss = discriminator(D(x_real), D(x_fake))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    D.zero_grad()
    return D


def alternative_10_10_lbfgs(D, x_real, x_fake, discriminator):
    optimizer = torch.optim.LBFGS(
        D.parameters(), max_iter=100, line_search_fn="strong_wolfe"
    )

    def closure():
        optimizer.zero_grad()
        loss = discriminator(D(x_real), D(x_fake))
        loss.backward()
        return loss

    optimizer.step(closure)
    D.zero_grad()
    return D


def _descend_10_10(D, losses, steps=300):
    optimizer = torch.optim.Adam(D.parameters(), lr=0.05)
    for _ in range(steps):
        optimizer.zero_grad()
        losses(D).backward()
        optimizer.step()
    return D


def wrong_10_10_ascends(D, x_real, x_fake, discriminator):
    return _descend_10_10(
        D, lambda D: -discriminator(D(x_real), D(x_fake)), 30
    )


def wrong_10_10_swapped(D, x_real, x_fake, discriminator):
    return _descend_10_10(D, lambda D: discriminator(D(x_fake), D(x_real)))


def wrong_10_10_untrained(D, x_real, x_fake, discriminator):
    return D


def wrong_10_10_short(D, x_real, x_fake, discriminator):
    return _descend_10_10(D, lambda D: discriminator(D(x_real), D(x_fake)), 5)


def wrong_10_10_real_only(D, x_real, x_fake, discriminator):
    return _descend_10_10(
        D, lambda D: discriminator(D(x_real), D(x_fake).detach())
    )


def wrong_10_10_mixed(D, x_real, x_fake, discriminator):
    both = torch.cat([x_real, x_fake])
    return _descend_10_10(D, lambda D: discriminator(D(both), D(both)))


def _cross_entropy(d_real, d_fake):
    return softplus(-d_real).mean() + softplus(d_fake).mean()


def _coded(a, b):
    def loss(d_real, d_fake):
        return (
            (d_real - b).square().mean() + (d_fake - a).square().mean()
        ) / 2

    return loss


def wrong_10_10_copy(D, x_real, x_fake, discriminator):
    return solution_10_10(copy.deepcopy(D), x_real, x_fake, discriminator)


def wrong_10_10_one_loss(D, x_real, x_fake, discriminator):
    return solution_10_10(D, x_real, x_fake, _cross_entropy)


def check_10_10(answer, c):
    a, b = -1.0, c.number(0.5, 2)
    for name, discriminator in (
        ("cross-entropy", _cross_entropy),
        ("least squares", _coded(a, b)),
    ):
        real = torch.tensor([0, 0, 0, 1, 1, 2, 2, 2, 2, 3])
        fake = torch.tensor([0, 1, 1, 1, 1, 1, 2, 3, 3, 3])
        order = torch.randperm(4, generator=c.generator)
        real, fake = real.repeat_interleave(5), fake.repeat_interleave(5)
        x_real, x_fake = (torch.eye(4)[order[i]] for i in (real, fake))
        p, q = (
            torch.bincount(order[i], minlength=4) / len(i)
            for i in (real, fake)
        )
        want = (
            (p / q).log()
            if name == "cross-entropy"
            else (b * p + a * q) / (p + q)
        )
        D = nn.Linear(4, 1)
        with torch.no_grad():
            D.weight.copy_(0.1 * c.normal((1, 4), torch.float32))
            D.bias.zero_()
        start = D(torch.eye(4))[:, 0].detach().clone()
        got = c.call(answer, D, x_real, x_fake, discriminator)
        c.true(
            isinstance(got, nn.Module),
            "The wrong type: the trained D was expected.",
        )
        c.true(
            got is D,
            "That is another module than the D that was handed over, which is to be trained in place.",
        )
        with torch.no_grad():
            scores = got(torch.eye(4))[:, 0]
        error = float((scores - want).abs().max())
        on = name
        if c.agrees(scores, start, 1e-6, 1e-6):
            c.fail("D is as it was: nothing was trained.", on)
        if not error < 0.03:
            with torch.no_grad():
                spread = float(scores.max() - scores.min())
            mirror = (
                (q / p).log()
                if name == "cross-entropy"
                else (b * q + a * p) / (p + q)
            )
            if c.agrees(scores, mirror, 0.05, 0.05):
                c.fail("Real and generated samples are exchanged.", on)
            if spread < 0.05:
                c.fail(
                    "D says the same everywhere: it has seen one and the same mixture on both sides.",
                    on,
                )
            loss = float(discriminator(got(x_real), got(x_fake)).detach())
            before = float(discriminator(start @ x_real.T, start @ x_fake.T))
            if loss > before and float(scores.min()) > 0.3:
                c.fail(
                    "D calls everything real: no gradient comes from the generated samples.",
                    on,
                )
            if name == "least squares" and c.agrees(
                scores, (p / q).log(), 0.05, 0.05
            ):
                c.fail(
                    "That is the optimum of cross-entropy: the discriminator's loss that was handed over is not used.",
                    on,
                )
            if loss > before:
                c.fail(
                    "The loss has grown: D minimises it, and this climbs.", on
                )
            c.fail(
                "D is on its way, but its scores are still far from the best ones: "
                "train longer, on the whole samples, with a rate that falls.",
                on,
            )


register(
    Exercise(
        id="10.10",
        title="Train a critic to its optimum",
        stars=2,
        kind="experiment",
        statement=r"""
Write `train(D, x_real, x_fake, discriminator)`. It trains the module `D` in place on the *whole* samples, tensors of
shape $(N, d)$, so that `discriminator(D(x_real), D(x_fake))` is as small as it can be, and returns `D`. The checker
hands it a linear `D` on four atoms (one-hot vectors) and two losses, cross-entropy and least squares with codes of its
choice; all four scores must come within 0.03 of the optimum that this chapter derives. It may take half a second.
""",
        stub="""
def train(D, x_real, x_fake, discriminator):
    return ...
""",
        hints=(
            "The loop is that of chapter 2 without the generator: loss, zero_grad, backward, step.",
            "The problem is convex. Adam at 0.1 with a rate that falls over 300 steps is enough, and so is LBFGS.",
        ),
        explanation=r"""
On atoms that both samples reach, the optimum is finite: $\log(p_k/q_k)$ for cross-entropy, $(bp_k + aq_k)/(p_k + q_k)$
for least squares. Where only one sample has points, the logit of cross-entropy would run to infinity and the score of
least squares would stop at its code: one reason why their scores behave so differently in training.
""",
        solution=solution_10_10,
        alternatives=(alternative_10_10_lbfgs,),
        wrong=(
            (wrong_10_10_ascends, "this climbs"),
            (wrong_10_10_swapped, "exchanged"),
            (wrong_10_10_untrained, "as it was"),
            (wrong_10_10_short, "train longer"),
            (wrong_10_10_real_only, "everything real"),
            (wrong_10_10_mixed, "same everywhere"),
            (wrong_10_10_copy, "another module"),
            (wrong_10_10_one_loss, "optimum of cross-entropy"),
        ),
        check=check_10_10,
        float32_only="networks are trained in float32",
    )
)
