"""The spread over a batch as a feature: by a slow loop, its groups, its slope, what it refuses."""

import numpy as np
import pytest
import torch
from torch import nn

from ganbook.games import Game
from ganbook.networks import MinibatchStd
from ganbook.penalties import r1
from ganbook.training import fit


def slow(h, group):
    """Group by group and feature by feature, in numpy."""
    h = h.numpy().astype(np.float64)
    rows = []
    for start in range(0, len(h), group):
        part = h[start : start + group].reshape(group, -1)
        spread = np.mean([np.sqrt(np.mean((c - c.mean()) ** 2) + 1e-8) for c in part.T])
        rows += [spread] * group
    return np.array(rows)


@pytest.mark.parametrize("shape", [(6, 5), (6, 2, 3, 4)])
@pytest.mark.parametrize("group", [None, 2, 3, 6])
def test_it_is_the_mean_deviation_of_the_group(shape, group):
    h = torch.randn(shape, generator=torch.Generator().manual_seed(0)) * 2 + 1
    out = MinibatchStd(group)(h)
    assert out.shape == (shape[0], shape[1] + 1, *shape[2:])
    assert torch.equal(out[:, :-1], h)
    wanted = slow(h, group or 6).reshape(-1, *(1,) * (len(shape) - 2))
    np.testing.assert_allclose(
        out[:, -1].numpy(), np.broadcast_to(wanted, out[:, -1].shape), rtol=1e-5
    )


def test_equal_rows_have_no_spread_and_a_finite_slope():
    h = torch.ones(4, 3, requires_grad=True)
    out = MinibatchStd()(h)
    torch.testing.assert_close(out[:, 3], torch.full((4,), 1e-4))
    out.sum().backward()
    assert h.grad.isfinite().all()


def test_scaling_the_batch_scales_the_spread_and_shifting_it_does_not():
    h = torch.randn(8, 3)
    first, twice, moved = (MinibatchStd()(x)[0, -1] for x in (h, 2 * h, h + 5))
    torch.testing.assert_close(twice, 2 * first, rtol=1e-4, atol=0)
    torch.testing.assert_close(moved, first, rtol=1e-4, atol=0)


@pytest.mark.parametrize("group", [0, 1, 2.0])
def test_a_group_that_is_none(group):
    with pytest.raises(ValueError, match="group is"):
        MinibatchStd(group)


def test_rows_that_fill_no_group():
    with pytest.raises(ValueError, match="7 rows for groups of 2"):
        MinibatchStd(2)(torch.zeros(7, 3))
    with pytest.raises(ValueError, match="0 rows"):
        MinibatchStd()(torch.zeros(0, 3))


def test_penalties_per_sample_and_one_pass_are_refused_with_it():
    G, D = nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 4), MinibatchStd(), nn.Linear(5, 1))
    sgd = [torch.optim.SGD(p.parameters(), lr=0.1) for p in (G, D)]
    batches = iter([torch.zeros(4, 2)] * 3)
    with pytest.raises(ValueError, match="batch statistics in '1'"):
        fit(Game(G, D, *sgd, 2), batches, penalty=r1(), steps=1)
    with pytest.raises(ValueError, match="one_pass"):
        Game(G, D, *sgd, 2, one_pass=True)
