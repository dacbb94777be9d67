"""Sounds that play and films that move in a notebook and on the page, paused until asked.

Both are HTML that needs no script and no network: a sound is an audio element that holds its own
bytes, a film a strip of frames that a style sheet steps through while its box is ticked. Print
shows the words, and the frames side by side."""

from __future__ import annotations

import base64
import struct
import zlib
from html import escape

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["LIMIT", "Film", "Sound", "png", "wave"]

LIMIT = 150_000  # characters of one sound or film
LEVELS = 15  # of grey in a film: four bits a pixel


def wave(x: ArrayLike, rate: int) -> bytes:
    """Return a sound as a WAV file of 16 bits, one channel: numbers in [-1, 1] of shape (L,).

    Raises ``ValueError`` for other shapes, values outside of [-1, 1], and a rate below one.
    """
    x = _array(x)
    if x.ndim != 1 or not len(x) or not np.abs(x).max() <= 1 or rate < 1:
        raise ValueError(
            f"the sound has shape {x.shape} at rate {rate}: expected (L,) in [-1, 1] and a rate of at "
            "least 1"
        )
    body = np.rint(x * 32_767).astype("<i2").tobytes()
    head = struct.pack("<4sI4s", b"RIFF", 36 + len(body), b"WAVE")
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16)
    return head + form + struct.pack("<4sI", b"data", len(body)) + body


def png(levels: np.ndarray) -> bytes:
    """Return a picture as a PNG file of four bits a pixel: whole numbers 0 to 15 of shape (H, W).

    W must be even. The data are stored and not compressed, so that the file is the same wherever
    it is written. Raises ``ValueError`` for other shapes and values.
    """
    levels = np.asarray(levels)
    if levels.ndim != 2 or levels.shape[1] % 2 or levels.min() < 0 or levels.max() > LEVELS:
        raise ValueError(
            f"levels have shape {levels.shape}: expected (H, W), W even, 0 to {LEVELS}"
        )
    pairs = levels.astype(np.uint8)
    rows = np.zeros((len(pairs), 1 + pairs.shape[1] // 2), dtype=np.uint8)
    rows[:, 1:] = pairs[:, ::2] << 4 | pairs[:, 1::2]

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    size = struct.pack(">IIBBBBB", levels.shape[1], levels.shape[0], 4, 0, 0, 0, 0)
    stored = zlib.compress(rows.tobytes(), 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", stored) + chunk(b"IEND", b"")
    )


class Sound:
    """Clips one after another, with a pause between, as one sound that a notebook can play.

    ``clips`` has shape (N, L) or (N, 1, L), numbers in [-1, 1]; ``words`` says what is heard. Raises
    ``ValueError`` for other shapes, no words, and more than 150,000 characters.
    """

    def __init__(self, clips: ArrayLike, rate: int, words: str, pause: float = 0.12) -> None:
        x = _array(clips)
        x = x[:, 0] if x.ndim == 3 and x.shape[1] == 1 else x
        if x.ndim != 2 or not len(x):
            raise ValueError(f"clips have shape {x.shape}: expected (N, L) or (N, 1, L)")
        silence = np.zeros((len(x), int(pause * rate)))
        self.words = _words(words)
        self.file = wave(np.concatenate([x, silence], axis=1).ravel(), rate)
        _short(self._repr_html_())

    def _repr_html_(self) -> str:
        data = base64.b64encode(self.file).decode()
        words = escape(self.words, quote=True)
        return (
            '<figure class="ganbook-sound" style="margin:0.5em 0">'
            f'<audio controls preload="metadata" aria-label="{words}" style="max-width:100%" '
            f'src="data:audio/wav;base64,{data}"></audio>'
            f"<figcaption>{words}</figcaption></figure>"
        )

    def __repr__(self) -> str:
        return f"A sound. {self.words}"


STYLE = """
.ganbook-film i{display:block;width:4em;height:4em;margin:2px;background-size:calc(100%*FRAMES) 100%;
image-rendering:pixelated;animation:ganbook-film-FRAMES SECONDSs steps(FRAMES) infinite paused}
.ganbook-film p{display:flex;flex-wrap:wrap;margin:0.3em 0}
.ganbook-film input:checked~p i{animation-play-state:running}
@keyframes ganbook-film-FRAMES{from{background-position-x:0}to{background-position-x:calc(-4em*FRAMES)}}
@media print{.ganbook-film input,.ganbook-film label{display:none}
.ganbook-film i{width:calc(4em*FRAMES);animation:none;print-color-adjust:exact}}
"""


class Film:
    """Films side by side that move while a box is ticked, and stand still until then.

    ``films`` has shape (N, 1, T, H, W): bytes, or numbers in [-1, 1]; W even. ``words`` says what is
    seen. On paper each is the row of its frames. Raises ``ValueError`` for other shapes, no words,
    and more than 150,000 characters.
    """

    def __init__(self, films: ArrayLike, words: str, seconds: float = 1.2) -> None:
        x = _array(films, bytes_too=True)
        if x.ndim != 5 or x.shape[1] != 1 or 0 in x.shape:
            raise ValueError(f"films have shape {x.shape}: expected (N, 1, T, H, W)")
        unit = x / 255 if x.dtype == np.uint8 else (x + 1) / 2
        levels = np.rint(unit[:, 0].clip(0, 1) * LEVELS)  # (N, T, H, W)
        strips = levels.transpose(0, 2, 1, 3).reshape(len(x), x.shape[3], -1)
        self.words, self.frames, self.seconds = _words(words), x.shape[2], seconds
        self.files = [png(strip) for strip in strips]
        _short(self._repr_html_())

    def _repr_html_(self) -> str:
        style = STYLE.replace("FRAMES", str(self.frames)).replace("SECONDS", f"{self.seconds:g}")
        words = escape(self.words, quote=True)
        key = f"film-{zlib.crc32(b''.join(self.files)):08x}"
        strips = "".join(
            f'<i style="background-image:url(data:image/png;base64,{base64.b64encode(f).decode()})">'
            "</i>"
            for f in self.files
        )
        return (
            f'<figure class="ganbook-film" style="margin:0.5em 0"><style>{style}</style>'
            f'<input type="checkbox" id="{key}" aria-label="Play. {words}"> <label for="{key}">play</label>'
            f'<p role="img" aria-label="{words}">{strips}</p>'
            f"<figcaption>{words}</figcaption></figure>"
        )

    def __repr__(self) -> str:
        return f"A film of {self.frames} frames. {self.words}"


def _array(x: ArrayLike, bytes_too: bool = False) -> np.ndarray:
    x = np.asarray(x.detach().cpu() if hasattr(x, "detach") else x)
    if x.dtype == np.uint8 and bytes_too:
        return x
    if x.dtype.kind != "f" or not np.isfinite(x).all():
        raise ValueError(f"found {x.dtype}: expected finite floating-point numbers")
    return x.astype(np.float64)


def _words(words: str) -> str:
    if not words.strip():
        raise ValueError("words is empty: expected a sentence for those who do not hear or see it")
    return words


def _short(html: str) -> None:
    if len(html) > LIMIT:
        raise ValueError(f"{len(html):,} characters: expected at most {LIMIT:,}; show fewer clips")
