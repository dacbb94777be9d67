"""Exercises of chapter 14: pairs, projection, the auxiliary classifier, steps, codes, few labels."""

from ganbook.exercises.chapter14 import auxiliary, codes, labels, loops, pairs

__all__ = ["auxiliary", "codes", "labels", "loops", "pairs"]
