"""Chapter 11: its numbered results and the numbers that it prints, each as an assertion."""

import json
import math
import re

import nbformat
import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp
from scipy.stats import binom, fisher_exact, mannwhitneyu, norm, spearmanr, ttest_rel, wilcoxon

from ganbook import records
from ganbook.distributions import ring
from ganbook.divergences import js
from ganbook.metrics import mode_coverage
from ganbook.networks import MinibatchStd
from support.paths import ROOT
from support.prose import missing, returned

CENTERS = ring().centers.numpy()
MOMENTS = "toys-ring-momentum"
NOTEBOOK = ROOT / "notebooks" / "11_mode_collapse.ipynb"
PUBLISHED = ROOT / "ganbook" / "published" / "chapter11.json"


def all_modes(record, game, modes=8):
    return int((records.load(record)[f"{game}/modes"][-1] == modes).sum())


def prose():
    return nbformat.read(NOTEBOOK, as_version=4).cells


@pytest.mark.parametrize(
    ("missing", "value"),
    [(1, 0.134), (2, 0.288), (3, 0.470), (4, 0.693), (5, 0.981), (6, 1.386), (7, 2.079)],
)
def test_reverse_kl_of_missing_modes(missing, value):
    """Equation 11-missing, by a sum over shares and by the metric."""
    share = np.full(8 - missing, 1 / (8 - missing))
    by_sum = float((share * np.log(share / (1 / 8))).sum())
    assert by_sum == pytest.approx(value, abs=5e-4)
    samples = np.repeat(CENTERS[missing:], 7, axis=0)
    assert mode_coverage(samples, CENTERS, 0.01)[2] == pytest.approx(by_sum, abs=1e-12)


def test_floors_of_a_perfect_sampler():
    rng = np.random.default_rng(0)
    counts = rng.multinomial(2_560, np.full(1_000, 1e-3), size=400)
    assert (counts > 0).sum(axis=1).mean() == pytest.approx(922.8, abs=1.0)
    assert pytest.approx(922.79, abs=0.01) == 1_000 * (1 - 0.999**2_560)
    n = np.arange(1, 2_561)
    chance = binom.pmf(n, 2_560, 1e-3)
    exact = 1_000 * (chance * n / 2_560 * np.log(n / 2.56)).sum()
    q = np.where(counts > 0, counts, 1) / 2_560
    drawn = ((counts > 0) * q * np.log(q * 1_000)).sum(axis=1)
    assert exact == pytest.approx(drawn.mean(), abs=4 * drawn.std() / 20)
    assert exact == pytest.approx(0.2172, abs=2e-4)
    assert exact - 0.02 > 999 / 5_120, "the first order is too low there"
    assert 1 - math.exp(-4.5) == pytest.approx(0.9889, abs=5e-5)


@pytest.mark.parametrize("gamma", [0.2, 0.5, 0.8, 1.3])
@pytest.mark.parametrize("kappa", [1.0, 2.0])
def test_speed_of_the_rotating_point(gamma, kappa):
    """Theorem 11-rotation: the speed, by integrating the field in the fixed frame."""

    def field(_, s):
        x, t = (np.cos(s[2]), np.sin(s[2])), (-np.sin(s[2]), np.cos(s[2]))
        return [
            -x[0] - gamma * s[0],
            -x[1] - gamma * s[1],
            kappa * (s[0] * t[0] + s[1] * t[1]),
        ]

    for angle in (0.4, -2.0):
        path = solve_ivp(field, (0, 400), [0.3, 0.4, angle], rtol=1e-9, atol=1e-10).y[2]
        times = solve_ivp(field, (0, 400), [0.3, 0.4, angle], rtol=1e-9, atol=1e-10).t
        speed = abs(path[-1] - np.interp(360, times, path)) / 40
        assert speed == pytest.approx(math.sqrt(max(kappa - gamma**2, 0)), abs=2e-3)


@pytest.mark.parametrize(
    ("a", "gap"),
    [(norm.cdf(-0.5), 0.383), (0.9, 0.089), (0.99, 0.0096)],
)
def test_least_mass_in_the_gap(a, gap):
    """Theorem 11-gap at w/L = 1, and the clipped line that attains it, by its own masses."""
    b = norm.cdf(-norm.ppf(a) - 1)
    assert 1 - a - b == pytest.approx(gap, abs=6e-4)
    z = norm.ppf((np.arange(1_000_000) + 0.5) / 1_000_000)
    x = np.clip(z - norm.ppf(a), 0, 1)
    assert ((x > 0) & (x < 1)).mean() == pytest.approx(gap, abs=6e-4)


