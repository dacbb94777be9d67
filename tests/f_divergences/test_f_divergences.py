"""The table against numerical Legendre transforms, derivatives and the named divergences; the
bound.
"""

import math

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar

from ganbook.divergences import js, kl, total_variation
from ganbook.f_divergences import F_DIVERGENCES, f_divergence, variational_bound, witness

NAMES = sorted(F_DIVERGENCES)
LOG2 = math.log(2)


def _alone(p, q):
    """Infinite where p has mass and q has none, less what the sum above counts there."""
    return np.where(((q == 0) & (p > 0)).any(-1), np.inf, 0.0)


NAMED = {
    "kl": kl,
    "reverse_kl": lambda p, q: kl(q, p),
    "js": js,
    "total_variation": total_variation,
    "non_saturating": lambda p, q: 2 * kl((p + q) / 2, p),
    "pearson": lambda p, q: (p**2 / np.where(q > 0, q, 1)).sum(-1) - 1 + _alone(p, q),
    "squared_hellinger": lambda p, q: 2 - 2 * np.sqrt(p * q).sum(-1),
}
SLOPES = {  # points inside the domain of each conjugate
    "kl": [-3.0, 0.0, 0.5, 1.0, 2.5],
    "reverse_kl": [-5.0, -1.0, -0.5, -0.05],
    "js": [-4.0, -1.0, 0.0, 0.2, 0.34],
    "total_variation": [-3.0, -0.5, -0.2, 0.0, 0.3, 0.5],
    "non_saturating": [-30.0, -3.0, -1.0, -0.8, -0.7],
    "pearson": [-5.0, -2.0, -1.0, 0.0, 0.7, 8.0],
    "squared_hellinger": [-9.0, -1.0, 0.0, 0.4, 0.95],
}


def pairs(zeros: bool = False) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    p, q = rng.dirichlet(np.ones(5), size=(2, 50))
    if zeros:
        p[:, 0], q[:, 1] = 0, 0
        p[:, 2], q[:, 2] = 0, 0
        p, q = p / p.sum(-1, keepdims=True), q / q.sum(-1, keepdims=True)
    return p, q


def f_at(name: str, u: float) -> float:
    return float(F_DIVERGENCES[name].f(torch.tensor(u, dtype=torch.float64)))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("zeros", [False, True])
