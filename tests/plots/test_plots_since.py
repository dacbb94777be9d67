"""Pictures of chapter 17: what is drawn is what was given."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from ganbook.plots import since as plots


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def lines(ax):
    return {line.get_label(): line.get_xydata() for line in ax.lines}


def test_rings_are_moved_apart_and_nothing_else():
    x, c = np.random.default_rng(0).normal(size=(9, 2)), np.eye(2)
    ax = plots.rings({"a": x, "b": x + 1, "c": x}, c, apart=4.0)
    drawn = [line.get_xydata() for line in ax.lines]
    np.testing.assert_allclose(drawn[1], x)
    np.testing.assert_allclose(drawn[3] - [4, 0], x + 1)
    np.testing.assert_allclose(drawn[5] - drawn[4][0], x - c[0])
    assert drawn[5][:, 1].max() < drawn[1][:, 1].min()
    assert [t.get_text() for t in ax.texts] == ["a", "b", "c"]


def test_the_clock_has_a_median_a_band_and_a_floor():
    seconds, values = np.array([1.0, 10.0]), np.array([[1.0, 2.0, 9.0], [0.1, 0.2, 0.4]])
    ax = plots.clock({"one": (seconds, values)}, floor=0.05)
    np.testing.assert_allclose(lines(ax)["one"], [[1, 2], [10, 0.2]])
    band = ax.collections[0].get_paths()[0].vertices
    assert band[:, 1].min() == 0.1 and band[:, 1].max() == 9
    assert ax.get_xscale() == ax.get_yscale() == "log"
    assert (lines(ax)["exact samples"][:, 1] == 0.05).all()


def test_steps_trade_seeds_and_angles():
    calls = np.array([1, 3, 7])
    ax = plots.steps(calls, {"a": np.array([3.0, 2.0, 1.0]), "b": np.array([5.0])}, floor=0.5)
    assert lines(ax)["b"].tolist() == [[1, 5]]
    np.testing.assert_allclose(lines(ax)["a"][:, 1], [3, 2, 1])
    share = np.linspace(0, 1, 5)
    ax = plots.trade(share, {"exact": share**2}, {"seen": (share[1:3], share[1:3])})
    np.testing.assert_allclose(lines(ax)["exact"], np.column_stack([share, share**2]))
    assert len(lines(ax)["seen"]) == 2
    ax = plots.seeds_by_setting({"a": (share, 2 * share)}, "x", "y")
    np.testing.assert_allclose(lines(ax)["a"], np.column_stack([share, 2 * share]))
    ax = plots.angles({"free": [10.0, -90.0], "tied": [0.0]})
    np.testing.assert_allclose(ax.lines[0].get_xydata(), [[10, 0], [-90, 0]])
    assert [t.get_text() for t in ax.get_yticklabels()] == ["free", "tied"]
