"""Six pairs of players at equal steps and at equal CPU seconds: the same runs, read by two clocks.

Data, loss, penalty, optimiser and batch are one; each pair takes the better of two rates, found by
short runs from a seed that the comparison does not use. The runs of one seed take turns of one
second, so that whatever else the machine does slows them all alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ganbook import data, networks, records
from ganbook.features import extractor
from ganbook.history import TrainingDiverged
from ganbook.metrics import frechet_distance
from ganbook.penalties import r1
from ganbook.recipes import common
from ganbook.recipes.place import Kept, Place
from ganbook.training import EMA, Game, fit

LATENT, BATCH, BETAS, GAMMA, DECAY = 64, 16, (0.0, 0.99), 0.3, 0.99
SEEDS, RATES, TUNING_SEED, TUNING_SECONDS = (0, 1, 2, 3, 4), (1e-3, 3e-3), 100, 20.0
SECONDS, STEPS, SCORED, TURN, CHUNK = (45.0, 90.0, 180.0), (256, 512, 1024), 2_000, 1.0, 4
MODULES = (
    "data",
    "losses",
    "networks",
    "penalties",
    "history",
    "training",
    "features",
    "metrics.arrays",
    "metrics.frechet",
    "transport",
    "recipes.common",
    "recipes.place",
    "recipes.mnist.architectures",
)


@dataclass(frozen=True)
class Comparison:
    """What a comparison is called, its data (split -> images), and the features that score it."""

    record: str
    load: Callable[[str], data.Images]
    features: str
    modules: tuple[str, ...] = MODULES


PAIRS: dict[str, tuple[Callable[[], nn.Module], Callable[[], nn.Module]]] = {
    "MLP": (lambda: networks.mlp_generator(LATENT), networks.mlp_discriminator),
    "DCGAN": (lambda: networks.dcgan_generator(LATENT), networks.dcgan_discriminator),
    "residual": (
        lambda: networks.residual_generator(LATENT, 8),
        lambda: networks.residual_discriminator(8),
    ),
    "full resolution": (
        lambda: networks.full_generator(LATENT, 8),
        lambda: networks.full_discriminator(8),
    ),
    "U-Net": (
        lambda: networks.full_generator(LATENT, 8),
        lambda: networks.UNetDiscriminator(8),
    ),
    "minimal": (lambda: networks.minimal_generator(LATENT), networks.minimal_discriminator),
}
"""Name -> what makes G and D; the fourth and the fifth differ in D alone."""


def game_of(
    name: str, seed: int, rate: float, bfloat16: bool = False, device: torch.device | str = "cpu"
) -> Game:
    """Return the game of a pair by name, initialised from a seed."""
    G, D = common.seeded(seed, *PAIRS[name])
    G, D = (p.to(device, memory_format=torch.channels_last) for p in (G, D))
    if bfloat16:
        G, D = networks.InBfloat16(G), networks.InBfloat16(D)
    return common.adam_game(G, D, LATENT, rate, BETAS, one_pass=True)


class Runner:
    """One pair in training, in turns, scored at marks of both clocks.

    The clock is the CPU time of the process, which stands still while a sample is scored and while
    others have their turn. ``found`` holds ``at_seconds`` and ``at_steps`` (Fréchet distances of
    the averaged G), ``steps_done`` at each second mark and ``seconds_spent`` at each step mark; a
    run whose numbers are no longer finite leaves NaN at the marks that it did not reach.
    """

    def __init__(
        self,
        game: Game,
        batches: Iterable[Tensor],
        score: Callable[[nn.Module], float],
        seconds: tuple[float, ...] = SECONDS,
        steps: tuple[int, ...] = STEPS,
        seed: int = 0,
    ) -> None:
        self.game, self.batches, self.score = game, iter(batches), score
        self.ema = EMA(game.G, DECAY)
        self.seconds, self.steps, self.step, self.spent = seconds, steps, 0, 0.0
        self.broken = False
        self.found = {
            "at_seconds": np.full(len(seconds), np.nan),
            "steps_done": np.full(len(seconds), -1),
            "at_steps": np.full(len(steps), np.nan),
            "seconds_spent": np.full(len(steps), np.nan),
        }
        game.generator.manual_seed(seed)

    @property
    def done(self) -> bool:
        """Whether both last marks are passed, or the run broke."""
        passed = (self.found["steps_done"] >= 0).all() and self.step >= max(self.steps, default=0)
        return self.broken or bool(passed)

    def turn(self, length: float) -> None:
        """Train for a number of CPU seconds, or to the end, in chunks of CHUNK steps."""
        until = self.spent + length
        while self.spent < until and not self.done:
            since = time.process_time()
            try:
                options = {"penalty": common.Pooled(r1(GAMMA)), "ema": self.ema, "seed": None}
                fit(self.game, self.batches, steps=CHUNK, progress=False, **options)
            except TrainingDiverged:
                self.broken = True
            self.spent += time.process_time() - since
            self.step += CHUNK
            self._mark()

    def _mark(self) -> None:
        found = self.found
        new = (found["steps_done"] < 0) & (self.spent >= np.array(self.seconds))
        if self.broken or not (new.any() or self.step in self.steps):
            return
        score = self.score(self.ema.module)
        found["at_seconds"][new], found["steps_done"][new] = score, self.step
        if self.step in self.steps:
            k = self.steps.index(self.step)
            found["at_steps"][k], found["seconds_spent"][k] = score, self.spent


def take_turns(runners: Sequence[Runner], length: float = TURN) -> None:
    """Let runners train in turns until all are done."""
    while not all(runner.done for runner in runners):
        for runner in runners:
            runner.turn(length)


def runner(
    name: str,
    seed: int,
    rate: float,
    real: Tensor,
    images: data.Images,
    features: str = "mnist",
    **options: Any,
) -> Runner:
    """Return the runner of a pair on images, scored against real features."""
    game = game_of(name, seed, rate, networks.has_bfloat16())
    batches = data.batches(images, BATCH, torch.Generator().manual_seed(seed))
    return Runner(game, batches, lambda G: _frechet(G, real, features), seed=seed, **options)


def _frechet(G: nn.Module, real: Tensor, features: str) -> float:
    return frechet_distance(real, extractor(features)(common.sample(G, LATENT, SCORED)))


def tuned(real: Tensor, images: data.Images, features: str, kept: Kept) -> np.ndarray:
    """Return the scores of short runs from a seed of their own, shape (pairs, rates)."""
    if not kept.rows:
        options = {"seconds": (TUNING_SECONDS,), "steps": ()}
        runners = [
            runner(name, TUNING_SEED, rate, real, images, features, **options)
            for name in PAIRS
            for rate in RATES
        ]
        take_turns(runners)
        scores = np.array([r.found["at_seconds"][-1] for r in runners])
        kept.put(0, scores=scores.reshape(len(PAIRS), len(RATES)))
    return kept.rows[0]["scores"]


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Train all pairs on MNIST, write the record ``mnist-architectures``, sum up: see `compare`."""
    what = Comparison("mnist-architectures", lambda split: data.mnist(split), "mnist")
    return compare(what, folder, log, place)


