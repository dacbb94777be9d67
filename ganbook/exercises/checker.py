"""Running an answer: the helper that a check function is given, and the feedback that comes of it."""

from __future__ import annotations

import inspect
import io
import linecache
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

import numpy as np
import torch

from ganbook.exercises.compare import brief, difference, kind_of
from ganbook.exercises.sandbox import Clock, TimeUp, copied, preserved, unchanged

UNATTEMPTED = "Replace the `...` by your answer and run the cell again; ex.hint(1) gives a nudge."
FUNCTIONS = (FunctionType, MethodType, BuiltinFunctionType, partial, np.ufunc)


class Verdict(BaseException):
    """Ends a check. A BaseException, so that a learner's ``except Exception`` around a mock does not catch it."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


@dataclass(frozen=True)
class Feedback:
    """What a check says: ``status`` is correct, incorrect, unattempted or error; ``message`` is plain text."""

    status: str
    message: str

    def __bool__(self) -> bool:
        return self.status == "correct"

    def _ipython_display_(self) -> None:
        """Nothing: ``check`` has printed the message already."""


class Answer:
    """The learner's function as a check sees it: a call runs it guarded."""

    def __init__(self, function: Callable[..., Any], checker: Checker) -> None:
        self.function, self._checker = function, checker
        self.__name__ = getattr(function, "__name__", "your answer")

    def __call__(self, *inputs: Any, **named: Any) -> Any:
        return self._checker.call(self, *inputs, **named)


