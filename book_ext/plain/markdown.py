"""MyST as Markdown that Colab, Kaggle, VS Code, GitHub and plain JupyterLab show."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

from .blocks import Directive, parse
from .citations import Citations
from .labels import KINDS

__all__ = ["Writer"]

ROLE = re.compile(r"\{([a-z]+(?:[:-][a-z]+)*)\}`([^`]+)`")
PICTURE = re.compile(r"!\[([^\]]*)\]\((?![a-z]+:)([^)\s]+)\)")  # a file beside the notebook
CODE = re.compile(r"(^ *```.*?^ *``` *$)", re.S | re.M)
BEFORE = re.compile(r"[^\s.!?*>]\s*\Z")  # what comes before a word inside a sentence
REFERENCES = ("ref", "doc")
BOXES = {"note": "Note", "tip": "Tip", "warning": "Warning", "important": "Important"}
BOXES |= {"hint": "Hint", "caution": "Caution", "seealso": "See also", "attention": "Attention"}


class Writer:
    """Turns the text of one notebook into plain Markdown.

    ``labels`` gives the words of each reference, ``citations`` those of each work. ``page`` is the
    address of the rendered page, or empty. ``pictures`` collects the files that the text shows.
    Raises ``ValueError`` for a directive, a role or a label that it does not know.
    """

    def __init__(
        self, source: Path, labels: dict[str, str], citations: Citations, page: str = ""
    ) -> None:
        self.source, self.labels, self.citations, self.page = source, labels, citations, page
        self.pictures: dict[str, Path] = {}

    def text(self, myst: str) -> str:
        """Return a whole cell's text."""
        parts = [self._piece(piece) for piece in parse(myst)]
        return re.sub(r"\n{3,}", "\n\n", "\n\n".join(part.strip("\n") for part in parts)).strip(
            "\n"
        )

    def _piece(self, piece: str | Directive) -> str:
        if isinstance(piece, str):
            parts = CODE.split(piece)
            return "".join(p if i % 2 else self._plain(p) for i, p in enumerate(parts))
        if piece.name.startswith("prf:"):
            return self._statement(piece)
        name = piece.name.replace("-", "_")
        if piece.name in BOXES:
            return self._quote(BOXES[piece.name], "\n".join([piece.argument, *piece.lines]))
        method: Callable[[Directive], str] | None = getattr(self, f"_on_{name}", None)
        if method is None:
            raise ValueError(
                f"{self.source.name}: no plain form of the directive {piece.name!r}; add one to "
                "book_ext/plain/markdown.py"
            )
        return method(piece)

    # Directives

    def _inside(self, piece: Directive) -> str:
        return self.text("\n".join(piece.lines))

    def _quote(self, head: str, myst: str) -> str:
        """A box as a quote with a bold head; each formula on one line, as plain Jupyter reads
        formulas before it reads quotes."""
        body = _formulas_on_one_line(self.text(myst))
        return "\n".join(f"> {line}".rstrip() for line in f"**{head}**\n\n{body}".split("\n"))

    def _statement(self, piece: Directive) -> str:
        kind = piece.name.removeprefix("prf:")
        body = "\n".join(piece.lines)
        title = f" ({self._roles(piece.argument)})" if piece.argument else ""
        if kind == "proof":
            return self._quote(f"Proof{title}", body)
        if kind not in KINDS:
            raise ValueError(f"{self.source.name}: no plain form of the directive {piece.name!r}")
        return self._quote(self.labels.get(piece.options.get("label"), KINDS[kind]) + title, body)

    def _on_admonition(self, piece: Directive) -> str:
        return self._quote(self._roles(piece.argument), "\n".join(piece.lines))

    def _on_exercise(self, piece: Directive) -> str:
        head = f"{self.labels[piece.options['label']]}. {piece.argument}"
        return self._quote(self._roles(head), "\n".join(piece.lines))

    def _on_dropdown(self, piece: Directive) -> str:
        return self._closed(piece.argument, self._inside(piece))

    def _on_solution(self, piece: Directive) -> str:
        where = self.labels.get(piece.argument, piece.argument)
        return self._closed(f"Solution of {where}", self._inside(piece))

    @staticmethod
    def _closed(summary: str, body: str) -> str:
        return f"<details>\n<summary>{summary}</summary>\n\n{body}\n\n</details>"

    def _on_literalinclude(self, piece: Directive) -> str:
        path = (self.source.parent / piece.argument).resolve()
        code = _selected(path.read_text(encoding="utf-8"), piece.options, path)
        return f"```{piece.options.get('language', 'python')}\n{code}\n```"

    def _on_code_block(self, piece: Directive) -> str:
        return "\n".join([f"```{piece.argument}", *piece.lines, "```"])

    _on_code = _on_code_block

    def _on_math(self, piece: Directive) -> str:
        label = piece.options.get("label")
        end = f"$$ ({label})" if label else "$$"
        return self._plain("\n".join(["$$", *piece.lines, end]))

    def _on_list_table(self, piece: Directive) -> str:
        rows: list[list[str]] = []
        for line in piece.lines:
            if cell := re.match(r"^\s*(\* )?- ?(.*)$", line):
                if cell[1]:
                    rows.append([])
                rows[-1].append(cell[2])
            elif line.strip():
                rows[-1][-1] += " " + line.strip()
        cells = [[self._roles(cell).replace("|", "\\|") for cell in row] for row in rows]
        lines = [f"| {' | '.join(row)} |" for row in cells]
        lines.insert(1, "|" + "---|" * len(cells[0]))
        name = self.labels.get(piece.options.get("name", ""), "")
        caption = ". ".join(part for part in (name, self._roles(piece.argument)) if part)
        return "\n".join(lines) + (f"\n\n*{caption}*" if caption else "")

    def _on_image(self, piece: Directive) -> str:
        return self._picture(self.source.parent / piece.argument, piece.options.get("alt", ""))

    def _on_figure(self, piece: Directive) -> str:
        caption = self._inside(piece)
        name = self.labels.get(piece.options.get("name", ""), "")
        return f"{self._on_image(piece)}\n\n*{'. '.join(p for p in (name, caption) if p)}*"

    def _on_play(self, piece: Directive) -> str:
        path = self.source.parent.parent / "book_ext" / "pictures" / f"{piece.argument}.png"
        where = "On this chapter's page"
        if self.page:
            where = f"On [this chapter's page]({self.page}#play-{piece.argument})"
        picture = self._picture(path, piece.options.get("alt", ""))
        return (
            f"{picture}\n\n*{where} you can move what this picture shows.*\n\n{self._inside(piece)}"
        )

    def _on_exercise_marks(self, piece: Directive) -> str:
        return self._inside(piece)

    def _picture(self, path: Path, alt: str) -> str:
        if not path.is_file():
            raise ValueError(f"{self.source.name} shows {path.name}, which is not there")
        self.pictures[path.name] = path
        return f"![{alt}](attachment:{path.name})"

    # Text

    def _plain(self, myst: str) -> str:
        text = re.sub(r"^\([\w:.-]+\)=[ \t]*\n", "", myst, flags=re.M)
        text = re.sub(r"^%.*\n?", "", text, flags=re.M)
        text = re.sub(r"\$\$[ \t]*\(([\w:.-]+)\)", self._tag, text)
        text = PICTURE.sub(lambda m: self._picture(self.source.parent / m[2], m[1]), text)
        return self._roles(text)

    def _tag(self, found: re.Match[str]) -> str:
        return rf"\tag{{{self._words(found[1]).strip('()')}}}" + "\n$$"

    def _roles(self, text: str) -> str:
        def shown(role: re.Match[str]) -> str:
            words = self._role(role[1], role[2])
            begins = not BEFORE.search(text[: role.start()])
            return words[:1].upper() + words[1:] if begins and role[1] in REFERENCES else words

        return ROLE.sub(shown, text)

    def _role(self, name: str, content: str) -> str:
        """A role as plain words."""
        content = " ".join(content.split())
        if name in ("cite:t", "cite:p", "cite"):
            return self.citations.role(content, inside=name != "cite:t")
        titled = re.fullmatch(r"(.*?)\s*<([^>]+)>", content)
        words, target = (titled[1], titled[2]) if titled else ("", content)
        if name == "term":
            return words or target
        if name in ("ref", "numref", "prf:ref", "eq"):
            return _filled(words, self._words(target))
        if name == "doc":
            return words or self._words(f"doc:{target.split('/')[-1]}")
        if name == "math":
            return f"${content}$"
        if name in ("kbd", "ganbook-wheel"):
            return content
        raise ValueError(
            f"{self.source.name}: no plain form of the role {name!r}; add one to "
            "book_ext/plain/markdown.py"
        )

    def _words(self, label: str) -> str:
        if label not in self.labels:
            raise ValueError(f"{self.source.name} refers to {label!r}, which no page has")
        return self.labels[label]


