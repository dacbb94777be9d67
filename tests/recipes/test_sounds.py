"""The recipes on plucks and on moving patches: made small they run twice the same."""

import json

import numpy as np
import pytest

from ganbook import recipes
from ganbook.recipes.moving import patches
from ganbook.recipes.sounds import plucks

SMALL = {"STEPS": 2, "TRAIN": 8, "BATCH": 4, "SCORED": 8, "KEPT": 2, "SEEDS": (0, 1)}


@pytest.fixture
def small(monkeypatch):
    for module in (plucks, patches):
        for name, value in SMALL.items():
            monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(plucks, "ROUNDS", 1)


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        (
            "sounds-plucks",
            {
                "real/in_tune": (1,),
                "waveform/in_tune": (2,),
                "spectrogram/entropy": (2,),
                "waveform/each/cents": (2, 8),
                "round trip/sounds": (1, 2, 1_024),
            },
        ),
        (
            "moving-patches",
            {
                "frames/constant": (2,),
                "films/films": (2, 2, 1, 8, 32, 32),
                "films/places": (2, 8, 8, 2),
            },
        ),
    ],
)
def test_a_recipe_writes_the_same_record_twice(small, tmp_path, name, shapes):
    found = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        recipes.run(name, folder, log=lambda line: None)
        with np.load(folder / name / "arrays.npz") as arrays:
            found.append(dict(arrays))
    for key, array in found[0].items():
        np.testing.assert_array_equal(array, found[1][key], err_msg=key)
    for key, shape in shapes.items():
        assert found[0][key].shape == shape, key
    info = json.loads((tmp_path / "a" / name / "record.json").read_text())
    assert info["steps"] == 2 and info["seeds"] == [0, 1]
    if name == "sounds-plucks":
        assert found[0]["real/in_tune"] == 1


def test_both_games_of_films_begin_with_the_same_generator():
    a, b = (patches.game_of(kind, 3, recipes.Place()) for kind in patches.KINDS)
    for p, q in zip(a.G.parameters(), b.G.parameters(), strict=True):
        np.testing.assert_array_equal(p.detach(), q.detach())
