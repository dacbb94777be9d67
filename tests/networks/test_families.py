"""The families of chapter 13: parameters by hand, shapes, what holds at initialisation, refusals."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from ganbook import networks as nets
from ganbook.games import Game
from ganbook.penalties import r1
from ganbook.training import fit


def conv(n_in, n_out, kernel, bias=True):
    return (n_in * kernel**2 + bias) * n_out


GENERATORS = {
    "dcgan": (
        nets.dcgan_generator,
        conv(64, 64, 7, 0) + conv(64, 32, 4, 0) + conv(32, 1, 4) + 2 * 64 + 2 * 32,
        234_177,
    ),
    "full": (
        nets.full_generator,
        65 * 3136 + conv(64, 32, 4) + conv(32, 32, 3) + conv(32, 16, 4) + conv(16, 1, 3),
        254_241,
    ),
    "residual": (
        nets.residual_generator,
        65 * 3136
        + conv(64, 32, 3) + conv(32, 32, 3) + conv(64, 32, 1, 0)
        + conv(32, 16, 3) + conv(16, 16, 3) + conv(32, 16, 1, 0)
        + conv(16, 1, 3),
        241_201,
    ),
    "minimal": (
        nets.minimal_generator,
        65 * 48 * 49
        + conv(48, 24, 1, 0) + conv(24, 24, 3) + conv(24, 48, 1, 0) + conv(48, 96, 1)
        + conv(24, 12, 1, 0) + conv(12, 12, 3) + conv(12, 24, 1, 0) + conv(24, 4, 3),
        None,
    ),
}  # fmt: skip
DISCRIMINATORS = {
    "dcgan": (
        nets.dcgan_discriminator,
        conv(1, 16, 4) + conv(16, 32, 4) + conv(32, 1, 7),
        None,
    ),
    "full": (
        nets.full_discriminator,
        conv(1, 16, 4) + conv(16, 32, 3) + conv(32, 32, 4) + conv(32, 64, 3) + conv(64, 64, 3)
        + 1025,
        77_777,
    ),
    "residual": (
        nets.residual_discriminator,
        conv(1, 16, 3)
        + conv(16, 32, 3) + conv(32, 32, 3) + conv(16, 32, 1, 0)
        + conv(32, 64, 3) + conv(64, 64, 3) + conv(32, 64, 1, 0)
        + 2 * conv(64, 64, 3) + 577,
        146_465,
    ),
    "minimal": (
        nets.minimal_discriminator,
        conv(4, 24, 3)
        + conv(24, 12, 1, 0) + conv(12, 12, 3) + conv(12, 24, 1, 0) + conv(96, 48, 1)
        + conv(48, 24, 1, 0) + conv(24, 24, 3) + conv(24, 48, 1, 0) + 48 * 49 + 1,
        None,
    ),
    "unet": (
        nets.UNetDiscriminator,
        conv(1, 16, 4) + conv(16, 32, 3) + conv(32, 32, 4) + conv(32, 32, 3)
        + conv(64, 16, 3) + conv(17, 1, 3) + 32 * 49 + 1,
        41_531,
    ),
}  # fmt: skip


def stated(make):
    """The number that the docstring gives."""
    words = (make.__doc__ or "").split()
    return next(int(w.replace(",", "")) for w, n in pairwise(words) if n == "parameters")


@pytest.mark.parametrize("name", GENERATORS)
def test_generators(name):
    make, by_hand, given = GENERATORS[name]
    G = make()
    assert nets.count_parameters(G) == by_hand == stated(make)
    assert given in (None, by_hand)
    x = G(torch.randn(3, 64))
    assert x.shape == (3, 1, 28, 28) and x.abs().max() <= 1


@pytest.mark.parametrize("name", DISCRIMINATORS)
def test_discriminators(name):
    make, by_hand, given = DISCRIMINATORS[name]
    D, x = make(), torch.rand(4, 1, 28, 28) * 2 - 1
    assert nets.count_parameters(D) == by_hand == stated(make)
    assert given in (None, by_hand)
    assert D(x).shape == ((4, 1, 28, 28) if name == "unet" else (4, 1))
    torch.testing.assert_close(D(x)[2:3], D(x[2:3]))  # no sample sees another


@pytest.mark.parametrize(
    ("make", "bad"),
    [(make, {"width": 0}) for make, *_ in (*GENERATORS.values(), *DISCRIMINATORS.values())]
    + [(make, {"latent": 0}) for make, *_ in GENERATORS.values()],
)
def test_sizes_below_one_are_refused(make, bad):
    with pytest.raises(ValueError, match="expected whole numbers of at least 1"):
        make(**bad)


def test_dcgan_normalisation_and_weights():
    plain = nets.dcgan_generator(norm=False)
    assert not any(isinstance(m, nn.BatchNorm2d) for m in plain)
    assert nets.count_parameters(plain) == 234_081  # 96 biases in the place of 192 numbers
    torch.manual_seed(0)
    G, D = nets.dcgan_generator(std=0.02), nets.dcgan_discriminator(norm=True, std=0.02)
    for network in (G, D):
        for m in network:
            if isinstance(m, nn.Conv2d | nn.ConvTranspose2d):
                assert m.weight.std().item() == pytest.approx(0.02, rel=0.1)
    assert abs(G[2].weight.mean().item() - 1) < 0.02
    sgd = [torch.optim.SGD(p.parameters(), lr=0.1) for p in (G, D)]
    with pytest.raises(ValueError, match="batch statistics"):
        fit(Game(G, D, *sgd, 64), iter([torch.zeros(4, 1, 28, 28)] * 3), penalty=r1(), steps=1)
