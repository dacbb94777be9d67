"""WGAN-GP on MNIST with fully connected players: does the critic's loss follow the quality of the
samples?
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from ganbook import data, records
from ganbook.losses import WASSERSTEIN
from ganbook.networks import mlp_discriminator, mlp_generator
from ganbook.penalties import gradient_penalty
from ganbook.recipes import common
from ganbook.recipes.mnist.mlp import LATENT, scores
from ganbook.recipes.place import Place
from ganbook.training import Game

BATCH, RATE, BETAS, WEIGHT, D_STEPS = 64, 1e-4, (0.0, 0.9), 10.0, 5
STEPS, EVERY, SEED = 3_000, 150, 0
MODULES = (
    "data",
    "losses",
    "networks.mlp",
    "networks.sizes",
    "history",
    "training",
    "penalties",
    "features",
    "metrics.arrays",
    "metrics.frechet",
    "metrics.inception",
    "transport",
    "recipes.common",
    "recipes.place",
    "recipes.mnist.mlp",
    "recipes.mnist.wgan_gp",
)


def wgan_game(seed: int = SEED, device: torch.device | str = "cpu") -> Game:
    """Return the article's players without dropout, initialised from a seed, with the optimisers of
    WGAN-GP.
    """
    G, D = common.seeded(
        seed, lambda: mlp_generator(LATENT), lambda: mlp_discriminator(dropout=0.0)
    )
    return common.adam_game(G.to(device), D.to(device), LATENT, RATE, BETAS)


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Train, score 10,000 samples at each checkpoint, write the record ``mnist-wgan-gp``, sum up.

    Arrays: ``step`` and ``frechet``, ``inception``, ``estimate`` (minus the critic's loss, without
    the penalty, mean over the steps since the last checkpoint), ``penalty`` (likewise) at
    checkpoints; ``gap``, minus the critic's loss at every step; ``grid``, 64 images of one fixed z
    at five checkpoints."""
    start = time.perf_counter()
    code = records.code_hash(*MODULES)
    real_features = common.real_features(data.mnist("train").x)
    place = place or Place()
    game = wgan_game(device=place.device)
    batches = data.batches(
        data.mnist("train"), BATCH, torch.Generator().manual_seed(SEED), place.device
    )
    found = place.kept()

    def look(step: int, game: Game) -> None:
        if step % EVERY:
            return
        made = common.sample(game.G, LATENT, 10_000).to(place.device)
        frechet, inception = scores(made, real_features)
        row = {"step": step, "frechet": frechet, "inception": inception}
        if step % (STEPS // 5) == 0:
            row["grid"] = common.sample(game.G, LATENT, 64, seed=2).numpy()
        found.put(step, **row)
        log(
            f"step {step}: Fréchet {frechet:.1f}, inception {inception:.2f}, {time.perf_counter() - start:.0f} s"
        )

    penalty = gradient_penalty(WEIGHT, torch.Generator().manual_seed(SEED))
    options = {"loss": WASSERSTEIN, "penalty": penalty, "d_steps": D_STEPS, "seed": SEED}
    history = place.fit(game, batches, STEPS, callback=look, **options)
    arrays = {name: found.stacked(name) for name in ("step", "frechet", "inception", "grid")}
    arrays |= {
        "gap": -history["loss_d"].astype(np.float32),
        "estimate": -history["loss_d"].reshape(-1, EVERY).mean(axis=1),
        "penalty": history["penalty"].reshape(-1, EVERY).mean(axis=1),
    }
    info = records.provenance(
        MODULES,
        SEED,
        time.perf_counter() - start,
        steps=STEPS,
        d_steps=D_STEPS,
        batch=BATCH,
        rate=RATE,
        betas=list(BETAS),
        weight=WEIGHT,
        scored_samples=10_000,
    ) | {"code": code}
    records.save("mnist-wgan-gp", arrays, info, folder)
    return f"Fréchet distance {arrays['frechet'][-1]:.1f} after {STEPS} generator steps"
