"""The chapters on the front page: ``{chapter-cards}``, a card each, and ``{chapter-map}``, which
builds on which.

Both are read from the table of contents and the box at each chapter's head (question, minutes to
read, what it builds on), so that a new chapter appears by itself. A card's picture is the first
diagram that its chapter shows."""

import json
import re
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from . import marks

NUMBERED = re.compile(r"/(\d\d)_")
BOX = re.compile(r"^:::\{admonition\}[^\n]*\n(?:^:[a-z]+:[^\n]*\n)*(.*?)^:::$", re.S | re.M)
QUESTION = re.compile(r"\*\*(?:The )?[Qq]uestion\.\*\*\s*(.+)")
BUILDS = re.compile(r"\*\*(?:It b|B)uilds on\*\*(.*)")
MINUTES = re.compile(r"(\d+) minutes to read|Reading: (\d+) minutes")
DIAGRAM = re.compile(r"!\[[^\]]*\]\((?:\./)?(diagrams/[\w-]+\.svg)\)")
TITLE = re.compile(r"^# +(.+)", re.M)
# The map's measures, in its own units; 360 of them fill a phone.
WIDE, NODE, TALL, STEP, LETTERS, APART = 360, 106, 44, 76, 15, 5


def setup(app: Sphinx) -> None:
    """Add both directives."""
    app.add_directive("chapter-cards", ChapterCards)
    app.add_directive("chapter-map", ChapterMap)


@cache
def chapters(source: Path) -> list[dict[str, Any]]:
    """Each numbered page of the table of contents, with its part and what its box says."""
    parts = yaml.safe_load((source / "_toc.yml").read_text(encoding="utf-8"))["parts"]
    found = []
    for part in parts:
        for entry in part["chapters"]:
            number = NUMBERED.search(entry["file"])
            path = source / f"{entry['file']}.ipynb"
            if number and path.exists():
                about = {"number": int(number[1]), "part": part["caption"], "file": entry["file"]}
                found.append(about | told(path))
    return found


def told(path: Path) -> dict[str, Any]:
    """Title, question, minutes, picture and earlier chapters, as the notebook's text tells them."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    box = BOX.search(text)
    words = box[1].strip() if box else ""
    question, builds, minutes = (rule.search(words) for rule in (QUESTION, BUILDS, MINUTES))
    picture = DIAGRAM.search(text)
    return {
        "title": TITLE.search(text)[1],
        "question": question[1] if question else words.split("\n\n")[0],
        "builds": [int(n) for n in re.findall(r"ch:(\d\d)", builds[1])] if builds else [],
        "minutes": int(minutes[1] or minutes[2]) if minutes else None,
        "picture": picture[1] if picture else None,
    }


class ChapterCards(SphinxDirective):
    """A card for each chapter, under the caption of its part."""

    def run(self) -> list[nodes.Node]:
        """Make the cards; formulas in a question are set as anywhere else."""
        source = Path(self.env.srcdir)
        solved = {page["chapter"]: page for page in marks.exercises(source / "notebooks")}
        out: list[nodes.Node] = []
        part, cards = "", nodes.container()
        for about in chapters(source):
            if about["part"] != part:
                part, cards = about["part"], nodes.container(classes=["chapter-cards"])
                out += [nodes.rubric("", part, classes=["chapter-part"]), cards]
            cards += self.card(about, solved.get(about["number"]))
        return out

    def card(self, about: dict[str, Any], exercises: dict[str, Any] | None) -> nodes.Node:
        """One card."""
        card = nodes.container(classes=["chapter-card"])
        if about["picture"]:
            card += nodes.image(
                uri=f"/notebooks/{about['picture']}", alt=f"Diagram of chapter {about['number']}"
            )
        link = f"{Path(about['file']).name}.html"
        card += nodes.raw(
            "",
            f'<p class="chapter-card-title"><a href="{link}"><span class="chapter-card-number">'
            f"{about['number']}</span> {escape(about['title'])}</a></p>",
            format="html",
        )
        question = nodes.container(classes=["chapter-card-question"])
        lines = StringList([about["question"]], self.env.docname)
        self.state.nested_parse(lines, self.content_offset, question)
        card += question
        facts = f"{about['minutes']} min" if about["minutes"] else ""
        if exercises:
            count = marks.count(exercises, " solved")
            facts += f'<span class="needs-marks">{" · " if facts else ""}{count}</span>'
        card += nodes.raw("", f'<p class="chapter-card-facts">{facts}</p>', format="html")
        return card


class ChapterMap(SphinxDirective):
    """Which chapter builds on which; each is a link."""

    def run(self) -> list[nodes.Node]:
        """Return the map as one SVG within the page, so that its links work."""
        return [nodes.raw("", drawn(chapters(Path(self.env.srcdir))), format="html")]


def needed(about: list[dict[str, Any]]) -> dict[int, set[int]]:
    """The chapters that each builds on directly: without those that these need themselves."""
    numbers = [one["number"] for one in about]
    direct = {one["number"]: {n for n in one["builds"] if n in numbers} for one in about}
    everything: dict[int, set[int]] = {}
    for number in sorted(direct):
        earlier = {n for n in direct[number] if n < number}
        below = set().union(*(everything[n] for n in earlier)) if earlier else set()
        everything[number] = earlier | below
        direct[number] = earlier - below
    return direct


def places(direct: dict[int, set[int]]) -> dict[int, tuple[float, float]]:
    """The centre of each chapter's box: below all that it builds on, at most three in a row."""
    level: dict[int, int] = {}
    for number in sorted(direct):
        level[number] = max((level[n] + 1 for n in direct[number]), default=0)
    most = WIDE // NODE
    rows: list[list[int]] = []
    for depth in sorted(set(level.values())):
        here = [n for n in sorted(level) if level[n] == depth]
        rows += [here[first : first + most] for first in range(0, len(here), most)]
    return {
        number: (WIDE * (2 * place + 1) / (2 * len(here)), TALL / 2 + 4 + row * STEP)
        for row, here in enumerate(rows)
        for place, number in enumerate(here)
    }


