"""The cycle: two translators between two sets without pairs, each the other's way back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from ganbook.games.game import Critic, Game

__all__ = ["CycleGame"]


@dataclass(kw_only=True)
class CycleGame(Game):
    r"""Two games at once, from a to b and from b to a, with an error of the way there and back.

    A batch is ``(a, b)``, as many of each, which do not belong together. ``G(a)`` translates there,
    ``back(b)`` the other way; ``D`` scores pictures of the kind b, ``D_back`` those of the kind a.
    The parameters of ``back`` belong to optimizer_g, those of ``D_back`` to optimizer_d. Real
    samples are the rows of b and then those of a; the loss is the mean over both. G's loss gains
    ``weight`` times :math:`\mathbb{E}|{\rm back}(G(a)) - a| + \mathbb{E}|G({\rm back}(b)) - b|`
    and ``identity`` times :math:`\mathbb{E}|G(b) - b| + \mathbb{E}|{\rm back}(a) - a|`. ``latent``
    is not used. Raises ``ValueError`` as `Game` does, for a negative weight, and for a batch that is
    no pair of equal shapes.

    Source: Zhu et al. (2017), equations 1 to 3 and section 5.2.
    """

    latent: int = 0
    back: nn.Module
    D_back: nn.Module
    weight: float = 10.0
    identity: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("weight", "identity"):
            if not (getattr(self, name) >= 0 and math.isfinite(getattr(self, name))):
                raise ValueError(
                    f"{name} is {getattr(self, name)}: expected a number of at least 0"
                )

    def players(self) -> dict[str, nn.Module]:
        """Return all four."""
        return super().players() | {"back": self.back, "D_back": self.D_back}

    def check(self, batch: Any) -> None:
        """Raise ``ValueError`` unless the batch is a pair (a, b) of tensors of one shape."""
        pair = isinstance(batch, tuple | list) and len(batch) == 2
        if not pair or not all(isinstance(part, Tensor) and part.ndim for part in batch):
            raise ValueError(
                f"the batch is a {type(batch).__name__}: expected a pair (a, b) of tensors, such as "
                "zip makes of one ganbook.data.batches a set"
            )
        if batch[0].shape != batch[1].shape or not len(batch[0]):
            raise ValueError(
                f"the batch has shapes {tuple(batch[0].shape)} and {tuple(batch[1].shape)}: expected "
                "as many samples of each set, of one shape"
            )

    def real(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        """Return the samples of b, then those of a."""
        return torch.cat([batch[1], batch[0]])

    def fake(self, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, None]:
        """Return the translations of a, then those of b."""
        return torch.cat([self.G(batch[0]), self.back(batch[1])]), None

    def critic(self, batch: tuple[Tensor, Tensor]) -> Critic:
        """Return both critics as one: blocks of the batch's size go to D and D_back in turn."""
        n = len(batch[0])

        def of_both(x: Tensor) -> Tensor:
            if len(x) % (2 * n):
                raise ValueError(f"{len(x)} samples for {n} of each set: expected a multiple of 2n")
            blocks = x.split(n)
            return torch.cat([(self.D, self.D_back)[k % 2](part) for k, part in enumerate(blocks)])

        return of_both

    def generator_terms(self, batch: Any, x_fake: Tensor, drawn: Any) -> dict[str, Tensor]:
        """Return ``cycle`` and, where its weight is not 0, ``identity``, both with their weights."""
        a, b = batch
        there, here = x_fake.chunk(2)
        terms = super().generator_terms(batch, x_fake, drawn)
        terms["cycle"] = self.weight * (l1_loss(self.back(there), a) + l1_loss(self.G(here), b))
        if self.identity:
            terms["identity"] = self.identity * (l1_loss(self.G(b), b) + l1_loss(self.back(a), a))
        return terms
