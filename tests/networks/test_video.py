"""Players for films: codes of content and motion kept apart, and what a D can see."""

import pytest
import torch

from ganbook.networks import (
    MotionContentGenerator,
    count_parameters,
    frame_discriminator,
    temporal_discriminator,
)


def test_shapes_and_a_batch_of_one():
    G = MotionContentGenerator(content=3, motion=5, frames=4, state=16, width=4)
    for n in (1, 2):
        x = G(torch.randn(n, 8))
        assert x.shape == (n, 1, 4, 32, 32) and x.abs().max() <= 1
    assert temporal_discriminator(4, 8)(x).shape == (2, 1)
    assert frame_discriminator(width=8)(x[:, :, 0]).shape == (2, 1)


def test_each_frame_is_its_own_codes_through_one_network():
    G = MotionContentGenerator(content=3, motion=5, frames=4, state=16, width=4)
    z = torch.randn(2, 8)
    x, codes = G(z), G.motion_codes(z)
    for t in range(4):
        one = G.frame(torch.cat([z[:, :3], codes[:, t]], dim=1))
        torch.testing.assert_close(x[:, :, t], one)


def test_content_does_not_move_and_motion_does():
    G = MotionContentGenerator(content=3, motion=5, frames=4, state=16, width=4)
    z = torch.randn(1, 8).repeat(2, 1)
    z[1, :3] += 1
    codes = G.motion_codes(z)
    assert torch.equal(codes[0], codes[1]) and not torch.equal(G(z)[0], G(z)[1])
    z[1, 3:] += 1
    codes = G.motion_codes(z)
    assert not torch.allclose(codes[0], codes[1])
    assert (codes[0].diff(dim=0).abs().amax(dim=1) > 1e-4).all()


def test_a_temporal_discriminator_sees_the_order():
    torch.manual_seed(0)
    D, x = temporal_discriminator(8, 8), torch.randn(3, 1, 8, 32, 32)
    assert not torch.allclose(D(x), D(x.flip(2)), atol=1e-4)
    x.requires_grad_(True)
    D(x)[1].sum().backward()
    assert (x.grad[1].abs().amax(dim=(0, 2, 3)) > 0).all() and not x.grad[[0, 2]].any()


def test_default_sizes():
    assert count_parameters(MotionContentGenerator()) == 295_953
    assert count_parameters(frame_discriminator()) == 270_897
    assert count_parameters(temporal_discriminator()) == 561_505


@pytest.mark.parametrize("sizes", [{"content": 0}, {"frames": 0}, {"motion": 1.5}])
def test_sizes_are_checked(sizes):
    with pytest.raises(ValueError, match=next(iter(sizes))):
        MotionContentGenerator(**sizes)
