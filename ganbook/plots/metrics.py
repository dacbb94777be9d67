"""Pictures of metrics: a floor against N, extrapolation, which metric sees what, intervals, scores
over training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ganbook.plots.style import PALETTE, axes_or_new, tidy

__all__ = ["clouds", "extrapolation", "floors", "intervals", "scores_and_distance", "seen"]

MANY = 500  # points from which on they are drawn as pixels


def floors(
    n: ArrayLike,
    measured: Mapping[str, ArrayLike],
    predicted: Mapping[str, ArrayLike],
    ax: Axes | None = None,
) -> Axes:
    """Draw distances between equal laws against N, (len(n), draws), and the predictions, (len(n),),
    as lines.
    """
    ax = axes_or_new(ax)
    colours = (PALETTE["sky"], PALETTE["real"], PALETTE["accent"])
    for (name, values), colour in zip(measured.items(), colours, strict=False):
        values = np.asarray(values)
        ax.plot(n, values, "o", color=colour, ms=4, alpha=0.7)
        ax.plot([], [], "o", color=colour, ms=4, label=f"{name}, measured")
        ax.plot(n, predicted[name], color=colour, lw=1.4, label=f"{name}, 2c/N")
    ax.set(xscale="log", yscale="log")
    ax.set_xticks(list(np.asarray(n)), [f"{k:,}" for k in np.asarray(n)])
    ax.minorticks_off()
    return tidy(ax, x="samples N in each set", y="Fréchet distance", legend=True)


def extrapolation(
    inverse: ArrayLike,
    groups: Mapping[str, ArrayLike],
    lines: Mapping[str, tuple[float, float]],
    ax: Axes | None = None,
) -> Axes:
    """Draw distances against 1/N, one row of values per N, with a line (slope, intercept) through
    each group and its value at 1/N = 0.
    """
    ax = axes_or_new(ax)
    far = np.array([0, np.max(inverse)])
    for (name, values), colour in zip(
        groups.items(), (PALETTE["generated"], PALETTE["real"]), strict=False
    ):
        slope, intercept = lines[name]
        ax.plot(inverse, values, "o", color=colour, ms=4, alpha=0.7)
        ax.plot(far, intercept + slope * far, color=colour, lw=1.4, label=name)
        ax.plot([0], [intercept], "D", color=colour, ms=7, mfc="none")
    apart = sorted({v for v in np.asarray(inverse) if v >= 0.2 * far[1]})  # labels must not meet
    ax.set_xticks([0, *apart], ["0", *(f"1/{1 / v:,.0f}" for v in apart)])
    ax.set_xlim(left=-0.03 * far[1])
    return tidy(ax, x="1/N", y="Fréchet distance", legend=True)


def seen(
    rows: Sequence[str], columns: Sequence[str], verdicts: ArrayLike, ax: Axes | None = None
) -> Axes:
    """Draw a table (rows, columns) of verdicts: a filled square up where a metric calls the samples
    better than real ones (+1), down where worse (-1), a small dot where it does not move (0).
    """
    ax = axes_or_new(ax, (6.0, 0.36 * len(rows) + 1.3))
    verdicts = np.asarray(verdicts)
    looks = {
        -1: ("s", PALETTE["generated"], 90, "worse than real"),
        1: ("^", PALETTE["real"], 70, "better than real"),
        0: (".", PALETTE["muted"], 20, "not told apart"),
    }
    for value, (marker, colour, size, label) in looks.items():
        y, x = np.nonzero(verdicts == value)
        ax.scatter(x, y, s=size, marker=marker, color=colour, label=label)
    ax.set_xticks(range(len(columns)), columns, rotation=60, ha="left")
    ax.set_yticks(range(len(rows)), rows)
    ax.tick_params(length=0, top=False, labeltop=True, bottom=False, labelbottom=False)
    ax.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(rows) - 0.5, -0.5))
    ax.spines[:].set_visible(False)
    ax.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.3, -0.01), ncols=3, fontsize=9)
    return ax


def clouds(real: ArrayLike, fake: ArrayLike, title: str = "", ax: Axes | None = None) -> Axes:
    """Draw two clouds of points, (N, 2) and (M, 2), at equal scales."""
    ax = axes_or_new(ax, (4.4, 4.2))
    for points, name, key in ((fake, "generated", "generated"), (real, "real", "real")):
        points = np.asarray(points)
        ax.plot(
            *points.T,
            ".",
            color=PALETTE[key],
            ms=3,
            alpha=0.6,
            label=name,
            rasterized=len(points) > MANY,
        )
    ax.set_aspect("equal")
    tidy(ax, title=title, x="$x_1$", y="$x_2$")
    ax.legend(frameon=False, markerscale=3)
    return ax


def intervals(
    names: Sequence[str],
    values: ArrayLike,
    ends: ArrayLike,
    levels: Mapping[str, float],
    ax: Axes | None = None,
) -> Axes:
    """Draw values as dots with their intervals, (len(names), 2), on a logarithmic axis, and levels
    such as floor and noise as dashed lines.
    """
    ax = axes_or_new(ax, (6.0, 0.5 * len(names) + 1.2))
    values, ends = np.asarray(values), np.asarray(ends)
    at = np.arange(len(names))
    error = np.abs(ends.T - values)
    ax.errorbar(values, at, xerr=error, fmt="o", color=PALETTE["generated"], ms=5, capsize=3)
    for label, level in levels.items():
        ax.axvline(level, color=PALETTE["theory"], ls="--", lw=0.9)
        ax.annotate(label, (level, 1), xycoords=("data", "axes fraction"), ha="center", va="bottom")
    ax.set_xscale("log")
    ax.set_yticks(at, names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    return tidy(ax, x="Fréchet distance")


def scores_and_distance(
    steps: ArrayLike, scores: Mapping[str, ArrayLike], distance: Mapping[str, ArrayLike]
) -> Figure:
    """Draw D's mean scores on several sets (above) and distances (below) over steps, each (seeds,
    len(steps)): every seed thin, the mean thick.
    """
    fig, axes = plt.subplots(2, 1, figsize=(6.0, 6.0), dpi=100, layout="constrained", sharex=True)
    colours = ("real", "sky", "generated"), ("discriminator", "accent")
    for ax, group, keys, label in zip(
        axes, (scores, distance), colours, ("mean score of D", "Fréchet distance"), strict=True
    ):
        for (name, rows), key in zip(group.items(), keys, strict=False):
            rows = np.asarray(rows)
            ax.plot(steps, rows.T, color=PALETTE[key], lw=0.6, alpha=0.6)
            ax.plot(steps, rows.mean(axis=0), "o-", color=PALETTE[key], ms=3, lw=2, label=name)
        tidy(ax, y=label, legend=True)
    axes[1].set_xlabel("step")
    return fig
