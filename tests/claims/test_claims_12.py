"""Chapter 12: its numbered results and the numbers that it prints, each as an assertion."""

import math

import numpy as np
import pytest
import torch
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import t as student
from scipy.stats import ttest_rel
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from ganbook import records
from ganbook.recipes.tricks._tricks import GOOD, with_tricks
from ganbook.spectral import circular_norm, reshaped_norm
from support.prose import missing, returned


@pytest.mark.parametrize("shape", [(4, 3, 3, 3), (1, 5, 2, 4), (6, 1, 1, 3)])
def test_the_norm_of_a_convolution_lies_between_its_bounds(shape):
    """Theorem 12-convolution, by numpy's transform."""
    kernel = np.random.default_rng(0).normal(size=shape)
    blocks = np.moveaxis(np.fft.fft2(kernel, s=(8, 9)), (2, 3), (0, 1))
    norm = np.linalg.norm(blocks, 2, axis=(2, 3)).max()
    reshaped = np.linalg.norm(kernel.reshape(shape[0], -1), 2)
    assert reshaped <= norm <= math.sqrt(shape[2] * shape[3]) * reshaped
    assert circular_norm(torch.tensor(kernel), (8, 9)) == pytest.approx(norm, rel=1e-10)


def test_torch_divides_by_the_norm_of_the_reshaped_kernel():
    torch.manual_seed(0)
    layer = nn.Conv2d(2, 3, 3, bias=False)
    before = layer.weight.detach().clone()
    normed = spectral_norm(layer, n_power_iterations=50)
    assert reshaped_norm(normed.weight.detach()) == pytest.approx(1, abs=1e-3)
    ratio = (before / normed.weight.detach()).flatten()
    assert ratio.mean().item() == pytest.approx(reshaped_norm(before), rel=1e-3)
    assert circular_norm(normed.weight.detach(), (28, 28)) > 1.2


def test_random_kernels_lie_between_one_and_a_half_and_less_than_two():
    torch.manual_seed(5)
    ratios = [circular_norm(k, (28, 28)) / reshaped_norm(k) for k in torch.randn(10, 16, 16, 3, 3)]
    assert min(ratios) > 1.35 and max(ratios) < 1.75


def test_first_layers_are_underestimated_most_and_last_ones_least():
    """From one channel to 16, from 16 to 16, from 16 to one, by numpy's transform."""

    def ratio(kernel):
        blocks = np.moveaxis(np.fft.fft2(kernel, s=(12, 12)), (2, 3), (0, 1))
        whole = np.linalg.norm(blocks, 2, axis=(2, 3)).max()
        return whole / np.linalg.norm(kernel.reshape(len(kernel), -1), 2)

    rng = np.random.default_rng(3)
    first, middle, last = (
        [ratio(rng.normal(size=(out, into, 3, 3))) for _ in range(8)]
        for out, into in ((16, 1), (16, 16), (1, 16))
    )
    assert min(first) > max(middle) > min(middle) > max(last)
    # One column a frequency: its squared length is in the mean the sum of squares of the entries.
    kernel = rng.normal(size=(16, 1, 3, 3))
    columns = np.fft.fft2(kernel, s=(12, 12))
    mean = (np.abs(columns) ** 2).sum(axis=(0, 1)).mean()
    assert mean == pytest.approx((kernel**2).sum(), rel=1e-12)
    singular = np.linalg.svd(kernel.reshape(16, 9), compute_uv=False)
    assert len(singular) == 9
    assert (singular**2).sum() == pytest.approx((kernel**2).sum(), rel=1e-12)


def test_where_r1_stops_the_slope():
    """2 sigmoid(-psi) = psi, and the smoothed optimum by minimising the loss at a point."""
    root = brentq(lambda psi: 2 / (1 + math.exp(psi)) - psi, 0, 2)
    assert root == pytest.approx(0.675, abs=5e-4)


