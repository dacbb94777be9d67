"""Fourteen tricks, each added to a bare net."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ganbook.recipes.place import Place
from ganbook.recipes.tricks import _tricks

MODULES = (*_tricks.MODULES, "recipes.tricks.bare")


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Play all, write the record ``tricks-bare``, sum up."""
    return _tricks.ablate("tricks-bare", (), MODULES, folder, log, place or Place())
