"""Floating-point operations of a computation, counted as it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

__all__ = ["count_flops"]


class _Counter(TorchDispatchMode):
    """Add up what torch's registry says of each operation.

    `torch.utils.flop_counter.FlopCounterMode` counts by module too, with hooks that refuse
    ``autograd.grad`` at an input of the network, which every gradient penalty calls."""

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __torch_dispatch__(self, op: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = op(*args, **(kwargs or {}))
        if (formula := flop_registry.get(op.overloadpacket)) is not None:
            self.total += formula(*args, **(kwargs or {}), out_val=out)
        return out


def count_flops(compute: Callable[[], Any]) -> int:
    """Call ``compute`` once, and return the floating-point operations of its matrix products and
    convolutions.

    A product with a sum counts as two operations. Backward passes inside ``compute`` count, those
    of a gradient penalty as well; activations, sums over pixels and the optimiser do not. Under
    autocast and on every device the number is the same.
    """
    with _Counter() as counter:
        compute()
    return counter.total
