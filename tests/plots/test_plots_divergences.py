"""The pictures of chapter 5 draw what they are given, name their axes, and change nothing."""

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

matplotlib.use("agg")
from ganbook.plots import divergences as plots

X = np.linspace(0.1, 4, 30)


@pytest.fixture(autouse=True)
def _close():
    yield
    matplotlib.pyplot.close("all")


def lines_of(ax) -> list[np.ndarray]:
    return [line.get_ydata() for line in ax.get_lines()]


def labelled(figure: Figure) -> None:
    for ax in figure.axes:
        assert ax.get_title()
    assert any(ax.get_xlabel() for ax in figure.axes) and any(ax.get_ylabel() for ax in figure.axes)


def test_fits_draws_every_fit_in_its_panel():
    panels = {"one": [X], "two": [X, X**2], "three": [X], "four": [X, -X]}
    figure = plots.fits(X, np.sin(X), panels)
    labelled(figure)
    for ax, (title, curves) in zip(figure.axes, panels.items(), strict=True):
        assert ax.get_title() == title
        for drawn, given in zip(lines_of(ax), curves, strict=True):
            np.testing.assert_array_equal(drawn, given)
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert words == ["data p", "fit 1", "fit 2"]
    with pytest.raises(ValueError, match="zip"):
        plots.fits(X, X, {"one": [X]})


@pytest.mark.parametrize("draw", [plots.separation, plots.mistakes])
def test_two_panels_of_curves(draw):
    left, right = {"a": X, "b": X**2}, {"c": X**3}
    figure = draw(X, left, right)
    labelled(figure)
    for ax, curves in zip(figure.axes, (left, right), strict=True):
        for drawn, given in zip(lines_of(ax), curves.values(), strict=True):
            np.testing.assert_array_equal(drawn, given)
        assert [t.get_text() for t in ax.get_legend().get_texts()] == list(curves)


def test_atom_gradients_draws_bars_of_the_given_heights():
    given = {"fixed": np.array([0.1, -0.2, 0.1]), "moving": np.array([0.3, -0.1, -0.2])}
    figure = plots.atom_gradients(given)
    labelled_bars = [bars for bars in figure.axes[0].containers]
    for bars, heights in zip(labelled_bars, given.values(), strict=True):
        np.testing.assert_allclose([bar.get_height() for bar in bars], heights)
    assert [t.get_text() for t in figure.axes[0].get_xticklabels()] == [
        "atom 1",
        "atom 2",
        "atom 3",
    ]


def test_plug_in_curve_is_drawn_on_logarithmic_axes():
    n = np.array([10, 100, 1000])
    figure = plots.plug_in_curve(n, 1 / n, 0.1 / n, 2 / n)
    ax = figure.axes[0]
    labelled(figure)
    assert ax.get_xscale() == ax.get_yscale() == "log"
    assert any(np.array_equal(y, 2 / n) for y in lines_of(ax))
