"""Few labels and many samples: D is a classifier with one class more, for what is generated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from ganbook.games.game import Game

__all__ = ["SemiSupervisedGame"]


@dataclass(kw_only=True)
class SemiSupervisedGame(Game):
    r"""The game in which D is a classifier that learns from few labels and all samples.

    A batch is ``(x, x_labelled, y)``: as many samples without labels as G is to make, and labelled
    ones, whose number may differ. ``D`` is a `ganbook.networks.ClassSum` of the classifier C, so
    that D's step lowers the loss of the scores plus the cross-entropy of C on the labelled samples.
    With ``matched`` (a function from samples to features, (N, K)) G's step adds
    :math:`\lVert \overline{f(x)} - \overline{f(G(z))} \rVert^2`, the squared distance of the two
    mean features. Raises ``ValueError`` as `Game` does, for a D without a classifier, and for a
    batch that is no such triple.

    Source: Salimans et al. (2016), section 3.1 (feature matching) and section 5.
    """

    matched: nn.Module | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(getattr(self.D, "classifier", None), nn.Module):
            raise ValueError(
                f"D is a {type(self.D).__name__} without a classifier: expected "
                "ganbook.networks.ClassSum(C)"
            )

    def check(self, batch: Any) -> None:
        """Raise ``ValueError`` unless the batch is (x, x_labelled, y)."""
        triple = isinstance(batch, tuple | list) and len(batch) == 3
        if not triple or not all(isinstance(p, Tensor) and p.ndim and len(p) for p in batch):
            raise ValueError(
                f"the batch is a {type(batch).__name__}: expected a triple (x, x_labelled, y) of "
                "tensors, such as zip joins from two ganbook.data.batches"
            )
        if len(batch[1]) != len(batch[2]):
            raise ValueError(
                f"the batch has {len(batch[1])} labelled samples and {len(batch[2])} labels: "
                "expected as many of each"
            )

    def real(self, batch: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        """Return the samples without labels."""
        return batch[0]

    def fake(self, batch: tuple[Tensor, Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Return as many generated samples, and their z."""
        return super().fake(batch[0])

    def discriminator_terms(
        self, batch: tuple[Tensor, Tensor, Tensor], x_fake: Tensor, drawn: Any
    ) -> dict[str, Tensor]:
        """Return ``classes``: the cross-entropy of the classifier on labelled samples, in nats."""
        found = cross_entropy(self.D.classifier(batch[1]), batch[2])
        return super().discriminator_terms(batch, x_fake, drawn) | {"classes": found}

    def generator_terms(
        self, batch: tuple[Tensor, Tensor, Tensor], x_fake: Tensor, drawn: Any
    ) -> dict[str, Tensor]:
        """Return ``matching``: the squared distance of mean features, if there are any to match."""
        terms = super().generator_terms(batch, x_fake, drawn)
        if self.matched is None:
            return terms
        apart = self.matched(batch[0]).mean(dim=0) - self.matched(x_fake).mean(dim=0)
        return terms | {"matching": apart.square().sum()}
