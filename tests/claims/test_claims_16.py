"""Chapter 16: its numbered results and the numbers that it states, each as an assertion."""

import json
import math
import re

import nbformat
import numpy as np
import pytest
import torch
from scipy.stats import ttest_1samp

from ganbook import networks, records
from ganbook.data import moving_patches, plucks
from ganbook.data.plucks import hertz
from ganbook.metrics import centroids, pitch, score_motion, score_plucks
from ganbook.metrics.sound import read_plucks
from ganbook.recipes.moving.patches import game_of
from ganbook.recipes.place import Place
from ganbook.spectra import griffin_lim, istft, stft
from support.paths import ROOT

NOTEBOOK = ROOT / "notebooks" / "16_sound_and_motion.ipynb"
PUBLISHED = ROOT / "ganbook" / "published" / "chapter16.json"
PLUCKS, FILMS = "sounds-plucks", "moving-patches"
CELLS = nbformat.read(NOTEBOOK, as_version=4).cells
TEXT = "\n".join(cell.source for cell in CELLS if cell.cell_type == "markdown")


def test_periods_of_the_notes_and_the_window():
    """Theorem 16-window, for the twelve notes and for those an octave up."""
    periods = 8_000 / np.array([hertz(m) for m in range(57, 69)])
    assert (round(periods.min(), 2), round(periods.max(), 2)) == (19.26, 36.36)
    for period in periods:
        assert [k for k in range(1, 9) if 18 <= k * period <= 38] == [1]
    above = periods / 2
    assert (round(above.min(), 2), round(above.max(), 2)) == (9.63, 18.18)
    inside = [[k for k in range(1, 9) if 18 <= k * p <= 38] for p in above]
    assert 1 in inside[0] and all(lags[0] == 2 for lags in inside[1:])
    notes = np.array([hertz(m) for m in range(57, 69)])
    for period, lags in zip(above[1:], inside[1:], strict=True):
        assert lags in ([2], [2, 3])
        for k in lags:
            cents = 1_200 * np.log2(8_000 / (k * period) / notes)
            assert np.abs(cents).min() < 2.5, "both readings are in tune"
    assert sum(lags == [2, 3] for lags in inside) == 5


def test_half_a_sample_in_cents():
    assert 1_200 * math.log2(8_000 / hertz(68) / (8_000 / hertz(68) - 0.5)) > 40


@pytest.mark.parametrize(("place", "bend"), [(0.3, 0.5), (-0.45, 2.0), (0.0, 1.0)])
def test_the_parabolas_top(place, bend):
    """Equation 16-parabola."""
    left, top, right = (1 - bend * (k - place) ** 2 for k in (-1, 0, 1))
    assert 0.5 * (left - right) / (left - 2 * top + right) == pytest.approx(place)


def test_chance_of_being_in_tune_is_one_fifth():
    number = 57 + 11 * (np.arange(110_000) + 0.5) / 110_000
    off = 100 * np.abs(number - np.rint(number))
    assert (off < 10).mean() == pytest.approx(0.2, abs=1e-3)


def test_the_share_of_the_fundamental():
    """Equation 16-fundamental, by integrating the energy of each harmonic over time."""
    t = np.linspace(0, 4, 400_001)
    for b, want in ((0.3, 0.94), (0.9, 0.39)):
        energy = [
            np.trapezoid((b ** (k - 1) * np.exp(-t * math.sqrt(k) / 0.1)) ** 2, t)
            for k in range(1, 7)
        ]
        share = energy[0] / sum(energy)
        assert share == pytest.approx(want, abs=6e-3)
        k = np.arange(1, 7)
        assert share == pytest.approx(1 / (b ** (2 * (k - 1)) / np.sqrt(k)).sum(), rel=1e-4)


def test_rounds_of_griffin_and_lim_never_raise_the_error():
    """Theorem 16-griffin-lim in its own setting: a linear transform and its least squares inverse."""
    rng = np.random.default_rng(0)
    frame = rng.normal(size=(40, 12)) + 1j * rng.normal(size=(40, 12))
    inverse = np.linalg.pinv(np.vstack([frame.real, frame.imag]))
    M, X = np.abs(frame @ rng.normal(size=12)), None
    X, errors = M.astype(complex), []
    for _ in range(60):
        Y = frame @ (inverse @ np.concatenate([X.real, X.imag]))
        errors.append(np.linalg.norm(np.abs(Y) - M))
        X = M * Y / np.abs(Y)
    assert (np.diff(errors) <= 1e-12).all() and errors[-1] < errors[0]


def test_rounds_at_mirrored_ends_seldom_raise_the_error():
    """What the page says of `ganbook.spectra`, whose nearest sound is exact but for the ends."""
    x = plucks(1_000, torch.Generator().manual_seed(1)).x[:60, 0, :1_024].double()
    M, errors = stft(x).abs(), []
    X = M.to(torch.complex128)
    for _ in range(31):
        Y = stft(istft(X, 1_024))
        errors.append((Y.abs() - M).flatten(1).norm(dim=1) / M.flatten(1).norm(dim=1))
        X = torch.polar(M, Y.angle())
    steps = torch.stack(errors).diff(dim=0)
    assert 0 < (steps > 1e-12).double().mean() < 0.01 and steps.max() < 1e-3
    assert "fewer than one in a hundred rounds and by less than $0.001$" in TEXT


