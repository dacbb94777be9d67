"""What the recipe ``toys-distillation`` trains: a diffusion teacher, and one-step generators that follow
the gradient of the reverse KL, read off two denoisers, a discriminator, or both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ganbook.distillation import denoising_loss, levels, matching_loss, reverse_kl_direction
from ganbook.distributions import Gaussians, ring
from ganbook.losses import NON_SATURATING
from ganbook.networks import NoisyDiscriminator, PointDenoiser, SideBySide
from ganbook.recipes import common
from ganbook.recipes.toys._common import points

__all__ = ["LOW", "Method", "Plan", "arrow", "denoisers", "distill", "generators", "teach"]

LOW = 0.02  # the least level of noise that the teacher learns


@dataclass(frozen=True)
class Plan:
    """What all methods share; rates fall in a line to a tenth. G is the slower player."""

    law: Gaussians = field(default_factory=lambda: ring(std=0.1))
    seeds: int = 5
    batch: int = 128
    teacher_batch: int = 256
    latent: int = 2
    width: int = 128
    rate: float = 1e-3
    generator_rate: float = 3e-4
    teacher_rate: float = 3e-3
    teacher_high: float = 2.0
    low: float = 0.05
    high: float = 1.0


@dataclass(frozen=True)
class Method:
    """Whose arrow G follows: ``matching`` times that of the two denoisers, plus ``adversarial`` times
    D's.
    """

    matching: float
    adversarial: float


def adam(network: torch.nn.Module, rate: float, seeds: int) -> torch.optim.Adam:
    """Return Adam without momentum, whose steps are those of each seed by itself."""
    return torch.optim.Adam(
        network.parameters(), lr=rate, betas=(0.0, 0.9), eps=1e-8 / seeds, fused=True
    )


def side_by_side(seeds: int, first: int, make: Callable[[], torch.nn.Module]) -> SideBySide:
    """Return a network a seed, each initialised from its own."""
    return SideBySide([common.seeded(first + k, make)[0] for k in range(seeds)])


def generators(plan: Plan) -> SideBySide:
    """Return the generators, the same ones for every method."""
    return side_by_side(plan.seeds, 0, lambda: points(plan.latent, 2, plan.width))


def denoisers(plan: Plan) -> SideBySide:
    """Return the denoisers of the data, before training."""
    return side_by_side(plan.seeds, 100, lambda: PointDenoiser(plan.width))


def fall(optimizers: list[torch.optim.Optimizer], rate: float, share: float) -> None:
    """Set the rate ``rate (1 - 0.9 share)``."""
    for optimizer in optimizers:
        optimizer.param_groups[0]["lr"] = rate * (1 - 0.9 * share)


def teach(plan: Plan, steps: int, after: Callable[[int, SideBySide], None]) -> SideBySide:
    """Train the denoisers of the data, call ``after(step, denoisers)``, and return them."""
    P = denoisers(plan)
    one, optimizer = PointDenoiser(1), adam(P, plan.teacher_rate, plan.seeds)
    source, n = torch.Generator().manual_seed(11), plan.seeds * plan.teacher_batch
    for step in range(1, steps + 1):
        fall([optimizer], plan.teacher_rate, step / steps)
        x = plan.law.sample(n, source).float()
        sigma = levels(n, LOW, plan.teacher_high, source)
        noise = torch.randn(n, 2, generator=source)
        optimizer.zero_grad()
        denoising_loss(P, x, sigma, noise, one.weight(sigma)).backward()
        optimizer.step()
        after(step, P)
    return P


def arrow(method: Method, y: Tensor, sigma: Tensor, P, Q, D) -> Tensor:
    r"""Return an estimate of :math:`\sigma^2 \nabla \log(q_\sigma / p_\sigma)` at noisy points y (N, 2):
    from the denoisers P and Q, from the discriminator D, or the weighted sum of both.
    """
    total = torch.zeros_like(y)
    if method.matching:
        with torch.no_grad():
            total += method.matching * reverse_kl_direction(Q(y, sigma), P(y, sigma))
    if method.adversarial:
        points = y.detach().requires_grad_(True)
        (slope,) = torch.autograd.grad(D(points, sigma).sum(), points)
        total -= method.adversarial * sigma**2 * slope
    return total


def distill(
    plan: Plan,
    method: Method,
    steps: int,
    teacher: SideBySide | None,
    after: Callable[[int, SideBySide], None],
    seed: int = 12,
) -> SideBySide:
    """Train the generators by one method and return them.

    Each step trains Q on generated samples and D on both kinds, at random levels of noise, as far as
    the method uses them, and moves G along the arrow.
    """
    G = generators(plan)
    Q = side_by_side(plan.seeds, 200, lambda: PointDenoiser(plan.width))
    D = side_by_side(plan.seeds, 300, lambda: NoisyDiscriminator(plan.width))
    one, source = PointDenoiser(1), torch.Generator().manual_seed(seed)
    of_g = adam(G, plan.generator_rate, plan.seeds)
    of_q, of_d = others = [adam(network, plan.rate, plan.seeds) for network in (Q, D)]
    n = plan.seeds * plan.batch

    def noisy(x: Tensor, sigma: Tensor) -> Tensor:
        return x + sigma * torch.randn(n, 2, generator=source)

    def drawn() -> tuple[Tensor, Tensor]:
        z = torch.randn(n, plan.latent, generator=source)
        return G(z), levels(n, plan.low, plan.high, source)

    for step in range(1, steps + 1):
        fall([of_g], plan.generator_rate, step / steps)
        fall(others, plan.rate, step / steps)
        with torch.no_grad():
            x, sigma = drawn()
        if method.matching:
            of_q.zero_grad()
            noise = torch.randn(n, 2, generator=source)
            denoising_loss(Q, x, sigma, noise, one.weight(sigma)).backward()
            of_q.step()
        if method.adversarial:
            of_d.zero_grad()
            real = noisy(plan.law.sample(n, source).float(), sigma)
            scores = D(real, sigma), D(noisy(x, sigma), sigma)
            NON_SATURATING.discriminator(*scores).backward()
            of_d.step()
        x, sigma = drawn()
        of_g.zero_grad()
        direction = arrow(method, noisy(x.detach(), sigma), sigma, teacher, Q, D)
        matching_loss(x, direction).backward()
        of_g.step()
        after(step, G)
    return G
