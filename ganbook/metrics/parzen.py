"""The Parzen window likelihood of the first GAN papers: a density made of samples, and what it says
of test pictures.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logsumexp

from ganbook.metrics.arrays import blocks, feature_pair, squared_distances

__all__ = ["parzen_bandwidth", "parzen_log_likelihood"]


def parzen_log_likelihood(samples: ArrayLike, test: ArrayLike, sigma: float) -> tuple[float, float]:
    r"""Mean log-density of test points, in nats, under normal kernels around samples, and its
    standard error.

    :math:`\log \frac1N \sum_i \mathcal N(x; y_i, \sigma^2 I)`, mean over x; the second value is
    the standard deviation over x by :math:`\sqrt M` (0 for M = 1). Samples have shape (N, d), test
    points (M, d), pixels in [0, 1] in the papers: another scale s of the pixels adds -d log s. In
    many dimensions and for any N that can be drawn it measures the kernels, not the generator: a
    worse model can score higher. Raises ``ValueError`` for other shapes, values that are not
    finite, and sigma not above 0.

    Source: Goodfellow et al. (2014), section 5; Theis et al. (2016), section 3.2, against it.
    """
    y, x = feature_pair(("samples", "test"), samples, test, 1)
    if not 0 < sigma < np.inf:
        raise ValueError(
            f"sigma is {sigma}: expected a positive number; parzen_bandwidth chooses one"
        )
    y, x = (a - y.mean(axis=0) for a in (y, x))
    found = np.concatenate(
        [
            logsumexp(squared_distances(x[part], y)[0] / (-2 * sigma**2), axis=1)
            for part in blocks(len(x))
        ]
    )
    found -= np.log(len(y)) + y.shape[1] * np.log(sigma * np.sqrt(2 * np.pi))
    error = found.std(ddof=1) / np.sqrt(len(x)) if len(x) > 1 else 0.0
    return float(found.mean()), float(error)


def parzen_bandwidth(samples: ArrayLike, validation: ArrayLike, sigmas: Sequence[float]) -> float:
    """Return the sigma of highest log-likelihood on validation points, which must not be the test
    points.

    Shapes and errors as in `parzen_log_likelihood`; ``ValueError`` for no sigma at all."""
    if len(sigmas) == 0:
        raise ValueError("sigmas is empty: expected the bandwidths to choose from")
    return float(max(sigmas, key=lambda s: parzen_log_likelihood(samples, validation, s)[0]))
