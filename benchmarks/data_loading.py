"""What does a batch of 128 pictures cost, by torchvision's DataLoader and by `ganbook.data.batches`?

CPU time of each, in alternating rounds in one process, as a share of one training step of the article's players.
Run by `make bench`.
"""

from __future__ import annotations

import statistics
import time

import torch
from torch.utils.data import DataLoader
from torchvision import transforms

from ganbook import data, records
from ganbook.data.torchvision_view import torchvision_mnist
from ganbook.recipes.mnist_mlp import article_game
from ganbook.training import d_step, g_step

BATCHES, ROUNDS = 20, 5


def cpu_seconds(action, times: int = BATCHES) -> float:
    start = time.process_time()
    for _ in range(times):
        action()
    return (time.process_time() - start) / times


def main() -> None:
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    loader = iter(DataLoader(torchvision_mnist("train", transform), batch_size=128, shuffle=True))
    batches = data.batches(data.mnist("train"), 128, torch.Generator().manual_seed(0))
    game, x = article_game(), next(batches)

    def step() -> None:
        d_step(game, x)
        g_step(game, x)

    step()
    rounds = [(cpu_seconds(lambda: next(loader)), cpu_seconds(lambda: next(batches)), cpu_seconds(step))
              for _ in range(ROUNDS)]
    by_loader = statistics.median(a / c for a, _, c in rounds)
    by_batches = statistics.median(b / c for _, b, c in rounds)
    print(f"{records.hardware()}, {torch.get_num_threads()} threads, median of {ROUNDS} rounds")
    print(f"DataLoader: {100 * by_loader:.1f} % of a step's CPU time; ganbook.data.batches: {100 * by_batches:.2f} %")


if __name__ == "__main__":
    main()
