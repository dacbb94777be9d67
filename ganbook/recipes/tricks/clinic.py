"""The runs of the clinic: a healthy game, and nine with one fault each, three seeds a game."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from ganbook import records
from ganbook.losses import MINIMAX, WASSERSTEIN
from ganbook.penalties import gradient_norms, r1
from ganbook.recipes.place import Place
from ganbook.recipes.tricks import _common
from ganbook.recipes.tricks._nets import RATE, Net, Scale
from ganbook.training import EMA

SCALE = Scale(seeds=3, samples=200)
GAMMA, LOOKS, HELD = 0.1, 6, 300
MODULES = (*_common.MODULES, "recipes.tricks.clinic")


class WithoutBuffers(EMA):
    """The slip of an average that forgets batch norm's running statistics."""

    def update(self, network: nn.Module) -> None:
        """Move the parameters, and put the buffers back to where they were."""
        before = [b.clone() for b in self.module.buffers()]
        super().update(network)
        for kept, old in zip(self.module.buffers(), before, strict=True):
            kept.copy_(old)


@dataclass(frozen=True)
class PerChannel:
    """The slip ``norm(dim=1)``: WGAN-GP's penalty with a norm over the channels of each pixel."""

    weight: float = 10.0
    per_sample: ClassVar[bool] = True

    def __call__(self, D, x_real: Tensor, x_fake: Tensor) -> Tensor:
        """Return the wrong penalty."""
        epsilon = torch.rand(len(x_real), 1, 1, 1)
        x = (epsilon * x_real + (1 - epsilon) * x_fake).detach().requires_grad_(True)
        (slope,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
        return self.weight * (slope.square().sum(dim=1).add(1e-12).sqrt() - 1).square().mean()


def plan() -> dict[str, Net]:
    """Return the nets by name; each but the first has one fault."""
    healthy = Net(penalty=r1(GAMMA), betas=(0.0, 0.99), falling=True, norm_g="batch")
    steep = replace(healthy, loss=WASSERSTEIN, penalty=PerChannel())
    return {
        "healthy": healthy,
        "generator too fast": replace(healthy, penalty=None, rates=(10 * RATE, RATE / 2)),
        "minimax saturates": replace(healthy, penalty=None, loss=MINIMAX, rates=(RATE, 5 * RATE)),
        "sigmoid in D": replace(healthy, ends_in=nn.Sigmoid),
        "real in [0, 1]": replace(healthy, half_range=True),
        "penalty per channel": steep,
        "penalty too heavy": replace(healthy, penalty=r1(1_000 * GAMMA)),
        "few pictures": replace(healthy, pictures=50),
        "real ones augmented": replace(healthy, shift=3, real_only=True),
        "average without buffers": healthy,
    }


class Looks:
    """What a doctor would measure, ten times a run; each a row of one number a seed."""

    def __init__(self, net: Net, scale: Scale) -> None:
        x = _common.pictures()
        stop = net.pictures or len(x) - scale.reference
        self.every, self.seeds = max(scale.steps // LOOKS, 1), scale.seeds
        self.train = _common.given(x[: min(HELD, stop)], net)
        self.held = _common.given(x[stop : stop + HELD], net)
        self.rows: list[dict[str, np.ndarray]] = []

    def __call__(self, step: int, game) -> None:
        """Look at both players, which are in evaluation mode."""
        if step % self.every:
            return
        z = game.draw(64 * self.seeds)
        for p in game.G.parameters():
            p.grad = None
        x_fake = game.G(z)
        d_fake = game.D(x_fake)
        each = x_fake.detach().reshape(self.seeds, 64, -1)
        train, held = (self._scores(game, x) for x in (self.train, self.held))
        slopes = gradient_norms(game.D, self.train[:64].repeat(self.seeds, 1, 1, 1), False)
        self.rows.append(
            {
                "d_train": train.mean(axis=1),
                "d_held": held.mean(axis=1),
                "d_generated": d_fake.detach().reshape(self.seeds, -1).numpy().mean(axis=1),
                "slope": slopes.reshape(self.seeds, -1).numpy().mean(axis=1),
                "spread": each.std(dim=1).mean(dim=1).numpy(),
                "lowest": each.amin(dim=(1, 2)).numpy(),
                "mean": each.mean(dim=(1, 2)).numpy(),
            }
        )

    @torch.no_grad()
    def _scores(self, game, x: Tensor) -> np.ndarray:
        return game.D(x.repeat(self.seeds, 1, 1, 1)).reshape(self.seeds, -1).numpy()

    def stacked(self) -> dict[str, np.ndarray]:
        """Return each measurement as (looks, seeds), beside those of real pictures."""
        found = {f"look {k}": np.stack([row[k] for row in self.rows]) for k in self.rows[0]}
        flat = self.train.flatten(1)
        real = {"spread": flat.std(dim=0).mean(), "lowest": flat.min(), "mean": flat.mean()}
        return found | {f"real {k}": np.array(float(v)) for k, v in real.items()}


def one(name: str, net: Net, real: Tensor) -> dict[str, np.ndarray]:
    """Play one game; each only with its own fault."""
    looks = Looks(net, SCALE)
    average = WithoutBuffers if name == "average without buffers" else None
    found = _common.train(net, SCALE, real, average, looks)
    return found | (looks.stacked() if looks.rows else {})


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Play all, write the record ``tricks-clinic``, sum up."""
    start, code = time.perf_counter(), records.code_hash(*MODULES)
    real = _common.reference(SCALE)
    runs = {name: lambda n=name, net=net: one(n, net, real) for name, net in plan().items()}
    found = _common.played(runs, place or Place(), log, code)
    seconds = time.perf_counter() - start
    _common.save("tricks-clinic", found, SCALE, MODULES, seconds, folder, gamma=GAMMA)
    return "; ".join(f"{k}: {np.mean(v['frechet']):.0f}" for k, v in found.items())
