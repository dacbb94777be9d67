"""The histogram's divergence: exact cells, hand-made shares, its floor."""

import numpy as np
import pytest
import torch
from scipy.stats import binom

from ganbook.distributions import gaussians, ring
from ganbook.metrics import cell_probabilities, histogram_kl

EDGES = np.linspace(-1.5, 1.5, 31)


def test_cells_against_counting_and_a_product():
    law = gaussians([[0.2, -0.4], [0.9, 0.3]], torch.tensor([0.3, 0.1]), torch.tensor([0.75, 0.25]))
    cells = cell_probabilities(law, [-1.0, 0.0, 0.5, 1.5])
    assert cells.shape == (3, 3) and cells.sum() == pytest.approx(1, abs=1e-12)
    x = law.sample(200_000, torch.Generator().manual_seed(0)).numpy()
    for i, (low, high) in enumerate([(-9, 0), (0, 0.5), (0.5, 9)]):
        for j, (left, right) in enumerate([(-9, 0), (0, 0.5), (0.5, 9)]):
            inside = ((x >= [low, left]) & (x < [high, right])).all(axis=1).mean()
            error = 4 * (cells[i, j] * (1 - cells[i, j]) / 200_000) ** 0.5 + 1e-6
            assert abs(inside - cells[i, j]) < error


def test_the_divergence_by_hand():
    edges, p = [0.0, 1.0, 2.0], np.array([[0.1, 0.2], [0.3, 0.4]])
    x = np.array([[0.5, 0.5], [0.5, 1.5], [7.0, -3.0], [1.0, 0.0]])
    want = 0.25 * np.log(0.25 / 0.1) + 0.25 * np.log(0.25 / 0.2) + 0.5 * np.log(0.5 / 0.3)
    assert histogram_kl(x, edges, p) == pytest.approx(want, rel=1e-12)
    assert histogram_kl(x, edges, p.T) != pytest.approx(want, rel=0.01)
    p[1, 0] = 0
    assert histogram_kl(x, edges, p) == np.inf


def test_the_floor_is_above_zero_and_falls_with_the_samples():
    law = ring(std=0.1)
    cells, generator = cell_probabilities(law, EDGES), torch.Generator().manual_seed(1)
    found = {
        n: [histogram_kl(law.sample(n, generator), EDGES, cells) for _ in range(20)]
        for n in (2_500, 10_000)
    }
    assert all(min(values) > 0 for values in found.values())
    # E[n/N log(n/(N P))] cell by cell, n binomial: exact at every count
    n = np.arange(1, 2_501)
    chance = binom.pmf(n, 2_500, cells.reshape(-1, 1))
    exact = (chance * n / 2_500 * np.log(n / (2_500 * cells.reshape(-1, 1)))).sum()
    error = 4 * np.std(found[2_500]) / 20**0.5
    assert np.mean(found[2_500]) == pytest.approx(exact, abs=error)
    assert 2.5 < np.mean(found[2_500]) / np.mean(found[10_000]) < 4


def test_what_is_refused():
    p = np.full((2, 2), 0.25)
    with pytest.raises(ValueError, match="rise"):
        histogram_kl(np.zeros((3, 2)), [0.0, 0.0, 1.0], p)
    with pytest.raises(ValueError, match="one for each cell"):
        histogram_kl(np.zeros((3, 2)), [0.0, 1.0, 2.0, 3.0], p)
    with pytest.raises(ValueError, match=r"\(K, 2\)"):
        cell_probabilities(gaussians([0.0, 1.0]), EDGES)
