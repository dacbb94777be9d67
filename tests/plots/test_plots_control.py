"""Pictures of control: what is drawn is what was given."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from ganbook.plots import control as plots


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def curves(ax):
    return [line.get_xydata() for line in ax.lines]


def test_classes_are_drawn_solid_and_dashed():
    x = np.linspace(0, 1, 5)
    ax = plots.classes(x, [x, 2 * x], [3 * x])
    for line, slope in zip(ax.lines, (1, 2, 3), strict=True):
        np.testing.assert_allclose(line.get_ydata(), slope * x)
    assert [line.get_linestyle() for line in ax.lines] == ["-", "-", "--"]
    assert ax.lines[0].get_color() != ax.lines[2].get_color()


def test_equilibria_have_a_panel_a_loss():
    weight, at = np.arange(3.0), np.array([1.0, 2.0])
    lines = {"A": {"real": weight, "both": 2 * weight}, "B": {"real": 3 * weight, "both": weight}}
    dots = {k: {n: np.array([[1, 2], [3, 4.0]]) for n in v} for k, v in lines.items()}
    figure = plots.equilibria(weight, lines, at, dots, real=0.5)
    assert [ax.get_title() for ax in figure.axes] == ["A", "B"]
    for ax, name in zip(figure.axes, lines, strict=True):
        drawn = curves(ax)
        assert drawn[0][0, 1] == 0.5
        np.testing.assert_array_equal(drawn[1][:, 1], lines[name]["real"])
        np.testing.assert_array_equal(drawn[2], [[1, 1], [2, 3]])
        np.testing.assert_array_equal(drawn[3], [[1, 2], [2, 4]])


def test_by_class_shows_every_run_over_the_floor():
    runs = np.array([[5.0, 6.0, 7.0], [8.0, 9.0, 10.0]])
    ax = plots.by_class("abc", [1.0, 2.0, 3.0], {"one": runs})
    assert ax.get_yscale() == "log"
    bars = ax.collections[0].get_segments()
    assert [bar[0, 1] for bar in bars] == [1, 2, 3]
    assert sorted(ax.lines[0].get_ydata()) == sorted(runs.ravel())
    assert [t.get_text() for t in ax.get_xticklabels()] == ["a", "b", "c"]


def test_arms_exchange_information_and_directions():
    runs = np.array([[0.1, 0.3], [0.5, 0.9]])
    ax = plots.arms(["a", "b"], runs, "accuracy")
    np.testing.assert_allclose(ax.lines[-1].get_xdata(), [0.2, 0.7])
    assert ax.get_ylim()[0] > ax.get_ylim()[1]
    ax = plots.exchange({"a": ([1, 2], [3, 4])})
    np.testing.assert_array_equal(curves(ax)[0], [[1, 3], [2, 4]])
    x = np.arange(3.0)
    ax = plots.information(x, {"bound": x**2}, 0.7, "a")
    assert curves(ax)[0][0, 1] == 0.7
    np.testing.assert_array_equal(curves(ax)[1][:, 1], x**2)
    ax = plots.directions(x, {"ink": -x}, "change")
    np.testing.assert_array_equal(curves(ax)[1], np.stack([x, -x], 1))
    assert ax.get_ylabel() == "change"
