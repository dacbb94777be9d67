"""Pictures as integers: levels, straight-through gradients, the nearest code, a round trip."""

import numpy as np
import pytest
import torch

from ganbook.networks import Tokenizer, count_parameters, nearest_code, round_to_levels


@pytest.mark.parametrize("levels", [2, 3, 4, 7])
def test_rounding_reaches_each_level_and_lets_the_gradient_through(levels):
    h = torch.linspace(-6, 6, 400, dtype=torch.float64, requires_grad=True)
    out = round_to_levels(h, levels)
    found = np.unique(out.detach().numpy().round(12))
    np.testing.assert_allclose(found, np.linspace(-1, 1, levels), atol=1e-12)
    nearest = np.abs(np.tanh(h.detach().numpy())[:, None] - found).argmin(1)
    np.testing.assert_allclose(out.detach().numpy(), found[nearest], atol=1e-12)
    (gradient,) = torch.autograd.grad(out.sum(), h)
    torch.testing.assert_close(gradient, 1 - torch.tanh(h.detach()) ** 2)


def test_the_nearest_code_by_a_loop():
    torch.manual_seed(0)
    h = torch.randn(40, 3, dtype=torch.float64, requires_grad=True)
    codebook = torch.randn(7, 3, dtype=torch.float64, requires_grad=True)
    out, number = nearest_code(h, codebook)
    for row, k in zip(h, number.tolist(), strict=True):
        assert k == min(range(7), key=lambda j: float((row - codebook[j]).square().sum()))
    torch.testing.assert_close(out, codebook[number])
    g, other = torch.autograd.grad((out * h.detach()).sum(), (h, codebook), allow_unused=True)
    torch.testing.assert_close(g, h.detach())
    assert other is None or not other.any()
    with pytest.raises(ValueError, match=r"\(K, d\)"):
        nearest_code(h, codebook[:, :2])


def test_a_picture_goes_through_its_tokens():
    torch.manual_seed(1)
    net = Tokenizer(depth=2, levels=3, width=4)
    x = torch.rand(5, 1, 28, 28) * 2 - 1
    tokens, codes = net.tokens(x), net.codes(x)
    assert tokens.shape == (5, 16) and tokens.min() >= 0 and tokens.max() < 9
    digits = torch.stack([tokens % 3, tokens // 3], dim=2)
    torch.testing.assert_close(digits.float() - 1, codes)
    torch.testing.assert_close(net.decode(codes), net(x))
    assert net(x).shape == x.shape and float(net(x).abs().max()) <= 1
    encoder = 785 * 4 + 5 * 32
    decoder = 33 * 4 + 5 * 784
    assert count_parameters(net) == encoder + decoder


def test_what_is_refused():
    for levels in (1, 2.5):
        with pytest.raises(ValueError, match="levels"):
            round_to_levels(torch.zeros(3), levels)
    with pytest.raises(ValueError, match="depth"):
        Tokenizer(depth=0)
