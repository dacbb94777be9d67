"""Checkpoints: bitwise resumption, kills at any moment, damaged files, other configurations,
hostile folders.
"""

import ast
import errno
import fcntl
import inspect
import io
import json
import os
import pickle
import random
import shutil
import signal
import tempfile
import threading
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from ganbook import checkpoints
from ganbook.checkpoints import Checkpoint, CheckpointError, files
from ganbook.checkpoints.packing import decode, encode
from ganbook.losses import LEAST_SQUARES, Loss
from ganbook.penalties import gradient_penalty, lazy, r1, total
from ganbook.training import Record, TrainingDiverged, alternating, fit
from support.kills import KILLED_STEPS
from support.processes import python
from support.runs import ADAM, STEPS, Run, listing, step_of


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.ckpt"


@pytest.fixture(scope="module")
def whole():
    return Run().fit().digest()


# -------------------------------------------------------------------------------------------
# resuming, bit by bit


@pytest.mark.parametrize("stop", [1, 2, 3, 6, 11])
def test_a_resumed_run_ends_as_if_it_had_never_stopped(path, whole, stop):
    Run().fit(stop, Checkpoint(path, every=4))
    torch.manual_seed(99)
    assert Run().fit(checkpoint=Checkpoint(path)).digest() == whole
    assert listing(path.parent) == {"run.ckpt", "run.ckpt.previous"}


KINDS = {
    "sgd with momentum": {"optimizer": partial(torch.optim.SGD, lr=1e-3, momentum=0.9)},
    "sgd, no EMA, no penalty": {
        "optimizer": partial(torch.optim.SGD, lr=0.05),
        "decay": None,
        "penalty": None,
    },
    "rmsprop with clipping": {
        "optimizer": partial(torch.optim.RMSprop, lr=1e-3),
        "clip": 0.05,
        "penalty": None,
    },
    "adam, the plain loop": {"optimizer": partial(torch.optim.Adam, lr=1e-2)},
    "a rate that is a tensor": {
        "optimizer": lambda p: torch.optim.Adam(p, lr=torch.tensor(1e-2), foreach=False)
    },
    "penalty on torch's generator": {"penalty": gradient_penalty(10.0)},
    "batch normalisation": {"normalise": True, "penalty": r1(0.1)},
    "channels last": {"convolution": True},
    "present random states": {"seed": None},
    "one batch an epoch": {"batch_size": 40, "d_steps": 1},
}


@pytest.mark.parametrize("kind", KINDS)
def test_of_every_kind(path, kind):
    torch.manual_seed(7)
    expected = Run(**KINDS[kind]).fit().digest()
    torch.manual_seed(7)
    Run(**KINDS[kind]).fit(5, Checkpoint(path))
    torch.manual_seed(8)
    assert Run(**KINDS[kind]).fit(checkpoint=Checkpoint(path)).digest() == expected


def test_optimiser_states_keep_their_layout_in_memory(path):
    """A fused Adam walks parameter and state side by side: a state in another layout would be read
    in another order.
    """
    Run(convolution=True).fit(3, Checkpoint(path))
    run = Run(convolution=True).fit(4, Checkpoint(path))
    for p, state in run.game.optimizer_d.state.items():
        assert state["exp_avg"].stride() == p.stride()


@pytest.mark.parametrize("every", [1, 2, 5, 1000])
def test_saves_change_nothing_however_many(path, whole, every):
    before = torch.get_rng_state()
    assert Run().fit(checkpoint=Checkpoint(path, every=every)).digest() == whole
    assert torch.equal(before, torch.get_rng_state())


def test_validation_between_steps_changes_nothing(path, whole):
    def look(step, game):
        game.G.eval()
        game.G(game.draw(5))
        torch.randn(step)

    Run().fit(7, Checkpoint(path, every=2), look)
    assert Run().fit(checkpoint=Checkpoint(path, every=3), callback=look).digest() == whole


def test_the_same_objects_go_on_after_a_stop(path, whole):
    run = Run()
    run.fit(5, Checkpoint(path))
    run.game.draw(3)
    assert run.fit(checkpoint=Checkpoint(path)).digest() == whole


