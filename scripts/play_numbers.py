"""Compute the numbers that the plays of chapters 9 and 14 hold ready, by the package.

    python scripts/play_numbers.py [NAME ...]

They go to ``book_ext/static/plays/NAME.stored.js``, as scripts, since a page that was opened from
the disk may fetch nothing. A test computes them again."""

import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.stats import norm, truncnorm
from torch import Tensor
from torch.nn.functional import one_hot

from ganbook import data, metrics
from ganbook.features import describe
from ganbook.recipes.mnist import conditional as digits

STORED = Path(__file__).resolve().parent.parent / "book_ext" / "static" / "plays"

# Two clouds of points
# --------------------------------------------------------------------------------------------------

POINTS, NEIGHBOURS, DRAWS = 20, 3, 200
CENTRE, WIDTH = 1.2, 0.3
MODES = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])


def scores(real: np.ndarray, generated: np.ndarray, k: int = NEIGHBOURS) -> dict[str, float]:
    """The eight numbers that the play shows."""
    return {
        "frechet": metrics.frechet_distance(real, generated),
        "kid": metrics.kid(real, generated),
        **dict(
            zip(("precision", "recall"), metrics.precision_recall(real, generated, k), strict=True)
        ),
        **dict(
            zip(("density", "coverage"), metrics.density_coverage(real, generated, k), strict=True)
        ),
        "neighbour": metrics.nearest_neighbour_accuracy(real, generated),
        "distance": float(metrics.nearest_neighbours(generated, real)[1].mean()),
    }


def points(rng: np.random.Generator, modes: np.ndarray | None = None) -> np.ndarray:
    """Points of the law, four normal modes at the corners of a square; of given modes if asked."""
    if modes is None:
        modes = rng.integers(len(MODES), size=POINTS)
    return np.round(CENTRE * MODES[modes] + WIDTH * rng.standard_normal((POINTS, 2)), 2)


def equal_moments(rng: np.random.Generator, real: np.ndarray) -> np.ndarray:
    """Points of a normal law, mapped so that mean and covariance are exactly the real points'."""
    z = rng.standard_normal(real.shape)
    white = np.linalg.inv(np.linalg.cholesky(np.cov(z.T)))
    return real.mean(0) + (z - z.mean(0)) @ white.T @ np.linalg.cholesky(np.cov(real.T)).T


def judged_clouds() -> dict[str, Any]:
    """Real points, five of each mode; what a generator may make of them; and the floor: the middle
    95 % of each number over fresh draws of as many real points.
    """
    rng = np.random.default_rng(9)
    real = points(rng, np.arange(POINTS) // 5)
    fresh = [points(rng) for _ in range(DRAWS)]
    shown = [points(rng) for _ in range(6)]
    outlier = points(rng)
    outlier[0] = 2.8
    made = {
        "fresh": shown[0],
        "copy": real,
        "stored": np.repeat(real[::5], 5, axis=0),
        "lost": points(rng, np.arange(POINTS) % 3),
        "one": np.repeat(real[:1], POINTS, axis=0),
        "moments": equal_moments(rng, real),
        "outlier": outlier,
    }
    found = [scores(real, cloud) for cloud in fresh]
    values = {name: [one[name] for one in found] for name in found[0]}
    floor = {name: np.quantile(v, (0.025, 0.975)).tolist() for name, v in values.items()}
    return {
        "neighbours": NEIGHBOURS,
        "draws": DRAWS,
        "real": real.tolist(),
        "made": {name: cloud.tolist() for name, cloud in made.items()},
        "more": [cloud.tolist() for cloud in shown[1:]],
        "floor": floor,
    }


# Directions and truncation
# --------------------------------------------------------------------------------------------------

BOUNDS = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, math.inf)
SHOWN, EACH = 24, 100


def properties(pictures: Tensor) -> Tensor:
    """Chapter 14's ink and slant of pictures (N, 1, 28, 28) in [-1, 1], as (N, 2)."""
    x, place = (pictures[:, 0].double() + 1) / 2, torch.arange(28.0, dtype=torch.float64)
    ink = x.sum((1, 2))
    row, column = (place - ((x.sum(side) @ place) / ink)[:, None] for side in (2, 1))
    both = torch.einsum("nij,ni,nj->n", x, row, column)
    return torch.stack([x.mean((1, 2)), -both / torch.einsum("nij,ni->n", x, row**2)], dim=1)


