"""How long until the pictures are good? Fréchet distance over CPU time, in steps of the article's
loop.

The article's loop runs in the same process between the scorings, so that its step is the unit. The
distance is that of 10,000 samples of the averaged generator, by the book's classifier, as a share
of what noise scores: 7.7 % is the first mark, 2.3 % the second. Run by `make bench`; `--plan long`
takes a quarter of an hour a seed, and with `--record` writes the record `mnist-conv` from its runs.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

from article import article_networks, article_steps
from pairs import heading, write

from ganbook import data, records
from ganbook.features import describe
from ganbook.metrics import frechet_distance
from ganbook.networks import has_bfloat16
from ganbook.recipes.common import noise
from ganbook.recipes.mnist.conv import LONG, MODULES, SHORT, Run, measured, provenance, save

MARKS = {"7.7 % of noise": 0.077, "2.3 % of noise": 0.023}
PLANS = {"short": SHORT, "long": LONG}
REPEATS = 8


def one_seed(seed: int, plan, bfloat16: bool, real) -> tuple[Run, float]:
    """A run, and the CPU seconds of one step of the article's loop, timed at each scoring."""
    loop = article_steps(*article_networks(seed))
    for _ in range(3):
        next(loop)
    unit: list[float] = []

    def time_the_loop() -> None:
        start = time.process_time()
        for _ in range(REPEATS):
            next(loop)
        unit.append((time.process_time() - start) / REPEATS)

    run = measured(seed, plan, bfloat16, real, between=time_the_loop)
    return run, statistics.median(unit)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plan", choices=PLANS, default="short")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--float32", action="store_true", help="leave bfloat16 out")
    parser.add_argument(
        "--record", type=Path, metavar="FOLDER", help="write the record (long plan)"
    )
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    if arguments.record and arguments.plan != "long":
        parser.error("--record belongs to --plan long")
    start, code = time.perf_counter(), records.code_hash(*MODULES)
    plan, bfloat16 = PLANS[arguments.plan], has_bfloat16() and not arguments.float32
    real, _ = describe(data.mnist("train").x[:10_000])
    worst = frechet_distance(real, describe(noise(10_000))[0])
    print(
        f"{heading()}\n{arguments.plan} plan, {'bfloat16' if bfloat16 else 'float32'}, noise scores {worst:.0f}"
    )
    runs, results = [], []
    for seed in range(arguments.seeds):
        run, unit = one_seed(seed, plan, bfloat16, real)
        shares = [score / worst for score in run.frechet]
        spent = [round(seconds / unit) for seconds in run.cpu_seconds]
        reached = {
            name: next((n for n, share in zip(spent, shares, strict=True) if share <= mark), None)
            for name, mark in MARKS.items()
        }
        runs.append(run)
        results.append(
            {
                "seed": seed,
                "milliseconds of an article's step": round(1000 * unit, 1),
                "article's steps": spent,
                "CPU seconds": [round(t, 1) for t in run.cpu_seconds],
                "share of noise": [round(share, 4) for share in shares],
                "reached after": reached,
            }
        )
        marks = "; ".join(f"{name} after {n or 'never'}" for name, n in reached.items())
        print(
            f"seed {seed}: in steps of the article's loop ({1000 * unit:.0f} ms), {marks}; "
            f"at the end {100 * shares[-1]:.2f} % after {spent[-1]}",
            flush=True,
        )
    write(
        arguments.json,
        {"plan": vars(plan), "bfloat16": bfloat16, "noise": round(worst, 1), "runs": results},
    )
    if arguments.record:
        seeds = list(range(arguments.seeds))
        save(
            arguments.record,
            runs,
            worst,
            provenance(seeds, runs, bfloat16, time.perf_counter() - start, code),
        )


if __name__ == "__main__":
    main()
