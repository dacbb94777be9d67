"""Comparing an expression with its definition at points, whatever form it is written in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ganbook.exercises.engine.compare import brief
from ganbook.exercises.engine.words import say


def expression_difference(
    got: Any, want: Any, points: Sequence[Mapping[str, float]], rtol: float
) -> str | None:
    """None where ``got`` equals ``want`` at every point; otherwise a sentence that says where they differ.

    ``got`` is a sympy expression, a number, or text that sympy reads; ``want`` may also be a function of the symbols.
    Symbols are matched by name, so assumptions (positive, real) make no difference.
    """
    import sympy
    from sympy.core.function import AppliedUndef

    try:
        expression = _parsed(got, set(points[0]))
    except Exception as error:
        hint = _slip(got)
        if hint:
            return hint
        return say(
            "This is not an expression that sympy can read ({kind}): {got}.",
            kind=type(error).__name__,
            got=brief(got),
        )
    if not isinstance(expression, sympy.Expr):
        return say(
            "The wrong type: an expression was expected, not {got}.",
            got=brief(got),
        )
    strangers = sorted(
        str(call.func) for call in expression.atoms(AppliedUndef)
    )
    if strangers:
        return say(
            "There is no function {name!r} here; known are {known} and those of sympy. A product needs a `*`.",
            name=strangers[0],
            known=", ".join(sorted(_functions())),
        )
    unknown = sorted(
        str(symbol)
        for symbol in expression.free_symbols
        if str(symbol) not in points[0]
    )
    if unknown:
        return say(
            "The symbol {unknown} should not occur; use {known}.",
            unknown=", ".join(unknown),
            known=", ".join(points[0]),
        )
    for point in points:
        value = _number(expression, point)
        target = (
            want(**point)
            if callable(want)
            else _number(_parsed(want, set(point)), point)
        )
        target = complex(target)
        where = ", ".join(
            f"{name} = {number:.4g}" for name, number in point.items()
        )
        if value is None or value != value:
            return say(
                "The expression has no finite value (NaN) at {where}.",
                where=where,
            )
        if abs(value - target) > rtol * max(1.0, abs(target)) * 10:
            shown = (
                brief(value.real) if abs(value.imag) < 1e-12 else brief(value)
            )
            return say(
                "At {where}, {want} was expected, not {got}.",
                where=where,
                want=brief(target.real),
                got=shown,
            )
    return None


def _functions() -> dict[str, Any]:
    """The chapters' own functions, which sympy lacks or calls otherwise."""
    import sympy

    def sigmoid(t: Any) -> Any:
        return 1 / (1 + sympy.exp(-t))

    def softplus(t: Any) -> Any:
        return sympy.log(1 + sympy.exp(t))

    return {
        "sigma": sigmoid,
        "sigmoid": sigmoid,
        "softplus": softplus,
        "logsigmoid": lambda t: -softplus(-t),
        "logit": lambda t: sympy.log(t / (1 - t)),
        "log1p": lambda t: sympy.log(1 + t),
        "expm1": lambda t: sympy.exp(t) - 1,
        "log2": lambda t: sympy.log(t) / sympy.log(2),
        "log10": lambda t: sympy.log(t) / sympy.log(10),
        "square": lambda t: t**2,
        "abs": sympy.Abs,
    }


def _slip(value: Any) -> str | None:
    """A sentence about the usual slips of notation in a text that sympy cannot read."""
    if not isinstance(value, str):
        return None
    if "=" in value:
        return say(
            "Give the right side alone, without `{left} =`.",
            left=value.partition("=")[0].strip(),
        )
    if re.search(r"[\w)]\s+[\w(]|\d[A-Za-z_(]|\)\(|\)\w|\b[A-Za-z]\(", value):
        return say(
            "A product needs a `*` between its factors: write `2*s`, not `2 s` or `2s`. Given: {given}.",
            given=brief(value),
        )
    return None


def _parsed(value: Any, names: set[str]) -> Any:
    import sympy

    if isinstance(value, str):
        text = re.sub(
            r"\b(?:np|numpy|math|torch|sympy)\.", "", value.replace("^", "**")
        )
        known: dict[str, Any] = _functions()
        called = set(re.findall(r"([A-Za-z_]\w*)\s*\(", text))
        for name in called - set(known) - names:
            if not callable(getattr(sympy, name, None)):
                known[name] = sympy.Function(name)
        for name in names & called:  # `w(1 - w)` calls a symbol
            raise ValueError(
                say("{name} is a symbol; a product needs a `*`", name=name)
            )
        known |= {name: sympy.Symbol(name) for name in names}
        return sympy.sympify(text, locals=known)
    expression = sympy.sympify(value)
    for name, function in _functions().items():
        expression = expression.replace(sympy.Function(name), function)
    return expression


def _number(expression: Any, point: Mapping[str, float]) -> complex | None:
    by_name = {
        symbol: point[str(symbol)] for symbol in expression.free_symbols
    }
    try:
        return complex(expression.subs(by_name).evalf(20))
    except TypeError:
        return None
