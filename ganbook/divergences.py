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
from ganbook.normals import kl_normal

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
