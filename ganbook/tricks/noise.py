"""What instance noise adds to D's loss, to second order: a penalty on its slopes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from ganbook.penalties import gradient_norms

__all__ = ["NoisePenalty"]


@dataclass(frozen=True)
class NoisePenalty:
    r"""The penalty that stands for noise of deviation sigma on real and generated samples.

    :math:`\frac{\sigma^2}{2} \sum_{\rho = p, q} \mathbb{E}_\rho[s(1 - s)\, \lVert \nabla d \rVert^2]`
    with s = sigmoid(d), for the cross-entropy loss: what remains of the noise's mean effect at the
    optimal D, and for any D that is linear at scores near 0, where it is R1 + R2 with gamma =
    sigma^2 / 4 each. sigma is in the units of x. Raises ``ValueError`` for a sigma below 0.

    Source: after Roth et al. (2017), whose weights (1 - s)^2 on real and s^2 on generated samples
    have the same sum of integrals at the optimal D.
    """

    sigma: float = 0.1
    per_sample: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not 0 <= self.sigma < float("inf"):
            raise ValueError(f"sigma is {self.sigma}: expected a finite number of at least 0")

    def __call__(self, D, x_real: Tensor, x_fake: Tensor) -> Tensor:
        """Return the scalar that is added to D's loss."""
        total = x_real.new_zeros(())
        for x in (x_real, x_fake):
            s = torch.sigmoid(D(x)).flatten()
            total = total + (s * (1 - s) * gradient_norms(D, x).square()).mean()
        return self.sigma**2 / 2 * total
