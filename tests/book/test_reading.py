"""What helps a reader along: marks for solved exercises, cards of shared links, links that lead
outside.
"""

from __future__ import annotations

import http.server
import io
import json
import re
import subprocess
import sys
import threading
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import check_links
import make_card
import make_readme
import pytest
from axe_playwright_python.sync_playwright import Axe

from book_ext import descriptions
from support.books import render, tiny_book
from support.pages import CHAPTERS, PAGES, THIN, WIDE, Visitor, parsed, stored
from support.paths import ROOT

MARKS_PAGE = "notebooks/how_exercises_work"
CHAPTER = "notebooks/04_the_optimal_discriminator"
KEY = "ganbook.exercises.v1"
KEPT = f"() => JSON.parse(localStorage.getItem('{KEY}'))"


def swift(browser: Any, home: str, **context: Any) -> Visitor:
    """A visitor with an empty storage."""
    return Visitor(browser, home, **context)


# Marks for solved exercises
# ---------------------------------------------------------------------------------


@pytest.fixture
def reader(browser: Any, site: Path) -> Iterator[Visitor]:
    """A reader with an empty storage, who opened the book from the disk."""
    visitor = swift(browser, site.as_uri())
    yield visitor
    assert visitor.troubles == []
    visitor.context.close()


@pytest.fixture
def other(browser: Any, address: str) -> Iterator[Visitor]:
    """A reader with an empty storage, behind a web server."""
    visitor = swift(browser, address)
    yield visitor
    visitor.context.close()


def pressed(tab: Any, name: str) -> str:
    """The state that a screen reader is told."""
    return tab.locator(f".mark-button[data-exercise='{name}']").get_attribute("aria-pressed")


def test_a_mark_is_set_by_mouse_and_keyboard_and_stays(reader: Visitor) -> None:
    """A button in each exercise; the counts follow on this page, in the contents and after a
    reload.
    """
    tab = reader.open(CHAPTER, formulas=False)
    total = sum(
        "exercise" in cell["metadata"].get("ganbook", {}) for cell in stored(CHAPTER)["cells"]
    )
    assert tab.locator("div.exercise .mark-button").count() == total
    assert tab.locator(".chapter-facts .marks-facts").inner_text() == f"0 of {total} solved"
    assert (pressed(tab, "4.1"), pressed(tab, "4.2")) == ("false", "false")
    tab.get_by_role("button", name="Exercise 4.1 solved").click()
    for key in ("Enter", "Space", "Space"):
        tab.get_by_role("button", name="Exercise 4.2 solved").press(key)
    tab.get_by_role("button", name="Exercise 4.3 solved").press("Space")
    assert list(tab.evaluate(KEPT)["solved"]) == ["4.1", "4.2", "4.3"]
    tab.get_by_role("button", name="Exercise 4.3 solved").click()
    for page in (CHAPTER, "notebooks/glossary"):
        reader.open(page, formulas=False)
        assert (
            tab.locator(".marks-side[data-chapter='4']").inner_text()
            == f"2/{total}\n2 of {total} solved"
        )
        assert tab.locator(".marks-side[data-chapter='5']").inner_text().startswith("0/")
    reader.open(CHAPTER, formulas=False)
    assert [pressed(tab, f"4.{n}") for n in (1, 2, 3)] == ["true", "true", "false"]
    assert tab.locator(".chapter-facts .marks-facts").inner_text() == f"2 of {total} solved"


def test_the_catalogue_is_that_of_the_notebooks(other: Visitor, site: Path) -> None:
    """Every exercise of every notebook stands once on its page and once in the list, under its own
    title.
    """
    tab = other.open(MARKS_PAGE, formulas=False)
    listed = tab.evaluate(
        "[...document.querySelectorAll('.marks-page tbody tr')].map(row => [row.querySelector('a')"
        ".getAttribute('href'), row.querySelector('button').dataset.exercise])"
    )
    there = []
    for page in [MARKS_PAGE, *CHAPTERS, "notebooks/find_the_bug"]:
        text = (site / f"{page}.html").read_text(encoding="utf-8")
        boxes = re.findall(r'<div class="exercise[^>]* id="(ex-[^"]+)">(.*?)<section', text, re.S)
        for place, head in boxes:
            name = place[3:].replace("-", ".")
            assert re.findall(r'<button[^>]* data-exercise="([^"]+)"', head) == [name]
            there.append([f"{page.split('/')[1]}.html#{place}", name])
    assert listed == there
    assert len(there) > 80
    catalogue = tab.evaluate("GANBOOK_EXERCISES.flatMap(page => page.ids)")
    assert catalogue == [name for _, name in there]


