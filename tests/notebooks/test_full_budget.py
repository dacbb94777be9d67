"""`make notebooks-full`: a copy runs under the full budget, and each cell is reported."""

import json

import full_budget
import nbformat
import pytest


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A chapter of four cells, the third of which fails: its report, the lines, and the folder."""
    folder = tmp_path_factory.mktemp("full")
    sources = [
        "from ganbook import budget\nassert budget.name() == 'full'\nassert True",
        "print(budget.choose(1, 2), budget.device().type in ('cpu', 'cuda'))",
        "x = 1\nassert x == 2, 'one is two'",
        "assert x == 1",
    ]
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    cells.insert(1, nbformat.v4.new_markdown_cell("words"))
    path = folder / "21_a_chapter.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    lines, before = [], path.read_bytes()
    report = full_budget.run(path, folder / "out", lines.append)
    assert path.read_bytes() == before, "the chapter itself stays as it is"
    return report, lines, folder / "out"


def test_each_cell_is_reported_and_a_failure_stops_nothing(ran):
    report, lines, _ = ran
    assert [row["asserts"] for row in report["cells"]] == [2, 0, 1, 1]
    assert report["failed"] == [3] and report["assertions"] == 3
    assert [row["error"] for row in report["cells"]][2].startswith("AssertionError: one is two at")
    assert len(lines) == 5 and "FAILED" in lines[3] and "1 assertions hold" in lines[4]


def test_copy_and_report_are_written(ran):
    report, _, folder = ran
    assert json.loads((folder / "21_a_chapter.json").read_text()) == report
    copy = nbformat.read(folder / "21_a_chapter.ipynb", as_version=4)
    assert copy.cells[2].outputs[0].text == "2 True\n"


def test_the_command_fails_with_a_failed_cell(monkeypatch, tmp_path, capsys):
    report = {"chapter": "a", "seconds": 1.0, "book_seconds": 3, "assertions": 5, "failed": []}
    monkeypatch.setattr(full_budget.notebooks, "chapters", lambda wanted: [tmp_path / "a.ipynb"])
    monkeypatch.setattr(full_budget, "run", lambda *_: report)
    assert full_budget.main(["02"]) == 0
    monkeypatch.setattr(full_budget, "run", lambda *_: report | {"failed": [4]})
    assert full_budget.main(["02"]) == 1
    assert "a: 1 s (3 s), 5, [4]" in capsys.readouterr().out
