"""Files that survive: whole or absent, verified when read, the one before kept, and one writer at a
time.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import safetensors

from ganbook.checkpoints.packing import CheckpointError, decode
from ganbook.checkpoints.reasons import reason

try:
    import fcntl
except ImportError:  # pragma: no cover
    fcntl = (
        None  # no advisory locks outside POSIX: the lock file is written there, and refuses nobody
    )

__all__ = ["DamagedError", "locate", "lock", "previous", "read", "temporary", "write"]

HELD: set[int] = set()
"""The handles of the locks that this process holds."""


class DamagedError(CheckpointError):
    """A file whose bytes are not those that were written."""


def locate(path: Path | str) -> Path:
    """Return where a path leads: ``~`` expanded, absolute, links followed; ``CheckpointError`` if
    nowhere.
    """
    try:
        return Path(path).expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise CheckpointError(f"no file can be at {path}: {error}; choose another path") from None


def previous(path: Path) -> Path:
    """Return where the file before the newest lies."""
    return path.with_name(f"{path.name}.previous")


def temporary(path: Path) -> Path:
    """Return where a file is written before it takes its name."""
    return path.with_name(f".{path.name}.tmp")


def read(path: Path) -> Any:
    """Return the verified content of a file.

    Raises ``DamagedError`` naming the file and what was found, ``CheckpointError`` if it cannot be
    opened, ``FileNotFoundError`` if there is none."""
    try:
        return decode(path.read_bytes())
    except FileNotFoundError:
        raise
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {reason(error, path)}") from error
    except (ValueError, KeyError, TypeError, safetensors.SafetensorError) as error:
        raise DamagedError(f"{path} is damaged, or is no checkpoint: {error}") from error


def write(path: Path, raw: bytes, keep: bool = True) -> None:
    """Replace a file as a whole: written beside it, flushed and synced, renamed, the folder synced.

    The present file becomes `previous(path)` if ``keep``. At every moment one of the two is whole.
    Raises ``CheckpointError`` saying why it could not be written; the newest file that was there
    stays, and where the file system has hard links, under its name."""
    new = temporary(path)
    try:
        with open(new, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        if keep and path.exists():
            _keep(path)
        os.replace(new, path)
        _sync(path.parent)
    except OSError as error:
        raise CheckpointError(f"cannot write {path}: {reason(error, path)}") from error
    finally:
        for left in (new, _link(path)):
            with suppress(
                OSError
            ):  # in a folder that has become read-only it stays; `lock` removes it when it can
                left.unlink(missing_ok=True)


def _keep(path: Path) -> None:
    """Let the file be `previous(path)` too, so that it has both names until the new one takes the
    first.
    """
    try:
        os.link(path, _link(path))
    except OSError:  # a file system without links: for a moment it has the second name alone
        os.replace(path, previous(path))
    else:
        os.replace(_link(path), previous(path))


def _link(path: Path) -> Path:
    return path.with_name(f".{path.name}.link")


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
    """Be the only writer of a file while the block lasts; ``CheckpointError`` names the process
    that is so already.

    What a killed writer left half written is removed. The lock dies with its process, so that a
    killed run locks nobody out, even where processes that it forked live on."""
    file = path.with_name(f".{path.name}.lock")
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        handle = _locked(file)
    except BlockingIOError as error:
        raise CheckpointError(
            f"{path} has a writer already{error.strerror}: wait for it, stop it, or choose another "
            "file"
        ) from None
    except OSError as error:
        raise CheckpointError(f"cannot write {path}: {reason(error, path)}") from error
    HELD.add(handle)
    try:
        _tidy(path)
        yield
    finally:
        if handle in HELD:  # not so in a forked process, whose lock it is not
            HELD.remove(handle)
            try:
                with suppress(OSError):
                    file.unlink()
            finally:
                os.close(handle)


def _tidy(path: Path) -> None:
    try:
        for left in (temporary(path), _link(path)):
            left.unlink(missing_ok=True)
    except OSError as error:
        raise CheckpointError(f"cannot write {path}: {reason(error, path)}") from error


def _forget_locks() -> None:
    """In a forked process: close its copies of the handles, which would keep the locks when its
    parent is killed.
    """
    while HELD:
        os.close(HELD.pop())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_locks)


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
