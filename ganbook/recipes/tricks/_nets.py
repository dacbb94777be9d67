"""Nets with switches, one for each trick, and their games, many seeds side by side."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from ganbook.games import SideBySideGame
from ganbook.losses import NON_SATURATING, Loss
from ganbook.penalties import Penalty
from ganbook.recipes import common
from ganbook.recipes.tricks._stacked import Stacked, clip_each
from ganbook.schedules import Linear
from ganbook.tricks import Chain, Noise, Shift, TransformedGame, smoothed, top_k

__all__ = ["Net", "Scale", "discriminator", "game_of", "generator"]

LATENT, WIDTH, SIDE, SLOPE, RATE = 32, 128, 14, 0.2, 4e-3


@dataclass(frozen=True)
class Scale:
    """How large everything is: the same for every run of a record."""

    steps: int = 300
    seeds: int = 5
    first: int = 0
    batch: int = 32
    samples: int = 1_000
    reference: int = 10_000
    kept: int = 16


@dataclass(frozen=True)
class Net:
    """One setting of everything that a trick changes; the default is the bare net.

    ``rates`` are those of G and D; with ``falling`` both fall in a line to a tenth. ``norm_g`` and
    ``norm_d`` are None, "batch" or "layer", before each hidden activation; ``clip`` bounds the norm
    of each player's gradient; ``smooth`` is the target on real samples and ``top`` the share that G
    learns from; ``noise`` is the deviation at the start, falling to 0 in a line, ``shift`` the
    pixels by which D's samples are moved (the real ones alone with ``real_only``). Faults on
    purpose: ``half_range`` gives real pictures in [0, 1], ``ends_in`` is a layer after D's score."""

    loss: Loss = NON_SATURATING
    penalty: Penalty | None = None
    rates: tuple[float, float] = (RATE, RATE)
    betas: tuple[float, float] = (0.5, 0.999)
    falling: bool = False
    norm_g: str | None = None
    norm_d: str | None = None
    spectral: bool = False
    dropout: float = 0.0
    clip: float | None = None
    smooth: float = 1.0
    top: float = 1.0
    noise: float = 0.0
    shift: int = 0
    real_only: bool = False
    pictures: int | None = None
    half_range: bool = False
    ends_in: type[nn.Module] | None = None

    def game_loss(self, scale: Scale) -> Loss:
        """Return the loss with smoothing and top-k."""
        loss = smoothed(self.smooth, 0.0, self.loss) if self.smooth < 1 else self.loss
        return top_k(loss, self.top, scale.seeds) if self.top < 1 else loss

    def transform(self, scale: Scale) -> Chain | None:
        """Return what stands between samples and D, or None."""
        parts = [Shift(self.shift)] if self.shift else []
        parts += [Noise(Linear(self.noise, 0.0, scale.steps))] if self.noise else []
        return Chain(tuple(parts)) if parts else None


@dataclass(kw_only=True)
class Transformed(TransformedGame, SideBySideGame):
    """A transform before D, for many seeds at once."""


def hidden(n_in: int, n_out: int, norm: str | None, dropout: float = 0.0) -> list[nn.Module]:
    """Return a linear layer, its norm, its activation and its dropout."""
    layers: list[nn.Module] = [nn.Linear(n_in, n_out)]
    if norm is not None:
        layers.append(
            nn.BatchNorm1d(n_out)
            if norm == "batch"
            else nn.LayerNorm(n_out, elementwise_affine=False)
        )
    return [*layers, nn.LeakyReLU(SLOPE), *[nn.Dropout(dropout)] * (dropout > 0)]


def generator(net: Net) -> nn.Sequential:
    """Return G: two hidden layers of 128, then Tanh; (N, 32) -> (N, 1, 14, 14)."""
    layers = [*hidden(LATENT, WIDTH, net.norm_g), *hidden(WIDTH, WIDTH, net.norm_g)]
    last = [nn.Linear(WIDTH, SIDE**2), nn.Tanh(), nn.Unflatten(1, (1, SIDE, SIDE))]
    return nn.Sequential(*layers, *last)


def discriminator(net: Net) -> nn.Sequential:
    """Return D: two hidden layers of 128, then a score; (N, 1, 14, 14) -> (N, 1)."""
    first = hidden(SIDE**2, WIDTH, net.norm_d, net.dropout)
    layers = [nn.Flatten(), *first, *hidden(WIDTH, WIDTH, net.norm_d, net.dropout)]
    last = [nn.Linear(WIDTH, 1)] + ([net.ends_in()] if net.ends_in is not None else [])
    return nn.Sequential(*layers, *last)


def game_of(net: Net, scale: Scale) -> SideBySideGame:
    """Return the game of seeds first, first + 1, ..., each initialised from its own."""
    S = scale.seeds
    pairs = [
        common.seeded(scale.first + k, lambda: generator(net), lambda: discriminator(net))
        for k in range(S)
    ]
    G, D = (Stacked(n, net.spectral and k) for k, n in enumerate(zip(*pairs, strict=True)))
    adam = [
        torch.optim.Adam(player.parameters(), lr=rate, betas=net.betas, eps=1e-8 / S, fused=True)
        for player, rate in zip((G, D), net.rates, strict=True)
    ]
    if net.clip is not None:  # the mean over all rows makes each gradient 1/S of its own
        for player, optimizer in zip((G, D), adam, strict=True):
            optimizer.register_step_pre_hook(lambda *_, p=player: clip_each(p, net.clip / S))
    transform = net.transform(scale)
    if transform is None:
        return SideBySideGame(G, D, *adam, LATENT, seeds=S)
    return Transformed(G, D, *adam, LATENT, seeds=S, transform=transform, real_only=net.real_only)
