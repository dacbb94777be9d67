"""Who trains which parameter, and layers that a game cannot use."""

from __future__ import annotations

import torch
from torch import nn

__all__ = ["refuse_batch_statistics", "refuse_shared_ownership"]


def refuse_shared_ownership(
    players: dict[str, nn.Module],
    optimizer_g: torch.optim.Optimizer,
    optimizer_d: torch.optim.Optimizer,
) -> None:
    """Raise ``ValueError`` unless each trained parameter belongs to exactly one optimiser.

    Layers may be shared by networks other than G and D, under one optimiser, as the trunk of D and
    an auxiliary head is.
    """
    names: dict[int, str] = {}
    trained: set[int] = set()
    for role, network in players.items():
        for name, p in network.named_parameters():
            names.setdefault(id(p), f"{name} of {role}")
            trained |= {id(p)} if p.requires_grad else set()
    held = [
        {id(p) for group in optimizer.param_groups for p in group["params"]}
        for optimizer in (optimizer_g, optimizer_d)
    ]
    own = {role: {id(p) for p in players[role].parameters()} for role in ("G", "D")}
    if both := own["G"] & own["D"]:
        raise ValueError(
            f"{names[min(both)]} is D's as well: a layer that G and D share cannot play against "
            "itself; give each player a copy of its own"
        )
    for role, other, of_it in (("G", "D", held[0]), ("D", "G", held[1])):
        if of_it - names.keys() or of_it & own[other]:
            raise ValueError(
                f"optimizer_{role.lower()} has a parameter that is not {role}'s, so {role} would "
                f"not learn: build it from {role}.parameters(), after whatever copies or replaces "
                f"{role}"
            )
    if twice := held[0] & held[1]:
        raise ValueError(
            f"{names[min(twice)]} is held by both optimisers: each trained parameter belongs to "
            "exactly one"
        )
    if left := [names[p] for p in names if p in trained - held[0] - held[1]]:
        more = f" and {len(left) - 1} more are" if len(left) > 1 else " is"
        raise ValueError(
            f"{left[0]}{more} held by no optimiser, and would never change: pass all parameters to "
            "one, or set requires_grad_(False) on what is to stay"
        )


def refuse_batch_statistics(D: nn.Module, for_what: str, why: str) -> None:
    """Raise ``ValueError`` naming a layer of D whose output for a sample depends on the others."""
    for name, layer in D.named_modules():
        mixes = isinstance(layer, nn.modules.batchnorm._BatchNorm)
        if mixes or getattr(layer, "mixes_samples", False):
            raise ValueError(f"{for_what}, but D has batch statistics in {name!r}: {why}")
