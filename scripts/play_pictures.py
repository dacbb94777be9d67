"""Draw the static pictures of the plays, shown where scripts are off and in print.

    python scripts/play_pictures.py [NAME ...]

Each shows its play as it starts, the one that trains on its way, computed by the package. They go
to ``book_ext/pictures``, smaller than the pages' other pictures by a palette of 64 colours. The
README's picture shows one of them and is drawn again after it."""

import io
import math
import sys
from collections.abc import Callable
from pathlib import Path

import matplotlib

matplotlib.use("agg")
import make_readme
import matplotlib.pyplot as plt
import numpy as np
import play_numbers
import play_typefaces
import torch
from matplotlib.figure import Figure
from PIL import Image
from safetensors.torch import load_file

from ganbook import records
from ganbook.data.glyphs import CHARACTERS
from ganbook.distributions import gaussians, ring
from ganbook.divergences import js, optimal_discriminator, total_variation
from ganbook.dynamics import dirac_gan, simultaneous
from ganbook.metrics import mode_coverage
from ganbook.mixtures import GaussianMixture
from ganbook.networks import mlp_generator
from ganbook.penalties import r1
from ganbook.plots.style import PALETTE, tidy
from ganbook.recipes.mnist import conditional
from ganbook.training import Game, d_step, g_step
from ganbook.transport import transport_plan, wasserstein_1d

PICTURES = Path(__file__).resolve().parent.parent / "book_ext" / "pictures"


def two_densities() -> Figure:
    """Chapter 4's pair, and its optimal discriminator below."""
    p, q = gaussians([0.0]), gaussians([2.0])
    x = torch.linspace(-8, 8, 641, dtype=torch.float64)
    figure, (top, bottom) = plt.subplots(
        2, 1, figsize=(6.4, 4.2), dpi=100, sharex=True, layout="constrained"
    )
    for law, key, label in ((p, "real", "p, real"), (q, "generated", "q, generated")):
        top.fill_between(x, law.log_prob(x).exp(), color=PALETTE[key], alpha=0.25)
        top.plot(x, law.log_prob(x).exp(), color=PALETTE[key], label=label)
    top.set(ylim=(0, 0.5))
    tidy(top, "", "", "density", legend=True)
    bottom.plot(x, optimal_discriminator(p, q)(x), color=PALETTE["discriminator"])
    bottom.axhline(0.5, color=PALETTE["muted"], lw=0.8, ls=":")
    bottom.set(ylim=(0, 1), xlim=(-8, 8))
    tidy(bottom, "", "x", "D*(x)")
    return figure


def two_clouds() -> Figure:
    """Two clouds of five points with their plan, and below it W1 and JS while one of them moves."""
    real, generated = np.array([-40, -34, -28, -20, -12]), np.array([0, 6, 12, 20, 28])
    _, plan = transport_plan(
        np.full(5, 0.2), np.full(5, 0.2), np.abs(real[:, None] - generated) ** 2.0
    )
    figure, (top, bottom) = plt.subplots(
        2, 1, figsize=(6.4, 4.2), dpi=100, sharex=True, layout="constrained"
    )
    for i, j in np.argwhere(plan > 1e-9):
        top.plot([real[i] / 10, generated[j] / 10], [1, 0], color=PALETTE["muted"], lw=2)
    for cloud, key, height in ((real, "real", 1), (generated, "generated", 0)):
        top.plot(cloud / 10, np.full(5, height), "o", color=PALETTE[key], ms=9, clip_on=False)
    top.set(yticks=[0, 1], yticklabels=["generated", "real"], ylim=(-0.3, 1.3))
    tidy(top)
    starts = np.arange(-50, 23)
    moved = [generated + start for start in starts]
    bottom.plot(
        starts / 10,
        [wasserstein_1d(real / 10, cloud / 10) for cloud in moved],
        color=PALETTE["discriminator"],
    )
    bottom.set(xlim=(-5, 5), ylim=(0, 10.4))
    tidy(bottom, "", "leftmost generated point, whole cloud moved", "$W_1$")
    masses = [
        [np.bincount(cloud + 50, minlength=101) / 5 for cloud in (real, other)] for other in moved
    ]
    right = bottom.twinx()
    right.plot(starts / 10, [js(*pair) for pair in masses], color=PALETTE["accent"])
    right.set(
        ylim=(0, 1.04 * np.log(2)), yticks=[0, np.log(2)], yticklabels=["0", "log 2"], ylabel="JS"
    )
    right.spines["top"].set_visible(False)
    return figure


