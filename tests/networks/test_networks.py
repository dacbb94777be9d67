"""The players: sizes counted by hand, and every layer against the formula in NumPy and SciPy."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.signal import convolve2d, correlate2d
from torch import nn

from ganbook.networks import (
    conv_discriminator,
    conv_generator,
    count_parameters,
    mlp_discriminator,
    mlp_generator,
)


def test_parameters_by_hand():
    def linear(*sizes):
        return sum((a + 1) * b for a, b in pairwise(sizes))

    assert count_parameters(mlp_generator()) == linear(100, 256, 512, 1024, 784) == 1_486_352
    assert count_parameters(mlp_discriminator()) == linear(784, 1024, 512, 256, 1) == 1_460_225


def leaky(x):
    return np.where(x > 0, x, 0.2 * x)


def weights(network):
    return [
        (m.weight.detach().numpy(), m.bias.detach().numpy())
        for m in network
        if isinstance(m, nn.Linear)
    ]


def test_generator_is_the_article_s_formula():
    torch.manual_seed(0)
    G = mlp_generator().double()
    z = np.random.default_rng(0).standard_normal((5, 100))
    h = z
    *hidden, last = weights(G)
    for w, b in hidden:
        h = leaky(h @ w.T + b)
    expected = np.tanh(h @ last[0].T + last[1]).reshape(5, 1, 28, 28)
    np.testing.assert_allclose(G(torch.tensor(z)).detach().numpy(), expected, atol=1e-12)


def test_discriminator_in_evaluation_is_the_article_s_formula_before_its_sigmoid():
    torch.manual_seed(0)
    D = mlp_discriminator().double().eval()
    x = np.random.default_rng(0).uniform(-1, 1, (5, 1, 28, 28))
    h = x.reshape(5, 784)
    *hidden, last = weights(D)
    for w, b in hidden:
        h = leaky(h @ w.T + b)
    np.testing.assert_allclose(
        D(torch.tensor(x)).detach().numpy(), h @ last[0].T + last[1], atol=1e-12
    )


def test_order_of_layers():
    assert [type(m).__name__ for m in mlp_generator()] == ["Linear", "LeakyReLU"] * 3 + [
        "Linear",
        "Tanh",
        "Unflatten",
    ]
    hidden = ["Linear", "LeakyReLU", "Dropout"] * 3
    assert [type(m).__name__ for m in mlp_discriminator()] == ["Flatten", *hidden, "Linear"]
    assert {m.p for m in mlp_discriminator() if isinstance(m, nn.Dropout)} == {0.3}
    players = (mlp_generator(), mlp_discriminator())
    slopes = {m.negative_slope for p in players for m in p if isinstance(m, nn.LeakyReLU)}
    assert slopes == {0.2}


def test_dropout_drops_three_in_ten_and_only_in_training():
    torch.manual_seed(0)
    D = mlp_discriminator()
    x = torch.randn(64, 1, 28, 28)
    inner = D[:4]
    share = (inner(x) == 0).float().mean().item()
    assert abs(share - 0.3) < 4 * (0.3 * 0.7 / (64 * 1024)) ** 0.5
    assert (D.eval()[:4](x) != 0).all()


def test_other_sizes_and_refusals():
    assert mlp_generator(16, (32,), side=8)(torch.zeros(2, 16)).shape == (2, 1, 8, 8)
    assert mlp_discriminator((32,), side=8)(torch.zeros(2, 1, 8, 8)).shape == (2, 1)
    for bad in ({"latent": 0}, {"widths": ()}, {"side": 2.5}, {"widths": (10, 0)}):
        with pytest.raises(ValueError, match="expected whole numbers"):
            mlp_generator(**bad)
    with pytest.raises(ValueError, match="dropout is 1"):
        mlp_discriminator(dropout=1.0)


def test_convolutional_parameters_by_hand():
    def conv(n_in, n_out, kernel):
        return (n_in * kernel**2 + 1) * n_out

    width = 16
    g = (64 + 1) * 4 * width * 49 + (4 * width * 16 * 2 * width + 2 * width) + (2 * width * 16 + 1)
    d = (
        conv(1, width, 4)
        + conv(width, 2 * width, 4)
        + conv(2 * width, 4 * width, 3)
        + (64 * width + 1)
    )
    assert count_parameters(conv_generator()) == g == 237_153
    assert count_parameters(conv_discriminator()) == d == 28_017


def test_convolutional_generator_is_scipy_s_convolutions():
    """A transposed convolution of stride 2 is a full convolution of the map with zeros put between
    its entries.
    """
    torch.manual_seed(0)
    G = conv_generator(latent=3, width=1).double()
    z = torch.randn(2, 3, dtype=torch.float64)
    linear, (first, second) = G[0], [m for m in G if isinstance(m, nn.ConvTranspose2d)]
    h = leaky((z @ linear.weight.T + linear.bias).detach().numpy()).reshape(2, 4, 7, 7)
    h = leaky(transposed(h, first))
    expected = np.tanh(transposed(h, second))
    assert expected.shape == (2, 1, 28, 28)
    np.testing.assert_allclose(G(z).detach().numpy(), expected, atol=1e-12)


def transposed(x, layer):
    weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    n, channels, side, _ = x.shape
    spread = np.zeros((n, channels, 2 * side - 1, 2 * side - 1))
    spread[:, :, ::2, ::2] = x
    full = np.array(
        [
            [
                sum(convolve2d(spread[i, c], weight[c, o]) for c in range(channels)) + bias[o]
                for o in range(weight.shape[1])
            ]
            for i in range(n)
        ]
    )
    return full[:, :, 1:-1, 1:-1]


def test_convolutional_discriminator_is_scipy_s_correlations():
    torch.manual_seed(0)
    D = conv_discriminator(width=1).double()
    x = torch.rand(2, 1, 28, 28, dtype=torch.float64) * 2 - 1
    h = x.numpy()
    for layer in (m for m in D if isinstance(m, nn.Conv2d)):
        weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
        padded = np.pad(h, ((0, 0), (0, 0), (1, 1), (1, 1)))
        h = leaky(
            np.array(
                [
                    [
                        sum(
                            correlate2d(padded[i, c], weight[o, c], "valid")
                            for c in range(h.shape[1])
                        )[::2, ::2]
                        + bias[o]
                        for o in range(len(weight))
                    ]
                    for i in range(len(x))
                ]
            )
        )
    assert h.shape == (2, 4, 4, 4)
    expected = h.reshape(2, -1) @ D[-1].weight.detach().numpy().T + D[-1].bias.detach().numpy()
    np.testing.assert_allclose(D(x).detach().numpy(), expected, atol=1e-12)


def test_no_sample_of_the_convolutional_discriminator_sees_another():
    D, x = conv_discriminator(), torch.rand(6, 1, 28, 28)
    torch.testing.assert_close(D(x)[2:3], D(x[2:3]))


@pytest.mark.parametrize(
    "make",
    [
        lambda: conv_generator(latent=0),
        lambda: conv_generator(width=0),
        lambda: conv_discriminator(width=-1),
    ],
)
def test_convolutional_sizes_below_one_are_refused(make):
    with pytest.raises(ValueError, match="expected whole numbers of at least 1"):
        make()
