"""Chapter 14: its numbered results and the numbers that it prints, each as an assertion."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.stats import norm, truncnorm

from ganbook import records
from ganbook.control import auxiliary_equilibrium, auxiliary_force, class_entropy
from ganbook.data import glyphs


def js(p, q, low=-14, high=14):
    def integrand(x):
        a, b = p(x), q(x)
        return 0.5 * (a * math.log(2 * a / (a + b)) + b * math.log(2 * b / (a + b)))

    return quad(integrand, low, high, epsabs=1e-12, limit=300)[0]


def test_pairs_are_labels_and_what_is_left():
    """Equation 14-chain: the mean divergence is that of the mixtures plus I(S; Y | X)."""
    pi, means, others = (0.6, 0.4), (-1.0, 1.0), (-0.4, 1.5)
    p = [lambda x, m=m: norm.pdf(x, m) for m in means]
    q = [lambda x, m=m: norm.pdf(x, m) for m in others]
    whole = sum(w * js(a, b) for w, a, b in zip(pi, p, q, strict=True))
    mixed_p = lambda x: sum(w * a(x) for w, a in zip(pi, p, strict=True))  # noqa: E731
    mixed_q = lambda x: sum(w * b(x) for w, b in zip(pi, q, strict=True))  # noqa: E731

    def left(x):
        """I(S; Y | X = x) times the density of x, from the table of S and Y."""
        table = np.array([[w * f(x) for w, f in zip(pi, side, strict=True)] for side in (p, q)]) / 2
        total = table.sum()
        t = table / total
        return total * (t * np.log(t / t.sum(0) / t.sum(1, keepdims=True))).sum()

    rest = quad(left, -10, 11, epsabs=1e-11)[0]
    assert whole == pytest.approx(js(mixed_p, mixed_q, -10, 11) + rest, abs=1e-8)
    assert rest > 0.003


def test_swapped_labels_are_invisible_without_labels():
    apart = js(lambda x: norm.pdf(x, 1), lambda x: norm.pdf(x, -1))
    assert apart == pytest.approx(0.3368, abs=1e-4)


def test_constants_of_the_three_gaussian_classes():
    mu = np.array([[2.0, 0.0], [-0.5, 1.0], [-0.5, -1.0]])
    nu = np.array([[1.0, 0.0], [-0.5, 1.0], [-1.5, -1.5]])
    constants = -((mu**2).sum(1) - (nu**2).sum(1)) / 2
    np.testing.assert_allclose(constants, [-1.5, 0, 1.63], atol=0.006)


def test_the_auxiliary_game_leaves_the_data():
    """Theorem 14-bias: flat divergence, sloped entropy; equation 14-force has that slope at 1."""
    slope = (class_entropy(1.001) - class_entropy(0.999)) / 0.002
    assert slope < -0.1
    for weight in (0.01, 1.0):
        assert auxiliary_force(1.0, weight) == pytest.approx(weight * slope, abs=1e-5)
        assert auxiliary_equilibrium(weight) > 1
    a = auxiliary_equilibrium(1.0, "non_saturating", "both")
    assert (a, norm.cdf(a), norm.cdf(1)) == pytest.approx((1.519, 0.936, 0.841), abs=6e-4)


def test_shuffled_labels_push_the_classes_apart():
    """Exercise 14.12: against its best D the generator leaves the data, outwards."""
    x = np.linspace(-12, 13, 20_001)

    def force(a):
        """The derivative of the non-saturating loss in a, D the best on shuffled pairs."""
        mixture = (norm.pdf(x, a) + norm.pdf(x, -a)) / 2
        D = norm.pdf(x, 1) / (norm.pdf(x, 1) + mixture)
        return np.trapezoid((x - a) * norm.pdf(x, a) * -np.log(D), x)

    assert force(1.0) < -0.1 and force(1.3) < 0 < force(1.5)


def test_half_of_the_density_is_left_between_the_classes():
    assert norm.pdf(1.519) / norm.pdf(1) == pytest.approx(0.52, abs=0.005)


def test_trained_players_stop_where_the_lines_say():
    record = records.load("line-auxiliary")
    about = record.provenance
    assert record["a"].shape == (2, 3, 5, 5) and record["a"].size == 150
    for i, loss in enumerate(about["losses"]):
        for j, fitted_on in enumerate(about["fitted_on"]):
            for k, weight in enumerate(about["weights"]):
                runs = record["a"][i, j, k]
                exact = auxiliary_equilibrium(weight, loss, fitted_on)
                assert abs(runs.mean() - exact) < 0.02
                assert (runs > 1.05).all() and np.abs(runs - exact).max() < 0.04
    assert record["a"][1, 1, 2].mean() == pytest.approx(1.52, abs=0.01)


def test_two_classifiers_pay_a_divergence_of_posteriors():
    """Equation 14-twin, by quadrature, against the two cross-entropies."""
    a = 1.4
    q = lambda x: norm.pdf(x, a)  # noqa: E731

    def cost(slope):
        return quad(lambda x: q(x) * math.log1p(math.exp(-slope * x)), -9, 12)[0]

    def divergence(x):
        marginal = 0.5 * (norm.pdf(x, a) + norm.pdf(x, -a))
        r, s = 1 / (1 + math.exp(-2 * a * x)), 1 / (1 + math.exp(-2 * x))
        return marginal * (r * math.log(r / s) + (1 - r) * math.log((1 - r) / (1 - s)))

    assert cost(2.0) - cost(2 * a) == pytest.approx(quad(divergence, -8, 8)[0], abs=1e-8)


@pytest.mark.parametrize(("c", "value"), [(2.0, 0.774), (1.0, 0.291), (0.5, 0.081)])
def test_truncation(c, value):
    exact = 1 - 2 * c * norm.pdf(c) / (2 * norm.cdf(c) - 1)
    assert exact == pytest.approx(truncnorm.var(-c, c), abs=1e-9)
    assert exact == pytest.approx(value, abs=6e-4)


def test_two_softmaxes():
    probabilities = torch.zeros(1, 10, dtype=torch.float64)
    probabilities[0, 3] = 1
    least = torch.nn.functional.cross_entropy(probabilities, torch.tensor([3])).item()
    assert least == pytest.approx(math.log(math.e + 9) - 1, abs=1e-12)
    assert least == pytest.approx(1.4612, abs=5e-5)
    others = torch.rand(500, 10, dtype=torch.float64).softmax(1)
    assert torch.nn.functional.cross_entropy(others, torch.zeros(500, dtype=torch.int64)) > least


def test_the_oblique_face_leans_by_eleven_degrees():
    x, slanted = (glyphs.render(face, "HIl").x[:, 0].double() for face in ("sans", "sans oblique"))

    def top_minus_bottom(x):
        columns = torch.arange(28.0).double()
        used = [torch.where(one.sum(1) > 0.5)[0] for one in x]
        return [
            ((one[r[1]] @ columns) / one[r[1]].sum() - (one[r[-2]] @ columns) / one[r[-2]].sum())
            / (r[-2] - r[1])
            for one, r in zip(x, used, strict=True)
        ]

    for a, b in zip(top_minus_bottom(x), top_minus_bottom(slanted), strict=True):
        assert float(b - a) == pytest.approx(math.tan(math.radians(11)), abs=0.04)
