"""Losses against probabilities, derivatives and PyTorch's own functions."""

import math

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, mse_loss

from ganbook import losses
from ganbook.losses import LEAST_SQUARES, LOSSES, MINIMAX, NON_SATURATING, WASSERSTEIN

SCORES = torch.linspace(-8, 8, 33, dtype=torch.float64)


def test_discriminator_is_minus_the_value_of_the_game():
    d_real, d_fake = SCORES[5:], SCORES[:9]
    value = torch.sigmoid(d_real).log().mean() + (1 - torch.sigmoid(d_fake)).log().mean()
    for loss in (MINIMAX, NON_SATURATING):
        torch.testing.assert_close(loss.discriminator(d_real, d_fake), -value)


def test_discriminator_equals_binary_cross_entropy_of_both_halves():
    oracle = binary_cross_entropy_with_logits
    d_real, d_fake = SCORES[3:], SCORES[:20]
    expected = oracle(d_real, torch.ones_like(d_real)) + oracle(d_fake, torch.zeros_like(d_fake))
    torch.testing.assert_close(NON_SATURATING.discriminator(d_real, d_fake), expected)


def test_generators_in_terms_of_probabilities():
    p = torch.sigmoid(SCORES)
    torch.testing.assert_close(MINIMAX.generator(SCORES), (1 - p).log().mean())
    torch.testing.assert_close(NON_SATURATING.generator(SCORES), -p.log().mean())


@pytest.mark.parametrize("name", ["minimax", "non_saturating"])
def test_weights_of_both_generators(name):
    d = SCORES.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(LOSSES[name].generator(d), d)
    weight = torch.sigmoid(d) if name == "minimax" else torch.sigmoid(-d)
    torch.testing.assert_close(gradient, (-weight / len(d)).detach())


def test_equal_players_pay_two_log_two():
    zero = torch.zeros(7)
    assert abs(NON_SATURATING.discriminator(zero, zero).item() - 2 * math.log(2)) < 1e-6
    assert abs(NON_SATURATING.generator(zero).item() - math.log(2)) < 1e-6
    assert abs(MINIMAX.generator(zero).item() + math.log(2)) < 1e-6


def test_scores_stay_exact_where_probabilities_round_to_zero_or_one():
    d = torch.tensor([-200.0, 200.0])
    assert NON_SATURATING.generator(d[:1]).item() == 200
    assert MINIMAX.generator(d[1:]).item() == -200
    assert NON_SATURATING.discriminator(d[:1], d[1:]).item() == 400


def test_least_squares_against_mse_with_its_codes():
    d_real, d_fake = SCORES[3:], SCORES[:20]
    expected = 0.5 * mse_loss(d_real, torch.ones_like(d_real)) + 0.5 * mse_loss(
        d_fake, torch.zeros_like(d_fake)
    )
    torch.testing.assert_close(LEAST_SQUARES.discriminator(d_real, d_fake), expected)
    torch.testing.assert_close(
        LEAST_SQUARES.generator(d_fake), 0.5 * mse_loss(d_fake, torch.ones_like(d_fake))
    )


def test_optimal_scores_of_each_discriminator():
    """At one point with densities p and q the best score has a closed form; descent finds it."""
    p, q = 0.7, 0.2
    far = torch.zeros(1, dtype=torch.float64)
    best = {
        "minimax": math.log(p / q),
        "non_saturating": math.log(p / q),
        "least_squares": p / (p + q),
    }
    for name, expected in best.items():
        d = torch.zeros((), dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.LBFGS(
            [d],
            max_iter=200,
            tolerance_grad=1e-14,
            tolerance_change=0,
            line_search_fn="strong_wolfe",
        )

        def closure(d=d, optimizer=optimizer, only=LOSSES[name].discriminator):
            optimizer.zero_grad()
            value = p * (only(d.view(1), far) - only(far, far)) + q * (
                only(far, d.view(1)) - only(far, far)
            )
            value.backward()
            return value

        optimizer.step(closure)
        assert abs(d.item() - expected) < 1e-6, name


def test_wasserstein_is_the_gap_of_means_and_scores_real_high():
    d_real, d_fake = torch.tensor([3.0, 5.0]), torch.tensor([1.0, 2.0])
    assert WASSERSTEIN.discriminator(d_real, d_fake).item() == pytest.approx(-2.5, abs=1e-6)
    assert WASSERSTEIN.generator(d_fake).item() == pytest.approx(-1.5, abs=1e-6)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_directions_and_shapes(loss):
    """D gains by scoring real higher and generated lower; G gains by being scored higher; any shape
    gives a scalar.
    """
    d_real = torch.zeros(4, 1, requires_grad=True)
    d_fake = torch.zeros(6, 1, requires_grad=True)
    value = loss.discriminator(d_real, d_fake)
    assert value.shape == ()
    to_real, to_fake = torch.autograd.grad(value, (d_real, d_fake), allow_unused=True)
    assert (to_real < 0).all()
    assert to_fake is None or (to_fake >= 0).all()
    (of_g,) = torch.autograd.grad(loss.generator(d_fake), d_fake)
    assert (of_g < 0).all()


def test_names():
    for name, loss in LOSSES.items():
        assert losses.get(name) is loss is losses.get(loss)
        assert loss.name == name
    with pytest.raises(ValueError, match="unknown loss 'hinged': expected one of .*minimax"):
        losses.get("hinged")
