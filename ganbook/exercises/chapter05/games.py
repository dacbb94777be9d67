r"""Exercises 5.4, 5.6 and 5.7."""

import math

import numpy as np
import torch

from ganbook.exercises.chapter05.divergences import LOG2
from ganbook.exercises.engine.core import (
    Exercise,
    choice,
    register,
)

# 5.4 ---------------------------------------------------------------------------------------------------------------


def solution_5_4(value, unit):
    nats = (value + 2 * math.log(2)) / 2
    return nats / math.log(2) if unit == "bits" else nats


def alternative_5_4_numpy(value, unit):
    size = {"nats": 1.0, "bits": np.log(2)}[unit]
    return np.log(2) / size + value / (2 * size)


def wrong_5_4_half(value, unit):
    return 2 * solution_5_4(value, unit)


def wrong_5_4_log2(value, unit):
    return solution_5_4(value - LOG2, unit)


def wrong_5_4_raw(value, unit):
    return value / 2 / (LOG2 if unit == "bits" else 1)


def wrong_5_4_times(value, unit):
    return solution_5_4(value, "nats") * (LOG2 if unit == "bits" else 1)


def wrong_5_4_no_unit(value, unit):
    return solution_5_4(value, "nats")


def wrong_5_4_sign(value, unit):
    return solution_5_4(-value - 4 * LOG2, unit)


def wrong_5_4_minus(value, unit):
    return solution_5_4(value - 4 * LOG2, unit)


def wrong_5_4_mixed(value, unit):
    return (value + 2 * (LOG2 if unit == "nats" else 1)) / 2


def wrong_5_4_floor(value, unit):
    return max(solution_5_4(value, unit), 1e-3)


def check_5_4(answer, c):
    for near in (1.0, 1.0, 1.0, 0.01, 0.0, 9.0):  # how far q lies from p
        p, q = c.probabilities((2, 4))
        q = p + near * (q - p)
        if near > 1:  # nearly disjoint: close to one bit
            p = torch.tensor([0.497, 0.5, 0.001, 0.002], dtype=torch.float64)
            q = p.flip(0)
        value = float(
            (p * (p / (p + q)).log() + q * (q / (p + q)).log()).sum()
        )
        m = (p + q) / 2
        truth = float((p * (p / m).log() + q * (q / m).log()).sum()) / 2
        for unit in ("nats", "bits"):
            got = c.call(answer, value, unit)
            size = LOG2 if unit == "bits" else 1.0
            c.equal(
                got,
                truth / size,
                rtol=1e-7,
                atol=1e-9,
                mistakes={
                    "That is twice the divergence: the value holds 2 JS.": 2
                    * truth
                    / size,
                    "Only one log 2 was taken away; the value is shifted by log 4.": (
                        truth - LOG2 / 2
                    )
                    / size,
                    "The shift by log 4 is missing: at p = q the value is not zero.": value
                    / 2
                    / size,
                    "The unit went the wrong way: one bit is log 2 nats, so there are more bits than nats.": truth
                    * LOG2,
                    "That is in nats; the unit was not looked at.": truth,
                    "The sign: a larger value means laws that are easier to tell apart.": -truth
                    / size,
                    "The log 4 was subtracted: solve for JS, which cannot be negative.": truth
                    / size
                    - 2 * LOG2 / size,
                    "Equal laws have the divergence zero: put no floor below it.": wrong_5_4_floor(
                        value, unit
                    ),
                    "Bits were added to nats: the value is in nats, so convert it as well.": value
                    / 2
                    + 1,
                },
            )


register(
    Exercise(
        id="5.4",
        title="Reading the value of the game",
        stars=1,
        kind="function",
        statement=r"""
A discriminator has been trained to the optimum, and the game has the value $V^\star = \mathbb{E}_p[\log D] +
\mathbb{E}_q[\log (1 - D)]$, in nats. Write `js_from_value(value, unit)`: the Jensen–Shannon divergence of $p$ and
$q$, in the `unit` `"nats"` or `"bits"`. `value` is a float; return a number.
""",
        stub="""
def js_from_value(value, unit):
    return ...
""",
        hints=(
            r"What is $V^\star$ when the two laws are equal? What must your function return there?",
            r"Solve $V^\star = 2\,\mathrm{JS} - 2\log 2$. One bit is $\log 2 \approx 0.693$ nats.",
        ),
        explanation=r"""
$\mathrm{JS} = \tfrac12 V^\star + \log 2$ nats. Two anchors catch every slip: at $p = q$ the value is $-\log 4$ and JS
is $0$; for disjoint laws the value is $0$ and JS is $\log 2$ nats, which is exactly one bit. In bits JS lies
between 0 and 1, so the number of bits is the *larger* one.
""",
        solution=solution_5_4,
        alternatives=(alternative_5_4_numpy,),
        wrong=(
            (wrong_5_4_half, "twice the divergence"),
            (wrong_5_4_log2, "Only one log 2"),
            (wrong_5_4_raw, "is missing"),
            (wrong_5_4_times, "wrong way"),
            (wrong_5_4_no_unit, "not looked at"),
            (wrong_5_4_sign, "The sign"),
            (wrong_5_4_minus, "was subtracted"),
            (wrong_5_4_mixed, "Bits were added"),
            (wrong_5_4_floor, "put no floor"),
        ),
        check=check_5_4,
    )
)


