r"""Exercises of chapter 2: the round, the value, what the generator receives, and lost digits."""

import copy
import math

import sympy
import torch
from torch import nn
from torch.nn.functional import logsigmoid, softplus

from ganbook.exercises.engine.core import Exercise, choice, classify, register
from ganbook.exercises.engine.proofs import ordered
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


def with_optimizers(G, D):
    for weight in (*G.parameters(), *D.parameters()):
        weight.grad = torch.ones_like(
            weight
        )  # what an earlier round may have left behind
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
            x_real, z_d, z_g = (
                2 + c.normal((5, 2), dtype),
                c.normal((5, 2), dtype),
                c.normal((5, 2), dtype),
            )
            G, D = copy.deepcopy(start)
            descend(loss.discriminator(D(x_real), D(G(z_d).detach())), D)
            descend(loss.generator(D(G(z_g))), G)
            theirs = copy.deepcopy(start)
            c.call(
                answer,
                *with_optimizers(*theirs),
                loss,
                x_real,
                z_d,
                z_g,
                returns_none=True,
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
                on=f"two small players and the loss {loss.name!r}",
                says="The parameters after the round are not those of the six steps.",
                mistakes={
                    text: lambda wrong=wrong: after(wrong)
                    for text, wrong in mistakes.items()
                },
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
The players may still carry gradients from earlier; they must have no influence. Nothing is returned.
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
        ),
        check=check_2_1,
    )
)


# 2.2: slopes in the score -------------------------------------------------------------------------------------


def solution_2_2(d):
    return -torch.sigmoid(d), -torch.sigmoid(-d)


def alternative_2_2_exponentials(d):
    return -torch.exp(logsigmoid(d)), -torch.exp(logsigmoid(-d))


def wrong_2_2_swapped(d):
    return -torch.sigmoid(-d), -torch.sigmoid(d)


def wrong_2_2_sign(d):
    return torch.sigmoid(d), torch.sigmoid(-d)


def wrong_2_2_one_minus(d):
    return -torch.sigmoid(d), torch.sigmoid(d) - 1


def wrong_2_2_mean(d):
    return -torch.sigmoid(d) / d.numel(), -torch.sigmoid(-d) / d.numel()


def wrong_2_2_probability(d):
    s = torch.sigmoid(d)
    return -1 / (1 - s).clamp(min=1e-12), -1 / s.clamp(min=1e-12)


def check_2_2(answer, c):
    fixed = [-50.0, -28.0, -5.0, 0.0, 5.0, 28.0, 50.0]
    for dtype in c.dtypes:
        for d in (
            torch.tensor(fixed, dtype=dtype),
            c.uniform(-50, 50, (4, 3), dtype),
        ):
            got = c.call(answer, d)
            exact = d.double()
            want = tuple(
                (-1 / (1 + torch.exp(-s))).to(dtype) for s in (exact, -exact)
            )
            texts = {
                "The two are swapped: minimax comes first, and it is weak at negative scores.": wrong_2_2_swapped,
                "The sign: both losses fall as the score rises, so both slopes are negative.": wrong_2_2_sign,
                "One minus a number near one loses all digits at high scores: use sigma(-d).": wrong_2_2_one_minus,
                "Divided by the number of scores: this is about a single one.": wrong_2_2_mean,
                "That is the slope in the probability; the chain rule's factor sigma(d) sigma(-d) is missing.": wrong_2_2_probability,
            }
            c.equal(
                got,
                want,
                rtol=1e-4 if dtype == torch.float32 else 1e-9,
                atol=0.0,
                mistakes={
                    text: lambda wrong=wrong, d=d: wrong(d)
                    for text, wrong in texts.items()
                },
            )


register(
    Exercise(
        id="2.2",
        title="How much a sample counts",
        stars=1,
        kind="function",
        statement=r"""
Write `slopes(d)`: for a tensor of scores, the pair $(\partial f_{\mathrm{mm}} / \partial d,\
\partial f_{\mathrm{ns}} / \partial d)$ at each score, where $f_{\mathrm{mm}}(d) = \log(1 - \sigma(d))$ and
$f_{\mathrm{ns}}(d) = -\log\sigma(d)$. Both tensors have the shape and dtype of `d`. They are to be right to a *relative*
error of $10^{-4}$ for all scores from $-50$ to $50$, in float32 too. No autograd is needed.
""",
        stub="""
def slopes(d):
    return ...
""",
        hints=(
            r"The derivative of $\mathrm{softplus}(t)$ is $\sigma(t)$. Write both losses with softplus.",
            r"$-\sigma(d)$ and $-\sigma(-d)$. In float32, $1 - \sigma(50)$ is exactly $0$; $\sigma(-50)$ is not.",
        ),
        explanation=r"""
$f_{\mathrm{mm}} = -\mathrm{softplus}(d)$ and $f_{\mathrm{ns}} = \mathrm{softplus}(-d)$, so the slopes are $-\sigma(d)$
and $-\sigma(-d)$. The formula $\sigma(-d) = 1 - \sigma(d)$ is true and useless: near $1$ float32 has a spacing of
$6 \cdot 10^{-8}$, near $0$ it can represent $2 \cdot 10^{-22}$ with seven digits.
""",
        solution=solution_2_2,
        alternatives=(alternative_2_2_exponentials,),
        wrong=(
            (wrong_2_2_swapped, "swapped"),
            (wrong_2_2_sign, "the sign"),
            (wrong_2_2_one_minus, "loses all digits"),
            (wrong_2_2_mean, "number of scores"),
            (wrong_2_2_probability, "slope in the probability"),
        ),
        check=check_2_2,
    )
)


# 2.3: the smallest generator ----------------------------------------------------------------------------------


def solution_2_3():
    psi, theta, z = sympy.symbols("psi theta z")
    return -psi / (1 + sympy.exp(-psi * (z + theta)))


def wrong_2_3_no_psi():
    return "-1 / (1 + exp(-psi * (z + theta)))"