def seeded_draws(seed: int, n: int, latent: int = 100) -> np.ndarray:
    """The vectors that the page draws from a seed: mulberry32, then Box and Muller's formula."""

    def uniform() -> float:
        nonlocal state
        state = (state + 0x6D2B79F5) % 2**32
        t = (state ^ state >> 15) * (state | 1) % 2**32
        t ^= (t + (t ^ t >> 7) * (t | 61)) % 2**32
        return ((t ^ t >> 14) + 0.5) / 2**32

    state = seed
    pairs = [(uniform(), uniform()) for _ in range(n * latent)]
    return np.array(
        [math.sqrt(-2 * math.log(u)) * math.cos(2 * math.pi * v) for u, v in pairs]
    ).reshape(n, latent)


def recorded_generator() -> torch.nn.Module:
    """The generator of the record, as the chapter loads it."""
    G = mlp_generator().eval()
    G.load_state_dict(
        {k: v.float() for k, v in load_file(records.path("mnist-mlp.safetensors")).items()}
    )
    return G


def two_paths() -> Figure:
    """The plane of two draws, and the pictures on the straight and on the spherical way between
    them.
    """
    first, second = seeded_draws(15, 2)
    angle = math.acos(first @ second / np.linalg.norm(first) / np.linalg.norm(second))
    t = np.linspace(0, 1, 50)
    shares = {
        "straight": np.stack([1 - t, t]),
        "spherical": np.stack([np.sin((1 - t) * angle), np.sin(t * angle)]) / math.sin(angle),
    }
    figure = plt.figure(figsize=(6.4, 2.5), dpi=100, layout="constrained")
    plane, *rows = figure.subplot_mosaic(
        [["plane", "straight"], ["plane", "spherical"]], width_ratios=[1, 2.4]
    ).values()
    for row, (name, share), key in zip(rows, shares.items(), ("generated", "real"), strict=True):
        with torch.no_grad():
            images = recorded_generator()(
                torch.tensor(share.T[::7] @ np.stack([first, second])).float()
            )[:, 0]
        row.imshow(np.hstack(images.numpy()), cmap="gray_r", vmin=-1, vmax=1)
        row.set(title=f"{name} way", xticks=[], yticks=[])
        plane.plot(*share, color=PALETTE[key], lw=2)
    plane.plot([1, 0], [0, 1], "o", color=PALETTE["theory"])
    plane.text(1.05, 0.05, "first")
    plane.text(0.05, 1.05, "second")
    plane.axhline(0, color=PALETTE["muted"], lw=0.8)
    plane.axvline(0, color=PALETTE["muted"], lw=0.8)
    plane.set(
        xlim=(-0.3, 1.5),
        ylim=(-0.3, 1.5),
        xticks=[],
        yticks=[],
        aspect="equal",
        title="plane of two draws",
    )
    return figure


def plane_player(inputs: int, outputs: int) -> torch.nn.Sequential:
    """A player of the plane, as wide as the page's."""
    layers: list[torch.nn.Module] = []
    for n_in in (inputs, 64):
        layers += [torch.nn.Linear(n_in, 64), torch.nn.LeakyReLU(0.2)]
    return torch.nn.Sequential(*layers, torch.nn.Linear(64, outputs))


