"""One training run from a few names and numbers, as the command line needs it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ganbook import data, distributed, records
from ganbook.checkpoints import Checkpoint
from ganbook.distributed import Team
from ganbook.features import extractor
from ganbook.losses import Loss
from ganbook.metrics import frechet_distance
from ganbook.networks import mlp_discriminator, mlp_generator
from ganbook.recipes import common
from ganbook.training import Game, History

__all__ = ["DATA", "Entry", "Setup", "check_folder", "draw", "setup", "train", "write"]


@dataclass(frozen=True)
class Entry:
    """What a run takes from its data set: pictures to train on and held-out ones (N, 1, side, side),
    the widths of the players, how long, and the features (by name) that score its samples.
    """

    load: Callable[[], tuple[data.Images, data.Images]]
    side: int
    latent: int
    widths_g: tuple[int, ...]
    widths_d: tuple[int, ...]
    batch: int
    steps: int
    features: str

    def generator(self) -> nn.Sequential:
        """Return a fully connected generator of these sizes."""
        return mlp_generator(self.latent, self.widths_g, self.side)

    def discriminator(self) -> nn.Sequential:
        """Return a fully connected discriminator of these sizes."""
        return mlp_discriminator(self.widths_d, self.side)


def _digits() -> tuple[data.Images, data.Images]:
    both = data.digits()
    return both[:1200], both[1200:]


DATA = {
    "digits": Entry(_digits, 8, 16, (128, 256), (256, 128), 64, 3000, "pixels"),
    "mnist": Entry(
        lambda: (data.mnist("train"), data.mnist("test")),
        28,
        100,
        (256, 512, 1024),
        (1024, 512, 256),
        128,
        2345,
        "mnist",
    ),
}


@dataclass
class Setup:
    """A game with its data: ``images`` uint8 (N, 1, side, side), ``held_out`` likewise, for the
    floor.
    """

    name: str
    game: Game
    images: Tensor
    held_out: Tensor
    batches: Any


def entry(name: str) -> Entry:
    """Return a data set's entry by name; raises ``ValueError`` naming those that exist."""
    if name not in DATA:
        raise ValueError(f"unknown data {name!r}: expected one of {', '.join(sorted(DATA))}")
    return DATA[name]


def setup(
    name: str,
    seed: int,
    batch_size: int | None,
    rate: float,
    beta1: float,
    device: torch.device | str = "cpu",
) -> Setup:
    """Return players, optimisers and batches for a data set's name; ``ValueError`` for what is not
    possible.
    """
    chosen = entry(name)
    images, held_out = (part.x for part in chosen.load())
    if not 0 < rate < float("inf"):
        raise ValueError(f"rate is {rate}: expected a positive number, such as 0.0002")
    if not 0 <= beta1 < 1:
        raise ValueError(f"beta1 is {beta1}: expected a number in [0, 1), such as 0.5")
    G, D = (p.to(device) for p in common.seeded(seed, chosen.generator, chosen.discriminator))
    game = common.adam_game(G, D, chosen.latent, rate, (beta1, 0.999))
    batches = data.batches(
        images,
        chosen.batch if batch_size is None else batch_size,
        torch.Generator().manual_seed(seed),
        device,
    )
    return Setup(name, game, images, held_out, batches)


def check_folder(out: Path) -> None:
    """Raise ``ValueError`` if a folder cannot be made or written to, before hours are spent on what
    it is to hold.
    """
    nearest = next(path for path in (out, *out.absolute().parents) if os.path.lexists(path))
    if not nearest.is_dir():
        raise ValueError(
            f"cannot write to the folder {out}: {nearest} is not a folder; choose another with --out"
        )
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise ValueError(
            f"cannot write to the folder {out}: {nearest} may not be written to; choose another with "
            "--out"
        )


def train(
    team: Team,
    run: Setup,
    loss: Loss,
    steps: int,
    d_steps: int,
    seed: int,
    checkpoint: Checkpoint | None = None,
) -> History:
    """Train a setup in every process of a team; see `ganbook.distributed.fit`."""
    return distributed.fit(
        team,
        run.game,
        run.batches,
        loss=loss,
        steps=steps,
        d_steps=d_steps,
        seed=seed,
        checkpoint=checkpoint,
    )


def write(
    run: Setup, history: History, out: Path, seed: int, seconds: float, team: Team
) -> dict[str, Any]:
    """Score samples against held-out images, write pictures, weights and ``run.json``; return what
    it holds.
    """
    features = extractor(entry(run.name).features)
    n = min(len(run.held_out), 2000)
    real, held_out = features(run.images[:n]), features(run.held_out[:n])
    fake = common.sample(run.game.G, run.game.latent, n, seed + 1)
    noise = data.to_uint8(
        torch.randn(fake.shape, generator=torch.Generator().manual_seed(seed)).clamp(-1, 1)
    )
    info = {
        "data": run.name,
        "steps": len(history),
        "frechet": frechet_distance(real, features(fake)),
        "floor": frechet_distance(real, held_out),
        "ceiling": frechet_distance(real, features(noise)),
        "features": features.words,
        "loss_d": float(history["loss_d"][-1]),
        "loss_g": float(history["loss_g"][-1]),
        "processes": team.size,
        "device": team.device.type,
    } | records.provenance(
        ("quick", "training", "losses", "networks", "recipes.common"), seed, seconds
    )
    out.mkdir(parents=True, exist_ok=True)
    save_file(
        {k: v.contiguous() for k, v in run.game.G.state_dict().items()},
        out / "generator.safetensors",
        metadata={"data": run.name},
    )
    _picture(fake[:64], out / "samples.png")
    (out / "run.json").write_text(json.dumps(info, indent=1) + "\n")
    return info


def draw(weights: Path | None, number: int, seed: int, out: Path) -> None:
    """Draw ``number`` images from a generator's weights (or the recorded one's) into a picture
    file.
    """
    if number < 1:
        raise ValueError(f"number is {number}: expected at least 1")
    path = weights or records.path("mnist-mlp.safetensors")
    if not path.is_file():
        raise ValueError(
            f"no weights at {path}: `python -m ganbook train` writes generator.safetensors"
        )
    try:
        with safe_open(path, "pt") as file:
            name = (file.metadata() or {}).get("data", "mnist")
        G = DATA[name].generator()
        G.load_state_dict({k: v.float() for k, v in load_file(path).items()})
    except (SafetensorError, RuntimeError, KeyError) as error:
        raise ValueError(
            f"{path} does not hold a generator that `python -m ganbook train` wrote: {error}"
        ) from None
    _picture(common.sample(G, DATA[name].latent, number, seed), out)


def _picture(images: Tensor, path: Path) -> None:
    from torchvision.transforms.functional import to_pil_image
    from torchvision.utils import make_grid

    path.parent.mkdir(parents=True, exist_ok=True)
    grid = make_grid(images, nrow=max(1, round(len(images) ** 0.5)), padding=2, pad_value=255)
    scale = max(1, 224 // images.shape[-1] // 2)
    picture = to_pil_image(grid)
    picture.resize((picture.width * scale, picture.height * scale), resample=0).save(path)
