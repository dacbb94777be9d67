"""Exercises of chapter 2: the round, the value, what the generator receives, and lost digits."""

from ganbook.exercises.chapter02 import (
    gradients,
    judges,
    orders,
    rounds,
    values,
)

__all__ = ["gradients", "judges", "orders", "rounds", "values"]
