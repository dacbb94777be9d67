"""The search on MNIST: settings shared with the ring, runs shared by the losses, failures, the record."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from ganbook import data, recipes
from ganbook.losses import LOSSES
from ganbook.recipes import common
from ganbook.recipes.mnist import search
from ganbook.recipes.place import Kept, Place
from ganbook.recipes.testbeds import search as on_the_ring

PICTURES = data.Images(
    torch.randint(
        0, 256, (300, 1, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
    ),
    torch.arange(300) % 10,
)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(data, "mnist", lambda split="train", root=None: PICTURES)
    for what, value in {"STEPS": 2, "SCORED": 60, "BATCH": 4, "AGAIN": (7, 8)}.items():
        monkeypatch.setattr(search, what, value)


def played(trial, loss):
    return search.play(trial, loss, PICTURES, common.real_features(PICTURES.x))


def test_the_settings_are_those_of_the_ring():
    assert search.settings() == on_the_ring.settings()


def test_rates_fall_to_a_twentieth(monkeypatch):
    assert search.rate_at(0) == 1 and search.rate_at(2) == pytest.approx(0.05)
    seen, fit = [], search.fit

    def watching(game, batches, loss, callback, **options):
        def both(step, game):
            callback(step, game)
            seen.append([o.param_groups[0]["lr"] for o in (game.optimizer_d, game.optimizer_g)])

        return fit(game, batches, loss, callback=both, **options)

    monkeypatch.setattr(search, "fit", watching)
    trial = search.settings()[0]
    played(trial, "hinge")
    want = [[share * trial.rate_d, share * trial.rate_g] for share in (0.525, 0.05)]
    np.testing.assert_allclose(seen, want)


def test_losses_share_networks_data_and_noise():
    """Players that do not move show the same samples under every loss, others do not."""
    trial = search.settings()[0]
    still = replace(trial, rate_d=0.0, rate_g=0.0)
    first, second = (played(still, loss) for loss in ("hinge", "relativistic"))
    np.testing.assert_array_equal(first["shown"], second["shown"])
    assert first["distance"] == second["distance"]
    moved = [played(trial, loss)["distance"] for loss in ("hinge", "least_squares")]
    assert len({float(first["distance"]), *map(float, moved)}) == 3
    other = played(replace(still, seed=1), "hinge")
    assert not np.array_equal(first["shown"], other["shown"])


def test_momentum_and_penalty_reach_the_game(monkeypatch):
    seen = []

    def stop(game, *args, penalty, **options):
        seen.append((game.optimizer_d.param_groups[0]["betas"], penalty.gamma))
        raise search.TrainingDiverged("loss_d", 1, float("nan"), None)

    monkeypatch.setattr(search, "fit", stop)
    for trial in search.settings():
        played(trial, "hinge")
    assert seen == [((t.beta1, search.BETA2), t.gamma) for t in search.settings()]


def test_a_trial_that_breaks_has_no_distance_and_no_pictures():
    found = played(replace(search.settings()[0], rate_d=float("inf")), "wasserstein")
    assert np.isnan(found["distance"]) and not found["shown"].any()


def test_the_record_and_what_is_kept(monkeypatch, tmp_path):
    some = [
        replace(t, rate_d=float("inf")) if k == 1 else t
        for k, t in enumerate(on_the_ring.settings()[:3])
    ]
    monkeypatch.setattr(search, "settings", lambda: some)
    two = {name: LOSSES[name] for name in ("hinge", "relativistic")}
    monkeypatch.setattr(search, "LOSSES", two)
    place = Place(checkpoint=tmp_path / "run.safetensors")
    said = recipes.run("mnist-search", tmp_path, lambda line: None, place)
    assert said.startswith("6 trials, 2 not finite")
    with np.load(tmp_path / "mnist-search" / "arrays.npz") as arrays:
        arrays = dict(arrays)
    assert arrays["distance"].shape == arrays["cpu_seconds"].shape == (2, 3)
    assert (arrays["distance"][:, 1] == -1).all() and (arrays["distance"][:, [0, 2]] > 0).all()
    assert arrays["again"].shape == (2, 2) and (arrays["again"] > 0).all()
    assert arrays["shown"].shape == (2, 2, 12, 28, 28)
    np.testing.assert_array_equal(
        arrays["settings"][2], [some[2].rate_d, some[2].rate_g, some[2].beta1, some[2].gamma]
    )
    assert len(arrays["floor"]) == 5 and arrays["untrained"].shape == (3,)
    info = json.loads((tmp_path / "mnist-search" / "record.json").read_text())
    assert info["losses"] == list(two) and info["steps"] == 2
    rows = {k: Kept(tmp_path / f"run.{k}.npz") for k in ("trials", "again")}
    best = arrays["distance"][:, [0, 2]].argmin(axis=1)
    for k, loss in enumerate(two):
        assert (rows["trials"].rows[2 * best[k]]["shown"][k] == arrays["shown"][k, 0]).all()
        chosen = replace(some[2 * best[k]], seed=8)
        assert played(chosen, loss)["distance"] == arrays["again"][k, 1]
    rows["trials"].put(0, **{k: v + 1 for k, v in rows["trials"].rows[0].items()})
    recipes.run("mnist-search", tmp_path, lambda line: None, place)
    with np.load(tmp_path / "mnist-search" / "arrays.npz") as again:
        np.testing.assert_array_equal(again["distance"][:, 0], arrays["distance"][:, 0] + 1)
        np.testing.assert_array_equal(again["again"], arrays["again"])
