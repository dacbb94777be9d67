"""Pictures on a narrow screen: enlarged by touch and by keyboard, closed again, not offered at a desk."""

from __future__ import annotations

from typing import Any

import pytest

from support.pages import Visitor, violations

pytestmark = pytest.mark.browser
PAGE = "notebooks/05_divergences"
BUTTONS = ".bd-article button.enlarge"


@pytest.fixture(scope="module")
def phone(browser: Any, address: str) -> Any:
    """A narrow screen that is touched."""
    visitor = Visitor(browser, address, viewport={"width": 390, "height": 800}, has_touch=True)
    yield visitor
    visitor.context.close()


def test_a_picture_is_twice_as_wide_and_scrolls(phone: Visitor) -> None:
    """By touch; its words and its source are those of the page's picture."""
    tab = phone.open(PAGE)
    pictures = tab.locator(".bd-article figure:not(.play) > img")
    assert tab.locator(BUTTONS).count() > pictures.count() >= 5
    figure = tab.locator(".bd-article figure:has(> button.enlarge)").first
    number = figure.locator(".caption-number").inner_text().strip()
    button = figure.get_by_role("button", name=f"Enlarge {number}")
    small = figure.locator("> img")
    button.tap()
    large = tab.locator("dialog.enlarged img")
    assert large.get_attribute("alt") == small.get_attribute("alt")
    assert large.get_attribute("src") == small.get_attribute("src")
    assert large.bounding_box()["width"] >= 2 * small.bounding_box()["width"] - 1
    box = tab.locator(".enlarged-picture")
    assert box.evaluate("box => box.scrollWidth > box.clientWidth")
    box.focus()
    tab.keyboard.press("ArrowRight")
    tab.wait_for_function("document.querySelector('.enlarged-picture').scrollLeft > 0")
    assert violations(tab) == []
    tab.get_by_role("button", name="Close").tap()
    assert not tab.locator("dialog.enlarged").is_visible()
    assert phone.troubles == []


def test_escape_closes_it_and_the_focus_returns(phone: Visitor) -> None:
    tab = phone.open(PAGE)
    button = tab.locator(BUTTONS).nth(1)
    button.focus()
    tab.keyboard.press("Enter")
    assert tab.locator("dialog.enlarged").is_visible()
    tab.keyboard.press("Escape")
    tab.wait_for_function("!document.querySelector('dialog.enlarged').open")
    assert button.evaluate("button => button === document.activeElement")


def test_at_a_desk_nothing_is_offered(served: Visitor) -> None:
    tab = served.open(PAGE)
    assert tab.locator(BUTTONS).count() > 5
    assert not tab.locator(BUTTONS).first.is_visible()


def test_a_diagram_has_its_sentence_set_apart(phone: Visitor) -> None:
    """Small and muted below the picture, although a button stands between them."""
    tab = phone.open(PAGE)
    caption = tab.locator(".bd-article p:has(> img):has(> button.enlarge) + p:has(> em:only-child)")
    size = "node => parseFloat(getComputedStyle(node).fontSize)"
    text = tab.locator(".bd-article section > p").filter(has_text="distribution").first
    assert caption.count() > 0
    assert caption.first.evaluate(size) < 0.95 * text.evaluate(size)
