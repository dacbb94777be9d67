"""Train the two translators of chapter 15's play and write them as a script that its page loads.

    python scripts/play_typefaces.py

The record ``typefaces-cycle`` keeps what its networks made, not the networks. This trains those of
its first seed again (a minute) and writes ``book_ext/static/plays/typefaces.weights.js``: each weight
in 12 bits, as two letters of base64, and the 62 characters of both faces as one picture."""

import base64
import io
import json
import re
from functools import cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ganbook.data import glyphs
from ganbook.networks import Translator
from ganbook.recipes.place import Place
from ganbook.recipes.typefaces import cycle

FILE = Path(__file__).resolve().parent.parent / "book_ext/static/plays/typefaces.weights.js"
DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
LARGEST = 2047  # of the whole numbers that stand for weights; 2048 is added to each


def packed(values: Tensor) -> dict[str, object]:
    """A tensor as whole multiples of a step, two base64 digits each."""
    step = float(values.abs().max()) / LARGEST
    whole = [round(float(v) / step) + LARGEST + 1 for v in values.flatten()]
    return {
        "shape": list(values.shape),
        "step": step,
        "digits": "".join(DIGITS[n // 64] + DIGITS[n % 64] for n in whole),
    }


def unpacked(layer: dict) -> Tensor:
    """What `packed` keeps of a tensor, float32."""
    place = {letter: k for k, letter in enumerate(DIGITS)}
    high, low = ([place[c] for c in layer["digits"][k::2]] for k in (0, 1))
    whole = 64 * np.array(high) + np.array(low) - LARGEST - 1
    return torch.tensor(whole * layer["step"]).float().reshape(layer["shape"])


def faces() -> np.ndarray:
    """The characters of the source's and of the target's face, bytes (2, 62, 28, 28), 255 ink."""
    drawn = [glyphs.render(face).x[:, 0] for face in (cycle.SOURCE, cycle.TARGET)]
    return (255 * torch.stack(drawn)).round().byte().numpy()


def sheet(pictures: np.ndarray) -> str:
    """Pictures (rows, columns, H, W) as a PNG in an address that holds it."""
    rows, columns, height, width = pictures.shape
    flat = pictures.transpose(0, 2, 1, 3).reshape(rows * height, columns * width)
    file = io.BytesIO()
    Image.fromarray(flat).save(file, format="png", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def as_script(there: Translator, back: Translator) -> str:
    """Both networks and the characters, as the page loads them."""
    networks = {
        name: {key: packed(value) for key, value in network.state_dict().items()}
        for name, network in (("there", there), ("back", back))
    }
    content = {"networks": networks, "glyphs": sheet(faces())}
    return f'ganbookPlays.weights["typefaces"] = {json.dumps(content)};\n'


def stored() -> dict:
    """The content of the script."""
    return json.loads(re.fullmatch(r"[^=]*= (.*);\n", FILE.read_text(encoding="ascii"))[1])


@cache
def translators() -> tuple[Translator, Translator]:
    """The networks there and back, as the script holds them."""
    found = []
    for layers in stored()["networks"].values():
        network = Translator(cycle.WIDTH_G, residual=True).eval()
        network.load_state_dict({name: unpacked(layer) for name, layer in layers.items()})
        found.append(network)
    return found[0], found[1]


if __name__ == "__main__":
    FILE.write_text(as_script(*cycle.train_cycle(cycle.SEEDS[0], Place())), encoding="ascii")
    print(f"{FILE.name}: {FILE.stat().st_size / 1000:.0f} kB")
