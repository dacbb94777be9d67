"""The inception score of class probabilities."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ganbook.metrics.arrays import feature_array

__all__ = ["inception_score"]


def inception_score(probabilities: ArrayLike) -> float:
    r"""Exponential of the mean KL divergence from each sample's class probabilities to their mean.

    :math:`\exp \frac1N \sum_i \mathrm{KL}(p_i \| \bar p)`, between 1 (all samples alike, or none
    recognised) and K (every sample sure, all classes equally often). Probabilities have shape (N,
    K), rows summing to one. Raises ``ValueError`` otherwise.

    Source: Salimans et al. (2016), section 4.
    """
    p = feature_array("probabilities", probabilities)
    if (p < 0).any() or np.abs(p.sum(axis=1) - 1).max() > 1e-4:
        raise ValueError(
            "probabilities must be non-negative with rows that sum to one: apply softmax to the "
            "classifier's logits first"
        )
    mean = p.mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(p > 0, p * (np.log(p) - np.log(mean)), 0.0)
    return float(np.exp(terms.sum(axis=1).mean()))
