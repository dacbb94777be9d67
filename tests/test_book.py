"""The rendered book in a real browser: every page, three widths, light and dark, from a server and from the disk."""

from __future__ import annotations

import fcntl
import functools
import gzip
import http.server
import importlib.util
import json
import os
import re
import shutil
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
PAGES = [TOC["root"], *(chapter["file"] for part in TOC["parts"] for chapter in part["chapters"])]
CHAPTERS = [page for page in PAGES if re.search(r"/\d\d_", page)]
WIDTHS = (1440, 768, 360)
SETTLED = "() => !window.MathJax?.startup?.promise || MathJax.startup.promise.then(() => true)"


def load_script(name: str) -> Any:
    """Import a file of scripts/, which is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


build_book = load_script("build_book")


# The site, and a browser --------------------------------------------------------------------------------------


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
            status = build_book.render(out, build_book.build_wheel(out / "wheel"))
            (out / "status").write_text(str(status))
    assert (out / "status").read_text() == "0", "the book does not build: see the warnings printed above"
    return out / "_build" / "html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium; without one the tests skip, except under CI."""
    names = ("chromium", "chromium-browser", "google-chrome")
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

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


class Visitor:
    """One tab that refuses foreign addresses and remembers everything that went wrong."""

    def __init__(self, browser: Any, home: str, **context: Any) -> None:
        self.home, self.troubles, self.bodies = home, [], {}
        self.context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}} | context)
        self.context.route("**/*", self._gate)
        self.page = self.context.new_page()
        self.page.on("console", lambda message: self._note("console", message.text, message.type == "error"))
        self.page.on("pageerror", lambda error: self._note("script", str(error)))
        self.page.on("requestfailed", lambda request: self._note("failed", request.url))
        self.page.on("response", self._keep)

    def _gate(self, route: Any) -> None:
        if route.request.url.startswith((self.home, "data:", "blob:")):
            route.continue_()
        else:
            self._note("foreign", route.request.url)
            route.abort()

    def _note(self, kind: str, text: str, wrong: bool = True) -> None:
        if wrong:
            self.troubles.append(f"{kind}: {text}")

    def _keep(self, response: Any) -> None:
        if response.status >= 400:
            self._note("status", f"{response.status} {response.url}")
        else:
            self.bodies[response.url] = response

    def open(self, page: str) -> Any:
        """Go to a page and wait until its mathematics stands; the record starts anew."""
        self.troubles.clear()
        self.bodies.clear()
        self.page.goto(f"{self.home}/{page}.html", wait_until="load")
        self.page.evaluate(SETTLED)
        return self.page


@pytest.fixture(scope="module")
def served(browser: Any, address: str) -> Iterator[Visitor]:
    """A visitor who reads the site from a web server, in light colours."""
    visitor = Visitor(browser, address, color_scheme="light")
    yield visitor
    visitor.context.close()


@pytest.fixture(scope="module")
def from_disk(browser: Any, site: Path) -> Iterator[Visitor]:
    """A visitor who opened the site by a double click."""
    visitor = Visitor(browser, site.as_uri())
    yield visitor
    visitor.context.close()


# Every page ---------------------------------------------------------------------------------------------------

RAW_TEXT = """() => {
  const copy = document.querySelector(".bd-article").cloneNode(true);
  copy.querySelectorAll("pre, code, script, style, mjx-container").forEach(node => node.remove());
  return copy.textContent;
}"""

BROKEN_IMAGES = """async () => {
  const images = [...document.querySelectorAll("img")];
  images.forEach(image => image.loading = "eager");
  await Promise.allSettled(images.map(image => image.decode()));
  return images.filter(i => !i.naturalWidth || !(i.alt || "").trim()).map(i => i.getAttribute("src") + " | " + i.alt);
}"""

WIDE = """() => {
  const limit = document.documentElement.clientWidth + 1;
  const scrollers = "pre, div.math, mjx-container, .pst-scrollable-table-container, svg, .sr-only, .headerlink";
  const wide = [...document.querySelectorAll(".bd-article *")].filter(node => {
    if (node.closest(scrollers)) return false;
    const box = node.getBoundingClientRect();
    return box.width && (box.right > limit || box.left < -1);
  }).map(node => node.tagName + "." + node.className + ": " + node.textContent.trim().slice(0, 60));
  if (document.documentElement.scrollWidth > limit) wide.push("the page itself: " + document.documentElement.scrollWidth);
  return wide;
}"""


