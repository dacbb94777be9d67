"""The results of chapter 1, each by another route than the page's."""

import math
import re
from itertools import permutations, product

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm
from sklearn.datasets import load_digits, load_iris
from sklearn.naive_bayes import GaussianNB

from ganbook import autoregressive, mixtures, records
from ganbook.autoregressive import MADE, all_states, fit
from ganbook.recipes.digits import made as made_digits
from support.paths import NOTEBOOKS
from support.prose import missing, prose, returned


@pytest.fixture(scope="module")
def parts():
    return made_digits.split()


@pytest.fixture(scope="module")
def record():
    return records.load("made-digits")


def test_bayes_rule_holds_for_any_joint_table():
    rng = np.random.default_rng(0)
    for _ in range(20):
        joint = rng.dirichlet(np.ones(12)).reshape(4, 3)
        prior, likelihood = joint.sum(0), joint / joint.sum(0)
        posterior = joint / joint.sum(1, keepdims=True)
        evidence = likelihood @ prior
        np.testing.assert_allclose(posterior, likelihood * prior / evidence[:, None], atol=1e-12)


def test_cross_entropy_is_the_likelihood_of_a_label():
    scores = torch.linspace(-30, 30, 61, dtype=torch.float64)
    for y in (0.0, 1.0):
        labels = torch.full_like(scores, y)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            scores, labels, reduction="none"
        )
        chance = expit(scores.numpy()) if y else expit(-scores.numpy())
        np.testing.assert_allclose(loss.numpy(), -np.log(chance), rtol=1e-9, atol=1e-12)


def test_best_variance_is_the_mean_squared_residual():
    residual = np.random.default_rng(1).standard_normal(50) * 3

    def nll(variance):
        return np.mean(residual**2) / (2 * variance) + 0.5 * np.log(2 * np.pi * variance)

    best = np.mean(residual**2)
    assert nll(best) < min(nll(0.99 * best), nll(1.01 * best))
    np.testing.assert_allclose(nll(best), -norm.logpdf(residual, 0, best**0.5).mean(), rtol=1e-12)


def test_bound_and_divergence_make_the_likelihood_and_touch_at_the_posterior():
    x = load_iris().data[:, [2, 0]]
    mixture, _ = mixtures.fit(
        x, mixtures.start_at([[1.5, 5.0], [4.0, 6.0], [6.0, 7.0]], x), steps=20
    )
    joint, log_prob = mixture.log_joint(x), mixture.log_prob(x)
    for guess in (
        np.random.default_rng(0).dirichlet(np.ones(3), len(x)),
        np.full((len(x), 3), 1 / 3),
    ):
        bound = (guess * (joint - np.log(guess))).sum(1)
        divergence = (guess * np.log(guess / mixture.responsibilities(x))).sum(1)
        np.testing.assert_allclose(bound + divergence, log_prob, atol=1e-8)
        assert (bound < log_prob).all()
    r = mixture.responsibilities(x)
    touching = (r * (joint - np.log(np.maximum(r, 1e-300)))).sum(1)
    np.testing.assert_allclose(touching, log_prob, atol=1e-9)


def test_the_m_step_is_a_stationary_point_of_the_bound():
    rng = np.random.default_rng(5)
    x = rng.standard_normal((60, 2))
    start = mixtures.start_at(x[:2], x)
    r, best = start.responsibilities(x), mixtures.em_step(start, x)

    def bound(weights, means, covariances):
        return (r * mixtures.GaussianMixture(weights, means, covariances).log_joint(x)).sum()

    top = bound(best.weights, best.means, best.covariances)
    for _ in range(20):
        weights = best.weights * np.exp(0.02 * rng.standard_normal(2))
        shear = np.eye(2) + 0.02 * rng.standard_normal((2, 2))
        covariances = shear @ best.covariances @ shear.T
        covariances = (covariances + covariances.transpose(0, 2, 1)) / 2
        means = best.means + 0.02 * rng.standard_normal((2, 2))
        assert bound(weights / weights.sum(), means, covariances) < top


def test_two_starts_end_on_two_hills():
    x = load_iris().data[:, [2, 0]]
    ends = [
        mixtures.fit(x, mixtures.start_at(means, x), 1000)[1][-1]
        for means in ([[1.5, 5.0], [4.0, 6.0], [6.0, 7.0]], [[2.0, 5.0], [4.0, 6.0], [6.0, 6.0]])
    ]
    np.testing.assert_allclose(ends, [-1.711, -1.704], atol=1e-3)


def test_the_likelihood_of_a_mixture_has_no_maximum():
    x = np.array([[0.0], [1.0], [2.0], [3.5]])
    means = []
    for variance in (1e-4, 1e-40, 1e-200):
        mixture = mixtures.GaussianMixture([0.5, 0.5], [[0.0], [1.6]], [[[variance]], [[2.0]]])
        means.append(mixture.log_prob(x).mean())
    assert means[0] < means[1] < means[2] and means[2] > 50


