"""Unrolling on the ring with a tenth of the inner rate: five of the seeds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ganbook.losses import NON_SATURATING
from ganbook.recipes.place import Place
from ganbook.recipes.toys import _common
from ganbook.recipes.toys._common import Setting, Trial
from ganbook.recipes.toys.ring import SETTING
from ganbook.training import Unrolled

FEW = replace(SETTING, seeds=5)
STEPS, RATE = 5, 0.01
MODULES = (*_common.MODULES, "recipes.toys.ring", "recipes.toys.ring_unrolled_slow")


def plan() -> dict[str, tuple[Setting, Trial]]:
    """Return the unrolled game: side by side each D has 1/S of its gradient, so S times the rate."""
    play = Unrolled(STEPS, RATE * FEW.seeds)
    return {"unrolled 5, rate 0.01": (FEW, Trial(NON_SATURATING, play=play))}


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Play it, write the record ``toys-ring-unrolled-slow``, sum up."""
    (place or Place()).on_the_cpu("toys-ring-unrolled-slow")
    return _common.record("toys-ring-unrolled-slow", plan(), MODULES, folder, log)
