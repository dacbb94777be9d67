"""Exercises that check an answer, hint, and explain: ``exercise("4.2")`` and what goes with it."""

from ganbook.exercises.engine.catalogue import (
    all_exercises,
    exercise,
    progress,
    progress_json,
    progress_table,
)
from ganbook.exercises.engine.evaluate import Feedback

__all__ = [
    "Feedback",
    "all_exercises",
    "exercise",
    "progress",
    "progress_json",
    "progress_table",
]