def wrong_2_3_other_loss():
    return "-psi / (1 + exp(psi * (z + theta)))"


def wrong_2_3_sign():
    return "psi / (1 + exp(-psi * (z + theta)))"


def wrong_2_3_no_z():
    return "-psi / (1 + exp(-psi * theta))"


def wrong_2_3_in_psi():
    return "-(z + theta) / (1 + exp(-psi * (z + theta)))"


def check_2_3(value, c):
    def slope(psi, theta, z):
        h = 1e-5
        left, right = (
            -math.log1p(math.exp(psi * (z + t)))
            for t in (theta - h, theta + h)
        )
        return (right - left) / (2 * h)

    c.expression(
        value,
        slope,
        rtol=1e-7,
        psi=(0.5, 2),
        theta=(-1, 1),
        z=(0.5, 2),
        mistakes={
            "The factor psi is missing: the chain rule passes through d = psi x.": wrong_2_3_no_psi(),
            "That is the weight of the non-saturating loss, which is not a part of V.": wrong_2_3_other_loss(),
            "The sign is wrong: with psi > 0 a larger theta raises the score, and the second term of V falls.": wrong_2_3_sign(),
            "Where is z? The sample is z + theta, not theta alone.": wrong_2_3_no_z(),
            "That is the derivative in psi, which is D's business.": wrong_2_3_in_psi(),
        },
    )