def test_marks_are_saved_brought_in_and_removed(other: Visitor, tmp_path: Path) -> None:
    """The saved file is what the package writes; an earlier date wins; strangers are named and left
    out.
    """
    tab = other.open(MARKS_PAGE, formulas=False)
    tab.get_by_text("Bring marks in").click()
    box, said = tab.locator("#marks-text"), tab.locator(".marks-said")
    box.fill(
        json.dumps(
            {
                "version": 1,
                "solved": {"4.1": "2026-02-03", "0.1": "2026-02-01", "99.7": "2026-02-02"},
            }
        )
    )
    tab.get_by_role("button", name="Add these marks").click()
    assert said.inner_text() == "2 marks read. Left out, no exercises of this book: 99.7."
    file = tmp_path / "later.json"
    file.write_text(
        json.dumps(
            {"solved": {"4.1": "2026-03-03", "4.2": "2026-03-04", "__proto__": "2026-03-04"}}
        )
    )
    tab.locator("#marks-file").set_input_files(file)
    tab.wait_for_function("document.getElementById('marks-text').value.includes('4.2')")
    tab.get_by_role("button", name="Add these marks").click()
    expected = {"0.1": "2026-02-01", "4.1": "2026-02-03", "4.2": "2026-03-04"}
    assert tab.evaluate(KEPT) == {"version": 1, "solved": expected}
    with tab.expect_download() as started:
        tab.get_by_role("button", name="Save the marks").click()
    assert json.loads(Path(started.value.path()).read_text()) == {"version": 1, "solved": expected}
    for text in ("chapter 4   1 of 13", "[]", '{"solved": [1, 2]}', "null"):
        box.fill(text)
        tab.get_by_role("button", name="Add these marks").click()
        assert said.inner_text().startswith("No marks in this. Expected:")
    assert tab.evaluate(KEPT)["solved"] == expected
    for answer, rest in (("dismiss", expected), ("accept", {})):
        tab.once("dialog", lambda dialog, answer=answer: getattr(dialog, answer)())
        tab.get_by_role("button", name="Remove all marks").click()
        assert tab.evaluate(KEPT)["solved"] == rest
    assert said.inner_text() == "All marks are removed."
    assert tab.locator(".marks-count[data-chapter='all']").inner_text().startswith("0 of ")
    assert other.troubles == []


def test_the_package_prints_its_own_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """None at first; then what its file holds."""
    from ganbook.cli import main
    from ganbook.exercises.engine import state

    monkeypatch.setenv("GANBOOK_STATE", str(tmp_path))
    main(["exercises", "--json"])
    assert json.loads(capsys.readouterr().out) == {"version": 1, "solved": {}}
    assert state.record("2.4") == ""
    main(["exercises", "--json"])
    assert json.loads(capsys.readouterr().out) == json.loads(
        (tmp_path / "exercises.json").read_text()
    )


