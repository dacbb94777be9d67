"""The palette and the few settings that every picture of the book shares."""

from __future__ import annotations

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

PALETTE = {
    "real": "#0072B2",
    "generated": "#D55E00",
    "discriminator": "#009E73",
    "theory": "#222222",
    "accent": "#CC79A7",
    "muted": "#999999",
    "warm": "#E69F00",
    "sky": "#56B4E9",
}


def axes_or_new(ax: Axes | None, figsize: tuple[float, float] = (6.0, 3.6)) -> Axes:
    """Return ``ax``, or the axes of a new figure at 100 dpi with a constrained layout."""
    if ax is not None:
        return ax
    return plt.figure(figsize=figsize, dpi=100, layout="constrained").subplots()


def tidy(ax: Axes, title: str = "", x: str = "", y: str = "", legend: bool = False) -> Axes:
    """Label an axes, drop its upper and right spine, and add a frameless legend if asked; returns
    the axes.
    """
    ax.set(title=title, xlabel=x, ylabel=y)
    ax.spines[["top", "right"]].set_visible(False)
    if legend:
        ax.legend(frameon=False)
    return ax
