"""f-divergences: one convex function each, its conjugate, and the variational bound that a critic
climbs.

D_f(p || q) is the mean over q of f(p / q): real over generated, as everywhere in the book. Chapter
5 uses the first five rows of the table, chapter 10 all of them; :data:`F_DIVERGENCES` takes more by
name."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ganbook.divergences import ArrayLike, _log, _mean, _pair, as_distribution

__all__ = ["F_DIVERGENCES", "FDivergence", "f_divergence", "variational_bound", "witness"]

LOG2 = math.log(2)
LOG2_REST = 2.3190468138462996e-17  # log 2 less its float64


@dataclass(frozen=True)
class FDivergence:
    """One row of the table: a convex f on (0, inf) with f(1) = 0, and what the bound needs of it.

    ``f``, ``derivative`` map u > 0; ``conjugate`` maps t <= ``domain``, the supremum of f', beyond
    which it is inf. ``at_zero`` is the limit of f at 0 and ``domain`` that of f(u) / u at infinity.
    ``terms``, ``slope`` and ``weighted_conjugate`` are q f(p / q), f'(p / q) and q f*(t) for p, q >
    0, written without the ratio or the exponential that can overflow where they do not; a row that
    leaves them out gets them from the other three. All elementwise on tensors. Source: Nowozin,
    Cseke & Tomioka (2016), section 2 and table 1; chapter 5."""

    name: str
    f: Callable[[Tensor], Tensor]
    derivative: Callable[[Tensor], Tensor]
    conjugate_inside: Callable[[Tensor], Tensor]
    at_zero: float
    domain: float
    terms: Callable[[Tensor, Tensor], Tensor] | None = None
    slope: Callable[[Tensor, Tensor], Tensor] | None = None
    weighted_conjugate: Callable[[Tensor, Tensor], Tensor] | None = None

    def conjugate(self, t: Tensor) -> Tensor:
        r"""Return f*(t) = sup over u > 0 of t u - f(u); inf beyond the domain. Any shape,
        elementwise, in the dtype of t (computed in float32 for the half types).

        Raises ValueError where t is NaN, or no floating-point tensor."""
        if not isinstance(t, Tensor) or not t.is_floating_point() or bool(torch.isnan(t).any()):
            raise ValueError(
                f"t is {t.dtype if isinstance(t, Tensor) else type(t).__name__}, or holds NaN; "
                "expected a floating-point tensor without NaN: torch.tensor(t)"
            )
        wide = t.float() if torch.finfo(t.dtype).bits < 32 else t
        inside = wide <= self.domain
        safe = torch.where(inside, wide, self.domain - 1 if math.isfinite(self.domain) else 0.0)
        return torch.where(inside, self.conjugate_inside(safe), math.inf).to(t.dtype)


def _log_of_mean(u: Tensor) -> Tensor:
    return torch.log1p(u) - LOG2


def _log_share(p: Tensor, q: Tensor) -> Tensor:
    """Return log(p / m), m = (p + q) / 2."""
    return _log(p) - _log(_mean(p, q))


def _conjugate_of_js(t: Tensor) -> Tensor:
    """Return -log(2 - exp 2t) / 2; near the domain's end, log 2 / 2, from the distance to it."""
    near = t > 0.1
    far = -torch.log1p(-torch.expm1(2 * torch.where(near, 0.0, t))) / 2
    distance = (LOG2 - 2 * torch.where(near, t, 0.0)).clamp(min=0)
    return torch.where(near, -(LOG2 + (-torch.expm1(-distance)).log()) / 2, far)


