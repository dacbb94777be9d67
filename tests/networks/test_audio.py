"""Players for sounds: shapes, parameters, and the stride that shows in what they make."""

import pytest
import torch

from ganbook.networks import (
    count_parameters,
    overlap_add,
    spectrogram_discriminator,
    spectrogram_generator,
    wave_discriminator,
    wave_generator,
)


@pytest.mark.parametrize(
    ("make", "shape", "out", "parameters"),
    [
        (wave_generator, (3, 32), (3, 1, 1_024), 293_057),
        (lambda: wave_generator(resize=True), (3, 32), (3, 1, 1_024), 293_057),
        (wave_discriminator, (3, 1, 1_024), (3, 1), 168_321),
        (spectrogram_generator, (3, 32), (3, 1, 256, 8), 600_576),
        (spectrogram_discriminator, (3, 1, 256, 8), (3, 1), 590_593),
    ],
)
def test_shapes_and_parameters(make, shape, out, parameters):
    network = make()
    y = network(torch.randn(shape))
    assert y.shape == out and count_parameters(network) == parameters
    if len(out) > 2:
        assert y.abs().max() <= 1


def test_discriminators_do_not_mix_samples():
    for D, shape in (
        (wave_discriminator(8), (4, 1, 1_024)),
        (spectrogram_discriminator(8), (4, 1, 256, 8)),
    ):
        x = torch.randn(shape, requires_grad=True)
        D(x)[1].sum().backward()
        assert x.grad[1].abs().sum() > 0 and not x.grad[[0, 2, 3]].any()


@pytest.mark.parametrize(("kernel", "stride"), [(64, 32), (48, 32), (8, 4), (25, 5)])
def test_a_wavelet_at_each_stride_added_up(kernel, stride):
    """Against a slow sum over places."""
    layer = overlap_add(3, kernel, stride)
    x = torch.randn(1, 3, 6)
    y = layer(x)
    assert y.shape == (1, 1, 6 * stride)
    long = torch.full((6 * stride + kernel,), layer.bias.item())
    for t in range(6):
        wavelet = torch.einsum("c,ck->k", x[0, :, t], layer.weight[:, 0])
        long[t * stride : t * stride + kernel] += wavelet
    cut = (kernel - stride) // 2
    torch.testing.assert_close(y[0, 0], long[cut : cut + 6 * stride], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("kernel", [64, 48])
def test_the_stride_shows_on_constant_input_and_a_resize_hides_it(kernel):
    torch.manual_seed(0)
    x = torch.ones(1, 8, 12)
    stepped, smooth = (overlap_add(8, kernel, 32, r)(x)[0, 0, 96:288] for r in (False, True))
    assert torch.allclose(stepped[:-32], stepped[32:], atol=1e-6)
    assert stepped.std() > 0.02 and smooth.std() < 1e-5


def test_sizes_are_checked():
    for kernel, stride in ((16, 32), (33, 32)):
        with pytest.raises(ValueError, match="kernel >= stride"):
            overlap_add(4, kernel, stride)
    with pytest.raises(ValueError, match="latent"):
        wave_generator(0)
    with pytest.raises(ValueError, match="width"):
        spectrogram_discriminator(0)
