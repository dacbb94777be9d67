"""What a run leaves behind: pictures, weights, ``run.json``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from ganbook import data, records
from ganbook.distributed import Team
from ganbook.features import extractor
from ganbook.metrics import frechet_distance
from ganbook.quick.entries import NETWORKS, entry
from ganbook.recipes import common
from ganbook.training import History

if TYPE_CHECKING:
    from ganbook.quick.runs import Setup

__all__ = ["check_folder", "draw", "picture", "write"]

MODULES = ("quick", "training", "losses", "penalties", "networks", "recipes.common")


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


def write(run: Setup, history: History, out: Path, seconds: float, team: Team) -> dict[str, Any]:
    """Score samples against held-out images, write pictures, weights and ``run.json``; return what
    it holds.
    """
    choice = run.choice
    features, seed = extractor(entry(choice.data).features), choice.seed
    n = min(len(run.held_out), 2000)
    real, held_out = features(run.images[:n]), features(run.held_out[:n])
    fake = common.sample(run.generator, run.game.latent, n, seed + 1)
    noise = data.to_uint8(
        torch.randn(fake.shape, generator=torch.Generator().manual_seed(seed)).clamp(-1, 1)
    )
    info = {
        "data": choice.data,
        "network": choice.network,
        "loss": choice.loss,
        "penalty": choice.penalty,
        "weight": getattr(run.penalty, "weight", getattr(run.penalty, "gamma", None)),
        "ema": choice.ema,
        "amp": "bfloat16" if choice.bfloat16 else "off",
        "steps": len(history),
        "frechet": frechet_distance(real, features(fake)),
        "floor": frechet_distance(real, held_out),
        "ceiling": frechet_distance(real, features(noise)),
        "features": features.words,
        "loss_d": float(history["loss_d"][-1]),
        "loss_g": float(history["loss_g"][-1]),
        "processes": team.size,
        "device": team.device.type,
    } | records.provenance(MODULES, seed, seconds)
    out.mkdir(parents=True, exist_ok=True)
    G = getattr(run.generator, "network", run.generator)  # without what computes in bfloat16
    save_file(
        {k: v.contiguous() for k, v in G.state_dict().items()},
        out / "generator.safetensors",
        metadata={"data": f"{choice.data}/{choice.network}"},  # two entries have no fixed order
    )
    picture(fake[:64], out / "samples.png")
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
            name, _, family = (file.metadata() or {}).get("data", "mnist").partition("/")
        chosen, network = entry(name), NETWORKS[family or "mlp"]
        G = network.generator(chosen)
        G.load_state_dict({k: v.float() for k, v in load_file(path).items()})
    except (SafetensorError, RuntimeError, KeyError, ValueError) as error:
        raise ValueError(
            f"{path} does not hold a generator that `python -m ganbook train` wrote: {error}"
        ) from None
    picture(common.sample(G, network.latent(chosen), number, seed), out)


def picture(images: Tensor, path: Path) -> None:
    """Write pictures, uint8 (N, C, H, W), as one sheet; the format is that of the path's end."""
    from torchvision.transforms.functional import to_pil_image
    from torchvision.utils import make_grid

    path.parent.mkdir(parents=True, exist_ok=True)
    grid = make_grid(images, nrow=max(1, round(len(images) ** 0.5)), padding=2, pad_value=255)
    scale = max(1, 224 // images.shape[-1] // 2)
    picture = to_pil_image(grid)
    picture.resize((picture.width * scale, picture.height * scale), resample=0).save(path)
