"""The rendered book in a real browser: every page, four widths, two colour schemes, two origins."""

from __future__ import annotations

import functools
import gzip
import itertools
import json
import re
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from support.pages import (
    BROKEN_IMAGES,
    CHAPTERS,
    CUT_FORMULAS,
    LEFT_OVER,
    OUT_OF_REACH,
    PAGES,
    RAW_TEXT,
    UNFOLD,
    WIDE,
    Visitor,
    at_rest,
    parsed,
    stored,
    violations,
)
from support.paths import ROOT

WIDTHS = (1440, 768, 360, 320)  # the last is 1280 at 400 % (WCAG 1.4.10)
DESKS = (1200, 1440)


def some(pages: list[str]) -> list[Any]:
    """Every page, but most of them in `make test-slow` alone: a server changes little."""
    quick = {PAGES[0], CHAPTERS[3], "notebooks/find_the_bug", "notebooks/how_exercises_work"}
    return [pytest.param(p, marks=() if p in quick else pytest.mark.slow) for p in pages]


# Every page
# -------------------------------------------------------------------------------------------------

SCROLLING_CODE = """() => [...document.querySelectorAll(".bd-article pre")].filter(code =>
    code.offsetParent && code.scrollWidth > code.clientWidth + 1)
  .map(code => code.textContent.split("\\n").sort((a, b) => b.length - a.length)[0])"""


def lines(tab: Any, *scripts: str) -> list[str]:
    """What scripts find on a page at rest."""
    return at_rest(tab, lambda: [line for script in scripts for line in tab.evaluate(script)])


@functools.cache
def weight(path: Path) -> tuple[int, int]:
    """Bytes of a file, as it is and compressed."""
    content = path.read_bytes()
    return len(content), len(gzip.compress(content, 6))


@pytest.fixture(scope="module")
def report(from_disk: Visitor, site: Path) -> Callable[[str], dict[str, Any]]:
    """All that one load of a page from the disk tells, where browsers are strictest, with every fold
    open; kept for all tests.
    """

    @functools.cache
    def look(page: str) -> dict[str, Any]:
        tab = from_disk.open(page)
        paths = {
            url.removeprefix(from_disk.home).split("?")[0].split("#")[0]
            for url in from_disk.requested
        }
        sizes = [weight(site / path.lstrip("/")) for path in paths if path.startswith("/")]
        told = {
            "broken formulas": tab.locator(".math:not(:has(math))").count(),
            "formulas": tab.locator(".bd-article math").count(),
            "left-over markup": re.findall(LEFT_OVER, tab.evaluate(RAW_TEXT)),
            "broken or silent pictures": tab.evaluate(BROKEN_IMAGES),
            "bytes": sum(raw for raw, _ in sizes),
            "compressed bytes": sum(compressed for _, compressed in sizes),
            "troubles": list(from_disk.troubles),
        }
        tab.evaluate(UNFOLD)
        told["still folded"] = tab.locator(".bd-article div.solution.toggle-hidden").count()
        for width in sorted({*WIDTHS, *DESKS}):
            tab.set_viewport_size({"width": width, "height": 900})
            if width in WIDTHS:
                told[f"too wide at {width}"] = lines(tab, WIDE, OUT_OF_REACH)
                told[f"cut formulas at {width}"] = lines(tab, CUT_FORMULAS)
            if width in DESKS:
                told[f"code scrolls at {width}"] = lines(tab, SCROLLING_CODE)
        # Colours fade into each other when the theme changes; what is audited is where they arrive.
        tab.add_style_tag(content="*, *::before, *::after { transition: none !important; }")
        told["violations, light"] = violations(tab, without=["color-contrast"])
        told["violations, light"] += violations(tab, "color-contrast")
        tab.emulate_media(color_scheme="dark")
        tab.wait_for_function("document.documentElement.dataset.theme === 'dark'")
        told["violations, dark"] = violations(tab, "color-contrast")
        tab.emulate_media(color_scheme="light")
        return told

    return look


