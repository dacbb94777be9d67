"""Vectors and Gaussians against scipy, torch.distributions.kl and closed forms; must-raise for the
rest.
"""

import math

import numpy as np
import pytest
import torch
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy as scipy_entropy
from torch.distributions import MultivariateNormal, kl_divergence

from ganbook import divergences
from ganbook.divergences import (
    entropy,
    js,
    kl,
    kl_normal,
    plug_in_floor,
    plug_in_kl,
    total_variation,
)

LOG2 = math.log(2)


def dirichlet(
    rng: np.random.Generator, shape: tuple[int, ...], k: int = 6, zeros: bool = False
) -> np.ndarray:
    p = rng.dirichlet(np.ones(k), size=shape)
    if zeros:
        p[..., rng.integers(k)] = 0
        p /= p.sum(-1, keepdims=True)
    return p


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (7,), (3, 4)])
def test_vectors_agree_with_scipy(shape, dtype):
    rng = np.random.default_rng(0)
    p, q = (dirichlet(rng, shape).astype(dtype) for _ in range(2))
    tolerance = 1e-5 if dtype == np.float32 else 1e-12
    expected_js = jensenshannon(p.astype(float), q.astype(float), axis=-1) ** 2
    for ours, theirs in (
        (kl(p, q), scipy_entropy(p, q, axis=-1)),
        (js(p, q), expected_js),
        (total_variation(p, q), np.maximum(p - q, 0).sum(-1)),
        (entropy(p), scipy_entropy(p, axis=-1)),
    ):
        assert np.shape(ours) == shape and ours.dtype == dtype
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_tensors_come_back_as_tensors_of_their_dtype_and_equal_numpy(dtype):
    rng = np.random.default_rng(1)
    p, q = (torch.as_tensor(dirichlet(rng, (5,))).to(dtype) for _ in range(2))
    for function in (kl, js, total_variation):
        value = function(p, q)
        assert isinstance(value, torch.Tensor) and value.dtype == dtype and value.shape == (5,)
        np.testing.assert_allclose(value.numpy(), function(p.numpy(), q.numpy()), rtol=1e-6)
        mixed = function(p, q.numpy())
        assert isinstance(mixed, torch.Tensor) and torch.equal(mixed, value)


def test_kl_by_hand_is_directed():
    p, q = np.array([0.5, 0.5]), np.array([0.25, 0.75])
    assert kl(p, q) == pytest.approx(0.5 * math.log(2) + 0.5 * math.log(2 / 3), abs=1e-15)
    assert kl(q, p) == pytest.approx(0.25 * math.log(1 / 2) + 0.75 * math.log(3 / 2), abs=1e-15)
    assert abs(kl(p, q) - kl(q, p)) > 0.01


def test_zeros():
    p, q = np.array([0.5, 0.5, 0.0]), np.array([0.0, 0.5, 0.5])
    assert kl(p, q) == math.inf and kl(q, p) == math.inf
    assert kl(np.array([1.0, 0.0, 0.0]), np.array([0.5, 0.5, 0.0])) == pytest.approx(
        LOG2, abs=1e-15
    )
    assert js(p, q) == pytest.approx(LOG2 / 2, abs=1e-15)
    assert total_variation(p, q) == 0.5
    assert entropy(np.array([0.0, 1.0, 0.0])) == 0
    batch_p, batch_q = np.stack([p, p]), np.stack([q, p])
    np.testing.assert_array_equal(kl(batch_p, batch_q), [math.inf, 0])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_disjoint_supports_give_exactly_the_upper_ends(dtype):
    p, q = torch.tensor([1.0, 0.0], dtype=dtype), torch.tensor([0.0, 1.0], dtype=dtype)
    assert float(js(p, q)) == pytest.approx(LOG2, rel=1e-6) and float(total_variation(p, q)) == 1
    assert float(kl(p, q)) == math.inf


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gradients_are_finite_at_the_boundary(dtype):
    for function in (kl, js, total_variation):
        p = torch.tensor([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]], dtype=dtype, requires_grad=True)
        q = torch.tensor([[0.0, 0.5, 0.5], [0.0, 0.0, 1.0]], dtype=dtype, requires_grad=True)
        function(p, q).sum().backward()
        assert torch.isfinite(p.grad).all() and torch.isfinite(q.grad).all()


def test_gradients_in_the_interior_are_the_derivatives_by_hand():
    p = torch.tensor([0.2, 0.3, 0.5], dtype=torch.float64, requires_grad=True)
    q = torch.tensor([0.4, 0.4, 0.2], dtype=torch.float64, requires_grad=True)
    grad_p, grad_q = torch.autograd.grad(kl(p, q), (p, q))
    torch.testing.assert_close(grad_p, torch.log(p / q) + 1)
    torch.testing.assert_close(grad_q, -p / q)
    grad_p, grad_q = torch.autograd.grad(js(p, q), (p, q))
    torch.testing.assert_close(grad_p, 0.5 * torch.log(2 * p / (p + q)))
    torch.testing.assert_close(grad_q, 0.5 * torch.log(2 * q / (p + q)))


