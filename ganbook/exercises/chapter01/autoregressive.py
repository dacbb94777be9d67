r"""Exercises 1.8 and 1.9: Masks in any order; Many orders, one likelihood."""

import math

import torch

from ganbook.exercises.chapter01.responsibilities import far_tables
from ganbook.exercises.engine.core import (
    Exercise,
    register,
)

# 1.8 ---------------------------------------------------------------------------------------------------------------


def solution_1_8(order, degrees):
    place = torch.empty_like(order)
    place[order] = torch.arange(1, len(order) + 1)
    return degrees[:, None] >= place, place[:, None] > degrees


def alternative_1_8_sets(order, degrees):
    sequence = order.tolist()
    first = torch.zeros(len(degrees), len(order), dtype=torch.bool)
    second = torch.zeros(len(order), len(degrees), dtype=torch.bool)
    for h, m in enumerate(degrees.tolist()):
        for position, variable in enumerate(sequence, start=1):
            first[h, variable] = position <= m
            second[variable, h] = position > m
    return first, second


def wrong_1_8_output_equal(order, degrees):
    first, _ = solution_1_8(order, degrees)
    place = torch.argsort(order) + 1
    return first, place[:, None] >= degrees


def wrong_1_8_identity(order, degrees):
    return solution_1_8(torch.arange(len(order)), degrees)


def wrong_1_8_not_inverted(order, degrees):
    return degrees[:, None] >= order + 1, (order + 1)[:, None] > degrees


def wrong_1_8_first_strict(order, degrees):
    place = torch.argsort(order) + 1
    return degrees[:, None] > place, place[:, None] > degrees


def wrong_1_8_transposed(order, degrees):
    first, second = solution_1_8(order, degrees)
    return first.T, second.T


def wrong_1_8_backwards(order, degrees):
    return solution_1_8(order.flip(0), degrees)


def wrong_1_8_from_zero(order, degrees):
    place = torch.argsort(order)
    return degrees[:, None] >= place, place[:, None] > degrees


def wrong_1_8_swapped(order, degrees):
    first, second = solution_1_8(order, degrees)
    return second, first


def wrong_1_8_reversed(order, degrees):
    place = torch.argsort(order) + 1
    return degrees[:, None] <= place, place[:, None] < degrees


def check_1_8(answer, c):
    for d, h in ((3, 4), (5, 8), (6, 7)):
        order = torch.randperm(d, generator=c.generator)
        while (
            order.equal(torch.arange(d))
            or order[order].equal(torch.arange(d))
            or order.flip(0).equal(torch.arange(d))
        ):
            order = torch.randperm(d, generator=c.generator)
        degrees = torch.cat(
            [
                torch.arange(1, d),
                torch.randint(1, d, (h - d + 1,), generator=c.generator),
            ]
        )
        given = (order, degrees)
        got = c.call(answer, order, degrees)
        c.true(
            isinstance(got, tuple | list)
            and len(got) == 2
            and all(torch.is_tensor(part) for part in got),
            "The wrong type: a tuple of two tensors was expected.",
        )
        first, second = solution_1_8(order, degrees)
        c.true(
            not (got[0].equal(second) and got[1].equal(first)),
            "The two masks come in the other order: inputs to hidden first.",
        )
        c.true(
            (got[0].shape, got[1].shape) != ((d, h), (h, d)),
            "The masks are transposed: rows belong to the layer above.",
        )
        c.equal(
            got,
            (first, second),
            mistakes={
                "The output for a variable sees units of its own degree, and through them the variable itself.": lambda g=given: (
                    wrong_1_8_output_equal(*g)
                ),
                "The order is ignored: these masks draw variable 0 first, then 1, 2, ...": lambda g=given: (
                    wrong_1_8_identity(*g)
                ),
                "order[t] is the variable drawn at time t; you need the time at which a variable is drawn.": lambda g=given: (
                    wrong_1_8_not_inverted(*g)
                ),
                "Hidden units see one variable too few: a unit of degree m may see the m-th.": lambda g=given: (
                    wrong_1_8_first_strict(*g)
                ),
                "The order runs backwards: the variable drawn last is treated as the first.": lambda g=given: (
                    wrong_1_8_backwards(*g)
                ),
                "Places count from 1 here, as degrees do; these count from 0.": lambda g=given: (
                    wrong_1_8_from_zero(*g)
                ),
                "Both inequalities point the wrong way: a hidden unit of degree m sees places up to m, not from m.": lambda g=given: (
                    wrong_1_8_reversed(*g)
                ),
            },
        )
        sees = (got[1].long() @ got[0].long() > 0)[order][:, order]
        c.true(
            sees.equal(torch.ones(d, d).tril(-1).bool()),
            "An output sees an input that is not drawn before it.",
        )
    return "In the order of drawing, outputs see exactly the strictly earlier inputs."


