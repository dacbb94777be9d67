"""A random search on MNIST: the twenty settings of the search on the ring, each loss at about a minute
a trial; then the best setting of each loss again, from seeds that the search did not use."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ganbook import data, networks, records
from ganbook.features import extractor
from ganbook.history import TrainingDiverged
from ganbook.losses import LOSSES
from ganbook.metrics import frechet_distance
from ganbook.penalties import r1
from ganbook.recipes import common
from ganbook.recipes.place import Kept, Place
from ganbook.recipes.testbeds._side_by_side import Trial, marked
from ganbook.recipes.testbeds.search import BETA1S, GAMMAS, RATES, TRIALS, settings
from ganbook.training import EMA, Game, fit

STEPS, BATCH = 3_072, 16
AGAIN = (200, 201, 202, 203, 204)
LATENT, WIDTH, BETA2, LAST_RATE, DECAY = 64, 8, 0.99, 0.05, 0.99
SCORED, SHOWN = 2_000, 12
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
    "metrics.arrays",
    "metrics.frechet",
    "transport",
    "recipes.common",
    "recipes.place",
    "recipes.mnist.search",
    "recipes.testbeds._side_by_side",
    "recipes.testbeds.search",
)


def game_of(trial: Trial, bfloat16: bool = False, device: torch.device | str = "cpu") -> Game:
    """Return the pair at full resolution with each player's own Adam."""
    G, D = common.seeded(
        trial.seed,
        lambda: networks.full_generator(LATENT, WIDTH),
        lambda: networks.full_discriminator(WIDTH),
    )
    G, D = (p.to(device, memory_format=torch.channels_last) for p in (G, D))
    if bfloat16:
        G, D = networks.InBfloat16(G), networks.InBfloat16(D)
    adam_g, adam_d = (
        torch.optim.Adam(p.parameters(), lr=rate, betas=(trial.beta1, BETA2), fused=True)
        for p, rate in ((G, trial.rate_g), (D, trial.rate_d))
    )
    return Game(G, D, adam_g, adam_d, LATENT, one_pass=True)


def rate_at(step: int) -> float:
    """Return the share of the first rate after a step: a line from 1 to LAST_RATE."""
    return 1 - (1 - LAST_RATE) * step / STEPS


def play(
    trial: Trial, loss: str, images: data.Images, real: Tensor, device: torch.device | str = "cpu"
) -> dict[str, np.ndarray]:
    """Train one trial under one loss; return its ``distance``, ``cpu_seconds`` and pictures ``shown``.

    ``distance`` is the Fréchet distance of SCORED samples of the averaged G to real features, nan
    if a number was no longer finite; ``cpu_seconds`` leave the scoring out; ``shown`` are the first
    SHOWN samples, uint8 (SHOWN, 28, 28). Trials of one seed start from the same networks, data and
    z whatever the loss."""
    game = game_of(trial, networks.has_bfloat16(device), device)
    ema, since = EMA(game.G, DECAY), time.process_time()

    def fall(step: int, game: Game) -> None:
        for optimizer, first in (
            (game.optimizer_g, trial.rate_g),
            (game.optimizer_d, trial.rate_d),
        ):
            optimizer.param_groups[0]["lr"] = first * rate_at(step)

    batches = data.batches(images, BATCH, torch.Generator().manual_seed(trial.seed), device=device)
    options = {"penalty": r1(trial.gamma), "ema": ema, "seed": trial.seed, "callback": fall}
    finite = True
    try:
        fit(game, batches, loss, steps=STEPS, progress=False, **options)
    except TrainingDiverged:
        finite = False
    spent = time.process_time() - since
    made = common.sample(ema.module, LATENT, SCORED) if finite else torch.zeros(SHOWN, 1, 28, 28)
    distance = frechet_distance(real, extractor("mnist")(made).cpu()) if finite else np.nan
    return {
        "distance": np.array(distance),
        "cpu_seconds": np.array(spent),
        "shown": made[:SHOWN, 0].to(torch.uint8).numpy(),
    }


