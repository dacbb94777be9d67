"""The codec's game: what G minimises, by hand, and that the batch itself is what D sees as real."""

import pytest
import torch
from torch import nn
from torch.nn.functional import softplus

from ganbook.games import ReconstructionGame
from ganbook.training import d_step, fit, g_step


def game(weight=3.0):
    torch.manual_seed(0)
    G, D = nn.Linear(4, 4), nn.Linear(4, 1)
    sgd = [torch.optim.SGD(p.parameters(), 0.1) for p in (G, D)]
    return ReconstructionGame(G, D, *sgd, latent=1, weight=weight)


def test_the_generators_step_by_hand():
    one, x = game(), torch.randn(6, 4)
    weight = one.G.weight.detach().clone().requires_grad_(True)
    copy = x @ weight.T + one.G.bias.detach()
    loss = softplus(-one.D(copy)).mean()
    error = 3 * (copy - x).pow(2).sum() / 24
    (slope,) = torch.autograd.grad(loss + error, weight)
    row = g_step(one, x)
    assert float(row["loss_g"]) == pytest.approx(loss.item(), rel=1e-5)
    assert float(row["reconstruction"]) == pytest.approx(error.item(), rel=1e-5)
    torch.testing.assert_close(one.G.weight, weight.detach() - 0.1 * slope)


def test_the_discriminator_compares_copies_with_originals():
    one, x = game(), torch.randn(6, 4)
    with torch.no_grad():
        want = (softplus(-one.D(x)) + softplus(one.D(one.G(x)))).mean()
    assert float(d_step(one, x)["loss_d"]) == pytest.approx(float(want), rel=1e-5)


def test_a_codec_learns_to_copy():
    one = game(weight=20.0)
    batches = iter(lambda: torch.randn(64, 4), None)
    fit(one, batches, steps=300)
    x = torch.randn(64, 4)
    with torch.no_grad():
        assert float((one.G(x) - x).square().mean()) < 0.05
    with pytest.raises(ValueError, match="weight is 0"):
        game(weight=0)
