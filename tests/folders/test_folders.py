"""Where the book keeps things, with platformdirs and without."""

import sys
from pathlib import Path

import platformdirs
import pytest

from ganbook.folders import user_folder


@pytest.mark.parametrize("kind", ["cache", "data"])
def test_the_habits_of_the_system_decide(kind):
    expected = {"cache": platformdirs.user_cache_path, "data": platformdirs.user_data_path}[kind]
    assert user_folder(kind) == expected("ganbook", appauthor=False)


@pytest.mark.parametrize(("kind", "below"), [("cache", ".cache"), ("data", ".local/share")])
def test_without_platformdirs_it_is_the_home_folder(monkeypatch, tmp_path, kind, below):
    monkeypatch.setitem(sys.modules, "platformdirs", None)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert user_folder(kind) == tmp_path / below / "ganbook"


def test_another_kind_is_refused():
    with pytest.raises(ValueError, match="kind is 'log'"):
        user_folder("log")
