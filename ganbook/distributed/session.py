"""What `fit` asks after each step, answered by all processes alike: save, stop, go on."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ganbook.checkpoints import Checkpoint, checkpoint, files
from ganbook.checkpoints.interrupts import stop_requests
from ganbook.distributed.team import Team
from ganbook.training import EMA, Game, Record

__all__ = ["Together"]


@dataclass(frozen=True)
class Together:
    """A checkpoint for all processes, or none: what `ganbook.training.fit` takes as ``checkpoint``.

    It describes and saves the game and batches of one process, which are kept here.
    """

    team: Team
    game: Game
    batches: Iterable[Tensor]
    checkpoint: Checkpoint | None

    @contextmanager
    def running(
        self,
        game: Game,
        batches: Iterable,
        record: Record,
        ema: EMA | None,
        options: dict[str, Any],
    ) -> Iterator[Unsaved | Saved]:
        """Start all processes from one state, record their means, let them agree on a stop, and end
        them in one state.

        Raises what `ganbook.checkpoints.Checkpoint.running` raises, in every process, and
        ``RuntimeError`` at a save or at the end if the processes' parameters are not equal."""
        team = self.team
        with ExitStack() as stack:
            session = (
                self._saved(stack, game, record, ema, options) if self.checkpoint else Unsaved(team)
            )
            if not (team.leads or session.resumed):
                torch.manual_seed(
                    int(torch.randint(2**62, ())) + team.rank
                )  # dropout masks of its own
            for value in ema.module.state_dict().values() if ema else ():
                team.follow(value)
            yield session
            networks = self.game.players() | ({"ema": ema.module} if ema else {})
            refuse_parted(team, networks, record.step)
            for buffer in (b for network in networks.values() for b in network.buffers()):
                team.follow(buffer)
            session.say_if_stopped()

    def _saved(
        self,
        stack: ExitStack,
        shared: Game,
        record: Record,
        ema: EMA | None,
        options: dict[str, Any],
    ) -> Saved:
        with self.team.together():
            path = files.locate(self.checkpoint.path)
            if self.team.leads:
                stack.enter_context(files.lock(path))
        with self.team.together(), warnings.catch_warnings():
            if not self.team.leads:
                warnings.simplefilter("ignore")
            session = Saved(
                self.team,
                path,
                self.checkpoint,
                self.game,
                self.batches,
                record,
                ema,
                options,
            )
            session.playing = shared
            session.resume()
        stack.enter_context(stop_requests(session.requests))
        return session


def refuse_parted(team: Team, networks: dict[str, nn.Module], step: int) -> None:
    """Raise ``RuntimeError`` in all processes unless each has the leader's parameters, bit for bit."""
    named = {
        f"{name} of {player}": p
        for player, network in networks.items()
        for name, p in network.named_parameters()
    }
    found = torch.stack(
        team.gather(torch.tensor([_checksum(p) for p in named.values()], dtype=torch.int64))
    )
    parted = [
        name for name, same in zip(named, (found == found[0]).all(0), strict=True) if not same
    ]
    if parted:
        more = f" and {len(parted) - 1} more" if len(parted) > 1 else ""
        raise RuntimeError(
            f"after step {step} the {team.size} processes do not agree on {parted[0]}{more}, so that "
            "they train different players: let no callback or hook change parameters in one process "
            "only, and pass the same game, batches and seeds in all"
        )


def _checksum(p: Tensor) -> int:
    """Return a sum of the numbers' bits, which no order of adding changes."""
    whole = {2: torch.int16, 4: torch.int32, 8: torch.int64}.get(p.element_size(), torch.uint8)
    return p.detach().flatten().view(whole).sum(dtype=torch.int64).item()


class Unsaved:
    """A session without a file."""

    resumed, last_good = False, "none: the run has no checkpoint"

    def __init__(self, team: Team) -> None:
        self.team = team

    def recorded(self, row: Tensor) -> None:
        """Replace the scalars by their means, so that one that is not finite shows in all processes
        at once.
        """
        self.team.average(row)

    def after_step(self) -> bool:
        """Return whether training must stop: never."""
        return False

    def say_if_stopped(self) -> None:
        """Say nothing: without a file, a signal is obeyed at once."""


class Saved(checkpoint.Session):
    """A session whose file the leader writes, with the random state of every process in it."""

    def __init__(self, team: Team, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.team, self.resumed = team, False
        self.processes: list[list[Tensor]] = []

    def recorded(self, row: Tensor) -> None:
        """Replace the scalars by their means, as `Unsaved` does."""
        self.team.average(row)

    def after_step(self) -> bool:
        """Save if it is time; return whether training must stop, for which one process's request is
        enough.
        """
        stop = self.team.agree(bool(self.requests))
        if stop and not self.requests:
            self.requests.append("a signal to another process")
        return self._end_step(stop)

    def save(self) -> None:
        """Let the leader write the file, if it speaks for all; all wait for it."""
        refuse_parted(self.team, self.networks, self.record.step)
        self.processes = [
            list(of_one) for of_one in zip(*map(self.team.gather, self._random()), strict=True)
        ]
        with self.team.together():
            if self.team.leads:
                super().save()
        self.last_good = f"{self.path} (step {self.record.step})"

    def say_if_stopped(self) -> None:
        """Warn, in the leader, that a signal ended the run before its last step."""
        if self.team.leads:
            super().say_if_stopped()

    def _random(self) -> list[Tensor]:
        cuda = (
            [torch.cuda.get_rng_state(self.team.device)] if self.team.device.type == "cuda" else []
        )
        return [torch.get_rng_state(), *cuda]

    def _state(self) -> dict[str, Any]:
        return super()._state() | {"processes": self.processes}

    def _environment(self) -> dict[str, Any]:
        return super()._environment() | {"processes": self.team.size}

    def _resume_random(self, saved: dict[str, Any]) -> None:
        super()._resume_random(saved)
        if self.team.rank < len(states := saved.get("processes", [])):
            self.resumed = True
            torch.set_rng_state(states[self.team.rank][0])
            for state in states[self.team.rank][1:]:
                torch.cuda.set_rng_state(state, self.team.device)
