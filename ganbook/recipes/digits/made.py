"""MADE on binarised 8 x 8 digits, its training length chosen on held-out pictures; a mixture of
orders.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor

from ganbook import records
from ganbook.autoregressive import MADE, ensemble_log_prob, fit
from ganbook.recipes.place import Place

HIDDEN, RATE, BATCH, STEPS, EVERY = (512,), 2e-3, 100, 6_000, 100
SEEDS, ORDERS = (0, 1, 2, 3, 4), 16
MODULES = ("autoregressive", "recipes.digits.made")


def split() -> tuple[Tensor, Tensor, Tensor]:
    """Return 1,097 training, 200 validation, 500 test pictures, (n, 64): 1. for pixels of 8 or
    more.
    """
    bits = torch.from_numpy((load_digits().data >= 8).astype(np.float32))
    bits = bits[torch.from_numpy(np.random.default_rng(0).permutation(len(bits)))]
    return bits[:1_097], bits[1_097:1_297], bits[1_297:]


@torch.no_grad()
def nats(model: MADE, x: Tensor) -> float:
    """Return the mean negative log-likelihood of pictures in nats."""
    return -float(model.log_prob(x).mean())


def train(
    seed: int, order: Tensor | None = None, device: torch.device | str = "cpu"
) -> tuple[MADE, np.ndarray, int]:
    """Train one model; returns it as it was at its best on validation, the curves, and that number
    of steps.

    The curves are nats on training, validation and test pictures, (3, STEPS / EVERY).
    """
    parts = [part.to(device) for part in split()]
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = MADE(64, HIDDEN, order).to(device)
    curves, best, state = [], np.inf, {}
    generator = torch.Generator().manual_seed(seed)

    def look(step: int) -> None:
        nonlocal best, state
        curves.append([nats(model, part) for part in parts])
        if curves[-1][1] < best:
            best = curves[-1][1]
            state = {"step": step, "weights": {k: v.clone() for k, v in model.state_dict().items()}}

    fit(model, parts[0], STEPS, BATCH, RATE, generator=generator, every=EVERY, callback=look)
    model.load_state_dict(state["weights"])
    return model, np.array(curves).T, state["step"]


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Train five seeds of one order, and one model of each of 16 orders; write the record
    ``made-digits``.
    """
    start, place = time.perf_counter(), place or Place()
    place.in_one_go("made-digits")
    test = split()[2].to(place.device)
    models, curves, chosen = zip(*(train(seed, None, place.device) for seed in SEEDS), strict=True)
    found = np.array([nats(model, test) for model in models])
    log(f"five seeds, test: {np.round(found, 2).tolist()} nats, chosen steps {chosen}")
    orders = [
        torch.randperm(64, generator=torch.Generator().manual_seed(100 + k)) for k in range(ORDERS)
    ]
    crowd = [train(100 + k, order, place.device)[0] for k, order in enumerate(orders)]
    each = np.array([nats(model, test) for model in crowd])
    with torch.no_grad():
        together = -float(ensemble_log_prob(crowd, test).mean())
    log(f"16 orders, alone {each.mean():.2f}, as a mixture {together:.2f} nats")
    samples = models[0].sample(32, torch.Generator().manual_seed(1))
    arrays = {
        "steps": np.arange(EVERY, STEPS + 1, EVERY),
        "curves": np.array(curves, dtype=np.float32),
        "chosen": np.array(chosen),
        "test": found,
        "orders": each,
        "ensemble": np.array(together),
        "samples": samples.cpu().numpy().astype(np.uint8),
        "test_pictures": test.cpu().numpy().astype(np.uint8),
    }
    info = records.provenance(
        MODULES,
        0,
        time.perf_counter() - start,
        seeds=list(SEEDS),
        hidden=list(HIDDEN),
        steps=STEPS,
        batch=BATCH,
        rate=RATE,
        data="scikit-learn's digits, 8 x 8, a pixel of 8 or more (of 16) is 1; 1,097 training, "
        "200 validation, 500 test pictures, split by numpy's default_rng(0)",
    )
    records.save("made-digits", arrays, info, folder)
    return f"test {found.mean():.2f} nats (five seeds), {together:.2f} for a mixture of {ORDERS} orders"