def _conjugate_of_non_saturating(t: Tensor) -> Tensor:
    """Return log 2 - 1 - log v with v the root above 1 of v - log v = 1 - t - log 2: v is minus
    Lambert's W, branch -1, at -2 exp(t - 1). By Newton's rule for the excess w = v - 1 over 1,
    which solves w - log(1 + w) = e = -t - log 2.
    """
    # near the domain's end t + log 2 is small: log 2 goes in as two floats of t's dtype
    head = float(torch.tensor(LOG2, dtype=t.dtype))
    e = ((-t - head) - ((LOG2 - head) + LOG2_REST)).clamp(min=0)
    limits = torch.finfo(t.dtype)
    with torch.no_grad():
        bounded = e.clamp(max=limits.max / 4)
        w = math.sqrt(2) * bounded.sqrt() + bounded
        for _ in range(8):
            w = (w - (w - torch.log1p(w) - bounded) * (1 + w) / w.clamp(min=limits.tiny)).clamp(
                min=limits.tiny
            )
        # at the domain's end w is 0 and the slope inf: held at the smallest step a float can show
        w = w.clamp(min=limits.eps)
        inverse_slope = 1 / w + 1
    w = w + (e - e.detach()) * inverse_slope  # no new value, but the gradient of the root
    return LOG2 - 1 - torch.log1p(w)


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
            terms=lambda p, q: p * (_log(p) - _log(q)),
            slope=lambda p, q: _log(p) - _log(q) + 1,
            weighted_conjugate=lambda q, t: (t - 1 + _log(q)).exp(),
        ),
        FDivergence(
            "reverse_kl",
            f=lambda u: -u.log(),
            derivative=lambda u: -1 / u,
            conjugate_inside=lambda t: -1 - (-t).log(),
            at_zero=math.inf,
            domain=0.0,
            terms=lambda p, q: q * (_log(q) - _log(p)),
            slope=lambda p, q: -q / p,
        ),
        FDivergence(
            "js",
            f=lambda u: (u * (u.log() - _log_of_mean(u)) - _log_of_mean(u)) / 2,
            derivative=lambda u: (u.log() - _log_of_mean(u)) / 2,
            conjugate_inside=_conjugate_of_js,
            at_zero=LOG2 / 2,
            domain=LOG2 / 2,
            terms=lambda p, q: (p * _log_share(p, q) + q * _log_share(q, p)) / 2,
            slope=lambda p, q: _log_share(p, q) / 2,
        ),
        FDivergence(
            "total_variation",
            f=lambda u: (u - 1).abs() / 2,
            derivative=lambda u: (u - 1).sign() / 2,
            conjugate_inside=lambda t: t.clamp(min=-0.5),
            at_zero=0.5,
            domain=0.5,
            terms=lambda p, q: (p - q).abs() / 2,
            slope=lambda p, q: (p - q).sign() / 2,
        ),
        FDivergence(
            "non_saturating",
            f=lambda u: (1 + u) * (_log_of_mean(u) - u.log()),
            derivative=lambda u: _log_of_mean(u) - u.log() - 1 / u,
            conjugate_inside=_conjugate_of_non_saturating,
            at_zero=math.inf,
            domain=-LOG2,
            terms=lambda p, q: -(p + q) * _log_share(p, q),
            slope=lambda p, q: -_log_share(p, q) - q / p,
        ),
        FDivergence(
            "pearson",
            f=lambda u: (u - 1).square(),
            derivative=lambda u: 2 * (u - 1),
            conjugate_inside=lambda t: torch.where(t < -2, -1.0, t + t * (t / 4)),
            at_zero=1.0,
            domain=math.inf,
            terms=lambda p, q: (p - q) * ((p - q) / q),
            slope=lambda p, q: 2 * ((p - q) / q),
            weighted_conjugate=lambda q, t: torch.where(t < -2, -q, q * t + (q * t) * (t / 4)),
        ),
        FDivergence(
            "squared_hellinger",
            f=lambda u: (u.sqrt() - 1).square(),
            derivative=lambda u: 1 - u.rsqrt(),
            conjugate_inside=lambda t: t / (1 - t),
            at_zero=1.0,
            domain=1.0,
            terms=lambda p, q: (p.sqrt() - q.sqrt()).square(),
            slope=lambda p, q: 1 - (q / p).sqrt(),
            # a witness can round to 1, where the conjugate is inf; the true term is then a rounding
            weighted_conjugate=lambda q, t: q * t / (1 - t).clamp(min=torch.finfo(t.dtype).eps / 2),
        ),
    )
}


def _row(name: str) -> FDivergence:
    if name not in F_DIVERGENCES:
        raise ValueError(f"unknown f-divergence {name!r}; expected one of {sorted(F_DIVERGENCES)}")
    return F_DIVERGENCES[name]


