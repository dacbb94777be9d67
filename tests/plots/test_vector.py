"""Figures as SVG: the same each time, light and dark, small."""

import json
import os
import re
import subprocess
import sys
from types import SimpleNamespace

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from nbclient import NotebookClient
from nbformat import v4

from ganbook.plots import style, vector
from support.paths import ROOT


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_a_kernel_with_the_oldest_matplotlib_is_asked_as_it_can_answer(monkeypatch):
    """`get_backend` takes no argument in 3.8; a kernel that draws elsewhere is left alone."""
    room = SimpleNamespace(get_ipython=lambda: SimpleNamespace())
    monkeypatch.setitem(sys.modules, "IPython", room)
    monkeypatch.setattr(matplotlib, "get_backend", lambda: "agg")
    assert vector.show_as_svg(lambda figure: "") is None


def drawn():
    """A line, a text, a legend and a filled area, each in a colour of its own."""
    ax = style.axes_or_new(None)
    x = np.linspace(0, 6, 200)
    ax.plot(x, np.sin(x), color=style.PALETTE["real"], label="sine")
    ax.fill_between(x, np.cos(x), color=style.PALETTE["generated"], alpha=0.3)
    return style.tidy(ax, "Waves", "$x_1$", "height", legend=True)


def scattered(count, **options):
    ax = style.axes_or_new(None)
    ax.scatter(*np.random.default_rng(0).normal(size=(2, count)), **options)
    return style.as_svg(ax.figure)


def dark_rules(document):
    """{(kind, light): dark} of a document's rules for dark pages."""
    rule = r'\[style\*="(fill|stroke): (#\w{6})"\]\{\1:(#\w{6})!important\}'
    return {(kind, old): new for kind, old, new in re.findall(rule, document)}


def luminance(colour):
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


DRAWS = """
import numpy as np
from ganbook.plots import style
ax = style.axes_or_new(None)
ax.plot(np.sin(np.arange(60) / 9), label="sine")
ax.scatter(*np.random.default_rng(0).normal(size=(2, 900)), s=3)
print(style.as_svg(style.tidy(ax, "Waves", "$x_1$", legend=True).figure))
"""


def test_a_figure_is_the_same_document_in_any_process():
    first, second = (
        subprocess.run(
            [sys.executable, "-c", DRAWS],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed, "MPLBACKEND": "agg"},
        ).stdout
        for seed in ("1", "2")
    )
    assert first == second
    assert "<svg" in first and not re.search(r"<dc:|matplotlib\.org|<text", first)


def test_every_colour_of_a_picture_has_one_for_dark_pages():
    document = style.as_svg(drawn().figure)
    rules = dark_rules(document)
    used = set(vector.COLOUR.findall(document.split("<defs>", 1)[1]))
    assert used == set(rules)
    assert rules["stroke", style.PALETTE["real"].lower()] == style.DARK["real"]
    assert rules["fill", style.PALETTE["generated"].lower()] == style.DARK["generated"]
    assert rules["fill", "#ffffff"] == style.PAPER.lower()
    assert rules["stroke", "#000000"] == style.INK
    assert f"svg{{fill:{style.INK}}}" in document
    assert document.count("prefers-color-scheme: dark") == 1


def test_colours_of_dark_pages_are_legible():
    assert set(style.DARK) == set(style.PALETTE)
    for colour in [*style.DARK.values(), style.INK]:
        assert contrast(colour, style.PAPER) > 4.5


def test_a_grey_moves_to_the_other_side_and_a_hue_without_a_partner_stays():
    ax = style.axes_or_new(None)
    ax.axhspan(0, 1, color="#e6e6e6")
    ax.axhspan(1, 2, color="#123456")
    rules = dark_rules(style.as_svg(ax.figure))
    assert contrast(rules["fill", "#e6e6e6"], style.PAPER) == pytest.approx(
        contrast("#e6e6e6", "#ffffff"), abs=0.15
    )
    assert ("fill", "#123456") not in rules


@pytest.mark.parametrize(("count", "images"), [(500, 0), (501, 1)])
def test_more_than_500_marks_are_rasterised(count, images):
    assert scattered(count, s=4).count("<image") == images


def test_lines_with_many_marks_and_colour_maps_are_rasterised():
    ax = style.axes_or_new(None)
    ax.plot(np.sin(np.arange(501)), ".")
    ax.contourf(np.arange(25).reshape(5, 5), cmap="Greys")
    ax.plot(np.sin(np.arange(501) / 50))
    lines = ax.lines
    assert style.as_svg(ax.figure).count("<image") == 2
    assert [line.get_rasterized() for line in lines] == [False, False]  # as they were


def test_small_images_are_stored_pixel_by_pixel():
    ax = style.axes_or_new(None)
    image = ax.imshow(np.arange(784).reshape(28, 28), interpolation="nearest", cmap="gray")
    document = style.as_svg(ax.figure)
    assert "pixelated" in document and len(document) < 20_000
    assert image.get_interpolation() == "nearest"


