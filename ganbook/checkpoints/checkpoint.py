"""Checkpoints of a training run: saved whole, verified, and resumed as if the run had never stopped."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from ganbook.checkpoints import configuration, files
from ganbook.checkpoints.interrupts import stop_requests
from ganbook.checkpoints.packing import CheckpointError, encode
from ganbook.training import EMA, Game, Record, TrainingDiverged, refuse_non_finite

__all__ = ["Checkpoint"]


@dataclass(frozen=True)
class Checkpoint:
    """Where and how often `fit` saves a run; a run whose file exists goes on from it.

    The file holds G, D, both optimisers, EMA, history, the state of every random generator, the place in the data and
    the configuration, every ``every`` steps and at the end; the one before it stays as ``<path>.previous``. It is plain
    safetensors: G's weights are its tensors ``G.*``.

    The newest file is used, or with a warning the one before it if the newest is damaged. A second Ctrl-C stops at once
    and leaves the last save. Generators are found in ``game``, in the batches' ``state_dict`` and inside the penalty;
    name those used elsewhere (``generators={"noise": g}``). What a callback keeps is not saved. Raises ``ValueError``
    for ``every`` below one.
    """

    path: Path | str
    every: int = 1000
    generators: Mapping[str, torch.Generator] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.every, int) or self.every < 1:
            raise ValueError(f"every is {self.every!r}: expected a whole number of steps, at least 1")
        for name, generator in self.generators.items():
            if not isinstance(generator, torch.Generator):
                raise ValueError(f"generators[{name!r}] is {generator!r}: expected a torch.Generator")

    @contextmanager
    def running(
        self, game: Game, batches: Iterable, record: Record, ema: EMA | None, options: dict[str, Any]
    ) -> Iterator[Session]:
        """Resume into these objects, then save while the block lasts; Ctrl-C and SIGTERM end it after a step.

        Raises ``CheckpointError`` for a file of another configuration (naming the difference), one that cannot be read
        or written, and one with another writer. A damaged newest file gives a warning, and the one before it is used.
        """
        path = Path(self.path).expanduser().resolve()
        with files.lock(path):
            files.temporary(path).unlink(missing_ok=True)
            session = Session(path, self, game, batches, record, ema, options)
            session.resume()
            with stop_requests(session.requests):
                try:
                    yield session
                except KeyboardInterrupt:
                    if session.border == record.step:  # in the middle of a step: the last save is the last whole state
                        raise
                    session.requests.append("KeyboardInterrupt")
                    session.after_step()
            session.say_if_stopped()


class Session:
    """One run with its file: resumed once, asked after each step."""

    def __init__(self, path: Path, checkpoint: Checkpoint, game: Game, batches: Iterable, record: Record,
                 ema: EMA | None, options: dict[str, Any]) -> None:
        self.path, self.every, self.batches, self.record = path, checkpoint.every, batches, record
        self.game, self.ema = game, ema
        self.networks = {"G": game.G, "D": game.D} | ({"ema": ema.module} if ema else {})
        self.optimizers = {"optimizer_g": game.optimizer_g, "optimizer_d": game.optimizer_d}
        self.generators = {"z": game.generator, **configuration.generators(options["penalty"], "penalty"),
                           **checkpoint.generators}
        if not hasattr(batches, "load_state_dict") and not checkpoint.generators:
            raise CheckpointError(
                f"batches of type {type(batches).__name__} have no state_dict and load_state_dict, so their place "
                "cannot be saved: pass ganbook.data.batches(...), or, if all depends on one generator g, "
                "Checkpoint(path, generators={'data': g})")
        self.configuration = configuration.describe({
            **options, "latent": game.latent, "one_pass": game.one_pass, "decay": ema and ema.decay,
            "batches": configuration.data(batches), "generators": sorted(self.generators),
            **{name: configuration.architecture(network) for name, network in self.networks.items()},
            **{name: configuration.hyperparameters(optimizer) for name, optimizer in self.optimizers.items()}})
        self.requests: list[str] = []
        self.border, self.keep, self.last_good = 0, True, "none: nothing was saved yet"

    def say_if_stopped(self) -> None:
        """Warn that a signal ended the run before its last step."""
        if self.requests and self.record.step < self.record.steps:
            warnings.warn(f"{self.requests[0]} ended training after step {self.record.step} of {self.record.steps}; "
                          f"saved in {self.path}, where fit goes on", RuntimeWarning, stacklevel=5)

    def after_step(self) -> bool:
        """Save if it is time; return whether training must stop."""
        return self._end_step(bool(self.requests))

    def _end_step(self, stop: bool) -> bool:
        self.border = step = self.record.step
        if stop or step % self.every == 0 or step == self.record.steps:
            self.save()
        return stop

    def save(self) -> None:
        """Write the file; ``TrainingDiverged`` instead if a parameter or a loss is not finite."""
        step = self.record.step
        refuse_non_finite(self.record, self)
        for player in ("G", "D"):
            for name, p in self.networks[player].named_parameters():
                if not torch.isfinite(p).all():
                    raise TrainingDiverged(f"{name} of player {player} is not finite after step {step}: training "
                                           "cannot go on; lower the learning rate. The last good checkpoint is "
                                           f"{self.last_good}")
        files.write(self.path, encode(self._state()), self.keep)
        self.keep, self.last_good = True, f"{self.path} (step {step})"

    def _state(self) -> dict[str, Any]:
        cuda = torch.cuda.get_rng_state_all() if self.game.device.type == "cuda" else []
        return {
            **{name: dict(network.state_dict()) for name, network in self.networks.items()},
            **{name: optimizer.state_dict() for name, optimizer in self.optimizers.items()},
            "generators": {name: g.get_state() for name, g in self.generators.items()},
            "torch": torch.get_rng_state(), "cuda": cuda,
            "batches": self.batches.state_dict() if hasattr(self.batches, "load_state_dict") else None,
            "names": list(self.record.names), "rows": self.record.rows(), "configuration": self.configuration,
            "environment": self._environment(),
        }

    def _environment(self) -> dict[str, Any]:
        return {"torch": torch.__version__, "threads": torch.get_num_threads(), "device": self.game.device.type,
                "processor": torch.backends.cpu.get_cpu_capability()}

    def resume(self) -> None:
        """Bring every object to where the newest good file stopped; without a file, leave all as it is."""
        saved = self._newest()
        if saved is None:
            return
        self._compare(saved)
        record, rows = self.record, saved["rows"]
        if len(rows) > record.steps:
            raise CheckpointError(f"{self.path} is at step {len(rows)} already, and steps is {record.steps}: ask for "
                                  f"at least {len(rows)}, or choose another file")
        if saved["batches"] is not None:
            self.batches.load_state_dict(saved["batches"])
        for name, network in self.networks.items():
            network.load_state_dict(saved[name])
        for name, optimizer in self.optimizers.items():
            optimizer.load_state_dict(_laid_out(saved[name], optimizer))
        for name, generator in self.generators.items():
            generator.set_state(saved["generators"][name])
        record.load(saved["names"], rows.to(self.game.device))
        self.configuration, self.border = saved["configuration"], record.step
        self._resume_random(saved)

    def _resume_random(self, saved: dict[str, Any]) -> None:
        torch.set_rng_state(saved["torch"])
        if saved["cuda"]:
            torch.cuda.set_rng_state_all(saved["cuda"])

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
            self.last_good = f"{path} (step {len(saved['rows'])})"
            if damage:
                self.keep = False
                warnings.warn(f"{damage[0]}; going on from {self.last_good}", RuntimeWarning, stacklevel=6)
            return saved
        if damage:
            raise CheckpointError(f"{'; '.join(damage)}. Nothing older is left: move it away to start afresh")
        return None

    def _compare(self, saved: dict[str, Any]) -> None:
        there = dict(saved["configuration"])
        for name in self.optimizers:  # a callback may have changed a rate: the last one is as good as the first
            last = configuration.describe(configuration.groups(saved[name]["param_groups"]))
            if self.configuration[name]["groups"] == last:
                there[name] = there[name] | {"groups": last}
        if found := configuration.differences(self.configuration, there):
            more = f", and {len(found) - 5} more" if len(found) > 5 else ""
            raise CheckpointError(f"{self.path} is of another configuration: {'; '.join(found[:5])}{more}. Use "
                                  "the same, or choose another file")
        if saved["environment"] != (now := self._environment()):
            warnings.warn(f"{self.path} was saved under {saved['environment']}, and this is {now}: the run goes on, "
                          "but not bitwise as it would have", RuntimeWarning, stacklevel=6)


def _laid_out(state: dict[str, Any], optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """The saved state with each tensor laid out in memory as its parameter is (fused optimisers rely on it)."""
    parameters = [p for group in optimizer.param_groups for p in group["params"]]

    def place(value: Any, p: torch.Tensor) -> Any:
        alike = isinstance(value, torch.Tensor) and value.shape == p.shape
        return torch.empty_like(p, dtype=value.dtype, device="cpu").copy_(value) if alike else value

    kept = {i: {k: place(v, parameters[i]) for k, v in values.items()} for i, values in state["state"].items()}
    return state | {"state": kept}
