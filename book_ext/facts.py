"""The line under a page's title: minutes to read, what executed it, marks, the switch for its code.

Each part is added by the module that knows it, as HTML that no search should find."""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx


class facts_line(nodes.General, nodes.Element):
    """One line of facts; ``parts`` are pieces of HTML."""


def setup(app: Sphinx) -> None:
    """Register the node."""
    app.add_node(facts_line, html=(visit_line, depart_line))


def visit_line(self: Any, node: facts_line) -> None:
    """Write the whole line."""
    self.body.append(f'<p class="chapter-facts">{"".join(node["parts"]).strip()}</p>\n')


def depart_line(self: Any, node: facts_line) -> None:
    """Nothing is left to close."""


def add(doctree: nodes.document, part: str, begin: bool = True) -> None:
    """Add a part to the line under the title; without ``begin`` only where there is a line."""
    line = next(doctree.findall(facts_line), None)
    title = next(doctree.findall(nodes.title), None)
    if line is not None:
        line["parts"].append(part)
    elif begin and title is not None:
        title.parent.insert(title.parent.index(title) + 1, facts_line(parts=[part]))
