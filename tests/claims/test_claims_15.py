"""Chapter 15: its numbered results and the numbers that it prints, each as an assertion."""

import math

import nbformat
import numpy as np
import pytest
from scipy.stats import ttest_rel

from ganbook import records
from ganbook.recipes.typefaces.cycle import HELD_OUT
from ganbook.restoration import NormalRestoration
from support.paths import ROOT

NOTEBOOK = ROOT / "notebooks" / "15_image_to_image.ipynb"
TASK = NormalRestoration()


@pytest.fixture(scope="module")
def cells():
    return nbformat.read(NOTEBOOK, as_version=4).cells


@pytest.fixture(scope="module")
def text(cells):
    return "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def test_a_posterior_sample_costs_twice_the_least_error():
    """Theorem 15-twice on laws of five values and three observations."""
    rng = np.random.default_rng(0)
    for _ in range(20):
        joint, x = rng.dirichlet(np.ones(15)).reshape(3, 5), rng.normal(size=(5, 2))
        least = drawn = 0.0
        for row in joint:
            given = row / row.sum()
            mean = given @ x
            least += row @ ((x - mean) ** 2).sum(axis=1)
            apart = ((x[:, None] - x[None]) ** 2).sum(axis=2)
            drawn += row.sum() * (np.outer(given, given) * apart).sum()
        assert drawn == pytest.approx(2 * least)


def test_the_two_point_example():
    """Mean .4 with .84, the majority with 1.2, a draw with 1.68, by sums over outcomes."""
    x, p = np.array([1.0, -1.0]), np.array([0.7, 0.3])
    mean = p @ x
    found = [p @ (x - mean) ** 2, p @ (x - 1) ** 2, p @ ((x[:, None] - x) ** 2) @ p]
    np.testing.assert_allclose([mean, *found], [0.4, 0.84, 1.2, 1.68])


@pytest.mark.parametrize("sees", ["pictures", "pairs"])
@pytest.mark.parametrize("noise", [0.2, 1.0, 3.0])
def test_the_frontier_within_a_distance(sees, noise):
    """Theorem 15-frontier on both sides of P0: the least error at a distance of at most P."""
    task = NormalRestoration(noise)
    a, b = np.meshgrid(np.linspace(-0.5, 2, 701), np.linspace(0, 2, 401))
    apart = np.abs(1 - task.spread(a, b))
    if sees == "pairs":
        off = (a - task.gain) * math.sqrt(1 + noise**2)
        apart = np.hypot(off, b - math.sqrt(task.variance))
    for P in (0.05, 0.3, 0.7, 1.2):
        least = task.error(a, b)[apart <= P].min()
        assert -1e-12 < least - task.frontier(P, sees) < 0.02


def test_solutions_of_a_cycle_come_in_families():
    """Theorem 15-family on a finite set, for every permutation that preserves the law."""
    from itertools import permutations

    law = np.array([0.2, 0.2, 0.3, 0.3])
    kept = [t for t in permutations(range(4)) if np.allclose(law[list(t)], law)]
    assert len(kept) == 4
    for t in kept:
        G, F = np.array(t), np.argsort(t)
        assert (F[G] == np.arange(4)).all() and (G[F] == np.arange(4)).all()
        assert np.allclose(np.bincount(G, weights=law), law)


@pytest.mark.parametrize("sees", ["pictures", "pairs"])
@pytest.mark.parametrize("error", ["squared", "absolute"])
def test_trained_games_rest_where_the_equation_says(sees, error):
    """Equation 15-rest, five seeds at seven weights."""
    line = records.load("line-perception")
    what = "spread" if sees == "pictures" else "spread_given_y"
    found = line[f"{sees}_{error}_{what}"]
    exact = [TASK.equilibrium(w, sees, "non_saturating", error) for w in line["weights"]]
    assert found.shape == (7, 5)
    assert np.abs(found.mean(axis=1) - exact).max() < 0.03
    assert np.abs(found - np.array(exact)[:, None]).max() < 0.06


def test_only_a_critic_of_pictures_leaves_the_sign_open(text):
    line = records.load("line-perception")
    flipped = {
        (s, e): (line[f"{s}_{e}_slope"] < 0).sum(axis=1).tolist()
        for s in ("pictures", "pairs")
        for e in ("squared", "absolute")
    }
    assert flipped["pictures", "squared"] == [3, 0, 0, 0, 0, 0, 0]
    assert flipped["pictures", "absolute"] == [3, 1, 0, 0, 0, 0, 0]
    assert not any(flipped["pairs", "squared"]) and not any(flipped["pairs", "absolute"])
    assert "with the absolute error one seed keeps the wrong one there" in text
    wrong = line["pictures_squared_slope"][0] < 0
    assert line["pictures_squared_error"][0][wrong].min() > 3
    assert "three of the five seeds have a *negative* slope" in text


