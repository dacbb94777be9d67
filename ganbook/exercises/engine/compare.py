"""Comparing an answer with what was expected, and saying in one sentence what is different."""

from __future__ import annotations

import math
import numbers
from fractions import Fraction
from typing import Any

import numpy as np
import torch

from ganbook.exercises.engine.words import say

DOUBLE, SINGLE = (1e-6, 1e-9), (2e-4, 1e-6)


def brief(value: Any) -> str:
    """A value in few characters: six digits, at most eight entries, then the shape."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        value = (
            value.to(torch.float64).numpy()
            if value.is_floating_point()
            else value.numpy()
        )
    if isinstance(value, np.generic) or (
        isinstance(value, np.ndarray) and value.ndim == 0
    ):
        value = value.item()
    if isinstance(value, np.ndarray):
        if value.size > 8:
            head = ", ".join(
                brief(item) for item in value.reshape(-1)[:4].tolist()
            )
            return say(
                "[{head}, ...] of shape {shape}",
                head=head,
                shape=tuple(value.shape),
            )
        return brief(value.tolist())
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, float):
        whole = value.is_integer() and 1e6 <= abs(value) < 2**53
        return str(int(value)) if whole else f"{value:.6g}"
    if isinstance(value, (list, tuple)):
        shown = ", ".join(brief(item) for item in value[:8]) + (
            ", ..." if len(value) > 8 else ""
        )
        return f"[{shown}]" if isinstance(value, list) else f"({shown})"
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(
                f"{key}: {brief(item)}"
                for key, item in list(value.items())[:8]
            )
            + "}"
        )
    if isinstance(value, (str, int, complex)):
        return (
            repr(value)
            if len(repr(value)) <= 60
            else repr(value)[:57] + "..."
        )
    name = getattr(value, "__name__", None)
    return name if isinstance(name, str) else f"a {type(value).__name__}"


def apart(got: Any, want: Any) -> tuple[str, str]:
    """Two numbers in as few digits, six at least, as show that they are not the same."""
    shown = brief(got), brief(want)
    for digits in range(7, 18):
        if shown[0] != shown[1]:
            break
        shown = f"{got:.{digits}g}", f"{want:.{digits}g}"
    return shown


def how_far(got: float, want: float) -> str:
    """How a number is wrong, roughly, and without saying what the right one is."""
    if not math.isfinite(got):
        return say("It is infinite.")
    if want == 0 or got == 0 or not math.isfinite(want):
        return say("It is too large." if got > want else "It is too small.")
    ratio = got / want
    if ratio < 0:
        return say("It has the wrong sign.")
    side = say("large") if got > want else say("small")
    factor = max(ratio, 1 / ratio)
    if factor >= 1.5:
        return say(
            "It is too {side}, by a factor of about {factor:g}.",
            side=side,
            factor=float(f"{factor:.1g}"),
        )
    return say(
        "It is too {side}, by about {percent:g} %.",
        side=side,
        percent=float(f"{100 * abs(ratio - 1):.1g}"),
    )


def kind_of(value: Any) -> str:
    """The type in a learner's words."""
    if isinstance(value, torch.Tensor):
        return say(
            "a {dtype} tensor of shape {shape}",
            dtype=str(value.dtype).removeprefix("torch."),
            shape=tuple(value.shape),
        )
    if isinstance(value, np.ndarray):
        return say(
            "a {dtype} array of shape {shape}",
            dtype=value.dtype,
            shape=value.shape,
        )
    return (
        f"{value!r} ({type(value).__name__})"
        if isinstance(value, (bool, int, float))
        else f"a {type(value).__name__}"
    )


def difference(
    got: Any,
    want: Any,
    rtol: float | None = None,
    atol: float | None = None,
    reveal: bool = True,
) -> str | None:
    """None where ``got`` is an acceptable ``want``; otherwise a sentence: type, dtype, shape, NaN, or values.

    A tensor is expected where ``want`` is one (of the same dtype). Arrays, lists and numbers accept numpy, torch
    and plain Python alike. Mappings and tuples are compared entry by entry. The default tolerance is relative
    1e-6 plus 1e-9 in double precision and 2e-4 plus 1e-6 in single. Without ``reveal`` the sentence says how far
    off a number is, and not what was expected: for exercises whose answer is one number.
    """
    if isinstance(want, dict):
        return _entries(got, want, list(want), dict, rtol, atol, reveal)
    if isinstance(want, tuple):
        return _entries(
            _unpacked(got, want),
            want,
            list(range(len(want))),
            (tuple, list),
            rtol,
            atol,
            reveal,
        )
    if isinstance(want, (str, type(None))):
        return (
            None
            if type(got) is type(want) and got == want
            else say(
                "{want} was expected, not {got}.",
                want=brief(want),
                got=brief(got),
            )
        )
    if isinstance(want, torch.Tensor):
        if not isinstance(got, torch.Tensor):
            return say(
                "The wrong type: a torch tensor was expected, not {got}.",
                got=kind_of(got),
            )
        if got.shape == want.shape and got.dtype != want.dtype:
            return say(
                "The wrong dtype: {want} was expected, not {got}.",
                want=want.dtype,
                got=got.dtype,
            )
    if isinstance(want, (bool, np.bool_)):
        return _truth(got, bool(want))
    array, target = as_array(got), as_array(want)
    if array is None:
        return say(
            "The wrong type: {want} was expected, not {got}.",
            want=_expected(want),
            got=kind_of(got),
        )
    if array.shape != target.shape:
        shapes = [
            say("shape {shape}", shape=a.shape) if a.shape else say(one)
            for a, one in ((target, "a single number"), (array, "a number"))
        ]
        return say(
            "The wrong shape: {want} was expected, not {got}.",
            want=shapes[0],
            got=shapes[1],
        )
    return _values(array, target, rtol, atol, reveal)


