r"""Augmentation: where turns leak, and where a transform belongs."""

import torch
from torch import nn
from torch.nn.functional import softplus

from ganbook.exercises.engine.core import Exercise, register

# 12.9 ------------------------------------------------------------------


def solution_12_9():
    return "(m - 1) / m"


def check_12_9(value, c):
    c.expression(
        value,
        lambda m: (m - 1) / m,
        m=(2, 9),
        mistakes={
            "That is the singular probability for four turns; the question has m.": "3/4",
            "That is the case in which the turn may be the identity.": "1",
            "That is where a turn and its absence are equally likely, which is singular for m = 2 only.": "1/2",
            "That is the probability of each turn at the singular point, not that of turning at all.": "1/m",
            "That is the eigenvalue as it falls with p, not the p at which it vanishes: invert it.": "m / (m - 1)",
            "There are m - 1 turns that are not the identity, not m.": "m / (m + 1)",
        },
    )


register(
    Exercise(
        id="12.9",
        title="Turns by other angles",
        stars=2,
        kind="expression",
        statement=r"""
    A picture is turned with probability $p$, by one of the $m - 1$ angles $2\pi k/m$, $k = 1, \dots, m - 1$, each equally likely
    (for $m = 2$: a half turn). At which $p$ is the matrix on the $m$ orientations singular? Return an expression in `m`, as
    sympy or as text such as `"1 - m"`.
    """,
        stub="""
    def singular():
        return ...
    """,
        hints=(
            r"Write the matrix as $\alpha I + \beta J$ with the all-ones matrix $J$.",
            r"The off-diagonal entries are $\beta = p/(m-1)$ and the diagonal ones $\alpha + \beta = 1 - p$. Which eigenvalues does $\alpha I + \beta J$ have?",
        ),
        explanation=r"""
    $\alpha = 1 - p - \frac{p}{m-1} = 1 - \frac{pm}{m-1}$ is the eigenvalue on all vectors that sum to zero. It vanishes at
    $p = \frac{m-1}{m}$, where every orientation is equally likely after the turn: $\frac12$ for flips, $\frac34$ for
    turns by 90 degrees. More kinds of turns leave more room.
    """,
        solution=solution_12_9,
        wrong=(
            (lambda: "3/4", "for four turns"),
            (lambda: "1", "may be the identity"),
            (lambda: "1/2", "its absence"),
            (lambda: "1/m", "probability of each turn"),
            (lambda: "m / (m - 1)", "invert it"),
            (lambda: "m / (m + 1)", "not m"),
        ),
        check=check_12_9,
    )
)

# 12.10 -----------------------------------------------------------------


def solution_12_10(G, D, T, x_real, z):
    x_fake = G(z)
    loss_d = softplus(-D(T(x_real))) + softplus(D(T(x_fake.detach())))
    loss_g = softplus(-D(T(x_fake)))
    return loss_d.mean(), loss_g.mean()


def alternative_12_10_twice(G, D, T, x_real, z):
    with torch.no_grad():
        x_fake = G(z)
    d_real, d_fake = D(T(x_real)), D(T(x_fake))
    loss_d = softplus(-d_real).mean() + softplus(d_fake).mean()
    return loss_d, softplus(-D(T(G(z)))).mean()


def wrong_12_10_real_only(G, D, T, x_real, z):
    x_fake = G(z)
    loss_d = softplus(-D(T(x_real))) + softplus(D(x_fake.detach()))
    return loss_d.mean(), softplus(-D(x_fake)).mean()


def wrong_12_10_not_in_g(G, D, T, x_real, z):
    x_fake = G(z)
    loss_d = softplus(-D(T(x_real))) + softplus(D(T(x_fake.detach())))
    return loss_d.mean(), softplus(-D(x_fake)).mean()


def wrong_12_10_cut(G, D, T, x_real, z):
    x_fake = G(z).detach()
    loss_d = softplus(-D(T(x_real))) + softplus(D(T(x_fake)))
    return loss_d.mean(), softplus(-D(T(x_fake))).mean()


def wrong_12_10_open(G, D, T, x_real, z):
    x_fake = G(z)
    loss_d = softplus(-D(T(x_real))) + softplus(D(T(x_fake)))
    return loss_d.mean(), softplus(-D(T(x_fake))).mean()


def wrong_12_10_around(G, D, T, x_real, z):
    x_fake = G(T(z))
    loss_d = softplus(-D(T(x_real))) + softplus(D(x_fake.detach()))
    return loss_d.mean(), softplus(-D(x_fake)).mean()


def wrong_12_10_fake_only(G, D, T, x_real, z):
    x_fake = G(z)
    loss_d = softplus(-D(x_real)) + softplus(D(T(x_fake.detach())))
    return loss_d.mean(), softplus(-D(T(x_fake))).mean()


def wrong_12_10_past_t(G, D, T, x_real, z):
    x_fake = G(z)
    loss_d, _ = solution_12_10(G, D, T, x_real, z)
    with torch.no_grad():
        change = T(x_fake) - x_fake
    return loss_d, softplus(-D(x_fake + change)).mean()


def wrong_12_10_half(G, D, T, x_real, z):
    x_fake = G(z)
    with torch.no_grad():
        d_fake = D(T(x_fake))
    loss_d = softplus(-D(T(x_real))).mean() + softplus(d_fake).mean()
    return loss_d, softplus(-D(T(x_fake))).mean()