@pytest.mark.parametrize(
    ("name", "error", "judge"), [("edges", 1, 3), ("masks", 0, 5), ("half resolution", 0, 3)]
)
def test_in_how_many_seeds_the_game_is_lower(name, error, judge):
    run = records.load("pairs-pix2pix")
    for what, wins in (("absolute", error), ("judge", judge)):
        game, alone = (run[f"{name}/{kind}/{what}"] for kind in ("game", "error alone"))
        assert game.shape == (5,) and int((game < alone).sum()) == wins
    assert abs(run[f"{name}/floor"].mean() - 0.5) < 3 / (2 * math.sqrt(2_000))


def test_the_judge_at_half_resolution(text):
    run = records.load("pairs-pix2pix")
    for kind in ("game", "error alone"):
        judged = run[f"half resolution/{kind}/judge"]
        near = np.abs(judged - 0.5) < 2 / (2 * math.sqrt(2_000))
        assert near.sum() == 3 and judged.max() <= 0.54 + 1e-9
    assert "in three of the five seeds, and nowhere above $0.54$" in text
    for name in ("edges", "masks"):
        assert min(run[f"{name}/{k}/judge"].mean() for k in ("game", "error alone")) > 0.9
    assert "recognises both translators in more than nine of ten cases" in text


def test_where_the_trade_was_shown(text):
    """The judge separates for the holes, and pixels do on the other sets; holes against edges."""
    run = records.load("pairs-pix2pix")

    def gap(name, what):
        return run[f"{name}/game/{what}"] - run[f"{name}/error alone/{what}"]

    assert (gap("masks", "judge") < 0).all() and (gap("half resolution", "absolute") > 0).all()
    share = gap("half resolution", "absolute") / run["half resolution/error alone/absolute"]
    assert 0.02 < share.min() < 0.035 and 0.065 < share.max() < 0.075
    assert "the twin is ahead in all five seeds, by three to seven per cent" in text
    for other, p in (("edges", 0.11), ("half resolution", 0.004)):
        found = ttest_rel(gap("masks", "judge"), gap(other, "judge")).pvalue
        assert found == pytest.approx(p, rel=0.1)
    assert "has $p = .11$ (against half resolution, .004)" in text
    assert "nothing separates the two" not in text and "nothing separated the two" not in text


def test_the_noise_of_pix2pix_is_a_fraction_of_what_a_sample_needs():
    run = records.load("pairs-pix2pix")
    for name in ("edges", "masks", "half resolution"):
        assert (run[f"{name}/game/noise"] < 0.2 * run[f"{name}/game/squared"]).all()


def test_typefaces_and_their_baselines(text):
    faces = records.load("typefaces-cycle")
    out = faces["held_out"]
    assert out.sum() == len(HELD_OUT) == 12
    error = {k: faces[f"{k}/errors"] for k in ("identity", "blank", "mean", "cycle", "twin")}
    right = {k: faces[f"{k}/right"].sum(axis=-1) for k in error}
    assert (error["cycle"].mean(axis=1) < error["identity"].mean()).all()
    assert (right["cycle"] > right["identity"]).all() and right["identity"] == 31
    drop = 1 - error["cycle"].mean() / error["identity"].mean()
    assert round(100 * drop) == 18 and "the error falls by 18 %" in text
    assert round(right["cycle"].mean()) == 45 and "about 45 of 62 instead of 31" in text
    held = [error[k][..., out].mean() for k in ("twin", "cycle")]
    assert [round(v, 3) for v in held] == [0.032, 0.042]
    assert error["identity"].mean() < error["mean"].mean() < error["blank"].mean()
    assert right["mean"] == 1


def test_resting_points_in_the_text(text):
    ends = [TASK.equilibrium(w, "pairs", "non_saturating") for w in (0, 5, 100)]
    assert [round(v, d) for v, d in zip(ends, (3, 3, 2), strict=True)] == [0.707, 0.21, 0.06]
    assert "from $0.707$ to $0.210$, at $\\lambda = 100$ to $0.06$" in text


def test_settings_in_the_text_are_the_records(text):
    about = records.load("pairs-pix2pix").provenance
    assert (about["steps"], about["batch"], about["weight"], about["rate"]) == (300, 32, 10.0, 2e-3)
    assert "300 steps of 32 pairs" in text and "weight 10" in text
    about = records.load("typefaces-cycle").provenance
    assert (about["steps"], about["batch"], about["pictures"]) == (250, 16, 4_000)
    assert "for 250 steps of 16" in text and "4,000 glyphs of each face" in text
    assert records.load("line-perception").provenance["steps"] == 1_000
