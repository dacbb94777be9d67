"""One generator of films against two discriminators: of single frames, and of whole films."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from ganbook import data, records
from ganbook.data.moving import moving_patches
from ganbook.games import Game
from ganbook.games.frames import FrameGame
from ganbook.metrics.motion import centroids, score_motion
from ganbook.networks.video import (
    MotionContentGenerator,
    frame_discriminator,
    temporal_discriminator,
)
from ganbook.penalties import lazy, r1
from ganbook.recipes import common
from ganbook.recipes.place import Place
from ganbook.schedules import Linear
from ganbook.training import EMA

KINDS = ("films", "frames")
SEEDS, STEPS, BATCH, TRAIN = (0, 1, 2), 600, 8, 4_000
RATE, BETAS, GAMMA, EVERY, DECAY = 1e-3, (0.0, 0.99), 0.5, 4, 0.99
CONTENT, MOTION, WIDTH = 4, 12, 8
SCORED, KEPT = 500, 12
MODULES = (
    "data.moving",
    "losses",
    "penalties",
    "schedules",
    "games",
    "networks.video",
    "training",
    "metrics.motion",
    "recipes.common",
    "recipes.moving.patches",
)


def game_of(kind: str, seed: int, place: Place) -> Game:
    """Return the game of one kind: the same G from a seed, and a D of frames or of films."""
    makers = {
        "frames": lambda: frame_discriminator(width=WIDTH),
        "films": lambda: temporal_discriminator(width=2 * WIDTH),
    }
    G, D = place.put(
        *common.seeded(
            seed, lambda: MotionContentGenerator(CONTENT, MOTION, width=WIDTH), makers[kind]
        )
    )
    adam = [torch.optim.Adam(p.parameters(), RATE, BETAS, fused=True) for p in (G, D)]
    return (FrameGame if kind == "frames" else Game)(G, D, *adam, CONTENT + MOTION)


def train(kind: str, seed: int, place: Place) -> torch.Tensor:
    """Train one run; return films of the averaged generator, (SCORED, 1, 8, 32, 32) in [-1, 1]."""
    game = game_of(kind, seed, place)
    films = moving_patches(TRAIN, torch.Generator().manual_seed(100)).x
    batches = data.batches(films, BATCH, torch.Generator().manual_seed(seed), place.device)
    ema, rates = EMA(game.G, DECAY), Linear(RATE, 0.1 * RATE, STEPS)

    def after(step: int, game: Game) -> None:
        for optimizer in (game.optimizer_g, game.optimizer_d):
            optimizer.param_groups[0]["lr"] = rates(step)

    options = {"penalty": lazy(r1(GAMMA), EVERY), "ema": ema, "seed": seed, "callback": after}
    place.fit(game, batches, STEPS, f"{kind}-{seed}", **options)
    z = torch.randn(SCORED, CONTENT + MOTION, generator=torch.Generator().manual_seed(9))
    with torch.no_grad():
        return ema.module(z.to(place.device)).cpu()


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Train every kind from every seed, write the record ``moving-patches``, sum up.

    Arrays, per kind: ``KIND/constant``, ``frozen``, ``speeds`` and ``spread``, (seeds,);
    ``KIND/films``, bytes (seeds, 12, 1, 8, 32, 32); ``KIND/places``, the centroids of all 500 (seeds, 500, 8, 2).
    """
    place, start = place or Place(), time.perf_counter()
    code, arrays, said = records.code_hash(*MODULES), {}, []
    for kind in KINDS:
        made = []
        for seed in SEEDS:
            made.append(train(kind, seed, place))
            log(f"{kind}, seed {seed}: {score_motion(made[-1])}")
        scores = [asdict(score_motion(films)) for films in made]
        # The entropy of the speeds has no value where no film keeps its speed.
        kept_scores = scores[0].keys() - {"entropy"}
        arrays |= {f"{kind}/{k}": np.array([s[k] for s in scores]) for k in sorted(kept_scores)}
        kept = torch.stack([films[:KEPT] for films in made])
        arrays[f"{kind}/films"] = data.to_uint8(kept).numpy()
        arrays[f"{kind}/places"] = np.stack([centroids(f) for f in made]).astype(np.float32)
        said.append(f"{kind} {np.round(arrays[f'{kind}/constant'], 3).tolist()}")
    info = records.provenance(
        MODULES, 0, time.perf_counter() - start, seeds=list(SEEDS), steps=STEPS, batch=BATCH,
        training_films=TRAIN, rate=[RATE, 0.1 * RATE], betas=list(BETAS), gamma=GAMMA,
        penalty_every=EVERY, decay=DECAY, content=CONTENT, motion=MOTION, width=WIDTH, scored_samples=SCORED,
    )  # fmt: skip
    records.save("moving-patches", arrays, info | {"code": code}, folder)
    return "constant speed above zero: " + "; ".join(said)
