"""Chapter 9: its numbered results and the numbers that it prints, each as an assertion."""

import math

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from sklearn.cluster import KMeans

from ganbook import data, metrics, records
from ganbook.distributions import ring
from ganbook.exercises import exercise
from ganbook.exercises.chapter09.distances import solution_9_1 as floor_constant
from ganbook.exercises.chapter09.two_samples import solution_9_11 as standard_errors
from ganbook.features import describe, pixels
from ganbook.metrics import density_coverage, frechet_distance, inception_score, kid
from ganbook.networks import mlp_generator
from ganbook.recipes import common
from support.prose import missing, returned

STRESS = records.load("mnist-stress")
MEAN = {
    str(s): dict(zip(STRESS["metrics"].tolist(), row, strict=True))
    for s, row in zip(STRESS["sets"], STRESS["values"].mean(axis=1), strict=True)
}


@pytest.fixture(scope="module")
def real():
    """Features of 4,000 training digits."""
    return describe(data.mnist("train").x[:4_000])[0].numpy().astype(float)


def test_floor_of_a_normal_law_with_unequal_eigenvalues():
    """Theorem floor, at unequal sizes too: c (1/N + 1/M) within four standard errors and 5 %."""
    rng, values = np.random.default_rng(0), np.array([4.0, 1.0, 0.25, 0.01])
    for n, m in ((400, 400), (1_000, 300)):
        found = [
            frechet_distance(*(rng.normal(size=(k, 4)) * np.sqrt(values) for k in (n, m)))
            for _ in range(200)
        ]
        want = floor_constant(values) * (1 / n + 1 / m)
        assert abs(np.mean(found) - want) < 0.05 * want + 4 * np.std(found) / math.sqrt(200)


def test_floor_of_sixteen_equal_eigenvalues():
    assert floor_constant(np.ones(16)) == pytest.approx(84)


def test_floor_of_digits(real):
    values = np.linalg.eigvalsh(np.cov(real.T))
    values = values[values > 1e-9 * values[-1]]
    assert len(values) < 90 < real.shape[1]
    rng, found = np.random.default_rng(1), []
    for _ in range(10):
        rows = rng.permutation(4_000)
        found.append(frechet_distance(real[rows[:1_000]], real[rows[1_000:2_000]]))
    assert np.mean(found) / (2 * floor_constant(values) / 1_000) == pytest.approx(1, abs=0.25)


def test_the_bootstrap_is_shifted_by_one_more_floor(real):
    reference, sample = real[:2_000], real[2_000:3_000]
    rng = np.random.default_rng(2)
    again = [
        frechet_distance(reference, sample[rng.integers(1_000, size=1_000)]) for _ in range(40)
    ]
    values = np.linalg.eigvalsh(np.cov(reference.T))
    c = floor_constant(values[values > 1e-9 * values[-1]])
    shift = np.mean(again) - frechet_distance(reference, sample)
    assert shift / (c / 1_000) == pytest.approx(1, abs=0.4)


def test_kid_is_a_sum_over_three_moments():
    """Theorem KID, on two laws of three points each, by tensors of moments."""
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(2, 3, 2))
    p, q = rng.dirichlet(np.ones(3), 2)
    kernel = [(a @ b.T / 2 + 1) ** 3 for a, b in ((x, x), (y, y), (x, y))]
    direct = p @ kernel[0] @ p + q @ kernel[1] @ q - 2 * p @ kernel[2] @ q
    total, mx, my = 0.0, np.ones((3, 1)), np.ones((3, 1))
    for r in (1, 2, 3):
        mx, my = (np.einsum("ni,nj->nij", m, z).reshape(3, -1) for m, z in ((mx, x), (my, y)))
        total += math.comb(3, r) / 2**r * ((p @ mx - q @ my) ** 2).sum()
    assert direct == pytest.approx(total, rel=1e-12)


def test_ring_and_normal_law_agree_in_three_moments_and_not_in_coverage():
    values = []
    for seed in range(5):
        g = torch.Generator().manual_seed(seed)
        real = ring(8, 1.0, 0.01).sample(1_000, g)
        fake = (0.5 + 1e-4) ** 0.5 * torch.randn(1_000, 2, generator=g)
        values.append((frechet_distance(real, fake), kid(real, fake)))
        assert density_coverage(real, fake)[1] < 0.5
    assert max(v[0] for v in values) < 0.02
    assert abs(np.mean([v[1] for v in values])) < 0.03


def test_inception_score_bounds():
    assert inception_score(np.eye(10)) == pytest.approx(10)
    assert inception_score(np.full((7, 10), 0.1)) == pytest.approx(1)
    uneven = np.eye(10)[[0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]]
    assert 9 < inception_score(uneven) < 9.9