register(
    Exercise(
        id="1.8",
        title="Masks in any order",
        stars=3,
        kind="function",
        statement=r"""
Write `masks(order, degrees)` for a network with one hidden layer. `order` is an integer tensor that lists the $D$
variables as they are drawn (`order[0]` is drawn first); `degrees` holds a whole number from 1 to $D - 1$ for each of
the $H$ hidden units. Return a tuple of two boolean tensors: inputs to hidden, $(H, D)$, and hidden to outputs,
$(D, H)$, `True` where {eq}`eq:01-masks` allows a connection, with the degree of a variable being its place in the
order, from 1 to $D$.
""",
        stub="""
def masks(order, degrees):
    return ...
""",
        hints=(
            "First find the place of each variable: for `order = [2, 0, 1]` the places of variables 0, 1, 2 are 2, 3, 1.",
            "`place[order] = torch.arange(1, D + 1)`; then compare `degrees[:, None]` with `place`, "
            "once with `>=` and once strictly.",
        ),
        explanation=r"""
`order` maps time to variable and the rule needs variable to time, its inverse; for the identity order the two are
equal, which is why code tested with that order alone keeps this bug. The strict inequality belongs to the
output: with $\ge$ there, the output for variable $i$ reaches input $i$ through a unit of degree $d(i)$ (unless it is
the last one in the order: no unit has the degree $D$). With strict inequalities at both layers the model is a distribution, but a poorer one: an output no longer sees the variable drawn
just before its own.
""",
        solution=solution_1_8,
        alternatives=(alternative_1_8_sets,),
        wrong=(
            (wrong_1_8_output_equal, "the variable itself"),
            (wrong_1_8_identity, "order is ignored"),
            (wrong_1_8_not_inverted, "the time at which"),
            (wrong_1_8_first_strict, "one variable too few"),
            (wrong_1_8_transposed, "transposed"),
            (wrong_1_8_backwards, "runs backwards"),
            (wrong_1_8_from_zero, "these count from 0"),
            (wrong_1_8_swapped, "come in the other order"),
            (wrong_1_8_reversed, "both inequalities"),
        ),
        check=check_1_8,
    )
)


# 1.9 ---------------------------------------------------------------------------------------------------------------


def solution_1_9(log_probs):
    return torch.logsumexp(log_probs, dim=0) - math.log(len(log_probs))


def broken_1_9(log_probs):
    return log_probs.mean(dim=0)


def alternative_1_9_shifted(log_probs):
    top = log_probs.max(dim=0).values
    return top + torch.log(torch.exp(log_probs - top).mean(dim=0))


def wrong_1_9_no_count(log_probs):
    return torch.logsumexp(log_probs, dim=0)


def wrong_1_9_probability(log_probs):
    return torch.exp(log_probs).mean(dim=0)


def wrong_1_9_best(log_probs):
    return log_probs.max(dim=0).values


def wrong_1_9_count(log_probs):
    return torch.logsumexp(log_probs, dim=0) - len(log_probs)


def wrong_1_9_underflow(log_probs):
    return torch.log(
        torch.exp(log_probs)
        .mean(dim=0)
        .clamp(min=1e-300 if log_probs.dtype == torch.float64 else 1e-38)
    )


def wrong_1_9_tiny(log_probs):
    return torch.log(torch.exp(log_probs).mean(dim=0) + 1e-12)


def wrong_1_9_plain(log_probs):
    return torch.log(torch.exp(log_probs).mean(dim=0))


def wrong_1_9_pictures(log_probs):
    return torch.logsumexp(log_probs, dim=0) - math.log(log_probs.shape[1])


def wrong_1_9_one_shift(log_probs):
    top = log_probs.max()
    return top + torch.log(torch.exp(log_probs - top).mean(dim=0))


def wrong_1_9_first_model(log_probs):
    top = log_probs[0]
    return top + torch.log(torch.exp(log_probs - top).mean(dim=0))


