"""The palette and the few settings that every picture of the book shares.

Importing it sets the size of letters, and makes a notebook show figures as SVG, with other colours on a dark page."""

from __future__ import annotations

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ganbook.plots import vector

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
# The same roles on a dark page: each at least 4.5 : 1 against PAPER (muted 5 : 1), the hues kept.
DARK = {
    "real": "#45A5E6",
    "generated": "#F28A42",
    "discriminator": "#35C99C",
    "theory": "#E4E7E9",
    "accent": "#E59CC4",
    "muted": "#8F979D",
    "warm": "#F5C04A",
    "sky": "#9AD5F7",
}
INK, PAPER = "#D8DCDE", "#16191C"  # of the book's dark pages

# A picture of six inches is 350 pixels wide on a phone: ten points are eight pixels there.
plt.rcParams.update({"font.size": 10.5, "axes.titlesize": 11, "legend.fontsize": 10.5})


def as_svg(figure: Figure) -> str:
    """Return the figure as an SVG document that switches from ``PALETTE`` to ``DARK``."""
    return vector.svg(figure, {PALETTE[role]: DARK[role] for role in PALETTE}, INK, PAPER)


def axes_or_new(ax: Axes | None, figsize: tuple[float, float] = (6.0, 3.6)) -> Axes:
    """Return ``ax``, or the axes of a new figure at 100 dpi with a constrained layout."""
    if ax is not None:
        return ax
    return plt.figure(figsize=figsize, dpi=100, layout="constrained").subplots()


def stacked(n: int, height: float = 2.7, **options: object) -> tuple[Figure, list[Axes]]:
    """Return a figure of ``n`` panels in one column, ``height`` inches each, and the panels, from
    the top.

    Six inches wide, so that its letters can be read on a phone; ``options`` are those of
    ``Figure.subplots``, such as ``sharex``."""
    figure = plt.figure(figsize=(6.0, height * n), dpi=100, layout="constrained")
    figure.get_layout_engine().set(h_pad=0.08)  # inches: a title keeps off the label above it
    return figure, list(figure.subplots(n, 1, squeeze=False, **options)[:, 0])


def tidy(ax: Axes, title: str = "", x: str = "", y: str = "", legend: bool = False) -> Axes:
    """Label an axes, drop its upper and right spine, and add a frameless legend if asked; returns
    the axes.
    """
    ax.set(title=title, xlabel=x, ylabel=y)
    ax.spines[["top", "right"]].set_visible(False)
    if legend:
        ax.legend(frameon=False)
    return ax


vector.show_as_svg(as_svg)
