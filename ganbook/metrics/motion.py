"""How a patch moves in a film: its place in each frame, its steps, and whether they keep their size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

__all__ = [
    "MotionScores",
    "centroids",
    "constant_speed",
    "patch_spread",
    "score_motion",
    "speed_classes",
]

TOLERANCE = 0.5  # pixels a step
FASTEST = 2


@dataclass(frozen=True)
class MotionScores:
    """Scores of a set of films: ``constant``, the share that moves at a constant speed above zero;
    ``frozen``, the share that does not move; ``speeds``, how many of the eight pairs of speeds
    occur among the constant ones; ``entropy`` of these in nats (nan if there are none); ``spread``,
    the median of `patch_spread`.
    """

    constant: float
    frozen: float
    speeds: int
    entropy: float
    spread: float


def centroids(films: ArrayLike) -> np.ndarray:
    """Return the center of brightness of each frame in pixels from the top left, (N, T, 2).

    ``films`` has shape (N, 1, T, H, W): bytes, or numbers in [-1, 1] with black -1. What is below
    a quarter of the brightest pixel of its frame counts as black; an empty frame has nan. Raises
    ``ValueError`` for other shapes and values that are not finite.
    """
    return _places(_light(films))


def patch_spread(films: ArrayLike) -> np.ndarray:
    """Return the root mean square distance of the light from its center in each frame, (N, T).

    In pixels; nan where a frame is empty. It tells a patch from noise, whose center stands still
    as well. Raises ``ValueError`` as `centroids` does.
    """
    light = _light(films)
    place = _places(light)
    down = np.arange(light.shape[2]) - place[..., :1]
    right = np.arange(light.shape[3]) - place[..., 1:]
    square = (down**2)[..., :, None] + (right**2)[..., None, :]
    return np.sqrt((light * square).sum(axis=(2, 3)) / light.sum(axis=(2, 3)))


def _light(films: ArrayLike) -> np.ndarray:
    """Brightness (N, T, H, W), nan in an empty frame."""
    x = np.asarray(films.detach().cpu() if hasattr(films, "detach") else films)
    if x.ndim != 5 or x.shape[1] != 1 or 0 in x.shape or x.dtype.kind not in "fu":
        raise ValueError(
            f"films are {x.dtype} of shape {x.shape}: expected bytes or floats (N, 1, T, H, W)"
        )
    if not np.isfinite(x).all():
        raise ValueError("a film holds a value that is not finite: look at the samples first")
    light = x[:, 0].astype(np.float64)
    light = light / 255 if x.dtype.kind == "u" else (light + 1) / 2
    light = light.clip(0, 1)
    top = light.max(axis=(2, 3), keepdims=True)
    return np.where(top > 0.1, np.where(light >= 0.25 * top, light, 0), np.nan)


def _places(light: np.ndarray) -> np.ndarray:
    mass = light.sum(axis=(2, 3))
    down, right = np.arange(light.shape[2]), np.arange(light.shape[3])
    y = (light.sum(axis=3) * down).sum(axis=2) / mass
    z = (light.sum(axis=2) * right).sum(axis=2) / mass
    return np.stack([y, z], axis=2)


def _sizes(films: ArrayLike) -> np.ndarray:
    place = centroids(films)
    if place.shape[1] < 3:
        raise ValueError(f"films have {place.shape[1]} frames: expected at least 3")
    return np.abs(np.diff(place, axis=1))


def constant_speed(films: ArrayLike, tolerance: float = TOLERANCE) -> np.ndarray:
    """Return for each film whether it moves at a constant speed above zero, bool (N,).

    The size of the step is read in each direction from the centroids. It is constant if every step
    is within ``tolerance`` pixels of the film's median in both directions, and above zero if
    the larger median is above ``tolerance``. A film with an empty frame fails. Raises ``ValueError`` as
    `centroids` does, for fewer than three frames, and a tolerance not above 0.
    """
    if not tolerance > 0:
        raise ValueError(f"tolerance is {tolerance}: expected a number above 0, in pixels")
    sizes = _sizes(films)
    middle = np.median(sizes, axis=1, keepdims=True)
    even = (np.abs(sizes - middle) <= tolerance).all(axis=(1, 2))
    return even & (middle[:, 0].max(axis=1) > tolerance)


def speed_classes(films: ArrayLike) -> np.ndarray:
    """Return the nearest pair of whole speeds (down, right) of each film, int (N, 2) in 0 to 2;
    -1 where a frame is empty. Signs are not read: a reflection changes them.
    """
    middle = np.median(_sizes(films), axis=1)
    known = np.isfinite(middle)
    return np.where(known, np.rint(np.where(known, middle, 0)).clip(0, FASTEST), -1).astype(int)


def score_motion(films: ArrayLike, tolerance: float = TOLERANCE) -> MotionScores:
    """Score films (N, 1, T, H, W); raises as `constant_speed` does."""
    good, sizes = constant_speed(films, tolerance), _sizes(films)
    still = (sizes <= tolerance).all(axis=(1, 2))
    down, right = speed_classes(films)[good].T
    counts = np.bincount(down * (FASTEST + 1) + right, minlength=1)
    share = counts[counts > 0] / max(counts.sum(), 1)
    return MotionScores(
        float(good.mean()),
        float(still.mean()),
        int((counts > 0).sum()),
        float(-(share * np.log(share)).sum()) if counts.sum() else float("nan"),
        float(np.nanmedian(patch_spread(films))),
    )
