"""Norms of layers against the dense matrix of the same map."""

import math

import pytest
import torch
from torch.nn.functional import conv2d, pad

from ganbook.spectral import (
    circular_norm,
    convolution_norm,
    matrix_norm,
    norm_bounds,
    reshaped_norm,
)

BOX = torch.ones(1, 1, 3, 3, dtype=torch.float64)


def dense(forward, shape):
    """The largest singular value of a linear map, from the matrix that it is."""
    basis = torch.eye(math.prod(shape), dtype=torch.float64).reshape(-1, *shape)
    return float(torch.linalg.svdvals(forward(basis).flatten(1)).max())


def kernel(seed, *shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def around(kernel):
    """Convolution with circular padding, as a function of pictures."""
    height, width = kernel.shape[2] - 1, kernel.shape[3] - 1
    return lambda x: conv2d(pad(x, (0, width, 0, height), mode="circular"), kernel)


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 4), (1, 6), (6, 1)])
def test_power_iteration_finds_the_norm_of_a_matrix(shape):
    matrix = kernel(1, *shape)
    want = float(torch.linalg.svdvals(matrix)[0])
    assert matrix_norm(matrix, 2_000) == pytest.approx(want, rel=1e-9)
    assert matrix_norm(matrix, 1) <= want * (1 + 1e-12)
    assert matrix_norm(-2 * matrix, 2_000) == pytest.approx(2 * want, rel=1e-9)


def test_the_norm_of_zero_is_zero():
    assert matrix_norm(torch.zeros(3, 2)) == 0
    assert convolution_norm(torch.zeros(2, 1, 3, 3), (5, 5)) == 0


@pytest.mark.parametrize(
    ("shape", "size"), [((1, 1, 3, 3), (6, 6)), ((3, 2, 3, 2), (5, 6)), ((2, 3, 1, 4), (4, 7))]
)
def test_a_circular_convolution_against_its_dense_matrix(shape, size):
    k = kernel(2, *shape)
    want = dense(around(k), (shape[1], *size))
    assert circular_norm(k, size) == pytest.approx(want, rel=1e-10)
    low, high = norm_bounds(k)
    assert low == pytest.approx(reshaped_norm(k)) and low <= want * (1 + 1e-12)
    assert want <= high * (1 + 1e-12)


@pytest.mark.parametrize(
    ("shape", "size", "stride", "padding"),
    [
        ((1, 1, 3, 3), (6, 6), 1, 1),
        ((3, 2, 3, 3), (6, 5), 1, 0),
        ((2, 1, 4, 4), (8, 8), 2, 1),
        ((2, 3, 3, 2), (7, 6), 2, 1),
        ((2, 2, 2, 3), (8, 9), 3, 0),
    ],
)
def test_a_padded_convolution_against_its_dense_matrix(shape, size, stride, padding):
    k = kernel(3, *shape)
    want = dense(lambda x: conv2d(x, k, None, stride, padding), (shape[1], *size))
    assert convolution_norm(k, size, stride, padding, 3_000) == pytest.approx(want, rel=1e-6)
    assert convolution_norm(k, size, stride, padding, 3) <= want * (1 + 1e-12)


def test_the_box_attains_the_upper_bound():
    """Nine equal weights: 3 x 1 as a reshaped kernel is 3, as a map 9; both over 3."""
    box = BOX / 3
    assert reshaped_norm(box) == pytest.approx(1)
    assert circular_norm(box, (28, 28)) == pytest.approx(3)
    assert norm_bounds(box) == pytest.approx((1, 3))
    assert convolution_norm(box, (28, 28), padding=1, iterations=600) == pytest.approx(
        2.977, abs=1e-3
    )


def test_a_kernel_with_one_entry_attains_the_lower_bound():
    k = torch.zeros(1, 1, 3, 3)
    k[0, 0, 2, 1] = -2
    assert circular_norm(k, (9, 9)) == pytest.approx(reshaped_norm(k)) == pytest.approx(2)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: matrix_norm(torch.ones(3)), r"shape \(3,\)"),
        (lambda: matrix_norm(torch.ones(3, 2), 0), "iterations is 0"),
        (lambda: reshaped_norm(torch.ones(3, 2)), "expected .out, in, height, width"),
        (lambda: circular_norm(BOX, (2, 9)), "at least as large"),
        (lambda: convolution_norm(BOX, (9, 2)), "at least as large"),
    ],
)
def test_what_has_no_norm_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
