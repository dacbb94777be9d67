"""The recipes of chapter 15, made small: the same record twice, and their measures by hand."""

import json

import numpy as np
import pytest
import torch

from ganbook import data, recipes
from ganbook.data import glyphs
from ganbook.recipes.line import perception
from ganbook.recipes.pairs import pix2pix
from ganbook.recipes.place import Kept, Place
from ganbook.recipes.typefaces import cycle


@pytest.fixture
def small(monkeypatch):
    digits = data.Images(torch.randint(0, 256, (40, 1, 28, 28)).byte(), torch.zeros(40).long())
    monkeypatch.setattr(data, "mnist", lambda split: digits)
    for module, names in (
        (perception, {"STEPS": 3, "BATCH": 4, "SEEDS": 2, "JUDGED": 50, "WEIGHTS": (0.0, 1.0)}),
        (
            pix2pix,
            {
                "STEPS": 2, "BATCH": 4, "SEEDS": (0, 1), "PICTURES": 12, "HELD_OUT": 24,
                "JUDGE_STEPS": 2, "JUDGED": 6, "JUDGE_BATCH": 4, "SHOWN": 3,
            },
        ),
        (cycle, {"STEPS": 2, "BATCH": 4, "SEEDS": (0, 1), "PICTURES": 8}),
    ):  # fmt: skip
        for name, value in names.items():
            monkeypatch.setattr(module, name, value)


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        ("line-perception", {"pairs_squared_error": (2, 2), "pictures_absolute_spread": (2, 2)}),
        ("pairs-pix2pix", {"masks/game/judge": (2,), "edges/source": (3, 28, 28)}),
        ("typefaces-cycle", {"cycle/errors": (2, 62), "identity/right": (62,)}),
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
    assert {key: found[0][key].shape for key in shapes} == shapes
    info = json.loads((tmp_path / "a" / name / "record.json").read_text())
    assert info["seeds"] == [0, 1]


def test_parts_that_are_kept_are_not_made_again(small, tmp_path, monkeypatch):
    parts = Kept(tmp_path / "run.parts.npz")
    for seed in (0, 1):
        for k, kind in enumerate(("cycle", "twin")):
            pictures = torch.zeros(62, 28, 28)
            row = cycle.score(pictures) | {"shown": pictures.byte().numpy()}
            if kind == "cycle":
                row |= {"cycle": np.array(seed), "noisy": np.array(0), "rounded": np.array(0)}
            parts.put(10 * seed + k, **row)
    monkeypatch.setattr(cycle, "_one", lambda *given: pytest.fail("made again"))
    place = Place(checkpoint=tmp_path / "run.safetensors")
    recipes.run("typefaces-cycle", tmp_path, log=lambda line: None, place=place)
    with np.load(tmp_path / "typefaces-cycle" / "arrays.npz") as arrays:
        np.testing.assert_array_equal(arrays["cycle/cycle"], [0, 1])


def test_shifted_errors_by_a_loop():
    made, real = torch.rand(2, 6, 7), torch.rand(3, 6, 7)
    made[0] = 0
    made[0, 1:5, 2:6] = 1
    real[1] = 0
    real[1, 2:6, 1:5] = 1  # the same block, one down and one to the left
    found = cycle.shifted_errors(made, real, reach=1)
    assert found.shape == (2, 3) and found[0, 1] == pytest.approx(0, abs=1e-9)
    wide = torch.nn.functional.pad(made, (1, 1, 1, 1))
    for i in range(2):
        for j in range(3):
            least = min(
                float((wide[i, d : d + 6, r : r + 7] - real[j]).square().mean())
                for d in range(3)
                for r in range(3)
            )
            assert float(found[i, j]) == pytest.approx(least, abs=1e-6)


def test_a_perfect_translation_scores_perfectly_and_baselines_do_not():
    perfect = cycle.score(glyphs.render(cycle.TARGET).x[:, 0])
    assert perfect["right"].all() and perfect["errors"].max() < 1e-9
    scores = {name: cycle.score(p) for name, p in cycle.baselines().items()}
    assert scores["identity"]["right"].sum() == 31
    assert scores["blank"]["errors"].mean() > scores["mean"]["errors"].mean()
    assert cycle.held_out().sum() == len(cycle.HELD_OUT) == 12


def test_the_twin_sees_pairs_of_known_letters_only(monkeypatch):
    monkeypatch.setattr(cycle, "PICTURES", 60)
    a, b = cycle.pairs(0)
    assert a.shape == b.shape == (cycle.PICTURES, 1, 28, 28)
    known = [c for c in glyphs.CHARACTERS if c not in cycle.HELD_OUT]
    assert len(known) == 50
    apart = cycle.sets(0)
    assert not torch.equal(apart[0], a) and apart[1].min() == -1


def test_the_judge_is_at_chance_on_one_law_and_certain_on_two(monkeypatch):
    monkeypatch.setattr(pix2pix, "JUDGED", 100)
    monkeypatch.setattr(pix2pix, "JUDGE_STEPS", 30)
    x = torch.rand(400, 1, 28, 28)
    assert abs(pix2pix.judge(x[:200], x[200:], 0) - 0.5) < 0.15
    assert pix2pix.judge(x[:200], -x[200:], 0) > 0.97
