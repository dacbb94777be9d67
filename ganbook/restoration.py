"""Restoring a normal signal from a noisy one: how likeness is paid for in squared error, exactly.

The signal is x ~ N(0, 1), the observation y = x + noise n with n ~ N(0, 1). An estimate is
a y + b z, with z ~ N(0, 1) of its own."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import trapezoid
from scipy.optimize import minimize_scalar

__all__ = ["NormalRestoration", "divergence_of_scales"]

SEES = ("pictures", "pairs")
LOSSES = ("minimax", "non_saturating")
ERRORS = ("squared", "absolute")
POINTS = 2_001


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"{name} is {value!r}: expected one of {', '.join(known)}")


def divergence_of_scales(ratio: float, loss: str = "minimax") -> float:
    r"""Return the divergence, in nats, that a generator of law N(0, ratio^2) descends if real
    samples have the law N(0, 1) and D is optimal.

    With m the mean of the two densities: :math:`2\,\mathrm{JS}(p, q)` for ``loss="minimax"``,
    :math:`2\,\mathrm{KL}(m \| p)` for ``"non_saturating"``. By the trapezoid rule on points that
    lie densely around 0 at the scale of the narrower law; error below 1e-9. Raises ``ValueError``
    for a ratio that is not positive and finite, and for another loss.

    Source: chapter 5, what each loss descends.
    """
    _one_of("loss", loss, LOSSES)
    if not (ratio > 0 and math.isfinite(ratio)):
        raise ValueError(f"ratio is {ratio}: expected a positive number, a standard deviation")
    narrow, wide = min(1.0, ratio), max(1.0, ratio)
    t = np.linspace(0, math.asinh(40 * wide / narrow), POINTS)
    x = narrow * np.sinh(t)
    log_p = -(x**2) / 2
    log_q = -((x / ratio) ** 2) / 2 - math.log(ratio)
    log_m = np.logaddexp(log_p, log_q) - math.log(2)
    p, q = np.exp(log_p), np.exp(log_q)
    terms = (p + q) * (log_m - log_p)  # twice KL(m || p)
    if loss == "minimax":
        terms = p * (log_p - log_m) + q * (log_q - log_m)
    # both halves of the line, and the factor of the standard normal density
    return float(2 * trapezoid(terms * narrow * np.cosh(t), t) / math.sqrt(2 * math.pi))


@dataclass(frozen=True)
class NormalRestoration:
    r"""The signal x ~ N(0, 1), seen as y = x + ``noise`` n.

    The posterior is :math:`N(g y, v)` with gain :math:`g = 1/(1 + \sigma^2)` and variance
    :math:`v = \sigma^2/(1 + \sigma^2)`. A critic that ``sees`` ``"pictures"`` compares the law of
    the estimate with that of x; one that sees ``"pairs"`` compares both together with y. Raises
    ``ValueError`` for a noise that is not positive and finite.

    Source: Blau and Michaeli (2018), section 4; Freirich, Michaeli and Meir (2021), theorem 1.
    """

    noise: float = 1.0

    def __post_init__(self) -> None:
        if not (self.noise > 0 and math.isfinite(self.noise)):
            raise ValueError(f"noise is {self.noise}: expected a positive standard deviation")

    @property
    def gain(self) -> float:
        """The posterior mean is gain times y."""
        return 1 / (1 + self.noise**2)

    @property
    def variance(self) -> float:
        """The posterior variance, which is also the least squared error."""
        return self.noise**2 * self.gain

    def error(self, a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
        """Return the mean squared error of a y + b z: (1 - a)^2 + (a noise)^2 + b^2."""
        a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
        return (1 - a) ** 2 + (a * self.noise) ** 2 + b**2

    def spread(self, a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
        """Return the standard deviation of a y + b z."""
        a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
        return np.sqrt(a**2 * (1 + self.noise**2) + b**2)

    def real(self, sees: str) -> float:
        """Return the standard deviation that the critic compares the estimate's with: that of x, or
        that of x given y.
        """
        _one_of("sees", sees, SEES)
        return 1.0 if sees == "pictures" else math.sqrt(self.variance)

    def best(self, deviation: ArrayLike, sees: str) -> tuple[NDArray, NDArray]:
        """Return (a, b) of the estimate with the least squared error among those of a deviation.

        For pictures the deviation is that of the estimate: the posterior mean, stretched, and no
        noise. For pairs it is that of the estimate given y: the posterior mean, and noise. Shapes
        are those of ``deviation``, which must not be negative.
        """
        _one_of("sees", sees, SEES)
        deviation = np.asarray(deviation, np.float64)
        if (deviation < 0).any():
            raise ValueError(f"deviation is {deviation.min()} somewhere: expected at least 0")
        if sees == "pictures":
            return deviation * math.sqrt(self.gain), np.zeros_like(deviation)
        return np.full_like(deviation, self.gain), deviation

    def frontier(self, distance: ArrayLike, sees: str) -> NDArray[np.float64]:
        r"""Return the least squared error of an estimate whose law is a given Wasserstein-2 distance
        away.

        :math:`D(P) = v + (P_0 - P)^2` for :math:`P \le P_0`, and v beyond it, with
        :math:`P_0 = 1 - \sqrt g` for pictures; for pairs :math:`P_0 = \sqrt v`, and the distance is
        that of the laws given y, which is the same at each y. Raises ``ValueError`` for a negative
        distance.
        """
        distance = np.asarray(distance, np.float64)
        if (distance < 0).any():
            raise ValueError(f"distance is {distance.min()} somewhere: expected at least 0")
        end = self.end(sees)
        return self.variance + np.maximum(end - distance, 0) ** 2

    def end(self, sees: str) -> float:
        """Return the Wasserstein-2 distance of the posterior mean, where the frontier ends."""
        _one_of("sees", sees, SEES)
        return 1 - math.sqrt(self.gain) if sees == "pictures" else math.sqrt(self.variance)

    def equilibrium(
        self, weight: float, sees: str, loss: str = "minimax", error: str = "squared"
    ) -> float:
        r"""Return the deviation of the estimate at which a game with an error term comes to rest.

        It minimises `divergence_of_scales` plus ``weight`` times :math:`\mathbb{E}(x - \hat x)^2`,
        or, for ``error="absolute"``, times :math:`\mathbb{E}|x - \hat x|`, which for a normal error
        is :math:`\sqrt{2/\pi}` times the root of the former. D is optimal and G is any a y + b z.
        Error below 1e-6. Raises ``ValueError`` for a negative weight and for unknown words.
        """
        _one_of("error", error, ERRORS)
        if not (weight >= 0 and math.isfinite(weight)):
            raise ValueError(f"weight is {weight}: expected a number of at least 0")
        real = self.real(sees)

        def objective(deviation: float) -> float:
            squared = float(self.error(*self.best(deviation, sees)))
            paid = squared if error == "squared" else math.sqrt(2 / math.pi * squared)
            return divergence_of_scales(deviation / real, loss) + weight * paid

        low = math.sqrt(self.gain) if sees == "pictures" else 1e-6
        found = minimize_scalar(
            objective, bounds=(low, real), method="bounded", options={"xatol": 1e-9}
        )
        return float(found.x)
