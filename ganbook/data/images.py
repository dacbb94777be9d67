"""Images in storage (bytes) and in the players (numbers in [-1, 1]), and sets that need no
download.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Images", "digits", "stacked", "to_float", "to_uint8"]


@dataclass(frozen=True, eq=False, repr=False)
class Images:
    """Images and their labels, as they are stored.

    `x` is uint8 of shape (N, C, H, W), 0 black to 255 white; `y` is int64 of shape (N,).
    `len(images)` is N; a slice, a mask or a tensor of indices picks some of them: `images[:1000]`,
    `images[images.y == 3]`. Raises ValueError for another dtype or shape, or when the two lengths
    differ."""

    x: Tensor
    y: Tensor

    def __post_init__(self) -> None:
        _require("x", self.x, torch.uint8, 4, "(N, C, H, W); to_uint8 converts images in [-1, 1]")
        _require("y", self.y, torch.int64, 1, "(N,)")
        if len(self.x) != len(self.y):
            raise ValueError(
                f"{len(self.x)} images but {len(self.y)} labels; expected as many of each"
            )

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: slice | Tensor) -> Images:
        if isinstance(index, int):
            raise ValueError(
                f"{index} is a single index; take images.x[{index}], or a slice of several"
            )
        return Images(self.x[index], self.y[index])

    def __repr__(self) -> str:
        return f"Images(x: uint8 {tuple(self.x.shape)}, y: int64 {tuple(self.y.shape)})"


def _require(name: str, value: Tensor, dtype: torch.dtype, ndim: int, shape: str) -> None:
    if not isinstance(value, Tensor) or value.dtype != dtype or value.ndim != ndim:
        given = (
            f"{value.dtype} {tuple(value.shape)}"
            if isinstance(value, Tensor)
            else type(value).__name__
        )
        raise ValueError(f"{name} is {given}; expected a {dtype} tensor {shape}")


def to_float(x: Tensor) -> Tensor:
    """Map bytes to the players' range: x / 127.5 - 1, so that 0 becomes -1 and 255 becomes 1.

    x: uint8, any shape. Returns float32 of the same shape. It is the ToTensor and Normalize((0.5,),
    (0.5,)) of torchvision in one step. Raises ValueError for another dtype."""
    if x.dtype != torch.uint8:
        raise ValueError(
            f"x is {x.dtype}; expected torch.uint8 (floats in [-1, 1] need no conversion)"
        )
    return x.to(torch.float32).div_(127.5).sub_(1)


def to_uint8(x: Tensor) -> Tensor:
    """Map the players' range to bytes: 127.5 (x + 1), rounded to the nearest and clamped to 0..255.

    x: floating point, any shape, meant to lie in [-1, 1]. Returns uint8 of the same shape, without
    gradient. `to_uint8(to_float(x))` gives back all 256 values. Raises ValueError for another
    dtype, NaN or infinity."""
    if not x.is_floating_point():
        raise ValueError(f"x is {x.dtype}; expected floating-point images in [-1, 1]")
    x = x.detach().to(torch.promote_types(x.dtype, torch.float32))
    if not torch.isfinite(x).all():
        bad = int((~torch.isfinite(x)).sum())
        raise ValueError(
            f"{bad} of {x.numel()} entries are NaN or infinite; expected numbers in [-1, 1]"
        )
    return ((x + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)


def digits() -> Images:
    """Load scikit-learn's 1797 handwritten digits of 8 x 8 pixels, which need no network and no
    files.

    Returns Images with x of shape (1797, 1, 8, 8); the stored levels 0..16 are scaled to 0..255.
    Source: sklearn.datasets.load_digits (UCI, Optical Recognition of Handwritten Digits).
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    x = torch.from_numpy(bunch.images).mul(255 / 16).round().to(torch.uint8)
    return Images(x.unsqueeze(1), torch.from_numpy(bunch.target).to(torch.int64))


def stacked(images: Images, n: int, generator: torch.Generator) -> Images:
    """Stack three random digits as the colour channels of one image: 1000 classes of equal
    standing.

    images: one channel, labels 0..9. Draws n triples with replacement. Returns x of shape (n, 3, H,
    W) and y = 100 a + 10 b + c, where a, b, c are the labels of the first, second and third
    channel. Raises ValueError for n < 1, an empty set, more than one channel, or labels beyond
    0..9. Source: Metz et al. 2017; the protocol of Lin et al. 2018, table 2."""
    if not isinstance(n, int) or isinstance(n, bool) or n < 1:
        raise ValueError(f"n is {n!r}; expected a whole number of images, at least 1")
    if len(images) == 0 or images.x.shape[1] != 1:
        raise ValueError(
            f"x has shape {tuple(images.x.shape)}; expected (N, 1, H, W) with N at least 1"
        )
    if images.y.min() < 0 or images.y.max() > 9:
        raise ValueError(
            f"labels run from {int(images.y.min())} to {int(images.y.max())}; expected 0 to 9"
        )
    pick = torch.randint(len(images), (n, 3), generator=generator).to(images.x.device)
    place_values = torch.tensor([100, 10, 1], device=images.y.device)
    return Images(images.x[pick].squeeze(2), (images.y[pick] * place_values).sum(1))
