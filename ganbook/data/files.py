"""MNIST and Fashion-MNIST from the disk, wherever they lie, or from the network."""

from __future__ import annotations

import os
from pathlib import Path

import torch

from ganbook.data.catalogue import FASHION_MNIST, MNIST, Dataset
from ganbook.data.download import download
from ganbook.data.idx import DataError, find, read
from ganbook.data.images import Images
from ganbook.folders import user_folder

__all__ = ["cache_folder", "fashion_mnist", "load", "locate", "mnist"]


def mnist(split: str = "train", root: str | os.PathLike[str] | None = None) -> Images:
    """Load MNIST: 60,000 training or 10,000 test images of handwritten digits.

    Looks under `root`, the folder named in $GANBOOK_DATA, and the user's cache folder, in the
    layouts flat, `mnist/` and `MNIST/raw/`, gzipped or not; what none of them has is downloaded
    through torchvision into the cache. The content is verified by its MD5, whatever its origin. The
    first file found decides: if it is damaged, that is an error even where a later folder holds an
    intact copy, since whoever named the folder should hear that it is wrong. Nothing on disk is
    ever overwritten or deleted.

    Returns Images(x: uint8 (N, 1, 28, 28), y: int64 (N,)). Raises ValueError for an unknown split;
    DataError for a file that is truncated, corrupt, swapped or oversized, a root that is no folder,
    a cache that cannot be written, or when there is neither data nor network. Source: LeCun et al.
    1998, section III."""
    return load(MNIST, split, root)


def fashion_mnist(split: str = "train", root: str | os.PathLike[str] | None = None) -> Images:
    """Load Fashion-MNIST: ten kinds of clothing in the format, the sizes and the file names of
    MNIST.

    Searches and verifies as `mnist` does, in the layouts `fashion-mnist/` and `FashionMNIST/raw/`
    (flat in `root` only, since MNIST's files have the same names), and in the folder of Debian's
    package dataset-fashion-mnist. Returns and raises as `mnist` does. Source: Xiao, Rasul and
    Vollgraf 2017 (arXiv:1708.07747)."""
    return load(FASHION_MNIST, split, root)


def load(dataset: Dataset, split: str, root: str | os.PathLike[str] | None = None) -> Images:
    """Load one split of a data set; `mnist` describes the search and the errors."""
    folders = _folders(dataset, root)
    tensors = []
    for file in dataset.split(split):
        path = find(file, folders)
        if path is None:
            try:
                download(dataset, cache_folder())
            except DataError as error:
                raise DataError(f"{error}\n{_looked(dataset, folders)}") from error
            path = find(file, folders)
        if path is None:
            raise DataError(
                f"{file.name} vanished from {cache_folder()} after its download; run this again"
            )
        tensors.append(read(path, file))
    return Images(tensors[0].unsqueeze(1), tensors[1].to(torch.int64))


def locate(
    dataset: Dataset = MNIST, root: str | os.PathLike[str] | None = None
) -> dict[str, Path | None]:
    """Say where each file of a data set would be read from (None: not on disk), without reading
    any.
    """
    folders = _folders(dataset, root)
    return {file.name: find(file, folders) for file in dataset.files}


def cache_folder() -> Path:
    """Return the folder that downloads go to, as the operating system's habits have it; need not
    exist.
    """
    return user_folder("cache")


def _looked(dataset: Dataset, folders: list[Path]) -> str:
    """Say where the files were looked for, and which files there have nearly their names."""
    named = os.environ.get("GANBOOK_DATA")
    said = [f"Looked in {', '.join(dict.fromkeys(str(folder) for folder in folders))}."]
    if named and not Path(named).expanduser().is_dir():
        said.append(f"GANBOOK_DATA is {named!r}, which is no folder: correct it.")
    wanted = {_plain(file.name): file.name for file in dataset.files}
    for folder in folders:
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            right = wanted.get(_plain(path.name))
            if right and path.name.removesuffix(".gz") != right:
                said.append(f"{path} has nearly the right name: rename it to {right}.")
    return " ".join(said)


def _plain(name: str) -> str:
    """A file's name without what downloads and unpackers change in it."""
    return name.lower().removesuffix(".gz").replace(".", "-").replace("_", "-")


def _folders(dataset: Dataset, root: str | os.PathLike[str] | None) -> list[Path]:
    """List the folders to search, first to last."""
    folders = []
    if root is not None:
        top = Path(root).expanduser()
        if not top.is_dir():
            raise DataError(f"root is {str(root)!r}, which is no folder; name one, or leave it out")
        layouts = dataset.layouts if "" in dataset.layouts else (*dataset.layouts, "")
        folders += [top / layout for layout in layouts]
    if named := os.environ.get("GANBOOK_DATA"):
        folders += [Path(named).expanduser() / layout for layout in dataset.layouts]
    folders += [Path(folder) for folder in dataset.system]
    return folders + [cache_folder() / layout for layout in dataset.layouts]