def test_naive_bayes_with_shared_variances_is_linear_and_without_is_not():
    rng = np.random.default_rng(3)
    x = np.concatenate([rng.normal(0, 1, (4000, 2)), rng.normal(1, 1, (4000, 2))])
    model = GaussianNB().fit(x, np.repeat([0, 1], 4000))
    line = np.linspace(-3, 3, 7)[:, None] * np.ones(2)

    def bend(var):
        model.var_ = var
        odds = np.diff(model.predict_log_proba(line), axis=1)[:, 0]
        return np.abs(np.diff(odds, 2)).max()

    own = model.var_.copy()
    own[1] *= 2
    assert bend(np.repeat(own.mean(0)[None], 2, 0)) < 1e-9 < 0.1 < bend(own)


def test_coins_copier_and_log_100(parts):
    train, _, test = parts
    box = {row.numpy().tobytes() for row in train}
    unseen = sum(row.numpy().tobytes() not in box for row in test)
    assert unseen == 483
    coins = -64 * math.log(2)
    assert abs(coins + 44.3614) < 1e-4
    assert abs((math.log(0.01) + coins) + 48.9666) < 1e-4


def test_the_digits_are_split_as_the_protocol_says(parts, record):
    assert [len(part) for part in parts] == [1_097, 200, 500]
    rows = torch.cat(parts)
    assert set(rows.unique().tolist()) == {0.0, 1.0}
    ones = (load_digits().data >= 8).sum()
    assert int(rows.sum()) == ones
    np.testing.assert_array_equal(record["test_pictures"], parts[2].numpy())


def test_independent_pixels_cost_25_nats(parts):
    train, _, test = (part.numpy().astype(float) for part in parts)
    share = (train.sum(0) + 1) / (len(train) + 2)
    nats = -np.where(test == 1, np.log(share), np.log1p(-share)).sum(1).mean()
    assert abs(nats - 25.1) < 0.1


def test_made_beats_independent_pixels_in_a_short_run(parts):
    train, _, test = parts
    torch.manual_seed(11)
    model = MADE(64, (256,))
    fit(model, train, 600, lr=3e-3, generator=torch.Generator().manual_seed(11))
    nats = made_digits.nats(model, test)
    assert 16.5 < nats < 19.5


def test_the_record_holds_what_the_page_says(record):
    assert record["curves"].shape == (5, 3, 60) and record["test"].shape == (5,)
    at_best = np.argmin(record["curves"][:, 1], axis=1)
    np.testing.assert_array_equal(record["steps"][at_best], record["chosen"])
    np.testing.assert_allclose(record["curves"][range(5), 2, at_best], record["test"], atol=1e-3)
    assert 17.2 < record["test"].mean() < 17.7 and record["test"].std(ddof=1) < 0.1
    assert record["ensemble"] < record["orders"].mean() - 0.5
    assert (record["curves"][:, 2, -1] > record["test"] + 1).all()
    assert {"code", "seed", "versions", "hardware", "seconds", "date", "data"} <= set(
        record.provenance
    )


