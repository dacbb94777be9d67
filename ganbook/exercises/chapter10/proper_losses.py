r"""Exercises 10.7 and 10.8."""

import torch
from torch.nn.functional import softplus

from ganbook.exercises.chapter10.risks import is_pair
from ganbook.exercises.engine.core import Exercise, register

# 10.7 --------------------------------------------------------------------------------------------------------------


def solution_10_7(d_real, d_fake):
    loss_d = softplus(d_fake - d_real).mean()
    loss_g = softplus(d_real - d_fake).mean()
    return loss_d, loss_g


def broken_10_7(d_real, d_fake):
    gap = d_real.mean() - d_fake.mean()
    real_loss = softplus(-gap)
    fake_loss = softplus(gap)
    loss_d = (real_loss + fake_loss) / 2
    loss_g = softplus(gap)
    return loss_d, loss_g


def wrong_10_7_means_left(d_real, d_fake):
    gap = d_real.mean() - d_fake.mean()
    return softplus(-gap), softplus(gap)


def wrong_10_7_average_left(d_real, d_fake):
    gap = d_real - d_fake
    loss_d = (softplus(-gap).mean() + softplus(gap).mean()) / 2
    return loss_d, softplus(gap).mean()


def wrong_10_7_same(d_real, d_fake):
    loss = softplus(d_fake - d_real).mean()
    return loss, loss


def wrong_10_7_negative(d_real, d_fake):
    loss = softplus(d_fake - d_real).mean()
    return loss, -loss


def wrong_10_7_doubled(d_real, d_fake):
    loss_d, loss_g = solution_10_7(d_real, d_fake)
    return 2 * loss_d, loss_g


def wrong_10_7_naive(d_real, d_fake):
    gap = d_real - d_fake
    return torch.log1p(torch.exp(-gap)).mean(), torch.log1p(
        torch.exp(gap)
    ).mean()


def wrong_10_7_constant(d_real, d_fake):
    return tuple(loss.detach() for loss in solution_10_7(d_real, d_fake))


def check_10_7(answer, c):
    for dtype in c.dtypes:
        for n, size in ((5, 2), (c.integer(3, 8), 2), (6, 800)):
            real, fake = (
                size * c.normal((n,), dtype),
                size * c.normal((n,), dtype) - 1,
            )
            got = c.call(answer, real, fake)
            c.true(
                is_pair(got),
                "The wrong type: a pair (loss_d, loss_g) was expected.",
            )
            want = solution_10_7(real, fake)
            if any(torch.is_tensor(x) and torch.isinf(x).any() for x in got):
                c.fail(
                    "It overflows where scores are far apart: keep softplus."
                )
            if all(
                c.agrees(a, b)
                for a, b in zip(got, broken_10_7(real, fake), strict=True)
            ):
                c.fail(
                    "Nothing has changed: scores are averaged inside, and loss_d adds a term that pulls the other way."
                )
            c.equal(
                got[0],
                want[0],
                mistakes={
                    "The scores are still averaged inside, so every real sample gets the same gradient.": wrong_10_7_means_left(
                        real, fake
                    )[0],
                    "The second half still has the wrong target: it rewards D for the opposite order.": wrong_10_7_average_left(
                        real, fake
                    )[0],
                    "That counts the one decision per pair twice.": 2
                    * want[0],
                },
            )
            c.equal(
                got[1],
                want[1],
                mistakes={
                    "Both players now want the same: G is to turn the comparison round.": want[
                        0
                    ],
                    "That is the saturating form, minus D's loss; the relativistic G has a loss of its own.": -want[
                        0
                    ],
                },
            )

            def loss_d(d_real, d_fake):
                return answer.function(d_real, d_fake)[0]

            def loss_g(d_fake, d_real=real):
                return answer.function(d_real, d_fake)[1]

            pull = torch.sigmoid(fake - real) / n
            _, grads = c.call_grad(loss_d, real, fake)
            _, rise = c.call_grad(loss_g, fake)
            for slope, truth in zip(
                (*grads, *rise), (-pull, pull, pull - 1 / n), strict=True
            ):
                c.equal(
                    slope,
                    truth,
                    says="The losses are right, and a gradient is not.",
                )


