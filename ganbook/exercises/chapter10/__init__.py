"""Exercises of chapter 10: risks and gaps, codes, pairs, scales, ratios, and the best of n trials."""

from ganbook.exercises.chapter10 import (
    codes,
    critics,
    pairs,
    proper_losses,
    risks,
    trials,
)

__all__ = ["codes", "critics", "pairs", "proper_losses", "risks", "trials"]
