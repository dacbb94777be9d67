"""The two ends of the Fréchet scale on MNIST: real against real, and real against noise."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ganbook import data, records
from ganbook.features import describe
from ganbook.metrics import frechet_distance, inception_score
from ganbook.recipes import common
from ganbook.recipes.place import Place

MODULES = (
    "features",
    "metrics.arrays",
    "metrics.frechet",
    "metrics.inception",
    "transport",
    "recipes.common",
    "recipes.mnist.scale",
)


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Score test digits and noise against 10,000 training digits, write the record ``mnist-scale``,
    sum up.
    """
    start, place = time.perf_counter(), place or Place()
    place.in_one_go("mnist-scale")
    real = common.real_features(data.mnist("train").x)
    test, probabilities = describe(data.mnist("test").x)
    found = {
        "real": frechet_distance(real, test),
        "noise": frechet_distance(real, describe(common.noise(10_000))[0]),
        "inception_real": inception_score(probabilities),
    }
    info = records.provenance(MODULES, 0, time.perf_counter() - start)
    records.save("mnist-scale", {k: np.array(v) for k, v in found.items()}, info | found, folder)
    return f"real {found['real']:.2f}, noise {found['noise']:.1f}, inception {found['inception_real']:.2f}"
