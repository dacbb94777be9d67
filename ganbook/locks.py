"""One process at a time: locks that end with their process, also where a file system has none."""

from __future__ import annotations

import errno
import os
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import filelock

__all__ = ["HeldError", "locked"]

NO_LOCKS = frozenset({errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK, errno.EINVAL})
"""What flock answers on network, cloud and user-space file systems that do not have it."""

POLL = 0.02
LEAST_WAIT = 0.05
"""Seconds: a lock whose owner is leaving, or that a killed process left, is free at a second attempt."""


class HeldError(BlockingIOError):
    """A lock that another process holds; ``strerror`` names that process."""


@contextmanager
def locked(file: Path, wait: float = 0.0) -> Iterator[None]:
    """Hold the lock ``file`` while the block lasts: no other process or thread does.

    The lock ends with its process, even where processes that it forked live on. Where the file
    system has no locks, ``<file>.soft`` stands in for one, with a ``RuntimeWarning``: the next
    process on the same machine takes it over from one that was killed. Raises ``HeldError`` after
    ``wait`` seconds, ``OSError`` if the file cannot be written."""
    os.stat(os.path.join(file.parent, "."))  # filelock would create a folder that is not there
    lock = _acquired(file, max(wait, LEAST_WAIT))
    try:
        yield
    finally:
        if lock.is_locked:  # not so in a forked process, whose lock it is not
            with suppress(OSError):  # what cannot be given back now ends with the process
                if not isinstance(lock, filelock.SoftFileLock):
                    file.unlink()
            with suppress(OSError):
                lock.release()


def _acquired(file: Path, wait: float) -> filelock.BaseFileLock:
    def sign(handle: int) -> None:
        # On NFS a file that its owner removes while it is open elsewhere lives on under another name.
        if not (file.exists() and os.path.samestat(os.fstat(handle), os.stat(file))):
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN), str(file))
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n{socket.gethostname()}\n".encode())

    try:
        lock = filelock.FileLock(
            file, wait, poll_interval=POLL, fallback_to_soft=False, on_acquired=sign
        )
        lock.acquire()
        return lock
    except (filelock.Timeout, BlockingIOError):
        raise HeldError(errno.EAGAIN, _holder(file), str(file)) from None
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        _say_once(file.parent, os.strerror(error.errno))
    with suppress(OSError):
        if file.stat().st_size == 0:  # not signed: the attempt made it, and nobody holds it
            file.unlink()
    soft = file.with_name(f"{file.name}.soft")
    try:
        lock = filelock.SoftFileLock(soft, wait, poll_interval=POLL)
        lock.acquire()
        return lock
    except filelock.Timeout:
        holder = f"{_holder(soft)} (if it no longer runs, remove {soft})"
        raise HeldError(errno.EAGAIN, holder, str(soft)) from None


def _holder(file: Path) -> str:
    try:
        number, host = file.read_text(errors="replace").split("\n")[:2]
    except (OSError, ValueError):
        return "another process"
    host = host.partition("?pidns-")[0]  # filelock's mark of a container's own numbers
    return f"process {number}" + ("" if host == socket.gethostname() else f" on {host}")


@cache
def _say_once(folder: Path, why: str) -> None:
    warnings.warn(
        f"the file system of {folder} has no locks ({why}): a file that ends in .lock.soft stands "
        "in for one. Use the folder from one machine at a time",
        RuntimeWarning,
        stacklevel=2,
    )
