"""The wheel beside the site, in a bare environment and an empty folder: a downloaded chapter runs
there.
"""

import ast
import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import build_book
import pytest

from support.paths import NOTEBOOKS, ROOT

EXECUTE = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=450, kernel_name="python3").execute()
"""


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A Python with the wheel in it, and the dependencies from here, but not this checkout."""
    base = tmp_path_factory.mktemp("elsewhere")
    wheel = build_book.build_wheel(base / "wheel")
    subprocess.run([sys.executable, "-m", "venv", base / "env"], check=True)
    python = base / "env" / "bin" / "python"
    subprocess.run(
        [python, "-m", "pip", "install", "-q", "--no-deps", "--no-index", wheel], check=True
    )
    (base / "empty").mkdir()
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "GANBOOK_BUDGET")}
    # An editable install is a .pth file, which PYTHONPATH does not read: only the wheel can answer
    # `import ganbook`.
    environment |= {"PYTHONPATH": sysconfig.get_path("purelib"), "OMP_NUM_THREADS": "1"}

    def run(*arguments):
        return subprocess.run(
            [python, *arguments],
            cwd=base / "empty",
            env=environment,
            capture_output=True,
            text=True,
        )

    return run, base


def test_the_wheel_is_what_answers(bare):
    run, base = bare
    done = run("-c", "import ganbook; print(ganbook.__file__)")
    assert Path(done.stdout.strip()).is_relative_to(base / "env"), done.stderr


def test_records_and_weights_travel_in_the_wheel(bare):
    run, _ = bare
    done = run(
        "-c",
        "from ganbook import records, features, exercises; features.classifier(); "
        "print(len([records.load(n) for n in records.names()]), len(exercises.all_exercises()))",
    )
    assert done.returncode == 0, done.stderr
    count, exercises = map(int, done.stdout.split())
    assert count >= 5
    assert exercises >= 70


def test_a_downloaded_chapter_runs_from_an_empty_folder(bare, mnist_test):
    run, base = bare
    chapter = "15_image_to_image.ipynb"  # MNIST and records, in a quarter of a minute
    shutil.copy(ROOT / "notebooks" / chapter, base / "empty")
    done = run("-c", EXECUTE, chapter)
    assert done.returncode == 0, done.stderr[-2000:]


# What numpy 2 brought, among names that one would reach for; numpy 1.26 is admitted.
NEW_IN_NUMPY_2 = {"trapezoid", "concat", "astype", "permute_dims", "isdtype", "pow", "vecdot"}
NEW_IN_NUMPY_2 |= {
    "matvec",
    "vecmat",
    "unstack",
    "cumulative_sum",
    "cumulative_prod",
    "matrix_transpose",
}
NEW_IN_NUMPY_2 |= {
    "unique_values",
    "unique_counts",
    "unique_all",
    "unique_inverse",
    "bitwise_count",
}
NEW_IN_NUMPY_2 |= {
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "bool",
    "long",
    "strings",
}
NEW_IN_NUMPY_2 |= {f"linalg.{name}" for name in ("cross", "diagonal", "matmul", "matrix_norm")}
NEW_IN_NUMPY_2 |= {
    f"linalg.{name}" for name in ("matrix_transpose", "outer", "svdvals", "tensordot")
}
NEW_IN_NUMPY_2 |= {f"linalg.{name}" for name in ("trace", "vecdot", "vector_norm")}


def too_new(source):
    """Names of numpy in a source that the oldest admitted one lacks."""
    lines = [line for line in source.splitlines() if not line.lstrip().startswith(("%", "!"))]
    nodes = ast.walk(ast.parse("\n".join(lines)))
    names = {ast.unparse(n) for n in nodes if isinstance(n, ast.Attribute)}
    return sorted(n for n in names if n[:3] == "np." and n[3:] in NEW_IN_NUMPY_2)


def test_no_name_is_newer_than_the_oldest_numpy():
    assert "numpy==1.26" in (ROOT / "constraints-lowest.txt").read_text()
    sources = {p: p.read_text(encoding="utf-8") for p in (ROOT / "ganbook").rglob("*.py")}
    for path in NOTEBOOKS.glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        for k, cell in enumerate(cells):
            if cell["cell_type"] == "code":
                sources[path / str(k)] = "".join(cell["source"])
    assert len(sources) > 500
    found = {str(p.relative_to(ROOT)): too_new(source) for p, source in sources.items()}
    assert {place: names for place, names in found.items() if names} == {}


def test_a_name_that_is_too_new_is_found():
    assert too_new("a = np.trapezoid(y, x)\nb = np.linalg.vector_norm(y)") == [
        "np.linalg.vector_norm",
        "np.trapezoid",
    ]
    assert too_new("%matplotlib inline\nnp.concatenate([x]), np.linalg.norm(x), x.concat()") == []
