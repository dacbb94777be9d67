"""Exercises of chapter 11: modes, best responses, gaps, packs, unrolling."""

from ganbook.exercises.chapter11 import gaps, packs, responses, shares, spread

__all__ = ["gaps", "packs", "responses", "shares", "spread"]