register(
    Exercise(
        id="10.7",
        title="Find the bug: a discriminator that cannot win",
        stars=2,
        kind="bug",
        statement=r"""
This function should return both players' relativistic losses for matched pairs of scores $(N,)$, the means of
$\mathrm{softplus}(-(d_r - d_f))$ and of $\mathrm{softplus}(-(d_f - d_r))$. In training, `loss_d` never falls below
$\log 2$, however good $D$ is, and all real samples of a batch receive the same gradient. Mend it:
`relativistic(d_real, d_fake)` returns `(loss_d, loss_g)`.
""",
        stub="""
def relativistic(d_real, d_fake):
    return ...
""",
        hints=(
            "Where is the minimum of (softplus(-t) + softplus(t)) / 2?",
            "The loss is a mean over pairs of a function of each pair's difference; no score is averaged before it.",
        ),
        explanation=r"""
Two faults. The scores are averaged before the softplus, so that the loss knows one number per batch. And in
`fake_loss` the comparison is exchanged and the label is not: $\mathrm{softplus}(t) = -\log\sigma(-t)$ asks for the opposite
order, so the sum is least at $t = 0$. With the label exchanged as well, the second half equals the first, and is not
needed.
""",
        solution=solution_10_7,
        broken=broken_10_7,
        wrong=(
            (broken_10_7, "nothing has changed"),
            (wrong_10_7_means_left, "still averaged inside"),
            (wrong_10_7_average_left, "opposite order"),
            (wrong_10_7_same, "both players now want"),
            (wrong_10_7_negative, "saturating form"),
            (wrong_10_7_doubled, "per pair twice"),
            (wrong_10_7_naive, "overflows"),
            (wrong_10_7_constant, "depend on its input"),
        ),
        check=check_10_7,
    )
)


# 10.8 --------------------------------------------------------------------------------------------------------------


def solution_10_8(risk, eta):
    eta = eta.detach().clone().requires_grad_()
    with torch.enable_grad():
        value = risk(eta)
        (slope,) = torch.autograd.grad(value.sum(), eta)
    eta, value = eta.detach(), value.detach()
    # the tangent at eta, read off at 1 (real) and at 0 (generated)
    return value + (1 - eta) * slope, value - eta * slope


def alternative_10_8_jvp(risk, eta):
    eta = eta.detach()
    value, slope = torch.func.jvp(risk, (eta,), (torch.ones_like(eta),))
    generated = value - eta * slope
    return generated + slope, generated


def wrong_10_8_swapped(risk, eta):
    return solution_10_8(risk, eta)[::-1]


def wrong_10_8_constant(risk, eta):
    return risk(eta), risk(eta)


def wrong_10_8_ends(risk, eta):
    one, zero = torch.ones_like(eta), torch.zeros_like(eta)
    return risk(one), risk(zero)


def wrong_10_8_slope(risk, eta):
    real, generated = solution_10_8(risk, eta)
    return real - generated, generated - real


def wrong_10_8_shares(risk, eta):
    return eta * risk(eta), (1 - eta) * risk(eta)


def wrong_10_8_sign(risk, eta):
    real, generated = solution_10_8(risk, eta)
    value = risk(eta)
    return 2 * value - real, 2 * value - generated


def wrong_10_8_graph(risk, eta):
    eta = eta.clone().requires_grad_()
    (slope,) = torch.autograd.grad(risk(eta).sum(), eta, create_graph=True)
    return risk(eta) + (1 - eta) * slope, risk(eta) - eta * slope


def wrong_10_8_clipped(risk, eta):
    return solution_10_8(risk, eta.clamp(0.05, 0.95))


