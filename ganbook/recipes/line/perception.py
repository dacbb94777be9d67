"""Signals restored by a game with an error term: where each weight comes to rest.

x ~ N(0, 1) is seen as y = x + n, n ~ N(0, 1). G(z, y) is a small network of two numbers. D sees
either the estimate alone or the estimate and y, with their squares and product, of which the
optimal score is a linear function. All weights and seeds are trained side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ganbook import records
from ganbook.games import Pix2PixGame, SideBySideGame
from ganbook.networks import SideBySide
from ganbook.recipes import common
from ganbook.recipes.place import Place
from ganbook.schedules import Linear
from ganbook.training import EMA, fit

__all__ = ["run", "train"]

WEIGHTS = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
SEEDS, BATCH, STEPS, WIDTH = 5, 128, 1_000, 16
RATE_G, RATE_D, FALLS_TO = 1e-3, 5e-3, 0.02
BETAS, DECAY = (0.0, 0.99), 0.99
JUDGED = 100_000
ERRORS = ("squared", "absolute")
SEES = ("pictures", "pairs")
MODULES = (
    "losses",
    "games",
    "networks.side_by_side",
    "schedules",
    "training",
    "recipes.common",
    "recipes.line.perception",
)


@dataclass(kw_only=True)
class Sweep(Pix2PixGame, SideBySideGame):
    """Pix2pix, for many seeds and weights at once; a batch is (x, y), blocks of rows each."""

    def check(self, batch: tuple[Tensor, Tensor]) -> None:
        """Raise ``ValueError`` unless the batch is a pair of blocks of rows."""
        Pix2PixGame.check(self, batch)
        SideBySideGame.check(self, batch[0])


class OnRows(nn.Module):
    """Networks side by side that take what they are given as one row, with all products of two
    entries if ``squares``.
    """

    def __init__(self, networks: Sequence[nn.Module], squares: bool = False) -> None:
        super().__init__()
        self.body, self.squares = SideBySide(networks), squares

    def forward(self, *parts: Tensor) -> Tensor:
        """Return a number for each row."""
        columns = [column for part in parts for column in part.split(1, dim=1)]
        if self.squares:
            columns += [a * b for a, b in combinations_with_replacement(columns, 2)]
        return self.body(torch.cat(columns, dim=1))


def network(n_in: int, width: int) -> nn.Sequential:
    """Return one hidden layer with SiLU, from n_in numbers to one."""
    return nn.Sequential(nn.Linear(n_in, width), nn.SiLU(), nn.Linear(width, 1))


def batches(blocks: int, seed: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield signals and observations, each of shape (blocks * BATCH, 1)."""
    source = torch.Generator().manual_seed(seed)
    while True:
        x, n = torch.randn(2, blocks * BATCH, 1, generator=source)
        yield x, x + n


def train(sees: str, error: str) -> dict[str, np.ndarray]:
    """Train every weight with every seed; returns, each of shape (weights, seeds), the mean squared
    error, the standard deviation of the estimate, that of the estimate given y, and the slope of
    its mean in y, of a moving average of G's weights.
    """
    blocks = len(WEIGHTS) * SEEDS
    weight = torch.tensor(WEIGHTS).repeat_interleave(SEEDS * BATCH)[:, None]

    def paid(x_fake: Tensor, x: Tensor) -> Tensor:
        miss = (x_fake - x).square() if error == "squared" else (x_fake - x).abs()
        return (weight * miss).mean()

    pairs = [
        common.seeded(
            k % SEEDS,
            lambda: network(2, WIDTH),
            lambda: network(5 if sees == "pairs" else 2, 2 * WIDTH),
        )
        for k in range(blocks)
    ]
    G, D = (
        OnRows(networks, squares)
        for networks, squares in zip(zip(*pairs, strict=True), (False, True), strict=True)
    )
    adam = [
        torch.optim.Adam(p.parameters(), lr=rate, betas=BETAS, eps=1e-8 / blocks)
        for p, rate in ((G, RATE_G), (D, RATE_D))
    ]
    game = Sweep(G, D, *adam, 1, seeds=blocks, weight=1.0, error=paid, pairs=sees == "pairs")
    falls, ema = Linear(1, FALLS_TO, STEPS), EMA(G, DECAY)

    def after(step: int, game: Sweep) -> None:
        for optimizer, rate in ((game.optimizer_g, RATE_G), (game.optimizer_d, RATE_D)):
            optimizer.param_groups[0]["lr"] = rate * falls(step)

    fit(game, batches(blocks), steps=STEPS, callback=after, ema=ema)
    return measure(ema.module.body, blocks)


@torch.no_grad()
def measure(G: SideBySide, blocks: int) -> dict[str, np.ndarray]:
    """Return what `train` does, on JUDGED fresh signals, two estimates for each observation."""
    x, n, z, other = torch.randn(4, JUDGED, 1, generator=torch.Generator().manual_seed(99))
    y, found = x + n, []
    for k in range(blocks):
        one, two = (G.network(k)(torch.cat([noise, y], dim=1)) for noise in (z, other))
        found.append(
            {
                "error": (one - x).square().mean(),
                "spread": one.std(),
                "spread_given_y": ((one - two).square().mean() / 2).sqrt(),
                "slope": (one * y).mean() / y.square().mean(),
            }
        )
    shape = (len(WEIGHTS), -1)
    return {k: np.reshape([float(f[k]) for f in found], shape).astype("f4") for k in found[0]}


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Sweep the weights for both critics and both errors, write the record ``line-perception``, sum
    up.

    Arrays ``SEES_ERROR_WHAT``, such as ``pairs_squared_spread_given_y``, of shape (weights, seeds);
    ``weights``.
    """
    (place or Place()).on_the_cpu("line-perception")
    start = time.perf_counter()
    arrays: dict[str, np.ndarray] = {"weights": np.array(WEIGHTS)}
    for sees in SEES:
        for error in ERRORS:
            found = train(sees, error)
            arrays |= {f"{sees}_{error}_{name}": value for name, value in found.items()}
            log(f"{sees}, {error}: mean errors {found['error'].mean(axis=1).round(3)}")
    info = records.provenance(
        MODULES,
        0,
        time.perf_counter() - start,
        seeds=list(range(SEEDS)),
        steps=STEPS,
        batch=BATCH,
        rates=[RATE_G, RATE_D],
        betas=list(BETAS),
        width=WIDTH,
        loss="non_saturating",
        average=DECAY,
        rate_schedule="falls in a line to 2 %",
    )
    records.save("line-perception", arrays, info, folder)
    ends = arrays["pairs_squared_error"].mean(axis=1)
    return (
        f"squared error with D on pairs: {ends[0]:.3f} at weight 0, {ends[-1]:.3f} at {WEIGHTS[-1]}"
    )
