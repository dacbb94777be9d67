"""Sounds and films for a page: files that other libraries read back, words, and limits."""

import base64
import io
import re
import wave as wavelib
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from ganbook.media import LIMIT, Film, Sound, png, wave


def test_a_wave_file_is_read_by_the_standard_library():
    x = np.array([0.0, 0.5, -1.0, 1.0])
    with wavelib.open(io.BytesIO(wave(x, 8_000))) as file:
        assert file.getparams()[:4] == (1, 2, 8_000, 4)
        found = np.frombuffer(file.readframes(4), "<i2")
    np.testing.assert_array_equal(found, [0, 16_384, -32_767, 32_767])


def test_a_picture_is_read_by_pillow():
    levels = np.random.default_rng(0).integers(0, 16, (5, 8))
    found = np.asarray(Image.open(io.BytesIO(png(levels))).convert("L"))
    np.testing.assert_array_equal(found, levels * 17)


def test_a_sound_joins_its_clips_with_pauses_and_waits():
    clips = np.stack([np.full((1, 80), 0.5), np.full((1, 80), -0.5)])
    sound = Sound(clips, 8_000, 'Two "beeps" & more', pause=0.01)
    html = sound._repr_html_()
    data = base64.b64decode(re.search(r"base64,([^\"]+)\"", html)[1])
    with wavelib.open(io.BytesIO(data)) as file:
        found = np.frombuffer(file.readframes(1_000), "<i2") / 32_767
    want = np.concatenate([np.full(80, 0.5), np.zeros(80), np.full(80, -0.5), np.zeros(80)])
    np.testing.assert_allclose(found, want, atol=1e-4)
    assert "controls" in html and "autoplay" not in html and "&quot;beeps&quot; &amp; more" in html
    assert repr(sound) == 'A sound. Two "beeps" & more'


def test_a_film_is_a_strip_of_its_frames():
    rng = np.random.default_rng(0)
    levels = rng.integers(0, 16, (2, 1, 3, 4, 6))
    film = Film((levels * 17).astype(np.uint8), "Two discs.")
    found = re.findall(r"base64,([^)]+)\)", film._repr_html_())
    assert len(found) == 2
    for strip, want in zip(found, levels[:, 0], strict=True):
        image = np.asarray(Image.open(io.BytesIO(base64.b64decode(strip))).convert("L")) // 17
        for t in range(3):
            np.testing.assert_array_equal(image[:, 6 * t : 6 * t + 6], want[t])
    same = Film(levels / 15 * 2 - 1, "Two discs.")
    assert same.files == film.files and same._repr_html_() == film._repr_html_()
    assert "3 frames" in repr(film)


def test_a_film_stands_still_until_its_box_is_ticked():
    html = Film(np.zeros((1, 1, 3, 4, 6)), "Nothing moves.")._repr_html_()
    assert "infinite paused" in html and "checked~" in html and "@media print" in html

    class Boxes(HTMLParser):
        found = ()

        def handle_starttag(self, tag, attributes):
            if tag in ("input", "label"):
                self.found = (*self.found, (tag, dict(attributes)))

    boxes = Boxes()
    boxes.feed(html)
    (_, box), (_, label) = boxes.found
    assert box["type"] == "checkbox" and "checked" not in box and box["id"] == label["for"]


def test_what_is_refused():
    with pytest.raises(ValueError, match="in \\[-1, 1\\]"):
        wave(np.array([1.5]), 8_000)
    with pytest.raises(ValueError, match="expected \\(N, L\\)"):
        Sound(np.zeros(5), 8_000, "words")
    with pytest.raises(ValueError, match="words is empty"):
        Sound(np.zeros((1, 5)), 8_000, " ")
    with pytest.raises(ValueError, match=f"at most {LIMIT:,}"):
        Sound(np.zeros((1, 60_000)), 8_000, "long")
    with pytest.raises(ValueError, match="finite"):
        Sound(np.full((1, 5), np.nan), 8_000, "words")
    with pytest.raises(ValueError, match="T, H, W"):
        Film(np.zeros((1, 3, 4, 6)), "words")
    with pytest.raises(ValueError, match="W even"):
        png(np.zeros((2, 3)))
