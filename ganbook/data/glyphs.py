"""Letters and digits in the typefaces that matplotlib ships: pictures whose every factor is known.

The same outlines everywhere, so that no download is needed; drawn by matplotlib's own rasteriser,
whose grey is the share of a pixel that the outline covers."""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

__all__ = ["CHARACTERS", "FACES", "PARTIAL", "Glyphs", "render", "sample"]

CHARACTERS = string.ascii_uppercase + string.ascii_lowercase + string.digits
"""The 62 characters; a letter's label is its place here."""

FACES = {
    "sans": "DejaVuSans",
    "sans bold": "DejaVuSans-Bold",
    "sans oblique": "DejaVuSans-Oblique",
    "sans bold oblique": "DejaVuSans-BoldOblique",
    "mono": "DejaVuSansMono",
    "mono bold": "DejaVuSansMono-Bold",
    "mono oblique": "DejaVuSansMono-Oblique",
    "mono bold oblique": "DejaVuSansMono-BoldOblique",
    "serif": "DejaVuSerif",
    "serif bold": "DejaVuSerif-Bold",
    "serif italic": "DejaVuSerif-Italic",
    "serif bold italic": "DejaVuSerif-BoldItalic",
    "stix": "STIXGeneral",
    "stix bold": "STIXGeneralBol",
    "stix italic": "STIXGeneralItalic",
    "stix bold italic": "STIXGeneralBolIta",
    "cm roman": "cmr10",
    "cm bold": "cmb10",
    "cm italic": "cmti10",
    "cm sans": "cmss10",
    "cm typewriter": "cmtt10",
}
"""The faces that have all 62 characters, by name, with the file in matplotlib's fonts/ttf."""

PARTIAL = {"cm script": ("cmsy10", string.ascii_uppercase)}
"""Faces that have only some characters: the file, and which they have."""

EM, BASELINE = 5 / 7, 0.31  # at scale 1, in sizes of the picture: 20 and 8.7 of 28 pixels


@dataclass(frozen=True, eq=False, repr=False)
class Glyphs:
    """Pictures of characters and what each was made from.

    ``x`` is float32 (N, 1, H, W), 0 paper to 1 ink; ``letter`` int64 (N,) the place in
    ``CHARACTERS``; ``face`` int64 (N,) the place in the list of faces that was asked for; ``shift``
    float32 (N, 2), pixels to the right and down; ``scale`` float32 (N,). Players take 2 x - 1.
    """

    x: Tensor
    letter: Tensor
    face: Tensor
    shift: Tensor
    scale: Tensor

    def __len__(self) -> int:
        return len(self.x)

    def __repr__(self) -> str:
        return f"Glyphs(x: float32 {tuple(self.x.shape)}, letter, face, shift, scale)"


def render(
    face: str,
    characters: str = CHARACTERS,
    size: int = 28,
    shift: Tensor | Sequence[float] | float = 0.0,
    scale: Tensor | Sequence[float] | float = 1.0,
) -> Glyphs:
    """Draw characters of one face, one picture each, in the order in which they are given.

    A character's ink is centred from left to right, and all stand on one baseline. ``size`` is H
    and W in pixels. ``shift`` is (right, down) in pixels, one for all or (N, 2); ``scale``
    multiplies the height of the type about the centre of the picture, one for all or (N,).
    Fractions of a pixel are drawn as such; ink that leaves the picture is cut off. The glyphs'
    ``face`` is 0.

    Raises ``ValueError`` for an unknown face, a character that the face does not have, no
    characters, a size below 8, a scale that is not positive, and shapes that do not fit.
    """
    n = _check(face, characters, size)
    move = _factor("shift", shift, (n, 2))
    zoom = _factor("scale", scale, (n,))
    if not (zoom > 0).all():
        raise ValueError(f"scale is {scale!r}: expected positive numbers, 1 for the usual size")
    pictures = [
        _draw(face, c, size, *m, z)
        for c, m, z in zip(characters, move.tolist(), zoom.tolist(), strict=True)
    ]
    letter = torch.tensor([CHARACTERS.index(c) for c in characters])
    x = torch.from_numpy(np.stack(pictures)).unsqueeze(1)
    return Glyphs(x, letter, torch.zeros(n, dtype=torch.int64), move, zoom)


