"""Marks for solved exercises: set, kept, moved between notebook and page, lost and damaged."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.pages import CHAPTERS, Visitor, stored
from support.paths import ROOT

MARKS_PAGE = "notebooks/how_exercises_work"
CHAPTER = "notebooks/04_the_optimal_discriminator"
KEY = "ganbook.exercises.v1"
KEPT = f"() => JSON.parse(localStorage.getItem('{KEY}'))"


@pytest.fixture
def reader(browser: Any, site: Path) -> Iterator[Visitor]:
    """A reader with an empty storage, who opened the book from the disk."""
    visitor = Visitor(browser, site.as_uri())
    yield visitor
    assert visitor.troubles == []
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
    visitor = Visitor(browser, address)
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
    visitor = Visitor(browser, address)
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
    visitor = Visitor(browser, address, java_script_enabled=False)
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
    visitor = Visitor(browser, address, viewport={"width": width, "height": 900})
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
