"""What this book adds to Jupyter Book: its sources, its page furniture and its looks.

Loaded through ``sphinx.local_extensions`` in ``_config.yml``; needs nothing but Sphinx, what its
theme brings, and math-core."""

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from . import (
    answers,
    cards,
    chapters,
    descriptions,
    epochs,
    exercises,
    facts,
    folding,
    formulas,
    lines,
    marks,
    pages,
    plain,
    play,
    previews,
    repository,
    sources,
    wheel,
)

STATIC = Path(__file__).parent / "static"
TEMPLATES = Path(__file__).parent / "templates"


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect the extension to Sphinx."""
    app.connect("config-inited", add_looks)
    app.connect("html-page-context", add_search)
    sources.setup(app)
    formulas.setup(app)
    lines.setup(app)
    repository.setup(app)
    wheel.setup(app)
    plain.setup(app)
    facts.setup(app)
    pages.setup(app)
    marks.setup(app)
    answers.setup(app)
    exercises.setup(app)
    folding.setup(app)
    chapters.setup(app)
    cards.setup(app)
    previews.setup(app)
    descriptions.setup(app)
    play.setup(app)
    epochs.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def add_looks(app: Sphinx, config: Any) -> None:
    """Register the book's style sheet, its script and its template."""
    config.html_static_path.append(str(STATIC))
    config.templates_path.append(str(TEMPLATES))
    app.add_css_file("book.css", priority=900)
    app.add_css_file("print.css", priority=901, media="print")
    app.add_js_file("book.js", defer="defer")
    app.add_js_file("enlarge.js", defer="defer")


def add_search(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """The search page alone gets the script that mends its results."""
    if pagename == "search":
        app.add_js_file("search.js", priority=900, defer="defer")
