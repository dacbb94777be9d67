"""The two budgets: one code path, two numbers of steps."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import torch

T = TypeVar("T")


def name() -> str:
    """Return the budget in force, "book" or "full", from GANBOOK_BUDGET; raises ``ValueError`` for
    another.
    """
    value = os.environ.get("GANBOOK_BUDGET", "book")
    if value not in ("book", "full"):
        raise ValueError(
            f"GANBOOK_BUDGET is {value!r}: expected 'book' or 'full' (or leave it unset)"
        )
    return value


def choose(book: T, full: T) -> T:
    """Return the first value under the book budget, the second under the full one."""
    return full if name() == "full" else book


def device() -> torch.device:
    """Return the device that a chapter trains on: the CPU under the book budget, CUDA under the
    full one where there is a GPU.

    The book budget stays on the CPU on a GPU machine, too: the outputs that a chapter stores are
    those of float32 on a CPU. The full budget without a GPU takes the CPU and says so, once, on
    stderr. Moving a player is ``.to(budget.device())``; z is drawn on the CPU's generator and moved
    by the game.
    """
    import torch  # here, so that `python -m ganbook --help` and the book's build need no torch

    if name() == "book":
        return torch.device("cpu")
    if torch.cuda.is_available():
        return torch.device("cuda")
    global _told
    if not _told:
        _told = True
        print(
            "GANBOOK_BUDGET=full, and torch sees no GPU: training on the CPU. On a hosted runtime, "
            "switch the GPU on in its settings and restart it.",
            file=sys.stderr,
        )
    return torch.device("cpu")


_told = False
