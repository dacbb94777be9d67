"""Exercises of chapter 12: norms of layers, slips in penalties, targets, averages, augmentation."""

from ganbook.exercises.chapter12 import (
    augmentation,
    averages,
    clipping,
    evidence,
    norms,
    slopes,
    targets,
)

__all__ = [
    "augmentation",
    "averages",
    "clipping",
    "evidence",
    "norms",
    "slopes",
    "targets",
]
