"""What the recipes on mixtures share: players in the plane, and one setting played by many seeds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ganbook import records
from ganbook.distributions import Gaussians
from ganbook.games import Game, PackedGame, SideBySideGame, joined
from ganbook.losses import Loss
from ganbook.metrics import mode_coverage
from ganbook.networks import MinibatchStd, SideBySide
from ganbook.recipes import common
from ganbook.schedules import Linear
from ganbook.training import alternating, fit

__all__ = ["Setting", "Trial", "game_of", "points", "record", "train"]

SAMPLES, KEPT = 2_500, 200
MODULES = (
    "distributions",
    "losses",
    "penalties",
    "schedules",
    "games",
    "networks.minibatch",
    "networks.side_by_side",
    "training",
    "metrics.modes",
    "recipes.common",
    "recipes.toys._common",
)


@dataclass(frozen=True)
class Setting:
    """What all games of a recipe share: ``rate`` falls in a line to ``rate * falls_to`` over the
    steps.
    """

    law: Gaussians
    steps: int
    betas: tuple[float, float]
    seeds: int = 20
    latent: int = 2
    width: int = 128
    batch: int = 100
    rate: float = 1e-3
    looks: int = 30
    falls_to: float = 0.1
    slope: float = 0.0

    def rates(self) -> Linear:
        """Return Adam's rate by step."""
        return Linear(self.rate, self.rate * self.falls_to, self.steps)


@dataclass(frozen=True)
class Trial:
    """One game: a loss, a penalty, a play, m samples a pack, and whether D sees the batch's spread."""

    loss: Loss
    penalty: Callable[..., Tensor] | None = None
    play: Any = alternating
    samples: int = 1
    spread: bool = False


@dataclass(kw_only=True)
class PackedSideBySide(PackedGame, SideBySideGame):
    """Packs, for many seeds at once."""


def points(
    n_in: int, n_out: int, width: int, slope: float = 0.0, spread: bool = False
) -> nn.Sequential:
    """Return two hidden layers of one width for points of the plane, with ReLU, or LeakyReLU of
    another slope.

    With ``spread`` a `MinibatchStd` stands before the last layer."""
    layers = [nn.Linear(n_in, width), nn.LeakyReLU(slope), nn.Linear(width, width)]
    layers += [nn.LeakyReLU(slope)] + [MinibatchStd()] * spread
    return nn.Sequential(*layers, nn.Linear(width + spread, n_out))


def game_of(setting: Setting, trial: Trial, first: int = 0) -> Game:
    """Return the game of seeds first, first + 1, ..., each initialised from its own."""
    pairs = [
        common.seeded(
            first + k,
            lambda: points(setting.latent, 2, setting.width, setting.slope),
            lambda: points(2 * trial.samples, 1, setting.width, setting.slope, trial.spread),
        )
        for k in range(setting.seeds)
    ]
    G, D = (SideBySide(networks) for networks in zip(*pairs, strict=True))
    adam = [
        torch.optim.Adam(
            p.parameters(), lr=setting.rate, betas=setting.betas, eps=1e-8 / setting.seeds
        )
        for p in (G, D)
    ]
    return PackedSideBySide(G, D, *adam, setting.latent, seeds=setting.seeds, samples=trial.samples)


def train(setting: Setting, trial: Trial) -> dict[str, np.ndarray]:
    """Play one game by all seeds.

    Returns modes, quality and reverse KL, each (looks, seeds), whether each mode is reached,
    (looks, seeds, K), and some samples of the end, (seeds, 200, 2).
    """
    game = game_of(setting, trial)
    sources = [
        (setting.law.sample(setting.batch, g).float() for _ in iter(int, 1))
        for g in (torch.Generator().manual_seed(1_000 + k) for k in range(setting.seeds))
    ]
    centers, std = setting.law.centers.numpy(), float(setting.law.std)
    z = torch.randn(SAMPLES, setting.latent, generator=torch.Generator().manual_seed(9))
    scores, reached = [], []

    def samples() -> Tensor:
        with torch.no_grad():
            return game.G(z.repeat(setting.seeds, 1)).reshape(setting.seeds, SAMPLES, 2)

    def after(step: int, game: Game) -> None:
        for optimizer in (game.optimizer_g, game.optimizer_d):
            optimizer.param_groups[0]["lr"] = setting.rates()(step)
        if step % (setting.steps // setting.looks) == 0:
            x = samples().double().numpy()
            scores.append([mode_coverage(one, centers, std) for one in x])
            away = np.linalg.norm(x[:, :, None] - centers, axis=3)
            reached.append((away <= 3 * std).any(axis=1))

    fit(
        game, joined(sources), trial.loss, trial.penalty, setting.steps, step=trial.play,
        callback=after,
    )  # fmt: skip
    found = np.array(scores)
    return {
        "modes": found[..., 0].astype(np.int16),
        "quality": found[..., 1].astype(np.float32),
        "reverse_kl": np.nan_to_num(found[..., 2], nan=-1).astype(np.float32),
        "reached": np.array(reached),
        "samples": samples()[:, :KEPT].numpy().astype(np.float16),
    }


def record(
    name: str,
    plan: dict[str, tuple[Setting, Trial]],
    modules: tuple[str, ...],
    folder: Path,
    log: Callable[[str], None],
) -> str:
    """Play every game of a plan, write the record NAME with arrays ``GAME/ARRAY``, sum up."""
    start, code = time.perf_counter(), records.code_hash(*modules)
    played, said = [], []
    for key, (setting, trial) in plan.items():
        played.append(train(setting, trial))
        full = int((played[-1]["modes"][-1] == len(setting.law.centers)).sum())
        said.append(f"{key} {full}/{setting.seeds}")
        log(f"{said[-1]}: modes {' '.join(map(str, played[-1]['modes'][-1]))}")
    arrays = {
        f"{key}/{a}": v for key, got in zip(plan, played, strict=True) for a, v in got.items()
    }
    info = records.provenance(
        modules,
        0,
        time.perf_counter() - start,
        games={key: {"setting": told(s), "trial": told(t)} for key, (s, t) in plan.items()},
        samples=SAMPLES,
        empty="reverse_kl is -1 where no sample is of high quality",
    )
    records.save(name, arrays, info | {"code": code}, folder)
    return "all modes reached: " + ", ".join(said)


def told(value: Setting | Trial) -> dict[str, Any]:
    """Return a setting's or a trial's fields as JSON can hold them."""
    plain = (int, float, str, bool, tuple)
    named = {k: getattr(v, "name", v) for k, v in vars(value).items()}
    return {
        k: v if isinstance(v, plain) else "mixture" if k == "law" else repr(v)
        for k, v in named.items()
    }
