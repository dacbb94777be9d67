"""Find the bug: broken pieces of GAN training, and the tests that expose them."""

from ganbook.exercises.chapter18 import (
    between,
    critics,
    losses,
    penalties,
    steps,
)

__all__ = ["between", "critics", "losses", "penalties", "steps"]
