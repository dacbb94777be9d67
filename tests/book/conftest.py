"""One build of the site for all tests of it, a browser, and two visitors."""

from __future__ import annotations

import fcntl
import functools
import http.server
import os
import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import build_book
import pytest

from support.pages import Visitor
from support.paths import ROOT
from support.plays import put_on_stage, visit

LIBRARY = ("tf-core.min.js", "tf-backend-cpu.min.js", "mnist-mlp.weights.js")
OUT_OF_REACH = re.compile(
    r"not installed|ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|timed out|E40[134]|E5\d\d|ENOTCACHED"
)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A fresh build, one for all workers; ``GANBOOK_SITE`` names a ready one instead."""
    if ready := os.environ.get("GANBOOK_SITE"):
        return Path(ready).resolve()
    base = tmp_path_factory.getbasetemp()
    out = (base.parent if hasattr(request.config, "workerinput") else base) / "book"
    out.mkdir(exist_ok=True)
    with (out / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (out / "status").exists():
            player, _ = build_book.fetch_player(ROOT / "_build" / "player")
            status = build_book.render(out, build_book.build_wheel(out / "wheel"), player=player)
            (out / "status").write_text(str(status))
    assert (out / "status").read_text() == "0", (
        "the book does not build: see the warnings printed above"
    )
    return out / "_build" / "html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium; without one the tests skip, except under CI.

    Where Debian's `chromium-headless-shell` is installed it is taken: the same engine without the
    windows around it, which start anew for each visitor.
    """
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if (found := shutil.which(name))), None)
    if path is None:
        reason = "no Chromium on this machine: install Debian's package `chromium` to test the rendered pages"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """The site behind a web server of this machine."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(site))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module")
def served(browser: Any, address: str) -> Iterator[Visitor]:
    """A visitor who reads the site from a web server."""
    visitor = Visitor(browser, address)
    yield visitor
    visitor.context.close()


@pytest.fixture(scope="module")
def from_disk(browser: Any, site: Path) -> Iterator[Visitor]:
    """A visitor who opened the site by a double click, in light colours."""
    visitor = Visitor(browser, site.as_uri(), color_scheme="light")
    yield visitor
    visitor.context.close()


@pytest.fixture
def other(browser: Any, address: str) -> Iterator[Visitor]:
    """A reader with an empty storage, behind a web server."""
    visitor = Visitor(browser, address)
    yield visitor
    visitor.context.close()


@pytest.fixture(scope="session")
def stage(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of the plays with the plays' sections alone, for what concerns nothing else."""
    return put_on_stage(site, tmp_path_factory.mktemp("stage"))


@pytest.fixture(scope="module")
def reader(browser: Any, stage: Path) -> Iterator[Visitor]:
    """Somebody who opened a play's section by a double click."""
    visitor = visit(browser, stage.as_uri(), color_scheme="light")
    yield visitor
    visitor.context.close()


@pytest.fixture
def library(site: Path) -> list[Path]:
    """The heavy parts beside the site; without npm or its registry the test skips, with a broken
    lock it fails.
    """
    parts = [site / "_static" / "plays" / name for name in LIBRARY]
    if not all(part.exists() for part in parts):
        _, reason = build_book.fetch_player(ROOT / "_build" / "player")
        reason = reason or "the site was built without the library: python scripts/build_book.py"
        (pytest.skip if OUT_OF_REACH.search(reason) else pytest.fail)(reason)
    return parts