def test_what_the_package_prints_can_be_pasted(
    other: Visitor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The notebook's own results come over."""
    from ganbook.exercises import progress_json
    from ganbook.exercises.engine import state

    monkeypatch.setenv("GANBOOK_STATE", str(tmp_path))
    state.record("2.4")
    tab = other.open(MARKS_PAGE, formulas=False)
    tab.get_by_text("Bring marks in").click()
    tab.locator("#marks-text").fill(progress_json())
    tab.get_by_role("button", name="Add these marks").click()
    assert tab.evaluate(KEPT)["solved"] == state.solved()
    assert list(state.solved()) == ["2.4"]
    assert (
        tab.locator(".marks-page .marks-count[data-chapter='2']").inner_text().startswith("1 of ")
    )


REFUSE = {
    "both storages": "for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, "
    "{get() { throw new DOMException('no', 'SecurityError'); }});",
    "setItem": "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };",
}


@pytest.mark.parametrize("how", REFUSE)
def test_a_browser_that_keeps_nothing(browser: Any, address: str, how: str) -> None:
    """The marks work while the page is open, which says so; menus and search work, and no error is
    logged.
    """
    visitor = swift(browser, address)
    visitor.page.add_init_script(REFUSE[how])
    tab = visitor.open(MARKS_PAGE, formulas=False)
    button = tab.locator("div.exercise .mark-button")
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    assert "Not kept" in button.get_attribute("title")
    assert "refuses to keep marks" in tab.locator(".marks-said").inner_text()
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    tab.locator("button.theme-switch-button:visible").first.click()
    assert tab.evaluate("document.documentElement.dataset.mode") != "auto"
    tab.keyboard.press("Control+k")
    tab.locator("#pst-search-dialog input[type=search]").wait_for(state="visible")
    assert visitor.troubles == []
    tab.goto(f"{address}/search.html?q=critic")
    tab.locator("#search-results li a").first.wait_for()
    tab.set_viewport_size({"width": 390, "height": 844})
    visitor.open(CHAPTER, formulas=False)
    contents = tab.locator(".bd-links").get_by_role("link", name="Glossary")
    assert not contents.is_visible()
    tab.locator("button.primary-toggle").click()
    contents.wait_for(state="visible")
    assert visitor.troubles == []
    visitor.context.close()


@pytest.mark.parametrize("how", [*REFUSE, "full later"])
def test_a_mark_that_is_not_kept_says_so_beside_its_button(
    browser: Any,
    address: str,
    how: str,
) -> None:
    """On a chapter's page, in words that show, by a status that is there before them and as long as
    it holds.
    """
    visitor = swift(browser, address)
    visitor.page.add_init_script(REFUSE.get(how, "window.keep = Storage.prototype.setItem;"))
    tab = visitor.open(CHAPTER, formulas=False)
    if how == "full later":
        tab.evaluate(f"() => {{ {REFUSE['setItem']} }}")
    box, other = tab.locator("#ex-4-2"), tab.locator("#ex-4-3")
    button, said = box.locator(".mark-button"), box.get_by_role("status")
    assert said.count() == 1
    assert (said.inner_text(), said.bounding_box()["height"]) == ("", 0)
    button.press("Enter")
    assert said.inner_text() == "Not kept: this browser refuses to store marks for this page."
    near, there = button.bounding_box(), said.bounding_box()
    assert 0 <= there["y"] - near["y"] < 80
    assert other.get_by_role("status").inner_text() == ""
    button.press("Enter")
    assert said.inner_text() == ""
    button.press("Enter")
    if how == "full later":  # there is room again: both marks are kept now
        tab.evaluate("() => { Storage.prototype.setItem = window.keep; }")
        other.locator(".mark-button").click()
        assert list(tab.evaluate(KEPT)["solved"]) == ["4.2", "4.3"]
        assert (said.inner_text(), button.get_attribute("title")) == ("", "")
    visitor.context.close()


def test_what_will_be_said_has_its_place(other: Visitor) -> None:
    """The status of the list of marks is known to screen readers before it has words, and takes no
    room.
    """
    tab = other.open(MARKS_PAGE, formulas=False)
    said = tab.locator(".marks-page").get_by_role("status")
    assert said.count() == 1
    assert said.inner_text() == ""
    assert (
        said.evaluate("node => node.offsetHeight + parseFloat(getComputedStyle(node).marginBottom)")
        == 0
    )


@pytest.mark.parametrize("stored_text", ["{", "[]", '"x"', '{"solved": 3}', "null", ""])
def test_damaged_marks_are_put_aside(other: Visitor, stored_text: str) -> None:
    """They count as none, are said to be unreadable, and are kept under another name."""
    other.page.add_init_script(
        f"localStorage.getItem('{KEY}') ?? localStorage.setItem('{KEY}', "
        f"{json.dumps(stored_text)});"
    )
    tab = other.open(MARKS_PAGE, formulas=False)
    assert "could not be read" in tab.locator(".marks-said").inner_text()
    tab.locator("div.exercise .mark-button").click()
    assert list(tab.evaluate(KEPT)["solved"]) == ["0.1"]
    assert tab.evaluate(f"localStorage.getItem('{KEY}.damaged')") == stored_text
    assert other.troubles == []


def test_a_mark_of_an_exercise_that_is_gone(other: Visitor) -> None:
    """It counts nowhere, and is not lost for the edition that had it."""
    other.page.add_init_script(
        f'localStorage.setItem(\'{KEY}\', \'{{"solved": {{"4.99": "2026-01-01"}}}}\');'
    )
    tab = other.open(CHAPTER, formulas=False)
    assert tab.locator(".chapter-facts .marks-facts").inner_text().startswith("0 of ")
    tab.locator(".mark-button[data-exercise='4.1']").click()
    assert tab.locator(".chapter-facts .marks-facts").inner_text().startswith("1 of ")
    assert set(tab.evaluate(KEPT)["solved"]) == {"4.1", "4.99"}


def test_two_tabs_agree(other: Visitor) -> None:
    """A mark set in one tab shows in another one."""
    tab = other.open(CHAPTER, formulas=False)
    second = other.context.new_page()
    second.goto(f"{other.home}/{CHAPTER}.html")
    second.locator(".mark-button[data-exercise='4.5']").click()
    tab.wait_for_selector(".mark-button[data-exercise='4.5'][aria-pressed='true']", timeout=10_000)


def test_without_scripts_there_are_no_marks(browser: Any, address: str) -> None:
    """Nothing that could not work is shown."""
    visitor = swift(browser, address, java_script_enabled=False)
    for page in (CHAPTER, MARKS_PAGE):
        visitor.page.goto(f"{address}/{page}.html")
        marks = visitor.page.locator(".needs-marks")
        assert marks.count() > 0
        assert not any(place.is_visible() for place in marks.all())
    visitor.context.close()


@pytest.mark.parametrize("width", [1440, 360])
def test_marks_move_nothing(browser: Any, address: str, width: int) -> None:
    """Held back, the script finds every box where it will stand; without the room kept for it, none
    would.
    """
    visitor = swift(browser, address, viewport={"width": width, "height": 900})
    measure = """async () => {
      scrollTo({top: 0, behavior: "instant"});
      const boxes = () => [...document.querySelectorAll("div.exercise, .chapter-facts, .bd-links li, .mark-button")]
        .map(node => node.getBoundingClientRect()).map(box => [box.top, box.height]);
      let seen = boxes(), alike = 0;  // the theme's own scripts may still be at work
      while (alike < 5) {
        await new Promise(done => setTimeout(done, 100));
        const now = boxes();
        alike = JSON.stringify(now) === JSON.stringify(seen) ? alike + 1 : 0;
        seen = now;
      }
      return seen;
    }"""
    visitor.context.route(
        "**/marks.js*", lambda route: route.fulfill(body="", content_type="text/javascript")
    )
    tab = visitor.open(CHAPTER, formulas=False)
    tab.locator("div.solution button.toggle-button").first.wait_for()
    before = tab.evaluate(measure)
    tab.add_script_tag(path=ROOT / "book_ext" / "static" / "marks.js")
    tab.locator(".mark-button").first.click()
    assert tab.locator(".marks-side").count() == len(CHAPTERS) + 1  # and find the bug
    assert pressed(tab, tab.locator(".mark-button").first.get_attribute("data-exercise")) == "true"
    assert len(before) > 30
    for now, then in zip(tab.evaluate(measure), before, strict=True):
        assert now == pytest.approx(then, abs=0.5)
    tab.evaluate("() => { delete document.documentElement.dataset.marks; }")
    assert tab.evaluate(measure) != before
    visitor.context.close()


# Previews of what a reference leads to
# ----------------------------------------------------------------------

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


# Descriptions of pictures
# -----------------------------------------------------------------------------------


def described(page: str) -> dict[str, str]:
    """The descriptions in a notebook, by the name of their figure."""
    return {
        cell["metadata"]["mystnb"]["figure"]["name"]: "\n".join(
            cell["metadata"]["ganbook"]["description"]
        )
        for cell in stored(page)["cells"]
        if "description" in cell["metadata"].get("ganbook", {})
    }


@pytest.mark.parametrize("page", CHAPTERS)
def test_pictures_that_carry_an_argument_are_described(page: str, site: Path) -> None:
    """At least one a chapter: longer than the alt text, inside its figure, closed at first, with
    numbers.
    """
    html, texts = parsed(site, page), described(page)
    assert len(texts) >= 1
    for name, text in texts.items():
        figure = html.find("figure", id=name)
        details = figure.select_one("details.picture-description")
        assert not details.has_attr("open")
        assert details.find("summary").get_text() == "Describe this picture"
        assert "\n".join(part.get_text() for part in details.select("p")) == text
        assert figure.img["aria-details"] == details["id"]
        assert len(text) > max(500, 1.2 * len(figure.img["alt"]))
        assert len(re.findall(r"\d", text)) > 10
        assert re.search("axis|axes|to the right", text)
    assert len(html.select("details.picture-description")) == len(texts)


def test_descriptions_give_the_records_numbers() -> None:
    """What is read off a recorded run is what the record holds."""
    import numpy as np

    from ganbook import records

    mlp, beta, wgan = (records.load(f"mnist-{name}") for name in ("mlp", "beta1", "wgan-gp"))
    made, scale = records.load("made-digits"), records.load("mnist-scale")
    race = records.load("mnist-architectures")
    texts = {name: text for page in CHAPTERS for name, text in described(page).items()}
    test_curve = made["curves"][:, 2].mean(axis=0)
    quoted = {
        "fig-01-made-record": [
            f"{made['curves'][:, 0, 0].mean():.1f}",
            f"{test_curve[0]:.1f}",
            f"{test_curve.min():.1f}",
            f"{made['steps'][test_curve.argmin()]:,}",
            f"{float(made['ensemble']):.1f}",
            f"{made['curves'][:, 0, -1].mean():.1f}",
        ],
        "fig-03-puzzle": [
            *(f"{x:.0f}" for x in mlp["frechet"]),
            f"{float(scale['noise']):.0f}",
            *(f"{mlp['loss_d'].reshape(50, 7).mean(axis=1)[k]:.2f}" for k in (1, 6, 49)),
            *(f"{mlp['loss_g'].reshape(50, 7).mean(axis=1)[k]:.2f}" for k in (1, 49)),
        ],
        "fig-03-beta": [
            *(f"{x:.0f}" for x in beta["frechet"][:, :, ::2].ravel()),
            *(f"{mlp['frechet_ema'][k]:.0f}" for k in (0, 3, 5, 6, 8)),
        ],
        "fig-07-record": [
            *(f"{wgan['frechet'][k]:.0f}" for k in (0, 1, 2, 3, 19)),
            *(f"{wgan['estimate'][k]:.1f}" for k in (0, 1, 2, 3, 19)),
            *(f"{wgan['estimate'][k] / wgan['estimate'][0]:.2f}" for k in (1, 4, 9, 19)),
            *(f"{wgan['frechet'][k] / wgan['frechet'][0]:.2f}" for k in (3, 19)),
        ],
        "fig-13-clock": [
            *(f"{x:.0f}" for x in race["at_seconds"][:, :, -1].mean(axis=0)),
            *(f"{x:.0f}" for x in np.sort(race["at_seconds"][:, -1, -1])[[0, -1]]),
            f"{float(race['noise']):.0f}",
        ],
    }
    for name, numbers in quoted.items():
        said = re.findall(r"\d[\d,]*(?:\.\d+)?(?<!,)", texts[name])
        assert [number for number in numbers if number not in said] == [], name


def test_a_description_needs_a_figure(tmp_path: Path) -> None:
    """Without a name it would be lost, so it is refused."""
    cell = {
        "cell_type": "code",
        "source": "",
        "metadata": {"ganbook": {"description": ["A curve."]}},
    }
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": [cell]}))
    with pytest.raises(
        ValueError, match=r"a\.ipynb: the description 'A curve\.' belongs to no named figure"
    ):
        descriptions.descriptions(tmp_path / "a.ipynb")
    cell["metadata"]["mystnb"] = {"figure": {"name": "fig-a"}}
    (tmp_path / "b.ipynb").write_text(json.dumps({"cells": [cell]}))
    assert descriptions.descriptions(tmp_path / "b.ipynb") == {"fig-a": ["A curve."]}


# Keyboard, tables, what executed it
# ---------------------------------------------------------------------------

UNSEEN_FOCUS = """() => {
  const light = color => {
    const [r, g, b] = color.match(/[\\d.]+/g).map(x => x / 255)
      .map(x => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = light(getComputedStyle(document.body).backgroundColor);
  const stands = color => {
    const [low, high] = [light(color), ground].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05) >= 3;
  };
  const ring = node => {
    const style = getComputedStyle(node);
    if (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) return style.outlineColor;
    return style.boxShadow.match(/(rgba?[^)]*\\)) 0px 0px 0px [2-9]px(?! inset)/)?.[1];
  };
  const nodes = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")];
  const unseen = [];
  let looked = 0;
  for (const node of nodes) {
    if (!node.checkVisibility({visibilityProperty: true}) || node.closest(".skip-link, #pst-skip-link")) continue;
    node.focus({preventScroll: true});
    if (document.activeElement !== node) continue;
    looked += 1;
    const color = ring(node) ?? (node.nextElementSibling?.matches("label") ? ring(node.nextElementSibling) : undefined);
    if (!color || !stands(color)) unseen.push(`${node.outerHTML.slice(0, 120)} ${color}`);
  }
  return [looked, unseen];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", [CHAPTER, MARKS_PAGE, PAGES[0]])
def test_focus_is_seen(browser: Any, address: str, page: str, scheme: str) -> None:
    """Whatever takes the keyboard's focus shows it by a ring of three times the ground's luminance,
    or a third.
    """
    visitor = swift(browser, address, color_scheme=scheme)
    tab = visitor.open(page)
    tab.add_style_tag(content="*, *::before, *::after { transition: none !important; }")
    tab.keyboard.press("Tab")
    looked, unseen = tab.evaluate(UNSEEN_FOCUS)
    assert looked > 20
    assert unseen == []
    assert tab.locator("span.math[tabindex], math[tabindex]").count() == 0
    if page == CHAPTER:
        assert tab.locator("math").count() > 300
        tab.add_style_tag(
            content=".btn:focus-visible { outline: none !important; box-shadow: none !important; }"
        )
        tab.keyboard.press("Tab")
        assert len(tab.evaluate(UNSEEN_FOCUS)[1]) > 2
    visitor.context.close()


@pytest.mark.parametrize("page", [CHAPTER, MARKS_PAGE])
def test_focus_is_seen_in_the_systems_colours(browser: Any, address: str, page: str) -> None:
    """Forced colours drop every shadow: what takes the focus has an outline."""
    visitor = swift(browser, address, forced_colors="active")
    tab = visitor.open(page, formulas=False)
    tab.add_style_tag(content="*, *::before, *::after { transition: none !important; }")
    tab.keyboard.press("Tab")
    looked, unseen = tab.evaluate(UNSEEN_FOCUS)
    assert looked > 20
    assert unseen == []
    visitor.context.close()


@pytest.mark.parametrize("place", ["server", "disk"])
def test_search_by_keyboard_alone(browser: Any, address: str, site: Path, place: str) -> None:
    """Ctrl-K opens the field, Escape closes it, Enter searches, Tab reaches the results, Enter
    opens one.
    """
    visitor = swift(browser, address if place == "server" else site.as_uri())
    tab = visitor.open("notebooks/notation", formulas=False)
    field = tab.locator("#pst-search-dialog input[type=search]")
    tab.keyboard.press("Control+k")
    field.wait_for(state="visible")
    tab.keyboard.press("Escape")
    field.wait_for(state="hidden")
    tab.keyboard.press("Control+k")
    field.wait_for(state="visible")
    tab.keyboard.type("wasserstein")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/search.html?q=wasserstein*")
    tab.locator("#search-results li a").first.wait_for()
    for _ in range(60):
        tab.keyboard.press("Tab")
        if tab.evaluate("!!document.activeElement.closest('#search-results')"):
            break
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/notebooks/*.html*")
    visitor.context.close()


@pytest.mark.parametrize(
    ("typed", "page"),
    [
        ("FID", "09_"),
        ("JS", "05_"),
        ("WGAN-GP", "glossary.html#term-gradient-penalty"),
        ("mode dropping", "11_"),
        ("batchnorm", "12_"),
        ("earth mover", "06_"),
        ("spectral normalization", "12_"),
        ("AC-GAN", "14_"),
    ],
)
def test_search_knows_what_readers_type(
    other: Visitor, address: str, typed: str, page: str
) -> None:
    """Abbreviations and other spellings lead to the chapter or to the term."""
    tab = other.page
    tab.goto(f"{address}/search.html?{urlencode({'q': typed})}")
    tab.locator("#search-results li a").first.wait_for()
    tab.wait_for_function(
        "!document.querySelector('#search-results .search-summary').textContent.endsWith('...')"
    )
    links = tab.locator("#search-results li > a").evaluate_all("all => all.map(one => one.href)")
    assert any(f"/{page}" in link for link in links[:5]), links[:8]


def test_a_word_inside_a_query_is_no_abbreviation(other: Visitor, address: str) -> None:
    """ "is" alone is the inception score; in a question it is a verb."""
    tab = other.page
    tab.goto(f"{address}/search.html?{urlencode({'q': 'what is a critic'})}")
    tab.locator("#search-results li a").first.wait_for()
    assert "inception" not in tab.evaluate("localStorage.getItem('sphinx_highlight_terms')")


def test_the_magnifier_stands_beside_the_words(browser: Any, address: str) -> None:
    """In the field that opens over a page and in that of the search page, at a desk and on a phone."""
    visitor = swift(browser, address)
    tab = visitor.page
    for page, form in (
        ("notebooks/notation", "#pst-search-dialog form"),
        ("search", ".bd-search-container form"),
    ):
        for width in (1440, 360):
            tab.set_viewport_size({"width": width, "height": 900})
            visitor.open(page, formulas=False)
            if page != "search":
                tab.keyboard.press("Control+k")
            tab.locator(f"{form} input[type=search]").wait_for(state="visible")
            icon, words = tab.evaluate(
                """form => {
              const field = document.querySelector(`${form} input`), style = getComputedStyle(field);
              return [document.querySelector(`${form} > i`).getBoundingClientRect().right,
                field.getBoundingClientRect().left + parseFloat(style.borderLeftWidth) + parseFloat(style.paddingLeft)];
            }""",
                form,
            )
            assert icon <= words, (page, width)
    visitor.context.close()


def test_copying_by_keyboard_keeps_its_place(browser: Any, address: str) -> None:
    """The button keeps the focus, the page stays where it is, and each copy is announced."""
    visitor = swift(browser, address)
    tab = visitor.open(CHAPTER, formulas=False)
    button, status = (
        tab.locator("div.cell > div.cell_input .copybtn").nth(4),  # not in a fold
        tab.locator(".copy-said[role=status]"),
    )
    tab.evaluate("""() => {
      window.news = [];
      const status = document.querySelector(".copy-said");
      new MutationObserver(() => status.textContent && news.push(status.textContent))
        .observe(status, {childList: true});
    }""")
    tab.keyboard.press("Shift")  # from now on focus is the keyboard's
    button.focus()
    tab.wait_for_function(
        "button => getComputedStyle(button).opacity === '1'", arg=button.element_handle()
    )
    place = tab.evaluate("scrollY")
    for times in (1, 2):
        tab.keyboard.press("Enter")
        tab.wait_for_function(f"news.length === {times}")
        assert button.evaluate("button => button === document.activeElement")
    assert status.inner_text() == "Copied!"
    assert tab.evaluate("scrollY") == place > 1000
    visitor.context.close()


def test_printed_sentences_wrap_and_columns_stay(browser: Any, address: str) -> None:
    """No sentence is cut on a phone; a wide table keeps a line for each row, at a desk too."""
    measured = """() => [...document.querySelectorAll(".bd-article .cell_output pre")].map(pre => {
      const style = getComputedStyle(pre);
      const height = pre.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom);
      return [pre.classList.contains("without-columns"), pre.scrollWidth <= pre.clientWidth + 1,
        Math.round(height / parseFloat(style.lineHeight)), pre.textContent.trimEnd().split("\\n").length]; })"""
    visitor = Visitor(browser, address, viewport={"width": 390, "height": 844})
    tab = visitor.open("notebooks/clinic")
    printed = tab.evaluate(measured)
    assert {sentences for sentences, *_ in printed} == {True, False}
    assert all(fits for sentences, fits, *_ in printed if sentences)
    tab.set_viewport_size({"width": 1440, "height": 900})
    columns = [rest for sentences, *rest in tab.evaluate(measured) if not sentences]
    assert columns and all(fits and rows == lines for fits, rows, lines in columns)
    visitor.context.close()


def test_a_finger_sees_the_copy_buttons(browser: Any, address: str) -> None:
    """Where nothing hovers they show on code, and cover no output; with a mouse they wait for it."""
    for touch, opacity in ((True, "1"), (False, "0")):
        visitor = swift(browser, address, has_touch=touch, is_mobile=touch)
        tab = visitor.open(CHAPTER, formulas=False)
        tab.locator("div.cell_input .copybtn").first.wait_for(state="attached")
        shown = tab.locator(".copybtn").evaluate_all(
            "all => all.map(button => getComputedStyle(button).opacity)"
        )
        assert set(shown) == {opacity}
        assert tab.locator("div.cell_output .copybtn").first.is_visible() is not touch
        visitor.context.close()


def test_hints_and_solutions_say_whose_they_are(other: Visitor) -> None:
    """No two controls of one page are called the same; what is seen stays as it was."""
    tab = other.open(CHAPTER, formulas=False)
    tab.locator("div.solution button.toggle-button").first.wait_for()
    total = tab.locator("div.exercise").count()
    names = tab.locator("div.solution button.toggle-button").evaluate_all(
        "all => all.map(one => one.ariaLabel)"
    )
    assert names == [f"Solution to Exercise 4.{n}" for n in range(1, total + 1)]
    hints = tab.locator(".bd-article details.sd-dropdown > summary .sd-summary-text")
    called = hints.evaluate_all("all => all.map(one => one.textContent)")
    assert len(set(called)) == len(called) > total
    assert all(re.fullmatch(r"Exercise 4\.\d+, Hint \d", name) for name in called)
    assert hints.locator(".visually-hidden").first.bounding_box()["width"] <= 1
    tab.emulate_media(media="print")
    assert not hints.locator(".visually-hidden").first.is_visible()


@pytest.mark.parametrize(("page", "number"), [(CHAPTER, "4.2"), (MARKS_PAGE, "0.1")])
def test_an_exercise_is_a_heading_with_a_link(other: Visitor, page: str, number: str) -> None:
    """Its number is in its title and its solution's; the link shows on hover and on focus, and
    leads to it.
    """
    tab = other.open(page, formulas=False)
    place = f"ex-{number.replace('.', '-')}"
    title = tab.get_by_role("heading", level=3, name=f"Exercise {number} ")
    link = title.locator("a.headerlink")
    assert link.get_attribute("href") == f"#{place}"
    assert title.locator("xpath=..").get_attribute("id") == place
    assert tab.get_by_role("button", name=f"Solution to Exercise {number}", exact=True).count() == 1
    opacity = "link => getComputedStyle(link).opacity"
    assert link.evaluate(opacity) == "0"
    title.hover()
    assert link.evaluate(opacity) == "1"
    tab.mouse.move(1, 1)
    tab.keyboard.press("Shift")
    link.focus()
    assert link.evaluate(opacity) == "1"
    tab.keyboard.press("Enter")
    assert tab.url.endswith(f"#{place}")


def test_previous_leads_back_to_the_front(site: Path) -> None:
    """`previous` walks the pages in reverse, and names the page that it leads to."""
    found, seen = (
        re.compile(r'<a class="left-prev"\s+href="([^"]+)".*?prev-next-title">(.*?)</p>', re.S),
        [PAGES[-1]],
    )
    while link := found.search((site / f"{seen[-1]}.html").read_text(encoding="utf-8")):
        target = (site / seen[-1]).parent.joinpath(link[1]).resolve()
        seen.append(target.relative_to(site.resolve()).with_suffix("").as_posix())
        words = re.sub(r"<[^>]+>", "", link[2]).split()
        assert " ".join(words) in target.read_text(encoding="utf-8").split("</title>")[0]
    assert seen == PAGES[::-1]


def test_tables_have_headers(site: Path) -> None:
    """Each table of the text names its columns, and each header says for what it stands."""
    found = 0
    for page in PAGES:
        for table in parsed(site, page).select(".bd-article table"):
            found += 1
            heads = table.select("thead th")
            assert heads, (page, table.get_text()[:80])
            assert all(
                head.get("scope") in ("col", "row", "rowgroup") for head in table.select("th")
            ), page
            assert len({len(row.select("th, td")) for row in table.select("tr")}) == 1, page
    assert found > 15


@pytest.mark.parametrize("page", CHAPTERS)
def test_the_page_says_what_executed_it(page: str, site: Path) -> None:
    """Date, seconds, versions and class of machine, as the notebook's metadata hold them."""
    run = stored(page)["metadata"]["ganbook"]["executed"]
    text = (site / f"{page}.html").read_text(encoding="utf-8")
    line = re.search(r'<p class="chapter-facts">(.*?)</p>', text, re.S)[1]
    assert (
        f"on {run['date']} in {float(run['seconds']):.0f} s of CPU time "
        f"with Python {run['python']}, torch {run['torch']} ({run['hardware']})"
    ) in line
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", run["date"])
    assert "cores" in run["hardware"]


