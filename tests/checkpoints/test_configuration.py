"""What a checkpoint knows of a run: every random generator, the states of its objects, and which
run it is.
"""

import random
import types
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from ganbook.checkpoints import Checkpoint, CheckpointError, files
from ganbook.checkpoints.configuration import describe, differences, generators, opaque
from ganbook.checkpoints.packing import decode, encode
from ganbook.fast import quick_dropout
from ganbook.losses import LEAST_SQUARES, Loss
from ganbook.penalties import gradient_penalty, lazy, r1, r2, scheduled, total
from ganbook.schedules import Geometric, Linear
from support.runs import STEPS, Run

SGD = partial(torch.optim.SGD, lr=0.05)


def seeded(n=5):
    return torch.Generator().manual_seed(n)


def noisy(g, D, x):
    return D(x + 0.1 * torch.randn(x.shape, generator=g)).square().mean()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.ckpt"


# --------------------------------------------------------------------------------------------------
# ---- generators


class Module(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = gradient_penalty(10.0, seeded())

    def forward(self, D, x_real, x_fake):
        return self.inner(D, x_real, x_fake)


class Object:
    def __init__(self):
        self.held = ([seeded()],)

    def __call__(self, D, x_real, x_fake):
        return noisy(self.held[0][0], D, x_real)


class Noise(nn.Module):
    def __init__(self):
        super().__init__()
        self.g = seeded()

    def forward(self, x):
        return x + 0.1 * torch.randn(x.shape, generator=self.g)


@dataclass(frozen=True)
class Noisy:
    """A penalty whose source of noise lies somewhere in what it holds."""

    held: Any

    def __call__(self, D, x_real, x_fake):
        held = self.held
        g = held["noise"] if isinstance(held, dict) else held.pair[1]
        return noisy(g, D, x_real)


def in_a_dict():
    return Run(penalty=Noisy({"noise": seeded()}))


def in_an_object():
    return Run(penalty=Noisy(types.SimpleNamespace(pair=(1.0, seeded()))))


@dataclass(frozen=True)
class NoisyLabels:
    g: torch.Generator

    def __call__(self, d_real, d_fake):
        noise = 0.1 * torch.randn(d_real.shape, generator=self.g)
        return (d_real - 1 + noise).square().mean() + d_fake.square().mean()


def in_the_loss():
    return Run(loss=Loss("noisy labels", NoisyLabels(seeded()), LEAST_SQUARES.generator))


def in_a_layer(player):
    run = Run(decay=None)
    getattr(run.game, player).insert(2, Noise())
    return run


@dataclass(frozen=True)
class Shake:
    g: torch.Generator

    def __call__(self, optimizer, *_):
        for p in optimizer.param_groups[0]["params"]:
            p.grad += 0.1 * torch.randn(p.shape, generator=self.g)


def in_a_hook_of_the_optimiser():
    run = Run()
    run.game.optimizer_d.register_step_pre_hook(Shake(seeded()))
    return run


@dataclass(frozen=True)
class Blur:
    g: torch.Generator

    def __call__(self, layer, x, y):
        return y + 0.1 * torch.randn(y.shape, generator=self.g)


def in_a_forward_hook():
    run = Run()
    run.game.D[1].register_forward_hook(Blur(seeded()))
    return run


@dataclass(frozen=True)
class Shared:
    draw: Callable

    def __call__(self, D, x_real, x_fake):
        return D(x_real + self.draw()).square().mean()


def standard_gauss():
    return random.gauss(0, 1)


def shared_by_all(draw):
    return Run(penalty=Shared(draw))


PLACES = {
    "a dict in the penalty": in_a_dict,
    "a tuple in an object in the penalty": in_an_object,
    "a penalty that is a module": lambda: Run(penalty=Module()),
    "attributes of the penalty": lambda: Run(penalty=Object()),
    "the loss": in_the_loss,
    "a layer of G": lambda: in_a_layer("G"),
    "a layer of D": lambda: in_a_layer("D"),
    "a hook of an optimiser": in_a_hook_of_the_optimiser,
    "a hook of a layer": in_a_forward_hook,
    "numpy's state": lambda: shared_by_all(np.random.random),
    "Python's state": lambda: shared_by_all(random.random),
    "Python's state for pairs": lambda: shared_by_all(standard_gauss),
    "numpy's state for pairs": lambda: shared_by_all(np.random.standard_normal),
}


@pytest.fixture
def _kept():
    """What a test does to the states that all code shares is undone."""
    states = np.random.get_state(), random.getstate()  # noqa: NPY002
    yield
    np.random.set_state(states[0])  # noqa: NPY002
    random.setstate(states[1])


def start(seed):
    np.random.seed(seed)  # noqa: NPY002
    random.seed(seed)


@pytest.mark.usefixtures("_kept")
@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("place", PLACES)
def test_a_generator_is_resumed_wherever_it_is(path, place):
    make = PLACES[place]
    start(1)
    expected = make().fit().digest()
    start(1)
    make().fit(5, Checkpoint(path))
    start(2)
    assert make().fit(checkpoint=Checkpoint(path)).digest() == expected


def test_a_generator_in_a_lambda_is_resumed_if_it_is_named(path):
    def made(steps, keep=True):
        g = seeded()
        kept = Checkpoint(path, generators={"noise": g}) if keep else None
        return Run(penalty=lambda D, x_real, x_fake: noisy(g, D, x_real)).fit(steps, kept)

    expected = made(STEPS, keep=False).digest()
    with pytest.warns(RuntimeWarning, match="penalty: of a lambda.*generators="):
        made(5)
    with pytest.warns(RuntimeWarning, match="compares the name alone"):
        assert made(STEPS).digest() == expected


def test_the_nearest_place_names_a_generator_and_circles_end():
    held = {"g": seeded()}
    held["self"] = held
    assert generators([held, (held,)], "penalty") == {"penalty.0.g": held["g"]}
    assert generators(torch, "penalty") == generators(Module, "penalty") == {}


def test_a_name_that_the_run_uses_itself_is_refused(path):
    with pytest.raises(
        CheckpointError, match=r"generators\['z'\] .* choose a name other than penalty\.\S+, z"
    ):
        Run().fit(checkpoint=Checkpoint(path, generators={"z": seeded()}))
    run = Run()
    run.fit(2, Checkpoint(path, generators={"z": run.game.generator}))


def test_the_error_for_a_stream_says_when_its_generator_is_enough(path):
    message = r"pass ganbook\.data\.batches.* Only if each batch .* present state of a generator g \(not so in a DataL"
    with pytest.raises(CheckpointError, match=message):
        Run(batches=iter([torch.zeros(16, 1, 2, 2)])).fit(checkpoint=Checkpoint(path))


# --------------------------------------------------------------------------------------------------
# -------- states


class Lazy:
    """A penalty in every third step only."""

    def __init__(self, every=3):
        self.every, self.calls, self.penalty = every, 0, r1(5.0)

    def __call__(self, D, x_real, x_fake):
        self.calls += 1
        return self.penalty(D, x_real, x_fake) if self.calls % self.every == 1 else torch.zeros(())


class LazyWithState(Lazy):
    def state_dict(self):
        return {"calls": self.calls}

    def load_state_dict(self, state):
        self.calls = state["calls"]


def test_a_penalty_with_a_state_is_resumed(path):
    expected = Run(penalty=LazyWithState()).fit().digest()
    run = Run(penalty=LazyWithState()).fit(5, Checkpoint(path))
    assert Run(penalty=LazyWithState()).fit(checkpoint=Checkpoint(path)).digest() == expected
    run.options["penalty"].calls = 100
    assert run.fit(13, checkpoint=Checkpoint(path)).options["penalty"].calls == 26
    with pytest.raises(CheckpointError, match=r"penalty\.every is 4 here and 3 there"):
        Run(penalty=LazyWithState(4)).fit(checkpoint=Checkpoint(path))


def test_the_same_objects_go_on_whatever_their_penalty_counts(path):
    run = Run(penalty=Lazy())
    expected = Run(penalty=Lazy()).fit().digest()
    run.fit(5, Checkpoint(path))
    assert run.options["penalty"].calls == 10
    assert run.fit(checkpoint=Checkpoint(path)).digest() == expected
    run.options["penalty"].calls = 7
    with pytest.raises(
        CheckpointError, match=r"penalty\.calls is 7 here and 0 there\. .*change .* built afresh"
    ):
        run.fit(13, Checkpoint(path))


def test_a_scheduler_is_resumed_if_it_is_named(path):
    def scheduled(steps, keep=True):
        run = Run()
        rates = torch.optim.lr_scheduler.StepLR(run.game.optimizer_g, 4, 0.1)
        kept = Checkpoint(path, states={"rates": rates}) if keep else None
        return run.fit(steps, kept, lambda step, game: rates.step())

    expected = scheduled(STEPS, keep=False).digest()
    scheduled(5)
    assert scheduled(STEPS).digest() == expected
    with pytest.raises(CheckpointError, match=r"states\S* is \S+ here and rates there"):
        Run().fit(checkpoint=Checkpoint(path))


def test_a_rate_set_through_a_group_that_was_held_before(path):
    def held(steps, keep=True):
        run = Run()
        group = run.game.optimizer_g.param_groups[0]

        def lower(step, game):
            group["lr"] = 1e-2 / step

        run.fit(steps, Checkpoint(path) if keep else None, lower)
        assert run.game.optimizer_g.param_groups[0] is group
        return run

    expected = held(STEPS, keep=False).digest()
    held(5)
    assert held(STEPS).digest() == expected


def test_numpys_numbers_come_back_as_they_were():
    values = [np.float32(0.1), np.float64(0.1), np.int64(3), np.bool_(True), np.float16(2)]
    back = decode(encode(values))
    assert [(type(v), v) for v in back] == [(type(v), v) for v in values]


def test_a_rate_in_float32_is_resumed(path):
    def lower(step, game):
        game.optimizer_g.param_groups[0]["lr"] = np.float32(1e-2) / step

    expected = Run(optimizer=SGD).fit(callback=lower).digest()
    Run(optimizer=SGD).fit(5, Checkpoint(path), lower)
    assert Run(optimizer=SGD).fit(checkpoint=Checkpoint(path), callback=lower).digest() == expected


def test_what_cannot_be_saved_is_named_before_the_first_step(path):
    class Extra(nn.Identity):
        def get_extra_state(self):
            return {"kinds": {1}}

        def set_extra_state(self, state):
            pass

    run, calls = Run(), []
    run.game.D.append(Extra())
    with pytest.raises(CheckpointError, match=r"D\.5\._extra_state\.kinds is of type set"):
        run.fit(checkpoint=Checkpoint(path), callback=lambda *_: calls.append(1))
    assert not calls


@pytest.mark.parametrize("content", [{"a": 1}, [1, 2], {"rows": torch.zeros(3, 6)}, 3, "old"])
def test_a_whole_file_of_other_content_is_refused(path, content):
    if content == "old":
        Run().fit(2, Checkpoint(path))
        content = files.read(path)
        del content["format"]
    path.write_bytes(encode(content))
    with pytest.raises(
        CheckpointError, match=r"is whole, but no checkpoint of this version of ganbook"
    ):
        Run().fit(checkpoint=Checkpoint(path))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"generators": torch.Generator()},
            r"generators is <torch.*expected names and what they stand for",
        ),
        ({"generators": [torch.Generator()]}, r"generators is \[<torch.*such as \{'noise': g\}"),
        ({"states": {"rates": 3}}, r"states\['rates'\] is 3: expected an object with state_dict"),
        ({"config": [1]}, r"config is \[1\]: expected names .* such as \{'warm_up': 500\}"),
        ({"path": None}, r"path is None: expected the name of a file"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        Checkpoint(**{"path": "run.ckpt"} | arguments)


# --------------------------------------------------------------------------------------------------
# which run it is


@dataclass(frozen=True)
class Weighted:
    w: Any

    def __call__(self, D, x_real, x_fake):
        return self.w * D(x_real).mean()


weighted = Weighted


@dataclass
class Weight:
    w: float

    def __call__(self, x):
        return self.w * x


class Scaled(nn.Module):
    def __init__(self, w, **more):
        super().__init__()
        self.w, self.more = w, more

    def forward(self, x):
        return self.w * x


class Called:
    def __init__(self, w):
        self.w = w

    def __call__(self, x):
        return self.w * x


@pytest.mark.parametrize(
    ("here", "there", "difference"),
    [
        (weighted(1), weighted(9), "value.w is 1 here and 9 there"),
        (weighted(True), weighted(1), "value.w is True here and 1 there"),
        (weighted(np.float32(1)), weighted(np.float32(9)), "value.w is 1.0 here and 9.0 there"),
        (
            weighted(torch.tensor(1.0)),
            weighted(torch.tensor(3.0)),
            "value.w is 1.0 here and 3.0 there",
        ),
        (weighted(torch.ones(4)), weighted(9 * torch.ones(4)), "value.w.2 is"),
        (weighted(torch.ones(2).bfloat16()), weighted(torch.zeros(2).bfloat16()), "value.w.2 is"),
        (weighted(np.ones(4)), weighted(9 * np.ones(4)), "value.w.2 is"),
        (weighted({1, 2}), weighted({1, 3}), "value.w.1 is 2 here and 3 there"),
        (
            weighted(types.SimpleNamespace(w=1.0)),
            weighted(types.SimpleNamespace(w=9.0)),
            "value.w.w is 1.0 here",
        ),
        (weighted(Called(1.0)), weighted(Called(9.0)), "value.w.w is 1.0 here and 9.0 there"),
        (weighted(Weight(1.0)), weighted(Weight(9.0)), "value.w.w is 1.0 here and 9.0 there"),
        (partial(max, key=1.0), partial(max, key=9.0), "value.key is 1.0 here and 9.0 there"),
        (partial(pow, 1.0), partial(pow, 9.0), "value.args.0 is 1.0 here and 9.0 there"),
        (partial(max, 1.0), partial(min, 1.0), "value.func is builtins.max here and builtins.min"),
        (Called(1.0).__call__, Called(9.0).__call__, "value.self.w is 1.0 here and 9.0 there"),
        (torch.relu, torch.tanh, "value is"),
        (r1(1.0), r1(10.0), "value.gamma is 1.0 here and 10.0 there"),
        (lazy(r1(), 4), lazy(r1(), 16), "value.every is 4 here and 16 there"),
        (
            scheduled(r1, Linear(1.0, 0.1, 100)),
            scheduled(r1, Linear(1.0, 0.2, 100)),
            "value.schedule.stop is 0.1 here and 0.2 there",
        ),
        (
            scheduled(r1, Linear(1.0, 0.1, 100)),
            scheduled(r1, Geometric(1.0, 0.1, 100)),
            "value.schedule.name is ganbook.schedules.Linear here and ganbook.schedules.Geometric",
        ),
        (total(r1(), r2()), total(r1(), r1()), "value.penalties.1.name is ganbook.penalties.R2"),
        (Scaled(1.0), Scaled(9.0), "value.layers.network.w is 1.0 here and 9.0 there"),
        (
            Scaled(1.0, act=torch.relu),
            Scaled(1.0, act=torch.tanh),
            "value.layers.network.more.act is",
        ),
        (
            nn.Linear(2, 3),
            nn.Linear(2, 3).requires_grad_(False),
            "value.state.weight.3 is absent here and frozen there",
        ),
    ],
)
def test_another_number_is_another_configuration(here, there, difference):
    found = differences(describe({"value": here}), describe({"value": there}))
    assert found and found[0].startswith(difference), found
    assert differences(describe({"value": here}), describe({"value": here})) == []


@pytest.mark.parametrize(
    ("here", "there"),
    [
        (r1(1), r1(1.0)),
        (weighted(np.float64(0.1)), weighted(0.1)),
        (weighted(float("nan")), weighted(float("nan"))),
        (weighted((0.5, 1)), weighted([0.5, 1])),
        (lambda x: 10 * x, lambda x: 0.1 * x),
        (nn.Linear(2, 3), nn.Linear(2, 3)),
        (weighted(nn.Linear(2, 3)), weighted(nn.Linear(2, 3))),
    ],
)
def test_the_same_written_otherwise_is_the_same(here, there):
    assert differences(describe({"value": here}), describe({"value": there})) == []


def test_of_functions_the_name_counts():
    assert describe(torch.nn.utils.clip_grad_norm_) == "torch.nn.utils.clip_grad.clip_grad_norm_"
    assert describe(noisy) == f"{__name__}.noisy"
    assert opaque([noisy, torch.relu, Called(1.0)], "penalty") == []
    assert opaque({"a": [lambda x: x]}, "penalty") == ["penalty.a.0"]


def test_what_holds_itself_is_described():
    held = [1]
    held.append(held)
    parent = Scaled(1.0)
    parent.more["parent"] = [parent]
    assert describe(held) == [1, "builtins.list"]
    assert describe(parent)["layers"]["network"]["more"] == {
        "parent": [describe(Scaled(1.0))["name"]]
    }


def bits(p):
    run = Run(dropout=p)
    run.game.D = quick_dropout(run.game.D)
    run.game.optimizer_d = torch.optim.Adam(run.game.D.parameters(), lr=1e-2)
    return run


@dataclass(frozen=True)
class ClipNorm:
    D: nn.Module
    largest: float

    def __call__(self, *_):
        nn.utils.clip_grad_norm_(self.D.parameters(), self.largest)


def clipped(largest):
    run = Run()
    run.game.optimizer_d.register_step_pre_hook(ClipNorm(run.game.D, largest))
    return run


@pytest.mark.parametrize(
    ("here", "there", "difference"),
    [
        (lambda: bits(0.6), lambda: bits(0.1), r"D\.layers\.3\.p is 0\.6 here and 0\.1 there"),
        (
            lambda: clipped(1.0),
            lambda: clipped(1e-3),
            r"optimizer_d\.hooks_before\.0\.largest is 1\.0 here and 0\.001",
        ),
        (Run, lambda: clipped(1.0), r"optimizer_d\.hooks_before\S* is \S+ here and"),
    ],
)
def test_through_fit(path, here, there, difference):
    there().fit(2, Checkpoint(path))
    there().fit(3, Checkpoint(path))
    with pytest.raises(CheckpointError, match=difference):
        here().fit(4, Checkpoint(path))


@pytest.mark.parametrize(
    ("there", "here", "difference"),
    [
        ({"warm_up": 5}, {"warm_up": 6}, r"config\.warm_up is 6 here and 5 there"),
        ({"warm_up": 5}, {}, r"config\S* is \S+ here and"),
        ({}, {"kind": ["a", 1]}, r"config\S* is"),
    ],
)
def test_what_a_run_says_of_itself_is_compared(path, there, here, difference):
    Run().fit(2, Checkpoint(path, config=there))
    Run().fit(3, Checkpoint(path, config=there))
    with pytest.raises(CheckpointError, match=difference):
        Run().fit(4, Checkpoint(path, config=here))


def test_a_lambda_is_compared_by_name_with_a_word(path):
    def run(w):
        return Run(penalty=lambda D, x_real, x_fake: w * D(x_real).square().mean())

    with pytest.warns(RuntimeWarning, match=r"^penalty: of a lambda.*frozen dataclass"):
        run(1.0).fit(2, Checkpoint(path))
    with pytest.warns(RuntimeWarning, match=r"compares the name alone.*config=\{\.\.\.\}"):
        run(9.0).fit(3, Checkpoint(path))  # another number: not noticed, and so it is said
    with (
        pytest.warns(RuntimeWarning, match="of a lambda"),
        pytest.raises(CheckpointError, match=r"config\S* is"),
    ):
        run(9.0).fit(4, Checkpoint(path, config={"w": 9.0}))