def test_f_divergences_are_the_divergences_of_their_names(name, zeros):
    p, q = pairs(zeros)
    ours, theirs = f_divergence(name, p, q), NAMED[name](p, q)
    np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)
    if zeros and name in ("kl", "reverse_kl", "non_saturating", "pearson"):
        assert np.isinf(ours).all()
    single = f_divergence(name, torch.as_tensor(p).float(), torch.as_tensor(q).float())
    assert single.dtype == torch.float32
    np.testing.assert_allclose(single.numpy(), theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_f_is_convex_zero_at_one_and_has_the_stated_limits(name):
    row = F_DIVERGENCES[name]
    u = torch.logspace(-3, 3, 400, dtype=torch.float64)
    chord = (row.f(u[:-2]) * (u[2:] - u[1:-1]) + row.f(u[2:]) * (u[1:-1] - u[:-2])) / (
        u[2:] - u[:-2]
    )
    assert (chord >= row.f(u[1:-1]) - 1e-9).all() and f_at(name, 1.0) == 0
    assert f_at(name, 1e-300) == pytest.approx(row.at_zero, abs=1e-9) or f_at(name, 1e-300) > 600
    slope = f_at(name, 1e24) / 1e24
    assert slope == pytest.approx(row.domain, abs=1e-9) or (row.domain == math.inf and slope > 20)


@pytest.mark.parametrize("name", NAMES)
def test_derivative_is_that_of_f(name):
    u = torch.tensor([0.01, 0.3, 0.9, 1.1, 4.0, 50.0], dtype=torch.float64, requires_grad=True)
    by_autograd = torch.autograd.grad(F_DIVERGENCES[name].f(u).sum(), u)[0]
    torch.testing.assert_close(
        F_DIVERGENCES[name].derivative(u.detach()), by_autograd, rtol=1e-10, atol=1e-12
    )


@pytest.mark.parametrize(("name", "t"), [(n, t) for n in NAMES for t in SLOPES[n]])
def test_conjugate_is_the_legendre_transform(name, t):
    def minus(log_u: float) -> float:
        return f_at(name, math.exp(log_u)) - t * math.exp(log_u)

    best = max(
        -minimize_scalar(minus, bounds=bounds, method="bounded", options={"xatol": 1e-9}).fun
        for bounds in ((-25, 0), (-3, 3), (0, 20))
    )
    ours = float(F_DIVERGENCES[name].conjugate(torch.tensor(t, dtype=torch.float64)))
    assert ours == pytest.approx(best, abs=1e-7)


@pytest.mark.parametrize("name", NAMES)
def test_conjugate_is_infinite_beyond_its_domain_and_only_there(name):
    row = F_DIVERGENCES[name]
    if name in ("kl", "pearson"):
        assert row.domain == math.inf
        return
    beyond = torch.tensor([row.domain + 1e-6, row.domain + 5], dtype=torch.float64)
    assert torch.isposinf(row.conjugate(beyond)).all()
    assert torch.isfinite(row.conjugate(torch.tensor(row.domain - 1e-6, dtype=torch.float64)))
    t = torch.tensor([row.domain - 1.0, row.domain + 1.0], dtype=torch.float64, requires_grad=True)
    row.conjugate(t)[0].backward()
    assert torch.isfinite(t.grad).all()


@pytest.mark.parametrize("name", [n for n in NAMES if n != "total_variation"])
def test_slope_of_the_conjugate_undoes_the_derivative(name):
    row = F_DIVERGENCES[name]
    u = torch.tensor([0.02, 0.5, 1.0, 3.0, 40.0], dtype=torch.float64)
    t = row.derivative(u).requires_grad_()
    back = torch.autograd.grad(row.conjugate(t).sum(), t)[0]
    torch.testing.assert_close(back, u, rtol=1e-6, atol=1e-9)
    young = row.f(u) + row.conjugate(t.detach()) - u * t.detach()
    torch.testing.assert_close(young, torch.zeros(5, dtype=torch.float64), rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", NAMES)
def test_bound_is_tight_at_the_witness_and_below_elsewhere(name):
    p, q = pairs()
    best = f_divergence(name, p, q)
    at_witness = witness(name, p, q)
    np.testing.assert_allclose(
        variational_bound(name, at_witness, p, q), best, rtol=1e-9, atol=1e-10
    )
    rng = np.random.default_rng(6)
    for size in (0.01, 0.3, 2.0):
        other = np.minimum(
            at_witness + size * rng.normal(size=p.shape), F_DIVERGENCES[name].domain - 1e-9
        )
        bound = variational_bound(name, other, p, q)
        assert (bound <= best + 1e-12).all()
        if size > 0.1:
            assert (bound < best - 1e-6).mean() > 0.9


@pytest.mark.parametrize("name", ["js", "total_variation", "squared_hellinger"])
def test_bound_is_tight_with_zeros_too(name):
    p, q = pairs(zeros=True)
    np.testing.assert_allclose(variational_bound(name, witness(name, p, q), p, q), f_divergence(name, p, q),
                               rtol=1e-9)  # fmt: skip


def test_bound_outside_the_domain_is_worthless_and_one_off_the_supports_is_free():
    p, q = np.array([0.5, 0.5, 0.0]), np.array([0.25, 0.75, 0.0])
    assert variational_bound("js", np.array([0.4, 0.0, 0.0]), p, q) == -math.inf
    assert np.isfinite(variational_bound("js", np.array([0.1, 0.0, 9.0]), p, q))
    p, q = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    assert (
        variational_bound("js", np.array([9.0, 0.0]), p, q) == -math.inf
    )  # even where only p has mass


def test_gradients_are_finite_with_zeros():
    p, q = (torch.as_tensor(t).requires_grad_() for t in pairs(zeros=True))
    for name in NAMES:
        for grad in torch.autograd.grad(f_divergence(name, p, q).sum(), (p, q)):
            assert torch.isfinite(grad).all(), name


def test_bad_inputs():
    good = np.array([0.5, 0.5])
    for run in (f_divergence, witness):
        with pytest.raises(ValueError, match="unknown f-divergence 'chi'"):
            run("chi", good, good)
        with pytest.raises(ValueError, match="sum"):
            run("kl", good, 2 * good)
    with pytest.raises(ValueError, match="equal shapes"):
        variational_bound("kl", np.zeros(3), good, good)
    with pytest.raises(ValueError, match="NaN"):
        variational_bound("kl", np.array([0, np.nan]), good, good)


@pytest.mark.parametrize("m", [0.5, 1.0, 2.0])
def test_pearson_and_hellinger_of_shifted_normals(m):
    x = torch.linspace(-14, 16, 6001, dtype=torch.float64)
    p, q = (torch.exp(-((x - c) ** 2) / 2) for c in (0.0, m))
    p, q = p / p.sum(), q / q.sum()
    assert float(f_divergence("pearson", p, q)) == pytest.approx(math.exp(m**2) - 1, rel=1e-9)
    hellinger = float(f_divergence("squared_hellinger", p, q))
    assert hellinger == pytest.approx(2 * (1 - math.exp(-(m**2) / 8)), rel=1e-9)


def test_the_conjugate_of_pearson_is_flat_where_no_ratio_is_negative():
    t = torch.tensor([-5.0, -2.0, -1.0], dtype=torch.float64, requires_grad=True)
    value = F_DIVERGENCES["pearson"].conjugate(t)
    assert value.tolist() == [-1.0, -1.0, -0.75]
    assert torch.autograd.grad(value.sum(), t)[0].tolist() == [0.0, 0.0, 0.5]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", ["pearson", "squared_hellinger"])
@pytest.mark.parametrize("tiny", [1e-10, 1e-18, 1e-36])
def test_the_bound_stays_tight_where_one_law_has_almost_no_mass(name, dtype, tiny):
    p, q = torch.tensor([[0.5, 0.5], [tiny, 1 - tiny]], dtype=dtype)
    best = f_divergence(name, p, q)
    bound = variational_bound(name, witness(name, p, q), p, q)
    torch.testing.assert_close(bound, best, rtol=8 * torch.finfo(dtype).eps, atol=0)
