"""Books of one page, with this book's configuration and extension."""

from __future__ import annotations

import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import build_book
import nbformat

from support.pages import Visitor
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


def tiny_notebook(folder: Path, cells: list[Any]) -> Path:
    """A tiny book whose page is a notebook with these cells."""
    source = tiny_book(folder, "")
    (source / "notebooks" / "index.md").unlink()
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=metadata)
    nbformat.write(notebook, source / "notebooks" / "index.ipynb")
    return source


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *arguments: Any) -> None:
        """Keep what was asked for to itself."""


@contextmanager
def opened(browser: Any, source: Path) -> Iterator[Visitor]:
    """Render a tiny book, serve it, and send a visitor."""
    assert render(source) == 0
    site = source.parent / "out" / "_build" / "html"
    handler = functools.partial(Quiet, directory=str(site))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    visitor = Visitor(browser, f"http://127.0.0.1:{server.server_port}")
    yield visitor
    visitor.context.close()
    server.shutdown()
