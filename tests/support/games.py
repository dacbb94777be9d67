"""A small game of points in the plane, and an endless stream of batches for it."""

import torch
from torch import nn

from ganbook.training import Game


def small_game(seed=0, rate=0.1, dropout=0.0):
    torch.manual_seed(seed)
    G = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 2))
    D = nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(0.2), nn.Dropout(dropout), nn.Linear(8, 1))
    sgd = torch.optim.SGD
    return Game(G, D, sgd(G.parameters(), lr=rate), sgd(D.parameters(), lr=rate), 3)


def endless(n=16, seed=0):
    generator = torch.Generator().manual_seed(seed)
    while True:
        yield torch.randn(n, 2, generator=generator) + 1