class Checker:
    """The ``c`` of a check function; ``ganbook.exercises.core`` describes its methods.

    ``seed`` fixes ``rng`` (numpy) and ``generator`` (torch); ``limit`` is in seconds of the learner's own code.
    """

    dtypes = (torch.float32, torch.float64)

    def __init__(self, seed: int = 0, limit: float = 10.0) -> None:
        self.rng = np.random.default_rng(seed)
        self.generator = torch.Generator().manual_seed(seed)
        self.clock = Clock(limit)
        self.printed = io.StringIO()
        self.seen: set[torch.dtype] = set()
        self._last = ""

    def call(self, answer: Callable[..., Any], *inputs: Any, returns_none: bool = False, may_change: bool = False,
             **named: Any) -> Any:
        """The answer's result on copies of the inputs; whatever goes wrong ends the check with its own message."""
        function = answer.function if isinstance(answer, Answer) else answer
        given, given_named = copied(inputs), copied(named)
        return self._run(function, inputs, named, given, given_named, returns_none, may_change)

    def call_grad(self, answer: Callable[..., Any], *inputs: Any) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """The result, and the gradients of its sum in every float tensor among the inputs; a missing one is refused."""
        function = answer.function if isinstance(answer, Answer) else answer
        given = copied(inputs)
        leaves = [x.requires_grad_(True) for x in given if isinstance(x, torch.Tensor) and x.is_floating_point()]
        inputs = tuple(x.detach().clone().requires_grad_(True) if any(g is leaf for leaf in leaves) else x
                       for x, g in zip(inputs, given, strict=True))
        with torch.enable_grad():
            result = self._run(function, inputs, {}, given, {}, False, False)
            if not isinstance(result, torch.Tensor):
                self.fail(f"The wrong type: a torch tensor was expected, not {kind_of(result)}.")
            cut = "The gradient is missing: the result does not depend on {} through torch (detach, no_grad, .item()?)"
            if not result.requires_grad:
                self.fail(cut.format("its input") + ".")
            grads = torch.autograd.grad(result.sum(), leaves, allow_unused=True)
        for place, grad in enumerate(grads):
            if grad is None:
                self.fail(cut.format(f"input {place + 1}") + ".")
        return result.detach(), list(grads)

    def _run(self, function: Callable[..., Any], inputs: Sequence, named: Mapping, given: Sequence,
             given_named: Mapping, returns_none: bool, may_change: bool) -> Any:
        self.seen |= {x.dtype for x in _tensors([*inputs, *named.values()]) if x.is_floating_point()}
        self._last = _call_text(function, inputs, named)
        before = self.printed.tell()
        try:
            with redirect_stdout(self.printed), redirect_stderr(io.StringIO()), self.clock.running():
                result = function(*given, **given_named)
        except TimeUp:
            raise Verdict("error", f"It did not return within {self.clock.limit:g} s{self._on(None)}. "
                                   "Is there a loop that never ends?") from None
        except (Verdict, KeyboardInterrupt):
            raise
        except BaseException as error:
            raise _stopped(error, function, self._on(None)) from None
        if unfinished(result):
            raise Verdict("unattempted", UNATTEMPTED)
        if result is None and not returns_none:
            if self.printed.tell() > before:
                self.fail("It printed its result and returned None: a function hands back a value by `return`.")
            self.fail("It returned None: is the `return` missing, or not reached?")
        if not may_change and not (unchanged(inputs, given) and unchanged(dict(named), given_named)):
            self.fail("It changed its input in place; work on a new value and leave the caller's alone.")
        return result

    def equal(self, got: Any, want: Any, rtol: float | None = None, atol: float | None = None, on: str | None = None,
              says: str = "", mistakes: Mapping[str, Any] | None = None) -> None:
        """Refuse ``got`` unless it is ``want`` within the tolerance; name the mistake that it agrees with, if any."""
        found = difference(got, want, rtol, atol)
        if found is None:
            return
        for sentence, value in (mistakes or {}).items():
            value = value() if isinstance(value, FUNCTIONS) else value
            if difference(got, value, rtol, atol) is None:
                says = sentence
                break
        self.fail(f"{found} {says}".strip(), on)

    def agrees(self, got: Any, want: Any, rtol: float | None = None, atol: float | None = None) -> bool:
        """Whether ``equal`` would accept; never ends the check."""
        return difference(got, want, rtol, atol) is None

    def true(self, condition: Any, message: str, on: str | None = None) -> None:
        """Refuse with ``message`` unless the condition holds."""
        if not bool(condition):
            self.fail(message, on)

    def fail(self, message: str, on: str | None = None) -> None:
        """End the check: the answer is incorrect, and this is why."""
        raise Verdict("incorrect", f"{message}{self._on(on, sentence=True)}")

    def expression(self, got: Any, want: Any, says: str = "", mistakes: Mapping[str, Any] | None = None,
                   rtol: float = 1e-9, **ranges: tuple[float, float]) -> None:
        """Refuse an expression (sympy's or text) unless it equals ``want`` at random points of the ranges."""
        from ganbook.exercises.symbolic import expression_difference

        points = [{name: float(self.rng.uniform(*ends)) for name, ends in ranges.items()} for _ in range(12)]
        found = expression_difference(got, want, points, rtol)
        if found is None:
            return
        for sentence, value in (mistakes or {}).items():
            if expression_difference(got, value, points, rtol) is None:
                says = sentence
                break
        self._last = ""
        self.fail(f"{found} {says}".strip())

    def normal(self, shape: Sequence[int], dtype: torch.dtype = torch.float64) -> torch.Tensor:
        """Standard normal numbers from the check's seed, of the given shape and dtype."""
        return torch.randn(*shape, generator=self.generator, dtype=torch.float64).to(dtype)

    def uniform(self, low: float, high: float, shape: Sequence[int], dtype: torch.dtype = torch.float64) -> torch.Tensor:
        """Uniform numbers in [low, high) from the check's seed, of the given shape and dtype."""
        return (low + (high - low) * torch.rand(*shape, generator=self.generator, dtype=torch.float64)).to(dtype)

    def probabilities(self, shape: Sequence[int], dtype: torch.dtype = torch.float64) -> torch.Tensor:
        """Positive numbers whose last axis sums to one: a softmax of standard normal numbers."""
        return torch.softmax(self.normal(shape), -1).to(dtype)

    def number(self, low: float, high: float) -> float:
        """A uniform number in [low, high)."""
        return float(self.rng.uniform(low, high))

    def integer(self, low: int, high: int) -> int:
        """A uniform integer from low to high, both included."""
        return int(self.rng.integers(low, high + 1))

    def _on(self, on: str | None, sentence: bool = False) -> str:
        text = self._last if on is None else on
        return (f" (On {text}.)" if sentence else f" on {text}") if text else ""


