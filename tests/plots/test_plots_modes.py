"""Pictures of modes: what is drawn is what was given."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from ganbook.plots import modes as plots


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def lines(ax):
    return {line.get_label(): line.get_xydata() for line in ax.lines}


def test_reached_fills_what_is_true():
    table = np.array([[True, False, True], [False, False, True]])
    ax = plots.reached(table)
    empty, full = (c.get_offsets().tolist() for c in ax.collections)
    assert sorted(full) == [[0, 0], [2, 0], [2, 1]]
    assert sorted(empty) == [[0, 1], [1, 0], [1, 1]]
    assert ax.yaxis_inverted() and ax.get_xlabel() == "mode" and ax.get_ylabel() == "seed"


def test_points_lines_and_chart():
    x, c = np.random.default_rng(0).normal(size=(600, 2)), np.eye(2)
    ax = plots.on_ring(x, c)
    np.testing.assert_array_equal(lines(ax)["generated"], x)
    np.testing.assert_array_equal(lines(ax)["modes"], c)
    assert ax.lines[1].get_rasterized()
    steps = np.arange(3)
    ax = plots.counts(steps, {"a": steps**2})
    np.testing.assert_array_equal(lines(ax)["a"], np.column_stack([steps, steps**2]))
    d, t = np.array([0.5, 1.0]), np.array([-0.6, -1.2])
    ax = plots.gap_chart(d, t, {"one": np.array([True, False])})
    assert lines(ax)["one"].tolist() == [[0.5, -0.6]]
    bound = lines(ax)["bound"]
    np.testing.assert_allclose(bound[:, 1], -bound[:, 0])
    assert bound[-1, 0] >= 1.0
    ax = plots.rotation(steps, {"g": 2 * np.pi * steps})
    np.testing.assert_allclose(lines(ax)["g"], np.column_stack([steps, steps]))
    ax = plots.packed(steps + 1, {"q": steps / 3})
    np.testing.assert_allclose(lines(ax)["q"], np.column_stack([steps + 1, steps / 3]))


def test_shares_have_their_interval():
    ax = plots.shares(["a", "b"], [5, 20], [20, 20], [0.1, 0.8], [0.5, 1.0])
    np.testing.assert_allclose(ax.lines[0].get_xydata(), [[0.25, 0], [1, 1]])
    spans = [s[:, 0].tolist() for s in ax.collections[0].get_segments()]
    assert spans == [[0.1, 0.5], [0.8, 1.0]]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b"]
