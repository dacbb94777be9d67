"""List every sentence that a learner reads at run time, for translators: `python scripts/messages.py`
writes ``_build/ganbook.pot``, gettext's usual template.

A sentence is a string constant of two words or more in `ganbook/exercises`, but for docstrings and
what is Python or markup. How a language is added: translate the template to
``ganbook/exercises/locale/LANGUAGE/LC_MESSAGES/ganbook.po``, and compile it by `pybabel compile`. The
pages have templates of their own, by Sphinx's gettext builder."""

from __future__ import annotations

import ast
import re
import textwrap
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

ROOT = Path(__file__).parents[1]
EXERCISES = ROOT / "ganbook" / "exercises"
NOT_SHOWN = ("statement", "stub", "title")  # the page's own text, or code


def sentences(path: Path) -> dict[str, int]:
    """Return the sentences of one module, each with its first line."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    left_out = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr):
                left_out.add(id(first.value))
        if isinstance(node, ast.keyword) and node.arg in NOT_SHOWN:
            left_out.add(id(node.value))
    found: dict[str, int] = {}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in left_out
        ):
            text = textwrap.dedent(node.value).strip() if "\n" in node.value else node.value
            if re.search(r"[A-Za-z]\S*\s+\S*[A-Za-z{]|^[A-Za-z]+$|\(On ", text):
                found.setdefault(text, node.lineno)
    return found


def catalogue() -> Catalog:
    """Return the template: each sentence with the places where it stands."""
    template = Catalog(project="ganbook", charset="utf-8")
    for path in sorted(EXERCISES.rglob("*.py")):
        for sentence, line in sentences(path).items():
            template.add(sentence, locations=[(str(path.relative_to(ROOT)), line)])
    return template


def main() -> None:
    """Write the template and say how many sentences it has."""
    target = ROOT / "_build" / "ganbook.pot"
    target.parent.mkdir(exist_ok=True)
    template = catalogue()
    with target.open("wb") as file:
        write_po(file, template)
    print(f"{len(template)} sentences: {target.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
