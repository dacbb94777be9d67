"""The six pairs of `ganbook.recipes.mnist.architectures` on Fashion-MNIST: the same settings, rates
tuned anew, scored by the classifier of clothes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ganbook import data
from ganbook.recipes.mnist import architectures as pairs
from ganbook.recipes.place import Place

MODULES = (*pairs.MODULES, "recipes.fashion.architectures")


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Train all pairs on Fashion-MNIST, write the record ``fashion-architectures``, sum up: see
    `ganbook.recipes.mnist.architectures.compare`.
    """
    what = pairs.Comparison(
        "fashion-architectures", lambda split: data.fashion_mnist(split), "fashion", MODULES
    )
    return pairs.compare(what, folder, log, place)
