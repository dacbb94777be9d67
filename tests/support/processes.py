"""Python in a process of its own, which finds this package and what tests share."""

import os
import subprocess
import sys

import torch

from support.paths import ROOT

ENV = {**os.environ, "OMP_NUM_THREADS": "1"}  # of a command that a user types


def python(script, ends=0, **options):
    """What a script printed, under as many threads as here; its warnings are errors.

    ``ends`` is the exit status that it must have, -9 after SIGKILL.
    """
    path = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
    env = os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        capture_output=True,
        text=True,
        env=env,
        timeout=1200,
        cwd=ROOT,
        **options,
    )
    assert done.returncode == ends, done.stderr[-2000:]
    return done.stdout


def run_ganbook(*arguments, cwd, **env):
    """Run the command line in a process of its own, in a folder, with more of the environment."""
    return subprocess.run(
        [sys.executable, "-m", "ganbook", *arguments],
        cwd=cwd,
        env={**ENV, **env},
        capture_output=True,
        text=True,
        timeout=300,
    )
