"""Attack the metric: pictures of noise, moved until the moments of their features are those of
digits.

No generator is trained. The pixels themselves are the parameters, and the loss is the quadratic
form that the Fréchet distance becomes near its minimum, so that a score is descended and nothing
else is asked for."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ganbook import data, records
from ganbook.features import classifier, describe
from ganbook.metrics import frechet_distance, inception_score
from ganbook.recipes import common
from ganbook.recipes.place import Place

SEEDS, PICTURES, STEPS, RATE = (0, 1, 2), 1000, 240, 0.05
MODULES = ("features", "metrics", "recipes.common", "recipes.mnist.attack")


class Moments:
    r"""How far the mean m and the covariance C of features are from those of a reference, as the
    quadratic form :math:`\|m - m_0\|^2 + \frac12 \sum_{ij} E_{ij}^2 / (\lambda_i + \lambda_j)`.

    E is C - C0 in the eigenvectors of C0, whose eigenvalues are lambda, raised by a thousandth of
    their mean, since a covariance of features seldom has full rank. Reference features (N, K).
    """

    def __init__(self, reference: Tensor) -> None:
        f = reference.double()
        self.mean, self.cov = f.mean(dim=0), torch.cov(f.T)
        values, self.vectors = torch.linalg.eigh(self.cov)
        values = values.clamp(min=0) + 1e-3 * values.mean()
        self.weight = 0.5 / (values[:, None] + values[None, :])

    def __call__(self, features: Tensor) -> Tensor:
        """Return the form as a scalar, for features (n, K)."""
        f = features.double()
        error = self.vectors.T @ (torch.cov(f.T) - self.cov) @ self.vectors
        return (f.mean(dim=0) - self.mean).square().sum() + (self.weight * error.square()).sum()


def attack(reference: Tensor, seed: int, log: Callable[[str], None] = print) -> Tensor:
    """Return pictures, float32 (PICTURES, 1, 28, 28) in [-1, 1], whose features have about the
    moments of ``reference``.

    Adam on the pixels from clamped normal noise, at a rate that falls to zero in a line."""
    network, form = classifier(), Moments(reference)
    x = common.noise(PICTURES, seed).requires_grad_(True)
    optimizer = torch.optim.Adam([x], lr=RATE)
    for step in range(STEPS):
        optimizer.param_groups[0]["lr"] = RATE * (1 - step / STEPS)
        optimizer.zero_grad()
        loss = form(network.features(x))
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            x.clamp_(-1, 1)
        if step % 10 == 0:
            log(f"seed {seed}, step {step}: {loss.item():.1f}")
    return x.detach()


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Attack with several seeds, write the record ``mnist-attack`` and sum up.

    Its arrays: the pictures of the first seed as bytes, and for each seed the Fréchet distance to
    the first 10,000 training images and the inception score of the pictures as bytes. The moments
    matched are those of the next 10,000 training images.
    """
    (place or Place()).on_the_cpu("mnist-attack")
    start, train = time.perf_counter(), data.mnist("train").x
    target = describe(train[common.REFERENCE : 2 * common.REFERENCE])[0]
    reference = common.real_features(train)
    pictures = [data.to_uint8(attack(target, seed, log)) for seed in SEEDS]
    scored = [describe(x) for x in pictures]
    arrays = {
        "pictures": pictures[0].numpy(),
        "frechet": np.array([frechet_distance(reference, f) for f, _ in scored]),
        "inception": np.array([inception_score(p) for _, p in scored]),
        "seeds": np.array(SEEDS),
    }
    seconds = time.perf_counter() - start
    info = records.provenance(MODULES, 0, seconds, pictures=PICTURES, steps=STEPS, rate=RATE)
    records.save("mnist-attack", arrays, info, folder)
    return (
        f"Fréchet {np.round(arrays['frechet'], 1).tolist()}, "
        f"inception {np.round(arrays['inception'], 2).tolist()}"
    )
