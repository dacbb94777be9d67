"""The tests' own rules: a folder for each part of the package, and nothing shared but by a fixture
or tests/support.
"""

import ast
import functools
import importlib

import pytest

from support.paths import ROOT

TESTS = ROOT / "tests"
OTHER = {
    "benchmarks",
    "book",
    "claims",
    "notebooks",
    "project",
    "support",
}  # no part of the package
FILES = sorted(TESTS.rglob("*.py"))


def called(node):
    """What an expression names, as it is written: ``sys.path`` of ``sys.path.insert``."""
    return ast.unparse(node) if isinstance(node, ast.Attribute | ast.Name) else ""


def edits(node):
    """Whether a statement or a call changes where Python looks for modules."""
    if isinstance(node, ast.Call):
        name = called(node.func)
        return name.startswith(("sys.path.", "site.addsitedir")) or name.endswith("syspath_prepend")
    targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
    return isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign) and any(
        called(getattr(target, "value", target) if isinstance(target, ast.Subscript) else target)
        == "sys.path"
        for target in targets
    )


def complaints(source, names):
    """What a test file does that hides where its parts come from; ``names`` are the test modules.

    A script in a string, for a process of its own, is read as well."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module or "", *(alias.name for alias in node.names)]
            found += ["a relative import"] * (node.level > 0)
        else:
            modules = []
        parts = {part for module in modules for part in module.split(".")}
        found += [f"imports {name}" for name in sorted(parts & names)]
        found += ["edits sys.path"] * edits(node)
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and "import" in text:
            try:
                found += complaints(text, names)
            except SyntaxError:
                continue  # words, and no script
    return found


NAMES = {path.stem for path in FILES if path.name.startswith("test_")} | {"conftest"}


PLANTED = TESTS / "project" / "test_tests.py"  # this file, whose planted faults are strings


@pytest.mark.parametrize(
    "path", [p for p in FILES if p != PLANTED], ids=lambda path: str(path.relative_to(TESTS))
)
def test_nothing_is_shared_but_by_fixtures_and_support(path):
    assert complaints(path.read_text(encoding="utf-8"), NAMES) == []


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("import test_book", "imports test_book"),
        ("from test_book import Visitor", "imports test_book"),
        ("from tests.book import test_book as b", "imports test_book"),
        ("from tests.book.test_book import Visitor", "imports test_book"),
        ("def f():\n    from conftest import mnist_test", "imports conftest"),
        ("from .test_book import Visitor", "a relative import"),
        ("import sys\nsys.path.insert(0, 'scripts')", "edits sys.path"),
        ("import sys\nsys.path += ['scripts']", "edits sys.path"),
        ("import sys\nsys.path[:0] = ['scripts']", "edits sys.path"),
        ("import sys\nsys.path = ['scripts']", "edits sys.path"),
        ("def test_a(monkeypatch):\n    monkeypatch.syspath_prepend('a')", "edits sys.path"),
        ("S = 'import sys; sys.path.append(1)'", "edits sys.path"),
        ("S = '''\nfrom test_book import PAGES\n'''", "imports test_book"),
    ],
)
def test_a_planted_fault_is_caught(source, complaint):
    assert complaint in complaints(source, {"test_book", "conftest"})


def test_what_is_allowed_is_left_alone():
    source = (
        "import sys\nfrom support.pages import Visitor\nimport build_book\nhere = sys.path[0]\n"
        "S = 'from support.runs import Run; print(Run())'\nwords = 'import test_book, or not'\n"
    )
    assert complaints(source, {"test_book"}) == []


def test_folders_mirror_the_package():
    """Each test lies in a folder that is named after what it tests."""
    parts = {path.stem for path in (ROOT / "ganbook").iterdir() if path.stem[0] not in "_."}
    folders = {path.relative_to(TESTS).parts[0] for path in FILES if path.parent != TESTS}
    assert folders - parts - OTHER == set()
    assert [path.name for path in TESTS.glob("*.py")] == ["conftest.py"]
    assert list((TESTS / "support").rglob("test_*.py")) == []


@functools.cache
def used():
    """Names that the code of some test uses; an import alone is no use."""
    found = set()
    for path in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Name):
                found.add(node.id)
            elif isinstance(node, ast.Attribute):
                found.add(node.attr)
    return found


@pytest.mark.parametrize(
    "module",
    ["losses", "penalties", "schedules", "metrics", "training", "games", "dynamics", "networks"],
)
def test_each_public_name_has_a_source_and_a_test(module):
    """A loss, a penalty, a play, a metric or a network without its test fails here.

    Constants and types that only say what is passed stand for themselves.
    """
    home = importlib.import_module(f"ganbook.{module}")
    for name in (name for name in home.__all__ if name[0].islower()):
        assert getattr(home, name).__doc__, name
        assert name in used(), (
            f"no test calls ganbook.{module}.{name}: write one in tests/{module}/"
        )
