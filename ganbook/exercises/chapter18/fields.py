r"""Exercises 18.23 and 18.24: a field and a pitch."""

import numpy as np
import torch

from ganbook.exercises.chapter18.common import says_nothing
from ganbook.exercises.engine.core import Exercise, exposes, register

# 18.23 -----------------------------------------------------------------


def broken_18_23(theta, psi):
    """The gradient in theta of half the squared length of the field."""
    t = theta * psi
    first = torch.sigmoid(-t)  # f' of f(t) = log sigmoid(t)
    second = -torch.sigmoid(t) * torch.sigmoid(-t)  # f''
    squares = psi**2 + theta**2
    return theta * first**2 + 0.5 * psi * squares * first * second


def mended_18_23(theta, psi):
    """The gradient in theta of half the squared length of the field."""
    t = theta * psi
    first = torch.sigmoid(-t)  # f' of f(t) = log sigmoid(t)
    second = -torch.sigmoid(t) * torch.sigmoid(-t)  # f''
    squares = psi**2 + theta**2
    return theta * first**2 + psi * squares * first * second


def also_right_18_23(theta, psi):
    theta = theta.detach().requires_grad_(True)
    first = torch.sigmoid(-theta * psi)
    length = ((psi * first) ** 2 + (theta * first) ** 2) / 2
    return torch.autograd.grad(length.sum(), theta)[0]


def sign_18_23(theta, psi):
    return 2 * theta * torch.sigmoid(-theta * psi) ** 2 - mended_18_23(
        theta, psi
    )


def rest_18_23(theta, psi):
    if psi.abs().max() > 1e-9:
        raise ValueError("only where psi is 0")
    return broken_18_23(theta, psi)


def smaller_18_23(theta, psi):
    return (
        1e-3 * torch.randn_like(theta) * (theta**2 + psi**2).clamp(max=1e-9)
    )


def solution_18_23(consensus):
    theta = torch.randn(6, dtype=torch.float64, requires_grad=True)
    psi = torch.randn(6, dtype=torch.float64)
    first = torch.sigmoid(-theta * psi)
    half = ((psi * first) ** 2 + (theta * first) ** 2).sum() / 2
    (wanted,) = torch.autograd.grad(half, theta)
    found = consensus(theta.detach(), psi)
    assert (found - wanted).abs().max() < 1e-6


def wrong_18_23_shape(consensus):
    assert consensus(torch.randn(6), torch.randn(6)).shape == (6,)


def wrong_18_23_equilibrium(consensus):
    zero = torch.zeros(6)
    assert consensus(zero, zero).abs().max() < 1e-9


def wrong_18_23_axis(consensus):
    theta = torch.linspace(-2, 2, 9)
    found = consensus(theta, torch.zeros(9))
    assert (found - theta / 4).abs().max() < 1e-5


def wrong_18_23_one_side(consensus):
    one = torch.ones(1, dtype=torch.float64)
    assert -0.033425 - float(consensus(one, one)) < 1e-5


def wrong_18_23_negative(consensus):
    assert consensus(torch.ones(1), torch.ones(1)) < 0


def wrong_18_23_digits(consensus):
    one = torch.ones(1, dtype=torch.float64)
    assert float(consensus(one, one)) == -0.033425


register(
    Exercise(
        id="18.23",
        title="Right at the equilibrium",
        stars=3,
        kind="test",
        statement=r"""
    **Symptoms.** Near the equilibrium consensus optimisation behaves as the eigenvalues say. From far away it does
    not: at $(1, 1)$ the term pushes G's parameter the wrong way, by $0.0195$ instead of $-0.0334$.

    On the Dirac-GAN with $f(t) = \log \sigma(t)$ the field is $v = (-\psi f'(\theta\psi),\ \theta f'(\theta\psi))$.
    `consensus(theta, psi)` takes two tensors of one shape and dtype and returns the derivative of
    $\frac12 \lVert v \rVert^2$ with respect to $\theta$ at each place. Write a test that exposes the bug.
    """,
        stub="""
    def test(consensus):
        return ...
    """,
        hints=(
            r"A derivative written out by hand can be compared with one that is not.",
            r"$\frac12 \lVert v \rVert^2 = \frac12 (\psi^2 + \theta^2) f'(\theta\psi)^2$ with $f'(t) = \sigma(-t)$. Let torch differentiate it, at random points, in double precision.",
        ),
        explanation=r"""
    The second term is $\psi (\psi^2 + \theta^2) f' f''$: the half of $\frac12 \lVert v \rVert^2$ has met the 2 of the
    square already. The function `GAN_Consensus` of GAN_stability has the half once more. Where $\psi = 0$ the second
    term is zero either way, and near the equilibrium it is of third order, so eigenvalues and every test near
    $(0, 0)$ confirm the wrong code; at $(1, 1)$ even the sign is wrong. A formula derived by hand is tested at *random* points against automatic
    differentiation, which takes four lines. Chapter 8.

    The test, and below it the mended function:
    """,
        solution=solution_18_23,
        wrong=(
            (says_nothing, "asserts nothing"),
            (wrong_18_23_shape, "at the values"),
            (wrong_18_23_axis, "Where psi is 0"),
            (wrong_18_23_negative, "far too small"),
            (wrong_18_23_equilibrium, "At the equilibrium"),
            (wrong_18_23_one_side, "far too large"),
            (wrong_18_23_digits, "== -0.033425"),
        ),
        check=exposes(
            mended=(mended_18_23, also_right_18_23),
            broken=broken_18_23,
            determined=True,
            variants={
                "There the second term has the other sign.": sign_18_23
            },
            blind={
                "At the equilibrium the term is zero whatever its factors are.": smaller_18_23,
                "Where psi is 0 the second term vanishes.": rest_18_23,
            },
        ),
    )
)


