"""The classifier two-sample test: can anything tell generated samples from real ones?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from ganbook.metrics.arrays import feature_pair

__all__ = ["TwoSampleTest", "classifier_two_sample"]


@dataclass(frozen=True)
class TwoSampleTest:
    """Accuracy on held-out samples, its distance from one half in standard errors, the chance of so
    much or more under equal laws, and how many samples were held out.
    """

    accuracy: float
    z: float
    p_value: float
    held_out: int


def classifier_two_sample(
    features_real: ArrayLike, features_fake: ArrayLike, classifier: Any = None, seed: int = 0
) -> TwoSampleTest:
    r"""Train a classifier to tell two samples apart on one half of each; score it on the others.

    Under equal laws its accuracy on n held-out samples is about normal with mean 1/2 and standard
    deviation :math:`1 / (2 \sqrt n)`; the p-value is one-sided. An accuracy of 1/2 says that this
    classifier saw nothing, not that there is nothing. ``classifier`` has ``fit(x, y)`` and
    ``predict(x)``, as scikit-learn's have; by default the vote of about :math:`\sqrt{n}` nearest
    neighbours, an odd number of them so that none is a tie. Features have shapes (N, K) and (N, K),
    N >= 4; the halves are drawn from ``seed``. Raises ``ValueError`` for other shapes, for two
    sizes, for which 1/2 is not chance, and for values that are not finite.

    Source: Lopez-Paz and Oquab (2017), section 3 and equation 2.
    """
    names = ("features_real", "features_fake")
    real, fake = feature_pair(names, features_real, features_fake, 4)
    if len(real) != len(fake):
        raise ValueError(
            f"features_real has {len(real)} rows and features_fake {len(fake)}: expected as many of "
            "each, so that chance is one half; draw as many at random"
        )
    half, rng = len(real) // 2, np.random.default_rng(seed)
    parts = [np.split(x[rng.permutation(len(x))], [half]) for x in (real, fake)]
    train, held_out = ([part[i] for part in parts] for i in (0, 1))
    if classifier is None:
        from sklearn.neighbors import KNeighborsClassifier

        classifier = KNeighborsClassifier(int(np.sqrt(2 * half)) | 1)
    classifier.fit(np.concatenate(train), np.repeat([1, 0], [len(x) for x in train]))
    guesses = np.asarray(classifier.predict(np.concatenate(held_out)))
    truth = np.repeat([1, 0], [len(x) for x in held_out])
    accuracy = float((guesses == truth).mean())
    z = (accuracy - 0.5) * 2 * np.sqrt(len(truth))
    return TwoSampleTest(accuracy, float(z), float(ndtr(-z)), len(truth))
