"""Formulas: TeX becomes MathML when the book is built, and stands whole on every page."""

from __future__ import annotations

import importlib
import re
import unicodedata
from html import unescape
from pathlib import Path
from typing import Any

import make_font
import pytest

from support.books import render, tiny_book
from support.pages import CHAPTERS, CUT_FORMULAS, PAGES, Visitor, parsed


@pytest.fixture(scope="module")
def formulas() -> Any:
    """The module that sets formulas."""
    return importlib.import_module("book_ext.formulas")


def words(mathml: str) -> str:
    """What a formula says, without its markup."""
    return unescape(re.sub(r"<[^>]+>|[\u2061-\u2064]", "", mathml))


# TeX to MathML
# --------------------------------------------------------------------------------------------------


def test_lines_stand_below_each_other(formulas: Any) -> None:
    r"""A loose ``\\`` and an empty line make rows, one within an environment does not make more."""
    for tex, rows in (
        (r"a = b \\ c = d", 2),
        ("a = b\n\nc = d", 2),
        (r"\begin{aligned} a &= b \\ &= c \\ &= d \end{aligned}", 3),
        (r"\begin{align} a &= b \\ &= c \end{align}", 2),
        (r"f = \begin{cases} 1 \\ 2 \end{cases}", 2),
        ("a = b", 0),
    ):
        found = formulas.mathml(tex, display=True)
        assert found.count("<mtr") == rows, tex
        assert "(1)" not in words(found), "the book gives the numbers"


def test_a_formula_that_cannot_be_set_is_refused(formulas: Any) -> None:
    """The reason is that of the converter; a formula without anything in it has its own."""
    with pytest.raises(ValueError, match="nosuch"):
        formulas.mathml(r"\nosuch{x}")
    with pytest.raises(ValueError, match="empty"):
        formulas.mathml(" \n\n ")


def test_it_fails_the_build_by_its_page_and_itself(
    tmp_path: Path, capfd: pytest.CaptureFixture
) -> None:
    """Each such formula is named, in the text and on its own line; the others are set."""
    source = tiny_book(
        tmp_path, "# Title\n\nText $a\\nosuch b$ and $x$.\n\n$$\n\\left( 1\n$$\n\n$$y$$\n"
    )
    assert render(source) != 0
    said = capfd.readouterr().err
    assert re.search(
        r"index\.md:3: WARNING: the formula 'a\\+nosuch b' cannot be set: .*nosuch", said
    )
    assert re.search(r"index\.md:\d+: WARNING: the formula '.*left\( 1", said)
    assert said.count("cannot be set") == 2


def test_fences_grow_under_a_superscript_and_primes_are_seen(formulas: Any) -> None:
    """Both as Chromium needs them: the fence in its own row, the prime lowered."""
    assert re.search(r"<msup><mrow><mo [^>]*>\)</mo></mrow>", formulas.mathml(r"\bigl(a\bigr)^2"))
    assert '<mpadded class="prime"' in formulas.mathml("f'")
    assert 'scriptlevel="1"' in formulas.mathml(r"\begin{smallmatrix} a & b \end{smallmatrix}")
    assert 'scriptlevel="1"' not in formulas.mathml(r"\begin{matrix} a & b \end{matrix}")
    line = formulas.mathml(r"\begin{aligned} a &= b \\ &+ c \end{aligned}", display=True)
    assert line.count('<mo form="infix">+</mo>') == 1


LONG = r"\log p(x) - \log q(x) = 0.28\,x^2 - 1.56\,x + 0.55 = f(a, b)"


def test_a_long_formula_breaks_after_its_relations(formulas: Any) -> None:
    """No piece is long, none begins with a relation, and nothing is lost; a short one stays whole."""
    whole = formulas.mathml(LONG)
    found = formulas.pieces(whole)
    assert "".join(map(words, found)) == words(whole)
    assert len(found) > 2
    assert all(len(words(piece)) <= formulas.LONGEST + 4 for piece in found)
    assert all(words(piece)[-1] in "=+−" for piece in found[:-1])
    assert all(piece.startswith("<math>") and piece.endswith("</math>") for piece in found)
    assert formulas.pieces(short := formulas.mathml("p(x) = q(x)")) == [short]


