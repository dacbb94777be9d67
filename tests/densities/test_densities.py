"""Quadrature against closed forms, torch.distributions.kl and scipy.integrate; D* and the game's
value.
"""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.stats import norm
from torch.distributions import (
    Beta,
    Categorical,
    Laplace,
    MixtureSameFamily,
    MultivariateNormal,
    Normal,
    Uniform,
    kl_divergence,
)

from ganbook.densities import even_grid, game_value, log_ratio, optimal_discriminator, quadrature

LOG2 = math.log(2)
X = torch.linspace(-30, 34, 6401, dtype=torch.float64)


def normal(mean: float, deviation: float = 1.0) -> Normal:
    return Normal(
        torch.tensor(mean, dtype=torch.float64), torch.tensor(deviation, dtype=torch.float64)
    )


def mixture() -> MixtureSameFamily:
    return MixtureSameFamily(
        Categorical(torch.tensor([0.3, 0.7], dtype=torch.float64)),
        Normal(torch.tensor([-2.0, 2.0], dtype=torch.float64), torch.tensor([0.5, 1.0])),
    )


@pytest.mark.parametrize(
    ("p", "q"),
    [
        (normal(0), normal(0)),
        (normal(0), normal(1)),
        (normal(0), normal(10)),
        (normal(1, 0.5), normal(-1, 2.0)),
    ],
)
def test_kl_and_total_variation_agree_with_closed_forms(p, q):
    assert float(quadrature("kl", p, q, X)) == pytest.approx(float(kl_divergence(p, q)), abs=1e-8)
    assert float(quadrature("reverse_kl", p, q, X)) == pytest.approx(
        float(kl_divergence(q, p)), abs=1e-8
    )
    if float(p.stddev) == float(q.stddev):
        closed = 2 * norm.cdf(abs(float(p.mean - q.mean)) / 2) - 1
        assert float(quadrature("total_variation", p, q, X)) == pytest.approx(closed, abs=1e-8)


@pytest.mark.parametrize("n", [601, 1000, 4001])
def test_total_variation_of_curved_crossings_wherever_they_fall(n):
    """N(0, 1) against N(0, 4): cross at +-sqrt(8 log 2 / 3), where the CDFs give the distance."""
    edge = math.sqrt(8 * LOG2 / 3)
    closed = (norm.cdf(edge) - norm.cdf(-edge)) - (norm.cdf(edge / 2) - norm.cdf(-edge / 2))
    for shift in (0.0, 0.003, 0.01):
        x = torch.linspace(-14 + shift, 14 + shift, n, dtype=torch.float64)
        tolerance = 1e-8 if n > 2000 else 3e-5
        assert float(quadrature("total_variation", normal(0), normal(0, 2.0), x)) == pytest.approx(
            closed, abs=tolerance
        )


def test_js_and_midpoint_agree_with_adaptive_integration():
    p, q = mixture(), normal(0.5, 1.5)

    def density(law, t):
        return math.exp(float(law.log_prob(torch.tensor(t, dtype=torch.float64))))

    def js_integrand(t):
        a, b = density(p, t), density(q, t)
        return (
            0.5 * (a * math.log(2 * a / (a + b)) + b * math.log(2 * b / (a + b)))
            if a > 0 and b > 0
            else 0.0
        )

    def midpoint_integrand(t):
        a, b = density(p, t), density(q, t)
        return (a + b) * math.log((a + b) / (2 * a)) if a > 0 else 0.0

    for name, integrand in (("js", js_integrand), ("non_saturating", midpoint_integrand)):
        reference = quad(integrand, -10, 10, points=[-2, 0, 2], epsabs=1e-10, limit=200)[0]
        assert float(quadrature(name, p, q, X)) == pytest.approx(reference, abs=1e-8)


def test_gradients_reach_the_parameters():
    mean = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    scale = torch.tensor(1.5, dtype=torch.float64, requires_grad=True)
    for name, sign in (("kl", 1), ("reverse_kl", -1)):
        q = Normal(mean, scale)
        p = normal(0)
        closed = kl_divergence(p, q) if sign == 1 else kl_divergence(q, p)
        expected = torch.autograd.grad(closed, (mean, scale))
        ours = torch.autograd.grad(quadrature(name, p, q, X), (mean, scale))
        torch.testing.assert_close(ours, expected, atol=1e-8, rtol=0)
    q = Normal(mean, torch.tensor(1.0, dtype=torch.float64))
    slope = torch.autograd.grad(quadrature("total_variation", normal(0), q, X), mean)[0]
    assert float(slope) == pytest.approx(norm.pdf(0.5), abs=1e-7)


def test_bounded_support_and_far_apart_laws():
    x = torch.linspace(-0.5, 1.5, 2001, dtype=torch.float64)
    p, q = (
        Beta(torch.tensor(3.0).double(), torch.tensor(4.0).double()),
        Beta(torch.tensor(4.0).double(), torch.tensor(3.0).double()),
    )
    assert float(quadrature("kl", p, q, x)) == pytest.approx(float(kl_divergence(p, q)), abs=1e-8)
    half_cells = (torch.arange(-1000, 2000, dtype=torch.float64) + 0.5) / 500
    one, three = Uniform(0.0, 1.0), Uniform(2.0, 3.0)
    assert float(quadrature("js", one, three, half_cells)) == pytest.approx(LOG2, abs=1e-9)
    assert float(quadrature("kl", one, three, half_cells)) == math.inf
    assert float(quadrature("total_variation", one, three, half_cells)) == pytest.approx(
        1, abs=1e-9
    )


