"""Render the book to ``_build/html`` and put the wheel of ganbook beside it.

    python scripts/build_book.py [--out DIR] [--verbose]

Any warning fails the build. Nothing is executed (stored outputs are shown), and nothing is fetched
but what the plays take from npm, once; without npm those plays show their pictures. Every build
starts anew: Sphinx repeats no warning about a page that it has read before, so a second try would
pass."""

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
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--disable-pip-version-check",
        "--wheel-dir",
        str(folder),
        str(ROOT),
    ]
    subprocess.run(command, check=True)
    return next(folder.glob("ganbook-*.whl"))


def fetch_player(folder: Path) -> tuple[Path | None, str]:
    """What the plays take from npm, by the lock file: the folder it lies in, or None; and a reason,
    or nothing.

    A folder with the same lock is used as it is.
    """
    source, lock = ROOT / "book_ext" / "player", folder / "package-lock.json"
    if lock.exists() and lock.read_bytes() == (source / lock.name).read_bytes():
        return folder, ""
    npm = shutil.which("npm")
    if npm is None:
        return None, "npm is not installed"
    fetched = folder.with_name(f"{folder.name}.{os.getpid()}.tmp")
    shutil.rmtree(fetched, ignore_errors=True)
    shutil.copytree(source, fetched)
    command = [
        npm,
        "ci",
        "--ignore-scripts",
        "--no-fund",
        "--no-audit",
        "--fetch-retries=1",
        "--fetch-timeout=30000",
    ]
    try:
        done = subprocess.run(command, cwd=fetched, capture_output=True, text=True, timeout=180)
        problem = "" if done.returncode == 0 else done.stderr
    except (OSError, subprocess.TimeoutExpired) as error:
        problem = str(error)
    if not problem:
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        fetched.rename(folder)
        return folder, ""
    shutil.rmtree(fetched, ignore_errors=True)
    said = re.sub(r"^npm (?:error|ERR!) ?", "", problem, flags=re.M).split("\n")
    return None, "npm ci failed: " + "; ".join(line.strip() for line in said if line.strip())[:200]


def render(
    out: Path, wheel: Path, source: Path = ROOT, quiet: bool = True, player: Path | None = None
) -> int:
    """Run Jupyter Book with warnings as errors; its exit status, with what it said shown when it
    failed.
    """
    for part in ("html", ".doctrees", "jupyter_execute"):
        shutil.rmtree(out / "_build" / part, ignore_errors=True)
    command = [
        sys.executable,
        "-c",
        "from jupyter_book.cli.main import main; main()",
        "build",
        str(source),
        "--path-output",
        str(out),
        "--warningiserror",
        "--nitpick",
        "--keep-going",
    ]
    environment = os.environ | {
        "GANBOOK_WHEEL": str(wheel),
        "GANBOOK_PLAYER": str(player or ""),
        "NO_COLOR": "1",
    }
    done = subprocess.run(
        command,
        env=environment,
        cwd=source,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
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
    parser.add_argument(
        "--out", type=Path, default=ROOT, help="where _build/html appears (default: here)"
    )
    parser.add_argument("--verbose", action="store_true", help="show what Sphinx says")
    options = parser.parse_args()
    start, build = time.monotonic(), options.out.resolve() / "_build"
    player, reason = fetch_player(build / "player")
    status = render(
        options.out.resolve(),
        build_wheel(build / "wheel"),
        quiet=not options.verbose,
        player=player,
    )
    if status:
        print("The book was not built: mend the warnings above.", file=sys.stderr)
        return status
    if reason:
        print(f"The latent explorer shows its static picture: {reason}.")
    site = build / "html"
    size = sum(path.stat().st_size for path in site.rglob("*") if path.is_file()) / 1e6
    print(
        f"The book: {size:.0f} MB, rendered in {time.monotonic() - start:.0f} s. Open {site}/index.html"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
