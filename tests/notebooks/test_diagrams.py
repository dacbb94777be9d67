"""The diagrams are what the script draws, small, legible on a phone, and shown with their words."""

import re
from xml.etree import ElementTree

import diagrams
import matplotlib.pyplot as plt
import nbformat
import pytest
from matplotlib.text import Text

import notebooks as tool
from ganbook.plots import vector

SHOWN = re.compile(r"!\[([^\]]*)\]\((?:\./)?diagrams/([\w-]+)\.svg\)")
PHONE = 350  # pixels that a picture may take on a page of 390


@pytest.mark.parametrize("name", diagrams.DIAGRAMS)
def test_a_diagram_is_what_the_script_draws(name):
    stored = (diagrams.FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    assert stored == diagrams.drawn(name), "`python scripts/diagrams.py` draws it anew"
    assert len(stored) <= vector.LARGEST
    assert "prefers-color-scheme: dark" in stored and "<text" not in stored
    ElementTree.fromstring(stored)


def test_no_file_is_left_of_a_diagram_that_is_no_more():
    assert {path.stem for path in diagrams.FOLDER.glob("*.svg")} == set(diagrams.DIAGRAMS)


@pytest.mark.parametrize("name", diagrams.DIAGRAMS)
def test_letters_are_eight_pixels_high_on_a_phone(name):
    with plt.rc_context():
        figure = diagrams.DIAGRAMS[name]().figure
    figure.canvas.draw()
    width = figure.get_size_inches()[0] * 100 * 1.02
    sizes = [t.get_fontsize() for t in figure.findobj(Text) if t.get_text() and t.get_visible()]
    plt.close(figure)
    assert min(sizes) * 100 / 72 * PHONE / width >= 8


@pytest.mark.parametrize("name", diagrams.DIAGRAMS)
def test_no_words_of_a_diagram_overlap_or_leave_the_sheet(name):
    figure = diagrams.DIAGRAMS[name]().figure
    figure.canvas.draw()
    texts = [t for ax in figure.axes for t in ax.texts if t.get_text()]
    boxes = [t.get_window_extent() for t in texts]
    plt.close(figure)
    for k, one in enumerate(boxes):
        assert figure.bbox.x0 - 1 <= one.x0 and one.x1 <= figure.bbox.x1 + 1, texts[k]
        for j in range(k):
            other = boxes[j]
            inside = one.width < other.width / 3 or other.width < one.width / 3
            assert inside or not one.shrunk(0.9, 0.8).overlaps(other.shrunk(0.9, 0.8)), (
                texts[k], texts[j])  # fmt: skip


def test_a_diagram_is_shown_with_its_words():
    assert set(diagrams.WORDS) == set(diagrams.DIAGRAMS)
    for alt, caption in diagrams.WORDS.values():
        assert len(alt) > 80 and not set("[]$`\n") & set(alt)
        assert caption.endswith(".") and "*" not in caption
    for path in tool.chapters():
        for cell in nbformat.read(path, as_version=4).cells:
            for alt, name in SHOWN.findall(cell.source if cell.cell_type == "markdown" else ""):
                assert alt == diagrams.WORDS[name][0], f"{path.name}: {name}"
