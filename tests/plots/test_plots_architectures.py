"""Pictures of architectures: what is drawn is what was given."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from ganbook.plots import architectures as plots


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_constants_has_a_panel_a_layer():
    figure = plots.constants({"a": np.array([1.0, -1, 1]), "b": np.zeros(4)})
    first, second = figure.axes
    np.testing.assert_array_equal(first.lines[1].get_ydata(), [1, -1, 1])
    assert len(second.lines[1].get_xdata()) == 4
    assert [ax.get_title() for ax in figure.axes] == ["a", "b"]


def test_lines_on_logarithmic_scales():
    f = np.arange(3) / 10
    ax = plots.spectrum(f, {"real": f + 1, "other": f + 2})
    np.testing.assert_array_equal(ax.lines[1].get_xydata(), np.column_stack([f, f + 2]))
    assert ax.get_yscale() == "log" and ax.lines[0].get_color() == plots.PALETTE["real"]
    ax = plots.depth(np.arange(3), {"plain": np.array([1, 0.1, 0.01])})
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [1, 0.1, 0.01])
    assert ax.get_yscale() == "log"


def test_field_boxes_what_is_seen():
    values = np.zeros((9, 9))
    values[2:5, 3:6] = 1
    box = plots.field(values, 3).patches[0]
    assert box.get_xy() == (2.5, 1.5) and (box.get_width(), box.get_height()) == (3, 3)


def test_clock_has_a_mean_and_a_dot_a_run():
    runs = np.array([[4.0, 2.0], [6.0, 1.0], [5.0, 3.0]])
    ax = plots.clock(np.array([1.0, 2.0]), {"a": runs, "b": runs + 1}, {"a": 1.0, "b": 3.0})
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [5, 2])
    dots = [c.get_offsets() for c in ax.collections]
    np.testing.assert_allclose(dots[1][:, 1], (runs + 1).ravel())
    sizes = [c.get_sizes()[0] for c in ax.collections]
    assert sizes[0] < sizes[1]
    np.testing.assert_allclose(dots[0][::2, 0] / dots[1][::2, 0], 1 / 1.035)


def test_a_long_run_has_a_line_a_seed_and_its_levels():
    seconds, runs = np.array([[1.0, 2], [1, 3]]), np.array([[800.0, 10], [700, 9]])
    ax = plots.long_run(seconds, runs, {"floor": 1.2, "goal": 2.4})
    for k in range(2):
        np.testing.assert_array_equal(
            ax.lines[k].get_xydata(), np.column_stack([seconds[k], runs[k]])
        )
    assert [line.get_label() for line in ax.lines] == ["seed 0", "seed 1", "floor", "goal"]
    assert [set(line.get_ydata()) for line in ax.lines[2:]] == [{1.2}, {2.4}]
    assert ax.get_yscale() == "log"
