"""Colours, paper, no scripts; cards of shared links; links that lead outside."""

from __future__ import annotations

import http.server
import io
import json
import re
import subprocess
import sys
import threading
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import check_links
import make_card
import make_readme
import pytest

from support.books import render, tiny_book
from support.pages import PAGES, Visitor, parsed
from support.paths import ROOT

CHAPTER = "notebooks/04_the_optimal_discriminator"


# Colours, paper, no scripts
# ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scheme", "kept", "theme"),
    [
        ("light", {}, "light"),
        ("dark", {}, "dark"),
        ("light", {"mode": "dark", "theme": "dark"}, "dark"),
        ("dark", {"mode": "light", "theme": "light"}, "light"),
        ("dark", {"mode": "auto", "theme": "light"}, "dark"),
    ],
)
def test_a_page_starts_in_the_readers_colours(
    browser: Any,
    address: str,
    scheme: str,
    kept: dict[str, str],
    theme: str,
) -> None:
    """Before the theme's script runs, which comes after the text: otherwise the page would flash."""
    visitor = Visitor(browser, address, color_scheme=scheme)
    visitor.context.route("**/pydata-sphinx-theme.js*", lambda route: route.fulfill(body=""))
    visitor.page.add_init_script(f"Object.assign(localStorage, {json.dumps(kept)});")
    tab = visitor.open("notebooks/notation", formulas=False)
    page = tab.locator("html")
    assert (page.get_attribute("data-theme"), page.get_attribute("data-mode")) == (
        theme,
        kept.get("mode", "auto"),
    )
    visitor.context.close()


def test_a_page_without_scripts(browser: Any, address: str) -> None:
    """It has the book's colours and its formulas."""
    visitor = Visitor(browser, address, java_script_enabled=False, color_scheme="dark")
    for page, formulas in ((CHAPTER, True), ("notebooks/references", False)):
        visitor.page.goto(f"{address}/{page}.html")
        assert visitor.page.locator("html").get_attribute("data-theme") == "light"
        assert (visitor.page.locator("span.math > math").count() > 300) == formulas
    visitor.context.close()


def test_a_page_on_paper(browser: Any, address: str) -> None:
    """Printed from the dark as from the light; its title once; hints and solutions only where they
    were opened.
    """
    import pypdfium2

    def printed() -> Any:
        return pypdfium2.PdfDocument(tab.pdf(prefer_css_page_size=True, print_background=True))

    visitor = Visitor(browser, address, color_scheme="dark")
    tab = visitor.open(CHAPTER, formulas=False)
    tab.locator(".bd-article details.sd-dropdown > summary").first.click()
    tab.locator(".bd-article div.solution button.toggle-button").first.click()
    hints = tab.locator(".bd-article .sd-summary-content > p:first-child").all_text_contents()
    solutions = tab.locator(".bd-article div.solution section > p:first-child").all_text_contents()
    from_dark = printed()
    tab.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    tab.emulate_media(color_scheme="light")
    tab.wait_for_function("document.documentElement.dataset.theme === 'light'")
    from_light = printed()
    pages = zip(from_dark, from_light, strict=True)
    assert [
        n
        for n, both in enumerate(pages, 1)
        if len({one.render().to_numpy().tobytes() for one in both}) > 1
    ] == []
    assert len(from_dark) > 10

    def squeezed(text: str) -> str:
        return re.sub(r"\W+", "", unicodedata.normalize("NFKC", text))  # letters of formulas

    words = squeezed("".join(page.get_textpage().get_text_range() for page in from_dark))
    for texts in (hints, solutions):
        assert [n for n, text in enumerate(texts) if squeezed(text)[:60] in words] == [0]
    assert (
        squeezed(from_dark[0].get_textpage().get_text_range()).count("Theoptimaldiscriminator") == 1
    )
    tab.emulate_media(media="print")
    for boxes in ("details.sd-dropdown", "div.solution"):
        assert [
            n for n, box in enumerate(tab.locator(f".bd-article {boxes}").all()) if box.is_visible()
        ] == [0]
    visitor.context.close()


# Cards of shared links
# --------------------------------------------------------------------------------------


def card(html: Any) -> dict[str, str]:
    """The tags that other sites read."""
    tags = html.select("meta[property^='og:'], meta[name^='twitter:']")
    assert len({tag.get("property") or tag["name"] for tag in tags}) == len(tags)
    return {tag.get("property") or tag["name"]: tag["content"] for tag in tags}


@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_a_card(page: str, site: Path) -> None:
    """Title and description of the page; no address, for none is configured."""
    html = parsed(site, page)
    found = card(html)
    assert found["og:title"] in html.title.string
    assert found["og:description"] == html.find("meta", attrs={"name": "description"})["content"]
    assert found["og:type"] == ("website" if page == PAGES[0] else "article")
    assert found["twitter:card"] == "summary"
    assert not [name for name in found if name in ("og:url", "og:image") or "://" in found[name]]
    assert html.select("link[rel=canonical]") == []


