"""The recipes on tricks: made small they run twice the same, and a stacked net is its nets."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from ganbook import recipes
from ganbook.recipes import common
from ganbook.recipes.place import Place
from ganbook.recipes.tricks import _common, _nets, _tricks, breaks, clinic, limited
from ganbook.recipes.tricks._nets import Net, Scale
from ganbook.recipes.tricks._stacked import Stacked, clip_each
from ganbook.training import EMA

SMALL = Scale(steps=2, seeds=2, batch=8, samples=20, reference=100, kept=2)


FEW = {split: _common.pictures(split)[:600] for split in ("train", "test")}


@pytest.fixture(autouse=True)
def few_pictures(monkeypatch):
    monkeypatch.setattr(_common, "pictures", lambda split="train": FEW[split])


@pytest.fixture
def small(monkeypatch):
    for module in (_tricks, breaks, limited, clinic):
        monkeypatch.setattr(module, "SCALE", SMALL)
    few = {k: _tricks.TRICKS[k] for k in ("R1", "top-k", "instance noise", "EMA")}
    monkeypatch.setattr(_tricks, "TRICKS", few)
    monkeypatch.setattr(_tricks, "GOOD", ("R1", "EMA"))
    for module in (breaks, limited, clinic):
        plan = dict(list(module.plan().items())[:2])
        monkeypatch.setattr(module, "plan", lambda plan=plan: plan)


@pytest.mark.parametrize(
    ("name", "runs"),
    [
        ("tricks-bare", ["base", "R1", "top-k", "instance noise", "EMA"]),
        ("tricks-good", ["base", "R1", "EMA"]),
        ("tricks-breaks", ["as it is", "momentum 0.9"]),
        ("tricks-limited", ["plain", "both"]),
        ("tricks-clinic", ["healthy", "generator too fast"]),
    ],
)
def test_a_recipe_writes_the_same_record_twice(small, tmp_path, name, runs):
    found, said = [], []
    kept = Place(checkpoint=tmp_path / "kept.safetensors")
    for place in (kept, kept, Place()):
        recipes.run(name, tmp_path, said.append, place)
        with np.load(tmp_path / name / "arrays.npz") as arrays:
            found.append(dict(arrays))
    for key, array in found[0].items():
        np.testing.assert_array_equal(array, found[1][key], err_msg=key)
        np.testing.assert_array_equal(array, found[2][key], err_msg=key)
    info = json.loads((tmp_path / name / "record.json").read_text())
    assert info["runs"] == runs and info["scale"]["steps"] == 2
    trained = len(runs) - ("EMA" in runs)
    assert len(said) == 2 * trained, "what is kept is not played again"
    assert found[0]["floor"].shape == (10,) and found[0]["noise"] > found[0]["floor"].max()
    for run in runs:
        assert found[0][f"{run}/frechet"].shape == (2,)
        assert (found[0][f"{run}/frechet"] > 0).all()


def nets(n=3, **options):
    net = replace(Net(), **options)
    return [
        common.seeded(k, lambda: _nets.generator(net), lambda: _nets.discriminator(net))
        for k in range(n)
    ]


@pytest.mark.parametrize("options", [{}, {"norm_g": "batch", "norm_d": "layer"}])
def test_a_stacked_net_is_its_nets(options):
    G, D = zip(*nets(**options), strict=True)
    z = torch.randn(15, _nets.LATENT)
    x = Stacked(G)(z)
    torch.testing.assert_close(
        x, torch.cat([g(part) for g, part in zip(G, z.split(5), strict=True)])
    )
    torch.testing.assert_close(
        Stacked(D)(x), torch.cat([d(part) for d, part in zip(D, x.split(5), strict=True)])
    )


def test_stacked_spectral_norm_is_each_nets_own():
    D = [d for _, d in nets()]
    stacked = Stacked(D, spectral=True)
    for layer in (stacked.body[1], stacked.body[3], stacked.body[5]):
        norms = torch.linalg.matrix_norm(layer.weight, 2)
        torch.testing.assert_close(norms, torch.ones(3), atol=1e-5, rtol=0)
    with torch.no_grad():
        stacked.body[1].parametrizations.weight.original.mul_(
            torch.tensor([1.0, 2.0, 5.0])[:, None, None]
        )
    norms = torch.linalg.matrix_norm(stacked.body[1].weight, 2)
    torch.testing.assert_close(norms, torch.ones(3), atol=1e-5, rtol=0)


def test_clipping_is_each_nets_own():
    stacked = Stacked([nn.Sequential(nn.Linear(2, 1)) for _ in range(3)])
    layer = stacked.body[0]
    layer.weight.grad = torch.tensor([[[3.0, 0.0]], [[0.3, 0.0]], [[0.0, 0.0]]])
    layer.bias.grad = torch.tensor([[4.0], [0.4], [0.0]])
    clip_each(stacked, 1.0)
    torch.testing.assert_close(layer.weight.grad[:, 0, 0], torch.tensor([0.6, 0.3, 0.0]))
    torch.testing.assert_close(layer.bias.grad[:, 0], torch.tensor([0.8, 0.4, 0.0]))


def test_unknown_layers_are_refused():
    with pytest.raises(ValueError, match="a ReLU was given"):
        Stacked([nn.Sequential(nn.ReLU())])


def test_a_seed_of_the_recipe_is_the_packages_own_run():
    """Seed 1 of three against `fit` of that seed alone, with batch norm, clipping and the average."""
    scale = Scale(steps=6, seeds=3, batch=8, samples=20, reference=100, kept=20)
    net = Net(norm_g="batch", clip=0.01, betas=(0.0, 0.99))
    real = _common.reference(scale)
    found = _common.train(net, scale, real, EMA)
    alone = _common.train(net, replace(scale, seeds=1, first=1), real, EMA)
    gap = np.abs(found["pictures"][1].astype(int) - alone["pictures"][0].astype(int))
    assert gap.max() <= 2
    assert found["frechet"][1] == pytest.approx(alone["frechet"][0], rel=1e-2)


def test_a_run_that_is_not_finite_counts_as_failed():
    scale = replace(SMALL, steps=30)
    net = Net(rates=(1e6, 1e6))
    found = _common.train(net, scale, _common.reference(scale))
    assert ((found["frechet"] == -1) | (found["frechet"] > 0)).all()


def test_what_each_trick_changes():
    net = _tricks.with_tricks(_tricks.GOOD)
    assert net.betas == (0.0, 0.99) and net.falling and net.norm_g == "batch"
    assert len(_tricks.GOOD) >= 10 and set(_tricks.GOOD) < set(_tricks.TRICKS)
    for name in _tricks.TRICKS:
        if name != "EMA":
            assert _tricks.with_tricks([name]) != Net()
    bare = _nets.game_of(Net(), SMALL)
    assert bare.optimizer_d.param_groups[0]["betas"] == (0.5, 0.999)
    losses = Net(smooth=0.9, top=0.5).game_loss(SMALL)
    assert losses.name == "non_saturating, targets 0.9 and 0, top 0.5"
    chain = Net(noise=0.2, shift=1).transform(replace(SMALL, steps=10))
    assert chain.at(5).parts[1].sigma == pytest.approx(0.1)


def test_faults_are_one_change_each():
    plan = clinic.plan()
    healthy = vars(plan["healthy"])
    changed = {
        name: {k for k, v in vars(net).items() if v != healthy[k]} for name, net in plan.items()
    }
    assert changed["few pictures"] == {"pictures"} and changed["sigmoid in D"] == {"ends_in"}
    x = torch.tensor([-1.0, 1.0])
    assert _common.given(x, plan["real in [0, 1]"]).tolist() == [0.0, 1.0]
    wrong = clinic.PerChannel(1.0)
    D = nn.Sequential(nn.Flatten(), nn.Linear(4, 1, bias=False))
    with torch.no_grad():
        D[1].weight.fill_(0.5)
    x = torch.randn(3, 1, 2, 2)
    assert wrong(D, x, x).item() == pytest.approx(0.25, abs=1e-5), "each pixel is pushed to 1"


def test_an_average_without_buffers_keeps_those_of_the_start():
    layer = nn.BatchNorm1d(2)
    average = clinic.WithoutBuffers(layer, 0.5)
    layer(torch.randn(8, 2) + 5)
    with torch.no_grad():
        layer.weight.fill_(3.0)
    average.update(layer)
    assert average.module.running_mean.tolist() == [0, 0]
    assert average.module.weight.tolist() == [2, 2]


def test_pictures_are_doubled_pixel_by_pixel():
    x = torch.arange(4.0).reshape(1, 1, 2, 2)
    assert _common.doubled(x)[0, 0, :2].tolist() == [[0, 0, 1, 1], [0, 0, 1, 1]]
