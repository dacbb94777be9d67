"""The book's best pair on MNIST: convolutions at full resolution, R1, an averaged generator; with
the checks that a generator of stored pictures would fail."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ganbook import data, records
from ganbook.features import describe
from ganbook.metrics import (
    density_coverage,
    frechet_distance,
    inception_score,
    nearest_neighbours,
)
from ganbook.networks import InBfloat16, full_discriminator, full_generator, has_bfloat16
from ganbook.penalties import r1
from ganbook.recipes import common
from ganbook.recipes.mnist.conv import Plan
from ganbook.recipes.place import Place
from ganbook.training import EMA, Game

LATENT, WIDTH, BETAS, GAMMA = 64, 16, (0.0, 0.99), 0.3
PLAN = Plan(steps=16_000, batch=64, rate=2e-3, decay=0.999)
SEEDS, LOOKS, SCORED, COMPARED = (0, 1, 2), 16, 10_000, 2_000
MODULES = (
    "data",
    "losses",
    "networks.full",
    "networks.layers",
    "networks.sizes",
    "penalties",
    "history",
    "training",
    "features",
    "metrics",
    "transport",
    "recipes.common",
    "recipes.place",
    "recipes.mnist.conv",
    "recipes.mnist.best",
)


def best_game(seed: int, bfloat16: bool = False, device: torch.device | str = "cpu") -> Game:
    """Return the pair with an Adam each, initialised from a seed."""
    G, D = common.seeded(
        seed, lambda: full_generator(LATENT, WIDTH), lambda: full_discriminator(WIDTH)
    )
    G, D = (network.to(device, memory_format=torch.channels_last) for network in (G, D))
    if bfloat16:
        G, D = InBfloat16(G), InBfloat16(D)
    return common.adam_game(G, D, LATENT, PLAN.rate, BETAS, one_pass=True)


def checks(G: nn.Module, train: Tensor, test: Tensor) -> dict[str, float]:
    """Return what a distance to training pictures alone does not show, for a generator.

    ``train`` and ``test`` are pictures, uint8. ``frechet_train`` and ``frechet_test`` are distances
    of SCORED samples to the first 10,000 of each; ``coverage`` the share of the first COMPARED test
    pictures' balls that hold one of COMPARED samples, in features; ``neighbour`` the median pixel
    distance of a sample to its nearest training picture, and ``neighbour_test`` that of a test
    picture; ``inception`` the score of the samples.
    """
    made = common.sample(G, LATENT, SCORED)
    features, probabilities = describe(made)
    real = [describe(x[: common.REFERENCE])[0] for x in (train, test)]
    few = [x[:COMPARED].flatten(1).float().numpy() / 127.5 for x in (made, test)]
    pool = train.flatten(1).float().numpy() / 127.5
    near = [float(np.median(nearest_neighbours(x, pool)[1])) for x in few]
    return {
        "frechet_train": frechet_distance(real[0], features),
        "frechet_test": frechet_distance(real[1], features),
        "coverage": density_coverage(real[1][:COMPARED], features[:COMPARED])[1],
        "neighbour": near[0],
        "neighbour_test": near[1],
        "inception": inception_score(probabilities),
    }


def trained(
    seed: int, images: data.Images, test: Tensor, bfloat16: bool, place: Place
) -> tuple[dict[str, np.ndarray], nn.Module]:
    """Train one seed; return its curves with the checks at the end, and the averaged generator.

    Each curve has LOOKS entries: step, CPU seconds without scoring, distance to training pictures.
    """
    game = best_game(seed, bfloat16, place.device)
    ema, found = EMA(game.G, PLAN.decay), place.kept(f"seed-{seed}")
    real = common.real_features(images.x)
    spent = float(found.stacked("cpu_seconds")[-1]) if found.rows else 0.0
    clock = {"spent": spent, "since": time.process_time()}

    def look(step: int, game: Game) -> None:
        for optimizer in (game.optimizer_g, game.optimizer_d):
            optimizer.param_groups[0]["lr"] = PLAN.rate_at(step)
        clock["spent"] += time.process_time() - clock["since"]
        if step % (PLAN.steps // LOOKS) == 0:
            made = describe(common.sample(ema.module, LATENT, SCORED))[0]
            found.put(
                step,
                step=step,
                cpu_seconds=clock["spent"],
                frechet=frechet_distance(real, made.cpu()),
            )
        clock["since"] = time.process_time()

    batches = data.batches(
        images, PLAN.batch, torch.Generator().manual_seed(seed), device=place.device
    )
    options = {"penalty": r1(GAMMA), "ema": ema, "seed": seed, "callback": look}
    place.fit(game, batches, PLAN.steps, f"seed-{seed}", **options)
    average = getattr(ema.module, "network", ema.module)  # as a float32 player
    curves = {k: found.stacked(k) for k in ("step", "cpu_seconds", "frechet")}
    ends = checks(average.cpu(), images.x, test)
    return curves | {k: np.array(v) for k, v in ends.items()}, average


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Train each seed, write the record ``mnist-best`` with the averaged generator of the first
    (float16), sum up.
    """
    code, place = records.code_hash(*MODULES), place or Place()
    bfloat16 = has_bfloat16(place.device)
    images, test = data.mnist("train"), data.mnist("test").x
    found, first = [], None
    for seed in SEEDS:
        one, average = trained(seed, images, test, bfloat16, place)
        found.append(one)
        first = average if first is None else first
        log(f"seed {seed}: { ({k: round(float(v.flat[-1]), 2) for k, v in one.items()}) }")
    arrays = {k: np.array([one[k] for one in found]) for k in found[0]}
    worst = frechet_distance(common.real_features(images.x), describe(common.noise(SCORED))[0])
    arrays |= {
        "noise": np.array(worst),
        "grid": common.sample(first, LATENT, 64, seed=2).numpy(),
    }
    common.save_weights("mnist-best", first, folder)
    info = records.provenance(
        MODULES,
        SEEDS[0],
        float(arrays["cpu_seconds"][:, -1].sum()),
        clock="CPU seconds of training, one thread a seed, scoring left out",
        seeds=SEEDS,
        gamma=GAMMA,
        betas=BETAS,
        width=WIDTH,
        latent=LATENT,
        **vars(PLAN),
        bfloat16=bfloat16,
        scored_samples=SCORED,
        compared=COMPARED,
        real="first 10,000 training images",
    )
    records.save("mnist-best", arrays, info | {"code": code}, folder)
    last = ", ".join(f"{f:.2f}" for f in arrays["frechet"][:, -1])
    return f"Fréchet distance {last} after {PLAN.steps} steps (noise {worst:.0f})"
