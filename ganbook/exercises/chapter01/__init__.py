"""Exercises of chapter 1: joint and conditional, mixtures, masks, and what a likelihood does not see."""

from ganbook.exercises.chapter01 import (
    autoregressive,
    em,
    kinds,
    mixtures,
    responsibilities,
    units,
)

__all__ = [
    "autoregressive",
    "em",
    "kinds",
    "mixtures",
    "responsibilities",
    "units",
]
