"""Files that survive: whole or absent, verified when read, the one before kept, and one writer at a
time.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import safetensors

from ganbook import locks
from ganbook.checkpoints.packing import CheckpointError, decode
from ganbook.checkpoints.reasons import reason

__all__ = ["DamagedError", "locate", "lock", "previous", "read", "temporary", "write"]

NO_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})
"""What fsync answers for a folder where only files can be synced; the file in it is whole."""


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

    The present file becomes `previous(path)` first if ``keep``: at every moment one of the two is
    whole, and between the two renames the newest is there under that name alone. Raises
    ``CheckpointError`` saying why it could not be written."""
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
        raise CheckpointError(f"cannot write {path}: {reason(error, path)}") from error
    finally:
        with suppress(OSError):  # in a folder that has become read-only; `lock` removes it later
            new.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    if os.name != "posix":  # elsewhere a folder cannot be opened
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in NO_SYNC:
            raise
    finally:
        os.close(handle)


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Be the only writer of a file while the block lasts; ``CheckpointError`` names the process
    that is so already.

    What a killed writer left half written is removed. A killed run locks nobody out, even where
    processes that it forked live on."""
    with ExitStack() as held:
        try:
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
            held.enter_context(locks.locked(path.with_name(f".{path.name}.lock")))
            temporary(path).unlink(missing_ok=True)
        except locks.HeldError as error:
            raise CheckpointError(
                f"{path} has a writer already, {error.strerror}: wait for it, stop it, or choose "
                "another file"
            ) from None
        except OSError as error:
            raise CheckpointError(f"cannot write {path}: {reason(error, path)}") from error
        yield
