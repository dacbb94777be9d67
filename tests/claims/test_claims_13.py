"""Chapter 13: its numbered results and the numbers that it prints, each as an assertion."""

import math

import nbformat
import numpy as np
import pytest
import torch
from scipy.signal import lfilter
from scipy.stats import ttest_rel
from torch import nn

from ganbook import networks, records
from ganbook.penalties import r1
from ganbook.recipes.mnist import architectures as compared
from support.paths import ROOT
from support.prose import missing

NOTEBOOK = ROOT / "notebooks" / "13_architectures.ipynb"
RACE = "mnist-architectures"


def printed():
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    return "\n".join(
        o.text for c in cells if c.cell_type == "code" for o in c.outputs if "text" in o
    )


@pytest.mark.parametrize(("kernel", "stride"), [(3, 2), (4, 2), (6, 3)])
def test_a_constant_stays_constant_exactly_where_the_spectrum_vanishes(kernel, stride):
    """Theorem 13-constant: phase sums, spectrum and output, on kernels of both kinds."""
    rng = np.random.default_rng(0)
    free = rng.normal(size=kernel)
    even = np.convolve(rng.normal(size=kernel - stride + 1), np.ones(stride))
    for w, constant in ((free, False), (even, True)):
        spread = np.zeros(30 * stride)
        spread[::stride] = 1  # a constant with zeros between
        out = lfilter(w, [1.0], spread)[10 * stride :]
        at = np.arange(1, stride) / stride
        spectrum = np.abs(np.exp(-2j * np.pi * np.outer(at, np.arange(len(w)))) @ w)
        assert (np.ptp(out) < 1e-12) == constant == bool((spectrum < 1e-12).all())


@pytest.mark.parametrize("law", ["normal", "uniform", "two values"])
def test_the_uneven_share_is_one_minus_one_over_s_for_symmetric_weights(law):
    """Theorem 13-share does not need a normal law."""
    rng = np.random.default_rng(1)
    w = {
        "normal": rng.normal(size=(40_000, 5)),
        "uniform": rng.uniform(-1, 1, (40_000, 5)),
        "two values": rng.choice([-1.0, 1.0], (40_000, 5)) * [1, 1.5, 2.25, 3, 4.5],
    }[law]
    for stride in (2, 3):
        sums = np.stack([w[:, r::stride].sum(axis=1) for r in range(stride)])
        share = sums.var(axis=0) / (sums**2).mean(axis=0)
        assert share.mean() == pytest.approx(1 - 1 / stride, abs=4 * share.std() / 200)


def test_a_law_that_is_not_symmetric_gives_another_share():
    """The hypothesis matters: with positive weights the even kernel is much more even."""
    rng = np.random.default_rng(2)
    shares = {}
    for kernel in (3, 4):
        w = rng.uniform(0.5, 1.5, (4_000, kernel))
        shares[kernel] = networks.uneven_share(torch.tensor(w), 2).mean().item()
    assert shares[4] == pytest.approx(0.02, abs=0.005)
    assert shares[3] == pytest.approx(0.12, abs=0.01)


def test_effective_field():
    """Equation 13-effective, by the convolution of uniform laws."""
    law = np.ones(1)
    for _ in range(10):
        law = np.convolve(law, np.ones(3) / 3)
    place = np.arange(len(law)) - 10
    assert len(law) == 21 == networks.receptive_field([(3, 1)] * 10)[0]
    assert math.sqrt(law @ place**2) == pytest.approx(math.sqrt(10 * 8 / 12))
    assert law[5:16].sum() ** 2 == pytest.approx(0.94, abs=0.01)


def test_the_root_mean_square_derivative_is_wider_than_its_square():
    """What the map of the field shows is the root, which falls off more slowly."""
    law = np.ones(1)
    for _ in range(10):
        law = np.convolve(law, np.ones(3) / 3)
    root, place = np.sqrt(law) / np.sqrt(law).sum(), np.arange(21) - 10
    assert math.sqrt(root @ place**2) == pytest.approx(3.5, abs=0.01)
    assert math.sqrt(law[15] / law[10]) == pytest.approx(0.40, abs=0.005)
    assert root[5:16].sum() ** 2 == pytest.approx(0.78, abs=0.005)


