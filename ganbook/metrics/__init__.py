"""How good are the samples: distances between sets of features, and counts of modes.

Features are arrays of shape (N, K), one row a sample; `ganbook.features` has the networks that make
them. Every value depends on the feature network and on N: print the real-against-real floor beside
it. One module a metric, all of them importable from here."""

from ganbook.metrics.frechet import frechet_distance
from ganbook.metrics.inception import inception_score
from ganbook.metrics.modes import mode_coverage
from ganbook.metrics.neighbours import nearest_neighbours

__all__ = ["frechet_distance", "inception_score", "mode_coverage", "nearest_neighbours"]
