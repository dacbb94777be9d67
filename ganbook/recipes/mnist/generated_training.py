"""Train on generated digits, test on real ones: does a generator help a classifier?"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from ganbook import data, records
from ganbook.features import MnistClassifier
from ganbook.recipes import common
from ganbook.recipes.mnist import conditional
from ganbook.recipes.place import Place

SEEDS, FEW, MADE, BATCH, STEPS, RATE = (0, 1, 2, 3, 4), 1_000, 10_000, 64, 300, 2e-3
MODULES = (
    "data",
    "features.mnist",
    "networks.conditional",
    "networks.conv",
    "recipes.common",
    "recipes.mnist.conditional",
    "recipes.mnist.generated_training",
)
Labelled = tuple[Tensor, Tensor]


def made(seed: int) -> Labelled:
    """Return 10,000 generated digits of one recorded generator and the labels they were made for."""
    y = torch.arange(conditional.CLASSES).repeat(MADE // conditional.CLASSES)
    return conditional.labelled(conditional.generator(seed), y, seed=100 + seed), y


def arms(seed: int, real: data.Images) -> dict[str, tuple[Labelled, ...]]:
    """Return by name what each classifier is trained on; of two sets each gives half a batch."""
    order = torch.randperm(len(real), generator=torch.Generator().manual_seed(seed))
    every, few, generated = real[order], real[order[:FEW]], made(seed)
    return {
        "generated": (generated,),
        "real": ((every.x, every.y),),
        "real and generated": ((every.x, every.y), generated),
        "few real": ((few.x, few.y),),
        "few real and generated": ((few.x, few.y), generated),
    }


def train(seed: int, sets: tuple[Labelled, ...]) -> MnistClassifier:
    """Return a classifier trained for a number of steps, equal for all arms."""
    C = common.seeded(seed, MnistClassifier)[0]
    optimizer = torch.optim.Adam(C.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=RATE, total_steps=STEPS)
    sources = [
        data.batches(s, BATCH // len(sets), torch.Generator().manual_seed(seed)) for s in sets
    ]
    with torch.random.fork_rng():
        torch.manual_seed(seed)  # dropout
        for _ in range(STEPS):
            parts = [next(source) for source in sources]
            x, y = (torch.cat(own) for own in zip(*parts, strict=True))
            optimizer.zero_grad()
            cross_entropy(C(x), y).backward()
            optimizer.step()
            schedule.step()
    return C


@torch.no_grad()
def accuracy(C: MnistClassifier, images: data.Images) -> float:
    """Return the share of images that a classifier names rightly."""
    C.eval()
    right = [C(data.to_float(x)).argmax(dim=1) for x in images.x.split(common.PART)]
    return float((torch.cat(right) == images.y).double().mean())


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Train five arms from five seeds, write ``mnist-generated-training``, sum up."""
    (place or Place()).on_the_cpu("mnist-generated-training")
    start, code = time.perf_counter(), records.code_hash(*MODULES)
    real, test = data.mnist("train"), data.mnist("test")
    found: dict[str, list[float]] = {}
    for seed in SEEDS:
        for name, sets in arms(seed, real).items():
            found.setdefault(name, []).append(accuracy(train(seed, sets), test))
        log(f"seed {seed}: " + ", ".join(f"{k} {v[-1]:.4f}" for k, v in found.items()))
    info = records.provenance(
        MODULES,
        SEEDS[0],
        time.perf_counter() - start,
        seeds=SEEDS,
        generators="of mnist-conditional (projection), one for each seed, trained on all images",
        few=FEW,
        made=MADE,
        batch=BATCH,
        steps=STEPS,
        rate=f"one cycle, at most {RATE}",
    )
    arrays = {name: np.array(values) for name, values in found.items()}
    records.save("mnist-generated-training", arrays, info | {"code": code}, folder)
    return "test accuracy " + ", ".join(f"{k} {np.mean(v):.4f}" for k, v in found.items())
