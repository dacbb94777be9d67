"""What the recipes on tricks share: nets with switches, many seeds side by side, one score.

Pictures are MNIST at 14 x 14 (means over 2 x 2 pixels); for the score they are doubled again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate

from ganbook import data, records
from ganbook.features import describe
from ganbook.games import SideBySideGame, joined
from ganbook.history import TrainingDiverged
from ganbook.metrics import frechet_distance
from ganbook.recipes import common
from ganbook.recipes.place import Kept, Place
from ganbook.recipes.tricks._nets import LATENT, SIDE, Net, Scale, game_of
from ganbook.schedules import Linear
from ganbook.training import EMA, fit

__all__ = [
    "Net",
    "Scale",
    "doubled",
    "given",
    "noise",
    "pictures",
    "played",
    "reference",
    "save",
    "train",
]

DECAY = 0.95
MODULES = (
    "losses",
    "penalties",
    "schedules",
    "games",
    "training",
    "tricks.clipping",
    "tricks.smoothing",
    "tricks.top_k",
    "tricks.transforms",
    "metrics.frechet",
    "recipes.tricks._common",
    "recipes.tricks._nets",
    "recipes.tricks._stacked",
)


def pictures(split: str = "train") -> Tensor:
    """Return MNIST at 14 x 14: means over 2 x 2 pixels, float32 (N, 1, 14, 14) in [-1, 1]."""
    return avg_pool2d(data.to_float(data.mnist(split).x), 2)


def doubled(x: Tensor) -> Tensor:
    """Return pictures (N, 1, 14, 14) at 28 x 28, each pixel four times."""
    return interpolate(x, scale_factor=2, mode="nearest")


def given(x: Tensor, net: Net) -> Tensor:
    """Return real pictures as this net's training is given them."""
    return (x + 1) / 2 if net.half_range else x


def noise(n: int, seed: int = 0) -> Tensor:
    """Return n pictures of standard normal noise clamped to [-1, 1], (n, 1, 14, 14)."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, 1, SIDE, SIDE, generator=generator).clamp(-1, 1)


def reference(scale: Scale) -> Tensor:
    """Return the features of the last training pictures, to which every distance is measured."""
    return describe(doubled(pictures()[-scale.reference :]))[0]


def source(x: Tensor, batch: int, seed: int) -> Iterator[Tensor]:
    """Yield batches drawn with replacement."""
    draws = torch.Generator().manual_seed(1_000 + seed)
    while True:
        yield x[torch.randint(len(x), (batch,), generator=draws)]


@torch.no_grad()
def samples_of(G: nn.Module, scale: Scale) -> Tensor:
    """Return each seed's samples of one and the same z, (seeds, samples, 1, 14, 14)."""
    z = torch.randn(scale.samples, LATENT, generator=torch.Generator().manual_seed(9))
    G.eval()
    return G(z.repeat(scale.seeds, 1)).reshape(scale.seeds, scale.samples, 1, SIDE, SIDE)


def distances(x: Tensor, real: Tensor) -> np.ndarray:
    """Return each seed's Frechet distance to the reference; inf where a sample is not finite."""
    return np.array(
        [
            frechet_distance(describe(doubled(one))[0], real) if one.isfinite().all() else np.inf
            for one in x
        ]
    )


def train(
    net: Net, scale: Scale, real: Tensor, ema: type[EMA] | None = None,
    callback: Callable[[int, Any], None] | None = None,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Play one net with all seeds.

    Returns ``frechet`` (seeds,) and samples of the end as bytes (seeds, kept, 14, 14), of the
    averaged G if ``ema`` (then ``plain`` holds the distances of G itself), and the curves, means
    over ten steps and over the seeds. Where a loss is not finite the distance is -1 for all.
    """
    x = given(pictures()[: net.pictures or -scale.reference], net)
    game, S = game_of(net, scale), range(scale.seeds)
    average = ema(game.G, DECAY) if ema else None
    rates = [Linear(r, r / 10, scale.steps) for r in net.rates]

    def after(step: int, game: SideBySideGame) -> None:
        if net.falling:
            for optimizer, rate in zip((game.optimizer_g, game.optimizer_d), rates, strict=True):
                optimizer.param_groups[0]["lr"] = rate(step)
        if callback is not None:
            callback(step, game)

    batches = joined([source(x, scale.batch, scale.first + k) for k in S])
    try:
        history = fit(
            game, batches, net.game_loss(scale), net.penalty, scale.steps, ema=average, callback=after,
            seed=scale.first, progress=False,
        )  # fmt: skip
    except TrainingDiverged:
        empty = np.zeros((scale.seeds, scale.kept, SIDE, SIDE), np.uint8)
        return {"frechet": np.full(scale.seeds, -1.0), "pictures": empty}
    drawn = samples_of(average.module if ema else game.G, scale)
    found = {"frechet": distances(drawn, real), "pictures": as_bytes(drawn[:, : scale.kept])}
    if ema:
        found["plain"] = distances(samples_of(game.G, scale), real)
    return found | {f"curve {k}": v for k, v in common.thin(history, 10).items()}


def as_bytes(x: Tensor) -> np.ndarray:
    """Return pictures (..., 1, 14, 14) in [-1, 1] as bytes (..., 14, 14)."""
    return data.to_uint8(x).squeeze(-3).numpy()


def played(
    plan: Mapping[str, Callable[[], dict[str, np.ndarray]]],
    place: Place,
    log: Callable[[str], None],
    code: str,
) -> dict[str, dict[str, np.ndarray]]:
    """Return what each run of a plan finds; with a checkpoint, runs that are done are not repeated."""
    file = place.checkpoint and place.checkpoint.with_suffix(f".{code}.npz")
    kept, found = Kept(file), {}
    for k, (name, run) in enumerate(plan.items()):
        if k not in kept.rows:
            start = time.perf_counter()
            kept.put(k, **run())
            log(
                f"{name}: Frechet {np.round(kept.rows[k]['frechet'], 1).tolist()}, "
                f"{time.perf_counter() - start:.0f} s"
            )
        found[name] = kept.rows[k]
    return found


def save(
    name: str,
    found: Mapping[str, Mapping[str, np.ndarray]],
    scale: Scale,
    modules: tuple[str, ...],
    seconds: float,
    folder: Path,
    **more: Any,
) -> None:
    """Write the record NAME: arrays ``RUN/ARRAY``, the floor and the distance of noise beside them.

    The floor is the distance of real pictures that no run has seen, ten draws of as many as were
    generated; ``noise`` that of noise.
    """
    real, test = reference(scale), pictures("test")
    draws = [
        torch.randperm(len(test), generator=torch.Generator().manual_seed(k))[: scale.samples]
        for k in range(10)
    ]
    arrays = {f"{run}/{k}": _small(v) for run, got in found.items() for k, v in got.items()}
    arrays["floor"] = np.array([distances(test[d][None], real)[0] for d in draws])
    arrays["noise"] = distances(noise(scale.samples)[None], real)
    info = records.provenance(
        modules, scale.first, seconds, scale=vars(scale), runs=list(found), **more
    )
    records.save(name, arrays, info, folder)


def _small(value: np.ndarray) -> np.ndarray:
    return value if value.dtype == np.uint8 else value.astype(np.float32)
