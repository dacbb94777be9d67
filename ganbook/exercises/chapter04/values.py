r"""Exercises 4.10 and 4.14: Find the bug: the value on fresh points; Prove it: nothing beats D*."""

import copy

import torch
from torch.nn.functional import logsigmoid, softplus

from ganbook.exercises.engine.core import (
    Exercise,
    register,
)
from ganbook.exercises.engine.proofs import ordered

# 4.10 Find the bug: a held-out value -----------------------------------------------------------------------------------------------


def broken_4_10(D, real, fake):
    with torch.no_grad():
        loss = softplus(-D(real)).mean() + softplus(D(fake)).mean()
    return -loss.item()


def solution_4_10(D, real, fake):
    training = D.training
    D.eval()  # dropout off, batch statistics fixed
    with torch.no_grad():
        loss = softplus(-D(real)).mean() + softplus(D(fake)).mean()
    D.train(training)
    return -loss.item()


def alternative_4_10_copy(D, real, fake):
    judge = copy.deepcopy(D).eval()
    return float(
        logsigmoid(judge(real)).mean() + logsigmoid(-judge(fake)).mean()
    )


def wrong_4_10_left_in_eval(D, real, fake):
    D.eval()
    with torch.no_grad():
        loss = softplus(-D(real)).mean() + softplus(D(fake)).mean()
    return -loss.item()


def wrong_4_10_always_train(D, real, fake):
    value = wrong_4_10_left_in_eval(D, real, fake)
    D.train()
    return value


def wrong_4_10_loss(D, real, fake):
    return -solution_4_10(D, real, fake)


def wrong_4_10_rows(D, real, fake):
    training = D.training
    D.eval()
    with torch.no_grad():
        loss = 2 * torch.cat([softplus(-D(real)), softplus(D(fake))]).mean()
    D.train(training)
    return -loss.item()


def wrong_4_10_labels(D, real, fake):
    return solution_4_10(D, fake, real)


def wrong_4_10_no_dropout(D, real, fake):
    for layer in D.modules():
        if isinstance(layer, torch.nn.Dropout):
            layer.p = 0.0
    return broken_4_10(D, real, fake)


def wrong_4_10_seed(D, real, fake):
    state = torch.get_rng_state()
    torch.manual_seed(0)
    value = broken_4_10(D, real, fake)
    torch.set_rng_state(state)
    return value


def wrong_4_10_probabilities(D, real, fake):
    training = D.training
    D.eval()
    with torch.no_grad():
        p, q = (torch.sigmoid(D(x)) for x in (real, fake))
    D.train(training)
    return float(
        p.clamp(min=1e-8).log().mean() + (1 - q).clamp(min=1e-8).log().mean()
    )


def wrong_4_10_backward(D, real, fake):
    training = D.training
    D.eval()
    value = logsigmoid(D(real)).mean() + logsigmoid(-D(fake)).mean()
    value.backward()
    D.train(training)
    return float(value)


def wrong_4_10_half(D, real, fake):
    return solution_4_10(D, real, fake) / 2


