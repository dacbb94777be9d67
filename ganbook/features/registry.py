"""By name, what a metric looks through: a function from pictures to features, and what it is called
beside a score.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from ganbook.features.mnist import describe
from ganbook.features.pixels import pixels

__all__ = ["EXTRACTORS", "Extractor", "extractor"]


@dataclass(frozen=True)
class Extractor:
    """Features (N, K) of pictures (N, C, H, W), uint8 or in [-1, 1]; ``words`` stand beside each
    score, which means nothing without them.
    """

    words: str
    features: Callable[[Tensor], Tensor]

    def __call__(self, x: Tensor) -> Tensor:
        """Return the features of pictures, one row each."""
        return self.features(x)


def mnist_features(x: Tensor) -> Tensor:
    """Return the 128 features of the book's classifier, of shape (N, 128)."""
    return describe(x)[0]


def fashion_features(x: Tensor) -> Tensor:
    """Return the 128 features of the classifier trained on Fashion-MNIST, of shape (N, 128)."""
    return describe(x, trained_on="fashion")[0]


EXTRACTORS = {
    "pixels": Extractor("pixels", pixels),
    "mnist": Extractor("the book's classifier", mnist_features),
    "fashion": Extractor("the book's classifier of clothes", fashion_features),
}


def extractor(name: str) -> Extractor:
    """Return a feature extractor by name; raises ``ValueError`` naming those that exist."""
    if name not in EXTRACTORS:
        raise ValueError(
            f"no features {name!r}: there are {', '.join(sorted(EXTRACTORS))}; "
            "ganbook.features.registry lists them"
        )
    return EXTRACTORS[name]
