"""Networks that are told the level of noise."""

import pytest
import torch

from ganbook.networks import NoisyDiscriminator, PointDenoiser, count_parameters


def test_the_size_of_both():
    assert count_parameters(PointDenoiser()) == 6 * 128 + 2 * 129 * 128 + 129 * 2 == 34_050
    assert count_parameters(NoisyDiscriminator()) == 6 * 128 + 129 * 128 + 129 == 17_409


def test_without_a_body_the_denoiser_is_the_best_linear_one():
    """For data of standard deviation s it returns x s² / (s² + σ²): the posterior mean of N(0, s²)."""
    net = PointDenoiser(width=4, spread=0.7)
    with torch.no_grad():
        for p in net.body[-1].parameters():
            p.zero_()
        x, sigma = torch.randn(6, 2), torch.tensor([[0.1], [0.7], [3.0]]).repeat(2, 1)
        torch.testing.assert_close(net(x, sigma), x * 0.49 / (0.49 + sigma**2))


def test_the_weight_makes_the_bodys_error_count_equally():
    """An error e of the body is an error c_out e of the estimate: weight times its square is e²."""
    net = PointDenoiser(width=4).double()
    x = torch.randn(5, 2, dtype=torch.float64)
    sigma = torch.tensor([[0.05], [0.3], [1.0], [2.0], [9.0]], dtype=torch.float64)
    with torch.no_grad():
        before = net(x, sigma)
        net.body[-1].bias += 0.25
        moved = (net(x, sigma) - before).square() * net.weight(sigma)
    torch.testing.assert_close(moved, torch.full_like(moved, 0.0625))


@pytest.mark.parametrize("make", [PointDenoiser, NoisyDiscriminator])
def test_both_see_the_level_and_the_point(make):
    torch.manual_seed(0)
    net, x = make(), torch.ones(1, 2)
    outputs = [net(x * s, torch.tensor([[level]])) for s, level in ((1, 0.1), (1, 1.0), (2, 0.1))]
    assert outputs[0].shape == (1, 2 if make is PointDenoiser else 1)
    for other in outputs[1:]:
        assert not torch.allclose(outputs[0], other, atol=1e-4)
    with pytest.raises(ValueError, match="width"):
        make(width=0)


def test_a_spread_of_zero_is_refused():
    with pytest.raises(ValueError, match="spread is 0"):
        PointDenoiser(spread=0)
