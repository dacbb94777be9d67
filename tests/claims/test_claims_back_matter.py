"""The clinic and the glossary: what they state, computed."""

import json

import numpy as np
import pytest
from scipy.special import gammaln

from ganbook import records
from support.paths import NOTEBOOKS, ROOT

GLOSSARY = (NOTEBOOKS / "glossary.md").read_text(encoding="utf-8")


def clinic_text():
    cells = json.loads((NOTEBOOKS / "clinic.ipynb").read_text(encoding="utf-8"))["cells"]
    return " ".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")


def test_where_the_rim_is_bright():
    clinic = records.load("tricks-clinic")
    rim = np.ones((14, 14), dtype=bool)
    rim[2:-2, 2:-2] = False
    fires = {
        name: (clinic[f"{name}/pictures"].astype(float)[..., rim].mean(axis=(1, 2)) > 12).sum()
        for name in clinic.provenance["runs"]
    }
    assert {name: n for name, n in fires.items() if n} == {
        "sigmoid in D": 3,
        "real in [0, 1]": 3,
        "few pictures": 1,
        "real ones augmented": 3,
        "average without buffers": 3,
    }
    text = clinic_text()
    assert "in one seed of *few pictures*" in text and "where they are speckled" not in text
    assert "mode collapse" not in fires and "Each row but the last has recorded runs" in text


def test_an_independent_sampler_can_score_below_the_floor():
    """On the line, by the exact moments of a normal sample's mean and deviation, both sets of N."""

    def distance(psi, N=50):
        c = np.sqrt(2 / (N - 1)) * np.exp(gammaln(N / 2) - gammaln((N - 1) / 2))  # E of a deviation
        return (1 + psi**2) / N + 1 + psi**2 - 2 * psi * c**2

    assert distance(0.97) < distance(1.0) == pytest.approx(0.0603, abs=1e-4)
    assert distance(0.9) > distance(1.0), "only a little below"
    assert "can score far below it" in GLOSSARY and "only samples that borrow" not in GLOSSARY


def test_instance_noise_has_no_effect_of_first_order():
    """On a logistic loss with slope 1: half the deviation, a quarter of the change."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)

    def change(sigma):
        loss = np.logaddexp(0, -(0.3 + sigma * nodes)) @ (weights / weights.sum())
        return loss - np.logaddexp(0, -0.3)

    assert change(0.1) / change(0.05) == pytest.approx(4, rel=0.01)
    assert "To first order in its variance it acts like a gradient penalty" in GLOSSARY


def test_noise_is_no_upper_bound():
    clinic, breaks = records.load("tricks-clinic"), records.load("tricks-breaks")
    assert clinic["sigmoid in D/frechet"].max() > clinic["noise"][0]
    assert breaks["momentum 0.9/frechet"].max() > 2 * breaks["noise"][0]
    assert "the distance of noise, which is no upper bound" in GLOSSARY
    assert "ceiling" not in GLOSSARY


def test_recorded_runs_have_settings_of_their_own():
    recipes = ROOT / "ganbook" / "recipes"
    assert not any("budget" in p.read_text(encoding="utf-8") for p in recipes.rglob("*.py"))
    assert "made once at the {term}`full budget`" not in GLOSSARY


def test_coverage_of_equal_laws_depends_on_the_sizes():
    def coverage(n, m, k=5):
        return 1 - np.prod([(n - i) / (n + m - i) for i in range(1, k + 1)])

    assert coverage(1_000, 1_000) == pytest.approx(1 - 2**-5, abs=1e-3)
    assert coverage(1_000, 200) < 0.65 < 0.99 < coverage(1_000, 5_000)
    assert "For equal laws and equally many samples about $1$ and $1 - 2^{-k}$" in GLOSSARY
