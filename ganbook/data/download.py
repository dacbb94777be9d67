"""Download a data set into the cache: verified first, then moved into place, with other processes
about.
"""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
from contextlib import nullcontext, redirect_stderr
from http.client import HTTPException
from io import StringIO
from pathlib import Path

from ganbook import locks
from ganbook.data.catalogue import Dataset
from ganbook.data.idx import DataError, find, read

__all__ = ["download", "fetch"]

STALLED = 30.0  # seconds without a byte after which a connection counts as dead
PATIENCE = 1800.0  # seconds for another process to bring some 30 MB
PREFIX = ".download-"


def download(dataset: Dataset, cache: Path) -> None:
    """Download the four files of a data set through torchvision into `cache`, unless they are there
    by now.

    They arrive in a temporary folder inside the cache, are verified there, and are renamed into
    place one by one: what has its final name is whole. A file already there is never overwritten.
    Processes that call this at once wait for one another.

    Raises DataError when the cache cannot be written, another process does not come to an end, the
    download fails, or it brings something else."""
    target = cache / dataset.layouts[-1]
    try:
        target.mkdir(parents=True, exist_ok=True)
        with locks.locked(cache / ".lock", PATIENCE):
            if all(find(file, [target]) for file in dataset.files):
                return
            for left_by_a_killed_process in cache.glob(f"{PREFIX}*"):
                shutil.rmtree(left_by_a_killed_process, ignore_errors=True)
            with tempfile.TemporaryDirectory(
                prefix=PREFIX, dir=cache, ignore_cleanup_errors=True
            ) as folder:
                _fetch_verified(dataset, Path(folder), cache)
                _publish(dataset, Path(folder) / dataset.layouts[-1], target)
    except locks.HeldError as error:
        raise DataError(
            f"{dataset.title} was not found on disk, and {error.strerror} has been downloading to {cache} "
            f"for {PATIENCE / 60:.0f} minutes: stop it and run this again, or:\n{ways_out(dataset, cache)}"
        ) from None
    except OSError as error:
        raise DataError(
            f"{dataset.title} was not found on disk, and it cannot be downloaded, because the cache folder "
            f"{cache} cannot be written: {error}. Make it writable, or:\n{ways_out(dataset, cache)}"
        ) from error


def fetch(dataset: Dataset, folder: Path) -> None:
    """Have torchvision download the data set into `folder`/NAME/raw, its own layout.

    Its progress bar shows in a terminal only, so that a notebook's output stays the same.
    """
    from torchvision import datasets

    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(
        STALLED if before is None else before
    )  # torchvision sets none, and would hang
    try:
        with nullcontext() if sys.stderr.isatty() else redirect_stderr(StringIO()):
            getattr(datasets, dataset.torchvision)(str(folder), train=False, download=True)
    finally:
        socket.setdefaulttimeout(before)


def ways_out(dataset: Dataset, cache: Path) -> str:
    """Say what a reader without the data can do."""
    names = ", ".join(file.name for file in dataset.files)
    return (
        f"Three ways out: (1) with a network, run this again: the files are downloaded once, to {cache}; "
        f"(2) copy the files {names}, gzipped or not, from elsewhere to a folder, and pass that as root= "
        "or name it in the environment variable GANBOOK_DATA; (3) use ganbook.data.digits(), which needs "
        "neither network nor files." + (f" Besides, {dataset.hint}." if dataset.hint else "")
    )


def _fetch_verified(dataset: Dataset, folder: Path, cache: Path) -> None:
    try:
        fetch(dataset, folder)
        for file in dataset.files:
            path = find(file, [folder / dataset.layouts[-1]])
            if path is None:
                raise RuntimeError(f"it brought no {file.name}")
            read(path, file)
    except (OSError, RuntimeError, HTTPException, DataError) as error:
        raise DataError(
            f"{dataset.title} was not found on disk, and the download failed: {error}\n"
            f"{ways_out(dataset, cache)}"
        ) from error


def _publish(dataset: Dataset, source: Path, target: Path) -> None:
    for file in dataset.files:
        if find(file, [target]) is None:
            packed = source / f"{file.name}.gz"
            path = packed if packed.exists() else source / file.name
            os.rename(path, target / path.name)
