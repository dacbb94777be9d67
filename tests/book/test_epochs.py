"""The front page's slider: the sheets of the record, by keyboard, and the last one without scripts."""

from __future__ import annotations

import json
from typing import Any

import make_epochs
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from ganbook import records
from support.pages import Visitor
from support.paths import ROOT

PICTURES = ROOT / "book_ext" / "pictures"


def test_the_sheets_are_those_of_the_record() -> None:
    """Sample 9 of the third look stands in the third sheet, second row, second place."""
    record = records.load("mnist-mlp")
    with Image.open(PICTURES / "epochs.png") as picture:
        pixels = np.asarray(picture)
    np.testing.assert_array_equal(pixels, make_epochs.sheets(record["grid"]))
    top = 2 * 4 * 28 + 28
    np.testing.assert_array_equal(pixels[top : top + 28, 28:56], record["grid"][2, 9, 0])
    looks = json.loads((PICTURES / "epochs.json").read_text(encoding="utf-8"))
    assert looks == record["epochs"].tolist()


@pytest.mark.browser
def test_the_slider_shows_the_sheet_of_its_epoch(served: Visitor) -> None:
    """Each look by the arrow keys: the sheet in the window is the one that the words name."""
    tab = served.open("notebooks/index")
    figure = tab.locator("figure.epochs")
    slider = figure.get_by_role("slider", name="Epoch")
    looks = json.loads((PICTURES / "epochs.json").read_text(encoding="utf-8"))
    slider.focus()
    tab.keyboard.press("Home")
    for look, epoch in enumerate(looks):
        expect(figure.locator("output")).to_have_text(str(epoch))
        assert slider.get_attribute("aria-valuetext") == f"epoch {epoch}"
        hidden = figure.evaluate(
            """figure => { const [outer, inner] = ["div.epochs-window", "img"]
              .map(name => figure.querySelector(name).getBoundingClientRect());
              return [(outer.top - inner.top) / inner.height, outer.height / inner.height]; }"""
        )
        assert hidden == pytest.approx([look / len(looks), 1 / len(looks)], abs=0.004)
        tab.keyboard.press("ArrowRight")


@pytest.mark.browser
def test_without_scripts_the_last_sheet_shows(browser: Any, address: str) -> None:
    """And nothing to move."""
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"{address}/notebooks/index.html")
    assert not tab.locator("#epochs-slider").is_visible()
    window, picture = (
        tab.locator(f"figure.epochs {name}").bounding_box() for name in (".epochs-window", "img")
    )
    assert picture["y"] + picture["height"] == pytest.approx(
        window["y"] + window["height"], abs=1.5
    )
    context.close()
