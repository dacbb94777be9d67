"""What `fit` asks of whoever looks after a run: a file, or several processes that go together."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

__all__ = ["Alone", "Session"]


class Session(Protocol):
    """A run's companion; checkpoints and several processes implement it."""

    last_good: str
    """Where the last whole state lies, for the message when a number is not finite; or empty."""

    def recorded(self, row: Tensor) -> None:
        """See the scalars of the step that was just made, shape (names,); may change them in place."""

    def after_step(self) -> bool:
        """Be called after each step, its callback included; return whether training must stop."""


class Alone:
    """The session of a run that is neither saved nor shared."""

    last_good = ""

    def recorded(self, row: Tensor) -> None:
        """Leave the scalars as they are."""

    def after_step(self) -> bool:
        """Never stop."""
        return False
