"""The runs on known laws: trials side by side are trials alone, and the records are complete."""

import json

import numpy as np
import pytest
import torch
from torch import nn

from ganbook import recipes
from ganbook.losses import LOSSES, NON_SATURATING
from ganbook.penalties import r1
from ganbook.recipes.testbeds import _side_by_side as beds
from ganbook.recipes.testbeds import losses, search


@pytest.fixture(autouse=True)
def _few(monkeypatch):
    monkeypatch.setattr(beds, "SCORED", 50)
    monkeypatch.setattr(beds, "WIDTH", 8)
    monkeypatch.setattr(beds, "BATCH", 16)


def test_a_network_of_the_stack_is_that_network_alone():
    stack = beds.Stack((2, 8, 8, 1), (3, 4))
    torch.manual_seed(4)
    alone = [nn.Linear(2, 8), nn.Linear(8, 8), nn.Linear(8, 1)]
    net = nn.Sequential(alone[0], nn.LeakyReLU(0.2), alone[1], nn.LeakyReLU(0.2), alone[2])
    x = torch.randn(2 * 5, 2)
    torch.testing.assert_close(stack(x)[5:], net(x[5:]))
    assert not torch.allclose(stack(x)[:5], net(x[:5]))
    penalty = beds.EachItsOwnR1((0.0, 2.0))(stack, x, x)
    torch.testing.assert_close(penalty, r1(2.0)(net, x[5:], x[5:]) / 2)


def test_a_trial_does_not_notice_its_neighbours():
    """One trial alone against the same beside a wild one; z is drawn block by block."""
    calm, wild = beds.Trial(1, gamma=0.5), beds.Trial(2, rate_d=0.5, rate_g=0.5, beta1=0.0)
    alone = beds.play("ring", NON_SATURATING, [calm], 8, 2)["distance"][:, 0]
    together = beds.play("ring", NON_SATURATING, [calm, wild], 8, 2)["distance"]
    assert np.abs(together[:, 0] - alone).max() < 0.05  # z differs, so only nearly
    other = beds.play("ring", NON_SATURATING, [calm, beds.Trial(5)], 8, 2)["distance"]
    np.testing.assert_allclose(other[0, 0], together[0, 0], rtol=1e-3)


def test_a_trial_that_breaks_leaves_the_others_alone():
    broken = beds.Trial(2, rate_d=float("inf"), rate_g=float("inf"))
    found = beds.play("line", LOSSES["wasserstein"], [beds.Trial(1), broken], 6, 1)["distance"][0]
    assert np.isfinite(found[0]) and not np.isfinite(found[1])
    np.testing.assert_array_equal(beds.marked(found), [found[0], -1.0])


def test_runs_are_paired_across_losses():
    """Before anything moved, all losses show the same samples."""
    still = [beds.Trial(7, rate_d=0.0, rate_g=0.0), beds.Trial(8, rate_d=0.0, rate_g=0.0)]
    first, second = (
        beds.play("ring", LOSSES[n], still, 1, 1)["samples"] for n in ("hinge", "relativistic")
    )
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first[0], first[1])


def test_training_brings_the_samples_nearer(monkeypatch):
    monkeypatch.setattr(beds, "SCORED", 2000)  # of 50 the distance itself is off by a tenth
    trials = [beds.Trial(s) for s in range(3)]
    found = beds.play("line", NON_SATURATING, trials, 1000, 2)
    still = [beds.Trial(s, rate_d=0.0, rate_g=0.0) for s in range(3)]
    before = beds.play("line", NON_SATURATING, still, 1, 1)["distance"]
    assert (found["distance"][-1] < before[0]).all()
    assert found["samples"].shape == (3, 2000, 1) and found["loss_d"].shape == (2,)


@pytest.mark.parametrize(
    ("name", "module"), [("testbeds-losses", losses), ("testbeds-search", search)]
)
def test_records_come_out_twice_the_same(name, module, monkeypatch, tmp_path):
    monkeypatch.setattr(module, "STEPS", 2)
    if module is losses:
        monkeypatch.setattr(module, "CHECKPOINTS", 2)
        monkeypatch.setattr(module, "SEEDS", (0, 1))
    found = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        recipes.run(name, folder, log=lambda line: None)
        with np.load(folder / name / "arrays.npz", allow_pickle=False) as arrays:
            found.append(dict(arrays))
        info = json.loads((folder / name / "record.json").read_text())
        assert {"code", "seed", "seconds", "losses", "steps"} <= set(info)
    for key, array in found[0].items():
        np.testing.assert_array_equal(array, found[1][key], err_msg=key)
    n = len(LOSSES)
    want = {
        "testbeds-losses": {
            "distance": (2, 2, n, 2, 2),
            "loss_d": (2, 2, n, 2),
            "modes": (2, n, 2),
        },
        "testbeds-search": {"distance": (n, 20), "untrained": (20,), "settings": (20, 4)},
    }[name]
    assert {k: found[0][k].shape for k in want} == want


def test_the_search_draws_its_space_and_covers_it():
    trials = search.settings()
    assert trials == search.settings() and len({t.seed for t in trials}) == 20
    for t in trials:
        assert (
            search.RATES[0] <= min(t.rate_d, t.rate_g) <= max(t.rate_d, t.rate_g) <= search.RATES[1]
        )
        assert search.GAMMAS[0] <= t.gamma <= search.GAMMAS[1]
    assert {t.beta1 for t in trials} == set(search.BETA1S)
