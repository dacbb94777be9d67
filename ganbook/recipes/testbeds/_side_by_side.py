"""Many small games of one shape, trained at once: trial k has its own networks, data, rates and
penalty, and sees nothing of the others.

A batch holds one block of rows per trial. Losses are means over all rows, so that each trial's
gradient is divided by the number of trials; Adam divides by the gradient's own size and does not
notice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from ganbook.distributions import Gaussians, ring
from ganbook.games import Game
from ganbook.losses import Loss
from ganbook.penalties import gradient_norms
from ganbook.training.steps import d_step, g_step
from ganbook.transport import sliced

__all__ = ["BEDS", "Stack", "Trial", "floor", "marked", "play"]

# The laws, by name: on the line 0.3 N(-3, 0.7²) + 0.7 N(2, 1); in the plane eight modes on a ring.
BEDS = {
    "line": Gaussians([[-3.0], [2.0]], (0.7, 1.0), [0.3, 0.7]),
    "ring": ring(8, 1.0, 0.05),
}
LATENT, WIDTH, BATCH, BETA2, LAST_RATE = 4, 64, 128, 0.99, 0.05
SCORED, PROJECTIONS = 4_000, 64


@dataclass(frozen=True)
class Trial:
    """What one run is started with: Adam's rates and first momentum, the weight of R1, a seed."""

    seed: int
    rate_d: float = 1e-3
    rate_g: float = 1e-3
    beta1: float = 0.5
    gamma: float = 0.0


class Stack(nn.Module):
    """Networks of one shape; row block k of the input belongs to network k.

    Each network is initialised as torch initialises it alone, from its own seed. Shapes: (K n, in)
    -> (K n, out)."""

    def __init__(self, sizes: Sequence[int], seeds: Sequence[int]) -> None:
        super().__init__()
        self.weights, self.biases = nn.ModuleList(), nn.ModuleList()
        networks = []
        for seed in seeds:
            with torch.random.fork_rng():
                torch.manual_seed(seed)
                networks.append([nn.Linear(a, b) for a, b in pairwise(sizes)])
        for layers in zip(*networks, strict=True):
            self.weights.append(nn.ParameterList(m.weight.detach().T.clone() for m in layers))
            self.biases.append(nn.ParameterList(m.bias.detach()[None].clone() for m in layers))

    def forward(self, x: Tensor) -> Tensor:
        """Return each network's output for its own rows."""
        h = x.reshape(len(self.weights[0]), -1, x.shape[-1])
        for k, (weights, biases) in enumerate(zip(self.weights, self.biases, strict=True)):
            h = nn.functional.leaky_relu(h, 0.2) if k else h
            h = torch.baddbmm(torch.stack(list(biases)), h, torch.stack(list(weights)))
        return h.flatten(0, 1)

    def of(self, trial: int) -> list[nn.Parameter]:
        """Return the parameters of one network."""
        return [layer[trial] for layer in [*self.weights, *self.biases]]


@dataclass(frozen=True)
class EachItsOwnR1:
    """R1 with a weight per trial: half gamma_k times the mean squared slope at trial k's real points,
    averaged over trials as the losses are.
    """

    gammas: tuple[float, ...]
    per_sample = True

    def __call__(self, D: nn.Module, x_real: Tensor, x_fake: Tensor) -> Tensor:
        """Return the scalar that is added to D's loss."""
        squares = gradient_norms(D, x_real).square().reshape(len(self.gammas), -1).mean(dim=1)
        return (torch.tensor(self.gammas) / 2 * squares).mean()


def floor(bed: str, seed: int = 0) -> float:
    """Return the distance of two real samples: what a perfect generator is expected to score."""
    one, two = (
        BEDS[bed].sample(SCORED, _seeded(s)).numpy() for s in (10_000 + seed, 20_000 + seed)
    )
    return sliced(one, two, PROJECTIONS)


def marked(distance: np.ndarray) -> np.ndarray:
    """Return distances with -1, which no distance is, where a run failed (records hold no nan)."""
    return np.where(np.isfinite(distance), distance, -1.0)


def play(
    bed: str, loss: Loss, trials: Sequence[Trial], steps: int, checkpoints: int
) -> dict[str, np.ndarray]:
    """Train all trials with alternating play, one step of D to one of G, and score them.

    Both rates fall in a line to 5 % of their start. Returns ``distance`` (checkpoints, K), the sliced
    Wasserstein distance of order one between 4,000 generated and 4,000 real points (on the line,
    the distance itself; nan where a sample is not finite), the last ``samples`` (K, 4000, d) and the
    curve of D's mean ``loss_d`` (checkpoints,), each a mean over the steps before. Trials with one
    seed start from the same networks and see the same data and z, whatever the loss."""
    law = BEDS[bed]
    dim, seeds = law.centers.shape[1], [t.seed for t in trials]
    G = Stack((LATENT, WIDTH, WIDTH, dim), [2 * s for s in seeds])
    D = Stack((dim, WIDTH, WIDTH, 1), [2 * s + 1 for s in seeds])
    adam_g, adam_d = (_adam(net, trials, side) for net, side in ((G, "rate_g"), (D, "rate_d")))
    game = Game(G, D, adam_g, adam_d, LATENT, generator=_seeded(seeds[0]))
    gammas = tuple(t.gamma for t in trials)
    penalty = EachItsOwnR1(gammas) if any(gammas) else None
    generators = [_seeded(s) for s in seeds]
    reference = law.sample(SCORED, _seeded(30_000)).numpy()
    schedules = [
        torch.optim.lr_scheduler.LinearLR(a, 1.0, LAST_RATE, steps) for a in (adam_g, adam_d)
    ]
    every, losses = steps // checkpoints, []
    distance, curve = np.empty((checkpoints, len(trials))), np.empty(checkpoints)
    for step in range(1, every * checkpoints + 1):
        batch = torch.cat([law.sample(BATCH, g) for g in generators])
        losses.append(float(d_step(game, batch, loss, penalty)["loss_d"]))
        g_step(game, batch, loss)
        for schedule in schedules:
            schedule.step()
        if step % every == 0:
            samples = _samples(G, len(trials))
            at = step // every - 1
            distance[at] = [_distance(x, reference) for x in samples]
            curve[at] = np.mean(losses[-every:])
    return {"distance": distance, "samples": samples, "loss_d": curve}


def _adam(network: Stack, trials: Sequence[Trial], side: str) -> torch.optim.Adam:
    return torch.optim.Adam(
        [
            {"params": network.of(k), "lr": getattr(t, side), "betas": (t.beta1, BETA2)}
            for k, t in enumerate(trials)
        ],
        fused=True,
    )


def _seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@torch.no_grad()
def _samples(G: Stack, trials: int) -> np.ndarray:
    """Return 4,000 samples of each trial, from one and the same z."""
    z = torch.randn(SCORED, LATENT, generator=_seeded(40_000))
    return G(z.repeat(trials, 1)).reshape(trials, SCORED, -1).numpy()


def _distance(x: np.ndarray, reference: np.ndarray) -> float:
    return sliced(x, reference, PROJECTIONS) if np.isfinite(x).all() else float("nan")
