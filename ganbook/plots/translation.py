"""Pictures of translation: rows of pictures, the trade of likeness against error, where weights rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ganbook.plots.style import PALETTE, axes_or_new, stacked, tidy

__all__ = ["errors", "rows", "settled", "trade"]

MARKS, COLOURS = "osD^v", ("real", "generated", "discriminator", "accent", "warm")


def rows(pictures: Mapping[str, ArrayLike], ink_on_paper: bool = False) -> Figure:
    """Draw a row of grey pictures for each name, each array (N, H, W), equal in N.

    Values run from black to white between the least and the greatest of all; with ``ink_on_paper``
    the greatest is black.
    """
    arrays = {name: np.asarray(value) for name, value in pictures.items()}
    figure, axes = stacked(len(arrays), 0.92)
    low = min(a.min() for a in arrays.values())
    high = max(a.max() for a in arrays.values())
    for ax, (name, array) in zip(axes, arrays.items(), strict=True):
        strip = np.concatenate([np.pad(a, 1, constant_values=low) for a in array], axis=1)
        ax.imshow(strip, cmap="gray_r" if ink_on_paper else "gray", vmin=low, vmax=high)
        ax.set_title(name, loc="left", fontsize=10.5, pad=2)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    return figure


def trade(
    curves: Mapping[str, tuple[ArrayLike, ArrayLike]],
    dots: Mapping[str, tuple[ArrayLike, ArrayLike]],
    ax: Axes | None = None,
) -> Axes:
    """Draw curves of squared error against distance, and the dots that belong to each by its name."""
    ax = axes_or_new(ax, (6.0, 4.2))
    for k, (name, (distance, error)) in enumerate(curves.items()):
        colour = PALETTE[COLOURS[k]]
        ax.plot(distance, error, "-" if k == 0 else "--", color=colour, lw=1.6, label=name)
        if name in dots:
            ax.plot(*map(np.ravel, dots[name]), MARKS[k], color=colour, ms=4, mfc="none")
    tidy(ax, "", "Wasserstein-2 distance from the real law", "mean squared error", legend=True)
    ax.set(xlim=(-0.02, None), ylim=(0, None))
    return ax


def settled(
    weights: ArrayLike,
    lines: Mapping[str, ArrayLike],
    dots: Mapping[str, ArrayLike],
    ax: Axes | None = None,
) -> Axes:
    """Draw standard deviations against the place of each weight in its list: computed lines
    (len(weights),), trained dots (len(weights), seeds).
    """
    ax = axes_or_new(ax, (6.0, 4.0))
    places = np.arange(len(np.asarray(weights)))
    for k, (name, line) in enumerate(lines.items()):
        colour, values = PALETTE[COLOURS[k]], np.asarray(dots[name])
        ax.plot(places, line, "-" if k == 0 else "--", color=colour, lw=1.4, label=name)
        ax.plot(
            np.repeat(places, values.shape[1]),
            values.ravel(),
            MARKS[k],
            color=colour,
            ms=4,
            mfc="none",
        )
    ax.set_xticks(places, [f"{w:g}" for w in np.asarray(weights)])
    ax.set_ylim(bottom=0)
    return tidy(ax, "", "weight of the error", "standard deviation", legend=True)


def errors(
    names: Sequence[str], groups: Mapping[str, ArrayLike], x: str, ax: Axes | None = None
) -> Axes:
    """Draw values as dots, a row a name and a mark a group; each group is (len(names), seeds)."""
    ax = axes_or_new(ax, (6.0, 1.2 + 0.5 * len(names)))
    for k, (group, values) in enumerate(groups.items()):
        values = np.atleast_2d(np.asarray(values, dtype=float))
        at = np.repeat(np.arange(len(names)) + 0.16 * (k - (len(groups) - 1) / 2), values.shape[1])
        ax.plot(
            values.ravel(), at, MARKS[k], color=PALETTE[COLOURS[k]], ms=5, mfc="none", label=group
        )
    ax.set_yticks(range(len(names)), list(names))
    ax.set_ylim(len(names) - 0.5, -0.5)
    tidy(ax, "", x)
    ax.figure.legend(frameon=False, loc="outside lower center", ncols=2)
    return ax
