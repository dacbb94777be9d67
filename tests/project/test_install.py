"""The wheel beside the site, in a bare environment and an empty folder: a downloaded chapter runs
there.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import build_book
import pytest

from support.paths import ROOT

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
    chapter = (
        "09_judging_a_sampler.ipynb"  # MNIST, the classifier and records, in a third of a minute
    )
    shutil.copy(ROOT / "notebooks" / chapter, base / "empty")
    done = run("-c", EXECUTE, chapter)
    assert done.returncode == 0, done.stderr[-2000:]
