"""Draw the book's diagrams: `python scripts/diagrams.py [NAME ...]` writes notebooks/diagrams/NAME.svg; with
--words it prints the Markdown that shows them.

Each is an SVG in two sets of colours, its text as paths, the same bytes each time; a test holds the
files equal to what this draws. Their words, for those who do not see them, are here, too."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from drawing import INK, arrow, box, sheet, stop, words
from matplotlib.axes import Axes
from matplotlib.patches import Polygon, Rectangle

from ganbook.plots.style import PALETTE, as_svg, tidy

FOLDER = Path(__file__).resolve().parent.parent / "notebooks" / "diagrams"
REAL, FAKE, CRITIC = PALETTE["real"], PALETTE["generated"], PALETTE["discriminator"]
MUTED, ACCENT = PALETTE["muted"], PALETTE["accent"]


def models() -> Axes:
    """Chapter 1: what a model of p(x) offers, and which families offer it."""
    ax = sheet(430)
    box(ax, 300, 400, 400, 40, "generative models: learned from samples of $x$")
    columns = (
        ("a density can\nbe computed", REAL, "maximum\nlikelihood"),
        ("a density up to\na constant", PALETTE["warm"], "training without\nthe constant"),
        ("a bound can be\ncomputed", CRITIC, "a lower bound"),
        ("samples only,\nno density", FAKE, "a second network\nthat compares"),
    )
    leaves = (
        ("autoregressive\nmodels", "mixtures (EM)", "normalising\nflows"),
        ("energy-based\nmodels",),
        ("variational\nautoencoders", "diffusion\nmodels"),
        ("generative\nadversarial\nnetworks",),
    )
    for place, ((text, color, training), names) in enumerate(zip(columns, leaves, strict=True)):
        x = 75 + 150 * place
        arrow(ax, (300 + (x - 300) * 0.5, 380), (x, 335))
        box(ax, x, 308, 142, 54, text, color)
        for row, name in enumerate(names):
            box(ax, x, 230 - 62 * row, 138, 58 if name.count("\n") > 1 else 46, name, color)
        words(ax, x, 42, training, INK, style="italic")
    return ax


def _players(ax: Axes, y: float) -> None:
    """One line: z, G, D, score, loss, with the arrows of the forward pass."""
    words(ax, 22, y, "$z$", size=15)
    box(ax, 120, y, 90, 52, "$G$", FAKE, size=17)
    words(ax, 239, y, "$G(z)$", FAKE, size=14)
    box(ax, 370, y, 90, 52, "$D$", CRITIC, size=17)
    box(ax, 538, y, 100, 52, "", INK)
    for start, end in ((36, 75), (165, 208), (270, 325), (415, 488)):
        arrow(ax, (start, y), (end, y))


def game() -> Axes:
    """Chapter 2: both half-steps, with the way of each gradient and where it stops."""
    ax = sheet(430)
    words(ax, 6, 414, "D's half-step: D moves, G stays", ha="left", weight="bold")
    y = 305
    _players(ax, y)
    words(ax, 538, y, "loss of $D$")
    words(ax, 239, y + 72, "real $x$", REAL, size=14)
    arrow(ax, (272, y + 66), (334, y + 27))
    words(ax, 450, y + 14, "scores", size=10.5)
    arrow(ax, (520, y - 27), (385, y - 27), CRITIC, dashed=True, bend=-0.35)
    words(ax, 455, y - 66, "gradient: into $D$", CRITIC)
    arrow(ax, (352, y - 27), (300, y - 42), CRITIC, dashed=True)
    stop(ax, 297, y - 42, CRITIC)
    words(ax, 170, y - 66, "stops here: $G(z)$ is detached", CRITIC)
    ax.plot([0, 600], [210, 210], color=MUTED, lw=0.8)
    words(ax, 6, 190, "G's half-step: G moves, D stays", ha="left", weight="bold")
    y = 118
    _players(ax, y)
    words(ax, 538, y, "loss of $G$")
    words(ax, 450, y + 14, "scores", size=10.5)
    arrow(ax, (520, y - 27), (372, y - 30), FAKE, dashed=True, bend=-0.3)
    arrow(ax, (366, y - 30), (124, y - 30), FAKE, dashed=True, bend=-0.3)
    words(ax, 432, y - 78, "through $D$,\nwhich does not move", FAKE)
    words(ax, 190, y - 88, "gradient: into $G$", FAKE)
    return ax


def six_steps() -> Axes:
    """Chapter 2: the six steps of a round, D's half above, G's below."""
    ax = sheet(330)
    upper, lower = 240, 90
    steps = (
        (105, upper, "1. draw noise $z$", INK),
        (300, upper, "2. generate\n$G(z)$", FAKE),
        (495, upper, "3. show $D$ real $x$\nand $G(z)$", CRITIC),
        (495, lower, "4. $D$'s loss:\nupdate $D$", CRITIC),
        (300, lower, "5. $G$'s loss:\nupdate $G$", FAKE),
        (105, lower, "6. repeat", INK),
    )
    for x, y, text, color in steps:
        box(ax, x, y, 160, 66, text, color, size=12)
    for start, end in (
        ((185, upper), (220, upper)),
        ((380, upper), (415, upper)),
        ((495, upper - 33), (495, lower + 33)),
        ((415, lower), (380, lower)),
        ((220, lower), (185, lower)),
        ((105, lower + 33), (105, upper - 33)),
    ):
        arrow(ax, start, end)
    words(ax, 300, 165, "one round", size=13)
    words(ax, 300, 308, "steps 1 to 4: $G$ stays as it is", CRITIC)
    words(ax, 300, 24, "step 5: $D$ stays as it is", FAKE)
    return ax


def _layers(ax: Axes, y: float, widths: tuple[int, ...], color: str, ends: tuple[str, str]) -> None:
    places = np.linspace(90, 510, len(widths))
    tall = [max(8.0, 3.6 * width**0.5) for width in widths]
    for k in range(len(widths) - 1):
        corners = [
            (places[k] + 9, y - tall[k] / 2),
            (places[k] + 9, y + tall[k] / 2),
            (places[k + 1] - 9, y + tall[k + 1] / 2),
            (places[k + 1] - 9, y - tall[k + 1] / 2),
        ]
        ax.add_patch(Polygon(corners, fc=color, ec="none", alpha=0.13))
    for x, width, height in zip(places, widths, tall, strict=True):
        ax.add_patch(Rectangle((x - 9, y - height / 2), 18, height, fc=color, ec="none"))
        words(ax, x, y - 74, f"{width:,}")
    words(ax, 40, y, ends[0])
    words(ax, 560, y, ends[1])


def networks() -> Axes:
    """Chapter 3: the layers of both players; the height of a bar grows with the root of its width."""
    ax = sheet(446)
    words(ax, 6, 430, "Generator: 1,486,352 parameters", ha="left", weight="bold")
    _layers(ax, 333, (100, 256, 512, 1024, 784), FAKE, ("noise\n$z$", "picture\n$28^2$"))
    words(ax, 300, 236, "leaky rectifier after each hidden layer, tanh at the end")
    ax.plot([0, 600], [220, 220], color=MUTED, lw=0.8)
    words(ax, 6, 202, "Discriminator: 1,460,225 parameters", ha="left", weight="bold")
    _layers(ax, 106, (784, 1024, 512, 256, 1), CRITIC, ("picture\n$28^2$", "score\n$d$"))
    words(ax, 300, 8, "leaky rectifier and dropout 0.3 after each hidden layer")
    return ax


def ratio() -> Axes:
    """Chapter 4: at each place, D* is the real share of what lies there."""
    _, (above, below) = plt.subplots(
        2, 1, figsize=(6, 4.6), dpi=100, layout="constrained", sharex=True
    )
    x = np.linspace(-4, 6, 400)
    p, q = (np.exp(-((x - m) ** 2) / 2) / np.sqrt(2 * np.pi) for m in (0, 2))
    at = 0.4
    heights = [float(np.interp(at, x, curve)) for curve in (p, q)]
    for curve, color, name in ((p, REAL, "real, $p$"), (q, FAKE, "generated, $q$")):
        above.fill_between(x, curve, color=color, alpha=0.12, lw=0)
        above.plot(x, curve, color=color, label=name)
    above.plot([at, at], [0, heights[0]], color=REAL, lw=5, alpha=0.45, solid_capstyle="butt")
    above.plot([at, at], [0, heights[1]], color=FAKE, lw=5, solid_capstyle="butt")
    above.set_ylim(0, 0.52)
    above.annotate("$p(x)$", (at, heights[0]), (8, 8), textcoords="offset points", color=REAL)
    above.annotate("$q(x)$", (at, heights[1]), (8, -2), textcoords="offset points", color=FAKE)
    tidy(above, "Two densities, and one place $x$", "", "density", legend=True)
    below.plot(x, p / (p + q), color=CRITIC)
    share = heights[0] / sum(heights)
    below.axhline(0.5, color=MUTED, lw=0.8, ls="--")
    below.plot([at], [share], "o", color=CRITIC)
    below.plot([at, at], [0, share], color=CRITIC, lw=1, ls=":")
    below.annotate(
        r"$D^\star(x) = \frac{p(x)}{p(x) + q(x)}$", (at, share), (14, 6),
        textcoords="offset points", color=INK, size=14,
    )  # fmt: skip
    below.set_ylim(0, 1.05)
    tidy(below, "The real share of what lies at $x$", "$x$", r"$D^\star(x)$")
    return above


def _ring(ax: Axes, x: float, y: float, counts: tuple[int, ...], title: str) -> None:
    """A ring of eight real heaps, and as many generated points in each as ``counts`` says."""
    draws = np.random.default_rng(0)
    for k, count in enumerate(counts):
        centre = np.array([x, y]) + 66 * np.array([np.cos(k * np.pi / 4), np.sin(k * np.pi / 4)])
        ax.add_patch(plt.Circle(centre, 17, fc=REAL, ec="none", alpha=0.28))
        ax.plot(*(centre[:, None] + draws.normal(0, 5.5, (2, count))), ".", color=FAKE, ms=4)
    words(ax, x, y - 112, title)


def collapse() -> Axes:
    """Mode collapse, complete and partial, beside a sampler that covers all modes."""
    ax = sheet(240)
    _ring(ax, 105, 140, (9,) * 8, "all eight modes\ncovered")
    _ring(ax, 300, 140, (16, 15, 0, 17, 0, 0, 16, 8), "three modes\ndropped")
    _ring(ax, 495, 140, (0, 72, 0, 0, 0, 0, 0, 0), "collapse to\none mode")
    return ax


def tricks() -> Axes:
    """Chapter 12: where in a training step each kind of trick acts."""
    ax = sheet(300)
    for x, text, color in ((60, "z", FAKE), (165, "G", FAKE), (300, "T", INK), (420, "D", CRITIC)):
        box(ax, x, 205 if text == "T" or text == "D" else 160, 70, 44, text, color)
    box(ax, 165, 250, 110, 44, "real samples", REAL)
    box(ax, 535, 205, 90, 44, "losses")
    arrow(ax, (97, 160), (128, 160), FAKE)
    arrow(ax, (202, 165), (263, 195), FAKE)
    arrow(ax, (222, 245), (263, 215), REAL)
    arrow(ax, (337, 205), (383, 205))
    arrow(ax, (457, 205), (488, 205))
    notes = (
        (115, 85, "average of weights,\nbatch norm", FAKE, (160, 136)),
        (275, 60, "instance noise,\naugmentation", INK, (298, 181)),
        (400, 110, "penalties, norms,\ndropout", CRITIC, (418, 181)),
        (525, 60, "smoothing,\ntop-k, lazy terms", INK, (534, 181)),
    )
    for x, y, text, color, end in notes:
        words(ax, x, y, text, color)
        arrow(ax, (x, y + 24), end, color)
    words(ax, 300, 15, "optimiser: momentum, two rates, schedules, clipped gradients")
    return ax


def coupling() -> Axes:
    """Chapter 6: a coupling carries real mass to generated places; its dual is a function."""
    x, p, y, q = (0, 1, 3), (0.5, 0.3, 0.2), (1, 4), (0.4, 0.6)
    plan = {(0, 0): 0.4, (0, 1): 0.1, (1, 1): 0.3, (2, 1): 0.2}
    cost = sum(mass * abs(x[i] - y[j]) for (i, j), mass in plan.items())
    gap = sum(m * -a for m, a in zip(p, x, strict=True)) - sum(
        m * -b for m, b in zip(q, y, strict=True)
    )
    assert abs(cost - 1.9) < 1e-12 and abs(gap - 1.9) < 1e-12
    _, (above, below) = plt.subplots(
        2, 1, figsize=(6, 5.4), dpi=100, layout="constrained", height_ratios=(1.25, 1)
    )
    for (i, j), mass in plan.items():
        above.plot([x[i], y[j]], [1, 0], color=INK, lw=22 * mass, alpha=0.3, solid_capstyle="butt")
        where = 0.62 if (i, j) != (0, 1) else 0.25
        above.text(
            x[i] * where + y[j] * (1 - where), where, f"{mass}", ha="center", va="center",
            bbox={"fc": "white", "ec": "none", "pad": 1.5},
        )  # fmt: skip
    for places, masses, height, color, lift in ((x, p, 1, REAL, 0.16), (y, q, 0, FAKE, -0.18)):
        above.scatter(places, [height] * len(places), s=[900 * m for m in masses], color=color,
                      zorder=3)  # fmt: skip
        for place, mass in zip(places, masses, strict=True):
            above.text(place, height + lift, f"{mass}", ha="center", va="center", color=color)
    above.text(-0.75, 1, "real", color=REAL, va="center", ha="center")
    above.text(-0.75, 0, "generated", color=FAKE, va="center", ha="center")
    above.set(xlim=(-1.2, 4.6), ylim=(-0.34, 1.32), yticks=[], xticks=range(5))
    above.set_title(r"A coupling: mass times distance, summed, is $W_1 = 1.9$")
    above.spines[["left", "top", "right"]].set_visible(False)
    line = np.array([-0.5, 4.4])
    below.plot(line, -line, color=CRITIC)
    below.scatter(x, [-a for a in x], s=[900 * m for m in p], color=REAL, zorder=3)
    below.scatter(y, [-b for b in y], s=[900 * m for m in q], color=FAKE, marker="s", zorder=2)
    below.set(xlim=(-1.2, 4.6), xticks=range(5), yticks=(-4, -2, 0))
    means = -0.9, -2.8
    for mean, color, name in zip(
        means, (REAL, FAKE), ("mean over real mass", "mean over generated mass"), strict=True
    ):
        below.axhline(mean, color=color, lw=1, ls="--")
        place, va = (4.55, "bottom") if mean > -1 else (2.3, "top")
        below.text(place, mean, name, color=color, ha="right", va=va)
    below.annotate("", (-0.8, means[0]), (-0.8, means[1]), arrowprops={"arrowstyle": "<->"})
    below.text(-0.72, -1.85, "1.9", va="center")
    tidy(below, "Its dual: a function of slope at most one", "place", "$f$")
    return above


def roof() -> Axes:
    """Chapter 7: the best critic is a roof over two heaps."""
    figure = plt.figure(figsize=(6, 4.2), dpi=100, layout="constrained")
    ax = figure.subplots()
    t = np.linspace(-4, 4, 400)
    for centre, color, name in ((-2, REAL, "real"), (2, FAKE, "generated")):
        heap = 1.5 * np.exp(-((t - centre) ** 2) / (2 * 0.5**2))
        ax.fill_between(t, heap - 4.2, -4.2, color=color, alpha=0.35, lw=0)
        ax.text(centre, -4.05, name, color=INK, ha="center", va="bottom")
        ax.plot([centre, centre], [-2.7, -centre], color=color, lw=1, ls=":")
        ax.plot([centre, 3.6], [-centre, -centre], color=color, lw=1, ls="--")
        ax.plot([centre], [-centre], "o", color=color)
    ax.plot([-4, -3.4, 3.4, 4], [2.8, 3.4, -3.4, -2.8], color=CRITIC, lw=2.2)
    ax.text(-0.15, 0.45, "critic: slope $-1$ where\nmass is carried", color=CRITIC, ha="left")
    ax.annotate("", (3.45, 2), (3.45, -2), arrowprops={"arrowstyle": "<->", "color": INK})
    ax.text(3.3, 0.9, "$W_1$", ha="right", va="center", size=14)
    ax.set(xlim=(-4, 4), ylim=(-4.2, 3.8), yticks=[-2, 0, 2])
    return tidy(ax, "Height over real minus height over generated", "place", "critic's value")


def penalty() -> Axes:
    """Chapter 7: the gradient penalty looks at random places between random pairs."""
    figure = plt.figure(figsize=(6, 4), dpi=100, layout="constrained")
    ax = figure.subplots()
    draws = np.random.default_rng(1)
    real, fake = (draws.normal((m, 0), (0.4, 0.9), (9, 2)) for m in (-2.4, 2.4))
    share = draws.uniform(size=(9, 1))
    between = share * real + (1 - share) * fake
    for a, b in zip(real, fake, strict=True):
        ax.plot(*np.stack([a, b]).T, color=MUTED, lw=0.8)
    ax.quiver(*between.T, *np.tile([[-1, 0]], (9, 1)).T, color=CRITIC, width=0.006, scale=13,
              zorder=2)  # fmt: skip
    ax.scatter(*real.T, color=REAL, s=36, label="real")
    ax.scatter(*fake.T, color=FAKE, s=36, marker="s", label="generated")
    ax.scatter(
        *between.T, color=CRITIC, s=40, marker="D", zorder=3, label="where the slope is penalised"
    )
    ax.set(xlim=(-3.8, 3.8), ylim=(-2.1, 2.5), xticks=[], yticks=[])
    ax.legend(frameon=False, loc="upper center", ncols=3, columnspacing=1, handletextpad=0.2)
    ax.spines[["top", "right", "left", "bottom"]].set_visible(False)
    return ax


def half_steps() -> Axes:
    """A round as two moves, one player each, and both at once: the smallest game near its solution, steps of 0.45."""
    figure = plt.figure(figsize=(6, 4.6), dpi=100, layout="constrained")
    ax = figure.subplots()
    h, theta, psi = 0.45, 1.0, 0.0
    both = [(theta, psi)]
    for _ in range(7):
        a, b = both[-1]
        both.append((a + h * b, b - h * a))
    ax.plot(*np.array(both).T, ".--", color=MUTED, lw=1.2, label="both at once")
    for k in range(14):
        corner = (theta, psi - h * theta)
        end = (theta + h * corner[1], corner[1])
        for start, tip, color in (((theta, psi), corner, CRITIC), (corner, end, FAKE)):
            ax.plot(*zip(start, tip, strict=True), color=color, lw=2.2 if k == 0 else 1.2)
        if k == 0:
            ax.plot(*corner, "v", color=CRITIC)
            ax.plot(*end, "<", color=FAKE)
            ax.text(1.06, -0.22, "1. $D$ moves", color=CRITIC, va="center")
            ax.text(
                end[0] - 0.03, end[1] + 0.05, "2. $G$ moves", color=FAKE, ha="right", va="bottom"
            )
        theta, psi = end
    ax.plot([1], [0], "o", color=INK)
    ax.text(1.06, 0.06, "start", va="bottom")
    ax.plot([0], [0], "*", color=INK, ms=11)
    ax.text(0, -0.12, "solution", va="top", ha="center")
    ax.set(xlim=(-2.2, 2.2), ylim=(-1.9, 1.4), xticks=[-2, -1, 0, 1, 2], yticks=[-1, 0, 1])
    ax.set_aspect("equal")
    return tidy(ax, "", r"generator's parameter $\theta$", r"discriminator's parameter $\psi$",
                legend=True)  # fmt: skip


def mistakes() -> Axes:
    """Chapter 5: two generators that fail in opposite ways."""
    _, panels = plt.subplots(2, 1, figsize=(6, 4.6), dpi=100, layout="constrained", sharex=True)
    x = np.linspace(-6, 6, 400)

    def bell(mean: float, width: float) -> np.ndarray:
        return np.exp(-((x - mean) ** 2) / (2 * width**2)) / (width * np.sqrt(2 * np.pi))

    p = (bell(-2.5, 0.7) + bell(2.5, 0.7)) / 2
    for ax, q, title, at, note in (
        (panels[0], bell(2.5, 0.7), "A mode is dropped", (-2.5, 0.31), r"$p > 0$, $q \approx 0$"),
        (panels[1], bell(0, 2.6), "Samples are invented", (0, 0.2), r"$q > 0$, $p \approx 0$"),
    ):
        for curve, color, name in ((p, REAL, "real, $p$"), (q, FAKE, "generated, $q$")):
            ax.fill_between(x, curve, color=color, alpha=0.12, lw=0)
            ax.plot(x, curve, color=color, label=name)
        ax.text(*at, note, ha="center", va="bottom")
        ax.set(ylim=(0, 0.66 if ax is panels[0] else 0.4))
        tidy(ax, title, "", "density")
    panels[0].legend(frameon=False, loc="upper left", ncols=2)
    panels[1].set_xlabel("$x$")
    return panels[0]


def fidelity() -> Axes:
    """Chapter 9: good samples that miss half of the data, and bad samples that miss nothing."""
    ax = sheet(310)
    turn = np.pi * (3 - 5**0.5) * np.arange(60)  # points of a sunflower: even, without a grid
    for x, shift, radius, title in (
        (140, 38, 48, "no sample is bad,\nmuch of the data is missed"),
        (450, 0, 122, "much is bad,\nnothing is missed"),
    ):
        ax.add_patch(plt.Circle((x, 180), 88, fc=REAL, ec="none", alpha=0.28))
        out = radius * np.sqrt((np.arange(60) + 0.5) / 60)
        ax.plot(x + shift + out * np.cos(turn), 180 + out * np.sin(turn), ".", color=FAKE, ms=6)
        words(ax, x, 30, title)
    words(ax, 285, 286, "real", REAL)
    words(ax, 285, 262, "generated", FAKE)
    return ax


def losses() -> Axes:
    """Chapter 10: what each generator pays for one sample, by the score that D gives it."""
    figure = plt.figure(figsize=(6, 4), dpi=100, layout="constrained")
    ax = figure.subplots()
    d = np.linspace(-4, 4, 200)
    soft = np.log1p(np.exp(-d))
    for values, color, name, style in (
        (-np.log1p(np.exp(d)), INK, "minimax", "-"),
        (soft, FAKE, "non-saturating", "-"),
        ((d - 1) ** 2 / 2, ACCENT, "least squares", "--"),
        (-d, CRITIC, "Wasserstein, hinge", "-."),
    ):
        ax.plot(d, values, style, color=color, label=name)
    ax.set(xlim=(-4, 4), ylim=(-4.2, 6))
    return tidy(ax, "What the generator pays for one sample", "score of the sample, $d(G(z))$",
                "loss", legend=True)  # fmt: skip


def overlap() -> Axes:
    """Chapter 13: what a transposed convolution lays on each output, kernels of 3 and of 4."""
    ax = sheet(400)
    for kernel, base, title in ((3, 215, "kernel 3, stride 2"), (4, 15, "kernel 4, stride 2")):
        words(ax, 6, base + 170, title, ha="left", weight="bold")
        counts = [0] * 14
        for k in range(5):
            first = 2 * k + 1
            for j in range(kernel):
                counts[first + j] += 1
                x, top = 60 + 38 * (first + j), base + 128
                arrow(ax, (60 + 38 * (2 * k + 2 + (kernel == 4) * 0.5), top), (x, base + 62), MUTED)
            x = 60 + 38 * (2 * k + 2 + (kernel == 4) * 0.5)
            box(ax, x, base + 142, 30, 26, f"$x_{k}$", REAL)
        for n in range(1, 12 + (kernel == 4)):
            x = 60 + 38 * n
            box(
                ax,
                x,
                base + 46,
                30,
                26,
                f"{counts[n]}",
                FAKE if 2 < n < 10 + (kernel == 4) else MUTED,
            )
        words(ax, 6, base + 142, "inputs", ha="left")
        words(ax, 6, base + 46, "outputs", ha="left")
        words(ax, 300, base + 14, "how many inputs reach the output", style="italic")
    return ax


def order() -> Axes:
    """Chapter 16: one film in order, shuffled and frozen, and what two discriminators can see."""
    ax = sheet(330)
    places = (0, 1, 2, 3, 4)
    rows = (
        ("in order", places, "real", "real"),
        ("shuffled", (3, 0, 4, 1, 2), "the same frames", "wrong order"),
        ("frozen", (2,) * 5, "real frames", "no motion"),
    )
    words(ax, 452, 305, "$D$ of frames", CRITIC)
    words(ax, 553, 305, "$D$ of films", CRITIC)
    for k, (name, line, one, whole) in enumerate(rows):
        y = 245 - 95 * k
        words(ax, 42, y, name)
        for t, place in enumerate(line):
            x = 115 + 60 * t
            color = REAL if k == 0 else FAKE
            ax.add_patch(Rectangle((x - 26, y - 26), 52, 52, fc="none", ec=MUTED, lw=1.2))
            ax.add_patch(plt.Circle((x - 16 + 8 * place, y + 14 - 7 * place), 8, color=color, lw=0))
        words(ax, 452, y, one.replace(" frames", "\nframes"))
        words(ax, 553, y, whole.replace(" ", "\n"))
    arrow(ax, (90, 18), (380, 18), MUTED)
    words(ax, 42, 18, "time", MUTED)
    return ax


def arrows() -> Axes:
    """Chapter 17: one arrow for the generator, from a discriminator or from two denoisers."""
    ax = sheet(440)
    words(ax, 6, 424, "a game: D sees both kinds", ha="left", weight="bold")
    words(ax, 22, 330, "$z$", size=15)
    box(ax, 105, 330, 70, 50, "$G$", FAKE, size=17)
    words(ax, 205, 330, "$G(z)$", FAKE, size=14)
    words(ax, 205, 392, "real $x$", REAL, size=14)
    box(ax, 345, 360, 80, 52, "$D$", CRITIC, size=17)
    words(ax, 500, 360, "$\\nabla \\log p - \\nabla \\log q$")
    for start, end in (((36, 330), (70, 330)), ((140, 330), (174, 330))):
        arrow(ax, start, end)
    arrow(ax, (238, 335), (305, 352))
    arrow(ax, (240, 388), (305, 369))
    arrow(ax, (385, 360), (420, 360), CRITIC)
    arrow(ax, (490, 344), (205, 312), CRITIC, dashed=True, bend=-0.28)
    ax.plot([0, 600], [232, 232], color=MUTED, lw=0.8)
    words(ax, 6, 212, "distribution matching: two denoisers", ha="left", weight="bold")
    words(ax, 22, 105, "$z$", size=15)
    box(ax, 105, 105, 70, 50, "$G$", FAKE, size=17)
    words(ax, 205, 105, "$G(z)$", FAKE, size=14)
    box(ax, 355, 150, 130, 50, "removes noise\nfrom real $x$", REAL)
    box(ax, 355, 70, 130, 50, "removes noise\nfrom $G(z)$", FAKE)
    words(ax, 238, 150, "+ noise", size=10.5)
    words(ax, 512, 110, "difference:\nthe same arrow")
    for start, end in (((36, 105), (70, 105)), ((140, 105), (174, 105))):
        arrow(ax, start, end)
    arrow(ax, (236, 114), (290, 148))
    arrow(ax, (236, 98), (290, 72))
    arrow(ax, (420, 148), (458, 122), REAL)
    arrow(ax, (420, 72), (458, 98), FAKE)
    arrow(ax, (505, 82), (205, 86), CRITIC, dashed=True, bend=-0.46)
    return ax


def translation() -> Axes:
    """Chapter 15: a translator with pairs, judged twice, and two translators without."""
    ax = sheet(250)
    words(ax, 150, 232, "with pairs", weight="bold")
    words(ax, 22, 130, "$y$", REAL, size=15)
    box(ax, 100, 130, 64, 50, "$G$", FAKE, size=17)
    words(ax, 178, 130, "$G(z, y)$", FAKE, size=13)
    arrow(ax, (34, 130), (66, 130))
    arrow(ax, (132, 130), (148, 130))
    box(ax, 262, 185, 82, 44, "error\nagainst $x$", INK)
    box(ax, 262, 75, 82, 44, "$D$: real\nas a pair?", CRITIC)
    arrow(ax, (192, 145), (220, 175))
    arrow(ax, (192, 115), (220, 85))
    words(ax, 100, 62, "$z$", size=15)
    arrow(ax, (100, 74), (100, 103))
    ax.plot([322, 322], [20, 235], color=MUTED, lw=0.8)
    words(ax, 460, 232, "without pairs", weight="bold")
    box(ax, 370, 130, 60, 50, "set $a$", REAL)
    box(ax, 555, 130, 60, 50, "set $b$", REAL)
    arrow(ax, (385, 157), (540, 157), FAKE, bend=-0.25)
    words(ax, 462, 196, "$G$", FAKE, size=15)
    arrow(ax, (540, 103), (385, 103), FAKE, bend=-0.25)
    words(ax, 462, 64, "$F$", FAKE, size=15)
    words(ax, 462, 130, "home\nagain?")
    words(ax, 370, 42, "$D_a$: real?", CRITIC)
    words(ax, 555, 42, "$D_b$: real?", CRITIC)
    return ax


def labels() -> Axes:
    """Chapter 14: a label that both players see, and a label that a classifier has to find."""
    ax = sheet(250)
    words(ax, 150, 232, "D sees the label", weight="bold")
    words(ax, 460, 232, "a classifier names it", weight="bold")
    ax.plot([310, 310], [20, 235], color=MUTED, lw=0.8)
    for x in (0, 318):
        words(ax, x + 20, 150, "$z$", size=15)
        words(ax, x + 20, 105, "$y$", REAL, size=15)
        box(ax, x + 84, 128, 56, 50, "$G$", FAKE, size=17)
        arrow(ax, (x + 31, 150), (x + 54, 140))
        arrow(ax, (x + 31, 105), (x + 54, 116))
        words(ax, x + 154, 128, "$G(z, y)$", FAKE, size=13)
    box(ax, 250, 128, 88, 50, "$D$: real\nas a pair?", CRITIC)
    arrow(ax, (113, 128), (124, 128))
    arrow(ax, (186, 128), (204, 128))
    arrow(ax, (28, 92), (246, 101), REAL, bend=0.3)
    box(ax, 560, 183, 72, 44, "$D$: real?", CRITIC)
    box(ax, 560, 75, 72, 44, "$C$: which\nlabel?", INK)
    arrow(ax, (431, 128), (442, 128))
    arrow(ax, (502, 141), (522, 168))
    arrow(ax, (502, 115), (522, 90))
    return ax


DIAGRAMS: dict[str, Callable[[], Axes]] = {
    "models": models,
    "game": game,
    "six-steps": six_steps,
    "networks": networks,
    "ratio": ratio,
    "collapse": collapse,
    "tricks": tricks,
    "coupling": coupling,
    "roof": roof,
    "penalty": penalty,
    "half-steps": half_steps,
    "mistakes": mistakes,
    "fidelity": fidelity,
    "losses": losses,
    "overlap": overlap,
    "order": order,
    "arrows": arrows,
    "translation": translation,
    "labels": labels,
}


# What the picture says to those who do not see it, and the sentence below it.
WORDS = {
    "models": (
        "A tree. Generative models are learned from samples of x. Four branches: a density can be "
        "computed (autoregressive models, mixtures, normalising flows; trained by maximum "
        "likelihood); a density up to a constant (energy-based models; trained without the "
        "constant); a bound on it can be computed (variational autoencoders, diffusion models; "
        "trained by a lower bound); samples only, no density at hand (generative adversarial "
        "networks; trained by a second network that compares).",
        "What a generative model offers besides samples decides how it can be trained.",
    ),
    "game": (
        "Two copies of one chain: z goes into G, G(z) goes into D, the scores go into a loss. "
        "Above, D's half-step: real x goes into D as well; the gradient runs from D's loss back "
        "into D and stops before G(z), which is detached. Below, G's half-step: the gradient runs "
        "from G's loss through D, which does not move, back into G.",
        "One round of the game. Solid arrows: what is computed; dashed arrows: the way of the "
        "gradient, and where it stops.",
    ),
    "six-steps": (
        "A circle of six boxes. 1, draw noise z. 2, generate G(z). 3, show D real x and G(z). 4, "
        "D's loss: update D. 5, G's loss: update G. 6, repeat, with an arrow back to 1. During "
        "steps 1 to 4 G stays as it is, during step 5 D does.",
        "The six steps of one round.",
    ),
    "networks": (
        "Two rows of bars, one bar for each layer. The generator widens from noise of 100 numbers "
        "over 256, 512 and 1,024 units to a picture of 784 pixels. The discriminator narrows from "
        "784 pixels over 1,024, 512 and 256 units to one score.",
        "Both players of this chapter, layer by layer.",
    ),
    "ratio": (
        "Above, two bell curves, p of the real and q of the generated samples, and at one place x "
        "their two heights. Below, D*(x), the real share p(x) / (p(x) + q(x)): near 1 where p is "
        "larger, 0.5 where the curves cross, near 0 where q is larger; at the marked x about 0.77.",
        "What the best discriminator says at a place: which share of the samples there is real.",
    ),
    "collapse": (
        "Three rings of eight real modes with generated points on them. Left, all eight modes "
        "covered. Middle, three modes without a generated point. Right, all generated points in "
        "one mode.",
        "Full coverage, dropped modes, and mode collapse. In each ring every generated point lies "
        "on a real mode, so no single point shows the failure.",
    ),
    "tricks": (
        "From left to right: z enters G, its samples and the real ones pass a transform T before D, "
        "and D's scores enter the losses. Below, an arrow each: averaging and batch norm act on G, "
        "instance noise and augmentation are T, penalties, norms and dropout act on D, smoothing, "
        "top-k and lazy terms on the losses. At the bottom the optimiser: momentum, two rates, "
        "schedules, clipped gradients.",
        "Where each trick acts: on the generator, between samples and discriminator, on the "
        "discriminator, on the losses, or on the optimiser.",
    ),
    "coupling": (
        "Above, real mass 0.5, 0.3 and 0.2 at places 0, 1 and 3 is joined to generated mass 0.4 "
        "and 0.6 at places 1 and 4 by four lines as thick as the mass that they carry: 0.4, 0.1, "
        "0.3 and 0.2; mass times distance, summed, is 1.9. Below, the line f(x) = -x with the same "
        "masses on it; its mean over the real mass is 1.9 above its mean over the generated mass.",
        "The cheapest coupling and the best function of slope one reach the same number, from "
        "above and from below.",
    ),
    "roof": (
        "A heap of real mass around -2 and one of generated mass around 2. Above them the critic, "
        "a roof of slope -1 between the heaps; its height over the real heap less its height over "
        "the generated one is W1.",
        "The best critic falls with slope 1 along every path on which mass is carried; elsewhere only "
        "the bound on its slope limits it.",
    ),
    "penalty": (
        "Nine real points on the left, nine generated ones on the right, joined in pairs by "
        "straight lines. On each line, at a random place, a mark with an arrow towards the real "
        "side: there the length of the critic's gradient is compared with 1.",
        "The gradient penalty is taken at random places between random pairs, and nowhere else.",
    ),
    "half-steps": (
        "The plane of the generator's and the discriminator's parameter. In turn: D moves down, then "
        "G moves left, and so on; after 14 such rounds the staircase has closed around the "
        "solution. Both at once: seven rounds from the same start spiral outwards.",
        "One round as two half-steps, and the same game with both players moving at once.",
    ),
    "mistakes": (
        "Real samples have two modes in both panels. Above, the generated density covers the right "
        "mode alone: around the left one p is positive and q is nearly zero. Below, the generated density "
        "is one broad bell: between the modes q is positive and p nearly zero.",
        "Two opposite failures. A divergence may weigh one of them far more than the other.",
    ),
    "fidelity": (
        "Two blue discs, the real data. Left, generated points crowd into one part of the disc. "
        "Right, they are spread over the whole disc and far beyond it.",
        "Fidelity and coverage are two things, and a single score mixes them.",
    ),
    "losses": (
        "Four curves against the score d of a generated sample. Minimax is flat for low scores and "
        "falls for high ones; the non-saturating loss falls steeply for low scores and flattens "
        "for high ones; least squares is a parabola with its minimum at 1; Wasserstein and hinge "
        "are one straight falling line.",
        "The generator's loss for one sample under five of this chapter's losses: its slope is "
        "the weight with which the sample's gradient counts.",
    ),
    "overlap": (
        "Two rows of inputs, each with arrows to the outputs that it reaches. Above, kernel 3 and "
        "stride 2: the outputs are reached by 1, 2, 1, 2 inputs in turn. Below, kernel 4 and "
        "stride 2: away from the border each output is reached by 2.",
        "A transposed convolution lays a kernel on the outputs for each input. An even kernel "
        "reaches each output equally often; that it treats all of them alike does not follow.",
    ),
    "order": (
        "Three films of five frames with a disc. In order, the disc moves evenly from the upper left "
        "to the lower right. Shuffled, the same five frames stand in another order. Frozen, one frame "
        "is shown five times. Beside them what two discriminators can see: a discriminator of frames "
        "sees real frames in all three; a discriminator of films sees the wrong order and the missing "
        "motion.",
        "Each frame of each film is a real one. Only a discriminator of whole films can refuse the "
        "lower two.",
    ),
    "arrows": (
        "Above, a discriminator sees real and generated samples, and an arrow leads back from it "
        "to the generated ones: gradient log p minus gradient log q. Below, two networks remove "
        "noise, one trained on real samples and one on generated ones; the difference of what they "
        "make of a noisy generated sample is the same arrow.",
        "Two ways to find where a generated sample should go. In this chapter they turn out to be "
        "one.",
    ),
    "translation": (
        "Two diagrams. Left, with pairs: z and an observation y go through G to a picture; an "
        "error compares it with the target x, and a discriminator D asks whether the pair is "
        "real. Right, without pairs: G leads from set a to set b and F back, each set has a "
        "discriminator, and the way there and back is to lead home.",
        "Left: a translator with pairs is told what is right by an error and what is real by a "
        "discriminator. Right: without pairs, two translators check each other by a cycle.",
    ),
    "labels": (
        "Two diagrams. In both, noise z and a label y go into G. Left, the label goes on to a "
        "discriminator as well, which asks whether sample and label are real as a pair. Right, the "
        "sample alone goes to a discriminator, which asks whether it is real, and to a classifier "
        "C, which asks which label it has.",
        "Two ways to make a generator obey a label. Left: the discriminator sees the label too. "
        "Right: a classifier has to find the label in the sample.",
    ),
}


def snippet(name: str) -> str:
    """The Markdown that shows a diagram: on the page, in JupyterLab and on code hosts alike."""
    alt, caption = WORDS[name]
    return f"![{alt}](diagrams/{name}.svg)\n\n*{caption}*"


def drawn(name: str) -> str:
    """One diagram as SVG."""
    ax = DIAGRAMS[name]()
    try:
        return as_svg(ax.figure) + "\n"
    finally:
        plt.close(ax.figure)


def main(names: list[str]) -> None:
    """Write the named diagrams, or all; or print how they are shown."""
    if "--words" in names:
        print("\n\n".join(snippet(name) for name in DIAGRAMS))
        return
    FOLDER.mkdir(exist_ok=True)
    for name in names or DIAGRAMS:
        (FOLDER / f"{name}.svg").write_text(drawn(name), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
