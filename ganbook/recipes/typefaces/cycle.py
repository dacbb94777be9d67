"""Unpaired translation between two typefaces whose true pairs are known, against a paired twin.

A cycle game translates sans to serif bold italic and back without ever seeing a letter in both; the
twin is trained on pairs of 50 letters. Both are scored on the other 12 as well."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from ganbook import data, records
from ganbook.data import glyphs
from ganbook.games import CycleGame
from ganbook.losses import LEAST_SQUARES
from ganbook.networks import PatchDiscriminator, Translator
from ganbook.recipes import common
from ganbook.recipes.place import Kept, Place
from ganbook.schedules import Linear

__all__ = ["run", "score", "shifted_errors", "train_cycle", "train_pairs"]

SOURCE, TARGET = "sans", "serif bold italic"
HELD_OUT = glyphs.CHARACTERS[2::5]  # every fifth character, from C on
SEEDS = (0, 1, 2, 3, 4)
STEPS, BATCH, PICTURES = 250, 16, 4_000
WIDTH_G, WIDTH_D = 16, 16
RATE, FALLS_TO, BETAS, WEIGHT = 1e-3, 0.1, (0.5, 0.999), 10.0
REACH = 2
MODULES = (
    "data.glyphs",
    "losses",
    "games",
    "networks.patch",
    "networks.unet",
    "schedules",
    "training",
    "recipes.common",
    "recipes.place",
    "recipes.typefaces.cycle",
)


def shifted_errors(made: Tensor, real: Tensor, reach: int = REACH) -> Tensor:
    """Return the mean squared error of each picture made against each real one, after the best shift.

    ``made`` is (N, H, W) and ``real`` (M, H, W), 0 paper to 1 ink; the former is moved by up to
    ``reach`` pixels along each axis, over paper. Returns (N, M), in squared units of ink.
    """
    height, width = real.shape[1:]
    wide, found = pad(made, (reach,) * 4), []
    for down in range(2 * reach + 1):
        for right in range(2 * reach + 1):
            moved = wide[:, down : down + height, right : right + width].flatten(1)
            found.append(torch.cdist(moved.double(), real.flatten(1).double()).square())
    return torch.stack(found).amin(0) / (height * width)


def score(made: Tensor) -> dict[str, np.ndarray]:
    """Return ``errors`` of 62 pictures of the characters against the true ones, float32 (62,), and
    ``right`` (62,): whether the nearest character of the target's face is the right one.
    """
    errors = shifted_errors(made, glyphs.render(TARGET).x[:, 0])
    own = torch.arange(len(errors))
    return {
        "errors": errors.diagonal().float().numpy(),
        "right": (errors.argmin(dim=1) == own).numpy(),
    }


def baselines() -> dict[str, Tensor]:
    """Return the pictures of three translators that learn nothing: identity, a blank page, and the
    mean glyph of the target's face, (62, 28, 28).
    """
    source, target = glyphs.render(SOURCE).x[:, 0], glyphs.render(TARGET).x[:, 0]
    mean = target.mean(dim=0, keepdim=True).expand_as(target)
    return {"identity": source, "blank": torch.zeros_like(target), "mean": mean}


def held_out() -> np.ndarray:
    """Return which of the 62 characters the twin does not see, bool (62,)."""
    return np.isin(list(glyphs.CHARACTERS), list(HELD_OUT))


@torch.no_grad()
def translated(G: nn.Module) -> Tensor:
    """Return G's pictures of the 62 characters of the source's face, 0 paper to 1 ink, on the CPU."""
    device = next(G.parameters()).device
    return (G((2 * glyphs.render(SOURCE).x - 1).to(device))[:, 0].cpu() + 1) / 2


def sets(seed: int) -> tuple[Tensor, Tensor]:
    """Return PICTURES of each face, letters, shifts and scales drawn apart, in [-1, 1]."""
    a, b = (
        glyphs.sample(PICTURES, torch.Generator().manual_seed(2 * seed + k), (face,), shift=1.0)
        for k, face in enumerate((SOURCE, TARGET))
    )
    return 2 * a.x - 1, 2 * b.x - 1


def pairs(seed: int) -> tuple[Tensor, Tensor]:
    """Return PICTURES pairs of equal letter, shift and scale, without the letters held out."""
    known = "".join(c for c in glyphs.CHARACTERS if c not in HELD_OUT)
    generator = torch.Generator().manual_seed(2 * seed)
    a = glyphs.sample(PICTURES, generator, (SOURCE,), known, shift=1.0)
    letters = "".join(glyphs.CHARACTERS[k] for k in a.letter.tolist())
    b = glyphs.render(TARGET, letters, shift=a.shift, scale=a.scale)
    return 2 * a.x - 1, 2 * b.x - 1


def train_cycle(seed: int, place: Place) -> tuple[nn.Module, nn.Module]:
    """Return the translators there and back after the cycle game of a seed."""
    G, back, D, D_back = place.put(
        *common.seeded(
            seed,
            *[lambda: Translator(WIDTH_G, residual=True)] * 2,
            *[lambda: PatchDiscriminator(1, WIDTH_D)] * 2,
        )
    )
    adam = [
        torch.optim.Adam([*a.parameters(), *b.parameters()], RATE, BETAS, fused=True)
        for a, b in ((G, back), (D, D_back))
    ]
    game = CycleGame(G, D, *adam, back=back, D_back=D_back, weight=WEIGHT)
    rates = Linear(RATE, RATE * FALLS_TO, STEPS)

    def after(step: int, game: CycleGame) -> None:
        for optimizer in adam:
            optimizer.param_groups[0]["lr"] = rates(step)

    batches = data.batches(
        sets(seed), BATCH, torch.Generator().manual_seed(seed), place.device
    )  # both sets in one order: they are drawn apart, so that rows do not belong together
    place.fit(game, batches, STEPS, f"{seed}", loss=LEAST_SQUARES, callback=after, seed=seed)
    return G, back


def train_pairs(seed: int, place: Place) -> nn.Module:
    """Return the translator that is trained on pairs, by the absolute error alone."""
    (G,) = place.put(*common.seeded(seed, lambda: Translator(WIDTH_G, residual=True)))
    adam = torch.optim.Adam(G.parameters(), RATE, BETAS, fused=True)
    rates = Linear(RATE, RATE * FALLS_TO, STEPS)
    source = data.batches(pairs(seed), BATCH, torch.Generator().manual_seed(seed), place.device)
    for step in range(1, STEPS + 1):
        a, b = next(source)
        loss = (G(a) - b).abs().mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
        adam.param_groups[0]["lr"] = rates(step)
    return G


@torch.no_grad()
def messages(G: nn.Module, back: nn.Module, seed: int) -> dict[str, np.ndarray]:
    """Return the mean absolute error of the way there and back, in [-1, 1]: as it is, with noise of
    1/255 on what was translated, with the translation rounded to 256 levels.
    """
    device = next(G.parameters()).device
    a = sets(seed)[0][:500].to(device)
    b = G(a)
    noise = torch.randn(b.shape, generator=torch.Generator().manual_seed(seed)).to(device)
    rounded = data.to_float(data.to_uint8(b))
    ways = {"cycle": b, "noisy": b + 2 / 255 * noise, "rounded": rounded}
    return {name: (back(way) - a).abs().mean().cpu().numpy() for name, way in ways.items()}


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Train the cycle and its paired twin for each seed, write the record ``typefaces-cycle``, sum up.

    Arrays ``cycle/errors``, ``twin/errors``, ``cycle/right``, ``twin/right`` of shape (seeds, 62),
    ``identity/errors`` and so on of shape (62,), ``cycle/shown`` (62, 28, 28) of the first seed;
    ``held_out`` (62,); ``cycle/cycle``, ``cycle/noisy``, ``cycle/rounded`` (seeds,). With a
    checkpoint what is done is kept beside it.
    """
    place = place or Place()
    start = time.perf_counter()
    kept = Kept(place.checkpoint and place.checkpoint.with_suffix(".parts.npz"))
    rows: dict[str, list[dict[str, np.ndarray]]] = {"cycle": [], "twin": []}
    for seed in SEEDS:
        for k, kind in enumerate(rows):
            part = 10 * seed + k
            if part not in kept.rows:
                kept.put(part, **_one(kind, seed, place))
                log(f"{kind}, seed {seed}: mean error {kept.rows[part]['errors'].mean():.4f}")
            rows[kind].append(kept.rows[part])
    arrays = {"held_out": held_out()}
    for kind, found in rows.items():
        stacked = {what: np.stack([row[what] for row in found]) for what in found[0]}
        stacked["shown"] = stacked["shown"][0]
        arrays |= {f"{kind}/{what}": value for what, value in stacked.items()}
    for name, pictures in baselines().items():
        arrays |= {f"{name}/{what}": value for what, value in score(pictures).items()}
    info = records.provenance(
        MODULES,
        SEEDS[0],
        time.perf_counter() - start,
        seeds=list(SEEDS),
        faces=[SOURCE, TARGET],
        held_out=HELD_OUT,
        steps=STEPS,
        batch=BATCH,
        pictures=PICTURES,
        rate=RATE,
        rate_schedule="falls in a line to a tenth",
        betas=list(BETAS),
        weight=WEIGHT,
        loss="least_squares",
        patch=16,
        widths=[WIDTH_G, WIDTH_D],
        reach=REACH,
    )
    records.save("typefaces-cycle", arrays, info, folder)
    found = {k: arrays[f"{k}/errors"].mean() for k in ("identity", "cycle", "twin")}
    return "mean error after the best shift: " + ", ".join(f"{k} {v:.4f}" for k, v in found.items())


def _one(kind: str, seed: int, place: Place) -> dict[str, np.ndarray]:
    """Return what is kept of one run."""
    if kind == "cycle":
        G, back = train_cycle(seed, place)
        extra = messages(G, back, seed)
    else:
        G, extra = train_pairs(seed, place), {}
    pictures = translated(G)
    shown = data.to_uint8(2 * pictures - 1).numpy()
    return score(pictures) | extra | {"shown": shown}
