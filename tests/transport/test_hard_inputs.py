"""Transport with far outliers, at the ends of float64, and of what is no array of numbers."""

import numpy as np
import pytest
import torch
from scipy.stats import wasserstein_distance

from ganbook.transport import (
    bures_wasserstein,
    kantorovich_potentials,
    sinkhorn,
    sliced,
    transport_plan,
    wasserstein_1d,
)

EQUAL = np.full(50, 1 / 50)


def samples(seed, far_x=None, far_y=None):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=50), rng.normal(size=50) + 0.1
    if far_x:
        x[0] = far_x
    if far_y:
        y[0] = far_y
    return x, y, (x[:, None] - y) ** 2, ((np.sort(x) - np.sort(y)) ** 2).mean()


@pytest.mark.parametrize("far", [1e3, 1e4, 1e5, 1e6, 1e8])
@pytest.mark.parametrize("seed", [0, 1])
def test_errata_a_pair_of_outliers_does_not_spoil_the_rest(seed, far):
    _, _, cost, want = samples(seed, far, far + 0.3)
    value, plan = transport_plan(EQUAL, EQUAL, cost)
    assert value == pytest.approx(want, rel=1e-9)
    assert np.abs(plan.sum(0) - EQUAL).max() < 1e-12 > np.abs(plan.sum(1) - EQUAL).max()
    value, f, g = kantorovich_potentials(EQUAL, EQUAL, cost)
    assert value == pytest.approx(want, rel=1e-9)
    assert (cost - f[:, None] - g).min() > -1e-15 * cost.max()


@pytest.mark.parametrize("far", [1e4, 1e6, 1e8])
def test_an_outlier_that_must_be_carried(far):
    _, _, cost, want = samples(2, far)
    assert transport_plan(EQUAL, EQUAL, cost)[0] == pytest.approx(want, rel=1e-9)
    assert kantorovich_potentials(EQUAL, EQUAL, cost)[0] == pytest.approx(want, rel=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_masses_of_every_size(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.dirichlet(np.full(40, 0.05)), rng.dirichlet(np.full(30, 0.05))
    x, y = rng.normal(size=40), rng.normal(size=30)
    want = wasserstein_distance(x, y, a, b)
    cost = np.abs(x[:, None] - y)
    assert transport_plan(a, b, cost)[0] == pytest.approx(want, rel=1e-8)
    assert kantorovich_potentials(a, b, cost)[0] == pytest.approx(want, rel=1e-8)


@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1e-5, 1e5, 1e150, 1e300])
def test_every_unit(scale):
    x, y, cost, want = samples(3)
    w1 = wasserstein_distance(x, y)
    assert transport_plan(EQUAL, EQUAL, cost * scale)[0] == pytest.approx(want * scale, rel=1e-9)
    assert kantorovich_potentials(EQUAL, EQUAL, cost * scale)[0] == pytest.approx(
        want * scale, rel=1e-9
    )
    assert wasserstein_1d(x * scale, y * scale, 2) == pytest.approx(want**0.5 * scale, rel=1e-9)
    assert wasserstein_1d(x * scale, y * scale) == pytest.approx(w1 * scale, rel=1e-9)
    columns = (x[:, None] * scale, y[:, None] * scale)
    assert sliced(*columns, 4) == pytest.approx(w1 * scale, rel=1e-9)
    assert sliced(*columns, directions=[[1e-200], [1e200]]) == pytest.approx(w1 * scale, rel=1e-9)
    if scale < 1e150:  # a covariance is a square
        value = bures_wasserstein(
            [scale], [[4 * scale**2]], [3 * scale], [[scale**2]]
        )  # sqrt(2^2 + (2 - 1)^2) scales
        if scale**2 > 1e-290:
            assert value == pytest.approx(5**0.5 * scale, rel=1e-9)
    entropic, _ = sinkhorn(EQUAL, EQUAL, cost, 0.1)
    if 1e-200 < scale < 1e200:
        assert sinkhorn(EQUAL, EQUAL, cost * scale, 0.1 * scale)[0] == pytest.approx(
            entropic * scale, rel=1e-6
        )


def test_gaussians_at_the_ends_of_float64():
    zero = np.zeros((2, 2))
    for size in (1e-150, 1e150, 1e300):
        assert bures_wasserstein([size, 0], zero, [0, 0], zero) == pytest.approx(size, rel=1e-14)
        root = size**0.5
        assert bures_wasserstein([0, 0], size * np.eye(2), [0, 0], zero) == pytest.approx(
            2**0.5 * root, rel=1e-12
        )


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.int64])
def test_every_dtype_gradients_and_strides(dtype):
    x, y = torch.tensor([[3, 9], [1, 9], [4, 9], [1, 9]])[:, 0].to(dtype), [2, 7]
    if dtype.is_floating_point:
        x = x.requires_grad_()
    want = wasserstein_distance([3, 1, 4, 1], [2, 7])
    assert wasserstein_1d(x, y) == pytest.approx(want, abs=1e-14)
    cost = (x.detach().double()[:, None] - torch.tensor(y)).abs().to(dtype)
    assert transport_plan([0.25] * 4, [0.5] * 2, cost)[0] == pytest.approx(want, abs=1e-12)


@pytest.mark.parametrize(
    "bad", [np.array([1 + 2j]), torch.tensor([1 + 2j]), ["a"], [[1], [2, 3]], [None]]
)
def test_what_is_no_array_of_real_numbers_is_refused_by_name(bad):
    with pytest.raises(ValueError, match="^x holds .*expected real numbers"):
        wasserstein_1d(bad, [1.0])


def test_a_cost_wider_than_float64_is_refused():
    with pytest.raises(ValueError, match=r"cost runs from -1e\+308 to 1e\+308, further apart"):
        transport_plan([1.0], [0.5, 0.5], [[-1e308, 1e308]])


def test_one_atom_duplicates_and_a_free_cost():
    assert transport_plan([1.0], [1.0], [[3.0]])[0] == 3
    assert transport_plan(EQUAL, EQUAL, np.zeros((50, 50)))[0] == 0
    assert kantorovich_potentials(EQUAL, EQUAL, np.full((50, 50), 2.5))[0] == pytest.approx(2.5)
    same = np.abs(np.repeat([0.0, 1.0], 25)[:, None] - np.repeat([0.0, 1.0], 25))
    assert transport_plan(EQUAL, EQUAL, same)[0] == pytest.approx(0, abs=1e-15)
