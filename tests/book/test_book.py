"""The rendered book: what pages say, and whether the checks of pages can fail."""

from __future__ import annotations

import functools
import itertools
import json
import re
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.pages import (
    BROKEN_IMAGES,
    CHAPTERS,
    LEFT_OVER,
    PAGES,
    RAW_TEXT,
    WIDE,
    Visitor,
    parsed,
    part,
    stored,
    violations,
)
from support.paths import ROOT


def some(pages: list[str]) -> list[Any]:
    """Every page, but most of them in `make test-slow` alone: a server changes little."""
    quick = {PAGES[0], CHAPTERS[3], "notebooks/find_the_bug", "notebooks/how_exercises_work"}
    return [pytest.param(p, marks=() if p in quick else pytest.mark.slow) for p in pages]


@pytest.fixture(scope="module")
def from_server(served: Visitor) -> Callable[[str], dict[str, Any]]:
    """All that one load from a web server tells: the page, and its hints and solutions, closed at
    first; two of each are then opened, by mouse and by keyboard.
    """

    @functools.cache
    def look(page: str) -> dict[str, Any]:
        tab = served.open(page, formulas=False)
        told = {"troubles": list(served.troubles), "pictures": tab.evaluate(BROKEN_IMAGES)}
        hints = tab.locator(".bd-article details.sd-dropdown")
        solutions = tab.locator(".bd-article div.solution")
        sections = solutions.locator("section").all()
        told["exercises"] = min(hints.count(), solutions.count())
        told["open at load"] = tab.locator(".bd-article details[open]").count()
        told["open at load"] += sum(section.is_visible() for section in sections)
        told["stay closed"] = []
        for number, key in enumerate((None, "Enter")[: told["exercises"]]):
            hint, solution = hints.nth(number), solutions.nth(number)
            for control in (hint.locator("summary"), solution.locator("button.toggle-button")):
                if key:
                    control.focus()
                    tab.keyboard.press(key)
                else:
                    control.click()
            opened = hint.locator(".sd-summary-content"), solution.locator("section").first
            told["stay closed"] += [(number, part) for part in opened if not part.is_visible()]
        return told

    return look


def test_every_page_is_opened_by_one_file() -> None:
    """The files that take some pages each, together: the front page, and every part once."""
    files = sorted((ROOT / "tests" / "book").glob("test_pages_*.py"))
    captions = [c for file in files for c in re.findall(r'part\("(.+?)"\)', file.read_text())]
    assert sorted([PAGES[0], *(page for c in captions for page in part(c))]) == sorted(PAGES)


@pytest.mark.parametrize("page", some(PAGES))
def test_page_opens_from_a_server(page: str, from_server: Callable) -> None:
    """The same behind a web server, where scripts may do more."""
    told = from_server(page)
    assert (told["troubles"], told["pictures"]) == ([], [])


def test_planted_faults_are_caught(served: Visitor) -> None:
    """The checks can fail: no alt text, pale text, a wide box, raw markup, a foreign request."""
    tab = served.open("notebooks/references")
    tab.evaluate("""() => document.querySelector(".bd-article").insertAdjacentHTML("afterbegin",
      '<img src="../_static/book.css"><p style="color: #bbb; background: #fff">pale $x$ {ref}`a`</p>' +
      '<div style="width: 4000px">wide</div><img alt="a" src="http://example.org/picture.png">')""")
    kinds = {line.split(":")[0] for line in violations(tab, without=["color-contrast"])}
    assert "image-alt" in kinds
    assert "color-contrast" not in kinds
    assert len(tab.evaluate(BROKEN_IMAGES)) == 2
    assert len(tab.evaluate(WIDE)) >= 1
    assert re.findall(LEFT_OVER, tab.evaluate(RAW_TEXT)) == ["$", "$", "{ref}`"]
    assert any(trouble.startswith("foreign: http://example.org") for trouble in served.troubles)


