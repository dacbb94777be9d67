r"""Exercises 18.8 and 18.9: one step of training."""

import torch
from torch.nn import functional as F

from ganbook.exercises.chapter18.common import says_nothing
from ganbook.exercises.engine.core import Exercise, exposes, register
from ganbook.exercises.engine.words import say

# 18.8 ------------------------------------------------------------------


def broken_18_8(d_real, d_fake):
    """The mean of -log D over the real scores, and of -log(1 - D)."""
    on_real = F.softplus(-d_real).sum() / 128
    on_fake = F.softplus(d_fake).sum() / 128
    return on_real + on_fake


def mended_18_8(d_real, d_fake):
    """The mean of -log D over the real scores, and of -log(1 - D)."""
    return F.softplus(-d_real).mean() + F.softplus(d_fake).mean()


def also_right_18_8(d_real, d_fake):
    ones, zeros = torch.ones_like(d_real), torch.zeros_like(d_fake)
    on_real = F.binary_cross_entropy_with_logits(d_real, ones)
    return on_real + F.binary_cross_entropy_with_logits(d_fake, zeros)


def one_size_18_8(d_real, d_fake):
    total = F.softplus(-d_real).sum() + F.softplus(d_fake).sum()
    return total / len(d_real)


def full_18_8(d_real, d_fake):
    if len(d_real) != 128 or len(d_fake) != 128:
        raise ValueError("batches of 128 only")
    return mended_18_8(d_real, d_fake)


def solution_18_8(discriminator_loss):
    for n, m in ((128, 128), (96, 96), (1, 50)):
        loss = float(discriminator_loss(torch.zeros(n), torch.zeros(m)))
        assert abs(loss - 1.386294) < 1e-4, say(
            "batches of {n} and {m}", n=n, m=m
        )


def wrong_18_8_shape(discriminator_loss):
    loss = discriminator_loss(torch.randn(96), torch.randn(96))
    assert loss.dim() == 0


def wrong_18_8_full(discriminator_loss):
    loss = float(discriminator_loss(torch.zeros(128), torch.zeros(128)))
    assert abs(loss - 1.386294) < 1e-4


def wrong_18_8_one_side(discriminator_loss):
    loss = float(discriminator_loss(torch.zeros(96), torch.zeros(96)))
    assert loss - 1.386294 < 1e-4


def wrong_18_8_equal_sizes(discriminator_loss):
    loss = float(discriminator_loss(torch.zeros(96), torch.zeros(96)))
    assert abs(loss - 1.386294) < 1e-4


def wrong_18_8_half(discriminator_loss):
    loss = float(discriminator_loss(torch.zeros(96), torch.zeros(96)))
    assert abs(loss - 0.693147) < 1e-4


register(
    Exercise(
        id="18.8",
        title="Once an epoch",
        stars=1,
        kind="test",
        statement=r"""
    **Symptoms.** The loss of D has a notch at the end of every epoch: one step lies at three quarters of its
    neighbours. There are 469 steps in an epoch of 60,000 pictures.

    `discriminator_loss(d_real, d_fake)` takes scores of shapes $(N,)$ and $(M,)$ and returns the mean of
    $-\log \sigma(d)$ over the real scores plus the mean of $-\log(1 - \sigma(d))$ over the generated ones. Write a
    test that exposes the bug.
    """,
        stub="""
    def test(discriminator_loss):
        return ...
    """,
        hints=(
            r"What is $60{,}000 - 468 \cdot 128$?",
            r"At scores of zero the loss is $2 \log 2$ whatever the sizes are. Try several, unequal ones among them.",
        ),
        explanation=r"""
    The last batch of an epoch has 96 pictures, and $96/128 = 0.75$. The louder form of the slip, labels
    `torch.ones(128, 1)` made once before the loop, stops with an error at that batch and is found at once; this form
    runs, and gives the last pictures of every epoch a smaller weight. Dropping the last batch hides it. Sizes belong
    to the tensors: use `mean`, `ones_like`, `len`. Chapter 3 has batches of 128 and 96.

    The test, and below it the mended function:
    """,
        solution=solution_18_8,
        wrong=(
            (says_nothing, "asserts nothing"),
            (wrong_18_8_shape, "at the values"),
            (wrong_18_8_full, "full batches"),
            (wrong_18_8_one_side, "far too small"),
            (wrong_18_8_equal_sizes, "unequal sizes"),
            (wrong_18_8_half, "0.693147"),
        ),
        check=exposes(
            mended=(mended_18_8, also_right_18_8),
            broken=broken_18_8,
            determined=True,
            variants={
                "It divides both sums by the number of real scores: try unequal sizes.": one_size_18_8
            },
            blind={
                "It tries full batches of 128 only, where the constant is right.": full_18_8
            },
        ),
    )
)


# 18.9 ------------------------------------------------------------------


def broken_18_9(G, D, opt_g, opt_d, x_real, z):
    """One step of D, then one of G, on the Wasserstein losses."""
    opt_g.zero_grad()
    opt_d.zero_grad()
    d_loss = D(G(z)).mean() - D(x_real).mean()
    d_loss.backward()
    opt_d.step()
    g_loss = -D(G(z)).mean()
    g_loss.backward()
    opt_g.step()


def mended_18_9(G, D, opt_g, opt_d, x_real, z):
    """One step of D, then one of G, on the Wasserstein losses."""
    opt_d.zero_grad()
    d_loss = D(G(z).detach()).mean() - D(x_real).mean()
    d_loss.backward()
    opt_d.step()
    opt_g.zero_grad()
    g_loss = -D(G(z)).mean()
    g_loss.backward()
    opt_g.step()


