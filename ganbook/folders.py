"""The user's folders for what the book keeps, by the habits of the operating system."""

from __future__ import annotations

from pathlib import Path

__all__ = ["user_folder"]


def user_folder(kind: str) -> Path:
    """Return the folder for a kind, "cache" or "data"; it need not exist.

    By platformdirs; where that is not installed, as on a borrowed machine, under the home folder.
    Raises ``ValueError`` for another kind.
    """
    if kind not in ("cache", "data"):
        raise ValueError(f"kind is {kind!r}: expected 'cache' or 'data'")
    try:
        import platformdirs
    except ImportError:
        return Path.home() / (".cache" if kind == "cache" else ".local/share") / "ganbook"
    return Path(getattr(platformdirs, f"user_{kind}_dir")("ganbook", appauthor=False))
