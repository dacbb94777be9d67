"""Exercises of chapter 13: phases, fields, costs, maps."""

from ganbook.exercises.chapter13 import costs, fields, maps, phases, train

__all__ = ["costs", "fields", "maps", "phases", "train"]
