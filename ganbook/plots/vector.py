"""A figure as one SVG: the same bytes each time, with colours for a dark page inside the file."""

from __future__ import annotations

import base64
import io
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.collections import Collection
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from PIL import Image

__all__ = ["LARGEST", "MOST_POINTS", "show_as_svg", "svg"]

LARGEST = 120_000  # bytes
MOST_POINTS = 500  # marks that stay vectors
MOST_VERTICES = 2500  # of lines and filled outlines, which cost a third of a mark
PIXELS_PER_INCH = 100
CLOSE = 0.03  # points, that is 0.04 pixels
FINENESS = (200, 150, 100)  # dots per inch of what is rasterised; the first that is small enough
INLINE = ("inline", "module://matplotlib_inline.backend_inline")
COLOUR = re.compile(r"(fill|stroke): (#[0-9a-f]{6})")
EMBEDDED = re.compile(r'(data:image/png;base64,)([^"]+)')
DRAWN = re.compile(r'<image (?=[^>]*\bid="([^"]+)")[^>]*"data:image/png;base64,([^"]+)"')
CORNERS = re.compile(r' d="(M [-\d. ]+?\n?(?:L [-\d. ]+?\n?){40,}z?\s*)"')
COORDINATES = re.compile(r' (d|x|y|points)="([^"]*)"')


def svg(figure: Figure, dark: Mapping[str, str], ink: str, paper: str) -> str:
    """Return the figure as an SVG document of at most ``LARGEST`` bytes, if that can be had.

    ``dark`` maps colours (#rrggbb) to those of a dark page, where black becomes ``ink``, filled
    white ``paper``, and any other grey the grey as far from ``paper`` as it was from white; other
    colours stay. Scatters of more than ``MOST_POINTS`` marks and what a colour map paints are
    rasterised, so those keep their colours; text is drawn as paths. No date, no version, and ids
    that depend on the content alone."""
    for dots in FINENESS:
        document = _switched(_written(figure, dots, _is_large), dark, ink, paper)
        if len(document) <= LARGEST:
            return document
    found = [document]
    for most in (100, 0):
        smaller = _written(figure, dots, lambda artist, most=most: _size(artist) > most)
        smaller = EMBEDDED.sub(lambda m: m[1] + _fewer_colours(m[2]), smaller)
        found.append(_switched(smaller, dark, ink, paper))
        if len(found[-1]) <= LARGEST:
            break
    return min(found, key=len)


def show_as_svg(draw: Callable[[Figure], str]) -> None:
    """Let an IPython kernel with the inline backend show figures as ``draw`` writes them; elsewhere
    do nothing.
    """
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    # `get_backend` would choose a backend where none is chosen yet, unless told not to, from 3.10 on.
    if shell is None or matplotlib.rcParams._get("backend") not in INLINE:
        return
    # The backend registers its own PNG writer when it is first imported: that has to come first.
    import matplotlib_inline.backend_inline  # noqa: F401
    from IPython.core.pylabtools import select_figure_formats

    select_figure_formats(shell, set())
    shell.display_formatter.formatters["image/svg+xml"].for_type(Figure, draw)


def _written(figure: Figure, dots: int, raster: Callable[[Artist], bool]) -> str:
    """What Matplotlib writes, without metadata, in pixels and with coordinates to 0.01."""
    stream = io.StringIO()
    with (
        matplotlib.rc_context({"svg.hashsalt": "ganbook", "svg.fonttype": "path"}),
        _prepared(figure, raster),
    ):
        figure.savefig(stream, format="svg", dpi=dots, bbox_inches="tight", metadata={"Date": None})
    text = stream.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.S)
    text = re.sub(
        r' (width|height)="([\d.]+)pt"',
        lambda m: f' {m[1]}="{float(m[2]) * PIXELS_PER_INCH / 72:.0f}"',
        text,
        count=2,
    )
    text = CORNERS.sub(lambda m: f' d="{_thinned(m[1])}"', text)
    text = COORDINATES.sub(lambda m: f' {m[1]}="{_rounded(m[2])}"', text)
    return re.sub(r"\n\s*", "\n", text)


@contextmanager
def _prepared(figure: Figure, raster: Callable[[Artist], bool]) -> Iterator[None]:
    """Set what is rasterised, and let the browser enlarge small images, pixel by pixel."""
    before = []
    for artist in figure.findobj():
        if isinstance(artist, AxesImage) and artist.get_interpolation() in ("nearest", "auto"):
            before.append((artist.set_interpolation, artist.get_interpolation()))
            artist.set_interpolation("none")
        elif raster(artist):
            before.append((artist.set_rasterized, artist.get_rasterized()))
            artist.set_rasterized(True)
    try:
        yield
    finally:
        for put_back, value in before:
            put_back(value)


