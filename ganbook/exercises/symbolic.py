"""Comparing an expression with its definition at points, whatever form it is written in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ganbook.exercises.compare import brief


def expression_difference(
    got: Any, want: Any, points: Sequence[Mapping[str, float]], rtol: float
) -> str | None:
    """None where ``got`` equals ``want`` at every point; otherwise a sentence that says where they differ.

    ``got`` is a sympy expression, a number, or text that sympy reads; ``want`` may also be a function of the symbols.
    Symbols are matched by name, so assumptions (positive, real) make no difference.
    """
    import sympy

    try:
        expression = _parsed(got, set(points[0]))
    except Exception as error:
        return f"This is not an expression that sympy can read ({type(error).__name__}): {brief(got)}."
    if not isinstance(expression, sympy.Expr):
        return (
            f"The wrong type: an expression was expected, not {brief(got)}."
        )
    unknown = sorted(
        str(symbol)
        for symbol in expression.free_symbols
        if str(symbol) not in points[0]
    )
    if unknown:
        return f"The symbol {', '.join(unknown)} should not occur; use {', '.join(points[0])}."
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
            return f"The expression has no finite value (NaN) at {where}."
        if abs(value - target) > rtol * max(1.0, abs(target)) * 10:
            shown = (
                brief(value.real) if abs(value.imag) < 1e-12 else brief(value)
            )
            return (
                f"At {where}, {brief(target.real)} was expected, not {shown}."
            )
    return None


def _parsed(value: Any, names: set[str]) -> Any:
    import sympy

    if isinstance(value, str):
        return sympy.sympify(
            value.replace("^", "**"),
            locals={name: sympy.Symbol(name) for name in names},
        )
    return sympy.sympify(value)


def _number(expression: Any, point: Mapping[str, float]) -> complex | None:
    by_name = {
        symbol: point[str(symbol)] for symbol in expression.free_symbols
    }
    try:
        return complex(expression.subs(by_name).evalf(20))
    except TypeError:
        return None
