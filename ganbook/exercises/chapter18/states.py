r"""Exercises 18.13 and 18.14: layers with two modes."""

import torch

from ganbook.exercises.chapter18.common import says_nothing
from ganbook.exercises.engine.core import Exercise, exposes, register

# 18.13 -----------------------------------------------------------------


def broken_18_13(D, x_real, x_fake):
    """The scores of the real batch and of the generated one."""
    scores = D(torch.cat([x_real, x_fake]))
    return scores[: len(x_real)], scores[len(x_real) :]


def mended_18_13(D, x_real, x_fake):
    """The scores of the real batch and of the generated one."""
    return D(x_real), D(x_fake)


def also_right_18_13(D, x_real, x_fake):
    on_fake = D(x_fake)
    on_real = D(x_real)
    return on_real, on_fake


def evaluated_18_13(D, x_real, x_fake):
    before = D.training
    scores = D.eval()(torch.cat([x_real, x_fake]))
    D.train(before)
    return scores[: len(x_real)], scores[len(x_real) :]


def without_18_13(D, x_real, x_fake):
    layers = [type(module).__name__ for module in D.modules()]
    if D.training and any(name.startswith("Batch") for name in layers):
        raise ValueError("no batch norm in training mode")
    return mended_18_13(D, x_real, x_fake)


def solution_18_13(scores):
    D = torch.nn.Sequential(torch.nn.BatchNorm1d(2), torch.nn.Linear(2, 1))
    real, fake = torch.randn(16, 2), torch.randn(16, 2)
    on_real, _ = scores(D, real, fake)
    beside, _ = scores(D, real, fake + 100)
    assert (on_real - beside).abs().max() < 1e-4
    assert (on_real - D(real)).abs().max() < 1e-4  # in training mode


def _critic_18_13():
    return torch.nn.Sequential(torch.nn.BatchNorm1d(2), torch.nn.Linear(2, 1))


def wrong_18_13_shape(scores):
    first, second = scores(
        _critic_18_13(), torch.randn(6, 2), torch.randn(4, 2)
    )
    assert first.shape == (6, 1) and second.shape == (4, 1)


def wrong_18_13_no_norm(scores):
    D, x = torch.nn.Linear(2, 1), torch.randn(6, 2)
    assert (scores(D, x, x + 9)[0] - D(x)).abs().max() < 1e-4


def wrong_18_13_beside(scores):
    D, x = _critic_18_13(), torch.randn(16, 2)
    beside = scores(D, x, x + 9)[0], scores(D, x, x - 9)[0]
    assert (beside[0] - beside[1]).abs().max() < 1e-4


def wrong_18_13_calls(scores):
    seen = []
    scores(
        lambda x: seen.append(len(x)) or x, torch.ones(6, 2), torch.ones(4, 2)
    )
    assert seen == [6, 4]


register(
    Exercise(
        id="18.13",
        title="Two halves of one batch",
        stars=2,
        kind="test",
        statement=r"""
    **Symptoms.** D separates the training batches perfectly, and the score of one and the same picture depends on
    the pictures that are scored beside it.

    `scores(D, x_real, x_fake)` returns D's scores of two batches of shapes $(N, d)$ and $(M, d)$. D may contain batch
    normalisation and is used in the mode in which it comes. The score of a real sample must not depend on the
    generated batch, nor the other way round. Write a test that exposes the bug.
    """,
        stub="""
    def test(scores):
        return ...
    """,
        hints=(
            r"The wanted property is in the statement: change one batch, look at the scores of the other.",
            r"`BatchNorm1d` followed by `Linear`, in training mode, scored beside `fake` and beside `fake + 100`.",
        ),
        explanation=r"""
    In a joint batch the mean and the variance of batch normalisation come from both halves, so each real score
    contains information on the generated samples, and G receives gradients through the real half's normalisation.
    Early in training the halves differ in their means, and the joint mean lies between them: D has little left to do.
    The property "does not depend on the other batch" is a test on its own; the last line of the solution makes sure
    that nobody obtained it by switching D to evaluation. The order of the two calls is free. Chapter 12 measures how
    far batch normalisation leaks.

    The test, and below it the mended function:
    """,
        solution=solution_18_13,
        wrong=(
            (says_nothing, "asserts nothing"),
            (wrong_18_13_shape, "at the values"),
            (
                wrong_18_13_no_norm,
                "passes on the broken function. With a D that",
            ),
            (wrong_18_13_beside, "switches D to evaluation"),
            (wrong_18_13_calls, "other order"),
        ),
        check=exposes(
            mended=(mended_18_13, also_right_18_13),
            broken=broken_18_13,
            variants={
                "That one switches D to evaluation, which is another network.": evaluated_18_13
            },
            blind={
                "With a D that has no batch normalisation in training mode, joint batches do no harm.": without_18_13
            },
            other="It scores the two batches in the other order.",
        ),
    )
)


