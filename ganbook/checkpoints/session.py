"""A run with its file: described, compared, resumed and saved."""

from __future__ import annotations

import dataclasses
import sys
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch

from ganbook.checkpoints import configuration, files, optimizers, randomness
from ganbook.checkpoints.configuration import generators, stateful
from ganbook.checkpoints.packing import CheckpointError, encode
from ganbook.checkpoints.settings import Settings
from ganbook.history import Record, refuse_non_finite, refuse_non_finite_state
from ganbook.training import EMA, Game

__all__ = ["Session"]

FORMAT = 4
"""What a file holds; format 3 compared the instructions of functions, format 2 had no count of D's
updates, and format 1 did not say what it was."""


class Session:
    """One run with its file: resumed once, asked after each step."""

    def __init__(
        self,
        path: Path,
        settings: Settings,
        game: Game,
        batches: Iterable,
        record: Record,
        ema: EMA | None,
        options: dict[str, Any],
    ) -> None:
        self.path, self.every, self.batches, self.record = path, settings.every, batches, record
        self.game, self.ema = game, ema
        self.networks = game.players() | ({"ema": ema.module} if ema else {})
        self.playing = game  # on several processes, its copy that counts the updates
        self.optimizers = {"optimizer_g": game.optimizer_g, "optimizer_d": game.optimizer_d}
        loss, penalty = options["loss"], options["penalty"]
        places = {"loss": loss, "penalty": penalty, **self.networks, **self.optimizers}
        found = {k: g for name, value in places.items() for k, g in generators(value, name).items()}
        self.generators = _joined("generators", {"z": game.generator, **found}, settings.generators)
        self.objects = _joined(
            "states", {"penalty": penalty} if stateful(penalty) else {}, settings.states
        )
        if not hasattr(batches, "load_state_dict") and not settings.generators:
            raise CheckpointError(
                f"batches of type {type(batches).__name__} have no state_dict and load_state_dict, so their place "
                "cannot be saved: pass ganbook.data.batches(...). Only if each batch depends on nothing but the "
                "present state of a generator g (not so in a DataLoader, which draws its order when an epoch begins), "
                "Checkpoint(path, generators={'data': g}) is enough"
            )
        own = {k: v for k, v in vars(game).items() if k in _settings(game)}
        _say_what_is_opaque({**options, **own, **self.networks, **self.optimizers})
        self.options, self.data = (
            options | {"config": dict(settings.config)},
            configuration.data(batches),
        )
        self.configuration = self._describe()
        self.requests: list[str] = []
        self.border, self.keep, self.last_good = 0, True, "none: nothing was saved yet"

    def _describe(self) -> dict[str, Any]:
        return configuration.describe(
            {
                **self.options,
                "game": type(self.game).__qualname__,
                **{
                    name: value
                    for name, value in vars(self.game).items()
                    if name in _settings(self.game)
                },
                "decay": self.ema and self.ema.decay,
                "batches": self.data,
                "generators": sorted(self.generators),
                "states": sorted(self.objects),
                **{
                    name: configuration.architecture(network)
                    for name, network in self.networks.items()
                },
                **{
                    name: configuration.hyperparameters(optimizer)
                    for name, optimizer in self.optimizers.items()
                },
            }
        )

    def say_if_stopped(self) -> None:
        """Warn that there was a signal: that it ended the run, or came when the run was ending by
        itself.
        """
        step, steps = self.record.step, self.record.steps
        if self.requests and step < steps:
            warnings.warn(
                f"{self.requests[0]} ended training after step {step} of {steps}; saved in {self.path}, "
                "where fit goes on",
                RuntimeWarning,
                stacklevel=5,
            )
        elif self.requests:
            warnings.warn(
                f"{self.requests[0]} came during the last step, and nothing else was stopped: training had "
                f"ended by itself after step {step} of {steps}; saved in {self.path}",
                RuntimeWarning,
                stacklevel=5,
            )

    def recorded(self, row: torch.Tensor) -> None:
        """Leave the scalars as they are."""

    def after_step(self) -> bool:
        """Save if it is time; return whether training must stop."""
        return self._end_step(bool(self.requests))

    def _end_step(self, stop: bool) -> bool:
        self.border = step = self.record.step
        if stop or step % self.every == 0 or step == self.record.steps:
            self.save()
        return stop

    def save(self) -> None:
        """Write the file; ``TrainingDiverged`` instead if a loss, or a number in G, D or EMA, is
        not finite.
        """
        refuse_non_finite(self.record, self)
        refuse_non_finite_state(self.networks, self.record.step, self)
        files.write(self.path, encode(self._state()), self.keep)
        self.keep, self.last_good = True, f"{self.path} (step {self.record.step})"

    def _state(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "d_updates": self.playing.d_updates,
            **{name: dict(network.state_dict()) for name, network in self.networks.items()},
            **{name: optimizer.state_dict() for name, optimizer in self.optimizers.items()},
            "generators": {name: g.get_state() for name, g in self.generators.items()},
            "states": {name: value.state_dict() for name, value in self.objects.items()},
            **randomness.states(self.game.device),
            "batches": self.batches.state_dict()
            if hasattr(self.batches, "load_state_dict")
            else None,
            "names": list(self.record.names),
            "rows": self.record.rows(),
            "configuration": self.configuration,
            "last": self._describe(),
            "environment": self._environment(),
        }

    def _environment(self) -> dict[str, Any]:
        return {
            "python": f"{sys.version_info.major}.{sys.version_info.minor}",
            "torch": torch.__version__,
            "threads": torch.get_num_threads(),
            "device": self.game.device.type,
            "processor": torch.backends.cpu.get_cpu_capability(),
        }

    def resume(self) -> None:
        """Bring every object to where the newest good file stopped; without a file, leave all as it
        is.

        Raises ``CheckpointError`` also for what the next save could not write.
        """
        if (saved := self._newest()) is not None:
            self._compare(saved)
            self._load(saved)
        encode(self._state())

    def _load(self, saved: dict[str, Any]) -> None:
        record, rows = self.record, saved["rows"]
        if len(rows) > record.steps:
            raise CheckpointError(
                f"{self.path} is at step {len(rows)} already, and steps is {record.steps}: ask for "
                f"at least {len(rows)}, or choose another file"
            )
        if saved["batches"] is not None:
            self.batches.load_state_dict(saved["batches"])
        for name, network in self.networks.items():
            network.load_state_dict(saved[name])
        for name, optimizer in self.optimizers.items():
            optimizers.load(optimizer, saved[name])
        for name, value in self.objects.items():
            value.load_state_dict(saved["states"][name])
        for name, generator in self.generators.items():
            generator.set_state(saved["generators"][name])
        record.load(saved["names"], rows.to(self.game.device))
        self.playing.d_updates = saved["d_updates"]
        self.configuration, self.border = saved["configuration"], record.step
        self._resume_random(saved)

    def _resume_random(self, saved: dict[str, Any]) -> None:
        randomness.load(saved)

    def _newest(self) -> dict[str, Any] | None:
        damage = []
        for path in (self.path, files.previous(self.path)):
            try:
                saved = files.read(path)
            except FileNotFoundError:
                continue
            except files.DamagedError as error:
                damage.append(str(error))
                continue
            if not isinstance(saved, dict) or saved.get("format") != FORMAT:
                raise CheckpointError(
                    f"{path} is whole, but no checkpoint of this version of ganbook: go on with the "
                    "version that wrote it, or choose another file"
                )
            self.last_good = f"{path} (step {len(saved['rows'])})"
            if damage:
                self.keep = False
                warnings.warn(
                    f"{damage[0]}; going on from {self.last_good}", RuntimeWarning, stacklevel=6
                )
            return saved
        if damage:
            raise CheckpointError(
                f"{'; '.join(damage)}. Nothing older is left: move it away to start afresh"
            )
        return None

    def _compare(self, saved: dict[str, Any]) -> None:
        then, now = saved["environment"], self._environment()
        found = configuration.differences(
            self.configuration,
            saved["configuration"],
            saved["last"],
        )
        # from the start and from the last save: a callback or a penalty may change itself on the
        # way
        if found:
            more = f", and {len(found) - 5} more" if len(found) > 5 else ""
            raise CheckpointError(
                f"{self.path} is of another configuration: {'; '.join(found[:5])}{more}. Use "
                "the same (objects that change while they are used built afresh), or choose another "
                "file"
            )
        if then != now:
            warnings.warn(
                f"{self.path} was saved under {then}, and this is {now}: the run goes on, but not bitwise as "
                "it would have",
                RuntimeWarning,
                stacklevel=6,
            )


