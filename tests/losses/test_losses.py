"""Losses against probabilities, derivatives and PyTorch's own functions."""

import math

import pytest
import torch
from torch.nn.functional import (
    binary_cross_entropy_with_logits,
    hinge_embedding_loss,
    margin_ranking_loss,
    mse_loss,
    soft_margin_loss,
)

from ganbook import losses
from ganbook.losses import (
    HINGE,
    LEAST_SQUARES,
    LOSSES,
    MINIMAX,
    NON_SATURATING,
    RELATIVISTIC,
    WASSERSTEIN,
)

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
        "hinge": 1.0,
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


def test_hinge_against_torch_on_both_sides_of_both_corners():
    d_real, d_fake = SCORES[3:], SCORES[:20]
    assert (d_real > 1).any() and (d_real < 1).any() and (d_fake > -1).any() and (d_fake < -1).any()
    # hinge_embedding_loss of target -1 is max(0, margin - x)
    expected = hinge_embedding_loss(
        d_real, -torch.ones_like(d_real), margin=1.0
    ) + hinge_embedding_loss(-d_fake, -torch.ones_like(d_fake), margin=1.0)
    torch.testing.assert_close(HINGE.discriminator(d_real, d_fake), expected)
    torch.testing.assert_close(HINGE.generator(d_fake), -d_fake.mean())
    assert HINGE.discriminator(torch.zeros(3), torch.zeros(5)).item() == 2
    # a margin ranking of each score against its corner is the same number, by another function
    ranking = margin_ranking_loss(
        d_real, torch.ones_like(d_real), torch.ones_like(d_real)
    ) + margin_ranking_loss(-torch.ones_like(d_fake), d_fake, torch.ones_like(d_fake))
    torch.testing.assert_close(HINGE.discriminator(d_real, d_fake), ranking)


def test_relativistic_against_torch_pair_by_pair():
    d_real, d_fake = SCORES[:16], SCORES.flip(0)[:16] / 3
    first = soft_margin_loss(d_real - d_fake, torch.ones_like(d_real))
    torch.testing.assert_close(RELATIVISTIC.discriminator(d_real, d_fake), first)
    second = soft_margin_loss(d_real - d_fake, -torch.ones_like(d_real))
    torch.testing.assert_close(RELATIVISTIC.generator(d_fake, d_real), second)
    shifted = RELATIVISTIC.discriminator(d_real + 50, d_fake + 50)
    torch.testing.assert_close(shifted, first)
    assert abs(RELATIVISTIC.discriminator(torch.ones(4), torch.ones(4)) - math.log(2)) < 1e-7
    # the pairing is by place: sorting one half changes the value
    order = torch.randperm(16, generator=torch.Generator().manual_seed(0))
    moved = RELATIVISTIC.discriminator(d_real, d_fake[order])
    assert abs(moved - first) > 1e-2


def test_relativistic_refuses_what_is_no_pair():
    with pytest.raises(ValueError, match=r"d_real has shape \(4,\) and d_fake \(4, 1\).*as many"):
        RELATIVISTIC.discriminator(torch.zeros(4), torch.zeros(4, 1))
    with pytest.raises(ValueError, match="expected equal shapes"):
        RELATIVISTIC.generator(torch.zeros(3), torch.zeros(4))
    with pytest.raises(ValueError, match="give d_real"):
        RELATIVISTIC.generator(torch.zeros(3))


@pytest.mark.parametrize("loss", [HINGE, RELATIVISTIC], ids=lambda loss: loss.name)
def test_no_overflow_at_large_scores(loss):
    d = torch.tensor([-1e4, 1e4])
    assert loss.discriminator(d[:1], d[1:]).item() == pytest.approx(
        20_002 if loss is HINGE else 20_000
    )
    assert math.isfinite(loss.generator(d[1:], d[:1]).item())


def test_every_loss_is_compared_with_another_computation():
    """A loss that joins LOSSES needs a row here, and the test that the row names."""
    tests = {
        "minimax": test_discriminator_is_minus_the_value_of_the_game,
        "non_saturating": test_discriminator_equals_binary_cross_entropy_of_both_halves,
        "least_squares": test_least_squares_against_mse_with_its_codes,
        "wasserstein": test_wasserstein_is_the_gap_of_means_and_scores_real_high,
        "hinge": test_hinge_against_torch_on_both_sides_of_both_corners,
        "relativistic": test_relativistic_against_torch_pair_by_pair,
    }
    assert set(tests) == set(LOSSES), (
        "write a test in this file that computes the missing loss another way, then add a row above"
    )


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
    d_fake = torch.zeros(4 if loss.relative else 6, 1, requires_grad=True)
    value = loss.discriminator(d_real, d_fake)
    assert value.shape == ()
    to_real, to_fake = torch.autograd.grad(value, (d_real, d_fake), allow_unused=True)
    assert (to_real < 0).all()
    assert to_fake is None or (to_fake >= 0).all()
    given = (d_fake, d_real) if loss.relative else (d_fake,)
    (of_g,) = torch.autograd.grad(loss.generator(*given), d_fake)
    assert (of_g < 0).all()


def test_names():
    for name, loss in LOSSES.items():
        assert losses.get(name) is loss is losses.get(loss)
        assert loss.name == name
    with pytest.raises(ValueError, match="unknown loss 'hinged': expected one of .*minimax"):
        losses.get("hinged")
