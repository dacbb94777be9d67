"""Pictures of tricks: what is drawn is what was given."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from ganbook.plots import tricks as plots


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def lines(ax):
    return {line.get_label(): line.get_xydata() for line in ax.lines}


def test_a_forest_has_a_dot_and_an_interval_for_each_name():
    effect, low, high = np.array([0.5, 2.0]), np.array([0.4, 1.5]), np.array([0.7, 3.0])
    ax = plots.forest(["a", "b"], effect, low, high, [True, False], ("in", "out"))
    assert lines(ax)["in"].tolist() == [[0.5, 0]] and lines(ax)["out"].tolist() == [[2.0, 1]]
    segments = ax.collections[0].get_segments()
    np.testing.assert_allclose([s[:, 0] for s in segments], [[0.4, 0.7], [1.5, 3.0]])
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b"]
    assert ax.get_xscale() == "log" and ax.yaxis_inverted()
    assert ax.figure.legends
    assert not plots.forest(["a"], effect[:1], low[:1], high[:1], [True]).figure.legends


def test_a_spectrum_has_its_bounds():
    ax = plots.spectrum({"one": np.array([1.2, 1.4]), "two": np.array([3.0])}, 3)
    xy = [line.get_xydata().tolist() for line in ax.lines]
    assert xy[:2] == [[[1.2, 0], [1.4, 0]], [[3.0, 1]]]
    assert [line[0][0] for line in xy[2:]] == [1, 3]


def test_lines_and_bands():
    x = np.arange(1, 4)
    ax = plots.lines(x, {"a": x**2}, ("step", "slope"), x_log=True)
    assert lines(ax)["a"].tolist() == [[1, 1], [2, 4], [3, 9]]
    assert ax.get_xscale() == "log" and ax.get_xlabel() == "step"
    runs = np.array([[1.0, 3.0], [2.0, 4.0], [0.0, 1.0]])
    ax = plots.bands(x, {"r": runs}, ("step", "score"))
    np.testing.assert_allclose(lines(ax)["r"][:, 1], [2, 3, 0.5])
    path = ax.collections[0].get_paths()[0].vertices
    assert path[:, 1].min() == 0 and path[:, 1].max() == 4


def test_tiles_and_runs_show_the_pictures():
    pictures = np.arange(6 * 4, dtype=np.uint8).reshape(6, 2, 2)
    figure = plots.tiles({"a": pictures, "b": pictures[::-1]}, columns=3)
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["a", "b"]
    shown = figure.axes[0].images[0].get_array()
    np.testing.assert_array_equal(shown, np.concatenate(list(pictures[:3]), axis=1))
    steps, curve = np.arange(5), np.linspace(0, 1, 5)
    figure = plots.runs(steps, {"A": {"real": curve, "generated": -curve}}, {"A": pictures})
    top, bottom = figure.axes
    np.testing.assert_allclose(lines(top)["generated"][:, 1], -curve)
    assert top.get_title(loc="left") == "A" and bottom.images[0].get_array().shape == (2, 12)
