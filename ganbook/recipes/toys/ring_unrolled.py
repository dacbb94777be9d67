"""Unrolling on the ring: ten of the seeds, five plain gradient steps of D ahead."""

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

SHORT = replace(SETTING, seeds=10)
STEPS, RATE = 5, 0.1
MODULES = (*_common.MODULES, "recipes.toys.ring", "recipes.toys.ring_unrolled")


def plan() -> dict[str, tuple[Setting, Trial]]:
    """Return the unrolled game: side by side each D has 1/S of its gradient, so S times the rate."""
    play = Unrolled(STEPS, RATE * SHORT.seeds)
    return {"unrolled 5": (SHORT, Trial(NON_SATURATING, play=play))}


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Play it, write the record ``toys-ring-unrolled``, sum up."""
    (place or Place()).on_the_cpu("toys-ring-unrolled")
    return _common.record("toys-ring-unrolled", plan(), MODULES, folder, log)
