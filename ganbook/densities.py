"""Two densities on the line: their optimal discriminator, the value of their game, and quadrature.

Densities are ``torch.distributions``. Logarithms are kept as long as possible, integrals run in
float64 on an even grid, and a grid that misses mass is refused rather than believed."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.distributions import Distribution
from torch.nn.functional import logsigmoid

MASS_TOLERANCE = 1e-8


def _log_density(p: Distribution, x: Tensor) -> Tensor:
    """Evaluate p.log_prob(x), and -inf outside p's support where torch would raise."""
    try:
        inside = p.support.check(x)
    except (AttributeError, NotImplementedError):
        return p.log_prob(x)
    if bool(inside.all()):
        return p.log_prob(x)
    if not bool(inside.any()):
        return torch.full(inside.shape, -math.inf, dtype=x.dtype)
    mask = inside.reshape(inside.shape + (1,) * (x.ndim - inside.ndim))
    return torch.where(inside, p.log_prob(torch.where(mask, x, x[inside][0])), -math.inf)


def _wide_log_density(p: Distribution, x: Tensor) -> Tensor:
    """Evaluate the log density at x in float64; at x as given where the law refuses float64."""
    try:
        return _log_density(p, x.double())
    except RuntimeError:  # a matrix law in float32 does not mix with float64 points
        return _log_density(p, x).double()


def log_ratio(p: Distribution, q: Distribution) -> Callable[[Tensor], Tensor]:
    """Return x -> log p(x) - log q(x), the optimal discriminator's score; 0 where both densities
    vanish.

    Shapes: x (N,) or (N, d) -> (N,). Nothing underflows: densities are never formed, and their
    logarithms are subtracted in float64 where the law takes it. Error: a rounding (1e-16) of the
    larger logarithm. Raises ValueError for points that are NaN.
    Source: Goodfellow et al. (2014), proposition 1; chapters 4 and 5.
    """

    def score(x: Tensor) -> Tensor:
        if bool(x.isnan().any()):
            raise ValueError("x holds NaN: expected points; look where they arise")
        with torch.no_grad():  # the laws and x decide the dtype of the result
            dtype = torch.promote_types(_log_density(p, x).dtype, _log_density(q, x).dtype)
        log_p, log_q = _wide_log_density(p, x), _wide_log_density(q, x)
        neither = torch.isneginf(log_p) & torch.isneginf(log_q)
        return torch.where(
            neither, 0.0, torch.where(neither, 0.0, log_p) - torch.where(neither, 0.0, log_q)
        ).to(dtype)

    return score


def optimal_discriminator(p: Distribution, q: Distribution) -> Callable[[Tensor], Tensor]:
    r"""Return x -> p(x) / (p(x) + q(x)), the discriminator that no other can beat.

    Computed as the sigmoid of log p(x) - log q(x), so that it does not underflow far from both;
    1/2, by convention, where both densities vanish. Shapes: x (N,) or (N, d) -> (N,), in [0, 1].
    Source: Goodfellow et al. (2014), proposition 1; chapter 4."""
    score = log_ratio(p, q)
    return lambda x: torch.sigmoid(score(x))


def even_grid(x: Tensor) -> tuple[Tensor, float]:
    """Check that x is an even, increasing 1-D grid; return it rebuilt in float64, and its step.

    Shapes: x (N,), N at least 3. Raises ValueError where x is not such a grid.
    """
    x = torch.as_tensor(x).detach()
    if x.ndim != 1 or len(x) < 3 or not x.is_floating_point() or not bool(torch.isfinite(x).all()):
        raise ValueError(
            f"x has shape {tuple(x.shape)} and dtype {x.dtype}; expected a finite float grid "
            "(N,) with N at least 3: use torch.linspace(a, b, n, dtype=torch.float64)"
        )
    rounding = 8 * torch.finfo(x.dtype).eps * float(x.abs().max())
    grid = torch.linspace(float(x[0]), float(x[-1]), len(x), dtype=torch.float64)
    step = float(grid[-1] - grid[0]) / (len(x) - 1)
    if step <= 0 or float((x.double() - grid).abs().max()) > rounding:
        raise ValueError(
            "x is not an even, increasing grid; expected equal steps: use torch.linspace"
        )
    return grid, step


def _densities_on(
    p: Distribution, q: Distribution, x: Tensor
) -> tuple[Tensor, Tensor, Tensor, float]:
    """Return both log densities on the checked grid, grid and step; refuse a grid that misses mass."""
    grid, step = even_grid(x)
    logs = []
    for name, law in (("p", p), ("q", q)):
        log_density = _log_density(law, grid).double()
        if log_density.shape != grid.shape:
            raise ValueError(
                f"{name}.log_prob(x) has shape {tuple(log_density.shape)}; expected "
                f"{tuple(grid.shape)}: quadrature takes one law on the line, batch_shape ()"
            )
        mass = float(torch.trapezoid(log_density.detach().exp(), dx=step))
        if not abs(mass - 1) <= MASS_TOLERANCE:
            raise ValueError(
                f"{name} has mass {mass:.9f} on this grid; expected 1 to {MASS_TOLERANCE:.0e}: "
                "widen it, or refine it where the density is narrow or jumps"
            )
        logs.append(log_density)
    return logs[0], logs[1], grid, step


