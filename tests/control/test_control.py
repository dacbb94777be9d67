"""The auxiliary classifier's equilibria and the information bound, by other integrals."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from ganbook.control import (
    auxiliary_equilibrium,
    auxiliary_force,
    class_entropy,
    class_information,
)

WEIGHTS = (0, 0.1, 0.5, 1, 2, 5)
# Both papers' point is that these are no 1; the six rows were computed twice, independently.
TABLE = {
    ("minimax", "generated"): (1, 1.110, 1.398, 1.610, 1.862, 2.222),
    ("minimax", "both"): (1, 1.107, 1.378, 1.580, 1.832, 2.242),
    ("minimax", "real"): (1, 1.105, 1.365, 1.567, 1.832, 2.279),
    ("non_saturating", "generated"): (1, 1.106, 1.364, 1.543, 1.750, 2.039),
    ("non_saturating", "both"): (1, 1.104, 1.347, 1.519, 1.723, 2.028),
    ("non_saturating", "real"): (1, 1.101, 1.336, 1.507, 1.717, 2.041),
}


def mixture(x, m):
    return 0.5 * (norm.pdf(x, m) + norm.pdf(x, -m))


@pytest.mark.parametrize("key", TABLE)
def test_the_six_rows(key):
    for weight, want in zip(WEIGHTS, TABLE[key], strict=True):
        assert auxiliary_equilibrium(weight, *key) == pytest.approx(want, abs=6e-4)


def test_minimax_with_a_classifier_of_generated_samples_minimises_a_sum():
    """2 JS of the marginals plus the weight times H(Y|X): by scalar minimisation on a grid."""

    def total(a, weight):
        def js(x):
            p, q = mixture(x, 1), mixture(x, a)
            return p * math.log(2 * p / (p + q)) + q * math.log(2 * q / (p + q))

        return quad(js, -12, 12, limit=200)[0] + weight * class_entropy(a)

    for weight in (0.5, 2):
        best = auxiliary_equilibrium(weight)
        slope = (total(best + 1e-3, weight) - total(best - 1e-3, weight)) / 2e-3
        assert abs(slope) < 1e-6
        assert total(best, weight) < min(total(best - 0.05, weight), total(best + 0.05, weight))
        wanted = (total(1.3 + 1e-3, weight) - total(1.3 - 1e-3, weight)) / 2e-3
        assert auxiliary_force(1.3, weight) == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("loss", ["minimax", "non_saturating"])
@pytest.mark.parametrize("fitted_on", ["real", "generated", "both"])
def test_the_force_by_finite_differences_with_d_and_c_held(loss, fitted_on):
    a, weight, m = 1.4, 0.8, 1.2
    p, q = (lambda x: mixture(x, m)), (lambda x: mixture(x, a))

    def posterior(x, y):
        joint = {
            "real": [m],
            "generated": [a],
            "both": [m, a],
        }[fitted_on]
        top = sum(norm.pdf(x, y * k) for k in joint)
        return top / (top + sum(norm.pdf(x, -y * k) for k in joint))

    def paid(b):
        def cost(x, y):
            d = p(x) / (p(x) + q(x))
            own = math.log(1 - d) if loss == "minimax" else -math.log(d)
            return own - weight * math.log(posterior(x, y))

        return sum(
            0.5 * quad(lambda x, y=y: norm.pdf(x, y * b) * cost(x, y), -9, 9, epsabs=1e-12)[0]
            for y in (-1, 1)
        )

    slope = (paid(a + 1e-3) - paid(a - 1e-3)) / 2e-3
    assert auxiliary_force(a, weight, loss, fitted_on, m) == pytest.approx(slope, abs=2e-6)


def test_the_equilibrium_is_a_zero_and_another_mean_moves_it():
    a = auxiliary_equilibrium(1.0, "non_saturating", "both", mean=0.5)
    assert auxiliary_force(a, 1.0, "non_saturating", "both", 0.5) == pytest.approx(0, abs=1e-10)
    assert a > 0.5 and auxiliary_equilibrium(0.0, mean=0.5) == 0.5
    assert 3 < auxiliary_equilibrium(200.0) < 4  # beyond the first bracket


def test_entropy_and_information():
    assert class_entropy(0.0) == pytest.approx(math.log(2), abs=1e-12)
    assert class_entropy(6.0) < 1e-7
    for a in (0.5, 1.0, 2.0):
        h = quad(
            lambda x, a=a: (
                -0.5
                * sum(
                    norm.pdf(x, y * a) * math.log(norm.pdf(x, y * a) / (2 * mixture(x, a)))
                    for y in (-1, 1)
                )
            ),
            -11,
            11,
        )[0]
        assert class_entropy(a) == pytest.approx(h, abs=1e-9)
        assert class_information(a) == pytest.approx(math.log(2) - h, abs=1e-9)
        for slope in (0.0, a, 3 * a, -a):
            assert class_information(a, slope) < class_information(a)
    assert class_information(1.0, 0.0) == pytest.approx(0, abs=1e-12)
    mutual = np.array([class_information(a) for a in np.linspace(0, 4, 20)])
    assert (np.diff(mutual) > 0).all() and mutual[-1] < math.log(2)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: auxiliary_force(-1.0, 1.0), "a is -1.0"),
        (lambda: auxiliary_force(1.0, -1.0), "weight is -1.0"),
        (lambda: auxiliary_force(1.0, 1.0, "hinge"), "loss is 'hinge'"),
        (lambda: auxiliary_equilibrium(1.0, fitted_on="none"), "fitted_on 'none'"),
        (lambda: auxiliary_equilibrium(1.0, mean=0.0), "mean is 0.0"),
        (lambda: class_entropy(math.inf), "a is inf"),
        (lambda: class_information(1.0, math.nan), "slope is nan"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