def evaluate(check: Callable[..., str | None], answer: Any, wants_function: bool, checker: Checker) -> Feedback:
    """Run one check with the session's state preserved; nothing that the answer does escapes as an exception."""
    try:
        with preserved(), torch.enable_grad():
            remark = check(_prepared(answer, wants_function, checker), checker)
            feedback = Feedback("correct", remark or "")
    except Verdict as verdict:
        feedback = Feedback(verdict.status, verdict.message)
    except TimeUp:
        feedback = Feedback("error", f"It did not return within {checker.clock.limit:g} s.")
    except Exception as error:
        feedback = Feedback("error", f"The check could not read your answer ({type(error).__name__}: {error}). "
                                     "Compare its form with the statement's.")
    text = feedback.message
    printed = checker.printed.getvalue().strip()
    if feedback.status in ("incorrect", "error") and printed:
        text += f" Your code printed: {printed[:300]}{' ...' if len(printed) > 300 else ''}"
    if feedback.status != "unattempted" and not checker.clock.limited:
        text += " (No time limit here: it needs the main thread of a POSIX system.)"
    return Feedback(feedback.status, text.strip())


def unfinished(value: Any) -> bool:
    """Whether a value is a placeholder: `...`, or a container with one in it."""
    if isinstance(value, dict):
        value = tuple(value.values())
    return value is ... or (isinstance(value, (list, tuple)) and any(item is ... for item in value))


def _prepared(answer: Any, wants_function: bool, checker: Checker) -> Any:
    if unfinished(answer):
        raise Verdict("unattempted", UNATTEMPTED)
    if wants_function:
        if not callable(answer):
            checker.fail(f"Hand over the function itself, without calling it: ex.check(name). Given: {kind_of(answer)}.")
        return Answer(answer, checker)
    if not isinstance(answer, FUNCTIONS):
        if answer is None:
            checker.fail("The answer is None: is a `return` missing?")
        return answer
    value = checker.call(answer)
    checker._last = ""
    return value


def _stopped(error: BaseException, function: Callable[..., Any], on: str) -> Verdict:
    """The verdict on an exception: the learner's own line, or how the function could not be called."""
    frames = list(traceback.walk_tb(error.__traceback__))
    own = [(frame.f_code, line) for frame, line in frames if frame.f_code.co_filename == _file(function)]
    if not own:
        return Verdict("error", f"It could not be called{on}: {type(error).__name__}: {error}.")
    if isinstance(error, NotImplementedError) and frames[-1][0].f_code is own[-1][0]:
        return Verdict("unattempted", UNATTEMPTED)
    code, line = own[-1]
    source = linecache.getline(code.co_filename, line).strip()
    shown = f" (`{source}`)" if source else ""
    return Verdict("error", f"It stopped at line {line}{shown} with {type(error).__name__}: {error}{on}.")


def _file(function: Callable[..., Any]) -> str:
    inner = getattr(function, "func", function)
    return getattr(getattr(inspect.unwrap(inner), "__code__", None), "co_filename", "")


def _tensors(values: Any) -> list[torch.Tensor]:
    if isinstance(values, torch.Tensor):
        return [values]
    if isinstance(values, dict):
        values = list(values.values())
    return [x for value in values for x in _tensors(value)] if isinstance(values, (list, tuple)) else []


def _call_text(function: Callable[..., Any], inputs: Sequence, named: Mapping) -> str:
    """The call as a reader would write it, with short values; empty where there are no arguments."""
    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        names = []
    shown = [f"{names[i]} = {brief(x)}" if i < len(names) else brief(x) for i, x in enumerate(inputs)]
    return ", ".join(shown + [f"{name} = {brief(x)}" for name, x in named.items()])
