"""f-divergences: one convex function each, its conjugate, and the variational bound that a critic
climbs.

D_f(p || q) is the mean over q of f(p / q): real over generated, as everywhere in the book. The
table holds the members that chapter 5 needs; :data:`F_DIVERGENCES` takes more of them by name."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ganbook.divergences import ArrayLike, _pair, as_distribution

__all__ = ["F_DIVERGENCES", "FDivergence", "f_divergence", "variational_bound", "witness"]

LOG2 = math.log(2)


@dataclass(frozen=True)
class FDivergence:
    """One row of the table: a convex f on (0, inf) with f(1) = 0, and what the bound needs of it.

    ``f``, ``derivative`` map u > 0; ``conjugate`` maps t <= ``domain``, the supremum of f', beyond
    which it is inf. ``at_zero`` is the limit of f at 0 and ``domain`` that of f(u) / u at infinity.
    All elementwise on tensors. Source: Nowozin, Cseke & Tomioka (2016), section 2 and table 1;
    chapter 5."""

    name: str
    f: Callable[[Tensor], Tensor]
    derivative: Callable[[Tensor], Tensor]
    conjugate_inside: Callable[[Tensor], Tensor]
    at_zero: float
    domain: float

    def conjugate(self, t: Tensor) -> Tensor:
        r"""Return f*(t) = sup over u > 0 of t u - f(u); inf beyond the domain. Any shape,
        elementwise.
        """
        inside = t <= self.domain
        safe = torch.where(inside, t, self.domain - 1 if math.isfinite(self.domain) else 0.0)
        return torch.where(inside, self.conjugate_inside(safe), math.inf)


def _log_of_mean(u: Tensor) -> Tensor:
    return torch.log1p(u) - LOG2


def _conjugate_of_non_saturating(t: Tensor) -> Tensor:
    """Return v - 1 - c - t with v the root above 1 of v - log v = c, c = 1 - t - log 2, by Newton's
    rule.
    """
    c = 1 - t - LOG2
    with torch.no_grad():
        v = 1 + (2 * (c - 1).clamp(min=0)).sqrt() + (c - 1).clamp(min=0)
        for _ in range(8):
            v = (v - (v - v.log() - c) / (1 - 1 / v).clamp(min=1e-9)).clamp(min=1)
    v = v - (v - v.log() - c) / (1 - 1 / v).clamp(
        min=1e-9
    )  # once more, so that the gradient is known
    return -t - v


F_DIVERGENCES: dict[str, FDivergence] = {
    row.name: row
    for row in (
        FDivergence(
            "kl",
            f=lambda u: u * u.log(),
            derivative=lambda u: u.log() + 1,
            conjugate_inside=lambda t: (t - 1).exp(),
            at_zero=0.0,
            domain=math.inf,
        ),
        FDivergence(
            "reverse_kl",
            f=lambda u: -u.log(),
            derivative=lambda u: -1 / u,
            conjugate_inside=lambda t: -1 - (-t).log(),
            at_zero=math.inf,
            domain=0.0,
        ),
        FDivergence(
            "js",
            f=lambda u: (u * u.log() - (1 + u) * _log_of_mean(u)) / 2,
            derivative=lambda u: (u.log() - _log_of_mean(u)) / 2,
            conjugate_inside=lambda t: -torch.log1p(-torch.expm1(2 * t)) / 2,
            at_zero=LOG2 / 2,
            domain=LOG2 / 2,
        ),
        FDivergence(
            "total_variation",
            f=lambda u: (u - 1).abs() / 2,
            derivative=lambda u: (u - 1).sign() / 2,
            conjugate_inside=lambda t: t.clamp(min=-0.5),
            at_zero=0.5,
            domain=0.5,
        ),
        FDivergence(
            "non_saturating",
            f=lambda u: (1 + u) * (_log_of_mean(u) - u.log()),
            derivative=lambda u: _log_of_mean(u) - u.log() - 1 / u,
            conjugate_inside=_conjugate_of_non_saturating,
            at_zero=math.inf,
            domain=-LOG2,
        ),
    )
}


def _row(name: str) -> FDivergence:
    if name not in F_DIVERGENCES:
        raise ValueError(f"unknown f-divergence {name!r}; expected one of {sorted(F_DIVERGENCES)}")
    return F_DIVERGENCES[name]


def _ratio(p: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
    """Return where both are positive, and p / q there (1 elsewhere), kept off 0 and inf by
    clamping.
    """
    both = (p > 0) & (q > 0)
    limits = torch.finfo(p.dtype)
    ratio = torch.where(both, p, 1.0) / torch.where(both, q, 1.0)
    return both, ratio.clamp(limits.tiny, limits.max)


def f_divergence(name: str, p: ArrayLike, q: ArrayLike) -> ArrayLike:
    r"""Return D_f(p || q) of probability vectors, f chosen by name from :data:`F_DIVERGENCES`.

    :math:`\sum_{q_k > 0} q_k f(p_k / q_k) + f'(\infty) \sum_{q_k = 0} p_k`, in nats; with 0 f(0 /
    0) = 0. "non_saturating" is :math:`2 KL(m \| p)`. Shapes: p, q (..., K) -> (...). May be inf;
    gradients stay finite. Raises ValueError for an unknown name, inputs that are not distributions,
    shapes that differ. Source: Csiszar (1967); Nowozin et al. (2016), equation 2; chapter 5."""
    row = _row(name)
    p, q, back = _pair(p, q)
    both, ratio = _ratio(p, q)
    inside = torch.where(both, torch.where(both, q, 0.0) * row.f(ratio), 0.0).sum(-1)
    lost = torch.where(p == 0, q, 0.0).sum(-1)
    alone = torch.where(q == 0, p, 0.0).sum(-1)
    for mass, price in ((lost, row.at_zero), (alone, row.domain)):
        inside = inside + torch.where(
            mass > 0, mass * price if math.isfinite(price) else math.inf, 0.0
        )
    return back(inside)


def witness(name: str, p: ArrayLike, q: ArrayLike) -> ArrayLike:
    r"""Return the function values at which the variational bound is tight, :math:`T^*_k = f'(p_k /
    q_k)`.

    Where p is zero that is the limit of f' at 0 (held at the smallest float), where q is zero its
    supremum. Shapes: p, q (..., K) -> (..., K). Raises ValueError as :func:`f_divergence` does.
    Source: Nguyen, Wainwright & Jordan (2010), lemma 1; Nowozin et al. (2016), equation 5; chapter
    5."""
    row = _row(name)
    p, q, back = _pair(p, q)
    _, ratio = _ratio(p, q)
    limits = torch.finfo(p.dtype)
    ratio = torch.where((p == 0) & (q > 0), limits.tiny, ratio)
    largest = min(row.domain, limits.max)
    return back(torch.where((q == 0) & (p > 0), largest, row.derivative(ratio).clamp(max=largest)))


def variational_bound(name: str, values: ArrayLike, p: ArrayLike, q: ArrayLike) -> ArrayLike:
    r"""Return :math:`E_p[T] - E_q[f^*(T)]`, at most D_f(p || q) whatever the critic's values T.

    -inf where a value leaves the domain of f* on the support of either law. Shapes: values, p, q (..., K)
    -> (...). Raises ValueError as :func:`f_divergence` does, and for values of another shape or NaN.
    Source: Nguyen, Wainwright & Jordan (2010), lemma 1; Nowozin et al. (2016), equation 4; chapter 5.
    """
    row = _row(name)
    as_numpy = not any(isinstance(t, Tensor) for t in (values, p, q))
    p, q = as_distribution(p, "p"), as_distribution(q, "q")
    t = torch.as_tensor(values).to(torch.promote_types(p.dtype, q.dtype))
    if not t.shape == p.shape == q.shape or bool(torch.isnan(t).any()):
        raise ValueError(
            f"values, p and q have shapes {tuple(t.shape)}, {tuple(p.shape)}, {tuple(q.shape)}; expected "
            "three equal shapes (..., K), and no value NaN"
        )
    conjugate = row.conjugate(t)
    real = torch.where(p > 0, p * torch.where(p > 0, t, 0.0), 0.0)
    generated = torch.where(q > 0, q * torch.where(q > 0, conjugate, 0.0), 0.0)
    outside = ((t > row.domain) & (p + q > 0)).any(-1)
    bound = torch.where(outside, -math.inf, (real - generated).sum(-1))
    return bound.numpy()[()] if as_numpy else bound
