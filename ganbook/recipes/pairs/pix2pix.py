"""Pix2pix on three sets of pairs against the same generator trained on the error alone.

What is judged are pictures for held-out sources: their pixels, and whether a fresh classifier, which
took no part in training, can tell them from real ones."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from ganbook import data, records
from ganbook.data import PAIRS, Pairs
from ganbook.games import Pix2PixGame
from ganbook.networks import PatchDiscriminator, UNet
from ganbook.recipes import common
from ganbook.recipes.place import Kept, Place
from ganbook.schedules import Linear

__all__ = ["judge", "measure", "run", "train"]

SEEDS = (0, 1, 2, 3, 4)
STEPS, BATCH, PICTURES, HELD_OUT = 300, 32, 10_000, 4_000
WIDTH_G, WIDTH_D, LATENT = 16, 16, 8
RATE, FALLS_TO, BETAS, WEIGHT = 2e-3, 0.1, (0.5, 0.999), 10.0
KINDS = ("game", "error alone")
JUDGE_STEPS, JUDGE_BATCH, JUDGE_RATE, JUDGED = 200, 64, 2e-3, 1_000
SHOWN = 8
MODULES = (
    "data.pairs",
    "losses",
    "games",
    "networks.patch",
    "networks.unet",
    "schedules",
    "training",
    "recipes.common",
    "recipes.place",
    "recipes.pairs.pix2pix",
)


def players(seed: int) -> list[nn.Module]:
    """Return the generator and the discriminator of a seed."""
    return common.seeded(
        seed,
        lambda: UNet(WIDTH_G, LATENT, residual=True),
        lambda: PatchDiscriminator(2, WIDTH_D),
    )


def train(pairs: Pairs, seed: int, kind: str, place: Place) -> nn.Module:
    """Return a generator trained on pairs, by the game or on the error alone, with the same start,
    the same batches and the same rates.
    """
    G, D = place.put(*players(seed))
    adam = [torch.optim.Adam(p.parameters(), RATE, BETAS, fused=True) for p in (G, D)]
    batches = data.batches(
        (pairs.target, pairs.source), BATCH, torch.Generator().manual_seed(seed), place.device
    )
    rates = Linear(RATE, RATE * FALLS_TO, STEPS)
    if kind == "game":
        game = Pix2PixGame(G, D, *adam, LATENT, weight=WEIGHT)

        def after(step: int, game: Pix2PixGame) -> None:
            for optimizer in adam:
                optimizer.param_groups[0]["lr"] = rates(step)

        place.fit(game, batches, STEPS, f"{seed}", callback=after, seed=seed)
        return G
    noise = torch.Generator().manual_seed(seed)
    for step in range(1, STEPS + 1):
        x, y = next(batches)
        z = torch.randn(len(x), LATENT, generator=noise).to(place.device)
        loss = WEIGHT * (G(z, y) - x).abs().mean()
        adam[0].zero_grad()
        loss.backward()
        adam[0].step()
        adam[0].param_groups[0]["lr"] = rates(step)
    return G


@torch.no_grad()
def restored(G: nn.Module, source: Tensor, seed: int) -> Tensor:
    """Return G's picture for each source, float32 on the CPU."""
    device, noise = next(G.parameters()).device, torch.Generator().manual_seed(seed)
    z = torch.randn(len(source), LATENT, generator=noise)
    parts = zip(z.split(500), source.split(500), strict=True)
    return torch.cat([G(a.to(device), data.to_float(b).to(device)).cpu() for a, b in parts])


