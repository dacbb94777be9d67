"""Pictures of transport: plans as tables, prices, rays, and how distances grow and are estimated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ganbook.plots.style import PALETTE, axes_or_new, stacked, tidy

__all__ = [
    "carried", "entropic_plans", "growth", "parallel_lines", "plan_table", "potential_with_rays",
    "quantile_functions", "sample_complexity", "slackness", "witnesses",
]  # fmt: skip

Array = NDArray[np.float64]
CYCLE = ("real", "generated", "discriminator", "accent")


def plan_table(x: Array, y: Array, a: Array, b: Array, plan: Array) -> Figure:
    """Show a plan as a table of greys, with the two marginals along its sides. Returns the figure."""
    figure = plt.figure(figsize=(5.2, 5.2), dpi=100, layout="constrained")
    axes = figure.subplots(
        2,
        2,
        gridspec_kw={"width_ratios": [1, 4], "height_ratios": [1, 4]},
        sharex="col",
        sharey="row",
    )
    axes[0, 0].axis("off")
    axes[0, 1].bar(y, b, width=np.diff(y).mean(), color=PALETTE["generated"])
    tidy(axes[0, 1], "column sums: generated", "", "mass")
    axes[1, 0].barh(x, a, height=np.diff(x).mean(), color=PALETTE["real"])
    axes[1, 0].invert_xaxis()
    tidy(axes[1, 0], "row sums: real", "mass", "place of real mass $x$")
    axes[1, 1].pcolormesh(y, x, plan, cmap="Greys", shading="nearest")
    axes[1, 1].plot(x, x, color=PALETTE["muted"], lw=0.8, ls=":")
    axes[1, 1].set(xlim=(y[0], y[-1]), ylim=(x[0], x[-1]), xlabel="place of generated mass $y$")
    return figure


def quantile_functions(x: Array, y: Array, ax: Axes | None = None) -> Axes:
    """Draw the quantile functions of two samples and shade what lies between. Returns the axes."""
    ax = axes_or_new(ax)
    for values, key, name in ((x, "real", "real"), (y, "generated", "generated")):
        edges = np.linspace(0, 1, len(values) + 1)
        ax.stairs(np.sort(values), edges, baseline=None, color=PALETTE[key], lw=2,
                  label=f"{name}, {len(values)} points")  # fmt: skip
    levels = np.union1d(np.linspace(0, 1, len(x) + 1), np.linspace(0, 1, len(y) + 1))
    middle = (levels[1:] + levels[:-1]) / 2
    heights = [np.sort(v)[(middle * len(v)).astype(int)] for v in (x, y)]
    for left, right, low, high in zip(levels[:-1], levels[1:], *heights, strict=True):
        ax.fill_between([left, right], low, high, color=PALETTE["muted"], alpha=0.25, lw=0)
    return tidy(ax, "The shaded area is $W_1$", "level $u$", "quantile", legend=True)


def slackness(plan: Array, slack: Array) -> Figure:
    """Show a plan and what its routes cost above the prices, one below the other. Returns the figure."""
    figure, (left, right) = stacked(2, 3.6)
    rows, columns = np.nonzero(plan > 1e-12)
    size = 400 * plan[rows, columns] / plan.max()
    left.scatter(columns, rows, s=size, color=PALETTE["theory"])
    left.set(xlim=(-0.5, plan.shape[1] - 0.5), ylim=(plan.shape[0] - 0.5, -0.5), aspect="equal")
    tidy(left, "mass carried (area)", "generated place $j$", "real place $i$")
    image = right.imshow(slack, cmap="cividis")
    right.scatter(columns, rows, s=22, facecolor="none", edgecolor="white", lw=1.5)
    tidy(right, "slack $c_{ij} - f_i - g_j$ (rings: mass is carried)", "generated place $j$")
    figure.colorbar(image, ax=right, shrink=0.8)
    return figure


def carried(x: Array, y: Array, plan: Array, ax: Axes) -> Axes:
    """Draw real and generated points, and a line wherever the plan carries mass. Returns the axes."""
    for i, j in np.argwhere(plan > 1e-12):
        width = 0.5 + 1.5 * plan[i, j] / plan.max()
        ax.plot([x[i, 0], y[j, 0]], [x[i, 1], y[j, 1]], color=PALETTE["theory"], lw=width, zorder=2)
    ax.scatter(*x.T, s=34, color=PALETTE["real"], edgecolor="white", lw=0.6, zorder=3, label="real")
    ax.scatter(*y.T, s=34, marker="s", color=PALETTE["generated"], edgecolor="white", lw=0.6, zorder=3,
               label="generated")  # fmt: skip
    return ax


def potential_with_rays(
    x: Array, y: Array, plan: Array, xs: Array, ys: Array, height: Array, ax: Axes | None = None
) -> Axes:
    """Draw the level lines of a potential, and the rays of the plan across them. Returns the axes."""
    ax = axes_or_new(ax, (4.8, 4.5))
    levels = ax.contour(xs, ys, height, levels=11, colors=PALETTE["muted"], linewidths=0.8)
    for label in ax.clabel(levels, levels.levels[::2], fontsize=8, fmt="%g"):
        label.set(zorder=4, bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5})
    carried(x, y, plan, ax)
    ax.set_aspect("equal")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False)
    return tidy(ax, "", "first coordinate", "second coordinate")


def entropic_plans(plans: Mapping[str, Array]) -> Figure:
    """Show several plans in two columns, each under its name. Returns the figure."""
    columns = min(2, len(plans))
    rows = -(-len(plans) // columns)
    figure = plt.figure(figsize=(6.0, 3.0 * rows), dpi=100, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    for ax in axes.flat[len(plans) :]:
        ax.remove()
    for ax, (name, plan) in zip(axes.flat, plans.items(), strict=False):
        ax.imshow(plan, cmap="Greys", origin="lower")
        tidy(ax, name, "generated place $j$")
        ax.set(xticks=[], yticks=[])
    for ax in axes[:, 0]:
        ax.set_ylabel("real place $i$")
    return figure


def growth(theta: Array, curves: Mapping[str, Array], ax: Axes | None = None) -> Axes:
    """Draw several distances against the shift of the generated mass. Returns the axes."""
    ax = axes_or_new(ax)
    for (name, values), key, style in zip(
        curves.items(), CYCLE, ("-", "--", "-.", ":"), strict=False
    ):
        ax.plot(theta, values, style, color=PALETTE[key], lw=2, label=name)
    return tidy(ax, "", r"shift $\theta$", "distance", legend=True)


def parallel_lines(theta: Array, transport: Sequence[float], divergence: Sequence[float],
                   ax: Axes | None = None) -> Axes:  # fmt: skip
    """Draw W1 as a line and JS, which jumps, as dots against the lines' distance. Returns the axes."""
    ax = axes_or_new(ax)
    ax.plot(theta, transport, color=PALETTE["real"], lw=2, label="$W_1$")
    ax.plot(theta, divergence, "o", ms=4, color=PALETTE["generated"], label="JS (nats)")
    return tidy(ax, "", r"distance of the lines $\theta$", "distance or divergence", legend=True)


