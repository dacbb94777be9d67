"""What a reader sees: Markdown in a notebook, wrapped plain text in a terminal, and the cells of a page."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Sequence
from typing import Any, Protocol

GROUPS = {
    0: "first steps",
    18: "find the bug",
}  # exercises outside the chapters
ROLE = re.compile(r"\{[\w:-]+\}`(?:([^`<]+?)\s*<[^`>]+>|([^`]+))`")


class Shown(Protocol):
    """What of an exercise is seen: what these functions read."""

    id: str
    chapter: int
    title: str
    difficulty: str
    label: str
    kind: str
    stub: str
    answer_name: str
    full_statement: str
    hints: Sequence[str]
    explanation: str
    solution_function: Callable[..., Any]
    mended: Callable[..., Any] | None


def readable(markdown: str) -> str:
    """Markdown without MyST's roles, for readers that do not know them: the role's text stays."""
    return ROLE.sub(lambda match: match[1] or match[2], markdown)


def show(markdown: str) -> None:
    """Display in a notebook, print elsewhere."""
    try:
        from IPython import get_ipython

        shell = get_ipython()
    except ImportError:
        shell = None
    if shell is not None and hasattr(shell, "kernel"):
        from IPython.display import Markdown, display

        display(Markdown(readable(markdown)))
    else:
        print(wrapped(readable(markdown)))


def wrapped(text: str, width: int = 110) -> str:
    """Plain text with its paragraphs broken anew; lists, code blocks and formulas keep their lines."""
    parts = re.split(
        r"(^```.*?^```$|^\$\$.*?\$\$[^\n]*$)",
        text,
        flags=re.MULTILINE | re.DOTALL,
    )
    for i in range(0, len(parts), 2):
        parts[i] = "\n\n".join(
            _filled(paragraph, width) for paragraph in parts[i].split("\n\n")
        )
    return "".join(parts)


def _filled(paragraph: str, width: int) -> str:
    items = re.split(r"\n(?=\s*(?:[-*|>:#]|\d+\.)(?:\s|:|\S*\|))", paragraph)
    ends = "\n" if paragraph.endswith("\n") else ""
    starts = "\n" if paragraph.startswith("\n") else ""
    return (
        starts
        + "\n".join(
            textwrap.fill(
                item, width, break_long_words=False, break_on_hyphens=False
            )
            for item in items
        )
        + ends
    )


def fence_for(markdown: str) -> str:
    """Colons enough to enclose whatever directives the text holds."""
    inner = [
        len(run)
        for run in re.findall(r"^\s*(:{3,})", markdown, flags=re.MULTILINE)
    ]
    return ":" * max(4, 1 + max(inner, default=0))


def statement_cell(ex: Shown) -> str:
    """The exercise directive of sphinx-exercise with stars, label and the full statement."""
    body = ex.full_statement
    fence = fence_for(body)
    unnumbered = "\n:nonumber:" if ex.chapter in GROUPS else ""
    return f"{fence}{{exercise}} {ex.title} {ex.difficulty}\n:label: {ex.label}{unnumbered}\n\n{body}\n{fence}"


def stub_cell(ex: Shown) -> str:
    """The code cell in which the reader works."""
    # two blank lines round a function, as ruff formats the cell
    gap = "\n" * (3 if re.search(r"^(def|class) ", ex.stub, re.M) else 2)
    return f'ex = exercise("{ex.id}"){gap}{ex.stub}{gap}ex.check({ex.answer_name})'


def quoted_answer(ex: Shown) -> str:
    """A rubric's solution is a text: it is read as one, not as the code that returns it."""
    return textwrap.fill(
        " ".join(ex.solution_function().split()),
        110,
        initial_indent="> ",
        subsequent_indent="> ",
    )


def source_of(ex: Shown) -> str:
    """Where an exercise is declared, below ``ganbook/exercises``: ``chapter04/points.py``."""
    found = re.search(
        r"chapter\d\d(\.\w+)*$", ex.solution_function.__module__
    )
    name = found[0] if found else f"chapter{ex.chapter:02d}"
    return f"{name.replace('.', '/')}.py"


def solution_cell(ex: Shown) -> str:
    """Closed hints, then the closed solution: the explanation and the code that the tests run, or the text of a rubric."""
    parts = []
    for number, hint in enumerate(ex.hints, 1):
        fence = fence_for(hint)[1:]
        parts.append(f"{fence}{{dropdown}} Hint {number}\n{hint}\n{fence}")
    fence = fence_for(ex.explanation)
    if ex.kind == "rubric":
        answer = quoted_answer(ex)
    else:
        shown = [ex.solution_function, *filter(None, [ex.mended])]
        answer = "\n\n".join(
            f":::{{literalinclude}} ../ganbook/exercises/{source_of(ex)}\n:language: python\n"
            f":pyobject: {function.__name__}\n:::"
            for function in shown
        )
    parts.append(
        f"{fence}{{solution}} {ex.label}\n:class: dropdown\n\n{ex.explanation}\n\n{answer}\n{fence}"
    )
    return "\n\n".join(parts)