@pytest.mark.parametrize("page", PAGES)
def test_page_shows_all_it_has(page: str, report: Callable) -> None:
    """Nothing fails or is fetched elsewhere; formulas and pictures stand; no markup is left over."""
    told = report(page)
    kinds = ("troubles", "broken formulas", "left-over markup", "broken or silent pictures")
    assert {kind: told[kind] for kind in kinds if told[kind]} == {}


@pytest.mark.parametrize("page", PAGES)
def test_page_is_light(page: str, report: Callable) -> None:
    """A first load, everything included."""
    told = report(page)
    assert 50_000 < told["compressed bytes"] < 1.0e6
    assert told["bytes"] < 4e6


@pytest.mark.parametrize("page", PAGES)
def test_nothing_overflows_sideways(page: str, report: Callable) -> None:
    """At a desk, on a tablet and on a phone, only code, formulas and tables scroll, by keyboard
    too.
    """
    told = report(page)
    assert {width: wide for width in WIDTHS if (wide := told[f"too wide at {width}"])} == {}


@pytest.mark.parametrize("page", PAGES)
def test_no_formula_is_cut(page: str, report: Callable) -> None:
    """Right edges inside, at each width, and no comma alone on a line."""
    told = report(page)
    assert {width: cut for width in WIDTHS if (cut := told[f"cut formulas at {width}"])} == {}
    assert told["formulas"] > 100 or page not in CHAPTERS


@pytest.mark.parametrize("page", PAGES)
def test_no_code_scrolls_at_a_desk(page: str, report: Callable) -> None:
    """Beside both side bars, with every hint and solution open: 78 columns fit, and no line is
    longer.
    """
    told = report(page)
    assert told["still folded"] == 0
    assert {width: told[f"code scrolls at {width}"] for width in DESKS} == {1200: [], 1440: []}


@pytest.mark.parametrize("page", PAGES)
def test_page_is_accessible(page: str, report: Callable) -> None:
    """No serious or critical violation, in light and in dark colours."""
    told = report(page)
    assert {key: told[key] for key in told if key.startswith("violations") and told[key]} == {}


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


# Search, downloads, links between files
# ---------------------------------------------------------------------


@pytest.mark.parametrize("place", ["served", "from_disk"])
def test_search_finds_a_page(place: str, request: pytest.FixtureRequest) -> None:
    """One search field on a page; its results name the glossary, in English and in Chinese."""
    visitor = request.getfixturevalue(place)
    tab = visitor.open("notebooks/index")
    assert tab.locator("button.search-button__button:visible").count() == 1
    for word in ("discriminator", "生成器"):
        visitor.open("search")
        tab.goto(f"{visitor.home}/search.html?q={word}")
        tab.locator("#search-results li a", has_text="Glossary").first.wait_for()
        tab.wait_for_load_state("networkidle")
        assert visitor.troubles == []


@pytest.mark.parametrize("width", [1440, 360])
def test_search_results_name_their_term_and_stay_in_place(from_disk: Visitor, width: int) -> None:
    """A result in the glossary says which term, in either language, and none moves when the search
    ends.
    """
    tab = from_disk.open("search")
    tab.set_viewport_size({"width": width, "height": 900})
    for word, named in (
        ("transport", "Glossary > optimal transport"),
        ("最优传输", "Glossary > 最优传输"),
    ):
        tab.goto(f"{from_disk.home}/search.html?q={word}")
        line = tab.locator("#search-results .search-summary")
        line.filter(has_text="Search finished").wait_for()
        result = tab.get_by_role("link", name=named, exact=True)
        after = result.bounding_box()
        line.evaluate("line => { line.textContent = ''; }")
        assert result.bounding_box() == after
        result.click()
        tab.wait_for_url("**/glossary.html#term-*")
        heading = tab.evaluate("document.getElementById(location.hash.slice(1)).textContent")
        assert heading.startswith(named.removeprefix("Glossary > "))
    tab.set_viewport_size({"width": 1440, "height": 900})
    assert from_disk.troubles == []


