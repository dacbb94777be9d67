"""Recorded results of full-budget runs: small arrays with a JSON of provenance beside them.

A record NAME is a folder of this package: ``NAME/arrays.npz`` (never pickled), ``NAME/record.json``
and, where a network was kept, ``NAME/NAME.safetensors``. It is made again by ``python -m ganbook
reproduce NAME``."""

from __future__ import annotations

import datetime
import hashlib
import io
import json
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["Record", "code_hash", "hardware", "load", "names", "path", "provenance", "save"]

ARRAYS, ABOUT = "arrays.npz", "record.json"


@dataclass(frozen=True)
class Record:
    """The arrays of a recorded run, and where they come from."""

    name: str
    arrays: dict[str, np.ndarray]
    provenance: dict[str, Any]

    def __getitem__(self, key: str) -> np.ndarray:
        if key not in self.arrays:
            raise KeyError(
                f"record {self.name!r} has no array {key!r}: it has {', '.join(sorted(self.arrays))}"
            )
        return self.arrays[key]


def names() -> list[str]:
    """Return the names of all records in the package, sorted."""
    return sorted(
        f.name for f in resources.files(__name__).iterdir() if f.joinpath(ARRAYS).is_file()
    )


def load(name: str) -> Record:
    """Return a record by name; raises ``ValueError`` naming those that exist."""
    if name not in names():
        raise ValueError(
            f"no record {name!r}: there are {', '.join(names())}; `python -m ganbook reproduce` makes one"
        )
    folder = resources.files(__name__).joinpath(name)
    with np.load(io.BytesIO(folder.joinpath(ARRAYS).read_bytes()), allow_pickle=False) as arrays:
        return Record(name, dict(arrays), json.loads(folder.joinpath(ABOUT).read_text()))


def path(file: str) -> Path:
    """Return where a file of the records lies; ``ValueError`` if it does not.

    ``mnist-mlp.safetensors`` is the one of that name in the record ``mnist-mlp``; a file of another
    name is asked for with its record, as ``mnist-mlp/arrays.npz``.
    """
    folder = Path(__file__).parent
    found = folder / file if "/" in file else folder / Path(file).stem / file
    if not found.is_file():
        raise ValueError(
            f"no file {file!r} among the records: `python -m ganbook reproduce` makes them"
        )
    return found


def save(
    name: str, arrays: Mapping[str, np.ndarray], info: Mapping[str, Any], folder: Path
) -> Path:
    """Write ``NAME/arrays.npz`` and ``NAME/record.json`` into a folder, each through a temporary
    file, and return the former.
    """
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    target = folder / name
    target.mkdir(parents=True, exist_ok=True)
    for file, content in (
        (ARRAYS, buffer.getvalue()),
        (ABOUT, (json.dumps(info, indent=1) + "\n").encode()),
    ):
        temporary = target / f"{file}.tmp"
        temporary.write_bytes(content)
        os.replace(temporary, target / file)
    return target / ARRAYS


def code_hash(*modules: str) -> str:
    """Return the first 16 hex digits of the SHA-256 over the source of modules of the package, such
    as "losses".
    """
    digest = hashlib.sha256()
    for module in sorted(modules):
        path = Path(__file__).parents[1].joinpath(*module.split("."))
        for file in sorted(path.glob("*.py")) if path.is_dir() else [path.with_suffix(".py")]:
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def hardware() -> str:
    """Return the class of machine in words: architecture and number of cores, and the GPU if there
    is one.
    """
    import torch

    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ""
    return f"{platform.machine()}, {os.cpu_count()} cores{gpu}"


def provenance(modules: tuple[str, ...], seed: int, seconds: float, **more: Any) -> dict[str, Any]:
    """Return what identifies a run: code hash, seed, versions, hardware, wall time, date, and what
    else is given.
    """
    versions = {p: metadata.version(p) for p in ("torch", "torchvision", "numpy", "scipy")}
    return {
        "modules": list(modules),
        "code": code_hash(*modules),
        "seed": seed,
        "seconds": round(seconds, 1),
        "hardware": hardware(),
        "versions": versions,
        "date": datetime.date.today().isoformat(),
        **more,
    }
