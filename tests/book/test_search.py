"""The search: what readers type, by keyboard, what results say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from support.pages import CHAPTERS, Visitor, parsed


@pytest.mark.parametrize("place", ["server", "disk"])
def test_search_by_keyboard_alone(browser: Any, address: str, site: Path, place: str) -> None:
    """Ctrl-K opens the field, Escape closes it, Enter searches, Tab reaches the results, Enter
    opens one.
    """
    visitor = Visitor(browser, address if place == "server" else site.as_uri())
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
    visitor = Visitor(browser, address)
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
