"""A check for a proof whose lines are given out of order, false lines among them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ganbook.exercises.engine.checker import Checker
from ganbook.exercises.engine.compare import brief
from ganbook.exercises.engine.words import say

__all__ = ["ordered"]

Check = Callable[[Any, Checker], str | None]


def ordered(
    rests_on: Mapping[str, str],
    false: Mapping[str, str],
    needed: Mapping[str, str] | None = None,
) -> Check:
    """A check for a proof as a string of letters, one for each line.

    ``rests_on`` maps the letter of each line that the proof needs to the letters of the lines that it uses: every
    order is accepted in which these come first. ``false`` says what is wrong with each line that does not belong to
    the proof, ``needed`` what is not yet shown while a line is left out; without it the
    feedback says how many are. Lower and upper case, spaces, commas and
    arrows between letters, and a list of letters are all accepted. Raises ``ValueError`` if the three do not fit.
    """
    strangers = {
        letter for uses in rests_on.values() for letter in uses
    } - set(rests_on)
    if (
        strangers
        or set(false) & set(rests_on)
        or (needed is not None and set(needed) != set(rests_on))
    ):
        raise ValueError(
            "ordered: a line rests on unknown lines, is both needed and false, or has no reason: "
            f"{sorted(strangers | (set(false) & set(rests_on)) | (set(needed or rests_on) ^ set(rests_on)))}"
        )

    def check(value: Any, c: Checker) -> str | None:
        letters = _letters(value, c)
        known = sorted({*rests_on, *false})
        for place, letter in enumerate(letters):
            if letter not in known:
                c.fail(
                    say(
                        "There is no line {letter}: the lines are {lines}.",
                        letter=brief(letter),
                        lines=", ".join(known),
                    )
                )
            if letter in letters[:place]:
                c.fail(
                    say(
                        "Line {letter} occurs twice: each line is used once.",
                        letter=letter,
                    )
                )
        for letter in letters:
            if letter in false:
                c.fail(
                    say(
                        "Line {letter} does not belong there. {reason}",
                        letter=letter,
                        reason=say(false[letter]),
                    )
                )
        for place, letter in enumerate(letters):
            for use in rests_on[letter]:
                if use in letters[place:]:
                    c.fail(
                        say(
                            "Line {letter} comes before a line that it uses.",
                            letter=letter,
                        )
                    )
        missing = [letter for letter in rests_on if letter not in letters]
        if missing and needed:
            c.fail(
                say(
                    "A line is missing. {reason}",
                    reason=say(needed[missing[0]]),
                )
            )
        if missing:
            c.fail(
                say("The proof has a gap: 1 of its lines is missing.")
                if len(missing) == 1
                else say(
                    "The proof has a gap: {count} of its lines are missing.",
                    count=len(missing),
                )
            )
        return None

    check.page = {  # type: ignore[attr-defined]
        "kind": "ordered",
        "rests_on": dict(rests_on),
        "false": dict(false),
        "needed": dict(needed or {}),
    }
    return check


def _letters(value: Any, c: Checker) -> list[str]:
    if isinstance(value, (list, tuple)) and all(
        isinstance(part, str) for part in value
    ):
        value = "".join(value)
    if not isinstance(value, str):
        c.fail(
            say(
                "The wrong type: a string of letters such as 'cab' was expected, not {given}.",
                given=brief(value),
            )
        )
    return [
        letter
        for letter in value.lower()
        if not letter.isspace() and letter not in ",;->→"
    ]
