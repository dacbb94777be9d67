"""Many seeds of one game at once: blocks of rows that never meet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ganbook.games.game import Game

__all__ = ["Generators", "SideBySideGame", "joined"]


class Generators:
    """One source of random numbers for each seed, with the methods that `fit` asks of one.

    ``manual_seed(s)`` starts source k at seed s + k.
    """

    def __init__(self, count: int, seed: int = 0) -> None:
        self.each = [torch.Generator() for _ in range(count)]
        self.manual_seed(seed)

    def manual_seed(self, seed: int) -> Generators:
        """Start source k at seed + k."""
        for k, generator in enumerate(self.each):
            generator.manual_seed(seed + k)
        return self

    def get_state(self) -> Tensor:
        """Return the states of all, one a row."""
        return torch.stack([generator.get_state() for generator in self.each])

    def set_state(self, state: Tensor) -> None:
        """Put all into the states of `get_state`."""
        for generator, row in zip(self.each, state, strict=True):
            generator.set_state(row.clone())


@dataclass(kw_only=True)
class SideBySideGame(Game):
    """S games of one kind, each with a seed of its own, played by one `fit`.

    ``G`` and ``D`` are `ganbook.networks.SideBySide` of S = ``seeds`` players each; a batch holds S
    blocks of rows, as `joined` makes them, and block k meets z from source k only. With
    ``fit(seed=s)`` game k is the one that ``fit(seed=s + k)`` would play by itself, if Adam's
    ``eps`` is divided by S (or SGD's rate multiplied): what `fit` records are means over the seeds.
    Raises ``ValueError`` as `Game` does, and for a batch whose rows are no multiple of S.
    """

    seeds: int

    def __post_init__(self) -> None:
        super().__post_init__()
        self.generator = Generators(self.seeds)

    def check(self, batch: Any) -> None:
        """Raise ``ValueError`` unless the batch is a tensor of S blocks of rows."""
        super().check(batch)
        if len(batch) % self.seeds:
            raise ValueError(
                f"the batch has {len(batch)} rows for {self.seeds} seeds: expected a multiple, such "
                "as ganbook.games.joined makes of one source a seed"
            )

    def draw(self, n: int) -> Tensor:
        """Return n latent vectors, n / S from each seed's own source."""
        share = n // self.seeds
        z = [torch.randn(share, self.latent, generator=g) for g in self.generator.each]
        return torch.cat(z).to(self.device)


def joined(sources: Iterable[Iterable[Tensor]]) -> Iterator[Tensor]:
    """Yield one batch of each source, one below the other, until a source ends."""
    for blocks in zip(*sources, strict=False):
        yield torch.cat(blocks)
