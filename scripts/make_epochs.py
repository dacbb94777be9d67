"""Draw what the front page's slider shows: ``book_ext/pictures/epochs.png`` and ``epochs.json``.

    python scripts/make_epochs.py

The first 32 samples of each look of the recorded run ``mnist-mlp``, from the same noise, as sheets
one below the other, and the epochs at which the run was looked at. The same record gives the same
bytes."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from ganbook import records

FOLDER = Path(__file__).resolve().parent.parent / "book_ext" / "pictures"
ROWS, COLUMNS = 4, 8


def sheets(grid: np.ndarray) -> np.ndarray:
    """Return looks (L, N, 1, h, w), the first 32 of each, as one picture (L·4·h, 8·w)."""
    looks, _, _, h, w = grid.shape
    first = grid[:, : ROWS * COLUMNS, 0].reshape(looks, ROWS, COLUMNS, h, w)
    return first.transpose(0, 1, 3, 2, 4).reshape(looks * ROWS * h, COLUMNS * w)


def main() -> None:
    """Write both files."""
    record = records.load("mnist-mlp")
    Image.fromarray(sheets(record["grid"]), "L").save(FOLDER / "epochs.png", optimize=True)
    epochs = [int(epoch) for epoch in record["epochs"]]
    (FOLDER / "epochs.json").write_text(json.dumps(epochs) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
