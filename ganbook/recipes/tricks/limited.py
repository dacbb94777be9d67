"""A hundred pictures instead of sixty thousand: no augmentation, of both kinds, of real ones alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from ganbook import records
from ganbook.penalties import r1
from ganbook.recipes.place import Place
from ganbook.recipes.tricks import _common
from ganbook.recipes.tricks._nets import Net, Scale

SCALE = Scale()
PICTURES, SHIFT, GAMMA = 100, 1, 0.1
MODULES = (*_common.MODULES, "recipes.tricks.limited")


def plan() -> dict[str, Net]:
    """Return the nets by name."""
    few = Net(penalty=r1(GAMMA), betas=(0.0, 0.99), falling=True, norm_g="batch", pictures=PICTURES)
    both = replace(few, shift=SHIFT)
    return {"plain": few, "both": both, "real only": replace(both, real_only=True)}


class Gap:
    """D's mean scores of training and of held-out pictures, seed by seed, at the end."""

    def __init__(self, steps: int, train: torch.Tensor, held: torch.Tensor) -> None:
        self.steps, self.sets, self.scores = steps, (train, held), None

    @torch.no_grad()
    def __call__(self, step: int, game) -> None:
        """Take both at the last step."""
        if step == self.steps:
            S = game.seeds
            each = [game.D(x.repeat(S, 1, 1, 1)).reshape(S, -1).mean(dim=1) for x in self.sets]
            self.scores = torch.stack(each).numpy()


def one(net: Net, real: torch.Tensor) -> dict[str, np.ndarray]:
    """Play one net; adds ``gap`` (2, seeds), mean scores of the training and of other pictures."""
    x = _common.pictures()
    gap = Gap(SCALE.steps, x[:PICTURES], x[PICTURES : 10 * PICTURES])
    found = _common.train(net, SCALE, real, callback=gap)
    return found | {"gap": gap.scores}


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Play all, write the record ``tricks-limited``, sum up."""
    start, code = time.perf_counter(), records.code_hash(*MODULES)
    real = _common.reference(SCALE)
    runs = {name: lambda net=net: one(net, real) for name, net in plan().items()}
    found = _common.played(runs, place or Place(), log, code)
    seconds = time.perf_counter() - start
    _common.save("tricks-limited", found, SCALE, MODULES, seconds, folder, gamma=GAMMA)
    return "; ".join(f"{k}: {np.mean(v['frechet']):.0f}" for k, v in found.items())
