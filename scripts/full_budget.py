"""Execute copies of chapters under the full budget: `python scripts/full_budget.py [03 ...]` (what
`make notebooks-full CH=03` runs).

On whatever device `ganbook.budget.device()` gives. The chapters themselves stay as they are: a copy
with its outputs and a report go to ``_build/full``. A cell that fails is named, and the cells after
it run all the same. Exits with 1 if one failed."""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

import notebooks

FOLDER = notebooks.ROOT / "_build" / "full"
CELL_TIMEOUT = 3 * 3600


def device_words() -> str:
    """What the full budget trains on here, in words."""
    import torch

    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"the CPU ({torch.get_num_threads()} threads; torch sees no GPU)"


def run(path: Path, folder: Path = FOLDER, log=print) -> dict:
    """Execute a copy of one notebook, reporting cell by cell; return the report."""
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in code:
        cell.outputs, cell.execution_count = [], None
    rows, begun = [], 0.0

    def before(cell, cell_index) -> None:
        nonlocal begun
        begun = time.perf_counter()

    def after(cell, cell_index, execute_reply) -> None:
        if cell.cell_type != "code":
            return
        row = {"cell": len(rows) + 1, "id": cell.id, "asserts": assertions(cell.source)}
        row |= {"seconds": round(time.perf_counter() - begun, 2), "error": error(cell)}
        rows.append(row)
        log(f"  cell {row['cell']} of {len(code)}: {row['seconds']:.1f} s{verdict(row)}")

    log(f"{path.stem}: {len(code)} cells")
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        allow_errors=True,
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.on_cell_start, client.on_cell_executed = before, after
    start = time.perf_counter()
    client.execute(env=os.environ | {"GANBOOK_BUDGET": "full"})
    report = {
        "chapter": path.stem,
        "device": device_words(),
        "seconds": round(time.perf_counter() - start, 1),
        "book_seconds": notebook.metadata.get("ganbook", {}).get("executed", {}).get("seconds"),
        "assertions": sum(row["asserts"] for row in rows if not row["error"]),
        "failed": [row["cell"] for row in rows if row["error"]],
        "cells": rows,
    }
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, folder / path.name)
    (folder / f"{path.stem}.json").write_text(json.dumps(report, indent=1) + "\n")
    return report


def assertions(source: str) -> int:
    """How many assert statements a cell holds."""
    lines = [line for line in source.splitlines() if not line.lstrip().startswith(("%", "!"))]
    return sum(isinstance(node, ast.Assert) for node in ast.walk(ast.parse("\n".join(lines))))


def error(cell: nbformat.NotebookNode) -> str:
    """The last line of a cell's error, or nothing."""
    for out in cell.outputs:
        if out.output_type == "error":
            where = [line for line in out.traceback if "---->" in line]
            plain = re.sub(r"\x1b\[[0-9;]*m", "", where[-1] if where else "")
            line = next((x for x in plain.splitlines() if x.startswith("---->")), "").strip("-> ")
            return f"{out.ename}: {out.evalue.splitlines()[0] if out.evalue else ''} at {line}"
    return ""


def verdict(row: dict) -> str:
    """What is worth saying of a cell after its time."""
    if row["error"]:
        return f"  FAILED  {row['error']}"
    return f", {row['asserts']} assertions hold" if row["asserts"] else ""


def main(arguments: list[str] | None = None) -> int:
    """Run the wanted chapters and sum up; 1 if a cell failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="*", help="such as 03; all of them if none is named")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where copy and report go")
    options = parser.parse_args(arguments)
    print(f"full budget on {device_words()}", flush=True)
    reports = [
        run(path, options.folder, lambda line: print(line, flush=True))
        for path in notebooks.chapters(options.chapters)
    ]
    print("chapter, seconds (book budget), assertions that hold, cells that failed")
    for report in reports:
        print(
            f"{report['chapter']}: {report['seconds']:.0f} s ({report['book_seconds']} s), "
            f"{report['assertions']}, {report['failed'] or 'none'}"
        )
    return int(any(report["failed"] for report in reports))


if __name__ == "__main__":
    sys.exit(main())
