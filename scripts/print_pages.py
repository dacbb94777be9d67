"""The site's pages as one HTML document to print: cover, contents, chapters, answers, every link
inside it.

Numbers of equations, figures and exercises stay as the site has them, for its own HTML is what is
printed."""

import itertools
import posixpath
import re
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import yaml
from bs4 import BeautifulSoup, Tag
from print_parts import ANSWERS, answers_article, contents_article, heading, take_answers

REFERRING = ("for", "aria-labelledby", "aria-describedby", "aria-controls")
NOT_PRINTED = (
    "script, style, .headerlink, button, input, .visually-hidden, "
    ".sd-summary-state-marker, .backrefs, canvas"
)
LONG_CODE = 12  # lines; shorter code is kept on one page


@dataclass
class Book:
    """What is printed: the pages in order, and what the cover says."""

    site: Path
    title: str
    author: str
    pages: list[str]
    parts: dict[str, str] = field(default_factory=dict)  # first page of a part -> the part's name


def read_book(root: Path, site: Path) -> Book:
    """Title, author and order of pages, from the two files that the site is built from."""
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    pages, parts = [toc["root"]], {}
    for part in toc["parts"]:
        parts[part["chapters"][0]["file"]] = part["caption"]
        pages += [chapter["file"] for chapter in part["chapters"]]
    return Book(site, config["title"], config["author"], pages, parts)


def name_of(page: str) -> str:
    """The page's own anchor in the printed book."""
    return re.sub(r"\W+", "-", Path(page).name)


def assemble(book: Book, folder: Path) -> tuple[str, list[str]]:
    """The document, to be saved in ``folder`` (addresses lead from there to the site), and its
    chapters' titles.
    """
    to_site = posixpath.relpath(book.site.as_posix(), folder.as_posix())
    articles, answers = [], []
    for page in book.pages:
        soup = BeautifulSoup(
            (book.site / f"{page}.html").read_text(encoding="utf-8"), "html.parser"
        )
        article = soup.select_one("article.bd-article")
        if page == book.pages[0]:
            head = soup.head
        tidy(article)
        move_in(article, page, book.pages, to_site)
        anchors_into_headings(article)
        article.h1["id"] = name_of(page)
        article["style"] = f"page: {style_name(page)}"
        if found := take_answers(soup, article):
            answers.append(found)
        articles.append(article)
    if answers:
        where = next(
            (n for n, page in enumerate(book.pages) if page.endswith("glossary")), len(articles)
        )
        articles.insert(where, answers_article(answers, style_name(ANSWERS)))
    contents = contents_article(
        articles, {name_of(page): part for page, part in book.parts.items()}
    )
    styles = "\n".join(
        f'<link rel="stylesheet" href="{to_site}/{posixpath.normpath("notebooks/" + link["href"].split("?")[0])}">'
        for link in head.select("link[rel=stylesheet]")
    )
    document = PAGE.format(
        title=escape(book.title),
        author=escape(book.author),
        site=to_site,
        styles=styles,
        running=running_heads(articles),
        contents=contents,
        body="\n".join(str(a) for a in articles),
    )
    return document, [heading(article) for article in articles]


def style_name(page: str) -> str:
    """The name of the page style that carries the running head; CSS wants no digit in front."""
    return f"p-{name_of(page)}"


def tidy(article: Tag) -> None:
    """Leave out what only a screen can use, and show what a screen would fold."""
    for node in article.select("noscript"):
        node.unwrap()
    for node in article.select("figure details.picture-description"):
        picture, words = (
            node.find_parent("figure").img,
            " ".join(p.get_text() for p in node.select("p")),
        )
        picture["alt"] = (
            f"{picture.get('alt', '')} {words}".strip()
        )  # paper cannot unfold it, a reader's voice can
        node.decompose()
    for node in article.select(NOT_PRINTED):
        node.decompose()
    for node in article.select("details:not(.sd-dropdown)"):
        node["open"] = ""
    for definition in article.select("dd"):
        terms = list(
            itertools.takewhile(lambda node: node.name == "dt", definition.find_previous_siblings())
        )
        entry = definition.wrap(
            BeautifulSoup("", "html.parser").new_tag("div", attrs={"class": "entry"})
        )
        for term in terms:
            entry.insert(0, term.extract())
    for title in article.select("p[role=heading]"):
        del title["role"], title["aria-level"]  # no line of the printed book's outline
    for image in article.select("img"):
        image.attrs.pop("loading", None)
    for code in article.select("div.highlight pre"):
        if code.get_text().count("\n") <= LONG_CODE:
            code["class"] = [*code.get("class", []), "keep"]


def move_in(article: Tag, page: str, pages: list[str], to_site: str) -> None:
    """Make ids unique in the book, links lead inside it, and pictures come from the site.

    A link to a file of the site that is no page (a download) becomes plain text.
    """
    here, folder = name_of(page), posixpath.dirname(page)
    for node in article.select("[id]"):
        node["id"] = f"{here}--{node['id']}"
    for attribute in REFERRING:
        for node in article.select(f"[{attribute}]"):
            node[attribute] = f"{here}--{node[attribute]}"
    for image in article.select("img[src]:not([src^='data:'])"):
        image["src"] = f"{to_site}/{posixpath.normpath(posixpath.join(folder, image['src']))}"
    for link in article.select("a[href]"):
        target, _, anchor = link["href"].partition("#")
        if re.match(r"\w+:", target):
            continue
        there = (
            posixpath.normpath(posixpath.join(folder, target)).removesuffix(".html")
            if target
            else page
        )
        if there in pages:
            link["href"] = f"#{name_of(there)}--{anchor}" if anchor else f"#{name_of(there)}"
        else:
            link.unwrap()


def anchors_into_headings(article: Tag) -> None:
    """Put a section's anchors inside its heading.

    In front of it they would stay at the foot of one page while the heading starts the next, and
    every link to the section would lead to the page before.
    """
    for title in article.select("h2, h3, h4, h5, h6"):
        names = []
        for node in title.find_previous_siblings():
            if node.name != "span" or node.get_text().strip():
                break
            names.append(node.extract())
        section = title.parent
        if section.name == "section" and not title.find_previous_sibling() and not title.get("id"):
            title["id"] = section.attrs.pop("id")
        for node in names:
            title.insert(0, node)


def running_heads(articles: list[Tag]) -> str:
    """One page style for each article, with its title at the head of the page."""
    rules = []
    for article in articles:
        words = re.sub(r'(["\\])', r"\\\1", heading(article))
        rules.append(
            f'@page {style_name(article.h1["id"])} {{ @top-right {{ content: "{words}"; }} }}'
        )
    return "\n".join(rules)


PAGE = """<!doctype html>
<html lang="en" data-theme="light" data-mode="light">
<head>
<meta charset="utf-8">
<title>{title}</title>
<meta name="author" content="{author}">
{styles}
<style>
{running}
</style>
</head>
<body class="printed">
<div class="cover" role="doc-cover">
<img src="{site}/_static/ganbook-logo.svg" alt="">
<p class="cover-title">{title}</p>
<p class="cover-author">{author}</p>
<p class="cover-note">Text under CC BY 4.0, code under the MIT licence.<br>
Every number in this book is computed by the code beside it.</p>
</div>
<nav class="book-contents" aria-label="Contents">
<h1 id="contents">Contents</h1>
{contents}
</nav>
<main class="bd-main"><div class="bd-content"><div class="bd-article-container">
{body}
</div></div></main>
</body>
</html>
"""
