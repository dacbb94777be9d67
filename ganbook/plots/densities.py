"""Pictures of explicit densities: joint and posterior, a mixture, learning curves, masks, binary
digits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from ganbook.plots.style import PALETTE, stacked, tidy

__all__ = [
    "bit_pictures",
    "joint_and_posterior",
    "likelihood_curves",
    "mask_matrices",
    "mixture_fit",
]

CLASSES = (PALETTE["real"], PALETTE["warm"], PALETTE["discriminator"], PALETTE["accent"])
MARKERS = ("o", "^", "s", "D")


def joint_and_posterior(
    x: np.ndarray, joint: np.ndarray, posterior: np.ndarray, names: Sequence[str], label: str
) -> Figure:
    """Draw p(x, y) as curves with their sum p(x), and p(y | x) as stacked shares; both (K, n)."""
    figure, (left, right) = stacked(2, sharex=True)
    for k, name in enumerate(names):
        left.fill_between(x, joint[k], color=CLASSES[k], alpha=0.35)
        left.plot(x, joint[k], color=CLASSES[k], label=f"y = {name}")
    left.plot(x, joint.sum(0), color=PALETTE["theory"], linestyle="--", label="sum: p(x)")
    tidy(left, "Joint $p(x, y)$", label, "density", legend=True)
    right.stackplot(x, posterior, colors=CLASSES[: len(names)], alpha=0.6, labels=names)
    right.set(xlim=(x[0], x[-1]), ylim=(0, 1))
    tidy(right, "Conditional $p(y\\mid x)$", label, "share")
    return figure


def mixture_fit(
    points: np.ndarray,
    labels: np.ndarray,
    names: Sequence[str],
    grid: tuple[np.ndarray, np.ndarray],
    log_density: np.ndarray,
    samples: np.ndarray,
    history: np.ndarray,
    axis_names: tuple[str, str],
) -> Figure:
    """Draw data under the fitted density, fresh samples, and the likelihood by step (log axis).

    points, samples: (n, 2); labels: (n,); grid: two axes; log_density: (rows, columns); history:
    (steps,)."""
    figure, axes = stacked(3)
    for ax in axes[:2]:
        ax.contour(
            *grid,
            log_density,
            levels=[-6, -4.5, -3, -1.5, 0],
            colors=PALETTE["muted"],
            linewidths=0.8,
            linestyles="solid",
        )
        ax.set(xlim=(grid[0][0], grid[0][-1]), ylim=(grid[1][0], grid[1][-1]))
    for k, name in enumerate(names):
        own = points[labels == k]
        axes[0].scatter(*own.T, s=14, marker=MARKERS[k], color=CLASSES[k], label=name, alpha=0.8)
    tidy(axes[0], "Data, and the fitted density", *axis_names, legend=True)
    axes[1].scatter(*samples.T, s=14, color=PALETTE["generated"], alpha=0.7)
    tidy(axes[1], "Samples from the fit", *axis_names)
    steps = np.arange(1, len(history) + 1)  # the first is the start
    axes[2].plot(steps, history, color=PALETTE["theory"], marker=".", markersize=4)
    axes[2].set_xscale("log")  # most steps change little, and come late
    tidy(axes[2], "Steps of EM", "step (log scale), from 1", "log-likelihood, nats per flower")
    return figure


def mask_matrices(first: np.ndarray, second: np.ndarray, reach: np.ndarray) -> Figure:
    """Draw two masks, (out, in) each, and which output can see which input, (n, n); black is seen."""
    panels = (
        (first, "Inputs to hidden units", "input", "hidden unit"),
        (second, "Hidden units to outputs", "hidden unit", "output"),
        (reach, "Inputs to outputs", "input, in drawing order", "output, in drawing order"),
    )
    figure, axes = stacked(3, 2.6)
    for ax, (cells, title, x, y) in zip(axes, panels, strict=True):
        ax.imshow(cells, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest", aspect="auto")
        ax.set(title=title, xlabel=x, ylabel=y, xticks=[], yticks=[])
    return figure


def bit_pictures(groups: Mapping[str, np.ndarray], side: int = 8) -> Figure:
    """Draw rows of small pictures, one row a group: ``groups`` maps a title to pictures, (n,
    side²).
    """
    width = max(len(pictures) for pictures in groups.values())
    figure, axes = plt.subplots(
        len(groups),
        1,
        figsize=(6.0, (5.8 / width + 0.33) * len(groups)),
        dpi=100,
        layout="constrained",
        squeeze=False,
    )
    for ax, (title, pictures) in zip(axes[:, 0], groups.items(), strict=True):
        strip = np.full((side + 2, width * (side + 2)), 0.35)
        for i, picture in enumerate(pictures):
            strip[1:-1, i * (side + 2) + 1 : (i + 1) * (side + 2) - 1] = np.reshape(
                picture, (side, side)
            )
        ax.imshow(strip, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        ax.set_title(title, loc="left")
        ax.set_axis_off()
    return figure


def likelihood_curves(
    steps: np.ndarray, curves: Mapping[str, np.ndarray], chosen: float, levels: Mapping[str, float]
) -> Figure:
    """Draw nats per picture against training steps; curves: (runs, steps) each; levels: named lines."""
    figure, ax = plt.subplots(figsize=(6.0, 4.0), dpi=100, layout="constrained")
    for (name, runs), color in zip(
        curves.items(), (PALETTE["muted"], PALETTE["real"]), strict=False
    ):
        for i, run in enumerate(runs):
            ax.plot(steps, run, color=color, linewidth=1.1, label=name if i == 0 else None)
    ax.axvline(
        chosen, color=PALETTE["theory"], linestyle=":", label="chosen on validation (median)"
    )
    for (name, level), style in zip(levels.items(), ("--", "-."), strict=False):
        ax.axhline(level, color=PALETTE["generated"], linestyle=style, label=name)
    tidy(ax, "", "training step", "negative log-likelihood,\nnats per picture")
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    return figure
