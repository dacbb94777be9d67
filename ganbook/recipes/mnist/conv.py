"""The book's best recipe on MNIST: a small convolutional pair with R1 and an averaged generator."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from ganbook import data, records
from ganbook.features import describe
from ganbook.metrics import frechet_distance
from ganbook.networks import InBfloat16, conv_discriminator, conv_generator, has_bfloat16
from ganbook.penalties import r1
from ganbook.recipes import common
from ganbook.recipes.place import Kept, Place
from ganbook.training import EMA, Game, History

LATENT, WIDTH, BETAS, GAMMA = 64, 16, (0.0, 0.99), 0.3
SEEDS, LOOKS, CURVE_EVERY = (0, 1, 2), 16, 80
MODULES = (
    "data",
    "losses",
    "networks.conv",
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
    "recipes.mnist.conv",
)


@dataclass(frozen=True)
class Plan:
    """How long, in which batches, how fast: ``rate`` falls to zero in a line over the second half
    of the steps.
    """

    steps: int
    batch: int
    rate: float
    decay: float

    def rate_at(self, step: int) -> float:
        """Return Adam's rate for the step after ``step``."""
        return self.rate * min(1.0, 2 * (1 - step / self.steps))


SHORT = Plan(steps=3_520, batch=32, rate=4e-3, decay=0.995)
LONG = Plan(steps=24_000, batch=64, rate=3e-3, decay=0.999)


def conv_game(
    seed: int, plan: Plan, bfloat16: bool = False, device: torch.device | str = "cpu"
) -> Game:
    """Return the convolutional players with an Adam each, initialised from a seed; the global state
    is kept.
    """
    G, D = common.seeded(
        seed, lambda: conv_generator(LATENT, WIDTH), lambda: conv_discriminator(WIDTH)
    )
    G, D = (network.to(device, memory_format=torch.channels_last) for network in (G, D))
    if bfloat16:
        G, D = InBfloat16(G), InBfloat16(D)
    return common.adam_game(G, D, LATENT, plan.rate, BETAS, one_pass=True)


def train(
    seed: int,
    plan: Plan,
    bfloat16: bool = False,
    look: Callable[[int, EMA], None] | None = None,
    place: Place | None = None,
) -> tuple[Game, EMA, History]:
    """Train the convolutional game; ``look(step, ema)`` sees the averaged generator after each
    step.
    """
    place = place or Place()
    game = conv_game(seed, plan, bfloat16, place.device)
    ema = EMA(game.G, plan.decay)
    batches = data.batches(
        data.mnist("train"), plan.batch, torch.Generator().manual_seed(seed), place.device
    )

    def after(step: int, game: Game) -> None:
        for optimizer in (game.optimizer_g, game.optimizer_d):
            optimizer.param_groups[0]["lr"] = plan.rate_at(step)
        if look is not None:
            look(step, ema)

    options = {"penalty": r1(GAMMA), "ema": ema, "seed": seed, "callback": after}
    history = place.fit(game, batches, plan.steps, f"seed-{seed}", **options)
    return game, ema, history


def frechet(G: nn.Module, real_features: torch.Tensor, n: int = 10_000) -> float:
    """Return the Fréchet distance of n samples to real features."""
    made = common.sample(G, LATENT, n).to(next(G.parameters()).device)
    return frechet_distance(real_features, describe(made)[0])


@dataclass
class Run:
    """One seed's run: by scored step its CPU seconds, without scoring, and its Fréchet distance;
    what came out.
    """

    steps: list[int]
    cpu_seconds: list[float]
    frechet: list[float]
    average: nn.Module
    history: History


def measured(
    seed: int,
    plan: Plan,
    bfloat16: bool,
    real_features: torch.Tensor,
    looks: int = LOOKS,
    between: Callable[[], object] | None = None,
    place: Place | None = None,
) -> Run:
    """Train, scoring 10,000 samples of the averaged generator ``looks`` times; ``between`` is
    called at each.

    Neither counts in the CPU seconds.
    """
    place, every = place or Place(), plan.steps // looks
    found = place.kept(f"seed-{seed}")
    clock = {"spent": _spent(found), "since": time.process_time()}

    def look(step: int, ema: EMA) -> None:
        clock["spent"] += time.process_time() - clock["since"]
        if step % every == 0:
            score = frechet(ema.module, real_features)
            found.put(step, step=step, cpu_seconds=clock["spent"], frechet=score)
            if between is not None:
                between()
        clock["since"] = time.process_time()

    _, ema, history = train(seed, plan, bfloat16, look, place)
    curves = (found.stacked(name).tolist() for name in ("step", "cpu_seconds", "frechet"))
    return Run(*curves, ema.module, history)


def _spent(found: Kept) -> float:
    """Return the CPU seconds of the run so far, which a resumed one adds to."""
    return float(found.stacked("cpu_seconds")[-1]) if found.rows else 0.0


def save(folder: Path, runs: list[Run], worst: float, info: dict) -> None:
    """Write the record ``mnist-conv`` from runs of the long plan, and the first one's averaged
    generator (float16).
    """
    best = runs[0].average
    arrays = {
        name: np.array([getattr(run, name) for run in runs]) for name in ("cpu_seconds", "frechet")
    }
    arrays |= {
        "steps": np.array(runs[0].steps),
        "noise": np.array(worst),
        "grid": common.sample(best, LATENT, 64, seed=2).numpy(),
    }
    common.save_weights("mnist-conv", getattr(best, "network", best), folder)  # as float32 players
    records.save("mnist-conv", arrays | common.thin(runs[0].history, CURVE_EVERY), info, folder)


def provenance(
    seeds: list[int], runs: list[Run], bfloat16: bool, seconds: float, code: str
) -> dict:
    """Return what identifies the runs of a record."""
    return records.provenance(
        MODULES,
        seeds[0],
        seconds,
        seeds=seeds,
        gamma=GAMMA,
        betas=BETAS,
        width=WIDTH,
        latent=LATENT,
        **vars(LONG),
        bfloat16=bfloat16,
        curve_every=CURVE_EVERY,
        scored_samples=10_000,
        real="first 10,000 training images",
        frechet=[round(run.frechet[-1], 2) for run in runs],
    ) | {"code": code}


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Train the long plan from three seeds, write the record ``mnist-conv``, sum up."""
    start, code, place = time.perf_counter(), records.code_hash(*MODULES), place or Place()
    bfloat16 = has_bfloat16(place.device)
    real_features = common.real_features(data.mnist("train").x)
    worst = frechet_distance(real_features, describe(common.noise(10_000))[0])
    runs = []
    for seed in SEEDS:
        runs.append(measured(seed, LONG, bfloat16, real_features, place=place))
        log(
            f"seed {seed}: Fréchet {runs[-1].frechet[-1]:.1f} after {runs[-1].cpu_seconds[-1]:.0f} CPU seconds"
        )
    save(
        folder, runs, worst, provenance([*SEEDS], runs, bfloat16, time.perf_counter() - start, code)
    )
    last = ", ".join(f"{run.frechet[-1]:.1f}" for run in runs)
    return f"Fréchet distance {last} after {LONG.steps} steps (noise {worst:.0f})"
