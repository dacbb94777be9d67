"""The comparison of pairs: its clocks by a clock that the test turns, its turns, its record."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from ganbook import data, networks, recipes
from ganbook.features import extractor
from ganbook.games import Game
from ganbook.penalties import no_penalty, r1
from ganbook.recipes import common
from ganbook.recipes.mnist import architectures as race
from ganbook.recipes.mnist import best
from ganbook.recipes.place import Kept, Place

PICTURES = data.Images(
    torch.randint(
        0, 256, (300, 1, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
    ),
    torch.arange(300) % 10,
)


@pytest.fixture(autouse=True)
def step_by_step(monkeypatch):
    monkeypatch.setattr(race, "CHUNK", 1)


class Clock:
    """Each reading is ``tick`` later than the one before."""

    def __init__(self, tick):
        self.now, self.tick = 0.0, tick

    def __call__(self):
        self.now += self.tick
        return self.now


def small_runner(score, seed=0, **options):
    G, D = common.seeded(seed, lambda: nn.Linear(2, 2), lambda: nn.Linear(2, 1))
    game = common.adam_game(G, D, 2, 1e-3, (0.0, 0.9))
    return race.Runner(game, iter([torch.ones(4, 2)] * 100), score, seed=seed, **options)


def test_marks_of_both_clocks(monkeypatch):
    """A step takes one second of the clock, a score many; the second must not count."""
    clock = Clock(1.0)
    monkeypatch.setattr(race.time, "process_time", clock)
    scored = []

    def score(G):
        clock.now += 1_000
        scored.append(len(scored))
        return float(scored[-1])

    one = small_runner(score, seconds=(3.0, 5.0), steps=(2, 5, 7))
    race.take_turns([one], length=2.0)
    assert one.step == 7 and one.done
    assert one.found["steps_done"].tolist() == [3, 5]
    assert one.found["seconds_spent"].tolist() == [2, 5, 7]
    assert one.found["at_steps"].tolist() == [0, 2, 3]
    assert one.found["at_seconds"].tolist() == [1, 2]


def test_turns_alternate_and_leave_each_run_as_it_is_alone(monkeypatch):
    monkeypatch.setattr(race.time, "process_time", Clock(1.0))
    order = []

    def keep(name):
        return lambda G: order.append(name) or 0.0

    many = [small_runner(keep(k), seed=k, seconds=(), steps=tuple(range(1, 7))) for k in range(2)]
    race.take_turns(many, length=3.0)
    assert order == [0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1]
    alone = small_runner(keep(1), seed=1, seconds=(), steps=(6,))
    race.take_turns([alone])
    for a, b in zip(alone.ema.module.parameters(), many[1].ema.module.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_run_that_breaks_leaves_nan(monkeypatch):
    monkeypatch.setattr(race.time, "process_time", Clock(1.0))
    broken = small_runner(lambda G: 1.0, seconds=(2.0, 4.0), steps=(2, 4))
    broken.batches = iter([torch.ones(4, 2)] * 2 + [torch.full((4, 2), torch.nan)] * 9)
    race.take_turns([broken])
    assert broken.done and broken.found["at_seconds"].tolist()[0] == 1.0
    assert np.isnan(broken.found["at_steps"][1]) and broken.found["steps_done"][1] == -1


def test_a_pooled_penalty_is_that_of_the_mean_score():
    torch.manual_seed(0)
    x = torch.randn(5, 1, 4, 4)
    D = nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.Tanh(), nn.Linear(8, 1))
    torch.testing.assert_close(common.Pooled(r1(0.7))(D, x, x), r1(0.7)(D, x, x))
    assert common.Pooled(r1()).per_sample and not common.Pooled(no_penalty).per_sample
    maps = nn.Conv2d(1, 1, 1, bias=False)
    nn.init.constant_(maps.weight, 3.0)
    wanted = 0.7 / 2 * 16 * (3 / 16) ** 2  # each of 16 pixels has slope 3 / 16 in the mean
    assert common.Pooled(r1(0.7))(maps, x, x).item() == pytest.approx(wanted, rel=1e-5)


def test_the_pairs():
    assert list(race.PAIRS)[3:5] == ["full resolution", "U-Net"]
    for name in race.PAIRS:
        game = race.game_of(name, 0, 1e-3, device="meta")
        assert isinstance(game, Game) and game.latent == race.LATENT
        assert {p.device.type for n in game.players().values() for p in n.parameters()} == {"meta"}
    both = [race.game_of(name, 3, 1e-3).G.state_dict() for name in ("full resolution", "U-Net")]
    for name, values in both[0].items():
        assert torch.equal(values, both[1][name])


@pytest.mark.parametrize("kind", ["mnist", "fashion"])
def test_the_record_and_what_is_kept(kind, monkeypatch, tmp_path):
    name = f"{kind}-architectures"
    load = {"mnist": "mnist", "fashion": "fashion_mnist"}[kind]
    monkeypatch.setattr(data, load, lambda split="train", root=None: PICTURES)
    small = {"SEEDS": (0, 1), "SECONDS": (2.0,), "STEPS": (1, 2), "SCORED": 60, "BATCH": 4}
    for what, value in (small | {"TUNING_SECONDS": 1.0}).items():
        monkeypatch.setattr(race, what, value)
    two = {k: race.PAIRS[k] for k in ("DCGAN", "U-Net")}
    monkeypatch.setattr(race, "PAIRS", two)
    monkeypatch.setattr(
        race,
        "runner",
        lambda *a, **o: full_runner(*a, **({"seconds": (2.0,), "steps": (1, 2)} | o)),
    )
    monkeypatch.setattr(race.time, "process_time", Clock(1.0))
    place = Place(checkpoint=tmp_path / "kept.safetensors")
    recipes.run(name, tmp_path, lambda line: None, place)
    with np.load(tmp_path / name / "arrays.npz") as arrays:
        arrays = dict(arrays)
    assert arrays["at_seconds"].shape == (2, 2, 1) and arrays["at_steps"].shape == (2, 2, 2)
    np.testing.assert_array_equal(arrays["at_seconds"][..., 0], arrays["at_steps"][..., 1])
    assert len(np.unique(arrays["at_seconds"])) == 4, "seeds and pairs must both matter"
    assert arrays["tuning"].shape == (2, 2) and len(arrays["floor"]) == 5
    info = json.loads((tmp_path / name / "record.json").read_text())
    assert info["seeds"] == [0, 1] and info["features"] == extractor(kind).words
    kept = Kept(tmp_path / "kept.seeds.npz")
    kept.put(0, **{k: v + 1 for k, v in kept.rows[0].items()})
    recipes.run(name, tmp_path, lambda line: None, place)
    with np.load(tmp_path / name / "arrays.npz") as again:
        np.testing.assert_array_equal(again["at_steps"][0], arrays["at_steps"][0] + 1)
    with pytest.raises(ValueError, match="reads a CPU's clock"):
        recipes.run(name, tmp_path, place=Place(device="meta"))


full_runner = race.runner


def test_best(monkeypatch, tmp_path):
    """Made small: curves of each seed, and the checks of a generator and of stored pictures."""
    monkeypatch.setattr(data, "mnist", lambda split="train", root=None: PICTURES)
    small = {"SEEDS": (0, 1), "LOOKS": 2, "SCORED": 60, "COMPARED": 40}
    for name, value in (small | {"PLAN": best.Plan(4, 8, 1e-3, 0.9)}).items():
        monkeypatch.setattr(best, name, value)
    recipes.run("mnist-best", tmp_path, lambda line: None)
    with np.load(tmp_path / "mnist-best" / "arrays.npz") as arrays:
        arrays = dict(arrays)
    assert arrays["step"].tolist() == [[2, 4]] * 2
    assert len(np.unique(arrays["frechet"])) == 4
    assert arrays["coverage"].shape == (2,) and arrays["grid"].shape == (64, 1, 28, 28)
    weights = load_file(tmp_path / "mnist-best" / "mnist-best.safetensors")
    networks.full_generator(best.LATENT, best.WIDTH).load_state_dict(weights)


class Stored(nn.Module):
    """Returns the first pictures, whatever z is."""

    def __init__(self):
        super().__init__()
        self.number = nn.Parameter(torch.zeros(()))

    def forward(self, z):
        return data.to_float(PICTURES.x[: len(z)])


def test_the_checks_see_stored_pictures(monkeypatch):
    monkeypatch.setattr(best, "SCORED", 100)
    monkeypatch.setattr(best, "COMPARED", 100)
    monkeypatch.setattr(best.common, "REFERENCE", 100)
    found = best.checks(Stored(), PICTURES.x[:100], PICTURES.x[100:200])
    assert found["frechet_train"] == pytest.approx(0, abs=1e-6)
    assert found["neighbour"] == pytest.approx(0, abs=1e-2)
    assert found["frechet_test"] > 0.01 and found["neighbour_test"] > 1
    game = best.best_game(0, device="meta")
    assert networks.count_parameters(game.G) == 254_241
    assert networks.count_parameters(game.D) == 77_777
