"""The plain game: two players, their optimisers, and the source of z."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from ganbook import draws
from ganbook.games.ownership import refuse_batch_statistics, refuse_shared_ownership

__all__ = ["Game", "only"]

Critic = Callable[[Tensor], Tensor]


@dataclass
class Game:
    """The players, their optimisers, and what a batch means to them.

    ``G`` maps z of shape (N, latent) to samples, ``D`` maps samples to scores. ``generator`` draws
    z, standard normal, on the CPU (so that a seed means the same on every device) and moves it to
    G's device. With ``one_pass`` D scores a real and a generated batch as the rows of one.
    ``generator_penalty(G, x_fake, drawn)`` is added to G's loss. ``d_updates`` counts D's updates
    since the start of a run, for penalties that act every so often.

    A game of another kind is a subclass that answers differently what is real, what G makes for a
    batch, and how D scores samples given it; what its losses need besides scores are terms.

    Raises ``ValueError`` for a trained parameter that is held by no optimiser or by two, for an
    optimiser of another network's parameters, for a layer that G and D share, and for ``one_pass``
    with a D that has batch statistics, which would be the mixture's.
    """

    G: nn.Module
    D: nn.Module
    optimizer_g: torch.optim.Optimizer
    optimizer_d: torch.optim.Optimizer
    latent: int
    generator: torch.Generator = field(default_factory=lambda: torch.Generator().manual_seed(0))
    one_pass: bool = False
    generator_penalty: Callable[[nn.Module, Tensor, Any], Tensor] | None = None
    d_updates: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        refuse_shared_ownership(self.players(), self.optimizer_g, self.optimizer_d)
        if self.one_pass:
            refuse_batch_statistics(
                self.D,
                "one_pass",
                "they would be taken over real and generated samples together; leave one_pass off",
            )

    @property
    def device(self) -> torch.device:
        """Where G lives, and z is sent."""
        return next((p.device for p in self.G.parameters()), torch.device("cpu"))

    def players(self) -> dict[str, nn.Module]:
        """Return attribute -> network of all that is trained, saved, and checked for finiteness."""
        return {"G": self.G, "D": self.D}

    def check(self, batch: Any) -> None:
        """Raise ``ValueError`` unless the batch is one that this game knows: a tensor with rows."""
        if not isinstance(batch, Tensor) or not batch.ndim or not len(batch):
            what = "has no rows" if isinstance(batch, Tensor) else f"is a {type(batch).__name__}"
            raise ValueError(
                f"the batch {what}: expected a tensor of real samples, such as x alone where a "
                "loader yields (x, y); a game that uses labels is ganbook.games.ConditionalGame"
            )

    def draw(self, n: int) -> Tensor:
        """Return n fresh latent vectors, standard normal, of shape (n, latent)."""
        z = draws.rows(n, lambda n: torch.randn(n, self.latent, generator=self.generator))
        return draws.sent(z, self.device)

    def real(self, batch: Any) -> Tensor:
        """Return the real samples of a batch."""
        return batch

    def fake(self, batch: Any) -> tuple[Tensor, Any]:
        """Return as many generated samples as the batch has real ones, and what was drawn for
        them.
        """
        z = self.draw(len(batch))
        return self.G(z), z

    def critic(self, batch: Any) -> Critic:
        """Return D as a function of samples alone, given what else the batch holds."""
        return self.D

    def scores(self, batch: Any, x_fake: Tensor) -> tuple[Tensor, Tensor]:
        """Return D's scores of the real samples of a batch and of generated ones."""
        x_real, critic = self.real(batch), self.critic(batch)
        if self.one_pass:
            d_real, d_fake = critic(torch.cat([x_real, x_fake])).split([len(x_real), len(x_fake)])
            return d_real, d_fake
        return critic(x_real), critic(x_fake)

    def generator_terms(self, batch: Any, x_fake: Tensor, drawn: Any) -> dict[str, Tensor]:
        """Return named scalars that G's step adds to its loss and records."""
        if self.generator_penalty is None:
            return {}
        return {"penalty_g": self.generator_penalty(self.G, x_fake, drawn)}

    def discriminator_terms(self, batch: Any, x_fake: Tensor, drawn: Any) -> dict[str, Tensor]:
        """Return named scalars that D's step adds to its loss and records."""
        return {}


@contextmanager
def only(game: Game, optimizer: torch.optim.Optimizer) -> Iterator[None]:
    """Take no gradient but in this optimiser's parameters inside the block; restores each flag."""
    own = {id(p) for group in optimizer.param_groups for p in group["params"]}
    others = {id(p): p for network in game.players().values() for p in network.parameters()}
    flags = [(p, p.requires_grad) for key, p in others.items() if key not in own]
    for p, _ in flags:
        p.requires_grad_(False)
    try:
        yield
    finally:
        for p, flag in flags:
            p.requires_grad_(flag)