def _weighted(log_density: Tensor, value: Tensor) -> Tensor:
    """Return density times value: 0 where the density is exactly 0, infinite where the value is
    and the density is not, even where its exponential underflows.
    """
    somewhere = log_density > -math.inf
    endless = somewhere & torch.isinf(value)
    finite = torch.where(somewhere & ~endless, value, 0.0)
    return torch.where(endless, value, log_density.exp() * finite)


def _integrate(integrand: Tensor, step: float) -> Tensor:
    """Trapezoidal rule that leaves an infinite integrand infinite: the rule halves the ends by a
    subtraction, and inf - inf is NaN.
    """
    endless = torch.isinf(integrand.detach())
    if bool(endless.any()):
        return integrand.detach()[endless].sum()
    return torch.trapezoid(integrand, dx=step)


def _kl_integrand(log_p: Tensor, log_q: Tensor) -> Tensor:
    return _weighted(log_p, log_p - log_q)


def _js_integrand(log_p: Tensor, log_q: Tensor) -> Tensor:
    log_m = torch.logaddexp(log_p, log_q) - math.log(2)
    return (_kl_integrand(log_p, log_m) + _kl_integrand(log_q, log_m)) / 2


def _non_saturating_integrand(log_p: Tensor, log_q: Tensor) -> Tensor:
    return 2 * _kl_integrand(torch.logaddexp(log_p, log_q) - math.log(2), log_p)


INTEGRANDS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "kl": _kl_integrand,
    "reverse_kl": lambda log_p, log_q: _kl_integrand(log_q, log_p),
    "js": _js_integrand,
    "non_saturating": _non_saturating_integrand,
}


def _integrate_absolute(y: Tensor, step: float) -> Tensor:
    """Integrate |y| on an even grid; the kink at each change of sign gets its Euler-Maclaurin term."""
    left, right = y[:-1], y[1:]
    between = left * right < 0
    rise = torch.where(between, right - left, 1.0)
    theta = -left / rise
    kinks = torch.where(between, rise.abs() * (theta**2 - theta + 1 / 6), 0.0).sum()
    on_node = (y[1:-1] == 0) & (y[:-2] * y[2:] < 0)
    kinks = kinks + torch.where(on_node, (y[2:] - y[:-2]).abs() / 12, 0.0).sum()
    return torch.trapezoid(y.abs(), dx=step) + step * kinks


def quadrature(name: str, p: Distribution, q: Distribution, x: Tensor) -> Tensor:
    r"""Integrate a divergence between two densities on the line by the trapezoidal rule, in
    float64.

    Names: "kl" is KL(p || q), "reverse_kl" KL(q || p), "js", "total_variation", and
    "non_saturating" :math:`2 KL(m \| p)` with :math:`m = (p + q)/2`. For smooth densities that
    vanish at both ends the rule converges faster than any power of the step. Shapes: x (N,), an
    even grid -> scalar, in nats; gradients reach the parameters of p and q. Raises ValueError for
    an unknown name, an uneven grid, or a grid that misses more than 1e-8 of either mass or cuts the
    integrand off where it still matters. Source: Trefethen & Weideman (2014), section 5 (the rule);
    chapter 5."""
    if name != "total_variation" and name not in INTEGRANDS:
        known = sorted([*INTEGRANDS, "total_variation"])
        raise ValueError(f"unknown divergence {name!r}; expected one of {known}")
    log_p, log_q, grid, step = _densities_on(p, q, x)
    if name == "total_variation":
        return _integrate_absolute(log_p.exp() - log_q.exp(), step) / 2
    integrand = INTEGRANDS[name](log_p, log_q)
    value = _integrate(integrand, step)
    ends = float(integrand.detach()[[0, -1]].abs().max())
    if (
        math.isfinite(float(value.detach()))
        and ends * float(grid[-1] - grid[0]) > 100 * MASS_TOLERANCE
    ):
        raise ValueError(
            f"the integrand of {name!r} is still {ends:.1e} at an end of the grid; expected it "
            "to have died away: widen the grid until its tails are in"
        )
    return value


def game_value(
    score: Callable[[Tensor], Tensor], p: Distribution, q: Distribution, x: Tensor
) -> Tensor:
    r"""Return the value of the game for a discriminator given by its score function, by quadrature.

    :math:`V = \int p \log \sigma(s) + \int q \log \sigma(-s)`, real samples from p, generated from
    q. ``score`` maps x (N,), as given, to (N,) or (N, 1) logits (not probabilities), high on real.
    Units: nats, at most 0. Raises ValueError for a score of another shape or with NaN, and for
    grids as :func:`quadrature` does. Source: Goodfellow et al. (2014), equation 1; chapters 4 and
    5."""
    log_p, log_q, grid, step = _densities_on(p, q, x)
    s = score(x)
    if s.shape == (len(grid), 1):
        s = s[:, 0]
    if s.shape != grid.shape or bool(torch.isnan(s).any()):
        raise ValueError(
            f"score(x) has shape {tuple(s.shape)} or holds NaN; expected one logit for each "
            f"of the {len(grid)} points of x"
        )
    integrand = _weighted(log_p, logsigmoid(s.double())) + _weighted(log_q, logsigmoid(-s.double()))
    return _integrate(integrand, step)
