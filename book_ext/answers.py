"""Answers that the page itself checks: what ``static/answers.js`` compares with, put in front of each exercise's text.

The data lie in the notebook beside the exercise's text (``scripts/notebooks.py`` writes them), because the
package need not be installed where the book is rendered."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx


def setup(app: Sphinx) -> None:
    """Add the script."""
    app.add_js_file("answers.js", defer="defer", priority=895)


@cache
def answers(notebook: Path) -> dict[str, dict[str, Any]]:
    """Return what is known of the answers to a notebook's exercises, by id."""
    if not notebook.exists():
        return {}
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    marks = (cell["metadata"].get("ganbook", {}) for cell in cells)
    return {mark["exercise"]: mark["answer"] for mark in marks if "answer" in mark}


def script(name: str, answer: dict[str, Any]) -> str:
    """The data of one exercise as an inert script element."""
    text = json.dumps(answer, ensure_ascii=False).replace("<", "\\u003c")
    return f'<script type="application/json" class="answer-data" data-exercise="{name}">{text}</script>'
