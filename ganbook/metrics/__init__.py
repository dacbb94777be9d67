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
from ganbook.metrics.leave_one_out import nearest_neighbour_accuracy
from ganbook.metrics.modes import mode_coverage
from ganbook.metrics.motion import (
    MotionScores,
    centroids,
    constant_speed,
    patch_spread,
    score_motion,
    speed_classes,
)
from ganbook.metrics.ndb import BinTest, ndb
from ganbook.metrics.neighbours import nearest_neighbours
from ganbook.metrics.parzen import parzen_bandwidth, parzen_log_likelihood
from ganbook.metrics.precision_recall import precision_recall
from ganbook.metrics.sound import (
    PluckScores,
    Readings,
    decay_time,
    fundamental_share,
    pitch,
    read_plucks,
    score_plucks,
    tempo,
)
from ganbook.metrics.two_sample import TwoSampleTest, classifier_two_sample

__all__ = [
    "BinTest",
    "Birthday",
    "MotionScores",
    "PluckScores",
    "Readings",
    "TwoSampleTest",
    "birthday_chance",
    "birthday_draws",
    "birthday_estimate",
    "cell_probabilities",
    "centroids",
    "classifier_two_sample",
    "constant_speed",
    "decay_time",
    "density_coverage",
    "frechet_distance",
    "fundamental_share",
    "histogram_kl",
    "inception_score",
    "kid",
    "mode_coverage",
    "ndb",
    "nearest_neighbour_accuracy",
    "nearest_neighbours",
    "parzen_bandwidth",
    "parzen_log_likelihood",
    "patch_spread",
    "pitch",
    "precision_recall",
    "read_plucks",
    "score_motion",
    "score_plucks",
    "speed_classes",
    "tempo",
]
