"""What is read from a sound: on sounds whose pitch, decay and overtones are known, and on attacks."""

import math

import numpy as np
import pytest
import torch

from ganbook.data.plucks import clicks, hertz, plucks
from ganbook.metrics import decay_time, fundamental_share, pitch, score_plucks, tempo
from ganbook.metrics.sound import autocorrelation, read_plucks

T = np.arange(2_048) / 8_000


@pytest.fixture(scope="module")
def real():
    return plucks(300, torch.Generator().manual_seed(1))


def steady(f, overtones=()):
    f = np.asarray(f, dtype=float)[:, None]
    x = np.sin(2 * np.pi * f * T)
    for k, amplitude in enumerate(overtones, start=2):
        x = x + amplitude * np.sin(2 * np.pi * k * f * T)
    return x / np.abs(x).max(axis=1, keepdims=True)


def test_autocorrelation_by_its_sum():
    x = np.random.default_rng(0).normal(size=(2, 90)) + 3
    r = autocorrelation(x, 30)
    y = x - x.mean(axis=1, keepdims=True)
    for lag in (0, 1, 7, 30):
        want = (y[:, : 90 - lag] * y[:, lag:]).sum(axis=1) / (90 - lag) / (y**2).mean(axis=1)
        np.testing.assert_allclose(r[:, lag], want, rtol=1e-9, atol=1e-12)
    assert not autocorrelation(np.ones((1, 50)), 5).any()


def test_pitch_of_steady_sines_and_of_real_plucks(real):
    f = np.linspace(222, 414, 25)
    found, periodicity = pitch(steady(f))
    assert np.abs(1_200 * np.log2(found / f)).max() < 4 and periodicity.min() > 0.98
    found, periodicity = pitch(real.x)
    cents = np.abs(1_200 * np.log2(found / hertz(real.midi.double()).numpy()))
    assert np.median(cents) < 1 and cents.max() < 5 and periodicity.min() > 0.85


def test_a_wider_window_takes_octaves(real):
    f = hertz(real.midi.double()).numpy()
    wide = f / pitch(real.x, lags=(18, 80))[0]
    np.testing.assert_allclose(wide, np.rint(wide), atol=0.02)
    assert (np.rint(wide) > 1).mean() > 0.01
    np.testing.assert_allclose(f / pitch(real.x)[0], 1, atol=0.005)


def test_a_low_note_outside_the_window_is_not_what_is_read():
    found, _ = pitch(steady([150.0]))
    assert 8_000 / 38.5 <= found[0] <= 8_000 / 17.5


def test_decay_of_damped_sines():
    tau = np.array([0.04, 0.08, 0.15, 0.25])
    x = np.sin(2 * np.pi * 300 * T) * np.exp(-T / tau[:, None])
    np.testing.assert_allclose(decay_time(x), tau, rtol=0.03)
    assert np.isinf(decay_time(np.sin(2 * np.pi * 300 * T[None]) * np.exp(T / 0.1) / 20))[0]


def test_decay_follows_the_real_one(real):
    found = decay_time(real.x)
    assert np.corrcoef(np.log(found), real.decay.log().numpy())[0, 1] > 0.97
    assert 0.88 < np.median(found / real.decay.numpy()) < 0.98


def test_share_of_the_fundamental_by_amplitudes():
    f = np.array([250.0, 400.0])
    share = fundamental_share(steady(f, (0.5, 0.25)), f)
    np.testing.assert_allclose(share, 1 / (1 + 0.25 + 0.0625), rtol=0.01)
    assert fundamental_share(steady([500.0]), np.array([250.0]))[0] < 0.01


def test_real_plucks_pass_and_every_attack_is_told_apart(real):
    rng = np.random.default_rng(0)
    f = hertz(real.midi.double()).numpy()
    fall = np.exp(-T / 0.1)
    good = score_plucks(real.x)
    assert good.in_tune == good.passed == 1 and good.entropy > 2.4
    assert good.periodicity > 0.95 and good.fundamental > 0.7 and 0.08 < good.decay < 0.11
    octave = score_plucks(steady(2 * f) * fall)
    assert octave.in_tune > 0.8 and octave.passed == 0 and octave.fundamental < 0.01
    sines = score_plucks(steady(f))
    assert sines.in_tune == 1 and sines.passed == 0 and sines.decay > 1
    drawn = 220 * 2 ** (rng.uniform(0, 11, 300) / 12)
    chance = score_plucks(steady(drawn, (0.5,)) * fall)
    assert chance.in_tune == pytest.approx(0.2, abs=4 * math.sqrt(0.16 / 300))
    noise = score_plucks(rng.normal(size=(300, 2_048)) * 0.2)
    assert noise.in_tune == 0 and math.isnan(noise.entropy) and noise.periodicity < 0.1
    noisy = score_plucks(real.x.numpy() + 0.3 * rng.normal(size=real.x.shape))
    assert noisy.in_tune < 0.4 and noisy.passed < 0.05 and noisy.periodicity < 0.6


def test_one_pitch_alone_has_entropy_zero(real):
    x = real.x[real.midi == 60]
    assert len(x) > 5
    assert score_plucks(x).entropy == 0
    assert set(read_plucks(x).midi.tolist()) == {60}


def test_tempo_of_clicks():
    found = clicks(200, torch.Generator().manual_seed(0))
    np.testing.assert_array_equal(tempo(found.x), found.tempo)
    rng = np.random.default_rng(0)
    noisy = found.x.numpy() + 0.1 * rng.normal(size=found.x.shape)
    assert (tempo(noisy) == found.tempo.numpy()).mean() > 0.97


@pytest.mark.parametrize("score", [pitch, decay_time, score_plucks, tempo])
@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((2, 5_000), dtype=int), "floating-point"),
        (np.zeros(5_000), "floating-point"),
        (np.zeros((2, 2, 5_000)), "floating-point"),
        (np.zeros((2, 20)), "at least"),
        (np.full((2, 5_000), np.nan), "not finite"),
    ],
)
def test_other_arrays_are_refused(score, x, message):
    with pytest.raises(ValueError, match=message):
        score(x)


def test_lags_and_pitches_are_checked():
    with pytest.raises(ValueError, match="2 <= low"):
        pitch(steady([300.0]), lags=(38, 18))
    with pytest.raises(ValueError, match="one a clip"):
        fundamental_share(steady([300.0]), np.array([1.0, 2.0]))