def sample(
    n: int,
    generator: torch.Generator,
    faces: Sequence[str] = tuple(FACES),
    characters: str = CHARACTERS,
    size: int = 28,
    shift: float = 2.0,
    scale: tuple[float, float] = (0.85, 1.1),
) -> Glyphs:
    """Draw n glyphs whose letter, face, shift and scale are independent and uniform.

    ``shift`` is the largest distance in pixels, along each axis and in both directions; ``scale``
    the interval of the scales. The glyphs' ``face`` is the place in ``faces``. ``generator`` lies
    on the CPU and is the only source of randomness. Raises ``ValueError`` for n < 1 and as
    `render` does.
    """
    if not isinstance(n, int) or isinstance(n, bool) or n < 1:
        raise ValueError(f"n is {n!r}; expected a whole number of pictures, at least 1")
    if not len(faces):
        raise ValueError("faces is empty: expected names from ganbook.data.glyphs.FACES")
    for face in faces:
        _check(face, characters, size)
    which = torch.randint(len(characters), (n,), generator=generator)
    face = torch.randint(len(faces), (n,), generator=generator)
    move = shift * (2 * torch.rand(n, 2, generator=generator) - 1)
    zoom = scale[0] + (scale[1] - scale[0]) * torch.rand(n, generator=generator)
    parts = [
        render(faces[f], characters[c], size, m, z.view(1))
        for f, c, m, z in zip(face.tolist(), which.tolist(), move, zoom, strict=True)
    ]
    x, letter = torch.cat([p.x for p in parts]), torch.cat([p.letter for p in parts])
    return Glyphs(x, letter, face, move, zoom)


def _check(face: str, characters: str, size: int) -> int:
    if face not in FACES and face not in PARTIAL:
        raise ValueError(f"face is {face!r}: expected one of {sorted([*FACES, *PARTIAL])}")
    has = CHARACTERS if face in FACES else PARTIAL[face][1]
    if not characters or set(characters) - set(has):
        raise ValueError(f"characters is {characters!r}: {face!r} has {has!r}")
    if not isinstance(size, int) or size < 8:
        raise ValueError(f"size is {size!r}: expected a whole number of pixels, at least 8")
    return len(characters)


def _factor(name: str, value: Tensor | Sequence[float] | float, shape: tuple[int, ...]) -> Tensor:
    given = torch.as_tensor(value, dtype=torch.float32)
    try:
        return given.expand(shape).clone()
    except RuntimeError:
        raise ValueError(
            f"{name} has shape {tuple(given.shape)}: expected {shape}, one row a character, or one "
            "value for all"
        ) from None


@lru_cache(maxsize=4096)
def _outline(face: str, character: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the vertices and codes of an outline of one em, its ink centred about x = 0."""
    from matplotlib import get_data_path
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    name = FACES[face] if face in FACES else PARTIAL[face][0]
    font = FontProperties(fname=f"{get_data_path()}/fonts/ttf/{name}.ttf")
    path = TextPath((0, 0), character, size=100, prop=font)
    left, right = _ends(path.vertices[:, 0], path.codes)
    return (np.asarray(path.vertices) - [(left + right) / 2, 0]) / 100, np.asarray(path.codes)


def _ends(x: np.ndarray, codes: np.ndarray) -> tuple[float, float]:
    """Return the least and the greatest x of an outline of lines and quadratic curves.

    As ``Path.get_extents``, a hundred times as fast: a curve turns where its derivative is 0."""
    from matplotlib.path import Path

    curved = np.flatnonzero(codes == Path.CURVE3)
    a, b, c = x[curved[::2] - 1], x[curved[::2]], x[curved[1::2]]
    bend = a - 2 * b + c
    t = np.clip((a - b) / np.where(bend == 0, 1, bend), 0, 1)
    turns = (1 - t) ** 2 * a + 2 * t * (1 - t) * b + t**2 * c
    on = np.setdiff1d(np.flatnonzero(codes != Path.CLOSEPOLY), curved[::2])
    every = np.concatenate([x[on], turns])
    return float(every.min()), float(every.max())


def _draw(face: str, character: str, size: int, right: float, down: float, scale: float):
    """Return one picture, float32 (size, size), row 0 at the top."""
    from matplotlib.backends.backend_agg import RendererAgg
    from matplotlib.path import Path
    from matplotlib.transforms import Affine2D

    vertices, codes = _outline(face, character)
    renderer = RendererAgg(size, size, 72)
    context = renderer.new_gc()
    context.set_linewidth(0)
    context.set_snap(False)
    place = (
        Affine2D()
        .scale(EM * size * scale)
        .translate(0, (BASELINE - 0.5) * size * scale)
        .translate(size / 2 + right, size / 2 - down)
    )
    renderer.draw_path(context, Path(vertices, codes), place, (0.0, 0.0, 0.0))
    return np.asarray(renderer.buffer_rgba())[:, :, 3].astype(np.float32) / 255
