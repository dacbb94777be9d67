"""Critics with a gradient penalty on a law that has lost a tenth of its mass: what gap do they read,
with SiLU and with ReLU, under a two-sided and a one-sided penalty?
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from ganbook import records
from ganbook.penalties import gradient_norms
from ganbook.recipes.place import Place

SHARE, FAR, STD, WEIGHT = 0.1, 8.0, 0.2, 10.0
SIZES, BATCH, RATE, BETAS = (1, 64, 64, 1), 256, 2e-3, (0.0, 0.9)
LOOKS, SEEDS, JUDGED = (300, 1_000, 3_000), (0, 1, 2, 3, 4), 20_000
ACTIVATIONS = {"silu": silu, "relu": torch.relu}
PENALTIES = ("two_sided", "one_sided")
MODULES = ("penalties", "draws", "recipes.line.lost_mode")


def sample(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return n real and n generated points, (n, 1) each: N(0, STD^2) twice, with each real point
    moved by FAR with probability SHARE.
    """
    real, fake = STD * torch.randn(2, n, 1, generator=generator)
    return real + FAR * (torch.rand(n, 1, generator=generator) < SHARE), fake


class Critics(nn.Module):
    """One network a seed, side by side: row block k of the batch belongs to network k."""

    def __init__(self, activation: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.activation = activation
        weights, biases = [], []
        for seed in SEEDS:
            with torch.random.fork_rng():
                torch.manual_seed(seed)
                layers = [nn.Linear(a, b) for a, b in pairwise(SIZES)]
            weights.append([layer.weight.detach().T for layer in layers])
            biases.append([layer.bias.detach()[None] for layer in layers])
        self.weights = nn.ParameterList(map(torch.stack, zip(*weights, strict=True)))
        self.biases = nn.ParameterList(map(torch.stack, zip(*biases, strict=True)))

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores of (len(SEEDS) * n, 1) points, in the same shape."""
        h = x.reshape(len(SEEDS), -1, 1)
        for k, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            h = torch.baddbmm(bias, self.activation(h) if k else h, weight)
        return h.flatten(0, 1)

    def each(self, x: Tensor) -> Tensor:
        """Return the score that each network gives to the same n points, (len(SEEDS), n)."""
        return self(x.repeat(len(SEEDS), 1)).reshape(len(SEEDS), -1)

    @torch.no_grad()
    def turn_over(self, real: Tensor, fake: Tensor) -> None:
        """Multiply by -1 each network that scores the generated points higher than the real ones."""
        gap = (self.each(real) - self.each(fake)).mean(dim=1)
        sign = torch.where(gap < 0, -1.0, 1.0)[:, None, None]
        self.weights[-1].mul_(sign)
        self.biases[-1].mul_(sign)


def penalise(D: Critics, real: Tensor, fake: Tensor, kind: str, source: torch.Generator) -> Tensor:
    """Return the penalty of either kind at points of segments between independent pairs."""
    epsilon = torch.rand(len(real), 1, generator=source)
    excess = gradient_norms(D, epsilon * real + (1 - epsilon) * fake) - 1
    if kind == "one_sided":
        excess = excess.relu()
    return WEIGHT * excess.square().mean()


def measure(D: Critics, kind: str) -> dict[str, np.ndarray]:
    """Return each network's gap on the laws, mean slope at penalised points, slope on the far ray,
    and balance.

    The gap is SHARE times the mean rise from a point of N(0, STD^2) to the point moved by FAR; the
    far ray runs from 1 to FAR - 1; the balance is 2 lambda E[n (n - 1)] over the gap, with the positive
    part of n - 1 for the one-sided penalty.
    """
    source = torch.Generator().manual_seed(9)
    real, fake = sample(JUDGED, source)
    epsilon = torch.rand(JUDGED, 1, generator=source)

    def norms(x: Tensor) -> Tensor:
        found = gradient_norms(D, x.repeat(len(SEEDS), 1), create_graph=False)
        return found.reshape(len(SEEDS), -1).detach()

    with torch.no_grad():
        gap = SHARE * (D.each(fake + FAR) - D.each(fake)).mean(dim=1)
    n = norms(epsilon * real + (1 - epsilon) * fake)
    excess = (n - 1).relu() if kind == "one_sided" else n - 1
    found = {
        "gap": gap,
        "mean_slope": n.mean(dim=1),
        "far_slope": norms(torch.linspace(1, FAR - 1, 601)[:, None]).mean(dim=1),
        "balance": 2 * WEIGHT * (n * excess).mean(dim=1) / gap,
    }
    return {name: value.numpy().astype(np.float32) for name, value in found.items()}


def train(activation: str, kind: str) -> dict[str, np.ndarray]:
    """Train five critics on fresh samples at a rate that falls to 2 %; returns what `measure` finds
    at LOOKS, arrays of shape (len(LOOKS), len(SEEDS)).
    """
    D = Critics(ACTIVATIONS[activation])
    D.turn_over(*sample(4_096, torch.Generator().manual_seed(5)))
    optimizer = torch.optim.Adam(D.parameters(), lr=RATE, betas=BETAS)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.02, LOOKS[-1])
    source, pairs, found = (
        torch.Generator().manual_seed(0),
        torch.Generator().manual_seed(1),
        [],
    )
    for step in range(1, LOOKS[-1] + 1):
        real, fake = sample(len(SEEDS) * BATCH, source)
        loss = (D(fake) - D(real)).mean() + penalise(D, real, fake, kind, pairs)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step in LOOKS:
            found.append(measure(D, kind))
    return {name: np.stack([look[name] for look in found]) for name in found[0]}


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Train both activations under both penalties, write the record ``line-lost-mode``, sum up.

    Arrays ``ACTIVATION_PENALTY_WHAT``, such as ``silu_two_sided_gap``, of shape (looks, seeds);
    ``looks``, the numbers of updates."""
    (place or Place()).on_the_cpu("line-lost-mode")
    start = time.perf_counter()
    arrays: dict[str, np.ndarray] = {"looks": np.array(LOOKS)}
    for activation in ACTIVATIONS:
        for kind in PENALTIES:
            found = train(activation, kind)
            arrays |= {f"{activation}_{kind}_{name}": value for name, value in found.items()}
            log(f"{activation}, {kind}: gap / exact {found['gap'][-1] / (SHARE * FAR)}")
    info = records.provenance(
        MODULES,
        SEEDS[0],
        time.perf_counter() - start,
        seeds=list(SEEDS),
        steps=LOOKS[-1],
        batch=BATCH,
        rate=RATE,
        betas=list(BETAS),
        weight=WEIGHT,
        share=SHARE,
        far=FAR,
        std=STD,
        rate_schedule="falls in a line to 2 %",
        start="networks with a negative gap at the start are multiplied by -1",
    )
    records.save("line-lost-mode", arrays, info, folder)
    exact = SHARE * FAR
    silu_, relu_ = (arrays[f"{a}_two_sided_gap"][-1].max() / exact for a in ACTIVATIONS)
    return f"largest gap / exact: {silu_:.2f} with SiLU, {relu_:.2f} with ReLU"
