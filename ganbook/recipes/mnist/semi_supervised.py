"""A hundred labels: a classifier trained inside a game against the same classifier alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from ganbook import data, records
from ganbook.games import SemiSupervisedGame
from ganbook.losses import Loss, cross_entropy_discriminator
from ganbook.networks import ClassSum, conv_discriminator, conv_generator
from ganbook.recipes import common
from ganbook.recipes.place import Place
from ganbook.training import fit

LABELS, SEEDS, CLASSES = 100, (0, 1, 2, 3, 4), 10
LATENT, WIDTH, BATCH, STEPS, ALONE = 32, 16, 64, 500, 300
RATE, BETAS = 2e-3, (0.5, 0.99)
MODULES = (
    "data",
    "losses",
    "games",
    "networks.conditional",
    "networks.conv",
    "networks.sizes",
    "training",
    "recipes.common",
    "recipes.mnist.semi_supervised",
)


def no_scores(d_fake: Tensor, d_real: Tensor | None = None) -> Tensor:
    """Return 0: G is trained by matching features, and by no score."""
    return 0.0 * d_fake.mean()


MATCHING = Loss("feature_matching", cross_entropy_discriminator, no_scores)


def classifier() -> nn.Sequential:
    """Return the discriminator of the book's convolutional pair with ten outputs."""
    return nn.Sequential(*conv_discriminator(WIDTH)[:-1], nn.Linear(64 * WIDTH, CLASSES))


def few_labels(images: data.Images, seed: int) -> data.Images:
    """Return 100 images, ten of each class, drawn by a seed."""
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(seed))
    y = images.y[order]
    picked = torch.cat([order[y == k][: LABELS // CLASSES] for k in range(CLASSES)])
    return images[picked]


def triples(images: data.Images, few: data.Images, seed: int) -> Iterator[tuple[Tensor, ...]]:
    """Yield (x, x_labelled, y): a batch without labels, and all the labelled images."""
    x_labelled = data.to_float(few.x)
    for x in data.batches(images, BATCH, torch.Generator().manual_seed(seed)):
        yield x, x_labelled, few.y


@torch.no_grad()
def accuracy(C: nn.Module, images: data.Images) -> float:
    """Return the share of images that a classifier names rightly."""
    C.eval()
    right = [C(data.to_float(x)).argmax(dim=1) for x in images.x.split(common.PART)]
    return float((torch.cat(right) == images.y).double().mean())


def alone(seed: int, few: data.Images) -> nn.Module:
    """Return the classifier trained on the labelled images alone, each batch all of them."""
    C = common.seeded(seed, classifier)[0]
    optimizer = torch.optim.Adam(C.parameters(), RATE / 2, BETAS)
    x = data.to_float(few.x)
    for _ in range(ALONE):
        optimizer.zero_grad()
        cross_entropy(C(x), few.y).backward()
        optimizer.step()
    return C


def in_the_game(seed: int, few: data.Images, images: data.Images) -> nn.Module:
    """Return the classifier trained by the semi-supervised game."""
    C, G = common.seeded(seed, classifier, lambda: conv_generator(LATENT, WIDTH))
    D = ClassSum(C)
    adam_g, adam_d = (torch.optim.Adam(p.parameters(), RATE, BETAS, fused=True) for p in (G, D))
    game = SemiSupervisedGame(G, D, adam_g, adam_d, LATENT, matched=C[:-1])

    def after(step: int, game: SemiSupervisedGame) -> None:
        for optimizer in (game.optimizer_g, game.optimizer_d):
            optimizer.param_groups[0]["lr"] = RATE * min(1.0, 2 * (1 - step / STEPS))

    fit(game, triples(images, few, seed), MATCHING, steps=STEPS, seed=seed, callback=after)
    return C


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Train the baseline and the game from five seeds, write ``mnist-semi-supervised``, sum up."""
    (place or Place()).on_the_cpu("mnist-semi-supervised")
    start, code = time.perf_counter(), records.code_hash(*MODULES)
    real, test = data.mnist("train"), data.mnist("test")
    found: dict[str, list[float]] = {"labels alone": [], "in the game": []}
    for seed in SEEDS:
        few = few_labels(real, seed)
        found["labels alone"].append(accuracy(alone(seed, few), test))
        found["in the game"].append(accuracy(in_the_game(seed, few, real), test))
        log(f"seed {seed}: " + ", ".join(f"{k} {v[-1]:.4f}" for k, v in found.items()))
    info = records.provenance(
        MODULES,
        SEEDS[0],
        time.perf_counter() - start,
        seeds=SEEDS,
        labels=f"{LABELS} training images, ten of each class, drawn anew by each seed",
        steps=STEPS,
        steps_alone=ALONE,
        batch=BATCH,
        generator_loss="feature matching alone",
        rate=f"{RATE}, over the second half of the steps in a line to zero; alone {RATE / 2}",
        betas=BETAS,
        width=WIDTH,
        latent=LATENT,
    )
    arrays = {name: np.array(values) for name, values in found.items()}
    records.save("mnist-semi-supervised", arrays, info | {"code": code}, folder)
    return "test accuracy " + ", ".join(f"{k} {np.mean(v):.3f}" for k, v in found.items())
