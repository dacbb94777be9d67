"""What a checkpoint knows of a run: every random generator, the states of its objects, and which
run it is.
"""

import random
import types
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from ganbook.checkpoints import Checkpoint, CheckpointError, files
from ganbook.checkpoints.configuration import describe, differences, generators
from ganbook.checkpoints.packing import decode, encode
from ganbook.fast import quick_dropout
from ganbook.losses import LEAST_SQUARES, Loss
from ganbook.penalties import gradient_penalty, r1
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


class Slots:
    __slots__ = ("held",)

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


def in_a_dict():
    held = {"noise": seeded()}
    return Run(penalty=lambda D, x_real, x_fake: noisy(held["noise"], D, x_real))


def in_an_object():
    held = types.SimpleNamespace(pair=(1.0, seeded()))
    return Run(penalty=lambda D, x_real, x_fake: noisy(held.pair[1], D, x_real))


def in_a_global():
    names = {"noisy": noisy, "HELD": {"g": seeded()}, "__name__": "elsewhere"}
    exec("def penalty(D, r, f): return sum(noisy(HELD['g'], D, x) for x in (r, f))", names)
    return Run(penalty=names["penalty"])


def in_the_loss():
    g = seeded()

    def labels(d_real, d_fake):
        return (
            d_real - 1 + 0.1 * torch.randn(d_real.shape, generator=g)
        ).square().mean() + d_fake.square().mean()

    return Run(loss=Loss("noisy labels", labels, LEAST_SQUARES.generator))


def in_a_layer(player):
    run = Run(decay=None)
    getattr(run.game, player).insert(2, Noise())
    return run


def in_a_hook_of_the_optimiser():
    run, g = Run(), seeded()

    def shake(optimizer, *_):
        for p in optimizer.param_groups[0]["params"]:
            p.grad += 0.1 * torch.randn(p.shape, generator=g)

    run.game.optimizer_d.register_step_pre_hook(shake)
    return run


def in_a_forward_hook():
    run, g = Run(), seeded()
    run.game.D[1].register_forward_hook(
        lambda layer, x, y: y + 0.1 * torch.randn(y.shape, generator=g)
    )
    return run


def shared_by_all(draw):
    return Run(penalty=lambda D, x_real, x_fake: D(x_real + draw()).square().mean())


PLACES = {
    "a dict in the penalty": in_a_dict,
    "a tuple in an object in the penalty": in_an_object,
    "a global that the penalty reads": in_a_global,
    "a penalty that is a module": lambda: Run(penalty=Module()),
    "slots of the penalty": lambda: Run(penalty=Slots()),
    "the loss": in_the_loss,
    "a layer of G": lambda: in_a_layer("G"),
    "a layer of D": lambda: in_a_layer("D"),
    "a hook of an optimiser": in_a_hook_of_the_optimiser,
    "a hook of a layer": in_a_forward_hook,
    "numpy's state": lambda: shared_by_all(np.random.random),
    "Python's state": lambda: shared_by_all(random.random),
    "Python's state for pairs": lambda: shared_by_all(lambda: random.gauss(0, 1)),
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
@pytest.mark.parametrize("place", PLACES)
def test_a_generator_is_resumed_wherever_it_is(path, place):
    make = PLACES[place]
    start(1)
    expected = make().fit().digest()
    start(1)
    make().fit(5, Checkpoint(path))
    start(2)
    assert make().fit(checkpoint=Checkpoint(path)).digest() == expected


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
        ({"path": None}, r"path is None: expected the name of a file"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        Checkpoint(**{"path": "run.ckpt"} | arguments)


# --------------------------------------------------------------------------------------------------
# which run it is


def weighted(w):
    return lambda D, x_real, x_fake: w * D(x_real).mean()


def keyword_only(w):
    def penalty(D, x_real, x_fake, *, w=w):
        return w * D(x_real).mean()

    return penalty


def source(text, **names):
    names["__name__"] = "notebook"
    exec(text, names)
    return names["f"]


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
    __slots__ = ("w",)

    def __init__(self, w):
        self.w = w

    def __call__(self, x):
        return self.w * x


GLOBAL = "def f(D, x_real, x_fake): return W * D(x_real).mean()"
IN_A_COMPREHENSION = (
    "def f(D, x_real, x_fake): return sum(W * D(x).mean() for x in (x_real, x_fake))"
)
IN_A_LAMBDA = "def f(D, x_real, x_fake):\n    return (lambda x: W * x)(D(x_real).mean())"


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
        (keyword_only(1.0), keyword_only(9.0), "value.w is 1.0 here and 9.0 there"),
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
        (source(GLOBAL, W=1.0), source(GLOBAL, W=9.0), "value.W is 1.0 here and 9.0 there"),
        (source(GLOBAL, W=[1.0]), source(GLOBAL, W=[9.0]), "value.W.0 is 1.0 here and 9.0 there"),
        (
            source(GLOBAL, W=Called(1.0)),
            source(GLOBAL, W=Called(9.0)),
            "value.W.w is 1.0 here and 9.0 there",
        ),
        (
            source(IN_A_COMPREHENSION, W=1.0),
            source(IN_A_COMPREHENSION, W=9.0),
            "value.W is 1.0 here and 9.0 there",
        ),
        (
            source(IN_A_LAMBDA, W=1.0),
            source(IN_A_LAMBDA, W=9.0),
            "value.W is 1.0 here and 9.0 there",
        ),
        (source("f = lambda x: 10 * x"), source("f = lambda x: 0.1 * x"), "value.body is"),
        (source("f = lambda x: x - 1"), source("f = lambda x: x + 1"), "value.body is"),
        (
            source("f = lambda x: map(lambda t: t + 1, x)"),
            source("f = lambda x: map(lambda t: t + 2, x)"),
            "value.body is",
        ),
        (source("f = lambda x: x.mean()"), source("f = lambda x: x.sum()"), "value.body is"),
        (source("f = lambda x: x in {1, 2}"), source("f = lambda x: x in {1, 3}"), "value.body is"),
        (
            source("class C:\n    def __call__(self, x): return x\nf = C()"),
            source("class C:\n    def __call__(self, x): return 2 * x\nf = C()"),
            "value.__call__.body is",
        ),
    ],
)
def test_another_number_or_body_is_another_configuration(here, there, difference):
    found = differences(describe({"value": here}), describe({"value": there}))
    assert found and found[0].startswith(difference), found
    assert differences(describe({"value": here}), describe({"value": here})) == []


