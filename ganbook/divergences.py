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


def _log(x: Tensor) -> Tensor:
    """Logarithm of x > 0 whose slope below the smallest normal float is that at this float: 1 / x
    would overflow there, and inf times 0 in a softmax behind it would be NaN.
    """
    tiny = torch.finfo(x.dtype).tiny
    normal = x >= tiny
    fixed = x.detach()
    below = torch.where(normal, 1.0, fixed).log() + (x - fixed) / tiny
    return torch.where(normal, torch.where(normal, x, 1.0).log(), below)


def _mean(p: Tensor, q: Tensor) -> Tensor:
    m = (p + q) / 2
    return torch.where((m == 0) & (p + q > 0), p + q, m)  # a subnormal sum can halve to zero


def _relative_entropy(p: Tensor, q: Tensor) -> Tensor:
    """Sum p (log p - log q) over the last axis; zeros of p drop out, and p > 0 = q gives infinity."""
    inside = (p > 0) & (q > 0)
    log_ratio = _log(torch.where(inside, p, 1.0)) - _log(torch.where(inside, q, 1.0))
    total = (torch.where(inside, p, 0.0) * log_ratio).sum(-1).clamp(min=0)
    return torch.where(((p > 0) & (q == 0)).any(-1), math.inf, total)


def kl(p: ArrayLike, q: ArrayLike) -> ArrayLike:
    r"""Return the Kullback-Leibler divergence KL(p || q) of probability vectors.

    :math:`\sum_k p_k \log (p_k / q_k)`, in nats; 0 log 0 is 0, and the value is inf where p > 0 =
    q. Shapes: p, q (..., K) -> (...). Error: a few roundings of :math:`\sum_k p_k |\log p_k / q_k|`
    in the inputs' dtype. Where p or q is zero no gradient passes, and below the smallest normal
    float the logarithm's slope is held, so that gradients stay finite. Raises ValueError for inputs
    that are not distributions or whose shapes differ.
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
    m = _mean(p, q)
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
    value = -(torch.where(p > 0, p, 0.0) * _log(positive)).sum(-1) + 0.0
    return value.numpy()[()] if as_numpy else value


def plug_in_kl(counts: ArrayLike, q: ArrayLike) -> ArrayLike:
    r"""Return KL(counts / N || q): the plug-in estimate from N samples sorted into K classes.

    Its mean at counts drawn from q itself is about (K - 1) / (2 N), not zero: compare
    :func:`plug_in_floor`. Shapes: counts (..., K) whole numbers, q (..., K) -> (...), in nats.
    Raises ValueError where counts are negative, not whole or all zero, or where q is not a
    distribution. Source: Miller (1955); Paninski (2003), section 4; chapter 5."""
    as_numpy = not isinstance(counts, Tensor)
    if as_numpy:
        given = np.asarray(counts)
        real = given.dtype.kind in "biuf"
        counts = torch.from_numpy(np.array(given, np.float64)) if real else torch.zeros(())
    else:
        real = not counts.is_complex()
    counts = counts.double() if real else torch.zeros(())
    # above 2^53 neighbouring floats are more than one apart: such a number is no count
    whole = bool(((counts >= 0) & (counts == counts.round()) & (counts <= 2.0**53)).all())
    if not whole or counts.ndim == 0 or bool((counts.sum(-1) == 0).any()):
        raise ValueError(
            f"counts of shape {tuple(counts.shape)} are not all counts; expected (..., K) whole "
            "numbers, none negative or above 2**53, with at least one sample a row: count samples "
            "by class, for example with numpy.bincount(labels, minlength=K)"
        )
    p = counts / counts.sum(-1, keepdim=True)
    return kl(p.numpy() if as_numpy else p, q)


def plug_in_floor(classes: int, samples: int) -> float:
    """Return (K - 1) / (2 N): what :func:`plug_in_kl` reads, to first order, when the sampler is
    perfect.

    Units: nats. Raises ValueError unless classes and samples are at least 1.
    Source: Miller (1955), from the chi-square limit of 2 N KL; chapter 5.
    """
    if not all(1 <= n < math.inf and n == int(n) for n in (classes, samples)):
        raise ValueError(
            f"given {classes} classes and {samples} samples; expected whole numbers, at least 1 "
            "of each: give K and N"
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
    which it is computed. Error: about d roundings, times the condition of B (on the flat). On a
    flat that is not parallel to the axes, deviations under :math:`10^{-7}` (float64) of the largest
    cannot be told from rounding and count as none; a shift out of the flat counts as none up to
    the rounding of the flat. A value beyond the largest float is inf too. Raises ValueError for
    wrong shapes, complex numbers, entries that are not finite, and covariances that are not
    symmetric and positive semidefinite. Source: Kullback (1959), chapter 9, section 1; chapter 5."""
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
    if not all(bool(torch.isfinite(t).all()) and not t.is_complex() for t in (mu, a, nu, b)):
        raise ValueError(
            "a mean or a covariance has entries that are not finite, or complex; expected finite "
            "real numbers: look for overflow where they were estimated"
        )
    dtype = (
        torch.float32 if all(t.dtype == torch.float32 for t in (mu, a, nu, b)) else torch.float64
    )
    mu, a, nu, b = (t.to(dtype) for t in (mu, a, nu, b))
    value = _kl_normal(mu, a, nu, b)
    return value.numpy()[()] if as_numpy else value


