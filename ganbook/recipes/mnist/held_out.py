"""A discriminator on 500 images: its scores on these, on images that it never saw, and on
samples, beside the distance of the samples to test images."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from ganbook import data, records
from ganbook.features import describe
from ganbook.metrics import frechet_distance
from ganbook.penalties import r1
from ganbook.recipes import common
from ganbook.recipes.mnist import conv
from ganbook.recipes.place import Place
from ganbook.training import Game, fit

SEEDS, IMAGES, STEPS, EVERY, SCORED = (0, 1, 2, 3, 4), 500, 600, 100, 2_000
PLAN = conv.SHORT  # at its first rate throughout
MODULES = (
    "data",
    "losses",
    "networks",
    "penalties",
    "training",
    "features",
    "metrics",
    "recipes.common",
    "recipes.mnist.conv",
    "recipes.mnist.held_out",
)


@torch.no_grad()
def mean_scores(game: Game, *groups: torch.Tensor) -> list[float]:
    """Return D's mean score on each group of pictures, uint8 (N, 1, 28, 28)."""
    return [game.D(data.to_float(x)).mean().item() for x in groups]


def train(
    seed: int, images: data.Images, log: Callable[[str], None] = print
) -> dict[str, list[float]]:
    """Train on the first IMAGES images; every EVERY steps take D's mean scores and two distances.

    ``train``, ``held_out`` and ``fake`` are mean scores on the training images, on as many that
    follow them, and on as many samples; ``validation`` and ``test`` Fréchet distances of SCORED
    samples to two disjoint sets of as many images that neither player saw.
    """
    game = conv.conv_game(seed, PLAN)
    seen, unseen = images[:IMAGES], images.x[IMAGES : 2 * IMAGES]
    rest = images.x[2 * IMAGES : 2 * IMAGES + 2 * SCORED]
    references = [describe(x)[0] for x in rest.chunk(2)]
    batches = data.batches(seen, PLAN.batch, torch.Generator().manual_seed(seed))
    found: dict[str, list[float]] = {}

    def look(step: int, game: Game) -> None:
        if step % EVERY:
            return
        samples = common.sample(game.G, conv.LATENT, SCORED)
        features = describe(samples)[0]
        row = mean_scores(game, seen.x, unseen, samples[:IMAGES])
        row += [frechet_distance(reference, features) for reference in references]
        names = ("train", "held_out", "fake", "validation", "test")
        for name, value in zip(names, row, strict=True):
            found.setdefault(name, []).append(value)
        log(f"seed {seed}, step {step}: {np.round(row, 2).tolist()}")

    fit(game, batches, penalty=r1(conv.GAMMA), steps=STEPS, seed=seed, callback=look)
    return found


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Train with each seed, write the record ``mnist-held-out``, arrays (seeds, looks), and sum
    up.
    """
    (place or Place()).on_the_cpu("mnist-held-out")
    start, images = time.perf_counter(), data.mnist("train")
    found = [train(seed, images, log) for seed in SEEDS]
    arrays = {name: np.array([f[name] for f in found]) for name in found[0]}
    arrays |= {"step": np.arange(EVERY, STEPS + 1, EVERY), "seeds": np.array(SEEDS)}
    seconds = time.perf_counter() - start
    info = records.provenance(MODULES, 0, seconds, images=IMAGES, steps=STEPS, scored=SCORED)
    records.save("mnist-held-out", arrays, info, folder)
    ends = [arrays[k][:, -1].mean() for k in ("train", "held_out", "test")]
    return "mean scores {:.1f} and {:.1f}, Fréchet {:.1f}".format(*ends)
