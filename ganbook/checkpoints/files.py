"""Files that survive: whole or absent, verified when read, the one before kept, and one writer at a time."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import safetensors

from ganbook.checkpoints.packing import CheckpointError, decode

try:
    import fcntl
except ImportError:  # pragma: no cover
    fcntl = None  # no advisory locks outside POSIX: the lock file is written there, and refuses nobody

__all__ = ["DamagedError", "lock", "previous", "read", "temporary", "write"]


class DamagedError(CheckpointError):
    """A file whose bytes are not those that were written."""


def previous(path: Path) -> Path:
    """Return where the file before the newest lies."""
    return path.with_name(f"{path.name}.previous")


def temporary(path: Path) -> Path:
    """Return where a file is written before it takes its name."""
    return path.with_name(f".{path.name}.tmp")


def read(path: Path) -> Any:
    """Return the verified content of a file.

    Raises ``DamagedError`` naming the file and what was found, ``CheckpointError`` if it cannot be opened,
    ``FileNotFoundError`` if there is none.
    """
    try:
        return decode(path.read_bytes())
    except FileNotFoundError:
        raise
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {_reason(error, path)}") from error
    except (ValueError, KeyError, TypeError, safetensors.SafetensorError) as error:
        raise DamagedError(f"{path} is damaged, or is no checkpoint: {error}") from error


def write(path: Path, raw: bytes, keep: bool = True) -> None:
    """Replace a file as a whole: written beside it, flushed and synced, renamed, the folder synced.

    The present file becomes `previous(path)` if ``keep``. At every moment one of the two is whole. Raises
    ``CheckpointError`` saying why it could not be written; what was there before stays.
    """
    new = temporary(path)
    try:
        with open(new, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        if keep and path.exists():
            os.replace(path, previous(path))
        os.replace(new, path)
        _sync(path.parent)
    except OSError as error:
        raise CheckpointError(f"cannot write {path}: {_reason(error, path)}") from error
    finally:
        new.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    if os.name != "posix":  # elsewhere a folder cannot be opened
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Be the only writer of a file while the block lasts; ``CheckpointError`` names the process that is so already.

    The lock dies with its process, so that a killed run locks nobody out.
    """
    file = path.with_name(f".{path.name}.lock")
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        handle = _locked(file)
    except BlockingIOError as error:
        raise CheckpointError(f"{path} has a writer already{error.strerror}: wait for it, stop it, or choose another "
                              "file") from None
    except OSError as error:
        raise CheckpointError(f"cannot write {path}: {_reason(error, path)}") from error
    try:
        yield
    finally:
        file.unlink(missing_ok=True)
        os.close(handle)


def _locked(file: Path) -> int:
    while True:
        handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if fcntl is not None:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(handle), os.stat(file)):
                os.ftruncate(handle, 0)
                os.write(handle, f", process {os.getpid()}".encode())
                return handle
        except FileNotFoundError:
            pass  # its owner removed it after we had opened it: try again on a fresh one
        except BlockingIOError as error:
            error.strerror = os.read(handle, 40).decode(errors="replace")
            os.close(handle)
            raise
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _reason(error: OSError, path: Path) -> str:
    folder = path.parent
    known = {
        errno.ENOENT: f"the folder {folder} does not exist; create it first",
        errno.ENOTDIR: f"{folder} is not a folder",
        errno.EISDIR: "it is a folder; name a file in it",
        errno.ENOSPC: f"the disk of {folder} is full; free some space or choose another",
        errno.EDQUOT: f"your quota on the disk of {folder} is used up; free some space or choose another",
        errno.EFBIG: "it would be larger than files may be here (`ulimit -f`, or the file system's own limit)",
        errno.EROFS: f"the file system of {folder} is mounted read-only; choose another folder",
        errno.ENOLCK: f"the file system of {folder} keeps no locks; choose another folder",
    }
    if error.errno not in (errno.EACCES, errno.EPERM):
        return known.get(error.errno, str(error))
    own = os.geteuid() if hasattr(os, "geteuid") else 0
    for name in (error.filename2, error.filename, folder):
        if name and os.path.exists(name) and (owner := os.stat(name).st_uid) != own:
            return f"{name} belongs to user {owner}, and this process runs as user {own}; choose another folder"
    if error.filename and os.path.exists(error.filename):
        return f"the rights of {error.filename} forbid it (mode {os.stat(error.filename).st_mode & 0o777:o})"
    return f"the folder {folder} is read-only (mode {folder.stat().st_mode & 0o777:o}); `chmod u+w` it, or use another"