def test_the_gain_of_a_layer():
    """Equation 13-gain, by integration over a normal law and for PyTorch's default."""
    rng = np.random.default_rng(3)
    z = rng.normal(size=400_000)
    a = 0.2
    square = np.where(z > 0, z, a * z) ** 2
    assert square.mean() == pytest.approx((1 + a**2) / 2, abs=4 * square.std() / 632)
    layer = nn.Linear(300, 300)
    assert 300 * layer.weight.var().item() == pytest.approx(1 / 3, rel=0.02)
    conv = nn.Conv2d(32, 64, 3)
    assert 288 * conv.weight.var().item() == pytest.approx(1 / 3, rel=0.05)
    assert math.sqrt(1.04 / 6) == pytest.approx(0.416, abs=5e-4)
    assert math.sqrt(1.04 / 6) ** 20 == pytest.approx(2e-8, rel=0.25)
    assert math.sqrt(1.04 / 6) ** -3 == pytest.approx(14, abs=0.2)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_normalised_branches_grow_by_the_root_of_the_depth(seed):
    """Twenty residual blocks with He's variance: a thousand without normalisation, about 4.6 with."""
    torch.manual_seed(seed)
    weights = torch.randn(20, 2, 128, 128) * math.sqrt(2 / 1.04 / 128)
    start = torch.randn(64, 128)
    grown = {}
    for normalised in (False, True):
        h = first = start.clone().requires_grad_(True)
        for inner, outer in weights:
            x = nn.functional.layer_norm(h, (128,)) if normalised else h
            phi = nn.functional.leaky_relu
            h = h + phi(phi(x, 0.2) @ inner, 0.2) @ outer
        direction = torch.randn(128, generator=torch.Generator().manual_seed(seed))
        (slope,) = torch.autograd.grad((h @ direction).sum(), first)
        grown[normalised] = float(slope.norm() / direction.norm() / 8)
    assert 500 < grown[False] < 2_000
    assert math.sqrt(20) / 1.5 < grown[True] < 1.5 * math.sqrt(20)
    assert not missing("13", "reduces this to about the root of the depth")


