"""Chapter 17: its numbered results and the numbers that it prints, each as an assertion."""

import json
import math
import re

import nbformat
import numpy as np
import pytest
import sympy
from scipy.integrate import quad
from scipy.linalg import sqrtm
from scipy.stats import binom, fisher_exact, norm, truncnorm, wilcoxon

from ganbook import published, records
from support.paths import ROOT
from support.prose import missing

NOTEBOOK = ROOT / "notebooks" / "17_since_then.ipynb"
NAMES = ("GAN", "noisy GAN", "diffusion", "matching", "matching + GAN")


def cells():
    return nbformat.read(NOTEBOOK, as_version=4).cells


def ends(score):
    """One score of each route at the end, by seed."""
    run = records.load("toys-distillation")
    return {name: run[f"{name}/scores"][-1, :, score] for name in NAMES}


@pytest.mark.parametrize("psi", [0.05, 0.3, 0.7, 1.2])
def test_truncation_by_the_formula_of_bures(psi):
    """Equation 17-truncation, by matrix square roots."""
    rng = np.random.default_rng(1)
    A = rng.normal(size=(4, 4))
    C = A @ A.T
    root = sqrtm(C).real
    distance = np.trace(C + psi**2 * C - 2 * sqrtm(root @ (psi**2 * C) @ root).real)
    assert distance == pytest.approx((1 - psi) ** 2 * np.trace(C), rel=1e-5, abs=1e-5)


@pytest.mark.parametrize(("cut", "variance"), [(2, 0.774), (1, 0.291), (0.5, 0.081)])
def test_variance_of_a_truncated_latent(cut, variance):
    assert truncnorm.var(-cut, cut) == pytest.approx(variance, abs=5e-4)
    inside = 2 * norm.cdf(cut) - 1
    assert 1 - 2 * cut * norm.pdf(cut) / inside == pytest.approx(truncnorm.var(-cut, cut), rel=1e-6)


def test_the_arrow_in_symbols():
    """Theorem 17-arrow for a normal p and q: means over z of polynomials, exact."""
    m, a, z = sympy.symbols("m a z", real=True)
    s, t = sympy.symbols("s t", positive=True)
    x = m + s * z
    arrow = -(x - m) / s**2 + (x - a) / t**2

    def mean(expression):
        poly = sympy.Poly(sympy.expand(expression), z)
        moments = {0: 1, 1: 0, 2: 1, 3: 0}
        return sum(c * moments[k[0]] for k, c in poly.terms())

    kl = sympy.log(t / s) + (s**2 + (m - a) ** 2) / (2 * t**2) - sympy.Rational(1, 2)
    for parameter in (m, s):
        assert (
            sympy.simplify(mean(arrow * sympy.diff(x, parameter)) - sympy.diff(kl, parameter)) == 0
        )
    found = sympy.diff(kl, s).subs({s: 1.5, t: 1})
    assert float(found) == pytest.approx(0.8333, abs=5e-5)


def test_the_two_classic_losses_add_up_to_the_reverse_kl():
    """By quadrature over x, with the logistic function written out."""
    p, q = norm(0, 1), norm(0.7, 1.5)

    def d(x):
        return p.logpdf(x) - q.logpdf(x)

    def slope(x):  # of d
        return -x + (x - 0.7) / 2.25

    def gradient(of_loss, direction):
        return quad(lambda x: q.pdf(x) * of_loss(d(x)) * slope(x) * direction(x), -12, 12)[0]

    for direction, exact in ((lambda x: 1.0, 0.7), (lambda x: (x - 0.7) / 1.5, 1.5 - 1 / 1.5)):
        minimax = gradient(lambda d: -1 / (1 + math.exp(-d)), direction)
        other = gradient(lambda d: -1 / (1 + math.exp(d)), direction)
        assert minimax + other == pytest.approx(exact, abs=1e-6)
        assert abs(minimax - exact) > 0.05 and abs(other - exact) > 0.05


def test_the_nearest_linear_map_among_many():
    """Proposition 17-map: no turn of the symmetric root is nearer to the identity."""
    rng = np.random.default_rng(0)
    B = rng.normal(size=(3, 3))
    root = sqrtm(B @ B.T + np.eye(3)).real

    def away(A):
        return np.trace(A @ A.T) - 2 * np.trace(A) + 3

    for _ in range(200):
        Q, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        assert away(root @ Q) > away(root) - 1e-12
        assert np.allclose(root @ Q @ (root @ Q).T, root @ root.T)


def test_the_floor_of_the_histogram():
    floor = records.load("toys-distillation")["floor"]
    assert floor.shape == (40, 4) and (floor[:, 0] == 8).all()
    assert floor[:, 1].mean() == pytest.approx(1 - math.exp(-4.5), abs=0.002)
    assert floor[:, 2].mean() == pytest.approx(7 / 10_000, abs=3e-4)


