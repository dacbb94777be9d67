"""The plain game on the ring under other moments of Adam, and one long run at a constant rate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ganbook.losses import NON_SATURATING, RELATIVISTIC
from ganbook.penalties import r1, r2, scheduled, total
from ganbook.recipes.place import Place
from ganbook.recipes.toys import _common
from ganbook.recipes.toys._common import Setting, Trial
from ganbook.recipes.toys.ring import SETTING
from ganbook.schedules import Linear

BETAS = ((0.0, 0.9), (0.0, 0.999), (0.5, 0.9))
LONG = replace(SETTING, betas=(0.8, 0.999), steps=4_500, seeds=10, looks=45, falls_to=1.0)
MODULES = (*_common.MODULES, "recipes.toys.ring", "recipes.toys.ring_momentum")


def plan() -> dict[str, tuple[Setting, Trial]]:
    """Return the plain game at three pairs of betas, a regularised one, and the long run."""
    line = Linear(0.05, 0.005, SETTING.steps)
    both = total(scheduled(r1, line), scheduled(r2, line))
    other = {
        f"plain {b1}, {b2}": (replace(SETTING, betas=(b1, b2)), Trial(NON_SATURATING))
        for b1, b2 in BETAS
    }
    cured = (replace(SETTING, betas=BETAS[0]), Trial(RELATIVISTIC, both))
    return other | {
        "relativistic, R1 + R2 0.0, 0.9": cured,
        "plain 0.8, 0.999, constant": (LONG, Trial(NON_SATURATING)),
    }


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Play all five, write the record ``toys-ring-momentum``, sum up."""
    (place or Place()).on_the_cpu("toys-ring-momentum")
    return _common.record("toys-ring-momentum", plan(), MODULES, folder, log)
