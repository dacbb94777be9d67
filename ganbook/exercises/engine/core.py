r"""How an exercise is declared, and the form that every chapter's exercises follow.

One package a chapter, ``ganbook/exercises/chapter04``, with a module for each topic that its
``__init__.py`` imports; nothing else needs to be edited, chapters are found by their number. An exercise is a handful of plain functions and one ``register(Exercise(...))``. A complete one::

    import torch

    from ganbook.exercises.engine.core import Exercise, register
    from ganbook.exercises.engine.mistakes import mistake, outcomes


    def solution_4_2(p, q):
        return p / (p + q)


    def alternative_4_2_loop(p, q):
        return torch.stack([1 / (1 + b / a) for a, b in zip(p, q, strict=True)])


    @mistake("That is the probability of *generated*: p and q are swapped.")
    def wrong_4_2_swapped(p, q):
        return q / (p + q)


    @mistake("That is the ratio of the densities; a probability stays below 1.")
    def wrong_4_2_ratio(p, q):
        return p / q


    @mistake("That is the logit of D*, not its value.")
    def wrong_4_2_logit(p, q):
        return torch.log(p / q)


    @mistake("That says which source is likelier, a hard decision; D* says how likely.")
    def wrong_4_2_winner(p, q):
        return (p > q).to(p.dtype)


    @mistake("D* depends on the quotient of the densities, not their difference.")
    def wrong_4_2_softmax(p, q):
        return torch.sigmoid(p - q)


    def check_4_2(answer, c):
        for dtype in c.dtypes:                                     # float32, then float64
            fixed = torch.tensor([[0.2, 0.5, 3.0], [0.6, 0.5, 1.0]], dtype=dtype)
            for p, q in (fixed, *(c.uniform(0.1, 3, (2, 7), dtype) for _ in range(3))):
                got = c.call(answer, p, q)
                c.equal(got, p / (p + q), mistakes=outcomes(
                    (p, q), wrong_4_2_swapped, wrong_4_2_ratio, wrong_4_2_logit, wrong_4_2_winner, wrong_4_2_softmax,
                ))
                best = p * torch.log(got) + q * torch.log1p(-got)      # the definition: nothing nearby is better
                for d in (0.9 * got, got + 0.1 * (1 - got)):
                    there = p * torch.log(d) + q * torch.log1p(-d)
                    c.true((there <= best).all(), "Another D has a larger value.")


    register(Exercise(
        id="4.2", title="The best guess", stars=1, kind="function",
        statement=r'''
    At a point the real density is $p > 0$ and the generated one $q > 0$. Write `d_star(p, q)`, the $d$ in
    $(0, 1)$ that maximises $p \log d + q \log(1 - d)$, for tensors `p` and `q` of one shape and dtype;
    the result has both. For example, `d_star` of $0.2$ and $0.6$ is $0.25$.
    ''',
        stub='''
    def d_star(p, q):
        return ...
    ''',
        hints=(r"Set the derivative in $d$ to zero.", r"$p / d = q / (1 - d)$: solve for $d$."),
        explanation=r'''
    The derivative $p/d - q/(1-d)$ falls in $d$, so its only zero is the maximum: $d = p / (p + q)$.
    (Explain why, not only what; say what the wrong answers overlook where that teaches something.)
    ''',
        solution=solution_4_2,
        alternatives=(alternative_4_2_loop,),
        wrong=(wrong_4_2_swapped, wrong_4_2_ratio, wrong_4_2_logit, wrong_4_2_winner, wrong_4_2_softmax),
        check=check_4_2,
    ))

**What each part is.** ``statement``, ``hints`` and ``explanation`` are MyST Markdown (raw strings); indentation
common to all lines is removed. ``statement`` says the deliverable and its form: names, shapes, dtypes, ranges.
``stub`` is one function that ends in ``return ...`` whatever the kind (the form of a dict or tuple goes into a
comment above it; lines of at most 76 characters fit the page); its name is what the page hands to
``ex.check``. ``solution`` must be called ``solution_4_2``: the page includes its source, so it reads well alone.
``wrong``: answers that must be refused, by name if a `mistake`, else (answer, words that only its feedback contains).

**Kinds.** For ``function``, ``bug`` and ``test``, ``check(answer, c)`` receives the learner's function; for ``value``,
``expression``, ``choice``, ``classify`` and ``rubric`` it receives the *value* that their stub returned
(``ex.check(0.25)`` is accepted too); for ``experiment`` a function (a bare value is wrapped into one).

- ``function``: as above. At least one alternative written another way.
- ``value``: ``solution`` takes no argument and returns a number (or an array, a tuple). ``check`` computes
  the truth from its definition, e.g. by quadrature: ``c.equal(value, truth, mistakes={...})``.
- ``expression``: the stub returns a sympy expression or a string; ``c.expression(value, want, x=(0.1, 3))``
  where ``want`` is a function of the symbols, compared at random points of the ranges.
- ``choice``: give ``options={"a": "text", ...}`` (the page lists them under the statement) and
  ``check=choice("b", a="reason why not", c="...")``, a reason for each wrong option; five wrong answers need
  six options. ``classify`` is the better form for several small predictions at once.
- ``classify``: ``check=classify({"A": "collapsed", "B": "healthy"}, labels=("collapsed", "healthy", "frozen"),
  reasons={("A", "healthy"): "...", ...})``; the stub returns such a dict. Draw the runs in a cell before the
  exercise. Wrong answers are dicts; the feedback names the first wrong key and gives its reason.
- ``bug``: give ``broken=broken_4_5``: its source is shown under the statement (under the stub's function name);
  put it into ``wrong`` with its words too, beside half-mended versions. Another good form is a ``function``
  that is handed an implementation and says whether it is broken.
- ``test``: the stub is ``def test(name): return ...``, and the learner's test gets an implementation of ``name``;
  it asserts. ``check=exposes(mended=(mended_18_1, another), broken=broken_18_1, ...)``, see its docstring in
  ``exposes``: the broken function is shown as ``name`` under the statement, the mended one with the solution.
  ``solution`` and ``wrong`` are such tests.
- ``experiment``: the stub returns what was found (settings, a data set, a counterexample); ``check`` tests the
  property by running it: ``found = c.call(answer)``.
- ``rubric``: ``check=rubric("point 1", "point 2", ...)``; no wrong answers needed; at most two a chapter.

**The helper** ``c`` (:class:`ganbook.exercises.engine.checker.Checker`):

- ``c.call(answer, *inputs, **named)`` runs the learner's function on *copies*, within the time limit, output
  captured; exceptions, None, printing instead of returning, ``...`` and inputs changed in place end the check
  with their own message. ``returns_none=True``: for functions that act by side effect. ``may_change=True``:
  inputs may be changed. Modules, optimisers and generators are passed as they are: make fresh ones for every
  call. ``answer(x)`` does the same as ``c.call(answer, x)``, so an answer may be handed to other code.
- ``value, grads = c.call_grad(answer, *inputs)``: float tensors are leaves; gradients of the summed result.
- ``c.equal(got, want, rtol=None, atol=None, on=None, says="", mistakes=outcomes(...))``: type, dtype, shape, NaN, then
  values. ``want`` a tensor: a tensor of its dtype is expected; ``want`` an array, list or number: numpy, torch
  or plain Python are accepted. ``mistakes`` is also a dict from a sentence to the value (or a function without
  arguments that makes it) that a known mistake leads to: it is looked at only once the answer is refused, so acceptance
  depends on ``want`` alone. ``on`` says on which input; by default the arguments of the last call are shown.
  ``says`` is a sentence for every other difference.
- ``c.like(answer, solution_4_2, make, says="")``: both on inputs that ``make()`` makes, far from the usual ones.
- ``c.true(condition, "what is wrong", on=None)``, ``c.fail("what is wrong", on=None)``. What is put together
  goes through `say` (`engine/words.py`): ``c.fail(say("The angle is {degrees:.0f} degrees.", degrees=x))``, so that
  it can be said in another language; a plain string needs nothing.
- ``c.agrees(got, want, rtol, atol)`` -> bool: compares, never ends the check; for a diagnosis of your own.
- ``c.dtypes``; ``c.rng`` (numpy Generator), ``c.generator`` (torch Generator), both from the check's seed;
  ``c.normal(shape, dtype)``, ``c.uniform(low, high, shape, dtype)``, ``c.probabilities(shape, dtype)`` (the last
  axis sums to one): tensors; ``c.number(low, high)``, ``c.integer(low, high)`` (both ends included).
- ``check`` may return a sentence that is shown after "correct".

**What the tests demand** (tests/exercises): two hints, five wrong answers, an alternative for each
``function``; the stub is *unattempted*; solution and alternatives are *correct* under 20 seeds (five in `make test`); float tensors
come in float32 and in float64 (or ``float32_only="reason"``); each wrong answer is *incorrect*, with its words;
answers that raise, return None, NaN or another shape, change their input, or never end are refused; results
recorded under one seed and replayed under another are refused, so use random inputs. A check should take 50 ms,
1 s at the most.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ganbook.exercises.engine import show, state
from ganbook.exercises.engine.checker import Checker
from ganbook.exercises.engine.evaluate import Feedback, evaluate
from ganbook.exercises.engine.explain import FUNCTIONS, unfinished
from ganbook.exercises.engine.exposes import exposes
from ganbook.exercises.engine.kinds import choice, classify, rubric
from ganbook.exercises.engine.words import say

__all__ = [
    "Checker",
    "Exercise",
    "Feedback",
    "choice",
    "classify",
    "exposes",
    "register",
    "rubric",
]

KINDS = ("function", "value", "expression", "choice", "classify", "bug")
KINDS += ("test", "experiment", "rubric")
REGISTRY: dict[str, Exercise] = {}


class Exercise:
    """One exercise: statement, stub, hints, solution, and the check of an answer (see this module's text).

    Raises ValueError when the declaration is malformed, naming the exercise and what is wrong.
    """

    def __init__(
        self,
        *,
        id: str,
        title: str,
        stars: int,
        kind: str,
        statement: str,
        stub: str,
        hints: Sequence[str],
        explanation: str,
        solution: Callable[..., Any],
        check: Callable[[Any, Checker], str | None],
        wrong: Sequence[Any] = (),
        alternatives: Sequence[Callable[..., Any]] = (),
        options: Mapping[str, str] | None = None,
        broken: Callable[..., Any] | None = None,
        float32_only: str = "",
        time_limit: float = 10.0,
    ) -> None:
        self.id, self.title, self.stars, self.kind = id, title, stars, kind
        self.statement, self.stub, self.explanation = map(
            _plain, (statement, stub, explanation)
        )
        self.hints = tuple(_plain(hint) for hint in hints)
        self.solution_function, self.check_function = solution, check
        self.broken = getattr(check, "broken", broken)
        self.mended = getattr(check, "mended", None)
        self.wrong = tuple(
            (w, w.says) if hasattr(w, "says") else w for w in wrong
        )
        self.alternatives = tuple(alternatives)
        self.options = dict(options or {})
        self.float32_only, self.time_limit = float32_only, time_limit
        self.answer_name = self._validated()

    def _validated(self) -> str:
        """The name of the stub's function, once the declaration is found sound."""

        def demand(condition: Any, message: str) -> None:
            if not condition:
                raise ValueError(f"exercise {self.id}: {message}")

        demand(
            re.fullmatch(r"\d+\.\d+", self.id),
            'an id is chapter and number, such as "4.2"',
        )
        demand(
            self.kind in KINDS,
            f"unknown kind {self.kind!r}; the kinds are {', '.join(KINDS)}",
        )
        demand(
            self.stars in (1, 2, 3), f"stars is 1, 2 or 3, not {self.stars!r}"
        )
        demand(
            self.title and self.statement and self.explanation and self.hints,
            "a text is empty",
        )
        name = f"solution_{self.id.replace('.', '_')}"
        demand(
            self.solution_function.__name__ == name,
            f"its solution is to be a function called {name}",
        )
        demand(
            (self.kind == "choice") == bool(self.options),
            "options belong to a choice, and a choice needs them",
        )
        demand(
            self.broken is not None or self.kind not in ("bug", "test"),
            "a bug needs broken=, the function to mend, and a test needs check=exposes(...)",
        )
        demand(
            all(len(pair) == 2 and pair[1] for pair in self.wrong),
            "wrong holds pairs (answer, words)",
        )
        functions = [
            node
            for node in ast.parse(self.stub).body
            if isinstance(node, ast.FunctionDef)
        ]
        demand(
            len(functions) == 1 and self.stub.endswith("return ..."),
            "a stub is one function that ends in `return ...`",
        )
        named = functions[0].args.args if self.kind == "test" else ()
        self.shown_name = named[0].arg if named else functions[0].name
        return functions[0].name

    @property
    def chapter(self) -> int:
        """The number of its chapter."""
        return int(self.id.split(".")[0])

    @property
    def label(self) -> str:
        """What a page refers to it by: ``ex-4-2``."""
        return f"ex-{self.id.replace('.', '-')}"

    @property
    def difficulty(self) -> str:
        """Its stars, as shown behind the title."""
        return "★" * self.stars

    @property
    def full_statement(self) -> str:
        """The statement with what belongs to its kind: the options of a choice, the source of a bug."""
        parts = [self.statement]
        if self.options:
            parts.append(
                "\n".join(
                    f"- **{letter}**: {text}"
                    for letter, text in self.options.items()
                )
            )
        if self.broken:
            source = textwrap.dedent(inspect.getsource(self.broken)).strip()
            renamed = re.sub(
                rf"\b{self.broken.__name__}\b", self.shown_name, source
            )
            parts.append(f"```python\n{renamed}\n```")
        return "\n\n".join(parts)

    def check(
        self,
        answer: Any,
        seed: int | None = None,
        time_limit: float | None = None,
        record: bool = True,
    ) -> Feedback:
        """Check an answer, print what is to be said about it, and return it.

        ``seed`` fixes the random inputs (the same at each call without it), ``time_limit`` is in seconds. A correct
        answer is remembered for ``progress()``, unless ``record`` is False.
        """
        feedback, _ = self.trial(answer, seed, time_limit)
        opening = feedback.opening
        if self.kind == "rubric" and feedback:
            opening = say("done; judge yourself.")
        text = say(
            "Exercise {id}: {opening} {message}",
            id=self.id,
            opening=opening,
            message=feedback.message,
        ).strip()
        if record and feedback.status == "correct":
            text = f"{text} {state.record(self.id)}".strip()
        print(show.wrapped(text, 76))
        return feedback

    def trial(
        self,
        answer: Any,
        seed: int | None = None,
        time_limit: float | None = None,
    ) -> tuple[Feedback, Checker]:
        """The feedback and the checker that gave it, silently and without a record: for tests."""
        seed = zlib.crc32(self.id.encode()) if seed is None else seed
        checker = Checker(
            seed,
            self.time_limit if time_limit is None else time_limit,
            reveal=self.kind != "value",
        )
        if (
            self.kind == "experiment"
            and not isinstance(answer, FUNCTIONS)
            and not unfinished(answer)
        ):
            answer = _constant(answer)
        feedback = evaluate(
            self.check_function,
            answer,
            self.kind in ("function", "bug", "test", "experiment"),
            checker,
        )
        return feedback, checker

    def hint(self, number: int = 1) -> None:
        """Show one hint; the last is nearly the answer. Raises ValueError for a number that there is not."""
        if not isinstance(number, int) or not 1 <= number <= len(self.hints):
            raise ValueError(
                say(
                    "exercise {id} has hints 1 to {count}, not {number!r}",
                    id=self.id,
                    count=len(self.hints),
                    number=number,
                )
            )
        show.show(
            say(
                "Hint {number} of {count}: {hint}",
                number=number,
                count=len(self.hints),
                hint=say(self.hints[number - 1]),
            )
        )

    def solution(self) -> None:
        """Show the explanation and the code of the solution, or the text that answers a rubric."""
        if self.kind == "rubric":
            answer = show.quoted_answer(self)
        else:
            answer = f"```python\n{textwrap.dedent(inspect.getsource(self.solution_function)).strip()}\n```"
        show.show(f"{say(self.explanation)}\n\n{answer}")

    def cells(self) -> tuple[str, str, str]:
        """The page's three cells: statement (Markdown), stub (code), hints and solution (Markdown)."""
        return (
            show.statement_cell(self),
            show.stub_cell(self),
            show.solution_cell(self),
        )

    def _repr_markdown_(self) -> str:
        return show.readable(
            f"**Exercise {self.id} {self.difficulty}** *{self.title}*\n\n{self.full_statement}"
        )

    def __repr__(self) -> str:
        heading = f"Exercise {self.id} {self.difficulty} {self.title}"
        return (
            f"{heading}\n\n{show.wrapped(show.readable(self.full_statement))}"
        )


def register(ex: Exercise) -> Exercise:
    """Add an exercise to the book's; raises ValueError where its id is taken or its module is another chapter's."""
    module = ex.solution_function.__module__
    if f"chapter{ex.chapter:02d}" not in module.split("."):
        raise ValueError(
            f"exercise {ex.id} belongs into chapter{ex.chapter:02d}, not into {module}"
        )
    known = REGISTRY.get(ex.id)
    if known and _place(known) != _place(ex):
        raise ValueError(
            f"exercise {ex.id} is declared twice: {known.title!r} and {ex.title!r}"
        )
    REGISTRY[ex.id] = ex
    return ex


def _place(ex: Exercise) -> tuple[str, int]:
    """Where it is declared: a module that is loaded again declares the same exercises."""
    function = ex.solution_function
    return function.__module__, function.__code__.co_firstlineno


def _plain(text: str) -> str:
    return textwrap.dedent(text).strip()


def _constant(value: Any) -> Callable[[], Any]:
    def found() -> Any:
        return value

    return found
