"""What each of two processes runs for tests/distributed, and the same runs for one process
to compare with.

As a script: ``python -m support.distributed_cases FOLDER``, in torchrun's environment; leaves
FOLDER/RANK.pt."""

import gc
import os
import signal
import sys
import warnings
from functools import partial
from pathlib import Path
from unittest.mock import patch

import torch
from torch import nn

from ganbook import data, distributed, penalties
from ganbook.checkpoints import Checkpoint, CheckpointError, files
from ganbook.distributed import Team, fitting
from ganbook.games import ConditionalGame, InfoGame
from ganbook.networks import mlp_discriminator, mlp_generator
from ganbook.penalties import gradient_penalty, lazy, r1
from ganbook.training import EMA, Game, TrainingDiverged, extragradient, simultaneous

STEPS, STOP = 20, 7
ADAM = partial(torch.optim.Adam, lr=1e-2, betas=(0.5, 0.999), fused=True)


def adam_of_a_tensor(parameters):
    return ADAM(parameters, lr=torch.tensor(1e-2))


def plain_adam(parameters):
    """Adam whose eps is above the rounding of a gradient that is zero between lazy penalties."""
    return torch.optim.Adam(parameters, lr=1e-3, betas=(0.5, 0.9), eps=1e-3)


def falling_rates(step, game):
    for optimizer in (game.optimizer_g, game.optimizer_d):
        optimizer.param_groups[0] |= {"lr": 1e-2 / step, "betas": (0.5 / step, 0.99)}


def falling_tensors(step, game):
    for optimizer in (game.optimizer_g, game.optimizer_d):
        optimizer.param_groups[0]["lr"].fill_(1e-2 / step)


class Kept:
    """The gradient penalty as an object that keeps its generator in a dictionary."""

    def __init__(self):
        self.kept = {"generator": torch.Generator().manual_seed(4)}

    def __call__(self, D, x_real, x_fake):
        return gradient_penalty(10.0, self.kept["generator"])(D, x_real, x_fake)