def sample_complexity(
    sizes: Array, distances: Mapping[int, Array], slopes: Mapping[int, float]
) -> Figure:
    """Draw W1 of two samples of one law against their size, by dimension. Returns the figure.

    Each value of distances is (seeds, sizes); the line has the given slope and passes through their
    middle."""
    figure = plt.figure(figsize=(6.0, 3.8), dpi=100, layout="constrained")
    ax = figure.subplots()
    for (d, values), key, marker in zip(distances.items(), CYCLE, "osD^", strict=True):
        mean = values.mean(axis=0)
        ax.plot(
            np.tile(sizes, len(values)), values.ravel(), marker, ms=3, color=PALETTE[key], alpha=0.5
        )
        line = np.exp(np.log(mean).mean()) * (sizes / np.exp(np.log(sizes).mean())) ** slopes[d]
        ax.plot(sizes, line, color=PALETTE[key], lw=1.5)
        slope = f"{slopes[d]:.2f}".replace("-", "\N{MINUS SIGN}")
        ax.annotate(f"d = {d}, slope {slope}", (sizes[-1], line[-1]), xytext=(6, -3),
                    textcoords="offset points", color=PALETTE[key])  # fmt: skip
    ax.set(xscale="log", yscale="log", xlim=(sizes[0] * 0.85, sizes[-1] * 4))
    ax.set_xticks(sizes, [str(int(n)) for n in sizes])
    ticks = [
        k for k in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1) if ax.get_ylim()[0] <= k <= ax.get_ylim()[1]
    ]
    ax.set_yticks(ticks, [f"{k:g}" for k in ticks])
    ax.minorticks_off()
    tidy(ax, "Two samples of one law, and $W_1$ between them", "points in each sample $n$", "$W_1$")
    return figure


def witnesses(
    x: Array, p: Array, q: Array, functions: Mapping[str, Array], titles: Sequence[str]
) -> Figure:
    """Draw two distributions on a line and, below, one witness for each metric. Returns the figure.

    Each witness has a scale of its own: the classes bound height, slope and norm, which do not
    compare."""
    figure = plt.figure(figsize=(6.0, 4.2), dpi=100, layout="constrained")
    axes = figure.subplots(2, len(functions), sharex=True)
    for ax in axes[0, 1:]:
        ax.sharey(axes[0, 0])
        ax.tick_params(labelleft=False)
    for column, (name, values), title in zip(axes.T, functions.items(), titles, strict=True):
        column[0].fill_between(x, p, color=PALETTE["real"], alpha=0.5, lw=0, label="real")
        column[0].fill_between(x, q, color=PALETTE["generated"], alpha=0.5, lw=0, label="generated")
        column[1].plot(x, values, color=PALETTE["discriminator"], lw=2)
        tidy(column[0], title)
        tidy(column[1], name, "place $x$")
    axes[0, 0].set_ylabel("mass")
    axes[1, 0].set_ylabel("witness $f(x)$")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
    return figure
