"""An optimiser's state put back where its parameters, and those who hold its groups, look for it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

__all__ = ["load"]


def load(optimizer: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """Load a state into an optimiser whose groups stay the same dicts, so that a rate set through
    one has its effect.

    Each tensor is laid out in memory as its parameter is: fused optimisers rely on it.
    """
    groups = optimizer.param_groups
    parameters = [p for group in groups for p in group["params"]]
    kept = {
        i: {k: _placed(v, parameters[i]) for k, v in values.items()}
        for i, values in state["state"].items()
    }
    optimizer.load_state_dict(state | {"state": kept})
    for group, loaded in zip(groups, optimizer.param_groups, strict=True):
        group.clear()
        group.update(loaded)
    optimizer.param_groups = groups


def _placed(value: Any, p: Tensor) -> Any:
    alike = isinstance(value, Tensor) and value.shape == p.shape
    return torch.empty_like(p, dtype=value.dtype, device="cpu").copy_(value) if alike else value
