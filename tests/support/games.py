"""Small games of every kind, and streams of batches for them."""

import os
import signal

import torch
from torch import nn

from ganbook import data
from ganbook.checkpoints import Checkpoint
from ganbook.games import ConditionalGame, InfoGame
from ganbook.penalties import gradient_penalty, r1
from ganbook.training import Game, fit


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


STEPS = 12


def mlp(n_in, n_out, width=16):
    return nn.Sequential(nn.Linear(n_in, width), nn.LeakyReLU(0.2), nn.Linear(width, n_out))


class OnPairs(nn.Module):
    """A network of (x, y) that is given the label as a one-hot vector beside x."""

    def __init__(self, n_in, n_out, classes=10):
        super().__init__()
        self.classes, self.body = classes, mlp(n_in + classes, n_out)

    def forward(self, x, y):
        return self.body(torch.cat([x, nn.functional.one_hot(y, self.classes).to(x.dtype)], 1))


def adam(*networks):
    return torch.optim.Adam([p for net in networks for p in net.parameters()], lr=1e-3)


def conditional(seed=0, **options):
    torch.manual_seed(seed)
    G, D = OnPairs(4, 64), OnPairs(64, 1)
    return ConditionalGame(G, D, adam(G), adam(D), 4, **options)


def infogan(seed=0, **options):
    torch.manual_seed(seed)
    G, D, Q = mlp(4 + 10, 64), mlp(64, 1), mlp(64, 10)
    return InfoGame(G, D, adam(G, Q), adam(D), 4, Q=Q, codes=10, **options)


def digits(labels, seed=0):
    images = data.digits()
    x = data.to_float(images.x).flatten(1)
    generator = torch.Generator().manual_seed(seed)
    return data.batches((x, images.y) if labels else x, 32, generator)


KINDS = {
    "plain": (conditional, True, lambda: None),
    "R1": (conditional, True, lambda: r1(1.0)),
    "gradient penalty": (
        conditional,
        True,
        lambda: gradient_penalty(10.0, torch.Generator().manual_seed(4)),
    ),
    "infogan": (infogan, False, lambda: None),
}


def numbers(game):
    state = [p.detach().clone() for net in game.players().values() for p in net.parameters()]
    return torch.cat([p.flatten() for p in state])


def killed(kind, path):
    """Play a game of this kind until SIGKILL ends this process after step 8."""
    make, labels, penalty = KINDS[kind]

    def kill(step, game):
        if step == 8:
            os.kill(os.getpid(), signal.SIGKILL)

    kept = Checkpoint(path, 5)
    fit(make(), digits(labels), penalty=penalty(), steps=STEPS, callback=kill, checkpoint=kept)
