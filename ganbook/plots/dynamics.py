"""Pictures of two-player dynamics: fields, paths, distances over time, and maps of stability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from ganbook.plots.style import PALETTE, axes_or_new, tidy

__all__ = ["averages", "cycles", "eigenvalues", "phase_portrait", "radii", "stability"]

Array = NDArray[np.float64]
CYCLE = ("generated", "discriminator", "accent", "real", "warm", "theory")
STYLES = ("-", "--", "-.", ":")
RIM = (
    "#fafafa"  # around a line on a map: a grey, so that it is dark at night, where the line is pale
)
THETA, PSI = r"generator's parameter $\theta$", r"discriminator's parameter $\psi$"


def phase_portrait(
    theta: Array,
    psi: Array,
    velocity: tuple[Array, Array],
    paths: Mapping[str, Array] | None = None,
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw a field as arrows of one length on a mesh, (rows, columns), and paths, (n + 1, 2) each.

    A disc marks each path's start, a square its end, a cross the solution at the origin.
    """
    ax = axes_or_new(ax, (4.6, 4.6))
    u, v = velocity
    length = np.hypot(u, v)
    length = np.where(length > 0, length, 1)
    ax.quiver(
        theta, psi, u / length, v / length, color=PALETTE["muted"], scale=28, width=0.004, alpha=0.8
    )
    for k, (name, path) in enumerate((paths or {}).items()):
        color = PALETTE[CYCLE[k % len(CYCLE)]]
        ax.plot(*path.T, color=color, lw=1.3, label=name, rasterized=len(path) > 500)
        ax.plot(*path[0], "o", color=color, ms=6)
        ax.plot(*path[-1], "s", color=color, ms=5)
    ax.plot(0, 0, "+", color=PALETTE["real"], ms=12, mew=2)
    ax.set_aspect("equal")
    ax.set(xlim=(theta.min(), theta.max()), ylim=(psi.min(), psi.max()))
    tidy(ax, title, THETA, PSI)
    if paths:
        ax.figure.legend(frameon=False, loc="outside lower center", ncols=2)
    return ax


def radii(
    time: Array,
    distances: Mapping[str, Array],
    theory: Mapping[str, Array] | None = None,
    title: str = "",
    x: str = "step",
    log: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Draw distances to the solution over time, and what theory says of them as dashed lines."""
    ax = axes_or_new(ax)
    for k, (name, values) in enumerate(distances.items()):
        ax.plot(time, values, color=PALETTE[CYCLE[k % len(CYCLE)]], lw=1.4, label=name)
    for k, (name, values) in enumerate((theory or {}).items()):
        ax.plot(time, values, color=PALETTE["theory"], lw=1.2, ls=STYLES[1 + k % 3], label=name)
    if log:
        ax.set_yscale("log")
    return tidy(ax, title, x, "distance to the solution", legend=True)


def cycles(paths: Mapping[str, Array], circles: Sequence[float], ax: Axes | None = None) -> Axes:
    """Draw where paths end up, (n, 2) each, over dashed circles of the predicted radii."""
    ax = axes_or_new(ax, (4.6, 4.6))
    angle = np.linspace(0, 2 * np.pi, 200)
    for radius in circles:
        ax.plot(
            radius * np.cos(angle), radius * np.sin(angle), color=PALETTE["theory"], lw=0.9, ls="--"
        )
    for k, (name, path) in enumerate(paths.items()):
        color = PALETTE[CYCLE[k % len(CYCLE)]]
        ax.plot(*path.T, ".", color=color, ms=2.5, label=name, rasterized=len(path) > 500)
    ax.plot(0, 0, "+", color=PALETTE["real"], ms=12, mew=2)
    ax.set_aspect("equal")
    tidy(ax, "", THETA, PSI)
    ax.figure.legend(frameon=False, loc="outside lower center", ncols=2, markerscale=4)
    return ax


def eigenvalues(groups: Mapping[str, NDArray[np.complex128]], ax: Axes | None = None) -> Axes:
    """Draw eigenvalues of updates in the complex plane over the unit circle, a marker a group."""
    ax = axes_or_new(ax, (4.6, 4.6))
    angle = np.linspace(0, 2 * np.pi, 200)
    ax.plot(np.cos(angle), np.sin(angle), color=PALETTE["theory"], lw=0.9, ls="--")
    for k, (name, values) in enumerate(groups.items()):
        ax.plot(
            values.real, values.imag, "osD^vP"[k % 6], color=PALETTE[CYCLE[k % 6]], ms=5, label=name
        )
    ax.set_aspect("equal")
    tidy(ax, "", "real part", "imaginary part")
    ax.figure.legend(frameon=False, loc="outside lower center", ncols=2)
    return ax


def stability(
    steps: Array,
    weights: Array,
    modulus: Array,
    curves: Mapping[str, Array] | None = None,
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw the largest modulus, (weights, steps), in the plane of step and weight.

    Purple contracts, orange expands, white is 1; ``curves`` are weights at each of the steps.
    """
    ax = axes_or_new(ax, (5.2, 4.2))
    mesh = ax.pcolormesh(
        steps, weights, np.clip(modulus, 0.8, 1.2), cmap="PuOr_r", vmin=0.8, vmax=1.2,
        rasterized=True,
    )  # fmt: skip
    ax.figure.colorbar(mesh, ax=ax, label="largest modulus (cut off at 0.8 and 1.2)")
    for k, (name, values) in enumerate((curves or {}).items()):
        ax.plot(
            steps, values, color=PALETTE["theory"], lw=1.4, ls=STYLES[k % 4], label=name,
            path_effects=[withStroke(linewidth=3.2, foreground=RIM)],
        )  # fmt: skip
    ax.set(xscale="log", yscale="log", ylim=(weights.min(), weights.max()))
    tidy(ax, title, "step $h$", r"weight $\gamma$")
    if curves:  # beside the map, whose dark corners would hide it
        ax.figure.legend(frameon=False, loc="outside lower center", ncols=2)
    return ax


def averages(path: Array, averaged: Mapping[str, Array], ax: Axes | None = None) -> Axes:
    """Draw a path, (n + 1, 2), faintly, and averages along it."""
    ax = axes_or_new(ax, (4.6, 4.6))
    ax.plot(*path.T, color=PALETTE["muted"], lw=0.8, label="path", rasterized=len(path) > 500)
    for k, (name, rows) in enumerate(averaged.items()):
        ax.plot(*rows.T, color=PALETTE[CYCLE[k % 6]], lw=1.3, label=name, rasterized=True)
    ax.plot(0, 0, "+", color=PALETTE["real"], ms=12, mew=2)
    ax.set_aspect("equal")
    tidy(ax, "", THETA, PSI)
    ax.figure.legend(frameon=False, loc="outside lower center", ncols=2)
    return ax