def test_a_finished_run_is_returned_without_a_step(path, whole):
    Run().fit(checkpoint=Checkpoint(path))
    calls, before = [], path.read_bytes()
    run = Run().fit(checkpoint=Checkpoint(path), callback=lambda *_: calls.append(1))
    assert run.digest() == whole
    assert not calls
    assert path.read_bytes() == before
    with pytest.raises(
        CheckpointError, match=r"is at step 12 already, and steps is 10: ask for at least 12"
    ):
        Run().fit(10, Checkpoint(path))


def test_a_rate_that_a_callback_lowered_is_no_other_configuration(path):
    def lower(step, game):
        game.optimizer_g.param_groups[0]["lr"] = 1e-2 / step

    expected = Run().fit(callback=lower).digest()
    same = Run().fit(6, Checkpoint(path), lower)
    same.fit(9, Checkpoint(path), lower)
    assert Run().fit(checkpoint=Checkpoint(path), callback=lower).digest() == expected


def stream(generator):
    while True:
        yield torch.randn(16, 1, 2, 2, generator=generator)


def test_a_stream_without_a_place_needs_its_generator_named(path):
    def streamed(steps, keep=True):
        g = torch.Generator().manual_seed(4)
        kept = Checkpoint(path, generators={"data": g}) if keep else None
        return Run(batches=stream(g)).fit(steps, kept)

    expected = streamed(STEPS, keep=False).digest()
    streamed(5)
    assert streamed(STEPS).digest() == expected
    with pytest.raises(
        CheckpointError, match=r"type generator have no state_dict .* generators=\{'data': g\}"
    ):
        Run(batches=stream(torch.Generator())).fit(checkpoint=Checkpoint(path))


def test_generators_deep_in_a_penalty_are_found():
    from ganbook.checkpoints.configuration import generators

    g, h = torch.Generator(), torch.Generator()
    inner = gradient_penalty(10.0, g)

    class Weighted:
        def __init__(self):
            self.inner, self.other = inner, h

        def __call__(self, D, x_real, x_fake):
            return self.inner(D, x_real, x_fake)

    object_ = Weighted()
    for penalty in (
        inner,
        partial(inner),
        total(r1(1.0), lazy(inner, 4)),
        object_,
        object_.__call__,
    ):
        assert g in generators(penalty, "penalty").values()
    assert generators(object_, "penalty") == {"penalty.inner.generator": g, "penalty.other": h}
    assert generators(r1(1.0), "penalty") == generators(None, "penalty") == {}
    assert generators(lambda D, r, f: 2 * inner(D, r, f), "penalty") == {}, "a lambda has no fields"


def test_a_new_process_goes_on_bitwise(path, whole):
    Run().fit(5, Checkpoint(path))
    resumed = f"Run().fit(checkpoint=Checkpoint({str(path)!r})).digest()"
    script = f"from ganbook.checkpoints import Checkpoint; from support.runs import Run; print({resumed})"
    assert python(script).strip() == whole


# --------------------------------------------------------------------------------------------- the
# file by itself


def test_every_kind_of_entry_comes_back():
    state = {
        "a": [1, 2.5, float("inf"), True, None, 'x"é'],
        "b": (0.9, (1,)),
        3: {"deep": {0: torch.arange(3)}},
        "t.u": torch.ones(2),
        "t": {"u": torch.zeros(0, 4)},
        "half": torch.randn(3).bfloat16(),
        "last": torch.randn(2, 3, 2, 2).to(memory_format=torch.channels_last),
        "scalar": torch.tensor(0.1).double(),
        "flags": torch.tensor([True, False]),
        "mark": '{"sha256": "' + "0" * 64 + '"}',
        '{"sha256": "' + "0" * 64: torch.ones(1),
    }
    raw = encode(state)
    back = decode(raw)
    assert repr(back) == repr(state)
    assert torch.equal(back["last"], state["last"])
    assert back["half"].dtype == torch.bfloat16
    assert np.isnan(decode(encode(float("nan"))))
    assert encode(back) == raw


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"G": {"hook": print}}, r"G\.hook is of type builtin_function"),
        ({"a": [np.ones(2)]}, r"a\.0 is of type ndarray"),
        ({"a": {(1, 2): 3}}, "a is of type dict"),
    ],
)
def test_what_a_file_cannot_hold_is_named(state, message):
    with pytest.raises(CheckpointError, match=message):
        encode(state)