def test_gradients_through_a_softmax_that_underflows():
    logits = torch.tensor([0.0, 0.0, -2000.0], requires_grad=True)
    p = torch.softmax(logits, 0)
    assert float(p.detach()[2]) == 0
    js(p, torch.tensor([0.2, 0.3, 0.5])).backward()
    assert torch.isfinite(logits.grad).all() and float(logits.grad.abs().sum()) > 0


def test_invariants_on_random_pairs():
    rng = np.random.default_rng(2)
    p, q, r = (dirichlet(rng, (2000,), zeros=True) for _ in range(3))
    assert (kl(p, q) >= 0).all() and (kl(p, p) == 0).all()
    np.testing.assert_allclose(js(p, q), js(q, p), atol=1e-15)
    assert (js(p, q) <= LOG2 + 1e-15).all() and (js(p, q) > 0).all()
    assert (total_variation(p, q) <= 1).all() and (
        total_variation(p, q) == total_variation(q, p)
    ).all()
    assert (np.sqrt(js(p, r)) <= np.sqrt(js(p, q)) + np.sqrt(js(q, r)) + 1e-12).all()
    finite = np.isfinite(kl(p, q))
    assert (total_variation(p, q)[finite] ** 2 <= kl(p, q)[finite] / 2).all()


def test_tiny_probabilities_stay_accurate():
    p = np.array([1e-300, 1 - 1e-300])
    assert kl(p, np.array([0.5, 0.5])) == pytest.approx(LOG2, abs=1e-12)
    assert kl(np.array([0.5, 0.5]), p) == pytest.approx(-LOG2 + 150 * math.log(10), rel=1e-12)
    smallest = np.array([5e-324, 1.0])
    assert np.isfinite(kl(np.array([0.5, 0.5]), smallest)) and np.isfinite(
        js(smallest, np.array([0.0, 1.0]))
    )


@pytest.mark.parametrize(
    ("bad", "word"),
    [
        (np.array([0.5, 0.6]), "divide by the sum"),
        (np.array([1.5, -0.5]), "negative"),
        (np.array([0.5, np.nan]), "not finite"),
        (np.array([0.5, np.inf]), "not finite"),
        (np.array(1.0), "shape"),
        (np.zeros((2, 0)), "shape"),
        (np.array([0.5, 0.5], dtype=np.float16), "dtype"),
        (torch.tensor([0.5, 0.5], dtype=torch.bfloat16), "dtype"),
        (torch.tensor([1, 0]), "dtype"),
        (np.array(["a", "b"]), "dtype"),
    ],
)
def test_what_is_no_distribution_is_refused(bad, word):
    good = np.array([0.5, 0.5])
    for function in (kl, js, total_variation):
        with pytest.raises(ValueError, match=word):
            function(bad, good)
        with pytest.raises(ValueError, match=word):
            function(good, bad)
    with pytest.raises(ValueError, match=word):
        entropy(bad)


def test_shapes_that_differ_are_refused_and_inputs_are_left_alone():
    with pytest.raises(ValueError, match="expand"):
        kl(np.array([0.5, 0.5]), np.array([[0.5, 0.5]]))
    p, q = np.array([1.0, 0.0]), np.array([0.5, 0.5])
    p.flags.writeable = q.flags.writeable = False
    kl(p, q), js(p, q), total_variation(p, q)
    assert kl([1, 0], [0.5, 0.5]) == pytest.approx(LOG2)  # lists of numbers are read as arrays


def random_covariance(rng: np.random.Generator, d: int, floor: float = 0.1) -> np.ndarray:
    a = rng.normal(size=(d, d))
    return a @ a.T + floor * np.eye(d)


@pytest.mark.parametrize("d", [1, 2, 5, 40])
def test_kl_normal_against_torch(d):
    rng = np.random.default_rng(d)
    mu, nu = rng.normal(size=(2, d))
    a, b = random_covariance(rng, d), random_covariance(rng, d)
    expected = kl_divergence(
        *(MultivariateNormal(torch.as_tensor(m), torch.as_tensor(c)) for m, c in ((mu, a), (nu, b)))
    )
    assert kl_normal(mu, a, nu, b) == pytest.approx(float(expected), rel=1e-9)
    tensors = [torch.as_tensor(t) for t in (mu, a, nu, b)]
    assert isinstance(kl_normal(*tensors), torch.Tensor)
    assert kl_normal(*(t.float() for t in tensors)).dtype == torch.float32


def test_kl_normal_by_hand_is_directed():
    one, zero = np.eye(1), np.zeros(1)
    assert kl_normal(zero, one, np.array([3.0]), one) == pytest.approx(4.5, abs=1e-14)
    assert kl_normal(zero, one, zero, 4 * one) == pytest.approx(LOG2 + 1 / 8 - 1 / 2, abs=1e-14)
    assert kl_normal(zero, 4 * one, zero, one) == pytest.approx(-LOG2 + 2 - 1 / 2, abs=1e-14)


