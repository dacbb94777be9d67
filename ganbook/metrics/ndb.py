"""The number of statistically different bins: real samples cut into cells, and the cells that
generated ones fill too much or too little.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ganbook.divergences import js
from ganbook.metrics.arrays import feature_pair, whole_number

__all__ = ["BinTest", "ndb"]


@dataclass(frozen=True, eq=False)
class BinTest:
    """The shares of both sets in each bin, (K,), the z of their difference, and what follows."""

    real: np.ndarray
    fake: np.ndarray
    z: np.ndarray
    threshold: float
    js: float

    @property
    def different(self) -> int:
        """How many bins differ by more than the threshold, in standard errors."""
        return int((np.abs(self.z) > self.threshold).sum())


def ndb(
    features_real: ArrayLike,
    features_fake: ArrayLike,
    bins: int = 100,
    threshold: float = 1.96,
    seed: int = 0,
) -> BinTest:
    r"""Compare two samples by the shares that fall into the cells of a k-means of the real one.

    Of each cell :math:`z = (p - q) / \sqrt{s (1 - s) (1/N + 1/M)}` with the pooled share s; a cell
    is different if :math:`|z|` exceeds ``threshold`` (name it beside the count: 1.96, 3 and 4 are
    all in use). Beside it the Jensen-Shannon divergence of the two histograms, in nats, which
    needs no threshold; equal laws give about :math:`\frac{K-1}{8} (1/N + 1/M)`, and a little more
    here, since the cells were fitted to one of the samples. Features (or pixels) have shapes (N, d)
    and (M, d); one run of k-means from ``seed``. Raises ``ValueError`` for other shapes, values
    that are not finite, fewer than 2 bins or more than there are different real rows, and a
    threshold not above 0.

    Source: Richardson and Weiss (2018), section 3.
    """
    from sklearn.cluster import KMeans

    names = ("features_real", "features_fake")
    real, fake = feature_pair(names, features_real, features_fake, 1)
    if not threshold > 0:
        raise ValueError(f"threshold is {threshold}: expected a positive number of standard errors")
    rows = len(np.unique(real, axis=0))
    bins = whole_number("bins", bins, 2, rows, f"for features_real has {rows} different rows")
    cells = KMeans(bins, n_init=1, random_state=seed).fit(real)
    p, q = (
        np.bincount(labels, minlength=bins) / len(labels)
        for labels in (cells.labels_, cells.predict(fake))
    )
    pooled = (len(real) * p + len(fake) * q) / (len(real) + len(fake))
    error = np.sqrt(pooled * (1 - pooled) * (1 / len(real) + 1 / len(fake)))
    z = np.divide(p - q, error, out=np.zeros(bins), where=error > 0)
    return BinTest(p, q, z, float(threshold), float(js(p, q)))
