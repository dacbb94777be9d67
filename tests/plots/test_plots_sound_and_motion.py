"""Pictures of sounds and films: what is drawn is what was given."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from ganbook.plots import sound_and_motion as plots
from ganbook.plots.style import PALETTE


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def lines(ax):
    return {line.get_label(): line.get_xydata() for line in ax.lines}


def test_waveforms_and_responses_one_below_the_other():
    t, x = np.arange(4) / 1_000, np.array([0.0, 0.5, -0.5, 0.1])
    figure = plots.waveforms(t, {"real": x, "made": -x})
    np.testing.assert_allclose(figure.axes[0].lines[0].get_xydata(), np.column_stack([1e3 * t, x]))
    colors = [ax.lines[0].get_color() for ax in figure.axes]
    assert colors == [PALETTE["real"], PALETTE["generated"]]
    assert figure.axes[1].get_xlabel() == "time in milliseconds"
    figure = plots.response(t, {"a": x, "b": 2 * x})
    np.testing.assert_allclose(figure.axes[1].lines[0].get_ydata(), 2 * x)


def test_lags_and_rounds():
    r = np.array([1.0, 0.2, 0.8])
    ax = plots.lags({"a pluck": r}, (1, 2), 1.9)
    np.testing.assert_allclose(lines(ax)["a pluck"], np.column_stack([np.arange(3), r]))
    assert ax.lines[-1].get_xdata()[0] == 1.9
    span = ax.patches[0].get_extents().transformed(ax.transData.inverted())
    assert (span.x0, span.x1) == pytest.approx((1, 2))
    ax = plots.rounds(np.array([0, 5]), {"zero": np.array([0.9, 0.3])})
    np.testing.assert_allclose(lines(ax)["zero"], [[0, 0.9], [5, 0.3]])


def test_shares_and_seeds():
    ax = plots.passing(["a", "b"], np.array([0.2, 1.0]), np.array([0.1, 0.0]), ("one", "two"))
    np.testing.assert_allclose(lines(ax)["one"], [[0.2, 0], [1.0, 1]])
    np.testing.assert_allclose(lines(ax)["two"], [[0.1, 0], [0.0, 1]])
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b"] and ax.yaxis_inverted()
    ax = plots.by_seed({"real": [1.0], "made": [0.1, 0.3]}, {"chance": 0.2}, "share")
    np.testing.assert_allclose(ax.lines[1].get_xydata(), [[0.1, 1], [0.3, 1]])
    assert ax.lines[2].get_xdata()[0] == 0.2 and ax.get_xlabel() == "share"


def test_pitches_spectra_and_steps():
    values = np.array([60.02, 60.04, 63.0])
    figure = plots.pitches({"real": values}, np.arange(60, 64))
    corners = figure.axes[0].patches[0].get_xy()
    assert corners[:, 1].max() == 2 and ((corners[:, 0] >= 60.0) & (corners[:, 1] > 0)).any()
    assert corners[corners[:, 1] == 1, 0].min() == pytest.approx(63, abs=0.11)
    figure = plots.spectra({"real": np.zeros((256, 8))})
    assert figure.axes[0].images[0].get_extent() == [0, 128, 0, 4.0]
    figure = plots.steps({"real": np.array([[1.0, 1.0], [2.0, 2.0]])})
    np.testing.assert_allclose(figure.axes[0].lines[1].get_xydata(), [[1, 2], [2, 2]])
