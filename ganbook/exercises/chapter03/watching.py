r"""Exercises 3.7, 3.11 and 3.12: A loss that falls; Look, but do not touch; When to stop."""

import copy

import torch
from torch import nn

from ganbook.exercises.engine.core import (
    Exercise,
    choice,
    register,
    rubric,
)
from ganbook.exercises.engine.words import say

# 3.7 ---------------------------------------------------------------------------------------------------------------


def solution_3_7():
    return "d"


register(
    Exercise(
        id="3.7",
        title="A loss that falls",
        stars=1,
        kind="choice",
        statement=r"""
Over the last 2,000 steps of a run the loss of $D$ fell from 1.0 to 0.4 and the loss of $G$ rose from 1.2 to 2.5. You
have not looked at any sample. What do you know? Return the letter as a string.
""",
        options={
            "a": "The generator got worse.",
            "b": "The generator got better, since its loss is a divergence that grows with quality.",
            "c": "The generator has collapsed to one picture.",
            "d": "D tells its training batches from the current samples better than before, and no more.",
            "e": "The distance between data and samples grew, since minus D's loss is a divergence up to constants.",
            "f": "The learning rate of D is too high.",
        },
        stub="""
def verdict():
    return ...
""",
        hints=(
            "In the chapter's experiment with a frozen generator both losses moved just like this.",
            "Which of the statements would stay true there?",
        ),
        explanation=r"""
Freeze $G$, and $D$'s loss falls and $G$'s rises, while not one pixel changes. So the two curves are compatible with a
generator that stands still, improves or fails. Only (d) is about what was measured. Answer (e) would hold for an
*optimal* $D$ at both times, evaluated on the whole distributions; a $D$ in training is neither.
""",
        solution=solution_3_7,
        wrong=(
            ("a", "stands still"),
            ("b", "no loss of G"),
            ("c", "one picture"),
            ("e", "optimal"),
            ("f", "one cause of many"),
        ),
        check=choice(
            "d",
            a="With a generator that stands still both curves look the same.",
            b="There is no loss of G that grows with quality: it measures G against the present D.",
            c="A collapse to one picture can look like this, and so can a healthy run: look at samples.",
            e="That holds for an optimal D at both times; a D in training is not.",
            f="That is one cause of many, and it may not even be a problem.",
        ),
    )
)


# 3.11 --------------------------------------------------------------------------------------------------------------


def broken_3_11(G, n, latent, seed):
    torch.manual_seed(seed)
    return G(torch.randn(n, latent))


def solution_3_11(G, n, latent, seed):
    z = torch.randn(n, latent, generator=torch.Generator().manual_seed(seed))
    was_training = G.training
    G.eval()
    with torch.no_grad():
        x = G(z)
    G.train(was_training)
    return x


def alternative_3_11_copy(G, n, latent, seed):
    z = torch.empty(n, latent).normal_(
        generator=torch.Generator().manual_seed(seed)
    )
    still = copy.deepcopy(G).eval().requires_grad_(False)
    return still(z)


def wrong_3_11_graph(G, n, latent, seed):
    z = torch.randn(n, latent, generator=torch.Generator().manual_seed(seed))
    was_training = G.training
    x = G.eval()(z)
    G.train(was_training)
    return x


