r"""Exercises 2.1 and 2.4: One round, six steps; A frozen judge."""

import copy
import math

import torch
from torch import nn

from ganbook.exercises.engine.core import Exercise, choice, register
from ganbook.exercises.engine.words import say
from ganbook.losses import MINIMAX, NON_SATURATING

# 2.1: a round of the game, checked by what the parameters are afterwards -----------------------------


def small_players(c, dtype):
    G, D = (
        nn.Linear(2, 2),
        nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)),
    )
    for weight in (*G.parameters(), *D.parameters()):
        weight.data = c.normal(weight.shape, dtype)
    return G, D


def with_optimizers(G, D, left=1.0):
    for weight in (*G.parameters(), *D.parameters()):
        # what an earlier round may have left behind
        weight.grad = torch.full_like(weight, left)
    return (
        G,
        D,
        *(torch.optim.SGD(player.parameters(), lr=1.0) for player in (G, D)),
    )


def parameters(G, D):
    return tuple(
        w.detach().clone() for w in (*G.parameters(), *D.parameters())
    )


def descend(value, network):
    slopes = torch.autograd.grad(value, list(network.parameters()))
    for weight, slope in zip(network.parameters(), slopes, strict=True):
        weight.data = weight.data - slope


def check_round(answer, c, mistakes):
    for dtype in c.dtypes:
        for loss in (NON_SATURATING, MINIMAX):
            start = small_players(c, dtype)
            x_real, z_d, z_g = (  # the three batches may differ in size
                2 + c.normal((5, 2), dtype),
                c.normal((7, 2), dtype),
                c.normal((4, 2), dtype),
            )
            G, D = copy.deepcopy(start)
            descend(loss.discriminator(D(x_real), D(G(z_d).detach())), D)
            descend(loss.generator(D(G(z_g))), G)
            theirs = copy.deepcopy(start)
            given = with_optimizers(*theirs)
            steps = [0, 0]

            def count(k, steps=steps):
                def hook(optimizer, args, named):
                    steps[k] += 1

                return hook

            for k in (0, 1):
                given[2 + k].register_step_post_hook(count(k))
            c.call(answer, *given, loss, x_real, z_d, z_g, returns_none=True)
            c.true(
                theirs[0].training and theirs[1].training,
                "A player came in training mode and is left in evaluation mode: "
                "dropout would be off in all later rounds.",
                "",
            )

            def after(
                function, start=start, loss=loss, inputs=(x_real, z_d, z_g)
            ):
                players = copy.deepcopy(start)
                function(*with_optimizers(*players), loss, *inputs)
                return parameters(*players)

            c.equal(
                parameters(*theirs),
                parameters(G, D),
                on=say(
                    "two small players and the loss {name!r}", name=loss.name
                ),
                says="The parameters after the round are not those of the six steps.",
                mistakes={
                    text: lambda wrong=wrong: after(wrong)
                    for text, wrong in mistakes.items()
                },
            )
            c.true(
                max(steps) <= 1,
                "An optimiser stepped twice in the round. On a gradient of zero plain descent stands still; "
                "Adam would move the player by what it remembers.",
                "",
            )
            after_nan = copy.deepcopy(start)
            given = with_optimizers(*after_nan, left=math.nan)
            c.call(answer, *given, loss, x_real, z_d, z_g, returns_none=True)
            c.true(
                all(w.isfinite().all() for w in parameters(*after_nan)),
                "A gradient of NaN that an earlier round left makes the players NaN: zero times NaN is NaN. "
                "Clear a gradient by `zero_grad()`.",
                "",
            )


def solution_2_1(G, D, optimizer_g, optimizer_d, loss, x_real, z_d, z_g):
    loss_d = loss.discriminator(D(x_real), D(G(z_d).detach()))
    optimizer_d.zero_grad()
    loss_d.backward()
    optimizer_d.step()
    loss_g = loss.generator(D(G(z_g)))
    optimizer_g.zero_grad()
    loss_g.backward()
    optimizer_g.step()


def alternative_2_1_no_grad(
    G, D, optimizer_g, optimizer_d, loss, x_real, z_d, z_g
):
    optimizer_d.zero_grad()
    with torch.no_grad():
        x_fake = G(z_d)
    loss.discriminator(D(x_real), D(x_fake)).backward()
    optimizer_d.step()
    optimizer_g.zero_grad()
    loss.generator(D(G(z_g))).backward()
    optimizer_g.step()


def wrong_2_1_g_first(G, D, optimizer_g, optimizer_d, loss, x_real, z_d, z_g):
    optimizer_g.zero_grad()
    loss.generator(D(G(z_g))).backward()
    optimizer_g.step()
    optimizer_d.zero_grad()
    loss.discriminator(D(x_real), D(G(z_d).detach())).backward()
    optimizer_d.step()


