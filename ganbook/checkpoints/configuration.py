"""What a training run is made of, as plain JSON: two runs with the same description may go on from each other."""

from __future__ import annotations

import dataclasses
import dis
import functools
import hashlib
import json
import types
from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import nn

__all__ = ["architecture", "data", "describe", "differences", "generators", "groups", "hyperparameters"]

SIMPLE = (type(None), bool, int, float, str)
FUNCTIONS = (types.FunctionType, types.MethodType, functools.partial)


def describe(value: Any) -> Any:
    """Return a description of numbers, containers, losses and penalties as JSON has it.

    A function, or an object that is called, stands for its qualified name and all that it holds: what its closure,
    its defaults, its bound arguments or its attributes keep, and outside this package the globals it reads.
    """
    return json.loads(json.dumps(_describe(value, set())))


def _describe(value: Any, seen: set[int]) -> Any:
    if isinstance(value, SIMPLE):
        return value
    if isinstance(value, torch.Tensor):
        return value.item() if value.numel() == 1 else [str(value.dtype), *value.shape]
    if isinstance(value, dict):
        return {str(k): _describe(v, seen) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_describe(v, seen) for v in value]
    if id(value) in seen:
        return _name(value)
    inside = {k: _describe(v, seen | {id(value)}) for k, v in _parts(value)}
    return {"name": _name(value), **inside} if inside else _name(value)


def _name(value: Any) -> str:
    named = value if isinstance(value, (type, types.BuiltinFunctionType, *FUNCTIONS[:2])) else type(value)
    return f"{named.__module__}.{named.__qualname__}"


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    """What a function or a callable object holds, by name."""
    if isinstance(value, functools.partial):
        yield "func", value.func
        yield from ((f"args.{i}", v) for i, v in enumerate(value.args))
        yield from value.keywords.items()
    elif isinstance(value, types.MethodType):
        yield "self", value.__self__
    elif isinstance(value, types.FunctionType):
        cells = zip(value.__code__.co_freevars, value.__closure__ or (), strict=True)
        yield from ((k, cell.cell_contents) for k, cell in cells if cell != types.CellType())
        yield from ((f"default.{i}", v) for i, v in enumerate(value.__defaults__ or ()))
        yield from (value.__kwdefaults__ or {}).items()
        if not value.__module__.startswith("ganbook."):
            read = {i.argval for i in dis.get_instructions(value) if i.opname == "LOAD_GLOBAL"}
            known = ((k, value.__globals__.get(k)) for k in sorted(read))
            yield from ((k, v) for k, v in known if isinstance(v, (*SIMPLE[1:], torch.Generator, *FUNCTIONS)))
    elif not isinstance(value, type | nn.Module) and (callable(value) or dataclasses.is_dataclass(value)):
        yield from sorted(getattr(value, "__dict__", {}).items())


def generators(value: Any, where: str, seen: set[int] | None = None) -> dict[str, torch.Generator]:
    """Return every torch.Generator that a function or a callable object holds, by its place in it."""
    seen = set() if seen is None else seen
    if isinstance(value, torch.Generator):
        return {where: value}
    if id(value) in seen:
        return {}
    seen.add(id(value))
    parts = enumerate(value) if isinstance(value, list | tuple) else _parts(value)
    return {k: g for name, part in parts for k, g in generators(part, f"{where}.{name}", seen).items()}


def architecture(network: nn.Module) -> dict[str, Any]:
    """Return the names and shapes of a network's state, and the settings of each of torch's layers in it."""
    layers = {name or "network": {"kind": _name(m), **_settings(m)} for name, m in network.named_modules()}
    state = {name: [str(v.dtype), *v.shape] for name, v in network.state_dict().items() if isinstance(v, torch.Tensor)}
    return {"layers": layers, "state": state}


def _settings(layer: nn.Module) -> dict[str, Any]:
    if not type(layer).__module__.startswith("torch.nn."):
        return {}
    kept = {k: v for k, v in vars(layer).items() if not k.startswith("_") and k != "training"}
    return {k: v for k, v in kept.items() if isinstance(v, SIMPLE) or (
        isinstance(v, tuple) and all(isinstance(part, SIMPLE) for part in v))}


def hyperparameters(optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """Return an optimiser's kind, the settings of its groups, and what is hooked to its steps."""
    hooks = getattr(optimizer, "_optimizer_step_post_hooks", {}).values()
    return {"kind": _name(optimizer), "groups": groups(optimizer.param_groups), "hooks": list(hooks)}


def groups(param_groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the settings of an optimiser's groups, each with the number of its parameters."""
    return [group | {"params": len(group["params"])} for group in param_groups]


def data(batches: Iterable) -> dict[str, Any]:
    """Return the kind of batches, their size, and for those of `ganbook.data.batches` a SHA-256 of the images."""
    found = {"kind": _name(batches), "batch_size": getattr(batches, "batch_size", None)}
    if isinstance(x := getattr(batches, "_x", None), torch.Tensor):
        content = hashlib.sha256(x.cpu().contiguous().numpy()).hexdigest()
        found |= {"shape": list(x.shape), "sha256": content[:16]}
    return found


def differences(here: dict[str, Any], there: dict[str, Any]) -> list[str]:
    """Return one sentence for each entry in which two descriptions differ, innermost names given by dots."""
    here, there = dict(_leaves(here)), dict(_leaves(there))
    return [f"{k} is {here.get(k, 'absent')} here and {there.get(k, 'absent')} there" for k in here | there
            if repr(here.get(k, "absent")) != repr(there.get(k, "absent"))]


def _leaves(value: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict | list) and value:
        for k, v in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(v, f"{where}.{k}" if where else str(k))
    else:
        yield where, value
