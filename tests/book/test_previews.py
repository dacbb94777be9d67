"""Previews of what a reference leads to: terms, works, equations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from support.pages import PAGES, Visitor

CHAPTER = "notebooks/04_the_optimal_discriminator"


TERM = '.bd-article a[href="glossary.html#term-density-ratio"]'
WORK = '.bd-article a[href^="references.html#id"]'
EQUATION = '.bd-article a[href="#equation-eq-04-dstar"]:not(.headerlink)'


@pytest.fixture(scope="module")
def previewed(browser: Any, site: Path) -> Iterator[Visitor]:
    """A chapter opened from the disk, formulas set."""
    visitor = Visitor(browser, site.as_uri())
    visitor.open(CHAPTER)
    yield visitor
    assert visitor.troubles == []
    visitor.context.close()


@pytest.mark.parametrize(
    ("link", "words"),
    [
        (TERM, "density ratio"),
        (WORK, "Author unknown"),
        (EQUATION, "(4.5)"),
    ],
)
def test_hover_and_focus_show_the_same(previewed: Visitor, link: str, words: str) -> None:
    """Both ways the target is shown and named to screen readers; Escape closes it and leaves the
    focus.
    """
    tab, box = previewed.page, previewed.page.locator("#preview")
    anchor = tab.locator(link).first
    anchor.scroll_into_view_if_needed()
    anchor.hover()
    box.wait_for(state="visible")
    tab.wait_for_function("document.querySelector('#preview').textContent.indexOf('\\\\') < 0")
    said = box.inner_text()
    assert words in said
    assert len(said) > 25
    assert anchor.get_attribute("title") is None
    tab.keyboard.press("Escape")
    assert not box.is_visible()
    tab.mouse.move(1, 1)
    tab.keyboard.press("Shift")  # from now on focus is the keyboard's
    anchor.focus()
    box.wait_for(state="visible")
    tab.wait_for_function("document.querySelector('#preview').textContent.indexOf('\\\\') < 0")
    assert box.inner_text() == said
    assert anchor.get_attribute("aria-describedby") == box.get_attribute("id")
    tab.wait_for_timeout(600)
    assert box.is_visible(), "what is shown on focus stays"
    tab.keyboard.press("Escape")
    assert not box.is_visible()
    assert tab.evaluate("link => document.activeElement === document.querySelector(link)", link)
    assert anchor.get_attribute("aria-describedby") is None
    anchor.blur()


def test_the_pointer_may_move_onto_a_preview(previewed: Visitor) -> None:
    """There it stays; it goes when the pointer goes, and lies within the window."""
    tab, box = previewed.page, previewed.page.locator("#preview")
    tab.locator(TERM).first.scroll_into_view_if_needed()
    tab.locator(TERM).first.hover()
    box.wait_for(state="visible")
    place = box.bounding_box()
    assert place["x"] >= 0
    assert place["x"] + place["width"] <= 1440
    tab.mouse.move(place["x"] + 20, place["y"] + place["height"] / 2)
    tab.wait_for_timeout(700)
    assert box.is_visible()
    assert Axe().run(tab, "#preview", {"preload": False}).response["violations"] == []
    tab.mouse.move(1, 1)
    box.wait_for(state="hidden", timeout=5_000)


def test_every_reference_has_its_preview(site: Path) -> None:
    """Each cited work, term and equation that a page refers to stands on it once, without ids and
    links.
    """
    link = re.compile(r'<a class="reference internal" href="([^"]*#(?:term-|equation-|id\d)[^"]*)"')
    seen = set()
    for page in PAGES:
        text = (site / f"{page}.html").read_text(encoding="utf-8")
        templates = re.findall(r'<template data-preview="([^"]+)">(.*?)</template>', text, re.S)
        assert sorted(name for name, _ in templates) == sorted(set(link.findall(text))), page
        for name, html in templates:
            assert not re.search(r'<a |\bid="|headerlink', html), (page, name)
            said = re.sub(r"<[^>]+>", "", html).strip()
            if "#equation-" in name:  # may be short, and has its number and its formula
                assert re.match(r"\(\d+\.\d+\)", said), (page, name)
                assert len(re.findall(r"<m[a-z]+\b", html)) > 2, (page, name)
            else:
                assert len(said) > 15, (page, name)
            seen.add(name.split("#")[1].rstrip("0123456789")[:5])
    assert {"term-", "equat", "id"} <= seen
