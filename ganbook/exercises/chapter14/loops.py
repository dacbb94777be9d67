r"""Exercises of chapter 14 on the generator's steps and on the classifier's loss."""

import math

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from ganbook.control import auxiliary_equilibrium
from ganbook.exercises.engine.core import Exercise, register
from ganbook.exercises.engine.mistakes import mistake, outcomes

# 14.6 ------------------------------------------------------------------


def solution_14_6(force, a, rate, steps):
    for _ in range(steps):
        a = a - rate * force(a)
    return a


def alternative_14_6_path(force, a, rate, steps):
    path = [a]
    while len(path) <= steps:
        path.append(path[-1] - rate * force(path[-1]))
    return path[-1]


@mistake(
    "That climbs: the generator moves against the derivative of its loss."
)
def wrong_14_6_ascent(force, a, rate, steps):
    return solution_14_6(force, a, -rate, steps)


@mistake("One step is missing.")
def wrong_14_6_one_less(force, a, rate, steps):
    return solution_14_6(force, a, rate, steps - 1)


@mistake(
    "That takes the force of the first point for all steps: D and C answer anew after each."
)
def wrong_14_6_frozen(force, a, rate, steps):
    return a - rate * steps * force(a)


@mistake(
    "That uses the direction of the force only; plain gradient steps shrink with it."
)
def wrong_14_6_sign(force, a, rate, steps):
    for _ in range(steps):
        a = a - rate * math.copysign(1.0, force(a))
    return a


@mistake("That starts at the data, whatever start was given.")
def wrong_14_6_start(force, a, rate, steps):
    return solution_14_6(force, 1.0, rate, steps)


@mistake("With no step at all $a$ stays as it is.")
def wrong_14_6_at_least_once(force, a, rate, steps):
    return solution_14_6(force, a, rate, max(steps, 1))


@mistake("That keeps $a$ from being negative; plain descent does not.")
def wrong_14_6_positive(force, a, rate, steps):
    for _ in range(steps):
        a = max(a - rate * force(a), 0.0)
    return a


@mistake("That stops where the force is small; all the steps were asked for.")
def wrong_14_6_stops_early(force, a, rate, steps):
    for _ in range(steps):
        if abs(force(a)) < 1e-3:
            break
        a = a - rate * force(a)
    return a


def check_14_6(answer, c):
    for loss, fitted_on in (("minimax", "real"), ("non_saturating", "both")):
        weight = c.number(0.5, 2.0)
        stop = auxiliary_equilibrium(weight, loss, fitted_on)
        slope = c.number(0.2, 0.6)

        def force(a, stop=stop, slope=slope):
            return slope * math.tanh(a - stop)

        def weak(a, stop=stop):
            return 1e-4 * (a - stop)

        for push, a, rate, steps in (
            (force, 2.0, 0.3, 25),
            (force, c.number(0.5, 0.9), 0.2, c.integer(3, 9)),
            (force, c.number(1.0, 2.0), 0.2, 0),
            (weak, c.number(2.5, 3.0), 300.0, c.integer(30, 60)),
            (force, c.number(-2.0, -1.0), 0.2, c.integer(2, 3)),
        ):
            want = a
            for _ in range(steps):
                want -= rate * push(want)
            c.equal(
                c.call(answer, push, a, rate, steps),
                want,
                rtol=1e-9,
                mistakes=outcomes(
                    (push, a, rate, steps),
                    wrong_14_6_ascent,
                    wrong_14_6_one_less,
                    wrong_14_6_frozen,
                    wrong_14_6_stops_early,
                    wrong_14_6_sign,
                    wrong_14_6_at_least_once,
                    wrong_14_6_positive,
                    wrong_14_6_start,
                ),
            )
    c.like(
        answer,
        solution_14_6,
        lambda: (lambda a: 0.02 * a - 1, 0.0, 0.1, 150),
        rtol=1e-9,
        says="All steps count, also the hundredth.",
    )


register(
    Exercise(
        id="14.6",
        title="Train the generator of the puzzle",
        stars=1,
        kind="function",
        statement=r"""
    Write `train(force, a, rate, steps)`: plain gradient descent for the one number $a$ of the generator, `steps` times (0 or more),
    where `force(a)` is the derivative of $L_G$ in $a$ with $D$ and $C$ at their best replies to $a$. Return the last $a$ as a
    number. Afterwards, run it with `lambda a: auxiliary_force(a, 1.0, "non_saturating", "both")` from $a = 1$, the data, for 60 steps of rate 1:
    it leaves them for $1.519$.
    """,
        stub="""
    def train(force, a, rate, steps):
        return ...
    """,
        hints=(
            r"One line in a loop.",
            r"$a \leftarrow a - \eta F(a)$, with $F$ taken at the new $a$ each time.",
        ),
        explanation=r"""
    This is the generator's half of the training loop with the other half replaced by its exact answer. It shows that the
    bias has nothing to do with noise or weak networks: started at the perfect generator, and with exact replies, descent moves away from it.
    """,
        solution=solution_14_6,
        alternatives=(alternative_14_6_path,),
        wrong=(
            wrong_14_6_ascent,
            wrong_14_6_one_less,
            wrong_14_6_frozen,
            wrong_14_6_sign,
            wrong_14_6_start,
            wrong_14_6_at_least_once,
            wrong_14_6_positive,
            wrong_14_6_stops_early,
        ),
        check=check_14_6,
    )
)