def _is_large(artist: Artist) -> bool:
    if isinstance(artist, ContourSet):
        return bool(artist.filled)
    if isinstance(artist, Collection) and artist.get_array() is not None:
        return True  # painted by a colour map, whose order is its meaning
    most = MOST_POINTS if _is_marked(artist) else MOST_VERTICES
    return _size(artist) > most


def _is_marked(artist: Artist) -> bool:
    if isinstance(artist, Line2D):
        return artist.get_marker() not in ("None", None, "", " ")
    return isinstance(artist, Collection) and len(artist.get_offsets()) > 1


def _size(artist: Artist) -> int:
    """The marks or corners of what is drawn from data; 0 for frames, ticks and words."""
    if isinstance(artist, Collection):
        return max(len(artist.get_offsets()), sum(len(p.vertices) for p in artist.get_paths()))
    drawn = isinstance(artist, Line2D) and artist.axes and artist in artist.axes.lines
    return len(artist.get_xdata()) if drawn else 0


def _fewer_colours(png: str) -> str:
    stream = io.BytesIO()
    with Image.open(io.BytesIO(base64.b64decode(png))) as image:
        image.quantize(64, method=Image.Quantize.FASTOCTREE).save(stream, "png", optimize=True)
    return base64.b64encode(stream.getvalue()).decode()


def _thinned(d: str) -> str:
    """Leave out corners of one long line that lie within ``CLOSE`` of what stays: Douglas and
    Peucker (1973).
    """
    points = [complex(*map(float, part.split())) for part in re.findall(r"[ML] ([-\d. ]+)", d)]
    kept, todo = {0, len(points) - 1}, [(0, len(points) - 1)]
    while todo:
        first, last = todo.pop()
        way = points[last] - points[first]
        away = [
            abs(((p - points[first]).conjugate() * way).imag) / abs(way) if way
            else abs(p - points[first])
            for p in points[first + 1 : last]
        ]  # fmt: skip
        if away and max(away) > CLOSE:
            middle = first + 1 + away.index(max(away))
            kept.add(middle)
            todo += [(first, middle), (middle, last)]
    corners = " L ".join(f"{points[k].real} {points[k].imag}" for k in sorted(kept))
    return f"M {corners}{' z' if d.rstrip().endswith('z') else ''}"


def _rounded(text: str) -> str:
    short = re.sub(r"-?\d+\.\d+", lambda m: f"{float(m[0]):.2f}".rstrip("0").rstrip("."), text)
    return " ".join(short.replace("-0 ", "0 ").split())


def _switched(text: str, dark: Mapping[str, str], ink: str, paper: str) -> str:
    """Add the rules for a dark page: one for each colour that occurs."""
    known = {old.lower(): new for old, new in dark.items()} | {"#000000": ink}
    rules = [f"svg{{fill:{ink}}}"]  # what Matplotlib leaves without a colour is black
    for kind, colour in sorted(set(COLOUR.findall(text))):
        new = known.get(colour) or _grey(kind, colour, ink, paper)
        if new:
            rules.append(f'[style*="{kind}: {colour}"]{{{kind}:{new}!important}}')
    if any(_is_ink_on_paper(png) for _, png in EMBEDDED.findall(text)):
        rules.append("image{filter:invert(.9)}")  # white paper would be a slab at night
    else:
        names = [name for name, png in DRAWN.findall(text) if _is_ink_alone(png)]
        rules += [f"#{name}{{filter:invert(.9)}}" for name in names]
    style = f"<style>@media (prefers-color-scheme: dark){{{''.join(rules)}}}</style>\n"
    return text.replace("<defs>", f"{style}<defs>", 1)


def _is_ink_on_paper(png: str) -> bool:
    """Whether an image is grey, and most of it white."""
    with Image.open(io.BytesIO(base64.b64decode(png))) as image:
        pixels = np.asarray(image.convert("RGBA")).reshape(-1, 4).astype(int)
    colours = pixels[pixels[:, 3] > 127, :3]
    return len(colours) > 0 and np.ptp(colours, axis=1).max() <= 16 and np.median(colours) > 200


def _is_ink_alone(png: str) -> bool:
    """Whether all that an image shows, on a transparent ground, is dark and grey."""
    with Image.open(io.BytesIO(base64.b64decode(png))) as image:
        pixels = np.asarray(image.convert("RGBA")).reshape(-1, 4).astype(int)
    colours = pixels[pixels[:, 3] > 127, :3]
    if not 0 < len(colours) < len(pixels):
        return False
    return np.ptp(colours, axis=1).max() <= 16 and colours.max() < 100


def _grey(kind: str, colour: str, ink: str, paper: str) -> str | None:
    levels = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    if max(levels) - min(levels) > 8:
        return None
    if colour == "#ffffff" and kind == "stroke":
        return None  # the rim of a mark, which may lie on an image
    ends = [[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in (ink, paper)]
    mixed = (round(a + (b - a) * v / 255) for a, b, v in zip(*ends, levels, strict=True))
    return "#" + "".join(f"{value:02x}" for value in mixed)