def test_matching_is_behind_the_gan_even_from_its_teachers_end():
    run = records.load("toys-distillation")
    cost = run.provenance["cpu_seconds"]

    def clock(name):
        return run[f"{name}/step"] * cost[name], np.median(run[f"{name}/scores"][..., 3], axis=1)

    (seconds, scores), (late, level) = clock("GAN"), clock("matching")
    assert late[-1] == pytest.approx(8.4, abs=0.1) and level[-1] == pytest.approx(2.0, abs=0.05)
    at = np.interp(late, seconds, scores)
    assert at[-1] == pytest.approx(1.4, abs=0.05)
    inside = late >= seconds[0]
    assert (at[inside] < level[inside]).all()
    for name in ("matching", "matching + GAN"):  # above both, at the end
        assert ends(3)[name].min() > max(ends(3)["GAN"].max(), ends(3)["diffusion"].max())


def test_three_choices_of_r3gan_on_the_ring():
    ring, moments = records.load("toys-ring"), records.load("toys-ring-momentum")

    def full(run, *games):
        return sum(int((run[f"{game}/modes"][-1] == 8).sum()) for game in games)

    assert full(ring, "plain", "R1 + R2") == 31
    assert full(ring, "relativistic", "relativistic, R1 + R2") == 30
    assert (
        full(ring, "plain", "relativistic"),
        full(ring, "R1 + R2", "relativistic, R1 + R2"),
    ) == (26, 35)
    assert 0.05 / 3 < fisher_exact([[26, 14], [35, 5]])[1] < 0.05
    assert full(ring, "plain") + full(moments, "plain 0.5, 0.9") == 25
    assert full(moments, "plain 0.0, 0.9", "plain 0.0, 0.999") == 38


def test_the_penalties_pass_the_paired_test_on_the_ring_and_the_losses_do_not():
    """The reverse KL of two games of a side, added up by seed; log 8 where no sample is good."""
    ring, moments = records.load("toys-ring"), records.load("toys-ring-momentum")

    def side(*games):
        kl = np.array([run[f"{game}/reverse_kl"][-1] for run, game in games])
        return np.where(kl < 0, math.log(8), kl).sum(axis=0)

    plain, one, two, both = (
        (ring, name) for name in ("plain", "relativistic", "R1 + R2", "relativistic, R1 + R2")
    )
    zero = [(moments, f"plain 0.0, {b}") for b in ("0.9", "0.999")]
    found = {
        "losses": wilcoxon(side(one, both) - side(plain, two)).pvalue,
        "penalties": wilcoxon(side(two, both) - side(plain, one)).pvalue,
        "momentum": wilcoxon(side(*zero) - side((moments, "plain 0.5, 0.9"), plain)).pvalue,
    }
    assert found["losses"] == pytest.approx(0.18, abs=0.005)
    assert found["penalties"] == pytest.approx(0.009, abs=0.0005) and 0.009 < 0.05 / 3
    assert found["momentum"] < 0.001
    assert not missing("17", "it finds the penalties, too ($p = .009$)", "the losses ($.18$)")


def test_flags_and_marks():
    assert pytest.approx(1 / 6) == 99 / (99 + 495)
    tail = sum(math.comb(48, k) for k in range(41, 49)) / 2**48
    assert tail == pytest.approx(3.1e-7, abs=0.05e-7)
    assert binom.sf(39, 48, 0.5) > 1e-6 > tail


def test_one_balanced_accuracy_fits_flags_of_any_worth():
    """Exercise 17.14: accuracy .97 on a balanced set, 1 % generated, two splits of the errors."""
    for hit, alarm, right in ((0.94, 0.0, 1.0), (1.0, 0.06, 0.14)):
        assert (hit + 1 - alarm) / 2 == pytest.approx(0.97)
        share = 0.01 * hit / (0.01 * hit + 0.99 * alarm)
        assert share == pytest.approx(right, abs=0.005)
    text = "\n".join(c.source for c in cells())
    assert "it is 1 if all errors are misses and 0.14 if all are false alarms" in text


def test_published_numbers_are_quoted_as_they_are_filed():
    """Each entry stands in the cell that names it, beside its citation."""
    entries = published.load(17)
    quoted = set()
    for cell in cells():
        for key in cell.metadata.get("ganbook", {}).get("published", []):
            e = entries[key]
            assert re.search(rf"(?<![\d.]){re.escape(str(e))}(?!\.?\d)", cell.source), key
            assert e.source in cell.source
            assert e.seen
            quoted.add(key)
    assert quoted == set(entries)


def test_every_sentence_on_2023_to_2026_has_a_date_and_a_source():
    text = next(c.source for c in cells() if c.source.startswith("## From 2023 to 2026"))
    items = [line for line in text.splitlines() if line.startswith("- ")]
    assert len(items) >= 4
    for item in items:
        assert re.match(r"- \*[A-Z][a-z]+ 20\d\d( to [A-Z][a-z]+ 20\d\d)?\.\*", item), item
        assert "{cite:" in item
    data = json.loads((ROOT / "ganbook/published/chapter17.json").read_text(encoding="utf-8"))
    assert all(row["where"] and row["setting"] for row in data)