def _filled(words: str, found: str) -> str:
    """A reference's own words, in which ``%s`` or ``{number}`` stands for the number."""
    number = found.rsplit(" ", 1)[-1]
    return words.replace("%s", number).replace("{number}", number) or found


def _formulas_on_one_line(text: str) -> str:
    def joined(found: re.Match[str]) -> str:
        return " ".join(found[0].split())

    parts = CODE.split(text)
    pattern = re.compile(r"\$\$.*?\$\$|(?<![\\$])\$(?!\$)[^$\n]*\n?[^$\n]*\$", re.S)
    return "".join(p if i % 2 else pattern.sub(joined, p) for i, p in enumerate(parts))


def _selected(text: str, options: dict[str, str], path: Path) -> str:
    """What the options of an included file choose from its text."""
    lines = text.split("\n")
    known = {"pyobject", "lines", "start-after", "end-before", "language", "caption", "name"}
    known |= {"start-at", "end-at", "class", "dedent"}
    if set(options) - known:
        raise ValueError(f"{path.name} is included with {sorted(set(options) - known)}")
    if name := options.get("pyobject"):
        body = ast.parse(text).body
        for part in name.split("."):
            node = next((n for n in body if getattr(n, "name", "") == part), None)
            if node is None:
                raise ValueError(f"{path.name} has no {name}")
            body = getattr(node, "body", [])
        first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
        lines = dedent("\n".join(lines[first - 1 : node.end_lineno])).split("\n")
    if chosen := options.get("lines"):
        kept = []
        for part in chosen.split(","):
            first, _, last = part.strip().partition("-")
            end = int(last or len(lines)) if "-" in part else int(first)
            kept += lines[int(first or 1) - 1 : end]
        lines = kept
    for option, shift in (("start-after", 1), ("start-at", 0)):
        if option in options:
            lines = lines[_line(lines, options[option], path) + shift :]
    for option, shift in (("end-before", 0), ("end-at", 1)):
        if option in options:
            lines = lines[: _line(lines, options[option], path) + shift]
    return "\n".join(lines).strip("\n")


def _line(lines: list[str], words: str, path: Path) -> int:
    for place, line in enumerate(lines):
        if words in line:
            return place
    raise ValueError(f"{path.name} has no line with {words!r}")
