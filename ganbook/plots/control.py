"""Pictures of control: classes and what a generator makes of them, equilibria, distances by class,
information, directions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter
from numpy.typing import ArrayLike

from ganbook.plots.style import PALETTE, axes_or_new, stacked, tidy

__all__ = ["arms", "by_class", "classes", "directions", "equilibria", "exchange", "information"]

CYCLE = ("generated", "real", "discriminator", "accent", "theory", "warm")
STYLES, MARKS = ("-", "--", ":"), "os^D"


def classes(
    x: ArrayLike,
    real: Sequence[ArrayLike],
    generated: Sequence[ArrayLike],
    ax: Axes | None = None,
) -> Axes:
    """Draw the density of each class over x, real and generated."""
    ax = axes_or_new(ax)
    for name, densities, style in (("real", real, "-"), ("generated", generated, "--")):
        for k, density in enumerate(densities):
            label = f"{name}, each class" if k == 0 else None
            ax.plot(x, density, style, color=PALETTE[name], lw=1.8, label=label)
    ax.set_ylim(bottom=0)
    tidy(ax, "", "x", "density")
    ax.figure.legend(frameon=False, loc="outside lower center", ncols=2)
    return ax


def equilibria(
    weight: ArrayLike,
    lines: Mapping[str, Mapping[str, ArrayLike]],
    at: ArrayLike,
    dots: Mapping[str, Mapping[str, ArrayLike]],
    real: float = 1.0,
) -> Figure:
    """Draw where G stops against the weight: a panel a loss, a line a classifier, dots for runs.

    ``dots[loss][classifier]`` has shape (len(at), seeds)."""
    figure, panels = stacked(len(lines), 3.0, sharex=True)
    for ax, (loss, each) in zip(panels, lines.items(), strict=True):
        ax.axhline(real, color=PALETTE["muted"], lw=1)
        for k, (name, values) in enumerate(each.items()):
            color = PALETTE[CYCLE[k]]
            label = name if ax is panels[0] else None
            ax.plot(weight, values, STYLES[k], color=color, lw=1.6, label=label)
            runs = np.asarray(dots[loss][name])
            ax.plot(at, runs, MARKS[k], color=color, ms=5, mfc="none", mew=0.9)
        tidy(ax, loss, "", "a, half the distance of classes")
    panels[-1].set_xlabel(r"weight $\lambda$ of the classifier's term")
    figure.legend(frameon=False, loc="outside lower center", ncols=3, title="C fitted on")
    return figure


def by_class(
    names: Sequence[str], floor: ArrayLike, runs: Mapping[str, ArrayLike], ax: Axes | None = None
) -> Axes:
    """Draw a distance for each class, (seeds, classes) for each kind, over the floor of the class."""
    ax = axes_or_new(ax, (6.0, 3.8))
    place = np.arange(len(names))
    ax.hlines(
        floor, place - 0.38, place + 0.38, color=PALETTE["real"], lw=2.4, label="real, held out"
    )
    for k, (name, values) in enumerate(runs.items()):
        values = np.asarray(values)
        aside = place + (k - (len(runs) - 1) / 2) * 0.3
        color = PALETTE[("generated", "discriminator", "accent")[k]]
        ax.plot(np.tile(aside, len(values)), values.ravel(), MARKS[k], color=color, ms=4, alpha=0.7)
        ax.plot([], [], MARKS[k], color=color, ms=4, label=name)
    ax.set(xticks=place, xticklabels=list(names), yscale="log")
    for part in (ax.yaxis.set_major_formatter, ax.yaxis.set_minor_formatter):
        part(ScalarFormatter())  # within one decade powers of ten say little
    tidy(ax, "", "class", "Fréchet distance within the class")
    ax.figure.legend(frameon=False, loc="outside lower center", ncols=3)
    return ax


def exchange(points: Mapping[str, tuple[ArrayLike, ArrayLike]], ax: Axes | None = None) -> Axes:
    """Draw accuracy against mean distance by class, a mark a run, for each kind."""
    ax = axes_or_new(ax)
    for k, (name, (distance, accuracy)) in enumerate(points.items()):
        color = PALETTE[("real", "generated", "discriminator", "accent")[k]]
        ax.plot(distance, accuracy, MARKS[k], color=color, ms=6, mfc="none", mew=1.4, label=name)
    tidy(ax, "", "mean Fréchet distance within classes", "recognised as their label", legend=True)
    return ax


def arms(names: Sequence[str], runs: ArrayLike, x: str, ax: Axes | None = None) -> Axes:
    """Draw one number for each run, a row an arm, (arms, seeds), with the mean as a bar."""
    runs = np.asarray(runs)
    ax = axes_or_new(ax, (5.8, 0.9 + 0.42 * len(names)))
    rows = np.arange(len(names))
    ax.plot(
        runs,
        np.tile(rows[:, None], runs.shape[1]),
        "o",
        color=PALETTE["generated"],
        ms=5,
        alpha=0.6,
    )
    ax.plot(runs.mean(axis=1), rows, "|", color=PALETTE["theory"], ms=18, mew=2)
    ax.set(yticks=rows, yticklabels=list(names))
    ax.set_ylim(len(names) - 0.5, -0.5)
    return tidy(ax, "", x)


def information(
    x: ArrayLike, lines: Mapping[str, ArrayLike], top: float, label: str, ax: Axes | None = None
) -> Axes:
    """Draw informations and bounds in nats against x, with the entropy of the code on top."""
    ax = axes_or_new(ax)
    ax.axhline(top, color=PALETTE["muted"], lw=1.2, label="entropy of the code")
    for k, (name, values) in enumerate(lines.items()):
        color = PALETTE[CYCLE[k]]
        ax.plot(x, values, STYLES[k % 3], color=color, lw=1.6, label=name)
    tidy(ax, "", label, "nats")
    ax.figure.legend(frameon=False, loc="outside lower center", ncols=2)
    return ax


def directions(
    step: ArrayLike, curves: Mapping[str, ArrayLike], y: str, ax: Axes | None = None
) -> Axes:
    """Draw the mean change of a measured factor against steps along a direction, for each name."""
    ax = axes_or_new(ax)
    ax.axhline(0, color=PALETTE["muted"], lw=0.8)
    for k, (name, values) in enumerate(curves.items()):
        color = PALETTE[CYCLE[k % 6]]
        ax.plot(step, values, MARKS[k % 4] + STYLES[k % 3], color=color, lw=1.5, ms=4, label=name)
    tidy(ax, "", "step along the direction", y)
    ax.figure.legend(frameon=False, loc="outside lower center", ncols=2)
    return ax
