"""Short films made by code, whose motion is known: a patch that moves and is reflected."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from ganbook.data.images import Images, to_float, to_uint8

__all__ = ["VELOCITIES", "Films", "disc", "moving", "moving_digits", "moving_patches"]

SIDE, PATCH, FRAMES, FASTEST = 32, 14, 8, 2
VELOCITIES = tuple(
    (dy, dx)
    for dy in range(-FASTEST, FASTEST + 1)
    for dx in range(-FASTEST, FASTEST + 1)
    if (dy, dx) != (0, 0)
)


@dataclass(frozen=True, eq=False)
class Films:
    """Films in storage: `x` is uint8 (N, 1, T, H, W), black 0.

    `velocity`, int64 (N, 2), is the step (down, right) of the first two frames in pixels; `y`,
    int64 (N,), the label of the patch.
    """

    x: Tensor
    velocity: Tensor
    y: Tensor

    def __len__(self) -> int:
        return len(self.x)


def disc(side: int = PATCH) -> Tensor:
    """Return a white disc with a smooth edge on black, uint8 (1, side, side); symmetric."""
    at = torch.arange(side, dtype=torch.float64) - (side - 1) / 2
    away = (at[:, None] ** 2 + at[None, :] ** 2).sqrt()
    return ((side / 2 - away).clamp(0, 1) * 255).round().to(torch.uint8).unsqueeze(0)


def moving(
    patches: Tensor,
    labels: Tensor,
    generator: torch.Generator,
    side: int = SIDE,
    frames: int = FRAMES,
) -> Films:
    """Return a film for each patch: it moves at a constant velocity and is reflected at the edges.

    patches: uint8 (N, 1, h, w), h and w at most ``side`` - 2; labels: int64 (N,). The place of the
    first frame is uniform on the whole pixels; the velocity is uniform on the 24 pairs of -2, ...,
    2 without (0, 0). Where a step would leave the frame its component changes sign, so that each
    step moves by the same number of pixels. Raises ``ValueError`` for other shapes, and patches
    that leave no room for a step.
    """
    if patches.dtype != torch.uint8 or patches.ndim != 4 or patches.shape[1] != 1:
        raise ValueError(
            f"patches are {patches.dtype} of shape {tuple(patches.shape)}; expected uint8 (N, 1, h, w)"
        )
    n, _, height, width = patches.shape
    room = torch.tensor([side - height, side - width])
    if n < 1 or len(labels) != n or frames < 1 or int(room.min()) < FASTEST:
        raise ValueError(
            f"{n} patches of {height} x {width}, {len(labels)} labels, {frames} frames of {side}: "
            f"expected as many labels, and at least {FASTEST} pixels of room"
        )
    place = torch.stack([torch.randint(int(r) + 1, (n,), generator=generator) for r in room], dim=1)
    velocity = torch.tensor(VELOCITIES)[torch.randint(24, (n,), generator=generator)]
    first, x = None, torch.zeros(n, 1, frames, side, side, dtype=torch.uint8)
    rows, columns = torch.arange(height), torch.arange(width)
    for t in range(frames):
        at = place[:, :, None]
        index = (at[:, 0] + rows)[:, :, None], (at[:, 1] + columns)[:, None, :]
        x[torch.arange(n)[:, None, None], 0, t, index[0], index[1]] = patches[:, 0]
        outside = (place + velocity < 0) | (place + velocity > room)
        velocity = torch.where(outside, -velocity, velocity)
        place, first = place + velocity, velocity if first is None else first
    return Films(x, first, labels)


def moving_patches(n: int, generator: torch.Generator) -> Films:
    """Return n films of a moving disc, 8 frames of 32 by 32; see `moving`.

    Raises ``ValueError`` for n below one.
    """
    _films(n)
    return moving(disc().expand(n, 1, PATCH, PATCH), torch.zeros(n, dtype=torch.int64), generator)


def moving_digits(images: Images, n: int, generator: torch.Generator) -> Films:
    """Return n films of a moving digit, drawn with replacement from 28 by 28 pictures, at 14 by 14.

    Each pixel of the patch is the mean of four. Raises ``ValueError`` for n below one, and other
    pictures. Source: after Srivastava, Mansimov and Salakhutdinov (2015), section 4.1, with one
    digit, whole pixels and shorter films.
    """
    _films(n)
    if not len(images) or tuple(images.x.shape[1:]) != (1, 2 * PATCH, 2 * PATCH):
        raise ValueError(f"images are {images!r}; expected at least one of shape (1, 28, 28)")
    pick = torch.randint(len(images), (n,), generator=generator)
    return moving(to_uint8(avg_pool2d(to_float(images.x[pick]), 2)), images.y[pick], generator)


def _films(n: int) -> None:
    if not isinstance(n, int) or isinstance(n, bool) or n < 1:
        raise ValueError(f"n is {n!r}; expected a whole number of films, at least 1")