def _say_what_is_opaque(values: dict[str, Any]) -> None:
    if places := [p for name, value in values.items() for p in configuration.opaque(value, name)]:
        warnings.warn(
            f"{', '.join(places)}: of a lambda, or a function defined inside another, a checkpoint "
            "compares the name alone, and neither its numbers nor its body. Make it a frozen "
            "dataclass with a __call__, or name its numbers in Checkpoint(config={...}) and its "
            "torch.Generators in generators={...}",
            RuntimeWarning,
            stacklevel=6,
        )


def _settings(game: Game) -> set[str]:
    """Return the fields of a game that are settings: not its networks, optimisers and generators."""
    objects = (torch.nn.Module, torch.optim.Optimizer, torch.Generator)
    fields = {field.name for field in dataclasses.fields(game)} - {"d_updates"}
    return {name for name in fields if not isinstance(getattr(game, name), objects)}


def _joined(kind: str, own: dict[str, Any], named: Mapping[str, Any]) -> dict[str, Any]:
    for name in own.keys() & named.keys():
        if own[name] is not named[name]:
            raise CheckpointError(
                f"{kind}[{name!r}] of the checkpoint has the name of one that the run has by itself, "
                f"and is another: choose a name other than {', '.join(sorted(own))}"
            )
    return own | named
