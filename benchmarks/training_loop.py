"""Is `fit` faster than the article's loop, and how near to its matrix products alone? Same
networks, batches of 128.

1. Steps of the article's loop against those of `fit`: float32 as in the chapters, float32 and bfloat16 with what
   `ganbook.networks.layers` offers.
2. The same matrix products alone, without anything around them: the bound, and the share of it that is reached.
3. With `--quality`: Fréchet distance after equal numbers of steps, three seeds each (a quarter of an hour).

Run by `make bench`.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import torch
from article import BATCH, LATENT, article_networks, article_steps
from pairs import heading, ratio, rounds, write
from torch import Tensor

from ganbook import data
from ganbook.features import describe
from ganbook.networks import WIDTHS_D, WIDTHS_G, InBfloat16, has_bfloat16, quick_dropout
from ganbook.recipes.common import sample
from ganbook.recipes.mnist.mlp import article_game, scores
from ganbook.training import Game, fit

LOOP, CHAPTERS, QUICK, BFLOAT16 = (
    "article's loop",
    "fit, float32",
    "fit, float32, quick",
    "fit, bfloat16, quick",
)
BOUND, BOUND_BFLOAT16 = "products alone, float32", "products alone, bfloat16"
STEPS, QUALITY_STEPS, QUALITY_BETA1 = 10, 938, 0.5  # at 0.9 all are as bad as noise for so long


def quick(game: Game, bfloat16: bool) -> Game:
    """The same players with quick dropout and one pass of D, in bfloat16 if asked."""
    G, D = game.G, quick_dropout(game.D)
    if bfloat16:
        G, D = InBfloat16(G), InBfloat16(D)
    rate, betas = (game.optimizer_g.defaults[name] for name in ("lr", "betas"))
    adam_g, adam_d = (
        torch.optim.Adam(p.parameters(), lr=rate, betas=betas, fused=True) for p in (G, D)
    )
    return Game(G, D, adam_g, adam_d, game.latent, one_pass=True)


def fitting(game: Game):
    """A call of `fit` for a few steps, which goes on where the last one ended."""
    batches = data.batches(data.mnist("train"), BATCH, torch.Generator().manual_seed(0))
    return lambda: fit(game, batches, steps=STEPS, seed=None)


def times(action):
    """The action as often as `fit` steps in one call."""
    return lambda: [action() for _ in range(STEPS)]


def products(dtype: torch.dtype):
    """Every matrix product of one step, and nothing else; D sees its real and generated rows in one
    product.
    """
    g, d = (list(pairwise(sizes)) for sizes in ((LATENT, *WIDTHS_G, 784), (784, *WIDTHS_D, 1)))
    weight = {(i, o): torch.randn(o, i).to(dtype) for i, o in g + d}
    rows = {
        (n, k): torch.randn(n, k).to(dtype) for n in (BATCH, 2 * BATCH) for k in {*sum(g + d, ())}
    }

    def forward(layers, n: int) -> None:
        for i, o in layers:
            rows[n, i] @ weight[i, o].T

    def to_weights(layers, n: int) -> None:
        for i, o in layers:
            rows[n, o].T @ rows[n, i]

    def to_inputs(layers, n: int) -> None:
        for i, o in layers:
            rows[n, o] @ weight[i, o]

    def step() -> list[Tensor] | None:
        forward(g, BATCH)
        forward(d, 2 * BATCH)
        to_weights(d, 2 * BATCH)
        to_inputs(d[1:], 2 * BATCH)
        forward(g, BATCH)
        forward(d, BATCH)
        to_inputs(d, BATCH)
        to_weights(g, BATCH)
        to_inputs(g[1:], BATCH)

    return step


def speed(n_rounds: int) -> dict[str, object]:
    bfloat16 = has_bfloat16()
    loop = article_steps(*article_networks(0))
    actions = {
        LOOP: times(lambda: next(loop)),
        CHAPTERS: fitting(article_game()),
        QUICK: fitting(quick(article_game(), bfloat16=False)),
        BOUND: times(products(torch.float32)),
    }
    if bfloat16:
        actions |= {
            BFLOAT16: fitting(quick(article_game(), bfloat16=True)),
            BOUND_BFLOAT16: times(products(torch.bfloat16)),
        }
    found = rounds(actions, repeats=1, n_rounds=n_rounds)
    results = {
        f"{LOOP} / {name}": ratio(found, LOOP, name)
        for name in (CHAPTERS, QUICK, BFLOAT16)
        if name in found
    }
    for bound, names in ((BOUND, (CHAPTERS, QUICK)), (BOUND_BFLOAT16, (BFLOAT16,))):
        results |= {
            f"{bound} / {name}": ratio(found, bound, name) for name in names if name in found
        }
    for name, (middle, low, high) in results.items():
        print(f"{name:48s} {middle:5.2f}   ({low:.2f} to {high:.2f})")
    if not bfloat16:
        print("bfloat16 left out: this processor has no instructions for it")
    milliseconds = {
        name: round(1000 * statistics.median(each) / STEPS, 1) for name, each in found.items()
    }
    return {"ratios (median, lowest, highest)": results, "milliseconds a step": milliseconds}


def quality(seeds: Iterable[int]) -> dict[str, list[float]]:
    """Fréchet distance of 10,000 samples after equal numbers of steps, by seed, at the beta1 that
    learns in these.
    """
    real, _ = describe(data.mnist("train").x[:10_000])
    found: dict[str, list[float]] = {LOOP: [], CHAPTERS: [], BFLOAT16: []}
    for seed in seeds:
        G, D = article_networks(seed)
        loop = article_steps(G, D, QUALITY_BETA1)
        for _ in range(QUALITY_STEPS):
            next(loop)
        found[LOOP].append(scores(sample(G, LATENT, 10_000), real)[0])
        for name in (CHAPTERS, BFLOAT16):
            game = article_game(seed, QUALITY_BETA1)
            game = game if name == CHAPTERS else quick(game, bfloat16=has_bfloat16())
            batches = data.batches(data.mnist("train"), BATCH, torch.Generator().manual_seed(seed))
            fit(game, batches, steps=QUALITY_STEPS, seed=seed)
            found[name].append(scores(sample(game.G, LATENT, 10_000), real)[0])
    for name, values in found.items():
        print(
            f"{name:24s} Fréchet distance after {QUALITY_STEPS} steps: {', '.join(f'{v:.0f}' for v in values)}"
        )
    return {name: [round(v, 1) for v in values] for name, values in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument(
        "--quality", action="store_true", help="also compare Fréchet distances (minutes)"
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    print(heading())
    results = speed(arguments.rounds)
    if arguments.quality:
        results[f"Fréchet distance after {QUALITY_STEPS} steps"] = quality(range(arguments.seeds))
    write(arguments.json, results)


if __name__ == "__main__":
    main()
