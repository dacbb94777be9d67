"""Kullback-Leibler divergence of a histogram of samples from the exact law of its cells."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import ArrayLike
from scipy.special import ndtr

from ganbook.distributions import Gaussians
from ganbook.metrics.arrays import feature_array

__all__ = ["cell_probabilities", "histogram_kl"]


def cell_probabilities(law: Gaussians, edges: ArrayLike) -> np.ndarray:
    r"""Return the probability of each cell of a square grid under a mixture in the plane, (B, B), exact.

    ``edges`` (B + 1,) cuts both axes; the outer cells reach to infinity, so that the probabilities add
    up to one. Cell (i, j) is :math:`\sum_k w_k\, [\Phi]_{e_i}^{e_{i+1}} [\Phi]_{e_j}^{e_{j+1}}`. Raises
    ``ValueError`` for edges that do not rise and for a law that is not in the plane.
    """
    cuts = _edges(edges)
    if law.centers.ndim != 2 or law.centers.shape[1] != 2:
        raise ValueError(
            f"the law's centers have shape {tuple(law.centers.shape)}: expected (K, 2)"
        )
    centers = law.centers.numpy()
    std = torch.as_tensor(law.std, dtype=torch.float64).expand(len(centers)).numpy()
    place = (cuts - centers[:, :, None]) / std[:, None, None]
    share = np.diff(ndtr(place), axis=2)
    return np.einsum("k,ki,kj->ij", law.weights.numpy(), share[:, 0], share[:, 1])


def histogram_kl(samples: ArrayLike, edges: ArrayLike, probabilities: ArrayLike) -> float:
    r"""Return :math:`\sum_c \hat q_c \log(\hat q_c / P_c)` in nats: the samples' shares of the cells against
    the cells' probabilities.

    Samples are (N, 2), ``edges`` and ``probabilities`` (B, B) as in `cell_probabilities`. For samples of
    the law itself the mean is near (cells reached - 1) / 2N, not 0: it is the floor, and it must be
    drawn, because cells that expect less than a sample spoil the formula. Infinite where samples lie
    in a cell of probability 0. Raises ``ValueError`` for other shapes.

    Source: the plug-in estimate; its bias, Miller (1955).
    """
    x, cuts = feature_array("samples", samples, rows=1), _edges(edges)
    p = np.asarray(probabilities, dtype=float)
    if x.shape[1] != 2 or p.shape != (len(cuts) - 1,) * 2:
        raise ValueError(
            f"samples have shape {x.shape} and probabilities {p.shape}: expected (N, 2) and "
            f"{(len(cuts) - 1,) * 2}, one for each cell"
        )
    i, j = (np.searchsorted(cuts[1:-1], x[:, axis], side="right") for axis in (0, 1))
    q = np.bincount(i * len(p) + j, minlength=p.size) / len(x)
    hit = q > 0
    with np.errstate(divide="ignore"):
        return float((q[hit] * np.log(q[hit] / p.reshape(-1)[hit])).sum())


def _edges(edges: ArrayLike) -> np.ndarray:
    cuts = np.asarray(edges, dtype=float)
    if cuts.ndim != 1 or len(cuts) < 3 or not (np.diff(cuts) > 0).all():
        raise ValueError(
            f"edges have shape {cuts.shape}: expected at least three numbers that rise"
        )
    cuts = cuts.copy()
    cuts[0], cuts[-1] = -np.inf, np.inf
    return cuts