@pytest.mark.parametrize("page", PAGES)
def test_page_shows_all_it_has(page: str, served: Visitor) -> None:
    """Nothing fails or is fetched elsewhere, formulas and pictures stand, no markup is left over, and it is light."""
    tab = served.open(page)
    assert served.troubles == []
    assert tab.locator("mjx-merror").count() == 0
    left_over = re.findall(r"\$|\\(?:begin|frac|text|mathbb|log)\b|\{[a-z:]+\}`|:::", tab.evaluate(RAW_TEXT))
    assert left_over == []
    assert tab.evaluate(BROKEN_IMAGES) == []
    assert tab.locator("html").get_attribute("lang") == "en"
    assert tab.locator("h1").count() == 1 + tab.locator("#jb-print-docs-body h1").count()
    bodies = [response.body() for response in served.bodies.values()]
    assert sum(map(len, bodies)) < 4e6
    assert sum(len(gzip.compress(body, 6)) for body in bodies) < 1.5e6


@pytest.mark.parametrize("page", PAGES)
def test_page_opens_from_the_disk(page: str, from_disk: Visitor) -> None:
    """The same from the file system, where browsers refuse to fetch."""
    tab = from_disk.open(page)
    assert from_disk.troubles == []
    assert tab.locator("mjx-merror").count() == 0
    assert tab.evaluate(BROKEN_IMAGES) == []


@pytest.mark.parametrize("page", PAGES)
def test_nothing_overflows_sideways(page: str, served: Visitor) -> None:
    """At a desk, on a tablet and on a phone, only code, formulas and tables scroll."""
    tab = served.open(page)
    try:
        for width in WIDTHS:
            tab.set_viewport_size({"width": width, "height": 900})
            assert tab.evaluate(WIDE) == [], f"{width} px"
    finally:
        tab.set_viewport_size({"width": 1440, "height": 900})