register(
    Exercise(
        id="2.3",
        title="The smallest generator",
        stars=2,
        kind="expression",
        statement=r"""
Let $G(z) = z + \theta$ and let the score be $d(x) = \psi x$. For one fixed $z$, give the derivative in $\theta$ of $z$'s
contribution to the value, $\log\bigl(1 - \sigma(d(G(z)))\bigr)$, as a sympy expression or a string in `psi`, `theta`
and `z` (functions such as `exp` are understood).
""",
        stub="""
def slope_in_theta():
    return ...
""",
        hints=(
            r"Three links in the chain: $\theta \to x = z + \theta \to d = \psi x \to \log(1 - \sigma(d))$.",
            r"The slopes of the links are $1$, $\psi$ and $-\sigma(d)$. Multiply, and put in $d = \psi (z + \theta)$.",
        ),
        explanation=r"""
By the chain rule the derivative is $-\sigma(d) \cdot \psi \cdot 1$ at $d = \psi (z + \theta)$. The three factors have
three owners: the *loss* contributes the weight $-\sigma(d)$, the *discriminator* its slope $\psi$ in $x$ (the arrow),
the *generator* its Jacobian, which is $1$ here. The data do not occur.
""",
        solution=solution_2_3,
        wrong=(
            (wrong_2_3_no_psi, "factor psi"),
            (wrong_2_3_other_loss, "not a part of V"),
            (wrong_2_3_sign, "sign is wrong"),
            (wrong_2_3_no_z, "where is z"),
            (wrong_2_3_in_psi, "D's business"),
        ),
        check=check_2_3,
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
best answer to a *fixed* judge is a single point, wherever the data are: neither cluster is near it. A game in which
$D$ stops learning ends in collapse; the variety of samples is $D$'s doing, who lowers the score wherever samples pile up.
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


# 2.5: theorem 2.1, line by line --------------------------------------------------------------------------------


def solution_2_5():
    return "cfghda"


register(
    Exercise(
        id="2.5",
        title="Prove it: the order of moves",
        stars=2,
        kind="choice",
        statement=r"""
Some allowed $G_0$ has $q = p$, and the score $d = 0$ is allowed. You may use that $\sup_D \inf_G V \le \inf_G \sup_D V$
for any sets of players. Prove that both sides are equal to $-2\log 2$: choose the lines that the proof needs, put them
into an order in which every line uses only lines before it, and return their letters as a string, such as `"bda"`. Two
of the lines do not belong to the proof. (More than one order is right.)
""",
        options={
            "a": r"So $-2\log 2 \le \sup_D\inf_G V \le \inf_G\sup_D V \le -2\log 2$, and all are equal.",
            "b": r"The score $d = 0$ is the best response to every $G$, so $\sup_D V(D, G) = -2\log 2$ for every $G$.",
            "c": r"For $G_0$, whose $q$ is $p$, $V(D, G_0) = \mathbb{E}_p[\log\sigma(d) + \log(1 - \sigma(d))]$ for every $D$.",
            "d": r"So $\inf_G V(D, G) = -2\log 2$ for one allowed $D$, and $\sup_D\inf_G V \ge -2\log 2$.",
            "e": r"Since $\sup_D V(D, G) \ge -2\log 2$ for every $G$, also $\inf_G\sup_D V \le -2\log 2$.",
            "f": r"For every real $d$, $\log\sigma(d) + \log(1 - \sigma(d)) \le -2\log 2$, since $u(1 - u) \le \frac14$.",
            "g": r"So $\sup_D V(D, G_0) \le -2\log 2$, and $\inf_G\sup_D V \le -2\log 2$.",
            "h": r"With $d = 0$, $V(D, G) = -2\log 2$ for every $G$.",
        },
        stub="""
def proof():
    # a string of letters, such as "bda"
    return ...
""",
        hints=(
            "You need a lower bound of the left side and an upper bound of the right side. Which player do you fix for which?",
            "A fixed $D$ bounds the left side from below, a fixed $G$ the right side from above. Each bound takes two or "
            "three lines, and one more line joins them.",
        ),
        explanation=r"""
*Upper bound.* For $G_0$ both expectations are taken under $p$ (c), and the sum of the two logarithms is at most
$-2\log 2$ at every point (f); so no $D$ gets more against $G_0$, and the infimum over $G$ is no larger (g). *Lower
bound.* The score $0$ gives $-2\log 2$ against every $G$ (h), so a $D$ that commits first gets at least that (d). *Both*
meet (a). Line b confuses "$d = 0$ guarantees $-2\log 2$" with "no score gets more": against a $G$ with $q \ne p$ a
better score exists. Line e draws an upper bound from a lower one. No divergence is used, and neither player needs to be
able to do more than these two things.
""",
        solution=solution_2_5,
        wrong=(
            ("cfgha", "lower bound of the left side"),
            ("fghda", "what the value is against"),
            ("cghda", "no score gets more than"),
            ("hdbga", "is not the best response"),
            ("cfehda", "bounds nothing from above"),
            ("acfghd", "comes before"),
            ("cfghd", "joined"),
            ("cfgda", "fixed score guarantees"),
        ),
        check=ordered(
            rests_on={
                "c": "",
                "f": "",
                "g": "cf",
                "h": "",
                "d": "h",
                "a": "gd",
            },
            false={
                "b": "If q differs from p, a score of 0 is not the best response: D can do better.",
                "e": "A lower bound that holds for every G bounds nothing from above.",
            },
            needed={
                "c": "It is not yet said what the value is against a generator that reaches the data.",
                "f": "It is not yet shown that no score gets more than -2 log 2 at a point.",
                "g": "The upper bound of the right side is not drawn yet.",
                "h": "It is not yet said what a fixed score guarantees against every G.",
                "d": "The lower bound of the left side is missing.",
                "a": "The two bounds still have to be joined.",
            },
        ),
    )
)


# 2.6: the value from scores -----------------------------------------------------------------------------------


def solution_2_6(d_real, d_fake):
    return logsigmoid(d_real).mean() + logsigmoid(-d_fake).mean()


def alternative_2_6_logaddexp(d_real, d_fake):
    zero = torch.zeros((), dtype=d_real.dtype)
    return (
        -torch.logaddexp(zero, -d_real).mean()
        - torch.logaddexp(zero, d_fake).mean()
    )


def wrong_2_6_log_of_sigmoid(d_real, d_fake):
    return (
        torch.log(torch.sigmoid(d_real)).mean()
        + torch.log(1 - torch.sigmoid(d_fake)).mean()
    )


def wrong_2_6_capped(d_real, d_fake):
    real, fake = torch.sigmoid(d_real), torch.sigmoid(d_fake)
    return (
        torch.log(real).clamp(min=-100).mean()
        + torch.log(1 - fake).clamp(min=-100).mean()
    )


def wrong_2_6_loss(d_real, d_fake):
    return softplus(-d_real).mean() + softplus(d_fake).mean()


def wrong_2_6_half(d_real, d_fake):
    return solution_2_6(d_real, d_fake) / 2


def wrong_2_6_pooled(d_real, d_fake):
    return 2 * torch.cat([logsigmoid(d_real), logsigmoid(-d_fake)]).mean()


def wrong_2_6_non_saturating(d_real, d_fake):
    return logsigmoid(d_real).mean() - logsigmoid(d_fake).mean()


def check_2_6(answer, c):
    for dtype in c.dtypes:
        far = (
            torch.tensor([-150.0, 3.0], dtype=dtype),
            torch.tensor([150.0, -2.0, 0.5], dtype=dtype),
        )
        near = c.normal((4,), dtype), c.normal((7,), dtype)
        for d_real, d_fake in (
            near,
            far,
            (3 * c.normal((6,), dtype), c.normal((2,), dtype)),
            (
                c.uniform(-150, 150, (5,), dtype),
                c.uniform(-40, 40, (3,), dtype),
            ),
            (
                torch.full((2,), 40.0, dtype=dtype),
                torch.full((3,), 40.0, dtype=dtype),
            ),
        ):
            got = c.call(answer, d_real, d_fake)
            exact = sum(
                torch.log1p(torch.exp(-s.double().abs()))
                .add((-s.double()).clamp(min=0))
                .mean()
                for s in (d_real, -d_fake)
            )
            texts = {
                "At a score of 150 the rounded probability is 0 or 1, and its logarithm infinite.": wrong_2_6_log_of_sigmoid,
                "That caps each logarithm at -100, as BCELoss does; the true value is -150 here.": wrong_2_6_capped,
                "That is D's loss: the value is its negative, and never above 0.": wrong_2_6_loss,
                "Half of V: the value is the sum of the two means.": wrong_2_6_half,
                "Each batch has its own mean; pooling weighs the larger batch more.": wrong_2_6_pooled,
                "The second term is log(1 - sigma(d)), not minus log sigma(d), which is the other loss.": wrong_2_6_non_saturating,
            }
            c.equal(
                got,
                -exact.to(dtype),
                mistakes={
                    text: lambda wrong=wrong, d=(d_real, d_fake): wrong(*d)
                    for text, wrong in texts.items()
                },
            )


register(
    Exercise(
        id="2.6",
        title="The value, from scores",
        stars=1,
        kind="function",
        statement=r"""
Write `value(d_real, d_fake)`: the estimate of $V(D, G)$, in nats, from a batch of scores of real samples and one of
generated samples, as a tensor of shape `()` and the scores' dtype. The batches may differ in size. Scores may be as
large as $\pm 150$: the result must be accurate there, in float32 too.
""",
        stub="""
def value(d_real, d_fake):
    return ...
""",
        hints=(
            "Form no probability: there is a function for its logarithm.",
            r"`logsigmoid(d)` is $\log\sigma(d)$, and $1 - \sigma(d) = \sigma(-d)$.",
        ),
        explanation=r"""
$V$ is the mean of $\log\sigma(d)$ over the real batch plus the mean of $\log\sigma(-d)$ over the generated one. Written
with probabilities it is infinite as soon as one score is far on the wrong side, or wrong by a cap. A single mean over
both batches would estimate $V$ for a mix that is not half and half.
""",
        solution=solution_2_6,
        alternatives=(alternative_2_6_logaddexp,),
        wrong=(
            (wrong_2_6_log_of_sigmoid, "inf"),
            (wrong_2_6_capped, "caps each"),
            (wrong_2_6_loss, "D's loss"),
            (wrong_2_6_half, "Half of V"),
            (wrong_2_6_pooled, "own mean"),
            (wrong_2_6_non_saturating, "the other loss"),
        ),
        check=check_2_6,
    )
)


# 2.7: lost digits in another format ---------------------------------------------------------------------------


def solution_2_7():
    return math.log(2**9 - 1)


def wrong_2_7_float32():
    return 24 * math.log(2)


def wrong_2_7_no_minus_one():
    return 9 * math.log(2)


def wrong_2_7_spacing():
    return math.log(2**8 - 1)


def wrong_2_7_sign():
    return -math.log(2**9 - 1)


def wrong_2_7_bits():
    return math.log2(2**9 - 1)


def wrong_2_7_exponential():
    return 9.0


def wrong_2_7_probability():
    return 1 - 2.0**-9


def check_2_7(value, c):
    low, high = 1.0, 20.0
    for _ in range(60):
        middle = torch.tensor((low + high) / 2, dtype=torch.float64)
        low, high = (
            (low, float(middle))
            if torch.sigmoid(middle).to(torch.bfloat16) == 1
            else (float(middle), high)
        )
    c.equal(
        value,
        high,
        rtol=0.0,
        atol=1e-3,
        mistakes={
            "That is the place for float32, when 1 + exp(-d) is rounded.": wrong_2_7_float32(),
            "Rounding goes to the *nearest* number: half a spacing below 1 is enough.": wrong_2_7_spacing(),
            "The sign: near probability 1 the score is positive.": wrong_2_7_sign(),
            "That is a logarithm to the base 2; scores are natural logarithms.": wrong_2_7_bits(),
            "You solved exp(-d) = 2^-9; the probability that is missing is 1/(1 + exp(d)).": wrong_2_7_no_minus_one(),
            "Nine is the exponent of the half spacing, not yet a score.": wrong_2_7_exponential(),
            "That is the probability at the border; which score belongs to it?": wrong_2_7_probability(),
        },
    )


register(
    Exercise(
        id="2.7",
        title="A probability in eight bits",
        stars=2,
        kind="value",
        statement=r"""
The format bfloat16 keeps 8 significant bits, so the largest number below $1$ is $1 - 2^{-8}$. A probability $\sigma(d)$
is computed exactly and then rounded to the nearest bfloat16. From which score on is the stored probability $1$? Give a
number, right to $0.001$.
""",
        stub="""
def first_lost_score():
    return ...
""",
        hints=(
            r"Which numbers round to $1$, and which to $1 - 2^{-8}$? The border lies in the middle.",
            r"Solve $\sigma(d) = 1 - 2^{-9}$: then $1 - \sigma(d) = 1/(1 + e^{d}) = 2^{-9}$.",
        ),
        explanation=r"""
The border lies half a spacing below $1$: $1 - \sigma(d) = 2^{-9}$, so $e^{d} = 2^9 - 1$ and $d = \log 511 = 6.236$. A
score of $6$ is an everyday event. This is why mixed-precision code keeps scores, and why PyTorch refuses
`binary_cross_entropy` under autocast and asks for the version with logits.
""",
        solution=solution_2_7,
        wrong=(
            (wrong_2_7_float32, "float32"),
            (wrong_2_7_spacing, "half a spacing"),
            (wrong_2_7_sign, "the sign"),
            (wrong_2_7_bits, "base 2"),
            (wrong_2_7_exponential, "not yet a score"),
            (wrong_2_7_no_minus_one, "you solved exp"),
            (wrong_2_7_probability, "which score"),
        ),
        check=check_2_7,
    )
)


# 2.8: a gradient without a path -------------------------------------------------------------------------------


def solution_2_8(logits, f):
    q = logits.softmax(-1)
    return q * (f - (q * f).sum(-1, keepdim=True))


def alternative_2_8_autograd(logits, f):
    with torch.enable_grad():
        leaf = logits.detach().requires_grad_()
        return torch.autograd.grad((leaf.softmax(-1) * f).sum(), leaf)[0]


def alternative_2_8_definition(logits, f):
    q = logits.softmax(-1)
    eye = torch.eye(q.shape[-1], dtype=q.dtype)
    score = eye - q[..., None, :]  # row k: the gradient of log q_k
    return ((q * f)[..., None] * score).sum(-2)


def wrong_2_8_no_baseline(logits, f):
    return logits.softmax(-1) * f


def wrong_2_8_plain_mean(logits, f):
    return logits.softmax(-1) * (f - f.mean(-1, keepdim=True))


def wrong_2_8_no_q(logits, f):
    q = logits.softmax(-1)
    return f - (q * f).sum(-1, keepdim=True)


def wrong_2_8_sign(logits, f):
    return -solution_2_8(logits, f)


def wrong_2_8_axis(logits, f):
    q = logits.softmax(0)
    return q * (f - (q * f).sum(0, keepdim=True))


def wrong_2_8_overflow(logits, f):
    q = logits.exp() / logits.exp().sum(-1, keepdim=True)
    return q * (f - (q * f).sum(-1, keepdim=True))


def wrong_2_8_choice(logits, f):
    return torch.zeros_like(logits)


def check_2_8(answer, c):
    for dtype in c.dtypes:
        for shape in ((4, 3), (2, 5), (2, 3, 4)):
            logits, f = c.normal(shape, dtype), c.normal(shape, dtype) + 1
            if shape == (2, 5):  # softmax must not overflow
                logits = logits + torch.tensor(
                    [[150.0], [-150.0]], dtype=dtype
                )
            got = c.call(answer, logits, f)
            steps = 1e-5 * torch.eye(shape[-1], dtype=torch.float64)
            want = torch.stack(
                [
                    (
                        (logits.double() + e).softmax(-1) * f
                        - (logits.double() - e).softmax(-1) * f
                    ).sum(-1)
                    / 2e-5
                    for e in steps
                ],
                -1,
            ).to(dtype)
            texts = {
                "The gradient of log q_k also has the part -q, which acts as a baseline.": wrong_2_8_no_baseline,
                "The mean that is subtracted is the one under q, not the plain one.": wrong_2_8_plain_mean,
                "Each entry is to be weighted by its own probability.": wrong_2_8_no_q,
                "The sign: this is the gradient, not the direction of descent.": wrong_2_8_sign,
                "The words lie along the last axis; the first holds independent problems.": wrong_2_8_axis,
                "Zero is what differentiating the choice gives; the expected loss does change.": wrong_2_8_choice,
            }
            c.equal(
                got,
                want,
                rtol=1e-4,
                atol=1e-6,
                mistakes={
                    text: lambda wrong=wrong, a=(logits, f): wrong(*a)
                    for text, wrong in texts.items()
                },
            )


register(
    Exercise(
        id="2.8",
        title="A gradient without a path",
        stars=3,
        kind="function",
        statement=r"""
A generator chooses word $k$ with probability $q_k = \mathrm{softmax}(\ell)_k$, and the loss of word $k$ is $f_k$. Write
`word_gradient(logits, f)`: the *exact* gradient of the expected loss $\sum_k q_k f_k$ in the logits $\ell$, that is,
$\sum_k q_k f_k \nabla_{\ell} \log q_k$ written out. Both tensors have one shape $(\dots, K)$, the words along the last
axis; so has the result, in the same dtype.
""",
        stub="""
def word_gradient(logits, f):
    return ...
""",
        hints=(
            r"$\log q_k = \ell_k - \log\sum_j e^{\ell_j}$. Its derivative in $\ell_i$ is $1[i = k] - q_i$.",
            r"Entry $i$: $\sum_k q_k f_k (1[i = k] - q_i) = q_i f_i - q_i \sum_k q_k f_k$.",
        ),
        explanation=r"""
The sum over $k$ leaves $q_i (f_i - \bar f)$ with $\bar f = \sum_k q_k f_k$: a word's logit is lowered if its loss is
above the average. The average acts as the baseline of the estimator and comes by itself when the sum is exact; with
sampled words one subtracts it by hand, to reduce the variance.
""",
        solution=solution_2_8,
        alternatives=(alternative_2_8_autograd, alternative_2_8_definition),
        wrong=(
            (wrong_2_8_no_baseline, "as a baseline"),
            (wrong_2_8_plain_mean, "not the plain one"),
            (wrong_2_8_no_q, "own probability"),
            (wrong_2_8_sign, "direction of descent"),
            (wrong_2_8_axis, "last axis"),
            (wrong_2_8_choice, "differentiating the choice"),
            (wrong_2_8_overflow, "NaN in"),
        ),
        check=check_2_8,
    )
)


# 2.9: a loss under a false name -------------------------------------------------------------------------------


def broken_2_9(d_fake):
    return -logsigmoid(d_fake).mean()


def solution_2_9(d_fake):
    return logsigmoid(-d_fake).mean()


def alternative_2_9_softplus(d_fake):
    return -softplus(d_fake).mean()


def wrong_2_9_flipped(d_fake):
    return logsigmoid(d_fake).mean()


def wrong_2_9_d_loss(d_fake):
    return softplus(d_fake).mean()


def wrong_2_9_sum(d_fake):
    return -softplus(d_fake).sum()


def wrong_2_9_critic(d_fake):
    return -d_fake.mean()


def wrong_2_9_probability(d_fake):
    return -torch.sigmoid(d_fake).mean()


def wrong_2_9_rounded(d_fake):
    return torch.log(1 - torch.sigmoid(d_fake)).mean()


def wrong_2_9_clamped(d_fake):
    return logsigmoid(-d_fake.clamp(-80, 80)).mean()


def check_2_9(answer, c):
    for dtype in c.dtypes:
        for d in (
            torch.tensor([-5.0, 0.0], dtype=dtype),
            c.uniform(-9, 9, (6,), dtype),
            c.normal((3, 1), dtype),
            torch.full((3,), -40.0, dtype=dtype),
            torch.full((2, 2), 40.0, dtype=dtype),
            torch.full((2,), 150.0, dtype=dtype),
            torch.tensor([-150.0, 900.0, -0.5, 40.0], dtype=dtype),
            c.uniform(-150, 150, (7,), dtype),
        ):
            value, (slope,) = c.call_grad(answer, d)
            exact = d.double()
            small = torch.log1p(torch.exp(-exact.abs()))
            want = -(small + exact.clamp(min=0)).mean().to(dtype)
            texts = {
                "Still the non-saturating loss: at score 0 it is +log 2, and V's term is -log 2.": broken_2_9,
                "That falls as the score *drops*: G would be paid for being found out.": wrong_2_9_flipped,
                "That is D's term, which G must lower by its negative.": wrong_2_9_d_loss,
                "A sum over the batch; V has means.": wrong_2_9_sum,
                "That is the Wasserstein critic's loss: every sample counts alike.": wrong_2_9_critic,
                "That uses the probability itself; V has its logarithm.": wrong_2_9_probability,
                "At large scores the rounded probability is 1, and the logarithm of 1 - 1 is infinite: form no probability.": wrong_2_9_rounded,
            }
            c.equal(
                value,
                want,
                mistakes={
                    text: lambda wrong=wrong, d=d: wrong(d)
                    for text, wrong in texts.items()
                },
            )
            c.equal(
                slope,
                (-torch.sigmoid(exact) / d.numel()).to(dtype),
                atol=0.0,
                says="The value is right, its gradient not.",
            )


register(
    Exercise(
        id="2.9",
        title="Find the bug: a loss under a false name",
        stars=1,
        kind="bug",
        statement=r"""
A library offers this function as "the minimax loss of the generator". Scores are high for real, and $G$ minimises.
Mend it, so that it is what its name says: $G$'s part of $V$, a mean over the batch, accurate for scores of any size.
""",
        broken=broken_2_9,
        stub="""
def minimax_loss(d_fake):
    return ...
""",
        hints=(
            r"Which value does it have at a score of $0$, and which has the second term of $V$?",
            r"$V$'s term is $\log(1 - \sigma(d)) = \log\sigma(-d)$, and $G$ minimises $V$ as it stands.",
        ),
        explanation=r"""
$-\log\sigma(d)$ is the non-saturating loss. The slip is common, because both are "cross-entropies" and both train. The
check that catches it asks for the weight at a score of $-5$: $\sigma(-5) = 0.007$ for the true minimax loss, $0.993$ for
the other. Whoever compares "minimax" with "non-saturating" by such a library compares a loss with itself.
""",
        solution=solution_2_9,
        alternatives=(alternative_2_9_softplus,),
        wrong=(
            (broken_2_9, "still the non-saturating"),
            (wrong_2_9_flipped, "found out"),
            (wrong_2_9_d_loss, "D's term"),
            (wrong_2_9_sum, "V has means"),
            (wrong_2_9_critic, "counts alike"),
            (wrong_2_9_probability, "probability itself"),
            (wrong_2_9_rounded, "form no probability"),
            (wrong_2_9_clamped, "-150 was expected"),
        ),
        check=check_2_9,
    )
)


# 2.10: the price of committing first --------------------------------------------------------------------------


def solution_2_10(p):
    gaps = []
    for j in range(len(p)):
        atom = torch.zeros_like(p)
        atom[j] = 1
        m = (p + atom) / 2
        kl_p = (torch.special.xlogy(p, p) - torch.special.xlogy(p, m)).sum()
        kl_atom = -torch.log(m[j])
        js = (kl_p + kl_atom) / 2
        gaps.append(2 * js)
    return torch.stack(gaps).min()


def alternative_2_10_best_atom(p):
    a = p.max()
    return (
        torch.special.xlogy(a, a) + 2 * math.log(2) - (1 + a) * torch.log1p(a)
    )


def every_gap(p):
    return (
        torch.special.xlogy(p, p) + 2 * math.log(2) - (1 + p) * torch.log1p(p)
    )


def wrong_2_10_worst(p):
    return every_gap(p).max()


def wrong_2_10_js(p):
    return every_gap(p).min() / 2


def wrong_2_10_value(p):
    return every_gap(p).min() - 2 * math.log(2)


def wrong_2_10_first(p):
    return every_gap(p)[0]


def wrong_2_10_variation(p):
    return 1 - p.max()


def wrong_2_10_average(p):
    return (p * every_gap(p)).sum()


def check_2_10(answer, c):
    for dtype in c.dtypes:
        fixed = torch.tensor([0.15, 0.1, 0.3, 0.25, 0.2], dtype=dtype)
        for p in (
            fixed,
            c.probabilities((4,), dtype),
            c.probabilities((7,), dtype),
            torch.tensor([0.25, 0.0, 0.75], dtype=dtype),
        ):
            exact, atoms = p.double(), torch.eye(len(p), dtype=torch.float64)
            real = torch.where(
                exact > 0,
                torch.log((exact / (exact + atoms)).clamp(min=1e-300))
                * exact,
                0.0,
            ).sum(1)
            want = (real - torch.log1p(exact)).min() + 2 * math.log(2)
            got = c.call(answer, p)
            texts = {
                "That is the worst atom; a generator that commits first picks the best one.": wrong_2_10_worst,
                "That is JS; the value is twice it, less 2 log 2.": wrong_2_10_js,
                "That is the value itself; what is asked for is how far it lies above -2 log 2.": wrong_2_10_value,
                "That is the first atom's; compare them all.": wrong_2_10_first,
                "That is the total variation distance to the best atom.": wrong_2_10_variation,
                "That is an average over atoms: G has to choose a single one, and is free to.": wrong_2_10_average,
            }
            c.equal(
                got,
                float(want),
                rtol=2e-4 if dtype == torch.float32 else 1e-6,
                mistakes={
                    text: lambda wrong=wrong, p=p: float(wrong(p))
                    for text, wrong in texts.items()
                },
            )


register(
    Exercise(
        id="2.10",
        title="The price of committing first",
        stars=2,
        kind="function",
        statement=r"""
The data are a distribution $p$ on $K$ atoms, and $G$ may only choose *one* atom, while $D$ may give each atom any score (read $\max$ as supremum). Write `gap(p)`: for a tensor of $K$
probabilities (zeros allowed), the difference $\min_G \max_D V - \max_D \min_G V$ in nats, as a number. Use what the
chapter derived about both orders. For $p = (0.15, 0.1, 0.3, 0.25, 0.2)$ it is about $0.684$.
""",
        stub="""
def gap(p):
    return ...
""",
        hints=(
            r"If $D$ commits first the value is $-2\log 2$. If $G$ commits to atom $j$, it is $2\,\mathrm{JS}(p, \delta_j) - 2\log 2$.",
            r"So the gap is $\min_j 2\,\mathrm{JS}(p, \delta_j)$; `ganbook.divergences.js` takes probability vectors.",
        ),
        explanation=r"""
The difference of the two values is $2\,\mathrm{JS}(p, \delta_j)$ at the best atom, which is the likeliest one. Written
out with $a = \max_j p_j$ it is $a \log a + 2 \log 2 - (1 + a)\log(1 + a)$: $0$ if the data are a single atom, and
$2 \log 2$ in the limit of many equal ones. A generator that may mix pays nothing.
""",
        solution=solution_2_10,
        alternatives=(alternative_2_10_best_atom,),
        wrong=(
            (wrong_2_10_worst, "worst atom"),
            (wrong_2_10_js, "That is JS"),
            (wrong_2_10_value, "value itself"),
            (wrong_2_10_first, "compare them all"),
            (wrong_2_10_variation, "total variation"),
            (wrong_2_10_average, "average over atoms"),
        ),
        check=check_2_10,
    )
)


# 2.11: four logs ----------------------------------------------------------------------------------------------

TRUTH = {"A": "frozen G", "B": "healthy", "C": "saturated", "D": "frozen D"}


def solution_2_11():
    return {
        "A": "frozen G",
        "B": "healthy",
        "C": "saturated",
        "D": "frozen D",
    }


register(
    Exercise(
        id="2.11",
        title="Which run is which?",
        stars=2,
        kind="classify",
        statement=r"""
The figure above shows the losses of both players in four runs of the plane's game, not all from the same distance. In
one run $G$'s learning rate is set to zero after one ordinary round (`"frozen G"`), in one $D$'s after forty
(`"frozen D"`). In one, `"saturated"`, $G$ uses the minimax loss from a far start; in the remaining one, `"healthy"`,
nothing is wrong. All but the `"saturated"` run use the non-saturating loss. Return a dict from `"A"`, `"B"`, `"C"`,
`"D"` to these names.
""",
        stub="""
def diagnosis():
    return ...
""",
        hints=(
            r"Look at the *sign* of G's loss first: $-\mathrm{softplus}(d)$ is never positive, $\mathrm{softplus}(-d)$ never negative.",
            r"If the samples are as good as the data, the losses are near $2\log 2$ and $\log 2$. If G stands still, D's loss "
            "tends down and G's tends up; if D stands still, it is the other way round.",
        ),
        explanation=r"""
C has a loss of $G$ below zero: minimax, and near zero at that, so all weights $\sigma(d)$ are near zero as well. In B
the losses settle at $2\log 2 = 1.39$ and $\log 2 = 0.69$, the values at $d = 0$. In A $D$'s loss falls to
zero while $G$'s grows: $D$ learns and $G$ does not respond. In D $G$'s loss falls and $D$'s grows: $G$ maximises a fixed
score, whether or not its maximum lies near the data. A falling loss of either player is no evidence of quality.
""",
        solution=solution_2_11,
        wrong=(
            ({**TRUTH, "A": "saturated"}, "G's loss grows far above zero"),
            ({**TRUTH, "A": "healthy"}, "D wins all the time"),
            ({**TRUTH, "B": "frozen D"}, "settle at the values"),
            ({**TRUTH, "C": "healthy"}, "below zero"),
            ({**TRUTH, "C": "frozen G"}, "never be negative"),
            ({**TRUTH, "D": "healthy"}, "nothing holds it back"),
        ),
        check=classify(
            TRUTH,
            labels=("healthy", "saturated", "frozen G", "frozen D"),
            reasons={
                (
                    "A",
                    "saturated",
                ): "There G's loss grows far above zero, so it is not the minimax loss.",
                (
                    "A",
                    "healthy",
                ): "D wins all the time, and G's loss only grows: nobody answers D.",
                ("A", "frozen D"): "D's loss falls steadily: D does learn.",
                (
                    "B",
                    "frozen D",
                ): "Both losses settle at the values for d = 0; a D that stands still "
                "does not pay just that.",
                (
                    "B",
                    "frozen G",
                ): "If G stood still, D's loss would go on falling.",
                (
                    "B",
                    "saturated",
                ): "G's loss is positive there: not minimax.",
                (
                    "C",
                    "healthy",
                ): "G's loss lies below zero: which of the two losses can do that?",
                (
                    "C",
                    "frozen G",
                ): "The runs with frozen players use the non-saturating loss, which can never be negative.",
                ("C", "frozen D"): "D's loss falls to zero: D does learn.",
                (
                    "D",
                    "healthy",
                ): "G's loss falls and falls: nothing holds it back, D does not answer.",
                ("D", "frozen G"): "G's loss falls: G does move.",
                ("D", "saturated"): "G's loss is positive: not minimax.",
            },
        ),
    )
)


# 2.12: a judge that misleads ----------------------------------------------------------------------------------


def solution_2_12(x):
    return x - 0.05 * torch.sin(14 * math.pi * x)


def alternative_2_12_slower(x):
    return x + 0.045 * torch.sin(2 * math.pi * 8 * x + math.pi)


def wrong_2_12_rounded(x):
    return torch.round(10 * x) / 10


def wrong_2_12_mirror(x):
    return -x


def wrong_2_12_slow(x):
    return x - 0.05 * torch.sin(2 * math.pi * x)


def wrong_2_12_phase(x):
    return x + 0.05 * torch.sin(14 * math.pi * x)


def wrong_2_12_jumps(x):
    near = torch.round(x)
    return torch.where((x - near).abs() < 0.02, near - 1.2 * (x - near), x)


def wrong_2_12_detached(x):
    return 2 * x.detach() - x


def check_2_12(answer, c):
    for dtype in c.dtypes:
        at = torch.arange(-3, 4).to(dtype)
        anywhere = c.uniform(-3.5, 3.5, (500,), dtype)
        c.equal(
            c.call(answer, anywhere),
            anywhere,
            rtol=0.0,
            atol=0.0501,
            says="It has to judge as d(x) = x does, within 0.05, everywhere.",
        )
        value, (slope,) = c.call_grad(answer, at)
        c.equal(
            value,
            at,
            rtol=0.0,
            atol=0.0501,
            says="It has to judge as d(x) = x does at the integers too.",
        )
        c.true(
            slope.isfinite().all(),
            "Its slope at the integers is NaN or infinite.",
        )
        c.true(
            not (slope == 0).all(),
            "Its slope is 0: it moves no point, but it sends none the wrong way either.",
            "",
        )
        grid = c.number(0, 1e-4) + torch.arange(-34_000, 34_000) * 1e-4
        heights, (steepness,) = c.call_grad(answer, grid.double())
        risen = (steepness[1:] + steepness[:-1]) / 2 * grid.diff().double()
        jump = (heights.diff() - risen).abs()
        smooth = not (jump > 1e-3).any()
        h = 1e-3
        along = (answer(at.double() + h) - answer(at.double() - h)) / (2 * h)
        c.true(
            (along <= -0.9).all() == (slope <= -0.9).all(),
            "What autograd reports is not how the score really changes: a detach hides a part of it.",
            "",
        )
        c.true(
            smooth,
            f"It jumps near x = {float(grid[jump.argmax()]):.3f}: a function with a jump is not differentiable there.",
            "",
        )
        c.true(
            (slope < 1).all(),
            "At the integers its slope is steeper the right way; turn the ripple round.",
            "",
        )
        c.true(
            (slope <= -1).all(),
            "The slope at the integers is not yet -1 or less: the ripple is too slow.",
            "",
        )


register(
    Exercise(
        id="2.12",
        title="A judge that misleads",
        stars=3,
        kind="function",
        statement=r"""
A good judge of points on the line has the score $d(x) = x$ and sends every point to the right. Write `judge(x)`, for a
float tensor of any shape, with the same shape and dtype in the result, that gives every point between $-3.5$ and $3.5$ the
score $d(x)$ up to $0.05$, and yet has a slope of $-1$ or less at each of the integers $-3, \dots, 3$, so that a point
that stands there is sent to the left. It must be differentiable by autograd, and what autograd reports must be true.
""",
        stub="""
def judge(x):
    return ...
""",
        hints=(
            r"Add something small and fast: a ripple of height at most $0.05$ that passes through zero at every integer.",
            r"$-a \sin(2\pi k x)$ has the slope $-2\pi k a$ at the integers. With $a = 0.05$, which $k$ gives $1 - 2\pi k a \le -1$?",
        ),
        explanation=r"""
$x - 0.05 \sin(2\pi k x)$ is within $0.05$ of $x$ and has the slope $1 - 0.1\pi k$ at the integers: $k = 7$ gives $-1.2$.
No bound on the *error* of a function bounds the error of its *slope*. A discriminator that classifies almost as well as
the best one may send samples anywhere; penalties on $D$'s gradient, such as R1, are there to forbid the ripple.
""",
        solution=solution_2_12,
        alternatives=(alternative_2_12_slower,),
        wrong=(
            (wrong_2_12_rounded, "moves no point"),
            (wrong_2_12_mirror, "within 0.05, everywhere"),
            (wrong_2_12_slow, "too slow"),
            (wrong_2_12_phase, "turn the ripple round"),
            (wrong_2_12_detached, "a detach hides"),
            (wrong_2_12_jumps, "with a jump"),
        ),
        check=check_2_12,
    )
)


# 2.13: where the losses disagree most -------------------------------------------------------------------------


def solution_2_13():
    return -6.0, 6.0


def wrong_2_13_chapter():
    return -5.0, 0.0


def wrong_2_13_equal():
    return -5.0, -5.0


def wrong_2_13_both_good():
    return 5.0, 2.0


def wrong_2_13_too_far():
    return -40.0, 40.0


def wrong_2_13_mild():
    return -2.0, 2.0


def check_2_13(answer, c):
    scores = c.call(answer)
    c.equal(
        torch.as_tensor(scores).shape[0]
        if torch.as_tensor(scores).ndim == 1
        else -1,
        2,
        says="A pair of two scores is expected.",
    )
    d = torch.as_tensor(scores, dtype=torch.float64).clone().requires_grad_()
    c.true(d.isfinite().all(), "A score is NaN or infinite.")
    c.true((d.abs() <= 6).all(), "A score lies outside of -6 to 6.", "")
    slopes = [
        torch.autograd.grad(loss.generator(d), d)[0]
        for loss in (MINIMAX, NON_SATURATING)
    ]
    angle = math.degrees(
        math.acos(float(torch.cosine_similarity(*slopes, dim=0).clamp(-1, 1)))
    )
    a, b = d.tolist()
    if a == b:
        c.fail(
            "Equal scores have equal weights: the two updates are parallel.",
            "",
        )
    if max(a, b) <= 0:
        c.fail(
            f"The angle is {angle:.0f} degrees: one loss ignores the worse sample, but the other still hears both.",
            "",
        )
    if min(a, b) >= 0:
        c.fail(
            f"The angle is {angle:.0f} degrees: no sample has been seen through by D.",
            "",
        )
    c.true(
        angle >= 89,
        f"The angle is {angle:.0f} degrees: of the right kind, but not yet extreme enough.",
        "",
    )


register(
    Exercise(
        id="2.13",
        title="As far apart as can be",
        stars=2,
        kind="experiment",
        statement=r"""
Before the loss weighs them, two samples pull $G$'s parameters with equal strength at right angles; a loss multiplies
each pull by $\sigma(d)$ or $\sigma(-d)$, and the update is the sum. With the scores $-5$ and $0$ the update
under the minimax loss and the one under the non-saturating loss form an angle of 63 degrees. Find two scores between
$-6$ and $6$ for which the angle is at least 89 degrees, by thought or by search, and return them as a pair.
""",
        stub="""
def two_scores():
    return ...
""",
        hints=(
            r"The updates are $(\sigma(a), \sigma(b))$ and $(\sigma(-a), \sigma(-b))$. Right angles need each of them to lie along another axis.",
            "One loss must hear only the first sample, the other only the second: one score very negative, the other very positive.",
        ),
        explanation=r"""
For scores $(-6, 6)$ the weights are $(0.002, 0.998)$ and $(0.998, 0.002)$: the minimax loss perfects the sample that
already passes for real, the other rescues the one that $D$ has seen through. Both losses agree about each sample, and
their updates are orthogonal.
""",
        solution=solution_2_13,
        wrong=(
            (wrong_2_13_chapter, "still hears both"),
            (wrong_2_13_equal, "parallel"),
            (wrong_2_13_both_good, "has been seen through"),
            (wrong_2_13_too_far, "outside of"),
            (wrong_2_13_mild, "extreme enough"),
        ),
        check=check_2_13,
    )
)
