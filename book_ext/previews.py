"""What a reference leads to, kept on the page that refers: a term's meaning, a cited work, an
equation.

Once all pages are written, each gets one ``<template>`` a target; ``static/previews.js`` shows it
on hover and on focus. sphinx-tippy, the extension for this, was tried: its tips go away neither by
Escape nor stay under the pointer (WCAG 1.4.13), it shows a term without its meaning and no cited
work, and its scripts come from a CDN."""

import re
from html import unescape
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from sphinx.application import Sphinx

# Read from the written pages: what another page shows exists as HTML only once that page is written.
LINK = re.compile(r'<a class="reference internal" href="([^"#]*)#((?:term-|equation-|id\d)[^"]*)"')
EQUATION = re.compile(
    r'<div class="math notranslate nohighlight"[^>]*? id="(equation-[^"]+)"[^>]*>\s*(.*?)</div>',
    re.S,
)
HEADER_LINK = re.compile(r'<a class="headerlink".*?</a>', re.S)


def setup(app: Sphinx) -> None:
    """Add the script, and the templates after the last page."""
    app.add_js_file("previews.js", defer="defer", priority=900)
    app.connect("build-finished", embed, priority=400)


def embed(app: Sphinx, problem: Exception | None) -> None:
    """Write the templates of every page at the end of its body."""
    if problem is not None or app.builder.format != "html":
        return
    pages = [Path(app.builder.get_outfilename(name)) for name in sorted(app.env.found_docs)]
    texts = {page: page.read_text(encoding="utf-8") for page in pages if page.exists()}
    targets = {page: previews(text) for page, text in texts.items()}
    for page, text in texts.items():
        found = {}
        for file, place in LINK.findall(text):
            target = (page.parent / file).resolve() if file else page
            preview = targets.get(target, {}).get(unescape(place))
            if preview:
                found[f"{file}#{place}"] = preview
        templates = "".join(
            f'<template data-preview="{link}">{html}</template>\n' for link, html in found.items()
        )
        if templates:
            head, end, tail = text.rpartition("</body>")
            page.write_text(f"{head}{templates}{end}{tail}", encoding="utf-8")


def previews(text: str) -> dict[str, str]:
    """The places of a page that can be previewed, with their HTML; no links and no ids in it."""
    found = {
        name: f'<div class="math">{HEADER_LINK.sub("", said)}</div>'
        for name, said in EQUATION.findall(text)
    }
    if '<dl class="simple glossary">' not in text and 'class="citation"' not in text:
        return found
    page = BeautifulSoup(text, "html.parser")
    for term in page.select("dl.glossary dt"):
        meaning = term.find_next_sibling("dd")
        found[term["id"]] = f"<p><strong>{_inner(term)}</strong></p>{_inner(meaning)}"
    for work in page.select("div.citation"):
        found[work["id"]] = f"<p>{_inner(work.find('p'))}</p>"
    return found


def _inner(node: Any) -> str:
    copy = BeautifulSoup(str(node), "html.parser").contents[0]
    for link in copy.select("a.headerlink"):
        link.decompose()
    for part in copy.find_all(True):
        del part["id"]
        if part.name == "a":
            part.unwrap()
    return copy.decode_contents().strip()
