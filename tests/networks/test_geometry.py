"""Receptive fields, overlaps, phases: by torch's own layers, by counting, by closed forms."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import conv_transpose1d

from ganbook.networks import footprint, overlaps, phases, receptive_field, uneven_share

STACKS = {
    "one": ([(5, 1)], (5, 1)),
    "patch 16": ([(4, 2), (4, 1), (4, 1)], (16, 2)),
    "patch 70": ([(4, 2)] * 3 + [(4, 1)] * 2, (70, 8)),
    "DCGAN": ([(4, 2), (4, 2), (7, 1)], (34, 4)),
    "three of three": ([(3, 1)] * 3, (7, 1)),
}


@pytest.mark.parametrize("name", STACKS)
def test_receptive_field_by_formula_and_by_gradient(name):
    layers, wanted = STACKS[name]
    assert receptive_field(layers) == wanted
    torch.manual_seed(0)
    network = nn.Sequential(*(nn.Conv2d(1, 1, k, s) for k, s in layers))
    seen = footprint(network, (1, 96, 96)) > 0
    assert seen.any(dim=0).sum() == seen.any(dim=1).sum() == wanted[0]
    assert seen.sum() == wanted[0] ** 2
    assert all(p.grad is None for p in network.parameters())


def test_footprint_of_scores_sums_channels():
    network = nn.Sequential(nn.Flatten(), nn.Linear(2 * 9, 1, bias=False))
    with torch.no_grad():
        network[1].weight.copy_(torch.arange(-9.0, 9)[None])
    wanted = torch.arange(-9.0, 9).reshape(2, 3, 3).abs().sum(dim=0)
    torch.testing.assert_close(footprint(network, (2, 3, 3)), wanted)


@pytest.mark.parametrize(
    ("kernel", "stride", "counts"),
    [(3, 2, [2, 1]), (4, 2, [2, 2]), (5, 2, [3, 2]), (25, 4, [7, 6, 6, 6]), (2, 3, [1, 1, 0])],
)
def test_overlaps_are_what_ones_make_of_ones(kernel, stride, counts):
    assert overlaps(kernel, stride) == counts
    made = conv_transpose1d(torch.ones(1, 1, 30), torch.ones(1, 1, kernel), stride=stride)[0, 0]
    assert made[10 * stride : 11 * stride].tolist() == counts


@pytest.mark.parametrize(("kernel", "stride"), [(3, 2), (4, 2), (7, 3)])
def test_phases_are_convolutions(kernel, stride):
    generator = torch.Generator().manual_seed(0)
    x, w = (torch.randn(n, generator=generator, dtype=torch.float64) for n in (20, kernel))
    made = conv_transpose1d(x[None, None], w[None, None], stride=stride)[0, 0].numpy()
    for r, part in enumerate(phases(w, stride)):
        wanted = np.convolve(x.numpy(), part.numpy())
        got = made[r::stride]
        np.testing.assert_allclose(got, wanted[: len(got)], atol=1e-12)


@pytest.mark.parametrize(("kernel", "stride"), [(3, 2), (4, 2), (5, 2), (4, 4), (25, 4)])
def test_the_uneven_share_of_random_kernels(kernel, stride):
    """By the output itself for each kernel, and 1 - 1 / s in the mean, whatever the kernel."""
    generator = torch.Generator().manual_seed(0)
    w = torch.randn(4_000, kernel, generator=generator, dtype=torch.float64)
    share = uneven_share(w, stride)
    for k in range(5):
        made = conv_transpose1d(torch.ones(1, 1, 30).double(), w[None, None, k], stride=stride)
        inner = made[0, 0, 10 * stride : 20 * stride].numpy()
        assert share[k].item() == pytest.approx(inner.var() / (inner**2).mean(), abs=1e-12)
    error = 4 * share.std().item() / 4_000**0.5
    assert share.mean().item() == pytest.approx(1 - 1 / stride, abs=error)


def test_the_uneven_share_at_its_ends():
    assert uneven_share(torch.ones(4), 2).item() == 0
    assert uneven_share(torch.tensor([1.0, -1.0]), 2).item() == 1
    assert uneven_share(torch.tensor([2.0, 1.0, 0.0]), 2).item() == pytest.approx(0.1)
    assert uneven_share(torch.randn(3, 5, 7), 1).abs().max() < 1e-6


def test_refusals():
    with pytest.raises(ValueError, match="no layers"):
        receptive_field([])
    for call in (
        lambda: receptive_field([(3, 0)]),
        lambda: overlaps(2.0, 1),
        lambda: phases(torch.ones(3), 0),
        lambda: uneven_share(torch.ones(3), True),
    ):
        with pytest.raises(ValueError, match="whole number of at least 1"):
            call()
    with pytest.raises(ValueError, match="expected \\(K,\\)"):
        phases(torch.ones(3, 3), 2)
    with pytest.raises(ValueError, match="stride of at most K"):
        uneven_share(torch.ones(3), 4)
