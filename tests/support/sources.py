"""What sources say about devices and budgets, read without running them."""

from __future__ import annotations

import ast
import re

DRAWS = {"randn", "rand", "randperm", "randint", "normal", "rand_like", "randn_like"}
IN_PLACE = {"normal_", "uniform_", "random_", "bernoulli_", "exponential_"}
SAID = re.compile(r"^\s*# .*\b(?:both budgets|either budget)\b", re.M)
LOOPS = (ast.For, ast.While)
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def parsed(source: str) -> ast.Module:
    """A cell's tree, without the lines that only IPython knows."""
    lines = [line for line in source.splitlines() if not line.lstrip().startswith(("%", "!"))]
    return ast.parse("\n".join(lines))


def split_draws(source: str) -> list[str]:
    """Draws that name a generator and a device: CUDA refuses a CPU generator there, and the `meta`
    device accepts it. Likewise draws from a generator into a tensor that may lie on a device.
    """
    found = []
    for node in ast.walk(parsed(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        given = {k.arg for k in node.keywords if not _is_none(k.value)}
        onto = {"generator", "device"} <= given if name in DRAWS else False
        if name in IN_PLACE and "generator" in given:
            onto = not _on_cpu(node.func.value)
        if onto:
            found.append(f"line {node.lineno}: {ast.unparse(node)}")
    return found


def trains_without_budget(cells: list[str]) -> list[int]:
    """Numbers (from 1) of the code cells that train and ask no budget.

    A cell trains if it runs a loop with ``backward`` and ``step``, calls ganbook's ``fit``, or
    calls a function of the notebook that does. It asks if it loads ``budget``, a value or function
    that a cell before made with ``budget``, or says in a comment what is the same under both
    budgets.
    """
    trainers, asked, found = set(), {"budget"}, []
    for number, source in enumerate(cells, 1):
        tree = parsed(source)
        asks, trains = bool(SAID.search(source)), False
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module in FITS:
                trainers |= {a.asname or a.name for a in node.names if a.name in FITS[node.module]}
        for statement in tree.body:
            loads = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name)}
            said = bool(loads & asked)
            makes = _makes_steps(statement, trainers)
            if isinstance(statement, DEFINITIONS):
                trainers |= {statement.name} if makes else set()
            else:
                trains |= makes
                asks |= said
            if said:
                asked |= _bound(statement)
        if trains and not asks:
            found.append(number)
    return found


FITS = {"ganbook.training": {"fit"}, "ganbook": set(), "ganbook.autoregressive": {"fit"}}


def _makes_steps(statement: ast.stmt, trainers: set[str]) -> bool:
    for node in ast.walk(statement):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in trainers:
                return True
            if ast.unparse(node.func) == "autoregressive.fit":
                return True
        if isinstance(node, LOOPS) and {"backward", "step"} <= _methods(node):
            return True
    return False


def _methods(node: ast.AST) -> set[str]:
    calls = (n.func for n in ast.walk(node) if isinstance(n, ast.Call))
    return {f.attr for f in calls if isinstance(f, ast.Attribute)}


def _bound(statement: ast.stmt) -> set[str]:
    names = {
        n.id
        for n in ast.walk(statement)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    return names | ({statement.name} if hasattr(statement, "name") else set())


def _on_cpu(made: ast.expr) -> bool:
    """Whether a tensor is made by torch on the spot, without a device."""
    return (
        isinstance(made, ast.Call)
        and ast.unparse(made.func).startswith("torch.")
        and not made.func.attr.endswith("_like")
        and "device" not in {k.arg for k in made.keywords}
    )


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


READS = {"item", "tolist", "numpy"}
CASTS = {"float", "int", "bool"}
NOISE = {"randn", "rand", "normal"}


def off_the_device(source: str) -> list[str]:
    """What a cell's training loop would wait for on a GPU, or would leave on the CPU.

    A loop with ``backward`` and ``step`` reads no value outside an ``if``; where it or its function
    moves players, noise that is drawn there is sent after them in the same expression. A cell that
    is the same under both budgets stays on the CPU, and may do either.
    """
    if SAID.search(source):
        return []
    tree, found = parsed(source), []
    plain = [s for s in tree.body if not isinstance(s, DEFINITIONS)]
    scopes = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
    for scope in [*scopes, ast.Module(plain, [])]:
        loops = [n for n in ast.walk(scope) if isinstance(n, LOOPS)]
        loops = [loop for loop in loops if {"backward", "step"} <= _methods(loop)]
        found += [f"reads {ast.unparse(call)}" for loop in loops for call in _reads(loop)]
        if loops and "device" in ast.unparse(scope):
            found += [f"leaves {ast.unparse(call)}" for call in _left(scope)]
    return list(dict.fromkeys(found))


def _reads(node: ast.AST) -> list[ast.Call]:
    """Calls below a node, outside every ``if``, that need the value of a tensor."""
    found = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If):
            continue
        if isinstance(child, ast.Call):
            method = isinstance(child.func, ast.Attribute) and child.func.attr in READS
            if method or getattr(child.func, "id", "") in CASTS:
                found.append(child)
        found += _reads(child)
    return found


def _left(node: ast.AST, sent: bool = False) -> list[ast.Call]:
    """Draws of noise below a node that name no device and stand in no ``(...).to(...)``."""
    found = []
    for child in ast.iter_child_nodes(node):
        moved = sent and not isinstance(child, ast.stmt)
        if isinstance(child, ast.Call):
            name = getattr(child.func, "attr", getattr(child.func, "id", ""))
            given = {k.arg for k in child.keywords}
            moved |= name in {"to", "cuda"}
            if name in NOISE and not moved and "device" not in given:
                found.append(child)
        found += _left(child, moved)
    return found
