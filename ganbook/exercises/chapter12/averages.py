r"""Averages over time, and penalties that come every so often."""

import copy

import torch
from torch import nn

from ganbook.exercises.engine.core import Exercise, register
from ganbook.exercises.engine.mistakes import mistake, outcomes
from ganbook.exercises.engine.words import say

# 12.11 -----------------------------------------------------------------


def broken_12_11(average, network, decay):
    with torch.no_grad():
        for a, b in zip(
            average.parameters(), network.parameters(), strict=True
        ):
            a.mul_(decay).add_(b, alpha=1 - decay)


def solution_12_11(average, network, decay):
    with torch.no_grad():
        for a, b in zip(
            average.parameters(), network.parameters(), strict=True
        ):
            a.mul_(decay).add_(b, alpha=1 - decay)
        for a, b in zip(average.buffers(), network.buffers(), strict=True):
            a.copy_(b)


def alternative_12_11_lerp(average, network, decay):
    now = dict(network.named_parameters())
    with torch.no_grad():
        for name, value in average.named_parameters():
            value.lerp_(now[name], 1 - decay)
    held = dict(network.named_buffers())
    for name, value in average.named_buffers():
        value.copy_(held[name])


def wrong_12_11_swapped(average, network, decay):
    solution_12_11(average, network, 1 - decay)


def wrong_12_11_buffers(average, network, decay):
    now = network.state_dict()
    for name, value in average.state_dict().items():
        if value.is_floating_point():
            value.lerp_(now[name], 1 - decay)
        else:
            value.copy_(now[name])


def wrong_12_11_copied(average, network, decay):
    average.load_state_dict(network.state_dict())


def wrong_12_11_other(average, network, decay):
    solution_12_11(network, average, decay)


def wrong_12_11_shared(average, network, decay):
    solution_12_11(average, network, decay)
    for (_, a), (_, b) in zip(
        average.named_modules(), network.named_modules(), strict=True
    ):
        for name in list(a._buffers):
            a._buffers[name] = b._buffers[name]


def wrong_12_11_state_dict(average, network, decay):
    now = network.state_dict()
    learned = {name for name, _ in network.named_parameters()}
    for name, value in average.state_dict().items():
        if name in learned:
            value.lerp_(now[name], 1 - decay)
        else:
            value.copy_(now[name])


def wrong_12_11_trainable(average, network, decay):
    solution_12_11(average, network, decay)
    for a, b in zip(average.parameters(), network.parameters(), strict=True):
        if not b.requires_grad:  # undo the step of what is not trained
            a.data.sub_(b, alpha=1 - decay).div_(decay)


def wrong_12_11_mode(average, network, decay):
    solution_12_11(average, network, decay)
    average.eval()


def wrong_12_11_returned(average, network, decay):
    solution_12_11(average, network, decay)
    return average


def _net_12_11(c, dtype):
    net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1))
    # A frozen parameter, and a buffer that no state_dict holds.
    net[2].bias.requires_grad_(False)
    scale = c.normal((2,), torch.float64)
    net.register_buffer("scale", scale, persistent=False)
    with torch.no_grad():
        for p in net.parameters():
            p.copy_(c.normal(tuple(p.shape), torch.float64))
        net[1].running_mean.copy_(c.normal((3,), torch.float64))
        net[1].running_var.copy_(c.uniform(0.5, 2, (3,), torch.float64))
        net[1].num_batches_tracked.fill_(c.integer(3, 90))
    return net.to(dtype)


def check_12_11(answer, c):
    for dtype in c.dtypes:
        for decay in (0.9, c.number(0.2, 0.4), c.number(0.99, 0.999)):
            first, network = _net_12_11(c, dtype), _net_12_11(c, dtype)
            average = copy.deepcopy(first)
            before = copy.deepcopy(network)
            for p in network.parameters():
                p.grad = torch.ones_like(p) if p.requires_grad else None
            untouched = c.watch(network)
            got = c.call(answer, average, network, decay, returns_none=True)
            c.true(
                got is None,
                "The function returns nothing: it works on `average` itself.",
            )
            want = decay * first[0].weight + (1 - decay) * before[0].weight
            c.true(
                torch.equal(network[0].weight, before[0].weight),
                "The network itself has changed; the average was to follow it.",
            )
            c.equal(
                average[0].weight.detach(),
                want.detach(),
                rtol=1e-4,
                on=say("a weight, with decay {decay:.2f}", decay=decay),
                mistakes={
                    "Decay and 1 - decay are swapped: the average follows nearly at once.": (
                        (1 - decay) * first[0].weight
                        + decay * before[0].weight
                    ).detach(),
                    "That is a copy of the network; nothing of the past is left.": before[
                        0
                    ].weight.detach(),
                },
            )
            for (name, now), a, b in zip(
                average.named_parameters(),
                first.parameters(),
                before.parameters(),
                strict=True,
            ):
                c.true(
                    c.agrees(now, decay * a + (1 - decay) * b, 1e-4),
                    "Each parameter follows, frozen ones too: one of them has another value.",
                    on=say("the parameter {name}", name=name),
                )
            mean = average[1].running_mean
            c.equal(
                mean,
                before[1].running_mean,
                rtol=1e-5,
                on="the running mean of batch norm",
                mistakes={
                    "The buffers were forgotten: batch norm's statistics are still those of the start.": first[
                        1
                    ].running_mean,
                    "Buffers are copied, not averaged: they are averages already, and the count is a whole number.": decay
                    * first[1].running_mean
                    + (1 - decay) * before[1].running_mean,
                },
            )
            c.true(
                int(average[1].num_batches_tracked)
                == int(before[1].num_batches_tracked),
                "The count of batches is not that of the network.",
            )
            c.true(
                torch.equal(average.scale, before.scale),
                "A buffer that was registered with persistent=False was left out: no state_dict holds it.",
            )
            c.true(
                average.training and network.training,
                "A network was switched to evaluation mode: leave it in its mode.",
            )
            untouched()
            network[1].running_mean.add_(1)
            c.true(
                torch.equal(average[1].running_mean, before[1].running_mean),
                "The two networks share a buffer: the next batch of one would change the other.",
            )
    c.like(
        answer,
        solution_12_11,
        lambda: (c.line(2.0), c.line(5.0), 0.9999),
        says="Every decay below 1 is taken as it is.",
    )


