"""The book's own Sphinx extension and its build script, on books of one page."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup

from book_ext import repository
from support.books import render, tiny_book


def test_a_warning_fails_the_build(tmp_path: Path, capfd: pytest.CaptureFixture) -> None:
    """A reference that leads nowhere is refused by name."""
    assert render(tiny_book(tmp_path, "# Title\n\nSee {ref}`nowhere-at-all`.\n")) != 0
    assert "nowhere-at-all" in capfd.readouterr().err


def test_a_page_and_a_notebook_of_one_name_are_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture
) -> None:
    """When a chapter arrives, the page that stood in for it must go."""
    source = tiny_book(tmp_path, "# Title\n\nText.\n")
    cell = {"cell_type": "markdown", "metadata": {}, "source": "# Title", "id": "a"}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (source / "notebooks" / "index.ipynb").write_text(json.dumps(notebook))
    assert render(source) != 0
    assert "git rm notebooks/index.md" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://github.com/someone/book.git", "https://github.com/someone/book"),
        ("https://name:secret@github.com/someone/book", "https://github.com/someone/book"),
        ("http://git.example.org:8080/a/b/", "http://git.example.org:8080/a/b"),
        ("git@github.com:someone/book.git", "https://github.com/someone/book"),
        ("ssh://git@github.com/someone/book.git", "https://github.com/someone/book"),
        ("git@host:/srv/book", None),
        ("/srv/git/book.git", None),
        ("https://github.com", None),
        ("", None),
    ],
)
def test_an_address_is_used_only_if_the_web_can_reach_it(given: str, expected: str | None) -> None:
    """Credentials never reach a page; paths are no addresses of a web page."""
    assert repository.clean(given) == expected


def test_launch_buttons_need_a_configured_address(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """None without an address, launch buttons and issues with one on GitHub."""
    app, config = (
        SimpleNamespace(srcdir=tmp_path),
        SimpleNamespace(html_theme_options={"repository_url": ""}),
    )
    monkeypatch.delenv("GANBOOK_REPOSITORY", raising=False)
    repository.offer_repository(app, config)
    assert config.html_theme_options == {}
    monkeypatch.setenv("GANBOOK_REPOSITORY", "https://github.com/someone/book")
    repository.offer_repository(app, config)
    assert config.ganbook_repository == "https://github.com/someone/book"
    assert config.html_theme_options["repository_url"] == "https://github.com/someone/book"


def test_an_exercise_has_a_heading_whatever_its_title_holds(tmp_path: Path) -> None:
    """Brackets, code and a formula in a title; its hint and its solution are named after it."""
    source = tiny_book(
        tmp_path,
        """# Title

::::{exercise} Where (f) at `g(x)` is $y$ ( twice )
:label: ex-7-3

A statement.
::::

:::{dropdown} Hint 1
Look.
:::

::::{solution} ex-7-3
:class: dropdown
Done.
::::
""",
    )
    assert render(source) == 0
    page = (tmp_path / "out" / "_build" / "html" / "notebooks" / "index.html").read_text()
    text = BeautifulSoup(page, "html.parser")
    heading = text.select_one("#ex-7-3 > .admonition-title")
    assert heading["role"] == "heading" and heading["aria-level"] == "3"
    shown = [heading.select_one(name).get_text() for name in (".caption-number", ".block-title")]
    assert shown[0] == "Exercise 7.3 "
    assert shown[1].startswith("Where (f) at g(x) is ") and shown[1].endswith("( twice )")
    assert heading.select_one("a.headerlink")["href"] == "#ex-7-3"
    button = text.select_one("#ex-7-3 > button.mark-button")
    assert button["data-exercise"] == "7.3" and button.find_previous_sibling() is heading
    assert text.select_one(".sd-summary-text").get_text() == "Exercise 7.3, Hint 1"
    assert text.select_one(".solution .admonition-title").get_text() == "Solution to Exercise 7.3"
