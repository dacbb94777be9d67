"""The check of a test that the reader writes: it must pass on right functions and fail on broken ones."""

from __future__ import annotations

import ast
import functools
import inspect
import itertools
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from ganbook.exercises.engine.checker import Answer, Checker
from ganbook.exercises.engine.compare import brief
from ganbook.exercises.engine.explain import own_line
from ganbook.exercises.engine.kinds import Check
from ganbook.exercises.engine.sandbox import seed_everything
from ganbook.exercises.engine.words import say


def exposes(
    mended: Sequence[Callable[..., Any]],
    broken: Callable[..., Any],
    variants: Mapping[str, Callable[..., Any]] | None = None,
    blind: Mapping[str, Callable[..., Any]] | None = None,
    other: str = "",
    runs: int = 3,
    determined: bool = False,
) -> Check:
    """A check for a test: it must pass on right implementations and raise AssertionError on broken ones.

    ``mended`` holds two right implementations or more, written differently; ``other`` says how the later ones differ
    from the first, for a test that refuses them. ``broken`` is the one that the page shows. ``variants`` maps a
    sentence to another form of the bug that must be exposed as well; ``blind`` maps a sentence to an implementation
    that is tried only where the bug has passed: if it passes too, the sentence says what the test does not look at
    (let it raise wherever a better test would look). Each runs under ``runs`` seeds of torch, numpy and random, and the verdict may not depend on them.
    The test is handed each of them under one name and without its text, so that it can only call it. ``determined``
    says that the statement fixes the result: then a test that tells them all apart must also have a bound on both
    sides, and is refused if it lets pass results that are far too large but not ones that are far too small, or the
    other way round.
    The check carries ``mended`` (the first) and ``broken`` for the page. Raises ``ValueError`` for fewer than two
    right implementations.
    """
    if len(mended) < 2:
        raise ValueError(
            f"exposes: two right implementations are needed, written differently, not {len(mended)}"
        )

    variants, blind = dict(variants or {}), dict(blind or {})

    def check(answer: Answer, c: Checker) -> None:
        tried = _Tried(answer, c, runs)
        tried.refuse_reading()
        rights = len(mended)
        outcomes = tried.on([*mended, broken, *variants.values()], rights)
        for number, failed in enumerate(outcomes[:rights]):
            if failed:
                tried.steady(failed, "a right function")
                which = say("It fails on the mended function.")
                if number:
                    which = say(
                        "It passes on the mended function, but fails on another right one. {other}",
                        other=say(other),
                    )
                tried.refuse(
                    say(
                        "{which} It stopped at {line}.",
                        which=which.strip(),
                        line=failed[0],
                    )
                )
        for sentence, failed in zip(
            ("", *variants), outcomes[rights:], strict=True
        ):
            if not failed and not sentence:
                tried.refuse_returning()
                tried.refuse(_unseen(answer, tried, mended[0], blind))
            if not failed:
                tried.refuse(
                    say(
                        "It exposes the bug that is shown, but passes on another form of it. {sentence}",
                        sentence=say(sentence),
                    )
                )
            stops = [text for text in failed if isinstance(text, Stop)]
            if stops and not sentence:
                tried.refuse(stops[0])
            tried.steady(
                failed,
                "a broken function" if sentence else "the broken function",
            )
        if determined and (side := tried.one_sided(mended[0])):
            tried.refuse(
                say(
                    "It exposes the bug, but passes on a function {side}",
                    side=side,
                )
            )

    check.mended, check.broken = mended[0], broken  # type: ignore[attr-defined]
    return check


