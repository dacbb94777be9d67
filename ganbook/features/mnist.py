"""The feature network of the book: one small classifier, trained on MNIST for every Fréchet distance
of digits, and once more on Fashion-MNIST for those of clothes.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from safetensors.torch import load
from torch import Tensor, nn

from ganbook import records

__all__ = ["MnistClassifier", "classifier", "describe"]

WEIGHTS = "mnist-classifier.safetensors"
TRAINED_ON = {"mnist": WEIGHTS, "fashion": "fashion-classifier.safetensors"}


class MnistClassifier(nn.Module):
    """Three convolutions and two linear layers; images (N, 1, 28, 28) in [-1, 1] to ten logits.

    ``features(x)`` returns the 128 activations before the last layer.
    """

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1),
            nn.MaxPool2d(2),
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, padding=1),
            nn.MaxPool2d(2),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, padding=1),
            nn.MaxPool2d(2),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(576, 128),
            nn.ReLU(),
        )
        self.drop = nn.Dropout(0.3)
        self.head = nn.Linear(128, 10)

    def features(self, x: Tensor) -> Tensor:
        """Return the 128 activations before the last layer, of shape (N, 128)."""
        return self.body(x)

    def forward(self, x: Tensor) -> Tensor:
        """Return ten logits for each image, of shape (N, 10)."""
        return self.head(self.drop(self.body(x)))


@lru_cache(maxsize=4)
def classifier(device: torch.device | str = "cpu", trained_on: str = "mnist") -> MnistClassifier:
    """Return a trained classifier of the book, frozen, in evaluation mode, on a device.

    ``trained_on`` is ``"mnist"`` or ``"fashion"``; ``ValueError`` for anything else."""
    if trained_on not in TRAINED_ON:
        raise ValueError(
            f"no classifier trained on {trained_on!r}: there are {', '.join(TRAINED_ON)}"
        )
    network = MnistClassifier()
    network.load_state_dict(load(records.path(TRAINED_ON[trained_on]).read_bytes()))
    return network.eval().requires_grad_(False).to(device)


@torch.no_grad()
def describe(x: Tensor, batch_size: int = 1000, trained_on: str = "mnist") -> tuple[Tensor, Tensor]:
    """Return features (N, 128) and class probabilities (N, 10) of images, by a classifier of the
    book.

    ``x`` has shape (N, 1, 28, 28): float32 in [-1, 1], or uint8 as stored. Computed where x lies,
    and left there. Raises ``ValueError`` for another shape, and for a classifier that is not
    there."""
    if x.ndim != 4 or tuple(x.shape[1:]) != (1, 28, 28):
        raise ValueError(f"images have shape {tuple(x.shape)}: expected (N, 1, 28, 28)")
    network, rows = classifier(x.device, trained_on), []
    for part in x.split(batch_size):
        part = part.float() / 127.5 - 1 if part.dtype == torch.uint8 else part.float()
        features = network.features(part)
        rows.append((features, network.head(features).softmax(dim=1)))
    return torch.cat([f for f, _ in rows]), torch.cat([p for _, p in rows])
