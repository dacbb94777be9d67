"""The ready-made rooms: what they call exists, and they have a Python that the package supports."""

import json
import re
import tomllib

from support.paths import ROOT

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
DEVCONTAINER = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())


def made(text):
    """The targets that a text makes."""
    return re.findall(r"\bmake ((?!\\)[\w-]+)(?: [A-Z]+=\w+)*", text)


def test_what_they_make_is_a_target():
    found = made("\n".join(re.findall(r"^RUN (make .*)$", DOCKERFILE, re.M)))
    found += made(DEVCONTAINER["postCreateCommand"])
    assert found == ["setup", "setup"]
    assert re.search(r"^setup: \$\(STAMPS\)/dev$", MAKEFILE, re.M)


def test_their_python_is_one_that_the_package_supports():
    least = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    for image in (re.search(r"^FROM (\S+)", DOCKERFILE, re.M)[1], DEVCONTAINER["image"]):
        assert re.search(r":(3\.\d+)", image)[1] == least.removeprefix(">=")


def test_what_runs_lies_in_the_environment():
    command = json.loads(re.search(r"^CMD (\[.*\])$", DOCKERFILE, re.M)[1])
    venv = re.search(r"^VENV \?= (\S+)$", MAKEFILE, re.M)[1]
    assert command[0].startswith(f"{venv}/bin/")
    settings = DEVCONTAINER["customizations"]["vscode"]["settings"]
    assert settings["python.defaultInterpreterPath"].endswith(f"/{venv}/bin/python")


def test_no_environment_and_no_data_of_this_machine_go_into_the_image():
    ignored = set((ROOT / ".dockerignore").read_text().split())
    assert {".venv", ".git", "data", "_build", "dist"} <= ignored


def test_it_does_not_run_as_the_administrator():
    users = re.findall(r"^(USER|RUN|CMD) (.*)$", DOCKERFILE, re.M)
    names = [kind for kind, _ in users]
    assert ("USER", "reader") in users
    assert names.index("USER") < names.index("CMD")
