"""Several networks of one architecture, computed as one: many seeds in little more than the time of
one."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

__all__ = ["SideBySide"]


class SideBySide(nn.Module):
    r"""S networks of one architecture; block k of the rows goes through network k.

    Maps (S n, ...) to (S n, ...): rows :math:`kn, \dots, (k+1)n - 1` are network k's batch of n.
    Networks of several inputs take several tensors of S n rows.
    The parameters are copies of those of ``networks``, stacked along a new first axis; `network`
    takes one out again. The mean of a loss over all rows gives each network 1/S of its own
    gradient: Adam with ``eps / S``, or SGD with S times the rate, makes the step that the network
    would make alone.

    Raises ``ValueError`` for no networks, for parameters that differ in name or shape, for buffers
    (batch statistics), and for rows that are not a multiple of S.
    """

    def __init__(self, networks: Sequence[nn.Module]) -> None:
        super().__init__()
        networks = list(networks)
        shapes = [[(name, p.shape) for name, p in net.named_parameters()] for net in networks]
        if not networks or any(other != shapes[0] for other in shapes):
            raise ValueError(
                f"{len(networks)} networks were given whose parameters are not of one kind: "
                "expected at least one, all of the same architecture"
            )
        if name := next((name for net in networks for name, _ in net.named_buffers()), ""):
            raise ValueError(
                f"the networks have a buffer, {name!r}: batch statistics of several networks are "
                "not kept apart here; use a layer without them"
            )
        stacked, _ = stack_module_state(networks)
        self.names = list(stacked)
        self.stacked = nn.ParameterList(nn.Parameter(p.detach()) for p in stacked.values())
        self._one = (copy.deepcopy(networks[0]),)  # in a tuple: its parameters are not trained

    def __len__(self) -> int:
        return len(self.stacked[0])

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return each block of rows through its own network."""
        if wrong := [len(x) for x in inputs if len(x) % len(self)]:
            raise ValueError(
                f"{wrong[0]} rows for {len(self)} networks: expected a multiple, a block of rows each"
            )
        blocks = [x.reshape(len(self), -1, *x.shape[1:]) for x in inputs]
        parameters = dict(zip(self.names, self.stacked, strict=True))

        def one(parameters: dict[str, Tensor], *block: Tensor) -> Tensor:
            return functional_call(self._one[0], parameters, block)

        return vmap(one)(parameters, *blocks).flatten(0, 1)

    @torch.no_grad()
    def network(self, k: int) -> nn.Module:
        """Return a copy of network k by itself, on the same device."""
        net = copy.deepcopy(self._one[0]).to(self.stacked[0].device)
        for p, values in zip(net.parameters(), self.stacked, strict=True):
            p.copy_(values[k])
        return net