# 5.6 ---------------------------------------------------------------------------------------------------------------


def solution_5_6():
    return "c"


register(
    Exercise(
        id="5.6",
        title="What is sure to fall?",
        stars=2,
        kind="choice",
        statement=r"""
For the generator's present law $q$, the discriminator is trained to its optimum, and then frozen. The generator takes
one very small gradient step on $\mathbb{E}_q[-\log D^\star]$. Its law is some smooth function of its parameters, of
which you know nothing more; the gradient is not zero. Which quantity is *sure* to be smaller afterwards, whatever
that parametrisation? Return one letter.
""",
        options={
            "a": r"$\mathrm{JS}(p, q)$, for the game's value is a JS divergence",
            "b": r"$\mathbb{E}_q[-\log D^\star]$ with $D^\star$ trained anew, the number that the training loop prints",
            "c": r"$\mathrm{KL}(m \,\|\, p)$, with $m$ the midpoint of $p$ and the new $q$",
            "d": r"$\mathrm{KL}(p \,\|\, q)$, the divergence of maximum likelihood",
            "e": r"$-2\,\mathrm{JS}(p, q)$, the term that pushes $q$ away from $p$",
            "f": r"none: a generator's loss against a frozen opponent measures no divergence",
        },
        stub="""
def letter():
    return ...
""",
        hints=(
            "A small gradient step surely lowers the function whose gradient it is, and in general nothing else.",
            r"Which divergence has the gradient of the loss *with $D^\star$ fixed*?",
        ),
        explanation=r"""
With $D^\star$ fixed, the gradient is that of $2\,\mathrm{KL}(m \,\|\, p)$, so this falls. Any other function of $q$
changes by $\int \delta q\, g$ with its own $g$; unless $g$ is $-\log D^\star$ up to a positive factor and a constant, there are
parametrisations in which the step raises it. That goes for JS, and also for the printed number, whose gradient has
the extra term from the motion of $D^\star$. In a run these others may fall as well; that they did in one run is no
reason to expect it.
""",
        solution=solution_5_6,
        wrong=(
            ("a", "minimax loss"),
            ("b", "follows q"),
            ("d", "never sees"),
            ("e", "not a force of its own"),
            ("f", "frozen or not"),
        ),
        check=choice(
            "c",
            a="JS is what the minimax loss follows; the non-saturating loss weighs the samples differently.",
            b="The number depends on q in two ways, directly and because D* follows q; the step sees the first only.",
            d="That one averages log q over the data, and this step never sees the data except through D*.",
            e="The term is part of a difference that is a divergence as a whole; it is not a force of its own.",
            f="The gradient against the optimum, frozen or not, is that of a definite function of q: find it.",
        ),
    )
)


# 5.7 ---------------------------------------------------------------------------------------------------------------


def solution_5_7(theta, p):
    q = torch.softmax(theta, 0)
    h = -torch.log(p / (p + q))
    return q * (h - (q * h).sum())


def alternative_5_7_autograd(theta, p):
    leaf = theta.detach().clone().requires_grad_()
    q = torch.softmax(leaf, 0)
    D = (p / (p + q)).detach()
    return torch.autograd.grad((q * -D.log()).sum(), leaf)[0]


def alternative_5_7_midpoint(theta, p):
    leaf = theta.detach().clone().requires_grad_()
    m = (p + torch.softmax(leaf, 0)) / 2
    return torch.autograd.grad(2 * (m * (m / p).log()).sum(), leaf)[0]


def _through(theta, h):
    q = torch.softmax(theta, 0)
    return q * (h - (q * h).sum())


def wrong_5_7_moving(theta, p):
    D = p / (p + torch.softmax(theta, 0))
    return _through(theta, -D.log() + 1 - D)


def wrong_5_7_minimax(theta, p):
    D = p / (p + torch.softmax(theta, 0))
    return _through(theta, (1 - D).log())


def wrong_5_7_sign(theta, p):
    return -solution_5_7(theta, p)


def wrong_5_7_uncentred(theta, p):
    q = torch.softmax(theta, 0)
    return q * -torch.log(p / (p + q))


def wrong_5_7_in_q(theta, p):
    q = torch.softmax(theta, 0)
    return -torch.log(p / (p + q))


def wrong_5_7_plain_mean(theta, p):
    q = torch.softmax(theta, 0)
    h = -torch.log(p / (p + q))
    return q * (h - h.mean())


