"""Divergences between distributions, in nats: probability vectors and Gaussians; densities come
along.

Probability vectors are numpy arrays or tensors of shape (..., K); what comes back is of the same
kind. Densities on the line, their discriminator and the value of their game live in
:mod:`ganbook.densities` and can be imported from here as well."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ganbook.densities import game_value, log_ratio, optimal_discriminator, quadrature

__all__ = [
    "as_distribution",
    "entropy",
    "game_value",
    "js",
    "kl",
    "kl_normal",
    "log_ratio",
    "optimal_discriminator",
    "plug_in_floor",
    "plug_in_kl",
    "quadrature",
    "total_variation",
]

ArrayLike = np.ndarray | Tensor
SUM_TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-6}


def as_distribution(p: ArrayLike, name: str = "p") -> Tensor:
    """Return ``p`` as a tensor after checking that its last axis holds probabilities.

    Shapes: p (..., K). Raises ValueError where entries are negative or not finite, where a row does
    not sum to one within 1e-5 (float32) or 1e-6 (float64), or where the type is not float32 or
    float64."""
    if not isinstance(p, Tensor):
        p = np.asarray(p)
        if p.dtype.kind in "iu":
            p = p.astype(np.float64)
        if p.dtype not in (np.float32, np.float64):
            raise ValueError(f"{name} has dtype {p.dtype}; expected float32 or float64: convert it")
        p = torch.from_numpy(np.array(p))
    if p.dtype not in SUM_TOLERANCE:
        raise ValueError(f"{name} has dtype {p.dtype}; expected float32 or float64: convert it")
    if p.ndim == 0 or p.shape[-1] == 0:
        raise ValueError(f"{name} has shape {tuple(p.shape)}; expected (..., K) with K at least 1")
    if not bool(torch.isfinite(p).all()):
        raise ValueError(
            f"{name} has entries that are not finite; expected probabilities: look for overflow"
        )
    if bool((p < 0).any()):
        raise ValueError(
            f"{name} has the negative entry {float(p.detach().min()):.3g}; expected "
            "probabilities: scores go through a softmax first"
        )
    excess = (p.detach().sum(-1) - 1).abs().max() if p.numel() else torch.zeros(())
    if float(excess) > SUM_TOLERANCE[p.dtype]:
        raise ValueError(
            f"{name} sums to one only within {float(excess):.3g}; expected at most "
            f"{SUM_TOLERANCE[p.dtype]:.0e}: divide by the sum over the last axis"
        )
    return p


def _pair(p: ArrayLike, q: ArrayLike) -> tuple[Tensor, Tensor, Callable[[Tensor], ArrayLike]]:
    """Check two batches of distributions; return them in one dtype, and the way back to their kind."""
    as_numpy = not isinstance(p, Tensor) and not isinstance(q, Tensor)
    p, q = as_distribution(p, "p"), as_distribution(q, "q")
    if p.shape != q.shape:
        raise ValueError(
            f"p has shape {tuple(p.shape)} and q has shape {tuple(q.shape)}; expected equal "
            "shapes (..., K): expand the smaller one first"
        )
    dtype = torch.promote_types(p.dtype, q.dtype)
    return p.to(dtype), q.to(dtype), (lambda t: t.numpy()[()]) if as_numpy else (lambda t: t)


def _relative_entropy(p: Tensor, q: Tensor) -> Tensor:
    """Sum p (log p - log q) over the last axis; zeros of p drop out, and p > 0 = q gives infinity."""
    inside = (p > 0) & (q > 0)
    log_ratio = torch.where(inside, p, 1.0).log() - torch.where(inside, q, 1.0).log()
    total = (torch.where(inside, p, 0.0) * log_ratio).sum(-1).clamp(min=0)
    return torch.where(((p > 0) & (q == 0)).any(-1), math.inf, total)


def kl(p: ArrayLike, q: ArrayLike) -> ArrayLike:
    r"""Return the Kullback-Leibler divergence KL(p || q) of probability vectors.

    :math:`\sum_k p_k \log (p_k / q_k)`, in nats; 0 log 0 is 0, and the value is inf where p > 0 =
    q. Shapes: p, q (..., K) -> (...). Where p or q is zero no gradient passes, so that gradients
    stay finite. Raises ValueError for inputs that are not distributions or whose shapes differ.
    Source: Kullback & Leibler (1951), section 2; chapter 5."""
    p, q, back = _pair(p, q)
    return back(_relative_entropy(p, q))


def js(p: ArrayLike, q: ArrayLike) -> ArrayLike:
    r"""Return the Jensen-Shannon divergence of probability vectors, between 0 and log 2 nats.

    :math:`\tfrac12 KL(p \| m) + \tfrac12 KL(q \| m)` with :math:`m = (p + q)/2`.
    Shapes: p, q (..., K) -> (...). Finite with zeros; gradients finite as in :func:`kl`.
    Raises ValueError for inputs that are not distributions or whose shapes differ.
    Source: Lin (1991), section IV, with equal weights; chapter 5.
    """
    p, q, back = _pair(p, q)
    m = (p + q) / 2
    m = torch.where((m == 0) & (p + q > 0), p + q, m)  # a subnormal sum can halve to zero
    return back((_relative_entropy(p, m) + _relative_entropy(q, m)) / 2)


def total_variation(p: ArrayLike, q: ArrayLike) -> ArrayLike:
    r"""Return the total variation distance of probability vectors, between 0 and 1.

    :math:`\tfrac12 \sum_k |p_k - q_k|`. Shapes: p, q (..., K) -> (...). No unit.
    Raises ValueError for inputs that are not distributions or whose shapes differ.
    Source: Levin & Peres (2017), proposition 4.2; chapter 5.
    """
    p, q, back = _pair(p, q)
    return back((p - q).abs().sum(-1) / 2)


def entropy(p: ArrayLike) -> ArrayLike:
    r"""Return the Shannon entropy of probability vectors, between 0 and log K nats.

    :math:`-\sum_k p_k \log p_k`, with 0 log 0 = 0. Shapes: p (..., K) -> (...).
    Raises ValueError for inputs that are not distributions.
    Source: Shannon (1948), section 6; chapter 5.
    """
    as_numpy = not isinstance(p, Tensor)
    p = as_distribution(p)
    positive = torch.where(p > 0, p, 1.0)
    value = -(torch.where(p > 0, p, 0.0) * positive.log()).sum(-1) + 0.0
    return value.numpy()[()] if as_numpy else value


def plug_in_kl(counts: ArrayLike, q: ArrayLike) -> ArrayLike:
    r"""Return KL(counts / N || q): the plug-in estimate from N samples sorted into K classes.

    Its mean at counts drawn from q itself is about (K - 1) / (2 N), not zero: compare
    :func:`plug_in_floor`. Shapes: counts (..., K) whole numbers, q (..., K) -> (...), in nats.
    Raises ValueError where counts are negative, not whole or all zero, or where q is not a
    distribution. Source: Miller (1955); Paninski (2003), section 4; chapter 5."""
    as_numpy = not isinstance(counts, Tensor)
    counts = torch.from_numpy(np.array(counts)) if as_numpy else counts
    counts = counts.double()
    whole = bool(((counts >= 0) & (counts == counts.round()) & torch.isfinite(counts)).all())
    if not whole or counts.ndim == 0 or bool((counts.sum(-1) == 0).any()):
        raise ValueError(
            "counts must be whole numbers, none negative, with at least one sample a row: "
            "count samples by class, for example with numpy.bincount(labels, minlength=K)"
        )
    p = counts / counts.sum(-1, keepdim=True)
    return kl(p.numpy() if as_numpy else p, q)


def plug_in_floor(classes: int, samples: int) -> float:
    """Return (K - 1) / (2 N): what :func:`plug_in_kl` reads, to first order, when the sampler is
    perfect.

    Units: nats. Raises ValueError unless classes and samples are at least 1.
    Source: Miller (1955), from the chi-square limit of 2 N KL; chapter 5.
    """
    if classes < 1 or samples < 1:
        raise ValueError(
            f"given {classes} classes and {samples} samples; expected at least 1 of each"
        )
    return (classes - 1) / (2 * samples)


def kl_normal(
    mean_p: ArrayLike, cov_p: ArrayLike, mean_q: ArrayLike, cov_q: ArrayLike
) -> ArrayLike:
    r"""Return KL(p || q) between two normal distributions in any dimension.

    :math:`\tfrac12 [tr(B^{-1} A) - d + \log(\det B / \det A) + (\nu - \mu)^T B^{-1} (\nu - \mu)]`
    for p = N(mu, A), q = N(nu, B), through Cholesky factors, so that no inverse and no determinant
    is formed. Shapes: means (d,), covariances (d, d) -> scalar, in nats. A singular covariance has
    no density: the value is then inf, except where both laws live on one and the same flat, on
    which it is computed. Raises ValueError for wrong shapes, entries that are not finite, and
    covariances that are not symmetric and positive semidefinite. Source: Kullback (1959), chapter
    9, section 1; chapter 5."""
    given = (mean_p, cov_p, mean_q, cov_q)
    as_numpy = not any(isinstance(t, Tensor) for t in given)
    mu, a, nu, b = (
        t if isinstance(t, Tensor) else torch.from_numpy(np.array(t, np.float64)) for t in given
    )
    d = mu.shape[-1] if mu.ndim else 0
    if mu.shape != (d,) or nu.shape != (d,) or a.shape != (d, d) or b.shape != (d, d) or d == 0:
        raise ValueError(
            f"given means {tuple(mu.shape)}, {tuple(nu.shape)}, covariances {tuple(a.shape)}, "
            f"{tuple(b.shape)}; expected (d,), (d,), (d, d), (d, d), d at least 1"
        )
    if not all(bool(torch.isfinite(t).all()) for t in (mu, a, nu, b)):
        raise ValueError(
            "a mean or a covariance has entries that are not finite; expected finite numbers"
        )
    dtype = (
        torch.float32 if all(t.dtype == torch.float32 for t in (mu, a, nu, b)) else torch.float64
    )
    mu, a, nu, b = (t.to(dtype) for t in (mu, a, nu, b))
    value = _kl_normal(mu, a, nu, b)
    return value.numpy()[()] if as_numpy else value


def _cholesky(cov: Tensor, name: str) -> Tensor | None:
    """Return the Cholesky factor of a covariance, None where it is singular to working precision."""
    rounding = len(cov) * torch.finfo(cov.dtype).eps
    scale = cov.detach().abs().max()
    if bool((cov - cov.T).abs().max() > 8 * rounding * scale):
        raise ValueError(
            f"{name} is not symmetric; expected a covariance: (C + C.T) / 2 mends rounding"
        )
    smallest = float(torch.linalg.eigvalsh(cov.detach())[0])
    if smallest < -8 * rounding * float(scale):
        raise ValueError(
            f"{name} has the eigenvalue {smallest:.3g}; expected a positive semidefinite matrix"
        )
    deviation = cov.diagonal().clamp(min=0).sqrt()
    if bool((deviation == 0).any()):
        return None
    unit, info = torch.linalg.cholesky_ex(cov / deviation / deviation[:, None])
    if int(info) != 0 or bool((unit.detach().diagonal() ** 2).min() < rounding):
        return None
    return deviation[:, None] * unit


def _kl_normal(mu: Tensor, a: Tensor, nu: Tensor, b: Tensor) -> Tensor:
    factor_a, factor_b = _cholesky(a, "cov_p"), _cholesky(b, "cov_q")
    if factor_a is not None and factor_b is not None:
        mixed = torch.linalg.solve_triangular(factor_b, factor_a, upper=False)
        shift = torch.linalg.solve_triangular(factor_b, (nu - mu)[:, None], upper=False)
        stretch = mixed.diagonal()  # its logs sum to half the log-determinant of B^-1 A
        return ((mixed**2).sum() - len(mu) + (shift**2).sum()) / 2 - stretch.log().sum()
    infinite = torch.tensor(math.inf, dtype=mu.dtype)
    if factor_a is not None or factor_b is not None:
        return infinite
    values, vectors = torch.linalg.eigh(b)
    kept = values > len(b) * torch.finfo(b.dtype).eps * values[-1]
    flat, normal = vectors[:, kept], vectors[:, ~kept]
    leak = (normal.T @ a @ normal).abs().max() > 8 * len(a) * torch.finfo(
        a.dtype
    ).eps * a.abs().max()
    apart = (normal.T @ (nu - mu)).abs().max() > 8 * len(a) * torch.finfo(a.dtype).eps * (
        nu - mu
    ).abs().max()
    if bool(leak | apart):
        return infinite
    if flat.shape[1] == 0:
        return torch.zeros_like(infinite)
    return _kl_normal(flat.T @ mu, flat.T @ a @ flat, flat.T @ nu, torch.diag(values[kept]))
