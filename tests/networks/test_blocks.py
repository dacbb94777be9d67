"""Blocks: formulas in NumPy, the identity at first, what the first step can move, refusals; FLOPs."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from ganbook import networks as nets
from ganbook.penalties import gradient_norms, r1


def test_residual_block_is_its_skip_path_at_first():
    x = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    assert torch.equal(nets.ResidualBlock(3, 3)(x), x)
    wide = nets.ResidualBlock(3, 5)
    torch.testing.assert_close(wide(x), wide.skip(x))
    up, down = nets.ResidualBlock(3, 3, "up")(x), nets.ResidualBlock(3, 3, "down")(x)
    assert torch.equal(up, x.repeat_interleave(2, 2).repeat_interleave(2, 3))
    torch.testing.assert_close(down, x.unflatten(3, (4, 2)).unflatten(2, (4, 2)).mean((3, 5)))
    assert not torch.equal(nets.ResidualBlock(3, 3, zero=False)(x), x)


def leaky(x):
    return torch.where(x > 0, x, 0.2 * x)


@pytest.mark.parametrize("resample", [None, "up", "down"])
def test_residual_block_by_its_formula(resample):
    torch.manual_seed(0)
    block = nets.ResidualBlock(3, 4, resample, zero=False).double()
    x = torch.randn(2, 3, 6, 6, dtype=torch.float64)
    _, first, _, second = block.residual

    def up(h):
        return h.repeat_interleave(2, 2).repeat_interleave(2, 3) if resample == "up" else h

    def down(h):
        return h.unfold(2, 2, 2).unfold(3, 2, 2).mean((4, 5)) if resample == "down" else h

    wanted = down(second(leaky(first(leaky(up(x))))))
    wanted = wanted + down(up(torch.einsum("oi,nihw->nohw", block.skip.weight[:, :, 0, 0], x)))
    torch.testing.assert_close(block(x), wanted)


def test_only_the_zero_layer_moves_at_the_first_step():
    for block in (nets.ResidualBlock(4, 4), nets.Bottleneck(4, 2)):
        x = torch.randn(2, 4, 6, 6)
        block(x).square().sum().backward()
        moved = [bool(p.grad.abs().sum() > 0) for p in block.residual.parameters()]
        last = 2 if isinstance(block, nets.ResidualBlock) else 1
        assert moved[-last:] == [True] * last and not any(moved[:-last])


def test_bottleneck_by_its_formula_and_groups():
    torch.manual_seed(0)
    block = nets.Bottleneck(4, 6, groups=3)
    x = torch.randn(2, 4, 5, 5)
    assert torch.equal(block(x), x)
    nn.init.normal_(block.residual[4].weight)
    first, _, middle, _, last = block.residual
    assert middle.weight.shape == (6, 2, 3, 3)
    torch.testing.assert_close(block(x), x + last(leaky(middle(leaky(first(x))))))
    assert first.bias is None and last.bias is None and middle.bias is not None
    with pytest.raises(ValueError, match="do not split into 4 groups"):
        nets.Bottleneck(4, 6, groups=4)
    for make in (nets.minimal_generator, nets.minimal_discriminator):
        with pytest.raises(ValueError, match="even number"):
            make(width=5)


def test_attention_by_its_formula():
    torch.manual_seed(0)
    block = nets.SelfAttention(8, reduce=4).double()
    x = torch.randn(2, 8, 3, 4, dtype=torch.float64)
    assert torch.equal(block(x), x)
    with torch.no_grad():
        block.gamma.fill_(0.7)
    rows = x.flatten(2).numpy()
    for i in range(2):
        q, k, v = (
            f.weight.detach()[:, :, 0, 0].numpy() @ rows[i] + f.bias.detach().numpy()[:, None]
            for f in (block.query, block.key, block.value)
        )
        score = np.exp(q.T @ k)
        seen = v @ (score / score.sum(axis=1, keepdims=True)).T
        out = block.out.weight.detach()[:, :, 0, 0].numpy() @ seen
        out = out + block.out.bias.detach().numpy()[:, None]
        np.testing.assert_allclose(
            block(x)[i].detach().flatten(1).numpy(), rows[i] + 0.7 * out, atol=1e-12
        )
    assert q.shape == (2, 12) and v.shape == (4, 12)


def test_attention_sees_everything_in_no_order_and_has_a_second_derivative():
    torch.manual_seed(0)
    block = nets.SelfAttention(8)
    nn.init.constant_(block.gamma, 1.0)
    assert (nets.footprint(block, (8, 6, 6)) > 0).all()
    x, order = torch.randn(1, 8, 4, 4), torch.randperm(16)
    mixed = x.flatten(2)[:, :, order].reshape(1, 8, 4, 4)
    torch.testing.assert_close(block(mixed).flatten(2), block(x).flatten(2)[:, :, order])
    D = nn.Sequential(block, nn.Flatten(), nn.Linear(128, 1))
    gradient_norms(D, x).sum().backward()
    assert block.query.weight.grad.abs().sum() > 0
    with pytest.raises(ValueError, match="not divisible"):
        nets.SelfAttention(6)


def test_unet_scores_pixels_and_pools_them():
    torch.manual_seed(0)
    D = nets.UNetDiscriminator(4).double()
    x = torch.rand(3, 1, 28, 28, dtype=torch.float64)
    torch.testing.assert_close(D.pooled(x)[:, 0], D(x).flatten(1).mean(dim=1))
    with torch.no_grad():
        D.up28.weight.zero_()
        D.up28.bias.fill_(0.5)
    maps = D(x)  # without the local part: the score of the picture everywhere
    whole = D.whole(D.down7(D.down14(x)).flatten(1)) + 0.5
    torch.testing.assert_close(maps, whole[:, :, None, None].expand(3, 1, 28, 28))


def test_zeroed_is_zero_and_in_place():
    layer = nn.Conv2d(2, 3, 3)
    assert nets.zeroed(layer) is layer
    assert layer.weight.abs().sum() == 0 == layer.bias.abs().sum()
    assert layer.weight.requires_grad


def test_flops_of_layers_by_hand():
    x, z = torch.randn(5, 3, 8, 8), torch.randn(5, 7)
    conv = nn.Conv2d(3, 4, 3, 2, 1)
    forward = 2 * 9 * 3 * 4 * 16 * 5
    assert nets.count_flops(lambda: conv(x)) == forward
    assert nets.count_flops(lambda: conv(x).sum().backward()) == 2 * forward  # no slope at x
    assert nets.count_flops(lambda: conv(x.requires_grad_()).sum().backward()) == 3 * forward
    linear = nn.Linear(7, 2)
    assert nets.count_flops(lambda: linear(z)) == 2 * 7 * 2 * 5
    up = nn.ConvTranspose2d(3, 4, 4, 2, 1)  # one product a weight and an input pixel
    assert nets.count_flops(lambda: up(x.detach())) == 2 * 16 * 3 * 4 * 64 * 5


def test_flops_agree_with_torch_s_counter_where_that_can_count():
    G, z = nets.full_generator(), torch.randn(2, 64)
    with FlopCounterMode(display=False) as counter:
        G(z).sum().backward()
    assert nets.count_flops(lambda: G(z).sum().backward()) == counter.get_total_flops()


def test_flops_of_a_penalty_s_double_backward():
    """F for the scores, F for the slope at x, 4 F for its derivative, less 3 of the last layer, which
    needs no slope at its output."""
    D = nn.Sequential(nn.Conv2d(1, 4, 4, 2, 1), nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(64, 1))
    x = torch.randn(3, 1, 8, 8)
    passes = nets.count_flops(lambda: D(x))
    assert passes == 3 * (2 * 16 * 4 * 16 + 2 * 64)
    assert nets.count_flops(lambda: gradient_norms(D, x)) == 2 * passes
    whole = nets.count_flops(lambda: r1()(D, x, x).backward())
    assert whole == 6 * passes - 3 * (3 * 2 * 64)
