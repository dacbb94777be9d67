"""Two games on a grid of twenty-five modes, ten seeds each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ganbook.distributions import grid
from ganbook.losses import NON_SATURATING, RELATIVISTIC
from ganbook.penalties import r1, r2, scheduled, total
from ganbook.recipes.place import Place
from ganbook.recipes.toys import _common
from ganbook.recipes.toys._common import Setting, Trial
from ganbook.recipes.toys.ring import SETTING
from ganbook.schedules import Linear

SQUARE = replace(SETTING, law=grid(), steps=2_000, seeds=10, looks=20)
MODULES = (*_common.MODULES, "recipes.toys.ring", "recipes.toys.grid")


def plan() -> dict[str, tuple[Setting, Trial]]:
    """Return the plain game and the relativistic one with both penalties."""
    line = Linear(0.05, 0.005, SQUARE.steps)
    both = total(scheduled(r1, line), scheduled(r2, line))
    return {
        "plain": (SQUARE, Trial(NON_SATURATING)),
        "relativistic, R1 + R2": (SQUARE, Trial(RELATIVISTIC, both)),
    }


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Play both, write the record ``toys-grid``, sum up."""
    (place or Place()).on_the_cpu("toys-grid")
    return _common.record("toys-grid", plan(), MODULES, folder, log)
