"""Code that is folded on the page: cells tagged ``hide-input``, each under a summary in words, and
one switch that shows all of them.

What a cell prints stays in sight. The words follow from the code; ``mystnb.code_prompt_show`` in
the cell's metadata replaces them. ``static/folding.js`` works the switch and unfolds for print."""

import ast
from html import escape
from typing import Any

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.application import Sphinx

from . import facts

DEFAULT = "Show code cell"  # how the words begin that myst-nb gives to each cell
FOLD = '<details class="code-fold'
SWITCH = (
    ' <button type="button" class="code-switch needs-marks" aria-pressed="false">'
    "Show all code</button>"
)


def setup(app: Sphinx) -> None:
    """Take the place of myst-nb's visitor, once it is there, and add the switch to each page."""
    app.connect("config-inited", replace_visitor)
    app.connect("doctree-resolved", add_switch)
    app.add_js_file("folding.js", defer="defer", priority=895)


def replace_visitor(app: Sphinx, config: Any) -> None:
    """Let folded cells be written by ``open_fold`` and ``close_fold``."""
    app.add_node(HideCodeCellNode, override=True, html=(open_fold, close_fold))


def open_fold(translator: Any, node: nodes.Element) -> None:
    """Write the fold's summary; a number that is only heard keeps those of one page apart."""
    translator.code_folds = getattr(translator, "code_folds", 0) + 1
    given = node["prompt_show"]
    code = next((block.astext() for block in node.findall(nodes.literal_block)), "")
    words = summary(code) if given.startswith(DEFAULT) else given
    translator.body.append(
        f'{FOLD} {" ".join(node["classes"])}">\n<summary>{escape(words)}'
        f'<span class="visually-hidden">, number {translator.code_folds}</span></summary>\n'
    )


def close_fold(translator: Any, node: nodes.Element) -> None:
    """Close what ``open_fold`` opened."""
    translator.body.append("</details>\n")


def summary(code: str) -> str:
    """Say in words what a piece of code is for."""
    try:
        statements = ast.parse(code).body
    except SyntaxError:  # a magic command
        return "Code of this cell"
    imports = sum(isinstance(node, ast.Import | ast.ImportFrom) for node in statements)
    if 2 * imports > len(statements):
        return "Code: imports"
    if any(isinstance(node, ast.Assert) for node in ast.walk(ast.Module(statements, []))):
        return "Code of this check"
    return "Code of this picture" if "plt.show()" in code else "Code of this cell"


def add_switch(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the switch into the line of facts of a page that folds code, or begin one with it."""
    if next(doctree.findall(HideCodeCellNode), None) is not None:
        facts.add(doctree, SWITCH)
