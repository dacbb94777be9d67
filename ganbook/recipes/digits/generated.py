"""Train on generated digits of 8 by 8, test on real ones: does a generator help a classifier that
is given what the generator was given?"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from ganbook import data, records
from ganbook.games import ConditionalGame
from ganbook.networks import Concatenated, Projected, mlp_generator
from ganbook.penalties import r1
from ganbook.recipes import common
from ganbook.recipes.digits import few_labels
from ganbook.recipes.digits.few_labels import CLASSES, LATENT, WIDTH, accuracy, classifier, parted
from ganbook.recipes.place import Place
from ganbook.training import EMA, fit

SEEDS, STEPS, BATCH, RATE, BETAS, GAMMA, DECAY = (
    (0, 1, 2, 3, 4),
    1_000,
    64,
    1e-3,
    (0.0, 0.9),
    1.0,
    0.995,
)
MADE, CLASSIFIER_STEPS = 10_000, 400
MODULES = (
    *few_labels.MODULES,
    "penalties",
    "recipes.digits.generated",
)
Labelled = tuple[Tensor, Tensor]


def generator(seed: int, images: data.Images) -> nn.Module:
    """Return an averaged generator trained on digits and their labels, D by projection."""

    def features() -> nn.Sequential:
        return nn.Sequential(*classifier()[:-1])

    G, D = common.seeded(
        seed,
        lambda: Concatenated(mlp_generator(LATENT + CLASSES, (WIDTH, WIDTH), side=8), CLASSES),
        lambda: Projected(features(), WIDTH, CLASSES),
    )
    adam_g, adam_d = (torch.optim.Adam(p.parameters(), RATE, BETAS) for p in (G, D))
    game, ema = ConditionalGame(G, D, adam_g, adam_d, LATENT), EMA(G, DECAY)
    batches = data.batches((images.x, images.y), BATCH, torch.Generator().manual_seed(seed))
    fit(game, batches, penalty=r1(GAMMA), steps=STEPS, ema=ema, seed=seed)
    return ema.module.eval()


@torch.no_grad()
def made(G: nn.Module, seed: int) -> Labelled:
    """Return generated digits as bytes, and the labels they were made for, equally often each."""
    y = torch.arange(CLASSES).repeat(MADE // CLASSES)
    z = torch.randn(len(y), LATENT, generator=torch.Generator().manual_seed(100 + seed))
    return data.to_uint8(G(z, y)), y


def train(seed: int, sets: tuple[Labelled, ...]) -> nn.Module:
    """Return a classifier after a number of steps that is equal for all arms; of two sets each
    gives half a batch.
    """
    C = common.seeded(seed, classifier)[0]
    optimizer = torch.optim.Adam(C.parameters(), RATE)
    sources = [
        data.batches(s, BATCH // len(sets), torch.Generator().manual_seed(seed)) for s in sets
    ]
    for _ in range(CLASSIFIER_STEPS):
        parts = [next(source) for source in sources]
        x, y = (torch.cat(own) for own in zip(*parts, strict=True))
        optimizer.zero_grad()
        cross_entropy(C(x), y).backward()
        optimizer.step()
    return C


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Train generators and classifiers from five seeds, write ``digits-generated``, sum up."""
    (place or Place()).on_the_cpu("digits-generated")
    start, code = time.perf_counter(), records.code_hash(*MODULES)
    found: dict[str, list[float]] = {"generated": [], "real": [], "real and generated": []}
    recognised, grid = [], None
    for seed in SEEDS:
        images, held_out = parted(seed)
        x, y = made(generator(seed, images), seed)
        grid = x[:40].numpy() if grid is None else grid
        real = images.x, images.y
        for name, sets in zip(found, (((x, y),), (real,), (real, (x, y))), strict=True):
            C = train(seed, sets)
            found[name].append(accuracy(C, held_out))
            if name == "real":  # a judge that the game did not see
                recognised.append(accuracy(C, data.Images(x, y)))
        log(
            f"seed {seed}: recognised {recognised[-1]:.3f}, "
            + ", ".join(f"{k} {v[-1]:.3f}" for k, v in found.items())
        )
    info = records.provenance(
        MODULES,
        SEEDS[0],
        time.perf_counter() - start,
        seeds=SEEDS,
        data=f"scikit-learn's digits, {few_labels.TRAIN} for generator and classifier, 500 held out",
        steps=STEPS,
        classifier_steps=CLASSIFIER_STEPS,
        batch=BATCH,
        rate=RATE,
        betas=BETAS,
        gamma=GAMMA,
        decay=DECAY,
        width=WIDTH,
        latent=LATENT,
        made=MADE,
    )
    arrays = {name: np.array(values) for name, values in found.items()}
    arrays |= {"recognised": np.array(recognised), "grid": grid}
    records.save("digits-generated", arrays, info | {"code": code}, folder)
    return "accuracy on held-out digits: " + ", ".join(
        f"{k} {np.mean(v):.3f}" for k, v in found.items()
    )
