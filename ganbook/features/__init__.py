"""The networks that metrics look through: from pictures to features, one row a picture.

`describe` is the book's MNIST classifier; `extractor` finds each kind of features by name. A score
depends on them as much as on the pictures, so their name stands beside it."""

from ganbook.features.mnist import WEIGHTS, MnistClassifier, classifier, describe
from ganbook.features.pixels import pixels
from ganbook.features.registry import EXTRACTORS, Extractor, extractor

__all__ = [
    "EXTRACTORS",
    "WEIGHTS",
    "Extractor",
    "MnistClassifier",
    "classifier",
    "describe",
    "extractor",
    "pixels",
]