class _Tried:
    """The reader's test, run on implementations under a few seeds."""

    def __init__(self, answer: Answer, c: Checker, runs: int) -> None:
        self.c, self.test = c, answer.function
        self.seeds = [c.integer(0, 2**31) for _ in range(runs)]
        self.name = next(iter(_parameters(self.test)), "function")
        self.returned: Any = None

    def refuse_returning(self) -> None:
        """End the check for a test that passes on the bug and returns its verdict; one that asserts may return anything."""
        if self.returned is not None:
            self.refuse(
                say(
                    "It returned {returned}, which nobody reads: a test says what it found by `assert`.",
                    returned=brief(self.returned),
                )
            )

    def refuse_reading(self) -> None:
        """End the check for a test that reads code where it should call it."""
        tree = _tree(self.test)
        named = {
            getattr(node, "attr", getattr(node, "id", ""))
            for node in (ast.walk(tree) if tree else ())
        }
        if named & READING:
            self.refuse(
                "It reads the function's code. A right function may be written in any way: call it, and look at what it does."
            )

    def alike(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function under the name that the test gives it, so that only what it does tells it from another."""

        def implementation(*args: Any, **named: Any) -> Any:
            return function(*args, **named)

        implementation.__name__ = implementation.__qualname__ = self.name
        return implementation

    def on(
        self, functions: Sequence[Callable[..., Any]], rights: int
    ) -> list[list[str]]:
        """For each function where and with which words it failed, an entry for each seed under which it did.

        All run in one guarded call. Only AssertionError may come out of the first ``rights`` functions.
        """
        outcomes: list[list[str]] = [[] for _ in functions]

        @functools.wraps(self.test)
        def run(function: Callable[..., Any]) -> Any:
            for number, each in enumerate(functions):
                for seed in self.seeds:
                    seed_everything(seed)
                    try:
                        returned = self.test(self.alike(each))
                    except AssertionError as error:
                        outcomes[number].append(self._where(error))
                        continue
                    except Exception as error:
                        if number < rights:
                            raise
                        outcomes[number].append(_stopped(error))
                        continue
                    if returned is ...:
                        return returned
                    if returned is not None:
                        self.returned = returned
            return "done"

        self.c.call(run, self.alike(functions[0]))
        return outcomes

    def _where(self, error: AssertionError) -> str:
        words = " ".join(str(error).split())[:200]
        where = own_line(error, self.test) or say("an assertion")
        return f"`{where}`" + (f" ({words})" if words else "")

    def refuse(self, message: str) -> None:
        """End the check; what the last call was handed is nothing to the reader."""
        self.c.fail(message, "")

    def steady(self, failed: Sequence[str], on: str) -> None:
        """Refuse a test whose verdict is not the same under every seed."""
        if len(failed) < len(self.seeds):
            self.refuse(
                say(
                    "Its verdict depends on the seed: on {on} it fails under {failed} of {seeds} seeds. It stopped at {line}.",
                    on=say(on),
                    failed=len(failed),
                    seeds=len(self.seeds),
                    line=failed[0],
                )
            )

    def passes(self, function: Callable[..., Any]) -> bool:
        """Whether it passes on an implementation under every seed; for a diagnosis, so exceptions count as a no."""

        @functools.wraps(self.test)
        def run(function: Callable[..., Any]) -> str:
            for seed in self.seeds:
                seed_everything(seed)
                try:
                    self.test(function)
                except Exception:
                    return "no"
            return "yes"

        return self.c.call(run, self.alike(function)) == "yes"

    def one_sided(self, right: Callable[..., Any]) -> str:
        """On which side a test lets anything through, "small" or "large"; nothing if it looks at both, or at none."""
        changed: list[bool] = []
        low, high = (
            self.passes(_moved(right, by, changed)) for by in (-1e3, 1e3)
        )
        if not changed or low == high:
            return ""
        return say(
            "whose result is far too {value}: a difference needs its absolute value, a bound its other side.",
            value="small" if low else "large",
        )


READING = {
    "getsource",
    "getsourcelines",
    "findsource",
    "__code__",
    "__closure__",
    "_getframe",
}


class Stop(str):
    """Words for an exception that is no AssertionError."""


def _parameters(function: Callable[..., Any]) -> list[str]:
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return []


def _stopped(error: Exception) -> Stop:
    said = say(
        "It stops on the broken function with {kind}: {error}. A test says by an AssertionError what it found: assert something before that line, or catch the exception.",
        kind=type(error).__name__,
        error=error,
    )
    return Stop(said)


def _unseen(
    answer: Answer,
    tried: _Tried,
    right: Callable[..., Any],
    blind: Mapping[str, Callable[..., Any]],
) -> str:
    """Why a test passes on the bug: what it does not look at."""
    lines = _assertions(answer.function)
    if lines == [] or tried.passes(lambda *args, **named: None):
        return say(
            "It asserts nothing about the function: it passes on one that does nothing, too."
        )
    changed: list[bool] = []
    others = (
        _moved(right, by, changed, factor)
        for by, factor in ((-1e3, 0.0), (1e3, -1e3))
    )
    if all(map(tried.passes, others)) and changed:
        return say(
            "It does not look at the values: it passes on the broken function, "
            "and on one that returns other numbers of the same shape."
        )
    if side := tried.one_sided(right):
        return say(
            "It passes on the broken function, and on one {side}", side=side
        )
    for sentence, implementation in blind.items():
        if tried.passes(implementation):
            return say(
                "It passes on the broken function. {sentence}",
                sentence=say(sentence),
            )
    shown = (
        say(" All its assertions hold there, `{line}` too.", line=lines[-1])
        if lines
        else ""
    )
    return say("It passes on the broken function.{shown}", shown=shown)


def _moved(
    right: Callable[..., Any],
    by: float,
    changed: list[bool],
    factor: float | None = None,
) -> Callable[..., Any]:
    """A right function whose results are moved by a number; with a factor, by another multiple of it at each call."""
    calls = itertools.count(1)

    def function(*args: Any, **named: Any) -> Any:
        step = by if factor is None else by * next(calls)
        return _shifted(right(*args, **named), step, factor, changed)

    return function


def _shifted(
    value: Any, by: float, factor: float | None, changed: list[bool]
) -> Any:
    """A result with ``by`` added to every float in it; with a factor, multiplied by it first, with NaN as gradients."""
    if isinstance(value, (tuple, list)):
        return type(value)(_shifted(x, by, factor, changed) for x in value)
    scale = 1.0 if factor is None else factor
    if isinstance(value, torch.Tensor) and value.is_floating_point():
        changed.append(True)
        moved = scale * value + by
        if factor is not None and moved.requires_grad:
            moved.register_hook(lambda slope: slope * torch.nan)
        return moved
    if isinstance(value, (float, np.floating)) or (
        isinstance(value, np.ndarray) and value.dtype.kind == "f"
    ):
        changed.append(True)
        return scale * value + by
    return value


def _tree(function: Callable[..., Any]) -> ast.AST | None:
    """A function's syntax tree; None where its source is not to be had."""
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return None


def _assertions(function: Callable[..., Any]) -> list[str] | None:
    """The statements of a function that can raise AssertionError; None where its source is not to be had."""
    tree = _tree(function)
    if tree is None:
        return None
    found = []
    for node in ast.walk(tree):
        called = isinstance(node, ast.Call) and "assert" in ast.unparse(
            node.func
        )
        if isinstance(node, (ast.Assert, ast.Raise)) or called:
            found.append((node.lineno, ast.unparse(node)))
    return [text for _, text in sorted(found)]
