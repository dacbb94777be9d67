"""A long description under a picture that carries an argument, open on demand.

It stands in the metadata of the cell that draws the picture, as ``ganbook.description``: a list of
paragraphs of plain text (axes, what can be read off, what follows). The figure needs a name
(``mystnb.figure.name``)."""

import json
import re
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx


def setup(app: Sphinx) -> None:
    """Describe pictures once the page's body is there."""
    app.connect("html-page-context", describe, priority=930)


@cache
def descriptions(notebook: Path) -> dict[str, list[str]]:
    """The paragraphs by the name of their figure; raises ValueError for a description without a
    figure's name.
    """
    found = {}
    for cell in (
        json.loads(notebook.read_text(encoding="utf-8"))["cells"] if notebook.exists() else []
    ):
        paragraphs = cell["metadata"].get("ganbook", {}).get("description")
        if paragraphs is None:
            continue
        name = cell["metadata"].get("mystnb", {}).get("figure", {}).get("name")
        if not name:
            raise ValueError(
                f"{notebook.name}: the description {paragraphs[0][:40]!r} belongs to no named figure: "
                "set mystnb.figure.name in the same cell's metadata"
            )
        found[name] = paragraphs
    return found


def describe(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Put the description into its figure, and point the picture at it."""
    if doctree is None or "body" not in context:
        return
    for name, paragraphs in descriptions(Path(app.srcdir, f"{pagename}.ipynb")).items():
        # Sphinx's visitor of a figure writes no attribute that points from a picture to its description.
        figure = re.compile(rf'(<figure [^>]*id="{re.escape(name)}">\s*)<img (.*?)</figure>', re.S)
        said = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
        details = (
            f'<details class="picture-description" id="{name}-described"><summary>Describe this picture'
            f"</summary>{said}</details>"
        )
        context["body"], times = figure.subn(
            lambda found, details=details, name=name: (
                f'{found[1]}<img aria-details="{name}-described" {found[2]}{details}</figure>'
            ),
            context["body"],
            count=1,
        )
        if not times:
            raise ValueError(f"{pagename}: there is no figure {name!r} to describe")
