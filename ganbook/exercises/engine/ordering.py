"""A check for a proof whose steps are to be put in order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ganbook.exercises.engine.checker import Checker
from ganbook.exercises.engine.compare import brief
from ganbook.exercises.engine.kinds import Check

__all__ = ["ordering"]


def ordering(needs: Mapping[str, str], decoys: Mapping[str, str]) -> Check:
    """A check for the letters of the steps of a proof, in order, as one string.

    ``needs`` maps each step to the steps that must stand before it: every order that respects
    them is accepted. ``decoys`` maps each step that does not belong to the reason why not.
    """
    known = {*needs, *decoys}
    strangers = set("".join(needs.values())) - set(needs)
    if strangers or set(needs) & set(decoys):
        raise ValueError(
            f"ordering: {sorted(strangers or set(needs) & set(decoys))} must be steps, and no decoys"
        )

    def check(value: Any, c: Checker) -> str | None:
        if not isinstance(value, str):
            c.fail(
                f"The wrong type: a string of letters was expected, not {brief(value)}."
            )
        letters = [x for x in value.lower() if x.isalnum()]
        unknown = sorted(set(letters) - known)
        if unknown:
            c.fail(f"There is no step {', '.join(unknown)}.")
        if len(set(letters)) < len(letters):
            c.fail("A step stands there twice.")
        for letter in letters:
            if letter in decoys:
                c.fail(
                    f"Step {letter} does not belong there. {decoys[letter]}"
                )
        missing = len(set(needs) - set(letters))
        if missing:
            c.fail(
                f"The proof has a gap: {missing} of its steps are missing."
            )
        for k, letter in enumerate(letters):
            early = sorted(set(needs[letter]) - set(letters[:k]))
            if early:
                c.fail(
                    f"Step {letter} comes too early: it uses what step {', '.join(early)} says."
                )
        return None

    return check