@pytest.mark.parametrize(("n", "m", "k"), [(60, 60, 5), (40, 90, 3)])
def test_density_and_coverage_of_equal_laws(n, m, k):
    """Theorem coverage, exact in N and M, for a law that is not normal."""
    rng = np.random.default_rng(4)
    found = np.array(
        [
            density_coverage(rng.exponential(size=(n, 3)), rng.exponential(size=(m, 3)), k)
            for _ in range(300)
        ]
    )
    want = 1 - math.prod((n - i) / (m + n - i) for i in range(1, k + 1))
    error = found.std(axis=0) / math.sqrt(300)
    assert abs(found[:, 0].mean() - 1) < 4 * error[0]
    assert abs(found[:, 1].mean() - want) < 4 * error[1]


def test_the_limit_of_coverage():
    n = 10_000
    want = 1 - math.prod((n - i) / (2 * n - i) for i in range(1, 6))
    assert want == pytest.approx(1 - 2**-5, abs=2e-4)


def test_a_constant_has_the_parzen_likelihood_of_the_truth():
    rng = np.random.default_rng(5)
    samples, test = rng.normal(size=(2, 1_000, 64))
    constant, error = metrics.parzen_log_likelihood(np.zeros((1, 64)), test, 1.0)
    assert constant == pytest.approx(-32 * (1 + math.log(2 * math.pi)), abs=4 * error)
    for sigma in (0.6, 0.8, 1.0, 1.2):
        assert metrics.parzen_log_likelihood(samples, test, sigma)[0] < constant - 5


def test_birthday_bound():
    p = np.array([0.05] * 10 + [0.5e-6] * 1_000_000)
    assert p.sum() == pytest.approx(1)
    assert 1 / (p**2).sum() == pytest.approx(40, abs=0.1)
    assert metrics.birthday_draws(1_000) == 38


def test_stress_table_says_what_the_text_says():
    assert MEAN["real"]["frechet"] == pytest.approx(1, abs=0.2)
    assert MEAN["500 stored"]["frechet"] == pytest.approx(8, abs=1)
    assert MEAN["no nines"]["frechet"] == pytest.approx(17, abs=0.5)
    assert MEAN["blur 1"]["frechet"] == pytest.approx(281, abs=2)
    assert MEAN["50 epochs"]["frechet"] == pytest.approx(116, abs=1.5)
    assert MEAN["resize 20"]["frechet"] > 100
    assert MEAN["resize 20 smooth"]["frechet"] > MEAN["resize 20"]["frechet"] + 40
    assert MEAN["equal moments"]["frechet"] < MEAN["real"]["frechet"]
    for name in ("precision", "density", "coverage"):
        assert MEAN["equal moments"][name] < 0.01
    for name in ("blur 0.5", "blur 1", "resize 20", "resize 20 smooth"):
        for score in ("precision", "density"):
            assert MEAN[name][score] > MEAN["real"][score] + 0.03
        assert MEAN[name]["recall"] < MEAN["real"]["recall"] - 0.2


def test_the_table_of_exercise_3_is_the_record():
    rows = {"P": "real", "Q": "500 stored", "R": "blur 0.5", "S": "no nines", "T": "equal moments"}
    text = exercise("9.3").statement
    for letter, name in rows.items():
        row = next(x for x in text.splitlines() if x.startswith(f"| {letter} |"))
        given = [float(v) for v in row.split("|")[2:6]]
        found = [MEAN[name][k] for k in ("frechet", "inception", "precision", "coverage")]
        np.testing.assert_allclose(given, found, atol=0.06)
        np.testing.assert_allclose(given[2:], found[2:], atol=0.006)


def test_the_attack_beats_the_article_on_both_scores():
    attack, article = records.load("mnist-attack"), records.load("mnist-mlp")
    assert len(attack["frechet"]) == 3
    assert attack["frechet"].max() < 13 < article["frechet"][-1] / 5
    assert attack["inception"].min() > 8 > article["inception"][-1] + 1
    reference = describe(data.mnist("train").x[:10_000])[0]
    features, probabilities = describe(torch.from_numpy(attack["pictures"]))
    assert frechet_distance(reference, features) == pytest.approx(attack["frechet"][0], rel=1e-3)
    assert inception_score(probabilities) == pytest.approx(attack["inception"][0], rel=1e-3)


def test_the_memoriser_is_far_from_fresh_images_and_near_its_own(real):
    rng, stored, unseen = np.random.default_rng(6), real[:500], real[500:1_000]
    memoriser = stored[rng.integers(500, size=2_000)]
    near, far = (frechet_distance(f, memoriser) for f in (stored, unseen))
    assert near < 3 < 6 < far
    assert 350 < metrics.birthday_estimate(memoriser).support < 650


def test_held_out_scores_fall_behind_in_every_seed():
    run = records.load("mnist-held-out")
    gap = run["train"] - run["held_out"]
    assert gap.shape == (5, 6)
    assert (gap[:, 0] < 0.2).all() and (gap[:, -1] > 0.6).all() and (gap[:, -1] < 0.9).all()
    assert (run["test"][:, -1] < 0.6 * run["test"][:, 0]).all()


def test_files_of_mnist_are_not_in_random_order():
    """The first 10,000 and the last 10,000 training images are not two draws from one law."""
    x = data.mnist("train").x
    found = metrics.ndb(pixels(x[:10_000]).numpy(), pixels(x[50_000:]).numpy(), 50, 3.0)
    assert found.js > 2 * 49 / 8 * 2 / 10_000


