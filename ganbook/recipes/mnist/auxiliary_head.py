"""Digits by label with an auxiliary classifier, in the setting of ``mnist-conditional``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ganbook.recipes.mnist import conditional
from ganbook.recipes.place import Place

SEEDS = (0, 1, 2)
MODULES = (*conditional.MODULES, "recipes.mnist.auxiliary_head")


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Train the auxiliary classifier's game, write ``mnist-auxiliary-head``, sum up."""
    return conditional.record(
        "mnist-auxiliary-head", "auxiliary", SEEDS, MODULES, folder, log, place
    )