@pytest.mark.parametrize("page", [MARKS_PAGE, "notebooks/07_the_wasserstein_gan"])
def test_what_unfolds_fits_and_is_accessible(browser: Any, address: str, page: str) -> None:
    """Lists of marks and descriptions, opened: within a phone's width, and without a violation in
    the dark.
    """
    visitor = swift(browser, address, viewport={"width": 360, "height": 900}, color_scheme="dark")
    tab = visitor.open(page, formulas=False)
    tab.add_style_tag(content="*, *::before, *::after { transition: none !important; }")
    folds = tab.locator(".marks-page details, .picture-description")
    assert folds.count() > 1
    folds.evaluate_all("all => all.forEach(fold => fold.open = true)")
    assert tab.evaluate(WIDE) == []
    tab.evaluate(THIN)
    options = {"resultTypes": ["violations"], "preload": False}
    for place in (".marks-page", "figure:has(> .picture-description)", ".chapter-facts"):
        if tab.locator(place).count():
            found = Axe().run(tab, place, options).response["violations"]
            assert [
                (problem["id"], problem["nodes"][0]["html"][:120]) for problem in found
            ] == [], place
    visitor.context.close()


# Colours, paper, no scripts
# ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scheme", "kept", "theme"),
    [
        ("light", {}, "light"),
        ("dark", {}, "dark"),
        ("light", {"mode": "dark", "theme": "dark"}, "dark"),
        ("dark", {"mode": "light", "theme": "light"}, "light"),
        ("dark", {"mode": "auto", "theme": "light"}, "dark"),
    ],
)
def test_a_page_starts_in_the_readers_colours(
    browser: Any,
    address: str,
    scheme: str,
    kept: dict[str, str],
    theme: str,
) -> None:
    """Before the theme's script runs, which comes after the text: otherwise the page would flash."""
    visitor = swift(browser, address, color_scheme=scheme)
    visitor.context.route("**/pydata-sphinx-theme.js*", lambda route: route.fulfill(body=""))
    visitor.page.add_init_script(f"Object.assign(localStorage, {json.dumps(kept)});")
    tab = visitor.open("notebooks/notation", formulas=False)
    page = tab.locator("html")
    assert (page.get_attribute("data-theme"), page.get_attribute("data-mode")) == (
        theme,
        kept.get("mode", "auto"),
    )
    visitor.context.close()


