"""Boxes, arrows and words on a sheet of 600 units' width: what the book's diagrams are made of."""

from __future__ import annotations

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch, Rectangle

from ganbook.plots.style import PALETTE

WIDTH = 600
SIZE = 11  # points; on a page of 390 pixels one unit is 0.56 pixels, and such a letter 8.5
INK = PALETTE["theory"]


def sheet(height: float) -> Axes:
    """An empty sheet, ``WIDTH`` by ``height`` units, the origin at the lower left."""
    figure = plt.figure(figsize=(WIDTH / 100, height / 100), dpi=100)
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, WIDTH), ylim=(0, height))
    ax.set_axis_off()
    ax.add_patch(Rectangle((0, 0), WIDTH, height, color="white", lw=0, zorder=-9))
    return ax


def words(ax: Axes, x: float, y: float, text: str, color: str = INK, **options: object) -> None:
    """Write text, centred unless ``ha`` says otherwise."""
    ax.text(x, y, text, **{"color": color, "ha": "center", "va": "center", "size": SIZE} | options)


def box(
    ax: Axes, x: float, y: float, width: float, height: float, text: str, color: str = INK,
    **options: object,
) -> None:  # fmt: skip
    """A box around the centre (x, y), tinted with its colour, with text in it."""
    corner, style = (x - width / 2, y - height / 2), "round,pad=0,rounding_size=7"
    for face, edge, alpha in ((color, "none", 0.13), ("none", color, 1)):
        ax.add_patch(
            FancyBboxPatch(
                corner, width, height, boxstyle=style, fc=face, ec=edge, lw=1.4, alpha=alpha
            )
        )
    words(ax, x, y, text, **options)


def arrow(
    ax: Axes, start: tuple[float, float], end: tuple[float, float], color: str = INK,
    dashed: bool = False, bend: float = 0, head: str = "-|>",
) -> None:  # fmt: skip
    """An arrow; dashed ones are the way of a gradient."""
    ax.annotate(
        "",
        end,
        start,
        arrowprops={
            "arrowstyle": head,
            "color": color,
            "lw": 1.5,
            "ls": (0, (4, 2.5)) if dashed else "-",
            "shrinkA": 0,
            "shrinkB": 0,
            "mutation_scale": 12,
            "connectionstyle": f"arc3,rad={bend}",
        },
    )


def stop(ax: Axes, x: float, y: float, color: str = INK, tall: float = 15) -> None:
    """A bar at which a gradient ends."""
    ax.plot([x, x], [y - tall, y + tall], color=color, lw=4, solid_capstyle="butt")
