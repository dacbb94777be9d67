"""Where a recipe computes, and what of it outlives the process: device, progress, checkpoint."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import nn

from ganbook.checkpoints import Checkpoint
from ganbook.training import Game, History, fit

__all__ = ["Kept", "Place", "Stopped"]


class Stopped(Exception):
    """A run was asked to end, and has saved; the same call goes on."""


class Kept:
    """What a run finds along the way, arrays by step; with a file it outlives the process.

    Steps that a resumed run makes again replace what was found there before. Raises ``ValueError``
    for a name that no step has.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path, self.rows = path, {}
        if path is not None and path.is_file():
            with np.load(path, allow_pickle=False) as arrays:
                for key, value in arrays.items():
                    step, name = key.split("/", 1)
                    self.rows.setdefault(int(step), {})[name] = value

    def put(self, at: int, /, **values: ArrayLike) -> None:
        """Keep what was found after a step."""
        self.rows[at] = {name: np.asarray(value) for name, value in values.items()}
        if self.path is not None:
            flat = {f"{s}/{n}": v for s, row in self.rows.items() for n, v in row.items()}
            temporary = self.path.with_suffix(".tmp")
            with temporary.open("wb") as file:
                np.savez(file, **flat)
            os.replace(temporary, self.path)

    def stacked(self, name: str) -> np.ndarray:
        """Return one name's arrays in order of their steps, shape (steps, ...)."""
        found = [row[name] for _, row in sorted(self.rows.items()) if name in row]
        if not found:
            raise ValueError(
                f"no step has {name!r}: there are {sorted(set().union(*self.rows.values()))}"
            )
        return np.stack(found)


@dataclass(frozen=True)
class Place:
    """Where and how a recipe runs: a device, whether to show progress, and a checkpoint's file.

    A recipe of several runs gives each a part's name, from which the names of its files are made:
    ``run.safetensors`` becomes ``run-seed-0.safetensors``.
    """

    device: torch.device | str = "cpu"
    progress: bool = False
    checkpoint: Path | None = None
    every: int = 1000

    def put(self, *networks: nn.Module) -> list[nn.Module]:
        """Return the networks on the device."""
        return [network.to(self.device) for network in networks]

    def kept(self, part: str = "") -> Kept:
        """Return what a part has found so far: nothing, unless its checkpoint is there."""
        file = self._file(part)
        path = file and file.with_suffix(".found.npz")
        if path is not None and not file.exists():
            path.unlink(missing_ok=True)
        return Kept(path)

    def fit(
        self, game: Game, batches: Iterable[Any], steps: int, part: str = "", **options
    ) -> History:
        """Call `ganbook.training.fit` here; raises ``Stopped`` when a signal ended it."""
        file = self._file(part)
        history = fit(
            game,
            batches,
            steps=steps,
            progress=self.progress,
            checkpoint=file and Checkpoint(file, self.every),
            **options,
        )
        if len(history) < steps:
            raise Stopped(f"stopped after step {len(history)} of {steps}")
        return history

    def in_one_go(self, name: str) -> None:
        """Raise ``ValueError`` if there is a checkpoint, for a recipe that keeps none."""
        if self.checkpoint is not None:
            raise ValueError(
                f"{name} takes minutes and keeps no checkpoint: leave --checkpoint out"
            )

    def on_the_cpu(self, name: str) -> None:
        """Raise ``ValueError`` for another device or a checkpoint, for a recipe that takes neither."""
        if torch.device(self.device).type != "cpu":
            raise ValueError(f"{name} is computed on the CPU alone: leave --device out")
        self.in_one_go(name)

    def _file(self, part: str) -> Path | None:
        if self.checkpoint is None or not part:
            return self.checkpoint
        return self.checkpoint.with_stem(f"{self.checkpoint.stem}-{part}")
