"""Runs of the command line that stop, go on, and share their work between processes."""

import json
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ganbook.cli import main
from support.paths import NOTEBOOKS, ROOT
from support.processes import ENV


def commands():
    """The commands that the front matter gives for training, in order."""
    text = (NOTEBOOKS / "running.md").read_text().replace("\\\n", "")
    return re.findall(
        r"^((?:torchrun .*-m|python -m) ganbook train .*--checkpoint .*)$", text, re.M
    )


def torchrun(command, cwd):
    """Run a command line as it stands, with this Python's torchrun on a port that is free."""
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    return subprocess.run(
        [*launcher, *shlex.split(command)[1:]],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=200,
        env=ENV | {"PYTHONPATH": str(ROOT)},
    )


def test_a_run_goes_on_from_its_checkpoint(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = shlex.split(commands()[0])[3:]
    main([*words, "--checkpoint", "whole.safetensors", "--out", "whole"])
    main([*words, "--steps", "200"])
    main(words)
    assert capsys.readouterr().err == ""
    assert (
        Path("out/generator.safetensors").read_bytes()
        == Path("whole/generator.safetensors").read_bytes()
    )
    assert json.loads(Path("out/run.json").read_text())["steps"] == 400
    assert Path("run.safetensors.previous").is_file(), "saved at step 300 too"
    with pytest.raises(SystemExit) as stopped:
        main([*words, "--rate", "0.001"])
    said = capsys.readouterr().err
    assert stopped.value.code == 2
    assert "is of another configuration" in said and len(said.strip().splitlines()) == 1


def test_sigterm_saves_and_the_command_goes_on(tmp_path):
    arguments = ["train", "--steps", "100000", "--checkpoint", "run.safetensors", "--every", "20"]
    process = subprocess.Popen(
        [sys.executable, "-m", "ganbook", *arguments],
        cwd=tmp_path,
        env=ENV,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    end = time.monotonic() + 100
    while not (tmp_path / "run.safetensors").exists():
        assert time.monotonic() < end and process.poll() is None, process.communicate()
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    out, said = process.communicate(timeout=100)
    assert (process.returncode, out) == (130, "")
    assert re.fullmatch(
        r"ganbook: SIGTERM ended training after step \d+ of 100000; saved in \S+, .*\n", said
    )
    assert {p.name for p in tmp_path.iterdir()} <= {"run.safetensors", "run.safetensors.previous"}


def test_two_processes_by_torchrun_write_and_speak_once(tmp_path):
    _, pair = commands()
    done = torchrun(pair, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Fréchet distance") == done.stdout.count("wrote ") == 1
    assert {p.name for p in (tmp_path / "pair").iterdir()} == {
        "samples.png",
        "generator.safetensors",
        "run.json",
    }
    info = json.loads((tmp_path / "pair/run.json").read_text())
    assert (info["processes"], info["device"], info["steps"]) == (2, "cpu", 400)
    assert info["floor"] < info["frechet"] < info["ceiling"]
    assert (tmp_path / "pair.safetensors").is_file()


def test_a_mistake_under_torchrun_is_said_once(tmp_path):
    command = (
        "torchrun --nproc-per-node 2 -m ganbook train --batch-size 63 --checkpoint run.safetensors"
    )
    done = torchrun(command, tmp_path)
    assert done.returncode != 0
    lines = [line for line in done.stderr.splitlines() if line.startswith("ganbook:")]
    assert lines == [
        "ganbook: 2 processes cannot share 1200 samples in batches of 63 equally (an epoch's last batch "
        "holds 3): choose a batch size such that 2 divides both"
    ]
    assert set(re.findall(r"exitcode\s*: (\d+)", done.stderr)) == {"2"}
    assert "Traceback" not in done.stderr.split("ganbook:")[0]
    assert not list(tmp_path.iterdir())