def ring_in_training() -> Figure:
    """Scores, points and pushes after 5, 40 and 300 rounds of the play's first preset.

    In double precision, so that another machine's rounding has not grown into another picture.
    """
    before, data = torch.get_default_dtype(), ring(8, 1.0, 0.05)
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(1)
    G, D = plane_player(2, 2), plane_player(2, 1)
    game = Game(
        G,
        D,
        torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.5, 0.99)),
        torch.optim.Adam(D.parameters(), lr=2e-3, betas=(0.5, 0.99)),
        latent=2,
    )
    source = torch.Generator().manual_seed(2)
    z, real = torch.randn(256, 2, generator=source), data.sample(256, source)
    side = torch.linspace(-1.6, 1.6, 81)
    grid = torch.cartesian_prod(side, side)
    colours = matplotlib.colors.LinearSegmentedColormap.from_list(
        "field", [PALETTE["generated"], "white", PALETTE["real"]]
    )
    figure, panels = plt.subplots(1, 3, figsize=(6.4, 2.65), dpi=100, layout="constrained")
    done = 0
    for panel, rounds in zip(panels, (5, 40, 300), strict=True):
        for _ in range(rounds - done):
            batch = data.sample(128, source)
            d_step(game, batch, penalty=r1(0.1))
            g_step(game, batch)
        done = rounds
        x = G(z).detach().requires_grad_()
        scores = D(x)
        (push,) = torch.autograd.grad(-torch.nn.functional.softplus(-scores).sum(), x)
        size = push.norm(dim=1, keepdim=True)
        arrow = (0.4 * push / (size + 0.8))[:128].numpy()
        with torch.no_grad():
            field = torch.sigmoid(D(grid)).reshape(81, 81).T.numpy()
        panel.imshow(
            field, cmap=colours, alpha=0.45, vmin=0, vmax=1, origin="lower",
            extent=(-1.6, 1.6, -1.6, 1.6), interpolation="bilinear",
        )  # fmt: skip
        panel.contour(
            side.numpy(), side.numpy(), field, levels=[0.5], colors=PALETTE["discriminator"]
        )
        panel.plot(*real.T.numpy(), "o", color=PALETTE["real"], ms=2, mew=0)
        points = x.detach().numpy()
        places = points[:128]
        panel.quiver(
            *places.T, *arrow.T, angles="xy", scale_units="xy", scale=1, width=0.006,
            color=PALETTE["theory"],
        )  # fmt: skip
        panel.plot(*places.T, "o", color=PALETTE["generated"], ms=3, mec="white", mew=0.4)
        modes, *_ = mode_coverage(points, data.centers.numpy(), 0.05)
        panel.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), xticks=[], yticks=[])
        panel.set_title(f"{rounds} rounds:\n{modes} of 8 clusters", fontsize=11.5)
    torch.set_default_dtype(before)
    return figure


def spiral_and_window() -> Figure:
    """The Dirac-GAN's puzzle: 500 steps of both players at once, and where R1 makes them contract."""
    field = dirac_gan("minimax")
    figure, (left, right) = plt.subplots(1, 2, figsize=(6.4, 3.1), dpi=100, layout="constrained")
    side = np.arange(-2.7, 2.8, 0.6)
    theta, psi = np.meshgrid(side, side)
    u, v = field(theta, psi)
    size = np.hypot(u, v)
    left.quiver(theta, psi, u / size, v / size, color=PALETTE["muted"], scale=18, width=0.005)
    path = simultaneous(field, (1.0, -1.0), 0.2, 500)
    left.plot(*path.T, color=PALETTE["generated"], lw=1.2)
    left.plot(1, -1, "o", color=PALETTE["generated"], ms=8)
    left.plot(0, 0, "+", color=PALETTE["real"], ms=12, mew=2)
    left.set(xlim=(-3, 3), ylim=(-3, 3), aspect="equal")
    tidy(left, "", "θ, generator", "ψ, discriminator")
    step = np.geomspace(0.01, 2, 200)
    right.fill_between(
        step,
        step / 4,
        np.minimum(2 / step + step / 8, 20),
        color=PALETTE["discriminator"],
        alpha=0.28,
    )
    right.set(xscale="log", yscale="log", xlim=(0.01, 2), ylim=(0.01, 20))
    tidy(right, "", "step h", "weight γ of R1; shaded: contracts")
    return figure


SCORES = {
    "frechet": "Fréchet distance",
    "kid": "KID",
    "precision": "precision",
    "recall": "recall",
    "density": "density",
    "coverage": "coverage",
    "neighbour": "neighbour accuracy",
    "distance": "nearest real point",
}