def test_a_page_without_scripts(browser: Any, address: str) -> None:
    """It has the book's colours and its formulas."""
    visitor = swift(browser, address, java_script_enabled=False, color_scheme="dark")
    for page, formulas in ((CHAPTER, True), ("notebooks/references", False)):
        visitor.page.goto(f"{address}/{page}.html")
        assert visitor.page.locator("html").get_attribute("data-theme") == "light"
        assert (visitor.page.locator("span.math > math").count() > 300) == formulas
    visitor.context.close()


def test_a_page_on_paper(browser: Any, address: str) -> None:
    """Printed from the dark as from the light; its title once; hints and solutions only where they
    were opened.
    """
    import pypdfium2

    def printed() -> Any:
        return pypdfium2.PdfDocument(tab.pdf(prefer_css_page_size=True, print_background=True))

    visitor = swift(browser, address, color_scheme="dark")
    tab = visitor.open(CHAPTER, formulas=False)
    tab.locator(".bd-article details.sd-dropdown > summary").first.click()
    tab.locator(".bd-article div.solution button.toggle-button").first.click()
    hints = tab.locator(".bd-article .sd-summary-content > p:first-child").all_text_contents()
    solutions = tab.locator(".bd-article div.solution section > p:first-child").all_text_contents()
    from_dark = printed()
    tab.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    tab.emulate_media(color_scheme="light")
    tab.wait_for_function("document.documentElement.dataset.theme === 'light'")
    from_light = printed()
    pages = zip(from_dark, from_light, strict=True)
    assert [
        n
        for n, both in enumerate(pages, 1)
        if len({one.render().to_numpy().tobytes() for one in both}) > 1
    ] == []
    assert len(from_dark) > 10

    def squeezed(text: str) -> str:
        return re.sub(r"\W+", "", unicodedata.normalize("NFKC", text))  # letters of formulas

    words = squeezed("".join(page.get_textpage().get_text_range() for page in from_dark))
    for texts in (hints, solutions):
        assert [n for n, text in enumerate(texts) if squeezed(text)[:60] in words] == [0]
    assert (
        squeezed(from_dark[0].get_textpage().get_text_range()).count("Theoptimaldiscriminator") == 1
    )
    tab.emulate_media(media="print")
    for boxes in ("details.sd-dropdown", "div.solution"):
        assert [
            n for n, box in enumerate(tab.locator(f".bd-article {boxes}").all()) if box.is_visible()
        ] == [0]
    visitor.context.close()