PENALTIES = {
    "r1": lambda: r1(5.0),
    "lazy": lambda: lazy(r1(5.0), 4),
    "gp": lambda: gradient_penalty(10.0, torch.Generator().manual_seed(4)),
    "kept": Kept,
}
EQUAL = {
    "plain": {},
    "r1": {"penalty": "r1"},
    "gradient penalty": {"penalty": "gp"},
    "a penalty that is an object": {"penalty": "kept"},
    "two D steps": {"d_steps": 2, "penalty": "gp"},
    "one pass of D": {"one_pass": True, "penalty": "r1"},
    "convolutions, channels last": {"convolution": True, "penalty": "r1"},
    "rates that a callback sets": {"callback": falling_rates},
    "rates in tensors": {"callback": falling_tensors, "optimizer": adam_of_a_tensor},
    # With Adam's usual eps one process whose rows are reversed departs by 2e-5 already: it divides
    # the rounding of gradients that are nearly zero by itself.
    "conditional": {"kind": "conditional", "optimizer": plain_adam},
    "conditional, one pass, R1": {"kind": "conditional", "one_pass": True, "penalty": "r1"},
    "conditional, gradient penalty": {"kind": "conditional", "penalty": "gp"},
    "three players": {"kind": "infogan"},
    "simultaneous, lazy R1": {
        "step": simultaneous,
        "penalty": "lazy",
        "optimizer": plain_adam,
    },
    "extragradient": {"step": extragradient, "optimizer": plain_adam, "penalty": "gp"},
    "wasserstein": {"loss": "wasserstein", "penalty": "gp", "optimizer": partial(ADAM, eps=1e-3)},
}
UNEQUAL = {"dropout": {"dropout": 0.5}, "batch norm": {"normalise": True}}
ROUNDING = {"loss": "wasserstein"}
FAULTS = {
    "every process takes the first rows": (Team, "share", lambda team, x: x[: len(x) // team.size]),
    "penalties draw alike": (penalties.draws, "rows", lambda n, draw: draw(n)),
}
ALONE = Team(0, 1, torch.device("cpu"))


class GivenLabel(nn.Module):
    """A network that is given a label as one number to add to all its inputs."""

    def __init__(self, body):
        super().__init__()
        self.body, self.embedding = body, nn.Embedding(4, 1)

    def forward(self, x, y):
        return self.body(x + self.embedding(y).view(-1, *(1,) * (x.ndim - 1)))


def players_of(kind, G, D, optimizer, one_pass):
    with torch.random.fork_rng():
        torch.manual_seed(7)
        if kind == "conditional":
            G, D = GivenLabel(G), GivenLabel(D)
            given = (optimizer(G.parameters()), optimizer(D.parameters()))
            return ConditionalGame(G, D, *given, 5, one_pass=one_pass)
        if kind == "infogan":
            G = nn.Sequential(nn.Linear(9, 5), *G)
            Q = nn.Sequential(nn.Flatten(), nn.Linear(64, 4))
            given = (optimizer([*G.parameters(), *Q.parameters()]), optimizer(D.parameters()))
            return InfoGame(G, D, *given, 5, Q=Q, codes=4)
        return Game(
            G, D, optimizer(G.parameters()), optimizer(D.parameters()), 5, one_pass=one_pass
        )


class Run:
    """A small pair on 40 random images in batches of 16: the third batch of an epoch holds 8."""

    def __init__(
        self,
        penalty=None,
        dropout=0.0,
        normalise=False,
        convolution=False,
        images=40,
        optimizer=ADAM,
        one_pass=False,
        kind="plain",
        **options,
    ):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            G, D = (
                mlp_generator(5, (32,), side=8),
                mlp_discriminator((32,), side=8, dropout=dropout),
            )
        if normalise:
            G.insert(1, nn.BatchNorm1d(32))
            D.insert(2, nn.BatchNorm1d(32))
        if convolution:
            G = nn.Sequential(G, *convolutions()).to(memory_format=torch.channels_last)
            D = nn.Sequential(*convolutions(), D).to(memory_format=torch.channels_last)
        x = torch.randint(
            256, (images, 1, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(1)
        )
        y = torch.arange(images) % 4
        data_of = (x, y) if kind == "conditional" else x
        self.batches = data.batches(data_of, 16, torch.Generator().manual_seed(2))
        self.game = players_of(kind, G, D, optimizer, one_pass)
        self.ema = EMA(self.game.G, 0.9)
        self.options = {"penalty": PENALTIES[penalty]() if penalty else None, "seed": 3} | options

    def fit(self, team, steps=STEPS, batches=None, **more):
        self.history = distributed.fit(
            team,
            self.game,
            batches or self.batches,
            steps=steps,
            ema=self.ema,
            **self.options | more,
        )
        return self

    def result(self):
        """All that a run ends with, as tensors by name."""
        state = {}
        for name, part in {"G": self.game.G, "D": self.game.D, "ema": self.ema.module}.items():
            state |= {f"{name}.{k}": v.clone() for k, v in part.state_dict().items()}
        for name, optimizer in {"G": self.game.optimizer_g, "D": self.game.optimizer_d}.items():
            moments = optimizer.state_dict()["state"]
            state |= {
                f"{name}.{i}.{k}": v for i, values in moments.items() for k, v in values.items()
            }
        state |= {f"history.{k}": torch.from_numpy(v) for k, v in self.history.curves.items()}
        return state | {"next z": self.game.draw(4), "next batch": self.next_batch()}

    def next_batch(self):
        batch = next(self.batches)
        parts = batch if isinstance(batch, tuple) else (batch,)
        return torch.cat([part.flatten().double() for part in parts])

    def on_call(self, player, number, action):
        """Let one pass through a player do something: an action on its output, which may return
        another.
        """
        calls = []

        def hook(layer, x, y):
            calls.append(number)
            return action(y) if len(calls) == number else None

        getattr(self.game, player).register_forward_hook(hook)
        return self


def convolutions():
    with torch.random.fork_rng():
        torch.manual_seed(5)
        return nn.Conv2d(1, 4, 3, padding=1), nn.LeakyReLU(0.2), nn.Conv2d(4, 1, 3, padding=1)


def reversed_rows(team, **options):
    """The same run with the rows of each batch and of z in reverse order: the same sums, rounded
    otherwise.
    """
    run = Run(**options)
    draw = run.game.draw
    run.game.draw = lambda n: draw(n).flip(0)
    return run.fit(team, batches=map(lambda x: x.flip(0), run.batches))


def two_parts(team, **options):
    """Two calls of fit on one pair, between which only the leader collects garbage."""
    gc.disable()
    run = Run(**options).fit(team, steps=8)
    if team.leads:
        gc.collect()
    run.fit(team, steps=STEPS - 8, seed=None)
    gc.enable()
    return run


def error_of(kind, function):
    try:
        function()
    except kind as error:
        return str(error)
    return "no error"


def mistakes(team, folder):
    """The message of each error, of which some arise in one process only."""
    nan = (lambda y: y * float("nan")) if team.rank == 1 else lambda y: None
    steps = []

    def callback(step, game):
        steps.append((step, type(game.D).__name__))
        if step == 3:
            raise KeyError("no such curve")

    def shrink(step, game):
        if step == 3:
            game.D[1].weight.detach().mul_(0.5)

    def apart():
        with patch.object(fitting, "parallel", lambda team, network: network):
            Run().fit(team)

    def grow(step, game):
        game.optimizer_d.add_param_group({"params": [torch.zeros(1, requires_grad=True)]})

    odd = [torch.zeros(16, 1, 8, 8), torch.zeros(7, 1, 8, 8)]
    return {
        "41 images": error_of(ValueError, lambda: Run(images=41).fit(team)),
        "a batch of 7": error_of(ValueError, lambda: Run().fit(team, batches=odd)),
        "nan": error_of(TrainingDiverged, lambda: Run().on_call("D", 3 * STOP - 2, nan).fit(team)),
        "nan, saved": error_of(
            TrainingDiverged,
            lambda: (
                Run()
                .on_call("D", 3 * STOP - 2, nan)
                .fit(team, checkpoint=Checkpoint(folder / "nan.safetensors", 5))
            ),
        ),
        "callback": error_of(KeyError, lambda: Run().fit(team, callback=callback)),
        "one process's parameters": error_of(
            RuntimeError, lambda: Run().fit(team, callback=shrink)
        ),
        "one process's parameters, saved": error_of(
            RuntimeError,
            lambda: Run().fit(
                team, callback=shrink, checkpoint=Checkpoint(folder / "parted.safetensors", 5)
            ),
        ),
        "one process's group": error_of(ValueError, lambda: Run().fit(team, callback=grow)),
        "gradients are not averaged": error_of(RuntimeError, apart),
        "missing folder": error_of(
            CheckpointError,
            lambda: Run().fit(team, checkpoint=Checkpoint(folder / "none" / "run.safetensors")),
        ),
    }, steps


def stop_and_go(team, folder):
    """SIGTERM in process 1 in step 7, then the rest, and the same run uninterrupted; with all that
    draws numbers.
    """
    options, path = {"dropout": 0.3, "penalty": "gp"}, folder / "stopped.safetensors"
    writes, write = [], files.write
    terminate = (
        (lambda y: os.kill(os.getpid(), signal.SIGTERM)) if team.rank == 1 else lambda y: None
    )
    with (
        warnings.catch_warnings(record=True) as said,
        patch.object(files, "write", lambda *a: (writes.append(a), write(*a))),
    ):
        warnings.simplefilter("always")
        warnings.filterwarnings("ignore", "D.hooks|G.hooks")  # the hook that sends the signal
        first = (
            Run(**options)
            .on_call("G", 2 * STOP, terminate)
            .fit(team, checkpoint=Checkpoint(path, 5))
        )
        stop = {
            "steps": len(first.history),
            "said": [str(w.message) for w in said],
            "writes": len(writes),
        }
        rest = Run(**options).fit(team, checkpoint=Checkpoint(path, 5)).result()
    return stop | {
        "writes at the end": len(writes),
        "rest": rest,
        "whole": Run(**options).fit(team).result(),
    }


def main(folder):
    with distributed.join("cpu") as team:
        found = {
            name: Run(**options).fit(team).result() for name, options in (EQUAL | UNEQUAL).items()
        }
        found["rounding"] = Run(**ROUNDING).fit(team).result()
        found["two parts"] = two_parts(team).result()
        masks = []
        run = Run(dropout=0.5)
        run.game.D[3].register_forward_hook(
            lambda layer, x, y: masks.append((y == 0) & (x[0] != 0))
        )
        run.fit(team, steps=1)
        faults = {}
        for name, (where, part, fault) in FAULTS.items():
            with patch.object(where, part, fault):
                faults[name] = Run(penalty="gp").fit(team).result()
        errors, steps = mistakes(team, folder)
        half = Run(penalty="gp").fit(
            team, steps=STOP, checkpoint=Checkpoint(folder / "half.safetensors")
        )
        one_then_two = Checkpoint(folder / "one.safetensors")
        with team.together():
            if team.leads:
                Run(penalty="gp").fit(ALONE, steps=STOP, checkpoint=one_then_two)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            found["one, then two"] = Run(penalty="gp").fit(team, checkpoint=one_then_two).result()
        torch.save(
            {
                "found": found,
                "faults": faults,
                "mask": masks[0],
                "errors": errors,
                "callback": steps,
                "half": half.result(),
                "said": [str(w.message) for w in said],
                "stop": stop_and_go(team, folder),
            },
            folder / f"{team.rank}.pt",
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
