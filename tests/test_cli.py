"""The command line as a user meets it: in processes of its own, and its mistakes one after the other in this one."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from ganbook.cli import main

ENV = {**os.environ, "OMP_NUM_THREADS": "1"}


def run(*arguments, cwd, **env):
    return subprocess.run([sys.executable, "-m", "ganbook", *arguments], cwd=cwd, env={**ENV, **env},
                          capture_output=True, text=True, timeout=300)


def test_first_taste_trains_on_digits_and_writes_picture_weights_and_scores(tmp_path):
    done = run("train", "--data", "digits", "--out", "taste", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    info = json.loads((tmp_path / "taste/run.json").read_text())
    assert info["floor"] < info["frechet"] < 0.5 * info["ceiling"]
    assert info["steps"] == 3000
    assert f"Frechet distance {info['frechet']:.2f}" in done.stdout
    with Image.open(tmp_path / "taste/samples.png") as picture:
        assert np.asarray(picture.convert("L")).std() > 40
    again = run("sample", "--weights", "taste/generator.safetensors", "-n", "9", "--out", "nine.png", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "nine.png").stat().st_size > 200


def test_one_seed_gives_one_result_and_another_seed_another(tmp_path):
    found = []
    for out, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        assert run("train", "--steps", "60", "--seed", seed, "--out", out, cwd=tmp_path).returncode == 0
        found.append((tmp_path / out / "generator.safetensors").read_bytes())
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize(("arguments", "message"), [
    (("train", "--data", "imagenet"), "unknown data 'imagenet': expected one of digits, mnist"),
    (("train", "--loss", "hinged"), "unknown loss 'hinged': expected one of"),
    (("train", "--steps", "0"), "steps is 0"),
    (("train", "--steps", "-3"), "steps is -3"),
    (("train", "--batch-size", "5000"), "batch_size is 5000, but there are 1200 images"),
    (("train", "--batch-size", "0"), "batch_size is 0"),
    (("train", "--rate", "-1"), "rate is -1"),
    (("train", "--beta1", "1"), "beta1 is 1"),
    (("train", "--stepz", "3"), "No such option"),
    (("trian",), "No such command 'trian'"),
    (("reproduce", "mnist-vae"), "no recipe 'mnist-vae'"),
    (("sample", "-n", "0"), "number is 0"),
    (("sample", "--weights", "nowhere.safetensors"), "no weights at nowhere.safetensors"),
])
def test_mistakes_end_with_code_two_and_one_line(tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    said = capsys.readouterr().err
    assert stopped.value.code == 2
    assert message in said
    assert len(said.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir()), "a refused command left something behind"


def test_a_mistake_in_a_process_of_its_own(tmp_path):
    done = run("train", "--data", "imagenet", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.strip() == "ganbook: unknown data 'imagenet': expected one of digits, mnist"
    assert done.stdout == ""


def test_weights_that_are_not_weights(tmp_path):
    (tmp_path / "bad.safetensors").write_bytes(b"not a tensor in sight")
    done = run("sample", "--weights", "bad.safetensors", cwd=tmp_path)
    assert done.returncode == 2
    assert "bad.safetensors" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_help_version_and_lists(tmp_path):
    assert "reproduce" in run("--help", cwd=tmp_path).stdout
    assert "ganbook, version" in run("--version", cwd=tmp_path).stdout
    assert "mnist-mlp" in run("reproduce", cwd=tmp_path).stdout.splitlines()
    table = run("exercises", cwd=tmp_path, GANBOOK_STATE=str(tmp_path / "state"))
    assert table.returncode == 0, table.stderr
    assert "open: 3.1, 3.2" in table.stdout
    assert "chapter 3     0 of 12" in table.stdout


def test_data_command_names_the_ways_out_without_network(tmp_path):
    done = run("data", cwd=tmp_path, GANBOOK_DATA=str(tmp_path / "none"), XDG_CACHE_HOME=str(tmp_path / "cache"),
               https_proxy="http://127.0.0.1:9", http_proxy="http://127.0.0.1:9", HTTPS_PROXY="http://127.0.0.1:9")
    assert done.returncode == 2
    assert "GANBOOK_DATA" in done.stderr
    assert "Traceback" not in done.stderr
