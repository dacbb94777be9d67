"""Checks that need no code of their own: a choice, a classification, and a rubric for free text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ganbook.exercises.engine.checker import Checker
from ganbook.exercises.engine.compare import brief
from ganbook.exercises.engine.words import say

Check = Callable[[Any, Checker], str | None]


def choice(correct: str, **reasons: str) -> Check:
    """A check for one letter among several; ``reasons`` says for each wrong letter why it is wrong."""
    if correct in reasons or not reasons:
        raise ValueError(
            f"choice({correct!r}) needs a reason for each wrong option and none for the right one"
        )

    def check(value: Any, c: Checker) -> str | None:
        letters = ", ".join(sorted([correct, *reasons]))
        if not isinstance(value, str):
            c.fail(
                say(
                    "The wrong type: one letter in quotes was expected ({letters}), not {given}.",
                    letters=letters,
                    given=brief(value),
                )
            )
        letter = value.strip().lower()
        if letter != correct and letter not in reasons:
            c.fail(
                say(
                    "There is no option {given}: choose one of {letters}.",
                    given=brief(value),
                    letters=letters,
                )
            )
        if letter != correct:
            c.fail(
                say(
                    "Not {letter}. {reason}",
                    letter=letter,
                    reason=say(reasons[letter]),
                )
            )
        return None

    check.page = {  # type: ignore[attr-defined]
        "kind": "choice",
        "correct": correct,
        "reasons": reasons,
    }
    return check


def classify(
    truth: Mapping[Any, Any],
    labels: Sequence[Any],
    reasons: Mapping[tuple[Any, Any], str],
) -> Check:
    """A check for one label per case, given as a dict; ``reasons`` maps (case, wrong label) to why it is wrong."""
    strangers = [
        key
        for key in reasons
        if key[0] not in truth
        or key[1] not in labels
        or truth[key[0]] == key[1]
    ]
    if strangers or not set(truth.values()) <= set(labels):
        raise ValueError(
            f"classify: labels {list(labels)} and reasons {strangers or 'given'} do not fit {dict(truth)}"
        )

    def check(value: Any, c: Checker) -> str | None:
        if not isinstance(value, Mapping):
            c.fail(
                say(
                    "The wrong type: a dict with the keys {truth} was expected, not {given}.",
                    truth=brief(list(truth)),
                    given=brief(value),
                )
            )
        if set(value) != set(truth):
            c.fail(
                say(
                    "The keys {truth} were expected, not {given}.",
                    truth=brief(list(truth)),
                    given=brief(list(value)),
                )
            )
        for case, label in truth.items():
            given = value[case]
            if not isinstance(given, type(label)) or given not in labels:
                c.fail(
                    say(
                        "{case}: there is no label {given}; choose among {labels}.",
                        case=case,
                        given=brief(given),
                        labels=brief(list(labels)),
                    )
                )
            if given != label:
                right = sum(
                    value[other] == known for other, known in truth.items()
                )
                reason = reasons.get((case, given), "Look at it again.")
                c.fail(
                    say(
                        "{case} is not {given!r}. {reason} ({right} of {truth} are right.)",
                        case=case,
                        given=given,
                        reason=say(reason),
                        right=right,
                        truth=len(truth),
                    )
                )
        return None

    check.page = {  # type: ignore[attr-defined]
        "kind": "classify",
        "truth": [list(pair) for pair in truth.items()],
        "labels": list(labels),
        "reasons": [
            [case, label, says] for (case, label), says in reasons.items()
        ],
    }
    return check


def rubric(*points: str, words: int = 20) -> Check:
    """A check for free text: it asks for a real attempt, then shows the points to compare it with."""

    def check(value: Any, c: Checker) -> str | None:
        if not isinstance(value, str):
            c.fail(
                say(
                    "The wrong type: your text in quotes was expected, not {given}.",
                    given=brief(value),
                )
            )
        if len(value.split()) < words:
            c.fail(
                say(
                    "Write at least {words} words before you look at the rubric; these are {count}.",
                    words=words,
                    count=len(value.split()),
                )
            )
        numbered = " ".join(
            f"({k}) {say(point)}" for k, point in enumerate(points, 1)
        )
        return say(
            "No program can judge a text, so compare yours with these points: {numbered}",
            numbered=numbered,
        )

    return check