def wrong_3_11_left_in_eval(G, n, latent, seed):
    z = torch.randn(n, latent, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        return G.eval()(z)


def wrong_3_11_always_train(G, n, latent, seed):
    z = torch.randn(n, latent, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        x = G.eval()(z)
    G.train()
    return x


def wrong_3_11_training_mode(G, n, latent, seed):
    z = torch.randn(n, latent, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        return G(z)


def wrong_3_11_global_seed(G, n, latent, seed):
    torch.manual_seed(seed)
    z = torch.randn(n, latent)
    was_training = G.training
    with torch.no_grad():
        x = G.eval()(z)
    G.train(was_training)
    return x


def wrong_3_11_other_seed(G, n, latent, seed):
    z = torch.randn(
        n, latent, generator=torch.Generator().manual_seed(seed + n)
    )
    was_training = G.training
    with torch.no_grad():
        x = G.eval()(z)
    G.train(was_training)
    return x


def wrong_3_11_gradients_off(G, n, latent, seed):
    torch.set_grad_enabled(False)
    return solution_3_11(G, n, latent, seed)


def wrong_3_11_frozen(G, n, latent, seed):
    G.requires_grad_(False)
    return solution_3_11(G, n, latent, seed)


def wrong_3_11_cleared(G, n, latent, seed):
    G.zero_grad()
    return solution_3_11(G, n, latent, seed)


def check_3_11(answer, c):
    for training in (True, False):
        seed, n, latent = (
            c.integer(1, 10_000),
            c.integer(3, 9),
            c.integer(2, 5),
        )
        G = nn.Sequential(
            nn.Linear(latent, 8),
            nn.BatchNorm1d(8),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(8, 3),
        )
        with torch.no_grad():
            for p in G.parameters():
                p.copy_(c.normal(tuple(p.shape), p.dtype))
        want = (
            copy.deepcopy(G)
            .eval()
            .requires_grad_(False)(
                torch.randn(
                    n, latent, generator=torch.Generator().manual_seed(seed)
                )
            )
        )
        for p in G.parameters():
            p.grad = torch.ones_like(p)  # of the step that goes on
        G.train(training)
        statistics = G[1].running_mean.clone()
        untouched = c.watch(G)
        torch.manual_seed(c.integer(0, 999))
        state = torch.get_rng_state()
        got = c.call(answer, G, n, latent, seed)
        on = say(
            "a generator that was in {value} mode",
            value="training" if training else "evaluation",
        )
        if not torch.equal(G[1].running_mean, statistics):
            c.fail(
                "Batch normalisation's statistics moved: samples were drawn in training mode.",
                on,
            )
        c.true(isinstance(got, torch.Tensor), "A tensor was expected.", on)
        c.true(
            not got.requires_grad,
            "The samples hang on a graph; scoring 10,000 of them would keep it all.",
            on,
        )
        c.true(
            G.training == training,
            (
                "G was left in evaluation mode: the next training step would run without dropout."
                if training
                else "G came in evaluation mode and left in training mode."
            ),
            on,
        )
        c.true(
            torch.equal(torch.get_rng_state(), state),
            "The global random state changed: drawing samples would change the training that follows.",
            on,
        )
        c.equal(
            got,
            want,
            rtol=1e-4,
            atol=1e-5,
            on=on,
            says="z must be drawn by a torch.Generator with the given seed, all n rows at once.",
        )
        untouched()


register(
    Exercise(
        id="3.11",
        title="Look, but do not touch",
        stars=2,
        kind="bug",
        float32_only="z is drawn in float32",
        statement=r"""
`sample(G, n, latent, seed)` is called between training steps to look at the generator. The version below disturbs
the run in several ways. Mend it: draw `z = torch.randn(n, latent, ...)` from a generator of its own with the given
seed; run `G` in evaluation mode; return samples without a graph; leave `G` in the mode in which it came, and the
global random state as it was.
""",
        stub="""
def sample(G, n, latent, seed):
    return ...
""",
        hints=(
            "`torch.manual_seed` reseeds everything, dropout in the next training step included. "
            "`torch.Generator().manual_seed(seed)` is a stream of its own.",
            "Remember `G.training` before you call `G.eval()`, and give it back with `G.train(was_training)`.",
            "In training mode batch normalisation also *updates* its running statistics, even under `no_grad`.",
        ),
        explanation=r"""
Four leaks. The global seed: after each look, dropout would repeat the same masks. The mode: in training mode dropout
and batch normalisation make samples depend on their neighbours and on chance, and the latter learns from them. The
mode again: leave `G` in evaluation mode, and it trains without dropout from then on. The graph: without `no_grad`
every sample holds on to all activations. The package's `fit` guards against the first and third by restoring state
after each callback.
""",
        solution=solution_3_11,
        alternatives=(alternative_3_11_copy,),
        broken=broken_3_11,
        wrong=(
            (broken_3_11, "statistics moved"),
            (wrong_3_11_graph, "hang on a graph"),
            (wrong_3_11_left_in_eval, "left in evaluation mode"),
            (wrong_3_11_always_train, "left in training mode"),
            (wrong_3_11_global_seed, "global random state"),
            (wrong_3_11_other_seed, "with the given seed"),
            (wrong_3_11_gradients_off, "gradients switched off"),
            (wrong_3_11_frozen, "requires_grad"),
            (wrong_3_11_cleared, "changed a gradient"),
        ),
        check=check_3_11,
    )
)


# 3.12 --------------------------------------------------------------------------------------------------------------


def solution_3_12():
    return (
        "Every epoch draw 10,000 samples in evaluation mode from the "
        "averaged generator, with the same z each time, and compute the "
        "Fréchet distance to a fixed set of 10,000 real pictures that no "
        "player trains on. Keep the generator with the smallest value. Stop "
        "when it has not improved by more than twice the spread between "
        "repeated draws for ten epochs, and look at the fixed-z grid and the "
        "nearest training neighbours before believing it. The losses play no "
        "part, except that a value that is not finite stops the run at once."
    )


register(
    Exercise(
        id="3.12",
        title="When to stop",
        stars=2,
        kind="rubric",
        statement=r"""
Design a rule that ends a GAN run on MNIST, for a colleague who will run it unattended over night. Say what is
measured, on how many pictures, against what; how often; when the run ends and which generator is kept; and what must
be looked at by eye before the result is believed. Return your text (5 to 10 sentences) as a string.
""",
        stub="""
def rule():
    return ...
""",
        hints=(
            "What would a loss-based rule do with the frozen generator of this chapter?",
            "How much does your score change if you only draw other samples? A rule that reacts to less than that reacts "
            "to chance.",
        ),
        explanation=r"""
Compare your rule with the points below. A rule on the losses fails on the frozen generator: it sees progress where
there is none. A rule on the score needs its noise: draw twice, and you know what a difference must exceed. And no
score sees copying, so somebody has to look at the nearest neighbours.
""",
        solution=solution_3_12,
        check=rubric(
            "It measures samples, not losses.",
            "Sample size and reference set are fixed and stated, so that values compare.",
            "A difference counts only if it exceeds the spread between repeated draws.",
            "The best generator is kept, not the last.",
            "Somebody looks: a grid from fixed z, and nearest training neighbours against memorising.",
        ),
    )
)