def clouds_and_scores() -> Figure:
    """Real points and another draw of them, and eight numbers against their range for real points."""
    held = play_numbers.stored("judged-clouds")
    real, other = np.array(held["real"]), np.array(held["made"]["fresh"])
    found = play_numbers.scores(real, other)
    figure, (plane, strips) = plt.subplots(1, 2, figsize=(6.4, 3.3), dpi=100, layout="constrained")
    plane.plot(*real.T, "D", color=PALETTE["real"], ms=6, label="real")
    plane.plot(*other.T, "o", color=PALETTE["generated"], ms=6, mec="white", label="generated")
    plane.set(xlim=(-3, 3), ylim=(-3, 3), aspect="equal")
    tidy(plane)
    plane.legend(loc="lower center", bbox_to_anchor=(0.5, -0.3), ncols=2, frameon=False)
    for row, name in enumerate(SCORES):
        low, high = held["floor"][name]
        strips.plot([0, 1], [-row, -row], color=PALETTE["muted"], alpha=0.35, lw=9)
        strips.plot((found[name] - low) / (high - low), -row, "o", color=PALETTE["theory"], ms=7)
    strips.set(xlim=(-1, 2), ylim=(-7.6, 0.6), xticks=[])
    strips.set_yticks([-row for row in range(8)], SCORES.values())
    tidy(strips, "", "grey: 95 % of real sets")
    return figure


def twelve_sevens() -> Figure:
    """Twelve digits of one label a step along the slant's direction; the change that was predicted;
    and precision against recall while the latent vectors are truncated.
    """
    held = play_numbers.stored("latent-directions")
    z, slant = torch.tensor(held["z"][:12]), held["directions"]["slant"]
    G, y = conditional.generator(0), torch.full((12,), 7)
    with torch.no_grad():
        before, after = G(z, y), G(z - torch.tensor(slant["unit"]), y)
    change = [play_numbers.properties(x)[:, 1].mean().item() for x in (after, before)]
    figure = plt.figure(figsize=(6.4, 4.6), dpi=100, layout="constrained")
    digits, walk, trade = figure.subplot_mosaic(
        [["digits", "digits"], ["walk", "trade"]], height_ratios=[1, 1.3]
    ).values()
    rows = after[:, 0].reshape(2, 6, 28, 28).permute(0, 2, 1, 3).reshape(56, 168)
    digits.imshow(rows, cmap="gray_r", vmin=-1, vmax=1)
    digits.set(xticks=[], yticks=[], title="twelve sevens, one step to the left")
    walk.plot([-3, 3], [-3, 3], color=PALETTE["muted"], ls=":")
    walk.plot(-1, (change[0] - change[1]) / slant["size"], "o", color=PALETTE["generated"], ms=9)
    walk.set(xlim=(-3, 3), ylim=(-4, 4))
    tidy(walk, "", "step t along the direction", "change of slant / |β|")
    curve = np.array([[cut["recall"], cut["precision"]] for cut in held["cuts"]])
    trade.plot(*curve.T, "o-", color=PALETTE["generated"], ms=4)
    trade.plot(*curve[-1], "o", color=PALETTE["generated"], ms=9)
    real = held["real"]["recall"], held["real"]["precision"]
    trade.plot(*real, "D", color=PALETTE["real"], ms=9)
    trade.annotate(
        "real digits", real, (0, 9), textcoords="offset points", ha="center", color=PALETTE["real"]
    )
    trade.set(xlim=(0, 1), ylim=(0.7, 1.01))
    tidy(trade, "", "recall: the spread", "precision: the quality")
    return figure


def coarse(x: torch.Tensor) -> torch.Tensor:
    """Pictures (28, 28) whose 2 by 2 blocks are replaced by their means, as chapter 15's thumbnails."""
    blocks = x.reshape(14, 2, 14, 2).mean((1, 3), keepdim=True)
    return blocks.expand(14, 2, 14, 2).reshape(28, 28)


