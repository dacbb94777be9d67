"""Styles: against slow loops, equal lengths, an identity, and what is drawn anew."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import conv2d

from ganbook.networks import (
    MappingNetwork,
    ModulatedConv2d,
    StyleGenerator,
    count_parameters,
    fade_in,
    truncate,
)


def test_the_mapping_network_forgets_the_length_of_z():
    torch.manual_seed(0)
    net = MappingNetwork(8, 6, 3)
    z = torch.randn(5, 8)
    torch.testing.assert_close(net(z), net(7 * z))
    assert net(z).shape == (5, 6) and count_parameters(net) == 9 * 6 + 2 * 7 * 6
    scaled = z / z.square().mean(1, keepdim=True).sqrt()
    torch.testing.assert_close(net(z), net.body(scaled))
    draws = torch.randn(4_000, 8, generator=torch.Generator().manual_seed(5))
    torch.testing.assert_close(net.mean(4_000, seed=5)[0], net(draws).mean(0), atol=1e-6, rtol=1e-4)


def test_truncation_scales_the_covariance_and_keeps_the_mean():
    generator = torch.Generator().manual_seed(1)
    w = (
        torch.randn(500, 3, generator=generator).double()
        @ torch.diag(torch.tensor([1.0, 2, 3.0])).double()
        + 4
    )
    mean = w.mean(0, keepdim=True)
    near = truncate(w, mean, 0.6)
    torch.testing.assert_close(near.mean(0, keepdim=True), mean)
    np.testing.assert_allclose(np.cov(near.T), 0.36 * np.cov(w.T), rtol=1e-10)
    torch.testing.assert_close(truncate(w, mean[0], 1.0), w)
    with pytest.raises(ValueError, match="equal widths"):
        truncate(w, torch.zeros(2), 0.5)


@pytest.mark.parametrize("demodulate", [True, False])
@pytest.mark.parametrize("kernel", [1, 3])
def test_a_modulated_convolution_by_a_loop_over_samples(kernel, demodulate):
    torch.manual_seed(2)
    layer = ModulatedConv2d(3, 4, 5, kernel, demodulate)
    x, w = torch.randn(6, 3, 7, 5), torch.randn(6, 5)
    rows = []
    for one, style in zip(x, w, strict=True):
        s = layer.affine.weight @ style + layer.affine.bias
        weight = layer.weight * s[None, :, None, None]
        if demodulate:
            weight = weight / weight.flatten(1).norm(dim=1)[:, None, None, None]
        rows.append(conv2d(one[None], weight, padding=kernel // 2))
    torch.testing.assert_close(layer(x, w), torch.cat(rows), rtol=1e-4, atol=1e-5)


def test_demodulation_forgets_the_length_of_the_style_and_keeps_unit_variance():
    torch.manual_seed(3)
    layer = ModulatedConv2d(16, 8, 4)
    nn.init.zeros_(layer.affine.bias)
    w, x = torch.randn(3, 4), torch.randn(3, 16, 20, 20)
    torch.testing.assert_close(layer(x, w), layer(x, 9 * w), rtol=1e-4, atol=1e-4)
    assert 0.9 < float(layer(x, w)[:, :, 2:-2, 2:-2].std()) < 1.1
    with pytest.raises(ValueError, match="odd"):
        ModulatedConv2d(2, 2, 2, kernel=4)


def test_a_style_generator_draws_its_noise_and_mixes_styles():
    torch.manual_seed(4)
    G = StyleGenerator(8, 2, 2)
    z = torch.randn(3, 8)
    x = G(z)
    assert x.shape == (3, 1, 28, 28) and float(x.abs().max()) <= 1
    torch.testing.assert_close(x, G(z), msg="noise of strength 0 changes nothing")
    with torch.no_grad():
        G.strength += 0.5
        assert not torch.allclose(G(z), G(z))
        G.noise = torch.Generator().manual_seed(0)
        first = G(z)
        G.noise.manual_seed(0)
        torch.testing.assert_close(first, G(z))
        G.strength.zero_()
        w = G.mapping(z)
        many = w[:, None].repeat(1, 4, 1)
        torch.testing.assert_close(G.synthesis(many), G(z))
        many[:, -1] = w.flip(0)
        assert not torch.allclose(G.synthesis(many), G(z), atol=1e-4)
    sizes = (
        2 * 9 * 8 + (8 * 8 * 9 + 9 * 8) + (4 * 8 * 9 + 9 * 8) + (2 * 4 * 9 + 9 * 4) + (2 + 9 * 2)
    )
    assert count_parameters(G) == sizes + 8 * 49 + 3
    with pytest.raises(ValueError, match="latent"):
        StyleGenerator(0)


def test_a_resolution_fades_in():
    low, high = torch.randn(2, 3, 4, 5), torch.randn(2, 3, 8, 10)
    start = fade_in(low, high, 0.0)
    np.testing.assert_array_equal(start[:, :, ::2, ::2], low)
    np.testing.assert_array_equal(start[:, :, 1::2, 1::2], low)
    torch.testing.assert_close(fade_in(low, high, 1.0), high)
    torch.testing.assert_close(fade_in(low, high, 0.25), 0.75 * start + 0.25 * high)
    with pytest.raises(ValueError, match="share"):
        fade_in(low, high, 1.5)
    with pytest.raises(ValueError, match="twice the sides"):
        fade_in(low, high[:, :, :7], 0.5)