@pytest.mark.parametrize(("p", "q"), [(1.0, 1.0), (1.0, 0.01), (0.01, 1.0)])
@pytest.mark.parametrize(("a", "b"), [(0.9, 0.0), (0.9, 0.1)])
def test_the_best_smoothed_score(p, q, a, b):
    """Equation 12-cap, by a minimiser."""

    def sp(t):
        return np.logaddexp(0, t)

    best = minimize_scalar(
        lambda d: p * (a * sp(-d) + (1 - a) * sp(d)) + q * (b * sp(-d) + (1 - b) * sp(d)),
        bounds=(-20, 20),
        method="bounded",
        options={"xatol": 1e-9},
    ).x
    want = math.log((a * p + b * q) / ((1 - a) * p + (1 - b) * q))
    assert best == pytest.approx(want, abs=1e-4)


def test_the_caps():
    assert math.log(9) == pytest.approx(2.197, abs=5e-4)
    assert math.log(0.9 / 1.1) == pytest.approx(-0.201, abs=5e-4)


@pytest.mark.parametrize(("beta", "radius"), [(0.9, 0.7255), (0.99, 0.1000), (0.999, 0.0100)])
def test_the_average_of_a_circle(beta, radius):
    """Equation 12-ema, by the geometric series."""
    phi = math.acos(1 - 0.1**2 / 2)
    series = abs((1 - beta) / (1 - beta * complex(math.cos(phi), -math.sin(phi))))
    formula = (1 - beta) / math.sqrt((1 - beta) ** 2 + beta * 0.1**2)
    assert series == pytest.approx(formula, rel=1e-9) == pytest.approx(radius, abs=6e-5)


@pytest.mark.parametrize("p", [0.2, 0.5, 0.75, 0.9])
def test_turns_by_counting(p):
    """Theorem 12-leak: eigenvalues of the matrix as a circulant, by Fourier."""
    first = np.array([1 - p, p / 3, p / 3, p / 3])
    eigenvalues = np.fft.fft(first)
    np.testing.assert_allclose(eigenvalues[1:], 1 - 4 * p / 3, atol=1e-12)
    four = np.array([1 - 0.75 * p, p / 4, p / 4, p / 4])
    np.testing.assert_allclose(np.fft.fft(four)[1:], 1 - p, atol=1e-12)


def test_the_penalty_of_a_norm_for_each_pixel():
    rng = np.random.default_rng(0)
    g = rng.normal(size=(200, 784))
    g /= np.linalg.norm(g, axis=1, keepdims=True)
    assert np.abs(g).mean() == pytest.approx(0.029, abs=1e-3)
    assert ((np.abs(g) - 1) ** 2).mean() == pytest.approx(0.945, abs=5e-3)


def interval(with_trick, without):
    ratio = np.log(with_trick / without)
    half = student.ppf(0.975, len(ratio) - 1) * ratio.std(ddof=1) / len(ratio) ** 0.5
    return np.exp([ratio.mean() - half, ratio.mean() + half])


def sorted_out(record, left_out):
    """Names whose interval lies left of 1, and right of it."""
    run = records.load(record)
    helps, harms = set(), set()
    for name in run.provenance["runs"]:
        if name == "base":
            continue
        one, base = run[f"{name}/frechet"].astype(float), run["base/frechet"].astype(float)
        assert one.shape == base.shape == (5,) and (one > 0).all() and (base > 0).all()
        low, high = interval(base, one) if left_out else interval(one, base)
        if high < 1:
            helps.add(name)
        elif low > 1:
            harms.add(name)
    return helps, harms


def test_what_helps_the_bare_net():
    helps, harms = sorted_out("tricks-bare", left_out=False)
    assert helps == {"no momentum", "R1", "batch norm in G", "top-k"}
    assert harms == {"falling rates", "spectral norm", "layer norm in D"}
    run = records.load("tricks-bare")
    assert len(run.provenance["runs"]) == 15
    assert run["floor"].mean() == pytest.approx(2.7, abs=0.5)
    assert run["noise"][0] == pytest.approx(325, abs=1)


def test_what_the_good_net_would_miss():
    helps, harms = sorted_out("tricks-good", left_out=True)
    assert helps == {"no momentum", "batch norm in G", "gradient clipping"}
    assert harms == {"two time scales", "layer norm in D"}
    bare, good = records.load("tricks-bare"), records.load("tricks-good")
    assert len(good.provenance["base"]) == 10
    assert (good["base/frechet"] < bare["base/frechet"]).all()
    assert good["layer norm in D/frechet"].mean() < 0.85 * good["base/frechet"].mean()
    for name in ("no momentum", "batch norm in G"):
        ratio = good[f"{name}/frechet"].mean() / good["base/frechet"].mean()
        assert 1.3 < ratio < 1.5


