"""What a training run is made of, as plain JSON: two runs with the same description may go on from
each other.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import types
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ganbook.checkpoints.contents import (
    FUNCTIONS,
    SIMPLE,
    body,
    generators,
    globals_read,
    methods,
    parts,
    stateful,
)

__all__ = ["architecture", "data", "describe", "differences", "generators", "hyperparameters"]

PLAIN = (
    *SIMPLE,
    np.generic,
    np.ndarray,
    Tensor,
    torch.Generator,
    dict,
    list,
    tuple,
    set,
    frozenset,
)


def describe(value: Any) -> Any:
    """Return a description of numbers, containers, losses and penalties as JSON has it.

    A function, a dataclass, or an object that is called, stands for its qualified name and all that
    it holds: what its closure, its defaults, its bound arguments or its attributes keep, and
    outside installed packages the globals that it reads and its instructions. Arrays stand for
    their content, parameters and networks for their shapes, other objects for their class, and what
    `state_dict` names is left out."""
    return json.loads(json.dumps(_describe(value, set())))


def _describe(value: Any, seen: set[int]) -> Any:
    if isinstance(value, np.generic):
        value = value.item() if isinstance(value.item(), SIMPLE) else repr(value)
    if isinstance(value, SIMPLE):
        return value
    if isinstance(value, Tensor | np.ndarray):
        return _array(value)
    if isinstance(value, nn.Module) and id(value) not in seen:
        return {"name": _name(value), **architecture(value, seen)}
    if isinstance(value, dict):
        return _guarded(value, seen, lambda: {str(k): _describe(v, seen) for k, v in value.items()})
    if isinstance(value, list | tuple):
        return _guarded(value, seen, lambda: [_describe(v, seen) for v in value])
    if isinstance(value, set | frozenset):
        return sorted(json.dumps(_describe(v, seen)) for v in value)
    if id(value) in seen:
        return _name(value)
    seen.add(id(value))
    inside = {k: _describe(v, seen) for k, v in _inside(value)}
    return {"name": _name(value), **inside} if inside else _name(value)


def _guarded(value: Any, seen: set[int], inside: Any) -> Any:
    """Describe a container, which may hold itself; an equal one elsewhere is described again."""
    if id(value) in seen:
        return _name(value)
    seen.add(id(value))
    found = inside()
    seen.discard(id(value))
    return found


def _inside(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, types.FunctionType):
        yield from parts(value)
        yield from ((k, v) for k, v in globals_read(value) if _plain(v))
        if hashed := body(value):
            yield "body", hashed
    elif isinstance(value, FUNCTIONS):
        yield from parts(value)
    elif _called(value) or _record(value):
        state = value.state_dict() if stateful(value) else ()
        yield from ((k, v) for k, v in sorted(parts(value)) if k not in state)


def _plain(value: Any) -> bool:
    return isinstance(value, PLAIN) or _called(value) or _record(value)


def _called(value: Any) -> bool:
    return callable(value) and not isinstance(value, type)


def _record(value: Any) -> bool:
    return isinstance(value, types.SimpleNamespace) or (
        dataclasses.is_dataclass(value) and not isinstance(value, type)
    )


def _name(value: Any) -> str:
    named = (
        value
        if isinstance(value, (type, types.BuiltinFunctionType, *FUNCTIONS[:2]))
        else type(value)
    )
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
    own = {k: v for k, v in vars(layer).items() if not k.startswith("_") and _plain(v)}
    own = {k: v for k, v in own.items() if k not in ("training", "forward")} | dict(methods(layer))
    return {k: _describe(v, seen) for k, v in own.items()}


def hyperparameters(optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """Return an optimiser's kind, the settings of its groups with their numbers of parameters, and
    its steps' hooks.
    """
    groups = [group | {"params": len(group["params"])} for group in optimizer.param_groups]
    before, after = (
        list(getattr(optimizer, f"_optimizer_step_{when}_hooks", {}).values())
        for when in ("pre", "post")
    )
    return {"kind": _name(optimizer), "groups": groups, "hooks_before": before, "hooks": after}


def data(batches: Iterable) -> dict[str, Any]:
    """Return the kind of batches, their size, and for those of `ganbook.data.batches` a SHA-256 of
    the images.
    """
    found = {"kind": _name(batches), "batch_size": getattr(batches, "batch_size", None)}
    parts = getattr(batches, "parts", ())
    if isinstance(parts, tuple) and parts and all(isinstance(part, Tensor) for part in parts):
        found |= {
            "shape": [list(part.shape) for part in parts],
            "sha256": [_sha256(part.cpu().contiguous().numpy()) for part in parts],
        }
    return found


def differences(here: Any, *there: Any, bodies: bool = True) -> list[str]:
    """Return one sentence for each entry that agrees with no other description, innermost names
    given by dots.

    Numbers are compared by value. The instructions of functions count only with ``bodies``.
    """
    here, *there = (dict(_leaves(value)) for value in (here, *there))
    names = [k for k in here | there[0] if bodies or not k.endswith(".body")]
    return [
        f"{k} is {here.get(k, 'absent')} here and {there[0].get(k, 'absent')} there"
        for k in names
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
