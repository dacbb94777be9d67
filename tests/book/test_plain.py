"""The notebooks for other rooms: text that any of them renders, the chapter's code, a first cell."""

import ast
import importlib.metadata
import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

import ganbook
from book_ext import plain
from book_ext.plain.blocks import parse
from book_ext.plain.citations import Citations
from book_ext.plain.labels import labels
from book_ext.plain.markdown import Writer
from book_ext.plain.notebook import Places, first_cell, plain_notebook
from support.books import render, tiny_book
from support.paths import NOTEBOOKS

SOURCES = sorted(NOTEBOOKS.glob("*.ipynb"))
WHEEL = f"ganbook-{ganbook.__version__}-py3-none-any.whl"
RAW = re.compile(r":::|^ *`{3,}\{|\{[a-z]+(?:[:-][a-z]+)*\}`|^\([\w:.-]+\)=|\$\$ *\(", re.M)


@pytest.fixture(scope="module")
def known():
    return labels(NOTEBOOKS)


@pytest.fixture(scope="module")
def made(known):
    """Each chapter's notebook and its plain one."""
    return {
        path.stem: (
            json.loads(path.read_text(encoding="utf-8")),
            plain_notebook(path, known, Places(WHEEL)),
        )
        for path in SOURCES
    }


def sources(notebook, kind):
    return ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == kind]


def outside_code(text):
    """Text without code blocks and spans, in which anything may stand."""
    return re.sub(r"^ *```.*?^ *```|`[^`\n]+`", "", text, flags=re.S | re.M)


@pytest.mark.parametrize("chapter", [path.stem for path in SOURCES])
def test_code_is_the_chapter_s_byte_for_byte(made, chapter):
    before, after = made[chapter]
    assert sources(after, "code")[1:] == sources(before, "code")
    assert sources(after, "code")[0].startswith("# Run this cell first")
    count = [
        sum(isinstance(n, ast.Assert) for s in code for n in ast.walk(ast.parse(s)))
        for code in (sources(before, "code"), sources(after, "code"))
    ]
    assert count[0] == count[1]
    ids = [cell["id"] for cell in after["cells"]]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("chapter", [path.stem for path in SOURCES])
def test_text_is_plain(made, chapter):
    for text in sources(made[chapter][1], "markdown"):
        assert not RAW.search(re.sub(r"^ *```(?!\{).*?^ *```", "", text, flags=re.S | re.M)), text


@pytest.mark.parametrize("chapter", [path.stem for path in SOURCES])
def test_hints_and_solutions_are_closed(made, chapter):
    before, after = made[chapter]
    text = "\n".join(sources(after, "markdown"))
    drawers = sum(
        len(re.findall(r"^:{3,}\{(?:dropdown|solution)\}", source, re.M))
        for source in sources(before, "markdown")
    )
    assert text.count("<details>\n<summary>") == text.count("\n</details>") == drawers
    assert "<details open" not in text
    outside = re.sub(r"<details>.*?\n</details>", "", text, flags=re.S)
    assert not re.search(r"\bHint \d|def solution_|Solution of", outside)


@pytest.mark.parametrize("chapter", [path.stem for path in SOURCES])
def test_pictures_travel_inside_the_notebook(made, chapter):
    """A picture beside the notebook stays behind when the notebook is downloaded."""
    kinds = {"png": "image/png", "svg": "image/svg+xml"}
    for cell in made[chapter][1]["cells"]:
        if cell["cell_type"] == "markdown":
            shown = re.findall(r"!\[[^\]]*\]\(([^)]*)\)", outside_code("".join(cell["source"])))
            inside = cell.get("attachments", {})
            assert [f"attachment:{name}" for name in inside] == shown
            for name, content in inside.items():
                assert list(content) == [kinds[name.rpartition(".")[2]]]


def test_what_is_raw_is_seen():
    for raw in (":::{note}", "a {ref}`x`", "{cite:p}`y`", "{prf:ref}`z`", "(ch:01)=", "$$ (eq:1)"):
        assert RAW.search(raw)
    for fine in ("a `{1}` b", "$f(x)$", "{1, 2}", "$$\nx\n$$"):
        assert not RAW.search(fine)