def test_what_stands_beside_a_formula_stays_with_it(tmp_path: Path) -> None:
    """Commas, brackets and endings are tied to it; words are not; the TeX is kept, also of a title."""
    text = (
        "# About $x_1$\n\nIf ($a < b$), then $G$'s share, or $c$. A $d$ word, the $n$-th, "
        f"**$e$**; and ${LONG}$.\n\n$$\nx\n< y\n$$ (eq-one)\n\nSee {{eq}}`eq-one`.\n"
    )
    assert render(tiny_book(tmp_path, text)) == 0
    html = parsed(tmp_path / "out" / "_build" / "html", "notebooks/index")
    tied = [words(str(node)) for node in html.select(".bd-article .unbroken")]
    assert tied == ["(a<b),", "G’s", "c.", "n-", "e;", "f(a,b)."]
    assert [node["data-tex"] for node in html.select(".bd-article p .math")][:3] == [
        "a < b",
        "G",
        "c",
    ]
    long = html.select_one(".bd-article .math:has(wbr)")
    assert long["data-tex"] == LONG
    assert long.select("wbr")
    assert html.select_one("h1 .math > math")
    equation = html.select_one("#equation-eq-one")
    assert equation["data-tex"] == "x < y"
    assert equation.select_one(".eqno").get_text() == "(1)#"
    assert html.select_one("a[href='#equation-eq-one']:not(.headerlink)").get_text() == "(1)"
    assert html.select("script[src*=athjax]") == []


# The font
# --------------------------------------------------------------------------------------------------


def italic(letter: str) -> str:
    """The character that a single letter of a formula is drawn with."""
    if letter == "h":
        return "ℎ"
    for first, last, start in (("A", "Z", 0x1D434), ("a", "z", 0x1D44E), ("Α", "Ω", 0x1D6E2)):
        if first <= letter <= last:
            return chr(start + ord(letter) - ord(first))
    return chr(0x1D6FC + ord(letter) - ord("α")) if "α" <= letter <= "ω" else letter


def test_the_font_has_every_character_of_the_book(site: Path) -> None:
    """What formulas say, single letters in italics, is among the characters that were kept."""
    characters, missing = make_font.CHARACTERS, set()
    for page in PAGES:
        for node in parsed(site, page).select(".bd-article math :is(mi, mo, mn, mtext)"):
            text = unicodedata.normalize("NFC", node.get_text().replace("\ufe00", ""))
            drawn = italic(text) if node.name == "mi" and len(text) == 1 else text
            missing |= set(drawn) - characters
    assert sorted(missing) == []


def test_the_font_is_small_and_has_its_licence(site: Path) -> None:
    """Both are files of the site; the licence is the one that the font asks for."""
    font = site / "_static" / "mathematics.woff2"
    assert font.read_bytes()[:4] == b"wOF2"
    assert 20_000 < font.stat().st_size < 100_000
    licence = (font.parent / "mathematics-OFL.txt").read_text(encoding="utf-8")
    assert "The STIX Fonts Project Authors" in licence
    assert "SIL OPEN FONT LICENSE" in licence and "TERMINATION" in licence
    assert "mathematics-OFL.txt" in (font.parent / "formulas.css").read_text(encoding="utf-8")


# In a browser
# --------------------------------------------------------------------------------------------------


@pytest.mark.browser
def test_a_cut_formula_is_found(served: Visitor) -> None:
    """What is asked of every page can fail: in one piece, a long formula leaves the page; without the
    tie, a comma may begin a line.
    """
    tab = served.open(CHAPTERS[4])
    tab.set_viewport_size({"width": 320, "height": 900})
    tab.evaluate(
        "document.querySelectorAll('span.math').forEach(m => { m.style.display = 'inline-flex'; })"
    )
    assert any(fault.startswith("cut: ") for fault in tab.evaluate(CUT_FORMULAS))
    tab.add_style_tag(content=".unbroken { white-space: normal !important; }")
    tab.evaluate(
        "document.querySelectorAll('.unbroken math').forEach(m => { m.style.marginRight = '240px'; })"
    )
    assert any(fault.startswith("alone: ") for fault in tab.evaluate(CUT_FORMULAS))
    tab.set_viewport_size({"width": 1440, "height": 900})


