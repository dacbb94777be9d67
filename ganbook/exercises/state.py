"""Which exercises the reader has solved: one small file in the user's data folder, and nowhere else."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from datetime import date
from pathlib import Path

import platformdirs

from ganbook import locks

FILE = "exercises.json"
PATIENCE = 10.0  # seconds; another process holds the file for a moment only


def state_folder() -> Path:
    """The folder of the progress file: ``$GANBOOK_STATE``, or ganbook's folder among the user's data."""
    return Path(
        os.environ.get("GANBOOK_STATE")
        or platformdirs.user_data_dir("ganbook", appauthor=False)
    )


def solved() -> dict[str, str]:
    """The ids that were solved, with the date of the first time; empty where the file is absent or unreadable."""
    try:
        return _read(state_folder() / FILE) or {}
    except OSError:
        return {}


def record(id: str) -> str:
    """Remember that ``id`` was solved; returns a remark where that is impossible, else an empty string.

    The file is replaced atomically. A file that cannot be read is kept under another name.
    """
    path = state_folder() / FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with locks.locked(path.with_suffix(".lock"), PATIENCE):
            known = _read(path)
            if known is None:
                os.replace(path, _spare(path))
                known = {}
            if id not in known:
                _write(path, {**known, id: date.today().isoformat()})
    except locks.HeldError as error:
        return f"(Your progress could not be saved: {error.strerror} holds {path}.)"
    except OSError as error:
        return (
            f"(Your progress could not be saved: {error.strerror or error}.)"
        )
    return ""


def _read(path: Path) -> dict[str, str] | None:
    """The content; None where there is a file that does not hold what ``_write`` puts there."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        entries = content["solved"]
        if all(
            isinstance(part, str) for item in entries.items() for part in item
        ):
            return dict(entries)
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass
    return None


def _write(path: Path, entries: dict[str, str]) -> None:
    handle, name = tempfile.mkstemp(
        dir=path.parent, prefix=path.stem, suffix=".tmp"
    )
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({"version": 1, "solved": entries}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _spare(path: Path) -> Path:
    number = 1
    while (
        spare := path.with_name(f"{path.stem}-unreadable-{number}.json")
    ).exists():
        number += 1
    return spare