@pytest.fixture
def writer(tmp_path):
    (tmp_path / "ganbook").mkdir()
    (tmp_path / "ganbook" / "code.py").write_text(
        "import os\n\n\n@fast\ndef one():\n    return 1\n\n\nclass Two:\n    def half(self):\n"
        "        return 1\n"
    )
    pictures = tmp_path / "book_ext" / "pictures"
    pictures.mkdir(parents=True)
    (pictures / "ring.png").write_bytes(b"png")
    folder = tmp_path / "notebooks"
    (folder / "diagrams").mkdir(parents=True)
    (folder / "diagrams" / "d.svg").write_text("<svg/>")
    (folder / "references.bib").write_text(
        "@article{one, author={Ada Lovelace}, title={Notes}, journal={J}, year={1843}}\n"
        '@article{two, author={Ada Lovelace and Emmy N{\\"o}ther}, title={T}, journal={J}, '
        "year={1920}}\n"
        "@article{three, author={A. Bee and C. Dee and E. Eff}, title={U}, journal={J}, year=1999}"
    )
    names = {
        "eq:a": "(4.1)",
        "thm:b": "Theorem 4.2",
        "ch:05": "chapter 5",
        "ex-4-1": "Exercise 4.1",
    }
    names |= {"tab": "Table 4.1", "fig": "Figure 4.3"}
    return Writer(folder / "04_x.ipynb", names, Citations(folder))


@pytest.mark.parametrize(
    ("myst", "expected"),
    [
        ("(ch:04)=\n# Title", "# Title"),
        ("{ref}`ch:05` says, as {ref}`ch:05` does", "Chapter 5 says, as chapter 5 does"),
        ("in {ref}`the theory <ch:05>`", "in the theory"),
        ("by {eq}`eq:a` and {prf:ref}`thm:b`", "by (4.1) and Theorem 4.2"),
        ("see {numref}`fig` and {numref}`Fig. %s <fig>`", "see Figure 4.3 and Fig. 4.3"),
        ("a {term}`nat`, {term}`nats <nat>`", "a nat, nats"),
        (
            "{cite:t}`three` and {cite:p}`one,two`",
            "Bee et al. (1999) and (Lovelace, 1843; Lovelace and Nöther, 1920)",
        ),
        ("$$\na\n$$ (eq:a)", "$$\na\n\\tag{4.1}\n$$"),
        (":::{note}\nWell.\n:::", "> **Note**\n>\n> Well."),
        (":::{admonition} Now\n:class: tip\n\nA\n\nB\n:::", "> **Now**\n>\n> A\n>\n> B"),
        (
            ":::{prf:theorem} Big\n:label: thm:b\n\nSo $$\nx\n$$ (eq:a)\nfor $a\nb$.\n:::",
            "> **Theorem 4.2 (Big)**\n>\n> So $$ x \\tag{4.1} $$\n> for $a b$.",
        ),
        (":::{prf:proof}\nDone.\n:::", "> **Proof**\n>\n> Done."),
        (
            ":::{dropdown} Hint 1\nThink.\n:::",
            "<details>\n<summary>Hint 1</summary>\n\nThink.\n\n</details>",
        ),
        (
            "::::{solution} ex-4-1\n:class: dropdown\n\nSo:\n\n"
            ":::{literalinclude} ../ganbook/code.py\n:pyobject: one\n:::\n::::",
            "<details>\n<summary>Solution of Exercise 4.1</summary>\n\nSo:\n\n"
            "```python\n@fast\ndef one():\n    return 1\n```\n\n</details>",
        ),
        (
            "```{literalinclude} ../ganbook/code.py\n:pyobject: Two.half\n```",
            "```python\ndef half(self):\n    return 1\n```",
        ),
        (
            "```{literalinclude} ../ganbook/code.py\n:lines: 1,5-6\n```",
            "```python\nimport os\ndef one():\n    return 1\n```",
        ),
        ("```python\n:::{note}\n{ref}`ch:05`\n```", "```python\n:::{note}\n{ref}`ch:05`\n```"),
        (
            ":::{list-table} Both\n:header-rows: 1\n:name: tab\n\n* - a\n  - b\n* - 1\n  - 2\n"
            "    more\n:::",
            "| a | b |\n|---|---|\n| 1 | 2 more |\n\n*Table 4.1. Both*",
        ),
        ("See ![a (b) c](diagrams/d.svg).", "See ![a (b) c](attachment:d.svg)."),
        ("![x](https://a.org/b.png)", "![x](https://a.org/b.png)"),
        (
            ":::{play} ring\n:alt: A ring.\n\nMove it.\n:::",
            "![A ring.](attachment:ring.png)\n\n*On this chapter's page you can move what this "
            "picture shows.*\n\nMove it.",
        ),
    ],
)
def test_each_form_becomes_plain(writer, myst, expected):
    assert writer.text(myst) == expected