def wrong_2_1_deaf(G, D, optimizer_g, optimizer_d, loss, x_real, z_d, z_g):
    optimizer_d.zero_grad()
    loss.discriminator(D(x_real), D(G(z_d).detach())).backward()
    optimizer_d.step()
    optimizer_g.zero_grad()
    with torch.no_grad():
        x_fake = G(z_g)
    loss.generator(D(x_fake)).backward()
    optimizer_g.step()


def wrong_2_1_never_cleared(
    G, D, optimizer_g, optimizer_d, loss, x_real, z_d, z_g
):
    loss.discriminator(D(x_real), D(G(z_d).detach())).backward()
    optimizer_d.step()
    loss.generator(D(G(z_g))).backward()
    optimizer_g.step()


def wrong_2_1_one_noise(
    G, D, optimizer_g, optimizer_d, loss, x_real, z_d, z_g
):
    solution_2_1(G, D, optimizer_g, optimizer_d, loss, x_real, z_d, z_d)


def wrong_2_1_simultaneous(
    G, D, optimizer_g, optimizer_d, loss, x_real, z_d, z_g
):
    loss_g = loss.generator(D(G(z_g)))
    optimizer_g.zero_grad()
    loss_g.backward()
    loss_d = loss.discriminator(D(x_real), D(G(z_d).detach()))
    optimizer_d.zero_grad()
    loss_d.backward()
    optimizer_d.step()
    optimizer_g.step()


def wrong_2_1_no_update_of_d(
    G, D, optimizer_g, optimizer_d, loss, x_real, z_d, z_g
):
    optimizer_g.zero_grad()
    loss.generator(D(G(z_g))).backward()
    optimizer_g.step()


def wrong_2_1_d_not_cleared(
    G, D, optimizer_g, optimizer_d, loss, x_real, z_d, z_g
):
    loss.discriminator(D(x_real), D(G(z_d).detach())).backward()
    optimizer_d.step()
    optimizer_g.zero_grad()
    loss.generator(D(G(z_g))).backward()
    optimizer_g.step()


def wrong_2_1_g_not_cleared(
    G, D, optimizer_g, optimizer_d, loss, x_real, z_d, z_g
):
    optimizer_d.zero_grad()
    loss.discriminator(D(x_real), D(G(z_d).detach())).backward()
    optimizer_d.step()
    loss.generator(D(G(z_g))).backward()
    optimizer_g.step()


def wrong_2_1_later_noise(
    G, D, optimizer_g, optimizer_d, loss, x_real, z_d, z_g
):
    solution_2_1(G, D, optimizer_g, optimizer_d, loss, x_real, z_g, z_g)


def wrong_2_1_swapped_noise(
    G, D, optimizer_g, optimizer_d, loss, x_real, z_d, z_g
):
    solution_2_1(G, D, optimizer_g, optimizer_d, loss, x_real, z_g, z_d)


def wrong_2_1_left_in_eval(
    G, D, optimizer_g, optimizer_d, loss, x_real, z_d, z_g
):
    G.eval()
    solution_2_1(G, D, optimizer_g, optimizer_d, loss, x_real, z_d, z_g)


def wrong_2_1_cut_to_one_size(
    G, D, optimizer_g, optimizer_d, loss, x_real, z_d, z_g
):
    n = min(len(x_real), len(z_d), len(z_g))
    solution_2_1(
        G, D, optimizer_g, optimizer_d, loss, x_real[:n], z_d[:n], z_g[:n]
    )


def check_2_1(answer, c):
    check_round(
        answer,
        c,
        {
            "G moved first: in this round D moves first, and G answers the D that has moved.": wrong_2_1_g_first,
            "G stood still: in its own half the gradient has to pass through D into G.": wrong_2_1_deaf,
            "Gradients left by an earlier round were added: clear a player's own before its backward.": wrong_2_1_never_cleared,
            "Both halves used one batch of noise: `z_g` is for G's half.": wrong_2_1_one_noise,
            "G's gradient was taken from the D before its update; alternate play answers the D that is there now.": wrong_2_1_simultaneous,
            "Only G was updated; D's half is missing.": wrong_2_1_no_update_of_d,
            "D stepped along what an earlier backward left in it: `optimizer_d.zero_grad()` is missing.": wrong_2_1_d_not_cleared,
            "G stepped along what an earlier backward left in it: `optimizer_g.zero_grad()` is missing.": wrong_2_1_g_not_cleared,
            "D's half used the noise of G's half: its samples are made from `z_d`.": wrong_2_1_later_noise,
            "The two batches of noise are exchanged.": wrong_2_1_swapped_noise,
            "Rows were left out: the batches may differ in size, and each half uses all of its own.": wrong_2_1_cut_to_one_size,
        },
    )


