"""Hygiene of the notebooks: executed in order, outputs that belong to the code, nothing that
another machine changes.

That stored outputs come out again is nbval's part: `make test` runs it on every notebook.
"""

import ast
import json
import os
import re
import subprocess
import sys
import warnings

import nbformat
import pytest

import notebooks as tool
from support.paths import ROOT

PATHS = tool.chapters()
NOISY = re.compile(
    r"0x[0-9a-f]{6,}|/(home|root|tmp|work|Users)/|\b\d+(\.\d+)?\s?(ms|it/s|s/it|seconds)\b|Warning|\d+%\|"
    r"|<Figure size|<matplotlib|<Axes|\[<|torch\.float|grad_fn"
)
PICTURES = {"image/png", "image/svg+xml"}
SVG_SIZE = 120_000  # bytes
SVG_WIDTH = 640  # pixels: on a phone's 350 of them ten points are still eight pixels high
MARKER = re.compile(r"^# NBVAL_(IGNORE_OUTPUT|SKIP|RAISES_EXCEPTION)", re.M)


def read(path):
    return nbformat.read(path, as_version=4)


def faults_of_svg(text):
    """What would make a picture heavy, unlike itself tomorrow, or unreadable on a dark page."""
    found = []
    if len(text.encode()) > SVG_SIZE:
        found.append(f"is over {SVG_SIZE // 1000} kB: rasterise what has many points")
    width = re.search(r'<svg[^>]* width="([\d.]+)"', text)
    if width and float(width[1]) > SVG_WIDTH:
        found.append(f"is over {SVG_WIDTH} pixels wide: put panels in one column (style.stacked)")
    if "<dc:" in text or "matplotlib.org" in text:
        found.append("names a date or a version")
    if "<text" in text:
        found.append("has text that needs the reader's fonts")
    if "prefers-color-scheme: dark" not in text:
        found.append("has no colours for a dark page: import ganbook.plots")
    return found


def complaints(notebook):
    """Everything about one notebook that a reader, a reviewer or another machine would stumble
    over.
    """
    found = []
    code = [c for c in notebook.cells if c.cell_type == "code"]
    if [c.execution_count for c in code] != list(range(1, len(code) + 1)):
        found.append("cells were not executed 1..n in order")
    marks = notebook.metadata.get("ganbook", {})
    if marks.get("code") != tool.code_hash(notebook):
        found.append("stored outputs belong to other code")
    for number, cell in enumerate(code, 1):
        lines = [x for x in cell.source.splitlines() if x.strip()]
        if len(lines) > 25:
            found.append(f"cell {number} has {len(lines)} lines (25 at most)")
        found += [
            f"cell {number}: over 78 columns: {line.strip()}" for line in lines if len(line) > 78
        ]
        drawn = any(PICTURES & set(out.get("data", {})) for out in cell.outputs)
        if "plt.show()" in cell.source and not drawn:
            found.append(f"cell {number} draws a picture, but none is stored")
        if "execution" in cell.metadata:
            found.append(f"cell {number} stores times")
        for out in cell.outputs:
            if out.output_type == "error":
                found.append(f"cell {number} stores an error")
            if out.get("name") == "stderr":
                found.append(f"cell {number} writes to stderr")
            data = out.get("data", {})
            picture = PICTURES & set(data)
            text = out.get("text", "") + data.get("text/plain", "") * (not picture)
            if NOISY.search(text):
                found.append(
                    f"cell {number} prints what may differ elsewhere: {NOISY.search(text).group(0)!r}"
                )
            if "image/svg+xml" in data:
                faults = faults_of_svg(data["image/svg+xml"])
                found += [f"cell {number}: its picture {fault}" for fault in faults]
            if picture:
                image = cell.metadata.get("mystnb", {}).get("image", {})
                if len(image.get("alt", "")) < 40:
                    found.append(f"cell {number} shows a picture without alt text")
    return found


@pytest.mark.parametrize("path", PATHS, ids=lambda p: p.stem)
def test_hygiene(path):
    assert not complaints(read(path)), f"mend it, then `make notebooks CH={path.name[:2]}`"


@pytest.mark.parametrize("path", PATHS, ids=lambda p: p.stem)
def test_outputs_belong_to_the_modules_as_they_are(path):
    notebook = read(path)
    if notebook.metadata["ganbook"]["modules"] != tool.modules_hash(notebook):
        warnings.warn(
            f"{path.name} was executed with other versions of the package's modules: `make notebooks "
            f"CH={path.name[:2]}` executes it again",
            stacklevel=1,
        )
    assert set(notebook.metadata["ganbook"]["executed"]) == {
        "date",
        "python",
        "torch",
        "seconds",
        "hardware",
    }


@pytest.mark.parametrize("path", PATHS, ids=lambda p: p.stem)
def test_exercise_cells_are_those_of_the_package(path):
    notebook = read(path)
    written = tool.write_exercises(notebook)
    assert [c.source for c in notebook.cells] == [c.source for c in written.cells], (
        "`make notebooks` writes them anew"
    )


@pytest.mark.parametrize("path", PATHS, ids=lambda p: p.stem)
def test_a_notebook_is_small(path):
    assert path.stat().st_size < 900_000


def test_few_cells_are_ignored_and_each_says_why():
    cells = [c for p in PATHS for c in read(p).cells if c.cell_type == "code"]
    ignored = [c for c in cells if MARKER.search(c.source)]
    assert len(ignored) <= 0.05 * len(cells)
    for cell in ignored:
        after = cell.source[MARKER.search(cell.source).end() :].lstrip("\n").splitlines()[0]
        assert after.startswith("# "), "an ignored cell says why in the comment below the marker"


