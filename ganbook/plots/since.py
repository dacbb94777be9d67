"""Pictures of chapter 17: quality against seconds, truncation, copies, and maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from ganbook.plots.style import PALETTE, axes_or_new, tidy

__all__ = ["angles", "clock", "rings", "seeds_by_setting", "steps", "trade"]

Array = NDArray[np.float64]
CYCLE = ("generated", "real", "discriminator", "accent", "warm", "theory")
STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1)))
MARKS = "os^Dv*"


def rings(
    sets: Mapping[str, Array], centers: Array, apart: float = 3.2, ax: Axes | None = None
) -> Axes:
    """Draw several sets of samples, (N, 2) each, over the centers, (K, 2), two a row with their names."""
    rows = (len(sets) + 1) // 2
    ax = axes_or_new(ax, (5.4, 2.9 * rows))
    for k, (name, x) in enumerate(sets.items()):
        move = np.array([apart * (k % 2), -1.12 * apart * (k // 2)])
        ax.plot(*(centers + move).T, "o", color=PALETTE["real"], ms=7, mfc="none", mew=1.3)
        ax.plot(*(x + move).T, ".", color=PALETTE["generated"], ms=3, alpha=0.6, rasterized=True)
        ax.text(move[0], move[1] + 1.62, name, ha="center", va="center", color=PALETTE["theory"])
    ax.set_aspect("equal")
    ax.set(xlim=(-1.6, apart + 1.6), ylim=(-1.12 * apart * (rows - 1) - 1.6, 1.95))
    ax.axis("off")
    return ax


def clock(
    lines: Mapping[str, tuple[Array, Array]],
    floor: float,
    y: str = "histogram KL in nats",
    ax: Axes | None = None,
) -> Axes:
    """Draw, for each name, seconds (T,) and values (T, seeds): the median as a line, the range as a band,
    both axes logarithmic; and the floor.
    """
    ax = axes_or_new(ax, (6.0, 4.4))
    for k, (name, (seconds, values)) in enumerate(lines.items()):
        color = PALETTE[CYCLE[k % len(CYCLE)]]
        ax.fill_between(seconds, values.min(1), values.max(1), color=color, alpha=0.18, lw=0)
        ax.plot(
            seconds, np.median(values, axis=1), color=color, ls=STYLES[k % 5],
            marker=MARKS[k % 6], ms=4, lw=1.5, label=name,
        )  # fmt: skip
    ax.axhline(floor, color=PALETTE["muted"], lw=1.2, label="exact samples")
    ax.set(xscale="log", yscale="log")
    tidy(ax, "", "CPU seconds of training", y)
    ax.figure.legend(frameon=False, loc="outside lower center", ncols=2)
    return ax


def steps(
    calls: Array, lines: Mapping[str, Array], floor: float, y: str = "histogram KL in nats",
    ax: Axes | None = None,
) -> Axes:  # fmt: skip
    """Draw values against calls of a network per sample, both logarithmic; a line a name, and the floor."""
    ax = axes_or_new(ax, (6.0, 3.8))
    for k, (name, values) in enumerate(lines.items()):
        color = PALETTE[("real", "theory", "generated", "accent")[k % 4]]
        x = calls[: len(values)]
        ax.plot(x, values, color=color, ls=STYLES[k % 5], marker=MARKS[k % 6], ms=5, label=name)
    ax.axhline(floor, color=PALETTE["muted"], lw=1.2, label="exact samples")
    ax.set(xscale="log", yscale="log")
    tidy(ax, "", "calls of the network per sample", y)
    ax.figure.legend(frameon=False, loc="outside lower center", ncols=2)
    return ax


def trade(
    share: Array, exact: Mapping[str, Array], dots: Mapping[str, tuple[Array, Array]],
    x: str = r"share of the variance that is left", y: str = "Fréchet distance", ax: Axes | None = None,
) -> Axes:  # fmt: skip
    """Draw exact curves over one axis, and measured dots beside them."""
    ax = axes_or_new(ax)
    for k, (name, values) in enumerate(exact.items()):
        ax.plot(share, values, color=PALETTE["theory"], ls=STYLES[k % 5], lw=1.4, label=name)
    for k, (name, (place, values)) in enumerate(dots.items()):
        color = PALETTE[("generated", "real")[k % 2]]
        ax.plot(place, values, MARKS[k % 6], color=color, ms=6, mfc="none", mew=1.5, label=name)
    tidy(ax, "", x, y)
    ax.figure.legend(frameon=False, loc="outside lower center", ncols=2)
    return ax


def seeds_by_setting(
    groups: Mapping[str, tuple[Array, Array]], x: str, y: str, ax: Axes | None = None
) -> Axes:
    """Draw one dot a seed for each name, from a pair of measures."""
    ax = axes_or_new(ax, (6.0, 3.8))
    for k, (name, (across, up)) in enumerate(groups.items()):
        color = PALETTE[CYCLE[k % len(CYCLE)]]
        ax.plot(across, up, MARKS[k % 6], color=color, ms=7, mfc="none", mew=1.5, label=name)
    tidy(ax, "", x, y)
    ax.figure.legend(frameon=False, loc="outside lower center", ncols=2)
    return ax


def angles(groups: Mapping[str, Sequence[float]], ax: Axes | None = None) -> Axes:
    """Draw angles in degrees, one dot a run and one row a name."""
    ax = axes_or_new(ax, (6.0, 1.1 + 0.55 * len(groups)))
    for k, values in enumerate(groups.values()):
        color = PALETTE[CYCLE[k % len(CYCLE)]]
        ax.plot(values, [k] * len(values), MARKS[k % 6], color=color, ms=7, mfc="none", mew=1.4)
    ax.set(yticks=range(len(groups)), yticklabels=list(groups), xlim=(-185, 185))
    ax.set_xticks([-180, -90, 0, 90, 180])
    ax.set_ylim(-0.6, len(groups) - 0.4)
    ax.invert_yaxis()
    return tidy(ax, "", "angle of the turn in degrees")
