"""What the recipes share: players from a seed, samples, scores, curves, and weights on the disk."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from ganbook import data
from ganbook.features import extractor
from ganbook.training import Game, History

__all__ = [
    "Pooled",
    "adam_game",
    "noise",
    "real_features",
    "sample",
    "save_weights",
    "seeded",
    "thin",
]

PART = 500  # pictures at a time: what a convolution makes of them stays in the cache
REFERENCE = 10_000


def seeded(seed: int, *makers: Callable[[], nn.Module]) -> list[nn.Module]:
    """Return what the makers make, one after another, initialised from a seed; torch's global state
    is kept.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return [make() for make in makers]


def adam_game(
    G: nn.Module,
    D: nn.Module,
    latent: int,
    rate: float,
    betas: tuple[float, float],
    one_pass: bool = False,
) -> Game:
    """Return the game of two players with an Adam each, at one rate."""
    adam_g, adam_d = (
        torch.optim.Adam(p.parameters(), lr=rate, betas=betas, fused=True) for p in (G, D)
    )
    return Game(G, D, adam_g, adam_d, latent, one_pass=one_pass)


@dataclass(frozen=True)
class Pooled:
    r"""A penalty of the mean score over a map, for a D with one score a pixel.

    ``penalty`` sees :math:`\bar D(x) = \frac1{HW} \sum_{ij} D(x)_{ij}`. Where D returns one score a
    sample, nothing changes.
    """

    penalty: Callable[..., Tensor]

    @property
    def per_sample(self) -> bool:
        """Whether the penalty takes a gradient at each sample."""
        return getattr(self.penalty, "per_sample", False)

    def __call__(self, D: nn.Module, x_real: Tensor, x_fake: Tensor) -> Tensor:
        """Return the scalar that is added to D's loss."""
        return self.penalty(lambda x: D(x).flatten(1).mean(dim=1), x_real, x_fake)


@torch.no_grad()
def sample(G: nn.Module, latent: int, n: int, seed: int = 1) -> Tensor:
    """Return n generated images in evaluation mode, uint8 (n, C, H, W) on the CPU, from their own
    seeded z.
    """
    training, device = G.training, next(G.parameters()).device
    z = torch.randn(n, latent, generator=torch.Generator().manual_seed(seed))
    G.eval()
    images = torch.cat([data.to_uint8(G(part.to(device))).cpu() for part in z.split(PART)])
    G.train(training)
    return images


def noise(n: int, seed: int = 0) -> Tensor:
    """Return n pictures of standard normal noise clamped to [-1, 1], float32 (n, 1, 28, 28)."""
    return torch.randn(n, 1, 28, 28, generator=torch.Generator().manual_seed(seed)).clamp(-1, 1)


def real_features(images: Tensor, features: str = "mnist") -> Tensor:
    """Return the features of the first 10,000 images: what every recorded distance is measured
    to.
    """
    return extractor(features)(images[:REFERENCE])


def thin(history: History, every: int) -> dict[str, np.ndarray]:
    """Return the curves as means over runs of ``every`` steps, float32, so that a record stays
    small.
    """
    whole = len(history) // every * every
    return {
        k: v[:whole].reshape(-1, every).mean(axis=1).astype(np.float32)
        for k, v in history.curves.items()
    }


def save_weights(
    name: str, network: nn.Module, folder: Path, dtype: torch.dtype = torch.float16
) -> Path:
    """Write a network's weights as ``NAME/NAME.safetensors`` into a folder, through a temporary
    file; return where.
    """
    target = folder / name / f"{name}.safetensors"
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_suffix(".tmp")
    save_file({k: v.to(dtype).contiguous() for k, v in network.state_dict().items()}, temporary)
    os.replace(temporary, target)
    return target
