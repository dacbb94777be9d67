"""What is read from a film: exact places, steps of real films, and four attacks."""

import math

import numpy as np
import pytest
import torch

from ganbook.data import to_float
from ganbook.data.moving import disc, moving_patches
from ganbook.metrics import centroids, constant_speed, patch_spread, score_motion, speed_classes


@pytest.fixture(scope="module")
def real():
    return moving_patches(200, torch.Generator().manual_seed(0))


def test_centroids_of_one_pixel_and_of_two():
    x = np.zeros((1, 1, 3, 6, 8), dtype=np.uint8)
    x[0, 0, 0, 2, 5] = 200
    x[0, 0, 1, [0, 4], [1, 3]] = 100
    x[0, 0, 2, [1, 1], [0, 3]] = [255, 85]
    places = centroids(x)
    np.testing.assert_allclose(places[0], [[2, 5], [2, 2], [1, 0.75]])
    np.testing.assert_allclose(centroids(to_float(torch.from_numpy(x))), places, atol=1e-6)
    dim = np.where(x == 85, 30, x)
    np.testing.assert_allclose(centroids(dim)[0, 2], [1, 0])


def test_real_films_move_as_they_were_made(real):
    steps = np.abs(np.diff(centroids(real.x), axis=1))
    want = np.abs(real.velocity.numpy())[:, None].repeat(7, axis=1)
    np.testing.assert_allclose(steps, want, atol=1e-9)
    assert constant_speed(real.x, 1e-6).all()
    np.testing.assert_array_equal(speed_classes(real.x), np.abs(real.velocity.numpy()))
    scores = score_motion(real.x)
    assert (scores.constant, scores.frozen, scores.speeds) == (1.0, 0.0, 8)
    assert scores.entropy == pytest.approx(math.log(12) / 3 + 2 * math.log(6) / 3, abs=0.06)


def test_spread_of_a_disc_by_its_definition(real):
    d = disc()[0].double()
    d = torch.where(d >= 0.25 * 255, d, 0)
    at = torch.arange(14.0).double() - 6.5
    square = (at[:, None] ** 2 + at[None] ** 2) * d
    want = math.sqrt(square.sum() / d.sum())
    np.testing.assert_allclose(patch_spread(real.x[:5]), want, rtol=1e-9)
    assert 4.5 < want < 5.2


def test_each_attack_is_told_apart(real):
    g = torch.Generator().manual_seed(1)
    order = torch.argsort(torch.rand(200, 8, generator=g), dim=1)
    shuffled = real.x.gather(2, order[:, None, :, None, None].expand_as(real.x))
    assert score_motion(shuffled).constant <= 0.01
    frozen = score_motion(real.x[:, :, :1].expand_as(real.x))
    assert (frozen.constant, frozen.frozen, frozen.speeds) == (0, 1, 0)
    assert math.isnan(frozen.entropy)
    noise = score_motion(torch.rand(50, 1, 8, 32, 32, generator=g) * 2 - 1)
    assert noise.spread > 10 and noise.constant < 0.1
    skipped = real.x.clone()
    skipped[:, :, 5:] = skipped[:, :, 4:-1].clone()
    assert score_motion(skipped).constant == 0
    assert not constant_speed(torch.zeros_like(real.x)).any()
    assert (speed_classes(torch.zeros_like(real.x[:2])) == -1).all()


def test_a_drift_within_the_tolerance_passes():
    x = torch.zeros(1, 1, 4, 20, 30, dtype=torch.uint8)
    for t, column in enumerate((2, 4, 7, 9)):
        x[0, 0, t, 5, column] = 255
    assert not constant_speed(x, 0.9)[0] and constant_speed(x, 1.0)[0]


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((2, 1, 8, 32)), "expected bytes or floats"),
        (np.zeros((2, 3, 8, 32, 32)), "expected bytes or floats"),
        (np.full((1, 1, 8, 4, 4), np.inf), "not finite"),
        (np.zeros((1, 1, 2, 4, 4)), "at least 3"),
    ],
)
def test_other_films_are_refused(x, message):
    with pytest.raises(ValueError, match=message):
        score_motion(x)


def test_the_tolerance_is_positive(real):
    with pytest.raises(ValueError, match="above 0"):
        constant_speed(real.x, 0)