COMMENTED = '''

def f(D, x_real, x_fake):
    """What it does."""
    # why it does it
    return (
        W * D(x_real).mean()
    )
'''


@pytest.mark.parametrize(
    ("here", "there"),
    [
        (r1(1), r1(1.0)),
        (weighted(np.float64(0.1)), weighted(0.1)),
        (weighted(float("nan")), weighted(float("nan"))),
        (source(GLOBAL, W=1), source(COMMENTED, W=1.0)),
        (weighted((0.5, 1)), weighted([0.5, 1])),
        (source(IN_A_LAMBDA, W=1), source("\n\n" + IN_A_LAMBDA, W=1)),
        (source(GLOBAL, W=1, unused=3), source(GLOBAL, W=1)),
        (nn.Linear(2, 3), nn.Linear(2, 3)),
        (weighted(nn.Linear(2, 3)), weighted(nn.Linear(2, 3))),
    ],
)
def test_the_same_written_otherwise_is_the_same(here, there):
    assert differences(describe({"value": here}), describe({"value": there})) == []


def test_functions_of_installed_packages_count_by_name_so_that_versions_may_change():
    assert describe(torch.nn.utils.clip_grad_norm_).keys() <= {
        "name",
        "func",
        "default.0",
        "default.1",
        "default.2",
    }
    assert "body" not in describe(r1(1.0))


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


def clipped(largest):
    run = Run()
    clip = lambda *_: nn.utils.clip_grad_norm_(run.game.D.parameters(), largest) and None  # noqa: E731
    run.game.optimizer_d.register_step_pre_hook(clip)
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


def test_under_another_python_bodies_are_not_compared(path):
    penalty = source("f = lambda D, x_real, x_fake: D(x_real).square().mean()")
    Run(penalty=penalty).fit(2, Checkpoint(path))
    saved = files.read(path)
    assert saved["configuration"]["penalty"]["body"]
    saved["environment"]["python"] = "3.2"
    saved["configuration"]["penalty"]["body"] = saved["last"]["penalty"]["body"] = (
        "of other instructions"
    )
    path.write_bytes(encode(saved))
    with pytest.warns(RuntimeWarning, match=r"saved under \{'python': '3\.2'.*not bitwise"):
        Run(penalty=penalty).fit(3, Checkpoint(path))
