"""What a chapter says: its text cells, captions, alternative texts and long descriptions."""

import json

from support.paths import NOTEBOOKS


def prose(chapter: str) -> str:
    """Return the words of the chapter whose file begins with this number, on one line."""
    (path,) = NOTEBOOKS.glob(f"{chapter}_*.ipynb")
    parts = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        shown = cell["metadata"].get("mystnb", {})
        parts += ["".join(cell["source"])] if cell["cell_type"] == "markdown" else []
        parts += [shown.get("figure", {}).get("caption", ""), shown.get("image", {}).get("alt", "")]
        parts += cell["metadata"].get("ganbook", {}).get("description", [])
    return " ".join(" ".join(parts).split())


def missing(chapter: str, *wordings: str) -> list[str]:
    """Return those of the wordings that the chapter does not contain."""
    text = prose(chapter)
    return [wording for wording in wordings if wording not in text]


def returned(chapter: str, *wordings: str) -> list[str]:
    """Return those of the wordings that the chapter contains, in whatever case."""
    text = prose(chapter).lower()
    return [wording for wording in wordings if wording.lower() in text]