def violations(tab: Any) -> list[str]:
    """What axe-core calls serious or critical."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(tab, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{problem['id']}: {node['html'][:160]}"
        for problem in found if problem["impact"] in ("serious", "critical") for node in problem["nodes"]
    ]


@pytest.mark.parametrize("page", PAGES)
def test_page_is_accessible(page: str, served: Visitor) -> None:
    """No serious or critical violation, light or dark, at a desk or on a phone."""
    tab = served.open(page)
    try:
        for scheme in ("light", "dark"):
            tab.emulate_media(color_scheme=scheme)
            tab.wait_for_function("scheme => document.documentElement.dataset.theme === scheme", arg=scheme)
            assert violations(tab) == [], scheme
        tab.set_viewport_size({"width": 360, "height": 800})
        assert violations(tab) == [], "dark, 360 px"
    finally:
        tab.set_viewport_size({"width": 1440, "height": 900})
        tab.emulate_media(color_scheme="light")


def test_planted_violations_are_caught(served: Visitor) -> None:
    """The accessibility check can fail: a picture without alt text, and text too pale to read."""
    tab = served.open("notebooks/notation")
    tab.evaluate("""() => document.querySelector(".bd-article").insertAdjacentHTML("afterbegin",
      '<img src="../_static/book.css"><p style="color: #bbb; background: #fff">pale</p>')""")
    kinds = {line.split(":")[0] for line in violations(tab)}
    assert {"image-alt", "color-contrast"} <= kinds


# Chapters and exercises ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", CHAPTERS)
def test_chapter_has_its_number(page: str, served: Visitor) -> None:
    """Chapters are numbered by their place in the contents; file names say the same number."""
    tab = served.open(page)
    assert tab.locator(".bd-article h1 .section-number").inner_text() == str(int(re.search(r"/(\d\d)_", page)[1]))
    facts = tab.locator(".chapter-facts").inner_text()
    assert re.match(r"\d+ min to read", facts)
    notebook = ROOT / f"{page}.ipynb"
    if notebook.exists():
        executed = json.loads(notebook.read_text(encoding="utf-8"))["metadata"].get("ganbook", {}).get("executed")
        assert not executed or executed["date"] in facts


@pytest.mark.parametrize("page", CHAPTERS)
def test_exercises_have_their_ids_as_numbers(page: str, served: Visitor) -> None:
    """What is rendered as Exercise 4.2 is what `exercise("4.2")` returns, in the order of the page."""
    tab = served.open(page)
    found = tab.eval_on_selector_all(
        ".bd-article div.exercise", "all => all.map(e => [e.id, e.querySelector('.caption-number').textContent.trim()])"
    )
    chapter = int(re.search(r"/(\d\d)_", page)[1])
    assert found == [[f"ex-{chapter}-{n}", f"Exercise {chapter}.{n}"] for n in range(1, len(found) + 1)]
    notebook = ROOT / f"{page}.ipynb"
    if notebook.exists():
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        declared = [mark["exercise"] for c in cells if "exercise" in (mark := c["metadata"].get("ganbook", {}))]
        assert [number.removeprefix("Exercise ") for _, number in found] == declared


@pytest.mark.parametrize("page", CHAPTERS)
def test_hints_and_solutions_are_closed_until_asked(page: str, served: Visitor) -> None:
    """Closed at load; a hint and a solution open by mouse, the next ones by keyboard."""
    tab = served.open(page)
    hints, solutions = tab.locator(".bd-article details.sd-dropdown"), tab.locator(".bd-article div.solution")
    if not hints.count() and not solutions.count():
        pytest.skip("this page has no exercises")
    assert tab.locator(".bd-article details[open]").count() == 0
    assert all(not section.is_visible() for section in solutions.locator("section").all())
    for number, key in enumerate((None, "Enter")):
        hint, solution = hints.nth(number), solutions.nth(number)
        for control in (hint.locator("summary"), solution.locator("button.toggle-button")):
            if key:
                control.focus()
                tab.keyboard.press(key)
            else:
                control.click()
        assert hint.locator(".sd-summary-content").is_visible()
        assert solution.locator("section").first.is_visible()


# Search, downloads, links between files -----------------------------------------------------------------------


@pytest.mark.parametrize("place", ["served", "from_disk"])
def test_search_finds_a_page(place: str, request: pytest.FixtureRequest) -> None:
    """One search field on a page; its results name the glossary, in English and in Chinese."""
    visitor = request.getfixturevalue(place)
    tab = visitor.open("notebooks/index")
    assert tab.locator("button.search-button__button:visible").count() == 1
    for word in ("discriminator", "生成器"):
        visitor.open("search")
        tab.goto(f"{visitor.home}/search.html?q={word}")
        tab.locator("#search-results li a", has_text="Glossary").first.wait_for(timeout=10_000)
    tab.wait_for_timeout(300)
    assert visitor.troubles == []


def test_the_front_page_leads_into_the_book(served: Visitor) -> None:
    """The site's root opens the front page, and `next` walks through every page."""
    tab = served.open("index")
    tab.wait_for_url("**/notebooks/index.html")
    seen = ["notebooks/index"]
    while tab.locator("a.right-next").count():
        tab.goto(tab.locator("a.right-next").evaluate("link => link.href"))
        seen.append(tab.url.removeprefix(served.home + "/").removesuffix(".html"))
    assert seen == PAGES


@pytest.mark.parametrize("page", CHAPTERS)
def test_notebook_and_wheel_can_be_downloaded(page: str, site: Path, served: Visitor) -> None:
    """The download menu's files are there, and the notebook is the committed one."""
    tab = served.open(page)
    links = tab.eval_on_selector_all(".dropdown-download-buttons a", "all => all.map(a => a.getAttribute('href'))")
    targets = [(site / page).parent.joinpath(link).resolve() for link in links]
    assert any(target.suffix == ".whl" for target in targets)
    assert all(target.is_file() for target in targets)
    source = next(path for suffix in (".ipynb", ".md") if (path := ROOT / f"{page}{suffix}").exists())
    download = next(target for target in targets if target.suffix == source.suffix)
    assert download.read_bytes() == source.read_bytes()