def test_with_phases_the_sound_comes_back():
    x = plucks(5, torch.Generator().manual_seed(0), 1_024).x[:, 0].double()
    assert (istft(stft(x), 1_024) - x).abs().max() < 1e-12


@pytest.mark.parametrize(("kernel", "stride"), [(64, 32), (48, 32), (25, 4)])
def test_a_constant_becomes_a_period(kernel, stride):
    """Theorem 16-buzz, by a convolution with a comb."""
    w = np.random.default_rng(1).normal(size=kernel)
    comb = np.zeros(40 * stride)
    comb[::stride] = 1
    y = np.convolve(comb, w)[10 * stride : 20 * stride]
    sums = np.array([w[j::stride].sum() for j in range(stride)])
    np.testing.assert_allclose(y.reshape(10, stride), np.tile(sums, (10, 1)), atol=1e-12)
    lines = np.abs(np.fft.rfft(y))
    assert np.delete(lines, np.arange(0, len(lines), 10)).max() < 1e-9


def test_entropy_of_the_sizes():
    exact = 4 / 12 * math.log(12) + 4 / 6 * math.log(6)
    assert exact == pytest.approx(2.023, abs=5e-4)
    films = moving_patches(1_500, torch.Generator().manual_seed(0))
    assert score_motion(films.x).entropy == pytest.approx(exact, abs=0.03)


def test_a_game_of_frames_depends_on_the_mean_frame_law():
    """Theorem 16-frames on films of three frames from four pictures."""
    rng = np.random.default_rng(0)
    p = rng.random((4, 4, 4))
    p /= p.sum()
    mean = (p.sum(axis=(1, 2)) + p.sum(axis=(0, 2)) + p.sum(axis=(0, 1))) / 3
    frozen = np.zeros_like(p)
    frozen[range(4), range(4), range(4)] = mean
    alone = np.einsum("i,j,k->ijk", mean, mean, mean)
    orders = ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))
    shuffled = sum(p.transpose(o) for o in orders) / 6
    phi = rng.normal(size=4)  # any function of one frame's score
    sums = phi[:, None, None] + phi[None, :, None] + phi[None, None]
    want = (p * sums / 3).sum()
    assert want == pytest.approx(mean @ phi)
    for q in (frozen, alone, shuffled):
        assert (q * sums / 3).sum() == pytest.approx(want)
        assert np.abs(q - p).max() > 1e-3


def test_plucks_of_the_record():
    run = records.load(PLUCKS)
    assert run["real/in_tune"].tolist() == [1.0] and run["real/passed"].tolist() == [1.0]
    assert run["round trip/in_tune"][0] == pytest.approx(0.86, abs=6e-3)
    wave, pictures = (run[f"{kind}/in_tune"] for kind in ("waveform", "spectrogram"))
    assert wave.max() < 0.03 and len(wave) == len(pictures) == 3
    assert pictures.round(2).tolist() == [0.16, 0.19, 0.24]
    assert run["waveform/periodicity"].round(2).tolist() == [0.28, 0.40, 0.32]
    assert run["spectrogram/periodicity"].round(2).tolist() == [0.80, 0.82, 0.85]
    assert run["waveform/decay"].min() > 0.0815 and run["waveform/decay"].max() < 0.0945
    assert run["real/decay"][0] == pytest.approx(0.093, abs=5e-4)
    assert run["spectrogram/entropy"].min() >= 1.9 and run["spectrogram/entropy"].max() < 2.0
    assert run["waveform/sounds"].shape == (3, 12, 1_024)
    share = run["waveform/fundamental"]
    assert [round(v, 2) for v in (share.min(), share.max())] == [0.52, 0.60]
    assert round(float(run["real/fundamental"][0]), 2) == 0.77
    assert "too low, $0.52$ to $0.60$ against $0.77$" in TEXT
    peaks = {k: np.abs(run[f"{k}/sounds"].astype(int)).max(axis=2) for k in ("real", "spectrogram")}
    assert np.median(peaks["spectrogram"], axis=1).max() < 0.4 * peaks["real"].min()


def test_what_the_record_keeps_is_what_was_scored():
    """The stored clips of real plucks are the first of the seed that the recipe names."""
    clips = records.load(PLUCKS)["real/sounds"][0] / 32_767
    again = plucks(500, torch.Generator().manual_seed(200), 1_024)
    np.testing.assert_allclose(clips, again.x[:12, 0].numpy(), atol=2e-5)
    np.testing.assert_array_equal(records.load(PLUCKS)["real/each/midi"][0], again.midi.numpy())


