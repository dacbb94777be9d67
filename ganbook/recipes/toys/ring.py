"""Ten games on a ring of eight modes, twenty seeds each, under Adam with momentum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ganbook.distributions import ring
from ganbook.losses import MINIMAX, NON_SATURATING, RELATIVISTIC
from ganbook.penalties import r1, r2, scheduled, total
from ganbook.recipes.place import Place
from ganbook.recipes.toys import _common
from ganbook.recipes.toys._common import Setting, Trial
from ganbook.schedules import Geometric, Linear

SETTING = Setting(ring(), steps=1_500, betas=(0.5, 0.999))
MODULES = (*_common.MODULES, "recipes.toys.ring")


def plan() -> dict[str, tuple[Setting, Trial]]:
    """Return the ten games by name."""
    line = Linear(0.05, 0.005, SETTING.steps)
    early = Geometric(0.05, 0.005, max(SETTING.steps // 2, 1))
    both = total(scheduled(r1, line), scheduled(r2, line))
    trials = {
        "plain": Trial(NON_SATURATING),
        "minimax": Trial(MINIMAX),
        "relativistic": Trial(RELATIVISTIC),
        "R1, linear": Trial(NON_SATURATING, scheduled(r1, line)),
        "R1, geometric": Trial(NON_SATURATING, scheduled(r1, early)),
        "R1 + R2": Trial(NON_SATURATING, both),
        "relativistic, R1 + R2": Trial(RELATIVISTIC, both),
        "packing 2": Trial(NON_SATURATING, samples=2),
        "minibatch deviation": Trial(NON_SATURATING, spread=True),
    }
    leaky = {"plain, LeakyReLU": (replace(SETTING, slope=0.2), Trial(NON_SATURATING))}
    return {name: (SETTING, trial) for name, trial in trials.items()} | leaky


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Play all ten, write the record ``toys-ring``, sum up."""
    (place or Place()).on_the_cpu("toys-ring")
    return _common.record("toys-ring", plan(), MODULES, folder, log)
