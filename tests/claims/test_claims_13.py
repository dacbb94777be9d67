"""Chapter 13: its numbered results and the numbers that it prints, each as an assertion."""

import math

import nbformat
import numpy as np
import pytest
import torch
from scipy.signal import lfilter
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
    seeds = len(race.provenance["seeds"])
    at, steps = race["at_seconds"], race["at_steps"]
    assert at.shape == (seeds, 6, 3) and steps.shape == (seeds, 6, 3)
    assert race["seconds"].tolist() == [7.5, 15, 30] and race["steps"].tolist() == [64, 128, 256]
    assert (race["steps_done"] > 0).all() and (np.diff(race["steps_done"], axis=2) > 0).all()
    assert race["floor"].mean() == pytest.approx(6.4, abs=0.5)
    by = {name: k for k, name in enumerate(race["pairs"].tolist())}
    last = at[:, :, -1]
    assert (last[:, by["MLP"]] > 790).all()
    others = [k for name, k in by.items() if name != "MLP"]
    assert (last[:, others] < last[:, [by["MLP"]]] - 100).all()
    done = race["steps_done"][:, :, -1].mean(axis=0)
    assert done[by["MLP"]] < done[by["DCGAN"]] / 2
    assert (last[:, by["U-Net"]] > last[:, by["full resolution"]]).all()
    means = {name: (steps[:, k, -1].mean(), last[:, k].mean()) for name, k in by.items()}
    at_steps, at_time = (sorted(means, key=lambda n, k=k: means[n][k]) for k in (0, 1))
    assert at_steps[0] == "minimal" and at_steps[-2:] == ["DCGAN", "MLP"]
    wanted = ["full resolution", "DCGAN", "U-Net", "minimal", "residual", "MLP"]
    assert at_time == wanted
    assert (last[:, by["DCGAN"]] > last[:, by["full resolution"]]).all()
    assert at[:, by["DCGAN"], 0].mean() < at[:, by["full resolution"], 0].mean()
    behind = steps[:, by["U-Net"], -1] > steps[:, by["full resolution"], -1]
    assert behind.sum() == 2 and seeds == 3
    for name in ("U-Net", "full resolution"):
        assert race["rates"][by[name]] == 3e-3


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
