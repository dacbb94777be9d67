"""Train a feature network for Fashion-MNIST: the architecture of the book's MNIST classifier, on
clothes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from ganbook import data, records
from ganbook.features import MnistClassifier
from ganbook.recipes import common
from ganbook.recipes.place import Place

SEED, EPOCHS, BATCH = 0, 5, 128
MODULES = ("data", "features.mnist", "recipes.common", "recipes.fashion.classifier")


def train(
    images: data.Images, test: data.Images, log: Callable[[str], None]
) -> tuple[MnistClassifier, list[float]]:
    """Return the trained network, and the accuracy on test images after each epoch.

    Adam at a rate that rises and falls once; each batch mirrored left to right with chance one
    half.
    """
    (network,) = common.seeded(SEED, MnistClassifier)
    generator, start = torch.Generator().manual_seed(SEED), time.perf_counter()
    optimizer = torch.optim.Adam(network.parameters())
    steps = EPOCHS * -(-len(images) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=steps)
    accuracy = []
    with torch.random.fork_rng():
        torch.manual_seed(SEED)
        for epoch in range(1, EPOCHS + 1):
            network.train()
            for index in torch.randperm(len(images), generator=generator).split(BATCH):
                x = data.to_float(images.x[index])
                mirrored = x.flip(3) if torch.rand((), generator=generator) < 0.5 else x
                loss = cross_entropy(network(mirrored), images.y[index])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
            network.eval()
            with torch.no_grad():
                guesses = [network(data.to_float(x)).argmax(dim=1) for x in test.x.split(1000)]
            accuracy.append((torch.cat(guesses) == test.y).double().mean().item())
            log(f"epoch {epoch}: {accuracy[-1]:.4f}, {time.perf_counter() - start:.0f} s")
    return network, accuracy


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Train, write ``fashion-classifier.safetensors`` and its record (test accuracy by epoch), and
    return a summary.
    """
    (place or Place()).on_the_cpu("fashion-classifier")
    start = time.perf_counter()
    network, accuracy = train(data.fashion_mnist("train"), data.fashion_mnist("test"), log)
    common.save_weights("fashion-classifier", network, folder)
    seconds = time.perf_counter() - start
    info = records.provenance(MODULES, SEED, seconds, epochs=EPOCHS, test_accuracy=accuracy[-1])
    records.save("fashion-classifier", {"test_accuracy": np.array(accuracy)}, info, folder)
    return f"test accuracy {accuracy[-1]:.4f}"
