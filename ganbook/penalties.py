"""What is added to D's loss, or done to its weights, to keep its slope in bounds.

A penalty is called with ``(D, x_real, x_fake)`` and returns a scalar, which ``d_step`` adds to D's
loss. Each is a frozen dataclass: it can be printed, compared and saved. ``per_sample`` says that it
takes a gradient at each sample, so that D must not mix them; ``at(update)``, where there is one,
gives what is due at an update of D. The norm of a gradient is that of one sample's whole gradient,
over all its entries (channels and pixels alike).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from ganbook import draws

__all__ = [
    "R1",
    "R2",
    "GradientPenalty",
    "Lazy",
    "Scheduled",
    "Total",
    "clip_after_step",
    "clip_weights",
    "due",
    "gradient_norms",
    "gradient_penalty",
    "lazy",
    "no_penalty",
    "r1",
    "r2",
    "scheduled",
    "total",
]

Critic = Callable[[Tensor], Tensor]
Penalty = Callable[[Critic, Tensor, Tensor], Tensor]


def gradient_norms(D: nn.Module, x: Tensor, create_graph: bool = True) -> Tensor:
    r"""Return :math:`\|\nabla_x D(x_i)\|_2` for each sample of x, shape (N,).

    D maps (N, ...) to one score a sample and must not mix samples (no batch normalisation). The
    norm has slope 0 at a zero gradient. Attention in D is computed by torch's plain kernel here,
    because the fused ones have no second derivative. Raises ``ValueError`` if D returns more than one score a
    sample."""
    x = x.detach().requires_grad_(True)
    with torch.enable_grad(), sdpa_kernel(SDPBackend.MATH):
        scores = D(x)
        if scores.numel() != len(x):
            raise ValueError(
                f"D returned shape {tuple(scores.shape)} for {len(x)} samples: expected one score each"
            )
        (gradient,) = torch.autograd.grad(scores.sum(), x, create_graph=create_graph)
    return torch.linalg.vector_norm(gradient.flatten(1), dim=1)


@dataclass(frozen=True)
class R1:
    r"""The penalty :math:`\frac\gamma2\, \mathbb{E}\,\|\nabla D(x_\text{real})\|^2`.

    Zero-centred, on real samples only. Raises ``ValueError`` for gamma below 0 or not finite.

    Source: Mescheder, Geiger and Nowozin (2018), equation 9.
    """

    gamma: float = 1.0
    per_sample: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _weight("gamma", self.gamma)

    def __call__(self, D: Critic, x_real: Tensor, x_fake: Tensor) -> Tensor:
        """Return the scalar that is added to D's loss."""
        return self.gamma / 2 * gradient_norms(D, x_real).square().mean()


@dataclass(frozen=True)
class R2:
    r"""The penalty :math:`\frac\gamma2\, \mathbb{E}\,\|\nabla D(x_\text{fake})\|^2`, as R1 on
    generated samples.

    Raises ``ValueError`` for gamma below 0 or not finite.

    Source: Mescheder, Geiger and Nowozin (2018), equation 10.
    """

    gamma: float = 1.0
    per_sample: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _weight("gamma", self.gamma)

    def __call__(self, D: Critic, x_real: Tensor, x_fake: Tensor) -> Tensor:
        """Return the scalar that is added to D's loss."""
        return self.gamma / 2 * gradient_norms(D, x_fake).square().mean()


@dataclass(frozen=True)
class GradientPenalty:
    r"""WGAN-GP's penalty :math:`\lambda\, \mathbb{E}\,(\|\nabla D(\hat x)\| - 1)^2`.

    :math:`\hat x = \epsilon\, x_\text{real} + (1 - \epsilon)\, x_\text{fake}` lies on the segment
    between a real and a generated sample, with one :math:`\epsilon` a pair, uniform on [0, 1),
    drawn by ``generator`` on the CPU (torch's global one if None). Raises ``ValueError`` for a
    weight below 0 or not finite, and for batches of different shapes.

    Source: Gulrajani et al. (2017), equation 3 and algorithm 1.
    """

    weight: float = 10.0
    generator: torch.Generator | None = None
    per_sample: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _weight("weight", self.weight)

    def __call__(self, D: Critic, x_real: Tensor, x_fake: Tensor) -> Tensor:
        """Return the scalar that is added to D's loss."""
        if x_real.shape != x_fake.shape:
            raise ValueError(
                f"x_real has shape {tuple(x_real.shape)} and x_fake {tuple(x_fake.shape)}: the "
                "penalty needs pairs, so draw as many of each"
            )
        epsilon = draws.rows(
            len(x_real), lambda n: self._draw((n, *(1,) * (x_real.ndim - 1)), x_real)
        )
        epsilon = draws.sent(epsilon, x_real.device)
        norms = gradient_norms(D, epsilon * x_real + (1 - epsilon) * x_fake)
        return self.weight * (norms - 1).square().mean()

    def _draw(self, shape: tuple[int, ...], like: Tensor) -> Tensor:
        return torch.rand(shape, generator=self.generator, dtype=like.dtype)