def chapter_draws() -> tuple[Tensor, Tensor, np.ndarray]:
    """The chapter's 4,000 latent vectors, their labels, and its uniform numbers, (1000, 32)."""
    source = torch.Generator().manual_seed(0)
    z = torch.randn(4_000, digits.LATENT, generator=source)
    y = torch.randint(10, (4_000,), generator=source)
    return z, y, torch.rand(10 * EACH, digits.LATENT, generator=source).double().numpy()


def directions() -> dict[str, dict[str, Any]]:
    """The chapter's least-squares directions: unit vectors, and the length of the coefficients."""
    z, y, _ = chapter_draws()
    with torch.no_grad():
        found = properties(digits.generator(0)(z[:3_000], y[:3_000]))
    inputs = torch.cat([z.double(), one_hot(y, 10).double()], dim=1)[:3_000]
    beta = torch.linalg.lstsq(inputs, found).solution[: digits.LATENT].T
    return {
        name: {"unit": (b / b.norm()).tolist(), "size": b.norm().item()}
        for name, b in zip(("ink", "slant"), beta, strict=True)
    }


def held_out(start: int) -> Tensor:
    """Test pictures, EACH of a class, from the given place on, as bytes."""
    test = data.mnist("test")
    return torch.cat([test.x[test.y == k][start : start + EACH] for k in range(10)])


def spread(pictures: Tensor) -> float:
    """The variance of each pixel within a label, summed, of EACH pictures of a label in order."""
    return pictures.double().reshape(10, EACH, -1).var(dim=1).sum().item()


def judged(pictures: Tensor) -> dict[str, float]:
    """What the play shows of 1,000 pictures in [-1, 1], EACH of a label in order."""
    features, probabilities = describe(pictures)
    real = describe(held_out(0))[0]
    precision, recall = metrics.precision_recall(real, features)
    named = probabilities.argmax(dim=1) == torch.arange(10).repeat_interleave(EACH)
    return {
        "asked": named.double().mean().item(),
        "kept": spread(pictures),
        "precision": precision,
        "recall": recall,
        "frechet": metrics.frechet_distance(real, features),
    }


def pictures(c: float) -> Tensor:
    """The generator's pictures with every entry of z within c, EACH of a label in order."""
    z = torch.from_numpy(truncnorm.ppf(chapter_draws()[2], -c, c)).float()
    with torch.no_grad():
        x = digits.generator(0)(z, torch.arange(10).repeat(EACH))  # the chapter's order
    return x.reshape(EACH, 10, *x.shape[1:]).transpose(0, 1).flatten(0, 1)


def variance(c: float) -> float:
    """The variance of a standard normal entry within c."""
    if c == math.inf:
        return 1.0
    return float(1 - 2 * c * norm.pdf(c) / (2 * norm.cdf(c) - 1))


def latent_directions() -> dict[str, Any]:
    """Directions, latent vectors to show, and each bound's numbers; the spread as a share of that
    without a bound, real digits as fresh ones.
    """
    found = [{"variance": variance(c), **judged(pictures(c))} for c in BOUNDS]
    real, whole = judged(data.to_float(held_out(EACH))), found[-1]["kept"]
    for one in (*found, real):
        one["kept"] /= whole
    return {
        "directions": directions(),
        "z": [
            [round(v, 3) for v in row] for row in chapter_draws()[0][3_500 : 3_500 + SHOWN].tolist()
        ],
        "cuts": [
            {"c": c if c < math.inf else None} | one for c, one in zip(BOUNDS, found, strict=True)
        ],
        "real": real,
    }


MADE: dict[str, Callable[[], dict[str, Any]]] = {
    "judged-clouds": judged_clouds,
    "latent-directions": latent_directions,
}


def script(name: str) -> str:
    """The script that holds a play's numbers, rounded far below what the play shows."""

    def rounded(value: Any) -> Any:
        if isinstance(value, float):
            return round(value, 9)
        if isinstance(value, dict):
            return {key: rounded(one) for key, one in value.items()}
        return [rounded(one) for one in value] if isinstance(value, list) else value

    numbers = json.dumps(rounded(MADE[name]()), separators=(",", ":"))
    return f'ganbookPlays.stored["{name}"] = {numbers};\n'


def stored(name: str) -> dict[str, Any]:
    """The numbers that the play's script holds now."""
    text = (STORED / f"{name}.stored.js").read_text(encoding="ascii")
    return json.loads(text.partition(" = ")[2].rstrip(";\n"))


if __name__ == "__main__":
    for name in sys.argv[1:] or MADE:
        (STORED / f"{name}.stored.js").write_text(script(name), encoding="ascii")
