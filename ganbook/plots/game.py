"""Pictures of chapter 2: points moved by D, a game on the line, the two generator losses, lost
digits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ganbook.plots.style import PALETTE, axes_or_new, stacked, tidy

__all__ = [
    "divergence_paths",
    "four_logs",
    "free_points",
    "generator_weights",
    "line_game",
    "lost_digits",
]

STYLES = (("-", PALETTE["generated"]), ("--", PALETTE["discriminator"]))


def _panels(n: int, height: float = 2.9, **options: object) -> tuple[Figure, Sequence[Axes]]:
    return stacked(n, height if n == 1 else 0.85 * height, **options)


def free_points(snapshots: Mapping[int, ArrayLike], real: ArrayLike) -> Figure:
    """Draw moved points (N, 2) over real ones (M, 2), a panel for each step count; returns the
    figure.
    """
    figure = plt.figure(figsize=(6.0, 6.0 / len(snapshots) + 0.9), dpi=100, layout="constrained")
    axes = np.atleast_1d(figure.subplots(1, len(snapshots), sharex=True, sharey=True))
    for ax, (step, points) in zip(axes, snapshots.items(), strict=True):
        ax.scatter(
            *_columns(real), s=4, color=PALETTE["real"], alpha=0.35, linewidths=0, label="real"
        )
        ax.scatter(
            *_columns(points), s=4, color=PALETTE["generated"], linewidths=0, label="moved points"
        )
        ax.set_aspect("equal")
        tidy(
            ax,
            f"after {step} steps" if step else "at the start",
            "$x_1$",
            "$x_2$" if ax is axes[0] else "",
        )
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=2, frameon=False, markerscale=3
    )
    return figure


def line_game(
    x: ArrayLike, p: ArrayLike, snapshots: Mapping[int, Mapping[str, ArrayLike]]
) -> Figure:
    """Draw both densities and D on a line, a panel for each step count; returns the figure.

    ``x`` and ``p`` are (N,); each snapshot holds ``q`` and the probabilities ``d`` and ``d_star``,
    all (N,)."""
    figure, axes = _panels(len(snapshots), sharey=True)
    for ax, (step, shot) in zip(axes, snapshots.items(), strict=True):
        ax.fill_between(x, p, color=PALETTE["real"], alpha=0.25, label="real density $p$")
        ax.plot(x, shot["q"], color=PALETTE["generated"], label="generated density $q$")
        ax.plot(x, shot["d"], color=PALETTE["discriminator"], label="$D$, as trained")
        best = {"color": PALETTE["theory"], "linestyle": "--", "linewidth": 1}
        ax.plot(x, shot["d_star"], label="$p / (p + q)$", **best)
        ax.axhline(0.5, color=PALETTE["muted"], linewidth=0.6)
        tidy(ax, f"after {step} steps", "$x$", "density, probability")
    figure.legend(
        *axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False
    )
    return figure


def generator_weights(
    d: ArrayLike,
    minimax: ArrayLike,
    non_saturating: ArrayLike,
    marked: Sequence[float] = (),
    ax: Axes | None = None,
) -> Axes:
    """Draw the weight that each loss gives to the gradient of one score, all (N,); returns the
    axes.
    """
    ax = axes_or_new(ax, (6.0, 3.2))
    ax.plot(
        d, minimax, color=PALETTE["discriminator"], linestyle="--", label=r"minimax: $\sigma(d)$"
    )
    solid = {"color": PALETTE["generated"]}
    ax.plot(d, non_saturating, label=r"non-saturating: $\sigma(-d)$", **solid)
    for score in marked:
        ax.axvline(score, color=PALETTE["muted"], linewidth=0.8)
    return tidy(
        ax, "How much a sample counts", "score $d$ of a generated sample", "weight", legend=True
    )


def divergence_paths(steps: ArrayLike, panels: Mapping[str, Mapping[str, ArrayLike]]) -> Figure:
    """Draw divergences over training, one thin line a seed, a panel for each setting; returns the
    figure.

    ``steps`` is (T,); ``panels`` maps titles to runs, which map two names to (seeds, T) values in
    nats."""
    figure, axes = _panels(len(panels), height=3.2, sharey=True)
    for ax, (title, runs) in zip(axes, panels.items(), strict=True):
        for (style, colour), (name, values) in zip(STYLES, runs.items(), strict=True):
            for seed, path in enumerate(values):
                label = name.replace("_", "-") if seed == 0 else None
                ax.plot(steps, path, color=colour, linestyle=style, linewidth=1, label=label)
        ax.set_yscale("log")
        label = r"$\mathrm{KL}(q\,\|\,p)$ in nats"
        tidy(ax, title, "updates of G", label, legend=ax is axes[0])
    return figure


def four_logs(logs: Mapping[str, Mapping[str, ArrayLike]]) -> Figure:
    """Draw the losses ``loss_d`` and ``loss_g`` of several runs, a panel for each; returns the
    figure.
    """
    figure, axes = _panels(len(logs), height=2.7)
    for ax, (name, log) in zip(axes, logs.items(), strict=True):
        ax.plot(log["loss_d"], color=PALETTE["discriminator"], linewidth=1, label="D's loss")
        ax.plot(
            log["loss_g"], color=PALETTE["generated"], linewidth=1, linestyle="--", label="G's loss"
        )
        ax.axhline(0, color=PALETTE["muted"], linewidth=0.6)
        tidy(ax, name, "updates of G", "loss in nats", legend=ax is axes[0])
    return figure


def lost_digits(
    panels: Mapping[str, tuple[ArrayLike, ArrayLike, ArrayLike]], marked: Sequence[float] = ()
) -> Figure:
    """Draw gradients through a float32 probability and from the score, a panel for each label.

    ``panels`` maps a title to (scores, gradient through the probability, gradient from the score),
    all (N,); ``marked`` are scores at which to draw a line. Returns the figure."""
    figure, axes = _panels(len(panels), height=3.0)
    for ax, (title, (score, through, exact)) in zip(axes, panels.items(), strict=True):
        dashed = {"color": PALETTE["theory"], "linestyle": "--", "linewidth": 2.5}
        ax.plot(score, exact, label="softplus of the score", **dashed)
        ax.plot(
            score, through, color=PALETTE["accent"], linewidth=1.6, label="sigmoid, then BCELoss"
        )
        for place in marked:
            if min(score) < place < max(score):
                ax.axvline(place, color=PALETTE["muted"], linewidth=0.8)
        tidy(ax, title, "score $d$", "gradient in $d$", legend=ax is axes[0])
    return figure


def _columns(points: ArrayLike) -> tuple[ArrayLike, ArrayLike]:
    return points[:, 0], points[:, 1]