def as_array(value: Any) -> np.ndarray | None:
    """A numeric or boolean array of numpy, torch or plain Python numbers; None for anything else."""
    try:
        if isinstance(value, torch.Tensor):
            value = value.detach().cpu()
            value = (
                value.float()
                if value.dtype in (torch.bfloat16, torch.float16)
                else value
            )
            return value.numpy()
        if getattr(value, "is_number", False) is True:  # sympy's numbers
            return np.asarray(float(value))
        if isinstance(value, Fraction):
            return np.asarray(float(value))
        if isinstance(value, (list, tuple)):
            value = [as_array(item) for item in value]
            if any(item is None for item in value):
                return None
        elif not isinstance(value, (np.ndarray, np.generic, numbers.Number)):
            return None
        array = np.asarray(value)
    except (TypeError, ValueError, RuntimeError):
        return None
    return array if array.dtype.kind in "biufc" else None


def _expected(want: Any) -> str:
    if isinstance(want, numbers.Number) or np.ndim(want) == 0:
        return say("a number")
    return say("an array of shape {shape}", shape=np.shape(want))


def _truth(got: Any, want: bool) -> str | None:
    array = as_array(got)
    if array is None or array.shape != () or array.dtype.kind != "b":
        return say(
            "The wrong type: True or False was expected, not {got}.",
            got=kind_of(got),
        )
    return (
        None
        if bool(array) == want
        else say(
            "{want} was expected, not {got}.", want=want, got=bool(array)
        )
    )


def _entries(
    got: Any,
    want: Any,
    keys: list,
    types: Any,
    rtol: float | None,
    atol: float | None,
    reveal: bool = True,
) -> str | None:
    name = (
        say("a dict")
        if isinstance(want, dict)
        else say("a tuple of {length}", length=len(want))
    )
    if not isinstance(got, types):
        return say(
            "The wrong type: {name} was expected, not {got}.",
            name=name,
            got=kind_of(got),
        )
    if isinstance(want, dict) and set(got) != set(want):
        return say(
            "The keys {want} were expected, not {got}.",
            want=brief(sorted(want, key=str)),
            got=brief(sorted(got, key=str)),
        )
    if len(got) != len(want):
        return say(
            "The wrong length: {name} was expected, not of {length}.",
            name=name,
            length=len(got),
        )
    for key in keys:
        found = difference(got[key], want[key], rtol, atol, reveal)
        if found:
            return say(
                "In entry {key!r}: {found}"
                if isinstance(want, dict)
                else "In position {key!r}: {found}",
                key=key,
                found=found,
            )
    return None


def _unpacked(got: Any, want: tuple) -> Any:
    """An array with one entry for each part of a tuple unpacks as the tuple does, so it counts as one."""
    if isinstance(got, (np.ndarray, torch.Tensor)) and got.shape[:1] == (
        len(want),
    ):
        return tuple(got)
    return got


def _values(
    got: np.ndarray,
    want: np.ndarray,
    rtol: float | None,
    atol: float | None,
    reveal: bool = True,
) -> str | None:
    if got.dtype.kind == "c" and want.dtype.kind != "c":
        return say("The result is complex; a real one was expected.")
    if (got.dtype.kind == "b") != (want.dtype.kind == "b"):
        return say(
            "The wrong dtype: True or False expected, not {dtype}."
            if want.dtype.kind == "b"
            else "The wrong dtype: numbers expected, not {dtype}.",
            dtype=got.dtype,
        )
    if got.dtype.kind in "fc" and (np.isnan(got) & ~np.isnan(want)).any():
        count = int(np.isnan(got).sum())
        return (
            say("The result is NaN.")
            if got.size == 1
            else say(
                "The result has NaN in {count} of {size} entries.",
                count=count,
                size=got.size,
            )
        )
    single = np.dtype(np.float32) in (got.dtype, want.dtype)
    relative, absolute = SINGLE if single else DOUBLE
    relative, absolute = (
        (relative if rtol is None else rtol),
        (absolute if atol is None else atol),
    )
    got, want = (
        a.astype(np.result_type(a.dtype, np.float64)) for a in (got, want)
    )
    with np.errstate(invalid="ignore"):
        close = (got == want) | (
            np.abs(got - want) <= absolute + relative * np.abs(want)
        ) & np.isfinite(want)
    close |= np.isnan(got) & np.isnan(want)
    if close.all():
        return None
    if got.size == 1:
        one, other = got.reshape(-1)[0], want.reshape(-1)[0]
        if not reveal:
            return how_far(float(one), float(other))
        shown = apart(one, other)
        return say(
            "{want} was expected, not {got}.", want=shown[1], got=shown[0]
        )
    place = tuple(int(i) for i in np.argwhere(~close)[0])
    where = ", ".join(map(str, place))
    if not reveal:
        return say(
            "At [{where}]: {found}",
            where=where,
            found=how_far(float(got[place]), float(want[place])),
        )
    shown = apart(got[place], want[place])
    return say(
        "{count} of {size} entries differ; at [{where}] {want} was expected, not {got}.",
        count=math.prod(close.shape) - int(close.sum()),
        size=close.size,
        where=where,
        want=shown[1],
        got=shown[0],
    )