def wrong_12_10_overflow(G, D, T, x_real, z):
    x_fake = G(z)
    d_real, d_fake = D(T(x_real)), D(T(x_fake.detach()))
    loss_d = -d_real.sigmoid().log() - (1 - d_fake.sigmoid()).log()
    return loss_d.mean(), -D(T(x_fake)).sigmoid().log().mean()


def _slopes_12_10(loss, module):
    found = torch.autograd.grad(
        loss, list(module.parameters()), retain_graph=True, allow_unused=True
    )
    return torch.cat(
        [
            (torch.zeros_like(p) if g is None else g).flatten()
            for p, g in zip(module.parameters(), found, strict=True)
        ]
    )


def check_12_10(answer, c):
    for dtype, size in ((d, s) for d in c.dtypes for s in (1, 3_000)):
        G, D = nn.Linear(3, 3), nn.Sequential(nn.Linear(3, 4), nn.Tanh())
        D.append(nn.Linear(4, 1))
        with torch.no_grad():
            for p in (*G.parameters(), *D.parameters()):
                p.copy_(c.normal(tuple(p.shape), torch.float64))
            D[2].weight.mul_(size)
        G, D = G.to(dtype), D.to(dtype)
        x, z = c.normal((5, 3), dtype), c.normal((5, 3), dtype)
        factor = c.number(1.5, 2.5)

        def T(x, factor=factor):
            return factor * x.flip(-1) + 0.5

        given = G, D, T, x, z
        found = c.call(answer, *given)
        c.true(
            isinstance(found, (tuple, list)) and len(found) == 2,
            "A pair is expected: D's loss and G's loss.",
        )
        c.true(
            all(isinstance(v, torch.Tensor) and v.ndim == 0 for v in found),
            "Each of the two losses is a scalar tensor.",
        )
        c.true(
            size == 1 or all(bool(v.isfinite()) for v in found),
            "A loss is not finite where scores are large: use softplus, not the logarithm of a sigmoid.",
        )
        with torch.no_grad():
            fake = G(z)
            want_d = softplus(-D(T(x))).mean() + softplus(D(T(fake))).mean()
            want_g = softplus(-D(T(fake))).mean()
        c.equal(
            found[0].detach(),
            want_d,
            rtol=1e-4,
            on="D's loss",
            mistakes={
                "Only the real samples are augmented: G would have to make augmented pictures.": wrong_12_10_real_only(
                    *given
                )[0].detach(),
                "The latent vectors were transformed, not the pictures.": wrong_12_10_around(
                    *given
                )[0].detach(),
                "Only the generated samples are augmented.": wrong_12_10_fake_only(
                    *given
                )[0].detach(),
            },
        )
        c.equal(
            found[1].detach(),
            want_g,
            rtol=1e-4,
            on="G's loss",
            mistakes={
                "In G's loss the augmentation is missing: D sees another law there than in its own.": wrong_12_10_not_in_g(
                    *given
                )[1].detach(),
            },
        )
        c.true(
            found[1].requires_grad
            and torch.autograd.grad(
                found[1], G.weight, retain_graph=True, allow_unused=True
            )[0]
            is not None,
            "G's loss does not reach G: the graph was cut on the way.",
        )
        c.true(
            torch.autograd.grad(
                found[0], G.weight, retain_graph=True, allow_unused=True
            )[0]
            is None,
            "D's loss reaches G: it would be trained to please D in D's own step.",
        )
        right = solution_12_10(*given)
        for loss, want, player, words in (
            (
                found[0],
                right[0],
                D,
                "D's loss has the right value, but a part of it does not reach D's parameters.",
            ),
            (
                found[1],
                right[1],
                G,
                "G's loss has the right value, but its gradient in G does not pass through T.",
            ),
        ):
            c.true(
                loss.requires_grad
                and c.agrees(
                    _slopes_12_10(loss, player),
                    _slopes_12_10(want, player),
                    1e-3,
                    1e-4 * size,
                ),
                words,
            )


register(
    Exercise(
        id="12.10",
        title="Augment both",
        stars=2,
        kind="function",
        statement=r"""
    `T` is a differentiable transform of samples. Write `losses(G, D, T, x_real, z)`, which returns the pair of D's and G's
    non-saturating losses (means of softplus of scores) when $D$ sees nothing but transformed samples. D's loss must
    not reach `G`; G's loss must.
    """,
        stub="""
    def losses(G, D, T, x_real, z):
        # a pair (loss_d, loss_g)
        return ...
    """,
        hints=(
            r"`T` stands directly before $D$, three times.",
            r"Detach `G(z)` in D's loss, before or after `T`; in G's loss nothing may be detached.",
        ),
        explanation=r"""
    $D$ compares the law of $Tx$ with that of $T G(z)$. Leaving `T` out anywhere makes $D$ compare a transformed law with one
    that is not. In G's step the gradient runs through `T`, so `T` must be differentiable; a transform by way of numpy
    cuts the graph, and G stops learning without any error message.
    """,
        solution=solution_12_10,
        alternatives=(alternative_12_10_twice,),
        wrong=(
            (wrong_12_10_real_only, "Only the real"),
            (wrong_12_10_not_in_g, "augmentation is missing"),
            (wrong_12_10_cut, "graph was cut"),
            (wrong_12_10_open, "please D"),
            (wrong_12_10_around, "latent vectors"),
            (wrong_12_10_fake_only, "Only the generated"),
            (wrong_12_10_past_t, "does not pass through T"),
            (wrong_12_10_half, "does not reach D's parameters"),
            (wrong_12_10_overflow, "logarithm of a sigmoid"),
        ),
        check=check_12_10,
    )
)
