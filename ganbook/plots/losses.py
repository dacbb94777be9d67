"""Pictures of losses: the risk that each leaves, the push that each gives, and how runs compare."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from ganbook.plots.style import PALETTE, axes_or_new, tidy

__all__ = ["landscape", "pushes", "risks", "runs", "search_curves"]

LINES = (
    (PALETTE["real"], "-"),
    (PALETTE["generated"], "--"),
    (PALETTE["discriminator"], "-."),
    (PALETTE["accent"], ":"),
    (PALETTE["warm"], (0, (5, 1, 1, 1))),
    (PALETTE["sky"], (0, (3, 1))),
)


def _curves(ax: Axes, x: np.ndarray, curves: Mapping[str, np.ndarray]) -> None:
    for (colour, dashes), (name, y) in zip(LINES, curves.items(), strict=False):
        ax.plot(x, y, color=colour, linestyle=dashes, label=name)


def _plain_numbers(axis: Axis) -> None:
    """Label 0.1, 0.2 and 0.5 on a logarithmic axis: powers at each minor tick would overlap."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.set_minor_formatter(NullFormatter())


def risks(share: np.ndarray, curves: Mapping[str, np.ndarray], ax: Axes | None = None) -> Figure:
    """Draw least losses (n,) against the share of real samples at a point (n,)."""
    ax = axes_or_new(ax, (6.0, 3.8))
    _curves(ax, share, curves)
    ax.axvline(0.5, color=PALETTE["muted"], linewidth=0.8)
    tidy(ax, "Least loss at a point", "share of real samples there", "least loss")
    ax.set(ylim=(-0.02, 1.25 * max(float(np.max(y)) for y in curves.values())))
    ax.legend(frameon=False, ncols=2, loc="upper center")
    return ax.figure


def pushes(ratio: np.ndarray, curves: Mapping[str, np.ndarray], ax: Axes | None = None) -> Figure:
    """Draw what each loss pushes a generated sample with (n,) against log p/q at its place (n,)."""
    ax = axes_or_new(ax, (6.0, 3.8))
    _curves(ax, ratio, curves)
    ax.axhline(0, color=PALETTE["muted"], linewidth=0.8)
    tidy(ax, "The push on a generated sample", r"$\log p/q$ at the sample", "push", legend=True)
    return ax.figure


def landscape(
    place: np.ndarray, curves: Mapping[str, np.ndarray], real: np.ndarray, ax: Axes | None = None
) -> Figure:
    """Draw values (n,) along a way of the generator (n,), and mark the real points on the axis."""
    ax = axes_or_new(ax, (6.0, 3.8))
    _curves(ax, place, curves)
    ax.plot(
        real, np.zeros(len(real)), "^", color=PALETTE["real"], clip_on=False, label="real point"
    )
    tidy(ax, "One point stays, one moves", "place of the moving point", "value, nats", legend=True)
    return ax.figure


def runs(
    values: Mapping[str, Mapping[str, np.ndarray]], floor: float, title: str, unit: str
) -> Figure:
    """Draw every run as a dot, a row for each loss: values[setting][loss] is (runs,), log axis.

    The dashed line is the floor, the distance of two real samples."""
    names = list(next(iter(values.values())))
    figure = plt.figure(figsize=(6.0, 0.55 * len(names) + 1.6), dpi=100, layout="constrained")
    ax = figure.subplots()
    styles = ((PALETTE["real"], "o"), (PALETTE["generated"], "s"))
    for i, ((setting, found), (colour, marker)) in enumerate(
        zip(values.items(), styles, strict=False)
    ):
        for row, name in enumerate(names):
            height = np.full(len(found[name]), row + 0.17 * (2 * i - 1))
            ax.plot(
                found[name],
                height,
                marker,
                color=colour,
                markersize=4,
                alpha=0.7,
                label=setting if row == 0 else None,
            )
    ax.axvline(floor, color=PALETTE["theory"], linestyle="--", linewidth=1, label="floor")
    ax.set(xscale="log", yticks=range(len(names)), yticklabels=names)
    _plain_numbers(ax.xaxis)
    ax.invert_yaxis()
    tidy(ax, title, unit, "")
    figure.legend(
        *ax.get_legend_handles_labels(), frameon=False, ncols=3, loc="outside lower center"
    )
    return figure


def search_curves(
    curves: Mapping[str, np.ndarray], floor: float, unit: str, ax: Axes | None = None
) -> Figure:
    """Draw the expected best of n trials (N,) for each loss, and the floor as a dashed line."""
    ax = axes_or_new(ax, (6.0, 4.0))
    trials = np.arange(1, len(next(iter(curves.values()))) + 1)
    _curves(ax, trials, curves)
    ax.axhline(floor, color=PALETTE["theory"], linestyle="--", linewidth=1)
    ax.set(yscale="log", xticks=[1, 5, 10, 15, 20])
    _plain_numbers(ax.yaxis)
    tidy(ax, "Expected best of n trials", "number of trials n", unit)
    ax.legend(loc="upper right", ncols=2, frameon=False)  # the curves fall: room above them
    return ax.figure
