"""The recipe of quality against seconds: small it runs twice the same, and its arrow is the package's."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from ganbook import recipes
from ganbook.diffusion import best_denoiser, log_density_gradient, smoothed
from ganbook.distributions import gaussians
from ganbook.recipes.place import Place
from ganbook.recipes.toys import _distilling, distillation
from ganbook.recipes.toys._distilling import Method, Plan, arrow

SMALL = replace(Plan(), seeds=2, batch=8, teacher_batch=8, width=8)


@pytest.fixture
def small(monkeypatch):
    for name, value in {
        "PLAN": SMALL, "TEACHER_STEPS": 4, "GAN_STEPS": 4, "STEPS": 4, "SAMPLES": 200, "KEPT": 20,
        "LOOKS": 2, "FLOW_STEPS": (1, 3), "TIMED": 1, "ROUNDS": 1,
    }.items():  # fmt: skip
        monkeypatch.setattr(distillation, name, value)


def test_the_record_is_made_twice_the_same(small, tmp_path):
    found = []
    places = Place(checkpoint=tmp_path / "run.safetensors"), Place()
    for folder, place in zip((tmp_path / "a", tmp_path / "b"), places, strict=True):
        recipes.run("toys-distillation", folder, log=lambda line: None, place=place)
        with np.load(folder / "toys-distillation" / "arrays.npz") as arrays:
            found.append(dict(arrays))
    for key, array in found[0].items():
        np.testing.assert_array_equal(array, found[1][key], err_msg=key)
    for method in ("GAN", "diffusion", *distillation.METHODS):
        looks = 1 if method == "diffusion" else 3
        assert found[0][f"{method}/step"][-1] == 4
        assert found[0][f"{method}/scores"].shape == (looks, 2, 4)
        assert found[0][f"{method}/samples"].shape == (2, 20, 2)
    assert found[0]["diffusion/flow"].shape == (2, 2, 4)
    assert found[0]["diffusion/exact"].shape == (2, 4) and found[0]["floor"].shape == (40, 4)
    info = json.loads((tmp_path / "a" / "toys-distillation" / "record.json").read_text())
    assert set(info["cpu_seconds"]) > {"GAN", "diffusion", *distillation.METHODS}
    assert info["plan"]["generator_rate"] == SMALL.generator_rate


def test_the_arrow_of_exact_denoisers_is_that_of_the_exact_discriminator():
    p, q = gaussians([[0.0, 0.0], [1.0, 0.5]], 0.3), gaussians([[0.4, 0.1]], 0.5)
    y = torch.randn(9, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    sigma = torch.full((9, 1), 0.4, dtype=torch.float64)
    noisy = smoothed(p, 0.4), smoothed(q, 0.4)

    def best(x, sigma):
        return (noisy[0].log_prob(x) - noisy[1].log_prob(x))[:, None]

    players = best_denoiser(p), best_denoiser(q), best
    want = 0.16 * (log_density_gradient(noisy[1], y) - log_density_gradient(noisy[0], y))
    for method in (Method(1.0, 0.0), Method(0.0, 1.0), Method(0.25, 0.75)):
        torch.testing.assert_close(arrow(method, y, sigma, *players), want, rtol=1e-8, atol=1e-10)


def test_the_slower_player_and_the_falling_rates():
    plan = Plan()
    assert plan.generator_rate < plan.rate
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    _distilling.fall([optimizer], 2.0, 1.0)
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.2)
    _distilling.fall([optimizer], 2.0, 0.0)
    assert optimizer.param_groups[0]["lr"] == pytest.approx(2.0)


def test_all_methods_start_from_the_same_generators():
    first, second = (_distilling.generators(SMALL) for _ in range(2))
    for a, b in zip(first.parameters(), second.parameters(), strict=True):
        torch.testing.assert_close(a, b)
    assert not torch.allclose(first.stacked[0][0], first.stacked[0][1])


def test_a_run_that_was_stopped_goes_on_where_it_was(small, tmp_path, monkeypatch):
    """The denoisers come from the file, and are not trained again."""
    place = Place(checkpoint=tmp_path / "run.safetensors")
    first = distillation.taught(SMALL, distillation.Kept(tmp_path / "run.found.npz"))
    monkeypatch.setattr(_distilling, "teach", None)
    again = distillation.taught(SMALL, distillation.Kept(tmp_path / "run.found.npz"))
    for a, b in zip(first.parameters(), again.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)
    assert place.checkpoint.with_suffix(".found.npz").exists()
    with pytest.raises(ValueError, match="CPU alone"):
        recipes.run("toys-distillation", tmp_path, place=Place("meta"))
