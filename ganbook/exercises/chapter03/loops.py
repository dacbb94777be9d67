r"""Exercise 3.3: Finish the article's loop."""

import copy

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy

from ganbook.exercises.engine.core import (
    Exercise,
    register,
)
from ganbook.exercises.engine.explain import Verdict
from ganbook.exercises.engine.words import say

# 3.3 ---------------------------------------------------------------------------------------------------------------


def solution_3_3(G, D, optimizer_g, optimizer_d, images, draw_z):
    n = len(images)
    real = images.reshape(n, -1)
    ones, zeros = torch.ones(n, 1), torch.zeros(n, 1)
    fake = G(draw_z(n)).detach()
    loss_d = binary_cross_entropy(D(real), ones) + binary_cross_entropy(
        D(fake), zeros
    )
    optimizer_d.zero_grad()
    loss_d.backward()
    optimizer_d.step()
    loss_g = binary_cross_entropy(D(G(draw_z(n))), ones)
    optimizer_g.zero_grad()
    loss_g.backward()
    optimizer_g.step()
    return loss_d.item(), loss_g.item()


def alternative_3_3_logs(G, D, optimizer_g, optimizer_d, images, draw_z):
    n = images.size(0)
    with torch.no_grad():
        fake = G(draw_z(n))
    loss_d = -(
        torch.log(D(images.flatten(1))).mean() + torch.log(1 - D(fake)).mean()
    )
    optimizer_d.zero_grad()
    loss_d.backward()
    optimizer_d.step()
    optimizer_g.zero_grad()
    loss_g = -torch.log(D(G(draw_z(n)))).mean()
    loss_g.backward()
    optimizer_g.step()
    return loss_d.item(), loss_g.item()


def _variant_3_3(
    minimax=False,
    never=False,
    size=None,
    flat=True,
    g_first=False,
    label=1.0,
    sign=1.0,
    swapped=False,
    half=1.0,
    leak=False,
    deaf=False,
    kept="",
):
    def step(G, D, optimizer_g, optimizer_d, images, draw_z):
        n = len(images)
        real = images.reshape(n, -1) if flat else images
        ones, zeros = torch.ones(size or n, 1), torch.zeros(size or n, 1)
        if swapped:
            ones, zeros = zeros, ones

        def for_d():
            fake = G(draw_z(n))
            if not never and kept != "D":
                optimizer_d.zero_grad()
            loss = half * (
                binary_cross_entropy(D(real), ones)
                + binary_cross_entropy(D(fake.detach()), zeros)
            )
            loss.backward()
            optimizer_d.step()
            return loss.item()

        def for_g():
            if not leak and not never and kept != "G":
                optimizer_g.zero_grad()
            fake = G(draw_z(n))
            guess = D(fake.detach() if deaf else fake)
            loss = (
                torch.log(1 - guess).mean()
                if minimax
                else binary_cross_entropy(guess, torch.full((n, 1), label))
            )
            (sign * loss).backward()
            optimizer_g.step()
            return loss.item()

        if leak:
            optimizer_g.zero_grad()
            fake = G(draw_z(n))
            optimizer_d.zero_grad()
            loss = binary_cross_entropy(D(real), ones) + binary_cross_entropy(
                D(fake), zeros
            )
            loss.backward()
            optimizer_d.step()
            return loss.item(), for_g()
        if g_first:
            loss_g = for_g()
            return for_d(), loss_g
        return for_d(), for_g()

    return step


def _small_pair(seed):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        G = nn.Sequential(
            nn.Linear(5, 12), nn.LeakyReLU(0.2), nn.Linear(12, 16), nn.Tanh()
        )
        D = nn.Sequential(
            nn.Linear(16, 12),
            nn.LeakyReLU(0.2),
            nn.Linear(12, 1),
            nn.Sigmoid(),
        )
    return G, D


def check_3_3(answer, c):
    for n in (12, 9, c.integer(2, 20)):
        seed = c.integer(0, 10_000)
        images = c.uniform(-1, 1, (2, n, 1, 4, 4), torch.float32)
        latents = c.normal((2, 2, n, 5), torch.float32)
        G, D = _small_pair(seed)
        theirs = [copy.deepcopy(G), copy.deepcopy(D)]

        def step(function, G, D, n=n, images=images, latents=latents):
            """Two steps in a row with the same optimisers, so that a gradient that is not cleared shows."""
            optimizers = [
                torch.optim.SGD(p.parameters(), lr=0.5) for p in (G, D)
            ]
            for batch, vectors in zip(images, latents, strict=True):
                drawn = []

                def draw_z(count, vectors=vectors, drawn=drawn):
                    if count != n:
                        c.fail(
                            say(
                                "The batch has {n} images, but draw_z was asked for {count}.",
                                n=n,
                                count=count,
                            )
                        )
                    if len(drawn) == 2:
                        c.fail(
                            "draw_z was called more than twice in one step: once for D, once for G."
                        )
                    drawn.append(count)
                    return vectors[len(drawn) - 1]

                losses = function(G, D, *optimizers, batch, draw_z)
                if len(drawn) == 1:
                    c.fail(
                        "draw_z was called once in a step; it is to be called for D and, afresh, for G."
                    )
            return losses

        try:
            losses = step(lambda *a: c.call(answer, *a), *theirs)
        except Verdict as verdict:
            for sign, words in (
                (
                    "target size",
                    "The labels have a fixed size, but batches differ: take n from the batch.",
                ),
                (
                    "cannot be multiplied",
                    "D takes flattened images, of shape (n, H * W).",
                ),
            ):
                if verdict.status == "error" and sign in verdict.message:
                    c.fail(words, say("a batch of {n} images", n=n))
            raise
        truth = step(solution_3_3, G, D)
        on = say("two steps on batches of {n} images", n=n)
        c.true(
            isinstance(losses, tuple | list) and len(losses) == 2,
            "It should return a pair: loss of D, loss of G.",
        )
        c.true(
            all(isinstance(x, float | int) for x in losses),
            "The losses should be Python numbers: use .item().",
            on,
        )
        c.true(
            theirs[0].training and theirs[1].training,
            "A player was left in evaluation mode while it trains.",
            on,
        )
        for mine, other, player in zip(
            (D, G), theirs[::-1], "DG", strict=True
        ):
            for p, q in zip(
                mine.parameters(), other.parameters(), strict=True
            ):
                if c.agrees(q.detach(), p.detach(), 1e-4, 1e-6):
                    continue
                for words, variant in _DIAGNOSES_3_3.items():
                    G_w, D_w = _small_pair(seed)
                    try:
                        step(variant, G_w, D_w)
                    except Exception:
                        continue
                    if all(
                        c.agrees(a.detach(), b.detach(), 1e-4, 1e-6)
                        for x, y in ((G_w, theirs[0]), (D_w, theirs[1]))
                        for a, b in zip(
                            x.parameters(), y.parameters(), strict=True
                        )
                    ):
                        c.fail(words, on)
                c.fail(
                    say(
                        "After the step the parameters of {player} are not what one step of plain descent gives.",
                        player=player,
                    ),
                    on,
                )
        c.equal(
            tuple(losses),
            truth,
            rtol=1e-4,
            on=on,
            says="Return (loss of D, loss of G), as numbers.",
        )


