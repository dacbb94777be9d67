"""The helper that a check function is given: it runs the answer guarded, and compares what comes back."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from inspect import signature
from typing import Any

import numpy as np
import torch

from ganbook.exercises.engine.compare import difference, kind_of
from ganbook.exercises.engine.explain import (
    FUNCTIONS,
    UNATTEMPTED,
    Verdict,
    call_text,
    stopped,
    tensors,
    unfinished,
)
from ganbook.exercises.engine.sandbox import (
    Clock,
    TimeUp,
    copied,
    global_state,
    left_behind,
    modes_preserved,
    running_children,
    trainable_flags,
    unchanged,
)
from ganbook.exercises.engine.words import say


class Answer:
    """The learner's function as a check sees it: a call runs it guarded."""

    def __init__(
        self, function: Callable[..., Any], checker: Checker
    ) -> None:
        self.function, self._checker = function, checker
        self.__name__ = getattr(function, "__name__", "your answer")

    def __call__(self, *inputs: Any, **named: Any) -> Any:
        return self._checker.call(self, *inputs, **named)


class Checker:
    """The ``c`` of a check function; ``ganbook.exercises.engine.core`` describes its methods.

    ``seed`` fixes ``rng`` (numpy) and ``generator`` (torch); ``limit`` is in seconds of the learner's own code.
    """

    dtypes = (torch.float32, torch.float64)

    def __init__(
        self, seed: int = 0, limit: float = 10.0, reveal: bool = True
    ) -> None:
        self.seed = seed
        self.rng = np.random.default_rng(seed)
        self.generator = torch.Generator().manual_seed(seed)
        self.clock = Clock(limit)
        self.printed = io.StringIO()
        self.seen: set[torch.dtype] = set()
        self.lenient, self.reveal = False, reveal
        self._last = ""

    def call(
        self,
        answer: Callable[..., Any],
        *inputs: Any,
        returns_none: bool = False,
        may_change: bool = False,
        **named: Any,
    ) -> Any:
        """The answer's result on copies of the inputs; whatever goes wrong ends the check with its own message."""
        function = answer.function if isinstance(answer, Answer) else answer
        given, given_named = copied(inputs), copied(named)
        self.lenient |= may_change
        return self._run(
            function,
            inputs,
            named,
            given,
            given_named,
            returns_none,
            may_change,
        )

    def call_grad(
        self, answer: Callable[..., Any], *inputs: Any
    ) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """The result, and the gradients of its sum in every float tensor among the inputs; a missing one is refused."""
        function = answer.function if isinstance(answer, Answer) else answer
        given = copied(inputs)
        leaves = [
            x.requires_grad_(True)
            for x in given
            if isinstance(x, torch.Tensor) and x.is_floating_point()
        ]
        inputs = tuple(
            x.detach().clone().requires_grad_(True)
            if any(g is leaf for leaf in leaves)
            else x
            for x, g in zip(inputs, given, strict=True)
        )
        with torch.enable_grad():
            result = self._run(function, inputs, {}, given, {}, False, False)
            if not isinstance(result, torch.Tensor):
                self.fail(
                    say(
                        "The wrong type: a torch tensor was expected, not {result}.",
                        result=kind_of(result),
                    )
                )
            cut = "The gradient is missing: the result does not depend on {what} through torch (detach, no_grad, .item()?)."
            if not result.requires_grad:
                self.fail(say(cut, what=say("its input")))
            grads = torch.autograd.grad(
                result.sum(), leaves, allow_unused=True
            )
        for place, grad in enumerate(grads):
            if grad is None:
                self.fail(
                    say(cut, what=say("input {number}", number=place + 1))
                )
        return result.detach(), list(grads)

    def _run(
        self,
        function: Callable[..., Any],
        inputs: Sequence,
        named: Mapping,
        given: Sequence,
        given_named: Mapping,
        returns_none: bool,
        may_change: bool,
    ) -> Any:
        self.seen |= {
            x.dtype
            for x in tensors([*inputs, *named.values()])
            if x.is_floating_point()
        }
        self._last = call_text(function, inputs, named)
        before, state = self.printed.tell(), global_state()
        trainable = trainable_flags([*inputs, *named.values()])
        children = running_children()
        try:
            with (
                modes_preserved(),
                redirect_stdout(self.printed),
                redirect_stderr(io.StringIO()),
                self.clock.running(),
            ):
                try:
                    result = function(*given, **given_named)
                finally:
                    left = left_behind(state, children)
        except TimeUp:
            raise Verdict(
                "error",
                say(
                    "It did not return within {limit:g} s{on}. Is there a loop that never ends?",
                    limit=self.clock.limit,
                    on=self._on(None),
                ),
            ) from None
        except (Verdict, KeyboardInterrupt):
            raise
        except BaseException as error:
            raise stopped(error, function, self._on(None)) from None
        if unfinished(result):
            raise Verdict("unattempted", UNATTEMPTED)
        if result is None and not returns_none:
            if self.printed.tell() > before:
                self.fail(
                    "It printed its result and returned None: a function hands back a value by `return`."
                )
            self.fail(
                "It returned None: is the `return` missing, or not reached?"
            )
        if left:
            self.fail(
                say(
                    "It left {left} behind; that is put back now. An answer leaves the session as it was.",
                    left=say(left),
                ),
                "",
            )
        if trainable_flags([*inputs, *named.values()]) != trainable:
            self.fail(
                "It left requires_grad of a network's parameters changed: give it back as it came."
            )
        if not may_change and not (
            unchanged(inputs, given) and unchanged(dict(named), given_named)
        ):
            self.fail(
                "It changed its input in place; work on a new value and leave the caller's alone."
            )
        return result

    def equal(
        self,
        got: Any,
        want: Any,
        rtol: float | None = None,
        atol: float | None = None,
        on: str | None = None,
        says: str = "",
        mistakes: Mapping[str, Any] | None = None,
    ) -> None:
        """Refuse ``got`` unless it is ``want`` within the tolerance; name the mistake that it agrees with, if any."""
        found = difference(got, want, rtol, atol, self.reveal)
        if found is None:
            return
        for sentence, value in (mistakes or {}).items():
            value = value() if isinstance(value, FUNCTIONS) else value
            if difference(got, value, rtol, atol) is None:
                says = sentence
                break
        self.fail(f"{found} {say(says)}".strip(), on)

    def like(
        self,
        answer: Callable[..., Any],
        solution: Callable[..., Any],
        make: Callable[[], tuple],
        says: str = "",
        rtol: float | None = None,
        atol: float | None = None,
        returns_none: bool = False,
    ) -> None:
        """Refuse unless the answer returns, and leaves in its networks, what the solution does.

        ``make`` makes the inputs, once for each of the two.
        """
        mine, its = make(), make()
        want = solution(*its)
        got = self.call(
            answer, *mine, returns_none=returns_none or want is None
        )
        if want is not None:
            self.equal(got, want, rtol, atol, says=says)
        for a, b in zip(mine, its, strict=True):
            if isinstance(a, torch.nn.Module):
                for p, q in zip(a.parameters(), b.parameters(), strict=True):
                    self.equal(p.detach(), q.detach(), rtol, atol, says=says)

    def line(
        self, weight: float, dtype: torch.dtype = torch.float32
    ) -> torch.nn.Linear:
        """A network ``weight x`` of one number, its bias 0 at first."""
        line = torch.nn.Linear(1, 1, dtype=dtype)
        with torch.no_grad():
            line.weight.fill_(weight)
            line.bias.zero_()
        return line

    def agrees(
        self,
        got: Any,
        want: Any,
        rtol: float | None = None,
        atol: float | None = None,
    ) -> bool:
        """Whether ``equal`` would accept; never ends the check."""
        return difference(got, want, rtol, atol) is None

    def true(
        self, condition: Any, message: str, on: str | None = None
    ) -> None:
        """Refuse with ``message`` unless the condition holds."""
        if not bool(condition):
            self.fail(message, on)

    def fail(self, message: str, on: str | None = None) -> None:
        """End the check: the answer is incorrect, and this is why."""
        raise Verdict(
            "incorrect", f"{say(message)}{self._on(on, sentence=True)}"
        )

    def expression(
        self,
        got: Any,
        want: Any,
        says: str = "",
        mistakes: Mapping[str, Any] | None = None,
        rtol: float = 1e-9,
        **ranges: tuple[float, float],
    ) -> None:
        """Refuse an expression (sympy's or text) unless it equals ``want`` at random points of the ranges."""
        from ganbook.exercises.engine.symbolic import expression_difference

        points = [
            {
                name: float(self.rng.uniform(*ends))
                for name, ends in ranges.items()
            }
            for _ in range(12)
        ]
        found = expression_difference(got, want, points, rtol)
        if found is None:
            return
        for sentence, value in (mistakes or {}).items():
            if (
                isinstance(value, FUNCTIONS)
                and not signature(value).parameters
            ):
                value = value()
            if expression_difference(got, value, points, rtol) is None:
                says = sentence
                break
        self._last = ""
        self.fail(f"{found} {say(says)}".strip())

    def normal(
        self, shape: Sequence[int], dtype: torch.dtype = torch.float64
    ) -> torch.Tensor:
        """Standard normal numbers from the check's seed, of the given shape and dtype."""
        return torch.randn(
            *shape, generator=self.generator, dtype=torch.float64
        ).to(dtype)

    def uniform(
        self,
        low: float,
        high: float,
        shape: Sequence[int],
        dtype: torch.dtype = torch.float64,
    ) -> torch.Tensor:
        """Uniform numbers in [low, high) from the check's seed, of the given shape and dtype."""
        return (
            low
            + (high - low)
            * torch.rand(
                *shape, generator=self.generator, dtype=torch.float64
            )
        ).to(dtype)

    def probabilities(
        self, shape: Sequence[int], dtype: torch.dtype = torch.float64
    ) -> torch.Tensor:
        """Positive numbers whose last axis sums to one: a softmax of standard normal numbers."""
        return torch.softmax(self.normal(shape), -1).to(dtype)

    def number(self, low: float, high: float) -> float:
        """A uniform number in [low, high)."""
        return float(self.rng.uniform(low, high))

    def integer(self, low: int, high: int) -> int:
        """A uniform integer from low to high, both included."""
        return int(self.rng.integers(low, high + 1))

    def watch(self, module: torch.nn.Module) -> Callable[[], None]:
        """A function that refuses the answer if the module's modes, parameters, buffers or gradients have changed since."""

        def look() -> list:
            held = [("the mode", m.training) for m in module.modules()]
            for p in module.parameters():
                held.append(("a parameter", copied(p.detach())))
                grad = None if p.grad is None else copied(p.grad)
                held.append(("a gradient in a parameter", grad))
            buffers = [("a buffer", copied(b)) for b in module.buffers()]
            return held + buffers

        before = look()

        def same(a: Any, b: Any) -> bool:
            if a is None or b is None:
                return a is b
            return a == b if isinstance(a, bool) else unchanged(a, b)

        def check() -> None:
            for (what, was), (_, now) in zip(before, look(), strict=True):
                if not same(was, now):
                    self.fail(
                        say(
                            "It changed {what} of the network that it was handed: leave it as it came.",
                            what=say(what),
                        )
                    )

        return check

    def _on(self, on: str | None, sentence: bool = False) -> str:
        text = self._last if on is None else say(on)
        if not text:
            return ""
        return say(
            " (On {inputs}.)" if sentence else " on {inputs}", inputs=text
        )
