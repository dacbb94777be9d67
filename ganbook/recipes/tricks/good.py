"""Ten tricks, each left out of a good net that has them all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ganbook.recipes.place import Place
from ganbook.recipes.tricks import _tricks

MODULES = (*_tricks.MODULES, "recipes.tricks.good")


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Play all, write the record ``tricks-good``, sum up."""
    return _tricks.ablate("tricks-good", _tricks.GOOD, MODULES, folder, log, place or Place())
