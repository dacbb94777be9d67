"""The stress table: real digits damaged in a dozen ways, and what each metric says of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn.functional import interpolate
from torchvision.transforms.functional import gaussian_blur

from ganbook import data, metrics, records
from ganbook.features import classifier, describe, pixels
from ganbook.networks import mlp_generator
from ganbook.recipes import common
from ganbook.recipes.mnist import mlp
from ganbook.recipes.place import Place

SEEDS, PICTURES, PAIRS, BINS, THRESHOLD = (0, 1, 2, 3, 4), 10_000, 2_000, 50, 3.0
MODULES = (
    "features",
    "metrics",
    "networks.mlp",
    "recipes.common",
    "recipes.mnist.stress",
)
METRICS = (
    "frechet",
    "inception",
    "kid",
    "precision",
    "recall",
    "density",
    "coverage",
    "bins",
    "accuracy",
    "twins",
)


def resized(x: Tensor, size: int, antialias: bool) -> Tensor:
    """Return pictures (N, 1, H, W) made smaller and brought back to their size, both bilinearly."""
    small = interpolate(x, size=(size, size), mode="bilinear", antialias=antialias)
    return interpolate(small, size=x.shape[2:], mode="bilinear")


def blurred(x: Tensor, std: float) -> Tensor:
    """Return pictures (N, 1, H, W) under a Gaussian blur of this standard deviation in pixels."""
    return gaussian_blur(x, [9, 9], [std, std])


def noisy(x: Tensor, std: float, generator: torch.Generator) -> Tensor:
    """Return pictures with normal noise added, clamped to [-1, 1]."""
    return (x + std * torch.randn(x.shape, generator=generator)).clamp(-1, 1)


def sample_sets(
    pool: data.Images, n: int, generator: torch.Generator
) -> dict[str, Callable[[], Tensor]]:
    """Return a maker for each sample set: n pictures, uint8 (n, 1, 28, 28)."""
    nothing_but = pool.x[pool.y != 9]

    def draw(x: Tensor, size: int, distinct: int | None = None) -> Tensor:
        index = torch.randperm(len(x), generator=generator)[: distinct or size]
        if distinct is not None:
            index = index[torch.randint(len(index), (size,), generator=generator)]
        return x[index]

    def changed(change: Callable[[Tensor], Tensor]) -> Callable[[], Tensor]:
        return lambda: data.to_uint8(change(data.to_float(draw(pool.x, n))))

    def outliers() -> Tensor:
        few = max(n // 100, 1)
        noise = torch.randint(0, 256, (few, 1, 28, 28), generator=generator).to(torch.uint8)
        return torch.cat([noise, draw(pool.x, n - few)])

    return {
        "real": lambda: draw(pool.x, n),
        "no nines": lambda: draw(nothing_but, n),
        "500 stored": lambda: draw(pool.x, n, 500),
        "50 stored": lambda: draw(pool.x, n, 50),
        "six copies": lambda: draw(pool.x, -(-n // 6)).repeat(6, 1, 1, 1)[:n],
        "blur 0.5": changed(lambda x: blurred(x, 0.5)),
        "blur 1": changed(lambda x: blurred(x, 1.0)),
        "noise 0.1": changed(lambda x: noisy(x, 0.1, generator)),
        "noise 0.3": changed(lambda x: noisy(x, 0.3, generator)),
        "resize 20": changed(lambda x: resized(x, 20, antialias=False)),
        "resize 20 smooth": changed(lambda x: resized(x, 20, antialias=True)),
        "1 % outliers": outliers,
    }


def judged(
    reference: Tensor, features: Tensor, probabilities: Tensor, pictures: Tensor | None, seed: int
) -> list[float]:
    """Return the value of each of METRICS.

    Fréchet distance and inception score of all rows; the others of the first PAIRS of a random
    order, against as many rows of the reference. ``pictures`` is None for features without any.
    """
    rng = np.random.default_rng(seed)
    here, there = (rng.permutation(len(f))[:PAIRS] for f in (features, reference))
    few, real = features[here], reference[there]
    bins = metrics.ndb(real, few, min(BINS, len(real) // 4), THRESHOLD, seed)
    twins = 0 if pictures is None else metrics.birthday_estimate(pixels(pictures[here])).duplicates
    return [
        metrics.frechet_distance(reference, features),
        metrics.inception_score(probabilities),
        metrics.kid(real, few),
        *metrics.precision_recall(real, few),
        *metrics.density_coverage(real, few),
        bins.different,
        metrics.classifier_two_sample(real, few, seed=seed).accuracy,
        twins,
    ]


@torch.no_grad()
def gaussian(reference: Tensor, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return features, (n, K), drawn from the normal law with the reference's mean and covariance,
    and the class probabilities that the classifier's last layer makes of them.
    """
    f = reference.double()
    values, vectors = torch.linalg.eigh(torch.cov(f.T))
    root = vectors * values.clamp(min=0).sqrt()
    z = torch.randn(n, f.shape[1], generator=generator, dtype=torch.float64)
    features = (f.mean(dim=0) + z @ root.T).float()
    return features, classifier().head(features).softmax(dim=1)


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Judge each set of samples, write the record ``mnist-stress`` and sum up.

    Its array ``values`` has shape (sets, seeds, METRICS); ``sets`` and ``metrics`` hold the names.
    Pictures come from the training images after the first 10,000, which are the reference.
    """
    (place or Place()).on_the_cpu("mnist-stress")
    start, train = time.perf_counter(), data.mnist("train")
    reference, pool = common.real_features(train.x), train[common.REFERENCE :]
    G = mlp_generator(mlp.LATENT)
    G.load_state_dict(load_file(records.path("mnist-mlp.safetensors")))
    found: dict[str, list[list[float]]] = {}
    for seed in SEEDS:
        generator = torch.Generator().manual_seed(seed)
        makers = sample_sets(pool, PICTURES, generator)
        makers["50 epochs"] = lambda seed=seed: common.sample(G, mlp.LATENT, PICTURES, seed)
        for name, make in makers.items():
            pictures = make()
            row = judged(reference, *describe(pictures), pictures, seed)
            found.setdefault(name, []).append(row)
        row = judged(reference, *gaussian(reference, PICTURES, generator), None, seed)
        found.setdefault("equal moments", []).append(row)
        log(f"seed {seed}: " + ", ".join(f"{k} {v[-1][0]:.1f}" for k, v in found.items()))
    arrays = {
        "values": np.array(list(found.values())),
        "sets": np.array(list(found)),
        "metrics": np.array(METRICS),
        "seeds": np.array(SEEDS),
    }
    seconds = time.perf_counter() - start
    info = records.provenance(MODULES, 0, seconds, pictures=PICTURES, pairs=PAIRS, bins=BINS)
    records.save("mnist-stress", arrays, info, folder)
    mean = arrays["values"][:, :, 0].mean(axis=1)
    return "; ".join(f"{k} {v:.1f}" for k, v in zip(found, mean, strict=True))