def test_the_file_is_plain_safetensors(path):
    run = Run().fit(3, Checkpoint(path))
    tensors = safetensors.torch.load_file(path)
    assert torch.equal(tensors["G.0.weight"], run.game.G[0].weight)
    assert torch.equal(tensors["ema.0.weight"], run.ema.module[0].weight)


def test_nothing_is_ever_unpickled(path, monkeypatch):
    for module in Path(checkpoints.__file__).parent.glob("*.py"):
        tree = ast.parse(module.read_text())
        names = {
            n.name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for n in node.names
        }
        loads = {ast.unparse(n) for n in ast.walk(tree) if isinstance(n, ast.Attribute)} & {
            "torch.load",
            "torch.save",
        }
        assert not names & {"pickle", "dill", "joblib"} and not loads

    def refuse(*_, **__):
        raise AssertionError("something was unpickled")

    Run().fit(3, Checkpoint(path))
    torch.save({"G": 1}, path.with_name("other.ckpt"))
    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, refuse)
    Run().fit(5, Checkpoint(path))
    with pytest.raises(CheckpointError, match=r"other\.ckpt is damaged, or is no checkpoint"):
        Run().fit(checkpoint=Checkpoint(path.with_name("other.ckpt")))


# -------------------------------------------------------------------------------------------------
# damaged files


def test_the_order_in_which_a_file_reaches_the_disk(path, monkeypatch):
    calls = []
    sync, replace = os.fsync, os.replace

    def syncing(handle):
        calls.append(
            "folder" if os.path.samestat(os.fstat(handle), os.stat(path.parent)) else "file"
        )
        sync(handle)

    def renaming(a, b):
        calls.append(f"{a.name} -> {b.name}")
        replace(a, b)

    monkeypatch.setattr(files.os, "fsync", syncing)
    monkeypatch.setattr(files.os, "replace", renaming)
    files.write(path, b"1")
    files.write(path, b"2")
    new = ".run.ckpt.tmp -> run.ckpt"
    assert calls == [
        "file",
        new,
        "folder",
        "file",
        "run.ckpt -> run.ckpt.previous",
        new,
        "folder",
    ]
    assert (path.read_bytes(), files.previous(path).read_bytes()) == (b"2", b"1")


@pytest.fixture(scope="module")
def two_saves(tmp_path_factory):
    path = tmp_path_factory.mktemp("saves") / "run.ckpt"
    Run().fit(2, Checkpoint(path, every=1))
    return path


def resumed_step(path):
    """The step from which a run would go on, and what was said."""
    run, record = Run(), Record(STEPS)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        options = run.options | {"loss": LEAST_SQUARES, "step": alternating}
        with Checkpoint(path).running(run.game, run.batches, record, run.ema, options):
            pass
    return record.step, [str(w.message) for w in said]