@dataclass(frozen=True)
class Total:
    """The sum of several penalties, each of which may be lazy or scheduled."""

    penalties: tuple[Penalty, ...]

    @property
    def per_sample(self) -> bool:
        """Whether one of them takes a gradient at each sample."""
        return any(getattr(penalty, "per_sample", False) for penalty in self.penalties)

    def at(self, update: int) -> Total:
        """Return the sum of what is due at D's update of this number."""
        return Total(tuple(due(penalty, update) for penalty in self.penalties))

    def __call__(self, D: Critic, x_real: Tensor, x_fake: Tensor) -> Tensor:
        """Return the scalar that is added to D's loss."""
        return sum(penalty(D, x_real, x_fake) for penalty in self.penalties)


@dataclass(frozen=True)
class Lazy:
    """A penalty at every k-th update of D, k times as heavy, and nothing in between.

    Over an interval at fixed parameters its gradients add up to those of the penalty at each
    update. Called by itself it is the heavy one. Raises ``ValueError`` for k below 1.

    Source: Karras et al. (2020), section 3.1, "lazy regularization".
    """

    penalty: Penalty
    every: int = 16

    def __post_init__(self) -> None:
        if not isinstance(self.every, int) or self.every < 1:
            raise ValueError(f"every is {self.every!r}: expected a positive integer, such as 16")

    @property
    def per_sample(self) -> bool:
        """Whether the penalty takes a gradient at each sample."""
        return getattr(self.penalty, "per_sample", False)

    def at(self, update: int) -> Penalty:
        """Return what is due at D's update of this number, counted from 0."""
        if update % self.every:
            return no_penalty
        return Lazy(due(self.penalty, update), self.every)

    def __call__(self, D: Critic, x_real: Tensor, x_fake: Tensor) -> Tensor:
        """Return k times the penalty."""
        return self.every * self.penalty(D, x_real, x_fake)


@dataclass(frozen=True)
class Scheduled:
    """A penalty whose weight follows a schedule: ``kind(schedule(update))`` at each update of D.

    ``kind`` makes a penalty of a number, such as `r1`; ``schedule`` is one of
    `ganbook.schedules`. Called by itself it is the penalty of the start.
    """

    kind: Callable[[float], Penalty]
    schedule: Callable[[int], float]

    @property
    def per_sample(self) -> bool:
        """Whether the penalty takes a gradient at each sample."""
        return getattr(self.at(0), "per_sample", False)

    def at(self, update: int) -> Penalty:
        """Return the penalty of D's update of this number, counted from 0."""
        return self.kind(self.schedule(update))

    def __call__(self, D: Critic, x_real: Tensor, x_fake: Tensor) -> Tensor:
        """Return the scalar that is added to D's loss at the start."""
        return self.at(0)(D, x_real, x_fake)


def total(*penalties: Penalty) -> Total:
    """Return the sum of penalties; ``ValueError`` for none."""
    if not penalties:
        raise ValueError("no penalty was given: expected at least one, such as total(r1(), r2())")
    return Total(penalties)


def no_penalty(D: Critic, x_real: Tensor, x_fake: Tensor) -> Tensor:
    """Return zero."""
    return x_real.new_zeros(())


def due(penalty: Penalty | None, update: int) -> Penalty:
    """Return what a penalty asks for at D's update of this number, counted from 0; zero for None."""
    if penalty is None:
        return no_penalty
    return penalty.at(update) if hasattr(penalty, "at") else penalty


r1, r2, gradient_penalty, lazy, scheduled = R1, R2, GradientPenalty, Lazy, Scheduled


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
    return optimizer.register_step_post_hook(_Clip(D, bound))


@dataclass(frozen=True)
class _Clip:
    """A hook whose bound is a field, so that a checkpoint compares it."""

    D: nn.Module
    bound: float

    def __call__(self, *_) -> None:
        clip_weights(self.D, self.bound)


def _weight(name: str, value: float) -> None:
    if not 0 <= value < float("inf"):
        raise ValueError(f"{name} is {value}: expected a finite number of at least 0")
