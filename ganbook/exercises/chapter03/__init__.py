"""Exercises of chapter 3: the article's program, its pictures, and what its curves do not say."""

from ganbook.exercises.chapter03 import (
    averages,
    labels,
    loops,
    programs,
    spheres,
    watching,
)

__all__ = ["averages", "labels", "loops", "programs", "spheres", "watching"]
