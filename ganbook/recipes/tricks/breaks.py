"""What breaks training: the relativistic game with R1 + R2, and one thing changed at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from ganbook import records
from ganbook.losses import RELATIVISTIC
from ganbook.penalties import r1, r2, total
from ganbook.recipes.place import Place
from ganbook.recipes.tricks import _common
from ganbook.recipes.tricks._nets import Net, Scale
from ganbook.training import EMA

SCALE = Scale()
GAMMA = 0.1
MODULES = (*_common.MODULES, "recipes.tricks.breaks")


def plan() -> dict[str, Net]:
    """Return the nets by name, the unchanged one first."""
    start = Net(RELATIVISTIC, total(r1(GAMMA), r2(GAMMA)), betas=(0.0, 0.99), falling=True)
    return {
        "as it is": start,
        "momentum 0.9": replace(start, betas=(0.9, 0.99)),
        "layer norm in D": replace(start, norm_d="layer"),
        "without R1": replace(start, penalty=r2(GAMMA)),
        "without both": replace(start, penalty=None),
    }


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Play all, write the record ``tricks-breaks``, sum up."""
    start, code = time.perf_counter(), records.code_hash(*MODULES)
    real = _common.reference(SCALE)
    runs = {
        name: lambda net=net: _common.train(net, SCALE, real, EMA) for name, net in plan().items()
    }
    found = _common.played(runs, place or Place(), log, code)
    seconds = time.perf_counter() - start
    _common.save("tricks-breaks", found, SCALE, MODULES, seconds, folder, gamma=GAMMA)
    return "; ".join(f"{k}: {np.mean(v['frechet']):.0f}" for k, v in found.items())
