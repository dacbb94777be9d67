"""Formulas as MathML, set when the book is built: no script runs for them on the reader's machine.

The package math-core turns TeX into MathML Core; browsers set that themselves, with the mathematics
font of ``static/mathematics.woff2``. A formula that cannot be converted is a warning with its page, and so fails
the build. The TeX stays on the page as ``data-tex``, which ``static/book.js`` gives to whoever
copies.

Browsers do not break a line inside ``<math>``: a long formula of the text becomes several of them,
cut after its relations and, where that is not enough, after its operators."""

import re
from html import escape, unescape
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

LONGEST = 16  # characters of a formula of the text, or of its piece, that stay on one line
NUMBERED = re.compile(r"(\\(?:begin|end)\{(?:align|gather|multline|equation|alignat))\}")
ENVIRONMENT = re.compile(r"\\begin\{(\w+\*?)\}(?:(?!\\begin\{).)*?\\end\{\1\}", re.S)
SMALL = "smallmatrix"
ROW_OF_MATRIX = '<mtable displaystyle="false" scriptlevel="0"'
RELATIONS = frozenset("=≠<>≤≥≈∼≃≅≡∝≔→←↔⇒⇐⇔⟶⟹⟺↦∈∉∋⊂⊆⊃⊇∣∥⟂⊥≪≫≲≳⟸⩽⩾")
OPERATORS = frozenset("+−-±∓⋅·×∘∗∪∩∧∨,;:/")
OPENING, CLOSING = frozenset("([{⟨⌊⌈"), frozenset(")]}⟩⌋⌉")
# The font's prime is small and high already, before it becomes a superscript.
PRIME = re.compile(r"<mo>[′″‴]</mo>")
# Browsers leave a fence small that carries a superscript; in a row of its own it grows.
FENCE_WITH_SCRIPT = re.compile(r"(<(?:msub|msup|msubsup)>)(<mo [^>]*minsize[^>]*>[^<]*</mo>)")
BESIDE = re.compile(r"[^\s\-–—/]{1,12}[-–/]?|[-–/]")  # what may not leave the formula before it
BEFORE = re.compile(r"[^\s\-–—/]{1,12}\Z")
UNBROKEN = "unbroken"

logger = logging.getLogger(__name__)
converter = LatexToMathML(fancy_error=False)


def setup(app: Sphinx) -> None:
    """Register the writer of formulas and its style sheet."""
    app.add_html_math_renderer("mathml", (write_inline, None), (write_display, None))
    app.add_node(tied, html=(write_tied, None))
    app.add_css_file("formulas.css", priority=899)
    app.connect("doctree-resolved", keep_together, priority=900)


class tied(nodes.inline):
    """A formula in several pieces, with the text that stands right beside it."""


def mathml(tex: str, display: bool = False) -> str:
    r"""A ``<math>`` element for the TeX of one formula.

    Sphinx's own wrapper is not needed here: lines that no environment holds (``a \\ b``, or parts
    with an empty line between) stand below each other, aligned. ``ValueError`` with the reason
    where math-core does not know what the formula says."""
    tex = re.sub(r"\\\n", r"\\ ", tex)  # a control space at the end of a line
    parts = [part.strip() for part in re.split(r"\n\s*\n", tex) if part.strip()]
    if not parts:
        raise ValueError("it is empty")
    tex = NUMBERED.sub(r"\1*}", r" \\ ".join(parts))  # the book gives its own numbers
    if display and r"\\" in _outside(tex):
        tex = rf"\begin{{aligned}}{tex}\end{{aligned}}"
    try:
        found = converter.convert_with_local_state(
            tex.replace(SMALL, "matrix"), displaystyle=display
        )
    except LatexError as error:
        raise ValueError(str(error)) from None
    found = PRIME.sub(
        r'<mpadded class="prime" voffset="-0.4em" height="0.3em">\g<0></mpadded>', found
    )
    found = FENCE_WITH_SCRIPT.sub(r"\1<mrow>\2</mrow>", found)
    if SMALL in tex:
        found = found.replace(ROW_OF_MATRIX, ROW_OF_MATRIX.replace('"0"', '"1"'))
    return re.sub(r"&(?!amp;|lt;|gt;|quot;)\w+;", lambda name: unescape(name[0]), found)


def pieces(formula: str) -> list[str]:
    """A formula of the text as one or more ``<math>`` elements between which a line may break."""
    root = ElementTree.fromstring(formula)
    while len(root) == 1 and root[0].tag == "mrow" and not root[0].attrib:
        root[:] = list(root[0])
    found = [list(root)]
    for depth, signs in ((0, RELATIONS), (0, OPERATORS), (9, RELATIONS), (9, OPERATORS)):
        found = [part for row in found for part in _cut(row, signs, depth)]
    if len(found) == 1:
        return [formula]
    for row, _ in pairwise(found):
        row[-1].set("form", "infix")  # its room on both sides, though it is the last of its row now
    return [f"<math>{''.join(map(_written, row))}</math>" for row in found]