def compare(
    what: Comparison,
    folder: Path,
    log: Callable[[str], None] = print,
    place: Place | None = None,
) -> str:
    """Train all pairs, write the record with arrays (seeds, pairs, marks), sum up.

    With a checkpoint each finished seed is kept in a file beside it, and the same call goes on.
    Marks in seconds depend on the machine: another one stops at other steps.
    """
    start, code, place = time.perf_counter(), records.code_hash(*what.modules), place or Place()
    if torch.device(place.device).type != "cpu":
        raise ValueError(f"{what.record} reads a CPU's clock: leave --device out")
    torch.set_num_threads(1)
    images = what.load("train")
    real = common.real_features(images.x, what.features)
    tuning, kept = (
        Kept(place.checkpoint and place.checkpoint.with_suffix(f".{part}.npz"))
        for part in ("tuning", "seeds")
    )
    scores = tuned(real, images, what.features, tuning)
    log(f"rates {RATES}: {scores.round(1).tolist()}")
    rates = [RATES[k] for k in np.nan_to_num(scores, nan=np.inf).argmin(axis=1)]
    for seed in SEEDS:
        if seed not in kept.rows:
            runners = [
                runner(name, seed, rate, real, images, what.features)
                for name, rate in zip(PAIRS, rates, strict=True)
            ]
            with torch.random.fork_rng():
                torch.manual_seed(seed)  # for dropout
                take_turns(runners)
            kept.put(seed, **{k: [r.found[k] for r in runners] for k in runners[0].found})
            log(f"seed {seed}: {kept.rows[seed]['at_seconds'].round(1).tolist()}")
    return save(what, folder, kept, scores, rates, real, time.perf_counter() - start, code)


def save(
    what: Comparison,
    folder: Path,
    kept: Kept,
    scores: np.ndarray,
    rates: list[float],
    real: Tensor,
    wall: float,
    code: str,
) -> str:
    """Write the record from the seeds that are kept, and sum up."""
    seeds, seen = sorted(kept.rows), extractor(what.features)
    names = ("at_seconds", "steps_done", "at_steps", "seconds_spent")
    arrays = {k: kept.stacked(k) for k in names}
    test = seen(what.load("test").x)
    floors = [frechet_distance(real, part) for part in test.split(SCORED)[:5]]
    worst = frechet_distance(real, seen(common.noise(SCORED)))
    arrays |= {
        "pairs": np.array(list(PAIRS)),
        "rates": np.array(rates),
        "tuning": scores,
        "seconds": np.array(SECONDS),
        "steps": np.array(STEPS),
        "floor": np.array(floors),
        "noise": np.array(worst),
    }
    info = records.provenance(
        what.modules,
        seeds[0],
        wall,
        seeds=seeds,
        latent=LATENT,
        batch=BATCH,
        betas=BETAS,
        gamma=GAMMA,
        ema=DECAY,
        rates_tried=RATES,
        tuning_seed=TUNING_SEED,
        tuning_seconds=TUNING_SECONDS,
        bfloat16=networks.has_bfloat16(),
        threads=1,
        turn=TURN,
        scored_samples=SCORED,
        real="first 10,000 training images",
        features=seen.words,
        clock="CPU time of the process, scoring left out, on a machine that others used as well",
    )
    records.save(what.record, arrays, info | {"code": code}, folder)
    last = np.nanmean(arrays["at_seconds"][:, :, -1], axis=0)
    means = ", ".join(f"{name} {mean:.0f}" for name, mean in zip(PAIRS, last, strict=True))
    return f"mean Fréchet distance after {SECONDS[-1]:.0f} CPU seconds: {means}"
