"""Saying what happened to a learner's code: the line where it stopped, the call that was made, what is unfinished."""

from __future__ import annotations

import inspect
import linecache
import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

import numpy as np
import torch

from ganbook.exercises.engine.compare import brief
from ganbook.exercises.engine.words import say

UNATTEMPTED = "Replace the `...` and run this cell."
FUNCTIONS = (FunctionType, MethodType, BuiltinFunctionType, partial, np.ufunc)


class Verdict(BaseException):
    """Ends a check. A BaseException, so that a learner's ``except Exception`` around a mock does not catch it."""

    def __init__(self, status: str, message: str) -> None:
        message = say(message)
        super().__init__(message)
        self.status, self.message = status, message


def unfinished(value: Any) -> bool:
    """Whether a value is a placeholder: `...`, or a container with one in it."""
    if isinstance(value, dict):
        value = tuple(value.values())
    return value is ... or (
        isinstance(value, (list, tuple))
        and any(item is ... for item in value)
    )


def stopped(
    error: BaseException, function: Callable[..., Any], on: str
) -> Verdict:
    """The verdict on an exception: the learner's own line, or how the function could not be called."""
    frames = list(traceback.walk_tb(error.__traceback__))
    own = [
        (frame.f_code, line)
        for frame, line in frames
        if frame.f_code.co_filename == _file(function)
    ]
    if not own:
        return Verdict(
            "error",
            say(
                "It could not be called{on}: {kind}: {error}.",
                on=on,
                kind=type(error).__name__,
                error=error,
            ),
        )
    if (
        isinstance(error, NotImplementedError)
        and frames[-1][0].f_code is own[-1][0]
    ):
        return Verdict("unattempted", UNATTEMPTED)
    code, line = own[-1]
    source = linecache.getline(code.co_filename, line).strip()
    shown = f" (`{source}`)" if source else ""
    return Verdict(
        "error",
        say(
            "It stopped at line {line}{shown} with {kind}: {error}{on}.",
            line=line,
            shown=shown,
            kind=type(error).__name__,
            error=error,
            on=on,
        ),
    )


def own_line(error: BaseException, function: Callable[..., Any]) -> str:
    """The last line of the learner's own code that an exception passed through; empty if there is none."""
    lines = [
        linecache.getline(frame.f_code.co_filename, line).strip()
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename == _file(function)
    ]
    return lines[-1] if lines else ""


def _file(function: Callable[..., Any]) -> str:
    inner = getattr(function, "func", function)
    return getattr(
        getattr(inspect.unwrap(inner), "__code__", None), "co_filename", ""
    )


def tensors(values: Any) -> list[torch.Tensor]:
    if isinstance(values, torch.Tensor):
        return [values]
    if isinstance(values, dict):
        values = list(values.values())
    return (
        [x for value in values for x in tensors(value)]
        if isinstance(values, (list, tuple))
        else []
    )


def call_text(
    function: Callable[..., Any], inputs: Sequence, named: Mapping
) -> str:
    """The call as a reader would write it, with short values; empty where there are no arguments."""
    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        names = []
    shown = [
        f"{names[i]} = {brief(x)}" if i < len(names) else brief(x)
        for i, x in enumerate(inputs)
    ]
    return ", ".join(
        shown + [f"{name} = {brief(x)}" for name, x in named.items()]
    )
