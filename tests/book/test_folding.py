"""Folded code: its words, what stays in sight, the switch, paper."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import nbformat
import pytest
from docutils import nodes
from docutils.utils import new_document
from myst_nb.sphinx_ import HideCodeCellNode

from book_ext import folding
from support.books import opened, tiny_notebook
from support.pages import Visitor, violations

IMPORTS = "import math\nimport random"
CHECK = "gap = math.pi - 355 / 113\nassert abs(gap) < 1e-6\nprint('355/113 is right to 1e-6')"
OPEN = "def area(r):\n    return math.pi * r**2"
OWN = "x = 1"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (IMPORTS, "Code: imports"),
        (IMPORTS + "\nrandom.seed(0)", "Code: imports"),
        (CHECK, "Code of this check"),
        ("for k in range(3):\n    assert k < 3", "Code of this check"),
        ("plots.curve(x)\nplt.show()", "Code of this picture"),
        ("x = 1", "Code of this cell"),
        ("%matplotlib inline", "Code of this cell"),
    ],
)
def test_a_summary_says_what_the_code_is_for(code: str, words: str) -> None:
    assert folding.summary(code) == words


@pytest.fixture(scope="module")
def page(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    """A book of one page: folded imports, a folded check, an open cell, a fold with its own words."""
    printed = nbformat.v4.new_output("stream", name="stdout", text="355/113 is right to 1e-6\n")
    new, folded = nbformat.v4.new_code_cell, {"tags": ["hide-input"]}
    own = folded | {"mystnb": {"code_prompt_show": "Code: where x < 2 & more"}}
    cells = [
        nbformat.v4.new_markdown_cell("# A page\n\nText with enough words for a description."),
        new(IMPORTS, metadata=folded, execution_count=1),
        new(CHECK, metadata=folded, execution_count=2, outputs=[printed]),
        new(OPEN, execution_count=3),
        new(OWN, metadata=own, execution_count=4),
    ]
    with opened(browser, tiny_notebook(tmp_path_factory.mktemp("folds"), cells)) as visitor:
        yield visitor


def fresh(page: Visitor) -> Any:
    tab = page.open("notebooks/index")
    tab.evaluate("localStorage.removeItem('ganbook.code')")
    return page.open("notebooks/index")


def states(tab: Any) -> list[bool]:
    return tab.locator("details.code-fold").evaluate_all("all => all.map(fold => fold.open)")


@pytest.mark.browser
def test_code_is_folded_under_words_and_its_verdict_is_seen(page: Visitor) -> None:
    tab = fresh(page)
    summaries = tab.locator("details.code-fold > summary")
    assert summaries.evaluate_all("all => all.map(one => one.firstChild.textContent)") == [
        "Code: imports",
        "Code of this check",
        "Code: where x < 2 & more",
    ]
    heard = summaries.evaluate_all("all => all.map(one => one.textContent)")
    assert len(set(heard)) == 3
    assert tab.locator("[aria-label='Toggle hidden content']").count() == 0
    assert states(tab) == [False, False, False]
    assert tab.get_by_text("355/113 is right to 1e-6", exact=True).is_visible()
    code = tab.locator("div.cell_input pre")
    assert [code.nth(n).is_visible() for n in range(4)] == [False, False, True, False]
    tab.locator("details.code-fold > summary").nth(1).focus()
    tab.keyboard.press("Enter")
    assert code.nth(1).is_visible() and not code.nth(0).is_visible()
    look = tab.locator("details.code-fold > summary").first.evaluate(
        "one => [getComputedStyle(one).borderLeftWidth, getComputedStyle(one).listStylePosition]"
    )
    assert look == ["0px", "inside"]  # no bar of the theme over the triangle
    assert not page.troubles


@pytest.mark.browser
def test_one_switch_shows_all_code_and_is_remembered(page: Visitor) -> None:
    tab = fresh(page)
    switch = tab.get_by_role("button", name="Show all code")
    assert switch.get_attribute("aria-pressed") == "false"
    switch.press("Enter")
    assert states(tab) == [True] * 3 and switch.get_attribute("aria-pressed") == "true"
    tab = page.open("notebooks/index")
    assert states(tab) == [True] * 3
    tab.locator("details.code-fold > summary").first.click()
    tab.wait_for_selector(".code-switch[aria-pressed=false]")
    tab.get_by_role("button", name="Show all code").click()
    assert states(tab) == [True] * 3
    tab.get_by_role("button", name="Show all code").click()
    assert states(tab) == [False] * 3
    assert states(page.open("notebooks/index")) == [False] * 3
    assert not page.troubles


@pytest.mark.browser
def test_paper_shows_the_code_and_the_screen_is_as_it_was(page: Visitor) -> None:
    tab = fresh(page)
    tab.locator("details.code-fold > summary").first.click()
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    tab.emulate_media(media="print")
    assert states(tab) == [True] * 3
    assert not tab.locator("details.code-fold > summary").first.is_visible()
    assert not tab.locator(".code-switch").is_visible()
    tab.emulate_media(media="screen")
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert states(tab) == [True, False, False]


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_folds_are_accessible(page: Visitor, scheme: str) -> None:
    tab = fresh(page)
    tab.add_style_tag(content="*, *::before, *::after { transition: none !important; }")
    tab.emulate_media(color_scheme=scheme)
    assert violations(tab) == []
    tab.get_by_role("button", name="Show all code").click()
    assert violations(tab) == []
    tab.get_by_role("button", name="Show all code").click()
    tab.emulate_media(color_scheme=None)


def test_a_page_without_folds_has_no_switch() -> None:
    title, text = nodes.title("", "Title"), nodes.paragraph("", "Text")
    document = new_document("page")
    document += nodes.section("", title, text)
    folding.add_switch(None, document, "page")
    assert len(document[0]) == 2
    document[0] += HideCodeCellNode()
    folding.add_switch(None, document, "page")
    assert document[0][1]["parts"] == [folding.SWITCH]