register(
    Exercise(
        id="12.11",
        title="Find the bug: an average of half a network",
        stars=2,
        kind="bug",
        statement=r"""
    `average` is a copy of `network` that is meant to follow it: each parameter becomes
    `decay * average + (1 - decay) * network`, in place, and each of its `buffers()` becomes equal to the network's. The
    function returns nothing and must leave `network` alone. With this version the samples of `average` look washed out,
    though those of `network` are fine. Mend it.
    """,
        stub="""
    def follow(average, network, decay):
        return ...
    """,
        broken=broken_12_11,
        hints=(
            r"What does a batch norm layer hold besides its weight and bias?",
            r"`buffers()` yields them in the same order for both networks. `copy_` copies values, not references.",
        ),
        explanation=r"""
    In evaluation mode batch norm uses its running mean and variance. If they stay at 0 and 1, or at whatever they were
    when the copy was made, every layer after them sees features on a wrong scale. The buffers are running averages
    already, so they are copied.
    """,
        solution=solution_12_11,
        alternatives=(alternative_12_11_lerp,),
        wrong=(
            (broken_12_11, "still those of the start"),
            (wrong_12_11_swapped, "are swapped"),
            (wrong_12_11_buffers, "copied, not averaged"),
            (wrong_12_11_copied, "nothing of the past"),
            (wrong_12_11_other, "network itself has changed"),
            (wrong_12_11_shared, "share a buffer"),
            (wrong_12_11_state_dict, "persistent=False"),
            (wrong_12_11_trainable, "frozen ones too"),
            (wrong_12_11_mode, "evaluation mode"),
            (wrong_12_11_returned, "works on `average` itself"),
        ),
        check=check_12_11,
    )
)

# 12.12 -----------------------------------------------------------------


def solution_12_12(penalties, every):
    due = penalties[::every]
    return every * due.sum() / len(penalties)


def alternative_12_12_loop(penalties, every):
    total = 0 * penalties[0]
    for step, value in enumerate(penalties):
        if step % every == 0:
            total = total + every * value
    return total / len(penalties)


@mistake("The rare penalty must be heavier: multiply it by the interval.")
def wrong_12_12_light(penalties, every):
    return penalties[::every].sum() / len(penalties)


@mistake("That is the penalty at every step.")
def wrong_12_12_all(penalties, every):
    return penalties.mean()


@mistake("The first step is due, then every k-th: counting starts at 0.")
def wrong_12_12_late(penalties, every):
    return every * penalties[every - 1 :: every].sum() / len(penalties)


@mistake("That is heavy and at every step.")
def wrong_12_12_heavy(penalties, every):
    return every * penalties.mean()


@mistake("Once is enough: the interval is squared.")
def wrong_12_12_squared(penalties, every):
    return every**2 * penalties[::every].sum() / len(penalties)


def check_12_12(answer, c):
    for dtype in c.dtypes:
        for n, every in ((12, 4), (10, 4), (7, 1), (16, c.integer(2, 5))):
            penalties = c.uniform(0.5, 2, (n,), dtype)
            terms = [
                every * float(v)
                for k, v in enumerate(penalties)
                if k % every == 0
            ]
            c.equal(
                c.call(answer, penalties, every),
                torch.tensor(sum(terms) / n, dtype=dtype),
                rtol=1e-4,
                on=say("{n} steps, every {every}", n=n, every=every),
                mistakes=outcomes(
                    (penalties, every),
                    wrong_12_12_light,
                    wrong_12_12_all,
                    wrong_12_12_late,
                    wrong_12_12_heavy,
                    wrong_12_12_squared,
                ),
            )
    c.like(answer, solution_12_12, lambda: (torch.arange(192.0), 64))


register(
    Exercise(
        id="12.12",
        title="Lazy, but as heavy",
        stars=1,
        kind="function",
        statement=r"""
    `penalties[k]` is the penalty that $D$ would have at step $k$, a tensor of shape `(n,)`. A lazy penalty is taken at steps
    $0, m, 2m, \dots$ only, with $m$ = `every` times the weight. Write `lazy_mean(penalties, every)`: the mean over all $n$ steps
    of what is added to D's loss, as a scalar tensor. `lazy_mean` of four ones and 2 is 1.
    """,
        stub="""
    def lazy_mean(penalties, every):
        return ...
    """,
        hints=(
            r"Slicing with a step picks what is due.",
            r"Sum what is due, times the interval, and divide by the number of all steps.",
        ),
        explanation=r"""
    If the penalty changes slowly the lazy mean is close to the plain mean at a fraction of the cost. Without the factor the
    penalty is too light by the interval; with the factor at every step it is too heavy by the same.
    """,
        solution=solution_12_12,
        alternatives=(alternative_12_12_loop,),
        wrong=(
            wrong_12_12_light,
            wrong_12_12_all,
            wrong_12_12_late,
            wrong_12_12_heavy,
            wrong_12_12_squared,
        ),
        check=check_12_12,
    )
)
