"""The front page's cards and map: what they read, and that they say it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from book_ext import chapters
from support.pages import CHAPTERS, Visitor, parsed, violations
from support.paths import ROOT

FRONT = "notebooks/index"


def notebook(path: Path, text: str) -> Path:
    cell = {"cell_type": "markdown", "source": text.splitlines(keepends=True), "metadata": {}}
    path.write_text(json.dumps({"cells": [cell]}))
    return path


@pytest.mark.parametrize(
    ("box", "found"),
    [
        (
            "**The question.** What is $x$?\n\n**It builds on** {ref}`ch:02` and {ref}`ch:04`.\n\n"
            "**Time.** Reading: 40 minutes. Running: 2 minutes.",
            {"question": "What is $x$?", "builds": [2, 4], "minutes": 40},
        ),
        (
            "What then?\n\n**Builds on** logarithms.\n\n**Time**: 35 minutes to read.",
            {"question": "What then?", "builds": [], "minutes": 35},
        ),
        ("**Question.** Why?", {"question": "Why?", "builds": [], "minutes": None}),
    ],
)
def test_a_box_is_read(tmp_path: Path, box: str, found: dict[str, Any]) -> None:
    head = "(ch:05)=\n# A title\n\n:::{admonition} This chapter\n:class: tip\n\n"
    text = f"{head}{box}\n:::\n\n![Words.](diagrams/game.svg)\n\nSee {{ref}}`ch:01`."
    told = chapters.told(notebook(tmp_path / "a.ipynb", text))
    assert told == {"title": "A title", "picture": "diagrams/game.svg"} | found


def test_every_chapter_has_question_picture_and_minutes() -> None:
    about = chapters.chapters(ROOT)
    assert [one["file"] for one in about] == CHAPTERS
    for one in about:
        assert one["question"].endswith("?") and 10 <= one["minutes"] <= 120, one["file"]
        assert one["picture"] and (ROOT / "notebooks" / one["picture"]).exists(), one["file"]
        assert all(n < one["number"] for n in one["builds"]), one["file"]


def built(*pairs: tuple[int, list[int]]) -> list[dict[str, Any]]:
    return [
        {"number": n, "builds": on, "title": f"Title {n}", "file": f"notebooks/0{n}_a"}
        for n, on in pairs
    ]


def test_the_map_leaves_out_what_follows_from_other_lines() -> None:
    about = built((1, []), (2, [1]), (3, [1, 2]), (4, [2]), (5, [1, 3, 4]))
    assert chapters.needed(about) == {1: set(), 2: {1}, 3: {2}, 4: {2}, 5: {3, 4}}


def test_a_line_leads_to_each_chapter_from_those_it_needs_directly() -> None:
    about = built((1, []), (2, [1]), (3, [1, 2]), (4, [2]))
    assert chapters.drawn(about).count("<path") == 3


def test_a_chapter_stands_below_all_that_it_builds_on_and_nothing_overlaps() -> None:
    direct = chapters.needed(chapters.chapters(ROOT))
    where = chapters.places(direct)
    for number, earlier in direct.items():
        assert all(where[number][1] > where[n][1] for n in earlier)
    spots = list(where.values())
    for k, (x, y) in enumerate(spots):
        assert chapters.NODE / 2 <= x <= chapters.WIDE - chapters.NODE / 2
        for a, b in spots[:k]:
            assert abs(y - b) >= chapters.TALL or abs(x - a) >= chapters.NODE


def test_no_line_of_the_map_passes_behind_a_box() -> None:
    """In the rows between its ends a line runs in a gap; lines of two chapters keep apart there."""
    direct = chapters.needed(chapters.chapters(ROOT))
    where = chapters.places(direct)
    ways = chapters.ways(direct, where)
    assert set(ways) == {(a, b) for b in direct for a in direct[b]}
    rows = sorted({y for _, y in where.values()})
    passed: dict[tuple[float, float], int] = {}
    for (a, b), points in ways.items():
        assert points[0] == where[a] and points[-1] == where[b]
        between = [y for y in rows if where[a][1] < y < where[b][1]]
        assert [y for _, y in points[1:-1]] == between
        for x, y in points[1:-1]:
            assert 0 <= x <= chapters.WIDE
            boxes = [u for u, v in where.values() if v == y]
            assert min(abs(x - u) for u in boxes) > chapters.NODE / 2
            assert passed.setdefault((x, y), a) == a
    for x, y in passed:
        assert all(v != y or u == x or abs(u - x) >= chapters.APART - 1e-9 for u, v in passed)


def test_titles_fit_their_boxes() -> None:
    for one in chapters.chapters(ROOT):
        rows = chapters._broken(f"{one['number']} {one['title']}")
        assert " ".join(rows) == f"{one['number']} {one['title']}"
        assert len(rows) <= 3 and max(map(len, rows)) <= 17


def test_the_front_page_offers_every_chapter_twice(site: Path) -> None:
    html = parsed(site, FRONT)
    names = [f"{Path(page).name}.html" for page in CHAPTERS]
    assert [a["href"] for a in html.select(".chapter-card-title a")] == names
    assert sorted(a["href"] for a in html.select("svg.chapter-map a")) == names
    for card, about in zip(html.select(".chapter-card"), chapters.chapters(ROOT), strict=True):
        assert f"{about['minutes']} min" in card.get_text()
        assert card.select_one(".marks-count")["data-chapter"] == str(about["number"])
        assert Path(card.img["src"]).name == Path(about["picture"]).name
        words = re.sub(r"\W", "", about["question"].split("$")[0])
        assert re.sub(r"\W", "", card.get_text()).find(words) >= 0


def test_next_and_start_lead_to_chapter_1(site: Path) -> None:
    html = parsed(site, FRONT)
    assert html.select_one("a.right-next")["href"] == f"{Path(CHAPTERS[0]).name}.html"
    start = html.select_one(".start-here a")
    assert start["href"] == f"{Path(CHAPTERS[0]).name}.html"
    assert start.get_text().startswith("Start reading")


@pytest.mark.browser
def test_a_row_of_cards_has_no_gap_and_the_still_no_white_ground(
    browser: Any, address: str
) -> None:
    """The last of an odd number of cards is as wide as the row; at night the still is turned dark."""
    visitor = Visitor(browser, address, color_scheme="dark")
    tab = visitor.open(FRONT)
    ends = """() => [...document.querySelectorAll(".chapter-cards")].map(cards =>
      [cards, cards.lastElementChild].map(node => Math.round(node.getBoundingClientRect().right)))"""
    assert all(row == card for row, card in tab.evaluate(ends))
    still = tab.locator('.bd-article img[src$="living-gan.png"]')
    assert "invert" in still.evaluate("image => getComputedStyle(image).filter")
    visitor.context.close()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_front_page_is_accessible(browser: Any, address: str, scheme: str) -> None:
    visitor = Visitor(browser, address, color_scheme=scheme, viewport={"width": 390, "height": 844})
    tab = visitor.open(FRONT)
    assert violations(tab) == []
    node = tab.locator("svg.chapter-map a").nth(3)
    size = node.locator("text").evaluate("text => text.getBoundingClientRect().height")
    assert size > 10 and not visitor.troubles
    node.click()
    tab.wait_for_url(f"**/{Path(CHAPTERS[3]).name}.html")
    visitor.context.close()