PALE = """() => {
  const pale = "{ color: #bbb !important; background: #fff !important }";
  const rule = document.createElement("style");
  rule.textContent = `.planted ${pale} tr:nth-child(even) > .even, tr:nth-child(even) > .even * ${pale}`;
  document.head.append(rule);
  document.querySelectorAll("td").forEach(cell => cell.classList.add("even"));
  const last = kind => [...document.querySelectorAll(kind)].filter(node =>
    node.textContent.trim().length > 1 && node.offsetParent && !node.closest(".planted")).at(-1);
  return ["p", "li > p", ".highlight span", ".caption-text", "h2", "a"].map(kind => ".bd-article " + kind)
    .concat("nav a").map((kind, i) => last(kind).classList.add("planted", `planted-${i}`)).length;
}"""


@pytest.mark.browser
def test_pale_words_are_found_on_a_thinned_page(served: Visitor) -> None:
    """What is pale by a class of its own, anywhere, or by its place among rows."""
    tab = served.open(CHAPTERS[2])
    tab.add_style_tag(content="*, *::before, *::after { transition: none !important; }")
    planted, elements = tab.evaluate(PALE), tab.locator("body *").count()
    found = violations(tab, "color-contrast")
    marks = {int(mark) for line in found for mark in re.findall(r"planted-(\d)", line)}
    assert marks == set(range(planted))
    assert any(re.search('<td class="[^"]*even|<p>', line) for line in found)
    assert tab.locator("body *").count() < elements / 5


