"""What a function or an object holds, by name: the values on which its results depend."""

from __future__ import annotations

import dis
import functools
import hashlib
import sysconfig
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

__all__ = [
    "FUNCTIONS",
    "SIMPLE",
    "body",
    "generators",
    "globals_read",
    "methods",
    "parts",
    "stateful",
]

SIMPLE = (type(None), bool, int, float, str)
FUNCTIONS = (types.FunctionType, types.MethodType, functools.partial)
CLOSED = (*SIMPLE, bytes, type, types.ModuleType, Tensor, np.ndarray)
INSTALLED = (
    f"{Path(__file__).resolve().parent.parent}/",
    f"{sysconfig.get_path('stdlib')}/",
    "<frozen ",
)


def stateful(value: Any) -> bool:
    """Return whether an object says what its state is and takes it back: torch's own convention."""
    methods = (getattr(value, name, None) for name in ("state_dict", "load_state_dict"))
    return not isinstance(value, type) and all(map(callable, methods))


def parts(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield what a container, a function or an object holds; what is numbered goes by its place."""
    if isinstance(value, dict):
        yield from (
            (k if isinstance(k, str) else str(i), v) for i, (k, v) in enumerate(value.items())
        )
    elif isinstance(value, list | tuple | set | frozenset):
        yield from ((str(i), v) for i, v in enumerate(value))
    elif isinstance(value, functools.partial):
        yield "func", value.func
        yield from ((f"args.{i}", v) for i, v in enumerate(value.args))
        yield from value.keywords.items()
    elif isinstance(value, types.MethodType):
        yield "self", value.__self__
        yield "function", value.__func__
    elif isinstance(value, types.FunctionType):
        cells = zip(value.__code__.co_freevars, value.__closure__ or (), strict=True)
        yield from ((k, cell.cell_contents) for k, cell in cells if cell != types.CellType())
        yield from ((f"default.{i}", v) for i, v in enumerate(value.__defaults__ or ()))
        yield from (value.__kwdefaults__ or {}).items()
    elif not isinstance(value, CLOSED):
        yield from _attributes(value).items()
        yield from methods(value)


def methods(value: Any) -> Iterator[tuple[str, types.FunctionType]]:
    """Yield the methods by which an object is called, unless they are an installed package's."""
    for name in ("__call__", "forward"):
        method = getattr(type(value), name, None)
        if isinstance(method, types.FunctionType) and not _installed(method):
            yield name, method


def _attributes(value: Any) -> dict[str, Any]:
    held = dict(getattr(value, "__dict__", {}))
    for kind in type(value).__mro__:
        names = vars(kind).get("__slots__", ())
        names = [
            name
            for name in ([names] if isinstance(names, str) else names)
            if not name.startswith("__")
        ]
        held |= {name: getattr(value, name) for name in names if hasattr(value, name)}
    layers = held.pop("_modules", {}) if isinstance(value, nn.Module) else {}
    return held | layers


def globals_read(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the globals that a function reads, also in what is defined inside it; none for an
    installed package's.
    """
    if isinstance(value, types.FunctionType) and not _installed(value):
        known = value.__globals__
        yield from ((k, known[k]) for k in sorted(_global_names(value.__code__)) if k in known)


def body(value: types.FunctionType) -> str | None:
    """Return a hash of a function's instructions and constants; None for a function of an installed
    package.

    Lines, comments and docstrings do not count. Another minor version of Python has other
    instructions."""
    return (
        None
        if _installed(value)
        else hashlib.sha256(_instructions(value.__code__).encode()).hexdigest()[:12]
    )


def generators(value: Any, where: str) -> dict[str, torch.Generator]:
    """Return every torch.Generator that can be reached from a value, by its place in it."""
    found, seen, todo = {}, set(), [(where, value)]
    for place, part in todo:  # grows while it is walked, so that the nearest place gives the name
        if isinstance(part, torch.Generator):
            found[place] = part
        elif not isinstance(part, CLOSED) and id(part) not in seen:
            seen.add(id(part))
            todo += [(f"{place}.{name}", v) for name, v in (*parts(part), *globals_read(part))]
    return found


def _installed(function: types.FunctionType) -> bool:
    file = function.__code__.co_filename
    return file.startswith(INSTALLED) or "site-packages" in file or "dist-packages" in file


def _inner(code: types.CodeType) -> list[types.CodeType]:
    return [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]


def _global_names(code: types.CodeType) -> set[str]:
    names = {i.argval for i in dis.get_instructions(code) if i.opname == "LOAD_GLOBAL"}
    return names.union(*map(_global_names, _inner(code)))


def _instructions(code: types.CodeType) -> str:
    return "\n".join(f"{i.opname} {_told(i.argval)}" for i in dis.get_instructions(code))


def _told(value: Any) -> str:
    if isinstance(value, types.CodeType):
        return f"({_instructions(value)})"
    return str(sorted(map(repr, value))) if isinstance(value, frozenset) else repr(value)
