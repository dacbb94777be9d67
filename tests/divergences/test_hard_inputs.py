"""Gaussians on a shared flat: finite where the flat is shared, infinite off it."""

import math

import numpy as np
import pytest

from ganbook.divergences import kl_normal


def test_errata_kl_normal_on_a_shared_flat():
    spread = np.array([1, 1e-2, 1e-4])
    for seed in range(50):
        rng = np.random.default_rng(seed)
        axes = np.linalg.qr(rng.normal(size=(6, 3)))[0]
        cov, mean, z = axes * spread @ axes.T, rng.normal(size=6), np.array([1.0, 1.0, 0.1])
        cov = (cov + cov.T) / 2
        want = (z**2 / spread).sum() / 2
        assert kl_normal(mean, cov, mean + axes @ z, cov) == pytest.approx(want, rel=1e-9)
        off = np.linalg.svd(axes)[0][:, -1]
        assert kl_normal(mean, cov, mean + axes @ z + 1e-3 * off, cov) == math.inf
