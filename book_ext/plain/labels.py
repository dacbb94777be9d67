"""The numbers and names that cross references stand for, read from the sources of all pages."""

from __future__ import annotations

import json
import re
from pathlib import Path

from .blocks import parse

__all__ = ["KINDS", "labels", "number_of"]

KINDS = {
    "theorem": "Theorem",
    "lemma": "Lemma",
    "proposition": "Proposition",
    "corollary": "Corollary",
    "definition": "Definition",
    "algorithm": "Algorithm",
    "example": "Example",
    "remark": "Remark",
    "conjecture": "Conjecture",
    "assumption": "Assumption",
    "property": "Property",
    "axiom": "Axiom",
    "criterion": "Criterion",
    "observation": "Observation",
}
EQUATION = re.compile(r"^ *\$\$ *\(([\w:.-]+)\) *$|\$\$ *\(([\w:.-]+)\)", re.M)
TARGET = re.compile(r"^\(([\w:.-]+)\)=\s*\n+(?:#+ +(.+))?", re.M)
FIGURE, TABLE = "Figure", "Table"


def number_of(page: Path) -> int | None:
    """A chapter's number, from its file's name; None for other pages."""
    found = re.match(r"(\d\d)_", page.name)
    return int(found[1]) if found else None


def labels(folder: Path) -> dict[str, str]:
    """Label -> the words that a reference to it shows, such as ``Theorem 4.1`` or ``(4.3)``.

    Numbers count within a chapter, as the rendered pages do: labelled equations, figures and tables
    with a name, and each kind of statement for itself.
    """
    found: dict[str, str] = {}
    for page in sorted([*folder.glob("*.ipynb"), *folder.glob("*.md")]):
        found |= _of_page(page)
    return found


def _of_page(page: Path) -> dict[str, str]:
    chapter, found = number_of(page), {}
    counts: dict[str, int] = {}
    before = f"{chapter}." if chapter else ""

    def count(kind: str) -> str:
        counts[kind] = counts.get(kind, 0) + 1
        return f"{before}{counts[kind]}"

    title = ""
    for kind, text, metadata in _cells(page):
        if kind == "code":
            name = metadata.get("mystnb", {}).get("figure", {}).get("name")
            if name:
                found[name] = f"{FIGURE} {count(FIGURE)}"
            continue
        title = title or next(iter(re.findall(r"^# +(.+)$", text, re.M)), "")
        for label, heading in TARGET.findall(text):
            found[label] = heading.strip()
        _blocks(text, found, count)
    for label in [label for label, words in found.items() if words == title]:
        found[label] = f"chapter {chapter}" if chapter else title
    return found | {f"doc:{page.stem}": f"chapter {chapter}" if chapter else title}


def _blocks(text: str, found: dict[str, str], count) -> None:
    for piece in parse(text):
        if isinstance(piece, str):
            for label in EQUATION.finditer(piece):
                found[label[1] or label[2]] = f"({count('equation')})"
            continue
        kind = piece.name.removeprefix("prf:")
        label = piece.options.get("label") or piece.options.get("name")
        if piece.name.startswith("prf:") and kind in KINDS:
            number = count(kind)
            found |= {label: f"{KINDS[kind]} {number}"} if label else {}
        elif kind == "exercise":
            found[label] = f"Exercise {label.removeprefix('ex-').replace('-', '.')}"
        elif kind in ("list-table", "table") and label:
            found[label] = f"{TABLE} {count(TABLE)}"
        elif kind == "figure" and label:
            found[label] = f"{FIGURE} {count(FIGURE)}"
        _blocks("\n".join(piece.lines), found, count)


def _cells(page: Path) -> list[tuple[str, str, dict]]:
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".md":
        return [("markdown", text, {})]
    return [
        (cell["cell_type"], "".join(cell["source"]), cell["metadata"])
        for cell in json.loads(text)["cells"]
    ]