def test_no_one_dimensional_step_map_beats_the_bound():
    """Random unions of intervals as preimages: the quantiles add up to at most minus the distance."""
    rng = np.random.default_rng(3)
    edges = np.linspace(-4, 4, 401)
    mass = np.diff(norm.cdf(edges))
    for _ in range(200):
        labels = np.repeat(rng.integers(0, 3, 40), 10)
        a, b = (mass[labels == k].sum() for k in (0, 1))
        places = [np.flatnonzero(labels == k) for k in (0, 1)]
        if min(map(len, places)) == 0:
            continue
        steps = np.abs(places[0][:, None] - places[1]).min() - 1
        assert norm.ppf(a) + norm.ppf(b) <= -steps * 0.02 + 1e-9


def test_packs_in_numbers():
    for m, lost, uneven in ((1, 0.2, 0.2), (2, 0.36, 0.24), (3, 0.488, 0.284), (4, 0.590, 0.339)):
        assert 1 - 0.8**m == pytest.approx(lost, abs=6e-4)
        j = np.arange(m + 1)
        apart = np.abs(binom.pmf(j, m, 0.5) - binom.pmf(j, m, 0.7)).sum() / 2
        assert apart == pytest.approx(uneven, abs=6e-4)


def test_momentum_is_what_separates():
    at_half = all_modes("toys-ring", "plain") + all_modes(MOMENTS, "plain 0.5, 0.9")
    at_zero = all_modes(MOMENTS, "plain 0.0, 0.9") + all_modes(MOMENTS, "plain 0.0, 0.999")
    assert (at_half, at_zero) == (25, 38)
    assert fisher_exact([[at_half, 40 - at_half], [at_zero, 40 - at_zero]])[1] < 0.001
    cured = all_modes(MOMENTS, "relativistic, R1 + R2 0.0, 0.9")
    plain = all_modes(MOMENTS, "plain 0.0, 0.9")
    assert fisher_exact([[cured, 20 - cured], [plain, 20 - plain]])[1] > 0.2


COUNTS = {
    "plain": 14,
    "minimax": 19,
    "relativistic": 12,
    "R1, linear": 12,
    "R1, geometric": 14,
    "R1 + R2": 17,
    "relativistic, R1 + R2": 18,
    "packing 2": 20,
    "minibatch deviation": 15,
    "plain, LeakyReLU": 18,
}


def spread(record, game):
    """Reverse KL by seed at the end; log 8 where no sample is near a mode."""
    run = records.load(record)
    modes, reverse = (run[f"{game}/{key}"][-1] for key in ("modes", "reverse_kl"))
    return np.where(modes == 0, math.log(8), reverse)


def test_ten_games_by_counts_and_in_pairs():
    assert {game: all_modes("toys-ring", game) for game in COUNTS} == COUNTS
    others = [game for game in COUNTS if game != "plain"]
    by_count = {g: fisher_exact([[COUNTS[g], 20 - COUNTS[g]], [14, 6]])[1] for g in others}
    assert min(by_count, key=by_count.get) == "packing 2"
    assert 0.05 / 9 < by_count["packing 2"] < 0.05
    plain = spread("toys-ring", "plain")
    in_pairs = {g: wilcoxon(spread("toys-ring", g), plain).pvalue for g in others}
    passing = {g for g, p in in_pairs.items() if p < 0.05 / 9}
    assert passing == {"minimax", "relativistic, R1 + R2", "packing 2"}
    suggestive = {g for g, p in in_pairs.items() if 0.05 / 9 <= p < 0.05}
    assert suggestive == {"R1 + R2", "minibatch deviation", "plain, LeakyReLU", "R1, geometric"}


def test_pairs_add_nothing_for_the_three_games_that_pass():
    plain = spread("toys-ring", "plain")
    for game in ("minimax", "relativistic, R1 + R2", "packing 2"):
        values = spread("toys-ring", game)
        assert mannwhitneyu(values, plain).pvalue < 0.001 and spearmanr(values, plain)[1] > 0.3
    alike = spearmanr(spread("toys-ring", "minibatch deviation"), plain)
    assert alike[0] > 0.5 and alike[1] < 0.001
    unpaired = {
        game: mannwhitneyu(spread("toys-ring", game), plain).pvalue
        for game in ("R1 + R2", "minibatch deviation", "R1, geometric")
    }
    assert unpaired["R1 + R2"] == pytest.approx(0.0055, abs=5e-5)
    assert unpaired["minibatch deviation"] == pytest.approx(0.13, abs=5e-3)
    assert unpaired["R1, geometric"] == pytest.approx(0.15, abs=5e-3)
    assert not missing(
        "11",
        "which uses no pairs, separates them just as well",
        "R1 + R2 stands just at the threshold ($p = 0.0055$)",
    )
    assert not returned("11", "Pairing by seed, and using a number")