def test_wheel_holds_the_whole_package(site: Path) -> None:
    """Modules, records and weights: everything under ganbook/ but caches."""
    wheel = next(site.glob("ganbook-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.startswith("ganbook/")}
    there = {
        path.relative_to(ROOT).as_posix() for path in (ROOT / "ganbook").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.endswith((".tmp", ".pyc"))
    }
    assert there <= packed
    assert served_version(wheel) in (site / "notebooks" / "running.html").read_text(encoding="utf-8")


def served_version(wheel: Path) -> str:
    """The line of the running page that installs this very file."""
    return f"install ganbook-{wheel.name.split('-')[1]}-py3-none-any.whl".replace("install ", "")


def test_the_install_line_names_the_served_wheel(served: Visitor) -> None:
    """Behind a web server, the line to copy has the wheel's full address."""
    tab = served.open("notebooks/running")
    line = tab.locator(".install-line pre").inner_text().strip()
    assert re.fullmatch(rf"pip install {re.escape(served.home)}/ganbook-\S+\.whl", line)
    assert served.page.request.get(line.removeprefix("pip install ")).ok


# The build itself ---------------------------------------------------------------------------------------------


def tiny_book(folder: Path, text: str) -> Path:
    """A book of one page, with this book's configuration and extension."""
    source = folder / "source"
    (source / "notebooks").mkdir(parents=True)
    (source / "ganbook").mkdir()
    shutil.copy2(ROOT / "ganbook" / "__init__.py", source / "ganbook")
    shutil.copytree(ROOT / "book_ext", source / "book_ext", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(ROOT / "_config.yml", source)
    (source / "_toc.yml").write_text("format: jb-book\nroot: notebooks/index\n")
    (source / "notebooks" / "index.md").write_text(text, encoding="utf-8")
    wheel = folder / "ganbook-0-py3-none-any.whl"
    wheel.touch()
    return source


def render(source: Path) -> int:
    """Build a tiny book."""
    return build_book.render(source.parent / "out", source.parent / "ganbook-0-py3-none-any.whl", source)


def test_a_warning_fails_the_build(tmp_path: Path, capfd: pytest.CaptureFixture) -> None:
    """A reference that leads nowhere is refused by name."""
    assert render(tiny_book(tmp_path, "# Title\n\nSee {ref}`nowhere-at-all`.\n")) != 0
    assert "nowhere-at-all" in capfd.readouterr().err


def test_a_page_and_a_notebook_of_one_name_are_refused(tmp_path: Path, capfd: pytest.CaptureFixture) -> None:
    """When a chapter arrives, the page that stood in for it must go."""
    source = tiny_book(tmp_path, "# Title\n\nText.\n")
    notebook = {"cells": [{"cell_type": "markdown", "metadata": {}, "source": "# Title", "id": "a"}], "metadata": {},
                "nbformat": 4, "nbformat_minor": 5}
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


@pytest.mark.parametrize(("given", "expected"), [
    ("https://github.com/someone/book.git", "https://github.com/someone/book"),
    ("https://name:secret@github.com/someone/book", "https://github.com/someone/book"),
    ("http://git.example.org:8080/a/b/", "http://git.example.org:8080/a/b"),
    ("git@github.com:someone/book.git", None),
    ("/srv/git/book.git", None),
    ("https://github.com", None),
    ("", None),
])
def test_an_address_is_used_only_if_the_web_can_reach_it(repository: Any, given: str, expected: str | None) -> None:
    """Credentials never reach a page; paths and ssh addresses are no addresses of a web page."""
    assert repository.clean(given) == expected


def test_launch_buttons_need_a_configured_address(repository: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """None without an address, Colab and issues with one on GitHub."""
    from types import SimpleNamespace

    app, config = SimpleNamespace(srcdir=tmp_path), SimpleNamespace(html_theme_options={"repository_url": ""})
    monkeypatch.delenv("GANBOOK_REPOSITORY", raising=False)
    repository.offer_repository(app, config)
    assert config.html_theme_options == {}
    monkeypatch.setenv("GANBOOK_REPOSITORY", "https://github.com/someone/book")
    repository.offer_repository(app, config)
    assert config.html_theme_options["launch_buttons"]["colab_url"].startswith("https://colab")
    assert config.html_theme_options["repository_url"] == "https://github.com/someone/book"
