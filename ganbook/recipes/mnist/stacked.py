"""Seven games on stacked MNIST, three digits as the channels of one picture: which of the thousand
classes are made, five seeds each at equal steps."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ganbook import data, networks, records
from ganbook.features import describe
from ganbook.games import PackedGame
from ganbook.history import TrainingDiverged
from ganbook.losses import NON_SATURATING, RELATIVISTIC, Loss
from ganbook.penalties import Penalty, no_penalty, r1, r2, total
from ganbook.recipes import common
from ganbook.recipes.place import Kept, Place
from ganbook.training import EMA, fit

SEEDS, STEPS, BATCH, RATE, BETAS, GAMMA, DECAY = (
    (0, 1, 2, 3, 4),
    3_072,
    16,
    2e-3,
    (0.0, 0.99),
    0.3,
    0.99,
)
LATENT, WIDTH, CHANNELS, CLASSES, SHOWN = 64, 8, 3, 1_000, 12
# How many samples are classified: few in the middle, many at the end.
LOOKS = {STEPS // 2: 2_560, STEPS: 10_000}
MODULES = (
    "data",
    "losses",
    "networks.full",
    "networks.layers",
    "networks.sizes",
    "games",
    "penalties",
    "history",
    "training",
    "features.mnist",
    "recipes.common",
    "recipes.place",
    "recipes.mnist.stacked",
)


@dataclass(frozen=True)
class Played:
    """A loss, a penalty, and how many samples D sees at once."""

    loss: Loss
    penalty: Penalty = no_penalty
    samples: int = 1


BOTH = total(r1(GAMMA), r2(GAMMA))
GAMES: dict[str, Played] = {
    "non-saturating": Played(NON_SATURATING),
    "non-saturating, R1": Played(NON_SATURATING, r1(GAMMA)),
    "non-saturating, R1 + R2": Played(NON_SATURATING, BOTH),
    "relativistic": Played(RELATIVISTIC),
    "relativistic, R1": Played(RELATIVISTIC, r1(GAMMA)),
    "relativistic, R1 + R2": Played(RELATIVISTIC, BOTH),
    "packing 2": Played(NON_SATURATING, samples=2),
}
"""Name -> game; each of two losses with no penalty, with R1, and with R1 + R2, and packing."""


def stacked(images: data.Images, seed: int, device: torch.device | str = "cpu") -> Iterator[Tensor]:
    """Yield batches of three digits each, drawn without regard to one another, as the channels of one
    picture: float32 (BATCH, 3, 28, 28) in [-1, 1].
    """
    generator = torch.Generator().manual_seed(seed)
    for x in data.batches(images, CHANNELS * BATCH, generator, device=device):
        yield x.reshape(BATCH, CHANNELS, 28, 28)


def players(samples: int = 1) -> tuple[nn.Sequential, nn.Sequential]:
    """Return the pair at full resolution with three channels, D for packs of ``samples`` pictures."""
    G, D = networks.full_generator(LATENT, WIDTH), networks.full_discriminator(WIDTH)
    last = next(k for k in reversed(range(len(G))) if isinstance(G[k], nn.Conv2d))
    G[last] = nn.Conv2d(WIDTH, CHANNELS, 3, 1, 1)
    D[0] = nn.Conv2d(CHANNELS * samples, WIDTH, 4, 2, 1)
    return G, D


def classes(images: Tensor) -> np.ndarray:
    """Return the class of each stacked picture, from 0 to 999: its digits by the book's classifier,
    the first channel's as hundreds. Takes uint8 (N, 3, 28, 28), returns int64 (N,).
    """
    digits = describe(images.reshape(-1, 1, 28, 28))[1].argmax(dim=1).reshape(-1, CHANNELS)
    return (digits.cpu() * torch.tensor([100, 10, 1])).sum(dim=1).numpy()


def reached(found: np.ndarray) -> tuple[int, float]:
    """Return how many of the thousand classes were found, and the reverse KL of their shares to the
    uniform law, in nats.
    """
    q = np.bincount(found, minlength=CLASSES) / len(found)
    some = q[q > 0]
    return len(some), float((some * np.log(some * CLASSES)).sum())


def play(
    name: str, seed: int, images: data.Images, device: torch.device | str = "cpu"
) -> dict[str, np.ndarray]:
    """Train one game from one seed; return ``classes`` and ``reverse_kl`` at each look, ``cpu_seconds``
    of training, and the first pictures ``shown``; -1 where a number was no longer finite.

    Runs of one seed see the same data and z; packing has another D, which is initialised anew."""
    game, bfloat16 = GAMES[name], networks.has_bfloat16(device)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        G, D = (p.to(device, memory_format=torch.channels_last) for p in players(game.samples))
    if bfloat16:
        G, D = networks.InBfloat16(G), networks.InBfloat16(D)
    adam_g, adam_d = (
        torch.optim.Adam(p.parameters(), lr=RATE, betas=BETAS, fused=True) for p in (G, D)
    )
    packed = PackedGame(G, D, adam_g, adam_d, LATENT, one_pass=True, samples=game.samples)
    ema, clock = EMA(G, DECAY), {"spent": 0.0, "since": time.process_time()}
    found = {"classes": [-1, -1], "reverse_kl": [-1.0, -1.0]}
    shown = np.zeros((SHOWN, CHANNELS, 28, 28), dtype=np.uint8)

    def look(step: int, _: PackedGame) -> None:
        clock["spent"] += time.process_time() - clock["since"]
        if step in LOOKS:
            made = common.sample(ema.module, LATENT, LOOKS[step])
            k = list(LOOKS).index(step)
            found["classes"][k], found["reverse_kl"][k] = reached(classes(made))
            shown[:] = made[:SHOWN].numpy()
        clock["since"] = time.process_time()

    options = {"penalty": game.penalty, "ema": ema, "seed": seed, "callback": look}
    try:
        fit(
            packed,
            stacked(images, seed, device),
            game.loss,
            steps=STEPS,
            progress=False,
            **options,
        )
    except TrainingDiverged:
        found = {key: [*values[:-1], -1] for key, values in found.items()}
    arrays = {key: np.array(values) for key, values in found.items()}
    return arrays | {"cpu_seconds": np.array(clock["spent"]), "shown": shown}


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Play every game from every seed, write the record ``mnist-stacked``, sum up.

    With a checkpoint each finished seed is kept in a file beside it, and the same call goes on.
    Arrays (7 games, 5 seeds, ...): ``classes`` and ``reverse_kl`` at each of two looks, -1 where a
    run failed; ``cpu_seconds``; ``shown`` (7, 12, 28, 28, 3), pictures of the first seed;
    ``real_classes`` and ``real_kl`` of 10,000 stacked test pictures, five draws.
    """
    code, place = records.code_hash(*MODULES), place or Place()
    torch.set_num_threads(1)
    images, test = data.mnist("train"), data.mnist("test")
    kept = Kept(place.checkpoint and place.checkpoint.with_suffix(".seeds.npz"))
    for seed in SEEDS:
        if seed not in kept.rows:
            found = [play(name, seed, images, place.device) for name in GAMES]
            kept.put(seed, **{k: np.stack([one[k] for one in found]) for k in found[0]})
            log(f"seed {seed}: {kept.rows[seed]['classes'][:, -1].tolist()}")
    return save(folder, kept, test, code)


