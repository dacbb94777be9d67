"""Pictures of dynamics: what is drawn is what was given."""

import re

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from ganbook.dynamics import alternating, average, dirac_gan, simultaneous, update_eigenvalues
from ganbook.plots import dynamics as plots
from ganbook.plots.style import as_svg

FIELD = dirac_gan("non_saturating")


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def lines(ax):
    return {line.get_label(): line.get_xydata() for line in ax.lines}


def test_phase_portrait_has_arrows_of_one_length_along_the_field():
    theta, psi = np.meshgrid(np.linspace(-2, 2, 5), np.linspace(-2, 2, 5))
    path = alternating(FIELD, (1, -1), 0.2, 30)
    ax = plots.phase_portrait(theta, psi, FIELD(theta, psi), {"in turn": path})
    arrows = ax.collections[0]
    u, v = (np.ravel(x) for x in FIELD(theta, psi))
    length = np.hypot(arrows.U, arrows.V)
    moving = np.hypot(u, v) > 0
    np.testing.assert_allclose(length[moving], 1)
    np.testing.assert_allclose((arrows.U * v - arrows.V * u)[moving], 0, atol=1e-12)
    assert (length[~moving] == 0).all() and (~moving).sum() == 1
    np.testing.assert_array_equal(lines(ax)["in turn"], path)
    assert ax.get_xlabel() and ax.get_ylabel()


def test_curves_are_those_given():
    path = simultaneous(FIELD, (1, -1), 0.2, 600)
    r, time = np.hypot(*path.T), np.arange(601)
    ax = plots.radii(time, {"at once": r}, {"theory": np.ones(601)})
    np.testing.assert_array_equal(lines(ax)["at once"], np.column_stack([time, r]))
    assert ax.get_yscale() == "log" and set(lines(ax)) == {"at once", "theory"}
    ax = plots.cycles({"h = 0.2": path[300:]}, [0.63])
    np.testing.assert_array_equal(lines(ax)["h = 0.2"], path[300:])
    np.testing.assert_allclose(np.hypot(*ax.lines[0].get_xydata().T), 0.63)
    mean = average(path)
    ax = plots.averages(path, {"mean": mean})
    np.testing.assert_array_equal(lines(ax)["mean"], mean)
    assert ax.lines[0].get_rasterized()


def test_eigenvalues_and_stability():
    values = update_eigenvalues(FIELD, (0, 0), 0.2)
    ax = plots.eigenvalues({"at once": values})
    np.testing.assert_allclose(lines(ax)["at once"], np.column_stack([values.real, values.imag]))
    h, gamma = np.geomspace(0.01, 1, 6), np.geomspace(0.01, 10, 5)
    modulus = 1 + np.arange(30).reshape(5, 6) / 100
    ax = plots.stability(h, gamma, modulus, {"limit": h / 4})
    np.testing.assert_allclose(
        np.ravel(ax.collections[0].get_array()), np.ravel(np.clip(modulus, 0.8, 1.2))
    )
    np.testing.assert_allclose(lines(ax)["limit"], np.column_stack([h, h / 4]))


def test_a_line_on_a_map_is_told_from_it_in_light_and_at_night():
    """Black with a pale rim; on a dark page pale with a dark rim, for the map stays as it is."""
    h = np.geomspace(0.01, 1, 6)
    ax = plots.stability(h, h, np.ones((6, 6)), {"limit": h})
    document = as_svg(ax.figure)
    assert f"stroke: {plots.RIM}" in document
    night = re.search(rf'stroke: {plots.RIM}"\]{{stroke:#(\w\w)(\w\w)(\w\w)!important}}', document)
    assert max(int(part, 16) for part in night.groups()) < 48
    plt.close(ax.figure)
