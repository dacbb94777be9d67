"""Plucked strings by two pairs of players: on the waveform, and on log-magnitudes without phases."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ganbook import data, records
from ganbook.data.plucks import plucks
from ganbook.games import Game
from ganbook.metrics.sound import read_plucks, score_plucks
from ganbook.networks.audio import (
    spectrogram_discriminator,
    spectrogram_generator,
    wave_discriminator,
    wave_generator,
)
from ganbook.penalties import lazy, r1
from ganbook.recipes import common
from ganbook.recipes.place import Place
from ganbook.schedules import Linear
from ganbook.spectra import log_picture, picture_sound
from ganbook.training import EMA

PLAYERS = {
    "waveform": (wave_generator, wave_discriminator),
    "spectrogram": (spectrogram_generator, spectrogram_discriminator),
}
SEEDS, STEPS, BATCH, TRAIN, LENGTH, LATENT = (0, 1, 2), 800, 32, 4_000, 1_024, 32
RATE, BETAS, GAMMA, EVERY, DECAY = 1e-3, (0.0, 0.99), 1.0, 4, 0.99
SCORED, KEPT, ROUNDS = 500, 12, 30
MODULES = (
    "data.plucks",
    "spectra",
    "losses",
    "penalties",
    "schedules",
    "games",
    "networks.audio",
    "training",
    "metrics.sound",
    "recipes.common",
    "recipes.sounds.plucks",
)


def train(kind: str, seed: int, place: Place) -> Tensor:
    """Train one run; return sounds of the averaged generator, (SCORED, 1, LENGTH)."""
    G, D = place.put(*common.seeded(seed, *PLAYERS[kind]))
    adam = [torch.optim.Adam(p.parameters(), RATE, BETAS, fused=True) for p in (G, D)]
    game, ema, rates = Game(G, D, *adam, LATENT), EMA(G, DECAY), Linear(RATE, 0.1 * RATE, STEPS)
    x = plucks(TRAIN, torch.Generator().manual_seed(100), LENGTH).x
    x = log_picture(x) if kind == "spectrogram" else x
    batches = data.batches(x, BATCH, torch.Generator().manual_seed(seed), place.device)

    def after(step: int, game: Game) -> None:
        for optimizer in (game.optimizer_g, game.optimizer_d):
            optimizer.param_groups[0]["lr"] = rates(step)

    options = {"penalty": lazy(r1(GAMMA), EVERY), "ema": ema, "seed": seed, "callback": after}
    place.fit(game, batches, STEPS, f"{kind}-{seed}", **options)
    z = torch.randn(SCORED, LATENT, generator=torch.Generator().manual_seed(9))
    with torch.no_grad():
        made = ema.module(z.to(place.device)).cpu()
    return picture_sound(made, ROUNDS) if kind == "spectrogram" else made


def described(sounds: list[Tensor]) -> dict[str, np.ndarray]:
    """Return the scores of each set, and what was read from each clip, by name; sets stacked."""
    scores = [asdict(score_plucks(x)) for x in sounds]
    found = {k: np.array([s[k] for s in scores]) for k in scores[0]}
    readings = [vars(read_plucks(x)) for x in sounds]
    found |= {
        f"each/{k}": np.stack([np.minimum(r[k], 1e3) for r in readings]).astype(np.float32)
        for k in readings[0]
    }
    clips = torch.stack([x[:KEPT, 0] for x in sounds]).clamp(-1, 1)
    return found | {"sounds": (clips * 32_767).round().to(torch.int16).numpy()}


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Train both kinds from every seed, write the record ``sounds-plucks``, sum up.

    Arrays, for the kinds ``waveform``, ``spectrogram``, ``real`` and ``round trip`` (real plucks
    that lost their phases and got new ones): the six scores, (sets,); ``KIND/each/NAME``, what was
    read from each of 500 clips, (sets, 500), a decay of 1,000 s standing for none; ``KIND/sounds``,
    12 clips as whole numbers of 16 bits, (sets, 12, 1024).
    """
    place, start = place or Place(), time.perf_counter()
    code, said = records.code_hash(*MODULES), []
    real = plucks(SCORED, torch.Generator().manual_seed(200), LENGTH).x
    sets = {"real": [real], "round trip": [picture_sound(log_picture(real), ROUNDS)]}
    for kind in PLAYERS:
        sets[kind] = []
        for seed in SEEDS:
            sets[kind].append(train(kind, seed, place))
            log(f"{kind}, seed {seed}: {score_plucks(sets[kind][-1])}")
    arrays = {f"{kind}/{k}": v for kind, x in sets.items() for k, v in described(x).items()}
    for kind in sets:
        said.append(f"{kind} {np.round(arrays[f'{kind}/in_tune'], 3).tolist()}")
    info = records.provenance(
        MODULES, 0, time.perf_counter() - start, seeds=list(SEEDS), steps=STEPS, batch=BATCH,
        training_clips=TRAIN, length=LENGTH, rate=[RATE, 0.1 * RATE], betas=list(BETAS),
        gamma=GAMMA, penalty_every=EVERY, decay=DECAY, latent=LATENT, scored_samples=SCORED,
        griffin_lim_rounds=ROUNDS,
    )  # fmt: skip
    records.save("sounds-plucks", arrays, info | {"code": code}, folder)
    return "in tune: " + "; ".join(said)
