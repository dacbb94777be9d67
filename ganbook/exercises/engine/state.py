"""Which exercises the reader has solved: one small file in the user's data folder, and nowhere else."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from ganbook import locks
from ganbook.exercises.engine.words import say
from ganbook.folders import user_folder

FILE = "exercises.json"
PATIENCE = 10.0  # seconds; another process holds the file for a moment only


def state_folder() -> Path:
    """The folder of the progress file: ``$GANBOOK_STATE``, or ganbook's folder among the user's data."""
    return Path(os.environ.get("GANBOOK_STATE") or user_folder("data"))


VERSION = 1


def solved() -> dict[str, str]:
    """The ids that were solved, with the date of the first time; empty where the file is absent or unreadable."""
    try:
        return _entries(_read(state_folder() / FILE) or {})
    except OSError:
        return {}


def remark() -> str:
    """A sentence about a progress file that is damaged or written by a newer version; else an empty text."""
    path = state_folder() / FILE
    try:
        content = _read(path)
    except OSError as error:
        if isinstance(error, (FileNotFoundError, NotADirectoryError)):
            return ""
        return say(
            "(Your progress, {path}, cannot be read: {reason}.)",
            path=path,
            reason=error.strerror or error,
        )
    if content is None:
        return say(
            "(Your progress, {path}, is damaged and cannot be read, so nothing counts as solved. The next solved exercise puts it aside under another name; a copy of yours may replace it before.)",
            path=path,
        )
    if _newer(content):
        return say(
            "(Your progress, {path}, was written by a newer version; what this one does not know is kept.)",
            path=path,
        )
    return ""


def record(id: str) -> str:
    """Remember that ``id`` was solved; returns a remark where that is impossible, else an empty string.

    The file is replaced atomically. A file that cannot be read is kept under another name, which the remark says;
    keys that this version does not know stay in the file.
    """
    path, said = state_folder() / FILE, ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with locks.locked(path.with_suffix(".lock"), PATIENCE):
            known = _read(path)
            if known is None:
                spare = _spare(path)
                os.replace(path, spare)
                known = {"version": VERSION, "solved": {}}
                said = say(
                    "(Your earlier progress was damaged; it is kept as {spare}, and a new file begins.)",
                    spare=spare,
                )
            elif _newer(known):
                said = remark()
            known.setdefault("version", VERSION)
            if id not in known.setdefault("solved", {}):
                known["solved"][id] = date.today().isoformat()
                _write(path, known)
    except locks.HeldError as error:
        return say(
            "(Your progress could not be saved: {strerror} holds {path}.)",
            strerror=error.strerror,
            path=path,
        )
    except OSError as error:
        return say(
            "(Your progress could not be saved: {reason}.)",
            reason=error.strerror or error,
        )
    return said


def _newer(content: dict[str, Any]) -> bool:
    version = content.get("version", VERSION)
    return not isinstance(version, int) or version > VERSION


def _entries(content: dict[str, Any]) -> dict[str, str]:
    """Id and first date; an entry of a form that this version does not know counts as solved, without a date."""
    return {
        id: date if isinstance(date, str) else ""
        for id, date in content.get("solved", {}).items()
    }


def _read(path: Path) -> dict[str, Any] | None:
    """The whole content, empty without a file; None for a file that no version wrote."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        dates = content["solved"].values()
        if _newer(content) or all(isinstance(date, str) for date in dates):
            return dict(content)
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass
    return None


def _write(path: Path, content: dict[str, Any]) -> None:
    handle, name = tempfile.mkstemp(
        dir=path.parent, prefix=path.stem, suffix=".tmp"
    )
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)
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
