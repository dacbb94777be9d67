"""Exercises of chapter 8: rounds, invariants, plays, penalties, averages, and a trained point."""

from ganbook.exercises.chapter08 import eigenvalues, plays, rounds, windows

__all__ = ["eigenvalues", "plays", "rounds", "windows"]
