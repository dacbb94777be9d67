"""What one constant does: the article's recipe with Adam's beta1 at 0.9 (its default) and at 0.5,
three seeds each.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ganbook import data, records
from ganbook.recipes import common
from ganbook.recipes.mnist import mlp
from ganbook.recipes.place import Place

SEEDS, BETAS, EPOCHS, SCORED_AT = (0, 1, 2), (0.9, 0.5), 4, (1, 2, 4)
MODULES = (*mlp.MODULES, "recipes.mnist.beta1")


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Train six times, write the record ``mnist-beta1`` (arrays of shape (beta1, seed, epoch)), sum
    up.
    """
    start = time.perf_counter()
    code = records.code_hash(*MODULES)
    real_features = common.real_features(data.mnist("train").x)
    found = [
        [mlp.train(s, b, EPOCHS, SCORED_AT, real_features, log, True, place)[3] for s in SEEDS]
        for b in BETAS
    ]
    arrays = {
        k: np.array([[r[k] for r in row] for row in found])
        for k in ("frechet", "frechet_ema", "inception")
    }
    arrays |= {"beta1": np.array(BETAS), "seeds": np.array(SEEDS), "epochs": np.array(SCORED_AT)}
    info = records.provenance(
        MODULES,
        0,
        time.perf_counter() - start,
        epochs=EPOCHS,
        seeds=list(SEEDS),
        scored_samples=10_000,
    ) | {"code": code}
    records.save("mnist-beta1", arrays, info, folder)
    last = arrays["frechet"][:, :, -1]
    return "; ".join(
        f"beta1 {b}: Fréchet {np.round(row, 1).tolist()}"
        for b, row in zip(BETAS, last, strict=True)
    )
