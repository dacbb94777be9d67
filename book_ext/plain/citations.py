"""Citations as author and year, and the list of what was cited."""

from __future__ import annotations

import re
from pathlib import Path

from pybtex.database import BibliographyData, parse_file
from pybtex.plugin import find_plugin

__all__ = ["Citations"]


class Citations:
    """The works of all bibliographies of a folder, and which of them a notebook has cited."""

    def __init__(self, folder: Path) -> None:
        entries: dict = {}
        for path in [*folder.glob("*.bib"), *sorted(folder.glob("refs/*.bib"))]:
            entries |= dict(parse_file(str(path)).entries.items())
        self.entries = entries
        self.cited: list[str] = []

    def role(self, keys: str, inside: bool) -> str:
        """``Goodfellow et al. (2014)``, or ``(Goodfellow et al., 2014)`` for ``inside``."""
        shown = []
        for key in (key.strip() for key in keys.split(",")):
            if key not in self.entries:
                raise ValueError(f"no bibliography has the work {key!r}")
            self.cited += [] if key in self.cited else [key]
            authors, year = self.authors(key), self.entries[key].fields.get("year", "n.d.")
            shown.append(f"{authors}, {year}" if inside else f"{authors} ({year})")
        return f"({'; '.join(shown)})" if inside else ", ".join(shown)

    def authors(self, key: str) -> str:
        """The family names: one, two, or the first and *et al.*"""
        entry = self.entries[key]
        people = entry.persons.get("author") or entry.persons.get("editor") or []
        names = [
            " ".join(_plain(part) for part in [*p.prelast_names, *p.last_names]) for p in people
        ]
        if not names:
            return _plain(entry.fields.get("title", key))
        if len(names) == 2:
            return f"{names[0]} and {names[1]}"
        return names[0] + (" et al." if len(names) > 2 else "")

    def listed(self) -> str:
        """The works cited so far as a Markdown list, by author; empty if there is none."""
        if not self.cited:
            return ""
        works = BibliographyData({key: self.entries[key] for key in self.cited})
        style = find_plugin("pybtex.style.formatting", "plain")()
        backend = find_plugin("pybtex.backends", "text")()
        lines = []
        for entry in style.format_bibliography(works):
            text = " ".join(entry.text.render(backend).split())
            lines.append(f"- {_linked(text)}")
        return "\n".join(lines)


def _plain(text: str) -> str:
    from pybtex.richtext import Text

    return str(Text.from_latex(text)) if "\\" in text or "{" in text else text


def _linked(text: str) -> str:
    """Addresses as links, and no sign that Markdown would read as emphasis."""
    parts = re.split(r"(https?://\S+?)(?=[,.;]?(?:\s|$))", text)
    return "".join(
        f"<{part}>" if i % 2 else re.sub(r"([*_])", r"\\\1", part) for i, part in enumerate(parts)
    )
