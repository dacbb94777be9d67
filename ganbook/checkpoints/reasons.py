"""What the operating system's refusals mean for one who wants to save a file."""

from __future__ import annotations

import errno
import os
from pathlib import Path

__all__ = ["reason"]


def reason(error: OSError, path: Path) -> str:
    """Return why a file could not be read or written, and what to do."""
    folder, name = path.parent, error.filename2 or error.filename
    if name and str(name) != str(path) and os.path.isdir(name) and name != str(folder):
        return f"{name}, which is needed for it, is a folder; move that away"
    known = {
        errno.ENOENT: f"the folder {folder} does not exist; create it first",
        errno.ENOTDIR: f"{folder} is not a folder",
        errno.EISDIR: "it is a folder; name a file in it, or move it away",
        errno.ELOOP: "its links lead round in a circle; choose another path",
        errno.ENOSPC: f"the disk of {folder} is full; free some space or choose another",
        errno.EDQUOT: f"your quota on the disk of {folder} is used up; free some space or choose another",
        errno.EFBIG: "it would be larger than files may be here (`ulimit -f`, or the file system's own limit)",
        errno.EROFS: f"the file system of {folder} is mounted read-only; choose another folder",
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
