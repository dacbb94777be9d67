"""What a run records, a row of scalars a step, and what its rows say when one is no longer finite."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

__all__ = [
    "History",
    "Record",
    "TrainingDiverged",
    "first_broken",
    "refuse_non_finite",
    "refuse_non_finite_state",
]

# In the order of a step, so that the first that is not finite tells which player broke, and when.
CAUSES = {
    "d_real": ("D", "look at the batch first; if that is finite, D was broken before"),
    "d_fake": ("G", "D scores real samples, and G's no longer"),
    "loss_d": ("D", "its scores are finite, and its loss is not"),
    "penalty": ("D", "its scores are finite, and its penalty is not"),
    "d_fake_g": ("D", "its update of this step broke it"),
    "loss_g": ("G", "the scores of its samples are finite, and its loss is not"),
}


class TrainingDiverged(RuntimeError):
    """A number is no longer finite; the message names the step, the player and what was seen of it."""


@dataclass
class History:
    """What a run recorded: one number a step for each name, as float64 arrays in ``curves``."""

    curves: dict[str, np.ndarray]

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self.curves:
            raise KeyError(f"no curve {name!r}: recorded were {', '.join(self.curves)}")
        return self.curves[name]

    def __len__(self) -> int:
        return len(next(iter(self.curves.values()), ()))


class Record:
    """The scalars of each step so far, gathered on the device without waiting for it, and read once
    at the end.
    """

    def __init__(self, steps: int) -> None:
        self.steps, self.step = steps, 0
        self.names: tuple[str, ...] = ()
        self.table = torch.empty(0)

    def add(self, row: dict[str, Tensor]) -> None:
        """Keep a step's scalars; all steps have the names of the first."""
        if self.step == 0:
            self.names, self.table = (
                tuple(row),
                torch.empty(self.steps, len(row), device=row["loss_d"].device),
            )
        self.table[self.step] = torch.stack([row[name].float() for name in self.names])
        self.step += 1

    def rows(self) -> Tensor:
        """Return what was recorded so far, shape (step, names)."""
        return self.table[: self.step]

    def load(self, names: Iterable[str], rows: Tensor) -> None:
        """Go on after the rows of an earlier run."""
        self.names, self.step = tuple(names), len(rows)
        self.table = torch.cat([rows, rows.new_empty(self.steps - len(rows), rows.shape[1])])

    def history(self) -> History:
        """Return the curves, on the CPU."""
        return History(dict(zip(self.names, self.rows().T.double().cpu().numpy(), strict=True)))


def first_broken(before: dict[str, Tensor], row: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the later of two D steps' scalars, or the earlier's if one of them was not finite
    already.
    """
    if not before:
        return row
    whole = torch.isfinite(torch.stack([v.float() for v in before.values()])).all()
    return {name: torch.where(whole, value, before[name]) for name, value in row.items()}


def refuse_non_finite(record: Record, session: Any = None) -> None:
    """Raise ``TrainingDiverged`` if one of the last 50 steps has a scalar that is not finite."""
    recent = record.rows()[-50:]
    if torch.isfinite(recent).all():
        return
    at = int((~torch.isfinite(recent)).any(dim=1).nonzero()[0])
    row = dict(zip(record.names, recent[at].tolist(), strict=True))
    name, player, why = _first_cause(row)
    step = record.step - len(recent) + at + 1
    raise TrainingDiverged(
        f"{name} of player {player} is {row[name]} at step {step}: training cannot go on ({why}); "
        f"lower the learning rate of {player}{_good(session)}"
    )


def _first_cause(row: dict[str, float]) -> tuple[str, str, str]:
    """Return the first scalar of a step that is not finite, whose it is, and what that means."""
    names = list(row)
    terms = {
        name: ("G" if i > names.index("loss_g") else "D", "a term that its game adds to its loss")
        for i, name in enumerate(names)
        if name not in CAUSES
    }
    causes = {name: cause for name, cause in CAUSES.items() if name != "loss_g"}
    causes |= {name: cause for name, cause in terms.items() if cause[0] == "D"}
    causes |= {"loss_g": CAUSES["loss_g"]} | terms
    name = next(name for name in causes if not np.isfinite(row[name]))
    return name, *causes[name]


def refuse_non_finite_state(networks: dict[str, nn.Module], step: int, session: Any = None) -> None:
    """Raise ``TrainingDiverged`` if a parameter of G, D or the average ``ema`` is not finite, or a
    buffer is NaN.

    A buffer may be infinite: the mask of an attention is.
    """
    for role, network in networks.items():
        whose = "the average of G" if role == "ema" else f"player {role}"
        broken = [(name, ~torch.isfinite(p)) for name, p in network.named_parameters()]
        broken += [(name, torch.isnan(b)) for name, b in network.named_buffers()]
        for name, entries in broken:
            if entries.any():
                raise TrainingDiverged(
                    f"{name} of {whose} is not finite after step {step}: training cannot go on; "
                    f"lower the learning rate{_good(session)}"
                )


def _good(session: Any) -> str:
    good = getattr(session, "last_good", "")
    return f". The last good checkpoint is {good}" if good else ""
