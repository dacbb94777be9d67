"""Every loss on two laws of known density, ten seeds each, with R1 and without."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ganbook import records
from ganbook.distributions import ring
from ganbook.losses import LOSSES
from ganbook.metrics import mode_coverage
from ganbook.recipes.place import Place
from ganbook.recipes.testbeds import _side_by_side as beds

SEEDS, STEPS, CHECKPOINTS = tuple(range(10)), 1_000, 5
GAMMAS = (0.0, 0.1)
RATE, BETA1 = 1e-3, 0.5
MODULES = (
    "distributions",
    "games",
    "losses",
    "metrics.modes",
    "penalties",
    "training",
    "transport",
    "recipes.testbeds._side_by_side",
    "recipes.testbeds.losses",
)


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Train every loss under every weight on both laws, write the record ``testbeds-losses``, sum
    up.

    Arrays: ``distance`` (2 laws, 2 weights, L losses, 5 checkpoints, 10 seeds; -1 where a run
    failed), ``loss_d`` without the seeds, ``floor`` (2 laws, 10 pairs of real samples), ``modes``
    (2, L, 10), of the ring. L is the length of ``LOSSES``, 6 in the stored record.
    """
    (place or Place()).on_the_cpu("testbeds-losses")
    start, names = time.perf_counter(), tuple(LOSSES)
    shape = (len(beds.BEDS), len(GAMMAS), len(names), CHECKPOINTS)
    distance, loss_d = np.empty((*shape, len(SEEDS))), np.empty(shape)
    modes = np.zeros((len(GAMMAS), len(names), len(SEEDS)), dtype=np.int64)
    centers = ring().centers.numpy()
    for i, bed in enumerate(beds.BEDS):
        for j, gamma in enumerate(GAMMAS):
            for k, name in enumerate(names):
                trials = [beds.Trial(s, RATE, RATE, BETA1, gamma) for s in SEEDS]
                found = beds.play(bed, LOSSES[name], trials, STEPS, CHECKPOINTS)
                distance[i, j, k], loss_d[i, j, k] = found["distance"], found["loss_d"]
                if bed == "ring":
                    modes[j, k] = [
                        mode_coverage(x, centers, 0.05)[0] if np.isfinite(x).all() else 0
                        for x in found["samples"]
                    ]
                log(f"{bed}, R1 {gamma}, {name}: {np.median(found['distance'][-1]):.3f}")
    arrays = {
        "distance": beds.marked(distance).astype(np.float32),
        "loss_d": loss_d.astype(np.float32),
        "floor": np.array([[beds.floor(bed, s) for s in range(10)] for bed in beds.BEDS]),
        "modes": modes,
    }
    info = records.provenance(MODULES, SEEDS[0], time.perf_counter() - start) | {
        "laws": list(beds.BEDS),
        "gammas": list(GAMMAS),
        "losses": list(names),
        "seeds": list(SEEDS),
        "steps": STEPS,
        "batch": beds.BATCH,
        "optimiser": f"Adam {RATE} falling to {beds.LAST_RATE:.0%}, betas {BETA1}, {beds.BETA2}",
    }
    records.save("testbeds-losses", arrays, info, folder)
    failed = int((~np.isfinite(distance[..., -1, :])).sum())
    return f"{distance[..., -1, :].size} runs, {failed} not finite"
