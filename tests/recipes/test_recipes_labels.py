"""The recipes of the chapter on control: made small, each writes a complete record, twice the
same."""

import numpy as np
import pytest
import torch
from torch import nn

from ganbook import data, recipes, records
from ganbook.networks import Concatenated, conv_generator
from ganbook.recipes.digits import few_labels, generated
from ganbook.recipes.line import auxiliary
from ganbook.recipes.mnist import auxiliary_head, conditional

PICTURES = data.Images(
    torch.randint(
        0, 256, (400, 1, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
    ),
    torch.arange(400) % 10,
)
SMALL = {
    auxiliary: {"STEPS": 4, "SEEDS": 2, "WEIGHTS": (0.5, 2.0), "BATCH": 8},
    conditional: {"STEPS": 2, "SEEDS": (0, 1), "WIDTH": 2, "LATENT": 3, "PER_CLASS": 12},
    auxiliary_head: {"SEEDS": (0, 1)},
    few_labels: {"STEPS": 3, "SEEDS": (0, 1)},
    generated: {"STEPS": 2, "CLASSIFIER_STEPS": 3, "SEEDS": (0, 1), "MADE": 70},
}


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(data, "mnist", lambda split="train", root=None: PICTURES)
    for module, values in SMALL.items():
        for name, value in values.items():
            monkeypatch.setattr(module, name, value)


def run_twice(name, tmp_path):
    arrays = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        recipes.run(name, folder, log=lambda line: None)
        with np.load(folder / name / "arrays.npz", allow_pickle=False) as found:
            arrays.append(dict(found))
    for key, array in arrays[0].items():
        np.testing.assert_array_equal(array, arrays[1][key], err_msg=key)
    return arrays[0]


def test_auxiliary(tmp_path):
    arrays = run_twice("line-auxiliary", tmp_path)
    assert arrays["a"].shape == (2, 3, 2, 2)
    for axis in range(4):  # loss, classifier, weight and seed must all matter
        assert arrays["a"].std(axis=axis).max() > 0


def test_a_crowd_is_its_networks():
    nets = [auxiliary.scalar_net(2) for _ in range(3)]
    x = torch.randn(12, 1)
    want = torch.cat([net(part) for net, part in zip(nets, x.split(4), strict=True)])
    torch.testing.assert_close(auxiliary.Crowd(nets)(x), want)


def test_a_block_pays_its_own_weight():
    G, D, C = (
        auxiliary.Shift(2, 1.0),
        *(auxiliary.Crowd([auxiliary.scalar_net(k)] * 2) for k in (1, 2)),
    )
    adam = (
        torch.optim.SGD(G.parameters(), 0.1),
        torch.optim.SGD([*D.parameters(), *C.parameters()], 0.1),
    )
    game = auxiliary.AuxiliarySideBySide(
        G, D, *adam, 1, seeds=2, C=C, weights=torch.tensor([0.0, 3.0])
    )
    batch = next(auxiliary.pairs(2))
    game.check(batch)
    x = torch.randn(16, 1)
    found = game.generator_terms(batch, x, None)["recognised"]
    second = nn.functional.cross_entropy(C(x)[8:], batch[1][8:])
    torch.testing.assert_close(found, 3 * second / 2)


def test_real_pairs_and_generated_ones_are_the_two_classes(monkeypatch):
    monkeypatch.setattr(auxiliary, "BATCH", 20_000)
    x, y = next(auxiliary.pairs(1))
    made = auxiliary.Shift(1, 1.3)(torch.zeros(20_000, 1), y)
    for label, side in ((0, -1), (1, 1)):
        assert float(x[y == label].mean()) == pytest.approx(side, abs=0.05)
        assert float(x[y == label].std()) == pytest.approx(1, abs=0.03)
        torch.testing.assert_close(made[y == label].unique(), torch.tensor([1.3 * side]))


def test_conditional(tmp_path, monkeypatch):
    arrays = run_twice("mnist-conditional", tmp_path)
    assert arrays["accuracy"].shape == (2,)
    assert arrays["distance"].shape == (2, 10) and len(np.unique(arrays["distance"])) == 20
    assert arrays["grid"].shape == (80, 1, 28, 28) and arrays["floor"].shape == (10,)
    recipes.run("mnist-auxiliary-head", tmp_path, log=lambda line: None)
    with np.load(tmp_path / "mnist-auxiliary-head" / "arrays.npz") as other:
        assert not np.isclose(other["distance"], arrays["distance"]).all()
    monkeypatch.setattr(records, "path", lambda name: tmp_path / "a" / "mnist-conditional" / name)
    y = torch.arange(10).repeat_interleave(8)
    again = conditional.labelled(conditional.generator(0), y, seed=2).numpy()
    # stored as float16
    assert np.abs(again.astype(int) - arrays["grid"].astype(int)).max() <= 2


def test_labels_and_z_both_matter_and_the_scale_shortens_z():
    G = Concatenated(conv_generator(3 + 10, 2), 10)
    one, other = torch.zeros(4, dtype=torch.int64), torch.ones(4, dtype=torch.int64)
    first = conditional.labelled(G, one)
    assert not torch.equal(first, conditional.labelled(G, other))
    assert not torch.equal(first, conditional.labelled(G, one, seed=2))
    still = conditional.labelled(G, one, scale=0.0)
    assert len(first.unique(dim=0)) == 4 and len(still.unique(dim=0)) == 1


def test_few_labels(tmp_path):
    arrays = run_twice("digits-few-labels", tmp_path)
    assert set(arrays) == {"100 labels alone", "100 labels in the game", "all labels alone"}
    assert all(a.shape == (2,) for a in arrays.values())


def test_the_few_labels_are_ten_of_each_and_none_is_held_out():
    images, held_out = few_labels.parted(0)
    few = few_labels.few_of(images)
    assert few.y.bincount().tolist() == [10] * 10 and len(held_out) == 500
    together = torch.cat([images.x, held_out.x]).flatten(1)
    assert torch.equal(together.sum(0), data.digits().x.flatten(1).sum(0))
    inside = (few.x[:, None] == images.x[None]).flatten(2).all(dim=2).any(dim=1)
    assert inside.all() and len(few.x.unique(dim=0)) == 100
    assert not torch.equal(images.x, few_labels.parted(1)[0].x)
    d = torch.tensor([1.0, -2.0], requires_grad=True)
    few_labels.no_scores(d).backward()
    assert d.grad.tolist() == [0, 0]


def test_generated(tmp_path):
    arrays = run_twice("digits-generated", tmp_path)
    assert set(arrays) == {"generated", "real", "real and generated", "recognised", "grid"}
    assert arrays["grid"].shape == (40, 1, 8, 8)
    assert all(a.shape == (2,) for k, a in arrays.items() if k != "grid")


def test_generated_digits_carry_the_labels_that_they_were_made_for():
    class Flat(nn.Module):
        def forward(self, z, y):
            return (y / 9.0 * 2 - 1).reshape(-1, 1, 1, 1).expand(-1, 1, 8, 8)

    x, y = generated.made(Flat(), 0)
    assert y.bincount().tolist() == [7] * 10
    assert torch.equal((x[:, 0, 0, 0].float() / 255 * 9).round().long(), y)
    C = generated.train(0, ((x, y), (x, y)))
    assert few_labels.accuracy(C, data.Images(x, y)) >= 0
