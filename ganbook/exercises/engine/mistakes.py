"""Known mistakes: a wrong function and what its maker is told, stated once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["mistake", "outcomes"]


def mistake(says: str) -> Callable[[Callable], Callable]:
    """Give a wrong function the sentence that an answer with its results is told.

    With it the function stands by its name alone in ``outcomes`` and in the exercise's ``wrong``.
    """

    def named(function: Callable) -> Callable:
        function.says = says
        return function

    return named


def outcomes(
    given: Sequence[Any], *mistakes: Callable
) -> dict[str, Callable[[], Any]]:
    """What each mistake makes of the given arguments, by its sentence: ``mistakes=`` of `Checker.equal`.

    Computed only if it is asked for, and in this order: the first whose result is the answer's is told.
    """

    def later(slip: Callable) -> Callable[[], Any]:
        return lambda: slip(*given)

    return {slip.says: later(slip) for slip in mistakes}
