"""Print the rendered book as one PDF, by headless Chromium: ``dist/ganbook.pdf``.

    python scripts/print_book.py [--site DIR] [--out FILE] [--pages NAME ...]

All pages become one document, so that Chromium itself numbers the pages through, links them and
writes the outline. It is printed twice: the first print tells on which page everything stands, the
second says so. Nothing is fetched, and the time of printing does not go into the file."""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import print_finish
import print_pages

ROOT = Path(__file__).resolve().parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OLDEST = 131  # the first with page numbers by style sheet
TEXT_WIDTH = round((210 - 2 * 22) / 25.4 * 96)  # of print.css: A4 less its margins, in CSS pixels

READY = """async () => {
  await document.fonts.ready;
  await Promise.all([...document.images].map(image => image.decode()));
  return document.querySelectorAll(".math:not(:has(math))").length;
}"""

# A window on a strip of sheets, of which the slider chooses one: on paper it is the last sheet and nothing else.
LAST_SHEET = """() => {
  for (const figure of document.querySelectorAll("figure.epochs")) {
    const strip = figure.querySelector(".epochs-window img"), sheet = document.createElement("canvas");
    const [width, height] = [strip.naturalWidth, strip.naturalHeight / figure.style.getPropertyValue("--looks")];
    Object.assign(sheet, { width, height, role: "img", ariaLabel: strip.alt });
    sheet.style.cssText = "display: block; width: 100%";
    sheet.getContext("2d").drawImage(strip, 0, strip.naturalHeight - height, width, height, 0, 0, width, height);
    strip.replaceWith(sheet);
  }
}"""

FIT = """() => {
  const scale = (box, room, wide) => { if (wide > room) box.style.fontSize = `${Math.floor(100 * room / wide)}%`; };
  const edge = document.body.getBoundingClientRect().right;
  for (const box of document.querySelectorAll(".formula, span.math")) {
    for (const math of box.querySelectorAll("math")) {
      const drawn = math.getBoundingClientRect();
      if (box.matches(".formula")) scale(box, box.clientWidth, drawn.width);
      else if (drawn.right > edge) scale(box, edge - drawn.left, drawn.width);
    }
  }
  for (const table of document.querySelectorAll("table")) scale(table, document.body.clientWidth, table.scrollWidth);
}"""

STICKS_OUT = """() => [...document.querySelectorAll("body *")].filter(node => {
  const {left, right, width} = node.getBoundingClientRect();
  return width && !node.closest("math > *") && (left < -1 || right > document.body.clientWidth + 1);
}).map(node => `${node.tagName.toLowerCase()} ${node.textContent.trim().slice(0, 50)}`)"""

HAS_CHINESE = """() => {
  const draw = text => {
    const canvas = document.createElement("canvas");
    canvas.getContext("2d").fillText(text, 10, 20);
    return canvas.toDataURL();
  };
  return draw("\\u751f") !== draw("\\u5668");
}"""

WITHOUT_CHINESE = """() => {
  const terms = document.querySelectorAll(".bd-article dt:lang(zh)");
  terms[0]?.closest("dl").insertAdjacentHTML("beforebegin",
    "<p><em>Printed without a Chinese font: the Chinese names of the terms are left out here.</em></p>");
  terms.forEach(term => term.remove());
  return terms.length;
}"""

NUMBER = """pages => document.querySelectorAll("[data-page-of]").forEach(
  place => place.textContent = pages[place.dataset.pageOf])"""


class CannotPrint(RuntimeError):
    """Printing needs something that is not here; the message says what to do."""


def find_browser() -> str:
    """The path of a Chromium or Chrome; raises ``CannotPrint`` where there is none."""
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        raise CannotPrint(
            "make pdf prints with Chromium or Chrome, and found neither in the PATH: "
            "install one (Debian: apt-get install chromium)"
        )
    return path


