"""Integrals and ratios where a density vanishes or a logarithm is huge; never NaN."""

import math

import pytest
import torch
from torch.distributions import Normal, Uniform

from ganbook.densities import game_value, log_ratio, quadrature

HALF_CELLS = (torch.arange(-6000, 6000, dtype=torch.float64) + 0.5) / 200


def uniform(edge: float) -> Uniform:
    return Uniform(torch.tensor(-edge).double(), torch.tensor(edge).double())


def test_errata_quadrature_is_infinite_where_q_has_no_mass():
    p, q = Normal(torch.tensor(0.0).double(), 1.0), uniform(3.0)
    assert float(quadrature("kl", p, q, HALF_CELLS)) == math.inf
    assert float(quadrature("non_saturating", q, p, HALF_CELLS)) == math.inf
    want = quad_of_logs()
    assert float(quadrature("reverse_kl", p, q, HALF_CELLS)) == pytest.approx(want, abs=1e-4)
    far = (torch.arange(-24_000, 24_000, dtype=torch.float64) + 0.5) / 400
    assert float(quadrature("kl", p, uniform(40.0), far)) == math.inf  # density underflows


def quad_of_logs() -> float:
    """KL(U(-3, 3) || N(0, 1)) = log sqrt(2 pi) + E x^2 / 2 - log 6, E x^2 = 3."""
    return math.log(math.sqrt(2 * math.pi)) + 1.5 - math.log(6)


def test_errata_game_value_of_a_score_that_is_infinite_at_the_ends():
    p, q = Normal(torch.tensor(0.0).double(), 1.0), uniform(3.0)
    best = game_value(log_ratio(p, q), p, q, HALF_CELLS)
    assert math.isfinite(float(best))
    wrong = game_value(lambda x: -log_ratio(p, q)(x), p, q, HALF_CELLS)
    assert float(wrong) == -math.inf


def test_errata_log_ratio_subtracts_in_float64():
    score = log_ratio(Normal(0.0, 1.0), Normal(1.0, 1.0))(torch.tensor([1e10, -1e10, 0.5]))
    assert score.dtype == torch.float32
    torch.testing.assert_close(score, torch.tensor([-1e10, 1e10, 0.0]), rtol=1e-5, atol=1e-7)


def test_a_ratio_at_nan_is_refused():
    score = log_ratio(Normal(0.0, 1.0), Normal(1.0, 1.0))
    with pytest.raises(ValueError, match="x holds NaN"):
        score(torch.tensor([0.0, float("nan")]))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_a_ratio_in_every_dtype(dtype):
    """log N(x; 0, 1) - log N(x; 1, 1) = 1/2 - x, rounded once to the dtype that the laws give."""
    x = torch.tensor([-3.0, 0.5, 40.0], dtype=dtype)
    score = log_ratio(Normal(0.0, 1.0), Normal(1.0, 1.0))(x)
    assert score.isfinite().all()
    torch.testing.assert_close(score.double(), 0.5 - x.double(), rtol=1e-6, atol=1e-6)
