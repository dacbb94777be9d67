"""The gradient of the reverse KL from two denoisers, against the divergence itself."""

import math

import pytest
import torch

from ganbook.diffusion import best_denoiser, denoised, log_density_gradient, smoothed
from ganbook.distillation import (
    denoising_loss,
    levels,
    matching_loss,
    reverse_kl_direction,
)
from ganbook.distributions import gaussians, ring

P, Q = ring(std=0.2), gaussians([[0.3, 0.1], [-0.8, 0.5]], 0.4)


def test_levels_are_log_uniform():
    drawn = levels(20_000, 0.05, 5.0, torch.Generator().manual_seed(0))
    assert drawn.shape == (20_000, 1) and drawn.min() >= 0.05 and drawn.max() <= 5
    share = drawn.log().sub(math.log(0.05)).div(math.log(100))
    assert abs(float(share.mean()) - 0.5) < 4 * (1 / 12 / 20_000) ** 0.5
    assert abs(float(share.var()) - 1 / 12) < 0.003
    assert levels(3, 0.7, 0.7).flatten().tolist() == pytest.approx([0.7] * 3)
    with pytest.raises(ValueError, match="0 < low"):
        levels(3, 0.0, 1.0)


@pytest.mark.parametrize("sigma", [0.3, 1.5])
def test_two_denoisers_give_minus_the_gradient_of_the_best_logit(sigma):
    x = torch.randn(50, 2, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    level = torch.full((50, 1), sigma, dtype=torch.float64)
    got = reverse_kl_direction(best_denoiser(Q)(x, level), best_denoiser(P)(x, level), sigma)
    noisy_p, noisy_q = smoothed(P, sigma), smoothed(Q, sigma)
    points = x.clone().requires_grad_(True)
    logit = noisy_p.log_prob(points) - noisy_q.log_prob(points)
    (slope,) = torch.autograd.grad(logit.sum(), points)
    torch.testing.assert_close(got, -slope, rtol=1e-9, atol=1e-11)


def test_the_direction_descends_the_divergence():
    """Moving all of q by a small shift changes KL(q || p) by the mean of the direction times the shift."""
    axis = torch.linspace(-4, 4, 401, dtype=torch.float64)
    mesh = torch.cartesian_prod(axis, axis)
    cell = float(axis[1] - axis[0]) ** 2
    p = smoothed(P, 0.3)

    def divergence(shift):
        q = gaussians(Q.centers + shift, Q.std)
        log_q = q.log_prob(mesh)
        return float((log_q.exp() * (log_q - p.log_prob(mesh))).sum()) * cell

    q_mass = Q.log_prob(mesh).exp() * cell
    arrow = log_density_gradient(Q, mesh) - log_density_gradient(p, mesh)
    mean = (q_mass[:, None] * arrow).sum(0)
    for axis_of in (0, 1):
        step = torch.zeros(2, dtype=torch.float64)
        step[axis_of] = 1e-4
        slope = (divergence(step) - divergence(-step)) / 2e-4
        assert slope == pytest.approx(float(mean[axis_of]), rel=1e-4)


def test_the_loss_has_the_direction_as_its_gradient_and_nothing_else():
    x = torch.randn(7, 2, dtype=torch.float64, requires_grad=True)
    direction = torch.randn(7, 2, dtype=torch.float64, requires_grad=True)
    loss = matching_loss(x, direction)
    gradient, other = torch.autograd.grad(loss, (x, direction), allow_unused=True)
    torch.testing.assert_close(gradient, direction.detach() / 7)
    assert other is None
    assert float(loss) == pytest.approx(float(direction.square().sum() / 14), rel=1e-12)


def test_the_denoising_loss_is_least_at_the_posterior_mean():
    generator = torch.Generator().manual_seed(3)
    x = Q.sample(60_000, generator).double()
    sigma = torch.full((60_000, 1), 0.5, dtype=torch.float64)
    noise = torch.randn(60_000, 2, generator=generator, dtype=torch.float64)
    noisy = smoothed(Q, 0.5)

    def scaled(factor):
        return lambda y, s: denoised(y, factor * log_density_gradient(noisy, y), 0.5)

    found = [float(denoising_loss(scaled(f), x, sigma, noise)) for f in (0.8, 1.0, 1.2)]
    assert found[1] < min(found[0], found[2])
    plain = float((scaled(1.0)(x + 0.5 * noise, sigma) - x).square().sum(1).mean())
    assert found[1] == pytest.approx(plain, rel=1e-12)
    double = float(denoising_loss(scaled(1.0), x, sigma, noise, weight=2 * torch.ones_like(sigma)))
    assert double == pytest.approx(2 * plain, rel=1e-12)


def test_shapes_that_differ_are_refused():
    a, b = torch.zeros(3, 2), torch.zeros(2, 2)
    for call in (
        lambda: reverse_kl_direction(a, b),
        lambda: matching_loss(a, b),
        lambda: denoising_loss(lambda x, s: x, a, torch.ones(3, 1), b),
    ):
        with pytest.raises(ValueError, match="equal shapes"):
            call()
