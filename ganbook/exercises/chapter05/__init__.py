"""Exercises of chapter 5: KL in both directions, JS and the value of the game, and what each loss follows."""

from ganbook.exercises.chapter05 import (
    conjugates,
    divergences,
    entropies,
    events,
    fits,
    games,
)

__all__ = [
    "conjugates",
    "divergences",
    "entropies",
    "events",
    "fits",
    "games",
]