def test_noise_stays_below_the_periodicity_that_is_quoted():
    noise = np.random.default_rng(0).normal(size=(3_000, 1_024))
    assert np.quantile(pitch(noise)[1], 0.99) == pytest.approx(0.106, abs=0.008)
    assert score_plucks(noise).in_tune == 0


def test_published_numbers_are_quoted_as_they_are_filed():
    entries = {e["id"]: e for e in json.loads(PUBLISHED.read_text(encoding="utf-8"))}
    quoted = set()
    for cell in CELLS:
        for key in cell.metadata.get("ganbook", {}).get("published", []):
            e = entries[key]
            assert re.search(rf"(?<![\d.]){e['value']:.2f}(?!\d)", cell.source), key
            assert e["source"] in cell.source and e["seen"]
            quoted.add(key)
    assert quoted == set(entries)


def test_the_alt_text_of_the_steps():
    """The chapter's own films and shuffle: the sizes of the vertical steps of the first twelve."""
    films = moving_patches(500, torch.Generator().manual_seed(0)).x
    generator = torch.Generator().manual_seed(1)
    order = torch.argsort(torch.rand(500, 8, generator=generator), dim=1)
    shuffled = films.gather(2, order[:, None, :, None, None].expand_as(films))
    real, mixed = (np.abs(np.diff(centroids(x[:12]), axis=1))[..., 0] for x in (films, shuffled))
    assert sorted(set(real.round(6).ravel())) == [0, 1, 2]
    still = (real == 0).all(axis=1)
    assert 0 < still.sum() < 6 and (mixed[still] == 0).all()
    (alt,) = (
        cell.metadata.mystnb.image.alt
        for cell in CELLS
        if cell.metadata.get("mystnb", {}).get("figure", {}).get("name") == "fig-16-steps"
    )
    assert f"between 0 and {mixed.max():.0f} pixels" in alt


def test_films_of_the_record():
    run = records.load(FILMS)
    alone, whole = run["frames/frozen"], run["films/frozen"]
    assert alone.tolist() == [1.0, 1.0, 1.0] and whole.max() == pytest.approx(0.164)
    assert run["frames/constant"].max() == run["films/constant"].max() == 0
    assert run["frames/spread"].round(1).min() == 4.5 and run["frames/spread"].max() < 4.7
    assert run["films/films"].shape == (3, 12, 1, 8, 32, 32)


def test_between_which_notes_the_buzz_lies():
    buzz, notes = 8_000 / 32, np.array([hertz(m) for m in range(57, 69)])
    assert (notes < buzz).sum() == 3 and "between our third and fourth note" in TEXT


def test_notes_that_are_hit_by_accident():
    """The spectrogram's periodic clips against the twelve notes, and against notes moved by a constant."""
    run = records.load(PLUCKS)
    kept = [run["spectrogram/each/periodicity"][k] > 0.5 for k in range(3)]
    numbers = [
        (run["spectrogram/each/midi"][k] + run["spectrogram/each/cents"][k] / 100)[kept[k]]
        for k in range(3)
    ]

    def share(x, moved):
        return (abs(x + moved - np.clip(np.rint(x + moved), 57, 68)) < 0.1).mean()

    here = np.array([share(x, 0) for x in numbers])
    assert here.mean() == pytest.approx(0.24, abs=5e-3)
    assert ttest_1samp(here, 0.2).pvalue > 0.1
    moved = [share(x, shift) for x in numbers for shift in np.arange(-0.5, 0.501, 0.02)]
    assert (min(moved), max(moved)) == pytest.approx((0.13, 0.28), abs=6e-3)
    assert (
        "share of one seed's clips can be anything from $0.13$ to $0.28$" in TEXT
        and "a little above chance" not in TEXT
    )


def test_the_ceiling_belongs_to_the_mix():
    x = plucks(240, torch.Generator().manual_seed(1), 1_024)
    bright = x.brightness >= 0.6
    back = griffin_lim(stft(x.x[:, 0]).abs(), 1_024, 30)
    assert score_plucks(back[bright]).in_tune > 0.95 > 0.8 > score_plucks(back[~bright]).in_tune
    assert "Bright plucks survive the trip better than dull ones" in TEXT


def test_how_wide_the_two_discriminators_are():
    """The widths of the first layers that the recipe gives to the D of frames and of films."""
    widths = [
        next(p for p in game_of(kind, 0, Place()).D.parameters()).shape[0]
        for kind in ("frames", "films")
    ]
    assert widths[1] == 2 * widths[0] and "which is twice as wide" in TEXT


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 4])
def test_an_untrained_waveform_generator_buzzes_in_the_window(seed):
    torch.manual_seed(seed)
    G = networks.wave_generator()
    with torch.no_grad():
        clips = G(torch.randn(500, 32)).reshape(500, -1).numpy()
    median = np.median(read_plucks(clips).periodicity)
    assert 0.305 < median < 0.43
    assert "*untrained* generators of this kind read $0.31$ to $0.43$" in TEXT
    assert "so something has been learned" not in TEXT and "close these gaps" not in TEXT
