"""Books of one page, with this book's configuration and extension."""

from __future__ import annotations

import shutil
from pathlib import Path

import build_book

from support.paths import ROOT


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