def judge(real: Tensor, fake: Tensor, seed: int) -> float:
    """Return the accuracy of a fresh classifier on the last JUDGED rows of each; it is trained on the
    others.

    ``real`` and ``fake`` are pictures in [-1, 1], (N, C, 28, 28), of different sources. 1/2 is
    chance, with a standard error of 1 / (2 sqrt(2 JUDGED)).
    """
    channels = real.shape[1]
    (net,) = common.seeded(
        1_000 + seed,
        lambda: nn.Sequential(
            nn.Conv2d(channels, 16, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(16, 32, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
            nn.Linear(32 * 49, 1),
        ),
    )
    adam = torch.optim.Adam(net.parameters(), JUDGE_RATE, fused=True)
    known = len(real) - JUDGED
    x = torch.cat([real[:known], fake[:known]])
    y = torch.cat([torch.ones(known, 1), torch.zeros(known, 1)])
    source = torch.Generator().manual_seed(seed)
    for _ in range(JUDGE_STEPS):
        pick = torch.randint(len(x), (JUDGE_BATCH,), generator=source)
        loss = binary_cross_entropy_with_logits(net(x[pick]), y[pick])
        adam.zero_grad()
        loss.backward()
        adam.step()
    with torch.no_grad():
        right = (net(real[known:]) > 0).sum() + (net(fake[known:]) <= 0).sum()
    return float(right) / (2 * JUDGED)


def measure(G: nn.Module, pairs: Pairs, seed: int) -> dict[str, np.ndarray]:
    """Return the mean absolute and the root mean squared error per pixel on held-out pairs, in units
    of the range [-1, 1]; the accuracy of a fresh judge of pairs; the root mean squared difference of
    two pictures for one source, over the square root of two; some pictures.
    """
    half = len(pairs) // 2
    x, y = data.to_float(pairs.target), data.to_float(pairs.source)
    made, again = (restored(G, pairs.source, 10 * seed + k) for k in (1, 2))
    whole = [torch.cat([pictures, y], dim=1) for pictures in (x, made)]
    return {
        "absolute": (made - x).abs().mean().numpy(),
        "squared": (made - x).square().mean().sqrt().numpy(),
        "judge": np.array(judge(whole[0][:half], whole[1][half:], seed)),
        "noise": ((made - again).square().mean() / 2).sqrt().numpy(),
        "shown": data.to_uint8(made[:SHOWN, 0]).numpy(),
    }


def floors(pairs: Pairs) -> dict[str, np.ndarray]:
    """Return the errors of the source itself, and the judges' accuracies on two halves of the real
    pairs, over SEEDS.
    """
    half = len(pairs) // 2
    x, y = data.to_float(pairs.target), data.to_float(pairs.source)
    whole = torch.cat([x, y], dim=1)
    return {
        "identity_absolute": (y - x).abs().mean().numpy(),
        "identity_squared": (y - x).square().mean().sqrt().numpy(),
        "floor": np.array([judge(whole[:half], whole[half:], s) for s in SEEDS]),
        "source": pairs.source[:SHOWN, 0].numpy(),
        "target": pairs.target[:SHOWN, 0].numpy(),
    }


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Train both kinds on each set and seed, write the record ``pairs-pix2pix``, sum up.

    Arrays ``SET/KIND/WHAT``, such as ``masks/game/judge``, with one row a seed; ``SET/floor`` and
    the other arrays of `floors`. With a checkpoint what is done is kept beside it.
    """
    place = place or Place()
    start = time.perf_counter()
    kept = Kept(place.checkpoint and place.checkpoint.with_suffix(".parts.npz"))
    train_set, test_set = data.mnist("train"), data.mnist("test")
    arrays: dict[str, np.ndarray] = {}
    for number, (name, make) in enumerate(PAIRS.items()):
        pairs, held_out = make(train_set, PICTURES, 0), make(test_set, HELD_OUT, 1)
        rows: dict[str, list[dict[str, np.ndarray]]] = {kind: [] for kind in KINDS}
        for seed in SEEDS:
            for k, kind in enumerate(KINDS):
                part = 100 * number + 10 * seed + k
                if part not in kept.rows:
                    began = time.perf_counter()
                    kept.put(part, **measure(train(pairs, seed, kind, place), held_out, seed))
                    log(f"{name}, {kind}, seed {seed}: {time.perf_counter() - began:.0f} s")
                rows[kind].append(kept.rows[part])
        arrays |= {f"{name}/{what}": value for what, value in floors(held_out).items()}
        for kind in KINDS:
            stacked = {w: np.stack([row[w] for row in rows[kind]]) for w in rows[kind][0]}
            stacked["shown"] = stacked["shown"][0]
            arrays |= {f"{name}/{kind}/{what}": value for what, value in stacked.items()}
    records.save("pairs-pix2pix", arrays, _about(time.perf_counter() - start), folder)
    return "; ".join(
        f"{name}: judge {arrays[f'{name}/game/judge'].mean():.2f} against "
        f"{arrays[f'{name}/error alone/judge'].mean():.2f}"
        for name in PAIRS
    )


def _about(seconds: float) -> dict:
    return records.provenance(
        MODULES,
        SEEDS[0],
        seconds,
        seeds=list(SEEDS),
        steps=STEPS,
        batch=BATCH,
        pairs=PICTURES,
        held_out=HELD_OUT,
        rate=RATE,
        rate_schedule="falls in a line to a tenth",
        betas=list(BETAS),
        weight=WEIGHT,
        loss="non_saturating",
        patch=16,
        widths=[WIDTH_G, WIDTH_D],
        latent=LATENT,
        judge={"steps": JUDGE_STEPS, "batch": JUDGE_BATCH, "rate": JUDGE_RATE, "judged": JUDGED},
    )
