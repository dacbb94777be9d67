r"""Distribution matching: the gradient of :math:`\mathrm{KL}(q \| p)` in the samples of q, from two
denoisers.

At one level of noise the gradients of the log-densities are :math:`(\hat x - x)/\sigma^2`, so their
difference needs no density. It is the gradient of the logit of the best discriminator, with the sign
turned round."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["denoising_loss", "levels", "matching_loss", "reverse_kl_direction"]


def levels(n: int, low: float, high: float, generator: torch.Generator | None = None) -> Tensor:
    """Return n levels of noise, log-uniform on [low, high], shape (n, 1), float32, on the CPU.

    Raises ``ValueError`` unless 0 < low <= high.
    """
    if not 0 < low <= high:
        raise ValueError(f"low is {low} and high {high}: expected 0 < low <= high")
    share = torch.rand(n, 1, generator=generator)
    return low * (high / low) ** share


def reverse_kl_direction(
    from_fake: Tensor, from_real: Tensor, sigma: float | Tensor = 1.0
) -> Tensor:
    r"""Return :math:`\nabla \log q_\sigma - \nabla \log p_\sigma = (\hat x_q - \hat x_p)/\sigma^2`, shape (N, d).

    The two are what the denoisers of generated and of real data make of the *same* noisy points.
    Raises ``ValueError`` where their shapes differ. Source: Yin et al. (2024), equation 3.
    """
    if from_fake.shape != from_real.shape:
        raise ValueError(
            f"the denoised points have shapes {tuple(from_fake.shape)} and {tuple(from_real.shape)}: "
            "expected equal shapes, both from the same noisy points"
        )
    return (from_fake - from_real) / sigma**2


def matching_loss(x: Tensor, direction: Tensor) -> Tensor:
    r"""Return a scalar whose gradient in x (N, d) is ``direction / N``: half the mean of
    :math:`\| x - \mathrm{sg}(x - \text{direction}) \|^2`.

    Nothing flows into ``direction``. Its *value*, half the mean squared length of the direction, is
    no distance. Raises ``ValueError`` where the shapes differ. Source: Yin et al. (2024), equation 7.
    """
    if x.shape != direction.shape:
        raise ValueError(
            f"x has shape {tuple(x.shape)} and the direction {tuple(direction.shape)}: expected equal "
            "shapes, one arrow a sample"
        )
    target = (x - direction).detach()
    return (x - target).square().flatten(1).sum(1).mean() / 2


def denoising_loss(
    denoise, x: Tensor, sigma: Tensor, noise: Tensor, weight: Tensor | float = 1.0
) -> Tensor:
    r"""Return the mean of :math:`w\, \| \hat x(x + \sigma n, \sigma) - x \|^2`, least at
    :math:`\hat x = \mathbb{E}[x \mid x + \sigma n]`.

    x and noise are (N, d), sigma and weight (N, 1). Raises ``ValueError`` where x and noise differ
    in shape. Source: Vincent (2011), section 4.3; Karras et al. (2022), equation 2.
    """
    if x.shape != noise.shape:
        raise ValueError(
            f"x has shape {tuple(x.shape)} and the noise {tuple(noise.shape)}: expected equal shapes"
        )
    error = denoise(x + sigma * noise, sigma) - x
    return (weight * error.square()).sum(1).mean()