def test_augmenting_the_real_ones_alone_leaks():
    run = records.load("tricks-limited")
    plain, both, real = (run[f"{n}/frechet"].astype(float) for n in ("plain", "both", "real only"))
    assert (real > plain).all() and ((both < plain).sum()) == 4
    low, high = interval(real, plain)
    assert (low, high) == pytest.approx((1.07, 1.18), abs=6e-3)
    low, high = interval(both, plain)
    assert (low, high) == pytest.approx((0.90, 1.02), abs=6e-3)
    gap = {n: run[f"{n}/gap"][0] - run[f"{n}/gap"][1] for n in ("plain", "both", "real only")}
    assert gap["plain"].mean() == pytest.approx(0.23, abs=6e-3)
    assert gap["plain"].min() > 3 * max(gap["both"].max(), gap["real only"].max())
    good = records.load("tricks-good")["base/frechet"]
    assert plain.mean() < good.mean()


def test_momentum_breaks_the_relativistic_game():
    run = records.load("tricks-breaks")
    start = run["as it is/frechet"].astype(float)
    found = {
        n: interval(run[f"{n}/frechet"].astype(float), start)
        for n in run.provenance["runs"]
        if n != "as it is"
    }
    assert set(found) == {"momentum 0.9", "layer norm in D", "without R1", "without both"}
    assert (run["momentum 0.9/frechet"] > run["noise"][0]).all()
    assert found["momentum 0.9"][0] > 1.5
    for name in ("without R1", "without both"):
        assert found[name][0] < 1 < found[name][1]
    assert found["layer norm in D"][1] < 0.8
    assert start.mean() == pytest.approx(294, abs=1)


def test_eight_runs_without_a_name():
    """The letters of exercise 12.13 belong to the measurements that its answer names."""
    from ganbook.exercises.chapter12.evidence import solution_12_13

    names = np.array(records.load("tricks-clinic").provenance["runs"])[[0, 2, 3, 4, 5, 7, 8, 9]]
    shuffled = names[np.random.default_rng(12).permutation(8)].tolist()
    measures = {
        "healthy": "floor and noise",
        "minimax saturates": "weight of G's gradient",
        "sigmoid in D": "range of the scores",
        "real in [0, 1]": "range of the pictures",
        "penalty per channel": "slope of D",
        "few pictures": "held-out scores",
        "real ones augmented": "positions in the pictures",
        "average without buffers": "the other generator",
    }
    wanted = {k: measures[n] for k, n in zip("ABCDEFGH", shuffled, strict=True)}
    assert solution_12_13() == wanted
    run = records.load("tricks-clinic")
    np.testing.assert_array_equal(
        run["healthy/curve d_real"], run["average without buffers/curve d_real"]
    )


def test_hypotheses_stand_and_wrong_wordings_do_not_return():
    assert not missing(
        "12",
        "on pictures at least as large as the kernel",
        "for a fixed $\\beta$ it does not converge either",
        "$G$ learns little about details finer than $\\sigma$",
    )
    assert not returned(
        "12", "averaging converges where play does not", "learns nothing about details"
    )


def test_clipping_under_adam_acts_on_falling_gradients_too():
    """No gradient is larger than one before it, and the clipped path is another one."""

    def path(clip):
        p = nn.Parameter(torch.zeros(1, dtype=torch.float64))
        adam = torch.optim.Adam([p], 0.1, eps=1e-30)
        for k in range(5):
            p.grad = torch.full((1,), min(0.5**k, clip), dtype=torch.float64)
            adam.step()
        return p.item()

    assert abs(path(math.inf) - path(0.01)) > 0.01
    assert not missing("12", "acts only where its factor differs from step to step")


