"""Find the bug: broken pieces of GAN training, and the tests that expose them."""

from ganbook.exercises.chapter18 import (
    averages,
    between,
    closing,
    counts,
    critics,
    fields,
    losses,
    order,
    penalties,
    samplers,
    sizes,
    states,
    steps,
)

__all__ = [
    "averages",
    "between",
    "closing",
    "counts",
    "critics",
    "fields",
    "losses",
    "order",
    "penalties",
    "samplers",
    "sizes",
    "states",
    "steps",
]
