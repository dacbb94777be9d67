"""Exercises of chapter 7: the critic's scale, penalties, three kinds of clipping, and what a gap is worth."""

from ganbook.exercises.chapter07 import (
    clips,
    penalties,
    slopes,
    tools,
    training,
)

__all__ = ["clips", "penalties", "slopes", "tools", "training"]
