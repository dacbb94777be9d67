"""Find the bug: broken pieces of GAN training, and the tests that expose them."""

from ganbook.exercises.chapter18 import between, losses, penalties

__all__ = ["between", "losses", "penalties"]