def check_4_10(answer, c):
    from torch import nn

    for dtype in c.dtypes:
        for training in (True, False):
            first, last = nn.Linear(3, 8), nn.Linear(8, 1)
            with torch.no_grad():
                for parameter in (*first.parameters(), *last.parameters()):
                    parameter.copy_(c.normal(parameter.shape, torch.float32))
            D = (
                nn.Sequential(
                    first,
                    nn.LeakyReLU(0.2),
                    nn.Dropout(0.5),
                    last,
                    nn.Flatten(0),
                )
                .to(dtype)
                .train(training)
            )
            real, fake = (
                c.normal((24, 3), dtype) + 1,
                c.normal((40, 3), dtype),
            )
            with torch.no_grad():
                d_real, d_fake = (
                    (last(nn.functional.leaky_relu(first(x), 0.2)))[:, 0]
                    for x in (real, fake)
                )
            want = float(
                logsigmoid(d_real).mean() + logsigmoid(-d_fake).mean()
            )
            untouched = c.watch(D)
            got = c.call(answer, D, real, fake)
            c.true(
                not isinstance(got, torch.Tensor),
                "That is a tensor, which may carry D's graph along: a Python float was asked for, by `item()`.",
            )
            if (
                training
                and isinstance(got, float)
                and not c.agrees(got, want, rtol=1e-3)
            ):
                D.train(training)
                again = c.call(answer, D, real, fake)
                c.true(
                    c.agrees(again, got),
                    "Two calls on the same points give two values: dropout is still on.",
                )
                calm = c.call(answer, D.eval(), real, fake)
                D.train(training)
                c.true(
                    not c.agrees(calm, want, rtol=1e-4),
                    "Two calls agree now, on the value of a random half of D: right only once D is in evaluation mode.",
                )
            c.equal(
                got,
                want,
                rtol=1e-4 if dtype == torch.float32 else 1e-8,
                mistakes={
                    "That is the loss; the value is what D maximises.": -want,
                    "The mean runs over all rows together; with 24 real and 40 generated ones the halves lose their equal weight.": lambda r=d_real, f=d_fake: (
                        2
                        * float(
                            torch.cat([logsigmoid(r), logsigmoid(-f)]).mean()
                        )
                    ),
                    "Real and generated have changed places.": lambda r=d_real, f=d_fake: (
                        float(logsigmoid(f).mean() + logsigmoid(-r).mean())
                    ),
                    "That is half of the value: the two means are added, not averaged.": want
                    / 2,
                },
            )
            c.true(
                D[2].p == 0.5,
                "The dropout layer is not as it came: its rate has been changed for good.",
            )
            c.true(
                D.training is training,
                "D came in training mode and is left in evaluation mode: training would go on without dropout."
                if training
                else "D came in evaluation mode, and training mode is switched on afterwards.",
            )
            untouched()
            with torch.no_grad():
                last.weight.mul_(
                    150 / float(torch.cat([d_real, d_fake]).abs().max())
                )
                d_real, d_fake = (
                    (last(nn.functional.leaky_relu(first(x), 0.2)))[:, 0]
                    for x in (real, fake)
                )
            c.equal(
                c.call(answer, D, real, fake),
                float(logsigmoid(d_real).mean() + logsigmoid(-d_fake).mean()),
                rtol=1e-3 if dtype == torch.float32 else 1e-8,
                says="For a D that is very sure the logarithm of a rounded probability is wrong: stay with scores.",
            )
        usual = nn.BatchNorm1d(8)
        usual.running_mean.copy_(c.normal((8,), torch.float32))
        D = nn.Sequential(first, usual, nn.Tanh(), last, nn.Flatten(0))
        D = D.to(dtype).train()
        untouched = c.watch(D)
        c.equal(
            c.call(answer, D, real, fake),
            alternative_4_10_copy(D, real, fake),
            rtol=1e-4,
            says="With batch norm in D the value depends on the other points of the batch: not only dropout has two modes.",
        )
        untouched()


register(
    Exercise(
        id="4.10",
        title="Find the bug: the value on fresh points",
        stars=2,
        kind="bug",
        statement=r"""
The function below is meant to return the value of the game, in nats, of a discriminator on points that it has not
seen: $\frac1N \sum \log \sigma(D(x_\text{real})) + \frac1M \sum \log(1 - \sigma(D(x_\text{fake})))$ as a Python float, with `D`, whose
layers share one mode, left as it came. Called twice on the same points, it gives two different values. Mend it.
""",
        stub="""
def held_out_value(D, real, fake):
    return ...
""",
        hints=(
            "Which layers draw random numbers? When do they stop doing so?",
            "`D.eval()` switches dropout off. Whoever calls your function in the middle of training wants `D` back as it was: remember `D.training`.",
        ),
        explanation=r"""
Dropout stays on until somebody calls `D.eval()`; `torch.no_grad()` has nothing to do with it. The value then is that
of a network with units left out at random, usually worse than the real one, so the discriminator is underrated, the more so the
larger its dropout. The second half of the bug appears after the first is mended: a function that measures must not
change what it measures, so the mode is remembered and put back.
""",
        solution=solution_4_10,
        broken=broken_4_10,
        alternatives=(alternative_4_10_copy,),
        wrong=(
            (broken_4_10, "dropout is still on"),
            (wrong_4_10_left_in_eval, "left in evaluation mode"),
            (wrong_4_10_always_train, "switched on afterwards"),
            (wrong_4_10_loss, "that is the loss"),
            (wrong_4_10_rows, "equal weight"),
            (wrong_4_10_labels, "changed places"),
            (wrong_4_10_no_dropout, "changed for good"),
            (wrong_4_10_seed, "random half of D"),
            (wrong_4_10_half, "half of the value"),
            (wrong_4_10_probabilities, "stay with scores"),
            (wrong_4_10_backward, "changed a gradient"),
        ),
        check=check_4_10,
    )
)