# Chapters and exercises
# -------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_page_says_what_it_is(page: str, site: Path) -> None:
    """Language, title, description, and headings in order, the first and only h1 on top."""
    html = parsed(site, page)
    assert html.html["lang"] == "en"
    assert html.title.string.strip()
    assert len(html.find("meta", attrs={"name": "description"})["content"]) > 30
    headings = html.select(".bd-article :is(h1, h2, h3, h4, h5, [role=heading])")
    levels = [int(h.get("aria-level", h.name[1:])) for h in headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    ids = [node["id"] for node in html.select("[id]")]
    assert [name for name, times in Counter(ids).items() if times > 1] == []


@pytest.mark.parametrize("page", CHAPTERS)
def test_chapter_has_its_number(page: str, site: Path) -> None:
    """Chapters are numbered by their place in the contents; file names say the same number."""
    html = parsed(site, page)
    number = int(page.split("/")[1][:2])
    assert html.select_one(".bd-article h1 .chapter-number").get_text() == f"Chapter {number}"
    facts = getattr(html.select_one(".chapter-facts"), "text", "")
    stated = html.select_one(".admonition")
    assert re.match(r"\d+ min to read", facts) or re.search(r"minutes|\d+ min\b", stated.get_text())
    executed = stored(page)["metadata"].get("ganbook", {}).get("executed")
    assert not executed or executed["date"] in facts


@pytest.mark.parametrize("page", CHAPTERS)
def test_exercises_have_their_ids_as_numbers(page: str, site: Path) -> None:
    """What is rendered as Exercise 4.2 is what `exercise("4.2")` returns, in the order of the page."""
    found = [
        (box["id"], box.select_one(".caption-number").get_text(strip=True))
        for box in parsed(site, page).select(".bd-article div.exercise")
    ]
    chapter = int(page.split("/")[1][:2])
    assert found == [
        (f"ex-{chapter}-{n}", f"Exercise {chapter}.{n}") for n in range(1, len(found) + 1)
    ]
    marks = [cell["metadata"].get("ganbook", {}) for cell in stored(page)["cells"]]
    declared = [mark["exercise"] for mark in marks if "exercise" in mark]
    assert [number.removeprefix("Exercise ") for _, number in found] == declared


@pytest.mark.parametrize("page", some([*CHAPTERS, "notebooks/how_exercises_work"]))
def test_hints_and_solutions_are_closed_until_asked(page: str, from_server: Callable) -> None:
    """Closed at load; a hint and a solution open by mouse, the next ones by keyboard."""
    told = from_server(page)
    if not told["exercises"]:
        pytest.skip("this page has no exercises")
    assert told["open at load"] == 0
    assert told["stay closed"] == []


def test_the_front_page_leads_into_the_book(site: Path) -> None:
    """The site's root opens the front page, and `next` walks through every page."""
    assert "notebooks/index.html" in (site / "index.html").read_text(encoding="utf-8")
    seen = ["notebooks/index"]
    while link := parsed(site, seen[-1]).select_one("a.right-next"):
        target = (site / seen[-1]).parent.joinpath(link["href"]).resolve()
        seen.append(target.relative_to(site).with_suffix("").as_posix())
    assert seen == PAGES


def dead_links(site: Path, pages: list[str] = PAGES) -> list[str]:
    """The links within the site whose file, or whose place in it, is not there."""
    htmls = {page: parsed(site, page) for page in pages}
    places = {page: {node["id"] for node in html.select("[id]")} for page, html in htmls.items()}
    dead = []
    for page, html in htmls.items():
        for link in html.select("a[href]"):
            target, _, anchor = link["href"].partition("#")
            if re.match(r"\w+:", target):
                continue
            path = (
                (site / page).parent.joinpath(target).resolve() if target else site / f"{page}.html"
            )
            name = path.relative_to(site.resolve()).with_suffix("").as_posix() if target else page
            if not path.is_file() or (anchor and name in places and anchor not in places[name]):
                dead.append(f"{page}: {link['href']}")
    return dead


def test_links_inside_the_book_lead_somewhere(site: Path) -> None:
    """Every internal link of every page: its file, and the place in it."""
    assert dead_links(site) == []


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    """A missing file, a missing place on this page and on another one; what is there is left alone."""
    (tmp_path / "a.html").write_text(
        '<h1 id="here">A</h1><a href="#here">1</a><a href="#gone">2</a><a href="b.html#there">3</a>'
        '<a href="b.html#gone">4</a><a href="c.html">5</a><a href="https://example.org/#x">6</a>'
    )
    (tmp_path / "b.html").write_text('<p id="there">B</p>')
    assert dead_links(tmp_path, ["a", "b"]) == ["a: #gone", "a: b.html#gone", "a: c.html"]


@pytest.mark.parametrize("page", CHAPTERS)
def test_notebook_and_wheel_can_be_downloaded(page: str, site: Path) -> None:
    """The download menu's files are there, and the notebook has the committed one's code."""
    links = [link["href"] for link in parsed(site, page).select(".dropdown-download-buttons a")]
    targets = [(site / page).parent.joinpath(link).resolve() for link in links]
    assert any(target.suffix == ".whl" for target in targets)
    assert all(target.is_file() for target in targets)
    source = next(
        path for suffix in (".ipynb", ".md") if (path := ROOT / f"{page}{suffix}").exists()
    )
    download = next(target for target in targets if target.suffix == source.suffix)
    if source.suffix == ".md":
        assert download.read_bytes() == source.read_bytes()
        return
    before, after = (json.loads(path.read_text(encoding="utf-8")) for path in (source, download))
    code = [
        ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
        for notebook in (before, after)
    ]
    assert code[1][1:] == code[0]


def test_wheel_holds_the_whole_package(site: Path) -> None:
    """Modules, records and weights: everything under ganbook/ but caches."""
    wheel = next(site.glob("ganbook-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.startswith("ganbook/")}
    there = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "ganbook").rglob("*")
        if path.is_file()
        and not {"__pycache__", ".ruff_cache"} & {*path.parts}
        and not path.name.endswith((".tmp", ".pyc"))
    }
    assert there <= packed
    line = parsed(site, "notebooks/running").select_one(".install-line").get_text()
    assert line.strip() == f"pip install {wheel.name}"


def test_the_install_line_names_the_served_wheel(served: Visitor) -> None:
    """Behind a web server, the line to copy has the wheel's full address."""
    tab = served.open("notebooks/running")
    line = tab.locator(".install-line pre").inner_text().strip()
    assert re.fullmatch(rf"pip install {re.escape(served.home)}/ganbook-\S+\.whl", line)
    assert served.page.request.get(line.removeprefix("pip install ")).ok
