"""Where does the time of one training step of the article's players go? Shares of self CPU time,
batch 128.

In float32 as the chapters run, and in bfloat16 with all that `ganbook.networks.layers` offers. Run by `make
bench`. Prints shares, not seconds: seconds depend on the machine and on what else runs on it."""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

import torch
from pairs import heading, write
from torch.profiler import ProfilerActivity, profile
from training_loop import quick

from ganbook import data
from ganbook.networks import has_bfloat16
from ganbook.recipes.mnist.mlp import article_game
from ganbook.training import Game, d_step, g_step

KINDS = {
    "matrix products": ("mm", "addmm", "linear", "matmul"),
    "dropout masks": (
        "dropout",
        "bernoulli",
        "native_dropout",
        "div_",
        "empty_like",
        "random_",
        "::ge",
        "::mul",
    ),
    "Adam": ("adam", "optimizer", "zero_grad", "_fused"),
    "activations": ("leaky_relu", "tanh", "softplus"),
    "casts and copies": ("to_copy", "copy_", "::cat"),
    "drawing z and choosing pictures": ("randn", "normal", "index_select", "randperm"),
}


def kind(operation: str) -> str:
    name = operation.lower().removeprefix("aten::")
    for title, parts in KINDS.items():
        if any(p in name for p in parts):
            return title
    return "everything else"


def shares(game: Game, steps: int = 30) -> dict[str, float]:
    images = torch.randint(0, 256, (4_096, 1, 28, 28), dtype=torch.uint8)
    batches = data.batches(images, 128, torch.Generator().manual_seed(0))
    for _ in range(5):
        x = next(batches)
        d_step(game, x)
        g_step(game, x)
    with profile(activities=[ProfilerActivity.CPU]) as trace:
        for _ in range(steps):
            x = next(batches)
            d_step(game, x)
            g_step(game, x)
    totals: dict[str, float] = {}
    for event in trace.key_averages():
        totals[kind(event.key)] = totals.get(kind(event.key), 0.0) + event.self_cpu_time_total
    return {k: v / sum(totals.values()) for k, v in totals.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    print(heading())
    settings = {"float32": article_game()}
    if has_bfloat16():
        settings["bfloat16, quick"] = quick(article_game(), bfloat16=True)
    found = {}
    for setting, game in settings.items():
        rounds = [shares(game) for _ in range(arguments.rounds)]
        found[setting] = {
            k: round(statistics.median(r.get(k, 0.0) for r in rounds), 4) for k in rounds[0]
        }
        print(setting)
        for name, share in sorted(found[setting].items(), key=lambda item: -item[1]):
            print(f"  {name:32s} {100 * share:5.1f} %")
    write(arguments.json, {"shares": found})


if __name__ == "__main__":
    main()
