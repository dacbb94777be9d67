"""What stays on one line: ``1-Lipschitz``, ``Theorem 11.3``, ``98.2 ± 0.2``, and hyphenated words of headings."""

import re
from collections.abc import Iterator

from docutils import nodes
from sphinx.application import Sphinx

from .formulas import UNBROKEN, tied

KINDS = (
    "[Cc]hapters?|[Ee]xercises?|[Ss]ections?|[Ss]teps?|[Ee]quations?|Theorem|Lemma|Proposition|Corollary"
    "|Definition|Algorithm|Example|Figure|Fig\\.|Table|Part"
)
NUMBER = r"[\d.,]*\d"
TOGETHER = re.compile(
    rf"\b(?:{KINDS}) \d+(?:\.\d+)?\b"
    rf"|{NUMBER} ± {NUMBER}(?: %)?|{NUMBER} %"
    r"|\b\w{1,5}(?: × \w{1,5}){1,3}\b"
    r"|(?<![\w-])\w-[^\W\d_]+(?![\w-])"  # one letter or digit before a hyphen
    r"|\bet al\.|\bR1 \+ R2\b"
)
HYPHENATED = re.compile(r"(?<![\w-])(?=[\w-]{3,22}(?![\w-]))\w+(?:-\w+)+")
PROSE = (nodes.paragraph, nodes.caption, nodes.term)
LEFT_ALONE = (nodes.literal, nodes.FixedTextElement, nodes.math, nodes.raw, tied)


def setup(app: Sphinx) -> None:
    """Connect the step, which comes after that of the formulas."""
    app.connect("doctree-resolved", keep_lines, priority=901)


def keep_lines(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put what a line's end should not part into spans that are not broken."""
    if app.builder.format != "html":
        return
    for text in list(doctree.findall(nodes.Text)):
        above = list(_above(text))
        if any(isinstance(node, LEFT_ALONE) or UNBROKEN in _classes(node) for node in above):
            continue
        if any(_is_heading(node) for node in above):
            _tie(text, (TOGETHER, HYPHENATED))
        elif any(isinstance(node, PROSE) for node in above):
            _tie(text, (TOGETHER,))


def _tie(text: nodes.Text, patterns: tuple[re.Pattern[str], ...]) -> None:
    found: list[nodes.Node] = []
    place = 0
    for one in re.finditer("|".join(pattern.pattern for pattern in patterns), text):
        found += [nodes.Text(text[place : one.start()])] if one.start() > place else []
        found.append(nodes.inline("", one[0], classes=[UNBROKEN]))
        place = one.end()
    if found:
        rest = [nodes.Text(text[place:])] if place < len(text) else []
        text.parent.replace(text, found + rest)


def _above(node: nodes.Node) -> Iterator[nodes.Element]:
    while (node := node.parent) is not None:
        yield node


def _classes(node: nodes.Element) -> list[str]:
    return node.get("classes", [])


def _is_heading(node: nodes.Node) -> bool:
    return isinstance(node, nodes.title) and isinstance(node.parent, nodes.section)
