"""Plucks and clicks: each clip by a slow formula, ranges, seeds, and what is refused."""

import math

import pytest
import torch

from ganbook.data.plucks import CLICK_TEMPOS, clicks, hertz, plucks


def made(n=60, seed=3, **options):
    return plucks(n, torch.Generator().manual_seed(seed), **options)


def test_hertz_of_known_notes():
    assert hertz(69) == 440 and hertz(57) == 220
    assert float(hertz(torch.tensor(68.0))) == pytest.approx(415.305, abs=1e-3)


def test_a_pluck_is_the_sum_of_its_harmonics():
    """Written out sample by sample, with the phase found by a search."""
    found = made(3)
    for k in range(3):
        f, tau = hertz(int(found.midi[k])), float(found.decay[k])
        b, x = float(found.brightness[k]), found.x[k, 0].double()
        t = torch.arange(300, dtype=torch.float64) / 8_000
        best = math.inf
        for phase in torch.linspace(0, 1, 401, dtype=torch.float64):
            y = sum(
                b ** (h - 1)
                * torch.exp(-t * math.sqrt(h) / tau)
                * torch.sin(2 * math.pi * h * (f * t + phase))
                for h in range(1, 7)
            )
            y = y * (t / 0.002).clamp(max=1)
            y = y * (x[:300] @ y) / (y @ y)
            best = min(best, float((y - x[:300]).norm() / x[:300].norm()))
        assert best < 0.03


def test_ranges_and_the_same_clips_from_the_same_seed():
    found = made(400)
    assert found.x.shape == (400, 1, 2_048) and found.x.dtype == torch.float32
    assert found.x.abs().amax(dim=2).sub(0.9).abs().max() < 1e-6
    assert found.midi.unique().tolist() == list(range(57, 69))
    assert 0.05 <= found.decay.min() < 0.06 and 0.17 < found.decay.max() <= 0.2
    assert 0.3 <= found.brightness.min() < 0.35 and 0.85 < found.brightness.max() <= 0.9
    middle = float(found.decay.log().mean())
    assert middle == pytest.approx(math.log(0.1), abs=4 * math.log(4) / math.sqrt(12 * 400))
    assert torch.equal(found.x, made(400).x) and not torch.equal(found.x, made(400, seed=4).x)
    assert made(5, length=1_024).x.shape == (5, 1, 1_024) and len(found) == 400


def test_clicks_come_at_their_tempo():
    found = clicks(80, torch.Generator().manual_seed(0))
    assert found.x.shape == (80, 1, 8_000) and set(found.tempo.tolist()) == set(CLICK_TEMPOS)
    assert len(found) == 80
    for x, tempo in zip(found.x[:, 0], found.tempo.tolist(), strict=True):
        loud = torch.nonzero(x.abs() > 0.6).flatten()
        starts = loud[torch.cat([torch.tensor([True]), loud.diff() > 100])]
        assert starts.diff().double().mean() == pytest.approx(240_000 / tempo, abs=3)
        assert len(starts) in (tempo // 30 - 1, tempo // 30, tempo // 30 + 1)


@pytest.mark.parametrize("make", [plucks, clicks])
@pytest.mark.parametrize("sizes", [{"n": 0}, {"n": 2.5}, {"n": 2, "length": 0}])
def test_sizes_are_checked(make, sizes):
    with pytest.raises(ValueError, match="expected a whole number"):
        make(**sizes, generator=torch.Generator())


def test_a_rate_too_low_for_the_harmonics_is_refused():
    with pytest.raises(ValueError, match="twice the highest harmonic"):
        made(2, rate=4_900)
