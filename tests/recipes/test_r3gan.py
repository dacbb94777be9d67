"""R3GAN's objective beside the usual one: the arms share all but loss and penalty; the record."""

import numpy as np
import pytest
import torch

from ganbook import data, recipes
from ganbook.recipes import common
from ganbook.recipes.mnist import architectures as pairs
from ganbook.recipes.mnist import r3gan
from ganbook.recipes.place import Place

PICTURES = data.Images(
    torch.randint(
        0, 256, (300, 1, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
    ),
    torch.arange(300) % 10,
)


def test_arms_start_alike_and_see_the_same_pictures():
    runs = r3gan.start(3, [1e-3] * 3, PICTURES)
    first, z = next(runs[0].batches), runs[0].game.draw(5)
    for one in runs[1:]:
        for net in "GD":
            pair = (getattr(r.game, net).state_dict().values() for r in (runs[0], one))
            assert all(torch.equal(a, b) for a, b in zip(*pair, strict=True))
        assert torch.equal(first, next(one.batches))
        assert torch.equal(z, one.game.draw(5))


def test_penalties_at_a_linear_critic():
    """At D(x) = w.x each of R1 and R2 is gamma/2 |w|^2: the last arm has both, the others one."""
    w = torch.tensor([1.0, -2.0, 3.0])
    x = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
    one = pairs.GAMMA / 2 * float(w @ w)
    found = [float(penalty(lambda v: v @ w, x, 2 * x)) for _, penalty in r3gan.ARMS.values()]
    assert found == pytest.approx([one, one, 2 * one], rel=1e-6)


def test_losses_on_two_pairs_of_scores():
    """Non-saturating: softplus(-d) alone; relativistic: softplus of the difference of a pair."""
    real, fake = torch.tensor([2.0, -1.0]), torch.tensor([0.5, 3.0])
    plain, relative, both = (loss for loss, _ in r3gan.ARMS.values())
    assert float(plain.generator(fake, real)) == pytest.approx(
        float(np.log1p(np.exp(-fake.numpy())).mean()), rel=1e-6
    )
    apart = np.log1p(np.exp(real.numpy() - fake.numpy())).mean()
    for loss in (relative, both):
        assert float(loss.generator(fake, real)) == pytest.approx(float(apart), rel=1e-6)


def test_record_and_resume(tmp_path, monkeypatch):
    """Tiny, and stopped after its first seed: the same call goes on, and repeats the distances."""
    for name, value in {"SEEDS": (0, 1), "STEPS": (2, 4), "TURN": 2, "SCORED": 130}.items():
        monkeypatch.setattr(r3gan, name, value)
    monkeypatch.setattr(common, "REFERENCE", 150)
    monkeypatch.setattr(data, "mnist", lambda split="train", root=None: PICTURES)
    whole = recipes.run("mnist-r3gan", tmp_path / "a", lambda text: None)
    assert whole.startswith("mean Fréchet distance after 4 steps: non-saturating, R1 ")
    kept = tmp_path / "run.safetensors"
    monkeypatch.setattr(r3gan, "SEEDS", (0,))
    recipes.run("mnist-r3gan", tmp_path / "b", lambda text: None, Place(checkpoint=kept))
    monkeypatch.setattr(r3gan, "SEEDS", (0, 1))
    lines = []
    recipes.run("mnist-r3gan", tmp_path / "b", lines.append, Place(checkpoint=kept))
    assert [line[:6] for line in lines] == ["rates ", "seed 1"]
    with (
        np.load(tmp_path / "a/mnist-r3gan/arrays.npz") as a,
        np.load(tmp_path / "b/mnist-r3gan/arrays.npz") as b,
    ):
        assert a["distance"].shape == a["seconds"].shape == (2, 3, 2)
        np.testing.assert_allclose(a["distance"], b["distance"], rtol=1e-6)
        assert (np.diff(a["seconds"], axis=-1) > 0).all()
        assert (a["distance"][:, 1] != a["distance"][:, 2]).all()
        best = np.array(r3gan.RATES)[a["tuning"].argmin(axis=1)]
        np.testing.assert_array_equal(a["rates"], best)
        assert np.isfinite(a["floor"]).all() and a["noise"] > 0