def damaged(raw, flips, truncations):
    """Copies with one bit flipped each, spread evenly from a random start, and shortened ones."""
    chance = random.Random(0)
    bits = 8 * len(raw)
    for i in range(flips):
        at = int((i + chance.random()) * bits / flips)
        flipped = bytearray(raw)
        flipped[at // 8] ^= 1 << at % 8
        yield bytes(flipped)
    for length in chance.sample(range(len(raw)), truncations):
        yield raw[:length]


def in_full(tenth, full):
    """Values of a parameter: a tenth for `make test`, all for `make test-slow`."""
    return [tenth, pytest.param(*full, marks=pytest.mark.slow)]


@pytest.mark.parametrize(("flips", "truncations"), in_full((50, 20), (500, 200)))
def test_every_flip_and_every_truncation_is_refused_and_the_file_before_used(
    tmp_path, flips, truncations
):
    path, run = tmp_path / "run.ckpt", Run(loss=LEAST_SQUARES)
    run.fit(2, Checkpoint(path, every=1))
    raw, count = path.read_bytes(), 0
    for wrong in damaged(raw, flips, truncations):
        path.write_bytes(wrong)
        with pytest.raises(files.DamagedError, match=r"run\.ckpt is damaged"):
            files.read(path)
        if count % 7 == 0:  # the whole way for some, as it takes longer
            step, said = resumed_step(path)
            assert step == 1
            assert (
                len(said) == 1
                and str(path) in said[0]
                and "damaged" in said[0]
                and "previous (step 1)" in said[0]
            )
        count += 1
    assert count == flips + truncations
    path.write_bytes(raw)
    assert resumed_step(path) == (2, [])


@pytest.mark.filterwarnings("ignore:TypedStorage")
@pytest.mark.parametrize("flips", [50, pytest.param(500, marks=pytest.mark.slow)])
def test_the_control_lets_some_flips_pass(two_saves, flips):
    """torch.load, on the same content, returns a changed state for many flips without a word."""
    state = files.read(two_saves)
    buffer = io.BytesIO()
    torch.save(state, buffer)
    silent = 0
    for wrong in damaged(buffer.getvalue(), flips, 0):
        try:
            loaded = torch.load(io.BytesIO(wrong), weights_only=True)
            silent += encode(loaded) != encode(state)
        except Exception:
            continue
    assert flips / 20 < silent <= flips


def test_a_good_file_is_never_given_up_for_a_damaged_one(path, whole):
    Run().fit(4, Checkpoint(path, every=2))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.warns(
        RuntimeWarning,
        match=r"run\.ckpt is damaged.*going on from .*run\.ckpt\.previous \(step 2\)",
    ):
        Run().fit(5, Checkpoint(path))
    assert (step_of(path), step_of(files.previous(path))) == (5, 2)
    assert Run().fit(checkpoint=Checkpoint(path)).digest() == whole
    assert step_of(files.previous(path)) == 5


def test_with_nothing_good_left_it_says_so_and_touches_nothing(path):
    Run().fit(4, Checkpoint(path, every=2))
    for p in (path, files.previous(path)):
        p.write_bytes(b"")
    with pytest.raises(
        CheckpointError, match=r"run\.ckpt is damaged.*0 bytes.*previous is damaged.*start afresh"
    ):
        Run().fit(checkpoint=Checkpoint(path))
    assert listing(path.parent) == {"run.ckpt", "run.ckpt.previous"}
    assert path.read_bytes() == b""


# ------------------------------------------------------------------------------------------ other
# configurations


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        (
            {"loss": LEAST_SQUARES},
            r"loss\.discriminator is ganbook.losses.least_squares_discriminator here and",
        ),
        ({"loss": Loss("non_saturating", max, min)}, r"loss\.discriminator is builtins.max here"),
        ({"d_steps": 1}, r"d_steps is 1 here and 2 there"),
        ({"one_pass": True}, r"one_pass is True here and False there"),
        ({"seed": 4}, r"seed is 4 here and 3 there"),
        (
            {"penalty": gradient_penalty(5.0, torch.Generator())},
            r"penalty\.weight is 5.0 here and 10.0 there",
        ),
        ({"penalty": gradient_penalty(10.0)}, r"penalty\.generator is None here and torch"),
        (
            {"penalty": r1(10.0)},
            r"penalty\.name is ganbook.penalties.R1 here and ganbook.penalties.GradientPenalty",
        ),
        ({"penalty": None}, r"penalty is None here and absent there"),
        ({"width": 9}, r"G\.layers\.0\.out_features is 9 here and 8 there"),
        ({"dropout": 0.5}, r"D\.layers\.3\.p is 0.5 here and 0.3 there"),
        ({"normalise": True}, r"G\.layers\.1\.kind is torch.nn.modules.batchnorm.BatchNorm1d here"),
        ({"decay": 0.99}, r"decay is 0.99 here and 0.9 there"),
        ({"decay": None}, r"decay is None here and 0.9 there"),
        ({"batch_size": 20}, r"batches\.batch_size is 20 here and 16 there"),
        ({"data_seed": 1}, r"batches\.sha256\.0 is \w{16} here and \w{16} there"),
        ({"clip": 0.1}, r"optimizer_d\.hooks\.\S+ is .* here and absent there"),
        (
            {"optimizer": partial(ADAM, betas=(0.9, 0.999))},
            r"optimizer_g\.groups\.0\.betas\.0 is 0.9 here and 0.5",
        ),
        (
            {"optimizer": partial(torch.optim.SGD, lr=1e-2)},
            r"optimizer_g\.kind is torch.optim.sgd.SGD here and",
        ),
    ],
)
def test_another_configuration_is_refused_with_the_difference(
    two_saves, tmp_path, changes, difference
):
    path = shutil.copy(two_saves, tmp_path)
    run = Run(**changes)
    before = encode([dict(run.game.G.state_dict()), run.batches.state_dict()])
    with pytest.raises(
        CheckpointError, match=rf"run\.ckpt is of another configuration: .*{difference}"
    ):
        run.fit(checkpoint=Checkpoint(path))
    assert encode([dict(run.game.G.state_dict()), run.batches.state_dict()]) == before
    assert Path(path).read_bytes() == two_saves.read_bytes()


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("threads", 64),
        ("torch", "1.0"),
        ("processor", "none"),
        ("device", "other"),
        ("python", "3.2"),
    ],
)
def test_another_machine_is_told_that_bits_may_differ(path, entry, value):
    Run().fit(2, Checkpoint(path))
    saved = files.read(path)
    assert entry in saved["environment"]
    saved["environment"][entry] = value
    path.write_bytes(encode(saved))
    with pytest.warns(RuntimeWarning, match=f"'{entry}': {value!r}.*not bitwise"):
        Run().fit(3, Checkpoint(path))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"every": 0}, "every is 0"),
        ({"every": 2.5}, "every is 2.5"),
        ({"generators": {"a": 3}}, r"generators\['a'\] is 3"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        Checkpoint("run.ckpt", **arguments)


# ---------------------------------------------------------------------------------------------
# stopping on request


def interrupt(number):
    return lambda step, game: os.kill(os.getpid(), number) if step == 5 else None


def raise_at_5(step, game):
    game.draw(1)
    if step == 5:
        game.G.eval()
        raise KeyboardInterrupt


@pytest.fixture(autouse=True)
def _heard():
    """Ctrl-C reaches the tests also where they were started in the background, with the signal
    ignored.
    """
    kept = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, kept)