def check_1_9(answer, c):
    for dtype in c.dtypes:
        small = torch.log(c.probabilities((3, 8), torch.float64)).to(dtype)
        picture = (-900 - 5 * c.uniform(0, 1, (4, 6))).to(dtype)
        for log_probs in (
            small,
            picture,
            *(table.T for table in far_tables(c, dtype)),
        ):
            got = c.call(answer, log_probs)
            want = alternative_1_9_shifted(log_probs.double()).to(dtype)
            c.equal(
                got,
                want,
                mistakes={
                    "This is still the mean of the logs (a geometric mean): over all states it sums to less than one.": lambda x=log_probs: (
                        broken_1_9(x)
                    ),
                    "The sum of K distributions sums to K: log K is missing.": lambda x=log_probs: (
                        wrong_1_9_no_count(x)
                    ),
                    "That is a probability; its log was asked for.": lambda x=log_probs: (
                        wrong_1_9_probability(x)
                    ),
                    "Picking the best model for each picture after seeing it is no distribution: its sum exceeds one.": lambda x=log_probs: (
                        wrong_1_9_best(x)
                    ),
                    "K itself was subtracted, not its log.": lambda x=log_probs: (
                        wrong_1_9_count(x)
                    ),
                    "The probabilities underflow on long pictures; stay in the log domain.": lambda x=log_probs: (
                        wrong_1_9_underflow(x)
                    ),
                    "One shift for all pictures leaves the unlikely ones at zero: each picture needs its own.": lambda x=log_probs: (
                        wrong_1_9_one_shift(x)
                    ),
                    "The first model need not be the likeliest; shift by the largest log of each picture.": lambda x=log_probs: (
                        wrong_1_9_first_model(x)
                    ),
                    "exp underflows to zero on such pictures, and the log of zero is minus infinity.": lambda x=log_probs: (
                        wrong_1_9_plain(x)
                    ),
                    "A small number inside the log replaces the answer as soon as exp underflows.": lambda x=log_probs: (
                        wrong_1_9_tiny(x)
                    ),
                    "The log of the number of pictures was subtracted; K is the number of models.": lambda x=log_probs: (
                        wrong_1_9_pictures(x)
                    ),
                },
            )
            if log_probs is small:
                c.true(
                    abs(torch.exp(got.double()).sum() - 1) < 1e-4,
                    "Over all states this does not sum to one.",
                )


register(
    Exercise(
        id="1.9",
        title="Many orders, one likelihood",
        stars=2,
        kind="bug",
        statement=r"""
Someone has trained $K$ masked networks with $K$ orders and reports the "likelihood of the ensemble" by the function
below. `log_probs` is a tensor of shape $(K, N)$: the log-probability, in nats, of picture $n$ under model $k$, as low
as $-1000$. The numbers reported are not the log-probabilities of any distribution. Mend the function, so that it
returns those of the equal mixture of the $K$ models, shape $(N,)$, same dtype.
""",
        stub="""
def ensemble(log_probs):
    return ...
""",
        broken=broken_1_9,
        hints=(
            "To draw from the mixture, pick a model at random, then draw from it. So what is averaged: probabilities, or logs?",
            r"$\log \frac1K \sum_k e^{a_k}$, with `torch.logsumexp` and $\log K$.",
        ),
        explanation=r"""
A mean of probabilities is a distribution; a mean of logs is the log of a geometric mean, which sums to less than one
unless all models agree. (Averaging the *logits* of models with different orders is worse: the result is not even
built from a chain of conditionals.) Here the fault only hurts its author: by Jensen, the mixture's log-probability
is never below the mean of the logs.
""",
        solution=solution_1_9,
        alternatives=(alternative_1_9_shifted,),
        wrong=(
            (broken_1_9, "geometric mean"),
            (wrong_1_9_no_count, "log k is missing"),
            (wrong_1_9_probability, "its log was asked for"),
            (wrong_1_9_best, "picking the best"),
            (wrong_1_9_count, "k itself was subtracted"),
            (wrong_1_9_underflow, "underflow on long"),
            (wrong_1_9_plain, "minus infinity"),
            (wrong_1_9_tiny, "replaces the answer"),
            (wrong_1_9_pictures, "number of pictures"),
            (wrong_1_9_one_shift, "one shift for all"),
            (wrong_1_9_first_model, "first model need not"),
        ),
        check=check_1_9,
    )
)
