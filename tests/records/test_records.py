"""Records and the feature net: complete, unpickled, and what they claim of themselves is so."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from ganbook import budget, data, recipes, records
from ganbook.data.catalogue import FASHION_MNIST
from ganbook.features import classifier, describe, extractor
from ganbook.metrics import frechet_distance


def test_every_record_has_a_recipe_and_its_provenance():
    assert records.names()
    for name in records.names():
        assert name in recipes.names(), f"no recipe makes the record {name} again"
        record = records.load(name)
        assert record.arrays
        for key in ("code", "modules", "seed", "seconds", "hardware", "versions", "date"):
            assert key in record.provenance, f"{name} does not say its {key}"
        for key, array in record.arrays.items():
            assert array.dtype != object
            assert array.dtype.kind not in "fc" or np.isfinite(array).all(), f"{name}: {key}"


def test_records_are_small():
    folder = Path(records.__file__).parent
    assert sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) < 8e6
    for path in folder.rglob("*.npz"):
        assert path.stat().st_size < 1e6, path
    for path in folder.rglob("*.safetensors"):
        assert path.stat().st_size < 3e6, path


def test_save_and_load_round_trip(tmp_path, monkeypatch):
    arrays = {"a": np.arange(5), "b": np.linspace(0, 1, 3, dtype=np.float32)}
    path = records.save("trial", arrays, {"seed": 1}, tmp_path / "new")
    assert path.parent == tmp_path / "new" / "trial"
    assert sorted(p.name for p in path.parent.iterdir()) == ["arrays.npz", "record.json"]
    with np.load(path, allow_pickle=False) as back:
        for key, array in arrays.items():
            np.testing.assert_array_equal(back[key], array)
            assert back[key].dtype == array.dtype
    assert json.loads(path.with_name("record.json").read_text()) == {"seed": 1}


def test_unknown_names():
    with pytest.raises(ValueError, match="no record 'mnist-vae': there are .*mnist-classifier"):
        records.load("mnist-vae")
    with pytest.raises(ValueError, match="no file 'x.safetensors'"):
        records.path("x.safetensors")
    with pytest.raises(ValueError, match="no recipe 'mnist-vae': there are"):
        recipes.run("mnist-vae", Path("."))
    with pytest.raises(KeyError, match="no array 'loss'"):
        records.load("mnist-classifier")["loss"]


def test_a_file_of_a_record_is_found_by_its_name_or_by_its_record():
    weights = records.path("mnist-mlp.safetensors")
    assert weights.parent.name == "mnist-mlp"
    assert records.path("mnist-mlp/arrays.npz") == weights.with_name("arrays.npz")


def test_code_hash_follows_the_code(tmp_path):
    assert records.code_hash("losses") != records.code_hash("networks")
    assert records.code_hash("losses", "data") == records.code_hash("data", "losses")


def test_classifier_is_as_good_as_its_record_says(mnist_test):
    features, probabilities = describe(mnist_test.x)
    accuracy = (probabilities.argmax(1) == mnist_test.y).double().mean().item()
    assert features.shape == (10_000, 128)
    assert accuracy >= 0.992
    assert abs(accuracy - records.load("mnist-classifier").provenance["test_accuracy"]) < 5e-4
    torch.testing.assert_close(probabilities.sum(1), torch.ones(10_000), atol=1e-5, rtol=0)


def test_the_classifier_of_clothes_is_as_good_as_its_record_says():
    if None in data.locate(FASHION_MNIST).values():
        pytest.skip("Fashion-MNIST is not on disk: on Debian, apt install dataset-fashion-mnist")
    test = data.fashion_mnist("test")
    accuracy = (
        (describe(test.x, trained_on="fashion")[1].argmax(1) == test.y).double().mean().item()
    )
    assert abs(accuracy - records.load("fashion-classifier").provenance["test_accuracy"]) < 1e-3
    assert (describe(test.x)[1].argmax(1) == test.y).double().mean() < 0.3, (
        "the classifier of digits"
    )
    torch.testing.assert_close(
        extractor("fashion")(test.x[:9]), describe(test.x[:9], trained_on="fashion")[0]
    )


def test_a_classifier_of_what_is_not_there():
    with pytest.raises(ValueError, match="trained on 'clothes': there are mnist, fashion"):
        classifier(trained_on="clothes")


def test_the_scale_is_as_recorded(mnist_test):
    real, _ = describe(data.mnist("train").x[:10_000])
    recorded = records.load("mnist-scale")
    assert frechet_distance(real, describe(mnist_test.x)[0]) == pytest.approx(
        float(recorded["real"]), rel=0.01
    )
    assert float(recorded["noise"]) > 100 * float(recorded["real"])


def test_features_of_bytes_and_floats_agree_and_shapes_are_checked():
    x = torch.randint(0, 256, (7, 1, 28, 28), dtype=torch.uint8)
    for a, b in zip(describe(x, batch_size=3), describe(data.to_float(x)), strict=True):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-5)
    network = classifier()
    torch.testing.assert_close(network(data.to_float(x)).softmax(1), describe(x)[1])
    assert not network.training
    with pytest.raises(ValueError, match=r"images have shape \(7, 28, 28\)"):
        describe(x[:, 0])


def test_budget(monkeypatch):
    monkeypatch.delenv("GANBOOK_BUDGET", raising=False)
    assert budget.choose(1, 2) == 1
    monkeypatch.setenv("GANBOOK_BUDGET", "full")
    assert budget.choose(1, 2) == 2
    monkeypatch.setenv("GANBOOK_BUDGET", "fulll")
    with pytest.raises(ValueError, match="GANBOOK_BUDGET is 'fulll'"):
        budget.name()


def test_device_is_the_cpu_under_the_book_budget_even_beside_a_gpu(monkeypatch, capsys):
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.delenv("GANBOOK_BUDGET", raising=False)
    assert budget.device().type == "cpu"
    monkeypatch.setenv("GANBOOK_BUDGET", "full")
    assert budget.device().type == "cuda"
    assert capsys.readouterr().err == ""


def test_full_budget_without_a_gpu_says_so_once(monkeypatch, capsys):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr(budget, "_told", False)
    monkeypatch.setenv("GANBOOK_BUDGET", "full")
    assert budget.device().type == "cpu" and budget.device().type == "cpu"
    assert capsys.readouterr().err.count("torch sees no GPU: training on the CPU") == 1
