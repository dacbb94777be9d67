"""A small random search on the ring: twenty trials of each loss, the same settings for all losses."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ganbook import records
from ganbook.losses import LOSSES
from ganbook.recipes.place import Place
from ganbook.recipes.testbeds import _side_by_side as beds

TRIALS, STEPS, SEED = 20, 400, 0
# The search space: rates and R1's weight log-uniform, the momentum one of two.
RATES, GAMMAS, BETA1S = (1e-4, 1e-2), (1e-3, 10.0), (0.0, 0.5)
MODULES = (
    "distributions",
    "games",
    "losses",
    "penalties",
    "training",
    "transport",
    "recipes.testbeds._side_by_side",
    "recipes.testbeds.search",
)


def settings() -> list[beds.Trial]:
    """Return the trials, drawn once and used for every loss, so that losses are compared in pairs."""
    rng = np.random.default_rng(SEED)

    def log_uniform(low: float, high: float) -> float:
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))

    return [
        beds.Trial(
            seed=100 + k,
            rate_d=log_uniform(*RATES),
            rate_g=log_uniform(*RATES),
            beta1=BETA1S[int(rng.integers(2))],
            gamma=log_uniform(*GAMMAS),
        )
        for k in range(TRIALS)
    ]


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Train every trial under every loss, write the record ``testbeds-search``, sum up.

    Arrays: ``distance`` (L losses, 20 trials), -1 where a trial failed, L being the length of
    ``LOSSES``, 6 in the stored record; ``untrained`` (20), the distances of the generators before
    training; ``settings`` (20, 4): rate of D and of G, first momentum, weight of R1.
    """
    (place or Place()).on_the_cpu("testbeds-search")
    start, trials, names = time.perf_counter(), settings(), tuple(LOSSES)
    distance = np.empty((len(names), TRIALS))
    for k, name in enumerate(names):
        distance[k] = beds.play("ring", LOSSES[name], trials, STEPS, 1)["distance"][-1]
        log(f"{name}: best {np.nanmin(distance[k]):.3f}, median {np.nanmedian(distance[k]):.3f}")
    still = [beds.Trial(t.seed, rate_d=0.0, rate_g=0.0) for t in trials]
    arrays = {
        "distance": beds.marked(distance),
        "untrained": beds.play("ring", LOSSES["minimax"], still, 1, 1)["distance"][-1],
        "settings": np.array([[t.rate_d, t.rate_g, t.beta1, t.gamma] for t in trials]),
        "floor": np.array([beds.floor("ring", s) for s in range(10)]),
    }
    info = records.provenance(MODULES, SEED, time.perf_counter() - start) | {
        "losses": list(names),
        "trials": TRIALS,
        "steps": STEPS,
        "batch": beds.BATCH,
        "rates": list(RATES),
        "gammas": list(GAMMAS),
        "beta1": list(BETA1S),
    }
    records.save("testbeds-search", arrays, info, folder)
    return f"{distance.size} trials, {int((~np.isfinite(distance)).sum())} not finite"
