"""One check from beginning to end: the session preserved, the answer run, the outcome put into words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from ganbook.exercises.engine.checker import Answer, Checker
from ganbook.exercises.engine.compare import kind_of
from ganbook.exercises.engine.explain import (
    FUNCTIONS,
    UNATTEMPTED,
    Verdict,
    unfinished,
)
from ganbook.exercises.engine.sandbox import (
    TimeUp,
    preserved,
    seed_everything,
)
from ganbook.exercises.engine.words import say

OPENINGS = {
    "correct": "correct.",
    "incorrect": "not right yet.",
    "error": "your code stopped.",
    "unattempted": "not attempted yet.",
}


@dataclass(frozen=True)
class Feedback:
    """What a check says: ``status`` is correct, incorrect, unattempted or error; ``message`` is plain text."""

    status: str
    message: str

    def __bool__(self) -> bool:
        return self.status == "correct"

    @property
    def opening(self) -> str:
        """The status in the reader's language."""
        return say(OPENINGS[self.status])

    def _ipython_display_(self) -> None:
        """Nothing: ``check`` has printed the message already."""


def evaluate(
    check: Callable[..., str | None],
    answer: Any,
    wants_function: bool,
    checker: Checker,
) -> Feedback:
    """Run one check with the session's state preserved; nothing that the answer does escapes as an exception."""
    try:
        with preserved(), torch.enable_grad():
            seed_everything(checker.seed)
            remark = check(
                _prepared(answer, wants_function, checker), checker
            )
            feedback = Feedback("correct", say(remark or ""))
    except Verdict as verdict:
        feedback = Feedback(verdict.status, verdict.message)
    except TimeUp:
        feedback = Feedback(
            "error",
            say(
                "It did not return within {limit:g} s.",
                limit=checker.clock.limit,
            ),
        )
    except Exception as error:
        feedback = Feedback(
            "error",
            say(
                "The check could not read your answer ({kind}: {error}). Compare its form with the statement's.",
                kind=type(error).__name__,
                error=error,
            ),
        )
    text = feedback.message
    printed = " ".join(checker.printed.getvalue().split())
    if printed:
        text += say(
            " Your code printed: {printed}",
            printed=printed[:400] + (" ..." if len(printed) > 400 else ""),
        )
    if feedback.status != "unattempted" and not checker.clock.limited:
        text += say(
            " (No time limit here: it needs the main thread of a POSIX system.)"
        )
    return Feedback(feedback.status, text.strip())


def _prepared(answer: Any, wants_function: bool, checker: Checker) -> Any:
    if unfinished(answer):
        raise Verdict("unattempted", UNATTEMPTED)
    if wants_function:
        if not callable(answer):
            checker.fail(
                say(
                    "Hand over the function itself, without calling it: ex.check(name). Given: {answer}.",
                    answer=kind_of(answer),
                )
            )
        return Answer(answer, checker)
    if not isinstance(answer, FUNCTIONS):
        if answer is None:
            checker.fail("The answer is None: is a `return` missing?")
        return answer
    value = checker.call(answer)
    checker._last = ""
    return value
