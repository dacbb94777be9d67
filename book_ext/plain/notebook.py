"""A chapter's notebook for other rooms: a first cell that installs, plain text, the same code."""

from __future__ import annotations

import base64
import copy
import json
import mimetypes
import re
from pathlib import Path
from typing import Any

from .citations import Citations
from .labels import number_of
from .markdown import Writer

__all__ = ["Places", "plain_notebook"]

FIRST = Path(__file__).with_name("first_cell.py")
LOADERS = ("mnist", "fashion_mnist")


class Places:
    """What the outside of the book is called: the wheel's name and its address, and the address of
    the site; either address may be empty.
    """

    def __init__(self, wheel: str = "", wheel_address: str = "", site: str = "") -> None:
        self.wheel, self.wheel_address, self.site = wheel, wheel_address, site.rstrip("/")

    def page(self, source: Path) -> str:
        """The address of a notebook's rendered page, or nothing."""
        return f"{self.site}/{source.parent.name}/{source.stem}.html" if self.site else ""


def plain_notebook(source: Path, labels: dict[str, str], places: Places) -> dict[str, Any]:
    """Return the notebook at ``source`` with its text as plain Markdown.

    Code cells keep their source byte for byte, and their outputs. The first code cell is
    `first_cell.py` with the wheel and the data that the chapter loads.
    """
    book = json.loads(source.read_text(encoding="utf-8"))
    citations = Citations(source.parent)
    writer = Writer(source, labels, citations, places.page(source))
    code = ["".join(c["source"]) for c in book["cells"] if c["cell_type"] == "code"]
    cells = [
        _markdown("about", _about(source, places)),
        _code("first-cell", first_cell("\n".join(code), places)),
    ]
    for cell in book["cells"]:
        cells += _converted(cell, writer)
    if listed := citations.listed():
        cells.append(_markdown("works-cited", f"## Works cited\n\n{listed}"))
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def first_cell(code: str, places: Places) -> str:
    """The installing cell for a chapter with this code."""
    data = tuple(name for name in LOADERS if re.search(rf"(?<!fashion_)\b{name}\(", code))
    text = FIRST.read_text(encoding="utf-8").rstrip("\n")
    filled = {"ADDRESS": places.wheel_address, "DATA": data}
    filled |= {"WHEEL": places.wheel} if places.wheel else {}
    for name, value in filled.items():
        shown = json.dumps(list(value)) if isinstance(value, tuple) else json.dumps(value)
        text, times = re.subn(rf"^{name} = .*$", f"{name} = {shown}", text, flags=re.M)
        if times != 1:
            raise ValueError(f"{FIRST.name} has {times} lines for {name}; expected one")
    return text


def _about(source: Path, places: Places) -> str:
    number = number_of(source)
    book = "*Generative Adversarial Networks*, a textbook in which every claim runs"
    page = places.page(source)
    what = f"Chapter {number} of {book}" if number else f"From {book}"
    shown = f" ([this page in the book]({page}))" if page else ""
    return (
        f"{what}{shown}. This notebook runs in Colab, Kaggle, VS Code and JupyterLab: run the next "
        "cell first, then the others from top to bottom."
    )


def _converted(cell: dict[str, Any], writer: Writer) -> list[dict[str, Any]]:
    if cell["cell_type"] != "code":
        writer.pictures = {}
        text = writer.text("".join(cell["source"]))
        new = _markdown(cell["id"], text)
        if writer.pictures:
            new["attachments"] = {
                name: {
                    mimetypes.types_map[path.suffix]: base64.b64encode(path.read_bytes()).decode()
                }
                for name, path in writer.pictures.items()
            }
        return [new] if text else []
    new = copy.deepcopy(cell)
    tags = cell["metadata"].get("tags", [])
    hidden = {"hide-input", "hide-cell", "remove-input"} & set(tags)
    new["metadata"] = {"jupyter": {"source_hidden": True}} if hidden else {}
    figure = cell["metadata"].get("mystnb", {}).get("figure", {})
    if not figure.get("caption"):
        return [new]
    head = writer.labels.get(figure.get("name", ""), "")
    caption = writer.text(figure["caption"])
    return [
        new,
        _markdown(f"{cell['id']}-caption"[:64], ". ".join(p for p in (head, caption) if p)),
    ]


def _markdown(name: str, text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": text.splitlines(True)}


def _code(name: str, text: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": name,
        "metadata": {},
        "execution_count": None,
        "outputs": [],
        "source": text.splitlines(True),
    }
