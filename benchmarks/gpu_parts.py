"""The parts of `gpu.py`, one a process: `python gpu_parts.py PART FILE SECONDS [--tiny]`."""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path

import torch
from article import BATCH, article_networks, article_steps
from pairs import machine
from torch import nn

from ganbook import data, penalties
from ganbook.checkpoints import Checkpoint
from ganbook.features import describe
from ganbook.losses import LOSSES
from ganbook.networks import (
    InBfloat16,
    conv_discriminator,
    conv_generator,
    has_bfloat16,
    mlp_discriminator,
    mlp_generator,
)
from ganbook.recipes import common
from ganbook.recipes.mnist import conv, mlp
from ganbook.recipes.place import Place
from ganbook.training import EMA, Game, d_step, fit, g_step

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = ("02", "03", "04", "05", "07")
TOLERANCE = {"rtol": 2e-3, "atol": 2e-4}  # float32 sums in another order, through one step
PENALTIES = {"none": None, "r1": penalties.r1(1.0), "gradient_penalty": penalties.gradient_penalty}


def device() -> torch.device:
    """The GPU, or the CPU for a rehearsal."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


class Report:
    """Results of a part, written anew after each, so that a limit costs only what was under way."""

    def __init__(self, path: Path, seconds: float) -> None:
        self.path, self.end, self.start = path, time.monotonic() + seconds, time.monotonic()
        self.found: dict[str, object] = {"machine": machine(), "device": device().type}

    def put(self, name: str, value: object) -> None:
        """Keep a result and write all."""
        self.found[name] = value
        self.found["seconds"] = round(time.monotonic() - self.start, 1)
        temporary = self.path.with_suffix(".tmp")
        temporary.write_text(json.dumps(self.found, indent=1) + "\n")
        temporary.replace(self.path)
        print(f"  {name}: {value}", flush=True)

    def left(self) -> float:
        """Seconds until the limit."""
        return self.end - time.monotonic()


def players(kind: str) -> tuple[nn.Module, nn.Module, int]:
    """Players without dropout, whose masks differ between devices."""
    if kind == "mlp":
        return *common.seeded(0, mlp_generator, lambda: mlp_discriminator(dropout=0.0)), 100
    return *common.seeded(0, conv_generator, conv_discriminator), 64


def one_step(kind: str, loss: str, penalty: str, where: torch.device, x: torch.Tensor) -> list:
    """Scalars and parameters after one step of each player on a device."""
    G, D, latent = players(kind)
    G, D = G.to(where), D.to(where)
    sgd = (torch.optim.SGD(p.parameters(), lr=1e-2) for p in (G, D))
    game, extra = Game(G, D, *sgd, latent), PENALTIES[penalty]
    if penalty == "gradient_penalty":
        extra = extra(10.0, torch.Generator().manual_seed(1))
    row = d_step(game, x.to(where), LOSSES[loss], extra)
    row |= g_step(game, x.to(where), LOSSES[loss])
    outside = {p.device.type for p in (*G.parameters(), *D.parameters(), *row.values())}
    assert outside == {where.type}, f"left {where.type}: {outside}"
    return [t.detach().cpu() for t in (*row.values(), *G.parameters(), *D.parameters())]


def equality(report: Report, tiny: bool) -> None:
    """Every loss with every penalty, both pairs: one step here and on the CPU."""
    x = data.to_float(data.mnist("test").x[: 8 if tiny else 128])
    losses = list(LOSSES)[:2] if tiny else list(LOSSES)
    worst = 0.0
    for kind, loss, penalty in product(("mlp", "conv"), losses, PENALTIES):
        here, there = (one_step(kind, loss, penalty, d, x) for d in (device(), torch.device("cpu")))
        for a, b in zip(here, there, strict=True):
            torch.testing.assert_close(
                a, b, **TOLERANCE, msg=lambda m, at=(kind, loss): f"{at}: {m}"
            )
            worst = max(worst, float((a - b).abs().max()))
    report.put(
        "steps equal on both", {"settings": 2 * len(losses) * 3, "largest difference": worst}
    )
    images = data.mnist("test").x[: 64 if tiny else 2000]
    here, there = describe(images.to(device())), describe(images)
    for a, b in zip(here, there, strict=True):
        torch.testing.assert_close(a.cpu(), b, **TOLERANCE)
    report.put("features equal on both", len(images))
    orders = [
        data.batches(images, 16, torch.Generator().manual_seed(0), d) for d in (device(), "cpu")
    ]
    assert all(torch.equal(next(orders[0]).cpu(), next(orders[1])) for _ in range(6))
    report.put("batches equal on both", True)


def rate(action: Callable[[], object], steps: int) -> float:
    """Steps a second of a call that makes so many steps, the device waited for."""
    start = time.perf_counter()
    action()
    if device().type == "cuda":
        torch.cuda.synchronize()
    return steps / (time.perf_counter() - start)


def fitting(game: Game, batch: int, steps: int, penalty=None) -> Callable[[], object]:
    """A call of `fit` that goes on where the last one ended."""
    generator = torch.Generator().manual_seed(0)
    batches = data.batches(data.mnist("train"), batch, generator, device())
    return lambda: fit(game, batches, penalty=penalty, steps=steps, seed=None)


def products(game: Game, batch: int) -> Callable[[], object]:
    """Forward and backward passes of one step without optimisers, sampling or records: the bound."""
    x = torch.rand(batch, 1, 28, 28, device=device()) * 2 - 1
    z = torch.randn(batch, game.latent).to(device())

    def step() -> None:
        with torch.no_grad():
            fake = game.G(z)
        game.D(torch.cat([x, fake])).sum().backward()
        game.D(game.G(z)).sum().backward()

    return step


def speed(report: Report, tiny: bool) -> None:
    """Alternating rounds; medians of steps a second, and ratios to the article's loop."""
    steps, n_rounds, where = (2, 2, device()) if tiny else (100, 7, device())
    narrow = has_bfloat16(where)
    networks = (network.to(where) for network in article_networks(0))
    loop = article_steps(*networks, device=where)
    actions = {"article's loop": lambda: [next(loop) for _ in range(steps)]}
    for kind, bfloat16 in product(("mlp", "conv"), (False, True)[: 1 + narrow]):
        name = f"fit {kind} {'bfloat16' if bfloat16 else 'float32'}"
        if kind == "mlp":
            game, size = mlp.article_game(device=where), BATCH
            if bfloat16:
                game = narrowed(game)
            actions[name] = fitting(game, size, steps)
        else:
            game, size = conv.conv_game(0, conv.LONG, bfloat16, where), conv.LONG.batch
            actions[name] = fitting(game, size, steps, penalties.r1(conv.GAMMA))
        if not bfloat16:
            one = products(game, size)
            actions[f"passes alone {kind}"] = lambda one=one: [one() for _ in range(steps)]
    found: dict[str, list[float]] = {name: [] for name in actions}
    for action in actions.values():
        action()
    for turn in range(n_rounds):
        for name in list(actions)[:: 1 if turn % 2 == 0 else -1]:
            found[name].append(rate(actions[name], steps))
        middle = {name: round(statistics.median(each), 1) for name, each in found.items() if each}
        report.put("steps a second", middle)
        if report.left() < 10:
            break
    for kind in ("mlp", "conv"):
        share = [
            a / b
            for a, b in zip(
                found[f"fit {kind} float32"], found[f"passes alone {kind}"], strict=False
            )
        ]
        report.put(f"share of the bound, {kind}", round(statistics.median(share), 3))
    for name in [name for name in found if name.startswith("fit mlp")]:
        ratios = [a / b for a, b in zip(found[name], found["article's loop"], strict=False)]
        report.put(
            f"{name} / article's loop", [round(f(ratios), 2) for f in (statistics.median, min, max)]
        )


