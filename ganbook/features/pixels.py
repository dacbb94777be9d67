"""Pixels as features: for pictures so small that no network is needed."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["pixels"]


def pixels(x: Tensor) -> Tensor:
    """Return the pixels of pictures as features, float64 (N, C H W) in [-1, 1].

    ``x`` has shape (N, C, H, W): floats in [-1, 1], or uint8 as stored. Raises ``ValueError`` for
    another shape."""
    if x.ndim != 4:
        raise ValueError(f"images have shape {tuple(x.shape)}: expected (N, C, H, W)")
    flat = x.flatten(1).double()
    return flat / 127.5 - 1 if x.dtype == torch.uint8 else flat