_DIAGNOSES_3_3 = {
    "G moved before D: D is trained first, and G then meets the updated D.": _variant_3_3(
        g_first=True
    ),
    "G is trained with the label 0: that teaches it to be recognised.": _variant_3_3(
        label=0.0
    ),
    "G climbs its loss instead of descending it.": _variant_3_3(sign=-1.0),
    "Real and generated labels are swapped in D's loss.": _variant_3_3(
        swapped=True
    ),
    "D's loss is the sum of its two halves, as in the chapter, not their mean.": _variant_3_3(
        half=0.5
    ),
    "That is log(1 - D), the minimax loss: use the label 1.": _variant_3_3(
        minimax=True
    ),
    "Gradients pile up from one step to the next: clear both players'.": _variant_3_3(
        never=True
    ),
    "G never moved: in its own half the samples must not be detached.": _variant_3_3(
        deaf=True
    ),
    "D steps along its earlier gradients too, those of G's loss among them: `optimizer_d.zero_grad()` is missing.": _variant_3_3(
        kept="D"
    ),
    "G steps along its earlier gradients too: `optimizer_g.zero_grad()` is missing.": _variant_3_3(
        kept="G"
    ),
    "D's loss sent a gradient into G that was never cleared: detach, and clear before backward.": _variant_3_3(
        leak=True
    ),
}

register(
    Exercise(
        id="3.3",
        title="Finish the article's loop",
        stars=3,
        kind="function",
        float32_only="labels are float32, as torch makes them",
        statement=r"""
The article's listing breaks off after `D`'s loss on real images. Write one whole training step,
`step(G, D, optimizer_g, optimizer_d, images, draw_z)`, for players whose `D` takes flattened images and ends in a
sigmoid. `images` has shape $(N, 1, H, W)$, where $N$ may differ from call to call; `draw_z(n)` returns $n$ latent
vectors, and is to be called exactly twice, first for $D$'s update and then, afresh, for $G$'s. $D$ moves first. $D$'s
loss is the sum of its binary cross-entropies on real images (label 1) and generated ones (label 0); $G$'s is the
binary cross-entropy of its samples with label 1. Return the two losses as Python numbers, `(loss_d, loss_g)`.
""",
        stub="""
def step(G, D, optimizer_g, optimizer_d, images, draw_z):
    return ...
""",
        hints=(
            "Six lines for each player: sample, generate, score, loss, clear and backward, step. Where must the gradient "
            "stop?",
            "Sizes come from the batch: `n = len(images)`, and `images.reshape(n, -1)` for D.",
            "For D: `fake = G(draw_z(n)).detach()`. For G: `D(G(draw_z(n)))` with nothing detached, against ones.",
        ),
        explanation=r"""
The order is the article's: $D$ first, so that $G$ answers the discriminator that has just learned. `detach` keeps
$D$'s loss from reaching $G$; the labels take their size from the batch, so that the last 96 images of an epoch
pass; $G$'s gradient runs through $D$, whose own parameters collect a gradient that `optimizer_d.zero_grad()` throws
away at the next step. The sum in $D$'s loss is a convention: the mean would halve its gradient, which is the same as
half the learning rate for plain descent, and nearly nothing for Adam.
""",
        solution=solution_3_3,
        alternatives=(alternative_3_3_logs,),
        wrong=(
            (_variant_3_3(size=12), "fixed size"),
            (_variant_3_3(flat=False), "flattened images"),
            (_variant_3_3(g_first=True), "G moved before D"),
            (_variant_3_3(label=0.0), "to be recognised"),
            (_variant_3_3(sign=-1.0), "climbs"),
            (_variant_3_3(swapped=True), "swapped"),
            (_variant_3_3(half=0.5), "not their mean"),
            (_variant_3_3(minimax=True), "minimax loss"),
            (_variant_3_3(never=True), "pile up"),
            (_variant_3_3(leak=True), "never cleared"),
            (_variant_3_3(deaf=True), "must not be detached"),
            (_variant_3_3(kept="D"), "`optimizer_d.zero_grad()` is missing"),
            (_variant_3_3(kept="G"), "`optimizer_g.zero_grad()` is missing"),
        ),
        check=check_3_3,
    )
)