def drawn(about: list[dict[str, Any]]) -> str:
    """The map as HTML."""
    direct = needed(about)
    where = places(direct)
    height = max((y for _, y in where.values()), default=0) + TALL / 2 + 4
    lines = "".join(_line(points) for points in ways(direct, where).values())
    boxes = "".join(_box(one, *where[one["number"]]) for one in about)
    return (
        f'<svg class="chapter-map" viewBox="0 0 {WIDE} {height:.0f}" role="group" '
        f'aria-label="Map of the chapters: lines lead from a chapter to those that build on it.">'
        f'<g class="chapter-map-lines" aria-hidden="true">{lines}</g>{boxes}</svg>'
    )


def ways(
    direct: dict[int, set[int]], where: dict[int, tuple[float, float]]
) -> dict[tuple[int, int], list[tuple[float, float]]]:
    """For each line the centres of its two boxes, and between them its place in each row that it
    passes: in a gap between boxes, never behind one, apart from the lines of other chapters."""
    rows: dict[float, list[float]] = {}
    for x, y in where.values():
        rows.setdefault(y, []).append(x)
    found = {(a, b): [where[a]] for b in direct for a in sorted(direct[b])}
    for y, centres in sorted(rows.items()):
        edges = [0.0, *(x + side * NODE / 2 for x in sorted(centres) for side in (-1, 1)), WIDE]
        gaps = list(zip(edges[::2], edges[1::2], strict=True))
        used: dict[tuple[float, float], dict[int, list[tuple[float, tuple[int, int]]]]] = {}
        for (a, b), points in found.items():
            (x, top), (u, bottom) = points[-1], where[b]
            if where[a][1] < y < bottom:
                wish = x + (u - x) * (y - top) / (bottom - top)
                gap = min(
                    gaps,
                    key=lambda gap: (max(gap[0] - wish, wish - gap[1], 0), abs(sum(gap) / 2 - x)),
                )
                used.setdefault(gap, {}).setdefault(a, []).append((wish, (a, b)))
        for (low, high), sources in used.items():
            order = sorted(
                sources.values(), key=lambda lines: sum(w for w, _ in lines) / len(lines)
            )
            half = APART * (len(order) - 1) / 2
            middle = sum(sum(w for w, _ in lines) / len(lines) for lines in order) / len(order)
            room = (high - low) / 2 - half
            middle = min(max(middle, low + half + min(room, APART)), high - half - min(room, APART))
            for place, lines in enumerate(order):
                for _, line in lines:
                    found[line].append((middle - half + APART * place, y))
    return {(a, b): [*points, where[b]] for (a, b), points in found.items()}


def _line(points: list[tuple[float, float]]) -> str:
    (x, y), *rest = points
    path = f"M{x:.0f} {y + TALL / 2:.0f}"
    for u, v in rest:
        path += (
            f"C{x:.0f} {y + STEP / 2 + 6:.0f} {u:.0f} {v - STEP / 2 - 6:.0f} {u:.0f} {v - TALL / 2:.0f}"
            f"V{v + TALL / 2:.0f}"
        )
        x, y = u, v
    return f'<path d="{path[: path.rindex("V")]}"/>'


def _box(one: dict[str, Any], x: float, y: float) -> str:
    rows = _broken(f"{one['number']} {one['title']}")
    text = "".join(
        f'<tspan x="{x:.0f}" y="{y + 4 + 13 * (k - (len(rows) - 1) / 2):.1f}">{escape(row)} </tspan>'
        for k, row in enumerate(rows)
    )
    return (
        f'<a href="{Path(one["file"]).name}.html"><rect x="{x - NODE / 2:.0f}" y="{y - TALL / 2:.0f}" '
        f'width="{NODE}" height="{TALL}" rx="5"/><text text-anchor="middle">{text}</text></a>'
    )


def _broken(title: str) -> list[str]:
    rows = [""]
    for word in title.split():
        if len(rows[-1]) + len(word) > LETTERS and not rows[-1].isdecimal():
            rows.append("")
        rows[-1] = f"{rows[-1]} {word}".strip()
    return rows[:3]