def wrong_5_7_mean_over_p(theta, p):
    q = torch.softmax(theta, 0)
    h = -torch.log(p / (p + q))
    return q * (h - (p * h).sum())


def wrong_5_7_reverse_kl(theta, p):
    return _through(theta, torch.log(torch.softmax(theta, 0) / p))


def wrong_5_7_per_atom(theta, p):
    return solution_5_7(theta, p) / len(p)


def wrong_5_7_overflow(theta, p):
    q = theta.float().exp() / theta.float().exp().sum()
    q = q.to(theta.dtype)
    h = -torch.log(p / (p + q))
    return q * (h - (q * h).sum())


def wrong_5_7_swapped(theta, p):
    q = torch.softmax(theta, 0)
    return _through(theta, -torch.log(q / (p + q)))


def check_5_7(answer, c):
    told = {
        "That lets D* move with q; in the generator's step it is frozen.": wrong_5_7_moving,
        "That is the gradient of the minimax loss.": wrong_5_7_minimax,
        "The sign: the gradient points uphill.": wrong_5_7_sign,
        "Softmax couples the logits: its own average has to come off every entry.": wrong_5_7_uncentred,
        "That is the gradient in q; the chain rule through the softmax is missing.": wrong_5_7_in_q,
        "That discriminator is optimal with real and generated exchanged.": wrong_5_7_swapped,
        "The average that comes off is the mean of h under q, not the plain mean.": wrong_5_7_plain_mean,
        "The average that comes off is taken under q, not under p.": wrong_5_7_mean_over_p,
        "That is the gradient of KL(q || p): h is the log of (p + q)/p, not of q/p.": wrong_5_7_reverse_kl,
        "K times too small: the loss is a sum weighted by q, not a mean over the atoms.": wrong_5_7_per_atom,
    }
    for dtype in c.dtypes:
        for k in (3, 5, 8, 6):
            theta, p = c.normal((k,), dtype), c.probabilities((k,), dtype)
            if k == 8:  # atoms that the data hardly ever show
                p[:3] *= 1e-7
                p = p / p.sum()
            if k == 6:  # logits of any size
                far = torch.tensor([150.0, 149.0, 40.0, -40.0, -150.0, 148.5])
                theta = theta + far.to(dtype)
            got = c.call(answer, theta, p)
            with torch.enable_grad():
                want = alternative_5_7_midpoint(
                    theta.double(), p.double()
                ).to(dtype)
            c.equal(
                got,
                want,
                rtol=1e-4,
                atol=1e-6,
                mistakes={text: make(theta, p) for text, make in told.items()}
                if k != 6
                else {},
                says="Logits may be large: exp of them overflows, softmax does not."
                if k == 6
                else "",
            )


register(
    Exercise(
        id="5.7",
        title="The force on five atoms",
        stars=3,
        kind="function",
        statement=r"""
A generator on $K$ atoms has the law $q = \mathrm{softmax}(\theta)$; the data have the law $p > 0$. Write
`force(theta, p)`: the gradient in $\theta$ of the non-saturating loss $\mathbb{E}_q[-\log D]$, taken at the optimal
discriminator for the present $q$, which is then held fixed. Both arguments are tensors of shape $(K,)$; return one of
the same shape and dtype. With or without autograd.
""",
        stub="""
def force(theta, p):
    return ...
""",
        hints=(
            r"With $D$ fixed the loss is $\sum_k q_k h_k$ with constants $h_k$. What are they?",
            r"$\partial q_j / \partial \theta_k = q_j(\mathbb{1}[j = k] - q_k)$, so the gradient is "
            r"$q_k (h_k - \sum_j q_j h_j)$. With autograd: detach $D$, not $q$.",
        ),
        explanation=r"""
$h_k = -\log D^\star_k = \log (p_k + q_k)/p_k$ and $\partial_k = q_k (h_k - \sum_j q_j h_j)$. An atom's logit falls
where its $h$ is above average: where the generator has more than its share. The theorem of this chapter gives a second
way to the same vector, the gradient of $2\,\mathrm{KL}(m \,\|\, p)$, in which everything moves and nothing is
detached. Forget `detach` on $D$ and you get a third vector that training never uses.
""",
        solution=solution_5_7,
        alternatives=(alternative_5_7_autograd, alternative_5_7_midpoint),
        wrong=(
            (wrong_5_7_moving, "frozen"),
            (wrong_5_7_minimax, "minimax"),
            (wrong_5_7_sign, "uphill"),
            (wrong_5_7_uncentred, "average has to come off"),
            (wrong_5_7_in_q, "chain rule"),
            (wrong_5_7_swapped, "exchanged"),
            (wrong_5_7_overflow, "softmax does not"),
            (wrong_5_7_plain_mean, "not the plain mean"),
            (wrong_5_7_mean_over_p, "not under p"),
            (wrong_5_7_reverse_kl, "not of q/p"),
            (wrong_5_7_per_atom, "K times too small"),
        ),
        check=check_5_7,
    )
)
