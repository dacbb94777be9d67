"""Follow every link of the book that leaves it: `python scripts/check_links.py` (what `make links`
runs).

Sphinx's own link checker does the work; this prints one line for each link that fails or has moved,
and ends with 1 if any failed. Links within the book are checked at every build instead."""

import argparse
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FAILED = {"broken", "timeout"}
MOVED = {"redirected", "permanent"}
CAUSE = re.compile(r"Caused by \w+\([\"'](?:[^\"']*\([^()]*\): )?(.*?)[\"']\)")


def check(source: Path, out: Path) -> list[dict]:
    """What became of each link; raises RuntimeError when the pages could not be read."""
    report = out / "_build" / "html" / "output.json"
    report.unlink(missing_ok=True)
    command = [
        sys.executable,
        "-c",
        "from jupyter_book.cli.main import main; main()",
        "build",
        str(source),
        "--path-output",
        str(out),
        "--builder",
        "linkcheck",
        "--all",
    ]
    done = subprocess.run(
        command, cwd=source, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if not report.exists():
        raise RuntimeError(f"Sphinx made no report of the links. It said:\n{done.stdout[-3000:]}")
    return [json.loads(line) for line in report.read_text(encoding="utf-8").splitlines()]


def reason(said: str) -> str:
    """What went wrong, without the layers of the library that noticed it."""
    inner = CAUSE.search(" ".join(said.split()))
    return (inner[1] if inner else " ".join(said.split()) or "no answer")[:200]


def tell(links: list[dict]) -> tuple[list[str], int]:
    """The lines to print, and how many links failed."""
    lines = []
    for link in sorted(
        links, key=lambda one: (one["status"] not in FAILED, one["filename"], one["lineno"])
    ):
        place = f"{link['filename']}:{link['lineno']}: {link['uri']}"
        if link["status"] in FAILED:
            lines.append(f"FAILED  {place}: {reason(link['info'])}")
        elif link["status"] in MOVED:
            lines.append(f"moved   {place} -> {link['info'].split()[-1]}")
    kinds = Counter(
        link["status"] for link in links if link["status"] not in ("local", "unchecked", "ignored")
    )
    failed = sum(kinds[kind] for kind in FAILED)
    lines.append(
        f"{kinds.total()} links leave the book: {kinds['working']} work, "
        f"{sum(kinds[kind] for kind in MOVED)} have moved, {failed} failed"
    )
    return lines, failed


def main() -> int:
    """Check, and say what failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=Path, default=ROOT, help="the book (default: this one)")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "_build" / "links", help="where the report is written"
    )
    options = parser.parse_args()
    try:
        lines, failed = tell(check(options.source.resolve(), options.out.resolve()))
    except RuntimeError as problem:
        print(problem, file=sys.stderr)
        return 2
    print(*lines, sep="\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
