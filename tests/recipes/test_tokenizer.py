"""The recipe of the tokenizer: small it runs twice the same, and a weight changes nothing but the loss."""

import numpy as np
import pytest
import torch

from ganbook import data, recipes
from ganbook.recipes.mnist import tokenizer


@pytest.fixture
def small(monkeypatch):
    generator = torch.Generator().manual_seed(0)
    images = {
        split: data.Images(
            torch.randint(0, 256, (n, 1, 28, 28), generator=generator, dtype=torch.uint8),
            torch.randint(0, 10, (n,), generator=generator),
        )
        for split, n in (("train", 150), ("test", 60))
    }
    monkeypatch.setattr(tokenizer.data, "mnist", images.__getitem__)
    for name, value in {"SEEDS": 2, "STEPS": 2, "BATCH": 8, "SCORED": 40, "SHOWN": 3}.items():
        monkeypatch.setattr(tokenizer, name, value)
    return images


def test_the_record_is_made_twice_the_same(small, tmp_path):
    found = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        recipes.run("mnist-tokenizer", folder, log=lambda line: None)
        with np.load(folder / "mnist-tokenizer" / "arrays.npz") as arrays:
            found.append(dict(arrays))
    for key, array in found[0].items():
        np.testing.assert_array_equal(array, found[1][key], err_msg=key)
    for name in tokenizer.WEIGHTS:
        assert found[0][f"{name}/error"].shape == (2,)
        assert found[0][f"{name}/copies"].shape == (2, 3, 1, 28, 28)
        np.testing.assert_allclose(found[0][f"{name}/levels"].sum(axis=1), 1, atol=1e-6)


def test_the_squared_error_alone_by_hand(small, monkeypatch):
    """One step of Adam from the seed's start, written out."""
    monkeypatch.setattr(tokenizer, "STEPS", 1)
    start = tokenizer.common.seeded(3, tokenizer.Tokenizer)[0]
    batch = next(iter(data.batches(small["train"], 8, torch.Generator().manual_seed(3))))
    adam = torch.optim.Adam(start.parameters(), tokenizer.RATE, tokenizer.BETAS)
    ((start(batch) - batch) ** 2).mean().backward()
    adam.step()
    trained = tokenizer.train(3, None, small["train"])
    for a, b in zip(trained.parameters(), start.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)
    other = tokenizer.train(3, 5.0, small["train"])
    assert not torch.allclose(
        next(other.parameters()), next(trained.parameters()), rtol=0, atol=1e-4
    )
