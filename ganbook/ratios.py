"""Density ratios without a classifier: p/q from samples, as a sum of bumps.

Both estimators write the ratio r = p/q as a non-negative or free combination of Gaussian bumps and
differ in what they fit: uLSIF least squares, KLIEP the likelihood. Neither trains a network."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.distance import cdist

__all__ = ["Ratio", "kliep", "ulsif"]


@dataclass(frozen=True, eq=False)
class Ratio:
    """An estimated density ratio, a sum of Gaussian bumps: call it on points (N, d) -> (N,).

    ``centers`` is (K, d), ``width`` the bumps' standard deviation in the units of the data,
    ``weights`` (K,)."""

    centers: np.ndarray
    width: float
    weights: np.ndarray

    def __call__(self, x: ArrayLike) -> np.ndarray:
        """Return the ratio at points of shape (N, d), or (N,) on the line; shape (N,)."""
        return _bumps(_points("x", x), self.centers, self.width) @ self.weights


def ulsif(
    x_real: ArrayLike, x_fake: ArrayLike, centers: ArrayLike, width: float, ridge: float = 1e-3
) -> Ratio:
    r"""Fit the ratio p/q by least squares (uLSIF): a linear system.

    Minimises :math:`\tfrac12 E_q[r^2] - E_p[r] + \tfrac\lambda2 \|\alpha\|^2` over :math:`r =
    \sum_k \alpha_k \phi_k`, which is :math:`\tfrac12 E_q[(r - p/q)^2]` up to a constant; so
    :math:`\alpha = (H + \lambda I)^{-1} h` with :math:`H = E_q[\phi \phi^\top], h = E_p[\phi]`. The
    ratio has no unit and can come out negative. Shapes: x_real (N, d), x_fake (M, d), centers (K,
    d), each also (N,) on the line. Raises ``ValueError`` for other shapes, numbers that are not
    finite, a width or ridge not above 0.

    Source: Kanamori, Hido and Sugiyama (2009), who then set negative weights to zero; here they
    stay.
    """
    real, fake, c = _checked(x_real, x_fake, centers, width)
    if not 0 < ridge < math.inf:
        raise ValueError(f"ridge is {ridge}: expected a positive number, such as 1e-3")
    at_real, at_fake = _bumps(real, c, width), _bumps(fake, c, width)
    system = at_fake.T @ at_fake / len(fake) + ridge * np.eye(len(c))
    return Ratio(c, width, np.linalg.solve(system, at_real.mean(axis=0)))


def kliep(
    x_real: ArrayLike, x_fake: ArrayLike, centers: ArrayLike, width: float, steps: int = 500
) -> Ratio:
    r"""Fit the ratio p/q by maximum likelihood (KLIEP), by a multiplicative update.

    Maximises :math:`E_p[\log r]` subject to :math:`E_q[r] = 1` and :math:`\alpha \ge 0`, that is,
    minimises :math:`KL(p \| r q)`. With the bumps scaled to :math:`E_q[\phi_k] = 1` the weights sum
    to one, as those of a mixture, and :math:`\alpha_k \leftarrow \alpha_k E_p[\phi_k / r]` never
    lowers the likelihood: it is the EM algorithm for a mixture's weights. Shapes, units and errors
    as for :func:`ulsif`; steps is at least 1. Bumps that no generated point is near (mean below
    1e-12) are left out; ``ValueError`` where a real point is then near no bump at all.

    Source: Sugiyama et al. (2008), section 2; the update as in Dempster, Laird and Rubin (1977).
    """
    real, fake, c = _checked(x_real, x_fake, centers, width)
    if steps < 1:
        raise ValueError(f"steps is {steps}: expected at least 1")
    scale = _bumps(fake, c, width).mean(axis=0)
    kept = scale > 1e-12
    phi = _bumps(real, c, width)[:, kept] / np.where(kept, scale, 1.0)[kept]
    if not kept.any() or not (phi.sum(axis=1) > 0).all():
        raise ValueError(
            "some real points are near no bump that generated points reach, so no ratio of this form "
            "has a likelihood: widen the bumps, or give more centers"
        )
    mixture = np.full(phi.shape[1], 1 / phi.shape[1])
    for _ in range(steps):
        mixture = mixture * (phi / (phi @ mixture)[:, None]).mean(axis=0)
    weights = np.zeros(len(c))
    weights[kept] = mixture / scale[kept]
    return Ratio(c, width, weights)


def _bumps(x: np.ndarray, centers: np.ndarray, width: float) -> np.ndarray:
    return np.exp(-cdist(x, centers, "sqeuclidean") / (2 * width**2))


def _points(name: str, x: ArrayLike) -> np.ndarray:
    points = np.asarray(x, dtype=float)
    points = points[:, None] if points.ndim == 1 else points
    if points.ndim != 2 or 0 in points.shape or not np.isfinite(points).all():
        raise ValueError(
            f"{name} has shape {np.shape(x)}, or holds a number that is not finite: expected (N, d), or "
            "(N,) on the line"
        )
    return points


def _checked(
    x_real: ArrayLike, x_fake: ArrayLike, centers: ArrayLike, width: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    named = {"x_real": x_real, "x_fake": x_fake, "centers": centers}
    real, fake, c = (_points(name, x) for name, x in named.items())
    if not real.shape[1] == fake.shape[1] == c.shape[1]:
        raise ValueError(
            f"x_real, x_fake and centers have {real.shape[1]}, {fake.shape[1]} and {c.shape[1]} "
            "coordinates: expected equal numbers"
        )
    if not 0 < width < math.inf:
        raise ValueError(f"width is {width}: expected a positive number in the units of the data")
    return real, fake, c