def keep_together(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Tie to each formula what stands right beside it: no line begins with its comma."""
    for formula in list(doctree.findall(nodes.math)):
        inner: nodes.Element = formula
        while isinstance(inner.parent, nodes.Inline) and len(inner.parent) == 1:
            inner = inner.parent
        parent = inner.parent
        place = parent.index(inner)
        last = place + 1
        kept: list[nodes.Node] = [inner]
        before = parent[place - 1] if place else None
        after = parent[last] if last < len(parent) else None
        if isinstance(before, nodes.Text) and (found := BEFORE.search(before)):
            kept.insert(0, nodes.Text(found[0]))
            parent[place - 1] = nodes.Text(before[: found.start()])
        if isinstance(after, nodes.Text) and (found := BESIDE.match(after)):
            kept.append(nodes.Text(found[0]))
            parent[last] = nodes.Text(after[found.end() :])
        if len(kept) > 1:
            in_pieces = inner is formula and len(_pieces_of(formula)) > 1
            kind = tied if in_pieces else nodes.inline
            parent[place:last] = [kind("", "", *kept, classes=[UNBROKEN])]


def write_inline(writer: Any, node: nodes.math) -> None:
    """Write a formula of the text."""
    _write_inline(writer, node)
    raise nodes.SkipNode


def write_tied(writer: Any, node: tied) -> None:
    """Write a formula in pieces, the first and the last of them tied to the text beside it."""
    place = next(n for n, part in enumerate(node) if isinstance(part, nodes.math))
    before, after = (
        writer.encode("".join(map(str, part))) for part in (node[:place], node[place + 1 :])
    )
    _write_inline(writer, node[place], before, after)
    raise nodes.SkipNode


def write_display(writer: Any, node: nodes.math_block) -> None:
    """Write a formula on its own line, with its number and the link to it."""
    writer.body.append(
        writer.starttag(node, "div", CLASS="math notranslate nohighlight", **_kept(node))
    )
    if node["number"]:
        writer.body.append(f'<span class="eqno">({get_node_equation_number(writer, node)})')
        writer.add_permalink_ref(node, "Link to this equation")
        writer.body.append("</span>")
    found = _converted(node, True) or writer.encode(node.astext())
    writer.body.append(f'<span class="formula">{found}</span></div>\n')
    raise nodes.SkipNode


def _write_inline(writer: Any, node: nodes.math, before: str = "", after: str = "") -> None:
    found = pieces(formula) if (formula := _converted(node, False)) else []
    found = found or [writer.encode(node.astext())]
    if before:
        found[0] = f'<span class="{UNBROKEN}">{before}{found[0]}</span>'
    if after:
        found[-1] = f'<span class="{UNBROKEN}">{found[-1]}{after}</span>'
    start = writer.starttag(node, "span", "", CLASS="math notranslate nohighlight", **_kept(node))
    writer.body.append(f"{start}{'<wbr>'.join(found)}</span>")


def _pieces_of(node: nodes.math) -> list[str]:
    try:
        return pieces(mathml(node.astext()))
    except ValueError:
        return []  # its writer tells of it


def _converted(node: nodes.Element, display: bool) -> str:
    try:
        return mathml(node.astext(), display)
    except ValueError as error:
        logger.warning("the formula %r cannot be set: %s", node.astext(), error, location=node)
        return ""


def _kept(node: nodes.Element) -> dict[str, str]:
    return {"data-tex": " ".join(node.astext().split())}


def _outside(tex: str) -> str:
    """What no environment holds."""
    while (rest := ENVIRONMENT.sub("", tex)) != tex:
        tex = rest
    return tex


def _cut(row: list[Any], signs: frozenset[str], deepest: int) -> list[list[Any]]:
    """The row in pieces that end with one of the signs, if it is too long; never in the last place."""
    if _length(row) <= LONGEST:
        return [row]
    found, depth = [[]], 0
    for place, node in enumerate(row):
        found[-1].append(node)
        sign = node.text if node.tag == "mo" else ""
        depth += (sign in OPENING) - (sign in CLOSING) if sign else 0
        inside = 0 < place < len(row) - 1 and len(found[-1]) > 1
        if inside and sign in signs and 0 <= depth <= deepest:
            found.append([])
    return found


def _length(row: list[Any]) -> int:
    """About as many characters as the row is wide: of a fraction, its longer half."""
    total = 0
    for node in row:
        parts = [[part] for part in node]
        if node.tag in ("mfrac", "munder", "mover", "munderover"):
            total += max(map(_length, parts))
        else:
            total += len(re.sub(r"[\s\u2061-\u2064]", "", node.text or "")) + _length(list(node))
    return total


def _written(node: Any) -> str:
    """An element without name spaces, every one with its closing tag, as HTML wants it."""
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in node.attrib.items())
    inner = escape(node.text or "", quote=False) + "".join(map(_written, node))
    return f"<{node.tag}{attributes}>{inner}</{node.tag}>"
