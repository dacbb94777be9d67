"""The rooms of the package: who may import whom, read from the folders as they are.

A unit is a file or a folder directly below ganbook/. A unit that nobody has named here counts as
mathematics, which is held to the strictest rule: a new file is judged on the day it comes, and one
that needs more says so in `TRAINING` or `OUTSIDE`."""

import ast
import sys
from pathlib import Path

import pytest

from support.paths import ROOT

PACKAGE = ROOT / "ganbook"
# What plays the games, and the networks and functions that are played with.
TRAINING = {
    "checkpoints",
    "distributed",
    "fast",
    "features",
    "games",
    "losses",
    "networks",
    "penalties",
    "schedules",
    "training",
    "tricks",
}
# What stands outside of both: the book's runs, its command line, its exercises.
OUTSIDE = {"__main__", "cli", "exercises", "options", "quick", "recipes"}
LINES, EXERCISE_LINES = 300, 440
PICTURES = {"__future__", "collections", "dataclasses", "functools", "itertools", "math", "typing"}
PICTURES |= {"matplotlib", "numpy"}
# One file writes SVG and hands it to a notebook's kernel.
WRITER = {"PIL", "IPython", "base64", "contextlib", "io", "matplotlib_inline", "re", "sys"}


def files():
    return sorted(p for p in PACKAGE.rglob("*.py"))


def unit(path, package=PACKAGE):
    return path.relative_to(package).parts[0].removesuffix(".py")


def units():
    return {unit(p) for p in files()} - {"__init__"}


def modules(node):
    """The modules that one statement imports, with full names; a name may be a module as well."""
    if isinstance(node, ast.Import):
        return {a.name for a in node.names}
    if isinstance(node, ast.ImportFrom):
        assert not node.level, "the package's imports are absolute"
        return {node.module} | {f"{node.module}.{a.name}" for a in node.names}
    return set()


def imports(path):
    """Every module that a file imports, wherever in it."""
    return set().union(*map(modules, ast.walk(ast.parse(path.read_text()))))


def uses(path):
    """The other units of the package that a file imports."""
    found = {m.split(".")[1] for m in imports(path) if m.startswith("ganbook.")}
    return (found & (units() | TRAINING | OUTSIDE)) - {unit(path)} - {"__version__"}


def broken(here, used):
    """The rules that a file of unit ``here`` breaks if it uses the units ``used``."""
    rules = {
        "nothing imports the exercises": here not in ("exercises", "cli") and "exercises" in used,
        "mathematics imports nothing from training": (
            here not in TRAINING | OUTSIDE and bool(used & (TRAINING | OUTSIDE))
        ),
        "training does not know who uses it": here in TRAINING and bool(used & OUTSIDE),
        "losses do not know networks": here in ("losses", "penalties") and "networks" in used,
        "networks do not know losses": (
            here == "networks" and bool(used & {"losses", "penalties", "training"})
        ),
        "what the book shows does not know how many processes run it": (
            here not in ("quick", "cli") and "distributed" in used
        ),
        "features are not scores": here == "features" and "metrics" in used,
        "pictures compute nothing, so they need nothing": here == "plots" and bool(used),
    }
    return [rule for rule, is_broken in rules.items() if is_broken]


@pytest.mark.parametrize("path", files(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_who_may_import_whom(path):
    assert not broken(unit(path), uses(path))


@pytest.mark.parametrize(
    ("here", "used", "rule"),
    [
        ("divergences", "training", "mathematics imports"),
        ("a_new_file", "losses", "mathematics imports"),
        ("metrics", "features", "mathematics imports"),
        ("training", "recipes", "training does not know"),
        ("losses", "networks", "losses do not"),
        ("penalties", "networks", "losses do not"),
        ("networks", "losses", "networks do not"),
        ("training", "distributed", "how many processes"),
        ("plots", "divergences", "compute nothing"),
        ("recipes", "exercises", "nothing imports"),
    ],
)
def test_each_rule_has_teeth(here, used, rule):
    assert any(rule in r for r in broken(here, {used}))


def test_imports_are_found_wherever_they_stand(tmp_path):
    path = tmp_path / "bad.py"
    path.write_text(
        "from ganbook import exercises\nimport ganbook.losses\n"
        "def f():\n    from ganbook.training import fit\n"
    )
    assert {"ganbook.exercises", "ganbook.losses", "ganbook.training"} <= imports(path)


def test_what_is_named_here_exists():
    assert units() >= TRAINING | OUTSIDE


def test_pictures_use_matplotlib_and_numpy_alone():
    for path in (PACKAGE / "plots").rglob("*.py"):
        other = {m.split(".")[0] for m in imports(path)} - PICTURES - {"ganbook"}
        other -= WRITER if path.name == "vector.py" else set()
        assert not other, f"{path.name} imports {', '.join(other)}: compute before you draw"


def circle(graph):
    """One circle of a graph {node: successors} as a list of its nodes, or none."""
    done, way = set(), []

    def walk(node):
        if node in way:
            return [*way[way.index(node) :], node]
        if node in done:
            return []
        way.append(node)
        for successor in sorted(graph.get(node, ())):
            if found := walk(successor):
                return found
        done.add(way.pop())
        return []

    return next((found for node in sorted(graph) if (found := walk(node))), [])


def test_no_circle_among_units():
    graph = {}
    for path in files():
        graph.setdefault(unit(path), set()).update(uses(path))
    assert not circle(graph)


def test_no_circle_among_modules():
    """What a module imports as it is loaded; a package's own __init__ only gathers its modules."""
    names = {
        ".".join(("ganbook", *p.relative_to(PACKAGE).with_suffix("").parts)): p for p in files()
    }
    graph = {
        name: set().union(*map(modules, ast.parse(path.read_text()).body)) & set(names) - {name}
        for name, path in names.items()
        if path.name != "__init__.py"
    }
    assert not circle(graph)


def test_circles_are_found():
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_no_module_is_long():
    """The exercises of a chapter are a table of statements, answers and mistakes."""
    long = {
        str(p.relative_to(PACKAGE)): n
        for p in files()
        if (n := len(p.read_text().splitlines()))
        > (EXERCISE_LINES if unit(p) == "exercises" else LINES)
    }
    assert not long, f"over {LINES} lines ({EXERCISE_LINES} for exercises): one idea a module"


def test_a_packages_names_are_those_it_lists():
    """What a folder's __init__ gathers can be imported from it, and is listed."""
    for folder in ("metrics", "features", "networks"):
        module = __import__(f"ganbook.{folder}", fromlist=["__all__"])
        assert sorted(module.__all__) == sorted(set(module.__all__))
        for name in module.__all__:
            assert hasattr(module, name), f"ganbook.{folder}.{name}"
        source = sys.modules[module.__name__].__file__
        assert {
            a.asname or a.name
            for node in ast.parse(Path(source).read_text()).body
            if isinstance(node, ast.ImportFrom)
            for a in node.names
        } == set(module.__all__)