def test_kl_normal_near_singular():
    scales = 10.0 ** -np.arange(0, 16, 3)
    a = np.diag(scales**2)
    assert kl_normal(np.zeros(6), a, scales, a) == pytest.approx(3.0, rel=1e-12)
    assert kl_normal(np.zeros(6), a, np.zeros(6), 4 * a) == pytest.approx(
        6 * (LOG2 + 1 / 8 - 1 / 2), rel=1e-12
    )
    rho = 1 - 1e-9  # eigenvalues 2 - 1e-9 and 1e-9, along the diagonals
    b = np.array([[1, rho], [rho, 1]])
    expected = 0.5 * (1 / (1 + rho) + 1 / (1 - rho) - 2 + math.log1p(rho) + math.log(1 - rho))
    assert kl_normal(np.zeros(2), np.eye(2), np.zeros(2), b) == pytest.approx(expected, rel=1e-6)


def test_kl_normal_of_singular_covariances():
    ones = np.ones((2, 2))
    diagonal, across = np.array([1.0, 1.0]), np.array([1.0, -1.0])
    same = kl_normal(
        np.zeros(2), ones, diagonal, 2 * ones
    )  # on the line y = x: N(0, 2) against N(sqrt 2, 4)
    assert same == pytest.approx(0.5 * (0.5 - 1 + LOG2 + 2 / 4), rel=1e-12)
    assert kl_normal(np.zeros(2), ones, across, ones) == math.inf
    assert kl_normal(np.zeros(2), ones, np.zeros(2), np.eye(2)) == math.inf
    assert kl_normal(np.zeros(2), np.eye(2), np.zeros(2), ones) == math.inf
    assert kl_normal(np.zeros(2), ones, np.zeros(2), np.outer(across, across)) == math.inf
    nothing = np.zeros((2, 2))
    assert kl_normal(across, nothing, across, nothing) == 0
    assert kl_normal(across, nothing, diagonal, nothing) == math.inf
    rank_two = random_covariance(np.random.default_rng(3), 5)[:, :2]
    flat = rank_two @ rank_two.T
    assert kl_normal(np.zeros(5), flat, np.zeros(5), 4 * flat) == pytest.approx(
        2 * (LOG2 + 1 / 8 - 1 / 2), rel=1e-9
    )


def test_kl_normal_gradient_reaches_every_argument():
    rng = np.random.default_rng(4)
    mu, nu = (torch.as_tensor(v).requires_grad_() for v in rng.normal(size=(2, 3)))
    a, b = (torch.as_tensor(random_covariance(rng, 3)).requires_grad_() for _ in range(2))
    grad_mu, grad_a, grad_nu, grad_b = torch.autograd.grad(kl_normal(mu, a, nu, b), (mu, a, nu, b))
    shift = torch.linalg.solve(b, nu - mu)
    torch.testing.assert_close(grad_nu, shift)
    torch.testing.assert_close(grad_mu, -shift)
    torch.testing.assert_close(
        (grad_a + grad_a.T) / 2, (torch.linalg.inv(b) - torch.linalg.inv(a)) / 2
    )
    assert torch.isfinite(grad_b).all()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ((np.zeros(2), np.eye(3), np.zeros(2), np.eye(2)), "expected \\(d,\\)"),
        ((np.zeros((1, 2)), np.eye(2), np.zeros(2), np.eye(2)), "expected \\(d,\\)"),
        (
            (np.zeros(2), np.array([[1, 0.5], [0, 1]]), np.zeros(2), np.eye(2)),
            "cov_p is not symmetric",
        ),
        ((np.zeros(2), np.eye(2), np.zeros(2), np.diag([1.0, -0.1])), "cov_q has the eigenvalue"),
        ((np.array([0, np.nan]), np.eye(2), np.zeros(2), np.eye(2)), "finite"),
    ],
)
def test_kl_normal_refuses(arguments, word):
    with pytest.raises(ValueError, match=word):
        kl_normal(*arguments)


def test_plug_in_by_hand_and_refusals():
    counts = np.array([[2, 2, 0], [1, 1, 2]])
    uniform = np.full((2, 3), 1 / 3)
    np.testing.assert_allclose(
        plug_in_kl(counts, uniform), [math.log(1.5), math.log(3) - 1.5 * LOG2]
    )
    assert isinstance(plug_in_kl(torch.tensor([1, 1]), torch.tensor([0.5, 0.5])), torch.Tensor)
    for bad in (np.array([1.5, 2]), np.array([-1, 2]), np.array([0, 0]), np.array(3)):
        with pytest.raises(ValueError, match="whole numbers"):
            plug_in_kl(bad, np.array([0.5, 0.5]))
    assert plug_in_floor(1000, 26_000) == pytest.approx(0.0192, abs=5e-5)
    with pytest.raises(ValueError, match="at least 1"):
        plug_in_floor(0, 10)


def test_densities_are_reached_from_here():
    for name in divergences.__all__:
        assert callable(getattr(divergences, name))
