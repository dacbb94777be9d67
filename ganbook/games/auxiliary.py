"""The auxiliary classifier's game: D sees no label, and a classifier pays G for being recognised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from ganbook.games.conditional import ConditionalGame
from ganbook.games.game import Critic

__all__ = ["AuxiliaryGame"]

FITTED_ON = ("real", "generated", "both")


@dataclass(kw_only=True)
class AuxiliaryGame(ConditionalGame):
    r"""The plain game plus a classifier C of the labels, which both sides train.

    A batch is ``(x, y)``; ``G(z, y)`` makes a sample, ``D(x)`` scores one without its label, and
    ``C(x)`` gives K logits. D's step lowers the cross-entropy of C on what it is ``fitted_on``:
    real samples, generated ones, or the mean of both; G's step lowers ``weight`` times
    :math:`-\mathbb{E} \log C(y|G(z, y))`, in nats. C's parameters belong to optimizer_d, and C may
    share layers with D. Raises ``ValueError`` as `Game` does, for a negative weight and for another
    ``fitted_on``.

    Source: Odena, Olah and Shlens (2017), section 3, where C is fitted on both.
    """

    C: nn.Module
    weight: float = 1.0
    fitted_on: str = "both"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.weight >= 0:
            raise ValueError(f"weight is {self.weight!r}: expected a number of at least 0")
        if self.fitted_on not in FITTED_ON:
            raise ValueError(f"fitted_on is {self.fitted_on!r}: expected one of {FITTED_ON}")

    def players(self) -> dict[str, nn.Module]:
        """Return all three."""
        return super().players() | {"C": self.C}

    def critic(self, batch: tuple[Tensor, Tensor]) -> Critic:
        """Return D, which knows no labels."""
        return self.D

    def discriminator_terms(
        self, batch: tuple[Tensor, Tensor], x_fake: Tensor, drawn: Any
    ) -> dict[str, Tensor]:
        """Return ``classes``: the cross-entropy of C, the mean over what it is fitted on, in nats."""
        samples = {"real": [batch[0]], "generated": [x_fake], "both": [batch[0], x_fake]}
        parts = [cross_entropy(self.C(x), batch[1]) for x in samples[self.fitted_on]]
        return super().discriminator_terms(batch, x_fake, drawn) | {
            "classes": sum(parts) / len(parts)
        }

    def generator_terms(
        self, batch: tuple[Tensor, Tensor], x_fake: Tensor, drawn: Any
    ) -> dict[str, Tensor]:
        """Return ``recognised``: weight times the cross-entropy of G's samples under C, in nats."""
        found = self.weight * cross_entropy(self.C(x_fake), batch[1])
        return super().generator_terms(batch, x_fake, drawn) | {"recognised": found}