def test_an_output_that_sees_its_input_is_no_distribution(parts):
    middle = parts[0].view(-1, 8, 8)[:, 2:5, 3:6].reshape(-1, 9)
    torch.manual_seed(1)
    model = MADE(9, (64,))
    degree, unit = torch.arange(1, 10), 1 + torch.arange(64) % 8
    model.network[-1].mask = degree[:, None] >= unit
    fit(model, middle, 600, lr=1e-2, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        assert -model.log_prob(middle).mean() < 1
        each = model.log_prob(all_states(9, torch.float32)).exp()
        assert 100 < 0.9 * 256 < each.sum() < 256.01  # the last factor is still a distribution
        assert each.median() < 0.6  # so most states are not near one


def test_spoiling_a_model_costs_at_most_log_100():
    rng = np.random.default_rng(0)
    p, u = rng.dirichlet(np.ones(50), 200), np.full(50, 1 / 50)
    loss = np.log(p) - np.log(0.01 * p + 0.99 * u)
    assert loss.max() <= math.log(100) + 1e-12
    peaked = np.zeros(50)
    peaked[0] = 1
    assert abs((np.log(1.0) - np.log(0.01 * peaked[0] + 0.99 / 2**64)) - math.log(100)) < 1e-12
    assert abs(math.log(100) - 4.60517) < 1e-5


def test_change_of_variables_for_the_exponential_map():
    total, _ = quad(lambda x: norm.pdf(math.log(x)) / x, 0, np.inf)
    without, _ = quad(lambda x: norm.pdf(math.log(x)), 0, np.inf)
    assert abs(total - 1) < 1e-6 and abs(without - math.exp(0.5)) < 1e-6


def test_the_chain_rule_holds_in_every_order_of_three_bits():
    table = np.random.default_rng(9).dirichlet(np.ones(8)).reshape(2, 2, 2)
    for order in permutations(range(3)):
        for state in product((0, 1), repeat=3):
            log_prob, seen = 0.0, [slice(None)] * 3
            for bit in order:
                before = table[tuple(seen)].sum()
                seen[bit] = slice(state[bit], state[bit] + 1)
                log_prob += math.log(table[tuple(seen)].sum() / before)
            assert abs(log_prob - math.log(table[state])) < 1e-12


def test_no_distribution_claims_less_than_the_entropy_of_the_training_pictures(parts):
    middle = parts[0].view(-1, 8, 8)[:, 2:5, 3:6].reshape(-1, 9)
    counts = np.bincount((middle.numpy() @ 2 ** np.arange(9)).astype(int), minlength=512)
    share = counts / counts.sum()
    entropy = -(share[share > 0] * np.log(share[share > 0])).sum()
    assert abs(entropy - 4.84) < 0.005
    rng = np.random.default_rng(0)
    for weight in (1e-6, 1e-3, 0.1, 1):
        q = (1 - weight) * share + weight * rng.dirichlet(np.ones(512))
        assert -(share[share > 0] * np.log(q[share > 0])).sum() > entropy


def test_right_as_often_and_not_as_likely():
    assert abs(-math.log(expit(0.1)) - 0.644) < 5e-4 and abs(-math.log(expit(5.0)) - 0.007) < 5e-4


def test_seven_nats_and_a_tenth_of_a_bit_in_plain_numbers():
    assert 1_000 < math.exp(7) < 1_200
    assert abs(3_072 * 0.1 * math.log(2) - 213) < 0.5
    assert abs(math.log2(100) / 3_072 - 0.002) < 5e-4


def test_the_conditional_is_as_sure_between_the_flowers_as_among_them():
    iris = load_iris()
    length = iris.data[:, 2]
    model = GaussianNB(var_smoothing=0).fit(length[:, None], iris.target)
    assert model.predict_proba([[1.5], [2.7]]).max(axis=1).min() > 0.999
    assert ((length < 1.95).sum(), ((length > 1.95) & (length < 2.95)).sum()) == (50, 0)


def test_a_variance_about_the_common_mean_makes_the_likelihood_fall():
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(-3, 0.5, 30), rng.normal(3, 0.5, 30)])
    w, mu, var = np.full(2, 0.5), np.array([-1.0, 1.0]), np.full(2, 9.0)
    history = []
    for _ in range(4):
        joint = np.log(w) + norm.logpdf(x[:, None], mu, np.sqrt(var))
        history.append(np.logaddexp(*joint.T).mean())
        r = np.exp(joint - np.logaddexp(*joint.T)[:, None])
        w, mu = r.mean(axis=0), (r * x[:, None]).sum(axis=0) / r.sum(axis=0)
        var = (r * (x[:, None] - x.mean()) ** 2).mean(axis=0)
    assert np.diff(history).min() < -0.05


def test_masks_need_the_place_in_the_order_and_not_the_number_of_the_variable():
    order = [2, 0, 3, 1]
    place = {variable: k for k, variable in enumerate(order, 1)}
    by_place = autoregressive.made_masks(torch.tensor(order), (6,))
    for i in range(4):
        for j in range(4):
            path = bool((by_place[1][i].float() * by_place[0][:, j].float()).sum())
            assert path == (place[j] < place[i])
    by_number = autoregressive.made_masks(torch.arange(4), (6,))
    mixed = (by_number[1].float() @ by_place[0].float()) > 0
    assert any(mixed[i, j] and place[j] >= place[i] for i in range(4) for j in range(4))


def test_only_the_order_of_the_numbers_forgives_the_number_in_place_of_the_place():
    """For all 24 orders of four variables, and the number on either side of the masks."""
    by_number = autoregressive.made_masks(torch.arange(4), (6,))
    for order in permutations(range(4)):
        chosen = torch.tensor(order)
        by_place = autoregressive.made_masks(chosen, (6,))
        for first, second in ((by_place[0], by_number[1]), (by_number[0], by_place[1])):
            reach = (second.float() @ first.float() > 0)[chosen][:, chosen]
            assert bool(reach.triu().any()) == (order != (0, 1, 2, 3))


