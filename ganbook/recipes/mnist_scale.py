"""The two ends of the Fréchet scale on MNIST: real against real, and real against noise."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from ganbook import data, records
from ganbook.features import describe
from ganbook.metrics import frechet_distance, inception_score


def noise(n: int, seed: int = 0) -> torch.Tensor:
    """Return n pictures of standard normal noise clamped to [-1, 1], float32 (n, 1, 28, 28)."""
    return torch.randn(n, 1, 28, 28, generator=torch.Generator().manual_seed(seed)).clamp(-1, 1)


def run(folder: Path, log: Callable[[str], None] = print) -> str:
    """Score test digits and noise against 10,000 training digits, write the record ``mnist-scale``,
    sum up.
    """
    start = time.perf_counter()
    real, _ = describe(data.mnist("train").x[:10_000])
    test, probabilities = describe(data.mnist("test").x)
    found = {
        "real": frechet_distance(real, test),
        "noise": frechet_distance(real, describe(noise(10_000))[0]),
        "inception_real": inception_score(probabilities),
    }
    info = records.provenance(
        ("features", "metrics", "recipes.mnist_scale"), 0, time.perf_counter() - start
    )
    records.save("mnist-scale", {k: np.array(v) for k, v in found.items()}, info | found, folder)
    return f"real {found['real']:.2f}, noise {found['noise']:.1f}, inception {found['inception_real']:.2f}"