@pytest.mark.parametrize(
    ("callback", "name"),
    [
        (interrupt(signal.SIGINT), "Ctrl-C"),
        (interrupt(signal.SIGTERM), "SIGTERM"),
        (raise_at_5, "KeyboardInterrupt"),
    ],
)
def test_a_stop_saves_and_returns_the_history_so_far(path, whole, callback, name):
    handlers = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]
    with pytest.warns(
        RuntimeWarning, match=rf"{name} ended training after step 5 of 12; saved in .*run\.ckpt"
    ):
        run = Run().fit(checkpoint=Checkpoint(path), callback=callback)
    assert len(run.history) == 5
    assert step_of(path) == 5
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == handlers
    assert Run().fit(checkpoint=Checkpoint(path)).digest() == whole


def signalled(number, *at):
    """A run that sends itself a signal while D is called for the n-th time, for each n of ``at``."""
    run = Run()
    forward, calls = run.game.D.forward, []

    def interrupted(x):
        calls.append(1)
        if len(calls) in at:
            os.kill(os.getpid(), number)
        return forward(x)

    run.game.D.forward = interrupted
    return run


def test_a_signal_in_the_middle_of_a_step_waits_for_its_end(path, whole):
    run = signalled(signal.SIGINT, 23)
    with pytest.warns(RuntimeWarning, match="Ctrl-C ended training after step 4 of 12"):
        run.fit(checkpoint=Checkpoint(path))
    assert Run().fit(checkpoint=Checkpoint(path)).digest() == whole


def test_a_second_ctrl_c_is_obeyed_at_once_and_the_last_save_stands(path, whole):
    run = signalled(signal.SIGINT, 23, 24)
    with pytest.raises(KeyboardInterrupt):
        run.fit(checkpoint=Checkpoint(path, every=2))
    assert step_of(path) == 2
    assert listing(path.parent) == {"run.ckpt"}
    assert Run().fit(checkpoint=Checkpoint(path)).digest() == whole


@pytest.mark.parametrize(
    ("number", "name"), [(signal.SIGINT, "Ctrl-C"), (signal.SIGTERM, "SIGTERM")]
)
def test_a_signal_in_the_last_step_is_not_swallowed(path, whole, number, name):
    with pytest.warns(
        RuntimeWarning,
        match=rf"{name} came during the last step.*ended by itself after step 5 of 5",
    ):
        run = Run().fit(5, Checkpoint(path), interrupt(number))
    assert len(run.history) == step_of(path) == 5
    assert Run().fit(checkpoint=Checkpoint(path)).digest() == whole


