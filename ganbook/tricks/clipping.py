"""Gradient clipping: shorter steps. It bounds no slope of D."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

__all__ = ["clip_gradients"]


@dataclass(frozen=True)
class _ClipGradients:
    """A hook whose bound is a field, so that a checkpoint compares it."""

    network: nn.Module
    bound: float

    def __call__(self, *_) -> None:
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.bound)


def clip_gradients(optimizer: torch.optim.Optimizer, network: nn.Module, bound: float):
    r"""Scale a network's gradient to a norm of at most ``bound`` before each step of its optimiser.

    :math:`g \leftarrow g \min(1, \text{bound} / \lVert g \rVert)`, over all parameters together. The
    gradient is in the parameters: the slope of D in its input is as free as before. Returns a
    handle whose ``remove()`` ends it. Raises ``ValueError`` for a bound that is not positive.

    Source: Pascanu, Mikolov and Bengio (2013), algorithm 1.
    """
    if not bound > 0:
        raise ValueError(f"bound is {bound}: expected a positive number, such as 1.0")
    return optimizer.register_step_pre_hook(_ClipGradients(network, float(bound)))
