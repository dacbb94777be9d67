"""The recipes of the chapter on judging: made small, each writes a complete record, twice the
same."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from ganbook import data, recipes
from ganbook.features import MnistClassifier
from ganbook.metrics import frechet_distance
from ganbook.recipes.fashion import classifier
from ganbook.recipes.mnist import attack, held_out, stress

PICTURES = data.Images(
    torch.randint(
        0, 256, (600, 1, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
    ),
    torch.arange(600) % 10,
)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """600 pictures of noise, the first 200 of them the reference."""
    monkeypatch.setattr(data, "mnist", lambda split="train", root=None: PICTURES)
    for module in (attack, stress):
        monkeypatch.setattr(module.common, "REFERENCE", 200)


def run_twice(name, tmp_path):
    arrays = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        recipes.run(name, folder, log=lambda line: None)
        with np.load(folder / name / "arrays.npz", allow_pickle=False) as found:
            arrays.append(dict(found))
    for key, array in arrays[0].items():
        np.testing.assert_array_equal(array, arrays[1][key], err_msg=key)
    return arrays[0]


def test_attack(monkeypatch, tmp_path):
    monkeypatch.setattr(attack, "PICTURES", 50)
    monkeypatch.setattr(attack, "STEPS", 3)
    monkeypatch.setattr(attack, "SEEDS", (0, 1))
    arrays = run_twice("mnist-attack", tmp_path)
    assert arrays["pictures"].shape == (50, 1, 28, 28)
    assert len(np.unique(arrays["frechet"])) == 2, "the seed must matter"


def test_moments_are_the_frechet_distance_near_its_minimum():
    """Within 2 percent for small errors of the covariance alone, and of mean and covariance."""
    generator = torch.Generator().manual_seed(1)
    f = torch.randn(4000, 5, generator=generator, dtype=torch.float64) * torch.arange(1.0, 6)
    other = torch.randn(5, 5, generator=generator, dtype=torch.float64)
    form = attack.Moments(f)
    for size, shift in ((0.02, 0.0), (0.02, 0.02), (0.01, 0.05)):
        moved = (f - f.mean(0)) @ (torch.eye(5) + size * other).T + f.mean(0) + shift
        assert float(form(moved)) == pytest.approx(frechet_distance(f, moved), rel=0.02)
    assert float(form(f)) == pytest.approx(0, abs=1e-20)


def test_stress(monkeypatch, tmp_path):
    for name, value in {"PICTURES": 120, "PAIRS": 60, "BINS": 4, "SEEDS": (0, 1)}.items():
        monkeypatch.setattr(stress, name, value)
    arrays = run_twice("mnist-stress", tmp_path)
    assert arrays["values"].shape == (len(arrays["sets"]), 2, len(stress.METRICS))
    assert np.isfinite(arrays["values"]).all()
    twins = arrays["values"][:, :, stress.METRICS.index("twins")].mean(axis=1)
    found = dict(zip(arrays["sets"].tolist(), twins, strict=True))
    assert found["real"] == 0 < found["six copies"] < found["50 stored"] + 60


def test_the_sets_are_what_their_names_say():
    makers = stress.sample_sets(PICTURES, 300, torch.Generator().manual_seed(0))
    made = {name: make() for name, make in makers.items()}
    assert {tuple(x.shape) for x in made.values()} == {(300, 1, 28, 28)}
    assert {x.dtype for x in made.values()} == {torch.uint8}
    different = {name: len(x.unique(dim=0)) for name, x in made.items()}
    assert different["real"] == 300 and different["six copies"] == 50
    assert different["50 stored"] <= 50 < different["500 stored"] <= 300
    nines = PICTURES.x[PICTURES.y == 9].flatten(1)
    kept = (made["no nines"].flatten(1)[:, None] == nines[None]).all(dim=2).any()
    assert not kept
    spread = {name: float(x.float().std()) for name, x in made.items()}
    assert spread["blur 1"] < spread["blur 0.5"] < spread["real"]


def test_a_flat_picture_survives_blur_and_resize():
    flat = torch.full((1, 1, 28, 28), 0.25)
    for changed in (stress.blurred(flat, 1.0), stress.resized(flat, 20, antialias=True)):
        torch.testing.assert_close(changed, flat)


def test_blur_has_the_width_that_it_names():
    point = torch.zeros(1, 1, 29, 29)
    point[..., 14, 14] = 1
    row = stress.blurred(point, 1.0)[0, 0].sum(dim=0)
    place = torch.arange(29.0) - 14
    assert float((row * place**2).sum()) == pytest.approx(1.0, abs=0.02)


def test_equal_moments_have_the_moments():
    f = torch.randn(500, 128, generator=torch.Generator().manual_seed(3)).relu()
    drawn, probabilities = stress.gaussian(f, 40_000, torch.Generator().manual_seed(4))
    torch.testing.assert_close(drawn.mean(0), f.mean(0), atol=0.02, rtol=0)
    torch.testing.assert_close(torch.cov(drawn.T), torch.cov(f.T), atol=0.03, rtol=0)
    torch.testing.assert_close(probabilities.sum(1), torch.ones(40_000))


def test_held_out(monkeypatch, tmp_path):
    small = {"SEEDS": (0, 1), "IMAGES": 100, "STEPS": 4, "EVERY": 2, "SCORED": 60}
    for name, value in small.items():
        monkeypatch.setattr(held_out, name, value)
    arrays = run_twice("mnist-held-out", tmp_path)
    assert arrays["step"].tolist() == [2, 4]
    for name in ("train", "held_out", "fake", "validation", "test"):
        assert arrays[name].shape == (2, 2), name
        assert len(np.unique(arrays[name])) == 4, name


def test_fashion_classifier(monkeypatch, tmp_path):
    monkeypatch.setattr(data, "fashion_mnist", lambda split="train", root=None: PICTURES)
    monkeypatch.setattr(classifier, "EPOCHS", 2)
    arrays = run_twice("fashion-classifier", tmp_path)
    assert arrays["test_accuracy"].shape == (2,)
    weights = load_file(tmp_path / "a" / "fashion-classifier" / "fashion-classifier.safetensors")
    MnistClassifier().load_state_dict(weights)
