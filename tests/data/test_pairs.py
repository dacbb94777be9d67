"""Pairs made by code: what is taken away, by loops over pixels; what a seed decides."""

import numpy as np
import pytest
import torch

from ganbook.data import PAIRS, Images
from ganbook.data.pairs import edges, half_resolution, masks


def images(n=12, side=28, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randint(0, 256, (n, 1, side, side), generator=generator).to(torch.uint8)
    x[:, :, 6:20, 8:18] = 200  # a block of ink, so that some ink lies inside
    return Images(x, torch.arange(n))


def test_edges_by_a_loop():
    found = edges(images(3, side=12), 3, seed=1)
    for source, target in zip(found.source[:, 0].numpy(), found.target[:, 0].numpy(), strict=True):
        ink = target >= 128
        for i in range(12):
            for j in range(12):
                near = ink[max(i - 1, 0) : i + 2, max(j - 1, 0) : j + 2]
                assert source[i, j] == 255 * (ink[i, j] and not near.all())


def test_masks_hide_one_rectangle_whose_place_is_drawn():
    found = masks(images(), 12, seed=3)
    places = set()
    for source, target in zip(found.source[:, 0].numpy(), found.target[:, 0].numpy(), strict=True):
        rows, columns = np.nonzero(source != target)
        top, left = rows.min(), columns.min()
        hole = np.zeros((28, 28), bool)
        hole[top : top + 12, left : left + 12] = True
        places.add((top, left))
        assert 4 <= top <= 12 and 4 <= left <= 12
        assert (source[hole] == 128).mean() > 0.99 and (source[~hole] == target[~hole]).all()
    assert len(places) > 6


def test_half_resolution_by_a_loop():
    found = half_resolution(images(3), 3, seed=0)
    for source, target in zip(found.source[:, 0].numpy(), found.target[:, 0].numpy(), strict=True):
        for i in range(0, 28, 2):
            for j in range(0, 28, 2):
                block = target[i : i + 2, j : j + 2].astype(float)
                assert (source[i : i + 2, j : j + 2] == np.round(block.mean())).all()


@pytest.mark.parametrize("name", PAIRS)
def test_a_seed_decides_all_and_the_set_stays(name):
    given = images()
    before = given.x.clone()
    one, again, other = (PAIRS[name](given, 5, seed) for seed in (1, 1, 2))
    assert torch.equal(one.source, again.source) and torch.equal(one.label, again.label)
    assert not torch.equal(one.label, other.label)
    assert torch.equal(given.x, before)
    assert len(one) == 5 and one.label.unique().numel() == 5
    assert torch.equal(one.target, given.x[one.label])
    assert one.source.dtype == torch.uint8 and one.source.shape == (5, 1, 28, 28)
    assert repr(one) == "Pairs(source, target: uint8 (5, 1, 28, 28), label: int64)"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: edges(images(), 13, 0), "n is 13: expected a whole number from 1 to 12"),
        (lambda: edges(images(), True, 0), "n is True"),
        (lambda: masks(images(side=8), 2, 0), "8 by 8: expected at least 12 by 12"),
        (lambda: half_resolution(images(side=21), 2, 0), "expected even sides"),
        (
            lambda: edges(Images(torch.zeros(2, 3, 8, 8).byte(), torch.zeros(2).long()), 1, 0),
            "expected one channel",
        ),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()
