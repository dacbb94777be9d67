"""The article's own recipe on MNIST for its 50 epochs, with pictures and scores along the way."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from ganbook import data, records
from ganbook.features import describe
from ganbook.metrics import frechet_distance, inception_score
from ganbook.networks import mlp_discriminator, mlp_generator
from ganbook.recipes import common
from ganbook.recipes.place import Place
from ganbook.training import EMA, Game, History

LATENT, BATCH, RATE, BETA1, SEED = 100, 128, 2e-4, 0.9, 0
STEPS_PER_EPOCH = 469
EPOCHS = 50
SCORED_AT = (1, 2, 5, 10, 15, 20, 30, 40, 50)
CURVE_EVERY = 67
MODULES = (
    "data",
    "losses",
    "networks.mlp",
    "networks.sizes",
    "history",
    "training",
    "features",
    "metrics.arrays",
    "metrics.frechet",
    "metrics.inception",
    "transport",
    "recipes.common",
    "recipes.place",
    "recipes.mnist.mlp",
)


def article_game(
    seed: int = SEED, beta1: float = BETA1, device: torch.device | str = "cpu"
) -> Game:
    """Return the article's two players with an Adam each, initialised from a seed; the global state
    is kept.
    """
    G, D = common.seeded(seed, lambda: mlp_generator(LATENT), mlp_discriminator)
    G, D = G.to(device), D.to(device)
    return common.adam_game(G, D, LATENT, RATE, (beta1, 0.999))


def scores(images: torch.Tensor, real_features: torch.Tensor) -> tuple[float, float]:
    """Return Fréchet distance to the real features and inception score of images."""
    features, probabilities = describe(images)
    return frechet_distance(real_features, features), inception_score(probabilities)


def train(
    seed: int,
    beta1: float,
    epochs: int,
    scored_at: tuple[int, ...],
    real_features: torch.Tensor,
    log: Callable[[str], None],
    averaged: bool = False,
    place: Place | None = None,
) -> tuple[Game, EMA, History, dict[str, np.ndarray]]:
    """Train the article's game and score 10,000 samples after the named epochs.

    Returns the game, the averaged generator, the history, and arrays: ``frechet``, ``inception``
    and ``grid`` (64 images of one fixed z) by scored epoch; with ``averaged`` also those of the
    averaged generator."""
    place, part = place or Place(), f"beta1-{beta1}-seed-{seed}"
    game = article_game(seed, beta1, place.device)
    ema = EMA(game.G, 0.999)
    batches = data.batches(
        data.mnist("train"), BATCH, torch.Generator().manual_seed(seed), place.device
    )
    found = place.kept(part)
    start = time.perf_counter()

    def look(step: int, game: Game) -> None:
        epoch, rest = divmod(step, STEPS_PER_EPOCH)
        if rest or epoch not in scored_at:
            return
        made = common.sample(game.G, LATENT, 10_000).to(place.device)
        frechet, inception = scores(made, real_features)
        row = {"frechet": frechet, "inception": inception}
        row["grid"] = common.sample(game.G, LATENT, 64, seed=2).numpy()
        if averaged:
            smooth = common.sample(ema.module, LATENT, 10_000).to(place.device)
            row["frechet_ema"] = scores(smooth, real_features)[0]
        found.put(step, **row)
        log(
            f"seed {seed}, beta1 {beta1}, epoch {epoch}: Fréchet {frechet:.1f}, inception {inception:.2f}, "
            f"averaged {row.get('frechet_ema', '-')}, {time.perf_counter() - start:.0f} s"
        )

    options = {"ema": ema, "seed": seed, "callback": look}
    history = place.fit(game, batches, epochs * STEPS_PER_EPOCH, part, **options)
    names = ("frechet", "inception", "grid", *(("frechet_ema",) if averaged else ()))
    arrays = {name: found.stacked(name) for name in names}
    return game, ema, history, arrays | {"epochs": np.array(scored_at)}


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Train for 50 epochs, write the record ``mnist-mlp`` and the generator's weights (float16),
    sum up.
    """
    start, code = time.perf_counter(), records.code_hash(*MODULES)
    real_features = common.real_features(data.mnist("train").x)
    game, _, history, arrays = train(
        SEED, BETA1, EPOCHS, SCORED_AT, real_features, log, averaged=True, place=place
    )
    common.save_weights("mnist-mlp", game.G, folder)
    info = records.provenance(
        MODULES,
        SEED,
        time.perf_counter() - start,
        epochs=EPOCHS,
        batch=BATCH,
        rate=RATE,
        beta1=BETA1,
        scored_samples=10_000,
        real="first 10,000 training images",
        curve_every=CURVE_EVERY,
        frechet=float(arrays["frechet"][-1]),
    ) | {"code": code}
    records.save("mnist-mlp", arrays | common.thin(history, CURVE_EVERY), info, folder)
    return f"Fréchet distance {arrays['frechet'][-1]:.1f} after {EPOCHS} epochs"
