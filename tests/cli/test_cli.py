"""The command line as a user meets it: in processes of its own, and its mistakes one after the
other in this one.
"""

import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image
from safetensors.torch import load_file

from ganbook import cli, data, losses, quick, recipes
from ganbook.cli import main
from ganbook.metrics import frechet_distance
from ganbook.options import Whole
from ganbook.recipes.place import Place, Stopped
from support.processes import run_ganbook

UNKNOWN = f"unknown data 'imagenet': expected one of {', '.join(sorted(quick.DATA))}"


@pytest.mark.parametrize("words", [("--steps", "1000"), pytest.param((), marks=pytest.mark.slow)])
def test_first_taste_trains_on_digits_and_writes_picture_weights_and_scores(words, tmp_path):
    """A third of the steps that the command takes by itself is enough to be told from noise."""
    done = run_ganbook("train", "--data", "digits", *words, "--out", "taste", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    info = json.loads((tmp_path / "taste/run.json").read_text())
    assert info["floor"] < info["frechet"] < 0.5 * info["ceiling"]
    assert info["steps"] == (1000 if words else 3000)
    x = data.digits().x.flatten(1).double() / 127.5 - 1
    assert info["floor"] == pytest.approx(frechet_distance(x[:597], x[1200:])), (
        "training against held-out images"
    )
    assert f"Fréchet distance {info['frechet']:.2f}" in done.stdout
    with Image.open(tmp_path / "taste/samples.png") as picture:
        assert np.asarray(picture.convert("L")).std() > 40
    again = run_ganbook(
        "sample",
        "--weights",
        "taste/generator.safetensors",
        "-n",
        "9",
        "--out",
        "nine.png",
        cwd=tmp_path,
    )
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "nine.png").stat().st_size > 200


