"""The recipes run: with everything made small, each writes a complete record, twice the same."""

import importlib
import json
import signal

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from ganbook import data, recipes, records
from ganbook.networks import conv_generator
from ganbook.recipes import common
from ganbook.recipes.line import lost_mode
from ganbook.recipes.mnist import beta1, conv, mlp, wgan_gp
from ganbook.recipes.place import Kept, Place, Stopped

NOISE = torch.randint(
    0, 256, (256, 1, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
)
SMALL = data.Images(NOISE, torch.arange(256) % 10)


@pytest.fixture
def small(monkeypatch):
    """256 pictures of noise, few samples, few steps."""
    monkeypatch.setattr(data, "mnist", lambda split="train", root=None: SMALL)
    for module in (mlp, wgan_gp):
        monkeypatch.setattr(module, "BATCH", 64)
    few, full = common.sample, common.noise
    monkeypatch.setattr(
        common, "sample", lambda G, latent, n, seed=1: few(G, latent, min(n, 200), seed)
    )
    monkeypatch.setattr(common, "noise", lambda n, seed=0: full(min(n, 200), seed))
    monkeypatch.setattr(mlp, "STEPS_PER_EPOCH", 4)


def load(folder, name):
    with np.load(folder / name / "arrays.npz", allow_pickle=False) as arrays:
        return dict(arrays), json.loads((folder / name / "record.json").read_text())


def run_twice(name, tmp_path):
    first, second = tmp_path / "a", tmp_path / "b"
    for folder in (first, second):
        recipes.run(name, folder, log=lambda line: None)
    arrays, info = load(first, name)
    again, _ = load(second, name)
    for key, array in arrays.items():
        np.testing.assert_array_equal(array, again[key], err_msg=key)
    assert {"code", "seed", "seconds", "hardware", "versions", "date"} <= set(info)
    return arrays, first / name


def test_mlp(small, monkeypatch, tmp_path):
    monkeypatch.setattr(mlp, "EPOCHS", 2)
    monkeypatch.setattr(mlp, "SCORED_AT", (1, 2))
    monkeypatch.setattr(mlp, "CURVE_EVERY", 1)
    arrays, folder = run_twice("mnist-mlp", tmp_path)
    assert arrays["frechet"].shape == arrays["frechet_ema"].shape == (2,)
    assert arrays["grid"].shape == (2, 64, 1, 28, 28)
    assert arrays["loss_d"].shape == (8,)
    assert (folder / "mnist-mlp.safetensors").stat().st_size == pytest.approx(
        2 * 1_486_352, rel=0.01
    )


def test_thin_keeps_means():
    class History:
        curves = {"a": np.arange(10.0)}  # noqa: RUF012

        def __len__(self):
            return 10

    np.testing.assert_allclose(common.thin(History(), 3)["a"], [1, 4, 7])


def test_beta1(small, monkeypatch, tmp_path):
    monkeypatch.setattr(beta1, "EPOCHS", 2)
    monkeypatch.setattr(beta1, "SCORED_AT", (1, 2))
    monkeypatch.setattr(beta1, "SEEDS", (0, 1))
    arrays, _ = run_twice("mnist-beta1", tmp_path)
    assert arrays["frechet"].shape == arrays["frechet_ema"].shape == (2, 2, 2)
    assert len(np.unique(arrays["frechet"])) == 8, "seeds and values of beta1 must all matter"


def test_wgan_gp(small, monkeypatch, tmp_path):
    monkeypatch.setattr(wgan_gp, "STEPS", 10)
    monkeypatch.setattr(wgan_gp, "EVERY", 2)
    arrays, _ = run_twice("mnist-wgan-gp", tmp_path)
    assert arrays["step"].tolist() == [2, 4, 6, 8, 10]
    assert arrays["estimate"].shape == arrays["penalty"].shape == arrays["frechet"].shape == (5,)
    np.testing.assert_allclose(arrays["estimate"][0], arrays["gap"][:2].mean(), rtol=1e-6)


def test_lost_mode(monkeypatch, tmp_path):
    monkeypatch.setattr(lost_mode, "LOOKS", (2, 4))
    monkeypatch.setattr(lost_mode, "BATCH", 32)
    monkeypatch.setattr(lost_mode, "JUDGED", 200)
    arrays, _ = run_twice("line-lost-mode", tmp_path)
    assert arrays["looks"].tolist() == [2, 4]
    four = [arrays[f"{a}_{p}_gap"] for a in ("silu", "relu") for p in ("two_sided", "one_sided")]
    assert all(gap.shape == (2, 5) for gap in four)
    assert len(np.unique(four)) == 40, "seeds, activations and penalties must all matter"


def test_lost_mode_measures_a_critic_whose_gap_and_slope_are_known():
    D = lost_mode.Critics(torch.relu)
    with torch.no_grad():  # relu(x + 20), of slope 1.5 at all points that are drawn
        for p in D.parameters():
            p.zero_()
        D.weights[0][:, 0, 0] = D.weights[1][:, 0, 0] = 1
        D.biases[0][:, 0, 0], D.weights[2][:, 0, 0] = 20, 1.5
    for kind in lost_mode.PENALTIES:
        found = lost_mode.measure(D, kind)
        np.testing.assert_allclose(found["gap"], 1.5 * 0.1 * 8, rtol=1e-4)
        np.testing.assert_allclose(found["mean_slope"], 1.5, rtol=1e-5)
        np.testing.assert_allclose(found["far_slope"], 1.5, rtol=1e-5)
        np.testing.assert_allclose(found["balance"], 20 * 1.5 * 0.5 / 1.2, rtol=1e-4)
        source = torch.Generator().manual_seed(0)
        x, y = lost_mode.sample(50, source)
        penalty = lost_mode.penalise(D, x.repeat(5, 1), y.repeat(5, 1), kind, source)
        assert penalty.item() == pytest.approx(10 * 0.25, rel=1e-5)
    with torch.no_grad():
        D.weights[2][:, 0, 0] = torch.tensor([0.5, -0.5, 0.5, -0.5, 0.5])
    D.turn_over(x, y)
    assert (D.weights[2][:, 0, 0] == 0.5).all()
    assert lost_mode.measure(D, "one_sided")["balance"] == pytest.approx(0)
    assert lost_mode.measure(D, "two_sided")["balance"] == pytest.approx(-20 * 0.25 / 0.4, rel=1e-4)


def test_scale(small, tmp_path):
    arrays, _ = run_twice("mnist-scale", tmp_path)
    assert arrays["real"] == pytest.approx(0, abs=1e-6)
    assert arrays["noise"] > 0


def test_conv(small, monkeypatch, tmp_path):
    monkeypatch.setattr(conv, "LONG", conv.Plan(steps=16, batch=32, rate=1e-3, decay=0.9))
    monkeypatch.setattr(conv, "CURVE_EVERY", 4)
    monkeypatch.setattr(conv, "SEEDS", (0, 1))
    monkeypatch.setattr(conv.time, "process_time", lambda: 0.0)
    arrays, folder = run_twice("mnist-conv", tmp_path)
    assert arrays["frechet"].shape == arrays["cpu_seconds"].shape == (2, 16)
    assert arrays["grid"].shape == (64, 1, 28, 28) and arrays["loss_d"].shape == (4,)
    weights = load_file(folder / "mnist-conv.safetensors")
    conv_generator(conv.LATENT, conv.WIDTH).load_state_dict(weights)


def test_conv_rate_falls_in_a_line_over_the_second_half():
    plan = conv.Plan(steps=100, batch=1, rate=2.0, decay=0.9)
    assert [plan.rate_at(step) for step in (0, 50, 75, 100)] == [2.0, 2.0, 1.0, 0.0]


class Killed(Exception):
    """The process ends, in the middle of a run."""


def ending_at(words):
    def log(line):
        if words in line:
            raise Killed

    return log


def test_a_run_that_was_killed_goes_on_with_what_it_had_found(small, monkeypatch, tmp_path):
    """Killed after the second of three scored epochs: the record is that of an unbroken run."""
    for name, value in {"EPOCHS": 3, "SCORED_AT": (1, 2, 3), "CURVE_EVERY": 1}.items():
        monkeypatch.setattr(mlp, name, value)
    place = Place(checkpoint=tmp_path / "run.safetensors", every=3)
    with pytest.raises(Killed):
        recipes.run("mnist-mlp", tmp_path / "b", ending_at("epoch 2"), place)
    assert not (tmp_path / "b").exists()
    lines = []
    recipes.run("mnist-mlp", tmp_path / "b", lines.append, place)
    recipes.run("mnist-mlp", tmp_path / "a", lines.append)
    assert [line for line in lines if "epoch 1" in line] == lines[2:3], "it began anew"
    (whole, _), (resumed, _) = load(tmp_path / "a", "mnist-mlp"), load(tmp_path / "b", "mnist-mlp")
    assert whole.keys() == resumed.keys()
    for key, array in whole.items():
        np.testing.assert_array_equal(array, resumed[key], err_msg=key)


def test_a_signal_ends_a_recipe_and_leaves_no_record(small, monkeypatch, tmp_path):
    monkeypatch.setattr(wgan_gp, "STEPS", 10)
    monkeypatch.setattr(wgan_gp, "EVERY", 2)
    place = Place(checkpoint=tmp_path / "run.safetensors", every=100)

    def interrupt(line):
        if "step 4" in line:
            signal.raise_signal(signal.SIGTERM)

    with pytest.warns(RuntimeWarning, match="ended training after step 4"), pytest.raises(Stopped):
        recipes.run("mnist-wgan-gp", tmp_path / "a", interrupt, place)
    assert not (tmp_path / "a").exists()
    recipes.run("mnist-wgan-gp", tmp_path / "a", lambda line: None, place)
    assert load(tmp_path / "a", "mnist-wgan-gp")[0]["step"].tolist() == [2, 4, 6, 8, 10]


def test_what_was_found_is_kept_by_step(tmp_path):
    kept = Kept(tmp_path / "found.npz")
    kept.put(2, a=[1.0, 2.0], step=2)
    kept.put(1, a=[3.0, 4.0])
    again = Kept(tmp_path / "found.npz")
    again.put(2, a=[5.0, 6.0], step=2)
    assert Kept(tmp_path / "found.npz").stacked("a").tolist() == [[3, 4], [5, 6]]
    assert again.stacked("step").tolist() == [2]
    with pytest.raises(ValueError, match="no step has 'b': there are"):
        again.stacked("b")
    place = Place(checkpoint=tmp_path / "run.safetensors")
    (tmp_path / "run-x.found.npz").write_bytes((tmp_path / "found.npz").read_bytes())
    assert place.kept("x").rows == {}, "without its checkpoint, what was found is another run's"


@pytest.mark.parametrize("name", ["mnist-scale", "mnist-classifier", "made-digits"])
def test_short_recipes_say_that_they_keep_no_checkpoint(small, tmp_path, name):
    with pytest.raises(ValueError, match=f"{name} takes minutes and keeps no checkpoint"):
        recipes.run(name, tmp_path, place=Place(checkpoint=tmp_path / "run.safetensors"))


def test_the_games_go_to_the_device():
    for game in (
        mlp.article_game(device="meta"),
        wgan_gp.wgan_game(device="meta"),
        conv.conv_game(0, conv.LONG, device="meta"),
    ):
        assert {p.device.type for n in game.players().values() for p in n.parameters()} == {"meta"}


@pytest.mark.parametrize("name", recipes.names())
def test_a_recipe_names_itself_and_modules_that_exist(name):
    """The hash in a record's provenance is over the files that the recipe names."""
    module = importlib.import_module(f"ganbook.recipes.{recipes.module(name)}")
    assert f"recipes.{recipes.module(name)}" in module.MODULES
    assert len(records.code_hash(*module.MODULES)) == 16
