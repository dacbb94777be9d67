"""MNIST as torchvision's own class, over the files that `mnist` verified: for readers of the
article's code.
"""

from __future__ import annotations

import os
import struct
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganbook.data.files import mnist

if TYPE_CHECKING:
    from torchvision.datasets import MNIST

__all__ = ["torchvision_mnist"]


def torchvision_mnist(
    split: str = "train",
    transform: Callable[[Any], Any] | None = None,
    root: str | os.PathLike[str] | None = None,
) -> MNIST:
    """Return ``torchvision.datasets.MNIST`` for a split, filled from the files that
    `ganbook.data.mnist` finds.

    The class reads its files whole when it is made, so they are laid out for it in a temporary
    folder. Raises as `mnist` does."""
    from torchvision.datasets import MNIST

    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder, "MNIST", "raw")
        raw.mkdir(parents=True)
        for name, prefix in (("train", "train"), ("test", "t10k")):
            images = mnist(name, root)
            n = len(images)
            header = struct.pack(">4i", 0x803, n, 28, 28)
            raw.joinpath(f"{prefix}-images-idx3-ubyte").write_bytes(
                header + images.x.numpy().tobytes()
            )
            labels = struct.pack(">2i", 0x801, n) + images.y.byte().numpy().tobytes()
            raw.joinpath(f"{prefix}-labels-idx1-ubyte").write_bytes(labels)
        return MNIST(folder, train=split == "train", download=False, transform=transform)
