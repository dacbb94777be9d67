"""Stacked MNIST: what a class is, what a batch is, the players, the floor, and the record."""

import json

import numpy as np
import pytest
import torch
from scipy.stats import binom

from ganbook import data, recipes
from ganbook.networks import count_parameters
from ganbook.recipes.mnist import stacked
from ganbook.recipes.place import Kept, Place

PICTURES = data.Images(
    torch.randint(
        0, 256, (300, 1, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
    ),
    torch.arange(300) % 10,
)


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(data, "mnist", lambda split="train", root=None: PICTURES)
    for what, value in {"STEPS": 2, "BATCH": 4, "LOOKS": {1: 30, 2: 60}, "SEEDS": (0, 1)}.items():
        monkeypatch.setattr(stacked, what, value)


def test_the_first_channel_counts_hundreds(mnist_test):
    images, labels = mnist_test.x[:300], mnist_test.y[:300].reshape(-1, 3)
    found = stacked.classes(images.reshape(-1, 3, 28, 28))
    want = [int(f"{a}{b}{c}") for a, b, c in labels.tolist()]
    assert (found == want).mean() > 0.95 and len({*want}) > 80


def test_what_is_reached():
    assert stacked.reached(np.arange(1_000)) == (1_000, pytest.approx(0, abs=1e-12))
    assert stacked.reached(np.full(50, 7)) == (1, pytest.approx(np.log(1_000)))
    half = stacked.reached(np.repeat(np.arange(500), 3))
    assert half == (500, pytest.approx(np.log(2)))
    drawn = np.random.default_rng(0).integers(1_000, size=10_000)
    n = np.arange(1, 10_001)
    chance = binom.pmf(n, 10_000, 1e-3)
    floor = 1_000 * (chance * n / 10_000 * np.log(n / 10)).sum()
    assert stacked.reached(drawn)[1] == pytest.approx(floor, abs=0.01)


def test_a_batch_is_three_digits_side_by_side():
    batch = next(stacked.stacked(PICTURES, 5))
    generator = torch.Generator().manual_seed(5)
    alone = next(data.batches(PICTURES, 3 * stacked.BATCH, generator))
    assert batch.shape == (stacked.BATCH, 3, 28, 28)
    torch.testing.assert_close(batch[2, 1], alone[7, 0])


def test_the_players():
    G, D = stacked.players()
    z = torch.randn(4, stacked.LATENT)
    assert G(z).shape == (4, 3, 28, 28) and D(G(z)).shape == (4, 1)
    G2, D2 = stacked.players(2)
    assert D2(G2(z).reshape(2, 6, 28, 28)).shape == (2, 1)
    assert count_parameters(D2) - count_parameters(D) == 3 * 16 * stacked.WIDTH


def test_games_of_one_seed_see_the_same(small, monkeypatch):
    """Without a step of any size all games but packing end at the same classes."""
    monkeypatch.setattr(stacked, "RATE", 0.0)
    found = {name: stacked.play(name, 3, PICTURES) for name in stacked.GAMES}
    first = found["non-saturating"]
    for name, one in found.items():
        np.testing.assert_array_equal(one["shown"], first["shown"], err_msg=name)
        assert one["reverse_kl"].tolist() == first["reverse_kl"].tolist()
    assert not np.array_equal(stacked.play("relativistic", 4, PICTURES)["shown"], first["shown"])


def test_the_games_differ(small):
    """After two steps no two games have made the same pictures."""
    made = {stacked.play(name, 3, PICTURES)["shown"].tobytes() for name in stacked.GAMES}
    assert len(made) == len(stacked.GAMES) == 7


def test_a_run_that_breaks_is_marked(small, monkeypatch):
    monkeypatch.setattr(stacked, "RATE", float("inf"))
    found = stacked.play("non-saturating", 0, PICTURES)
    assert found["classes"].tolist() == [-1, -1] and found["reverse_kl"].tolist() == [-1, -1]


def test_the_record_and_what_is_kept(small, monkeypatch, tmp_path):
    two = {name: stacked.GAMES[name] for name in ("relativistic", "packing 2")}
    monkeypatch.setattr(stacked, "GAMES", two)
    place = Place(checkpoint=tmp_path / "run.safetensors")
    recipes.run("mnist-stacked", tmp_path, lambda line: None, place)
    with np.load(tmp_path / "mnist-stacked" / "arrays.npz") as arrays:
        arrays = dict(arrays)
    assert arrays["classes"].shape == arrays["reverse_kl"].shape == (2, 2, 2)
    assert (arrays["classes"] > 0).all() and (arrays["reverse_kl"] > 0).all()
    assert arrays["shown"].shape == (2, 12, 28, 28, 3)
    one = stacked.play("packing 2", 0, PICTURES)
    np.testing.assert_array_equal(arrays["classes"][1, 0], one["classes"])
    np.testing.assert_array_equal(arrays["shown"][1, 5, ..., 2], one["shown"][5, 2])
    info = json.loads((tmp_path / "mnist-stacked" / "record.json").read_text())
    assert info["games"] == list(two) and info["seeds"] == [0, 1]
    kept = Kept(tmp_path / "run.seeds.npz")
    kept.put(0, **{k: v + 1 for k, v in kept.rows[0].items()})
    recipes.run("mnist-stacked", tmp_path, lambda line: None, place)
    with np.load(tmp_path / "mnist-stacked" / "arrays.npz") as again:
        np.testing.assert_array_equal(again["classes"][:, 0], arrays["classes"][:, 0] + 1)
        np.testing.assert_array_equal(again["classes"][:, 1], arrays["classes"][:, 1])
