"""The two budgets: one code path, two numbers of steps."""

from __future__ import annotations

import os
from typing import TypeVar

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