def test_pictures_assert_what_they_show():
    for path in PATHS:
        source = "\n".join(c.source for c in read(path).cells if c.cell_type == "code")
        pictures = source.count("plt.show()")
        asserts = sum(isinstance(n, ast.Assert) for n in ast.walk(ast.parse(source)))
        assert asserts >= pictures, path.name


CLEAN = nbformat.v4.new_notebook(
    cells=[
        nbformat.v4.new_code_cell(
            "print(1)",
            execution_count=1,
            outputs=[nbformat.v4.new_output("stream", name="stdout", text="1\n")],
        )
    ]
)
CLEAN.metadata["ganbook"] = {"code": tool.code_hash(CLEAN)}


def broken(change):
    notebook = nbformat.from_dict(json.loads(json.dumps(CLEAN)))
    change(notebook)
    return complaints(notebook)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda n: n.cells[0].update(execution_count=None, outputs=[]), "not executed"),
        (lambda n: n.cells[0].update(execution_count=2), "in order"),
        (lambda n: n.cells[0].update(source="print(1) "), "other code"),
        (lambda n: n.cells[0].outputs[0].update(text="took 3.1 seconds"), "differ elsewhere"),
        (lambda n: n.cells[0].outputs[0].update(name="stderr"), "stderr"),
        (lambda n: n.cells[0].metadata.update(execution={"iopub": 1}), "stores times"),
        (lambda n: n.cells[0].update(source="plt.show()"), "none is stored"),
        (lambda n: n.cells[0].update(source="x = 1\n" * 26), "26 lines"),
        (lambda n: n.cells[0].update(source="x = 1" + " + 1" * 19), "over 78 columns"),
        (
            lambda n: n.cells[0].update(
                outputs=[nbformat.v4.new_output("display_data", {"image/png": "x"})]
            ),
            "without alt",
        ),
    ],
)
def test_hygiene_has_teeth(change, words):
    assert not complaints(CLEAN)
    assert any(words in c for c in broken(change))


SWITCHING = "<svg><style>@media (prefers-color-scheme: dark){}</style></svg>"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SWITCHING, ""),
        (SWITCHING + " " * SVG_SIZE, "over 120 kB"),
        (SWITCHING + "<dc:date>2026</dc:date>", "date"),
        (SWITCHING + "<text>a</text>", "fonts"),
        ("<svg></svg>", "dark page"),
        (SWITCHING.replace("<svg>", '<svg height="9" width="800">'), "pixels wide"),
        (SWITCHING.replace("<svg>", '<svg height="9" width="620">'), ""),
    ],
)
def test_hygiene_knows_svg(text, words):
    def draw(notebook):
        output = nbformat.v4.new_output("display_data", {"image/svg+xml": text})
        notebook.cells[0].update(source="plt.show()", outputs=[output])
        notebook.cells[0].metadata["mystnb"] = {"image": {"alt": "what is shown " * 5}}
        notebook.metadata["ganbook"] = {"code": tool.code_hash(notebook)}

    found = broken(draw)
    assert found == [] if not words else len(found) == 1 and words in found[0]


def test_svg_without_alt_text_is_found():
    output = nbformat.v4.new_output("display_data", {"image/svg+xml": SWITCHING})
    assert any("without alt" in c for c in broken(lambda n: n.cells[0].update(outputs=[output])))


def nbval(folder, code, output, *options):
    """Run strict nbval on one cell with one stored output."""
    cell = nbformat.v4.new_code_cell(code, execution_count=1, outputs=[output])
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), folder / "one.ipynb")
    command = [
        "-m",
        "pytest",
        "-q",
        "--nbval",
        "--nbval-current-env",
        "-p",
        "no:cacheprovider",
        "--rootdir",
    ]
    return subprocess.run(
        [sys.executable, *command, folder, *options, folder / "one.ipynb"],
        cwd=folder,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT / "tests")},
    )


@pytest.mark.parametrize(("stored", "passes"), [("0.1974\n", True), ("0.1973\n", False)])
def test_nbval_sees_one_changed_character(tmp_path, stored, passes):
    output = nbformat.v4.new_output("stream", name="stdout", text=stored)
    done = nbval(tmp_path, "print(0.1974)", output)
    assert (done.returncode == 0) == passes, done.stdout


SHOW = "from IPython.display import publish_display_data as show\nshow({!r})"
SHOWN = {"text/plain": "five modes", "image/svg+xml": "<svg>now</svg>"}


@pytest.mark.parametrize(
    ("change", "passes"),
    [
        ({}, True),
        ({"image/svg+xml": "<svg>then</svg>"}, True),
        ({"text/plain": "four modes"}, False),
    ],
)
def test_nbval_skips_svg_and_still_sees_a_changed_text(tmp_path, change, passes):
    output = nbformat.v4.new_output("display_data", SHOWN | change)
    done = nbval(tmp_path, SHOW.format(SHOWN), output, "-p", "support.svg_outputs")
    assert (done.returncode == 0) == passes, done.stdout


def test_without_the_plugin_nbval_compares_svg(tmp_path):
    """The day this fails, the plugin is no longer needed."""
    output = nbformat.v4.new_output("display_data", SHOWN | {"image/svg+xml": "<svg>then</svg>"})
    assert nbval(tmp_path, SHOW.format(SHOWN), output).returncode != 0


def test_every_run_of_the_notebooks_has_the_plugin(pytestconfig):
    assert pytestconfig.pluginmanager.has_plugin("support.svg_outputs")
