"""Every recipe takes what the command line hands on: a folder, a log, a place."""

import importlib
import inspect

import pytest

from ganbook import recipes
from ganbook.recipes.place import Place


@pytest.mark.parametrize("name", recipes.names())
def test_a_recipe_takes_a_place(name):
    run = importlib.import_module(f"ganbook.recipes.{recipes.module(name)}").run
    assert list(inspect.signature(run).parameters) == ["folder", "log", "place"]


@pytest.mark.parametrize("name", ["toys-ring", "testbeds-search", "line-lost-mode", "mnist-stress"])
def test_what_it_cannot_do_is_refused_before_it_starts(name, tmp_path):
    with pytest.raises(ValueError, match=f"{name} is computed on the CPU alone"):
        recipes.run(name, tmp_path, place=Place(device="cuda"))
    with pytest.raises(ValueError, match=f"{name} takes minutes and keeps no checkpoint"):
        recipes.run(name, tmp_path, place=Place(checkpoint=tmp_path / "run"))
    assert not list(tmp_path.iterdir())