def test_a_second_sigterm_is_no_ctrl_c(path, whole):
    run = signalled(signal.SIGTERM, 23, 24)
    with pytest.warns(RuntimeWarning, match="SIGTERM ended training after step 4 of 12"):
        run.fit(checkpoint=Checkpoint(path))
    assert Run().fit(checkpoint=Checkpoint(path)).digest() == whole


def test_without_a_checkpoint_ctrl_c_is_as_ever():
    with pytest.raises(KeyboardInterrupt):
        Run().fit(callback=interrupt(signal.SIGINT))


def test_ignored_signals_stay_ignored_and_handlers_come_back_after_an_error(path):
    former = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        run = Run().fit(checkpoint=Checkpoint(path), callback=interrupt(signal.SIGTERM))
        assert len(run.history) == STEPS
    finally:
        signal.signal(signal.SIGTERM, former)

    def fail(step, game):
        assert signal.getsignal(signal.SIGTERM) is not former
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Run().fit(20, Checkpoint(path), fail)
    assert signal.getsignal(signal.SIGTERM) is former


def test_outside_the_main_thread_no_handler_is_installed(path, whole):
    found = {}

    def work():
        found["run"] = Run().fit(checkpoint=Checkpoint(path, every=5), callback=look)

    def look(step, game):
        found["handler"] = signal.getsignal(signal.SIGTERM)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found["handler"] is signal.getsignal(signal.SIGTERM)
    assert found["run"].digest() == whole


# --------------------------------------------------------------------------------------------------
# ---- divergence


@pytest.mark.parametrize("player", ["D", "G"])
def test_nan_names_step_player_and_last_good_checkpoint(path, player):
    def poison(step, game):
        if step == 7:
            nn.init.constant_(next(getattr(game, player).parameters()), float("nan"))

    seen = {"D": "d_real", "G": "d_fake"}[player]
    message = rf"{seen} of player {player} is nan at step 8: .*The last good checkpoint is .*run\.ckpt \(step 6\)"
    with pytest.raises(TrainingDiverged, match=message):
        Run().fit(checkpoint=Checkpoint(path, every=3), callback=poison)
    assert step_of(path) == 6


@pytest.mark.parametrize("player", ["G", "D"])
def test_parameters_that_are_not_finite_are_never_saved(path, player):
    """A loss may still be finite after the update that broke the network."""

    def poison(step, game):
        if step == 6:
            with torch.no_grad():
                next(getattr(game, player).parameters()).view(-1)[0] = float("inf")

    message = (
        rf"\d\.weight of player {player} is not finite after step 6: .*The last good .*\(step 3\)"
    )
    with pytest.raises(TrainingDiverged, match=message):
        Run().fit(checkpoint=Checkpoint(path, every=3), callback=poison)
    assert step_of(path) == 3


@pytest.mark.parametrize(
    ("poison", "name"),
    [
        (lambda run: run.game.G[1].running_var.fill_(float("nan")), r"1\.running_var of player G"),
        (
            lambda run: run.ema.module[0].weight.data.view(-1)[0].fill_(float("nan")),
            r"0\.weight of the average of G",
        ),
    ],
)
def test_nan_in_a_buffer_or_in_the_average_is_never_saved(path, poison, name):
    run = Run(normalise=True, penalty=None)
    message = rf"{name} is not finite after step 6: .*\(step 3\)"
    with pytest.raises(TrainingDiverged, match=message):
        run.fit(
            checkpoint=Checkpoint(path, every=3),
            callback=lambda step, game: step == 6 and poison(run),
        )
    assert step_of(path) == 3


def test_a_loss_of_either_player_with_no_save_yet(path):
    nan = lambda *_: torch.tensor(float("nan"), requires_grad=True)  # noqa: E731
    one = lambda *_: torch.tensor(1.0, requires_grad=True)  # noqa: E731
    for player, loss in (("G", Loss("bad", one, nan)), ("D", Loss("bad", nan, one))):
        message = f"player {player} is nan at step 1: .*last good checkpoint is none: nothing was saved yet"
        with pytest.raises(TrainingDiverged, match=message):
            Run(loss=loss).fit(checkpoint=Checkpoint(path))
    assert listing(path.parent) == set()