def test_counts_of_different_bins_that_the_text_gives():
    """Other k-means on another machine may move a few counts; what the text says of them stays."""
    train, test = data.mnist("train"), data.mnist("test")
    mixed = torch.randperm(60_000, generator=torch.Generator().manual_seed(0))
    cells, more = train[mixed[:10_000]], train[mixed[10_000:20_000]]
    fit = KMeans(50, n_init=1, random_state=0).fit(pixels(cells.x).numpy().astype(float))
    p = np.bincount(fit.labels_, minlength=50) / 10_000
    told = {(5, 0, 0): more.x, (15, 3, 0): test.x, (14, 7, 7): more.x[more.y != 9]}
    for counts, x in told.items():
        found = fit.predict(pixels(x).numpy().astype(float))
        q = np.bincount(found, minlength=50) / len(x)
        z = np.abs(standard_errors(p, q, 10_000, len(x)))
        for threshold, count in zip((1.96, 3, 4), counts, strict=True):
            assert abs((z > threshold).sum() - count) <= 4


def test_scores_of_the_noise_that_was_not_attacked():
    """Sampler B against test digits and against the generator of chapter 3, by five scores."""
    reference = describe(data.mnist("train").x[:10_000])[0].numpy()
    G = mlp_generator(100)
    G.load_state_dict(load_file(records.path("mnist-mlp.safetensors")))
    order = torch.randperm(10_000, generator=torch.Generator().manual_seed(9))
    few = reference[np.random.default_rng(5).permutation(10_000)[:1_000]].astype(float)
    pictures = (
        common.sample(G, 100, 1_000),
        torch.from_numpy(records.load("mnist-attack")["pictures"]),
        data.mnist("test").x[order[:1_000]],
    )
    a, b, c = (
        (*metrics.precision_recall(few, f), *density_coverage(few, f))
        for f in (describe(x)[0].numpy().astype(float) for x in pictures)
    )
    assert (b[0], a[0], b[3], c[3]) == pytest.approx((0.64, 0.78, 0.66, 0.96), abs=0.006)
    assert max(abs(a[k] - b[k]) for k in (1, 2)) < 0.04


def test_the_more_pictures_are_stored_the_fewer_scores_see_it():
    """Of the ten scores of the stress table: eight at 50, seven at 500, four at one in six."""
    run = records.load("mnist-stress")
    names, sets = run["metrics"].tolist(), run["sets"].tolist()
    higher = np.isin(names, ["inception", "precision", "recall", "density", "coverage"])
    better = np.where(higher, run["values"], -run["values"])
    real = better[0].min(axis=0)
    worse = {s: (better[k].max(axis=0) < real) for k, s in enumerate(sets)}
    stored = ("50 stored", "500 stored", "six copies")
    assert [int(worse[s].sum()) for s in stored] == [8, 7, 4]
    seen = [worse[s][names.index(m)] for s in stored for m in ("recall", "coverage", "twins")]
    assert all(seen)


def test_hypotheses_stand_and_wrong_wordings_do_not_return():
    assert not missing(
        "09",
        "The theorem needs normal features, in the variance of $E_{ij}$, and $N$ well above $K$",
        "under which almost surely no two distances are equal",
        "If $p$ and $q$ have finite moments of order 3",
        "one of many pictures by fewer and fewer scores",
    )
    assert not returned("09", "A memoriser passes most scores", "an MMD, so")


def test_the_slope_of_the_extrapolation_depends_on_the_generator():
    """On the line, N(0, s^2) against N(0, 1): exact bias s^2 + s / 2 over N, at s = 1 the c of 1.5."""
    n = 4_000
    deviation = math.sqrt(2 / (n - 1)) * math.exp(math.lgamma(n / 2) - math.lgamma((n - 1) / 2))
    for s in (0.5, 1.0, 2.0):
        bias = s * s / n + s * s - 2 * s * deviation + 1 - (s - 1) ** 2
        assert bias * n == pytest.approx(s * s + s / 2, rel=1e-3)
    assert floor_constant(np.ones(1)) == pytest.approx(1.5)
    assert not missing(
        "09", "the slope then depends on the generator", "even for a perfect sampler"
    )
    assert not returned("09", "images this is $.3$ and not $0$")


def test_pictures_that_were_optimised_together_are_not_independent_draws(real):
    """The bootstrap's spread of sampler B is far above that of its three runs."""
    attack, rng = records.load("mnist-attack"), np.random.default_rng(8)
    moved = describe(torch.from_numpy(attack["pictures"]))[0].numpy().astype(float)
    again = [frechet_distance(real, moved[rng.integers(1_000, size=1_000)]) for _ in range(12)]
    assert np.std(again, ddof=1) > 2 * attack["frechet"].std(ddof=1)
    assert np.ptp(attack["frechet"]) < 1
    assert not missing("09", "it needs samples that were drawn independently", "within 1 of each")
