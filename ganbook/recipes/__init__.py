"""The runs behind the records, a folder a data set; ``python -m ganbook reproduce NAME`` makes one
again.

The module ``mnist/mlp.py`` makes the record ``mnist-mlp``: its ``run(folder, log, place)`` trains, writes
its files into the folder (``ganbook.records.save``, and weights by ``common.save_weights``) and
returns a line that sums up the result. What several recipes need is in `common`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path

from ganbook.recipes.place import Place

__all__ = ["module", "names", "run"]

EARLIER = {"digits.made": "made-digits"}  # named before there were folders


def names() -> list[str]:
    """Return the names of all recipes, sorted."""
    return sorted(_modules())


def module(name: str) -> str:
    """Return the module that makes a record, as ``mnist.mlp`` for ``mnist-mlp``; ``ValueError`` for
    an unknown name.
    """
    if name not in _modules():
        raise ValueError(f"no recipe {name!r}: there are {', '.join(names())}")
    return _modules()[name]


def run(
    name: str, folder: Path, log: Callable[[str], None] = print, place: Place | None = None
) -> str:
    """Run a recipe, write its record into a folder, and return one line about the result.

    ``place`` says on which device, with which progress and checkpoint; by default on the CPU, in
    silence. Raises ``ValueError`` for an unknown name and for a checkpoint that the recipe does not
    keep, ``Stopped`` when a signal ended it.
    """
    recipe = importlib.import_module(f"{__name__}.{module(name)}")
    return recipe.run(Path(folder), log, place or Place())


def _modules() -> dict[str, str]:
    """Name of the record -> module below this package, such as ``mnist-wgan-gp`` -> ``mnist.wgan_gp``."""
    found = [
        f"{folder.name}.{module.name}"
        for folder in pkgutil.iter_modules(__path__)
        if folder.ispkg
        for module in pkgutil.iter_modules([str(Path(__path__[0]) / folder.name)])
        if not module.name.startswith("_")
    ]
    return {EARLIER.get(m, m.replace(".", "-").replace("_", "-")): m for m in found}
