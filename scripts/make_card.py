"""Draw the picture that stands on a shared link: `python scripts/make_card.py [FILE]` (1200 x 630,
under 200 kB).

Left the book's name; right 64 digits of the recorded generator after its last epoch, in its own
order."""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from ganbook.plots.style import PALETTE

ROOT = Path(__file__).resolve().parent.parent
CARD = ROOT / "book_ext" / "static" / "card.png"
WIDTH, HEIGHT = 1200, 630
PAPER, INK, QUIET = "#fffefa", "#22282c", "#555d62"


def digits() -> np.ndarray:
    """The record's last 64 pictures as one square of bytes, dark on light."""
    grid = np.load(ROOT / "ganbook" / "records" / "mnist-mlp" / "arrays.npz")["grid"][-1, :, 0]
    return 255 - grid.reshape(8, 8, 28, 28).transpose(0, 2, 1, 3).reshape(224, 224)


def draw(path: Path) -> None:
    """Write the card with few colours, so that it stays small."""
    figure = plt.figure(figsize=(WIDTH / 100, HEIGHT / 100), dpi=100, facecolor=PAPER)
    picture = figure.add_axes((0.5, 0.065, 0.457, 0.87))
    picture.imshow(digits(), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    picture.set_axis_off()
    text = {"family": "DejaVu Serif", "color": INK, "ha": "left", "va": "baseline"}
    for line, height in (("Generative", 0.70), ("Adversarial", 0.58), ("Networks", 0.46)):
        figure.text(0.05, height, line, size=48, **text)
    figure.text(0.05, 0.30, "A textbook in which", size=23, **text | {"color": QUIET})
    figure.text(0.05, 0.235, "every claim runs", size=23, **text | {"color": QUIET})
    figure.add_artist(plt.Rectangle((0.05, 0.39), 0.12, 0.008, color=PALETTE["generated"], lw=0))
    figure.canvas.draw()
    image = Image.fromarray(np.asarray(figure.canvas.buffer_rgba())[..., :3])
    plt.close(figure)
    image.quantize(64, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else CARD)
