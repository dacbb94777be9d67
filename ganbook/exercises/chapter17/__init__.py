"""Exercises of chapter 17: styles and maps, the arrow of the reverse KL, codes, detection."""

from ganbook.exercises.chapter17 import (
    codes,
    detection,
    following,
    games,
    maps,
    matching,
    styles,
)

__all__ = [
    "codes",
    "detection",
    "following",
    "games",
    "maps",
    "matching",
    "styles",
]