def letter_and_ways(
    letter: int, face: int, levels: float
) -> tuple[dict[str, torch.Tensor], dict[str, float]]:
    """Pictures in [-1, 1] of the play of two typefaces, and the errors of both ways back."""
    nets = play_typefaces.translators()
    source, target = (
        torch.tensor(play_typefaces.faces()[k, letter]).double() / 127.5 - 1
        for k in (face, 1 - face)
    )
    noise = torch.tensor(seeded_draws(letter, 1, 784)).reshape(28, 28) * 2 * levels / 255
    with torch.no_grad():
        made = nets[face](source.float()[None, None])[0, 0].double() + noise
        again = nets[1 - face](made.float()[None, None])[0, 0].double()
    plain = coarse(source)
    thumb = plain + (source - plain) / 255 + noise
    read = coarse(thumb) + 255 * (thumb - coarse(thumb))
    pictures = {
        "Given": source,
        "Translated": made,
        "Back again": again,
        "True": target,
        "Thumbnail": thumb,
        "Read back": read,
    }
    errors = {
        name: float((way - source).abs().mean())
        for name, way in (("cycle", again), ("message", read))
    }
    return pictures, errors


def two_faces() -> Figure:
    """A letter, its translation, the way back and the truth, a thumbnail that hides its detail; below,
    what noise does to both ways back."""
    letter = CHARACTERS.index("R")
    pictures, _ = letter_and_ways(letter, 0, 0.0)
    figure = plt.figure(figsize=(6.4, 3.6), dpi=100, layout="constrained")
    top, bottom = figure.subfigures(2, 1, height_ratios=[1, 1.7])
    for panel, (name, picture) in zip(top.subplots(1, 6), pictures.items(), strict=True):
        panel.imshow(picture.numpy(), cmap="gray_r", vmin=-1, vmax=1)
        panel.set(xticks=[], yticks=[])
        panel.set_title(name, fontsize=9.5)
    axes = bottom.subplots()
    levels = 2 ** np.linspace(0, 6, 25) - 1
    errors = [letter_and_ways(letter, 0, float(level))[1] for level in levels]
    for name, key, label, dashes in (
        ("message", "discriminator", "hidden message", "--"),
        ("cycle", "generated", "two typefaces", "-"),
    ):
        axes.plot(
            np.log2(1 + levels), [e[name] for e in errors], dashes, color=PALETTE[key], label=label
        )
    axes.set(ylim=(0, 1.5), xlim=(0, 6), xticks=range(7), xticklabels=[0, 1, 3, 7, 15, 31, 63])
    tidy(axes, "", "noise, in levels of 255", "error of the way back", legend=True)
    return figure


def critic_of_knots() -> Figure:
    """Two heaps of four points, and a critic of slope -0.4 by its knots."""
    real, generated = np.arange(-3.5, 0), np.arange(0.5, 4)
    knots = np.arange(-5, 6)
    figure, (top, bottom) = plt.subplots(
        2, 1, figsize=(6.4, 3.9), dpi=100, sharex=True, layout="constrained", height_ratios=[3, 1]
    )
    top.plot(knots, -0.4 * knots, "o-", color=PALETTE["discriminator"], lw=2.5, ms=7)
    for cloud, key in ((real, "real"), (generated, "generated")):
        top.vlines(cloud, -5, -0.4 * cloud, color=PALETTE[key], ls=":")
    top.axhline(0, color=PALETTE["muted"], lw=0.8, ls=":")
    top.set(ylim=(-5, 5), yticks=[-5, 0, 5])
    gap = 0.4 * (generated.mean() - real.mean())
    tidy(top, f"gap {gap:.1f}, $W_1$ {wasserstein_1d(real, generated):.0f}", "", "score")
    bottom.plot(real, 0 * real + 1, "o", color=PALETTE["real"], ms=8)
    bottom.quiver(
        generated, 0 * generated, 0 * generated - 0.36, 0 * generated, angles="xy",
        scale_units="xy", scale=1, width=0.005, color=PALETTE["theory"],
    )  # fmt: skip
    bottom.plot(generated, 0 * generated, "s", color=PALETTE["generated"], ms=8)
    bottom.set(yticks=[0, 1], yticklabels=["generated", "real"], ylim=(-0.6, 1.6), xlim=(-5, 5))
    tidy(bottom, "", "x")
    return figure


