"""A hundred labels of 8 by 8 digits: a classifier trained inside a game against the same classifier
alone."""

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
from ganbook.networks import ClassSum, mlp_generator
from ganbook.recipes import common
from ganbook.recipes.place import Place
from ganbook.training import fit

LABELS, TRAIN, SEEDS, CLASSES = 100, 1_297, (0, 1, 2, 3, 4), 10
LATENT, WIDTH, BATCH, STEPS = 16, 128, 64, 600
RATE, BETAS = 1e-3, (0.5, 0.99)
MODULES = (
    "data",
    "losses",
    "games",
    "networks.conditional",
    "networks.mlp",
    "networks.sizes",
    "training",
    "recipes.common",
    "recipes.digits.few_labels",
)


def no_scores(d_fake: Tensor, d_real: Tensor | None = None) -> Tensor:
    """Return 0: G is trained by matching features, and by no score."""
    return 0.0 * d_fake.mean()


MATCHING = Loss("feature_matching", cross_entropy_discriminator, no_scores)


def classifier() -> nn.Sequential:
    """Return two hidden layers for 8 by 8 pictures, ten logits."""
    layers = [nn.Flatten(), nn.Linear(64, WIDTH), nn.LeakyReLU(0.2)]
    layers += [nn.Linear(WIDTH, WIDTH), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Linear(WIDTH, CLASSES))


def parted(seed: int) -> tuple[data.Images, data.Images]:
    """Return 1,297 digits to train on and 500 held out, drawn by a seed."""
    images = data.digits()
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(seed))
    return images[order[:TRAIN]], images[order[TRAIN:]]


def few_of(images: data.Images) -> data.Images:
    """Return the first ten images of each class."""
    return images[
        torch.cat([torch.where(images.y == k)[0][: LABELS // CLASSES] for k in range(CLASSES)])
    ]


def triples(images: data.Images, few: data.Images, seed: int) -> Iterator[tuple[Tensor, ...]]:
    """Yield (x, x_labelled, y): a batch without labels, and all the labelled images."""
    x_labelled = data.to_float(few.x)
    for x in data.batches(images, BATCH, torch.Generator().manual_seed(seed)):
        yield x, x_labelled, few.y


@torch.no_grad()
def accuracy(C: nn.Module, images: data.Images) -> float:
    """Return the share of images that a classifier names rightly."""
    right = C.eval()(data.to_float(images.x)).argmax(dim=1) == images.y
    return float(right.double().mean())


def alone(seed: int, few: data.Images) -> nn.Module:
    """Return the classifier trained on labelled images alone, 100 of them a batch."""
    C = common.seeded(seed, classifier)[0]
    optimizer = torch.optim.Adam(C.parameters(), RATE, BETAS)
    source = data.batches((few.x, few.y), LABELS, torch.Generator().manual_seed(seed))
    for _ in range(STEPS):
        x, y = next(source)
        optimizer.zero_grad()
        cross_entropy(C(x), y).backward()
        optimizer.step()
    return C


def in_the_game(seed: int, few: data.Images, images: data.Images) -> nn.Module:
    """Return the same classifier trained by the semi-supervised game."""
    C, G = common.seeded(seed, classifier, lambda: mlp_generator(LATENT, (WIDTH,), side=8))
    D = ClassSum(C)
    adam_g, adam_d = (torch.optim.Adam(p.parameters(), RATE, BETAS) for p in (G, D))
    game = SemiSupervisedGame(G, D, adam_g, adam_d, LATENT, matched=C[:-1])
    fit(game, triples(images, few, seed), MATCHING, steps=STEPS, seed=seed)
    return C


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Train with and without the game from five seeds, write ``digits-few-labels``, sum up."""
    (place or Place()).on_the_cpu("digits-few-labels")
    start, code = time.perf_counter(), records.code_hash(*MODULES)
    found: dict[str, list[float]] = {
        "100 labels alone": [],
        "100 labels in the game": [],
        "all labels alone": [],
    }
    for seed in SEEDS:
        images, held_out = parted(seed)
        few = few_of(images)
        for name, C in zip(
            found,
            (alone(seed, few), in_the_game(seed, few, images), alone(seed, images)),
            strict=True,
        ):
            found[name].append(accuracy(C, held_out))
        log(f"seed {seed}: " + ", ".join(f"{k} {v[-1]:.3f}" for k, v in found.items()))
    info = records.provenance(
        MODULES,
        SEEDS[0],
        time.perf_counter() - start,
        seeds=SEEDS,
        labels=f"{LABELS}, ten of each class; the {TRAIN} training digits are drawn by the seed",
        steps=STEPS,
        batch=BATCH,
        rate=RATE,
        betas=BETAS,
        width=WIDTH,
        latent=LATENT,
        generator_loss="feature matching alone",
    )
    arrays = {name: np.array(values) for name, values in found.items()}
    records.save("digits-few-labels", arrays, info | {"code": code}, folder)
    return "accuracy " + ", ".join(f"{k} {np.mean(v):.3f}" for k, v in found.items())