# 14.7 ------------------------------------------------------------------


def broken_14_7(C, x, y):
    return cross_entropy(torch.softmax(C(x), dim=1), y)


def solution_14_7(C, x, y):
    return cross_entropy(C(x), y)


def alternative_14_7_by_hand(C, x, y):
    logits = C(x)
    own = logits.gather(1, y[:, None])[:, 0]
    return (torch.logsumexp(logits, dim=1) - own).mean()


def wrong_14_7_rows(C, x, y):
    return cross_entropy(torch.log_softmax(C(x), dim=0), y)


def wrong_14_7_sum(C, x, y):
    return cross_entropy(C(x), y, reduction="sum")


def wrong_14_7_nll(C, x, y):
    return nn.functional.nll_loss(torch.softmax(C(x), dim=1), y)


def wrong_14_7_sigmoid(C, x, y):
    return cross_entropy(torch.sigmoid(C(x)), y)


def wrong_14_7_no_learning(C, x, y):
    return cross_entropy(C(x).detach(), y)


def wrong_14_7_backward(C, x, y):
    loss = cross_entropy(C(x), y)
    loss.backward(retain_graph=True)
    return loss


def wrong_14_7_frozen_bias(C, x, y):
    return cross_entropy(
        nn.functional.linear(x, C.weight, C.bias.detach()), y
    )


def check_14_7(answer, c):
    for dtype in c.dtypes:
        for scale in (1.0, 30.0):
            K, N = c.integer(3, 10), c.integer(4, 7)
            C = nn.Linear(3, K).to(dtype)
            with torch.no_grad():
                C.weight.copy_(scale * c.normal((K, 3), dtype))
                C.bias.copy_(c.normal((K,), dtype))
            x = c.normal((N, 3), dtype)
            y = torch.tensor([c.integer(0, K - 1) for _ in range(N)])
            logits = C(x).detach().double()
            top = logits.amax(dim=1)
            log_z = top + (logits - top[:, None]).exp().sum(dim=1).log()
            want = (log_z - logits[torch.arange(N), y]).mean().to(dtype)
            as_before = c.watch(C)
            got = c.call(answer, C, x, y)
            as_before()
            values = {
                "A softmax comes before a function that takes logits: the loss never falls below log(e + K - 1) - 1.": broken_14_7,
                "That normalises over the batch, axis 0.": wrong_14_7_rows,
                "That adds up over the batch; the mean was asked for.": wrong_14_7_sum,
                "nll_loss takes log-probabilities: without the logarithm its minimum is -1.": wrong_14_7_nll,
                "A sigmoid squashes the logits as well.": wrong_14_7_sigmoid,
            }
            c.equal(
                got.detach() if isinstance(got, torch.Tensor) else got,
                want,
                rtol=1e-4 if dtype == torch.float32 else 1e-9,
                atol=1e-5 if dtype == torch.float32 else 1e-10,
                mistakes={
                    words: function(C, x, y).detach()
                    for words, function in values.items()
                },
            )
            c.true(
                got.requires_grad,
                "The value is right, but no gradient reaches C: nothing will be learned.",
            )
            slopes = torch.autograd.grad(
                got, tuple(C.parameters()), allow_unused=True
            )
            c.true(
                all(slope is not None for slope in slopes),
                "The value is right, but a part of C is cut off from it.",
            )
            wanted = torch.autograd.grad(
                solution_14_7(C, x, y), tuple(C.parameters())
            )
            c.true(
                all(
                    c.agrees(slope, right, rtol=1e-3, atol=1e-5)
                    for slope, right in zip(slopes, wanted, strict=True)
                ),
                "The value is right, but its gradient is not: a part of it was detached.",
            )


register(
    Exercise(
        id="14.7",
        title="A loss that stops at 1.46",
        stars=1,
        kind="bug",
        statement=r"""
    This is the classifier's loss in an auxiliary game with ten classes, for a network `C` that ends in a linear layer, samples `x`
    of shape `(N, n)` and labels `y`, int64 of shape `(N,)`. The loss falls, and levels off near $1.46$ even on a batch that the
    network has learned by heart. Mend it: return the mean cross-entropy in nats, a tensor through which `C` can be trained.
    """,
        stub="""
    def classifier_loss(C, x, y):
        return ...
    """,
        broken=broken_14_7,
        hints=(
            r"What does `torch.nn.functional.cross_entropy` expect, probabilities or logits?",
            r"It applies the softmax itself. Hand it the output of the linear layer.",
        ),
        explanation=r"""
    `cross_entropy` takes logits. Given probabilities, it forms a second softmax, whose largest possible value at one of ten
    classes is $e/(e + 9)$; hence the floor $\log(e + 9) - 1 = 1.4612$. Train on one batch: a correct loss goes to 0.
    """,
        solution=solution_14_7,
        alternatives=(alternative_14_7_by_hand,),
        wrong=(
            (broken_14_7, "never falls below"),
            (wrong_14_7_rows, "axis 0"),
            (wrong_14_7_sum, "adds up"),
            (wrong_14_7_nll, "nll_loss"),
            (wrong_14_7_sigmoid, "A sigmoid"),
            (wrong_14_7_no_learning, "no gradient reaches"),
            (wrong_14_7_backward, "a gradient in a parameter"),
            (wrong_14_7_frozen_bias, "cut off"),
        ),
        check=check_14_7,
    )
)
