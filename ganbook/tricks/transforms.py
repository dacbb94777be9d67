"""What is done to every sample before D sees it, real and generated alike.

A transform maps samples to samples of the same shape, differentiably, and draws from torch's global
generator. ``at(update)``, where there is one, gives the transform at an update of D."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ganbook.games import Game

__all__ = ["Chain", "Noise", "Rotate", "Shift", "TransformedGame"]

Transform = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Noise:
    r"""Instance noise: :math:`x + \sigma\varepsilon`, :math:`\varepsilon` standard normal.

    ``sigma`` is a number, in the units of x, or a schedule of `ganbook.schedules` over D's updates.
    Raises ``ValueError`` for a number below 0. Source: Sønderby et al. (2017), section 3.2."""

    sigma: float | Callable[[int], float] = 0.1

    def __post_init__(self) -> None:
        if not callable(self.sigma) and not 0 <= self.sigma < float("inf"):
            raise ValueError(f"sigma is {self.sigma}: expected a finite number of at least 0")

    def at(self, update: int) -> Noise:
        """Return the noise of D's update of this number, counted from 0."""
        return Noise(self.sigma(update)) if callable(self.sigma) else self

    def __call__(self, x: Tensor) -> Tensor:
        """Return x with noise added."""
        sigma = self.at(0).sigma
        return x + sigma * torch.randn_like(x)


@dataclass(frozen=True)
class Shift:
    """Pictures moved by up to ``most`` pixels each way, filled with ``fill`` at the border.

    (N, C, H, W) to the same; each picture by its own draw, uniform, zero included. Raises
    ``ValueError`` for most below 1. Source: Zhao et al. (2020), section 4, "translation"."""

    most: int = 1
    fill: float = -1.0

    def __post_init__(self) -> None:
        if not isinstance(self.most, int) or self.most < 1:
            raise ValueError(f"most is {self.most!r}: expected a whole number of at least 1")

    def __call__(self, x: Tensor) -> Tensor:
        """Return each picture moved."""
        n, m, (h, w) = len(x), self.most, x.shape[-2:]
        padded = torch.nn.functional.pad(x, (m, m, m, m), value=self.fill)
        down, right = torch.randint(0, 2 * m + 1, (2, n, 1), device=x.device)
        rows = down + torch.arange(h, device=x.device)
        columns = right + torch.arange(w, device=x.device)
        picture = torch.arange(n, device=x.device)[:, None, None]
        moved = padded.movedim(1, -1)[picture, rows[:, :, None], columns[:, None, :]]
        return moved.movedim(-1, 1)


@dataclass(frozen=True)
class Rotate:
    """Square pictures turned by 90, 180 or 270 degrees, one of the three at random, with
    probability p.

    With ``identity`` the turn is one of four, 0 degrees among them. (N, C, H, H) to the same.
    Raises ``ValueError`` for p outside [0, 1]. Source: Karras et al. (2020), appendix C."""

    p: float = 0.5
    identity: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.p <= 1:
            raise ValueError(f"p is {self.p}: expected a probability")

    def __call__(self, x: Tensor) -> Tensor:
        """Return each picture turned or left."""
        n = len(x)
        turn = torch.randint(0 if self.identity else 1, 4, (n,), device=x.device)
        turn = turn * (torch.rand(n, device=x.device) < self.p)
        turns = torch.stack([torch.rot90(x, k, (-2, -1)) for k in range(4)])
        return turns[turn, torch.arange(n, device=x.device)]


@dataclass(frozen=True)
class Chain:
    """Several transforms, one after another."""

    parts: tuple[Transform, ...]

    def at(self, update: int) -> Chain:
        """Return the chain of D's update of this number, counted from 0."""
        return Chain(tuple(_due(part, update) for part in self.parts))

    def __call__(self, x: Tensor) -> Tensor:
        """Return x after all of them."""
        for part in self.parts:
            x = part(x)
        return x


def _due(transform: Transform, update: int) -> Transform:
    return transform.at(update) if hasattr(transform, "at") else transform


@dataclass(kw_only=True)
class TransformedGame(Game):
    """The game in which D sees T(x) of every sample x, real or generated, in both players' steps.

    G's gradient flows through T; a penalty takes D's slope in x, through T. G itself is not
    changed: it is sampled without T. With ``real_only`` the generated samples are left as they are,
    which is the mistake that chapter 12 shows. Raises ``ValueError`` as `Game` does.
    """

    transform: Transform
    real_only: bool = False

    def critic(self, batch: Any) -> Callable[[Tensor], Tensor]:
        """Return the score of T(x) as a function of x."""
        critic = super().critic(batch)
        transform = _due(self.transform, self.d_updates)
        return critic if self.real_only else lambda x: critic(transform(x))

    def real(self, batch: Any) -> Tensor:
        """Return the real samples of a batch, transformed if only they are."""
        x_real = super().real(batch)
        return _due(self.transform, self.d_updates)(x_real) if self.real_only else x_real
