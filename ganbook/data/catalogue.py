"""What the data files must be: names, shapes and MD5 sums of MNIST and Fashion-MNIST."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

__all__ = ["FASHION_MNIST", "MNIST", "Dataset", "IdxFile", "identify"]


@dataclass(frozen=True)
class IdxFile:
    """One IDX file of unsigned bytes: the name it goes by, its shape, and the MD5 of its
    uncompressed bytes.

    An IDX file is a header of big-endian 32-bit integers, the magic number 0x0800 + (number of
    axes) and the length of each axis, followed by the entries in row-major order."""

    name: str
    shape: tuple[int, ...]
    md5: str

    @property
    def header(self) -> bytes:
        """The first bytes of the file, which say what it holds."""
        return struct.pack(f">{1 + len(self.shape)}I", 0x0800 + len(self.shape), *self.shape)

    @property
    def size(self) -> int:
        """The length of the uncompressed file in bytes."""
        return len(self.header) + math.prod(self.shape)


@dataclass(frozen=True)
class Dataset:
    """Four IDX files that belong together, and the folders in which they usually lie.

    `torchvision` names the class of torchvision.datasets that downloads them. `layouts` are the
    folders to look into under a data folder ("" is the folder itself); a download goes to the last
    one. `system` are folders of operating-system packages, and `hint` is a further way to get the
    files."""

    title: str
    torchvision: str
    layouts: tuple[str, ...]
    train: tuple[IdxFile, IdxFile]
    test: tuple[IdxFile, IdxFile]
    system: tuple[str, ...] = ()
    hint: str = ""

    @property
    def files(self) -> tuple[IdxFile, ...]:
        """All four files: training images and labels, test images and labels."""
        return (*self.train, *self.test)

    def split(self, name: str) -> tuple[IdxFile, IdxFile]:
        """Return the image file and the label file of "train" or "test"; anything else is a
        ValueError.
        """
        if name not in ("train", "test"):
            raise ValueError(f'split is {name!r}; expected "train" or "test"')
        return self.train if name == "train" else self.test


def _files(prefix: str, n: int, md5_images: str, md5_labels: str) -> tuple[IdxFile, IdxFile]:
    return (
        IdxFile(f"{prefix}-images-idx3-ubyte", (n, 28, 28), md5_images),
        IdxFile(f"{prefix}-labels-idx1-ubyte", (n,), md5_labels),
    )


MNIST = Dataset(
    title="MNIST",
    torchvision="MNIST",
    layouts=("", "mnist", "MNIST/raw"),
    train=_files(
        "train", 60_000, "6bbc9ace898e44ae57da46a324031adb", "a25bea736e30d166cdddb491f175f624"
    ),
    test=_files(
        "t10k", 10_000, "2646ac647ad5339dbf082846283269ea", "27ae3e4e09519cfbb04c329615203637"
    ),
)

FASHION_MNIST = Dataset(
    title="Fashion-MNIST",
    torchvision="FashionMNIST",
    layouts=("fashion-mnist", "FashionMNIST/raw"),
    train=_files(
        "train", 60_000, "f4a8712d7a061bf5bd6d2ca38dc4d50a", "9018921c3c673c538a1fc5bad174d6f9"
    ),
    test=_files(
        "t10k", 10_000, "8181f5470baa50b63fa0f6fddb340f0a", "15d484375f8d13e6eb1aabb0c3f46965"
    ),
    system=("/usr/share/datasets/fashion-mnist",),
    hint="on Debian and Ubuntu, `apt install dataset-fashion-mnist` puts them where they are found",
)


def identify(md5: str) -> str | None:
    """Name the known file that has this MD5, as "Fashion-MNIST's train-images-idx3-ubyte", or
    return None.
    """
    for dataset in (MNIST, FASHION_MNIST):
        for file in dataset.files:
            if file.md5 == md5:
                return f"{dataset.title}'s {file.name}"
    return None
