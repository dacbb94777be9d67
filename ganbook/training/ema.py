"""An averaged generator."""

from __future__ import annotations

import copy

import torch
from torch import nn

__all__ = ["EMA"]


class EMA:
    """An exponential moving average of a network: ``average = decay * average + (1 - decay) *
    network``.

    ``module`` is the averaged copy, in evaluation mode, to sample from. Buffers are copied, not
    averaged. Raises ``ValueError`` for a decay outside [0, 1). Source: Yazici et al. (2019)."""

    def __init__(self, network: nn.Module, decay: float = 0.999) -> None:
        if not 0 <= decay < 1:
            raise ValueError(f"decay is {decay}: expected a number in [0, 1), such as 0.999")
        self.decay = decay
        self.module = copy.deepcopy(network).eval().requires_grad_(False)

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Move the average one step towards the network; ``ValueError`` for one of other shapes."""
        own, other = ([p.shape for p in net.parameters()] for net in (self.module, network))
        if own != other:
            raise ValueError(
                f"the network has {len(other)} parameters and the average {len(own)}, or of other "
                "shapes: average the network that EMA was built from"
            )
        for average, current in zip(self.module.parameters(), network.parameters(), strict=True):
            average.lerp_(current, 1 - self.decay)
        for kept, current in zip(self.module.buffers(), network.buffers(), strict=True):
            kept.copy_(current)
