"""The pictures of chapter 10 draw what they are given, name their axes, and change nothing."""

import matplotlib
import numpy as np
import pytest

matplotlib.use("agg")
from ganbook.plots import losses as plots

X = np.linspace(0.1, 4, 30)


@pytest.fixture(autouse=True)
def _close():
    yield
    matplotlib.pyplot.close("all")


@pytest.mark.parametrize("draw", [plots.risks, plots.pushes])
def test_curves_over_a_common_axis(draw):
    curves = {"a": X**2, "b": X - 1, "c": -X}
    ax = draw(X, curves).axes[0]
    for line, given in zip(ax.get_lines(), curves.values(), strict=False):
        np.testing.assert_array_equal(line.get_xdata(), X)
        np.testing.assert_array_equal(line.get_ydata(), given)
    assert [t.get_text() for t in ax.get_legend().get_texts()] == list(curves)
    assert ax.get_title() and ax.get_xlabel() and ax.get_ylabel()


def test_landscape_marks_the_real_points():
    ax = plots.landscape(X, {"one": X, "two": X**2}, np.array([1.0, 3.0])).axes[0]
    np.testing.assert_array_equal(ax.get_lines()[1].get_ydata(), X**2)
    np.testing.assert_array_equal(ax.get_lines()[2].get_xdata(), [1.0, 3.0])


def test_runs_has_a_dot_for_every_run():
    values = {
        "bare": {"a": np.array([1.0, 2.0]), "b": np.array([3.0, 4.0])},
        "with R1": {"a": np.array([5.0, 6.0]), "b": np.array([7.0, 8.0])},
    }
    ax = plots.runs(values, 0.5, "Title", "unit").axes[0]
    dots = [line.get_xdata() for line in ax.get_lines()[:4]]
    for drawn, given in zip(dots, [v for d in values.values() for v in d.values()], strict=True):
        np.testing.assert_array_equal(drawn, given)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b"]
    assert ax.get_lines()[4].get_xdata() == pytest.approx([0.5, 0.5])
    assert ax.get_xscale() == "log"


def test_search_curves_count_trials_from_one():
    ax = plots.search_curves({"a": X[:20], "b": 2 * X[:20]}, 0.3, "distance").axes[0]
    np.testing.assert_array_equal(ax.get_lines()[0].get_xdata(), np.arange(1, 21))
    np.testing.assert_array_equal(ax.get_lines()[1].get_ydata(), 2 * X[:20])
    assert ax.get_lines()[2].get_ydata() == pytest.approx([0.3, 0.3])
