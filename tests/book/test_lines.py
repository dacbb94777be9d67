"""Lines: what their ends do not part, and what may not begin one in the text's sources."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest

from support.books import render, tiny_book
from support.pages import parsed
from support.paths import ROOT

TEXT = """# Scores of held-out data

See chapter 12, exercise 4.11 and [Theorem 11.3](https://example.org), 98.2 ± 0.2 % or 7 % of the
1-Lipschitz f-divergences, 2 × 2 × 32, and held-out data. `1-Lipschitz`, $x$-values; R1 + R2.

| a U-Net | b |
|---|---|
| 4.10 ± 0.05 | `2 × 2` |

## The non-saturating loss, an extraordinarily-long-winded-one

A hint at step.
"""
LIST = re.compile(r"(?:\d+[.)]|[-+*]) ")
CELLS = [
    (path.name, "".join(cell["source"]))
    for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
    if cell["cell_type"] == "markdown"
]


def test_a_line_does_not_part_a_word_from_its_number(tmp_path: Path) -> None:
    """In prose, links and tables; hyphenated words in headings alone; never in code."""
    assert render(tiny_book(tmp_path, TEXT)) == 0
    html = parsed(tmp_path / "out" / "_build" / "html", "notebooks/index")
    kept = [node.get_text() for node in html.select(".bd-article .unbroken")]
    assert kept == [
        "held-out",
        "chapter 12",
        "exercise 4.11",
        "Theorem 11.3",
        "98.2 ± 0.2 %",
        "7 %",
        "1-Lipschitz",
        "f-divergences",
        "2 × 2 × 32",
        "x-",
        "R1 + R2",
        "U-Net",
        "4.10 ± 0.05",
        "non-saturating",
    ]
    assert "held-out data. 1-Lipschitz" in html.select_one(".bd-article").get_text()


def test_no_line_of_a_paragraph_begins_a_list_by_chance() -> None:
    """A sentence that goes on with "1. Near" would become a list of one."""
    found = []
    for name, text in CELLS:
        lines = text.split("\n")
        for before, line in pairwise(lines):
            prose = re.match(r"\w", before) and not LIST.match(before)
            if prose and LIST.match(line) and not before.rstrip().endswith((".", ":", "?", "*")):
                found.append((name, before[-30:], line[:30]))
    assert found == []


@pytest.mark.parametrize("name", sorted({name for name, _ in CELLS}))
def test_a_formula_s_number_has_one_pair_of_parentheses(name: str) -> None:
    """``{eq}`` brings its own."""
    text = "\n".join(text for one, text in CELLS if one == name)
    assert re.findall(r"\(\{eq\}`[^`]*`\)", text) == []