# Cards of shared links
# --------------------------------------------------------------------------------------


def card(html: Any) -> dict[str, str]:
    """The tags that other sites read."""
    tags = html.select("meta[property^='og:'], meta[name^='twitter:']")
    assert len({tag.get("property") or tag["name"] for tag in tags}) == len(tags)
    return {tag.get("property") or tag["name"]: tag["content"] for tag in tags}


@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_a_card(page: str, site: Path) -> None:
    """Title and description of the page; no address, for none is configured."""
    html = parsed(site, page)
    found = card(html)
    assert found["og:title"] in html.title.string
    assert found["og:description"] == html.find("meta", attrs={"name": "description"})["content"]
    assert found["og:type"] == ("website" if page == PAGES[0] else "article")
    assert found["twitter:card"] == "summary"
    assert not [name for name in found if name in ("og:url", "og:image") or "://" in found[name]]
    assert html.select("link[rel=canonical]") == []


def test_a_configured_base_gives_absolute_addresses(tmp_path: Path) -> None:
    """One setting; quotes and angles in a title do no harm."""
    source = tiny_book(
        tmp_path, '# A "title" & \\<b>\n\nA sentence long enough to say "what" the page is about.\n'
    )
    config = source / "_config.yml"
    text = config.read_text(encoding="utf-8")
    assert text.count('baseurl: ""') == 1
    config.write_text(
        text.replace('baseurl: ""', "baseurl: https://example.org/book/"), encoding="utf-8"
    )
    assert render(source) == 0
    found = card(parsed(tmp_path / "out" / "_build" / "html", "notebooks/index"))
    assert found["og:url"] == "https://example.org/book/notebooks/index.html"
    assert found["og:image"] == "https://example.org/book/_static/card.png"
    assert (tmp_path / "out" / "_build" / "html" / "_static" / "card.png").is_file()
    assert found["twitter:card"] == "summary_large_image"
    assert len(found["og:image:alt"]) > 30
    assert found["og:description"] == "A sentence long enough to say “what” the page is about."
    assert found["og:title"] == "A “title” & <b>"


