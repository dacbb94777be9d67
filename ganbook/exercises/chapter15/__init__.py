"""Exercises of chapter 15: what an error asks for, likeness and its price, patches, cycles, messages."""

from ganbook.exercises.chapter15 import (
    answers,
    cycles,
    likeness,
    messages,
    patches,
)

__all__ = ["answers", "cycles", "likeness", "messages", "patches"]
