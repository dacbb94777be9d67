"""The recipes on mixtures: made small they run twice the same, and each seed plays for itself."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from ganbook import recipes
from ganbook.distributions import ring as ring_law
from ganbook.games import Game
from ganbook.losses import NON_SATURATING
from ganbook.recipes import common
from ganbook.recipes.toys import (
    _common,
    grid,
    ring,
    ring_momentum,
    ring_unrolled,
    ring_unrolled_slow,
)
from ganbook.training import fit

SMALL = {"steps": 4, "seeds": 2, "looks": 2, "width": 8}


@pytest.fixture
def small(monkeypatch):
    for module, name in (
        (ring, "SETTING"),
        (ring_momentum, "SETTING"),
        (ring_momentum, "LONG"),
        (ring_unrolled, "SHORT"),
        (ring_unrolled_slow, "FEW"),
        (grid, "SQUARE"),
    ):
        monkeypatch.setattr(module, name, replace(getattr(module, name), **SMALL))


@pytest.mark.parametrize(
    ("name", "games", "modes"),
    [
        ("toys-ring", 10, 8),
        ("toys-ring-momentum", 5, 8),
        ("toys-ring-unrolled", 1, 8),
        ("toys-ring-unrolled-slow", 1, 8),
        ("toys-grid", 2, 25),
    ],
)
def test_a_recipe_writes_the_same_record_twice(small, tmp_path, name, games, modes):
    found = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        recipes.run(name, folder, log=lambda line: None)
        with np.load(folder / name / "arrays.npz") as arrays:
            found.append(dict(arrays))
    for key, array in found[0].items():
        np.testing.assert_array_equal(array, found[1][key], err_msg=key)
    info = json.loads((tmp_path / "a" / name / "record.json").read_text())
    assert len(info["games"]) == games
    for game in info["games"]:
        assert found[0][f"{game}/modes"].shape == (2, 2)
        assert found[0][f"{game}/reached"].shape == (2, 2, modes)
        np.testing.assert_array_equal(
            found[0][f"{game}/modes"], found[0][f"{game}/reached"].sum(axis=2)
        )
        assert found[0][f"{game}/samples"].shape == (2, _common.KEPT, 2)


def test_a_seed_of_the_recipe_is_the_packages_own_run():
    """Seed 1 among three against `fit` of that seed alone, written out here."""
    setting = _common.Setting(
        ring_law(), steps=6, betas=(0.5, 0.999), seeds=3, width=16, looks=1, falls_to=1.0
    )
    trial = _common.Trial(NON_SATURATING)
    found = _common.train(setting, trial)["samples"][1]
    G, D = common.seeded(1, lambda: _common.points(2, 2, 16), lambda: _common.points(2, 1, 16))
    adam = [torch.optim.Adam(p.parameters(), 1e-3, (0.5, 0.999)) for p in (G, D)]
    source = torch.Generator().manual_seed(1_001)
    batches = (setting.law.sample(100, source).float() for _ in iter(int, 1))
    fit(Game(G, D, *adam, 2), batches, steps=6, seed=1)
    z = torch.randn(_common.SAMPLES, 2, generator=torch.Generator().manual_seed(9))
    with torch.no_grad():
        alone = G(z)[: _common.KEPT].numpy()
    np.testing.assert_allclose(found, alone, atol=2e-3)


def test_rates_fall_to_a_tenth_and_the_long_run_stays():
    rates = ring.SETTING.rates()
    assert rates(0) == pytest.approx(1e-3) and rates(1_500) == pytest.approx(1e-4)
    assert rates(750) == pytest.approx(5.5e-4)
    assert ring_momentum.LONG.rates()(4_500) == pytest.approx(1e-3)


def test_what_the_games_of_the_ring_differ_in():
    plan = ring.plan()
    assert {s for name, (s, _) in plan.items() if "Leaky" not in name} == {ring.SETTING}
    linear, early = (plan[f"R1, {kind}"][1].penalty for kind in ("linear", "geometric"))
    assert linear.at(0).gamma == early.at(0).gamma == 0.05
    assert linear.at(750).gamma == pytest.approx(0.0275)
    assert early.at(750).gamma == pytest.approx(0.005)
    assert linear.at(1_500).gamma == pytest.approx(0.005)
    assert plan["packing 2"][1].samples == 2 and plan["minibatch deviation"][1].spread
