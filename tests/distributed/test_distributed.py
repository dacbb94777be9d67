"""Two processes against one: equal parameters where they must be, and one end for both whatever
happens to either.
"""

import os
import socket
import subprocess
import sys
import time

import pytest
import torch

from ganbook.checkpoints import Checkpoint, files
from ganbook.distributed import Team, join
from ganbook.distributed import team as team_module
from ganbook.training import fit
from support import distributed_cases as cases
from support.paths import ROOT

BOTH = range(2)


def start(folder, rank, port):
    env = os.environ | {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": "2",
        "LOCAL_WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests"))),
    }
    return subprocess.Popen(
        [sys.executable, "-m", cases.__name__, str(folder)],
        env=env,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """What two processes left, and their folder; a process that fails or hangs is named with what
    it said.
    """
    folder = tmp_path_factory.mktemp("pair")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    processes = [start(folder, rank, port) for rank in BOTH]
    end = time.monotonic() + 300
    try:
        for rank, process in enumerate(processes):
            said = process.communicate(timeout=max(1, end - time.monotonic()))[1]
            assert process.returncode == 0, (
                f"process {rank} ended with {process.returncode}:\n{said[-3000:]}"
            )
            assert "FutureWarning" not in said and "Deprecat" not in said, said[-3000:]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in BOTH], folder


@pytest.fixture(scope="module")
def alone():
    return {
        name: cases.Run(**options).fit(cases.ALONE).result()
        for name, options in (cases.EQUAL | cases.UNEQUAL).items()
    }


def distance(a, b):
    assert a.keys() == b.keys()
    return max(
        ((a[k].double() - b[k].double()).abs().max().item(), k)
        for k in a
        if not k.startswith("next")
    )


def assert_bitwise(a, b):
    assert a.keys() == b.keys()
    assert [k for k in a if not torch.equal(a[k], b[k])] == []


@pytest.mark.parametrize("name", cases.EQUAL)
def test_two_processes_end_where_one_does(pair, alone, name):
    (first, second), _ = pair
    assert_bitwise(
        {k: v for k, v in first["found"][name].items() if k != "next z"},
        {k: v for k, v in second["found"][name].items() if k != "next z"},
    )
    assert distance(first["found"][name], alone[name])[0] < 1e-5
    assert torch.equal(first["found"][name]["next z"], alone[name]["next z"])
    assert torch.equal(first["found"][name]["next batch"], alone[name]["next batch"])


def test_the_run_is_long_enough_to_tell(alone):
    fresh = dict(cases.Run().game.G.state_dict())
    moved = max((alone["plain"][f"G.{k}"] - v).abs().max() for k, v in fresh.items())
    assert moved > 0.05
    assert distance(alone["plain"], alone["r1"])[0] > 1e-2


def test_where_the_gradient_is_zero_adam_makes_steps_of_its_rounding(pair, alone):
    """A Wasserstein critic's bias cancels while its unit is on for every sample: Adam divides
    rounding by itself.

    One process with its rows in reverse order departs as far; Adam's eps above the rounding mends
    it ("wasserstein")."""
    (first, second), _ = pair
    one = cases.Run(**cases.ROUNDING).fit(cases.ALONE).result()
    assert distance(first["found"]["rounding"], one)[0] > 1e-3
    assert distance(first["found"]["rounding"], second["found"]["rounding"])[0] == 0
    assert distance(cases.reversed_rows(cases.ALONE, **cases.ROUNDING).result(), one)[0] > 1e-3
    assert distance(cases.reversed_rows(cases.ALONE).result(), alone["plain"])[0] < 1e-5


@pytest.mark.parametrize("fault", cases.FAULTS)
def test_a_fault_in_the_sharing_shows(pair, alone, fault):
    (first, _), _ = pair
    assert distance(first["faults"][fault], alone["gradient penalty"])[0] > 1e-3


def test_a_run_in_two_parts(pair):
    (first, second), _ = pair
    one = cases.two_parts(cases.ALONE).result()
    assert distance(first["found"]["two parts"], one)[0] < 1e-5
    assert distance(first["found"]["two parts"], second["found"]["two parts"])[0] == 0


@pytest.mark.parametrize("name", cases.UNEQUAL)
def test_dropout_and_batch_norm_differ_from_one_process_and_not_between_the_two(pair, alone, name):
    (first, second), _ = pair
    assert distance(first["found"][name], alone[name])[0] > 1e-3
    assert distance(first["found"][name], second["found"][name])[0] == 0, (
        "averages and statistics included"
    )


def test_each_process_draws_its_own_dropout_mask(pair):
    a, b = (found["mask"] for found in pair[0])
    assert a.shape == b.shape == (8, 32)
    assert 0.3 < (a != b).double().mean() < 0.7


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "41 images",
            "2 processes cannot share 41 samples in batches of 16 equally (an epoch's last batch holds 9)",
        ),
        ("a batch of 7", "2 processes cannot share a batch of 7 equally"),
        ("nan", f"d_real of player D is nan at step {cases.STOP}: training cannot go on"),
        ("nan", "The last good checkpoint is none: the run has no checkpoint"),
        ("nan, saved", f"d_real of player D is nan at step {cases.STOP}"),
        ("nan, saved", "nan.safetensors (step 5)"),
        ("callback", "no such curve"),
        (
            "one process's parameters",
            f"after step {cases.STEPS} the 2 processes do not agree on 1.weight of D, so that",
        ),
        (
            "one process's parameters, saved",
            "after step 5 the 2 processes do not agree on 1.weight of D",
        ),
        (
            "one process's group",
            "have 2 groups of parameters in one process, and 3 in the process that leads",
        ),
        ("gradients are not averaged", "the 2 processes do not agree on 0.weight of G and"),
        ("missing folder", "none does not exist; create it first"),
    ],
)
def test_what_fails_in_one_process_fails_in_both_with_one_message(pair, name, message):
    said = [found["errors"][name] for found in pair[0]]
    assert message in said[0]
    assert said[0] == said[1]


