"""Render the book to ``_build/html`` and put the wheel of ganbook beside it.

    python scripts/build_book.py [--out DIR] [--verbose]

Any warning fails the build. Nothing is executed (stored outputs are shown) and nothing is fetched. Every
build starts anew: Sphinx repeats no warning about a page that it has read before, so a second try would pass.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def build_wheel(folder: Path) -> Path:
    """The wheel of ganbook, made without isolation and so without network."""
    shutil.rmtree(folder, ignore_errors=True)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
               "--no-index", "--disable-pip-version-check", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True)
    return next(folder.glob("ganbook-*.whl"))


def render(out: Path, wheel: Path, source: Path = ROOT, quiet: bool = True) -> int:
    """Run Jupyter Book with warnings as errors; its exit status, with what it said shown when it failed."""
    for part in ("html", ".doctrees", "jupyter_execute"):
        shutil.rmtree(out / "_build" / part, ignore_errors=True)
    command = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", str(source),
               "--path-output", str(out), "--warningiserror", "--nitpick", "--keep-going"]
    environment = os.environ | {"GANBOOK_WHEEL": str(wheel), "NO_COLOR": "1"}
    done = subprocess.run(
        command, env=environment, cwd=source, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    said = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)
    if done.returncode or not quiet:
        print(said)
    if done.returncode:
        problems = dict.fromkeys(re.findall(r"^.*(?:WARNING|ERROR).*$", said, flags=re.M))
        print(*problems, sep="\n", file=sys.stderr)
    return done.returncode


def main() -> int:
    """Build and say where the book lies."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT, help="where _build/html appears (default: here)")
    parser.add_argument("--verbose", action="store_true", help="show what Sphinx says")
    options = parser.parse_args()
    start, build = time.monotonic(), options.out.resolve() / "_build"
    status = render(options.out.resolve(), build_wheel(build / "wheel"), quiet=not options.verbose)
    if status:
        print("The book was not built: mend the warnings above.", file=sys.stderr)
        return status
    site = build / "html"
    size = sum(path.stat().st_size for path in site.rglob("*") if path.is_file()) / 1e6
    print(f"The book: {size:.0f} MB, rendered in {time.monotonic() - start:.0f} s. Open {site}/index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main())
