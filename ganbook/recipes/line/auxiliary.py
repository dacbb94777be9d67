"""Six games with an auxiliary classifier on two Gaussian classes, trained: where each of them
stops."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, silu

from ganbook import losses, records
from ganbook.games import AuxiliaryGame, SideBySideGame
from ganbook.recipes import common
from ganbook.recipes.place import Place
from ganbook.training import fit

LOSSES, FITTED_ON = ("minimax", "non_saturating"), ("generated", "both", "real")
WEIGHTS = (0.1, 0.5, 1.0, 2.0, 5.0)
SEEDS, STEPS, BATCH, WIDTH, START = 5, 1_200, 256, 24, 1.5
RATE_D, RATE_G, BETAS = 4e-3, 2e-3, (0.5, 0.99)
MODULES = (
    "losses",
    "games",
    "training",
    "recipes.common",
    "recipes.line.auxiliary",
)


class Shift(nn.Module):
    """Generators of one number each: x = z + a for the label 1 and z - a for the label 0."""

    def __init__(self, count: int, start: float) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.full((count, 1), start))

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """Return samples (N, 1), block k by generator k."""
        sign = 2.0 * y.reshape(len(self.a), -1) - 1
        return z + (self.a * sign).reshape(-1, 1)


class Crowd(nn.Module):
    """Networks of numbers side by side, two hidden layers each, block k of the rows by network k.

    As `ganbook.networks.SideBySide`, by batched products instead of vmap: many times faster for
    networks of this size."""

    def __init__(self, networks: Sequence[nn.Sequential]) -> None:
        super().__init__()
        layers = [[layer for layer in net if isinstance(layer, nn.Linear)] for net in networks]
        each = list(zip(*layers, strict=True))
        self.weights = nn.ParameterList(torch.stack([m.weight.detach().T for m in k]) for k in each)
        self.biases = nn.ParameterList(
            torch.stack([m.bias.detach()[None] for m in k]) for k in each
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return each block of rows through its own network."""
        h = x.reshape(len(self.weights[0]), -1, x.shape[1])
        for k, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            h = torch.baddbmm(bias, silu(h) if k else h, weight)
        return h.flatten(0, 1)


@dataclass(kw_only=True)
class AuxiliarySideBySide(AuxiliaryGame, SideBySideGame):
    """The auxiliary classifier's game for many blocks at once, each with a weight of its own."""

    weights: Tensor

    def check(self, batch: tuple[Tensor, Tensor]) -> None:
        """Raise ``ValueError`` unless the batch is a pair of as many rows each."""
        AuxiliaryGame.check(self, batch)

    def generator_terms(self, batch: Any, x_fake: Tensor, drawn: Any) -> dict[str, Tensor]:
        """Return ``recognised`` with each block's weight."""
        paid = cross_entropy(self.C(x_fake), batch[1], reduction="none")
        return {"recognised": (self.weights * paid.reshape(self.seeds, -1).mean(dim=1)).mean()}


def scalar_net(n_out: int) -> nn.Sequential:
    """Return two hidden layers of one width for numbers."""
    layers = [nn.Linear(1, WIDTH), nn.SiLU(), nn.Linear(WIDTH, WIDTH), nn.SiLU()]
    return nn.Sequential(*layers, nn.Linear(WIDTH, n_out))


def pairs(count: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield batches of blocks: labels 0 and 1, half of each, and N(-1, 1) or N(1, 1)."""
    generator = torch.Generator().manual_seed(1_000)
    y = torch.arange(BATCH) % 2
    while True:
        noise = torch.randn(count, BATCH, generator=generator)
        yield (noise + 2.0 * y - 1).reshape(-1, 1), y.repeat(count)


def train(loss: str, fitted_on: str) -> np.ndarray:
    """Return a, the mean over the last third of the steps, for each weight and seed."""
    count = len(WEIGHTS) * SEEDS
    nets = [
        common.seeded(100 + k, lambda: scalar_net(1), lambda: scalar_net(2)) for k in range(count)
    ]
    D, C = (Crowd(own) for own in zip(*nets, strict=True))
    G, kept = Shift(count, START), []
    adam_g = torch.optim.Adam(G.parameters(), RATE_G, BETAS, eps=1e-8 / count)
    adam_d = torch.optim.Adam([*D.parameters(), *C.parameters()], RATE_D, BETAS, eps=1e-8 / count)
    weights = torch.tensor(WEIGHTS).repeat_interleave(SEEDS)
    game = AuxiliarySideBySide(
        G, D, adam_g, adam_d, 1, seeds=count, C=C, weights=weights, fitted_on=fitted_on
    )

    def after(step: int, game: AuxiliarySideBySide) -> None:
        left = 1 - step / STEPS  # D and C keep their rate: they follow a G that slows down
        game.optimizer_g.param_groups[0]["lr"] = RATE_G * max(min(1.0, 2 * left), 0.1)
        if 3 * step > 2 * STEPS:
            kept.append(game.G.a.detach().flatten().clone())

    fit(game, pairs(count), losses.get(loss), steps=STEPS, seed=0, callback=after)
    return torch.stack(kept).mean(dim=0).reshape(len(WEIGHTS), SEEDS).numpy()


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Play all six at five weights, write the record ``line-auxiliary``, sum up."""
    (place or Place()).on_the_cpu("line-auxiliary")
    start, code = time.perf_counter(), records.code_hash(*MODULES)
    found = np.zeros((len(LOSSES), len(FITTED_ON), len(WEIGHTS), SEEDS), np.float32)
    for i, loss in enumerate(LOSSES):
        for j, fitted_on in enumerate(FITTED_ON):
            found[i, j] = train(loss, fitted_on)
            log(f"{loss}, C on {fitted_on}: {found[i, j].mean(axis=1).round(3)}")
    info = records.provenance(
        MODULES,
        0,
        time.perf_counter() - start,
        losses=LOSSES,
        fitted_on=FITTED_ON,
        weights=WEIGHTS,
        seeds=SEEDS,
        steps=STEPS,
        batch=BATCH,
        width=WIDTH,
        starts_at=START,
        rate_d=RATE_D,
        rate_g=f"{RATE_G}, over the second half of the steps in a line to a tenth",
        betas=BETAS,
        kept="the mean of a over the last third of the steps",
    )
    records.save("line-auxiliary", {"a": found}, info | {"code": code}, folder)
    spread = found.std(axis=-1, ddof=1)
    return f"a with C on both, non-saturating: {found[1, 1].mean(1).round(3)}, spread {spread.max():.3f}"
