"""Answers that the page itself checks: what ``static/answers.js`` compares with, put below each exercise.

The data lie in the notebook beside the exercise's text (``scripts/notebooks.py`` writes them), because the
package need not be installed where the book is rendered."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from .marks import BOX


def setup(app: Sphinx) -> None:
    """Add the script and, to each page with such exercises, the data."""
    app.add_js_file("answers.js", defer="defer", priority=895)
    app.connect("html-page-context", put, priority=949)


@cache
def answers(notebook: Path) -> dict[str, dict[str, Any]]:
    """Return what is known of the answers to a notebook's exercises, by id."""
    if not notebook.exists():
        return {}
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    marks = (cell["metadata"].get("ganbook", {}) for cell in cells)
    return {mark["exercise"]: mark["answer"] for mark in marks if "answer" in mark}


def put(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Put each exercise's data in front of its title; without scripts nothing shows."""
    if doctree is None or "body" not in context:
        return
    known = answers(Path(app.srcdir, f"{pagename}.ipynb"))

    def with_data(box: Any) -> str:
        name = f"{box[1]}.{box[2]}"
        return box.group() + (script(name, known[name]) if name in known else "")

    context["body"] = BOX.sub(with_data, context["body"])


def script(name: str, answer: dict[str, Any]) -> str:
    """The data of one exercise as an inert script element."""
    text = json.dumps(answer, ensure_ascii=False).replace("<", "\\u003c")
    return f'<script type="application/json" class="answer-data" data-exercise="{name}">{text}</script>'
