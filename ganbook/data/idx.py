"""Find an IDX file, and read it within bounds, verified to the last byte."""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path

import torch
from torch import Tensor

from ganbook.data.catalogue import IdxFile, identify

__all__ = ["DataError", "find", "read"]

CHUNK = 1 << 20


class DataError(ValueError):
    """A data file is absent or is not what it must be; the message names it, and says what to do."""


def find(file: IdxFile, folders: Iterable[Path]) -> Path | None:
    """Return the first of `folders` that holds the file, plain before gzipped, as a path; else
    None.
    """
    for folder in folders:
        for path in (folder / file.name, folder / f"{file.name}.gz"):
            if os.path.isfile(path):
                return path
    return None


def read(path: Path, file: IdxFile) -> Tensor:
    """Read an IDX file, gzipped or not, and return its entries as a uint8 tensor of shape
    `file.shape`.

    Whether it is gzipped is seen from its first bytes, since browsers unpack files and keep the
    name. At most `file.size` + 1 bytes are ever unpacked, so that neither a gzip bomb nor an
    oversized file costs memory. Nothing on disk is changed.

    Raises DataError for a file that cannot be read, is truncated, oversized or no valid gzip
    stream, has another header (labels in place of images, test in place of training), or another
    MD5."""
    buffer = bytearray(file.size + 1)
    count = 0
    try:
        with open(path, "rb") as raw:
            on_disk = os.fstat(raw.fileno()).st_size
            if on_disk > file.size + file.size // 1000 + 1024:  # deflate never adds more than this
                raise _refused(path, f"{on_disk} bytes on disk", f"at most {file.size}")
            with gzip.open(raw) if raw.peek(2)[:2] == b"\x1f\x8b" else nullcontext(raw) as stream:
                while count < len(buffer) and (
                    chunk := stream.read(min(CHUNK, len(buffer) - count))
                ):
                    buffer[count : count + len(chunk)] = chunk
                    count += len(chunk)
    except (OSError, EOFError, zlib.error) as error:
        found = f"a file that fails after {count} bytes of content ({error})"
        raise _refused(path, found, f"{file.size} readable bytes") from error

    content = memoryview(buffer)[: file.size]
    header = file.header
    if content[: len(header)] != header:
        expected = f"a header for {_shape(file.shape)} ({header.hex(' ', 4)})"
        raise _refused(path, _describe(bytes(content[: min(count, 16)])), expected)
    if count != file.size:
        found = f"{count} bytes" if count < file.size else "more bytes than that"
        raise _refused(path, f"{found} of content", f"{file.size}")
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if md5 != file.md5:
        known = identify(md5)
        found = f"the MD5 {md5}" + (f", which is that of {known}" if known else "")
        raise _refused(path, found, f"the MD5 {file.md5}")
    return torch.frombuffer(buffer, dtype=torch.uint8)[len(header) : file.size].reshape(file.shape)


def _refused(path: Path, found: str, expected: str) -> DataError:
    return DataError(
        f"{path}: found {found}; expected {expected}. The file was left as it is: move it away or put "
        "an intact copy in its place, then run this again (once it is gone, the other folders are searched, "
        "and the file is downloaded if none has it)."
    )


def _shape(shape: Iterable[int]) -> str:
    lengths = list(shape)
    kind = {1: "labels", 3: "images"}.get(len(lengths), "entries")
    return f"{lengths[0]} {kind}" + "".join(f" x {n}" for n in lengths[1:])


def _describe(head: bytes) -> str:
    axes = {b"\x00\x00\x08\x01": 1, b"\x00\x00\x08\x03": 3}.get(head[:4])
    if axes is None or len(head) < 4 * (1 + axes):
        return f"no such header, but {head[:8]!r}" if head else "an empty file"
    return f"a header for {_shape(int.from_bytes(head[4 * i : 4 * i + 4]) for i in range(1, 1 + axes))}"
