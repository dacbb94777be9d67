"""Gaussian mixtures with full covariances, fitted by expectation-maximisation: the classic explicit
density.

Everything is NumPy in float64; log-densities are in nats.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import solve_triangular
from scipy.special import logsumexp

__all__ = ["GaussianMixture", "em_step", "fit", "start_at"]

Array = NDArray[np.float64]

LARGEST = 1e150


@dataclass(frozen=True, eq=False)
class GaussianMixture:
    """A density p(x) = Σ_k w_k N(x; μ_k, Σ_k), where k is a label that nobody has seen.

    ``weights`` is (K,), ``means`` (K, d), ``covariances`` (K, d, d); all are kept as float64
    copies.

    Raises ValueError for shapes that do not fit together, non-finite numbers, weights that are
    negative or do not sum to one, and covariances that are not symmetric and positive definite (the
    component is named).

    Source: Bishop (2006), section 9.2, equation 9.7.
    """

    weights: Array
    means: Array
    covariances: Array

    def __post_init__(self) -> None:
        weights = np.array(self.weights, dtype=np.float64)
        means = np.array(self.means, dtype=np.float64)
        covariances = np.array(self.covariances, dtype=np.float64)
        if means.ndim != 2 or 0 in means.shape:
            raise ValueError(
                f"means have shape {means.shape}: expected (K, d), one row a component"
            )
        k, d = means.shape
        if weights.shape != (k,) or covariances.shape != (k, d, d):
            raise ValueError(
                f"weights have shape {weights.shape} and covariances {covariances.shape}: "
                f"with means of shape {means.shape} expected {(k,)} and {(k, d, d)}"
            )
        for name, value in (("weights", weights), ("means", means), ("covariances", covariances)):
            if not np.isfinite(value).all():
                raise ValueError(f"{name} hold NaN or infinity: expected finite numbers")
        if (weights < 0).any() or abs(weights.sum() - 1) > 1e-8:
            raise ValueError(
                f"weights sum to {weights.sum():.6g}, least {weights.min():.6g}: expected none "
                "negative and a sum of one; divide them by their sum"
            )
        for index, covariance in enumerate(covariances):
            if not np.allclose(covariance, covariance.T, rtol=1e-8, atol=0):
                raise ValueError(
                    f"covariance {index} is not symmetric: replace it by (C + C.T) / 2"
                )
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "means", means)
        object.__setattr__(self, "covariances", covariances)
        object.__setattr__(
            self, "_roots", np.stack([_root(c, i) for i, c in enumerate(covariances)])
        )

    def log_joint(self, x: ArrayLike) -> Array:
        """Log of the joint density log p(x, k) = log w_k + log N(x; μ_k, Σ_k): (n, d) gives (n, K),
        in nats.

        A component of weight zero has -inf. Raises ValueError for points of another dimension.
        """
        x = _points(x, self.means.shape[1])
        log_normal = np.empty((len(x), len(self.weights)))
        for k, (mean, root) in enumerate(zip(self.means, self._roots, strict=True)):
            whitened = solve_triangular(root, (x - mean).T, lower=True)
            log_det = 2 * np.log(np.diag(root)).sum()
            log_normal[:, k] = -0.5 * (
                (whitened**2).sum(0) + log_det + len(mean) * np.log(2 * np.pi)
            )
        with np.errstate(divide="ignore"):
            return np.log(self.weights) + log_normal

    def log_prob(self, x: ArrayLike) -> Array:
        """Log-density log p(x) = log Σ_k p(x, k), (n, d) gives (n,), in nats; finite however far x
        lies.
        """
        return logsumexp(self.log_joint(x), axis=1)

    def responsibilities(self, x: ArrayLike) -> Array:
        """Posterior p(k | x) = p(x, k) / p(x): (n, d) gives (n, K), each row sums to one (Bishop,
        9.13).
        """
        joint = self.log_joint(x)
        return np.exp(joint - logsumexp(joint, axis=1, keepdims=True))

    def sample(self, n: int, generator: np.random.Generator) -> tuple[Array, NDArray[np.int64]]:
        """Draw a component, then a point from it, n times: (n, d) points and their (n,) component
        numbers.
        """
        if n < 1:
            raise ValueError(f"n is {n}: expected at least one sample")
        labels = generator.choice(len(self.weights), size=n, p=self.weights)
        noise = generator.standard_normal((n, self.means.shape[1]))
        return self.means[labels] + np.einsum("nij,nj->ni", self._roots[labels], noise), labels


def em_step(mixture: GaussianMixture, x: ArrayLike, ridge: float = 0.0) -> GaussianMixture:
    """One step of expectation-maximisation: responsibilities, then weighted counts, means and
    covariances.

    With r = p(k | x_n) and N_k = Σ_n r_nk: w_k = N_k / N, μ_k = Σ_n r_nk x_n / N_k, and Σ_k = Σ_n
    r_nk (x_n − μ_k)(x_n − μ_k)ᵀ / N_k + ridge · I. With ``ridge`` zero the mean log-likelihood of
    ``x``, (n, d), never falls; a positive ridge keeps a component from shrinking onto a point, and
    gives up that guarantee by an amount of its own size.

    Raises ValueError when a component has lost its points or its covariance has become singular.
    Source: Bishop (2006), equations 9.24 to 9.27; Dempster, Laird and Rubin (1977).
    """
    if not 0 <= ridge < np.inf:
        raise ValueError(f"ridge is {ridge}: expected a finite number, zero or more")
    x = _points(x, mixture.means.shape[1])
    r = mixture.responsibilities(x)
    count = r.sum(axis=0)
    if (count < 1e-12).any():
        raise ValueError(
            f"component {int(count.argmin())} has lost all its points: start from other means"
        )
    means = (r.T @ x) / count[:, None]
    centred = x[:, None, :] - means
    covariances = np.einsum("nk,nki,nkj->kij", r, centred, centred) / count[:, None, None]
    covariances = (covariances + covariances.transpose(0, 2, 1)) / 2 + ridge * np.eye(x.shape[1])
    return GaussianMixture(count / count.sum(), means, covariances)


def fit(
    x: ArrayLike, start: GaussianMixture, steps: int = 100, ridge: float = 0.0
) -> tuple[GaussianMixture, Array]:
    """Run ``steps`` steps of EM from ``start``.

    Returns the last mixture and the mean log-likelihood (nats per point), before the first step and
    after each, of shape (steps + 1,). Raises ValueError as `em_step` does, and for fewer than one
    step."""
    if steps < 1:
        raise ValueError(f"steps is {steps}: expected at least 1")
    mixture, history = start, [start.log_prob(x).mean()]
    for _ in range(steps):
        mixture = em_step(mixture, x, ridge)
        history.append(mixture.log_prob(x).mean())
    return mixture, np.array(history)


def start_at(means: ArrayLike, x: ArrayLike) -> GaussianMixture:
    """A start for EM: equal weights, the given (K, d) means, and the covariance of all of ``x`` for
    each.
    """
    means = np.array(means, dtype=np.float64)
    if means.ndim != 2 or 0 in means.shape:
        raise ValueError(f"means have shape {means.shape}: expected (K, d), one row a component")
    x = _points(x, means.shape[1])
    covariance = np.cov(x.T, bias=True).reshape(means.shape[1], means.shape[1])
    k = len(means)
    return GaussianMixture(np.full(k, 1 / k), means, np.repeat(covariance[None], k, axis=0))


def _root(covariance: Array, index: int) -> Array:
    try:
        return np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        raise ValueError(
            f"covariance {index} is not positive definite: the component has shrunk onto a point or a plane; "
            "give a ridge (1e-6 times the data's variance is usual), fewer components, or another start"
        ) from None


def _points(x: ArrayLike, dim: int) -> Array:
    x = np.asarray(x, dtype=np.float64)
    if x.ndim != 2 or x.shape[1] != dim or len(x) == 0:
        raise ValueError(f"x has shape {x.shape}: expected (n, {dim}), one row a point")
    if not np.isfinite(x).all():
        raise ValueError("x holds NaN or infinity: remove those rows first")
    if np.abs(x).max() > LARGEST:
        raise ValueError(
            f"x reaches {np.abs(x).max():g}: expected entries below {LARGEST:g}, whose squares float64 "
            "holds; use a larger unit"
        )
    return x
