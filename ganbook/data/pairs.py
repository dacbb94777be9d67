"""Pairs made by code: a picture and what is left of it, so that the right answer is known.

Each function draws pictures from a set by a seed, and takes something away from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, max_pool2d

from ganbook.data.images import Images

__all__ = ["PAIRS", "Pairs", "edges", "half_resolution", "masks"]

INK = 128  # from this level on a pixel counts as ink
HOLE = (12, 12)  # pixels down and across


@dataclass(frozen=True, eq=False, repr=False)
class Pairs:
    """Pictures of which something is missing, and the whole ones.

    ``source`` and ``target`` are uint8 of shape (N, 1, H, W), 0 black to 255 white; row i of one
    was made from row i of the other. ``label`` is int64 (N,), the class of each.
    """

    source: Tensor
    target: Tensor
    label: Tensor

    def __len__(self) -> int:
        return len(self.source)

    def __repr__(self) -> str:
        return f"Pairs(source, target: uint8 {tuple(self.target.shape)}, label: int64)"


def edges(images: Images, n: int, seed: int) -> Pairs:
    """Draw n pictures; the source keeps the outline of the ink and nothing of its shades.

    A pixel is ink from level 128 on, and on the outline if it is ink and one of its eight
    neighbours is not (beyond the border there is none); the source is 255 there and 0 elsewhere.
    n pictures are drawn without replacement by ``seed``. Raises ``ValueError`` for an n that is no
    positive integer or beyond the set, and for more than one channel.
    """
    target, label = _drawn(images, n, torch.Generator().manual_seed(seed))
    ink = (target >= INK).float()
    inside = 1 - max_pool2d(1 - ink, 3, stride=1, padding=1)  # ink all around
    return Pairs(((ink - inside) * 255).to(torch.uint8), target, label)


def masks(images: Images, n: int, seed: int) -> Pairs:
    """Draw n pictures; the source lacks a rectangle of 12 by 12 pixels, filled with grey (128).

    The place of each hole is uniform among those that lie at least four pixels from the border (two
    where the picture is too small for that, none in smaller ones still). Draws and errors are those
    of `edges`; ``ValueError`` for pictures below 12 by 12 as well.
    """
    generator = torch.Generator().manual_seed(seed)
    target, label = _drawn(images, n, generator)
    height, width = target.shape[2:]
    if height < HOLE[0] or width < HOLE[1]:
        raise ValueError(
            f"pictures of {height} by {width}: expected at least {HOLE[0]} by {HOLE[1]}"
        )
    source = target.clone()
    rows, columns = (
        _starts(side, hole, n, generator) for side, hole in zip((height, width), HOLE, strict=True)
    )
    for picture, row, column in zip(source, rows.tolist(), columns.tolist(), strict=True):
        picture[:, row : row + HOLE[0], column : column + HOLE[1]] = INK
    return Pairs(source, target, label)


def half_resolution(images: Images, n: int, seed: int) -> Pairs:
    """Draw n pictures; the source is the mean of each block of 2 by 2 pixels, at the old size.

    Each mean is rounded to a whole level and repeated. Draws and errors are those of `edges`;
    ``ValueError`` for odd sides as well.
    """
    target, label = _drawn(images, n, torch.Generator().manual_seed(seed))
    if target.shape[2] % 2 or target.shape[3] % 2:
        raise ValueError(f"pictures of {tuple(target.shape[2:])}: expected even sides")
    small = avg_pool2d(target.float(), 2).round()
    return Pairs(interpolate(small, scale_factor=2, mode="nearest").to(torch.uint8), target, label)


PAIRS: dict[str, Callable[[Images, int, int], Pairs]] = {
    "edges": edges,
    "masks": masks,
    "half resolution": half_resolution,
}
"""The three ways of taking something away, by name."""


def _drawn(images: Images, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    if not isinstance(n, int) or isinstance(n, bool) or not 1 <= n <= len(images):
        raise ValueError(f"n is {n!r}: expected a whole number from 1 to {len(images)}")
    if images.x.shape[1] != 1:
        raise ValueError(f"x has shape {tuple(images.x.shape)}: expected one channel, (N, 1, H, W)")
    pick = torch.randperm(len(images), generator=generator)[:n]
    return images.x[pick], images.y[pick]


def _starts(side: int, hole: int, n: int, generator: torch.Generator) -> Tensor:
    room = side - hole
    edge = min(4, room // 2)
    return torch.randint(edge, room - edge + 1, (n,), generator=generator)