def test_how_many_nets_and_what_batch_norm_is_worth():
    bare, good = records.load("tricks-bare"), records.load("tricks-good")
    nets = len(bare.provenance["runs"]) + len(good.provenance["runs"])
    worth = {
        name: np.exp(np.log(good[f"{name}/frechet"] / good["base/frechet"]).mean())
        for name in ("batch norm in G", "no momentum")
    }
    norm, momentum = (round(100 * (w - 1)) for w in worth.values())
    assert not missing(
        "12",
        f"five seeds for each of {nets} nets",
        f"Without batch norm the distance rises by {norm} %, and with momentum by {momentum} %",
    )


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1])
def test_the_bounds_hold_with_strides_and_zero_padding(stride, padding):
    """The layer written out as a matrix, on pictures of 6 x 6."""
    torch.manual_seed(0)
    kernel = torch.randn(3, 2, 3, 3, dtype=torch.float64)
    pictures = torch.eye(72, dtype=torch.float64).reshape(72, 2, 6, 6)
    matrix = nn.functional.conv2d(pictures, kernel, stride=stride, padding=padding).flatten(1)
    norm, reshaped = (float(torch.linalg.svdvals(m)[0]) for m in (matrix, kernel.flatten(1)))
    assert reshaped * (1 - 1e-12) <= norm <= 3 * reshaped
    assert not missing("12", "The bounds hold all the same if some output pixel sees the whole")
    assert not returned("12", "there is no such formula", "A kernel with one place")


def test_a_smoothed_score_increases_with_the_ratio():
    """The probability is b + (a - b) p / (p + q): in one order with p / q for every b < a."""
    p, q = np.random.default_rng(0).uniform(0.01, 1, (2, 200))
    for a, b in ((0.9, 0.0), (0.9, 0.1), (0.7, 0.6)):
        probability = (a * p + b * q) / (p + q)
        np.testing.assert_allclose(probability, b + (a - b) * p / (p + q))
        assert (np.argsort(probability) == np.argsort(p / q)).all()
    assert not missing("12", "no place is favoured for holding more of $q$")
    assert not returned("12", "gives this reason in other words")


def effects(record):
    """Logarithms of the ratio with / without each trick, five seeds."""
    run = records.load(record)
    turn = -1 if run.provenance["base"] else 1
    base = np.log(run["base/frechet"].astype(float))
    names = [n for n in run.provenance["runs"] if n != "base"]
    return {n: turn * (np.log(run[f"{n}/frechet"].astype(float)) - base) for n in names}


def test_what_is_left_of_24_intervals():
    bare, good = effects("tricks-bare"), effects("tricks-good")
    assert len(bare) + len(good) == 24
    limits = [student.ppf(1 - 0.025 / k, 4) for k in (1, 24)]
    assert [round(limit, 1) for limit in limits] == [2.8, 7.1]
    left = {
        (record, name)
        for record, found in (("bare", bare), ("good", good))
        for name, x in found.items()
        if abs(x.mean()) > limits[1] * x.std(ddof=1) / 5**0.5
    }
    assert left == {
        ("bare", "batch norm in G"),
        ("good", "batch norm in G"),
        ("good", "no momentum"),
        ("good", "layer norm in D"),
    }
    assert not missing("12", "Corrected for 24 intervals four effects remain", "7.1 times its")
    assert not returned("12", "two time scales, in the good one", "the harm of two time scales")


def test_two_intervals_are_no_test_of_their_difference():
    bare, good = effects("tricks-bare"), effects("tricks-good")
    for name in ("gradient clipping", "falling rates"):
        assert ttest_rel(good[name], bare[name]).pvalue == pytest.approx(0.04, abs=5e-3)
    assert len(good) == 10
    single = {n: ttest_rel(good[n], bare[n]).pvalue for n in good if n != "EMA"}
    assert [n for n, p in single.items() if p < 0.05 / 10] == ["R1"]
    assert single["R1"] == pytest.approx(0.0009, abs=5e-5)
    assert not missing(
        "12",
        "it has $p \\approx 0.04$ for each of the two, among ten",
        "R1 helps the bare net more than the good one ($p = 0.0009$)",
        "with random weights, as at the start of training",
    )
    assert not returned("12", "**Some effects depend on the net.**")


def test_which_momenta_the_two_nets_have():
    assert (with_tricks(()).betas, with_tricks(GOOD).betas) == ((0.5, 0.999), (0.0, 0.99))
    assert not missing(
        "12",
        "{term}`Adam` with $\\beta = (0.5, 0.999)$, and nothing else",
        "($\\beta = (0, 0.99)$ in place of $(0.5, 0.999)$",
    )
