"""Mixtures far out and at the ends of float64: right, or refused by name."""

import mpmath
import numpy as np
import pytest

from ganbook.mixtures import GaussianMixture, em_step, start_at

TWO = GaussianMixture([0.3, 0.7], [[-1.0], [2.0]], [[[1.0]], [[4.0]]])


@pytest.mark.parametrize("x", [0.0, 40.0, -1e6, 1e100])
def test_density_and_responsibilities_far_out(x):
    mpmath.mp.dps = 250
    joint = [
        mpmath.log(w) - mpmath.log(2 * mpmath.pi * v) / 2 - (mpmath.mpf(x) - m) ** 2 / (2 * v)
        for w, m, v in ((mpmath.mpf("0.3"), -1, 1), (mpmath.mpf("0.7"), 2, 4))
    ]
    top = max(joint)
    want = top + mpmath.log(sum(mpmath.exp(j - top) for j in joint))
    assert TWO.log_prob([[x]])[0] == pytest.approx(float(want), rel=1e-14)
    r = TWO.responsibilities([[x]])[0]
    assert r == pytest.approx([float(mpmath.exp(j - want)) for j in joint], abs=1e-12)
    assert r.sum() == pytest.approx(1.0, abs=1e-12)


def test_points_whose_squares_overflow_are_refused():
    for x in (1e200, -1e160):
        for function in (TWO.log_prob, TWO.responsibilities, lambda x: em_step(TWO, x)):
            with pytest.raises(ValueError, match=r"x reaches 1e\+.*larger unit"):
                function([[x]])


def test_no_component_is_no_start():
    with pytest.raises(ValueError, match=r"means have shape \(0, 2\): expected \(K, d\)"):
        start_at(np.zeros((0, 2)), np.zeros((5, 2)))