def search(visitor: Visitor, words: str) -> Any:
    """The tab, once the search has ended."""
    visitor.open("search", formulas=False)
    visitor.page.goto(f"{visitor.home}/search.html?{urlencode({'q': words})}")
    visitor.page.locator("#search-results .search-summary").filter(
        has_text=re.compile(r"\w")
    ).wait_for()
    return visitor.page


def test_excerpts_are_what_a_reader_reads(served: Visitor) -> None:
    """No furniture of the page and no TeX; a term with its meaning; the word itself, where the page
    shows it.
    """
    tab = search(served, "wasserstein")
    results, excerpts = (
        tab.locator("#search-results li"),
        tab.locator("#search-results li > p.context"),
    )
    total = results.count()
    tab.wait_for_function(
        f"document.querySelectorAll('#search-results p.context').length === {total}"
    )
    assert total > 8
    for text in excerpts.all_inner_texts():
        assert not re.search(r"\\|\.whl|On this page|Contents|Solved|#", text)
        assert 60 < len(text) < 300
    assert sum("Wasserstein" in text for text in excerpts.all_inner_texts()) >= total - 1
    term = tab.locator(
        "li", has=tab.get_by_role("link", name="Glossary > wasserstein distance", exact=True)
    )
    assert re.match(
        r"Wasserstein distance · .* – .*couplings", term.locator("p.context").inner_text()
    )
    assert (
        results.locator("a").evaluate_all("all => new Set(all.map(link => link.href)).size")
        == total
    )
    assert served.troubles == []


@pytest.mark.parametrize("place", ["served", "from_disk"])
def test_an_exercise_is_found_by_its_number(
    place: str, site: Path, request: pytest.FixtureRequest
) -> None:
    """And by its title; either way the result says its number. A number that is none is said to be
    none.
    """
    visitor = request.getfixturevalue(place)
    page = CHAPTERS[3]
    for words, number in (("4.7", 7), ("exercise 4.7", 7), ("Ex. 4.10", 10), (None, 2)):
        box = parsed(site, page).select_one(f"#ex-4-{number}")
        title = box.select_one(".block-title").get_text()
        link = search(visitor, words or title.rstrip(" ★")).get_by_role(
            "link", name=f"Exercise 4.{number} {title}"
        )
        assert link.get_attribute("href") == f"{page}.html#ex-4-{number}"
        assert not words or link.evaluate("link => link.closest('li').matches(':first-child')")
        if place == "served":
            excerpt = link.locator("xpath=..").locator("p.context")
            statement = box.section.p.find(string=True).split("\n")[0]
            assert " ".join(statement.split()) in excerpt.inner_text()
    for words in ("4.99", "xyzzy"):
        said = search(visitor, words).locator("#search-results").inner_text()
        assert "Nothing in this book matches" in said and "categories" not in said
    assert visitor.troubles == []


@pytest.mark.parametrize(
    "words", ["constructor", "toString", "__proto__", "constructor discriminator"]
)
def test_names_of_the_language_are_words_like_others(from_disk: Visitor, words: str) -> None:
    """The search ends and says so, whatever JavaScript calls the properties of its objects."""
    search(from_disk, words)
    assert from_disk.troubles == []


def test_accents_make_no_difference(from_disk: Visitor) -> None:
    """A name is found under each of its spellings, on the same pages."""
    found = [
        search(from_disk, words)
        .locator("#search-results li > a")
        .evaluate_all("all => all.map(link => link.href)")
        for words in ("Fréchet distance", "frechet distance", "Fre\u0301chet distance")
    ]
    assert found[0] == found[1] == found[2]
    assert any(link.endswith("#term-Frechet-distance") for link in found[0])
    assert len(found[0]) > 4


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