def _where_both(p: Tensor, q: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return where both are positive, and p and q there (1 elsewhere)."""
    both = (p > 0) & (q > 0)
    return both, torch.where(both, p, 1.0), torch.where(both, q, 1.0)


def _ratio(p: Tensor, q: Tensor) -> Tensor:
    limits = torch.finfo(p.dtype)
    return (p / q).clamp(limits.tiny, limits.max)


def _sure(name: str, value: Tensor) -> Tensor:
    """Refuse NaN: a row added to the table without ``terms`` can overflow at a tiny mass."""
    if bool(torch.isnan(value).any()):
        raise ValueError(
            f"{name!r} overflows at a ratio of these masses; expected f to stay finite: give its "
            "row terms, slope and weighted_conjugate, which take p and q"
        )
    return value


def f_divergence(name: str, p: ArrayLike, q: ArrayLike) -> ArrayLike:
    r"""Return D_f(p || q) of probability vectors, f chosen by name from :data:`F_DIVERGENCES`.

    :math:`\sum_{q_k > 0} q_k f(p_k / q_k) + f'(\infty) \sum_{q_k = 0} p_k`, in nats; with 0 f(0 /
    0) = 0. "non_saturating" is :math:`2 KL(m \| p)`. Shapes: p, q (..., K) -> (...). Error: a few
    roundings of the sum of the terms' sizes, in the inputs' dtype, at every mass that it holds. May
    be inf; gradients stay finite. Raises ValueError for an unknown name, inputs that are not
    distributions, shapes that differ. Source: Csiszar (1967); Nowozin et al. (2016), equation 2;
    chapter 5."""
    row = _row(name)
    p, q, back = _pair(p, q)
    both, inner_p, inner_q = _where_both(p, q)
    terms_of = row.terms or (lambda p, q: q * row.f(_ratio(p, q)))
    terms = terms_of(inner_p, inner_q)
    inside = torch.where(both, terms, 0.0).sum(-1)
    lost = torch.where(p == 0, q, 0.0).sum(-1)
    alone = torch.where(q == 0, p, 0.0).sum(-1)
    for mass, price in ((lost, row.at_zero), (alone, row.domain)):
        inside = inside + torch.where(
            mass > 0, mass * price if math.isfinite(price) else math.inf, 0.0
        )
    return back(_sure(name, inside))


def witness(name: str, p: ArrayLike, q: ArrayLike) -> ArrayLike:
    r"""Return the function values at which the variational bound is tight, :math:`T^*_k = f'(p_k /
    q_k)`.

    Where p is zero that is the limit of f' at 0 (held at the smallest normal float), where q is
    zero its supremum; values beyond the largest float are held there. Shapes: p, q (..., K) ->
    (..., K). Raises ValueError as :func:`f_divergence` does. Source: Nguyen, Wainwright & Jordan
    (2010), lemma 1; Nowozin et al. (2016), equation 5; chapter 5."""
    row = _row(name)
    p, q, back = _pair(p, q)
    _, inner_p, inner_q = _where_both(p, q)
    limits = torch.finfo(p.dtype)
    slope_of = row.slope or (lambda p, q: row.derivative(_ratio(p, q)))
    slope = slope_of(inner_p, inner_q)
    slope = torch.where((p == 0) & (q > 0), row.derivative(torch.full_like(p, limits.tiny)), slope)
    largest = min(row.domain, limits.max)
    slope = torch.where((q == 0) & (p > 0), largest, slope.clamp(-limits.max, largest))
    return back(_sure(name, slope))


def variational_bound(name: str, values: ArrayLike, p: ArrayLike, q: ArrayLike) -> ArrayLike:
    r"""Return :math:`E_p[T] - E_q[f^*(T)]`, at most D_f(p || q) whatever the critic's values T.

    -inf where a value leaves the domain of f* on the support of either law, or is -inf where p has
    mass. Shapes: values, p, q (..., K) -> (...). Raises ValueError as :func:`f_divergence` does,
    and for values of another shape or NaN. Source: Nguyen, Wainwright & Jordan (2010), lemma 1;
    Nowozin et al. (2016), equation 4; chapter 5."""
    row = _row(name)
    as_numpy = not any(isinstance(t, Tensor) for t in (values, p, q))
    p, q = as_distribution(p, "p"), as_distribution(q, "q")
    p, q = (law.to(torch.promote_types(p.dtype, q.dtype)) for law in (p, q))
    t = torch.as_tensor(values).to(p.dtype)
    if not t.shape == p.shape == q.shape or bool(torch.isnan(t).any()):
        raise ValueError(
            f"values, p and q have shapes {tuple(t.shape)}, {tuple(p.shape)}, {tuple(q.shape)}; expected "
            "three equal shapes (..., K), and no value NaN"
        )
    real = torch.where(p > 0, p * torch.where(p > 0, t, 0.0), 0.0).sum(-1)
    outside = ((t > row.domain) & (p + q > 0)).any(-1) | torch.isneginf(real)
    start = min(row.domain, 1.0) - 1.0  # a point of every domain, for what is not looked at
    safe = torch.where((q > 0) & (t <= row.domain), t, start)
    mass = torch.where(q > 0, q, 1.0)
    conjugate_of = row.weighted_conjugate or (lambda q, t: q * row.conjugate(t))
    conjugate = conjugate_of(mass, safe)
    generated = torch.where(q > 0, conjugate, 0.0).sum(-1)
    generated = torch.where(outside, 0.0, generated)
    bound = torch.where(outside, -math.inf, torch.where(outside, 0.0, real) - generated)
    bound = _sure(name, bound)
    return bound.numpy()[()] if as_numpy else bound