def save(folder: Path, kept: Kept, test: data.Images, code: str) -> str:
    """Write the record from the seeds that are kept, and sum up."""
    names = ("classes", "reverse_kl", "cpu_seconds")
    arrays = {k: np.moveaxis(kept.stacked(k), 0, 1) for k in names}
    real = [reached(classes(x)) for x in _real(test)]
    arrays |= {
        "shown": np.moveaxis(kept.stacked("shown")[0], 2, -1),
        "real_classes": np.array([n for n, _ in real]),
        "real_kl": np.array([kl for _, kl in real]),
    }
    seconds = float(arrays["cpu_seconds"].sum())
    info = records.provenance(MODULES, SEEDS[0], seconds) | {
        "code": code,
        "games": list(GAMES),
        "seeds": list(SEEDS),
        "steps": STEPS,
        "batch": BATCH,
        "rate": RATE,
        "betas": list(BETAS),
        "gamma": GAMMA,
        "ema": DECAY,
        "width": WIDTH,
        "looks": {str(step): samples for step, samples in LOOKS.items()},
        "classifier": "the book's, channel by channel",
        "bfloat16": networks.has_bfloat16(),
        "clock": "CPU seconds of training alone, one thread",
    }
    records.save("mnist-stacked", arrays, info, folder)
    last = np.where(arrays["classes"][..., -1] < 0, 0, arrays["classes"][..., -1])
    means = ", ".join(f"{n} {m:.0f}" for n, m in zip(GAMES, last.mean(axis=1), strict=True))
    return f"mean classes of {CLASSES} after {STEPS} steps: {means}"


def _real(test: data.Images, draws: int = 5) -> Iterator[Tensor]:
    """Yield what the last look sees of a perfect sampler: stacked test pictures, uint8."""
    for seed in range(draws):
        generator, samples = torch.Generator().manual_seed(seed), LOOKS[STEPS]
        rows = torch.randint(len(test.x), (samples * CHANNELS,), generator=generator)
        yield test.x[rows].reshape(samples, CHANNELS, 28, 28)
