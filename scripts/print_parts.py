"""What the printed book has beyond its pages: answers at the end, and a table of contents with page
numbers.
"""

import re
from html import escape

from bs4 import BeautifulSoup, Tag

ANSWERS = "answers"


def take_answers(soup: BeautifulSoup, article: Tag) -> Tag | None:
    """Take hints and solutions out of a page into a section of their own; None where a page has
    none.
    """
    section = soup.new_tag("section")
    section.append(BeautifulSoup(f"<h2>{escape(heading(article))}</h2>", "html.parser"))
    for exercise in article.select("div.exercise"):
        number, title = exercise.select_one(".caption-number"), exercise.select_one(".block-title")
        words = (number or exercise.select_one(".admonition-title")).get_text().strip()
        answer = soup.new_tag("section", id=f"{exercise['id']}--answer", attrs={"class": "answer"})
        answer.append(
            BeautifulSoup(
                f'<h3><a href="#{exercise["id"]}">{words}</a> {title.decode_contents() if title else ""}</h3>',
                "html.parser",
            )
        )
        last = exercise
        for node in exercise.find_next_siblings():
            if "exercise" in node.get("class", []) or re.match(r"h\d|section", node.name):
                break
            if "solution" in node.get("class", []) or node.name == "details":
                answer.append(as_block(soup, node.extract()))
            elif "cell" in node.get("class", []) and node.find_previous_sibling() is last:
                last = node
        if len(answer.contents) > 1:
            section.append(answer)
            last.insert_after(
                BeautifulSoup(
                    f'<p class="to-answer"><a href="#{answer["id"]}">Hints and solution: page '
                    f"{blank(answer['id'])}</a></p>",
                    "html.parser",
                )
            )
    return section if section.select_one(".answer") else None


def as_block(soup: BeautifulSoup, node: Tag) -> Tag:
    """A hint or a solution as an open block, its label at the start of its first paragraph."""
    block = soup.new_tag("div", attrs={"class": "printed-answer"})
    if node.get("id"):
        block["id"] = node["id"]
    title = node.select_one("summary, .admonition-title").extract()
    label = soup.new_tag("strong", attrs={"class": "answer-label"})
    label.string = "Solution" if title.name == "p" else title.get_text().strip()
    body = node.select_one(".sd-summary-content") or node.section or node
    for child in list(body.children):
        block.append(child.extract())
    first = block.find(True)
    (first if first is not None and first.name == "p" else block).insert(0, label)
    label.insert_after(" ")
    return block


def heading(article: Tag) -> str:
    """The page's title in words, its number in front."""
    title = BeautifulSoup(str(article.h1), "html.parser").h1
    number = title.select_one(".chapter-number")
    prefix = f"{number.extract().get_text().strip()}. " if number else ""
    return prefix + title.get_text().strip()


def answers_article(sections: list[Tag], style: str) -> Tag:
    """The chapter at the end that holds hints and solutions."""
    soup = BeautifulSoup(
        f'<article class="bd-article" style="page: {style}"><section>'
        f'<h1 id="{ANSWERS}">Hints and solutions</h1></section></article>',
        "html.parser",
    )
    for number, section in enumerate(sections):
        section["id"] = f"{ANSWERS}-{number}"
        soup.section.append(section)
    return soup.article


def blank(target: str) -> str:
    """A place for the number of the page on which ``target`` stands."""
    return f'<span class="page-of" data-page-of="{escape(target, quote=True)}">000</span>'


def contents_article(articles: list[Tag], parts: dict[str, str]) -> str:
    """The table of contents: parts, chapters, sections, each a link with a place for its page
    number.
    """
    lines = []
    for article in articles:
        name = article.h1["id"]
        if name in parts:
            lines.append(f'<p class="toc-part">{escape(parts[name])}</p>')
        lines.append(contents_line("toc-chapter", name, heading(article)))
        for title in article.select("h2"):
            target = title.get("id") or title.parent["id"]
            lines.append(contents_line("toc-section", target, title.decode_contents()))
    return "\n".join(lines)


def contents_line(kind: str, target: str, title: str) -> str:
    """One line of the table of contents."""
    plain = re.sub(r"</?a\b[^>]*>|<span id=[^>]*></span>", "", title)
    return (
        f'<p class="toc-line {kind}"><a href="#{escape(target, quote=True)}"><span class="toc-title">{plain}</span>'
        f"{blank(target)}</a></p>"
    )
