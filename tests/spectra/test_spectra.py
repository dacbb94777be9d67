"""Short-time spectra: against a sum, there and back, and what lost phases cost."""

import math

import numpy as np
import pytest
import torch

from ganbook.data import plucks
from ganbook.metrics import pitch
from ganbook.spectra import (
    griffin_lim,
    istft,
    log_picture,
    picture_sound,
    spectral_convergence,
    stft,
)


def test_one_frame_by_its_sum():
    x = torch.randn(2, 400, dtype=torch.float64)
    X = stft(x, 64, 16)
    assert X.shape == (2, 33, 26)
    n = np.arange(64)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * n / 64)
    for m, k in ((5, 3), (12, 0), (20, 32)):
        part = x[1, 16 * m - 32 : 16 * m + 32].numpy()
        want = (hann * part * np.exp(-2j * np.pi * k * n / 64)).sum()
        assert complex(X[1, k, m]) == pytest.approx(want, abs=1e-10)


def test_there_and_back():
    x = torch.randn(3, 1_024, dtype=torch.float64)
    for window, hop in ((512, 128), (256, 64), (64, 32)):
        back = istft(stft(x, window, hop), 1_024, window, hop)
        assert (back - x).abs().max() < 1e-12


def test_rounds_bring_the_magnitudes_nearer():
    x = plucks(12, torch.Generator().manual_seed(0)).x[:, 0].double()
    M = stft(x).abs()
    away = [spectral_convergence(griffin_lim(M, 2_048, r), M).mean() for r in (0, 5, 30)]
    assert away[0] > away[1] > away[2] and away[2] < 0.4 * away[0]
    exact = spectral_convergence(x, M)
    assert exact.shape == (12,) and exact.max() < 1e-12
    assert spectral_convergence(0 * x, M).numpy() == pytest.approx(1)


def test_phases_can_begin_at_random():
    M = stft(torch.randn(1, 1_024)).abs()
    a, b = (griffin_lim(M, 1_024, 2, generator=torch.Generator().manual_seed(s)) for s in (0, 1))
    again = griffin_lim(M, 1_024, 2, generator=torch.Generator().manual_seed(0))
    assert torch.equal(a, again) and not torch.allclose(a, b, atol=1e-3)


def test_pictures_hold_log_magnitudes():
    x = plucks(4, torch.Generator().manual_seed(0), 1_024).x
    picture, M = log_picture(x), stft(x[:, 0]).abs()
    assert picture.shape == (4, 1, 256, 8) and picture.abs().max() <= 1
    loud = (M[:, :-1, :-1] > 1e-3) & (M[:, :-1, :-1] < 64)
    low, high = math.log(1e-3), math.log(64)
    levels = (picture[:, 0] + 1) / 2 * (high - low) + low
    torch.testing.assert_close(levels[loud], M[:, :-1, :-1][loud].log(), atol=1e-4, rtol=1e-4)
    assert (picture[:, 0][M[:, :-1, :-1] <= 1e-3] == -1).all() and picture.max() == 1
    back = picture_sound(picture, 30)
    assert back.shape == (4, 1, 1_024)
    cents = 1_200 * np.log2(pitch(back)[0] / pitch(x)[0])
    assert np.median(np.abs(cents)) < 15


def test_what_is_refused():
    with pytest.raises(ValueError, match="hop <= window/2"):
        stft(torch.zeros(1, 100), 16, 9)
    with pytest.raises(ValueError, match="expected floating-point"):
        stft(torch.zeros(100), 16, 4)
    with pytest.raises(ValueError, match="L above 8"):
        stft(torch.zeros(1, 8), 16, 4)
    with pytest.raises(ValueError, match="at least 0"):
        griffin_lim(-torch.ones(1, 9, 5), 16, 1, 16, 4)
