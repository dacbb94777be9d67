"""Noise added to a law and taken away again: log-density gradients, denoising, and the sampler that
follows the probability flow.

A noisy sample is x + σ n with n standard normal, and no scaling ("variance exploding"). The gradient
of a log-density is called that here: the literature's other word for it, score, is D's in this book.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from ganbook.distributions import Gaussians

__all__ = [
    "best_denoiser",
    "denoised",
    "log_density_gradient",
    "noise_levels",
    "probability_flow",
    "smoothed",
]

Denoiser = Callable[[Tensor, Tensor], Tensor]


def smoothed(law: Gaussians, sigma: float) -> Gaussians:
    r"""Return the law of x + σ n: the same mixture with each :math:`s_k^2` replaced by
    :math:`s_k^2 + \sigma^2`.

    Raises ``ValueError`` for sigma below 0. Source: the sum of independent normal variables.
    """
    if not 0 <= sigma < math.inf:
        raise ValueError(f"sigma is {sigma}: expected a finite number of at least 0")
    std = torch.as_tensor(law.std, dtype=torch.float64)
    return Gaussians(law.centers, (std**2 + sigma**2).sqrt().expand(len(law.centers)), law.weights)


def log_density_gradient(law, x: Tensor) -> Tensor:
    r"""Return :math:`\nabla \log p(x)` at points (N, d), of the same shape, by autograd.

    ``law`` is anything with ``log_prob``. Raises ``ValueError`` as its ``log_prob`` does.
    """
    x = x.detach().requires_grad_(True)
    with torch.enable_grad():
        (gradient,) = torch.autograd.grad(law.log_prob(x).sum(), x)
    return gradient


def denoised(x: Tensor, gradient: Tensor, sigma: float | Tensor) -> Tensor:
    r"""Return :math:`\mathbb{E}[x_0 \mid x] = x + \sigma^2\, \nabla \log p_\sigma(x)`, Tweedie's formula.

    ``gradient`` is that of the *noisy* law's log-density at x, of x's shape (N, d); ``sigma`` a number or
    (N, 1). Raises ``ValueError`` where the shapes differ. Source: Efron (2011), equation 1.4.
    """
    if x.shape != gradient.shape:
        raise ValueError(
            f"x has shape {tuple(x.shape)} and the gradient {tuple(gradient.shape)}: expected equal "
            "shapes, the gradient taken at x"
        )
    return x + sigma**2 * gradient


def best_denoiser(law: Gaussians) -> Denoiser:
    """Return the denoiser (x, sigma) -> E[x_0 | x] of a mixture, exact; x (N, d), sigma (N, 1), all
    equal.

    Raises ``ValueError`` for levels that differ. Source: as `denoised`.
    """

    def denoise(x: Tensor, sigma: Tensor) -> Tensor:
        level = float(sigma.reshape(-1)[0])
        if not bool((sigma == level).all()):
            raise ValueError("sigma holds different levels: the exact denoiser takes one at a time")
        return denoised(x, log_density_gradient(smoothed(law, level), x), level)

    return denoise


def noise_levels(steps: int, low: float, high: float, rho: float = 7.0) -> Tensor:
    r"""Return ``steps`` levels from ``high`` down to ``low``, and 0, shape (steps + 1,), float64.

    The roots :math:`\sigma_i^{1/\rho}` are evenly spaced, so that low levels lie close together;
    one step goes from ``high`` to 0 at once. Raises ``ValueError`` unless steps is at least 1 and 0 <
    low < high. Source: Karras et al. (2022), equation 5.
    """
    if not isinstance(steps, int) or steps < 1 or not 0 < low < high < math.inf:
        raise ValueError(
            f"steps is {steps!r}, low {low}, high {high}: expected at least one step and 0 < low < high"
        )
    place = torch.linspace(0, 1, steps, dtype=torch.float64)
    levels = (high ** (1 / rho) + place * (low ** (1 / rho) - high ** (1 / rho))) ** rho
    return torch.cat([levels, levels.new_zeros(1)])


@torch.no_grad()
def probability_flow(denoise: Denoiser, x: Tensor, levels: Tensor) -> Tensor:
    r"""Carry noise x (N, d) of level ``levels[0]`` to samples along :math:`dx/d\sigma = (x - \hat x)/\sigma`.

    Heun's method, and a step of Euler's into level 0: 2 n - 1 calls of ``denoise(x, sigma)`` with
    sigma (N, 1) for n steps. ``levels`` falls and ends in 0. Raises ``ValueError`` for levels that do
    not. Source: Karras et al. (2022), algorithm 1.
    """
    if levels.ndim != 1 or len(levels) < 2 or levels[-1] != 0 or not (levels.diff() < 0).all():
        raise ValueError(f"levels are {levels.tolist()}: expected numbers that fall and end in 0")

    def slope(x: Tensor, level: float) -> Tensor:
        return (x - denoise(x, x.new_full((len(x), 1), level))) / level

    for now, after in zip(levels[:-1].tolist(), levels[1:].tolist(), strict=True):
        first = slope(x, now)
        ahead = x + (after - now) * first
        x = ahead if after == 0 else x + (after - now) * (first + slope(ahead, after)) / 2
    return x
