"""Exercises of chapter 4, the optimal discriminator."""

from ganbook.exercises.chapter04 import (
    accuracies,
    estimates,
    points,
    ratios,
    reports,
    values,
)

__all__ = ["accuracies", "estimates", "points", "ratios", "reports", "values"]
