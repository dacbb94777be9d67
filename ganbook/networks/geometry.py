"""What a stack of convolutions sees and covers: receptive fields, overlaps, phases."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

__all__ = ["footprint", "overlaps", "phases", "receptive_field", "uneven_share"]


def receptive_field(layers: Sequence[tuple[int, int]]) -> tuple[int, int]:
    r"""Return side and jump of the receptive field of a stack of convolutions, in pixels.

    ``layers`` are (kernel, stride), the first one next to the picture.
    :math:`r = 1 + \sum_l (k_l - 1) \prod_{i < l} s_i`; the jump, :math:`\prod_l s_l`, is how far
    the fields of two neighbouring outputs lie apart. Raises ``ValueError`` for no layers, and for
    kernels or strides that are not whole numbers of at least 1.

    Source: Araujo, Norris and Sim (2019), equations 2 and 3.
    """
    if not layers:
        raise ValueError("no layers were given: expected at least one pair (kernel, stride)")
    side, jump = 1, 1
    for kernel, stride in layers:
        _whole(kernel=kernel, stride=stride)
        side, jump = side + (kernel - 1) * jump, jump * stride
    return side, jump


def footprint(network: Callable[[Tensor], Tensor], shape: tuple[int, ...]) -> Tensor:
    """Return how much the middle output depends on each input pixel, of shape (H, W).

    ``shape`` is that of one input, (C, H, W). The absolute derivative of one output at one random
    input, summed over input channels: a pixel that the output does not see has exactly 0. Outputs
    of shape (1, C', H', W') are taken at channel 0 and place (H' // 2, W' // 2), scores (1, 1) as
    they are. ``network`` must be deterministic; parameters receive no gradients.
    """
    x = torch.randn(1, *shape, generator=torch.Generator().manual_seed(0)).requires_grad_(True)
    out = network(x)
    middle = out[0, 0] if out.ndim < 3 else out[0, 0, out.shape[2] // 2, out.shape[3] // 2]
    (gradient,) = torch.autograd.grad(middle.sum(), x)
    return gradient[0].abs().sum(dim=0)


def phases(weight: Tensor, stride: int) -> list[Tensor]:
    r"""Return the kernels of the phases of a transposed convolution in one dimension.

    ``weight`` has shape (K,). Output :math:`s q + r` of the transposed convolution is
    :math:`\sum_j x_{q-j}\, w_{r+sj}`: an ordinary convolution with the r-th of these kernels,
    which take every s-th weight. Raises ``ValueError`` for another shape and a stride below 1.
    """
    _whole(stride=stride)
    if weight.ndim != 1:
        raise ValueError(f"weight has shape {tuple(weight.shape)}: expected (K,), one dimension")
    return [weight[r::stride] for r in range(stride)]


def overlaps(kernel: int, stride: int) -> list[int]:
    """Return how many inputs reach an output, away from the border, for each phase.

    The counts :math:`\\lceil (k - r) / s \\rceil`, r = 0 ... s - 1; padding only rotates them. They
    are equal exactly when the stride divides the kernel. Raises ``ValueError`` for sizes below 1.
    """
    _whole(kernel=kernel, stride=stride)
    return [len(range(r, kernel, stride)) for r in range(stride)]


def uneven_share(weight: Tensor, stride: int) -> Tensor:
    r"""Return the share of a constant input's output energy that lies outside its mean.

    ``weight`` has shape (..., K): kernels of transposed convolutions in one dimension. With the
    sums :math:`S_r` of the phases the share is :math:`1 - (\sum_r S_r)^2 / (s \sum_r S_r^2)`, the
    square of the output's standard deviation over its root mean square; of shape (...). NaN where
    the output is 0. Raises ``ValueError`` for a stride below 1 or above K.
    """
    _whole(stride=stride)
    if stride > weight.shape[-1]:
        raise ValueError(
            f"stride is {stride} and the kernel has {weight.shape[-1]} weights: some outputs would "
            "see no input; expected a stride of at most K"
        )
    sums = torch.stack([weight[..., r::stride].sum(dim=-1) for r in range(stride)], dim=-1)
    return 1 - sums.sum(dim=-1).square() / (stride * sums.square().sum(dim=-1))


def _whole(**sizes: int) -> None:
    for name, size in sizes.items():
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            raise ValueError(f"{name} is {size!r}: expected a whole number of at least 1")