def check_10_8(answer, c):
    for dtype in c.dtypes:
        tolerance = 1e-4 if dtype == torch.float32 else 1e-9
        one, two, three = (c.number(0.5, 2) for _ in range(3))
        if dtype == torch.float64:
            three = -three  # a loss may be negative

        def risk(eta, one=one, two=two, three=three):
            return one * (eta - eta**3) + two * eta * (1 - eta) + three

        eta = c.uniform(0.05, 0.95, (c.integer(5, 8),), dtype)
        eta[0], eta[-1] = c.number(0.001, 0.01), c.number(0.99, 0.999)
        got = c.call(answer, risk, eta)
        c.true(
            is_pair(got),
            "The wrong type: a pair (loss_real, loss_generated) was expected.",
        )
        slope = one * (1 - 3 * eta**2) + two * (1 - 2 * eta)
        real, generated = (
            risk(eta) + (1 - eta) * slope,
            risk(eta) - eta * slope,
        )
        same = tolerance * 100
        for name, parts in {
            "The two are exchanged: at eta = 1 all samples are real.": (
                generated,
                real,
            ),
            "That charges the risk itself for every answer, so the tangent is flat and cuts the curve.": (
                risk(eta),
                risk(eta),
            ),
            "That is the risk at both ends: a chord, which lies below a concave curve.": (
                risk(torch.ones_like(eta)),
                risk(torch.zeros_like(eta)),
            ),
            "Those are slopes; a tangent also has a height.": (
                slope,
                -slope,
            ),
            "That splits the risk by shares; weighed with the shares again it does not return the risk.": (
                eta * risk(eta),
                (1 - eta) * risk(eta),
            ),
            "The slope has the wrong sign: the line is a mirror image of the tangent.": (
                risk(eta) - (1 - eta) * slope,
                risk(eta) + eta * slope,
            ),
        }.items():
            if all(
                c.agrees(a, b, same, same)
                for a, b in zip(got, parts, strict=True)
            ) and not c.agrees(parts[0], real, same, same):
                c.fail(name)
        clipped = wrong_10_8_clipped(risk, eta)
        for part, want, bounded in zip(
            got, (real, generated), clipped, strict=True
        ):
            c.equal(
                part,
                want,
                tolerance,
                tolerance,
                mistakes={
                    "Shares were clipped between bounds; eta may come near 0 and 1.": bounded
                },
            )
            c.true(
                not part.requires_grad,
                "The losses carry a graph: detach them, and make the slope without create_graph.",
            )
        grid = torch.linspace(0, 1, 51, dtype=dtype)[:, None]
        lines = grid * got[0] + (1 - grid) * got[1]
        c.true(
            (lines >= risk(grid) - same).all(),
            "Some line passes below the risk, so a discriminator could pay less than it.",
        )
    return "Every line lies above the curve and touches it: the risk of your loss is the one that was given."


register(
    Exercise(
        id="10.8",
        title="Proof by construction: a loss for every risk",
        stars=3,
        kind="function",
        statement=r"""
The converse half of the theorem on gaps claims that every concave curve $\underline{L}$ is the Bayes risk of some
loss. Prove it by building the loss. A discriminator answers with a share `eta`; write `partial_losses(risk, eta)`,
which returns the pair of what it pays for that answer on a real and on a generated sample, $(\ell_1, \ell_0)$, such
that for every true share $s$ the mean payment $s\,\ell_1 + (1 - s)\,\ell_0$ is at least $\underline{L}(s)$, with
equality at $s =$ `eta`. Here `risk` is concave, elementwise and differentiable by autograd, `eta` a tensor of shape
$(N,)$ with entries in $(0, 1)$; return two tensors like it, without a graph.
""",
        stub="""
def partial_losses(risk, eta):
    return ...
""",
        hints=(
            r"As a function of $s$, the mean payment is a straight line. Which lines lie above a concave curve and touch it?",
            r"The tangent at `eta`, at $s = 1$ and $s = 0$: $\ell_1 = \underline{L}(\eta) + (1 - \eta)\underline{L}'(\eta)$.",
        ),
        explanation=r"""
The mean payment for the answer $\eta$ is affine in $s$; it must stay above $\underline{L}$ and meet it at $\eta$, so it
is the tangent there. Its values at the ends are $\ell_1 = \underline{L}(\eta) + (1-\eta)\underline{L}'(\eta)$ and
$\ell_0 = \underline{L}(\eta) - \eta\underline{L}'(\eta)$. A concave function is the infimum of its tangents, so the risk
of this loss is $\underline{L}$, and the true share is always a best answer: that is what *proper* means. For the
binary entropy one gets $-\log\eta$ and $-\log(1 - \eta)$.
""",
        solution=solution_10_8,
        alternatives=(alternative_10_8_jvp,),
        wrong=(
            (wrong_10_8_swapped, "all samples are real"),
            (wrong_10_8_constant, "cuts the curve"),
            (wrong_10_8_ends, "a chord"),
            (wrong_10_8_slope, "also has a height"),
            (wrong_10_8_shares, "splits the risk"),
            (wrong_10_8_sign, "mirror image"),
            (wrong_10_8_graph, "carry a graph"),
            (wrong_10_8_clipped, "between bounds"),
        ),
        check=check_10_8,
    )
)