@pytest.mark.parametrize(
    ("myst", "message"),
    [
        (":::{marginalia}\nx\n:::", "no plain form of the directive 'marginalia'"),
        (":::{prf:riddle}\nx\n:::", "no plain form of the directive 'prf:riddle'"),
        ("{download}`x`", "no plain form of the role 'download'"),
        ("{ref}`ch:99`", "refers to 'ch:99', which no page has"),
        ("{cite:p}`nobody`", "no bibliography has the work 'nobody'"),
        (":::{note}\nx", "does not end"),
        (":::{literalinclude} ../ganbook/code.py\n:pyobject: three\n:::", "has no three"),
        (":::{literalinclude} ../ganbook/code.py\n:emphasize: 3\n:::", "emphasize"),
        ("![x](diagrams/nothing.svg)", "nothing.svg, which is not there"),
        (":::{play} nothing\n:alt: x\n:::", "nothing.png, which is not there"),
    ],
)
def test_what_has_no_plain_form_is_named(writer, myst, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        writer.text(myst)


def test_works_are_listed_once_by_author(writer):
    writer.text("{cite:t}`three`, {cite:p}`one`, {cite:t}`one`")
    lines = writer.citations.listed().splitlines()
    assert [line.split()[2] for line in lines] == ["Bee,", "Lovelace."]
    assert all(line.startswith("- ") for line in lines)


def test_nested_blocks_end_where_they_should():
    outer = parse("::::{a} x\n:k: v\n:::{b}\ny\n:::\n::::\nz")
    assert (outer[0].name, outer[0].options, outer[0].lines) == (
        "a",
        {"k": "v"},
        [":::{b}", "y", ":::"],
    )
    assert outer[1] == "z"


def test_numbers_are_those_of_the_pages(known, tmp_path):
    """Within a chapter, in order: each kind of statement and the labelled equations."""
    assert known["ch:05"] == "chapter 5"
    text = "\n".join(sources(json.loads(SOURCES[3].read_text()), "markdown"))
    statements = re.findall(r"\{prf:(theorem|lemma|proposition)\}[^\n]*\n:label: (\S+)", text)
    counts = {}
    for kind, label in statements:
        counts[kind] = counts.get(kind, 0) + 1
        assert known[label] == f"{kind.title()} 4.{counts[kind]}"
    equations = re.findall(r"\$\$ \((eq:04[\w-]*)\)", text)
    assert [known[label] for label in equations] == [f"(4.{i + 1})" for i in range(len(equations))]


# The first cell


class Room:
    """A runtime: what is installed, and what pip was asked."""

    def __init__(self, monkeypatch, folder, installed, code=0):
        self.installed, self.code, self.constraints, self.command = installed, code, None, None
        monkeypatch.chdir(folder)
        monkeypatch.setattr(importlib.metadata, "version", self.version)
        monkeypatch.setattr(subprocess, "run", self.pip)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: self.gpu)
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "A Fast One")
        monkeypatch.setenv("GANBOOK_BUDGET", "book")
        self.gpu = False

    def version(self, name):
        if name not in self.installed:
            raise importlib.metadata.PackageNotFoundError(name)
        return self.installed[name]

    def pip(self, command, **_):
        self.command = command
        self.constraints = Path(command[command.index("-c") + 1]).read_text().split()
        return SimpleNamespace(returncode=self.code, stderr="no such thing")

    def run(self, places, code="x = 1", change=lambda text: text):
        exec(change(first_cell(code, places)), {"__name__": "__main__"})


HOSTED = {"torch": "2.11.0+cu128", "torchvision": "0.26.0+cu128", "numpy": "2.3.1"}


def test_torch_and_numpy_are_held_where_they_are(monkeypatch, tmp_path, capsys):
    (tmp_path / WHEEL).touch()
    room = Room(monkeypatch, tmp_path, HOSTED)
    room.run(Places(WHEEL))
    assert room.constraints == ["torch==2.11.0+cu128", "torchvision==0.26.0+cu128", "numpy==2.3.1"]
    assert room.command[:4] == [sys.executable, "-m", "pip", "install"]
    assert room.command[-1] == WHEEL and "--upgrade" not in room.command
    assert "switch a GPU on" in capsys.readouterr().out


