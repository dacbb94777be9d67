"""What every page carries besides its text: the reading line under a chapter's title, no idle
scripts.
"""

import json
import re
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from . import facts

VERSIONS = {"python": "Python", "torch": "torch"}
WORDS_PER_MINUTE = 200
SECONDS_PER_EQUATION = 12
STATED = re.compile(r"\d+ minutes to read|[Rr]eading:? (?:about )?\d+ min")
IDLE_SCRIPTS = ("thebe", "THEBE_JS_URL", "design-tabs.js")
IDLE_FILES = (
    "*/*.map",
    "scripts/fontawesome.js*",
    "vendor/fontawesome/webfonts/*.ttf",
    "sphinx-thebe.*",
)
# What sphinx-proof, Sphinx and docutils write themselves, in visitors of a hundred lines, that is not valid HTML.
MENDED = {
    '<div class="proof admonition" id="proof">': '<div class="proof admonition">',
    '<div role="list" class="citation-list">': '<div class="citation-list">',
    ' role="doc-biblioentry"': "",
    '<th class="head">': '<th class="head" scope="col">',
}
# A term of a glossary is a node without attributes of its own.
CHINESE_TERM = re.compile(r'<dt( id="[^"]*">(?=[^<]*[\u4e00-\u9fff]))')


def setup(app: Sphinx) -> None:
    """Connect to the events at which pages take shape."""
    app.connect("doctree-resolved", measure)
    app.connect("doctree-resolved", add_facts)
    app.connect("doctree-resolved", drop_repeated_ids)
    app.connect("doctree-resolved", set_formulas_of_titles)
    app.connect("html-page-context", furnish, priority=900)
    app.connect("build-finished", sweep)


def measure(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Keep, for each page, the minutes that reading it takes; none if its text says so."""
    if STATED.search(" ".join(doctree.astext().split())[:4000]):
        return
    words = sum(
        len(node.astext().split())
        for node in doctree.findall(nodes.Text)
        if not _inside(
            node, (nodes.literal_block, nodes.math, nodes.math_block, nodes.raw, nodes.comment)
        )
    )
    equations = len(list(doctree.findall(nodes.math_block)))
    minutes = words / WORDS_PER_MINUTE + equations * SECONDS_PER_EQUATION / 60
    app.env.metadata[docname]["reading_minutes"] = max(1, round(minutes))


def add_facts(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Say under a chapter's title how long it takes to read, and what executed it."""
    minutes = app.env.metadata[docname].get("reading_minutes")
    if line := reading_line(Path(app.srcdir), docname, minutes):
        facts.add(doctree, line)


def drop_repeated_ids(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """sphinx-exercise and sphinx-proof give every block's inner section one and the same id."""
    for section in doctree.findall(nodes.section):
        section["ids"] = [name for name in section["ids"] if not name.endswith("-content")]


def set_formulas_of_titles(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Set a small formula in the title of a cited work, as ``$L^2$``, which BibTeX leaves as it is."""
    for citation in doctree.findall(nodes.citation):
        for text in list(citation.findall(nodes.Text)):
            parts = re.split(r"\$([^$]+)\$", text)
            if len(parts) > 1:
                new = [nodes.Text(part) for part in parts]
                for place in range(1, len(parts), 2):
                    new[place] = nodes.inline("", "", *_formula(parts[place]))
                text.parent.replace(text, new)


def furnish(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Describe the page, leave out idle scripts."""
    context["script_files"] = [
        script for script in context.get("script_files", []) if not _idle(script)
    ]
    context["css_files"] = [
        sheet for sheet in context.get("css_files", []) if "thebe" not in str(sheet)
    ]
    if doctree is None or "body" not in context:
        return
    context["description"] = description = _first_sentence(doctree)
    if description and "metatags" in context:
        context["metatags"] += (
            f'\n<meta name="description" content="{escape(description, quote=True)}" />'
        )
    context["body"] = dress(context["body"])


def dress(body: str) -> str:
    """Set a chapter's number above its title, and name the language of Chinese terms.

    Sphinx writes the number in its visitor of all titles, which has no part of its own for it. Also
    mends what is not valid: one id for all proofs, a list whose children are no items.
    """
    body = re.sub(
        r'<h1><span class="section-number">(\d+)\. </span>',
        r'<h1><span class="chapter-number">Chapter <span class="section-number">\1</span></span>',
        body,
        count=1,
    )
    for old, new in MENDED.items():
        body = body.replace(old, new)
    return CHINESE_TERM.sub(r'<dt lang="zh-Hans"\1', body)


def reading_line(source: Path, pagename: str, minutes: int | None) -> str:
    """What is said of a chapter, as HTML: minutes to read, and what executed it; empty for other pages."""
    if not re.search(r"/\d\d_", pagename):
        return ""
    parts = [f"{minutes} min to read"] if minutes else []
    executed = executed_with(source / f"{pagename}.ipynb")
    if executed:
        parts.append(executed)
    line = " · ".join(parts)
    return escape(line[0].upper() + line[1:]) if line else ""


@cache
def executed_with(notebook: Path) -> str:
    """The sentence about the run whose outputs the page shows, from ``metadata.ganbook.executed``."""
    if not notebook.exists():
        return ""
    metadata = json.loads(notebook.read_text(encoding="utf-8")).get("metadata", {})
    run = metadata.get("ganbook", {}).get("executed", {})
    versions = ", ".join(f"{label} {run[key]}" for key, label in VERSIONS.items() if key in run)
    pieces = [
        f"on {run['date']}" if "date" in run else "",
        f"in {float(run['seconds']):.0f} s of CPU time" if "seconds" in run else "",
        f"with {versions}" if versions else "",
        f"({run['hardware']})" if run.get("hardware") else "",
    ]
    return "executed " + " ".join(piece for piece in pieces if piece) if any(pieces) else ""


def sweep(app: Sphinx, problem: Exception | None) -> None:
    """Drop what no page asks for: source maps, the icon script, the older font format."""
    if problem is not None or app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    for pattern in IDLE_FILES:
        for path in static.glob(pattern):
            path.unlink()


def _formula(tex: str) -> list[nodes.Node]:
    kinds = {"^": nodes.superscript, "_": nodes.subscript, "": nodes.emphasis}
    pieces = re.findall(r"([\^_]?)\{?([^\^_{}]+)\}?", tex)
    return [kinds[sign](piece, piece) for sign, piece in pieces]


def _inside(node: nodes.Node, kinds: tuple[type, ...]) -> bool:
    parent = node.parent
    while parent is not None:
        if isinstance(parent, kinds):
            return True
        parent = parent.parent
    return False


def _idle(script: Any) -> bool:
    text = f"{getattr(script, 'filename', script)} {getattr(script, 'attributes', {})}"
    return any(name in text for name in IDLE_SCRIPTS)


def _first_sentence(doctree: nodes.document) -> str:
    for paragraph in doctree.findall(nodes.paragraph):
        text = " ".join(paragraph.astext().split())
        if len(text) > 40:
            return text if len(text) <= 200 else text[:200].rsplit(" ", 1)[0] + " …"
    return ""
