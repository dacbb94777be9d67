"""Find the bug: symptoms that the broken functions must really show."""

import math

import pytest
import torch
from torch.nn import functional as F

from ganbook.exercises.chapter18 import counts, losses, samplers
from ganbook.metrics import mode_coverage


def test_at_1_4612_every_sample_is_named_correctly():
    """18.7: a sample that is named wrongly costs at least 1.92, so 99 per cent give 1.466."""
    right = math.log(math.e + 9) - 1
    p = torch.rand(20_000, 10, generator=torch.Generator().manual_seed(0)) * 12
    cost = F.cross_entropy(p.softmax(1), torch.zeros(20_000, dtype=torch.int64), reduction="none")
    named = p.argmax(1) == 0
    tie = math.log(2 * math.exp(0.5) + 8) - 0.5
    assert tie == pytest.approx(1.9246, abs=1e-4) and cost[~named].min() >= tie - 1e-6
    assert 0.99 * right + 0.01 * tie == pytest.approx(1.4658, abs=1e-4)
    sure = torch.eye(10) * 200
    assert losses.broken_18_7(sure, torch.arange(10)).item() == pytest.approx(right, abs=1e-6)


@pytest.mark.parametrize("seed", [0, 1])
def test_one_distance_loses_a_mode_and_another_does_not(seed):
    """18.17: `torch.cdist` in single precision against the norm of the difference."""
    generator = torch.Generator().manual_seed(seed)
    centres = counts.broken_18_17(8)
    which = torch.randint(8, (5_000,), generator=generator)
    x = centres[which] + 0.01 * torch.randn(5_000, 2, generator=generator)
    by_cdist = torch.bincount(torch.cdist(x, centres).argmin(dim=1), minlength=8) / 5_000
    held = by_cdist[by_cdist > 0]
    assert len(held) == 7 and held.max() == pytest.approx(0.25, abs=0.02)
    assert float((held * (8 * held).log()).sum()) == pytest.approx(math.log(2) / 4, abs=0.02)
    modes, _, reverse = mode_coverage(x.numpy(), centres.numpy(), 0.01)
    assert modes == 8 and reverse < 0.005


def test_a_precision_is_zero_only_where_every_point_is_repeated():
    """18.19: with k = 5 and a share of points given six times, the others still count."""
    generator = torch.Generator().manual_seed(0)
    points = torch.randn(12, 3, generator=generator)
    repeated = points[:6].repeat(6, 1)
    mixed = torch.cat([repeated, points[6:]])
    assert samplers.broken_18_19(repeated, repeated, 5) == 0
    assert 0 < samplers.broken_18_19(mixed, mixed, 5) < 1
    assert samplers.mended_18_19(mixed, mixed, 5) == 1
