"""A tiny run for the tests of checkpoints, and one number for its end."""

import hashlib
from functools import partial

import torch
from torch import nn

from ganbook import data
from ganbook.checkpoints import files
from ganbook.checkpoints.packing import encode
from ganbook.penalties import clip_after_step, gradient_penalty
from ganbook.training import EMA, Game, fit

STEPS = 12
ADAM = partial(torch.optim.Adam, lr=1e-2, betas=(0.5, 0.999), fused=True)


class Run:
    """A tiny run: 40 images of 2 x 2, batches of 16 (the third of an epoch has 8), dropout, EMA,
    gradient penalty.
    """

    def __init__(
        self,
        optimizer=ADAM,
        dropout=0.3,
        width=8,
        decay=0.9,
        penalty="own generator",
        batch_size=16,
        data_seed=0,
        normalise=False,
        convolution=False,
        clip=None,
        batches=None,
        one_pass=False,
        **options,
    ):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            hidden = nn.BatchNorm1d(width) if normalise else nn.Identity()
            G = nn.Sequential(
                nn.Linear(3, width),
                hidden,
                nn.LeakyReLU(0.2),
                nn.Linear(width, 4),
                nn.Tanh(),
                nn.Unflatten(1, (1, 2, 2)),
            )
            first = nn.Conv2d(1, width, 2, padding=1), nn.Conv2d(width, width, 3), nn.Flatten()
            first = first if convolution else (nn.Flatten(), nn.Linear(4, width))
            D = nn.Sequential(*first, nn.LeakyReLU(0.2), nn.Dropout(dropout), nn.Linear(width, 1))
        if convolution:
            G, D = (network.to(memory_format=torch.channels_last) for network in (G, D))
        if penalty == "own generator":
            penalty = gradient_penalty(10.0, torch.Generator().manual_seed(5))
        self.game = Game(
            G, D, optimizer(G.parameters()), optimizer(D.parameters()), latent=3, one_pass=one_pass
        )
        if clip:
            clip_after_step(self.game.optimizer_d, D, clip)
        x = torch.randint(
            256,
            (40, 1, 2, 2),
            dtype=torch.uint8,
            generator=torch.Generator().manual_seed(data_seed),
        )
        self.batches = (
            data.batches(x, batch_size, torch.Generator().manual_seed(1))
            if batches is None
            else batches
        )
        self.ema = EMA(G, decay) if decay else None
        self.options = {"penalty": penalty, "d_steps": 2, "seed": 3} | options

    def fit(self, steps=STEPS, checkpoint=None, callback=None):
        self.history = fit(
            self.game,
            self.batches,
            steps=steps,
            ema=self.ema,
            checkpoint=checkpoint,
            callback=callback,
            **self.options,
        )
        return self

    def digest(self):
        """One number for all that a run ends with, and for what it would see and draw next."""
        game = self.game
        state = [
            game.G.state_dict(),
            game.D.state_dict(),
            game.optimizer_g.state_dict(),
            game.optimizer_d.state_dict(),
            self.ema.module.state_dict() if self.ema else None,
            game.draw(2),
        ]
        content = encode([dict(s) if isinstance(s, dict) else s for s in state])
        curves = b"".join(
            name.encode() + self.history[name].tobytes() for name in self.history.curves
        )
        return hashlib.sha256(
            content + curves + next(iter(self.batches)).numpy().tobytes()
        ).hexdigest()


def step_of(path):
    return len(files.read(path)["rows"])


def listing(folder):
    return {p.name for p in folder.iterdir()}
