"""How long does each chapter run, and how much memory does it take? One thread each, one after the
other.

Run by `make bench`. Leaves the notebooks as they are: it executes copies. A chapter may take 90
seconds, all of them 15 minutes as two workers, and 2 GiB."""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

from pairs import write

ROOT = Path(__file__).resolve().parent.parent

ONE = r"""
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=900, kernel_name="python3", resources={"metadata": {"path": sys.argv[2]}}).execute()
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("chapters", nargs="*", help="numbers such as 03; all if none is given")
    arguments = parser.parse_args()
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "GANBOOK_BUDGET": "book",
        "GANBOOK_PROGRESS": "0",
    }
    found = {}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        if arguments.chapters and not path.name.startswith(tuple(arguments.chapters)):
            continue
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-c", ONE, str(path), str(path.parent)], check=True, env=environment
        )
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
        found[path.stem] = {
            "seconds": round(time.perf_counter() - start, 1),
            "peak so far GiB": round(peak, 2),
        }
        print(
            f"{path.stem:40s} {found[path.stem]['seconds']:6.1f} s   peak so far {peak:.2f} GiB",
            flush=True,
        )
    print(f"{'all':40s} {sum(f['seconds'] for f in found.values()):6.1f} s")
    write(arguments.json, {"chapters": found})


if __name__ == "__main__":
    main()
