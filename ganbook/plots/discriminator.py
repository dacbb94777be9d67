"""Pictures of what a discriminator is, learns, and forgets to learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ganbook.plots.style import PALETTE, axes_or_new, stacked, tidy

__all__ = [
    "accuracy_and_value",
    "densities_and_discriminator",
    "kl_estimates",
    "learned_log_ratio",
    "memorised_scores",
    "pointwise_objectives",
    "smoothed_scores",
    "training_and_fresh",
    "two_laws",
]

CURVES = (PALETTE["real"], PALETTE["warm"], PALETTE["generated"], PALETTE["accent"])


def two_laws(
    x: np.ndarray,
    p: np.ndarray,
    q: np.ndarray,
    samples: tuple[np.ndarray, np.ndarray],
    ax: Axes | None = None,
) -> Axes:
    """Draw two densities, each with some of its samples as ticks below; all one-dimensional."""
    ax = axes_or_new(ax, (6.0, 3.0))
    _densities(ax, x, p, q)
    low = 0.09 * float(max(p.max(), q.max()))
    for row, (name, points) in enumerate(zip(("real", "generated"), samples, strict=True), 1):
        ax.vlines(points, -low * (row + 0.4), -low * (row - 0.4), PALETTE[name], linewidth=1)
    ax.set_yticks([tick for tick in ax.get_yticks() if tick >= 0])
    ax.set_ylim(bottom=-2.8 * low)
    return tidy(ax, "", "x", "density", legend=True)


def _densities(ax: Axes, x: np.ndarray, p: np.ndarray, q: np.ndarray) -> None:
    for name, density in (("real", p), ("generated", q)):
        ax.fill_between(x, density, color=PALETTE[name], alpha=0.25)
        ax.plot(x, density, color=PALETTE[name], label=name)


def pointwise_objectives(
    d: np.ndarray,
    curves: Mapping[str, np.ndarray],
    peaks: Sequence[tuple[float, float]],
    ax: Axes | None = None,
) -> Axes:
    r"""Draw $a \log d + b \log(1 - d)$ for several (a, b), each with a dot at its highest point.

    d: (n,); curves: label -> (n,); peaks: one (d, height) for each curve.
    """
    ax = axes_or_new(ax)
    for (label, values), peak, colour in zip(curves.items(), peaks, CURVES, strict=False):
        ax.plot(d, values, color=colour, label=label)
        ax.plot(*peak, "o", color=colour, clip_on=False)
    ax.set(ylim=(-2.5, 0.1), xlim=(0, 1))
    return tidy(
        ax,
        "One point's share of the value",
        "answer $d$ at this point",
        r"$a \log d + b \log(1 - d)$",
        legend=True,
    )


def densities_and_discriminator(
    x: np.ndarray,
    p: np.ndarray,
    q: np.ndarray,
    d_star: np.ndarray,
    counted: tuple[np.ndarray, np.ndarray],
) -> Figure:
    """Draw two densities, and below them D* as a curve with counted shares as dots.

    x, p, q, d_star: (n,); counted: the centers of bins and the share of real samples in each.
    """
    figure, (top, bottom) = plt.subplots(
        2, 1, figsize=(6.0, 4.6), dpi=100, sharex=True, layout="constrained"
    )
    _densities(top, x, p, q)
    tidy(top, "", "", "density", legend=True)
    bottom.plot(x, d_star, color=PALETTE["discriminator"], label="D* = p / (p + q)")
    bottom.plot(
        *counted, "o", color=PALETTE["theory"], markersize=4, label="share of real, counted"
    )
    bottom.axhline(0.5, color=PALETTE["muted"], linewidth=0.8)
    tidy(bottom, "", "x", "probability of real", legend=True)
    return figure


def accuracy_and_value(
    scale: np.ndarray, accuracy: np.ndarray, value: np.ndarray, best: float, constant: float
) -> Figure:
    """Draw accuracy, and below it the value, of the discriminators k·s* against k (log axis); best is
    V*, constant the value of D = 1/2, drawn as a dashed line.
    """
    figure, (left, right) = plt.subplots(2, 1, figsize=(6.0, 5.4), dpi=100, layout="constrained")
    left.plot(scale, accuracy, color=PALETTE["theory"])
    left.set(xscale="log", ylim=(0.5, 1))
    tidy(left, "Accuracy", "factor $k$ of the score", "accuracy")
    right.plot(scale, value, color=PALETTE["discriminator"])
    right.plot(1, best, "o", color=PALETTE["theory"], label="$k = 1$: $D^\\star$")
    level = {"color": PALETTE["theory"], "linestyle": "--", "linewidth": 1}
    right.axhline(constant, label=r"$D = \frac{1}{2}$: $-2 \log 2$", **level)
    right.set(xscale="log")
    tidy(
        right, "Value, which $D$ maximises", "factor $k$ of the score", "value in nats", legend=True
    )
    return figure


def learned_log_ratio(
    x: np.ndarray,
    truth: np.ndarray,
    learned: np.ndarray,
    weight: np.ndarray,
    bulk: tuple[float, float],
    off: tuple[float, float],
) -> Figure:
    """Draw the true log ratio with learned ones, and the size of the errors over the weight pq/(p +
    q).

    x, truth, weight: (n,); learned: (runs, n); bulk, off: the ends of the central region and
    of one where no sample falls.
    """
    figure, (left, right) = stacked(2, 3.0)
    left.set_ylim(-6, 27)  # room for the legend above the curves
    for ax in (left, right):
        ax.axvspan(*bulk, color=PALETTE["muted"], alpha=0.18, label="central 95 % of the samples")
        ax.axvspan(*off, color=PALETTE["warm"], alpha=0.18, label="no samples here")
    left.plot(x, learned.T, color=PALETTE["discriminator"], linewidth=1)
    left.plot([], [], color=PALETTE["discriminator"], label="networks")
    left.plot(x, truth, color=PALETTE["theory"], linestyle="--", label="log p/q")
    tidy(left, "Learned and true", "x", "score, nats", legend=True)
    right.plot(x, np.abs(learned - truth).T, color=PALETTE["discriminator"], linewidth=1)
    right.plot(
        x,
        np.maximum(weight, 1e-12),
        color=PALETTE["accent"],
        linestyle=":",
        label="weight pq/(p + q)",
    )
    right.set(yscale="log", ylim=(1e-5, 1e2))
    tidy(right, "Errors, and what training weighs them by", "x", "error (nats), weight")
    right.legend(handles=right.lines[-1:], frameon=False)
    return figure


def smoothed_scores(
    x: np.ndarray, scores: Mapping[str, np.ndarray], ax: Axes | None = None
) -> Axes:
    """Draw optimal scores under several labellings against x; scores: label -> (n,)."""
    ax = axes_or_new(ax)
    styles = ("--", "-", "-")
    for (label, values), colour, style in zip(
        scores.items(), (PALETTE["theory"], *CURVES), styles, strict=False
    ):
        ax.plot(x, values, color=colour, linestyle=style, label=label)
    ax.axhline(0, color=PALETTE["muted"], linewidth=0.8)
    return tidy(ax, "Optimal scores under smoothed labels", "x", "optimal score, nats", legend=True)


def kl_estimates(
    distance: np.ndarray, truth: np.ndarray, estimates: np.ndarray, mass: np.ndarray
) -> Figure:
    """Draw KL estimates of several runs against the truth, and the mass E_q[r] that they claim.

    distance, truth: (k,); estimates, mass: (k, runs).
    """
    figure, (left, right) = stacked(2)
    left.plot(distance, truth, color=PALETTE["theory"], linestyle="--", label="KL(p‖q) = m²/2")
    left.plot(distance, estimates, "o", color=PALETTE["discriminator"], markersize=4)
    left.plot(
        [],
        [],
        "o",
        color=PALETTE["discriminator"],
        markersize=4,
        label="mean score of real samples",
    )
    left.set(yscale="log", xscale="log", xticks=distance, xticklabels=[f"{m:g}" for m in distance])
    left.minorticks_off()
    tidy(left, "KL from a classifier", "distance $m$ of the means", "nats", legend=True)
    right.axhline(1, color=PALETTE["theory"], linestyle="--", label="a density ratio has 1")
    right.plot(distance, mass, "o", color=PALETTE["discriminator"], markersize=4)
    right.set(xscale="log", yscale="log", xticks=distance, xticklabels=[f"{m:g}" for m in distance])
    right.minorticks_off()
    tidy(right, "The check", "distance $m$ of the means", r"$\mathrm{E}_q[e^s]$", legend=True)
    return figure


def memorised_scores(groups: Mapping[str, np.ndarray], ax: Axes | None = None) -> Axes:
    """Draw the scores of several groups of points, one row a group, jittered by rank; label ->
    (n,).
    """
    ax = axes_or_new(ax, (6.0, 3.0))
    for row, (label, scores) in enumerate(groups.items()):
        height = row + 0.25 * np.sin(7.0 * np.arange(len(scores)))
        colour = PALETTE["real"] if "real" in label else PALETTE["generated"]
        ax.plot(scores, height, ".", color=colour, alpha=0.7)
    ax.axvline(0, color=PALETTE["muted"], linewidth=0.8)
    ax.set(yticks=range(len(groups)), yticklabels=list(groups))
    return tidy(ax, "Scores of one discriminator", "score, nats", "")


def training_and_fresh(
    sizes: Sequence[int], training: np.ndarray, fresh: np.ndarray, ax: Axes | None = None
) -> Axes:
    """Draw accuracy on training and on fresh points against sample size; arrays (sizes, runs)."""
    ax = axes_or_new(ax)
    kinds = (
        ("training points", training, "discriminator", "-"),
        ("fresh points", fresh, "accent", "--"),
    )
    for name, values, colour, style in kinds:
        ax.plot(sizes, values.mean(1), style, color=PALETTE[colour], label=name)
        ax.plot(sizes, values, ".", color=PALETTE[colour])
    ax.axhline(0.5, color=PALETTE["muted"], linewidth=0.8)
    ax.set(xscale="log", xticks=sizes, xticklabels=[f"{n:,}" for n in sizes], ylim=(0.4, 1.05))
    ax.minorticks_off()
    return tidy(
        ax, "Two samples from one distribution", "points in each sample", "accuracy", legend=True
    )