def test_no_picture_is_over_120_kb():
    ax = style.axes_or_new(None)
    for seed in range(12):  # each below the limit of marks, together far above that of bytes
        ax.scatter(*np.random.default_rng(seed).normal(size=(2, 480)), s=3)
    assert len(style.as_svg(ax.figure)) <= vector.LARGEST


def test_a_heavy_picture_keeps_its_ticks_as_vectors():
    """Rasterised ticks would stay black on a dark page."""
    ax = style.axes_or_new(None)
    for seed in range(12):
        ax.scatter(*np.random.default_rng(seed).normal(size=(2, 480)), s=3)
    document = style.as_svg(ax.figure)
    ticks = re.findall(r'<g id="[xy]tick_\d+">(.*?)</g>', document, flags=re.S)
    assert len(ticks) > 6 and not any("<image" in tick for tick in ticks)


def corners(document):
    """The longest path of a document as complex numbers, y up."""
    paths = re.findall(r' d="(M [^"CQz]*)"', document)
    numbers = max(paths, key=len).replace("M", "").replace("L", "").split()
    points = np.array(numbers, float).reshape(-1, 2) * [1, -1]
    return points @ [1, 1j]


def test_a_smooth_curve_loses_corners_and_keeps_its_shape():
    ax = style.axes_or_new(None)
    x = np.linspace(0, 6, 2000)
    with plt.rc_context({"path.simplify": False}):
        ax.plot(x, np.sin(x), color="red")
        found = corners(style.as_svg(ax.figure))
    assert 20 < len(found) < 400
    left, right = found[0].real, found[-1].real
    top, bottom = found.imag.max(), found.imag.min()
    at = 6 * (found.real - left) / (right - left)
    height = (found.imag - bottom) / (top - bottom) * 2 - 1
    assert abs(height - np.sin(at)).max() < 0.001


def test_a_curve_that_turns_sharply_keeps_its_corners():
    zigzag = "M 0 0 " + " ".join(f"L {k} {5 * (k % 2)}" for k in range(1, 60))
    assert vector._thinned(zigzag).count("L") == 59
    straight = "M 0 0 " + " ".join(f"L {k} {2 * k}" for k in range(1, 60)) + " z"
    assert vector._thinned(straight) == "M 0.0 0.0 L 59.0 118.0 z"


def test_its_size_is_that_of_a_picture_at_100_dots_per_inch():
    figure = plt.figure(figsize=(6, 3))
    figure.add_axes((0, 0, 1, 1)).set_axis_off()
    figure.patches.append(plt.Rectangle((0, 0), 1, 1, transform=figure.transFigure))
    width, height = re.search(r'width="(\d+)" height="(\d+)"', style.as_svg(figure)).groups()
    assert abs(int(width) - 600) <= 20 and abs(int(height) - 300) <= 20


def test_a_kernel_shows_svg_alone():
    source = (
        "import matplotlib.pyplot as plt\nfrom ganbook.plots import style\n"
        "style.axes_or_new(None).plot([0, 1])\nplt.show()"
    )
    notebook = v4.new_notebook(cells=[v4.new_code_cell(source), v4.new_code_cell(source)])
    NotebookClient(notebook, kernel_name="python3", timeout=120).execute()
    for cell in notebook.cells:
        (output,) = cell.outputs
        assert set(output.data) == {"image/svg+xml", "text/plain"}, json.dumps(output)[:300]
        assert "prefers-color-scheme: dark" in output.data["image/svg+xml"]


def test_ink_on_white_paper_is_turned_at_night_and_chalk_or_colours_are_not():
    """Letters in black on white would be a slab; digits in white on black, and maps, stay."""
    ink = np.zeros((20, 20))
    ink[8:12] = 1.0
    turned = {}
    for name in ("gray_r", "gray", "cividis"):
        figure = plt.figure()
        figure.subplots().imshow(ink, cmap=name)
        turned[name] = "image{filter:invert(.9)}" in style.as_svg(figure)
        plt.close(figure)
    assert turned == {"gray_r": True, "gray": False, "cividis": False}


def test_a_rasterised_line_of_dark_ink_is_seen_at_night():
    """Each such image is inverted by its own rule; lines of other colours keep theirs."""
    ax = style.axes_or_new(None)
    heights = np.random.default_rng(0).normal(size=(2, vector.MOST_VERTICES + 500))
    ax.plot(heights[0], color=style.PALETTE["theory"])
    ax.plot(heights[0, :9], color=style.PALETTE["muted"])  # else both would be one image
    ax.plot(heights[1], color=style.PALETTE["real"])
    document = style.as_svg(ax.figure)
    assert document.count("<image") == 2
    (name,) = re.findall(r"#([-\w]+)\{filter:invert", document)
    assert re.findall(r'<image [^>]*\bid="([^"]+)"', document)[0] == name
    assert "}image{" not in document
