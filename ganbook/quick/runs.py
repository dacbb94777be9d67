"""A run from a choice of names and numbers: its players, its data, and the training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ganbook import data, distributed, losses
from ganbook.checkpoints import Checkpoint
from ganbook.distributed import Team
from ganbook.losses import Loss
from ganbook.networks import InBfloat16
from ganbook.quick.entries import DATA, NETWORKS, PENALTIES, entry, find
from ganbook.quick.writing import picture
from ganbook.recipes import common
from ganbook.training import EMA, Game, History

__all__ = ["Choice", "Setup", "setup", "train"]


@dataclass(frozen=True)
class Choice:
    """What to train: names in `DATA`, `NETWORKS`, `ganbook.losses.LOSSES` and `PENALTIES`, and
    numbers; ``None`` is the usual one.
    """

    data: str = "digits"
    network: str = "mlp"
    loss: str = "non_saturating"
    penalty: str = "none"
    weight: float | None = None
    ema: float | None = None
    bfloat16: bool = False
    batch_size: int | None = None
    rate: float = 2e-4
    beta1: float = 0.5
    seed: int = 0


@dataclass
class Setup:
    """A game with its data: ``images`` uint8 (N, 1, side, side), ``held_out`` likewise, for the
    floor.
    """

    choice: Choice
    game: Game
    loss: Loss
    penalty: Any
    ema: EMA | None
    images: Tensor
    held_out: Tensor
    batches: Any

    @property
    def generator(self) -> nn.Module:
        """The generator to draw from: the averaged one, where there is one."""
        return self.game.G if self.ema is None else self.ema.module


def setup(choice: Choice, device: torch.device | str = "cpu") -> Setup:
    """Return players, optimisers and batches; ``ValueError`` for what is not possible."""
    about, network = entry(choice.data), find("network", NETWORKS, choice.network)
    usual, make_penalty = find("penalty", PENALTIES, choice.penalty)
    loss = find("loss", losses.LOSSES, choice.loss)
    if network.side not in (None, about.side):
        raise ValueError(
            f"network {choice.network} makes {network.side} x {network.side} pictures, and those of "
            f"{choice.data} are {about.side} x {about.side}: choose --network mlp, or other data"
        )
    if choice.weight is not None and choice.penalty == "none":
        raise ValueError("a weight weighs a penalty: give --penalty NAME with it")
    if not 0 < choice.rate < float("inf"):
        raise ValueError(f"rate is {choice.rate}: expected a positive number, such as 0.0002")
    if not 0 <= choice.beta1 < 1:
        raise ValueError(f"beta1 is {choice.beta1}: expected a number in [0, 1), such as 0.5")
    penalty = make_penalty(usual if choice.weight is None else choice.weight, choice.seed)
    if penalty is not None and choice.network == "unet":
        penalty = common.Pooled(penalty)
    images, held_out = (part.x for part in about.load())
    makers = (lambda: network.generator(about), lambda: network.discriminator(about))
    G, D = (p.to(device) for p in common.seeded(choice.seed, *makers))
    if choice.bfloat16:
        G, D = InBfloat16(G), InBfloat16(D)
    game = common.adam_game(G, D, network.latent(about), choice.rate, (choice.beta1, 0.999))
    ema = None if choice.ema is None else EMA(G, choice.ema)
    size = about.batch if choice.batch_size is None else choice.batch_size
    batches = data.batches(images, size, torch.Generator().manual_seed(choice.seed), device)
    return Setup(choice, game, loss, penalty, ema, images, held_out, batches)


def train(
    team: Team,
    run: Setup,
    steps: int | None = None,
    d_steps: int = 1,
    checkpoint: Checkpoint | None = None,
    grids: tuple[int, Path] | None = None,
) -> History:
    """Train a setup in every process of a team; see `ganbook.distributed.fit`.

    ``grids`` is a number of steps and a folder: after each such number a picture of samples is
    written there, as ``samples-000500.png``.
    """

    def look(step: int, game: Game) -> None:
        if step % grids[0] == 0:
            made = common.sample(run.generator, game.latent, 64, run.choice.seed + 1)
            picture(made, grids[1] / f"samples-{step:06}.png")

    return distributed.fit(
        team,
        run.game,
        run.batches,
        loss=run.loss,
        penalty=run.penalty,
        steps=DATA[run.choice.data].steps if steps is None else steps,
        d_steps=d_steps,
        ema=run.ema,
        seed=run.choice.seed,
        checkpoint=checkpoint,
        callback=look if grids else None,
    )
