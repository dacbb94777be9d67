"""`make gpu`: a rehearsal with small sizes, on whatever there is; what a limit leaves; the scripts."""

import json
import subprocess
import sys
import time

import gpu
import gpu_parts
import pytest

from support.paths import NOTEBOOKS, ROOT


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory, mnist_test):
    out = tmp_path_factory.mktemp("gpu")
    start = time.monotonic()
    code = gpu.main(["--tiny", "--out", str(out)])
    return (
        code,
        {path.stem: json.loads(path.read_text()) for path in out.glob("*.json")},
        (time.monotonic() - start),
    )


def test_every_part_ends_well_and_writes_what_it_found(rehearsal):
    code, found, _ = rehearsal
    assert code == 0, found
    for part in gpu.LIMITS:
        assert found[f"{part}.ended"]["ended"] == 0
        assert {"machine", "device", "seconds"} < set(found[part])
    assert found["equality"]["steps equal on both"]["settings"] == 12
    assert found["resume"]["resumed run equal to the last bit"] is True
    assert found["recipes"]["mnist-conv, seed 0"]["frechet"] > 0
    rates = found["speed"]["steps a second"]
    assert {"article's loop", "fit mlp float32", "fit conv float32"} <= set(rates)
    assert min(rates.values()) > 0
    assert found["chapters"]["04_the_optimal_discriminator"]["error"] == ""


def test_parts_are_those_in_order_of_worth():
    assert list(gpu.LIMITS) == ["equality", "speed", "chapters", "recipes", "resume"]
    assert set(gpu.LIMITS) == set(gpu_parts.PARTS)


def test_a_part_that_reaches_its_limit_is_stopped_and_said(tmp_path, monkeypatch):
    monkeypatch.setattr(gpu.subprocess, "Popen", Sleeper)
    found = gpu.run("speed", tmp_path, -4.5, tiny=True)
    assert found["ended"] == "stopped at its limit of -4 s" and found["seconds"] < 5
    assert json.loads((tmp_path / "speed.ended.json").read_text()) == found


class Sleeper(subprocess.Popen):
    def __init__(self, command, **options):
        super().__init__([sys.executable, "-c", "import time; time.sleep(60)"], **options)


def test_no_time_left_is_a_failure_and_an_unknown_part_a_mistake(tmp_path, capsys):
    assert gpu.main(["--minutes", "0", "--out", str(tmp_path), "speed"]) == 1
    assert "speed: no time left" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        gpu.main(["fast", "--out", str(tmp_path)])


def test_a_chapter_s_script_has_its_code_and_no_exercise():
    source = next(NOTEBOOKS.glob("04_*.ipynb"))
    text = gpu_parts.script_of(source)
    cells = json.loads(source.read_text())["cells"]
    kept = [c for c in cells if c["cell_type"] == "code" and "stub" not in marks(c)]
    assert all("".join(cell["source"]) in text for cell in kept)
    assert text.count("\n_cell(") == len(kept)
    assert "ex.check(" not in text
    compile(gpu_parts.CLOCK.format(path="x") + text, "chapter", "exec")


def marks(cell):
    return cell["metadata"].get("ganbook", {})


def test_one_step_differs_where_the_devices_would(monkeypatch, mnist_test):
    """The comparison sees a step that is not the same."""
    monkeypatch.setattr(gpu_parts, "PENALTIES", {"none": None})
    calls = []

    def wrong(*arguments):
        calls.append(arguments)
        found = right(*arguments)
        return [t * (1 + 0.01 * (len(calls) % 2)) for t in found]

    right = gpu_parts.one_step
    monkeypatch.setattr(gpu_parts, "one_step", wrong)
    with pytest.raises(AssertionError):
        gpu_parts.equality(gpu_parts.Report(ROOT / "_build" / "none.json", 9.0), tiny=True)
