"""Pictures of divergences: what each fit covers, what each gradient feels, what each mistake costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ganbook.plots.style import PALETTE, axes_or_new, stacked, tidy

__all__ = ["atom_gradients", "fits", "mistakes", "plug_in_curve", "separation"]

LINES = (
    (PALETTE["real"], "-"),
    (PALETTE["generated"], "--"),
    (PALETTE["discriminator"], "-."),
    (PALETTE["accent"], ":"),
    (PALETTE["theory"], (0, (5, 1, 1, 1))),
)


def _curves(ax: Axes, x: np.ndarray, curves: Mapping[str, np.ndarray]) -> None:
    for (colour, dashes), (name, y) in zip(LINES, curves.items(), strict=False):
        ax.plot(x, y, color=colour, linestyle=dashes, label=name)


def fits(x: np.ndarray, p: np.ndarray, panels: Mapping[str, Sequence[np.ndarray]]) -> Figure:
    """Draw the data's density under every fitted density, a panel for each objective; all arrays
    (n,).
    """
    figure, rows = plt.subplots(
        2, 2, figsize=(6, 5.2), dpi=100, layout="constrained", sharex=True, sharey=True
    )
    for ax, (title, densities) in zip(rows.flat, panels.items(), strict=True):
        ax.fill_between(x, p, color=PALETTE["real"], alpha=0.25, label="data p")
        for i, q in enumerate(densities):
            ax.plot(
                x, q, color=PALETTE["generated"], linestyle=("-", "--")[i % 2], label=f"fit {i + 1}"
            )
        tidy(ax, title, "x" if ax in rows[1] else "", "density" if ax in rows[:, 0] else "")
    most = max(
        rows.flat, key=lambda ax: len(ax.lines)
    )  # panels may differ in how many fits they have
    handles, labels = most.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    return figure


def separation(
    theta: np.ndarray, values: Mapping[str, np.ndarray], gradients: Mapping[str, np.ndarray]
) -> Figure:
    """Draw divergences against the separation, and generator gradients on a log axis below."""
    figure, (left, right) = stacked(2, 3.0)
    _curves(left, theta, values)
    left.set(ylim=(0, 2.2))
    tidy(left, "How far apart?", "separation θ", "nats (total variation: no unit)", legend=True)
    _curves(right, theta, gradients)
    right.set(yscale="log", ylim=(1e-7, 30))
    tidy(
        right,
        "The generator's gradient against $D^\\star$",
        "separation θ",
        "gradient in θ",
        legend=True,
    )
    return figure


def atom_gradients(gradients: Mapping[str, np.ndarray], ax: Axes | None = None) -> Figure:
    """Draw grouped bars: one group for each atom, one bar for each named gradient (K,)."""
    ax = axes_or_new(ax, (6.0, 3.4))
    width = 0.8 / len(gradients)
    for i, (name, g) in enumerate(gradients.items()):
        colour = (PALETTE["real"], PALETTE["warm"], PALETTE["generated"], PALETTE["muted"])[i % 4]
        places = np.arange(len(g)) + (i - (len(gradients) - 1) / 2) * width
        ax.bar(places, g, width, color=colour, label=name, hatch=("", "//", "..", "xx")[i % 4],
               edgecolor="white")  # fmt: skip
    ax.axhline(0, color=PALETTE["theory"], linewidth=0.8)
    ax.set_xticks(range(len(g)), [f"atom {k + 1}" for k in range(len(g))])
    tidy(ax, "The generator's gradient on five atoms", "", "gradient in the logit", legend=True)
    return ax.figure


def mistakes(
    share: np.ndarray, dropped: Mapping[str, np.ndarray], invented: Mapping[str, np.ndarray]
) -> Figure:
    """Draw what it costs to drop a share of the data (above) and to invent the same share (below)."""
    figure, panels = stacked(2, 3.0)
    texts = ("$q$ drops a share $w$ of $p$", "$q$ puts a share $w$ where $p$ is nearly absent")
    for ax, curves, title in zip(panels, (dropped, invented), texts, strict=True):
        _curves(ax, share, curves)
        tidy(ax, title, "share w", "nats", legend=True)
    return figure


def plug_in_curve(
    n: np.ndarray, mean: np.ndarray, spread: np.ndarray, floor: np.ndarray, ax: Axes | None = None
) -> Figure:
    """Draw the mean of a plug-in estimate over draws with its spread, against the number of samples
    n.
    """
    ax = axes_or_new(ax)
    ax.errorbar(
        n,
        mean,
        spread,
        fmt="o",
        color=PALETTE["generated"],
        capsize=3,
        label="plug-in KL, 20 sets of samples",
    )
    ax.plot(n, floor, color=PALETTE["theory"], linestyle="--", label="(K − 1) / 2N")
    ax.set(xscale="log", yscale="log")
    tidy(ax, "A perfect sampler, measured by counting", "samples N", "KL (nats)", legend=True)
    return ax.figure