def test_the_card_is_what_its_script_draws(tmp_path: Path) -> None:
    """The size that sites expect, under 200 kB, and not a picture of an earlier record."""
    import numpy as np
    from PIL import Image

    make_card.draw(tmp_path / "card.png")
    content = make_card.CARD.read_bytes()
    assert len(content) < 200_000
    with Image.open(io.BytesIO(content)) as committed, Image.open(tmp_path / "card.png") as drawn:
        assert committed.size == (1200, 630)
        old, new = (np.asarray(image.convert("L"), dtype=float) for image in (committed, drawn))
    assert np.abs(old - new).mean() < 1
    assert np.abs(old - new[::-1]).mean() > 10


def test_the_readme_shows_what_its_script_draws(tmp_path: Path) -> None:
    """Digits of the record, and the play as the page shows it."""
    import numpy as np
    from PIL import Image

    make_readme.draw(tmp_path / "book.png")
    assert make_readme.PICTURE.stat().st_size < 200_000
    with Image.open(make_readme.PICTURE) as committed, Image.open(tmp_path / "book.png") as drawn:
        old, new = (np.asarray(image.convert("L"), dtype=float) for image in (committed, drawn))
    assert np.abs(old - new).mean() < 1, "run python scripts/make_readme.py"
    first, *_, last = make_readme.rows().values()
    assert (first < 128).mean() > 0.1 and (last < 128).mean() < (first < 128).mean()
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.search(r"!\[[^\]]{80,}\]\(docs/book\.png\)", text)


