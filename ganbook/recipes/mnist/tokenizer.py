"""A tokenizer of digits, 32 bits a picture, trained on the squared error alone and with a discriminator
beside it: five seeds each."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from ganbook import data, records
from ganbook.features import extractor
from ganbook.features.mnist import describe
from ganbook.games import ReconstructionGame
from ganbook.losses import NON_SATURATING
from ganbook.metrics import frechet_distance
from ganbook.networks import Tokenizer, mlp_discriminator
from ganbook.penalties import r1
from ganbook.recipes import common
from ganbook.recipes.place import Place
from ganbook.training import fit

SEEDS, STEPS, BATCH, RATE, BETAS, GAMMA = 5, 400, 64, 1e-3, (0.0, 0.99), 1.0
# The weight of the squared error beside D's loss; None: the squared error alone.
WEIGHTS = {"error": None, "adversarial": 5.0}
SCORED, SHOWN = 2_000, 16
MODULES = (
    "data",
    "games",
    "losses",
    "penalties",
    "networks.tokenizer",
    "networks.mlp",
    "networks.sizes",
    "training",
    "features",
    "metrics.frechet",
    "metrics.arrays",
    "transport",
    "recipes.common",
    "recipes.mnist.tokenizer",
)


def discriminator() -> torch.nn.Module:
    """Return a fully connected discriminator of one hidden layer of 256, without dropout."""
    return mlp_discriminator((256,), dropout=0.0)


def train(seed: int, weight: float | None, images: data.Images) -> Tokenizer:
    """Return a tokenizer trained from a seed: the same start and the same batches at each weight."""
    T, D = common.seeded(seed, Tokenizer, discriminator)
    adam = [torch.optim.Adam(p.parameters(), RATE, BETAS, fused=True) for p in (T, D)]
    batches = data.batches(images, BATCH, torch.Generator().manual_seed(seed))

    def fall(step: int, game: ReconstructionGame | None = None) -> None:
        for optimizer in adam:
            optimizer.param_groups[0]["lr"] = RATE * (1 - 0.9 * step / STEPS)

    if weight is None:
        for step, batch in zip(range(1, STEPS + 1), batches, strict=False):
            adam[0].zero_grad()
            (T(batch) - batch).square().mean().backward()
            adam[0].step()
            fall(step)
    else:
        game = ReconstructionGame(T, D, *adam, latent=1, weight=weight)
        options = {"steps": STEPS, "callback": fall, "progress": False, "seed": seed}
        fit(game, batches, NON_SATURATING, r1(GAMMA), **options)
    return T.eval()


@torch.no_grad()
def score(T: Tokenizer, images: torch.Tensor, labels: torch.Tensor, real: torch.Tensor) -> dict:
    """Return error, Fréchet distance, accuracy of the classifier on copies, and used (place, token)s."""
    x = images.float() / 127.5 - 1
    copy = torch.cat([T(part) for part in x.split(500)])
    features, chances = describe(copy)
    tokens = torch.cat([T.tokens(part) for part in x.split(500)])
    return {
        "error": float((copy - x).square().mean()),
        "frechet": float(frechet_distance(features, real)),
        "accuracy": float((chances.argmax(1) == labels).float().mean()),
        "levels": np.stack([(tokens == k).float().mean(0).numpy() for k in range(T.levels)]),
        "copies": data.to_uint8(copy[:SHOWN]).numpy(),
    }


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Train all, write the record ``mnist-tokenizer``, sum up.

    Arrays, for each name in `WEIGHTS`: ``NAME/error`` (mean squared error in [-1, 1], per pixel),
    ``NAME/frechet`` and ``NAME/accuracy`` of the copies of 2,000 test pictures, each (seeds,);
    ``NAME/levels``, the share of each level at each of the 16 tokens, (seeds, 4, 16); ``NAME/copies``
    of 16 pictures, (seeds, 16, 1, 28, 28). ``original``; ``floor``, the distance of the pictures
    themselves; ``mean``, error and distance of the mean picture.
    """
    (place or Place()).on_the_cpu("mnist-tokenizer")
    start, code = time.perf_counter(), records.code_hash(*MODULES)
    train_set, test = data.mnist("train"), data.mnist("test")
    real = common.real_features(train_set.x)
    chosen = torch.randperm(len(test.x), generator=torch.Generator().manual_seed(0))[:SCORED]
    images, labels = test.x[chosen], test.y[chosen]
    rows: dict[str, list] = {name: [] for name in WEIGHTS}
    for seed in range(SEEDS):
        for name, weight in WEIGHTS.items():
            rows[name].append(score(train(seed, weight, train_set), images, labels, real))
            found = rows[name][-1]
            log(
                f"seed {seed}, {name}: error {found['error']:.4f}, Fréchet {found['frechet']:.1f}, "
                f"accuracy {found['accuracy']:.3f}, {time.perf_counter() - start:.0f} s"
            )
    arrays = {
        f"{name}/{key}": np.stack([row[key] for row in found]).astype(
            np.uint8 if key == "copies" else np.float32
        )
        for name, found in rows.items()
        for key in found[0]
    }
    x = images.float() / 127.5 - 1
    average = (train_set.x.float().mean(0) / 127.5 - 1).expand_as(x)
    floor = frechet_distance(extractor("mnist")(images), real)
    blank = frechet_distance(extractor("mnist")(average), real)
    arrays |= {
        "original": images[:SHOWN].numpy(),
        "floor": np.float32(floor),
        "mean": np.array([float((average - x).square().mean()), blank], dtype=np.float32),
    }
    info = records.provenance(
        MODULES,
        0,
        time.perf_counter() - start,
        seeds=SEEDS,
        steps=STEPS,
        batch=BATCH,
        rate=RATE,
        betas=list(BETAS),
        gamma=GAMMA,
        weights=WEIGHTS,
        scored=SCORED,
        bits=Tokenizer.TOKENS * 2,
    )
    records.save("mnist-tokenizer", arrays, info | {"code": code}, folder)
    means = {name: np.mean([row["frechet"] for row in found]) for name, found in rows.items()}
    return "Fréchet distance: " + ", ".join(f"{name} {value:.1f}" for name, value in means.items())
