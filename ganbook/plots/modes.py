"""Pictures of modes: which are reached, by which seeds, when, and what a gap costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from ganbook.plots.style import PALETTE, axes_or_new, tidy

__all__ = ["counts", "gap_chart", "on_ring", "packed", "reached", "rotation", "shares"]

Array = NDArray[np.float64]
CYCLE = ("generated", "real", "discriminator", "accent", "theory", "warm")
STYLES = ("-", "--", "-.", ":")


def reached(table: NDArray[np.bool_], title: str = "", ax: Axes | None = None) -> Axes:
    """Draw which modes are reached: a row a run, a column a mode; filled if it is, a ring if not."""
    ax = axes_or_new(ax, (4.6, 0.6 + 0.26 * len(table)))
    row, column = np.indices(table.shape)
    hit = table.astype(bool)
    ax.scatter(
        column[~hit], row[~hit], s=46, facecolors="none", edgecolors=PALETTE["muted"],
        label="not reached",
    )  # fmt: skip
    ax.scatter(column[hit], row[hit], s=46, color=PALETTE["generated"], label="reached")
    ax.set(xticks=range(table.shape[1]), yticks=range(0, len(table), 5))
    ax.invert_yaxis()
    tidy(ax, title, "mode", "seed")
    ax.figure.legend(frameon=False, loc="outside lower center", ncols=2)
    return ax


def on_ring(samples: Array, centers: Array, title: str = "", ax: Axes | None = None) -> Axes:
    """Draw generated samples, (N, 2), over the centers of the modes, (K, 2)."""
    ax = axes_or_new(ax, (4.0, 4.0))
    ax.plot(*centers.T, "o", color=PALETTE["real"], ms=9, mfc="none", mew=1.5, label="modes")
    ax.plot(
        *samples.T, ".", color=PALETTE["generated"], ms=4, alpha=0.6, label="generated",
        rasterized=len(samples) > 500,
    )  # fmt: skip
    ax.set_aspect("equal")
    tidy(ax, title, "$x_1$", "$x_2$")
    ax.figure.legend(frameon=False, loc="outside lower center", ncols=2)
    return ax


def counts(
    steps: Array,
    lines: Mapping[str, Array],
    y: str = "runs with all modes",
    ax: Axes | None = None,
) -> Axes:
    """Draw a number at each look for each name, in steps of training."""
    ax = axes_or_new(ax)
    for k, (name, values) in enumerate(lines.items()):
        ax.plot(
            steps, values, color=PALETTE[CYCLE[k % len(CYCLE)]], ls=STYLES[k % 4], lw=1.6,
            label=name,
        )  # fmt: skip
    tidy(ax, "", "step", y)
    ax.figure.legend(frameon=False, loc="outside lower center", ncols=2)
    return ax


def shares(
    names: Sequence[str], hits: Array, runs: Array, low: Array, high: Array, ax: Axes | None = None
) -> Axes:
    """Draw the share of runs that reach all modes, a row a game, with an interval."""
    ax = axes_or_new(ax, (5.6, 0.8 + 0.36 * len(names)))
    rows, share = np.arange(len(names)), np.asarray(hits) / np.asarray(runs)
    ax.hlines(rows, low, high, color=PALETTE["muted"], lw=2)
    ax.plot(share, rows, "o", color=PALETTE["generated"], ms=6)
    ax.set(yticks=rows, yticklabels=list(names), xlim=(-0.03, 1.03))
    ax.invert_yaxis()
    return tidy(ax, "", "share of runs that reach all modes")


def gap_chart(
    distance: Array, total: Array, groups: Mapping[str, NDArray[np.bool_]], ax: Axes | None = None
) -> Axes:
    r"""Draw :math:`\Phi^{-1}(a) + \Phi^{-1}(b)` against the distance of preimages, and the bound."""
    ax = axes_or_new(ax, (5.2, 4.2))
    end = max(float(np.max(distance)) * 1.08, 0.1)
    ax.plot([0, end], [0, -end], color=PALETTE["theory"], lw=1.3, label="bound")
    for k, (name, mask) in enumerate(groups.items()):
        ax.plot(
            distance[mask], total[mask], "osD^"[k % 4], color=PALETTE[CYCLE[k % len(CYCLE)]], ms=5,
            mfc="none", label=name,
        )  # fmt: skip
    tidy(ax, "", r"distance of preimages $\delta$", r"$\Phi^{-1}(a) + \Phi^{-1}(b)$")
    ax.figure.legend(frameon=False, loc="outside lower center", ncols=2)
    return ax


def rotation(time: Array, angles: Mapping[str, Array], ax: Axes | None = None) -> Axes:
    """Draw the angle of a point on the ring over time, in turns, for each name."""
    ax = axes_or_new(ax)
    for k, (name, angle) in enumerate(angles.items()):
        ax.plot(
            time, angle / (2 * np.pi), color=PALETTE[CYCLE[k % len(CYCLE)]], ls=STYLES[k % 4],
            lw=1.5, label=name,
        )  # fmt: skip
    return tidy(ax, "", "time", "angle in turns", legend=True)


def packed(samples: Array, lines: Mapping[str, Array], ax: Axes | None = None) -> Axes:
    """Draw the total variation of packs by their size, a line a generator."""
    ax = axes_or_new(ax)
    for k, (name, values) in enumerate(lines.items()):
        color = PALETTE[CYCLE[k % len(CYCLE)]]
        ax.plot(samples, values, "os"[k % 2] + STYLES[k % 4], color=color, lw=1.5, label=name)
    ax.set_xticks(samples)
    return tidy(ax, "", "samples in a pack", "total variation of packs", legend=True)