def test_both_optimisers_give_the_same_verdicts_on_one_pair_of_games():
    pairs = {
        "toys-ring": ("plain", "relativistic, R1 + R2"),
        MOMENTS: ("plain 0.0, 0.9", "relativistic, R1 + R2 0.0, 0.9"),
    }
    gained = []
    for record, games in pairs.items():
        counts = [all_modes(record, game) for game in games]
        plain, other = (spread(record, game) for game in games)
        assert fisher_exact([[n, 20 - n] for n in counts])[1] > 0.2
        assert wilcoxon(plain, other).pvalue < 0.05 / 9
        gained.append(plain - other)
    assert wilcoxon(*gained).pvalue < 0.01 and np.median(gained[0]) > 4 * np.median(gained[1])
    assert not missing("11", "For this pair of games both optimisers lead to the same verdicts")
    assert not returned("11", "changes one verdict", "under one optimiser need not hold")


def test_failed_runs_of_the_plain_game_wander():
    run = records.load("toys-ring")
    late, last = run["plain/reached"][-15:], run["plain/modes"][-1]
    failed = np.flatnonzero(last < 8)
    assert dict(zip(failed.tolist(), last[failed].tolist(), strict=True)) == {
        0: 2, 3: 0, 6: 0, 8: 0, 15: 7, 17: 0,
    }  # fmt: skip
    assert not late[:, failed].all(axis=0).any()
    assert late[:, 0].sum(axis=1).max() == 3 and late[:, 0].any(axis=0).sum() == 7


def test_a_collapse_can_pass():
    modes = records.load(MOMENTS)["plain 0.8, 0.999, constant/modes"]
    assert modes.shape == (45, 10) and modes[4].max() == 2
    assert (modes[-1] == 8).sum() == 4
    assert modes[:20, 4].max() == 2 and modes[-1, 4] == 8
    assert (modes.max(axis=0) <= 2).sum() == 4


def test_the_inner_rate_decides_whether_unrolling_covers_the_ring():
    fast = records.load("toys-ring-unrolled")["unrolled 5/modes"]
    slow = records.load("toys-ring-unrolled-slow")["unrolled 5, rate 0.01/modes"]
    assert fast.shape == (30, 10) and (fast[-1] == 0).all()
    assert fast[4].min() >= 4 and fast[4].max() <= 7
    assert (slow[-1] == 8).tolist() == [True] * 5
    assert (records.load("toys-ring")["plain/modes"][-1, :5] == 8).sum() == 3


def test_the_grid_separates_nothing():
    run = records.load("toys-grid")
    first, second = (run[f"{game}/modes"][-1] for game in ("plain", "relativistic, R1 + R2"))
    assert wilcoxon(first, second).pvalue > 0.3
    assert (round(first.mean(), 1), round(second.mean(), 1)) == (16.4, 15.8)


def test_published_numbers_are_quoted_as_they_are_filed():
    """Each entry stands, with its spread, in the cell that names it, beside its citation."""
    entries = {e["id"]: e for e in json.loads(PUBLISHED.read_text(encoding="utf-8"))}
    quoted = set()
    for cell in prose():
        for key in cell.metadata.get("ganbook", {}).get("published", []):
            e = entries[key]
            digits = e.get("digits", len(str(e["value"]).partition(".")[2]))
            text = f"{e['value']:.{digits}f}"
            if e["spread"] is not None:
                text += f" ± {e['spread']:.{digits}f}"
            assert re.search(rf"(?<![\d.]){re.escape(text)}(?!\.?\d)", cell.source), key
            assert e["source"] in cell.source
            assert e["seen"] or "as reported by" in cell.source
            quoted.add(key)
    assert quoted == set(entries)


def test_hypotheses_stand_and_wrong_wordings_do_not_return():
    assert not missing(
        "11",
        "Let $\\ell$ be strictly decreasing on the range of $D$",
        "the case $a = b$ of {eq}`eq:11-gap`. It is no bound for unequal modes",
        "a gap in which the data have almost no mass",
        "leaving out a mode can be the optimum",
    )
    assert not returned("11", "the dropped mode is the optimum", "the data have no mass")


