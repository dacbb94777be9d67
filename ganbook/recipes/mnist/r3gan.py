"""R3GAN's loss and penalties, small: chapter 13's best pair under three objectives, same runs read
by steps and by CPU seconds.

Pair, optimiser, rate, batch and averaging are those of `ganbook.recipes.mnist.architectures`; only
the loss and the penalties change. The runs of one seed take turns, so that whatever else the machine
does slows them all alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ganbook import data, networks, records
from ganbook.features import describe
from ganbook.losses import NON_SATURATING, RELATIVISTIC, Loss
from ganbook.metrics import frechet_distance
from ganbook.penalties import Penalty, r1, r2, total
from ganbook.recipes import common
from ganbook.recipes.mnist import architectures as pairs
from ganbook.recipes.place import Kept, Place
from ganbook.training import EMA, Game, fit

PAIR, RATE = "full resolution", 3e-3
SEEDS, STEPS, TURN, SCORED = (0, 1, 2, 3, 4), (256, 512, 1024), 16, 2_000
ARMS: dict[str, tuple[Loss, Penalty]] = {
    "non-saturating, R1": (NON_SATURATING, r1(pairs.GAMMA)),
    "relativistic, R1": (RELATIVISTIC, r1(pairs.GAMMA)),
    "relativistic, R1 + R2": (RELATIVISTIC, total(r1(pairs.GAMMA), r2(pairs.GAMMA))),
}
MODULES = (*pairs.MODULES, "recipes.mnist.r3gan")


@dataclass
class Run:
    """One arm in training: its game, its batches, its average, and the CPU seconds it took."""

    game: Game
    batches: Iterator[Tensor]
    loss: Loss
    penalty: Penalty
    ema: EMA = field(init=False)
    spent: float = 0.0

    def __post_init__(self) -> None:
        self.ema = EMA(self.game.G, pairs.DECAY)

    def turn(self, steps: int) -> None:
        """Train for a number of steps."""
        since = time.process_time()
        options = {"loss": self.loss, "penalty": self.penalty, "ema": self.ema, "seed": None}
        fit(self.game, self.batches, steps=steps, progress=False, **options)
        self.spent += time.process_time() - since


def start(seed: int, images: data.Images, device: torch.device | str = "cpu") -> list[Run]:
    """Return one run for each arm: same first parameters, same batches, same z."""
    runs = []
    for loss, penalty in ARMS.values():
        game = pairs.game_of(PAIR, seed, RATE, networks.has_bfloat16(device), device)
        game.generator.manual_seed(seed)
        batches = data.batches(images, pairs.BATCH, torch.Generator().manual_seed(seed), device)
        runs.append(Run(game, iter(batches), loss, penalty))
    return runs


def scored(run: Run, real: Tensor) -> float:
    """Return the Fréchet distance of SCORED samples of the averaged generator."""
    made = common.sample(run.ema.module, pairs.LATENT, SCORED)
    return frechet_distance(real, describe(made)[0].cpu())


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Train each arm from each seed, write the record ``mnist-r3gan``, arrays (seeds, arms, marks),
    sum up.

    With a checkpoint each finished seed is kept in a file beside it, and the same call goes on.
    """
    began, code, place = time.perf_counter(), records.code_hash(*MODULES), place or Place()
    torch.set_num_threads(1)
    images = data.mnist("train")
    real = common.real_features(images.x)
    kept = Kept(place.checkpoint and place.checkpoint.with_suffix(".seeds.npz"))
    for seed in SEEDS:
        if seed in kept.rows:
            continue
        runs, distance, seconds = start(seed, images, place.device), [], []
        for done in range(0, STEPS[-1], TURN):
            for one in runs:
                one.turn(TURN)
            if done + TURN in STEPS:
                distance.append([scored(one, real) for one in runs])
                seconds.append([one.spent for one in runs])
        kept.put(seed, distance=np.transpose(distance), seconds=np.transpose(seconds))
        log(f"seed {seed}: {np.round(distance[-1], 1).tolist()}")
    arrays = {k: kept.stacked(k) for k in ("distance", "seconds")}
    test = describe(data.mnist("test").x)[0]
    arrays |= {
        "arms": np.array(list(ARMS)),
        "steps": np.array(STEPS),
        "floor": np.array([frechet_distance(real, part) for part in test.split(SCORED)[:5]]),
        "noise": np.array(frechet_distance(real, describe(common.noise(SCORED))[0])),
    }
    info = records.provenance(
        MODULES,
        SEEDS[0],
        time.perf_counter() - began,
        seeds=SEEDS,
        pair=PAIR,
        rate=RATE,
        latent=pairs.LATENT,
        batch=pairs.BATCH,
        betas=pairs.BETAS,
        gamma=pairs.GAMMA,
        ema=pairs.DECAY,
        bfloat16=networks.has_bfloat16(place.device),
        threads=1,
        turn=f"{TURN} steps",
        scored_samples=SCORED,
        real="first 10,000 training images",
        clock="CPU time of the process, scoring left out, on a machine that others used as well",
    )
    records.save("mnist-r3gan", arrays, info | {"code": code}, folder)
    means = arrays["distance"][:, :, -1].mean(axis=0)
    last = ", ".join(f"{name} {mean:.0f}" for name, mean in zip(ARMS, means, strict=True))
    return f"mean Fréchet distance after {STEPS[-1]} steps: {last}"
