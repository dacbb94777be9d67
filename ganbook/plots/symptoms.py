"""Pictures of what a slip in the code does to a curve."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ganbook.plots.style import PALETTE, axes_or_new, tidy

__all__ = ["notches"]


def notches(
    loss: np.ndarray, right: np.ndarray, last: np.ndarray, ax: Axes | None = None
) -> Figure:
    """Draw a loss (steps,), marking the steps ``last`` at which it is off, and the right values there."""
    ax = axes_or_new(ax, (6.0, 3.4))
    ax.plot(loss, color=PALETTE["discriminator"], linewidth=0.8, label="as logged")
    ax.plot(last, right[last], "o", color=PALETTE["accent"], fillstyle="none", label="right value")
    tidy(ax, "The loss of D, step by step", "step", "loss")
    ax.set_ylim(0, 1.25 * float(np.max(loss)))
    ax.legend(frameon=False, ncols=2, loc="upper center")
    return ax.figure
