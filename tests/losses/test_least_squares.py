"""Least squares with codes: the default, the best score, the least loss, and what is refused."""

import dataclasses

import pytest
import torch
from torch.nn.functional import mse_loss

from ganbook.losses import LEAST_SQUARES, LOSSES, least_squares

SCORES = torch.linspace(-3, 3, 25, dtype=torch.float64)
CODES = [(0.0, 1.0, 1.0), (-1.0, 1.0, 0.0), (-1.0, 1.0, 1.0), (2.0, -0.5, 0.25)]


def test_the_default_is_the_loss_of_that_name():
    ours = least_squares()
    assert LOSSES["least_squares"] is LEAST_SQUARES
    d_real, d_fake = SCORES[3:], SCORES[:20]
    assert ours.discriminator(d_real, d_fake) == LEAST_SQUARES.discriminator(d_real, d_fake)
    assert ours.generator(d_fake) == LEAST_SQUARES.generator(d_fake)
    assert not ours.relative


@pytest.mark.parametrize(("a", "b", "c"), CODES)
def test_against_mse_with_constant_targets(a, b, c):
    loss, d_real, d_fake = least_squares(a, b, c), SCORES[3:], SCORES[:20]
    fit = mse_loss(d_real, torch.full_like(d_real, b)) + mse_loss(
        d_fake, torch.full_like(d_fake, a)
    )
    torch.testing.assert_close(loss.discriminator(d_real, d_fake), fit / 2)
    torch.testing.assert_close(
        loss.generator(d_fake), mse_loss(d_fake, torch.full_like(d_fake, c)) / 2
    )


@pytest.mark.parametrize(("a", "b", "c"), CODES)
def test_the_best_score_is_the_weighted_mean_of_the_codes(a, b, c):
    """At a point with weights p and q, drawn as 7 real and 3 generated copies of one score."""
    d = torch.zeros((), dtype=torch.float64, requires_grad=True)
    loss = least_squares(a, b, c)

    def at(d):
        return 0.7 * 2 * loss.discriminator(d.view(1), torch.tensor([a]).double()) + (
            0.3 * 2 * loss.discriminator(torch.tensor([b]).double(), d.view(1))
        )

    (slope,) = torch.autograd.grad(at(d), d)
    best = 0.7 * b + 0.3 * a
    assert float(slope) == pytest.approx(-2 * best)
    there = torch.tensor(best, dtype=torch.float64, requires_grad=True)
    assert float(torch.autograd.grad(at(there), there)[0]) == pytest.approx(0, abs=1e-12)


def test_the_numbers_can_be_read_and_compared():
    assert least_squares(-1, 1, 0) == least_squares(-1.0, 1.0, 0.0)
    assert least_squares(-1, 1, 0) != least_squares(-1, 1, 1)
    assert least_squares(-1, 1, 0).name == "least_squares(a=-1, b=1, c=0)"
    assert dataclasses.asdict(least_squares(-1, 1, 0).discriminator) == {
        "generated": -1.0,
        "real": 1.0,
    }


@pytest.mark.parametrize("codes", [(1, 1, 0), (float("nan"), 1, 0), (0, 1, float("inf"))])
def test_codes_that_tell_nothing_apart_are_refused(codes):
    with pytest.raises(ValueError, match="a != b"):
        least_squares(*codes)