def two_laws_of_atoms() -> Figure:
    """Chapter 5's play: a law with two modes against one that has dropped a mode, and JS, TV and W1
    while the latter moves."""
    places = np.arange(13)
    atoms = {"real": [0.35, 0.15, 0, 0.15, 0.35], "generated": [0.7, 0.3, 0, 0, 0]}

    def law(key: str, start: int) -> np.ndarray:
        return np.pad(np.array(atoms[key]), (start, 8 - start))

    figure, (top, bottom) = plt.subplots(2, 1, figsize=(6.4, 4.4), dpi=100, layout="constrained")
    for key, sign in (("real", 1), ("generated", -1)):
        top.bar(places, sign * law(key, 1), color=PALETTE[key], width=0.6, label=key)
    top.axhline(0, color=PALETTE["muted"], lw=0.8)
    top.set(ylim=(-0.8, 0.8), yticks=[-0.5, 0, 0.5], yticklabels=[0.5, 0, 0.5], xticks=places)
    tidy(top, "", "place", "mass", legend=True)
    starts, p = np.arange(9), law("real", 1)
    moved = np.stack([law("generated", start) for start in starts])
    for values, label, dashes in (
        (js(np.tile(p, (9, 1)), moved), "JS", "-"),
        (total_variation(np.tile(p, (9, 1)), moved), "TV", "--"),
    ):
        bottom.plot(starts, values, dashes, color=PALETTE["accent"], label=label)
    bottom.set(ylim=(0, 1.1), xlim=(0, 8))
    tidy(bottom, "", "place of q's first atom", "JS, TV", legend=True)
    right = bottom.twinx()
    area = np.abs(np.cumsum(p - moved, axis=1)).sum(axis=1)
    right.plot(starts, area, color=PALETTE["discriminator"])
    right.set(ylim=(0, 8), ylabel="$W_1$")
    right.spines["top"].set_visible(False)
    return figure


def two_classes() -> Figure:
    """Two classes of equal width and prior: joint densities, the posterior, its straight log odds."""
    x = np.linspace(-6, 6, 481)
    model = GaussianMixture([0.5, 0.5], [[-1.0], [1.5]], [[[1.0]], [[1.0]]])
    logs = model.log_joint(x[:, None])
    figure, panels = plt.subplots(
        3, 1, figsize=(6.4, 4.6), dpi=100, sharex=True, layout="constrained"
    )
    for k, key in ((1, "real"), (0, "generated")):
        panels[0].fill_between(x, np.exp(logs[:, k]), color=PALETTE[key], alpha=0.25)
        panels[0].plot(x, np.exp(logs[:, k]), color=PALETTE[key], label=f"class {k}")
    panels[1].plot(x, model.responsibilities(x[:, None])[:, 1], color=PALETTE["discriminator"])
    panels[2].plot(x, logs[:, 1] - logs[:, 0], color=PALETTE["accent"])
    panels[2].axhline(0, color=PALETTE["muted"], lw=0.8, ls=":")
    for panel in panels:
        panel.axvline(0.25, color=PALETTE["muted"], lw=0.8, ls=":")
    panels[0].set(ylim=(0, 0.25))
    panels[1].set(ylim=(0, 1))
    panels[2].set(ylim=(-8, 8), xlim=(-6, 6))
    tidy(panels[0], "", "", "joint", legend=True)
    tidy(panels[1], "", "", "p(1 | x)")
    tidy(panels[2], "", "x", "log odds")
    return figure


DRAWN: dict[str, Callable[[], Figure]] = {
    "critic": critic_of_knots,
    "dirac-gan": spiral_and_window,
    "judged-clouds": clouds_and_scores,
    "latent-directions": twelve_sevens,
    "divergences": two_laws_of_atoms,
    "latent-explorer": two_paths,
    "living-gan": ring_in_training,
    "optimal-discriminator": two_densities,
    "posterior": two_classes,
    "transport": two_clouds,
    "typefaces": two_faces,
}


def picture(name: str) -> bytes:
    """The PNG of a play's static picture."""
    figure, drawn, small = DRAWN[name](), io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png")
    plt.close(figure)
    Image.open(drawn).convert("RGB").quantize(64).save(small, format="png", optimize=True)
    return small.getvalue()


if __name__ == "__main__":
    for name in sys.argv[1:] or DRAWN:
        (PICTURES / f"{name}.png").write_bytes(picture(name))
        if PICTURES / f"{name}.png" == make_readme.PLAY:
            make_readme.draw(make_readme.PICTURE)