def test_a_penalty_costs_six_passes_whatever_the_depth():
    """Equation 13-step's R1 part, on stacks of three depths with a linear head."""
    x = torch.randn(2, 1, 16, 16)
    for depth in (1, 2, 3):
        layers = []
        for k in range(depth):
            layers += [nn.Conv2d(1 if k == 0 else 4, 4, 4, 2, 1), nn.LeakyReLU(0.2)]
        head = nn.Linear(4 * (16 // 2**depth) ** 2, 1)
        D = nn.Sequential(*layers, nn.Flatten(), head)
        forward = networks.count_flops(lambda D=D: D(x))
        whole = networks.count_flops(lambda D=D: r1()(D, x, x).backward())
        assert whole == 6 * forward - 3 * 2 * 2 * head.in_features


def test_the_recorded_comparison_is_complete_and_what_the_text_says():
    race = records.load(RACE)
    assert race["pairs"].tolist() == list(compared.PAIRS)
    assert race.provenance["seeds"] == [0, 1, 2, 3, 4]
    at, steps = race["at_seconds"], race["at_steps"]
    assert at.shape == steps.shape == (5, 6, 3)
    assert race["seconds"].tolist() == [45, 90, 180]
    assert race["steps"].tolist() == [256, 512, 1024]
    assert (race["steps_done"] > 0).all() and (np.diff(race["steps_done"], axis=2) > 0).all()
    floor, noise = race["floor"].mean(), float(race["noise"])
    assert floor == pytest.approx(6.4, abs=0.5)
    assert (race["rates"] == 3e-3).all() and (race["tuning"][:, 1] < race["tuning"][:, 0]).all()
    of = dict(zip(race["pairs"].tolist(), range(6), strict=True))
    full, residual, dcgan, minimal = (
        of[n] for n in ("full resolution", "residual", "DCGAN", "minimal")
    )
    last, spent = at[:, :, -1], race["seconds_spent"][:, :, -1].mean(axis=0)
    assert steps[:, :, -1].mean(axis=0).argmin() == residual
    assert (steps[:, residual, -1] < steps[:, full, -1]).sum() == 4
    assert (last[:, residual] > last[:, full]).all()
    assert spent[residual] / spent[full] == pytest.approx(1.7, abs=0.05)
    assert spent[of["MLP"]] / spent[dcgan] == pytest.approx(2.5, abs=0.05)
    by_seed = race["seconds_spent"][:, :, -1]
    assert [round(s) for s in np.sort(by_seed[:, of["MLP"]])[[0, -1]]] == [41, 77]
    ratios = np.sort(by_seed[:, residual] / by_seed[:, full])
    assert [f"{r:.1f}" for r in ratios[[0, -1]]] == ["1.6", "1.9"]
    assert not missing(
        "13",
        "took 41 seconds of CPU time with one seed and 77 with another",
        "took 1.6 to 1.9 times",
    )
    done = race["steps_done"][:, :, -1].mean(axis=0)
    assert done[dcgan] / done[residual] == pytest.approx(2, abs=0.1)
    for scores in (steps[:, :, -1], last):
        assert (scores[:, dcgan] > scores[:, residual]).all()
        assert (scores[:, of["U-Net"]] > scores[:, full]).all()
    assert 2 / 3 < last[:, of["MLP"]].mean() / noise < 0.75
    assert steps[:, :, 0].mean(axis=0).argmin() == minimal
    assert (last[:, minimal] > at[:, minimal, 0]).sum() == 3
    assert last[:, full].mean() / floor == pytest.approx(5, abs=0.5)
    assert last[:, full].mean() / noise == pytest.approx(0.04, abs=0.005)
    assert (at.mean(axis=0).argmin(axis=0) == full).all()
    assert not missing("13", "small networks in their first three minutes on small pictures")


def test_each_long_run_was_lower_shortly_before_its_end():
    scores = records.load("mnist-best")["frechet"]
    assert [len(f) - 1 - f.argmin() for f in scores] == [2, 1, 3]
    assert not missing("13", "Each had been lower one to three looks earlier.")


def test_the_comparison_on_clothes_is_complete_and_what_the_text_says():
    race, digits = records.load("fashion-architectures"), records.load(RACE)
    assert race["pairs"].tolist() == list(compared.PAIRS)
    assert race.provenance["seeds"] == [0, 1, 2, 3, 4]
    for setting in ("gamma", "betas", "batch", "scored_samples", "rates_tried", "turn"):
        assert race.provenance[setting] == digits.provenance[setting]
    of = dict(zip(race["pairs"].tolist(), range(6), strict=True))
    full, residual, unet, minimal = (
        of[n] for n in ("full resolution", "residual", "U-Net", "minimal")
    )
    tuned = race["tuning"]
    assert (race["rates"] == [1e-3] + 5 * [3e-3]).all()
    assert (tuned.argmin(axis=1) == [0, 1, 1, 1, 1, 1]).all()
    at, steps = race["at_seconds"], race["at_steps"][:, :, -1]
    last = at[:, :, -1]
    assert last.mean(axis=0).argmin() == full and steps.mean(axis=0).argmin() == residual
    assert (last[:, residual] > last[:, full]).sum() == 4
    assert (steps[:, residual] < steps[:, full]).sum() == 4
    assert (last[:, unet] > last[:, full]).all() and (steps[:, unet] > steps[:, full]).sum() == 3
    assert (np.diff(at[:, minimal]) < 0).all() and (np.diff(at.mean(axis=0)) < 0).all()
    assert last.mean(axis=0)[minimal] < last.mean(axis=0)[of["DCGAN"]] < at.mean(axis=0)[minimal, 0]
    floors = [r["at_seconds"][:, 0, -1].mean() / r["floor"].mean() for r in (race, digits)]
    assert floors == pytest.approx([86.5, 89.6], abs=0.1)
    p = ttest_rel(np.log(last[:, residual]), np.log(last[:, full])).pvalue
    assert p == pytest.approx(0.1, abs=0.005)
    accuracy = records.load("fashion-classifier").provenance["test_accuracy"]
    assert f"{accuracy:.1%}" == "90.4%"
    assert not missing(
        "13",
        "names 90.4 % of the test pictures rightly",
        "four of five here, with $p = 0.1$",
        "of these four readings only one is separated",
        "the minimal backbone gets better in every seed",
    )


def test_the_printed_verdicts():
    said = printed()
    for words in (
        "kernel  3, stride 2: overlap [2, 1]",
        "kernel 4, stride 2: uneven share 0.50",
        "uneven share 0, spectrum 0 at 1/2",
        "254,241 parameters, 10.66 million operations",
        "plain, PyTorch's default   times 0.4",
        "both zero: neither ever moves",
    ):
        assert words in said, words


def test_whose_three_convolutions_see_a_whole_digit():
    assert networks.receptive_field([(4, 2), (4, 2), (7, 1)])[0] >= 28
    assert networks.receptive_field([(3, 1)] * 3)[0] == 7
    assert not missing("13", "At 28 by 28 pixels DCGAN's three convolutions see the whole digit")