def test_over_all_laws_the_order_of_min_and_max_does_not_change_the_value():
    """The indifferent D holds G to -2 log 2 whatever q is; at q = p no D does better than that."""
    rng = np.random.default_rng(0)
    p, q, scores = (
        rng.dirichlet(np.ones(5), 3)[0],
        rng.dirichlet(np.ones(5), 200),
        rng.normal(size=5),
    )

    def value(score, q):
        return -p @ np.logaddexp(0, -score) - q @ np.logaddexp(0, score)

    assert value(np.zeros(5), q) == pytest.approx(-2 * math.log(2), abs=1e-12)
    assert value(scores, p) < value(np.zeros(5), p)
    assert not missing(
        "11", "over all laws $q$ the minimax game has the same value in either order"
    )


def test_with_the_spread_of_a_batch_the_summed_score_mixes_the_gradients_of_samples():
    torch.manual_seed(0)
    D = torch.nn.Sequential(MinibatchStd(), torch.nn.Linear(4, 1)).double()
    h = torch.randn(6, 3, dtype=torch.float64)
    each = torch.autograd.functional.jacobian(lambda x: D(x)[:, 0], h)  # score, sample, feature
    own, summed = torch.stack([each[i, i] for i in range(6)]), each.sum(dim=0)
    assert own.isfinite().all() and (own - summed).abs().max() > 0.01
    assert not returned("11", "are no longer defined")


def test_packs_help_as_much_against_samples_where_no_data_are():
    data, generated = np.array([0, 0.25, 0.25, 0.25, 0.25]), np.full(5, 0.2)
    p, q = np.ones(1), np.ones(1)
    for m in range(1, 6):
        p, q = np.kron(p, data), np.kron(q, generated)
        assert np.abs(p - q).sum() / 2 == pytest.approx(1 - 0.8**m)
    assert not missing("11", "as much against the opposite one")
    assert not returned("11", "against exactly this fault")


def test_equal_total_variation_is_no_equal_log_loss():
    """What the text says beside the packs: the Jensen-Shannon divergences of the two generators."""
    lost = js(torch.full((5,), 0.2), torch.tensor([0.0, 0.25, 0.25, 0.25, 0.25]))
    uneven = js(torch.tensor([0.5, 0.5]), torch.tensor([0.3, 0.7]))
    assert float(lost) == pytest.approx(0.075, abs=5e-4)
    assert float(uneven) == pytest.approx(0.021, abs=5e-4)
    assert not missing("11", "the Jensen–Shannon divergences are $0.075$ and $0.021$")


def test_what_the_text_says_of_a_thousand_classes():
    run = records.load("mnist-stacked")
    games = run.provenance["games"]
    classes = dict(zip(games, run["classes"][..., -1], strict=True))
    kl = dict(zip(games, run["reverse_kl"][..., -1], strict=True))
    assert (run["classes"] > 0).all() and (run["reverse_kl"] > 0).all()

    def test_of(one, other):
        return ttest_rel(np.log(kl[one]), np.log(kl[other])).pvalue

    for loss in ("non-saturating", "relativistic"):
        assert (classes[f"{loss}, R1 + R2"] > classes[loss]).all()
        assert test_of(f"{loss}, R1 + R2", f"{loss}, R1") > 0.5
    assert test_of("non-saturating, R1 + R2", "non-saturating") < 0.05 / 4
    assert 0.05 / 4 < test_of("relativistic, R1 + R2", "relativistic") < 0.05
    assert (classes["packing 2"] > classes["non-saturating"]).sum() == 1
    lower = kl["relativistic, R1 + R2"] < kl["non-saturating, R1 + R2"]
    assert lower.sum() == 3
    n = np.arange(1, 10_001)
    chance = binom.pmf(n, 10_000, 1e-3)
    floor = 1_000 * (chance * n / 10_000 * np.log(n / 10)).sum()
    assert 10 < min(map(np.min, kl.values())) / floor < 10.2
    assert classes["relativistic, R1 + R2"].mean() == 880
    assert kl["relativistic, R1 + R2"].mean() == pytest.approx(0.7, abs=0.01)
    assert not missing("11", "no run with R1 alone diverges, under either loss")
    assert not returned("11", "We have not trained on stacked MNIST")
