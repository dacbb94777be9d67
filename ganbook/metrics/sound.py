"""What a pluck is made of, read back from its samples: pitch, periodicity, decay, the fundamental."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

__all__ = [
    "PluckScores",
    "Readings",
    "decay_time",
    "fundamental_share",
    "pitch",
    "read_plucks",
    "score_plucks",
    "tempo",
]

LAGS = (18, 38)  # 444 to 210 Hz at 8 kHz; a wider window takes octaves for pitches
MIDI = (57, 68)
CENTS, PERIODIC, FUNDAMENTAL = 10.0, 0.5, 0.3
DECAYS = (0.03, 0.3)
HEAD = 1_024  # samples that the pitch is read from: later a pluck is fainter than its noise
FRAME, FLOOR = 128, 1e-2


@dataclass(frozen=True, eq=False)
class Readings:
    """What was read from each clip: arrays of shape (N,).

    ``midi`` nearest of 57 to 68, ``cents`` off it, ``periodicity``, ``decay`` in seconds (inf for
    one that does not fall), ``fundamental``, the share of the energy around the pitch.
    """

    midi: np.ndarray
    cents: np.ndarray
    periodicity: np.ndarray
    decay: np.ndarray
    fundamental: np.ndarray

    @property
    def in_tune(self) -> np.ndarray:
        """Within 10 cents of a semitone, with periodicity above 0.5."""
        return (np.abs(self.cents) < CENTS) & (self.periodicity > PERIODIC)

    @property
    def passed(self) -> np.ndarray:
        """In tune, with a fundamental (no octave above) and a decay (no steady tone)."""
        falls = (self.decay > DECAYS[0]) & (self.decay < DECAYS[1])
        return self.in_tune & (self.fundamental > FUNDAMENTAL) & falls


@dataclass(frozen=True)
class PluckScores:
    """Scores of a set: shares in tune and passed, entropy of the pitches of the clips in tune in
    nats (nan if there is none), and medians of decay (s), periodicity and fundamental.
    """

    in_tune: float
    passed: float
    entropy: float
    decay: float
    periodicity: float
    fundamental: float


def _clips(x: ArrayLike, least: int) -> np.ndarray:
    """Clips as float64 (N, L) from (N, 1, L) or (N, L), an array or a tensor on any device."""
    x = np.asarray(x.detach().cpu() if hasattr(x, "detach") else x)
    x = x[:, 0] if x.ndim == 3 and x.shape[1] == 1 else x
    if x.ndim != 2 or x.dtype.kind != "f" or not len(x) or x.shape[1] < least:
        raise ValueError(
            f"clips are {x.dtype} of shape {x.shape}: expected floating-point (N, L) or (N, 1, L) "
            f"with N at least 1 and L at least {least}"
        )
    if not np.isfinite(x).all():
        raise ValueError("a clip holds a value that is not finite: look at the samples first")
    return x.astype(np.float64)


def autocorrelation(x: np.ndarray, most: int) -> np.ndarray:
    """Return the unbiased autocorrelation at lags 0 to ``most``, divided by that at 0: (N, most + 1).

    The mean is taken off; silence has 0 everywhere.
    """
    x = x - x.mean(axis=1, keepdims=True)
    size = 1 << (x.shape[1] + most).bit_length()
    power = np.abs(np.fft.rfft(x, size, axis=1)) ** 2
    r = np.fft.irfft(power, size, axis=1)[:, : most + 1]
    r /= x.shape[1] - np.arange(most + 1)
    return np.divide(r, r[:, :1], out=np.zeros_like(r), where=r[:, :1] > 1e-12)


def pitch(
    x: ArrayLike, rate: int = 8_000, lags: tuple[int, int] = LAGS, head: int | None = HEAD
) -> tuple[np.ndarray, np.ndarray]:
    r"""Return the pitch in hertz and the periodicity of clips (N, L) or (N, 1, L), each (N,).

    The pitch is the rate over the lag, between the two given, at which the unbiased
    autocorrelation of the first ``head`` samples is largest, refined by a parabola through three
    values; the periodicity is the value there (1 for a periodic sound, about 0 for white noise).
    Raises ``ValueError`` for other shapes, values that are not finite, and lags that do not rise
    from at least 2 to less than half the samples.

    Source: Rabiner (1977), the autocorrelation method, without center clipping.
    """
    low, high = lags
    x = _clips(x, 64)[:, :head]
    if not 2 <= low < high < x.shape[1] // 2:
        raise ValueError(
            f"lags are {lags} for {x.shape[1]} samples: expected 2 <= low < high < half of them"
        )
    r = autocorrelation(x, high + 1)
    best = r[:, low : high + 1].argmax(axis=1) + low
    rows = np.arange(len(r))
    left, top, right = r[rows, best - 1], r[rows, best], r[rows, best + 1]
    bend = left - 2 * top + right
    shift = np.divide(0.5 * (left - right), bend, out=np.zeros_like(bend), where=bend < -1e-12)
    return rate / (best + shift.clip(-0.5, 0.5)), top


def decay_time(x: ArrayLike, rate: int = 8_000) -> np.ndarray:
    """Return the time in seconds in which each clip's envelope falls by the factor e, (N,).

    A line through the logarithm of the root mean square over frames of 128 samples, from the
    loudest to the last that has a hundredth of its power; inf where the line does not fall, or
    fewer than three frames are left. Raises ``ValueError`` for clips of less than four frames.
    """
    x = _clips(x, 4 * FRAME)
    frames = x[:, : x.shape[1] // FRAME * FRAME].reshape(len(x), -1, FRAME)
    power = (frames**2).mean(axis=2)
    t = np.arange(power.shape[1]) * FRAME / rate
    found = np.full(len(x), np.inf)
    for k, row in enumerate(power):
        first = int(row.argmax())
        loud = np.flatnonzero(row[first:] > FLOOR * row[first])
        last = first + (int(loud[-1]) if len(loud) else 0)
        if last - first >= 2:
            levels = 0.5 * np.log(np.maximum(row[first : last + 1], 1e-30))
            slope = np.polyfit(t[first : last + 1], levels, 1)[0]
            found[k] = -1 / slope if slope < 0 else np.inf
    return found


def fundamental_share(x: ArrayLike, hertz: np.ndarray, rate: int = 8_000) -> np.ndarray:
    """Return the share of each clip's energy between half its pitch and one and a half times, (N,).

    A sound an octave above the pitch that was read has next to nothing there. ``hertz`` (N,).
    Raises ``ValueError`` for other shapes.
    """
    x, hertz = _clips(x, 64), np.asarray(hertz, dtype=float)
    if hertz.shape != (len(x),):
        raise ValueError(f"hertz has shape {hertz.shape}: expected ({len(x)},), one a clip")
    power = np.abs(np.fft.rfft(x * np.hanning(x.shape[1]), axis=1)) ** 2
    frequency = np.fft.rfftfreq(x.shape[1], 1 / rate)
    near = np.abs(frequency - hertz[:, None]) < hertz[:, None] / 2
    return (power * near).sum(axis=1) / np.maximum(power.sum(axis=1), 1e-30)


def read_plucks(x: ArrayLike, rate: int = 8_000) -> Readings:
    """Return what the scorer reads from each clip."""
    hertz, periodicity = pitch(x, rate)
    number = 69 + 12 * np.log2(hertz / 440)
    midi = np.rint(number).clip(*MIDI).astype(int)
    return Readings(
        midi,
        100 * (number - midi),
        periodicity,
        decay_time(x, rate),
        fundamental_share(x, hertz, rate),
    )


def score_plucks(x: ArrayLike, rate: int = 8_000) -> PluckScores:
    """Score clips (N, L) or (N, 1, L) as plucked strings of twelve pitches; raises as its parts do."""
    got = read_plucks(x, rate)
    counts = np.bincount(got.midi[got.in_tune] - MIDI[0], minlength=MIDI[1] - MIDI[0] + 1)
    share = counts[counts > 0] / max(counts.sum(), 1)
    return PluckScores(
        float(got.in_tune.mean()),
        float(got.passed.mean()),
        float(-(share * np.log(share)).sum()) if counts.sum() else float("nan"),
        float(np.median(got.decay)),
        float(np.median(got.periodicity)),
        float(np.median(got.fundamental)),
    )


def tempo(
    x: ArrayLike, rate: int = 4_000, tempos: tuple[int, ...] = (120, 150, 180, 240)
) -> np.ndarray:
    """Return the tempo of click tracks in beats a minute, one of ``tempos``, int (N,).

    The energy in bins of 5 ms, smoothed over five of them, is correlated with itself at the lag of
    one beat of each tempo. The fastest tempo within a fifth of the largest value wins: a track of
    240 clicks a minute repeats after a beat of 120 as well, and not the other way round. Clips
    (N, L) or (N, 1, L) of at least one second. Raises ``ValueError`` for other shapes and values.
    """
    x, size = _clips(x, rate), rate // 200
    energy = (x[:, : x.shape[1] // size * size].reshape(len(x), -1, size) ** 2).sum(axis=2)
    energy = np.stack([np.convolve(row, np.ones(5) / 5, "same") for row in energy])
    lags = [round(12_000 / one) for one in tempos]
    r = autocorrelation(energy, max(lags))[:, lags]
    close = r >= r.max(axis=1, keepdims=True) - 0.2 * np.abs(r.max(axis=1, keepdims=True))
    return np.asarray(tempos)[np.where(close, tempos, 0).argmax(axis=1)]
