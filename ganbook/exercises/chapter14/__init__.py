"""Exercises of chapter 14: pairs, projection, the auxiliary classifier, codes, few labels."""

from ganbook.exercises.chapter14 import auxiliary, codes, labels, pairs

__all__ = ["auxiliary", "codes", "labels", "pairs"]
