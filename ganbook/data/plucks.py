"""Sounds made by code, whose pitch, decay and tempo are known: plucked strings, and clicks."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["CLICK_TEMPOS", "MIDI_HIGH", "MIDI_LOW", "Clicks", "Plucks", "clicks", "hertz", "plucks"]

MIDI_LOW, MIDI_HIGH = 57, 68  # A3 to G#4, 220 to 415.3 Hz: twelve semitones
HARMONICS, ATTACK, PEAK = 6, 0.002, 0.9
BRIGHTNESS, DECAY = (0.3, 0.9), (0.05, 0.2)
CLICK_TEMPOS = (120, 150, 180, 240)


@dataclass(frozen=True, eq=False)
class Plucks:
    """Plucked strings with what they were made from.

    `x` is float32 (N, 1, L) in [-0.9, 0.9], `midi` int64 (N,), `decay` float32 (N,) in seconds,
    `brightness` float32 (N,), `rate` samples a second.
    """

    x: Tensor
    midi: Tensor
    decay: Tensor
    brightness: Tensor
    rate: int = 8_000

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True, eq=False)
class Clicks:
    """Click tracks: `x` is float32 (N, 1, L), `tempo` int64 (N,) in beats a minute."""

    x: Tensor
    tempo: Tensor
    rate: int = 4_000

    def __len__(self) -> int:
        return len(self.x)


def hertz(midi: Tensor | float) -> Tensor | float:
    """Return the frequency of a MIDI number in equal temperament: 440 * 2 ** ((midi - 69) / 12)."""
    return 440.0 * 2.0 ** ((midi - 69) / 12)


def plucks(n: int, generator: torch.Generator, length: int = 2_048, rate: int = 8_000) -> Plucks:
    r"""Return n plucked strings: sums of six damped harmonics of one of twelve pitches.

    .. math:: x(t) \propto a(t) \sum_{k=1}^{6} b^{k-1} e^{-t\sqrt{k}/\tau} \sin(k (2\pi f t + \varphi))

    The MIDI number is uniform on 57, ..., 68, the phase :math:`\varphi` uniform on a turn, the
    brightness b uniform on [0.3, 0.9], the decay :math:`\tau` log-uniform on [0.05, 0.2] seconds;
    a(t) rises in a line over the first 2 ms. Each clip is scaled to the peak 0.9. Raises
    ``ValueError`` for n or length below one, and a rate too low for the sixth harmonic.
    """
    _whole(n=n, length=length)
    if rate <= 2 * HARMONICS * hertz(MIDI_HIGH):
        raise ValueError(f"rate is {rate}: expected more than 4,984, twice the highest harmonic")
    midi = torch.randint(MIDI_LOW, MIDI_HIGH + 1, (n,), generator=generator)
    phase, b, u = torch.rand(3, n, generator=generator, dtype=torch.float64)
    brightness = BRIGHTNESS[0] + (BRIGHTNESS[1] - BRIGHTNESS[0]) * b
    decay = DECAY[0] * (DECAY[1] / DECAY[0]) ** u
    t = torch.arange(length, dtype=torch.float64) / rate
    turn = 2 * math.pi * (hertz(midi.double())[:, None] * t + phase[:, None])
    x = torch.zeros(n, length, dtype=torch.float64)
    for k in range(1, HARMONICS + 1):
        fall = torch.exp(-t * math.sqrt(k) / decay[:, None])
        x += brightness[:, None] ** (k - 1) * fall * torch.sin(k * turn)
    x *= (t / ATTACK).clamp(max=1)
    x *= PEAK / x.abs().amax(dim=1, keepdim=True).clamp(min=1e-12)
    return Plucks(x.float().unsqueeze(1), midi, decay.float(), brightness.float(), rate)


def clicks(n: int, generator: torch.Generator, length: int = 8_000, rate: int = 4_000) -> Clicks:
    """Return n click tracks: bursts of a damped 1 kHz tone at 120, 150, 180 or 240 beats a minute.

    The tempo is uniform on the four, the first click uniform on the first beat; each click falls
    by the factor e in 5 ms. Peak 0.9. Raises ``ValueError`` for n or length below one.
    """
    _whole(n=n, length=length)
    tempo = torch.tensor(CLICK_TEMPOS)[torch.randint(len(CLICK_TEMPOS), (n,), generator=generator)]
    beat = 60.0 / tempo.double()
    start = torch.rand(n, generator=generator, dtype=torch.float64) * beat
    t = torch.arange(length, dtype=torch.float64) / rate
    since = torch.remainder(t - start[:, None], beat[:, None])
    x = torch.exp(-since / 0.005) * torch.sin(2 * math.pi * 1_000 * since)
    x *= t >= start[:, None]
    x *= PEAK / x.abs().amax(dim=1, keepdim=True).clamp(min=1e-12)
    return Clicks(x.float().unsqueeze(1), tempo, rate)


def _whole(**sizes: int) -> None:
    for name, size in sizes.items():
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            raise ValueError(f"{name} is {size!r}; expected a whole number of at least 1")
