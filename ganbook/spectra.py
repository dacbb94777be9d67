"""Short-time spectra of sounds: there, back, and back without phases."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["griffin_lim", "istft", "log_picture", "picture_sound", "spectral_convergence", "stft"]

WINDOW, HOP = 512, 128
QUIET, LOUD = 1e-3, 64.0  # magnitudes that become -1 and 1 in a picture


def _window(size: int, like: Tensor) -> Tensor:
    real = like.real if like.is_complex() else like
    return torch.hann_window(size, dtype=real.dtype, device=like.device)


def _check(window: int, hop: int) -> None:
    if not (isinstance(window, int) and isinstance(hop, int) and 1 <= hop <= window // 2):
        raise ValueError(f"window {window!r}, hop {hop!r}: expected whole numbers, hop <= window/2")


def stft(x: Tensor, window: int = WINDOW, hop: int = HOP) -> Tensor:
    r"""Return the short-time Fourier transform of sounds (N, L), complex (N, window/2 + 1, frames).

    :math:`X_{k,m} = \sum_n w_n x_{mh + n} e^{-2\pi i k n / W}` with a Hann window of W samples,
    frames h samples apart and centered, the sound reflected at its ends: 1 + L // h frames. Raises
    ``ValueError`` for a hop above half the window, and other shapes.
    """
    _check(window, hop)
    if x.ndim != 2 or not x.is_floating_point() or x.shape[1] <= window // 2:
        raise ValueError(
            f"x is {x.dtype} of shape {tuple(x.shape)}: expected floating-point (N, L) with L above "
            f"{window // 2}"
        )
    return torch.stft(x, window, hop, window=_window(window, x), return_complex=True)


def istft(X: Tensor, length: int, window: int = WINDOW, hop: int = HOP) -> Tensor:
    """Return the sound (N, length) whose transform is nearest to X in mean square.

    The inverse of `stft` where X is the transform of a sound. Source: Griffin and Lim (1984),
    equation 6. Raises ``ValueError`` for a hop above half the window.
    """
    _check(window, hop)
    return torch.istft(X, window, hop, window=_window(window, X), length=length)


def griffin_lim(
    magnitude: Tensor,
    length: int,
    rounds: int = 60,
    window: int = WINDOW,
    hop: int = HOP,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Return sounds (N, length) whose short-time magnitudes are near those given.

    Each round goes to the sound and back, and keeps the phases alone. The phases begin at zero, or
    uniform at random from a CPU generator. Magnitudes (N, window/2 + 1, frames). Source: Griffin
    and Lim (1984), section III. Raises ``ValueError`` for negative magnitudes or rounds.
    """
    if magnitude.is_complex() or bool((magnitude < 0).any()) or rounds < 0:
        raise ValueError("expected real magnitudes of at least 0, and rounds of at least 0")
    angle = torch.zeros_like(magnitude)
    if generator is not None:
        angle = 2 * torch.pi * torch.rand(magnitude.shape, generator=generator).to(magnitude)
    X = torch.polar(magnitude, angle)
    for _ in range(rounds):
        Y = stft(istft(X, length, window, hop), window, hop)
        X = torch.polar(magnitude, Y.angle())
    return istft(X, length, window, hop)


def spectral_convergence(
    x: Tensor, magnitude: Tensor, window: int = WINDOW, hop: int = HOP
) -> Tensor:
    r"""Return :math:`\| |\mathrm{STFT}(x)| - M \| / \| M \|` for each sound, (N,)."""
    away = stft(x, window, hop).abs() - magnitude
    return away.flatten(1).norm(dim=1) / magnitude.flatten(1).norm(dim=1)


def log_picture(x: Tensor) -> Tensor:
    """Return log-magnitudes of sounds (N, 1, L) as pictures (N, 1, 256, L // 128) in [-1, 1].

    The logarithm of magnitudes from 1e-3 to 64 mapped in a line, clamped; without the last
    frequency and the last frame. Raises as `stft` does.
    """
    magnitude = stft(x.flatten(1)).abs()[:, :-1, :-1].clamp(QUIET, LOUD)
    low, high = torch.tensor([QUIET, LOUD]).log().tolist()
    return ((magnitude.log() - low) * (2 / (high - low)) - 1).unsqueeze(1)


def picture_sound(pictures: Tensor, rounds: int = 60) -> Tensor:
    """Return sounds (N, 1, 128 F) for pictures of log-magnitudes (N, 1, 256, F), by `griffin_lim`.

    The lost frame repeats the one before it, the lost frequency is silent.
    """
    low, high = torch.tensor([QUIET, LOUD]).log().tolist()
    magnitude = ((pictures.squeeze(1) + 1) * ((high - low) / 2) + low).exp()
    magnitude = torch.cat([magnitude, magnitude[:, :, -1:]], dim=2)
    magnitude = torch.cat([magnitude, torch.zeros_like(magnitude[:, :1])], dim=1)
    return griffin_lim(magnitude, (magnitude.shape[2] - 1) * HOP, rounds).unsqueeze(1)
