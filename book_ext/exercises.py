"""Exercises on a page: the title as a heading with its number and a link, the button that marks it, the
data of its answer; and whose hints and whose solution the folds below it hold.

All of it is done to the document's nodes, after sphinx-exercise has resolved its titles. The title is a
node of our own, because a title of a block has no role and no link. Numbers are those of the ids, which the
checks use, also on pages whose exercises Sphinx does not count."""

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx_exercise.nodes import is_exercise_node, is_solution_node

from .answers import answers, script
from .marks import button

LABEL = re.compile(r"ex-(\d+)-(\d+)$")


class exercise_heading(nodes.title):
    """The title of an exercise; ``place`` is its id on the page, ``number`` what is shown, ``tools`` the
    HTML after it, which is no text of the page that a search should find.
    """


def setup(app: Sphinx) -> None:
    """Connect after the post-transforms that resolve titles and folds, and register the heading."""
    app.add_node(exercise_heading, html=(visit_heading, depart_heading))
    app.connect("doctree-resolved", furnish)


def visit_heading(self: Any, node: exercise_heading) -> None:
    """Open the heading: number, then title."""
    self.body.append(
        '<p class="admonition-title" role="heading" aria-level="3">'
        f'<span class="caption-number">Exercise {node["number"]} </span><span class="block-title">'
    )


def depart_heading(self: Any, node: exercise_heading) -> None:
    """Close the heading with a link to it, and put the tools after it."""
    self.body.append(
        f'</span><a class="headerlink" href="#{node["place"]}" title="Link to this exercise">#</a></p>'
        f"{node['tools']}\n"
    )


def furnish(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Give every exercise its heading, button and data, and name it in its hints and solutions."""
    if app.builder.format != "html":
        return
    known, number = answers(Path(app.srcdir, f"{docname}.ipynb")), ""
    for node in list(doctree.findall()):
        if is_exercise_node(node) and (label := LABEL.match(node["label"])):
            number = f"{label[1]}.{label[2]}"
            data = script(number, known[number]) if number in known else ""
            node[0] = _heading(node[0], node["label"], number, button(number) + data)
        elif is_solution_node(node) and (label := LABEL.match(node["target_label"])):
            node[0].children = []
            node[0] += nodes.Text(f"Solution to Exercise {label[1]}.{label[2]}")
        elif number and "sd-summary-text" in getattr(node, "attributes", {}).get("classes", ()):
            node.insert(0, nodes.inline("", f"Exercise {number}, ", classes=["visually-hidden"]))


def _heading(title: nodes.Element, place: str, number: str, tools: str) -> exercise_heading:
    """The words between the brackets that sphinx-exercise sets round a title, as a heading."""
    opened = next((k for k, child in enumerate(title) if child.astext() == " ("), -1)
    heading = exercise_heading(place=place, number=number, tools=tools)
    heading.extend(title[opened + 1 : -1] if opened >= 0 else [])
    return heading