# 4.14 Theorem 4.1 without calculus, line by line -------------------------------------------------------------------


def solution_4_14():
    return "befdag"


register(
    Exercise(
        id="4.14",
        title="Prove it: nothing beats D*",
        stars=2,
        kind="choice",
        statement=r"""
Prove without a derivative that $V(D) \le V(D^\star)$ for every $D$ with values in $[0, 1]$, and that equality holds only
if $D = D^\star$ at almost every $x$ with $p + q > 0$. Here $D^\star = p/(p+q)$, $V(D) = \int [p \log D + q \log(1 - D)]$,
$0 \log 0 = 0$, and $V(D^\star)$ is finite. Choose the lines that the proof needs, put them into an order in which every
line uses only lines before it, and return their letters as a string, such as `"gad"`. Two of the lines do not belong to
the proof. (More than one order is right.)
""",
        options={
            "a": r"Integrate: $V(D) - V(D^\star) \le 0$.",
            "b": r"For every $t > 0$, $\log t \le t - 1$, with equality only at $t = 1$ (and the left side is $-\infty$ at $t = 0$).",
            "c": r"$D^\star$ is right at least as often as $D$, and the discriminator that is right more often has the larger value.",
            "d": r"Add the two: wherever $p + q > 0$, the bracket at $D$ less the bracket at $D^\star$ is at most $(p+q)D - p + (p+q)(1-D) - q = 0$.",
            "e": r"With $t = D/D^\star$, $p \log(D/D^\star) \le p(D/D^\star - 1) = (p+q)D - p$; for $p = 0$ this says $0 \le qD$.",
            "f": r"With $t = (1-D)/(1-D^\star)$, $q \log\frac{1-D}{1-D^\star} \le (p+q)(1-D) - q$; for $q = 0$ this says $0 \le p(1-D)$.",
            "g": r"If $V(D) = V(D^\star)$, an integrand that is never positive has integral $0$, so it is $0$ at almost every $x$, and $D = D^\star$ at almost every $x$ with $p + q > 0$.",
            "h": r"If $V(D) = V(D^\star)$, then $D = D^\star$ at every $x$, since a maximiser is unique.",
        },
        stub="""
def proof():
    # a string of letters, such as "gad"
    return ...
""",
        hints=(
            r"Which simple inequality bounds a logarithm from above by something whose integral you know?",
            "Use that inequality once for each of the two logarithms, and add before you integrate. Uniqueness comes last.",
        ),
        explanation=r"""
The tangent of the logarithm at 1 (b) bounds each of the two terms (e, f) by something linear in $D$, and the two bounds
add up to zero at every $x$ (d); the integral of something that is never positive is not positive (a). Equality forces
the integrand to vanish almost everywhere, hence equality in (b), hence $D = D^\star$, wherever $p + q > 0$ (g). Line c is
false: the overconfident A of the chapter is right more often than B and has the smaller value. Line h claims too much:
$D$ may be changed where $p + q = 0$, and on a set of measure zero, and $V$ stays the same.
""",
        solution=solution_4_14,
        wrong=(
            ("efdag", "which inequality"),
            ("bfdag", "logarithm of D itself"),
            ("bedag", "logarithm of 1 - D"),
            ("befag", "at a single x"),
            ("befdg", "the integral is not"),
            ("befda", "uniqueness is"),
            ("bcefdag", "right more often than"),
            ("befdah", "where p + q = 0"),
            ("ebfdag", "comes before"),
        ),
        check=ordered(
            rests_on={
                "b": "",
                "e": "b",
                "f": "b",
                "d": "ef",
                "a": "d",
                "g": "db",
            },
            false={
                "c": "A discriminator that is right more often than another can have the smaller value: see A and B.",
                "h": "D can be changed where p + q = 0 without changing V, so it is not determined at every x.",
            },
            needed={
                "b": "It is not said which inequality for logarithms is used.",
                "e": "The term with the logarithm of D itself is not bounded yet.",
                "f": "The term with the logarithm of 1 - D is not bounded yet.",
                "d": "The two bounds are not yet combined at a single x.",
                "a": "The statement about the integral is not drawn yet.",
                "g": "Uniqueness is not shown yet.",
            },
        ),
    )
)