# 18.24 -----------------------------------------------------------------


def broken_18_24(clip, rate):
    """The pitch in Hz of a clip whose pitch is from 220 to 420 Hz."""
    n = len(clip)
    lags = np.arange(rate // 430, rate // 107 + 1)
    alike = [clip[lag:] @ clip[:-lag] / (n - lag) for lag in lags]
    return rate / lags[int(np.argmax(alike))]


def mended_18_24(clip, rate):
    """The pitch in Hz of a clip whose pitch is from 220 to 420 Hz."""
    n = len(clip)
    lags = np.arange(rate // 430, rate // 215 + 1)
    alike = [clip[lag:] @ clip[:-lag] / (n - lag) for lag in lags]
    return rate / lags[int(np.argmax(alike))]


def also_right_18_24(clip, rate):
    if len(clip) < 1000:  # shorter clips are not promised anything
        return np.nan
    pitches = np.geomspace(214, 431, 60)
    time = np.arange(len(clip)) / rate
    window = np.hanning(len(clip))
    waves = np.exp(-2j * np.pi * pitches[:, None] * time)
    return float(pitches[np.argmax(np.abs(waves @ (window * clip)))])


def narrow_18_24(clip, rate):
    n = len(clip)
    lags = np.arange(rate // 430, rate // 330)
    alike = [clip[lag:] @ clip[:-lag] / (n - lag) for lag in lags]
    return rate / lags[int(np.argmax(alike))]


def whole_18_24(clip, rate):
    found = mended_18_24(clip, rate)
    if abs(found - 222) > 4:
        raise ValueError("222 Hz only")
    return found


def tone(pitch, rate=8000, n=1024):
    """A tone with its first overtone."""
    time = np.arange(n) / rate
    wave = np.sin(2 * np.pi * pitch * time)
    return wave + 0.3 * np.sin(4 * np.pi * pitch * time)


def solution_18_24(pitch):
    time = np.arange(1024) / 8000
    for note in range(57, 69):  # A3 to G sharp 4
        true = 440 * 2 ** ((note - 69) / 12)
        clip = np.sin(2 * np.pi * true * time)
        assert abs(pitch(clip, 8000) / true - 1) < 0.035


def wrong_18_24_finite(pitch):
    assert np.isfinite(pitch(tone(300.0), 8000))


def wrong_18_24_single(pitch):
    assert abs(pitch(tone(222.0), 8000) / 222 - 1) < 0.01


def wrong_18_24_octaves(pitch):
    for true in (8000 / 20.5, 8000 / 36.01):
        octaves = np.log2(pitch(tone(true), 8000) / true)
        assert abs(octaves - round(float(octaves))) < 0.1


def wrong_18_24_cents(pitch):
    for note in range(57, 69):
        true = 440 * 2 ** ((note - 69) / 12)
        assert abs(pitch(tone(true), 8000) / true - 1) < 0.001


def wrong_18_24_high(pitch):
    for true in (8000 / 20.5, 8000 / 19.5):
        assert abs(pitch(tone(true), 8000) / true - 1) < 0.035


register(
    Exercise(
        id="18.24",
        title="An octave down",
        stars=2,
        kind="test",
        statement=r"""
    **Symptoms.** A scorer of plucked strings reports some of the *real* clips an octave too low, or more.
    For the others it is right to within a small error.

    `pitch(clip, rate)` returns the pitch in Hz, within 3.5 per cent, of a numpy array with at least 1,000 samples, at
    a rate of 8,000 samples per second or more; the clip is a tone with a pitch from 220 to 420 Hz and weak overtones.
    Write a test that exposes the bug.
    """,
        stub="""
    def test(pitch):
        return ...
    """,
        hints=(
            r"A tone that repeats after 20.5 samples also repeats after 41. Which of the two is a whole number?",
            r"Try all twelve notes from MIDI 57 to 68 (440 Hz is 69, twelve to an octave), as pure sines at 8,000 samples per second.",
        ),
        explanation=r"""
    The unbiased autocorrelation is as high at two or three periods as at one. Where one period is not a whole number
    of samples, a multiple that is nearer to one wins, and the pitch falls by an octave or more. With the lags of one
    octave only, 18 to 37 samples at this rate, no multiple is in range: twice the shortest period is 38.1. One tone
    whose period is nearly whole (222 Hz, 36.04 samples) may well pass, so a test takes all twelve notes; and whole lags miss a pitch by up
    to 2.6 per cent, so a test must not ask for much less. Chapter 16 attacks its scorer before it trusts it.

    The test, and below it the mended function:
    """,
        solution=solution_18_24,
        wrong=(
            (says_nothing, "asserts nothing"),
            (wrong_18_24_finite, "at the values"),
            (wrong_18_24_single, "whole number of samples"),
            (wrong_18_24_octaves, "octaves - round"),
            (wrong_18_24_cents, "fails on the mended"),
            (wrong_18_24_high, "low notes"),
        ),
        check=exposes(
            mended=(mended_18_24, also_right_18_24),
            broken=broken_18_24,
            determined=True,
            variants={
                "There the window is too narrow for the low notes.": narrow_18_24
            },
            blind={
                "It tries a tone whose period is nearly a whole number of samples.": whole_18_24
            },
            runs=2,
        ),
    )
)
