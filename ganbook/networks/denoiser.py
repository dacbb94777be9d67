"""A denoiser of points, and a discriminator of noisy points: both are told the level of noise."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ganbook.networks.sizes import SLOPE, positive

__all__ = ["NoisyDiscriminator", "PointDenoiser"]


def _level(sigma: Tensor) -> Tensor:
    """Return what the networks see of a level (N, 1): a quarter of its logarithm, its sine and cosine."""
    c = sigma.log() / 4
    return torch.cat([c, torch.sin(4 * c), torch.cos(4 * c)], dim=1)


class PointDenoiser(nn.Module):
    r"""Maps noisy points (N, d) and their levels (N, 1) to estimates of the clean points (N, d).

    :math:`\hat x = c_\text{skip}\, x + c_\text{out}\, F(c_\text{in}\, x, \log \sigma)`, where F has three
    hidden layers of ``width`` with SiLU and the three numbers, functions of σ and of the data's
    standard deviation, keep what F reads and what it must say at size one. 34,050 parameters by
    default. Raises ``ValueError`` for sizes below one and a ``spread`` that is not positive.

    Source: Karras et al. (2022), equation 7 and table 1.
    """

    def __init__(self, width: int = 128, dim: int = 2, spread: float = 0.7) -> None:
        super().__init__()
        positive(width=width, dim=dim)
        if not spread > 0:
            raise ValueError(f"spread is {spread}: expected the data's standard deviation, above 0")
        self.spread = spread
        self.body = nn.Sequential(
            nn.Linear(dim + 3, width),
            nn.SiLU(),
            nn.Linear(width, width),
            nn.SiLU(),
            nn.Linear(width, width),
            nn.SiLU(),
            nn.Linear(width, dim),
        )

    def weight(self, sigma: Tensor) -> Tensor:
        r"""Return :math:`1 / c_\text{out}^2`, the weight at which F's error counts equally at each level."""
        return (sigma**2 + self.spread**2) / (sigma * self.spread) ** 2

    def forward(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Return the estimates."""
        total = sigma**2 + self.spread**2
        inside = torch.cat([x / total.sqrt(), _level(sigma)], dim=1)
        out = sigma * self.spread / total.sqrt() * self.body(inside)
        return self.spread**2 / total * x + out


class NoisyDiscriminator(nn.Module):
    """Maps noisy points (N, d) and their levels (N, 1) to scores (N, 1), high on real.

    Two hidden layers of ``width`` with LeakyReLU(0.2). 17,409 parameters by default. Raises
    ``ValueError`` for sizes below one.

    Source: after the diffused discriminator of Yin et al. (2024b), section 4.3, by itself.
    """

    def __init__(self, width: int = 128, dim: int = 2) -> None:
        super().__init__()
        positive(width=width, dim=dim)
        self.body = nn.Sequential(
            nn.Linear(dim + 3, width),
            nn.LeakyReLU(SLOPE),
            nn.Linear(width, width),
            nn.LeakyReLU(SLOPE),
            nn.Linear(width, 1),
        )

    def forward(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Return the scores."""
        return self.body(torch.cat([x / (sigma**2 + 1).sqrt(), _level(sigma)], dim=1))
