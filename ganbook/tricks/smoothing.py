"""Label smoothing: a discriminator that is never asked to be certain."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import softplus

from ganbook.losses import NON_SATURATING, Loss

__all__ = ["score_cap", "smoothed", "smoothed_score"]


@dataclass(frozen=True)
class _Smoothed:
    """Cross-entropies against the targets ``real`` and ``generated``."""

    real: float
    generated: float

    def __call__(self, d_real: Tensor, d_fake: Tensor) -> Tensor:
        return _entropy(self.real, d_real) + _entropy(self.generated, d_fake)


def _entropy(target: float, score: Tensor) -> Tensor:
    return (target * softplus(-score) + (1 - target) * softplus(score)).mean()


def smoothed(real: float = 0.9, generated: float = 0.0, base: Loss = NON_SATURATING) -> Loss:
    r"""Return the loss whose D fits the probability ``real`` on real samples, ``generated`` on others.

    :math:`L_D = \mathbb{E}_p[a\,\mathrm{sp}(-d) + (1-a)\,\mathrm{sp}(d)] + \mathbb{E}_q[b\,
    \mathrm{sp}(-d) + (1-b)\,\mathrm{sp}(d)]` with a = real, b = generated and sp the softplus, in
    nats; G's loss is that of ``base``. With b = 0 the optimal score stays below log(a / (1 - a)):
    log 9 for a = 0.9. Raises ``ValueError`` unless 0 <= b < a <= 1, and for a base whose D does not
    fit probabilities.

    Source: Salimans et al. (2016), section 3.4; Goodfellow (2016), section 4.2.
    """
    if not 0 <= generated < real <= 1:
        raise ValueError(
            f"real is {real} and generated {generated}: expected targets with "
            "0 <= generated < real <= 1, such as 0.9 and 0"
        )
    if base.discriminator is not NON_SATURATING.discriminator:
        raise ValueError(
            f"the base is {base.name!r}: expected a loss whose D fits probabilities, "
            "ganbook.losses.MINIMAX or NON_SATURATING"
        )
    name = f"{base.name}, targets {real:g} and {generated:g}"
    return Loss(name, _Smoothed(float(real), float(generated)), base.generator)


def smoothed_score(p: Tensor, q: Tensor, real: float = 0.9, generated: float = 0.0) -> Tensor:
    r"""Return the best score of `smoothed` where the densities are p and q.

    :math:`d^* = \log\frac{a p + b q}{(1 - a) p + (1 - b) q}`, in nats, of the shape of p and q;
    infinite where one of the two sums is 0. With b > 0 the real density stands in the probability
    of generated samples' target as well: Goodfellow (2016), section 4.2, on why b should be 0.
    """
    return torch.log(real * p + generated * q) - torch.log((1 - real) * p + (1 - generated) * q)


def score_cap(real: float = 0.9) -> float:
    """Return the supremum of the optimal score with one target smoothed, log(real / (1 - real))."""
    return math.log(real) - math.log1p(-real) if real < 1 else math.inf
