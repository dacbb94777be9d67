r"""Exact values of conditional games on two Gaussian classes: what an auxiliary classifier does.

The classes are :math:`N(\mp m, 1)`, equally likely, and the generator is :math:`N(\mp a, 1)` with
one number a to choose."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

__all__ = ["auxiliary_equilibrium", "auxiliary_force", "class_entropy", "class_information"]

Array = NDArray[np.float64]
LOSSES = ("minimax", "non_saturating")
FITTED_ON = ("real", "generated", "both")
STEP, REACH = 0.005, 10.0  # of the grid, and how far it goes beyond the means


def _grid(*means: float) -> Array:
    """Return an even grid on which sums are integrals of smooth functions to rounding."""
    end = max(abs(m) for m in means) + REACH
    return np.linspace(-end, end, 2 * round(end / STEP) + 1)


def _normal(x: Array, mean: float) -> Array:
    return np.exp(-0.5 * (x - mean) ** 2) / math.sqrt(2 * math.pi)


def _check(a: float, mean: float) -> None:
    for name, value in (("a", a), ("mean", mean)):
        if not math.isfinite(value) or value < 0:
            raise ValueError(f"{name} is {value!r}: expected a finite number of at least 0")


def auxiliary_force(
    a: float, weight: float, loss: str = "minimax", fitted_on: str = "generated", mean: float = 1.0
) -> float:
    r"""Return the derivative of G's loss in a, with D and C the best answers to a, held fixed.

    .. math:: \frac{\partial}{\partial a} \mathbb{E}_{x \sim q_a}\big[f_D(x)\big] + \lambda\,
        \mathbb{E}\big[-\log C(y|x)\big] = \int (x - a)\, \varphi(x - a)
        \big(f_D(x) - \lambda \log C(1|x)\big)\, dx

    with :math:`f_D = \log(1 - D^*)` (minimax) or :math:`-\log D^*` (non-saturating), D* the
    posterior of "real" without labels, and C the posterior of the label under the real law, the
    generated one, or the mean of both; by symmetry the class y = 1 stands for both. In nats per unit
    of a; G moves against it. Raises ``ValueError`` for a negative number and an unknown name.

    Source: Odena, Olah and Shlens (2017), section 3, is the game; that its optimum is not the data:
    Shu, Bui and Ermon (2017), and Gong et al. (2019).
    """
    _check(a, mean)
    if not weight >= 0:
        raise ValueError(f"weight is {weight!r}: expected a number of at least 0")
    if loss not in LOSSES or fitted_on not in FITTED_ON:
        raise ValueError(
            f"loss is {loss!r} and fitted_on {fitted_on!r}: expected one of {LOSSES} and one of "
            f"{FITTED_ON}"
        )
    x = _grid(a, mean)
    # log p and log q up to what both have: log cosh, computed without overflow
    log_p = np.logaddexp(mean * x, -mean * x) - 0.5 * mean**2
    log_q = np.logaddexp(a * x, -a * x) - 0.5 * a**2
    paid = log_q if loss == "minimax" else -log_p
    f_d = paid + (-np.logaddexp(log_p, log_q) if loss == "minimax" else np.logaddexp(log_p, log_q))
    logit = {
        "real": 2 * mean * x,
        "generated": 2 * a * x,
        "both": np.logaddexp(mean * x - 0.5 * mean**2, a * x - 0.5 * a**2)
        - np.logaddexp(-mean * x - 0.5 * mean**2, -a * x - 0.5 * a**2),
    }[fitted_on]
    f_c = np.logaddexp(0, -logit)
    return float(np.sum((x - a) * _normal(x, a) * (f_d + weight * f_c)) * (x[1] - x[0]))


def auxiliary_equilibrium(
    weight: float, loss: str = "minimax", fitted_on: str = "generated", mean: float = 1.0
) -> float:
    r"""Return the a at which `auxiliary_force` vanishes: where G stays when D and C are optimal.

    a = m for weight 0, and larger for every positive weight. Found to 1e-10 between m and the first
    of 2m, 4m, ... at which the force is positive. Raises ``ValueError`` as `auxiliary_force` does,
    and for a mean of 0, whose classes are one.

    Source: as `auxiliary_force`.
    """
    if not mean > 0:
        raise ValueError(f"mean is {mean!r}: expected a positive number")

    def force(a: float) -> float:
        return auxiliary_force(a, weight, loss, fitted_on, mean)

    if force(mean) > -1e-13:
        return float(mean)
    end = 2 * mean
    while force(end) < 0:
        end *= 2
    return float(brentq(force, mean, end, xtol=1e-12))


def class_entropy(a: float) -> float:
    r"""Return :math:`H(Y|X)`, in nats, of the label given a sample of :math:`N(\mp a, 1)`.

    log 2 at a = 0, and tends to 0 as the classes part. Raises ``ValueError`` for a negative number.

    Source: the definition, :math:`-\mathbb{E} \log \sigma(2 a x)` over the class y = 1.
    """
    _check(a, 0.0)
    x = _grid(a)
    return float(np.sum(_normal(x, a) * np.logaddexp(0, -2 * a * x)) * (x[1] - x[0]))


def class_information(a: float, slope: float | None = None) -> float:
    r"""Return the bound :math:`H(Y) + \mathbb{E} \log Q(y|x)` for :math:`Q(1|x) = \sigma(s x)`, in nats.

    ``slope`` is s; without it Q is the posterior, s = 2a, and the bound is the mutual information
    :math:`I(X; Y)` itself. Raises ``ValueError`` for a negative a and a slope that is not finite.

    Source: Chen et al. (2016), equation 4; Barber and Agakov (2003).
    """
    _check(a, 0.0)
    s = 2 * a if slope is None else slope
    if not math.isfinite(s):
        raise ValueError(f"slope is {slope!r}: expected a finite number")
    x = _grid(a)
    chance = np.clip(expit(s * x), np.finfo(float).tiny, None)
    return math.log(2) + float(np.sum(_normal(x, a) * np.log(chance)) * (x[1] - x[0]))