def print_pdf(document: Path, say: Any = print) -> bytes:
    """Typeset the assembled document and print it until its page numbers are right."""
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_browser(), args=arguments)
        if int(chromium.version.split(".")[0]) < OLDEST:
            raise CannotPrint(
                f"Chromium {chromium.version} cannot number pages: install version {OLDEST} or later"
            )
        page = chromium.new_page(
            viewport={"width": TEXT_WIDTH, "height": 1000}, color_scheme="light", offline=True
        )
        page.set_default_timeout(600_000)
        failed: list[str] = []
        page.on("requestfailed", lambda request: failed.append(request.url))
        page.emulate_media(media="print")
        page.goto(document.as_uri(), wait_until="load")
        broken = page.evaluate(READY)
        if broken or failed:
            raise CannotPrint(
                f"{document}: {broken} formulas do not set, {failed} do not load: run `make book` again"
            )
        if not page.evaluate(HAS_CHINESE) and (left_out := page.evaluate(WITHOUT_CHINESE)):
            say(
                f"No Chinese font here: {left_out} Chinese names are left out (Debian: apt-get install fonts-noto-cjk)"
            )
        page.evaluate(LAST_SHEET)
        page.evaluate(FIT)
        if wide := page.evaluate(STICKS_OUT):
            say(
                f"Too wide for the paper, so that everything is printed smaller: {'; '.join(wide[:3])}"
            )
        how = {"prefer_css_page_size": True, "print_background": True}
        places = print_finish.places(page.pdf(**how))
        for _ in range(3):
            page.evaluate(NUMBER, places)
            printed = page.pdf(outline=True, tagged=True, **how)
            said, places = places, print_finish.places(printed)
            if said == places:
                break
        else:
            raise CannotPrint("page numbers do not settle: in print.css, their width moves lines")
        chromium.close()
    return printed


def some(pages: list[str], names: Sequence[str]) -> list[str]:
    """The pages of those names, such as ``06_optimal_transport``, in the book's order; all without
    names. Raises ``CannotPrint`` for a name that no page has.
    """
    known = {Path(page).name: page for page in pages}
    if unknown := sorted(set(names) - set(known)):
        raise CannotPrint(f"no page is called {', '.join(unknown)}: there are {', '.join(known)}")
    return [page for name, page in known.items() if name in names or not names]


def make(site: Path, out: Path, say: Any = print, names: Sequence[str] = ()) -> int:
    """Print the site, or the named pages of it, to ``out`` and return the number of pages."""
    if not (site / "index.html").is_file():
        raise CannotPrint(f"{site} holds no index.html: render the book first, with `make book`")
    find_browser()
    book = print_pages.read_book(ROOT, site)
    book.pages = some(book.pages, names)
    with tempfile.TemporaryDirectory(dir=site.parent, prefix="print-") as folder:
        document = Path(folder) / "book.html"
        html, chapters = print_pages.assemble(book, Path(folder))
        document.write_text(html, encoding="utf-8")
        printed = print_pdf(document, say)
    out.parent.mkdir(parents=True, exist_ok=True)
    return print_finish.finish(printed, out, book.title, book.author, chapters)


def main() -> int:
    """Print, and say where the file lies."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--site", type=Path, default=ROOT / "_build" / "html", help="the rendered book"
    )
    parser.add_argument(
        "--out", type=Path, default=ROOT / "dist" / "ganbook.pdf", help="the PDF to write"
    )
    parser.add_argument(
        "--pages", nargs="+", default=(), metavar="NAME", help="print these alone [default: all]"
    )
    options = parser.parse_args()
    start = time.monotonic()
    try:
        pages = make(options.site.resolve(), options.out.resolve(), names=options.pages)
    except CannotPrint as error:
        print(error, file=sys.stderr)
        return 1
    size = options.out.stat().st_size / 1e6
    print(
        f"The book on paper: {options.out} ({pages} pages, {size:.1f} MB, {time.monotonic() - start:.0f} s)"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
