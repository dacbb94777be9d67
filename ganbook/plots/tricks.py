"""Pictures of tricks: what each is worth, norms of convolutions, runs side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ganbook.plots.style import PALETTE, axes_or_new, stacked, tidy

__all__ = ["bands", "forest", "lines", "runs", "spectrum", "tiles"]

Array = NDArray[np.float64]
CYCLE = ("real", "generated", "discriminator", "accent", "theory", "warm")
STYLES = ("-", "--", "-.", ":")


def forest(
    names: Sequence[str],
    effect: Array,
    low: Array,
    high: Array,
    filled: Sequence[bool],
    labels: tuple[str, str] = ("", ""),
    ax: Axes | None = None,
) -> Axes:
    """Draw ratios with intervals, a row a name, on a logarithmic axis; 1 is no effect.

    ``filled`` says which rows get a filled dot; ``labels`` name the filled and the open dots."""
    ax = axes_or_new(ax, (6.0, 1.2 + 0.32 * len(names)))
    rows, full = np.arange(len(names)), np.asarray(filled, dtype=bool)
    ax.axvline(1, color=PALETTE["theory"], lw=1)
    ax.hlines(rows, low, high, color=PALETTE["muted"], lw=2)
    for mask, face, label in (
        (full, PALETTE["generated"], labels[0]),
        (~full, "none", labels[1]),
    ):
        if mask.any():
            ax.plot(
                np.asarray(effect)[mask], rows[mask], "o", ms=7, color=PALETTE["generated"],
                mfc=face, mew=1.5, label=label or None,
            )  # fmt: skip
    ax.set(yticks=rows, yticklabels=list(names), xscale="log")
    ticks = [
        t for t in (0.25, 0.5, 0.6, 0.7, 0.8, 1, 1.2, 1.4, 2, 4, 8) if min(low) <= t <= max(high)
    ]
    ax.set_xticks(ticks, [f"{t:g}" for t in ticks])
    ax.minorticks_off()
    ax.invert_yaxis()
    if any(labels):
        ax.figure.legend(frameon=False, loc="outside lower center", ncols=2)
    return tidy(ax, "", "Fréchet distance with the trick / without it")


def spectrum(ratios: Mapping[str, Array], bound: float, ax: Axes | None = None) -> Axes:
    """Draw the norm of convolutions over that of their reshaped kernels, a row of dots a kind."""
    ax = axes_or_new(ax, (6.0, 1.2 + 0.5 * len(ratios)))
    for k, values in enumerate(ratios.values()):
        ax.plot(values, np.full(len(values), k), "o", color=PALETTE["real"], mfc="none", label=None)
    ax.axvline(1, color=PALETTE["theory"], lw=1, ls="--")
    ax.axvline(bound, color=PALETTE["theory"], lw=1, ls="--")
    ax.set(yticks=range(len(ratios)), yticklabels=list(ratios), ylim=(len(ratios) - 0.5, -0.5))
    return tidy(ax, "", "norm of the convolution / norm of the reshaped kernel")


def lines(
    x: Array,
    values: Mapping[str, Array],
    labels: tuple[str, str],
    x_log: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw a line for each name; ``x_log`` for a logarithmic horizontal axis."""
    ax = axes_or_new(ax)
    for k, (name, y) in enumerate(values.items()):
        ax.plot(x, y, color=PALETTE[CYCLE[k % 6]], ls=STYLES[k % 4], lw=1.7, label=name)
    if x_log:
        ax.set_xscale("log")
    return tidy(ax, "", *labels, legend=True)


def bands(
    x: Array,
    values: Mapping[str, Array],
    labels: tuple[str, str],
    ax: Axes | None = None,
) -> Axes:
    """Draw the mean of each name's runs, (looks, seeds), and the range of the runs around it."""
    ax = axes_or_new(ax)
    for k, (name, y) in enumerate(values.items()):
        color = PALETTE[CYCLE[k % 6]]
        ax.fill_between(x, y.min(axis=1), y.max(axis=1), color=color, alpha=0.2, lw=0)
        ax.plot(x, y.mean(axis=1), color=color, ls=STYLES[k % 4], lw=1.7, label=name)
    tidy(ax, "", *labels)
    ax.figure.legend(frameon=False, loc="outside lower center", ncols=2)
    return ax


def tiles(pictures: Mapping[str, NDArray[np.uint8]], columns: int = 8) -> Figure:
    """Draw pictures (N, H, W) of each name as one row of ``columns``, a row a name."""
    figure, panels = stacked(len(pictures), height=1.0)
    for ax, (name, images) in zip(panels, pictures.items(), strict=True):
        ax.imshow(
            np.concatenate(list(images[:columns]), axis=1), cmap="gray", vmin=0, vmax=255,
            interpolation="nearest",
        )  # fmt: skip
        ax.set(xticks=[], yticks=[])
        ax.set_title(name, loc="left")
        ax.spines[:].set_visible(False)
    return figure


def runs(
    steps: Array, curves: Mapping[str, Mapping[str, Array]], pictures: Mapping[str, NDArray]
) -> Figure:
    """Draw runs without a name: for each letter the curves of both losses, and a row of samples."""
    figure, panels = stacked(2 * len(curves), height=1.15, height_ratios=[1.6, 1] * len(curves))
    for top, bottom, (letter, named) in zip(panels[::2], panels[1::2], curves.items(), strict=True):
        for k, (name, y) in enumerate(named.items()):
            top.plot(
                steps[: len(y)], y, color=PALETTE[CYCLE[k]], ls=STYLES[k], lw=1.3,
                label=name if letter == next(iter(curves)) else None,
            )  # fmt: skip
        tidy(top, "", "", "")
        top.set_title(letter, loc="left", fontweight="bold")
        bottom.imshow(
            np.concatenate(list(pictures[letter][:10]), axis=1), cmap="gray", vmin=0, vmax=255,
            interpolation="nearest",
        )  # fmt: skip
        bottom.set(xticks=[], yticks=[])
        bottom.spines[:].set_visible(False)
    figure.legend(frameon=False, loc="outside lower center", ncols=4)
    return figure
