"""Distributions whose density is known and that can be sampled: the ground truth of the book's
experiments.

Densities come from torch.distributions. Sampling is our own, because torch.distributions draws from
the global generator and takes no other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

__all__ = ["Dirac", "Gaussians", "SwissRoll", "gaussians", "grid", "ring"]

SMALLEST_STD = 1e-150


@dataclass(frozen=True, eq=False)
class Gaussians:
    """A mixture of round Gaussians, p(x) = Σ_k w_k N(x; c_k, s_k² I).

    ``centers`` is (K, d), or (K,) on the line, where a point is a plain number; ``std`` is a float
    that all components share, or (K,); ``weights`` is (K,), equal when left out. Parameters are
    kept in float64.

    Raises ValueError for centers of another shape or not finite, a std that is not positive, and
    weights that are negative or do not sum to one. Source: Bishop (2006), section 2.3.9, equation
    2.188."""

    centers: Tensor
    std: float | Tensor = 1.0
    weights: Tensor | None = None

    def __post_init__(self) -> None:
        centers = torch.as_tensor(self.centers, dtype=torch.float64)
        if centers.dim() not in (1, 2) or 0 in centers.shape or not centers.isfinite().all():
            raise ValueError(
                f"centers have shape {tuple(centers.shape)}: expected (K,) on the line or (K, d), all finite"
            )
        k = len(centers)
        std = self.std
        if isinstance(std, Tensor | Sequence):
            std = torch.as_tensor(std, dtype=torch.float64)
            if std.shape != (k,) or not ((std > 0) & std.isfinite()).all():
                raise ValueError(
                    f"std is {self.std}: expected one positive number, or {k} of them, one a center"
                )
        else:
            std = _positive(std, "std")
        if not (torch.as_tensor(std) > SMALLEST_STD).all():
            raise ValueError(
                f"std is {self.std}: expected more than {SMALLEST_STD:g}, whose square float64 "
                "holds; use a smaller unit, or Dirac for a point"
            )
        given = (
            torch.full((k,), 1 / k, dtype=torch.float64) if self.weights is None else self.weights
        )
        weights = torch.as_tensor(given, dtype=torch.float64)
        if (
            weights.shape != (k,)
            or not (weights >= 0).all()
            or abs(float(weights.sum()) - 1) > 1e-6
        ):
            raise ValueError(
                f"weights are {given}: expected {k} numbers, none negative, sum to one; divide by their sum"
            )
        object.__setattr__(self, "centers", centers)
        object.__setattr__(self, "std", std)
        object.__setattr__(self, "weights", weights / weights.sum())

    def log_prob(self, x: Tensor) -> Tensor:
        """Log-density in nats at x: points (..., d), or (...) on the line, give (...).

        Computed in float64 by log-sum-exp, so finite far from every center; returned in the dtype
        of x and differentiable in x. Raises ValueError for another last axis and for integers."""
        x = _checked_points(x, self.centers.shape[1:])
        centers, weights = self.centers.to(x.device), self.weights.to(x.device)
        std = torch.as_tensor(self.std, dtype=torch.float64, device=x.device).expand(len(centers))
        if centers.dim() == 1:
            parts = Normal(centers, std, validate_args=False)
        else:
            parts = Independent(
                Normal(centers, std[:, None].expand_as(centers), validate_args=False), 1
            )
        mixture = MixtureSameFamily(Categorical(logits=weights.log()), parts, validate_args=False)
        return mixture.log_prob(x.to(torch.float64)).to(x.dtype)

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n independent draws, (n, d) or (n,) on the line, on the CPU in the default dtype.

        Draws a component by its weight, then its Gaussian. Raises ValueError for n < 1.
        """
        which = torch.multinomial(
            self.weights, _whole(n, "n", 1), replacement=True, generator=generator
        )
        noise = torch.randn((n, *self.centers.shape[1:]), generator=generator, dtype=torch.float64)
        std = torch.as_tensor(self.std, dtype=torch.float64).expand(len(self.centers))[which]
        points = self.centers[which] + std.reshape(-1, *(1,) * (noise.dim() - 1)) * noise
        return points.to(torch.get_default_dtype())


