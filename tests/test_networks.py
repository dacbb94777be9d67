"""The article's players: sizes counted by hand, and every layer against the formula in NumPy."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from ganbook.networks import count_parameters, mlp_discriminator, mlp_generator


def test_parameters_by_hand():
    def linear(*sizes):
        return sum((a + 1) * b for a, b in pairwise(sizes))

    assert count_parameters(mlp_generator()) == linear(100, 256, 512, 1024, 784) == 1_486_352
    assert count_parameters(mlp_discriminator()) == linear(784, 1024, 512, 256, 1) == 1_460_225


def leaky(x):
    return np.where(x > 0, x, 0.2 * x)


def weights(network):
    return [(m.weight.detach().numpy(), m.bias.detach().numpy()) for m in network if isinstance(m, nn.Linear)]


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
    np.testing.assert_allclose(D(torch.tensor(x)).detach().numpy(), h @ last[0].T + last[1], atol=1e-12)


def test_order_of_layers():
    assert [type(m).__name__ for m in mlp_generator()] == ["Linear", "LeakyReLU"] * 3 + ["Linear", "Tanh", "Unflatten"]
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
