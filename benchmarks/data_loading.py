"""What does a batch of 128 pictures cost, by torchvision's DataLoader and by
`ganbook.data.batches`?

CPU time of each, in alternating rounds in one process, as a share of one training step of the
article's players. Run by `make bench`."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from pairs import heading, ratio, rounds, write
from torch.utils.data import DataLoader
from torchvision import transforms

from ganbook import data
from ganbook.data.torchvision_view import torchvision_mnist
from ganbook.recipes.mnist.mlp import article_game
from ganbook.training import d_step, g_step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    loader = iter(DataLoader(torchvision_mnist("train", transform), batch_size=128, shuffle=True))
    batches = data.batches(data.mnist("train"), 128, torch.Generator().manual_seed(0))
    game, x = article_game(), next(batches)

    def step() -> None:
        d_step(game, x)
        g_step(game, x)

    found = rounds(
        {"DataLoader": lambda: next(loader), "batches": lambda: next(batches), "step": step}
    )
    shares = {name: ratio(found, name, "step") for name in ("DataLoader", "batches")}
    print(heading())
    for name, (middle, low, high) in shares.items():
        print(f"{name:12s} {100 * middle:6.2f} % of a step   ({100 * low:.2f} to {100 * high:.2f})")
    write(arguments.json, {"share of a step (median, lowest, highest)": shares})


if __name__ == "__main__":
    main()
