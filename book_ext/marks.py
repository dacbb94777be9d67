"""Marks for solved exercises, which the reader's browser keeps: what the page offers, and which
exercises there are.

Everything here is hidden until a line in the page's head says that scripts run, so that nothing
moves afterwards and nothing shows without them. ``static/marks.js`` does the rest."""

import json
import re
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

from . import facts

STATEMENT = re.compile(r"\{exercise\} +(.+)")
TITLE = re.compile(r"^# +(.+)", re.M)
OVERVIEW = "how_exercises_work.html#your-marks"


class ExerciseMarks(Directive):
    """``{exercise-marks}``: every exercise with its mark; its content is what plain JupyterLab
    shows instead.
    """

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the overview as raw HTML."""
        source = Path(self.state.document.settings.env.srcdir)
        return [nodes.raw("", overview(exercises(source / "notebooks")), format="html")]


def setup(app: Sphinx) -> None:
    """Add script, style sheet and directive."""
    app.add_directive("exercise-marks", ExerciseMarks)
    app.add_css_file("reading.css", priority=910)
    app.add_js_file(None, body='document.documentElement.dataset.marks = "";', priority=1)
    app.add_js_file("exercises.js", defer="defer", priority=890)
    app.add_js_file("marks.js", defer="defer", priority=900)
    app.connect("builder-inited", write_catalogue)
    app.connect("doctree-resolved", offer)


@cache
def exercises(folder: Path) -> list[dict[str, Any]]:
    """Each page with exercises: its chapter's number, its title, and id and title of each exercise."""
    found = []
    for path in sorted(folder.glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        sources = [("".join(cell["source"]), cell["metadata"].get("ganbook", {})) for cell in cells]
        listed = [
            (marks["exercise"], STATEMENT.search(text).group(1).strip())
            for text, marks in sources
            if "exercise" in marks
        ]
        if listed:
            title = next(
                named.group(1).strip() for text, _ in sources if (named := TITLE.search(text))
            )
            found.append(
                {
                    "chapter": int(listed[0][0].split(".")[0]),
                    "page": f"{folder.name}/{path.stem}",
                    "title": title,
                    "exercises": dict(listed),
                }
            )
    return sorted(found, key=lambda page: page["chapter"])


def write_catalogue(app: Sphinx) -> None:
    """Write ``_static/exercises.js``: ids by chapter, for counts on every page."""
    if app.builder.format != "html":
        return
    pages = [
        {"chapter": page["chapter"], "page": page["page"], "ids": list(page["exercises"])}
        for page in exercises(Path(app.srcdir, "notebooks"))
    ]
    static = Path(app.outdir, "_static")
    static.mkdir(parents=True, exist_ok=True)
    static.joinpath("exercises.js").write_text(
        f"const GANBOOK_EXERCISES = {json.dumps(pages)};\n", encoding="utf-8"
    )


def offer(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Add the count of solved exercises to the line of facts."""
    for page in exercises(Path(app.srcdir, "notebooks")):
        if page["page"] == docname:
            link = (
                f'<span class="needs-marks">&nbsp;·</span> <a class="marks-facts needs-marks" href="{OVERVIEW}">'
                f"{count(page, ' solved')}</a>"
            )
            facts.add(doctree, link, begin=False)


def button(name: str) -> str:
    """The button that marks one exercise; its name stays, its state changes."""
    return (
        f'<button type="button" class="mark-button needs-marks" data-exercise="{name}" aria-pressed="false" '
        f'aria-label="Exercise {name} solved">Solved</button>'
    )


def count(page: dict[str, Any], words: str = "") -> str:
    """``0 of 13``, which the script corrects."""
    return (
        f'<span class="marks-count" data-chapter="{page["chapter"]}">0 of {len(page["exercises"])}</span>'
        f"{escape(words)}"
    )


def overview(pages: list[dict[str, Any]]) -> str:
    """All exercises in one table a chapter, and what to do with the marks."""
    total = sum(len(page["exercises"]) for page in pages)
    tables = "\n".join(_table(page) for page in pages)
    return f"""<div class="marks-page needs-marks" id="your-marks">
<p>Together: <span class="marks-count" data-chapter="all">0 of {total}</span> marked as solved.</p>
{tables}
<details class="marks-import"><summary>Bring marks in</summary>
<p><label for="marks-text">Paste what <code>python -m ganbook exercises --json</code> prints, or what was saved
here before:</label></p>
<textarea id="marks-text" rows="4" spellcheck="false" autocomplete="off"></textarea>
<p><label for="marks-file">or choose a file:</label>
<input id="marks-file" type="file" accept=".json,application/json"></p>
<p><button type="button" id="marks-import">Add these marks</button></p>
</details>
<p class="marks-actions"><button type="button" id="marks-export">Save the marks to a file</button>
<button type="button" id="marks-reset">Remove all marks</button></p>
<p class="marks-said" role="status"></p>
</div>"""


def _table(page: dict[str, Any]) -> str:
    name = f"Chapter {page['chapter']}. {page['title']}"
    if not re.search(r"/\d\d_", page["page"]):
        name = page["title"] if page["chapter"] else "First steps"
    address = f"{page['page'].split('/')[-1]}.html"
    rows = "\n".join(
        f'<tr><th scope="row"><a href="{address}#ex-{key.replace(".", "-")}">{key}</a> {escape(title)}</th>'
        f"<td>{button(key)}</td></tr>"
        for key, title in page["exercises"].items()
    )
    return (
        f"<details><summary>{escape(name)}: {count(page)}</summary>\n"
        f'<table class="table"><thead><tr><th scope="col">Exercise</th><th scope="col">Mark</th></tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody></table></details>"
    )