def test_what_is_not_one_players_is_not_saved(pair):
    assert not list(pair[1].glob("parted*"))


def test_callbacks_are_the_leaders_and_see_the_game_as_it_was_passed(pair):
    assert [found["callback"] for found in pair[0]] == [
        [(1, "Sequential"), (2, "Sequential"), (3, "Sequential")],
        [],
    ]


def test_sigterm_to_one_process_stops_both_after_one_step_and_the_rest_ends_as_if_it_had_not(pair):
    (first, second), folder = pair
    assert first["stop"]["steps"] == second["stop"]["steps"] == cases.STOP
    for found in (first, second):
        assert_bitwise(found["stop"]["rest"], found["stop"]["whole"])
    (said,) = first["stop"]["said"]
    assert (
        f"a signal to another process ended training after step {cases.STOP} of {cases.STEPS}"
        in said
    )
    assert second["stop"]["said"] == []
    assert not list(folder.glob(".*")), "a lock or a temporary file was left"


def test_only_the_leader_writes(pair):
    (first, second), _ = pair
    assert (first["stop"]["writes"], first["stop"]["writes at the end"]) == (2, 5), (
        "steps 5, 7; then 10, 15, 20"
    )
    assert second["stop"]["writes at the end"] == 0


def test_one_process_goes_on_from_what_two_have_saved(pair, tmp_path, alone):
    (first, _), folder = pair
    path = tmp_path / "half.safetensors"
    path.write_bytes((folder / "half.safetensors").read_bytes())
    assert len(files.read(path)["processes"]) == 2
    with pytest.warns(RuntimeWarning, match=r"'processes': 2.*not bitwise"):
        run = cases.Run(penalty="gp").fit(cases.ALONE, checkpoint=Checkpoint(path))
    assert distance(run.result(), alone["gradient penalty"])[0] < 1e-5
    assert torch.equal(
        run.result()["history.loss_d"][: cases.STOP], first["half"]["history.loss_d"]
    )


def test_two_processes_go_on_from_what_one_has_saved(pair, alone):
    (first, second), _ = pair
    assert distance(first["found"]["one, then two"], alone["gradient penalty"])[0] < 1e-5
    (said,) = first["said"]
    assert "'processes': 2" in said and "not bitwise" in said
    assert second["said"] == []


def test_one_process_alone_is_plain_training(alone):
    run = cases.Run()
    run.history = fit(run.game, run.batches, steps=cases.STEPS, ema=run.ema, **run.options)
    assert_bitwise(run.result(), alone["plain"])


def test_shares_are_the_batch_in_order():
    x = torch.arange(12).reshape(6, 2)
    shares = [Team(rank, 3, torch.device("cpu")).share(x) for rank in range(3)]
    assert torch.equal(torch.cat(shares), x)
    with pytest.raises(ValueError, match="4 processes cannot share a batch of 6 equally"):
        Team(0, 4, torch.device("cpu")).share(x)


def gpus(monkeypatch, number, **env):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: number > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: number)
    chosen = []
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    for name, value in env.items():
        monkeypatch.setenv(name, str(value))
    return chosen


def test_the_device_that_is_asked_for(monkeypatch):
    chosen = gpus(monkeypatch, 2)
    for name, kind in (("auto", "cuda"), ("cuda", "cuda"), ("cpu", "cpu")):
        with join(name) as team:
            assert (team.rank, team.size, team.device.type) == (0, 1, kind)
    gpus(monkeypatch, 2, LOCAL_RANK=1, LOCAL_WORLD_SIZE=2)
    assert team_module._device("auto") == torch.device("cuda", 1)
    assert chosen == [torch.device("cuda", 0)] * 2


@pytest.mark.parametrize(
    ("device", "number", "processes", "message"),
    [
        ("cuda", 0, 1, "PyTorch finds no GPU"),
        ("cuda", 1, 2, r"2 processes for 1 GPU: start one process for each \(--nproc-per-node 1\)"),
        ("auto", 3, 4, "4 processes for 3 GPUs"),
        ("tpu", 0, 1, "device is 'tpu': expected auto, cpu or cuda"),
    ],
)
def test_devices_that_are_not_there(monkeypatch, device, number, processes, message):
    gpus(monkeypatch, number, LOCAL_WORLD_SIZE=processes)
    with pytest.raises(ValueError, match=message), join(device):
        pass


def test_an_error_that_cannot_travel_is_told_in_words():
    class Local(Exception):
        pass

    told = team_module._portable(Local("why"))
    assert (type(told), str(told)) == (RuntimeError, "Local: why")
    error = ValueError("as it is")
    assert team_module._portable(error) is error and team_module._portable(None) is None
