"""Pictures on the page: SVG takes the colours of the page's theme, and paper is light."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import matplotlib.pyplot as plt
import nbformat
import pytest
from PIL import Image

from ganbook.plots import style
from support.books import opened, tiny_notebook
from support.pages import BROKEN_IMAGES, Visitor

ALT = "A straight line in the colour of real samples, from the lower left to the upper right."
PAGE = {"light": "#fffefa", "dark": "#16191c"}


@pytest.fixture(scope="module")
def page(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    """A page with one picture: a wide blue line."""
    ax = style.axes_or_new(None)
    ax.plot([0, 1], color=style.PALETTE["real"], lw=30)
    data = {"image/svg+xml": style.as_svg(ax.figure), "text/plain": "<Figure>"}
    plt.close(ax.figure)
    cell = nbformat.v4.new_code_cell(
        "plt.show()",
        execution_count=1,
        metadata={"mystnb": {"image": {"alt": ALT}}},
        outputs=[nbformat.v4.new_output("display_data", data)],
    )
    title = nbformat.v4.new_markdown_cell("# A page\n\nText with enough words for a description.")
    with opened(browser, tiny_notebook(tmp_path_factory.mktemp("svg"), [title, cell])) as visitor:
        yield visitor


def colours(tab: Any) -> set[str]:
    """The colours that fill a good part of the picture as it is seen."""
    seen = Image.open(io.BytesIO(tab.locator(".cell_output img").screenshot())).convert("RGB")
    found = seen.getcolors(seen.width * seen.height)
    return {"#%02x%02x%02x" % colour for n, colour in found if n > 0.02 * seen.width * seen.height}  # noqa: UP031


def near(one: str, other: str) -> bool:
    return all(abs(int(one[i : i + 2], 16) - int(other[i : i + 2], 16)) <= 6 for i in (1, 3, 5))


@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "palette"), [("light", style.PALETTE), ("dark", style.DARK)])
@pytest.mark.parametrize("system", ["light", "dark"])
def test_a_picture_has_the_colours_of_the_page(
    page: Visitor, scheme: str, palette: dict[str, str], system: str
) -> None:
    """Of the page, which the reader chose, whatever the system prefers."""
    tab = page.open("notebooks/index")
    tab.emulate_media(color_scheme=system)
    tab.evaluate("mode => localStorage.setItem('mode', mode)", scheme)
    page.open("notebooks/index")
    seen = colours(tab)
    assert any(near(one, PAGE[scheme]) for one in seen), seen
    assert any(near(one, palette["real"].lower()) for one in seen), seen
    assert len(seen) == 2
    tab.emulate_media(color_scheme=None)


@pytest.mark.browser
def test_a_picture_has_its_words_and_loads(page: Visitor) -> None:
    tab = page.open("notebooks/index")
    image = tab.locator(".cell_output img")
    assert image.get_attribute("alt") == ALT
    assert image.get_attribute("src").endswith(".svg")
    assert tab.evaluate(BROKEN_IMAGES) == [] and not page.troubles


@pytest.mark.browser
def test_on_paper_a_picture_is_light(page: Visitor) -> None:
    tab = page.open("notebooks/index")
    tab.evaluate("document.documentElement.dataset.theme = 'dark'")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    tab.emulate_media(media="print", color_scheme="dark")
    tab.wait_for_timeout(300)
    assert any(near(one, style.PALETTE["real"].lower()) for one in colours(tab))
    tab.emulate_media(media="screen", color_scheme=None)
