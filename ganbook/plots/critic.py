"""Pictures of critics: what they estimate, how they look, how steep they are, and what training
makes of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ganbook.plots.style import PALETTE, stacked, tidy

__all__ = [
    "estimates",
    "forces",
    "landscapes",
    "play",
    "readings",
    "record",
    "slopes",
    "steepness",
    "weights",
]

Array = NDArray[np.float64]
CYCLE = ("generated", "discriminator", "real", "accent")


def estimates(exact: Array, raw: Array, corrected: Array, curve_x: Array, curve_y: Array) -> Figure:
    """Show estimates, (settings, runs), against the exact distance, with the curve that theory has
    for the raw ones.
    """
    figure, (left, right) = stacked(2)
    left.plot(curve_x, curve_x, color=PALETTE["muted"], lw=1, ls="--", label="exact")
    left.plot(curve_x, curve_y, color=PALETTE["theory"], lw=1, label=r"$W + W^2/2\lambda$")
    left.plot(
        exact.ravel(), raw.ravel(), "o", ms=4, color=PALETTE["generated"], label="critic's gap"
    )
    tidy(
        left,
        "The gap against the exact distance",
        "exact $W_1$ of the samples",
        "gap of the critic",
        legend=True,
    )
    right.axhspan(0.9, 1.1, color=PALETTE["muted"], alpha=0.2, lw=0)
    right.axhline(1, color=PALETTE["muted"], lw=1, ls="--")
    for values, key, marker, name in (
        (raw, "generated", "o", "gap"),
        (corrected, "discriminator", "s", "gap / mean slope"),
    ):
        right.plot(
            exact.ravel(), (values / exact).ravel(), marker, ms=4, color=PALETTE[key], label=name
        )
    tidy(
        right,
        "The same, as quotients",
        "exact $W_1$ of the samples",
        "estimate / exact",
        legend=True,
    )
    return figure


def weights(groups: Mapping[str, Array], start: Array, bound: float) -> Figure:
    """Show histograms of weights up to three times the bound, one panel a group, with the outline of
    those at the start; dashed lines mark the bound.
    """
    figure, axes = stacked(len(groups), 2.1)
    low = min(float(v.min()) for v in (start, *groups.values()))
    high = max(float(v.max()) for v in (start, *groups.values()))
    bins = np.linspace(max(low, -3 * bound), min(high, 3 * bound), 81)
    for ax, (name, values), key in zip(axes, groups.items(), CYCLE, strict=False):
        for v, kind, colour, label in (
            (values, "stepfilled", PALETTE[key], "after training"),
            (start, "step", PALETTE["theory"], "at the start"),
        ):
            share = np.full(len(v), 1 / len(v))
            ax.hist(v, bins=bins, color=colour, weights=share, histtype=kind, label=label)
        for edge in (-bound, bound):
            ax.axvline(edge, color=PALETTE["theory"], lw=0.8, ls="--")
        tidy(ax, name, "weight", "share of all weights", legend=True)
    return figure


def landscapes(
    xs: Array, ys: Array, surfaces: Mapping[str, Array], real: Array, fake: Array, levels: int = 10
) -> Figure:
    """Show heights of critics over the plane in steps, (len(ys), len(xs)) each, with both samples;
    light is high.
    """
    figure, axes = plt.subplots(
        len(surfaces),
        1,
        figsize=(4.4, 3.9 * len(surfaces)),
        dpi=100,
        layout="constrained",
        sharex=True,
        squeeze=False,
    )
    for ax, (name, heights) in zip(axes[:, 0], surfaces.items(), strict=True):
        low, high = heights.min(), heights.max()
        ax.contourf(
            xs,
            ys,
            heights,
            levels,
            cmap="Greys_r",
            vmin=low - 0.8 * (high - low),
            vmax=high,
            antialiased=False,
        )
        ax.scatter(*real.T, s=7, color=PALETTE["real"], label="real", antialiased=False, lw=0)
        ax.scatter(
            *fake.T,
            s=7,
            color=PALETTE["generated"],
            marker="s",
            label="generated",
            antialiased=False,
            lw=0,
        )
        ax.set_aspect("equal")
        tidy(ax, name, "", "$x_2$")
    axes[-1, 0].set_xlabel("$x_1$")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
    return figure


def slopes(groups: Mapping[str, Array], predicted: float) -> Figure:
    """Show histograms of gradient lengths, one outline a group; a dashed line marks the predicted
    length.
    """
    figure = plt.figure(figsize=(6.0, 3.3), dpi=100, layout="constrained")
    ax = figure.subplots()
    top = max(float(values.max()) for values in groups.values())
    for (name, values), key in zip(
        groups.items(), ("discriminator", "generated", "muted"), strict=False
    ):
        ax.hist(
            values,
            bins=np.linspace(0, 1.05 * top, 50),
            color=PALETTE[key],
            alpha=0.55,
            label=name,
            weights=np.full(len(values), 1 / len(values)),
        )
    ax.axvline(
        predicted, color=PALETTE["theory"], ls="--", lw=1, label=f"predicted {predicted:.2f}"
    )
    tidy(ax, "", r"length of the critic's gradient, $\|\nabla D\|$", "share of points", legend=True)
    return figure


def steepness(steps: Sequence[int], curves: Mapping[str, Array]) -> Figure:
    """Show the largest slope of critics against the number of updates, on logarithmic axes."""
    figure = plt.figure(figsize=(6.0, 3.4), dpi=100, layout="constrained")
    ax = figure.subplots()
    for (name, values), key, marker in zip(curves.items(), CYCLE, "os^v", strict=False):
        ax.plot(steps, values, f"{marker}-", color=PALETTE[key], label=name, ms=4)
    ax.set(xscale="log", yscale="log")
    ax.set_xticks(list(steps), [str(s) for s in steps])
    ax.minorticks_off()
    tidy(ax, "", "updates of the critic", "largest slope found", legend=True)
    return figure


def forces(
    steps: Sequence[int], lengths: Mapping[str, Array], cosines: Mapping[str, Array]
) -> Figure:
    """Show, against the opponent's updates, the length and the direction of the force on generated
    points; (runs, steps).
    """
    figure, axes = stacked(2)
    for ax, groups in zip(axes, (lengths, cosines), strict=True):
        for (name, rows), key in zip(groups.items(), ("discriminator", "generated"), strict=False):
            ax.plot(steps, rows.T, color=PALETTE[key], lw=0.7, alpha=0.5)
            ax.plot(steps, rows.mean(axis=0), "o-", color=PALETTE[key], lw=2, ms=4, label=name)
        ax.set_xscale("log")
        ax.set_xticks(list(steps), [str(s) for s in steps])
        ax.minorticks_off()
    axes[0].set_yscale("log")
    tidy(
        axes[0],
        "Length",
        "updates of the opponent",
        "mean force on a generated point",
        legend=True,
    )
    tidy(axes[1], "Direction", "updates of the opponent", "mean cosine with the transport ray")
    return figure


def play(steps: Array, groups: Mapping[str, Array], floor: float) -> Figure:
    """Show the distance to the data over a run, (runs, len(steps)) for each group, above the
    sampling floor.
    """
    figure = plt.figure(figsize=(6.0, 3.4), dpi=100, layout="constrained")
    ax = figure.subplots()
    for (name, rows), key in zip(groups.items(), CYCLE, strict=False):
        ax.plot(steps, rows.T, color=PALETTE[key], lw=0.8, alpha=0.5)
        ax.plot(steps, rows.mean(axis=0), color=PALETTE[key], lw=2.2, label=name)
    ax.axhline(floor, color=PALETTE["theory"], ls="--", lw=1, label="real against real")
    ax.set_yscale("log")
    tidy(ax, "", "updates of the generator", "exact $W_1$ to fresh data")
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    return figure


def readings(
    steps: Sequence[int], groups: Mapping[str, Array], levels: Mapping[str, float]
) -> Figure:
    """Show gap over exact distance against the critic's updates, (steps, runs) for each group, with
    levels that a theory predicts.
    """
    figure = plt.figure(figsize=(5.4, 3.4), dpi=75, layout="constrained")
    ax = figure.subplots()
    for (name, rows), key, marker in zip(
        groups.items(), ("discriminator", "accent"), "os", strict=False
    ):
        ax.plot(steps, rows, color=PALETTE[key], lw=0.7, alpha=0.5)
        ax.plot(steps, rows, marker, color=PALETTE[key], ms=4)
        ax.plot([], [], f"{marker}-", color=PALETTE[key], label=name)
    for (name, level), line in zip(levels.items(), ("--", ":"), strict=False):
        ax.axhline(level, color=PALETTE["theory"], lw=1, ls=line, label=name)
    ax.set_xscale("log")
    ax.set_xticks(list(steps), [f"{s:,}" for s in steps])
    ax.minorticks_off()
    tidy(ax, "", "updates of the critic", "gap / exact $W_1$", legend=True)
    return figure


def record(step: Array, estimate: Array, frechet: Array, levels: Mapping[str, float]) -> Figure:
    """Show the critic's estimate and the Fréchet distance over a recorded run, and one against the
    other.
    """
    figure, (left, right) = stacked(2, 2.9)
    left.plot(
        step, frechet / frechet[0], "o-", ms=4, color=PALETTE["generated"], label="Fréchet distance"
    )
    left.plot(
        step,
        estimate / estimate[0],
        "s-",
        ms=4,
        color=PALETTE["discriminator"],
        label="critic's gap",
    )
    left.set_ylim(0, None)
    tidy(
        left,
        "Both, relative to the first checkpoint",
        "updates of the generator",
        "value / first value",
        legend=True,
    )
    right.plot(estimate, frechet, "o", ms=5, color=PALETTE["generated"])
    for name, level in levels.items():
        right.axhline(level, color=PALETTE["theory"], ls="--", lw=0.9, label=name)
    ticks = [100, 200, 400, 800]
    right.set(yscale="log", ylim=(130, 1_100))
    right.set_yticks(ticks, [str(t) for t in ticks])
    right.minorticks_off()
    tidy(right, "One against the other", "critic's gap", "Fréchet distance", legend=True)
    return figure