@dataclass(frozen=True)
class SwissRoll:
    """A spiral in the plane with Gaussian noise: x = r·t/t₁·(cos t, sin t) + σε, t uniform on
    [1.5π, 4.5π].

    ``radius`` r is the outer end's distance from the origin (t₁ = 4.5π), ``std`` is σ. Raises
    ValueError for a radius or std that is not positive, and for a std under radius/100, which the
    density's nodes would not resolve. Source: the two coordinates of scikit-learn's make_swiss_roll
    in the roll's plane."""

    radius: float = 2.0
    std: float = 0.05

    def __post_init__(self) -> None:
        object.__setattr__(self, "radius", _positive(self.radius, "radius"))
        object.__setattr__(self, "std", _positive(self.std, "std"))
        if self.std < self.radius / 100:
            raise ValueError(
                f"std is {self.std}: expected at least radius/100 = {self.radius / 100:g}; widen it"
            )

    def curve(self, t: Tensor) -> Tensor:
        """The spiral without noise: positions t in [0, 1], any shape, give points (..., 2)."""
        angle = math.pi * (1.5 + 3.0 * t)
        direction = torch.stack([angle.cos(), angle.sin()], dim=-1)
        return self.radius * angle[..., None] / (4.5 * math.pi) * direction

    def log_prob(self, x: Tensor) -> Tensor:
        """Log-density in nats at points (..., 2): the integral over t by Gauss-Legendre.

        64 panels of 32 nodes, less than a std apart, so that the density's relative error near the
        roll is below 1e-8. Raises ValueError for a last axis that is not 2."""
        nodes, weights = (torch.from_numpy(part) for part in np.polynomial.legendre.leggauss(32))
        t = (torch.arange(64)[:, None] + (nodes + 1) / 2).flatten() / 64
        return Gaussians(self.curve(t), self.std, (weights / 128).repeat(64)).log_prob(x)

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n independent draws (n, 2) on the CPU in the default dtype. Raises ValueError for n < 1."""
        t = torch.rand(_whole(n, "n", 1), generator=generator, dtype=torch.float64)
        noise = torch.randn((n, 2), generator=generator, dtype=torch.float64)
        return (self.curve(t) + self.std * noise).to(torch.get_default_dtype())


@dataclass(frozen=True, eq=False)
class Dirac:
    """All mass at one point: ``location`` is (d,), or a number on the line.

    It has no density. ``log_prob`` is the log of its *mass*, 0 at the point and −inf elsewhere, and
    must not be integrated. Raises ValueError for a location of another shape or not finite. Source:
    the data distribution of Mescheder, Geiger and Nowozin (2018), definition 2.1."""

    location: Tensor | float = 0.0

    def __post_init__(self) -> None:
        location = torch.as_tensor(self.location, dtype=torch.float64)
        if location.dim() > 1 or not location.isfinite().all() or location.numel() == 0:
            raise ValueError(
                f"location is {self.location}: expected one finite number, or (d,) of them"
            )
        object.__setattr__(self, "location", location)

    def log_prob(self, x: Tensor) -> Tensor:
        """Log of the mass at points (..., d), or (...) on the line: 0 or −inf, shape (...)."""
        hit = _checked_points(x, self.location.shape) == self.location.to(x.device, x.dtype)
        hit = hit.all(dim=-1) if self.location.dim() else hit
        return torch.where(hit, 0.0, -math.inf).to(x.dtype)

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n copies of the point, (n, d) or (n,), in the default dtype; nothing is drawn.

        Raises ValueError for n < 1.
        """
        location = self.location.to(torch.get_default_dtype())
        return location.expand(_whole(n, "n", 1), *location.shape).clone()


def gaussians(
    centers: Tensor | Sequence,
    std: float | Tensor | Sequence = 1.0,
    weights: Tensor | Sequence | None = None,
) -> Gaussians:
    """A mixture of round Gaussians from tensors or plain lists; see ``Gaussians``."""
    return Gaussians(centers, std, weights)


def ring(modes: int = 8, radius: float = 1.0, std: float = 0.01) -> Gaussians:
    """Equal Gaussians around a circle, centers radius·(cos 2πk/modes, sin 2πk/modes), k = 0, 1, ...

    The angle 2π itself is left out, or the last center would repeat the first. Raises ValueError
    for modes < 1 and for a radius or std that is not positive. Source: Metz et al. (2017), the ring
    experiment; the sizes of Lin et al. (2018), table 1."""
    angle = 2 * math.pi / _whole(modes, "modes", 1) * torch.arange(modes, dtype=torch.float64)
    return Gaussians(
        _positive(radius, "radius") * torch.stack([angle.cos(), angle.sin()], dim=1), std
    )


def grid(side: int = 5, half_width: float = 4.0, std: float = 0.05) -> Gaussians:
    """side² equal Gaussians on the square [−half_width, half_width]², both edges included.

    Raises ValueError for side < 2 and for a half_width or std that is not positive.
    Source: Srivastava et al. (2017), the grid experiment; the sizes of Lin et al. (2018), table 1.
    """
    unit = torch.linspace(-1, 1, _whole(side, "side", 2), dtype=torch.float64)
    axis = _positive(half_width, "half_width") * unit
    return Gaussians(torch.cartesian_prod(axis, axis), std)


def _whole(n: int, name: str, least: int) -> int:
    if isinstance(n, bool) or not isinstance(n, int) or n < least:
        raise ValueError(f"{name} is {n!r}: expected a whole number, at least {least}")
    return n


def _positive(value: float, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise ValueError(f"{name} is {value!r}: expected a positive, finite number")
    return float(value)


def _checked_points(x: Tensor, event: tuple[int, ...]) -> Tensor:
    if not isinstance(x, Tensor) or not x.is_floating_point():
        given = x.dtype if isinstance(x, Tensor) else type(x).__name__
        raise ValueError(
            f"x is {given}: expected a floating-point tensor: torch.as_tensor(x).float()"
        )
    if event and x.shape[-1:] != torch.Size(event):
        raise ValueError(
            f"x has shape {tuple(x.shape)}: expected (..., {event[0]}), the coordinates last"
        )
    return x