# Links that lead outside
# ------------------------------------------------------------------------------------


@pytest.fixture
def outside() -> Iterator[str]:
    """A web server with a page, a page that has moved, a page that never answers, and nothing else."""
    stop = threading.Event()

    class Pages(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            if self.path == "/slow":
                stop.wait(20)
                return
            status = {"/ok": 200, "/moved": 301}.get(self.path, 404)
            self.send_response(status)
            if status == 301:
                self.send_header("Location", "/ok")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    stop.set()
    server.shutdown()


def test_make_links_tells_of_each_link(tmp_path: Path, outside: str) -> None:
    """One that works, one that is gone, one that has moved, one that is silent: each by name and
    place.
    """
    links = "\n\n".join(f"[{name}]({outside}/{name})" for name in ("ok", "gone", "moved", "slow"))
    source = tiny_book(tmp_path, f"# Title\n\n{links}\n")
    config = source / "_config.yml"
    text = re.sub(
        r"linkcheck_timeout: \d+", "linkcheck_timeout: 2", config.read_text(encoding="utf-8")
    )
    config.write_text(
        re.sub(r"linkcheck_retries: \d+", "linkcheck_retries: 1", text), encoding="utf-8"
    )
    command = [
        sys.executable,
        str(ROOT / "scripts" / "check_links.py"),
        "--source",
        str(source),
        "--out",
        str(tmp_path / "out"),
    ]
    start = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert time.monotonic() - start < 60
    lines = done.stdout.splitlines()
    assert done.returncode == 1, done.stdout + done.stderr
    where = "notebooks/index.md:"
    assert [
        line
        for line in lines
        if line.startswith("FAILED") and f"{outside}/gone: 404" in line and where in line
    ]
    assert [line for line in lines if line.startswith("FAILED") and f"{outside}/slow: " in line]
    assert [
        line
        for line in lines
        if line.startswith("moved") and f"{outside}/moved -> {outside}/ok" in line
    ]
    assert len(lines) == 4
    assert lines[-1] == "4 links leave the book: 1 work, 1 have moved, 2 failed"
    one = {"status": "working", "filename": "a.md", "lineno": 3, "uri": outside, "info": ""}
    assert check_links.tell([one])[1] == 0