@pytest.mark.parametrize(
    ("x", "word"),
    [
        (torch.linspace(-3, 3, 1001, dtype=torch.float64), "mass"),
        (torch.linspace(-20, 20, 9, dtype=torch.float64), "mass"),
        (torch.tensor([-9.0, 0.0, 1.0, 9.0]), "even"),
        (torch.linspace(9, -9, 1001), "even"),
        (torch.logspace(-1, 1, 100), "even"),
        (torch.arange(10), "float grid"),
        (torch.zeros(4, 4), "float grid"),
        (torch.tensor([0.0, math.nan, 1.0]), "float grid"),
        (torch.tensor([0.0, 1.0]), "float grid"),
    ],
)
def test_bad_grids_are_refused(x, word):
    for run in (
        lambda: quadrature("js", normal(0), normal(1), x),
        lambda: game_value(torch.zeros_like, normal(0), normal(1), x),
    ):
        with pytest.raises(ValueError, match=word):
            run()


def test_tails_that_matter_more_than_their_mass_are_not_cut_off():
    narrow, wide = (
        normal(1, 0.5),
        normal(-1, 2.0),
    )  # beyond -14 lies 4e-11 of wide, times a log ratio of 450
    x = torch.linspace(-14, 20, 4001, dtype=torch.float64)
    with pytest.raises(ValueError, match="tails"):
        quadrature("reverse_kl", narrow, wide, x)
    assert float(quadrature("js", narrow, wide, x)) > 0


def test_other_bad_inputs():
    with pytest.raises(ValueError, match="unknown divergence 'jensen'"):
        quadrature("jensen", normal(0), normal(1), X)
    with pytest.raises(ValueError, match="batch_shape"):
        quadrature("kl", Normal(torch.zeros(6401), 1.0), Normal(torch.zeros(1), 1.0), X[:100])
    with pytest.raises(ValueError, match="one logit"):
        game_value(lambda x: x[:10], normal(0), normal(1), X)
    with pytest.raises(ValueError, match="NaN"):
        game_value(lambda x: x * math.nan, normal(0), normal(1), X)


def test_float32_grids_are_accepted_and_rebuilt():
    grid, step = even_grid(torch.linspace(-10, 12, 20_001))
    assert grid.dtype == torch.float64 and step == pytest.approx(22 / 20_000, rel=1e-12)
    value = quadrature("js", Normal(0.0, 1.0), Normal(2.0, 1.0), torch.linspace(-10, 12, 20_001))
    assert value.dtype == torch.float64 and float(value) == pytest.approx(0.336831, abs=1e-6)


def test_optimal_discriminator_far_out_and_where_nothing_is():
    p, q = normal(0), normal(1)
    D = optimal_discriminator(p, q)
    x = torch.tensor([-1000.0, -1.0, 0.5, 2.0, 1000.0], dtype=torch.float64)
    torch.testing.assert_close(D(x), 1 / (1 + torch.exp(x - 0.5)))  # log p/q = 1/2 - x
    one, three = Uniform(0.0, 1.0), Uniform(2.0, 3.0)
    assert optimal_discriminator(one, three)(torch.tensor([0.5, 2.5, 1.5, -4.0])).tolist() == [
        1.0,
        0.0,
        0.5,
        0.5,
    ]


def test_log_ratio_in_two_dimensions_and_its_gradient():
    p = MultivariateNormal(torch.zeros(2), torch.eye(2))
    q = MultivariateNormal(torch.ones(2), torch.eye(2))
    x = torch.randn(6, 2, generator=torch.Generator().manual_seed(0), requires_grad=True)
    score = log_ratio(p, q)(x)
    torch.testing.assert_close(score, 1 - x.sum(1))
    torch.testing.assert_close(torch.autograd.grad(score.sum(), x)[0], -torch.ones(6, 2))


@pytest.mark.parametrize(
    ("p", "q"),
    [
        (normal(0), normal(0.5)),
        (normal(0), normal(1)),
        (normal(0), normal(4)),
        (normal(0), normal(10)),
        (normal(0), normal(1, 3.0)),
        (mixture(), normal(0, 2.0)),
        (Laplace(torch.tensor(0.0).double(), 1.0), Laplace(torch.tensor(1.0).double(), 1.0)),
    ],
)
def test_value_at_the_optimum_is_twice_js_minus_log_four(p, q):
    x = torch.linspace(-40, 40, 800_001, dtype=torch.float64) if isinstance(p, Laplace) else X
    value = game_value(log_ratio(p, q), p, q, x)
    assert float(value) == pytest.approx(2 * float(quadrature("js", p, q, x)) - 2 * LOG2, abs=1e-8)


def test_any_other_score_is_worth_less():
    p, q = normal(0), normal(2)
    best = float(game_value(log_ratio(p, q), p, q, X))
    for other in (
        torch.zeros_like,
        lambda x: 1 - x,
        lambda x: 2.2 - 2 * x,
        lambda x: (2 - 2 * x).clamp(-1, 1),
    ):
        assert float(game_value(other, p, q, X)) < best - 1e-4
    assert float(game_value(torch.zeros_like, p, q, X)) == pytest.approx(-2 * LOG2, abs=1e-10)
    column = game_value(lambda x: (2 - 2 * x)[:, None], p, q, X)
    assert float(column) == pytest.approx(best, abs=1e-12)
    seen = []
    game_value(lambda x: seen.append(x.dtype) or x, p, q, X.float())
    assert seen == [torch.float32]  # the score sees the grid in the caller's dtype


def test_score_may_be_infinite_where_the_other_law_is_absent():
    half_cells = (torch.arange(-1000, 2000, dtype=torch.float64) + 0.5) / 500
    one, three = Uniform(0.0, 1.0), Uniform(2.0, 3.0)
    assert float(game_value(log_ratio(one, three), one, three, half_cells)) == 0
    assert np.isneginf(
        float(game_value(lambda x: -log_ratio(one, three)(x), one, three, half_cells))
    )
