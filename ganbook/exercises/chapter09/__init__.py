"""Exercises of chapter 9: floors, kernels, scores, bounds, a forgery, a trained test."""

from ganbook.exercises.chapter09 import (
    distances,
    neighbours,
    scores,
    two_samples,
)

__all__ = ["distances", "neighbours", "scores", "two_samples"]
