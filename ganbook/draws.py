"""Random numbers for a batch that several processes share.

Each process draws for the whole batch, from generators in the same state, and keeps its rows: one
process and several then see the same numbers. Without `sharing` a process is the only one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import torch
from torch import Tensor

__all__ = ["rows", "sent", "sharing"]

_SHARE: ContextVar[tuple[int, int]] = ContextVar("share", default=(0, 1))


def rows(n: int, draw: Callable[[int], Tensor]) -> Tensor:
    """Return this process's n rows of ``draw(n * processes)``; ``draw(n)`` where it is alone."""
    rank, size = _SHARE.get()
    return draw(n) if size == 1 else draw(n * size)[rank * n : (rank + 1) * n]


def sent(x: Tensor, device: torch.device) -> Tensor:
    """Return what was drawn on the CPU on a device.

    To a GPU it goes from pinned memory, so that the host need not wait until it has arrived.
    """
    if device.type != "cuda":
        return x.to(device)
    return x.pin_memory().to(device, non_blocking=True)


@contextmanager
def sharing(rank: int, size: int) -> Iterator[None]:
    """Let `rows` draw for ``size`` processes, and keep those of ``rank``, inside the block."""
    token = _SHARE.set((rank, size))
    try:
        yield
    finally:
        _SHARE.reset(token)