def test_every_logistic_regression_is_a_naive_bayes_with_shared_variances():
    rng = np.random.default_rng(3)
    w, b, x = rng.normal(size=4), -1.3, rng.normal(size=(50, 4))
    pi = 1 / (1 + np.exp(-b))
    one = np.log(pi) + norm.logpdf(x, w / 2).sum(1)
    zero = np.log(1 - pi) + norm.logpdf(x, -w / 2).sum(1)
    assert np.allclose(one - zero, x @ w + b, atol=1e-12)


def test_a_step_that_only_improves_the_bound_does_not_lower_the_likelihood():
    """Generalised EM: move the means half of the way; the likelihood rises all the same."""
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(-2, 1, 60), rng.normal(2, 1, 40)])
    means, last = np.array([-0.5, 0.7]), -np.inf
    for _ in range(30):
        joint = np.log(0.5) + norm.logpdf(x[:, None], means)
        total = np.logaddexp.reduce(joint, axis=1)
        assert total.sum() >= last - 1e-9
        last, r = total.sum(), np.exp(joint - total[:, None])
        means = means + 0.5 * ((r * x[:, None]).sum(0) / r.sum(0) - means)


def test_gradient_of_an_energy_based_model_has_a_second_term():
    a, h = 0.7, 1e-5  # E(x) = a x^4 on a grid: log p = -E - log Z

    def log_p(a, x):
        grid = np.linspace(-6, 6, 4001)
        return -a * x**4 - np.log(np.trapezoid(np.exp(-a * grid**4), grid))

    grid = np.linspace(-6, 6, 4001)
    weight = np.exp(-a * grid**4)
    mean = np.trapezoid(weight * grid**4, grid) / np.trapezoid(weight, grid)
    numeric = (log_p(a + h, 1.2) - log_p(a - h, 1.2)) / (2 * h)
    assert abs(numeric - (mean - 1.2**4)) < 1e-6
    assert abs(log_p(a, 1.2) - log_p(a, 0.3) + a * (1.2**4 - 0.3**4)) < 1e-12  # no Z in a ratio


def test_em_may_rest_where_there_is_no_maximum():
    """Two equal components stay equal: EM rests at one Gaussian, below another mixture."""
    x = np.concatenate([np.linspace(-3, -2, 20), np.linspace(2, 3, 20)])[:, None]
    mean, variance = np.zeros((2, 1)), np.full((2, 1, 1), x.var())
    equal, history = mixtures.fit(
        x, mixtures.GaussianMixture(np.full(2, 0.5), mean, variance), steps=20
    )
    assert history[-1] == pytest.approx(history[0], abs=1e-12)
    np.testing.assert_allclose(equal.means, 0, atol=1e-12)
    apart = mixtures.GaussianMixture(np.full(2, 0.5), np.array([[-2.0], [2.0]]), np.ones((2, 1, 1)))
    assert mixtures.fit(x, apart, steps=20)[1][-1] > history[-1] + 1


def test_hypotheses_stand_and_wrong_wordings_do_not_return():
    assert not missing(
        "01",
        "let $d(i) \\in \\{1, \\dots, D\\}$ be the *place* of variable $i$",
        "by both inclusions",
        "read $0 \\log 0$ as $0$",
        "With $N_k = \\sum_n r_{nk}$, which must be positive",
        "Of the M step the proof uses only that $F$ does not fall",
        "* - energy-based models",
        "one pass for coupling flows",
        "The last variable in the order is the exception",
        "the sum is at most $2^8 = 256$",
        "which has to be finite",
        "unless $d(i) = i$ for all $i$",
        "before and after the M step",
        "nats per picture",
    )
    assert not returned(
        "01",
        "nats a picture",
        "the f of the largest likelihood",
        "the road is one-way",
        "that hang together",
        "was climbed to",
        "good hill",
        "nearly every state a probability near one",
        "on the most that we have",
        "and never what is missing",
        "whose notation we follow",
    )


def test_the_article_that_the_chapters_follow_is_named_and_cited():
    start = (NOTEBOOKS / "index.md").read_text(encoding="utf-8")
    assert "{cite:p}`unlimited`; the chapters call it *the article*" in start
    for chapter in ("01", "02", "03", "04"):
        assert not missing(chapter, "article that this book follows {cite:p}`unlimited`")


@pytest.mark.parametrize("chapter", ["01", "02", "03", "04", "05", "06"])
def test_the_boxes_of_the_first_chapters_have_the_same_four_labels(chapter):
    box = prose(chapter).split(":::", 2)[1]
    assert re.findall(r"\*\*(.+?)\*\*", box) == [
        "The question.", "Afterwards you can", "It builds on", "Time."
    ]  # fmt: skip
    (path,) = NOTEBOOKS.glob(f"{chapter}_*.ipynb")
    names = re.findall(r"from ganbook\.plots import \w+ as (\w+)", path.read_text(encoding="utf-8"))
    assert names == ["plots"]