def test_nothing_is_held_that_is_not_there_and_nothing_installed_twice(monkeypatch, tmp_path):
    (tmp_path / WHEEL).touch()
    room = Room(monkeypatch, tmp_path, {})
    room.run(Places(WHEEL))
    assert room.constraints == []
    room = Room(monkeypatch, tmp_path, {"ganbook": ganbook.__version__})
    room.run(Places(WHEEL))
    assert room.command is None


def test_the_wheel_comes_from_beside_the_notebook_or_from_its_address(monkeypatch, tmp_path):
    room = Room(monkeypatch, tmp_path, HOSTED)
    with pytest.raises(SystemExit, match=f"Put the file {WHEEL} beside this notebook"):
        room.run(Places(WHEEL))
    assert room.command is None
    room.run(Places(WHEEL, f"https://example.org/{WHEEL}"))
    assert room.command[-1] == f"https://example.org/{WHEEL}"


def test_what_pip_says_is_shown(monkeypatch, tmp_path):
    (tmp_path / WHEEL).touch()
    with pytest.raises(SystemExit, match="no such thing"):
        Room(monkeypatch, tmp_path, HOSTED, code=1).run(Places(WHEEL))


def test_the_device_is_said_under_each_budget(monkeypatch, tmp_path, capsys):
    room = Room(monkeypatch, tmp_path, {"ganbook": ganbook.__version__})
    room.gpu = True
    room.run(Places(WHEEL))
    assert "Device: the CPU. A Fast One is here, too" in capsys.readouterr().out
    room.run(Places(WHEEL), change=lambda text: text.replace('BUDGET = "book"', 'BUDGET = "full"'))
    assert capsys.readouterr().out == "Device: A Fast One\n"


def test_data_that_the_chapter_loads_are_fetched(monkeypatch, tmp_path, capsys):
    assert "DATA = []" in first_cell("x = 1", Places(WHEEL))
    assert 'DATA = ["mnist"]' in first_cell('data.mnist("train")', Places(WHEEL))
    assert 'DATA = ["fashion_mnist"]' in first_cell("data.fashion_mnist()", Places(WHEEL))
    from ganbook import data

    monkeypatch.setattr(data, "mnist", lambda split: [split] * 3)
    Room(monkeypatch, tmp_path, {"ganbook": ganbook.__version__}).run(
        Places(WHEEL), "data.mnist('test')"
    )
    assert "mnist, train: 3 pictures\nmnist, test: 3 pictures" in capsys.readouterr().out


# The page


def test_buttons_give_the_plain_notebook_and_open_it_elsewhere(monkeypatch, tmp_path):
    source = tiny_book(tmp_path, "# Title\n")
    (source / "notebooks" / "index.md").unlink()
    cells = [
        {
            "cell_type": "markdown",
            "id": "a",
            "metadata": {},
            "source": "# Title\n\n:::{note}\nA\n:::",
        },
        {
            "cell_type": "code",
            "id": "b",
            "metadata": {},
            "source": "assert 1",
            "outputs": [],
            "execution_count": 1,
        },
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (source / "notebooks" / "index.ipynb").write_text(json.dumps(notebook))
    monkeypatch.setenv("GANBOOK_REPOSITORY", "git@github.com:someone/book.git")
    assert render(source) == 0
    site = tmp_path / "out" / "_build" / "html"
    page = (site / "notebooks" / "index.html").read_text()
    download = re.search(r'<a href="([^"]+)"[^>]*\n*[^>]*download-source-button', page)[1]
    found = json.loads((site / "notebooks" / download).read_text())
    assert "> **Note**\n>\n> A" in sources(found, "markdown")[1]
    first = sources(found, "code")[0]
    address = "https://raw.githubusercontent.com/someone/book/gh-pages/ganbook-0-py3-none-any.whl"
    assert f'ADDRESS = "{address}"' in first
    for _, _, link in plain.launch_links("https://github.com/someone/book", "notebooks/index"):
        assert link.replace("&", "&amp;") in page and "gh-pages" in link
    assert "./ganbook-0-py3-none-any.whl" in (site / "requirements.txt").read_text()


def test_no_address_no_launch_buttons():
    for address in ("", "https://gitlab.com/a/b"):
        assert plain.launch_links(address, "notebooks/01_a") == []