@pytest.mark.browser
def test_formulas_have_the_books_font(served: Visitor) -> None:
    """It is loaded, and its x is as tall as that of the text."""
    tab = served.open(CHAPTERS[0])
    assert tab.evaluate(
        "[...document.fonts].filter(f => f.family.includes('Book Mathematics')).map(f => f.status)"
    ) == ["loaded"]
    ratio = tab.evaluate("""() => {
      const probe = document.querySelector(".bd-article p:has(math)");
      const size = node => parseFloat(getComputedStyle(node).fontSize);
      const ruler = probe.appendChild(document.createElement("i"));
      ruler.style.cssText = "display: inline-block; width: 100ex";
      return 47.3 * size(probe.querySelector("math")) / ruler.getBoundingClientRect().width;
    }""")
    assert ratio == pytest.approx(1, abs=0.03)


@pytest.mark.browser
def test_a_formula_is_copied_as_tex(served: Visitor) -> None:
    """With the words and the comma around it, from the text and from a line of its own."""
    tab = served.open(CHAPTERS[3])
    copied = """select => {
      const range = document.createRange(), data = new DataTransfer();
      range.selectNodeContents(document.querySelector(select));
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      document.dispatchEvent(new ClipboardEvent("copy", {clipboardData: data, bubbles: true, cancelable: true}));
      return data.getData("text/plain").trim();
    }"""
    tex = tab.evaluate("document.querySelector('#equation-eq-04-dstar').dataset.tex")
    assert tab.evaluate(copied, "#equation-eq-04-dstar").split("\\n")[-1].endswith(f"$${tex}$$")
    assert "#" not in tab.evaluate(copied, "#equation-eq-04-dstar")
    assert tab.evaluate(copied, "#equation-eq-04-dstar mfrac") == f"$${tex}$$"
    said = tab.evaluate(copied, ".proof:not(:has(> .admonition-title)) > p")
    assert said == "Proof. Let first $a, b > 0$. Inside the interval"
    assert tab.evaluate(copied, ".bd-article h1") == "", "nothing to change: the browser copies"
    assert tab.locator(".being-copied").count() == 0


END_MARK = """() => [...document.querySelectorAll(".proof.admonition:not(:has(> p.admonition-title))")].map(proof => {
  const mark = document.createElement("b");
  const last = proof.matches(":has(> p:last-child)") ? proof.lastElementChild : proof;
  const style = getComputedStyle(last, "::after");
  mark.textContent = style.content.replaceAll('"', "");
  mark.style.cssText = `float: ${style.float}; font: ${style.font}; margin: ${style.margin}; padding: ${style.padding}`;
  proof.classList.add("measured");
  last.append(mark);
  const box = mark.getBoundingClientRect(), left = box.left + parseFloat(style.paddingLeft);
  const range = document.createRange();
  range.setStart(proof, 0);
  range.setEndBefore(mark);
  const covered = [...range.getClientRects()].some(text => text.width < proof.clientWidth - 40
    && text.right > left && text.left < box.right && text.bottom > box.top + 4 && text.top < box.bottom - 4);
  const inside = box.bottom <= proof.getBoundingClientRect().bottom + 1;
  mark.remove();
  return [mark.textContent, covered, inside];
})"""


@pytest.mark.browser
@pytest.mark.parametrize("width", [1440, 390, 320])
def test_the_end_mark_of_a_proof_covers_nothing(served: Visitor, width: int) -> None:
    """It stands in the last line, or below it; never over words, and within the proof."""
    total = 0
    for page in CHAPTERS[3:6]:
        tab = served.open(page)
        tab.set_viewport_size({"width": width, "height": 900})
        tab.add_style_tag(
            content=".measured::after, .measured > p::after { content: none !important; }"
        )
        marks = tab.evaluate(END_MARK)
        assert [mark for mark in marks if mark != ["∎", False, True]] == []
        total += len(marks)
    tab.set_viewport_size({"width": 1440, "height": 900})
    assert total > 5
