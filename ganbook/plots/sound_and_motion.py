"""Pictures of sounds and films: waveforms, lags, spectra, scores by seed, and steps of a patch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ganbook.plots.style import PALETTE, axes_or_new, stacked, tidy

__all__ = [
    "by_seed",
    "lags",
    "passing",
    "pitches",
    "response",
    "rounds",
    "spectra",
    "steps",
    "waveforms",
]

Array = NDArray[np.float64]
CYCLE = ("real", "generated", "discriminator", "accent", "theory", "warm")
STYLES = ("-", "--", "-.", ":")


def waveforms(seconds: Array, clips: Mapping[str, Array]) -> Figure:
    """Draw sounds over time, one panel below another."""
    figure, panels = stacked(len(clips), 1.5, sharex=True)
    for ax, (name, x) in zip(panels, clips.items(), strict=True):
        color = PALETTE["real" if name.startswith("real") else "generated"]
        ax.plot(1_000 * seconds, x, color=color, lw=0.8)
        ax.set(ylim=(-1.05, 1.05), yticks=(-1, 0, 1))
        tidy(ax, name)
    panels[-1].set_xlabel("time in milliseconds")
    return figure


def lags(
    r: Mapping[str, Array], window: tuple[int, int], best: float, ax: Axes | None = None
) -> Axes:
    """Draw autocorrelations by lag, the window that is searched, and the lag that was found."""
    ax = axes_or_new(ax)
    ax.axvspan(*window, color=PALETTE["sky"], alpha=0.25, lw=0, label="searched lags")
    for k, (name, values) in enumerate(r.items()):
        color = PALETTE[CYCLE[k % len(CYCLE)]]
        ax.plot(np.arange(len(values)), values, color=color, ls=STYLES[k % 4], lw=1.4, label=name)
    ax.axvline(best, color=PALETTE["theory"], lw=0.9, ls=":")
    tidy(ax, "", "lag in samples", "autocorrelation")
    ax.figure.legend(frameon=False, loc="outside lower center", ncols=2)
    return ax


def passing(
    names: Sequence[str],
    first: Array,
    second: Array,
    labels: tuple[str, str],
    ax: Axes | None = None,
) -> Axes:
    """Draw two shares for each name, a row each: an open square and a filled disc."""
    ax = axes_or_new(ax, (5.6, 1.1 + 0.36 * len(names)))
    rows = np.arange(len(names))
    ax.hlines(rows, np.minimum(first, second), np.maximum(first, second), color=PALETTE["muted"])
    ax.plot(first, rows, "s", color=PALETTE["theory"], mfc="none", ms=7, label=labels[0])
    ax.plot(second, rows, "o", color=PALETTE["discriminator"], ms=5, label=labels[1])
    ax.set(yticks=rows, yticklabels=list(names), xlim=(-0.04, 1.04))
    ax.invert_yaxis()
    tidy(ax, "", "share of clips")
    ax.figure.legend(frameon=False, loc="outside lower center", ncols=2)
    return ax


def rounds(done: Array, lines: Mapping[str, Array], ax: Axes | None = None) -> Axes:
    """Draw values after rounds of an iteration, one line a name."""
    ax = axes_or_new(ax)
    for k, (name, values) in enumerate(lines.items()):
        color = PALETTE[CYCLE[k % len(CYCLE)]]
        ax.plot(done, values, "os^D"[k % 4] + STYLES[k % 4], color=color, lw=1.4, ms=4, label=name)
    return tidy(ax, "", "rounds", "relative error of the magnitudes", legend=True)


def response(milliseconds: Array, lines: Mapping[str, Array]) -> Figure:
    """Draw what layers make of a constant input over time, one panel below another."""
    figure, panels = stacked(len(lines), 1.4, sharex=True, sharey=True)
    for k, (ax, (name, y)) in enumerate(zip(panels, lines.items(), strict=True)):
        ax.plot(milliseconds, y, color=PALETTE["generated" if k < len(lines) - 1 else "real"], lw=1)
        tidy(ax, name)
    panels[-1].set_xlabel("time in milliseconds")
    return figure


def by_seed(
    groups: Mapping[str, Array], marks: Mapping[str, float], x: str, ax: Axes | None = None
) -> Axes:
    """Draw a score of every seed, a row a group, and values to compare with as vertical lines."""
    ax = axes_or_new(ax, (5.6, 1.3 + 0.4 * len(groups)))
    for row, (name, values) in enumerate(groups.items()):
        color = PALETTE["real" if name.startswith("real") else "generated"]
        ax.plot(values, np.full(len(values), row), "o", color=color, ms=6, mfc="none", mew=1.5)
    for k, (name, value) in enumerate(marks.items()):
        ax.axvline(value, color=PALETTE["theory"], lw=1, ls=STYLES[1 + k % 3], label=name)
    ax.set(yticks=range(len(groups)), yticklabels=list(groups), ylim=(len(groups) - 0.5, -0.5))
    tidy(ax, "", x)
    if marks:
        ax.figure.legend(frameon=False, loc="outside lower center", ncols=2)
    return ax


def pitches(numbers: Mapping[str, Array], notes: Array) -> Figure:
    """Draw histograms of pitches in semitones, one panel below another, and the notes as lines."""
    figure, panels = stacked(len(numbers), 1.5, sharex=True)
    edges = np.arange(np.min(notes) - 1, np.max(notes) + 1.01, 0.1)
    for ax, (name, values) in zip(panels, numbers.items(), strict=True):
        color = PALETTE["real" if name.startswith("real") else "generated"]
        ax.hist(values, edges, color=color, histtype="stepfilled")
        for note in notes:
            ax.axvline(note, color=PALETTE["muted"], lw=0.5, zorder=0)
        tidy(ax, name, "", "clips")
    panels[-1].set_xlabel("pitch as a MIDI number")
    return figure


def spectra(pictures: Mapping[str, Array]) -> Figure:
    """Draw pictures of log-magnitudes, frequency upwards and time to the right, side by side."""
    figure, panels = stacked(len(pictures), 1.9, sharex=True)
    for ax, (name, picture) in zip(panels, pictures.items(), strict=True):
        end = picture.shape[1] * 16, picture.shape[0] * 15.625 / 1_000
        ax.imshow(
            picture, origin="lower", aspect="auto", cmap="magma", vmin=-1, vmax=1,
            extent=(0, end[0], 0, end[1]), interpolation="nearest",
        )  # fmt: skip
        tidy(ax, name, "", "kHz")
    panels[-1].set_xlabel("time in milliseconds")
    return figure


def steps(sizes: Mapping[str, Array]) -> Figure:
    """Draw how far a patch moves from frame to frame, (films, T - 1) a name, a panel each."""
    figure, panels = stacked(len(sizes), 1.6, sharex=True, sharey=True)
    for ax, (name, values) in zip(panels, sizes.items(), strict=True):
        color = PALETTE["real" if name.startswith("real") else "generated"]
        ax.plot(np.arange(1, values.shape[1] + 1), values.T, color=color, lw=1.2, alpha=0.7)
        tidy(ax, name, "", "pixels")
    panels[-1].set_xlabel("step")
    return figure
