"""Runs that are killed at any moment, in forked children of a process of its own."""

import json
import mmap
import os
import random
import shutil
import signal
import tempfile
import time
from pathlib import Path

import torch

from ganbook.checkpoints import Checkpoint, files
from support.runs import Run, listing

KILLED_STEPS = 18
STAGES = (
    "half written",
    "before sync",
    "before rename",
    "between renames",
    "before folder sync",
    "after",
)


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def armed(stage, number, inside):
    """Let the process kill itself at a stage of its save of that number; `inside[0]` is 1 while it
    saves.
    """
    write, replace, sync, count = files.write, os.replace, files._sync, [0]

    def saving(path, raw, keep=True):
        count[0] += 1
        inside[0] = 1
        now = count[0] == number and stage
        if now == "half written":
            files.temporary(path).write_bytes(raw[: len(raw) // 2])
            die()
        if now == "before sync":
            files.temporary(path).write_bytes(raw)
            die()
        steps = {"before rename": 1, "between renames": 2}
        left = [steps.get(now, 0) if path.exists() else min(steps.get(now, 0), 1)]

        def renaming(a, b):
            left[0] -= 1
            if left[0] == 0:
                die()
            replace(a, b)

        files.os.replace = renaming
        files._sync = lambda folder: die() if now == "before folder sync" else sync(folder)
        write(path, raw, keep)
        if now == "after":
            die()
        inside[0] = 0

    files.write = saving


def kill_rounds(seed, kills):
    """Kill runs at random moments until there were enough of each kind; print their counts, and
    what was not equal.
    """
    torch.set_num_threads(1)
    Run().fit(1)  # what torch imports late is imported once, and not by every child
    chance, inside = random.Random(seed), mmap.mmap(-1, 1)
    counts = {
        "killed": 0,
        "inside a save": 0,
        "at an epoch's end": 0,
        "three in one run": 0,
        "runs": 0,
        "wrong": [],
    }
    enough = {
        "killed": kills,
        "inside a save": 0.3 * kills,
        "at an epoch's end": 0.1 * kills,
        "three in one run": 1,
    }
    reference, duration = "", 1.0
    while (
        any(counts[k] < n for k, n in enough.items())
        and counts["runs"] < 10 * kills
        and not counts["wrong"]
    ):
        folder = Path(tempfile.mkdtemp())
        path, every, killed = folder / "run.ckpt", chance.choice((1, 1, 2, 3)), 0
        planned = (
            0 if not reference else 3 if counts["runs"] % 3 == 1 else 1
        )  # the first run is not interrupted
        for attempt in range(planned + 1):
            how = (
                "none" if attempt == planned else chance.choice(("time", "stage", "stage", "epoch"))
            )
            inside[0] = 0
            started = time.monotonic()
            child = os.fork()
            if child == 0:
                child_run(folder, path, every, how, chance, inside)
            if how == "time":
                time.sleep(chance.random() * duration)
                os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            chance.random()
            if os.WIFSIGNALED(status):
                killed += 1
                counts["inside a save"] += inside[0]
                counts["at an epoch's end"] += how == "epoch"
            elif status != 0:
                counts["wrong"].append(f"seed {seed}, run {counts['runs']}: {how}, status {status}")
            else:
                duration = max(0.05, time.monotonic() - started)
        digest = (folder / "digest").read_text() if (folder / "digest").exists() else "none"
        reference = reference or digest
        if digest != reference or listing(folder) != {"digest", "run.ckpt", "run.ckpt.previous"}:
            counts["wrong"].append(
                f"seed {seed}, run {counts['runs']}: {digest}, {sorted(listing(folder))}"
            )
        counts["killed"] += killed
        counts["three in one run"] += killed == 3
        counts["runs"] += 1
        shutil.rmtree(folder)
    counts["wrong"] += [f"too few: {k}" for k, n in enough.items() if counts[k] < n]
    print(json.dumps(counts | {"reference": reference}))


def child_run(folder, path, every, how, chance, inside):
    try:
        run = Run()
        armed(chance.choice(STAGES) if how == "stage" else None, chance.randrange(1, 6), inside)
        border = (
            chance.randrange(1, 5) * 3
        )  # two batches a step, three batches an epoch: step 3, 6, ... ends an epoch
        kill = lambda step, game: (  # noqa: E731
            die() if how == "epoch" and step >= border and step % 3 == 0 else None
        )
        run.fit(KILLED_STEPS, Checkpoint(path, every), kill)
        if not (folder / "digest").exists():
            (folder / "digest").write_text(run.digest())
    except BaseException:
        import traceback

        traceback.print_exc()
        os._exit(1)
    os._exit(0)
