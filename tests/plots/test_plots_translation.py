"""Pictures of translation: what stands where."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from ganbook.plots import translation as plots


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_rows_keep_their_order_and_share_one_scale():
    pictures = {"source": np.zeros((3, 4, 4)), "target": np.full((3, 4, 4), 200)}
    figure = plots.rows(pictures)
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles == ["source", "target"]
    images = [ax.images[0] for ax in figure.axes]
    assert all(image.get_clim() == (0, 200) for image in images)
    assert images[1].get_array().shape == (6, 18)
    assert plots.rows(pictures, ink_on_paper=True).axes[0].images[0].get_cmap().name == "gray_r"


def test_the_trade_draws_a_curve_and_its_dots():
    curve = (np.array([0, 1.0]), np.array([1.0, 0.5]))
    ax = plots.trade({"pictures": curve, "pairs": curve}, {"pairs": ([0.2, 0.4], [0.9, 0.8])})
    assert ax.lines[0].get_label() == "pictures"
    np.testing.assert_array_equal(ax.lines[2].get_xdata(), [0.2, 0.4])
    assert len(ax.lines) == 3


def test_settled_puts_each_weight_at_its_place():
    ax = plots.settled([0, 0.5, 5], {"a": [3, 2, 1]}, {"a": [[3, 4], [2, 2], [1, 1]]})
    np.testing.assert_array_equal(ax.lines[1].get_xdata(), [0, 0, 1, 1, 2, 2])
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), [3, 4, 2, 2, 1, 1])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "0.5", "5"]


def test_errors_draws_a_row_a_name():
    ax = plots.errors(["x", "y"], {"game": [[1, 2], [3, 4]], "twin": [[5, 6], [7, 8]]}, "error")
    assert [label.get_text() for label in ax.get_yticklabels()] == ["x", "y"]
    np.testing.assert_array_equal(ax.lines[1].get_xdata(), [5, 6, 7, 8])
    assert (np.round(ax.lines[1].get_ydata()) == [0, 0, 1, 1]).all()
