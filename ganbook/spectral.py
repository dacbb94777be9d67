r"""How large a linear layer or a convolution is as a linear map: its largest singular value.

The kernel of a convolution, reshaped to a matrix, is another map than the convolution: its norm can
be smaller by a factor of up to :math:`\sqrt{k_h k_w}`."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import conv2d, conv_transpose2d

__all__ = ["circular_norm", "convolution_norm", "matrix_norm", "norm_bounds", "reshaped_norm"]


def matrix_norm(matrix: Tensor, iterations: int = 100, seed: int = 0) -> float:
    r"""Return the largest singular value of a matrix (out, in) by power iteration.

    :math:`v \leftarrow W^\top u / \lVert W^\top u \rVert`, :math:`u \leftarrow W v / \lVert W v
    \rVert`; the value :math:`\lVert W v \rVert` never exceeds the norm, and the error shrinks by
    :math:`(\sigma_2/\sigma_1)^2` per iteration. Raises ``ValueError`` for another shape and for
    iterations below 1. Source: Miyato et al. (2018), algorithm 1."""
    if matrix.ndim != 2:
        raise ValueError(f"the matrix has shape {tuple(matrix.shape)}: expected (out, in)")
    return _power(
        lambda v: matrix @ v,
        lambda u: matrix.T @ u,
        (matrix.shape[1],),
        matrix,
        iterations,
        seed,
    )


def reshaped_norm(kernel: Tensor) -> float:
    """Return the spectral norm of a kernel (out, in, kh, kw) reshaped to (out, in kh kw).

    It is what ``torch.nn.utils.parametrizations.spectral_norm`` divides by, not the norm of the
    convolution. Raises ``ValueError`` for another number of axes. Source: Miyato et al. (2018),
    section 3."""
    return float(torch.linalg.matrix_norm(_kernel(kernel).flatten(1), 2))


def circular_norm(kernel: Tensor, size: tuple[int, int]) -> float:
    r"""Return the spectral norm of a circular convolution of stride 1 on pictures of a size, exactly.

    In Fourier space the convolution is one (out, in) matrix per frequency, so its norm is the
    largest of :math:`\lVert \hat W(f) \rVert_2`. ``kernel`` has shape (out, in, kh, kw), ``size`` is
    (height, width), in pixels. Raises ``ValueError`` for a picture smaller than the kernel.

    Source: Sedghi, Gupta and Long (2019).
    """
    kernel = _kernel(kernel)
    if size[0] < kernel.shape[2] or size[1] < kernel.shape[3]:
        raise ValueError(
            f"the picture's size is {tuple(size)} and the kernel's {tuple(kernel.shape[2:])}: "
            "expected a picture at least as large"
        )
    matrices = torch.fft.fft2(kernel, s=tuple(size)).movedim((2, 3), (0, 1))
    return float(torch.linalg.matrix_norm(matrices, 2).max())


def convolution_norm(
    kernel: Tensor,
    size: tuple[int, int],
    stride: int = 1,
    padding: int = 0,
    iterations: int = 100,
    seed: int = 0,
) -> float:
    r"""Return the spectral norm of ``conv2d`` with zero padding on pictures of a size.

    Power iteration in which the convolution takes the matrix's place and ``conv_transpose2d``, its
    adjoint, that of the transpose; a lower bound that grows to the norm with the iterations.
    ``kernel`` has shape (out, in, kh, kw), ``size`` is (height, width), in pixels. Raises
    ``ValueError`` for a picture smaller than the kernel after padding, and for iterations below 1.

    Source: Gouk et al. (2021); Tsuzuku, Sato and Sugiyama (2018).
    """
    kernel = _kernel(kernel)
    rest = [
        (s + 2 * padding - k) % stride if s + 2 * padding >= k else -1
        for s, k in zip(size, kernel.shape[2:], strict=True)
    ]
    if min(rest) < 0:
        raise ValueError(
            f"the picture's size is {tuple(size)}, the kernel's {tuple(kernel.shape[2:])}, the "
            f"padding {padding}: expected a picture at least as large as the kernel"
        )
    return _power(
        lambda v: conv2d(v[None], kernel, None, stride, padding)[0],
        lambda u: conv_transpose2d(u[None], kernel, None, stride, padding, tuple(rest))[0],
        (kernel.shape[1], *size),
        kernel,
        iterations,
        seed,
    )


def norm_bounds(kernel: Tensor) -> tuple[float, float]:
    r"""Return the least and the largest norm that a circular convolution with this kernel can have.

    :math:`\lVert R \rVert \le \lVert W \rVert \le \sqrt{k_h k_w}\, \lVert R \rVert` with R the reshaped
    kernel; for stride 1 and pictures at least as large as the kernel. Source: Singla and Feizi
    (2021), for the upper bound.
    """
    norm = reshaped_norm(kernel)
    return norm, math.sqrt(kernel.shape[2] * kernel.shape[3]) * norm


def _power(forward, back, shape, like: Tensor, iterations: int, seed: int) -> float:
    if not isinstance(iterations, int) or iterations < 1:
        raise ValueError(f"iterations is {iterations!r}: expected a positive integer, such as 100")
    v = torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    v = v.to(like.device, like.dtype)
    with torch.no_grad():
        for _ in range(iterations):
            u = forward(v / v.norm().clamp(min=torch.finfo(v.dtype).tiny))
            v = back(u)
        return float(u.norm())


def _kernel(kernel: Tensor) -> Tensor:
    if kernel.ndim != 4:
        raise ValueError(
            f"the kernel has shape {tuple(kernel.shape)}: expected (out, in, height, width)"
        )
    return kernel
