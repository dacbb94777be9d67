"""Pictures of metrics: what is drawn is what was given."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from ganbook.plots import metrics as plots


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def lines(ax):
    return {line.get_label(): line.get_xydata() for line in ax.lines}


def test_floors_draw_each_draw_and_the_prediction():
    n, values = (100, 1000), np.array([[2.0, 3.0], [0.2, 0.3]])
    ax = plots.floors(n, {"a": values}, {"a": [2.5, 0.25]})
    np.testing.assert_allclose(lines(ax)["a, 2c/N"], [[100, 2.5], [1000, 0.25]])
    dots = [line.get_ydata() for line in ax.lines if line.get_marker() == "o"][:2]
    np.testing.assert_allclose(np.transpose(dots), values)
    assert ax.get_xscale() == ax.get_yscale() == "log"
    assert [t.get_text() for t in ax.get_xticklabels()] == ["100", "1,000"]


def test_extrapolation_ends_in_its_intercept():
    inverse = np.array([1 / 500, 1 / 2000])
    ax = plots.extrapolation(inverse, {"a": [[9.0, 8.0], [4.0, 5.0]]}, {"a": (2000.0, 3.0)})
    np.testing.assert_allclose(lines(ax)["a"], [[0, 3], [1 / 500, 7]])
    diamond = [line.get_xydata() for line in ax.lines if line.get_marker() == "D"]
    np.testing.assert_allclose(diamond, [[[0, 3]]])
    assert [t.get_text() for t in ax.get_xticklabels()] == ["0", "1/2,000", "1/500"]


def test_seen_puts_each_verdict_in_its_place():
    verdicts = np.array([[0, -1, 1], [-1, 0, 0]])
    ax = plots.seen(["x", "y"], ["a", "b", "c"], verdicts)
    found = {c.get_label(): c.get_offsets().tolist() for c in ax.collections}
    assert sorted(found["worse than real"]) == [[0, 1], [1, 0]]
    assert found["better than real"] == [[2, 0]]
    assert len(found["not told apart"]) == 3
    assert [t.get_text() for t in ax.get_yticklabels()] == ["x", "y"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1], "the first row stands at the top"


def test_clouds_keep_who_is_who_and_equal_scales():
    real, fake = np.eye(2), np.zeros((600, 2))
    ax = plots.clouds(real, fake)
    np.testing.assert_array_equal(lines(ax)["real"], real)
    assert ax.get_aspect() == 1
    many = {line.get_label(): bool(line.get_rasterized()) for line in ax.lines}
    assert many == {"real": False, "generated": True}
    assert lines(ax)["generated"].shape == (600, 2)


def test_intervals_reach_from_end_to_end():
    ax = plots.intervals(["a", "b"], [10.0, 20.0], [[8, 13], [19, 22]], {"floor": 5.0})
    bars = [s.tolist() for s in ax.collections[0].get_segments()]
    np.testing.assert_allclose(bars, [[[8, 0], [13, 0]], [[19, 1], [22, 1]]])
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b"]
    assert [t.get_text() for t in ax.texts] == ["floor"]


def test_scores_and_distance_draw_each_seed_and_the_mean():
    rows = np.array([[1.0, 2.0], [3.0, 6.0]])
    fig = plots.scores_and_distance([10, 20], {"training": rows}, {"test": 2 * rows})
    upper, lower = fig.axes
    np.testing.assert_allclose(lines(upper)["training"], [[10, 2], [20, 4]])
    np.testing.assert_allclose(lines(lower)["test"], [[10, 4], [20, 8]])
    assert len(upper.lines) == len(lower.lines) == 3
    assert lower.get_xlabel() == "step"
