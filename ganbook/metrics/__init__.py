"""How good are the samples: distances between sets of features, tests, and counts.

Features are arrays of shape (N, K), one row a sample; `ganbook.features` has the networks that make
them. Every value depends on the feature network and on N: print the real-against-real floor beside
it. One module a metric, all of them importable from here."""

from ganbook.metrics.birthday import (
    Birthday,
    birthday_chance,
    birthday_draws,
    birthday_estimate,
)
from ganbook.metrics.coverage import density_coverage
from ganbook.metrics.frechet import frechet_distance
from ganbook.metrics.histogram import cell_probabilities, histogram_kl
from ganbook.metrics.inception import inception_score
from ganbook.metrics.kernel import kid
from ganbook.metrics.modes import mode_coverage
from ganbook.metrics.ndb import BinTest, ndb
from ganbook.metrics.neighbours import nearest_neighbours
from ganbook.metrics.parzen import parzen_bandwidth, parzen_log_likelihood
from ganbook.metrics.precision_recall import precision_recall
from ganbook.metrics.two_sample import TwoSampleTest, classifier_two_sample

__all__ = [
    "BinTest",
    "Birthday",
    "TwoSampleTest",
    "birthday_chance",
    "birthday_draws",
    "birthday_estimate",
    "cell_probabilities",
    "classifier_two_sample",
    "density_coverage",
    "frechet_distance",
    "histogram_kl",
    "inception_score",
    "kid",
    "mode_coverage",
    "ndb",
    "nearest_neighbours",
    "parzen_bandwidth",
    "parzen_log_likelihood",
    "precision_recall",
]
