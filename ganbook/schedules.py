"""Numbers that change over a run: frozen, callable dataclasses from a step to a value."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Constant", "Geometric", "Linear"]


@dataclass(frozen=True)
class Constant:
    """The same value at each step."""

    value: float

    def __call__(self, step: int) -> float:
        """Return the value."""
        return self.value


@dataclass(frozen=True)
class Linear:
    """From ``start`` at step 0 to ``stop`` at step ``steps`` in a line, and ``stop`` from there on.

    Raises ``ValueError`` for steps below 1.
    """

    start: float
    stop: float
    steps: int

    def __post_init__(self) -> None:
        _positive(self.steps)

    def __call__(self, step: int) -> float:
        """Return ``start + (stop - start) min(step / steps, 1)``."""
        return self.start + (self.stop - self.start) * min(step / self.steps, 1.0)


@dataclass(frozen=True)
class Geometric:
    """From ``start`` at step 0 to ``stop`` at step ``steps`` by equal factors, and ``stop`` after it.

    Raises ``ValueError`` for steps below 1 and for values that are not positive.
    """

    start: float
    stop: float
    steps: int

    def __post_init__(self) -> None:
        _positive(self.steps)
        if not (self.start > 0 and self.stop > 0):
            raise ValueError(
                f"start is {self.start} and stop {self.stop}: expected positive numbers, or use "
                "Linear"
            )

    def __call__(self, step: int) -> float:
        """Return ``start (stop / start)^min(step / steps, 1)``."""
        return self.start * (self.stop / self.start) ** min(step / self.steps, 1.0)


def _positive(steps: int) -> None:
    if not isinstance(steps, int) or steps < 1:
        raise ValueError(f"steps is {steps!r}: expected a positive integer")
