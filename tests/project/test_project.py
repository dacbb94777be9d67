"""The project's own rules: that the lists of packages agree, and no path of a machine is kept."""

import ast
import re
import subprocess
import tomllib

import yaml

from support.paths import ROOT

PACKAGE = ROOT / "ganbook"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_init_holds_the_version_and_nothing_else():
    body = ast.parse((PACKAGE / "__init__.py").read_text()).body
    assert [type(n).__name__ for n in body] == ["Expr", "Assign"]
    assert body[1].targets[0].id == "__version__"


def name_of(requirement):
    return re.match(r"[A-Za-z0-9._-]+", requirement).group(0).lower().replace("_", "-")


def test_environment_yml_holds_what_pyproject_asks_for():
    listed = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    (pip,) = (d["pip"] for d in listed if isinstance(d, dict))
    assert pip.pop(0) == "-e .", "repo2docker and conda install the package itself as well"
    for requirement in PYPROJECT["project"]["dependencies"]:
        assert requirement in pip
    known = {
        name_of(r)
        for group in ("book", "test", "dev")
        for r in PYPROJECT["dependency-groups"][group]
        if isinstance(r, str)
    } | {name_of(r) for r in PYPROJECT["project"]["dependencies"]}
    assert {name_of(r) for r in pip} <= known
    assert f"python{PYPROJECT['project']['requires-python']}" in listed


def test_constraints_pin_every_direct_requirement():
    lines = (ROOT / "constraints.txt").read_text().split()
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[^=]+", line) for line in lines)
    pinned = {name_of(line) for line in lines}
    direct = [
        *PYPROJECT["project"]["dependencies"],
        *(
            r
            for group in PYPROJECT["dependency-groups"].values()
            for r in group
            if isinstance(r, str)
        ),
    ]
    assert {name_of(r) for r in direct} - pinned == set()
    assert "pip" in pinned


def test_the_lower_bounds_are_the_versions_that_were_tested():
    lowest = dict(
        line.split("==") for line in (ROOT / "constraints-lowest.txt").read_text().split()
    )
    for requirement in PYPROJECT["project"]["dependencies"]:
        name, bound = requirement.split(">=")
        assert lowest[name].startswith(f"{bound}."), (
            f"{name} is tested at {lowest[name]}, not from {bound} on"
        )


def test_no_path_of_a_machine_is_tracked():
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split()
    pattern = re.compile(r"(?<![\w.])/(home|root|Users|work|tmp)/\w")
    bad = []
    for name in tracked:
        path = ROOT / name
        if (
            path.suffix in {".py", ".md", ".toml", ".yml", ".ipynb", ".json", ".txt", ".bib"}
            and path.is_file()
        ):
            bad += [
                f"{name}: {line.strip()[:80]}"
                for line in path.read_text().splitlines()
                if pattern.search(line)
            ]
    assert not [b for b in bad if not b.startswith("tests/")]