def of_each_loss(
    trials: Sequence[Trial], images: data.Images, real: Tensor, device: torch.device | str = "cpu"
) -> dict[str, np.ndarray]:
    """Play one trial for each loss, in the order of ``LOSSES``; arrays as of `play`, (L, ...)."""
    pairs = zip(trials, LOSSES, strict=True)
    found = [play(trial, loss, images, real, device) for trial, loss in pairs]
    return {k: np.stack([one[k] for one in found]) for k in found[0]}


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Play the search and the repetitions, write the record ``mnist-search``, sum up.

    With a checkpoint each finished trial is kept in a file beside it, and the same call goes on.
    Arrays, L losses: ``distance`` (L, 20), -1 where a trial failed; ``again`` (L, 5), the best
    setting of each loss from other seeds; ``cpu_seconds`` (L, 20); ``settings`` (20, 4): rate of D
    and of G, first momentum, weight of R1; ``untrained`` (20), distances before training;
    ``shown`` (L, 2, 12, 28, 28), samples of each loss's best trial and of its median one (the
    tenth); ``floor``, of five samples of test pictures; ``noise``, of noise."""
    code, place = records.code_hash(*MODULES), place or Place()
    torch.set_num_threads(1)
    images, trials = data.mnist("train"), settings()
    real = common.real_features(images.x)
    searched, repeated = (
        Kept(place.checkpoint and place.checkpoint.with_suffix(f".{part}.npz"))
        for part in ("trials", "again")
    )
    for k, trial in enumerate(trials):
        if k not in searched.rows:
            searched.put(k, **of_each_loss([trial] * len(LOSSES), images, real, place.device))
            log(f"trial {k}: {searched.rows[k]['distance'].round(1).tolist()}")
    distance = searched.stacked("distance").T
    best = [trials[k] for k in np.nan_to_num(distance, nan=np.inf).argmin(axis=1)]
    for seed in AGAIN:
        if seed not in repeated.rows:
            chosen = [replace(trial, seed=seed) for trial in best]
            repeated.put(seed, **of_each_loss(chosen, images, real, place.device))
            log(f"again, seed {seed}: {repeated.rows[seed]['distance'].round(1).tolist()}")
    return save(folder, trials, searched, repeated, real, code)


def save(
    folder: Path, trials: list[Trial], searched: Kept, repeated: Kept, real: Tensor, code: str
) -> str:
    """Write the record from what is kept, and sum up."""
    distance, shown = searched.stacked("distance").T, searched.stacked("shown")
    order = np.nan_to_num(distance, nan=np.inf).argsort(axis=1, kind="stable")
    seen, test = extractor("mnist"), data.mnist("test").x
    seconds = searched.stacked("cpu_seconds").T
    arrays = {
        "distance": marked(distance),
        "again": marked(repeated.stacked("distance").T),
        "cpu_seconds": seconds,
        "settings": np.array([[t.rate_d, t.rate_g, t.beta1, t.gamma] for t in trials]),
        "untrained": np.array([_untrained(t, real) for t in trials]),
        "shown": np.stack(
            [shown[order[k, [0, (len(trials) - 1) // 2]], k] for k in range(len(order))]
        ),
        "floor": np.array([frechet_distance(real, seen(x)) for x in test.split(SCORED)[:5]]),
        "noise": np.array(frechet_distance(real, seen(common.noise(SCORED)))),
    }
    total = float(seconds.sum() + repeated.stacked("cpu_seconds").sum())
    info = records.provenance(MODULES, trials[0].seed, total) | {
        "code": code,
        "losses": list(LOSSES),
        "trials": TRIALS,
        "again": list(AGAIN),
        "steps": STEPS,
        "batch": BATCH,
        "rates": list(RATES),
        "gammas": list(GAMMAS),
        "beta1": list(BETA1S),
        "beta2": BETA2,
        "last_rate": LAST_RATE,
        "ema": DECAY,
        "scored_samples": SCORED,
        "real": "first 10,000 training images",
        "features": seen.words,
        "bfloat16": networks.has_bfloat16(),
        "clock": "CPU seconds of training alone, one thread",
    }
    records.save("mnist-search", arrays, info, folder)
    failed = int((~np.isfinite(distance)).sum())
    ends = ", ".join(f"{name} {np.nanmin(d):.0f}" for name, d in zip(LOSSES, distance, strict=True))
    return f"{distance.size} trials, {failed} not finite; best of each loss: {ends}"


def _untrained(trial: Trial, real: Tensor) -> float:
    made = common.sample(game_of(trial).G, LATENT, SCORED)
    return frechet_distance(real, extractor("mnist")(made))