def test_one_seed_gives_one_result_and_another_seed_another(tmp_path, monkeypatch):
    """A process of its own and this one agree to the last bit."""
    monkeypatch.chdir(tmp_path)
    words = ["train", "--steps", "60", "--seed"]
    assert run_ganbook(*words, "3", "--out", "a", cwd=tmp_path).returncode == 0
    main([*words, "3", "--out", "b"])
    main([*words, "4", "--out", "c"])
    found = [Path(out, "generator.safetensors").read_bytes() for out in "abc"]
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("train", "--data", "imagenet"), UNKNOWN),
        (
            ("train", "--loss", "hinged"),
            "unknown loss 'hinged': expected one of hinge, least_squares, minimax, "
            "non_saturating, relativistic, wasserstein\n",
        ),
        (("train", "--steps", "abc"), "'--steps': 'abc' is not a valid integer.\n"),
        (("train", "--seed", "1.5"), "'--seed': '1.5' is not a valid integer.\n"),
        (("sample", "-n", "many"), "'many' is not a valid integer.\n"),
        (("train", "--steps", "0"), "steps is 0"),
        (("train", "--steps", "-3"), "steps is -3"),
        (("train", "--batch-size", "5000"), "batch_size is 5000, but there are 1200 samples"),
        (("train", "--batch-size", "0"), "batch_size is 0"),
        (("train", "--rate", "-1"), "rate is -1"),
        (("train", "--beta1", "1"), "beta1 is 1"),
        (
            ("train", "--steps", "3000000000000"),
            "'--steps': 3000000000000 is not in the range x<=100000000",
        ),
        (
            ("train", "--seed", "99999999999999999999"),
            "'--seed': 99999999999999999999 is not in the range 0<=",
        ),
        (("train", "--seed", "-1"), "'--seed': -1 is not in the range"),
        (
            ("sample", "--seed", "99999999999999999999"),
            "'--seed': 99999999999999999999 is not in the range",
        ),
        (
            ("sample", "-n", "3000000000000"),
            "'--number': 3000000000000 is not in the range x<=10000",
        ),
        (("train", "--stepz", "3"), "No such option"),
        (
            ("train", "--network", "vit"),
            "unknown network 'vit': expected one of conv, dcgan, full, minimal, mlp, residual, unet",
        ),
        (
            ("train", "--network", "conv"),
            "network conv makes 28 x 28 pictures, and those of digits are 8 x 8",
        ),
        (
            ("train", "--penalty", "r3"),
            "unknown penalty 'r3': expected one of gradient_penalty, none, r1, r2",
        ),
        (("train", "--weight", "3"), "give --penalty NAME with it"),
        (("train", "--penalty", "r1", "--weight", "-1"), "gamma is -1"),
        (("train", "--ema", "1.5"), "decay is 1.5"),
        (("train", "--amp", "float16"), "'float16' is not one of 'off', 'bfloat16'"),
        (("train", "--samples-every", "0"), "'--samples-every': 0 is not in the range x>=1"),
        (("data", "imagenet"), UNKNOWN),
        (("reproduce", "mnist-scale", "--device", "tpu"), "'tpu' is not one of"),
        (
            ("reproduce", "made-digits", "--folder", ".", "--checkpoint", "x"),
            "made-digits takes minutes and keeps no checkpoint: leave --checkpoint out",
        ),
        (("train", "--device", "tpu"), "'tpu' is not one of 'auto', 'cpu', 'cuda'"),
        (
            ("train", "--every", "5"),
            "--every says how often to save: give --checkpoint FILE with it",
        ),
        (
            ("reproduce", "mnist-mlp", "--every", "5"),
            "--every says how often to save: give --checkpoint FILE with it",
        ),
        (("train", "--checkpoint", "run.safetensors", "--every", "0"), "every is 0"),
        (("train", "--checkpoint", "none/run.safetensors"), "the folder"),
        (("train", "--steps", "200", "--rate", "1e30"), "training cannot go on"),
        (("trian",), "No such command 'trian'"),
        (("reproduce", "mnist-vae"), "no recipe 'mnist-vae'"),
        (("sample", "-n", "0"), "number is 0"),
        (("sample", "--weights", "nowhere.safetensors"), "no weights at nowhere.safetensors"),
    ],
)
def test_mistakes_end_with_code_two_and_one_line(tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    said = capsys.readouterr().err
    assert stopped.value.code == 2
    assert message in said
    assert len(said.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir()), "a refused command left something behind"


def test_bounds_do_not_change_what_a_number_is_called():
    assert Whole(1, 9).name == "integer" and Whole(1, 9).convert("9", None, None) == 9
    with pytest.raises(click.BadParameter, match="0 is not in the range 1<=x<=9"):
        Whole(1, 9).convert("0", None, None)


def test_cuda_without_a_gpu_is_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for words in (["train", "--device", "cuda"], ["reproduce", "mnist-mlp", "--device", "cuda"]):
        with pytest.raises(SystemExit) as stopped:
            main(words)
        assert stopped.value.code == 2
        assert capsys.readouterr().err.startswith(
            "ganbook: device is cuda, but PyTorch finds no GPU"
        )


def test_help_lists_the_names_that_there_are(monkeypatch):
    """One table for each kind: a name that joins it is in help at once, and can be trained."""
    for table in (quick.DATA, losses.LOSSES, quick.NETWORKS, quick.PENALTIES):
        monkeypatch.setitem(table, "afterwards", table[next(iter(table))])
        said = " ".join(CliRunner().invoke(cli.cli, ["train", "--help"]).output.split())
        assert f"One of {', '.join(sorted(table))}." in said
    said = " ".join(CliRunner().invoke(cli.cli, ["data", "--help"]).output.split())
    assert f"NAME is one of {', '.join(sorted(quick.DATA))} [default: mnist]." in said
    assert "afterwards" in said
    assert quick.setup(quick.Choice(loss="afterwards", penalty="afterwards")).penalty is not None


def test_help_of_other_commands_does_not_wait_for_torch():
    code = "import sys; from ganbook.cli import cli; cli(['--help'], standalone_mode=False); "
    code += "sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_without_arguments_it_shows_what_it_can_do():
    done = CliRunner().invoke(cli.cli, [])
    assert done.exit_code == 0
    assert all(f"  {name} " in done.output for name in ("train", "sample", "data", "reproduce"))
    examples = re.findall(r"^  python -m ganbook (\w+)(.*?)(?:   |$)", done.output, re.M)
    assert len(examples) >= 5
    for command, words in examples:
        options = re.findall(r"--[\w-]+", words)
        known = [o for p in cli.cli.commands[command].params for o in p.opts] + ["--help"]
        assert set(options) <= set(known)


TRAINS = [
    (["--data", "digits"], 8),
    *([["--data", "digits", "--loss", loss], 8] for loss in sorted(losses.LOSSES)),
    *([["--penalty", name], 8] for name in sorted(quick.PENALTIES)),
    (["--data", "mnist", "--network", "conv", "--penalty", "r1", "--weight", "0.3"], 28),
    *(
        [["--data", "mnist", "--network", name, "--penalty", "r1"], 28]
        for name in ("dcgan", "full", "minimal", "residual", "unet")
    ),
    (["--data", "fashion-mnist", "--ema", "0.9", "--amp", "bfloat16"], 28),
]


@pytest.mark.parametrize("option", ["data", "network"])
def test_no_name_is_left_out(option):
    """A data set or a network that joins its table needs a row in TRAINS."""
    table = {"data": quick.DATA, "network": quick.NETWORKS}[option]
    tried = {words[words.index(f"--{option}") + 1] for words, _ in TRAINS if f"--{option}" in words}
    default = str(getattr(quick.Choice(), option))
    for name in sorted(set(table) - {default}):
        assert name in tried, (
            f"nothing trains --{option} {name}: add a row with it to TRAINS above, and the side of "
            "its pictures"
        )


@pytest.mark.parametrize(
    ("words", "images"),
    TRAINS,
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_each_name_trains(tmp_path, monkeypatch, pictures, words, images):
    """Five steps: a picture, weights that `sample` draws from, and the choice in run.json."""
    monkeypatch.chdir(tmp_path)
    main(["train", "--steps", "5", "--batch-size", "16", "--samples-every", "2", *words])
    info = json.loads(Path("out/run.json").read_text())
    for option, value in zip(words[::2], words[1::2], strict=True):
        assert str(info[option[2:]]) == value
    assert np.isfinite(info["frechet"]) and info["steps"] == 5
    names = {path.name for path in Path("out").glob("*.png")}
    assert names == {"samples.png", "samples-000002.png", "samples-000004.png"}
    side = 8 * (images + 2) + 2
    with Image.open("out/samples-000004.png") as picture:
        assert picture.width == side * max(1, 224 // images // 2)
    main(["sample", "--weights", "out/generator.safetensors", "-n", "4", "--out", "four.png"])
    assert Path("four.png").stat().st_size > 100


@pytest.fixture
def pictures(monkeypatch):
    """Pictures of noise for what would be read from files."""
    x = torch.randint(0, 256, (600, 1, 28, 28), dtype=torch.uint8)
    made = data.Images(x, torch.arange(600) % 10)
    for name in ("mnist", "fashion-mnist"):
        monkeypatch.setitem(data.DATASETS, name, lambda split="train", root=None: made)


def test_samples_are_those_of_the_average(tmp_path, monkeypatch):
    """With --ema the weights on the disk are the average's, which starts near G's beginning."""
    monkeypatch.chdir(tmp_path)
    for out, words in (("plain", []), ("ema", ["--ema", "0.9999"])):
        main(["train", "--steps", "20", "--out", out, *words])
    start = quick.setup(quick.Choice()).game.G.state_dict()
    far, near = (
        sum(
            float((load_file(f"{out}/generator.safetensors")[k] - v).norm())
            for k, v in start.items()
        )
        for out in ("plain", "ema")
    )
    assert 0 < near < 0.02 * far


def test_ctrl_c_without_a_checkpoint_says_what_is_lost(tmp_path, monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(quick, "train", interrupted)
    with pytest.raises(SystemExit) as stopped:
        main(["train"])
    assert stopped.value.code == 130
    said = capsys.readouterr().err
    assert said == "ganbook: stopped; --checkpoint FILE saves a run, so that it goes on\n"


def test_reproduce_passes_device_and_checkpoint_on(tmp_path, monkeypatch, capsys):
    seen = {}

    def run(name, folder, log, place):
        seen.update(name=name, folder=folder, place=place)
        return "done"

    monkeypatch.setattr(recipes, "run", run)
    words = ["--folder", str(tmp_path), "--device", "cpu", "--checkpoint", "a.safetensors"]
    main(["reproduce", "mnist-conv", *words, "--every", "7"])
    assert seen["place"] == Place(torch.device("cpu"), True, Path("a.safetensors"), 7)
    assert json.loads(capsys.readouterr().out) == {"name": "mnist-conv", "result": "done"}

    def stopped(*_):
        raise Stopped("after step 3")

    monkeypatch.setattr(recipes, "run", stopped)
    with pytest.raises(SystemExit) as left:
        main(["reproduce", "mnist-conv", *words])
    assert left.value.code == 130


def test_data_says_where_it_found_what(mnist_test, capsys):
    main(["data"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(", from ")[0] for line in lines] == [
        "mnist, train: 60000 images, verified",
        "mnist, test: 10000 images, verified",
    ]
    assert all(Path(line.split(", from ")[1]).is_file() for line in lines)
    main(["data", "digits"])
    assert capsys.readouterr().out.startswith("digits: 1797 images")


def test_data_of_every_set_that_needs_no_files(capsys):
    """What reads no files is asked here; what does, has a split, and a test beside its files."""
    assert set(quick.DATA) == set(data.DATASETS), "DATA and DATASETS name the same sets"
    for name, load in data.DATASETS.items():
        if not inspect.signature(load).parameters:
            main(["data", name])
            assert capsys.readouterr().out.startswith(f"{name}: {len(load())} images")


def no_training(*_):
    raise AssertionError("training began")


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("file/x", "cannot write to the folder file/x: {here}/file is not a folder"),
        ("file/x/y", "cannot write to the folder file/x/y: {here}/file is not a folder"),
        ("nowhere", "cannot write to the folder nowhere: nowhere is not a folder"),
        ("closed/x", "cannot write to the folder closed/x: {here}/closed may not be written to"),
        ("closed", "cannot write to the folder closed: closed may not be written to"),
    ],
)
def test_a_folder_that_cannot_be_written_is_said_before_training(
    tmp_path, monkeypatch, capsys, out, message
):
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    Path("nowhere").symlink_to("missing")
    Path("closed").mkdir()
    monkeypatch.setattr(
        os, "access", lambda path, mode: not (Path(path).name == "closed" and mode & os.W_OK)
    )
    monkeypatch.setattr(quick, "train", no_training)
    with pytest.raises(SystemExit) as stopped:
        main(["train", "--out", out])
    assert stopped.value.code == 2
    assert message.format(here=tmp_path) in capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} == {"file", "nowhere", "closed"}


def test_the_greatest_seed_is_a_seed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    main(["train", "--steps", "2", "--seed", str(2**63 - 1), "--out", "some/where"])
    main(
        [
            "sample",
            "--weights",
            "some/where/generator.safetensors",
            "--seed",
            str(2**63 - 1),
            "-n",
            "4",
        ]
    )
    assert Path("samples.png").is_file()


def test_a_mistake_in_a_process_of_its_own(tmp_path):
    done = run_ganbook("train", "--data", "imagenet", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.strip() == f"ganbook: {UNKNOWN}"
    assert done.stdout == ""


def test_weights_that_are_not_weights(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("bad.safetensors").write_bytes(b"not a tensor in sight")
    with pytest.raises(SystemExit) as stopped:
        main(["sample", "--weights", "bad.safetensors"])
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert "bad.safetensors" in said
    assert len(said.strip().splitlines()) == 1


def test_help_version_and_lists(tmp_path):
    def said(*words):
        return CliRunner().invoke(cli.cli, words).output

    assert "reproduce" in said("--help")
    assert "ganbook, version" in said("--version")
    assert "mnist-mlp" in said("reproduce").splitlines()
    table = run_ganbook("exercises", cwd=tmp_path, GANBOOK_STATE=str(tmp_path / "state"))
    assert table.returncode == 0, table.stderr
    assert "open: 3.1, 3.2" in table.stdout
    assert "chapter 3     0 of 12" in table.stdout


def test_data_command_names_the_ways_out_without_network(tmp_path):
    done = run_ganbook(
        "data",
        cwd=tmp_path,
        GANBOOK_DATA=str(tmp_path / "none"),
        XDG_CACHE_HOME=str(tmp_path / "cache"),
        https_proxy="http://127.0.0.1:9",
        http_proxy="http://127.0.0.1:9",
        HTTPS_PROXY="http://127.0.0.1:9",
    )
    assert done.returncode == 2
    assert "GANBOOK_DATA" in done.stderr
    assert "Traceback" not in done.stderr
