"""What a rendered page needs to check an answer without Python: letters, labels, and single numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

from ganbook.exercises.engine.checker import Checker
from ganbook.exercises.engine.compare import DOUBLE, as_array
from ganbook.exercises.engine.evaluate import Feedback
from ganbook.exercises.engine.explain import FUNCTIONS

__all__ = ["on_page"]

DIGITS = 10  # far finer than any tolerance, and the same on every machine


class Checked(Protocol):
    """What of an exercise this module reads."""

    kind: str
    check_function: Callable[..., Any]
    solution_function: Callable[..., Any]

    def trial(self, answer: Any) -> tuple[Feedback, Checker]:
        """The feedback to an answer, and the checker that gave it."""


def on_page(ex: Checked) -> dict[str, Any] | None:
    """The answers to an exercise and what is said of them, as JSON's types; None where only Python can tell.

    A choice, a classification and an ordered proof say it themselves (``check.page``). Of a ``value`` it is the
    number, its tolerance and the known mistakes that its check hands to ``c.equal``.
    """
    found = getattr(ex.check_function, "page", None)
    if found is None and ex.kind == "value":
        found = _number(ex)
    if found is None:
        return None
    feedback, _ = ex.trial(ex.solution_function())
    return {**found, "right": feedback.message}


class _Seen(Exception):
    """What a check compares an answer with: it ends the check."""

    def __init__(
        self,
        want: Any,
        tolerance: tuple[float, float],
        says: str,
        mistakes: Mapping[str, Any],
    ) -> None:
        super().__init__("seen")
        self.want, self.tolerance = want, tolerance
        self.says, self.mistakes = says, mistakes


class _Recorder(Checker):
    """A checker that compares nothing and hands out what it was to compare with."""

    def equal(
        self,
        got: Any,
        want: Any,
        rtol: float | None = None,
        atol: float | None = None,
        on: str | None = None,
        says: str = "",
        mistakes: Mapping[str, Any] | None = None,
    ) -> None:
        """Raise what was handed over."""
        relative, absolute = DOUBLE
        raise _Seen(
            want,
            (
                relative if rtol is None else rtol,
                absolute if atol is None else atol,
            ),
            says,
            mistakes or {},
        )


def _number(ex: Checked) -> dict[str, Any] | None:
    try:
        ex.check_function(ex.solution_function(), _Recorder())
    except _Seen as seen:
        want = _scalar(seen.want)
        if want is None:
            return None
        values = (
            (says, _scalar(v() if isinstance(v, FUNCTIONS) else v))
            for says, v in seen.mistakes.items()
        )
        return {
            "kind": "number",
            "want": want,
            "tolerance": list(seen.tolerance),
            "says": seen.says,
            "mistakes": [[says, v] for says, v in values if v is not None],
        }
    return None


def _scalar(value: Any) -> float | None:
    array = as_array(value)
    if array is None or array.shape or array.dtype.kind not in "iuf":
        return None
    return float(f"{float(array):.{DIGITS}g}") if np.isfinite(array) else None
