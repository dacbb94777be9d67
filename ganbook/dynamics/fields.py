"""Vector fields of the smallest games: where the players' gradients point.

The generator makes the point ``theta``, the data are the point 0, and the score of ``x`` is ``psi *
x``, high on real. Both players descend their own loss, so the field is ``(-dL_G/dtheta,
-dL_D/dpsi)``. Derivatives of the losses are written out, which keeps a path of thousands of steps
cheap; tests hold them against autograd through ``ganbook.losses``."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy.special import expit
from torch import Tensor

__all__ = ["FIELDS", "PENALTIES", "Field", "bilinear", "consensus", "dirac_gan"]

PENALTIES = ("r1", "r2", "r1_r2", "gradient_penalty")
# Gauss-Hermite nodes: exact to 1e-13 up to noise * |psi| = 1, to 1e-7 at 2; hinge's kinks: 1e-2
NODES = 64


@dataclass(frozen=True)
class Field:
    """A vector field of the plane: ``field(theta, psi)`` is ``(theta', psi')``.

    Numbers, numpy arrays of one shape and tensors are accepted, and give back their kind. ``name``
    says the game and its terms."""

    name: str
    velocity: Callable[[Any, Any], tuple[Any, Any]]

    def __call__(self, theta: Any, psi: Any) -> tuple[Any, Any]:
        """Return the velocity at a point, or at each point of two arrays of one shape."""
        return self.velocity(theta, psi)


def sigmoid(d: Any) -> Any:
    """Return 1 / (1 + exp(-d)) of a tensor or an array."""
    return torch.sigmoid(d) if isinstance(d, Tensor) else expit(d)


def indicator(condition: Any, like: Any) -> Any:
    """Return 1 where a condition holds and 0 elsewhere, in the dtype of ``like``."""
    return condition.to(like.dtype) if isinstance(like, Tensor) else condition * 1.0


def one(d: Any) -> Any:
    """Return 1 in the shape of d, so that autograd sees a function of it."""
    return d * 0 + 1.0


@dataclass(frozen=True)
class Slopes:
    """Derivatives in the score of D's loss on a real and on a generated sample, and of G's loss."""

    real: Callable[[Any], Any]
    fake: Callable[[Any], Any]
    generator: Callable[[Any], Any]


SLOPES = {
    "minimax": Slopes(lambda d: -sigmoid(-d), sigmoid, lambda d: -sigmoid(d)),
    "non_saturating": Slopes(lambda d: -sigmoid(-d), sigmoid, lambda d: -sigmoid(-d)),
    # codes -1 for generated, 1 for real, 1 for what G wants: with 0 and 1 the score 0 of the real
    # point could never reach its code, and every theta would be at rest beside psi = 0
    "least_squares": Slopes(lambda d: d - 1, lambda d: d + 1, lambda d: d - 1),
    "wasserstein": Slopes(lambda d: -one(d), one, lambda d: -one(d)),
    "hinge": Slopes(
        lambda d: -indicator(d < 1, d), lambda d: indicator(d > -1, d), lambda d: -one(d)
    ),
}
FIELDS = (*SLOPES, "relativistic")


def dirac_gan(
    loss_name: str, penalty: str | None = None, *, weight: float = 1.0, noise: float = 0.0
) -> Field:
    r"""Return the field of the Dirac-GAN under a loss, a penalty and instance noise.

    ``(theta, psi) -> (-dL_G/dtheta, -dL_D/dpsi)`` for the data 0, the generated point ``theta`` and
    the score ``psi * x``; least squares has the codes -1, 1, 1. ``penalty`` adds to ``L_D``, with
    the ``weight`` g: ``"r1"`` and ``"r2"`` :math:`g \psi^2 / 2` each, ``"r1_r2"`` their sum,
    ``"gradient_penalty"`` :math:`g (|\psi| - 1)^2`. ``noise`` is the standard deviation of
    independent Gaussian noise on real and generated samples, by quadrature with 64 nodes: exact to
    1e-13 for noise * abs(psi) up to 1, to 1e-7 at 2; for hinge, whose loss has kinks, to about 1e-2.

    Raises ``ValueError`` for an unknown name and for a weight or noise that is negative or not
    finite.

    Source: Mescheder, Geiger and Nowozin (2018), section 2 and appendix; noise: section 3.3.
    """
    if loss_name not in FIELDS:
        raise ValueError(f"unknown loss {loss_name!r}: expected one of {', '.join(sorted(FIELDS))}")
    damping = _damping(penalty, weight)
    sigma = _not_negative(noise, "noise")
    relative = loss_name == "relativistic"
    force = _relativistic(sigma) if relative else _separate(SLOPES[loss_name], sigma)

    def velocity(theta: Any, psi: Any) -> tuple[Any, Any]:
        d_theta, d_psi = force(theta, psi)
        return d_theta, d_psi - damping(psi)

    terms = [f"{penalty} {weight:g}"] * bool(penalty) + [f"noise {sigma:g}"] * bool(sigma)
    return Field(" + ".join([f"dirac_gan {loss_name}", *terms]), velocity)


def bilinear(coupling: float = 1.0, penalty: str | None = None, *, weight: float = 1.0) -> Field:
    r"""Return the field of the bilinear game, ``(k psi, -k theta)``.

    :math:`L_D = k \theta \psi = -L_G`, with a penalty of ``dirac_gan`` added to ``L_D``; ``k`` is
    ``coupling``. With ``k = 1`` it is the Dirac-GAN of the Wasserstein loss.

    Raises ``ValueError`` for an unknown penalty, a coupling that is not finite, a negative weight.

    Source: Gidel et al. (2019), section 2.
    """
    if not math.isfinite(coupling):
        raise ValueError(f"the coupling {coupling!r} is not finite: give a real number")
    damping = _damping(penalty, weight)
    return Field(
        f"bilinear {coupling:g}" + (f" + {penalty} {weight:g}" if penalty else ""),
        lambda theta, psi: (coupling * psi, -coupling * theta - damping(psi)),
    )


def consensus(field: Field, weight: float) -> Field:
    r"""Return a field with the consensus term, which pulls down the squared length of the field.

    :math:`v - \lambda \nabla \tfrac12 \lVert v \rVert^2 = v - \lambda J^\top v` with the Jacobian J
    of ``field``, by autograd. Raises ``ValueError`` for a weight that is negative or not finite.

    Source: Mescheder, Nowozin and Geiger (2017), section 4, algorithm 2.
    """
    _not_negative(weight, "weight")

    def velocity(theta: Any, psi: Any) -> tuple[Any, Any]:
        if not isinstance(theta, Tensor):
            inside = (torch.as_tensor(np.asarray(x, dtype=np.float64)) for x in (theta, psi))
            return tuple(x.numpy()[()] for x in velocity(*inside))
        v, pull = torch.func.vjp(field, theta, psi)
        gradient = pull(v)
        return tuple(a - weight * b for a, b in zip(v, gradient, strict=True))

    return Field(f"{field.name} + consensus {weight:g}", velocity)


def _separate(slopes: Slopes, sigma: float) -> Callable[[Any, Any], tuple[Any, Any]]:
    """The force of a loss that scores real and generated samples apart."""
    if sigma == 0:  # the real sample is 0, where D's loss does not depend on psi

        def plain(theta: Any, psi: Any) -> tuple[Any, Any]:
            d_fake = psi * theta
            return -slopes.generator(d_fake) * psi, -slopes.fake(d_fake) * theta

        return plain
    nodes, shares = _normal_quadrature()

    def noisy(theta: Any, psi: Any) -> tuple[Any, Any]:
        d_theta, d_psi = 0.0 * theta, 0.0 * psi
        for node, share in zip(nodes, shares, strict=True):
            x_real, x_fake = sigma * node, theta + sigma * node
            d_theta = d_theta - share * slopes.generator(psi * x_fake) * psi
            d_psi = d_psi - share * slopes.real(psi * x_real) * x_real
            d_psi = d_psi - share * slopes.fake(psi * x_fake) * x_fake
        return d_theta, d_psi

    return noisy


def _relativistic(sigma: float) -> Callable[[Any, Any], tuple[Any, Any]]:
    """The force of ``L_D = E softplus(d_fake - d_real)``, ``L_G = E softplus(d_real - d_fake)``.

    Noise on both samples enters as their difference, whose standard deviation is sqrt(2) sigma.
    """
    nodes, shares = _normal_quadrature() if sigma else ([0.0], [1.0])

    def force(theta: Any, psi: Any) -> tuple[Any, Any]:
        d_theta, d_psi = 0.0 * theta, 0.0 * psi
        for node, share in zip(nodes, shares, strict=True):
            ahead = theta + math.sqrt(2) * sigma * node  # generated minus real
            d_theta = d_theta + share * sigmoid(-psi * ahead) * psi
            d_psi = d_psi - share * sigmoid(psi * ahead) * ahead
        return d_theta, d_psi

    return force


def _normal_quadrature() -> tuple[list[float], list[float]]:
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    return nodes.tolist(), (weights / weights.sum()).tolist()


def _damping(penalty: str | None, weight: float) -> Callable[[Any], Any]:
    """The derivative in psi of what a penalty adds to D's loss."""
    if penalty is None:
        return lambda psi: 0.0 * psi
    if penalty not in PENALTIES:
        raise ValueError(
            f"unknown penalty {penalty!r}: expected None or one of {', '.join(PENALTIES)}; instance"
            " noise is noise=..., the consensus term is consensus(field, weight)"
        )
    g = _not_negative(weight, "weight")
    if penalty == "gradient_penalty":
        return lambda psi: 2 * g * (abs(psi) - 1) * _sign(psi)
    return lambda psi: (2 * g if penalty == "r1_r2" else g) * psi


def _sign(psi: Any) -> Any:
    return torch.sign(psi) if isinstance(psi, Tensor) else np.sign(psi)


def _not_negative(value: float, name: str) -> float:
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{name} is {value!r}: expected a finite number of at least 0")
    return float(value)
