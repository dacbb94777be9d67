"""Python in a process of its own, which finds this package and what tests share."""

import os
import subprocess
import sys

import torch

from support.paths import ROOT


def python(script, **options):
    """What a script printed, under as many threads as here; its warnings are errors."""
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
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout
