"""Noise added and taken away, against integrals, closed forms and an ODE solver."""

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from ganbook.diffusion import (
    best_denoiser,
    denoised,
    log_density_gradient,
    noise_levels,
    probability_flow,
    smoothed,
)
from ganbook.distributions import gaussians, ring

UNEVEN = gaussians([[0.0, 1.0], [2.0, -1.0]], torch.tensor([0.3, 0.6]), torch.tensor([0.7, 0.3]))


@pytest.mark.parametrize("sigma", [0.0, 0.4, 2.0])
def test_the_smoothed_law_is_the_convolution(sigma):
    """Its density against the mean of the law's density over 40,000 draws of the noise."""
    generator = torch.Generator().manual_seed(1)
    noise = torch.randn(40_000, 2, generator=generator, dtype=torch.float64)
    for point in ([0.2, 0.7], [1.5, -0.5]):
        x = torch.tensor(point, dtype=torch.float64)
        drawn = UNEVEN.log_prob(x - sigma * noise).exp()
        exact = float(smoothed(UNEVEN, sigma).log_prob(x).exp())
        error = 4 * float(drawn.std()) / 200 + 1e-12
        assert abs(float(drawn.mean()) - exact) <= error


def test_the_gradient_against_differences():
    x = torch.tensor([[0.3, 0.9], [1.0, 0.0], [-2.0, 4.0]], dtype=torch.float64)
    got = log_density_gradient(UNEVEN, x)
    for axis in (0, 1):
        step = torch.zeros(2, dtype=torch.float64)
        step[axis] = 1e-5
        slope = (UNEVEN.log_prob(x + step) - UNEVEN.log_prob(x - step)) / 2e-5
        torch.testing.assert_close(got[:, axis], slope, rtol=1e-7, atol=1e-8)
    assert not got.requires_grad and x.grad is None


def test_denoising_is_the_posterior_mean():
    """Tweedie's formula against Bayes' rule on a mesh of clean points."""
    sigma = 0.5
    axis = torch.linspace(-3, 4, 281, dtype=torch.float64)
    clean = torch.cartesian_prod(axis, axis)
    for point in ([0.4, 0.2], [1.2, -0.3]):
        x = torch.tensor([point], dtype=torch.float64)
        weight = (UNEVEN.log_prob(clean) - (x - clean).square().sum(1) / (2 * sigma**2)).softmax(0)
        posterior = (weight[:, None] * clean).sum(0)
        got = denoised(x, log_density_gradient(smoothed(UNEVEN, sigma), x), sigma)[0]
        torch.testing.assert_close(got, posterior, rtol=1e-6, atol=1e-6)
        level = torch.full((1, 1), sigma, dtype=torch.float64)
        torch.testing.assert_close(best_denoiser(UNEVEN)(x, level)[0], got)


def test_levels_fall_from_high_to_low_and_then_to_zero():
    levels = noise_levels(5, 0.02, 2.0)
    assert levels.shape == (6,) and levels[0] == pytest.approx(2.0, rel=1e-12)
    assert levels[-2] == pytest.approx(0.02, rel=1e-12) and levels[-1] == 0
    root = levels[:-1] ** (1 / 7)
    np.testing.assert_allclose(np.diff(root), np.diff(root)[0], rtol=1e-9)
    assert noise_levels(1, 0.02, 2.0).tolist() == pytest.approx([2.0, 0.0])


def test_the_flow_of_one_gaussian_is_a_shrinking():
    """N(m, s²) at level σ has standard deviation √(s² + σ²), and the flow maps one to the other."""
    law = gaussians([[1.0, -2.0]], 0.5)
    z = torch.tensor([[0.3, -1.1], [2.0, 0.4]], dtype=torch.float64)
    start = law.centers + (0.25 + 9.0) ** 0.5 * z
    got = probability_flow(best_denoiser(law), start, noise_levels(400, 1e-3, 3.0))
    torch.testing.assert_close(got, law.centers + 0.5 * z, rtol=1e-3, atol=1e-3)


def test_the_flow_against_an_ode_solver_and_its_order():
    denoise = best_denoiser(ring(std=0.3))
    start = torch.tensor([[1.1, 0.3], [-0.6, 1.7]], dtype=torch.float64)

    def slope(sigma, x):
        x = torch.as_tensor(x).reshape(2, 2)
        level = torch.full((2, 1), sigma, dtype=torch.float64)
        return ((x - denoise(x, level)) / sigma).reshape(-1).numpy()

    exact = solve_ivp(slope, (2.0, 0.05), start.reshape(-1), rtol=1e-9, atol=1e-10).y[:, -1]
    errors = []
    for n in (20, 40):
        levels = noise_levels(n, 0.05, 2.0)
        whole = probability_flow(denoise, start, levels)
        # the last step is Euler's, from 0.05 to 0: taken off again by the solver's end
        last = torch.as_tensor(exact).reshape(2, 2)
        last = denoise(last, torch.full((2, 1), 0.05, dtype=torch.float64))
        errors.append(float((whole - last).abs().max()))
    assert errors[1] < 1e-3 and 2.8 < errors[0] / errors[1] < 6, "Heun's method is of order two"


def test_how_often_the_denoiser_is_called():
    calls = []

    def denoise(x, sigma):
        calls.append(sigma.shape)
        return torch.zeros_like(x)

    probability_flow(denoise, torch.ones(3, 2), noise_levels(6, 0.1, 1.0))
    assert calls == [(3, 1)] * 11


def test_what_is_refused():
    with pytest.raises(ValueError, match="sigma is -1"):
        smoothed(UNEVEN, -1)
    with pytest.raises(ValueError, match="equal shapes"):
        denoised(torch.zeros(3, 2), torch.zeros(2, 2), 1.0)
    with pytest.raises(ValueError, match="different levels"):
        best_denoiser(UNEVEN)(torch.zeros(2, 2), torch.tensor([[1.0], [2.0]]))
    for bad in ((0, 0.1, 1.0), (3, 1.0, 0.1), (2.5, 0.1, 1.0)):
        with pytest.raises(ValueError, match="0 < low < high"):
            noise_levels(*bad)
    for bad in ([1.0, 0.5], [0.5, 1.0, 0.0], [0.0]):
        with pytest.raises(ValueError, match="fall and end in 0"):
            probability_flow(best_denoiser(UNEVEN), torch.zeros(2, 2), torch.tensor(bad))
