"""The picture of a loss with notches draws what it is given."""

import matplotlib
import numpy as np

matplotlib.use("agg")
from ganbook.plots import symptoms as plots


def test_notches_marks_the_right_values_at_the_last_steps():
    loss = np.array([1.4, 1.3, 0.9, 1.3, 1.2, 0.9])
    right = np.array([1.4, 1.3, 1.2, 1.3, 1.2, 1.2])
    ax = plots.notches(loss, right, np.array([2, 5])).axes[0]
    curve, rings = ax.get_lines()
    np.testing.assert_array_equal(curve.get_ydata(), loss)
    np.testing.assert_array_equal(rings.get_xdata(), [2, 5])
    np.testing.assert_array_equal(rings.get_ydata(), [1.2, 1.2])
    assert ax.get_ylim() == (0, 1.25 * 1.4)
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["as logged", "right value"]
    assert ax.get_title() and ax.get_xlabel() and ax.get_ylabel()
    matplotlib.pyplot.close("all")
