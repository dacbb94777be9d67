"""Pictures of architectures: what a layer makes of a constant, spectra, fields, depth, a race."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray

from ganbook.plots.style import PALETTE, axes_or_new, stacked, tidy

__all__ = ["clock", "constants", "depth", "field", "long_run", "spectrum"]

Array = NDArray[np.float64]
CYCLE = ("generated", "real", "discriminator", "accent", "theory", "warm")
MARKS = "osD^vP"
STYLES = ("-", "--", "-.", ":")


def constants(outputs: Mapping[str, Array]) -> Figure:
    """Draw what layers make of a constant input, a panel a layer, one dot per output."""
    figure, panels = stacked(len(outputs), 1.6, sharex=True)
    for ax, (name, values) in zip(panels, outputs.items(), strict=True):
        places = np.arange(len(values))
        ax.axhline(0, color=PALETTE["muted"], lw=0.8)
        ax.vlines(places, 0, values, color=PALETTE["generated"], lw=1.4)
        ax.plot(places, values, "o", color=PALETTE["generated"], ms=4)
        tidy(ax, name, "", "output")
    panels[-1].set_xlabel("place")
    return figure


def spectrum(frequency: Array, lines: Mapping[str, Array], ax: Axes | None = None) -> Axes:
    """Draw shares of energy by frequency, in cycles per pixel, on a logarithmic scale."""
    ax = axes_or_new(ax, (6.0, 3.8))
    others = [role for role in CYCLE if role != "real"]
    for k, (name, values) in enumerate(lines.items()):
        color = PALETTE["real" if name == "real" else others[k % len(others)]]
        ax.semilogy(frequency, values, MARKS[k % 6] + STYLES[k % 4], color=color, ms=4, label=name)
    tidy(ax, "", "frequency in cycles per pixel", "share of the energy")
    ax.figure.legend(frameon=False, loc="outside lower center", ncols=2)
    return ax


def field(values: Array, side: int, ax: Axes | None = None) -> Axes:
    """Draw how much the middle output depends on each pixel, with a box of the formula's side."""
    ax = axes_or_new(ax, (4.4, 4.4))
    ax.imshow(values, cmap="cividis", interpolation="nearest")
    seen = np.argwhere(values > 0)
    top, left = seen.min(axis=0) - 0.5
    ax.add_patch(
        Rectangle((left, top), side, side, fill=False, ec=PALETTE["generated"], lw=1.8, ls="--")
    )
    rows, columns = values.shape
    ax.set(xlim=(-1.5, columns + 0.5), ylim=(rows + 0.5, -1.5))
    return tidy(ax, "", "column", "row")


def depth(depths: Array, lines: Mapping[str, Array], ax: Axes | None = None) -> Axes:
    """Draw norms of gradients by the distance to the loss in layers, on a logarithmic scale."""
    ax = axes_or_new(ax, (6.0, 3.8))
    for k, (name, values) in enumerate(lines.items()):
        ax.semilogy(
            depths, values, STYLES[k % 4], color=PALETTE[CYCLE[k % len(CYCLE)]], lw=1.8, label=name
        )
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    tidy(ax, "", "layers between the activation and the loss", "norm of the gradient")
    ax.figure.legend(frameon=False, loc="outside lower center", ncols=2)
    return ax


def clock(
    seconds: Array, values: Mapping[str, Array], flops: Mapping[str, float], ax: Axes | None = None
) -> Axes:
    """Draw distance against seconds: per pair a line of means, (S, T), and a dot a run.

    The area of a mark grows with the pair's floating-point operations per step. Both scales are
    logarithmic; the lines are moved sideways a little, so that dots do not hide each other."""
    ax = axes_or_new(ax, (6.0, 5.2))
    most = max(flops.values())
    for k, (name, runs) in enumerate(values.items()):
        color, size = PALETTE[CYCLE[k % len(CYCLE)]], 20 + 130 * flops[name] / most
        at = np.asarray(seconds) * 1.035 ** (k - (len(values) - 1) / 2)
        ax.loglog(at, runs.mean(axis=0), STYLES[k % 4], color=color, lw=1.3)
        ax.scatter(
            np.broadcast_to(at, runs.shape), runs, s=size, marker=MARKS[k % 6], facecolors="none",
            edgecolors=color, label=name,
        )  # fmt: skip
    tidy(ax, "", "seconds of CPU time", "Fréchet distance")
    ax.xaxis.set_major_locator(FixedLocator(list(seconds)))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xticklabels([f"{s:g}" for s in seconds])
    ax.yaxis.set_minor_formatter(lambda value, _: f"{value:g}" if f"{value:g}"[0] in "25" else "")
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    handles, labels = ax.get_legend_handles_labels()
    legend = ax.figure.legend(handles, labels, frameon=False, loc="outside lower center", ncols=2)
    for handle in legend.legend_handles:
        handle.set_sizes([40])
    return ax


def long_run(
    seconds: Array, runs: Array, levels: Mapping[str, float], ax: Axes | None = None
) -> Axes:
    """Draw distance against seconds, a line a run, both (S, T), on a logarithmic scale of
    distances, and named levels across."""
    ax = axes_or_new(ax, (6.0, 3.8))
    for k, (x, y) in enumerate(zip(seconds, runs, strict=True)):
        color = PALETTE[("generated", "discriminator", "accent")[k % 3]]
        ax.semilogy(
            x, y, MARKS[k % 6] + STYLES[k % 4], color=color, ms=4, lw=1.3, label=f"seed {k}"
        )
    for k, (name, level) in enumerate(levels.items()):
        ax.axhline(level, color=PALETTE["theory"], ls=STYLES[1 + k % 3], lw=0.9, label=name)
    tidy(ax, "", "seconds of CPU time", "Fréchet distance")
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.figure.legend(frameon=False, loc="outside lower center", ncols=2)
    return ax