def narrowed(game: Game) -> Game:
    """The same players with products in bfloat16."""
    G, D = InBfloat16(game.G), InBfloat16(game.D)
    return common.adam_game(G, D, game.latent, mlp.RATE, (mlp.BETA1, 0.999))


def script_of(notebook: Path, cells: int | None = None) -> str:
    """A chapter's code cells as one script, without those of its exercises; a clock after each."""
    found = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = [
        "".join(cell["source"])
        for cell in found
        if cell["cell_type"] == "code" and "stub" not in cell["metadata"].get("ganbook", {})
    ]
    return "\n\n".join(f"{source}\n_cell({i + 1})" for i, source in enumerate(code[:cells]))


CLOCK = """import json, sys, time
_begun, _cells = time.perf_counter(), []
def _cell(number):
    global _begun
    now = time.perf_counter()
    _cells.append(round(now - _begun, 2))
    _begun = now
    open({path!r}, "w").write(json.dumps(_cells))
"""


def chapters(report: Report, tiny: bool) -> None:
    """Each chapter as a script; what each cell took, and the error of one that failed."""
    failed = []
    for number in CHAPTERS[2:3] if tiny else CHAPTERS:
        source = next((ROOT / "notebooks").glob(f"{number}_*.ipynb"))
        with tempfile.TemporaryDirectory() as folder:
            script, cells = Path(folder, "chapter.py"), Path(folder, "cells.json")
            text = CLOCK.format(path=str(cells)) + script_of(source, 2 if tiny else None)
            script.write_text(text, encoding="utf-8")
            budget = os.environ | {"GANBOOK_BUDGET": "book" if tiny else "full"}
            start, error = time.monotonic(), ""
            try:
                done = subprocess.run(
                    [sys.executable, str(script)],
                    cwd=source.parent,
                    env=budget,
                    capture_output=True,
                    text=True,
                    timeout=max(5.0, report.left()),
                )
                error = "" if done.returncode == 0 else done.stderr.strip().splitlines()[-1]
            except subprocess.TimeoutExpired:
                error = "stopped at the limit"
            took = json.loads(cells.read_text()) if cells.exists() else []
        row = {"seconds": round(time.monotonic() - start, 1), "error": error, "cells": took}
        report.put(source.stem, row)
        failed += [source.stem] * bool(error)
    assert not failed, f"failed: {', '.join(failed)}"


