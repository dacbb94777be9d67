"""What is added to D's loss, or done to its weights, to keep its slope in bounds.

A penalty is a function of ``(D, x_real, x_fake)`` that returns a scalar; ``d_step`` adds it to D's
loss. The norm of a gradient is that of one sample's whole gradient, over all its entries (channels
and pixels alike)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

__all__ = ["clip_after_step", "clip_weights", "gradient_norms", "gradient_penalty", "r1", "r2"]

Penalty = Callable[[nn.Module, Tensor, Tensor], Tensor]


def gradient_norms(D: nn.Module, x: Tensor, create_graph: bool = True) -> Tensor:
    r"""Return :math:`\|\nabla_x D(x_i)\|_2` for each sample of x, shape (N,).

    D maps (N, ...) to one score a sample and must not mix samples (no batch normalisation). The
    norm has slope 0 at a zero gradient. Raises ``ValueError`` if D returns more than one score a
    sample."""
    x = x.detach().requires_grad_(True)
    with torch.enable_grad():
        scores = D(x)
        if scores.numel() != len(x):
            raise ValueError(
                f"D returned shape {tuple(scores.shape)} for {len(x)} samples: expected one score each"
            )
        (gradient,) = torch.autograd.grad(scores.sum(), x, create_graph=create_graph)
    return torch.linalg.vector_norm(gradient.flatten(1), dim=1)


def r1(gamma: float = 1.0) -> Penalty:
    r"""Return the penalty :math:`\frac\gamma2\, \mathbb{E}\,\|\nabla D(x_\text{real})\|^2`.

    Zero-centred, on real samples only. Raises ``ValueError`` for gamma below 0 or not finite.

    Source: Mescheder, Geiger and Nowozin (2018), equation 9.
    """
    _weight("gamma", gamma)
    return lambda D, x_real, x_fake: gamma / 2 * gradient_norms(D, x_real).square().mean()


def r2(gamma: float = 1.0) -> Penalty:
    r"""Return the penalty :math:`\frac\gamma2\, \mathbb{E}\,\|\nabla D(x_\text{fake})\|^2`, as R1
    on generated samples.

    Raises ``ValueError`` for gamma below 0 or not finite.

    Source: Mescheder, Geiger and Nowozin (2018), equation 10.
    """
    _weight("gamma", gamma)
    return lambda D, x_real, x_fake: gamma / 2 * gradient_norms(D, x_fake).square().mean()


def gradient_penalty(weight: float = 10.0, generator: torch.Generator | None = None) -> Penalty:
    r"""Return WGAN-GP's penalty :math:`\lambda\, \mathbb{E}\,(\|\nabla D(\hat x)\| - 1)^2`.

    :math:`\hat x = \epsilon\, x_\text{real} + (1 - \epsilon)\, x_\text{fake}` lies on the segment
    between a real and a generated sample, with one :math:`\epsilon` a pair, uniform on [0, 1),
    drawn by ``generator`` on the CPU (torch's global one if None). Raises ``ValueError`` for a
    weight below 0 or not finite, and for batches of different shapes.

    Source: Gulrajani et al. (2017), equation 3 and algorithm 1.
    """
    _weight("weight", weight)

    def penalty(D: nn.Module, x_real: Tensor, x_fake: Tensor) -> Tensor:
        if x_real.shape != x_fake.shape:
            raise ValueError(
                f"x_real has shape {tuple(x_real.shape)} and x_fake {tuple(x_fake.shape)}: the penalty "
                "needs pairs, so draw as many of each"
            )
        shape = (len(x_real), *(1,) * (x_real.ndim - 1))
        epsilon = torch.rand(shape, generator=generator, dtype=x_real.dtype).to(x_real.device)
        return (
            weight
            * (gradient_norms(D, epsilon * x_real + (1 - epsilon) * x_fake) - 1).square().mean()
        )

    return penalty


@torch.no_grad()
def clip_weights(D: nn.Module, bound: float) -> None:
    """Set every parameter of D that is outside [-bound, bound] to the nearer end, in place.

    Bounds the Lipschitz constant by some number that depends on the architecture and that nobody
    knows. Raises ``ValueError`` for a bound that is not positive.

    Source: Arjovsky, Chintala and Bottou (2017), algorithm 1.
    """
    if not bound > 0:
        raise ValueError(f"bound is {bound}: expected a positive number, such as 0.01")
    for p in D.parameters():
        p.clamp_(-bound, bound)


def clip_after_step(optimizer: torch.optim.Optimizer, D: nn.Module, bound: float):
    """Clip D's weights after each step of its optimiser, as WGAN does; returns a handle whose
    ``remove()`` ends it.

    Raises ``ValueError`` for a bound that is not positive. Source: Arjovsky, Chintala and Bottou
    (2017), algorithm 1."""
    clip_weights(D, bound)
    return optimizer.register_step_post_hook(lambda *_: clip_weights(D, bound))


def _weight(name: str, value: float) -> None:
    if not 0 <= value < float("inf"):
        raise ValueError(f"{name} is {value}: expected a finite number of at least 0")
