"""What only a GPU can show, in one command: `python benchmarks/gpu.py` (what `make gpu` runs).

    python benchmarks/gpu.py [--out DIR] [--minutes 8] [--tiny] [PART ...]

Parts, in order of worth; each is a process of its own with a limit, and writes its JSON as it ends:

    equality   placement, and equality with the CPU to tolerance
    speed      steps a second: the article's loop with its DataLoader against `fit`
    chapters   chapters 2, 3, 4, 5 and 7 as scripts under the full budget
    recipes    mnist-mlp for 50 epochs and mnist-conv, one seed, then more
    resume     a run that is killed goes on to the same bits

Needs no network, no Jupyter, and MNIST in ``data/`` beside ``benchmarks/`` or in $GANBOOK_DATA.
``--tiny`` is a rehearsal in a minute, on the CPU if there is no GPU."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMITS = {"equality": 60, "speed": 90, "chapters": 180, "recipes": 180, "resume": 60}  # seconds


def environment() -> dict[str, str]:
    """Sources before an installed package, data from beside them, one device."""
    here = os.environ | {"PYTHONPATH": str(ROOT), "GANBOOK_PROGRESS": "0", "MPLBACKEND": "agg"}
    if "GANBOOK_DATA" not in here and (ROOT / "data").is_dir():
        here["GANBOOK_DATA"] = str(ROOT / "data")
    return here


def run(part: str, out: Path, seconds: float, tiny: bool) -> dict:
    """Run one part in a process of its own; return what became of it, and write that as well."""
    script = Path(__file__).with_name("gpu_parts.py")
    command = [sys.executable, str(script), part, str(out / f"{part}.json"), str(seconds)]
    start = time.monotonic()
    process = subprocess.Popen([*command, *["--tiny"] * tiny], env=environment(), cwd=ROOT)
    try:
        code: int | str = process.wait(timeout=seconds + 5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        code = f"stopped at its limit of {seconds:.0f} s"
    found = {"part": part, "ended": code, "seconds": round(time.monotonic() - start, 1)}
    (out / f"{part}.ended.json").write_text(json.dumps(found) + "\n")
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run the parts within the minutes; 1 if one did not end by itself and well."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(LIMITS)}; all by default")
    parser.add_argument("--out", type=Path, default=ROOT / "_build" / "gpu")
    parser.add_argument("--minutes", type=float, default=8.0, help="for all parts together")
    parser.add_argument("--tiny", action="store_true", help="small sizes: a rehearsal")
    options = parser.parse_args(arguments)
    unknown = set(options.parts) - set(LIMITS)
    if unknown:
        parser.error(f"no part {', '.join(sorted(unknown))}: there are {', '.join(LIMITS)}")
    out = options.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    end, bad = time.monotonic() + 60 * options.minutes - 10, 0
    for part in options.parts or LIMITS:
        left = min(LIMITS[part], end - time.monotonic())
        if left < 5:
            print(f"{part}: no time left", flush=True)
            bad += 1
            continue
        found = run(part, out, left, options.tiny)
        bad += found["ended"] != 0
        print(f"{part}: ended {found['ended']} after {found['seconds']} s", flush=True)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
