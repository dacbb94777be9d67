"""Execute chapters and store their outputs: `python scripts/notebooks.py [03 ...]` (what `make
notebooks` runs).

Before a chapter runs, its exercise cells are written anew from `ganbook.exercises`. Afterwards its
metadata hold a hash of its code cells, a hash of the package modules that they import, and what it
was executed with."""

from __future__ import annotations

import ast
import copy
import datetime
import hashlib
import json
import os
import platform
import resource
import sys
from pathlib import Path
from typing import Any

import nbformat

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
PACKAGE = ROOT / "ganbook"
CELL_TIMEOUT = 450
KEEP = {"mystnb", "tags", "ganbook", "jupyter", "editable", "slideshow"}


def chapters(wanted: list[str] | None = None) -> list[Path]:
    """Return the notebooks, all or those whose names start with one of the wanted numbers."""
    paths = sorted(NOTEBOOKS.glob("*.ipynb"))
    if not wanted:
        return paths
    wanted = [w.zfill(2) if w.isdigit() else w for w in wanted]
    chosen = [p for p in paths if any(p.name.startswith(w) for w in wanted)]
    missing = [w for w in wanted if not any(p.name.startswith(w) for p in paths)]
    if missing:
        raise SystemExit(
            f"no notebook starts with {', '.join(missing)}: there are {', '.join(p.stem for p in paths)}"
        )
    return chosen


def code_hash(notebook: nbformat.NotebookNode) -> str:
    """Return a hash of the code cells, in order."""
    return digest(json.dumps([c.source for c in notebook.cells if c.cell_type == "code"]).encode())


def modules_hash(notebook: nbformat.NotebookNode) -> str:
    """Return a hash of the package's modules that the code cells import, directly or through
    others.
    """
    found: set[Path] = set()
    todo = [p for c in notebook.cells if c.cell_type == "code" for p in imported(c.source)]
    while todo:
        path = todo.pop()
        if path not in found and "exercises" not in path.parts:
            found.add(path)
            todo += imported(path.read_text(encoding="utf-8"))
    return digest(b"".join(p.read_bytes() for p in sorted(found)))


def imported(source: str) -> list[Path]:
    """Return the files of the package that a piece of source imports."""
    names: set[str] = set()
    for node in ast.walk(
        ast.parse(
            "\n".join(x for x in source.splitlines() if not x.lstrip().startswith(("%", "!")))
        )
    ):
        if isinstance(node, ast.Import):
            names |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module} | {f"{node.module}.{a.name}" for a in node.names}
    paths = []
    for name in names:
        if name.split(".")[0] == "ganbook":
            base = ROOT.joinpath(*name.split("."))
            paths += [p for p in (base.with_suffix(".py"), base / "__init__.py") if p.is_file()]
    return paths


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def write_exercises(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Write statement, stub and solution of each exercise from the package; returns the changed
    notebook.
    """
    from ganbook.exercises import exercise
    from ganbook.exercises.engine.page import on_page

    notebook = copy.deepcopy(notebook)
    cells = []
    for cell in notebook.cells:
        marks = cell.metadata.get("ganbook", {})
        if "stub" in marks or "solution" in marks:
            continue
        if "exercise" not in marks:
            cells.append(cell)
            continue
        number = marks["exercise"]
        ex = exercise(number)
        statement, stub, solution = ex.cells()
        # Python is not there where the book is rendered: what a page can check travels in the notebook.
        answer = on_page(ex)
        about = {"exercise": number} | ({"answer": answer} if answer else {})
        slug = number.replace(".", "-")
        cells.append(new("markdown", f"exercise-{slug}", statement, about))
        if stub:
            cells.append(new("code", f"stub-{slug}", stub, {"stub": number}))
        cells.append(new("markdown", f"solution-{slug}", solution, {"solution": number}))
    notebook.cells = cells
    return notebook


def new(kind: str, name: str, source: str, marks: dict[str, Any]) -> nbformat.NotebookNode:
    make = nbformat.v4.new_markdown_cell if kind == "markdown" else nbformat.v4.new_code_cell
    metadata: dict = {"ganbook": marks}
    if "solution" in marks:
        metadata["jupyter"] = {"source_hidden": True}
    return make(source, id=name, metadata=metadata)


def execute(path: Path) -> float:
    """Execute one notebook in place and return its CPU seconds; on an error the file is left as it was.

    CPU time and not the clock's: what else the machine does must not show on a chapter's page.
    """
    from nbclient import NotebookClient

    notebook = write_exercises(nbformat.read(path, as_version=4))
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({k: v for k, v in cell.metadata.items() if k in KEEP})
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    start = children_seconds()
    NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    seconds = children_seconds() - start
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            "ganbook": {
                "code": code_hash(notebook),
                "modules": modules_hash(notebook),
                "executed": executed_with(seconds),
            },
        }
    )
    temporary = path.with_suffix(".ipynb.tmp")
    nbformat.write(notebook, temporary)
    os.replace(temporary, path)
    return seconds


def children_seconds() -> float:
    """CPU seconds, user and system, of all processes that this one has started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def executed_with(seconds: float) -> dict:
    from importlib import metadata

    return {
        "date": datetime.date.today().isoformat(),
        "python": platform.python_version(),
        "torch": metadata.version("torch"),
        "seconds": round(seconds),
        "hardware": f"{platform.machine()}, {os.cpu_count()} cores",
    }


def main() -> None:
    os.environ |= {"GANBOOK_BUDGET": "book", "GANBOOK_PROGRESS": "0"}
    for path in chapters(sys.argv[1:]):
        print(f"{path.name}: {execute(path):.0f} s of CPU time", flush=True)


if __name__ == "__main__":
    main()