# ------------------------------------------------------------------------------- folders, disks,
# owners, writers


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none/run.ckpt", r"the folder .*none does not exist; create it first"),
        ("file/run.ckpt", r"file is not a folder"),
        ("folder", r"folder: it is a folder; name a file in it"),
    ],
)
def test_places_where_no_file_can_be(tmp_path, name, message):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(CheckpointError, match=message):
        Run().fit(checkpoint=Checkpoint(tmp_path / name))
    assert listing(tmp_path) == {"file", "folder"}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("loop", r"(no file can be at .*loop|cannot (read|write) .*loop: its links lead round)"),
        ("~nosuchuser/run.ckpt", r"no file can be at ~nosuchuser/run\.ckpt: .*choose another path"),
    ],
)
def test_paths_that_lead_nowhere(tmp_path, monkeypatch, name, message):
    monkeypatch.chdir(tmp_path)
    Path("loop").symlink_to("loop")
    with pytest.raises(CheckpointError, match=message):
        Run().fit(checkpoint=Checkpoint(name))


@pytest.mark.parametrize("name", [".run.ckpt.tmp", ".run.ckpt.lock", "run.ckpt.previous"])
def test_a_folder_where_a_file_is_needed(path, name):
    (path.parent / name).mkdir()
    with pytest.raises(
        CheckpointError, match=rf"{name}(, which is needed for it, is|: it is) a folder; .*move"
    ):
        Run().fit(checkpoint=Checkpoint(path, every=5))
    (path.parent / name).rmdir()
    assert len(Run().fit(checkpoint=Checkpoint(path)).history) == STEPS


def test_a_path_is_expanded_and_stays_where_it_was_named(tmp_path, monkeypatch):
    (tmp_path / "other").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "run.ckpt")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("~/home.ckpt", "other/../run.ckpt", "link"):
        monkeypatch.chdir(tmp_path)
        Run().fit(4, Checkpoint(name, every=2), lambda step, game: os.chdir("/"))
    assert listing(tmp_path) == {
        "other",
        "link",
        "home.ckpt",
        "home.ckpt.previous",
        "run.ckpt",
        "run.ckpt.previous",
    }
    assert (tmp_path / "link").is_symlink()
    assert listing(tmp_path / "other") == set()


def test_when_the_second_rename_fails_the_newest_file_stays(path, whole, monkeypatch):
    replace = os.replace

    def failing(a, b):
        if b == path:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        replace(a, b)

    Run().fit(4, Checkpoint(path, every=2))
    before = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(files.os, "replace", failing)
        for _ in range(2):
            with pytest.raises(CheckpointError, match=r"cannot write .*run\.ckpt: .*Input/output"):
                Run().fit(checkpoint=Checkpoint(path, every=6))
            assert files.previous(path).read_bytes() == before
    assert listing(path.parent) == {"run.ckpt.previous"}
    assert Run().fit(checkpoint=Checkpoint(path, every=5)).digest() == whole
    assert (step_of(path), step_of(files.previous(path))) == (12, 10)
    assert listing(path.parent) == {"run.ckpt", "run.ckpt.previous"}


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.ENOSPC, "is full"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "mounted read-only"),
        (errno.EIO, "Input/output"),
    ],
)
def test_a_disk_that_fails_during_a_save(path, whole, monkeypatch, number, message):
    def failing(handle):
        raise OSError(number, os.strerror(number))

    Run().fit(4, Checkpoint(path, every=2))
    before = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(files.os, "fsync", failing)
        with pytest.raises(CheckpointError, match=rf"cannot write .*run\.ckpt: .*{message}"):
            Run().fit(checkpoint=Checkpoint(path, every=3))
    assert path.read_bytes() == before
    assert listing(path.parent) == {"run.ckpt", "run.ckpt.previous"}
    assert Run().fit(checkpoint=Checkpoint(path)).digest() == whole


def test_disk_limits_read_only_folders_and_other_owners():
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        said = json.loads(
            python(f"from support.hostile import hostile; hostile({folder!r})").splitlines()[-1]
        )
    assert "run.ckpt: it would be larger than files may be here" in said["limit"]
    assert said["intact"] and said["listing"] == ["run.ckpt"]
    assert "belongs to user" in said["owner"] and "this process runs as user" in said["owner"]
    assert "is read-only (mode 555)" in said["read-only"]
    assert said["intact there"]
    assert "writable again" not in said
    assert "cannot write" in said["halfway"] and "halfway.ckpt: the folder" in said["halfway"]
    assert said["after halfway"] == 6 and said["left"] == ["halfway.ckpt", "halfway.ckpt.previous"]
    assert "cannot read" in said["unreadable"] and "(mode 0)" in said["unreadable"]