def _check_covariance(cov: Tensor, name: str) -> None:
    """Refuse what is not symmetric and positive semidefinite, up to rounding."""
    rounding = 8 * len(cov) * torch.finfo(cov.dtype).eps
    scale = cov.detach().abs().max()
    if not bool(scale > 0):
        return
    unit = cov.detach() / scale  # sums of the largest floats would overflow
    if bool((unit - unit.T).abs().max() > rounding):
        raise ValueError(
            f"{name} is not symmetric; expected a covariance: (C + C.T) / 2 mends rounding"
        )
    smallest = float(torch.linalg.eigvalsh(unit)[0])
    if smallest < -rounding:
        raise ValueError(
            f"{name} has the eigenvalue {smallest * float(scale):.3g}; expected a positive "
            "semidefinite matrix: check how it was estimated"
        )


def _cholesky(cov: Tensor) -> Tensor | None:
    """Return the Cholesky factor of a covariance, None where it is singular to working precision."""
    deviation = cov.diagonal().clamp(min=0).sqrt()
    if bool((deviation == 0).any()):
        return None
    unit, info = torch.linalg.cholesky_ex(cov / deviation / deviation[:, None])
    rounding = len(cov) * torch.finfo(cov.dtype).eps
    if int(info) != 0 or bool((unit.detach().diagonal() ** 2).min() < rounding):
        return None
    return deviation[:, None] * unit


def _kl_normal(mu: Tensor, a: Tensor, nu: Tensor, b: Tensor) -> Tensor:
    _check_covariance(a, "cov_p")
    _check_covariance(b, "cov_q")
    factor_a, factor_b = _cholesky(a), _cholesky(b)
    if factor_a is None and factor_b is None:
        on_flat = _on_common_flat(mu, a, nu, b)
        if on_flat is not None:
            shift, a, b = on_flat
            if len(shift) == 0:
                return torch.zeros((), dtype=mu.dtype)
            factor_a, factor_b = _cholesky(a), _cholesky(b)
    else:
        shift = nu - mu
    if factor_a is None or factor_b is None:
        return torch.tensor(math.inf, dtype=mu.dtype)
    mixed = torch.linalg.solve_triangular(factor_b, factor_a, upper=False)
    shift = torch.linalg.solve_triangular(factor_b, shift[:, None], upper=False)
    stretch = mixed.diagonal()  # its logs sum to half the log-determinant of B^-1 A
    value = ((mixed**2).sum() - len(a) + (shift**2).sum()) / 2 - stretch.log().sum()
    return value.clamp(min=0)  # equal laws leave a rounding of either sign


def _on_common_flat(
    mu: Tensor, a: Tensor, nu: Tensor, b: Tensor
) -> tuple[Tensor, Tensor, Tensor] | None:
    """Return shift and covariances in coordinates of the flat that both laws span together; None
    where the shift leaves it, up to the rounding of the flat itself.

    Each coordinate is first divided by its deviation: rounding is then relative to every axis, and
    a large one does not hide a small one."""
    eps, d = torch.finfo(mu.dtype).eps, len(mu)
    shift = nu - mu
    means = torch.maximum(mu.detach().abs(), nu.detach().abs())
    share_a, share_b = (
        (cov / torch.where(cov > 0, cov, 1.0).max()).detach()
        if bool((cov != 0).any())
        else torch.zeros_like(cov)
        for cov in (a.detach(), b.detach())
    )
    spread = (share_a + share_b).diagonal().clamp(min=0)
    if bool((shift.detach().abs() > 8 * eps * means)[spread == 0].any()):
        return None
    used = spread > 0
    unit = spread[used].sqrt()
    shift, a, b = (
        shift[used] / unit,
        a[used][:, used] / unit / unit[:, None],
        b[used][:, used] / unit / unit[:, None],
    )
    together = (share_a + share_b)[used][:, used] / unit / unit[:, None]
    values, vectors = torch.linalg.eigh(together)
    kept = values > 8 * d * eps
    flat, normal = vectors[:, kept], vectors[:, ~kept]
    if normal.shape[1]:
        # rounding of the entries turns the flat by eps / value towards each of its directions
        along = flat.T @ shift.detach()
        allowed = (along.abs() / values[kept]).sum() + along.norm() + (means[used] / unit).norm()
        if bool((normal.T @ shift.detach()).norm() > 16 * d * eps * allowed):
            return None
        for cov in (a.detach(), b.detach()):
            if bool((normal.T @ cov).abs().max() > 64 * d * eps * cov.abs().max()):
                return None
    return flat.T @ shift, flat.T @ a @ flat, flat.T @ b @ flat
