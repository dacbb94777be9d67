"""The order of the files and the table of their times, on a session of their own."""

import re
from types import SimpleNamespace

import pytest

from support import times

pytest_plugins = ["pytester"]


def named(*nodeids):
    return [SimpleNamespace(nodeid=nodeid) for nodeid in nodeids]


def test_the_longest_file_goes_first_and_keeps_its_order():
    items = named("a.py::2", "a.py::1", "tests/book/b.py::1", "c.py::1", "notebooks/d.ipynb::0")
    times.longest_first(items, {"c.py": 300.0, "notebooks/d.ipynb": 20.0})
    assert [item.nodeid for item in items] == [
        "tests/book/b.py::1",
        "c.py::1",
        "notebooks/d.ipynb::0",
        "a.py::2",
        "a.py::1",
    ]


def test_only_one_process_begins_with_pages():
    """The other would wait until the first has built them."""
    files = ["tests/book/a.py", "tests/book/b.py", *(f"{letter}.py" for letter in "cdefg")]
    items = named(*(f"{file}::1" for file in files))
    times.longest_first(items, {"g.py": 20.0})
    order = [times.file_of(item.nodeid) for item in items]
    assert order[:2] == ["tests/book/a.py", "g.py"] and order[5:] == ["tests/book/b.py", "f.py"]


def test_seconds_are_added_by_file_and_a_part_alone_lowers_them_little():
    reports = [
        SimpleNamespace(nodeid=nodeid, duration=seconds)
        for nodeid, seconds in (("a.py::1", 1.0), ("a.py::1", 2.0), ("b.py::1", 5.0))
    ]
    assert times.measured(reports) == {"a.py": 3.0, "b.py": 5.0}
    before = {"a.py": 10.0, "b.py": 1.0, "c.py": 7.0}
    assert times.remembered(before, times.measured(reports)) == {
        "a.py": 8.0,
        "b.py": 5.0,
        "c.py": 7.0,
    }


def test_files_over_the_limit_are_named_and_notebooks_are_not():
    seconds = {"a.py": 61.0, "b.py": 60.0, "c.py": 90.0, "n.ipynb": 80.0}
    assert times.over_the_limit(seconds) == ["c.py", "a.py"]


def test_guesses_are_of_folders_that_exist(request):
    root = request.config.rootpath
    assert [folder for folder in times.GUESSES if not (root / folder).is_dir()] == []


@pytest.mark.parametrize(("quiet", "status"), [("1", 1), ("", 0)])
def test_a_slow_file_fails_on_a_quiet_machine_only(pytester, monkeypatch, request, quiet, status):
    """With the limit lowered: the file is named either way."""
    monkeypatch.setenv("GANBOOK_QUIET", quiet)
    monkeypatch.setattr(times, "LIMIT", 0.05)
    pytester.makeconftest((request.config.rootpath / "conftest.py").read_text())
    pytester.makepyfile(
        test_a="def test(): pass",
        test_b="import time\ndef test(): time.sleep(0.2)",
        test_c="import pytest, time\n@pytest.mark.slow\ndef test(): time.sleep(0.2)",
    )
    first = pytester.runpytest_inprocess("-p", "no:xdist")
    assert first.ret == status
    first.stdout.fnmatch_lines(["*test_b.py took 0 s*"])
    assert not {"test_a.py took", "test_c.py took"} & {*re.findall(r"\S+ took", first.stdout.str())}
    again = pytester.runpytest_inprocess("-p", "no:xdist", "-v")
    assert again.stdout.str().index("test_b.py::test") < again.stdout.str().index("test_a.py::test")
