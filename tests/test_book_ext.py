"""The book's own Sphinx extension and its build script, on books of one page."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
spec = importlib.util.spec_from_file_location("build_book", ROOT / "scripts" / "build_book.py")
build_book = importlib.util.module_from_spec(spec)
spec.loader.exec_module(build_book)


def tiny_book(folder: Path, text: str) -> Path:
    """A book of one page, with this book's configuration and extension."""
    source = folder / "source"
    (source / "notebooks").mkdir(parents=True)
    (source / "ganbook").mkdir()
    shutil.copy2(ROOT / "ganbook" / "__init__.py", source / "ganbook")
    shutil.copytree(
        ROOT / "book_ext", source / "book_ext", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy2(ROOT / "_config.yml", source)
    (source / "_toc.yml").write_text("format: jb-book\nroot: notebooks/index\n")
    (source / "notebooks" / "index.md").write_text(text, encoding="utf-8")
    wheel = folder / "ganbook-0-py3-none-any.whl"
    wheel.touch()
    return source


def render(source: Path) -> int:
    """Build a tiny book."""
    return build_book.render(
        source.parent / "out", source.parent / "ganbook-0-py3-none-any.whl", source
    )


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


@pytest.fixture
def repository() -> Any:
    """The module that finds the book's address."""
    sys.path.insert(0, str(ROOT))
    try:
        from book_ext import repository as module
    finally:
        sys.path.remove(str(ROOT))
    return module


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://github.com/someone/book.git", "https://github.com/someone/book"),
        ("https://name:secret@github.com/someone/book", "https://github.com/someone/book"),
        ("http://git.example.org:8080/a/b/", "http://git.example.org:8080/a/b"),
        ("git@github.com:someone/book.git", None),
        ("/srv/git/book.git", None),
        ("https://github.com", None),
        ("", None),
    ],
)
def test_an_address_is_used_only_if_the_web_can_reach_it(
    repository: Any, given: str, expected: str | None
) -> None:
    """Credentials never reach a page; paths and ssh addresses are no addresses of a web page."""
    assert repository.clean(given) == expected


def test_launch_buttons_need_a_configured_address(
    repository: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """None without an address, Colab and issues with one on GitHub."""
    app, config = (
        SimpleNamespace(srcdir=tmp_path),
        SimpleNamespace(html_theme_options={"repository_url": ""}),
    )
    monkeypatch.delenv("GANBOOK_REPOSITORY", raising=False)
    repository.offer_repository(app, config)
    assert config.html_theme_options == {}
    monkeypatch.setenv("GANBOOK_REPOSITORY", "https://github.com/someone/book")
    repository.offer_repository(app, config)
    assert config.html_theme_options["launch_buttons"]["colab_url"].startswith("https://colab")
    assert config.html_theme_options["repository_url"] == "https://github.com/someone/book"