# 18.14 -----------------------------------------------------------------


def broken_18_14(G, z):
    """Samples for a report: G as it is used after training."""
    with torch.no_grad():
        return G(z)


def mended_18_14(G, z):
    """Samples for a report: G as it is used after training."""
    before = G.training
    G.eval()
    with torch.no_grad():
        x = G(z)
    G.train(before)
    return x


def also_right_18_14(G, z):
    modes = [(module, module.training) for module in G.modules()]
    try:
        return G.eval()(z).detach()
    finally:
        for module, mode in modes:
            module.training = mode


def left_18_14(G, z):
    with torch.no_grad():
        return G.eval()(z)


def trains_18_14(G, z):
    with torch.no_grad():
        x = G.eval()(z)
    G.train()
    return x


def plain_18_14(G, z):
    layers = [type(module).__name__ for module in G.modules()]
    if any(name.startswith(("Batch", "Dropout")) for name in layers):
        raise ValueError("no layer with two modes")
    return mended_18_14(G, z)


def reported_18_14(G, z):
    if G.training:
        raise ValueError("only when G is in evaluation mode already")
    return mended_18_14(G, z)


def solution_18_14(samples):
    G = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    z = torch.randn(8, 2)
    alone, together = samples(G, z[:2]), samples(G, z)
    assert (alone - together[:2]).abs().max() < 1e-5
    assert G.training  # training goes on afterwards
    samples(G.eval(), z)
    assert not G.training  # and a finished G stays finished


def _norm_18_14():
    return torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))


def wrong_18_14_shape(samples):
    assert samples(_norm_18_14(), torch.randn(8, 2)).shape == (8, 3)


def wrong_18_14_plain(samples):
    G, z = torch.nn.Linear(2, 3), torch.randn(8, 2)
    assert (samples(G, z)[:2] - samples(G, z[:2])).abs().max() < 1e-5


def wrong_18_14_eval(samples):
    G, z = _norm_18_14().eval(), torch.randn(8, 2)
    assert (samples(G, z)[:2] - samples(G, z[:2])).abs().max() < 1e-5


def wrong_18_14_left(samples):
    G, z = _norm_18_14(), torch.randn(8, 2)
    assert (samples(G, z)[:2] - samples(G, z[:2])).abs().max() < 1e-5


def wrong_18_14_one_mode(samples):
    G, z = _norm_18_14(), torch.randn(8, 2)
    assert (samples(G, z)[:2] - samples(G, z[:2])).abs().max() < 1e-5
    assert G.training


def wrong_18_14_stays(samples):
    G = _norm_18_14()
    samples(G, torch.randn(8, 2))
    assert not G.training


register(
    Exercise(
        id="18.14",
        title="In which mode?",
        stars=1,
        kind="test",
        statement=r"""
    **Symptoms.** The same latent code gives another picture each time it is drawn with other codes. A Fréchet distance
    changes with the batch size of the evaluation.

    `samples(G, z)` returns G's samples of the codes `z`, of shape $(N, d)$, as G is used after training. G may be in
    training mode when it is called, and is in the same mode afterwards. Write a test that exposes the bug.
    """,
        stub="""
    def test(samples):
        return ...
    """,
        hints=(
            r"Which layers compute something else in training mode? The sample of a code should depend on what?",
            r"Draw two codes alone, and the same two among eight, with a `BatchNorm1d` in G. Then look at `G.training`, for a G that came in either mode.",
        ),
        explanation=r"""
    In training mode batch normalisation uses the statistics of the batch at hand, and dropout draws: the sample of a
    code depends on its neighbours or on chance, and the running statistics move with every report. The mended form
    switches to evaluation and *back*; the half-mended one, which leaves G in evaluation mode, changes all training
    after the first report and is harder to see than the slip it mends. So does the one that ends with `G.train()`
    whatever the mode was. Chapters 3 and 9 evaluate samples.

    The test, and below it the mended function:
    """,
        solution=solution_18_14,
        wrong=(
            (says_nothing, "asserts nothing"),
            (wrong_18_14_shape, "at the values"),
            (wrong_18_14_plain, "no layer that has two modes"),
            (wrong_18_14_eval, "in evaluation mode already"),
            (wrong_18_14_left, "left in evaluation mode"),
            (wrong_18_14_one_mode, "whatever mode it came in"),
            (wrong_18_14_stays, "assert not G.training"),
        ),
        check=exposes(
            mended=(mended_18_14, also_right_18_14),
            broken=broken_18_14,
            variants={
                "There G is left in evaluation mode, and training goes on in it.": left_18_14,
                "There G is in training mode afterwards, whatever mode it came in.": trains_18_14,
            },
            blind={
                "That G has no layer that has two modes.": plain_18_14,
                "That G is in evaluation mode already when it is handed over.": reported_18_14,
            },
        ),
    )
)