def also_right_18_9(G, D, opt_g, opt_d, x_real, z):
    opt_d.zero_grad()
    (D(G(z)).mean() - D(x_real).mean()).backward()
    opt_d.step()
    opt_g.zero_grad()  # throws away what D's loss left in G
    (-D(G(z)).mean()).backward()
    opt_g.step()


def uncleared_18_9(G, D, opt_g, opt_d, x_real, z):
    (D(G(z).detach()).mean() - D(x_real).mean()).backward()
    opt_d.step()
    opt_g.zero_grad()
    (-D(G(z)).mean()).backward()
    opt_g.step()


def d_alone_18_9(G, D, opt_g, opt_d, x_real, z):
    opt_d.zero_grad()
    (D(G(z).detach()).mean() - D(x_real).mean()).backward()
    opt_d.step()


def anywhere_18_9(G, D, opt_g, opt_d, x_real, z):
    with torch.no_grad():
        for weight in (*G.parameters(), *D.parameters()):
            weight += 100


def solution_18_9(train_step):
    G, D = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1, bias=False)
    opt_g = torch.optim.SGD(G.parameters(), lr=0.1)
    opt_d = torch.optim.SGD(D.parameters(), lr=0.1)
    real, z = torch.full((4, 1), 2.0), torch.zeros(4, 1)
    theta, psi = float(G.bias), float(D.weight)  # G(0) = theta
    for _ in range(2):
        train_step(G, D, opt_g, opt_d, real, z)
        psi -= 0.1 * (theta - 2.0)
        theta -= 0.1 * -psi
        assert abs(float(D.weight) - psi) < 1e-4
        assert abs(float(G.bias) - theta) < 1e-4


def _players_18_9():
    G, D = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1, bias=False)
    opt_g = torch.optim.SGD(G.parameters(), lr=0.1)
    opt_d = torch.optim.SGD(D.parameters(), lr=0.1)
    return G, D, opt_g, opt_d, torch.full((4, 1), 2.0), torch.zeros(4, 1)


def wrong_18_9_moves(train_step):
    players = G, D, *_ = _players_18_9()
    theta, psi = float(G.bias), float(D.weight)
    train_step(*players)
    assert float(G.bias) != theta and float(D.weight) != psi


def wrong_18_9_d_only(train_step):
    players = G, D, *_ = _players_18_9()
    expected = float(D.weight) - 0.1 * (float(G.bias) - 2.0)
    train_step(*players)
    assert abs(float(D.weight) - expected) < 1e-4


def wrong_18_9_one_step(train_step):
    players = G, D, *_ = _players_18_9()
    theta, psi = float(G.bias), float(D.weight)
    train_step(*players)
    psi -= 0.1 * (theta - 2.0)
    assert abs(float(G.bias) - (theta + 0.1 * psi)) < 1e-4


def wrong_18_9_old_critic(train_step):
    players = G, D, *_ = _players_18_9()
    expected = float(G.bias) + 0.1 * float(D.weight)
    train_step(*players)
    assert abs(float(G.bias) - expected) < 1e-4


def wrong_18_9_clean(train_step):
    players = _players_18_9()
    train_step(*players)
    D = players[1]
    assert D.weight.grad is None or not D.weight.grad.any()


register(
    Exercise(
        id="18.9",
        title="What is left in G",
        time_limit=60,  # the first optimiser of a session loads much of torch
        stars=2,
        kind="test",
        statement=r"""
    **Symptoms.** D learns, and G hardly moves. With D's learning rate at zero, G does not move at all.

    `train_step(G, D, opt_g, opt_d, x_real, z)` makes one step of D on $\bar D(G(z)) - \bar D(x)$, then one step of G
    on $-\bar D(G(z))$ with the new D, and returns nothing. The optimisers are any of torch's; gradients from earlier
    steps may be there when it is called and must not count. Write a test that exposes the bug. (A missing `detach`
    alone is no bug: find out why.)
    """,
        stub="""
    def test(train_step):
        return ...
    """,
        hints=(
            r"Choose players so small that you can compute both steps by hand, and plain SGD.",
            r"With `z = 0`, `G = Linear(1, 1)` and `D = Linear(1, 1, bias=False)`, $G(0) = \theta$ and $D(x) = \psi x$. One step: $\psi \leftarrow \psi - h(\theta - \bar x)$, then $\theta \leftarrow \theta + h\psi$. Make two.",
        ),
        explanation=r"""
    D's loss is sent back through G, which collects $+\nabla_\theta \bar D(G(z))$. Nothing clears it before G's own
    backward adds $-\nabla_\theta \bar D(G(z))$, taken at a D that has moved by one step: the two nearly cancel.
    There are three cases of a forgotten `detach`. If G's gradients are cleared before its own backward, only time is
    lost, and the parameters are the same bit for bit (the second right function of the check does this). Without the
    clearing, G takes D's gradient too. If the graph of the generated batch is used twice, torch stops with an error.
    Two steps in the test also find a D that keeps gradients from the step before. Chapter 2 orders the six lines of
    this step.

    The test, and below it the mended function:
    """,
        solution=solution_18_9,
        wrong=(
            (says_nothing, "asserts nothing"),
            (wrong_18_9_moves, "move at all"),
            (wrong_18_9_d_only, "looks at D alone"),
            (wrong_18_9_one_step, "two steps"),
            (wrong_18_9_old_critic, "float(G.bias) - expected"),
            (wrong_18_9_clean, "D.weight.grad is None"),
        ),
        check=exposes(
            mended=(mended_18_9, also_right_18_9),
            broken=broken_18_9,
            variants={
                "D keeps the gradients of the step before: make two steps.": uncleared_18_9
            },
            blind={
                "It looks at D alone; G's step may be anything.": d_alone_18_9,
                "It asks whether the weights move at all, not where to.": anywhere_18_9,
            },
        ),
    )
)
