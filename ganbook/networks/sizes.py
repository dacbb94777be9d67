"""What the families of networks share: the slope, the check of sizes, the count of parameters."""

from __future__ import annotations

from torch import nn

__all__ = ["SLOPE", "count_parameters", "positive"]

SLOPE = 0.2


def count_parameters(network: nn.Module) -> int:
    """Return the number of trainable numbers in a network."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


def positive(**sizes: int | tuple[int, ...]) -> None:
    """Raise ``ValueError`` that names the size if one is not a whole number of at least 1."""
    for name, size in sizes.items():
        values = size if isinstance(size, tuple) else (size,)
        if not values or any(not isinstance(v, int) or v < 1 for v in values):
            raise ValueError(f"{name} is {size!r}: expected whole numbers of at least 1")
