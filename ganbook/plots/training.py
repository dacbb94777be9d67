"""Pictures of training: grids of images, loss curves, scores over epochs."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ganbook.plots.style import PALETTE, axes_or_new, stacked, tidy

__all__ = [
    "image_rows",
    "loss_curves",
    "losses_beside_score",
    "pairs",
    "runs",
    "score_over_epochs",
    "seeds_beside_average",
]


def tile(images: ArrayLike, columns: int) -> np.ndarray:
    """Lay images (N, 1, H, W) out in rows of ``columns``, with a blank pixel between them; returns
    (rows, cols).
    """
    images = np.asarray(images)[:, 0]
    rows = -(-len(images) // columns)
    h, w = images.shape[1:]
    canvas = np.full((rows * (h + 1) - 1, columns * (w + 1) - 1), 0, dtype=images.dtype)
    for k, image in enumerate(images):
        r, c = divmod(k, columns)
        canvas[r * (h + 1) : r * (h + 1) + h, c * (w + 1) : c * (w + 1) + w] = image
    return canvas


def image_rows(groups: Mapping[str, ArrayLike], columns: int = 16, width: float = 6.0) -> Figure:
    """Show groups of images, uint8 (N, 1, H, W), under each other, each with its name as title."""
    tiles = {name: tile(images, columns) for name, images in groups.items()}
    heights = [t.shape[0] / t.shape[1] for t in tiles.values()]
    fig, axes = plt.subplots(
        len(tiles),
        1,
        squeeze=False,
        dpi=100,
        layout="constrained",
        figsize=(width, sum(h * width for h in heights) + 0.3 * len(tiles)),
        height_ratios=heights,
    )
    for ax, (name, picture) in zip(axes[:, 0], tiles.items(), strict=True):
        ax.imshow(picture, cmap="gray_r", vmin=0, vmax=255, interpolation="nearest")
        ax.set_title(name, loc="left")
        ax.set_axis_off()
    return fig


def pairs(left: ArrayLike, right: ArrayLike, names: tuple[str, str], columns: int = 12) -> Figure:
    """Show two equally long sets of images, uint8 (N, 1, H, W), as two rows, so that each column is
    a pair.
    """
    return image_rows({names[0]: left, names[1]: right}, columns)


def loss_curves(
    epochs: ArrayLike,
    curves: Mapping[str, ArrayLike],
    levels: Mapping[str, float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw losses against epochs, with dashed levels that have a meaning, such as ``2 log 2``."""
    ax = axes_or_new(ax)
    colours = {"loss_d": PALETTE["discriminator"], "loss_g": PALETTE["generated"]}
    names = {"loss_d": "loss of D", "loss_g": "loss of G"}
    for name, values in curves.items():
        ax.plot(
            epochs,
            values,
            color=colours.get(name, PALETTE["muted"]),
            label=names.get(name, name),
            lw=1.2,
        )
    for label, level in (levels or {}).items():
        ax.axhline(level, color=PALETTE["theory"], ls="--", lw=0.9)
        ax.annotate(
            label,
            (1, level),
            xycoords=("axes fraction", "data"),
            ha="right",
            va="bottom",
        )
    return tidy(ax, x="epoch", y="loss (nats)", legend=True)


def score_over_epochs(
    epochs: ArrayLike,
    values: Mapping[str, ArrayLike],
    levels: Mapping[str, float],
    ax: Axes | None = None,
) -> Axes:
    """Draw a Fréchet distance against epochs on logarithmic axes, with floor and ceiling as dashed
    lines.
    """
    ax = axes_or_new(ax)
    for (name, line), style, colour in zip(
        values.items(),
        ("o-", "s-", "^-"),
        (PALETTE["generated"], PALETTE["accent"], PALETTE["sky"]),
        strict=False,
    ):
        ax.plot(epochs, line, style, color=colour, label=name, ms=4)
    for label, level in levels.items():
        ax.axhline(level, color=PALETTE["theory"], ls="--", lw=0.9)
        ax.annotate(
            label,
            (1, level),
            xycoords=("axes fraction", "data"),
            ha="right",
            va="bottom",
        )
    ax.set(xscale="log", yscale="log")
    kept = [e for e in epochs if not any(1 < later / e < 1.45 for later in epochs)]
    ax.set_xticks(list(epochs), [str(e) if e in kept else "" for e in epochs])
    highest = max([np.max(v) for v in values.values()] + list(levels.values()))
    lowest = min(np.min(v) for v in values.values())
    ticks = [
        t
        for k in range(5)
        for t in (10**k, 2 * 10**k, 5 * 10**k)
        if 0.8 * lowest <= t <= 1.2 * highest
    ]
    ax.set_yticks(ticks, [str(t) for t in ticks])
    ax.minorticks_off()
    return tidy(ax, x="epoch", y="Fréchet distance", legend=True)


def runs(
    x: ArrayLike, groups: Mapping[str, ArrayLike], xlabel: str, ylabel: str, ax: Axes | None = None
) -> Axes:
    """Draw groups of runs, each (seeds, len(x)): every run as a thin line, the mean as a thick one."""
    ax = axes_or_new(ax)
    colours = (PALETTE["generated"], PALETTE["real"], PALETTE["discriminator"], PALETTE["accent"])
    for (name, lines), colour in zip(groups.items(), colours, strict=False):
        lines = np.asarray(lines)
        ax.plot(x, lines.T, color=colour, lw=0.7, alpha=0.6)
        ax.plot(x, lines.mean(axis=0), "o-", color=colour, lw=2, ms=4, label=name)
    ax.set_xticks(list(x))
    return tidy(ax, x=xlabel, y=ylabel, legend=True)


def losses_beside_score(record: Mapping[str, ArrayLike], noise: float) -> Figure:
    """Draw a record's two losses (above) and its Fréchet distance, with the level of noise (below),
    over epochs.

    The record holds ``loss_d`` and ``loss_g``, equally long means that fill its epochs evenly, and
    ``epochs`` and ``frechet``, equally long."""
    fig, (left, right) = stacked(2, 2.9)
    losses = {name: record[name] for name in ("loss_d", "loss_g")}
    epoch = np.linspace(0, np.max(record["epochs"]), len(losses["loss_d"]), endpoint=False)
    loss_curves(epoch, losses, {"2 log 2": 2 * np.log(2)}, left)
    score_over_epochs(record["epochs"], {"samples": record["frechet"]}, {"noise": noise}, right)
    return fig


def seeds_beside_average(
    seeds: Mapping[str, ArrayLike], record: Mapping[str, ArrayLike], noise: float
) -> Figure:
    """Draw Fréchet distances of several seeds for each value of beta1 (above), and a run with its
    average (below).

    ``seeds`` holds ``beta1`` (B,), ``epochs`` (E,) and ``frechet`` (B, seeds, E); the record
    ``epochs``, ``frechet`` and ``frechet_ema``, equally long."""
    fig, (left, right) = stacked(2, 2.9)
    groups = {
        f"beta1 = {b}": rows for b, rows in zip(seeds["beta1"], seeds["frechet"], strict=True)
    }
    runs(seeds["epochs"], groups, "epoch", "Fréchet distance", left)
    both = {"generator": record["frechet"], "running average": record["frechet_ema"]}
    score_over_epochs(record["epochs"], both, {"noise": noise}, right)
    return fig
