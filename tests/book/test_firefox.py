"""The same pages in a second engine: Firefox sets formulas and tables, and runs scripts, by code of its own."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.firefox import Firefox
from support.pages import BROKEN_IMAGES, CHAPTERS, CUT_FORMULAS, OUT_OF_REACH, PAGES, UNFOLD, WIDE
from support.plays import PLAYS

pytestmark = pytest.mark.browser

QUICK = (PAGES[0], CHAPTERS[5], CHAPTERS[7], "notebooks/how_exercises_work")
SLOW = (*(CHAPTERS[n - 1] for n in (1, 3, 13, 16)), "notebooks/find_the_bug")

UNFINISHED = """() => Object.entries({ mfrac: 2, mroot: 2, msub: 2, msup: 2, munder: 2, mover: 2,
    msubsup: 3, munderover: 3 }).flatMap(([name, parts]) => [...document.querySelectorAll(name)]
  .filter(node => node.childElementCount !== parts).map(node => node.outerHTML))"""


@pytest.fixture(scope="module")
def firefox(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    """One window for all tests of this file, with the site opened by a double click."""
    program = next((p for n in ("firefox-esr", "firefox") if (p := shutil.which(n))), None)
    if program is None:
        pytest.skip("no Firefox on this machine: install Debian's package `firefox-esr`")
    with Firefox(program, tmp_path_factory.mktemp("firefox")) as window:
        window.home = site.as_uri()
        yield window


def at_rest(window: Firefox, *scripts: str) -> list[str]:
    """What scripts find; a page whose side bars still move is given some seconds."""
    for _ in range(50):
        if not (found := [line for script in scripts for line in window.run(script)]):
            break
        time.sleep(0.1)
    return found


def faults(window: Firefox) -> dict[str, Any]:
    """What is wrong with the open page, at a desk and on a telephone, in both colour schemes."""
    found = {"pictures": window.run(BROKEN_IMAGES), "unfinished": window.run(UNFINISHED)}
    window.run(UNFOLD)
    for scheme, width in (("light", 1440), ("dark", 390)):
        window.colours(scheme)
        window.size(width)
        found[f"wide at {width}"] = at_rest(window, WIDE, OUT_OF_REACH)
        found[f"cut at {width}"] = at_rest(window, CUT_FORMULAS)
    found["messages"] = window.messages()
    return {name: all_of_it for name, all_of_it in found.items() if all_of_it}


@pytest.mark.parametrize(
    "page", [*QUICK, *(pytest.param(page, marks=pytest.mark.slow) for page in SLOW)]
)
def test_a_page_stands_in_firefox(page: str, firefox: Firefox) -> None:
    """Formulas whole, nothing too wide, every picture there, nothing said on the console."""
    firefox.open(f"{firefox.home}/{page}.html")
    assert faults(firefox) == {}
    assert (
        page not in CHAPTERS or firefox.run("return document.querySelectorAll('math').length") > 100
    )


def test_what_is_wrong_is_seen(firefox: Firefox) -> None:
    """Planted: a wide box, a cut formula and a fraction without a denominator, a picture without
    words, three messages.
    """
    firefox.open(f"{firefox.home}/{PAGES[0]}.html")
    firefox.run("""const page = document.querySelector(".bd-article");
      page.insertAdjacentHTML("afterbegin", '<div style="width: 4000px">wide</div>' +
        '<div style="width: 20px" data-tex="x"><math><mtext>longer than that</mtext>' +
        '<mfrac><mn>1</mn></mfrac></math></div>' +
        '<img src="../_static/book.css"><img alt="a" src="http://example.org/picture.png">');
      console.error("said aloud");
      setTimeout(() => { throw new Error("not caught"); });""")
    found = faults(firefox)
    assert {*found} >= {
        "pictures",
        "unfinished",
        "wide at 1440",
        "cut at 390",
        "wide at 390",
        "messages",
    }
    for message in ("said aloud", "not caught", "foreign: http://example.org"):
        assert any(message in said for said in found["messages"]), message


def test_the_living_gan_learns_in_firefox(firefox: Firefox) -> None:
    """By keys alone: it plays, pauses and stays where it is."""
    firefox.open(f"{firefox.home}/{PLAYS['living-gan']}.html")
    firefox.size(1440)
    round_of = "Number(document.querySelector('[data-number=round]').textContent)"
    firefox.run("document.querySelector('figure.play .play-transport button').focus();")
    firefox.press(" ")
    firefox.wait(f"{round_of} > 20")
    firefox.press(" ")
    rounds = firefox.wait(f"document.querySelector('.play-spoken').textContent && {round_of}")
    losses = (
        "['loss_d', 'loss_g'].map(n => document.querySelector(`[data-number=${n}]`).textContent)"
    )
    assert all(0.01 < float(loss) < 10 for loss in firefox.run(f"return {losses};"))
    assert firefox.run(f"return {round_of};") == rounds
    assert firefox.messages() == []


def test_a_play_and_a_fold_answer_to_keys(firefox: Firefox) -> None:
    """An arrow key moves a slider and the numbers beside it; Enter opens a hint and a solution."""
    firefox.open(f"{firefox.home}/{PLAYS['dirac-gan']}.html")
    numbers = "document.querySelector('figure.play [data-number=last]').textContent"
    before = firefox.run(f"return {numbers};")
    firefox.run("document.querySelector('figure.play input[type=range]').focus();")
    firefox.press("\ue014", "\ue014", "\ue014")  # the right arrow
    firefox.wait(f"{numbers} !== {before!r}")
    for control, opened in (
        ("details.sd-dropdown > summary", "details.sd-dropdown .sd-summary-content"),
        ("div.solution button.toggle-button", "div.solution section"),
    ):
        firefox.run(f"document.querySelector('.bd-article {control}').focus();")
        shown = f"document.querySelector('.bd-article {opened}').checkVisibility({{visibilityProperty: true}})"
        assert not firefox.run(f"return {shown};")
        firefox.press("\ue007")  # Enter
        firefox.wait(shown)
    assert firefox.messages() == []


def test_search_answers_in_firefox(firefox: Firefox) -> None:
    """From the disk: a term of the glossary, an abbreviation, and an exercise by its number."""
    for words, result in (
        ("discriminator", "glossary.html#term-discriminator"),
        ("fid", "glossary.html#term-Frechet-distance"),
        ("4.7", "#ex-4-7"),
    ):
        firefox.open(f"{firefox.home}/search.html?q={words}")
        firefox.wait(f"document.querySelector('#search-results li a[href$=\"{result}\"]')")
        assert firefox.messages() == []
