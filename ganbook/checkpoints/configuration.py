"""What a training run is made of, as plain JSON: two runs with the same description may go on from
each other.

A run is described by what its parts hold as fields: the fields of dataclasses, the attributes of
objects, the settings of layers, the entries of containers. Of a function it has the name alone.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import types
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

__all__ = [
    "architecture",
    "data",
    "describe",
    "differences",
    "generators",
    "hyperparameters",
    "opaque",
    "stateful",
]

SIMPLE = (type(None), bool, int, float, str)
CONTAINERS = (dict, list, tuple, set, frozenset)
FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, type)
CLOSED = (*SIMPLE, *FUNCTIONS, bytes, types.ModuleType, Tensor, np.ndarray, torch.Generator)
PLAIN = (*SIMPLE, *CONTAINERS, np.generic, np.ndarray, Tensor, torch.Generator)


def stateful(value: Any) -> bool:
    """Return whether an object says what its state is and takes it back: torch's own convention."""
    methods = (getattr(value, name, None) for name in ("state_dict", "load_state_dict"))
    return not isinstance(value, type) and all(map(callable, methods))


def parts(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield what a container or an object holds, by name; nothing for a function."""
    if isinstance(value, dict):
        yield from ((str(k), v) for k, v in value.items())
    elif isinstance(value, CONTAINERS):
        yield from ((str(i), v) for i, v in enumerate(value))
    elif isinstance(value, functools.partial):
        yield from {"func": value.func, "args": value.args, **value.keywords}.items()
    elif isinstance(value, types.MethodType):
        yield from {"self": value.__self__, "function": value.__func__}.items()
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield from ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
    elif isinstance(value, nn.Module):
        yield from value.named_children()
        yield "hooks", [*value._forward_pre_hooks.values(), *value._forward_hooks.values()]
        yield from ((k, v) for k, v in vars(value).items() if not k.startswith("_"))
    elif isinstance(value, torch.optim.Optimizer):
        yield from _hooks(value).items()
    elif not isinstance(value, CLOSED):
        yield from ((k, v) for k, v in getattr(value, "__dict__", {}).items())


def _walk(value: Any, where: str) -> Iterator[tuple[str, Any]]:
    """Yield everything that can be reached from a value, nearest first, each once."""
    seen, todo = set(), [(where, value)]
    for place, part in todo:  # grows while it is walked, so that the nearest place gives the name
        if id(part) not in seen:
            seen.add(id(part))
            yield place, part
            todo += [(f"{place}.{name}", v) for name, v in parts(part)]


def generators(value: Any, where: str) -> dict[str, torch.Generator]:
    """Return every torch.Generator that can be reached from a value, by its place in it."""
    return {place: g for place, g in _walk(value, where) if isinstance(g, torch.Generator)}


def opaque(value: Any, where: str) -> list[str]:
    """Return the places of lambdas and of functions defined inside others: what such a function
    uses beside its arguments has no name that a description could hold.
    """
    return [
        place
        for place, part in _walk(value, where)
        if isinstance(part, types.FunctionType) and "<" in part.__qualname__
    ]


def describe(value: Any) -> Any:
    """Return a description of numbers, containers, losses, penalties and plays as JSON has it.

    An object stands for its qualified name and what it holds, without what its `state_dict` names;
    a function for its qualified name. Arrays stand for their content, parameters and networks for
    their shapes, an object that is neither called nor a dataclass for its class."""
    return json.loads(json.dumps(_describe(value, set())))


def _describe(value: Any, seen: set[int]) -> Any:
    if isinstance(value, np.generic):
        value = value.item() if isinstance(value.item(), SIMPLE) else repr(value)
    if isinstance(value, SIMPLE):
        return value
    if isinstance(value, Tensor | np.ndarray):
        return _array(value)
    if id(value) in seen:
        return _name(value)
    if isinstance(value, nn.Module):
        return {"name": _name(value), **architecture(value, seen)}
    seen.add(id(value))
    held = value.state_dict() if stateful(value) else {}
    inside = {k: _describe(v, seen) for k, v in parts(value) if k not in held and _fields(value)}
    if isinstance(value, CONTAINERS):
        seen.discard(id(value))  # an equal one elsewhere is described again
        if isinstance(value, set | frozenset):
            return sorted(map(json.dumps, inside.values()))
        return inside if isinstance(value, dict) else list(inside.values())
    return {"name": _name(value), **inside} if inside else _name(value)


def _fields(value: Any) -> bool:
    """Whether what an object holds says which run it is: not so for one that is only carried."""
    return isinstance(value, (*CONTAINERS, types.SimpleNamespace)) or (
        not isinstance(value, type) and (callable(value) or dataclasses.is_dataclass(value))
    )


def _name(value: Any) -> str:
    named = value if isinstance(value, FUNCTIONS) else type(value)
    return f"{named.__module__}.{named.__qualname__}"


def _array(value: Tensor | np.ndarray) -> Any:
    """An array by its content; one that is trained, or has no bytes to read, by its dtype and
    shape.
    """
    shape = [str(value.dtype), *value.shape]
    if isinstance(value, np.ndarray):
        return shape if value.dtype.hasobject else [*shape, _sha256(np.ascontiguousarray(value))]
    if value.requires_grad or value.layout != torch.strided or value.is_meta:
        return shape
    if value.numel() == 1 and isinstance(value.item(), SIMPLE):
        return value.item()
    return [*shape, _sha256(value.cpu().contiguous().flatten().view(torch.uint8).numpy())]


def _sha256(content: np.ndarray) -> str:
    return hashlib.sha256(content.tobytes()).hexdigest()[:16]


def architecture(network: nn.Module, seen: set[int] | None = None) -> dict[str, Any]:
    """Return the names and shapes of a network's state, what is frozen in it, and the settings of
    each layer.
    """
    seen = set() if seen is None else seen
    layers = list(network.named_modules())
    seen.update(id(layer) for _, layer in layers)
    frozen = {name for name, p in network.named_parameters() if not p.requires_grad}
    state = {
        name: [str(v.dtype), *v.shape, *["frozen"] * (name in frozen)]
        for name, v in network.state_dict().items()
        if isinstance(v, Tensor)
    }
    return {
        "layers": {
            name or "network": {"kind": _name(layer), **_settings(layer, seen)}
            for name, layer in layers
        },
        "state": state,
    }


def _settings(layer: nn.Module, seen: set[int]) -> dict[str, Any]:
    own = {k: v for k, v in vars(layer).items() if not k.startswith("_")}
    return {
        k: _describe(v, seen)
        for k, v in own.items()
        if k not in ("training", "forward") and (isinstance(v, PLAIN) or _fields(v))
    }


def hyperparameters(optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """Return an optimiser's kind, the settings of its groups with their numbers of parameters, and
    its steps' hooks.
    """
    groups = [group | {"params": len(group["params"])} for group in optimizer.param_groups]
    return {"kind": _name(optimizer), "groups": groups, **_hooks(optimizer)}


def _hooks(optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """What runs before and after its steps, by place: torch numbers them over the whole process."""
    hooks = {"hooks_before": "_optimizer_step_pre_hooks", "hooks": "_optimizer_step_post_hooks"}
    return {name: list(getattr(optimizer, held, {}).values()) for name, held in hooks.items()}


def data(batches: Iterable) -> dict[str, Any]:
    """Return the kind of batches, their size, and for those of `ganbook.data.batches` a SHA-256 of
    the images.
    """
    found = {"kind": _name(batches), "batch_size": getattr(batches, "batch_size", None)}
    held = getattr(batches, "parts", ())
    if isinstance(held, tuple) and held and all(isinstance(part, Tensor) for part in held):
        found |= {
            "shape": [list(part.shape) for part in held],
            "sha256": [_sha256(part.cpu().contiguous().numpy()) for part in held],
        }
    return found


def differences(here: Any, *there: Any) -> list[str]:
    """Return one sentence for each entry that agrees with no other description, innermost names
    given by dots. Numbers are compared by value.
    """
    here, *there = (dict(_leaves(value)) for value in (here, *there))
    return [
        f"{k} is {here.get(k, 'absent')} here and {there[0].get(k, 'absent')} there"
        for k in here | there[0]
        if not any(_same(here.get(k, "absent"), other.get(k, "absent")) for other in there)
    ]


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    return a == b or (a != a and b != b)


def _leaves(value: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict | list) and value:
        for k, v in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(v, f"{where}.{k}" if where else str(k))
    else:
        yield where, value