def test_a_configured_base_gives_absolute_addresses(tmp_path: Path) -> None:
    """One setting; quotes and angles in a title do no harm."""
    source = tiny_book(
        tmp_path, '# A "title" & \\<b>\n\nA sentence long enough to say "what" the page is about.\n'
    )
    config = source / "_config.yml"
    text = config.read_text(encoding="utf-8")
    assert text.count('baseurl: ""') == 1
    config.write_text(
        text.replace('baseurl: ""', "baseurl: https://example.org/book/"), encoding="utf-8"
    )
    assert render(source) == 0
    found = card(parsed(tmp_path / "out" / "_build" / "html", "notebooks/index"))
    assert found["og:url"] == "https://example.org/book/notebooks/index.html"
    assert found["og:image"] == "https://example.org/book/_static/card.png"
    assert (tmp_path / "out" / "_build" / "html" / "_static" / "card.png").is_file()
    assert found["twitter:card"] == "summary_large_image"
    assert len(found["og:image:alt"]) > 30
    assert found["og:description"] == "A sentence long enough to say “what” the page is about."
    assert found["og:title"] == "A “title” & <b>"


def test_the_card_is_what_its_script_draws(tmp_path: Path) -> None:
    """The size that sites expect, under 200 kB, and not a picture of an earlier record."""
    import numpy as np
    from PIL import Image

    make_card.draw(tmp_path / "card.png")
    content = make_card.CARD.read_bytes()
    assert len(content) < 200_000
    with Image.open(io.BytesIO(content)) as committed, Image.open(tmp_path / "card.png") as drawn:
        assert committed.size == (1200, 630)
        old, new = (np.asarray(image.convert("L"), dtype=float) for image in (committed, drawn))
    assert np.abs(old - new).mean() < 1
    assert np.abs(old - new[::-1]).mean() > 10


def test_the_readme_shows_what_its_script_draws(tmp_path: Path) -> None:
    """Digits of the record, and the play as the page shows it."""
    import numpy as np
    from PIL import Image

    make_readme.draw(tmp_path / "book.png")
    assert make_readme.PICTURE.stat().st_size < 200_000
    with Image.open(make_readme.PICTURE) as committed, Image.open(tmp_path / "book.png") as drawn:
        old, new = (np.asarray(image.convert("L"), dtype=float) for image in (committed, drawn))
    assert np.abs(old - new).mean() < 1, "run python scripts/make_readme.py"
    first, *_, last = make_readme.rows().values()
    assert (first < 128).mean() > 0.1 and (last < 128).mean() < (first < 128).mean()
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.search(r"!\[[^\]]{80,}\]\(docs/book\.png\)", text)


# Links that lead outside
# ------------------------------------------------------------------------------------


@pytest.fixture
def outside() -> Iterator[str]:
    """A web server with a page, a page that has moved, a page that never answers, and nothing else."""
    stop = threading.Event()

    class Pages(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            if self.path == "/slow":
                stop.wait(20)
                return
            status = {"/ok": 200, "/moved": 301}.get(self.path, 404)
            self.send_response(status)
            if status == 301:
                self.send_header("Location", "/ok")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    stop.set()
    server.shutdown()


def test_make_links_tells_of_each_link(tmp_path: Path, outside: str) -> None:
    """One that works, one that is gone, one that has moved, one that is silent: each by name and
    place.
    """
    links = "\n\n".join(f"[{name}]({outside}/{name})" for name in ("ok", "gone", "moved", "slow"))
    source = tiny_book(tmp_path, f"# Title\n\n{links}\n")
    config = source / "_config.yml"
    text = re.sub(
        r"linkcheck_timeout: \d+", "linkcheck_timeout: 2", config.read_text(encoding="utf-8")
    )
    config.write_text(
        re.sub(r"linkcheck_retries: \d+", "linkcheck_retries: 1", text), encoding="utf-8"
    )
    command = [
        sys.executable,
        str(ROOT / "scripts" / "check_links.py"),
        "--source",
        str(source),
        "--out",
        str(tmp_path / "out"),
    ]
    start = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert time.monotonic() - start < 60
    lines = done.stdout.splitlines()
    assert done.returncode == 1, done.stdout + done.stderr
    where = "notebooks/index.md:"
    assert [
        line
        for line in lines
        if line.startswith("FAILED") and f"{outside}/gone: 404" in line and where in line
    ]
    assert [line for line in lines if line.startswith("FAILED") and f"{outside}/slow: " in line]
    assert [
        line
        for line in lines
        if line.startswith("moved") and f"{outside}/moved -> {outside}/ok" in line
    ]
    assert len(lines) == 4
    assert lines[-1] == "4 links leave the book: 1 work, 1 have moved, 2 failed"
    one = {"status": "working", "filename": "a.md", "lineno": 3, "uri": outside, "info": ""}
    assert check_links.tell([one])[1] == 0
