"""Train the feature network of the book: a small convolutional MNIST classifier, in about a minute
or two.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch.nn.functional import cross_entropy, pad

from ganbook import data, records
from ganbook.features import MnistClassifier
from ganbook.recipes import common
from ganbook.recipes.place import Place

SEED, EPOCHS, BATCH = 0, 6, 128
MODULES = ("data", "features.mnist", "recipes.common", "recipes.mnist.classifier")


def shift(x: torch.Tensor, generator: torch.Generator, most: int = 2) -> torch.Tensor:
    """Return a batch moved by up to ``most`` pixels in each direction, all its images alike."""
    dx, dy = torch.randint(0, 2 * most + 1, (2,), generator=generator).tolist()
    return pad(x, (most,) * 4, value=-1.0)[:, :, dy : dy + x.shape[2], dx : dx + x.shape[3]]


def _order(n: int, generator: torch.Generator, place: Place) -> torch.Tensor:
    return torch.randperm(n, generator=generator).to(place.device)


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Train, write ``mnist-classifier.safetensors`` and its record (test accuracy by epoch), and
    return a summary.
    """
    place = place or Place()
    place.in_one_go("mnist-classifier")
    train, test = (
        data.Images(part.x.to(place.device), part.y.to(place.device))
        for part in (data.mnist("train"), data.mnist("test"))
    )
    torch.manual_seed(SEED)
    generator = torch.Generator().manual_seed(SEED)
    network = MnistClassifier().to(place.device)
    steps = EPOCHS * -(-len(train.x) // BATCH)
    optimizer = torch.optim.Adam(network.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=steps)
    start, accuracy = time.perf_counter(), []
    for epoch in range(1, EPOCHS + 1):
        network.train()
        for index in _order(len(train.x), generator, place).split(BATCH):
            x = shift(data.to_float(train.x[index]), generator)
            loss = cross_entropy(network(x), train.y[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        network.eval()
        with torch.no_grad():
            guesses = [network(data.to_float(part)).argmax(dim=1) for part in test.x.split(1000)]
        accuracy.append((torch.cat(guesses) == test.y).double().mean().item())
        log(
            f"epoch {epoch}: test accuracy {accuracy[-1]:.4f} after {time.perf_counter() - start:.0f} s"
        )
    common.save_weights("mnist-classifier", network, folder, torch.float32)
    info = records.provenance(
        MODULES,
        SEED,
        time.perf_counter() - start,
        test_accuracy=accuracy[-1],
    )
    records.save(
        "mnist-classifier", {"test_accuracy": torch.tensor(accuracy).numpy()}, info, folder
    )
    return f"test accuracy {accuracy[-1]:.4f}"
