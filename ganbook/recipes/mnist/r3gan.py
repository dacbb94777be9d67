"""R3GAN's loss and penalties, small: chapter 13's best pair under three objectives, same runs read
by steps and by CPU seconds.

Pair, optimiser, batch and averaging are those of `ganbook.recipes.mnist.architectures`; only the loss
and the penalties change. Each arm takes the better of two rates, found by short runs from a seed that
the comparison does not use. The runs of one seed take turns, so that whatever else the machine does
slows them all alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
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

PAIR, RATES, TUNING_SEED = "full resolution", (1e-3, 3e-3), 100
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


def start(
    seed: int, rates: Sequence[float], images: data.Images, device: torch.device | str = "cpu"
) -> list[Run]:
    """Return one run for each arm, with its rate: same first parameters, same batches, same z."""
    runs = []
    for (loss, penalty), rate in zip(ARMS.values(), rates, strict=True):
        game = pairs.game_of(PAIR, seed, rate, networks.has_bfloat16(device), device)
        game.generator.manual_seed(seed)
        batches = data.batches(images, pairs.BATCH, torch.Generator().manual_seed(seed), device)
        runs.append(Run(game, iter(batches), loss, penalty))
    return runs


def scored(run: Run, real: Tensor) -> float:
    """Return the Fréchet distance of SCORED samples of the averaged generator."""
    made = common.sample(run.ema.module, pairs.LATENT, SCORED)
    return frechet_distance(real, describe(made)[0].cpu())


def played(runs: list[Run], real: Tensor, marks: Sequence[int]) -> dict[str, np.ndarray]:
    """Train the runs in turns; return their distances and CPU seconds at marks in steps."""
    distance, seconds = [], []
    for done in range(TURN, marks[-1] + 1, TURN):
        for one in runs:
            one.turn(TURN)
        if done in marks:
            distance.append([scored(one, real) for one in runs])
            seconds.append([one.spent for one in runs])
    return {"distance": np.transpose(distance), "seconds": np.transpose(seconds)}


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Train each arm from each seed, write the record ``mnist-r3gan``, arrays (seeds, arms, marks),
    sum up.

    With a checkpoint each finished seed is kept in a file beside it, and the same call goes on.
    """
    began, code, place = time.perf_counter(), records.code_hash(*MODULES), place or Place()
    torch.set_num_threads(1)
    images = data.mnist("train")
    real = common.real_features(images.x)
    tuned, kept = (
        Kept(place.checkpoint and place.checkpoint.with_suffix(f".{part}.npz"))
        for part in ("tuning", "seeds")
    )
    if not tuned.rows:
        found = [
            played(start(TUNING_SEED, [rate] * len(ARMS), images, place.device), real, STEPS[:1])
            for rate in RATES
        ]
        tuned.put(0, distance=np.stack([one["distance"][:, 0] for one in found], axis=1))
    tuning = tuned.rows[0]["distance"]
    rates = [RATES[k] for k in tuning.argmin(axis=1)]
    log(f"rates {RATES}: {tuning.round(1).tolist()}")
    for seed in SEEDS:
        if seed not in kept.rows:
            kept.put(seed, **played(start(seed, rates, images, place.device), real, STEPS))
            log(f"seed {seed}: {kept.rows[seed]['distance'][:, -1].round(1).tolist()}")
    arrays = {k: kept.stacked(k) for k in ("distance", "seconds")}
    test = describe(data.mnist("test").x)[0]
    arrays |= {
        "arms": np.array(list(ARMS)),
        "steps": np.array(STEPS),
        "rates": np.array(rates),
        "tuning": tuning,
        "floor": np.array([frechet_distance(real, part) for part in test.split(SCORED)[:5]]),
        "noise": np.array(frechet_distance(real, describe(common.noise(SCORED))[0])),
    }
    info = records.provenance(
        MODULES,
        SEEDS[0],
        time.perf_counter() - began,
        seeds=SEEDS,
        pair=PAIR,
        rates_tried=RATES,
        tuning_seed=TUNING_SEED,
        tuning_steps=STEPS[0],
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