register(
    Exercise(
        id="2.1",
        title="One round, six steps",
        stars=1,
        kind="function",
        statement=r"""
Write `one_round`, which plays one round of the game, $D$ first: $D$ is updated once on the real batch `x_real` and on
samples made from the noise `z_d`; then $G$ is updated once, through the $D$ that has just moved, on samples made from
the noise `z_g`. `loss` is one of the package's, with `loss.discriminator(d_real, d_fake)` and `loss.generator(d_fake)`.
The players may still carry gradients from earlier; they must have no influence. The three batches may differ in size.
Nothing is returned.
""",
        stub="""
def one_round(G, D, optimizer_g, optimizer_d, loss, x_real, z_d, z_g):
    return ...
""",
        hints=(
            "Each half has four lines: score, loss, clear and backward, step. Which of them differ between the halves?",
            "`D` scores `G(z_d).detach()` in its half, and `G(z_g)` in G's. Clear `optimizer_d` before the first "
            "`backward()`, `optimizer_g` before the second.",
        ),
        explanation=r"""
Three things matter, and the check sees them in the parameters after the round. *Order*: $G$'s gradient is taken after $D$'s step, so that $G$ answers the present opponent.
*Separation*: $D$'s half must leave no gradient in $G$ (detach, or make the samples under `no_grad`), and $G$'s half
must not be detached. *Clearing*: $G$'s backward pass leaves a gradient in $D$ too, which $D$'s `zero_grad` removes at
the start of the next round.
""",
        solution=solution_2_1,
        alternatives=(alternative_2_1_no_grad,),
        wrong=(
            (wrong_2_1_g_first, "G moved first"),
            (wrong_2_1_deaf, "G stood still"),
            (wrong_2_1_never_cleared, "left by an earlier round"),
            (wrong_2_1_one_noise, "one batch of noise"),
            (wrong_2_1_simultaneous, "before its update"),
            (wrong_2_1_no_update_of_d, "Only G was updated"),
            (wrong_2_1_d_not_cleared, "`optimizer_d.zero_grad()` is missing"),
            (wrong_2_1_g_not_cleared, "`optimizer_g.zero_grad()` is missing"),
            (wrong_2_1_later_noise, "noise of G's half"),
            (wrong_2_1_swapped_noise, "noise are exchanged"),
            (wrong_2_1_left_in_eval, "left in evaluation mode"),
            (wrong_2_1_cut_to_one_size, "rows were left out"),
        ),
        check=check_2_1,
    )
)


# 2.4: a frozen judge ------------------------------------------------------------------------------------------


def solution_2_4():
    return "c"


register(
    Exercise(
        id="2.4",
        title="A frozen judge",
        stars=1,
        kind="choice",
        statement=r"""
The data are two clusters, around $-2$ and $+2$. By mistake $D$'s learning rate is zero, and its score stays for ever at
$d(x) = -(x - 1)^2$. A generator that can produce any distribution on the line is trained on with the minimax loss until
nothing changes any more. What does it produce?
""",
        options={
            "a": "The data: at the end of training the generated distribution is that of the data.",
            "b": "Both clusters, but in unequal shares: more at +2, where scores are higher.",
            "c": "The single point 1, from whatever noise.",
            "d": "What it produced at the start: the saturating loss has no gradient.",
            "e": "Samples with score zero spread evenly, because there D answers one half.",
            "f": "Nothing settles: without a second player that moves, G runs in circles.",
        },
        stub="""
def what_it_produces():
    return ...
""",
        hints=(
            "G knows the data only through D. Where would you send one sample, if its score were all that counts?",
            r"The loss $-\mathrm{softplus}(d)$ falls as $d$ rises, for each sample alone. Where is $d$ largest?",
        ),
        explanation=r"""
The loss is a mean over samples, and each sample lowers its own term by climbing to the largest score, $d(1) = 0$. So the
best answer to *this* fixed judge is a single point, wherever the data are: neither cluster is near it. If $D$
stops learning, such a generator ends on the maxima of the score that $D$ then has; the variety of samples is due to a
$D$ that keeps learning and lowers the score wherever samples pile up.
""",
        solution=solution_2_4,
        wrong=(
            ("a", "never sees the data"),
            ("b", "no memory of the clusters"),
            ("d", "small is not zero"),
            ("e", "only at one place"),
            ("f", "takes two movers"),
        ),
        check=choice(
            "c",
            a="G never sees the data; it sees D, and this D is not told about them any more.",
            b="This score has no memory of the clusters: it has one maximum, at 1, where there are no data.",
            d="Small is not zero: the weight sigma(d) fades far from 1, and with patience every sample still climbs.",
            e="The score is zero only at one place, which is also its maximum.",
            f="Circling takes two movers. A single player that descends a fixed loss comes to rest.",
        ),
    )
)
