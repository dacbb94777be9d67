"""Digits by label: a discriminator with a projection, five seeds, judged class by class."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load
from torch import Tensor, nn

from ganbook import data, records
from ganbook.features import describe
from ganbook.games import AuxiliaryGame, ConditionalGame, Game
from ganbook.metrics import frechet_distance
from ganbook.networks import (
    Concatenated,
    Projected,
    conv_discriminator,
    conv_generator,
    two_heads,
)
from ganbook.penalties import lazy, r1
from ganbook.recipes import common
from ganbook.recipes.place import Place
from ganbook.training import EMA

SEEDS, CLASSES = (0, 1, 2, 3, 4), 10
LATENT, WIDTH, BATCH, STEPS = 32, 16, 32, 6_000
RATE, BETAS, GAMMA, INTERVAL, DECAY = 4e-3, (0.0, 0.99), 0.3, 4, 0.999
PER_CLASS, REFERENCE = 890, 2_000  # the smallest class of the test set has 892 images
MODULES = (
    "data",
    "losses",
    "penalties",
    "games",
    "networks.conditional",
    "networks.conv",
    "networks.sizes",
    "training",
    "features",
    "metrics.arrays",
    "metrics.frechet",
    "transport",
    "recipes.common",
    "recipes.place",
    "recipes.mnist.conditional",
)


@dataclass(frozen=True)
class Reference:
    """Features of training images by class, and the distance of test images from them."""

    features: list[Tensor]
    floors: np.ndarray
    accuracy: float


def game_of(kind: str, seed: int, device: torch.device | str = "cpu") -> Game:
    """Return the game of one kind, "projection" or "auxiliary": so the label enters D.

    G is given it by concatenation in both."""

    def players() -> tuple[nn.Module, ...]:
        G = Concatenated(conv_generator(LATENT + CLASSES, WIDTH), CLASSES)
        trunk = conv_discriminator(WIDTH)[:-1]  # its last layer is replaced
        if kind == "projection":
            return G, Projected(trunk, 64 * WIDTH, CLASSES)
        return G, *two_heads(trunk, 64 * WIDTH, CLASSES)

    G, *rest = common.seeded(seed, players)[0]
    for network in (G, *rest):
        network.to(device, memory_format=torch.channels_last)
    own = dict.fromkeys(p for network in rest for p in network.parameters())
    adam = [
        torch.optim.Adam(p, lr=RATE, betas=BETAS, fused=True) for p in (list(G.parameters()), own)
    ]
    if kind == "projection":
        return ConditionalGame(G, rest[0], *adam, LATENT, one_pass=True)
    return AuxiliaryGame(G, rest[0], *adam, LATENT, one_pass=True, C=rest[1])


def train(kind: str, seed: int, place: Place | None = None) -> nn.Module:
    """Return the averaged generator of one run."""
    place = place or Place()
    game, real = game_of(kind, seed, place.device), data.mnist("train")
    ema = EMA(game.G, DECAY)
    batches = data.batches(
        (real.x, real.y), BATCH, torch.Generator().manual_seed(seed), place.device
    )

    def after(step: int, game: Game) -> None:
        for optimizer in (game.optimizer_g, game.optimizer_d):
            optimizer.param_groups[0]["lr"] = RATE * min(1.0, 2 * (1 - step / STEPS))

    options = {"penalty": lazy(r1(GAMMA), INTERVAL), "ema": ema, "seed": seed, "callback": after}
    place.fit(game, batches, STEPS, f"{kind}-{seed}", **options)
    return ema.module


def generator(seed: int) -> nn.Module:
    """Return the recorded averaged generator of a seed, frozen, in evaluation mode.

    The record holds that of the first seed; another one raises ``RuntimeError``.
    """
    weights = load(records.path("mnist-conditional.safetensors").read_bytes())
    G = Concatenated(conv_generator(LATENT + CLASSES, WIDTH), CLASSES)
    own = {k.partition(".")[2]: v.float() for k, v in weights.items() if k.startswith(f"{seed}.")}
    G.load_state_dict(own)
    return G.eval().requires_grad_(False)


@torch.no_grad()
def labelled(G: nn.Module, y: Tensor, seed: int = 1, scale: float = 1.0) -> Tensor:
    """Return pictures for labels, uint8 (N, 1, 28, 28) on the CPU, from seeded z times ``scale``."""
    device = next(G.parameters()).device
    z = scale * torch.randn(len(y), LATENT, generator=torch.Generator().manual_seed(seed))
    parts = zip(z.split(common.PART), y.split(common.PART), strict=True)
    return torch.cat([data.to_uint8(G(a.to(device), b.to(device))).cpu() for a, b in parts])


def reference(real: data.Images, held_out: data.Images) -> Reference:
    """Return what generated digits are compared with, class by class."""
    features, floors, right = [], [], 0.0
    for k in range(CLASSES):
        features.append(describe(real.x[real.y == k][:REFERENCE])[0])
        own, p = describe(held_out.x[held_out.y == k][:PER_CLASS])
        floors.append(frechet_distance(features[k], own))
        right += float((p.argmax(dim=1) == k).double().mean()) / CLASSES
    return Reference(features, np.array(floors), right)


def judged(G: nn.Module, against: Reference) -> tuple[float, np.ndarray]:
    """Return the classifier's accuracy on generated digits, and each class's Fréchet distance."""
    y = torch.arange(CLASSES).repeat_interleave(PER_CLASS)
    features, p = describe(labelled(G.eval(), y))
    accuracy = float((p.argmax(dim=1) == y).double().mean())
    apart = [frechet_distance(against.features[k], features[y == k]) for k in range(CLASSES)]
    return accuracy, np.array(apart)


def record(
    name: str,
    kind: str,
    seeds: tuple[int, ...],
    modules: tuple[str, ...],
    folder: Path,
    log: Callable[[str], None],
    place: Place | None,
) -> str:
    """Train one kind from several seeds, write a record with the first averaged generator, sum up."""
    start, code, place = time.perf_counter(), records.code_hash(*modules), place or Place()
    against = reference(data.mnist("train"), data.mnist("test"))
    log(f"test images: accuracy {against.accuracy:.4f}, floors {against.floors.round(1)}")
    generators = {seed: train(kind, seed, place) for seed in seeds}
    found = []
    for seed, G in generators.items():
        found.append(judged(G, against))
        log(f"seed {seed}: accuracy {found[-1][0]:.4f}, distances {found[-1][1].round(0)}")
    kept = nn.ModuleDict({str(seeds[0]): generators[seeds[0]]})
    common.save_weights(name, kept, folder)
    y = torch.arange(CLASSES).repeat_interleave(8)
    arrays = {
        "accuracy": np.array([accuracy for accuracy, _ in found]),
        "distance": np.array([distance for _, distance in found]),
        "grid": labelled(generators[seeds[0]].eval(), y, seed=2).numpy(),
        "floor": against.floors,
        "real_accuracy": np.array(against.accuracy),
    }
    info = records.provenance(
        modules,
        seeds[0],
        time.perf_counter() - start,
        seeds=seeds,
        kind=kind,
        steps=STEPS,
        batch=BATCH,
        rate=f"{RATE}, over the second half of the steps in a line to zero",
        betas=BETAS,
        gamma=GAMMA,
        penalty=f"R1, every {INTERVAL}th update of D",
        decay=DECAY,
        width=WIDTH,
        latent=LATENT,
        per_class=PER_CLASS,
        reference=f"first {REFERENCE} training images of each class",
        floor=f"first {PER_CLASS} test images of each class",
    )
    records.save(name, arrays, info | {"code": code}, folder)
    accuracy, distance = arrays["accuracy"].mean(), arrays["distance"].mean()
    return f"{kind}: accuracy {accuracy:.3f}, mean distance within a class {distance:.0f}"


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Train the projection from five seeds, write the record ``mnist-conditional``, sum up."""
    return record("mnist-conditional", "projection", SEEDS, MODULES, folder, log, place)