def recipes(report: Report, tiny: bool) -> None:
    """The article's 50 epochs and the convolutional recipe, seed after seed while there is time."""
    place, real = (
        Place(device()),
        common.real_features(data.mnist("train").x[: 500 if tiny else None]),
    )
    epochs, plan = (mlp.EPOCHS, conv.LONG) if not tiny else (0, conv.Plan(4, 8, 1e-3, 0.9))
    took = 0.0
    for seed in range(1 if tiny else 5):
        if seed and report.left() < 1.3 * took:
            break
        start = time.monotonic()
        if epochs:
            arrays = mlp.train(seed, mlp.BETA1, epochs, (epochs,), real, print, True, place)[3]
            score = {k: float(arrays[k][-1]) for k in ("frechet", "frechet_ema", "inception")}
            report.put(f"mnist-mlp, seed {seed}", score | {"seconds": time.monotonic() - start})
        begun = time.monotonic()
        ema = conv.train(seed, plan, place=place)[1]
        score = conv.frechet(ema.module, real, 500 if tiny else 10_000)
        report.put(
            f"mnist-conv, seed {seed}", {"frechet": score, "seconds": time.monotonic() - begun}
        )
        took = time.monotonic() - start


def resume(report: Report, tiny: bool) -> None:
    """Killed by SIGKILL in the middle, and begun again: parameters equal to the last bit."""
    steps, every = (12, 4) if tiny else (3000, 1000)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "run.safetensors")
        command = [sys.executable, __file__, "killed", str(file), str(steps), str(every)]
        process = subprocess.Popen(command)
        while not file.exists() and process.poll() is None and report.left() > 10:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert file.exists(), "nothing was saved before the process ended"
        resumed, whole = long_run(steps, Checkpoint(file, every)), long_run(steps, None)
    same = all(torch.equal(a, b) for a, b in zip(resumed, whole, strict=True))
    report.put("resumed run equal to the last bit", same)
    assert same


def long_run(steps: int, checkpoint: Checkpoint | None) -> list[torch.Tensor]:
    """Parameters after a run of the article's players, and of their average."""
    torch.backends.cudnn.deterministic = True
    game = mlp.article_game(device=device())
    ema = EMA(game.G, 0.99)
    batches = data.batches(data.mnist("test"), 64, torch.Generator().manual_seed(0), device())
    fit(game, batches, steps=steps, ema=ema, checkpoint=checkpoint)
    return [p.cpu() for n in (game.G, game.D, ema.module) for p in n.parameters()]


PARTS = {f.__name__: f for f in (equality, speed, chapters, recipes, resume)}


def main() -> None:
    """Run the named part."""
    name, path, seconds, *more = sys.argv[1:]
    if name == "killed":
        long_run(10 * int(seconds), Checkpoint(Path(path), int(more[0])))
        return
    PARTS[name](Report(Path(path), float(seconds)), "--tiny" in more)


if __name__ == "__main__":
    main()
