"""The runs behind the records: one module each, made again by ``python -m ganbook reproduce NAME``.

A recipe module ``mnist_mlp`` makes the record ``mnist-mlp``: its ``run(folder, log)`` trains,
writes its files into the folder (``ganbook.records.save``, and weights by safetensors) and returns
a line that sums up the result."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path

__all__ = ["names", "run"]


def names() -> list[str]:
    """Return the names of all recipes, sorted."""
    return sorted(
        m.name.replace("_", "-")
        for m in pkgutil.iter_modules(__path__)
        if not m.name.startswith("_")
    )


def run(name: str, folder: Path, log: Callable[[str], None] = print) -> str:
    """Run a recipe, write its record into a folder, and return one line about the result.

    Raises ``ValueError`` for an unknown name.
    """
    if name not in names():
        raise ValueError(f"no recipe {name!r}: there are {', '.join(names())}")
    return importlib.import_module(f"{__name__}.{name.replace('-', '_')}").run(Path(folder), log)
