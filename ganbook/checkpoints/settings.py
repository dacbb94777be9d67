"""What a user says of a checkpoint: where, how often, and what else belongs to the run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from ganbook.checkpoints.configuration import stateful

__all__ = ["Settings"]


@dataclass(frozen=True)
class Settings:
    """The fields of `Checkpoint`, which describes them; raises ``ValueError`` as it does."""

    path: Path | str
    every: int = 1000
    generators: Mapping[str, torch.Generator] = field(default_factory=dict)
    states: Mapping[str, Any] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.path, str | os.PathLike):
            raise ValueError(f"path is {self.path!r}: expected the name of a file")
        if not isinstance(self.every, int) or self.every < 1:
            raise ValueError(
                f"every is {self.every!r}: expected a whole number of steps, at least 1"
            )
        examples = {
            "generators": "{'noise': g}",
            "states": "{'rates': scheduler}",
            "config": "{'warm_up': 500}",
        }
        for name, example in examples.items():
            if not isinstance(given := getattr(self, name), Mapping):
                raise ValueError(
                    f"{name} is {given!r}: expected names and what they stand for, such as {example}"
                )
        for name, generator in self.generators.items():
            if not isinstance(generator, torch.Generator):
                raise ValueError(
                    f"generators[{name!r}] is {generator!r}: expected a torch.Generator"
                )
        for name, value in self.states.items():
            if not stateful(value):
                raise ValueError(
                    f"states[{name!r}] is {value!r}: expected an object with state_dict, load_state_dict"
                )
