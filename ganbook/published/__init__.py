"""Numbers that others have published and the book quotes: one JSON file per chapter, a list of
entries with their source, place and setting.

``load(10)`` reads ``chapter10.json``. A Markdown cell that quotes entries names them in its metadata
(``ganbook: {published: [ids]}``); a test then looks for each number and its citation in that cell."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, fields
from importlib import resources

__all__ = ["Published", "chapters", "load"]


@dataclass(frozen=True)
class Published:
    """One number as it was published.

    ``id`` names the entry, unique in its file; ``value`` is the number and ``spread`` what stands
    behind its plus-minus sign, or None. ``unit`` is in words (None for a plain number). ``source``
    is the key of the reference that was read, ``where`` the table, figure or section in it, and
    ``setting`` what a reader must know to compare (data, networks, training, number of runs).
    ``seen`` is true where the source itself was read, and false where the number is known through
    others: the text then says "as reported by". ``digits`` is how many decimals were printed."""

    id: str
    value: float
    spread: float | None
    unit: str | None
    source: str
    where: str
    setting: str
    seen: bool
    digits: int

    def __str__(self) -> str:
        """Return the number as the text quotes it, such as "9.8 ± 0.9"."""
        number = f"{self.value:.{self.digits}f}"
        return number if self.spread is None else f"{number} ± {self.spread:.{self.digits}f}"


def chapters() -> list[int]:
    """Return the numbers of the chapters that have a file, in order."""
    names = (f.name for f in resources.files(__name__).iterdir())
    return sorted(int(n[7:-5]) for n in names if n.startswith("chapter") and n.endswith(".json"))


def load(chapter: int) -> dict[str, Published]:
    """Return the published numbers of a chapter by id, in the order of the file.

    Raises ``ValueError`` for a chapter without a file, and for a file with an entry that lacks a
    field, has one too many, repeats an id, or holds a number that is not finite."""
    if chapter not in chapters():
        raise ValueError(
            f"no published numbers for chapter {chapter!r}: expected one of {chapters()}, or a new "
            f"file chapter{chapter}.json in ganbook/published"
        )
    text = resources.files(__name__).joinpath(f"chapter{chapter}.json").read_text(encoding="utf-8")
    return parse(json.loads(text))


def parse(rows: list[dict]) -> dict[str, Published]:
    """Return entries by id; the JSON form lacks ``digits`` where ``value`` shows them itself.

    Raises ``ValueError`` as :func:`load` does."""
    names = {f.name for f in fields(Published)}
    found: dict[str, Published] = {}
    for row in rows:
        full = {"digits": _decimals(row.get("value")), **row}
        if set(full) != names:
            wrong = sorted(set(full) ^ names)
            raise ValueError(
                f"entry {row.get('id')!r} has missing or unknown fields {wrong}: expected "
                f"{sorted(names - {'digits'})}, and digits where the value ends in zeros"
            )
        entry = Published(**full)
        for number in (entry.value, entry.spread):
            if number is not None and not math.isfinite(number):
                raise ValueError(f"entry {entry.id!r} holds {number}; expected a finite number")
        words = (entry.source, entry.where, entry.setting)
        if not all(isinstance(w, str) and w.strip() for w in words):
            raise ValueError(f"entry {entry.id!r} lacks its source, place or setting: add it")
        if entry.id in found:
            raise ValueError(f"two entries are called {entry.id!r}: expected each id once")
        found[entry.id] = entry
    return found


def _decimals(value: object) -> int:
    """Return how many decimals the JSON number shows: 9.8 shows one, 20.0 one, 7 none."""
    return len(str(value).partition(".")[2]) if isinstance(value, float) else 0
