"""The rendered pages: which there are, a visitor who opens them, and what to ask of them."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml

from support.paths import ROOT

TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
PAGES = [TOC["root"], *(chapter["file"] for part in TOC["parts"] for chapter in part["chapters"])]
CHAPTERS = [page for page in PAGES if re.search(r"/\d\d_", page)]


def part(caption: str) -> list[str]:
    """The pages of a part of the book, by the beginning of its caption."""
    found = [p["chapters"] for p in TOC["parts"] if p["caption"].startswith(caption)]
    return [chapter["file"] for chapters in found for chapter in chapters]


SETTLED = "() => document.fonts.ready.then(() => true)"


def left(request: Any) -> bool:
    """Whether a request ended because the visitor went on to another page."""
    return request.failure == "net::ERR_ABORTED"


class Visitor:
    """One tab that refuses foreign addresses and remembers everything that went wrong."""

    def __init__(self, browser: Any, home: str, **context: Any) -> None:
        self.home, self.troubles, self.requested = home, [], set()
        self.context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}} | context)
        self.context.route("**/*", self._gate)
        self.page = self.context.new_page()
        self.page.set_default_timeout(180_000)  # a busy machine is no fault of the page
        self.page.on(
            "console", lambda message: self._note("console", message.text, message.type == "error")
        )
        self.page.on("pageerror", lambda error: self._note("script", str(error)))
        self.page.on(
            "requestfailed", lambda request: self._note("failed", request.url, not left(request))
        )
        self.page.on(
            "response", lambda response: self._note("status", response.url, response.status >= 400)
        )

    def _gate(self, route: Any) -> None:
        if route.request.url.startswith((self.home, "data:", "blob:")):
            self.requested.add(route.request.url)
            route.continue_()
        else:
            self._note("foreign", route.request.url)
            route.abort()

    def _note(self, kind: str, text: str, wrong: bool = True) -> None:
        if wrong:
            self.troubles.append(f"{kind}: {text}")

    def open(self, page: str, formulas: bool = True) -> Any:
        """Go to a page, wait until it is loaded and has its fonts; the record starts anew."""
        self.troubles.clear()
        self.requested.clear()
        self.page.goto(f"{self.home}/{page}.html", wait_until="load")
        if formulas:
            self.page.evaluate(SETTLED)
        return self.page


def at_rest(tab: Any, look: Callable[[], Any], wrong: Callable[[Any], Any] = bool) -> Any:
    """What ``look`` returns once nothing in it is wrong; a page that still moves is given two
    seconds.
    """
    for _ in range(20):
        if not wrong(found := look()):
            break
        tab.wait_for_timeout(100)
    return found


RAW_TEXT = """() => {
  const copy = document.querySelector(".bd-article").cloneNode(true);
  copy.querySelectorAll("pre, code, script, style, math").forEach(node => node.remove());
  return copy.textContent;
}"""


LEFT_OVER = r"\$|\\(?:begin|frac|text|mathbb|log)\b|\{[a-z:]+\}`|:::"


OUT_OF_REACH = """() => [...document.querySelectorAll(".bd-article *")].filter(node =>
    node.scrollWidth > node.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(node).overflowX)
    && node.tabIndex < 0 && !node.querySelector("a, button, input"))
  .map(node => "scrolls, but not by keyboard: " + node.tagName + "." + node.className)"""


UNFOLD = """() => {
  document.querySelectorAll('.bd-article details').forEach(part => { part.open = true; });
  document.querySelectorAll('.bd-article .toggle-hidden button').forEach(button => button.click());
}"""


BROKEN_IMAGES = """async () => {
  const images = [...document.querySelectorAll("img")];
  images.forEach(image => image.loading = "eager");
  await Promise.allSettled(images.map(image => image.decode()));
  return images.filter(i => !i.naturalWidth || !i.alt.trim()).map(i => i.getAttribute("src") + " | " + i.alt);
}"""


WIDE = """() => {
  const limit = document.documentElement.clientWidth + 1;
  const scrollers = "pre, .formula, .pst-scrollable-table-container, svg, .headerlink";
  const wide = [...document.querySelectorAll(".bd-article *")].filter(node => {
    if (node.closest(scrollers)) return false;
    const box = node.getBoundingClientRect();
    return box.width && (box.right > limit || box.left < -1);
  }).map(node => node.tagName + "." + node.className + ": " + node.textContent.trim().slice(0, 60));
  if (document.documentElement.scrollWidth > limit) wide.push("the page itself");
  return wide;
}"""


CUT_FORMULAS = """() => {
  const page = document.documentElement.clientWidth, faults = [];
  for (const math of document.querySelectorAll(".bd-article math")) {
    const drawn = math.getBoundingClientRect();
    if (!drawn.width) continue;
    const tex = math.closest("[data-tex]").dataset.tex;
    const line = math.closest(".formula"), table = math.closest(".pst-scrollable-table-container");
    if (line) {
      if (drawn.width > line.clientWidth + 1 && line.tabIndex < 0) faults.push(`no way to scroll: ${tex}`);
      if (line.scrollHeight > line.clientHeight + 1) faults.push(`cut above or below: ${tex}`);
      continue;
    }
    if (table) continue;
    let box = math;
    do box = box.parentElement; while (getComputedStyle(box).display.startsWith("inline"));
    const room = box.getBoundingClientRect();
    if (drawn.right > Math.min(page, room.right) + 1 || drawn.left < room.left - 1) faults.push(`cut: ${tex}`);
  }
  for (const tied of document.querySelectorAll(".bd-article .unbroken")) {
    const mark = tied.lastChild, math = [...tied.querySelectorAll("math")].at(-1)?.getBoundingClientRect();
    if (mark.nodeType !== Node.TEXT_NODE || !math?.width) continue;
    const range = document.createRange();
    range.selectNodeContents(mark);
    const box = range.getClientRects()[0];
    if (box.left < math.right - 3 || box.top > math.bottom) faults.push(`alone: ${tied.textContent}`);
  }
  return faults;
}"""


THIN = """() => {
  const seen = new Set();
  const known = key => seen.size === seen.add(key).size;
  const room = node => node.closest(".cell_input, .cell_output, .solution, .admonition")?.className;
  document.querySelectorAll(".bd-article .highlight pre span").forEach(span => {
    if (span.firstElementChild || span.textContent.trim().length < 2 || known([span.className, room(span)].join()))
      span.replaceWith(...span.childNodes);
  });
  document.querySelectorAll(".bd-article span.math").forEach(math => {
    if (known(["math", math.parentElement.tagName, math.parentElement.className].join()))
      math.replaceWith("x");
  });
  document.querySelectorAll("math").forEach(formula => formula.replaceChildren("x"));
  document.querySelector(".bd-article")?.normalize();
}"""


# Words that differ from earlier ones in nothing that a style sheet can ask for have their colours, too: of each
# way from the body down (tags, classes, states, odd and even rows) one element with text stays. axe judges no text of
# one character.
DISTINCT = """() => {
  const silent = new RegExp(`^(${[
    "id|href|src|srcset|alt|title|name|for|value|width|height|tabindex|target|rel|download|on.*",
    "data-(?!mode|theme).*|aria-(label|labelledby|describedby|controls|owns)",
    "d|x|y|x1|x2|y1|y2|cx|cy|r|transform|viewBox|points"].join("|")})$`);
  const kind = node => [node.tagName, /^(TR|LI)$/.test(node.tagName)
      && [...node.parentElement.children].indexOf(node) % 2,
    ...[...node.attributes].filter(a => !silent.test(a.name)).map(a => a.name + "=" + a.value)].join("|");
  const way = new Map([[document.body, "body"]]);
  const texts = new Map();
  for (const node of document.body.querySelectorAll("*")) {
    way.set(node, way.get(node.parentElement) + " > " + kind(node));
    const own = [...node.childNodes].some(child => child.nodeType === Node.TEXT_NODE && child.data.trim().length > 1);
    if (!own && !/^(INPUT|SELECT|TEXTAREA|BUTTON)$/.test(node.tagName)) continue;
    for (let up = node; up && up !== document.body; up = up.parentElement)
      texts.set(up, (texts.get(up) || new Set()).add(way.get(node)));
  }
  const seen = new Set();
  (function keep(node) {
    for (const child of [...node.children]) {
      const own = texts.get(child);
      if (own && [...own].every(one => seen.has(one))) {
        if (/^(TR|LI)$/.test(child.tagName)) child.replaceChildren();  // rows keep their places: odd ones stay odd
        else child.remove();
        continue;
      }
      if (own && own.has(way.get(child))) seen.add(way.get(child));
      keep(child);
    }
  })(document.body);
}"""


def violations(tab: Any, *rules: str, without: Sequence[str] = ()) -> list[str]:
    """What axe-core calls serious or critical; all its rules, the named ones, or all but some.

    axe's time grows with the square of the number of elements, and four of five of a chapter's are
    coloured words of code and parts of formulas. So the page is thinned first: of each colour in
    each kind of box one word stays, of formulas one in each kind of paragraph, emptied. For the
    contrast of colours alone it is thinned to elements that differ (DISTINCT).
    """
    from axe_playwright_python.sync_playwright import Axe

    tab.evaluate(THIN)
    if rules == ("color-contrast",):
        tab.evaluate(DISTINCT)
    options = {"resultTypes": ["violations"], "preload": False} | (
        {"runOnly": list(rules)} if rules else {}
    )
    options |= {"rules": {rule: {"enabled": False} for rule in without}} if without else {}
    found = Axe().run(tab, options=options).response["violations"]
    return [
        f"{problem['id']}: {node['html'][:160]}"
        for problem in found
        if problem["impact"] in ("serious", "critical")
        for node in problem["nodes"]
    ]


@functools.lru_cache(maxsize=32)
def parsed(site: Path, page: str) -> Any:
    """A page's HTML, for what needs no browser; the same for all who ask, so leave it as it is."""
    from bs4 import BeautifulSoup

    return BeautifulSoup((site / f"{page}.html").read_text(encoding="utf-8"), "html.parser")


def stored(page: str) -> dict[str, Any]:
    """The chapter's notebook, or an empty one while a page stands in for it."""
    path = ROOT / f"{page}.ipynb"
    return (
        json.loads(path.read_text(encoding="utf-8"))
        if path.exists()
        else {"cells": [], "metadata": {}}
    )
