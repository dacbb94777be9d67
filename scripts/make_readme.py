"""Draw the picture of the README: `python scripts/make_readme.py [FILE]` writes docs/book.png.

Above, digits of the recorded run after 1, 5, 15 and 50 epochs, the same z in each column;
below, the play of chapter 2 as the page shows it while it rests."""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from ganbook.plots.style import PALETTE

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "book.png"
PLAY = ROOT / "book_ext" / "pictures" / "living-gan.png"
EPOCHS = (1, 5, 15, 50)


def rows(columns: int = 16) -> dict[int, np.ndarray]:
    """{epoch: one strip of digits as bytes, dark on light}, the same z in each column."""
    record = np.load(ROOT / "ganbook" / "records" / "mnist-mlp" / "arrays.npz")
    place = {int(epoch): k for k, epoch in enumerate(record["epochs"])}
    return {
        epoch: 255 - np.concatenate(list(record["grid"][place[epoch], :columns, 0]), axis=1)
        for epoch in EPOCHS
    }


def draw(path: Path) -> None:
    """Write the picture with 256 colours, so that it stays small."""
    figure = plt.figure(figsize=(9, 6.2), dpi=100, facecolor="white")
    for k, (epoch, strip) in enumerate(rows().items()):
        ax = figure.add_axes((0.16, 0.88 - 0.105 * k, 0.82, 0.09))
        ax.imshow(strip, cmap="gray", vmin=0, vmax=255, aspect="auto", interpolation="nearest")
        ax.set_axis_off()
        name = f"{epoch} epoch{'s' if epoch > 1 else ''}"
        figure.text(
            0.145, 0.925 - 0.105 * k, name, ha="right", va="center", color=PALETTE["theory"]
        )
    with Image.open(PLAY) as still:
        ax = figure.add_axes((0.16, 0.0, 0.82, 0.52))
        ax.imshow(np.asarray(still.convert("RGB")), interpolation="lanczos")
        ax.set_axis_off()
    figure.text(0.145, 0.26, "a GAN that\ntrains in\nthe page", ha="right", va="center",
                color=PALETTE["theory"])  # fmt: skip
    figure.canvas.draw()
    image = Image.fromarray(np.asarray(figure.canvas.buffer_rgba())[..., :3])
    plt.close(figure)
    image.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE)