def test_what_cannot_be_removed_hides_no_error(path, monkeypatch):
    """A folder that became read-only in the middle of a save: the reason is said, and the lock is
    given back.
    """
    unlink = Path.unlink

    def failing(*_):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    def kept(file, missing_ok=False):
        if file.exists():
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(file))
        unlink(file, missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "replace", failing)
        patch.setattr(Path, "unlink", kept)
        with pytest.raises(CheckpointError, match=r"cannot write .*run\.ckpt: .*Input/output"):
            Run().fit(checkpoint=Checkpoint(path))
    assert listing(path.parent) == {".run.ckpt.tmp", ".run.ckpt.lock"}
    assert len(Run().fit(checkpoint=Checkpoint(path)).history) == STEPS
    assert listing(path.parent) == {"run.ckpt"}


def test_what_a_killed_writer_left_is_removed_at_once(path):
    files.temporary(path).write_bytes(b"half")
    with files.lock(path):
        assert not files.temporary(path).exists()


def test_two_writers(path, whole):
    def second(step, game):
        with pytest.raises(
            CheckpointError, match=rf"run\.ckpt has a writer already, process {os.getpid()}: wait"
        ):
            Run().fit(checkpoint=Checkpoint(path))

    assert Run().fit(checkpoint=Checkpoint(path, every=5), callback=second).digest() == whole
    assert listing(path.parent) == {"run.ckpt", "run.ckpt.previous"}


def test_the_lock_survives_a_race_for_its_file(path, monkeypatch):
    """A writer that opened the lock file just before its owner removed it must not hold a lock on
    nothing.
    """
    flock, calls = fcntl.flock, []

    def after_its_owner_left(handle, how):
        if not calls:
            path.with_name(".run.ckpt.lock").unlink()
        calls.append(handle)
        flock(handle, how)

    monkeypatch.setattr(fcntl, "flock", after_its_owner_left)
    with files.lock(path):
        assert len(calls) == 2
        with pytest.raises(CheckpointError, match="has a writer already"), files.lock(path):
            pass
    assert listing(path.parent) == set()


def worker_that_outlives(path, report):
    """A run forks a worker and is killed; the worker waits until the pipe is closed."""
    read, write = os.pipe()
    run = os.fork()
    if run == 0:
        os.close(write)
        with files.lock(Path(path)):
            if os.fork() == 0:
                os.write(report, b"living")
                os.read(read, 1)
                os._exit(0)
            os.kill(os.getpid(), signal.SIGKILL)
    os.close(read)
    os.waitpid(run, 0)
    return write


def test_the_lock_dies_with_its_process_though_a_forked_worker_lives(path):
    here, report = os.pipe()
    alive = worker_that_outlives(path, report)
    assert os.read(here, 6) == b"living"
    with files.lock(path):
        pass
    for handle in (alive, here, report):
        os.close(handle)


def test_a_forked_process_does_not_take_the_lock_away(path):
    child = None
    try:
        with files.lock(path):
            child = os.fork()
            if child:
                assert os.waitpid(child, 0)[1] == 0
                with pytest.raises(CheckpointError, match="has a writer already"), files.lock(path):
                    pass
    finally:
        if child == 0:  # it has left the block too, and the lock's file is still there
            os._exit(0 if path.with_name(".run.ckpt.lock").exists() else 1)
    assert listing(path.parent) == set()


# ------------------------------------------------------------------------------------------------
# kill at any time


@pytest.mark.parametrize(("seed", "kills"), in_full((0, 5), (1, 50)))
def test_killed_at_any_moment_a_run_ends_the_same(seed, kills):
    out = python(f"from support.kills import kill_rounds; kill_rounds({seed}, {kills})")
    counts = json.loads(out.splitlines()[-1])
    print(counts)
    assert counts["wrong"] == []
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    expected = Run().fit(KILLED_STEPS).digest()
    torch.set_num_threads(threads)
    assert counts["reference"] == expected, "the uninterrupted run"


def test_fit_stays_readable():
    lines = inspect.getsource(fit).split('"""')[2].splitlines()
    assert len([line for line in lines if line.strip()]) <= 36
