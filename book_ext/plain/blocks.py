"""MyST's blocks, as nested as they come: text, and directives with options and content."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

__all__ = ["Directive", "parse"]

OPEN = re.compile(r"^ *(:{3,}|`{3,}|~{3,})(?:\{([\w:.-]+)\}[ \t]*(.*))?")
OPTION = re.compile(r"^:([\w-]+):[ \t]*(.*)$")


@dataclass
class Directive:
    """A directive: its name, what stands beside it, its options, and the lines of its content."""

    name: str
    argument: str
    options: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)


def parse(text: str) -> list[str | Directive]:
    """Split text into pieces of Markdown and directives; plain code blocks stay in the Markdown.

    A directive ends at the first line of as many marks as it began with, or more, so that what is
    nested has fewer. Raises ``ValueError`` for one that does not end.
    """
    pieces: list[str | Directive] = []
    plain: list[str] = []
    lines = text.split("\n")
    place = 0
    while place < len(lines):
        opened = OPEN.match(lines[place])
        if not opened or (opened[1][0] == ":" and not opened[2]):
            plain.append(lines[place])
            place += 1
            continue
        end = _end(lines, place, opened[1])
        if not opened[2]:  # a code block
            plain += lines[place : end + 1]
        else:
            pieces += ["\n".join(plain)] if plain else []
            plain = []
            pieces.append(_directive(opened[2], opened[3].strip(), lines[place + 1 : end]))
        place = end + 1
    return pieces + (["\n".join(plain)] if plain else [])


def _end(lines: list[str], begin: int, marks: str) -> int:
    closing = re.compile(rf"^ *{re.escape(marks[0])}{{{len(marks)},}} *$")
    for place in range(begin + 1, len(lines)):
        if closing.match(lines[place]):
            return place
    raise ValueError(f"this block does not end: {lines[begin]!r}")


def _directive(name: str, argument: str, lines: list[str]) -> Directive:
    found = Directive(name, argument)
    place = 0
    while place < len(lines) and (option := OPTION.match(lines[place])):
        found.options[option[1]] = option[2].strip()
        place += 1
    found.lines = lines[place:]
    return found
